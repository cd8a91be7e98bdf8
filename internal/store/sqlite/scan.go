package sqlite

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Scan implements store.Store. It reads one state of the file.
func (s *Store) Scan(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		stopped := false
		err := s.Still(ctx, func(state store.State) error {
			for r, err := range state.Scan(ctx) {
				if stopped = !yield(r, err); stopped || err != nil {
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(store.Row{}, err)
		}
	}
}

// still is one state of the file.
type still struct{ g *graph }

var _ store.Still = (*Store)(nil)

// Still implements store.Still: with one transaction, on a connection of its own,
// since it may take long.
func (s *Store) Still(ctx context.Context, look func(store.State) error) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	c, err := s.dialReader()
	if err != nil {
		return s.wrap(err)
	}
	defer c.close() //nolint:errcheck // it has only read
	g, err := s.begin(ctx, c)
	if err != nil {
		return err
	}
	defer s.end(c) //nolint:errcheck // it has only read
	return look(still{g})
}

// Head implements store.State.
func (x still) Head(context.Context) (evidence.Head, error) { return x.g.head, nil }

// Log implements store.State.
func (x still) Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	s := x.g.store
	return s.pagesOfLog(ctx, after, func(read func(*conn) error) error {
		if err := s.open(ctx); err != nil {
			return err
		}
		return s.wrap(read(x.g.conn))
	})
}

// Scan implements store.State.
func (x still) Scan(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		scanning := scanner{g: x.g, yield: func(r store.Row) bool { return yield(r, nil) }}
		if err := scanning.all(ctx); err != nil {
			yield(store.Row{}, x.g.store.wrap(err))
		}
	}
}

// scanner yields the rows of each kind. Rows are read a page at a time, so that
// no statement is under way while the caller has a row.
type scanner struct {
	g       *graph
	yield   func(store.Row) bool
	stopped bool
	faults  []string // of the store as a whole
}

func (x *scanner) all(ctx context.Context) error {
	for _, part := range []func(context.Context) error{x.counters, x.derived, x.revisions, x.tokens, x.versions, x.whole} {
		if err := x.g.store.open(ctx); err != nil {
			return err
		}
		if err := part(ctx); err != nil || x.stopped {
			return err
		}
	}
	return nil
}

func (x *scanner) give(rows []store.Row) {
	for _, r := range rows {
		if x.stopped = !x.yield(r); x.stopped {
			return
		}
	}
}

// identified is a record's number and id.
type identified struct {
	num int64
	id  string
}

// each calls read for pages of records in the order of their ids.
func (x *scanner) each(ctx context.Context, read func([]identified) error) error {
	for last := ""; ; {
		var page []identified
		err := x.g.conn.query(ctx, "SELECT num, id FROM record WHERE id > ? ORDER BY id"+upTo, []any{last, int64(x.g.store.limits.page)}, func(r row) error {
			page = append(page, identified{r.int(0), r.text(1)})
			return nil
		})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := read(page); err != nil || x.stopped {
			return err
		}
		last = page[len(page)-1].id
	}
}

func (x *scanner) counters(ctx context.Context) error {
	count := func(page []identified) error {
		var rows []store.Row
		for _, of := range page {
			err := x.g.conn.query(ctx, "SELECT type, direction, kind, visibility, n FROM counter WHERE of = ? AND n <> 0 ORDER BY type, direction, kind, visibility", []any{of.num}, func(r row) error {
				rows = append(rows, store.CounterToRow(evidence.CounterKey{
					Of: evidence.ID(of.id), Type: narrow[evidence.RecordType](r.int(0)), Direction: narrow[evidence.Direction](r.int(1)),
					Kind: r.text(2), Visibility: narrow[evidence.Clearance](r.int(3)),
				}, int(r.int(4))))
				return nil
			})
			if err != nil {
				return err
			}
		}
		x.give(rows)
		return nil
	}
	if err := count([]identified{{}}); err != nil || x.stopped {
		return err
	}
	return x.each(ctx, count)
}

// derived also tells, as faults, what the lists and the copy for traversal have
// wrong. What belongs to no record is told by whole.
func (x *scanner) derived(ctx context.Context) error {
	check := audit{g: x.g}
	defer check.close()
	if err := check.begin(ctx); err != nil {
		return err
	}
	err := x.each(ctx, func(page []identified) error {
		if err := check.page(ctx, page); err != nil {
			return err
		}
		var rows []store.Row
		for _, of := range page {
			lines, err := x.recordDerived(ctx, &check, of)
			if err != nil {
				return err
			}
			rows = append(rows, lines...)
		}
		x.give(rows)
		return nil
	})
	if err != nil || x.stopped {
		return err
	}
	x.faults, err = check.rest(ctx)
	return err
}

// whole tells the faults of the store as a whole, a row for each.
func (x *scanner) whole(context.Context) error {
	slices.Sort(x.faults)
	var rows []store.Row
	for _, fault := range slices.Compact(x.faults) {
		rows = append(rows, store.Row{Kind: store.WholeRow, Key: fault, Fault: fault})
	}
	x.give(rows)
	return nil
}

// recordDerived gives the rows of one record, the newest first, and has the record
// audited. A version that does not decode is told of by its own row.
func (x *scanner) recordDerived(ctx context.Context, check *audit, of identified) ([]store.Row, error) {
	lines := []store.Row{{}} // the first is of the newest version, which is read first
	var newest *evidence.Record
	var formers []*evidence.Record
	var kind evidence.RecordType
	var changed int64
	found, err := x.g.conn.one(ctx, "SELECT type, from_seq, to_seq, derived, content, changed FROM record WHERE num = ?", []any{of.num}, func(r row) error {
		kind, changed = narrow[evidence.RecordType](r.int(0)), r.int(5)
		lines[0] = store.DerivedToRow(evidence.ID(of.id), r.bytes(3))
		if whole, err := recordOf(kind, r.int(1), r.int(2), r.bytes(3), r.bytes(4)); err == nil {
			newest = whole
		}
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	err = x.g.conn.query(ctx, "SELECT from_seq, to_seq, derived, content FROM version WHERE num = ? ORDER BY from_seq", []any{of.num}, func(r row) error {
		lines = append(lines, store.FormerToRow(evidence.ID(of.id), evidence.Sequence(r.int(0)), r.bytes(2))) //nolint:gosec // never negative
		former, err := recordOf(kind, r.int(0), r.int(1), r.bytes(2), r.bytes(3))
		if err != nil {
			newest = nil
		}
		formers = append(formers, former)
		return nil
	})
	if err == nil && newest != nil {
		lines[0].Fault, err = check.record(ctx, of.num, changed, newest, formers)
	}
	return lines, err
}

func (x *scanner) revisions(ctx context.Context) error {
	for last := int64(0); ; {
		var rows []store.Row
		size := 0
		err := x.g.conn.query(ctx, "SELECT "+revisionColumns+", payload FROM revision WHERE seq > ? ORDER BY seq"+upTo, []any{last, int64(x.g.store.limits.page)}, func(r row) error {
			rev, fault := revisionOf(r)
			line, err := store.RevisionToRow(rev)
			if err != nil {
				return err
			}
			if fault == nil && (len(r.bytes(1)) != len(rev.Hash) || len(r.bytes(2)) != len(rev.Hash) || len(r.bytes(4)) != len(rev.Hash)) {
				fault = errors.New("its hash, the previous hash or the root has more or fewer bytes than a hash")
			}
			if fault != nil {
				line.Fault = fault.Error()
			}
			rows, last = append(rows, line), r.int(0)
			if size += len(r.bytes(13)); size > x.g.store.limits.logBytes {
				return errEnough
			}
			return nil
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		if x.give(rows); x.stopped {
			return nil
		}
	}
}

func (x *scanner) tokens(ctx context.Context) error {
	s := &spans{wide: true} // wideSpans of them
	for _, anchor := range []int64{tokensNamed, tokensPlaceholder} {
		for slot := range int64(evidence.Hidden) {
			s.of = append(s.of, span{anchor: anchor, slot: slot})
		}
	}
	for {
		places, more, err := x.g.take(ctx, s, x.g.store.limits.page)
		if err != nil {
			return err
		}
		var rows []store.Row
		for _, p := range places {
			var t evidence.Token
			t.Text = p.key[:len(p.key)-len(idOf(p.key))-1]
			t.Visibility, t.Placeholder = evidence.Clearance(p.slot), p.anchor == tokensPlaceholder //nolint:gosec // a small number
			rows = append(rows, store.TokenToRow(idOf(p.key), t))
		}
		if x.give(rows); x.stopped || !more {
			return nil
		}
	}
}

func (x *scanner) versions(ctx context.Context) error {
	return x.each(ctx, func(page []identified) error {
		var rows []store.Row
		for _, of := range page {
			add := func(r row) error {
				from, to := evidence.Sequence(r.int(1)), evidence.Sequence(r.int(2)) //nolint:gosec // whatever they are, the row says so
				rows = append(rows, store.VersionToRow(evidence.ID(of.id), narrow[evidence.RecordType](r.int(0)), from, to, r.bytes(3)))
				return nil
			}
			err := x.g.conn.query(ctx, "SELECT (SELECT type FROM record WHERE num = v.num), v.from_seq, v.to_seq, v.content FROM version v WHERE v.num = ? ORDER BY v.from_seq", []any{of.num}, add)
			if err != nil {
				return err
			}
			if _, err := x.g.conn.one(ctx, "SELECT type, from_seq, to_seq, content FROM record WHERE num = ?", []any{of.num}, add); err != nil {
				return err
			}
		}
		x.give(rows)
		return nil
	})
}
