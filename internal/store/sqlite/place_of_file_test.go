package sqlite_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/ci/unprivileged"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestOnlyItsOwnerReadsAFile that a store makes, and what SQLite puts beside it.
func TestOnlyItsOwnerReadsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

// TestAFileThatIsReplacedIsNotWrittenTo any more: what SQLite would take is lost.
func TestAFileThatIsReplacedIsNotWrittenTo(t *testing.T) {
	for what, take := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"replaced": func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".new", content, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "graph.db")
			s := open(t, path, sqlite.Options{})
			write(t, s, set("a", "José"))
			now(t, s, evidence.Public) // it has connections by now
			take(t, path)
			_, err := storetest.Apply(t.Context(), s, 2, storetest.Top, set("b", "María"))
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, "was deleted or replaced")
			require.ErrorIs(t, s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a"}), store.ErrUnavailable)
			_, err = s.Head(t.Context())
			require.ErrorIs(t, err, store.ErrUnavailable)
			_, err = s.Raw(t.Context(), evidence.Now(evidence.Public))
			require.ErrorIs(t, err, store.ErrUnavailable)
		})
		t.Run(what+" in the middle of a write", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "graph.db")
			s := open(t, path, sqlite.Options{})
			write(t, s, set("a", "José"))
			_, err := s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				take(t, path)
				return storetest.Planner(2).Plan(ctx, snap, storetest.Top, set("b", "María"))
			})
			require.ErrorIs(t, err, store.ErrUnavailable)
		})
	}
}

// TestDamageIsRemembered once a read came upon it.
func TestDamageIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	require.NoError(t, s.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	const page = 16384
	for i := page; i < len(content); i++ {
		content[i] = 0xa5
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	s, err = sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		require.ErrorContains(t, err, "is damaged")
		return
	}
	require.NoError(t, s.Sound())
	defer func() { require.NoError(t, s.Close()) }()
	_, err = storetest.Apply(t.Context(), s, 2, storetest.Top, set("b", "María"))
	require.Error(t, err)
	require.ErrorContains(t, s.Sound(), "is damaged")
}

// TestAFolderThatCannotBeWrittenTo, as a backup is on.
func TestAFolderThatCannotBeWrittenTo(t *testing.T) {
	if unprivileged.Run(t) {
		return
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	require.NoError(t, s.Close())
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	require.NoError(t, os.Chmod(folder, 0o500)) //nolint:gosec // it is a folder

	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.ErrorIs(t, err, sqlite.ErrUnwritable)
	reader := open(t, path, sqlite.Options{ReadOnly: true})
	found, err := now(t, reader, evidence.Public).Get(t.Context(), []evidence.ID{"a"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	for _, err := range reader.Scan(t.Context()) {
		require.NoError(t, err)
	}
}

// TestAFileThatCannotBeWrittenTo is refused when it is opened and not when it is
// first written to.
func TestAFileThatCannotBeWrittenTo(t *testing.T) {
	if unprivileged.Run(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	require.NoError(t, s.Close())
	require.NoError(t, os.Chmod(path, 0o400))
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.ErrorIs(t, err, sqlite.ErrUnwritable)
	reader := open(t, path, sqlite.Options{ReadOnly: true})
	_, err = reader.Head(t.Context())
	require.NoError(t, err)
}

// whose, where it is set, has the tests open a temporary store and be killed.
const whose = "VINCULO_TEST_TEMPORARY"

// TestWhatAKilledProcessLeaves goes when the next temporary store is made, and what
// a process that lives still uses stays.
func TestWhatAKilledProcessLeaves(t *testing.T) {
	if os.Getenv(whose) != "" {
		_, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
		require.NoError(t, err)
		self, err := os.FindProcess(os.Getpid())
		require.NoError(t, err)
		require.NoError(t, self.Kill())
		select {}
	}
	t.Setenv("TMPDIR", t.TempDir())
	mine := open(t, sqlite.Memory, sqlite.Options{})
	write(t, mine, set("a", "José"))
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", t.Name())
	command.Env = append(os.Environ(), whose+"=yes")
	require.ErrorContains(t, command.Run(), "killed")
	left := func() int {
		entries, err := os.ReadDir(os.Getenv("TMPDIR"))
		require.NoError(t, err)
		return len(entries)
	}
	require.Equal(t, 2, left())
	next, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	require.Equal(t, 2, left(), "mine and the next")
	require.NoError(t, next.Close())
	write(t, mine, set("b", "María"))
	require.Equal(t, 1, left())
}

// TestAKilledRemoval leaves the lock as long as anything of the store is there, by
// which the next finds the folder.
func TestAKilledRemoval(t *testing.T) {
	if unprivileged.Run(t) {
		return
	}
	t.Setenv("TMPDIR", t.TempDir())
	st := open(t, sqlite.Memory, sqlite.Options{})
	folder := onlyFolder(t)
	// What cannot be taken away stands for what was not reached.
	stuck := filepath.Join(folder, "z-stuck")
	require.NoError(t, os.MkdirAll(filepath.Join(stuck, "inner"), 0o700))
	require.NoError(t, os.Chmod(stuck, 0o500)) //nolint:gosec // it is a folder
	t.Cleanup(func() { _ = os.Chmod(stuck, 0o700) })
	require.Error(t, st.Close())
	require.FileExists(t, filepath.Join(folder, "lock"))
	require.NoError(t, os.Chmod(stuck, 0o700)) //nolint:gosec // it is a folder

	next := open(t, sqlite.Memory, sqlite.Options{})
	require.NoDirExists(t, folder)
	require.NoError(t, next.Close())
}

// onlyFolder is the one that is in the folder for temporary files.
func onlyFolder(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Len(t, entries, 1)
	return filepath.Join(os.TempDir(), entries[0].Name())
}

// TestFoldersWithoutALock are taken away where they are this program's and old.
func TestFoldersWithoutALock(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder := func(name string, age time.Duration, files ...string) string {
		path := filepath.Join(os.TempDir(), name)
		require.NoError(t, os.Mkdir(path, 0o700))
		at := time.Now().Add(-age)
		for _, file := range files {
			require.NoError(t, os.WriteFile(filepath.Join(path, file), nil, 0o600))
			require.NoError(t, os.Chtimes(filepath.Join(path, file), at, at))
		}
		require.NoError(t, os.Chtimes(path, at, at))
		return path
	}
	const old = 48 * time.Hour
	gone := []string{folder("vinculo-1", old), folder("vinculo-2", old, "store.db", "store.db-wal")}
	used := folder("vinculo-3", old, "store.db", "store.db-wal")
	now := time.Now()
	require.NoError(t, os.Chtimes(filepath.Join(used, "store.db-wal"), now, now))
	stay := []string{
		used, folder("vinculo-4", time.Hour), folder("vinculo-5", old, "store.db", "notes.txt"),
		folder("vinculo-", old), folder("vinculo-backup", old, "store.db"),
	}
	open(t, sqlite.Memory, sqlite.Options{})
	for _, path := range gone {
		require.NoDirExists(t, path)
	}
	for _, path := range stay {
		require.DirExists(t, path)
	}
}
