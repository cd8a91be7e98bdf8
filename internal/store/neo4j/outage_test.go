package neo4j_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// patience is how soon a store that is down is told.
const patience = 5 * time.Second

func unavailable(t testing.TB, what string, do func() error) {
	t.Helper()
	start := time.Now()
	err := do()
	require.ErrorIs(t, err, store.ErrUnavailable, what)
	require.Less(t, time.Since(start), patience, what)
}

// putPerson is a change set of one person.
func putPerson(id evidence.ID) *evidence.ChangeSet {
	return &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("José " + string(id))}}}}
}

func TestNothingListens(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	t.Run("silence", func(t *testing.T) { // connections are taken and nobody answers
		unavailable(t, "open", func() error {
			_, err := neo4j.Open(t.Context(), "bolt://"+addr, neo4j.Options{})
			return err
		})
	})
	require.NoError(t, l.Close())
	for _, scheme := range []string{"bolt", "neo4j"} {
		t.Run(scheme, func(t *testing.T) {
			unavailable(t, "open", func() error {
				_, err := neo4j.Open(t.Context(), scheme+"://"+addr, neo4j.Options{})
				return err
			})
		})
	}
}

// TestOutage takes the server away under an open store and gives it back.
func TestOutage(t *testing.T) {
	neo4jtest.Exclusive(t)
	wipe(t)
	p := newProxy(t)
	s := handleAt(t, p.uri())
	_, err := storetest.Apply(t.Context(), s, 1, storetest.Top, putPerson("e1"))
	require.NoError(t, err)
	before, err := s.Head(t.Context())
	require.NoError(t, err)

	p.stop()
	reader, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	unavailable(t, "read", func() error { _, err := reader.Get(t.Context(), []evidence.ID{"e1"}); return err })
	unavailable(t, "head", func() error { _, err := s.Head(t.Context()); return err })
	unavailable(t, "write", func() error {
		_, err := storetest.Apply(t.Context(), s, 2, storetest.Top, putPerson("e2"))
		return err
	})
	unavailable(t, "shelf", func() error { return s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a"}) })

	p.Start()
	after, err := s.Head(t.Context())
	require.NoError(t, err, "the same store goes on when the server is back")
	require.Equal(t, before, after)
	found, err := reader.Get(t.Context(), []evidence.ID{"e1"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	_, err = storetest.Apply(t.Context(), s, 2, storetest.Top, putPerson("e2"))
	require.NoError(t, err)
}

// TestLostConnection breaks the connection of a write at every place there is:
// the write comes through, and once.
func TestLostConnection(t *testing.T) {
	neo4jtest.Exclusive(t)
	wipe(t)
	p := newProxy(t)
	s := handleAt(t, p.uri())
	written := 0
	write := func(t *testing.T) {
		t.Helper()
		written++
		id := evidence.ID(fmt.Sprintf("e%d", written))
		c, err := storetest.Apply(t.Context(), s, written, storetest.Top, putPerson(id))
		require.NoError(t, err)
		p.cut(nil, nil)
		require.True(t, c.New)
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.Revision.Head(), head)
		require.EqualValues(t, written, head.Sequence, "every write is one revision")
		rows := cypher(t, "MATCH (v:Revision) RETURN count(v) AS revisions, max(v.sequence) AS newest")
		require.Equal(t, []any{int64(written), int64(written)}, rows[0].Values)
		rows = cypher(t, "MATCH (n:Record {id: $id}) RETURN count(n)", map[string]any{"id": string(id)})
		require.Equal(t, []any{int64(1)}, rows[0].Values)
	}
	write(t)
	t.Run("the commit arrives and its answer does not", func(t *testing.T) {
		p.cut(nil, once(commits))
		write(t)
	})
	t.Run("the commit does not arrive", func(t *testing.T) {
		p.cut(once(commits), nil)
		write(t)
	})
	for n := 1; n <= 8; n++ {
		t.Run(fmt.Sprintf("message %d does not arrive", n), func(t *testing.T) {
			p.cut(once(nth(n)), nil)
			write(t)
		})
		t.Run(fmt.Sprintf("the answer to message %d does not arrive", n), func(t *testing.T) {
			p.cut(nil, once(nth(n)))
			write(t)
		})
	}
	t.Run("an item on the shelf", func(t *testing.T) {
		p.cut(nil, once(commits))
		require.NoError(t, s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a", Data: []byte("one")}))
		p.cut(nil, once(commits))
		require.NoError(t, s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a", Version: 1, Data: []byte("two")}))
		item, err := s.Item(t.Context(), "token", "a")
		require.NoError(t, err)
		require.Equal(t, store.Item{Kind: "token", ID: "a", Version: 2, Data: []byte("two")}, item)
	})
}

// TestLostWhileLoading breaks the connection of a bulk load at its commit.
func TestLostWhileLoading(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	for i := 1; i <= 5; i++ {
		_, err := storetest.Apply(t.Context(), s, i, storetest.Top, putPerson(evidence.ID(fmt.Sprintf("e%d", i))))
		require.NoError(t, err)
	}
	var log []*evidence.Revision
	for r, err := range s.Log(t.Context(), 0) {
		require.NoError(t, err)
		log = append(log, r)
	}
	head, err := s.Head(t.Context())
	require.NoError(t, err)
	wipe(t)
	p := newProxy(t)
	target := handleAt(t, p.uri())
	p.cut(nil, once(commits))
	err = target.Load(t.Context(), func(yield func(*evidence.Revision, error) bool) {
		for _, r := range log {
			if !yield(r, nil) {
				return
			}
		}
	}, func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error) {
		return storetest.Planner(0).Replay(ctx, snap, r)
	})
	require.NoError(t, err)
	loaded, err := target.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, loaded)
	require.Equal(t, []any{int64(5)}, cypher(t, "MATCH (v:Revision) RETURN count(v)")[0].Values)
}

// TestCancelled gives up a write that waits for its turn: the caller has its
// answer, and the server's transaction ends.
func TestCancelled(t *testing.T) {
	neo4jtest.Exclusive(t)
	first, second := empty(t), handle(t)
	inside, release := make(chan struct{}), make(chan struct{})
	finish := sync.OnceFunc(func() { close(release) })
	t.Cleanup(finish)
	done := make(chan error, 1)
	go func() {
		_, err := first.Write(context.WithoutCancel(t.Context()), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			close(inside)
			<-release
			return storetest.Planner(1).Plan(ctx, snap, storetest.Top, putPerson("e1"))
		})
		done <- err
	}()
	<-inside
	waiting := func() int {
		return len(cypher(t, "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $lock RETURN 1", map[string]any{"lock": "SET h." + "locked"}))
	}
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		_, err := storetest.Apply(ctx, second, 2, storetest.Top, putPerson("e2"))
		answer <- err
	}()
	eventually(t, "the second writer waits for its turn", func() bool { return waiting() == 1 })
	start := time.Now()
	cancel()
	require.ErrorIs(t, <-answer, context.Canceled)
	require.Less(t, time.Since(start), 2*time.Second)
	eventually(t, "its transaction ends on the server", func() bool { return waiting() == 0 })
	finish()
	require.NoError(t, <-done)
	head, err := second.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, head.Sequence, "what was given up was not written")
	_, err = storetest.Apply(t.Context(), second, 2, storetest.Top, putPerson("e2"))
	require.NoError(t, err)
}

// TestTwoServers lets two servers write to one Neo4j at once.
func TestTwoServers(t *testing.T) {
	neo4jtest.Exclusive(t)
	stores := []*neo4j.Store{empty(t), handle(t)}
	const each = 8
	done := make(chan error, len(stores))
	for i, s := range stores {
		go func() {
			for n := range each {
				if _, err := storetest.Apply(t.Context(), s, 100*i+n, storetest.Top, putPerson(evidence.ID(fmt.Sprintf("e%d-%d", i, n)))); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range stores {
		require.NoError(t, <-done)
	}
	for i, s := range stores {
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, len(stores)*each, head.Sequence)
		var previous evidence.Head
		for r, err := range s.Log(t.Context(), 0) {
			require.NoError(t, err)
			require.Equal(t, previous.Hash, r.Header.Previous, "store %d: the chain holds", i)
			previous = r.Head()
		}
		require.Equal(t, head, previous)
	}
	c, err := storetest.Apply(t.Context(), stores[0], 900, storetest.Top, putPerson("last"))
	require.NoError(t, err)
	r, err := stores[1].Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	found, err := r.Get(t.Context(), []evidence.ID{"last"})
	require.NoError(t, err)
	require.Equal(t, c.Revision.Sequence(), found["last"].From, "what one writes the other reads")
}

// TestAServerThatHangs takes what it is sent and does not answer: it is that which
// is told, and not that too much was asked for.
func TestAServerThatHangs(t *testing.T) {
	neo4jtest.Exclusive(t)
	wipe(t)
	p := newProxy(t)
	s := handleAt(t, p.uri())
	brief := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	goOn := make(chan struct{})
	p.cut(func([]byte) bool { <-goOn; return true }, nil)
	reader, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	unavailable(t, "read", func() error { _, err := reader.Get(brief(), []evidence.ID{"e1"}); return err })
	unavailable(t, "write", func() error {
		_, err := storetest.Apply(brief(), s, 2, storetest.Top, putPerson("e2"))
		return err
	})
	close(goOn)
	p.cut(nil, nil)

	// Whoever waits too long for a server that answers is told so.
	_, err = s.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		_, err := storetest.Apply(brief(), handle(t), 3, storetest.Top, putPerson("e3"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, store.ErrUnavailable)
		return storetest.Planner(4).Plan(ctx, snap, storetest.Top, putPerson("e4"))
	})
	require.NoError(t, err)
}

// TestWhatPasses has reads asked again after what the server says of a moment, and not
// after what it would say each time.
func TestWhatPasses(t *testing.T) {
	for _, is := range []struct {
		code, message string
		passes        bool
	}{
		{"Neo.TransientError.Transaction.DeadlockDetected", "can't wait for a lock", true},
		{"Neo.ClientError.Cluster.NotALeader", "no write operations here", true},
		// So a server answered while the schema of a first load was being put back.
		{"Neo.DatabaseError.General.UnknownError", "Could not compile query due to insanely frequent schema changes", true},
		{"Neo.DatabaseError.General.UnknownError", "a page could not be read", false},
		{"Neo.ClientError.Statement.SyntaxError", "invalid input", false},
	} {
		require.Equal(t, is.passes, neo4j.Passing(&driver.Neo4jError{Code: is.code, Msg: is.message}), is.message)
	}
}
