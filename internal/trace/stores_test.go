package trace_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// TestEveryStoreAnswersWhatTryingEverythingFinds writes one bigger random history
// into each store that people use, and asks many random questions of it.
func TestEveryStoreAnswersWhatTryingEverythingFinds(t *testing.T) {
	stores := map[string]func(t *testing.T) store.Store{
		"embedded": func(t *testing.T) store.Store {
			t.Helper()
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
			require.NoError(t, err)
			return s
		},
		"neo4j": func(t *testing.T) store.Store {
			t.Helper()
			s, err := neo4j.Open(t.Context(), neo4jtest.Fresh(t), neo4j.Options{})
			require.NoError(t, err)
			return s
		},
	}
	views := map[string]int{"embedded": 24, "neo4j": 4} // a server has each question still to plan
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			var st store.Store
			t.Cleanup(func() {
				if st != nil {
					require.NoError(t, st.Close())
				}
			})
			// The one history is told in few draws, and a failure is not shrunk: that
			// would be another history in the same store.
			written := false
			checkRandomly(t, 1, func(r *rapid.T) {
				if written {
					return
				}
				written = true
				st = open(t)
				history(r, st, sizes{entities: 24, links: 90, revisions: 3, kinds: linkKinds})
				for i := range views[name] {
					if i == views[name]/2 {
						if warm, ok := st.(interface{ Warm(context.Context) error }); ok {
							require.NoError(r, warm.Warm(t.Context()))
						}
					}
					askEverything(r, st, someView(r, st))
				}
			})
		})
	}
}

func askEverything(t *rapid.T, st store.Store, view evidence.View) {
	w, s := readWorld(t, st, view), open(t, st, view)
	on := rapid.SampledFrom([]string{"2014-09-26", "2014", "2013-05"})
	for range 3 {
		q := somePaths(t, w)
		q.MaxLength = min(q.MaxLength, 4)
		checkPaths(t, s, w, q)
		checkSubgraph(t, s, w, someScope(t, w))
		checkLists(t, s, w, someIDs(t, "listed", w, 4), someClaimFilter(t, w))
		checkAmong(t, s, w, someIDs(t, "among", w, 12), someFilter(t, w))
		checkCommon(t, s, w, someIDs(t, "common", w, 6), rapid.IntRange(2, 3).Draw(t, "at least"), someFilter(t, w))
		checkTimeline(t, s, w, someIDs(t, "around", w, 3), rapid.Bool().Draw(t, "between"), someFilter(t, w))
		checkTurns(t, s, w, someIDs(t, "of", w, 2), on.Draw(t, "first"), on.Draw(t, "second"), someFilter(t, w))
		of := rapid.SampledFrom(w.ids()).Draw(t, "chain of")
		checkChain(t, s, w, of, on.Draw(t, "on"), rapid.Bool().Draw(t, "up"))
		checkCommanders(t, s, w, rapid.SampledFrom(w.ids()).Draw(t, "commanders of"), on.Draw(t, "on"))
	}
	require.NoError(t, s.Close())
}
