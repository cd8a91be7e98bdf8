// Package projection writes, into a store of its own, a log that holds nothing
// but what one clearance sees: for publication, for notebooks, and for those who
// read Neo4j directly, where no View stands between them and the data.
package projection

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store"
)

// ErrOther says that the target holds something else than a beginning of the
// projection.
var ErrOther = errors.New("the target is not a beginning of this projection")

// Options say what is projected.
type Options struct {
	From, To  store.Store
	Clearance evidence.Clearance
	Planner   *evidence.Planner // with the vocabulary that the source was written with
	// Scratch opens an empty store for the time of one run; Run closes it.
	Scratch func(context.Context) (store.Store, error)
	// Progress, where set, is told how many revisions of how many were read.
	Progress func(done, total uint64)
}

// Result is what a run came to.
type Result struct {
	Through evidence.Sequence // the source was read up to here
	Written int               // revisions added to the target
	Head    evidence.Head     // of the target, after
}

// Run brings the target up to the source. The projection follows from the
// source's log and the clearance alone, the same each time and to the byte, so
// that a run goes on where one before has ended. What a clearance that was raised
// since, or an erasure, has hidden is left out of the past too: a target that
// already holds it is ErrOther, and to be made anew, since a log forgets nothing.
//
// It reads the source's log twice, and the versions of entities with secret names,
// and keeps in memory the ids that the target shows.
func Run(ctx context.Context, o Options) (Result, error) { return run(ctx, &projector{Options: o}) }

func run(ctx context.Context, p *projector) (Result, error) {
	var result Result
	o := p.Options
	head, err := o.From.Head(ctx)
	if err != nil {
		return result, fmt.Errorf("reading the source: %w", err)
	}
	result.Through = head.Sequence
	scratch, err := o.Scratch(ctx)
	if err != nil {
		return result, err
	}
	defer scratch.Close() //nolint:errcheck // it is thrown away
	p.scratch, p.through = scratch, head.Sequence
	if err := p.learn(ctx); err != nil {
		return result, err
	}
	err = replay.Into(ctx, o.To, o.Planner, func(yield func(*evidence.Revision, error) bool) {
		for r, err := range p.rest(ctx) {
			if err == nil {
				result.Written++
			}
			if !yield(r, err) {
				return
			}
		}
	})
	if err != nil {
		return result, err
	}
	result.Head, err = o.To.Head(ctx)
	return result, err
}

// rest yields the revisions that the target does not have yet, after comparing
// those that it has.
func (p *projector) rest(ctx context.Context) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		there, err := p.existing(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(there) > 0 {
			p.first = there[0]
		}
		other := func(at int) error {
			if !p.projected {
				return fmt.Errorf("%w: it is no projection; leave it as it is, and project into an empty store", ErrOther)
			}
			return fmt.Errorf("%w: its revision %d is another; it is the projection of another store or for another clearance, or it shows what the clearance %s does not see any more: project into an empty store, and in the latter case destroy this one", ErrOther, at+1, p.Clearance)
		}
		n := 0
		for r, err := range p.revisions(ctx) {
			if err == nil && n < len(there) {
				if there[n] != r.Hash {
					err = other(n)
				} else {
					n++
					continue
				}
			}
			n++
			if !yield(r, err) || err != nil {
				return
			}
		}
		if n < len(there) {
			yield(nil, other(n))
		}
	}
}
