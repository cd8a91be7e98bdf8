package edtf

import (
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Date is one parsed expression with what it covers. It is small, immutable
// and comparable; two Dates are equal when they were written alike. The zero
// Date is "absent": an unknown date.
type Date struct {
	text             string
	earliest, latest Day
	flags            flags
}

type flags uint8

const (
	uncertain flags = 1 << iota
	approximate
)

// SyntaxError says what is wrong with an expression, where, and what to write
// instead. Offset counts bytes from the start of Input.
type SyntaxError struct {
	Input  string
	Offset int
	Reason string
}

// Error names the input, the place and the remedy.
func (e *SyntaxError) Error() string {
	if e.Offset == 0 {
		return fmt.Sprintf("%q is not a date: %s", e.Input, e.Reason)
	}
	return fmt.Sprintf("%q is not a date (after %q): %s", e.Input, e.Input[:min(e.Offset, len(e.Input))], e.Reason)
}

// Parse reads one expression (see the package comment for which). The empty
// string is the zero Date. Nothing is trimmed. An error is a *SyntaxError.
func Parse(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	kept := &parsed[maphash.String(parsedSeed, s)%uint64(len(parsed))]
	if d := kept.Load(); d != nil && d.text == s {
		return *d, nil
	}
	x, err := parseExpr(s)
	if err != nil {
		return Date{}, err
	}
	d := Date{text: strings.Clone(s)} // s may be a part of something long
	d.earliest, d.latest = x.bounds()
	d.flags = x.flags()
	kept.Store(&d)
	return d, nil
}

// parsed keeps expressions that were parsed, each where its hash leads, the last
// one of those that meet there: the dates of a graph are much the same ones, and
// each claim's are parsed four times when it is written. There is room for the days
// of some decades.
var (
	parsed     [1 << 15]atomic.Pointer[Date]
	parsedSeed = maphash.MakeSeed()
)

// String returns the expression as written, empty for the zero Date.
func (d Date) String() string { return d.text }

// IsZero reports whether the date is absent.
func (d Date) IsZero() bool { return d.text == "" }

// IsOpen reports whether the expression is "..": as an end, still going on.
func (d Date) IsOpen() bool { return d.text == ".." }

// Earliest returns the first day that the expression may speak of, widened
// where it is approximate; MinDay where it is open or unknown on that side.
func (d Date) Earliest() Day {
	if d.IsZero() {
		return MinDay
	}
	return d.earliest
}

// Latest returns the last day that the expression may speak of, widened where
// it is approximate; MaxDay where it is open or unknown on that side.
func (d Date) Latest() Day {
	if d.IsZero() {
		return MaxDay
	}
	return d.latest
}

// Uncertain reports whether any part of the expression bears ? or %.
func (d Date) Uncertain() bool { return d.flags&uncertain != 0 }

// Approximate reports whether any part of the expression bears ~ or %.
func (d Date) Approximate() bool { return d.flags&approximate != 0 }

// MarshalText writes the expression as written.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.text), nil }

// UnmarshalText is Parse.
func (d *Date) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}

// Dated reports whether the expression bounds anything at all: "..", "../.."
// and the zero Date do not.
func (d Date) Dated() bool { return d.Earliest() != MinDay || d.Latest() != MaxDay }
