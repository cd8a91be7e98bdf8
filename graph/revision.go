package graph

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
)

// maxChanges is how many changes of one revision are listed at once.
const maxChanges = 1000

// Revision is a revision as a query shows it.
type Revision struct {
	Applied bool
	logged  *evidence.Revision
	meta    evidence.Meta
	number  uint64
	// targets are what each change concerned, where the caller has just written
	// them; else they are read from the log, as far as the reader may see.
	targets []evidence.ID
	batch   *revisionBatch
}

// revisionBatch are revisions that were read together.
type revisionBatch struct {
	siblings
	// open gives the session in which their changes are read.
	open      func(context.Context) (*session, error)
	clearance evidence.Clearance
	revisions []*Revision
}

// newRevisions makes siblings of logged revisions, in their order.
func newRevisions(ctx context.Context, logged []*evidence.Revision, open func(context.Context) (*session, error)) ([]*Revision, error) {
	b := &revisionBatch{open: open, clearance: clearance(ctx), revisions: make([]*Revision, len(logged))}
	for i, r := range logged {
		rev := &Revision{Applied: true, logged: r, number: r.Numbers[b.clearance], batch: b}
		if rev.number == 0 {
			rev.number = r.Latest[b.clearance] // without an effect that its own author sees
		}
		if len(r.Leaves) > 0 {
			var err error
			if rev.meta, err = r.Meta(); err != nil {
				return nil, err
			}
		}
		b.revisions[i] = rev
	}
	return b.revisions, nil
}

func (*Revision) isNode() {}

// revisionID is the id of a revision. No record can have it: ids begin with a
// letter or a digit.
func revisionID(number uint64) string { return fmt.Sprintf("#%d", number) }

// numberOf is the number of the revision that an id names; ok is false for the
// ids of records.
func numberOf(id string) (number uint64, ok bool) {
	written, ok := strings.CutPrefix(id, "#")
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseUint(written, 10, 64)
	return number, err == nil
}

// ID is the revision's id.
func (r *Revision) ID() string { return revisionID(r.number) }

// Number is the revision's number for whoever is asking.
func (r *Revision) Number() int32 { return toInt(r.number) }

// Time is when it was written.
func (r *Revision) Time() time.Time { return r.logged.Header.Time }

// Author is who made it; empty where the reader is not told.
func (r *Revision) Author(ctx context.Context) (string, error) {
	told, err := r.told(ctx)
	if !told || err != nil {
		return "", report(ctx, err)
	}
	return r.meta.Author, nil
}

// Reason is why it was made; empty where the reader is not told.
func (r *Revision) Reason(ctx context.Context) (string, error) {
	told, err := r.told(ctx)
	if !told || err != nil {
		return "", report(ctx, err)
	}
	return r.meta.Reason, nil
}

// told says whether the reader is told who made the revision and why, found out
// for all siblings. Whoever has just made it is.
func (r *Revision) told(ctx context.Context) (bool, error) {
	if r.targets != nil {
		return true, nil
	}
	b := r.batch
	told, err := once(ctx, &b.siblings, sharedTold, func(ctx context.Context) (map[*Revision]bool, error) {
		s, err := b.open(ctx)
		if err != nil {
			return nil, err
		}
		told, err := s.Told(ctx, mapped(b.revisions, func(r *Revision) *evidence.Revision { return r.logged }))
		of := make(map[*Revision]bool, len(told))
		for i, is := range told {
			of[b.revisions[i]] = is
		}
		return of, err
	})
	return told[r], err
}

// Change is one change of a revision.
type Change struct {
	Index int32
	Node  Node
}

// Changes lists what the changes concerned, read for all siblings. For readers
// who are not cleared for everything, changes of which they see nothing now are
// left out and not counted: a gap would tell of them.
func (r *Revision) Changes(ctx context.Context, first, from int32) ([]*Change, error) {
	if first < 0 || from < 0 {
		return nil, evidence.Faulty(evidence.InvalidInput, "first", "first is %d and from is %d; neither can be negative", first, from)
	}
	if first > maxChanges {
		return nil, evidence.Faulty(evidence.LimitExceeded, "first", "%d changes are more than can be listed at once, %d; ask for the rest with `from`", first, maxChanges)
	}
	type window struct {
		targets map[*Revision][]evidence.ID
		nodes   map[evidence.ID]Node
	}
	b := r.batch
	w, err := once(ctx, &b.siblings, field(ctx), func(ctx context.Context) (window, error) {
		w := window{targets: map[*Revision][]evidence.ID{}}
		s, err := b.open(ctx)
		if err != nil {
			return w, err
		}
		var all []evidence.ID
		for _, rev := range b.revisions {
			targets := rev.targets
			if targets == nil {
				if targets, err = s.Concerned(ctx, rev.logged, int(from)+int(first)); err != nil {
					return w, err
				}
			}
			targets = targets[min(int(from), len(targets)):]
			w.targets[rev] = targets[:min(int(first), len(targets))]
			all = append(all, w.targets[rev]...)
		}
		w.nodes, err = readNodes(ctx, s, all)
		return w, err
	})
	if err != nil {
		return nil, report(ctx, err)
	}
	changes := make([]*Change, 0, len(w.targets[r]))
	for i, id := range w.targets[r] {
		changes = append(changes, &Change{from + int32(i), w.nodes[id]}) //nolint:gosec // at most maxChanges
	}
	return changes, nil
}
