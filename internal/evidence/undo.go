package evidence

import (
	"errors"
	"fmt"
	"slices"
)

// undo brings back what stood before a revision. What the revision closed comes
// back whole, whoever sees it, since a cascade closes more than its author sees;
// of what it wrote, what the author sees goes. A later revision that touched one
// of these, or a record made later that cannot stand without one, is in the way.
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
	erasures, err := w.erasures()
	if err != nil {
		return "", err
	}
	saw := sawErased(erasures, w.author.Clearance, rev.Sequence())
	u := undoing{workspace: w, rev: rev, number: c.Revision, among: map[ID]bool{}, cleared: map[ID]Clearance{}, shown: map[ID]bool{}}
	var closed, written []ID
	for i, o := range outcomes {
		if saw[i+1] {
			w.fault(Conflict, at, "revision %d cannot be undone: part of it was erased", c.Revision)
			return "", nil
		}
		if o.Erasure != nil {
			w.fault(Conflict, at, "revision %d cannot be undone: it is an erasure, and what it erased is gone", c.Revision)
			return "", nil
		}
		for _, e := range o.Effects {
			if e.Check == nil {
				u.take(e.Target())
			}
			if e.Close != "" {
				closed = append(closed, e.Close)
			}
			if e.Citation != nil {
				written = append(written, e.Citation.ID)
			}
			if content := e.content(); content != nil && content.OwnClearance() <= w.author.Clearance {
				u.shown[content.RecordID()] = true
			}
			if e.Clearance != nil {
				u.cleared[e.Clearance.ID] = e.Clearance.Clearance
			}
		}
	}
	if err := u.outOfSight(closed); err != nil {
		return "", err
	}
	if err := u.intoSight(written); err != nil {
		return "", err
	}
	ids := u.ids
	if w.author.Clearance < Confidential {
		slices.Sort(ids) // the order must not tell what was closed and what went out of sight
	}
	if err := w.load(ids); err != nil {
		return "", err
	}
	before, err := w.snap.Newest(w.ctx, ids, rev.Sequence())
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if err := u.record(w.get(id), before[id]); err != nil {
			return "", err
		}
	}
	w.later(u.checkRestored)
	w.later(u.checkLeft)
	w.later(u.checkEnds)
	return "", nil
}

// undoing is one undo while it is applied.
type undoing struct {
	*workspace
	rev      *Revision
	number   uint64
	ids      []ID // what it is to undo, each once
	among    map[ID]bool
	cleared  map[ID]Clearance // closed records whose clearance the revision set
	shown    map[ID]bool      // what it wrote at a clearance that its author has
	restored []*slot
	came     map[ID]bool // what the revision brought into its author's sight
	left     []ID        // claims that go out of sight again
	links    []ID        // links that come back, or of which an end is of another kind again
}

// take has a record undone with the others, and says whether it was not yet to be.
func (u *undoing) take(id ID) bool {
	if u.among[id] {
		return false
	}
	u.among[id] = true
	u.ids = append(u.ids, id)
	return true
}

// record undoes what the revision did to one record, which was old before.
func (u *undoing) record(s *slot, old *Record) error {
	const at = "undo.revision"
	if s.base == nil {
		return nil
	}
	gone, err := u.goneAt(s)
	if err != nil {
		return err
	}
	if gone == Open && s.base.Derived.Visibility > u.author.Clearance {
		return nil
	}
	if there, err := u.stoodUntil(s, gone); err != nil || !there {
		return err
	}
	// To its author, what the revision lowered to them it made.
	lowered := s.open && u.shown[s.id] && old != nil && old.Content.OwnClearance() > u.author.Clearance
	stood := old != nil && old.To >= u.rev.Sequence() && !lowered
	last := s.base.From
	if gone != Open {
		last = gone
	}
	if gone < u.rev.Sequence() && gone < s.base.To { // what the revision did to it, the author never saw
		if s.base.To != u.rev.Sequence() {
			return nil
		}
		last = s.base.To
	}
	hidden, err := u.hides(s)
	if err != nil {
		return err
	}
	if !hidden && gone == Open && last <= u.rev.Sequence() {
		last, err = u.backInSight(s, last)
	}
	reopened := gone == Open && old != nil && old.To < u.rev.Sequence() && last == u.rev.Sequence()
	if err == nil && !hidden && (last > u.rev.Sequence() || reopened) {
		last, err = u.lastSeen(s)
	}
	if err != nil || reopened && last != u.rev.Sequence() {
		return err // that it came back, its author saw at another moment, if ever
	}
	switch {
	case last != u.rev.Sequence() && hidden:
		return nil
	case last < u.rev.Sequence() && gone != Open && u.author.Clearance < Confidential:
		return nil // only who sees everything sets the clearance of what was retracted
	case last < u.rev.Sequence() && gone != Open:
		u.fault(Conflict, at, "revision %d set the clearance of %q, which was retracted before; set it again instead", u.number, s.id)
	case last > u.rev.Sequence():
		return u.inTheWay(s.id, last, u.number)
	case s.touched:
		u.fault(Conflict, at, "%q is changed by another change of this set; undo in a change set of its own", s.id)
	case s.open && gone != Open:
		return nil // it stands, and is seen again with what supports it
	case u.came[s.id]:
		u.leave(s)
	case !stood:
		u.undone[s.id] = s.open
		if lowered {
			u.lowered[s.id] = u.rev.Sequence()
		}
		u.close(s)
	default:
		back, err := u.withoutSecrets(s, old.Content)
		if err != nil {
			return err
		}
		content := u.keepHidden(back, s.content)
		if set, ok := u.cleared[s.id]; !s.open && !(ok && set == s.now) {
			content = withClearance(content, s.now) // it may have been raised since
		}
		if !s.open {
			u.restored = append(u.restored, s)
		}
		if err := u.refit(s.content, content); err != nil {
			return err
		}
		u.put(s, content)
	}
	return nil
}

// withoutSecrets is content that comes back, without the names of an entity that
// were raised above the author by the revision or since.
func (u *undoing) withoutSecrets(s *slot, old Content) (Content, error) {
	was, ok := old.(*Entity)
	is, same := s.content.(*Entity)
	if !ok || !same || u.author.Clearance == Confidential {
		return old, nil
	}
	versions := []*Record{s.base}
	for versions[0].From > u.rev.Sequence() {
		earlier, err := u.snap.Newest(u.ctx, []ID{s.id}, versions[0].From)
		if err != nil {
			return nil, err
		}
		if earlier[s.id] == nil {
			break
		}
		versions = slices.Insert(versions, 0, earlier[s.id])
	}
	versions = slices.Insert(versions, 0, &Record{Content: was})
	kept, _ := was.KeptSecret(RaisedNames(versions, u.author.Clearance), is.Names[0], u.author.Clearance)
	return kept, nil
}

// hides says whether a record, which may be closed, is or was kept from the
// author: by its own clearance, or by that of what it depends on.
func (u *undoing) hides(s *slot) (bool, error) {
	if s.now > u.author.Clearance {
		return true, nil
	}
	switch c := s.content.(type) {
	case *Citation:
		if hidden, err := u.anyAbove(c.Source, c.Claim); hidden || err != nil {
			return hidden, err
		}
		return u.hides(u.get(c.Claim))
	case *Claim:
		if hidden, err := u.anyAbove(c.From, c.To); hidden || err != nil {
			return hidden, err
		}
		if err := u.relatedBehind(CitationsOf, []ID{c.ID}); err != nil {
			return false, err
		}
		if err := u.relatedBehind(FormerCitations, []ID{c.ID}); err != nil {
			return false, err
		}
		supported := false // by something that is known still
		for _, x := range u.citationsOf(c.ID) {
			cited := x.content.(*Citation) //nolint:forcetypeassert // the index holds citations
			if cited.Stance != Supports {
				continue
			}
			hidden, err := u.anyAbove(x.id, cited.Source)
			if err != nil || !hidden {
				return false, err
			}
			supported = true
		}
		return supported, nil
	default:
		return false, nil
	}
}

// checkRestored makes sure that what was brought back can stand: a later
// revision that closed what it depends on is in the way. Where the author would
// not see it, it stays closed.
func (u *undoing) checkRestored() error {
	for again := true; again; {
		again = false
		for _, s := range u.restored {
			if !s.open {
				continue
			}
			missing, err := u.missing(s)
			if err != nil {
				return err
			}
			if missing == nil {
				continue
			}
			hidden, err := u.hides(s)
			if err != nil {
				return err
			}
			if !hidden && missing.base != nil {
				gone, err := u.goneAt(missing)
				if err == nil && gone != Open && gone > u.rev.Sequence() {
					gone, err = u.lastSeen(missing)
				}
				if err == nil && gone != Open && gone > u.rev.Sequence() {
					err = u.inTheWay(missing.id, gone, u.number)
				}
				if err != nil {
					return err
				}
			}
			s.content, s.open, s.now, again = s.base.Content, false, s.base.Derived.Now, true
		}
	}
	return nil
}

// missing is what a record cannot stand without and what does not stand, or the
// record itself where it is a claim that nothing supports; else nil.
func (u *undoing) missing(s *slot) (*slot, error) {
	var needs []ID
	switch c := s.content.(type) {
	case *Claim:
		needs = []ID{c.From, c.To}
	case *Citation:
		needs = []ID{c.Claim, c.Source}
	}
	if err := u.load(needs); err != nil {
		return nil, err
	}
	for _, id := range needs {
		if id != "" && !u.get(id).open {
			return u.get(id), nil
		}
	}
	if !s.content.Type().IsClaim() {
		return nil, nil //nolint:nilnil // nothing is missing
	}
	if err := u.related(CitationsOf, []ID{s.id}); err != nil {
		return nil, err
	}
	for _, x := range u.citationsOf(s.id) {
		if x.open && x.content.(*Citation).Stance == Supports { //nolint:forcetypeassert // the index holds citations
			return nil, nil //nolint:nilnil // nothing is missing
		}
	}
	return s, nil
}

// refit notes the links that have to fit their ends when a record is again what it was.
func (u *undoing) refit(is, was Content) error {
	switch was := was.(type) {
	case *Claim:
		if was.Of == LinkRecord {
			u.links = append(u.links, was.ID)
		}
	case *Entity:
		if is.(*Entity).Kind == was.Kind { //nolint:forcetypeassert // a record stays of its type
			return nil
		}
		if err := u.related(ClaimsOn, []ID{was.ID}); err != nil {
			return err
		}
		for _, s := range u.dependentOn(was.ID) {
			if s.content.Type() == LinkRecord {
				u.links = append(u.links, s.id)
			}
		}
	}
	return nil
}

// checkEnds makes sure that links fit their ends as far as their author sees them. Only
// what stood just so before the revision may stand so again.
func (u *undoing) checkEnds() error {
	for _, id := range u.links {
		s := u.get(id)
		if !u.sees(s) || u.named[id] {
			continue
		}
		c := s.content.(*Claim) //nolint:forcetypeassert // links are claims
		if err := u.load([]ID{c.From, c.To}); err != nil {
			return err
		}
		from, to := u.get(c.From), u.get(c.To)
		if !from.open || !to.open || !u.misfits(c) && !u.mixesKinds(c) {
			continue // without one of them, the link goes too
		}
		hidden, err := u.hides(s)
		if err == nil && !hidden {
			hidden, err = u.stoodJustSo(c)
		}
		if err != nil {
			return err
		}
		if hidden {
			continue
		}
		u.named[id] = true
		f, t := from.content.(*Entity), to.content.(*Entity) //nolint:forcetypeassert // the ends of a link
		would := fmt.Sprintf("lead from a %s, %q, to a %s, %q", f.Kind, f.ID, t.Kind, t.ID)
		if u.mixesKinds(c) {
			would = fmt.Sprintf("join a %s, %q, and a %s, %q, as the same", f.Kind, f.ID, t.Kind, t.ID)
		}
		u.fault(Conflict, "undo.revision", "revision %d cannot be undone: %s link %q would %s; retract the link or correct the kind of an end first", u.number, c.Kind, c.ID, would)
	}
	return nil
}

// stoodJustSo says whether a link stood before the revision between ends of the kinds
// that they have now.
func (u *undoing) stoodJustSo(c *Claim) (bool, error) {
	then, err := u.snap.Newest(u.ctx, []ID{c.ID, c.From, c.To}, u.rev.Sequence())
	if err != nil {
		return false, err
	}
	link := then[c.ID]
	if link == nil || link.To < u.rev.Sequence() || link.Claim() == nil || link.Claim().Accepted != c.Accepted {
		return false, nil
	}
	for _, id := range []ID{c.From, c.To} {
		was, is := then[id], u.get(id).content.(*Entity) //nolint:forcetypeassert // the ends of a link
		if was == nil || was.Entity() == nil || was.Entity().Kind != is.Kind {
			return false, nil
		}
	}
	return true, nil
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
	by, advice := "a later revision", "change by hand what is to be as it was" // it has no number to undo it by
	if n := later.Numbers[w.author.Clearance]; n > 0 {
		by, advice = fmt.Sprintf("revision %d", n), "undo that one first"
	}
	if undone > 0 {
		w.fault(Conflict, "undo.revision", "revision %d cannot be undone: %s has since changed %q; %s", undone, by, id, advice)
	} else {
		w.fault(Conflict, "undo.revision", "the revision cannot be undone: %q, written by %s, rests on what it made; %s", id, by, advice)
	}
	return nil
}
