// Package quote finds quotes in the texts that they are said to be from.
//
// A quote is a TextQuoteSelector of the W3C Web Annotation Data Model
// (https://www.w3.org/TR/annotation-model/#text-quote-selector): the exact
// words, with some of the words before and after that tell one occurrence from
// another. Texts reach us retyped, typeset and extracted from pages, so both
// sides are compared in a normal form, which docs/quotes.md describes; what is
// found is told in positions of the original text.
//
// [Prepare] a text once, then [Text.Find] as many quotes as need be, from any
// number of goroutines. The time is proportional to the length of the text and
// the quote, whatever they say. The package is pure.
package quote

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence"
)

// ErrEmpty says that nothing is left of a quote to look for: it has no visible
// character, or none but dashes.
var ErrEmpty = errors.New("the quote has no words to look for; give the exact words of the source")

// ErrTooLong says that a text is longer than MaxText.
var ErrTooLong = errors.New("the text is too long to look for quotes in; split the source")

// MaxText is the most bytes that Prepare takes.
const MaxText = 1 << 29

// EncodingError says that a text or a part of a quote is not UTF-8.
type EncodingError struct {
	// Part is "exact", "prefix" or "suffix"; empty for a text.
	Part string
	// Offset is that of the first invalid byte.
	Offset int
}

// Error implements error.
func (e *EncodingError) Error() string {
	part := e.Part
	if part == "" {
		part = "the text"
	}
	return fmt.Sprintf("%s is not valid UTF-8 at byte %d; convert it to UTF-8 first", part, e.Offset)
}

func checkUTF8(s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return &EncodingError{Offset: i}
		}
		i += n
	}
	return nil
}

// Result is what looking for a quote gave.
type Result struct {
	// State is Verified when the exact words occur, and prefix and suffix tell
	// which occurrence is meant if there are several; Ambiguous when there are
	// several and they do not; Failed when the words do not occur. It is
	// Unchecked only for a text made of so many near repetitions of the quote
	// that telling its hyphens apart was given up.
	State evidence.CheckState
	// Start and End bound the passage in the original text, in code points; End
	// is exclusive. Of an ambiguous quote they are the first occurrence's, of a
	// failed one those of the nearest passage.
	Start, End int
	// Occurrences of the exact words. Overlapping ones all count.
	Occurrences int
	// Context is the passage of a quote that is not failed with some words on
	// either side, its white space collapsed.
	Context string
	// Nearest is the passage of the text that differs least from a failed quote,
	// and Distance the number of code points to insert, delete or replace to
	// turn one into the other, both in normal form. Nearest is empty, and
	// Distance 0, where no such passage was found; see docs/quotes.md.
	Nearest  string
	Distance int
}

// Check is the result as a citation records it, with when (RFC 3339) and
// against which capture.
func (r Result) Check(at, capture string) evidence.QuoteCheck {
	return evidence.QuoteCheck{
		State: r.State, At: at, Capture: capture,
		Start: r.Start, End: r.End, Context: r.Context, Nearest: r.Nearest, Distance: r.Distance,
	}
}

// Find looks for the quote. An error says that there is nothing to look for:
// ErrEmpty, or an *EncodingError. A prefix or suffix that does not occur there
// is no fault of a quote that occurs once: they serve to choose.
func (t *Text) Find(q evidence.Quote) (Result, error) {
	exact, err := compile("exact", q.Exact)
	if err != nil {
		return Result{}, err
	}
	prefix, err := compile("prefix", q.Prefix)
	if err != nil {
		return Result{}, err
	}
	suffix, err := compile("suffix", q.Suffix)
	if err != nil {
		return Result{}, err
	}
	if exact.key == "" {
		return Result{}, ErrEmpty
	}

	var r Result
	first := -1
	complete := t.each(exact, func(at int) {
		if first < 0 {
			first = at
		}
		r.Occurrences++
	})
	switch {
	case !complete:
		return Result{State: evidence.Unchecked, Occurrences: r.Occurrences}, nil
	case r.Occurrences == 0:
		return t.failed(q.Exact, exact), nil
	case r.Occurrences == 1:
		r.State = evidence.Verified
	default:
		r.State = evidence.Ambiguous
		if at, ok := t.choose(exact, prefix, suffix); ok {
			r.State, first = evidence.Verified, at
		}
	}
	start, end := t.span(exact, first)
	r.Start, r.End = start.point, end.point
	r.Context = t.context(start, end)
	return r, nil
}

// choose finds the one occurrence that more of the context fits than any other.
func (t *Text) choose(exact, prefix, suffix *pattern) (at int, ok bool) {
	before, ok := t.marks(prefix, len(prefix.key))
	if !ok {
		return 0, false
	}
	after, ok := t.marks(suffix, 0)
	if !ok {
		return 0, false
	}
	best, ties := 0, 0
	t.each(exact, func(i int) {
		fits := 0
		if before.has(i) || i > 0 && t.key[i-1] == ' ' && before.has(i-1) {
			fits++
		}
		j := i + len(exact.key)
		if after.has(j) || j < len(t.key) && t.key[j] == ' ' && after.has(j+1) {
			fits++
		}
		switch {
		case fits > best:
			best, ties, at = fits, 1, i
		case fits == best:
			ties++
		}
	})
	return at, best > 0 && ties == 1
}

// bits is a set of positions; nil is the empty set.
type bits []uint64

func (b bits) has(i int) bool { return b != nil && b[i/64]&(1<<(i%64)) != 0 }

// marks is the set of the pattern's occurrences, moved by offset. It is false
// where telling them was given up.
func (t *Text) marks(p *pattern, offset int) (bits, bool) {
	if p.key == "" {
		return nil, true
	}
	set := make(bits, len(t.key)/64+1)
	complete := t.each(p, func(at int) { set[(at+offset)/64] |= 1 << ((at + offset) % 64) })
	return set, complete
}
