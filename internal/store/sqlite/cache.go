package sqlite

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/vinculo/vinculo/internal/evidence"
)

// entry is the newest version of a record as the store keeps it.
type entry struct {
	num     int64
	changed evidence.Sequence // the revision that last changed it
	size    int               // bytes that it is stored in
	record  *evidence.Record
}

// cache keeps decoded entries. All of them are as of one revision, the cache's
// head: an entry that a reader of an older revision finds is right for that
// reader if it has not changed since, and a reader of a newer one asks the file
// until the cache has been brought there.
type cache struct {
	head   atomic.Uint64 // entries may be put that were read at this revision
	ready  atomic.Uint64 // entries may be had by readers of revisions up to this one
	seed   maphash.Seed
	shards [cacheShards]shard
}

const (
	cacheShards = 64
	// entryCost is what an entry takes beside what grows with its content, and
	// contentCost how much larger content is in memory than in the file.
	entryCost, contentCost = 600, 3
)

type shard struct {
	mu      sync.Mutex
	entries map[evidence.ID]*held
	room    int // bytes that may still be taken
}

// held is an entry with whether it was used since it was last looked at for
// eviction.
type held struct {
	entry
	used bool
}

func newCache(bytes int64, head evidence.Sequence) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	c.head.Store(uint64(head))
	c.ready.Store(uint64(head))
	for i := range c.shards {
		c.shards[i] = shard{entries: map[evidence.ID]*held{}, room: int(bytes / cacheShards)}
	}
	return c
}

func (c *cache) shard(id evidence.ID) *shard {
	return &c.shards[maphash.String(c.seed, string(id))%cacheShards]
}

// get gives the entry of an id as a reader of a revision sees it.
func (c *cache) get(id evidence.ID, at evidence.Sequence) (entry, bool) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.entries[id]
	if h == nil || h.changed > at || uint64(at) > c.ready.Load() {
		return entry{}, false
	}
	h.used = true
	return h.entry, true
}

// put offers an entry that a reader of a revision has read.
func (c *cache) put(id evidence.ID, e entry, at evidence.Sequence) {
	cost := entryCost + contentCost*e.size
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(at) != c.head.Load() || s.entries[id] != nil {
		return
	}
	if s.room < cost {
		s.evict(cost)
	}
	if s.room >= cost {
		s.entries[id] = &held{entry: e}
		s.room -= cost
	}
}

// evict makes room, sparing what was used since the last time where it can. A
// map is walked from a random place, which is as good as a hand that goes round.
func (s *shard) evict(cost int) {
	for range 2 {
		for id, h := range s.entries {
			if h.used {
				h.used = false
				continue
			}
			s.drop(id, h)
			if s.room >= cost {
				return
			}
		}
	}
}

func (s *shard) drop(id evidence.ID, h *held) {
	delete(s.entries, id)
	s.room += entryCost + contentCost*h.size
}

// advance brings the cache to a revision that has changed the given records.
// What is put while it runs was read at the new head already; readers of the new
// head are served only when nothing older is left.
func (c *cache) advance(head evidence.Sequence, changed []evidence.ID) {
	c.head.Store(uint64(head))
	for _, id := range changed {
		s := c.shard(id)
		s.mu.Lock()
		if h := s.entries[id]; h != nil && h.changed < head {
			s.drop(id, h)
		}
		s.mu.Unlock()
	}
	c.ready.Store(uint64(head))
}

// reset empties the cache and brings it to a revision.
func (c *cache) reset(head evidence.Sequence) {
	c.head.Store(uint64(head))
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for id, h := range s.entries {
			if h.changed < head {
				s.drop(id, h)
			}
		}
		s.mu.Unlock()
	}
	c.ready.Store(uint64(head))
}
