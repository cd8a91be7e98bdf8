package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

func (q *queryResolver) Ranking(ctx context.Context, scope ScopeInput, by Measure, weightByStrength bool, first int32, knownAt *KnownAt) (*Ranking, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	part, err := scope.query()
	if err != nil {
		return nil, report(ctx, withinScope(err))
	}
	found, why, err := s.Ranking(ctx, part, trace.Measure(by), weightByStrength)
	if err != nil {
		return nil, report(ctx, withinScope(err))
	}
	rows, more, err := atMost(found, first, trace.MaxSubgraphEntities)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &Ranking{Ranked: make([]*RankedEntity, len(rows))}
	for i, e := range newEntities(s, mapped(rows, func(r trace.Ranked) *trace.Entity { return r.Entity })) {
		out.Ranked[i] = &RankedEntity{Entity: e, Score: rows[i].Score}
	}
	out.Truncated, out.TruncatedBy = cut(why, more)
	return out, nil
}

func (q *queryResolver) Communities(ctx context.Context, scope ScopeInput, weightByStrength bool, knownAt *KnownAt) (*Communities, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	part, err := scope.query()
	if err != nil {
		return nil, report(ctx, withinScope(err))
	}
	found, modularity, why, err := s.Communities(ctx, part, weightByStrength)
	if err != nil {
		return nil, report(ctx, withinScope(err))
	}
	var all []*trace.Entity
	for _, c := range found {
		all = append(all, c.Entities...)
	}
	entities, out := newEntities(s, all), &Communities{Groups: make([]*Community, len(found)), Modularity: modularity}
	for i, c := range found {
		n := len(c.Entities)
		out.Groups[i] = &Community{Size: toInt(n), Entities: entities[:n:n]}
		entities = entities[n:]
	}
	out.Truncated, out.TruncatedBy = cut(why, false)
	return out, nil
}

func (q *queryResolver) Match(ctx context.Context, name string, kind *EntityKind, around []string, first int32, knownAt *KnownAt) (*Matches, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	beside, err := limited("context", around, 0)
	if err != nil {
		return nil, report(ctx, err)
	}
	of := ""
	if kind != nil {
		of = string(*kind)
	}
	found, why, err := s.Match(ctx, name, of, beside)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := atMost(found, first, maxRows)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &Matches{Candidates: make([]*MatchCandidate, len(rows))}
	for i, e := range newEntities(s, mapped(rows, func(c trace.Candidate) *trace.Entity { return c.Entity })) {
		out.Candidates[i] = &MatchCandidate{Entity: e, Score: toInt(rows[i].Score), Reasons: reasons(rows[i].Reasons)}
	}
	out.Truncated, out.TruncatedBy = cut(why, more)
	return out, nil
}

func reasons(found []trace.Reason) []*MatchReason {
	return mapped(found, func(r trace.Reason) *MatchReason { return &MatchReason{Code: MatchCode(r.Code), Detail: r.Detail} })
}

func (q *queryResolver) Duplicates(ctx context.Context, entity *string, filter *EntityFilter, first *int32, after *string, last *int32, before *string, knownAt *KnownAt) (*Duplicates, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	if entity != nil {
		out, err := duplicatesOf(ctx, s, evidence.ID(*entity))
		return out, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	p, pairs, why, err := s.AllDuplicates(ctx, f, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	out := newDuplicates(s, pairs, PageInfo{
		HasNextPage: p.HasNext, HasPreviousPage: p.HasPrevious, StartCursor: optional(p.Start), EndCursor: optional(p.End),
	})
	out.Truncated, out.TruncatedBy = cut(why, false)
	return out, nil
}

// duplicatesOf are those of one entity, at most as many as a page has rows.
func duplicatesOf(ctx context.Context, s *session, id evidence.ID) (*Duplicates, error) {
	shown, err := s.Entities(ctx, []evidence.ID{id})
	if err != nil {
		return nil, err
	}
	found, why, err := s.Duplicates(ctx, id)
	if err != nil {
		return nil, err
	}
	rows := found[:min(len(found), maxRows)]
	out := newDuplicates(s, mapped(rows, func(c trace.Candidate) trace.Pair {
		return trace.Pair{A: shown[id], B: c.Entity, Score: c.Score, Reasons: c.Reasons}
	}), PageInfo{})
	out.Truncated, out.TruncatedBy = cut(why, len(rows) < len(found))
	return out, nil
}

func newDuplicates(s *session, pairs []trace.Pair, info PageInfo) *Duplicates {
	var both []*trace.Entity
	for _, p := range pairs {
		both = append(both, p.A, p.B)
	}
	entities, out := newEntities(s, both), &Duplicates{Pairs: make([]*DuplicatePair, len(pairs)), PageInfo: &info}
	for i, p := range pairs {
		out.Pairs[i] = &DuplicatePair{A: entities[2*i], B: entities[2*i+1], Score: toInt(p.Score), Reasons: reasons(p.Reasons)}
	}
	return out
}
