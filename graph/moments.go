package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

func (q *queryResolver) Timeline(ctx context.Context, around, between []string, filter *TraversalFilter, first, from int32, knownAt *KnownAt) (*Timeline, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	given, path := around, "around"
	switch {
	case around == nil && between == nil:
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, path, "neither around nor between is given; give one of them"))
	case around != nil && between != nil:
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "between", "around and between are both given; give one of them"))
	case between != nil:
		given, path = between, "between"
	}
	of, err := limited(path, given, 1)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.TimelineOf(ctx, of, between != nil, f)
	if err != nil {
		return nil, report(ctx, err)
	}
	out, err := newTimeline(s, found, from, first)
	return out, report(ctx, err)
}

func newTimeline(s *session, found trace.Timeline, from, first int32) (*Timeline, error) {
	rows, more, err := window(found.Moments, from, first, maxWindow)
	if err != nil {
		return nil, err
	}
	undated, moreUndated, err := atMost(found.Undated, first, maxWindow)
	if err != nil {
		return nil, err
	}
	var claims []*trace.Claim
	var events []*trace.Entity
	for _, m := range rows {
		if m.Claim != nil {
			claims = append(claims, m.Claim)
		} else {
			events = append(events, m.Event)
		}
	}
	links, entities := newLinks(s, append(claims, undated...)), newEntities(s, events)
	out := &Timeline{Moments: make([]*Moment, len(rows)), Total: toInt(len(found.Moments)), Undated: links[len(claims):]}
	for i, m := range rows {
		moment := &Moment{
			What: MomentKind(m.What), Earliest: optional(m.Earliest.String()), Latest: optional(m.Latest.String()), Uncertain: m.Uncertain,
		}
		if m.Claim != nil {
			moment.Link, links = links[0], links[1:]
		} else {
			moment.Event, entities = entities[0], entities[1:]
		}
		out.Moments[i] = moment
	}
	out.Truncated, out.TruncatedBy = cut(found.Cut, more || moreUndated)
	return out, nil
}

func (q *queryResolver) Changes(ctx context.Context, around, on []string, filter *TraversalFilter, first, from int32, knownAt *KnownAt) (*TimeChanges, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	if len(on) != 2 {
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "on", "%d days are given; give the two to compare", len(on)))
	}
	for i, day := range on {
		if _, err := dated(indexed("on", i), &day); err != nil {
			return nil, report(ctx, err)
		}
	}
	of, err := limited("around", around, 1)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, by, err := s.ChangesBetween(ctx, of, on[0], on[1], f)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := window(found, from, first, maxWindow)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &TimeChanges{Changes: make([]*TimeChange, len(rows)), Total: toInt(len(found))}
	for i, l := range newLinks(s, mapped(rows, func(t trace.Turn) *trace.Claim { return t.Claim })) {
		out.Changes[i] = &TimeChange{Link: l, First: Certainty(rows[i].First.String()), Second: Certainty(rows[i].Second.String())}
	}
	out.Truncated, out.TruncatedBy = cut(by, more)
	return out, nil
}
