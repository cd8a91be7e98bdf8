package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// CommonNeighbor is an entity that several of a set are linked to.
type CommonNeighbor struct {
	Entity *Entity
	// Of are those of the set that it is linked to, by id.
	Of []evidence.ID
}

// meeting is an entity that some of a set are linked to.
type meeting struct {
	id evidence.ID
	of []evidence.ID
}

// CommonNeighbors gives the entities linked to at least so many of a set, those
// linked to most first, then by id; none of the set is among them. It is cut by FAN_OUT where there are more than
// MaxPageSize, and by LINKS where the set has more links than one question may
// read: then some that are common may be missing, and Of may be short.
func (s *Session) CommonNeighbors(ctx context.Context, ids []evidence.ID, atLeast int, f LinkFilter) ([]CommonNeighbor, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	named := len(slices.Compact(slices.Sorted(slices.Values(ids))))
	if named < 2 || named > MaxPageSize {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "ids", "%d different entities are named; name 2 to %d", named, MaxPageSize)
	}
	if atLeast < 2 || atLeast > named {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "atLeast", "%d of %d entities cannot be asked for; give 2 to %d", atLeast, named, named)
	}
	around := s.ends(ids)
	t, err := s.linkTest(f, around)
	if err != nil || len(around) < atLeast {
		return nil, "", err // some of them are the same, as was accepted since
	}
	w := s.walk(t, evidence.Any)
	arcs, err := w.arcsAt(ctx, around, false)
	if err == nil {
		arcs, err = w.decideDates(ctx, arcs)
	}
	if err != nil {
		return nil, "", err
	}
	asked := func(id evidence.ID) bool { _, is := slices.BinarySearch(around, id); return is }
	var met []meeting
	place := map[evidence.ID]int{} // in met
	for _, a := range arcs {
		one, other := a.from, a.to
		if !asked(one) {
			one, other = other, one
		}
		if asked(other) { // both are of the set, or it is a loop
			continue
		}
		at, ok := place[other]
		if !ok {
			at = len(met)
			place[other] = at
			met = append(met, meeting{id: other})
		}
		if m := &met[at]; !slices.Contains(m.of, one) {
			m.of = append(m.of, one)
		}
	}
	met = slices.DeleteFunc(met, func(m meeting) bool { return len(m.of) < atLeast })
	slices.SortFunc(met, func(a, b meeting) int { return cmp.Or(cmp.Compare(len(b.of), len(a.of)), cmp.Compare(a.id, b.id)) })
	if len(met) > MaxPageSize {
		met, w.cut = met[:MaxPageSize], CutFanOut
	}
	common := make([]evidence.ID, len(met))
	for i := range met {
		common[i] = met[i].id
	}
	entities, err := s.entities(ctx, common)
	if err != nil {
		return nil, "", err
	}
	var out []CommonNeighbor
	for _, m := range met {
		if e := entities[m.id]; e != nil {
			slices.Sort(m.of)
			out = append(out, CommonNeighbor{e, m.of})
		}
	}
	return out, w.cut, nil
}
