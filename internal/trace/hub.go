package trace

import (
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// hub is an entity with so many links that a search for paths does not read them all:
// it is held back. Only its links to the entities that a side has reached are looked
// up.
//
// Take a path of n links that passes the hub, i links after its beginning and j links
// before its end, so that n = i+j. The first side has to read i-1 levels, the second
// j-1, both without the hub; the links between the hub and the two frontiers complete
// the path. Now j is at least the hub's distance from the second side. So n-1 levels
// less that distance are enough for the first side, and likewise for the second. Paths
// that do not pass the hub need n levels of both sides together, as without a hub.
type hub struct {
	id     evidence.ID
	depth  [2]int  // how many links it is from each side; -1: that has not come to it
	joined [2]bool // its links to the frontier of a side were read
}

// met says whether a side has come to a hub that is held back.
func (h *hub) met(side int) bool { return h != nil && h.depth[side] >= 0 }

// from is how many links the hub is from a side, or what is given where that has not
// come to it.
func (h *hub) from(side, unmet int) int {
	if h.met(side) {
		return h.depth[side]
	}
	return unmet
}

// leaveOut takes a hub that is held back out of a new frontier of a side, sorted,
// and notes that the side has come to it.
func (h *hub) leaveOut(side, depth int, frontier []evidence.ID) []evidence.ID {
	if h == nil {
		return frontier
	}
	h.joined[side] = false
	place, there := slices.BinarySearch(frontier, h.id)
	if !there {
		return frontier
	}
	if h.depth[side] < 0 {
		h.depth[side] = depth
	}
	return slices.Delete(frontier, place, place+1)
}

// dear is how many links an entity has at least that is held back. Tests lower it.
var dear = 2000

// lookup is how many links could be read in the time that those between two
// entities are looked up. Tests lower it.
var lookup = 8

// holdBack holds the entity with the most links at the frontiers back, where far
// fewer links then do for the next level; false where nothing changes. What else
// the side with fewer links has is read, and what the hub has to the other side is
// looked up.
func (s *sides) holdBack() bool {
	if s.hub != nil || s.cost[0] < 0 || s.cost[1] < 0 {
		return false
	}
	id, links := s.heaviest[0], s.heavy[0]
	if s.heavy[1] > links {
		id, links = s.heaviest[1], s.heavy[1]
	}
	if links < dear {
		return false
	}
	h, frontier, rest := &hub{id: id, depth: [2]int{-1, -1}}, s.frontier, s.cost
	for side := range frontier {
		if frontier[side] = h.leaveOut(side, s.levels[side], slices.Clone(frontier[side])); h.met(side) {
			rest[side] -= links
		}
	}
	side := 0
	if rest[1] < rest[0] {
		side = 1
	}
	if !h.met(side) || rest[side]+lookup*len(s.frontier[1-side]) >= min(s.cost[0], s.cost[1])/2 {
		return false
	}
	before := s.frontier
	if s.hub, s.frontier = h, frontier; s.spare() < 0 {
		s.hub, s.frontier = nil, before
		return false
	}
	s.cost = rest
	return true
}

// hubFrom is how many links the hub is from a side; more than any path has as long as
// a side has not come to it. Of n links of a path fewer than n-b are then on the other
// side of the hub, where b are the levels of this one, and the n levels that all paths
// need read those.
func (s *sides) hubFrom(side int) int { return s.hub.from(side, MaxPathLength+1) }

// join reads the links between a hub that is held back and those frontiers at which
// paths of the length may pass it. Where round trips are short it reads a level more
// of these instead, which comes upon the same links, and is false: there may be more
// to read then.
func (s *sides) join(ctx context.Context) (joined bool, err error) {
	if s.hub == nil {
		return true, nil
	}
	var others [2][]evidence.ID
	trips := 0
	for side, frontier := range s.frontier {
		if s.open(side) && !s.hub.joined[side] && s.levels[side]+1+s.hubFrom(1-side) <= s.length {
			others[side], s.hub.joined[side] = frontier, true
			trips += s.each()
		}
	}
	if trips > 0 && s.spare() < trips {
		for side := range others {
			if len(others[side]) > 0 && err == nil {
				err = s.growSide(ctx, side)
			}
		}
		return false, err
	}
	if s.walk.direction == evidence.Any { // both at once
		others[0] = append(slices.Clone(others[0]), others[1]...)
		slices.Sort(others[0])
		others[0], others[1] = slices.Compact(others[0]), nil
	}
	for side, others := range others {
		if len(others) == 0 {
			continue
		}
		arcs, err := s.walk.arcsBetween(ctx, s.hub.id, others, side == 0)
		if err == nil {
			arcs, err = s.decide(ctx, arcs)
		}
		if err != nil {
			return true, err
		}
		s.walk.add(arcs)
	}
	return true, nil
}
