package neo4j

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// The property `edge` has what a traversal needs of a link: one property of bytes,
// which Neo4j reads many times faster than a list of numbers or than a property
// for each. It has four days in big-endian order, flags, and for each clearance
// the strength, the standing and a sign of dispute; then the key of the link, which
// has its kind and id in it, and the ids that it leads from and to, with a zero
// between them. Cypher takes the bytes of a strength for two numbers from 0 to 127,
// of which the first counts for more.
const (
	edgeFlags     = 4 * 4
	edgeLevels    = edgeFlags + 1
	edgeStrength  = 0 // from the place of a level
	edgeStanding  = 2
	edgeDisputed  = 3
	edgeLevelSize = 4
	edgeSize      = edgeLevels + edgeLevelSize*evidence.Clearances
)

const (
	edgeDated = 1 << iota
	edgeDoubtful
	edgeAccepted
)

// strengthAt is the place in `edge` of the strength at a clearance.
func strengthAt(c evidence.Clearance) int64 {
	return edgeLevels + edgeLevelSize*int64(c) + edgeStrength
}

func packEdge(c *evidence.Claim, d *evidence.Derived, v *vocabulary.Vocabulary) []byte {
	valid := c.Valid()
	flags := byte(0)
	for flag, set := range map[byte]bool{
		edgeDated: !valid.IsZero(), edgeAccepted: c.Accepted,
		edgeDoubtful: valid.Since.Uncertain() || valid.Until.Uncertain() || len(valid.Observed) > 0,
	} {
		if set {
			flags |= flag
		}
	}
	return layEdge(valid.Bounds(evidence.AspectOf(c, v)), flags, d.Levels[:], d.Key, string(c.From), string(c.To))
}

// layEdge puts the parts of an edge one behind the other.
func layEdge(b edtf.Bounds, flags byte, levels []evidence.Level, key, from, to string) []byte {
	packed := make([]byte, 0, edgeSize+len(key)+len(from)+len(to)+2)
	for _, day := range [...]edtf.Day{b.SinceEarliest, b.SinceLatest, b.UntilEarliest, b.UntilLatest} {
		packed = binary.BigEndian.AppendUint32(packed, uint32(day)) //nolint:gosec // the bits are what is wanted
	}
	packed = append(packed, flags)
	for _, level := range levels {
		packed = append(packed, byte(level.Strength>>7), byte(level.Strength&127), byte(level.Standing), byte(min(level.Disputes, 1)))
	}
	packed = append(append(packed, key...), 0)
	packed = append(append(packed, from...), 0)
	return append(packed, to...)
}

// unpackEdge reads what packEdge wrote, for a clearance, and the key of the link.
func unpackEdge(e *store.Edge, packed []byte, c evidence.Clearance) (key string, err error) {
	if len(packed) < edgeSize {
		return "", fmt.Errorf("what traversal knows of a link does not read (%d bytes); run `vinculo verify`", len(packed))
	}
	key, ends, _ := strings.Cut(string(packed[edgeSize:]), "\x00")
	from, to, _ := strings.Cut(ends, "\x00")
	kind, rest, _ := strings.Cut(key, " ")
	e.Kind, e.Link = kind, evidence.ID(rest[strings.LastIndexByte(rest, ' ')+1:])
	e.From, e.To = evidence.ID(from), evidence.ID(to)
	day := func(i int) edtf.Day { return edtf.Day(int32(binary.BigEndian.Uint32(packed[4*i:]))) } //nolint:gosec // as it was written
	e.Bounds = edtf.Bounds{SinceEarliest: day(0), SinceLatest: day(1), UntilEarliest: day(2), UntilLatest: day(3)}
	flags, level := packed[edgeFlags], packed[edgeLevels+edgeLevelSize*int(c):]
	e.Accepted, e.Dated, e.Doubtful = flags&edgeAccepted != 0, flags&edgeDated != 0, flags&edgeDoubtful != 0
	e.Standing, e.Disputed = evidence.Standing(level[edgeStanding]), level[edgeDisputed] != 0
	e.Strength = uint16(level[edgeStrength])<<7 | uint16(level[edgeStrength+1])
	return key, nil
}
