package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// upheld are all standings but those in which nobody claims any longer what a link
// says.
var upheld = []evidence.Standing{
	evidence.Reported, evidence.Alleged, evidence.Investigated, evidence.Charged, evidence.Convicted,
	evidence.Acquitted, evidence.Dismissed, evidence.OfficiallyFound, evidence.Denied,
}

// belonging are kinds that say plainly that a person was of a unit, force or body.
var belonging = []string{commandsKind, secondIn, leadsKind, holdsPostIn, memberOf, servesIn}

// isGround says whether a link of a kind is a reason to name an entity of another kind.
// That an organization is or was somewhere names nobody: it is no force, and where
// it was present it may well be who was harmed.
func isGround(kind, of string) bool {
	if of != "ORGANIZATION" {
		return isUnit(of)
	}
	return kind == governs || kind == areaOf || slices.Contains(acts, kind)
}

// isForce says whether what a person does may be that of entities of a kind that they
// are of: a party or a school does not answer for its members.
func isForce(kind string) bool { return isUnit(kind) && kind != "ORGANIZATION" }

// isAct says that a link is an act of a person that their unit may answer for. One that
// a court cleared them of is none, unless the question asks for such.
func (g *grounds) isAct(c *Claim) bool {
	by := g.session.show(c.From)
	if by == nil || by.Kind != person || !slices.Contains(acts, c.Record.Claim().Kind) {
		return false
	}
	return g.cleared || c.Level.Standing != evidence.Acquitted && c.Level.Standing != evidence.Dismissed
}

// byPersons names the units that persons were of on the day by whose acts an event
// happened.
func (g *grounds) byPersons(ctx context.Context) error {
	of := map[evidence.ID][]site{}
	for _, doer := range g.doers {
		of[doer.id] = append(of[doer.id], doer)
	}
	found, err := g.read(ctx, ask{slices.Sorted(maps.Keys(of)), evidence.Outgoing, belonging})
	if err != nil {
		return err
	}
	for _, h := range found[0] {
		unit := g.session.show(h.claim.To)
		if unit == nil || !isForce(unit.Kind) || !commands(h.claim.Record.Claim().Kind, person, unit.Kind) {
			continue
		}
		for _, doer := range of[h.claim.From] {
			g.by[unit.ID] = append(g.by[unit.ID], Ground{Via: append([]*Claim{h.claim}, doer.via...), Held: min(h.held, doer.held)})
		}
	}
	return nil
}

// governing names the forces under bodies that govern, level by level. As in a chain
// of command, a placeholder leads no further.
func (g *grounds) governing(ctx context.Context) error {
	slices.SortFunc(g.bodies, func(a, b site) int { return compareGrounds(a.ground(), b.ground()) })
	_, err := g.spread(ctx, g.bodies, spreading{
		at: ask{direction: evidence.Incoming, kinds: forces}, through: true,
		tell: func(_ *Entity, s site, h heldClaim) {
			back := slices.ContainsFunc(s.via, func(c *Claim) bool { return c.From == h.claim.From })
			if e := g.session.show(h.claim.From); !back && e != nil && isForce(e.Kind) {
				g.add(s, h)
			}
		},
		lies: func(_ *Entity, h heldClaim, far *Entity) edtf.Certainty {
			if far.Identity.IsPlaceholder() {
				return edtf.No
			}
			return h.held
		},
	})
	return err
}

// duties are kinds that tie a force to a place whatever happens there. A garrison that
// was attacked is still the garrison.
var duties = append([]string{"BASED_IN", "OPERATES_IN", areaOf, governs}, forces...)

// withoutVictims leaves out that those who were harmed in an event, and did nothing in
// it, were there: of the event, all but what they had to do in the place; of a place,
// that they were at the event. Nor does a unit answer for what a member did who was
// harmed in the same event.
func (g *grounds) withoutVictims(ctx context.Context) error {
	harmed, err := g.harmed(ctx)
	if err != nil {
		return err
	}
	for id, all := range g.by {
		all = slices.DeleteFunc(all, func(r Ground) bool { return g.byPerson(id, r) && harmed[r.Via[0].From][r.Via[1].To] })
		acted := slices.ContainsFunc(all, func(r Ground) bool {
			return g.byPerson(id, r) || slices.Contains(acts, r.Via[0].Record.Claim().Kind)
		})
		if len(harmed[id]) > 0 && !acted {
			all = slices.DeleteFunc(all, func(r Ground) bool {
				if g.of.Kind == "EVENT" {
					return !slices.Contains(duties, r.Via[0].Record.Claim().Kind)
				}
				return harmed[id][r.Via[0].To]
			})
		}
		if g.by[id] = all; len(all) == 0 {
			delete(g.by, id)
		}
	}
	return nil
}

// byPerson says that a ground leads to a unit by an act of a person.
func (g *grounds) byPerson(unit evidence.ID, r Ground) bool { return r.Via[0].From != unit }

// harmed tells in which of the events that were looked into units, and persons for
// whose acts they are named, were harmed on whatever day, whatever the filter of the
// question leaves out.
func (g *grounds) harmed(ctx context.Context) (map[evidence.ID]map[evidence.ID]bool, error) {
	of := map[evidence.ID]bool{}
	for id, all := range g.by {
		of[id] = true
		for _, r := range all {
			of[r.Via[0].From] = true
		}
	}
	always, err := g.session.onDay("", LinkFilter{Standing: upheld})
	if err != nil {
		return nil, err
	}
	found, err := g.readOn(ctx, always, ask{slices.Sorted(maps.Keys(of)), evidence.Outgoing, []string{"VICTIM_OF"}})
	if err != nil {
		return nil, err
	}
	harmed := map[evidence.ID]map[evidence.ID]bool{}
	for _, h := range found[0] {
		if !g.events[h.claim.To] {
			continue
		}
		if harmed[h.claim.From] == nil {
			harmed[h.claim.From] = map[evidence.ID]bool{}
		}
		harmed[h.claim.From][h.claim.To] = true
	}
	return harmed, nil
}
