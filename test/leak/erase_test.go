package leak_test

import (
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// forget has two records erased that everybody sees: they were kept from the reader
// first, saying something else, and a part of them is hidden still. Then the editor
// records what they said, as the reader saw it and as it was before, and undoes the
// revision that wrote them beside another record.
func (g *planner) forget() {
	entity, source := g.id("ent", false, false), g.id("src", false, false)
	person := func(id evidence.ID, name string) *evidence.PutEntity {
		return &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of([]evidence.NewName{{Text: "El Olvidado " + mark(entity)}}), Clearance: evidence.Of("PUBLIC")}
	}
	article := func(id evidence.ID, url string) *evidence.PutSource {
		return &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota " + mark(source)), URL: evidence.Of("https://example.org/" + url + mark(source)), Clearance: evidence.Of("PUBLIC")}
	}
	set := func(c ...evidence.Change) *evidence.ChangeSet {
		return &evidence.ChangeSet{Reason: "what is forgotten", Changes: c}
	}
	former, secret := person(entity, "Juan Secreto zqxformer"), article(source, "zqxformer")
	former.Clearance, secret.Clearance = evidence.Of("CONFIDENTIAL"), evidence.Of("CONFIDENTIAL")
	beside := &evidence.ChangeSet{Reason: "beside what is forgotten", Changes: []evidence.Change{{PutEntity: person(g.id("ent", false, false), "Otro Olvidado")}}}
	hidden := g.sec.sources[0]
	g.steps = append(g.steps,
		&step{set: beside, more: func(cs *evidence.ChangeSet) {
			cs.Changes = append(slices.Clone(cs.Changes), evidence.Change{PutEntity: former}, evidence.Change{PutSource: secret})
		}},
		&step{set: set(evidence.Change{PutEntity: person(entity, "Juan Olvidado "+mark(entity))}, evidence.Change{PutSource: article(source, "")})},
		&step{hidden: true, named: entity, addition: hidden}, &step{hidden: true, derived: source, addition: hidden},
		&step{erased: entity}, &step{erased: source}, &step{editor: true, undoes: beside.Reason},
	)
	for _, c := range []evidence.Change{
		{PutEntity: person(g.id("ent", false, true), "Juan Secreto zqxformer")}, {PutEntity: person(g.id("ent", false, true), "Juan Olvidado "+mark(entity))},
		{PutSource: article(g.id("src", false, true), "zqxformer")}, {PutSource: article(g.id("src", false, true), "")},
	} {
		g.steps = append(g.steps, &step{editor: true, set: set(c)})
	}
	g.pub.entities, g.pub.sources = append(g.pub.entities, entity), append(g.pub.sources, source)
}
