package casefile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// A row is written once. What the record came to say since, by a mutation or by
// another import, stays: what follows finds the rows, and the cells of rows, that an
// earlier version of their record bears out, and those that would overwrite what
// somebody else wrote since.

// upserts are changes of which the graph has the records.
type upserts struct {
	changes []change
	// kept is how many of the file's rows are left out, whole or in part, since the
	// graph keeps what was made of them since.
	kept int
	// faults are of rows that cannot be written, by the id of their record.
	faults map[evidence.ID][]evidence.Fault
}

// refused are the faults of a plan of the changes with those of the rows.
func (u *upserts) refused(changes []change, planned error) error {
	var faults evidence.Faults
	if len(u.faults) == 0 || planned != nil && !errors.As(planned, &faults) {
		return planned
	}
	faults = slices.Clone(faults)
	for i := range changes {
		if changes[i].PutEntity == nil && changes[i].PutSource == nil {
			continue
		}
		for _, f := range u.faults[changes[i].putID()] {
			f.Path = fmt.Sprintf("changes[%d].%s", i, f.Path)
			faults = append(faults, f)
		}
	}
	return faults
}

// upserted looks at what became of the records that changes put. Only of records that
// say something else than their rows it looks at the past.
func (w *writer) upserted(ctx context.Context, snap evidence.Snapshot, changes []change) (*upserts, error) {
	u := &upserts{changes: changes, faults: map[evidence.ID][]evidence.Fault{}}
	at := map[evidence.ID]int{}
	for i := range changes {
		if changes[i].PutEntity != nil || changes[i].PutSource != nil {
			at[changes[i].putID()] = i
		}
	}
	there, err := newest(ctx, snap, keys(at), evidence.Open)
	if err != nil {
		return nil, err
	}
	var others []*edited
	for id, r := range there {
		c := &changes[at[id]]
		if r.Content.Type() != c.puts() || !w.sees(r) {
			continue // the rules tell
		}
		if !r.IsOpen() {
			u.faults[id] = []evidence.Fault{{
				Code: evidence.DuplicateID, Path: c.field("id"),
				Message: fmt.Sprintf("%q was retracted; undo that revision, leave the row out, or choose another id", id),
			}}
			continue
		}
		if cells := w.differing(c, r.Content); len(cells) > 0 {
			others = append(others, &edited{id: id, at: at[id], cells: cells, versions: []*evidence.Record{r}})
		}
	}
	if len(others) == 0 {
		return u, nil
	}
	slices.SortFunc(others, func(a, b *edited) int { return a.at - b.at })
	if err := w.lookBack(ctx, snap, others); err != nil {
		return nil, err
	}
	return u, w.judge(ctx, snap, u, others)
}

// sees says whether the author sees a record, or saw it until it was retracted.
func (w *writer) sees(r *evidence.Record) bool {
	needs := r.Derived.Visibility
	if !r.IsOpen() {
		needs = max(r.Content.OwnClearance(), r.Derived.Now)
	}
	return needs <= w.options.Author.Clearance
}

// edited is a row that says something else than its record.
type edited struct {
	id       evidence.ID
	at       int // the row's change
	cells    []cell
	versions []*evidence.Record // the newest first, as far as they were looked at
	whole    bool               // all of them were
	stays    []cell             // cells that an earlier version bears out
}

// borneOut sets aside the cells that a version bears out, and says whether any did.
func (e *edited) borneOut(by *evidence.Record) bool {
	before := len(e.cells)
	e.cells = slices.DeleteFunc(e.cells, func(c cell) bool {
		said := c.in(by.Content) == c.says
		if said {
			e.stays = append(e.stays, c)
		}
		return said
	})
	return len(e.cells) < before
}

// lookBack reads the versions of records until every cell is borne out by one, or all
// were read. Most records have their own revision of the last edit, and one round trip
// for each would be slow: so a call for one asks for the others too, which an older
// version bears out as well as the one before.
func (w *writer) lookBack(ctx context.Context, snap evidence.Snapshot, rows []*edited) error {
	rows = slices.Clone(rows)
	for together := true; ; {
		rows = slices.DeleteFunc(rows, func(e *edited) bool { return e.whole || len(e.cells) == 0 })
		if len(rows) == 0 {
			return nil
		}
		before := evidence.Sequence(math.MaxUint64)
		for _, e := range rows {
			before = min(before, e.oldest().From)
		}
		var ids []evidence.ID
		for _, e := range rows {
			if together || e.oldest().From == before {
				ids = append(ids, e.id)
			}
		}
		older, err := newest(ctx, snap, ids, before)
		if err != nil {
			return err
		}
		found, helped := false, false
		for _, e := range rows {
			next := e.oldest().From == before
			version := older[e.id]
			if version != nil && version.Content.OwnClearance() > w.options.Author.Clearance {
				version = nil // what the author may not see was never said to them
			}
			switch {
			case version == nil:
				e.whole = e.whole || next
			case next:
				e.versions = append(e.versions, version)
				e.borneOut(version)
			default:
				found = true
				helped = e.borneOut(version) || helped
			}
		}
		together = together && (helped || !found)
	}
}

func (e *edited) oldest() *evidence.Record { return e.versions[len(e.versions)-1] }

// since is the revision that made a cell of the record what it is; 0 where it has
// always been so.
func (e *edited) since(c cell) evidence.Sequence {
	is := c.in(e.versions[0].Content)
	for i, v := range e.versions[1:] {
		if c.in(v.Content) != is {
			return e.versions[i].From
		}
	}
	return 0
}

// judge leaves out of the changes what an earlier version bears out, and refuses what
// would overwrite the edit of somebody else.
func (w *writer) judge(ctx context.Context, snap evidence.Snapshot, u *upserts, rows []*edited) error {
	edits := map[evidence.Sequence]*evidence.Revision{} // nil where it was an import
	u.changes = slices.Clone(u.changes)
	gone := map[int]bool{}
	for _, e := range rows {
		c := &u.changes[e.at]
		for _, one := range e.cells {
			since := e.since(one)
			if since == 0 {
				continue
			}
			edit, known := edits[since]
			if !known {
				rev, err := snap.Revision(ctx, evidence.RevisionRef{Sequence: since})
				if err != nil {
					return err
				}
				imported, err := isImport(rev)
				if err != nil {
					return err
				}
				if !imported {
					edit = rev
				}
				edits[since] = edit
			}
			if edit != nil {
				u.faults[e.id] = append(u.faults[e.id], evidence.Fault{
					Code: evidence.Conflict, Path: c.field(one.field),
					Message: one.refusal(c, one.in(e.versions[0].Content), edit.Numbers[w.options.Author.Clearance]),
				})
			}
		}
		if len(e.stays) == 0 {
			continue
		}
		u.kept++
		if len(e.cells) == 0 {
			gone[e.at] = true // the record says all the rest already
			continue
		}
		c.leaveOut(e.stays)
	}
	if len(gone) > 0 {
		kept := make([]change, 0, len(u.changes)-len(gone))
		for i, c := range u.changes {
			if !gone[i] {
				kept = append(kept, c)
			}
		}
		u.changes = kept
	}
	return nil
}

// keyPrefix begins the idempotency key of every revision of an import.
const keyPrefix = "import/"

func isImport(r *evidence.Revision) (bool, error) {
	meta, err := r.Meta()
	return strings.HasPrefix(meta.IdempotencyKey, keyPrefix), err
}

// newest gives the newest versions of any number of ids before a sequence.
func newest(ctx context.Context, snap evidence.Snapshot, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	found := map[evidence.ID]*evidence.Record{}
	for batch := range slices.Chunk(ids, store.MaxBatch) {
		records, err := snap.Newest(ctx, batch, before)
		if err != nil {
			return nil, err
		}
		for id, r := range records {
			found[id] = r
		}
	}
	return found, nil
}

// keys are the ids of records, sorted; those that are to be made have none.
func keys(at map[evidence.ID]int) []evidence.ID {
	ids := make([]evidence.ID, 0, len(at))
	for id := range at {
		if id.Valid() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
