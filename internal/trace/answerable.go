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
