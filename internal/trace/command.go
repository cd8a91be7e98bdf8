package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
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

// Limits of a chain.
const (
	maxChainLevels = 10
	maxChainLinks  = 3000 // links read for one level
)

// CommandChain follows hierarchical links from a unit or a person, up to its
// superiors or down to what it commands, as they stood on a date (EDTF; "" asks
// of all time). From a person who commands a body it goes up from that body.
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
	return s.chain(ctx, start, date, up, entities[start].Kind == "PERSON" && up)
}

func (s *Session) chain(ctx context.Context, start evidence.ID, on edtf.Date, up, fromPost bool) (Chain, error) {
	var out Chain
	seen := map[evidence.ID]bool{start: true}
	level := []evidence.ID{start}
	var headed map[evidence.ID]bool // bodies whose own heads are not above the start
	if fromPost {
		commanded, cut, err := s.held(ctx, level, evidence.Outgoing, s.commandKinds(), on)
		if err != nil {
			return out, err
		}
		out.Cut, headed = cut, map[evidence.ID]bool{}
		for _, h := range commanded {
			out.Rungs = append(out.Rungs, Rung{Of: start, Claim: h.claim, Held: h.held, Level: 0})
			headed[h.claim.To], seen[h.claim.To] = true, true
			level = append(level, h.claim.To)
		}
	}
	for depth := 1; len(level) > 0; depth++ {
		if depth > maxChainLevels {
			out.Cut = CutDepth
			break
		}
		links, cut, err := s.held(ctx, level, evidence.Any, s.hierarchicalKinds(), on)
		if err != nil {
			return out, err
		}
		out.Cut = cmp.Or(out.Cut, cut)
		var next []evidence.ID
		for _, h := range links {
			above, below := s.order(h.claim)
			far, near := above, below
			if !up {
				far, near = below, above
			}
			if !slices.Contains(level, near) || seen[far] || headed[near] && s.isCommand(h.claim) {
				continue
			}
			out.Rungs = append(out.Rungs, Rung{Of: near, Claim: h.claim, Level: depth, Held: h.held})
			next = append(next, far)
		}
		for _, id := range next {
			seen[id] = true
		}
		slices.Sort(next)
		level, headed = slices.Compact(next), nil
	}
	return s.nameRungs(ctx, out, up)
}

// nameRungs fills in the entities and drops what is no chain of command: places
// and events that are part of others.
func (s *Session) nameRungs(ctx context.Context, c Chain, up bool) (Chain, error) {
	far := func(r Rung) evidence.ID {
		above, below := s.order(r.Claim)
		if r.Level == 0 || !up {
			return below
		}
		return above
	}
	ids := make([]evidence.ID, len(c.Rungs))
	for i, r := range c.Rungs {
		ids[i] = far(r)
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return c, err
	}
	for i := range c.Rungs {
		c.Rungs[i].Entity = entities[far(c.Rungs[i])]
	}
	c.Rungs = slices.DeleteFunc(c.Rungs, func(r Rung) bool {
		return r.Entity == nil || r.Entity.Kind == "PLACE" || r.Entity.Kind == "EVENT"
	})
	slices.SortStableFunc(c.Rungs, func(a, b Rung) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.Held, a.Held), cmp.Compare(a.Claim.Record.ID(), b.Claim.Record.ID()))
	})
	return c, nil
}

// heldClaim is a link with how certainly it held on a date.
type heldClaim struct {
	claim *Claim
	held  edtf.Certainty
}

// held reads the links of kinds at entities that may have held on a date, or
// whose time nobody tells.
func (s *Session) held(ctx context.Context, at []evidence.ID, d evidence.Direction, kinds []string, on edtf.Date) ([]heldClaim, Cut, error) {
	if len(kinds) == 0 || len(at) == 0 {
		return nil, "", nil
	}
	var out []heldClaim
	n := 0
	q := store.Query{Type: evidence.LinkRecord, Entities: s.identity.groups(at), Direction: d, Kinds: kinds, Limit: maxChainLinks}
	for f, err := range s.reader.Find(ctx, q) {
		if err != nil {
			return nil, "", err
		}
		n++
		s.keep(f.Record)
		c := s.claim(f.Record)
		certainty := f.Record.Claim().Valid().HeldOn(evidence.AspectOf(f.Record.Claim(), s.tracer.vocabulary), on)
		if c.From != c.To && certainty != edtf.No {
			out = append(out, heldClaim{c, certainty})
		}
	}
	if n == maxChainLinks {
		return out, CutFanOut, nil
	}
	return out, "", nil
}

// order tells which end of a hierarchical link stands above the other.
func (s *Session) order(c *Claim) (above, below evidence.ID) {
	if kind, ok := s.tracer.vocabulary.Link(c.Record.Claim().Kind); ok && kind.Superior == vocabulary.From {
		return c.From, c.To
	}
	return c.To, c.From
}

func (s *Session) hierarchicalKinds() []string {
	return s.kinds(func(k vocabulary.LinkKind) bool { return k.Hierarchical })
}

// commandKinds are those by which somebody stands above a body.
func (s *Session) commandKinds() []string {
	return s.kinds(func(k vocabulary.LinkKind) bool { return k.Hierarchical && k.Superior == vocabulary.From })
}

func (s *Session) isCommand(c *Claim) bool {
	return slices.Contains(s.commandKinds(), c.Record.Claim().Kind)
}

func (s *Session) kinds(keep func(vocabulary.LinkKind) bool) []string {
	var names []string
	for _, k := range s.tracer.vocabulary.Links() {
		if keep(k) {
			names = append(names, k.Name)
		}
	}
	return names
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
// is tied to an event.
var (
	presence = []string{"BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA"}
	deeds    = []string{"PARTICIPATED_IN", "PRESENT_AT", "WITNESS_TO", "CAUSED"}
	within   = []string{"LOCATED_IN", "PART_OF"}
)

// maxResponsible is how many units get a chain of command of their own.
const maxResponsible = 60

// CommandersOf answers, for a place or an event and a date: the units based in,
// operating in or responsible for the place and the places it is part of; the
// forces of a body that governs it; those that took part in or witnessed an event
// there that day; who commanded each of them then, and their superiors.
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
	g := &grounds{session: s, on: date, by: map[evidence.ID][]Ground{}}
	switch entities[start].Kind {
	case "PLACE":
		err = g.ofPlace(ctx, start)
	case "EVENT":
		err = g.ofEvent(ctx, start)
	default:
		err = evidence.Faulty(evidence.InvalidInput, "of", "%q is a %s; ask of a place or an event, or ask for the commandChain of a unit", of, entities[start].Kind)
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
	cut     Cut
}

func (g *grounds) add(unit evidence.ID, held edtf.Certainty, via ...*Claim) {
	g.by[unit] = append(g.by[unit], Ground{Via: via, Held: held})
}

func (g *grounds) read(ctx context.Context, at []evidence.ID, d evidence.Direction, kinds []string) ([]heldClaim, error) {
	known := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool {
		_, ok := g.session.tracer.vocabulary.Link(k)
		return !ok
	})
	links, cut, err := g.session.held(ctx, at, d, known, g.on)
	g.cut = cmp.Or(g.cut, cut)
	return links, err
}

func (g *grounds) ofEvent(ctx context.Context, event evidence.ID) error {
	done, err := g.read(ctx, []evidence.ID{event}, evidence.Incoming, deeds)
	if err != nil {
		return err
	}
	for _, h := range done {
		g.add(h.claim.From, h.held, h.claim)
	}
	places, err := g.read(ctx, []evidence.ID{event}, evidence.Outgoing, within)
	if err != nil {
		return err
	}
	for _, h := range places {
		if err := g.around(ctx, h.claim.To, h.held, h.claim); err != nil {
			return err
		}
	}
	return nil
}

func (g *grounds) ofPlace(ctx context.Context, place evidence.ID) error {
	if err := g.around(ctx, place, edtf.Definitely); err != nil {
		return err
	}
	there, err := g.read(ctx, []evidence.ID{place}, evidence.Incoming, within)
	if err != nil {
		return err
	}
	events := map[evidence.ID]heldClaim{}
	var ids []evidence.ID
	for _, h := range there {
		events[h.claim.From] = h
		ids = append(ids, h.claim.From)
	}
	entities, err := g.session.entities(ctx, ids)
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(ids, func(id evidence.ID) bool {
		return entities[id] == nil || entities[id].Kind != "EVENT" || events[id].held == edtf.Undated
	})
	done, err := g.read(ctx, ids, evidence.Incoming, deeds)
	if err != nil {
		return err
	}
	for _, h := range done {
		if at, ok := events[h.claim.To]; ok {
			g.add(h.claim.From, min(h.held, at.held), h.claim, at.claim)
		}
	}
	return nil
}

// around names what is tied to a place or to one that it lies in; reached tells
// how the place was come upon.
func (g *grounds) around(ctx context.Context, place evidence.ID, certainty edtf.Certainty, reached ...*Claim) error {
	type step struct {
		id   evidence.ID
		held edtf.Certainty
		via  []*Claim
	}
	seen := map[evidence.ID]bool{place: true}
	level := []step{{place, certainty, reached}}
	for depth := 0; depth < maxChainLevels && len(level) > 0; depth++ {
		at := map[evidence.ID]step{}
		var ids []evidence.ID
		for _, st := range level {
			at[st.id] = st
			ids = append(ids, st.id)
		}
		here, err := g.read(ctx, ids, evidence.Incoming, presence)
		if err != nil {
			return err
		}
		for _, h := range here {
			st := at[h.claim.To]
			g.add(h.claim.From, min(h.held, st.held), append([]*Claim{h.claim}, st.via...)...)
		}
		if err := g.governing(ctx, ids, func(id evidence.ID) (edtf.Certainty, []*Claim) { return at[id].held, at[id].via }); err != nil {
			return err
		}
		up, err := g.read(ctx, ids, evidence.Outgoing, within)
		if err != nil {
			return err
		}
		level = nil
		for _, h := range up {
			if st := at[h.claim.From]; !seen[h.claim.To] {
				seen[h.claim.To] = true
				level = append(level, step{h.claim.To, min(st.held, certain(h)), append([]*Claim{h.claim}, st.via...)})
			}
		}
	}
	return nil
}

// certain takes a place to lie where it lies, dated or not.
func certain(h heldClaim) edtf.Certainty {
	if h.held == edtf.Undated {
		return edtf.Definitely
	}
	return h.held
}

// governing names bodies that govern places, and the forces under them.
func (g *grounds) governing(ctx context.Context, places []evidence.ID, reached func(evidence.ID) (edtf.Certainty, []*Claim)) error {
	rule, err := g.read(ctx, places, evidence.Incoming, []string{"GOVERNS"})
	if err != nil {
		return err
	}
	bodies := map[evidence.ID]Ground{}
	var ids []evidence.ID
	for _, h := range rule {
		held, via := reached(h.claim.To)
		ground := Ground{Via: append([]*Claim{h.claim}, via...), Held: min(h.held, held)}
		g.by[h.claim.From] = append(g.by[h.claim.From], ground)
		bodies[h.claim.From] = ground
		ids = append(ids, h.claim.From)
	}
	under, err := g.read(ctx, ids, evidence.Incoming, []string{"SUBORDINATE_TO", "PART_OF"})
	if err != nil {
		return err
	}
	for _, h := range under {
		if body, ok := bodies[h.claim.To]; ok {
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
	for i := range out.Units {
		if out.Units[i].Chain, err = s.chain(ctx, out.Units[i].Unit.ID, g.on, true, false); err != nil {
			return out, err
		}
	}
	return out, nil
}

// isUnit says whether entities of the kind can be commanded.
func isUnit(kind string) bool {
	return kind == "MILITARY_UNIT" || kind == "POLICE_FORCE" || kind == "CRIMINAL_GROUP" || kind == "GOVERNMENT_BODY" || kind == "ORGANIZATION"
}
