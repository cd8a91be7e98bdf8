// Package erasure carries out a legal erasure: the one way in which something
// leaves the graph and its log for good. See docs/erasure.md.
package erasure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Order is what is to be erased.
type Order struct {
	// Author is the administrator who erases.
	Author evidence.Author
	// Ground is the legal ground; it stays in the log, and so should name nobody.
	Ground string
	// IDs are the records; with each goes what cannot stand without it.
	IDs []evidence.ID
	// Revisions are those whose author and reason are erased, by their sequence in
	// the log.
	Revisions []evidence.Sequence
}

// Plan is what an order comes to, before anything is destroyed.
type Plan struct {
	// Gone are the records that go, by id.
	Gone map[evidence.ID]evidence.RecordType
	// Struck are the numbers, at CONFIDENTIAL, of the revisions that lose something,
	// if only a name in what they say of records that stay.
	Struck []uint64

	order   Order
	store   store.Store
	planner *evidence.Planner
	losses  map[uint64]loss // by the numbers of Struck
	eraser  *evidence.Eraser
	kept    map[string]bool // hashes of captures that sources have which stay
}

// loss is what a revision loses.
type loss struct {
	at  evidence.Sequence
	who bool          // its author and reason
	of  []evidence.ID // the records that are gone of which it told, or that were sent again in it
}

// Result is what was done.
type Result struct {
	Revision *evidence.Revision // the tombstone
	Records  map[string]int     // erased records by type
	// Captures are the hashes of captures and texts that sources had which are
	// gone, and that no source has any more.
	Captures []string
}

// attempts is how often the log is read again when others write meanwhile.
const attempts = 5

// Prepare finds in the log what an order takes with it. The error is
// evidence.Faults with UNKNOWN_ID for what the log does not have.
func Prepare(ctx context.Context, st store.Store, p *evidence.Planner, o Order) (*Plan, error) {
	if err := evidence.CheckErasure(o.Author, o.Ground); err != nil {
		return nil, err
	}
	if len(o.IDs)+len(o.Revisions) == 0 {
		return nil, evidence.Faulty(evidence.InvalidInput, "ids", "nothing is named; give the ids of records, or --revision for an author and reason")
	}
	reach := evidence.NewReach(o.IDs)
	follow := func() error { return each(ctx, st, reach.Follow) }
	if err := follow(); err != nil {
		return nil, err
	}
	var unknown evidence.Faults
	for _, id := range o.IDs {
		if reach.Gone[id] == 0 {
			unknown = append(unknown, evidence.Fault{Code: evidence.UnknownID, Path: "ids", Message: fmt.Sprintf("the log has no record %q; mend the id", id)})
		}
	}
	head, err := st.Head(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range o.Revisions {
		if s == 0 || s > head.Sequence {
			unknown = append(unknown, evidence.Fault{Code: evidence.UnknownID, Path: "revisions", Message: fmt.Sprintf("there is no revision %d; the log has %d", s, head.Sequence)})
		}
	}
	if len(unknown) > 0 {
		return nil, unknown
	}
	if err := each(ctx, st, reach.Weigh); err != nil {
		return nil, err
	}
	if reach.Settle() {
		if err := follow(); err != nil {
			return nil, err
		}
	}
	plan := &Plan{
		Gone: reach.Gone, order: o, store: st, planner: p, losses: map[uint64]loss{},
		eraser: evidence.NewEraser(reach.Gone, o.Revisions, p.NewSalt), kept: map[string]bool{},
	}
	return plan, each(ctx, st, plan.strikes)
}

// strikes has the eraser read a revision, and notes whether it loses something.
func (pl *Plan) strikes(r *evidence.Revision) error {
	if err := pl.eraser.Add(r); err != nil {
		return err
	}
	if of, lost := pl.eraser.Lost(r.Sequence()); lost {
		number := r.Numbers[evidence.Confidential]
		pl.Struck = append(pl.Struck, number)
		pl.losses[number] = loss{at: r.Sequence(), who: slices.Contains(pl.order.Revisions, r.Sequence()), of: of}
	}
	return pl.captures(r)
}

// Loses says whether the revision of a number, at CONFIDENTIAL, loses something that
// who was cleared for c saw just before it or just after it: more than it closed or
// kept without their knowledge. It is asked before Run.
func (pl *Plan) Loses(ctx context.Context, number uint64, c evidence.Clearance) (bool, error) {
	loses, struck := pl.losses[number]
	if !struck || loses.who || c == evidence.Confidential {
		return struck, nil
	}
	for _, at := range []evidence.Sequence{loses.at - 1, loses.at} {
		saw, err := pl.saw(ctx, evidence.View{Clearance: c, KnownAt: at}, loses.of)
		if saw || err != nil {
			return saw, err
		}
	}
	return false, nil
}

// saw says whether one of the records was seen at a moment.
func (pl *Plan) saw(ctx context.Context, view evidence.View, ids []evidence.ID) (saw bool, err error) {
	r, err := store.ReadUnraised(ctx, pl.store, view, pl.planner.Vocabulary)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for batch := range slices.Chunk(ids, store.MaxBatch) {
		seen, err := r.Get(ctx, batch)
		if err != nil || len(seen) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// Returned gives the ids of what was recorded again after an erasure of the same,
// sorted: an author who could not see what was erased is not kept from it, since
// a refusal would tell them that it was there. Who is cleared for everything
// looks here, and decides. What said the same before the erasure has not returned.
func Returned(ctx context.Context, st store.Store) ([]evidence.ID, error) {
	same, err := recorded(ctx, st, func(evidence.ID) bool { return false })
	if err != nil || len(same) == 0 {
		return nil, err
	}
	returned, err := recorded(ctx, st, func(id evidence.ID) bool { return same[id] })
	return slices.Sorted(maps.Keys(returned)), err
}

// recorded finds the records that were given, after an erasure, a content that it bars
// and that they did not have before; what one had before is told of those alone that
// are followed.
func recorded(ctx context.Context, st store.Store, follow func(evidence.ID) bool) (map[evidence.ID]bool, error) {
	var erasures []*evidence.Erasure
	before := map[evidence.ID]evidence.Content{}
	found := map[evidence.ID]bool{}
	err := each(ctx, st, func(r *evidence.Revision) error {
		outcomes, err := r.Outcomes()
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			if o.Erasure != nil {
				erasures = append(erasures, o.Erasure)
			}
			for _, e := range o.Effects {
				c := e.Content()
				if c == nil {
					continue
				}
				id := c.RecordID()
				if slices.ContainsFunc(erasures, func(x *evidence.Erasure) bool { return x.Bars(c, before[id]) }) {
					found[id] = true
				}
				if follow(id) {
					before[id] = c
				}
			}
		}
		return nil
	})
	return found, err
}

// Run erases: content in every version, list, index and leaf of the log, in one
// atomic step with the tombstone. What writers add to the erased records while
// it reads the log goes too. Afterwards the caller scrubs the store.
func Run(ctx context.Context, st store.Store, p *evidence.Planner, o Order) (*Result, error) {
	var err error
	for range attempts {
		var plan *Plan
		if plan, err = Prepare(ctx, st, p, o); err != nil {
			return nil, err
		}
		var result *Result
		if result, err = plan.carryOut(ctx, st); !errors.Is(err, evidence.ErrLogMoved) {
			return result, err
		}
	}
	return nil, fmt.Errorf("%w; stop the writers and try again", err)
}

func (pl *Plan) carryOut(ctx context.Context, st store.Store) (*Result, error) {
	commit, err := st.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return pl.planner.Erase(ctx, snap, pl.order.Author, pl.order.Ground, pl.eraser)
	})
	if err != nil {
		return nil, err
	}
	tombstone, err := commit.Revision.Erasure()
	if err != nil {
		return nil, err
	}
	shared := func(sha string) bool { return pl.kept[sha] }
	return &Result{
		Revision: commit.Revision, Records: tombstone.Records,
		Captures: slices.DeleteFunc(slices.Clone(commit.Erasing.Captures), shared),
	}, nil
}

// captures notes the captures that sources have which stay.
func (pl *Plan) captures(r *evidence.Revision) error {
	outcomes, err := r.Outcomes()
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		for _, e := range o.Effects {
			if e.Source == nil {
				continue
			}
			if _, gone := pl.Gone[e.Source.ID]; gone {
				continue
			}
			for _, c := range e.Source.Captures {
				pl.kept[c.SHA256], pl.kept[c.Text] = true, true
			}
		}
	}
	return nil
}

// Count gives how many records of each type go.
func (pl *Plan) Count() map[string]int {
	counts := map[string]int{}
	for _, t := range slices.Collect(maps.Values(pl.Gone)) {
		counts[t.String()]++
	}
	return counts
}

func each(ctx context.Context, st store.Store, take func(*evidence.Revision) error) error {
	for r, err := range st.Log(ctx, 0) {
		if err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		if err := take(r); err != nil {
			return err
		}
	}
	return nil
}
