package neo4j

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestAFirstLoadIsTakenOver has a graph opened by another program when the people of a
// revision are written and the rest is not: these are taken back, and the load ends.
func TestAFirstLoadIsTakenOver(t *testing.T) {
	s := open(t)
	m := model.New()
	apply := func(id evidence.ID) *evidence.Commit {
		c, err := storetest.Apply(t.Context(), m, len(id), storetest.Top, &evidence.ChangeSet{Reason: "people", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana")}}}})
		require.NoError(t, err)
		return c
	}
	first, second := apply("a"), apply("bb")
	f, err := s.beginFirst(t.Context())
	require.NoError(t, err)
	require.NotNil(t, f)
	none, err := s.beginFirst(t.Context())
	require.NoError(t, err)
	require.Nil(t, none, "one at a time")
	step := &firstStep{commit: first}
	require.NoError(t, f.records(t.Context(), step))
	f.head = first.Revision.Head()
	people := func() any { return neo4jtest.Cypher(t, "MATCH (n:Person) RETURN count(n) AS n", nil)[0]["n"] }
	require.EqualValues(t, 1, people())

	f.held.release() // as the server does when it hears no more of it
	other, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.EqualValues(t, 0, people())
	require.ErrorIs(t, f.rest(t.Context(), step), errTakenOver)
	require.ErrorIs(t, f.add(t.Context(), second), errTakenOver)
	require.NoError(t, f.end(t.Context()), "it was told already")
	require.EqualValues(t, 0, people())
	head, err := other.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head.Sequence)
	_, err = storetest.Apply(t.Context(), other, 1, storetest.Top, &evidence.ChangeSet{Reason: "people", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "a", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana")}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, people())
}
