package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

func TestKnownAtShowsThePast(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "a better name, and the link withdrawn", "changes": [
		{"putEntity": {"id": "p1", "name": "José Luis Pérez"}}, {"retract": {"id": "l1"}}]}}`)
	const query = `query($at: KnownAt) { entity(id: "p1", knownAt: $at) { name links { totalCount nodes { to { name } citations { nodes { source { title } } } } } }
		node(id: "l1", knownAt: $at) { id } stats(knownAt: $at) { links revision } }`
	for _, moment := range []string{`1`, `"1"`} {
		past := s.get(t, query, `{"at": `+moment+`}`)
		require.Equal(t, "José Pérez", at(t, past, "entity", "name"))
		require.Equal(t, "27th Infantry Battalion", at(t, past, "entity", "links", "nodes", 0, "to", "name"), "what is nested inherits the moment")
		require.Equal(t, "Informe", at(t, past, "entity", "links", "nodes", 0, "citations", "nodes", 0, "source", "title"))
		require.Equal(t, object{"id": "l1"}, at(t, past, "node"))
		require.Equal(t, object{"links": 1.0, "revision": 1.0}, at(t, past, "stats"))
	}
	now := s.get(t, query, "")
	require.Equal(t, "José Luis Pérez", at(t, now, "entity", "name"))
	require.Empty(t, list(t, now, "entity", "links", "nodes"))
	require.Nil(t, at(t, now, "node"))

	first := s.get(t, `{ node(id: "#1") { ... on Revision { id time reason } } }`, "")
	written := at(t, first, "node", "time").(string)
	require.Equal(t, "#1", at(t, first, "node", "id"))
	require.Equal(t, "first report", at(t, first, "node", "reason"))
	require.Equal(t, "José Pérez", at(t, s.get(t, query, `{"at": "`+written+`"}`), "entity", "name"))
	require.Equal(t, object{"links": 0.0, "revision": 0.0}, at(t, s.get(t, query, `{"at": "2001-01-01T00:00:00Z"}`), "stats"))
	for _, id := range []string{"#9", "#", "#x", "nothing", ""} {
		require.Nil(t, at(t, s.get(t, `query($id: ID!) { node(id: $id) { id } }`, `{"id": "`+id+`"}`), "node"), id)
	}
	newest := s.get(t, `{ revisions(filter: {newest: true, after: 1}) { totalCount nodes { number changes { index node { id } } } } }`, "")
	require.Equal(t, object{"totalCount": 1.0, "nodes": []any{object{"number": 2.0, "changes": []any{
		object{"index": 0.0, "node": object{"id": "p1"}}, object{"index": 1.0, "node": nil},
	}}}}, at(t, newest, "revisions"))
}

func TestAbsorbedEntities(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "the same man", "changes": [
		{"putEntity": {"id": "p2", "kind": "PERSON", "name": "El Comandante", "identity": "ALIAS_ONLY"}},
		{"mergeEntities": {"link": "same", "absorb": "p1", "into": "p2", "citations": [{"source": "s1", "locator": "p. 9"}]}}]}}`)
	out := s.get(t, `{ old: entity(id: "p1") { id name formerIds identity names { text type givenTo clearance sources { id } } }
		link(id: "l1") { from { id } fromAsserted toAsserted a: other(than: "p1") { id } b: other(than: "p2") { id } c: other(than: "u1") { id } d: other(than: "s1") { id } }
		same: link(id: "same") { kind accepted } }`, "")
	require.Equal(t, "p2", at(t, out, "old", "id"), "an absorbed id answers")
	require.Equal(t, []any{"p1"}, at(t, out, "old", "formerIds"))
	require.Equal(t, "ALIAS_ONLY", at(t, out, "old", "identity"))
	require.Contains(t, list(t, out, "old", "names"), object{"text": "José Pérez", "type": "PRIMARY", "givenTo": "p1", "clearance": "PUBLIC", "sources": []any{}})
	u1, p2 := object{"id": "u1"}, object{"id": "p2"}
	require.Equal(t, object{"from": p2, "fromAsserted": "p1", "toAsserted": "u1", "a": u1, "b": u1, "c": p2, "d": nil}, at(t, out, "link"))
	require.Equal(t, object{"kind": "SAME_AS", "accepted": true}, at(t, out, "same"))
}

func TestAWriteIsSeenByWhatFollowsIt(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	out := s.get(t, `mutation {
		a: apply(changeSet: {reason: "one", changes: [{putEntity: {id: "p", kind: PERSON, name: "Ana"}}]}) { changes { node { ... on Entity { name } } } }
		b: apply(changeSet: {reason: "two", changes: [{putEntity: {id: "p", name: "Ana María"}}]}) { changes { node { ... on Entity { name } } } } }`, "")
	require.Equal(t, "Ana", at(t, out, "a", "changes", 0, "node", "name"))
	require.Equal(t, "Ana María", at(t, out, "b", "changes", 0, "node", "name"))
}

func TestUnidentifiedOnlyWhenAsked(t *testing.T) {
	s := onCase(t)
	identified := at(t, s.get(t, `{ entities { totalCount } }`, ""), "entities", "totalCount").(float64)
	all := at(t, s.get(t, `{ entities(filter: {unidentified: true}) { totalCount } }`, ""), "entities", "totalCount").(float64)
	only := s.get(t, `{ entities(first: 200, filter: {identity: [UNIDENTIFIED, CLASS]}) { totalCount nodes { unidentified } } }`, "")
	require.InDelta(t, all-identified, at(t, only, "entities", "totalCount"), 0)
	require.Positive(t, all-identified)
	for _, n := range list(t, only, "entities", "nodes") {
		require.Equal(t, true, at(t, n, "unidentified"))
	}
}

// TestPagesJoinToTheWholeList walks every sort of list of the demonstration case
// forwards and backwards in pages of any size: the same ids in the same order,
// no gap and no repetition.
func TestPagesJoinToTheWholeList(t *testing.T) {
	s := onCase(t)
	hub := at(t, s.get(t, `{ search(text: "jose luis abarca") { nodes { entity { id } } } }`, ""), "search", "nodes", 0, "entity", "id").(string)
	claim := at(t, s.get(t, `{ links(filter: {disputed: true}, first: 1) { nodes { id } } }`, ""), "links", "nodes", 0, "id").(string)
	const page = `(first: $first, after: $after, last: $last, before: $before%s) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
	const head = `query($first: Int, $after: String, $last: Int, $before: String) { `
	lists := map[string]string{
		"entities":     head + "list: entities" + fmt.Sprintf(page, ", filter: {unidentified: true}"),
		"links":        head + "list: links" + fmt.Sprintf(page, ""),
		"filtered":     head + "list: links" + fmt.Sprintf(page, `, filter: {during: "2014-09", standing: [REPORTED]}`),
		"statements":   head + "list: statements" + fmt.Sprintf(page, ""),
		"sources":      head + "list: sources" + fmt.Sprintf(page, ""),
		"of an entity": head + fmt.Sprintf("e: entity(id: %q) { list: links", hub) + fmt.Sprintf(page, "") + " }",
		"of a claim":   head + fmt.Sprintf("e: link(id: %q) { list: citations", claim) + fmt.Sprintf(page, "") + " }",
		"of a source":  head + `e: source(id: "cannon-2022") { list: citations` + fmt.Sprintf(page, "") + " }",
	}
	for name, query := range lists {
		t.Run(name, func(t *testing.T) {
			read := func(vars object) any {
				written, err := json.Marshal(vars)
				require.NoError(t, err)
				out := s.get(t, query, string(written))
				if e, nested := out["e"]; nested {
					return at(t, e, "list")
				}
				return at(t, out, "list")
			}
			var whole []string
			vars := object{"first": 200}
			for {
				p := read(vars)
				for _, edge := range list(t, p, "edges") {
					whole = append(whole, at(t, edge, "node", "id").(string))
				}
				if at(t, p, "pageInfo", "hasNextPage") == false {
					break
				}
				vars["after"] = at(t, p, "pageInfo", "endCursor")
			}
			require.NotEmpty(t, whole)
			seen := slices.Clone(whole)
			slices.Sort(seen)
			require.Len(t, slices.Compact(seen), len(whole), "an id comes twice")

			rapid.Check(t, func(rt *rapid.T) {
				backwards := rapid.Bool().Draw(rt, "backwards")
				size := rapid.IntRange(max(1, len(whole)/12), 200).Draw(rt, "size")
				count, cursor, more, start := "first", "after", "hasNextPage", "endCursor"
				if backwards {
					count, cursor, more, start = "last", "before", "hasPreviousPage", "startCursor"
				}
				vars, got := object{count: size}, []string{}
				for {
					p := read(vars)
					var ids []string
					for _, edge := range list(t, p, "edges") {
						ids = append(ids, at(t, edge, "node", "id").(string))
					}
					if backwards {
						got = append(ids, got...)
					} else {
						got = append(got, ids...)
					}
					if at(t, p, "pageInfo", more) == false {
						break
					}
					vars[cursor] = at(t, p, "pageInfo", start)
				}
				require.Equal(rt, whole, got)
			})
		})
	}
}

// TestCitationsOfAmongSources asks a source and a claim for their citations of
// some sources.
func TestCitationsOfAmongSources(t *testing.T) {
	s := onCase(t)
	const query = `query($of: [ID!]) { source(id: "cannon-2022") { citations(first: 200, filter: {sources: $of}) { totalCount totalAtLeast nodes { source { id } } } }
		link(id: "L0274") { citations(filter: {sources: $of}) { totalCount nodes { source { id } } } } }`
	for of, want := range map[string][2]int{
		`null`:                           {89, 3},
		`[]`:                             {89, 3},
		`["cannon-2022"]`:                {89, 0},
		`["am-gu-rojos", "cannon-2022"]`: {89, 1},
		`["am-gu-rojos"]`:                {0, 1},
		`["nothing"]`:                    {0, 0},
	} {
		out := s.get(t, query, `{"of": `+of+`}`)
		for i, field := range []string{"source", "link"} {
			require.Len(t, list(t, out, field, "citations", "nodes"), want[i], "%s %s", field, of)
			require.InDelta(t, want[i], at(t, out, field, "citations", "totalCount"), 0, "%s %s", field, of)
		}
	}
	several := s.get(t, `{ sources(first: 200) { nodes { id citations(filter: {sources: ["cannon-2022"]}) { totalCount nodes { id } } } } }`, "")
	for _, n := range list(t, several, "sources", "nodes") {
		want := 0.0
		if at(t, n, "id") == "cannon-2022" {
			want = 89
		}
		require.InDelta(t, want, at(t, n, "citations", "totalCount"), 0, at(t, n, "id"))
	}
}

// TestARowThatComesTwiceListsOnceWhatIsOfIt asks for the citations of links that
// both of their ends list, for the links of entities at which several links end,
// and for both of links that several ways share.
func TestARowThatComesTwiceListsOnceWhatIsOfIt(t *testing.T) {
	s := onCase(t)
	const links = `links(first: 50) { nodes { id citations(first: 4) { pageInfo { hasNextPage } nodes { id } } from { links(first: 3) { nodes { id } } } to { links(first: 3) { nodes { id } } } } }`
	out := s.get(t, `{ entities(first: 20) { nodes { id `+links+` } }
		paths(from: ["pena-nieto"], to: ["guerreros-unidos"], maxLength: 5, first: 10) { found { hops { link { id citations(first: 4) { pageInfo { hasNextPage } nodes { id } } } } } } }`, "")
	alone := map[any]any{}
	check := func(link any) {
		id := at(t, link, "id")
		if alone[id] == nil {
			alone[id] = at(t, s.get(t, `query($id: ID!) { link(id: $id) { citations(first: 4) { pageInfo { hasNextPage } nodes { id } } } }`, fmt.Sprintf(`{"id": %q}`, id)), "link", "citations")
		}
		require.Equal(t, alone[id], at(t, link, "citations"), "%s", id)
	}
	for _, entity := range list(t, out, "entities", "nodes") {
		for _, link := range list(t, entity, "links", "nodes") {
			check(link)
			for _, end := range []string{"from", "to"} {
				seen := map[any]bool{}
				for _, other := range list(t, link, end, "links", "nodes") {
					require.False(t, seen[at(t, other, "id")], "%s twice", at(t, other, "id"))
					seen[at(t, other, "id")] = true
				}
			}
		}
	}
	ways := list(t, out, "paths", "found")
	require.NotEmpty(t, ways)
	for _, way := range ways {
		for _, hop := range list(t, way, "hops") {
			check(at(t, hop, "link"))
		}
	}
}

// TestARevisionOfWhatWasRaisedSinceTellsNoReason asks as one who is not cleared
// for what two revisions wrote and hid.
func TestARevisionOfWhatWasRaisedSinceTellsNoReason(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "he tells us of Iguala", "changes": [{"putEntity": {"id": "informer", "kind": "PERSON", "name": "Informante"}}]}}`)
	s.get(t, write, `{"cs": {"reason": "he is under threat", "changes": [{"setClearance": {"id": "informer", "clearance": "CONFIDENTIAL"}}]}}`)
	s.get(t, write, `{"cs": {"reason": "withdrawn", "changes": [{"retract": {"id": "l1"}}]}}`)
	const query = `{ revisions { totalCount nodes { number author reason changes { node { id } } } } second: node(id: "#2") { ... on Revision { reason } } }`
	low := s.as(access.Identity{Name: "Rita", Role: access.Reader, Clearance: evidence.Public, Subject: "token:Rita"})
	out := low.get(t, query, "")
	var reasons []any
	for _, r := range list(t, out, "revisions", "nodes") {
		reasons = append(reasons, at(t, r, "reason"))
		require.Equal(t, at(t, r, "reason") == "", at(t, r, "author") == "", "%v", r)
	}
	require.Equal(t, []any{"first report", "", "", "withdrawn"}, reasons, "what was retracted is seen as it was")
	require.Empty(t, at(t, out, "second", "reason"))
	out = s.get(t, query, "")
	require.Equal(t, "he tells us of Iguala", at(t, out, "second", "reason"))
}
