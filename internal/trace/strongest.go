package trace

import (
	"context"
	"slices"
)

// strengthSteps are the strengths down to which the graph is read, one after
// another, until enough paths are found whose links all reach it.
var strengthSteps = []int{900, 750, 500, 250, 0}

// halved is the budget of a search that goes over what it reads several times: half
// of what others may read, so that it takes no longer than they.
func (s *sides) halved() *sides {
	s.walk.budget /= 2
	return s
}

// maxPathTrips is how many questions a store is asked for several paths.
const maxPathTrips = 40

func (p *pathSearch) strongest(ctx context.Context) (Paths, error) {
	least := p.test.MinStrength
	var first *opening
	for i, threshold := range strengthSteps {
		last := i == len(strengthSteps)-1
		if !last && (threshold <= least || !p.session.view.IsNow()) {
			continue // of the past, all links have to be judged to know their strength
		}
		search := &pathSearch{session: p.session, query: p.query, from: p.from, to: p.to, test: p.test, decided: p.decided}
		search.test.MinStrength = max(threshold, least)
		g, _, ok, err := search.corridor(ctx, p.query.MaxLength)
		if err == nil && !ok {
			if first == nil {
				first, err = p.open(ctx)
			}
			if err == nil {
				g, ok, err = search.readAll(ctx, first, last)
			}
		}
		if err != nil {
			return Paths{}, err
		}
		if !ok {
			continue // it would have taken too many round trips
		}
		var found []Path
		if g != nil {
			if found, err = search.strongestOf(ctx, g); err != nil {
				return Paths{}, err
			}
		}
		if len(found) == p.query.First || last || search.cut != "" {
			return search.answer(ctx, found)
		}
	}
	return Paths{}, nil
}

// maxOpening is how many links are read once for all passes. The strong ones of an
// entity that has more are quicker read anew by each.
var maxOpening = 5000

// opening is the first level of a search that goes over the graph several times:
// it is read once for all, with the weakest links.
type opening struct {
	side  int
	arcs  []arc
	whole bool // every link of the level was read
	trips int  // questions that the store was asked so far, by all passes
}

func (p *pathSearch) open(ctx context.Context) (*opening, error) {
	s, o := p.start().halved(), &opening{}
	if s.spare() <= 0 {
		return o, nil // there will be no pass but the last
	}
	s.walk.budget = min(s.walk.budget, maxOpening)
	var more bool
	if o.side, more = s.smaller(); !more {
		o.whole = true
		return o, nil
	}
	arcs, err := s.walk.arcsAt(ctx, s.frontier[o.side], o.side == 1)
	if err == nil {
		arcs, err = s.decide(ctx, arcs)
	}
	o.arcs, o.whole, o.trips = arcs, s.walk.cut == "", s.walk.trips
	return o, err
}

// readAll asks the store for one level after another until all paths are read. Where
// that would use up the round trips that the last pass may need, over the weakest
// links, it gives up: ok is false.
func (p *pathSearch) readAll(ctx context.Context, first *opening, last bool) (g *ground, ok bool, err error) {
	s := p.start().halved()
	if first.whole {
		s.walk.read = len(first.arcs)
		s.take(first.side, slices.DeleteFunc(slices.Clone(first.arcs), func(a arc) bool { return int(a.edge.Strength) < p.test.MinStrength }))
	}
	most := s.trips - s.left() // the last pass may need those
	for s.depth() < p.query.MaxLength && s.walk.cut == "" {
		if !last && first.trips+s.walk.trips+s.each() > most {
			first.trips += s.walk.trips
			return nil, false, nil
		}
		if more, err := s.grow(ctx); err != nil {
			return nil, false, err
		} else if !more {
			break
		}
		if err := p.raise(ctx, s); err != nil {
			return nil, false, err
		}
	}
	first.trips += s.walk.trips
	p.undecided = s.walk.undecided
	if p.cut = s.walk.cut; p.cut != "" {
		p.steps = maxBestSteps * 3 / 4 // what was not read may have better ones anyway
	}
	return s.walk.ground(), true, nil
}

// raise sets the least strength of the links that are still read. No path is stronger
// than its weakest link, so a weaker link cannot be part of a path that is better than
// those found so far.
func (p *pathSearch) raise(ctx context.Context, s *sides) error {
	if s.walk.cut != "" || s.depth() >= p.query.MaxLength || !s.met() {
		return nil
	}
	probe := *p
	probe.steps, probe.cut = maxBestSteps-maxBestSteps/50, "" // it is worth no more than a few
	found, err := probe.strongestOf(ctx, s.walk.ground())
	if err != nil || probe.cut != "" || len(found) < p.query.First {
		return err
	}
	last := found[len(found)-1]
	least := last.Weakest
	if last.Product == least*1000 && len(last.Hops) <= s.depth() {
		least++ // a longer path whose weakest link is as strong is at best as strong, and comes after it
	}
	p.test.MinStrength = max(p.test.MinStrength, least)
	return nil
}

// met says whether both sides have come to one entity.
func (s *sides) met() bool {
	few, many := s.seen[0], s.seen[1]
	if len(many) < len(few) {
		few, many = many, few
	}
	for id := range few {
		if many[id] {
			return true
		}
	}
	return false
}
