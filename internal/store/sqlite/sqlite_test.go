package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestStore runs the conformance suite with traversal answered from the file, as
// before the links are in memory; from memory; and with every limit met.
func TestStore(t *testing.T) {
	for name, mode := range map[string]struct {
		histories int
		set       func(testing.TB, *sqlite.Store)
	}{
		"File":    {3, func(_ testing.TB, s *sqlite.Store) { s.KeepCold() }},
		"Memory":  {12, func(tb testing.TB, s *sqlite.Store) { tb.Helper(); s.RankAll(); warm(tb, s) }},
		"Crowded": {3, func(tb testing.TB, s *sqlite.Store) { tb.Helper(); s.Crowd(); warm(tb, s) }},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(tb testing.TB) storetest.Opened {
				tb.Helper()
				path := filepath.Join(tb.TempDir(), "graph.db")
				open := func(tb testing.TB) store.Store {
					tb.Helper()
					s, err := sqlite.Open(tb.Context(), path, sqlite.Options{Readers: 1024})
					require.NoError(tb, err)
					mode.set(tb, s)
					return s
				}
				return storetest.Opened{Store: open(tb), Again: open}
			}, storetest.Histories(mode.histories))
		})
	}
}

func warm(tb testing.TB, s *sqlite.Store) {
	tb.Helper()
	require.NoError(tb, s.Warm(tb.Context()))
}
