package graph_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/trace"
)

func planner(v *vocabulary.Vocabulary) *evidence.Planner {
	return &evidence.Planner{
		Vocabulary: v, Now: time.Now, CascadeLimit: 10_000, MaxChanges: 10_000,
		NewID: func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt: func() (salt [16]byte) {
			_, _ = rand.Read(salt[:]) // never fails
			return salt
		},
	}
}

// memory is an empty store that ends with the test. It lets one reader at a time be
// open, since no operation may wait for a second.
func memory(t *testing.T, v *vocabulary.Vocabulary) store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{Vocabulary: v, Readers: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// caseFile is the demonstration case, loaded once and only read.
var caseFile = sync.OnceValues(func() (store.Store, error) {
	ctx := context.Background()
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	f, err := casefile.Read(data.Ayotzinapa(), casefile.Options{Vocabulary: vocabulary.Standard()})
	if err != nil {
		return nil, err
	}
	_, err = f.Import(ctx, st, planner(vocabulary.Standard()), casefile.ImportOptions{
		Author: evidence.Author{Name: "import", Clearance: evidence.Confidential},
	})
	return st, err
})

// service answers operations as a server would.
type service struct {
	exec     *executor.Executor
	schema   graphql.ExecutableSchema
	identity access.Identity
}

func serve(tb testing.TB, st store.Store, v *vocabulary.Vocabulary) *service {
	tb.Helper()
	options := graph.Options{Tracer: trace.New(st, v, planner(v))}
	if shelf, ok := st.(store.Shelf); ok {
		options.Proposals = proposal.New(shelf, proposal.Over(st, planner(v), options.Tracer.Apply))
		options.Tokens = access.NewTokens(shelf)
	}
	return serveWith(tb, options)
}

func serveWith(tb testing.TB, options graph.Options) *service {
	tb.Helper()
	schema, err := graph.New(options)
	require.NoError(tb, err)
	exec := executor.New(schema)
	exec.SetErrorPresenter(graph.ErrorPresenter)
	exec.SetRecoverFunc(graph.RecoverFunc)
	return &service{exec, schema, access.Owner("Ana Núñez")}
}

// onCase serves the demonstration case.
func onCase(tb testing.TB) *service {
	tb.Helper()
	st, err := caseFile()
	require.NoError(tb, err)
	return serve(tb, st, vocabulary.Standard())
}

// as is the same service, asked by somebody else.
func (s *service) as(i access.Identity) *service { return &service{s.exec, s.schema, i} }

type object = map[string]any

// variables are given as JSON, as a client sends them.
func variables(t *testing.T, written string) object {
	t.Helper()
	if written == "" {
		return nil
	}
	var out object
	decoder := json.NewDecoder(strings.NewReader(written))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&out))
	return out
}

// start begins an operation; each call of the handler gives a response.
func (s *service) start(ctx context.Context, query string, vars object) (graphql.ResponseHandler, context.Context, gqlerror.List) {
	ctx = access.With(graphql.StartOperationTrace(ctx), s.identity)
	operation, faults := s.exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(faults) > 0 {
		response := s.exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
		return nil, nil, response.Errors
	}
	operation.DisableIntrospection = false
	handler, ctx := s.exec.DispatchOperation(ctx, operation)
	return handler, ctx, nil
}

// ask gives what an operation answers, data and errors.
func (s *service) ask(t *testing.T, query, vars string) (object, gqlerror.List) {
	t.Helper()
	handler, ctx, faults := s.start(t.Context(), query, variables(t, vars))
	if faults != nil {
		return nil, faults
	}
	response := handler(ctx)
	require.NotNil(t, response)
	var out object
	if len(response.Data) > 0 {
		require.NoError(t, json.Unmarshal(response.Data, &out), string(response.Data))
	}
	return out, response.Errors
}

// get is ask where nothing may be wrong.
func (s *service) get(t *testing.T, query, vars string) object {
	t.Helper()
	out, faults := s.ask(t, query, vars)
	require.Empty(t, faults)
	return out
}

// at walks into an answer: names of fields and indices of lists.
func at(t *testing.T, in any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := in.(object)
			require.True(t, ok, "%v has no field %s", in, step)
			in = m[step]
		case int:
			l, ok := in.([]any)
			require.True(t, ok, "%v is no list", in)
			require.Greater(t, len(l), step)
			in = l[step]
		}
	}
	return in
}

func list(t *testing.T, in any, path ...any) []any {
	t.Helper()
	l, ok := at(t, in, path...).([]any)
	require.True(t, ok, "%v is no list", in)
	return l
}
