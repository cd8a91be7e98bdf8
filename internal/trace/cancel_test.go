package trace_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// hasty is a store whose reader gives a request up in the middle of what it reads.
type hasty struct {
	store.Store
	giveUp context.CancelFunc
	after  int // things read
	read   int
	calls  int // made after the request was given up
}

func (h *hasty) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := h.Store.Raw(ctx, view)
	return &hastyReader{r, h}, err
}

type hastyReader struct {
	store.Reader
	of *hasty
}

func (h *hasty) tick() {
	if h.read++; h.read == h.after {
		h.giveUp()
	}
}

func (h *hasty) call(ctx context.Context) {
	if ctx.Err() != nil {
		h.calls++
	}
}

func (r *hastyReader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	r.of.call(ctx)
	found, err := r.Reader.Get(ctx, ids)
	for range found {
		r.of.tick()
	}
	return found, err
}

func (r *hastyReader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	r.of.call(ctx)
	return ticking(r.Reader.Find(ctx, q), r.of)
}

func (r *hastyReader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	r.of.call(ctx)
	return ticking(r.Reader.Expand(ctx, x), r.of)
}

func (r *hastyReader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	r.of.call(ctx)
	return r.Reader.Count(ctx, q)
}

func (r *hastyReader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	r.of.call(ctx)
	return ticking(r.Reader.Candidates(ctx, q), r.of)
}

func ticking[T any](all iter.Seq2[T, error], h *hasty) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x, err := range all {
			h.tick()
			if !yield(x, err) {
				return
			}
		}
	}
}

// within is how soon work stops that was given up, where the machine has nothing
// else to do: of several attempts the quickest counts.
const within = 100 * time.Millisecond

// reads is how much a question reads that is let come to its end.
func (q question) reads(t *testing.T, st store.Store) int {
	t.Helper()
	whole := &hasty{Store: st}
	s := open(t, whole, evidence.Now(evidence.Public))
	_, err := q.ask(t.Context(), s)
	require.NoError(t, err, q.name)
	require.NoError(t, s.Close())
	return whole.read
}

// TestAGivenUpQuestionStops gives every question up once it has read a part of
// what it reads, and counts what it goes on to read and to ask for.
func TestAGivenUpQuestionStops(t *testing.T) {
	st := worstCase(t, worst{members: 1500, joined: 100, block: 24})
	for _, q := range questions() {
		whole := q.reads(t, st)
		if whole < 10 {
			continue
		}
		quickest := time.Hour
		for attempt := 0; attempt < 5 && quickest > within; attempt++ {
			ctx, cancel := context.WithCancel(t.Context())
			var gaveUp time.Time
			h := &hasty{Store: st, giveUp: func() { gaveUp = time.Now(); cancel() }, after: whole / 3}
			s := open(t, h, evidence.Now(evidence.Public))
			_, err := q.ask(ctx, s)
			quickest = min(quickest, time.Since(gaveUp))
			cancel()
			require.NoError(t, s.Close())
			if err == nil && h.calls == 0 {
				break // what it was given up in was the last that it read
			}
			require.ErrorIs(t, err, context.Canceled, q.name)
			require.LessOrEqual(t, h.calls, 1, "%s asked for more", q.name)
			require.LessOrEqual(t, h.read-h.after, 10_000, "%s read on", q.name)
		}
		require.LessOrEqual(t, quickest, within, "%s goes on", q.name)
	}
}

// TestAQuestionStopsWhileItComputes gives every question up when it has read all that
// it reads, and holds how long it then goes on.
func TestAQuestionStopsWhileItComputes(t *testing.T) {
	st := worstCase(t, worst{members: 1500, joined: 100, block: 60})
	for _, q := range questions() {
		whole := q.reads(t, st)
		quickest := time.Hour
		for attempt := 0; attempt < 5 && quickest > within && whole > 0; attempt++ {
			ctx, cancel := context.WithCancel(t.Context())
			var gaveUp time.Time
			h := &hasty{Store: st, giveUp: func() { gaveUp = time.Now(); cancel() }, after: whole}
			s := open(t, h, evidence.Now(evidence.Public))
			_, err := q.ask(ctx, s)
			quickest = min(quickest, time.Since(gaveUp))
			cancel()
			require.NoError(t, s.Close())
			require.True(t, err == nil || errors.Is(err, context.Canceled), "%s: %v", q.name, err)
		}
		require.True(t, whole == 0 || quickest <= within, "%s goes on for %s", q.name, quickest)
	}
}

// TestAGivenUpQuestionLeavesNeo4j asks Neo4j for what would take it very long,
// gives up while it is at it, and sees that its transaction ends.
func TestAGivenUpQuestionLeavesNeo4j(t *testing.T) {
	st, err := neo4j.Open(t.Context(), neo4jtest.Fresh(t), neo4j.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	worst{members: 500}.load(t, st)
	reader, err := st.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	running := func() bool {
		return len(neo4jtest.Cypher(t, "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $word RETURN 1 AS one", map[string]any{"word": "$given.front" + "ier"})) > 0
	}
	require.False(t, running())                 // and the connection that looks is open
	hubs := make([]evidence.ID, store.MaxBatch) // the same hub again and again: five million links
	for i := range hubs {
		hubs[i] = "hub-a"
	}
	answered, left := time.Hour, time.Hour // after it was given up
	for attempt := 0; attempt < 10 && (answered > within || left > within); attempt++ {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			for _, err := range reader.Expand(ctx, store.Expansion{Frontier: hubs, Total: 1 << 30}) {
				if err != nil {
					done <- err
					return
				}
			}
			done <- errors.New("it was answered")
		}()
		require.Eventually(t, running, 30*time.Second, 20*time.Millisecond, "Neo4j is at it")
		began := time.Now()
		cancel()
		select {
		case err := <-done:
			require.ErrorIs(t, err, context.Canceled)
			answered = min(answered, time.Since(began))
		case <-time.After(5 * time.Second):
			require.Fail(t, "the question was given up and goes on")
		}
		for looked := time.Now(); ; looked = time.Now() { // to look takes time of its own
			require.Less(t, looked.Sub(began), 5*time.Second, "Neo4j goes on")
			if !running() {
				left = min(left, looked.Sub(began))
				t.Logf("given up after %v, seen to be gone by %v, looking took %v", answered, looked.Sub(began), time.Since(looked))
				break
			}
		}
	}
	require.LessOrEqual(t, answered, within)
	require.LessOrEqual(t, left, within)
}
