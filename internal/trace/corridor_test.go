package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
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

func (r countingReader) Corridor(ctx context.Context, w store.Walks) (store.Corridor, bool, error) {
	r.store.asked++
	return r.corridors.Corridor(ctx, w)
}

// TestPathsAreTheSameByCorridorAndByLevel compares the two ways to ask a store
// with each other, and with trying everything, on graphs with merges,
// placeholders and clearances.
func TestPathsAreTheSameByCorridorAndByLevel(t *testing.T) {
	asked, n := 0, 0
	folder := t.TempDir()
	checkRandomly(t, 25, func(t *rapid.T) {
		n++
		st, err := sqlite.Open(context.Background(), filepath.Join(folder, fmt.Sprintf("%d.db", n)), sqlite.Options{})
		require.NoError(t, err)
		defer st.Close() //nolint:errcheck // its folder goes
		require.NoError(t, st.Warm(context.Background()))
		history(t, st, sizes{entities: 9, links: 24, revisions: 3, kinds: linkKinds})
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
	require.Greater(t, asked, 200, "the store was asked for corridors")
}
