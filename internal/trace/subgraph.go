package trace

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// SubgraphQuery asks for what lies around entities.
type SubgraphQuery struct {
	Around      []evidence.ID
	Depth       int // 1 to 4
	Direction   evidence.Direction
	MaxEntities int // 1 to 2,000; those in the middle are shown even where they are more
	MaxLinks    int // 1 to 5,000
	Filter      LinkFilter
}

// Limits on a SubgraphQuery.
const (
	MaxSubgraphDepth    = 4
	MaxSubgraphEntities = 2000
	MaxSubgraphLinks    = 5000
)

// Subgraph is a bounded part of the graph.
type Subgraph struct {
	Entities []SubgraphEntity // nearest first, then by id
	Links    []*Claim         // by id
	Cut      Cut
}

// SubgraphEntity is an entity of a subgraph.
type SubgraphEntity struct {
	Entity *Entity
	Depth  int
	// Hidden is how many of the entity's links of the kinds and direction that were
	// asked for are not shown, by the counters of its links; those to placeholders
	// count. It is -1 where that is not known, because the filter asks more than
	// that, or the view is of the past.
	Hidden int
}

// Subgraph reads a neighbourhood level by level. Where an entity has more links
// than fit, the strongest are shown, and how many are hidden is told. It is cut
// rather than refused: LINKS where maxLinks or the links that one question may
// rank were reached, FAN_OUT where an entity has more links than are shown or
// maxEntities was reached, DEPTH where only what lies further is left out, and the
// filter would keep some of it.
func (s *Session) Subgraph(ctx context.Context, q SubgraphQuery) (Subgraph, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := q.check(); err != nil {
		return Subgraph{}, err
	}
	around := s.ends(q.Around)
	seen, err := s.entities(ctx, around)
	if err != nil {
		return Subgraph{}, err
	}
	around = slices.DeleteFunc(around, func(id evidence.ID) bool { return seen[id] == nil })
	t, err := s.linkTest(q.Filter, around)
	if err != nil {
		return Subgraph{}, err
	}
	g := &growing{walk: s.walk(t, q.Direction), query: q, depth: map[evidence.ID]int{}}
	for _, id := range around {
		g.depth[id] = 0
	}
	level := around
	for d := 1; d <= q.Depth && len(level) > 0 && g.cut != CutLinks; d++ {
		if len(g.links) == q.MaxLinks {
			cut, err := g.more(ctx, level, CutLinks)
			if err != nil {
				return Subgraph{}, err
			}
			g.cut = cmp.Or(cut, g.cut)
			break
		}
		if level, err = g.grow(ctx, level, d); err != nil {
			return Subgraph{}, err
		}
	}
	return s.subgraph(ctx, g, q)
}

func (q *SubgraphQuery) check() error {
	return cmp.Or(
		bounded("around", len(q.Around), MaxPageSize), bounded("depth", q.Depth, MaxSubgraphDepth),
		bounded("maxEntities", q.MaxEntities, MaxSubgraphEntities), bounded("maxLinks", q.MaxLinks, MaxSubgraphLinks),
	)
}

// bounded checks an argument that may be 1 to most.
func bounded(path string, n, most int) error {
	switch {
	case n < 1:
		return evidence.Faulty(evidence.InvalidInput, path, "%d cannot be asked for; give 1 to %d", n, most)
	case n > most:
		return evidence.Faulty(evidence.LimitExceeded, path, "%d is more than can be asked for at once; give 1 to %d", n, most)
	}
	return nil
}

// growing is a subgraph while it is read.
type growing struct {
	walk   *walk
	query  SubgraphQuery
	depth  map[evidence.ID]int
	links  []arc
	ranked int // links that the entities read so far have
	cut    Cut
}

// maxRanked is how many links the entities of a subgraph may have in all: that
// many are put in the order of strength to show the strongest. Tests lower it.
var maxRanked = 1_000_000

// grow reads one level: the strongest links of each entity of the level, as
// many as are left, shared out so that no hub takes all.
func (g *growing) grow(ctx context.Context, level []evidence.ID, depth int) ([]evidence.ID, error) {
	s := g.walk.session
	level, totals, err := g.affordable(ctx, level)
	if err != nil || len(level) == 0 {
		return nil, err
	}
	frontier := s.identity.groups(level)
	perNode := max(2*max((g.query.MaxLinks-len(g.links))/len(frontier), 1), 50)
	room := 0
	for _, id := range level {
		room += min(totals[id], perNode)
	}
	arcs, err := g.strongest(ctx, frontier, perNode, room)
	if err != nil {
		return nil, err
	}
	if arcs, err = g.walk.decideDates(ctx, arcs); err != nil {
		return nil, err
	}
	var reached []evidence.ID
	for a := range strongestFirst(arcs) {
		if a.from == a.to || g.walk.links[a.edge.Link] {
			continue
		}
		if len(g.links) == g.query.MaxLinks {
			g.cut = CutLinks
			break
		}
		if !g.admit(a.from, depth, &reached) || !g.admit(a.to, depth, &reached) {
			g.cut = cmp.Or(g.cut, CutFanOut)
			continue
		}
		g.walk.links[a.edge.Link] = true
		g.links = append(g.links, *a)
	}
	slices.Sort(reached)
	return reached, nil
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
	totals, err := g.walk.session.degrees(ctx, level, g.query.Direction, g.query.Filter.Kinds)
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

// strongest reads the strongest links of each of a frontier that the filter
// keeps, at most so many. Nearly always the filter keeps nearly all: a first
// round trip lets the store choose, and only for entities of which it turned away
// too many a second one looks at all their links. Room is how many there may be
// of them in all, where that is known.
func (g *growing) strongest(ctx context.Context, frontier []evidence.ID, perNode, room int) ([]arc, error) {
	s, test := g.walk.session, g.walk.test
	asked := perNode + perNode/4 + 16
	x := store.Expansion{
		Frontier: frontier, Direction: g.query.Direction, Either: s.either(g.query.Direction), Kinds: test.Kinds,
		Strongest: true, PerNode: asked, Total: min(asked*len(frontier), s.linkBudget()),
	}
	read, kept := make([]int, len(frontier)), make([]int, len(frontier))
	weakest := make([]int, len(frontier))
	arcs := make([]arc, 0, min(x.Total, room))
	take := func(e store.Edge, at int) {
		if kept[at]++; kept[at] > perNode {
			g.cut = cmp.Or(g.cut, CutFanOut)
			return
		}
		arcs = append(arcs, arc{e, s.identity.resolve(e.From), s.identity.resolve(e.To)})
	}
	n := 0
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return nil, err
		}
		n++
		read[e.At]++
		weakest[e.At] = int(e.Strength)
		if test.keeps(&e) {
			take(e, e.At)
		}
	}
	if n == x.Total && n < asked*len(frontier) {
		g.cut = CutLinks
	}
	var again []evidence.ID
	var places []int
	for i, id := range frontier {
		if read[i] < asked || weakest[i] < test.MinStrength {
			continue // there are no more, or none that is strong enough
		}
		if kept[i] >= perNode {
			g.cut = cmp.Or(g.cut, CutFanOut)
			continue
		}
		again, places = append(again, id), append(places, i)
	}
	if len(again) == 0 {
		return arcs, nil
	}
	arcs = slices.DeleteFunc(arcs, func(a arc) bool { return slices.Contains(places, a.edge.At) })
	for _, i := range places {
		kept[i] = 0
	}
	x.Frontier, x.Keep, x.PerNode, x.Total = again, test.keeps, perNode+1, min((perNode+1)*len(again), s.linkBudget())
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return nil, err
		}
		take(e, places[e.At])
	}
	return arcs, nil
}

// admit takes an entity in, unless there are too many, and notes it where it is new.
func (g *growing) admit(id evidence.ID, depth int, reached *[]evidence.ID) bool {
	if _, there := g.depth[id]; there {
		return true
	}
	if len(g.depth) >= g.query.MaxEntities {
		return false
	}
	g.depth[id] = depth
	*reached = append(*reached, id)
	return true
}

func (s *Session) subgraph(ctx context.Context, g *growing, q SubgraphQuery) (Subgraph, error) {
	out := Subgraph{Cut: g.cut}
	ids, links := g.inOrder(), make([]evidence.ID, 0, len(g.links))
	shown := make(map[evidence.ID]int, len(g.depth))
	for _, a := range g.links {
		links = append(links, a.edge.Link)
		atFrom, atTo := s.leads(a.edge.Kind, q.Direction)
		if atFrom {
			shown[a.from]++
		}
		if atTo {
			shown[a.to]++
		}
	}
	slices.Sort(links)
	if err := s.read(ctx, append(s.identity.groups(ids), links...)); err != nil {
		return out, err
	}
	out.Links = make([]*Claim, 0, len(links))
	for _, id := range links {
		if r := s.records[id]; r != nil {
			out.Links = append(out.Links, s.claim(r))
		}
	}
	out.Entities = make([]SubgraphEntity, 0, len(ids))
	var last []evidence.ID // those on the last level that may have links beyond
	totals, err := s.countable(ctx, ids, q)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		e := SubgraphEntity{Entity: s.show(id), Depth: g.depth[id], Hidden: -1}
		if e.Entity == nil {
			continue
		}
		if n, ok := totals[id]; ok {
			e.Hidden = max(n-shown[id], 0)
		}
		if e.Depth == q.Depth && e.Hidden != 0 {
			last = append(last, id)
		}
		out.Entities = append(out.Entities, e)
	}
	if out.Cut == "" {
		out.Cut, err = g.more(ctx, last, CutDepth)
	}
	return out, err
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

// more gives the reason for a cut where entities have links that the filter keeps
// and that are not shown; LINKS where as many were looked at for that as one question
// may read.
func (g *growing) more(ctx context.Context, ids []evidence.ID, reason Cut) (Cut, error) {
	s, test := g.walk.session, g.walk.test
	left := s.linkBudget()
	spent := func(n int) bool { left -= n; return left < 0 }
	total := 1 // the first that is kept tells
	if test.timed() {
		total = maxDoubtful
	}
	for batch := range slices.Chunk(s.identity.groups(ids), store.MaxBatch) {
		x := store.Expansion{Frontier: batch, Direction: g.query.Direction, Either: s.either(g.query.Direction), Kinds: test.Kinds, MinStrength: test.MinStrength, Total: total, Keep: func(e *store.Edge) bool {
			return spent(1) || !g.walk.links[e.Link] && s.identity.resolve(e.From) != s.identity.resolve(e.To) && test.keeps(e)
		}}
		var doubtful []arc
		for e, err := range s.reader.Expand(ctx, x) {
			switch {
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

// countable counts the links of entities that a subgraph of the query could show,
// where counters can.
func (s *Session) countable(ctx context.Context, ids []evidence.ID, q SubgraphQuery) (map[evidence.ID]int, error) {
	f := q.Filter
	if len(f.Standing) > 0 || f.MinStrength > 0 || f.On != "" || f.During != "" || f.Throughout != "" || f.ExcludeDisputed || len(f.ExcludeEntities) > 0 {
		return nil, nil //nolint:nilnil // an empty map of counts: none is known
	}
	totals, err := s.degrees(ctx, ids, q.Direction, f.Kinds)
	if err != nil || totals == nil {
		return nil, err
	}
	return totals, s.leaveOutLoops(ctx, totals, ids, q)
}

// leaveOutLoops corrects the totals of entities: a link between two entities that count
// as one is a loop and does not count. Where an entity has too many links to find its
// loops, its total is removed.
func (s *Session) leaveOutLoops(ctx context.Context, totals map[evidence.ID]int, ids []evidence.ID, q SubgraphQuery) error {
	var frontier []evidence.ID
	left := maxWalkLinks
	for _, id := range ids {
		members := s.identity.group(id)
		if len(members) < 2 {
			continue
		}
		if left -= totals[id]; left < 0 {
			delete(totals, id)
			continue
		}
		frontier = append(frontier, members...)
	}
	if len(frontier) == 0 {
		return nil
	}
	x := store.Expansion{Frontier: frontier, Direction: q.Direction, Either: s.either(q.Direction), Kinds: q.Filter.Kinds, Total: 2 * maxWalkLinks, Keep: func(e *store.Edge) bool {
		return s.identity.resolve(e.From) == s.identity.resolve(e.To)
	}}
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return err
		}
		totals[s.identity.resolve(e.From)]-- // a loop comes once from each end, as it is counted
	}
	return nil
}

// degrees counts the links of entities in a direction; nil where that would have
// to be counted one by one.
func (s *Session) degrees(ctx context.Context, ids []evidence.ID, d evidence.Direction, kinds []string) (map[evidence.ID]int, error) {
	counts, err := s.reader.Count(ctx, store.CountQuery{Of: s.identity.groups(ids), Type: evidence.LinkRecord, Direction: d, Either: s.either(d), Kinds: kinds})
	if errors.Is(err, store.ErrUncounted) {
		return nil, nil //nolint:nilnil // an empty map of counts: none is known
	}
	if err != nil {
		return nil, err
	}
	if len(s.identity.members) == 0 {
		return counts, nil
	}
	totals := make(map[evidence.ID]int, len(ids))
	for _, id := range ids {
		for _, member := range s.identity.group(id) {
			totals[id] += counts[member]
		}
	}
	return totals, nil
}

// LinksAmong gives the links that join entities of a set, by id. The entity with
// the most links is not read: each of its links into the set is found from the
// other end. Of entities that have more links than one question may read, those
// with fewer come first, and the answer is cut by LINKS.
func (s *Session) LinksAmong(ctx context.Context, ids []evidence.ID, f LinkFilter) ([]*Claim, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ids) > MaxPageSize {
		return nil, "", evidence.Faulty(evidence.LimitExceeded, "ids", "%d entities are more than can be asked about at once, %d", len(ids), MaxPageSize)
	}
	around := s.ends(ids)
	t, err := s.linkTest(f, around)
	if err != nil {
		return nil, "", err
	}
	return s.among(ctx, around, t, false)
}

// among reads the links that join entities of a set, by id; with loops also those
// that accepted identities make loops.
func (s *Session) among(ctx context.Context, around []evidence.ID, t *linkTest, loops bool) ([]*Claim, Cut, error) {
	frontier, cut, err := s.lighter(ctx, around, t.Kinds, loops)
	if err != nil || len(frontier) == 0 {
		return nil, cut, err
	}
	among := s.set(around)
	budget := s.linkBudget()
	x := store.Expansion{Frontier: frontier, Kinds: t.Kinds, Total: budget, Keep: func(e *store.Edge) bool {
		return among[e.From] && among[e.To] && t.keeps(e)
	}}
	var arcs []arc
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return nil, "", err
		}
		arcs = append(arcs, arc{e, s.identity.resolve(e.From), s.identity.resolve(e.To)})
	}
	if len(arcs) == budget {
		cut = CutLinks
	}
	if arcs, err = s.walk(t, evidence.Any).decideDates(ctx, arcs); err != nil {
		return nil, "", err
	}
	set := map[evidence.ID]bool{}
	for _, a := range arcs {
		if loops || a.from != a.to {
			set[a.edge.Link] = true
		}
	}
	links := slices.Sorted(maps.Keys(set))
	if len(links) > MaxSubgraphLinks {
		links, cut = links[:MaxSubgraphLinks], CutLinks
	}
	records, err := s.get(ctx, links)
	if err != nil {
		return nil, "", err
	}
	var out []*Claim
	for _, id := range links {
		if r := records[id]; r != nil {
			out = append(out, s.claim(r))
		}
	}
	return out, cut, nil
}

// lighter gives the members of all groups except the one with the most links. It stops
// before their links together are more than one question may read. Where links inside a
// group are wanted, it leaves none out.
func (s *Session) lighter(ctx context.Context, around []evidence.ID, kinds []string, loops bool) ([]evidence.ID, Cut, error) {
	rest := slices.Clone(around)
	loops = loops && slices.ContainsFunc(rest, func(id evidence.ID) bool { return len(s.identity.group(id)) > 1 })
	if len(rest) < 2 && !loops {
		return nil, "", nil
	}
	totals, err := s.degrees(ctx, around, evidence.Any, kinds)
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(rest, func(a, b evidence.ID) int { return cmp.Or(cmp.Compare(totals[a], totals[b]), cmp.Compare(a, b)) })
	if !loops {
		rest = rest[:len(rest)-1]
	}
	sum, cut := 0, Cut("")
	for i, id := range rest {
		if sum += totals[id]; sum > maxWalkLinks {
			rest, cut = rest[:i], CutLinks
			break
		}
	}
	return s.identity.groups(rest), cut, nil
}
