// Package verify checks a store against its own log: that the chain of hashes
// holds, and that every stored record, derived value, counter and search token
// is what the log says it must be. It finds a byte that was changed anywhere,
// by whatever hand, and says where.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store"
)

// Options say what else is checked.
type Options struct {
	// Head is a head hash that was kept elsewhere; the log must have it. The log
	// may have grown since.
	Head *ledger.Hash
	// MaxFaults ends the search after so many faults; 0 looks for all.
	MaxFaults int
	// Progress, where set, is told of each step and how far it has come; a total
	// of 0 is not known.
	Progress func(step string, done, total uint64)
}

// Report is what a verification found.
type Report struct {
	Head evidence.Head
	Rows uint64 // stored things that were compared
	// Faults are sentences, each naming what is at fault; empty means that all is
	// as the log says.
	Faults []string
	// Cut says that there may be more faults than were looked for.
	Cut bool
}

func (r *Report) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// errEnough ends a search that has found as many faults as were asked for.
var errEnough = errors.New("enough faults")

// ErrWritten says that a store could not be verified, since it was written to all
// the time.
var ErrWritten = errors.New("the store was written to all the time while it was verified, so what differs from its log may only have been on its way; verify it when nobody writes")

// Run verifies a store, which others may write to meanwhile: a store.Still as it is
// now, and of another what the log has said of each thing at some moment since. The
// fresh store is empty and thrown away after: the log is replayed into it. The
// planner must have the vocabulary that the store was written with. The error is
// for what keeps the store from being verified, such as store.ErrUnavailable or
// ErrWritten; what is wrong with the store is in the report.
func Run(ctx context.Context, st, fresh store.Store, p *evidence.Planner, o Options) (*Report, error) {
	v := &verifier{store: st, fresh: fresh, planner: p, options: o, report: &Report{}}
	err := v.still(ctx, st)
	if err != nil {
		return nil, err
	}
	return v.report, nil
}

// still runs the verification on one state of the store, where it can give one.
func (v *verifier) still(ctx context.Context, st store.Store) error {
	still, ok := st.(store.Still)
	if !ok {
		return v.run(ctx)
	}
	looked := false
	err := still.Still(ctx, func(state store.State) error {
		looked, v.store = true, state
		return v.run(ctx)
	})
	if err == nil || looked || isOutside(ctx, err) {
		return err
	}
	v.report.Cut = true
	v.report.fault("the store does not read: %v", err)
	return nil
}

func (v *verifier) run(ctx context.Context) error {
	head, err := v.store.Head(ctx)
	switch {
	case isOutside(ctx, err):
		return err
	case err != nil:
		v.report.fault("the head of the log cannot be read: %v", err)
	}
	v.report.Head = head
	v.erased = erased{struck: map[leaf]ledger.Hash{}, numbering: evidence.NewNumbering()}
	if _, err := v.tombstones(ctx, 0); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{v.log, v.records} {
		if err := step(ctx); errors.Is(err, errEnough) {
			v.report.Cut = true
			break
		} else if err != nil {
			return err
		}
	}
	if len(v.report.Faults) == 0 {
		return nil
	}
	// An erasure changes revisions that were written long before, and so may be what
	// seemed to be wrong with them.
	if erased, err := v.tombstones(ctx, v.last.Sequence); err != nil || erased {
		return cmp.Or(err, ErrWritten)
	}
	return nil
}

// isOutside says whether an error tells nothing of the content of the store.
func isOutside(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed))
}

type verifier struct {
	store      store.State
	fresh      store.Store
	planner    *evidence.Planner
	options    Options
	report     *Report
	chain      ledger.Chain
	pinned     ledger.Hash
	pinSeen    bool
	until      evidence.Sequence // what was written later is not read
	read       evidence.Sequence // revisions read
	last       evidence.Head     // as the revision read last says it
	stood      evidence.Head     // as the revision says it that was the head at first
	replayed   ledger.Header     // of the revision replayed last
	broken     bool              // the chain of hashes does not hold
	erased     erased
	unreplayed bool           // the fresh store does not have the whole log
	differing  []differingRow // as one comparison of the rows found them
}

func (v *verifier) fault(format string, args ...any) error {
	v.report.fault(format, args...)
	return v.enough()
}

func (v *verifier) enough() error {
	if most := v.options.MaxFaults; most > 0 && len(v.report.Faults)+len(v.differing) >= most {
		return errEnough
	}
	return nil
}

func (v *verifier) progress(step string, done, total uint64) {
	if v.options.Progress != nil {
		v.options.Progress(step, done, total)
	}
}

// log checks the chain and replays it into the fresh store.
func (v *verifier) log(ctx context.Context) error {
	if v.options.Head != nil {
		v.pinned = *v.options.Head
	}
	if err := v.replay(ctx); err != nil {
		return err
	}
	return v.end(ctx)
}

// replay reads what was not yet read of the log, up to v.until.
func (v *verifier) replay(ctx context.Context) error {
	var stop error // what ended the search inside a load
	planner := *v.planner
	planner.Counted = v.erased.last // what was erased cannot be counted any more; see erased.numbering
	err := replay.Into(ctx, v.fresh, &planner, func(yield func(*evidence.Revision, error) bool) {
		for r, err := range v.checked(ctx, v.last.Sequence) {
			if err != nil {
				stop = err
				return
			}
			if !yield(v.chained(r), nil) {
				return
			}
		}
	})
	switch {
	case stop != nil:
		return stop
	case isOutside(ctx, err):
		return err
	case err != nil:
		v.unreplayed = true
		if err := v.fault("revision %d cannot be replayed, so the stored records were not compared with the log: %v", v.read, err); err != nil {
			return err
		}
		for _, err := range v.checked(ctx, v.last.Sequence) { // the rest of the chain
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// checked yields the revisions after a sequence and tells of each that is not
// whole. Its errors end the search.
func (v *verifier) checked(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		for r, err := range v.store.Log(ctx, after) {
			if isOutside(ctx, err) {
				yield(nil, err)
				return
			}
			if err != nil {
				v.broken, v.unreplayed = true, true
				if err := v.fault("revision %d does not read, so neither it nor what comes after it was verified: %v", v.read+1, err); err != nil {
					yield(nil, err)
				}
				return
			}
			if r.Sequence() > v.until {
				return
			}
			v.read++
			if v.last = r.Head(); v.last.Sequence == v.report.Head.Sequence {
				v.stood = v.last
			}
			for _, told := range v.erased.check(r) {
				if err := v.fault("%s", told); err != nil {
					yield(nil, err)
					return
				}
			}
			v.pinSeen = v.pinSeen || r.Hash == v.pinned && r.Header.Hash() == v.pinned
			if err := v.chain.AppendRecorded(r.Header, r.Hash, r.Leaves); err != nil {
				v.broken = true
				v.chain = *ledger.Resume(r.Header)
				if err := v.fault("%v", err); err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(r, nil) {
				return
			}
			v.progress("replaying the log", uint64(v.read), uint64(v.report.Head.Sequence))
		}
	}
}

// chained is the revision as it is replayed. A log whose chain is broken is
// chained anew in the fresh store, so that what comes after the break is looked
// at too.
func (v *verifier) chained(r *evidence.Revision) *evidence.Revision {
	again := *r
	again.Header.Sequence, again.Header.Previous = v.replayed.Sequence+1, v.replayed.Hash()
	if v.replayed.Sequence == 0 {
		again.Header.Previous = ledger.Hash{}
	}
	v.replayed = again.Header
	return &again
}

// end checks that the log ends where the store says, with the hash kept elsewhere
// in it.
func (v *verifier) end(ctx context.Context) error {
	if v.options.Head != nil && !v.pinSeen {
		if err := v.fault("no revision has the head hash %s that was kept elsewhere: the log was rewritten or cut short, or the hash is of another log", v.pinned); err != nil {
			return err
		}
	}
	if v.unreplayed {
		return nil // not all of it was read
	}
	head, last := v.report.Head, v.last
	if v.read > head.Sequence { // either it was written to since, and the store says so, or the head is wrong
		now, err := v.store.Head(ctx)
		if isOutside(ctx, err) {
			return err
		}
		if err != nil || now.Sequence < v.read {
			return v.fault("the store says that its log ends with revision %d, but it has %d", head.Sequence, v.read)
		}
		last, v.report.Head = v.stood, v.last
	}
	switch {
	case v.read < head.Sequence:
		return v.fault("the store says that its log ends with revision %d, but it has %d", head.Sequence, v.read)
	case last.Hash != head.Hash:
		return v.fault("the store says that the head hash is %s, but revision %d, the last of its log, has %s", head.Hash, last.Sequence, last.Hash)
	case !last.Time.Equal(head.Time) || last.Latest != head.Latest:
		return v.fault("the store says that its log ends at %s with the numbers %v, but revision %d, the last of it, says %s and %v",
			head.Time.Format(time.RFC3339Nano), head.Latest, last.Sequence, last.Time.Format(time.RFC3339Nano), last.Latest)
	}
	return nil
}
