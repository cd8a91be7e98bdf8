package trace

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// PathOrder says which paths are the best.
type PathOrder uint8

// The orders.
const (
	Shortest  PathOrder = iota // fewest links first; among these, stronger first links first
	Strongest                  // strongest weakest link first, then strongest product
)

// PathQuery asks how entities are connected.
type PathQuery struct {
	From, To  []evidence.ID
	MaxLength int // links; 1 to 8
	First     int // paths; 1 to 50
	By        PathOrder
	Direction evidence.Direction // Outgoing follows links from their from to their to
	// CoherentInTime keeps paths of which one date exists on which every link at
	// least possibly held, going by its beginning and end; a link without any date
	// is on none.
	CoherentInTime bool
	Filter         LinkFilter
}

// Limits on a PathQuery.
const (
	MaxPathLength = 8
	MaxPaths      = 50
)

// Hop is one link of a path, as it is passed.
type Hop struct {
	Claim    *Claim
	From, To evidence.ID // as passed
	Backward bool        // passed against the direction in which it is asserted
}

// Interval is the time in which all links of a path may have held.
type Interval struct {
	From, To edtf.Day
	// Definite says that on some day of it every link definitely held.
	Definite bool
}

// Path is a way through the graph that meets no entity twice.
type Path struct {
	Hops []Hop
	// Weakest is the strength of the weakest link; Product the strengths
	// multiplied, each in thousandths, as millionths.
	Weakest, Product int
	Common           *Interval // where CoherentInTime was asked
}

// Paths are the best paths, best first.
type Paths struct {
	All []Path
	Cut Cut
}

// route is a path being built.
type route struct {
	steps            []step
	weakest, product int
	common           Interval
}

// Paths finds the best paths without loops between two sets of entities. Both
// sides are expanded in turn, a whole frontier in one round trip, until as many
// paths as were asked for are certain to be the best; every path of up to the
// number of expanded levels lies in what was read (bidirectional breadth-first
// search, Pohl 1971). A path leaves the entities of From and To but for its two
// ends alone; an entity in both sets may be either end. An id that the view does
// not see has no path.
func (s *Session) Paths(ctx context.Context, q PathQuery) (Paths, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := q.check(); err != nil {
		return Paths{}, err
	}
	// Those that the view does not see have no link that it sees.
	from, to := s.ends(q.From), s.ends(q.To)
	t, err := s.linkTest(q.Filter, append(slices.Clone(from), to...)...)
	if err != nil {
		return Paths{}, err
	}
	search := &pathSearch{session: s, query: q, from: from, to: to, test: t}
	if q.By == Strongest {
		return search.strongest(ctx)
	}
	return search.shortest(ctx)
}

func (q *PathQuery) check() error {
	switch {
	case len(q.From) == 0 || len(q.From) > MaxPageSize:
		return evidence.Faulty(evidence.InvalidInput, "from", "%d entities are named; name 1 to %d", len(q.From), MaxPageSize)
	case len(q.To) == 0 || len(q.To) > MaxPageSize:
		return evidence.Faulty(evidence.InvalidInput, "to", "%d entities are named; name 1 to %d", len(q.To), MaxPageSize)
	case q.MaxLength < 1 || q.MaxLength > MaxPathLength:
		return evidence.Faulty(evidence.LimitExceeded, "maxLength", "a path cannot have up to %d links; give 1 to %d", q.MaxLength, MaxPathLength)
	case q.First < 1 || q.First > MaxPaths:
		return evidence.Faulty(evidence.LimitExceeded, "first", "%d paths cannot be asked for; give 1 to %d", q.First, MaxPaths)
	}
	return nil
}

// ends gives the entities that ids are shown under, each once, sorted.
func (s *Session) ends(ids []evidence.ID) []evidence.ID {
	set := map[evidence.ID]bool{}
	for _, id := range ids {
		set[s.identity.resolve(id)] = true
	}
	return sortedIDs(set)
}

type pathSearch struct {
	session  *Session
	query    PathQuery
	from, to []evidence.ID
	test     *linkTest
	walk     *walk
	steps    int
}

// sides are the two frontiers that grow towards each other.
type sides struct {
	frontier [2][]evidence.ID
	seen     [2]map[evidence.ID]bool
	depth    int
}

func (p *pathSearch) start() *sides {
	p.walk = p.session.walk(p.test, p.query.Direction)
	s := &sides{frontier: [2][]evidence.ID{p.from, p.to}}
	for i, ids := range s.frontier {
		s.seen[i] = map[evidence.ID]bool{}
		for _, id := range ids {
			s.seen[i][id] = true
		}
	}
	return s
}

// grow expands the smaller side by one level; false where neither can grow.
func (p *pathSearch) grow(ctx context.Context, s *sides) (bool, error) {
	side := 0
	if len(s.frontier[0]) == 0 || len(s.frontier[1]) == 0 {
		return false, nil // one side has seen all it can reach: every path is read
	}
	if len(s.frontier[1]) < len(s.frontier[0]) {
		side = 1
	}
	reached, err := p.walk.expand(ctx, s.frontier[side], side == 1)
	if err != nil {
		return false, err
	}
	s.frontier[side] = slices.DeleteFunc(reached, func(id evidence.ID) bool { return s.seen[side][id] })
	for _, id := range s.frontier[side] {
		s.seen[side][id] = true
	}
	s.depth++
	return true, nil
}

func (p *pathSearch) shortest(ctx context.Context) (Paths, error) {
	var found []route
	s := p.start()
	for length := 1; length <= p.query.MaxLength && len(found) < p.query.First; length++ {
		if s.depth < length && p.walk.cut == "" {
			if _, err := p.grow(ctx, s); err != nil {
				return Paths{}, err
			}
		}
		more, err := p.ofLength(ctx, length, p.query.First-len(found))
		if err != nil {
			return Paths{}, err
		}
		found = append(found, more...)
		if p.walk.cut == CutSteps {
			break
		}
	}
	return p.answer(ctx, found)
}

// ofLength gives paths of exactly so many links, in the order of a depth-first
// search that takes the strongest link first and turns back where the goal is
// too far.
func (p *pathSearch) ofLength(ctx context.Context, length, limit int) ([]route, error) {
	far := p.walk.distances(p.to, length)
	ends := map[evidence.ID]bool{}
	for _, id := range append(slices.Clone(p.from), p.to...) {
		ends[id] = true
	}
	var found []route
	var descend func(at []evidence.ID, r route) error
	descend = func(at []evidence.ID, r route) error {
		if p.steps++; p.steps > maxWalkSteps {
			p.walk.cut = CutSteps
			return nil
		}
		if p.steps%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for _, st := range p.walk.steps(at...) {
			if len(found) == limit || p.walk.cut == CutSteps {
				return nil
			}
			left := length - len(r.steps) - 1
			d, reachable := far[st.next]
			if !reachable || d > left || left > 0 && ends[st.next] || left == 0 && d != 0 || r.meets(st.next) {
				continue
			}
			longer, ok := p.extend(r, st)
			if !ok {
				continue
			}
			if left == 0 {
				found = append(found, longer)
			} else if err := descend([]evidence.ID{st.next}, longer); err != nil {
				return err
			}
		}
		return nil
	}
	return found, descend(p.from, newRoute())
}

func newRoute() route {
	return route{
		weakest: 1000, product: million,
		common: Interval{From: edtf.MinDay, To: edtf.MaxDay},
	}
}

const million = 1_000_000

func (r *route) meets(id evidence.ID) bool {
	return slices.ContainsFunc(r.steps, func(s step) bool { return s.next == id || s.from == id || s.to == id })
}

// extend adds a step to a route; false where the time of its links then no
// longer meets.
func (p *pathSearch) extend(r route, st step) (route, bool) {
	strength := int(st.edge.Strength)
	r.steps = append(slices.Clip(r.steps), st)
	r.weakest, r.product = min(r.weakest, strength), r.product*strength/1000
	if !p.query.CoherentInTime {
		return r, true
	}
	if !st.edge.Dated {
		return r, false // nothing says that it held at any date
	}
	b := st.edge.Bounds
	r.common.From, r.common.To = max(r.common.From, b.SinceEarliest), min(r.common.To, b.UntilLatest)
	return r, r.common.From <= r.common.To
}

// strengthSteps are the strengths down to which the graph is read, one after
// another, until enough paths are found whose links all reach it.
var strengthSteps = []int{750, 500, 250, 0}

func (p *pathSearch) strongest(ctx context.Context) (Paths, error) {
	least := p.test.MinStrength
	for i, threshold := range strengthSteps {
		last := i == len(strengthSteps)-1
		if threshold <= least && !last {
			continue
		}
		narrowed := *p.test
		narrowed.MinStrength = max(threshold, least)
		search := &pathSearch{session: p.session, query: p.query, from: p.from, to: p.to, test: &narrowed}
		s := search.start()
		for s.depth < p.query.MaxLength && search.walk.cut == "" {
			if more, err := search.grow(ctx, s); err != nil {
				return Paths{}, err
			} else if !more {
				break
			}
		}
		found, err := search.bestFirst(ctx)
		if err != nil {
			return Paths{}, err
		}
		if len(found) == p.query.First || last || search.walk.cut != "" {
			return search.answer(ctx, found)
		}
	}
	return Paths{}, nil
}

// bestFirst takes routes from a queue, best first. A route never gets better by
// going on, so that complete ones come out in the order asked for.
func (p *pathSearch) bestFirst(ctx context.Context) ([]route, error) {
	far := p.walk.distances(p.to, p.query.MaxLength)
	ends := map[evidence.ID]bool{}
	for _, id := range p.from {
		ends[id] = true
	}
	queue := &routeQueue{}
	push := func(at evidence.ID, r route) {
		for _, st := range p.walk.steps(at) {
			d, reachable := far[st.next]
			if !reachable || len(r.steps)+1+d > p.query.MaxLength || d > 0 && ends[st.next] || r.meets(st.next) {
				continue
			}
			if longer, ok := p.extend(r, st); ok {
				heap.Push(queue, longer)
			}
		}
	}
	for _, id := range p.from {
		push(id, newRoute())
	}
	var found []route
	for queue.Len() > 0 && len(found) < p.query.First {
		if p.steps++; p.steps > maxWalkSteps/10 || queue.Len() > maxWalkSteps/4 {
			p.walk.cut = CutSteps
			break
		}
		if p.steps%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r := heap.Pop(queue).(route) //nolint:forcetypeassert // the queue holds routes
		at := r.steps[len(r.steps)-1].next
		if far[at] == 0 {
			found = append(found, r)
			continue
		}
		push(at, r)
	}
	return found, nil
}

// routeQueue is a heap of routes, best first: weakest link, product, length, then
// the ids of the links.
type routeQueue []route

func (q routeQueue) Len() int      { return len(q) }
func (q routeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *routeQueue) Push(x any)   { *q = append(*q, x.(route)) } //nolint:forcetypeassert // a heap of routes

func (q *routeQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

func (q routeQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(
		cmp.Compare(b.weakest, a.weakest), cmp.Compare(b.product, a.product), cmp.Compare(len(a.steps), len(b.steps)),
		slices.CompareFunc(a.steps, b.steps, func(x, y step) int { return cmp.Compare(x.edge.Link, y.edge.Link) }),
		cmp.Compare(a.steps[0].start(), b.steps[0].start()),
	) < 0
}

// answer reads the records of the links of routes.
func (p *pathSearch) answer(ctx context.Context, routes []route) (Paths, error) {
	out := Paths{Cut: p.walk.cut}
	var links []evidence.ID
	for _, r := range routes {
		for _, st := range r.steps {
			links = append(links, st.edge.Link)
		}
	}
	slices.Sort(links)
	records, err := p.session.get(ctx, slices.Compact(links))
	if err != nil {
		return out, err
	}
	for _, r := range routes {
		path := Path{Weakest: r.weakest, Product: r.product}
		for _, st := range r.steps {
			h := Hop{From: st.from, To: st.to, Backward: st.backward}
			if st.backward {
				h.From, h.To = st.to, st.from
			}
			if record := records[st.edge.Link]; record != nil {
				h.Claim = p.session.claim(record)
				path.Hops = append(path.Hops, h)
			}
		}
		if len(path.Hops) < len(r.steps) {
			continue // a link was retracted while the question was asked
		}
		if p.query.CoherentInTime {
			common := r.common
			common.Definite = p.session.togetherDefinitely(path.Hops)
			path.Common = &common
		}
		out.All = append(out.All, path)
	}
	return out, nil
}

// togetherDefinitely says whether all links definitely held on one day. Such days
// begin where one of the links is certain to have begun, or was observed.
func (s *Session) togetherDefinitely(hops []Hop) bool {
	var days []edtf.Day
	for _, h := range hops {
		content := h.Claim.Record.Claim()
		valid := content.Valid()
		b := valid.Bounds(evidence.AspectOf(content, s.tracer.vocabulary))
		days = append(days, min(b.SinceLatest, b.UntilLatest))
		for _, o := range valid.Observed {
			days = append(days, o.Earliest())
		}
	}
	return slices.ContainsFunc(days, func(day edtf.Day) bool {
		on, err := edtf.Parse(day.String())
		return err == nil && !on.IsZero() && !slices.ContainsFunc(hops, func(h Hop) bool {
			content := h.Claim.Record.Claim()
			return content.Valid().HeldOn(evidence.AspectOf(content, s.tracer.vocabulary), on) != edtf.Definitely
		})
	})
}
