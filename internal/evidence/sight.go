package evidence

import "slices"

// A claim that stands by a support which its author does not see is out of their
// sight once the supports that they know are closed. To them it was closed then,
// and its citations with it, just as it would have been without the hidden one;
// and it came back when one of those supports did. What they are told of it goes
// by that, or the difference would tell of the hidden support.

// claimOf is the slot of a claim, or of the claim of a citation; nil for others.
func (w *workspace) claimOf(s *slot) (*slot, error) {
	switch c := s.content.(type) {
	case *Claim:
		return s, nil
	case *Citation:
		if err := w.load([]ID{c.Claim}); err != nil {
			return nil, err
		}
		if claim := w.get(c.Claim); claim.base != nil {
			return claim, nil
		}
	}
	return nil, nil //nolint:nilnil // it hangs on no claim
}

// knownCitations are the citations that a claim has or had and that its author
// may know of, ordered by id.
func (w *workspace) knownCitations(claim ID) ([]*slot, error) {
	if err := w.related(CitationsOf, []ID{claim}); err != nil {
		return nil, err
	}
	if err := w.relatedBehind(FormerCitations, []ID{claim}); err != nil {
		return nil, err
	}
	var known []*slot
	for _, x := range w.citations[claim] {
		if x.base == nil {
			continue // made by this revision
		}
		hidden, err := w.anyAbove(x.id, x.base.Citation().Source)
		if err != nil {
			return nil, err
		}
		if !hidden {
			known = append(known, x)
		}
	}
	slices.SortFunc(known, func(a, b *slot) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return known, nil
}

// anyAbove says whether one of the records is kept from the author by its own
// clearance, as it is now.
func (w *workspace) anyAbove(ids ...ID) (bool, error) {
	if err := w.load(ids); err != nil {
		return false, err
	}
	return slices.ContainsFunc(ids, func(id ID) bool { return id != "" && w.get(id).now > w.author.Clearance }), nil
}

func (s *slot) supports() bool { return s.base.Citation().Stance == Supports }

// goneAt is when a record was closed for its author: the end of its newest
// version, or earlier the moment at which its claim lost the last support that
// they know. Open where it stands for them, or was never theirs to see.
func (w *workspace) goneAt(s *slot) (Sequence, error) {
	r := s.base
	if w.author.Clearance == Confidential || r.IsOpen() && r.Derived.Visibility <= w.author.Clearance {
		return r.To, nil
	}
	claim, err := w.claimOf(s)
	if err != nil || claim == nil {
		return r.To, err
	}
	known, err := w.knownCitations(claim.id)
	if err != nil {
		return r.To, err
	}
	var lost Sequence
	for _, x := range known {
		if x.supports() {
			lost = max(lost, x.base.To)
		}
	}
	if lost == 0 { // none is known
		return r.To, nil
	}
	return min(r.To, claim.base.To, lost), nil
}

// stoodUntil says whether a record stood just before it was gone for its author: one
// that was only written afterwards they never saw.
func (w *workspace) stoodUntil(s *slot, gone Sequence) (bool, error) {
	if s.base.From <= gone {
		return true, nil
	}
	then, err := w.snap.Newest(w.ctx, []ID{s.id}, gone)
	return then[s.id] != nil && then[s.id].To >= gone, err
}

// backInSight is the last moment from a given one on at which a record came into
// its author's sight: that one, or a later one at which a support of its claim that
// they know came back.
func (w *workspace) backInSight(s *slot, from Sequence) (Sequence, error) {
	if w.author.Clearance == Confidential {
		return from, nil
	}
	claim, err := w.claimOf(s)
	if err != nil || claim == nil {
		return from, err
	}
	known, err := w.knownCitations(claim.id)
	if err != nil {
		return from, err
	}
	var supports []ID
	since := Open
	for _, x := range known {
		if !x.supports() {
			continue
		}
		supports = append(supports, x.id)
		if x.base.IsOpen() {
			since = min(since, x.base.From)
		}
	}
	for since != Open && since > from {
		earlier, err := w.snap.Newest(w.ctx, supports, since)
		if err != nil {
			return from, err
		}
		began := since
		for _, r := range earlier {
			if r.To >= since { // it stood until another one did
				began = min(began, r.From)
			}
		}
		if began == since {
			return since, nil
		}
		since = began
	}
	return from, nil
}

// outOfSight are the claims that a revision closed for its reader by closing the
// last supports of theirs that they know, with the citations that went with them:
// those that it did not close itself. They are added to the ids of what it did.
func (u *undoing) outOfSight(closed, ids []ID) ([]ID, error) {
	if u.author.Clearance == Confidential {
		return ids, nil
	}
	after := u.rev.Sequence() + 1
	if err := u.load(closed); err != nil {
		return nil, err
	}
	for _, id := range closed {
		s := u.get(id)
		if s.base == nil || s.base.Citation() == nil || !s.supports() || slices.Contains(ids, s.base.Citation().Claim) {
			continue
		}
		claim := s.base.Citation().Claim
		known, err := u.knownCitations(claim)
		if err != nil {
			return nil, err
		}
		among := []ID{claim}
		for _, x := range known {
			among = append(among, x.id)
		}
		then, err := u.snap.Newest(u.ctx, among, after)
		if err != nil {
			return nil, err
		}
		stood := func(id ID) bool { return then[id] != nil && then[id].To >= after }
		supported := slices.ContainsFunc(known, func(x *slot) bool { return x.supports() && stood(x.id) })
		if supported || !slices.ContainsFunc(known, func(x *slot) bool { return x.id == id }) {
			continue
		}
		for _, id := range among {
			if stood(id) && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}
