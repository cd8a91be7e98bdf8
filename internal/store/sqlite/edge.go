package sqlite

import (
	"encoding/binary"
	"errors"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// traits are the flags of a link.
type traits uint8

const (
	accepted traits = 1 << iota
	dated
	doubtful
)

// level is what one clearance sees of a link: from the lowest bit, 10 bits of
// strength, 4 of standing, and one that says whether it is disputed.
type level uint16

func levelOf(l evidence.Level) level {
	packed := level(l.Strength&1023) | level(l.Standing&15)<<10
	if l.Disputes > 0 {
		packed |= 1 << 14
	}
	return packed
}

func (l level) strength() uint16            { return uint16(l) & 1023 }
func (l level) standing() evidence.Standing { return evidence.Standing(l >> 10 & 15) }
func (l level) disputed() bool              { return l&(1<<14) != 0 }

// features are what traversal knows of a link beside its ends and id, without a
// pointer.
type features struct {
	bounds     [4]int32
	sort       [8]byte // the part of the key between kind and id
	levels     [evidence.Clearances]level
	kind       uint16 // given by a projection; 0 before
	traits     traits
	visibility evidence.Clearance
}

// link is a link's features with its kind by name.
type link struct {
	features
	name string
}

// traversed says whether traversal of the present may come upon a record.
func traversed(r *evidence.Record) bool {
	return r.IsOpen() && r.Derived.Visibility < evidence.Hidden && r.Content.Type() == evidence.LinkRecord
}

func featuresOf(r *evidence.Record, v *vocabulary.Vocabulary) link {
	c := r.Claim()
	valid, aspect := c.Valid(), evidence.AspectOf(c, v)
	b := valid.Bounds(aspect)
	l := link{name: c.Kind, features: features{
		sort:       valid.SortKey(aspect),
		bounds:     [4]int32{int32(b.SinceEarliest), int32(b.SinceLatest), int32(b.UntilEarliest), int32(b.UntilLatest)},
		visibility: r.Derived.Visibility,
	}}
	for i := range l.levels {
		l.levels[i] = levelOf(r.Derived.Levels[i])
	}
	if c.Accepted {
		l.traits |= accepted
	}
	if !valid.IsZero() {
		l.traits |= dated
	}
	if valid.Since.Uncertain() || valid.Until.Uncertain() || len(valid.Observed) > 0 {
		l.traits |= doubtful
	}
	return l
}

// edge is the link as the seam gives it to a clearance, without its ends.
func (f *features) edge(c evidence.Clearance) store.Edge {
	at := f.levels[c]
	return store.Edge{
		Standing: at.standing(), Strength: at.strength(), Disputed: at.disputed(),
		Accepted: f.traits&accepted != 0, Dated: f.traits&dated != 0, Doubtful: f.traits&doubtful != 0,
		Bounds: f.days(),
	}
}

// days are the bounds as the domain has them.
func (f *features) days() edtf.Bounds {
	return edtf.Bounds{
		SinceEarliest: edtf.Day(f.bounds[0]), SinceLatest: edtf.Day(f.bounds[1]),
		UntilEarliest: edtf.Day(f.bounds[2]), UntilLatest: edtf.Day(f.bounds[3]),
	}
}

// packedSize is the length of what pack writes before the name of the kind.
const packedSize = 8 + 8 + 8 + 16 + 2 + 2*evidence.Clearances

// pack writes the link for a block: the numbers of its ends, features, and the
// name of its kind, in little-endian order.
func (l *link) pack(from, to int64) []byte {
	b := make([]byte, 0, packedSize+len(l.name))
	b = binary.LittleEndian.AppendUint64(b, uint64(from)) //nolint:gosec // never negative
	b = binary.LittleEndian.AppendUint64(b, uint64(to))   //nolint:gosec // never negative
	b = append(b, l.sort[:]...)
	for _, day := range l.bounds {
		b = binary.LittleEndian.AppendUint32(b, uint32(day)) //nolint:gosec // the bits are what is wanted
	}
	b = append(b, byte(l.traits), byte(l.visibility))
	for _, at := range l.levels {
		b = binary.LittleEndian.AppendUint16(b, uint16(at))
	}
	return append(b, l.name...)
}

// unpack reads what pack wrote.
func (f *features) unpack(b []byte) (from, to int64, kind []byte, err error) {
	if len(b) < packedSize {
		return 0, 0, nil, errors.New("a packed link is too short")
	}
	from, to = int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:])) //nolint:gosec // as they were written
	copy(f.sort[:], b[16:])
	for i := range f.bounds {
		f.bounds[i] = int32(binary.LittleEndian.Uint32(b[24+4*i:])) //nolint:gosec // the bits are what is wanted
	}
	f.traits, f.visibility = traits(b[40]), evidence.Clearance(b[41])
	for i := range f.levels {
		f.levels[i] = level(binary.LittleEndian.Uint16(b[42+2*i:]))
	}
	return from, to, b[packedSize:], nil
}
