package leak_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
)

// pools are the values that a variable of each name takes. Ids of hidden records
// are among them, since a reader may guess them, and ids that nothing has.
func (p *plan) pools() map[string][]any {
	ids := func(lists ...[]evidence.ID) []any {
		var out []any
		for _, id := range slices.Concat(lists...) {
			out = append(out, string(id))
		}
		return out
	}
	few := func(size int, from []evidence.ID) []any {
		var out []any
		for i := range from {
			var list []any
			for j := range size {
				list = append(list, string(from[(i+j*(i%3+1))%len(from)]))
			}
			out = append(out, list)
		}
		return out
	}
	entities, sources := slices.Concat(p.pub.entities, p.sec.entities), slices.Concat(p.pub.sources, p.sec.sources)
	nothing := []evidence.ID{"nobody"}
	steps := len(p.steps)
	out := shapes()
	pools := map[string][]any{
		"entity": ids(p.pub.entities, entities, nothing), "entity2": ids(entities, nothing), "source": ids(p.pub.sources, sources, nothing),
		"link": ids(p.pub.links, p.pub.links, p.sec.links, nothing), "statement": ids(p.pub.statements, p.sec.statements, nothing), "citation": ids(p.pub.citations, p.sec.citations, nothing),
		"propped": ids(p.propped), "commanded": ids(p.pub.entities[3:5]), "placed": ids(p.pub.entities[6:8]), "contested": ids(p.pub.entities[5:6], p.pub.entities[:1]), "charged": ids(p.pub.links[:1]), "checked": {string(p.checked)}, "missed": {string(p.missed)}, "claim": ids(p.pub.claims(), p.pub.claims(), p.sec.claims(), nothing), "node": append(ids(p.pub.all(), p.pub.all(), p.sec.all(), nothing), "#1", "#2", "#3", fmt.Sprintf("#%d", steps)),
		"hub": ids(p.pub.entities[:2]), "hub2": ids(p.pub.entities[2:5]), "ids": few(1, entities), "ids2": few(2, entities), "many": few(6, entities), "sources": few(2, sources),
		"text":         {"jose perez", "guerrero", "batallon infanteria", "jo", "secreto", "zqxname", "27 bat", mark(p.pub.entities[0]), mark(p.sec.entities[0]), mark(p.pub.entities[3])},
		"kinds":        {nil, []any{"PERSON"}, []any{"MILITARY_UNIT", "PLACE"}},
		"kind":         {nil, "PERSON", "MILITARY_UNIT"},
		"unidentified": {true, false}, "newest": {true, false}, "coherent": {false, false, true}, "weigh": {true, false},
		"direction": {"ANY", "OUT", "IN"}, "by": {"SHORTEST", "STRONGEST"}, "chain": {"UP", "DOWN"}, "measure": {"DEGREE", "BETWEENNESS", "PAGERANK", "BROKERAGE"},
		"date": {nil, "2014-09-26", "2013", "2020"}, "day": {"2014-09-26", "2013-05", "2010"},
		"days": {[]any{"2013", "2014-09-26"}, []any{"2010", "2020"}, []any{"2014-09-26", "2016"}},
		"max":  {1, 3, 10, 40}, "from": {0, 0, 1, 3}, "low": {0, 1, 2, 5, 9}, "high": {nil, 3, 6, steps, 10_000},
		"knownAt": {nil, nil, nil}, "number": {0, 1, 3, steps},
		"document": {encode("bb"), encode("aa"), encode("cc")}, "type": {"text/plain", "image/png"},
		"state": {nil, "PENDING", "ACCEPTED", "REJECTED"}, "decision": {"ACCEPT", "REJECT"}, "reason": {"visto", nil},
	}
	for n := range steps + 2 {
		pools["knownAt"] = append(pools["knownAt"], n)
	}
	for _, s := range p.steps {
		pools["knownAt"] = append(pools["knownAt"], s.at.Add(10*time.Second).Format(time.RFC3339))
	}
	out["linkFilter"] = append(out["linkFilter"],
		map[string]any{"sources": ids(p.pub.sources[:1], p.sec.sources[:1])}, map[string]any{"sources": ids(p.sec.sources[:1])}, map[string]any{"about": ids(p.pub.links)},
		map[string]any{"from": ids(p.pub.entities[:2])}, map[string]any{"to": ids(entities)}, map[string]any{"ends": ids(p.pub.entities[2:4], p.sec.entities)}, map[string]any{"about": ids(p.sec.links)})
	out["statementFilter"] = append(out["statementFilter"], map[string]any{"sources": ids(sources), "entities": ids(entities)}, map[string]any{"about": ids(p.pub.links)})
	out["citationFilter"] = append(out["citationFilter"], map[string]any{"sources": ids(sources[:2], p.sec.sources)})
	out["traversal"] = append(out["traversal"], map[string]any{"excludeEntities": ids(entities[1:2], p.sec.entities)})
	for name, values := range pools {
		out[name] = values
	}
	return out
}

// encode is a document as a client sends it.
func encode(document string) string {
	return base64.StdEncoding.EncodeToString([]byte(documents[document]))
}

// shapes are the values of the variables that are filters.
func shapes() map[string][]any {
	object := func(written string) any {
		var v any
		if err := json.Unmarshal([]byte(written), &v); err != nil {
			panic(err)
		}
		return v
	}
	list := func(written ...string) []any {
		out := []any{nil, nil}
		for _, w := range written {
			out = append(out, object(w))
		}
		return out
	}
	claims := []string{
		`{"standing": ["REPORTED", "CHARGED"]}`, `{"standing": ["ALLEGED", "ACQUITTED"]}`, `{"disputed": true}`, `{"disputed": false}`, `{"minStrength": 300}`, `{"minStrength": 700}`,
		`{"on": "2014-09-26"}`, `{"during": "2014", "certainty": "UNDATED"}`, `{"throughout": "2013/2014", "certainty": "POSSIBLY"}`, `{"text": "guerrero"}`, `{"on": "2014-09-26", "certainty": "DEFINITELY", "disputed": false}`,
	}
	return map[string][]any{
		"entityFilter":    list(`{"kinds": ["PERSON"]}`, `{"text": "perez guerrero"}`, `{"country": "MX"}`, `{"identity": ["NAMED"], "unidentified": true}`, `{"unidentified": true}`),
		"linkFilter":      list(append(claims, `{"kinds": ["LINKED_TO", "COMMANDS"]}`, `{"kinds": ["SAME_AS", "PAYS"], "disputed": true}`, `{"exceptKinds": ["LINKED_TO"]}`, `{"sources": ["nothing"], "ends": ["nobody"], "from": ["nobody"], "to": ["nobody"], "about": ["nothing"]}`)...),
		"statementFilter": list(append(claims, `{"attributes": ["RANK"]}`, `{"sources": ["nothing"], "entities": ["nobody"], "about": ["nothing"]}`)...),
		"sourceFilter":    list(`{"kinds": ["NEWS", "LEAK"]}`, `{"text": "informe"}`, `{"published": "2014"}`, `{"reliability": ["A", "B"]}`, `{"language": "es"}`),
		"citationFilter":  list(`{"stances": ["SUPPORTS"]}`, `{"stances": ["DISPUTES", "MENTIONS"]}`, `{"text": "verdad"}`, `{"sources": ["nothing"]}`),
		"traversal": list(`{"kinds": ["LINKED_TO", "COMMANDS", "SUBORDINATE_TO"]}`, `{"standing": ["REPORTED"]}`, `{"minStrength": 300}`, `{"on": "2014-09-26"}`, `{"during": "2014", "certainty": "UNDATED"}`,
			`{"throughout": "2014"}`, `{"excludeDisputed": true}`, `{"unidentified": true}`, `{"excludeEntities": ["nobody"]}`, `{"exceptKinds": ["COMMANDS"]}`),
	}
}

// inputs are the types of the variables of shapes.
var inputs = map[string]string{
	"entityFilter": "EntityFilter", "linkFilter": "LinkFilter", "statementFilter": "StatementFilter", "sourceFilter": "SourceFilter", "citationFilter": "CitationFilter", "traversal": "TraversalFilter",
}

// variables are the values of an operation's variables in its i-th asking. They
// follow from the names alone, so that two worlds are asked alike.
func variables(o *operation, pools map[string][]any, i int) map[string]any {
	with := map[string]any{}
	for _, v := range o.VariableDefinitions {
		values := pools[v.Variable]
		if len(values) == 0 {
			continue
		}
		h := fnv.New32a()
		fmt.Fprint(h, o.Name, v.Variable, i)
		value := values[int(h.Sum32()>>3)%len(values)] //nolint:gosec // an index
		if value != nil || !v.Type.NonNull {
			if value != nil {
				with[v.Variable] = value
			}
		}
	}
	return with
}

// attempts are change sets that the editor of PUBLIC sends: some are refused, and
// the words of the refusal tell no more than what the editor sees.
func (p *plan) attempts() []*evidence.ChangeSet {
	e, s := p.pub.entities, p.pub.sources
	x, xs := p.sec.entities[0], p.sec.sources[0]
	cite := func(id, source evidence.ID) evidence.NewCitation {
		return evidence.NewCitation{ID: id, Source: source, Locator: "p. 1"}
	}
	link := func(id, from, to evidence.ID, about evidence.ID, citations ...evidence.NewCitation) evidence.Change {
		kind := "LINKED_TO"
		if about != "" {
			kind = "DENIES"
		}
		return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: kind, From: from, To: to, About: about, Citations: citations}}
	}
	number := func(n uint64) *uint64 { return &n }
	sets := []*evidence.ChangeSet{
		{Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: x, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}}},
		{Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "ent999", Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}}},
		{Changes: []evidence.Change{{PutSource: &evidence.PutSource{ID: xs, Title: evidence.Of("x")}}}},
		{Changes: []evidence.Change{link("p-lnk901", e[0], x, "", cite("", s[0]))}},
		{Changes: []evidence.Change{link("p-lnk902", e[0], e[1], "", cite("", xs))}},
		{Changes: []evidence.Change{link("p-lnk903", e[0], e[1], p.sec.all()[0], cite("", s[0]))}},
		{Changes: []evidence.Change{link("p-lnk904", e[0], e[1], "", cite("p-cit904", s[0]))}},
		{Changes: []evidence.Change{link("p-lnk904", e[0], e[1], "", cite("p-cit904", s[0]))}}, // again, the same
		{Changes: []evidence.Change{link("p-lnk904", e[1], e[0], "", cite("p-cit904", s[0]))}}, // other content
		{Changes: []evidence.Change{link(p.pub.links[0], e[1], e[0], "", cite("", s[0]))}},
		{Changes: []evidence.Change{link(p.pub.links[7], e[0], e[1], "", cite("", xs))}},
		{Changes: []evidence.Change{link(e[0], e[1], e[0], "")}},
		{Changes: []evidence.Change{{SetClearance: &evidence.SetClearance{ID: x, Clearance: "PUBLIC"}}}},
		{Changes: []evidence.Change{{SetClearance: &evidence.SetClearance{ID: e[0], Clearance: "CONFIDENTIAL"}}}},
		{Changes: []evidence.Change{{Retract: &evidence.Retract{ID: x}}, {Retract: &evidence.Retract{ID: "nobody"}}}},
		{Changes: []evidence.Change{{MergeEntities: &evidence.MergeEntities{Absorb: e[0], Into: x, Citations: []evidence.NewCitation{cite("", s[0])}}}}},
		{Changes: []evidence.Change{{MergeEntities: &evidence.MergeEntities{Link: append(slices.Clone(p.sec.links), "none")[0]}}}},
		{Changes: []evidence.Change{{SetStanding: &evidence.SetStanding{Claim: append(slices.Clone(p.sec.links), "none")[0], Standing: "CHARGED", Citation: cite("", s[0])}}}},
		{Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: 1000}}}},
		{Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: e[0], Kind: evidence.Of("PLACE")}}}},
		{IdempotencyKey: "k1", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: e[0], Country: evidence.Of("GT")}}}},
		{IdempotencyKey: "k2", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: e[0], Country: evidence.Of("GT")}}}},
		{IdempotencyKey: "k3", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: e[0], Country: evidence.Of("GT")}}}},
		{ExpectedRevision: number(10_000), Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: e[0], Country: evidence.Of("MX")}}}},
		{Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{Kind: evidence.Of("PERSON"), Name: evidence.Of("José Made")}}}},
	}
	for i, id := range append(slices.Clone(e), s...) {
		c := evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Description: evidence.Of(fmt.Sprintf("visto %d", i))}}
		if i >= len(e) {
			c = evidence.Change{PutSource: &evidence.PutSource{ID: id, Author: evidence.Of(fmt.Sprintf("visto %d", i))}}
		}
		sets = append(sets, &evidence.ChangeSet{ExpectedRevision: number(uint64(2 + i*2)), Changes: []evidence.Change{c}}) //nolint:gosec // small
	}
	for _, id := range slices.Concat(p.pub.links[:min(6, len(p.pub.links))], e[:3]) {
		sets = append(sets, &evidence.ChangeSet{Changes: []evidence.Change{{Retract: &evidence.Retract{ID: id}}}})
	}
	for n := range uint64(6) {
		sets = append(sets, &evidence.ChangeSet{Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: 1 + n*3}}}})
	}
	for _, set := range sets {
		set.Reason = "an attempt"
	}
	return sets
}

// specimens are change sets that between them give every field of every input.
func specimens() []*evidence.ChangeSet {
	date, number := "2014", uint64(1)
	cited := evidence.NewCitation{
		ID: "c", Source: "s", Stance: "SUPPORTS", Locator: "p", Quote: &evidence.Quote{Exact: "a", Prefix: "b", Suffix: "c"}, Credibility: 2,
		AssertedBy: &evidence.Asserter{Words: "w", Entity: "e"}, StandingInSource: "x", Note: "n", Clearance: "PUBLIC",
	}
	valid := evidence.ValidTime{Since: date, Until: date, Observed: []string{date}}
	list := []evidence.NewCitation{cited}
	return []*evidence.ChangeSet{{Reason: "r", IdempotencyKey: "k", ExpectedRevision: &number, Changes: []evidence.Change{
		{PutEntity: &evidence.PutEntity{
			ID: "e", Kind: evidence.Of("EVENT"), Identity: evidence.Of("NAMED"), Name: evidence.Of("n"), Aliases: evidence.Of([]string{"a"}),
			Names:       evidence.Of([]evidence.NewName{{Text: "t", Type: "ALIAS", Language: "es", Clearance: "PUBLIC", Sources: []evidence.ID{"s"}}}),
			Description: evidence.Of("d"), Country: evidence.Of("MX"), When: evidence.Of(date), Point: evidence.Of(evidence.Point{Latitude: 1, Longitude: -99.54, Source: "m"}),
			Notes: evidence.Of([]evidence.Note{{Key: "k", Value: "v"}}), Clearance: evidence.Of("PUBLIC"),
		}},
		{PutSource: &evidence.PutSource{
			ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("t"), Author: evidence.Of("a"), Publisher: evidence.Of("p"), Published: evidence.Of(date), URL: evidence.Of("u"),
			Archive: evidence.Of("a"), Language: evidence.Of("es"), Reliability: evidence.Of("A"), DerivedFrom: evidence.Of([]evidence.ID{"s"}), Clearance: evidence.Of("PUBLIC"),
		}},
		{AssertLink: &evidence.AssertLink{ID: "l", Kind: "DENIES", From: "e", To: "e", Role: "r", Summary: "s", Valid: valid, Standing: "REPORTED", About: "l", Clearance: "PUBLIC", Citations: list}},
		{AssertStatement: &evidence.AssertStatement{ID: "l", Entity: "e", Attribute: "RANK", Value: "v", Summary: "s", Valid: valid, Standing: "REPORTED", About: "l", Clearance: "PUBLIC", Citations: list}},
		{Cite: &evidence.Cite{Claim: "l", Citation: cited}},
		{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CHARGED", On: date, Note: "n", Citation: cited}},
		{SetClearance: &evidence.SetClearance{ID: "e", Clearance: "PUBLIC"}},
		{Retract: &evidence.Retract{ID: "e"}},
		{MergeEntities: &evidence.MergeEntities{Link: "l", Absorb: "e", Into: "e", Summary: "s", Clearance: "PUBLIC", Citations: list}},
		{Undo: &evidence.Undo{Revision: 1}},
	}}}
}

// alike are two entities of the kind that they were made as, where there are two.
func (g *planner) alike(entities []evidence.ID) (one, other evidence.ID) {
	one, other = oneOf(g, "absorb", entities...), oneOf(g, "into", entities...)
	of := slices.DeleteFunc(slices.Clone(entities), func(id evidence.ID) bool { return id == one || g.kinds[id] != g.kinds[one] })
	if len(of) > 0 && !slices.Contains(of, other) {
		other = of[slices.Index(entities, other)%len(of)]
	}
	return one, other
}
