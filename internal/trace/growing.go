package trace

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// growing is a subgraph while it is read.
type growing struct {
	walk   *walk
	query  SubgraphQuery
	depth  map[evidence.ID]int
	links  []arc
	ranked int // links that the entities read so far have
	cut    Cut
}

// full says that as many links are shown as may be, crowded the same of entities.
func (g *growing) full() bool    { return len(g.links) >= g.query.MaxLinks }
func (g *growing) crowded() bool { return len(g.depth) >= g.query.MaxEntities }

// maxRanked is how many links the entities of a subgraph may have in all: that
// many are put in the order of strength to show the strongest. Tests lower it.
var maxRanked = 1_000_000

// leastShare is how many links of an entity are read at first, however many others
// there are. Tests lower it.
var leastShare = 50

// level is the part of a subgraph that is as far from the middle, while it is read.
type level struct {
	*growing
	away    int // from the middle, what is reached by it
	reached []evidence.ID
	open    []evidence.ID // entities that may have links that were not looked at
	asked   int           // how many of the strongest links of each are looked at
	total   int           // how many of all of them
	room    int           // how many they have of these; 0 where that is not known
	passed  bool          // the filter kept most of what was looked at
	over    bool          // as much was shown, or looked at, as may be
}

// grow reads one level. At first the store chooses the strongest links of each entity,
// as many as are left, shared out so that no hub takes all. Some of these may be shown
// already, or come from both ends, or be turned away by the filter. As long as there is
// room for more, entities that have more are asked for more, and at last for all that
// fit.
func (g *growing) grow(ctx context.Context, from []evidence.ID, away int) ([]evidence.ID, error) {
	from, totals, err := g.affordable(ctx, from)
	if err != nil || len(from) == 0 {
		return nil, err
	}
	l := &level{growing: g, away: away, open: g.walk.session.identity.groups(from)}
	l.shareOut(from, totals)
	if err := l.strongest(ctx); err != nil {
		return nil, err
	}
	if asked := 4 * l.asked; l.more() && l.passed && !l.crowded() && asked*len(l.open) <= g.walk.session.linkBudget() {
		l.asked = asked
		if err := l.strongest(ctx); err != nil {
			return nil, err
		}
	}
	if l.more() && !l.crowded() {
		if err := l.rest(ctx); err != nil {
			return nil, err
		}
	}
	if l.more() && l.crowded() {
		if err := l.joining(ctx); err != nil {
			return nil, err
		}
	}
	slices.Sort(l.reached)
	return l.reached, l.end(ctx)
}

// more says whether there may be more links that fit.
func (l *level) more() bool { return len(l.open) > 0 && !l.over && !l.full() }

// shareOut decides how many links of each entity are looked at. It takes entities with
// the fewest links first: what these do not need, the others get. It adds some, as the
// filter nearly always turns some away.
func (l *level) shareOut(from []evidence.ID, totals map[evidence.ID]int) {
	left := l.query.MaxLinks - len(l.links)
	share := 2 * left / len(from)
	if totals != nil {
		for i, id := range from {
			if share = left / (len(from) - i); totals[id] > share {
				break
			}
			left -= totals[id]
		}
	}
	share = max(share, leastShare)
	l.asked = share + share/4 + leastShare/3
	for _, id := range from {
		l.room += min(totals[id], l.asked)
	}
}

// expansion asks for the links of the entities that may have more.
func (l *level) expansion() store.Expansion {
	s, test := l.walk.session, l.walk.test
	return store.Expansion{
		Frontier: l.open, Direction: l.query.Direction, Either: s.either(l.query.Direction), Kinds: test.Kinds, Total: s.linkBudget(),
	}
}

// isNew says whether a link is to be shown and is not.
func (l *level) isNew(e *store.Edge) bool {
	return !l.walk.links[e.Link] && !l.walk.session.isIdentity(e)
}

// strongest lets the store choose the strongest links.
func (l *level) strongest(ctx context.Context) error {
	test, x := l.walk.test, l.expansion()
	// Of the past only so much is judged, so that no answer may be smaller than the one
	// before.
	l.total = max(l.total, min(l.asked*len(l.open), x.Total))
	x.Strongest, x.PerNode, x.Total = true, l.asked, l.total
	read, weakest := make([]int, len(l.open)), make([]int, len(l.open))
	n, kept := 0, 0
	arcs := make([]arc, 0, min(l.total, l.room))
	for e, err := range l.walk.session.reader.Expand(ctx, x) {
		if partOnly(err) {
			l.cut, l.over = CutLinks, true
			break
		}
		if err != nil {
			return err
		}
		n++
		read[e.At]++
		weakest[e.At] = int(e.Strength)
		if !test.keeps(&e) {
			continue
		}
		if kept++; l.isNew(&e) {
			arcs = append(arcs, l.arc(e))
		}
	}
	l.passed = 2*kept >= n
	if n == x.Total && n < l.asked*len(l.open) {
		l.cut, l.over = CutLinks, true
	}
	l.keepOpen(func(i int) bool { return read[i] == l.asked && weakest[i] >= test.MinStrength })
	return l.show(ctx, arcs)
}

// rest looks at all links for the strongest that the filter keeps and that fit.
func (l *level) rest(ctx context.Context) error {
	x := l.expansion()
	x.Strongest, x.MinStrength, x.PerNode, x.Keep = true, l.walk.test.MinStrength, l.query.MaxLinks-len(l.links), l.fits
	if l.walk.test.timed() {
		x.PerNode += maxDoubtful / len(l.open) // some may turn out not to have held
	}
	arcs, read, err := l.read(ctx, x)
	if err != nil {
		return err
	}
	l.keepOpen(func(i int) bool { return read[i] == x.PerNode })
	return l.show(ctx, arcs)
}

// joining looks at all links to entities that are there: there is no room for others.
func (l *level) joining(ctx context.Context) error {
	there := l.walk.session.identity.groups(slices.Collect(maps.Keys(l.depth)))
	slices.Sort(there)
	var arcs []arc
	for others := range slices.Chunk(there, store.MaxBatch) {
		x := l.expansion()
		x.Others, x.MinStrength, x.Keep = others, l.walk.test.MinStrength, l.fits
		more, _, err := l.read(ctx, x)
		if err != nil {
			return err
		}
		arcs = append(arcs, more...)
	}
	return l.show(ctx, arcs)
}

func (l *level) fits(e *store.Edge) bool { return l.isNew(e) && l.walk.test.keeps(e) }

// read reads links that fit, and counts those of each entity.
func (l *level) read(ctx context.Context, x store.Expansion) (arcs []arc, of []int, err error) {
	of = make([]int, len(x.Frontier))
	for e, err := range l.walk.session.reader.Expand(ctx, x) {
		if partOnly(err) {
			l.cut, l.over = CutLinks, true
			break
		}
		if err != nil {
			return nil, nil, err
		}
		of[e.At]++
		arcs = append(arcs, l.arc(e))
	}
	if len(arcs) == x.Total {
		l.cut, l.over = CutLinks, true
	}
	return arcs, of, nil
}

func (l *level) arc(e store.Edge) arc {
	resolve := l.walk.session.identity.resolve
	return arc{e, resolve(e.From), resolve(e.To)}
}

// keepOpen leaves those entities open, by their places, that may have more links.
func (l *level) keepOpen(may func(i int) bool) {
	var open []evidence.ID
	for i, id := range l.open {
		if may(i) {
			open = append(open, id)
		}
	}
	l.open = open
}

// show takes in the strongest links, as many as fit.
func (l *level) show(ctx context.Context, arcs []arc) error {
	arcs, err := l.walk.decideDates(ctx, arcs)
	if err != nil {
		return err
	}
	for a := range strongestFirst(arcs) {
		if l.walk.links[a.edge.Link] {
			continue // it was read from both ends
		}
		if l.full() {
			l.cut, l.over = CutLinks, true
			break
		}
		if !l.admit(a.from) || !l.admit(a.to) {
			l.cut = cmp.Or(l.cut, CutFanOut)
			continue
		}
		l.walk.links[a.edge.Link] = true
		l.links = append(l.links, *a)
	}
	return nil
}

// admit takes an entity in, unless there are too many, and notes it where it is new.
func (l *level) admit(id evidence.ID) bool {
	if _, there := l.depth[id]; there {
		return true
	}
	if l.crowded() {
		return false
	}
	l.depth[id] = l.away
	l.reached = append(l.reached, id)
	return true
}

// end finds out whether entities that may have more links do. Where these were not all
// looked at, the subgraph ends here: further away, a link might be shown from its other
// end only, to an entity that is nearer by it.
func (l *level) end(ctx context.Context) (err error) {
	if l.cut != "" || len(l.open) == 0 {
		return nil
	}
	reason := CutLinks
	if l.crowded() && !l.full() {
		reason = CutFanOut
	}
	l.cut, err = l.goesOn(ctx, l.open, reason)
	return err
}

// strongestFirst gives arcs by strength, then by link. Usually only the first few of
// thousands are wanted, so it does not sort them all: those of equal strength are put
// in order when their turn comes.
func strongestFirst(arcs []arc) iter.Seq[*arc] {
	strength := func(a *arc) uint16 { return min(a.edge.Strength, maxStrength) }
	var last [maxStrength + 1]int // where, of all in the order of strength, those of one end
	for i := range arcs {
		last[strength(&arcs[i])]++
	}
	for s, sum := maxStrength, 0; s >= 0; s-- {
		sum, last[s] = sum+last[s], sum
	}
	order := make([]*arc, len(arcs))
	for i := range arcs {
		at := &last[strength(&arcs[i])]
		order[*at] = &arcs[i]
		*at++
	}
	return func(yield func(*arc) bool) {
		for first := 0; first < len(order); {
			end := last[strength(order[first])]
			same := arcsByLink(order[first:end])
			for heap.Init(&same); len(same) > 0; {
				if a := heap.Pop(&same).(*arc); !yield(a) { //nolint:forcetypeassert // nothing else is in it
					return
				}
			}
			first = end
		}
	}
}

// arcsByLink is a heap.Interface.
type arcsByLink []*arc

func (h arcsByLink) Len() int           { return len(h) }
func (h arcsByLink) Less(i, j int) bool { return h[i].edge.Link < h[j].edge.Link }
func (h arcsByLink) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *arcsByLink) Push(a any)        { *h = append(*h, a.(*arc)) } //nolint:forcetypeassert // nothing else is in it
func (h *arcsByLink) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	*h = (*h)[:last]
	return a
}

// maxStrength is that of what is certain; see evidence.Level.
const maxStrength = 1000

// affordable leaves out entities of a level, those with the most links first, until the
// links of the rest can be ranked within the limit of one question. It also gives how
// many links each has, where that is counted.
func (g *growing) affordable(ctx context.Context, level []evidence.ID) ([]evidence.ID, map[evidence.ID]int, error) {
	totals, err := g.walk.session.degrees(ctx, level, g.query.Direction, g.walk.test.Kinds)
	if err != nil || totals == nil {
		return level, nil, err
	}
	level = slices.Clone(level)
	slices.SortFunc(level, func(a, b evidence.ID) int { return cmp.Or(cmp.Compare(totals[a], totals[b]), cmp.Compare(a, b)) })
	for i, id := range level {
		if g.ranked+totals[id] > maxRanked {
			g.cut = CutLinks
			return level[:i], totals, nil
		}
		g.ranked += totals[id]
	}
	return level, totals, nil
}

// inOrder are the entities, nearest first, then by id.
func (g *growing) inOrder() []evidence.ID {
	byDepth := make([][]evidence.ID, g.query.Depth+1)
	for id, depth := range g.depth {
		byDepth[depth] = append(byDepth[depth], id)
	}
	for _, level := range byDepth {
		slices.Sort(level)
	}
	return slices.Concat(byDepth...)
}

// goesOn gives the reason for a cut where entities have links that the filter keeps
// and that are not shown; LINKS where as many were looked at for that as one question
// may read.
func (g *growing) goesOn(ctx context.Context, ids []evidence.ID, reason Cut) (Cut, error) {
	s, test := g.walk.session, g.walk.test
	left := s.linkBudget()
	spent := func(n int) bool { left -= n; return left < 0 }
	total := 1 // the first that is kept tells
	if test.timed() {
		total = maxDoubtful
	}
	for batch := range slices.Chunk(s.identity.groups(ids), store.MaxBatch) {
		x := store.Expansion{Frontier: batch, Direction: g.query.Direction, Either: s.either(g.query.Direction), Kinds: test.Kinds, MinStrength: test.MinStrength, Total: total, Keep: func(e *store.Edge) bool {
			return spent(1) || !g.walk.links[e.Link] && !s.isIdentity(e) && test.keeps(e)
		}}
		var doubtful []arc
		for e, err := range s.reader.Expand(ctx, x) {
			switch {
			case partOnly(err):
				return CutLinks, nil
			case err != nil:
				return "", err
			case spent(0):
				return CutLinks, nil
			case !test.timed() || !e.Doubtful:
				return reason, nil
			}
			doubtful = append(doubtful, arc{edge: e})
		}
		if len(doubtful) == x.Total {
			return CutLinks, nil
		}
		kept, err := g.walk.decideDates(ctx, doubtful)
		if err != nil {
			return "", err
		}
		if len(kept) > 0 {
			return reason, nil
		}
	}
	return "", nil
}
