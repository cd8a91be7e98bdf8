package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// Erasure is the tombstone of a legal erasure: what the log keeps of it, in the
// one outcome of the revision that erases, whose reason is the ground. It names
// no record that it erased and holds nothing of what they said.
type Erasure struct {
	// Number counts the erasures of a log from 1.
	Number int `json:"number"`
	// Visible is the lowest clearance that saw something of what was erased, and
	// so sees the revision.
	Visible Clearance `json:"visible,omitempty"`
	// Records counts what was erased, by type.
	Records map[string]int `json:"records,omitempty"`
	// Salt keys the hashes of Barred.
	Salt [16]byte `json:"salt"`
	// Barred are HMACs of the ids and contents that are not to be recorded again, each
	// with the lowest clearance that saw what it is of, both then and last; sorted. An
	// author below that clearance is not barred: a refusal would tell them that it was
	// there.
	Barred []ledger.Hash `json:"barred,omitempty"`
	// Struck are the leaves whose content was destroyed, in the order of the log.
	Struck []Struck `json:"struck"`
	// Numbering is the hash of the numbers of all revisions before this one: they
	// stay as they were, and cannot be counted anew from what is left.
	Numbering ledger.Hash `json:"numbering"`
}

// Struck names a leaf that an erasure destroyed.
type Struck struct {
	Sequence Sequence `json:"sequence"`
	Leaf     int      `json:"leaf"` // index in the revision
	// Rest is the commitment of what was left of the leaf; zero for nothing.
	Rest ledger.Hash `json:"rest"`
	// Visible is the lowest clearance that saw something of what the leaf lost, both at
	// the time and last; PUBLIC also in tombstones from before this was written down.
	Visible Clearance `json:"visible,omitempty"`
}

// tombstone is an erasure with the revision that holds it.
type tombstone struct {
	*Erasure
	rev *Revision
}

// tombstones reads those of all erasures, the first one first.
func tombstones(ctx context.Context, snap Snapshot) ([]tombstone, error) {
	var found []tombstone
	for number := 1; ; number++ {
		rev, err := snap.Revision(ctx, RevisionRef{Key: erasureKey(number)})
		if errors.Is(err, ErrNotFound) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		erasure, err := rev.Erasure()
		if err == nil && erasure == nil {
			err = fmt.Errorf("the revision at sequence %d has the key of an erasure and is none; run `vinculo verify`", rev.Sequence())
		}
		if err != nil {
			return nil, err
		}
		found = append(found, tombstone{erasure, rev})
	}
}

// sawErased gives the leaves of a revision of which who is cleared for c could see
// something of what erasures took. For others a leaf is what is left of it.
func sawErased(erasures []tombstone, c Clearance, at Sequence) map[int]bool {
	saw := map[int]bool{}
	for _, e := range erasures {
		for _, s := range e.Struck {
			if s.Sequence == at && max(s.Visible, e.Visible) <= c {
				saw[s.Leaf] = true
			}
		}
	}
	return saw
}

// Erasing is what a store destroys with a commit, in the same atomic step, after
// the transitions.
type Erasing struct {
	// Gone are the records of which nothing stays: no version, no place in a list,
	// no counter, no word. Sorted.
	Gone []ID
	// Rewritten are versions of records that stay, as they are to read: what they
	// said of records that are gone was struck. Only Content and From are set, and
	// From says which version it is.
	Rewritten []*Record
	// Revisions are to stand in the log in place of those with their sequence:
	// other leaves and Key, all else the same.
	Revisions []*Revision
	// Captures are the SHA-256 of captures and texts that sources which are gone
	// had; those that no other source has can be deleted.
	Captures []string
}

// Erasure is the tombstone that a revision holds; nil for most.
func (r *Revision) Erasure() (*Erasure, error) {
	outcomes, err := r.Outcomes()
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		if outcomes[i].Erasure != nil {
			return outcomes[i].Erasure, nil
		}
	}
	return nil, nil //nolint:nilnil // a revision without an erasure is no error
}

// erasureKey is the Revision.Key of an erasure, by which the next plan finds it.
// No client can have chosen it: theirs are hashes.
func erasureKey(number int) string { return "erasure " + strconv.Itoa(number) }

// Numbering hashes the numbers of the revisions of a log.
type Numbering struct{ sum hash.Hash }

// NewNumbering begins before the first revision.
func NewNumbering() *Numbering { return &Numbering{sum: sha256.New()} }

// Add takes in the next revision.
func (n *Numbering) Add(r *Revision) {
	var numbers []byte
	for c := range r.Numbers {
		numbers = binary.BigEndian.AppendUint64(numbers, r.Numbers[c])
		numbers = binary.BigEndian.AppendUint64(numbers, r.Latest[c])
	}
	_, _ = n.sum.Write(numbers) // a hash never fails
}

// Sum is the hash of the revisions so far.
func (n *Numbering) Sum() ledger.Hash { return ledger.Hash(n.sum.Sum(nil)) }

// Redact gives a content without what it says of records that are gone, and
// whether it said anything. Ends, and the claim and source of a citation, are
// not among it: what depends on those is gone itself. It is not asked of "".
func Redact(content Content, gone func(ID) bool) (Content, bool) {
	isGone := func(id ID) bool { return id != "" && gone(id) }
	switch old := content.(type) {
	case *Entity:
		if !slices.ContainsFunc(old.Names, func(n Name) bool { return slices.ContainsFunc(n.Sources, isGone) }) {
			return content, false
		}
		e := *old
		e.Names = slices.Clone(old.Names)
		for i := range e.Names {
			e.Names[i].Sources = without(e.Names[i].Sources, isGone)
		}
		return &e, true
	case *Source:
		if !slices.ContainsFunc(old.DerivedFrom, isGone) {
			return content, false
		}
		s := *old
		s.DerivedFrom = without(old.DerivedFrom, isGone)
		return &s, true
	case *Claim:
		shown := func(s StandingChange) bool { return isGone(s.Citation) }
		if !isGone(old.About) && !slices.ContainsFunc(old.Standing, shown) {
			return content, false
		}
		c := *old
		if isGone(c.About) {
			c.About = ""
		}
		c.Standing = without(old.Standing, shown)
		return &c, true
	case *Citation:
		if !isGone(old.AsserterEntity) {
			return content, false
		}
		c := *old
		c.AsserterEntity = ""
		return &c, true
	}
	return content, false
}

// without gives what is left of a list; nil where nothing is.
func without[T any](list []T, gone func(T) bool) []T {
	var left []T
	for _, v := range list {
		if !gone(v) {
			left = append(left, v)
		}
	}
	return left
}

// MarshalJSON keeps the salt readable.
func (e Erasure) MarshalJSON() ([]byte, error) {
	type plain Erasure
	return json.Marshal(struct {
		plain
		Salt []byte `json:"salt"`
	}{plain(e), e.Salt[:]})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Erasure) UnmarshalJSON(data []byte) error {
	type plain Erasure
	var read struct {
		plain
		Salt []byte `json:"salt"`
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*e = Erasure(read.plain)
	if len(read.Salt) != len(e.Salt) {
		return fmt.Errorf("the salt of an erasure has %d bytes; it should have %d", len(read.Salt), len(e.Salt))
	}
	copy(e.Salt[:], read.Salt)
	return nil
}
