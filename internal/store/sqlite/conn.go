package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	modernc "modernc.org/sqlite"
)

// conn is one connection to the file. It speaks to the driver without
// database/sql, whose scanning costs more than what it scans, and keeps every
// statement it has prepared: all texts are constants, or are built from counts
// alone, so there are few of them. One goroutine uses a conn at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	read  int // rows read so far, which tests look at
	// feed is what temp.feed reads from; nil on connections that only read. hangUp
	// is called when the connection is closed, where it is set.
	feed   *feed
	hangUp func()
}

// dial opens a connection and runs its settings.
func dial(dsn string, settings ...string) (*conn, error) {
	return dialBy(&modernc.Driver{}, dsn, settings...)
}

func dialBy(by *modernc.Driver, dsn string, settings ...string) (*conn, error) {
	raw, err := by.Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]driver.Stmt{}}
	for _, s := range settings {
		if err := c.script(context.Background(), s); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// script runs statements that are not worth keeping.
func (c *conn) script(ctx context.Context, sql string) error {
	execer, ok := c.raw.(driver.ExecerContext)
	if !ok {
		return fmt.Errorf("the SQLite driver %T cannot run scripts", c.raw)
	}
	_, err := execer.ExecContext(ctx, sql, nil)
	return err
}

func (c *conn) prepare(sql string) (driver.Stmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("preparing %.80q: %w", sql, err)
	}
	c.stmts[sql] = s
	return s, nil
}

// named gives arguments the form that the driver wants: int64, string, []byte
// or nil.
func named(args []any) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return values
}

// upTo ends a query after so many rows. The value is not given to LIMIT as it is:
// SQLite would look at it to make its plan, and where it is the 32nd parameter or a
// later one, make the plan anew whenever one of these is bound.
const upTo = " LIMIT 0 + ?"

// exec runs one statement for its effect. It is quick and, like query, looks at
// the context only before it begins.
func (c *conn) exec(ctx context.Context, sql string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.await(context.Background(), sql, args...)
}

// await is exec for a statement that may have to wait for a lock, which it does
// no longer than the context lasts.
func (c *conn) await(ctx context.Context, sql string, args ...any) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	_, err = s.(driver.StmtExecContext).ExecContext(ctx, named(args)) //nolint:forcetypeassert // the driver's statements are
	return err
}

// errEnough ends a query early without an error.
var errEnough = errors.New("enough rows")

// query calls each for every row. The statement is done when query returns, so
// that each may run any statement but the same one.
//
// The context is looked at between rows rather than given to the driver, which
// would start a goroutine for every query.
func (c *conn) query(ctx context.Context, sql string, args []any, each func(row) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), named(args)) //nolint:forcetypeassert // the driver's statements are
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	r := make(row, len(rows.Columns()))
	for n := 1; ; n++ {
		switch err := rows.Next(r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		c.read++
		if err := each(r); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
		if n%64 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

// one reads the first row; found is false where there is none.
func (c *conn) one(ctx context.Context, sql string, args []any, read func(row) error) (found bool, err error) {
	err = c.query(ctx, sql, args, func(r row) error {
		found = true
		if err := read(r); err != nil {
			return err
		}
		return errEnough
	})
	return found, err
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	if c.hangUp != nil {
		c.hangUp()
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// row is one row of an answer. Tables are strict, so a column of another type
// than asked for is damage to the file; it reads as zero and fails later, where
// it is decoded or compared with the log.
type row []driver.Value

func (r row) int(i int) int64    { n, _ := r[i].(int64); return n }
func (r row) text(i int) string  { s, _ := r[i].(string); return s }
func (r row) bytes(i int) []byte { b, _ := r[i].([]byte); return b }

// narrow is a number of the file in a smaller type. One that does not fit becomes the
// greatest of the type, and not what is left of it when the rest is cut off, which would
// look like one that was written.
func narrow[T ~uint8 | ~uint32](n int64) T {
	return T(min(uint64(n), uint64(^T(0)))) //nolint:gosec // a negative number becomes a great one
}
