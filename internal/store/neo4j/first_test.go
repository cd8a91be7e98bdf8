package neo4j_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// firstSets are revisions that only add, and after them one that changes what is there.
func firstSets() []*evidence.ChangeSet {
	cited := func(of string, sources ...int) (list []evidence.NewCitation) {
		for i, s := range sources {
			list = append(list, evidence.NewCitation{ID: evidence.ID(fmt.Sprintf("%s-%d", of, i)), Source: evidence.ID(fmt.Sprintf("s%d", s)), Stance: "SUPPORTS", Locator: "p. 1"})
		}
		return list
	}
	sets := []*evidence.ChangeSet{{}, {}, {}, {}, {}}
	add := func(set int, c evidence.Change) { sets[set].Changes = append(sets[set].Changes, c) }
	for i := range 3 {
		p := &evidence.PutSource{ID: evidence.ID(fmt.Sprintf("s%d", i)), Kind: evidence.Of("NEWS"), Title: evidence.Of(fmt.Sprintf("Informe %d", i)), URL: evidence.Of("https://example.org/")}
		if i > 0 {
			p.DerivedFrom = evidence.Of([]evidence.ID{"s0"})
		}
		add(0, evidence.Change{PutSource: p})
	}
	for i := range 10 {
		add(0, putPerson(evidence.ID(fmt.Sprintf("e%d", i))).Changes[0])
	}
	for set := 1; set <= 3; set++ {
		for i := range 9 {
			id := fmt.Sprintf("l%d-%d", set, i)
			add(set, evidence.Change{AssertLink: &evidence.AssertLink{
				ID: evidence.ID(id), Kind: "LINKED_TO", From: "e0", To: evidence.ID(fmt.Sprintf("e%d", 1+i)), Citations: cited(id, i%3, (i+1)%3),
			}})
		}
	}
	add(3, evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "e1", Attribute: "RANK", Value: "coronel", Citations: cited("t1", 0)}})
	add(4, evidence.Change{Retract: &evidence.Retract{ID: "l1-0"}})
	for i := range sets {
		sets[i].Reason, sets[i].IdempotencyKey = "a first load", fmt.Sprintf("set %d", i)
	}
	return sets
}

// firstPlans are plans that are made already and read nothing, as those of a case file
// are, and are made anew where they do not follow. before is called with the number of
// each that is asked for. It gives the head that all of them come to as well.
func firstPlans(t testing.TB, before func(i int) error) (iter.Seq2[store.Plan, error], evidence.Head) {
	t.Helper()
	m, sets := model.New(), firstSets()
	commits := make([]*evidence.Commit, len(sets))
	for i, cs := range sets {
		var err error
		commits[i], err = storetest.Apply(t.Context(), m, i+1, storetest.Top, cs)
		require.NoError(t, err)
	}
	head, err := m.Head(t.Context())
	require.NoError(t, err)
	return func(yield func(store.Plan, error) bool) {
		for i, commit := range commits {
			if err := before(i); err != nil {
				yield(nil, err)
				return
			}
			if !yield(func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				if head, err := snap.Head(ctx); err != nil || commit.Revision.Follows(head) {
					return commit, err
				}
				return storetest.Planner(i+1).Plan(ctx, snap, storetest.Top, sets[i])
			}, nil) {
				return
			}
		}
	}, head
}

func whatever(int) error { return nil }

// intact says that a graph has all constraints and indexes, and nothing of a load.
func intact(t *testing.T, s *neo4j.Store, head evidence.Head) {
	t.Helper()
	require.Equal(t, []any{int64(1), nil}, cypher(t, "MATCH (s:Schema) RETURN count(s), max(s.from)")[0].Values)
	require.NotZero(t, cypher(t, "SHOW INDEXES YIELD name, state WHERE name IN ['version_key', 'claim_id', 'token_key'] AND state = 'ONLINE' RETURN count(name) = 3 AS all")[0].Values[0])
	is, err := s.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, is)
	require.Empty(t, faultsByVerify(t, s))
}

func TestFirstLoad(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	other := handle(t)
	names := "SHOW INDEXES YIELD name ORDER BY name RETURN collect(name)"
	before := cypher(t, names)[0].Values
	s.LimitFirst(10, 4)
	plans, head := firstPlans(t, func(i int) error {
		if i != 2 {
			return nil
		}
		require.NotEqual(t, before, cypher(t, names)[0].Values, "it does without indexes")
		_, err := other.Head(t.Context())
		require.ErrorIs(t, err, store.ErrUnavailable)
		require.ErrorContains(t, err, "try again when it has ended")
		_, err = storetest.Apply(t.Context(), other, 9, storetest.Top, putPerson("other"))
		require.ErrorIs(t, err, store.ErrUnavailable)
		return nil
	})
	require.NoError(t, s.Import(t.Context(), plans))
	require.Equal(t, before, cypher(t, names)[0].Values)
	intact(t, s, head)
	plans, _ = firstPlans(t, whatever)
	require.NoError(t, s.Import(t.Context(), plans), "a second time changes nothing")
	intact(t, s, head)
	_, err := storetest.Apply(t.Context(), other, 9, storetest.Top, putPerson("other"))
	require.NoError(t, err)
	require.Empty(t, faultsByVerify(t, s))

	t.Run("a small one keeps the indexes", func(t *testing.T) {
		wipe(t)
		s := handle(t)
		plans, head := firstPlans(t, func(int) error {
			require.Equal(t, before, cypher(t, names)[0].Values)
			return nil
		})
		require.NoError(t, s.Import(t.Context(), plans))
		intact(t, s, head)
	})
	t.Run("an error keeps what came before", func(t *testing.T) {
		wipe(t)
		s := handle(t)
		s.LimitFirst(10, 4)
		broken := errors.New("a fault")
		plans, _ := firstPlans(t, func(i int) error {
			if i == 3 {
				return broken
			}
			return nil
		})
		require.ErrorIs(t, s.Import(t.Context(), plans), broken)
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 3, head.Sequence)
		intact(t, s, head)
	})
}

// TestLostInAFirstLoad breaks the connection in the middle: everything comes through,
// and once.
func TestLostInAFirstLoad(t *testing.T) {
	neo4jtest.Exclusive(t)
	for _, n := range []int32{1, 6, 12} {
		t.Run(fmt.Sprintf("the answer to commit %d", n), func(t *testing.T) {
			wipe(t)
			p := newProxy(t)
			s := handleAt(t, p.uri())
			s.LimitFirst(10, 5)
			var seen atomic.Int32 // two connections at a time send commits
			plans, head := firstPlans(t, func(i int) error {
				if i == 1 {
					p.cut(nil, func(sent []byte) bool { return commits(sent) && seen.Add(1) == n })
				}
				return nil
			})
			require.NoError(t, s.Import(t.Context(), plans))
			p.cut(nil, nil)
			require.GreaterOrEqual(t, seen.Load(), n)
			intact(t, s, head)
		})
	}
}

// TestAFirstLoadBreaksOff ends a load as a crash does. Who opens the graph next finds
// the revisions that were in the log by then, and no more, and can go on.
func TestAFirstLoadBreaksOff(t *testing.T) {
	neo4jtest.Exclusive(t)
	wipe(t)
	p := newProxy(t)
	s := handleAt(t, p.uri())
	s.LimitFirst(10, 4)
	plans, head := firstPlans(t, func(i int) error {
		if i == 3 {
			p.stop()
		}
		return nil
	})
	require.ErrorIs(t, s.Import(t.Context(), plans), store.ErrUnavailable)
	again := handle(t)
	is, err := again.Head(t.Context())
	require.NoError(t, err)
	require.NotZero(t, is.Sequence)
	intact(t, again, is)
	plans, _ = firstPlans(t, whatever)
	require.NoError(t, again.Import(t.Context(), plans))
	intact(t, again, head)
}
