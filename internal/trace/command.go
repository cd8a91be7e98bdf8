package trace

import (
	"cmp"
	"context"
	"slices"

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
// of all time). What climber says decides which links make a chain. A chain is
// cut rather than refused: DEPTH where there is more beyond 10 levels, FAN_OUT where
// an entity has more links, or a level more, than are read.
func (s *Session) CommandChain(ctx context.Context, of evidence.ID, on string, up bool) (Chain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	date, err := dateOf("on", on)
	if err != nil {
		return Chain{}, err
	}
	start := s.identity.resolve(of)
	entities, err := s.entities(ctx, []evidence.ID{start})
	if err != nil || entities[start] == nil {
		return Chain{}, err
	}
	l := s.ladder(date, up)
	var own steps
	if up && entities[start].Kind == person {
		if own, err = l.ownBodies(ctx, start); err != nil {
			return Chain{}, err
		}
	}
	c := l.climber(start, own)
	if err := l.climb(ctx, c); err != nil {
		return Chain{}, err
	}
	return c.chain(), nil
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
	// the body that governs the place or an event that happened there.
	Via  []*Claim
	Held edtf.Certainty // of the least certain link
}

// Responsibility is the answer to who commanded those responsible.
type Responsibility struct {
	Units []Responsible // most certain ground first, then by id
	Cut   Cut
}

// presence are kinds by which a body is tied to a place; deeds those by which it
// is tied to an event; within those by which a place or event lies in a place.
var (
	presence = []string{"BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA"}
	deeds    = []string{"PARTICIPATED_IN", "PRESENT_AT", "WITNESS_TO", "CAUSED"}
	within   = []string{"LOCATED_IN", "PART_OF"}
	forces   = []string{"SUBORDINATE_TO", "PART_OF"}
)

const governs = "GOVERNS"

// maxResponsible is how many units get a chain of command of their own.
const maxResponsible = 60

// CommandersOf answers, for a place or an event and a date: the units based in,
// operating in or responsible for the place and the places it is part of; the
// forces of a body that governs it; those that took part in or witnessed an event
// there that day; who commanded each of them then, or held a post in it, and their
// superiors. On a day on which an event certainly did not happen, nobody is named
// for it. It is cut rather than refused, as a chain is.
func (s *Session) CommandersOf(ctx context.Context, of evidence.ID, on string) (Responsibility, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	date, err := dateOf("on", on)
	if err != nil {
		return Responsibility{}, err
	}
	start := s.identity.resolve(of)
	entities, err := s.entities(ctx, []evidence.ID{start})
	if err != nil || entities[start] == nil {
		return Responsibility{}, err
	}
	g := &grounds{session: s, on: date, by: map[evidence.ID][]Ground{}, bodies: map[evidence.ID][]Ground{}}
	switch entities[start].Kind {
	case "PLACE":
		err = g.ofPlace(ctx, start)
	case "EVENT":
		err = g.ofEvent(ctx, entities[start])
	default:
		err = evidence.Faulty(evidence.InvalidInput, "of", "%q is a %s; ask of a place or an event, or ask for the commandChain of a unit", of, entities[start].Kind)
	}
	if err == nil {
		err = g.governing(ctx)
	}
	if err != nil {
		return Responsibility{}, err
	}
	return g.answer(ctx)
}

// grounds gathers units with the reasons to name them.
type grounds struct {
	session *Session
	on      edtf.Date
	by      map[evidence.ID][]Ground
	bodies  map[evidence.ID][]Ground // those of by that govern
	cut     Cut
}

func (g *grounds) add(unit evidence.ID, held edtf.Certainty, via ...*Claim) {
	g.by[unit] = append(g.by[unit], Ground{Via: via, Held: held})
}

func (g *grounds) read(ctx context.Context, asks ...ask) ([][]heldClaim, error) {
	for i := range asks {
		asks[i].kinds = g.session.known(asks[i].kinds...)
	}
	found, err := g.session.held(ctx, g.on, asks...)
	links := make([][]heldClaim, len(found))
	for i, f := range found {
		if links[i] = f.links; len(f.short) > 0 {
			g.cut = cmp.Or(g.cut, CutFanOut)
		}
	}
	return links, err
}

// place is a place with how it was come upon.
type place struct {
	id   evidence.ID
	held edtf.Certainty
	via  []*Claim
}

func (g *grounds) ofEvent(ctx context.Context, event *Entity) error {
	if g.happened(event, edtf.Definitely) == edtf.No {
		return nil
	}
	at := []evidence.ID{event.ID}
	found, err := g.read(ctx, ask{at, evidence.Incoming, deeds}, ask{at, evidence.Outgoing, within})
	if err != nil {
		return err
	}
	for _, h := range found[0] {
		g.add(h.claim.From, h.held, h.claim)
	}
	var places []place
	for _, h := range found[1] {
		places = append(places, place{h.claim.To, g.happened(event, h.held), []*Claim{h.claim}})
	}
	return g.around(ctx, places)
}

func (g *grounds) ofPlace(ctx context.Context, of evidence.ID) error {
	if err := g.around(ctx, []place{{of, edtf.Definitely, nil}}); err != nil {
		return err
	}
	there, err := g.read(ctx, ask{[]evidence.ID{of}, evidence.Incoming, within})
	if err != nil {
		return err
	}
	var ids []evidence.ID
	for _, h := range there[0] {
		ids = append(ids, h.claim.From)
	}
	entities, err := g.session.entities(ctx, ids)
	if err != nil {
		return err
	}
	events := map[evidence.ID][]heldClaim{}
	for _, h := range there[0] {
		e := entities[h.claim.From]
		if e == nil || e.Kind != "EVENT" {
			continue
		}
		if h.held = g.happened(e, h.held); h.held > edtf.Undated {
			events[h.claim.From] = append(events[h.claim.From], h)
		}
	}
	ids = slices.DeleteFunc(ids, func(id evidence.ID) bool { return events[id] == nil })
	slices.Sort(ids)
	done, err := g.read(ctx, ask{slices.Compact(ids), evidence.Incoming, deeds})
	if err != nil {
		return err
	}
	for _, h := range done[0] {
		for _, at := range events[h.claim.To] {
			g.add(h.claim.From, min(h.held, at.held), h.claim, at.claim)
		}
	}
	return nil
}

// happened says how certainly an event that lies in a place happened on the date:
// as the link says, unless the event's own date rules it out; where the link has
// no date, by that of the event.
func (g *grounds) happened(event *Entity, lies edtf.Certainty) edtf.Certainty {
	when, err := edtf.Parse(event.When)
	if err != nil || when.IsZero() || g.on.IsZero() {
		return lies
	}
	held := edtf.Valid{Since: when}.HeldOn(edtf.Event, g.on)
	if lies == edtf.Undated || held == edtf.No {
		return held
	}
	return lies
}

// around names what is tied to places or to those that they lie in. A place that
// is come upon twice counts as what it was first, and most certainly.
func (g *grounds) around(ctx context.Context, level []place) error {
	seen := map[evidence.ID]bool{}
	for depth := 0; ; depth++ {
		slices.SortStableFunc(level, func(a, b place) int { return cmp.Compare(b.held, a.held) })
		at := map[evidence.ID]place{}
		var ids []evidence.ID
		for _, p := range level {
			if !seen[p.id] {
				seen[p.id], at[p.id] = true, p
				ids = append(ids, p.id)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		if depth == maxChainLevels {
			g.cut = cmp.Or(g.cut, CutDepth)
			return nil
		}
		slices.Sort(ids)
		found, err := g.read(ctx, ask{ids, evidence.Incoming, append([]string{governs}, presence...)}, ask{ids, evidence.Outgoing, within})
		if err != nil {
			return err
		}
		for _, h := range found[0] {
			p := at[h.claim.To]
			ground := Ground{Via: append([]*Claim{h.claim}, p.via...), Held: min(h.held, p.held)}
			g.by[h.claim.From] = append(g.by[h.claim.From], ground)
			if h.claim.Record.Claim().Kind == governs {
				g.bodies[h.claim.From] = append(g.bodies[h.claim.From], ground)
			}
		}
		level = nil
		for _, h := range found[1] {
			p := at[h.claim.From]
			level = append(level, place{h.claim.To, min(p.held, certain(h)), append([]*Claim{h.claim}, p.via...)})
		}
	}
}

// certain takes a place to lie where it lies, dated or not.
func certain(h heldClaim) edtf.Certainty {
	if h.held == edtf.Undated {
		return edtf.Definitely
	}
	return h.held
}

// governing names the forces under bodies that govern.
func (g *grounds) governing(ctx context.Context) error {
	ids := make([]evidence.ID, 0, len(g.bodies))
	for id := range g.bodies {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	under, err := g.read(ctx, ask{ids, evidence.Incoming, forces})
	if err != nil {
		return err
	}
	for _, h := range under[0] {
		for _, body := range g.bodies[h.claim.To] {
			g.add(h.claim.From, min(h.held, body.Held), append([]*Claim{h.claim}, body.Via...)...)
		}
	}
	return nil
}

func (g *grounds) answer(ctx context.Context) (Responsibility, error) {
	out := Responsibility{Cut: g.cut}
	s := g.session
	ids := make([]evidence.ID, 0, len(g.by))
	for id := range g.by {
		ids = append(ids, id)
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		e := entities[id]
		if e == nil || !isUnit(e.Kind) {
			continue
		}
		r := Responsible{Unit: e, Grounds: g.by[id]}
		slices.SortStableFunc(r.Grounds, func(a, b Ground) int {
			return cmp.Or(cmp.Compare(b.Held, a.Held), cmp.Compare(len(a.Via), len(b.Via)), cmp.Compare(a.Via[0].Record.ID(), b.Via[0].Record.ID()))
		})
		out.Units = append(out.Units, r)
	}
	slices.SortFunc(out.Units, func(a, b Responsible) int {
		return cmp.Or(cmp.Compare(b.Grounds[0].Held, a.Grounds[0].Held), cmp.Compare(len(a.Grounds[0].Via), len(b.Grounds[0].Via)), cmp.Compare(a.Unit.ID, b.Unit.ID))
	})
	if len(out.Units) > maxResponsible {
		out.Units, out.Cut = out.Units[:maxResponsible], CutFanOut
	}
	l := s.ladder(g.on, true)
	climbers := make([]*climber, len(out.Units))
	for i, r := range out.Units {
		climbers[i] = l.climber(r.Unit.ID, steps{})
	}
	if err := l.climb(ctx, climbers...); err != nil {
		return out, err
	}
	for i, c := range climbers {
		out.Units[i].Chain = c.chain()
	}
	return out, nil
}

// isUnit says whether entities of the kind can be commanded.
func isUnit(kind string) bool {
	return kind == "MILITARY_UNIT" || kind == "POLICE_FORCE" || kind == "CRIMINAL_GROUP" || kind == "GOVERNMENT_BODY" || kind == "ORGANIZATION"
}
