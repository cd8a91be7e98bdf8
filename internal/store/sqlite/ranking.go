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
	// fars has a bit for each other end, where the list is by their remainders, 16 to
	// 32 bits for each: one look tells of most that are not there. starts has where
	// the spokes of each remainder begin, and in the end how many there are.
	fars   sieve
	starts []uint32
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

// byFar gives the list of an entity by the remainders of the other ends, of all
// versions that the list holds, and what is alike in that in their order. The
// projection is not changed meanwhile.
func (p *projection) byFar(n uint32, l *limits) *keptList {
	return p.fars.get(n, l.kept, func() *keptList {
		list := p.adjacent.of(p.nodes[n].links)
		k := &keptList{spokes: make([]spoke, len(list)), starts: make([]uint32, 1<<bits.Len(uint(len(list)/2))+1)}
		k.fars.room(len(list))
		for _, s := range list {
			k.starts[k.remainder(s.far())+1]++
			k.fars.add(s.far())
		}
		for i := range len(k.starts) - 1 {
			k.starts[i+1] += k.starts[i]
		}
		next := slices.Clone(k.starts)
		for _, s := range list {
			at := &next[k.remainder(s.far())]
			k.spokes[*at] = s
			*at++
		}
		for i := range len(k.starts) - 1 {
			slices.SortFunc(k.alike(i), func(a, b spoke) int { return cmp.Compare(a.ends(), b.ends()) })
		}
		return k
	})
}

// remainder is that of an entity's number by how many a list has, a power of two.
func (k *keptList) remainder(far uint32) int { return int(far) & (len(k.starts) - 2) }

// alike are the spokes of a remainder.
func (k *keptList) alike(remainder int) []spoke {
	return k.spokes[k.starts[remainder]:k.starts[remainder+1]]
}

// between gives, of a list by the other ends, the links to one.
func (k *keptList) between(far uint32) []spoke {
	if !k.fars.has(far) {
		return nil
	}
	list := k.alike(k.remainder(far))
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
