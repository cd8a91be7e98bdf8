package neo4j_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
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

// recipes are the queries that a page gives to those who speak Cypher.
func recipes(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/data-model.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "## In Neo4j")
	require.True(t, found)
	var texts []string
	for _, after := range strings.Split(section, "```cypher\n")[1:] {
		text, _, found := strings.Cut(after, "```")
		require.True(t, found)
		texts = append(texts, text)
	}
	return texts
}

// TestRecipesResolveIdentities has the queries of the page say who is whom, as the
// API does.
func TestRecipesResolveIdentities(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	refuted := func(link evidence.ID) evidence.Change {
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: link, Standing: "REFUTED", Citation: evidence.NewCitation{ID: "no-" + link, Source: "s1", Locator: "p. 2"}}}
	}
	ids := []evidence.ID{"alone", "a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3", "d1", "d2", "e1", "e2"}
	commands := func(id, who evidence.ID) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "COMMANDS", From: who, To: "u1", Citations: citing(id)}}
	}
	apply(t, s, 1, append(people(ids...),
		evidence.Change{PutEntity: &evidence.PutEntity{ID: "u1", Kind: evidence.Of("MILITARY_UNIT"), Name: evidence.Of("27 Batallón")}},
		merged("a12", "a1", "a2"), merged("a23", "a2", "a3"), // one after the other
		merged("b21", "b2", "b1"), merged("b23", "b2", "b3"), // into two
		merged("c12", "c1", "c2"), merged("c23", "c2", "c3"), merged("c31", "c3", "c1"), // round
		alleged("d12", "d1", "d2"), alleged("ad", "a1", "d1"), merged("e12", "e1", "e2"),
		commands("l1", "a1"), commands("l2", "a3"), commands("l3", "d1"),
		evidence.Change{AssertLink: &evidence.AssertLink{ID: "l4", Kind: "FAMILY_OF", From: "a3", To: "a1", Citations: citing("l4")}}, // of one with themselves
	)...)
	apply(t, s, 2, refuted("e12"))

	session, err := trace.New(s, vocabulary.Standard(), storetest.Planner(0)).At(t.Context(), evidence.Now(evidence.Confidential))
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()
	shown, err := session.Entities(t.Context(), ids)
	require.NoError(t, err)
	want := map[string]string{}
	for _, id := range ids {
		want[string(id)] = string(shown[id].ID)
	}
	require.Equal(t, "b1", want["b3"])

	texts := recipes(t)
	require.Len(t, texts, 4)
	require.Len(t, cypher(t, strings.Replace(texts[0], "L0005", "l1", 1)), 1)
	var links []string
	for _, row := range cypher(t, texts[1], map[string]any{"id": "a2"}) {
		id, _ := row.Get("link")
		links = append(links, id.(string)) //nolint:forcetypeassert // as the text returns it
	}
	require.ElementsMatch(t, []string{"l1", "l2", "l4"}, links, "each once")
	got := map[string]string{}
	for _, row := range cypher(t, texts[2]) {
		got[row.Values[0].(string)] = row.Values[1].(string) //nolint:forcetypeassert // as the text returns them
	}
	require.Equal(t, want, got)
}

// TestRecipeForDenials has a query of the page say which claim a denial is about.
func TestRecipeForDenials(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	small(t, s)
	apply(t, s, 2, evidence.Change{AssertLink: &evidence.AssertLink{ID: "no", Kind: "DENIES", From: "p1", To: "u1", About: "l1", Citations: citing("no")}})
	require.Equal(t, []any{"José Pérez", "DENIES", "l1"}, one(t, recipes(t)[3]))
}
