package blob_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
)

func TestDir(t *testing.T) {
	t.Parallel()
	roots := map[blob.Store]string{}
	open := func(t *testing.T) blob.Store {
		t.Helper()
		root := filepath.Join(t.TempDir(), "captures")
		s, err := blob.OpenDir(root)
		require.NoError(t, err)
		roots[s] = root
		return s
	}
	blobtest.Run(t, open, func(t *testing.T, s blob.Store, name string) {
		t.Helper()
		damageFile(t, filepath.Join(roots[s], name[:2], name[2:4], name))
	})
}

// damageFile changes a byte of a file that may not be written to.
func damageFile(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

func TestDirSurvives(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := blob.OpenDir(root)
	require.NoError(t, err)
	name, _, err := s.Put(t.Context(), strings.NewReader("words"), 10)
	require.NoError(t, err)
	_, _, err = s.Put(t.Context(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(errors.New("broken"))), 10)
	require.Error(t, err)

	left, err := os.ReadDir(filepath.Join(root, "incoming"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left of what was being written")

	// What a process that was killed left, and what is none of ours, is no blob.
	require.NoError(t, os.WriteFile(filepath.Join(root, "incoming", "put-1"), []byte("hal"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, name[:2], name), []byte("words"), 0o600))
	again, err := blob.OpenDir(root)
	require.NoError(t, err)
	var names []string
	for name, err := range again.List(t.Context()) {
		require.NoError(t, err)
		names = append(names, name)
	}
	require.Equal(t, []string{name}, names)

	// Putting the bytes again mends a damaged copy.
	damageFile(t, filepath.Join(root, name[:2], name[2:4], name))
	require.ErrorIs(t, blob.Verify(t.Context(), again, name), blob.ErrCorrupt)
	_, _, err = again.Put(t.Context(), strings.NewReader("words"), 10)
	require.NoError(t, err)
	require.NoError(t, blob.Verify(t.Context(), again, name))

	_, err = blob.OpenDir(filepath.Join(root, name[:2], name, "below-a-file"))
	require.Error(t, err)
}

func TestLeftoversOfProcessesThatWereKilled(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := blob.OpenDir(root)
	require.NoError(t, err)
	name, _, err := s.Put(t.Context(), strings.NewReader("words"), 10)
	require.NoError(t, err)
	old, young := filepath.Join(root, "incoming", "put-1"), filepath.Join(root, "incoming", "put-2")
	foreign := filepath.Join(root, "incoming", "notes.txt")
	for _, path := range []string{old, young, foreign} {
		require.NoError(t, os.WriteFile(path, []byte("hal"), 0o600))
	}
	past := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(old, past, past))
	require.NoError(t, os.Chtimes(foreign, past, past))

	require.NoError(t, s.RemoveLeftovers(t.Context(), time.Hour))
	require.NoFileExists(t, old)
	require.FileExists(t, young, "somebody may be writing it")
	require.NoError(t, s.RemoveLeftovers(t.Context(), 0))
	require.NoFileExists(t, young)
	require.FileExists(t, foreign, "none of ours")
	require.NoError(t, blob.Verify(t.Context(), s, name))

	require.NoError(t, os.RemoveAll(filepath.Join(root, "incoming")))
	require.NoError(t, s.RemoveLeftovers(t.Context(), 0))
}
