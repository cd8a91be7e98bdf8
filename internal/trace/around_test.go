package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

func someScope(t *rapid.T, w *world) trace.SubgraphQuery {
	return trace.SubgraphQuery{
		Around: someIDs(t, "around", w, 2), Depth: rapid.IntRange(1, 3).Draw(t, "depth"),
		Direction:   rapid.SampledFrom([]evidence.Direction{evidence.Any, evidence.Any, evidence.Outgoing, evidence.Incoming}).Draw(t, "direction"),
		MaxEntities: rapid.SampledFrom([]int{1, 3, 100, 100}).Draw(t, "most entities"), MaxLinks: rapid.SampledFrom([]int{1, 4, 100, 100}).Draw(t, "most links"),
		Filter: someFilter(t, w),
	}
}

// at says whether a link is at an entity in a direction.
func (l tie) at(id evidence.ID, d evidence.Direction) bool {
	return (l.bothWays() || d != evidence.Incoming) && l.from == id || (l.bothWays() || d != evidence.Outgoing) && l.to == id
}

// neighbourhood takes, level by level, the strongest links first.
func (w *world) neighbourhood(q trace.SubgraphQuery) (depth map[evidence.ID]int, shown map[evidence.ID]bool, full bool) {
	around := w.seen(q.Around)
	depth, shown = map[evidence.ID]int{}, map[evidence.ID]bool{}
	for _, id := range around {
		depth[id] = 0
	}
	links := w.allowed(q.Filter, around)
	slices.SortFunc(links, func(a, b tie) int {
		return cmp.Or(cmp.Compare(b.level.Strength, a.level.Strength), cmp.Compare(a.id, b.id))
	})
	for d := 1; d <= q.Depth; d++ {
		level := map[evidence.ID]bool{}
		for id, at := range depth {
			level[id] = at == d-1
		}
		for _, l := range links { // some may be shown already, from the other end
			near := false
			for id, in := range level {
				near = near || in && l.at(id, q.Direction)
			}
			if !near || shown[l.id] {
				continue
			}
			if len(shown) == q.MaxLinks {
				return depth, shown, true
			}
			fits := true
			for _, end := range []evidence.ID{l.from, l.to} {
				if _, there := depth[end]; !there && len(depth) >= q.MaxEntities {
					fits, full = false, true
				} else if !there {
					depth[end] = d
				}
			}
			if fits {
				shown[l.id] = true
			}
		}
	}
	return depth, shown, full
}

func checkSubgraph(t require.TestingT, s *trace.Session, w *world, q trace.SubgraphQuery) {
	got, err := s.Subgraph(context.Background(), q)
	require.NoError(t, err)
	depth, shown, full := w.neighbourhood(q)
	require.Equal(t, sorted(shown), append([]evidence.ID{}, ids(got.Links)...), "%+v", q)
	found := map[evidence.ID]int{}
	for i, e := range got.Entities {
		found[e.Entity.ID] = e.Depth
		if i > 0 {
			last := got.Entities[i-1]
			require.True(t, last.Depth < e.Depth || last.Depth == e.Depth && last.Entity.ID < e.Entity.ID, "the nearest come first, then by id")
		}
		if e.Hidden < 0 {
			continue
		}
		count := 0
		for _, l := range w.links {
			if l.from != l.to && l.at(e.Entity.ID, q.Direction) && !shown[l.id] && (len(q.Filter.Kinds) == 0 || slices.Contains(q.Filter.Kinds, l.claim.Kind)) {
				count++
			}
		}
		require.Equal(t, count, e.Hidden, "hidden at %s: %+v", e.Entity.ID, q)
	}
	require.Equal(t, depth, found, "%+v", q)
	counted := w.view.IsNow() && q.Filter.MinStrength == 0 && len(q.Filter.Standing) == 0 && q.Filter.On+q.Filter.During+q.Filter.Throughout == "" && !q.Filter.ExcludeDisputed && len(q.Filter.ExcludeEntities) == 0
	if len(got.Entities) > 0 {
		require.Equal(t, counted, got.Entities[0].Hidden >= 0, "%+v", q)
	}
	more := false // that the filter would show
	for _, l := range w.allowed(q.Filter, w.seen(q.Around)) {
		for id, d := range depth {
			more = more || d == q.Depth && !shown[l.id] && l.at(id, q.Direction)
		}
	}
	switch {
	case full:
		require.Contains(t, []trace.Cut{trace.CutLinks, trace.CutFanOut}, got.Cut, "%+v", q)
	case more:
		require.Equal(t, trace.CutDepth, got.Cut, "%+v", q)
	default:
		require.Empty(t, got.Cut, "%+v", q)
	}
}

func checkAmong(t require.TestingT, s *trace.Session, w *world, asked []evidence.ID, f trace.LinkFilter) {
	got, cut, err := s.LinksAmong(context.Background(), asked, f)
	require.NoError(t, err)
	require.Empty(t, cut)
	set := w.seen(asked)
	want := map[evidence.ID]bool{}
	for _, l := range w.allowed(f, set) {
		if slices.Contains(set, l.from) && slices.Contains(set, l.to) {
			want[l.id] = true
		}
	}
	require.Equal(t, sorted(want), append([]evidence.ID{}, ids(got)...), "%v %+v", asked, f)
}

func checkCommon(t require.TestingT, s *trace.Session, w *world, asked []evidence.ID, atLeast int, f trace.LinkFilter) {
	set := w.seen(asked)
	got, cut, err := s.CommonNeighbors(context.Background(), asked, atLeast, f)
	named := map[evidence.ID]bool{}
	for _, id := range asked {
		named[id] = true
	}
	if len(named) < max(atLeast, 2) {
		require.Equal(t, evidence.InvalidInput, evidence.CodeOf(err))
		return
	}
	require.NoError(t, err)
	require.Empty(t, cut)
	of := map[evidence.ID]map[evidence.ID]bool{}
	for _, l := range w.allowed(f, set) {
		for _, pair := range [][2]evidence.ID{{l.from, l.to}, {l.to, l.from}} {
			if slices.Contains(set, pair[0]) && !slices.Contains(set, pair[1]) {
				if of[pair[1]] == nil {
					of[pair[1]] = map[evidence.ID]bool{}
				}
				of[pair[1]][pair[0]] = true
			}
		}
	}
	var want, found []string
	for id, to := range of {
		if len(to) >= atLeast {
			want = append(want, fmt.Sprintf("%03d %s %v", 100-len(to), id, sorted(to)))
		}
	}
	slices.Sort(want)
	for _, n := range got {
		found = append(found, fmt.Sprintf("%03d %s %v", 100-len(n.Of), n.Entity.ID, n.Of))
	}
	require.Equal(t, want, found, "%d of %v: %+v", atLeast, asked, f)
}

func TestNeighbourhoodsAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 400, func(t *rapid.T) {
		st := model.New()
		history(t, st, small)
		for range 3 {
			view := someView(t, st)
			w, s := readWorld(t, st, view), open(t, st, view)
			for range 3 {
				checkSubgraph(t, s, w, someScope(t, w))
				checkAmong(t, s, w, someIDs(t, "among", w, 5), someFilter(t, w))
				checkCommon(t, s, w, someIDs(t, "common", w, 4), rapid.IntRange(2, 3).Draw(t, "at least"), someFilter(t, w))
			}
			require.NoError(t, s.Close())
		}
	})
}
