package trace_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

func someClaimFilter(t *rapid.T, w *world) trace.ClaimFilter {
	f := trace.ClaimFilter{
		Of:        evidence.LinkRecord,
		Direction: rapid.SampledFrom([]evidence.Direction{evidence.Any, evidence.Outgoing, evidence.Incoming}).Draw(t, "direction"),
	}
	in := func(n int, label string) bool { return rapid.IntRange(1, n).Draw(t, label) == n }
	if in(3, "by kind") {
		f.Kinds = rapid.SliceOfN(rapid.SampledFrom(linkKinds), 1, 6).Draw(t, "kinds")
	}
	if in(4, "but for kinds") {
		f.ExceptKinds = someExcept(t, f.Kinds)
	}
	if in(4, "by from") {
		f.From = someIDs(t, "filter from", w, 3)
	}
	if in(4, "by to") {
		f.To = someIDs(t, "filter to", w, 3)
	}
	return f
}

// listed says whether a filter keeps a link.
func (w *world) listed(l tie, f trace.ClaimFilter) bool {
	joins := func(from, to evidence.ID) bool {
		return (len(f.From) == 0 || slices.Contains(w.seen(f.From), from)) && (len(f.To) == 0 || slices.Contains(w.seen(f.To), to))
	}
	return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, l.claim.Kind)) && !slices.Contains(f.ExceptKinds, l.claim.Kind) && (joins(l.from, l.to) || l.bothWays() && joins(l.to, l.from))
}

func listedIDs(p trace.Page[*trace.Claim]) []evidence.ID {
	var out []evidence.ID
	for _, item := range p.Items {
		out = append(out, item.Node.Record.ID())
	}
	return out
}

// checkLists asks for the links of several entities at once, of each alone, and of
// the whole graph, and for how many there are.
func checkLists(t require.TestingT, s *trace.Session, w *world, of []evidence.ID, f trace.ClaimFilter) {
	ctx, all := context.Background(), trace.MaxPageSize
	of = w.seen(of)
	check := func(of []evidence.ID) {
		pages, err := s.ClaimsOf(ctx, of, f, trace.PageArgs{First: &all})
		require.NoError(t, err)
		totals, err := s.TotalClaims(ctx, of, f)
		require.NoError(t, err)
		for _, id := range of {
			want := map[evidence.ID]bool{}
			for _, l := range w.links {
				if l.at(id, f.Direction) && w.listed(l, f) {
					want[l.id] = true
				}
			}
			got := append([]evidence.ID{}, listedIDs(pages[id])...)
			slices.Sort(got)
			require.Equal(t, sorted(want), got, "links of %s: %+v in %+v", id, f, w.view)
			require.Equal(t, trace.Total{N: len(want), Exact: true}, totals[id], "links of %s: %+v in %+v", id, f, w.view)
		}
	}
	if len(of) > 0 {
		check(of)
		check(of[:1])
	}
	f.Direction = evidence.Any
	page, err := s.ListClaims(ctx, f, trace.PageArgs{First: &all})
	require.NoError(t, err)
	want := map[evidence.ID]bool{}
	for _, l := range w.links {
		if w.listed(l, f) {
			want[l.id] = true
		}
	}
	got := append([]evidence.ID{}, listedIDs(page)...)
	slices.Sort(got)
	require.Equal(t, sorted(want), got, "%+v in %+v", f, w.view)
}

func TestListsAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 150, func(t *rapid.T) {
		st := model.New()
		history(t, st, sizes{entities: 6, links: 14, revisions: 2, kinds: []string{"LINKED_TO", "ASSOCIATE_OF", "SAME_AS"}})
		view := someView(t, st)
		w, s := readWorld(t, st, view), open(t, st, view)
		for range 4 {
			checkLists(t, s, w, someIDs(t, "of", w, 3), someClaimFilter(t, w))
		}
		require.NoError(t, s.Close())
	})
}

func TestSymmetricLinksAreFoundFromBothEnds(t *testing.T) {
	s := theCase(t)
	const police, gang, link = evidence.ID("iguala-police"), evidence.ID("guerreros-unidos"), evidence.ID("L0274")
	all := trace.MaxPageSize
	for _, direction := range []evidence.Direction{evidence.Any, evidence.Outgoing, evidence.Incoming} {
		f := trace.ClaimFilter{Of: evidence.LinkRecord, Direction: direction, Kinds: []string{"COLLUDES_WITH"}}
		pages, err := s.ClaimsOf(t.Context(), []evidence.ID{police, gang}, f, trace.PageArgs{First: &all})
		require.NoError(t, err)
		totals, err := s.TotalClaims(t.Context(), []evidence.ID{police, gang}, f)
		require.NoError(t, err)
		for _, of := range []evidence.ID{police, gang} {
			require.Contains(t, listedIDs(pages[of]), link, "%s of %s", direction, of)
			require.Equal(t, trace.Total{N: len(pages[of].Items), Exact: true}, totals[of], "%s of %s", direction, of)
		}

		paths, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{gang}, To: []evidence.ID{police}, MaxLength: 1, First: 50, Direction: direction, Filter: trace.LinkFilter{Kinds: f.Kinds}})
		require.NoError(t, err)
		passed := slices.IndexFunc(paths.All, func(p trace.Path) bool { return p.Hops[0].Claim.Record.ID() == link })
		require.GreaterOrEqual(t, passed, 0, "the link is passed %s", direction)
		require.True(t, paths.All[passed].Hops[0].Backward, "the asserted direction is kept")

		around, err := s.Subgraph(t.Context(), trace.SubgraphQuery{Around: []evidence.ID{gang}, Depth: 1, Direction: direction, MaxEntities: 100, MaxLinks: 100, Filter: trace.LinkFilter{Kinds: f.Kinds}})
		require.NoError(t, err)
		require.Contains(t, ids(around.Links), link, "%s", direction)
		require.Zero(t, around.Entities[0].Hidden, "%s", direction)
	}
	for _, f := range []trace.ClaimFilter{{From: []evidence.ID{gang}}, {To: []evidence.ID{police}}, {From: []evidence.ID{gang}, To: []evidence.ID{police}}} {
		f.Of, f.Kinds = evidence.LinkRecord, []string{"COLLUDES_WITH"}
		page, err := s.ListClaims(t.Context(), f, trace.PageArgs{First: &all})
		require.NoError(t, err)
		require.Contains(t, listedIDs(page), link)
		f.From, f.To = []evidence.ID{"pena-nieto"}, []evidence.ID{police}
		page, err = s.ListClaims(t.Context(), f, trace.PageArgs{First: &all})
		require.NoError(t, err)
		require.Empty(t, page.Items)
	}
}
