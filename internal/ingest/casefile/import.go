package casefile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// ImportOptions say how a case file is written.
type ImportOptions struct {
	Author evidence.Author
	Reason string // "" says that a case file was imported
	// Batch is how many changes one revision holds; 0 puts all into one.
	Batch int
	// DryRun validates against the store and writes nothing.
	DryRun bool
	// Progress, where set, is told how many of the file's changes are written.
	Progress func(done, total int)
}

// reason is why the log says that it was imported.
func (o *ImportOptions) reason() string { return cmp.Or(o.Reason, "import of a case file") }

// Check says what is wrong with the author and the reason, whatever is imported, before
// anything is opened for it. The error is evidence.Faults.
func (o *ImportOptions) Check(ctx context.Context, p *evidence.Planner) error {
	_, err := p.Plan(ctx, &rehearsal{}, o.Author, &evidence.ChangeSet{Reason: o.reason()})
	var faults evidence.Faults
	if !errors.As(err, &faults) {
		return err
	}
	faults = slices.DeleteFunc(slices.Clone(faults), func(f evidence.Fault) bool { return f.Path == "changes" }) // there are none yet
	if len(faults) == 0 {
		return nil
	}
	return faults
}

// Result is what an import came to.
type Result struct {
	// Revisions are the numbers, at the author's clearance, of the revisions
	// that were written; empty where everything was there already.
	Revisions []uint64
	Changes   int // changes in the file
	// New says that the store does not have all of it, or did not have.
	New bool
	// Kept is how many rows are left out, whole or in part, since they say what their
	// record said once: the graph keeps what was made of it since.
	Kept int
}

// Import validates the whole file against the store and then writes it. Where
// the rules refuse anything, the error is *Faults and nothing is written. What
// is there already, by id and content, is not written again; a citation that a
// claim of the graph does not have yet is added to it. Where it was imported before
// and undone since, the error is *Undone and nothing is written.
//
// With Batch, an import that was cut short is gone on with by running it again.
func (f *File) Import(ctx context.Context, st store.Store, p *evidence.Planner, o ImportOptions) (Result, error) {
	result := Result{Changes: len(f.changes)}
	if len(f.changes) == 0 {
		return result, f.faults.err(f.maxFaults)
	}
	o.Reason = o.reason()
	planner := *p
	planner.MaxChanges, planner.CascadeLimit = math.MaxInt32, math.MaxInt32 // the file's size is its own limit
	changes := f.changes
	if o.Batch > 0 {
		changes = inOrder(changes)
	}
	batches := f.batches(changes, o)
	w := writer{file: f, store: st, planner: &planner, options: o}
	if taken, err := w.atOnce(ctx, batches, &result); taken || err != nil {
		return result, err
	}
	changes, done, err := w.validate(ctx, changes, batches)
	result.Kept = w.kept
	if err == nil {
		err = f.faults.err(f.maxFaults)
	}
	if err != nil {
		return result, err
	}
	result.New = !done
	if done || o.DryRun {
		return result, nil
	}
	batches = f.batches(changes, o)
	return result, store.Import(ctx, st, w.plans(batches, &result))
}

// plans writes batches, and notes in the result what was written.
func (w *writer) plans(batches [][]change, result *Result) iter.Seq2[store.Plan, error] {
	written := result.Changes // all but these were by an earlier run
	for _, batch := range batches {
		written -= len(batch)
	}
	return func(yield func(store.Plan, error) bool) {
		for i, batch := range batches {
			var commit *evidence.Commit
			if !yield(func(ctx context.Context, snap evidence.Snapshot) (_ *evidence.Commit, err error) {
				commit, err = w.write(ctx, snap, i, batch)
				return commit, err
			}, nil) || commit == nil {
				return
			}
			w.planned.forget(i)
			if commit.New {
				w.looked = commit.Revision.Sequence()
				result.Revisions = append(result.Revisions, commit.Revision.Numbers[w.options.Author.Clearance])
			}
			written += len(batch)
			if w.options.Progress != nil {
				w.options.Progress(max(written, 0), result.Changes)
			}
		}
	}
}

// atOnce writes a file into an empty store that takes all of it or nothing, while
// it is being validated. It has not taken the file where there is no such store,
// or where the rules refuse something: then nothing is written, and to tell all
// that they refuse it has to be validated as a whole.
func (w *writer) atOnce(ctx context.Context, batches [][]change, result *Result) (taken bool, err error) {
	whole, ok := w.store.(store.WholeImporter)
	if !ok || w.options.DryRun || len(w.file.faults.found) > 0 {
		return false, nil
	}
	records := 0
	for _, batch := range batches {
		for i := range batch {
			records += 1 + len(batch[i].citations)
		}
	}
	tried := *result
	taken, err = whole.ImportWhole(ctx, w.plans(batches, &tried), records)
	var refused *Faults
	var unplaced evidence.Faults // which explain could not lead back to the file
	if errors.As(err, &refused) || errors.As(err, &unplaced) {
		taken, err = false, nil // told with all others when the file is validated
	}
	if taken && err == nil {
		*result = tried
		result.New = true
	}
	return taken, err
}

// batches cuts the changes into revisions. Claims that speak of each other in a
// ring stay together.
func (f *File) batches(changes []change, o ImportOptions) [][]change {
	if o.Batch <= 0 {
		return [][]change{changes}
	}
	at := claimPlaces(changes)
	var batches [][]change
	start, reach := 0, 0 // reach: the last change that one before it speaks of
	for i := range changes {
		if j, ok := next(at, &changes[i]); ok {
			reach = max(reach, j)
		}
		if i == len(changes)-1 || i+1-start >= o.Batch && reach <= i {
			batches = append(batches, changes[start:i+1])
			start = i + 1
		}
	}
	return batches
}

// claimPlaces finds the claims that others speak of, by id.
func claimPlaces(changes []change) map[evidence.ID]int {
	spokenOf := map[evidence.ID]bool{}
	for i := range changes {
		if id := changes[i].about(); id != "" {
			spokenOf[id] = true
		}
	}
	at := make(map[evidence.ID]int, len(spokenOf))
	for i := range changes {
		if id := changes[i].claimID(); spokenOf[id] {
			at[id] = i
		}
	}
	return at
}

func (c *change) claimID() evidence.ID {
	switch {
	case c.AssertLink != nil:
		return c.AssertLink.ID
	case c.AssertStatement != nil:
		return c.AssertStatement.ID
	default:
		return ""
	}
}

// putID is the id of the record that the change puts or asserts.
func (c *change) putID() evidence.ID {
	switch {
	case c.PutEntity != nil:
		return c.PutEntity.ID
	case c.PutSource != nil:
		return c.PutSource.ID
	default:
		return c.claimID()
	}
}

// newCitations are the citations that a claim is asserted with.
func (c *change) newCitations() []evidence.NewCitation {
	switch {
	case c.AssertLink != nil:
		return c.AssertLink.Citations
	case c.AssertStatement != nil:
		return c.AssertStatement.Citations
	default:
		return nil
	}
}

func (c *change) about() evidence.ID {
	switch {
	case c.AssertLink != nil:
		return c.AssertLink.About
	case c.AssertStatement != nil:
		return c.AssertStatement.About
	default:
		return ""
	}
}

// inOrder moves each claim behind the one that it speaks of. Claims that speak
// of each other in a ring come one right after the other. Where none speaks of
// another, as in most files, it gives what it was given.
func inOrder(changes []change) []change {
	at := claimPlaces(changes)
	if len(at) == 0 {
		return changes
	}
	ordered, placed := make([]change, 0, len(changes)), make([]bool, len(changes))
	for i := range changes {
		var chain []int
		for j, there := i, true; there && !placed[j]; j, there = next(at, &changes[j]) {
			placed[j] = true
			chain = append(chain, j)
		}
		for _, j := range slices.Backward(chain) {
			ordered = append(ordered, changes[j])
		}
	}
	return ordered
}

// next is the place of the claim that a change speaks of.
func next(at map[evidence.ID]int, c *change) (int, bool) {
	if c.about() == "" {
		return 0, false
	}
	i, ok := at[c.about()]
	return i, ok
}

// writer applies the changes of one file.
type writer struct {
	file    *File
	store   store.Store
	planner *evidence.Planner
	options ImportOptions
	// planned is what the batches come to in an empty store, one after the other:
	// planned to validate them, they need not be planned again.
	planned *rehearsal
	// validated says that the changes were validated on the graph as it was at the
	// sequence looked, or written by this writer since.
	validated bool
	looked    evidence.Sequence
	kept      int // see Result.Kept
}

// validate plans everything that was not yet written, and writes nothing. It
// gives the changes to write, which differ from the file's where the graph has a
// claim without some of its citations, and whether there is nothing to write.
func (w *writer) validate(ctx context.Context, changes []change, batches [][]change) ([]change, bool, error) {
	head, err := w.store.Head(ctx)
	if err != nil {
		return nil, false, err
	}
	left, puts := changes, &upserts{}
	w.validated, w.looked = true, head.Sequence
	if head.Sequence > 0 {
		// A batch that was written under its key is not judged again: what happened to
		// its records since is nobody's mistake, and is only counted. But where it was
		// undone, it is not there.
		left = nil
		var known []change
		var undone Undone
		for _, batch := range batches {
			if there, err := w.applied(ctx, batch, &undone); err != nil {
				return nil, false, err
			} else if there {
				known = append(known, batch...)
			} else {
				left = append(left, batch...)
			}
		}
		if err := undone.err(); err != nil {
			return nil, false, err
		}
		err = w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) error {
			corrected, err := w.upserted(ctx, snap, known)
			if err == nil {
				w.kept = corrected.kept
			}
			return err
		})
		if err != nil {
			return nil, false, err
		}
		if len(left) == 0 {
			return changes, true, nil
		}
		if left, err = w.recognise(ctx, left); err != nil {
			return nil, false, err
		}
		err = w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) (err error) {
			puts, err = w.upserted(ctx, snap, left)
			return err
		})
		if err != nil {
			return nil, false, err
		}
		w.kept += puts.kept
		if left = puts.changes; len(left) == 0 {
			return nil, true, nil
		}
	}
	if head.Sequence == 0 {
		if planned, ok := w.rehearse(ctx, batches); ok {
			w.planned = planned
			return changes, false, nil
		}
	}
	// All at once, so that all faults are told.
	commit, err := w.plan(ctx, left, head.Sequence == 0) // where nothing was written, nothing was under the key
	if moved, some := separate(left, err); some {
		left = moved
		commit, err = w.plan(ctx, left, false)
	}
	if err = puts.refused(left, err); err != nil {
		before, failed := w.readBefore(ctx, left)
		if failed != nil {
			return nil, false, failed
		}
		return nil, false, w.file.explain(left, err, before)
	}
	return left, !commit.New, nil
}

// applied says whether a batch was written under its key, by this program or by one
// that read it otherwise or gave citations other ids. It notes where it was undone.
func (w *writer) applied(ctx context.Context, batch []change, undone *Undone) (bool, error) {
	for as := range everRead(batch) {
		cs, err := w.changeSet(as, true)
		if err != nil {
			return false, err
		}
		err = w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) error {
			commit, err := evidence.Applied(ctx, snap, w.options.Author, cs)
			if err != nil {
				return err
			}
			undo, ok, err := undoing(ctx, snap, commit.Revision)
			if ok {
				undone.add(commit.Revision, undo, w.options.Author.Clearance)
			}
			return err
		})
		var used evidence.Faults // the key, of what was erased in part since
		if err == nil || !errors.Is(err, evidence.ErrNotFound) && !errors.As(err, &used) {
			return err == nil, err
		}
	}
	return false, nil
}

// plan decides what changes come to and leaves the store as it is.
func (w *writer) plan(ctx context.Context, changes []change, keyed bool) (commit *evidence.Commit, err error) {
	cs, err := w.changeSet(changes, keyed)
	if err != nil {
		return nil, err
	}
	err = w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) (err error) {
		commit, err = w.planner.Plan(ctx, snap, w.options.Author, cs)
		return err
	})
	return commit, err
}

// read reads the graph as a write would, past every View, and writes nothing.
func (w *writer) read(ctx context.Context, read func(context.Context, evidence.Snapshot) error) error {
	_, err := w.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return &evidence.Commit{}, read(ctx, snap) // a commit that is not new is not written
	})
	return err
}

// write decides what a batch, the one with a number, comes to.
func (w *writer) write(ctx context.Context, snap evidence.Snapshot, number int, changes []change) (*evidence.Commit, error) {
	head, err := snap.Head(ctx)
	if err != nil {
		return nil, err
	}
	if commit := w.planned.commit(number, head); commit != nil {
		return commit, nil
	}
	puts := &upserts{changes: changes}
	if w.validated && head.Sequence != w.looked { // somebody else has written meanwhile
		if puts, err = w.upserted(ctx, snap, changes); err != nil {
			return nil, err
		}
		if changes = puts.changes; len(changes) == 0 {
			return &evidence.Commit{}, nil // it is not new, and nothing is written
		}
	}
	cs, err := w.changeSet(changes, true)
	if err != nil {
		return nil, err
	}
	commit, err := w.planner.Plan(ctx, snap, w.options.Author, cs)
	if err = puts.refused(changes, err); err != nil {
		return nil, w.file.explain(changes, err, nil)
	}
	return commit, nil
}

// changeSet makes the change set of a batch, with a key made from its content:
// the same batch is the same revision, whenever it is sent.
func (w *writer) changeSet(changes []change, keyed bool) (*evidence.ChangeSet, error) {
	cs := &evidence.ChangeSet{Reason: w.options.Reason, Changes: make([]evidence.Change, len(changes))}
	for i := range changes {
		cs.Changes[i] = changes[i].Change
	}
	if keyed {
		if err := cs.KeyByContent(keyPrefix); err != nil {
			return nil, fmt.Errorf("encoding the changes: %w", err)
		}
	}
	return cs, nil
}
