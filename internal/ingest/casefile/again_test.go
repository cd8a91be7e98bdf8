package casefile

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// edit changes the graph after an import.
func edit(t *testing.T, st store.Store, changes ...evidence.Change) {
	t.Helper()
	_, err := st.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner().Plan(ctx, snap, author, &evidence.ChangeSet{Reason: "since", Changes: changes})
	})
	require.NoError(t, err)
}

// TestGrowsWhereSomethingWasRaised: the file says nothing of clearance, so that it
// neither contradicts what was raised since nor lowers it.
func TestGrowsWhereSomethingWasRaised(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(smallCase()), ImportOptions{})
			require.NoError(t, err)
			raised := []evidence.ID{"l1", "t1", "p1", "s1"}
			for _, c := range citationsIn(t, st, "l1") {
				raised = append(raised, c.ID)
			}
			for _, id := range raised {
				edit(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "CONFIDENTIAL"}})
			}
			edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Aliases: evidence.Of([]string{"Pepe"}), Names: evidence.Of([]evidence.NewName{{Text: "El Pepe", Clearance: "CONFIDENTIAL"}})}})

			grown := smallCase()
			grown["sources.csv"] = strings.TrimRight(grown["sources.csv"], "\n") + "\n" + strings.Replace(strings.Split(grown["sources.csv"], "\n")[1], "s1", "s2", 1) + "\n"
			result, err := load(t, st, folder(grown), o)
			require.NoError(t, err)
			require.NotEmpty(t, result.Revisions)
			require.Len(t, records(t, st, append(raised, "s2")...), 1, "only the new source is told to all")
			require.Len(t, citationsIn(t, st, "l1"), 1)
			edit(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: "p1", Clearance: "PUBLIC"}})
			for _, n := range records(t, st, "p1")["p1"].Entity().Names {
				require.Equal(t, n.Text == "El Pepe", n.Clearance == evidence.Confidential, n.Text)
			}
		})
	}
}
