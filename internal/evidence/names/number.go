package names

import (
	"strconv"
	"strings"
	"sync"
)

// numberSigns stand before a number and say nothing more.
var numberSigns = map[string]bool{"no": true, "n": true, "nr": true, "nro": true, "num": true, "numero": true, "number": true}

// numberAt reads the number at the beginning of folded words, and says how many of
// them it takes: none where there is no number. Before a level what is written "27",
// "027", "No. 27" or "XXVII" elsewhere may also be "Vigésimo Séptimo", and "5" be "V";
// the "Primero de Mayo" is no number.
func numberAt(words []string) (n, used int) {
	if len(words) > 1 && numberSigns[words[0]] {
		if n, ok := figures(words[1]); ok {
			return n, 2
		}
	}
	if n, ok := figures(words[0]); ok {
		return n, 1
	}
	first := spelled()[words[0]]
	switch {
	case len(words) > 1 && first.takesOnes && isOnes(words[1]):
		n, used = first.value+spelled()[words[1]].value, 2
	case first.whole:
		n, used = first.value, 1
	default:
		n, used = loneRomans[words[0]], 1
	}
	if n == 0 || !comeToLevel(words[used:]) {
		return 0, 0
	}
	return n, used
}

// endsLevel reads a letter that is the last word behind a level which has no number
// yet, as in "Región Militar V". With nothing but the level before it ("Zona X") it is
// more likely a name, and behind a company or a group the letter of that.
func endsLevel(before []piece, words []string) (n, used int) {
	n = loneRomans[words[0]]
	if n == 0 || len(words) > 1 {
		return 0, 0
	}
	last, terms, uncounted := "", 0, 0
	for _, p := range before {
		if designations[p.term] != nil {
			terms++
		}
		switch {
		case p.number != nil:
			uncounted--
		case levels[p.term]:
			last = p.term
			uncounted++
		}
	}
	if terms < 2 || uncounted < 1 || last == "company" || last == "group" {
		return 0, 0
	}
	return n, 1
}

// comeToLevel says whether a level is named before any stop word.
func comeToLevel(words []string) bool {
	for _, word := range words {
		if Stop(word) {
			return false
		}
		if known := designations[word]; len(known) > 0 && levels[known[0]] {
			return true
		}
	}
	return false
}

// figures reads 27, 027 and XXVII.
func figures(word string) (int, bool) {
	if strings.Trim(word, "0123456789") == "" {
		n, err := strconv.Atoi(word)
		return n, err == nil
	}
	n := roman(word)
	return n, n > 0
}

var (
	romans = map[byte]int{'i': 1, 'v': 5, 'x': 10, 'l': 50, 'c': 100}
	// loneRomans are the letters that number units alone; others are those of
	// companies, and initials.
	loneRomans = map[string]int{"i": 1, "v": 5, "x": 10}
)

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

// Ordinals as they are folded; Spanish ones and English tens without their endings.
var (
	spanishOnes = []string{"primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven"}
	spanishTens = []string{
		"decim", "vigesim", "trigesim", "cuadragesim", "quincuagesim", "sexagesim", "septuagesim", "octogesim", "nonagesim", "centesim",
	}
	spanishTeens = map[int]string{11: "undecim", 12: "duodecim"} // others are written as tens and ones
	englishOnes  = []string{
		"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
		"thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
	}
	englishTens = []string{"twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet"}
)

// ordinalWord is what a word says of an ordinal.
type ordinalWord struct {
	value     int
	whole     bool // It is one by itself, as "twenty" is not.
	takesOnes bool // One to nine may follow.
}

func isOnes(word string) bool {
	w := spelled()[word]
	return w.whole && w.value < 10
}

// spelled are the ordinals of one word, and the first words of those of two.
var spelled = sync.OnceValue(func() map[string]ordinalWord {
	words := map[string]ordinalWord{"hundredth": {100, true, false}}
	ones := map[string]int{}
	for i, stem := range spanishOnes {
		ones[stem+"o"], ones[stem+"a"] = i+1, i+1
		if strings.HasSuffix(stem, "er") {
			ones[stem] = i + 1
		}
	}
	for i, stem := range spanishTens {
		for _, ten := range []string{stem + "o", stem + "a"} {
			words[ten] = ordinalWord{10 * (i + 1), true, true}
			for one, value := range ones {
				words[ten+one] = ordinalWord{10*(i+1) + value, true, false}
			}
		}
	}
	for i, stem := range englishTens {
		words[stem+"y"] = ordinalWord{10 * (i + 2), false, true}
		words[stem+"ieth"] = ordinalWord{10 * (i + 2), true, false}
		for j, one := range englishOnes[:9] {
			words[stem+"y"+one] = ordinalWord{10*(i+2) + j + 1, true, false}
		}
	}
	for one, value := range ones {
		words[one] = ordinalWord{value, true, false}
	}
	for i, word := range englishOnes {
		words[word] = ordinalWord{i + 1, true, false}
	}
	for value, stem := range spanishTeens {
		words[stem+"o"], words[stem+"a"] = ordinalWord{value, true, false}, ordinalWord{value, true, false}
	}
	return words
})

// numberKeys gives what a word begins with that writes a number: first in figures,
// then in Roman digits or as an ordinal; with a blank at its end, the whole word.
func numberKeys(n int) []string {
	keys := []string{strconv.Itoa(n)}
	if n > 0 && n < 400 {
		keys = append(keys, asRoman(n)+" ")
	}
	switch {
	case n < 1 || n > 109:
	case n < 10:
		keys = append(keys, spanishOnes[n-1], englishOnes[n-1])
	default:
		keys = append(keys, spanishTens[n/10-1])
		if stem, ok := spanishTeens[n]; ok {
			keys = append(keys, stem)
		}
		switch {
		case n < 20:
			keys = append(keys, englishOnes[n-1])
		case n < 100 && n%10 == 0:
			keys = append(keys, englishTens[n/10-2]+"ieth")
		case n < 100:
			keys = append(keys, englishTens[n/10-2]+"y")
		case n == 100:
			keys = append(keys, "hundredth")
		}
	}
	return keys
}
