package trace_test

import (
	"cmp"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/trace"
)

// reason is why somebody may be named: the links from them to the place or event.
type reason struct {
	certainty edtf.Certainty
	via       []tie
}

func (r reason) after(l tie, certainty edtf.Certainty) reason {
	return reason{min(r.certainty, certainty), append([]tie{l}, r.via...)}
}

func (r reason) String() string {
	out := ""
	for _, l := range r.via {
		out += string(l.id) + " "
	}
	return out + r.certainty.String()
}

// witness goes over all links again and again for who had to do with something.
type witness struct {
	*world
	of     evidence.ID
	on     string
	links  []tie // that may be used, by id
	named  map[evidence.ID][]reason
	bodies map[evidence.ID]reason // that govern, each with the best
	doers  map[evidence.ID][]reason
}

func (w *witness) is(id evidence.ID, kinds ...string) bool {
	return slices.Contains(kinds, w.entities[id].Kind)
}

func (w *witness) held(l tie) edtf.Certainty { return l.valid.HeldOn(l.aspect, date(w.on)) }

func (w *witness) certain(l tie) edtf.Certainty {
	if held := w.held(l); held != edtf.Undated {
		return held
	}
	return edtf.Definitely
}

func (w *witness) some(of func(tie) bool, kinds ...string) (found []tie) {
	for _, l := range w.links {
		if l.from != l.to && slices.Contains(kinds, l.claim.Kind) && w.held(l) != edtf.No && of(l) {
			found = append(found, l)
		}
	}
	return found
}

func (w *witness) at(to evidence.ID, kinds ...string) []tie {
	return w.some(func(l tie) bool { return l.to == to }, kinds...)
}

// name tells of a unit, or of an organization that did something or had power.
func (w *witness) name(l tie, r reason) {
	power := []string{"PARTICIPATED_IN", "CAUSED", "ORDERED", "GOVERNS", "RESPONSIBLE_FOR_AREA"}
	if w.is(l.from, "MILITARY_UNIT", "POLICE_FORCE", "CRIMINAL_GROUP", "GOVERNMENT_BODY") || w.is(l.from, "ORGANIZATION") && slices.Contains(power, l.claim.Kind) {
		w.named[l.from] = append(w.named[l.from], r)
	}
}

// spread comes to sites from sites, as lies says; to one again only where that is more
// certain than it was on any level before.
func (w *witness) spread(level map[evidence.ID]reason, kinds []string, lies func(l tie) (from, to evidence.ID, certainty edtf.Certainty), tell func(evidence.ID, reason)) {
	best := map[evidence.ID]edtf.Certainty{}
	for len(level) > 0 {
		next := map[evidence.ID]reason{}
		for id, r := range level {
			best[id] = r.certainty
			tell(id, r)
		}
		for _, l := range w.some(func(tie) bool { return true }, kinds...) {
			from, to, certainty := lies(l)
			at, there := level[from]
			r := at.after(l, certainty)
			if before, was := best[to]; !there || certainty == edtf.No || was && before >= r.certainty {
				continue
			}
			if old, was := next[to]; !was || r.certainty > old.certainty {
				next[to] = r
			}
		}
		level = next
	}
}

var lying = []string{"LOCATED_IN", "PART_OF"}

func (w *witness) around(level map[evidence.ID]reason) {
	w.spread(level, lying, func(l tie) (from, to evidence.ID, certainty edtf.Certainty) { return l.from, l.to, w.certain(l) }, func(id evidence.ID, r reason) {
		for _, l := range w.at(id, "BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA", "GOVERNS", "PRESENT_AT") {
			if l.claim.Kind == "PRESENT_AT" && !w.is(id, "PLACE") {
				continue
			}
			there := r.after(l, w.held(l))
			w.name(l, there)
			if old, known := w.bodies[l.from]; l.claim.Kind == "GOVERNS" && (!known || better(there, old)) {
				w.bodies[l.from] = there
			}
		}
	})
}

func better(a, b reason) bool {
	return cmp.Or(cmp.Compare(a.certainty, b.certainty), cmp.Compare(len(b.via), len(a.via)), slices.CompareFunc(b.via, a.via, func(x, y tie) int { return cmp.Compare(x.id, y.id) })) > 0
}

// inside names who did something in what happened there, or in a part of it.
func (w *witness) inside(cleared bool) {
	w.spread(map[evidence.ID]reason{w.of: {edtf.Definitely, nil}}, lying, func(l tie) (from, to evidence.ID, certainty edtf.Certainty) {
		certainty = w.certain(l)
		switch {
		case w.is(l.from, "PLACE"):
		case !w.is(l.from, "EVENT") || !w.mayHaveHappened(l.from, w.on):
			certainty = edtf.No
		case w.is(l.to, "PLACE"):
			certainty = w.lay(l, w.on)
		case w.held(l) == edtf.Undated && w.happened(l.from, w.on) != edtf.Undated:
			certainty = w.happened(l.from, w.on) // a part that has no date happened when the whole did
		}
		return l.to, l.from, certainty
	}, func(id evidence.ID, r reason) {
		for _, l := range w.at(id, "PARTICIPATED_IN", "PRESENT_AT", "WITNESS_TO", "CAUSED", "ORDERED") {
			if id == w.of && w.is(id, "PLACE") {
				continue // who was there is named with what is around
			}
			w.name(l, r.after(l, w.held(l)))
			acquitted := l.level.Standing == evidence.Acquitted || l.level.Standing == evidence.Dismissed
			if w.is(l.from, "PERSON") && slices.Contains([]string{"PARTICIPATED_IN", "CAUSED", "ORDERED"}, l.claim.Kind) && (cleared || !acquitted) {
				w.doers[l.from] = append(w.doers[l.from], r.after(l, w.held(l)))
			}
		}
	})
}

// byPersons names what doers belonged to.
func (w *witness) byPersons() {
	for _, l := range w.some(func(tie) bool { return true }, "COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF", "HOLDS_POST_IN", "SERVES_IN", "MEMBER_OF") {
		force := w.is(l.to, "MILITARY_UNIT", "POLICE_FORCE", "CRIMINAL_GROUP")
		if !force && (!w.is(l.to, "GOVERNMENT_BODY") || l.claim.Kind == "MEMBER_OF") {
			continue
		}
		for _, r := range w.doers[l.from] {
			w.named[l.to] = append(w.named[l.to], r.after(l, w.held(l)))
		}
	}
}

// governing names the forces under the bodies that govern.
func (w *witness) governing() {
	under := []string{"SUBORDINATE_TO", "PART_OF"}
	w.spread(w.bodies, under, func(l tie) (from, to evidence.ID, certainty edtf.Certainty) {
		if w.placeholder(l.from) {
			return l.to, l.from, edtf.No
		}
		return l.to, l.from, w.held(l)
	}, func(id evidence.ID, r reason) {
		for _, l := range w.at(id, under...) {
			if !w.is(l.from, "ORGANIZATION") && !slices.ContainsFunc(r.via, func(x tie) bool { return x.from == l.from }) {
				w.name(l, r.after(l, w.held(l)))
			}
		}
	})
}

// larger are an event and all that it is, in whatever way that is claimed, a part of.
func (w *witness) larger(event evidence.ID) map[evidence.ID]bool {
	all := map[evidence.ID]bool{event: true}
	for before := 0; before < len(all); {
		before = len(all)
		for _, l := range w.world.links {
			if all[l.from] && w.is(l.to, "EVENT") && l.claim.Kind == "PART_OF" && w.isUpheld(l) {
				all[l.to] = true
			}
		}
	}
	return all
}

func (w *witness) isUpheld(l tie) bool {
	return l.level.Standing != evidence.Refuted && l.level.Standing != evidence.Retracted
}

// isIn says that an event is another, a part of it, or what it is a part of.
func (w *witness) isIn(event, other evidence.ID) bool {
	return w.larger(event)[other] || w.larger(other)[event]
}

// harmed says whether somebody was harmed in an event, in whatever way that is claimed.
func (w *witness) harmed(id, event evidence.ID) bool {
	return slices.ContainsFunc(w.world.links, func(l tie) bool {
		return l.claim.Kind == "VICTIM_OF" && l.from == id && w.isUpheld(l) && w.isIn(l.to, event)
	})
}

// acted says whether somebody did something in an event.
func (w *witness) acted(id, event evidence.ID) bool {
	return len(w.some(func(l tie) bool { return l.from == id && w.isIn(l.to, event) }, "PARTICIPATED_IN", "CAUSED", "ORDERED")) > 0
}

// withoutVictims drops, of those harmed, what puts them where they were harmed.
func (w *witness) withoutVictims() {
	for id, all := range w.named {
		w.named[id] = slices.DeleteFunc(all, func(r reason) bool {
			here := r.via[0]
			if here.from != id {
				return w.harmed(here.from, r.via[1].to)
			}
			if !slices.Contains([]string{"LOCATED_IN", "PRESENT_AT", "WITNESS_TO"}, here.claim.Kind) {
				return false
			}
			at := []evidence.ID{}
			switch {
			case w.is(here.to, "EVENT"):
				for _, l := range r.via {
					at = append(at, l.to)
				}
			case w.is(w.of, "EVENT"):
				at = append(at, w.of)
			}
			return slices.ContainsFunc(at, func(event evidence.ID) bool {
				return w.is(event, "EVENT") && w.harmed(id, event) && !w.acted(id, event)
			})
		})
	}
}

// grounds names units with the links from each to the place or event.
func (w *world) grounds(of evidence.ID, on string, f trace.LinkFilter) map[evidence.ID][]string {
	cleared := len(f.Standing) > 0
	if !cleared {
		for s := evidence.Reported; s <= evidence.Retracted; s++ {
			if s != evidence.Refuted && s != evidence.Retracted {
				f.Standing = append(f.Standing, s)
			}
		}
	}
	x := &witness{
		world: w, of: of, on: on, links: slices.Clone(w.with(f).links),
		named: map[evidence.ID][]reason{}, bodies: map[evidence.ID]reason{}, doers: map[evidence.ID][]reason{},
	}
	slices.SortFunc(x.links, func(a, b tie) int { return cmp.Compare(a.id, b.id) })
	if x.is(of, "PLACE") {
		x.around(map[evidence.ID]reason{of: {edtf.Definitely, nil}})
		x.inside(cleared)
	} else if w.mayHaveHappened(of, on) {
		x.inside(cleared)
		places := map[evidence.ID]reason{}
		for _, l := range x.some(func(l tie) bool { return l.from == of }, lying...) {
			here := reason{w.lay(l, on), []tie{l}}
			if old, known := places[l.to]; !known || here.certainty > old.certainty {
				places[l.to] = here
			}
		}
		x.around(places)
	}
	x.byPersons()
	x.governing()
	x.withoutVictims()
	out := map[evidence.ID][]string{}
	for unit, all := range x.named {
		set := map[string]bool{}
		for _, r := range all {
			set[r.String()] = true
		}
		for text := range set {
			out[unit] = append(out[unit], text)
		}
		slices.Sort(out[unit])
	}
	return out
}
