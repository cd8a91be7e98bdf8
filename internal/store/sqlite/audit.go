package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// audit compares what the store keeps for finding records, its lists and what
// traversal reads, with the records themselves. Nothing of it is in the rows that
// every store gives, and who changed it would change answers.
type audit struct {
	g *graph
	// What the records call for: entries of lists that somebody sees, nodes, edges.
	places, nodes, edges int64
}

// record says what is wrong around one record; "" where nothing is. A record
// that does not decode is told of by its own row.
func (a *audit) record(ctx context.Context, num int64, r *evidence.Record) (string, error) {
	var faults []string
	wanted, err := placesOf(nil, r, num, func(id evidence.ID) (of int64, err error) {
		found, err := a.g.conn.one(ctx, "SELECT num FROM record WHERE id = ?", []any{string(id)}, func(r row) error {
			of = r.int(0)
			return nil
		})
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

// projected checks what traversal reads of an entity or a link.
func (a *audit) projected(ctx context.Context, num int64, r *evidence.Record) (string, error) {
	switch c := r.Content.(type) {
	case *evidence.Entity:
		a.nodes++
		same := false
		_, err := a.g.conn.one(ctx, "SELECT id, placeholder FROM node WHERE num = ?", []any{num}, func(r row) error {
			same = r.text(0) == string(c.ID) && (r.int(1) != 0) == c.Identity.IsPlaceholder()
			return nil
		})
		if err == nil && !same {
			return "what traversal reads of it is not what it says", nil
		}
		return "", err
	case *evidence.Claim:
		if !traversed(r) {
			return "", nil
		}
		a.edges++
		var ends [2]int64
		for i, id := range []evidence.ID{c.From, c.To} {
			if _, err := a.g.conn.one(ctx, "SELECT num FROM record WHERE id = ?", []any{string(id)}, func(r row) error {
				ends[i] = r.int(0)
				return nil
			}); err != nil {
				return "", err
			}
		}
		l, same := featuresOf(r, a.g.store.vocabulary), false
		_, err := a.g.conn.one(ctx, "SELECT id, data FROM edge WHERE num = ?", []any{num}, func(r row) error {
			same = r.text(0) == string(c.ID) && bytes.Equal(r.bytes(1), l.pack(ends[0], ends[1]))
			return nil
		})
		if err == nil && !same {
			return "what traversal reads of it is not what it says", nil
		}
		return "", err
	default:
		return "", nil
	}
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
	for _, kept := range []struct {
		query, what string
		wanted      int64
	}{
		{"SELECT count(*) FROM place WHERE slot < 3", "entries of lists", a.places},
		{"SELECT count(*) FROM node", "entities for traversal", a.nodes},
		{"SELECT count(*) FROM edge", "links for traversal", a.edges},
	} {
		var n int64
		if _, err := a.g.conn.one(ctx, kept.query, nil, func(r row) error {
			n = r.int(0)
			return nil
		}); err != nil {
			return "", err
		}
		if n > kept.wanted {
			faults = append(faults, fmt.Sprintf("beside what belongs to records, the store keeps %d more %s", n-kept.wanted, kept.what))
		}
	}
	return strings.Join(faults, "; "), nil
}
