package edtf

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Aspect says whether a claim speaks of a state that lasts or of an event.
type Aspect uint8

// The aspects. An event whose end is not given ends when it begins.
const (
	State Aspect = iota
	Event
)

// String returns STATE or EVENT.
func (a Aspect) String() string {
	if a == Event {
		return "EVENT"
	}
	return "STATE"
}

// Certainty answers whether a claim held, in rising order.
type Certainty uint8

// The answers. Undated is for a claim without any date; it ranks above No,
// because nothing speaks against it, and below Possibly.
const (
	No Certainty = iota
	Undated
	Possibly
	Definitely
)

var certaintyNames = [...]string{"NO", "UNDATED", "POSSIBLY", "DEFINITELY"}

// String returns NO, UNDATED, POSSIBLY or DEFINITELY.
func (c Certainty) String() string {
	if int(c) < len(certaintyNames) {
		return certaintyNames[c]
	}
	return fmt.Sprintf("Certainty(%d)", uint8(c))
}

// Valid is the valid time of a claim: an expression in the position of its
// beginning, one in the position of its end, and the dates on which a source
// says that it held. The package comment says what it stands for.
type Valid struct {
	Since, Until Date
	Observed     []Date
}

// Bounds are the first and last day on which a claim may have begun and may
// have ended, MinDay or MaxDay where unknown.
type Bounds struct {
	SinceEarliest, SinceLatest Day
	UntilEarliest, UntilLatest Day
}

// RangeError says that a claim ends before it begins.
type RangeError struct{ Since, Until Date }

// Error names both ends and the remedy.
func (e *RangeError) Error() string {
	return fmt.Sprintf("until %q lies before since %q: it ends by %s and begins on %s or later; correct one of them",
		e.Until, e.Since, e.Until.Latest(), e.Since.Earliest())
}

// Check refuses a valid time whose latest end lies before its earliest
// beginning, with a *RangeError, and no other.
func (v Valid) Check(Aspect) error {
	if v.Until.Latest() < v.Since.Earliest() {
		return &RangeError{Since: v.Since, Until: v.Until}
	}
	return nil
}

// IsZero reports whether the claim has no date at all, so that every question
// of it is answered UNDATED.
func (v Valid) IsZero() bool {
	return !v.Since.Dated() && !v.Until.Dated() && !slices.ContainsFunc(v.Observed, Date.Dated)
}

// Bounds returns what the expressions say of either end, each by itself. For
// an event without an end, the end is the beginning; the earliest end of what
// still held when cited is the last certain observation.
func (v Valid) Bounds(a Aspect) Bounds {
	b := Bounds{v.Since.Earliest(), v.Since.Latest(), v.Until.Earliest(), v.Until.Latest()}
	switch {
	case a == Event && v.Until.IsZero():
		b.UntilEarliest, b.UntilLatest = b.SinceEarliest, b.SinceLatest
	case v.Until.IsOpen():
		for _, o := range v.Observed {
			if !o.Uncertain() {
				b.UntilEarliest = max(b.UntilEarliest, o.Earliest())
			}
		}
	}
	return b
}

// Ends returns the days on which the claim may have begun and ended. It is what
// both expressions say together: a beginning comes no later than the end, so each
// bounds the other. Stores keep Bounds.
func (v Valid) Ends(a Aspect) Bounds {
	b := v.Bounds(a)
	if b.UntilLatest < b.SinceEarliest {
		return b // Check refuses it
	}
	b.SinceLatest, b.UntilEarliest = min(b.SinceLatest, b.UntilLatest), max(b.UntilEarliest, b.SinceEarliest)
	return b
}

// stretch is what the two ends say together: the claim held from a day in
// [begins, begun] to a day in [ends, ended], and begin comes before end.
type stretch struct{ begins, begun, ends, ended Day }

func (v Valid) stretch(a Aspect) stretch {
	b := v.Bounds(a)
	unknownEnd := !v.Until.Dated() && (a != Event || !v.Until.IsZero()) // "..", too
	if unknownEnd && b.SinceLatest != MaxDay {
		b.UntilEarliest = max(b.UntilEarliest, b.SinceLatest)
	}
	if b.UntilLatest < b.SinceEarliest {
		return stretch{MaxDay, MaxDay, MinDay, MinDay} // Check refuses it; it holds nowhere
	}
	return stretch{
		begins: b.SinceEarliest,
		begun:  min(b.SinceLatest, b.UntilLatest),
		ends:   max(b.UntilEarliest, b.SinceEarliest),
		ended:  b.UntilLatest,
	}
}

// HeldOn answers whether the claim held on a date; on one that covers more
// than a day (2014-09), at some moment of it.
func (v Valid) HeldOn(a Aspect, on Date) Certainty { return v.HeldDuring(a, on) }

// HeldDuring answers whether the claim held at some moment of the period. An
// absent period is all of time.
func (v Valid) HeldDuring(a Aspect, period Date) Certainty {
	if v.IsZero() {
		return Undated
	}
	p, q := period.Earliest(), period.Latest()
	s := v.stretch(a)
	answer := No
	switch {
	case s.begun <= q && s.ends >= p:
		answer = v.atMost(Definitely)
	case s.begins <= q && s.ended >= p:
		answer = Possibly
	}
	for _, o := range v.Observed {
		switch {
		case p <= o.Earliest() && o.Latest() <= q && o.Dated():
			answer = max(answer, capped(Definitely, o))
		case p <= o.Latest() && o.Earliest() <= q:
			answer = max(answer, Possibly)
		}
	}
	return capped(answer, period)
}

// Period is an unbroken run of days, both ends included; MinDay or MaxDay where
// it has no bound.
type Period struct{ First, Last Day }

// MayHold gives the days on which the claim at least possibly held, as periods
// in order that do not touch; none where it has no date.
func (v Valid) MayHold(a Aspect) []Period {
	if v.IsZero() {
		return nil
	}
	var periods []Period
	if s := v.stretch(a); s.begins <= s.ended {
		periods = append(periods, Period{s.begins, s.ended})
	}
	for _, o := range v.Observed {
		periods = append(periods, Period{o.Earliest(), o.Latest()})
	}
	slices.SortFunc(periods, func(x, y Period) int { return cmp.Compare(x.First, y.First) })
	joined := periods[:0]
	for _, next := range periods {
		if n := len(joined); n > 0 && int64(next.First) <= int64(joined[n-1].Last)+1 {
			joined[n-1].Last = max(joined[n-1].Last, next.Last)
		} else {
			joined = append(joined, next)
		}
	}
	return joined
}

// Meet gives the days that both lists of periods have, each in order.
func Meet(a, b []Period) []Period {
	var both []Period
	for len(a) > 0 && len(b) > 0 {
		if p := (Period{max(a[0].First, b[0].First), min(a[0].Last, b[0].Last)}); p.First <= p.Last {
			both = append(both, p)
		}
		if a[0].Last < b[0].Last {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

// HeldThroughout answers whether the claim held on every day of the period. An
// absent period is all of time.
func (v Valid) HeldThroughout(a Aspect, period Date) Certainty {
	if v.IsZero() {
		return Undated
	}
	p, q := period.Earliest(), period.Latest()
	s := v.stretch(a)
	if v.atMost(Definitely) == Definitely && covers(p, q, s.begun, s.ends, v.exact()) {
		return capped(Definitely, period)
	}
	// An uncertain end leaves the certain observations as they are.
	if covers(p, q, MaxDay, MinDay, v.exact()) {
		return capped(Definitely, period)
	}
	if v.mayCover(p, q, s.begins, s.ended) {
		return Possibly
	}
	return No
}

// atMost lowers an answer that leans on the two ends.
func (v Valid) atMost(c Certainty) Certainty { return capped(capped(c, v.Since), v.Until) }

func capped(c Certainty, d Date) Certainty {
	if d.Uncertain() {
		return min(c, Possibly)
	}
	return c
}

// exact returns the days on which the claim was certainly observed, in order.
func (v Valid) exact() []Day {
	var days []Day
	for _, o := range v.Observed {
		if !o.Uncertain() && o.Earliest() == o.Latest() {
			days = append(days, o.Earliest())
		}
	}
	slices.Sort(days)
	return days
}

// covers reports whether every day of [p, q] lies in [from, to] or is among
// the single days, which are in order.
func covers(p, q, from, to Day, single []Day) bool {
	for d := p; ; {
		last := d
		switch _, found := slices.BinarySearch(single, d); {
		case from <= d && d <= to:
			last = to
		case !found:
			return false
		}
		if last >= q {
			return true
		}
		d = last + 1
	}
}

// mayCover reports whether observations, each one day somewhere in what it
// covers, can fill what [from, to] leaves of [p, q]: the days in order, each
// taken by the observation that could wait the least.
func (v Valid) mayCover(p, q, from, to Day) bool {
	missing := int64(q) - int64(p) + 1
	helps := from <= q && to >= p
	if helps {
		missing = max(0, int64(from)-int64(p)) + max(0, int64(q)-int64(to))
	}
	if missing > int64(len(v.Observed)) {
		return false
	}
	free := slices.Clone(v.Observed)
	slices.SortFunc(free, func(a, b Date) int { return cmp.Compare(a.Latest(), b.Latest()) })
	for d := int64(p); d <= int64(q); d++ {
		if helps && d >= int64(from) && d <= int64(to) {
			d = int64(to)
			continue
		}
		i := slices.IndexFunc(free, func(o Date) bool {
			return int64(o.Earliest()) <= d && d <= int64(o.Latest())
		})
		if i < 0 {
			return false
		}
		free = slices.Delete(free, i, i+1)
	}
	return true
}

// SortKey gives the order of claims in time, compared as bytes: by earliest
// beginning, then by latest end; what has only observed dates by the first and
// the last of these; what has no date last.
func (v Valid) SortKey(a Aspect) [8]byte {
	var key [8]byte
	from, to := MaxDay, MaxDay
	switch {
	case v.Since.Dated() || v.Until.Dated():
		b := v.Bounds(a)
		from, to = b.SinceEarliest, b.UntilLatest
	case !v.IsZero():
		to = MinDay
		for _, o := range v.Observed {
			from, to = min(from, o.Earliest()), max(to, o.Latest())
		}
	}
	binary.BigEndian.PutUint32(key[:4], ordered(from))
	binary.BigEndian.PutUint32(key[4:], ordered(to))
	return key
}

// ordered maps days to unsigned numbers in the same order.
func ordered(d Day) uint32 { return uint32(d) ^ 1<<31 } //nolint:gosec // the bits are what is wanted
