package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// counters are what is to be added to the rows of the table counter. Revisions of an
// import add to hundreds of thousands, most of them once or twice: to note each and to
// sort them in the end takes less than to look each up.
type counters struct {
	kindNumbers
	noted []counted
}

// counted is what is to be added to a row.
type counted struct {
	of, n                         int64
	kind                          uint16
	kindOf, direction, visibility uint8
}

// counterRow is a row with what is to be added to it.
type counterRow struct {
	of, kindOf, direction, visibility int64
	kind                              string
	n                                 int64
}

// add adds what a revision counts.
func (c *counters) add(more map[evidence.CounterKey]int, numOf func(evidence.ID) (int64, error)) error {
	if cap(c.noted)-len(c.noted) < len(more) {
		c.noted = slices.Grow(c.noted, max(len(more), len(c.noted))) // so long a slice is not to be copied often
	}
	for k, n := range more {
		row := counted{n: int64(n), kind: c.kind(k.Kind), kindOf: uint8(k.Type), direction: uint8(k.Direction), visibility: uint8(k.Visibility)}
		if k.Of != "" {
			var err error
			if row.of, err = numOf(k.Of); err != nil {
				return err
			}
		}
		c.noted = append(c.noted, row)
	}
	return nil
}

// word orders the rows as their keys do; ranks are those of the kinds by name.
func (k *counted) word(ranks []uint16) uint64 {
	return uint64(k.of)<<22 | uint64(k.kindOf)<<18 | uint64(k.direction)<<16 | uint64(ranks[k.kind])<<2 | uint64(k.visibility) //nolint:gosec // never negative, and each is far below its room
}

// sorted gives the rows that change, in the order of their keys.
func (c *counters) sorted() iter.Seq[counterRow] { return c.give }

func (c *counters) give(yield func(counterRow) bool) {
	order := make([]int, len(c.kinds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(c.kinds[a], c.kinds[b]) })
	ranks := make([]uint16, len(order))
	for rank, kind := range order {
		ranks[kind] = uint16(rank) //nolint:gosec // a vocabulary is far smaller
	}
	words := make([]worded, len(c.noted))
	for i := range c.noted {
		words[i] = worded{c.noted[i].word(ranks), uint32(i)} //nolint:gosec // memory ends before
	}
	words, _ = sortWorded(words, make([]worded, len(words)))
	for i := 0; i < len(words); {
		k, word := &c.noted[words[i].at], words[i].word
		row := counterRow{of: k.of, kindOf: int64(k.kindOf), direction: int64(k.direction), visibility: int64(k.visibility), kind: c.kinds[k.kind]}
		for ; i < len(words) && words[i].word == word; i++ {
			row.n += c.noted[words[i].at].n
		}
		if row.n != 0 && !yield(row) {
			return
		}
	}
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

// flush adds to the table, where the rows may be there.
func (c *counters) flush(ctx context.Context, to *conn) error {
	// WHERE true keeps the parser from taking ON for a join's.
	err := to.insert(ctx, "INSERT INTO counter (of, type, direction, kind, visibility, n) SELECT a, b, c, d, e, f FROM temp.feed WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n", listed(slices.Collect(c.sorted()), (*counterRow).column), feedRows)
	c.noted = c.noted[:0]
	return err
}
