package evidence

import "slices"

// affected are the claims whose visibility, standing or strength may change, in
// the order in which they were come upon.
func (w *workspace) affected() ([]ID, error) {
	claims, entities, sources := w.differing()
	claims = append(claims, w.rejudged...)
	below := descent{w: w, known: map[ID]bool{}, children: map[ID][]*slot{}}
	if err := below.followSeen(append(sources, w.unrooted...)); err != nil {
		return nil, err
	}
	seen := len(below.reached)
	if err := w.related(CitationsIn, below.reached); err != nil {
		return nil, err
	}
	if err := below.followHidden(); err != nil {
		return nil, err
	}
	if err := w.related(ClaimsOn, entities); err != nil {
		return nil, err
	}
	for _, id := range entities {
		for _, s := range w.dependentOn(id) {
			claims = append(claims, s.id)
		}
	}
	claims = w.addCiting(claims, below.reached[:seen])
	if seen < len(below.reached) {
		if err := w.related(CitationsOf, claims); err != nil {
			return nil, err
		}
		if err := w.relatedBehind(CitationsIn, below.reached); err != nil {
			return nil, err
		}
		claims = w.addCiting(claims, below.reached[seen:])
		if err := w.relatedBehind(CitationsOf, claims); err != nil {
			return nil, err
		}
	}
	claims = firsts(claims)
	return claims, w.load(claims)
}

// differing gives, of what the revision really changes, the claims (of a citation the
// one that it cites), and those entities and sources by which claims may have to be
// judged differently.
func (w *workspace) differing() (claims, entities, sources []ID) {
	for _, s := range w.touched {
		if !s.differs() {
			continue
		}
		switch c := s.content.(type) {
		case *Claim:
			claims = append(claims, c.ID)
		case *Citation:
			if n := len(claims); n == 0 || claims[n-1] != c.Claim { // most stand behind their claim
				claims = append(claims, c.Claim)
			}
		case *Entity:
			if s.base != nil && s.base.Content.OwnClearance() != c.Clearance {
				entities = append(entities, c.ID)
			}
		case *Source:
			if s.base != nil && s.weighsOtherwise(s.base.Source(), c) {
				sources = append(sources, c.ID)
			}
		}
	}
	return claims, entities, sources
}

// weighsOtherwise says whether claims that rest on a source may have to be judged
// differently than by the source as it was.
func (s *slot) weighsOtherwise(was, is *Source) bool {
	return was.Clearance != is.Clearance || was.Reliability != is.Reliability || !slices.Equal(was.DerivedFrom, is.DerivedFrom) || s.open != s.base.IsOpen()
}

// addCiting adds the claims of the citations into sources.
func (w *workspace) addCiting(claims, sources []ID) []ID {
	for _, id := range sources {
		for _, s := range w.dependentOn(id) {
			claims = append(claims, s.content.(*Citation).Claim) //nolint:forcetypeassert // the index holds citations
		}
	}
	return claims
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
