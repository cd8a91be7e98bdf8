package trace

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
)

// maxBestRoutes is how many routes may wait to be gone on with in the search for
// the strongest paths.
const maxBestRoutes = 200_000

// maxBestSteps is how many ways it may look at. Tests lower it.
var maxBestSteps = 1_000_000

// strongestOf finds the strongest paths on a ground. A path is as strong as its
// weakest link, so it searches among the strongest links alone first. While there are
// too few paths, it lets in the next weaker strength, then the next two, the next
// four, and so on. All links at once would mislead the search: it would estimate the
// weakest link of a route by some links and its product by others. Where the budget of
// work is spent, it gives the paths that are sure to be the best.
func (p *pathSearch) strongestOf(ctx context.Context, g *ground) ([]Path, error) {
	strengths := g.strengths()
	h, err := g.hopes(ctx, p, 0)
	if err != nil {
		return nil, err
	}
	best := h.strongest(g, g.numbers(p.from))
	next, more := slices.BinarySearchFunc(strengths, best, func(s uint16, best int) int { return best - int(s) })
	var found []Path
	for step := 1; more; step *= 2 {
		further, err := p.bestFirst(ctx, g, int(strengths[next]))
		if err != nil {
			return nil, err
		}
		if len(further) > len(found) {
			found = further
		}
		last := len(strengths) - 1
		more = next < last && len(found) < p.query.First && p.cut != CutSteps
		next = min(next+step, last)
	}
	return found, nil
}

// strengths are those of the links, each once, the strongest first.
func (g *ground) strengths() []uint16 {
	var is [1 << 16]bool
	for i := range g.edges {
		is[g.edges[i].Strength] = true
	}
	var strengths []uint16
	for s := len(is) - 1; s >= 0; s-- {
		if is[s] {
			strengths = append(strengths, uint16(s))
		}
	}
	return strengths
}

// bestFirst searches along links of at least a strength (A*, Hart, Nilsson and Raphael
// 1968). It takes routes from a queue in the order of the best path that each can still
// become. That never improves as a route goes on, so complete paths come out in the
// order asked for.
func (p *pathSearch) bestFirst(ctx context.Context, g *ground, least int) ([]Path, error) {
	from := g.numbers(p.from)
	hopes, err := g.hopes(ctx, p, least)
	if err != nil {
		return nil, err
	}
	queue := &routeQueue{ground: g}
	push := func(r *route) error {
		at := r.at[len(r.at)-1]
		r.at, r.ways = slices.Clip(r.at), slices.Clip(r.ways)
		for _, w := range g.ways(at) {
			e := &g.edges[w.edge]
			if int(e.Strength) < least {
				return nil // and so are all that come after it
			}
			if p.steps++; p.steps > maxBestSteps || queue.Len() > maxBestRoutes {
				p.cut = CutSteps
				return nil
			}
			if p.steps%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			left := p.query.MaxLength - len(r.ways) - 1
			d := int(hopes.far[w.next])
			if d > left || d > 0 && slices.Contains(from, w.next) || slices.Contains(r.at, w.next) {
				continue
			}
			if longer, ok := p.extend(r, e, w); ok {
				heap.Push(queue, hopes.of(longer, left))
			}
		}
		return nil
	}
	for _, n := range from {
		r := p.newRoute(n)
		if err := push(&r); err != nil {
			return nil, err
		}
	}
	var found []Path
	for queue.Len() > 0 && len(found) < p.query.First && p.cut != CutSteps {
		r := heap.Pop(queue).(hopeful) //nolint:forcetypeassert // the queue holds them
		if hopes.far[r.at[len(r.at)-1]] == 0 {
			found = append(found, r.path(g))
		} else if err := push(&r.route); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// hopes are estimates for bestFirst: for each entity, and for each number of links
// left, the best that the rest of a route to a goal can be. Loops are not ruled out, so
// that the true value may be worse, but never better.
type hopes struct {
	far  []int8
	best [][]hope // by links and entity
}

// hope is the strongest weakest link and, of other ways maybe, the greatest product
// with the fewest links that have it.
type hope struct {
	product product
	weakest int16
	links   int8
}

// hopes of a search that passes links of at least a strength.
func (g *ground) hopes(ctx context.Context, p *pathSearch, least int) (*hopes, error) {
	h := &hopes{far: make([]int8, len(g.ids)), best: make([][]hope, 1, p.query.MaxLength)}
	last := make([]hope, len(g.ids))
	h.best[0] = last
	for i := range h.far {
		h.far[i] = unreachable
	}
	for _, n := range g.numbers(p.to) {
		h.far[n], last[n] = 0, hope{product: thousands[0], weakest: maxStrength}
	}
	for links := int8(1); int(links) < p.query.MaxLength; links++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		longer := slices.Clone(last)
		for i := range g.all {
			w := &g.all[i]
			strength := g.edges[w.edge].Strength
			if h.far[w.next] >= links || int(strength) < least {
				continue // no way from there is so short
			}
			n := w.start(g)
			h.far[n] = min(h.far[n], links)
			longer[n].raise(&last[w.next], strength)
		}
		last = longer
		h.best = append(h.best, last)
	}
	return h, nil
}

// raise is by a way that begins with a link of a strength.
func (h *hope) raise(by *hope, strength uint16) {
	h.weakest = max(h.weakest, min(int16(strength), by.weakest)) //nolint:gosec // 0 to 1000
	product, links := by.product.by(strength), by.links+1
	if c := product.of(int(links)).compare(h.product.of(int(h.links))); c > 0 || c == 0 && links < h.links {
		h.product, h.links = product, links
	}
}

// strongest is the strongest weakest link of any way from entities; -1 where there
// is none.
func (h *hopes) strongest(g *ground, from []int32) int {
	best, left := -1, h.best[len(h.best)-1]
	for _, w := range g.ways(from...) {
		if h.far[w.next] != unreachable {
			best = max(best, min(int(g.edges[w.edge].Strength), int(left[w.next].weakest)))
		}
	}
	return best
}

// hopeful is a route with what it may come to at best.
type hopeful struct {
	route
	best struct {
		weakest, length int
		product         product
	}
}

func (h *hopes) of(r route, left int) hopeful {
	at := r.at[len(r.at)-1]
	hope := &h.best[left][at]
	out := hopeful{route: r}
	out.best.weakest = min(r.weakest, int(hope.weakest))
	out.best.product = r.product.times(hope.product).of(len(r.ways) + int(hope.links))
	out.best.length = len(r.ways) + int(hope.links)
	if out.best.product == (product{}) { // by however many links
		out.best.length = len(r.ways) + int(h.far[at])
	}
	return out
}

// routeQueue is a heap of routes, best first: by weakest link, product and length, then
// by the ids of the links and of the entity at the beginning. Where one route is the
// beginning of the other, the shorter one comes first.
type routeQueue struct {
	ground *ground
	routes []hopeful
}

func (q *routeQueue) Len() int      { return len(q.routes) }
func (q *routeQueue) Swap(i, j int) { q.routes[i], q.routes[j] = q.routes[j], q.routes[i] }
func (q *routeQueue) Push(x any)    { q.routes = append(q.routes, x.(hopeful)) } //nolint:forcetypeassert // a heap of these

func (q *routeQueue) Pop() any {
	last := q.routes[len(q.routes)-1]
	q.routes[len(q.routes)-1] = hopeful{}
	q.routes = q.routes[:len(q.routes)-1]
	return last
}

func (q *routeQueue) Less(i, j int) bool {
	a, b, g := &q.routes[i], &q.routes[j], q.ground
	x, y := &a.best, &b.best
	if c := cmp.Or(cmp.Compare(y.weakest, x.weakest), y.product.compare(x.product), cmp.Compare(x.length, y.length)); c != 0 {
		return c < 0
	}
	return cmp.Or(
		slices.CompareFunc(a.ways, b.ways, func(x, y way) int { return cmp.Compare(g.edges[x.edge].Link, g.edges[y.edge].Link) }),
		cmp.Compare(g.ids[a.at[0]], g.ids[b.at[0]]),
	) < 0
}
