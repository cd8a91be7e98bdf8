package trace

import (
	"context"
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
	commandsKind = "COMMANDS"
	leadsKind    = "LEADS"
	secondIn     = "SECOND_IN_COMMAND_OF"
	memberOf     = "MEMBER_OF"
	servesIn     = "SERVES_IN"
	holdsPostIn  = "HOLDS_POST_IN"
	person       = "PERSON"
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

// asked is what an ask found.
type asked struct {
	links []heldClaim // by id
	// short are the entities that have, or may have, more links than were read.
	short map[evidence.ID]bool
}

// onDay says which links of a date are asked for: those that a filter keeps and that
// may have held on it, or whose time nobody tells.
type onDay struct {
	date   edtf.Date
	day    *linkTest
	filter *linkTest
}

// onDay makes a date and a filter ready. Links of placeholders are told whatever the
// filter says of these.
func (s *Session) onDay(on string, f LinkFilter) (onDay, error) {
	t := onDay{}
	var err error
	if t.date, err = dateOf("on", on); err != nil {
		return t, err
	}
	t.day = &linkTest{LinkFilter: LinkFilter{Certainty: edtf.Undated}, on: t.date}
	f.Unidentified = true
	t.filter, err = s.linkTest(f)
	return t, err
}

// keeps says whether an edge may be one of them.
func (t onDay) keeps(e *store.Edge) bool { return t.day.mayHold(e) && t.filter.keeps(e) }

// kinds are those of some kinds that the filter keeps.
func (t onDay) kinds(of []string) []string {
	if len(t.filter.Kinds) == 0 {
		return of
	}
	return slices.DeleteFunc(slices.Clone(of), func(kind string) bool { return !slices.Contains(t.filter.Kinds, kind) })
}

// held says how certainly a link held, as its record has it; No where the filter
// leaves it out.
func (t onDay) held(valid edtf.Valid, aspect edtf.Aspect) edtf.Certainty {
	if t.filter.timed() && !t.filter.held(valid, aspect) {
		return edtf.No
	}
	return valid.HeldOn(aspect, t.date)
}

// held reads the links that each ask names and that are of a day, in the order of the
// asks; with them, their ends. An ask costs one round trip, and all records together
// one more.
func (s *Session) held(ctx context.Context, on onDay, asks ...ask) ([]asked, error) {
	out := make([]asked, len(asks))
	found := make([][]evidence.ID, len(asks))
	var wanted []evidence.ID
	for i, a := range asks {
		out[i].short = map[evidence.ID]bool{}
		kinds := on.kinds(a.kinds)
		if len(a.at) == 0 || len(kinds) == 0 {
			continue
		}
		frontier := s.identity.groups(a.at)
		x := store.Expansion{Frontier: frontier, Direction: a.direction, Kinds: kinds, Keep: on.keeps, PerNode: maxChainFan + 1, Total: maxChainLinks + 1}
		n, of := 0, map[int]int{}
		for e, err := range s.reader.Expand(ctx, x) {
			if partOnly(err) {
				n = maxChainLinks
			} else if err != nil {
				return nil, err
			}
			n++
			if n > maxChainLinks {
				for _, id := range a.at {
					out[i].short[s.identity.resolve(id)] = true
				}
				break
			}
			if of[e.At]++; of[e.At] > maxChainFan {
				out[i].short[s.identity.resolve(frontier[e.At])] = true
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
		return nil, err
	}
	for i, links := range found {
		slices.Sort(links)
		for _, id := range slices.Compact(links) {
			r := records[id]
			if r == nil {
				continue // retracted since
			}
			c := s.claim(r)
			certainty := on.held(r.Claim().Valid(), evidence.AspectOf(r.Claim(), s.tracer.vocabulary))
			if c.From != c.To && certainty != edtf.No {
				out[i].links = append(out[i].links, heldClaim{c, certainty})
			}
		}
	}
	return out, nil
}

// ladder is what was read of the hierarchy above, or below, some entities. Links
// of hierarchical kinds make it, as far as commands says so; how a chain goes
// along it, climber says.
type ladder struct {
	session *Session
	on      onDay
	up      bool
	next    map[evidence.ID]steps // by the entity they lead on from
	// beside are, by the body that they lead from, steps the other way: on the way
	// up to those who hold a post in it, on the way down to its deputies.
	beside map[evidence.ID]steps
}

// steps are those that lead on from an entity.
type steps struct {
	rises []rise
	short bool // there are, or may be, more
}

// rise is a step of a ladder.
type rise struct {
	heldClaim
	near, far *Entity
	kind      string
}

func (s *Session) ladder(on onDay, up bool) *ladder {
	return &ladder{session: s, on: on, up: up, next: map[evidence.ID]steps{}, beside: map[evidence.ID]steps{}}
}

// ownBodies reads what a person commands, leads or is the deputy in.
func (l *ladder) ownBodies(ctx context.Context, of evidence.ID) (steps, error) {
	above, _ := l.session.hierarchicalKinds()
	found, err := l.session.held(ctx, l.on, ask{[]evidence.ID{of}, evidence.Outgoing, above})
	if err != nil {
		return steps{}, err
	}
	own := map[evidence.ID]steps{}
	err = l.keep(ctx, own, []evidence.ID{of}, true, found...)
	return own[of], err
}

// read reads the steps that lead on from entities, and from bodies those beside.
// It reads nothing twice.
func (l *ladder) read(ctx context.Context, on, beside []evidence.ID) error {
	on, beside = unread(l.next, on), unread(l.beside, beside)
	above, below := l.session.hierarchicalKinds()
	asks := []ask{{on, evidence.Outgoing, above}, {on, evidence.Incoming, below}, {beside, evidence.Incoming, l.session.known(secondIn)}}
	if l.up {
		asks = []ask{{on, evidence.Incoming, above}, {on, evidence.Outgoing, below}, {beside, evidence.Incoming, l.session.known(holdsPostIn)}}
	}
	found, err := l.session.held(ctx, l.on, asks...)
	if err != nil {
		return err
	}
	if err := l.keep(ctx, l.next, on, !l.up, found[0], found[1]); err != nil {
		return err
	}
	return l.keep(ctx, l.beside, beside, l.up, found[2])
}

// unread are those of entities, each once, of which no steps are known.
func unread(known map[evidence.ID]steps, ids []evidence.ID) []evidence.ID {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id evidence.ID) bool { _, read := known[id]; return read })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// keep makes steps down or up of links at entities; those that no chain is made of
// are left out.
func (l *ladder) keep(ctx context.Context, into map[evidence.ID]steps, at []evidence.ID, down bool, found ...asked) error {
	for _, id := range at {
		var short bool
		for _, f := range found {
			short = short || f.short[id]
		}
		into[id] = steps{short: short}
	}
	for _, f := range found {
		var ends []evidence.ID
		for _, h := range f.links {
			ends = append(ends, h.claim.From, h.claim.To)
		}
		entities, err := l.session.entities(ctx, ends)
		if err != nil {
			return err
		}
		for _, h := range f.links {
			above, below := l.session.order(h.claim)
			r := rise{h, entities[below], entities[above], h.claim.Record.Claim().Kind}
			if r.near == nil || r.far == nil || !commands(r.kind, r.near.Kind, r.far.Kind) {
				continue
			}
			if down {
				r.near, r.far = r.far, r.near
			}
			s := into[r.near.ID]
			s.rises = append(s.rises, r)
			into[r.near.ID] = s
		}
	}
	return nil
}

// commands says whether a link of a hierarchical kind puts entities of a kind under
// command of those of another. To be a member (MEMBER_OF) puts nobody under command
// but in a military unit, a police force or a criminal group: a party does not
// command who belongs to it. A unit that has people posted in a body (SERVES_IN) is
// not under its command.
func commands(kind, below, above string) bool {
	switch {
	case above == "PLACE" || above == "EVENT":
		return false
	case kind == servesIn:
		return below == person
	case kind == memberOf:
		return above == "MILITARY_UNIT" || above == "POLICE_FORCE" || above == "CRIMINAL_GROUP"
	default:
		return true
	}
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
