package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// Stores keep content and derived values as deterministic CBOR (RFC 8949,
// section 4.2.1), which is compact, quick to read, and the same bytes for the
// same content, so that a stored record can be compared with the log.

var (
	encoding = mustEncode(cbor.CoreDetEncOptions().EncMode())
	decoding = mustDecode(cbor.DecOptions{UTF8: cbor.UTF8RejectInvalid, DupMapKey: cbor.DupMapKeyEnforcedAPF}.DecMode())
)

func mustEncode(m cbor.EncMode, err error) cbor.EncMode {
	if err != nil {
		panic(fmt.Sprintf("evidence: the options of the encoding are wrong: %v", err))
	}
	return m
}

func mustDecode(m cbor.DecMode, err error) cbor.DecMode {
	if err != nil {
		panic(fmt.Sprintf("evidence: the options of the decoding are wrong: %v", err))
	}
	return m
}

// EncodeContent gives the bytes under which a store keeps a content.
func EncodeContent(c Content) ([]byte, error) { return AppendContent(make([]byte, 0, 160), c) }

// AppendContent adds the bytes under which a store keeps a content.
func AppendContent(b []byte, c Content) ([]byte, error) {
	switch c := c.(type) {
	case *Claim:
		return appendClaimCBOR(b, c), nil
	case *Citation:
		return appendCitationCBOR(b, c), nil
	case *Entity:
		if appended, ok := appendEntityCBOR(b, c); ok {
			return appended, nil
		}
	case *Source:
		if appended, ok := appendSourceCBOR(b, c); ok {
			return appended, nil
		}
	}
	encoded, err := encoding.Marshal(c)
	return append(b, encoded...), err
}

// sameContent says whether two contents are stored as the same bytes.
func sameContent(a, b Content) bool {
	if a == nil || b == nil || a.Type() != b.Type() {
		return a == nil && b == nil
	}
	x, err := EncodeContent(a)
	if err != nil {
		return false
	}
	y, err := EncodeContent(b)
	return err == nil && bytes.Equal(x, y)
}

// DecodeContent reads what EncodeContent wrote for a record of the type.
func DecodeContent(t RecordType, data []byte) (Content, error) {
	var c Content
	switch t {
	case EntityRecord:
		if entity, ok := scanEntity(data); ok {
			return entity, nil
		}
		c = new(Entity)
	case SourceRecord:
		if source, ok := scanSource(data); ok {
			return source, nil
		}
		c = new(Source)
	case LinkRecord, StatementRecord:
		if claim, ok := scanClaim(data); ok {
			return claim, nil
		}
		c = new(Claim)
	case CitationRecord:
		if citation, ok := scanCitation(data); ok {
			return citation, nil
		}
		c = new(Citation)
	default:
		return nil, fmt.Errorf("a stored record is of unknown type %d; run `vinculo verify`", t)
	}
	if err := decoding.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("a stored %s does not read: %w; run `vinculo verify`", t, err)
	}
	return c, nil
}

// EncodeDerived gives the bytes under which a store keeps derived values.
func EncodeDerived(d *Derived) ([]byte, error) { return AppendDerived(make([]byte, 0, 96), d) }

// AppendDerived adds the bytes under which a store keeps derived values.
func AppendDerived(b []byte, d *Derived) ([]byte, error) {
	if d.Check != nil {
		encoded, err := encoding.Marshal(d)
		return append(b, encoded...), err
	}
	return appendDerivedCBOR(b, d), nil
}

// DecodeDerived reads what EncodeDerived wrote.
func DecodeDerived(data []byte) (Derived, error) {
	d, ok := scanDerived(data)
	if ok {
		return d, nil
	}
	d = Derived{}
	if err := decoding.Unmarshal(data, &d); err != nil {
		return d, fmt.Errorf("stored derived values do not read: %w; run `vinculo verify`", err)
	}
	return d, nil
}

// AppendLeaves appends the bytes under which a store keeps the payload of a revision.
func AppendLeaves(b []byte, r *Revision) ([]byte, error) {
	size := 16
	for i := range r.Leaves {
		size += len(r.Leaves[i].Content) + 100
	}
	if b, ok := appendLeavesCBOR(slices.Grow(b, size), r.Leaves); ok {
		return b, nil
	}
	encoded, err := encoding.Marshal(r.Leaves)
	return append(b, encoded...), err
}

// DecodeFirstLeaves reads no more of what AppendLeaves wrote than a number of leaves.
func DecodeFirstLeaves(r *Revision, from io.Reader, most int) error {
	leaves, err := firstLeaves(from, most)
	if err != nil {
		return fmt.Errorf("the payload of the revision at sequence %d does not read: %w; run `vinculo verify`", r.Header.Sequence, err)
	}
	r.Leaves = leaves
	return nil
}

func firstLeaves(from io.Reader, most int) ([]ledger.Leaf, error) {
	// The head of an array (RFC 8949, section 3): its number of elements is in the
	// first byte, or in up to 8 bytes behind.
	const array, few = 0x80, 24
	var head [9]byte
	if _, err := io.ReadFull(from, head[:1]); err != nil {
		return nil, err
	}
	n := uint64(head[0]) - array
	if n > few+3 {
		return nil, errors.New("it is not a list")
	}
	if n >= few {
		size := 1 << (n - few)
		if _, err := io.ReadFull(from, head[9-size:]); err != nil {
			return nil, err
		}
		head[0] = 0
		n = binary.BigEndian.Uint64(head[1:])
	}
	leaves := make([]ledger.Leaf, min(n, uint64(most))) //nolint:gosec // most is positive
	each := decoding.NewDecoder(from)
	for i := range leaves {
		if err := each.Decode(&leaves[i]); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// DecodeLeaves reads what AppendLeaves wrote.
func DecodeLeaves(r *Revision, data []byte) error {
	if err := decoding.Unmarshal(data, &r.Leaves); err != nil {
		return fmt.Errorf("the payload of the revision at sequence %d does not read: %w; run `vinculo verify`", r.Header.Sequence, err)
	}
	return nil
}
