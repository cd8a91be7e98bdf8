package sqlite

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// What a first load takes out of the schema when it begins, and makes the pages of.
const (
	placeTable   = "place"
	counterTable = "counter"
	recordTable  = "record"
	recordIndex  = "record_id"
)

// tables are those whose pages a first load makes.
type tables struct {
	aside aside
	pages *pages
	// records are the pages of the table of records, as far as there are any; nil
	// when it is in the schema again, so that it can be read.
	records *tableLeaves
}

// setAside takes out of the schema what is made here.
func (f *first) setAside(ctx context.Context) (err error) {
	c := f.t.conn
	f.records = &tableLeaves{}
	if f.aside, err = c.setAside(ctx, placeTable, counterTable, recordTable); err != nil {
		return err
	}
	if f.pages, err = c.pages(ctx); err != nil {
		return err
	}
	return c.script(ctx, loadedWords)
}

// addRecords writes records, which come in the order of their numbers.
func (f *first) addRecords(ctx context.Context, g *gathered) error {
	if f.records == nil {
		return g.flushRecords(ctx, f.t.conn)
	}
	return f.t.conn.addPages(ctx, f.pages, func(context.Context) error {
		var v values
		for i := range g.records {
			v.recordRow(&g.records[i])
			f.records.add(f.pages, g.records[i].num, &v)
		}
		return nil
	})
}

// recordRow makes the values those of a row of the table of records.
func (v *values) recordRow(r *recordRow) {
	v.reset()
	v.null()
	v.text(r.id)
	v.integer(r.of)
	v.integer(r.from)
	v.integer(r.to)
	v.integer(r.from)
	v.blob(r.derived)
	v.blob(r.content)
}

// readRecords makes the records readable, all that come after are written by SQLite.
// Nothing may be written meanwhile.
func (f *first) readRecords(ctx context.Context) error {
	if f.records == nil {
		return nil
	}
	var root uint32
	err := f.t.conn.addPages(ctx, f.pages, func(context.Context) error {
		root = f.pages.root(tableInterior, f.records.end(f.pages))
		return nil
	})
	if err != nil {
		return err
	}
	f.records = nil
	return f.aside.bring(ctx, f.t.conn, map[string]uint32{recordTable: root})
}

// makeTables makes all that is still aside.
func (f *first) makeTables(ctx context.Context) error {
	roots := map[string]uint32{}
	p := f.pages
	err := f.t.conn.addPages(ctx, p, func(ctx context.Context) error {
		if f.records != nil {
			roots[recordTable] = p.root(tableInterior, f.records.end(p))
		}
		var ids, lists, counters tier
		work, ctx := errgroup.WithContext(ctx)
		work.Go(func() error {
			ids = f.ids(p)
			return ctx.Err()
		})
		work.Go(func() error {
			counters = f.counters.pages(p)
			return ctx.Err()
		})
		work.Go(func() (err error) {
			lists, err = f.runs.pages(ctx, p)
			return err
		})
		err := work.Wait()
		roots[recordIndex], roots[counterTable], roots[placeTable] = p.root(indexInterior, ids), p.root(indexInterior, counters), p.root(indexInterior, lists)
		return err
	})
	if err != nil {
		return err
	}
	return f.aside.bring(ctx, f.t.conn, roots)
}

// ids makes the leaves of the index of ids.
func (f *first) ids(p *pages) tier {
	l := p.leaves()
	var v values
	for _, next := range inOrder(len(f.numbers.refs), f.numbers.text) {
		v.reset()
		v.text(f.numbers.text(next.at))
		v.integer(int64(next.at) + 1)
		l.add(&v)
	}
	return l.end()
}

// pages makes the leaves of the table of counters.
func (c *counters) pages(p *pages) tier {
	l := p.leaves()
	var v values
	for r := range c.sorted() {
		v.reset()
		v.integer(r.of)
		v.integer(r.kindOf)
		v.integer(r.direction)
		v.text(r.kind)
		v.integer(r.visibility)
		v.integer(r.n)
		l.add(&v)
	}
	return l.end()
}

// pages makes the leaves of the lists.
func (r *runs) pages(ctx context.Context, p *pages) (tier, error) {
	parts, between, err := r.parts(builders())
	if err != nil {
		return tier{}, err
	}
	made := make([]tier, len(parts))
	work, ctx := errgroup.WithContext(ctx)
	for i, m := range parts {
		work.Go(func() (err error) {
			made[i], err = m.pages(ctx, p)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return tier{}, err
	}
	all := made[0]
	var v values
	for i := range between {
		v.place(&between[i])
		all.join(p.indexCell(nil, v.record(nil)), made[i+1])
	}
	return all, nil
}

// pages makes the leaves of the rows that are left.
func (m *merge) pages(ctx context.Context, p *pages) (tier, error) {
	l := p.leaves()
	var v values
	for n := 1; ; n++ {
		more, err := m.next()
		if err != nil {
			return tier{}, err
		}
		if !more {
			return l.end(), nil
		}
		v.place(&m.now)
		l.add(&v)
		if n%feedRows == 0 && ctx.Err() != nil {
			return tier{}, ctx.Err()
		}
	}
}

// place makes the values those of a row of a list.
func (v *values) place(p *place) {
	v.reset()
	v.integer(p.anchor)
	v.integer(p.slot)
	v.text(p.key)
	v.integer(p.num)
}
