package graph_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// The operations that front ends are built on, word for word.
const (
	card = `query Card($id: ID!) { entity(id: $id) {
  id kind name aliases description unidentified
  links(direction: ANY, first: 25) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node {
      id kind role summary standing disputed
      from { id name kind } to { id name kind }
      valid { since until label bounds { sinceEarliest sinceLatest untilEarliest untilLatest } }
      supports disputes
      citations(first: 5) { nodes { stance locator quote { exact prefix suffix } credibility
        assertedBy { words entity { id name } }
        source { id title kind publisher published url language reliability } } } } } } } }`
	night = `query Night { links(first: 50, filter: { kinds: [COLLUDES_WITH, PROTECTS, PARTICIPATED_IN], on: "2014-09-26", certainty: POSSIBLY }) {
  nodes { id kind from { name } to { name } valid { since until held(on: "2014-09-26") } } } }`
	find     = `query Find { search(text: "pena nieto", first: 5) { nodes { score matched entity { id name kind } } } }`
	bySource = `query BySource { source(id: "cannon-2022") { title citations(first: 100) { totalCount nodes { stance
  claim { __typename ... on Link { id kind from { name } to { name } } ... on Statement { id } } } } } }`
	size  = `query Size { stats { entities links statements sources citations revision } }`
	write = `mutation Write($cs: ChangeSetInput!) { apply(changeSet: $cs) { number time author reason changes { index node { id } } } }`
	news  = `subscription News($after: Int) { revisions(after: $after) { number time author reason } }`

	firstReport = `{"cs": {"reason": "first report", "idempotencyKey": "2026-11-23/1", "changes": [
 {"putSource": {"id": "s1", "kind": "NEWS", "title": "Informe", "url": "https://example.org/informe", "published": "2014-10"}},
 {"putEntity": {"id": "p1", "kind": "PERSON", "name": "José Pérez", "aliases": ["El Pepe"]}},
 {"putEntity": {"id": "u1", "kind": "MILITARY_UNIT", "name": "27th Infantry Battalion"}},
 {"assertLink": {"id": "l1", "kind": "COMMANDS", "from": "p1", "to": "u1", "valid": {"since": "../2014-09-26", "until": "2015"}, "standing": "REPORTED",
   "citations": [{"source": "s1", "locator": "p. 4", "quote": {"exact": "estaba al mando"}, "stance": "SUPPORTS"}]}}]}}`
)

func TestCard(t *testing.T) {
	s := onCase(t)
	found := s.get(t, `{ search(text: "jose luis abarca") { nodes { entity { id } } truncated truncatedBy } }`, "")
	require.Equal(t, false, at(t, found, "search", "truncated"))
	require.Nil(t, at(t, found, "search", "truncatedBy"))
	id := at(t, found, "search", "nodes", 0, "entity", "id").(string)

	e := at(t, s.get(t, card, `{"id": "`+id+`"}`), "entity")
	require.Equal(t, id, at(t, e, "id"))
	require.Equal(t, "PERSON", at(t, e, "kind"))
	edges := list(t, e, "links", "edges")
	require.NotEmpty(t, edges)
	total := int(at(t, e, "links", "totalCount").(float64))
	require.Equal(t, total > 25, at(t, e, "links", "pageInfo", "hasNextPage"))
	require.Equal(t, at(t, edges[len(edges)-1], "cursor"), at(t, e, "links", "pageInfo", "endCursor"))
	for _, edge := range edges {
		link := at(t, edge, "node")
		require.Contains(t, []any{at(t, link, "from", "id"), at(t, link, "to", "id")}, id)
		citations := list(t, link, "citations", "nodes")
		require.NotEmpty(t, citations, "no link without a citation")
		require.Equal(t, "SUPPORTS", at(t, citations[0], "stance"))
		require.NotEmpty(t, at(t, citations[0], "source", "title"))
		require.Equal(t, at(t, link, "disputes").(float64) > 0, at(t, link, "disputed"))
		require.Positive(t, at(t, link, "supports"))
	}
	require.Nil(t, at(t, s.get(t, card, `{"id": "nobody"}`), "entity"))
}

func TestNight(t *testing.T) {
	nodes := list(t, onCase(t).get(t, night, ""), "links", "nodes")
	require.NotEmpty(t, nodes)
	for _, n := range nodes {
		require.Contains(t, []string{"COLLUDES_WITH", "PROTECTS", "PARTICIPATED_IN"}, at(t, n, "kind"))
		require.Contains(t, []string{"POSSIBLY", "DEFINITELY"}, at(t, n, "valid", "held"))
		require.NotEmpty(t, at(t, n, "from", "name"))
	}
}

func TestFind(t *testing.T) {
	nodes := list(t, onCase(t).get(t, find, ""), "search", "nodes")
	require.NotEmpty(t, nodes)
	require.Equal(t, "Enrique Peña Nieto", at(t, nodes[0], "entity", "name"))
	require.Regexp(t, "P[eé][nñ]a Nieto", at(t, nodes[0], "matched"))
	require.Equal(t, "PERSON", at(t, nodes[0], "entity", "kind"))
}

func TestBySource(t *testing.T) {
	source := at(t, onCase(t).get(t, bySource, ""), "source")
	nodes := list(t, source, "citations", "nodes")
	require.NotEmpty(t, nodes)
	total := at(t, source, "citations", "totalCount").(float64)
	require.Len(t, nodes, min(int(total), 100))
	kinds := map[any]int{}
	for _, n := range nodes {
		kinds[at(t, n, "claim", "__typename")]++
		require.NotEmpty(t, at(t, n, "claim", "id"))
	}
	require.Positive(t, kinds["Link"])
}

func TestSize(t *testing.T) {
	require.Equal(t, object{
		"entities": 203.0, "links": 473.0, "statements": 27.0, "sources": 227.0, "citations": 902.0, "revision": 1.0,
	}, at(t, onCase(t).get(t, size, ""), "stats"))
}

func TestWrite(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	rev := at(t, s.get(t, write, firstReport), "apply")
	require.InDelta(t, 1, at(t, rev, "number"), 0)
	require.Equal(t, "Ana Núñez", at(t, rev, "author"))
	require.Equal(t, "first report", at(t, rev, "reason"))
	for i, id := range []string{"s1", "p1", "u1", "l1"} {
		require.InDelta(t, i, at(t, rev, "changes", i, "index"), 0)
		require.Equal(t, id, at(t, rev, "changes", i, "node", "id"))
	}

	again := at(t, s.get(t, `mutation W($cs: ChangeSetInput!) { apply(changeSet: $cs) { number applied } }`, firstReport), "apply")
	require.Equal(t, object{"number": 1.0, "applied": false}, again, "the same key and content change nothing")

	link := at(t, s.get(t, `{ link(id: "l1") { label from { name aliases } to { name } valid { since until label(lang: "es") }
		standingHistory { standing } strength { grade lineages explanation } citations { nodes { quote { exact } check { state } } } } }`, ""), "link")
	require.Equal(t, "commands", at(t, link, "label"))
	require.Equal(t, object{"name": "José Pérez", "aliases": []any{"El Pepe"}}, at(t, link, "from"))
	require.Equal(t, "../2014-09-26", at(t, link, "valid", "since"))
	require.Equal(t, []any{object{"standing": "REPORTED"}}, at(t, link, "standingHistory"))
	require.InDelta(t, 1, at(t, link, "strength", "lineages"), 0)
	require.Contains(t, at(t, link, "strength", "explanation"), "1 supporting citation from 1 independent origin")
	require.Equal(t, "UNCHECKED", at(t, link, "citations", "nodes", 0, "check", "state"))
}

// follow subscribes; each call of what it gives waits for a response.
func follow(ctx context.Context, t *testing.T, s *service, query string, vars object) func() object {
	t.Helper()
	handler, ctx, faults := s.start(ctx, query, vars)
	require.Empty(t, faults)
	answers := make(chan object)
	go func() {
		defer close(answers)
		for response := handler(ctx); response != nil; response = handler(ctx) {
			var out object
			if json.Unmarshal(response.Data, &out) != nil || len(response.Errors) > 0 {
				out = object{"errors": response.Errors.Error()}
			}
			select {
			case answers <- out:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() object {
		t.Helper()
		select {
		case out, ok := <-answers:
			require.True(t, ok, "the subscription has ended")
			return out
		case <-time.After(10 * time.Second):
			t.Fatal("no revision was told within 10 s")
			return nil
		}
	}
}

func TestNews(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	replayed := follow(ctx, t, s, news, object{"after": json.Number("0")})
	require.Equal(t, "first report", at(t, replayed(), "revisions", "reason"))
	fresh := follow(ctx, t, s, `subscription { revisions { number changes { index node { __typename id ... on Entity { name } } } } }`, nil)

	s.get(t, write, `{"cs": {"reason": "second", "changes": [{"putEntity": {"id": "p2", "kind": "PERSON", "name": "María Ríos"}}]}}`)
	require.Equal(t, "second", at(t, replayed(), "revisions", "reason"))
	told := at(t, fresh(), "revisions")
	require.InDelta(t, 2, at(t, told, "number"), 0, "only new ones unless asked")
	require.Equal(t, object{"__typename": "Entity", "id": "p2", "name": "María Ríos"}, at(t, told, "changes", 0, "node"))

	_, faults := s.ask(t, news, `{"after": 17}`)
	require.Len(t, faults, 1)
	require.Equal(t, "INVALID_INPUT", faults[0].Extensions["code"])
	require.Equal(t, "after", faults[0].Extensions["path"])
}

// TestStatsAsTheyAreAsked asks for counts by other names and in parts of queries.
func TestStatsAsTheyAreAsked(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	whole := s.get(t, size, "")
	for _, query := range []string{
		`{ stats { people: entities ... on Stats { links sources } ...rest } } fragment rest on Stats { statements citations revision }`,
		`{ stats(knownAt: 1) { people: entities ... { links sources } statements citations revision } }`,
	} {
		parts := s.get(t, query, "")
		for name, as := range map[string]string{"entities": "people", "links": "links", "statements": "statements", "sources": "sources", "citations": "citations", "revision": "revision"} {
			require.Equal(t, at(t, whole, "stats", name), at(t, parts, "stats", as), name)
		}
	}
	require.NotZero(t, at(t, whole, "stats", "citations"))
}
