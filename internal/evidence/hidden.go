package evidence

import (
	"bytes"
	"slices"
)

// An author below the top reads less of a record than is in it. What they write
// must neither take away what they do not see nor be answered differently for it.

// lastSeen is the last sequence at which a record changed for its author to see:
// versions that differ only in what is hidden from them do not count.
func (w *workspace) lastSeen(s *slot) (Sequence, error) { return w.lastSeenAfter(s, 0) }

// lastSeenAfter is lastSeen where only what came after a sequence is of interest;
// it looks no further back.
func (w *workspace) lastSeenAfter(s *slot, after Sequence) (Sequence, error) {
	last, err := w.lastChangedAfter(s, after)
	if err != nil || w.author.Clearance == Confidential {
		return last, err
	}
	gone, err := w.goneAt(s)
	switch {
	case err != nil:
		return 0, err
	case gone != Open && gone <= after:
		return gone, nil
	case gone != Open:
		return w.closedInSight(s, gone)
	default:
		return w.changedInSight(s, last, after)
	}
}

// lastChangedAfter is the last sequence at which a record changed in what its author
// may see of it, whether or not it was in their sight then.
func (w *workspace) lastChangedAfter(s *slot, after Sequence) (Sequence, error) {
	r := s.base
	gone, err := w.goneAt(s)
	if gone != Open || err != nil {
		return gone, err
	}
	for r.From > after {
		earlier, err := w.snap.Newest(w.ctx, []ID{s.id}, r.From)
		if err != nil {
			return 0, err
		}
		before := earlier[s.id]
		if before == nil || before.To < r.From || before.Content.OwnClearance() > w.author.Clearance || !w.readsAlike(before.Content, r.Content) {
			break
		}
		r = before
	}
	return w.backInSight(s, r.From)
}

// readsAlike says whether the author reads the same in two versions of a record, its
// clearances among it. To those who see everything it also makes a difference what
// is named that was retracted: it is seen again when that comes back.
func (w *workspace) readsAlike(one, other Content) bool {
	c := w.author.Clearance
	if c == Confidential {
		return sameContent(one, other)
	}
	return bytes.Equal(rendered(w.asSeenAt(one, c)), rendered(w.asSeenAt(other, c)))
}

// asRead is content as its author reads it: without the records that it names and
// that they do not see.
func (w *workspace) asRead(content Content) (Content, error) {
	if w.author.Clearance == Confidential {
		return content, nil
	}
	var named []ID
	_, _ = Redact(content, func(id ID) bool {
		named = append(named, id)
		return false
	})
	if err := w.load(named); err != nil {
		return nil, err
	}
	read, _ := Redact(content, func(id ID) bool { return !w.sees(w.get(id)) })
	return read, nil
}

// keepHidden is content that the author writes, with what they do not see of the
// content that is there.
func (w *workspace) keepHidden(next, there Content) Content {
	c := w.author.Clearance
	if c == Confidential {
		return next
	}
	switch next := next.(type) {
	case *Entity:
		if old, ok := there.(*Entity); ok {
			e := *next
			e.Names = w.keepHiddenNames(next.Names, old.Names)
			return &e
		}
	case *Source:
		if old, ok := there.(*Source); ok {
			src := *next
			src.DerivedFrom = w.keepHiddenIDs(next.DerivedFrom, old.DerivedFrom)
			return &src
		}
	case *Claim:
		if old, ok := there.(*Claim); ok {
			claim := *next
			claim.Standing = w.keepHiddenStanding(next.Standing, old.Standing)
			return &claim
		}
	}
	return next
}

// keepHiddenIDs are the ids of next with those of there that the author does not
// see, sorted.
func (w *workspace) keepHiddenIDs(next, there []ID) []ID {
	seen := w.visible(there, w.author.Clearance)
	ids := slices.Clone(next)
	for _, id := range there {
		if !slices.Contains(seen, id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// keepHiddenNames are the names of next that the author sees, each with the
// sources that are kept from them, and the names that are kept from them; all in
// the places that they have, as far as they are there.
func (w *workspace) keepHiddenNames(next, there []Name) []Name {
	var seen []Name
	for _, n := range next {
		if n.Clearance > w.author.Clearance {
			continue
		}
		for _, old := range w.formerly(n, next, there) {
			n.Sources = w.keepHiddenSources(n.Sources, old.Sources)
		}
		seen = append(seen, n)
	}
	names := make([]Name, 0, len(seen)+len(there))
	for _, old := range there {
		switch {
		case old.Clearance > w.author.Clearance && len(names) > 0:
			names = append(names, old)
		case len(seen) > 0:
			names, seen = append(names, seen[0]), seen[1:]
		}
	}
	return append(names, seen...)
}

// formerly are the names of there, as far as the author sees them, that one of next, which
// they write, was: those of its clearance, or else those that it raises or lowers. Of a
// name that is kept from them, or that they leave beside it, it takes nothing, or it would
// show its sources one day.
func (w *workspace) formerly(is Name, next, there []Name) []Name {
	alike := func(a, b Name) bool { return a.Text == b.Text && a.Type == b.Type && a.Language == b.Language }
	var same, cleared []Name
	for _, old := range there {
		stays := func(n Name) bool { return alike(n, old) && n.Clearance == old.Clearance }
		switch {
		case old.Clearance > w.author.Clearance || !alike(old, is):
		case old.Clearance == is.Clearance:
			same = append(same, old)
		case !slices.ContainsFunc(next, stays):
			cleared = append(cleared, old)
		}
	}
	if len(same) > 0 {
		return same
	}
	return cleared
}

// keepHiddenSources keeps the order in which the sources of a name are given.
func (w *workspace) keepHiddenSources(next, there []ID) []ID {
	seen := w.visible(there, w.author.Clearance)
	if slices.Equal(next, seen) {
		return there
	}
	sources := slices.Clone(next)
	for _, id := range there {
		if !slices.Contains(seen, id) && !slices.Contains(sources, id) {
			sources = append(sources, id)
		}
	}
	return sources
}

// keepHiddenStanding are the changes of standing of next, with those of there
// that the author does not see in their places.
func (w *workspace) keepHiddenStanding(next, there []StandingChange) []StandingChange {
	var out []StandingChange
	rest := next
	for _, s := range there {
		hidden := s.Citation != "" && len(w.visible([]ID{s.Citation}, w.author.Clearance)) == 0
		switch at := slices.Index(rest, s); {
		case at >= 0:
			out, rest = append(out, rest[:at+1]...), rest[at+1:]
		case hidden && !slices.Contains(next, s):
			out = append(out, s)
		}
	}
	return append(out, rest...)
}

// RaisedNames are the names of an entity, by text, that readers of the clearance could
// read once and that were raised above it since. The versions come oldest first. A name
// is raised where it goes out of their sight while another of its text comes that they do
// not see. One that is merely withdrawn is not, though a secret one of its text stands
// beside it: whoever gave it and took it away would learn of that.
func RaisedNames(versions []*Record, c Clearance) map[string]bool {
	raised := map[string]bool{}
	var before *Entity
	for _, v := range versions {
		is := v.Entity()
		if is == nil {
			continue
		}
		if before != nil {
			for _, n := range is.Names {
				if n.Clearance > c && before.showsName(n.Text, c) && is.timesNamed(n) > before.timesNamed(n) {
					raised[n.Text] = true
				}
			}
		}
		for _, n := range is.Names {
			if n.Clearance <= c {
				delete(raised, n.Text)
			}
		}
		before = is
	}
	return raised
}

// showsName says whether who has the clearance reads a name of that text.
func (e *Entity) showsName(text string, c Clearance) bool {
	return slices.ContainsFunc(e.Names, func(n Name) bool { return n.Text == text && n.Clearance <= c })
}

// timesNamed is how many names an entity has like one, whatever shows them.
func (e *Entity) timesNamed(like Name) (times int) {
	for _, n := range e.Names {
		if n.Text == like.Text && n.Type == like.Type && n.Language == like.Language && n.Clearance == like.Clearance {
			times++
		}
	}
	return times
}

// KeptSecret is a former version of the entity as a reader of the clearance may see it
// today. Names that were raised above the clearance since are left out, for raising hides
// the past too. Where the entity was called by one of them, it gets the name by which it
// is called today, and renamed is true.
func (e *Entity) KeptSecret(raised map[string]bool, called Name, c Clearance) (as *Entity, renamed bool) {
	hidden := func(n Name) bool { return n.Clearance > c || raised[n.Text] }
	if !slices.ContainsFunc(e.Names, func(n Name) bool { return n.Clearance <= c && hidden(n) }) {
		return e, false
	}
	kept := *e
	renamed = hidden(e.Names[0])
	kept.Names = slices.DeleteFunc(slices.Clone(e.Names), func(n Name) bool { return hidden(n) || renamed && n.Text == called.Text })
	if renamed {
		kept.Names = slices.Insert(kept.Names, 0, called)
	}
	return &kept, renamed
}
