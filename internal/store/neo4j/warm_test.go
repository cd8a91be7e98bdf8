package neo4j

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// planned takes all plans away, and says of how many texts and sorts of parameters
// there were any.
func planned(t testing.TB) int {
	t.Helper()
	for _, word := range strings.Fields(neo4jtest.Cypher(t, "CALL db.clearQueryCaches()", nil)[0]["value"].(string)) {
		if n, err := strconv.Atoi(word); err == nil {
			return n
		}
	}
	return 0 // it says so in words
}

// asksOfEachSort asks what readers do, of so many at once.
func asksOfEachSort(t testing.TB, s *Store, many int) {
	t.Helper()
	frontier, claims := make([]evidence.ID, many), make([]evidence.ID, many)
	for i := range many {
		frontier[i], claims[i] = person(i), evidence.ID("l"+strconv.Itoa(i))
	}
	for _, view := range []evidence.View{evidence.Now(evidence.Confidential), {KnownAt: 1}} {
		r, err := s.Raw(t.Context(), view)
		require.NoError(t, err)
		_, err = r.Get(t.Context(), frontier)
		require.NoError(t, err)
		for _, q := range []store.Query{
			{Type: evidence.LinkRecord, Entities: frontier, Kinds: []string{"LINKED_TO"}},
			{Type: evidence.CitationRecord, Claims: claims},
			{Type: evidence.EntityRecord, Text: []string{strings.Repeat("a", many)}},
		} {
			q.Limit = 10
			for _, err := range r.Find(t.Context(), q) {
				require.NoError(t, err)
			}
		}
		for _, err := range r.Expand(t.Context(), store.Expansion{Frontier: frontier, PerNode: 1, Total: 10}) {
			require.NoError(t, err)
		}
		for _, err := range r.Candidates(t.Context(), store.TokenQuery{Prefix: strings.Repeat("a", many), Limit: 10}) {
			require.NoError(t, err)
		}
		require.NoError(t, r.Close())
	}
}

// TestATextIsPlannedOnce asks the same of few and of many, which Neo4j would plan anew.
func TestATextIsPlannedOnce(t *testing.T) {
	s := open(t)
	village(t, s, 200)
	planned(t)
	asksOfEachSort(t, s, 1)
	once := planned(t)
	require.Greater(t, once, 8)
	for _, many := range []int{1, 2, 20, 199} {
		asksOfEachSort(t, s, many)
	}
	require.Equal(t, once, planned(t))
}

// TestWarmPlansWhatReadersAsk looks for a question that has to be planned after it.
func TestWarmPlansWhatReadersAsk(t *testing.T) {
	s := open(t)
	village(t, s, 200)
	planned(t)
	require.NoError(t, s.Warm(t.Context()))
	warm := planned(t)
	require.NoError(t, s.Warm(t.Context()))
	asksOfEachSort(t, s, 20)
	require.Equal(t, warm, planned(t))
}
