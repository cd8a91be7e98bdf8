package store

import (
	"context"
	"errors"
	"iter"
)

// ErrChanged says that an item on the shelf is no longer as the caller read it.
var ErrChanged = errors.New("changed by someone else meanwhile")

// Shelf keeps what a server needs and the graph does not hold: hashed tokens,
// proposals. It is not part of the log: no copy carries it and no reader of the
// graph sees it. Every store is one.
type Shelf interface {
	// PutItem writes an item whose stored version is item.Version (0: which does
	// not exist yet) and counts the version up; ErrChanged where it is another.
	PutItem(ctx context.Context, item Item) error
	// Item gives one item, or ErrNotFound.
	Item(ctx context.Context, kind, id string) (Item, error)
	// Items yields the items of a kind with ids after one, ordered by id as bytes.
	Items(ctx context.Context, kind, after string, limit int) iter.Seq2[Item, error]
}

// Item is one thing on the shelf.
type Item struct {
	Kind, ID string
	Version  uint64 // 1 when first written
	Data     []byte
}
