package trace

import (
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/names"
)

// scoreUntitled is what names have at the most that are the same but for a rank or an
// office: as much as a name has that is all of another but for a word.
const scoreUntitled = 899

// ofAnother is taken from the score of names of which one speaks of a relative, or of
// somebody in the service, of whoever the other is of.
const ofAnother = 300

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

var (
	// titles are words of rank, office and address, in Spanish and English, as
	// names.Tokens gives them.
	titles = wordSet(`
		general gral coronel cor teniente tte subteniente mayor capitan cap sargento sgto soldado
		comandante cmdte cmte almirante vicealmirante contraalmirante contralmirante brigadier marino
		presidente presidenta gobernador gobernadora alcalde alcaldesa municipal secretario secretaria subsecretario subsecretaria
		procurador procuradora fiscal director directora subdirector subdirectora jefe jefa subjefe
		juez jueza magistrado magistrada ministro ministra senador senadora diputado diputada regidor regidora sindico sindica
		comisionado comisionada comisario comisaria agente oficial inspector inspectora delegado delegada
		licenciado licenciada lic ingeniero ingeniera ing doctor doctora dr dra profesor profesora profe maestro maestra
		senor senora sr sra srta don dona
		colonel captain capt lieutenant lt major maj sergeant sgt corporal soldier commander cmdr admiral
		president governor gov secretary prosecutor chief boss judge minister senator sen officer agent
		mr mrs ms professor prof`)
	// grades go with a rank, as in "capitán segundo".
	grades = wordSet(`primer primero segundo brigada division dem retirado first second retired`)
	// determiners stand before a word where nobody is named.
	determiners = wordSet(`un una uno unos unas a an su sus este esta ese esa aquel aquella cierto cierta his her their some`)
	// youngers after a name say that a child of the same name is meant.
	youngers = wordSet(`jr junior hijo hija`)
	// relations are of somebody else than is named after them, or before them with "'s".
	relations = wordSet(`
		esposo esposa marido mujer viudo viuda vda novio novia amante pareja exesposo exesposa
		hijo hija hijastro hijastra padre madre papa mama padrastro madrastra hermano hermana hermanastro hermanastra
		abuelo abuela nieto nieta tio tia sobrino sobrina primo prima suegro suegra yerno nuera cunado cunada
		familiar pariente padrino madrina ahijado ahijada compadre comadre amigo amiga socio socia
		abogado abogada escolta guardaespaldas guarura chofer asistente ayudante vocero vocera portavoz representante apoderado apoderada
		asesor asesora empleado empleada colaborador colaboradora
		husband wife widow widower girlfriend boyfriend lover fiance fiancee
		son daughter stepson stepdaughter father mother stepfather stepmother brother sister
		grandfather grandmother grandson granddaughter uncle aunt nephew niece cousin relative friend partner
		lawyer attorney bodyguard escort driver chauffeur assistant aide spokesman spokeswoman spokesperson representative adviser advisor employee`)
)

// isTitle says that a word names nobody: that it is one of rank, office or address, or
// goes with one.
func isTitle(word string) bool {
	return titles[word] || grades[word] || determiners[word] || names.Stop(word)
}

// onlyTitles says that nobody is named by words, such as "un coronel".
func onlyTitles(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return titles[w] }) && !slices.ContainsFunc(words, func(w string) bool { return !isTitle(w) })
}

// untitled is a name without the rank or office before it; nil where there is none, or
// where fewer than two words remain. An office of a body ("director de la Agencia …")
// stands before the name of the body.
func untitled(text string, words []string) *spelling {
	n := slices.IndexFunc(words, func(w string) bool { return !isTitle(w) })
	if n < 1 || len(words)-n < 2 || names.Stop(words[n-1]) || !slices.ContainsFunc(words[:n], func(w string) bool { return titles[w] }) {
		return nil
	}
	s := newSpelling(strings.Join(words[n:], " "))
	s.text = text
	return s
}

// kinship are the words of a name that say that somebody else is meant than it names,
// in alphabetical order.
func kinship(words []string) []string {
	var found []string
	for i, w := range words {
		next, before := "", ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case i > 0 && youngers[w] && (next == "" || w == "jr" || w == "junior"),
			relations[w] && (next == "de" || next == "del" || next == "of" || before == "s"):
			found = append(found, w)
		}
	}
	slices.Sort(found)
	return found
}
