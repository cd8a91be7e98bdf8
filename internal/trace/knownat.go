package trace

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// KnownAt names a moment of the graph: a revision number at the reader's
// clearance, or a time; neither is now.
type KnownAt struct {
	Number *uint64
	Time   *time.Time
}

// Moment opens a session on what the session's clearance calls a moment. A number
// that has not been reached is INVALID_INPUT; a time after the newest revision is
// the newest revision. It takes no reader of its own from a store that has few, and
// the caller closes it before this one.
func (s *Session) Moment(ctx context.Context, at KnownAt) (*Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view, err := s.viewOf(ctx, at)
	if err != nil {
		return nil, err
	}
	reader, shared, view, err := s.besides(ctx, view)
	if err != nil {
		return nil, err
	}
	of, err := s.tracer.identities.get(ctx, reader, view, s.head)
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	other := &Session{tracer: s.tracer, mu: s.mu, view: view, head: s.head, reader: reader, identity: of, records: map[evidence.ID]*evidence.Record{}, sifting: s.sifting}
	if !shared {
		other.mu = &sync.Mutex{}
	}
	return other, nil
}

// besides opens a reader of a view beside that of the session. Where the clearance has
// seen nothing change since the view's moment, that is now: it need not be judged anew.
// Only of a reader that sees one state is that certain; with another, what is written
// in between might show.
func (s *Session) besides(ctx context.Context, view evidence.View) (r store.Reader, shared bool, of evidence.View, err error) {
	if now := evidence.Now(view.Clearance); !view.IsNow() {
		r, shared, err = store.Beside(ctx, s.tracer.store, s.reader, now, s.tracer.vocabulary)
		if err != nil {
			return nil, false, view, err
		}
		if shared {
			newest, err := newestOf(ctx, r)
			if err == nil && newest <= view.KnownAt {
				return r, true, now, nil
			}
			if err != nil {
				return nil, false, view, errors.Join(err, r.Close())
			}
		}
		if err := r.Close(); err != nil {
			return nil, false, view, err
		}
	}
	r, shared, err = store.Beside(ctx, s.tracer.store, s.reader, view, s.tracer.vocabulary)
	return r, shared, view, err
}

// newestOf is the newest revision that a reader numbers; 0 where there is none.
func newestOf(ctx context.Context, r store.Reader) (evidence.Sequence, error) {
	for rev, err := range r.Revisions(ctx, store.RevisionQuery{Newest: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		return rev.Sequence(), nil
	}
	return 0, nil
}

// viewOf is the view of a moment.
func (s *Session) viewOf(ctx context.Context, at KnownAt) (evidence.View, error) {
	now := evidence.Now(s.view.Clearance)
	view := now
	switch {
	case at.Number == nil && at.Time == nil:
		return view, nil
	case at.Number != nil && *at.Number == 0:
		view.KnownAt = 0
		return view, nil
	}
	err := s.reading(ctx, now, func(r store.Reader) (err error) {
		if at.Number != nil {
			view.KnownAt, err = reached(ctx, r, now.Clearance, *at.Number)
		} else {
			view.KnownAt, err = lastBefore(ctx, r, now.Clearance, *at.Time)
		}
		return err
	})
	return view, err
}

// reading runs something on a reader of another view. The caller holds the lock.
func (s *Session) reading(ctx context.Context, view evidence.View, read func(store.Reader) error) error {
	r, _, err := store.Beside(ctx, s.tracer.store, s.reader, view, s.tracer.vocabulary)
	if err != nil {
		return err
	}
	return errors.Join(read(r), r.Close())
}

// reached is the sequence of the revision of a number.
func reached(ctx context.Context, r store.Reader, c evidence.Clearance, number uint64) (evidence.Sequence, error) {
	for rev, err := range r.Revisions(ctx, store.RevisionQuery{After: number - 1, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		return rev.Sequence(), nil
	}
	newest, err := newestNumber(ctx, r, c)
	if err != nil {
		return 0, err
	}
	return 0, evidence.Faulty(evidence.InvalidInput, "knownAt", "revision %d does not exist; the newest is %d", number, newest)
}

// newestNumber is the number of the newest revision; 0 where there is none.
func newestNumber(ctx context.Context, r store.Reader, c evidence.Clearance) (uint64, error) {
	for rev, err := range r.Revisions(ctx, store.RevisionQuery{Newest: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		return rev.Numbers[c], nil
	}
	return 0, nil
}

// lastBefore finds the last revision not after a time: the newest, or by halving
// the numbers. Where a clock was set back, a time may have come twice; it then
// finds the end of one of them, the same whatever is hidden.
func lastBefore(ctx context.Context, r store.Reader, c evidence.Clearance, at time.Time) (evidence.Sequence, error) {
	latest, err := newestNumber(ctx, r, c)
	if err != nil {
		return 0, err
	}
	var found evidence.Sequence
	low, high := uint64(0), latest // the number looked for lies in low..high
	for middle := latest; low < high; middle = low + (high-low+1)/2 {
		before := false
		for rev, err := range r.Revisions(ctx, store.RevisionQuery{After: middle - 1, Limit: 1}) {
			if err != nil {
				return 0, err
			}
			if before = !rev.Header.Time.After(at); before {
				found = rev.Sequence()
			}
		}
		if before {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return found, nil
}
