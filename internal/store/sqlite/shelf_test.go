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
	storetest.RunShelf(t, func(t testing.TB) storetest.Opened {
		path := filepath.Join(t.TempDir(), "graph.db")
		open := func(t testing.TB) store.Store {
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			require.NoError(t, err)
			return s
		}
		return storetest.Opened{Store: open(t), Again: open}
	})
}
