package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// counters are what is to be added to the rows of the table counter.
type counters struct {
	kindNumbers
	n map[counted]int64
}

// counted names a row. Revisions of an import count hundreds of thousands: without a
// text in it, it is found in half the time.
type counted struct {
	of                            int64
	kind                          uint16
	kindOf, direction, visibility uint8
}

// counterRow is a row with what is to be added to it.
type counterRow struct {
	of, kindOf, direction, visibility int64
	kind                              string
	n                                 int64
}

func newCounters() counters { return counters{n: map[counted]int64{}} }

// add adds what a revision counts.
func (c *counters) add(more map[evidence.CounterKey]int, numOf func(evidence.ID) (int64, error)) error {
	for k, n := range more {
		row := counted{kind: c.kind(k.Kind), kindOf: uint8(k.Type), direction: uint8(k.Direction), visibility: uint8(k.Visibility)}
		if k.Of != "" {
			var err error
			if row.of, err = numOf(k.Of); err != nil {
				return err
			}
		}
		c.n[row] += int64(n)
	}
	return nil
}

// sorted gives the rows that change, in the order of their keys.
func (c *counters) sorted() []counterRow {
	rows := make([]counterRow, 0, len(c.n))
	for k, n := range c.n {
		if n != 0 {
			rows = append(rows, counterRow{of: k.of, kindOf: int64(k.kindOf), direction: int64(k.direction), visibility: int64(k.visibility), kind: c.kinds[k.kind], n: n})
		}
	}
	slices.SortFunc(rows, func(x, y counterRow) int {
		if x.of != y.of {
			return cmp.Compare(x.of, y.of)
		}
		return cmp.Or(cmp.Compare(x.kindOf, y.kindOf), cmp.Compare(x.direction, y.direction), cmp.Compare(x.kind, y.kind), cmp.Compare(x.visibility, y.visibility))
	})
	return rows
}

func (r *counterRow) column(i int) driver.Value {
	switch i {
	case 0:
		return r.of
	case 1:
		return r.kindOf
	case 2:
		return r.direction
	case 3:
		return r.kind
	case 4:
		return r.visibility
	default:
		return r.n
	}
}

const insertCounters = "INSERT INTO counter (of, type, direction, kind, visibility, n) SELECT a, b, c, d, e, f FROM temp.feed"

// flush adds to the table, where the rows may be there.
func (c *counters) flush(ctx context.Context, to *conn) error {
	// WHERE true keeps the parser from taking ON for a join's.
	err := to.insert(ctx, insertCounters+" WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n", listed(c.sorted(), (*counterRow).column), feedRows)
	clear(c.n)
	return err
}
