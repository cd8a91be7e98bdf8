package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Warm brings the links into memory and returns when they are there. Without it
// the first traversal begins that in the background and is itself answered from
// the file.
func (s *Store) Warm(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.wrap(s.build(ctx))
}

// build reads all links into memory, unless they are there.
func (s *Store) build(ctx context.Context) error {
	p := s.links
	p.building.Lock()
	defer p.building.Unlock()
	p.mu.RLock()
	built := p.built
	p.mu.RUnlock()
	if built {
		return nil
	}
	c, err := s.dialReader() // a long read, so not one of the lent connections
	if err != nil {
		return err
	}
	defer c.close() //nolint:errcheck // it has only read
	g, err := s.begin(ctx, c)
	if err != nil {
		return err
	}
	next := newProjection()
	next.clear()
	if err := next.load(ctx, g); err != nil {
		return errors.Join(err, s.end(c))
	}
	p.mu.Lock()
	p.adopt(next)
	p.from, p.head, p.built = g.head.Sequence, g.head.Sequence, true
	p.mu.Unlock()
	return s.end(c)
}

// await waits until links are in memory, or the context ends.
func (s *Store) await(ctx context.Context) error {
	if s.cold.Load() {
		return nil
	}
	built := make(chan error, 1)
	go func() { built <- s.build(s.life) }()
	select {
	case err := <-built:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// adopt takes over what another projection has loaded. Readers stay.
func (p *projection) adopt(next *projection) {
	p.gaps, p.kinds, p.kindOf, p.ids, p.nodes, p.byID = nil, next.kinds, next.kindOf, next.ids, next.nodes, next.byID
	p.links, p.freeLinks, p.adjacent = next.links, next.freeLinks, next.adjacent
	p.born, p.died, p.dying, p.fresh, p.identity = next.born, next.died, next.dying, next.fresh, next.identity
	p.versioned, p.placeholders = next.versioned, next.placeholders
	p.rankings.clear()
	p.lastGroups.mu.Lock()
	p.lastGroups.first, p.lastGroups.is = nil, nil
	p.lastGroups.mu.Unlock()
}

// load reads everything.
func (p *projection) load(ctx context.Context, g *graph) error {
	byNum := map[int64]uint32{}
	err := g.conn.query(ctx, "SELECT num, id, placeholder FROM node", nil, func(r row) error {
		n := uint32(len(p.nodes)) //nolint:gosec // memory ends before
		if n == maxNodes {
			return fmt.Errorf("more than %d entities are not held in memory", maxNodes)
		}
		p.nodes = append(p.nodes, node{id: p.ids.add(r.text(1))})
		p.placeholders.set(n, r.int(2) != 0)
		p.byID.add(n, p.nodeID)
		byNum[r.int(0)] = n
		return nil
	})
	if err != nil {
		return err
	}
	err = g.conn.query(ctx, "SELECT num, id, data FROM edge", nil, func(r row) error {
		var l storedLink
		from, to, kind, err := l.unpack(r.bytes(2))
		if err != nil {
			return fmt.Errorf("link %q: %w", r.text(1), err)
		}
		var ok [2]bool
		l.from, ok[0] = byNum[from]
		l.to, ok[1] = byNum[to]
		if !ok[0] || !ok[1] {
			return fmt.Errorf("link %q leads to an entity that is not there; run `vinculo verify`", r.text(1))
		}
		number, known := p.kindOf[string(kind)]
		if !known {
			number = p.kind(string(kind))
		}
		l.kind, l.id = number, p.ids.add(r.text(1))
		p.links.add(l)
		p.nodes[l.from].links.length++
		if l.from != l.to {
			p.nodes[l.to].links.length++
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.connect()
	return ctx.Err()
}

// connect makes the lists of all nodes at once: the lengths are known, so that
// each gets its room, is filled, and then sorted.
func (p *projection) connect() {
	for i := range p.nodes {
		if length := p.nodes[i].links.length; length > 0 {
			p.nodes[i].links = p.adjacent.take(int(length))
		}
	}
	for n := range uint32(p.links.n) { //nolint:gosec // memory ends before
		l := p.links.at(n)
		for i, end := range [2]uint32{l.from, l.to} {
			if i == 1 && l.to == l.from {
				break
			}
			at := &p.nodes[end].links
			at.length++
			p.adjacent.of(*at)[at.length-1] = spokeOf(n, l, end)
		}
	}
	rank := make([]int, len(p.kinds))
	for i, name := range p.kinds {
		for _, other := range p.kinds {
			if other < name {
				rank[i]++
			}
		}
	}
	for i := range p.nodes {
		list := p.adjacent.of(p.nodes[i].links)
		slices.SortFunc(list, func(a, b spoke) int {
			x, y := p.links.at(a.link()), p.links.at(b.link())
			if x.kind != y.kind {
				return rank[x.kind] - rank[y.kind]
			}
			if c := bytes.Compare(x.sort[:], y.sort[:]); c != 0 {
				return c
			}
			return cmp.Compare(p.ids.get(x.id), p.ids.get(y.id))
		})
	}
}

// learn takes in a commit of this process.
func (p *projection) learn(t *transaction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.built || p.head >= t.head.Sequence {
		return
	}
	if p.head != t.base || !t.projected {
		return // the next traversal reads what was missed
	}
	describe := func(r *evidence.Record) link { return featuresOf(r, t.store.vocabulary) }
	for _, c := range t.changed {
		p.apply(c.at, c.after, describe)
	}
	p.head = t.head.Sequence
	p.tidy()
}

// traversable says whether the projection can answer a reader, after bringing it
// to the reader's revision where it is behind. Where it is not there yet, or too
// far behind, it is made in the background.
func (s *Store) traversable(ctx context.Context, g *graph) (bool, error) {
	p := s.links
	p.mu.RLock()
	built, answers, head := p.built, p.answers(g.head.Sequence), p.head
	p.mu.RUnlock()
	switch {
	case answers:
		return true, nil
	case built && head < g.head.Sequence:
		nums, err := g.touched(ctx, head, s.limits.followed)
		if errors.Is(err, errEnough) {
			p.mu.Lock()
			p.built = false
			p.mu.Unlock()
			break
		}
		if err != nil {
			return false, err
		}
		return s.followLinks(ctx, g, head, nums)
	case built:
		return false, nil
	}
	if !s.cold.Load() && p.building.TryLock() {
		p.building.Unlock()
		go func() {
			if err := s.build(s.life); err != nil && !s.closed.Load() {
				s.log.Warn().Err(err).Str("store", s.name).Msg("links could not be read into memory; traversal stays slow")
			}
		}()
	}
	return false, nil
}

// followLinks applies what other processes have changed since a revision.
func (s *Store) followLinks(ctx context.Context, g *graph, since evidence.Sequence, nums []int64) (bool, error) {
	var records []*evidence.Record
	slices.Sort(nums)
	err := inBatches(ctx, g, "SELECT "+recordColumns+" FROM record WHERE num IN ", slices.Compact(nums), func(r row) error {
		if t := evidence.RecordType(r.int(2)); t != evidence.EntityRecord && t != evidence.LinkRecord { //nolint:gosec // a small number
			return nil
		}
		e, err := entryOf(r)
		records = append(records, e.record)
		return err
	})
	if err != nil {
		return false, err
	}
	p, at := s.links, g.head.Sequence
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.built || p.head != since {
		return p.answers(at), nil // another reader was quicker
	}
	describe := func(r *evidence.Record) link { return featuresOf(r, s.vocabulary) }
	for _, r := range records {
		p.apply(at, r, describe)
	}
	if at > since+1 {
		p.gaps = append(p.gaps, gap{after: since, before: at})
	}
	p.head = at
	p.tidy()
	return p.answers(at), nil
}
