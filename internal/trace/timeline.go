package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
)

// MomentKind says what happens at a moment of a timeline.
type MomentKind string

// The kinds of moment.
const (
	Happened MomentKind = "HAPPENED" // an event, or a link of aspect EVENT
	Began    MomentKind = "BEGAN"
	Ended    MomentKind = "ENDED"
	Observed MomentKind = "OBSERVED" // a source says that the link held then
)

// TimelineMoment is one entry of a timeline, with the span of days it lies in.
type TimelineMoment struct {
	What             MomentKind
	Earliest, Latest edtf.Day
	Uncertain        bool
	// Claim begins, ends, happens or was observed; nil where Event is the entity itself.
	Claim *Claim
	Event *Entity
}

// Timeline is a list of moments by their earliest day, or where they have none by
// their latest; those of one day by their latest, then by id.
type Timeline struct {
	Moments []TimelineMoment
	Undated []*Claim // claims with no date, by id
	Cut     Cut
}

// maxTimeline is how many claims a timeline orders.
const maxTimeline = 5000

// TimelineOf orders in time what is claimed of entities (of any of them; with
// between, only links that join two of them), and the events among them.
func (s *Session) TimelineOf(ctx context.Context, of []evidence.ID, between bool, f LinkFilter) (Timeline, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out Timeline
	if len(of) == 0 || len(of) > MaxPageSize {
		return out, evidence.Faulty(evidence.InvalidInput, "around", "%d entities are named; name 1 to %d", len(of), MaxPageSize)
	}
	t, err := s.linkTest(f, of)
	if err != nil {
		return out, err
	}
	var claims []*Claim
	if between {
		claims, out.Cut, err = s.among(ctx, s.ends(of), t, true)
	} else {
		claims, out.Cut, err = s.claimsAt(ctx, of, t)
	}
	if err != nil {
		return out, err
	}
	var around []evidence.ID
	for _, c := range claims {
		around = append(around, c.From, c.To)
	}
	entities, err := s.entities(ctx, append(around, of...))
	if err != nil {
		return out, err
	}
	s.addClaims(&out, claims)
	addEvents(&out, entities)
	slices.SortFunc(out.Moments, compareMoments)
	slices.SortFunc(out.Undated, func(a, b *Claim) int { return cmp.Compare(a.Record.ID(), b.Record.ID()) })
	return out, nil
}

// claimsAt reads the links at entities that a filter keeps, of the first
// maxTimeline in the order of kinds and dates.
func (s *Session) claimsAt(ctx context.Context, of []evidence.ID, t *linkTest) ([]*Claim, Cut, error) {
	var claims []*Claim
	n := 0
	q := store.Query{Type: evidence.LinkRecord, Entities: s.identity.groups(of), Kinds: t.Kinds, Limit: maxTimeline + 1}
	for x, err := range s.reader.Find(ctx, q) {
		if err != nil {
			return nil, "", err
		}
		if n++; n > maxTimeline {
			return claims, CutLinks, nil
		}
		if s.passes(t, x.Record) {
			s.keep(x.Record)
			claims = append(claims, s.claim(x.Record))
		}
	}
	return claims, "", nil
}

// passes asks everything of a LinkFilter of a record, but whether its ends are
// placeholders: what is told of an entity may be of one.
func (s *Session) passes(t *linkTest, r *evidence.Record) bool {
	of := *t
	of.Unidentified = true
	c, level := r.Claim(), s.level(r)
	e := store.Edge{From: c.From, To: c.To, Standing: level.Standing, Strength: level.Strength, Disputed: level.Disputes > 0, Doubtful: true}
	return of.keeps(&e) && (!t.timed() || t.held(c.Valid(), evidence.AspectOf(c, s.tracer.vocabulary)))
}

// addClaims adds the moments of claims: the ends that are known, and the dates on
// which a source says that each held. A claim that has none of them is undated.
func (s *Session) addClaims(out *Timeline, claims []*Claim) {
	for _, c := range claims {
		content := c.Record.Claim()
		aspect, valid := evidence.AspectOf(content, s.tracer.vocabulary), content.Valid()
		if valid.IsZero() {
			out.Undated = append(out.Undated, c)
			continue
		}
		add := func(what MomentKind, said edtf.Date, earliest, latest edtf.Day) {
			if said.Dated() {
				out.Moments = append(out.Moments, TimelineMoment{what, earliest, latest, said.Uncertain() || said.Approximate(), c, nil})
			}
		}
		b := valid.Bounds(aspect)
		if aspect == edtf.Event && b.SinceEarliest == b.UntilEarliest && b.SinceLatest == b.UntilLatest {
			add(Happened, valid.Since, b.SinceEarliest, b.SinceLatest)
		} else {
			ends := valid.Ends(aspect)
			add(Began, valid.Since, ends.SinceEarliest, ends.SinceLatest)
			add(Ended, valid.Until, ends.UntilEarliest, ends.UntilLatest)
		}
		for _, o := range valid.Observed {
			add(Observed, o, o.Earliest(), o.Latest())
		}
	}
}

func addEvents(out *Timeline, entities map[evidence.ID]*Entity) {
	seen := map[evidence.ID]bool{}
	for _, e := range entities {
		when, err := edtf.Parse(e.When)
		if seen[e.ID] || err != nil || when.IsZero() {
			continue
		}
		seen[e.ID] = true
		out.Moments = append(out.Moments, TimelineMoment{
			What: Happened, Earliest: when.Earliest(), Latest: when.Latest(), Uncertain: when.Uncertain() || when.Approximate(), Event: e,
		})
	}
}

func compareMoments(a, b TimelineMoment) int {
	// "By 2014" has no earliest day: it stands where it must have happened by.
	first := func(m TimelineMoment) edtf.Day {
		if m.Earliest == edtf.MinDay {
			return m.Latest
		}
		return m.Earliest
	}
	id := func(m TimelineMoment) evidence.ID {
		if m.Event != nil {
			return m.Event.ID
		}
		return m.Claim.Record.ID()
	}
	return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.Latest, b.Latest), cmp.Compare(id(a), id(b)), cmp.Compare(a.What, b.What))
}

// Turn is one link of entities that two dates show differently.
type Turn struct {
	Claim *Claim
	// First and Second are how certainly it held on either date.
	First, Second edtf.Certainty
}

// ChangesBetween gives the links at entities of which it differs how certainly
// they held on two dates, by id.
func (s *Session) ChangesBetween(ctx context.Context, of []evidence.ID, first, second string, f LinkFilter) ([]Turn, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(of) == 0 || len(of) > MaxPageSize {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "around", "%d entities are named; name 1 to %d", len(of), MaxPageSize)
	}
	one, err := dateOf("on[0]", first)
	if err != nil {
		return nil, "", err
	}
	two, err := dateOf("on[1]", second)
	if err != nil {
		return nil, "", err
	}
	t, err := s.linkTest(f, of)
	if err != nil {
		return nil, "", err
	}
	claims, cut, err := s.claimsAt(ctx, of, t)
	if err != nil {
		return nil, "", err
	}
	var out []Turn
	for _, c := range claims {
		content := c.Record.Claim()
		valid, aspect := content.Valid(), evidence.AspectOf(content, s.tracer.vocabulary)
		turn := Turn{Claim: c, First: valid.HeldOn(aspect, one), Second: valid.HeldOn(aspect, two)}
		if turn.First != turn.Second {
			out = append(out, turn)
		}
	}
	slices.SortFunc(out, func(a, b Turn) int { return cmp.Compare(a.Claim.Record.ID(), b.Claim.Record.ID()) })
	return out, cut, nil
}
