package neo4j

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/store"
)

var _ store.Shelf = (*Store)(nil)

// PutItem implements store.Shelf. Items are :Shelf nodes apart from the graph.
// Each write leaves a nonce on the item, by which a retry after a lost
// connection knows its own work from that of others.
func (s *Store) PutItem(ctx context.Context, item store.Item) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	q := makeItem
	if item.Version > 0 {
		q = changeItem
	}
	data := item.Data
	if data == nil {
		data = []byte{}
	}
	params := row{
		"kind": item.Kind, "id": item.ID, "version": int64(item.Version), //nolint:gosec // no version comes near the sign
		"next": row{"version": int64(item.Version) + 1, "data": data, "nonce": rand.Text()}, //nolint:gosec // as above
	}
	reached := false
	work := func(ctx context.Context, tx driver.ManagedTransaction) error {
		rows, err := send(ctx, tx, q, params)
		if err != nil {
			return err
		}
		reached = true
		if len(rows) == 0 {
			return store.ErrChanged
		}
		if mine, _ := rows[0].Get("mine"); mine != true {
			return store.ErrChanged
		}
		return nil
	}
	for losses := 0; ; losses++ {
		err := s.inTransaction(ctx, work, &reached)
		switch {
		case err == nil:
			return nil
		case reached && again(ctx, err, losses):
		default:
			return s.fault(ctx, fmt.Sprintf("put the %s %q on the shelf", item.Kind, item.ID), err)
		}
	}
}

// Item implements store.Shelf.
func (s *Store) Item(ctx context.Context, kind, id string) (store.Item, error) {
	rows, err := s.read(ctx, readItem, row{"kind": kind, "id": id})
	if err != nil {
		return store.Item{}, err
	}
	if len(rows) == 0 {
		return store.Item{}, fmt.Errorf("the %s %q: %w", kind, id, store.ErrNotFound)
	}
	return newItem(kind, rows[0]), nil
}

// Items implements store.Shelf.
func (s *Store) Items(ctx context.Context, kind, after string, limit int) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		rows, err := s.read(ctx, readItems, row{"kind": kind, "after": after, "limit": int64(max(limit, 0))})
		if err != nil {
			yield(store.Item{}, err)
			return
		}
		for _, one := range rows {
			if !yield(newItem(kind, one), nil) {
				return
			}
		}
	}
}

func newItem(kind string, r *driver.Record) store.Item {
	return store.Item{Kind: kind, ID: textOf(r, "id"), Version: uint64(numberOf(r, "version")), Data: bytesOf(r, "data")} //nolint:gosec // counted up from 1
}
