package names

import (
	"slices"
	"strconv"
	"strings"
)

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
// which it is written: "27 BI", "27º Batallón de Infantería", "XXVII Batallón de
// Infantería" and "27th Infantry Battalion" all give 27, battalion, infantry.
// Words that are no term of a designation stay as they are, so that units of
// other forces or places differ. It is empty where the name has no number or no
// term: it is then no numbered unit.
func Unit(name string) []string {
	terms := map[string]bool{}
	numbered, named := false, false
	for _, word := range Tokens(name) {
		if Stop(word) {
			continue
		}
		if n, ok := number(word); ok {
			terms[n], numbered = true, true
			continue
		}
		if known, ok := designations[word]; ok {
			named = true
			for _, t := range known {
				terms[t] = true
			}
			continue
		}
		terms[word] = true
	}
	if !numbered || !named {
		return nil
	}
	out := make([]string, 0, len(terms))
	for t := range terms {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// UnitKeys gives the beginnings of words by which names of the same unit are to be
// looked for: the terms of Unit, and each number in Roman digits, as it may be
// written in the index.
func UnitKeys(name string) []string {
	terms := Unit(name)
	for _, t := range terms {
		if n, err := strconv.Atoi(t); err == nil && n > 1 && n < 400 {
			terms = append(terms, asRoman(n))
		}
	}
	return terms
}

// number reads 27, 27th, 027 and XXVII.
func number(word string) (string, bool) {
	digits := strings.TrimRight(word, "abcdefghijklmnopqrstuvwxyz")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		switch word[len(digits):] {
		case "", "st", "nd", "rd", "th", "o", "a", "er", "ro", "do", "to", "mo", "vo", "no":
			n, err := strconv.Atoi(digits)
			return strconv.Itoa(n), err == nil
		}
	}
	if n := roman(word); n > 0 {
		return strconv.Itoa(n), true
	}
	return "", false
}

var romans = map[byte]int{'i': 1, 'v': 5, 'x': 10, 'l': 50, 'c': 100}

// roman reads a Roman numeral of at least two letters; 0 where it is none.
func roman(word string) int {
	if len(word) < 2 || len(word) > 12 {
		return 0
	}
	total := 0
	for i := range len(word) {
		value := romans[word[i]]
		if value == 0 {
			return 0
		}
		if i+1 < len(word) && romans[word[i+1]] > value {
			total -= value
		} else {
			total += value
		}
	}
	if total <= 0 || asRoman(total) != word {
		return 0
	}
	return total
}

func asRoman(n int) string {
	var b strings.Builder
	for _, d := range []struct {
		value int
		sign  string
	}{{100, "c"}, {90, "xc"}, {50, "l"}, {40, "xl"}, {10, "x"}, {9, "ix"}, {5, "v"}, {4, "iv"}, {1, "i"}} {
		for ; n >= d.value; n -= d.value {
			b.WriteString(d.sign)
		}
	}
	return b.String()
}
