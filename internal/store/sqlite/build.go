package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Warm brings the links into memory and returns when they are there. Without it
// the first traversal begins that in the background and is itself answered from
// the file.
func (s *Store) Warm(ctx context.Context) error {
	return s.wrap(s.build(ctx))
}

// build reads all links into memory, unless they are there.
func (s *Store) build(ctx context.Context) (err error) {
	p := s.links
	p.building.Lock()
	defer p.building.Unlock()
	if err := s.open(ctx); err != nil {
		return err // it was closed while another read the links, or before this began
	}
	p.mu.RLock()
	built := p.built
	p.mu.RUnlock()
	if built {
		return nil
	}
	graphs, hangUp, err := s.alike(ctx, builders())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	next := newProjection()
	next.clear()
	if err := next.load(ctx, graphs); err != nil {
		return err
	}
	head := graphs[0].head.Sequence
	p.mu.Lock()
	p.adopt(next)
	p.from, p.head, p.built = head, head, true
	p.mu.Unlock()
	return nil
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
	p.gaps, p.kindNumbers, p.ids, p.nodes, p.byID = nil, next.kindNumbers, next.ids, next.nodes, next.byID
	p.links, p.freeLinks, p.adjacent = next.links, next.freeLinks, next.adjacent
	p.born, p.died, p.dying, p.fresh, p.identity = next.born, next.died, next.dying, next.fresh, next.identity
	p.versioned, p.placeholders = next.versioned, next.placeholders
	p.rankings.clear()
	p.fars.clear()
	p.lastGroups.mu.Lock()
	p.lastGroups.first, p.lastGroups.is = nil, nil
	p.lastGroups.mu.Unlock()
}

const (
	// maxBuilders is how many read the links, or put them into lists, at once at the
	// most: each who does the latter goes over all of them.
	maxBuilders = 8
	// shares is how many pieces the links are read in, of which each connection
	// takes one after the other.
	shares = 64
	// alikeTries is how often several connections are tried to be got to see the
	// same revision, in between those that others write.
	alikeTries = 3
)

// builders is how many do so on this machine.
func builders() int { return min(runtime.GOMAXPROCS(0), maxBuilders) }

// alike begins, on connections of their own, up to so many transactions that see
// the same revision; just one where others write too quickly for more. These are
// long reads, so not on the lent connections.
func (s *Store) alike(ctx context.Context, n int) (graphs []*graph, hangUp func() error, err error) {
	hangUp = func() (err error) {
		for _, g := range graphs {
			err = errors.Join(err, s.end(g.conn), g.conn.close())
		}
		graphs = nil
		return err
	}
	for try := range alikeTries {
		if try == alikeTries-1 {
			n = 1
		}
		for range n {
			c, err := s.dialReader()
			if err != nil {
				return nil, nil, errors.Join(err, hangUp())
			}
			g, err := s.begin(ctx, c)
			if err != nil {
				return nil, nil, errors.Join(err, c.close(), hangUp())
			}
			graphs = append(graphs, g)
		}
		if !slices.ContainsFunc(graphs, func(g *graph) bool { return g.head != graphs[0].head }) {
			break
		}
		if err := hangUp(); err != nil {
			return nil, nil, err
		}
	}
	return graphs, hangUp, nil
}

// part is what one connection has read: the ends of its links are still the
// numbers of the entities' records, their kinds and ids, and those of its
// entities, those of the part.
type part struct {
	kindNumbers
	links table
	ids   texts
	nodes []loadedNode
	// idsAfter is where the projection has the ids, behind those of parts before.
	idsAfter textRef
}

// loadedNode is an entity that was read.
type loadedNode struct {
	record      int64
	id          textRef
	placeholder bool
}

// load reads everything, through several connections at once.
func (p *projection) load(ctx context.Context, graphs []*graph) error {
	parts := make([]part, len(graphs))
	var least, most int64
	if _, err := graphs[0].conn.one(ctx, "SELECT (SELECT min(num) FROM block), (SELECT max(num) FROM block)", nil, func(r row) error {
		least, most = r.int(0), r.int(1)+1
		return nil
	}); err != nil {
		return err
	}
	width := (most-least)/shares + 1
	var taken atomic.Int64
	work, reading := errgroup.WithContext(ctx)
	for i, g := range graphs {
		work.Go(func() error {
			for {
				from := least + (taken.Add(1)-1)*width
				if from >= most {
					return nil
				}
				if err := parts[i].read(reading, g, from, from+width); err != nil {
					return err
				}
			}
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	if err := p.take(parts); err != nil {
		return err
	}
	p.connect()
	return ctx.Err()
}

// take takes over what parts have read.
func (p *projection) take(parts []part) error {
	numbers, err := p.takeNodes(parts)
	if err != nil {
		return err
	}
	var numbering errgroup.Group
	numbering.Go(func() error {
		p.byID.fill(uint32(len(p.nodes)), p.nodeID) //nolint:gosec // at most maxNodes
		return nil
	})
	for i := range parts {
		kinds := make([]uint16, len(parts[i].kinds))
		for k, name := range parts[i].kinds {
			kinds[k] = p.kind(name)
		}
		numbering.Go(func() error { return parts[i].renumber(numbers, kinds) })
	}
	if err := numbering.Wait(); err != nil {
		return err
	}
	for i := range parts {
		p.links.join(&parts[i].links)
	}
	return nil
}

// read adds what is in a range of blocks.
func (t *part) read(ctx context.Context, g *graph, from, to int64) error {
	return g.conn.query(ctx, "SELECT num, content FROM block WHERE num >= ? AND num < ?", []any{from, to}, func(r row) error {
		return unblock(r.int(0), r.bytes(1), t.add)
	})
}

func (t *part) add(e *element) error {
	if e.kind != linkElement {
		t.nodes = append(t.nodes, loadedNode{record: e.num, id: t.ids.add(string(e.id)), placeholder: e.kind == placeholderElement})
		return nil
	}
	var l storedLink
	from, to, kind, err := l.unpack(e.packed)
	if err == nil && (uint64(from) > math.MaxUint32 || uint64(to) > math.MaxUint32) { //nolint:gosec // a negative one is too large as well
		err = errors.New("its ends are numbered beyond what can be")
	}
	if err != nil {
		return fmt.Errorf("link %q: %w", e.id, err)
	}
	l.from, l.to = uint32(from), uint32(to) //nolint:gosec // just looked at
	number, known := t.kindOf[string(kind)]
	if !known {
		number = t.kind(string(kind))
	}
	l.kind, l.id = number, t.ids.add(string(e.id))
	t.links.add(l)
	return nil
}

// takeNodes takes over the entities of parts, in the order of their records, and
// all ids; those of links are renumbered to follow.
func (p *projection) takeNodes(parts []part) (*numbering, error) {
	var all []loadedNode
	for i := range parts {
		t := &parts[i]
		t.idsAfter = textRef(len(p.ids.chunks) << chunkBits) //nolint:gosec // memory ends before
		for _, n := range t.nodes {
			n.id += t.idsAfter
			all = append(all, n)
		}
		t.nodes = nil
		p.ids.chunks = append(p.ids.chunks, t.ids.chunks...)
		p.ids.open = t.ids.open
	}
	if len(all) > maxNodes {
		return nil, fmt.Errorf("more than %d entities are not held in memory", maxNodes)
	}
	slices.SortFunc(all, func(a, b loadedNode) int { return cmp.Compare(a.record, b.record) })
	numbers := &numbering{}
	p.nodes = make([]node, len(all))
	for i, loaded := range all {
		n := uint32(i) //nolint:gosec // at most maxNodes
		p.placeholders.set(n, loaded.placeholder)
		if err := numbers.add(loaded.record, n); err != nil {
			return nil, err
		}
		p.nodes[i].id, p.nodes[i].record = loaded.id, uint32(loaded.record) //nolint:gosec // as was just seen
	}
	return numbers, nil
}

// renumber gives the links of a part the numbers of entities and kinds that the
// projection has given, and their ids where they are now.
func (t *part) renumber(numbers *numbering, kinds []uint16) error {
	for _, l := range t.links.each() {
		var ok [2]bool
		if l.from, ok[0] = numbers.of(l.from); ok[0] {
			l.to, ok[1] = numbers.of(l.to)
		}
		if !ok[0] || !ok[1] {
			return fmt.Errorf("link %q leads to an entity that is not there; run `vinculo verify`", t.ids.get(l.id))
		}
		l.kind, l.id = kinds[l.kind], l.id+t.idsAfter
	}
	return nil
}

// join adds the links of another table, whose pieces it takes over. They get new
// numbers.
func (t *table) join(other *table) {
	whole, last := t.n>>pieceBits, t.n&(pieceSize-1)
	var rest []storedLink
	if last > 0 {
		rest = t.pieces[whole][:last]
	}
	full := other.n >> pieceBits
	t.pieces = append(t.pieces[:whole], other.pieces[:full]...)
	t.n = len(t.pieces) * pieceSize
	for _, l := range rest {
		t.add(l)
	}
	if full < len(other.pieces) {
		for _, l := range other.pieces[full][:other.n&(pieceSize-1)] {
			t.add(l)
		}
	}
}

// numbering gives the numbers of entities by those of their records, which mostly
// follow each other.
type numbering struct {
	pages []*[numberingPage]uint32 // number + 1
}

const numberingPage = 1 << 12

func (x *numbering) add(record int64, number uint32) error {
	if uint64(record) > math.MaxUint32 { //nolint:gosec // a negative one is too large as well
		return fmt.Errorf("record %d is numbered beyond what can be", record)
	}
	page := int(record / numberingPage)
	for page >= len(x.pages) {
		x.pages = append(x.pages, nil)
	}
	if x.pages[page] == nil {
		x.pages[page] = new([numberingPage]uint32)
	}
	x.pages[page][record%numberingPage] = number + 1
	return nil
}

func (x *numbering) of(record uint32) (uint32, bool) {
	page := int(record / numberingPage)
	if page >= len(x.pages) || x.pages[page] == nil {
		return 0, false
	}
	n := x.pages[page][record%numberingPage]
	return n - 1, n > 0
}
