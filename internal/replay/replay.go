// Package replay carries the log of one store into another. Whatever is derived
// is computed anew there, so that a copy answers as the original does.
package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
)

// Errors that a copy ends with before anything was written.
var (
	// ErrOtherLog says that the target's log is not a beginning of the source's.
	ErrOtherLog = errors.New("the target has a log of its own")
	// ErrDamaged says that the source's log does not hold together.
	ErrDamaged = errors.New("the source's log is damaged")
)

// Into appends logged revisions to a store, in bulk where the store can. Each
// must follow the one before it; see evidence.Planner.Replay.
func Into(ctx context.Context, to store.Store, p *evidence.Planner, log iter.Seq2[*evidence.Revision, error]) error {
	planner := *p
	planner.CascadeLimit = math.MaxInt32 // what was once allowed is not asked again
	p = &planner
	if bulk, ok := to.(store.BulkLoader); ok {
		return bulk.Load(ctx, log, p.Replay)
	}
	for r, err := range log {
		if err != nil {
			return err
		}
		if _, err := to.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return p.Replay(ctx, snap, r)
		}); err != nil {
			return err
		}
	}
	return nil
}

// Result is what a copy came to.
type Result struct {
	// Resumed is where the target's log stood before; 0 for an empty one.
	Resumed evidence.Sequence
	Head    evidence.Head // of the target, after
}

// Copy brings the target to the head that the source has when it begins. A target
// that has a beginning of the same log is gone on with; one with a log of its own
// is left as it is and the error is ErrOtherLog, and so is one that still holds what
// was erased from the source since, with evidence.Faults of CONFLICT. Each revision
// is verified before it is written: ErrDamaged ends the copy in front of the first
// that is not whole. Progress, where set, is told how many revisions of how many are there.
func Copy(ctx context.Context, from, to store.Store, p *evidence.Planner, progress func(done, total uint64)) (Result, error) {
	var result Result
	source, err := from.Head(ctx)
	if err != nil {
		return result, fmt.Errorf("reading the source: %w", err)
	}
	target, err := to.Head(ctx)
	if err != nil {
		return result, fmt.Errorf("reading the target: %w", err)
	}
	result.Resumed, result.Head = target.Sequence, target
	chain, err := joint(ctx, from, source, target)
	if err != nil {
		return result, err
	}
	if err := refuseErased(ctx, from, to, source.Sequence, target.Sequence); err != nil {
		return result, err
	}
	counted := *p
	counted.Counted = math.MaxUint64 // a copy is numbered as the original is
	p = &counted
	log := func(yield func(*evidence.Revision, error) bool) {
		for r, err := range from.Log(ctx, target.Sequence) {
			if err == nil && r.Sequence() > source.Sequence {
				return // it may be an erasure, of which the target was not asked
			}
			if err == nil {
				err = chain.AppendRecorded(r.Header, r.Hash, r.Leaves)
				if err != nil {
					err = fmt.Errorf("%w: %w; run `vinculo verify` on it", ErrDamaged, err)
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
			if progress != nil {
				progress(uint64(r.Sequence()), uint64(source.Sequence))
			}
		}
	}
	if err := Into(ctx, to, p, log); err != nil {
		return result, err
	}
	result.Head, err = to.Head(ctx)
	if err == nil && result.Head.Hash != chain.Head() {
		return result, fmt.Errorf("the target ends at %s and not at %s: someone else wrote to it meanwhile", result.Head.Hash, chain.Head())
	}
	return result, err
}

// joint finds the target's head in the source's log and gives a chain that goes
// on from there.
func joint(ctx context.Context, from store.Store, source, target evidence.Head) (*ledger.Chain, error) {
	if target.Sequence == 0 {
		return &ledger.Chain{}, nil
	}
	if target.Sequence <= source.Sequence {
		for r, err := range from.Log(ctx, target.Sequence-1) {
			if err != nil {
				return nil, fmt.Errorf("reading the source: %w", err)
			}
			if r.Hash == target.Hash && r.Header.Hash() == target.Hash {
				return ledger.Resume(r.Header), nil
			}
			break
		}
	}
	return nil, fmt.Errorf("%w: it stands at revision %d with head %s, which is not in the source's log of %d revisions; copy into an empty store", ErrOtherLog, target.Sequence, target.Hash, source.Sequence)
}

// refuseErased refuses a target that still holds what an erasure struck from the
// source after the target's head. Only then is the target's log read, from the first
// revision on that lost something. An erasure may strike what is left of a leaf by an
// earlier one, so that it is not enough that the target's is struck: what is left of
// it must be the same.
func refuseErased(ctx context.Context, from, to store.Store, source, target evidence.Sequence) error {
	first, err := firstStruck(ctx, from, source, target)
	if err != nil || first > target {
		return err
	}
	next, stop := iter.Pull2(from.Log(ctx, first-1))
	defer stop()
	for copied, err := range to.Log(ctx, first-1) {
		if err != nil {
			return fmt.Errorf("reading the target: %w", err)
		}
		original, err, more := next()
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		if !more || !slices.EqualFunc(copied.Leaves, original.Leaves, sameLeft) {
			return evidence.Faulty(evidence.Conflict, "", "the copy still holds, from sequence %d on, what was erased from the original since; copy into an empty store and destroy this one", copied.Sequence())
		}
	}
	return nil
}

// firstStruck is the first revision up to the target's head that lost something to an
// erasure after it; evidence.Open where none did.
func firstStruck(ctx context.Context, from store.Store, source, target evidence.Sequence) (evidence.Sequence, error) {
	first := evidence.Open
	if target == 0 {
		return first, nil
	}
	for r, err := range from.Log(ctx, target) {
		if err != nil {
			return first, fmt.Errorf("reading the source: %w", err)
		}
		erasure, err := r.Erasure()
		if err != nil || r.Sequence() > source {
			break // the copy ends in front of what does not read, and says why
		}
		if erasure == nil {
			continue
		}
		for _, s := range erasure.Struck {
			first = min(first, s.Sequence)
		}
	}
	return first, nil
}

// sameLeft says whether erasures left the same of two leaves that are committed to alike.
func sameLeft(a, b ledger.Leaf) bool {
	return a.Erased == b.Erased && a.Rest.Commitment() == b.Rest.Commitment()
}
