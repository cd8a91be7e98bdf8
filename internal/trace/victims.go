package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// duties are kinds that tie a force to a place whatever happens there. A garrison that
// was attacked is still the garrison.
var duties = append([]string{"BASED_IN", "OPERATES_IN", areaOf, governs}, forces...)

// victims are those among the units of grounds, and among the persons for whose acts
// units are named, who were harmed in events. An event stands for its parts and for
// what it is a part of: who was harmed in the attack was harmed in the night, and who
// was harmed in the night was so in the attack, for all that anybody tells.
type victims struct {
	harmed map[evidence.ID][]evidence.ID // in which events
	acted  map[evidence.ID][]evidence.ID // in which events they did something themselves
	// larger are the events that an event is a part of, itself among them.
	larger map[evidence.ID]map[evidence.ID]bool
}

// withoutVictims leaves out that those who were harmed in an event, and did nothing in
// it, were there. Their duties in the place, and what was done in another part of it,
// stay. Nor does a unit answer for what a member did who was harmed in the same event.
func (g *grounds) withoutVictims(ctx context.Context) error {
	v, err := g.victims(ctx)
	if err != nil || len(v.harmed) == 0 {
		return err
	}
	for id, all := range g.by {
		g.by[id] = slices.DeleteFunc(all, func(r Ground) bool {
			if g.byPerson(id, r) {
				return v.in(v.harmed[r.Via[0].From], r.Via[1].To)
			}
			return slices.ContainsFunc(g.presentAt(r), func(event evidence.ID) bool {
				return v.in(v.harmed[id], event) && !v.in(v.acted[id], event)
			})
		})
		if len(g.by[id]) == 0 {
			delete(g.by, id)
		}
	}
	return nil
}

// byPerson says that a ground leads to a unit by an act of a person.
func (g *grounds) byPerson(unit evidence.ID, r Ground) bool { return r.Via[0].From != unit }

// presentAt are the events at which a ground puts a unit without saying that it did
// anything there: that of the link, and those of which it passes that one as a part. For
// an event it is that event, too, at which a unit is put that was in the place.
func (g *grounds) presentAt(r Ground) []evidence.ID {
	kind := r.Via[0].Record.Claim().Kind
	if slices.Contains(duties, kind) || slices.Contains(acts, kind) {
		return nil
	}
	if !g.isEvent(r.Via[0].To) {
		if g.of.Kind == "EVENT" {
			return []evidence.ID{g.of.ID}
		}
		return nil
	}
	var at []evidence.ID
	for _, c := range r.Via {
		if g.isEvent(c.To) {
			at = append(at, c.To)
		}
	}
	return at
}

func (g *grounds) isEvent(id evidence.ID) bool {
	e := g.session.show(id)
	return e != nil && e.Kind == "EVENT"
}

// in says whether one of some events is an event, a part of it, or what it is a part of.
func (v *victims) in(some []evidence.ID, event evidence.ID) bool {
	return slices.ContainsFunc(some, func(one evidence.ID) bool { return v.larger[one][event] || v.larger[event][one] })
}

// victims reads who was harmed, on whatever day and whatever the filter of the question
// leaves out; what they did, as far as the question asks for it; and what the events
// are parts of.
func (g *grounds) victims(ctx context.Context) (*victims, error) {
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
	v := &victims{}
	var events map[evidence.ID]bool
	if v.harmed, events, err = g.eventsOf(ctx, always, slices.Sorted(maps.Keys(of)), "VICTIM_OF"); err != nil || len(v.harmed) == 0 {
		return v, err
	}
	var did map[evidence.ID]bool
	if v.acted, did, err = g.eventsOf(ctx, g.on, slices.Sorted(maps.Keys(v.harmed)), acts...); err != nil {
		return nil, err
	}
	maps.Copy(events, did)
	maps.Copy(events, g.events)
	if g.of.Kind == "EVENT" {
		events[g.of.ID] = true
	}
	return v, g.enlarge(ctx, always, v, slices.Sorted(maps.Keys(events)))
}

// eventsOf reads to which events links of some kinds lead, from each entity, and from all.
func (g *grounds) eventsOf(ctx context.Context, on onDay, at []evidence.ID, kinds ...string) (of map[evidence.ID][]evidence.ID, all map[evidence.ID]bool, err error) {
	found, err := g.readOn(ctx, on, ask{at, evidence.Outgoing, kinds})
	if err != nil {
		return nil, nil, err
	}
	of, all = map[evidence.ID][]evidence.ID{}, map[evidence.ID]bool{}
	for _, h := range found[0] {
		if g.isEvent(h.claim.To) {
			of[h.claim.From] = append(of[h.claim.From], h.claim.To)
			all[h.claim.To] = true
		}
	}
	return of, all, nil
}

// enlarge reads what events are parts of, level by level.
func (g *grounds) enlarge(ctx context.Context, always onDay, v *victims, events []evidence.ID) error {
	wholes, seen := map[evidence.ID][]evidence.ID{}, map[evidence.ID]bool{}
	for depth, level := 0, events; len(level) > 0; depth++ {
		if depth > maxChainLevels {
			g.cut = cmp.Or(g.cut, CutDepth)
			break
		}
		for _, id := range level {
			seen[id] = true
		}
		of, all, err := g.eventsOf(ctx, always, level, within...)
		if err != nil {
			return err
		}
		maps.Copy(wholes, of)
		maps.DeleteFunc(all, func(id evidence.ID, _ bool) bool { return seen[id] })
		level = slices.Sorted(maps.Keys(all))
	}
	v.larger = map[evidence.ID]map[evidence.ID]bool{}
	for _, event := range events {
		larger := map[evidence.ID]bool{event: true}
		for level := []evidence.ID{event}; len(level) > 0; {
			var next []evidence.ID
			for _, id := range level {
				for _, whole := range wholes[id] {
					if !larger[whole] {
						larger[whole] = true
						next = append(next, whole)
					}
				}
			}
			level = next
		}
		v.larger[event] = larger
	}
	return nil
}
