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

// bestFirst takes routes from a queue, best first. What counts is what a route may
// still come to at best, which never gets better by going on, so that complete
// ones come out in the order asked for, and none is gone on with that a better
// one is sure to come before (A*, Hart, Nilsson and Raphael 1968).
func (p *pathSearch) bestFirst(ctx context.Context, g *ground) ([]trail, error) {
	from, to := g.numbers(p.from), g.numbers(p.to)
	hopes, err := g.hopes(ctx, to, p.query.MaxLength)
	if err != nil {
		return nil, err
	}
	queue := &routeQueue{ground: g}
	push := func(r *route) error {
		at := r.at[len(r.at)-1]
		r.at, r.ways = slices.Clip(r.at), slices.Clip(r.ways)
		for _, w := range g.ways(at) {
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
			if longer, ok := r.with(&g.edges[w.edge], w, p.query.CoherentInTime); ok {
				heap.Push(queue, hopes.of(longer, left))
			}
		}
		return nil
	}
	for _, n := range from {
		r := newRoute(n)
		if err := push(&r); err != nil {
			return nil, err
		}
	}
	var found []trail
	for queue.Len() > 0 && len(found) < p.query.First && p.cut != CutSteps {
		r := heap.Pop(queue).(hopeful) //nolint:forcetypeassert // the queue holds them
		if hopes.far[r.at[len(r.at)-1]] == 0 {
			found = append(found, r.trail(g))
		} else if err := push(&r.route); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// hopes are what routes may come to at best from each entity to the nearest goals,
// by how many links they may still have. Loops are not looked for, so that it may
// be less.
type hopes struct {
	far     []int8
	weakest [][]int16 // by links and entity, of the weakest link
	product [][]int32 // millionths
}

func (g *ground) hopes(ctx context.Context, goals []int32, limit int) (*hopes, error) {
	h := &hopes{far: g.distances(goals, limit)}
	weakest, product := make([]int16, len(g.ids)), make([]int32, len(g.ids))
	for _, n := range goals {
		weakest[n], product[n] = 1000, million
	}
	h.weakest, h.product = append(h.weakest, weakest), append(h.product, product)
	for range limit - 1 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		longerWeakest, longerProduct := slices.Clone(weakest), slices.Clone(product)
		for i := range g.all {
			w := &g.all[i]
			if h.far[w.next] == unreachable {
				continue
			}
			n, strength := w.start(g), int(g.edges[w.edge].Strength)
			longerWeakest[n] = max(longerWeakest[n], min(int16(strength), weakest[w.next])) //nolint:gosec // 0 to 1000
			// Rounded up, as what is worked out from the other end is rounded down.
			longerProduct[n] = max(longerProduct[n], int32((int(product[w.next])*strength+999)/1000)) //nolint:gosec // at most a million
		}
		weakest, product = longerWeakest, longerProduct
		h.weakest, h.product = append(h.weakest, weakest), append(h.product, product)
	}
	return h, nil
}

// hopeful is a route with what it may come to at best.
type hopeful struct {
	route
	best struct{ weakest, product, length int }
}

func (h *hopes) of(r route, left int) hopeful {
	at := r.at[len(r.at)-1]
	out := hopeful{route: r}
	out.best.weakest = min(r.weakest, int(h.weakest[left][at]))
	out.best.product = (r.product*int(h.product[left][at]) + million - 1) / million
	out.best.length = len(r.ways) + int(h.far[at])
	return out
}

// routeQueue is a heap of routes, best first: weakest link, product, length, then
// the ids of the links and of the entity that it begins at. Of two routes that go
// on alike the one comes first that goes on from the other.
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
	if c := cmp.Or(cmp.Compare(y.weakest, x.weakest), cmp.Compare(y.product, x.product), cmp.Compare(x.length, y.length)); c != 0 {
		return c < 0
	}
	return cmp.Or(
		slices.CompareFunc(a.ways, b.ways, func(x, y way) int { return cmp.Compare(g.edges[x.edge].Link, g.edges[y.edge].Link) }),
		cmp.Compare(g.ids[a.at[0]], g.ids[b.at[0]]),
	) < 0
}
