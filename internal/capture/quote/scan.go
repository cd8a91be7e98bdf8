package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxCluster is the most code points of one letter with its marks, taken fully
// apart, that are brought to Normalization Form C together. No writing system comes near it;
// longer heaps are compared as they stand, which keeps the work per letter
// bounded and normalising twice the same as normalising once.
const maxCluster = 24

// place is a position in the original text.
type place struct {
	byte, point int // counted in bytes and in code points
}

// dash tells what hyphens or dashes stand in a gap.
type dash uint8

const (
	noDash   dash = iota
	hardDash      // written as such; "hand-in-hand"
	lineDash      // a hyphen at the end of a line, which may only divide a word
)

// gap is what lies between two visible pieces of text.
type gap struct {
	space      bool // the pieces are words apart
	dash       dash
	start, end place // of the dashes, where there are any
}

// piece is a visible piece of text in normal form and where it came from.
type piece struct {
	text       string
	start, end place
	// plain pieces are runs of ASCII that normalisation leaves as they are, so
	// that positions inside them can be counted off. Others map as a whole.
	plain bool
}

// scanner reads a text as gaps and pieces, in turn.
type scanner struct {
	src     string
	at      place
	last    rune // the last one of the last piece's normal form; 0 before the first
	cluster []byte
}

// next reads the gap at the scanner's place and the piece that follows it.
// At the end of the text it answers the last gap and false.
func (s *scanner) next() (gap, piece, bool) {
	var g gap
	if s.at.byte < len(s.src) && !plain[s.src[s.at.byte]] {
		g = s.gap()
	}
	if s.at.byte == len(s.src) {
		if g.dash == lineDash { // nothing follows that it could divide
			g.dash = hardDash
		}
		g.space = false
		return g, piece{}, false
	}
	p := s.piece()
	first, _ := utf8.DecodeRuneInString(p.text)
	if g.dash == lineDash && !unicode.IsLetter(first) {
		g.dash = hardDash
	}
	if s.last == 0 {
		g.space = false
	}
	s.last, _ = utf8.DecodeLastRuneInString(p.text)
	return g, p, true
}

// gap reads white space, dashes and invisible characters.
func (s *scanner) gap() gap {
	var (
		g                 gap
		dashes            int
		hyphen            bool // the only dash is a hyphen that follows a letter at once
		spaceSinceDash    bool
		breakSinceDash    bool
		softAt, softBreak bool // a soft hyphen that follows the piece at once; a line break after it
		spaces            bool
	)
	for s.at.byte < len(s.src) {
		r, n := utf8.DecodeRuneInString(s.src[s.at.byte:])
		class := classOf(r)
		switch class {
		case visible:
			g.finish(dashes, hyphen && breakSinceDash, spaces, softAt && softBreak)
			return g
		case space, lineBreak:
			spaces, spaceSinceDash = true, true
			if class == lineBreak {
				breakSinceDash, softBreak = true, true
			}
		case hyphenDash, longDash:
			dashes++
			hyphen = class == hyphenDash && dashes == 1 && !spaces && isLetter(s.last)
			spaceSinceDash, breakSinceDash = false, false
			if dashes == 1 {
				g.start = s.at
			}
			g.end = place{s.at.byte + n, s.at.point + 1}
		case softHyphen:
			if !spaces && dashes == 0 {
				softAt = true
			}
		case invisible:
		}
		s.at.byte += n
		s.at.point++
	}
	g.finish(dashes, hyphen && breakSinceDash && spaceSinceDash, spaces, softAt && softBreak)
	return g
}

func (g *gap) finish(dashes int, atLineEnd, spaces, joined bool) {
	switch {
	case dashes > 0 && atLineEnd:
		g.dash = lineDash
	case dashes > 0:
		g.dash = hardDash
	case spaces && !joined:
		g.space = true
	}
}

// maxRun bounds a run of ASCII, and with it the way from a checkpoint to any
// place in it.
const maxRun = 1024

// piece reads a run of plain ASCII with single spaces in it, or one letter with
// its marks.
func (s *scanner) piece() piece {
	src, from := s.src, s.at
	i := from.byte
	for limit := min(len(src), i+maxRun); i < limit; i++ {
		if b := src[i]; !plain[b] && (b != ' ' || i == from.byte || i+1 == limit || !plain[src[i-1]] || !plain[src[i+1]]) {
			break
		}
	}
	// What follows may be a mark that belongs to the last letter.
	if i < len(src) && i > from.byte && mayExtend(src[i]) {
		i--
		if i > from.byte && src[i-1] == ' ' {
			i-- // leave the space to the next gap
		}
	}
	if i > from.byte {
		s.at = place{i, from.point + i - from.byte}
		return piece{text: src[from.byte:i], start: from, end: s.at, plain: true}
	}
	return s.letter()
}

// letter reads one visible character and the marks that follow it.
func (s *scanner) letter() piece {
	start := s.at
	r, n := utf8.DecodeRuneInString(s.src[s.at.byte:])
	s.at = place{s.at.byte + n, s.at.point + 1}
	if s.at.byte == len(s.src) || !mayExtend(s.src[s.at.byte]) {
		if form, ok := formOf(r); ok {
			return piece{text: form, start: start, end: s.at}
		} else if r < 0x300 {
			return piece{text: s.src[start.byte:s.at.byte], start: start, end: s.at}
		}
	}
	s.cluster = appendForm(s.cluster[:0], r)
	end, count := s.at, weight(r)
	for ahead := s.at; ahead.byte < len(s.src); {
		if s.src[ahead.byte] < utf8.RuneSelf && classOf(rune(s.src[ahead.byte])) != invisible {
			break
		}
		r, n := utf8.DecodeRuneInString(s.src[ahead.byte:])
		ahead = place{ahead.byte + n, ahead.point + 1}
		if class := classOf(r); class == invisible || class == softHyphen {
			continue
		} else if class != visible || !extends(r) {
			break
		}
		s.cluster = appendForm(s.cluster, r)
		end = ahead
		count += weight(r)
	}
	s.at = end
	if count <= maxCluster && !norm.NFC.IsNormal(s.cluster) {
		s.cluster = norm.NFC.Append(nil, s.cluster...)
	}
	if same := s.src[start.byte:end.byte]; same == string(s.cluster) {
		return piece{text: same, start: start, end: end}
	}
	return piece{text: string(s.cluster), start: start, end: end}
}

// weight is the number of code points of the character's full decomposition,
// which canonically equivalent spellings share.
func weight(r rune) int {
	if r < 0xc0 {
		return 1
	}
	var buf [utf8.UTFMax]byte
	whole := norm.NFD.Properties(buf[:utf8.EncodeRune(buf[:], r)]).Decomposition()
	return max(1, utf8.RuneCount(whole))
}

// extends says whether the character may join the one before it under NFC.
func extends(r rune) bool {
	if r < 0x300 {
		return false
	}
	var buf [utf8.UTFMax]byte
	return !norm.NFC.Properties(buf[:utf8.EncodeRune(buf[:], r)]).BoundaryBefore()
}

// isMark says whether the character is a mark that belongs to the one before.
func isMark(r rune) bool { return r >= 0x300 && unicode.Is(unicode.Mn, r) }

func isLetter(r rune) bool { return unicode.IsLetter(r) || r >= 0x300 && unicode.IsMark(r) }

// class sorts characters by what becomes of them.
type class uint8

const (
	visible class = iota
	space
	lineBreak
	hyphenDash // may divide a word at a line's end
	longDash
	softHyphen
	invisible
)

// classOf finds a character's class. The sets are listed in docs/quotes.md.
func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case r == '-':
			return hyphenDash
		case r == ' ' || r == '\t':
			return space
		case r >= '\n' && r <= '\r':
			return lineBreak
		case r < ' ' || r == 0x7f:
			return invisible
		}
		return visible
	case r == 0xad:
		return softHyphen
	case r == 0x85 || r == 0x2028 || r == 0x2029:
		return lineBreak
	case r < 0xa0:
		return invisible
	case r == 0x2010 || r == 0x2011:
		return hyphenDash
	case r >= 0x2012 && r <= 0x2015, r == 0x2212, r == 0x2e3a, r == 0x2e3b, r == 0xfe58, r == 0xfe63, r == 0xff0d:
		return longDash
	case unicode.IsSpace(r):
		return space
	case r == 0x34f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef: // grapheme joiner, variation selectors
		return invisible
	case r > 0x2ff && unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return invisible
	}
	return visible
}

// plain marks the ASCII characters that are visible and mean themselves.
var plain = func() (set [256]bool) {
	for b := range rune(utf8.RuneSelf) {
		set[b] = classOf(b) == visible && b != '`'
	}
	return set
}()

// mayExtend says whether a character that begins with the byte may be a mark,
// or invisible and followed by one.
func mayExtend(b byte) bool {
	return b >= 0xcc || b == 0xc2 || b < utf8.RuneSelf && classOf(rune(b)) == invisible
}

// forms are the characters that are written in another form for comparison,
// grouped by that form.
var forms = func() map[rune]string {
	m := map[rune]string{}
	for form, characters := range map[string]string{
		"'":   "`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u0374\u02bb\u02bc\u2039\u203a\u1fef\u1ffd\uff07\uff40",
		`"`:   "\u00ab\u00bb\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f\uff02",
		"...": "\u2026",
		"..":  "\u2025",
		"ff":  "\ufb00",
		"fi":  "\ufb01",
		"fl":  "\ufb02",
		"ffi": "\ufb03",
		"ffl": "\ufb04",
		"st":  "\ufb05\ufb06",
	} {
		for _, c := range characters {
			m[c] = form
		}
	}
	return m
}()

// appendForm appends the form in which the character is compared, before NFC.
func appendForm(b []byte, r rune) []byte {
	if form, ok := formOf(r); ok {
		return append(b, form...)
	}
	return utf8.AppendRune(b, r)
}

func formOf(r rune) (string, bool) {
	if r < 0xab && r != '`' || r > 0xbb && r < 0x2b9 {
		return "", false
	}
	form, ok := forms[r]
	return form, ok
}

// Normalise returns the text in the form in which quotes are compared, which
// docs/quotes.md describes: Normalization Form C, one space between words,
// plain quotation marks and hyphens, no invisible characters, and words that
// were divided at the end of a line in one piece. It is idempotent. Text that
// is not UTF-8 is an *EncodingError.
func Normalise(text string) (string, error) {
	if err := checkUTF8(text); err != nil {
		return "", err
	}
	var b strings.Builder
	b.Grow(len(text))
	s := scanner{src: text}
	for {
		g, p, more := s.next()
		if g.dash == hardDash {
			b.WriteByte('-')
		} else if g.space {
			b.WriteByte(' ')
		}
		if !more {
			return b.String(), nil
		}
		b.WriteString(p.text)
	}
}
