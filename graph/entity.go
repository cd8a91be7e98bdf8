package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// Node is anything with an id: *Entity, *Link, *Statement, *Source, *Citation or
// *Revision.
type Node interface{ isNode() }

// Entity is an entity as a query shows it.
type Entity struct {
	shown *trace.Entity
	batch *entityBatch
}

// entityBatch are entities that were read together.
type entityBatch struct {
	siblings
	entities []*Entity
}

// newEntities makes siblings of entities, in their order; nil stays nil.
func newEntities(s *session, shown []*trace.Entity) []*Entity {
	b := &entityBatch{siblings: siblings{session: s}}
	out := make([]*Entity, len(shown))
	known := make(map[evidence.ID]*Entity, len(shown))
	for i, e := range shown {
		if e == nil {
			continue
		}
		if known[e.ID] == nil {
			known[e.ID] = &Entity{e, b}
			b.entities = append(b.entities, known[e.ID])
		}
		out[i] = known[e.ID]
	}
	return out
}

// entitiesByID makes siblings of the entities of ids, each found by the id that
// was asked for.
func entitiesByID(s *session, ids []evidence.ID, shown map[evidence.ID]*trace.Entity) map[evidence.ID]*Entity {
	var found []*trace.Entity
	var asked []evidence.ID
	for _, id := range ids {
		if e := shown[id]; e != nil {
			found, asked = append(found, e), append(asked, id)
		}
	}
	out := make(map[evidence.ID]*Entity, len(asked))
	for i, e := range newEntities(s, found) {
		out[asked[i]] = e
	}
	return out
}

// ids are those of the entities, each once.
func (b *entityBatch) ids() []evidence.ID {
	ids := make([]evidence.ID, len(b.entities))
	for i, e := range b.entities {
		ids[i] = e.shown.ID
	}
	return distinct(ids)
}

func (*Entity) isNode() {}

// ID is the entity's id.
func (e *Entity) ID() string { return string(e.shown.ID) }

// Kind is the entity's kind.
func (e *Entity) Kind() EntityKind { return EntityKind(e.shown.Kind) }

// Name is the primary name.
func (e *Entity) Name() string { return e.shown.PrimaryName() }

// Aliases are the other names.
func (e *Entity) Aliases() []string {
	names := make([]string, 0, len(e.shown.Names))
	for i, n := range e.shown.Names {
		if i > 0 {
			names = append(names, n.Text)
		}
	}
	return names
}

// Names are all names, the primary one first.
func (e *Entity) Names() []*Name {
	names := make([]*Name, len(e.shown.Names))
	for i := range e.shown.Names {
		names[i] = &Name{e.shown.Names[i], e.batch}
	}
	return names
}

// Identity is how far the entity is identified.
func (e *Entity) Identity() Identity { return Identity(e.shown.Identity.String()) }

// Unidentified says whether it stands for something not identified.
func (e *Entity) Unidentified() bool { return e.shown.Identity.IsPlaceholder() }

// Description tells it from others.
func (e *Entity) Description() *string { return optional(e.shown.Description) }

// Country is its country.
func (e *Entity) Country() *string { return optional(e.shown.Country) }

// When is the date of an event.
func (e *Entity) When() *string { return optional(e.shown.When) }

// Point is where it lies.
func (e *Entity) Point() *Point {
	p := e.shown.Point
	if p == nil {
		return nil
	}
	return &Point{Latitude: p.Latitude, Longitude: p.Longitude, ReadFrom: optional(p.Source)}
}

// Notes are editorial remarks.
func (e *Entity) Notes() []evidence.Note { return e.shown.Notes }

// FormerIds are the ids that it was known under.
func (e *Entity) FormerIds() []string {
	ids := make([]string, len(e.shown.FormerIDs))
	for i, id := range e.shown.FormerIDs {
		ids[i] = string(id)
	}
	return ids
}

// Links is a page of the entity's links, read for all siblings.
func (e *Entity) Links(ctx context.Context, direction Direction, filter *LinkFilter, first *int32, after *string, last *int32, before *string) (*LinkConnection, error) {
	key := field(ctx)
	pages, err := once(ctx, &e.batch.siblings, key, func(ctx context.Context) (map[evidence.ID]*LinkConnection, error) {
		f, err := filter.trace()
		if err != nil {
			return nil, err
		}
		if f.Direction, err = direction.evidence(); err != nil {
			return nil, err
		}
		return connectClaims(ctx, e.batch, f, pageArgs(first, after, last, before), key, newLinkConnection)
	})
	return pages[e.shown.ID], report(ctx, err)
}

// Statements is a page of the entity's statements, read for all siblings.
func (e *Entity) Statements(ctx context.Context, filter *StatementFilter, first *int32, after *string, last *int32, before *string) (*StatementConnection, error) {
	key := field(ctx)
	pages, err := once(ctx, &e.batch.siblings, key, func(ctx context.Context) (map[evidence.ID]*StatementConnection, error) {
		f, err := filter.trace()
		if err != nil {
			return nil, err
		}
		return connectClaims(ctx, e.batch, f, pageArgs(first, after, last, before), key, newStatementConnection)
	})
	return pages[e.shown.ID], report(ctx, err)
}

// Name is one name of an entity.
type Name struct {
	given trace.AssertedName
	batch *entityBatch
}

// Text is the name as it is written.
func (n *Name) Text() string { return n.given.Text }

// Type is the sort of name.
func (n *Name) Type() NameType { return NameType(n.given.Type.String()) }

// Language is the name's language.
func (n *Name) Language() *string { return optional(n.given.Language) }

// GivenTo is the id of the entity that has the name.
func (n *Name) GivenTo() string { return string(n.given.On) }

// Clearance is who may know of the name.
func (n *Name) Clearance() Clearance { return Clearance(n.given.Clearance.String()) }

// Sources are the sources that use the name, read for all names of all siblings.
func (n *Name) Sources(ctx context.Context) ([]*Source, error) {
	if len(n.given.Sources) == 0 {
		return nil, nil
	}
	b := n.batch
	sources, err := once(ctx, &b.siblings, sharedNameSources, func(ctx context.Context) (map[evidence.ID]*Source, error) {
		var ids []evidence.ID
		for _, e := range b.entities {
			for _, name := range e.shown.Names {
				ids = append(ids, name.Sources...)
			}
		}
		return readSources(ctx, b.session, ids)
	})
	if err != nil {
		return nil, report(ctx, err)
	}
	return choose(sources, n.given.Sources), nil
}

// choose gives what is there for ids, in their order.
func choose[T any](known map[evidence.ID]*T, ids []evidence.ID) []*T {
	out := make([]*T, 0, len(ids))
	for _, id := range ids {
		if x := known[id]; x != nil {
			out = append(out, x)
		}
	}
	return out
}

// SearchHit is an entity that a search found.
type SearchHit struct {
	Entity  *Entity
	Score   int32
	Matched string
}
