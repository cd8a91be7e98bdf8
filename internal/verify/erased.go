package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// erased is what the tombstones of a log say was erased from it.
type erased struct {
	// last is the newest erasure; 0 where there is none.
	last evidence.Sequence
	// struck has, for each leaf that was erased, what was left of it by the newest
	// erasure that struck it.
	struck map[leaf]ledger.Hash
	// numbering hashes the numbers of revisions as they are read.
	numbering *evidence.Numbering
}

type leaf struct {
	sequence evidence.Sequence
	index    int
}

// tombstones reads those of the revisions after one before anything else: what
// they tell of comes before them in the log. It also notes how far the log goes
// now, and says whether it found any.
func (v *verifier) tombstones(ctx context.Context, after evidence.Sequence) (found bool, err error) {
	for r, err := range v.store.Log(ctx, after) {
		if isOutside(ctx, err) {
			return false, err
		}
		if err != nil {
			v.until = math.MaxUint64
			return found, nil //nolint:nilerr // what does not read is told of when the log is replayed
		}
		v.until = r.Sequence()
		e, err := r.Erasure()
		if err != nil || e == nil {
			continue // as above
		}
		found, v.erased.last = true, r.Sequence()
		for _, x := range e.Struck {
			v.erased.struck[leaf{x.Sequence, x.Leaf}] = x.Rest
		}
	}
	return found, nil
}

// check compares a revision with the tombstones, in the order of the log.
func (e *erased) check(r *evidence.Revision) []string {
	var faults []string
	for i, l := range r.Leaves {
		rest, struck := e.struck[leaf{r.Sequence(), i}]
		switch {
		case l.Erased && !struck:
			faults = append(faults, fmt.Sprintf("leaf %d of revision %d is erased, and no revision says when and on what ground: someone has destroyed it by hand; restore it from a copy of the log", i, r.Sequence()))
		case l.Erased && l.Rest.Commitment() != rest:
			faults = append(faults, fmt.Sprintf("what an erasure left of leaf %d of revision %d is not what its tombstone says; restore it from a copy of the log that was made since", i, r.Sequence()))
		case !l.Erased && struck:
			faults = append(faults, fmt.Sprintf("leaf %d of revision %d was erased by a later revision and is there again; erase it again, and the store it came from", i, r.Sequence()))
		}
	}
	if tombstone, err := r.Erasure(); err == nil && tombstone != nil && tombstone.Numbering != e.numbering.Sum() {
		faults = append(faults, fmt.Sprintf("the numbers of revisions before the erasure of revision %d are not those that it found; restore them from a copy of the log", r.Sequence()))
	}
	e.numbering.Add(r)
	return faults
}
