package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// apart is a graph of two hubs, a and b, with as many neighbours each, none of them
// the same. Every other date is uncertain. Two of the neighbours are linked; la and
// lb have one link, to a and to b.
func apart(t *testing.T, neighbours int) store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	planner := storetest.Planner(1)
	planner.MaxChanges, planner.CascadeLimit = 10_000, 1_000_000
	batch := []evidence.Change{note, called("a", "PERSON", "Alguien"), called("b", "PERSON", "Alguien"), called("la", "PERSON", "Alguien"), called("lb", "PERSON", "Alguien")}
	n := 0
	link := func(from, to evidence.ID) {
		n++
		since := fmt.Sprint(1990+n%30) + []string{"", "?"}[n%2]
		batch = append(batch, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprintf("l%07d", n)), Kind: "LINKED_TO", From: from, To: to, Role: "vínculo", Valid: evidence.ValidTime{Since: since, Until: ".."},
			Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1", Credibility: 1 + n%6}},
		}})
	}
	require.NoError(t, store.Import(t.Context(), st, func(yield func(store.Plan, error) bool) {
		flush := func() bool {
			changes := batch
			batch = nil
			return yield(func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return planner.Plan(ctx, snap, storetest.Top, &evidence.ChangeSet{Reason: "apart", Changes: changes})
			}, nil)
		}
		link("la", "a")
		link("lb", "b")
		for i := range neighbours {
			for _, hub := range []evidence.ID{"a", "b"} {
				id := evidence.ID(fmt.Sprintf("%s%06d", hub, i))
				batch = append(batch, called(id, "PERSON", "Alguien"))
				link(hub, id)
				if i%2 == 0 && i > 0 {
					link(id, evidence.ID(fmt.Sprintf("%s%06d", hub, i-1)))
				}
			}
			if len(batch) > 8000 && !flush() {
				return
			}
		}
		link("a000007", "b000009")
		flush()
	}))
	return st
}

// TestPathsMakeFewRoundTrips holds that there are at most twice as many as a path may
// have links for one path, and 40 for several, however many entities a level has.
func TestPathsMakeFewRoundTrips(t *testing.T) {
	for _, neighbours := range []int{20, 12_000} {
		c := &counted{Store: apart(t, neighbours)}
		small := neighbours == 20 // enough to be answered as a whole
		for _, longest := range []int{1, 2, 4, trace.MaxPathLength} {
			for _, first := range []int{1, trace.MaxPaths} {
				if !small && first > longest && longest < trace.MaxPathLength {
					continue
				}
				most := 40
				if first == 1 {
					most = 2 * longest
				}
				for _, by := range []trace.PathOrder{trace.Shortest, trace.Strongest} {
					for _, coherent := range []bool{false, true} {
						for _, on := range []string{"", "2014-09-26"} {
							for _, ends := range [][2]evidence.ID{{"a", "b"}, {"la", "lb"}, {"la", "a000007"}} {
								q := trace.PathQuery{From: []evidence.ID{ends[0]}, To: []evidence.ID{ends[1]}, MaxLength: longest, First: first, By: by, CoherentInTime: coherent, Filter: trace.LinkFilter{On: on}}
								s := open(t, c, evidence.Now(evidence.Public))
								c.reset()
								got, err := s.Paths(t.Context(), q)
								require.NoError(t, err)
								require.LessOrEqual(t, c.calls, most, "%+v", q)
								if small {
									require.Empty(t, got.Cut, "%+v", q)
									length := map[evidence.ID]int{"b": 3, "lb": 5, "a000007": 2}[ends[1]]
									require.Equal(t, longest >= length, len(got.All) > 0, "%+v", q)
								}
								require.NoError(t, s.Close())
							}
						}
					}
				}
			}
		}
	}
}
