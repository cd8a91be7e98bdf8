package sqlite

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// texts keeps many short strings in few large ones, so that the garbage
// collector has little to follow. What was added stays until all of it goes.
type texts struct {
	chunks []string
	open   *strings.Builder // the last chunk, still growing
}

// textRef names a string of texts: the chunk and the place in it, where a byte
// says how long it is.
type textRef uint32

const (
	chunkBits  = 18
	chunkBytes = 1 << chunkBits
)

// add keeps a string of at most 255 bytes. Nothing else may be in use that reads
// the last chunk without the lock that the caller holds.
func (t *texts) add(s string) textRef {
	if t.open == nil || t.open.Len()+1+len(s) > chunkBytes {
		t.open = &strings.Builder{}
		t.open.Grow(chunkBytes)
		t.chunks = append(t.chunks, "")
	}
	last := len(t.chunks) - 1
	ref := textRef(last<<chunkBits | t.open.Len()) //nolint:gosec // 16384 chunks hold 4 GiB
	t.open.WriteByte(byte(len(s)))                 //nolint:gosec // ids are short
	t.open.WriteString(s)
	t.chunks[last] = t.open.String() // within its capacity the builder never moves what it has
	return ref
}

func (t *texts) get(r textRef) string {
	rest := t.chunks[r>>chunkBits][r&(chunkBytes-1):]
	return rest[1 : 1+int(rest[0])]
}

// index finds numbers 0, 1, 2 … by strings that are kept elsewhere: a hash table
// with linear probing, without a pointer. Nothing is ever removed from it.
type index struct {
	seed  maphash.Seed
	slots []uint32 // number + 1; 0 is empty
	// tags are seven bits of the hash of what is in each slot, and one that says that
	// something is: the string of another is hardly ever looked at, and of one that is
	// not there none. Each look is into memory far away.
	tags []uint8
	n    int
}

func newIndex() index {
	return index{seed: maphash.MakeSeed(), slots: make([]uint32, 1024), tags: make([]uint8, 1024)}
}

// hash gives the first slot of a key and its tag.
func (x *index) hash(key string) (at uint64, tag uint8) {
	h := maphash.String(x.seed, key)
	return h & uint64(len(x.slots)-1), uint8(h>>56) | 1<<7 //nolint:gosec // its highest eight bits
}

// find gives the number of a key; text gives the key of a number.
func (x *index) find(key string, text func(uint32) string) (uint32, bool) {
	mask := uint64(len(x.slots) - 1)
	h, tag := x.hash(key)
	for ; x.tags[h] != 0; h = (h + 1) & mask {
		if x.tags[h] == tag {
			if n := x.slots[h] - 1; text(n) == key {
				return n, true
			}
		}
	}
	return 0, false
}

// add puts a number that is not there yet.
func (x *index) add(number uint32, text func(uint32) string) {
	x.room(x.n+1, text)
	x.n++
	x.put(number+1, text(number))
}

// room makes room for so many numbers in all.
func (x *index) room(n int, text func(uint32) string) {
	size := len(x.slots)
	for size < 2*n {
		size *= 2
	}
	if size == len(x.slots) {
		return
	}
	old := x.slots
	x.slots, x.tags = make([]uint32, size), make([]uint8, size)
	for _, n := range old {
		if n != 0 {
			x.put(n, text(n-1))
		}
	}
}

// fill puts the numbers below n into an empty index.
func (x *index) fill(n uint32, text func(uint32) string) {
	x.room(int(n), text)
	x.n = int(n)
	for i := range n {
		x.put(i+1, text(i))
	}
}

func (x *index) put(n uint32, key string) {
	mask := uint64(len(x.slots) - 1)
	h, tag := x.hash(key)
	for x.tags[h] != 0 {
		h = (h + 1) & mask
	}
	x.slots[h], x.tags[h] = n, tag
}

// lists keeps many lists of spokes in large blocks of memory. A list that
// outgrows its room moves to one about twice as large; what it leaves is used
// again.
type lists struct {
	blocks [][]spoke
	begun  bool // there is a block of ordinary size
	last   int  // the last of these
	used   int  // of it
	free   [32][]room
}

// room is where a list is: block, offset, how many spokes it holds and how many
// it could hold. The zero room is none at all.
type room struct {
	block, offset    uint32
	length, capacity uint32
}

const blockSize = 1 << 16

func (l *lists) of(r room) []spoke {
	if r.capacity == 0 {
		return nil
	}
	return l.blocks[r.block][r.offset : r.offset+r.length : r.offset+r.capacity]
}

// take gives room for so many spokes and not one more: most lists never grow.
func (l *lists) take(capacity int) room {
	if capacity >= blockSize {
		l.blocks = append(l.blocks, make([]spoke, capacity))
		return room{block: uint32(len(l.blocks) - 1), capacity: uint32(capacity)} //nolint:gosec // few blocks
	}
	if !l.begun || l.used+capacity > blockSize {
		l.blocks = append(l.blocks, make([]spoke, blockSize))
		l.begun, l.last, l.used = true, len(l.blocks)-1, 0
	}
	r := room{block: uint32(l.last), offset: uint32(l.used), capacity: uint32(capacity)} //nolint:gosec // within a block
	l.used += capacity
	return r
}

// again gives room for 1 << class spokes, of what was left where there is some.
func (l *lists) again(class int) room {
	if free := l.free[class]; len(free) > 0 {
		r := free[len(free)-1]
		l.free[class] = free[:len(free)-1]
		return r
	}
	return l.take(1 << class)
}

// insert puts a spoke at a position of a list and gives where the list is now.
func (l *lists) insert(r room, at int, n spoke) room {
	if r.length == r.capacity {
		wider := l.again(bits.Len32(max(r.capacity, 1)))
		wider.length = r.length
		if r.capacity > 0 {
			copy(l.of(wider), l.of(r))
			class := bits.Len32(r.capacity) - 1 // what a room holds beyond its class waits for the next building
			l.free[class] = append(l.free[class], room{block: r.block, offset: r.offset, capacity: 1 << class})
		}
		r = wider
	}
	r.length++
	list := l.of(r)
	copy(list[at+1:], list[at:])
	list[at] = n
	return r
}

// remove takes a spoke out of a list.
func (l *lists) remove(r room, at int) room {
	list := l.of(r)
	copy(list[at:], list[at+1:])
	r.length--
	return r
}
