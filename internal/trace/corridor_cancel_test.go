package trace_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/trace"
)

// interrupted is a store that is in the midst of a corridor when a request is given up:
// it looks at a link then, to see when it held.
type interrupted struct {
	store.Store
	giveUp func()
	after  int // links looked at
	looked int
	calls  int // corridors asked for
	late   int // of these, after the request was given up
}

func (s *interrupted) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := s.Store.Raw(ctx, view)
	return interruptedReader{r, s}, err
}

type interruptedReader struct {
	store.Reader
	of *interrupted
}

func (r interruptedReader) Corridor(ctx context.Context, w *store.Walks) (store.Corridor, bool, error) {
	r.of.calls++
	if ctx.Err() != nil {
		r.of.late++
	}
	asked, when := *w, w.Filter.When
	asked.Filter.When = func(e *store.Edge) bool {
		if r.of.looked++; r.of.looked == r.of.after {
			r.of.giveUp()
		}
		return when(e)
	}
	return r.Reader.(store.Corridors).Corridor(ctx, &asked) //nolint:forcetypeassert // the embedded store has it
}

// fromHubToHub asks for paths of which each link has to have held on a day.
var fromHubToHub = trace.PathQuery{
	From: []evidence.ID{"hub-a"}, To: []evidence.ID{"hub-b"}, MaxLength: trace.MaxPathLength, First: trace.MaxPaths, Filter: trace.LinkFilter{On: "2014-09-26"},
}

// TestACorridorThatIsGivenUpStops gives a request up in the midst of a search that the
// embedded store does by itself, and holds how far that goes on.
func TestACorridorThatIsGivenUpStops(t *testing.T) {
	const members = 45_000
	st := worstCase(t, worst{members: members})
	ask := func(ctx context.Context, s *interrupted) error {
		session := open(t, s, evidence.Now(evidence.Public))
		_, err := session.Paths(ctx, fromHubToHub)
		require.NoError(t, session.Close())
		return err
	}
	whole := &interrupted{Store: st}
	require.NoError(t, ask(t.Context(), whole))
	t.Logf("%d links are looked at in %d corridors", whole.looked, whole.calls)
	require.Greater(t, whole.looked, members+members/2)
	quickest := time.Hour
	for attempt := 0; attempt < 5 && quickest > within; attempt++ {
		ctx, cancel := context.WithCancel(t.Context())
		var gaveUp time.Time
		s := &interrupted{Store: st, after: 1000, giveUp: func() { gaveUp = time.Now(); cancel() }}
		require.ErrorIs(t, ask(ctx, s), context.Canceled)
		quickest = min(quickest, time.Since(gaveUp))
		require.LessOrEqual(t, s.looked, members+100, "it goes on beyond the hub that it was at")
		require.Zero(t, s.late, "it is asked for more")
	}
	require.LessOrEqual(t, quickest, within)
}

// TestPathsThatAreGivenUpLeaveNeo4j gives a request up while Neo4j, which is asked for
// level by level, answers for one of them, and sees that the transaction ends.
func TestPathsThatAreGivenUpLeaveNeo4j(t *testing.T) {
	neo4jtest.Fresh(t)
	between := neo4jtest.NewProxy(t)
	st, err := neo4j.Open(t.Context(), between.URI(), neo4j.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	worst{members: 200}.load(t, st)
	transactions := func() int {
		return len(neo4jtest.Cypher(t, "SHOW TRANSACTIONS YIELD currentQuery WHERE NOT currentQuery STARTS WITH 'SHOW' RETURN 1 AS one", nil))
	}
	require.Zero(t, transactions())
	answered, left := time.Hour, time.Hour // after it was given up
	for attempt := 0; attempt < 10 && (answered > within || left > within); attempt++ {
		s := open(t, st, evidence.Now(evidence.Public))
		held := between.Hold("$given.frontier")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := s.Paths(ctx, fromHubToHub)
			done <- err
		}()
		<-held
		require.Equal(t, 1, transactions(), "Neo4j is at it")
		began := time.Now()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		answered = min(answered, time.Since(began))
		for looked := time.Now(); ; looked = time.Now() { // to look takes time of its own
			require.Less(t, looked.Sub(began), 5*time.Second, "Neo4j goes on")
			if transactions() == 0 {
				left = min(left, looked.Sub(began))
				break
			}
		}
		require.NoError(t, s.Close())
	}
	require.LessOrEqual(t, answered, within)
	require.LessOrEqual(t, left, within)
}
