package neo4j_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// small is a graph as an investigator would write it.
func small(t testing.TB, s *neo4j.Store) {
	t.Helper()
	cite := func(id, source evidence.ID, stance string) evidence.NewCitation {
		return evidence.NewCitation{ID: id, Source: source, Stance: stance, Locator: "p. 4", Credibility: 1}
	}
	newSource := func(id evidence.ID, title, url, grade string, parents ...evidence.ID) evidence.Change {
		return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of(title), URL: evidence.Of(url), Reliability: evidence.Of(grade), DerivedFrom: evidence.Of(parents)}}
	}
	entity := func(id evidence.ID, kind, name string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(name), Aliases: evidence.Of([]string{"El " + string(id)})}}
	}
	apply(t, s, 1,
		newSource("s1", "Informe Ayotzinapa", "https://example.org/informe", "A"),
		newSource("s2", "Reimpresión", "https://example.org/re", "C", "s1"),
		newSource("s3", "Desmentido", "https://example.org/no", "B"),
		entity("p1", "PERSON", "José Pérez"), entity("u1", "MILITARY_UNIT", "27 Batallón de Infantería"),
		evidence.Change{AssertLink: &evidence.AssertLink{
			ID: "l1", Kind: "COMMANDS", From: "p1", To: "u1", Role: "comandante", Valid: evidence.ValidTime{Since: "2014-07", Until: "2015"}, Standing: "REPORTED",
			Citations: []evidence.NewCitation{cite("c1", "s1", "SUPPORTS"), cite("c2", "s2", "SUPPORTS"), cite("c3", "s3", "DISPUTES")},
		}},
		evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "p1", Attribute: "RANK", Value: "coronel", Citations: []evidence.NewCitation{cite("c4", "s1", "SUPPORTS")}}},
	)
}

func apply(t testing.TB, s *neo4j.Store, step int, changes ...evidence.Change) {
	t.Helper()
	_, err := storetest.Apply(t.Context(), s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
	require.NoError(t, err)
}

// one is the only row of a query that a person types.
func one(t testing.TB, text string) []any {
	t.Helper()
	rows := cypher(t, text)
	require.Len(t, rows, 1, text)
	return rows[0].Values
}

const commanders = "MATCH (p:Person)-[r:COMMANDS]->(u:MilitaryUnit) RETURN p.name, r.role, r.since, r.until, r.standing, r.supports, r.disputes, r.clearance, r.sources, u.name"

func TestShapeForPeople(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	small(t, s)
	row := []any{
		"José Pérez", "comandante", "2014-07", "2015", "REPORTED", int64(2), int64(1), "PUBLIC",
		[]any{"Informe Ayotzinapa — https://example.org/informe", "Reimpresión — https://example.org/re"}, "27 Batallón de Infantería",
	}
	require.Equal(t, row, one(t, commanders))
	rows := cypher(t, "MATCH (:Person)-[r:COMMANDS]->() MATCH (c:Claim {id: r.id})-[:HAS_CITATION]->(x:Citation)-[:IN_SOURCE]->(s:Source) RETURN x.stance, x.locator, s.title ORDER BY x.key")
	require.Len(t, rows, 3)
	require.Equal(t, []any{"DISPUTES", "p. 4", "Desmentido"}, rows[2].Values)
	require.Equal(t, []any{"José Pérez", "RANK", "coronel"}, one(t, "MATCH (c:Claim:Statement) MATCH (e:Entity {id: c.from}) RETURN e.name, c.kind, c.value"))

	t.Run("a source that is renamed is renamed on the relationship", func(t *testing.T) {
		apply(t, s, 2, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Title: evidence.Of("Informe final")}})
		row[8].([]any)[0] = "Informe final — https://example.org/informe" //nolint:forcetypeassert // set above
		require.Equal(t, row, one(t, commanders))
	})
	t.Run("a plain MATCH sees what holds now", func(t *testing.T) {
		apply(t, s, 3, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Name: evidence.Of("José Pérez Pérez")}})
		require.Equal(t, []any{int64(1)}, one(t, "MATCH (p:Person) RETURN count(p)"))
		apply(t, s, 4, evidence.Change{Retract: &evidence.Retract{ID: "l1"}})
		require.Empty(t, cypher(t, commanders))
		require.Equal(t, []any{int64(0), int64(1)}, one(t, "RETURN COUNT { (:Claim:Link) } AS links, COUNT { (:Citation) } AS citations"))
		require.Equal(t, []any{int64(1)}, one(t, "MATCH (v:EntityVersion {id: 'p1'}) RETURN count(v)"))
		apply(t, s, 5, evidence.Change{Undo: &evidence.Undo{Revision: 4}})
		row[0] = "José Pérez Pérez"
		require.Equal(t, row, one(t, commanders))
	})
	t.Run("an entity of another kind gets its label", func(t *testing.T) {
		apply(t, s, 6, evidence.Change{PutEntity: &evidence.PutEntity{ID: "lone", Kind: evidence.Of("ORGANIZATION"), Name: evidence.Of("Algo")}})
		apply(t, s, 7, evidence.Change{PutEntity: &evidence.PutEntity{ID: "lone", Kind: evidence.Of("GOVERNMENT_BODY")}})
		require.Equal(t, []any{[]any{"Entity", "GovernmentBody", "Record", "Version"}}, one(t, "MATCH (n:Entity {id: 'lone'}) UNWIND labels(n) AS l WITH l ORDER BY l RETURN collect(l)"))
	})
	noFault(t, s)
}

const ownKind = `links:
  - name: EXTORTS
    label: {en: extorts, es: extorsiona a}
    inverse: {en: is extorted by, es: es extorsionado por}
    meaning: Takes money from the other by threats.
    from: [PERSON]
    to: [PERSON]
    aspect: STATE
`

// TestADeploymentsOwnKind writes a link of a kind that only a deployment's file
// has: it is drawn, found and changed like any other, and a program without that
// file says so before it changes anything.
// A commit may have been planned before the transaction that writes it, which
// then has read none of the sources that it draws.
func TestPlannedBefore(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	small(t, s)
	cs := &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{AssertLink: &evidence.AssertLink{
		ID: "l2", Kind: "SERVES_IN", From: "p1", To: "u1",
		Citations: []evidence.NewCitation{{ID: "c9", Source: "s2", Stance: "SUPPORTS", Locator: "p. 9"}},
	}}}}
	planned, err := s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		commit, err := storetest.Planner(2).Plan(ctx, snap, storetest.Top, cs)
		if err != nil {
			return nil, err
		}
		commit.New = false // and so it is not written
		return commit, nil
	})
	require.NoError(t, err)
	planned.New = true
	_, err = s.Write(t.Context(), func(context.Context, evidence.Snapshot) (*evidence.Commit, error) { return planned, nil })
	require.NoError(t, err)
	require.Equal(t, []any{[]any{"Reimpresión — https://example.org/re"}}, one(t, "MATCH ()-[r:SERVES_IN {id: 'l2'}]->() RETURN r.sources"))
}

func TestADeploymentsOwnKind(t *testing.T) {
	neo4jtest.Exclusive(t)
	small(t, empty(t))
	own, err := vocabulary.Standard().Extend(strings.NewReader(ownKind))
	require.NoError(t, err)
	s, err := neo4j.Open(t.Context(), neo4jtest.URI(t), neo4j.Options{Vocabulary: own})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	for _, k := range own.Links() {
		require.Len(t, cypher(t, "SHOW CONSTRAINTS YIELD name, labelsOrTypes, properties WHERE name = $name AND labelsOrTypes = [$kind] AND properties = ['id'] RETURN 1",
			map[string]any{"name": "link_" + k.Name, "kind": k.Name}), 1, "the kind %s has no constraint on the id of its relationships", k.Name)
	}
	write := func(s *neo4j.Store, step int, changes ...evidence.Change) error {
		_, err := s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			p := storetest.Planner(step)
			p.Vocabulary = own
			return p.Plan(ctx, snap, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		})
		return err
	}
	require.NoError(t, write(s, 2,
		evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Kind: evidence.Of("PERSON"), Name: evidence.Of("Inés")}},
		evidence.Change{AssertLink: &evidence.AssertLink{ID: "x1", Kind: "EXTORTS", From: "p1", To: "p2", Citations: []evidence.NewCitation{{ID: "x1c", Source: "s1", Locator: "p. 1"}}}}))
	require.Equal(t, []any{"x1", "Inés"}, one(t, "MATCH (:Person {id: 'p1'})-[r:EXTORTS]->(p) RETURN r.id, p.name"))
	noFault(t, s)
	require.NoError(t, write(s, 3, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Title: evidence.Of("Otro título")}}))
	require.Equal(t, []any{[]any{"Otro título — https://example.org/informe"}}, one(t, "MATCH ()-[r:EXTORTS]->() RETURN r.sources"))
	r, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	var kinds []string
	for e, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{"p1"}, Kinds: []string{"EXTORTS"}, Total: 5}) {
		require.NoError(t, err)
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []string{"EXTORTS"}, kinds)
	require.NoError(t, r.Close())

	without := handle(t)
	err = write(without, 4, evidence.Change{Retract: &evidence.Retract{ID: "x1"}})
	require.ErrorContains(t, err, "EXTORTS")
	require.Len(t, cypher(t, "MATCH ()-[r:EXTORTS]->() RETURN r"), 1, "nothing was changed")
	require.NoError(t, write(s, 5, evidence.Change{Retract: &evidence.Retract{ID: "x1"}}))
	require.Empty(t, cypher(t, "MATCH ()-[r:EXTORTS]->() RETURN r"))
	noFault(t, s)
}

// TestApart walks from every entity over relationships of every type: no source,
// claim, citation, version or part of the log is ever reached.
func TestApart(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	small(t, s)
	apply(t, s, 2, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Description: evidence.Of("otra")}})
	require.Equal(t, []any{int64(0)}, one(t, "MATCH (e:Entity) MATCH (e)-[*1..]-(x) WHERE NOT x:Entity RETURN count(*)"))
	require.Equal(t, []any{int64(0)}, one(t, "MATCH (s:Source) MATCH (s)-[*1..]-(x) WHERE NOT (x:Source OR x:Citation OR x:Claim) RETURN count(*)"))
	require.Equal(t, []any{int64(0)}, one(t, "MATCH (n) WHERE (n:Superseded OR n:Revision OR n:Head OR n:Counter OR n:Token OR n:Shelf) AND EXISTS { (n)--() } RETURN count(n)"))
	require.NotEqual(t, []any{int64(0)}, one(t, "MATCH (s:Source) MATCH (s)-[*1..]-(x:Claim) RETURN count(*)"))
}

// TestOrderIsThatOfBytes asks the server to order what keys are made of, in an
// index and in memory, and names that are not of ASCII letters.
func TestOrderIsThatOfBytes(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	var keys []string
	for c := byte(0x20); c < 0x7f; c++ {
		keys = append(keys, string(rune(c)), "a"+string(rune(c)), "COMMANDS "+string(rune(c))+"x")
	}
	list := make([]any, len(keys))
	for i, k := range keys {
		list[i] = k
	}
	cypher(t, "UNWIND $keys AS key CREATE (:Token {slot: 99, key: key})", map[string]any{"keys": list})
	slices.Sort(keys)
	for _, text := range []string{
		"MATCH (t:Token) WHERE t.slot = 99 AND t.key > '' RETURN t.key ORDER BY t.slot, t.key",
		"UNWIND $keys AS key RETURN key ORDER BY key",
	} {
		var got []string
		for _, r := range cypher(t, text, map[string]any{"keys": list}) {
			got = append(got, r.Values[0].(string)) //nolint:forcetypeassert // written above
		}
		require.Equal(t, keys, got, text)
	}
	cypher(t, "MATCH (t:Token) WHERE t.slot = 99 DELETE t")

	// In UTF-16, and so in Neo4j's memory, U+20000 comes before U+FA0E.
	words := []string{"x", "xa", "x\u00df", "x\u65e5", "x\ufa0e", "x\U00020000", "x\U00020000\u65e5"}
	var changes []evidence.Change
	var want []string
	for i, word := range words {
		id := evidence.ID(fmt.Sprintf("e~%d", i))
		changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(word)}})
		for _, token := range evidence.SearchTokens(&evidence.Entity{ID: id, Names: []evidence.Name{{Text: word}}}) {
			want = append(want, token.Text+" "+string(id))
		}
	}
	apply(t, s, 1, changes...)
	slices.Sort(want)
	require.Len(t, want, len(words))
	r, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	for prefix, n := range map[string]int{"x": len(words), "x\U00020000": 2, "x\u65e5": 1, "y": 0} {
		var got []string
		for c, err := range r.Candidates(t.Context(), store.TokenQuery{Prefix: prefix, Limit: 100}) {
			require.NoError(t, err)
			got = append(got, c.Token+" "+string(c.Entity))
		}
		require.Len(t, got, n, prefix)
		if n == len(words) {
			require.Equal(t, want, got)
		}
	}
	noFault(t, s)
}

// faultsOf are the faults that Scan finds, with where they are.
func faultsOf(t testing.TB, s *neo4j.Store) []string {
	t.Helper()
	var faults []string
	for r, err := range s.Scan(t.Context()) {
		require.NoError(t, err)
		if r.Fault != "" {
			faults = append(faults, fmt.Sprintf("%s %s: %s", r.Kind, r.Key, r.Fault))
		}
	}
	return faults
}

func noFault(t testing.TB, s *neo4j.Store) {
	t.Helper()
	require.Empty(t, faultsOf(t, s))
}

// TestScanFindsEdits changes by hand what the store wrote.
func TestScanFindsEdits(t *testing.T) {
	neo4jtest.Exclusive(t)
	for _, edit := range []struct{ text, fault string }{
		{"MATCH (p:Person {id: 'p1'}) SET p.name = 'Otro'", "version p1 "},
		{"MATCH (p:Person {id: 'p1'}) SET p.apodo = 'El Otro'", "apodo"},
		{"MATCH (p:Person {id: 'p1'}) REMOVE p:Person", "version p1 "},
		{"MATCH (:Person)-[r:COMMANDS]->() SET r.role = 'soldado'", "version l1 "},
		{"MATCH (:Person)-[r:COMMANDS]->() SET r.sources = []", "sources"},
		{"MATCH (:Person)-[r:COMMANDS]->() DELETE r", "missing"},
		{"MATCH (a:Person)-[r:COMMANDS]->(b) WITH a, b, r, properties(r) AS p DELETE r CREATE (b)-[n:COMMANDS]->(a) SET n = p", "leads from"},
		{"MATCH (a:Person), (b:MilitaryUnit) CREATE (a)-[:PAYS]->(b)", "PAYS"},
		{"MATCH (a:Person), (b:MilitaryUnit) CREATE (a)-[:`MY OWN``S`]->(b)", "MY OWN"},
		{"CREATE (:Person {name: 'Nadie'})", "Person"},
		{"MATCH (:Claim)-[h:HAS_CITATION]->({id: 'c1'}) DELETE h", "version c1 "},
		{"MATCH ({id: 'c1'})-[h:IN_SOURCE]->() DELETE h", "version c1 "},
		{"MATCH (:Source)-[d:DERIVED_FROM]->() DELETE d", "version s2 "},
		{"MATCH (c:Claim {id: 'l1'}) SET c.strength = 1000", "strength"},
		{"MATCH (c:Claim {id: 'l1'}) SET c.toPlaceholder = true", "laceholder"},
		{"MATCH (t:Token) WHERE t.token = 'perez' SET t.slot = 3", "token perez"},
		{"MATCH (k:Counter {of: 'p1'}) SET k.extra = 1", "extra"},
		{"MATCH (v:Revision) SET v.author = 'Otra'", "author"},
		{"MATCH (v:Revision) SET v.hash = 'x'", "revision 0"},
	} {
		t.Run(edit.text, func(t *testing.T) {
			s := empty(t)
			small(t, s)
			noFault(t, s)
			cypher(t, edit.text)
			require.Contains(t, strings.Join(faultsOf(t, s), "\n"), edit.fault)
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	neo4jtest.Exclusive(t)
	empty(t)
	cypher(t, "MATCH (s:Schema) SET s.version = s.version + 1")
	_, err := neo4j.Open(t.Context(), neo4jtest.URI(t), neo4j.Options{})
	require.ErrorContains(t, err, "newer program")
	cypher(t, "MATCH (s:Schema) SET s.version = s.version - 1")
	handle(t)
}

func TestAddressWithCredentialsIsRefused(t *testing.T) {
	_, err := neo4j.Open(t.Context(), "bolt://neo4j:secret@127.0.0.1:1", neo4j.Options{})
	require.ErrorContains(t, err, "write neo4j://HOST:PORT")
	require.NotContains(t, err.Error(), "secret")
}
