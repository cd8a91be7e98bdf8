package trace

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/community"
	"gonum.org/v1/gonum/graph/network"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Measure says by what entities of a subgraph are ranked.
type Measure string

// The measures. Links count whatever their direction.
const (
	// Degree is the number of links, or their strength added up.
	Degree Measure = "DEGREE"
	// Betweenness is on how many shortest paths an entity lies (Freeman 1977).
	Betweenness Measure = "BETWEENNESS"
	// PageRank is the chance to be met on a random walk (Brin and Page 1998).
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
// id. Placeholders are ranked only where the filter lets them carry paths.
func (s *Session) Ranking(ctx context.Context, scope SubgraphQuery, by Measure, weightByStrength bool) ([]Ranked, Cut, error) {
	sub, err := s.Subgraph(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	g := newTies(sub, weightByStrength)
	var score func(i int) float64
	switch by {
	case Degree:
		score = g.degree
	case Betweenness:
		between := g.betweenness(weightByStrength)
		score = func(i int) float64 { return between[int64(i)] }
	case PageRank:
		ranks := network.PageRank(g.bothWays(), 0.85, 1e-9)
		score = func(i int) float64 { return ranks[int64(i)] }
	case Brokerage:
		score = g.brokerage
	default:
		return nil, "", evidence.Faulty(evidence.InvalidInput, "by", "%q is not a measure; give DEGREE, BETWEENNESS, PAGERANK or BROKERAGE", by)
	}
	out := make([]Ranked, len(sub.Entities))
	for i, e := range sub.Entities {
		out[i] = Ranked{e.Entity, math.Round(score(i)*1e6) / 1e6}
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
	g := newTies(sub, weightByStrength).undirected()
	reduced := community.Modularize(g, 1, rand.NewPCG(1, 2))
	parts := reduced.Communities()
	out := make([]Community, len(parts))
	for i, nodes := range parts {
		for _, n := range nodes {
			out[i].Entities = append(out[i].Entities, sub.Entities[n.ID()].Entity)
		}
		slices.SortFunc(out[i].Entities, func(a, b *Entity) int { return cmp.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(out, func(a, b Community) int {
		return cmp.Or(cmp.Compare(len(b.Entities), len(a.Entities)), cmp.Compare(a.Entities[0].ID, b.Entities[0].ID))
	})
	quality := community.Q(g, parts, 1)
	if math.IsNaN(quality) {
		quality = 0 // no link at all
	}
	return out, steady(quality), sub.Cut, nil
}

// ties is a subgraph with the links between two entities added up, whatever
// their direction; entities are numbered as in the subgraph.
type ties struct {
	n      int
	weight []map[int]float64
}

func newTies(sub Subgraph, weightByStrength bool) *ties {
	t := &ties{n: len(sub.Entities), weight: make([]map[int]float64, len(sub.Entities))}
	index := make(map[evidence.ID]int, t.n)
	for i, e := range sub.Entities {
		index[e.Entity.ID] = i
		t.weight[i] = map[int]float64{}
	}
	for _, l := range sub.Links {
		i, iThere := index[l.From]
		j, jThere := index[l.To]
		if !iThere || !jThere || i == j {
			continue
		}
		w := 1.0
		if weightByStrength {
			w = max(float64(l.Level.Strength), 1) / 1000
		}
		t.weight[i][j] += w
		t.weight[j][i] += w
	}
	return t
}

func (t *ties) degree(i int) float64 {
	sum := 0.0
	for _, j := range sortedInts(t.weight[i]) {
		sum += t.weight[i][j]
	}
	return sum
}

func (t *ties) betweenness(weighted bool) map[int64]float64 {
	if !weighted {
		return network.Betweenness(t.undirected())
	}
	distances := t.distances()
	return network.BetweennessWeighted(distances, path.DijkstraAllPaths(distances))
}

func sortedInts(m map[int]float64) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// brokerage is 1 − Σⱼ (pᵢⱼ + Σ_q pᵢ_q p_qⱼ)², p being the share of an entity's
// ties that goes to another; 0 where it has fewer than two neighbours.
func (t *ties) brokerage(i int) float64 {
	if len(t.weight[i]) < 2 {
		return 0
	}
	share := func(a, b int) float64 {
		if w, ok := t.weight[a][b]; ok {
			return w / t.degree(a)
		}
		return 0
	}
	constraint := 0.0
	neighbours := sortedInts(t.weight[i])
	for _, j := range neighbours {
		p := share(i, j)
		for _, q := range neighbours {
			if q != j {
				p += share(i, q) * share(q, j)
			}
		}
		constraint += p * p
	}
	return max(1-constraint, 0)
}

func (t *ties) undirected() *simple.WeightedUndirectedGraph {
	g := simple.NewWeightedUndirectedGraph(0, 0)
	t.fill(g.AddNode, func(i, j int, w float64) {
		if i < j {
			g.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(i), T: simple.Node(j), W: w})
		}
	})
	return g
}

// distances is the graph with ties turned into lengths: strong ties are short.
func (t *ties) distances() *simple.WeightedUndirectedGraph {
	g := simple.NewWeightedUndirectedGraph(0, math.Inf(1))
	t.fill(g.AddNode, func(i, j int, w float64) {
		if i < j {
			g.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(i), T: simple.Node(j), W: 1 / w})
		}
	})
	return g
}

func (t *ties) bothWays() *simple.DirectedGraph {
	g := simple.NewDirectedGraph()
	t.fill(g.AddNode, func(i, j int, _ float64) { g.SetEdge(simple.Edge{F: simple.Node(i), T: simple.Node(j)}) })
	return g
}

func (t *ties) fill(node func(graph.Node), edge func(i, j int, w float64)) {
	for i := range t.n {
		node(simple.Node(i))
	}
	for i := range t.n {
		for _, j := range sortedInts(t.weight[i]) {
			edge(i, j, t.weight[i][j])
		}
	}
}
