// Package names compares the names of people, units and organisations without
// regard to case, accents or punctuation, and ranks how well a typed query
// finds a name.
//
// Every store indexes the same [Keys] and every search is ordered by the same
// [Rank], so answers do not depend on where the graph is kept. The package is
// pure: the same input gives the same output on every machine.
package names

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	// MaxTokens is the most tokens that Tokens and Keys return.
	MaxTokens = 32
	// MaxTokenBytes is the most bytes of UTF-8 a token has; longer ones are
	// cut at a character boundary, in names and queries alike, so that they
	// still find each other.
	MaxTokenBytes = 64
)

const (
	// foldedMarks is the highest canonical combining class that is kept.
	// Classes 7 (nukta), 8 (kana voicing) and 9 (virama), and the vowel signs
	// of class 0, belong to the letter in the scripts that use them; the
	// accents of Latin, Greek and Cyrillic and the points of Hebrew and Arabic
	// have higher classes and are stripped.
	foldedMarks = 9
	// maxMarks bounds the kept marks on one letter. It stays far below 30,
	// where normalisation starts to break up runs of marks and folding twice
	// could differ from folding once.
	maxMarks = 8
)

// Fold returns the form of s in which names are compared. Two names with the
// same form are the same name in writing.
//
//   - Compatibility characters are taken apart (NFKD of Unicode Annex 15) and
//     accents are stripped, so ñ is n and ﬁ is fi.
//   - Case is folded in full (ß is ss, ς is σ). Latin letters that carry a
//     stroke or are joined, and so do not come apart, are spelled plainly: ø o,
//     ł l, đ d, ħ h, ı i, æ ae, œ oe, ð d, þ th. Other scripts are kept.
//   - Invisible format characters (soft hyphen, joiners) vanish.
//   - An apostrophe of any kind between two letters vanishes: O'Reilly is
//     oreilly. Any other one separates.
//   - A dot between single letters vanishes: S.A. de C.V. is sa de cv.
//   - A number loses its ordinal ending, glued to it or after a dot or slash:
//     27º, 27.º, 27o, 27/o. and 27th are all 27; 35ª is 35, 1er is 1.
//   - Every other character that is no letter, number or mark separates words,
//     hyphens among them: Peña-Nieto is pena nieto.
//
// Words are parted by one space; there is none at either end. A string without
// letters and numbers folds to the empty string. Bytes that are not UTF-8
// separate words. Fold(Fold(s)) == Fold(s).
func Fold(s string) string {
	var short [128]byte
	folded := short[:0]
	split(s, func(text []rune, _ int) {
		if len(folded) > 0 {
			folded = append(folded, ' ')
		}
		for _, r := range text {
			folded = utf8.AppendRune(folded, r)
		}
	})
	return string(folded)
}

func join(ws []word) string {
	size := len(ws)
	for _, w := range ws {
		size += len(w.text)
	}
	var b strings.Builder
	b.Grow(size)
	for i, w := range ws {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// Tokens returns the words of Fold(s) in their order, repeated ones included:
// at most MaxTokens of at most MaxTokenBytes each. Further words are left out.
func Tokens(s string) []string {
	ws := words(s)
	if len(ws) > MaxTokens {
		ws = ws[:MaxTokens]
	}
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = cut(w.text)
	}
	return out
}

// word is a folded word. tail, if not zero, is where the part after an
// apostrophe begins, when the part before it is a short particle: O'Reilly is
// also found by reilly.
type word struct {
	text string
	tail int
}

// words splits s into folded words; see Fold for the rules.
func words(s string) []word {
	out := make([]word, 0, 1+len(s)/6)
	split(s, func(text []rune, tail int) {
		w := word{text: string(text)}
		if tail > 0 && tail <= maxParticle && len(text)-tail >= 2 {
			w.tail = len(string(text[:tail]))
		}
		out = append(out, w)
	})
	return out
}

// scratch is where a text is split: texts are folded by the million.
type scratch struct{ rs, buf []rune }

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// keptRunes is how long a text may be and its scratch be kept.
const keptRunes = 1 << 16

// split gives the folded words of s, each to be looked at before the next, and where
// in it the part after its first apostrophe begins.
func split(s string, give func(text []rune, tail int)) {
	on := scratches.Get().(*scratch) //nolint:forcetypeassert // the pool holds nothing else
	rs, buf := plain(on.rs[:0], s), on.buf[:0]
	defer func() {
		if on.rs, on.buf = rs, buf; cap(rs) <= keptRunes && cap(buf) <= keptRunes {
			scratches.Put(on)
		}
	}()
	tail := 0 // index in buf
	flush := func() {
		if len(buf) > 0 {
			if n := digits(buf); n > 0 && n < len(buf) && ordinal(buf[n:]) {
				buf, tail = buf[:n], 0
			}
			give(buf, tail)
		}
		buf, tail = buf[:0], 0
	}
	initial := false // buf holds single letters joined by dots so far
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		next := i+1 < len(rs) && isWord(rs[i+1])
		switch {
		case isWord(r):
			if len(buf) == 0 {
				initial = unicode.IsLetter(r)
			} else if rs[i-1] != '.' {
				initial = false
			}
			buf = append(buf, r)
		case r == apostrophe && len(buf) > 0 && next && unicode.IsLetter(rs[i-1]) && unicode.IsLetter(rs[i+1]):
			if tail == 0 {
				tail = len(buf)
			}
			initial = false
		case r == '.' && len(buf) > 0 && initial && next && unicode.IsLetter(rs[i+1]) && single(rs[i+1:]):
			// The letter that follows joins this word.
		case (r == '.' || r == '/') && len(buf) > 0 && next && digits(buf) == len(buf):
			flush()
			if n := run(rs[i+1:]); ordinal(rs[i+1 : i+1+n]) {
				i += n
			}
		default:
			flush()
		}
	}
	flush()
}

// maxParticle is the most letters a particle before an apostrophe has (Dell').
const maxParticle = 4

// run counts the word characters at the start of rs, an inner apostrophe
// counting too.
func run(rs []rune) int {
	n := 0
	for n < len(rs) && (isWord(rs[n]) || rs[n] == apostrophe && n+1 < len(rs) && isWord(rs[n+1])) {
		n++
	}
	return n
}

// single reports whether exactly one word character stands at the start of rs.
func single(rs []rune) bool { return run(rs) == 1 }

func digits(rs []rune) int {
	n := 0
	for n < len(rs) && rs[n] >= '0' && rs[n] <= '9' {
		n++
	}
	return n
}

// ordinal reports whether rs is an ending that makes a number an ordinal in
// Spanish, Portuguese, French or English.
func ordinal(rs []rune) bool {
	if len(rs) == 0 || len(rs) > 3 {
		return false
	}
	switch string(rs) {
	case "o", "a", "os", "as", "e",
		"er", "ro", "ra", "ero", "era", "do", "da", "to", "ta", "mo", "ma",
		"vo", "va", "no", "na", "eme", "avo", "ava",
		"st", "nd", "rd", "th":
		return true
	}
	return false
}

// apostrophe stands for every character that is used as one.
const apostrophe = '\''

// unify turns the characters that are typed for an apostrophe into one. The
// acute and the grave accent standing alone are among them (O´Reilly), as are
// the saltillo of Mexican languages and the signs for ayin and hamza; NFKD
// would make spaces of some.
func unify(r rune) rune {
	switch r {
	case '`', '´', '‘', '’', '‛', '′', 'ʹ', 'ʻ', 'ʼ', 'ʽ', 'ʾ', 'ʿ', 'ˈ', '＇', 'Ꞌ', 'ꞌ', '\u1fbd', '\u1fbf', '\u1fef', '\u1ffd', '\u1ffe', '\u0374', '\u0384':
		return apostrophe
	}
	return r
}

// latin holds what plain makes of each character below its length, which folds
// alike wherever it stands: none of them is a combining mark.
var latin = sync.OnceValue(func() *[0x180][]rune {
	var table [0x180][]rune
	for r := range table {
		table[r] = plainAny(string(rune(r)))
	}
	return &table
})

// plain adds s with compatibility, accents and case folded away, and characters
// that separate still in place.
func plain(rs []rune, s string) []rune {
	before := len(rs)
	var table *[0x180][]rune
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			rs = append(rs, r+'a'-'A')
		case r == '`':
			rs = append(rs, apostrophe)
		case r < utf8.RuneSelf:
			rs = append(rs, r)
		case r < 0x180:
			if table == nil {
				table = latin()
			}
			rs = append(rs, table[r]...)
		default:
			return append(rs[:before], plainAny(s)...)
		}
	}
	return rs
}

// plainAny is plain for any characters.
func plainAny(s string) []rune {
	s = strings.Map(unify, s)
	s = strip(norm.NFKD.String(s))
	// Marks go before case is folded, since folding makes a letter of one of
	// them (the Greek iota below).
	s = cases.Fold().String(s)
	s = norm.NFKD.String(strip(norm.NFKD.String(s)))
	rs := make([]rune, 0, len(s))
	for _, r := range s {
		if r = unify(r); r == utf8.RuneError { // again, for what NFKD took out of ŉ
			r = ' '
		}
		if spelled, ok := joined[r]; ok {
			rs = append(rs, spelled...)
			continue
		}
		// Cherokee folds to capitals, but the folding table turns those into
		// small letters in their turn.
		switch {
		case r >= 0xab70 && r <= 0xabbf:
			r += 0x13a0 - 0xab70
		case r >= 0x13f8 && r <= 0x13fd:
			r -= 8
		}
		rs = append(rs, r)
	}
	return rs
}

// joined spells out folded Latin letters that Unicode does not decompose.
var joined = map[rune][]rune{
	'ø': {'o'}, 'ł': {'l'}, 'đ': {'d'}, 'ħ': {'h'}, 'ı': {'i'}, 'ŧ': {'t'},
	'æ': {'a', 'e'}, 'œ': {'o', 'e'}, 'ð': {'d'}, 'þ': {'t', 'h'},
}

// strip removes accents and invisible characters from s, which is in NFKD.
func strip(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	kept, onLetter := 0, false
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteByte(byte(r))
			kept, onLetter = 0, isWord(r)
			continue
		}
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		case unicode.Is(unicode.M, r):
			if !onLetter || kept == maxMarks || unicode.Is(unicode.Me, r) || class(r) > foldedMarks {
				continue
			}
			kept++
			b.WriteRune(r)
		default:
			b.WriteRune(r)
			kept, onLetter = 0, isWord(r)
		}
	}
	return b.String()
}

// class returns the canonical combining class of r.
func class(r rune) uint8 {
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	return norm.NFKD.Properties(buf[:n]).CCC()
}

// isWord reports whether r belongs to a word. Marks that strip has left do.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// cut shortens a token to MaxTokenBytes at a character boundary.
func cut(s string) string {
	if len(s) <= MaxTokenBytes {
		return s
	}
	n := MaxTokenBytes
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Keys returns the distinct tokens under which a name is put in the index of a
// search, in the order of the name: at most MaxTokens of at most MaxTokenBytes
// each. Beside the tokens of the name it holds the part after a particle and
// apostrophe (reilly for O'Reilly).
//
// If Rank finds the name by a query, one of these keys begins with the key
// that QueryKey chooses, so looking up by prefix misses nothing.
func Keys(name string) []string {
	var out []string
	for _, s := range slots(words(name)) {
		for _, k := range []string{s.text, s.tail} {
			if k != "" && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// slot is one word of a name with its two ways to be found.
type slot struct{ text, tail string }

// slots returns the words of a name within the bounds of Keys: the first
// MaxTokens words, and tails as far as there is room beside them.
func slots(ws []word) []slot {
	ws = ws[:min(len(ws), MaxTokens)]
	room := MaxTokens - len(ws)
	out := make([]slot, len(ws))
	for i, w := range ws {
		out[i].text = cut(w.text)
		if w.tail > 0 && room > 0 {
			out[i].tail = cut(w.text[w.tail:])
			room--
		}
	}
	return out
}
