package trace

import (
	"context"
	"errors"
	"math"
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

// Budgets of one question. Tests lower them.
var (
	maxWalkLinks = 200_000   // links read from the store
	maxWalkSteps = 2_000_000 // ways looked at by a search in what was read
	maxPastLinks = 20_000    // links read where each has to be judged anew
	maxDoubtful  = 10_000    // links of which a search for paths reads the record, in one round trip, to tell when they held
)

// linkBudget is how many links one question of the session may read.
func (s *Session) linkBudget() int {
	if s.view.IsNow() {
		return maxWalkLinks
	}
	return min(maxWalkLinks, maxPastLinks)
}

// partOnly says that a reader of the past gave a part of what it was asked for, since
// all would be too much to judge. An answer that can say so is cut there.
func partOnly(err error) bool { return errors.Is(err, store.ErrTooManyThen) }

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
	arcs      []arc                // of these
	laid      *ground              // what ground made of so many arcs
	read      int
	budget    int  // of what is read
	doubtful  int  // links of which the records may still be read, to tell when they held
	undecided bool // there were more
	// decided are the doubtful links of which the walk may look at the records. Another
	// question may have read more, on which no answer depends.
	decided map[evidence.ID]bool
	trips   int // questions that the store was asked
	cut     Cut
}

func (s *Session) walk(t *linkTest, d evidence.Direction) *walk {
	return &walk{session: s, test: t, direction: d, links: map[evidence.ID]bool{}, budget: s.linkBudget(), doubtful: math.MaxInt, decided: map[evidence.ID]bool{}}
}

// arcsAt reads the links at entities in one round trip; on their dates decideDates
// decides. Against the direction of the walk it reads backwards.
func (w *walk) arcsAt(ctx context.Context, at []evidence.ID, backwards bool) ([]arc, error) {
	return w.readArcs(ctx, backwards, store.Expansion{Frontier: w.fitting(at)})
}

// arcsBetween is arcsAt for one entity, and for those of its links alone that are
// to others.
func (w *walk) arcsBetween(ctx context.Context, at evidence.ID, others []evidence.ID, backwards bool) ([]arc, error) {
	return w.readArcs(ctx, backwards, store.Expansion{Frontier: w.session.identity.group(at), Others: w.fitting(others)})
}

// fitting are the members of groups, as many as a store takes in one round trip.
func (w *walk) fitting(of []evidence.ID) []evidence.ID {
	all := w.session.identity.groups(of)
	if len(all) > store.MaxFrontier {
		all, w.cut = all[:store.MaxFrontier], CutLinks
	}
	return all
}

// readArcs reads links that the walk may pass, as many as its budget has room for.
func (w *walk) readArcs(ctx context.Context, backwards bool, x store.Expansion) ([]arc, error) {
	direction := w.direction
	if backwards && direction != evidence.Any {
		direction = evidence.Outgoing + evidence.Incoming - direction
	}
	left := w.budget - w.read
	if left <= 0 || len(x.Frontier) == 0 {
		if left <= 0 {
			w.cut = CutLinks
		}
		return nil, nil
	}
	x.Direction, x.Either, x.Kinds, x.MinStrength, x.Keep, x.Total = direction, w.session.either(direction), w.test.Kinds, w.test.MinStrength, w.test.keeps, left
	var arcs []arc
	w.trips++
	for e, err := range w.session.reader.Expand(ctx, x) {
		if partOnly(err) {
			w.cut = CutLinks
			break
		}
		if err != nil {
			return nil, err
		}
		arcs = append(arcs, arc{e, w.session.identity.resolve(e.From), w.session.identity.resolve(e.To)})
	}
	w.read += len(arcs)
	if len(arcs) == left {
		w.cut = CutLinks
	}
	return arcs, nil
}

// take takes in links at entities, and gives the other entities at these, sorted.
func (w *walk) take(at []evidence.ID, arcs []arc) []evidence.ID {
	reached := make([]evidence.ID, 0, 2*len(arcs))
	for _, a := range arcs {
		if a.from != a.to {
			reached = append(reached, a.from, a.to)
		}
	}
	w.add(arcs)
	slices.Sort(reached)
	reached = slices.Compact(reached)
	return slices.DeleteFunc(reached, func(id evidence.ID) bool { _, was := slices.BinarySearch(at, id); return was })
}

// add takes in links that were read, each once. Those that join two names of one
// entity lead nowhere.
func (w *walk) add(arcs []arc) {
	for _, a := range arcs {
		if a.from != a.to && !w.links[a.edge.Link] {
			w.links[a.edge.Link] = true
			w.arcs = append(w.arcs, a)
		}
	}
}

// ground is all that was read so far.
func (w *walk) ground() *ground {
	if w.laid != nil && len(w.laid.edges) == len(w.arcs) {
		return w.laid
	}
	numbers := make(map[evidence.ID]int32, len(w.arcs))
	var ids []evidence.ID
	number := func(id evidence.ID) int32 {
		n, ok := numbers[id]
		if !ok {
			n = int32(len(ids)) //nolint:gosec // at most two for each link of a budget
			ids, numbers[id] = append(ids, id), n
		}
		return n
	}
	edges, ends := make([]store.Edge, len(w.arcs)), make([][2]int32, len(w.arcs))
	for i, a := range w.arcs {
		edges[i], ends[i] = a.edge, [2]int32{number(a.from), number(a.to)}
	}
	w.laid = w.session.ground(w.direction, ids, edges, ends)
	w.laid.known = numbers
	return w.laid
}

// decideDates reads the records of links of which the bounds alone do not tell
// when they held, and leaves out those that did not on the filter's dates. Where
// more are left undecided than may be read, these are left out too, as a cut; a
// question about links that held together takes them by their bounds alone.
func (w *walk) decideDates(ctx context.Context, arcs []arc) ([]arc, error) {
	if !w.test.needsRecords() {
		return arcs, nil
	}
	if err := w.readDoubtful(ctx, len(arcs), func(i int) *store.Edge { return &arcs[i].edge }); err != nil || !w.test.timed() {
		return arcs, err
	}
	if w.undecided {
		w.cut = CutLinks
	}
	return slices.DeleteFunc(arcs, func(a arc) bool {
		if !a.edge.Doubtful {
			return false
		}
		r := w.record(a.edge.Link)
		return r == nil || !w.test.held(r.Claim().Valid(), evidence.AspectOf(r.Claim(), w.session.tracer.vocabulary))
	}), nil
}

// readDoubtful reads the records of the doubtful ones of n links, as many as may be
// read: of more, the first in the order of the links.
func (w *walk) readDoubtful(ctx context.Context, n int, link func(i int) *store.Edge) error {
	var ids []evidence.ID
	for i := range n {
		e := link(i)
		if w.decided[e.Link] || !e.Doubtful {
			continue
		}
		if len(ids) == w.doubtful {
			w.undecided = true
			break
		}
		w.decided[e.Link] = true
		ids = append(ids, e.Link)
	}
	if len(ids) == 0 {
		return nil
	}
	w.trips++
	w.doubtful -= len(ids)
	slices.Sort(ids)
	return w.session.read(ctx, ids)
}

// record is that of a doubtful link, where the walk decided by it.
func (w *walk) record(link evidence.ID) *evidence.Record {
	if !w.decided[link] {
		return nil
	}
	return w.session.records[link]
}
