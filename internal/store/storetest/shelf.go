package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
)

// RunShelf tests the shelf of a kind of store, which every store.Store has.
func RunShelf(t *testing.T, open Open, options ...Option) {
	t.Helper()
	lacks := configured(options).lacks
	for _, part := range []struct {
		name  string
		run   func(*testing.T, *shelfTest)
		needs Ability
	}{
		{"Empty", testShelfEmpty, ""},
		{"Put", testShelfPut, ""},
		{"Order", testShelfOrder, ""},
		{"Bytes", testShelfBytes, ""},
		{"Concurrent", testShelfConcurrent, ""},
		{"Apart", testShelfApart, ""},
		{"Durable", testShelfDurable, SecondHandle},
		{"Cancelled", testShelfCancelled, ""},
		{"Closed", testShelfClosed, ""},
	} {
		if lacks[part.needs] {
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			o := open(t)
			t.Cleanup(func() { _ = o.Store.Close() })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			t.Cleanup(cancel)
			part.run(t, &shelfTest{Shelf: asShelf(t, o.Store), opened: o, ctx: ctx})
		})
	}
}

type shelfTest struct {
	store.Shelf
	opened Opened
	ctx    context.Context
}

func asShelf(tb testing.TB, s store.Store) store.Shelf {
	tb.Helper()
	shelf, ok := s.(store.Shelf)
	require.True(tb, ok, "%T is no store.Shelf", s)
	return shelf
}

func collect(tb testing.TB, items iter.Seq2[store.Item, error]) []store.Item {
	tb.Helper()
	var all []store.Item
	for item, err := range items {
		require.NoError(tb, err)
		all = append(all, item)
	}
	return all
}

func testShelfEmpty(t *testing.T, s *shelfTest) {
	t.Helper()
	_, err := s.Item(s.ctx, "token", "a")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, collect(t, s.Items(s.ctx, "token", "", 10)))
	require.ErrorIs(t, s.PutItem(s.ctx, store.Item{Kind: "token", ID: "a", Version: 1}), store.ErrChanged, "an item that does not exist has no version 1")
	_, err = s.Item(s.ctx, "token", "a")
	require.ErrorIs(t, err, store.ErrNotFound, "a refused write leaves nothing")
}

func testShelfPut(t *testing.T, s *shelfTest) {
	t.Helper()
	item := store.Item{Kind: "token", ID: "a", Data: []byte("one")}
	require.NoError(t, s.PutItem(s.ctx, item))
	got, err := s.Item(s.ctx, "token", "a")
	require.NoError(t, err)
	require.Equal(t, store.Item{Kind: "token", ID: "a", Version: 1, Data: []byte("one")}, got)

	for _, stale := range []uint64{0, 2, math.MaxInt64} {
		require.ErrorIs(t, s.PutItem(s.ctx, store.Item{Kind: "token", ID: "a", Version: stale, Data: []byte("no")}), store.ErrChanged)
	}
	got.Data = []byte("two")
	require.NoError(t, s.PutItem(s.ctx, got))
	got, err = s.Item(s.ctx, "token", "a")
	require.NoError(t, err)
	require.Equal(t, store.Item{Kind: "token", ID: "a", Version: 2, Data: []byte("two")}, got)

	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "proposal", ID: "a", Data: []byte("other")}), "kinds are apart")
	got, err = s.Item(s.ctx, "token", "a")
	require.NoError(t, err)
	require.Equal(t, "two", string(got.Data))
}

func testShelfOrder(t *testing.T, s *shelfTest) {
	t.Helper()
	// Order is that of bytes: capitals, small letters, and only then accents.
	ids := []string{"0", "10", "9", "A", "B", "a", "aa", "b", "z", "~", "Á", "á", "ñ", "日", "𐐷"}
	for _, i := range []int{7, 3, 11, 0, 14, 5, 9, 1, 13, 2, 8, 12, 4, 10, 6} {
		require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "k", ID: ids[i], Data: []byte(ids[i])}))
	}
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "k2", ID: "a"}))
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "j", ID: "a"}))
	require.True(t, slices.IsSorted(ids))

	for _, size := range []int{1, 2, 7, 100} {
		var got []string
		after := ""
		for {
			page := collect(t, s.Items(s.ctx, "k", after, size))
			require.LessOrEqual(t, len(page), size)
			if len(page) == 0 {
				break
			}
			for _, item := range page {
				require.Equal(t, item.ID, string(item.Data))
				require.Equal(t, "k", item.Kind)
				require.EqualValues(t, 1, item.Version)
				got = append(got, item.ID)
			}
			after = page[len(page)-1].ID
		}
		require.Equal(t, ids, got, "pages of %d", size)
	}
	require.Equal(t, "b", collect(t, s.Items(s.ctx, "k", "aaa", 1))[0].ID, "an id that is not there is a place too")
	for item, err := range s.Items(s.ctx, "k", "", 10) {
		require.NoError(t, err)
		require.Equal(t, "0", item.ID)
		break // what is not read to its end is no harm
	}
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "k", ID: "later"}))
}

func testShelfBytes(t *testing.T, s *shelfTest) {
	t.Helper()
	all := make([]byte, 1<<20)
	for i := range all {
		all[i] = byte(i ^ i>>8)
	}
	for id, data := range map[string][]byte{"all": all, "nul": {0, 0}, "empty": {}, "utf8": []byte("Iguala, Guerrero: año 2014")} {
		require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "bytes", ID: id, Data: data}))
		got, err := s.Item(s.ctx, "bytes", id)
		require.NoError(t, err)
		require.True(t, slices.Equal(data, got.Data), id)
	}
}

func testShelfConcurrent(t *testing.T, s *shelfTest) {
	t.Helper()
	const writers, rounds = 6, 5
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "k", ID: "counter", Data: []byte("0")}))
	var won, made atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for round := range rounds {
				// Everybody makes the same item: one may.
				switch err := s.PutItem(s.ctx, store.Item{Kind: "k", ID: fmt.Sprintf("made-%d", round)}); {
				case err == nil:
					made.Add(1)
				case !isChanged(t, err):
					return
				}
				for {
					item, err := s.Item(s.ctx, "k", "counter")
					if err != nil {
						t.Errorf("reading: %v", err)
						return
					}
					var n int64
					if _, err := fmt.Sscan(string(item.Data), &n); err != nil {
						t.Errorf("the counter reads %q", item.Data)
						return
					}
					item.Data = fmt.Append(nil, n+1)
					err = s.PutItem(s.ctx, item)
					if err == nil {
						won.Add(1)
						break
					}
					if !isChanged(t, err) {
						return
					}
				}
			}
		})
	}
	wg.Wait()
	got, err := s.Item(s.ctx, "k", "counter")
	require.NoError(t, err)
	require.EqualValues(t, writers*rounds, won.Load())
	require.Equal(t, fmt.Sprint(writers*rounds), string(got.Data), "no write was lost")
	require.EqualValues(t, 1+writers*rounds, got.Version)
	require.EqualValues(t, rounds, made.Load(), "each new item was made once")
}

func isChanged(t *testing.T, err error) bool {
	t.Helper()
	if !errors.Is(err, store.ErrChanged) {
		t.Errorf("a write that another overtook gives ErrChanged, not %v", err)
		return false
	}
	return true
}

func testShelfApart(t *testing.T, s *shelfTest) {
	t.Helper()
	before, err := s.opened.Store.Head(s.ctx)
	require.NoError(t, err)
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "token", ID: "a", Data: []byte("secret")}))
	after, err := s.opened.Store.Head(s.ctx)
	require.NoError(t, err)
	require.Equal(t, before, after, "the shelf is not part of the log")
	for row, err := range s.opened.Store.Scan(s.ctx) {
		require.NoError(t, err)
		t.Fatalf("the shelf shows in the graph's rows: %s %s", row.Kind, row.Key)
	}
}

func testShelfDurable(t *testing.T, s *shelfTest) {
	t.Helper()
	require.NoError(t, s.PutItem(s.ctx, store.Item{Kind: "k", ID: "a", Data: []byte("one")}))
	second := s.opened.Again(t)
	t.Cleanup(func() { _ = second.Close() })
	other := asShelf(t, second)
	item, err := other.Item(s.ctx, "k", "a")
	require.NoError(t, err)
	item.Data = []byte("two")
	require.NoError(t, other.PutItem(s.ctx, item))
	require.ErrorIs(t, s.PutItem(s.ctx, item), store.ErrChanged, "what another handle wrote is seen")
	got, err := s.Item(s.ctx, "k", "a")
	require.NoError(t, err)
	require.Equal(t, "two", string(got.Data))
	require.NoError(t, s.opened.Store.Close())
	require.NoError(t, second.Close())

	third := s.opened.Again(t)
	t.Cleanup(func() { _ = third.Close() })
	got, err = asShelf(t, third).Item(s.ctx, "k", "a")
	require.NoError(t, err)
	require.Equal(t, store.Item{Kind: "k", ID: "a", Version: 2, Data: []byte("two")}, got)
}

func testShelfCancelled(t *testing.T, s *shelfTest) {
	t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	require.ErrorIs(t, s.PutItem(ctx, store.Item{Kind: "k", ID: "a"}), context.Canceled)
	_, err := s.Item(ctx, "k", "a")
	require.ErrorIs(t, err, context.Canceled)
	for _, err := range s.Items(ctx, "k", "", 1) {
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err = s.Item(s.ctx, "k", "a")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func testShelfClosed(t *testing.T, s *shelfTest) {
	t.Helper()
	require.NoError(t, s.opened.Store.Close())
	require.ErrorIs(t, s.PutItem(s.ctx, store.Item{Kind: "k", ID: "a"}), store.ErrClosed)
	_, err := s.Item(s.ctx, "k", "a")
	require.ErrorIs(t, err, store.ErrClosed)
	yielded := 0
	for _, err := range s.Items(s.ctx, "k", "", 1) {
		require.ErrorIs(t, err, store.ErrClosed)
		yielded++
	}
	require.Equal(t, 1, yielded, "an iterator says that the store is closed")
}
