package neo4j_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// people are a source and persons of whom it tells.
func people(ids ...evidence.ID) []evidence.Change {
	changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s1", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}}
	for _, id := range ids {
		changes = append(changes, putPerson(id).Changes...)
	}
	return changes
}

func citing(id evidence.ID) []evidence.NewCitation {
	return []evidence.NewCitation{{ID: "of-" + id, Source: "s1", Locator: "p. 1"}}
}

func alleged(link, from, to evidence.ID) evidence.Change {
	return evidence.Change{AssertLink: &evidence.AssertLink{ID: link, Kind: evidence.SameAs, From: from, To: to, Citations: citing(link)}}
}

func merged(link, absorb, into evidence.ID) evidence.Change {
	return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: link, Absorb: absorb, Into: into, Citations: citing(link)}}
}

func accepted(link evidence.ID) evidence.Change {
	return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: link}}
}

func undone(revision uint64) evidence.Change {
	return evidence.Change{Undo: &evidence.Undo{Revision: revision}}
}

// sayingSame is what each relationship says of whether its identity was accepted.
func sayingSame(t *testing.T) map[string]any {
	t.Helper()
	says := map[string]any{}
	for _, row := range cypher(t, "MATCH ()-[r]->() WHERE r.id IS NOT NULL RETURN r.id, r.accepted") {
		says[row.Values[0].(string)] = row.Values[1] //nolint:forcetypeassert // as the text returns them
	}
	return says
}

// TestAcceptedIdentitiesAreSeen follows an identity from an allegation on, also into
// other stores.
func TestAcceptedIdentitiesAreSeen(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	apply(t, s, 1, append(people("p1", "p2", "p3"),
		alleged("alleged", "p1", "p2"), alleged("guessed", "p2", "p3"),
		evidence.Change{AssertLink: &evidence.AssertLink{ID: "kin", Kind: "FAMILY_OF", From: "p1", To: "p3", Citations: citing("kin")}},
	)...)
	says := map[string]any{"alleged": false, "guessed": false, "kin": nil}
	look := func(why string) {
		t.Helper()
		require.Equal(t, says, sayingSame(t), why)
		require.Empty(t, faultsByVerify(t, s), why)
	}
	look("nothing was accepted")
	apply(t, s, 2, accepted("alleged"))
	says["alleged"] = true
	look("one was")
	apply(t, s, 3, undone(2))
	says["alleged"] = false
	look("it was undone")
	apply(t, s, 4, undone(3))
	says["alleged"] = true
	look("the undoing was undone")
	apply(t, s, 5, merged("merge", "p3", "p1"))
	says["merge"] = true
	look("two were merged")
	apply(t, s, 6, evidence.Change{Retract: &evidence.Retract{ID: "merge"}})
	delete(says, "merge")
	look("the merge was withdrawn")
	apply(t, s, 7, undone(6))
	says["merge"] = true
	look("the withdrawal was undone")
	apply(t, s, 8, evidence.Change{SetClearance: &evidence.SetClearance{ID: "merge", Clearance: "RESTRICTED"}})
	look("only some may know of it")

	cypher(t, "MATCH ()-[r:SAME_AS {id: 'guessed'}]->() SET r.accepted = true")
	require.Contains(t, faultsByVerify(t, s), "on the native relationship: the property accepted is true, and the record calls for false")
	cypher(t, "MATCH ()-[r:SAME_AS {id: 'guessed'}]->() SET r.accepted = false")

	kept := model.New()
	var log []*evidence.Revision
	for r, err := range s.Log(t.Context(), 0) {
		require.NoError(t, err)
		log = append(log, r)
	}
	require.NoError(t, storetest.Copy(t.Context(), log, kept))
	s = empty(t)
	require.NoError(t, storetest.Copy(t.Context(), log, s))
	look("the log was replayed")
	s = empty(t)
	project(t, kept, s)
	delete(says, "merge")
	look("what is public was projected")
}

func project(t *testing.T, from store.Store, to *neo4j.Store) {
	t.Helper()
	_, err := projection.Run(t.Context(), projection.Options{
		From: from, To: to, Planner: storetest.Planner(0),
		Scratch: func(context.Context) (store.Store, error) { return model.New(), nil },
	})
	require.NoError(t, err)
}
