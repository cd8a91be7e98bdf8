package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// ClaimFilter keeps claims that answer all of what it says.
type ClaimFilter struct {
	Of    evidence.RecordType `json:",omitempty"` // LinkRecord or StatementRecord
	Kinds []string            `json:",omitempty"` // link kinds, or attributes
	// ExceptKinds are link kinds that are left out of those.
	ExceptKinds []string            `json:",omitempty"`
	Direction   evidence.Direction  `json:",omitempty"` // with ClaimsOf: the end on which the entity stands
	With        []evidence.ID       `json:",omitempty"` // one of these is an end (with ClaimsOf: the other end)
	From, To    []evidence.ID       `json:",omitempty"`
	Standing    []evidence.Standing `json:",omitempty"`
	Disputed    *bool               `json:",omitempty"`
	// MinStrength is 0 to 1000.
	MinStrength *int `json:",omitempty"`
	// On, During and Throughout are EDTF; a claim is kept where it held then with
	// at least Certainty (Possibly where that is not given).
	On, During, Throughout string         `json:",omitempty"`
	Certainty              edtf.Certainty `json:",omitempty"`
	Sources                []evidence.ID  `json:",omitempty"` // cited by a visible citation into one of these
	About                  []evidence.ID  `json:",omitempty"`
	Text                   string         `json:",omitempty"`
}

// EntityFilter keeps entities that answer all of what it says.
type EntityFilter struct {
	Kinds []string `json:",omitempty"`
	// Unidentified also lists entities of identity UNIDENTIFIED and CLASS.
	Unidentified bool                `json:",omitempty"`
	Identity     []evidence.Identity `json:",omitempty"`
	Country      string              `json:",omitempty"`
	Text         string              `json:",omitempty"`
}

// SourceFilter keeps sources that answer all of what it says.
type SourceFilter struct {
	Kinds       []string               `json:",omitempty"`
	Reliability []evidence.Reliability `json:",omitempty"`
	Language    string                 `json:",omitempty"`
	Published   string                 `json:",omitempty"` // EDTF: at some moment of it
	Text        string                 `json:",omitempty"`
}

// CitationFilter keeps citations that answer all of what it says.
type CitationFilter struct {
	Stances []evidence.Stance `json:",omitempty"`
	Sources []evidence.ID     `json:",omitempty"`
	Text    string            `json:",omitempty"`
}

// words are those that the filter looks for; nil where it looks for none.
func (f CitationFilter) words() ([]string, error) {
	words := names.Tokens(f.Text)
	if f.Text != "" && len(words) == 0 {
		return nil, evidence.Faulty(evidence.InvalidInput, "filter.text", "%q has no letter or digit to look for", f.Text)
	}
	if len(f.Sources) > MaxPageSize {
		return nil, evidence.Faulty(evidence.LimitExceeded, "filter.sources", "%d ids are more than a filter takes, %d; ask several times", len(f.Sources), MaxPageSize)
	}
	return words, nil
}

// citesOneOf says whether the filter keeps what cites a source.
func (f CitationFilter) citesOneOf(source evidence.ID) bool {
	return len(f.Sources) == 0 || slices.Contains(f.Sources, source)
}

// claimTest is a ClaimFilter made ready to be asked.
type claimTest struct {
	filter                 ClaimFilter
	kinds                  []string // that are left of those
	on, during, throughout edtf.Date
	certainty              edtf.Certainty
	words                  []string
	from, to, with         map[evidence.ID]bool
	about                  map[evidence.ID]bool // of what the filter names, what the view sees
	vocabulary             *vocabulary.Vocabulary
	session                *Session
}

func dateOf(path, s string) (edtf.Date, error) {
	d, err := edtf.Parse(s)
	if err != nil {
		return d, evidence.Faulty(evidence.InvalidDate, path, "%v", err)
	}
	return d, nil
}

// seenTest is a claimTest that can be asked of claims: it knows which of the claims
// that the filter names the view sees. That a claim speaks of another one is not
// told of it, nor whoever asks for those that do.
func (s *Session) seenTest(ctx context.Context, f ClaimFilter) (*claimTest, error) {
	t, err := s.claimTest(f)
	if err != nil || len(f.About) == 0 {
		return t, err
	}
	seen, err := s.get(ctx, f.About)
	t.about = make(map[evidence.ID]bool, len(seen))
	for id := range seen {
		t.about[id] = true
	}
	return t, err
}

func (s *Session) claimTest(f ClaimFilter) (*claimTest, error) {
	t := &claimTest{filter: f, vocabulary: s.tracer.vocabulary, session: s, certainty: edtf.Possibly, words: names.Tokens(f.Text)}
	if f.Certainty != edtf.No {
		t.certainty = f.Certainty
	}
	var err error
	if t.on, err = dateOf("filter.on", f.On); err != nil {
		return nil, err
	}
	if t.during, err = dateOf("filter.during", f.During); err != nil {
		return nil, err
	}
	if t.throughout, err = dateOf("filter.throughout", f.Throughout); err != nil {
		return nil, err
	}
	if f.Text != "" && len(t.words) == 0 {
		return nil, evidence.Faulty(evidence.InvalidInput, "filter.text", "%q has no letter or digit to look for", f.Text)
	}
	if t.kinds = f.Kinds; f.Of == evidence.LinkRecord {
		if t.kinds, err = s.kindsBut(f.Kinds, f.ExceptKinds); err != nil {
			return nil, err
		}
	}
	t.from, t.to, t.with = s.set(f.From), s.set(f.To), s.set(f.With)
	from := "from"
	if f.Of == evidence.StatementRecord {
		from = "entities"
	}
	for _, list := range []struct {
		field string // as those who ask know it
		ids   int
	}{{"ends", len(f.With)}, {from, len(f.From)}, {"to", len(f.To)}, {"sources", len(f.Sources)}, {"about", len(f.About)}} {
		if list.ids > MaxPageSize {
			return nil, evidence.Faulty(evidence.LimitExceeded, "filter."+list.field, "%d ids are more than a filter takes, %d; ask several times", list.ids, MaxPageSize)
		}
	}
	return t, nil
}

// set gives all members of the groups of ids, as a set; nil where there is none.
func (s *Session) set(ids []evidence.ID) map[evidence.ID]bool {
	if len(ids) == 0 {
		return nil
	}
	set := map[evidence.ID]bool{}
	for _, id := range s.identity.groups(ids) {
		set[id] = true
	}
	return set
}

// plain says that counters alone can answer how many claims the filter keeps.
func (t *claimTest) plain() bool {
	f := t.filter
	return t.with == nil && t.from == nil && t.to == nil && len(f.Standing) == 0 && f.Disputed == nil && f.MinStrength == nil &&
		f.On == "" && f.During == "" && f.Throughout == "" && len(f.Sources) == 0 && len(f.About) == 0 && len(t.words) == 0
}

// keeps says whether a claim passes everything but the sources that cite it.
func (t *claimTest) keeps(r *evidence.Record) bool {
	c, f := r.Claim(), t.filter
	if len(t.kinds) > 0 && !slices.Contains(t.kinds, c.Kind) ||
		!t.joins(c.Kind, c.From, c.To) ||
		t.with != nil && !t.with[c.From] && !t.with[c.To] ||
		len(f.About) > 0 && !t.about[c.About] {
		return false
	}
	level := t.session.level(r)
	if len(f.Standing) > 0 && !slices.Contains(f.Standing, level.Standing) ||
		f.Disputed != nil && *f.Disputed != (level.Disputes > 0) ||
		f.MinStrength != nil && int(level.Strength) < *f.MinStrength {
		return false
	}
	if len(t.words) > 0 && !evidence.HasWords(evidence.FullText(c), t.words) {
		return false
	}
	return t.held(c)
}

// joins says whether a claim leads from and to what the filter names. A link of
// a symmetric kind does so either way.
func (t *claimTest) joins(kind string, from, to evidence.ID) bool {
	leads := func(from, to evidence.ID) bool {
		return (t.from == nil || t.from[from]) && (t.to == nil || t.to[to])
	}
	return leads(from, to) || t.filter.Of == evidence.LinkRecord && t.session.tracer.symmetric.is[kind] && leads(to, from)
}

func (t *claimTest) held(c *evidence.Claim) bool {
	if t.on.IsZero() && t.during.IsZero() && t.throughout.IsZero() {
		return true
	}
	valid, aspect := c.Valid(), evidence.AspectOf(c, t.vocabulary)
	enough := func(given bool, held edtf.Certainty) bool { return !given || held >= t.certainty }
	return enough(!t.on.IsZero(), valid.HeldOn(aspect, t.on)) &&
		enough(!t.during.IsZero(), valid.HeldDuring(aspect, t.during)) &&
		enough(!t.throughout.IsZero(), valid.HeldThroughout(aspect, t.throughout))
}

// keepCited drops claims that no visible citation into one of the sources cites;
// one read for all of them.
func (t *claimTest) keepCited(ctx context.Context, found []store.Found) ([]store.Found, error) {
	if len(t.filter.Sources) == 0 || len(found) == 0 {
		return found, nil
	}
	ids := make([]evidence.ID, len(found))
	for i, f := range found {
		ids[i] = f.Record.ID()
	}
	cited := map[evidence.ID]bool{}
	for f, err := range t.session.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: ids, Limit: store.MaxBatch}) {
		if err != nil {
			return nil, err
		}
		if c := f.Record.Citation(); slices.Contains(t.filter.Sources, c.Source) {
			cited[c.Claim] = true
		}
	}
	return slices.DeleteFunc(found, func(f store.Found) bool { return !cited[f.Record.ID()] }), nil
}

// query is what the store is asked for: an anchor that the filter gives, if any.
// The claims of entities are anchored by those instead.
func (t *claimTest) query(entities []evidence.ID, direction evidence.Direction) store.Query {
	q := store.Query{Type: t.filter.Of, Kinds: t.kinds}
	switch {
	case len(entities) > 0:
		q.Entities, q.Direction = entities, direction
	case t.from != nil:
		q.Entities, q.Direction = slices.Sorted(maps.Keys(t.from)), evidence.Outgoing
	case t.to != nil:
		q.Entities, q.Direction = slices.Sorted(maps.Keys(t.to)), evidence.Incoming
	case t.with != nil:
		q.Entities = slices.Sorted(maps.Keys(t.with))
	case len(t.filter.About) > 0:
		q.About = t.filter.About
	case len(t.words) > 0:
		q.Text = t.words
	}
	if q.Type == evidence.LinkRecord {
		q.Either = t.session.either(q.Direction)
	}
	return q
}

// count is what the store is asked for where counters answer how many claims of
// entities there are.
func (t *claimTest) count(entities []evidence.ID) store.CountQuery {
	f := t.filter
	return store.CountQuery{Of: entities, Type: f.Of, Direction: f.Direction, Either: t.session.either(f.Direction), Kinds: t.kinds}
}
