package trace

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Applied is a change set that was applied.
type Applied struct {
	ChangeSet *evidence.ChangeSet
	// Number is that of the revision it became, as those count who are cleared for
	// everything; 0 where it became none.
	Number uint64
}

// KeptBack says of change sets whether readers of the session's clearance are not
// to be told any more what they said. So it is where something that one named or
// made is kept from them today.
func (s *Session) KeptBack(ctx context.Context, sets []Applied) ([]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]bool, len(sets))
	if s.view.Clearance == evidence.Confidential {
		return kept, nil
	}
	named, became, err := s.saying(ctx, sets)
	if err != nil {
		return nil, err
	}
	// What was closed since is judged as it stood.
	for _, at := range append([]evidence.Sequence{evidence.Open}, slices.Sorted(maps.Keys(became))...) {
		judged := became[at]
		if at == evidence.Open {
			judged = indices(sets)
		}
		judged = slices.DeleteFunc(slices.Clone(judged), func(i int) bool { return kept[i] })
		if err := s.keptAt(ctx, at, judged, named, kept); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func indices[T any](list []T) []int {
	all := make([]int, len(list))
	for i := range list {
		all[i] = i
	}
	return all
}

// saying are the records that each change set names or that its revision changed,
// and which of the change sets became a revision, by its sequence.
func (s *Session) saying(ctx context.Context, sets []Applied) (named [][]evidence.ID, became map[evidence.Sequence][]int, err error) {
	named, became = make([][]evidence.ID, len(sets)), map[evidence.Sequence][]int{}
	err = s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for i, set := range sets {
			named[i] = set.ChangeSet.References()
			if set.Number == 0 {
				continue
			}
			rev, err := numbered(ctx, r, evidence.Confidential, set.Number)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			changed, _, err := changedBy(rev)
			if err != nil {
				return err
			}
			named[i] = append(named[i], changed...)
			became[rev.Sequence()] = append(became[rev.Sequence()], i)
		}
		return nil
	})
	return named, became, err
}

// keptAt notes those of the change sets that name something which is there at a
// sequence and which the session's clearance does not see.
func (s *Session) keptAt(ctx context.Context, at evidence.Sequence, judged []int, named [][]evidence.ID, kept []bool) error {
	ids := map[evidence.ID]bool{}
	for _, i := range judged {
		for _, id := range named[i] {
			ids[id] = true
		}
	}
	hidden := map[evidence.ID]bool{}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(ids)), store.MaxBatch) {
		var all map[evidence.ID]*evidence.Record
		for _, c := range []evidence.Clearance{evidence.Confidential, s.view.Clearance} {
			err := s.reading(ctx, evidence.View{Clearance: c, KnownAt: at}, func(r store.Reader) error {
				found, err := r.Get(ctx, batch)
				if c == evidence.Confidential {
					all = found
					return err
				}
				for id := range all {
					hidden[id] = found[id] == nil
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	for _, i := range judged {
		kept[i] = slices.ContainsFunc(named[i], func(id evidence.ID) bool { return hidden[id] })
	}
	return nil
}
