package trace

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/names"
)

// ofAnother is taken from the score of names of which one speaks of a relative, or of
// somebody in the service, of whoever the other is of.
const ofAnother = 300

var (
	// youngers after a name say that a child of the same name is meant.
	youngers = wordSet(`jr junior hijo hija`)
	// relations are of somebody else than is named after them, or before them with "'s".
	relations = wordSet(`
		esposo esposa marido mujer viudo viuda vda novio novia amante pareja exesposo exesposa
		hijo hija hijastro hijastra padre madre papa mama padrastro madrastra hermano hermana hermanastro hermanastra
		abuelo abuela nieto nieta tio tia sobrino sobrina primo prima suegro suegra yerno nuera cunado cunada
		familiar pariente padrino madrina ahijado ahijada compadre comadre amigo amiga socio socia
		abogado abogada escolta guardaespaldas guarura chofer asistente ayudante vocero vocera portavoz representante apoderado apoderada
		asesor asesora empleado empleada colaborador colaboradora suplente
		husband wife wives widow widower girlfriend boyfriend lover fiance fiancee
		son daughter child children parent stepson stepdaughter father mother stepfather stepmother brother sister stepbrother stepsister
		grandfather grandmother grandson granddaughter uncle aunt nephew niece cousin relative friend partner
		lawyer attorney bodyguard escort driver chauffeur assistant aide spokesman spokeswoman spokesperson representative adviser advisor employee`)
	// qualities stand between a word of kinship or service and whose it is, or before the
	// word: "hermano mayor de", "brother-in-law of", "elder brother".
	qualities = wordSet(`
		mayor menor mayores menores gemelo gemela gemelos gemelas mellizo melliza politico politica politicos politicas
		adoptivo adoptiva natural biologico biologica materno materna paterno paterna
		personal particular privado privada adjunto adjunta auxiliar general legal cercano cercana
		in law laws elder older eldest younger youngest big little twin half step late former private`)
)

// isRelation says that a word is one of kinship or service, of one or of several.
func isRelation(word string) bool {
	return relations[word] || relations[strings.TrimSuffix(word, "s")] || relations[strings.TrimSuffix(word, "es")]
}

// kinship are the words of a name that say that somebody else is meant than it names.
func kinship(text string, words []string) []string {
	var found []string
	for i, w := range words {
		switch {
		case i > 0 && youngers[w] && (i+1 == len(words) || w == "jr" || w == "junior"),
			isRelation(w) && (leadsOn(words[i+1:]) || belongs(words[:i]) && whose.MatchString(text)):
			found = append(found, w)
		}
	}
	return found
}

// whose finds an English genitive, from which names.Tokens takes the apostrophe.
var whose = regexp.MustCompile(`\pL(?:['’]s|s['’]) `)

// leadsOn says that words go on with whose relative somebody is.
func leadsOn(words []string) bool {
	n := slices.IndexFunc(words, func(w string) bool { return !qualities[w] })
	return n >= 0 && isOf(words[n])
}

// belongs says that words may end by saying whose relative somebody is, as in "Juan's".
func belongs(words []string) bool {
	for len(words) > 0 && qualities[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	return len(words) > 0 && strings.HasSuffix(words[len(words)-1], "s")
}

func isOf(word string) bool { return word == "de" || word == "del" || word == "of" }

// service are the words of office by which one name speaks of somebody who serves
// whoever the other is of: "secretario particular de" and the name of the other. What is
// the office of a body, as in "secretario de la Defensa Nacional", is no such service.
func service(of, other *spelling) []string {
	for i, w := range of.words {
		if i == 0 || !isOf(w) {
			continue
		}
		master, office := significant(of.words[i+1:]), of.words[:i]
		if len(master) < 2 || !slices.Contains(other.starts, master[0]) {
			continue
		}
		if held := slices.DeleteFunc(slices.Clone(office), func(w string) bool { return !titles[w] || qualities[w] }); len(held) > 0 {
			return held
		}
	}
	return nil
}

// starts are the words with which the name of a person may begin, behind rank and office.
// No name begins with what follows a particle, as in "de la Cruz" or "Cruz, José de la".
func starts(text string, words []string) []string {
	var all []string
	first := func(words []string) {
		n := slices.IndexFunc(words, func(w string) bool { return !isTitle(w) && !qualities[w] })
		if n >= 0 && (!slices.ContainsFunc(words[:n], isOf) || slices.ContainsFunc(words[:n], func(w string) bool { return titles[w] })) {
			all = append(all, words[n])
		}
	}
	if _, given, inverted := strings.Cut(text, ","); inverted {
		first(names.Tokens(given))
	}
	if len(all) == 0 || !names.Stop(words[len(words)-1]) {
		first(words)
	}
	return all
}

// differs gives the words that say of one of two names of persons, or of both, that
// somebody else is meant; none where both say the same.
func differs(a, b *spelling) []string {
	ofA, ofB := slices.Concat(a.kinship, service(a, b)), slices.Concat(b.kinship, service(b, a))
	for _, words := range [][]string{ofA, ofB} {
		slices.Sort(words)
	}
	if slices.Equal(slices.Compact(ofA), slices.Compact(ofB)) {
		return nil
	}
	return slices.Concat(slices.Compact(ofA), slices.Compact(ofB))
}
