package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

func (q *queryResolver) Paths(ctx context.Context, from, to []string, maxLength, first int32, by PathOrder, direction Direction, coherentInTime bool, filter *TraversalFilter, knownAt *KnownAt) (*Paths, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	asked := trace.PathQuery{MaxLength: int(maxLength), First: int(first), CoherentInTime: coherentInTime}
	if by == PathOrderStrongest {
		asked.By = trace.Strongest
	}
	if asked.From, err = limited("from", from, 1); err != nil {
		return nil, report(ctx, err)
	}
	if asked.To, err = limited("to", to, 1); err != nil {
		return nil, report(ctx, err)
	}
	if asked.Direction, err = direction.evidence(); err != nil {
		return nil, report(ctx, err)
	}
	if asked.Filter, err = filter.trace(); err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.Paths(ctx, asked)
	if err != nil {
		return nil, report(ctx, err)
	}
	out, err := newPaths(ctx, s, found)
	return out, report(ctx, err)
}

func newPaths(ctx context.Context, s *session, found trace.Paths) (*Paths, error) {
	var claims []*trace.Claim
	var ends []evidence.ID
	for _, p := range found.All {
		for _, h := range p.Hops {
			claims, ends = append(claims, h.Claim), append(ends, h.From, h.To)
		}
	}
	entities, err := named(ctx, s, ends)
	if err != nil {
		return nil, err
	}
	links := newLinks(s, claims)
	out := &Paths{Found: make([]*Path, len(found.All))}
	for i, p := range found.All {
		path := &Path{Length: toInt(len(p.Hops)), Weakest: toInt(p.Weakest), Product: toInt(p.Product)}
		for j, h := range p.Hops {
			path.Hops = append(path.Hops, &Hop{Link: links[j], From: entities[h.From], To: entities[h.To], Backward: h.Backward})
		}
		links = links[len(p.Hops):]
		if p.Common != nil {
			path.Common = &CommonTime{From: optional(p.Common.From.String()), To: optional(p.Common.To.String()), Definite: p.Common.Definite}
		}
		out.Found[i] = path
	}
	out.Truncated, out.TruncatedBy = cut(found.Cut, false)
	return out, nil
}

func (q *queryResolver) Subgraph(ctx context.Context, around []string, depth int32, direction Direction, maxEntities, maxLinks int32, filter *TraversalFilter, knownAt *KnownAt) (*Subgraph, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	ids, err := limited("around", around, 1)
	if err != nil {
		return nil, report(ctx, err)
	}
	asked, err := subgraphQuery(ids, depth, direction, maxEntities, maxLinks, filter)
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.Subgraph(ctx, asked)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &Subgraph{Entities: make([]*SubgraphEntity, len(found.Entities)), Links: newLinks(s, found.Links)}
	for i, e := range newEntities(s, mapped(found.Entities, func(e trace.SubgraphEntity) *trace.Entity { return e.Entity })) {
		out.Entities[i] = &SubgraphEntity{Entity: e, Depth: toInt(found.Entities[i].Depth)}
		if hidden := found.Entities[i].Hidden; hidden >= 0 {
			n := toInt(hidden)
			out.Entities[i].Hidden = &n
		}
	}
	out.Truncated, out.TruncatedBy = cut(found.Cut, false)
	return out, nil
}

func (q *queryResolver) LinksAmong(ctx context.Context, ids []string, filter *TraversalFilter, first int32, knownAt *KnownAt) (*LinksAmong, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	set, err := limited("ids", ids, 0)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, by, err := s.LinksAmong(ctx, set, f)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := atMost(found, first, trace.MaxSubgraphLinks)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &LinksAmong{Links: newLinks(s, rows)}
	out.Truncated, out.TruncatedBy = cut(by, more)
	return out, nil
}

func (q *queryResolver) CommonNeighbors(ctx context.Context, ids []string, atLeast int32, filter *TraversalFilter, first int32, knownAt *KnownAt) (*CommonNeighbors, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	set, err := limited("ids", ids, 2)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	found, by, err := s.CommonNeighbors(ctx, set, int(atLeast), f)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := atMost(found, first, maxRows)
	if err != nil {
		return nil, report(ctx, err)
	}
	var of []evidence.ID
	for _, n := range rows {
		of = append(of, n.Of...)
	}
	members, err := named(ctx, s, of)
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &CommonNeighbors{Neighbors: make([]*CommonNeighbor, len(rows))}
	for i, e := range newEntities(s, mapped(rows, func(n trace.CommonNeighbor) *trace.Entity { return n.Entity })) {
		out.Neighbors[i] = &CommonNeighbor{Entity: e, Of: choose(members, rows[i].Of)}
	}
	out.Truncated, out.TruncatedBy = cut(by, more)
	return out, nil
}
