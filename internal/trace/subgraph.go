package trace

import (
	"cmp"
	"context"
	"errors"
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
	// count. Where the filter asks more than that, counters do not tell: it is then 0
	// where all links that the filter keeps are shown, and else -1, which is not known,
	// as in views of the past.
	Hidden int
}

// Subgraph reads a neighbourhood level by level. Where an entity has more links
// than fit, the strongest are shown, and how many are hidden is told. It is cut
// rather than refused: LINKS where maxLinks or the links that one question may
// rank were reached, FAN_OUT where maxEntities was reached and an entity has links to
// others, DEPTH where only what lies further is left out; each where the filter would
// keep some of what is left out.
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
	from := around
	for d := 1; d <= q.Depth && len(from) > 0 && g.cut != CutLinks; d++ {
		if len(g.links) == q.MaxLinks {
			cut, err := g.goesOn(ctx, from, CutLinks)
			if err != nil {
				return Subgraph{}, err
			}
			g.cut = cmp.Or(cut, g.cut)
			break
		}
		if from, err = g.grow(ctx, from, d); err != nil {
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
		if atTo && (a.from != a.to || !atFrom) {
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
		} else if g.cut == "" && e.Depth < q.Depth && q.Filter.beyondKinds() {
			e.Hidden = 0 // all were looked at
		}
		if e.Depth == q.Depth && e.Hidden != 0 {
			last = append(last, id)
		}
		out.Entities = append(out.Entities, e)
	}
	if out.Cut == "" {
		out.Cut, err = g.goesOn(ctx, last, CutDepth)
	}
	if out.Cut == "" && q.Filter.beyondKinds() {
		for i := range out.Entities {
			out.Entities[i].Hidden = 0
		}
	}
	return out, err
}

// beyondKinds says that a filter asks more of links than what counters tell.
func (f *LinkFilter) beyondKinds() bool {
	return len(f.Standing) > 0 || f.MinStrength > 0 || f.On != "" || f.During != "" || f.Throughout != "" || f.ExcludeDisputed || len(f.ExcludeEntities) > 0
}

// countable counts the links of entities that a subgraph of the query could show,
// where counters can.
func (s *Session) countable(ctx context.Context, ids []evidence.ID, q SubgraphQuery) (map[evidence.ID]int, error) {
	f := q.Filter
	if f.beyondKinds() {
		return nil, nil //nolint:nilnil // an empty map of counts: none is known
	}
	kinds, err := s.kindsBut(f.Kinds, f.ExceptKinds)
	if err != nil {
		return nil, err
	}
	totals, err := s.degrees(ctx, ids, q.Direction, kinds)
	if err != nil || totals == nil {
		return nil, err
	}
	return totals, s.countLoopsOnce(ctx, totals, ids, q.Direction, kinds)
}

// countLoopsOnce corrects the totals of entities: a link between two entities that count
// as one is a loop, which counts once, or not at all where it is what makes them one.
// Where an entity has too many links to find its loops, its total is removed.
func (s *Session) countLoopsOnce(ctx context.Context, totals map[evidence.ID]int, ids []evidence.ID, d evidence.Direction, kinds []string) error {
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
	x := store.Expansion{Frontier: frontier, Direction: d, Either: s.either(d), Kinds: kinds, Total: 2 * maxWalkLinks, Keep: func(e *store.Edge) bool {
		return s.identity.resolve(e.From) == s.identity.resolve(e.To)
	}}
	counted := map[evidence.ID]bool{}
	for e, err := range s.reader.Expand(ctx, x) {
		if err != nil {
			return err
		}
		// It comes once from each end, as it was counted.
		if counted[e.Link] || s.isIdentity(&e) {
			totals[s.identity.resolve(e.From)]--
		}
		counted[e.Link] = true
	}
	return nil
}

// isIdentity says that a link is what makes one entity of two. Every other link between
// these is shown: that they collude, or fight, tells that they may not be one.
func (s *Session) isIdentity(e *store.Edge) bool {
	return e.Kind == evidence.SameAs && e.Accepted && s.identity.resolve(e.From) == s.identity.resolve(e.To)
}

// degrees counts the links of entities in a direction; nil where that would have
// to be counted one by one.
func (s *Session) degrees(ctx context.Context, ids []evidence.ID, d evidence.Direction, kinds []string) (map[evidence.ID]int, error) {
	return s.degreesBy(ctx, s.reader, ids, d, kinds)
}

func (s *Session) degreesBy(ctx context.Context, r store.Reader, ids []evidence.ID, d evidence.Direction, kinds []string) (map[evidence.ID]int, error) {
	counts, err := r.Count(ctx, store.CountQuery{Of: s.identity.groups(ids), Type: evidence.LinkRecord, Direction: d, Either: s.either(d), Kinds: kinds})
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

// weights tell which entities have more links than others. Those of the past are not
// counted; how many there are now tells as much.
func (s *Session) weights(ctx context.Context, ids []evidence.ID, kinds []string) (map[evidence.ID]int, error) {
	totals, err := s.degrees(ctx, ids, evidence.Any, kinds)
	if err != nil || totals != nil {
		return totals, err
	}
	err = s.reading(ctx, evidence.Now(s.view.Clearance), func(r store.Reader) (err error) {
		totals, err = s.degreesBy(ctx, r, ids, evidence.Any, kinds)
		return err
	})
	return totals, err
}

// LinksAmong gives the links that join entities of a set, by id, and those that an
// accepted identity made loops, but for that identity itself. The entity with the most
// links is not read: each of its links into the set is found from the other end. Of
// entities that have more links than one question may read, those
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

// among reads the links that join entities of a set, and loops, by id; with identities
// also those that make loops of others.
func (s *Session) among(ctx context.Context, around []evidence.ID, t *linkTest, identities bool) ([]*Claim, Cut, error) {
	frontier, cut, err := s.lighter(ctx, around, t.Kinds)
	if err != nil || len(frontier) == 0 {
		return nil, cut, err
	}
	budget := s.linkBudget()
	x := store.Expansion{Frontier: frontier, Others: s.identity.groups(around), Kinds: t.Kinds, Total: budget, Keep: func(e *store.Edge) bool {
		return (identities || !s.isIdentity(e)) && t.keeps(e)
	}}
	var arcs []arc
	for e, err := range s.reader.Expand(ctx, x) {
		if partOnly(err) {
			cut = CutLinks
			break
		}
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
		set[a.edge.Link] = true
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

// lighter gives the members of all groups except the one with the most links, unless
// that one may have links inside. It stops before their links together are more than
// one question may read.
func (s *Session) lighter(ctx context.Context, around []evidence.ID, kinds []string) ([]evidence.ID, Cut, error) {
	rest := slices.Clone(around)
	single := func(id evidence.ID) bool { return len(s.identity.group(id)) == 1 }
	if len(rest) == 0 || len(rest) == 1 && single(rest[0]) {
		return nil, "", nil
	}
	totals, err := s.weights(ctx, around, kinds)
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(rest, func(a, b evidence.ID) int { return cmp.Or(cmp.Compare(totals[a], totals[b]), cmp.Compare(a, b)) })
	if last := len(rest) - 1; single(rest[last]) {
		rest = rest[:last]
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
