package sqlite

import (
	"math/bits"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// spoke is an entry in the list of links of one entity. It has what a search needs of
// nearly every link, so that the search reads one list in memory and does not look up
// each link elsewhere. From the lowest bit: 32 bits of the link's number, 28 of the other
// end's number, 2 of the link's visibility, and one that is set where the link leads from
// the entity. Under one number a link never changes its ends or its visibility.
type spoke uint64

const (
	farBits   = 28
	maxNodes  = 1 << farBits
	farAt     = 32
	visibleAt = farAt + farBits
	outgoing  = spoke(1) << (visibleAt + 2)
)

// spokeOf is the link of a number as one of its ends has it.
func spokeOf(n uint32, l *storedLink, end uint32) spoke {
	far, s := l.to, spoke(n)|spoke(l.visibility&3)<<visibleAt|outgoing
	if l.from != end {
		far, s = l.from, s&^outgoing
	}
	return s | spoke(far)<<farAt
}

func (s spoke) link() uint32                   { return uint32(s) }                         //nolint:gosec // the lower half
func (s spoke) far() uint32                    { return uint32(s>>farAt) & (maxNodes - 1) } //nolint:gosec // 28 bits
func (s spoke) visibility() evidence.Clearance { return evidence.Clearance(s >> visibleAt & 3) }

// ends orders spokes by the other end, then the link.
func (s spoke) ends() uint64 { return uint64(s) << (64 - visibleAt) }

// leads says whether a direction passes the link from an end. A link from an
// entity to itself leads both ways.
func (s spoke) leads(from uint32, d evidence.Direction) bool {
	return d == evidence.Any || (d == evidence.Outgoing) == (s&outgoing != 0) || s.far() == from
}

// bitset is a set of numbers.
type bitset []uint64

func (b bitset) has(n uint32) bool { i := n >> 6; return int(i) < len(b) && b[i]>>(n&63)&1 != 0 }

func (b *bitset) set(n uint32, to bool) {
	i := int(n >> 6)
	if i >= len(*b) {
		if !to {
			return
		}
		*b = append(*b, make(bitset, i+1-len(*b))...)
	}
	if to {
		(*b)[i] |= 1 << (n & 63)
	} else {
		(*b)[i] &^= 1 << (n & 63)
	}
}

// sieve is a set of numbers that may have more than were put into it: a bit for all
// that are alike at their end.
type sieve []uint64

// room makes it a set without any number yet, with 16 bits or more for each of so
// many.
func (s *sieve) room(numbers int) {
	words := 1 << bits.Len(uint(numbers/4))
	*s = slices.Grow((*s)[:0], words)[:words]
	clear(*s)
}

func (s sieve) add(n uint32)      { s[n>>6&uint32(len(s)-1)] |= 1 << (n & 63) }      //nolint:gosec // far shorter
func (s sieve) has(n uint32) bool { return s[n>>6&uint32(len(s)-1)]>>(n&63)&1 != 0 } //nolint:gosec // far shorter
