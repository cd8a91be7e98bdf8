package store

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Sharer is a reader that gives others beside itself. Stores that bound how many
// readers are open have it: if everybody who has one waited for a second, nobody
// would go on.
type Sharer interface {
	// Beside gives a raw reader of another view on the same state of the graph. It
	// is never waited for, belongs to the goroutine that this one belongs to, and
	// may be used in the midst of a sequence that either gives. The caller closes
	// it; with this one it ends.
	Beside(view evidence.View) (Reader, error)
}

// Beside is Read for whoever has a reader open already. The caller closes it before
// that one. Where it is shared, both belong to the same goroutine at a time.
func Beside(ctx context.Context, s Store, open Reader, view evidence.View, v *vocabulary.Vocabulary) (r Reader, shared bool, err error) {
	raw, shared, err := RawBeside(ctx, s, open, view)
	if err != nil {
		return nil, false, err
	}
	r = judging(s, raw, view, v)
	if p, ok := r.(*past); ok && shared {
		if other, ok := open.(*past); ok && other.clearance == p.clearance {
			p.named = other.named // what things are called today is the same whatever moment is read
		}
	}
	return r, shared, nil
}

// RawBeside is Beside for a reader that is not judged for the past; see Store.Raw.
func RawBeside(ctx context.Context, s Store, open Reader, view evidence.View) (r Reader, shared bool, err error) {
	if p, ok := open.(*past); ok {
		open = p.Reader
	}
	if sharer, ok := open.(Sharer); ok {
		r, err = sharer.Beside(view)
		return r, true, err
	}
	r, err = s.Raw(ctx, view)
	return r, false, err
}
