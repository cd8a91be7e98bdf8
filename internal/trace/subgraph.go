package trace

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// SubgraphQuery asks for what lies around entities.
type SubgraphQuery struct {
	Around      []evidence.ID
	Depth       int // 1 to 4
	Direction   evidence.Direction
	MaxEntities int // 1 to 2,000
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
	// Hidden is how many of the entity's links are not shown, by the counters of
	// its links; -1 where that is not known, because the filter asks more than
	// kinds and direction, or the view is of the past.
	Hidden int
}

// Subgraph reads a neighbourhood level by level. Where an entity has more links
// than fit, the strongest are shown, and how many are hidden is told.
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
	t, err := s.linkTest(q.Filter, around...)
	if err != nil {
		return Subgraph{}, err
	}
	g := &growing{walk: s.walk(t, q.Direction), query: q, depth: map[evidence.ID]int{}}
	for _, id := range around {
		g.depth[id] = 0
	}
	level := around
	for d := 1; d <= q.Depth && len(level) > 0 && len(g.links) < q.MaxLinks; d++ {
		if level, err = g.grow(ctx, level, d); err != nil {
			return Subgraph{}, err
		}
	}
	return s.subgraph(ctx, g, q)
}

func (q *SubgraphQuery) check() error {
	limit := func(path string, n, most int) error {
		if n >= 1 && n <= most {
			return nil
		}
		return evidence.Faulty(evidence.LimitExceeded, path, "%d is out of bounds; give 1 to %d", n, most)
	}
	return cmp.Or(
		limit("around", len(q.Around), MaxPageSize), limit("depth", q.Depth, MaxSubgraphDepth),
		limit("maxEntities", q.MaxEntities, MaxSubgraphEntities), limit("maxLinks", q.MaxLinks, MaxSubgraphLinks),
	)
}

// growing is a subgraph while it is read.
type growing struct {
	walk  *walk
	query SubgraphQuery
	depth map[evidence.ID]int
	links []arc
	cut   Cut
}

// grow reads one level: the strongest links of each entity of the level, as
// many as are left, shared out so that no hub takes all.
func (g *growing) grow(ctx context.Context, level []evidence.ID, depth int) ([]evidence.ID, error) {
	s := g.walk.session
	left := g.query.MaxLinks - len(g.links)
	frontier := s.identity.groups(level)
	share := max(left/len(frontier), 1)
	var arcs []arc
	perNode := max(2*share, 50)
	x := store.Expansion{
		Frontier: frontier, Direction: g.query.Direction, Kinds: g.walk.test.Kinds, Keep: g.walk.test.keeps,
		Strongest: true, PerNode: perNode, Total: perNode * len(frontier),
	}
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return nil, err
		}
		arcs = append(arcs, arc{e, s.identity.resolve(e.From), s.identity.resolve(e.To)})
	}
	arcs, err := g.walk.decideDates(ctx, arcs)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(arcs, func(a, b arc) int {
		return cmp.Or(cmp.Compare(b.edge.Strength, a.edge.Strength), cmp.Compare(a.edge.Link, b.edge.Link))
	})
	reached := map[evidence.ID]bool{}
	for _, a := range arcs {
		if a.from == a.to || g.walk.links[a.edge.Link] {
			continue
		}
		if len(g.links) == g.query.MaxLinks {
			g.cut = CutLinks
			break
		}
		if !g.admit(a.from, depth, reached) || !g.admit(a.to, depth, reached) {
			g.cut = CutFanOut
			continue
		}
		g.walk.links[a.edge.Link] = true
		g.links = append(g.links, a)
	}
	return sortedIDs(reached), nil
}

// admit takes an entity in, unless there are too many.
func (g *growing) admit(id evidence.ID, depth int, reached map[evidence.ID]bool) bool {
	if _, there := g.depth[id]; there {
		return true
	}
	if len(g.depth) >= g.query.MaxEntities {
		return false
	}
	g.depth[id], reached[id] = depth, true
	return true
}

func (s *Session) subgraph(ctx context.Context, g *growing, q SubgraphQuery) (Subgraph, error) {
	out := Subgraph{Cut: g.cut}
	var ids, links []evidence.ID
	shown := map[evidence.ID]int{}
	for id := range g.depth {
		ids = append(ids, id)
	}
	for _, a := range g.links {
		links = append(links, a.edge.Link)
		shown[a.from]++
		shown[a.to]++
	}
	slices.Sort(links)
	records, err := s.get(ctx, links)
	if err != nil {
		return out, err
	}
	for _, id := range links {
		if r := records[id]; r != nil {
			out.Links = append(out.Links, s.claim(r))
		}
	}
	slices.SortFunc(ids, func(a, b evidence.ID) int { return cmp.Or(cmp.Compare(g.depth[a], g.depth[b]), cmp.Compare(a, b)) })
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return out, err
	}
	totals, err := s.degrees(ctx, ids, q)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		e := SubgraphEntity{Entity: entities[id], Depth: g.depth[id], Hidden: -1}
		if e.Entity == nil {
			continue
		}
		if n, ok := totals[id]; ok {
			e.Hidden = max(n-shown[id], 0)
		}
		if e.Hidden > 0 && e.Depth == q.Depth && out.Cut == "" {
			out.Cut = CutDepth
		}
		out.Entities = append(out.Entities, e)
	}
	return out, nil
}

// degrees counts the links of entities, where counters can.
func (s *Session) degrees(ctx context.Context, ids []evidence.ID, q SubgraphQuery) (map[evidence.ID]int, error) {
	f := q.Filter
	if len(f.Standing) > 0 || f.MinStrength > 0 || f.On != "" || f.During != "" || f.Throughout != "" || f.ExcludeDisputed || len(f.ExcludeEntities) > 0 {
		return nil, nil //nolint:nilnil // an empty map of counts: none is known
	}
	counts, err := s.reader.Count(ctx, store.CountQuery{Of: s.identity.groups(ids), Type: evidence.LinkRecord, Direction: q.Direction, Kinds: f.Kinds})
	if errors.Is(err, store.ErrUncounted) {
		return nil, nil //nolint:nilnil // an empty map of counts: none is known
	}
	if err != nil {
		return nil, err
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
// other end.
func (s *Session) LinksAmong(ctx context.Context, ids []evidence.ID, f LinkFilter) ([]*Claim, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ids) > MaxPageSize {
		return nil, "", evidence.Faulty(evidence.LimitExceeded, "ids", "%d entities are more than can be asked about at once, %d", len(ids), MaxPageSize)
	}
	around := s.ends(ids)
	t, err := s.linkTest(f, around...)
	if err != nil {
		return nil, "", err
	}
	among := s.set(around)
	w := s.walk(t, evidence.Any)
	frontier, err := s.lighter(ctx, around)
	if err != nil || len(frontier) == 0 {
		return nil, "", err
	}
	x := store.Expansion{Frontier: frontier, Kinds: f.Kinds, Total: maxWalkLinks, Keep: func(e *store.Edge) bool {
		return among[e.From] && among[e.To] && t.keeps(e)
	}}
	var arcs []arc
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return nil, "", err
		}
		arcs = append(arcs, arc{e, s.identity.resolve(e.From), s.identity.resolve(e.To)})
	}
	if len(arcs) == maxWalkLinks {
		w.cut = CutLinks
	}
	if arcs, err = w.decideDates(ctx, arcs); err != nil {
		return nil, "", err
	}
	set := map[evidence.ID]bool{}
	for _, a := range arcs {
		if a.from != a.to {
			set[a.edge.Link] = true
		}
	}
	links := sortedIDs(set)
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
	return out, w.cut, nil
}

// lighter gives the members of all groups but the one with the most links.
func (s *Session) lighter(ctx context.Context, around []evidence.ID) ([]evidence.ID, error) {
	if len(around) < 2 {
		return nil, nil
	}
	totals, err := s.degrees(ctx, around, SubgraphQuery{})
	if err != nil {
		return nil, err
	}
	heaviest := around[0]
	for _, id := range around {
		if totals[id] > totals[heaviest] {
			heaviest = id
		}
	}
	rest := slices.DeleteFunc(slices.Clone(around), func(id evidence.ID) bool { return id == heaviest })
	return s.identity.groups(rest), nil
}

// CommonNeighbor is an entity that several of a set are linked to.
type CommonNeighbor struct {
	Entity *Entity
	// Of are those of the set that it is linked to, by id.
	Of []evidence.ID
}

// CommonNeighbors gives the entities linked to at least so many of a set, those
// linked to most first, then by id.
func (s *Session) CommonNeighbors(ctx context.Context, ids []evidence.ID, atLeast int, f LinkFilter) ([]CommonNeighbor, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	around := s.ends(ids)
	if len(around) < 2 || len(around) > MaxPageSize || atLeast < 2 || atLeast > len(around) {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "atLeast", "%d of %d entities cannot be asked for; name 2 to %d entities and at least 2 of them", atLeast, len(around), MaxPageSize)
	}
	t, err := s.linkTest(f, around...)
	if err != nil {
		return nil, "", err
	}
	w := s.walk(t, evidence.Any)
	if _, err := w.expand(ctx, around, false); err != nil {
		return nil, "", err
	}
	of := map[evidence.ID]map[evidence.ID]bool{}
	for _, id := range around {
		for _, st := range w.steps(id) {
			if of[st.next] == nil {
				of[st.next] = map[evidence.ID]bool{}
			}
			of[st.next][id] = true
		}
	}
	common := map[evidence.ID]bool{}
	for id, set := range of {
		if len(set) >= atLeast && !slices.Contains(around, id) {
			common[id] = true
		}
	}
	entities, err := s.entities(ctx, sortedIDs(common))
	if err != nil {
		return nil, "", err
	}
	var out []CommonNeighbor
	for _, id := range sortedIDs(common) {
		if e := entities[id]; e != nil {
			out = append(out, CommonNeighbor{e, sortedIDs(of[id])})
		}
	}
	slices.SortStableFunc(out, func(a, b CommonNeighbor) int { return cmp.Compare(len(b.Of), len(a.Of)) })
	if len(out) > MaxPageSize {
		out, w.cut = out[:MaxPageSize], CutFanOut
	}
	return out, w.cut, nil
}
