package trace_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/trace"
)

// plainStore keeps from its readers all that is not in store.Reader.
type plainStore struct{ store.Store }

func (s plainStore) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := s.Store.Raw(ctx, view)
	return plainReader{r}, err
}

type plainReader struct{ store.Reader }

// countingStore counts the corridors that it was asked for.
type countingStore struct {
	store.Store
	asked int
}

func (s *countingStore) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := s.Store.Raw(ctx, view)
	if c, ok := r.(store.Corridors); ok {
		return countingReader{r, c, s}, err
	}
	return r, err
}

type countingReader struct {
	store.Reader
	corridors store.Corridors
	store     *countingStore
}

func (r countingReader) Corridor(ctx context.Context, w *store.Walks) (store.Corridor, bool, error) {
	r.store.asked++
	return r.corridors.Corridor(ctx, w)
}

// TestPathsAreTheSameByCorridorAndByLevel compares the two ways to ask a store
// with each other, and with trying everything, on graphs with merges,
// placeholders and clearances.
func TestPathsAreTheSameByCorridorAndByLevel(t *testing.T) {
	trace.HoldBackEarly(t, 0)
	asked, n := 0, 0
	folder := t.TempDir()
	checkRandomly(t, 60, func(t *rapid.T) {
		n++
		st, err := sqlite.Open(context.Background(), filepath.Join(folder, fmt.Sprintf("%d.db", n)), sqlite.Options{})
		require.NoError(t, err)
		defer st.Close() //nolint:errcheck // its folder goes
		require.NoError(t, st.Warm(context.Background()))
		history(t, st, sizes{entities: 9, links: rapid.SampledFrom([]int{9, 12, 24}).Draw(t, "links at most"), revisions: 3, kinds: linkKinds})
		counting := &countingStore{Store: st}
		for c := range evidence.Clearance(evidence.Clearances) {
			view := evidence.Now(c)
			w := readWorld(t, st, view)
			fast, slow := open(t, counting, view), open(t, plainStore{st}, view)
			for range 6 {
				q := somePaths(t, w)
				checkPaths(t, fast, w, q)
				checkPaths(t, slow, w, q)
				bare := q
				bare.Bare = true
				want, err := fast.Paths(context.Background(), q)
				require.NoError(t, err)
				got, err := fast.Paths(context.Background(), bare)
				require.NoError(t, err)
				require.Len(t, got.All, len(want.All))
				for i := range want.All {
					for k := range want.All[i].Hops {
						h := want.All[i].Hops[k]
						h.Claim = got.All[i].Hops[k].Claim
						require.Equal(t, h, got.All[i].Hops[k])
					}
				}
			}
			require.NoError(t, fast.Close())
			require.NoError(t, slow.Close())
		}
		asked += counting.asked
	})
	require.Greater(t, asked, 150, "the store was asked for corridors")
}

// TestPathsOfAHubAreTheSameByCorridorAndByLevel compares the two ways on graphs
// with a hub: on one with many parallel links, of which a corridor leaves most out,
// and which trying everything could not go through, and on one with so few links that
// many of the paths asked for are longer than the shortest by far.
func TestPathsOfAHubAreTheSameByCorridorAndByLevel(t *testing.T) {
	t.Run("many links", func(t *testing.T) {
		trace.HoldBackEarly(t, 0)
		hubTwoWays(t, generate.Config{Seed: 3, Entities: 250, Links: 700, Hub: 250, Citations: 1.2}, 150, 4, func(r *rand.Rand) int { return max(1, r.IntN(16)-4) })
	})
	t.Run("few links", func(t *testing.T) {
		trace.HoldBackEarly(t, 60) // the hub, and nobody else
		hubTwoWays(t, generate.Config{Seed: 3, Entities: 250, Links: 330, Hub: 120, Citations: 1.2}, 600, 6, func(r *rand.Rand) int { return 1 + r.IntN(trace.MaxPaths) })
	})
}

// hubTwoWays asks for paths of up to so many links on a graph, so many times, and for
// as many as first says.
func hubTwoWays(t *testing.T, c generate.Config, times, longest int, first func(*rand.Rand) int) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), sqlite.Options{})
	require.NoError(t, err)
	defer st.Close() //nolint:errcheck // its folder goes
	n := 0
	p := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
		NewID:        func() evidence.ID { n++; return evidence.ID("made" + strconv.Itoa(n)) },
		CascadeLimit: 1_000_000, MaxChanges: 10_000,
	}
	require.NoError(t, c.Load(t.Context(), st, p, evidence.Author{Name: "test", Clearance: evidence.Confidential}, 5000, nil))
	require.NoError(t, st.Warm(t.Context()))
	counting := &countingStore{Store: st}
	view := evidence.Now(evidence.Public)
	fast, slow := open(t, counting, view), open(t, plainStore{st}, view)
	r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // a choice to be repeated
	random := func() evidence.ID { return evidence.ID(fmt.Sprintf("e%08d", r.IntN(250))) }
	found := 0
	for range times {
		q := trace.PathQuery{
			From: []evidence.ID{random()}, To: []evidence.ID{random()}, MaxLength: 1 + r.IntN(longest), First: first(r), Bare: true,
			Direction: evidence.Direction(r.IntN(3)), CoherentInTime: r.IntN(4) == 0, By: trace.PathOrder(r.IntN(4) / 3), //nolint:gosec // small
		}
		switch r.IntN(6) {
		case 0:
			q.Filter.MinStrength = 300
		case 1:
			q.Filter.During = "2010/2014"
		case 2:
			q.Filter.ExcludeEntities = []evidence.ID{random()}
		case 3:
			q.Filter.ExcludeDisputed = true
		}
		want, err := slow.Paths(t.Context(), q)
		require.NoError(t, err)
		got, err := fast.Paths(t.Context(), q)
		require.NoError(t, err)
		if want.Cut == "" {
			require.Equal(t, want, got, "%+v", q)
			found += len(want.All)
		}
	}
	require.NoError(t, fast.Close())
	require.NoError(t, slow.Close())
	require.Greater(t, found, 100)
	require.Greater(t, counting.asked, 100)
}
