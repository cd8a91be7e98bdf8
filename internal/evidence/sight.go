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
// may know of, ordered by id. To look at them is not to change them.
func (w *workspace) knownCitations(claim ID) ([]*slot, error) {
	if err := w.relatedBehind(CitationsOf, []ID{claim}); err != nil {
		return nil, err
	}
	if err := w.relatedBehind(FormerCitations, []ID{claim}); err != nil {
		return nil, err
	}
	var known []*slot
	for _, x := range w.citationsOf(claim) {
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

// claimsOf are the claims of citations that the author may know of, and apart from
// these the claims that are come upon by the other citations.
func (w *workspace) claimsOf(citations []*slot) (known, behind []ID, err error) {
	if w.author.Clearance < Confidential { // read at once what is asked one by one
		sources := make([]ID, len(citations))
		for i, x := range citations {
			sources[i] = x.content.(*Citation).Source //nolint:forcetypeassert // the caller gives citations
		}
		if err := w.load(sources); err != nil {
			return nil, nil, err
		}
	}
	for _, x := range citations {
		c := x.content.(*Citation) //nolint:forcetypeassert // the caller gives citations
		hidden := false
		if w.author.Clearance < Confidential {
			if hidden, err = w.anyAbove(x.id, c.Source); err != nil {
				return nil, nil, err
			}
		}
		if hidden {
			behind = append(behind, c.Claim)
		} else {
			known = append(known, c.Claim)
		}
	}
	return known, behind, nil
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

// backInSight is the latest moment at which a record came into its author's sight: the
// given one, or a later one at which a support of its claim that they know came back.
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

// outOfSight takes the claims that a revision closed for its reader by closing the
// last supports of theirs that they know, with the citations that went with them:
// those that it did not close itself.
func (u *undoing) outOfSight(closed []ID) error {
	after := u.rev.Sequence() + 1
	_, err := u.turned(closed, after, after)
	return err
}

// intoSight is the reverse of outOfSight: the claims that a revision opened for its
// reader by writing the first supports of theirs that they know.
func (u *undoing) intoSight(written []ID) error {
	turned, err := u.turned(written, u.rev.Sequence(), u.rev.Sequence()+1)
	u.came = map[ID]bool{}
	for _, id := range turned {
		u.came[id] = true
	}
	return err
}

// turned looks at the claims of some citations, and at their citations that the author
// knows. It finds the claims that had no known support at the moment unsupported, and
// takes and gives them and those citations, as far as they stood at the moment stood
// and were not taken before.
func (u *undoing) turned(citations []ID, unsupported, stood Sequence) ([]ID, error) {
	if u.author.Clearance == Confidential {
		return nil, nil
	}
	if err := u.load(citations); err != nil {
		return nil, err
	}
	var turned []ID
	judged := map[ID]bool{} // claims, of which many citations can be among these
	for _, id := range citations {
		s := u.get(id)
		if s.base == nil || s.base.Citation() == nil || !s.supports() {
			continue
		}
		claim := s.base.Citation().Claim
		if u.among[claim] || judged[claim] {
			continue
		}
		if hidden, err := u.anyAbove(id, s.base.Citation().Source); err != nil {
			return nil, err
		} else if hidden {
			continue
		}
		judged[claim] = true
		known, err := u.knownCitations(claim)
		if err != nil {
			return nil, err
		}
		both := []ID{claim}
		for _, x := range known {
			both = append(both, x.id)
		}
		at, err := u.standingAt(both, unsupported)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(known, func(x *slot) bool { return x.supports() && at[x.id] }) {
			continue
		}
		if at, err = u.standingAt(both, stood); err != nil {
			return nil, err
		}
		for _, id := range both {
			if at[id] && u.take(id) {
				turned = append(turned, id)
			}
		}
	}
	return turned, nil
}

// standingAt tells which records stood just before a sequence.
func (u *undoing) standingAt(ids []ID, before Sequence) (map[ID]bool, error) {
	then, err := u.snap.Newest(u.ctx, ids, before)
	stood := make(map[ID]bool, len(then))
	for id, r := range then {
		stood[id] = r.To >= before
	}
	return stood, err
}

// leave has a record go out of its author's sight, which stands all the same.
func (u *undoing) leave(s *slot) {
	s.left = true
	if s.content.Type().IsClaim() {
		u.left = append(u.left, s.id)
	}
}

// checkLeft does with what hangs on a claim that goes out of its author's sight
// what a cascade would: what was made later is in the way, and what this revision
// makes goes too.
func (u *undoing) checkLeft() error {
	for _, id := range u.left {
		known, err := u.knownCitations(id)
		if err != nil {
			return err
		}
		for _, x := range known {
			if !x.open || x.left || u.undone[x.id] || x.derived.Visibility > u.author.Clearance {
				continue
			}
			last, err := u.lastSeen(x)
			if err == nil {
				err = u.inTheWay(x.id, last, 0)
			}
			if err != nil {
				return err
			}
		}
		for _, x := range u.citationsOf(id) {
			if x.base == nil {
				u.close(x)
			}
		}
	}
	return nil
}
