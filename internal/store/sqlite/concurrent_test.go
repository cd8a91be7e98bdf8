package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// star is a revision that gives the hub one more link, or takes one away, and
// changes what is known of another.
func star(i int) *evidence.ChangeSet {
	id := func(s string, i int) evidence.ID { return evidence.ID(fmt.Sprintf("%s%d", s, i)) }
	cs := &evidence.ChangeSet{Reason: "star", Changes: []evidence.Change{
		{PutSource: &evidence.PutSource{ID: id("s", i), Kind: evidence.Of("NEWS"), Title: evidence.Of("Crónica"), URL: evidence.Of("https://example.org/")}},
		{PutEntity: &evidence.PutEntity{ID: hub, Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprintf("Centro %d", i))}},
		{PutEntity: &evidence.PutEntity{ID: id("n", i), Kind: evidence.Of("PERSON"), Name: evidence.Of("Inés")}},
		{AssertLink: &evidence.AssertLink{ID: id("l", i), Kind: madeKinds[i%len(madeKinds)], From: hub, To: id("n", i), Citations: []evidence.NewCitation{{ID: id("c", i), Source: id("s", i), Locator: "p. 1"}}}},
	}}
	if i > 2 {
		cs.Changes = append(cs.Changes, evidence.Change{Cite: &evidence.Cite{Claim: id("l", i-1), Citation: evidence.NewCitation{ID: id("d", i), Source: id("s", i), Stance: "DISPUTES", Locator: "p. 2"}}})
	}
	if i%5 == 4 {
		cs.Changes = append(cs.Changes, evidence.Change{Retract: &evidence.Retract{ID: id("l", i-3)}})
	}
	return cs
}

// TestReadersAndWriters has two handles on one file, each with a writer and
// readers. Every reader must see one state in everything that it asks: counters,
// lists, records and traversal.
func TestReadersAndWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	handles := []*sqlite.Store{open(t, path, sqlite.Options{}), open(t, path, sqlite.Options{Cache: 64 << 10})}
	for _, s := range handles {
		require.NoError(t, s.Warm(t.Context()))
	}
	write(t, handles[0], star(0))
	const revisions = 60
	writing, done := context.WithCancel(t.Context())
	var readers, writers sync.WaitGroup
	fail := make(chan error, 16)
	var mu sync.Mutex
	next := 1
	for _, s := range handles {
		writers.Go(func() {
			for {
				mu.Lock() // the revisions come in their order, from either handle
				i := next
				next++
				if i > revisions {
					mu.Unlock()
					return
				}
				_, err := s.Write(t.Context(), plan(star(i)))
				mu.Unlock()
				if err != nil {
					fail <- err
					return
				}
			}
		})
		for range 3 {
			readers.Go(func() {
				for writing.Err() == nil {
					if err := consistent(t.Context(), s); err != nil {
						fail <- err
						return
					}
				}
			})
		}
	}
	writers.Wait()
	done()
	readers.Wait()
	select {
	case err := <-fail:
		require.NoError(t, err)
	default:
	}
	for _, s := range handles {
		require.NoError(t, consistent(t.Context(), s))
		require.NoError(t, s.Warm(t.Context()))
	}
	write(t, handles[0], star(revisions+1))
	require.LessOrEqual(t, handles[0].Versioned(), 8, "former versions go when nobody can ask for them")
}

// consistent compares what one reader is told in several ways, twice over.
func consistent(ctx context.Context, s store.Store) error {
	r, err := s.Raw(ctx, evidence.Now(evidence.Public))
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	var before string
	for range 2 {
		counts, err := r.Count(ctx, store.CountQuery{Of: []evidence.ID{hub}, Type: evidence.LinkRecord})
		if err != nil {
			return err
		}
		var listed, traversed []string
		for f, err := range r.Find(ctx, store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{hub}, Limit: 1000}) {
			if err != nil {
				return err
			}
			level := f.Record.Derived.At(evidence.Public)
			listed = append(listed, fmt.Sprint(f.Record.ID(), level.Strength, level.Disputes > 0))
		}
		for e, err := range r.Expand(ctx, store.Expansion{Frontier: []evidence.ID{hub}, Total: 1000}) {
			if err != nil {
				return err
			}
			traversed = append(traversed, fmt.Sprint(e.Link, e.Strength, e.Disputed))
		}
		hubs, err := r.Get(ctx, []evidence.ID{hub})
		if err != nil {
			return err
		}
		newest := ""
		for rev, err := range r.Revisions(ctx, store.RevisionQuery{Newest: true, Limit: 1}) {
			if err != nil {
				return err
			}
			newest = fmt.Sprintf("Centro %d", rev.Sequence()-1)
		}
		switch name := hubs[hub].Entity().PrimaryName(); {
		case name != newest:
			return fmt.Errorf("the name is %q where the log ends with %q", name, newest)
		case counts[hub] != len(listed):
			return fmt.Errorf("%d links are counted and %d listed", counts[hub], len(listed))
		case fmt.Sprint(listed) != fmt.Sprint(traversed):
			return fmt.Errorf("listed: %v\ntraversed: %v", listed, traversed)
		case before != "" && before != fmt.Sprint(listed):
			return fmt.Errorf("the same reader is told first %s, then %v", before, listed)
		}
		before = fmt.Sprint(listed)
	}
	return nil
}

// TestWaitingForAReader has more readers than may be open: one more waits, and
// gives up when its context ends.
func TestWaitingForAReader(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{Readers: 1})
	r := now(t, s, evidence.Public)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := s.Raw(ctx, evidence.Now(evidence.Public))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = s.Head(t.Context())
	require.NoError(t, err, "what is brief never waits for readers")
	require.NoError(t, r.Close())
	require.NoError(t, now(t, s, evidence.Public).Close())
}

// TestLockedByAnother meets a process that keeps the file locked.
func TestLockedByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graph.db")
	one, two := open(t, path, sqlite.Options{}), open(t, path, sqlite.Options{})
	entered, leave := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := one.Write(t.Context(), func(context.Context, evidence.Snapshot) (*evidence.Commit, error) {
			close(entered)
			<-leave
			return &evidence.Commit{}, nil
		})
		ended <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := two.Write(ctx, plan(pair("x")))
	require.ErrorIs(t, err, context.DeadlineExceeded, "a caller waits no longer than it wants to")
	began := time.Now()
	_, err = two.Write(t.Context(), plan(pair("x")))
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.Less(t, time.Since(began), 10*time.Second, "and not for ever otherwise")
	r := now(t, two, evidence.Public)
	require.NoError(t, r.Close(), "readers do not care")
	close(leave)
	require.NoError(t, <-ended)
	write(t, two, pair("x"))
}

// TestLinksAreReadOfOneRevision begins to read links through several connections
// while others write: all must see the same revision.
func TestLinksAreReadOfOneRevision(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	write(t, s, star(0))
	done := make(chan error)
	go func() {
		for i := 1; i <= 40; i++ {
			if _, err := s.Write(t.Context(), plan(star(i))); err != nil {
				done <- err
				return
			}
		}
		close(done)
	}()
	several := 0
	for writing := true; writing; {
		seen, err := s.Alike(t.Context(), 4)
		require.NoError(t, err)
		require.Subset(t, seen[:1], seen)
		several += len(seen) - 1
		select {
		case err := <-done:
			require.NoError(t, err)
			writing = false
		default:
		}
	}
	seen, err := s.Alike(t.Context(), 4)
	require.NoError(t, err)
	require.Len(t, seen, 4, "where nobody writes, several connections see one revision at once")
	require.Positive(t, several)
}
