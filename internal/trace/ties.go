package trace

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// ties is a subgraph with the links between two entities added up, whatever
// their direction; entities are numbered as in the subgraph. Measures are worked
// out here rather than by gonum, which the tests compare them with, so that a
// request that was given up stops, and so that a subgraph of the largest size
// takes little time and memory.
type ties struct {
	of    [][]bond  // by entity, each in the order of the others
	total []float64 // weights added up, by entity
}

// bond is the tie to another entity.
type bond struct {
	to     int
	weight float64
}

// newTies weighs each link 1, or by its strength in thousandths.
func newTies(sub Subgraph, weightByStrength bool) *ties {
	n := len(sub.Entities)
	index := make(map[evidence.ID]int, n)
	for i, e := range sub.Entities {
		index[e.Entity.ID] = i
	}
	thousandths := make([]map[int]int, n) // whole numbers add up alike in any order
	for i := range thousandths {
		thousandths[i] = map[int]int{}
	}
	for _, l := range sub.Links {
		i, iThere := index[l.From]
		j, jThere := index[l.To]
		if !iThere || !jThere || i == j {
			continue
		}
		w := 1000
		if weightByStrength {
			w = max(int(l.Level.Strength), 1)
		}
		thousandths[i][j] += w
		thousandths[j][i] += w
	}
	t := &ties{of: make([][]bond, n), total: make([]float64, n)}
	for i, bonds := range thousandths {
		sum := 0
		for j, w := range bonds {
			sum += w
			t.of[i] = append(t.of[i], bond{j, float64(w) / 1000})
		}
		t.total[i] = float64(sum) / 1000
		slices.SortFunc(t.of[i], func(a, b bond) int { return cmp.Compare(a.to, b.to) })
	}
	return t
}

// scores measures every entity.
func (t *ties) scores(ctx context.Context, by Measure, weighted bool) ([]float64, error) {
	switch by {
	case Betweenness:
		return t.betweenness(ctx, weighted)
	case PageRank:
		return t.pageRank(ctx)
	case Brokerage:
		return t.brokerage(ctx)
	default:
		return t.total, ctx.Err()
	}
}

// betweenness adds up, over all pairs of others, the share of their shortest paths
// that an entity lies on, by the method of Brandes ("A faster algorithm for
// betweenness centrality", Journal of Mathematical Sociology 25, 2001); a path of
// strong ties is short where they are weighted. As each pair is gone over from
// either end, it counts twice.
func (t *ties) betweenness(ctx context.Context, weighted bool) ([]float64, error) {
	n := len(t.of)
	score, b := make([]float64, n), newBrandes(t, weighted)
	for source := range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(t.of[source]) == 0 {
			continue
		}
		b.from(source)
		for i := len(b.order) - 1; i > 0; i-- { // the source is the first
			w := b.order[i]
			each := (1 + b.share[w]) / b.paths[w]
			for _, x := range b.arcs[w] {
				if b.far[x.to]+x.length == b.far[w] { // it lies before on a shortest path
					b.share[x.to] += b.paths[x.to] * each
				}
			}
			score[w] += b.share[w] / 2
		}
	}
	return score, nil
}

// brandes is what one pass over the entities from a source finds.
type brandes struct {
	weighted bool
	arcs     [][]stretch
	far      []int64   // distance; -1 is not reached
	paths    []float64 // how many shortest paths there are
	share    []float64
	done     []bool
	order    []int32 // as they were reached for good
	heap     []int64 // distances with entities in their last bits
}

// stretch is a tie with its length.
type stretch struct {
	to     int32
	length int64
}

// entityBits are enough for the number of an entity of a subgraph.
const entityBits = 11

const _ = uint(1<<entityBits - MaxSubgraphEntities) // does not compile where they are not

func newBrandes(t *ties, weighted bool) *brandes {
	n := len(t.of)
	b := &brandes{weighted: weighted, arcs: make([][]stretch, n), far: make([]int64, n), paths: make([]float64, n), share: make([]float64, n), done: make([]bool, n)}
	for i, bonds := range t.of {
		b.arcs[i] = make([]stretch, len(bonds))
		for j, x := range bonds {
			b.arcs[i][j] = stretch{int32(x.to), 1} //nolint:gosec // of a few thousand
			if weighted {
				b.arcs[i][j].length = lengthOf(x.weight)
			}
		}
	}
	return b
}

// lengthOf is the length of a tie, in whole numbers, so that paths of one length
// are known to be.
func lengthOf(weight float64) int64 { return max(int64(math.Round(1e6/weight)), 1) }

// from goes over the entities nearest first: by Dijkstra's method (1959), and
// breadth-first where all ties are of one length.
func (b *brandes) from(source int) {
	for i := range b.far {
		b.far[i], b.paths[i], b.share[i], b.done[i] = -1, 0, 0, false
	}
	b.order = append(b.order[:0], int32(source)) //nolint:gosec // of a few thousand
	b.far[source], b.paths[source] = 0, 1
	if !b.weighted {
		for i := 0; i < len(b.order); i++ {
			v := b.order[i]
			for _, x := range b.arcs[v] {
				if b.far[x.to] < 0 {
					b.far[x.to] = b.far[v] + 1
					b.order = append(b.order, x.to)
				}
				if b.far[x.to] == b.far[v]+1 {
					b.paths[x.to] += b.paths[v]
				}
			}
		}
		return
	}
	b.order, b.heap = b.order[:0], append(b.heap[:0], int64(source))
	for len(b.heap) > 0 {
		v := int32(b.pop() & (1<<entityBits - 1)) //nolint:gosec // of a few thousand
		if b.done[v] {
			continue
		}
		b.done[v] = true
		b.order = append(b.order, v)
		for _, x := range b.arcs[v] {
			far := b.far[v] + x.length
			switch {
			case b.far[x.to] < 0 || far < b.far[x.to]:
				b.far[x.to], b.paths[x.to] = far, b.paths[v]
				b.push(far<<entityBits | int64(x.to))
			case far == b.far[x.to]:
				b.paths[x.to] += b.paths[v]
			}
		}
	}
}

// push and pop keep a binary heap, the least first.
func (b *brandes) push(key int64) {
	b.heap = append(b.heap, key)
	i := len(b.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if b.heap[up] <= key {
			break
		}
		b.heap[i] = b.heap[up]
		i = up
	}
	b.heap[i] = key
}

func (b *brandes) pop() int64 {
	first, last := b.heap[0], b.heap[len(b.heap)-1]
	q := b.heap[:len(b.heap)-1]
	b.heap = q
	if len(q) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(q) {
			break
		}
		if child+1 < len(q) && q[child+1] < q[child] {
			child++
		}
		if q[child] >= last {
			break
		}
		q[i] = q[child]
		i = child
	}
	q[i] = last
	return first
}

// damping is how often the walk of PageRank goes on along a tie.
const damping = 0.85

// pageRank iterates until nothing moves by more than one in 10⁹ in all. Entities
// without ties hand on to all alike.
func (t *ties) pageRank(ctx context.Context) ([]float64, error) {
	n := len(t.of)
	rank, next := make([]float64, n), make([]float64, n)
	for i := range rank {
		rank[i] = 1 / float64(n)
	}
	for range 1000 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lost := 0.0
		for i := range rank {
			if len(t.of[i]) == 0 {
				lost += rank[i]
			}
			next[i] = 0
		}
		for i, bonds := range t.of {
			for _, x := range bonds {
				next[x.to] += rank[i] * x.weight / t.total[i]
			}
		}
		moved := 0.0
		for i := range next {
			next[i] = (1-damping)/float64(n) + damping*(next[i]+lost/float64(n))
			moved += math.Abs(next[i] - rank[i])
		}
		rank, next = next, rank
		if moved < 1e-9 {
			break
		}
	}
	return rank, nil
}

// brokerage is 1 − Σⱼ (pᵢⱼ + Σ_q pᵢ_q p_qⱼ)², p being the share of an entity's
// ties that goes to another, j and q being its neighbours; 0 where it has fewer
// than two.
func (t *ties) brokerage(ctx context.Context) ([]float64, error) {
	score, held := make([]float64, len(t.of)), make([]float64, len(t.of))
	for i, bonds := range t.of {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(bonds) < 2 {
			continue
		}
		for _, x := range bonds {
			held[x.to] += x.weight / t.total[i]
			for _, y := range t.of[x.to] {
				if y.to != i {
					held[y.to] += x.weight / t.total[i] * y.weight / t.total[x.to]
				}
			}
		}
		constraint := 0.0
		for _, x := range bonds {
			constraint += held[x.to] * held[x.to]
		}
		score[i] = max(1-constraint, 0)
		for _, x := range bonds {
			held[x.to] = 0
			for _, y := range t.of[x.to] {
				held[y.to] = 0
			}
		}
	}
	return score, nil
}
