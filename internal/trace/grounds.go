package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// presence are kinds by which a body is tied to a place; acts those by which somebody
// made an event what it was, and deeds these and those by which somebody was there;
// within those by which a place or event lies in a place, or an event in a larger one.
//
// COVERED_UP is none of them, nor is what else is done about an event before or after
// it, such as INVESTIGATES: whoever did that need not have been near it.
var (
	presence = []string{"BASED_IN", "LOCATED_IN", "OPERATES_IN", areaOf, presentAt}
	acts     = []string{"PARTICIPATED_IN", "CAUSED", "ORDERED"}
	deeds    = append([]string{presentAt, "WITNESS_TO"}, acts...)
	within   = []string{"LOCATED_IN", "PART_OF"}
	forces   = []string{"SUBORDINATE_TO", "PART_OF"}
)

const (
	governs   = "GOVERNS"
	areaOf    = "RESPONSIBLE_FOR_AREA"
	presentAt = "PRESENT_AT"
)

// grounds gathers units with the reasons to name them.
type grounds struct {
	session *Session
	of      *Entity
	on      onDay
	// cleared says that the question itself asks for links whose conduct a court did
	// not find.
	cleared bool
	by      map[evidence.ID][]Ground
	bodies  []site               // that govern
	doers   []site               // persons by whose acts an event happened
	events  map[evidence.ID]bool // that were looked into
	cut     Cut
}

// add names who is tied to a site by a link, if that is a reason to name them.
func (g *grounds) add(s site, tied heldClaim) site {
	by := site{tied.claim.From, min(tied.held, s.held), append([]*Claim{tied.claim}, s.via...)}
	if e := g.session.show(by.id); e != nil && isGround(tied.claim.Record.Claim().Kind, e.Kind) {
		g.by[by.id] = append(g.by[by.id], by.ground())
	}
	return by
}

func (g *grounds) read(ctx context.Context, asks ...ask) ([][]heldClaim, error) {
	return g.readOn(ctx, g.on, asks...)
}

func (g *grounds) readOn(ctx context.Context, on onDay, asks ...ask) ([][]heldClaim, error) {
	for i := range asks {
		asks[i].kinds = g.session.known(asks[i].kinds...)
	}
	found, err := g.session.held(ctx, on, asks...)
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

func (s site) ground() Ground { return Ground{Via: s.via, Held: s.held} }

func (g *grounds) ofEvent(ctx context.Context) error {
	event := g.of
	if g.happened(event, edtf.Definitely) == edtf.No {
		return nil
	}
	if err := g.inside(ctx); err != nil {
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

func (g *grounds) ofPlace(ctx context.Context) error {
	if err := g.around(ctx, []site{{g.of.ID, edtf.Definitely, nil}}); err != nil {
		return err
	}
	return g.inside(ctx)
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
	_, err := g.spread(ctx, from, spreading{
		at:     ask{direction: evidence.Incoming, kinds: append([]string{governs}, presence...)},
		onward: ask{direction: evidence.Outgoing, kinds: within},
		tell: func(at *Entity, s site, h heldClaim) {
			kind := h.claim.Record.Claim().Kind
			if kind == presentAt && at.Kind != "PLACE" {
				return // at a larger event, of which this one is a part
			}
			by := g.add(s, h)
			if kind == governs {
				g.bodies = append(g.bodies, by)
			}
		},
		lies: func(_ *Entity, h heldClaim, _ *Entity) edtf.Certainty { return certain(h) },
	})
	return err
}

// inside names who did something in what happened in a place, or in the places and
// events within; in an event, or in its parts. A part that has no date, nor has
// its link, happened when the whole did.
func (g *grounds) inside(ctx context.Context) error {
	reached, err := g.spread(ctx, []site{{g.of.ID, edtf.Definitely, nil}}, spreading{
		at:     ask{direction: evidence.Incoming, kinds: deeds},
		onward: ask{direction: evidence.Incoming, kinds: within},
		tell: func(at *Entity, s site, h heldClaim) {
			if at == g.of && at.Kind == "PLACE" {
				return // around told who was present there
			}
			if by := g.add(s, h); g.isAct(h.claim) {
				g.doers = append(g.doers, by)
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
	for id := range reached {
		if g.isEvent(id) {
			g.events[id] = true
		}
	}
	return err
}

// spreading is how grounds spread from site to site.
type spreading struct {
	at, onward ask  // what is tied to a site, and the links to others
	through    bool // what is tied leads on; onward asks for nothing
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
// site counts as it is first come upon, and again where that is more certain. It
// tells to which sites it came.
func (g *grounds) spread(ctx context.Context, level []site, how spreading) (reached map[evidence.ID]edtf.Certainty, err error) {
	if how.through {
		how.onward = ask{direction: how.at.direction}
	}
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
			return best, nil
		}
		n, err := g.readSites(ctx, level, how, known)
		if err != nil {
			return nil, err
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
	return best, nil
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
	onward := found[1]
	if how.through {
		onward = found[0]
	}
	for _, h := range onward {
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

func (g *grounds) answer(ctx context.Context, chains onDay) (Responsibility, error) {
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
		slices.SortStableFunc(r.Grounds, compareGrounds)
		out.Units = append(out.Units, r)
	}
	slices.SortFunc(out.Units, func(a, b Responsible) int {
		return cmp.Or(cmp.Compare(b.Grounds[0].Held, a.Grounds[0].Held), cmp.Compare(len(a.Grounds[0].Via), len(b.Grounds[0].Via)), cmp.Compare(a.Unit.ID, b.Unit.ID))
	})
	if len(out.Units) > maxResponsible {
		out.Units, out.Cut = out.Units[:maxResponsible], CutFanOut
	}
	l := s.ladder(chains, true)
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

// compareGrounds puts the most certain first, then the nearest.
func compareGrounds(a, b Ground) int {
	return cmp.Or(cmp.Compare(b.Held, a.Held), cmp.Compare(len(a.Via), len(b.Via)), slices.CompareFunc(a.Via, b.Via, func(x, y *Claim) int {
		return cmp.Compare(x.Record.ID(), y.Record.ID())
	}))
}

// isUnit says whether entities of the kind can be commanded.
func isUnit(kind string) bool {
	return kind == "MILITARY_UNIT" || kind == "POLICE_FORCE" || kind == "CRIMINAL_GROUP" || kind == "GOVERNMENT_BODY" || kind == "ORGANIZATION"
}
