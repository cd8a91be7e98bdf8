package trace_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// matrix is a subgraph as weights between all pairs of its entities.
func matrix(sub trace.Subgraph, weighted bool) (w [][]float64, number map[evidence.ID]int) {
	number = map[evidence.ID]int{}
	for i, e := range sub.Entities {
		number[e.Entity.ID] = i
	}
	w = make([][]float64, len(number))
	for i := range w {
		w[i] = make([]float64, len(number))
	}
	for _, l := range sub.Links {
		weight := 1000
		if weighted {
			weight = max(int(l.Level.Strength), 1)
		}
		i, j := number[l.From], number[l.To]
		if i == j {
			continue // nobody is nearer to others by a link to themselves
		}
		w[i][j] += float64(weight)
		w[j][i] += float64(weight)
	}
	for i := range w {
		for j := range w[i] {
			w[i][j] /= 1000
		}
	}
	return w, number
}

// between counts, for each entity, on what share of the shortest paths of each pair of
// others it lies, by walking over all paths.
func between(w [][]float64, weighted bool) []float64 {
	score := make([]float64, len(w))
	for from := range w {
		for to := range from {
			best, paths, through := math.Inf(1), 0.0, make([]float64, len(w))
			var walk func(at int, length float64, met []int)
			walk = func(at int, length float64, met []int) {
				if at == to && len(met) > 1 {
					if length < best {
						best, paths, through = length, 0, make([]float64, len(w))
					}
					if length == best { //nolint:testifylint // whole numbers
						paths++
						for _, i := range met[1 : len(met)-1] {
							through[i]++
						}
					}
					return
				}
				for next, weight := range w[at] {
					step := 1.0
					if weighted {
						step = max(math.Round(1e6/weight), 1)
					}
					if weight > 0 && !slices.Contains(met, next) {
						walk(next, length+step, append(met[:len(met):len(met)], next))
					}
				}
			}
			walk(from, 0, []int{from})
			for i := range through {
				if paths > 0 {
					score[i] += through[i] / paths
				}
			}
		}
	}
	return score
}

// walked is how likely each is met on a random walk, after many steps.
func walked(w [][]float64) []float64 {
	n := len(w)
	rank := make([]float64, n)
	for i := range rank {
		rank[i] = 1
	}
	for range 400 {
		next := make([]float64, n)
		for i := range w {
			sum := total(w[i])
			for j := range w {
				share := 1 / float64(n)
				if sum > 0 {
					share = w[i][j] / sum
				}
				next[j] += rank[i] * (0.85*share + 0.15/float64(n))
			}
		}
		rank = next
	}
	for i := range rank {
		rank[i] /= float64(n)
	}
	return rank
}

func total(row []float64) (sum float64) {
	for _, x := range row {
		sum += x
	}
	return sum
}

// brokers is 1 less Burt's constraint, by its formula.
func brokers(w [][]float64) []float64 {
	score := make([]float64, len(w))
	p := func(i, j int) float64 {
		if sum := total(w[i]); sum > 0 {
			return w[i][j] / sum
		}
		return 0
	}
	for i := range w {
		neighbours, constraint := 0, 0.0
		for j := range w {
			if w[i][j] == 0 {
				continue
			}
			neighbours++
			c := p(i, j)
			for q := range w {
				if q != i && q != j {
					c += p(i, q) * p(q, j)
				}
			}
			constraint += c * c
		}
		if neighbours > 1 {
			score[i] = max(1-constraint, 0)
		}
	}
	return score
}

// modularity is how much more weight lies inside of groups than chance would put
// there (Newman and Girvan 2004).
func modularity(w [][]float64, group []int) (q float64) {
	all := 0.0
	for i := range w {
		all += total(w[i])
	}
	if all == 0 {
		return 0
	}
	for i := range w {
		for j := range w {
			if group[i] == group[j] {
				q += (w[i][j] - total(w[i])*total(w[j])/all) / all
			}
		}
	}
	return q
}

func checkRanking(t *rapid.T, s *trace.Session, scope trace.SubgraphQuery) {
	ctx, weighted := context.Background(), rapid.Bool().Draw(t, "weighted")
	sub, err := s.Subgraph(ctx, scope)
	require.NoError(t, err)
	w, number := matrix(sub, weighted)
	degrees := make([]float64, len(w))
	for i := range w {
		degrees[i] = total(w[i])
	}
	for by, want := range map[trace.Measure][]float64{
		trace.Degree: degrees, trace.Betweenness: between(w, weighted), trace.PageRank: walked(w), trace.Brokerage: brokers(w),
	} {
		got, cut, err := s.Ranking(ctx, scope, by, weighted)
		require.NoError(t, err)
		require.Equal(t, sub.Cut, cut)
		require.Len(t, got, len(w))
		for i, r := range got {
			require.InDelta(t, want[number[r.Entity.ID]], r.Score, 2e-6, "%s of %s, weighted %t: %+v", by, r.Entity.ID, weighted, scope)
			require.True(t, i == 0 || got[i-1].Score > r.Score || got[i-1].Score == r.Score && got[i-1].Entity.ID < r.Entity.ID) //nolint:testifylint // rounded
		}
	}
	groups, quality, cut, err := s.Communities(ctx, scope, weighted)
	require.NoError(t, err)
	require.Equal(t, sub.Cut, cut)
	of, alone, n := make([]int, len(w)), make([]int, len(w)), 0
	for g, members := range groups {
		for _, e := range members.Entities {
			of[number[e.ID]] = g
			n++
		}
	}
	for i := range alone {
		alone[i] = i
	}
	require.Equal(t, len(w), n, "every entity is in one group")
	require.InDelta(t, modularity(w, of), quality, 1e-9)
	require.GreaterOrEqual(t, quality, modularity(w, alone)-1e-9, "no worse than everybody alone")
	require.GreaterOrEqual(t, quality, modularity(w, make([]int, len(w)))-1e-9, "no worse than all together")
}

func TestMeasuresAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 200, func(t *rapid.T) {
		st := model.New()
		history(t, st, small)
		view := someView(t, st)
		w, s := readWorld(t, st, view), open(t, st, view)
		for range 2 {
			checkRanking(t, s, someScope(t, w))
		}
		require.NoError(t, s.Close())
	})
}
