package trace

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	// acts of a procedure (charged, acquitted), of one pair of entities otherwise.
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
	spoken, err := s.spokenAgainst(ctx, claims)
	return append(out, spoken...), cut, err
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
				same = a.From == b.From && a.To == b.To || a.From == b.To && a.To == b.From
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
		if c, ok := s.contest(holders, versions); ok {
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
func (s *Session) contest(holders []*Claim, versions map[evidence.ID]evidence.ID) (Contradiction, bool) {
	contested := map[evidence.ID]*Claim{}
	for i, a := range holders {
		for _, b := range holders[i+1:] {
			x, y := a.Record.Claim(), b.Record.Claim()
			differ := a.From != b.From
			if x.Of == evidence.StatementRecord {
				differ = names.Fold(x.Value) != names.Fold(y.Value)
			}
			if differ && versions[x.ID] != versions[y.ID] && s.atOnce(x, y) {
				contested[x.ID], contested[y.ID] = a, b
			}
		}
	}
	if len(contested) == 0 {
		return Contradiction{}, false
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
	return out, true
}

// atOnce says whether two claims may have held at one moment. Of an event that
// happens once, such as a founding, any two tellings are of one moment.
func (s *Session) atOnce(x, y *evidence.Claim) bool {
	aspect := evidence.AspectOf(x, s.tracer.vocabulary)
	if aspect == edtf.Event || x.Since == "" || y.Since == "" {
		return true
	}
	a, b := x.Valid().Bounds(aspect), y.Valid().Bounds(aspect)
	return a.SinceEarliest <= b.UntilLatest && b.SinceEarliest <= a.UntilLatest
}

// spokenAgainst pairs claims with those that are about them.
func (s *Session) spokenAgainst(ctx context.Context, claims []*Claim) ([]Contradiction, error) {
	byID := map[evidence.ID]*Claim{}
	var ids, about []evidence.ID
	for _, c := range claims {
		byID[c.Record.ID()] = c
		ids = append(ids, c.Record.ID())
		if a := c.Record.Claim().About; a != "" {
			about = append(about, a)
		}
	}
	var out []Contradiction
	spoken, err := s.get(ctx, about)
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		if r := spoken[c.Record.Claim().About]; r != nil && r.Claim() != nil {
			out = append(out, contradiction(SpokenAgainst, c, s.claim(r)))
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	for _, t := range []evidence.RecordType{evidence.LinkRecord, evidence.StatementRecord} {
		for f, err := range s.reader.Find(ctx, store.Query{Type: t, About: ids, Limit: maxContradicting}) {
			if err != nil {
				return nil, err
			}
			out = append(out, contradiction(SpokenAgainst, byID[f.Record.Claim().About], s.claim(f.Record)))
		}
	}
	return out, nil
}

// Attributes whose value is a date that bounds what an entity can have done.
const (
	birthDate       = "BIRTH_DATE"
	foundingDate    = "FOUNDING_DATE"
	deathDate       = "DEATH_DATE"
	dissolutionDate = "DISSOLUTION_DATE"
)

// misdated finds links that an entity takes part in before its beginning or
// after its end, as statements date those. What is done to the dead, such as a
// charge or a finding, is left alone.
func (s *Session) misdated(claims []*Claim) []Contradiction {
	var out []Contradiction
	for _, st := range claims {
		content := st.Record.Claim()
		if content.Of != evidence.StatementRecord {
			continue
		}
		date, err := edtf.Parse(content.Value)
		if err != nil || date.IsZero() {
			continue
		}
		begins := content.Kind == birthDate || content.Kind == foundingDate
		ends := content.Kind == deathDate || content.Kind == dissolutionDate
		if !begins && !ends {
			continue
		}
		for _, link := range claims {
			x := link.Record.Claim()
			kind, ok := s.tracer.vocabulary.Link(x.Kind)
			if x.Of != evidence.LinkRecord || !ok || kind.Procedural || link.From != st.From {
				continue
			}
			b := x.Valid().Bounds(evidence.AspectOf(x, s.tracer.vocabulary))
			if begins && b.UntilLatest < date.Earliest() || ends && b.SinceEarliest > date.Latest() {
				out = append(out, contradiction(IncompatibleDates, st, link))
			}
		}
	}
	return out
}

// Explain puts a contradiction's rule into a sentence.
func (c Contradiction) Explain() string {
	switch c.Rule {
	case SupportedAndDisputed:
		return fmt.Sprintf("%d sources support this claim and %d dispute it.", c.Claims[0].Level.Supports, c.Claims[0].Level.Disputes)
	case OpposedKinds:
		return fmt.Sprintf("%s and %s say the opposite.", c.Claims[0].Record.Claim().Kind, c.Claims[1].Record.Claim().Kind)
	case ExclusiveHolders:
		return fmt.Sprintf("%d versions tell differently of %s, which only one can be true of at a time.", len(c.Versions), c.Claims[0].Record.Claim().Kind)
	case SpokenAgainst:
		return "One of these claims speaks about the other."
	default:
		return "These dates cannot all be right."
	}
}
