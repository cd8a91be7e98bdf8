// Package blobtest is the suite that every blob.Store passes.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob"
)

// Run tests the stores that open makes, each an empty one, with the directory on
// the disk where it keeps each blob as a file of that name.
func Run(t *testing.T, open func(t *testing.T) (s blob.Store, root string)) {
	t.Helper()
	const limit = 1 << 20
	absent := nameOf("never put")

	t.Run("what is put can be read", func(t *testing.T) {
		s, _ := open(t)
		for _, content := range []string{"", "a", "Peña\x00Nieto\r\n", strings.Repeat("0123456789", 100_000)} {
			name, n, err := s.Put(t.Context(), iotest.HalfReader(strings.NewReader(content)), limit)
			require.NoError(t, err)
			require.Equal(t, nameOf(content), name)
			require.EqualValues(t, len(content), n)
			require.Equal(t, content, read(t, s, name))
			size, err := s.Stat(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, n, size)
			require.NoError(t, blob.Verify(t.Context(), s, name))
		}
	})
	t.Run("putting again is the same", func(t *testing.T) {
		s, root := open(t)
		first := put(t, s, "twice")
		require.Equal(t, first, put(t, s, "twice"))
		require.Equal(t, []string{first}, Kept(t, root))
		require.Equal(t, "twice", read(t, s, first))
	})
	t.Run("putting again mends", func(t *testing.T) {
		s, root := open(t)
		name := put(t, s, "the words of the witness")
		for _, harm := range []func(b []byte) []byte{
			func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			func(b []byte) []byte { return b[:len(b)/2] },
			func([]byte) []byte { return nil },
		} {
			damage(t, root, name, harm)
			require.ErrorIs(t, blob.Verify(t.Context(), s, name), blob.ErrCorrupt)
			require.Equal(t, name, put(t, s, "the words of the witness"))
			require.Equal(t, "the words of the witness", read(t, s, name))
		}
		require.Equal(t, []string{name}, Kept(t, root))
	})
	t.Run("it can be read from anywhere", func(t *testing.T) {
		s, _ := open(t)
		name := put(t, s, "0123456789")
		r, size, err := s.Open(t.Context(), name)
		require.NoError(t, err)
		require.EqualValues(t, 10, size)
		at, err := r.Seek(-3, io.SeekEnd)
		require.NoError(t, err)
		require.EqualValues(t, 7, at)
		tail, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "789", string(tail))
		_, err = r.Seek(0, io.SeekStart)
		require.NoError(t, err)
		all, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "0123456789", string(all))
		require.NoError(t, r.Close())
	})
	t.Run("the limit is a limit", func(t *testing.T) {
		s, root := open(t)
		name, _, err := s.Put(t.Context(), strings.NewReader("12345"), 5)
		require.NoError(t, err)
		_, _, err = s.Put(t.Context(), strings.NewReader("123456"), 5)
		require.ErrorIs(t, err, blob.ErrTooLarge)
		require.Equal(t, []string{name}, Kept(t, root))
	})
	t.Run("a failed put leaves nothing", func(t *testing.T) {
		s, root := open(t)
		broken := errors.New("broken line")
		_, _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), limit)
		require.ErrorIs(t, err, broken)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = s.Put(cancelled, strings.NewReader("all"), limit)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, Kept(t, root))
		_, err = s.Stat(t.Context(), nameOf("half"))
		require.ErrorIs(t, err, blob.ErrNotFound)
	})
	t.Run("all are listed", func(t *testing.T) {
		s, _ := open(t)
		listed := func() (names []string) {
			for b, err := range s.List(t.Context()) {
				require.NoError(t, err)
				require.WithinDuration(t, time.Now(), b.Put, time.Hour)
				names = append(names, b.Name)
			}
			return names
		}
		require.Empty(t, listed())
		want := []string{put(t, s, "one"), put(t, s, "two"), put(t, s, "three")}
		require.ElementsMatch(t, want, listed())
		for _, err := range s.List(t.Context()) {
			require.NoError(t, err)
			break
		}
		require.NoError(t, s.Delete(t.Context(), want[1]))
		require.ElementsMatch(t, []string{want[0], want[2]}, listed())
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range s.List(cancelled) {
			require.ErrorIs(t, err, context.Canceled)
		}
	})
	t.Run("what is not there", func(t *testing.T) {
		s, _ := open(t)
		_, _, err := s.Open(t.Context(), absent)
		require.ErrorIs(t, err, blob.ErrNotFound)
		_, err = s.Stat(t.Context(), absent)
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.ErrorIs(t, blob.Verify(t.Context(), s, absent), blob.ErrNotFound)
		require.NoError(t, s.Delete(t.Context(), absent))
	})
	t.Run("names that are none", func(t *testing.T) {
		s, _ := open(t)
		for _, name := range []string{"", "..", "../../etc/passwd", absent[1:], absent + "0", strings.ToUpper(absent), strings.Repeat("g", 64)} {
			_, _, err := s.Open(t.Context(), name)
			require.ErrorIs(t, err, blob.ErrBadName, "%q", name)
			_, err = s.Stat(t.Context(), name)
			require.ErrorIs(t, err, blob.ErrBadName, "%q", name)
			require.ErrorIs(t, s.Delete(t.Context(), name), blob.ErrBadName, "%q", name)
		}
	})
	t.Run("deleting", func(t *testing.T) {
		s, root := open(t)
		gone, kept := put(t, s, "gone"), put(t, s, "kept")
		require.NoError(t, s.Delete(t.Context(), gone))
		_, _, err := s.Open(t.Context(), gone)
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.Equal(t, []string{kept}, Kept(t, root))
		require.Equal(t, gone, put(t, s, "gone"))
		require.Equal(t, "gone", read(t, s, gone))
	})
	t.Run("damage is found", func(t *testing.T) {
		s, root := open(t)
		name := put(t, s, "the words of the witness")
		damage(t, root, name, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		require.ErrorIs(t, blob.Verify(t.Context(), s, name), blob.ErrCorrupt)
		r, _, err := s.Open(t.Context(), name)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, blob.ErrCorrupt)
		require.NoError(t, r.Close())
		to, _ := open(t)
		require.ErrorIs(t, blob.Copy(t.Context(), to, s, name), blob.ErrCorrupt)
	})
	t.Run("copying", func(t *testing.T) {
		from, _ := open(t)
		to, _ := open(t)
		name := put(t, from, "copied")
		require.NoError(t, blob.Copy(t.Context(), to, from, name))
		require.Equal(t, "copied", read(t, to, name))
		require.ErrorIs(t, blob.Copy(t.Context(), to, from, absent), blob.ErrNotFound)
	})
	t.Run("many at once", func(t *testing.T) {
		s, root := open(t)
		content := strings.Repeat("same bytes ", 10_000)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				name, _, err := s.Put(t.Context(), strings.NewReader(content), limit)
				if err == nil {
					err = blob.Verify(t.Context(), s, name)
				}
				errs[i] = err
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, []string{nameOf(content)}, Kept(t, root))
	})
}

func nameOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func put(t *testing.T, s blob.Store, content string) string {
	t.Helper()
	name, _, err := s.Put(t.Context(), strings.NewReader(content), 1<<20)
	require.NoError(t, err)
	return name
}

func read(t *testing.T, s blob.Store, name string) string {
	t.Helper()
	r, size, err := s.Open(t.Context(), name)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.EqualValues(t, b.Len(), size)
	return b.String()
}

// damage changes the bytes of a blob behind its store's back. The file may not be
// written to.
func damage(t *testing.T, root, name string, harm func([]byte) []byte) {
	t.Helper()
	damaged := 0
	for _, path := range files(t, root) {
		if filepath.Base(path) != name {
			continue
		}
		b, err := os.ReadFile(path) //nolint:gosec // a file of the test
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, harm(b), 0o600))
		damaged++
	}
	require.Equal(t, 1, damaged, "files named %s", name)
}

// Kept names all files below the directory of a store, in order: its blobs, and
// whatever was left half written.
func Kept(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	for _, path := range files(t, root) {
		names = append(names, filepath.Base(path))
	}
	slices.Sort(names)
	return names
}

func files(t *testing.T, root string) []string {
	t.Helper()
	var paths []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}
