package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

func TestShelf(t *testing.T) {
	storetest.RunShelf(t, func(tb testing.TB) storetest.Opened {
		tb.Helper()
		path := filepath.Join(tb.TempDir(), "graph.db")
		open := func(tb testing.TB) store.Store {
			tb.Helper()
			s, err := sqlite.Open(tb.Context(), path, sqlite.Options{})
			require.NoError(tb, err)
			return s
		}
		return storetest.Opened{Store: open(tb), Again: open}
	})
}
