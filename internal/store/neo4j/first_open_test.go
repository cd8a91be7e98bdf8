package neo4j_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// refused wants the graph not to be opened, for whatever is meant to be done with it
// among some, and a reason.
func refused(t *testing.T, reason string, among ...neo4j.Options) {
	t.Helper()
	for _, o := range among {
		s, err := neo4j.Open(t.Context(), neo4jtest.URI(t), o)
		if err == nil {
			require.NoError(t, s.Close())
		}
		require.ErrorContains(t, err, reason)
		require.ErrorContains(t, err, neo4jtest.URI(t))
		require.NotContains(t, err.Error(), "older version")
	}
}

// TestOpenedDuringAFirstLoad opens the graph while a load into it goes on, which is
// refused and leaves the load alone.
func TestOpenedDuringAFirstLoad(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	s.LimitFirst(10, 4)
	plans, head := firstPlans(t, func(i int) error {
		if i == 2 {
			refused(t, "is being loaded", neo4j.Options{ReadOnly: true}, neo4j.Options{AsItIs: true}, neo4j.Options{}, neo4j.Options{Existing: true})
		}
		return nil
	})
	require.NoError(t, s.Import(t.Context(), plans))
	intact(t, s, head)
	require.NoError(t, handle(t).Close())
}

// TestAFirstLoadIsInterrupted, as by a user: it says what is to be done, as do those who
// open the graph after it, until one does it.
func TestAFirstLoadIsInterrupted(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	s.LimitFirst(10, 4)
	ctx, interrupt := context.WithCancel(t.Context())
	plans, head := firstPlans(t, func(i int) error {
		if i == 3 {
			interrupt()
		}
		return nil
	})
	err := s.Import(ctx, plans)
	require.ErrorIs(t, err, context.Canceled)
	var cut *neo4j.CutShortError
	require.ErrorAs(t, err, &cut)
	require.ErrorContains(t, cut, "takes back what had not come into the log")
	require.ErrorIs(t, cut, context.Canceled)

	refused(t, "broke off", neo4j.Options{ReadOnly: true}, neo4j.Options{AsItIs: true})
	again := handle(t)
	is, err := again.Head(t.Context())
	require.NoError(t, err)
	intact(t, again, is)
	plans, _ = firstPlans(t, whatever)
	require.NoError(t, again.Import(t.Context(), plans))
	intact(t, again, head)
}

// TestOpenedWhileItIsBroughtUpToDate opens the graph to read it while another program
// changes the schema.
func TestOpenedWhileItIsBroughtUpToDate(t *testing.T) {
	neo4jtest.Exclusive(t)
	empty(t)
	cypher(t, "MATCH (s:Schema) SET s.from = 1")
	refused(t, "is bringing the graph", neo4j.Options{ReadOnly: true}, neo4j.Options{AsItIs: true})
	require.NoError(t, handle(t).Close())
	require.Equal(t, []any{nil}, cypher(t, "MATCH (s:Schema) RETURN s.from")[0].Values)
}

// TestAFirstLoadBeginsWhileAnotherOpens has a program begin a load when another, which
// began to bring the graph up to date before, has all but ended that. The load goes on,
// and the other is told of it.
func TestAFirstLoadBeginsWhileAnotherOpens(t *testing.T) {
	neo4jtest.Exclusive(t)
	empty(t)
	cypher(t, "MATCH (s:Schema) SET s.from = 1")
	between := neo4jtest.NewProxy(t)
	ending, goOn := make(chan struct{}), make(chan struct{})
	var ended sync.Once
	between.Cut(func(sent []byte) bool {
		if bytes.Contains(sent, []byte("REMOVE s.from")) {
			ended.Do(func() { close(ending); <-goOn })
		}
		return false
	}, nil)
	opened := make(chan error, 1)
	go func() {
		s, err := neo4j.Open(t.Context(), between.URI(), neo4j.Options{})
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	<-ending
	s := handle(t)
	s.LimitFirst(10, 4)
	plans, head := firstPlans(t, func(i int) error {
		if i == 2 {
			close(goOn)
			require.ErrorContains(t, <-opened, "is being loaded")
		}
		return nil
	})
	require.NoError(t, s.Import(t.Context(), plans))
	intact(t, s, head)
}
