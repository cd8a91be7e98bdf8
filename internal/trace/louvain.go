package trace

import (
	"context"
	"math"
)

// parting parts ties into groups of entities that are linked more to each other than
// to others, by modularity (the Louvain method, Blondel et al. 2008). Weights are
// whole thousandths, so that gains are exact and the same ties give the same groups.
type parting struct {
	of    [][]heft // by entity or, after the first round, by group
	inner []int64  // ties of each to itself, counted from either end
	total []int64  // all ties of each
	all   int64
}

// heft is the weight of the tie to another.
type heft struct {
	to     int
	weight int64
}

// communities gives the group of each entity, numbered from 0, and the modularity of
// all. It looks at the context often enough that it stops at once.
func (t *ties) communities(ctx context.Context) (group []int, quality float64, err error) {
	p := &parting{of: make([][]heft, len(t.of)), inner: make([]int64, len(t.of)), total: make([]int64, len(t.of))}
	group = make([]int, len(t.of))
	for i, bonds := range t.of {
		group[i] = i
		for _, b := range bonds {
			w := int64(math.Round(b.weight * 1000))
			p.of[i] = append(p.of[i], heft{b.to, w})
			p.total[i] += w
		}
		p.all += p.total[i]
	}
	for moved := p.all > 0; moved; {
		var joined []int
		if joined, moved, err = p.move(ctx); err != nil {
			return nil, 0, err
		}
		if moved {
			p = p.reduce(joined)
			for i := range group {
				group[i] = joined[group[i]]
			}
		}
	}
	return group, p.quality(), ctx.Err()
}

// move puts everybody into the group of those to whom that gains the most, again and
// again until nobody gains. It gives the groups, numbered from 0.
func (p *parting) move(ctx context.Context) (joined []int, moved bool, err error) {
	n := len(p.of)
	in, total := make([]int, n), make([]int64, n) // the group of each, and all ties of a group
	for i := range in {
		in[i], total[i] = i, p.total[i]
	}
	linked := make([]int64, n) // the weight that one has to each group
	for again := true; again; {
		again = false
		for i, hefts := range p.of {
			if i%64 == 0 {
				if err := ctx.Err(); err != nil {
					return nil, false, err
				}
			}
			own := in[i]
			total[own] -= p.total[i]
			for _, h := range hefts {
				linked[in[h.to]] += h.weight
			}
			// What chance would put there is left out; both times the weight of all.
			gain := func(group int) int64 { return linked[group]*p.all - p.total[i]*total[group] }
			best, most := own, gain(own)
			for _, h := range hefts {
				if g := in[h.to]; gain(g) > most {
					best, most = g, gain(g)
				}
			}
			for _, h := range hefts {
				linked[in[h.to]] = 0
			}
			total[best] += p.total[i]
			if in[i] = best; best != own {
				again, moved = true, true
			}
		}
	}
	number := map[int]int{}
	for i, g := range in {
		if _, known := number[g]; !known {
			number[g] = len(number)
		}
		in[i] = number[g]
	}
	return in, moved, nil
}

// reduce makes one of each group, with the ties of its members added up.
func (p *parting) reduce(joined []int) *parting {
	members := [][]int{}
	for i, g := range joined {
		if g == len(members) {
			members = append(members, nil)
		}
		members[g] = append(members[g], i)
	}
	r := &parting{of: make([][]heft, len(members)), inner: make([]int64, len(members)), total: make([]int64, len(members)), all: p.all}
	place := make([]int, len(members)) // in of, counted from 1
	for g, those := range members {
		for _, i := range those {
			r.total[g] += p.total[i]
			r.inner[g] += p.inner[i]
			for _, h := range p.of[i] {
				switch to := joined[h.to]; {
				case to == g:
					r.inner[g] += h.weight
				case place[to] == 0:
					r.of[g] = append(r.of[g], heft{to, h.weight})
					place[to] = len(r.of[g])
				default:
					r.of[g][place[to]-1].weight += h.weight
				}
			}
		}
		for _, h := range r.of[g] {
			place[h.to] = 0
		}
	}
	return r
}

// quality is the modularity where each is a group of its own: how much more of all
// weight lies inside of groups than chance would put there; 0 where there is none.
func (p *parting) quality() float64 {
	if p.all == 0 {
		return 0
	}
	sum, all := 0.0, float64(p.all)
	for i := range p.of {
		share := float64(p.total[i]) / all
		sum += float64(p.inner[i])/all - share*share
	}
	return sum
}
