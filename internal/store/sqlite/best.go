package sqlite

import (
	"cmp"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// best keeps, of the links that a search has passed, those of the way that Walks.Best
// asks for, in order. The first links in picked lead on from From and were followed
// before the search. Those after them lead back from To; a step has several where two
// entities have several links.
func (c *corridor) best(begun int) {
	s := c.s
	c.carry(0)
	way := c.strongestOfEach(s.picked[:begun])
	end := c.strongestOfEach(s.picked[begun:])
	way = append(s.way[:0], way...)
	at, anywhere := uint32(0), true // anywhere: the way may begin at each entity of From
	take := func(steps []passed, fits func(e passed) (passed, bool)) {
		var best passed
		found := false
		for _, e := range steps {
			if e, ok := fits(e); ok && (anywhere || e.at == at) && (!found || c.stronger(e.link, best.link)) {
				best, found = e, true
			}
		}
		way, at, anywhere = append(way, best), best.next, false
	}
	for i := range c.radius[0] {
		take(c.passedAt(0, i), func(e passed) (passed, bool) {
			left, known := c.far(e.next, 1)
			return e, known && i+1+left == c.shortest
		})
	}
	for left := c.radius[1] - 1; left >= 0; left-- {
		take(c.passedAt(1, left), func(e passed) (passed, bool) {
			begun, known := c.far(e.next, 0)
			return passed{at: e.next, next: e.at, link: e.link}, !anywhere || known && begun == 0
		})
	}
	for i := range end {
		way = append(way, end[len(end)-1-i])
	}
	s.picked, s.way = append(s.picked[:0], way...), way
}

// strongestOfEach keeps, of links that follow each other, the strongest of those
// that join the same two entities.
func (c *corridor) strongestOfEach(links []passed) []passed {
	kept := links[:0]
	for _, e := range links {
		switch last := len(kept) - 1; {
		case last < 0 || kept[last].at != e.at || kept[last].next != e.next:
			kept = append(kept, e)
		case c.stronger(e.link, kept[last].link):
			kept[last] = e
		}
	}
	return kept
}

// stronger says whether a link comes before another where both lead on.
func (c *corridor) stronger(a, b uint32) bool {
	return c.compare(a, b) < 0
}

// compare puts the stronger of two links first, of one strength that with the lesser
// id.
func (c *corridor) compare(a, b uint32) int {
	x, y := c.p.links.at(a), c.p.links.at(b)
	if c := cmp.Compare(y.levels[c.clearance].strength(), x.levels[c.clearance].strength()); c != 0 {
		return c
	}
	return cmp.Compare(c.p.ids.get(x.id), c.p.ids.get(y.id))
}

// way answers the links of one way as they are passed.
func (c *corridor) way() []store.Step {
	p, picked := c.p, c.s.picked
	way := make([]store.Step, len(picked))
	for i, e := range picked {
		l, step := p.links.at(e.link), &way[i]
		step.Link, step.To = evidence.ID(p.ids.get(l.id)), evidence.ID(p.nodeID(e.next))
		step.Strength, step.Backward = l.levels[c.clearance].strength(), l.from != e.at
		if i == 0 {
			step.From = evidence.ID(p.nodeID(e.at))
		} else {
			step.From = way[i-1].To
		}
	}
	return way
}
