package sqlite

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Expand implements store.Reader. The present is answered from memory as soon as
// the links are there, the past and everything before that from the file. Keep
// must not call back into Expand.
func (r *reader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	return func(yield func(store.Edge, error) bool) {
		err := r.ready(ctx)
		if err == nil {
			err = r.expand(ctx, &x, func(e store.Edge) bool { return yield(e, nil) })
		}
		if err != nil {
			yield(store.Edge{}, r.g.store.wrap(err))
		}
	}
}

func (r *reader) expand(ctx context.Context, x *store.Expansion, yield func(store.Edge) bool) error {
	if n := max(len(x.Frontier), len(x.Others)); n > store.MaxFrontier {
		return errMoreThan(store.MaxFrontier, "entities", n)
	}
	if x.Total < 1 || x.PerNode < 0 {
		return fmt.Errorf("a total of %d edges and %d for each entity are no limits; give a total of 1 or more", x.Total, x.PerNode)
	}
	if len(x.Others) > 0 {
		among := *x
		among.Keep, among.MinStrength = x.Keeps, 0
		x = &among
	}
	if r.view.IsNow() {
		ok, err := r.g.store.traversable(ctx, r.g)
		if err != nil {
			return err
		}
		if ok {
			return r.expandMemory(ctx, x, yield)
		}
	}
	return r.expandFile(ctx, x, 0, x.Total, yield)
}

func (r *reader) expandMemory(ctx context.Context, x *store.Expansion, yield func(store.Edge) bool) error {
	buffer := edgeBuffers.Get().(*[]store.Edge) //nolint:forcetypeassert // nothing else is put there
	w := walker{p: r.g.store.links, x: x, at: r.g.head.Sequence, clearance: r.view.Clearance, left: x.Total, limits: &r.g.store.limits, edges: (*buffer)[:0]}
	defer func() {
		if cap(w.edges) <= keptEdges {
			*buffer = w.edges
			edgeBuffers.Put(buffer)
		}
	}()
	for w.next < len(x.Frontier) && w.left > 0 {
		if err := r.ready(ctx); err != nil {
			return err
		}
		if !w.gather() {
			return r.expandFile(ctx, x, w.next, w.left, yield)
		}
		for _, e := range w.edges {
			if !yield(e) {
				return nil
			}
		}
		w.edges = w.edges[:0]
	}
	return nil
}

// edgeBuffers are of *[]store.Edge, each of up to keptEdges: a question takes one
// for each level.
var edgeBuffers = sync.Pool{New: func() any { return new([]store.Edge) }}

const keptEdges = 1 << 12

// walker goes over a frontier in a projection.
type walker struct {
	p         *projection
	x         *store.Expansion
	at        evidence.Sequence
	clearance evidence.Clearance
	kinds     []bool // by number; nil: all
	either    []bool // by number: kinds that match at either end; nil: none
	others    sieve  // numbers of entities that may be the other end; nil: all
	next      int    // in the frontier
	left      int
	limits    *limits
	edges     []store.Edge
	ranked    []rankedLink
	texts     []textRef // for readAhead
	touched   uint32    // means nothing
}

type rankedLink struct {
	link     uint32
	strength uint16
}

// gather adds the edges of the next entities until the buffer is full. It is
// false where the projection was made anew and is past the reader's revision.
func (w *walker) gather() bool {
	w.p.mu.RLock()
	defer w.p.mu.RUnlock()
	if !w.p.answers(w.at) {
		return false
	}
	w.kinds, w.either = w.p.kindSet(w.x.Kinds), w.p.kindSet(w.x.Either)
	idOf := w.p.nodeID
	if len(w.x.Others) > 0 {
		w.others.room(len(w.x.Others))
		for _, id := range w.x.Others {
			if n, ok := w.p.byID.find(string(id), idOf); ok {
				w.others.add(n)
			}
		}
	}
	for w.next < len(w.x.Frontier) && w.left > 0 && len(w.edges) < w.limits.edges {
		if n, ok := w.p.byID.find(string(w.x.Frontier[w.next]), idOf); ok {
			w.visit(n)
		}
		w.next++
	}
	return true
}

// visit adds the edges of one entity.
func (w *walker) visit(n uint32) {
	limit := w.left
	if w.x.PerNode > 0 {
		limit = min(limit, w.x.PerNode)
	}
	list := w.p.adjacent.of(w.p.nodes[n].links)
	if !w.x.Strongest {
		for _, s := range list {
			if limit == 0 {
				return
			}
			if w.wants(n, s) && w.keeps(s.link()) {
				w.left--
				limit--
			}
		}
		return
	}
	if w.x.Keep != nil || len(list) < w.limits.many || !w.byRanking(n, limit) {
		w.rank(n, list)
		w.ranked = strongest(w.ranked, limit)
	}
	w.readAhead()
	for _, l := range w.ranked {
		w.describe(l.link)
		w.left--
	}
}

// readAhead reads of all ranked links what describe will read. In a large graph
// most of it has to come from memory, and here no read waits for that of another
// link.
func (w *walker) readAhead() {
	w.texts = w.texts[:0]
	for _, r := range w.ranked {
		l := w.p.links.at(r.link)
		w.touched |= uint32(l.levels[w.clearance]) // it is kept, or else nothing would be read
		w.texts = append(w.texts, l.id, w.p.nodes[l.from].id, w.p.nodes[l.to].id)
	}
	for _, t := range w.texts {
		w.touched |= uint32(w.p.ids.chunks[t>>chunkBits][t&(chunkBytes-1)])
	}
}

// rank gathers the links in the list of an entity that are asked for.
func (w *walker) rank(n uint32, list []spoke) {
	w.ranked = w.ranked[:0]
	for _, s := range list {
		if !w.wants(n, s) {
			continue
		}
		l := s.link()
		if w.x.Keep != nil {
			if !w.keeps(l) {
				continue
			}
			w.edges = w.edges[:len(w.edges)-1]
		}
		w.ranked = append(w.ranked, rankedLink{l, w.p.links.at(l).levels[w.clearance].strength()})
	}
}

// byRanking gathers so many of the strongest of them by the ranking of the entity;
// false where that does not hold enough.
func (w *walker) byRanking(n uint32, limit int) bool {
	top, whole := w.p.strongestOf(n, w.clearance, w.limits)
	w.ranked = w.ranked[:0]
	for _, s := range top {
		if len(w.ranked) == limit {
			break
		}
		if w.wants(n, s) {
			w.ranked = append(w.ranked, rankedLink{link: s.link()})
		}
	}
	return whole || len(w.ranked) == limit
}

// strongest gives so many of the strongest links, in their order, those of one
// strength in the order they had. Of a hub's many links it sorts those alone: it
// counts first how many there are of each strength. What it is given is changed.
func strongest(ranked []rankedLink, limit int) []rankedLink {
	if len(ranked) > limit {
		var of [1 << 10]int
		for _, l := range ranked {
			of[l.strength]++
		}
		least, room := len(of)-1, limit // room is for those of strength least
		for of[least] < room {
			room -= of[least]
			least--
		}
		kept := ranked[:0]
		for _, l := range ranked {
			if int(l.strength) > least {
				kept = append(kept, l)
			} else if int(l.strength) == least && room > 0 {
				kept, room = append(kept, l), room-1
			}
		}
		ranked = kept
	}
	slices.SortStableFunc(ranked, func(a, b rankedLink) int { return int(b.strength) - int(a.strength) })
	return ranked
}

// wants says whether a link in the list of an entity is asked for, but for Keep.
func (w *walker) wants(n uint32, s spoke) bool {
	return s.visibility() <= w.clearance && (w.others == nil || w.others.has(s.far())) && (s.leads(n, w.x.Direction) || w.p.ofKinds(s.link(), w.either)) &&
		(w.kinds == nil || w.kinds[w.p.links.at(s.link()).kind]) &&
		(w.x.MinStrength == 0 || int(w.p.links.at(s.link()).levels[w.clearance].strength()) >= w.x.MinStrength) &&
		(!w.p.versioned.has(s.link()) || w.p.there(s.link(), w.at))
}

// keeps adds the edge of a link, and takes it away again where it is not kept.
// Keep is given its place in the buffer, so that none is made for it alone.
func (w *walker) keeps(l uint32) bool {
	w.describe(l)
	last := len(w.edges) - 1
	if w.x.Keep == nil || w.x.Keep(&w.edges[last]) {
		return true
	}
	w.edges = w.edges[:last]
	return false
}

// describe adds the edge of a link.
func (w *walker) describe(l uint32) {
	w.edges = append(w.edges, store.Edge{})
	e := &w.edges[len(w.edges)-1]
	w.p.describe(e, l, w.clearance, w.at)
	e.At = w.next
}

// describe is what a reader of a clearance and a revision is told of a link, but
// for At.
func (p *projection) describe(e *store.Edge, n uint32, c evidence.Clearance, at evidence.Sequence) {
	l := p.links.at(n)
	*e = l.edge(c)
	e.Link, e.Kind = evidence.ID(p.ids.get(l.id)), p.kinds[l.kind]
	e.From, e.To = evidence.ID(p.nodeID(l.from)), evidence.ID(p.nodeID(l.to))
	e.FromPlaceholder, e.ToPlaceholder = p.placeholder(l.from, at), p.placeholder(l.to, at)
}

// expandFile answers from the lists of the file, from an entity of the frontier
// on.
func (r *reader) expandFile(ctx context.Context, x *store.Expansion, first, left int, yield func(store.Edge) bool) error {
	going := true
	give := func(e store.Edge) bool {
		left--
		going = yield(e)
		return going
	}
	for at := first; at < len(x.Frontier) && left > 0 && going; at++ {
		limit := left
		if x.PerNode > 0 {
			limit = min(limit, x.PerNode)
		}
		if !x.Strongest {
			if err := r.edgesByKey(ctx, x, at, limit, give); err != nil {
				return err
			}
			continue
		}
		var ranked []store.Edge
		err := r.edgesByKey(ctx, x, at, math.MaxInt, func(e store.Edge) bool {
			ranked = append(ranked, e)
			return true
		})
		if err != nil {
			return err
		}
		slices.SortStableFunc(ranked, func(a, b store.Edge) int { return int(b.Strength) - int(a.Strength) })
		for _, e := range ranked[:min(limit, len(ranked))] {
			if !give(e) {
				break
			}
		}
	}
	return nil
}

// edgesByKey reads the links of one entity of the frontier, merged from its lists,
// and yields the edges that x keeps, at most limit.
func (r *reader) edgesByKey(ctx context.Context, x *store.Expansion, at, limit int, yield func(store.Edge) bool) error {
	q := &store.Query{Type: evidence.LinkRecord, Entities: x.Frontier[at : at+1], Direction: x.Direction, Either: x.Either, Kinds: x.Kinds}
	of, err := r.listed(ctx, q)
	if err != nil {
		return err
	}
	newest, err := r.newest(ctx)
	if err != nil {
		return err
	}
	s := &spans{of: of, newest: newest}
	for more := len(of) > 0; more; {
		ask := r.g.store.limits.page
		if x.Keep == nil && x.MinStrength == 0 {
			ask = min(limit, ask)
		}
		var places []place
		if places, more, err = r.g.take(ctx, s, ask); err != nil {
			return err
		}
		page, err := r.edgesAt(ctx, q, places, at)
		if err != nil {
			return err
		}
		for _, e := range page {
			if !x.Keeps(&e) {
				continue
			}
			if limit--; !yield(e) || limit == 0 {
				return nil
			}
		}
		if err := r.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// edgesAt describes those links at places that the view sees there.
func (r *reader) edgesAt(ctx context.Context, q *store.Query, places []place, at int) ([]store.Edge, error) {
	entries, err := r.g.at(ctx, places)
	if err != nil {
		return nil, err
	}
	edges := make([]store.Edge, 0, len(entries))
	for i, e := range entries {
		seen, err := r.listedAs(ctx, e, q, places[i].key)
		if err != nil {
			return nil, err
		}
		if seen != nil {
			edges = append(edges, r.edge(seen, at))
		}
	}
	return edges, r.placeholders(ctx, edges)
}

// edge describes a link that the view sees.
func (r *reader) edge(rec *evidence.Record, at int) store.Edge {
	c, l := rec.Claim(), featuresOf(rec, r.g.store.vocabulary)
	e := l.edge(r.view.Clearance)
	e.Link, e.Kind, e.At, e.From, e.To = c.ID, c.Kind, at, c.From, c.To
	return e
}

// placeholders fills in which ends of edges are placeholders.
func (r *reader) placeholders(ctx context.Context, edges []store.Edge) error {
	var ids []evidence.ID
	for i := range edges {
		ids = append(ids, edges[i].From, edges[i].To)
	}
	slices.Sort(ids)
	is := make(map[evidence.ID]bool, len(ids))
	err := r.g.byID(ctx, slices.Compact(ids), func(id evidence.ID, e entry) error {
		seen, err := r.see(ctx, e)
		is[id] = seen != nil && seen.Entity() != nil && seen.Entity().Identity.IsPlaceholder()
		return err
	})
	if err != nil {
		return err
	}
	for i := range edges {
		edges[i].FromPlaceholder, edges[i].ToPlaceholder = is[edges[i].From], is[edges[i].To]
	}
	return nil
}
