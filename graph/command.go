package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

const (
	maxUnits = 60
	// maxGrounds is how many grounds of one unit are told.
	maxGrounds = 50
)

func (q *queryResolver) CommandChain(ctx context.Context, of string, on *string, direction ChainDirection, first int32, filter *TraversalFilter, knownAt *KnownAt) (*CommandChain, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	day, err := dated("on", on)
	if err != nil {
		return nil, report(ctx, err)
	}
	kept, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.CommandChain(ctx, evidence.ID(of), day, direction == ChainDirectionUp, kept)
	if err != nil {
		return nil, report(ctx, err)
	}
	chains, err := newChains(ctx, s, found)
	if err != nil {
		return nil, report(ctx, err)
	}
	out, err := chains[0].first(first)
	return out, report(ctx, err)
}

// chain is a chain of command before it is known how much of it is asked for.
type chain struct {
	rungs []*Rung
	cut   trace.Cut
}

// newChains makes siblings of what several chains name.
func newChains(ctx context.Context, s *session, found ...trace.Chain) ([]chain, error) {
	var claims []*trace.Claim
	var far []*trace.Entity
	var near []evidence.ID
	for _, c := range found {
		for _, r := range c.Rungs {
			claims, far, near = append(claims, r.Claim), append(far, r.Entity), append(near, r.Of)
		}
	}
	of, err := named(ctx, s, append([]evidence.ID{}, near...))
	if err != nil {
		return nil, err
	}
	links, entities := newLinks(s, claims), newEntities(s, far)
	out := make([]chain, len(found))
	n := 0
	for i, c := range found {
		out[i].cut = c.Cut
		for _, r := range c.Rungs {
			out[i].rungs = append(out[i].rungs, &Rung{
				Entity: entities[n], Of: of[near[n]], Link: links[n], Level: toInt(r.Level), Held: Certainty(r.Held.String()),
			})
			n++
		}
	}
	return out, nil
}

// first is the beginning of the chain.
func (c chain) first(n int32) (*CommandChain, error) {
	rungs, more, err := atMost(c.rungs, n, maxWindow)
	if err != nil {
		return nil, err
	}
	out := &CommandChain{Rungs: rungs}
	out.Truncated, out.TruncatedBy = cut(c.cut, more)
	return out, nil
}

// ResponsibleUnit is a unit that had to do with a place or an event.
type ResponsibleUnit struct {
	Unit    *Entity
	grounds []*Ground
	chain   chain
}

// GroundCount is how many grounds there are to name it.
func (u *ResponsibleUnit) GroundCount() int32 { return toInt(len(u.grounds)) }

// Grounds are the most certain grounds to name it.
func (u *ResponsibleUnit) Grounds(ctx context.Context, first int32) ([]*Ground, error) {
	rows, _, err := atMost(u.grounds, first, maxGrounds)
	return rows, report(ctx, err)
}

// Chain is who commanded it, and who stood above those.
func (u *ResponsibleUnit) Chain(ctx context.Context, first int32) (*CommandChain, error) {
	out, err := u.chain.first(first)
	return out, report(ctx, err)
}

func (q *queryResolver) CommandersOf(ctx context.Context, of, on string, first int32, filter *TraversalFilter, knownAt *KnownAt) (*Responsibility, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	if _, err := dated("on", &on); err != nil {
		return nil, report(ctx, err)
	}
	kept, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.CommandersOf(ctx, evidence.ID(of), on, kept)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := atMost(found.Units, first, maxUnits)
	if err != nil {
		return nil, report(ctx, err)
	}
	var via []*trace.Claim
	for _, u := range rows {
		for _, g := range u.Grounds {
			via = append(via, g.Via...)
		}
	}
	chains, err := newChains(ctx, s, mapped(rows, func(u trace.Responsible) trace.Chain { return u.Chain })...)
	if err != nil {
		return nil, report(ctx, err)
	}
	links, out := newLinks(s, via), &Responsibility{Units: make([]*ResponsibleUnit, len(rows))}
	for i, e := range newEntities(s, mapped(rows, func(u trace.Responsible) *trace.Entity { return u.Unit })) {
		unit := &ResponsibleUnit{Unit: e, chain: chains[i]}
		for _, g := range rows[i].Grounds {
			n := len(g.Via)
			unit.grounds = append(unit.grounds, &Ground{Links: links[:n:n], Held: Certainty(g.Held.String())})
			links = links[n:]
		}
		out.Units[i] = unit
	}
	out.Truncated, out.TruncatedBy = cut(found.Cut, more)
	return out, nil
}
