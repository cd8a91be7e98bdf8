package storetest

import (
	"context"
	"iter"

	"github.com/vinculo/vinculo/internal/store"
)

// Disturbed is a store of which something happens while its rows are read.
type Disturbed struct {
	store.Store
	// Before is called before each row of Scan, and at its end, with how many rows
	// came before.
	Before func(rows int)
}

// Scan implements store.Store.
func (d Disturbed) Scan(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		rows := 0
		d.Before(0)
		for r, err := range d.Store.Scan(ctx) {
			if !yield(r, err) {
				return
			}
			rows++
			d.Before(rows)
		}
	}
}
