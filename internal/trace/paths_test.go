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

// someIDs draws ids of a world, now and then one that nobody knows.
func someIDs(t *rapid.T, label string, w *world, most int) []evidence.ID {
	known := []evidence.ID{"nobody"}
	for id := range w.shown {
		known = append(known, id)
	}
	slices.Sort(known)
	if len(known) > 1 && rapid.IntRange(0, 19).Draw(t, label+" unknown") > 0 {
		known = slices.DeleteFunc(known, func(id evidence.ID) bool { return id == "nobody" })
	}
	return rapid.SliceOfN(rapid.SampledFrom(known), 1, most).Draw(t, label)
}

// someFilter draws a filter that leaves something over as a rule.
func someFilter(t *rapid.T, w *world) trace.LinkFilter {
	var f trace.LinkFilter
	if rapid.IntRange(0, 2).Draw(t, "filtered") == 0 {
		return f
	}
	in := func(n int, label string) bool { return rapid.IntRange(1, n).Draw(t, label) == n }
	dates := rapid.SampledFrom([]string{"2014-09-26", "2014-09", "2014", "2013", "2015-06-01?", "2014-09-20/2014-10-05"})
	if in(6, "by kind") {
		f.Kinds = rapid.SliceOfN(rapid.SampledFrom(linkKinds), 1, 6).Draw(t, "kinds")
	}
	if in(6, "by standing") {
		f.Standing = []evidence.Standing{evidence.Reported, evidence.Alleged, evidence.Charged}
	}
	if in(4, "by strength") {
		f.MinStrength = rapid.SampledFrom([]int{1, 200, 300, 500, 760}).Draw(t, "least")
	}
	if in(3, "on") {
		f.On = dates.Draw(t, "on")
	}
	if in(8, "during") {
		f.During = dates.Draw(t, "during")
	}
	if in(8, "throughout") {
		f.Throughout = dates.Draw(t, "throughout")
	}
	f.Certainty = rapid.SampledFrom([]edtf.Certainty{edtf.No, edtf.Undated, edtf.Possibly, edtf.Definitely}).Draw(t, "certainty")
	f.ExcludeDisputed = in(5, "undisputed")
	f.Unidentified = in(3, "unidentified")
	if in(4, "avoiding") {
		f.ExcludeEntities = someIDs(t, "avoid", w, 2)
	}
	return f
}

func somePaths(t *rapid.T, w *world) trace.PathQuery {
	return trace.PathQuery{
		From: someIDs(t, "from", w, 2), To: someIDs(t, "to", w, 2), MaxLength: rapid.IntRange(1, 5).Draw(t, "most links"),
		First: rapid.SampledFrom([]int{1, 2, 5, 50}).Draw(t, "first"), By: rapid.SampledFrom([]trace.PathOrder{trace.Shortest, trace.Strongest}).Draw(t, "by"),
		Direction:      rapid.SampledFrom([]evidence.Direction{evidence.Any, evidence.Any, evidence.Outgoing, evidence.Incoming}).Draw(t, "direction"),
		CoherentInTime: rapid.IntRange(0, 2).Draw(t, "coherent") == 0, Filter: someFilter(t, w),
	}
}

// checkPaths asks a session for paths and holds the answer against all there are.
func checkPaths(t require.TestingT, s *trace.Session, w *world, q trace.PathQuery) {
	got, err := s.Paths(context.Background(), q)
	require.NoError(t, err)
	want := w.ways(q)
	want = want[:min(len(want), q.First)]
	told := func(p trace.Path) (out []string) {
		for _, h := range p.Hops {
			out = append(out, fmt.Sprintf("%s -%s- %s back %t", h.From, h.Claim.Record.ID(), h.To, h.Backward))
		}
		return append(out, fmt.Sprintf("%d %d", p.Weakest, p.Product))
	}
	var expected, found [][]string
	for _, x := range want {
		var out []string
		for i, l := range x.links {
			out = append(out, fmt.Sprintf("%s -%s- %s back %t", x.meets[i], l.id, x.meets[i+1], x.backward[i]))
		}
		expected = append(expected, append(out, fmt.Sprintf("%d %d", x.weakest, x.product)))
	}
	for _, p := range got.All {
		found = append(found, told(p))
	}
	require.Equal(t, expected, found, "%+v in %+v", q, w.view)
	require.Empty(t, got.Cut)
	for i, p := range got.All {
		if !q.CoherentInTime {
			require.Nil(t, p.Common)
			continue
		}
		first, last, _ := want[i].common()
		require.Equal(t, trace.Interval{From: first, To: last, Definite: want[i].definite()}, *p.Common, "%s: %+v", want[i], q)
	}
}

func TestPathsAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 400, func(t *rapid.T) {
		st := model.New()
		history(t, st, small)
		for range 3 {
			view := someView(t, st)
			w, s := readWorld(t, st, view), open(t, st, view)
			for range 5 {
				checkPaths(t, s, w, somePaths(t, w))
			}
			require.NoError(t, s.Close())
		}
	})
}
