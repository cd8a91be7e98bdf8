package evidence

import (
	"slices"

	"github.com/vinculo/vinculo/internal/evidence/slab"
)

// cascade closes what cannot stand without what was closed: the claims of an
// entity, the citations into a source, the citations of a claim, and a claim
// that no citation supports any more.
func (w *workspace) cascade() error {
	for done := 0; done < len(w.closed); {
		wave := w.closed[done:]
		done = len(w.closed)
		var entities, sources, claims []ID
		var citations []*slot
		for _, s := range wave {
			if s.open { // closed and put again
				continue
			}
			switch c := s.content.(type) {
			case *Entity:
				entities = append(entities, c.ID)
			case *Source:
				sources = append(sources, c.ID)
			case *Claim:
				claims = append(claims, c.ID)
			case *Citation:
				citations = append(citations, s)
			}
		}
		for _, step := range []struct {
			relation Relation
			of       []ID
			leads    func(ID) []*slot
		}{{ClaimsOn, entities, w.dependentOn}, {CitationsIn, sources, w.dependentOn}, {CitationsOf, claims, w.citationsOf}} {
			if err := w.related(step.relation, step.of); err != nil {
				return err
			}
			for _, id := range step.of {
				for _, s := range step.leads(id) {
					if err := w.closeDependent(s, id); err != nil {
						return err
					}
				}
			}
		}
		for _, s := range w.closed[done:] {
			if s.content.Type() == CitationRecord {
				citations = append(citations, s)
			}
		}
		if err := w.closeUnsupported(citations); err != nil {
			return err
		}
	}
	return nil
}

func (w *workspace) closeDependent(s *slot, on ID) error {
	if !s.open {
		return nil
	}
	// Which change is told of later must not hang on what the author does not see.
	defer func(index int) { w.index = index }(w.index)
	w.index = w.get(on).index
	if w.undone[on] && s.base != nil && !w.undone[s.id] && s.derived.Visibility <= w.author.Clearance {
		last, err := w.lastSeen(s)
		if err != nil {
			return err
		}
		at, lowered := w.lowered[on]
		if !lowered || last > at {
			return w.inTheWay(s.id, last, 0)
		}
		w.undone[s.id], w.lowered[s.id] = true, at // it came into sight with what it depends on
	}
	w.close(s)
	return nil
}

// closeUnsupported closes the claims that lost their last support with some citations.
func (w *workspace) closeUnsupported(citations []*slot) error {
	claims, behind, err := w.claimsOf(citations)
	if err != nil {
		return err
	}
	if err := w.load(slices.Concat(claims, behind)); err != nil {
		return err
	}
	if err := w.related(CitationsOf, claims); err != nil {
		return err
	}
	if err := w.relatedBehind(CitationsOf, behind); err != nil {
		return err
	}
	for _, id := range slices.Concat(claims, behind) {
		s := w.get(id)
		if !s.open {
			continue
		}
		var cause *slot
		supported := false
		for _, x := range w.citationsOf(id) {
			if x.content.(*Citation).Stance != Supports { //nolint:forcetypeassert // the index holds citations
				continue
			}
			supported = supported || x.open
			if !x.open && x.touched {
				cause = x
			}
		}
		if !supported && cause != nil {
			if err := w.closeDependent(s, cause.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// replay takes one logged effect into the workspace.
func (w *workspace) replay(e Effect) error {
	s := w.get(e.Target())
	switch {
	case e.Close != "":
		if !s.open {
			return Faulty(Conflict, "", "the log closes %q, which does not stand; run `vinculo verify`", e.Close)
		}
		w.close(s)
	case e.Clearance != nil:
		s.now = e.Clearance.Clearance
		w.touch(s)
	case e.Check != nil:
		check := e.Check.Check
		s.check = &check
		w.touch(s)
	default:
		if c := e.content(); c != nil {
			w.put(s, c)
			s.again = s.base != nil
		}
	}
	return nil
}

// outcomes puts what was done under the changes that did it.
func (w *workspace) outcomes(cs *ChangeSet, targets []ID) []Outcome {
	outcomes := make([]Outcome, len(cs.Changes))
	var effects slab.Of[Effect]
	for i := range cs.Changes {
		outcomes[i] = Outcome{Change: cs.Changes[i].only(), ID: targets[i]}
	}
	for _, s := range w.touched {
		if !s.differs() {
			continue
		}
		add := func(e Effect) {
			to := &outcomes[s.index].Effects
			if *to == nil { // a link mostly comes with two citations at the most
				*to = effects.Take(3)[:0]
			}
			*to = append(*to, e)
		}
		was := s.base != nil && s.base.IsOpen()
		switch {
		case s.open && s.rewritten():
			add(effectOf(s.content))
		case !s.open && was:
			add(Effect{Close: s.id})
		}
		if !s.open && s.now != s.base.Derived.Now {
			add(Effect{Clearance: &ClearanceSet{ID: s.id, Clearance: s.now}})
		}
		if s.check != nil && (s.base == nil || !s.check.Equal(s.base.Derived.Check)) {
			add(Effect{Check: &CitationCheck{Citation: s.id, Check: *s.check}})
		}
	}
	return outcomes
}

// judge computes what is derived for everything that the revision affects and
// gives the slots whose records change, touched ones first.
func (w *workspace) judge() ([]*slot, error) {
	claims, err := w.affected()
	if err != nil {
		return nil, err
	}
	if err := w.loadAround(claims); err != nil {
		return nil, err
	}
	order := slices.Clone(w.touched)
	extra := func(s *slot) {
		if !s.touched && !s.judged {
			order = append(order, s)
		}
		s.judged = true
	}
	w.provenance = NewProvenance()
	for _, s := range claims {
		// However much there is to weigh, it ends with what asked for it.
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		extra(s)
		for _, x := range s.cited {
			extra(x)
		}
		if s.open {
			w.judgeClaim(s)
		}
	}
	for _, s := range order {
		switch {
		case !s.open:
			s.derived = Derived{Visibility: Hidden, Key: s.closedKey(w)}
		case s.content.Type() == EntityRecord || s.content.Type() == SourceRecord:
			s.derived = Derived{Visibility: s.content.OwnClearance(), Key: OrderKey(s.content, 0, w.planner.Vocabulary)}
		}
		s.derived.Now, s.derived.Check = s.now, s.check
	}
	return order, nil
}

func (s *slot) closedKey(w *workspace) string {
	if s.base != nil {
		return s.base.Derived.Key
	}
	return OrderKey(s.content, 0, w.planner.Vocabulary)
}

// loadAround loads the ends and sources of claims, and what the sources derive
// from.
func (w *workspace) loadAround(claims []*slot) error {
	var missing []ID
	named := func(s *slot) {
		if s != nil && !s.asked {
			missing = append(missing, s.id)
		}
	}
	for _, s := range claims {
		named(s.names[0])
		named(s.names[1])
		for _, x := range s.cited {
			named(x.names[1])
		}
	}
	if err := w.load(missing); err != nil {
		return err
	}
	reached := map[ID]bool{} // what is in the workspace already may have ancestors that are not
	var above []ID
	reach := func(s *slot) {
		if src := s.source(); src != nil && len(src.DerivedFrom) > 0 && !reached[s.id] {
			reached[s.id] = true
			above = append(above, src.DerivedFrom...)
		}
	}
	for _, s := range claims {
		for _, x := range s.cited {
			reach(x.names[1])
		}
	}
	for len(above) > 0 {
		sources := above
		above = nil
		if err := w.load(sources); err != nil {
			return err
		}
		for _, id := range sources {
			reach(w.get(id))
		}
	}
	return nil
}

// source is the source in a slot; nil where there is none.
func (s *slot) source() *Source {
	if s == nil {
		return nil
	}
	src, _ := s.content.(*Source)
	return src
}

// judging is what judging one claim needs memory for, kept for the next.
type judging struct {
	citations []*slot
	cited     []Cited
	derived   []Derived
}

func (w *workspace) judgeClaim(s *slot) {
	j := &w.judging
	citations, cited := j.citations[:0], j.cited[:0]
	claim := s.content.(*Claim) //nolint:forcetypeassert // the caller gives claims
	k := Case{Claim: claim, Visibility: claim.Clearance}
	for _, e := range s.names {
		if e == nil {
			continue
		}
		if e.open {
			k.Ends = max(k.Ends, e.content.OwnClearance())
		} else {
			k.Ends = Hidden
		}
	}
	derive := false
	for _, x := range s.cited {
		c := x.content.(*Citation) //nolint:forcetypeassert // the list holds citations
		from := x.names[1]
		src := from.source()
		if !x.open || src == nil || !from.open {
			continue
		}
		citations = append(citations, x)
		cited = append(cited, Cited{Citation: c, Source: src, Visibility: max(c.Clearance, src.Clearance)})
		derive = derive || len(src.DerivedFrom) > 0
	}
	k.Cited = cited
	if derive {
		k.Provenance = w.provenance
		for _, x := range k.Cited {
			w.addProvenance(x.Source)
		}
	}
	j.citations, j.cited, j.derived = citations, cited, slices.Grow(j.derived[:0], len(cited))[:len(cited)]
	s.derived = k.judge(w.planner.Vocabulary, j.derived)
	for i, x := range citations {
		x.derived = j.derived[i]
	}
}

func (w *workspace) addProvenance(src *Source) {
	if w.provenance.Sources[src.ID] != nil {
		return
	}
	w.provenance.Add(src, src.Clearance)
	for _, parent := range src.DerivedFrom {
		if s := w.get(parent); s.open {
			w.addProvenance(s.content.(*Source)) //nolint:forcetypeassert // DerivedFrom names sources
		}
	}
}
