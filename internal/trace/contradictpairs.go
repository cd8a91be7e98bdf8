package trace

import (
	"context"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// maxPaired is how many pairs of claims one rule finds on one entity.
const maxPaired = 10_000

// paired gives the claims that contradict each other two by two, by their kinds or
// by their dates, and tells whether there may be more. The claims are in the order of
// ids; with an asked one among them, only that one is compared with the others.
func (s *Session) paired(ctx context.Context, claims []*Claim, asked *evidence.Record) ([]Contradiction, bool, error) {
	p := pairing{ctx: ctx, claims: claims, asked: -1}
	if asked != nil {
		p.asked = slices.IndexFunc(claims, func(c *Claim) bool { return c.Record.ID() == asked.ID() })
	}
	opposed, more, err := s.opposed(&p)
	if err != nil {
		return nil, false, err
	}
	misdated, moreMisdated, err := s.misdated(&p)
	return append(opposed, misdated...), more || moreMisdated, err
}

// pairing compares claims two by two.
type pairing struct {
	ctx    context.Context //nolint:containedctx // of the one question that it lives for
	claims []*Claim
	asked  int // in claims; -1: all are compared
}

// under gives the pairs that contradict each other, those of the first claims first:
// where there are more than maxPaired, these are the beginning of all. Claims are
// told by their places: against gives those that one may contradict, in order.
func (p *pairing) under(rule Rule, against func(i int) []int, contradict func(i, j int) bool) (found []Contradiction, more bool, err error) {
	for i := range p.claims {
		if err := p.ctx.Err(); err != nil {
			return nil, false, err
		}
		if p.asked >= 0 && i != p.asked {
			continue
		}
		others := against(i)
		if p.asked < 0 { // each pair once
			after, _ := slices.BinarySearch(others, i+1)
			others = others[after:]
		}
		for _, j := range others {
			if !contradict(i, j) {
				continue
			}
			if len(found) == maxPaired {
				return found, true, nil
			}
			found = append(found, contradiction(rule, p.claims[i], p.claims[j]))
		}
	}
	return found, false, nil
}

// opposed pairs links of opposed kinds.
func (s *Session) opposed(p *pairing) ([]Contradiction, bool, error) {
	type matter struct { // what links of one kind say something of
		kind       string
		one, other evidence.ID
	}
	of := func(c *Claim, kind string, procedural bool) matter {
		if procedural {
			return matter{kind: kind, one: c.From}
		}
		return matter{kind, min(c.From, c.To), max(c.From, c.To)}
	}
	links := map[matter][]int{}
	times := make([]heldTime, len(p.claims))
	for i, c := range p.claims {
		content := c.Record.Claim()
		kind, ok := s.tracer.vocabulary.Link(content.Kind)
		if content.Of != evidence.LinkRecord || !ok || len(kind.Opposed) == 0 {
			continue
		}
		times[i] = s.heldTime(content)
		for _, procedural := range []bool{true, false} {
			m := of(c, kind.Name, procedural)
			links[m] = append(links[m], i)
		}
	}
	procedural := func(a, b string) bool {
		x, _ := s.tracer.vocabulary.Link(a)
		y, _ := s.tracer.vocabulary.Link(b)
		return x.Procedural && y.Procedural
	}
	against := func(i int) (others []int) {
		content := p.claims[i].Record.Claim()
		kind, _ := s.tracer.vocabulary.Link(content.Kind)
		if content.Of != evidence.LinkRecord {
			return nil
		}
		for _, other := range kind.Opposed {
			others = append(others, links[of(p.claims[i], other, procedural(kind.Name, other))]...)
		}
		slices.Sort(others)
		return others
	}
	return p.under(OpposedKinds, against, func(i, j int) bool {
		return procedural(p.claims[i].Record.Claim().Kind, p.claims[j].Record.Claim().Kind) || mayMeet(&times[i], &times[j])
	})
}

// Attributes whose value is a date that bounds what an entity can have done.
const (
	birthDate       = "BIRTH_DATE"
	foundingDate    = "FOUNDING_DATE"
	deathDate       = "DEATH_DATE"
	dissolutionDate = "DISSOLUTION_DATE"
)

// once are attributes that have one value for good, whenever a statement says that
// it holds: many a statement of a date has that date as its valid time.
var once = []string{birthDate, "BIRTH_PLACE", foundingDate, deathDate, dissolutionDate, "DATE"}

// Kinds of link that hold on when an end of them is dead or gone, though they
// cannot begin then.
var outlasting = []string{evidence.SameAs, "FAMILY_OF", "LINKED_TO"}

// misdated finds links that held for certain before an entity that takes part in
// them began or after it ended, as statements date that, and ends before
// beginnings. Nothing is done with what is not there yet, from either end of a
// link. What is done to the dead, such as a charge or a finding, is left alone:
// only ties of command and those that are the same from both ends need the far
// end to be there still.
func (s *Session) misdated(p *pairing) ([]Contradiction, bool, error) {
	var lives, dated []int // places of statements of beginnings and ends; of these and of links
	read := make([]lifetime, len(p.claims))
	for i, c := range p.claims {
		if read[i] = s.lifetime(c); read[i].begins || read[i].ends {
			lives = append(lives, i)
		}
		if read[i].begins || read[i].ends || read[i].link {
			dated = append(dated, i)
		}
	}
	against := func(i int) []int {
		switch x := &read[i]; {
		case x.link:
			return lives
		case x.begins || x.ends:
			return dated
		}
		return nil
	}
	return p.under(IncompatibleDates, against, func(i, j int) bool {
		if read[i].link {
			i, j = j, i
		}
		x, y := &read[i], &read[j]
		if y.link {
			return x.outside(y)
		}
		return x.endedBefore(y) || y.endedBefore(x)
	})
}

// lifetime is what a statement says of when an entity began or ended, or when a
// link held for certain that somebody has to be there for; read once for comparing
// it with many.
type lifetime struct {
	claim        *Claim
	begins, ends bool
	first, last  edtf.Day // that it may have begun or ended on
	link         bool
	over, later  edtf.Day // by the end of over it held for certain, and from later on
	lasts        bool     // the far end has to be there still
}

func (s *Session) lifetime(c *Claim) lifetime {
	x := c.Record.Claim()
	t := lifetime{claim: c}
	if x.Of == evidence.StatementRecord {
		var date edtf.Date
		date, t.begins, t.ends = lifeDate(x)
		t.first, t.last = date.Earliest(), date.Latest()
		return t
	}
	kind, ok := s.tracer.vocabulary.Link(x.Kind)
	if t.link = ok && !kind.Procedural; t.link {
		t.over, t.later = heldBy(x.Valid()), heldFrom(x)
		t.lasts = kind.Hierarchical || kind.Symmetric && x.Kind != evidence.SameAs
	}
	return t
}

// endedBefore says whether one statement ends an entity before another begins it.
func (t *lifetime) endedBefore(other *lifetime) bool {
	return t.ends && other.begins && t.last < other.first && t.claim.From == other.claim.From
}

// outside says whether a link held before an entity began, or after it ended.
func (t *lifetime) outside(link *lifetime) bool {
	near := link.claim.From == t.claim.From
	if !near && link.claim.To != t.claim.From {
		return false
	}
	if t.begins {
		return link.over < t.first
	}
	remains := link.claim.Record.Claim().Kind == "LOCATED_IN" && t.claim.Record.Claim().Kind == deathDate
	return (near && !remains || link.lasts) && link.later > t.last
}

// heldBy is the first day by the end of which a claim had held for certain: it had
// begun by then, was over, or was seen. What a source itself doubts accuses nobody.
func heldBy(v edtf.Valid) edtf.Day {
	day := edtf.MaxDay
	for _, d := range append([]edtf.Date{v.Since, v.Until}, v.Observed...) {
		if !d.Uncertain() {
			day = min(day, d.Latest())
		}
	}
	return day
}

// heldFrom is the last day from which on a claim held for certain: it began then,
// had an end that is told and comes then, or was seen. That it still held when it was
// cited dates nothing by itself, and no more does an end that nobody tells.
func heldFrom(x *evidence.Claim) edtf.Day {
	v := x.Valid()
	told := []edtf.Date{v.Since}
	if !slices.Contains(outlasting, x.Kind) {
		told = append(append(told, v.Until), v.Observed...)
	}
	day := edtf.MinDay
	for _, d := range told {
		if !d.Uncertain() {
			day = max(day, d.Earliest())
		}
	}
	return day
}

// lifeDate reads a statement of when an entity began or ended. One that a source
// doubts is none.
func lifeDate(content *evidence.Claim) (date edtf.Date, begins, ends bool) {
	begins = content.Kind == birthDate || content.Kind == foundingDate
	ends = content.Kind == deathDate || content.Kind == dissolutionDate
	if !begins && !ends {
		return date, false, false
	}
	date, err := edtf.Parse(strings.TrimSpace(content.Value))
	if err != nil || date.IsZero() || date.Uncertain() {
		return date, false, false
	}
	return date, begins, ends
}
