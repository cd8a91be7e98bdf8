package trace_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// plot is a small random graph that shares a store with others.
type plot struct {
	entities    []evidence.ID
	first, last evidence.Sequence // the revisions in which it was written
}

// view draws a clearance, and now or a moment at which a part was written.
func (p plot) view(t *rapid.T) evidence.View {
	v := evidence.Now(rapid.SampledFrom([]evidence.Clearance{evidence.Public, evidence.Restricted, evidence.Confidential, evidence.Confidential}).Draw(t, "clearance"))
	if rapid.IntRange(0, 2).Draw(t, "past") == 0 {
		v.KnownAt = evidence.Sequence(rapid.Uint64Range(uint64(p.first), uint64(p.last)).Draw(t, "known at"))
	}
	return v
}

// plots writes random histories into a store, each under ids of its own. Now and
// then one is bigger than the others, or of few kinds.
func plots(t *testing.T, st store.Store, n int) []plot {
	t.Helper()
	var all []plot
	checkRandomly(t, n, func(r *rapid.T) {
		before, err := st.Head(t.Context())
		require.NoError(r, err)
		w := &writer{T: r, store: st, prefix: fmt.Sprintf("g%d-", len(all)), step: 1000 * len(all), size: small, kinds: map[evidence.ID]string{}}
		switch len(all) % 25 {
		case 3, 13:
			w.size = ofCommand
		case 8, 18:
			w.size = ofPlaces
		case 24:
			w.size = sizes{entities: 24, links: 90, revisions: 3, kinds: linkKinds}
		}
		w.history()
		after, err := st.Head(t.Context())
		require.NoError(r, err)
		all = append(all, plot{w.entities, before.Sequence + 1, after.Sequence})
	})
	return all
}

// TestEveryStoreAnswersWhatTryingEverythingFinds fills each store that people use
// with small random graphs, and asks many random questions of each at random
// views and revisions. VINCULO_TEST_THOROUGH multiplies both.
func TestEveryStoreAnswersWhatTryingEverythingFinds(t *testing.T) {
	embedded := func(t *testing.T) *sqlite.Store {
		t.Helper()
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	t.Run("embedded", func(t *testing.T) {
		st := embedded(t)
		all := plots(t, st, 250)
		askOfPlots(t, st, all, 400)
		require.NoError(t, st.Warm(t.Context()))
		askOfPlots(t, st, all, 1600)
	})
	t.Run("neo4j", func(t *testing.T) {
		uri := neo4jtest.Fresh(t)
		st, err := neo4j.Open(t.Context(), uri, neo4j.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		near := embedded(t)
		all := plots(t, near, 50)
		require.NoError(t, st.Load(t.Context(), near.Log(t.Context(), 0), storetest.Planner(1).Replay))
		askOfPlots(t, st, all, 25)
	})
}

func askOfPlots(t *testing.T, st store.Store, all []plot, times int) {
	t.Helper()
	n := 0
	checkRandomly(t, times, func(r *rapid.T) {
		p := rapid.SampledFrom(all).Draw(r, "graph")
		if view := p.view(r); len(p.entities) > 0 {
			askEverything(r, st, readPart(r, st, view, p.entities), view)
			askOfThePast(r, st, p, view.Clearance)
			n++
		}
	})
	t.Logf("%d times everything was asked of one of %d graphs", n, len(all))
}

func askEverything(t *rapid.T, st store.Store, w *world, view evidence.View) {
	if len(w.shown) == 0 {
		return // the view sees nothing of it
	}
	s := open(t, st, view)
	on := rapid.SampledFrom([]string{"2014-09-26", "2014", "2013-05"})
	q := somePaths(t, w)
	q.MaxLength = min(q.MaxLength, 4)
	checkPaths(t, s, w, q)
	checkSubgraph(t, s, w, someScope(t, w))
	f := someClaimFilter(t, w)
	if len(f.From)+len(f.To) == 0 {
		f.From = w.ids() // not those of the other graphs
	}
	checkLists(t, s, w, someIDs(t, "listed", w, 4), f)
	checkAmong(t, s, w, someIDs(t, "among", w, 12), someFilter(t, w))
	checkCommon(t, s, w, someIDs(t, "common", w, 6), rapid.IntRange(2, 3).Draw(t, "at least"), someFilter(t, w))
	checkTimeline(t, s, w, someIDs(t, "around", w, 3), rapid.Bool().Draw(t, "between"), someFilter(t, w))
	checkTurns(t, s, w, someIDs(t, "of", w, 2), on.Draw(t, "first"), on.Draw(t, "second"), someFilter(t, w))
	of := rapid.SampledFrom(w.ids()).Draw(t, "chain of")
	checkChain(t, s, w, of, on.Draw(t, "on"), rapid.Bool().Draw(t, "up"), someFilter(t, w))
	checkCommanders(t, s, w, rapid.SampledFrom(w.ids()).Draw(t, "commanders of"), on.Draw(t, "on"), someFilter(t, w))
	scope := someScope(t, w)
	scope.MaxEntities = min(scope.MaxEntities, 8) // the oracle walks over all ways
	checkRanking(t, s, scope)
	checkTurned(t, s, q)
	checkUnfiltered(t, s, w)
	require.NoError(t, s.Close())
}

// askOfThePast asks how the records of a plot became what they are.
func askOfThePast(t *rapid.T, st store.Store, of plot, c evidence.Clearance) {
	if rapid.IntRange(0, 7).Draw(t, "history") > 0 {
		return // it takes long to read every record at every moment
	}
	p := readPast(t, st, c, of.first, of.last)
	s := open(t, st, evidence.View{Clearance: c, KnownAt: of.last})
	p.checkPast(t, s, len(p.instants)-1)
	require.NoError(t, s.Close())
}
