package trace

import (
	"context"
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
	if err != nil || p.size == 0 {
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
}

func (d *diff) open(ctx context.Context) error {
	for number, into := range map[*uint64]*store.Reader{&d.from: &d.was, &d.to: &d.is} {
		view, err := d.s.tracer.Moment(ctx, d.s.view.Clearance, KnownAt{Number: number})
		if err != nil {
			return err
		}
		if *into, err = store.Read(ctx, d.s.tracer.store, view, d.s.tracer.vocabulary); err != nil {
			return err
		}
	}
	return nil
}

func (d *diff) close() {
	for _, r := range []store.Reader{d.was, d.is} {
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
	for _, id := range ids {
		x := &Difference{ID: id, Before: was[id], After: is[id]}
		switch {
		case x.Before == nil && x.After == nil:
			continue
		case x.Before != nil && x.After != nil:
			before, err := fieldsOf(ctx, d.was, d.s.view.Clearance, x.Before)
			if err != nil {
				return nil, err
			}
			after, err := fieldsOf(ctx, d.is, d.s.view.Clearance, x.After)
			if err != nil {
				return nil, err
			}
			if x.Changes = differences(before, after); len(x.Changes) == 0 {
				continue
			}
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
	ids := sortedIDs(w.ids)
	if w.p.reverse {
		slices.Reverse(ids)
	}
	return ids
}

// targets are the records that the revisions after from, up to and with to, may
// have made to look different, beyond a place in the direction of travel; more
// says that there are further ones. With a citation goes its claim, and with a
// claim that comes into sight or out of it by a citation, its other citations.
func (d *diff) targets(ctx context.Context, p span) (ids []evidence.ID, more bool, err error) {
	w := &window{p: p, ids: map[evidence.ID]bool{}}
	clearance := d.s.view.Clearance
	for after := d.from; after < d.to; {
		n := 0
		for rev, err := range d.s.reader.Revisions(ctx, store.RevisionQuery{After: after, Before: d.to + 1, Limit: MaxPageSize, Leaves: true}) {
			if err != nil {
				return nil, false, err
			}
			n++
			after = rev.Numbers[clearance]
			outcomes, err := rev.Outcomes()
			if err != nil {
				return nil, false, err
			}
			if err := d.touched(ctx, outcomes, w); err != nil {
				return nil, false, err
			}
		}
		if n == 0 {
			break
		}
	}
	w.shrink()
	return w.sorted(), w.cut, nil
}

// touched adds what one revision may have made to look different.
func (d *diff) touched(ctx context.Context, outcomes []evidence.Outcome, w *window) error {
	written := map[evidence.ID]bool{} // by the revision itself
	claims := map[evidence.ID]bool{}  // of citations that it wrote or closed
	var closed []evidence.ID
	for _, o := range outcomes {
		for _, e := range o.Effects {
			written[e.Target()] = true
			w.add(e.Target())
			switch {
			case e.Citation != nil:
				claims[e.Citation.Claim] = true
			case e.Close != "":
				closed = append(closed, e.Close)
			}
		}
	}
	for batch := range slices.Chunk(closed, store.MaxBatch) {
		records, err := d.was.Get(ctx, batch) // one that was not seen then makes no difference
		if err != nil {
			return err
		}
		for _, r := range records {
			if c := r.Citation(); c != nil {
				claims[c.Claim] = true
			}
		}
	}
	for id := range written {
		delete(claims, id) // what goes with it was written with it
	}
	for batch := range slices.Chunk(sortedIDs(claims), store.MaxBatch) {
		was, err := d.was.Get(ctx, batch)
		if err != nil {
			return err
		}
		is, err := d.is.Get(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			in := d.was
			switch {
			case (was[id] == nil) == (is[id] == nil):
				continue
			case was[id] == nil:
				in = d.is
			}
			w.add(id)
			for f, err := range in.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{id}, Limit: store.MaxBatch}) {
				if err != nil {
					return err
				}
				w.add(f.Record.ID())
			}
		}
	}
	return nil
}
