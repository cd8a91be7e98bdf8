package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestStore runs the conformance suite, once with traversal answered from the
// file, as before the links are in memory, and once from memory.
func TestStore(t *testing.T) {
	for name, warm := range map[string]bool{"File": false, "Memory": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t testing.TB) storetest.Opened {
				path := filepath.Join(t.TempDir(), "graph.db")
				open := func(t testing.TB) store.Store {
					s, err := sqlite.Open(t.Context(), path, sqlite.Options{Readers: 1024})
					require.NoError(t, err)
					if warm {
						require.NoError(t, s.Warm(t.Context()))
					} else {
						s.KeepCold()
					}
					return s
				}
				return storetest.Opened{Store: open(t), Again: open}
			})
		})
	}
}
