package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// graph is the state that one transaction on one connection sees.
type graph struct {
	store *Store
	conn  *conn
	head  evidence.Head
	// written holds what the transaction itself has written; nil for readers.
	// Nothing of it may reach the shared cache before it is committed.
	written map[evidence.ID]entry
	// flushLists writes lists that the transaction has changed and not yet
	// written; nil for readers.
	flushLists func(context.Context) error
}

const recordColumns = "num, id, type, from_seq, to_seq, changed, derived, content"

const derivedColumn, contentColumn = 6, 7

// batches are the sizes of IN lists; a list is padded to the next of them, so
// that few statements are prepared.
var batches = [...]int{1, 4, 16, 64, 256}

// inBatches runs a query that ends in an IN list for each batch of values. A
// padded list repeats its last value.
func inBatches[T any](ctx context.Context, g *graph, query string, values []T, each func(row) error) error {
	for len(values) > 0 {
		size := batches[len(batches)-1]
		for _, b := range batches {
			if b >= len(values) {
				size = b
				break
			}
		}
		n := min(size, len(values))
		args := make([]any, size)
		for i := range args {
			args[i] = values[min(i, n-1)]
		}
		if err := g.conn.query(ctx, query+inLists[size], args, each); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

var inLists = func() map[int]string {
	lists := map[int]string{}
	for _, b := range batches {
		lists[b] = "(?" + strings.Repeat(", ?", b-1) + ")"
	}
	return lists
}()

// entryOf reads a row of recordColumns.
func entryOf(r row) (entry, error) {
	record, err := recordOf(narrow[evidence.RecordType](r.int(2)), r.int(3), r.int(4), r.bytes(derivedColumn), r.bytes(contentColumn))
	if err != nil {
		return entry{}, fmt.Errorf("record %q: %w", r.text(1), err)
	}
	return entry{num: r.int(0), changed: evidence.Sequence(r.int(5)), size: len(r.bytes(derivedColumn)) + len(r.bytes(contentColumn)), record: record}, nil //nolint:gosec // never negative
}

func recordOf(t evidence.RecordType, from, to int64, derived, content []byte) (*evidence.Record, error) {
	r := &evidence.Record{From: evidence.Sequence(from), To: evidence.Sequence(to)} //nolint:gosec // never negative
	var err error
	if r.Content, err = evidence.DecodeContent(t, content); err != nil {
		return nil, err
	}
	r.Derived, err = evidence.DecodeDerived(derived)
	return r, err
}

// known gives the entry of an id without asking the file.
func (g *graph) known(id evidence.ID) (entry, bool) {
	if e, ok := g.written[id]; ok {
		return e, true
	}
	return g.store.cache.get(id, g.head.Sequence)
}

// keep keeps an entry that was read from a row of recordColumns.
func (g *graph) keep(id evidence.ID, e entry, r row) {
	if g.written == nil {
		g.store.cache.pack(id, e, r, g.head.Sequence)
	} else {
		g.written[id] = e
	}
}

// byID gives each the newest version of an id, in no order; those never written
// are left out, and one that is named twice may come twice. Each may ask the file
// for anything but records by their ids or numbers; see conn.query.
func (g *graph) byID(ctx context.Context, ids []evidence.ID, each func(evidence.ID, entry) error) error {
	var missing []string
	for _, id := range ids {
		e, ok := g.known(id)
		if !ok {
			missing = append(missing, string(id))
		} else if err := each(id, e); err != nil {
			return err
		}
	}
	read := func(r row) error {
		e, err := entryOf(r)
		if err != nil {
			return err
		}
		id := evidence.ID(r.text(1))
		g.keep(id, e, r)
		return each(id, e)
	}
	missing, err := g.byNumber(ctx, missing, read)
	if err != nil {
		return err
	}
	return inBatches(ctx, g, "SELECT "+recordColumns+" FROM record WHERE id IN ", missing, read)
}

// byNumber reads the records of those ids that memory knows the numbers of, which
// takes one way down a tree instead of two. It gives the ids that were not found.
func (g *graph) byNumber(ctx context.Context, ids []string, each func(row) error) (left []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	known, left := g.store.links.numbersOf(ids)
	nums := make([]int64, len(known))
	for i, k := range known {
		nums[i] = k.num
	}
	found := make([]bool, len(known))
	err = inBatches(ctx, g, "SELECT "+recordColumns+" FROM record WHERE num IN ", nums, func(r row) error {
		at, _ := slices.BinarySearch(nums, r.int(0))
		if at == len(known) || known[at].id != r.text(1) {
			return nil // another file than the one that was read into memory: ids tell
		}
		found[at] = true
		return each(r)
	})
	for i, k := range known {
		if !found[i] && (i == 0 || known[i-1] != k) { // one that was named twice comes once
			left = append(left, k.id)
		}
	}
	return left, err
}

// at gives the newest versions of the records at places, in their order.
func (g *graph) at(ctx context.Context, places []place) ([]entry, error) {
	found := make([]entry, len(places))
	var missing []int64
	for i, p := range places {
		if e, ok := g.known(idOf(p.key)); ok {
			found[i] = e
		} else {
			missing = append(missing, p.num)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	read := make(map[int64]entry, len(missing))
	err := inBatches(ctx, g, "SELECT "+recordColumns+" FROM record WHERE num IN ", missing, func(r row) error {
		e, err := entryOf(r)
		if err == nil {
			read[e.num] = e
			g.keep(evidence.ID(r.text(1)), e, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, p := range places {
		if found[i].record != nil {
			continue
		}
		e, ok := read[p.num]
		if !ok {
			return nil, fmt.Errorf("%s is damaged: list entry %q leads to no record; copy its log into a new store", g.store.name, p.key)
		}
		found[i] = e
	}
	return found, nil
}

// version gives the version of a record that stood when a revision was the
// newest one, or nil. What is derived is what its version had last.
func (g *graph) version(ctx context.Context, e entry, at evidence.Sequence) (*evidence.Record, error) {
	if e.record.From <= at {
		if at < e.record.To {
			return e.record, nil
		}
		return nil, nil //nolint:nilnil // no version stood then, which is no error
	}
	var v *evidence.Record
	_, err := g.conn.one(ctx, "SELECT from_seq, to_seq, derived, content FROM version WHERE num = ? AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1",
		[]any{e.num, int64(at)}, func(r row) (err error) { //nolint:gosec // never that large
			if r.int(1) > int64(at) { //nolint:gosec // never that large
				v, err = recordOf(e.record.Content.Type(), r.int(0), r.int(1), r.bytes(2), r.bytes(3))
			}
			return err
		})
	return v, err
}

// replaced yields the versions of a record before its newest, oldest first.
func (g *graph) replaced(ctx context.Context, e entry) (versions []*evidence.Record, err error) {
	err = g.conn.query(ctx, "SELECT from_seq, to_seq, derived, content FROM version WHERE num = ? ORDER BY from_seq", []any{e.num}, func(r row) error {
		v, err := recordOf(e.record.Content.Type(), r.int(0), r.int(1), r.bytes(2), r.bytes(3))
		versions = append(versions, v)
		return err
	})
	return versions, err
}

// nums gives the numbers of ids; those never written are left out.
func (g *graph) nums(ctx context.Context, ids []evidence.ID) (map[evidence.ID]int64, error) {
	found := make(map[evidence.ID]int64, len(ids))
	var missing []string
	for _, id := range ids {
		if e, ok := g.known(id); ok {
			found[id] = e.num
		} else {
			missing = append(missing, string(id))
		}
	}
	err := inBatches(ctx, g, "SELECT id, num FROM record WHERE id IN ", missing, func(r row) error {
		found[evidence.ID(r.text(0))] = r.int(1)
		return nil
	})
	return found, err
}
