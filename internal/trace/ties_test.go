package trace

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/community"
	"gonum.org/v1/gonum/graph/network"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"

	"github.com/vinculo/vinculo/internal/evidence"
)

// made is a subgraph of random links, a few entities having most of them.
func made(entities, links int, seed uint64) Subgraph {
	random := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a made graph, to be repeated
	var sub Subgraph
	id := func(i int) evidence.ID { return evidence.ID(fmt.Sprintf("e%05d", i)) }
	for i := range entities {
		sub.Entities = append(sub.Entities, SubgraphEntity{Entity: &Entity{Entity: &evidence.Entity{ID: id(i)}}})
	}
	joined := map[[2]int]bool{} // gonum's graphs have one tie between two entities at most
	for range links {
		from, to := int(float64(entities)*math.Pow(random.Float64(), 3)), random.IntN(entities)
		if joined[[2]int{from, to}] || joined[[2]int{to, from}] {
			continue
		}
		joined[[2]int{from, to}] = true
		sub.Links = append(sub.Links, &Claim{From: id(from), To: id(to), Level: evidence.Level{Strength: uint16(random.IntN(1001))}}) //nolint:gosec // 0 to 1000
	}
	return sub
}

// TestMeasuresAreThoseOfGonum compares on graphs that are too big to go over by
// hand.
func TestMeasuresAreThoseOfGonum(t *testing.T) {
	for seed := range uint64(8) {
		weighted := seed%2 == 1
		ties := newTies(made(60, int(40+30*seed), seed), weighted)
		lengths := simple.NewWeightedUndirectedGraph(0, math.Inf(1))
		arcs := simple.NewDirectedGraph()
		for i := range ties.of {
			lengths.AddNode(simple.Node(i))
			arcs.AddNode(simple.Node(i))
		}
		for i, bonds := range ties.of {
			for _, b := range bonds {
				length := 1.0
				if weighted {
					length = float64(lengthOf(b.weight))
				}
				lengths.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(i), T: simple.Node(b.to), W: length})
				arcs.SetEdge(simple.Edge{F: simple.Node(i), T: simple.Node(b.to)})
			}
		}
		// gonum counts each pair from either end.
		between, err := ties.betweenness(t.Context(), weighted)
		require.NoError(t, err)
		want := network.BetweennessWeighted(lengths, path.DijkstraAllPaths(lengths))
		if !weighted {
			want = network.Betweenness(lengths)
		}
		ranks, err := ties.pageRank(t.Context())
		require.NoError(t, err)
		wantRanks := network.PageRank(arcs, damping, 1e-10)
		for i := range ties.of {
			require.InDelta(t, want[int64(i)]/2, between[i], 1e-6, "betweenness of %d, seed %d", i, seed)
			if !weighted { // gonum's ranks know no weights
				require.InDelta(t, wantRanks[int64(i)], ranks[i], 1e-6, "rank of %d, seed %d", i, seed)
			}
		}
	}
}

// undirected is what gonum parts into communities.
func (t *ties) undirected() *simple.WeightedUndirectedGraph {
	g := simple.NewWeightedUndirectedGraph(0, 0)
	for i := range t.of {
		g.AddNode(simple.Node(i))
	}
	for i, bonds := range t.of {
		for _, x := range bonds {
			if i < x.to {
				g.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(i), T: simple.Node(x.to), W: x.weight})
			}
		}
	}
	return g
}

// TestCommunitiesAreAsGoodAsThoseOfGonum compares how clearly the groups are parted.
func TestCommunitiesAreAsGoodAsThoseOfGonum(t *testing.T) {
	for seed := range uint64(20) {
		ties := newTies(made(20+10*int(seed), int(20+40*seed), seed), seed%2 == 1) //nolint:gosec // small
		group, quality, err := ties.communities(t.Context())
		require.NoError(t, err)
		g, parts, theirs := ties.undirected(), [][]graph.Node{}, 0.0
		for i, of := range group {
			if of == len(parts) {
				parts = append(parts, nil)
			}
			parts[of] = append(parts[of], simple.Node(i))
		}
		require.InDelta(t, community.Q(g, parts, 1), quality, 1e-9, "seed %d", seed)
		for try := range uint64(5) {
			theirs += community.Q(g, community.Modularize(g, 1, rand.NewPCG(try, 2)).Communities(), 1) / 5 //nolint:gosec // to be repeated
		}
		require.GreaterOrEqual(t, quality, 0.93*theirs, "seed %d", seed)
	}
}

// TestMeasuresStopWhenNobodyWaits gives each measure of the largest subgraph a
// context that is over after so many questions, and counts them.
func TestMeasuresStopWhenNobodyWaits(t *testing.T) {
	ties := newTies(made(MaxSubgraphEntities, MaxSubgraphLinks, 3), true)
	for _, by := range []Measure{Degree, Betweenness, PageRank, Brokerage} {
		ctx := &countdown{Context: t.Context()}
		_, err := ties.scores(ctx, by, true)
		require.ErrorIs(t, err, context.Canceled, by)
		require.Equal(t, 1, ctx.asked, "%s went on", by)
	}
	whole := &countdown{Context: t.Context(), left: math.MaxInt}
	_, _, err := ties.communities(whole)
	require.NoError(t, err)
	require.Greater(t, whole.asked, MaxSubgraphEntities/64, "it asks all along")
	for left := 0; left < whole.asked; left += 5 {
		ctx := &countdown{Context: t.Context(), left: left}
		_, _, err := ties.communities(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, left+1, ctx.asked, "communities went on")
	}
}

// countdown is a context that is over once it was asked so often.
type countdown struct {
	context.Context //nolint:containedctx // it is one
	left, asked     int
}

func (c *countdown) Err() error {
	if c.asked++; c.asked > c.left {
		return context.Canceled
	}
	return nil
}

func BenchmarkMeasures(b *testing.B) {
	for _, weighted := range []bool{false, true} {
		ties := newTies(made(MaxSubgraphEntities, MaxSubgraphLinks, 3), weighted)
		for _, by := range []Measure{Degree, Betweenness, PageRank, Brokerage} {
			b.Run(fmt.Sprintf("%s/weighted=%t", by, weighted), func(b *testing.B) {
				for b.Loop() {
					_, err := ties.scores(b.Context(), by, weighted)
					require.NoError(b, err)
				}
			})
		}
		b.Run(fmt.Sprintf("COMMUNITIES/weighted=%t", weighted), func(b *testing.B) {
			for b.Loop() {
				_, _, err := ties.communities(b.Context())
				require.NoError(b, err)
			}
		})
	}
}
