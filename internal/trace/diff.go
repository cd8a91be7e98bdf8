package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Difference is one record that two moments of the graph show differently.
type Difference struct {
	ID            evidence.ID
	Before, After *evidence.Record // nil where the view does not see it then
	Changes       []Change
}

// diffWindow is how many touched records one reading of the log takes in. A page
// that they do not fill reads the log again for the records after them, so that
// no limit counts what the view does not see.
var diffWindow = 100_000

// Diff lists, by id, the records that the view's clearance sees differently after
// revision `to` than after revision `from`.
func (s *Session) Diff(ctx context.Context, from, to uint64, a PageArgs) (Page[*Difference], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Difference]
	if from > to {
		return none, evidence.Faulty(evidence.InvalidInput, "from", "revision %d comes after %d; swap them", from, to)
	}
	l := listOf("diff", [2]uint64{from, to})
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	d := &diff{s: s, from: from, to: to}
	defer d.close()
	if err := d.open(ctx); err != nil {
		return none, err
	}
	var found []keyed[*Difference]
	for at, more := p.after, true; more; {
		var ids []evidence.ID
		if ids, more, err = d.targets(ctx, span{reverse: p.reverse, after: at, stop: p.stop}); err != nil {
			return none, err
		}
		for batch := range slices.Chunk(ids, 1000) {
			if found, err = d.compare(ctx, batch, found); err != nil {
				return none, err
			}
			if len(found) > p.size {
				return page(l, p, found[:p.size], true, ""), nil
			}
		}
		if len(ids) > 0 {
			at = string(ids[len(ids)-1])
		}
	}
	return page(l, p, found, false, ""), nil
}

// diff compares two moments of the graph.
type diff struct {
	s        *Session
	from, to uint64
	was, is  store.Reader
	// stood and stands read the same moments whoever may see what is there; nil at
	// the highest clearance.
	stood, stands store.Reader
}

func (d *diff) open(ctx context.Context) error {
	for _, x := range []struct {
		number    uint64
		seen, all *store.Reader
	}{{d.from, &d.was, &d.stood}, {d.to, &d.is, &d.stands}} {
		view, err := d.s.viewOf(ctx, KnownAt{Number: &x.number})
		if err != nil {
			return err
		}
		if *x.seen, _, err = store.Beside(ctx, d.s.tracer.store, d.s.reader, view, d.s.tracer.vocabulary); err != nil {
			return err
		}
		if view.Clearance == evidence.Confidential {
			continue
		}
		view.Clearance = evidence.Confidential
		if *x.all, _, err = store.RawBeside(ctx, d.s.tracer.store, d.s.reader, view); err != nil {
			return err
		}
	}
	return nil
}

func (d *diff) close() {
	for _, r := range []store.Reader{d.was, d.is, d.stood, d.stands} {
		if r != nil {
			_ = r.Close() // nothing was written
		}
	}
}

// compare adds those of the records that differ.
func (d *diff) compare(ctx context.Context, ids []evidence.ID, to []keyed[*Difference]) ([]keyed[*Difference], error) {
	was, err := d.was.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	is, err := d.is.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	stood, err := standings(ctx, d.was, was)
	if err != nil {
		return nil, err
	}
	stands, err := standings(ctx, d.is, is)
	if err != nil {
		return nil, err
	}
	var both []evidence.ID
	var pairs []pair
	for _, id := range ids {
		if was[id] == nil || is[id] == nil {
			continue
		}
		x := pair{sight{record: was[id]}, sight{record: is[id]}}
		if x.before.standing, err = standingOf(was[id], stood); err != nil {
			return nil, err
		}
		if x.after.standing, err = standingOf(is[id], stands); err != nil {
			return nil, err
		}
		both, pairs = append(both, id), append(pairs, x)
	}
	found, err := d.s.changed(ctx, d.is, pairs...)
	if err != nil {
		return nil, err
	}
	changes := map[evidence.ID][]Change{}
	for i, id := range both {
		changes[id] = found[i]
	}
	for _, id := range ids {
		x := &Difference{ID: id, Before: was[id], After: is[id], Changes: changes[id]}
		if x.Before == nil && x.After == nil || x.Before != nil && x.After != nil && len(x.Changes) == 0 {
			continue
		}
		to = append(to, keyed[*Difference]{x, string(id)})
	}
	return to, nil
}

// window is the ids that come first beyond a place, in the direction of travel.
type window struct {
	p   span
	ids map[evidence.ID]bool
	cut bool // some were left out: those beyond last
	// last is the last id that is taken in, once some were left out.
	last string
}

func (w *window) add(id evidence.ID) {
	key := string(id)
	if w.ids[id] || w.p.beyond(key) || w.p.after != "" && (!w.p.reverse && key <= w.p.after || w.p.reverse && key >= w.p.after) {
		return
	}
	if w.cut && (!w.p.reverse && key > w.last || w.p.reverse && key < w.last) {
		return
	}
	w.ids[id] = true
	if len(w.ids) >= 2*diffWindow {
		w.shrink()
	}
}

// shrink leaves out what does not fit.
func (w *window) shrink() {
	ids := w.sorted()
	if len(ids) <= diffWindow {
		return
	}
	for _, id := range ids[diffWindow:] {
		delete(w.ids, id)
	}
	w.last, w.cut = string(ids[diffWindow-1]), true
}

func (w *window) sorted() []evidence.ID {
	ids := slices.Sorted(maps.Keys(w.ids))
	if w.p.reverse {
		slices.Reverse(ids)
	}
	return ids
}
