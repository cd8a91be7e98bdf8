package casefile

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// rehearsal is an empty graph into which batches are planned one after the other,
// in memory, before any is written: to find out whether the rules allow all of
// them, and to have the plans when they do.
type rehearsal struct {
	head    evidence.Head
	records map[evidence.ID]*evidence.Record
	commits []*evidence.Commit
}

var _ evidence.Snapshot = (*rehearsal)(nil)

// errUnrehearsed says that a plan asks for more than a rehearsal keeps.
var errUnrehearsed = errors.New("not kept in a rehearsal")

// rehearse plans all batches as they would be written to an empty store. It is
// not ok where one of them has a fault, or changes what one before it made: then
// they have to be planned on the store itself.
func (w *writer) rehearse(ctx context.Context, batches [][]change) (*rehearsal, bool) {
	r := &rehearsal{records: map[evidence.ID]*evidence.Record{}}
	for _, batch := range batches {
		cs, err := w.changeSet(batch, true)
		if err != nil {
			return nil, false
		}
		commit, err := w.planner.Plan(ctx, r, w.options.Author, cs)
		if err != nil || !commit.New {
			return nil, false
		}
		for i := range commit.Transitions {
			t := &commit.Transitions[i]
			if t.Before != nil {
				return nil, false
			}
			r.records[t.After.ID()] = t.After
		}
		r.head = commit.Revision.Head()
		r.commits = append(r.commits, commit)
	}
	r.records = nil
	return r, true
}

// commit is what a batch came to, or nil where the graph is not as it was when it
// was planned.
func (r *rehearsal) commit(batch int, head evidence.Head) *evidence.Commit {
	if r == nil || batch >= len(r.commits) || r.commits[batch] == nil {
		return nil
	}
	if planned := r.commits[batch]; planned.Revision.Follows(head) {
		return planned
	}
	return nil
}

// forget lets go of a batch that is written.
func (r *rehearsal) forget(batch int) {
	if r != nil && batch < len(r.commits) {
		r.commits[batch] = nil
	}
}

// Head implements evidence.Snapshot.
func (r *rehearsal) Head(context.Context) (evidence.Head, error) { return r.head, nil }

// Newest implements evidence.Snapshot. Nothing that was rehearsed has an earlier
// version.
func (r *rehearsal) Newest(_ context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	found := make(map[evidence.ID]*evidence.Record, len(ids))
	for _, id := range ids {
		if record := r.records[id]; record != nil && record.From < before {
			found[id] = record
		}
	}
	return found, nil
}

// Related implements evidence.Snapshot by refusing: only who changes a record
// asks for those that depend on it.
func (r *rehearsal) Related(context.Context, evidence.Relation, []evidence.ID, int) ([]*evidence.Record, error) {
	return nil, errUnrehearsed
}

// Revision implements evidence.Snapshot.
func (r *rehearsal) Revision(_ context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	var at int
	var found bool
	switch {
	case ref.Sequence != 0:
		at, found = slices.BinarySearchFunc(r.commits, ref.Sequence, func(c *evidence.Commit, s evidence.Sequence) int {
			return cmp.Compare(c.Revision.Sequence(), s)
		})
	case ref.Key != "":
		at = slices.IndexFunc(r.commits, func(c *evidence.Commit) bool { return c.Revision.Key == ref.Key })
		found = at >= 0
	default:
		// The first at which the count of what a clearance sees has come so far.
		at, found = slices.BinarySearchFunc(r.commits, ref.Number, func(c *evidence.Commit, n uint64) int {
			return cmp.Compare(c.Revision.Latest[ref.Clearance], n)
		})
	}
	if !found {
		return nil, evidence.ErrNotFound
	}
	return r.commits[at].Revision, nil
}
