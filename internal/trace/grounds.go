package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// presence are kinds by which a body is tied to a place; deeds those by which it
// is tied to an event, or to a place where it was; within those by which a place or
// event lies in a place, or an event in a larger one.
var (
	presence = []string{"BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA", presentAt}
	deeds    = []string{"PARTICIPATED_IN", presentAt, "WITNESS_TO", "CAUSED"}
	within   = []string{"LOCATED_IN", "PART_OF"}
	forces   = []string{"SUBORDINATE_TO", "PART_OF"}
)

const (
	governs   = "GOVERNS"
	presentAt = "PRESENT_AT"
)

// grounds gathers units with the reasons to name them.
type grounds struct {
	session *Session
	on      onDay
	by      map[evidence.ID][]Ground
	bodies  map[evidence.ID][]Ground // those of by that govern
	cut     Cut
}

// add names who is tied to a site by a link.
func (g *grounds) add(s site, tied heldClaim) Ground {
	ground := Ground{Via: append([]*Claim{tied.claim}, s.via...), Held: min(tied.held, s.held)}
	g.by[tied.claim.From] = append(g.by[tied.claim.From], ground)
	return ground
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

// site is a place or an event with how it was come upon.
type site struct {
	id   evidence.ID
	held edtf.Certainty
	via  []*Claim
}

func (g *grounds) ofEvent(ctx context.Context, event *Entity) error {
	if g.happened(event, edtf.Definitely) == edtf.No {
		return nil
	}
	if err := g.inside(ctx, event); err != nil {
		return err
	}
	found, err := g.read(ctx, ask{[]evidence.ID{event.ID}, evidence.Outgoing, within})
	if err != nil {
		return err
	}
	var sites []site
	for _, h := range found[0] {
		sites = append(sites, site{h.claim.To, g.happened(event, h.held), []*Claim{h.claim}})
	}
	return g.around(ctx, sites)
}

func (g *grounds) ofPlace(ctx context.Context, of *Entity) error {
	if err := g.around(ctx, []site{{of.ID, edtf.Definitely, nil}}); err != nil {
		return err
	}
	return g.inside(ctx, of)
}

// happened says how certainly an event that lies in a place happened on the date:
// as the link says, unless the event's own date rules it out; where the link has
// no date, by that of the event.
func (g *grounds) happened(event *Entity, lies edtf.Certainty) edtf.Certainty {
	when, err := edtf.Parse(event.When)
	if err != nil || when.IsZero() || g.on.date.IsZero() {
		return lies
	}
	held := edtf.Valid{Since: when}.HeldOn(edtf.Event, g.on.date)
	if lies == edtf.Undated || held == edtf.No {
		return held
	}
	return lies
}

// around names what is tied to places, or to those that they lie in.
func (g *grounds) around(ctx context.Context, from []site) error {
	return g.spread(ctx, from, spreading{
		at:     ask{direction: evidence.Incoming, kinds: append([]string{governs}, presence...)},
		onward: ask{direction: evidence.Outgoing, kinds: within},
		tell: func(at *Entity, s site, h heldClaim) {
			kind := h.claim.Record.Claim().Kind
			if kind == presentAt && at.Kind != "PLACE" {
				return // at a larger event, of which this one is a part
			}
			ground := g.add(s, h)
			if kind == governs {
				g.bodies[h.claim.From] = append(g.bodies[h.claim.From], ground)
			}
		},
		lies: func(_ *Entity, h heldClaim, _ *Entity) edtf.Certainty { return certain(h) },
	})
}

// inside names who did something in what happened in a place, or in the places and
// events within; in an event, or in its parts. A part that has no date, nor has
// its link, happened when the whole did.
func (g *grounds) inside(ctx context.Context, of *Entity) error {
	return g.spread(ctx, []site{{of.ID, edtf.Definitely, nil}}, spreading{
		at:     ask{direction: evidence.Incoming, kinds: deeds},
		onward: ask{direction: evidence.Incoming, kinds: within},
		tell: func(at *Entity, s site, h heldClaim) {
			if at != of || at.Kind != "PLACE" { // around told who was present there
				g.add(s, h)
			}
		},
		lies: func(at *Entity, h heldClaim, far *Entity) edtf.Certainty {
			switch {
			case far.Kind == "PLACE":
				return certain(h)
			case far.Kind != "EVENT":
				return edtf.No
			case at.Kind == "PLACE":
				return g.happened(far, h.held)
			default:
				return certain(heldClaim{h.claim, g.happened(far, h.held)})
			}
		},
	})
}

// spreading is how grounds spread from site to site.
type spreading struct {
	at, onward ask // what is tied to a site, and the links to others
	tell       func(at *Entity, s site, tied heldClaim)
	// lies says how certainly a site lies where a link has it.
	lies func(at *Entity, link heldClaim, far *Entity) edtf.Certainty
}

// reading is what was read of a site.
type reading struct{ tied, onward []heldClaim }

// maxSpreadLinks is how many links are read of the sites of one spread, as far as
// whole levels go. Tests lower it.
var maxSpreadLinks = 10_000

// spread goes from sites to others level by level, and reads each level at once. A
// site counts as it is first come upon, and again where that is more certain.
func (g *grounds) spread(ctx context.Context, level []site, how spreading) error {
	best, known, links := map[evidence.ID]edtf.Certainty{}, map[evidence.ID]*reading{}, 0
	for depth := 0; len(level) > 0; depth++ {
		slices.SortStableFunc(level, func(a, b site) int { return cmp.Compare(b.held, a.held) })
		level = slices.DeleteFunc(level, func(s site) bool {
			better := s.held > best[s.id]
			best[s.id] = max(best[s.id], s.held)
			return !better
		})
		if links > maxSpreadLinks {
			g.cut = cmp.Or(g.cut, CutLinks)
			return nil
		}
		n, err := g.readSites(ctx, level, how, known)
		if err != nil {
			return err
		}
		links += n
		var next []site
		for _, s := range level {
			at := g.session.show(s.id)
			if depth == maxChainLevels {
				g.beyond(how, at, known[s.id])
				continue
			}
			for _, h := range known[s.id].tied {
				how.tell(at, s, h)
			}
			for _, h := range known[s.id].onward {
				far := g.session.show(how.onward.far(h))
				if held := min(s.held, how.lies(at, h, far)); held != edtf.No {
					next = append(next, site{far.ID, held, append([]*Claim{h.claim}, s.via...)})
				}
			}
		}
		slices.SortFunc(next, func(a, b site) int { return cmp.Compare(a.via[0].Record.ID(), b.via[0].Record.ID()) })
		level = next
	}
	return nil
}

// beyond looks whether there is more at a site beyond the last level.
func (g *grounds) beyond(how spreading, at *Entity, of *reading) {
	if len(of.tied) > 0 || slices.ContainsFunc(of.onward, func(h heldClaim) bool {
		return how.lies(at, h, g.session.show(how.onward.far(h))) != edtf.No
	}) {
		g.cut = cmp.Or(g.cut, CutDepth)
	}
}

// near is the end of a link at which it was asked for, far the other.
func (a ask) near(h heldClaim) evidence.ID {
	if a.direction == evidence.Outgoing {
		return h.claim.From
	}
	return h.claim.To
}

func (a ask) far(h heldClaim) evidence.ID {
	if a.direction == evidence.Outgoing {
		return h.claim.To
	}
	return h.claim.From
}

// readSites reads of sites what was not read yet, and tells how many links that is.
func (g *grounds) readSites(ctx context.Context, level []site, how spreading, known map[evidence.ID]*reading) (int, error) {
	var ids []evidence.ID
	for _, s := range level {
		if known[s.id] == nil {
			known[s.id] = &reading{}
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	how.at.at, how.onward.at = ids, ids
	found, err := g.read(ctx, how.at, how.onward)
	if err != nil {
		return 0, err
	}
	for _, h := range found[0] {
		of := known[how.at.near(h)]
		of.tied = append(of.tied, h)
	}
	for _, h := range found[1] {
		if g.session.show(how.onward.far(h)) != nil {
			of := known[how.onward.near(h)]
			of.onward = append(of.onward, h)
		}
	}
	return len(found[0]) + len(found[1]), nil
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
	under, err := g.read(ctx, ask{slices.Sorted(maps.Keys(g.bodies)), evidence.Incoming, forces})
	if err != nil {
		return err
	}
	for _, h := range under[0] {
		for _, body := range g.bodies[h.claim.To] {
			g.add(site{h.claim.To, body.Held, body.Via}, h)
		}
	}
	return nil
}

func (g *grounds) answer(ctx context.Context) (Responsibility, error) {
	out := Responsibility{Cut: g.cut}
	s := g.session
	ids := slices.Collect(maps.Keys(g.by))
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
