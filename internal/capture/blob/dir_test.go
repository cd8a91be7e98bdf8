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
	blobtest.Run(t, func(t *testing.T) (blob.Store, string) {
		t.Helper()
		root := filepath.Join(t.TempDir(), "captures")
		s, err := blob.OpenDir(root)
		require.NoError(t, err)
		return s, root
	})
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

	again, err := blob.OpenDir(root)
	require.NoError(t, err)
	require.NoError(t, blob.Verify(t.Context(), again, name))

	_, err = blob.OpenDir(filepath.Join(root, name[:2], name[2:4], name, "below-a-file"))
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

// TestADirectoryThatIsRead is left as it is, and can be written to all the same.
func TestADirectoryThatIsRead(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	made, err := blob.OpenDir(root)
	require.NoError(t, err)
	name, _, err := made.Put(t.Context(), strings.NewReader("words"), 10)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "incoming")))

	s := blob.ExistingDir(root)
	require.NoError(t, blob.Verify(t.Context(), s, name))
	require.NoDirExists(t, filepath.Join(root, "incoming"))
	_, _, err = s.Put(t.Context(), strings.NewReader("more"), 10)
	require.NoError(t, err)
}
