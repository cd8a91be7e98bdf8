package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// steady plans alike whenever it does.
func steady() *evidence.Planner {
	p := planner()
	p.Now = func() time.Time { return time.Date(2014, 9, 26, 23, 0, 0, 0, time.UTC) }
	return p
}

// imported gives change sets that only add, and then some that do more.
func imported() (adding, changing []*evidence.ChangeSet) {
	for cs := range made(200) {
		for at := 0; at < len(cs.Changes); at += 60 {
			adding = append(adding, &evidence.ChangeSet{Reason: "part", Changes: cs.Changes[at:min(at+60, len(cs.Changes))]})
		}
	}
	cite := evidence.NewCitation{ID: "late", Source: "s0", Stance: "DISPUTES", Locator: "p. 9"}
	return adding, []*evidence.ChangeSet{
		{Reason: "cite", Changes: []evidence.Change{{Cite: &evidence.Cite{Claim: "l7", Citation: cite}}}},
		{Reason: "again", IdempotencyKey: "again", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "e3", Name: evidence.Of("Otra Núñez")}}}},
		{Reason: "retract", Changes: []evidence.Change{{Retract: &evidence.Retract{ID: "l9"}}}},
	}
}

// importing gives plans of change sets. Where after is not negative, an error
// comes after so many of them.
func importing(sets []*evidence.ChangeSet, after int, err error) func(func(store.Plan, error) bool) {
	p := steady()
	return func(yield func(store.Plan, error) bool) {
		for i, cs := range sets {
			if i == after && !yield(nil, err) {
				return
			}
			if !yield(func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return p.Plan(ctx, snap, editor, cs)
			}, nil) {
				return
			}
		}
	}
}

func scanned(t *testing.T, s *sqlite.Store) []store.Row {
	t.Helper()
	var rows []store.Row
	for r, err := range s.Scan(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, r.Fault)
		rows = append(rows, r)
	}
	return rows
}

// TestFirstLoad imports into empty stores and compares them with one that was
// written revision by revision: rows, lists, full text, and the file's schema.
func TestFirstLoad(t *testing.T) {
	adding, changing := imported()
	for name, sets := range map[string][]*evidence.ChangeSet{"adds": adding, "changes": append(append([]*evidence.ChangeSet{}, adding...), changing...)} {
		t.Run(name, func(t *testing.T) {
			written := open(t, filepath.Join(t.TempDir(), "written.db"), sqlite.Options{})
			p := steady()
			for _, cs := range sets {
				_, err := written.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
					return p.Plan(ctx, snap, editor, cs)
				})
				require.NoError(t, err)
			}
			want := scanned(t, written)
			for name, hurry := range map[string]func(*sqlite.Store){"usual": func(*sqlite.Store) {}, "spilling": (*sqlite.Store).SpillEarly, "crowded": (*sqlite.Store).Crowd} {
				t.Run(name, func(t *testing.T) {
					dir := t.TempDir()
					loaded := open(t, filepath.Join(dir, "loaded.db"), sqlite.Options{})
					hurry(loaded)
					require.NoError(t, loaded.Import(t.Context(), importing(sets, -1, nil)))
					require.Equal(t, want, scanned(t, loaded))
					require.Equal(t, written.Schema(t), loaded.Schema(t))
					for _, q := range []store.Query{
						{Type: evidence.LinkRecord, Text: []string{"iguala"}, Limit: 1000},
						{Type: evidence.LinkRecord, Entities: []evidence.ID{hub}, Limit: 1000},
						{Type: evidence.CitationRecord, Text: []string{"p"}, Limit: 1000},
					} {
						require.Equal(t, keysOf(t, written, q), keysOf(t, loaded, q))
					}
					more := &evidence.ChangeSet{Reason: "more", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "more", Kind: evidence.Of("PERSON"), Name: evidence.Of("Íñigo")}}}}
					require.NoError(t, loaded.Import(t.Context(), importing([]*evidence.ChangeSet{more}, -1, nil)), "which is no first load any more")
					head, err := loaded.Head(t.Context())
					require.NoError(t, err)
					require.EqualValues(t, len(sets)+1, head.Sequence)
					left, err := filepath.Glob(filepath.Join(dir, "vinculo-*"))
					require.NoError(t, err)
					require.Empty(t, left, "no temporary file stays")
				})
			}
		})
	}
}

func keysOf(t *testing.T, s store.Store, q store.Query) []string {
	t.Helper()
	var keys []string
	for f, err := range now(t, s, evidence.Public).Find(t.Context(), q) {
		require.NoError(t, err)
		keys = append(keys, f.Key)
	}
	require.NotEmpty(t, keys)
	return keys
}

// TestFirstLoadEnds has a first load end early: what was planned before an error
// is kept, and nothing of it where the context has ended.
func TestFirstLoadEnds(t *testing.T) {
	adding, _ := imported()
	stop := errors.New("the sequence has ended")
	s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.ErrorIs(t, s.Import(t.Context(), importing(adding, 3, stop)), stop)
	head, err := s.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, head.Sequence)
	scanned(t, s)

	empty := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := func(yield func(store.Plan, error) bool) {
		importing(adding[:3], -1, nil)(yield)
		cancel()
		yield(nil, ctx.Err())
	}
	require.ErrorIs(t, empty.Import(ctx, ended), context.Canceled)
	head, err = empty.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head.Sequence)
	require.Equal(t, s.Schema(t), empty.Schema(t), "the index is there again")
	require.NoError(t, empty.Import(t.Context(), importing(adding, -1, nil)), "and the store can be loaded")
	scanned(t, empty)
}

// TestWholeImport takes all plans or none.
func TestWholeImport(t *testing.T) {
	adding, changing := imported()
	sets := append(append([]*evidence.ChangeSet{}, adding...), changing...)
	stop := errors.New("refused")
	for _, after := range []int{0, 3, len(adding), len(sets) - 1} { // in the first load, where it is settled, and after that
		s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
		taken, err := s.ImportWhole(t.Context(), importing(sets, after, stop), 1000)
		require.True(t, taken)
		require.ErrorIs(t, err, stop)
		require.Empty(t, scanned(t, s), "nothing of it stays")

		taken, err = s.ImportWhole(t.Context(), importing(sets, -1, nil), 1000)
		require.NoError(t, err)
		require.True(t, taken)
		again := open(t, filepath.Join(t.TempDir(), "again.db"), sqlite.Options{})
		require.NoError(t, again.Import(t.Context(), importing(sets, -1, nil)))
		require.Equal(t, scanned(t, again), scanned(t, s))
		require.Equal(t, again.Schema(t), s.Schema(t))

		taken, err = s.ImportWhole(t.Context(), func(func(store.Plan, error) bool) { require.Fail(t, "a plan was asked for") }, 1)
		require.NoError(t, err)
		require.False(t, taken, "the store is not empty")
	}
	s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	taken, err := s.ImportWhole(t.Context(), func(func(store.Plan, error) bool) { require.Fail(t, "a plan was asked for") }, 1<<40)
	require.NoError(t, err)
	require.False(t, taken, "so many records are not one transaction")
}

// TestWholeImportAlone has others open the file before, and while, it is written to as
// a whole.
func TestWholeImportAlone(t *testing.T) {
	adding, _ := imported()
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	during := func(do func()) func(func(store.Plan, error) bool) {
		return func(yield func(store.Plan, error) bool) {
			importing(adding[:2], -1, nil)(yield)
			do()
			importing(adding[2:], -1, nil)(yield)
		}
	}
	stop := errors.New("refused")

	// Whoever has it open reads on, and so does the store itself.
	other := open(t, path, sqlite.Options{})
	head, err := other.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head.Sequence)
	read := 0
	taken, err := s.ImportWhole(t.Context(), func(yield func(store.Plan, error) bool) {
		during(func() {
			for _, reading := range []*sqlite.Store{other, s} {
				head, err := reading.Head(t.Context())
				require.NoError(t, err)
				require.Zero(t, head.Sequence)
				read++
			}
		})(yield)
		yield(nil, stop)
	}, 1000)
	require.ErrorIs(t, err, stop)
	require.True(t, taken)
	require.Equal(t, 2, read)
	require.Equal(t, "wal", other.JournalMode(t))
	require.NoError(t, other.Close())

	// Where nobody has, whoever comes is told to wait, and sees nothing that may be taken
	// back, nor an empty graph.
	taken, err = s.ImportWhole(t.Context(), during(func() {
		_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		require.ErrorIs(t, err, store.ErrUnavailable)
		require.ErrorContains(t, err, "another process keeps")
	}), 1000)
	require.NoError(t, err)
	require.True(t, taken)
	require.Equal(t, "wal", s.JournalMode(t), "others may read again while one writes")
	other = open(t, path, sqlite.Options{})
	require.Equal(t, scanned(t, s), scanned(t, other))
	head, err = other.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(adding), head.Sequence)
}
