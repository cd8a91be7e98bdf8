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
	ends     [2][]evidence.ID // that were asked about
	frontier [2][]evidence.ID
	seen     [2]map[evidence.ID]bool
	levels   [2]int         // that each side has read
	cost     [2]int         // links at each frontier; -1: not counted
	heaviest [2]evidence.ID // of each frontier
	heavy    [2]int         // how many links that has
	hub      *hub           // nil: the links of every entity are read
	length   int            // of the paths that are looked for now
	longest  int            // that paths may be
	trips    int            // that may be made
}

func (p *pathSearch) start() *sides {
	s := &sides{
		walk: p.walk(), ends: [2][]evidence.ID{p.from, p.to}, frontier: [2][]evidence.ID{p.from, p.to}, cost: [2]int{-1, -1},
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

// depth is how many levels both sides have read together. Every path of at most so
// many links lies in what was read, except those through a hub that is held back.
func (s *sides) depth() int { return s.levels[0] + s.levels[1] }

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
	return true, s.growSide(ctx, side)
}

// growSide expands a side by one level.
func (s *sides) growSide(ctx context.Context, side int) error {
	arcs, err := s.walk.arcsAt(ctx, s.frontier[side], side == 1)
	if err == nil {
		arcs, err = s.decide(ctx, arcs)
	}
	if err == nil {
		s.take(side, arcs)
	}
	return err
}

// decide leaves out links that did not hold on the filter's dates. Where the round
// trip for that is the last that may be made, it reads the records of all links that
// a path may pass, so that the answer needs none; if there are too many, the dates
// are left undecided.
func (s *sides) decide(ctx context.Context, arcs []arc) ([]arc, error) {
	w := s.walk
	if !w.test.needsRecords() || s.trips-w.trips > 1 {
		return w.decideDates(ctx, arcs)
	}
	links, passable := s.passable(arcs)
	links = slices.DeleteFunc(links, func(id evidence.ID) bool { return w.decided[id] })
	if len(links) <= min(store.MaxBatch, w.doubtful) && s.trips > w.trips {
		w.trips++
		if err := w.session.read(ctx, links); err != nil {
			return nil, err
		}
		for _, id := range links {
			w.decided[id] = true
		}
		arcs = passable
	}
	w.doubtful = 0
	return w.decideDates(ctx, arcs)
}

// passable leaves out links of those read so far, and of new ones, that no path
// passes: those to who has no other link and is not asked about. It gives the ids of
// all that are left, sorted, and the new ones among them.
func (s *sides) passable(arcs []arc) (links []evidence.ID, fresh []arc) {
	old, fresh := slices.Clone(s.walk.arcs), slices.Clone(arcs)
	for range s.longest {
		met := make(map[evidence.ID]evidence.ID, len(fresh)) // one of the links of each; "" where it has several
		meet := func(id, link evidence.ID) {
			if first, before := met[id]; before && first != link {
				link = ""
			}
			met[id] = link
		}
		for _, id := range slices.Concat(s.ends[0], s.ends[1]) {
			met[id] = ""
		}
		if s.hub != nil {
			met[s.hub.id] = ""
		}
		for _, part := range [][]arc{old, fresh} {
			for _, a := range part {
				meet(a.from, a.edge.Link)
				meet(a.to, a.edge.Link)
			}
		}
		before := len(old) + len(fresh)
		dead := func(a arc) bool { return met[a.from] != "" || met[a.to] != "" }
		old, fresh = slices.DeleteFunc(old, dead), slices.DeleteFunc(fresh, dead)
		if len(old)+len(fresh) == before {
			break
		}
	}
	for _, part := range [][]arc{old, fresh} {
		for _, a := range part {
			links = append(links, a.edge.Link)
		}
	}
	slices.Sort(links)
	return slices.Compact(links), fresh
}

// take goes on to the next level of a side by the links of the last.
func (s *sides) take(side int, arcs []arc) {
	reached := s.walk.take(s.frontier[side], arcs)
	s.levels[side]++
	s.cost[side] = -1
	s.frontier[side] = s.hub.leaveOut(side, s.levels[side], slices.DeleteFunc(reached, func(id evidence.ID) bool { return s.seen[side][id] }))
	for _, id := range s.frontier[side] {
		s.seen[side][id] = true
	}
	s.narrow()
}

// narrow takes the one entity through which a side can be left out of the other
// frontier: no path that has come to it goes anywhere but through what that side
// has read, or it would have to come back.
func (s *sides) narrow() {
	for side, gate := range s.frontier {
		if s.hub.met(side) {
			continue // it can be left through the hub as well
		}
		if other := 1 - side; len(gate) == 1 && slices.Contains(s.frontier[other], gate[0]) {
			s.frontier[other] = slices.DeleteFunc(slices.Clone(s.frontier[other]), func(id evidence.ID) bool { return id == gate[0] })
			s.cost[other] = -1
		}
	}
}

// advance reads what paths of a length need beyond what was read: a level more of
// the side with fewer links, and of a hub that is held back the links to the
// frontiers.
func (s *sides) advance(ctx context.Context, length int) error {
	s.length = length
	for s.walk.cut == "" {
		lacking, either := s.lacking()
		if !lacking[0] && !lacking[1] && !either {
			joined, err := s.join(ctx)
			if joined || err != nil {
				return err
			}
			continue
		}
		side := 0
		if lacking[1] {
			side = 1
		}
		if lacking[0] == lacking[1] { // it may be either
			if err := s.count(ctx); err != nil {
				return err
			}
			if s.holdBack() {
				continue
			}
			side, _ = s.smaller()
		}
		if err := s.growSide(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

// lacking says which sides have to read a level more for the paths of the length,
// and whether either has to.
func (s *sides) lacking() (sides [2]bool, either bool) {
	if s.hub != nil {
		for side := range sides {
			sides[side] = s.open(side) && s.levels[side] < s.length-1-s.hubFrom(1-side)
		}
	}
	return sides, s.open(0) && s.open(1) && s.depth() < s.length
}

// open says whether a side has entities of which the links were not read.
func (s *sides) open(side int) bool { return len(s.frontier[side]) > 0 }

// spare is how many round trips may be made beside those that every level takes
// and that for the records.
func (s *sides) spare() int { return s.trips - s.walk.trips - s.left() }

// left is how many round trips the levels that are left take at most, and the
// records.
func (s *sides) left() int {
	levels := s.longest - s.depth()
	if s.hub != nil {
		both := 0
		for side, read := range s.levels {
			if s.open(side) { // the other side may meet the hub next
				both += max(0, s.longest-s.hub.from(1-side, s.levels[1-side])-read)
			}
		}
		levels = max(levels, both)
	}
	return s.each()*levels + 1
}

// each is how many round trips a level takes: one for the links, and one to decide
// on their dates.
func (s *sides) each() int {
	if s.walk.test.needsRecords() {
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
