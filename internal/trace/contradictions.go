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
	var asked *evidence.Record
	claim := records[id].Claim()
	if claim != nil {
		asked = records[id]
		around = []evidence.ID{claim.From}
		if claim.To != "" {
			around = append(around, claim.To)
		}
	}
	var out Contradictions
	for _, entity := range around {
		found, cut, err := s.contradictionsOn(ctx, entity, asked)
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
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), slices.CompareFunc(a.Claims, b.Claims, compareClaims))
}

func compareClaims(a, b *Claim) int { return cmp.Compare(a.Record.ID(), b.Record.ID()) }

// contradictionsOn gives the contradictions on an entity; with an asked claim, only
// what that may take part in is compared.
func (s *Session) contradictionsOn(ctx context.Context, entity evidence.ID, asked *evidence.Record) ([]Contradiction, bool, error) {
	claims, cut, err := s.claimsOn(ctx, s.identity.group(entity))
	if err != nil {
		return nil, false, err
	}
	if asked != nil && !slices.ContainsFunc(claims, func(c *Claim) bool { return c.Record.ID() == asked.ID() }) {
		claims = append(claims, s.claim(asked))
	}
	slices.SortFunc(claims, compareClaims)
	pairs, pairsCut, err := s.paired(ctx, claims, asked)
	if err != nil {
		return nil, false, err
	}
	exclusive, err := s.exclusive(ctx, claims, asked)
	if err != nil {
		return nil, false, err
	}
	if asked != nil {
		claims = []*Claim{s.claim(asked)}
	}
	spoken, spokenCut, err := s.spokenAgainst(ctx, claims)
	return slices.Concat(disputed(claims), pairs, exclusive, spoken), cut || pairsCut || spokenCut, err
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

func contradiction(rule Rule, claims ...*Claim) Contradiction {
	slices.SortFunc(claims, compareClaims)
	return Contradiction{Rule: rule, Claims: claims}
}

// exclusive finds what only one can hold at once and several are said to hold:
// exclusive links into one entity, exclusive attributes of one. With an asked claim,
// it looks only at what that one is said to hold.
func (s *Session) exclusive(ctx context.Context, claims []*Claim, asked *evidence.Record) ([]Contradiction, error) {
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
		if len(holders) < 2 || asked != nil && !slices.ContainsFunc(holders, func(c *Claim) bool { return c.Record.ID() == asked.ID() }) {
			continue
		}
		sources, err := s.supportingSources(ctx, holders)
		if err != nil {
			return nil, err
		}
		versions := versionsOf(holders, sources)
		c, found, err := contest(ctx, s.holdings(holders, versions))
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

// holding is what one claim says of who or what holds something, read once.
type holding struct {
	claim   *Claim
	version evidence.ID
	told    string // who holds it, or what an attribute is said to be
	time    heldTime
	value   edtf.Date // of an attribute whose value is a date
	isDate  bool
}

func (s *Session) holdings(holders []*Claim, versions map[evidence.ID]evidence.ID) []holding {
	out := make([]holding, len(holders))
	for i, c := range holders {
		content := c.Record.Claim()
		out[i] = holding{claim: c, version: versions[content.ID], told: string(c.From), time: s.heldTime(content)}
		if content.Of == evidence.StatementRecord {
			out[i].told = names.Fold(content.Value)
			out[i].value, out[i].isDate = dateTold(content)
		}
	}
	return out
}

// contest keeps the claims that differ from one of another version at once.
func contest(ctx context.Context, holdings []holding) (c Contradiction, found bool, err error) {
	contested := map[evidence.ID]*Claim{}
	versions := map[evidence.ID]evidence.ID{}
	is := make([]bool, len(holdings))
	for i := range holdings {
		if err := ctx.Err(); err != nil {
			return c, false, err
		}
		a := &holdings[i]
		for j := i + 1; j < len(holdings); j++ {
			b := &holdings[j]
			if is[i] && is[j] || a.version == b.version || a.told == b.told || a.sameDate(b) || !atOnce(&a.time, &b.time) {
				continue
			}
			is[i], is[j] = true, true
		}
		if is[i] {
			id := a.claim.Record.ID()
			contested[id], versions[id] = a.claim, a.version
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
func (x *holding) sameDate(y *holding) bool {
	return x.isDate && y.isDate && x.value.Earliest() <= y.value.Latest() && y.value.Earliest() <= x.value.Latest()
}

// dateTold reads the value of an attribute that is a date.
func dateTold(c *evidence.Claim) (edtf.Date, bool) {
	if c.Kind != "DATE" && !strings.HasSuffix(c.Kind, "_DATE") {
		return edtf.Date{}, false
	}
	d, err := edtf.Parse(strings.TrimSpace(c.Value))
	return d, err == nil
}

// heldTime is when a claim held, read once for comparing it with many.
type heldTime struct {
	valid   edtf.Valid
	aspect  edtf.Aspect
	mayHold []edtf.Period
	once    bool // it happens once, or has one value for good
}

func (s *Session) heldTime(x *evidence.Claim) heldTime {
	t := heldTime{valid: x.Valid(), aspect: evidence.AspectOf(x, s.tracer.vocabulary)}
	t.mayHold = t.valid.MayHold(t.aspect)
	t.once = t.aspect == edtf.Event || x.Of == evidence.StatementRecord && slices.Contains(once, x.Kind)
	return t
}

// atOnce says whether two claims are told of one moment. Of what happens once, such
// as a founding or a birth, any two holdings are. Holders of whom one may have
// followed the other are not: years that meet (2012 to 2014, 2014 to 2016) are a
// succession, and so is a beginning after another's whose end nobody tells of.
// What nothing dates is told of any moment.
func atOnce(x, y *heldTime) bool {
	if x.once || x.valid.IsZero() || y.valid.IsZero() {
		return true
	}
	return mayMeet(x, y) && !gaveWay(x.valid, y.valid, x.aspect) && !gaveWay(y.valid, x.valid, x.aspect)
}

// mayMeet says whether two claims may have held on one day.
func mayMeet(x, y *heldTime) bool {
	return x.valid.IsZero() || y.valid.IsZero() || len(edtf.Meet(x.mayHold, y.mayHold)) > 0
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
