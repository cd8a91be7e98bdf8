package trace

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// Rung is one step of a chain of command: an entity above (or below) another,
// by a link that held then.
type Rung struct {
	Entity *Entity
	// Of is the entity on the level before that it stands above or below.
	Of    evidence.ID
	Claim *Claim
	Level int // 1 is next to the entity that was asked about
	// Held is Definitely, Possibly or Undated on the date that was asked about.
	Held edtf.Certainty
}

// Chain is a chain of command, level by level, on each level what held most
// certainly first.
type Chain struct {
	Rungs []Rung
	Cut   Cut
}

// CommandChain follows hierarchical links from a unit or a person, up to its
// superiors or down to what it commands, as they stood on a date (EDTF; "" asks
// of all time), along links that a filter keeps; those of placeholders are told
// whatever it says of these. What climber says decides which links make a chain. A chain is
// cut rather than refused: DEPTH where there is more beyond 10 levels, FAN_OUT where
// an entity has more links, or a level more, than are read.
func (s *Session) CommandChain(ctx context.Context, of evidence.ID, on string, up bool, f LinkFilter) (Chain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	day, err := s.onDay(on, f)
	if err != nil {
		return Chain{}, err
	}
	start, err := s.subject(ctx, of)
	if err != nil || start == nil {
		return Chain{}, err
	}
	if start.Kind != person && !isUnit(start.Kind) {
		return Chain{}, evidence.Faulty(evidence.InvalidInput, "of", "%q is a %s; ask of a unit, force, group, body or person, or ask for the commandersOf a place or an event", of, start.Kind)
	}
	l := s.ladder(day, up)
	var own steps
	if up && start.Kind == person {
		if own, err = l.ownBodies(ctx, start.ID); err != nil {
			return Chain{}, err
		}
	}
	c := l.climber(start.ID, own)
	if err := l.climb(ctx, c); err != nil {
		return Chain{}, err
	}
	return c.chain(), nil
}

// subject reads the entity that a question is about; nil where the view sees nothing
// of that id. An id of something else is told.
func (s *Session) subject(ctx context.Context, of evidence.ID) (*Entity, error) {
	shown, err := s.entities(ctx, []evidence.ID{of})
	if err != nil || shown[of] != nil {
		return shown[of], err
	}
	if r := s.records[of]; r != nil {
		return nil, evidence.Faulty(evidence.InvalidInput, "of", "%q is the id of a %s; give that of an entity", of, r.Content.Type())
	}
	return nil, nil //nolint:nilnil // nothing is seen of it
}

// Responsible is a unit or force that had to do with a place or an event, with
// the grounds for saying so, who commanded it then and their superiors.
type Responsible struct {
	Unit *Entity
	// Grounds are the links that tie the unit to the place or event, the most
	// certain first.
	Grounds []Ground
	Chain   Chain // commanders on level 1, then up
}

// Ground is one reason to name a unit.
type Ground struct {
	// Via leads from the unit to the place or event: one link, or several through
	// the body that governs the place, an event that happened there, or a person of
	// the unit.
	Via []*Claim
	// Held is how certain the least certain link is. A place without a date lies
	// where it lies always, and an event without one when it happened.
	Held edtf.Certainty
}

// Responsibility is the answer to who commanded those responsible.
type Responsibility struct {
	Units []Responsible // most certain ground first, then by id
	Cut   Cut
}

// maxResponsible is how many units get a chain of command of their own.
const maxResponsible = 60

// CommandersOf answers, for a place or an event and a date: the units based in,
// operating in, present in or responsible for the place and the places it is part
// of; the forces of a body that governs it, level by level; those that took part in,
// caused, ordered or witnessed that day the event, a part of it, or an event in the
// place or in a place within; those that persons were of then who took part in it,
// caused or ordered it; who commanded each of them then, or held a post in it, and
// their superiors. On a day on which an event certainly did not happen, nobody is
// named for it, and who was harmed in it is named for acts and duties alone.
//
// All links, of grounds and chains, are such as the filter keeps, as for CommandChain.
// Unless it names standings, no ground rests on what is refuted or retracted, nor on
// acts of persons whom a court cleared of them. It is cut rather than refused, as a
// chain is, and by LINKS where there is too much in a place to be read.
func (s *Session) CommandersOf(ctx context.Context, of evidence.ID, on string, f LinkFilter) (Responsibility, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	day, err := s.onDay(on, f)
	if err != nil {
		return Responsibility{}, err
	}
	start, err := s.subject(ctx, of)
	if err != nil || start == nil {
		return Responsibility{}, err
	}
	g := &grounds{session: s, of: start, on: day, cleared: len(f.Standing) > 0, by: map[evidence.ID][]Ground{}, events: map[evidence.ID]bool{}}
	if len(f.Standing) == 0 {
		f.Standing = upheld
		if g.on, err = s.onDay(on, f); err != nil {
			return Responsibility{}, err
		}
	}
	switch start.Kind {
	case "PLACE":
		err = g.ofPlace(ctx)
	case "EVENT":
		err = g.ofEvent(ctx)
	default:
		err = evidence.Faulty(evidence.InvalidInput, "of", "%q is a %s; ask of a place or an event, or ask for the commandChain of a unit", of, start.Kind)
	}
	for _, next := range []func(context.Context) error{g.byPersons, g.governing, g.withoutVictims} {
		if err != nil {
			return Responsibility{}, err
		}
		err = next(ctx)
	}
	if err != nil {
		return Responsibility{}, err
	}
	return g.answer(ctx, day)
}
