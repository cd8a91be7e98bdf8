package sqlite

import (
	"sync"

	"github.com/vinculo/vinculo/internal/store"
)

// marking is how far an entity is from either end, as an epoch and a distance:
// what an earlier search has left says another epoch and need not be wiped out.
type marking [2]uint32

const (
	distanceBits = 4
	maxDistance  = 1<<distanceBits - 1
)

// passed is a link as a search came upon it: from an entity to another.
type passed struct{ at, next, link uint32 }

// scratch is the memory of one search.
type scratch struct {
	marks   []marking
	epoch   uint32
	queue   [2][]uint32 // entities by distance
	log     [2][]passed // by distance of the entity that they were passed from
	picked  []passed
	way     []passed // the best, while it is put together
	touched uint32   // means nothing
	going   []uint32 // the entities that are gone on from
	large   []uint32 // of these, those with many links, and not in going
	across  sieve    // what the other side has reached
	avoid   bitset
	shut    []uint32 // what is in avoid
	hops    []hops
	edge    store.Edge // for WalkFilter.When
}

// hops are, of the links picked, the first entity that one leads on to and that
// one comes from, plus 1, with a bit for whether there is another.
type hops struct{ on, from uint32 }

const another = 1 << 31

// scratches keeps the memory of as many searches as have run at once, up to a
// few.
type scratches struct {
	mu   sync.Mutex
	idle []*scratch
}

const (
	maxScratches = 4
	// keptEntries is how long a list of a scratch may be and be kept.
	keptEntries = 1 << 18
)

func (x *scratches) take(nodes int) *scratch {
	var s *scratch
	x.mu.Lock()
	if n := len(x.idle); n > 0 {
		s, x.idle = x.idle[n-1], x.idle[:n-1]
	}
	x.mu.Unlock()
	if s == nil {
		s = &scratch{}
	}
	if len(s.marks) < nodes {
		s.marks, s.epoch = make([]marking, nodes+nodes/8), 0
	}
	s.next()
	for side := range s.queue {
		s.queue[side], s.log[side] = s.queue[side][:0], s.log[side][:0]
	}
	s.picked = s.picked[:0]
	for _, n := range s.shut {
		s.avoid.set(n, false)
	}
	s.shut = s.shut[:0]
	return s
}

// shun lets no walk meet an entity.
func (s *scratch) shun(n uint32) {
	s.avoid.set(n, true)
	s.shut = append(s.shut, n)
}

// next begins a new epoch.
func (s *scratch) next() {
	if s.epoch++; s.epoch == 1<<(32-distanceBits) {
		clear(s.marks)
		s.epoch = 1
	}
}

func (x *scratches) give(s *scratch) {
	for side := range s.queue {
		s.queue[side], s.log[side] = kept(s.queue[side]), kept(s.log[side])
	}
	s.picked, s.going, s.across = kept(s.picked), kept(s.going), kept(s.across)
	x.mu.Lock()
	if len(x.idle) < maxScratches {
		x.idle = append(x.idle, s)
	}
	x.mu.Unlock()
}

// kept gives the memory of a list, unless it is too much to be kept.
func kept[L ~[]E, E any](list L) L {
	if cap(list) > keptEntries {
		return nil
	}
	return list
}
