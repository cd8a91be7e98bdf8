package trace

import (
	"cmp"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// ground is a part of the graph that a search goes over: links and the entities
// they join, by number.
type ground struct {
	ids   []evidence.ID
	known map[evidence.ID]int32 // the numbers of ids; nil: to be looked for
	edges []store.Edge
	ends  [][2]int32 // of each edge: from and to, identities resolved
	// The ways on from entity n are all[first[n]:first[n+1]], the strongest first
	// where sorted says so.
	all    []way
	first  []int32
	sorted []bool
	// What into gives, once it was asked.
	before, firstBefore []int32
}

// way is a link as it is passed: possibly against its own direction.
type way struct {
	edge, next int32
	backward   bool
}

// start is the entity that the way leaves.
func (w way) start(g *ground) int32 {
	if w.backward {
		return g.ends[w.edge][1]
	}
	return g.ends[w.edge][0]
}

// ground lays out links that may be passed in a direction.
func (s *Session) ground(d evidence.Direction, ids []evidence.ID, edges []store.Edge, ends [][2]int32) *ground {
	g := &ground{ids: ids, edges: edges, ends: ends, first: make([]int32, len(ids)+2), sorted: make([]bool, len(ids))}
	// Counted two places on, so that filling moves each beginning to its place.
	total := int32(0)
	count := func(n int32) { g.first[n+2]++; total++ }
	for i, e := range ends {
		forwards, backwards := s.leads(edges[i].Kind, d)
		if forwards {
			count(e[0])
		}
		if backwards {
			count(e[1])
		}
	}
	for i := 2; i < len(g.first); i++ {
		g.first[i] += g.first[i-1]
	}
	g.all = make([]way, total)
	fill := func(n int32, w way) { g.all[g.first[n+1]] = w; g.first[n+1]++ }
	for i, e := range ends {
		forwards, backwards := s.leads(edges[i].Kind, d)
		if forwards {
			fill(e[0], way{edge: int32(i), next: e[1]}) //nolint:gosec // bounded by a budget
		}
		if backwards {
			fill(e[1], way{edge: int32(i), next: e[0], backward: true}) //nolint:gosec // bounded by a budget
		}
	}
	return g
}

// numbers gives the numbers of those ids that are on the ground.
func (g *ground) numbers(ids []evidence.ID) []int32 {
	var found []int32
	if g.known == nil && len(ids) > 4 {
		g.known = make(map[evidence.ID]int32, len(g.ids))
		for n, id := range g.ids {
			g.known[id] = int32(n) //nolint:gosec // bounded by a budget
		}
	}
	for _, id := range ids {
		if g.known == nil {
			if n := slices.Index(g.ids, id); n >= 0 {
				found = append(found, int32(n)) //nolint:gosec // bounded by a budget
			}
		} else if n, ok := g.known[id]; ok {
			found = append(found, n)
		}
	}
	return found
}

// ways are the ways on from entities, the strongest first, then by the ids of the
// link and of where it begins, so that every store and every run goes the same
// way. The caller does not change them.
func (g *ground) ways(from ...int32) []way {
	if len(from) == 1 {
		n := from[0]
		ways := g.all[g.first[n]:g.first[n+1]]
		if !g.sorted[n] {
			slices.SortFunc(ways, g.compare)
			g.sorted[n] = true
		}
		return ways
	}
	var ways []way
	for _, n := range from {
		ways = append(ways, g.all[g.first[n]:g.first[n+1]]...)
	}
	slices.SortFunc(ways, g.compare)
	return ways
}

func (g *ground) compare(a, b way) int {
	x, y := &g.edges[a.edge], &g.edges[b.edge]
	if c := cmp.Compare(y.Strength, x.Strength); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(x.Link, y.Link), cmp.Compare(g.ids[a.start(g)], g.ids[b.start(g)]))
}

// unreachable is the distance of what is farther than was asked for.
const unreachable = math.MaxInt8

// distances are how many links each entity is from the nearest goal, up to a
// limit.
func (g *ground) distances(goals []int32, limit int) []int8 {
	far := make([]int8, len(g.ids))
	for i := range far {
		far[i] = unreachable
	}
	for _, n := range goals {
		far[n] = 0
	}
	// Against the ways: what leads to the level before is next.
	into, first := g.into()
	level := slices.Clone(goals)
	for d := int8(1); int(d) <= limit && len(level) > 0; d++ {
		var next []int32
		for _, n := range level {
			for _, before := range into[first[n]:first[n+1]] {
				if far[before] == unreachable {
					far[before] = d
					next = append(next, before)
				}
			}
		}
		level = next
	}
	return far
}

// gates are the entities that every path to a goal passes last: the one that alone
// leads to it, the one that alone leads to that beside it, and so on.
func (g *ground) gates(goals []int32) []int32 {
	if len(goals) != 1 {
		return nil
	}
	into, first := g.into()
	var gates []int32
	passed := goals[0]
	for at := passed; len(gates) < MaxPathLength; {
		gate := int32(-1)
		for _, before := range into[first[at]:first[at+1]] {
			if before == passed && len(gates) > 0 || before == gate {
				continue
			}
			if gate >= 0 {
				return gates
			}
			gate = before
		}
		if gate < 0 || gate == goals[0] || slices.Contains(gates, gate) {
			return gates
		}
		gates, passed, at = append(gates, gate), at, gate
	}
	return gates
}

// into gives the entities from which ways lead to each entity.
func (g *ground) into() (from, first []int32) {
	if g.firstBefore != nil {
		return g.before, g.firstBefore
	}
	first = make([]int32, len(g.ids)+2)
	for _, w := range g.all {
		first[w.next+2]++
	}
	for i := 2; i < len(first); i++ {
		first[i] += first[i-1]
	}
	from = make([]int32, len(g.all))
	for _, w := range g.all {
		from[first[w.next+1]] = w.start(g)
		first[w.next+1]++
	}
	g.before, g.firstBefore = from, first
	return from, first
}
