package leak_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// plan is a random history of a graph. Its open steps make what a reader of
// PUBLIC sees; the hidden ones, between them, must not be told by any answer.
type plan struct {
	steps []*step
	// level is the clearance of those who ask; what is hidden is above it.
	level evidence.Clearance
	pub   pool
	sec   pool
	// above are what goes with a record when it is raised, itself too.
	above map[evidence.ID][]evidence.ID
	kinds map[evidence.ID]string
	// limit is how many records beyond those it names a change of the editor may
	// touch.
	limit int
	// propped are a claim that only something hidden supports any more, and its
	// citations.
	propped []evidence.ID
	// probed is the claim as it was asserted.
	probed *evidence.AssertLink
	// checked is a citation whose quote was found, missed one whose was not.
	checked, missed evidence.ID
}

// pool is the ids of a plan, by sort.
type pool struct {
	entities, sources, links, statements, citations []evidence.ID
}

func (p *pool) claims() []evidence.ID { return slices.Concat(p.links, p.statements) }

func (p *pool) all() []evidence.ID {
	return slices.Concat(p.entities, p.sources, p.links, p.statements, p.citations)
}

// step is one change set of a plan.
type step struct {
	at     time.Time
	hidden bool
	// editor says that the editor of PUBLIC writes it through GraphQL, and the
	// answer is compared; else somebody cleared for everything does.
	editor bool
	// restate has the editor write again what they read of this record.
	restate evidence.ID
	set     *evidence.ChangeSet
	// more adds to an open change set what is not for everybody.
	more func(*evidence.ChangeSet)
	// named is an entity that a name is added to, as it then stands, and called the
	// name, which others may give it too; derived the source that a source is added to
	// which it derives from.
	named, derived evidence.ID
	called         string
	addition       evidence.ID
	// undone is the index, from 1, of the hidden step that is undone; erased a record
	// that is erased, with what others see part of as it may be.
	undone int
	erased evidence.ID
	// undoes is the reason of the revision that the editor undoes.
	undoes string
}

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// editorPrefix begins the ids that the editor of PUBLIC may choose.
const editorPrefix = "p-"

type planner struct {
	*rapid.T
	*plan
	n int
}

func draw(t *rapid.T, level evidence.Clearance, most int) *plan {
	g := &planner{T: t, plan: &plan{level: level, above: map[evidence.ID][]evidence.ID{}, kinds: map[evidence.ID]string{}}}
	g.limit = rapid.SampledFrom([]int{6, 30, 10_000}).Draw(t, "limit")
	g.found()
	n := rapid.IntRange(most/2, most).Draw(t, "steps")
	for range n {
		if g.oneIn(2, "hidden") {
			g.hide()
		} else {
			g.open()
		}
	}
	g.forget()
	g.prop()
	g.deny()
	for i, s := range g.steps {
		s.at = start.Add(time.Duration(i) * time.Minute)
	}
	return g.plan
}

// deny has a claim speak of something hidden, and somebody hidden assert it.
func (g *planner) deny() {
	link := g.linkOf("DENIES", g.pub.entities[0], g.pub.entities[1], g.pub.sources[:1], false, false)
	link.About = ""
	for i := range link.Citations {
		link.Citations[i].AssertedBy = nil
	}
	g.steps = append(g.steps, &step{set: &evidence.ChangeSet{Reason: "a denial", Changes: []evidence.Change{{AssertLink: link}}}, more: g.adding()})
}

// Reasons of the revisions of prop.
const (
	propping   = "a claim"
	charging   = "its standing"
	unpropping = "its support is withdrawn"
)

// prop has a hidden citation support a claim whose one support that everybody
// sees is then withdrawn: for them the claim goes with it.
func (g *planner) prop() {
	id, support, mention, shows := g.id("lnk", false, true), g.id("cit", false, true), g.id("cit", false, false), g.id("cit", false, true)
	cite := func(id, source evidence.ID, stance string) evidence.NewCitation {
		return evidence.NewCitation{ID: id, Source: source, Stance: stance, Locator: "p. 7"}
	}
	link := &evidence.AssertLink{ID: id, Kind: "LINKED_TO", From: g.pub.entities[0], To: g.pub.entities[1], Citations: []evidence.NewCitation{
		cite(support, g.pub.sources[0], "SUPPORTS"), cite(mention, g.pub.sources[0], "MENTIONS"),
	}}
	hidden := cite(g.id("cit", true, false), g.sec.sources[0], "SUPPORTS")
	g.steps = append(g.steps,
		&step{set: &evidence.ChangeSet{Reason: propping, Changes: []evidence.Change{{AssertLink: link}}}},
		&step{set: &evidence.ChangeSet{Reason: charging, Changes: []evidence.Change{{SetStanding: &evidence.SetStanding{Claim: id, Standing: "CHARGED", Citation: cite(shows, g.pub.sources[0], "MENTIONS")}}}}},
		&step{hidden: true, set: &evidence.ChangeSet{Reason: "not for everybody", Changes: []evidence.Change{{Cite: &evidence.Cite{Claim: id, Citation: hidden}}}}},
		&step{set: &evidence.ChangeSet{Reason: unpropping, Changes: []evidence.Change{{Retract: &evidence.Retract{ID: support}}}}},
	)
	g.propped, g.probed = []evidence.ID{id, support, mention, shows}, link
}

func (g *planner) oneIn(n uint32, label string) bool {
	return rapid.Custom(func(t *rapid.T) bool { return rapid.Uint32().Draw(t, label)%n == n-1 }).Draw(g.T, label)
}

// hidden draws a clearance above that of those who ask.
func (g *planner) hidden() string {
	if g.level == evidence.Restricted {
		return "CONFIDENTIAL"
	}
	return oneOf(g, "clearance", "RESTRICTED", "CONFIDENTIAL")
}

// shown draws one that they are cleared for.
func (g *planner) shown() string {
	if g.level == evidence.Restricted {
		return oneOf(g, "clearance", "PUBLIC", "RESTRICTED")
	}
	return "PUBLIC"
}

func oneOf[V any](g *planner, label string, from ...V) V {
	return from[rapid.Custom(func(t *rapid.T) int { return int(rapid.Uint32().Draw(t, label) % uint32(len(from))) }).Draw(g.T, label)] //nolint:gosec // a small number
}

// id makes an id whose number no other has, and which is in no other id.
func (g *planner) id(sort string, hidden, editor bool) evidence.ID {
	g.n++
	id := fmt.Sprintf("%s%03d", sort, g.n)
	if hidden {
		id = "xq-" + id
	} else if editor {
		id = editorPrefix + id
	}
	return evidence.ID(id)
}

// mark is a word that only texts of the record have.
func mark(id evidence.ID) string {
	s := string(id)
	return "zq" + s[len(s)-6:] // ent007
}

// found begins the graph: something of every kind.
func (g *planner) found() {
	cs := &evidence.ChangeSet{Reason: "first"}
	for _, kind := range []string{"NEWS", "COURT_RECORD", "LEAK"} {
		cs.Changes = append(cs.Changes, evidence.Change{PutSource: g.newSource(false, false, kind)})
	}
	cs.Changes[2].PutSource.DerivedFrom = evidence.Of(g.pub.sources[:1])
	for _, kind := range []string{"PERSON", "PERSON", "PERSON", "MILITARY_UNIT", "MILITARY_UNIT", "CRIMINAL_GROUP", "PLACE", "EVENT"} {
		cs.Changes = append(cs.Changes, evidence.Change{PutEntity: g.newEntity(false, false, kind)})
	}
	g.steps = append(g.steps, &step{set: cs})
	e, s := g.pub.entities, g.pub.sources
	links := &evidence.ChangeSet{Reason: "links"}
	for _, l := range []struct {
		kind     string
		from, to evidence.ID
	}{
		{"COMMANDS", e[0], e[3]}, {"SUBORDINATE_TO", e[3], e[4]}, {"COMMANDS", e[1], e[4]}, {"COMMANDS", e[2], e[3]}, {"OPERATES_IN", e[3], e[6]},
		{"PARTICIPATED_IN", e[3], e[7]}, {"PAYS", e[5], e[0]}, {"LINKED_TO", e[0], e[1]}, {"SAME_AS", e[0], e[2]}, {"CHARGED_BY", e[0], e[4]}, {"ACQUITTED_BY", e[0], e[4]},
	} {
		link := g.linkOf(l.kind, l.from, l.to, s, false, false)
		if l.kind == "LINKED_TO" { // one that has no place on a timeline
			link.Valid = evidence.ValidTime{}
		}
		links.Changes = append(links.Changes, evidence.Change{AssertLink: link})
	}
	for i, founder := range e[:2] { // two versions
		links.Changes = append(links.Changes, evidence.Change{AssertLink: g.linkOf("FOUNDED", founder, e[5], s[i:i+1], false, false)})
	}
	charged := g.standing(g.pub.links[0], s, false, false)
	charged.On = "2016"
	spoken := g.newStatement(false, false, e[:1], s)
	spoken.About = g.pub.links[0]
	links.Changes = append(links.Changes, evidence.Change{AssertStatement: spoken})
	units := []evidence.ID{e[3], e[4]}
	for _, unit := range units {
		links.Changes = append(links.Changes, evidence.Change{AssertLink: g.linkOf("OPERATES_IN", unit, e[6], s, false, false)})
	}
	cited := slices.DeleteFunc(slices.Clone(g.above[s[0]]), func(id evidence.ID) bool { return !slices.Contains(g.pub.citations, id) })
	cited = append(cited, g.pub.citations...)
	g.checked, g.missed = cited[0], cited[1]
	links.Changes = append(links.Changes, evidence.Change{AttachCapture: capture(s[0], "aa")}, evidence.Change{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{
		{Citation: cited[0], Check: evidence.QuoteCheck{State: evidence.Verified, At: "2026-11-23T09:00:00Z", Capture: capture(s[0], "aa").Capture.SHA256, Start: 1, End: 4, Context: "antes y después"}},
		{Citation: cited[1], Check: evidence.QuoteCheck{State: evidence.Failed, At: "2026-11-23T09:00:00Z", Capture: capture(s[0], "aa").Capture.SHA256, Nearest: "otra", Distance: 3}},
	}}})
	accepted := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: links.Changes[8].AssertLink.ID}} // e[0] and e[2] are the same
	g.steps = append(g.steps, &step{set: links}, &step{set: &evidence.ChangeSet{Reason: "charged", Changes: []evidence.Change{{SetStanding: charged}, accepted}}})
	g.hide()
	g.hide()
}

func (g *planner) open() {
	editor := g.oneIn(2, "editor")
	cs := &evidence.ChangeSet{Reason: oneOf(g, "reason", "because", "a correction")}
	s := &step{editor: editor, set: cs}
	if g.oneIn(4, "keyed") {
		cs.IdempotencyKey = oneOf(g, "key", "k1", "k2", "k3")
	}
	if editor && g.oneIn(3, "expects") {
		n := uint64(rapid.IntRange(1, len(g.steps)).Draw(g.T, "expected")) //nolint:gosec // small
		cs.ExpectedRevision = &n
	}
	sources := g.pub.sources
	for range rapid.IntRange(1, 2).Draw(g.T, "changes") {
		var c evidence.Change
		switch oneOf(g, "change", "entity", "source", "link", "link", "link", "statement", "cite", "standing", "standing", "rename", "retitle", "retract", "retract", "merge", "accept", "undo", "undo", "raise", "capture", "check", "restate", "restate", "rekind") {
		case "entity":
			c.PutEntity = g.newEntity(false, editor, oneOf(g, "kind", "PERSON", "PERSON", "MILITARY_UNIT", "CRIMINAL_GROUP"))
		case "source":
			c.PutSource = g.newSource(false, editor, oneOf(g, "kind", "NEWS", "LEAK"))
		case "statement":
			c.AssertStatement = g.newStatement(false, editor, g.pub.entities, sources)
		case "cite":
			c.Cite = &evidence.Cite{Claim: oneOf(g, "claim", g.pub.claims()...), Citation: g.newCitation(oneOf(g, "stance", "SUPPORTS", "DISPUTES", "MENTIONS"), sources, false, editor)}
			g.pub.citations = append(g.pub.citations, c.Cite.Citation.ID)
			g.goesWith(c.Cite.Citation.ID, c.Cite.Claim, c.Cite.Citation.Source)
		case "standing":
			c.SetStanding = g.standing(oneOf(g, "claim", g.pub.claims()...), sources, false, editor)
		case "rename":
			id := oneOf(g, "entity", g.pub.entities...)
			c.PutEntity = &evidence.PutEntity{ID: id, Name: evidence.Of(oneOf(g, "name", "José Pérez ", "Ángel Pérez ") + mark(id)), Description: evidence.Of(oneOf(g, "description", "", "general "+mark(id)))}
			if g.oneIn(2, "names") {
				name := evidence.NewName{Text: "El Jefe " + mark(id), Sources: []evidence.ID{oneOf(g, "source", sources...)}}
				if !editor {
					name.Clearance = "PUBLIC" // for who sees a secret one of that text it would else be that one
				}
				c.PutEntity.Names = evidence.Of([]evidence.NewName{name})
			}
		case "rekind":
			c.PutEntity = &evidence.PutEntity{ID: oneOf(g, "entity", g.pub.entities...), Kind: evidence.Of(oneOf(g, "kind", "PERSON", "ORGANIZATION", "CRIMINAL_GROUP"))}
		case "retitle":
			id := oneOf(g, "source", sources...)
			c.PutSource = &evidence.PutSource{ID: id, Title: evidence.Of("Informe corregido " + mark(id)), Reliability: evidence.Of(oneOf(g, "grade", "A", "C", "F"))}
			if g.oneIn(2, "derives") {
				c.PutSource.DerivedFrom = evidence.Of([]evidence.ID{oneOf(g, "parent", sources...)})
			}
		case "retract":
			c.Retract = &evidence.Retract{ID: oneOf(g, "retracted", slices.Concat(g.pub.claims(), g.pub.citations, g.pub.entities[2:], sources[1:])...)}
		case "merge":
			link := g.id("lnk", false, editor)
			absorb, into := g.alike(g.pub.entities)
			c.MergeEntities = &evidence.MergeEntities{Link: link, Absorb: absorb, Into: into, Citations: []evidence.NewCitation{g.newCitation("SUPPORTS", sources, false, editor)}}
			g.pub.links = append(g.pub.links, link)
			g.goesWith(link, absorb, into)
		case "accept":
			c.MergeEntities = &evidence.MergeEntities{Link: oneOf(g, "candidate", g.pub.links...)}
		case "undo":
			s.editor, s.set = true, &evidence.ChangeSet{Reason: "undone", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: uint64(rapid.IntRange(1, len(g.steps)).Draw(g.T, "undone"))}}}} //nolint:gosec // small
			g.steps = append(g.steps, s)
			return
		case "raise":
			s.editor, s.set = false, &evidence.ChangeSet{Reason: "raised", Changes: []evidence.Change{{SetClearance: &evidence.SetClearance{
				ID: oneOf(g, "raised", slices.Concat(g.pub.claims(), g.pub.citations, g.pub.entities[4:], sources[1:])...), Clearance: oneOf(g, "level", "RESTRICTED", "CONFIDENTIAL", "PUBLIC"),
			}}}}
			g.steps = append(g.steps, s)
			return
		case "capture":
			s.editor = false
			c.AttachCapture = capture(oneOf(g, "source", sources...), "aa")
		case "check":
			s.editor = false
			c.RecordChecks = &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: oneOf(g, "citation", g.pub.citations...), Check: evidence.QuoteCheck{State: evidence.Verified, At: "2026-11-23T09:00:00Z", Capture: sumOf("aa"), Start: 1, End: 4, Context: "antes y después"}}}}
		case "restate":
			s.editor, s.restate = true, oneOf(g, "restated", slices.Concat(sources, g.pub.entities, g.pub.claims(), g.pub.citations, g.pub.citations)...)
			g.steps = append(g.steps, s)
			return
		default:
			c.AssertLink = g.newLink(g.pub.entities, sources, false, editor)
		}
		cs.Changes = append(cs.Changes, c)
	}
	if !s.editor {
		cs.IdempotencyKey, cs.ExpectedRevision = "", nil // who sees everything counts other revisions, and has used the key
		if g.oneIn(2, "more") {
			s.more = g.adding()
		}
	}
	g.steps = append(g.steps, s)
}

// adding draws what somebody cleared for everything adds to a change set that
// others see part of: changes before it, and what hangs on its records.
func (g *planner) adding() func(*evidence.ChangeSet) {
	source := g.newSource(true, false, "LEAK")
	entity := g.newEntity(true, false, "PERSON")
	denial := g.linkOf("LINKED_TO", g.pub.entities[0], g.pub.entities[1], []evidence.ID{source.ID}, true, false)
	cited := g.newCitation("DISPUTES", g.pub.sources, true, false)
	cited.Clearance = g.hidden()
	before := g.oneIn(2, "before")
	return func(cs *evidence.ChangeSet) {
		cs.Changes = slices.Clone(cs.Changes)
		disputed := false
		for i := range cs.Changes {
			switch c := &cs.Changes[i]; {
			case c.AssertLink != nil:
				l := *c.AssertLink
				l.Citations = slices.Clone(l.Citations)
				if !disputed {
					l.Citations, disputed = slices.Insert(l.Citations, 0, cited), true
				}
				if l.About == "" && (l.Kind == "DENIES" || l.Kind == "ACCUSES") {
					l.About = denial.ID
				}
				last := &l.Citations[len(l.Citations)-1]
				if last.AssertedBy == nil {
					last.AssertedBy = &evidence.Asserter{Entity: entity.ID}
				}
				c.AssertLink = &l
			case c.PutSource != nil && c.PutSource.DerivedFrom.Set:
				x := *c.PutSource
				x.DerivedFrom = evidence.Of(append(slices.Clone(x.DerivedFrom.Value), source.ID))
				c.PutSource = &x
			}
		}
		more := []evidence.Change{{PutSource: source}, {PutEntity: entity}, {AssertLink: denial}}
		if before {
			cs.Changes = append(more, cs.Changes...)
		} else {
			cs.Changes = append(cs.Changes, more...)
		}
	}
}

// documents are what is captured, by the names that the plans give them.
var documents = map[string]string{
	"aa": "La verdad histórica, dijo, se cayó en 2015.", "bb": "Otro documento, que no todos ven.", "cc": "Un tercero.",
}

func sumOf(document string) string {
	sum := sha256.Sum256([]byte(documents[document]))
	return hex.EncodeToString(sum[:])
}

func capture(source evidence.ID, document string) *evidence.AttachCapture {
	sum := sumOf(document)
	return &evidence.AttachCapture{Source: source, Capture: evidence.Capture{SHA256: sum, Length: int64(len(documents[document])), MediaType: "text/plain", Captured: "2026-11-23T09:00:00Z", Text: sum}}
}

// goesWith notes that a record is gone where one of those it hangs on is.
func (g *planner) goesWith(id evidence.ID, on ...evidence.ID) {
	for _, o := range on {
		if o != "" {
			g.above[o] = append(g.above[o], id)
		}
	}
}

// gone are a record and all that goes with it.
func (p *plan) gone(id evidence.ID) []evidence.ID {
	out := []evidence.ID{id}
	for i := 0; i < len(out); i++ {
		for _, next := range p.above[out[i]] {
			if !slices.Contains(out, next) {
				out = append(out, next)
			}
		}
	}
	return out
}

func (g *planner) newEntity(hidden, editor bool, kind string) *evidence.PutEntity {
	e := &evidence.PutEntity{ID: g.id("ent", hidden, editor), Kind: evidence.Of(kind)}
	p := &g.pub
	if hidden {
		p = &g.sec
		e.Clearance = evidence.Of(g.hidden())
	} else if len(p.entities) > 8 {
		e.Clearance = evidence.Of(g.shown())
	}
	p.entities = append(p.entities, e.ID)
	g.kinds[e.ID] = kind
	name := map[string]string{"PERSON": "José Pérez ", "MILITARY_UNIT": "27 Batallón de Infantería ", "PLACE": "Iguala de Guerrero ", "EVENT": "Ataque de Iguala "}[kind]
	e.Name = evidence.Of(name + "Guerrero " + mark(e.ID))
	if g.oneIn(2, "aliases") {
		e.Aliases = evidence.Of([]string{"El Pepe " + mark(e.ID)})
	} else {
		e.Names = evidence.Of([]evidence.NewName{{Text: "Jota Pérez " + mark(e.ID), Type: "FORMER", Language: "es", Sources: g.pub.sources[:1]}})
	}
	if g.oneIn(5, "identity") {
		e.Identity = evidence.Of(oneOf(g, "identity", "ALIAS_ONLY", "UNIDENTIFIED", "CLASS"))
	}
	if kind == "EVENT" || kind == "PLACE" {
		e.Point = evidence.Of(evidence.Point{Latitude: 18.35, Longitude: -99.54, Source: "mapa " + mark(e.ID)})
		e.When = evidence.Of("2014-09-26")
	}
	e.Country = evidence.Of("MX")
	e.Description = evidence.Of("de Guerrero " + mark(e.ID))
	e.Notes = evidence.Of([]evidence.Note{{Key: "rank", Value: "general " + mark(e.ID)}})
	return e
}

func (g *planner) newSource(hidden, editor bool, kind string) *evidence.PutSource {
	s := &evidence.PutSource{ID: g.id("src", hidden, editor), Kind: evidence.Of(kind)}
	p := &g.pub
	if hidden {
		p = &g.sec
		s.Clearance = evidence.Of(g.hidden())
	} else if len(p.sources) > 2 {
		s.Clearance = evidence.Of(g.shown())
	}
	p.sources = append(p.sources, s.ID)
	s.Title = evidence.Of("Informe Guerrero " + mark(s.ID))
	s.Author, s.Publisher, s.Published = evidence.Of("Áurea "+mark(s.ID)), evidence.Of("Proceso"), evidence.Of("2014-10")
	s.URL, s.Archive, s.Language = evidence.Of("https://example.org/"+mark(s.ID)), evidence.Of("AGN "+mark(s.ID)), evidence.Of("es")
	s.Reliability = evidence.Of(oneOf(g, "grade", "A", "B", "C", "F"))
	if len(g.pub.sources) > 1 && g.oneIn(2, "derives") {
		s.DerivedFrom = evidence.Of([]evidence.ID{g.pub.sources[0]})
	}
	return s
}

func (g *planner) newCitation(stance string, sources []evidence.ID, hidden, editor bool) evidence.NewCitation {
	c := evidence.NewCitation{
		ID: g.id("cit", hidden, editor), Source: oneOf(g, "cited", sources...), Stance: stance,
		Credibility: rapid.IntRange(1, 6).Draw(g.T, "credibility"),
	}
	c.Locator, c.Note, c.StandingInSource = "p. 4 "+mark(c.ID), "nota "+mark(c.ID), "dice "+mark(c.ID)
	c.Quote = &evidence.Quote{Exact: "la verdad histórica " + mark(c.ID), Prefix: "antes", Suffix: "después"}
	if g.oneIn(3, "asserted") {
		c.AssertedBy = &evidence.Asserter{Words: "un testigo", Entity: g.pub.entities[0]}
	}
	return c
}

var linkKinds = []string{
	"LINKED_TO", "PAYS", "COMMANDS", "SUBORDINATE_TO", "LEADS", "FOUNDED", "HOLDS_POST_IN", "OPERATES_IN", "PARTICIPATED_IN", "PRESENT_AT", "RESPONSIBLE_FOR_AREA",
	"DENIES", "ACCUSES", "CHARGED_BY", "ACQUITTED_BY", "COLLUDES_WITH", "SAME_AS", "LOCATED_IN",
}

func (g *planner) newLink(entities, sources []evidence.ID, hidden, editor bool) *evidence.AssertLink {
	from, to := oneOf(g, "from", entities...), oneOf(g, "to", entities...)
	var fit []string
	for _, kind := range linkKinds {
		if k, _ := vocabulary.Standard().Link(kind); k.AllowsEnds(g.kinds[from], g.kinds[to]) {
			fit = append(fit, kind)
		}
	}
	return g.linkOf(oneOf(g, "kind", fit...), from, to, sources, hidden, editor)
}

func (g *planner) linkOf(kind string, from, to evidence.ID, sources []evidence.ID, hidden, editor bool) *evidence.AssertLink {
	l := &evidence.AssertLink{ID: g.id("lnk", hidden, editor), Kind: kind, From: from, To: to}
	p := &g.pub
	if hidden {
		p = &g.sec
		l.Clearance = g.hidden()
	} else if len(p.links) > 12 {
		l.Clearance = g.shown()
	}
	l.Role, l.Summary = "capitán "+mark(l.ID), "en Guerrero "+mark(l.ID)
	l.Valid = g.validTime()
	if k, _ := vocabulary.Standard().Link(kind); !k.Procedural {
		l.Standing = oneOf(g, "standing", "", "ALLEGED")
	}
	if k, _ := vocabulary.Standard().Link(kind); k.About && len(p.links) > 0 {
		l.About = oneOf(g, "about", p.links...)
	}
	p.links = append(p.links, l.ID)
	g.goesWith(l.ID, from, to)
	l.Citations = g.citationsOf(l.ID, p, sources, hidden, editor)
	return l
}

func (g *planner) citationsOf(claim evidence.ID, p *pool, sources []evidence.ID, hidden, editor bool) []evidence.NewCitation {
	cs := []evidence.NewCitation{g.newCitation("SUPPORTS", sources, hidden, editor)}
	if g.oneIn(3, "disputed") {
		cs = append(cs, g.newCitation("DISPUTES", sources, hidden, editor))
	}
	for _, c := range cs {
		p.citations = append(p.citations, c.ID)
		g.goesWith(c.ID, claim, c.Source)
	}
	return cs
}

func (g *planner) validTime() evidence.ValidTime {
	return evidence.ValidTime{
		Since: oneOf(g, "since", "", "2013", "2014-09", "../2014-09-26", "2014~", "2010"), Until: oneOf(g, "until", "", "", "2015", ".."),
		Observed: oneOf(g, "observed", nil, []string{"2014-09-26"}),
	}
}

func (g *planner) newStatement(hidden, editor bool, entities, sources []evidence.ID) *evidence.AssertStatement {
	s := &evidence.AssertStatement{ID: g.id("stm", hidden, editor), Entity: oneOf(g, "entity", entities...), Attribute: oneOf(g, "attribute", "RANK", "OCCUPATION", "BIRTH_DATE")}
	p := &g.pub
	if hidden {
		p = &g.sec
		s.Clearance = g.hidden()
	}
	if len(p.links) > 0 && g.oneIn(2, "speaks") {
		s.About = oneOf(g, "about", p.links...)
	}
	s.Value, s.Summary, s.Valid = "General "+mark(s.ID), "según "+mark(s.ID), g.validTime()
	p.statements = append(p.statements, s.ID)
	g.goesWith(s.ID, s.Entity)
	s.Citations = g.citationsOf(s.ID, p, sources, hidden, editor)
	return s
}

func (g *planner) standing(claim evidence.ID, sources []evidence.ID, hidden, editor bool) *evidence.SetStanding {
	s := &evidence.SetStanding{Claim: claim, Standing: oneOf(g, "standing", "CHARGED", "ACQUITTED", "REFUTED"), On: oneOf(g, "on", "", "2016")}
	s.Citation = g.newCitation(oneOf(g, "stance", "MENTIONS", "DISPUTES"), sources, hidden, editor)
	s.Note = "nota " + mark(s.Citation.ID)
	p := &g.pub
	if hidden {
		p = &g.sec
		s.Citation.Clearance = g.hidden()
	}
	p.citations = append(p.citations, s.Citation.ID)
	g.goesWith(s.Citation.ID, claim, s.Citation.Source)
	return s
}
