package trace

import (
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// sides are the two frontiers that grow towards each other.
type sides struct {
	walk     *walk
	frontier [2][]evidence.ID
	seen     [2]map[evidence.ID]bool
	depth    int
	cost     [2]int         // links at each frontier; -1: not counted
	heaviest [2]evidence.ID // of each frontier
	heavy    [2]int         // how many links that has
	longest  int            // of the paths
	trips    int            // that may be made
}

func (p *pathSearch) start() *sides {
	s := &sides{
		walk: p.session.walk(p.test, p.query.Direction), frontier: [2][]evidence.ID{p.from, p.to}, cost: [2]int{-1, -1},
		longest: p.query.MaxLength, trips: maxPathTrips,
	}
	if p.query.First == 1 {
		s.trips = 2 * p.query.MaxLength
	}
	for i, ids := range s.frontier {
		s.seen[i] = map[evidence.ID]bool{}
		for _, id := range ids {
			s.seen[i][id] = true
		}
	}
	return s
}

// smaller is the side with fewer links at its frontier or, where they were not
// counted, with fewer entities; false where one side has seen all it can reach, so
// that every path is read.
func (s *sides) smaller() (side int, more bool) {
	if len(s.frontier[0]) == 0 || len(s.frontier[1]) == 0 {
		return 0, false
	}
	size := s.cost
	if size[0] < 0 || size[1] < 0 || size[0] == size[1] {
		size = [2]int{len(s.frontier[0]), len(s.frontier[1])}
	}
	if size[1] < size[0] {
		return 1, true
	}
	return 0, true
}

// grow expands the smaller side by one level; false where neither can grow.
func (s *sides) grow(ctx context.Context) (bool, error) {
	side, more := s.smaller()
	if !more {
		return false, nil
	}
	arcs, err := s.walk.arcsAt(ctx, s.frontier[side], side == 1)
	if err != nil {
		return false, err
	}
	s.take(side, arcs)
	return true, nil
}

// take goes on to the next level of a side by the links of the last.
func (s *sides) take(side int, arcs []arc) {
	reached := s.walk.take(s.frontier[side], arcs)
	s.frontier[side] = slices.DeleteFunc(reached, func(id evidence.ID) bool { return s.seen[side][id] })
	for _, id := range s.frontier[side] {
		s.seen[side][id] = true
	}
	s.depth++
	s.cost[side] = -1
	s.narrow()
}

// narrow takes the one entity through which a side can be left out of the other
// frontier: no path that has come to it goes anywhere but through what that side
// has read, or it would have to come back.
func (s *sides) narrow() {
	for side, gate := range s.frontier {
		if other := 1 - side; len(gate) == 1 && slices.Contains(s.frontier[other], gate[0]) {
			s.frontier[other] = slices.DeleteFunc(slices.Clone(s.frontier[other]), func(id evidence.ID) bool { return id == gate[0] })
			s.cost[other] = -1
		}
	}
}

// dear is how many links are so many that it pays to ask first whether fewer will
// do. Tests lower it.
var dear = 2000

// advance reads what paths of a length need beyond what was read: a level more of
// the side with fewer links, or where these are many, as at a hub, only the links
// that lead from one frontier to the other. Then the next length needs the level
// as well.
func (s *sides) advance(ctx context.Context, length int) error {
	for s.depth < length && s.walk.cut == "" {
		if err := s.count(ctx); err != nil {
			return err
		}
		side, more := s.smaller()
		if !more {
			return nil
		}
		if across, pays := s.across(side); pays && s.depth == length-1 && s.spare() > 2 {
			return s.cross(ctx, across)
		}
		if _, err := s.grow(ctx); err != nil {
			return err
		}
	}
	return nil
}

// spare is how many round trips may be made beside those that every level takes
// and that for the records.
func (s *sides) spare() int { return s.trips - s.walk.trips - s.left() }

// left is how many round trips the levels that are left take, and the records.
func (s *sides) left() int { return s.each()*(s.longest-s.depth) + 1 }

// each is how many round trips a level takes: one for the links, and one to decide
// on their dates.
func (s *sides) each() int {
	if s.walk.test.timed() {
		return 2
	}
	return 1
}

// count counts the links at the frontiers, if there is a round trip to spare.
func (s *sides) count(ctx context.Context) error {
	var ids []evidence.ID
	for side, cost := range s.cost {
		if cost < 0 {
			ids = append(ids, s.frontier[side]...)
		}
	}
	if len(ids) == 0 || len(ids) > store.MaxBatch || s.spare() < 1 || !s.walk.session.view.IsNow() {
		return nil
	}
	slices.Sort(ids)
	s.walk.trips++
	totals, err := s.walk.session.degrees(ctx, slices.Compact(ids), evidence.Any, s.walk.test.Kinds)
	if err != nil || totals == nil {
		return err
	}
	for side, cost := range s.cost {
		if cost >= 0 {
			continue
		}
		s.cost[side], s.heavy[side] = 0, -1
		for _, id := range s.frontier[side] {
			s.cost[side] += totals[id]
			if totals[id] > s.heavy[side] {
				s.heavy[side], s.heaviest[side] = totals[id], id
			}
		}
	}
	return nil
}

// across gives the entities at which every link from one frontier to the other is
// found, on each side: all but that with the most links, for each of its links into
// the other frontier is found there. It pays where they have far fewer links than
// the side that would be read else.
func (s *sides) across(side int) (at [2][]evidence.ID, pays bool) {
	if s.cost[0] < 0 || s.cost[1] < 0 || s.cost[side] < dear {
		return at, false
	}
	heaviest := s.heaviest[0]
	if s.heavy[1] > s.heavy[0] {
		heaviest = s.heaviest[1]
	}
	links := 0
	for i := range at {
		links += s.cost[i]
		at[i] = slices.DeleteFunc(slices.Clone(s.frontier[i]), func(id evidence.ID) bool { return id == heaviest })
		if len(at[i]) < len(s.frontier[i]) {
			links -= max(s.heavy[0], s.heavy[1])
		}
	}
	return at, links < s.cost[side]/2
}

// cross reads the links from one frontier to the other.
func (s *sides) cross(ctx context.Context, at [2][]evidence.ID) error {
	w := s.walk
	ends := [2]map[evidence.ID]bool{}
	for i, frontier := range s.frontier {
		ends[i] = w.session.set(frontier)
	}
	keep := func(e *store.Edge) bool {
		return (ends[0][e.From] && ends[1][e.To] || ends[1][e.From] && ends[0][e.To]) && w.test.keeps(e)
	}
	if w.direction == evidence.Any { // both at once
		at[0] = append(at[0], at[1]...)
		slices.Sort(at[0])
		at[0], at[1] = slices.Compact(at[0]), nil
	}
	for i, ids := range at {
		if len(ids) == 0 {
			continue
		}
		arcs, err := w.arcsThat(ctx, keep, ids, i == 1)
		if err != nil {
			return err
		}
		w.add(arcs)
	}
	return nil
}
