package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Limits of what is read for chains of command and grounds.
const (
	maxChainLevels = 10
	maxChainLinks  = 3000 // links of one kind of question on one level
	maxChainFan    = 1000 // links of one entity
)

// Kinds by name, where the rules of a chain of command go beyond what the
// vocabulary says of a kind.
const (
	memberOf    = "MEMBER_OF"
	holdsPostIn = "HOLDS_POST_IN"
	person      = "PERSON"
)

// heldClaim is a link with how certainly it held on a date.
type heldClaim struct {
	claim *Claim
	held  edtf.Certainty
}

// ask is a part of a question about links: those in a direction, of some kinds.
type ask struct {
	at        []evidence.ID
	direction evidence.Direction
	kinds     []string
}

// held reads the links that each ask names and that may have held on a date, or
// whose time nobody tells, in the order of the asks; with them, their ends. An ask
// costs one round trip, and all records together one more.
func (s *Session) held(ctx context.Context, on edtf.Date, asks ...ask) ([][]heldClaim, Cut, error) {
	test := &linkTest{LinkFilter: LinkFilter{Certainty: edtf.Undated}, on: on}
	found := make([][]evidence.ID, len(asks))
	var wanted []evidence.ID
	var cut Cut
	for i, a := range asks {
		if len(a.at) == 0 || len(a.kinds) == 0 {
			continue
		}
		frontier := s.identity.groups(a.at)
		x := store.Expansion{Frontier: frontier, Direction: a.direction, Kinds: a.kinds, Keep: test.mayHold, PerNode: maxChainFan + 1, Total: maxChainLinks + 1}
		n, of := 0, map[int]int{}
		for e, err := range s.reader.Expand(ctx, x) {
			if err != nil {
				return nil, "", err
			}
			n++
			of[e.At]++
			if n > maxChainLinks || of[e.At] > maxChainFan {
				cut = CutFanOut
				continue
			}
			found[i] = append(found[i], e.Link)
			wanted = append(wanted, e.Link)
			wanted = append(wanted, s.identity.group(e.From)...)
			wanted = append(wanted, s.identity.group(e.To)...)
		}
	}
	slices.Sort(wanted)
	records, err := s.get(ctx, slices.Compact(wanted))
	if err != nil {
		return nil, "", err
	}
	out := make([][]heldClaim, len(asks))
	for i, links := range found {
		slices.Sort(links)
		for _, id := range slices.Compact(links) {
			r := records[id]
			if r == nil {
				continue // retracted since
			}
			c := s.claim(r)
			certainty := r.Claim().Valid().HeldOn(evidence.AspectOf(r.Claim(), s.tracer.vocabulary), on)
			if c.From != c.To && certainty != edtf.No {
				out[i] = append(out[i], heldClaim{c, certainty})
			}
		}
	}
	return out, cut, nil
}

// ladder is what was read of the hierarchy above, or below, some entities.
//
// Links of hierarchical kinds make it, with three rules of its own. To be a member
// (MEMBER_OF) puts nobody under command but in a military unit, a police force or
// a criminal group: a party does not command who belongs to it. Who holds a post
// (HOLDS_POST_IN) stands under the body, as the vocabulary has it; but since
// sources often name the head of a body by the post alone, those who hold a post
// in a body are told on the way up from it, beside those who command it, and the
// chain does not go on from them. And a placeholder is told but leads no further,
// unless it is where the chain begins.
type ladder struct {
	session *Session
	on      edtf.Date
	up      bool
	next    map[evidence.ID][]rise // by the entity they lead on from
	// commanded are the bodies that the entity asked about commands.
	commanded []rise
	cut       Cut
}

// rise is a step of a ladder.
type rise struct {
	heldClaim
	near, far evidence.ID
	entity    *Entity // far
	leads     bool    // the ladder goes on from far
}

func (s *Session) ladder(on edtf.Date, up bool) *ladder {
	return &ladder{session: s, on: on, up: up, next: map[evidence.ID][]rise{}}
}

// readCommanded reads what a person commands.
func (l *ladder) readCommanded(ctx context.Context, of evidence.ID) error {
	above, _ := l.session.hierarchicalKinds()
	held, cut, err := l.session.held(ctx, l.on, ask{[]evidence.ID{of}, evidence.Outgoing, above})
	if err != nil {
		return err
	}
	l.cut = cut
	l.commanded, err = l.rises(ctx, held[0], true, false)
	return err
}

// climb reads level by level until nothing new is reached.
func (l *ladder) climb(ctx context.Context, level []evidence.ID) error {
	above, below := l.session.hierarchicalKinds()
	seen := map[evidence.ID]bool{}
	for _, id := range level {
		seen[id] = true
	}
	for depth := 1; len(level) > 0; depth++ {
		if depth > maxChainLevels {
			l.cut = cmp.Or(l.cut, CutDepth)
			return nil
		}
		asks := []ask{{level, evidence.Outgoing, above}, {level, evidence.Incoming, below}}
		if l.up {
			asks = []ask{{level, evidence.Incoming, above}, {level, evidence.Outgoing, below}, {level, evidence.Incoming, l.session.known(holdsPostIn)}}
		}
		held, cut, err := l.session.held(ctx, l.on, asks...)
		if err != nil {
			return err
		}
		l.cut = cmp.Or(l.cut, cut)
		reached := map[evidence.ID]bool{}
		for i, claims := range held {
			holders := i == 2
			rises, err := l.rises(ctx, claims, !l.up || holders, !holders)
			if err != nil {
				return err
			}
			for _, r := range rises {
				l.next[r.near] = append(l.next[r.near], r)
				if r.leads && !seen[r.far] {
					seen[r.far], reached[r.far] = true, true
				}
			}
		}
		level = slices.Sorted(maps.Keys(reached))
	}
	return nil
}

// rises makes steps down or up of links; those that no chain is made of are left
// out.
func (l *ladder) rises(ctx context.Context, held []heldClaim, down, lead bool) ([]rise, error) {
	var ends []evidence.ID
	for _, h := range held {
		ends = append(ends, h.claim.From, h.claim.To)
	}
	entities, err := l.session.entities(ctx, ends)
	if err != nil {
		return nil, err
	}
	var out []rise
	for _, h := range held {
		above, below := l.session.order(h.claim)
		if entities[above] == nil || entities[below] == nil || !commands(h.claim.Record.Claim().Kind, entities[above].Kind) {
			continue
		}
		r := rise{heldClaim: h, near: below, far: above}
		if down {
			r.near, r.far = above, below
		}
		r.entity = entities[r.far]
		r.leads = lead && !r.entity.Identity.IsPlaceholder()
		out = append(out, r)
	}
	return out, nil
}

// commands says whether a link of a hierarchical kind puts somebody under command
// of an entity of a kind.
func commands(kind, above string) bool {
	switch above {
	case "PLACE", "EVENT":
		return false
	case "MILITARY_UNIT", "POLICE_FORCE", "CRIMINAL_GROUP":
		return true
	default:
		return kind != memberOf
	}
}

// maxRungs is how many rungs one chain has.
const maxRungs = 1000

// chain is the part of the ladder that begins at an entity, level by level.
func (l *ladder) chain(start evidence.ID) Chain {
	out := Chain{Cut: l.cut}
	seen := map[evidence.ID]bool{start: true}
	level := []evidence.ID{start}
	headed := map[evidence.ID]bool{} // the start commands them: their other heads do not stand above it
	for _, r := range l.commanded {
		out.Rungs = append(out.Rungs, Rung{Entity: r.entity, Of: start, Claim: r.claim, Held: r.held})
		if headed[r.far] = true; !seen[r.far] {
			seen[r.far] = true
			level = append(level, r.far)
		}
	}
	beside := map[evidence.ID]bool{} // reached by a post alone: who else holds one there does not stand above
	for depth := 1; len(level) > 0; depth++ {
		if depth > maxChainLevels || len(out.Rungs) > maxRungs {
			out.Cut = cmp.Or(out.Cut, CutDepth)
			break
		}
		reached, otherwise := map[evidence.ID]bool{}, map[evidence.ID]bool{}
		for _, at := range level {
			for _, r := range l.next[at] {
				post := r.claim.Record.Claim().Kind == holdsPostIn
				holder := l.up && post && r.claim.To == at
				if seen[r.far] || headed[at] && (holder || l.session.isCommand(r.claim)) || holder && beside[at] {
					continue
				}
				out.Rungs = append(out.Rungs, Rung{Entity: r.entity, Of: at, Claim: r.claim, Level: depth, Held: r.held})
				if r.leads {
					reached[r.far] = true
					otherwise[r.far] = otherwise[r.far] || !post
				}
			}
		}
		for id := range reached {
			seen[id] = true
			beside[id] = l.up && !otherwise[id]
		}
		level, headed = slices.Sorted(maps.Keys(reached)), nil
	}
	slices.SortStableFunc(out.Rungs, func(a, b Rung) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.Held, a.Held), cmp.Compare(a.Claim.Record.ID(), b.Claim.Record.ID()), cmp.Compare(a.Of, b.Of))
	})
	if len(out.Rungs) > maxRungs {
		out.Rungs, out.Cut = out.Rungs[:maxRungs], CutFanOut
	}
	return out
}

// order tells which end of a hierarchical link stands above the other.
func (s *Session) order(c *Claim) (above, below evidence.ID) {
	if s.isCommand(c) {
		return c.From, c.To
	}
	return c.To, c.From
}

// isCommand says that who stands at the beginning of a link stands above.
func (s *Session) isCommand(c *Claim) bool {
	kind, ok := s.tracer.vocabulary.Link(c.Record.Claim().Kind)
	return ok && kind.Superior == vocabulary.From
}

// hierarchicalKinds are the kinds by which the one at the beginning stands above
// the other, and those by which it stands below.
func (s *Session) hierarchicalKinds() (above, below []string) {
	for _, k := range s.tracer.vocabulary.Links() {
		switch {
		case !k.Hierarchical:
		case k.Superior == vocabulary.From:
			above = append(above, k.Name)
		default:
			below = append(below, k.Name)
		}
	}
	return above, below
}

// known leaves out kinds that the vocabulary does not have.
func (s *Session) known(kinds ...string) []string {
	return slices.DeleteFunc(slices.Clone(kinds), func(k string) bool {
		_, ok := s.tracer.vocabulary.Link(k)
		return !ok
	})
}
