package names

import (
	"slices"
	"strconv"
	"strings"
)

// levels are the terms of which a unit has one with its number: a unit that is part
// of another is written with the number of either.
var levels = map[string]bool{
	"battalion": true, "regiment": true, "brigade": true, "company": true, "division": true,
	"platoon": true, "zone": true, "region": true, "group": true,
}

// designations turn the words, abbreviations and acronyms by which units are
// called in Spanish and English into one set of terms.
var designations = map[string][]string{
	"batallon": {"battalion"}, "battalion": {"battalion"}, "bat": {"battalion"}, "bn": {"battalion"}, "bon": {"battalion"},
	"regimiento": {"regiment"}, "regiment": {"regiment"}, "rgto": {"regiment"}, "regt": {"regiment"},
	"brigada": {"brigade"}, "brigade": {"brigade"}, "bde": {"brigade"},
	"compania": {"company"}, "company": {"company"}, "cia": {"company"}, "coy": {"company"},
	"division": {"division"}, "div": {"division"},
	"peloton": {"platoon"}, "platoon": {"platoon"},
	"infanteria": {"infantry"}, "infantry": {"infantry"}, "inf": {"infantry"},
	"caballeria": {"cavalry"}, "cavalry": {"cavalry"}, "cab": {"cavalry"},
	"artilleria": {"artillery"}, "artillery": {"artillery"},
	"ingenieros": {"engineer"}, "engineer": {"engineer"}, "engineers": {"engineer"},
	"zona": {"zone"}, "zone": {"zone"}, "region": {"region"},
	"militar": {"military"}, "military": {"military"}, "naval": {"naval"},
	"policia": {"police"}, "police": {"police"}, "ejercito": {"army"}, "army": {"army"},
	"marina": {"navy"}, "navy": {"navy"}, "semar": {"navy"}, "armada": {"navy"},
	"fuerza": {"force"}, "force": {"force"}, "fuerzas": {"force"}, "forces": {"force"},
	"grupo": {"group"}, "group": {"group"}, "reaccion": {"reaction"}, "reaction": {"reaction"},
	"especial": {"special"}, "especiales": {"special"}, "special": {"special"},
	"estatal": {"state"}, "state": {"state"}, "federal": {"federal"}, "municipal": {"municipal"},
	"bi": {"battalion", "infantry"}, "bin": {"battalion", "infantry"},
	"rc": {"regiment", "cavalry"}, "zm": {"zone", "military"}, "rm": {"region", "military"},
	"gafe": {"group", "force", "special"},
}

// Unit gives the terms of a unit's designation, sorted, the same for the ways in
// which it is written: "27 BI", "27º Batallón de Infantería", "Batallón de Infantería
// No. 27", "Vigésimo Séptimo Batallón de Infantería" and "27th Infantry Battalion" all
// give "battalion 27" and infantry. A number goes with the level that it counts, so
// that the "1st Brigade, 2nd Division" is not the "2nd Brigade, 1st Division", while
// the order of the two does not matter. Words that are no term of a designation stay
// as they are, so that units of other forces or places differ. It is empty where the
// name has no number or no term: it is then no numbered unit.
func Unit(name string) []string {
	all := readUnit(name)
	if all == nil {
		return nil
	}
	bindNumbers(all)
	var terms []string
	for _, p := range all {
		switch {
		case p.bound:
		case p.number != nil && p.term != "":
			terms = append(terms, p.term+" "+strconv.Itoa(*p.number))
		case p.number != nil:
			terms = append(terms, strconv.Itoa(*p.number))
		default:
			terms = append(terms, p.term)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// UnitKeys gives the beginnings of words by which names of the same unit are to be
// looked for: the terms of Unit, and for each number the ways in which the index may
// have it, figures first. One with a blank at its end is a whole word.
func UnitKeys(name string) (terms []string, numbers [][]string) {
	for _, p := range readUnit(name) {
		if p.number == nil {
			terms = append(terms, p.term)
		} else {
			numbers = append(numbers, numberKeys(*p.number))
		}
	}
	return terms, numbers
}

// piece is what is told by a word of a unit's name, or by the few that say a number.
type piece struct {
	term   string
	number *int // of the term, once it is bound
	apart  bool // A comma, a bracket or a stop word stands before it.
	bound  bool // The number is told with the level that it counts.
}

// readUnit is nil for what is no numbered unit.
func readUnit(name string) []piece {
	if !slices.ContainsFunc(unitWords(name), func(word string) bool { return designations[word] != nil }) {
		return nil
	}
	var all []piece
	numbered := false
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune(",;()", r) }) {
		apart := true
		for words := unitWords(part); len(words) > 0; {
			n, used := numberAt(words)
			if used == 0 {
				n, used = endsLevel(all, words)
			}
			known := designations[words[0]]
			switch {
			case Stop(words[0]):
				apart, words = true, words[1:]
				continue
			case used > 0:
				numbered = true
				all = append(all, piece{number: &n, apart: apart})
				words = words[used:]
			case known != nil:
				for _, term := range known {
					all = append(all, piece{term: term, apart: apart})
					apart = false
				}
				words = words[1:]
			default:
				all = append(all, piece{term: words[0], apart: apart})
				words = words[1:]
			}
			apart = false
		}
	}
	if !numbered {
		return nil
	}
	return all
}

// unitWords are the tokens of a name, where a number and the term that it is written
// together with ("27BI") are two.
func unitWords(name string) []string {
	var out []string
	for _, word := range Tokens(name) {
		figures := word[:len(word)-len(strings.TrimLeft(word, "0123456789"))]
		if term := word[len(figures):]; figures != "" && designations[term] != nil {
			out = append(out, figures, term)
		} else {
			out = append(out, word)
		}
	}
	return out
}

// bindNumbers gives each number to the level next to it. Where levels and numbers
// take turns, all of the numbers come before their levels, or all come after them.
func bindNumbers(all []piece) {
	var turns []*piece
	apart := false
	for i := range all {
		p := &all[i]
		apart = apart || p.apart
		if p.number == nil && !levels[p.term] {
			continue
		}
		p.apart, apart = apart, false
		if n := len(turns); n > 0 && (turns[n-1].number == nil) == (p.number == nil) {
			bindTurns(turns)
			turns = nil
		}
		turns = append(turns, p)
	}
	bindTurns(turns)
}

// bindTurns binds the numbers of a run in which no two numbers and no two levels stand
// together. Where one is left over, a number is not that of a level which stands apart
// from it, if another way is left.
func bindTurns(run []*piece) {
	if len(run) < 2 {
		return
	}
	isNumber := func(i int) bool { return run[i].number != nil }
	first, last := 0, len(run)-1
	switch {
	case isNumber(first) && isNumber(last): // one number too many
		unbound := first
		for unbound < last && !run[unbound+1].apart {
			unbound += 2
		}
		bindInPairs(run[:unbound])
		bindInPairs(run[unbound+1:])
	case !isNumber(first) && !isNumber(last): // one level too many
		unbound := last - 1
		for unbound > first && !run[unbound+1].apart {
			unbound -= 2
		}
		unbound++ // the level after the last number that stands apart from what follows, or the first
		bindInPairs(run[:unbound])
		bindInPairs(run[unbound+1:])
	default:
		bindInPairs(run)
	}
}

func bindInPairs(run []*piece) {
	for pair := range slices.Chunk(run, 2) {
		number, level := pair[0], pair[1]
		if number.number == nil {
			number, level = level, number
		}
		level.number, number.bound = number.number, true
	}
}
