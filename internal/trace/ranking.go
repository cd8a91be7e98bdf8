package trace

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Measure says by what entities of a subgraph are ranked.
type Measure string

// The measures. Links count whatever their direction.
const (
	// Degree is the number of links to others, or their strength added up.
	Degree Measure = "DEGREE"
	// Betweenness is on how many shortest paths an entity lies (Freeman 1977).
	Betweenness Measure = "BETWEENNESS"
	// PageRank is the chance to be met on a random walk along the links (Brin and
	// Page 1998), with a damping of 0.85.
	PageRank Measure = "PAGERANK"
	// Brokerage is 1 less the constraint that an entity's neighbours put on it by
	// knowing each other (structural holes, Burt 1992).
	Brokerage Measure = "BROKERAGE"
)

// Ranked is an entity with its score.
type Ranked struct {
	Entity *Entity
	Score  float64
}

// Ranking orders the entities of a subgraph by a measure, highest first, then by
// id. Placeholders are ranked only where the filter lets them carry paths. The
// measure is of the subgraph alone: where that is cut, so is the ranking.
func (s *Session) Ranking(ctx context.Context, scope SubgraphQuery, by Measure, weightByStrength bool) ([]Ranked, Cut, error) {
	if !slices.Contains([]Measure{Degree, Betweenness, PageRank, Brokerage}, by) {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "by", "%q is not a measure; give DEGREE, BETWEENNESS, PAGERANK or BROKERAGE", by)
	}
	sub, err := s.Subgraph(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	scores, err := newTies(sub, weightByStrength).scores(ctx, by, weightByStrength)
	if err != nil {
		return nil, "", err
	}
	out := make([]Ranked, len(sub.Entities))
	for i, e := range sub.Entities {
		out[i] = Ranked{e.Entity, math.Round(scores[i]*1e6) / 1e6}
	}
	slices.SortFunc(out, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
	return out, sub.Cut, nil
}

// Community is a group of entities that are linked more to each other than to
// others.
type Community struct {
	Entities []*Entity // by id
}

// steady leaves out the last digits of a sum, which differ with the order in which
// it is added up, so that the same question has the same answer.
func steady(x float64) float64 { return math.Round(x*1e12)/1e12 + 0 } // never -0

// Communities parts a subgraph into groups by modularity (the Louvain method,
// Blondel et al. 2008), the largest first, then by the least id. The same
// subgraph gives the same groups.
func (s *Session) Communities(ctx context.Context, scope SubgraphQuery, weightByStrength bool) ([]Community, float64, Cut, error) {
	sub, err := s.Subgraph(ctx, scope)
	if err != nil {
		return nil, 0, "", err
	}
	group, quality, err := newTies(sub, weightByStrength).communities(ctx)
	if err != nil {
		return nil, 0, "", err
	}
	var out []Community
	for i, g := range group {
		if g == len(out) {
			out = append(out, Community{})
		}
		out[g].Entities = append(out[g].Entities, sub.Entities[i].Entity)
	}
	for _, c := range out {
		slices.SortFunc(c.Entities, func(a, b *Entity) int { return cmp.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(out, func(a, b Community) int {
		return cmp.Or(cmp.Compare(len(b.Entities), len(a.Entities)), cmp.Compare(a.Entities[0].ID, b.Entities[0].ID))
	})
	return out, steady(quality), sub.Cut, nil
}
