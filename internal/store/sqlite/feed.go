package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	modernc "modernc.org/sqlite"
	"modernc.org/sqlite/vtab"
)

// A feed is a virtual table of the writing connection that SQLite reads rows
// from which are in this program's memory. `INSERT INTO … SELECT … FROM feed`
// runs one statement for thousands of rows: on the machine of the benchmarks a
// row of a list then costs 0.7 µs, where binding and running one statement for
// each costs 1.9 µs.

// feedColumns is how many columns a feed has; those that a statement does not
// select cost nothing.
const feedColumns = 8

// feedModule is the name of the virtual tables' module.
const feedModule = "vinculo_feed"

// feedRows is how many rows one statement takes from a feed at most, so that
// what SQLite notes to take the statement back alone stays small.
const feedRows = 20_000

// rows gives rows to a feed. They are read once, from the first to the last.
type rows interface {
	// next moves on to a row, the first at first; false behind the last.
	next() (bool, error)
	// column is a value of the row: int64, string, []byte or nil.
	column(i int) driver.Value
}

// feeds are the feeds of all writing connections by their number, by which the
// module finds the one that a virtual table was declared for. The driver keeps
// modules for the life of the process, so there is only one.
var (
	feeds     sync.Map
	feedCount atomic.Int64
)

// writers opens connections that have the module.
var writers = sync.OnceValues(func() (*modernc.Driver, error) {
	d := &modernc.Driver{}
	return d, d.RegisterModule(feedModule, feeding{})
})

// dialFed opens a connection with a feed and runs its settings.
func dialFed(dsn string, settings ...string) (*conn, error) {
	d, err := writers()
	if err != nil {
		return nil, err
	}
	number, f := strconv.FormatInt(feedCount.Add(1), 10), &feed{}
	feeds.Store(number, f)
	c, err := dialBy(d, dsn, append(settings, "CREATE VIRTUAL TABLE temp.feed USING "+feedModule+"("+number+")")...)
	if err != nil {
		feeds.Delete(number)
		return nil, err
	}
	c.feed, c.hangUp = f, func() { feeds.Delete(number) }
	return c, nil
}

// insert runs a statement that selects from temp.feed with the rows given, in
// pieces of at most a number of rows.
func (c *conn) insert(ctx context.Context, sql string, from rows, piece int) error {
	c.feed.rows, c.feed.err = from, nil
	defer func() { c.feed.rows = nil }()
	for {
		ok, err := from.next()
		if err != nil || !ok {
			return err
		}
		c.feed.left = piece
		if err := c.exec(ctx, sql); err != nil {
			return errors.Join(c.feed.err, err)
		}
		if c.feed.left > 0 {
			return nil
		}
	}
}

// feed is the table and its one cursor.
type feed struct {
	rows rows
	left int // how many rows the statement may still have, the present one included
	err  error
}

// feeding is the module.
type feeding struct{}

// Create implements vtab.Module.
func (feeding) Create(c vtab.Context, args []string) (vtab.Table, error) {
	if len(args) != 4 {
		return nil, fmt.Errorf("a feed is declared with its number, not with %d arguments", len(args))
	}
	f, ok := feeds.Load(args[3])
	if !ok {
		return nil, fmt.Errorf("there is no feed %s", args[3])
	}
	names := make([]string, feedColumns)
	for i := range names {
		names[i] = string(rune('a' + i))
	}
	return f.(*feed), c.Declare("CREATE TABLE feed (" + strings.Join(names, ", ") + ")") //nolint:forcetypeassert // the map holds feeds
}

// Connect implements vtab.Module.
func (m feeding) Connect(c vtab.Context, args []string) (vtab.Table, error) { return m.Create(c, args) }

// BestIndex implements vtab.Table: there is one way to read it.
func (f *feed) BestIndex(info *vtab.IndexInfo) error {
	info.EstimatedRows = feedRows
	return nil
}

// Open implements vtab.Table.
func (f *feed) Open() (vtab.Cursor, error) { return f, nil }

// Disconnect implements vtab.Table.
func (f *feed) Disconnect() error { return nil }

// Destroy implements vtab.Table.
func (f *feed) Destroy() error { return nil }

// Filter implements vtab.Cursor. The first row is there already.
func (f *feed) Filter(int, string, []vtab.Value) error { return nil }

// Next implements vtab.Cursor. Behind the last row of a piece the rows stay
// where they are, for insert to move on.
func (f *feed) Next() error {
	if f.left--; f.left == 0 {
		return nil
	}
	ok, err := f.rows.next()
	if err != nil {
		f.err = err // SQLite passes on only its text
		return err
	}
	if !ok {
		f.rows = nil
	}
	return nil
}

// Eof implements vtab.Cursor.
func (f *feed) Eof() bool { return f.rows == nil || f.left == 0 }

// Column implements vtab.Cursor.
func (f *feed) Column(i int) (vtab.Value, error) { return f.rows.column(i), nil }

// Rowid implements vtab.Cursor. Nothing asks for it.
func (f *feed) Rowid() (int64, error) { return 0, nil }

// Close implements vtab.Cursor.
func (f *feed) Close() error { return nil }

// list gives the rows of a slice, each by a function of its values.
type list[T any] struct {
	of     []T
	at     int
	values func(of *T, column int) driver.Value
}

func listed[T any](of []T, values func(of *T, column int) driver.Value) *list[T] {
	return &list[T]{of: of, at: -1, values: values}
}

func (l *list[T]) next() (bool, error) {
	l.at++
	return l.at < len(l.of), nil
}

func (l *list[T]) column(i int) driver.Value { return l.values(&l.of[l.at], i) }
