package archive

import (
	"context"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Unnamed are blobs that the log of a store does not name.
type Unnamed struct {
	// Erased are documents that an erasure destroyed, and that were left by one which
	// was cut off before it deleted them.
	Erased []string
	// Others may be texts of such documents, or what was left when a document was
	// added; but also those of another store that keeps its captures in the same place.
	Others []string
}

// FindUnnamed looks for blobs that the log of a store does not name. Those that were
// put within the time given, by somebody who may be attaching them, are not among the
// others.
func FindUnnamed(ctx context.Context, st store.Store, blobs blob.Store, within time.Duration) (*Unnamed, error) {
	before := time.Now().Add(-within)
	put := map[string]time.Time{}
	for b, err := range blobs.List(ctx) {
		if err != nil {
			return nil, err
		}
		put[b.Name] = b.Put
	}
	// The log after the blobs: what it names by then stays.
	for c, err := range Named(ctx, st) {
		if err != nil {
			return nil, err
		}
		delete(put, c.SHA256)
		delete(put, c.Text)
	}
	found := &Unnamed{}
	if len(put) == 0 {
		return found, nil
	}
	erasures, err := erasuresOf(ctx, st)
	if err != nil {
		return nil, err
	}
	for name, at := range put {
		document := &evidence.Source{Captures: []evidence.Capture{{SHA256: name}}}
		switch {
		case slices.ContainsFunc(erasures, func(e *evidence.Erasure) bool { return e.Bars(document, nil) }):
			found.Erased = append(found.Erased, name)
		case !at.After(before):
			found.Others = append(found.Others, name)
		}
	}
	slices.Sort(found.Erased)
	slices.Sort(found.Others)
	return found, nil
}

// Unnamed is FindUnnamed of the archive's own store and captures.
func (a *Archive) Unnamed(ctx context.Context, within time.Duration) (*Unnamed, error) {
	return FindUnnamed(ctx, a.store, a.captures.Blobs, within)
}

func erasuresOf(ctx context.Context, st store.Store) (list []*evidence.Erasure, err error) {
	for r, err := range st.Log(ctx, 0) {
		if err != nil {
			return nil, err
		}
		e, err := r.Erasure()
		if err != nil {
			return nil, err
		}
		if e != nil {
			list = append(list, e)
		}
	}
	return list, nil
}
