package neo4j_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/verify"
)

// faultsByVerify are what a verification of the whole store finds.
func faultsByVerify(t *testing.T, s *neo4j.Store) string {
	t.Helper()
	fresh, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, fresh.Close()) }()
	report, err := verify.Run(t.Context(), s, fresh, storetest.Planner(9), verify.Options{MaxFaults: 1000})
	require.NoError(t, err)
	return strings.Join(report.Faults, "\n")
}

// edit is a property of the revision of its sequence, as someone sets it by hand.
type edit struct {
	property string
	value    any
}

// TestVerifyFindsAnEditedLog changes what Neo4j holds of the log, each property of
// a revision and bytes all over a payload: verify names every revision that was
// changed. Each edit has a revision of its own, so that one verification finds all
// of those that leave the log readable.
func TestVerifyFindsAnEditedLog(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	const revisions = 30
	for i := range revisions {
		_, err := storetest.Apply(t.Context(), s, i, storetest.Top, &evidence.ChangeSet{Reason: "motivo", IdempotencyKey: fmt.Sprint("clave ", i), Changes: []evidence.Change{
			{PutEntity: &evidence.PutEntity{ID: "p", Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprint("Inés Cruz ", i)), Description: evidence.Of("Coronel")}},
		}})
		require.NoError(t, err)
	}
	require.Empty(t, faultsByVerify(t, s))
	saved := map[int]map[string]any{}
	for _, row := range cypher(t, "MATCH (v:Revision) RETURN v.sequence, properties(v)") {
		saved[int(row.Values[0].(int64))] = row.Values[1].(map[string]any) //nolint:forcetypeassert // as the text returns them
	}
	require.Len(t, saved, revisions)
	tried := map[string]bool{}
	// finds makes edits, by sequence, looks whether each is found, and takes them back.
	finds := func(edits map[int]edit) {
		t.Helper()
		for sequence, e := range edits {
			tried[e.property] = true
			cypher(t, "MATCH (v:Revision {sequence: $sequence}) SET v += $edit", map[string]any{"sequence": sequence, "edit": map[string]any{e.property: e.value}})
		}
		faults := faultsByVerify(t, s)
		for sequence, e := range edits {
			require.Regexp(t, fmt.Sprintf(`\brevision %d\b`, sequence), faults, "its %s is %v", e.property, e.value)
			// By its root, which no other revision has; where that was changed, by its sequence.
			cypher(t, "MATCH (v:Revision) WHERE v.root = $saved.root OR v.sequence = $saved.sequence SET v = $saved", map[string]any{"saved": saved[sequence]})
		}
	}

	list := func(edits ...edit) map[int]edit {
		numbered := map[int]edit{}
		for i, e := range edits {
			numbered[2+i] = e
		}
		return numbered
	}
	// What the chain of hashes does not cover.
	nine := []any{int64(9), int64(9), int64(99)}
	finds(list(edit{"latest", nine}, edit{"latest", nil}, edit{"key", "otra"}, edit{"key", nil}, edit{"author", "Otra"}, edit{"author", nil}, edit{"reason", "otro"}, edit{"reason", nil},
		edit{"publicNumber", int64(99)}, edit{"publicNumber", nil}, edit{"restrictedNumber", int64(99)}, edit{"restrictedNumber", nil}, edit{"confidentialNumber", int64(99)}, edit{"confidentialNumber", nil}))

	// What it covers: headers, and bytes of payloads, packed as the store packs them.
	decoder, err := zstd.NewReader(nil)
	require.NoError(t, err)
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	unpacked := func(sequence int) []byte {
		payload, err := decoder.DecodeAll(saved[sequence]["leaves"].([]byte), nil) //nolint:forcetypeassert // they are bytes
		require.NoError(t, err)
		return payload
	}
	covered := list(edit{"hash", turned(saved[2]["hash"])}, edit{"previous", turned(saved[3]["previous"])}, edit{"root", turned(saved[4]["root"])},
		edit{"time", "2026-11-23T09:00:03.000001Z"}, edit{"leafCount", int64(9)}, edit{"leafCount", nil}, edit{"leaves", nil}, edit{"leaves", saved[20]["leaves"]},
		edit{"leaves", encoder.EncodeAll(bytes.Replace(unpacked(10), []byte("Coronel"), []byte("Alcalde"), 1), nil)})
	unreadable := []edit{{"sequence", int64(77)}, {"hash", nil}, {"previous", "x"}, {"root", nil}, {"time", "ayer"}}
	sequence := 2 + len(covered)
	for at := 0; sequence < revisions && at < len(unpacked(sequence)); at += 1 + len(unpacked(sequence))/40 {
		changed := flipped(unpacked(sequence), at)
		e := edit{"leaves", encoder.EncodeAll(changed, nil)}
		if evidence.DecodeLeaves(&evidence.Revision{}, changed) == nil {
			covered[sequence] = e
			sequence++
		} else if len(unreadable) < 7 {
			unreadable = append(unreadable, e)
		}
	}
	require.Greater(t, len(covered), 20)
	finds(covered)

	// What no longer reads ends the verification, so each is tried by itself; bytes of
	// the payload as it is stored among them.
	packed := saved[5]["leaves"].([]byte) //nolint:forcetypeassert // as above
	for _, at := range []int{0, len(packed) / 3, len(packed) / 2, len(packed) - 1} {
		_, err := decoder.DecodeAll(flipped(packed, at), nil)
		require.Error(t, err, "byte %d", at)
		unreadable = append(unreadable, edit{"leaves", flipped(packed, at)})
	}
	for _, e := range unreadable {
		finds(map[int]edit{5: e})
	}
	for property := range saved[5] {
		require.True(t, tried[property], "a revision has the property %s, of which this test knows nothing", property)
	}

	// The head says again what the last revision says.
	head := cypher(t, "MATCH (h:Head) RETURN properties(h)")[0].Values[0].(map[string]any) //nolint:forcetypeassert // as above
	for property, value := range map[string]any{"sequence": int64(2), "hash": turned(head["hash"]), "time": "2026-11-23T09:09:09Z", "latest": nine} {
		cypher(t, "MATCH (h:Head) SET h += $edit", map[string]any{"edit": map[string]any{property: value}})
		require.NotEmpty(t, faultsByVerify(t, s), "the head's %s is %v", property, value)
		cypher(t, "MATCH (h:Head) SET h = $saved", map[string]any{"saved": head})
	}
	require.Empty(t, faultsByVerify(t, s))
}

// turned is a hash of which one digit is another.
func turned(hash any) string {
	h := []byte(fmt.Sprint(hash))
	if h[10]++; h[10] > 'f' || h[10] == '9'+1 {
		h[10] = '0'
	}
	return string(h)
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// TestVerifyWhileOthersWrite writes between the reads of one verification.
func TestVerifyWhileOthersWrite(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	written := 0
	write := func() {
		written++
		_, err := storetest.Apply(t.Context(), s, written, storetest.Top, &evidence.ChangeSet{Reason: "motivo", Changes: []evidence.Change{
			{PutEntity: &evidence.PutEntity{ID: "p", Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprint("Inés Cruz ", written))}},
			{PutEntity: &evidence.PutEntity{ID: evidence.ID(fmt.Sprint("p", written)), Kind: evidence.Of("PERSON"), Name: evidence.Of("Vecino")}},
		}})
		require.NoError(t, err)
	}
	write()
	verified := func(writes int) (*verify.Report, error) {
		disturbed := storetest.Disturbed{Store: model.New(), Before: func(rows int) {
			if rows%9 == 2 && writes > 0 {
				writes--
				write()
			}
		}}
		return verify.Run(t.Context(), s, disturbed, storetest.Planner(9), verify.Options{Progress: func(string, uint64, uint64) {
			if writes > 0 {
				writes--
				write()
			}
		}})
	}
	for _, writes := range []int{1, 3, 6} {
		report, err := verified(writes)
		require.NoError(t, err)
		require.Empty(t, report.Faults)
	}
	_, err := verified(1000)
	require.ErrorIs(t, err, verify.ErrWritten)
	cypher(t, "MATCH (n:Record {id: 'p1'}) SET n.name = 'Otra'")
	report, err := verified(3)
	require.NoError(t, err)
	require.Len(t, report.Faults, 1)
	require.Contains(t, report.Faults[0], "the property name is Otra")
}

// TestVerifyFindsWhatIsOfNoRecord makes nodes and relationships that a reader takes
// for the record's, and changes since and until when search words stand.
func TestVerifyFindsWhatIsOfNoRecord(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	for step, changes := range [][]evidence.Change{{
		{PutSource: &evidence.PutSource{ID: "s1", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}},
		{PutSource: &evidence.PutSource{ID: "s2", Kind: evidence.Of("NEWS"), Title: evidence.Of("Copia"), URL: evidence.Of("https://example.org/2"), DerivedFrom: evidence.Of([]evidence.ID{"s1"})}},
		{PutEntity: &evidence.PutEntity{ID: "p1", Kind: evidence.Of("PERSON"), Name: evidence.Of("José Pérez")}},
		{PutEntity: &evidence.PutEntity{ID: "p2", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana Ruiz")}},
		{PutEntity: &evidence.PutEntity{ID: "p3", Kind: evidence.Of("PERSON"), Name: evidence.Of("Nadie")}},
		{AssertLink: &evidence.AssertLink{ID: "l4", Kind: "LINKED_TO", From: "p1", To: "p2", Citations: []evidence.NewCitation{{ID: "c1", Source: "s1", Locator: "p. 1"}}}},
		{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "p1", Attribute: "RANK", Value: "General", Citations: []evidence.NewCitation{{ID: "c2", Source: "s2", Locator: "p. 2"}}}},
	}, {
		{PutEntity: &evidence.PutEntity{ID: "p1", Name: evidence.Of("José Peralta")}}, {Retract: &evidence.Retract{ID: "p3"}},
	}, {
		{PutEntity: &evidence.PutEntity{ID: "p1", Name: evidence.Of("José Pérez")}},
	}} {
		_, err := storetest.Apply(t.Context(), s, step+1, storetest.Top, &evidence.ChangeSet{Reason: "motivo", Changes: changes})
		require.NoError(t, err)
	}
	require.Empty(t, faultsByVerify(t, s))
	cypher(t, "CREATE (:Film {title: 'La noche'})-[:SHOT_IN]->(:Town {name: 'Iguala'})")
	require.Empty(t, faultsByVerify(t, s), "what others keep beside the graph is theirs")
	const forget = "MATCH (n {mark: 1}) DETACH DELETE n"
	const unmark, unname = "MATCH (n) WHERE n.mark IS NOT NULL REMOVE n.mark", "MATCH (n:Confirmado) REMOVE n:Confirmado"
	const unmarkAll = "MATCH ()-[r]->() WHERE r.mark IS NOT NULL REMOVE r.mark"
	for what, c := range map[string]struct{ do, undo, says string }{
		"a citation of a link":  {"MATCH (c:Claim {id:'l4'}),(s:Source {id:'s1'}) CREATE (c)-[:HAS_CITATION]->(:Citation {mark:1,id:'forged',stance:'SUPPORTS',locator:'p. 666'})-[:IN_SOURCE]->(s)", forget, `of the 3 Citation nodes, 1 belong to no record; delete them: "forged"`},
		"a source":              {"MATCH (c:Citation {id:'c1'}) CREATE (c)-[:IN_SOURCE]->(:Source {mark:1,id:'forged',title:'Sentencia'})", forget, "in the sources [forged s1]"},
		"a claim":               {"CREATE (:Claim {mark:1,id:'forged'})", forget, `Claim nodes, 1 belong to no record; delete them: "forged"`},
		"a link":                {"CREATE (:Link {mark:1,id:'forged'})", forget, `Link nodes, 1 belong to no record; delete them: "forged"`},
		"a statement":           {"CREATE (:Statement {mark:1,id:'forged',entity:'p1'})", forget, `Statement nodes, 1 belong to no record; delete them: "forged"`},
		"an entity":             {"CREATE (:Entity:Person {mark:1,name:'Nadie'})", forget, "Person nodes, 1 belong to no record"},
		"a version":             {"CREATE (:Superseded:Version:ClaimVersion {mark:1,id:'l4'})", forget, `ClaimVersion nodes, 1 belong to no record; delete them: "l4"`},
		"a version of nothing":  {"CREATE (:Superseded:Version:ClaimVersion {mark:1,id:'l9',revision:1})", forget, `ClaimVersion nodes, 1 belong to no record; delete them: "l9"`},
		"a revision":            {"CREATE (:Revision {mark:1})", forget, "Revision nodes, 1 belong to no record"},
		"a counter":             {"CREATE (:Counter {mark:1})", forget, "Counter nodes, 1 belong to no record"},
		"a word of nobody":      {"CREATE (:Token {mark:1,entity:'nadie',slot:6,key:'x nadie',token:'x',revision:1,closedBy:2})", forget, "Token nodes, 1 belong to no record"},
		"a source of an entity": {"MATCH (e:Entity {id:'p1'}),(s:Source {id:'s1'}) CREATE (e)-[:IN_SOURCE {mark:1}]->(s)", "MATCH ()-[r {mark:1}]->() DELETE r", `record "p1"`},
		"one more citation":     {"MATCH (c:Claim {id:'l4'}),(x:Citation {id:'c2'}) CREATE (c)-[:HAS_CITATION {mark:1}]->(x)", "MATCH ()-[r {mark:1}]->() DELETE r", `record "c2"`},
		"a source derived":      {"MATCH (a:Entity {id:'p1'}),(s:Source {id:'s1'}) CREATE (a)-[:DERIVED_FROM {mark:1}]->(s)", "MATCH ()-[r {mark:1}]->() DELETE r", `record "p1"`},
		"a relationship":        {"MATCH (a:Entity {id:'p2'}),(b:Entity {id:'p1'}) CREATE (a)-[:LINKED_TO {mark:1,id:'forged'}]->(b)", "MATCH ()-[r {mark:1}]->() DELETE r", `of the 2 LINKED_TO relationships, 1 belong to no record; delete them: "forged"`},
		"one of another type":   {"MATCH (a:Entity {id:'p2'}),(b:Entity {id:'p1'}) CREATE (a)-[:MURDERED {mark:1,id:'l4'}]->(b)", "MATCH ()-[r {mark:1}]->() DELETE r", `of the 1 MURDERED relationships, 1 belong to no record; delete them: "l4"`},
		"since when a word":     {"MATCH (t:Token {entity:'p2',token:'ruiz'}) SET t.was = t.revision, t.revision = 2", "MATCH (t:Token {entity:'p2',token:'ruiz'}) SET t.revision = t.was REMOVE t.was", `record "p2"`},
		"only since when":       {"MATCH (t:Token {entity:'p2',token:'ruiz'}) SET t.revision = 2", "MATCH (t:Token {entity:'p2',token:'ruiz'}) SET t.revision = 1", "a search word of it is missing or not as it was"},
		"until when a word":     {"MATCH (t:Token {entity:'p1',token:'peralta'}) SET t.closedBy = 9", "MATCH (t:Token {entity:'p1',token:'peralta'}) SET t.closedBy = 3", "a search word of it is missing or not as it was"},
		"on HAS_CITATION":       {"MATCH (:Claim {id:'l4'})-[r:HAS_CITATION]->() SET r.mark = 'falso'", unmarkAll, `record "c1", as revision 1 wrote it: the relationship HAS_CITATION has a property mark, of which no record knows; take it away`},
		"on IN_SOURCE":          {"MATCH (:Citation {id:'c2'})-[r:IN_SOURCE]->() SET r.mark = 'falso'", unmarkAll, `record "c2", as revision 1 wrote it: the relationship IN_SOURCE has a property mark, of which no record knows; take it away`},
		"on DERIVED_FROM":       {"MATCH (:Source {id:'s2'})-[r:DERIVED_FROM]->() SET r.mark = 'falso'", unmarkAll, `record "s2", as revision 1 wrote it: the relationship DERIVED_FROM has a property mark, of which no record knows; take it away`},
		"on a revision":         {"MATCH (n:Revision {sequence: 2}) SET n.mark = 'falso'", unmark, "revision 2: there is a property mark, of which the log knows nothing; take it away"},
		"a label of a revision": {"MATCH (n:Revision {sequence: 2}) SET n:Confirmado", unname, "revision 2: the node has the labels [Confirmado Revision], and [Revision] are called for; set the labels"},
		"on the head":           {"MATCH (n:Head) SET n.mark = 'falso'", unmark, "on the node Head there is a property mark, of which no graph knows; take it away"},
		"a label of the head":   {"MATCH (n:Head) SET n:Confirmado", unname, "the node has the labels [Confirmado Head]"},
		"on the schema":         {"MATCH (n:Schema) SET n.mark = 'falso'", unmark, "on the node Schema there is a property mark, of which no graph knows; take it away"},
		"a label of the schema": {"MATCH (n:Schema) SET n:Confirmado", unname, "the node has the labels [Confirmado Schema]"},
		"a label of a counter":  {"MATCH (n:Counter {of: 'p1'}) SET n:Confirmado", unname, "the node has the labels [Confirmado Counter]"},
		"a label of a word":     {"MATCH (n:Token {entity: 'p2', token: 'ruiz'}) SET n:Confirmado", unname, `record "p2", as revision 1 wrote it: of the search word "ruiz": the node has the labels [Confirmado Token]`},
		"of a former word":      {"MATCH (n:Token {entity: 'p3', token: 'nadie'}) SET n:Confirmado", unname, `record "p3", as revision 1 wrote it: of the search word "nadie": the node has the labels [Confirmado Token]`},
		"a word of the past":    {"MATCH (t:Token {entity:'p3',token:'nadie'}) SET t.entity = 'p2'", "MATCH (t:Token {entity:'p2',token:'nadie'}) SET t.entity = 'p3'", "no version calls for"},
	} {
		cypher(t, c.do)
		faults := faultsByVerify(t, s)
		assert.Contains(t, faults, c.says, what)
		assert.NotContains(t, faults, `"~"`)
		cypher(t, c.undo)
		require.Empty(t, faultsByVerify(t, s), what)
	}
}

// TestVerifyWithoutTheVocabulary says that it is missing, and not that what it has
// kinds for is to be deleted.
func TestVerifyWithoutTheVocabulary(t *testing.T) {
	neo4jtest.Exclusive(t)
	wipe(t)
	kinds, err := vocabulary.Standard().Extend(strings.NewReader("links:\n  - name: EXTORTS\n    label: {en: extorts}\n    inverse: {en: is extorted by}\n    meaning: Takes money by threats.\n    from: [PERSON]\n    to: [AGENT]\n    aspect: STATE\n"))
	require.NoError(t, err)
	s, err := neo4j.Open(t.Context(), neo4jtest.URI(t), neo4j.Options{Vocabulary: kinds})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	planner := storetest.Planner(1)
	planner.Vocabulary = kinds
	changes := &evidence.ChangeSet{Reason: "motivo", Changes: []evidence.Change{
		{PutSource: &evidence.PutSource{ID: "s1", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}},
		{PutEntity: &evidence.PutEntity{ID: "p1", Kind: evidence.Of("PERSON"), Name: evidence.Of("José Pérez")}},
		{PutEntity: &evidence.PutEntity{ID: "p2", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana Ruiz")}},
		{AssertLink: &evidence.AssertLink{ID: "l1", Kind: "EXTORTS", From: "p1", To: "p2", Citations: []evidence.NewCitation{{ID: "c1", Source: "s1", Locator: "p. 1"}}}},
	}}
	_, err = s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner.Plan(ctx, snap, storetest.Top, changes)
	})
	require.NoError(t, err)
	faults := func(s *neo4j.Store) (told []string) {
		for row, err := range s.Scan(t.Context()) {
			require.NoError(t, err)
			if row.Fault != "" {
				told = append(told, row.Fault)
			}
		}
		return told
	}
	require.Empty(t, faults(s))
	told := strings.Join(faults(handle(t)), "\n")
	require.Contains(t, told, "the vocabulary has no kind of link EXTORTS, of which the graph has 1; give the file that has it with --vocabulary")
	require.NotContains(t, told, "delete")
}
