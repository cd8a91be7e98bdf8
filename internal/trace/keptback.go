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
// made is kept from them today, or a name that it gave.
func (s *Session) KeptBack(ctx context.Context, sets []Applied) ([]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]bool, len(sets))
	if s.view.Clearance == evidence.Confidential {
		return kept, nil
	}
	said, became, err := s.saying(ctx, sets)
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
		if err := s.keptAt(ctx, at, judged, said, kept); err != nil {
			return nil, err
		}
	}
	return kept, s.keepNames(ctx, said, kept)
}

func indices[T any](list []T) []int {
	all := make([]int, len(list))
	for i := range list {
		all[i] = i
	}
	return all
}

// sayings are what a change set says that may be kept back.
type sayings struct {
	// ids are the records that it names or that its revision changed.
	ids []evidence.ID
	// names are those that it gave to entities.
	names map[evidence.ID][]string
}

// saying is what each change set says, and which of them became a revision, by its
// sequence.
func (s *Session) saying(ctx context.Context, sets []Applied) (said []sayings, became map[evidence.Sequence][]int, err error) {
	said, became = make([]sayings, len(sets)), map[evidence.Sequence][]int{}
	err = s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for i, set := range sets {
			said[i] = sayings{set.ChangeSet.References(), map[evidence.ID][]string{}}
			var outcomes []evidence.Outcome
			rev, err := numbered(ctx, r, evidence.Confidential, set.Number)
			switch {
			case err == nil:
				if outcomes, err = rev.Outcomes(); err != nil {
					return err
				}
				for _, o := range outcomes {
					said[i].ids = append(said[i].ids, changedBy(o)...)
				}
				became[rev.Sequence()] = append(became[rev.Sequence()], i)
			case !errors.Is(err, store.ErrNotFound):
				return err
			}
			for j := range set.ChangeSet.Changes {
				if put := set.ChangeSet.Changes[j].PutEntity; put != nil {
					id := put.ID
					if id == "" && j < len(outcomes) {
						id = outcomes[j].ID
					}
					said[i].names[id] = append(said[i].names[id], put.Given()...)
				}
			}
		}
		return nil
	})
	return said, became, err
}

// keepNames notes those of the change sets that gave an entity a name which has been
// raised above the session's clearance since.
func (s *Session) keepNames(ctx context.Context, said []sayings, kept []bool) error {
	today := map[evidence.ID]map[string]evidence.Clearance{}
	return s.reading(ctx, evidence.Now(evidence.Confidential), func(r store.Reader) error {
		for i := range said {
			for _, id := range slices.Sorted(maps.Keys(said[i].names)) {
				if kept[i] || id == "" || len(said[i].names[id]) == 0 {
					continue
				}
				if today[id] == nil {
					versions, err := r.Versions(ctx, id)
					if err != nil {
						return err
					}
					today[id] = evidence.NameClearances(versions)
				}
				kept[i] = slices.ContainsFunc(said[i].names[id], func(name string) bool { return today[id][name] > s.view.Clearance })
			}
		}
		return nil
	})
}

// keptAt notes those of the change sets that name something which is there at a
// sequence and which the session's clearance does not see.
func (s *Session) keptAt(ctx context.Context, at evidence.Sequence, judged []int, said []sayings, kept []bool) error {
	ids := map[evidence.ID]bool{}
	for _, i := range judged {
		for _, id := range said[i].ids {
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
		kept[i] = slices.ContainsFunc(said[i].ids, func(id evidence.ID) bool { return hidden[id] })
	}
	return nil
}
