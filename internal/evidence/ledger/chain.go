package ledger

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
)

// Reason is what is wrong with a revision. It is an error, so that errors.Is
// finds it in a Fault.
type Reason string //nolint:errname // It is the reason inside a Fault, not an error handed out alone.

// The reasons, each worded to follow the place of the fault.
const (
	ErrSequenceBroken    Reason = "the revision does not carry the next number; one is missing, repeated or renumbered"
	ErrPreviousChanged   Reason = "the hash of the revision before it is not the one it recorded; this revision or the one before was changed"
	ErrTimeInexact       Reason = "the time is not in whole microseconds within range, so its hash would not cover it; use Instant"
	ErrLeafCountChanged  Reason = "the number of leaves is not the recorded one; a leaf was added or removed"
	ErrLeafChanged       Reason = "the content, its salt or its commitment was changed"
	ErrErasureIncomplete Reason = "it is erased in half: marked as erased and yet with content or a salt, or not marked and yet with what an erasure leaves; erase it again, or clear the mark"
	ErrRootChanged       Reason = "the commitments do not add up to the recorded root; a commitment, their order or the root was changed"
	ErrHashChanged       Reason = "the header does not have the recorded hash; the number, time or root of the revision was changed, or the hash"
	ErrHeadMissing       Reason = "no revision has the hash that was kept elsewhere; the log was rewritten or cut short, or the hash is of another log"
	ErrTooManyLeaves     Reason = "a revision has more leaves than can be counted (4294967295); split it"
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
	if f.Reason == ErrHeadMissing {
		where = fmt.Sprintf("log up to revision %d", f.Sequence)
	} else if f.Leaf >= 0 {
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
	time     time.Time
	pins     []Hash
}

// Resume returns a chain that goes on after a header. The header is trusted: to
// verify a whole log, begin with the zero Chain. It also serves to go on looking
// for further faults after one was found.
func Resume(last Header) *Chain {
	return &Chain{sequence: last.Sequence, head: last.Hash(), time: last.Time}
}

// Head returns the hash of the last header appended, zero while there is none.
func (c *Chain) Head() Hash { return c.head }

// Sequence returns the number of the last header appended, 0 while there is none.
func (c *Chain) Sequence() uint64 { return c.sequence }

// Next returns the header that Append accepts next for these leaves. The time
// is cut to the microsecond and never before that of the revision before, even
// if the clock was set back, so that time orders revisions as Sequence does.
func (c *Chain) Next(now time.Time, leaves []Leaf) (Header, error) {
	if uint64(len(leaves)) > math.MaxUint32 {
		return Header{}, &Fault{Sequence: c.sequence + 1, Leaf: -1, Reason: ErrTooManyLeaves}
	}
	now = Instant(now)
	if c.sequence > 0 && now.Before(c.time) {
		now = Instant(c.time)
	}
	return Header{Sequence: c.sequence + 1, Previous: c.head, Time: now, Leaves: uint32(len(leaves)), Root: Root(leaves)}, nil
}

// Append verifies that a revision follows the last one and is whole, and then
// makes it the head. If it is not, the error is a *Fault and the chain stays as
// it was.
//
// A change in a header shows only against the next revision or a hash kept
// elsewhere: use AppendRecorded where the hash of each revision is stored, and
// Pin for the last one.
func (c *Chain) Append(h Header, leaves []Leaf) error {
	return c.append(h, nil, each(leaves))
}

// AppendRecorded is Append for a revision stored with its own hash: the header
// must have it too, so that a change in a header is found in that very revision.
func (c *Chain) AppendRecorded(h Header, recorded Hash, leaves []Leaf) error {
	return c.append(h, &recorded, each(leaves))
}

// AppendStream is AppendRecorded for leaves that are read as they are verified,
// for revisions too large to hold. An error from the reader ends it and is
// returned wrapped; it is no Fault.
func (c *Chain) AppendStream(h Header, recorded Hash, leaves iter.Seq2[Leaf, error]) error {
	return c.append(h, &recorded, leaves)
}

func each(leaves []Leaf) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for _, l := range leaves {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (c *Chain) append(h Header, recorded *Hash, leaves iter.Seq2[Leaf, error]) error {
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
	for l, err := range leaves {
		if err != nil {
			return fmt.Errorf("reading leaf %d of revision %d: %w", t.Len(), h.Sequence, err)
		}
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
	if recorded != nil && *recorded != hash {
		return fault(-1, ErrHashChanged, *recorded, hash)
	}
	c.sequence, c.head, c.time = h.Sequence, hash, h.Time
	c.pins = slices.DeleteFunc(c.pins, func(p Hash) bool { return p == hash })
	return nil
}

// Pin notes a head hash that was kept outside the log. It must belong to a
// revision appended from now on, or to the present head; the log may have grown
// since it was kept.
func (c *Chain) Pin(head Hash) {
	if head != c.head && !slices.Contains(c.pins, head) {
		c.pins = append(c.pins, head)
	}
}

// CheckPins reports, after the last revision was appended, a Fault for the first
// pinned hash that no revision has.
func (c *Chain) CheckPins() error {
	if len(c.pins) == 0 {
		return nil
	}
	return &Fault{Sequence: c.sequence, Leaf: -1, Reason: ErrHeadMissing, Want: c.pins[0], Got: c.head}
}
