package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// world is all that one view sees, as plain lists. What is asked of it is found by
// trying everything.
type world struct {
	view     evidence.View
	entities map[evidence.ID]*evidence.Entity // by the id they were put under
	shown    map[evidence.ID]evidence.ID      // the id under which each is shown
	links    []tie
}

// tie is a link with the ends it is shown with.
type tie struct {
	id, from, to evidence.ID
	claim        *evidence.Claim
	level        evidence.Level
	valid        edtf.Valid
	aspect       edtf.Aspect
}

func readWorld(t require.TestingT, st store.Store, view evidence.View) *world {
	ctx := context.Background()
	r, err := store.Read(ctx, st, view, vocabulary.Standard())
	require.NoError(t, err)
	defer r.Close() //nolint:errcheck // nothing was written
	w := newWorld(view)
	for f, err := range r.Find(ctx, store.Query{Type: evidence.EntityRecord, Limit: store.MaxBatch}) {
		require.NoError(t, err)
		w.addEntity(f.Record)
	}
	for f, err := range r.Find(ctx, store.Query{Type: evidence.LinkRecord, Limit: store.MaxBatch}) {
		require.NoError(t, err)
		w.addLink(f.Record)
	}
	w.resolve()
	return w
}

// readPart is readWorld of a graph that shares a store with others: of entities,
// none of which has links to others than these.
func readPart(t require.TestingT, st store.Store, view evidence.View, of []evidence.ID) *world {
	ctx := context.Background()
	r, err := store.Read(ctx, st, view, vocabulary.Standard())
	require.NoError(t, err)
	defer r.Close() //nolint:errcheck // nothing was written
	w := newWorld(view)
	entities, err := r.Get(ctx, of)
	require.NoError(t, err)
	for _, record := range entities {
		w.addEntity(record)
	}
	seen := map[evidence.ID]bool{}
	for f, err := range r.Find(ctx, store.Query{Type: evidence.LinkRecord, Entities: of, Limit: store.MaxBatch}) {
		require.NoError(t, err)
		if id := f.Record.ID(); !seen[id] {
			seen[id] = true
			w.addLink(f.Record)
		}
	}
	w.resolve()
	return w
}

func newWorld(view evidence.View) *world {
	return &world{view: view, entities: map[evidence.ID]*evidence.Entity{}, shown: map[evidence.ID]evidence.ID{}}
}

func (w *world) addEntity(r *evidence.Record) {
	w.entities[r.ID()], w.shown[r.ID()] = r.Entity(), r.ID()
}

func (w *world) addLink(r *evidence.Record) {
	c := r.Claim()
	w.links = append(w.links, tie{id: c.ID, claim: c, level: r.Derived.At(w.view.Clearance), valid: c.Valid(), aspect: evidence.AspectOf(c, vocabulary.Standard())})
}

// resolve gives links the ends that they are shown with.
func (w *world) resolve() {
	w.merge()
	for i := range w.links {
		w.links[i].from, w.links[i].to = w.shown[w.links[i].claim.From], w.shown[w.links[i].claim.To]
	}
}

// bothWays says that the link says the same from either end.
func (l tie) bothWays() bool {
	k, _ := vocabulary.Standard().Link(l.claim.Kind)
	return k.Symmetric
}

// merge labels entities until no accepted identity joins two labels. A group is
// shown under the least id that none absorbs, or the least.
func (w *world) merge() {
	absorbed := map[evidence.ID]bool{}
	for again := true; again; {
		again = false
		for _, l := range w.links {
			if l.claim.Kind != evidence.SameAs || !l.claim.Accepted || l.level.Standing == evidence.Refuted || l.level.Standing == evidence.Retracted {
				continue
			}
			absorbed[l.claim.From] = true
			a, b := w.shown[l.claim.From], w.shown[l.claim.To]
			for id, label := range w.shown {
				if a != b && label == max(a, b) {
					w.shown[id], again = min(a, b), true
				}
			}
		}
	}
	label := map[evidence.ID]evidence.ID{} // by the least id of a group
	for _, free := range []bool{false, true} {
		for id, group := range w.shown {
			if free && absorbed[id] {
				continue
			}
			if old, ok := label[group]; !ok || id < old || free && absorbed[old] {
				label[group] = id
			}
		}
	}
	for id, group := range w.shown {
		w.shown[id] = label[group]
	}
}

func (w *world) placeholder(id evidence.ID) bool { return w.entities[id].Identity.IsPlaceholder() }

// ids are those of all entities as they are shown.
func (w *world) ids() []evidence.ID {
	set := map[evidence.ID]bool{}
	for _, id := range w.shown {
		set[id] = true
	}
	return sorted(set)
}

func sorted(set map[evidence.ID]bool) []evidence.ID {
	ids := make([]evidence.ID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// seen are the entities under which ids are shown, each once; those the view does
// not see are left out.
func (w *world) seen(ids []evidence.ID) []evidence.ID {
	set := map[evidence.ID]bool{}
	for _, id := range ids {
		if shown, ok := w.shown[id]; ok {
			set[shown] = true
		}
	}
	return sorted(set)
}

func date(s string) edtf.Date {
	d, err := edtf.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// allowed are the links that a filter lets a traversal use; ends were asked for
// by name. Links that identities make loops are not among them.
func (w *world) allowed(f trace.LinkFilter, ends []evidence.ID) []tie {
	return slices.DeleteFunc(w.drawable(f, ends), func(l tie) bool { return l.from == l.to })
}

// drawable are those that a subgraph shows: also loops, but for the identities that made
// them.
func (w *world) drawable(f trace.LinkFilter, ends []evidence.ID) []tie {
	avoid := w.seen(f.ExcludeEntities)
	var out []tie
	for _, l := range w.links {
		if !l.isIdentity() && !slices.Contains(avoid, l.from) && !slices.Contains(avoid, l.to) && w.passes(l, f) &&
			(f.Unidentified || w.carries(l.from, ends) && w.carries(l.to, ends)) {
			out = append(out, l)
		}
	}
	return out
}

// isIdentity says that a link is one by which two entities are one.
func (l tie) isIdentity() bool {
	return l.from == l.to && l.claim.Kind == evidence.SameAs && l.claim.Accepted
}

// with is the world with none but the links that a filter keeps; those of
// placeholders stay.
func (w *world) with(f trace.LinkFilter) *world {
	f.Unidentified = true
	of := *w
	of.links = w.allowed(f, nil)
	return &of
}

func (w *world) carries(id evidence.ID, ends []evidence.ID) bool {
	return !w.placeholder(id) || slices.Contains(ends, id)
}

// passes asks all of a filter but entities.
func (w *world) passes(l tie, f trace.LinkFilter) bool {
	least := cmp.Or(f.Certainty, edtf.Possibly)
	return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, l.claim.Kind)) && !slices.Contains(f.ExceptKinds, l.claim.Kind) &&
		(len(f.Standing) == 0 || slices.Contains(f.Standing, l.level.Standing)) &&
		int(l.level.Strength) >= f.MinStrength && !(f.ExcludeDisputed && l.level.Disputes > 0) &&
		(f.On == "" || l.valid.HeldOn(l.aspect, date(f.On)) >= least) &&
		(f.During == "" || l.valid.HeldDuring(l.aspect, date(f.During)) >= least) &&
		(f.Throughout == "" || l.valid.HeldThroughout(l.aspect, date(f.Throughout)) >= least)
}

// whole is the product of no links. Those of up to six divide it without a rest.
const whole = 1_000_000_000_000_000_000

// way is a path with what it is judged by.
type way struct {
	start            evidence.ID
	links            []tie
	meets            []evidence.ID // entities, the start first
	backward         []bool
	weakest, product int // that in parts of whole
}

func (x way) String() string {
	out := string(x.start)
	for i, l := range x.links {
		out += fmt.Sprintf(" -%s- %s", l.id, x.meets[i+1])
	}
	return out
}

// ways finds every path without loops by trying every link at every step.
func (w *world) ways(q trace.PathQuery) []way {
	from, to := w.seen(q.From), w.seen(q.To)
	links := w.allowed(q.Filter, append(slices.Clone(from), to...))
	var found []way
	var walk func(way)
	walk = func(x way) {
		at := x.meets[len(x.meets)-1]
		if len(x.links) > 0 && slices.Contains(to, at) {
			found = append(found, x)
			return
		}
		if len(x.links) == q.MaxLength || len(x.links) > 0 && slices.Contains(from, at) {
			return
		}
		for _, l := range links {
			for _, back := range []bool{false, true} {
				near, far := l.from, l.to
				if back {
					near, far = far, near
				}
				if near != at || slices.Contains(x.meets, far) || !l.bothWays() && (q.Direction == evidence.Outgoing && back || q.Direction == evidence.Incoming && !back) {
					continue
				}
				longer := way{
					start: x.start, links: append(slices.Clone(x.links), l), meets: append(slices.Clone(x.meets), far),
					backward: append(slices.Clone(x.backward), back), weakest: min(x.weakest, int(l.level.Strength)), product: x.product / 1000 * int(l.level.Strength),
				}
				if !q.CoherentInTime || longer.coherent() {
					walk(longer)
				}
			}
		}
	}
	for _, id := range from {
		walk(way{start: id, meets: []evidence.ID{id}, weakest: 1000, product: whole})
	}
	byLinks := func(a, b way, compare func(x, y tie) int) int { return slices.CompareFunc(a.links, b.links, compare) }
	slices.SortFunc(found, func(a, b way) int {
		if q.By == trace.Strongest {
			return cmp.Or(cmp.Compare(b.weakest, a.weakest), cmp.Compare(b.product, a.product), cmp.Compare(len(a.links), len(b.links)),
				byLinks(a, b, func(x, y tie) int { return cmp.Compare(x.id, y.id) }), cmp.Compare(a.start, b.start))
		}
		return cmp.Or(cmp.Compare(len(a.links), len(b.links)), byLinks(a, b, func(x, y tie) int {
			return cmp.Or(cmp.Compare(y.level.Strength, x.level.Strength), cmp.Compare(x.id, y.id))
		}), cmp.Compare(a.start, b.start))
	})
	return found
}

// coherent says whether one day exists on which all links may have held.
func (x way) coherent() bool { return len(x.common()) > 0 }

// run is some days in a row.
type run struct {
	first, last edtf.Day
	definite    bool // on one of them all links definitely held
}

// common are the runs of days on which all links may have held. It asks for each
// day on which an answer may differ from that of the day before, and for its
// neighbours.
func (x way) common() (runs []run) {
	days := map[edtf.Day]bool{edtf.DayOf(2014, 1, 1): true}
	near := func(all ...edtf.Day) {
		for _, day := range all {
			if day != edtf.MinDay && day != edtf.MaxDay {
				days[day-1], days[day], days[day+1] = true, true, true
			}
		}
	}
	for _, l := range x.links {
		b := l.valid.Bounds(l.aspect)
		near(b.SinceEarliest, b.SinceLatest, b.UntilEarliest, b.UntilLatest)
		for _, o := range l.valid.Observed {
			near(o.Earliest(), o.Latest())
		}
	}
	sorted := slices.Sorted(maps.Keys(days))
	going := false
	for i, day := range sorted {
		on, all := date(day.String()), edtf.Definitely
		for _, l := range x.links {
			all = min(all, l.valid.HeldOn(l.aspect, on))
		}
		if all < edtf.Possibly {
			going = false
			continue
		}
		if !going {
			runs = append(runs, run{first: day})
			if i == 0 {
				runs[0].first = edtf.MinDay
			}
		}
		going = true
		last := &runs[len(runs)-1]
		if last.last = day; i == len(sorted)-1 {
			last.last = edtf.MaxDay
		}
		last.definite = last.definite || all == edtf.Definitely
	}
	return runs
}

// told is the one of the runs that an answer shows: one on which all links
// definitely held, else the longest, and the first of several.
func (x way) told() trace.Interval {
	runs := x.common()
	slices.SortStableFunc(runs, func(a, b run) int {
		if a.definite != b.definite {
			return cmp.Compare(btoi(b.definite), btoi(a.definite))
		}
		if a.definite {
			return 0
		}
		return cmp.Compare(int64(b.last)-int64(b.first), int64(a.last)-int64(a.first))
	})
	return trace.Interval{From: runs[0].first, To: runs[0].last, Definite: runs[0].definite}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
