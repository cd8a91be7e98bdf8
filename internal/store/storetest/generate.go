package storetest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// ids is a small space of ids, so that random changes meet each other.
type ids struct {
	entities, sources, links, statements, citations []evidence.ID
}

// space is the ids of the random histories. Those with a prefix may be chosen by
// the authors of the suite that have one.
var space = ids{
	entities:   []evidence.ID{"e0", "e1", "e2", "e3", "r-e4", "p-e5"},
	sources:    []evidence.ID{"s0", "s1", "s2", "r-s3", "p-s4"},
	links:      []evidence.ID{"l0", "l1", "l2", "l3", "l4", "r-l5", "p-l6", "p-l7"},
	statements: []evidence.ID{"t0", "t1", "p-t2"},
	citations:  []evidence.ID{"c0", "c1", "c2", "c3", "c4", "c5", "r-c6", "r-c7", "p-c8", "p-c9"},
}

func (is ids) all() []evidence.ID {
	return slices.Concat(is.entities, is.sources, is.links, is.statements, is.citations)
}

// generator draws change sets that are mostly valid in a model's present state.
type generator struct {
	*rapid.T
	open   map[evidence.RecordType][]evidence.ID
	latest uint64
	author evidence.Author
	// steady leaves out what changes a clearance.
	steady bool
	// sane leaves out what is sure to be refused.
	sane bool
}

// draw is a change set for the present state of a model, with its author.
func (g *generator) draw(m *model.Store) (evidence.Author, *evidence.ChangeSet) {
	snap := m.Snapshot()
	head, err := snap.Head(g.Context())
	if err != nil {
		g.Fatalf("head of the model: %v", err)
	}
	g.author = rapid.SampledFrom([]evidence.Author{Top, Top, Top, Middle, Low}).Draw(g.T, "author")
	g.latest = head.Latest[g.author.Clearance]
	g.open = map[evidence.RecordType][]evidence.ID{}
	records, err := snap.Newest(g.Context(), space.all(), evidence.Open)
	if err != nil {
		g.Fatalf("records of the model: %v", err)
	}
	for _, id := range space.all() {
		if r := records[id]; r.IsOpen() && r.Derived.Visibility <= g.author.Clearance {
			g.open[r.Content.Type()] = append(g.open[r.Content.Type()], id)
		}
	}
	cs := &evidence.ChangeSet{Reason: "because"}
	if g.rarely("key") {
		cs.IdempotencyKey = rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(g.T, "key")
	}
	if g.latest > 0 && g.rarely("expects") {
		expected := g.latest - rapid.Uint64Range(0, min(2, g.latest)).Draw(g.T, "behind")
		cs.ExpectedRevision = &expected
	}
	n := rapid.IntRange(1, 4).Draw(g.T, "changes")
	if head.Sequence == 0 {
		g.author = Top
		for _, id := range space.entities {
			cs.Changes = append(cs.Changes, evidence.Change{PutEntity: g.putEntity(id)})
		}
		for _, id := range space.sources {
			cs.Changes = append(cs.Changes, evidence.Change{PutSource: g.putSource(id)})
		}
		g.open[evidence.EntityRecord], g.open[evidence.SourceRecord] = space.entities, space.sources
		n += 3
	}
	for range n {
		cs.Changes = append(cs.Changes, g.change(head.Sequence == 0))
	}
	return g.author, cs
}

func (g *generator) often(label string) bool { return rapid.IntRange(0, 9).Draw(g.T, label) < 9 }

func (g *generator) rarely(label string) bool { return rapid.IntRange(0, 9).Draw(g.T, label) > 8 }

func (g *generator) oneOf(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.T, label)
}

// some is an id that stands, or, rarely or where none does, any of the space.
func (g *generator) some(label string, t evidence.RecordType, any []evidence.ID) evidence.ID {
	if open := g.open[t]; len(open) > 0 && (g.sane || g.often(label+" stands")) {
		return rapid.SampledFrom(open).Draw(g.T, label)
	}
	return rapid.SampledFrom(any).Draw(g.T, label)
}

func (g *generator) entity(label string) evidence.ID {
	return g.some(label, evidence.EntityRecord, space.entities)
}

func (g *generator) claim() evidence.ID {
	if rapid.Bool().Draw(g.T, "a link") {
		return g.some("link", evidence.LinkRecord, space.links)
	}
	return g.some("statement", evidence.StatementRecord, space.statements)
}

// chosen is an id that the author may choose, or "" for one that is made.
func (g *generator) chosen(label string, from []evidence.ID) evidence.ID {
	if g.rarely(label + " made") {
		return ""
	}
	mine := slices.DeleteFunc(slices.Clone(from), func(id evidence.ID) bool {
		return len(id) < len(g.author.IDPrefix) || string(id[:len(g.author.IDPrefix)]) != g.author.IDPrefix
	})
	if !g.sane && g.rarely(label+" not mine") {
		mine = from
	}
	return rapid.SampledFrom(mine).Draw(g.T, label)
}

func (g *generator) clearance() string {
	if g.rarely("cleared") {
		return g.oneOf("clearance", "PUBLIC", "RESTRICTED", "CONFIDENTIAL")
	}
	return ""
}

func (g *generator) date() string {
	if !g.sane && g.rarely("bad date") {
		return "2014-13"
	}
	return g.oneOf("date", "", "", "2014", "2014-09", "../2014-09-26", "2014-09-26", "2013?", "201X", "2014~")
}

func (g *generator) change(founding bool) evidence.Change {
	kinds := []string{"link", "link", "link", "statement", "cite", "cite"}
	if !founding {
		kinds = append(kinds, "entity", "source", "standing", "retract", "retract", "merge", "accept", "undo", "checks", "capture")
		if !g.steady {
			kinds = append(kinds, "clearance", "clearance")
		}
	}
	switch g.oneOf("change", kinds...) {
	case "entity":
		return evidence.Change{PutEntity: g.putEntity(g.chosen("entity", space.entities))}
	case "source":
		return evidence.Change{PutSource: g.putSource(g.chosen("source", space.sources))}
	case "statement":
		return evidence.Change{AssertStatement: &evidence.AssertStatement{
			ID: g.chosen("statement", space.statements), Entity: g.entity("of"), Attribute: g.oneOf("attribute", "RANK", "RANK", "OCCUPATION", "SHOE_SIZE"),
			Value: g.oneOf("value", "General de Guerrero", "policía"), Valid: evidence.ValidTime{Since: g.date()}, Clearance: g.clearance(), Citations: g.citations(),
		}}
	case "cite":
		return evidence.Change{Cite: &evidence.Cite{Claim: g.claim(), Citation: g.citation(true)}}
	case "standing":
		c := g.citation(false)
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: g.claim(), Standing: g.oneOf("standing", "CHARGED", "ACQUITTED", "REFUTED", "ALLEGED"), On: g.date(), Citation: c}}
	case "clearance":
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: rapid.SampledFrom(space.all()).Draw(g.T, "cleared"), Clearance: g.oneOf("level", "PUBLIC", "PUBLIC", "RESTRICTED", "CONFIDENTIAL")}}
	case "retract":
		return evidence.Change{Retract: &evidence.Retract{ID: g.retracted()}}
	case "merge":
		return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: g.chosen("merge", space.links), Absorb: g.entity("absorb"), Into: g.entity("into"), Citations: g.citations()}}
	case "accept":
		return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: g.some("accepted", evidence.LinkRecord, space.links)}}
	case "undo":
		return evidence.Change{Undo: &evidence.Undo{Revision: rapid.Uint64Range(1, g.latest+1).Draw(g.T, "undone")}}
	case "checks":
		return evidence.Change{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{
			Citation: g.some("checked", evidence.CitationRecord, space.citations),
			Check:    evidence.QuoteCheck{State: evidence.CheckState(rapid.IntRange(1, 3).Draw(g.T, "state")), At: "2026-11-23T09:00:00Z"}, //nolint:gosec // 1 to 3
		}}}}
	case "capture":
		return evidence.Change{AttachCapture: &evidence.AttachCapture{
			Source:  g.some("captured", evidence.SourceRecord, space.sources),
			Capture: evidence.Capture{SHA256: g.oneOf("sha256", "aa", "bb"), Length: 3, MediaType: "text/plain", Captured: "2026-11-23T09:00:00Z"},
		}}
	default:
		return evidence.Change{AssertLink: &evidence.AssertLink{
			ID: g.chosen("link", space.links), Kind: g.oneOf("kind", "LINKED_TO", "LINKED_TO", "PAYS", "COMMANDS", "SAME_AS", "DENIES", "CHARGED_BY"),
			From: g.entity("from"), To: g.entity("to"), Role: g.oneOf("role", "", "en Guerrero"),
			Valid: evidence.ValidTime{Since: g.date(), Until: g.oneOf("until", "", "", "2015", "..")}, Standing: g.oneOf("standing", "", "", "ALLEGED"),
			Clearance: g.clearance(), Citations: g.citations(),
		}}
	}
}

func (g *generator) retracted() evidence.ID {
	switch g.oneOf("what", "entity", "source", "claim", "claim", "citation", "citation") {
	case "entity":
		return g.entity("retracted")
	case "source":
		return g.some("retracted", evidence.SourceRecord, space.sources)
	case "claim":
		return g.claim()
	default:
		return g.some("retracted", evidence.CitationRecord, space.citations)
	}
}

func (g *generator) putEntity(id evidence.ID) *evidence.PutEntity {
	e := &evidence.PutEntity{ID: id}
	if g.often("kind") {
		e.Kind = evidence.Of(g.oneOf("kind", "PERSON", "PERSON", "PERSON", "CRIMINAL_GROUP", "MILITARY_UNIT"))
	}
	if g.often("name") {
		e.Name = evidence.Of(g.oneOf("name", "José Pérez", "Ángel Aguirre", "Jota", "27 Batallón", "ÑANDÚ 東京"))
	}
	if rapid.Bool().Draw(g.T, "aliases") {
		e.Aliases = evidence.Of([]string{g.oneOf("alias", "El Pepe", "El Güero", "Jo")})
	}
	if g.rarely("names") {
		e.Names = evidence.Of([]evidence.NewName{{Text: g.oneOf("alias", "Josefo", "Joselito"), Clearance: g.clearance(), Sources: []evidence.ID{g.some("shown", evidence.SourceRecord, space.sources)}}})
	}
	if g.rarely("identity") {
		e.Identity = evidence.Of(g.oneOf("identity", "NAMED", "ALIAS_ONLY", "UNIDENTIFIED", "CLASS"))
	}
	if rapid.Bool().Draw(g.T, "described") {
		e.Description = evidence.Of(g.oneOf("description", "de Guerrero", "de Iguala", "general"))
	}
	if !g.steady {
		if c := g.clearance(); c != "" {
			e.Clearance = evidence.Of(c)
		}
	}
	return e
}

func (g *generator) putSource(id evidence.ID) *evidence.PutSource {
	s := &evidence.PutSource{ID: id}
	if g.often("kind") {
		s.Kind = evidence.Of(g.oneOf("kind", "NEWS", "NEWS", "LEAK", "COURT_RECORD"))
	}
	if g.often("title") {
		s.Title = evidence.Of(g.oneOf("title", "Informe Guerrero", "informe general", "Áurea", "Zócalo"))
	}
	if g.often("url") {
		s.URL = evidence.Of("https://example.org/" + string(id))
	}
	if rapid.Bool().Draw(g.T, "grade") {
		s.Reliability = evidence.Of(g.oneOf("reliability", "A", "B", "C", "D", "E", "F"))
	}
	if g.rarely("derives") {
		s.DerivedFrom = evidence.Of([]evidence.ID{g.some("parent", evidence.SourceRecord, space.sources)})
	}
	if !g.steady {
		if c := g.clearance(); c != "" {
			s.Clearance = evidence.Of(c)
		}
	}
	return s
}

func (g *generator) citations() []evidence.NewCitation {
	cs := []evidence.NewCitation{g.citation(true)}
	if g.sane {
		cs[0].Stance = ""
	}
	for range rapid.IntRange(0, 1).Draw(g.T, "more citations") {
		cs = append(cs, g.citation(true))
	}
	return cs
}

func (g *generator) citation(anyStance bool) evidence.NewCitation {
	c := evidence.NewCitation{
		ID: g.chosen("citation", space.citations), Source: g.some("cited", evidence.SourceRecord, space.sources),
		Locator: g.oneOf("locator", "p. 1", "p. 2", "párrafo 3"), Clearance: g.clearance(),
		Credibility: rapid.IntRange(0, 6).Draw(g.T, "credibility"),
	}
	if anyStance {
		c.Stance = g.oneOf("stance", "", "", "", "SUPPORTS", "DISPUTES", "MENTIONS")
	}
	if g.rarely("quoted") {
		c.Quote = &evidence.Quote{Exact: "la verdad histórica de Guerrero"}
	}
	return c
}
