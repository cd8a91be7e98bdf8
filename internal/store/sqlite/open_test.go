package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	modernc "modernc.org/sqlite"

	"database/sql/driver"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// script runs SQL on a file as any other program would.
func script(t *testing.T, path, sql string) {
	t.Helper()
	c, err := (&modernc.Driver{}).Open(path)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = c.(driver.ExecerContext).ExecContext(t.Context(), sql, nil) //nolint:forcetypeassert // the driver's connections are
	require.NoError(t, err)
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, os.WriteFile(at("notes.txt"), []byte("Apuntes del caso; esto no es una base de datos, aunque sea un archivo largo.\n"), 0o600))
	script(t, at("other.db"), "CREATE TABLE contact (name TEXT)")
	ours, err := sqlite.Open(t.Context(), at("newer.db"), sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, ours.Close())
	script(t, at("newer.db"), "PRAGMA user_version = 99")

	ours, err = sqlite.Open(t.Context(), at("older.db"), sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, ours.Close())
	script(t, at("older.db"), fmt.Sprintf("PRAGMA user_version = %d", sqlite.Version-1))

	for name, c := range map[string]struct {
		path    string
		options sqlite.Options
		says    string
	}{
		"empty path":     {"", sqlite.Options{}, "is empty"},
		"missing folder": {at("absent/graph.db"), sqlite.Options{}, "there is no folder"},
		"a folder":       {folder, sqlite.Options{}, "is a folder"},
		"a text":         {at("notes.txt"), sqlite.Options{}, "is not an SQLite file"},
		"another's":      {at("other.db"), sqlite.Options{}, "of another program"},
		"newer":          {at("newer.db"), sqlite.Options{}, "newer Vínculo"},
		"absent to read": {at("absent.db"), sqlite.Options{ReadOnly: true}, "does not exist"},
		"absent as is":   {at("absent.db"), sqlite.Options{AsItIs: true}, "does not exist"},
		"older to read":  {at("older.db"), sqlite.Options{ReadOnly: true}, "of an older version; open it once for writing"},
		"older as is":    {at("older.db"), sqlite.Options{AsItIs: true}, "of an older version; open it once for writing"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := os.ReadFile(c.path)
			_, err := sqlite.Open(t.Context(), c.path, c.options)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n", "an error is one line")
			if c.path != "" {
				require.ErrorContains(t, err, c.path, "an error names the file")
			}
			after, _ := os.ReadFile(c.path)
			require.Equal(t, before, after, "a file that is refused is left as it is")
		})
	}
	require.NoFileExists(t, at("absent.db"))
}

// set is a change set of one entity.
func set(id evidence.ID, name string) *evidence.ChangeSet {
	return &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name)}}}}
}

// TestAFileThatIsGoneIsNotMadeAgain takes the file away from an open store: an
// empty one in its place would look like a store that knows nothing.
func TestAFileThatIsGoneIsNotMadeAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	require.NoError(t, os.Remove(path))
	_, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = s.Write(t.Context(), func(context.Context, evidence.Snapshot) (*evidence.Commit, error) { return &evidence.Commit{}, nil })
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.NoFileExists(t, path)
}

// TestReadingLinksAheadEndsWithTheStore has that read, which runs in the
// background, get its turn when the store is closed already.
func TestReadingLinksAheadEndsWithTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	require.NoError(t, s.Close())
	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, s.ReadAhead(), store.ErrClosed)
	require.NoFileExists(t, path)
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "año 2014 #1?.db") // signs that an address would take for its own
	writer := open(t, path, sqlite.Options{})
	require.FileExists(t, path)
	write(t, writer, set("a", "José"))
	reader := open(t, path, sqlite.Options{ReadOnly: true})
	_, err := reader.Write(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.ErrorContains(t, err, "for reading only")

	write(t, writer, set("b", "María"))
	r := now(t, reader, evidence.Public)
	found, err := r.Get(t.Context(), []evidence.ID{"a", "b"})
	require.NoError(t, err)
	require.Len(t, found, 2)
}

// TestAsItIs plans on a file and leaves how it keeps its journal as that is.
func TestAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	require.NoError(t, s.Close())
	script(t, path, "PRAGMA journal_mode = DELETE")
	before, err := os.ReadFile(path) //nolint:gosec // a file of the test
	require.NoError(t, err)
	as := open(t, path, sqlite.Options{AsItIs: true})
	planned := false
	_, err = as.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		there, err := snap.Newest(ctx, []evidence.ID{"a"}, evidence.Open)
		planned = len(there) == 1
		return &evidence.Commit{}, err
	})
	require.NoError(t, err)
	require.True(t, planned)
	require.NoError(t, as.Close())
	after, err := os.ReadFile(path) //nolint:gosec // a file of the test
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestMemoryIsGoneAfterwards(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	one, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	two := open(t, sqlite.Memory, sqlite.Options{})
	write(t, one, set("a", "José"))
	head, err := two.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head.Sequence, "each has its own")
	require.NoError(t, one.Close())
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Len(t, left, 1, "only that of the other is left")
}

// TestOpenAtOnce makes one store from many sides.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	var wait sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		wait.Go(func() {
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err == nil {
				err = s.Close()
			}
			errs <- err
		})
	}
	wait.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

// TestChangedUnderAStore has another program bring the file up to date, or put a copy
// of an older one into it, while a store is open: the store neither writes nor reads any
// more, and says what to do.
func TestChangedUnderAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	before, err := s.Head(t.Context())
	require.NoError(t, err)
	for says, other := range map[string]int{"start the newer one": sqlite.Version + 1, "start Vínculo again": sqlite.Version - 1} {
		t.Run(says, func(t *testing.T) {
			script(t, path, fmt.Sprintf("PRAGMA user_version = %d", other))
			_, written := storetest.Apply(t.Context(), s, 2, storetest.Top, set("b", "María"))
			require.ErrorContains(t, written, says)
			var told evidence.Fault
			require.ErrorAs(t, written, &told, "who asks is told, too")
			require.Equal(t, evidence.Unavailable, told.Code)
			_, read := s.Raw(t.Context(), evidence.Now(evidence.Public))
			_, asked := s.Head(t.Context())
			var logged, scanned error
			for _, logged = range s.Log(t.Context(), 0) {
			}
			for _, scanned = range s.Scan(t.Context()) {
			}
			_, kept := s.Item(t.Context(), "token", "a")
			for what, err := range map[string]error{
				"written": written, "read": read, "asked": asked, "logged": logged, "scanned": scanned, "kept": kept,
				"put":      s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a"}),
				"loaded":   s.Import(t.Context(), func(yield func(store.Plan, error) bool) { yield(nil, nil) }),
				"scrubbed": s.Scrub(t.Context()),
			} {
				require.ErrorIs(t, err, store.ErrUnavailable, what)
			}

			script(t, path, fmt.Sprintf("PRAGMA user_version = %d", sqlite.Version))
			after, err := s.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after, "nothing was written")
			require.NoError(t, now(t, s, evidence.Public).Close())
		})
	}
}

// TestAnErasureGetsItsKeyBack has an older program erase the reason of an erasure, with
// which it lost the key that plans find it by.
func TestAnErasureGetsItsKeyBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	write(t, s, set("a", "José"))
	_, err := erasure.Run(t.Context(), s, storetest.Planner(2), erasure.Order{Author: storetest.Top, Ground: "order 7", IDs: []evidence.ID{"a"}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	script(t, path, "UPDATE revision SET key = NULL WHERE seq = 2; PRAGMA user_version = 5")
	_, err = storetest.Apply(t.Context(), open(t, path, sqlite.Options{}), 3, storetest.Top, set("b", "José"))
	require.Equal(t, evidence.Forbidden, evidence.CodeOf(err), "%v", err)
}
