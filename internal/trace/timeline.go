package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// MomentKind says what happens at a moment of a timeline.
type MomentKind string

// The kinds of moment.
const (
	// Happened is an event, or a link of aspect EVENT; one of which two different ends
	// are known, or that goes on (".."), began and ended.
	Happened MomentKind = "HAPPENED"
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

// maxTimeline is how many claims a timeline orders, and how many links may have
// changed. Tests lower it.
var maxTimeline = 5000

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
		claims, out.Cut, err = s.claimsAt(ctx, of, t, nil)
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

// claimsAt reads the links at entities that a filter keeps and, where two days are
// given, that these show differently; as many as a timeline orders, the first in the
// order of kinds and dates. Only those count, and not what is looked at and left out.
// To be a placeholder is no reason: what is told of an entity may be of one.
func (s *Session) claimsAt(ctx context.Context, of []evidence.ID, t *linkTest, days *twoDays) ([]*Claim, Cut, error) {
	test := *t
	test.Unidentified = true
	wanted := func(e *store.Edge) bool { return test.keeps(e) && (days == nil || days.mayDiffer(e)) }
	w := s.walk(&test, evidence.Any)
	w.doubtful = maxDoubtful
	if !s.view.IsNow() {
		w.budget /= 2 // to find that they are enough, a reader of the past judges as many again
	}
	left := w.budget // of links that are looked at
	x := store.Expansion{Frontier: s.identity.groups(of), Kinds: test.Kinds, MinStrength: test.MinStrength, Total: w.budget, Keep: func(e *store.Edge) bool {
		left--
		return left < 0 || wanted(e) // the first that is not wanted then ends it
	}}
	if !test.timed() && days == nil {
		x.PerNode = maxTimeline + 1 // all that is kept counts
	}
	arcs, err := w.expand(ctx, x, wanted)
	if err == nil {
		arcs, err = w.decide(ctx, arcs, days)
	}
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(arcs, func(a, b arc) int {
		return cmp.Or(cmp.Compare(a.edge.Kind, b.edge.Kind), cmp.Compare(a.edge.Bounds.SinceEarliest, b.edge.Bounds.SinceEarliest), cmp.Compare(a.edge.Link, b.edge.Link))
	})
	arcs = slices.CompactFunc(arcs, func(a, b arc) bool { return a.edge.Link == b.edge.Link }) // it was read from both ends
	if len(arcs) > maxTimeline {
		arcs, w.cut = arcs[:maxTimeline], CutLinks
	}
	claims, err := s.claimsOf(ctx, arcs)
	return claims, w.cut, err
}

// expand reads links, each as often as it is asked for, up to the first that is not
// wanted.
func (w *walk) expand(ctx context.Context, x store.Expansion, wanted func(*store.Edge) bool) ([]arc, error) {
	var arcs []arc
	for e, err := range w.session.reader.Expand(ctx, x) {
		if partOnly(err) {
			w.cut = CutLinks
			break
		}
		if err != nil {
			return nil, err
		}
		if !wanted(&e) {
			w.cut = CutLinks
			return arcs, nil
		}
		if arcs = append(arcs, arc{edge: e}); len(arcs) == x.Total {
			w.cut = CutLinks
		}
	}
	return arcs, nil
}

// decide leaves out the links that are not wanted by what their records say.
func (w *walk) decide(ctx context.Context, arcs []arc, days *twoDays) ([]arc, error) {
	arcs, err := w.decideDates(ctx, arcs)
	if err != nil || days == nil {
		return arcs, err
	}
	if err := w.readDoubtful(ctx, len(arcs), func(i int) *store.Edge { return &arcs[i].edge }); err != nil {
		return nil, err
	}
	if w.undecided {
		w.cut = CutLinks
	}
	return slices.DeleteFunc(arcs, func(a arc) bool {
		if !a.edge.Doubtful {
			return false
		}
		r := w.record(a.edge.Link)
		if r == nil {
			return true
		}
		first, second := days.held(r.Claim())
		return first == second
	}), nil
}

// claimsOf reads the claims of links.
func (s *Session) claimsOf(ctx context.Context, arcs []arc) ([]*Claim, error) {
	links := make([]evidence.ID, len(arcs))
	for i := range arcs {
		links[i] = arcs[i].edge.Link
	}
	slices.Sort(links)
	if err := s.read(ctx, links); err != nil {
		return nil, err
	}
	var claims []*Claim
	for _, id := range links {
		if r := s.records[id]; r != nil {
			claims = append(claims, s.claim(r))
		}
	}
	return claims, nil
}

// addClaims adds the moments of claims: the ends that are known, and the dates on
// which a source says that each held. A claim that has none of them is undated. What
// happens at once, and of which only an end is known, happened by then.
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
		switch {
		case aspect == edtf.Event && !valid.Since.Dated():
			add(Happened, valid.Until, b.SinceEarliest, b.UntilLatest)
		case aspect == edtf.Event && b.SinceEarliest == b.UntilEarliest && b.SinceLatest == b.UntilLatest:
			add(Happened, valid.Since, b.SinceEarliest, b.SinceLatest)
		default:
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

// twoDays tells which links two days show differently.
type twoDays struct {
	first, second edtf.Date
	vocabulary    *vocabulary.Vocabulary
}

// held is how certainly a link held on either day.
func (d *twoDays) held(c *evidence.Claim) (first, second edtf.Certainty) {
	valid, aspect := c.Valid(), evidence.AspectOf(c, d.vocabulary)
	return valid.HeldOn(aspect, d.first), valid.HeldOn(aspect, d.second)
}

// mayDiffer decides by the bounds of a link, which is all there is to know of most;
// of a doubtful one it is decided on its record.
func (d *twoDays) mayDiffer(e *store.Edge) bool {
	if e.Doubtful {
		return true
	}
	for _, certainty := range []edtf.Certainty{edtf.Undated, edtf.Possibly, edtf.Definitely} {
		one, two := linkTest{on: d.first}, linkTest{on: d.second}
		one.Certainty, two.Certainty = certainty, certainty
		if one.mayHold(e) != two.mayHold(e) {
			return true
		}
	}
	return false
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
	days := &twoDays{one, two, s.tracer.vocabulary}
	claims, cut, err := s.claimsAt(ctx, of, t, days)
	if err != nil {
		return nil, "", err
	}
	var out []Turn
	for _, c := range claims {
		turn := Turn{Claim: c}
		if turn.First, turn.Second = days.held(c.Record.Claim()); turn.First != turn.Second {
			out = append(out, turn)
		}
	}
	return out, cut, nil
}
