package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
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
	if in(5, "but for kinds") {
		f.ExceptKinds = someExcept(t, f.Kinds)
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

// someExcept draws kinds to be left out, some of which are kept otherwise, and not all.
func someExcept(t *rapid.T, kept []string) []string {
	except := rapid.SliceOfN(rapid.SampledFrom(linkKinds), 1, 4).Draw(t, "except")
	if len(kept) > 0 {
		except = slices.DeleteFunc(except, func(kind string) bool { return kind == kept[0] })
	}
	return except
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
		expected = append(expected, append(out, fmt.Sprintf("%d %d", x.weakest, x.product/(whole/1_000_000))))
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
		require.Equal(t, want[i].told(), *p.Common, "%s: %+v", want[i], q)
	}
}

func TestPathsAreThoseThatTryingEverythingFinds(t *testing.T) {
	t.Run("read once", func(t *testing.T) { checkRandomPaths(t, 400) })
	t.Run("read anew in each pass", func(t *testing.T) {
		trace.OpenSmall(t, 3)
		checkRandomPaths(t, 200)
	})
}

func checkRandomPaths(t *testing.T, times int) {
	t.Helper()
	checkRandomly(t, times, func(t *rapid.T) {
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

// TestAnObservedDateIsOneOnWhichALinkHeld has two links that go by their ends do
// not meet; but a source saw the first on the only day of the second.
func TestAnObservedDateIsOneOnWhichALinkHeld(t *testing.T) {
	embedded, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	for _, st := range []store.Store{model.New(), embedded} {
		assert := func(id, from, to evidence.ID, valid evidence.ValidTime) evidence.Change {
			return evidence.Change{AssertLink: &evidence.AssertLink{
				ID: id, Kind: "COLLUDES_WITH", From: from, To: to, Valid: valid, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
			}}
		}
		changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}}
		for i := range 3 {
			changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: nth(i), Kind: evidence.Of("PERSON"), Name: evidence.Of("Vecino")}})
		}
		changes = append(changes,
			assert("seen", nth(0), nth(1), evidence.ValidTime{Since: "2014-11", Until: "2015", Observed: []string{"2014-09-26", "2013-02?"}}),
			assert("night", nth(1), nth(2), evidence.ValidTime{Since: "2014-09-26", Until: "2014-09-26"}),
		)
		_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
		s := open(t, st, evidence.Now(evidence.Public))
		for _, by := range []trace.PathOrder{trace.Shortest, trace.Strongest} {
			for _, first := range []int{1, 5} {
				got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{nth(0)}, To: []evidence.ID{nth(2)}, MaxLength: 4, First: first, By: by, CoherentInTime: true})
				require.NoError(t, err)
				require.Len(t, got.All, 1)
				day := edtf.DayOf(2014, 9, 26)
				require.Equal(t, trace.Interval{From: day, To: day, Definite: true}, *got.All[0].Common)
			}
		}
		require.NoError(t, s.Close())
	}
	require.NoError(t, embedded.Close())
}

// people is a store with people and links between them that rest on one source of
// reliability A each, of a credibility.
func people(t *testing.T, n int, links map[[2]evidence.ID]int) *model.Store {
	t.Helper()
	st := model.New()
	changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/"), Reliability: evidence.Of("A")}}}
	for i := range n {
		changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: nth(i), Kind: evidence.Of("PERSON"), Name: evidence.Of("Vecino")}})
	}
	for ends, credibility := range links {
		kind := "LINKED_TO"
		if ends == [2]evidence.ID{nth(0), nth(1)} {
			kind = "CHARGED_BY" // in the order of kinds it comes first
		}
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: ends[0] + "-" + ends[1], Kind: kind, From: ends[0], To: ends[1], Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1", Credibility: credibility}},
		}})
	}
	_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
	require.NoError(t, err)
	return st
}

func nth(i int) evidence.ID { return evidence.ID(fmt.Sprintf("p%02d", i)) }

// TestStrongestOfWhatWasRead has more links than a search may read. What it read has
// a path, which is answered, and that there may be others is told.
func TestStrongestOfWhatWasRead(t *testing.T) {
	links := map[[2]evidence.ID]int{{nth(0), nth(1)}: 2}
	for i := range 40 {
		links[[2]evidence.ID{nth(0), nth(2 + i)}], links[[2]evidence.ID{nth(2 + i), nth(1)}] = 2, 2
	}
	st := people(t, 42, links)
	trace.LowerBudgets(t, 40, 1000)
	s := open(t, st, evidence.Now(evidence.Public))
	got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{nth(0)}, To: []evidence.ID{nth(1)}, MaxLength: 3, First: 2, By: trace.Strongest})
	require.NoError(t, err)
	require.NotEmpty(t, got.All)
	require.Equal(t, evidence.ID("p00-p01"), got.All[0].Hops[0].Link)
	require.Equal(t, trace.CutLinks, got.Cut)
	require.NoError(t, s.Close())
}

// TestStrongestThroughADenseBlock has very many paths of links of one strength, and
// a short one of strong links and a weak one, whose product is greater than theirs:
// it must not mislead the search, which has few steps.
func TestStrongestThroughADenseBlock(t *testing.T) {
	links := map[[2]evidence.ID]int{{nth(0), nth(2)}: 1, {nth(1), nth(2)}: 4}
	for i := range 20 {
		links[[2]evidence.ID{nth(0), nth(3 + i)}], links[[2]evidence.ID{nth(1), nth(23 + i)}] = 3, 3
		for j := range 20 {
			links[[2]evidence.ID{nth(3 + i), nth(23 + j)}] = 3
		}
	}
	st := people(t, 43, links)
	trace.LowerBudgets(t, 5000, 3000)
	s := open(t, st, evidence.Now(evidence.Public))
	got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{nth(0)}, To: []evidence.ID{nth(1)}, MaxLength: 8, First: 30, By: trace.Strongest})
	require.NoError(t, err)
	require.Empty(t, got.Cut)
	require.Len(t, got.All, 30)
	for i, p := range got.All {
		require.Len(t, p.Hops, 3)
		require.Equal(t, got.All[0].Product, p.Product)
		if i > 0 {
			require.Less(t, got.All[i-1].Hops[0].Link+got.All[i-1].Hops[1].Link, p.Hops[0].Link+p.Hops[1].Link)
		}
	}
	require.NoError(t, s.Close())
}

// TestStrongestGoesOnWhereItMustAndNoFurther has a path of two links, and one of three
// whose weakest link is as strong and whose others are stronger: that is the better
// one, and is found though the other is found first. A link that nothing can be
// stronger than ends the search at once.
func TestStrongestGoesOnWhereItMustAndNoFurther(t *testing.T) {
	two, three := [][2]evidence.ID{{nth(0), nth(2)}, {nth(2), nth(1)}}, [][2]evidence.ID{{nth(0), nth(3)}, {nth(3), nth(4)}, {nth(4), nth(1)}}
	links := map[[2]evidence.ID]int{two[0]: 3, two[1]: 3, three[0]: 1, three[1]: 3, three[2]: 1}
	ask := func(st *model.Store) (trace.Path, spent) {
		c := &counted{Store: st}
		var path trace.Path
		cost := question{ask: func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
			got, err := s.Paths(ctx, trace.PathQuery{From: []evidence.ID{nth(0)}, To: []evidence.ID{nth(1)}, MaxLength: 5, First: 1, By: trace.Strongest})
			require.NoError(t, err)
			require.Len(t, got.All, 1)
			path = got.All[0]
			return got.Cut, err
		}}.put(t, c, evidence.Now(evidence.Public))
		return path, cost
	}
	path, _ := ask(people(t, 5, links))
	require.Len(t, path.Hops, 3)
	links[[2]evidence.ID{nth(0), nth(1)}] = 1
	for i := range 40 { // as strong, and far too many to look at
		links[[2]evidence.ID{nth(2), nth(5 + i)}], links[[2]evidence.ID{nth(5 + i), nth(4)}] = 1, 1
	}
	path, cost := ask(people(t, 45, links))
	require.Len(t, path.Hops, 1)
	require.Empty(t, cost.cut)
	require.Less(t, cost.edges, 10)
}
