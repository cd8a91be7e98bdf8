package neo4j

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// open empties the database of the test, which holds it until it ends, and opens
// a store on it.
func open(t testing.TB) *Store {
	t.Helper()
	neo4jtest.Exclusive(t)
	require.NoError(t, neo4jtest.Wipe(t.Context(), neo4jtest.Driver(t)))
	s, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// village writes people, sources and links: the first person is a hub with a
// link to each of the others.
func village(t testing.TB, s *Store, people int) {
	t.Helper()
	cs := &evidence.ChangeSet{Reason: "a village"}
	add := func(c evidence.Change) { cs.Changes = append(cs.Changes, c) }
	for i := range 10 {
		add(evidence.Change{PutSource: &evidence.PutSource{ID: source(i), Kind: evidence.Of("NEWS"), Title: evidence.Of(fmt.Sprintf("Informe %d", i)), URL: evidence.Of("https://example.org/" + string(source(i)))}})
	}
	for i := range people {
		add(evidence.Change{PutEntity: &evidence.PutEntity{ID: person(i), Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprintf("Vecino %d de Iguala", i))}})
	}
	for i := 1; i < people; i++ {
		add(evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprintf("l%d", i)), Kind: "LINKED_TO", From: person(0), To: person(i), Valid: evidence.ValidTime{Since: fmt.Sprintf("%d", 1900+i%100)},
			Citations: []evidence.NewCitation{{ID: evidence.ID(fmt.Sprintf("c%d", i)), Source: source(i % 10), Stance: "SUPPORTS", Locator: "p. 1"}},
		}})
	}
	step := 0
	for part := range slices.Chunk(cs.Changes, 1000) {
		step++
		_, err := storetest.Apply(t.Context(), s, step, storetest.Top, &evidence.ChangeSet{Reason: cs.Reason, Changes: part})
		require.NoError(t, err)
	}
}

func person(i int) evidence.ID { return evidence.ID(fmt.Sprintf("e%d", i)) }
func source(i int) evidence.ID { return evidence.ID(fmt.Sprintf("s%d", i)) }

// forbidden are what the names of operators hold that read more than what is
// asked for: all nodes or relationships, those of a label or type, a whole index.
var forbidden = []string{"Scan", "CartesianProduct"}

// sampled are all queries of the package, but of those that differ in nothing
// but a kind only those of a kind with data and of one without.
func sampled(s *Store) []query {
	left := map[string]bool{}
	for _, k := range s.vocabulary.Links() {
		left[k.Name] = k.Name != "LINKED_TO" && k.Name != "COMMANDS"
	}
	for _, k := range s.vocabulary.Entities() {
		left[entityLabels(k)] = k.Name != "PERSON" && k.Name != "PLACE"
	}
	return slices.DeleteFunc(s.texts.all(), func(q query) bool {
		return slices.ContainsFunc(strings.Fields(q.name), func(word string) bool { return left[word] })
	})
}

// TestExplain looks at the plan of every query of the package, on a database
// that is empty and on one with data.
func TestExplain(t *testing.T) {
	s := open(t)
	for _, people := range []int{0, 1500} {
		if people > 0 {
			village(t, s, people)
		}
		t.Run(fmt.Sprintf("%d people", people), func(t *testing.T) {
			for _, q := range sampled(s) {
				if people == 0 && strings.Contains(q.name, "reversed") {
					continue // on no data they differ from the others in nothing but a word
				}
				assert.Empty(t, faultsOf(explain(t, s, q)), "the plan of %q:\n%s", q.name, q.text)
			}
		})
	}
}

func explain(t testing.TB, s *Store, q query) driver.Plan {
	t.Helper()
	ctx := t.Context()
	session := s.session(ctx)
	text, params := q.asked(row{})
	result, err := session.Run(ctx, "EXPLAIN "+text, params)
	require.NoError(t, err, q.text)
	summary, err := result.Consume(ctx)
	require.NoError(t, err, q.text)
	require.NoError(t, session.Close(ctx))
	return summary.Plan()
}

func faultsOf(p driver.Plan) []string {
	var faults []string
	name, _, _ := strings.Cut(p.Operator(), "@")
	for _, f := range forbidden {
		if strings.Contains(name, f) {
			faults = append(faults, fmt.Sprintf("%s %v", name, p.Arguments()["Details"]))
		}
	}
	for _, child := range p.Children() {
		faults = append(faults, faultsOf(child)...)
	}
	return faults
}

// TestScansAreSeen keeps the test above from passing for nothing.
func TestScansAreSeen(t *testing.T) {
	s := open(t)
	for _, text := range []string{"MATCH (n) RETURN n", "MATCH (n:Version) RETURN n", "MATCH ()-[r:COMMANDS]->() RETURN r", "MATCH ()-[r:COMMANDS]->() WHERE r.id CONTAINS 'l' RETURN r",
		"MATCH (n:Record) WHERE n.id ENDS WITH '1' RETURN n", "MATCH (a:Head {id: 'log'}), (b:Schema) RETURN a, b"} {
		require.NotEmpty(t, faultsOf(explain(t, s, query{text: text})), text)
	}
}

// all are the queries of the package, sorted by nothing.
func (t *texts) all() []query {
	return slices.Concat(fixed, t.ofReaders(), valuesOf(t.makes), valuesOf(t.first), valuesOf(t.redraw), valuesOf(t.erase), valuesOf(t.resource), valuesOf(t.drawn), valuesOf(t.relabel))
}
