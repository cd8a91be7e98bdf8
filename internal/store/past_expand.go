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
// their keys, and whether they are only a part of them. Not many more are judged than it
// takes to fill the limits; all, where the strongest are wanted. What the view does
// not see does not count: it is read past, however much it is.
func (p *past) seen(ctx context.Context, x Expansion) (edges []Edge, partly bool, err error) {
	most := x.Total + p.beyond
	all := unfiltered(x, most)
	if x.Strongest {
		x.Total, x.PerNode = most, 0
	}
	s := &sighting{past: p, limits: limits{Expansion: x}, most: most, judged: map[evidence.ID]*judgedClaim{}, keep: map[place]bool{}}
	for ; ; all = s.further(all) {
		s.raw, s.perNode = s.raw[:0], all.PerNode
		for e, err := range p.Reader.Expand(ctx, all) {
			if err != nil {
				return nil, false, err
			}
			s.raw = append(s.raw, e)
		}
		s.told = make([]told, len(s.raw))
		for wanted := s.look(); len(wanted) > 0; wanted = s.look() {
			if err := p.judgeLinks(ctx, wanted, s.judged); err != nil {
				return nil, false, err
			}
		}
		switch {
		case s.total >= x.Total && !x.Strongest:
			return s.edges, false, nil
		case s.seen >= most:
			return s.edges, true, nil
		case len(s.raw) < all.Total && !s.cut:
			return s.edges, false, nil
		}
	}
}

// spare is how many more links of an entity are read than are wanted, where all that
// are seen are kept.
const spare = 16

// unfiltered asks for as many links, not judged yet, as an expansion is likely to need.
func unfiltered(x Expansion, most int) Expansion {
	all := x
	all.Keep, all.MinStrength, all.Strongest, all.PerNode = nil, 0, false, 0
	switch {
	case x.Strongest:
		all.Total = most
	case x.PerNode == 0:
		all.Total = min(most, x.Total+chunk)
	default:
		all.PerNode = x.PerNode + spare
		if x.Keep != nil || x.MinStrength > 0 {
			all.PerNode = x.PerNode + chunk
		}
		all.Total = x.Total + min(x.Total, x.Total*(all.PerNode-x.PerNode)/x.PerNode) + chunk
	}
	return all
}

// further asks for more than was read: for as much as may be seen in all, or, where much
// of what was read is not seen, for a multiple of that.
func (s *sighting) further(all Expansion) Expansion {
	more := max(s.most-s.seen, chunk)
	if s.seen < len(s.raw)/2 {
		more = 3 * all.Total
	}
	all.Total, all.PerNode = all.Total+more, 4*all.PerNode
	return all
}

// sighting is what is seen of the links that were read for an expansion.
type sighting struct {
	past    *past
	most    int // that may be seen
	raw     []Edge
	perNode int                          // that were read of each entity at most; 0: all
	told    []told                       // of each of those read
	judged  map[evidence.ID]*judgedClaim // nil for those not seen
	keep    map[place]bool
	limits
	edges []Edge
	seen  int   // of them, kept or not
	taken []int // by place in the frontier
	// cut says that an entity has more links than were read of it, and wants them. Those
	// after it are not to take the place of its others.
	cut bool
}

// told is what is known of an edge.
type told uint8

const (
	unjudged told = iota
	hidden
	seenOnly
	kept
)

// place is that of a link in what an expansion gives.
type place struct {
	at   int
	link evidence.ID
}

// look takes the edges that are seen and kept, as far as all before them are judged. It
// gives links that are to be judged to go on: as many as are wanted if all are kept,
// and more, the more were seen in vain; but not many more than may be seen in all.
func (s *sighting) look() (wanted []evidence.ID) {
	s.limits = limits{Expansion: s.Expansion}
	s.edges, s.seen, s.taken, s.cut = s.edges[:0], 0, make([]int, len(s.Frontier)), false
	at, read, asked, seen := -1, 0, 0, 0 // of the entity
	for i := range s.raw {
		e := &s.raw[i]
		enough := max(min(forMore(s.Total-s.total, s.seen, s.total), s.most-s.seen), chunk)
		if s.total >= s.Total || s.seen >= s.most || len(wanted) >= enough {
			break
		}
		if e.At != at {
			s.cut = s.cut || s.wants(at, read)
			at, read, asked, seen = e.At, 0, 0, 0
		}
		if read++; s.full(at) {
			continue
		}
		switch is := s.tell(i); {
		case is == unjudged:
			if s.PerNode == 0 || asked < forMore(s.PerNode-s.taken[at], seen, s.taken[at]) {
				asked++
				wanted = append(wanted, e.Link)
			}
			continue
		case is == hidden || s.cut:
			continue
		case is == kept && s.take(e):
			s.taken[at]++
			s.edges = append(s.edges, *e)
		}
		s.seen++
		seen++
	}
	s.cut = s.cut || s.wants(at, read)
	return wanted
}

// wants says whether an entity of which so many links were read may have more that are
// wanted.
func (s *sighting) wants(at, read int) bool {
	return s.perNode > 0 && read == s.perNode && s.taken[at] < s.PerNode
}

// tell fills in an edge once it is judged, and says what is known of it.
func (s *sighting) tell(i int) told {
	if s.told[i] != unjudged {
		return s.told[i]
	}
	e := &s.raw[i]
	j, done := s.judged[e.Link]
	if !done {
		if j, done = s.past.judged[e.Link]; !done {
			return unjudged
		}
		s.judged[e.Link] = j
	}
	switch {
	case !j.fill(e, s.past.clearance):
		s.told[i] = hidden
	case s.keeps(e):
		s.told[i] = kept
	default:
		s.told[i] = seenOnly
	}
	return s.told[i]
}

// forMore is how many links are to be judged for more that are kept, where of those
// seen so many were kept: at most twice as many as these.
func forMore(more, seen, kept int) int {
	return min(more*(seen+1)/(kept+1), max(more, 2*seen))
}

// keeps asks about each edge once.
func (s *sighting) keeps(e *Edge) bool {
	at := place{e.At, e.Link}
	is, known := s.keep[at]
	if !known {
		is = s.Keeps(e)
		s.keep[at] = is
	}
	return is
}

// judgeLinks judges links that were not yet.
func (p *past) judgeLinks(ctx context.Context, ids []evidence.ID, judged map[evidence.ID]*judgedClaim) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for len(ids) > 0 {
		batch := ids[:min(p.batch, len(ids))]
		ids = ids[len(batch):]
		records, err := p.Reader.Get(ctx, batch)
		if err != nil {
			return err
		}
		claims := make([]*evidence.Record, 0, len(records))
		for _, id := range batch {
			judged[id] = nil
			if r := records[id]; r != nil {
				claims = append(claims, r)
			}
		}
		if err := p.judgeBatch(ctx, claims, judged); err != nil {
			return err
		}
	}
	return nil
}

// fill puts what was judged of a link into its edge; false where the view does not see
// it.
func (j *judgedClaim) fill(e *Edge, c evidence.Clearance) bool {
	if j == nil || j.to == nil {
		return false
	}
	level := j.claim.Derived.At(c)
	e.Standing, e.Strength, e.Disputed = level.Standing, level.Strength, level.Disputes > 0
	e.FromPlaceholder, e.ToPlaceholder = j.from.Identity.IsPlaceholder(), j.to.Identity.IsPlaceholder()
	return true
}
