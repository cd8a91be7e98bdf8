package proposal

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestAnErasureReachesWhateverNamesIt asks for proposals of every state, two of
// which were accepted, one of these without anything new to say.
func TestAnErasureReachesWhateverNamesIt(t *testing.T) {
	b := newBench(t)
	b.write(t, evidence.Change{PutEntity: &evidence.PutEntity{ID: "testigo", Kind: evidence.Of("PERSON"), Name: evidence.Of("Un testigo")}})
	tell := func(changes ...evidence.Change) string {
		p, err := b.Propose(t.Context(), boss, &evidence.ChangeSet{Reason: "se sabe", Changes: changes})
		require.NoError(t, err)
		return p.ID
	}
	accept := func(id string) uint64 {
		p, err := b.Accept(t.Context(), carla, id, "")
		require.NoError(t, err)
		return p.Numbers[evidence.Confidential]
	}
	put := func(id evidence.ID, description string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Description: evidence.Of(description)}}
	}
	pending := tell(put("testigo", "uno"))
	rejected := tell(put("testigo", "dos"))
	_, err := b.Reject(t.Context(), carla, rejected, "no consta")
	require.NoError(t, err)
	applied := tell(put("testigo", "tres"))
	require.NotZero(t, accept(applied))
	nothingNew := tell(put("testigo", "tres"))
	require.Zero(t, accept(nothingNew))
	require.NotZero(t, accept(tell(put("batallon-27", "cuatro"))))
	unnamed := tell(put("batallon-27", "cinco"))
	struck := accept(unnamed)

	loses := func(_ context.Context, number uint64, c evidence.Clearance) (bool, error) {
		require.Equal(t, evidence.Confidential, c, "that of who proposed")
		return number == struck, nil
	}
	reached, err := b.Reached(t.Context(), boss, Reach{IDs: []evidence.ID{"testigo"}, Loses: loses})
	require.NoError(t, err)
	require.Equal(t, []string{pending, rejected, applied, nothingNew, unnamed}, reached)
	_, err = b.Erase(t.Context(), boss, nothingNew, "sentencia 12/2026")
	require.NoError(t, err)
	item, err := b.store.Item(t.Context(), kind, nothingNew)
	require.NoError(t, err)
	require.NotContains(t, string(item.Data), "testigo")
}
