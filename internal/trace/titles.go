package trace

import (
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/names"
)

// scoreUntitled is what names have at the most that are the same but for a rank or an
// office: as much as a name has that is all of another but for a word.
const scoreUntitled = 899

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
		comandante cmdte cmte almirante vicealmirante contraalmirante contralmirante brigadier
		presidente presidenta gobernador gobernadora alcalde alcaldesa secretario secretaria subsecretario subsecretaria
		procurador procuradora fiscal director directora subdirector subdirectora jefe jefa subjefe
		juez jueza magistrado magistrada ministro ministra senador senadora diputado diputada regidor regidora sindico sindica
		comisionado comisionada comisario comisaria agente oficial inspector inspectora delegado delegada
		licenciado licenciada lic ingeniero ingeniera ing doctor doctora dr dra profesor profesora profe maestro maestra
		senor senora sr sra srta don dona
		colonel captain capt lieutenant lt major maj sergeant sgt corporal soldier commander cmdr admiral
		president governor gov secretary deputy prosecutor chief boss judge minister senator sen officer agent
		mr mrs ms professor prof`)
	// grades go with a rank or an office, as in "capitán segundo" or "presidente municipal".
	grades = wordSet(`primer primero segundo brigada division dem retirado first second retired municipal`)
	// determiners stand before a word where nobody is named.
	determiners = wordSet(`un una uno unos unas a an su sus este esta ese esa aquel aquella cierto cierta his her their some`)
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

// untitled is the name of a person without the rank or office before it; nil where there
// is none, or where fewer than two words remain. An office of a body ("director de la
// Agencia …") stands before the name of the body. Where the given name comes last, what
// stands before a single surname is the other: "Alcalde Losada, Luisa María".
func untitled(text string, words []string) *spelling {
	n := slices.IndexFunc(words, func(w string) bool { return !isTitle(w) })
	if n < 1 || len(words)-n < 2 || names.Stop(words[n-1]) || !slices.ContainsFunc(words[:n], func(w string) bool { return titles[w] }) {
		return nil
	}
	if surnames, _, inverted := strings.Cut(text, ","); inverted && len(significant(names.Tokens(surnames))) == 1 {
		return nil
	}
	s := newSpelling(strings.Join(words[n:], " "))
	s.text = text
	return s
}

// significant are the words that may name somebody.
func significant(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), isTitle)
}
