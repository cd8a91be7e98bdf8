package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// aside are tables and indexes that were taken out of the schema, by name, so that their
// pages are made here and not by SQLite.
type aside map[string]schemaRow

// schemaRow is how the file's schema names a table or index.
type schemaRow struct{ kind, name, table, sql string }

// setAside takes empty tables and their indexes out of the schema.
func (c *conn) setAside(ctx context.Context, tables ...string) (aside, error) {
	a := aside{}
	for _, table := range tables {
		err := c.query(ctx, "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name = ?", []any{table}, func(r row) error {
			a[r.text(1)] = schemaRow{r.text(0), r.text(1), r.text(2), r.text(3)}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if a[table].kind != "table" {
			return nil, fmt.Errorf("the file has no table %s; run `vinculo verify`", table)
		}
		if err := c.script(ctx, "DROP TABLE "+table); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Settings for what is written to the schema by itself, and not by a statement that
// makes a table.
const (
	schemaWritable = "PRAGMA writable_schema = ON"
	schemaRead     = "PRAGMA writable_schema = RESET" // and read what it says now
)

// bring puts tables and indexes, whose roots are there, back into the schema. After the
// transaction is taken back, the connection may not be used: it has read a schema that
// is gone.
func (a aside) bring(ctx context.Context, c *conn, roots map[string]uint32) error {
	if err := c.script(ctx, schemaWritable); err != nil {
		return err
	}
	for _, kind := range []string{"table", "index"} { // SQLite wants to know the table of an index
		for _, name := range slices.Sorted(maps.Keys(roots)) {
			is := a[name]
			if is.kind != kind {
				continue
			}
			if err := c.exec(ctx, "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", is.kind, is.name, is.table, int64(roots[name]), is.sql); err != nil {
				return err
			}
			delete(a, name)
		}
	}
	return c.script(ctx, schemaRead)
}

// pagesAtOnce is how many pages one statement writes.
const pagesAtOnce = 512

// addPages has pages made and writes them behind all others of the file. What makes
// them runs beside what writes them, and may not use the connection.
func (c *conn) addPages(ctx context.Context, p *pages, fill func(context.Context) error) error {
	// At the end of a savepoint SQLite learns from the first page how many there are,
	// and from then on gives out numbers behind them. At its begin the words that are
	// still in memory are written, which takes pages.
	if err := c.script(ctx, "SAVEPOINT pages"); err != nil {
		return err
	}
	if _, err := c.one(ctx, "PRAGMA page_count", nil, func(r row) error {
		p.start(uint32(r.int(0))) //nolint:gosec // SQLite has no more
		return nil
	}); err != nil {
		return err
	}
	filling, filled := errgroup.WithContext(ctx)
	filling.Go(func() error {
		defer close(p.made)
		return fill(filled)
	})
	err := c.insert(ctx, "INSERT INTO sqlite_dbpage (pgno, data) SELECT a, b FROM temp.feed", &handedPages{pages: p}, pagesAtOnce)
	close(p.quit)
	if e := filling.Wait(); e != nil {
		err = e
	}
	if err == nil {
		err = c.count(ctx, p.last)
	}
	if err == nil {
		err = c.script(ctx, "RELEASE pages")
	}
	return err // after which the transaction is taken back as a whole
}

// The first page of a file has how much of each page is reserved, and how many there are.
const reservedAt, countAt = 20, 28

// header is the first page.
func (c *conn) header(ctx context.Context) (header []byte, err error) {
	_, err = c.one(ctx, "SELECT data FROM sqlite_dbpage WHERE pgno = 1", nil, func(r row) error {
		header = r.bytes(0)
		return nil
	})
	return header, err
}

// pages are those of the file.
func (c *conn) pages(ctx context.Context) (*pages, error) {
	header, err := c.header(ctx)
	if err != nil {
		return nil, err
	}
	return newPages(len(header), int(header[reservedAt])), nil
}

// count says in the file how many pages it has.
func (c *conn) count(ctx context.Context, n uint32) error {
	header, err := c.header(ctx)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(header[countAt:], n)
	return c.exec(ctx, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = 1", header)
}

// handedPages gives pages to a feed as they are made. It implements rows.
type handedPages struct {
	*pages
	now numberedPage
}

func (h *handedPages) next() (bool, error) {
	if h.now.data != nil {
		h.giveBack(h.now.data) // SQLite has its own copy
	}
	var more bool
	h.now, more = <-h.made
	return more, nil
}

func (h *handedPages) column(i int) driver.Value {
	if i == 0 {
		return int64(h.now.number)
	}
	return h.now.data
}
