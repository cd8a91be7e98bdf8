package edtf

import (
	"errors"
	"testing"
)

// FuzzParse looks for input that panics, that is accepted with bounds or
// labels that make no sense, or whose error does not say what is wrong.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2014-09-26", "../2014", "[1667, 1670..1672]", "Y-17E7S2", "2004-06~-~11", "15XX-12-2X", "2014-09-26T22:30:00-05:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Reason == "" || se.Offset < 0 || se.Offset > len(s) {
				t.Fatalf("Parse(%q) failed without saying where and why: %v", s, err)
			}
			if d != (Date{}) {
				t.Fatalf("Parse(%q) failed and returned %v", s, d)
			}
			return
		}
		if d.String() != s {
			t.Fatalf("Parse(%q) is written %q", s, d)
		}
		if d.Earliest() > d.Latest() || d.Earliest() == MaxDay || d.Latest() == MinDay {
			t.Fatalf("%q covers %d to %d", s, d.Earliest(), d.Latest())
		}
		for _, lang := range []string{"en", "es"} {
			if (d.Label(lang) == "") == d.Dated() {
				t.Fatalf("the label of %q is %q", s, d.Label(lang))
			}
		}
		v := Valid{Since: d, Until: d}
		if err := v.Check(State); err != nil {
			t.Fatalf("%q ends before itself: %v", s, err)
		}
		during, throughout := v.HeldDuring(State, d), v.HeldThroughout(State, d)
		if throughout > during {
			t.Fatalf("%q held throughout: %s, during: %s", s, throughout, during)
		}
		for _, q := range []string{"~", "?", "%"} {
			if wide, err := Parse(s + q); err == nil && (wide.Earliest() > d.Earliest() || wide.Latest() < d.Latest()) {
				t.Fatalf("%q covers less than %q", wide, d)
			}
		}
	})
}
