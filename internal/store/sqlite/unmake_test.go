package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// blankFile makes a store without anything in it, and leaves it closed.
func blankFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.db")
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, st.Close())
	return path
}

func TestUnmakeTakesTheFileAway(t *testing.T) {
	path := blankFile(t)
	require.NoError(t, sqlite.Unmake(t.Context(), path, false))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestUnmakeLeavesAnEmptyFileThatWasThere(t *testing.T) {
	path := blankFile(t)
	require.NoError(t, sqlite.Unmake(t.Context(), path, true))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Size())
}

// TestUnmakeLeavesWhatOthersUse: another process may have found the file by then.
func TestUnmakeLeavesWhatOthersUse(t *testing.T) {
	path := blankFile(t)
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, sqlite.Unmake(t.Context(), path, false))
	require.FileExists(t, path)

	require.NoError(t, st.PutItem(t.Context(), store.Item{Kind: "token", ID: "a", Data: []byte("x")}))
	require.NoError(t, st.Close())
	require.NoError(t, sqlite.Unmake(t.Context(), path, false))
	require.FileExists(t, path, "it holds something")

	st, err = sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, st.Close())
}
