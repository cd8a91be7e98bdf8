package model

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/store"
)

type shelfKey struct{ kind, id string }

var _ store.Shelf = (*Store)(nil)

// PutItem implements store.Shelf.
func (s *Store) PutItem(ctx context.Context, item store.Item) error {
	if _, err := s.now(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := shelfKey{item.Kind, item.ID}
	if s.shelf[key].Version != item.Version {
		return store.ErrChanged
	}
	if s.shelf == nil {
		s.shelf = map[shelfKey]store.Item{}
	}
	item.Version++
	item.Data = bytes.Clone(item.Data)
	s.shelf[key] = item
	return nil
}

// Item implements store.Shelf.
func (s *Store) Item(ctx context.Context, kind, id string) (store.Item, error) {
	if _, err := s.now(ctx); err != nil {
		return store.Item{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	item, ok := s.shelf[shelfKey{kind, id}]
	if !ok {
		return store.Item{}, store.ErrNotFound
	}
	item.Data = bytes.Clone(item.Data)
	return item, nil
}

// Items implements store.Shelf.
func (s *Store) Items(ctx context.Context, kind, after string, limit int) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		if _, err := s.now(ctx); err != nil {
			yield(store.Item{}, err)
			return
		}
		for i, item := range s.itemsAfter(kind, after) {
			if i == limit || !yield(item, nil) {
				return
			}
		}
	}
}

func (s *Store) itemsAfter(kind, after string) []store.Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	var items []store.Item
	for key, item := range s.shelf {
		if key.kind == kind && key.id > after {
			item.Data = bytes.Clone(item.Data)
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b store.Item) int { return cmp.Compare(a.ID, b.ID) })
	return items
}
