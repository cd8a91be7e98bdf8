package sqlite

import (
	"hash/maphash"
	"strings"
)

// texts keeps many short strings in few large ones, so that the garbage
// collector has little to follow. What was added stays until all of it goes.
type texts struct {
	chunks []string
	open   *strings.Builder // the last chunk, still growing
}

// textRef names a string of texts: the chunk, the place in it, and the length.
type textRef struct {
	at     uint32 // chunk and offset
	length uint8
}

const (
	chunkBits  = 18
	chunkBytes = 1 << chunkBits
)

// add keeps a string of at most 255 bytes. Nothing else may be in use that reads
// the last chunk without the lock that the caller holds.
func (t *texts) add(s string) textRef {
	if t.open == nil || t.open.Len()+len(s) > chunkBytes {
		t.open = &strings.Builder{}
		t.open.Grow(chunkBytes)
		t.chunks = append(t.chunks, "")
	}
	last := len(t.chunks) - 1
	ref := textRef{at: uint32(last)<<chunkBits | uint32(t.open.Len()), length: uint8(len(s))} //nolint:gosec // ids are short, and 16384 chunks hold 4 GiB
	t.open.WriteString(s)
	t.chunks[last] = t.open.String() // within its capacity the builder never moves what it has
	return ref
}

func (t *texts) get(r textRef) string {
	offset := r.at & (chunkBytes - 1)
	return t.chunks[r.at>>chunkBits][offset : offset+uint32(r.length)]
}

// index finds numbers 0, 1, 2 … by strings that are kept elsewhere: a hash table
// with linear probing, without a pointer. Nothing is ever removed from it.
type index struct {
	seed  maphash.Seed
	slots []uint32 // number + 1; 0 is empty
	n     int
}

func newIndex() index { return index{seed: maphash.MakeSeed(), slots: make([]uint32, 1024)} }

// find gives the number of a key; text gives the key of a number.
func (x *index) find(key string, text func(uint32) string) (uint32, bool) {
	mask := uint64(len(x.slots) - 1)
	for h := maphash.String(x.seed, key) & mask; ; h = (h + 1) & mask {
		switch n := x.slots[h]; {
		case n == 0:
			return 0, false
		case text(n-1) == key:
			return n - 1, true
		}
	}
}

// add puts a number that is not there yet.
func (x *index) add(number uint32, text func(uint32) string) {
	if x.n++; 2*x.n > len(x.slots) {
		old := x.slots
		x.slots = make([]uint32, 2*len(old))
		for _, n := range old {
			if n != 0 {
				x.put(n, text(n-1))
			}
		}
	}
	x.put(number+1, text(number))
}

func (x *index) put(n uint32, key string) {
	mask := uint64(len(x.slots) - 1)
	h := maphash.String(x.seed, key) & mask
	for x.slots[h] != 0 {
		h = (h + 1) & mask
	}
	x.slots[h] = n
}

// lists keeps many lists of numbers in large blocks of memory. A list that
// outgrows its room moves to one twice as large; what it leaves is used again.
type lists struct {
	blocks [][]uint32
	used   int // of the last block of ordinary size
	last   int // that block
	free   [32][]room
}

// room is where a list is: block, offset, and how many numbers it holds and
// could hold (a power of two).
type room struct {
	block, offset uint32
	length        uint32
	class         uint8 // capacity is 1 << class; 0 with length 0 is no room at all
	given         bool
}

const blockSize = 1 << 16

func (l *lists) of(r room) []uint32 {
	if !r.given {
		return nil
	}
	return l.blocks[r.block][r.offset : r.offset+r.length : r.offset+1<<r.class]
}

func (l *lists) take(class uint8) room {
	if free := l.free[class]; len(free) > 0 {
		r := free[len(free)-1]
		l.free[class] = free[:len(free)-1]
		return r
	}
	size := 1 << class
	if size >= blockSize {
		l.blocks = append(l.blocks, make([]uint32, size))
		return room{block: uint32(len(l.blocks) - 1), class: class, given: true} //nolint:gosec // few blocks
	}
	if l.blocks == nil || l.used+size > blockSize {
		l.blocks = append(l.blocks, make([]uint32, blockSize))
		l.last, l.used = len(l.blocks)-1, 0
	}
	r := room{block: uint32(l.last), offset: uint32(l.used), class: class, given: true} //nolint:gosec // within a block
	l.used += size
	return r
}

// insert puts a number at a position of a list and gives where the list is now.
func (l *lists) insert(r room, at int, n uint32) room {
	if !r.given || r.length == 1<<r.class {
		class := r.class + 1
		if !r.given {
			class = 1
		}
		wider := l.take(class)
		wider.length = r.length
		if r.given {
			copy(l.of(wider), l.of(r))
			l.free[r.class] = append(l.free[r.class], room{block: r.block, offset: r.offset, class: r.class, given: true})
		}
		r = wider
	}
	r.length++
	list := l.of(r)
	copy(list[at+1:], list[at:])
	list[at] = n
	return r
}

// remove takes a number out of a list.
func (l *lists) remove(r room, at int) room {
	list := l.of(r)
	copy(list[at:], list[at+1:])
	r.length--
	return r
}
