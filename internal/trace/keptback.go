package trace

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Applied is a change set that was applied.
type Applied struct {
	ChangeSet *evidence.ChangeSet
	// Number is that of the revision it became, as those count who are cleared for
	// everything; 0 where it became none.
	Number uint64
	// At is when it was decided to apply it.
	At time.Time
}

// KeptBack says of change sets whether readers of the session's clearance are not
// to be told any more what they said. So it is where something that they could see
// of what one named or changed has been raised above them since, or a name that it
// gave. What only was retracted since, or never was theirs to see, keeps nothing
// back: it would tell them what is hidden.
func (s *Session) KeptBack(ctx context.Context, sets []Applied) ([]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]bool, len(sets))
	if s.view.Clearance == evidence.Confidential {
		return kept, nil
	}
	said, err := s.saying(ctx, sets)
	if err != nil {
		return nil, err
	}
	out, err := s.outOfSight(ctx, said)
	if err != nil {
		return nil, err
	}
	for i := range said {
		if slices.ContainsFunc(said[i].ids(), func(id evidence.ID) bool { return out[id] }) {
			if kept[i], err = s.raisedSince(ctx, &said[i], out); err != nil {
				return nil, err
			}
		}
	}
	return kept, s.keepNames(ctx, said, kept)
}

// sayings are what a change set says that may be kept back.
type sayings struct {
	// named are the records that it names.
	named []evidence.ID
	// names are those that it gave to entities.
	names map[evidence.ID][]string
	// outcomes are those of the revision that it became; before and after are the
	// moments around that, or when it was decided where it became none.
	outcomes      []evidence.Outcome
	before, after evidence.Sequence
}

// ids are the records that the change set names or that its revision changed.
func (x *sayings) ids() []evidence.ID {
	ids := slices.Clone(x.named)
	for _, o := range x.outcomes {
		ids = append(ids, changedBy(o)...)
	}
	return ids
}

// saying is what each change set says.
func (s *Session) saying(ctx context.Context, sets []Applied) ([]sayings, error) {
	said := make([]sayings, len(sets))
	err := s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for i, set := range sets {
			x := &said[i]
			x.named, x.names = set.ChangeSet.References(), map[evidence.ID][]string{}
			rev, err := numbered(ctx, r, evidence.Confidential, set.Number, 0)
			switch {
			case err == nil:
				x.before, x.after = rev.Sequence()-1, rev.Sequence()
				if x.outcomes, err = rev.Outcomes(); err != nil {
					return err
				}
			case errors.Is(err, store.ErrNotFound):
				if x.after, err = lastBefore(ctx, r, evidence.Confidential, set.At); err != nil {
					return err
				}
				x.before = x.after
			default:
				return err
			}
			for j := range set.ChangeSet.Changes {
				if put := set.ChangeSet.Changes[j].PutEntity; put != nil {
					id := put.ID
					if id == "" && j < len(x.outcomes) {
						id = x.outcomes[j].ID
					}
					x.names[id] = append(x.names[id], put.Given()...)
				}
			}
		}
		return nil
	})
	return said, err
}

// outOfSight are the records of change sets that the session's clearance does not
// see today: only these can have been raised above it.
func (s *Session) outOfSight(ctx context.Context, said []sayings) (map[evidence.ID]bool, error) {
	out := map[evidence.ID]bool{}
	for i := range said {
		for _, id := range said[i].ids() {
			out[id] = true
		}
	}
	return out, s.reading(ctx, evidence.Now(s.view.Clearance), func(r store.Reader) error {
		for batch := range slices.Chunk(slices.Sorted(maps.Keys(out)), store.MaxBatch) {
			shown, err := r.Get(ctx, batch)
			if err != nil {
				return err
			}
			for id := range shown {
				delete(out, id)
			}
		}
		return nil
	})
}

// raisedSince says whether any of some records has been raised above the session's
// clearance that the change set names, or of which the clearance saw at the time
// what its revision did.
func (s *Session) raisedSince(ctx context.Context, x *sayings, out map[evidence.ID]bool) (raised bool, err error) {
	then := &diff{s: s}
	defer then.close()
	moments := map[evidence.Sequence]*store.Reader{x.before: &then.was, x.after: &then.is} // or one
	for at, r := range moments {
		view := evidence.View{Clearance: s.view.Clearance, KnownAt: at}
		if *r, err = store.BesideUnraised(ctx, s.tracer.store, s.reader, view, s.tracer.vocabulary); err != nil {
			return false, err
		}
	}
	judged := map[evidence.ID]bool{}
	for _, id := range x.named {
		judged[id] = out[id]
	}
	if len(moments) > 1 {
		differed, err := then.differing(ctx, x.outcomes)
		if err != nil {
			return false, err
		}
		for id := range differed {
			judged[id] = out[id]
		}
	}
	maps.DeleteFunc(judged, func(_ evidence.ID, out bool) bool { return !out })
	unknown := maps.Clone(judged)
	for at, r := range moments {
		err := s.asOf(ctx, at, func(today store.Reader) error {
			for batch := range slices.Chunk(slices.Sorted(maps.Keys(judged)), store.MaxBatch) {
				saw, err := (*r).Get(ctx, batch)
				if err != nil {
					return err
				}
				sees, err := today.Get(ctx, batch)
				if err != nil {
					return err
				}
				for id := range saw {
					delete(unknown, id)
					raised = raised || sees[id] == nil
				}
			}
			return nil
		})
		if raised || err != nil {
			return raised, err
		}
	}
	return s.anyAbove(ctx, slices.Sorted(maps.Keys(unknown)))
}

// anyAbove says whether one of the records has a clearance of its own above the
// session's today. It is asked of those that a change set names and that did not
// stand around its revision.
func (s *Session) anyAbove(ctx context.Context, ids []evidence.ID) (above bool, err error) {
	err = s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for batch := range slices.Chunk(ids, store.MaxBatch) {
			versions, err := r.Versions(ctx, batch)
			if err != nil {
				return err
			}
			for _, of := range versions {
				newest := of[len(of)-1]
				above = above || max(newest.Content.OwnClearance(), newest.Derived.Now) > s.view.Clearance
			}
		}
		return nil
	})
	return above, err
}

// keepNames notes those of the change sets that gave an entity a name which has been
// raised above the session's clearance since.
func (s *Session) keepNames(ctx context.Context, said []sayings, kept []bool) error {
	raised := map[evidence.ID]map[string]bool{}
	return s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for i := range said {
			for _, id := range slices.Sorted(maps.Keys(said[i].names)) {
				if kept[i] || id == "" || len(said[i].names[id]) == 0 {
					continue
				}
				if raised[id] == nil {
					versions, err := r.Versions(ctx, []evidence.ID{id})
					if err != nil {
						return err
					}
					raised[id] = evidence.RaisedNames(versions[id], s.view.Clearance)
				}
				kept[i] = slices.ContainsFunc(said[i].names[id], func(name string) bool { return raised[id][name] })
			}
		}
		return nil
	})
}
