package edtf

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The window of the enumeration: questions lie inside it, and the days just
// outside stand for all that are further away.
const (
	windowFirst, windowLast = -2, 8
	beyond                  = 2
)

var windowStart = DayOf(2014, 9, 26)

func dayText(n int) string { return (windowStart + Day(n)).String() }

// drawDate draws an expression over the window, of any shape that matters for
// the algebra: absent, open, one day, some days, open to one side; uncertain
// or not.
func drawDate(t *rapid.T, name string) Date {
	from := rapid.IntRange(0, windowLast-beyond).Draw(t, name+" from")
	to := rapid.IntRange(from, windowLast-beyond).Draw(t, name+" to")
	mark := ""
	if rapid.IntRange(0, 4).Draw(t, name+" uncertain") == 0 {
		mark = "?"
	}
	switch rapid.IntRange(0, 7).Draw(t, name+" shape") {
	case 0:
		return Date{}
	case 1:
		return mustParse("..")
	case 2:
		return mustParse("../" + dayText(to) + mark)
	case 3:
		return mustParse(dayText(from) + mark + "/..")
	case 4:
		return mustParse(dayText(from) + mark)
	case 5:
		return mustParse("../..")
	}
	return mustParse(dayText(from) + mark + "/" + dayText(to))
}

func drawValid(t *rapid.T) (Valid, Aspect) {
	v := Valid{Since: drawDate(t, "since"), Until: drawDate(t, "until")}
	for range rapid.IntRange(0, 2).Draw(t, "observations") {
		v.Observed = append(v.Observed, drawDate(t, "observed"))
	}
	return v, rapid.SampledFrom([]Aspect{State, Event}).Draw(t, "aspect")
}

// inWindow gives the first and last day of a date as numbers of the window.
func inWindow(d Date) (from, to int) {
	from, to = windowFirst, windowLast
	if d.Earliest() != MinDay {
		from = int(d.Earliest() - windowStart)
	}
	if d.Latest() != MaxDay {
		to = int(d.Latest() - windowStart)
	}
	return from, to
}

// world is the set of days of the window on which the claim held.
type world uint32

func bit(n int) world { return 1 << (n - windowFirst) }

func days(from, to int) (w world) {
	for n := from; n <= to; n++ {
		w |= bit(n)
	}
	return w
}

// worlds enumerates every way in which the claim can have been, straight from
// the words of the package comment and with none of its formulas. An uncertain
// part may also be wrong altogether.
func worlds(v Valid, a Aspect) []world {
	until := v.Until
	if a == Event && until.IsZero() {
		until = v.Since
	}
	b0, b1 := inWindow(v.Since)
	e0, e1 := inWindow(until)
	unknown := v.Until.IsOpen() || v.Until.String() == "../.." || v.Until.IsZero() && a == State
	if unknown && v.Since.Latest() != MaxDay {
		e0 = max(e0, b1)
	}
	if v.Until.IsOpen() {
		for _, o := range v.Observed {
			if from, _ := inWindow(o); !o.Uncertain() && o.Earliest() != MinDay {
				e0 = max(e0, from)
			}
		}
	}
	var all []world
	for b := b0; b <= b1; b++ {
		for e := max(b, e0); e <= e1; e++ {
			all = append(all, days(b, e))
		}
	}
	if v.Since.Uncertain() || v.Until.Uncertain() || len(all) == 0 {
		all = append(all, 0)
	}
	for _, o := range v.Observed {
		var next []world
		from, to := inWindow(o)
		for _, w := range all {
			for n := from; n <= to; n++ {
				next = append(next, w|bit(n))
			}
			if o.Uncertain() {
				next = append(next, w)
			}
		}
		all = next
	}
	return all
}

func TestAnswersAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a := drawValid(t)
		p := rapid.IntRange(0, windowLast-beyond).Draw(t, "p")
		q := rapid.IntRange(p, windowLast-beyond).Draw(t, "q")
		period := mustParse(dayText(p) + "/" + dayText(q))
		if p == q {
			period = mustParse(dayText(p))
		}
		during, throughout := v.HeldDuring(a, period), v.HeldThroughout(a, period)
		if v.IsZero() {
			require.Equal(t, Undated, during)
			require.Equal(t, Undated, throughout)
			return
		}
		asked := days(p, q)
		count := func(holds func(world) bool) Certainty {
			yes, no := false, false
			for _, w := range worlds(v, a) {
				if holds(w) {
					yes = true
				} else {
					no = true
				}
			}
			switch {
			case !yes:
				return No
			case no:
				return Possibly
			}
			return Definitely
		}
		require.Equal(t, count(func(w world) bool { return w&asked != 0 }), during, "%s during %s of %+v", a, period, v)
		require.Equal(t, count(func(w world) bool { return w&asked == asked }), throughout, "%s throughout %s of %+v", a, period, v)
	})
}

func TestAnswersHangTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a := drawValid(t)
		period := drawDate(t, "period")
		during, throughout := v.HeldDuring(a, period), v.HeldThroughout(a, period)
		require.LessOrEqual(t, throughout, during, "throughout is harder than during")
		require.Equal(t, during, v.HeldOn(a, period))
		if period.Uncertain() {
			require.NotEqual(t, Definitely, during)
			require.NotEqual(t, Definitely, throughout)
		}
		b := v.Bounds(a)
		require.LessOrEqual(t, b.SinceEarliest, b.SinceLatest)
		require.LessOrEqual(t, b.UntilEarliest, b.UntilLatest)
		if v.Check(a) == nil && len(v.Observed) == 0 && during == Definitely {
			require.GreaterOrEqual(t, period.Latest(), b.SinceEarliest, "DEFINITELY outside the bounds")
			require.LessOrEqual(t, period.Earliest(), b.UntilLatest, "DEFINITELY outside the bounds")
		}
		if period.Earliest() == period.Latest() {
			require.Equal(t, during, throughout, "one day is all of itself")
		}
		// A longer period cannot make "at some moment" less certain.
		require.GreaterOrEqual(t, v.HeldDuring(a, Date{}), during)
	})
}

// drawExpression draws what Parse accepts, from pieces.
func drawExpression(t *rapid.T) string {
	return rapid.StringMatching(`-?(20[01][0-9X](-(0[1-9]|1[0-2]|XX|0X)(-(0[1-9]|1[0-9]|2[0-8]|XX|X5))?)?|19[0-9X]{2})`).Draw(t, "expression")
}

func TestQualifiersOnlyWiden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, err := Parse(drawExpression(t))
		require.NoError(t, err)
		for _, q := range []string{"~", "%", "?"} {
			marked, err := Parse(plain.String() + q)
			if err != nil {
				continue // not every expression with unknown digits takes a qualifier
			}
			require.Equal(t, q != "~", marked.Uncertain())
			require.Equal(t, q != "?", marked.Approximate())
			if q == "?" {
				require.Equal(t, plain.Earliest(), marked.Earliest())
				require.Equal(t, plain.Latest(), marked.Latest())
				continue
			}
			require.Less(t, marked.Earliest(), plain.Earliest(), "%s", marked)
			require.Greater(t, marked.Latest(), plain.Latest(), "%s", marked)
		}
	})
}

func TestAWiderEndIsNeverMoreCertain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(1, 4).Draw(t, "from")
		to := rapid.IntRange(from, 4).Draw(t, "to")
		narrow := mustParse(dayText(from) + "/" + dayText(to))
		wide := mustParse(dayText(from-1) + "/" + dayText(to+1))
		v, a := drawValid(t)
		v.Observed = nil
		v.Until = mustParse(dayText(rapid.IntRange(4, 6).Draw(t, "until")))
		period := mustParse(dayText(rapid.IntRange(0, 6).Draw(t, "day")))
		v.Since = narrow
		before := v.HeldOn(a, period)
		v.Since = wide
		after := v.HeldOn(a, period)
		if before != Definitely {
			require.NotEqual(t, Definitely, after)
		}
		if before != No {
			require.NotEqual(t, No, after)
		}
	})
}

func TestSortKeyOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a := drawValid(t)
		w, b := drawValid(t)
		vk, wk := v.SortKey(a), w.SortKey(b)
		got := bytes.Compare(vk[:], wk[:])
		switch {
		case v.IsZero() || w.IsZero():
			require.Equal(t, cmp.Compare(rank(v.IsZero()), rank(w.IsZero())), got, "undated last")
		case len(v.Observed)+len(w.Observed) == 0:
			x, y := v.Bounds(a), w.Bounds(b)
			require.Equal(t, cmp.Or(cmp.Compare(x.SinceEarliest, y.SinceEarliest), cmp.Compare(x.UntilLatest, y.UntilLatest)), got)
		}
	})
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// TestMayHoldIsWhereADayIsAnsweredPossibly holds the periods against the answer
// for each day.
func TestMayHoldIsWhereADayIsAnsweredPossibly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a := drawValid(t)
		w, b := drawValid(t)
		may, other := v.MayHold(a), w.MayHold(b)
		both := Meet(may, other)
		for _, periods := range [][]Period{may, other, both} {
			for i, p := range periods {
				require.LessOrEqual(t, p.First, p.Last)
				if i > 0 {
					require.Less(t, int64(periods[i-1].Last)+1, int64(p.First), "%v", periods)
				}
			}
		}
		within := func(periods []Period, day Day) bool {
			return slices.ContainsFunc(periods, func(p Period) bool { return p.First <= day && day <= p.Last })
		}
		for n := windowFirst - 1; n <= windowLast+1; n++ {
			day := windowStart + Day(n)
			on := mustParse(day.String())
			held, otherHeld := v.HeldOn(a, on) >= Possibly, w.HeldOn(b, on) >= Possibly
			require.Equal(t, held, within(may, day), "%v on %s: %v", v, on, may)
			require.Equal(t, held && otherHeld, within(both, day), "%v and %v on %s: %v", v, w, on, both)
		}
	})
}

// TestEndsAreThoseOfSomeStretch holds the ends against all stretches whose
// beginning and end lie where the expressions say, and that do not end before they
// begin.
func TestEndsAreThoseOfSomeStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a := drawValid(t)
		said, ends := v.Bounds(a), v.Ends(a)
		if v.Check(a) != nil {
			require.Equal(t, said, ends)
			return
		}
		first := func(d Day) int {
			if d == MinDay {
				return windowFirst
			}
			return int(d - windowStart)
		}
		last := func(d Day) int {
			if d == MaxDay {
				return windowLast
			}
			return int(d - windowStart)
		}
		var begun, ended []int
		for b := first(said.SinceEarliest); b <= last(said.SinceLatest); b++ {
			for e := first(said.UntilEarliest); e <= last(said.UntilLatest); e++ {
				if b <= e {
					begun, ended = append(begun, b), append(ended, e)
				}
			}
		}
		require.Equal(t, []int{slices.Min(begun), slices.Max(begun), slices.Min(ended), slices.Max(ended)},
			[]int{first(ends.SinceEarliest), last(ends.SinceLatest), first(ends.UntilEarliest), last(ends.UntilLatest)}, "%+v", v)
	})
}
