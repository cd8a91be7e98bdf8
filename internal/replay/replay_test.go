package replay_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// fataler is a test, or one try of a property.
type fataler interface {
	require.TestingT
	Helper()
	Context() context.Context
}

func apply(t *testing.T, st store.Store, step int, changes ...evidence.Change) {
	t.Helper()
	_, err := storetest.Apply(t.Context(), st, step, storetest.Top, &evidence.ChangeSet{Reason: "because", Changes: changes})
	require.NoError(t, err)
}

func entity(id evidence.ID) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Alguien " + string(id))}}
}

func source(id evidence.ID) evidence.Change {
	return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota " + string(id)), URL: evidence.Of("https://example.org/" + string(id))}}
}

// begun is a log in which one change wrote a link with two citations, and one
// revision two people.
func begun(t *testing.T) store.Store {
	t.Helper()
	st := model.New()
	apply(t, st, 1, source("s1"), source("s2"), entity("a"), entity("b"), entity("x"), entity("y"))
	apply(t, st, 2, evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{
		{ID: "c1", Source: "s1", Locator: "p. 1"}, {ID: "c2", Source: "s2", Locator: "p. 2"},
	}}})
	return st
}

// TestACopyThatHoldsWhatWasErasedSince is not gone on with, though an erasure before
// had struck the same change, and what was left of it was copied.
func TestACopyThatHoldsWhatWasErasedSince(t *testing.T) {
	for name, c := range map[string]struct{ before, since erasure.Order }{
		"the rest of a change":               {erasure.Order{IDs: []evidence.ID{"c1"}}, erasure.Order{IDs: []evidence.ID{"l"}}},
		"a record that was left":             {erasure.Order{IDs: []evidence.ID{"x"}}, erasure.Order{IDs: []evidence.ID{"c1", "y"}}},
		"author and reason of an erased one": {erasure.Order{IDs: []evidence.ID{"x"}}, erasure.Order{Revisions: []evidence.Sequence{1}}},
		"what nothing had struck":            {erasure.Order{IDs: []evidence.ID{"x"}}, erasure.Order{IDs: []evidence.ID{"l"}}},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := begun(t), model.New()
			erase(t, from, 10, c.before)
			_, err := replay.Copy(t.Context(), from, to, storetest.Planner(20), nil)
			require.NoError(t, err)
			apply(t, from, 30, entity("z"))
			erase(t, from, 40, c.since)
			was := rows(t, to)
			_, err = replay.Copy(t.Context(), from, to, storetest.Planner(50), nil)
			require.Equal(t, evidence.Conflict, evidence.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, "the copy still holds")
			require.Equal(t, was, rows(t, to), "nothing is written")
			anew := model.New()
			_, err = replay.Copy(t.Context(), from, anew, storetest.Planner(60), nil)
			require.NoError(t, err)
			require.Equal(t, rows(t, from), rows(t, anew))
		})
	}
}

// TestACopyThatWasCutShortAfterErasures holds nothing of what they struck, and is gone
// on with.
func TestACopyThatWasCutShortAfterErasures(t *testing.T) {
	from, to := begun(t), model.New()
	for step, id := range []evidence.ID{"c1", "x", "l", "y"} {
		erase(t, from, 10+step, erasure.Order{IDs: []evidence.ID{id}})
	}
	erase(t, from, 20, erasure.Order{Revisions: []evidence.Sequence{1}})
	require.NoError(t, replay.Into(t.Context(), to, counted(20), func(yield func(*evidence.Revision, error) bool) {
		for r, err := range from.Log(t.Context(), 0) {
			if r.Sequence() > 2 || !yield(r, err) {
				return
			}
		}
	}))
	_, err := replay.Copy(t.Context(), from, to, storetest.Planner(30), nil)
	require.NoError(t, err)
	require.Equal(t, rows(t, from), rows(t, to))
}

// counted numbers revisions as the log has them.
func counted(step int) *evidence.Planner {
	p := storetest.Planner(step)
	p.Counted = evidence.Open
	return p
}

// TestCopiesAmongErasures copies random histories between erasures: a copy is the
// same as its original, or is refused.
func TestCopiesAmongErasures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := model.New(), model.New()
		storetest.History(t, from, 10)
		for n := range rapid.IntRange(2, 4).Draw(t, "erasures") {
			if rapid.Bool().Draw(t, "copied") {
				if _, err := replay.Copy(t.Context(), from, to, storetest.Planner(700+n), nil); err != nil {
					require.Equal(t, evidence.Conflict, evidence.CodeOf(err), "%v", err)
					return
				}
				require.Equal(t, rows(t, from), rows(t, to))
			}
			ids := recorded(t, from)
			if len(ids) == 0 {
				return
			}
			order := erasure.Order{IDs: []evidence.ID{rapid.SampledFrom(ids).Draw(t, "erased")}}
			if rapid.Bool().Draw(t, "reason too") {
				order.Revisions = []evidence.Sequence{1}
			}
			erase(t, from, 400+n, order)
		}
		_, err := replay.Copy(t.Context(), from, to, storetest.Planner(800), nil)
		if err == nil {
			require.Equal(t, rows(t, from), rows(t, to))
		}
	})
}

func erase(t fataler, st store.Store, step int, order erasure.Order) {
	t.Helper()
	order.Author, order.Ground = storetest.Top, "order 7"
	_, err := erasure.Run(t.Context(), st, storetest.Planner(step), order)
	require.NoError(t, err)
}

// rows are all that a store holds.
func rows(t fataler, st store.Store) []string {
	t.Helper()
	var list []string
	for row, err := range st.Scan(t.Context()) {
		require.NoError(t, err)
		list = append(list, string(row.Kind)+" "+row.Key+" "+string(row.Value))
	}
	return list
}

// recorded are the ids that the log tells of.
func recorded(t fataler, st store.Store) []evidence.ID {
	t.Helper()
	ids := map[evidence.ID]bool{}
	for r, err := range st.Log(t.Context(), 0) {
		require.NoError(t, err)
		outcomes, err := r.Outcomes()
		require.NoError(t, err)
		for _, o := range outcomes {
			for _, e := range o.Effects {
				if c := e.Content(); c != nil {
					ids[c.RecordID()] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
