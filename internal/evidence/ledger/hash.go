// Package ledger chains the revisions of a graph by hashes, so that a changed
// byte anywhere in the recorded past is found and named, while a piece of it can
// still be destroyed for good when the law demands it.
//
// Each revision has leaves (its author, its reason, each of its changes). A leaf
// is committed to with a random salt; the commitments hang on a Merkle tree; the
// header of the revision covers the root of that tree and the hash of the header
// before it. Destroying the content and the salt of a leaf leaves its
// commitment, and with it every hash, as it was.
//
// The package is pure: salts come from the caller, who draws each one afresh
// from crypto/rand.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// Hash is a SHA-256 value.
type Hash [sha256.Size]byte

// IsZero reports whether h is all zeros, which stands for "none": it is what the
// first revision has as its predecessor.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns h as 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String writes; capital digits are accepted too.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) {
		return Hash{}, fmt.Errorf("hash %.80q has %d characters; write the %d hexadecimal digits of a SHA-256 value", s, len(s), hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("hash %q is not hexadecimal (%w); write only the digits 0-9 and a-f", s, err)
	}
	return h, nil
}

// MarshalText writes h as String does.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what ParseHash accepts.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}

// The prefixes keep a value that was hashed for one purpose from passing for
// another. A change of an encoding gets a new number.
const (
	leafDomain   = "vinculo/leaf/1\x00"
	restDomain   = "vinculo/rest/1\x00"
	headerDomain = "vinculo/header/1\x00"
)

// Leaf is one committed piece of a revision: its salt and its content. A leaf
// whose content was erased keeps only its Commitment.
//
// That a leaf says it was erased proves nothing about who did so. Whoever
// verifies a log must also find, for each erased leaf, the later record that
// says when and on what ground.
type Leaf struct {
	// Salt is 16 bytes from crypto/rand, used for this leaf alone.
	Salt [16]byte
	// Content is what is committed to.
	Content []byte
	// Erased says that content and salt were destroyed.
	Erased bool
	// Commitment is what the tree holds.
	Commitment Hash
	// Rest is what an erasure left of the content; nil where it left nothing. The
	// tree does not cover it: whoever erases commits to it in the later record.
	Rest *Rest `json:",omitempty" cbor:",omitempty"`
}

// Rest is what stays readable of an erased leaf, such as the change of another
// record that the same leaf told of.
type Rest struct {
	// Salt is 16 bytes from crypto/rand, so that the commitment still hides the
	// rest when more of it is erased later.
	Salt [16]byte
	// Content takes the place of the content that was erased.
	Content []byte
}

// Commitment is what the record of an erasure says of the rest that it left;
// zero for none. It is made as that of a leaf is, under a prefix of its own.
func (r *Rest) Commitment() Hash {
	if r == nil {
		return Hash{}
	}
	return mac(r.Salt, restDomain, r.Content)
}

// NewLeaf commits to content with a salt. It keeps content without copying it.
//
// The commitment is HMAC-SHA256 (RFC 2104) of a fixed prefix and the content,
// keyed by the salt. To whom the salt is known it binds: another content with
// the same commitment would be a collision of SHA-256. Once the salt is
// destroyed it hides: HMAC under an unknown random key cannot be told from a
// random function, so that a guess at the content, even one of two possible
// names, cannot be tried without also guessing 128 bits of salt. A plain hash of
// the content would give a name away to anyone with a list of names.
func NewLeaf(salt [16]byte, content []byte) Leaf {
	return Leaf{Salt: salt, Content: content, Commitment: commit(salt, content)}
}

func commit(salt [16]byte, content []byte) Hash { return mac(salt, leafDomain, content) }

// mac is HMAC-SHA256 as crypto/hmac has it, with what it works on kept for the
// next: a revision of many leaves makes one for each.
func mac(salt [16]byte, domain string, content []byte) Hash {
	m := macs.Get().(*macing) //nolint:forcetypeassert // the pool holds nothing else
	defer macs.Put(m)
	m.block = [sha256.BlockSize]byte{}
	copy(m.block[:], salt[:])
	for i := range m.block {
		m.block[i] ^= 0x36
	}
	m.text = append(append(append(m.text[:0], m.block[:]...), domain...), content...)
	long := len(m.text)
	inner := sha256.Sum256(m.text)
	for i := range m.block {
		m.block[i] ^= 0x36 ^ 0x5c
	}
	m.text = append(append(m.text[:0], m.block[:]...), inner[:]...)
	outer := sha256.Sum256(m.text)
	clear(m.text[:long]) // salts and contents are not to linger
	return outer
}

// macing is what mac works on.
type macing struct {
	block [sha256.BlockSize]byte
	text  []byte
}

var macs = sync.Pool{New: func() any { return new(macing) }}

// Erase returns the leaf without its content, its salt and what an erasure
// before had left. The caller must overwrite them wherever they are stored,
// backups included.
func (l Leaf) Erase() Leaf { return Leaf{Erased: true, Commitment: l.Commitment} }

// Verify reports whether the content matches the commitment: nil, or the
// [Reason] why not. Of an erased leaf it only checks that nothing is left.
func (l Leaf) Verify() error {
	if r, _ := l.check(); r != "" {
		return r
	}
	return nil
}

// check returns what is wrong with the leaf, or nothing, and for ErrLeafChanged the
// commitment that its content has.
func (l Leaf) check() (Reason, Hash) {
	if l.Erased {
		if len(l.Content) > 0 || l.Salt != [16]byte{} {
			return ErrErasureIncomplete, Hash{}
		}
		return "", Hash{}
	}
	if l.Rest != nil {
		return ErrErasureIncomplete, Hash{}
	}
	if got := commit(l.Salt, l.Content); got != l.Commitment {
		return ErrLeafChanged, got
	}
	return "", Hash{}
}

// Header is what the hash of a revision, and through it the next revision,
// covers.
type Header struct {
	// Sequence counts the revisions of a log from 1 without a gap.
	Sequence uint64
	// Previous is the hash of the header before, zero for the first.
	Previous Hash
	// Time is when the revision was recorded, in whole microseconds,
	// which is all that the hash covers. Its location is UTC by custom.
	Time time.Time
	// Leaves counts the leaves of the revision.
	Leaves uint32
	// Root is the root of the tree over the commitments of the leaves.
	Root Hash
}

// Hash returns SHA-256 over the canonical encoding of the header: the bytes
// "vinculo/header/1" and a zero byte, then Sequence (8 bytes), Previous (32),
// the microseconds of Time since 1970-01-01T00:00:00Z (8, two's complement),
// Leaves (4) and Root (32). Integers are big-endian.
func (h Header) Hash() Hash {
	b := make([]byte, 0, len(headerDomain)+8+32+8+4+32)
	b = append(b, headerDomain...)
	b = binary.BigEndian.AppendUint64(b, h.Sequence)
	b = append(b, h.Previous[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Time.UnixMicro()))
	b = binary.BigEndian.AppendUint32(b, h.Leaves)
	b = append(b, h.Root[:]...)
	return sha256.Sum256(b)
}
