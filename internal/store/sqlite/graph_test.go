package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestEntitiesAreReadByNumber has entities read by the numbers that memory knows of
// their records, and by their ids where it knows none, or a wrong one.
func TestEntitiesAreReadByNumber(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	id := func(i int) evidence.ID { return evidence.ID(fmt.Sprintf("e%03d", i)) }
	step := 0
	put := func(from, to int) {
		cs := &evidence.ChangeSet{Reason: "people"}
		for i := from; i < to; i++ {
			cs.Changes = append(cs.Changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: id(i), Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprint("Vecina ", i))}})
		}
		step++
		_, err := s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return storetest.Planner(step).Plan(ctx, snap, storetest.Top, cs)
		})
		require.NoError(t, err)
	}
	put(0, 100)
	require.NoError(t, s.Warm(t.Context()))
	put(100, 120) // which memory learns of

	ids := []evidence.ID{"nobody", id(7), id(7)}
	for i := range 120 {
		ids = append(ids, id(i))
	}
	all := make([]string, len(ids))
	for i := range ids {
		all[i] = string(ids[i])
	}
	known, left := s.links.numbersOf(all)
	require.Len(t, known, 122)
	require.Equal(t, []string{"nobody"}, left)
	require.True(t, slices.IsSortedFunc(known, func(a, b numbered) int { return int(a.num - b.num) }))

	read := func() map[evidence.ID]*evidence.Record {
		t.Helper()
		s.cache.reset(evidence.Sequence(step)) // else nothing is read
		r, err := store.Read(t.Context(), s, evidence.Now(evidence.Public), vocabulary.Standard())
		require.NoError(t, err)
		found, err := r.Get(t.Context(), ids)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Len(t, found, 120)
		for i := range 120 {
			require.Equal(t, fmt.Sprint("Vecina ", i), found[id(i)].Entity().PrimaryName())
		}
		return found
	}
	want := read()
	for n := range s.links.nodes {
		switch n % 4 {
		case 0:
			s.links.nodes[n].record++ // another's
		case 1:
			s.links.nodes[n].record = 10_000 // nobody's
		case 2:
			s.links.nodes[n].record = 0
		}
	}
	require.Equal(t, want, read())
}
