package trace_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// around are the links at any of a set, or between two of them, that a filter
// keeps; to be a placeholder is no reason to leave something out.
func (w *world) around(asked []evidence.ID, between bool, f trace.LinkFilter) []tie {
	set, avoid := w.seen(asked), w.seen(f.ExcludeEntities)
	var out []tie
	for _, l := range w.links {
		from, to := slices.Contains(set, l.from), slices.Contains(set, l.to)
		if (from && to || !between && (from || to)) && !slices.Contains(avoid, l.from) && !slices.Contains(avoid, l.to) && w.passes(l, f) {
			out = append(out, l)
		}
	}
	return out
}

func checkTimeline(t require.TestingT, s *trace.Session, w *world, asked []evidence.ID, between bool, f trace.LinkFilter) {
	got, err := s.TimelineOf(context.Background(), asked, between, f)
	require.NoError(t, err)
	require.Empty(t, got.Cut)
	moment := func(what trace.MomentKind, first, last edtf.Day, id evidence.ID) string {
		return fmt.Sprintf("%s %s..%s %s", what, first, last, id)
	}
	undated := map[evidence.ID]bool{}
	var want, found []string
	events := map[evidence.ID]bool{}
	for _, id := range w.seen(asked) {
		events[id] = true
	}
	for _, l := range w.around(asked, between, f) {
		events[l.from], events[l.to] = true, true
		if l.valid.IsZero() {
			undated[l.id] = true
			continue
		}
		b := l.valid.Bounds(l.aspect)
		known := func(d edtf.Date) bool { return d.Earliest() != edtf.MinDay || d.Latest() != edtf.MaxDay }
		before := len(want)
		switch {
		case l.aspect == edtf.Event && !known(l.valid.Since):
			if known(l.valid.Until) {
				want = append(want, moment(trace.Happened, edtf.MinDay, b.UntilLatest, l.id)) // it may have begun on any day before
			}
		case l.aspect == edtf.Event && (l.valid.Until.IsZero() || b.SinceEarliest == b.UntilEarliest && b.SinceLatest == b.UntilLatest):
			if known(l.valid.Since) {
				want = append(want, moment(trace.Happened, b.SinceEarliest, b.SinceLatest, l.id))
			}
		default:
			if known(l.valid.Since) { // no later than it ended
				want = append(want, moment(trace.Began, b.SinceEarliest, min(b.SinceLatest, b.UntilLatest), l.id))
			}
			if known(l.valid.Until) { // no earlier than it began
				want = append(want, moment(trace.Ended, max(b.UntilEarliest, b.SinceEarliest), b.UntilLatest, l.id))
			}
		}
		for _, o := range l.valid.Observed {
			want = append(want, moment(trace.Observed, o.Earliest(), o.Latest(), l.id))
		}
		require.Greater(t, len(want), before, "a link that has a date is told of: %s", l.id)
	}
	for id := range events {
		if when := date(w.entities[id].When); !when.IsZero() {
			want = append(want, moment(trace.Happened, when.Earliest(), when.Latest(), id))
		}
	}
	for i, m := range got.Moments {
		var id evidence.ID
		if m.Event != nil {
			id = m.Event.ID
		} else {
			id = m.Claim.Record.ID()
		}
		found = append(found, moment(m.What, m.Earliest, m.Latest, id))
		if i > 0 {
			last := got.Moments[i-1]
			first := func(m trace.TimelineMoment) edtf.Day {
				if m.Earliest == edtf.MinDay {
					return m.Latest
				}
				return m.Earliest
			}
			require.LessOrEqual(t, first(last), first(m), "moments come in order")
		}
	}
	slices.Sort(want)
	slices.Sort(found)
	require.Equal(t, want, found, "around %v, between %t: %+v", asked, between, f)
	require.Equal(t, sorted(undated), append([]evidence.ID{}, ids(got.Undated)...))
}

func checkTurns(t require.TestingT, s *trace.Session, w *world, asked []evidence.ID, first, second string, f trace.LinkFilter) {
	got, cut, err := s.ChangesBetween(context.Background(), asked, first, second, f)
	require.NoError(t, err)
	require.Empty(t, cut)
	turn := func(id evidence.ID, a, b edtf.Certainty) string { return fmt.Sprintf("%s %s %s", id, a, b) }
	var want, found []string
	for _, l := range w.around(asked, false, f) {
		if a, b := l.valid.HeldOn(l.aspect, date(first)), l.valid.HeldOn(l.aspect, date(second)); a != b {
			want = append(want, turn(l.id, a, b))
		}
	}
	for _, x := range got {
		found = append(found, turn(x.Claim.Record.ID(), x.First, x.Second))
	}
	slices.Sort(want)
	slices.Sort(found)
	require.Equal(t, want, found, "%v from %s to %s: %+v", asked, first, second, f)
}

func TestTimelinesAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 300, func(t *rapid.T) {
		st := model.New()
		history(t, st, small)
		for range 2 {
			view := someView(t, st)
			w, s := readWorld(t, st, view), open(t, st, view)
			for range 2 {
				checkTimeline(t, s, w, someIDs(t, "around", w, 3), rapid.Bool().Draw(t, "between"), someFilter(t, w))
				days := rapid.SampledFrom([]string{"2013-05-01", "2014-09-26", "2014", "2015-06"})
				checkTurns(t, s, w, someIDs(t, "of", w, 2), days.Draw(t, "first"), days.Draw(t, "second"), someFilter(t, w))
			}
			require.NoError(t, s.Close())
		}
	})
}

func TestATimelineTellsWhatIsOnlyObserved(t *testing.T) {
	g := newGraph(t)
	g.write(note, called("a", "PERSON", "Juan Pérez Solís"), called("b", "MILITARY_UNIT", "27 Batallón de Infantería"), evidence.Change{AssertLink: &evidence.AssertLink{
		ID: "l", Kind: "SERVES_IN", From: "a", To: "b", Valid: evidence.ValidTime{Observed: []string{"2014-09-26"}}, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
	}})
	line, err := g.at(evidence.Public).TimelineOf(t.Context(), []evidence.ID{"a"}, false, trace.LinkFilter{})
	require.NoError(t, err)
	require.Len(t, line.Moments, 1)
	require.Equal(t, trace.Observed, line.Moments[0].What)
	require.Equal(t, "2014-09-26", line.Moments[0].Earliest.String())
	require.Equal(t, "2014-09-26", line.Moments[0].Latest.String())
	require.Empty(t, line.Undated)
}

// TestWhatHappensAtOnceHappens once, whichever of its ends is dated.
func TestWhatHappensAtOnceHappens(t *testing.T) {
	g := drawn(t, "a PERSON", "b PERSON", "since a PAYS b (2014)", "both a PAYS b (2014 – 2014)", "until a PAYS b ( – 2014)", "apart a PAYS b (2013 – 2014)", "on a PAYS b (2014 – ..)")
	got, err := g.at(evidence.Public).TimelineOf(t.Context(), []evidence.ID{"a"}, false, trace.LinkFilter{})
	require.NoError(t, err)
	told := map[evidence.ID][]trace.MomentKind{}
	for _, m := range got.Moments {
		told[m.Claim.Record.ID()] = append(told[m.Claim.Record.ID()], m.What)
		if m.Claim.Record.ID() == "until" {
			require.Equal(t, edtf.MinDay, m.Earliest, "nobody tells when it began")
			require.Equal(t, "2014-12-31", m.Latest.String())
		}
	}
	require.Equal(t, map[evidence.ID][]trace.MomentKind{
		"since": {trace.Happened}, "both": {trace.Happened}, "until": {trace.Happened}, "apart": {trace.Began, trace.Ended}, "on": {trace.Began},
	}, told)
}

// TestWhatWasAskedBeforeDecidesNoDates asks of more doubtful dates than are looked at, of
// a session that knows them all from another question and of one that does not.
func TestWhatWasAskedBeforeDecidesNoDates(t *testing.T) {
	trace.LowerDoubtful(t, 3)
	lines := []string{"a PERSON", "b PERSON", "c PERSON"}
	var links []evidence.ID
	for n := range 8 {
		id := fmt.Sprintf("l%d", n)
		lines, links = append(lines, id+" a ASSOCIATE_OF "+[]string{"b", "c"}[n%2]+" (2014? – 2015)"), append(links, evidence.ID(id))
	}
	lines = append(lines, "m0 b ASSOCIATE_OF c (2013? – 2016)", "m1 c ASSOCIATE_OF b (2013? – 2016)")
	g := drawn(t, lines...)
	on := trace.LinkFilter{On: "2014-09-26"}
	told := func(moments []trace.TimelineMoment) (all []evidence.ID) {
		for _, m := range moments {
			all = append(all, m.Claim.Record.ID())
		}
		return all
	}
	for name, ask := range map[string]func(*trace.Session) (any, trace.Cut, error){
		"timeline": func(s *trace.Session) (any, trace.Cut, error) {
			got, err := s.TimelineOf(t.Context(), []evidence.ID{"a"}, false, on)
			return told(got.Moments), got.Cut, err
		},
		"changes": func(s *trace.Session) (any, trace.Cut, error) {
			got, cut, err := s.ChangesBetween(t.Context(), []evidence.ID{"a"}, "2014-09-26", "2020", trace.LinkFilter{})
			var all []evidence.ID
			for _, turn := range got {
				all = append(all, turn.Claim.Record.ID())
			}
			return all, cut, err
		},
		"paths on a day": func(s *trace.Session) (any, trace.Cut, error) {
			got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{"a"}, To: []evidence.ID{"c"}, MaxLength: 2, First: 20, Filter: on})
			return hops(got), got.Cut, err
		},
		"paths together": func(s *trace.Session) (any, trace.Cut, error) {
			got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{"a"}, To: []evidence.ID{"c"}, MaxLength: 2, First: 20, CoherentInTime: true})
			return hops(got), got.Cut, err
		},
		"strongest together": func(s *trace.Session) (any, trace.Cut, error) {
			got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{"a"}, To: []evidence.ID{"c"}, MaxLength: 2, First: 20, By: trace.Strongest, CoherentInTime: true})
			return hops(got), got.Cut, err
		},
	} {
		fresh, cut, err := ask(g.at(evidence.Public))
		require.NoError(t, err)
		require.Equal(t, trace.CutLinks, cut, name)
		knowing := g.at(evidence.Public)
		_, err = knowing.Claims(t.Context(), append(links, "m0", "m1"))
		require.NoError(t, err)
		again, cut, err := ask(knowing)
		require.NoError(t, err)
		require.Equal(t, fresh, again, name)
		require.Equal(t, trace.CutLinks, cut, name)
	}
}

func hops(found trace.Paths) (all [][]evidence.ID) {
	for _, p := range found.All {
		var links []evidence.ID
		for _, h := range p.Hops {
			links = append(links, h.Link)
		}
		all = append(all, links)
	}
	return all
}
