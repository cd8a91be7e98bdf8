package ledger

import (
	"crypto/sha256"
	"math/bits"
)

// The Merkle tree is that of RFC 9162, section 2.1.1 (the same as in RFC 6962):
// a leaf hashes as 0x00 and its data, an inner node as 0x01 and its two
// children, and a tree of n leaves splits at the largest power of two below n.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

func leafHash(data []byte) Hash {
	b := make([]byte, 0, 64)
	return sha256.Sum256(append(append(b, leafPrefix), data...))
}

func nodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Tree computes a root from commitments that come one at a time, in memory that
// grows with the logarithm of their number. The zero Tree is empty.
type Tree struct {
	n int
	// stack holds the roots of the complete subtrees so far, one for each bit
	// that is set in n, the largest first.
	stack []Hash
}

// Add puts the commitment of the next leaf into the tree.
func (t *Tree) Add(commitment Hash) { t.add(commitment[:]) }

func (t *Tree) add(data []byte) {
	h := leafHash(data)
	for range bits.TrailingZeros64(^uint64(t.n)) {
		h = nodeHash(t.stack[len(t.stack)-1], h)
		t.stack = t.stack[:len(t.stack)-1]
	}
	t.stack = append(t.stack, h)
	t.n++
}

// Len returns how many commitments were added.
func (t *Tree) Len() int { return t.n }

// Root returns the root over what was added so far: that of an empty tree is
// SHA-256 of nothing. More may be added afterwards.
func (t *Tree) Root() Hash {
	if t.n == 0 {
		return sha256.Sum256(nil)
	}
	h := t.stack[len(t.stack)-1]
	for i := len(t.stack) - 2; i >= 0; i-- {
		h = nodeHash(t.stack[i], h)
	}
	return h
}

// Root returns the Merkle root over the commitments of the leaves, in order.
func Root(leaves []Leaf) Hash {
	var t Tree
	for _, l := range leaves {
		t.Add(l.Commitment)
	}
	return t.Root()
}
