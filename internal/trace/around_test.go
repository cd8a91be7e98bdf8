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
	"github.com/vinculo/vinculo/internal/store/storetest"
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
	links := w.drawable(q.Filter, around)
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
	depth, shown, _ := w.neighbourhood(q)
	require.Equal(t, sorted(shown), append([]evidence.ID{}, ids(got.Links)...), "%+v", q)
	found := map[evidence.ID]int{}
	for _, e := range got.Entities {
		found[e.Entity.ID] = e.Depth
	}
	require.Equal(t, depth, found, "%+v", q)
	checkTold(t, w, q, got)
}

// checkCrowded is checkSubgraph where entities have more links than are read at first:
// the limits decide then how many are shown, and not which. All are shown that fit.
func checkCrowded(t require.TestingT, s *trace.Session, w *world, q trace.SubgraphQuery) {
	whole := q
	whole.MaxEntities, whole.MaxLinks = trace.MaxSubgraphEntities, trace.MaxSubgraphLinks
	depth, shown, _ := w.neighbourhood(whole)
	if len(shown) <= q.MaxLinks && len(depth) <= q.MaxEntities {
		checkSubgraph(t, s, w, q)
		return
	}
	got, err := s.Subgraph(context.Background(), q)
	require.NoError(t, err)
	require.LessOrEqual(t, len(got.Links), q.MaxLinks, "%+v", q)
	require.LessOrEqual(t, len(got.Entities), max(q.MaxEntities, len(w.seen(q.Around))), "%+v", q)
	for _, l := range got.Links {
		require.True(t, shown[l.Record.ID()], "%s is not around: %+v", l.Record.ID(), q)
	}
	checkTold(t, w, q, got)
	if len(got.Links) == q.MaxLinks {
		return
	}
	there, drawn := map[evidence.ID]int{}, map[evidence.ID]bool{}
	for _, e := range got.Entities {
		there[e.Entity.ID] = e.Depth
	}
	for _, l := range got.Links {
		drawn[l.Record.ID()] = true
	}
	for _, l := range w.drawable(q.Filter, w.seen(q.Around)) {
		for near, far := range map[evidence.ID]evidence.ID{l.from: l.to, l.to: l.from} {
			d, in := there[near]
			_, fits := there[far]
			if in && d < q.Depth && l.at(near, q.Direction) && (fits || len(there) < q.MaxEntities) {
				require.True(t, drawn[l.id], "%s fits: %+v", l.id, q)
			}
		}
	}
}

// checkTold checks what a subgraph tells of the links and entities in it.
func checkTold(t require.TestingT, w *world, q trace.SubgraphQuery, got trace.Subgraph) {
	beyondKinds := q.Filter.MinStrength != 0 || len(q.Filter.Standing) > 0 || q.Filter.On+q.Filter.During+q.Filter.Throughout != "" || q.Filter.ExcludeDisputed || len(q.Filter.ExcludeEntities) > 0
	shown, depth := map[evidence.ID]bool{}, map[evidence.ID]int{}
	for _, l := range got.Links {
		shown[l.Record.ID()] = true
	}
	for i, e := range got.Entities {
		depth[e.Entity.ID] = e.Depth
		if i > 0 {
			last := got.Entities[i-1]
			require.True(t, last.Depth < e.Depth || last.Depth == e.Depth && last.Entity.ID < e.Entity.ID, "the nearest come first, then by id")
		}
		if e.Hidden < 0 {
			continue
		}
		count, counting := 0, w.links
		if beyondKinds {
			counting = w.drawable(q.Filter, w.seen(q.Around))
		}
		for _, l := range counting {
			if !l.isIdentity() && l.at(e.Entity.ID, q.Direction) && !shown[l.id] && (len(q.Filter.Kinds) == 0 || slices.Contains(q.Filter.Kinds, l.claim.Kind)) && !slices.Contains(q.Filter.ExceptKinds, l.claim.Kind) {
				count++
			}
		}
		require.Equal(t, count, e.Hidden, "hidden at %s: %+v", e.Entity.ID, q)
	}
	require.Equal(t, w.distances(w.seen(q.Around), shown, q.Direction), depth, "depths are those in what is shown: %+v", q)
	for _, e := range got.Entities {
		known := !beyondKinds && w.view.IsNow() || beyondKinds && (got.Cut == "" || got.Cut == trace.CutDepth && e.Depth < q.Depth)
		require.Equal(t, known, e.Hidden >= 0, "%s: %+v", e.Entity.ID, q)
	}
	full, more := false, false // there is more that the filter would show: within the depth, or beyond
	for _, l := range w.drawable(q.Filter, w.seen(q.Around)) {
		for id, d := range depth {
			if !shown[l.id] && l.at(id, q.Direction) {
				full, more = full || d < q.Depth, more || d == q.Depth
			}
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

// distances are how far entities are from those in the middle, by some links alone.
func (w *world) distances(around []evidence.ID, by map[evidence.ID]bool, d evidence.Direction) map[evidence.ID]int {
	far := map[evidence.ID]int{}
	for _, id := range around {
		far[id] = 0
	}
	for n := 1; ; n++ {
		before := len(far)
		for _, l := range w.links {
			for near, next := range map[evidence.ID]evidence.ID{l.from: l.to, l.to: l.from} {
				at, in := far[near]
				_, there := far[next]
				if by[l.id] && in && at == n-1 && !there && l.at(near, d) {
					far[next] = n
				}
			}
		}
		if len(far) == before {
			return far
		}
	}
}

func checkAmong(t require.TestingT, s *trace.Session, w *world, asked []evidence.ID, f trace.LinkFilter) {
	got, cut, err := s.LinksAmong(context.Background(), asked, f)
	require.NoError(t, err)
	require.Empty(t, cut)
	set := w.seen(asked)
	want := map[evidence.ID]bool{}
	for _, l := range w.drawable(f, set) {
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

// TestCrowdedNeighbourhoodsShowAllThatFits has nearly every entity have more links than
// are read of it at first.
func TestCrowdedNeighbourhoodsShowAllThatFits(t *testing.T) {
	trace.LowerShare(t, 1)
	checkRandomly(t, 400, func(t *rapid.T) {
		st := model.New()
		history(t, st, sizes{entities: 7, links: rapid.SampledFrom([]int{14, 30}).Draw(t, "links at most"), revisions: 3, kinds: linkKinds})
		for range 3 {
			view := someView(t, st)
			w, s := readWorld(t, st, view), open(t, st, view)
			for range 3 {
				q := someScope(t, w)
				q.Depth = rapid.IntRange(1, 4).Draw(t, "levels")
				q.MaxEntities, q.MaxLinks = rapid.SampledFrom([]int{1, 3, 5, 100}).Draw(t, "entities at most"), rapid.SampledFrom([]int{1, 4, 10, 100, 100}).Draw(t, "links shown at most")
				checkCrowded(t, s, w, q)
			}
			require.NoError(t, s.Close())
		}
	})
}

// drawing is a graph as a test draws it, link by link.
type drawing struct {
	testing.TB
	changes []evidence.Change
	drawn   map[evidence.ID]bool
}

func draw(tb testing.TB) *drawing {
	tb.Helper()
	return &drawing{TB: tb, drawn: map[evidence.ID]bool{}, changes: []evidence.Change{{PutSource: &evidence.PutSource{
		ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/"), Reliability: evidence.Of("A"),
	}}}}
}

// link draws a link of a credibility, 1 to 6, 1 being the strongest.
func (d *drawing) link(from, to evidence.ID, credibility int) {
	d.Helper()
	for _, id := range []evidence.ID{from, to} {
		if !d.drawn[id] {
			d.drawn[id] = true
			d.changes = append(d.changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Alguien")}})
		}
	}
	d.changes = append(d.changes, evidence.Change{AssertLink: &evidence.AssertLink{
		ID: evidence.ID(fmt.Sprintf("l%04d", len(d.changes))), Kind: "LINKED_TO", From: from, To: to, Role: "vínculo",
		Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1", Credibility: credibility}},
	}})
}

func (d *drawing) session() *trace.Session {
	d.Helper()
	st := model.New()
	_, err := storetest.Apply(d.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "because", Changes: d.changes})
	require.NoError(d, err)
	s := open(d, st, evidence.Now(evidence.Public))
	d.Cleanup(func() { require.NoError(d, s.Close()) })
	return s
}

// around are how far entities are by a subgraph, and how many links it shows.
func around(tb testing.TB, s *trace.Session, q trace.SubgraphQuery) (depth, hidden map[evidence.ID]int, links int, cut trace.Cut) {
	tb.Helper()
	got, err := s.Subgraph(tb.Context(), q)
	require.NoError(tb, err)
	depth, hidden = map[evidence.ID]int{}, map[evidence.ID]int{}
	for _, e := range got.Entities {
		depth[e.Entity.ID], hidden[e.Entity.ID] = e.Depth, e.Hidden
	}
	return depth, hidden, len(got.Links), got.Cut
}

// TestLinksShownAlreadyTakeUpNoRoom has an entity of which the links that are
// strongest were shown from the other end.
func TestLinksShownAlreadyTakeUpNoRoom(t *testing.T) {
	d := draw(t)
	for i := range 60 {
		d.link("a", "b", 1)
		if i < 35 {
			d.link("a", evidence.ID(fmt.Sprintf("z%02d", i)), 1)
		}
	}
	d.link("b", "c", 5)
	s := d.session()
	depth, hidden, links, cut := around(t, s, trace.SubgraphQuery{Around: []evidence.ID{"a"}, Depth: 2, MaxEntities: 200, MaxLinks: 500})
	require.Equal(t, 2, depth["c"])
	require.Equal(t, 0, hidden["b"])
	require.Equal(t, 96, links)
	require.Empty(t, cut)
	_, _, links, cut = around(t, s, trace.SubgraphQuery{Around: []evidence.ID{"a"}, Depth: 2, MaxEntities: 200, MaxLinks: 96})
	require.Equal(t, 96, links)
	require.Empty(t, cut, "all there is fits just so")
	_, _, links, cut = around(t, s, trace.SubgraphQuery{Around: []evidence.ID{"a"}, Depth: 2, MaxEntities: 200, MaxLinks: 95})
	require.Equal(t, 95, links)
	require.Equal(t, trace.CutLinks, cut)
}

// TestWhatOthersDoNotNeedIsSharedOut has one entity with many links among many that
// have few.
func TestWhatOthersDoNotNeedIsSharedOut(t *testing.T) {
	d := draw(t)
	for i := range 40 {
		d.link("mid", evidence.ID(fmt.Sprintf("n%02d", i)), 1)
	}
	d.link("mid", "hub", 1)
	for i := range 300 {
		d.link("hub", evidence.ID(fmt.Sprintf("p%03d", i)), 1)
	}
	d.link("hub", "weak", 5)
	d.link("p000", "weak", 1)
	s := d.session()
	q := trace.SubgraphQuery{Around: []evidence.ID{"mid"}, Depth: 4, MaxEntities: 1000, MaxLinks: 500}
	depth, hidden, links, cut := around(t, s, q)
	require.Equal(t, 0, hidden["hub"])
	require.Equal(t, 343, links)
	require.Equal(t, 2, depth["weak"], "the link of the hub is shown, and shorter")
	require.Empty(t, cut)
	ranked, cut, err := s.Ranking(t.Context(), q, trace.Degree, false)
	require.NoError(t, err)
	require.Equal(t, evidence.ID("hub"), ranked[0].Entity.ID)
	require.InDelta(t, 302, ranked[0].Score, 0)
	require.Empty(t, cut)
}

// TestRoomForMoreEntitiesTakesNoLinkAway raises a limit, with which every entity gets a
// smaller share of the links.
func TestRoomForMoreEntitiesTakesNoLinkAway(t *testing.T) {
	trace.LowerShare(t, 10)
	d := draw(t)
	for i := range 60 {
		near := evidence.ID(fmt.Sprintf("n%02d", i))
		d.link("mid", near, 1+i/12)
		d.link("hub", near, 4)
	}
	for i := range 150 {
		d.link("hub", evidence.ID(fmt.Sprintf("p%03d", i)), 1)
	}
	d.link("mid", "hub", 1)
	s := d.session()
	before := map[evidence.ID]bool{}
	for _, entities := range []int{1, 5, 20, 40, 60, 61, 70, 200} {
		got, err := s.Subgraph(t.Context(), trace.SubgraphQuery{Around: []evidence.ID{"mid"}, Depth: 3, MaxEntities: entities, MaxLinks: 300})
		require.NoError(t, err)
		require.Equal(t, trace.CutFanOut, got.Cut)
		shown := map[evidence.ID]bool{}
		for _, id := range ids(got.Links) {
			shown[id] = true
		}
		for id := range before {
			require.True(t, shown[id], "%s is shown with fewer entities than %d", id, entities)
		}
		before = shown
	}
}

// TestAWrongMergeShows: that somebody is claimed to collude with, or to rival, whom an
// accepted identity says they are, is the clearest sign that they are not.
func TestAWrongMergeShows(t *testing.T) {
	g := drawn(t, "a PERSON", "b PERSON", "c PERSON", "hub PERSON", "l1 a COLLUDES_WITH b (2014)", "l2 b PAYS a (2014)", "l3 a COLLUDES_WITH c (2014)", "l4 c PAYS hub (2014)")
	g.write(evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "b", Into: "a", Citations: []evidence.NewCitation{{Source: "note", Locator: "p. 1"}}}})
	s := g.at(evidence.Public)
	among, _, err := s.LinksAmong(t.Context(), []evidence.ID{"a", "c"}, trace.LinkFilter{})
	require.NoError(t, err)
	require.Equal(t, []evidence.ID{"l1", "l2", "l3"}, ids(among))
	among, _, err = s.LinksAmong(t.Context(), []evidence.ID{"b"}, trace.LinkFilter{})
	require.NoError(t, err)
	require.Equal(t, []evidence.ID{"l1", "l2"}, ids(among))
	for _, c := range []struct {
		direction evidence.Direction
		most      int
		want      []evidence.ID
		hidden    int
	}{
		{evidence.Any, 10, []evidence.ID{"l1", "l2", "l3"}, 0},
		{evidence.Outgoing, 10, []evidence.ID{"l1", "l2", "l3"}, 0},
		{evidence.Incoming, 10, []evidence.ID{"l1", "l2", "l3"}, 0},
		{evidence.Any, 1, []evidence.ID{"l1"}, 2},
	} {
		got, err := s.Subgraph(t.Context(), trace.SubgraphQuery{Around: []evidence.ID{"a"}, Depth: 1, Direction: c.direction, MaxEntities: 10, MaxLinks: c.most})
		require.NoError(t, err)
		require.Equal(t, c.want, ids(got.Links))
		require.Equal(t, c.hidden, got.Entities[0].Hidden)
	}
}
