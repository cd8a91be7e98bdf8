package ledger

import (
	"fmt"
	"time"
)

// Reason is what is wrong with a revision. It is an error, so that errors.Is
// finds it in a Fault.
type Reason string //nolint:errname // It is the reason inside a Fault, not an error handed out alone.

// The reasons, each worded to follow the place of the fault.
const (
	ErrSequenceBroken    Reason = "the revision does not carry the next number; one is missing, repeated or renumbered"
	ErrPreviousChanged   Reason = "the hash of the revision before it is not the one it recorded; this revision or the one before was changed"
	ErrTimeInexact       Reason = "the time is not in whole microseconds within range, so its hash would not cover it; cut it to the microsecond"
	ErrLeafCountChanged  Reason = "the number of leaves is not the recorded one; a leaf was added or removed"
	ErrLeafChanged       Reason = "the content, its salt or its commitment was changed"
	ErrErasureIncomplete Reason = "it is erased in half: marked as erased and yet with content or a salt, or not marked and yet with what an erasure leaves; erase it again, or clear the mark"
	ErrRootChanged       Reason = "the commitments do not add up to the recorded root; a commitment, their order or the root was changed"
	ErrHashChanged       Reason = "the header does not have the recorded hash; the number, time or root of the revision was changed, or the hash"
)

// Error returns the reason in words.
func (r Reason) Error() string { return string(r) }

// Fault says where a chain is broken and how.
type Fault struct { //nolint:errname // The design calls what verify finds a fault.
	// Sequence is the number of the revision at fault, counted by its place in
	// the chain, whatever number it claims.
	Sequence uint64
	// Leaf is the index of the leaf at fault, -1 if it is the header or no
	// single leaf.
	Leaf int
	// Reason is what is wrong.
	Reason Reason
	// Want and Got are the two hashes that differ, zero where the reason is
	// about something else.
	Want, Got Hash
}

// Error names the revision, the leaf and what is wrong.
func (f *Fault) Error() string {
	where := fmt.Sprintf("revision %d", f.Sequence)
	if f.Leaf >= 0 {
		where += fmt.Sprintf(", leaf %d", f.Leaf)
	}
	s := where + ": " + string(f.Reason)
	if f.Want != f.Got {
		s += fmt.Sprintf(" (expected %s, found %s)", f.Want, f.Got)
	}
	return s + ". Compare it with another copy of the log or a backup"
}

// Unwrap returns the Reason.
func (f *Fault) Unwrap() error { return f.Reason }

// Chain verifies revisions one after another. The zero Chain is empty and
// expects revision 1. It is not safe for concurrent use.
type Chain struct {
	sequence uint64
	head     Hash
}

// Resume returns a chain that goes on after a header. The header is trusted: to
// verify a whole log, begin with the zero Chain. It also serves to go on looking
// for further faults after one was found.
func Resume(last Header) *Chain {
	return &Chain{sequence: last.Sequence, head: last.Hash()}
}

// Head returns the hash of the last header appended, zero while there is none.
func (c *Chain) Head() Hash { return c.head }

// AppendRecorded verifies that a revision follows the last one, is whole and has
// the hash that is stored with it, and then makes it the head. If it is not so, the
// error is a *Fault and the chain stays as it was.
func (c *Chain) AppendRecorded(h Header, recorded Hash, leaves []Leaf) error {
	fault := func(leaf int, r Reason, want, got Hash) error {
		return &Fault{Sequence: c.sequence + 1, Leaf: leaf, Reason: r, Want: want, Got: got}
	}
	if h.Sequence != c.sequence+1 {
		return fault(-1, ErrSequenceBroken, Hash{}, Hash{})
	}
	if h.Previous != c.head {
		return fault(-1, ErrPreviousChanged, h.Previous, c.head)
	}
	if !time.UnixMicro(h.Time.UnixMicro()).Equal(h.Time) {
		return fault(-1, ErrTimeInexact, Hash{}, Hash{})
	}
	// Leaves come before the root, so that the leaf itself is named.
	var t Tree
	for _, l := range leaves {
		switch r, got := l.check(); r {
		case "":
		case ErrLeafChanged:
			return fault(t.Len(), r, l.Commitment, got)
		default:
			return fault(t.Len(), r, Hash{}, Hash{})
		}
		t.Add(l.Commitment)
	}
	if uint64(t.Len()) != uint64(h.Leaves) {
		return fault(-1, ErrLeafCountChanged, Hash{}, Hash{})
	}
	if root := t.Root(); root != h.Root {
		return fault(-1, ErrRootChanged, h.Root, root)
	}
	hash := h.Hash()
	if recorded != hash {
		return fault(-1, ErrHashChanged, recorded, hash)
	}
	c.sequence, c.head = h.Sequence, hash
	return nil
}
