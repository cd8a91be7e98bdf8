package quote

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is a text made ready for Find. It is never changed, and keeps the
// original text, its normal form and a few bytes per hundred: a little over
// twice the original.
type Text struct {
	original string
	// key is the normal form without any dashes. Leaving them out lets a hyphen
	// at the end of a line, which may or may not belong to its word, be found
	// both ways by one search; what dashes say is compared afterwards.
	key    string
	dashes []stroke
	points []checkpoint
}

// stroke is a dash before the byte of the key that it numbers. The highest bit
// is set for one that may only divide a word at the end of a line.
type stroke uint32

const lineStroke stroke = 1 << 31

func newStroke(at int, d dash) stroke {
	s := stroke(at) //nolint:gosec // bounded by MaxText
	if d == lineDash {
		s |= lineStroke
	}
	return s
}

func (s stroke) at() int    { return int(s &^ lineStroke) }
func (s stroke) line() bool { return s&lineStroke != 0 }

// checkpoint is where the piece whose normal form begins at the key's byte
// stands in the original.
type checkpoint struct {
	key   uint32
	byte  uint32
	point uint32
}

// checkpoints are this many bytes of the key apart, or more.
const checkpointEvery = 512

// Prepare makes a text ready for Find. Errors: an *EncodingError, ErrTooLong.
func Prepare(original string) (*Text, error) {
	if len(original) > MaxText {
		return nil, ErrTooLong
	}
	if err := checkUTF8(original); err != nil {
		return nil, err
	}
	t := &Text{original: original}
	var key strings.Builder
	key.Grow(len(original))
	next := 0
	t.read(checkpoint{}, func(at int, g gap, p piece) bool {
		if g.dash != noDash {
			t.dashes = append(t.dashes, newStroke(at, g.dash))
		} else if g.space {
			key.WriteByte(' ')
		}
		if p.text != "" && at >= next {
			t.points = append(t.points, checkpoint{uint32(at), uint32(p.start.byte), uint32(p.start.point)}) //nolint:gosec // bounded by MaxText
			next = at + checkpointEvery
		}
		key.WriteString(p.text)
		return true
	})
	t.key = strings.Clone(key.String())
	t.dashes = slices.Clip(slices.Clone(t.dashes))
	return t, nil
}

// read visits the text's pieces from the checkpoint on, each with the gap before
// it and the byte of the key at which it begins, until visit answers false. The
// last gap comes with an empty piece.
func (t *Text) read(from checkpoint, visit func(at int, g gap, p piece) bool) {
	s := scanner{src: t.original, at: place{int(from.byte), int(from.point)}}
	if from.byte > 0 {
		s.last = utf8.RuneError // some piece came before; which does not matter, since no gap is open here
	}
	at := int(from.key)
	for {
		g, p, more := s.next()
		if g.space && g.dash == noDash {
			at++
		}
		if !visit(at, g, p) || !more {
			return
		}
		at += len(p.text)
	}
}

// before is the last checkpoint before the byte of the key; the beginning of
// the text where there is none.
func (t *Text) before(key int) checkpoint {
	i := sort.Search(len(t.points), func(i int) bool { return int(t.points[i].key) >= key })
	if i == 0 {
		return checkpoint{}
	}
	return t.points[i-1]
}

// locate bounds, in the original, the character whose normal form holds the byte
// of the key.
func (t *Text) locate(key int) (start, end place) {
	t.read(t.before(key+1), func(at int, _ gap, p piece) bool {
		if key >= at+len(p.text) {
			return true
		}
		start, end = p.start, p.end
		if p.plain {
			delta := key - at
			start = place{p.start.byte + delta, p.start.point + delta}
			end = place{start.byte + 1, start.point + 1}
		}
		return false
	})
	return start, end
}

// gapAt is the gap before the byte of the key, which must have dashes in it.
func (t *Text) gapAt(key int) (found gap) {
	t.read(t.before(key), func(at int, g gap, _ piece) bool {
		if at < key {
			return true
		}
		found = g
		return false
	})
	return found
}

// span bounds the pattern's occurrence at the byte of the key, dashes at its
// edges included, in the original.
func (t *Text) span(p *pattern, at int) (start, end place) {
	start, end = t.bounds(at, at+len(p.key))
	if len(p.dashes) > 0 && p.dashes[0].at() == 0 {
		start = t.gapAt(at).start
	}
	if n := len(p.dashes); n > 0 && p.dashes[n-1].at() == len(p.key) {
		end = t.gapAt(at + len(p.key)).end
	}
	return start, end
}

// bounds are those of the characters whose normal forms make the bytes from..to
// of the key, which are not empty and neither begin nor end with a space.
func (t *Text) bounds(from, to int) (start, end place) {
	start, _ = t.locate(from)
	_, end = t.locate(to - 1)
	return start, end
}

// The most code points of a passage that a Context or Nearest shows, and of
// words on either side of it.
const (
	maxPassage = 1200
	maxAround  = 120
)

// context is the passage with whole words on either side.
func (t *Text) context(start, end place) string {
	from, to := max(0, start.byte-4*maxAround), min(len(t.original), end.byte+4*maxAround)
	// A cut may split a character.
	before := collapse(strings.ToValidUTF8(t.original[from:start.byte], ""))
	if from > 0 || utf8.RuneCountInString(before) > maxAround {
		before = lastPoints(before, maxAround)
		before = before[max(0, strings.IndexByte(before, ' ')):]
	}
	after := collapse(strings.ToValidUTF8(t.original[end.byte:to], ""))
	if to < len(t.original) || utf8.RuneCountInString(after) > maxAround {
		after = firstPoints(after, maxAround)
		if i := strings.LastIndexByte(after, ' '); i >= 0 {
			after = after[:i]
		}
	}
	return strings.TrimSpace(before + t.passage(start, end) + after)
}

// passage is the text between the places, shortened in its middle if long.
func (t *Text) passage(start, end place) string {
	s := t.original[start.byte:end.byte]
	if end.point-start.point > maxPassage {
		s = firstPoints(s, maxPassage/2) + " […] " + lastPoints(s, maxPassage/2)
	}
	return collapse(s)
}

// collapse makes every run of white space one space.
func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

func firstPoints(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func lastPoints(s string, n int) string {
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:]
}
