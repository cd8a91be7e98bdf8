package leak_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
)

// hide draws a step that nobody below its author is to know of.
func (g *planner) hide() {
	cs := &evidence.ChangeSet{Reason: "not for everybody"}
	s := &step{hidden: true, set: cs}
	if g.oneIn(3, "keyed") {
		cs.IdempotencyKey = oneOf(g, "key", "k1", "k2", "k3")
	}
	every := slices.Concat(g.pub.entities, g.sec.entities)
	allSources := slices.Concat(g.pub.sources, g.sec.sources)
	if len(g.sec.sources) == 0 || len(g.sec.entities) == 0 {
		cs.Changes = append(cs.Changes, evidence.Change{PutSource: g.newSource(true, false, "LEAK")}, evidence.Change{PutEntity: g.newEntity(true, false, "PERSON")})
		g.steps = append(g.steps, s)
		return
	}
	switch oneOf(g, "taken back", "", "", "", "undone", "erased") {
	case "undone":
		for i, before := range g.steps {
			if before.hidden && (s.undone == 0 || g.oneIn(2, "undone")) {
				s.undone = i + 1
			}
		}
	case "erased":
		s.erased = oneOf(g, "erased", g.sec.all()...)
	}
	if s.undone > 0 || s.erased != "" {
		g.steps = append(g.steps, s)
		return
	}
	for range rapid.IntRange(1, 3).Draw(g.T, "changes") {
		var c evidence.Change
		switch oneOf(g, "hidden change", "entity", "source", "link", "link", "opaque", "opaque", "statement", "cite", "cite", "standing", "standing", "merge", "name", "name", "derive", "derive", "capture", "check", "retract", "level", "asserter") {
		case "entity":
			c.PutEntity = g.newEntity(true, false, oneOf(g, "kind", "PERSON", "PERSON", "MILITARY_UNIT", "CRIMINAL_GROUP"))
		case "source":
			c.PutSource = g.newSource(true, false, "LEAK")
			c.PutSource.DerivedFrom = evidence.Of([]evidence.ID{oneOf(g, "parent", allSources[:len(allSources)-1]...)})
		case "link":
			c.AssertLink = g.newLink(every, allSources, true, false)
		case "opaque": // PUBLIC by itself, but for what it rests on
			c.AssertLink = g.newLink(g.pub.entities, g.sec.sources, true, false)
			c.AssertLink.Clearance = ""
		case "statement":
			c.AssertStatement = g.newStatement(true, false, every, allSources)
		case "cite":
			cited := g.newCitation(oneOf(g, "stance", "SUPPORTS", "DISPUTES", "MENTIONS"), allSources, true, false)
			cited.Clearance = "CONFIDENTIAL"
			c.Cite = &evidence.Cite{Claim: oneOf(g, "claim", g.pub.claims()...), Citation: cited}
			g.sec.citations = append(g.sec.citations, cited.ID)
		case "asserter":
			cited := g.newCitation(oneOf(g, "stance", "SUPPORTS", "DISPUTES"), g.sec.sources, true, false)
			cited.AssertedBy = &evidence.Asserter{Words: "él", Entity: oneOf(g, "asserter", every...)}
			c.Cite = &evidence.Cite{Claim: oneOf(g, "claim", g.pub.claims()...), Citation: cited}
			g.sec.citations = append(g.sec.citations, cited.ID)
		case "standing":
			c.SetStanding = g.standing(oneOf(g, "claim", g.pub.claims()...), allSources, true, false)
		case "merge":
			link := g.id("lnk", true, false)
			absorb, into := g.alike(every)
			c.MergeEntities = &evidence.MergeEntities{Link: link, Absorb: absorb, Into: into, Clearance: "CONFIDENTIAL", Citations: []evidence.NewCitation{g.newCitation("SUPPORTS", allSources, true, false)}}
			g.sec.links = append(g.sec.links, link)
		case "name":
			s.named, s.addition, s.set = oneOf(g, "named", g.pub.entities...), oneOf(g, "shown", g.sec.sources...), nil
			of := " " + mark(s.named)
			s.called = oneOf(g, "called", "José Secreto zqxname", "José Pérez"+of, "Ángel Pérez"+of, "El Jefe"+of, "El Pepe"+of)
			g.steps = append(g.steps, s)
			return
		case "derive":
			s.derived, s.addition, s.set = oneOf(g, "derived", g.pub.sources...), oneOf(g, "parent", g.sec.sources...), nil
			g.steps = append(g.steps, s)
			return
		case "capture":
			c.AttachCapture = capture(oneOf(g, "source", g.sec.sources...), oneOf(g, "sum", "aa", "bb"))
		case "check":
			if len(g.sec.citations) == 0 {
				continue
			}
			c.RecordChecks = &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: oneOf(g, "citation", g.sec.citations...), Check: evidence.QuoteCheck{State: evidence.Failed, At: "2026-11-23T09:00:00Z", Nearest: "otra"}}}}
		case "retract":
			c.Retract = &evidence.Retract{ID: oneOf(g, "retracted", g.sec.all()...)}
		case "level":
			c.SetClearance = &evidence.SetClearance{ID: oneOf(g, "level of", slices.Concat(g.sec.entities, g.sec.sources)...), Clearance: g.hidden()}
		}
		cs.Changes = append(cs.Changes, c)
	}
	if len(cs.Changes) > 0 {
		g.steps = append(g.steps, s)
	}
}
