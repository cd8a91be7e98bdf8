package sqlite

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
)

// keptLists keep what is made of the lists of entities that have many links, each
// when it is first asked for and until a link comes to the entity or goes.
type keptLists[K comparable] struct {
	mu     sync.Mutex
	of     map[K]*keptList
	spokes int // of all
}

type keptList struct {
	spokes []spoke
	// fars has a bit for the remainder of each other end, where the list is in their
	// order, 16 to 32 bits for each: one look tells of most that are not there.
	fars bitset
}

// get gives what is kept or, for want of it, made. Where more than so many
// spokes would be kept, all others are forgotten.
func (k *keptLists[K]) get(key K, limit int, made func() *keptList) *keptList {
	k.mu.Lock()
	list, ok := k.of[key]
	k.mu.Unlock()
	if ok {
		return list
	}
	list = made()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil || k.spokes+len(list.spokes) > limit {
		k.of, k.spokes = map[K]*keptList{}, 0
	}
	if k.of[key] == nil { // another may have been quicker
		k.of[key] = list
		k.spokes += len(list.spokes)
	}
	return list
}

func (k *keptLists[K]) forget(keys ...K) {
	k.mu.Lock()
	for _, key := range keys {
		if list := k.of[key]; list != nil {
			k.spokes -= len(list.spokes)
			delete(k.of, key)
		}
	}
	k.mu.Unlock()
}

func (k *keptLists[K]) clear() {
	k.mu.Lock()
	k.of, k.spokes = nil, 0
	k.mu.Unlock()
}

// ranked names the strongest links of an entity, as a clearance sees them.
type ranked struct {
	node      uint32
	clearance evidence.Clearance
}

// strongestOf gives the strongest of the links in the list of an entity that a
// clearance sees, of all versions that the list holds, those of one strength in
// the order of the list; whole says that these are all. The projection is not
// changed meanwhile.
func (p *projection) strongestOf(n uint32, c evidence.Clearance, l *limits) (top []spoke, whole bool) {
	kept := p.rankings.get(ranked{n, c}, l.kept, func() *keptList {
		all := []rankedLink{}
		list := p.adjacent.of(p.nodes[n].links)
		for i, s := range list {
			if s.visibility() <= c {
				all = append(all, rankedLink{uint32(i), p.links.at(s.link()).levels[c].strength()}) //nolint:gosec // bounded by the numbers of links
			}
		}
		all = strongest(all, l.ranked)
		top := make([]spoke, len(all))
		for i, one := range all {
			top[i] = list[one.link]
		}
		return &keptList{spokes: top}
	})
	return kept.spokes, len(kept.spokes) < l.ranked
}

// byFar gives the list of an entity in the order of the other ends, of all
// versions that the list holds. The projection is not changed meanwhile.
func (p *projection) byFar(n uint32, l *limits) *keptList {
	return p.fars.get(n, l.kept, func() *keptList {
		list := slices.Clone(p.adjacent.of(p.nodes[n].links))
		slices.SortFunc(list, func(a, b spoke) int { return cmp.Compare(a.ends(), b.ends()) })
		k := &keptList{spokes: list, fars: make(bitset, 1<<max(bits.Len(uint(len(list)))-2, 0))}
		for _, s := range list {
			k.fars.set(k.remainder(s.far()), true)
		}
		return k
	})
}

// remainder is that of an entity's number by the size of fars, a power of two.
func (k *keptList) remainder(far uint32) uint32 { return far & uint32(64*len(k.fars)-1) } //nolint:gosec // lists are far shorter

// between gives, of a list in the order of the other ends, the links to one.
func (k *keptList) between(far uint32) []spoke {
	if !k.fars.has(k.remainder(far)) {
		return nil
	}
	list := k.spokes
	first, _ := slices.BinarySearchFunc(list, far, func(s spoke, far uint32) int { return cmp.Compare(s.far(), far) })
	last := first
	for last < len(list) && list[last].far() == far {
		last++
	}
	return list[first:last]
}

// forgetOrders drops what is kept of an entity whose list changes.
func (p *projection) forgetOrders(n uint32) {
	p.fars.forget(n)
	for c := range evidence.Clearance(evidence.Clearances) {
		p.rankings.forget(ranked{n, c})
	}
}
