package sqlite

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// entry is the newest version of a record as the store keeps it.
type entry struct {
	num     int64
	changed evidence.Sequence // the revision that last changed it
	size    int               // bytes that it is stored in
	record  *evidence.Record
}

// cache keeps entries: those that were asked for more than once lately as they
// are, and many more as the bytes that they are stored in, which are a tenth of
// the size and none of the garbage collector's business. All of them are as of
// one revision, the cache's head: an entry that a reader of an older revision
// finds is right for that reader if it has not changed since, and a reader of a
// newer one asks the file until the cache has been brought there.
type cache struct {
	head   atomic.Uint64 // entries may be put that were read at this revision
	ready  atomic.Uint64 // entries may be had by readers of revisions up to this one
	seed   maphash.Seed
	shards [cacheShards]shard

	// stored holds entries, lists short lists by their anchor. Both are nil where
	// there is no room for them.
	stored, lists *fastcache.Cache
	storing       sync.RWMutex // held for reading while something is put there, for writing while the head moves
	buffers       sync.Pool    // of *[]byte
}

const (
	cacheShards = 64
	// leastStored is what fastcache takes at the least.
	leastStored = 32 << 20
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
	c := &cache{seed: maphash.MakeSeed(), buffers: sync.Pool{New: func() any { return new([]byte) }}}
	c.head.Store(uint64(head))
	c.ready.Store(uint64(head))
	if eighth := bytes / 8; 2*eighth >= leastStored {
		c.stored, c.lists = fastcache.New(int(3*eighth)), fastcache.New(int(2*eighth))
		bytes = 3 * eighth
	}
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
	// Looked at first: whatever is found after it is at least as new.
	if uint64(at) > c.ready.Load() {
		return entry{}, false
	}
	s := c.shard(id)
	s.mu.Lock()
	if h := s.entries[id]; h != nil {
		h.used = true
		e := h.entry
		s.mu.Unlock()
		return e, e.changed <= at
	}
	s.mu.Unlock()
	e, ok := c.unpack(id, at)
	if ok {
		c.put(id, e, at)
	}
	return e, ok
}

// put offers an entry that a reader of a revision has read.
func (c *cache) put(id evidence.ID, e entry, at evidence.Sequence) {
	cost := store.InMemory(e.size)
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

// pack offers an entry in the bytes of the row that a reader of a revision has
// read it from.
func (c *cache) pack(id evidence.ID, e entry, r row, at evidence.Sequence) {
	if c.stored == nil {
		c.put(id, e, at)
		return
	}
	buffer := c.buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	b := binary.AppendVarint((*buffer)[:0], e.num)
	b = append(b, byte(e.record.Content.Type()))
	b = binary.AppendUvarint(b, uint64(e.record.From))
	b = binary.AppendUvarint(b, uint64(e.record.To))
	b = binary.AppendUvarint(b, uint64(e.changed))
	b = binary.AppendUvarint(b, uint64(len(r.bytes(derivedColumn))))
	b = append(append(b, r.bytes(derivedColumn)...), r.bytes(contentColumn)...)
	c.storing.RLock()
	if uint64(at) == c.head.Load() {
		c.stored.Set([]byte(id), b) // drops what is too large for it
	}
	c.storing.RUnlock()
	*buffer = b
	c.buffers.Put(buffer)
}

// unpack gives the entry that was packed for an id.
func (c *cache) unpack(id evidence.ID, at evidence.Sequence) (e entry, ok bool) {
	if c.stored == nil {
		return e, false
	}
	buffer := c.buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer c.buffers.Put(buffer)
	b, ok := c.stored.HasGet((*buffer)[:0], []byte(id))
	*buffer = b
	if !ok {
		return e, false
	}
	num, n := binary.Varint(b)
	t := evidence.RecordType(b[n])
	b = b[n+1:]
	var numbers [4]uint64
	for i := range numbers {
		numbers[i], n = binary.Uvarint(b)
		b = b[n:]
	}
	from, to, changed, derived := int64(numbers[0]), int64(numbers[1]), evidence.Sequence(numbers[2]), numbers[3] //nolint:gosec // as they were packed
	if changed > at {
		return e, false
	}
	record, err := recordOf(t, from, to, b[:derived], b[derived:])
	return entry{num: num, changed: changed, size: len(b), record: record}, err == nil
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
	s.room += store.InMemory(h.size)
}

// move begins to bring the cache to a revision: nothing is put any more that was
// read before it.
func (c *cache) move(head evidence.Sequence) {
	c.storing.Lock()
	c.head.Store(uint64(head))
	c.storing.Unlock()
}

// advance brings the cache to a revision that has changed the given records and
// lists.
// What is put while it runs was read at the new head already; readers of the new
// head are served only when nothing older is left.
func (c *cache) advance(head evidence.Sequence, changed []evidence.ID, lists []int64, allLists bool) {
	c.move(head)
	for _, id := range changed {
		s := c.shard(id)
		s.mu.Lock()
		if h := s.entries[id]; h != nil && h.changed < head {
			s.drop(id, h)
		}
		s.mu.Unlock()
		if c.stored != nil {
			c.stored.Del([]byte(id))
		}
	}
	c.dropLists(lists, allLists)
	c.ready.Store(uint64(head))
}

// reset empties the cache and brings it to a revision.
func (c *cache) reset(head evidence.Sequence) {
	c.move(head)
	if c.stored != nil {
		c.stored.Reset()
	}
	c.dropLists(nil, true)
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

// close gives the memory of stored bytes back; nothing is put any more.
func (c *cache) close() {
	c.move(math.MaxUint64)
	if c.stored != nil {
		c.stored.Reset()
	}
	c.dropLists(nil, true)
}
