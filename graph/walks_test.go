package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// ids are the ids found at a path inside of each element of a list.
func idsAt(t *testing.T, rows []any, path ...any) []string {
	t.Helper()
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i], _ = at(t, r, append(path, "id")...).(string)
	}
	return out
}

// reader sees what is public and may do nothing but read.
var reader = access.Identity{Name: "visitor"}

const commanders = `query Commanders($of: ID!, $on: Date!) { commandersOf(of: $of, on: $on, first: 40) { truncated truncatedBy units {
	unit { id name } groundCount grounds { held links { id from { id } to { id } citations(first: 1) { nodes { source { title } } } } }
	chain { truncated rungs { level held entity { id } of { id } link { kind citations(first: 1) { nodes { source { title } } } } } } } } }`

func TestCommandersOfIguala(t *testing.T) {
	out := onCase(t).as(reader).get(t, commanders, `{"of": "iguala", "on": "2014-09-26"}`)
	require.Equal(t, false, at(t, out, "commandersOf", "truncated"))
	require.Nil(t, at(t, out, "commandersOf", "truncatedBy"))
	units := list(t, out, "commandersOf", "units")
	named := idsAt(t, units, "unit")
	require.Contains(t, named, "27-bi")
	require.Contains(t, named, "iguala-police")
	battalion := units[slices.Index(named, "27-bi")]
	rungs := list(t, battalion, "chain", "rungs")
	require.Contains(t, idsAt(t, rungs, "entity"), "rodriguez-perez")
	for _, u := range units {
		require.NotEmpty(t, list(t, u, "grounds"))
		for _, g := range list(t, u, "grounds") {
			require.NotEqual(t, "NO", at(t, g, "held"))
			for _, l := range list(t, g, "links") {
				require.NotEmpty(t, list(t, l, "citations", "nodes"), "no link without a citation")
			}
		}
	}
	for _, r := range rungs {
		require.NotEmpty(t, list(t, r, "link", "citations", "nodes"))
		require.NotEmpty(t, at(t, r, "of", "id"))
	}
	few := onCase(t).get(t, `{ commandersOf(of: "iguala", on: "2014-09-26", first: 1) { truncatedBy units { grounds(first: 1) { held } groundCount chain(first: 2) { truncatedBy rungs { level } } } } }`, "")
	require.Equal(t, "FAN_OUT", at(t, few, "commandersOf", "truncatedBy"))
	require.Len(t, list(t, few, "commandersOf", "units"), 1)
	require.Len(t, list(t, few, "commandersOf", "units", 0, "grounds"), 1)
	require.InDelta(t, 4, at(t, few, "commandersOf", "units", 0, "groundCount"), 0)
	require.Equal(t, object{"truncatedBy": "FAN_OUT", "rungs": []any{object{"level": 1.0}, object{"level": 1.0}}}, at(t, few, "commandersOf", "units", 0, "chain"))
}

func TestCommandChain(t *testing.T) {
	s := onCase(t)
	up := list(t, s.get(t, `{ commandChain(of: "27-bi", on: "2014-09-26") { rungs { level entity { id } of { id } held link { id kind } } } }`, ""), "commandChain", "rungs")
	require.Contains(t, idsAt(t, up, "entity"), "35-zm")
	require.Contains(t, idsAt(t, up, "entity"), "saavedra")
	down := list(t, s.get(t, `{ commandChain(of: "35-zm", direction: DOWN) { rungs { level entity { id } of { id } } } }`, ""), "commandChain", "rungs")
	require.Contains(t, idsAt(t, down, "entity"), "27-bi")
	require.Empty(t, list(t, s.get(t, `{ commandChain(of: "nobody") { rungs { level } truncated } }`, ""), "commandChain", "rungs"))
}

// TestCommandAlongSomeLinks asks who commanded along posts of command alone, and
// without somebody.
func TestCommandAlongSomeLinks(t *testing.T) {
	s := onCase(t)
	const filter = `filter: {kinds: [COMMANDS, LOCATED_IN], excludeEntities: ["saavedra"]}`
	chain := s.get(t, `{ commandChain(of: "27-bi", on: "2014-09-26", `+filter+`) { rungs { entity { id } link { kind } } } }`, "")
	rungs := list(t, chain, "commandChain", "rungs")
	require.Equal(t, []string{"rodriguez-perez"}, idsAt(t, rungs, "entity"))
	out := s.get(t, `{ commandersOf(of: "iguala", on: "2014-09-26", `+filter+`) { units { unit { id } grounds { links { kind } } chain { rungs { link { kind } } } } } }`, "")
	units := list(t, out, "commandersOf", "units")
	require.Contains(t, idsAt(t, units, "unit"), "27-bi")
	require.NotContains(t, idsAt(t, units, "unit"), "iguala-police", "it is of the town by another kind of link")
	for _, u := range units {
		for _, g := range list(t, u, "grounds") {
			for _, l := range list(t, g, "links") {
				require.Equal(t, "LOCATED_IN", at(t, l, "kind"))
			}
		}
		for _, r := range list(t, u, "chain", "rungs") {
			require.Equal(t, "COMMANDS", at(t, r, "link", "kind"))
		}
	}
}

func TestPathsBetweenAPresidentAndACartel(t *testing.T) {
	const query = `query($by: PathOrder!, $coherent: Boolean!) { paths(from: ["pena-nieto"], to: ["guerreros-unidos"], maxLength: 5, by: $by, coherentInTime: $coherent) {
		truncated found { length weakest product common { from to definite }
			hops { backward from { id } to { id } link { id strength { score } from { id } to { id } citations(first: 2) { nodes { stance source { title } } } } } } } }`
	for _, by := range []string{"SHORTEST", "STRONGEST"} {
		for _, coherent := range []bool{false, true} {
			out := onCase(t).as(reader).get(t, query, fmt.Sprintf(`{"by": %q, "coherent": %t}`, by, coherent))
			found := list(t, out, "paths", "found")
			require.Len(t, found, 5)
			for _, p := range found {
				at0, seen, weakest := "pena-nieto", map[string]bool{}, 1000.0
				hops := list(t, p, "hops")
				require.InDelta(t, len(hops), at(t, p, "length"), 0)
				for _, h := range hops {
					require.Equal(t, at0, at(t, h, "from", "id"))
					require.False(t, seen[at0], "the way meets %s twice", at0)
					seen[at0] = true
					near, far := at(t, h, "link", "from", "id"), at(t, h, "link", "to", "id")
					if at(t, h, "backward") == true {
						near, far = far, near
					}
					require.Equal(t, []any{at(t, h, "from", "id"), at(t, h, "to", "id")}, []any{near, far})
					require.NotEmpty(t, list(t, h, "link", "citations", "nodes"))
					weakest = min(weakest, at(t, h, "link", "strength", "score").(float64))
					at0 = at(t, h, "to", "id").(string)
				}
				require.Equal(t, "guerreros-unidos", at0)
				require.InDelta(t, weakest, at(t, p, "weakest"), 0)
				require.Equal(t, coherent, at(t, p, "common") != nil)
			}
		}
	}
	none := onCase(t).get(t, `{ paths(from: ["nobody"], to: ["guerreros-unidos"]) { truncated found { length } }
		around: paths(from: ["pena-nieto"], to: ["guerreros-unidos"], maxLength: 1, filter: {kinds: [FOUNDED]}) { found { length } } }`, "")
	require.Empty(t, list(t, none, "paths", "found"))
	require.Empty(t, list(t, none, "around", "found"))
}

func TestSubgraphTellsWhatItHides(t *testing.T) {
	s := onCase(t)
	out := at(t, s.get(t, `{ subgraph(around: ["guerreros-unidos"], depth: 2, maxEntities: 30, maxLinks: 40) { truncated truncatedBy
		entities { depth hidden entity { id name links(first: 0) { totalCount } } } links { id from { id } to { id } } } }`, ""), "subgraph")
	require.Equal(t, true, at(t, out, "truncated"))
	require.NotEmpty(t, at(t, out, "truncatedBy"))
	entities, links := list(t, out, "entities"), list(t, out, "links")
	require.LessOrEqual(t, len(entities), 30)
	require.LessOrEqual(t, len(links), 40)
	require.Equal(t, "guerreros-unidos", at(t, entities[0], "entity", "id"))
	shown := map[any]float64{}
	for _, l := range links {
		shown[at(t, l, "from", "id")]++
		shown[at(t, l, "to", "id")]++
	}
	ids := idsAt(t, entities, "entity")
	for _, e := range entities {
		id := at(t, e, "entity", "id")
		require.InDelta(t, at(t, e, "entity", "links", "totalCount"), shown[id]+at(t, e, "hidden").(float64), 0, "%s", id)
	}
	vars, err := json.Marshal(object{"ids": ids})
	require.NoError(t, err)
	among := at(t, s.get(t, `query($ids: [ID!]!) { all: linksAmong(ids: $ids) { truncated links { id } } few: linksAmong(ids: $ids, first: 1) { truncatedBy links { id } } }`, string(vars)), "all")
	require.Subset(t, idsAt(t, list(t, among, "links")), idsAt(t, links), "what is drawn is among them")
	common := at(t, s.get(t, `{ commonNeighbors(ids: ["abarca", "pineda"]) { truncated neighbors { entity { id } of { id } } } }`, ""), "commonNeighbors")
	neighbors := list(t, common, "neighbors")
	require.Contains(t, idsAt(t, neighbors, "entity"), "guerreros-unidos")
	require.Equal(t, []string{"abarca", "pineda"}, idsAt(t, list(t, neighbors[0], "of")))
	filtered := at(t, s.get(t, `{ subgraph(around: ["guerreros-unidos"], filter: {minStrength: 400, excludeDisputed: true}) { entities { hidden } links { disputed strength { score } } } }`, ""), "subgraph")
	require.NotEmpty(t, list(t, filtered, "links"))
	for _, l := range list(t, filtered, "links") {
		require.Equal(t, false, at(t, l, "disputed"))
		require.GreaterOrEqual(t, at(t, l, "strength", "score"), 400.0)
	}
	require.InDelta(t, 0, at(t, filtered, "entities", 0, "hidden"), 0, "all that the filter keeps was looked at, and is shown")
	few := at(t, s.get(t, `{ subgraph(around: ["guerreros-unidos"], maxLinks: 1, filter: {minStrength: 400}) { entities { hidden } } }`, ""), "subgraph")
	require.Nil(t, at(t, few, "entities", 0, "hidden"), "counters know nothing of strength")
	middle := at(t, s.get(t, `{ subgraph(around: ["abarca", "guerreros-unidos", "pineda"], maxEntities: 1) { truncatedBy entities { depth entity { id } } } }`, ""), "subgraph")
	require.Equal(t, []string{"abarca", "guerreros-unidos", "pineda"}, idsAt(t, list(t, middle, "entities"), "entity"), "those in the middle are all shown")
	require.Equal(t, "FAN_OUT", at(t, middle, "truncatedBy"))
	incoming := at(t, s.get(t, `{ subgraph(around: ["abarca"], direction: IN, maxLinks: 1) { entities { hidden entity { id in: links(direction: IN, first: 0) { totalCount } } } links { from { id } to { id } } } }`, ""), "subgraph")
	require.InDelta(t, at(t, incoming, "entities", 0, "entity", "in", "totalCount"), 1+at(t, incoming, "entities", 0, "hidden").(float64), 0, "of the direction that was asked for")
}

func TestTimelineAndChanges(t *testing.T) {
	s := onCase(t)
	const query = `query($first: Int!, $from: Int!) { timeline(around: ["abarca"], first: $first, from: $from) { truncatedBy total undated { id }
		moments { what earliest latest uncertain link { id from { id } to { id } } event { id } } } }`
	whole := at(t, s.get(t, query, `{"first": 1000, "from": 0}`), "timeline")
	moments := list(t, whole, "moments")
	require.NotEmpty(t, moments)
	require.InDelta(t, len(moments), at(t, whole, "total"), 0)
	events := 0
	for _, m := range moments {
		if at(t, m, "event") != nil {
			events++
			require.Nil(t, at(t, m, "link"))
		} else {
			require.NotEmpty(t, at(t, m, "link", "id"))
		}
	}
	require.Positive(t, events)
	part := at(t, s.get(t, query, `{"first": 2, "from": 1}`), "timeline")
	require.Equal(t, moments[1:3], list(t, part, "moments"))
	require.Equal(t, "FAN_OUT", at(t, part, "truncatedBy"))
	between := at(t, s.get(t, `{ timeline(between: ["abarca", "pineda"]) { moments { link { from { id } to { id } } } undated { from { id } to { id } } } }`, ""), "timeline")
	for _, m := range append(list(t, between, "moments"), object{}) {
		if link, ok := m.(object)["link"].(object); ok {
			require.Subset(t, []any{"abarca", "pineda"}, []any{at(t, link, "from", "id"), at(t, link, "to", "id")})
		}
	}
	changed := at(t, s.get(t, `{ changes(around: ["abarca"], on: ["2014-01-01", "2015-01-01"]) { total truncated changes { first second link { id } } } }`, ""), "changes")
	rows := list(t, changed, "changes")
	mayor := slices.Index(idsAt(t, rows, "link"), "L0305")
	require.GreaterOrEqual(t, mayor, 0, "he was mayor on the first day and not on the second")
	require.NotEqual(t, at(t, rows[mayor], "first"), at(t, rows[mayor], "second"))
}

func TestRankingAndCommunities(t *testing.T) {
	s := onCase(t)
	for _, by := range []string{"DEGREE", "BETWEENNESS", "PAGERANK", "BROKERAGE"} {
		out := at(t, s.get(t, `query($by: Measure!) { ranking(scope: {around: ["guerreros-unidos"], maxEntities: 100}, by: $by, first: 5) { truncatedBy ranked { score entity { id } } } }`, `{"by": "`+by+`"}`), "ranking")
		rows := list(t, out, "ranked")
		require.Len(t, rows, 5, by)
		for i := 1; i < 5; i++ {
			require.GreaterOrEqual(t, at(t, rows[i-1], "score"), at(t, rows[i], "score"))
		}
		require.NotNil(t, at(t, out, "truncatedBy"))
	}
	out := at(t, s.get(t, `{ communities(scope: {around: ["guerreros-unidos"]}) { modularity groups { size entities { id } } } }`, ""), "communities")
	require.Greater(t, at(t, out, "modularity"), 0.1)
	groups, seen := list(t, out, "groups"), map[string]bool{}
	require.Greater(t, len(groups), 1)
	for _, g := range groups {
		ids := idsAt(t, list(t, g, "entities"))
		require.InDelta(t, len(ids), at(t, g, "size"), 0)
		for _, id := range ids {
			require.False(t, seen[id], "%s is in two groups", id)
			seen[id] = true
		}
	}
}

func TestMatchAndDuplicates(t *testing.T) {
	s := onCase(t)
	for name, want := range map[string]string{"27 BI": "27-bi", "Peña Nieto, Enrique": "pena-nieto", "XXVII Batallón de Infantería": "27-bi"} {
		out := at(t, s.get(t, `query($name: String!) { match(name: $name, first: 3) { candidates { score entity { id } reasons { code detail } } } }`, `{"name": "`+name+`"}`), "match")
		require.Equal(t, want, at(t, out, "candidates", 0, "entity", "id"))
		require.NotEmpty(t, at(t, out, "candidates", 0, "reasons", 0, "detail"))
	}
	require.Empty(t, list(t, s.get(t, `{ match(name: "27 BI", kind: PERSON) { candidates { score } } }`, ""), "match", "candidates"))

	twice := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	twice.get(t, write, `{"cs": {"reason": "two notes of one man", "changes": [
		{"putEntity": {"id": "a", "kind": "PERSON", "name": "José Luis Abarca Velázquez"}},
		{"putEntity": {"id": "b", "kind": "PERSON", "name": "Abarca Velázquez, José Luis"}},
		{"putEntity": {"id": "c", "kind": "PLACE", "name": "Iguala"}}]}}`)
	const pairs = `pairs { a { id } b { id } score reasons { code } } pageInfo { hasNextPage endCursor }`
	both := twice.get(t, `{ all: duplicates { `+pairs+` } one: duplicates(entity: "b") { `+pairs+` } none: duplicates(entity: "c") { `+pairs+` } }`, "")
	require.Equal(t, []string{"a"}, idsAt(t, list(t, both, "all", "pairs"), "a"))
	require.Equal(t, []string{"b"}, idsAt(t, list(t, both, "all", "pairs"), "b"))
	require.Equal(t, []string{"b"}, idsAt(t, list(t, both, "one", "pairs"), "a"))
	require.Equal(t, []string{"a"}, idsAt(t, list(t, both, "one", "pairs"), "b"))
	require.Equal(t, "SAME_WORDS", at(t, both, "one", "pairs", 0, "reasons", 0, "code"))
	require.Empty(t, list(t, both, "none", "pairs"))
	page := twice.get(t, `{ duplicates(first: 1) { `+pairs+` } }`, "")
	require.Equal(t, true, at(t, page, "duplicates", "pageInfo", "hasNextPage"))
}

func TestFaultsOfWalks(t *testing.T) {
	s := onCase(t)
	for query, want := range map[string]string{
		`paths(from: [], to: ["abarca"]) { truncated }`:                                              "INVALID_INPUT from",
		`paths(from: ["abarca"], to: []) { truncated }`:                                              "INVALID_INPUT to",
		`paths(from: ["abarca"], to: ["pineda"], maxLength: 9) { truncated }`:                        "LIMIT_EXCEEDED maxLength",
		`paths(from: ["abarca"], to: ["pineda"], first: 51) { truncated }`:                           "LIMIT_EXCEEDED first",
		`paths(from: ["abarca"], to: ["pineda"], filter: {on: "soon"}) { truncated }`:                "INVALID_DATE filter.on",
		`paths(from: ["abarca"], to: ["pineda"], filter: {minStrength: -1}) { truncated }`:           "INVALID_INPUT filter.minStrength",
		`paths(from: ["abarca"], to: ["pineda"], filter: {on: "2014", certainty: NO}) { truncated }`: "INVALID_INPUT filter.certainty",
		`subgraph(around: ["abarca"], depth: 5) { truncated }`:                                       "LIMIT_EXCEEDED depth",
		`subgraph(around: ["abarca"], maxLinks: 5001) { truncated }`:                                 "LIMIT_EXCEEDED maxLinks",
		`subgraph(around: ["abarca"], maxEntities: 0) { truncated }`:                                 "INVALID_INPUT maxEntities",
		`subgraph(around: ["abarca"], maxEntities: -3) { truncated }`:                                "INVALID_INPUT maxEntities",
		`subgraph(around: ["abarca"], maxEntities: 2001) { truncated }`:                              "LIMIT_EXCEEDED maxEntities",
		`subgraph(around: ["abarca"], depth: 0) { truncated }`:                                       "INVALID_INPUT depth",
		`ranking(scope: {around: ["abarca"], maxLinks: 0}) { truncated }`:                            "INVALID_INPUT scope.maxLinks",
		`paths(from: ["abarca"], to: ["pineda"], maxLength: 0) { truncated }`:                        "INVALID_INPUT maxLength",
		`paths(from: ["abarca"], to: ["pineda"], first: 0) { truncated }`:                            "INVALID_INPUT first",
		`commonNeighbors(ids: ["abarca", "abarca"]) { truncated }`:                                   "INVALID_INPUT ids",
		`commandChain(of: "iguala") { truncated }`:                                                   "INVALID_INPUT of",
		`commandChain(of: "iguala-night") { truncated }`:                                             "INVALID_INPUT of",
		`commandChain(of: "L0099") { truncated }`:                                                    "INVALID_INPUT of",
		`commandChain(of: "cannon-2022") { truncated }`:                                              "INVALID_INPUT of",
		`commandersOf(of: "L0099", on: "2014") { truncated }`:                                        "INVALID_INPUT of",
		`linksAmong(ids: ["abarca"], first: -1) { truncated }`:                                       "INVALID_INPUT first",
		`commonNeighbors(ids: ["abarca"]) { truncated }`:                                             "INVALID_INPUT ids",
		`commonNeighbors(ids: ["abarca", "pineda"], atLeast: 3) { truncated }`:                       "INVALID_INPUT atLeast",
		`commandersOf(of: "abarca", on: "2014") { truncated }`:                                       "INVALID_INPUT of",
		`commandersOf(of: "iguala", on: "that night") { truncated }`:                                 "INVALID_DATE on",
		`commandersOf(of: "iguala", on: "") { truncated }`:                                           "INVALID_DATE on",
		`commandChain(of: "27-bi", on: "2014-13") { truncated }`:                                     "INVALID_DATE on",
		`commandChain(of: "27-bi", on: "") { truncated }`:                                            "INVALID_DATE on",
		`commandChain(of: "27-bi", filter: {on: "2014-13"}) { truncated }`:                           "INVALID_DATE filter.on",
		`commandersOf(of: "iguala", on: "2014", filter: {minStrength: 1001}) { truncated }`:          "INVALID_INPUT filter.minStrength",
		`linksAmong(ids: ["abarca"], filter: {on: ""}) { truncated }`:                                "INVALID_DATE filter.on",
		`timeline(around: ["abarca"], filter: {during: ""}) { total }`:                               "INVALID_DATE filter.during",
		`links(filter: {throughout: ""}) { nodes { id } }`:                                           "INVALID_DATE filter.throughout",
		`statements(filter: {on: ""}) { nodes { id } }`:                                              "INVALID_DATE filter.on",
		`sources(filter: {published: ""}) { nodes { id } }`:                                          "INVALID_DATE filter.published",
		`ranking(scope: {around: ["abarca"], filter: {on: ""}}) { truncated }`:                       "INVALID_DATE scope.filter.on",
		`commandChain(of: "27-bi", first: 1001) { truncated }`:                                       "LIMIT_EXCEEDED first",
		`timeline { total }`: "INVALID_INPUT around",
		`timeline(around: ["abarca"], between: ["pineda"]) { total }`:                                            "INVALID_INPUT between",
		`timeline(between: []) { total }`:                                                                        "INVALID_INPUT between",
		`timeline(around: ["abarca"], from: -1) { total }`:                                                       "INVALID_INPUT from",
		`changes(around: ["abarca"], on: ["2014"]) { total }`:                                                    "INVALID_INPUT on",
		`changes(around: ["abarca"], on: ["2014", "soon"]) { total }`:                                            "INVALID_DATE on[1]",
		`changes(around: ["abarca"], on: ["", "2014"]) { total }`:                                                "INVALID_DATE on[0]",
		`ranking(scope: {around: ["abarca"], depth: 9}) { truncated }`:                                           "LIMIT_EXCEEDED scope.depth",
		`communities(scope: {around: []}) { modularity }`:                                                        "INVALID_INPUT scope.around",
		`ranking(scope: {around: ["abarca"], filter: {on: "x"}}) { truncated }`:                                  "INVALID_DATE scope.filter.on",
		`match(name: "…") { truncated }`:                                                                         "INVALID_INPUT name",
		`match(name: "Abarca", first: 201) { truncated }`:                                                        "LIMIT_EXCEEDED first",
		`duplicates(first: 201) { pairs { score } }`:                                                             "LIMIT_EXCEEDED first",
		`contradictions(id: "abarca", first: 201) { truncated }`:                                                 "LIMIT_EXCEEDED first",
		`sourceImpact(ids: []) { lost }`:                                                                         "INVALID_INPUT ids",
		`history(id: "abarca", first: 201) { nodes { change } }`:                                                 "LIMIT_EXCEEDED first",
		`diff(from: 1, to: 0) { nodes { record } }`:                                                              "INVALID_INPUT from",
		`diff(from: -1) { nodes { record } }`:                                                                    "INVALID_INPUT from",
		`diff(from: 0, to: 99) { nodes { record } }`:                                                             "INVALID_INPUT to",
		`paths(from: ["abarca"], to: ["pineda"], knownAt: 99) { truncated }`:                                     "INVALID_INPUT knownAt",
		`proposals(first: 201) { nodes { id } }`:                                                                 "LIMIT_EXCEEDED first",
		`proposals(last: -1) { nodes { id } }`:                                                                   "INVALID_INPUT last",
		`tokens(first: 1, last: 1) { nodes { id } }`:                                                             "INVALID_INPUT last",
		`tokens(after: "x") { nodes { id } }`:                                                                    "INVALID_INPUT after",
		`paths(from: ["abarca"], to: ["pineda"], filter: {kinds: [KNOWS]}) { truncated }`:                        "INVALID_INPUT",
		`paths(from: ["abarca"], to: ["pineda"], first: 99999999999) { truncated }`:                              "INVALID_INPUT first",
		`subgraph(around: ["abarca"], filter: {throughout: "2014-09-31"}) { truncated }`:                         "INVALID_DATE filter.throughout",
		`subgraph(around: ["abarca"], filter: {kinds: [PAYS, LEADS], exceptKinds: [LEADS, PAYS]}) { truncated }`: "INVALID_INPUT filter.exceptKinds",
		`links(filter: {kinds: [PAYS], exceptKinds: [PAYS]}) { nodes { id } }`:                                   "INVALID_INPUT filter.exceptKinds",
		`contradictions(id: "abarca", first: -1) { truncated }`:                                                  "INVALID_INPUT first",
		`sourceImpact(ids: ["cannon-2022"], from: -7) { lost }`:                                                  "INVALID_INPUT from",
	} {
		_, errs := s.ask(t, "{ "+query+" }", "")
		require.NotEmpty(t, errs, query)
		require.Equal(t, want, faults(errs)[0], "%s: %v", query, errs)
	}
}

// TestWalksCostTheSameHoweverMuchTheyShow counts the calls of the store for what
// a question shows beside what it walks: links with their ends and citations.
func TestWalksCostTheSameHoweverMuchTheyShow(t *testing.T) {
	st := &counting{Store: memory(t, vocabulary.Standard())}
	s := serve(t, st, vocabulary.Standard())
	wheel(t, s)
	const shown = `id from { id name } to { id names { text } } standingHistory { standing citation { id } } citations(first: 3) { nodes { assertedBy { entity { name } } source { title } } }`
	for name, query := range map[string]string{
		"subgraph":     `query($n: Int!) { subgraph(around: ["hub"], maxLinks: $n) { entities { hidden entity { id } } links { ` + shown + ` } } }`,
		"among":        `query($n: Int!) { linksAmong(ids: ["hub", "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11"], first: $n) { links { ` + shown + ` } } }`,
		"chain":        `query($n: Int!) { commandChain(of: "hub", direction: DOWN, first: $n) { rungs { of { name } entity { name } link { ` + shown + ` } } } }`,
		"timeline":     `query($n: Int!) { timeline(around: ["hub"], first: $n) { undated { ` + shown + ` } } }`,
		"impact":       `query($n: Int!) { sourceImpact(ids: ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12"], first: $n) { claims { claim { ... on Link { ` + shown + ` } } } } }`,
		"ranking":      `query($n: Int!) { ranking(scope: {around: ["hub"]}, first: $n) { ranked { entity { id links(first: 2) { nodes { ` + shown + ` } } } } } }`,
		"paths":        `query($n: Int!) { paths(from: ["hub"], to: ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11"], first: $n) { found { hops { from { name } to { name } link { ` + shown + ` } } } } }`,
		"differences":  `query($n: Int!) { diff(from: 0, to: 1, first: $n) { nodes { record node { ... on Link { ` + shown + ` } ... on Citation { source { title } } } } } }`,
		"match":        `query($n: Int!) { match(name: "Batallón", first: $n) { candidates { entity { id links(first: 2) { nodes { ` + shown + ` } } } } } }`,
		"contradicted": `query($n: Int!) { contradictions(id: "hub", first: $n) { found { claims { id } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			made := map[int]int64{}
			for _, n := range []int{2, 12} {
				before := st.calls.Load()
				s.get(t, query, fmt.Sprintf(`{"n": %d}`, n))
				made[n] = st.calls.Load() - before
			}
			require.Equal(t, made[2], made[12])
			require.LessOrEqual(t, made[12], int64(16))
		})
	}
	require.Zero(t, st.open.Load(), "every reader is closed")
}
