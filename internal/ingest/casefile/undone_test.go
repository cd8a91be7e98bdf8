package casefile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func undo(t *testing.T, st store.Store, revisions ...uint64) {
	t.Helper()
	for _, n := range revisions {
		edit(t, st, evidence.Change{Undo: &evidence.Undo{Revision: n}})
	}
}

// TestWhatWasUndone is not there already: it is told what happened, and how to have it
// back.
func TestWhatWasUndone(t *testing.T) {
	st := model.New()
	imports := func(files map[string]string, o ImportOptions) error {
		t.Helper()
		before := head(t, st)
		result, err := load(t, st, folder(files), o)
		require.Empty(t, result.Revisions)
		require.Equal(t, before, head(t, st))
		return err
	}
	_, err := load(t, st, folder(smallCase()), ImportOptions{Batch: 3})
	require.NoError(t, err)
	undo(t, st, 2, 1)
	require.EqualError(t, imports(smallCase(), ImportOptions{Batch: 3}),
		"revisions 1, 2 imported this before, and revisions 4, 3 undid them; to have it back, undo the latter in this order, as with the change {undo: {revision: 4}}")
	undo(t, st, 4, 3)
	require.NoError(t, imports(smallCase(), ImportOptions{Batch: 3}), "it is back")

	// Of a folder that only adds to the graph.
	cited := map[string]string{"citations.csv": "claim_id,source_id,locator\nl1,s1,p. 9\n"}
	result, err := load(t, st, folder(cited), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, []uint64{7}, result.Revisions)
	undo(t, st, 7)
	for _, o := range []ImportOptions{{}, {DryRun: true}} {
		require.EqualError(t, imports(cited, o), "revision 7 imported this before, and revision 8 undid it; to have it back, undo revision 8, as with the change {undo: {revision: 8}}")
	}

	// Of one that changed what was there.
	renamed := map[string]string{"entities.csv": "id,kind,name\np1,Person,J. Pérez\nu1,MilitaryUnit,27 Batallón\n"}
	_, err = load(t, st, folder(renamed), ImportOptions{})
	require.NoError(t, err)
	require.NoError(t, imports(renamed, ImportOptions{}))
	undo(t, st, 9)
	require.ErrorContains(t, imports(renamed, ImportOptions{}), "revision 10 undid it")

	// What somebody else undid since is nobody's mistake.
	undo(t, st, 10)
	edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Name: evidence.Of("Otro")}})
	undo(t, st, 12)
	require.NoError(t, imports(renamed, ImportOptions{}))
}
