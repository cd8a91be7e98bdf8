package evidence

// watched is a record with all that decides whether its author sees it: for a claim
// its ends and the supports that they know, with their sources; for a citation its
// source and its claim.
type watched struct {
	*workspace
	id, source, claim ID
	ends              []ID
	supports          []*slot
	ids               []ID // all of these
}

// sighting is what there was to see of a watched record just before a moment.
type sighting struct {
	version *Record // nil where none had been written yet
	seen    bool
	closed  bool     // to who knows of all that is watched
	raised  bool     // above the author, by itself
	since   Sequence // when it became so; 0 where it always was
}

func (w *workspace) watch(s *slot) (*watched, error) {
	x := &watched{workspace: w, id: s.id, ids: []ID{s.id}}
	if c, ok := s.content.(*Citation); ok {
		x.source = c.Source
		x.ids = append(x.ids, c.Source)
	}
	claim, err := w.claimOf(s)
	if err != nil || claim == nil {
		return x, err
	}
	c := claim.base.Claim()
	x.claim, x.ends = c.ID, []ID{c.From}
	if c.To != "" {
		x.ends = append(x.ends, c.To)
	}
	known, err := w.knownCitations(c.ID)
	if err != nil {
		return nil, err
	}
	x.ids = append(append(x.ids, c.ID), x.ends...)
	for _, k := range known {
		if k.supports() {
			x.supports = append(x.supports, k)
			x.ids = append(x.ids, k.id, k.base.Citation().Source)
		}
	}
	x.ids = firsts(x.ids)
	return x, nil
}

// before is the sighting just before a moment.
func (x *watched) before(moment Sequence) (sighting, error) {
	found, err := x.snap.Newest(x.ctx, x.ids, moment)
	if err != nil {
		return sighting{}, err
	}
	stood := func(ids ...ID) bool {
		for _, id := range ids {
			if r := found[id]; id != "" && (r == nil || r.To < moment) {
				return false
			}
		}
		return true
	}
	shown := func(ids ...ID) bool {
		for _, id := range ids {
			if id != "" && (!stood(id) || found[id].Content.OwnClearance() > x.author.Clearance) {
				return false
			}
		}
		return true
	}
	at := sighting{version: found[x.id]}
	for _, r := range found {
		at.since = max(at.since, r.From)
		if r.To < moment {
			at.since = max(at.since, r.To)
		}
	}
	stands, seen := stood(x.id, x.source, x.claim), shown(x.id, x.source, x.claim) && shown(x.ends...)
	if x.claim != "" {
		supported, known := false, false
		for _, s := range x.supports {
			supported = supported || stood(s.id, s.base.Citation().Source)
			known = known || shown(s.id, s.base.Citation().Source)
		}
		stands, seen = stands && supported, seen && known
	}
	at.closed, at.seen = !stands, seen
	at.raised = stood(x.id) && !shown(x.id)
	return at, nil
}

// lastSeenBefore goes back from a sighting out of the author's sight to the latest
// one in it. Left is the one that followed it. Neither is of use where ok is false:
// they had never seen the record.
func (x *watched) lastSeenBefore(at sighting) (left, seen sighting, ok bool, err error) {
	for at.since > 0 {
		left = at
		if at, err = x.before(at.since); err != nil || at.seen {
			return left, at, err == nil, err
		}
	}
	return left, at, false, nil
}

// firstSeenAfter is the first sighting after a moment at which the author saw a record
// that they see now.
func (x *watched) firstSeenAfter(moment Sequence) (first sighting, err error) {
	at, err := x.before(Open)
	first = at
	for err == nil && at.since > moment {
		if at.seen {
			first = at
		}
		at, err = x.before(at.since)
	}
	return first, err
}

// changedInSight is the latest moment after another at which an open record changed
// for its author to see, or some earlier one; changed is when it changed last in what
// they may see of it. That it goes out of their sight and comes back is no change to
// them, whatever became of it meanwhile, where it comes back as it was; unless they
// saw it closed or opened, or raised above them by itself.
func (w *workspace) changedInSight(s *slot, changed, after Sequence) (Sequence, error) {
	claim, err := w.claimOf(s)
	if changed <= after && claim == nil || err != nil {
		return changed, err // it is seen or not by its own versions alone
	}
	x, err := w.watch(s)
	if err != nil {
		return 0, err
	}
	from := max(changed, after)
	at, err := x.before(from + 1)
	if err == nil && !at.seen {
		at, err = x.firstSeenAfter(from)
	}
	for err == nil && at.since > after {
		was, err := x.before(at.since)
		if err != nil {
			return 0, err
		}
		if !was.seen {
			left, seen, ok, err := x.lastSeenBefore(was)
			if err != nil || !ok || left.closed || left.raised || was.closed || was.raised {
				return at.since, err
			}
			was = seen
		}
		if was.version.From != at.version.From && !w.readsAlike(was.version.Content, at.version.Content) {
			return at.since, nil
		}
		at = was
	}
	return at.since, err
}

// closedInSight is when a record that is closed to its author was last closed for
// them to see: the given moment, or an earlier one where it was opened and closed
// again out of their sight.
func (w *workspace) closedInSight(s *slot, gone Sequence) (Sequence, error) {
	x, err := w.watch(s)
	if err != nil {
		return 0, err
	}
	at, err := x.before(gone)
	if err != nil || at.seen {
		return gone, err
	}
	left, _, ok, err := x.lastSeenBefore(at)
	if ok && left.closed {
		return left.since, err
	}
	return gone, err
}
