package neo4j_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// seen is what a reader of now finds in several ways: ids of records, and a number.
func seen(ctx context.Context, r store.Reader) (ids []evidence.ID, entities int, err error) {
	found, err := r.Get(ctx, []evidence.ID{"e0", "s0", "l1-0"})
	if err != nil {
		return nil, 0, err
	}
	for id := range found {
		ids = append(ids, id)
	}
	for _, q := range []store.Query{{Type: evidence.EntityRecord, Limit: 100}, {Type: evidence.SourceRecord, Limit: 100}, {Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}, Limit: 100}} {
		for f, err := range r.Find(ctx, q) {
			if err != nil {
				return nil, 0, err
			}
			ids = append(ids, f.Record.ID())
		}
	}
	for c, err := range r.Candidates(ctx, store.TokenQuery{Prefix: "a", Limit: 100}) {
		if err != nil {
			return nil, 0, err
		}
		ids = append(ids, c.Entity)
	}
	counts, err := r.Count(ctx, store.CountQuery{Type: evidence.EntityRecord})
	return ids, counts[""], err
}

// pageOfAll is a page as a list of all links asks for it.
func pageOfAll(ctx context.Context, t *testing.T, r store.Reader) (*store.Prefetched, error) {
	t.Helper()
	p, ok := r.(store.Prefetcher)
	require.True(t, ok)
	return p.Prefetch(ctx, store.Prefetch{
		Get: []evidence.ID{"e0"}, Count: &store.CountQuery{Type: evidence.EntityRecord}, Page: &store.Query{Type: evidence.LinkRecord, Limit: 10},
	})
}

// TestNobodySeesPartOfAFirstLoad reads by readers that were opened before a load into
// the empty graph, and after it, in stores that ask for nothing else meanwhile.
func TestNobodySeesPartOfAFirstLoad(t *testing.T) {
	neo4jtest.Exclusive(t)
	loading := empty(t)
	loading.LimitFirst(10, 4)
	nothing := func(r store.Reader) {
		ids, n, err := seen(t.Context(), r)
		require.NoError(t, err)
		require.Empty(t, ids)
		require.Zero(t, n)
		page, err := pageOfAll(t.Context(), t, r)
		require.NoError(t, err)
		require.Zero(t, page.Sequence)
		require.Empty(t, page.Records)
		require.Empty(t, page.Page)
		require.Equal(t, map[evidence.ID]int{"": 0}, page.Counts)
	}
	reader := func(s *neo4j.Store) store.Reader {
		r, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
		require.NoError(t, err)
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	first := []*neo4j.Store{handle(t), handle(t), handle(t), handle(t)}
	var before []store.Reader
	for _, s := range first {
		before = append(before, reader(s))
		nothing(before[len(before)-1])
	}
	plans, _ := firstPlans(t, func(i int) error {
		if i != 2 {
			return nil
		}
		require.Eventually(t, func() bool { return len(cypher(t, "MATCH (e:Entity) RETURN e")) > 0 }, 10*time.Second, 10*time.Millisecond, "some of it is written")
		_, _, err := seen(t.Context(), before[0])
		require.ErrorIs(t, err, store.ErrUnavailable)
		_, err = pageOfAll(t.Context(), t, before[1])
		require.ErrorIs(t, err, store.ErrUnavailable)
		_, _, err = seen(t.Context(), reader(first[2]))
		require.ErrorIs(t, err, store.ErrUnavailable)
		_, err = pageOfAll(t.Context(), t, reader(first[3]))
		require.ErrorIs(t, err, store.ErrUnavailable)
		return nil
	})
	require.NoError(t, loading.Import(t.Context(), plans))
	for _, r := range before {
		ids, n, err := seen(t.Context(), r)
		require.NoError(t, err)
		require.Contains(t, ids, evidence.ID("e9"))
		require.Contains(t, ids, evidence.ID("l3-8"))
		require.Equal(t, 10, n)
	}

	t.Run("of one into a graph that somebody emptied", func(t *testing.T) {
		reading := reader(first[0])
		wipe(t)
		again := handle(t)
		again.LimitFirst(10, 4)
		plans, _ := firstPlans(t, func(i int) error {
			if i == 2 {
				_, err := pageOfAll(t.Context(), t, reading)
				require.ErrorIs(t, err, store.ErrUnavailable)
			}
			return nil
		})
		require.NoError(t, again.Import(t.Context(), plans))
	})
}
