package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// audit compares what the store keeps for finding records, its lists and what
// traversal reads, with the records themselves. Nothing of it is in the rows that
// every store gives, and who changed it would change answers.
type audit struct {
	g *graph
	// What the records call for: entries of lists that somebody sees, and records
	// that traversal reads.
	places, elements int64
	block            int64     // the number of the last block read
	kept             []element // what it has
}

// record says what is wrong around one record; "" where nothing is. A record
// that does not decode is told of by its own row.
func (a *audit) record(ctx context.Context, num int64, r *evidence.Record) (string, error) {
	var faults []string
	wanted, err := placesOf(nil, r, num, func(id evidence.ID) (int64, error) {
		of, found, err := a.numOf(ctx, id)
		if err == nil && !found {
			faults = append(faults, fmt.Sprintf("%q, which it speaks of, is not there", id))
		}
		return of, err
	})
	if err != nil {
		return "", err
	}
	for _, p := range wanted {
		leads := int64(-1)
		_, err := a.g.conn.one(ctx, "SELECT num FROM place WHERE anchor = ? AND slot = ? AND key = ?", []any{p.anchor, p.slot, p.key}, func(r row) error {
			leads = r.int(0)
			return nil
		})
		if err != nil {
			return "", err
		}
		if leads != num {
			faults = append(faults, fmt.Sprintf("a list that it belongs to does not lead to it, at %q", p.key))
		}
		if p.slot < int64(evidence.Hidden) {
			a.places++
		}
	}
	what, err := a.projected(ctx, num, r)
	if what != "" {
		faults = append(faults, what)
	}
	return strings.Join(faults, "; "), err
}

// projected checks what traversal reads of a record.
func (a *audit) projected(ctx context.Context, num int64, r *evidence.Record) (string, error) {
	wanted, err := elementOf(r, num, a.g.store.vocabulary, func(id evidence.ID) (int64, error) {
		of, _, err := a.numOf(ctx, id) // that one is not there was told of its lists
		return of, err
	})
	if err != nil || wanted.whole == nil {
		return "", err
	}
	a.elements++
	if err := a.open(ctx, num/blockRecords); err != nil {
		return "", err
	}
	at := slices.IndexFunc(a.kept, func(e element) bool { return e.num == num })
	if at < 0 || !bytes.Equal(a.kept[at].whole, wanted.whole) {
		return "what traversal reads of it is not what it says", nil
	}
	return "", nil
}

// numOf is the number of a record, where there is one.
func (a *audit) numOf(ctx context.Context, id evidence.ID) (num int64, found bool, err error) {
	found, err = a.g.conn.one(ctx, "SELECT num FROM record WHERE id = ?", []any{string(id)}, func(r row) error {
		num = r.int(0)
		return nil
	})
	return num, found, err
}

// open reads a block, unless it was the last one read. One that does not read is
// like an empty one: nothing of it is what it should be.
func (a *audit) open(ctx context.Context, block int64) error {
	if a.kept != nil && a.block == block {
		return nil
	}
	kept, err := a.g.conn.block(ctx, block)
	if errors.Is(err, errDamagedBlock) {
		kept, err = nil, nil
	}
	a.block, a.kept = block, kept
	return err
}

// blocks says which blocks do not read, and of how many records the others are.
func (a *audit) blocks(ctx context.Context) (faults []string, records int64, err error) {
	err = a.g.conn.query(ctx, "SELECT num, content FROM block", nil, func(r row) error {
		err := unblock(r.int(0), r.bytes(1), func(*element) error { records++; return nil })
		if errors.Is(err, errDamagedBlock) {
			faults, err = append(faults, err.Error()), nil
		}
		return err
	})
	return faults, records, err
}

// rest says, when all records were looked at, whether more is kept than they
// call for, and whether SQLite itself finds the file sound: its indexes say what
// its tables say, and full text what was indexed.
func (a *audit) rest(ctx context.Context) (string, error) {
	var faults []string
	if err := a.g.conn.query(ctx, "PRAGMA integrity_check(10)", nil, func(r row) error {
		if r.text(0) != "ok" {
			faults = append(faults, "SQLite says of the file: "+r.text(0))
		}
		return nil
	}); err != nil {
		return "", err
	}
	more := func(n, wanted int64, what string) {
		if n > wanted {
			faults = append(faults, fmt.Sprintf("beside what belongs to records, the store keeps %d more %s", n-wanted, what))
		}
	}
	if _, err := a.g.conn.one(ctx, "SELECT count(*) FROM place WHERE slot < 3", nil, func(r row) error {
		more(r.int(0), a.places, "entries of lists")
		return nil
	}); err != nil {
		return "", err
	}
	damaged, records, err := a.blocks(ctx)
	if err != nil {
		return "", err
	}
	faults = append(faults, damaged...)
	more(records, a.elements, "records for traversal")
	return strings.Join(faults, "; "), nil
}
