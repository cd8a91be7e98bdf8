package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestThePastGivesTheLinksOfTheFirstEntitiesFirst has a hub of which a question keeps
// none but late links: those of the entities after it do not take their place.
func TestThePastGivesTheLinksOfTheFirstEntitiesFirst(t *testing.T) {
	ctx := t.Context()
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	write := func(step int, changes ...evidence.Change) evidence.Sequence {
		planner := storetest.Planner(step)
		planner.MaxChanges, planner.CascadeLimit = 10_000, 10_000
		c, err := st.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return planner.Plan(ctx, snap, storetest.Top, &evidence.ChangeSet{Reason: "links", Changes: changes})
		})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	person := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}
	}
	changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}, person("hub"), person("second"), person("third"), person("other")}
	for _, of := range []struct {
		id    evidence.ID
		links int
	}{{"hub", 2600}, {"second", 5}, {"third", 5}} {
		for i := range of.links {
			changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
				ID: evidence.ID(fmt.Sprintf("%s-%04d", of.id, i)), Kind: "LINKED_TO", From: of.id, To: "other", Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
			}})
		}
	}
	then := write(1, changes...)
	write(2, person("later"))
	expand := func(v evidence.View, x store.Expansion) (ids []evidence.ID) {
		r, err := store.Read(ctx, st, v, vocabulary.Standard())
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		for e, err := range r.Expand(ctx, x) {
			require.NoError(t, err)
			ids = append(ids, e.Link)
		}
		return ids
	}
	for _, frontier := range [][]evidence.ID{{"hub", "second", "third"}, {"second", "hub", "third"}} {
		for _, first := range []evidence.ID{"hub-0000", "hub-0499", "hub-0503", "hub-2018", "hub-2500", "hub-2598", "none"} {
			for _, perNode := range []int{1, 5} {
				for _, total := range []int{2, 10, 11} {
					x := store.Expansion{
						Frontier: frontier, PerNode: perNode, Total: total,
						Keep: func(e *store.Edge) bool { return frontier[e.At] != "hub" || e.Link >= first && first != "none" },
					}
					require.Equal(t, expand(evidence.Now(evidence.Public), x), expand(evidence.View{KnownAt: then}, x), "%v, of the hub from %s, %d of each, %d in all", frontier, first, perNode, total)
				}
			}
		}
	}
}
