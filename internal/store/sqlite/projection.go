package sqlite

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
)

// projection is a copy in memory of the links of the present, for traversal. It
// is made at the first traversal, in the background, and then follows the log.
//
// A reader sees one revision while the projection moves on to newer ones. So when a link
// changes, its former version is kept beside the new one until no open reader can ask
// for it. Only for these few links is it noted to which revisions a version belongs; all
// other links belong to every revision that can be asked for.
type projection struct {
	mu    sync.RWMutex
	built bool
	// from and head are the revisions between which it can answer, except inside
	// the gaps, which were jumped over in following another process.
	from, head evidence.Sequence
	gaps       []gap

	kindNumbers
	ids       texts
	nodes     []node
	byID      index
	links     table
	freeLinks []uint32
	adjacent  lists
	// born and died are the revisions that made and unmade the links that are
	// marked as versioned.
	born, died map[uint32]evidence.Sequence
	versioned  bitset
	// placeholders are the entities that are placeholders at the head.
	placeholders bitset
	dying        []death // by revision
	fresh        []death
	// identity holds, for nodes that became placeholders or ceased to be, what
	// they were before which revision; oldest first.
	identity map[uint32][]former

	building sync.Mutex // held by whoever builds it
	// lastGroups is forgotten where numbers are given anew.
	lastGroups lastGroups
	scratches  scratches
	rankings   keptLists[ranked]
	fars       keptLists[uint32] // by number of the entity, in the order of the other ends

	readersMu sync.Mutex
	readers   map[evidence.Sequence]int // how many are open at each revision
}

// gap lies between two revisions, neither included.
type gap struct{ after, before evidence.Sequence }

type node struct {
	id textRef
	// record is the number of its record; 0 until the record itself is taken in, of
	// an entity that a new link leads to.
	record uint32
	links  room // spokes, by the keys of their links
	// withheld counts those of its links that each clearance but the highest does
	// not see, so that nobody has to go over a long list to count the others.
	withheld [evidence.Clearances - 1]uint32
}

// withhold counts a link of a visibility more, or less.
func (n *node) withhold(from evidence.Clearance, by int) {
	for c := range from {
		n.withheld[c] += uint32(by) //nolint:gosec // wraps around where it is taken away, as it should
	}
}

// seen is how many links of its list a clearance sees.
func (n *node) seen(by evidence.Clearance) int {
	if int(by) < len(n.withheld) {
		return int(n.links.length - n.withheld[by])
	}
	return int(n.links.length)
}

type storedLink struct {
	features
	id       textRef
	from, to uint32
}

// table holds links by number, in pieces, so that it grows without being copied.
type table struct {
	pieces [][]storedLink
	n      int
}

const (
	pieceBits = 13
	pieceSize = 1 << pieceBits
)

func (t *table) at(n uint32) *storedLink { return &t.pieces[n>>pieceBits][n&(pieceSize-1)] }

func (t *table) add(l storedLink) uint32 {
	if t.n == len(t.pieces)*pieceSize {
		t.pieces = append(t.pieces, make([]storedLink, pieceSize))
	}
	n := uint32(t.n) //nolint:gosec // memory ends before
	t.n++
	*t.at(n) = l
	return n
}

type death struct {
	at   evidence.Sequence
	link uint32
}

type former struct {
	before      evidence.Sequence
	placeholder bool
}

func newProjection() *projection {
	return &projection{readers: map[evidence.Sequence]int{}}
}

// clear makes the projection an empty one.
func (p *projection) clear() {
	p.built, p.gaps = false, nil
	p.kindNumbers = kindNumbers{}
	p.ids, p.nodes, p.byID = texts{}, nil, newIndex()
	p.links, p.freeLinks, p.adjacent = table{}, nil, lists{}
	p.born, p.died, p.dying, p.fresh = map[uint32]evidence.Sequence{}, map[uint32]evidence.Sequence{}, nil, nil
	p.identity = map[uint32][]former{}
	p.versioned, p.placeholders = nil, nil
}

// enter and leave tell which revisions readers are at.
func (p *projection) enter(at evidence.Sequence) {
	p.readersMu.Lock()
	p.readers[at]++
	p.readersMu.Unlock()
}

func (p *projection) leave(at evidence.Sequence) {
	p.readersMu.Lock()
	if p.readers[at]--; p.readers[at] == 0 {
		delete(p.readers, at)
	}
	p.readersMu.Unlock()
}

// oldest is the oldest revision that a reader is at, or the head.
func (p *projection) oldest() evidence.Sequence {
	p.readersMu.Lock()
	defer p.readersMu.Unlock()
	oldest := p.head
	for at := range p.readers {
		oldest = min(oldest, at)
	}
	return oldest
}

// answers says whether the projection can answer for a revision.
func (p *projection) answers(at evidence.Sequence) bool {
	return p.built && p.from <= at && at <= p.head &&
		!slices.ContainsFunc(p.gaps, func(g gap) bool { return g.after < at && at < g.before })
}

func (p *projection) nodeID(n uint32) string { return p.ids.get(p.nodes[n].id) }

// numbered is an entity by its id and the number of its record.
type numbered struct {
	num int64
	id  string
}

// numbersOf gives those of the ids that are of entities whose records' numbers are
// known, by number, and the ids that are left. A number is the record's for good.
func (p *projection) numbersOf(ids []string) (known []numbered, left []string) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.built {
		return nil, ids
	}
	for _, id := range ids {
		if n, ok := p.byID.find(id, p.nodeID); ok && p.nodes[n].record > 0 {
			known = append(known, numbered{int64(p.nodes[n].record), id})
		} else {
			left = append(left, id)
		}
	}
	slices.SortFunc(known, func(a, b numbered) int { return cmp.Compare(a.num, b.num) })
	return known, left
}

// kindNumbers give kinds numbers as they come.
type kindNumbers struct {
	kinds  []string // by number
	kindOf map[string]uint16
}

func (k *kindNumbers) kind(name string) uint16 {
	n, ok := k.kindOf[name]
	if !ok {
		if k.kindOf == nil {
			k.kindOf = map[string]uint16{}
		}
		n = uint16(len(k.kinds)) //nolint:gosec // a vocabulary is far smaller
		k.kinds = append(k.kinds, name)
		k.kindOf[name] = n
	}
	return n
}

// kindSet is a set of kinds by their numbers; nil where none is named.
func (p *projection) kindSet(names []string) []bool {
	if len(names) == 0 {
		return nil
	}
	set := make([]bool, len(p.kinds))
	for _, name := range names {
		if k, ok := p.kindOf[name]; ok {
			set[k] = true
		}
	}
	return set
}

// ofKinds says whether a link is of the kinds of a set; of none in nil.
func (p *projection) ofKinds(link uint32, set []bool) bool {
	return set != nil && set[p.links.at(link).kind]
}

// node gives the number of an entity, new ones included.
func (p *projection) node(id string) uint32 {
	if n, ok := p.byID.find(id, p.nodeID); ok {
		return n
	}
	n := uint32(len(p.nodes)) //nolint:gosec // memory ends before
	p.nodes = append(p.nodes, node{id: p.ids.add(id)})
	p.byID.add(n, p.nodeID)
	return n
}

// linkKey is what orders the links of an entity: see evidence.OrderKey.
type linkKey struct {
	kind uint16
	sort [8]byte
	id   string
}

func (p *projection) key(l *storedLink) linkKey { return linkKey{l.kind, l.sort, p.ids.get(l.id)} }

func (p *projection) compare(l *storedLink, k *linkKey) int {
	if l.kind != k.kind {
		return cmp.Compare(p.kinds[l.kind], p.kinds[k.kind])
	}
	if c := bytes.Compare(l.sort[:], k.sort[:]); c != 0 {
		return c
	}
	return cmp.Compare(p.ids.get(l.id), k.id)
}

// position is where a link is, or would be, in a list: after its former versions.
func (p *projection) position(list []spoke, k *linkKey) int {
	at, _ := slices.BinarySearchFunc(list, k, func(s spoke, k *linkKey) int { return p.compare(p.links.at(s.link()), k) })
	for at < len(list) && p.compare(p.links.at(list[at].link()), k) == 0 {
		at++
	}
	return at
}

// standing gives the version of a link that now stands in a list.
func (p *projection) standing(list []spoke, k *linkKey) (uint32, bool) {
	for at := p.position(list, k) - 1; at >= 0 && p.compare(p.links.at(list[at].link()), k) == 0; at-- {
		if _, dead := p.died[list[at].link()]; !dead {
			return list[at].link(), true
		}
	}
	return 0, false
}

// apply takes in what a revision made of a record, by its number.
func (p *projection) apply(at evidence.Sequence, num int64, r *evidence.Record, describe func(*evidence.Record) link) {
	switch c := r.Content.(type) {
	case *evidence.Entity:
		n := p.node(string(c.ID))
		if num <= math.MaxUint32 {
			p.nodes[n].record = uint32(num) //nolint:gosec // positive, and just looked at
		}
		if was := p.placeholders.has(n); was != c.Identity.IsPlaceholder() {
			p.identity[n] = append(p.identity[n], former{before: at, placeholder: was})
			p.placeholders.set(n, !was)
		}
	case *evidence.Claim:
		if c.Of == evidence.LinkRecord {
			p.applyLink(at, r, describe(r))
		}
	}
}

func (p *projection) applyLink(at evidence.Sequence, r *evidence.Record, l link) {
	c := r.Claim()
	from, to := p.node(string(c.From)), p.node(string(c.To))
	next := storedLink{features: l.features, from: from, to: to}
	next.kind = p.kind(l.name)
	shorter := from
	if p.nodes[to].links.length < p.nodes[from].links.length {
		shorter = to
	}
	key := linkKey{next.kind, next.sort, string(c.ID)}
	old, stands := p.standing(p.adjacent.of(p.nodes[shorter].links), &key)
	if stands {
		if traversed(r) && p.links.at(old).features == next.features {
			return
		}
		next.id = p.links.at(old).id
		p.versioned.set(old, true)
		p.died[old] = at
		p.dying = append(p.dying, death{at, old})
	}
	if !traversed(r) {
		return
	}
	if !stands {
		next.id = p.ids.add(string(c.ID))
	}
	n := p.store(next)
	p.versioned.set(n, true)
	p.born[n] = at
	p.fresh = append(p.fresh, death{at, n})
	p.attach(n)
}

func (p *projection) store(l storedLink) uint32 {
	if k := len(p.freeLinks); k > 0 {
		n := p.freeLinks[k-1]
		p.freeLinks = p.freeLinks[:k-1]
		*p.links.at(n) = l
		return n
	}
	return p.links.add(l)
}

// attach puts a link into the lists of its ends.
func (p *projection) attach(n uint32) {
	l := p.links.at(n)
	key := p.key(l)
	for i, end := range []uint32{l.from, l.to} {
		if i == 1 && l.to == l.from {
			break
		}
		at := &p.nodes[end].links
		p.forgetOrders(end)
		p.nodes[end].withhold(l.visibility, 1)
		*at = p.adjacent.insert(*at, p.position(p.adjacent.of(*at), &key), spokeOf(n, l, end))
	}
}

func (p *projection) detach(n uint32) {
	l := p.links.at(n)
	key := p.key(l)
	for i, end := range []uint32{l.from, l.to} {
		if i == 1 && l.to == l.from {
			break
		}
		p.forgetOrders(end)
		at := &p.nodes[end].links
		list := p.adjacent.of(*at)
		for k := p.position(list, &key) - 1; k >= 0; k-- {
			if list[k].link() == n {
				*at = p.adjacent.remove(*at, k)
				p.nodes[end].withhold(l.visibility, -1)
				break
			}
		}
	}
	p.versioned.set(n, false)
	p.freeLinks = append(p.freeLinks, n)
}

// tidy forgets versions that no reader can ask for any more.
func (p *projection) tidy() {
	oldest := p.oldest()
	if oldest <= p.from {
		return
	}
	n := 0
	for ; n < len(p.dying) && p.dying[n].at <= oldest; n++ {
		dead := p.dying[n].link
		p.detach(dead)
		delete(p.died, dead)
		delete(p.born, dead)
	}
	p.dying = slices.Delete(p.dying, 0, n)
	n = 0
	for ; n < len(p.fresh) && p.fresh[n].at <= oldest; n++ {
		link := p.fresh[n].link
		if p.born[link] != p.fresh[n].at {
			continue // gone, and its number perhaps given to another
		}
		delete(p.born, link)
		if _, dead := p.died[link]; !dead {
			p.versioned.set(link, false)
		}
	}
	p.fresh = slices.Delete(p.fresh, 0, n)
	for n, list := range p.identity {
		for len(list) > 0 && list[0].before <= oldest {
			list = list[1:]
		}
		if len(list) == 0 {
			delete(p.identity, n)
		} else {
			p.identity[n] = list
		}
	}
	p.gaps = slices.DeleteFunc(p.gaps, func(g gap) bool { return g.before <= oldest })
	p.from = oldest
}

// there says whether a link belongs to a revision.
func (p *projection) there(n uint32, at evidence.Sequence) bool {
	if born, ok := p.born[n]; ok && at < born {
		return false
	}
	died, ok := p.died[n]
	return !ok || at < died
}

// placeholder says whether an entity was one at a revision.
func (p *projection) placeholder(n uint32, at evidence.Sequence) bool {
	for _, f := range p.identity[n] {
		if at < f.before {
			return f.placeholder
		}
	}
	return p.placeholders.has(n)
}
