package projection_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func head(t *testing.T, st store.Store) evidence.Head {
	t.Helper()
	h, err := st.Head(t.Context())
	require.NoError(t, err)
	return h
}

func erase(t *testing.T, st store.Store, step int, order erasure.Order) {
	t.Helper()
	order.Author, order.Ground = storetest.Top, "order 7"
	_, err := erasure.Run(t.Context(), st, storetest.Planner(step), order)
	require.NoError(t, err)
}

// project makes a projection anew and gives its head.
func project(t *testing.T, from store.Store, c evidence.Clearance) evidence.Head {
	t.Helper()
	to := model.New()
	_, err := projection.Run(t.Context(), options(from, to, c))
	require.NoError(t, err)
	return head(t, to)
}

// TestAHiddenErasureDoesNotShowInAProjection erases, time and again, what was written
// or closed together with what everybody sees.
func TestAHiddenErasureDoesNotShowInAProjection(t *testing.T) {
	from, to := model.New(), model.New()
	secret := func(id evidence.ID) evidence.NewCitation {
		return evidence.NewCitation{ID: id, Source: "s", Locator: "p. 1", Clearance: "CONFIDENTIAL"}
	}
	apply(t, from, 1, entity("a", "Ana", "PUBLIC"), entity("b", "Beto", "PUBLIC"), entity("h", "Hugo", "CONFIDENTIAL"), entity("i", "Inés", "RESTRICTED"), evidence.Change{PutSource: &evidence.PutSource{
		ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/s"),
	}})
	apply(t, from, 2, evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{{ID: "c", Source: "s", Locator: "p. 1"}, secret("x"), secret("y")}}})
	apply(t, from, 3, evidence.Change{Retract: &evidence.Retract{ID: "l"}})
	_, err := projection.Run(t.Context(), options(from, to, evidence.Public))
	require.NoError(t, err)
	before := head(t, to)
	for n, id := range []evidence.ID{"h", "i", "x", "y"} {
		erase(t, from, 4+n, erasure.Order{IDs: []evidence.ID{id}})
		result, err := projection.Run(t.Context(), options(from, to, evidence.Public))
		require.NoError(t, err, id)
		require.Zero(t, result.Written, id)
		require.Equal(t, before, project(t, from, evidence.Public), id)
	}
	whole := model.New()
	require.NoError(t, replay.Into(t.Context(), whole, storetest.Planner(0), from.Log(t.Context(), 0)))
	require.Equal(t, before, project(t, whole, evidence.Public), "of a copy")

	erase(t, from, 9, erasure.Order{Revisions: []evidence.Sequence{1}})
	anew := project(t, from, evidence.Public)
	require.NotEqual(t, before, anew, "who wrote it is gone")
	_, err = projection.Run(t.Context(), options(from, to, evidence.Public))
	require.ErrorIs(t, err, projection.ErrOther)
}

// TestAnErasureBesideAnErasedAuthor erases more of a revision whose author and reason
// are gone.
func TestAnErasureBesideAnErasedAuthor(t *testing.T) {
	from := model.New()
	apply(t, from, 1, entity("h", "Hugo", "CONFIDENTIAL"), entity("i", "Inés", "RESTRICTED"), entity("a", "Ana", "PUBLIC"))
	erase(t, from, 2, erasure.Order{Revisions: []evidence.Sequence{1}})
	before := project(t, from, evidence.Public)
	for n, id := range []evidence.ID{"h", "i"} {
		erase(t, from, 3+n, erasure.Order{IDs: []evidence.ID{id}})
		// The tombstones of authors and of what is public are shown; these are not.
		require.Equal(t, before, project(t, from, evidence.Public), id)
	}
}

// TestOtherContentHasOtherSalts has something raised, so that what follows it in its
// revision takes its place.
func TestOtherContentHasOtherSalts(t *testing.T) {
	from, to, anew := model.New(), model.New(), model.New()
	apply(t, from, 1, entity("a", "Ana", "PUBLIC"), entity("b", "Beto", "PUBLIC"))
	_, err := projection.Run(t.Context(), options(from, to, evidence.Public))
	require.NoError(t, err)
	apply(t, from, 2, evidence.Change{SetClearance: &evidence.SetClearance{ID: "a", Clearance: "CONFIDENTIAL"}})
	_, err = projection.Run(t.Context(), options(from, anew, evidence.Public))
	require.NoError(t, err)
	salts := map[[16]byte]bool{}
	for r, err := range to.Log(t.Context(), 0) {
		require.NoError(t, err)
		for _, l := range r.Leaves[1:] {
			salts[l.Salt] = true
		}
	}
	for r, err := range anew.Log(t.Context(), 0) {
		require.NoError(t, err)
		for _, l := range r.Leaves[1:] {
			require.NotContains(t, salts, l.Salt, "whoever has the new one could try what the old one said")
		}
	}
}

// TestAnOlderProjectionGoesOn goes on with a target that was made before salts were
// drawn as they are.
func TestAnOlderProjectionGoesOn(t *testing.T) {
	from, to := model.New(), model.New()
	apply(t, from, 1, entity("a", "Ana", "PUBLIC"), entity("h", "Hugo", "CONFIDENTIAL"))
	_, err := projection.RunOlder(t.Context(), options(from, to, evidence.Public))
	require.NoError(t, err)
	require.NotEqual(t, head(t, to), project(t, from, evidence.Public))
	apply(t, from, 2, entity("b", "Beto", "PUBLIC"))
	apply(t, from, 3, entity("c", "Carla", "PUBLIC"))
	for _, written := range []int{2, 0} {
		result, err := projection.Run(t.Context(), options(from, to, evidence.Public))
		require.NoError(t, err)
		require.Equal(t, written, result.Written)
	}
}
