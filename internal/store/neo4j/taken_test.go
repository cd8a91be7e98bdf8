package neo4j

import (
	"context"
	"errors"
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
	require.NoError(t, f.sort(t.Context(), step))
	require.NoError(t, f.begin(t.Context(), step))
	f.head = first.Revision.Head()
	people := func() any { return neo4jtest.Cypher(t, "MATCH (n:Person) RETURN count(n) AS n", nil)[0]["n"] }
	require.EqualValues(t, 1, people())

	f.held.release() // as the server does when it hears no more of it
	other, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.EqualValues(t, 0, people())
	require.ErrorIs(t, f.enter(t.Context(), step), errTakenOver)
	if err := f.add(t.Context(), nil, second); err != nil { // or whoever adds the next one is told
		require.ErrorIs(t, err, errTakenOver)
	}
	left, err := f.end(t.Context())
	require.ErrorIs(t, err, errTakenOver)
	require.Empty(t, left)
	require.EqualValues(t, 0, people())
	head, err := other.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head.Sequence)
	_, err = storetest.Apply(t.Context(), other, 1, storetest.Top, &evidence.ChangeSet{Reason: "people", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "a", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana")}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, people())

	session := s.session(t.Context())
	t.Cleanup(func() { require.NoError(t, session.Close(context.WithoutCancel(t.Context()))) })
	for _, by := range []string{f.by, ""} {
		require.ErrorIs(t, s.takeBackLoad(t.Context(), session, by, 0), errTakenOver, "late: what it would delete came after")
	}
	require.EqualValues(t, 1, people())
}

// TestAFirstLoadTakesItselfBack where it fails and the server answers: nothing is left
// for others to do.
func TestAFirstLoadTakesItselfBack(t *testing.T) {
	s := open(t)
	person := &evidence.ChangeSet{Reason: "people", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "a", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana")}}}}
	commit, err := storetest.Apply(t.Context(), model.New(), 1, storetest.Top, person)
	require.NoError(t, err)
	f, err := s.beginFirst(t.Context())
	require.NoError(t, err)
	step := &firstStep{commit: commit}
	require.NoError(t, f.sort(t.Context(), step))
	require.NoError(t, f.begin(t.Context(), step))
	fault := errors.New("a fault")
	f.failure.note(fault)
	_, err = f.end(t.Context())
	require.ErrorIs(t, err, fault)
	var cut *CutShortError
	require.NotErrorAs(t, err, &cut)
	require.Empty(t, neo4jtest.Cypher(t, "MATCH (n:Person) RETURN n", nil))
	databases, err := s.lit(t.Context(), f.by)
	require.NoError(t, err)
	require.Empty(t, databases, "its lease has ended")
	other, err := Open(t.Context(), neo4jtest.URI(t), Options{AsItIs: true})
	require.NoError(t, err)
	require.NoError(t, other.Close())
	_, err = storetest.Apply(t.Context(), s, 1, storetest.Top, person)
	require.NoError(t, err)
}
