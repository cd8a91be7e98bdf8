package evidence

import "slices"

// affected are the claims whose visibility, standing or strength may change, with
// their citations in the workspace: first those that are new, then those that the
// author's change reaches for them to see, each part in the order in which they were
// come upon.
func (w *workspace) affected() ([]*slot, error) {
	changed, err := w.differing()
	if err != nil {
		return nil, err
	}
	below := descent{w: w, known: map[ID]bool{}, children: map[ID][]*slot{}, hidden: changed.sourcesBehind}
	if err := below.followSeen(append(changed.sources, w.unrooted...)); err != nil {
		return nil, err
	}
	seen := len(below.reached)
	if err := w.related(CitationsIn, below.reached); err != nil {
		return nil, err
	}
	if err := below.followHidden(); err != nil {
		return nil, err
	}
	if err := w.related(ClaimsOn, changed.entities); err != nil {
		return nil, err
	}
	claims := append(changed.claims, w.rejudged...)
	for _, id := range changed.entities {
		for _, s := range w.dependentOn(id) {
			claims = append(claims, s.id)
		}
	}
	citing, behind, err := w.claimsOf(w.citationsIn(below.reached[:seen]))
	if err != nil {
		return nil, err
	}
	claims, behind = firsts(append(claims, citing...)), append(changed.claimsBehind, behind...)
	if err := w.related(CitationsOf, claims); err != nil {
		return nil, err
	}
	if err := w.relatedBehind(CitationsIn, below.reached); err != nil {
		return nil, err
	}
	for _, x := range w.citationsIn(below.reached[seen:]) {
		behind = append(behind, x.content.(*Citation).Claim) //nolint:forcetypeassert // the index holds citations
	}
	if err := w.relatedBehind(CitationsOf, behind); err != nil {
		return nil, err
	}
	if len(behind) > 0 {
		claims = firsts(append(claims, behind...))
	}
	if err := w.load(claims); err != nil {
		return nil, err
	}
	affected := changed.made
	for _, id := range claims {
		if s := w.get(id); s.base != nil || s.content == nil { // else it is among these
			affected = append(affected, s)
		}
	}
	return affected, nil
}

// difference is what a revision really changes that has claims judged anew: these, of
// a citation the one that it cites, and entities and sources. Behind are what the
// author does not see to be changed, or to bear on it.
type difference struct {
	made                   []*slot // new claims: all that bears on them is in the workspace
	claims, claimsBehind   []ID
	entities               []ID
	sources, sourcesBehind []ID
}

func (w *workspace) differing() (difference, error) {
	var d difference
	var citations []*slot
	var last *slot // most citations stand right behind their claim
	for _, s := range w.touched {
		if !s.differs() {
			continue
		}
		switch c := s.content.(type) {
		case *Claim:
			if last = s; s.base == nil {
				d.made = append(d.made, s)
			} else {
				d.claims = append(d.claims, c.ID)
			}
		case *Citation:
			if s.names[0] != last {
				citations = append(citations, s)
			}
		case *Entity:
			if s.base != nil && s.base.Content.OwnClearance() != c.Clearance {
				d.entities = append(d.entities, c.ID)
			}
		case *Source:
			weighs, seen, err := w.weighsOtherwise(s)
			switch {
			case err != nil:
				return d, err
			case weighs && seen:
				d.sources = append(d.sources, c.ID)
			case weighs:
				d.sourcesBehind = append(d.sourcesBehind, c.ID)
			}
		}
	}
	cited, behind, err := w.claimsOf(citations)
	d.claims, d.claimsBehind = append(d.claims, cited...), behind
	return d, err
}

// weighsOtherwise says whether claims that rest on a source may have to be judged
// differently than by the source as it was, and whether the author sees that.
func (w *workspace) weighsOtherwise(s *slot) (weighs, seen bool, err error) {
	if s.base == nil {
		return false, false, nil
	}
	was, is := s.base.Source(), s.content.(*Source) //nolint:forcetypeassert // the caller gives sources
	parents := !slices.Equal(was.DerivedFrom, is.DerivedFrom)
	other := was.Clearance != is.Clearance || was.Reliability != is.Reliability || s.open != s.base.IsOpen()
	if !parents && !other || w.author.Clearance == Confidential {
		return parents || other, true, nil
	}
	if s.now > w.author.Clearance || other {
		return true, s.now <= w.author.Clearance, nil
	}
	if err := w.load(slices.Concat(was.DerivedFrom, is.DerivedFrom)); err != nil {
		return true, false, err
	}
	above := func(id ID) bool { return w.get(id).now > w.author.Clearance }
	return true, !slices.Equal(without(was.DerivedFrom, above), without(is.DerivedFrom, above)), nil
}

// citationsIn are the citations into sources that are in the workspace.
func (w *workspace) citationsIn(sources []ID) []*slot {
	var citations []*slot
	for _, id := range sources {
		citations = append(citations, w.dependentOn(id)...)
	}
	return citations
}

// firsts keeps of each id the first. What it is given is changed.
func firsts(ids []ID) []ID {
	seen := make(map[ID]bool, len(ids))
	return slices.DeleteFunc(ids, func(id ID) bool {
		was := seen[id]
		seen[id] = true
		return was
	})
}

// descent goes from sources to those that derive from them, which weigh by them:
// first along those that the author sees, then from the others on.
type descent struct {
	w        *workspace
	reached  []ID // in the order in which they were come upon
	known    map[ID]bool
	hidden   []ID // those below what the author sees that the author does not see
	children map[ID][]*slot
	indexed  int // how many of the workspace's sources are in children
}

// followSeen reaches sources, and what descends from them as far as the author sees.
func (d *descent) followSeen(sources []ID) error {
	for len(sources) > 0 {
		below, err := d.step(sources, d.w.related)
		if err != nil {
			return err
		}
		sources = nil
		for _, id := range below {
			if d.w.sees(d.w.get(id)) {
				sources = append(sources, id)
			} else {
				d.hidden = append(d.hidden, id)
			}
		}
	}
	return nil
}

// followHidden reaches what followSeen left out, and all that descends from it.
func (d *descent) followHidden() error {
	sources := slices.DeleteFunc(firsts(d.hidden), func(id ID) bool { return d.known[id] })
	for len(sources) > 0 {
		below, err := d.step(sources, d.w.relatedBehind)
		if err != nil {
			return err
		}
		sources = below
	}
	return nil
}

// step reaches sources and gives those that derive from them and are not reached
// yet, by id. bring puts these into the workspace.
func (d *descent) step(sources []ID, bring func(Relation, []ID) error) ([]ID, error) {
	for _, id := range sources {
		d.known[id] = true
	}
	d.reached = append(d.reached, sources...)
	if err := bring(DerivedSources, sources); err != nil {
		return nil, err
	}
	for ; d.indexed < len(d.w.sources); d.indexed++ {
		s := d.w.sources[d.indexed]
		for _, parent := range s.content.(*Source).DerivedFrom { //nolint:forcetypeassert // the list holds sources
			d.children[parent] = append(d.children[parent], s)
		}
	}
	var below []ID
	for _, id := range sources {
		for _, s := range d.children[id] {
			if !d.known[s.id] {
				below = append(below, s.id)
			}
		}
	}
	slices.Sort(below)
	return slices.Compact(below), nil
}
