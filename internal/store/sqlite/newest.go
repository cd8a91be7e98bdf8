package sqlite

import (
	"context"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Records are numbered in the order in which they are first written, so those of a
// moment of the past have numbers up to one: rows of lists that lead to later ones
// are passed over without a look at the record. For who may not see what was added
// to a list since, looking would also take time, and so tell of it.

// newest is the highest number of a record that may have been there at the view's
// moment; 0 where any may be.
func (r *reader) newest(ctx context.Context) (int64, error) {
	if r.view.IsNow() || r.view.KnownAt >= r.g.head.Sequence || r.g.written != nil {
		return 0, nil
	}
	return r.g.newestAt(ctx, r.view.KnownAt)
}

// newestAt finds, by halving, the last of the numbers whose record was first written
// by a revision. An erasure takes records out and leaves those that remain in their
// order; so a number that was found before it bounds them still.
func (g *graph) newestAt(ctx context.Context, at evidence.Sequence) (int64, error) {
	if num, ok := g.store.moments.get(at); ok {
		return num, nil
	}
	var low, high int64 // records up to low are of the moment, those above high are not
	if _, err := g.conn.one(ctx, "SELECT max(num) FROM record", nil, func(r row) error { high = r.int(0); return nil }); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low+1)/2
		// Of numbers that are no more, the one below tells.
		var num, from int64
		found, err := g.conn.one(ctx, firstWritten, []any{middle}, func(r row) error { num, from = r.int(0), r.int(1); return nil })
		switch {
		case err != nil:
			return 0, err
		case !found || num <= low:
			low = middle // nothing between them
		case from <= int64(at): //nolint:gosec // never that large
			low = middle
		default:
			high = num - 1
		}
	}
	g.store.moments.keep(at, low)
	return low, nil
}

// firstWritten gives the record of the highest number up to one, with the revision
// that first wrote it.
const firstWritten = `SELECT num, coalesce((SELECT min(from_seq) FROM version WHERE version.num = record.num), from_seq)
	FROM record WHERE num <= ? ORDER BY num DESC LIMIT 1`

// maxMoments is for how many moments the number is kept.
const maxMoments = 1000

// moments keep what newestAt found.
type moments struct {
	mu sync.Mutex
	at map[evidence.Sequence]int64
}

func (n *moments) get(at evidence.Sequence) (int64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	num, ok := n.at[at]
	return num, ok
}

func (n *moments) keep(at evidence.Sequence, num int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.at == nil || len(n.at) >= maxMoments {
		n.at = map[evidence.Sequence]int64{}
	}
	n.at[at] = num
}
