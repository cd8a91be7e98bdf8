package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
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
	// CoherentInTime keeps paths of which one day exists on which every link at
	// least possibly held; a link without any date held on none.
	CoherentInTime bool
	Filter         LinkFilter
	// Bare leaves the claims of hops out, for who asks only which links they are.
	Bare bool
}

// Limits on a PathQuery.
const (
	MaxPathLength = 8
	MaxPaths      = 50
)

// Hop is one link of a path, as it is passed.
type Hop struct {
	Link     evidence.ID
	Claim    *Claim      // nil where the query is Bare
	From, To evidence.ID // as passed
	Backward bool        // passed against the direction in which it is asserted
}

// Interval is an unbroken time in which all links of a path may have held. There can
// be several, since a source may have seen that a link held before its beginning or
// after its end. Then it is the first that has a day on which every link definitely
// held (Definite says so); if none has, the longest, the first of equals.
type Interval struct {
	From, To edtf.Day
	Definite bool
}

// Path is a way through the graph that meets no entity twice.
type Path struct {
	Hops []Hop
	// Weakest is the strength of the weakest link; Product the strengths
	// multiplied, each in thousandths, as millionths.
	Weakest, Product int
	Common           *Interval // where CoherentInTime was asked
	days             []edtf.Period
}

// Paths are the best paths, best first.
type Paths struct {
	All []Path
	Cut Cut
}

// Paths finds the best paths without loops between two sets of entities. It is a
// bidirectional breadth-first search (Pohl 1971): the sides are expanded in turn, a
// whole frontier in one round trip, until the paths found are certain to be the best.
// Every path that is no longer than the number of expanded levels lies in what was
// read. A path meets entities of From and To only at its two ends; an entity in both
// sets may be either end. An id that the view does not see has no path.
func (s *Session) Paths(ctx context.Context, q PathQuery) (Paths, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := q.check(); err != nil {
		return Paths{}, err
	}
	// Those that the view does not see have no link that it sees.
	from, to := s.ends(q.From), s.ends(q.To)
	search := &s.search
	if err := search.test.prepare(s, q.Filter, from, to); err != nil {
		return Paths{}, err
	}
	if len(from) == 1 && len(to) == 1 && from[0] == to[0] {
		return Paths{}, nil // whoever goes from there to there meets it twice
	}
	search.session, search.query, search.from, search.to = s, q, from, to
	search.test.together = q.CoherentInTime
	search.cut, search.steps, search.undecided, search.days = "", 0, false, nil
	if search.decided == nil {
		search.decided = map[evidence.ID]bool{}
	}
	clear(search.decided)
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
	}
	if err := bounded("maxLength", q.MaxLength, MaxPathLength); err != nil {
		return err
	}
	return bounded("first", q.First, MaxPaths)
}

// ends gives the entities that ids are shown under, each once, sorted.
func (s *Session) ends(ids []evidence.ID) []evidence.ID {
	if len(ids) == 1 {
		if root := s.identity.resolve(ids[0]); root != ids[0] {
			return []evidence.ID{root}
		}
		return ids
	}
	set := map[evidence.ID]bool{}
	for _, id := range ids {
		set[s.identity.resolve(id)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// pathSearch is one question. Where it is a session's, its memory is used for the
// next one, too: to come by as much anew takes a fifth of the time of a short path.
type pathSearch struct {
	session  *Session
	query    PathQuery
	from, to []evidence.ID
	test     linkTest
	asked    store.Walks // of the store
	cut      Cut
	steps    int
	// undecided says that links were taken by their bounds alone which were maybe
	// observed at another time.
	undecided bool
	decided   map[evidence.ID]bool          // doubtful links of which the record was looked at
	days      map[evidence.ID][]edtf.Period // on which these may have held
}

func (p *pathSearch) shortest(ctx context.Context) (Paths, error) {
	inCorridor := p.shortestInCorridor
	if p.query.First == 1 && !p.query.CoherentInTime && !p.test.timed() && len(p.session.identity.merged) == 0 {
		inCorridor = p.oneInCorridor
	}
	found, ok, err := inCorridor(ctx)
	if err == nil && !ok {
		found, err = p.shortestByLevel(ctx)
	}
	if err != nil {
		return Paths{}, err
	}
	return p.answer(ctx, found)
}

// shortestByLevel asks the store for one level after another.
func (p *pathSearch) shortestByLevel(ctx context.Context) (found []Path, err error) {
	p.steps, p.cut = 0, ""
	s := p.start()
	for length := 1; length <= p.query.MaxLength && len(found) < p.query.First; length++ {
		if err := s.advance(ctx, length); err != nil {
			return nil, err
		}
		p.cut, p.undecided = s.walk.cut, s.walk.undecided
		if found, err = p.ofLength(ctx, s.walk.ground(), length, found); err != nil {
			return nil, err
		}
		if p.cut == CutSteps {
			break
		}
	}
	return found, nil
}

// oneInCorridor asks the store for the one best way, which a store can tell where
// dates and groups do not matter; ok is false where it does not find ways by itself.
func (p *pathSearch) oneInCorridor(ctx context.Context) (found []Path, ok bool, err error) {
	w := p.walks(0)
	w.Best = true
	c, ok, err := p.along(ctx, w)
	if err != nil || !ok || c.Shortest == 0 {
		return nil, ok, err
	}
	found = []Path{{Hops: make([]Hop, len(c.Way)), Weakest: maxStrength}}
	path, all := &found[0], thousands[0]
	for i := range c.Way {
		s, hop := &c.Way[i], &path.Hops[i]
		hop.Link, hop.From, hop.To, hop.Backward = s.Link, s.From, s.To, s.Backward
		path.Weakest, all = min(path.Weakest, int(s.Strength)), all.by(s.Strength)
	}
	path.Product = all.millionths(len(c.Way))
	return found, true, nil
}

// shortestInCorridor asks the store for the links of the shortest ways, then also of
// those one link longer, and so on until there are enough paths: few that are wanted
// are much longer than the shortest. ok is false where the store has no such search.
func (p *pathSearch) shortestInCorridor(ctx context.Context) (found []Path, ok bool, err error) {
	done := 0 // the length up to which all paths are found
	for beyond := 0; done < p.query.MaxLength && len(found) < p.query.First && p.cut == ""; beyond++ {
		g, shortest, ok, err := p.corridor(ctx, beyond)
		if err != nil || !ok {
			return nil, false, err
		}
		if shortest == 0 {
			break
		}
		longest := min(shortest+beyond, p.query.MaxLength)
		for length := max(done+1, shortest); length <= longest && len(found) < p.query.First && p.cut == ""; length++ {
			if found, err = p.ofLength(ctx, g, length, found); err != nil {
				return nil, false, err
			}
		}
		done = longest
	}
	return found, true, nil
}

// maxCorridorLooked is how many links a store may look at for a corridor; it
// looks at hundreds for each that it would have to give by level.
const maxCorridorLooked = 4_000_000

// corridor asks the store for the links on ways that are up to so many links
// longer than the shortest, and how long that is; ok is false where the store
// does not tell. Dates are decided on what it gives, so that there may be no
// path although there is a way.
func (p *pathSearch) corridor(ctx context.Context, beyond int) (g *ground, shortest int, ok bool, err error) {
	w, t := p.walks(beyond), &p.test
	c, ok, err := p.along(ctx, w)
	if err != nil || !ok || c.Shortest == 0 {
		return nil, 0, ok, err
	}
	walk := p.walk()
	if t.timed() || len(w.Groups) > 0 {
		identity := p.session.identity
		arcs := make([]arc, 0, len(c.Edges))
		for i := range c.Edges {
			e := &c.Edges[i]
			arcs = append(arcs, arc{*e, identity.resolve(e.From), identity.resolve(e.To)})
		}
		if arcs, err = walk.decideDates(ctx, arcs); err != nil || walk.cut != "" {
			return nil, 0, false, err
		}
		walk.add(arcs)
		p.undecided = p.undecided || walk.undecided
		return walk.ground(), c.Shortest, true, nil
	}
	if t.together {
		if err := walk.readDoubtful(ctx, len(c.Edges), func(i int) *store.Edge { return &c.Edges[i] }); err != nil {
			return nil, 0, false, err
		}
		p.undecided = p.undecided || walk.undecided
	}
	return p.session.ground(p.query.Direction, c.IDs, c.Edges, c.Ends), c.Shortest, true, nil
}

// walk is that of a search for paths, of which levels have any number of links.
func (p *pathSearch) walk() *walk {
	w := p.session.walk(&p.test, p.query.Direction)
	w.doubtful = maxDoubtful
	w.decided = p.decided
	return w
}

// walks are the ways that a corridor is asked for.
func (p *pathSearch) walks(beyond int) *store.Walks {
	identity, t, w := p.session.identity, &p.test, &p.asked
	*w = store.Walks{
		From: identity.groups(p.from), To: identity.groups(p.to), Direction: p.query.Direction, Either: p.session.either(p.query.Direction),
		Length: p.query.MaxLength, Beyond: beyond, Groups: identity.merged, Looked: maxCorridorLooked, Total: maxWalkLinks,
		Filter: store.WalkFilter{
			Kinds: t.Kinds, Standing: t.Standing, MinStrength: t.MinStrength, ExcludeDisputed: t.ExcludeDisputed,
			Placeholders: t.Unidentified,
		},
	}
	if len(t.avoid) > 0 {
		w.Filter.Avoid = slices.Collect(maps.Keys(t.avoid))
	}
	if t.timed() {
		w.Filter.When = t.mayHold
	} else if !p.query.CoherentInTime {
		w.Parallel = p.query.First // with all others the same, each of these makes a better path
	}
	return w
}

// along asks the store for a corridor; ok is false where it does not find any by
// itself.
func (p *pathSearch) along(ctx context.Context, w *store.Walks) (store.Corridor, bool, error) {
	reader, is := p.session.reader.(store.Corridors)
	if !is || slices.ContainsFunc(p.from, func(id evidence.ID) bool { return slices.Contains(p.to, id) }) {
		return store.Corridor{}, false, nil
	}
	return reader.Corridor(ctx, w)
}

// route is a path being built: its entities and the ways between them.
type route struct {
	at      []int32 // one more than ways
	ways    []way
	weakest int
	product product
	days    []edtf.Period // on which all its links may have held, where that matters
}

// always is every day.
var always = []edtf.Period{{First: edtf.MinDay, Last: edtf.MaxDay}}

func (p *pathSearch) newRoute(at int32) route {
	r := route{at: []int32{at}, weakest: maxStrength, product: thousands[0]}
	if p.test.together {
		r.days = always
	}
	return r
}

// extend is the route one link longer; false where its links then never held
// together. It may share memory with other routes that are as long.
func (p *pathSearch) extend(r *route, e *store.Edge, w way) (route, bool) {
	longer := route{
		at: append(r.at, w.next), ways: append(r.ways, w), days: r.days,
		weakest: min(r.weakest, int(e.Strength)), product: r.product.by(e.Strength),
	}
	if !p.test.together {
		return longer, true
	}
	longer.days = edtf.Meet(r.days, p.mayHold(e))
	return longer, len(longer.days) > 0
}

// mayHold are the days on which a link may have held: those between its ends, and
// of a doubtful one, of which the record was read, also those on which it was
// observed.
func (p *pathSearch) mayHold(e *store.Edge) []edtf.Period {
	if !e.Dated {
		return nil
	}
	record := p.session.records[e.Link]
	if !e.Doubtful || !p.decided[e.Link] || record == nil {
		return []edtf.Period{{First: e.Bounds.SinceEarliest, Last: e.Bounds.UntilLatest}}
	}
	days, known := p.days[e.Link]
	if !known {
		content := record.Claim()
		days = content.Valid().MayHold(evidence.AspectOf(content, p.session.tracer.vocabulary))
		if p.days == nil {
			p.days = map[evidence.ID][]edtf.Period{}
		}
		p.days[e.Link] = days
	}
	return days
}

// path is what is kept of a route: all but what its links say.
func (r *route) path(g *ground) Path {
	path := Path{Hops: make([]Hop, len(r.ways)), Weakest: r.weakest, Product: r.product.millionths(len(r.ways)), days: r.days}
	for i, w := range r.ways {
		path.Hops[i] = Hop{Link: g.edges[w.edge].Link, From: g.ids[r.at[i]], To: g.ids[r.at[i+1]], Backward: w.backward}
	}
	return path
}

// ofLength adds paths of exactly so many links, in the order of a depth-first
// search that takes the strongest link first and turns back where the goal is
// too far.
func (p *pathSearch) ofLength(ctx context.Context, g *ground, length int, found []Path) ([]Path, error) {
	to := g.numbers(p.to)
	d := depthFirst{pathSearch: p, ground: g, length: length, from: g.numbers(p.from), far: g.distances(to, length), gates: g.gates(to), found: found}
	first := p.newRoute(-1)
	first.at, first.ways = append(make([]int32, 0, length+1), -1), make([]way, 0, length)
	err := d.descend(ctx, g.ways(d.from...), &first)
	return d.found, err
}

// depthFirst is a search for paths of exactly so many links.
type depthFirst struct {
	*pathSearch
	ground *ground
	length int
	from   []int32
	far    []int8  // from the nearest goal
	gates  []int32 // see ground.gates
	found  []Path
}

// descend goes on along each of the ways from the end of a route.
func (d *depthFirst) descend(ctx context.Context, ways []way, r *route) error {
	left := d.length - len(r.ways) - 1 // links after the next one
	for _, w := range ways {
		if d.steps++; d.steps > maxWalkSteps {
			d.cut = CutSteps
		}
		if d.steps%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(d.found) == d.query.First || d.cut == CutSteps {
			return nil
		}
		if len(r.ways) == 0 {
			r.at[0] = w.start(d.ground)
		}
		if !d.mayLead(w.next, left) || slices.Contains(r.at, w.next) {
			continue
		}
		longer, ok := d.extend(r, &d.ground.edges[w.edge], w)
		if !ok {
			continue
		}
		if left == 0 {
			d.found = append(d.found, longer.path(d.ground))
		} else if err := d.descend(ctx, d.ground.ways(w.next), &longer); err != nil {
			return err
		}
	}
	return nil
}

// mayLead says whether a path may be at an entity with so many links left. With
// none left that is a goal; before, it is neither a goal nor a start, and no farther
// from a goal than those links. A gate has its place on the path.
func (d *depthFirst) mayLead(entity int32, left int) bool {
	if gate := slices.Index(d.gates, entity); gate >= 0 && left != gate+1 {
		return false
	}
	far := int(d.far[entity])
	if left == 0 {
		return far == 0
	}
	return far > 0 && far <= left && !slices.Contains(d.from, entity)
}

// answer reads the records of the links of paths. A path of which a link was
// retracted while the question was asked is left out.
func (p *pathSearch) answer(ctx context.Context, found []Path) (Paths, error) {
	if p.undecided && p.cut == "" {
		p.cut = CutLinks
	}
	out := Paths{All: found, Cut: p.cut}
	if p.query.Bare && !p.query.CoherentInTime {
		return out, nil
	}
	var links []evidence.ID
	for i := range found {
		for j := range found[i].Hops {
			links = append(links, found[i].Hops[j].Link)
		}
	}
	slices.Sort(links)
	records, err := p.session.get(ctx, slices.Compact(links))
	if err != nil {
		return Paths{Cut: p.cut}, err
	}
	out.All = slices.DeleteFunc(found, func(path Path) bool {
		for i := range path.Hops {
			record := records[path.Hops[i].Link]
			if record == nil {
				return true
			}
			path.Hops[i].Claim = p.session.claim(record)
		}
		return false
	})
	if p.test.together {
		for i := range out.All {
			path := &out.All[i]
			path.Common, path.days = p.session.common(path), nil
		}
	}
	return out, nil
}

// common is the time that is told of a path.
func (s *Session) common(path *Path) *Interval {
	var best *Interval
	length := func(first, last edtf.Day) int64 { return int64(last) - int64(first) }
	certain := s.certainDays(path.Hops)
	for _, p := range path.days {
		if slices.ContainsFunc(certain, func(day edtf.Day) bool { return p.First <= day && day <= p.Last }) {
			return &Interval{p.First, p.Last, true}
		}
		if best == nil || length(p.First, p.Last) > length(best.From, best.To) {
			best = &Interval{From: p.First, To: p.Last}
		}
	}
	return best
}

// certainDays are days on which all links definitely held, at least one of each run
// of such days. A run begins on a day on which one of the links certainly had begun,
// or was observed; so only these days are tried.
func (s *Session) certainDays(hops []Hop) []edtf.Day {
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
	return slices.DeleteFunc(days, func(day edtf.Day) bool {
		on, err := edtf.Parse(day.String())
		return err != nil || on.IsZero() || slices.ContainsFunc(hops, func(h Hop) bool {
			content := h.Claim.Record.Claim()
			return content.Valid().HeldOn(evidence.AspectOf(content, s.tracer.vocabulary), on) != edtf.Definitely
		})
	})
}
