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

// Proof returns the path from the leaf at index to the root (RFC 9162, section
// 2.1.3.1): what someone needs to check that the leaf is in the revision without
// seeing any other leaf. It is empty for a single leaf, and nil if there is no
// leaf at index.
func Proof(leaves []Leaf, index int) []Hash {
	if index < 0 || index >= len(leaves) {
		return nil
	}
	level := make([]Hash, len(leaves))
	for i, l := range leaves {
		level[i] = leafHash(l.Commitment[:])
	}
	proof := make([]Hash, 0, bits.Len(uint(len(leaves))))
	// The splits of the standard pair neighbours from the left on every level; a
	// node left over at the right end rises unchanged.
	for len(level) > 1 {
		if sibling := index ^ 1; sibling < len(level) {
			proof = append(proof, level[sibling])
		}
		next := level[:0]
		for i := 0; i < len(level); i += 2 {
			if i+1 < len(level) {
				next = append(next, nodeHash(level[i], level[i+1]))
			} else {
				next = append(next, level[i])
			}
		}
		level, index = next, index/2
	}
	return proof
}

// VerifyProof reports whether a proof shows that the commitment is the leaf at
// index in the tree of n leaves with that root (RFC 9162, section 2.1.3.2).
func VerifyProof(root, commitment Hash, index, n int, proof []Hash) bool {
	if index < 0 || index >= n {
		return false
	}
	at, last := index, n-1
	h := leafHash(commitment[:])
	for _, p := range proof {
		if last == 0 {
			return false
		}
		if at&1 == 1 || at == last {
			h = nodeHash(p, h)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			h = nodeHash(h, p)
		}
		at, last = at>>1, last>>1
	}
	return last == 0 && h == root
}
