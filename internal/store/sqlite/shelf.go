package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"

	lib "modernc.org/sqlite/lib"

	"github.com/vinculo/vinculo/internal/store"
)

var _ store.Shelf = (*Store)(nil)

const (
	makeItem   = "INSERT INTO shelf (kind, id, version, data) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING"
	changeItem = "UPDATE shelf SET version = version + 1, data = ? WHERE kind = ? AND id = ? AND version = ?"
	readItem   = "SELECT id, version, data FROM shelf WHERE kind = ? AND id = ?"
	readItems  = "SELECT id, version, data FROM shelf WHERE kind = ? AND id > ? ORDER BY id" + upTo
)

// PutItem implements store.Shelf.
func (s *Store) PutItem(ctx context.Context, item store.Item) error {
	data := item.Data
	if data == nil {
		data = []byte{} // the driver would write NULL
	}
	if item.Version > math.MaxInt64 {
		return store.ErrChanged
	}
	release, err := s.lockWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.writer == nil {
		if s.writer, err = s.dialWriter(); err != nil {
			return s.wrap(err)
		}
	}
	c := s.writer
	if err := c.await(ctx, "BEGIN IMMEDIATE"); err != nil {
		s.hangUp()
		return s.wrap(err)
	}
	err = s.fit(ctx, c)
	if err == nil {
		err = cmp.Or(c.putItem(ctx, item, data), s.inPlace())
	}
	if err != nil {
		if c.exec(context.Background(), "ROLLBACK") != nil {
			s.hangUp() // SQLite takes back what a closed connection left
		}
		return s.wrap(err)
	}
	if err := c.exec(context.Background(), "COMMIT"); err != nil {
		if resultCode(err) == lib.SQLITE_IOERR {
			s.broken = fmt.Errorf("%w: writing to %s has failed (%w); check the disk, restart, and run `vinculo verify`", store.ErrUnavailable, s.name, err)
		}
		s.hangUp()
		return s.wrap(err)
	}
	return nil
}

// putItem writes in the transaction that is open.
func (c *conn) putItem(ctx context.Context, item store.Item, data []byte) (err error) {
	if item.Version == 0 {
		err = c.exec(ctx, makeItem, item.Kind, item.ID, data)
	} else {
		err = c.exec(ctx, changeItem, data, item.Kind, item.ID, int64(item.Version)) //nolint:gosec // bounded by PutItem
	}
	if err != nil {
		return err
	}
	var changed int64
	if _, err := c.one(ctx, "SELECT changes()", nil, func(r row) error { changed = r.int(0); return nil }); err != nil {
		return err
	}
	if changed == 0 {
		return store.ErrChanged
	}
	return nil
}

// Item implements store.Shelf.
func (s *Store) Item(ctx context.Context, kind, id string) (item store.Item, err error) {
	err = s.briefly(ctx, func(c *conn) error {
		found, err := c.one(ctx, readItem, []any{kind, id}, func(r row) error {
			item = newItem(kind, r)
			return nil
		})
		if err == nil && !found {
			return fmt.Errorf("the %s %q: %w", kind, id, store.ErrNotFound)
		}
		return err
	})
	return item, err
}

// Items implements store.Shelf. The page is read before it is yielded, so that no
// caller keeps a connection.
func (s *Store) Items(ctx context.Context, kind, after string, limit int) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		var items []store.Item
		err := s.briefly(ctx, func(c *conn) error {
			return c.query(ctx, readItems, []any{kind, after, int64(max(limit, 0))}, func(r row) error {
				items = append(items, newItem(kind, r))
				return nil
			})
		})
		if err != nil {
			yield(store.Item{}, err)
			return
		}
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func newItem(kind string, r row) store.Item {
	data := append([]byte{}, r.bytes(2)...)                                             // the driver's own bytes do not outlive the row
	return store.Item{Kind: kind, ID: r.text(0), Version: uint64(r.int(1)), Data: data} //nolint:gosec // versions count from 1
}
