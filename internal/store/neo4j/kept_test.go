package neo4j

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// hubCard asks for the links of the hub of a village and how many they are.
func hubCard() store.Prefetch {
	return store.Prefetch{
		Get: []evidence.ID{person(0)}, Count: &store.CountQuery{Of: []evidence.ID{person(0)}, Type: evidence.LinkRecord},
		Page: &store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{person(0)}, Limit: 500}, Ends: true, Citations: 2,
	}
}

func prefetch(t *testing.T, s *Store, c evidence.Clearance, p store.Prefetch) *store.Prefetched {
	t.Helper()
	r := &reader{store: s, view: evidence.Now(c)}
	got, err := r.Prefetch(t.Context(), p)
	require.NoError(t, err)
	return got
}

// keep asks for a page until it is kept.
func keep(t *testing.T, s *Store, c evidence.Clearance, p store.Prefetch) *store.Prefetched {
	t.Helper()
	var got *store.Prefetched
	require.Eventually(t, func() bool {
		got = prefetch(t, s, c, p)
		return got == prefetch(t, s, c, p)
	}, 20*time.Second, 5*time.Millisecond, "the page is never kept")
	return got
}

// link asserts one more link of the hub to somebody.
func link(t *testing.T, s *Store, step int, id string, change evidence.AssertLink) {
	t.Helper()
	change.ID, change.Kind, change.From, change.To = evidence.ID(id), "LINKED_TO", person(0), person(1)
	change.Citations = []evidence.NewCitation{{ID: evidence.ID("of-" + id), Source: source(1), Stance: "SUPPORTS", Locator: "p. 2"}}
	_, err := storetest.Apply(t.Context(), s, step, storetest.Top, &evidence.ChangeSet{Reason: "one more", Changes: []evidence.Change{{AssertLink: &change}}})
	require.NoError(t, err)
}

// TestAPageIsKeptAsLongAsItIsTrue writes through the store that keeps a page and, as
// another process would, through another one.
func TestAPageIsKeptAsLongAsItIsTrue(t *testing.T) {
	s := open(t)
	village(t, s, 30)
	other, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	for i, writer := range []*Store{s, other, other, s} {
		before := keep(t, s, evidence.Public, hubCard())
		require.Len(t, before.Page, 29+i)
		trips := s.trips.Load()
		require.Same(t, before, prefetch(t, s, evidence.Public, hubCard()))
		require.EqualValues(t, 1, s.trips.Load()-trips, "that it is still true is asked")
		link(t, writer, 100+i, fmt.Sprintf("more%d", i), evidence.AssertLink{})
		after := prefetch(t, s, evidence.Public, hubCard())
		require.Len(t, after.Page, 30+i)
		require.Equal(t, 30+i, after.Counts[person(0)])
		require.Equal(t, before.Sequence+1, after.Sequence)
	}
}

// TestAPageIsKeptForThoseWhoMaySeeIt has a link that only some may see.
func TestAPageIsKeptForThoseWhoMaySeeIt(t *testing.T) {
	s := open(t)
	village(t, s, 10)
	link(t, s, 100, "secret", evidence.AssertLink{Clearance: evidence.Confidential.String()})
	require.Len(t, keep(t, s, evidence.Confidential, hubCard()).Page, 10)
	for range 20 {
		require.Len(t, prefetch(t, s, evidence.Public, hubCard()).Page, 9)
	}
	require.Len(t, keep(t, s, evidence.Public, hubCard()).Page, 9)
	short := hubCard()
	short.Page.Limit = 3
	require.Len(t, prefetch(t, s, evidence.Public, short).Page, 3)
}

// TestNothingIsKeptOfWhatIsErased erases through the store itself: nothing is left of
// it in memory, whether nobody asks for it any more or somebody does all the while.
func TestNothingIsKeptOfWhatIsErased(t *testing.T) {
	s := open(t)
	village(t, s, 10)
	keep(t, s, evidence.Public, hubCard())
	_, err := erasure.Run(t.Context(), s, storetest.Planner(400), erasure.Order{Author: storetest.Top, Ground: "order 0", IDs: []evidence.ID{"l2"}})
	require.NoError(t, err)
	s.kept.mu.Lock()
	require.Zero(t, s.kept.pages.Len())
	s.kept.mu.Unlock()
	keep(t, s, evidence.Public, hubCard())
	asked := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = (&reader{store: s, view: evidence.Now(evidence.Public)}).Prefetch(t.Context(), hubCard())
		}
		asked <- err
	}()
	_, err = erasure.Run(t.Context(), s, storetest.Planner(500), erasure.Order{Author: storetest.Top, Ground: "order 1", IDs: []evidence.ID{"l3"}})
	require.NoError(t, err)
	stop()
	require.NoError(t, <-asked)
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	for _, page := range s.kept.pages.Values() {
		for _, x := range page.Page {
			require.NotEqual(t, evidence.ID("l3"), x.Record.ID())
		}
	}
}

// TestNoPageIsKeptBeforeAllOfItIsThere holds the lock of the head, as a writer does
// whose transaction is being applied.
func TestNoPageIsKeptBeforeAllOfItIsThere(t *testing.T) {
	s := open(t)
	village(t, s, 10)
	session := s.session(t.Context())
	tx, err := session.BeginTransaction(t.Context())
	require.NoError(t, err)
	_, err = send(t.Context(), ignoring{tx}, lockHead, nil)
	require.NoError(t, err)
	for range 50 {
		require.Len(t, prefetch(t, s, evidence.Public, hubCard()).Page, 9)
	}
	s.kept.mu.Lock()
	require.Zero(t, s.kept.pages.Len())
	require.True(t, s.kept.settling, "somebody waits for the lock")
	s.kept.mu.Unlock()
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, session.Close(t.Context()))
	keep(t, s, evidence.Public, hubCard())
}

// ignoring is a transaction that its caller ends.
type ignoring struct{ driver.ExplicitTransaction }

// TestPagesWhileOthersWrite has readers ask for a page again and again, each of which
// must see all that was written before it asked.
func TestPagesWhileOthersWrite(t *testing.T) {
	s := open(t)
	village(t, s, 10)
	var written atomic.Int64
	written.Store(9)
	var readers sync.WaitGroup
	done := make(chan struct{})
	var again atomic.Int64 // answers that were kept
	for range 3 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			var last *store.Prefetched
			for {
				select {
				case <-done:
					return
				default:
				}
				least := written.Load()
				got, err := (&reader{store: s, view: evidence.Now(evidence.Public)}).Prefetch(t.Context(), hubCard())
				if err != nil || int64(len(got.Page)) < least || int64(got.Counts[person(0)]) < least {
					t.Errorf("%d links and a count of %d where there were %d: %v", len(got.Page), got.Counts[person(0)], least, err)
					return
				}
				if got == last {
					again.Add(1)
				}
				last = got
			}
		}()
	}
	for i := range 40 {
		link(t, s, 100+i, fmt.Sprintf("more%02d", i), evidence.AssertLink{})
		written.Add(1)
		kept := again.Load()
		if i%4 == 0 {
			require.Eventually(t, func() bool { return again.Load() > kept+5 }, 20*time.Second, time.Millisecond)
		}
	}
	close(done)
	readers.Wait()
}

// TestKeptPagesFit puts pages of all sizes into little room.
func TestKeptPagesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, err := newKeptPages(1000)
		require.NoError(t, err)
		at := "one"
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "another head") == 0 {
				at += "!"
			}
			p := store.Prefetch{Get: []evidence.ID{person(rapid.IntRange(0, 9).Draw(t, "page"))}}
			w, err := k.want(p, evidence.Public)
			require.NoError(t, err)
			if w.kept != nil {
				require.Equal(t, p.Get[0], w.kept.Page[0].Record.ID())
			}
			page := &store.Prefetched{Page: []store.Found{{Record: &evidence.Record{Content: &evidence.Entity{ID: p.Get[0]}}}}}
			if k.put(w, at, keptPage{page, rapid.IntRange(1, 1200).Draw(t, "bytes")}) {
				k.settle(at)
			}
			bytes := 0
			for _, p := range k.pages.Values() {
				bytes += p.size
			}
			require.Equal(t, k.bytes, bytes)
			require.LessOrEqual(t, bytes, 1000)
			require.Equal(t, at, k.head)
		}
	})
}

// TestTheHeadIsAskedAfterThoseWhoWait has many ask what a number is that ever grows:
// none is told one from before it asked, and they share questions.
func TestTheHeadIsAskedAfterThoseWhoWait(t *testing.T) {
	var number, asked atomic.Int64
	c := &headCheck{ask: func() (string, error) {
		asked.Add(1)
		n := number.Load()
		time.Sleep(200 * time.Microsecond) // what is on its way is old when it comes
		return strconv.FormatInt(n, 10), nil
	}}
	const each, askers = 200, 8
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range each {
				least := number.Add(1)
				got, err := c.now(t.Context())
				n, parsed := strconv.ParseInt(got, 10, 64)
				if err != nil || parsed != nil || n < least {
					t.Errorf("told %q (%v) at %d", got, err, least)
				}
			}
		})
	}
	all.Wait()
	require.Less(t, asked.Load(), int64(each*askers/2))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.now(gone)
	require.ErrorIs(t, err, context.Canceled)
}
