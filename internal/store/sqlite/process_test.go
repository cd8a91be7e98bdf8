package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// The tests of this file run the test binary again as another process, which
// does what childTask names to the store at childPath.
const (
	childTask = "VINCULO_TEST_CHILD"
	childPath = "VINCULO_TEST_CHILD_PATH"
)

func TestMain(m *testing.M) {
	task := os.Getenv(childTask)
	if task == "" {
		os.Exit(m.Run())
	}
	if err := children[task](context.Background(), os.Getenv(childPath)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var children = map[string]func(context.Context, string) error{
	"write": func(ctx context.Context, path string) error { return writeOn(ctx, path, 1<<30) },
	"ten":   func(ctx context.Context, path string) error { return writeOn(ctx, path, 10) },
	"full":  writeUntilTheDiskFails,
	"load":  loadOn,
	"alone": importAndWait,
}

// pair is one revision that makes two people and a link between them, so that a
// half of it would show.
func pair(name string) *evidence.ChangeSet {
	a, b := evidence.ID(name+"-a"), evidence.ID(name+"-b")
	return &evidence.ChangeSet{Reason: "pair", Changes: []evidence.Change{
		{PutSource: &evidence.PutSource{ID: "src", Kind: evidence.Of("NEWS"), Title: evidence.Of("Crónica"), URL: evidence.Of("https://example.org/")}},
		{PutEntity: &evidence.PutEntity{ID: a, Kind: evidence.Of("PERSON"), Name: evidence.Of("Ángel " + name)}},
		{PutEntity: &evidence.PutEntity{ID: b, Kind: evidence.Of("PERSON"), Name: evidence.Of("Inés " + name)}},
		{AssertLink: &evidence.AssertLink{ID: evidence.ID(name + "-l"), Kind: "LINKED_TO", From: a, To: b, Citations: []evidence.NewCitation{{ID: evidence.ID(name + "-c"), Source: "src", Locator: "p. 1"}}}},
	}}
}

func plan(cs *evidence.ChangeSet) store.Plan {
	return func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner().Plan(ctx, snap, editor, cs)
	}
}

// writeOn writes revisions and tells each acknowledged one on its output.
func writeOn(ctx context.Context, path string, n int) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	for i := range n {
		commit, err := s.Write(ctx, plan(pair(fmt.Sprintf("p%d-%d", os.Getpid(), i))))
		if err != nil {
			return err
		}
		fmt.Println(uint64(commit.Revision.Sequence()))
	}
	return s.Close()
}

// writeUntilTheDiskFails may write files of a limited size only, and says in the
// end what the store said.
func writeUntilTheDiskFails(ctx context.Context, path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 3 << 20, Max: 3 << 20}); err != nil {
		return err
	}
	for i := range 10_000 {
		commit, err := s.Write(ctx, plan(pair("p"+strconv.Itoa(i))))
		if err == nil {
			fmt.Println(uint64(commit.Revision.Sequence()))
			continue
		}
		_, again := s.Write(ctx, plan(pair("again")))
		head, readable := s.Head(ctx)
		fmt.Printf("failed %t %t %t %d\n", errors.Is(err, store.ErrUnavailable), errors.Is(again, store.ErrUnavailable), readable == nil, head.Sequence)
		return nil
	}
	return errors.New("the disk never failed")
}

// loadOn loads the log of a store beside its own, from where its own ends.
func loadOn(ctx context.Context, path string) error {
	from, err := sqlite.Open(ctx, path+".from", sqlite.Options{})
	if err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	s.Crowd() // or all of it would be one commit
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	err = s.Load(ctx, from.Log(ctx, head.Sequence), func(ctx context.Context, snap evidence.Snapshot, rev *evidence.Revision) (*evidence.Commit, error) {
		fmt.Println(rev.Header.Sequence)
		return planner().Replay(ctx, snap, rev)
	})
	return errors.Join(err, s.Close(), from.Close())
}

// importAndWait writes most of a whole import to the file, and waits.
func importAndWait(ctx context.Context, path string) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	s.SpillEarly()
	if err := s.Set(ctx, "PRAGMA cache_size = 4"); err != nil { // pages
		return err
	}
	_, err = s.ImportWhole(ctx, func(yield func(store.Plan, error) bool) {
		for i := range 3000 {
			if !yield(plan(pair(strconv.Itoa(i))), nil) {
				return
			}
		}
		fmt.Println("written")
		time.Sleep(time.Hour)
	}, 15_000)
	return err
}

func child(t *testing.T, task, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0]) //nolint:gosec // this very program
	c.Env = append(os.Environ(), childTask+"="+task, childPath+"="+path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	return c, bufio.NewScanner(out)
}

// sound checks the chain of the log and that every revision is there whole, and
// gives the newest.
func sound(t *testing.T, s store.Store) evidence.Sequence {
	t.Helper()
	var chain ledger.Chain
	var newest evidence.Sequence
	for rev, err := range s.Log(t.Context(), 0) {
		require.NoError(t, err)
		require.NoError(t, chain.AppendRecorded(rev.Header, rev.Hash, rev.Leaves))
		newest = rev.Sequence()
	}
	r := now(t, s, evidence.Public)
	links, err := r.Count(t.Context(), store.CountQuery{Type: evidence.LinkRecord})
	require.NoError(t, err)
	require.EqualValues(t, newest, links[""], "each revision made one link")
	people := map[evidence.ID]bool{}
	for f, err := range r.Find(t.Context(), store.Query{Type: evidence.EntityRecord, Limit: store.MaxBatch}) {
		require.NoError(t, err)
		people[f.Record.ID()] = true
	}
	require.Len(t, people, 2*int(newest)) //nolint:gosec // a few
	return newest
}

// TestKilled kills a process while it writes, again and again: what it had
// acknowledged is there, and nothing is there by half.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	for round := range 4 {
		c, lines := child(t, "write", path)
		acknowledged := ""
		for range 3 + 5*round {
			require.True(t, lines.Scan())
			acknowledged = lines.Text()
		}
		require.NoError(t, c.Process.Kill())
		for lines.Scan() { // what it told before it died
			acknowledged = lines.Text()
		}
		require.Error(t, c.Wait())
		last, err := strconv.ParseUint(acknowledged, 10, 64)
		require.NoError(t, err)
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		require.NoError(t, err)
		require.GreaterOrEqual(t, uint64(sound(t, s)), last)
		require.NoError(t, s.Close())
	}
}

// TestLoadKilled kills a process while it loads a log: it ends at a revision, and
// the rest can be loaded again.
func TestLoadKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	from := open(t, path+".from", sqlite.Options{})
	const revisions = 60
	for i := range revisions {
		write(t, from, pair(strconv.Itoa(i)))
	}
	killed := 0
	for {
		c, lines := child(t, "load", path)
		for range 12 {
			lines.Scan()
		}
		_ = c.Process.Kill() // it may have ended
		for lines.Scan() {
			continue // the pipe is read to its end
		}
		ended := c.Wait() == nil
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		require.NoError(t, err)
		at := sound(t, s)
		if ended {
			require.EqualValues(t, revisions, at)
			require.Equal(t, rows(t, from), rows(t, s))
			require.NoError(t, s.Close())
			break
		}
		require.NoError(t, s.Close())
		killed++
		require.Less(t, killed, revisions, "each time it must come further")
	}
	require.Positive(t, killed)
}

// TestWholeImportKilled kills a process that has written a part of an import to the
// file: whoever opens it next, to write or to read alone, finds nothing of it.
func TestWholeImportKilled(t *testing.T) {
	for _, o := range []sqlite.Options{{}, {AsItIs: true}, {ReadOnly: true}} {
		path := filepath.Join(t.TempDir(), "graph.db")
		c, lines := child(t, "alone", path)
		require.True(t, lines.Scan())
		require.NoError(t, c.Process.Kill())
		require.Error(t, c.Wait())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(500_000), "a part of it is in the file")
		info, err = os.Stat(path + "-journal")
		require.NoError(t, err)
		require.Positive(t, info.Size())

		s := open(t, path, o)
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.Zero(t, head.Sequence)
		require.Empty(t, rows(t, s))
		if o.ReadOnly {
			continue
		}
		taken, err := s.ImportWhole(t.Context(), func(yield func(store.Plan, error) bool) { yield(plan(pair("again")), nil) }, 5)
		require.NoError(t, err)
		require.True(t, taken)
		require.EqualValues(t, 1, sound(t, s))
	}
}

func rows(t *testing.T, s store.Store) (rows []store.Row) {
	t.Helper()
	for r, err := range s.Scan(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, r.Fault)
		rows = append(rows, r)
	}
	return rows
}

// TestOtherProcess has another process write into the store that this one reads
// and writes.
func TestOtherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	s := open(t, path, sqlite.Options{})
	require.NoError(t, s.Warm(t.Context()))
	write(t, s, pair("own"))
	c, lines := child(t, "ten", path)
	seen := 0
	for i := 0; lines.Scan(); i++ {
		at, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		r := now(t, s, evidence.Public)
		count, err := r.Count(t.Context(), store.CountQuery{Type: evidence.LinkRecord})
		require.NoError(t, err)
		require.GreaterOrEqual(t, count[""], at, "the next read sees what another process wrote")
		name := fmt.Sprintf("p%d-%d", c.Process.Pid, i)
		edges := 0
		for e, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{evidence.ID(name + "-a")}, Total: 10}) {
			require.NoError(t, err)
			require.Equal(t, evidence.ID(name+"-b"), e.To)
			edges++
		}
		require.Equal(t, 1, edges)
		require.True(t, sqlite.Answers(r), "traversal has followed in memory")
		require.NoError(t, r.Close())
		seen++
		if i%3 == 0 {
			write(t, s, pair("own"+strconv.Itoa(i)))
		}
	}
	require.NoError(t, c.Wait())
	require.Equal(t, 10, seen)
	sound(t, s)
}

// TestDiskFails writes until the disk takes no more: that commit is not
// acknowledged, the store says it is unavailable and stays readable, and opened
// again it has all that was acknowledged.
func TestDiskFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	c, lines := child(t, "full", path)
	acknowledged, said := "0", ""
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "failed") {
			said = lines.Text()
		} else {
			acknowledged = lines.Text()
		}
	}
	require.NoError(t, c.Wait())
	require.Equal(t, "failed true true true "+acknowledged, said)
	s := open(t, path, sqlite.Options{})
	require.Equal(t, acknowledged, strconv.FormatUint(uint64(sound(t, s)), 10))
	write(t, s, pair("recovered"))
}
