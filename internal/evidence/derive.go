package evidence

import (
	"cmp"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Derived is what follows for a record from the graph around it. It is stored with the
// current version, so that no read has to join for it, but apart from the content, so
// that a change of it makes no new version in the record's history.
type Derived struct {
	// Now is the clearance the record has today, which also binds its past.
	Now Clearance `cbor:"1,keyasint,omitempty"`
	// Visibility is the lowest clearance that sees the record; Hidden when closed.
	Visibility Clearance `cbor:"2,keyasint,omitempty"`
	// Key is the record's place among its siblings; see OrderKey.
	Key string `cbor:"3,keyasint,omitempty"`
	// Levels tell, for a claim, what each clearance sees of it.
	Levels [Clearances]Level `cbor:"4,keyasint,omitzero"`
	// Check is what the last comparison of a citation's quote with a capture gave.
	Check *QuoteCheck `cbor:"5,keyasint,omitempty"`
}

// At is what a reader of the clearance is told of a claim.
func (d *Derived) At(c Clearance) Level { return d.Levels[c] }

// CheckState says how a quote stands against the capture of its source.
type CheckState uint8

// The states of a check. A quote that was never checked is Unchecked.
const (
	Unchecked CheckState = iota
	Verified
	Ambiguous
	Failed
)

var checkStateNames = [...]string{"UNCHECKED", "VERIFIED", "AMBIGUOUS", "FAILED"}

// String is the state's name as the API writes it.
func (s CheckState) String() string { return nameOf(checkStateNames[:], int(s)) }

// QuoteCheck is the outcome of one comparison.
type QuoteCheck struct {
	State   CheckState `json:"state" cbor:"1,keyasint"`
	At      string     `json:"at" cbor:"2,keyasint"` // RFC 3339, UTC
	Capture string     `json:"capture,omitempty" cbor:"3,keyasint,omitempty"`
	// Start and End are offsets in code points into the extracted text.
	Start int `json:"start,omitempty" cbor:"4,keyasint,omitempty"`
	End   int `json:"end,omitempty" cbor:"5,keyasint,omitempty"`
	// Context is the passage around a verified quote; Nearest, and its Distance
	// in edits, the closest passage to a failed one.
	Context  string `json:"context,omitempty" cbor:"6,keyasint,omitempty"`
	Nearest  string `json:"nearest,omitempty" cbor:"7,keyasint,omitempty"`
	Distance int    `json:"distance,omitempty" cbor:"8,keyasint,omitempty"`
}

// Equal says whether two checks found the same, whenever they did.
func (q *QuoteCheck) Equal(other *QuoteCheck) bool {
	if q == nil || other == nil {
		return q == other
	}
	a, b := *q, *other
	a.At, b.At = "", ""
	return a == b
}

// Case is a claim with all that decides who sees it and how strong it is, as of
// one revision. Visibilities are effective: they count the clearance a record
// has now as well as the one it had.
type Case struct {
	Claim      *Claim
	Visibility Clearance // of the claim itself
	Ends       Clearance // the higher of its ends
	Cited      []Cited
	Provenance Provenance
}

// Judge derives the claim and its citations (in the order of Case.Cited). Now
// and Check are left for the caller, who knows them.
func (k *Case) Judge(v *vocabulary.Vocabulary) (claim Derived, citations []Derived) {
	citations = make([]Derived, len(k.Cited))
	return k.judge(v, citations), citations
}

// judge is Judge, which is given where to put what it derives of the citations.
func (k *Case) judge(v *vocabulary.Vocabulary, citations []Derived) (claim Derived) {
	supported := Hidden
	for _, x := range k.Cited {
		if x.Citation.Stance == Supports {
			supported = min(supported, x.Visibility)
		}
	}
	claim.Visibility = max(k.Visibility, k.Ends, supported)
	claim.Key = OrderKey(k.Claim, 0, v)
	for i, x := range k.Cited {
		visibility := max(x.Visibility, claim.Visibility)
		weight := CitationWeight(x.Source.Reliability, x.Citation.Credibility)
		citations[i] = Derived{Visibility: visibility, Key: OrderKey(x.Citation, weight, v)}
	}
	for c := claim.Visibility; c < Hidden; c++ {
		level := &claim.Levels[c]
		if c > claim.Visibility && !k.showsMore(c, citations) {
			*level = claim.Levels[c-1]
			continue
		}
		for _, s := range k.Claim.Standing {
			if s.Citation == "" || k.shows(s.Citation, citations, c) {
				level.Standing = s.Standing
			}
		}
		for _, x := range k.Cited {
			if x.Visibility > c {
				continue
			}
			switch x.Citation.Stance {
			case Supports:
				level.Supports++
			case Disputes:
				level.Disputes++
			case Mentions:
				level.Mentions++
			}
		}
		strength, lineages := Weigh(k.Cited, k.Provenance, c)
		level.Strength, level.Lineages = uint16(strength), uint32(lineages) //nolint:gosec // 0 to 1000, and a count of citations
	}
	return claim
}

// shows says whether a clearance sees a citation.
func (k *Case) shows(id ID, citations []Derived, c Clearance) bool {
	for i, x := range k.Cited {
		if x.Citation.ID == id {
			return citations[i].Visibility <= c
		}
	}
	return false
}

// showsMore says whether a clearance sees anything of the claim that the one
// below it does not.
func (k *Case) showsMore(c Clearance, citations []Derived) bool {
	for i, x := range k.Cited {
		if x.Visibility == c || citations[i].Visibility == c {
			return true
		}
	}
	return k.Provenance.shows(c)
}

// AspectOf tells whether a claim of its kind is an event or a state. Statements
// are states.
func AspectOf(c *Claim, v *vocabulary.Vocabulary) edtf.Aspect {
	if c.Of == LinkRecord {
		if kind, ok := v.Link(c.Kind); ok && kind.Aspect == "EVENT" {
			return edtf.Event
		}
	}
	return edtf.State
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
