package evidence

import "slices"

// Below the top no revision is counted for what is raised and stays in its reader's
// sight, so that the newest number which they have seen does not say whether they have
// seen that. What was raised behind that revision they may not know of, and who lowers
// it expecting that revision is asked whether they do.

// lowersUnseen says whether the change set lowers what was raised, in its author's
// sight, behind the revision that they expect.
func (w *workspace) lowersUnseen(s *slot) (bool, error) {
	if w.author.Clearance == Confidential || !s.open || !s.base.IsOpen() {
		return false, nil
	}
	lowered := loweredBy(s.base.Content, s.content, w.author.Clearance)
	if !lowered.record && len(lowered.names) == 0 {
		return false, nil
	}
	found, err := w.snap.Newest(w.ctx, []ID{s.id}, w.seen+1)
	if err != nil || found[s.id] == nil {
		return false, err
	}
	then := found[s.id].Content
	if lowered.record && then.OwnClearance() < s.base.Content.OwnClearance() {
		return true, nil
	}
	was, _ := then.(*Entity)
	return was != nil && slices.ContainsFunc(lowered.names, was.hasLower), nil
}

// lowering is what a new version of a record lowers of the one before.
type lowering struct {
	record bool
	names  []Name // as they were before
}

// loweredBy tells what a reader of the clearance sees being lowered.
func loweredBy(before, after Content, c Clearance) lowering {
	l := lowering{record: after.OwnClearance() < before.OwnClearance()}
	was, _ := before.(*Entity)
	is, _ := after.(*Entity)
	if was == nil || is == nil {
		return l
	}
	for _, n := range was.Names {
		if n.Clearance <= c && is.hasLower(n) && !was.hasLower(n) {
			l.names = append(l.names, n)
		}
	}
	return l
}

// hasLower says whether the entity has a name that is like one but for a lower
// clearance.
func (e *Entity) hasLower(like Name) bool {
	return slices.ContainsFunc(e.Names, func(n Name) bool {
		return n.Text == like.Text && n.Type == like.Type && n.Language == like.Language && n.Clearance < like.Clearance
	})
}
