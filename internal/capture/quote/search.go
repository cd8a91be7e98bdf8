package quote

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// pattern is a part of a quote in the form of a Text's key.
type pattern struct {
	key    string
	dashes []stroke
}

// compile makes a pattern of one part of a quote.
func compile(part, words string) (*pattern, error) {
	t, err := Prepare(words)
	if err != nil {
		var encoding *EncodingError
		if errors.As(err, &encoding) {
			encoding.Part = part
		}
		return nil, err
	}
	return &pattern{key: t.key, dashes: t.dashes}, nil
}

// each visits the occurrences of the pattern in the text's key, in order. It is
// false where the text repeats the pattern so often, but for its dashes, that
// comparing those would take more than linear time.
func (t *Text) each(p *pattern, visit func(at int)) bool {
	budget := 1<<16 + 16*(len(t.key)+len(p.key))
	next := 0 // the first dash of the text that is not before the occurrence
	occurrences(t.key, p.key, func(at int) bool {
		if t.marked(at + len(p.key)) {
			return true // the quote's last letter is another one in the text
		}
		for next < len(t.dashes) && t.dashes[next].at() < at {
			next++
		}
		same, steps := sameDashes(t.dashes[next:], at, p)
		if same {
			visit(at)
		}
		budget -= steps
		return budget > 0
	})
	return budget > 0
}

// marked says whether a mark that belongs to the letter before it is at the byte
// of the key.
func (t *Text) marked(at int) bool {
	if at == len(t.key) || t.key[at] < utf8.RuneSelf {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t.key[at:])
	if !isMark(r) {
		return false
	}
	_, apart := slices.BinarySearchFunc(t.dashes, at, func(s stroke, at int) int { return cmp.Compare(s.at(), at) })
	return !apart
}

// sameDashes compares the dashes of a passage with those of a pattern. A hyphen
// at the end of a line agrees with a hyphen and with none. At the edges of the
// passage the text may have one where the quote has none. It also tells how many
// were compared.
func sameDashes(text []stroke, at int, p *pattern) (same bool, steps int) {
	i, j := 0, 0
	for {
		steps++
		mine, theirs := len(p.key)+1, len(p.key)+1
		if i < len(p.dashes) {
			mine = p.dashes[i].at()
		}
		if j < len(text) {
			theirs = min(theirs, text[j].at()-at)
		}
		switch {
		case mine > len(p.key) && theirs >= len(p.key):
			return true, steps
		case mine == theirs:
			i++
			j++
		case theirs < mine:
			if !text[j].line() && theirs > 0 {
				return false, steps
			}
			j++
		default:
			if !p.dashes[i].line() {
				return false, steps
			}
			i++
		}
	}
}

// headLength is how much of a pattern is looked for by the runtime's search,
// whose worst case is the product of both lengths.
const headLength = 32

// occurrences visits the places where the pattern, which is not empty, occurs in
// the text, overlapping ones too, until visit answers false. The time is linear
// in both lengths.
func occurrences(text, pattern string, visit func(at int) bool) {
	head := pattern[:min(len(pattern), headLength)]
	// Most texts are not made to be slow: compare at each occurrence of the
	// head, and leave that for a search without a worst case when it has cost
	// too much.
	budget := 4 * len(text)
	for from := 0; ; {
		i := strings.Index(text[from:], head)
		if i < 0 {
			return
		}
		at := from + i
		if strings.HasPrefix(text[at:], pattern) {
			if !visit(at) {
				return
			}
		}
		from = at + 1
		if len(pattern) > headLength {
			if budget -= len(pattern); budget < 0 {
				knuthMorrisPratt(text, pattern, from, visit)
				return
			}
		}
	}
}

// knuthMorrisPratt is occurrences from a place on (D. Knuth, J. Morris, V. Pratt:
// Fast Pattern Matching in Strings, SIAM Journal on Computing 6, 1977).
func knuthMorrisPratt(text, pattern string, from int, visit func(at int) bool) {
	border := make([]int32, len(pattern)+1) // of each prefix, the longest that is also its suffix
	border[0] = -1
	k := int32(-1)
	for i := range len(pattern) {
		for k >= 0 && pattern[i] != pattern[k] {
			k = border[k]
		}
		k++
		border[i+1] = k
	}
	k = 0
	for i := from; i < len(text); i++ {
		for k >= 0 && text[i] != pattern[k] {
			k = border[k]
		}
		k++
		if int(k) == len(pattern) {
			if !visit(i + 1 - len(pattern)) {
				return
			}
			k = border[k]
		}
	}
}
