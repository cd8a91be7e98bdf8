package sqlite

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"
)

// connect makes the lists of all nodes at once: the lengths are known, so that
// each gets its room, is filled, and then sorted.
func (p *projection) connect() {
	lengths := make([]uint32, len(p.nodes))
	for _, l := range p.links.each() {
		lengths[l.from]++
		if l.to != l.from {
			lengths[l.to]++
		}
	}
	for i, length := range lengths {
		if length > 0 {
			p.nodes[i].links = p.adjacent.take(int(length))
		}
	}
	places := p.ordered()
	workers := builders()
	var work errgroup.Group
	for i := range workers {
		first, last := uint32(len(p.nodes)*i/workers), uint32(len(p.nodes)*(i+1)/workers) //nolint:gosec // at most maxNodes
		work.Go(func() error {
			p.fill(first, last)
			p.arrange(p.nodes[first:last], places)
			return nil
		})
	}
	_ = work.Wait() // nothing of it fails
}

// each yields the links in the order of their numbers.
func (t *table) each() iter.Seq2[uint32, *storedLink] { return t.within(0, len(t.pieces)) }

// within yields those of some pieces.
func (t *table) within(first, last int) iter.Seq2[uint32, *storedLink] {
	return func(yield func(uint32, *storedLink) bool) {
		n := uint32(first) * pieceSize //nolint:gosec // memory ends before
		for _, piece := range t.pieces[first:last] {
			for i := range piece {
				if int(n) == t.n || !yield(n, &piece[i]) {
					return
				}
				n++
			}
		}
	}
}

// fill puts links into the lists of some nodes, in no order.
func (p *projection) fill(first, last uint32) {
	put := func(end uint32, s spoke) {
		at := &p.nodes[end].links
		at.length++
		p.nodes[end].withhold(s.visibility(), 1)
		p.adjacent.of(*at)[at.length-1] = s
	}
	for n, l := range p.links.each() {
		if first <= l.from && l.from < last {
			put(l.from, spokeOf(n, l, l.from))
		}
		if first <= l.to && l.to < last && l.to != l.from {
			put(l.to, spokeOf(n, l, l.to))
		}
	}
}

// arrange sorts lists by the places of their links.
func (p *projection) arrange(nodes []node, places []uint32) {
	type placed struct {
		place uint32
		spoke spoke
	}
	var all []placed
	for i := range nodes {
		list := p.adjacent.of(nodes[i].links)
		all = all[:0]
		for _, s := range list {
			all = append(all, placed{places[s.link()], s})
		}
		slices.SortFunc(all, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
		for k := range list {
			list[k] = all[k].spoke
		}
	}
}

// sortable is a link of a kind: the part of its key between kind and id, and
// what its id begins with, as numbers that compare as the bytes do.
type sortable struct {
	key   uint64
	begin [2]uint64
	link  uint32
}

// sortedAtOnce is about how many links are sorted at once: of 32 bytes each, while
// they are.
const sortedAtOnce = 1 << 21

// ordered gives the place of each link in the order of lists. Looking at the link
// itself for each comparison, or even once for each in another order than that of
// memory, would take longer than all the rest.
func (p *projection) ordered() (places []uint32) {
	places = make([]uint32, p.links.n)
	counts := p.links.counts(len(p.kinds))
	before := uint32(0)
	kinds := p.kindsInOrder()
	for len(kinds) > 0 {
		some, n := 0, 0
		for some == 0 || some < len(kinds) && n+counts.of(kinds[some]) <= sortedAtOnce {
			n += counts.of(kinds[some])
			some++
		}
		links := p.sortables(kinds[:some], counts)
		var work errgroup.Group
		work.SetLimit(builders())
		for _, all := range links {
			begin := before
			work.Go(func() error {
				p.sort(all)
				for i := range all {
					places[all[i].link] = begin + uint32(i) //nolint:gosec // there are fewer links than that
				}
				return nil
			})
			before += uint32(len(all)) //nolint:gosec // there are fewer links than that
		}
		_ = work.Wait() // nothing of it fails
		kinds = kinds[some:]
	}
	return places
}

// kindCounts are how many links of each kind a table has in each of as many
// shares as there are builders.
type kindCounts [][]int

func (c kindCounts) of(kind uint16) (n int) {
	for _, share := range c {
		n += share[kind]
	}
	return n
}

// share calls do for shares of the links at once, each in the order of memory.
func (t *table) share(do func(share int, links iter.Seq2[uint32, *storedLink])) {
	var work errgroup.Group
	for share, shares := 0, builders(); share < shares; share++ {
		first, last := len(t.pieces)*share/shares, len(t.pieces)*(share+1)/shares
		work.Go(func() error {
			do(share, t.within(first, last))
			return nil
		})
	}
	_ = work.Wait() // nothing of it fails
}

func (t *table) counts(kinds int) kindCounts {
	counts := make(kindCounts, builders())
	t.share(func(share int, links iter.Seq2[uint32, *storedLink]) {
		counts[share] = make([]int, kinds)
		for _, l := range links {
			counts[share][l.kind]++
		}
	})
	return counts
}

// sortables are the links of some kinds, those of each by themselves.
func (p *projection) sortables(kinds []uint16, counts kindCounts) [][]sortable {
	links := make([][]sortable, len(kinds))
	number := make([]int, len(p.kinds)) // + 1; 0 is another kind
	for i, kind := range kinds {
		links[i], number[kind] = make([]sortable, counts.of(kind)), i+1
	}
	p.links.share(func(share int, of iter.Seq2[uint32, *storedLink]) {
		next := make([]int, len(kinds))
		for i, kind := range kinds {
			next[i] = counts[:share].of(kind)
		}
		for n, l := range of {
			if i := number[l.kind] - 1; i >= 0 {
				links[i][next[i]] = sortable{binary.BigEndian.Uint64(l.sort[:]), beginning(p.ids.get(l.id)), n}
				next[i]++
			}
		}
	})
	return links
}

// sort sorts links of one kind.
func (p *projection) sort(links []sortable) {
	slices.SortFunc(links, func(a, b sortable) int {
		switch {
		case a.key != b.key:
			return cmp.Compare(a.key, b.key)
		case a.begin[0] != b.begin[0]:
			return cmp.Compare(a.begin[0], b.begin[0])
		case a.begin[1] != b.begin[1]:
			return cmp.Compare(a.begin[1], b.begin[1])
		default:
			return cmp.Compare(p.ids.get(p.links.at(a.link).id), p.ids.get(p.links.at(b.link).id))
		}
	})
}

// beginning are the first 16 bytes of a text, with zeros behind a shorter one.
func beginning(text string) [2]uint64 {
	var b [16]byte
	copy(b[:], text)
	return [2]uint64{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

// kindsInOrder are the numbers of the kinds in the order of their names.
func (p *projection) kindsInOrder() []uint16 {
	order := make([]uint16, len(p.kinds))
	for i := range order {
		order[i] = uint16(i) //nolint:gosec // a vocabulary is far smaller
	}
	slices.SortFunc(order, func(a, b uint16) int { return cmp.Compare(p.kinds[a], p.kinds[b]) })
	return order
}
