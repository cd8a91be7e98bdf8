package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// stuck is after how long a read that waits for another is given up.
const stuck = 20 * time.Second

// oneReader is a graph in a store that lets one reader at a time be open.
func oneReader(t *testing.T) *graph {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{Readers: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
}

// TestWhoFollowsReadsMeanwhile reads the graph at each revision of a log that is
// replayed, as the answers of a subscription do.
func TestWhoFollowsReadsMeanwhile(t *testing.T) {
	g := oneReader(t)
	const written = 70 // more than are replayed at a time
	for i := range written {
		g.write(person(evidence.ID(fmt.Sprint("p", i)), "Ana"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), stuck)
	defer cancel()
	next := uint64(1)
	for rev, err := range g.tracer.Follow(ctx, evidence.Public, 0) {
		require.NoError(t, err)
		require.Equal(t, next, rev.Numbers[evidence.Public])
		s, err := g.tracer.At(ctx, evidence.Now(evidence.Public))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		if next++; next > written {
			break
		}
	}
	require.EqualValues(t, written+1, next, "every revision came")
}
