package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Expand implements Reader. Links of the past have to be judged one by one, so
// at most a fixed number of those that the view sees are, beyond what is asked for.
// Where the rest might have been part of the answer, it ends with ErrTooManyThen.
func (p *past) Expand(ctx context.Context, x Expansion) iter.Seq2[Edge, error] {
	return func(yield func(Edge, error) bool) {
		edges, partly, err := p.seen(ctx, x)
		if err != nil {
			yield(Edge{}, err)
			return
		}
		if x.Strongest {
			slices.SortStableFunc(edges, func(a, b Edge) int {
				return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(b.Strength, a.Strength))
			})
		}
		within := limits{Expansion: x}
		for _, e := range edges {
			if within.take(&e) && !yield(e, nil) {
				return
			}
		}
		if partly && (x.Strongest || within.total < x.Total) {
			yield(Edge{}, ErrTooManyThen)
		}
	}
}

// ErrTooManyThen ends what a reader of the past gives of entities that had more links
// than it judges for one question: what came before it is only a part. A caller that
// cannot say so in its answer refuses with it.
var ErrTooManyThen = fmt.Errorf("%w", evidence.Faulty(evidence.LimitExceeded, "knownAt", "these entities had more links then than can be judged for one question; ask for fewer kinds, of fewer entities, or of now"))

// limits are those of an expansion, while its edges are taken in order.
type limits struct {
	Expansion
	at, of, total int // edges of the entity at a place, and of all
}

// full says that no more edges of an entity, by its place, are wanted.
func (l *limits) full(at int) bool {
	return l.total >= l.Total || l.PerNode > 0 && at == l.at && l.of >= l.PerNode
}

// take says whether the next edge is within the limits.
func (l *limits) take(e *Edge) bool {
	if l.full(e.At) {
		return false
	}
	if e.At != l.at {
		l.at, l.of = e.At, 0
	}
	l.of++
	l.total++
	return true
}

// seen are the edges of an expansion that the view sees and that it keeps, in order of
// their keys, and whether they are only a part of them. No more are judged than it
// takes to fill the limits; all, where the strongest are wanted. What the view does
// not see does not count: it is read past, however much it is.
func (p *past) seen(ctx context.Context, x Expansion) (edges []Edge, partly bool, err error) {
	most := x.Total + p.beyond
	all := x
	all.Keep, all.MinStrength, all.Strongest, all.PerNode, all.Total = nil, 0, false, 0, most
	if x.Strongest {
		x.Total, x.PerNode = most, 0
	} else {
		all.Total = min(most, x.Total+chunk)
		if x.PerNode > 0 {
			all.PerNode = x.PerNode + chunk
		}
	}
	judged, kept := map[evidence.ID]*judgedClaim{}, map[place]bool{} // of claims: nil for those not seen
	keeps := func(e *Edge) bool {                                    // each is asked about once
		at := place{e.At, e.Link}
		is, known := kept[at]
		if !known {
			is = x.Keeps(e)
			kept[at] = is
		}
		return is
	}
	for ; ; all.Total, all.PerNode = 4*all.Total, 4*all.PerNode {
		var raw []Edge
		of := make([]int, len(x.Frontier))
		for e, err := range p.Reader.Expand(ctx, all) {
			if err != nil {
				return nil, false, err
			}
			raw = append(raw, e)
			of[e.At]++
		}
		more := len(raw) == all.Total
		within, n := limits{Expansion: x}, 0
		for batch := range slices.Chunk(within.first(raw), chunk) { // of many entities at a time
			if err := p.judgeLinks(ctx, batch, judged); err != nil {
				return nil, false, err
			}
		}
		edges = edges[:0]
		for len(raw) > 0 {
			var batch []Edge
			if batch, raw = within.next(raw); len(batch) == 0 {
				continue
			}
			if err := p.judgeLinks(ctx, batch, judged); err != nil {
				return nil, false, err
			}
			for _, e := range fill(batch, judged, p.clearance) {
				if n++; keeps(&e) && within.take(&e) {
					edges = append(edges, e)
				}
			}
			switch {
			case !x.Strongest && within.total >= x.Total:
				return edges, false, nil
			case n >= most:
				return edges, true, nil
			}
			if last := batch[len(batch)-1].At; all.PerNode > 0 && of[last] == all.PerNode && !within.full(last) {
				more = true
			}
		}
		if !more {
			return edges, false, nil
		}
	}
}

// place is that of a link in what an expansion gives.
type place struct {
	at   int
	link evidence.ID
}

// first are the edges of each entity that are wanted if all are kept, where each has a
// limit; no more than are wanted in all.
func (l *limits) first(raw []Edge) []Edge {
	var first []Edge
	would := limits{Expansion: l.Expansion}
	for _, e := range raw {
		if l.PerNode > 0 && would.take(&e) {
			first = append(first, e)
		}
	}
	return first
}

// next takes the edges that are judged next from all that are left: a chunk, of one
// entity where each has a limit. Those of which no more are wanted are left out.
func (l *limits) next(raw []Edge) (batch, rest []Edge) {
	at := raw[0].At
	n := 0
	for n < len(raw) && n < chunk && (l.PerNode == 0 || raw[n].At == at) {
		n++
	}
	if l.PerNode > 0 && l.full(at) {
		for n < len(raw) && raw[n].At == at {
			n++
		}
		return nil, raw[n:]
	}
	return raw[:n], raw[n:]
}

// judgeLinks judges those of the links that were not yet.
func (p *past) judgeLinks(ctx context.Context, edges []Edge, judged map[evidence.ID]*judgedClaim) error {
	var ids []evidence.ID
	for _, e := range edges {
		if _, done := judged[e.Link]; done {
			continue
		}
		j, done := p.judged[e.Link]
		if judged[e.Link] = j; !done {
			ids = append(ids, e.Link)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	records, err := p.Reader.Get(ctx, ids)
	if err != nil {
		return err
	}
	var claims []*evidence.Record
	for _, id := range ids {
		if r := records[id]; r != nil {
			claims = append(claims, r)
		}
	}
	if err := p.judgeBatch(ctx, claims, judged); err != nil {
		return err
	}
	p.keepJudged(claims, judged)
	return nil
}

// fill puts what was judged into edges and leaves out those not seen.
func fill(edges []Edge, judged map[evidence.ID]*judgedClaim, c evidence.Clearance) []Edge {
	var filled []Edge
	for _, e := range edges {
		j := judged[e.Link]
		if j == nil || j.to == nil {
			continue
		}
		level := j.claim.Derived.At(c)
		e.Standing, e.Strength, e.Disputed = level.Standing, level.Strength, level.Disputes > 0
		e.FromPlaceholder, e.ToPlaceholder = j.from.Identity.IsPlaceholder(), j.to.Identity.IsPlaceholder()
		filled = append(filled, e)
	}
	return filled
}
