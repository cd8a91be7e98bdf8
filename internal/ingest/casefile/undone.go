package casefile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Undone says that what is to be imported was imported before and undone since. It is
// not written again: whoever undid it had a reason.
type Undone struct {
	// Imports are the numbers of the revisions that imported it, and Undos, the newest
	// first, of those that undid them; as many of each.
	Imports, Undos []uint64
}

// Error says what happened, and how to have it back.
func (u *Undone) Error() string {
	if len(u.Undos) == 1 {
		return fmt.Sprintf("revision %d imported this before, and revision %d undid it; to have it back, undo revision %d, as with the change {undo: {revision: %d}}", u.Imports[0], u.Undos[0], u.Undos[0], u.Undos[0])
	}
	return fmt.Sprintf("revisions %s imported this before, and revisions %s undid them; to have it back, undo the latter in this order, as with the change {undo: {revision: %d}}", numbers(u.Imports), numbers(u.Undos), u.Undos[0])
}

func numbers(all []uint64) string {
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, ", ")
}

// add notes that a revision was undone by another.
func (u *Undone) add(imported, undo *evidence.Revision, sees evidence.Clearance) {
	u.Imports = append(u.Imports, imported.Numbers[sees])
	u.Undos = append(u.Undos, undo.Numbers[sees])
	slices.Sort(u.Undos)
	slices.Reverse(u.Undos)
}

// err is the Undone; nil where nothing was.
func (u *Undone) err() error {
	if len(u.Undos) == 0 {
		return nil
	}
	return u
}

// looks is how many of the records that a revision wrote are looked at to see whether
// it was undone: an undo takes back all of them or none.
const looks = 100

// undoing finds the revision that undid an imported one and stands; else it is not ok.
func undoing(ctx context.Context, snap evidence.Snapshot, imported *evidence.Revision) (undo *evidence.Revision, ok bool, err error) {
	wrote, err := written(imported)
	if err != nil {
		return nil, false, err
	}
	now, err := snap.Newest(ctx, wrote, evidence.Open)
	if err != nil {
		return nil, false, err
	}
	before, err := snap.Newest(ctx, wrote, imported.Sequence())
	if err != nil {
		return nil, false, err
	}
	tried := map[evidence.Sequence]bool{}
	for _, id := range wrote {
		r := now[id]
		if r == nil || !takenBack(imported.Sequence(), before[id], r) {
			continue
		}
		last := r.To
		if r.IsOpen() {
			last = r.From
		}
		if last <= imported.Sequence() || tried[last] {
			continue
		}
		tried[last] = true
		rev, err := snap.Revision(ctx, evidence.RevisionRef{Sequence: last})
		if err != nil {
			return nil, false, err
		}
		if undid, err := undoes(rev, wrote); undid || err != nil {
			return rev, undid, err
		}
	}
	return nil, false, nil
}

// takenBack says whether a record is as it was before a revision: not there, or the same.
func takenBack(at evidence.Sequence, before, now *evidence.Record) bool {
	if before == nil || before.To < at {
		return !now.IsOpen()
	}
	was, err1 := json.Marshal(before.Content)
	is, err2 := json.Marshal(now.Content)
	return now.IsOpen() && err1 == nil && err2 == nil && bytes.Equal(was, is)
}

// written are the first records that a revision wrote. Only as many leaves are read:
// those of a first import can be half a million.
func written(r *evidence.Revision) ([]evidence.ID, error) {
	beginning := *r
	beginning.Leaves = slices.Clone(r.Leaves[:1])
	for _, leaf := range r.Leaves[1:] {
		if len(beginning.Leaves) > looks {
			break
		}
		if !leaf.Erased && bytes.Contains(leaf.Content, []byte(`"effects":`)) { // most of a folder that has grown change nothing
			beginning.Leaves = append(beginning.Leaves, leaf)
		}
	}
	outcomes, err := beginning.Outcomes()
	if err != nil {
		return nil, err
	}
	var ids []evidence.ID
	for _, o := range outcomes {
		for _, e := range o.Effects {
			if e.Content() != nil && !slices.Contains(ids, e.Target()) && len(ids) < looks {
				ids = append(ids, e.Target())
			}
		}
	}
	return ids, nil
}

// undoes says whether a revision undid another that wrote some records: then it touched
// them all.
func undoes(r *evidence.Revision, wrote []evidence.ID) (bool, error) {
	outcomes, err := r.Outcomes()
	if err != nil {
		return false, err
	}
	touched, undo := map[evidence.ID]bool{}, false
	for _, o := range outcomes {
		undo = undo || o.Change == "undo"
		for _, e := range o.Effects {
			touched[e.Target()] = true
		}
	}
	return undo && !slices.ContainsFunc(wrote, func(id evidence.ID) bool { return !touched[id] }), nil
}
