package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/trace"
)

const contradicting = `query($id: ID!) { contradictions(id: $id) { truncated found { rule explanation
	claims { __typename id disputed ... on Link { kind } ... on Statement { attribute } citations(first: 1) { nodes { source { title } } } }
	versions { claims { id } } } } }`

func TestContradictionsOfTheCase(t *testing.T) {
	s := onCase(t).as(reader)
	of := func(id string) []any {
		return list(t, s.get(t, contradicting, `{"id": "`+id+`"}`), "contradictions", "found")
	}
	founders := slices.IndexFunc(of("guerreros-unidos"), func(c any) bool {
		return at(t, c, "rule") == "EXCLUSIVE_HOLDERS" && at(t, c, "claims", 0, "kind") == "FOUNDED"
	})
	require.GreaterOrEqual(t, founders, 0)
	founding := of("guerreros-unidos")[founders]
	require.Len(t, list(t, founding, "versions"), 3, "the founding is told in three versions")
	var told []string
	for _, v := range list(t, founding, "versions") {
		told = append(told, idsAt(t, list(t, v, "claims"))...)
	}
	require.ElementsMatch(t, idsAt(t, list(t, founding, "claims")), told)
	for id, rule := range map[string]string{"abarca": "OPPOSED_KINDS", "saavedra": "EXCLUSIVE_HOLDERS"} {
		require.True(t, slices.ContainsFunc(of(id), func(c any) bool { return at(t, c, "rule") == rule }), "%s: %s", id, rule)
	}
	require.NotEmpty(t, of("historical-truth"))
	for _, c := range of("saavedra") {
		require.NotEmpty(t, at(t, c, "explanation"))
		for _, claim := range list(t, c, "claims") {
			require.NotEmpty(t, list(t, claim, "citations", "nodes"))
		}
	}
	claim := at(t, founding, "claims", 0, "id").(string)
	for _, c := range of(claim) {
		require.Contains(t, idsAt(t, list(t, c, "claims")), claim, "of a claim only those that it takes part in")
	}
	require.NotEmpty(t, of(claim))
	require.Empty(t, of("nobody"))
	few := s.get(t, `{ contradictions(id: "abarca", first: 0) { truncatedBy found { rule } } }`, "")
	require.Equal(t, "FAN_OUT", at(t, few, "contradictions", "truncatedBy"))
}

func TestWhatWouldFallWithASource(t *testing.T) {
	s := onCase(t)
	const query = `query($first: Int!, $from: Int!) { sourceImpact(ids: ["cannon-2022"], first: $first, from: $from) { lost weakened unchanged truncatedBy
		claims { lost strength weakening lineages claim { __typename id supports strength { score } } } } }`
	whole := at(t, s.get(t, query, `{"first": 1000, "from": 0}`), "sourceImpact")
	claims := list(t, whole, "claims")
	counted := map[string]float64{}
	for _, c := range claims {
		before, left := at(t, c, "claim", "strength", "score").(float64), at(t, c, "strength").(float64)
		require.InDelta(t, before-left, at(t, c, "weakening"), 0)
		switch {
		case at(t, c, "lost") == true:
			counted["lost"]++
			require.InDelta(t, 0, left, 0)
		case before > left:
			counted["weakened"]++
		default:
			counted["unchanged"]++
		}
	}
	for _, of := range []string{"lost", "weakened", "unchanged"} {
		require.InDelta(t, counted[of], at(t, whole, of), 0, of)
	}
	require.Positive(t, counted["lost"])
	require.Positive(t, counted["weakened"])
	require.Equal(t, true, at(t, claims[0], "lost"), "what would be lost comes first")
	part := at(t, s.get(t, query, `{"first": 2, "from": 1}`), "sourceImpact")
	require.Equal(t, claims[1:3], list(t, part, "claims"))
	require.Equal(t, "FAN_OUT", at(t, part, "truncatedBy"))
	require.Equal(t, at(t, whole, "lost"), at(t, part, "lost"), "the counts are of all")
}

const past = `query($id: ID!, $at: KnownAt) { history(id: $id, knownAt: $at) { pageInfo { hasNextPage }
	nodes { change revision { number author reason } fields { field before after } } } }`

func TestHistoryAndDiff(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "a better name", "changes": [{"putEntity": {"id": "p1", "name": "José Luis Pérez", "identity": "ALIAS_ONLY"}},
		{"setStanding": {"claim": "l1", "standing": "ALLEGED", "citation": {"id": "c2", "source": "s1", "locator": "p. 9"}}}]}}`)
	s.get(t, write, `{"cs": {"reason": "withdrawn", "changes": [{"retract": {"id": "l1"}}, {"putSource": {"id": "s1", "reliability": "B"}}]}}`)

	steps := list(t, s.get(t, past, `{"id": "p1"}`), "history", "nodes")
	require.Len(t, steps, 2)
	require.Equal(t, object{"change": "MADE", "revision": object{"number": 1.0, "author": "Ana Núñez", "reason": "first report"}, "fields": []any{}}, steps[0])
	require.Equal(t, "a better name", at(t, steps[1], "revision", "reason"))
	require.Equal(t, []any{
		object{"field": "identity", "before": "NAMED", "after": "ALIAS_ONLY"},
		object{
			"field":  "names",
			"before": []any{object{"text": "José Pérez", "type": "PRIMARY", "clearance": "PUBLIC"}, object{"text": "El Pepe", "type": "ALIAS", "clearance": "PUBLIC"}},
			"after":  []any{object{"text": "José Luis Pérez", "type": "PRIMARY", "clearance": "PUBLIC"}, object{"text": "El Pepe", "type": "ALIAS", "clearance": "PUBLIC"}},
		},
	}, list(t, steps[1], "fields"))

	link := list(t, s.get(t, past, `{"id": "l1"}`), "history", "nodes")
	require.Equal(t, []any{"MADE", "CHANGED", "WITHDRAWN"}, []any{at(t, link[0], "change"), at(t, link[1], "change"), at(t, link[2], "change")})
	require.Equal(t, []any{object{"field": "standing", "before": []any{object{"standing": "REPORTED"}}, "after": []any{object{"standing": "REPORTED"}, object{"standing": "ALLEGED", "citation": "c2"}}}}, list(t, link[1], "fields"))
	require.Len(t, list(t, s.get(t, past, `{"id": "l1", "at": 1}`), "history", "nodes"), 1, "the past knows nothing of what came later")
	reliability := list(t, s.get(t, past, `{"id": "s1"}`), "history", "nodes")
	require.Equal(t, object{"field": "reliability", "before": "F", "after": "B"}, at(t, reliability[1], "fields", 0))
	require.Empty(t, list(t, s.get(t, past, `{"id": "nothing"}`), "history", "nodes"))

	const diff = `query($from: Int!, $to: Int, $first: Int, $after: String) { diff(from: $from, to: $to, first: $first, after: $after) { pageInfo { hasNextPage endCursor }
		nodes { record change fields { field } node { __typename id } } } }`
	first := list(t, s.get(t, diff, `{"from": 1, "to": 2}`), "diff", "nodes")
	require.Contains(t, first, object{"record": "p1", "change": "CHANGED", "fields": []any{object{"field": "identity"}, object{"field": "names"}}, "node": object{"__typename": "Entity", "id": "p1"}})
	require.Contains(t, first, object{"record": "c2", "change": "MADE", "fields": []any{}, "node": nil})
	all := s.get(t, diff, `{"from": 1}`)
	require.Contains(t, list(t, all, "diff", "nodes"), object{"record": "l1", "change": "WITHDRAWN", "fields": []any{}, "node": nil})
	for _, node := range list(t, all, "diff", "nodes") {
		require.NotEqual(t, "c2", at(t, node, "record"), "what came and went between the two is in neither")
	}
	var paged []any
	for after, more := "", true; more; {
		page := s.get(t, diff, fmt.Sprintf(`{"from": 0, "to": 1, "first": 2, "after": %q}`, after))
		paged = append(paged, list(t, page, "diff", "nodes")...)
		after, _ = at(t, page, "diff", "pageInfo", "endCursor").(string)
		more = at(t, page, "diff", "pageInfo", "hasNextPage") == true
	}
	require.Equal(t, list(t, s.get(t, diff, `{"from": 0, "to": 1}`), "diff", "nodes"), paged)
	require.GreaterOrEqual(t, len(paged), 5)
	require.Empty(t, list(t, s.get(t, diff, `{"from": 3}`), "diff", "nodes"))
}

// TestWalksDoNotTellWhatIsHidden asks everything that walks through the graph of
// the public, before and after records are added that they may not see.
func TestWalksDoNotTellWhatIsHidden(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "more", "changes": [
		{"putEntity": {"id": "g1", "kind": "CRIMINAL_GROUP", "name": "Los Rojos"}}, {"putEntity": {"id": "pl", "kind": "PLACE", "name": "Iguala"}},
		{"assertLink": {"id": "l2", "kind": "COLLUDES_WITH", "from": "u1", "to": "g1", "valid": {"since": "2014"}, "citations": [{"id": "c1", "source": "s1", "locator": "p. 5"}]}},
		{"assertLink": {"id": "l3", "kind": "BASED_IN", "from": "u1", "to": "pl", "valid": {"since": "2010"}, "citations": [{"source": "s1", "locator": "p. 6"}]}}]}}`)
	public := s.as(reader)
	const everything = `{ paths(from: ["p1"], to: ["g1"]) { found { weakest hops { link { id } } } }
		subgraph(around: ["p1"], depth: 2) { truncated entities { hidden entity { id names { text sources { id } } } } links { id disputed strength { score } } }
		linksAmong(ids: ["p1", "u1", "g1"]) { links { id } } commonNeighbors(ids: ["p1", "g1"]) { neighbors { entity { id } of { id } } }
		commandChain(of: "u1", on: "2014-09-26") { rungs { entity { id } } } commandersOf(of: "pl", on: "2014-09-26") { units { unit { id } groundCount chain { rungs { entity { id } } } } }
		timeline(around: ["p1"]) { total moments { what link { id } event { id } } undated { id } } changes(around: ["u1"], on: ["2009", "2014"]) { changes { link { id } first second } }
		ranking(scope: {around: ["p1"]}) { ranked { score entity { id } } } communities(scope: {around: ["p1"]}) { modularity groups { entities { id } } }
		match(name: "Jose Perez") { candidates { score entity { id } reasons { code detail } } } duplicates { pairs { score a { id } b { id } } }
		contradictions(id: "u1") { found { rule explanation claims { id } } } sourceImpact(ids: ["s1", "hs"]) { lost weakened unchanged claims { claim { id } strength } }
		history(id: "p1") { nodes { revision { number } fields { field before after } } } h2: history(id: "hp") { nodes { change } } c: history(id: "c1") { nodes { fields { field after } } }
		diff(from: 0, to: 2) { nodes { record } } }`
	before := public.get(t, everything, "")
	require.Len(t, list(t, before, "paths", "found"), 1)
	s.get(t, write, `{"cs": {"reason": "in confidence", "changes": [
		{"putSource": {"id": "hs", "kind": "NEWS", "title": "Reserved", "url": "https://example.org/r", "reliability": "A", "clearance": "CONFIDENTIAL"}},
		{"putEntity": {"id": "hp", "kind": "PERSON", "name": "José Pérez García", "clearance": "CONFIDENTIAL"}},
		{"assertLink": {"id": "h1", "kind": "PAYS", "from": "p1", "to": "g1", "clearance": "CONFIDENTIAL", "valid": {"since": "2014"}, "citations": [{"source": "s1", "locator": "p. 7"}]}},
		{"assertLink": {"id": "h2", "kind": "COMMANDS", "from": "hp", "to": "u1", "valid": {"since": "2012"}, "citations": [{"source": "s1", "locator": "p. 8"}]}},
		{"assertLink": {"id": "h3", "kind": "RIVAL_OF", "from": "u1", "to": "g1", "citations": [{"source": "hs", "locator": "p. 1"}]}},
		{"cite": {"claim": "l1", "citation": {"source": "hs", "locator": "p. 2", "stance": "DISPUTES"}}},
		{"cite": {"claim": "l2", "citation": {"source": "hs", "locator": "p. 3"}}},
		{"putEntity": {"id": "p1", "names": [{"text": "El Pepe", "sources": ["hs"]}, {"text": "El Secreto", "clearance": "CONFIDENTIAL"}]}}]}}`)
	after := public.get(t, everything, "")
	require.Equal(t, before, after)
	require.NotEqual(t, before, s.get(t, everything, ""), "who may see them is told")
}

func TestMergesAreFlagged(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	s.get(t, write, `{"cs": {"reason": "two more", "changes": [
		{"putEntity": {"id": "p2", "kind": "PERSON", "name": "El Comandante", "identity": "ALIAS_ONLY"}},
		{"assertLink": {"id": "l2", "kind": "FAMILY_OF", "from": "p1", "to": "p2", "citations": [{"source": "s1", "locator": "p. 5"}]}}]}}`)
	const flags = `{ a: link(id: "l1") { merged loop endsFit } b: link(id: "l2") { merged loop endsFit } }`
	require.Equal(t, object{"a": object{"merged": false, "loop": false, "endsFit": true}, "b": object{"merged": false, "loop": false, "endsFit": true}}, s.get(t, flags, ""))
	s.get(t, write, `{"cs": {"reason": "one man", "changes": [{"mergeEntities": {"absorb": "p1", "into": "p2", "citations": [{"source": "s1", "locator": "p. 9"}]}}]}}`)
	require.Equal(t, object{"a": object{"merged": true, "loop": false, "endsFit": true}, "b": object{"merged": true, "loop": true, "endsFit": true}}, s.get(t, flags, ""))
}

func TestCapturesAndChecks(t *testing.T) {
	st := memory(t, vocabulary.Standard())
	s := serve(t, st, vocabulary.Standard())
	s.get(t, write, strings.Replace(firstReport, `"citations": [{"source"`, `"citations": [{"id": "c1", "source"`, 1))
	const look = `{ source(id: "s1") { captures { sha256 length mediaType storedAt hasText } }
		citation(id: "c1") { check { state at capture { sha256 } start end context nearest distance } } }`
	none := s.get(t, look, "")
	require.Empty(t, list(t, none, "source", "captures"))
	require.Equal(t, object{"state": "UNCHECKED", "at": nil, "capture": nil, "start": nil, "end": nil, "context": nil, "nearest": nil, "distance": nil}, at(t, none, "citation", "check"))

	sum := strings.Repeat("ab", 32)
	_, err := trace.New(st, vocabulary.Standard(), planner(vocabulary.Standard())).Apply(t.Context(), evidence.Author{Name: "capture", Clearance: evidence.Confidential}, &evidence.ChangeSet{Reason: "captured", Changes: []evidence.Change{
		{AttachCapture: &evidence.AttachCapture{Source: "s1", Capture: evidence.Capture{SHA256: sum, Length: 120, MediaType: "text/html", Captured: "2026-11-23T21:00:00Z", Text: sum}}},
		{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: "c1", Check: evidence.QuoteCheck{
			State: evidence.Verified, At: "2026-11-23T21:00:01Z", Capture: sum, Start: 10, End: 25, Context: "… estaba al mando …",
		}}}}},
	}})
	require.NoError(t, err)
	kept := s.get(t, look, "")
	require.Equal(t, []any{object{"sha256": sum, "length": 120.0, "mediaType": "text/html", "storedAt": "2026-11-23T21:00:00Z", "hasText": true}}, list(t, kept, "source", "captures"))
	require.Equal(t, object{
		"state": "VERIFIED", "at": "2026-11-23T21:00:01Z", "capture": object{"sha256": sum},
		"start": 10.0, "end": 25.0, "context": "… estaba al mando …", "nearest": nil, "distance": nil,
	}, at(t, kept, "citation", "check"))
}
