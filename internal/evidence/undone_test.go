package evidence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestUndoLosesNothingThatRestsOnWhatIsRetracted: what was written after an edit is in
// the way of its undoing, also while what it names is retracted, or it would not come
// back with that.
func TestUndoLosesNothingThatRestsOnWhatIsRetracted(t *testing.T) {
	standing := func(as string, shown evidence.ID) evidence.Change {
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: as, Citation: cited(shown, "s2")}}
	}
	written := evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Of("X")}}
	derived := evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of([]evidence.ID{"s3"})}}
	named := func(sources ...evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: evidence.Of([]evidence.NewName{{Text: "Anita", Sources: sources}})}}
	}
	for name, c := range map[string]struct {
		edited, since evidence.Change
		retracted, of evidence.ID
	}{
		"a standing":             {standing("CHARGED", "c3"), standing("ACQUITTED", "c4"), "c4", "l1"},
		"a derivation":           {written, derived, "s3", "s1"},
		"the source of a name":   {describing("p2", "periodista"), named("s3"), "s3", "p2"},
		"in a name that it gave": {named(), named("s3"), "s3", "p2"},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, source("s3", nil))
			g.must(top, c.edited)
			g.must(top, c.since)
			then := g.newest(c.of).Content
			g.must(top, retract(c.retracted))
			require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(3))))
			g.must(top, undo(5))
			require.Equal(t, then, g.newest(c.of).Content)
		})
	}
}

// TestUndoBelowTheTopLosesNothingThatRestsOnWhatIsRetracted: they are not told of what
// rests on a retracted record, and it stays.
func TestUndoBelowTheTopLosesNothingThatRestsOnWhatIsRetracted(t *testing.T) {
	for _, by := range []evidence.Author{middle, low} {
		g := base(t)
		g.must(top, source("s3", nil))
		g.must(top, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Of("X")}})
		g.must(top, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of([]evidence.ID{"s3"})}})
		g.must(top, retract("s3"))
		g.must(by, undo(3))
		require.Empty(t, g.newest("s1").Source().Author)
		require.Equal(t, []evidence.ID{"s3"}, g.newest("s1").Source().DerivedFrom)
	}
}
