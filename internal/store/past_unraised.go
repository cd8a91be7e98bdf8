package store

import (
	"context"
	"iter"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// ReadUnraised is Read for a view of the past in which the clearances that records
// had then count alone, and not those that they have today: Get gives what the
// clearance saw in those days. It is for finding out what has been raised since, or
// whom something that is to go was shown; what it gives is shown to nobody.
func ReadUnraised(ctx context.Context, s Store, view evidence.View, v *vocabulary.Vocabulary) (Reader, error) {
	raw, err := s.Raw(ctx, whole(view))
	if err != nil {
		return nil, err
	}
	return judgingThen(s, raw, view, v), nil
}

// BesideUnraised is ReadUnraised for whoever has a reader open already, as Beside is
// Read.
func BesideUnraised(ctx context.Context, s Store, open Reader, view evidence.View, v *vocabulary.Vocabulary) (Reader, error) {
	raw, _, err := RawBeside(ctx, s, open, whole(view))
	if err != nil {
		return nil, err
	}
	return judgingThen(s, raw, view, v), nil
}

// whole is the view of whoever may see everything: what is above a clearance today
// may not have been above it then.
func whole(view evidence.View) evidence.View {
	return evidence.View{Clearance: evidence.Confidential, KnownAt: view.KnownAt}
}

func judgingThen(s Store, raw Reader, view evidence.View, v *vocabulary.Vocabulary) Reader {
	p := pastOf(s, unraised{raw}, view, v)
	p.unraised = true
	return p
}

// unraised gives records as if none had another clearance today than then.
type unraised struct{ Reader }

func (u unraised) then(r *evidence.Record) *evidence.Record {
	was := *r
	was.Derived.Now = r.Content.OwnClearance()
	return &was
}

// Get implements Reader.
func (u unraised) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	records, err := u.Reader.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	then := make(map[evidence.ID]*evidence.Record, len(records))
	for id, r := range records {
		then[id] = u.then(r)
	}
	return then, nil
}

// Find implements Reader.
func (u unraised) Find(ctx context.Context, q Query) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		for f, err := range u.Reader.Find(ctx, q) {
			if err == nil {
				f.Record = u.then(f.Record)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}
