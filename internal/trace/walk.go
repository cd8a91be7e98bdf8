package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Cut says why an answer is not the whole one; "" where it is.
type Cut string

// The reasons for a cut.
const (
	CutDepth  Cut = "DEPTH"   // there is more beyond the depth that was asked for
	CutLinks  Cut = "LINKS"   // the budget of links was spent
	CutFanOut Cut = "FAN_OUT" // an entity had more links than are shown
	CutSteps  Cut = "TIME"    // the budget of work was spent
)

// Budgets of one question.
const (
	maxWalkLinks = 200_000   // links read from the store
	maxWalkSteps = 2_000_000 // steps of a search in what was read
)

// arc is a link as a walk passes it, with identities resolved.
type arc struct {
	edge     store.Edge
	from, to evidence.ID
}

// walk is the part of the graph that one question has read.
type walk struct {
	session   *Session
	test      *linkTest
	direction evidence.Direction
	links     map[evidence.ID]bool // links that were read
	out, in   map[evidence.ID][]arc
	read      int
	cut       Cut
}

func (s *Session) walk(t *linkTest, d evidence.Direction) *walk {
	return &walk{session: s, test: t, direction: d, links: map[evidence.ID]bool{}, out: map[evidence.ID][]arc{}, in: map[evidence.ID][]arc{}}
}

// expand reads the links at entities in one round trip (two where dates have to
// be decided) and gives the entities that they lead to, sorted. Against the
// direction of the walk it reads backwards.
func (w *walk) expand(ctx context.Context, at []evidence.ID, backwards bool) ([]evidence.ID, error) {
	frontier := w.session.identity.groups(at)
	direction := w.direction
	if backwards && direction != evidence.Any {
		direction = evidence.Outgoing + evidence.Incoming - direction
	}
	reached := map[evidence.ID]bool{}
	var arcs []arc
	for batch := range slices.Chunk(frontier, store.MaxBatch) {
		left := maxWalkLinks - w.read
		if left <= 0 {
			w.cut = CutLinks
			break
		}
		x := store.Expansion{Frontier: batch, Direction: direction, Kinds: w.test.Kinds, Keep: w.test.keeps, Total: left}
		n := 0
		for e, err := range w.session.reader.Expand(ctx, x) {
			if err != nil {
				return nil, err
			}
			n++
			arcs = append(arcs, arc{e, w.session.identity.resolve(e.From), w.session.identity.resolve(e.To)})
		}
		w.read += n
		if n == left {
			w.cut = CutLinks
		}
	}
	arcs, err := w.decideDates(ctx, arcs)
	if err != nil {
		return nil, err
	}
	for _, a := range arcs {
		if a.from == a.to {
			continue // two names of one entity
		}
		reached[a.from], reached[a.to] = true, true
		if !w.links[a.edge.Link] {
			w.links[a.edge.Link] = true
			w.out[a.from] = append(w.out[a.from], a)
			w.in[a.to] = append(w.in[a.to], a)
		}
	}
	for _, id := range at {
		delete(reached, id)
	}
	return sortedIDs(reached), nil
}

func sortedIDs(set map[evidence.ID]bool) []evidence.ID {
	ids := make([]evidence.ID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// decideDates reads the records of links of which the bounds alone do not tell
// whether they held on the filter's dates.
func (w *walk) decideDates(ctx context.Context, arcs []arc) ([]arc, error) {
	if !w.test.timed() {
		return arcs, nil
	}
	var ids []evidence.ID
	for _, a := range arcs {
		if a.edge.Doubtful {
			ids = append(ids, a.edge.Link)
		}
	}
	slices.Sort(ids)
	records, err := w.session.get(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(arcs, func(a arc) bool {
		if !a.edge.Doubtful {
			return false
		}
		r := records[a.edge.Link]
		return r == nil || !w.test.held(r.Claim().Valid(), evidence.AspectOf(r.Claim(), w.session.tracer.vocabulary))
	}), nil
}

// step is an arc as it is passed: possibly against its own direction.
type step struct {
	arc
	next     evidence.ID
	backward bool
}

// start is the entity that the step leaves.
func (s *step) start() evidence.ID {
	if s.backward {
		return s.to
	}
	return s.from
}

// steps are the ways on from entities, the strongest first, then by id, so that
// every store and every run goes the same way.
func (w *walk) steps(from ...evidence.ID) []step {
	var steps []step
	for _, at := range from {
		if w.direction != evidence.Incoming {
			for _, a := range w.out[at] {
				steps = append(steps, step{a, a.to, false})
			}
		}
		if w.direction != evidence.Outgoing {
			for _, a := range w.in[at] {
				steps = append(steps, step{a, a.from, true})
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(b.edge.Strength, a.edge.Strength), cmp.Compare(a.edge.Link, b.edge.Link), cmp.Compare(a.start(), b.start()))
	})
	return steps
}

// distances are how many steps each entity is from the nearest goal, going by
// what was read, up to a limit.
func (w *walk) distances(goals []evidence.ID, limit int) map[evidence.ID]int {
	far := map[evidence.ID]int{}
	level := slices.Clone(goals)
	for _, id := range goals {
		far[id] = 0
	}
	for d := 1; d <= limit && len(level) > 0; d++ {
		var next []evidence.ID
		visit := func(id evidence.ID) {
			if _, seen := far[id]; !seen {
				far[id] = d
				next = append(next, id)
			}
		}
		for _, id := range level {
			if w.direction != evidence.Incoming {
				for _, a := range w.in[id] {
					visit(a.from)
				}
			}
			if w.direction != evidence.Outgoing {
				for _, a := range w.out[id] {
					visit(a.to)
				}
			}
		}
		level = next
	}
	return far
}
