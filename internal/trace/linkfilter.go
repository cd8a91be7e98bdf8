package trace

import (
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
)

// LinkFilter says which links a traversal may use. The zero value allows all but
// those to placeholders.
type LinkFilter struct {
	Kinds           []string
	ExceptKinds     []string // of those
	Standing        []evidence.Standing
	MinStrength     int // 0 to 1000
	On, During      string
	Throughout      string
	Certainty       edtf.Certainty // Possibly where not given
	ExcludeDisputed bool
	// ExcludeEntities may not be passed through or reached.
	ExcludeEntities []evidence.ID
	// Unidentified lets entities of identity UNIDENTIFIED and CLASS carry a path.
	Unidentified bool
}

// linkTest is a LinkFilter made ready to be asked of edges.
type linkTest struct {
	LinkFilter
	on, during, throughout edtf.Date
	avoid                  map[evidence.ID]bool
	named                  [][]evidence.ID      // entities asked for by name: placeholders among them count
	ends                   map[evidence.ID]bool // all of named, made when it is asked for
	identity               *identity
	together               bool // it matters on which days links may have held together
}

// linkTest makes a filter ready for a question that names entities.
func (s *Session) linkTest(f LinkFilter, named ...[]evidence.ID) (*linkTest, error) {
	t := &linkTest{}
	return t, t.prepare(s, f, named...)
}

// prepare makes it that of a filter, whatever it was before.
func (t *linkTest) prepare(s *Session, f LinkFilter, named ...[]evidence.ID) (err error) {
	t.LinkFilter, t.identity, t.avoid, t.ends, t.named, t.together = f, s.identity, s.set(f.ExcludeEntities), nil, append(t.named[:0], named...), false
	if t.Certainty == edtf.No {
		t.Certainty = edtf.Possibly
	}
	if t.on, err = dateOf("filter.on", f.On); err != nil {
		return err
	}
	if t.during, err = dateOf("filter.during", f.During); err != nil {
		return err
	}
	if t.throughout, err = dateOf("filter.throughout", f.Throughout); err != nil {
		return err
	}
	t.Kinds, err = s.kindsBut(f.Kinds, f.ExceptKinds)
	return err
}

// kindsBut are kinds of links, or all where none is named, but for some; none where
// those are all there are.
func (s *Session) kindsBut(kinds, except []string) ([]string, error) {
	for _, list := range []struct {
		field string
		kinds []string
	}{{"kinds", kinds}, {"exceptKinds", except}} {
		for _, kind := range list.kinds {
			if _, ok := s.tracer.vocabulary.Link(kind); !ok {
				return nil, evidence.Faulty(evidence.InvalidInput, "filter."+list.field, "%q is not a kind of link; see the vocabulary", kind)
			}
		}
	}
	if len(except) == 0 {
		return kinds, nil
	}
	if len(kinds) == 0 {
		for _, kind := range s.tracer.vocabulary.Links() {
			kinds = append(kinds, kind.Name)
		}
	}
	left := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return slices.Contains(except, kind) })
	if len(left) == 0 { // which would keep all of them
		return nil, evidence.Faulty(evidence.InvalidInput, "filter.exceptKinds", "it leaves out every kind that the filter keeps; leave out fewer")
	}
	return left, nil
}

// keeps says whether a traversal may use an edge, apart from the dates that only
// its record decides.
func (t *linkTest) keeps(e *store.Edge) bool {
	if t.avoid[e.From] || t.avoid[e.To] ||
		int(e.Strength) < t.MinStrength || t.ExcludeDisputed && e.Disputed ||
		len(t.Standing) > 0 && !slices.Contains(t.Standing, e.Standing) {
		return false
	}
	if !t.Unidentified && (!t.carries(e.From, e.FromPlaceholder) || !t.carries(e.To, e.ToPlaceholder)) {
		return false
	}
	return t.mayHold(e)
}

// carries says whether a traversal may come to an entity that is or is not a
// placeholder itself.
func (t *linkTest) carries(id evidence.ID, placeholder bool) bool {
	if !t.identity.placeholder(id, placeholder) {
		return true
	}
	if t.ends == nil {
		t.ends = map[evidence.ID]bool{}
		for _, ids := range t.named {
			for _, id := range t.identity.groups(ids) {
				t.ends[id] = true
			}
		}
	}
	return t.ends[id]
}

// mayHold decides the filter's dates by the bounds of a link, which is all there
// is to know of most; of a doubtful one it is decided on its record.
func (t *linkTest) mayHold(e *store.Edge) bool {
	if !t.timed() || e.Doubtful {
		return true
	}
	if !e.Dated {
		return t.Certainty <= edtf.Undated
	}
	// What edtf.Valid says of a valid time without observations and `?`.
	b := e.Bounds
	if b.UntilEarliest == edtf.MinDay && b.UntilLatest == edtf.MaxDay && b.SinceLatest != edtf.MaxDay {
		b.UntilEarliest = b.SinceLatest // an unknown end
	}
	begun, ends := min(b.SinceLatest, b.UntilLatest), max(b.UntilEarliest, b.SinceEarliest)
	enough := func(d edtf.Date, possibly, definitely bool) bool {
		switch {
		case d.IsZero():
			return true
		case definitely && !d.Uncertain():
			return edtf.Definitely >= t.Certainty
		default:
			return (possibly || definitely) && edtf.Possibly >= t.Certainty
		}
	}
	overlaps := func(d edtf.Date) bool {
		return enough(d, b.SinceEarliest <= d.Latest() && b.UntilLatest >= d.Earliest(), begun <= d.Latest() && ends >= d.Earliest())
	}
	return overlaps(t.on) && overlaps(t.during) &&
		enough(t.throughout, b.SinceEarliest <= t.throughout.Earliest() && b.UntilLatest >= t.throughout.Latest(), begun <= t.throughout.Earliest() && ends >= t.throughout.Latest())
}

// held decides on the record what mayHold let through.
func (t *linkTest) held(valid edtf.Valid, aspect edtf.Aspect) bool {
	enough := func(d edtf.Date, ask func(edtf.Aspect, edtf.Date) edtf.Certainty) bool {
		return d.IsZero() || ask(aspect, d) >= t.Certainty
	}
	return enough(t.on, valid.HeldOn) && enough(t.during, valid.HeldDuring) && enough(t.throughout, valid.HeldThroughout)
}

// needsRecords says that the records of doubtful links have to be read.
func (t *linkTest) needsRecords() bool { return t.together || t.timed() }

// timed says that the filter asks for a date at all.
func (t *linkTest) timed() bool {
	return !t.on.IsZero() || !t.during.IsZero() || !t.throughout.IsZero()
}
