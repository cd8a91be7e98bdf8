package trace

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// Rule says by which rule claims contradict each other.
type Rule string

// The rules.
const (
	// SupportedAndDisputed is one claim that a visible citation supports and
	// another disputes.
	SupportedAndDisputed Rule = "SUPPORTED_AND_DISPUTED"
	// OpposedKinds are links of kinds that say the opposite: of one person for
	// acts of a procedure (charged, acquitted), whenever they were; of one pair of
	// entities that may have been both at once otherwise.
	OpposedKinds Rule = "OPPOSED_KINDS"
	// ExclusiveHolders are different holders, or values, at once of what only one
	// can hold. Claims that share a supporting source are one version of it.
	ExclusiveHolders Rule = "EXCLUSIVE_HOLDERS"
	// SpokenAgainst is a claim that another denies, disputes or speaks about.
	SpokenAgainst Rule = "SPOKEN_AGAINST"
	// IncompatibleDates are claims whose dates cannot all be right.
	IncompatibleDates Rule = "INCOMPATIBLE_DATES"
)

// Contradiction is a set of claims that cannot all stand as they are, with the
// rule that says so.
type Contradiction struct {
	Rule   Rule
	Claims []*Claim // by id
	// Versions groups the claims of ExclusiveHolders that belong together, each
	// group by id, the groups by their first claim.
	Versions [][]evidence.ID
}

// Contradictions found, and whether all claims were looked at.
type Contradictions struct {
	All       []Contradiction // by rule, then first claims
	Truncated bool
}

// maxContradicting is how many claims of one entity are compared.
const maxContradicting = 2000

// Contradictions finds what contradicts what among the claims on an entity, or,
// for a claim's id, those of its contradictions that it takes part in. An id that
// the view does not see has none.
func (s *Session) Contradictions(ctx context.Context, id evidence.ID) (Contradictions, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.get(ctx, []evidence.ID{id})
	if err != nil || records[id] == nil {
		return Contradictions{}, err
	}
	around := []evidence.ID{id}
	claim := records[id].Claim()
	if claim != nil {
		around = []evidence.ID{claim.From}
		if claim.To != "" {
			around = append(around, claim.To)
		}
	}
	var out Contradictions
	for _, entity := range around {
		found, cut, err := s.contradictionsOn(ctx, entity, claim)
		if err != nil {
			return out, err
		}
		out.Truncated = out.Truncated || cut
		out.All = append(out.All, found...)
	}
	if claim != nil {
		out.All = slices.DeleteFunc(out.All, func(c Contradiction) bool {
			return !slices.ContainsFunc(c.Claims, func(x *Claim) bool { return x.Record.ID() == id })
		})
	}
	slices.SortFunc(out.All, compareContradictions)
	out.All = slices.CompactFunc(out.All, func(a, b Contradiction) bool { return compareContradictions(a, b) == 0 })
	return out, nil
}

func compareContradictions(a, b Contradiction) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), slices.CompareFunc(a.Claims, b.Claims, func(x, y *Claim) int {
		return cmp.Compare(x.Record.ID(), y.Record.ID())
	}))
}

func (s *Session) contradictionsOn(ctx context.Context, entity evidence.ID, asked *evidence.Claim) ([]Contradiction, bool, error) {
	group := s.identity.group(entity)
	claims, cut, err := s.claimsOn(ctx, group)
	if err != nil {
		return nil, false, err
	}
	if asked != nil && !slices.ContainsFunc(claims, func(c *Claim) bool { return c.Record.ID() == asked.ID }) {
		records, err := s.get(ctx, []evidence.ID{asked.ID})
		if err != nil {
			return nil, false, err
		}
		if r := records[asked.ID]; r != nil {
			claims = append(claims, s.claim(r))
		}
	}
	out := disputed(claims)
	out = append(out, s.opposed(claims)...)
	out = append(out, s.misdated(claims)...)
	exclusive, err := s.exclusive(ctx, claims)
	if err != nil {
		return nil, false, err
	}
	out = append(out, exclusive...)
	spoken, more, err := s.spokenAgainst(ctx, claims)
	return append(out, spoken...), cut || more, err
}

// claimsOn reads the claims with one of the entities as an end.
func (s *Session) claimsOn(ctx context.Context, group []evidence.ID) (claims []*Claim, cut bool, err error) {
	for _, t := range []evidence.RecordType{evidence.LinkRecord, evidence.StatementRecord} {
		n := 0
		for f, err := range s.reader.Find(ctx, store.Query{Type: t, Entities: group, Limit: maxContradicting}) {
			if err != nil {
				return nil, false, err
			}
			n++
			s.keep(f.Record)
			claims = append(claims, s.claim(f.Record))
		}
		cut = cut || n == maxContradicting
	}
	return claims, cut, nil
}

func disputed(claims []*Claim) []Contradiction {
	var out []Contradiction
	for _, c := range claims {
		if c.Level.Supports > 0 && c.Level.Disputes > 0 {
			out = append(out, Contradiction{Rule: SupportedAndDisputed, Claims: []*Claim{c}})
		}
	}
	return out
}

// opposed pairs claims of opposed kinds.
func (s *Session) opposed(claims []*Claim) []Contradiction {
	var out []Contradiction
	for i, a := range claims {
		x := a.Record.Claim()
		if x.Of != evidence.LinkRecord {
			continue
		}
		for _, b := range claims[i+1:] {
			y := b.Record.Claim()
			if y.Of != evidence.LinkRecord || !s.tracer.vocabulary.Opposed(x.Kind, y.Kind) {
				continue
			}
			kind, _ := s.tracer.vocabulary.Link(x.Kind)
			same := a.From == b.From
			if !kind.Procedural {
				same = (a.From == b.From && a.To == b.To || a.From == b.To && a.To == b.From) && s.mayMeet(x, y)
			}
			if same {
				out = append(out, contradiction(OpposedKinds, a, b))
			}
		}
	}
	return out
}

func contradiction(rule Rule, claims ...*Claim) Contradiction {
	slices.SortFunc(claims, func(a, b *Claim) int { return cmp.Compare(a.Record.ID(), b.Record.ID()) })
	return Contradiction{Rule: rule, Claims: claims}
}

// exclusive finds what only one can hold at once and several are said to hold:
// exclusive links into one entity, exclusive attributes of one.
func (s *Session) exclusive(ctx context.Context, claims []*Claim) ([]Contradiction, error) {
	type slot struct {
		kind string
		on   evidence.ID
	}
	contested := map[slot][]*Claim{}
	for _, c := range claims {
		content := c.Record.Claim()
		if content.Of == evidence.LinkRecord {
			if kind, ok := s.tracer.vocabulary.Link(content.Kind); ok && kind.Exclusive {
				contested[slot{content.Kind, c.To}] = append(contested[slot{content.Kind, c.To}], c)
			}
		} else if attribute, ok := s.tracer.vocabulary.Attribute(content.Kind); ok && attribute.Exclusive {
			contested[slot{content.Kind, c.From}] = append(contested[slot{content.Kind, c.From}], c)
		}
	}
	var out []Contradiction
	for _, holders := range contested {
		if len(holders) < 2 {
			continue
		}
		sources, err := s.supportingSources(ctx, holders)
		if err != nil {
			return nil, err
		}
		versions := versionsOf(holders, sources)
		c, found, err := s.contest(ctx, holders, versions)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, c)
		}
	}
	return out, nil
}

// supportingSources gives, for each claim, the sources that support it.
func (s *Session) supportingSources(ctx context.Context, claims []*Claim) (map[evidence.ID][]evidence.ID, error) {
	ids := make([]evidence.ID, len(claims))
	for i, c := range claims {
		ids[i] = c.Record.ID()
	}
	sources := map[evidence.ID][]evidence.ID{}
	q := store.Query{Type: evidence.CitationRecord, Claims: ids, Kinds: []string{evidence.Supports.String()}, Limit: MaxPageSize}
	for f, err := range s.reader.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		c := f.Record.Citation()
		sources[c.Claim] = append(sources[c.Claim], c.Source)
	}
	return sources, nil
}

// versionsOf groups claims that share a supporting source.
func versionsOf(claims []*Claim, sources map[evidence.ID][]evidence.ID) map[evidence.ID]evidence.ID {
	var pairs [][2]evidence.ID
	first := map[evidence.ID]evidence.ID{} // source → first claim
	for _, c := range claims {
		id := c.Record.ID()
		pairs = append(pairs, [2]evidence.ID{id, id})
		for _, source := range sources[id] {
			if other, ok := first[source]; ok {
				pairs = append(pairs, [2]evidence.ID{id, other})
			} else {
				first[source] = id
			}
		}
	}
	return newIdentity(pairs).root
}

// contest keeps the claims that differ from one of another version at once.
func (s *Session) contest(ctx context.Context, holders []*Claim, versions map[evidence.ID]evidence.ID) (c Contradiction, found bool, err error) {
	told := make([]string, len(holders)) // who holds it, or what an attribute is said to be
	for i, c := range holders {
		if told[i] = string(c.From); c.Record.Claim().Of == evidence.StatementRecord {
			told[i] = names.Fold(c.Record.Claim().Value)
		}
	}
	contested := map[evidence.ID]*Claim{}
	for i, a := range holders {
		if err := ctx.Err(); err != nil {
			return c, false, err
		}
		for j, b := range holders[i+1:] {
			x, y := a.Record.Claim(), b.Record.Claim()
			differ := told[i] != told[i+1+j] && !(x.Of == evidence.StatementRecord && sameDate(x, y))
			if differ && versions[x.ID] != versions[y.ID] && s.atOnce(x, y) {
				contested[x.ID], contested[y.ID] = a, b
			}
		}
	}
	if len(contested) == 0 {
		return c, false, nil
	}
	var claims []*Claim
	groups := map[evidence.ID][]evidence.ID{}
	for id, c := range contested {
		claims = append(claims, c)
		groups[versions[id]] = append(groups[versions[id]], id)
	}
	out := contradiction(ExclusiveHolders, claims...)
	for _, g := range groups {
		slices.Sort(g)
		out.Versions = append(out.Versions, g)
	}
	slices.SortFunc(out.Versions, func(a, b []evidence.ID) int { return cmp.Compare(a[0], b[0]) })
	return out, true, nil
}

// sameDate says whether two values of an attribute that is a date can both be
// right, one told more exactly than the other: 2014-02-01 and 2014-02.
func sameDate(x, y *evidence.Claim) bool {
	if x.Kind != "DATE" && !strings.HasSuffix(x.Kind, "_DATE") {
		return false
	}
	a, err := edtf.Parse(strings.TrimSpace(x.Value))
	if err != nil {
		return false
	}
	b, err := edtf.Parse(strings.TrimSpace(y.Value))
	return err == nil && a.Earliest() <= b.Latest() && b.Earliest() <= a.Latest()
}

// atOnce says whether two claims are told of one moment. Of what happens once, such
// as a founding or a birth, any two tellings are. Holders of whom one may have
// followed the other are not: years that meet (2012 to 2014, 2014 to 2016) are a
// succession, and so is a beginning after another's whose end nobody tells of.
// What nothing dates is told of any moment.
func (s *Session) atOnce(x, y *evidence.Claim) bool {
	aspect := evidence.AspectOf(x, s.tracer.vocabulary)
	if aspect == edtf.Event || x.Of == evidence.StatementRecord && slices.Contains(once, x.Kind) {
		return true
	}
	v, w := x.Valid(), y.Valid()
	if v.IsZero() || w.IsZero() {
		return true
	}
	return s.mayMeet(x, y) && !gaveWay(v, w, aspect) && !gaveWay(w, v, aspect)
}

// mayMeet says whether two claims may have held on one day.
func (s *Session) mayMeet(x, y *evidence.Claim) bool {
	v, w := x.Valid(), y.Valid()
	if v.IsZero() || w.IsZero() {
		return true
	}
	return len(edtf.Meet(v.MayHold(evidence.AspectOf(x, s.tracer.vocabulary)), w.MayHold(evidence.AspectOf(y, s.tracer.vocabulary)))) > 0
}

// gaveWay says whether what held first may be read as over by the time that the
// other began.
func gaveWay(first, other edtf.Valid, aspect edtf.Aspect) bool {
	a, b := first.Bounds(aspect), other.Bounds(aspect)
	seen := edtf.MinDay // it held then, as a source says
	for _, o := range first.Observed {
		seen = max(seen, o.Earliest())
	}
	switch {
	case first.Until.IsOpen():
		return false
	case !first.Until.Dated():
		if a.SinceLatest != edtf.MaxDay {
			seen = max(seen, a.SinceLatest)
		}
		begun := b.SinceEarliest
		for _, o := range other.Observed {
			begun = min(begun, o.Earliest())
		}
		return seen < begun
	}
	begun := min(b.SinceLatest, b.UntilLatest)
	for _, o := range other.Observed {
		begun = min(begun, o.Latest())
	}
	return max(a.UntilEarliest, seen) <= begun
}

// spokenAgainst pairs claims with those that are about them, and tells whether
// there may be more.
func (s *Session) spokenAgainst(ctx context.Context, claims []*Claim) (out []Contradiction, cut bool, err error) {
	byID := map[evidence.ID]*Claim{}
	var ids, about []evidence.ID
	for _, c := range claims {
		byID[c.Record.ID()] = c
		ids = append(ids, c.Record.ID())
		if a := c.Record.Claim().About; a != "" {
			about = append(about, a)
		}
	}
	spoken, err := s.get(ctx, about)
	if err != nil {
		return nil, false, err
	}
	for _, c := range claims {
		if r := spoken[c.Record.Claim().About]; r != nil && r.Claim() != nil {
			out = append(out, contradiction(SpokenAgainst, c, s.claim(r)))
		}
	}
	if len(ids) == 0 {
		return out, false, nil
	}
	for _, t := range []evidence.RecordType{evidence.LinkRecord, evidence.StatementRecord} {
		n := 0
		for f, err := range s.reader.Find(ctx, store.Query{Type: t, About: ids, Limit: maxContradicting}) {
			if err != nil {
				return nil, false, err
			}
			n++
			out = append(out, contradiction(SpokenAgainst, byID[f.Record.Claim().About], s.claim(f.Record)))
		}
		cut = cut || n == maxContradicting
	}
	return out, cut, nil
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
func (s *Session) misdated(claims []*Claim) []Contradiction {
	var out []Contradiction
	for i, st := range claims {
		date, begins, ends := lifeDate(st)
		if !begins && !ends {
			continue
		}
		for _, other := range claims[i+1:] {
			day, alsoBegins, alsoEnds := lifeDate(other)
			if other.From == st.From && (begins && alsoEnds && day.Latest() < date.Earliest() || ends && alsoBegins && date.Latest() < day.Earliest()) {
				out = append(out, contradiction(IncompatibleDates, st, other))
			}
		}
		for _, link := range claims {
			x := link.Record.Claim()
			kind, ok := s.tracer.vocabulary.Link(x.Kind)
			if x.Of != evidence.LinkRecord || !ok || kind.Procedural || link.From != st.From && link.To != st.From {
				continue
			}
			remains := x.Kind == "LOCATED_IN" && st.Record.Claim().Kind == deathDate
			alive := link.From == st.From && !remains || kind.Hierarchical || kind.Symmetric && x.Kind != evidence.SameAs
			if begins && heldBefore(x.Valid(), date.Earliest()) || ends && alive && heldAfter(x, date.Latest()) {
				out = append(out, contradiction(IncompatibleDates, st, link))
			}
		}
	}
	return out
}

// heldBefore says whether a claim held on some day before one: it had begun by
// then, was over, or was seen. What a source itself doubts accuses nobody.
func heldBefore(v edtf.Valid, day edtf.Day) bool {
	over := func(d edtf.Date) bool { return !d.Uncertain() && d.Latest() < day }
	return over(v.Since) || over(v.Until) || slices.ContainsFunc(v.Observed, over)
}

// heldAfter says whether a claim held on some day after one: it began later, had
// an end that is told and comes later, or was seen. That it still held when it was
// cited dates nothing by itself, and no more does an end that nobody tells.
func heldAfter(x *evidence.Claim, day edtf.Day) bool {
	v := x.Valid()
	later := func(d edtf.Date) bool { return !d.Uncertain() && d.Earliest() > day }
	if slices.Contains(outlasting, x.Kind) {
		return later(v.Since)
	}
	return later(v.Since) || later(v.Until) || slices.ContainsFunc(v.Observed, later)
}

// lifeDate reads a statement of when an entity began or ended. One that a source
// doubts is none.
func lifeDate(c *Claim) (date edtf.Date, begins, ends bool) {
	content := c.Record.Claim()
	if content.Of != evidence.StatementRecord {
		return date, false, false
	}
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

// Explain puts a contradiction's rule into a sentence on its claims.
func (c Contradiction) Explain() string {
	first := c.Claims[0].Record.Claim()
	switch c.Rule {
	case SupportedAndDisputed:
		supports, disputes := c.Claims[0].Level.Supports, c.Claims[0].Level.Disputes
		return fmt.Sprintf("%s this claim and %s it.", citations(supports, "supports", "support"), citations(disputes, "disputes", "dispute"))
	case OpposedKinds:
		return opposedKinds(first, c.Claims[1].Record.Claim())
	case ExclusiveHolders:
		return fmt.Sprintf("%d versions tell differently of %s, which only one can be true of at a time.", len(c.Versions), first.Kind)
	case SpokenAgainst:
		about, of := first, c.Claims[1].Record.Claim()
		if about.About != of.ID {
			about, of = of, about
		}
		return fmt.Sprintf("%s %s speaks about %s %s.", about.Kind, about.ID, of.Kind, of.ID)
	default:
		return "These dates cannot all be right."
	}
}

func citations(n uint32, one, more string) string {
	if n == 1 {
		return "1 citation " + one
	}
	return fmt.Sprintf("%d citations %s", n, more)
}

// opposedKinds tells of two claims in the order of their dates. No record says
// which charge a verdict is of but the role, in words; so that a verdict on one
// charge is not read as contradicting one on another, both are told.
func opposedKinds(x, y *evidence.Claim) string {
	joint := " and "
	if a, b := x.Valid().Bounds(edtf.Event), y.Valid().Bounds(edtf.Event); a.SinceLatest < b.SinceEarliest {
		joint = ", then "
	} else if b.SinceLatest < a.SinceEarliest {
		x, y, joint = y, x, ", then "
	}
	return fmt.Sprintf("%s%s%s. They are opposed as far as both are of the same matter.", told(x), joint, told(y))
}

// told is a link's kind with its date and its role.
func told(x *evidence.Claim) string {
	var more []string
	for _, s := range []string{x.Since, x.Role} {
		if s != "" {
			more = append(more, s)
		}
	}
	if len(more) == 0 {
		return x.Kind
	}
	return x.Kind + " (" + strings.Join(more, "; ") + ")"
}
