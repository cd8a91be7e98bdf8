package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
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
	open map[evidence.RecordType][]evidence.ID
	// unused are the ids that the author may choose and that were never written.
	unused map[evidence.ID]bool
	kinds  map[evidence.ID]string // of the entities and links that stand
	latest uint64
	author evidence.Author
	// wild makes mistakes: ids that are taken, missing or not the author's, bad
	// dates, ends that do not fit.
	wild bool
	// steady leaves out what changes a clearance.
	steady bool
	// sane never draws a wild change set.
	sane bool
}

// next draws a change set as one value, which is told when a property fails.
func (g *generator) next(ctx context.Context, t *rapid.T, m *model.Store, step int) (evidence.Author, *evidence.ChangeSet) {
	d := rapid.Custom(func(t *rapid.T) drawn {
		g.T = t
		author, cs := g.draw(ctx, m)
		return drawn{author, cs}
	}).Draw(t, fmt.Sprintf("step %d", step))
	return d.author, d.set
}

// drawn is a random change set; it prints as a person would read it.
type drawn struct {
	author evidence.Author
	set    *evidence.ChangeSet
}

// GoString implements fmt.GoStringer.
func (d drawn) GoString() string { return d.String() }

// String implements fmt.Stringer.
func (d drawn) String() string { return d.author.Name + " " + asJSON(d.set) }

// draw is a change set for the present state of a model, with its author.
func (g *generator) draw(ctx context.Context, m *model.Store) (evidence.Author, *evidence.ChangeSet) {
	snap := m.Snapshot()
	head, err := snap.Head(ctx)
	if err != nil {
		g.Fatalf("head of the model: %v", err)
	}
	founding := head.Sequence == 0
	g.author = Top
	if !founding {
		g.author = rapid.SampledFrom([]evidence.Author{Top, Top, Middle, Low}).Draw(g.T, "author")
	}
	g.wild = !founding && !g.sane && g.oneIn(6, "wild")
	g.latest = head.Latest[g.author.Clearance]
	g.look(ctx, snap)
	cs := &evidence.ChangeSet{Reason: "because"}
	if g.oneIn(6, "keyed") {
		cs.IdempotencyKey = g.oneOf("key", "k1", "k2", "k3", "k4", "k5", "k6")
	}
	if g.latest > 0 && g.oneIn(6, "expects") {
		expected := g.latest - rapid.Uint64Range(0, min(2, g.latest)).Draw(g.T, "behind")
		cs.ExpectedRevision = &expected
	}
	n := rapid.IntRange(1, 3).Draw(g.T, "changes")
	if founding {
		for _, id := range space.entities {
			cs.Changes = append(cs.Changes, evidence.Change{PutEntity: g.putEntity(id)})
		}
		for _, id := range space.sources {
			cs.Changes = append(cs.Changes, evidence.Change{PutSource: g.putSource(id)})
		}
		n += 3
	}
	for range n {
		c := g.change(founding)
		if c.Undo != nil && len(cs.Changes) > 0 && !g.wild {
			break
		}
		cs.Changes = append(cs.Changes, c)
		if c.Undo != nil {
			break
		}
	}
	return g.author, cs
}

// look notes what stands that the author sees.
func (g *generator) look(ctx context.Context, snap evidence.Snapshot) {
	g.open, g.unused, g.kinds = map[evidence.RecordType][]evidence.ID{}, map[evidence.ID]bool{}, map[evidence.ID]string{}
	records, err := snap.Newest(ctx, space.all(), evidence.Open)
	if err != nil {
		g.Fatalf("records of the model: %v", err)
	}
	for _, id := range space.all() {
		r := records[id]
		if r == nil {
			g.unused[id] = g.mine(id)
		} else if r.IsOpen() && r.Derived.Visibility <= g.author.Clearance {
			g.stands(r.Content)
		}
	}
}

func (g *generator) stands(content evidence.Content) {
	t, id := content.Type(), content.RecordID()
	g.open[t] = append(g.open[t], id)
	switch c := content.(type) {
	case *evidence.Entity:
		g.kinds[id] = c.Kind
	case *evidence.Claim:
		g.kinds[id] = c.Kind
	}
}

func (g *generator) mine(id evidence.ID) bool {
	return strings.HasPrefix(string(id), g.author.IDPrefix)
}

// oneIn is true about once in n draws. Small values shrink to false.
func (g *generator) oneIn(n int, label string) bool {
	return rapid.Custom(func(t *rapid.T) bool { return rapid.Uint64().Draw(t, label)%uint64(n) == uint64(n)-1 }).Draw(g.T, label) //nolint:gosec // a small number
}

func (g *generator) oneOf(label string, from ...string) string { return of(g, label, from) }

// of draws one of a list, each as likely as the others.
func of[T any](g *generator, label string, from []T) T {
	return from[rapid.Custom(func(t *rapid.T) int { return int(rapid.Uint32().Draw(t, label) % uint32(len(from))) }).Draw(g.T, label)] //nolint:gosec // a small number
}

// some is an id that stands; in wild change sets any of the space.
func (g *generator) some(label string, t evidence.RecordType, ids []evidence.ID) evidence.ID {
	if open := g.open[t]; len(open) > 0 && !(g.wild && g.oneIn(3, label+" is any")) {
		return of(g, label, open)
	}
	return of(g, label, ids)
}

// ends are two entities.
func (g *generator) ends() (from, to evidence.ID) {
	from = g.some("from", evidence.EntityRecord, space.entities)
	for range 10 {
		to = g.some("to", evidence.EntityRecord, space.entities)
		if to != from {
			break
		}
	}
	return from, to
}

// alike are the other entities of an entity's kind, which it can be merged with.
func (g *generator) alike(id evidence.ID) []evidence.ID {
	return slices.DeleteFunc(slices.Clone(g.open[evidence.EntityRecord]), func(other evidence.ID) bool { return other == id || g.kinds[other] != g.kinds[id] })
}

func (g *generator) claim() evidence.ID {
	if len(g.open[evidence.StatementRecord]) > 0 && g.oneIn(3, "a statement") {
		return g.some("statement", evidence.StatementRecord, space.statements)
	}
	return g.some("link", evidence.LinkRecord, space.links)
}

// unusedOf is an id for a new record, or "" for one that is made.
func (g *generator) unusedOf(label string, from []evidence.ID) evidence.ID {
	if g.wild && g.oneIn(3, label+" is any") {
		return of(g, label, from)
	}
	var free []evidence.ID
	for _, id := range from {
		if g.unused[id] {
			free = append(free, id)
		}
	}
	if len(free) == 0 || g.oneIn(8, label+" is made") {
		return ""
	}
	id := of(g, label, free)
	g.unused[id] = false
	return id
}

func (g *generator) clearance() string {
	if !g.oneIn(4, "cleared") {
		return ""
	}
	if g.wild {
		return g.oneOf("clearance", "PUBLIC", "RESTRICTED", "CONFIDENTIAL", "SECRET")
	}
	return evidence.Clearance(rapid.IntRange(0, int(g.author.Clearance)).Draw(g.T, "clearance")).String() //nolint:gosec // 0 to 2
}

func (g *generator) date() string {
	if g.wild && g.oneIn(4, "bad date") {
		return "2014-13"
	}
	return g.oneOf("date", "", "", "2014", "2014-09", "../2014-09-26", "2014-09-26", "2013?", "201X", "2014~")
}

func (g *generator) change(founding bool) evidence.Change {
	kinds := []string{"link", "link", "link", "statement"}
	claims := len(g.open[evidence.LinkRecord])+len(g.open[evidence.StatementRecord]) > 0
	if claims || g.wild {
		kinds = append(kinds, "cite", "cite", "standing")
	}
	if !founding {
		kinds = append(kinds, "entity", "entity", "source", "source", "retract", "retract", "retract", "merge", "undo", "undo", "checks", "capture")
		if slices.ContainsFunc(g.open[evidence.LinkRecord], func(id evidence.ID) bool { return g.kinds[id] == evidence.SameAs }) {
			kinds = append(kinds, "accept", "accept")
		}
		if !g.steady {
			kinds = append(kinds, "clearance", "clearance", "clearance")
		}
	}
	switch g.oneOf("change", kinds...) {
	case "entity":
		return evidence.Change{PutEntity: g.putEntity(g.put("entity", evidence.EntityRecord, space.entities))}
	case "source":
		return evidence.Change{PutSource: g.putSource(g.put("source", evidence.SourceRecord, space.sources))}
	case "statement":
		return evidence.Change{AssertStatement: g.assertStatement()}
	case "cite":
		return evidence.Change{Cite: &evidence.Cite{Claim: g.claim(), Citation: g.citation(true)}}
	case "standing":
		return evidence.Change{SetStanding: g.setStanding()}
	case "clearance":
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: g.cleared(), Clearance: g.level()}}
	case "retract":
		return evidence.Change{Retract: &evidence.Retract{ID: g.retracted()}}
	case "merge":
		absorb, into := g.ends()
		if alike := g.alike(absorb); len(alike) > 0 && !g.wild {
			into = of(g, "alike", alike)
		}
		return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: g.unusedOf("merge", space.links), Absorb: absorb, Into: into, Citations: g.citations()}}
	case "accept":
		return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: g.candidate()}}
	case "undo":
		undone := g.latest
		if undone == 0 || !g.oneIn(2, "newest") {
			undone = rapid.Uint64Range(1, g.latest+1).Draw(g.T, "undone")
		}
		return evidence.Change{Undo: &evidence.Undo{Revision: undone}}
	case "checks":
		return evidence.Change{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{
			Citation: g.some("checked", evidence.CitationRecord, space.citations),
			Check: evidence.QuoteCheck{
				State: evidence.CheckState(rapid.IntRange(1, 3).Draw(g.T, "state")), At: "2026-11-23T09:00:00Z", //nolint:gosec // 1 to 3
				Capture: g.oneOf("capture", "aa", "aa", "bb"),
			},
		}}}}
	case "capture":
		return evidence.Change{AttachCapture: &evidence.AttachCapture{
			Source:  g.some("captured", evidence.SourceRecord, space.sources),
			Capture: evidence.Capture{SHA256: g.oneOf("sha256", "aa", "bb"), Length: 3, MediaType: "text/plain", Captured: "2026-11-23T09:00:00Z", Text: g.oneOf("text", "", "cc")},
			Reread:  g.oneIn(2, "reread"),
		}}
	default:
		return evidence.Change{AssertLink: g.assertLink()}
	}
}

func (g *generator) assertLink() *evidence.AssertLink {
	from, to := g.ends()
	kinds := []string{"LINKED_TO", "LINKED_TO", "PAYS", "COMMANDS", "SAME_AS", "DENIES", "CHARGED_BY", "PARTICIPATED_IN"}
	if !g.wild {
		kinds = slices.DeleteFunc(kinds, func(kind string) bool {
			k, _ := vocabulary.Standard().Link(kind)
			return !k.AllowsEnds(g.kinds[from], g.kinds[to])
		})
	}
	c := &evidence.AssertLink{
		ID: g.unusedOf("link", space.links), Kind: g.oneOf("kind", kinds...), From: from, To: to, Role: g.oneOf("role", "", "en Guerrero"),
		Valid: evidence.ValidTime{Since: g.date(), Until: g.oneOf("until", "", "", "2015", "..")}, Clearance: g.clearance(), Citations: g.citations(),
	}
	kind, _ := vocabulary.Standard().Link(c.Kind)
	if !kind.Procedural || g.wild {
		c.Standing = g.oneOf("standing", "", "ALLEGED", "CONVICTED")
	}
	if kind.About && len(g.open[evidence.LinkRecord]) > 0 {
		c.About = g.some("about", evidence.LinkRecord, space.links)
	}
	if c.ID != "" {
		g.stands(&evidence.Claim{ID: c.ID, Of: evidence.LinkRecord, Kind: c.Kind})
	}
	return c
}

func (g *generator) assertStatement() *evidence.AssertStatement {
	attributes := []string{"RANK", "RANK", "OCCUPATION"}
	if g.wild {
		attributes = append(attributes, "SHOE_SIZE")
	}
	c := &evidence.AssertStatement{
		ID: g.unusedOf("statement", space.statements), Entity: g.some("of", evidence.EntityRecord, space.entities), Attribute: g.oneOf("attribute", attributes...),
		Value: g.oneOf("value", "General de Guerrero", "policía"), Valid: evidence.ValidTime{Since: g.date()}, Clearance: g.clearance(), Citations: g.citations(),
	}
	if c.ID != "" {
		g.stands(&evidence.Claim{ID: c.ID, Of: evidence.StatementRecord, Kind: c.Attribute})
	}
	return c
}

func (g *generator) setStanding() *evidence.SetStanding {
	c := &evidence.SetStanding{Claim: g.claim(), Standing: "REFUTED", On: g.date(), Citation: g.citation(false)}
	if kind, ok := vocabulary.Standard().Link(g.kinds[c.Claim]); !ok || !kind.Procedural {
		c.Standing = g.oneOf("standing", "CHARGED", "ACQUITTED", "ALLEGED")
	}
	return c
}

// cleared is the id of a record that the author sees, or may see closed.
func (g *generator) cleared() evidence.ID {
	if g.wild || g.author.Clearance == evidence.Confidential && g.oneIn(4, "closed") {
		return of(g, "cleared", space.all())
	}
	types := []evidence.RecordType{evidence.EntityRecord, evidence.SourceRecord, evidence.SourceRecord, evidence.LinkRecord, evidence.CitationRecord, evidence.CitationRecord}
	return g.some("cleared", of(g, "type", types), space.all())
}

func (g *generator) level() string {
	if g.wild {
		return g.oneOf("level", "PUBLIC", "RESTRICTED", "CONFIDENTIAL")
	}
	return of(g, "level", []evidence.Clearance{evidence.Public, evidence.Restricted, evidence.Confidential}[:g.author.Clearance+1]).String()
}

func (g *generator) candidate() evidence.ID {
	return of(g, "accepted", slices.DeleteFunc(slices.Clone(g.open[evidence.LinkRecord]), func(id evidence.ID) bool { return g.kinds[id] != evidence.SameAs }))
}

func (g *generator) retracted() evidence.ID {
	switch g.oneOf("what", "entity", "source", "claim", "claim", "claim", "citation", "citation", "citation") {
	case "entity":
		return g.some("retracted", evidence.EntityRecord, space.entities)
	case "source":
		return g.some("retracted", evidence.SourceRecord, space.sources)
	case "claim":
		return g.claim()
	default:
		return g.some("retracted", evidence.CitationRecord, space.citations)
	}
}

// put is the id of a record to change, mostly, or to bring back, or to make.
func (g *generator) put(label string, t evidence.RecordType, from []evidence.ID) evidence.ID {
	if g.oneIn(4, "new "+label) {
		mine := slices.DeleteFunc(slices.Clone(from), func(id evidence.ID) bool { return !g.mine(id) && !g.wild })
		return of(g, label, append(mine, ""))
	}
	return g.some(label, t, from)
}

func (g *generator) putEntity(id evidence.ID) *evidence.PutEntity {
	e := &evidence.PutEntity{ID: id}
	there := slices.Contains(g.open[evidence.EntityRecord], id)
	has := func(label string) bool { return !there || g.oneIn(3, label) }
	kind := g.kinds[id]
	if has("kind") && (!there || g.wild) {
		kind = g.oneOf("kind", "PERSON", "PERSON", "PERSON", "CRIMINAL_GROUP", "MILITARY_UNIT")
		e.Kind = evidence.Of(kind)
	}
	if has("name") {
		e.Name = evidence.Of(g.oneOf("name", "José Pérez", "Ángel Aguirre", "Jota", "27 Batallón", "ÑANDÚ 東京"))
	}
	if has("aliases") {
		e.Aliases = evidence.Of([]string{g.oneOf("alias", "El Pepe", "El Güero", "Jo")})
	}
	if g.oneIn(4, "names") {
		// They share words with names that everybody may read: a word is found by the
		// lowest clearance of the names that it is in.
		name := evidence.NewName{Text: g.oneOf("alias", "José Otero", "Ángel Pérez", "José Pérez")}
		if !g.steady {
			name.Clearance = g.clearance()
		}
		if len(g.open[evidence.SourceRecord]) > 0 {
			name.Sources = []evidence.ID{g.some("shown", evidence.SourceRecord, space.sources)}
		}
		e.Names = evidence.Of([]evidence.NewName{name})
	}
	if g.oneIn(4, "identified") {
		e.Identity = evidence.Of(g.oneOf("identity", "NAMED", "ALIAS_ONLY", "UNIDENTIFIED", "CLASS"))
	}
	if has("described") {
		e.Description = evidence.Of(g.oneOf("description", "de Guerrero", "de Iguala", "general"))
	}
	if c := g.clearance(); c != "" && (!g.steady || g.unused[id]) {
		e.Clearance = evidence.Of(c)
	}
	if !there && id != "" {
		g.stands(&evidence.Entity{ID: id, Kind: kind})
	}
	return e
}

func (g *generator) putSource(id evidence.ID) *evidence.PutSource {
	s := &evidence.PutSource{ID: id}
	there := slices.Contains(g.open[evidence.SourceRecord], id)
	has := func(label string) bool { return !there || g.oneIn(3, label) }
	if has("kind") {
		s.Kind = evidence.Of(g.oneOf("kind", "NEWS", "NEWS", "LEAK", "COURT_RECORD"))
	}
	if has("title") {
		s.Title = evidence.Of(g.oneOf("title", "Informe Guerrero", "informe general", "Áurea", "Zócalo"))
	}
	if has("url") {
		s.URL = evidence.Of("https://example.org/" + string(id))
	}
	if has("grade") {
		s.Reliability = evidence.Of(g.oneOf("reliability", "A", "B", "C", "D", "E", "F"))
	}
	if parents := slices.DeleteFunc(slices.Clone(g.open[evidence.SourceRecord]), func(p evidence.ID) bool { return p == id }); len(parents) > 0 && g.oneIn(3, "derives") {
		s.DerivedFrom = evidence.Of([]evidence.ID{of(g, "parent", parents)})
	}
	if c := g.clearance(); c != "" && (!g.steady || g.unused[id]) {
		s.Clearance = evidence.Of(c)
	}
	if !there && id != "" {
		g.stands(&evidence.Source{ID: id})
	}
	return s
}

func (g *generator) citations() []evidence.NewCitation {
	cs := []evidence.NewCitation{g.citation(true)}
	if !g.wild {
		cs[0].Stance = ""
	}
	for range rapid.IntRange(0, 1).Draw(g.T, "more citations") {
		cs = append(cs, g.citation(true))
	}
	return cs
}

func (g *generator) citation(anyStance bool) evidence.NewCitation {
	c := evidence.NewCitation{
		ID: g.unusedOf("citation", space.citations), Source: g.some("cited", evidence.SourceRecord, space.sources),
		Locator: g.oneOf("locator", "p. 1", "p. 2", "párrafo 3"), Clearance: g.clearance(),
		Credibility: rapid.IntRange(0, 6).Draw(g.T, "credibility"),
	}
	if anyStance {
		c.Stance = g.oneOf("stance", "", "SUPPORTS", "DISPUTES", "MENTIONS")
	}
	if g.oneIn(4, "quoted") {
		c.Quote = &evidence.Quote{Exact: "la verdad histórica de Guerrero"}
	}
	return c
}
