package evidence

import (
	"slices"
)

// Provenance knows the sources that cited sources derive from. The zero
// Provenance is for sources that derive from none.
type Provenance struct {
	// Sources holds cited sources and all their ancestors by id.
	Sources map[ID]*Source
	// Visibility is the effective clearance of each of them.
	Visibility map[ID]Clearance
	found      *found
}

// found is what claims that are weighed with the same sources need not find out
// again.
type found struct {
	shows    [Clearances]bool // whether a source has this clearance
	lineages [Clearances]*lineages
}

// NewProvenance is one that many claims are weighed with, one after the other:
// what was found of the lineages for one is kept for the next.
func NewProvenance() Provenance {
	return Provenance{Sources: map[ID]*Source{}, Visibility: map[ID]Clearance{}, found: &found{}}
}

// Add takes a source in, with the clearance that it takes to see it. All that it
// derives from is to be added too before a claim is weighed with it.
func (p Provenance) Add(s *Source, c Clearance) {
	p.Sources[s.ID], p.Visibility[s.ID] = s, c
	if p.found != nil && c < Hidden {
		p.found.shows[c] = true
	}
}

// shows says whether a clearance may see a source that the one below it does not.
func (p Provenance) shows(c Clearance) bool {
	if p.found != nil {
		return p.found.shows[c]
	}
	for _, visibility := range p.Visibility {
		if visibility == c {
			return true
		}
	}
	return false
}

// derives says whether a source derives from others, whoever sees these.
func (p Provenance) derives(id ID) bool {
	s := p.Sources[id]
	return s != nil && len(s.DerivedFrom) > 0
}

// Origins are the ultimate sources that a source derives from at a clearance,
// sorted; the source itself where it derives from none that the clearance sees.
// Sources that derive from each other in a ring, and from no other, are one
// origin, for which the least of their ids stands.
func (p Provenance) Origins(id ID, c Clearance) []ID {
	if !p.derives(id) { // as most
		return []ID{id}
	}
	l := p.at(c)
	if !l.cite(id, 1) {
		return []ID{id}
	}
	var origins []ID
	l.origins(func(origin ID, _ int) { origins = append(origins, origin) })
	slices.Sort(origins)
	return origins
}

// at gives the lineages that a clearance sees.
func (p Provenance) at(c Clearance) *lineages {
	if p.found == nil {
		return newLineages(p, c)
	}
	if p.found.lineages[c] == nil {
		p.found.lineages[c] = newLineages(p, c)
	}
	return p.found.lineages[c]
}

// lineages are the sources that a clearance sees to derive from others, taken
// together where they derive from each other: the strongly connected components
// of what derives from what. Robert Tarjan finds these in one pass that is linear
// in sources and derivations ("Depth-First Search and Linear Graph Algorithms",
// SIAM Journal on Computing 1(2), 1972, pages 146 to 160), and closes none before
// all that it leads to. So each has a higher number than what it derives from, in
// the order of which weights are handed on from what is cited to the origins.
// However sources derive from each other, a claim costs little more than to read
// the derivations above what it cites, once.
type lineages struct {
	Provenance
	clearance Clearance
	place     map[ID]int // in nodes
	nodes     []node
	open      []int // nodes that have no ring yet
	rings     []ring
	mark      int
	reached   []int // rings that something is cited of
}

// node is one source. Its place among the nodes is the order in which the search
// came upon it, which Tarjan calls its number.
type node struct {
	id     ID
	above  []ID // what it derives from, seen or not
	tried  int  // how many of these were gone to
	lowest int  // Tarjan's LOWLINK
	ring   int  // -1 while it is open
}

// ring is sources that derive from each other; most often a single one.
type ring struct {
	least ID
	above []int // the rings that its sources derive from; none for an origin
	short bool  // or, in place of these, its origins
	mark  int   // lineages.mark when it was last come upon
	// worst is the least weight of what is cited of it and of what derives from
	// it; 0 where nothing is.
	worst int
}

// unweighed is more than any weight.
const unweighed = 1001

func newLineages(p Provenance, c Clearance) *lineages {
	return &lineages{Provenance: p, clearance: c, place: map[ID]int{}}
}

func (l *lineages) sees(id ID) bool {
	return l.Sources[id] != nil && l.Visibility[id] <= l.clearance
}

// enter makes a node of a source that the search has not come upon before.
func (l *lineages) enter(id ID) int {
	n := node{id: id, lowest: len(l.nodes), ring: -1}
	if s := l.Sources[id]; s != nil {
		n.above = s.DerivedFrom
	}
	l.place[id] = len(l.nodes)
	l.open = append(l.open, len(l.nodes))
	l.nodes = append(l.nodes, n)
	return len(l.nodes) - 1
}

// ringOf gives the ring of a source. It keeps its own stack, since sources may
// derive from each other in chains of any length.
func (l *lineages) ringOf(id ID) int {
	if v, known := l.place[id]; known {
		return l.nodes[v].ring
	}
	path := []int{l.enter(id)}
	for len(path) > 0 {
		v := path[len(path)-1]
		n := &l.nodes[v]
		if n.tried < len(n.above) {
			parent := n.above[n.tried]
			n.tried++
			if !l.sees(parent) {
				continue
			}
			if u, known := l.place[parent]; !known {
				path = append(path, l.enter(parent))
			} else if l.nodes[u].ring < 0 {
				n.lowest = min(n.lowest, u)
			}
			continue
		}
		path = path[:len(path)-1]
		if len(path) > 0 {
			below := &l.nodes[path[len(path)-1]]
			below.lowest = min(below.lowest, n.lowest)
		}
		if n.lowest == v {
			l.close(v)
		}
	}
	return l.nodes[l.place[id]].ring
}

// close makes a ring of the open nodes from one on.
func (l *lineages) close(first int) {
	from := len(l.open) - 1
	for l.open[from] != first {
		from--
	}
	r := ring{least: l.nodes[first].id}
	for _, v := range l.open[from:] {
		l.nodes[v].ring = len(l.rings)
		r.least = min(r.least, l.nodes[v].id)
	}
	l.mark++
	for _, v := range l.open[from:] {
		for _, parent := range l.nodes[v].above {
			if !l.sees(parent) {
				continue
			}
			if u := l.nodes[l.place[parent]].ring; u != len(l.rings) && !l.marked(u) {
				r.above = append(r.above, u)
			}
		}
	}
	l.shorten(&r)
	l.open = l.open[:from]
	l.rings = append(l.rings, r)
}

// few is how many origins a ring may lead to at once that derives from fewer rings.
const few = 16

// shorten has a ring lead to its origins at once, where these are no more than what
// it leads to, or few: most sources have one, however they come by it.
func (l *lineages) shorten(r *ring) {
	var origins []int
	l.mark++
	for _, u := range r.above {
		at := &l.rings[u]
		switch {
		case len(at.above) == 0:
			if !l.marked(u) {
				origins = append(origins, u)
			}
		case at.short:
			for _, o := range at.above {
				if !l.marked(o) {
					origins = append(origins, o)
				}
			}
		default:
			return
		}
		if len(origins) > max(few, len(r.above)) {
			return
		}
	}
	r.above, r.short = origins, true
}

// marked says whether a ring was asked for before since the mark was counted up.
func (l *lineages) marked(r int) bool {
	was := l.rings[r].mark == l.mark
	l.rings[r].mark = l.mark
	return was
}

// cite notes the weight of a citation for the origins of its source. It says no
// where the source is its own origin, or stands for the ring that is.
func (l *lineages) cite(id ID, weight int) bool {
	r := l.ringOf(id)
	if len(l.rings[r].above) == 0 && l.rings[r].least == id {
		return false
	}
	l.reach(r, weight)
	return true
}

// reach notes the weight of a citation for a ring.
func (l *lineages) reach(r, weight int) {
	if l.rings[r].worst == 0 {
		l.rings[r].worst = unweighed
		l.reached = append(l.reached, r)
	}
	l.rings[r].worst = min(l.rings[r].worst, weight)
}

// origins gives each origin of what was cited since it was last asked, with the
// least weight of what is cited of it.
func (l *lineages) origins(each func(origin ID, weight int)) {
	for i := 0; i < len(l.reached); i++ {
		for _, u := range l.rings[l.reached[i]].above {
			l.reach(u, unweighed)
		}
	}
	slices.SortFunc(l.reached, func(a, b int) int { return b - a })
	for _, r := range l.reached {
		at := &l.rings[r]
		for _, u := range at.above {
			l.rings[u].worst = min(l.rings[u].worst, at.worst)
		}
		if len(at.above) == 0 {
			each(at.least, at.worst)
		}
		at.worst = 0
	}
	l.reached = l.reached[:0]
}
