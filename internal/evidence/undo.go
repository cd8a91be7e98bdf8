package evidence

import (
	"errors"
	"fmt"
)

// undo brings back what stood before a revision, in every record that the
// revision touched and the author sees. A later revision that touched one of
// them, or a record made later that cannot stand without one, is in the way.
func (w *workspace) undo(c *Undo) (ID, error) {
	const at = "undo.revision"
	rev, err := w.snap.Revision(w.ctx, RevisionRef{Number: c.Revision, Clearance: w.author.Clearance})
	if errors.Is(err, ErrNotFound) || c.Revision == 0 {
		w.fault(UnknownID, at, "there is no revision %d; read the list of revisions", c.Revision)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	outcomes, err := rev.Outcomes()
	if err != nil {
		return "", err
	}
	var ids []ID
	for i, o := range outcomes {
		if rev.Leaves[i+1].Erased {
			w.fault(Conflict, at, "revision %d cannot be undone: part of it was erased", c.Revision)
			return "", nil
		}
		for _, e := range o.Effects {
			if e.Check == nil {
				ids = append(ids, e.Target())
			}
		}
	}
	if err := w.load(ids); err != nil {
		return "", err
	}
	before, err := w.snap.Newest(w.ctx, ids, rev.Sequence())
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		s := w.get(id)
		if s.base == nil || s.base.Derived.Now > w.author.Clearance || s.base.IsOpen() && s.base.Derived.Visibility > w.author.Clearance {
			continue
		}
		if s.touched {
			w.fault(Conflict, at, "%q is changed by another change of this set; undo in a change set of its own", id)
			continue
		}
		last := s.base.From
		if !s.base.IsOpen() {
			last = s.base.To
		}
		if last != rev.Sequence() {
			if err := w.inTheWay(id, last, c.Revision); err != nil {
				return "", err
			}
			continue
		}
		switch old := before[id]; {
		case old != nil && old.To >= rev.Sequence():
			w.put(s, old.Content)
		case s.open:
			w.close(s)
			w.undone[id] = true
		}
	}
	return "", nil
}

// inTheWay tells, once for each record, which revision keeps another from being
// undone.
func (w *workspace) inTheWay(id ID, last Sequence, undone uint64) error {
	if w.named[id] {
		return nil
	}
	w.named[id] = true
	later, err := w.snap.Revision(w.ctx, RevisionRef{Sequence: last})
	if err != nil {
		return err
	}
	by := "a later revision"
	if n := later.Numbers[w.author.Clearance]; n > 0 {
		by = fmt.Sprintf("revision %d", n)
	}
	if undone > 0 {
		w.fault(Conflict, "undo.revision", "revision %d cannot be undone: %s has since changed %q; undo that one first", undone, by, id)
	} else {
		w.fault(Conflict, "undo.revision", "the revision cannot be undone: %q, written by %s, rests on what it made; undo that one first", id, by)
	}
	return nil
}
