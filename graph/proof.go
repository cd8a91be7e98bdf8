package graph

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

func (q *queryResolver) Contradictions(ctx context.Context, id string, first int32, knownAt *KnownAt) (*Contradictions, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.Contradictions(ctx, evidence.ID(id))
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := atMost(found.All, first, maxRows)
	if err != nil {
		return nil, report(ctx, err)
	}
	var shown []*trace.Claim
	for _, c := range rows {
		shown = append(shown, c.Claims...)
	}
	claims := mapped(newAssertions(s, shown), (*assertion).claim)
	out := &Contradictions{Found: make([]*Contradiction, len(rows))}
	for i, c := range rows {
		n := len(c.Claims)
		out.Found[i] = newContradiction(c, claims[:n:n])
		claims = claims[n:]
	}
	out.Truncated, out.TruncatedBy = cut(looked(found.Truncated), more)
	return out, nil
}

func newContradiction(c trace.Contradiction, claims []Claim) *Contradiction {
	byID := make(map[evidence.ID]Claim, len(claims))
	for i, x := range c.Claims {
		byID[x.Record.ID()] = claims[i]
	}
	out := &Contradiction{Rule: ContradictionRule(c.Rule), Explanation: c.Explain(), Claims: claims, Versions: []*ClaimVersion{}}
	for _, version := range c.Versions {
		out.Versions = append(out.Versions, &ClaimVersion{Claims: mapped(version, func(id evidence.ID) Claim { return byID[id] })})
	}
	return out
}

func (q *queryResolver) SourceImpact(ctx context.Context, ids []string, first, from int32, knownAt *KnownAt) (*SourceImpact, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	named, err := limited("ids", ids, 1)
	if err != nil {
		return nil, report(ctx, err)
	}
	found, err := s.SourceImpact(ctx, named)
	if err != nil {
		return nil, report(ctx, err)
	}
	rows, more, err := window(found.All, from, first, maxWindow)
	if err != nil {
		return nil, report(ctx, err)
	}
	shown, err := s.Claims(ctx, mapped(rows, func(i trace.Impact) evidence.ID { return i.Claim }))
	if err != nil {
		return nil, report(ctx, err)
	}
	out := &SourceImpact{Lost: toInt(found.Lost), Weakened: toInt(found.Weakened), Unchanged: toInt(found.Unchanged), Claims: make([]*ClaimImpact, len(rows))}
	for i, a := range newAssertions(s, mapped(rows, func(i trace.Impact) *trace.Claim { return shown[i.Claim] })) {
		x := rows[i]
		out.Claims[i] = &ClaimImpact{
			Claim: a.claim(), Lost: x.Lost, Strength: toInt(x.Strength), Weakening: toInt(max(x.Weakening, 0)), Lineages: toInt(x.Lineages),
		}
	}
	out.Truncated, out.TruncatedBy = cut(looked(found.Truncated), more)
	return out, nil
}
