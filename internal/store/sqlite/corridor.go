package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

var _ store.Corridors = (*reader)(nil)

// Corridor implements store.Corridors for the present, once the links are in
// memory: a breadth-first search from both ends (Pohl 1971) over lists of
// spokes, with marks that are reused from one search to the next.
func (r *reader) Corridor(ctx context.Context, w *store.Walks) (c store.Corridor, ok bool, err error) {
	if err := r.ready(ctx); err != nil {
		return c, false, r.g.store.wrap(err)
	}
	switch {
	case len(w.From) > store.MaxBatch || len(w.To) > store.MaxBatch:
		return c, false, errTooMany("ends", max(len(w.From), len(w.To)))
	case w.Length < 1 || w.Length > store.MaxCorridor || w.Beyond < 0:
		return c, false, fmt.Errorf("walks of up to %d links, %d beyond the shortest, cannot be asked for; give 1 to %d, and 0 or more", w.Length, w.Beyond, store.MaxCorridor)
	case !r.view.IsNow():
		return c, false, nil
	}
	p := r.g.store.links
	p.mu.RLock()
	if !p.answers(r.g.head.Sequence) {
		p.mu.RUnlock()
		if err := r.awaitLinks(ctx); err != nil {
			return c, false, r.g.store.wrap(err)
		}
		p.mu.RLock()
	}
	defer p.mu.RUnlock()
	if !p.answers(r.g.head.Sequence) {
		return c, false, nil
	}
	s := p.scratches.take(len(p.nodes))
	defer p.scratches.give(s)
	search := corridor{p: p, s: s, walks: w, at: r.g.head.Sequence, clearance: r.view.Clearance, length: w.Length, limits: &r.g.store.limits}
	if ok, err = search.run(ctx); err != nil || !ok {
		return c, false, r.g.store.wrap(err)
	}
	return search.answer()
}

// awaitLinks has the links in memory be those of the reader's revision, if that can
// be: to wait for them takes less than to find ways in the file.
func (r *reader) awaitLinks(ctx context.Context) error {
	ok, err := r.g.store.traversable(ctx, r.g)
	if err != nil || ok {
		return err
	}
	if err := r.g.store.await(ctx); err != nil {
		return err
	}
	_, err = r.g.store.traversable(ctx, r.g)
	return err
}

// corridor is one search. Side 0 goes from From on, side 1 from To back.
type corridor struct {
	p         *projection
	s         *scratch
	walks     *store.Walks
	at        evidence.Sequence
	clearance evidence.Clearance
	groups    *grouping // nil: none
	limits    *limits

	plain      bool   // every link that the view sees is wanted
	kinds      []bool // by number; nil: all
	either     []bool // by number: kinds that are passed both ways; nil: none
	standing   uint16 // a bit for each; 0: all
	directions [2]evidence.Direction

	radius [2]int // how far each side has been gone from completely
	level  [2]int // where in its queue the entities at that distance begin
	cost   [2]int // of going further; -1: not known yet
	// logAt is where in the log of a side the links passed at a distance begin.
	logAt    [2][maxDistance + 1]int
	met      bool
	shortest int
	length   int // of the longest walks
	followed int // how many links at the ends every walk passes
	begun    int // how many links were picked that lead on from the first end
	looked   int // what the view sees: what is hidden counts against no limit
	gone     int // over how many links since the context was asked
}

// mark is what says that an entity is at a distance.
func (c *corridor) mark(distance int) uint32 { return c.s.epoch<<distanceBits | uint32(distance) } //nolint:gosec // 4 bits

// far is the distance of an entity from the end of a side.
func (c *corridor) far(n uint32, side int) (int, bool) {
	m := c.s.marks[n][side]
	return int(m & maxDistance), m>>distanceBits == c.s.epoch
}

func (c *corridor) run(ctx context.Context) (ok bool, err error) {
	c.prepare()
	if c.groups == nil {
		for side := range 2 {
			joined := c.follow(side)
			if side == 0 {
				c.begun = len(c.s.picked)
			}
			if joined || c.length < 0 {
				return c.chosen(), nil
			}
		}
	}
	for !c.met {
		if c.radius[0]+c.radius[1] == c.length || c.ended(0) || c.ended(1) {
			return true, nil
		}
		if ok, err := c.grow(ctx, c.cheaper(), c.walks.Beyond == 0); err != nil || !ok {
			return false, err
		}
	}
	c.shortest = c.radius[0] + c.radius[1]
	c.length = min(c.length, c.shortest+c.walks.Beyond)
	defer func() { c.shortest += c.followed }()
	for c.radius[0]+c.radius[1] < c.length {
		last := c.radius[0]+c.radius[1]+1 == c.length
		if ok, err := c.grow(ctx, c.cheaper(), last); err != nil || !ok {
			return false, err
		}
	}
	if !c.walks.Best {
		for side := range 2 {
			c.carry(side)
		}
		c.pick()
	}
	return c.chosen(), nil
}

// chosen leaves of the links that were found those that are asked for; false
// where there are too many.
func (c *corridor) chosen() bool {
	switch {
	case !c.walks.Best:
		c.thin()
	case c.length >= 0:
		c.best(c.begun)
	}
	return len(c.s.picked) <= c.walks.Total
}

func (c *corridor) prepare() {
	w, p := c.walks, c.p
	c.directions = [2]evidence.Direction{w.Direction, w.Direction}
	if w.Direction != evidence.Any {
		c.directions[1] = evidence.Outgoing + evidence.Incoming - w.Direction
	}
	f := &w.Filter
	c.kinds, c.either = p.kindSet(f.Kinds), p.kindSet(w.Either)
	for _, standing := range f.Standing {
		c.standing |= 1 << standing
	}
	c.plain = c.kinds == nil && c.standing == 0 && f.MinStrength <= 0 && !f.ExcludeDisputed && f.When == nil && len(p.born)+len(p.died) == 0
	c.groups = p.grouped(w.Groups)
	id := p.nodeID
	for _, a := range f.Avoid {
		if n, ok := p.byID.find(string(a), id); ok {
			c.s.shun(n)
		}
	}
	for side, ids := range [2][]evidence.ID{w.From, w.To} {
		for _, end := range ids {
			if n, ok := p.byID.find(string(end), id); ok && !c.s.avoid.has(n) {
				c.s.marks[n][side] = c.mark(0)
				c.s.queue[side] = append(c.s.queue[side], n)
			}
		}
		c.cost[side] = -1
	}
}

func (c *corridor) ended(side int) bool { return c.level[side] == len(c.s.queue[side]) }

// follow goes from an end that only one other entity is linked to on to that one,
// as every walk has to, and again from there: it is the end from then on, so that
// the search does not go over all that lies around it only to come back to it. It
// is true where that leads to the other end: no other walk meets no entity twice.
// Where it leads nowhere, or too far, length is less than 0.
func (c *corridor) follow(side int) (joined bool) {
	s, other, ends := c.s, 1-side, c.mark(0)
	for len(s.queue[side]) == 1 && len(s.queue[other]) == 1 {
		n, first := s.queue[side][0], len(s.picked)
		list := c.p.adjacent.of(c.p.nodes[n].links)
		next, found := uint32(0), false
		for _, sp := range list {
			v := sp.far()
			if v == n || sp.visibility() > c.clearance || !c.leads(sp, n, c.directions[side]) || !c.plain && !c.wants(sp.link()) ||
				s.marks[v][other] != ends && c.closed(v) {
				continue
			}
			if found && v != next {
				s.picked = s.picked[:first]
				return false
			}
			next, found = v, true
			e := passed{n, v, sp.link()}
			if side == 1 {
				e.at, e.next = v, n
			}
			s.picked = append(s.picked, e)
		}
		if !found || c.length == 0 {
			c.length = -1
			s.picked = s.picked[:0]
			return false
		}
		c.length--
		c.followed++
		if s.marks[next][other] == ends {
			c.shortest = c.followed
			return true
		}
		s.marks[n][side] = 0
		s.shun(n)
		s.marks[next][side] = ends
		s.queue[side][0] = next
	}
	return false
}

// cheaper is the side from which to go further looks at fewer links.
func (c *corridor) cheaper() int {
	for side := range 2 {
		if c.cost[side] < 0 {
			c.cost[side] = 0
			for _, n := range c.s.queue[side][c.level[side]:] {
				c.cost[side] += c.p.nodes[n].seen(c.clearance)
			}
		}
	}
	if c.cost[1] < c.cost[0] {
		return 1
	}
	return 0
}

// grow goes one link further from a side. Where it is the last step once the sides
// have met, only those links count that lead to what the other side has reached. If
// none does, it passes all, unless walks that go on from there would be too long.
func (c *corridor) grow(ctx context.Context, side int, last bool) (ok bool, err error) {
	s, other := c.s, 1-side
	if c.looked+c.cost[side] > c.walks.Looked {
		return false, nil
	}
	distance := c.radius[side]
	c.logAt[side][distance] = len(s.log[side])
	from, to := c.level[side], len(s.queue[side])
	g := growth{corridor: c, side: side, least: uint32(max(distance+1-c.walks.Beyond, 1))} //nolint:gosec // small
	reached := s.queue[other]
	if !c.met {
		reached = reached[c.level[other]:] // whatever is nearer to the other end would have met before
	}
	s.large, s.going = s.large[:0], s.going[:0]
	for _, n := range s.queue[side][from:to] {
		length := c.p.nodes[n].seen(c.clearance)
		switch {
		case s.marks[n][other] == c.mark(0): // no walk goes on from its end
		case last && c.groups == nil && length >= c.limits.many && length > c.limits.wide*len(reached):
			s.large = append(s.large, n)
		default:
			s.going = append(s.going, n)
		}
	}
	if last {
		if err := g.cross(ctx, reached); err != nil {
			return false, err
		}
	}
	if !last || !c.met && c.radius[0]+c.radius[1]+1 < c.length {
		if err := g.passAll(ctx); err != nil {
			return false, err
		}
	}
	c.level[side], c.cost[side] = to, -1
	c.radius[side]++
	c.logAt[side][distance+1] = len(s.log[side])
	return true, nil
}

// growth is one step of a search.
type growth struct {
	*corridor
	side  int
	least uint32 // the distance at which an entity that was reached before may be reached again
}

// cross passes only what leads to entities that the other side has reached. On the
// last of all steps nothing else is of use, and as each step goes over more than
// all before it, it pays to try that before every entity is marked: a sieve (Bloom
// 1970, with one function) of what was reached stays near the processor.
func (g *growth) cross(ctx context.Context, reached []uint32) error {
	c, s := g.corridor, g.s
	s.across.room(len(reached))
	for _, n := range reached {
		s.across.add(n)
	}
	for _, n := range s.going {
		list, err := c.look(ctx, n)
		if err != nil {
			return err
		}
		for i, sp := range list {
			if s.across.has(sp.far()) {
				g.pass(n, list[i:i+1], true)
			}
		}
	}
	// Of those with many links it is quicker to look for the few that lead across.
	for _, n := range s.large {
		if err := ctx.Err(); err != nil { // a list that is not kept has to be made
			return err
		}
		list := c.p.byFar(n, c.limits)
		for _, v := range reached {
			if links := list.between(v); len(links) > 0 {
				g.pass(n, links, true)
			}
		}
		c.looked += len(reached)
	}
	return nil
}

// passAll passes all links of the entities that are gone on from.
func (g *growth) passAll(ctx context.Context) error {
	c, s := g.corridor, g.s
	s.going = append(s.going, s.large...)
	for _, n := range s.going {
		list, err := c.look(ctx, n)
		if err != nil {
			return err
		}
		// In a large graph most marks have to come from memory. Here no read waits
		// for another, as they do where it depends on each what is done next.
		var touched uint32
		for _, sp := range list {
			touched |= s.marks[sp.far()][0]
		}
		s.touched = touched // or else nothing would be read
		g.pass(n, list, false)
	}
	return nil
}

// look gives the links of an entity, which are gone over. It counts them, and asks
// now and then whether the answer is still wanted.
func (c *corridor) look(ctx context.Context, n uint32) (list []spoke, err error) {
	at := &c.p.nodes[n]
	c.looked += at.seen(c.clearance)
	if c.gone += int(at.links.length); c.gone > 1<<16 {
		c.gone = 0
		err = ctx.Err()
	}
	return c.p.adjacent.of(at.links), err
}

// pass goes along links from an entity, which are in its list; where crossing, only
// along those that lead across.
func (g *growth) pass(n uint32, list []spoke, crossing bool) {
	c, s, own, other := g.corridor, g.s, g.side, 1-g.side
	here, there, epoch, direction := c.mark(0), c.mark(c.radius[own]+1), s.epoch, c.directions[own]
	for _, sp := range list {
		v := sp.far()
		m := &s.marks[v]
		known, across := m[own]>>distanceBits == epoch, m[other]>>distanceBits == epoch
		if known && m[own]&maxDistance < g.least || crossing && !across ||
			sp.visibility() > c.clearance || !c.leads(sp, n, direction) ||
			!c.plain && !c.wants(sp.link()) {
			continue
		}
		if !known {
			if m[other] != here && c.closed(v) {
				continue
			}
			c.reach(v, own, there)
		} else if c.groups != nil && c.groups.same(n, v) {
			continue
		}
		s.log[own] = append(s.log[own], passed{n, v, sp.link()})
		c.met = c.met || across
	}
}

// reach marks an entity, and those that count as one with it, and puts them into
// the queue.
func (c *corridor) reach(n uint32, side int, mark uint32) {
	for _, n := range c.groups.of(n) {
		c.s.marks[n][side] = mark
		c.s.queue[side] = append(c.s.queue[side], n)
	}
	if !c.groups.has(n) {
		c.s.marks[n][side] = mark
		c.s.queue[side] = append(c.s.queue[side], n)
	}
}

// leads says whether a link may be passed from an end.
func (c *corridor) leads(sp spoke, from uint32, d evidence.Direction) bool {
	return sp.leads(from, d) || c.p.ofKinds(sp.link(), c.either)
}

// wants says whether the filter lets a link pass.
func (c *corridor) wants(n uint32) bool {
	if c.p.versioned.has(n) && !c.p.there(n, c.at) {
		return false
	}
	l, f := c.p.links.at(n), &c.walks.Filter
	at := l.levels[c.clearance]
	if c.kinds != nil && !c.kinds[l.kind] || c.standing != 0 && c.standing>>at.standing()&1 == 0 ||
		int(at.strength()) < f.MinStrength || f.ExcludeDisputed && at.disputed() {
		return false
	}
	if f.When == nil {
		return true
	}
	e := &c.s.edge
	e.Bounds, e.Dated, e.Doubtful = l.days(), l.traits&dated != 0, l.traits&doubtful != 0
	return f.When(e)
}

// closed says whether walks may not meet an entity that is none of their ends.
func (c *corridor) closed(n uint32) bool {
	switch {
	case c.s.avoid.has(n):
		return true
	case c.walks.Filter.Placeholders:
		return false
	case c.groups.has(n):
		return c.groups.placeholders.has(n)
	default:
		return c.p.placeholder(n, c.at)
	}
}

// carry tells the entities that a side has reached, as far as they lie on walks,
// how far they are from the other end. Nearer than the other side has come they
// know already.
func (c *corridor) carry(side int) {
	s, other := c.s, 1-side
	for distance := c.radius[other] + 1; distance <= c.length; distance++ {
		before, now := c.mark(distance-1), c.mark(distance)
		for i := max(c.shortest-distance, 0); i <= min(c.length-distance, c.radius[side]-1); i++ {
			for _, e := range c.passedAt(side, i) {
				if s.marks[e.next][other] != before || s.marks[e.at][other]>>distanceBits == s.epoch {
					continue
				}
				s.marks[e.at][other] = now
				for _, n := range c.groups.of(e.at) {
					s.marks[n][other] = now
				}
			}
		}
	}
}

// passedAt are the links that a side passed from entities at a distance.
func (c *corridor) passedAt(side, distance int) []passed {
	return c.s.log[side][c.logAt[side][distance]:c.logAt[side][distance+1]]
}

// pick gathers the links on walks, as they are passed. What both sides have
// passed is taken from the first.
func (c *corridor) pick() {
	s, before := c.s, len(c.s.picked)
	for i := range c.radius[0] {
		for _, e := range c.passedAt(0, i) {
			if left, known := c.far(e.next, 1); known && i+1+left <= c.length {
				s.picked = append(s.picked, e)
			}
		}
	}
	for i := range c.radius[1] {
		for _, e := range c.passedAt(1, i) {
			if begun, known := c.far(e.next, 0); known && i+1+begun <= c.length && begun >= c.radius[0] {
				s.picked = append(s.picked, passed{at: e.next, next: e.at, link: e.link})
			}
		}
	}
	if c.walks.Beyond > 0 && c.groups == nil && len(s.picked) > c.limits.few {
		rest := s.picked[before:]
		s.picked = s.picked[:before+len(c.peel(c.peel(rest)))]
	}
	if c.walks.Beyond > 0 { // a link may have been passed both ways
		slices.SortFunc(s.picked, func(a, b passed) int { return cmp.Compare(a.link, b.link) })
		s.picked = slices.CompactFunc(s.picked, func(a, b passed) bool { return a.link == b.link })
	}
}

// peel leaves out links after which, or before which, there is nothing but the
// way back to where they were passed from: around a hub these are nearly all.
func (c *corridor) peel(picked []passed) []passed {
	s := c.s
	if len(s.hops) < len(s.marks) {
		s.hops = make([]hops, len(s.marks))
	}
	for _, e := range picked {
		s.hops[e.at], s.hops[e.next] = hops{}, hops{}
	}
	note := func(at *uint32, n uint32) {
		if *at == 0 {
			*at = n + 1
		} else if *at&^another != n+1 {
			*at |= another
		}
	}
	for _, e := range picked {
		note(&s.hops[e.at].on, e.next)
		note(&s.hops[e.next].from, e.at)
	}
	begins, ends := c.mark(0), c.mark(0)
	return slices.DeleteFunc(picked, func(e passed) bool {
		on, from := s.hops[e.next].on, s.hops[e.at].from
		return s.marks[e.next][1] != ends && (on == 0 || on == e.at+1) || s.marks[e.at][0] != begins && (from == 0 || from == e.next+1)
	})
}

// thin leaves out links beside many stronger ones.
func (c *corridor) thin() {
	s := c.s
	if c.walks.Parallel == 0 || len(s.picked) <= c.limits.few {
		return
	}
	both := c.walks.Direction == evidence.Any
	pair := func(e passed) (uint32, uint32) {
		if both && e.next < e.at {
			return e.next, e.at
		}
		return e.at, e.next
	}
	slices.SortFunc(s.picked, func(a, b passed) int {
		a1, a2 := pair(a)
		b1, b2 := pair(b)
		if c := cmp.Or(cmp.Compare(a1, b1), cmp.Compare(a2, b2)); c != 0 || a.link == b.link {
			return c
		}
		return c.compare(a.link, b.link)
	})
	kept, same := s.picked[:0], 0
	var one, two, last uint32
	for i, e := range s.picked {
		a, b := pair(e)
		switch {
		case i == 0 || a != one || b != two:
			one, two, same = a, b, 1
		case e.link != last:
			same++
		}
		if last = e.link; same <= c.walks.Parallel {
			kept = append(kept, e)
		}
	}
	s.picked = kept
}

func (c *corridor) answer() (store.Corridor, bool, error) {
	s, p := c.s, c.p
	out := store.Corridor{Shortest: c.shortest}
	if c.shortest == 0 || len(s.picked) == 0 {
		return out, true, nil
	}
	if c.walks.Best {
		out.Way = c.way()
		return out, true, nil
	}
	out.Edges, out.Ends = make([]store.Edge, len(s.picked)), make([][2]int32, len(s.picked))
	out.IDs = make([]evidence.ID, 0, len(s.picked)+1)
	s.next()
	mark := c.mark(maxDistance)
	place := func(n uint32) int32 {
		if m := &s.marks[n]; m[0] != mark {
			m[0], m[1] = mark, uint32(len(out.IDs)) //nolint:gosec // bounded
			out.IDs = append(out.IDs, evidence.ID(p.nodeID(n)))
		}
		return int32(s.marks[n][1]) //nolint:gosec // bounded
	}
	for i, e := range s.picked {
		l := p.links.at(e.link)
		from, to := place(l.from), place(l.to)
		out.Ends[i] = [2]int32{from, to}
		p.describe(&out.Edges[i], e.link, c.clearance, c.at)
	}
	for _, e := range s.picked { // a place is no distance
		s.marks[e.at], s.marks[e.next] = marking{}, marking{}
	}
	return out, true, nil
}
