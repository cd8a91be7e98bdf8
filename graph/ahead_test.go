package graph_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// far is a store to which each call is a round trip. It counts them.
type far struct{ *counting }

func (f far) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := f.counting.Raw(ctx, view)
	if err != nil {
		return nil, err
	}
	counted, _ := r.(*countingReader)
	return farReader{counted, counted.Reader.(store.Prefetcher)}, nil //nolint:forcetypeassert // of a Neo4j
}

func (f far) Head(ctx context.Context) (evidence.Head, error) {
	f.calls.Add(1)
	return f.counting.Head(ctx)
}

type farReader struct {
	*countingReader
	together store.Prefetcher
}

func (r farReader) Prefetch(ctx context.Context, p store.Prefetch) (*store.Prefetched, error) {
	r.of.calls.Add(1)
	return r.together.Prefetch(ctx, p)
}

// TestACardIsOneRoundTrip asks a Neo4j and the embedded store the same, and
// counts the queries of the first.
func TestACardIsOneRoundTrip(t *testing.T) {
	uri := neo4jtest.Fresh(t)
	st, err := neo4j.Open(t.Context(), uri, neo4j.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	calls := &counting{Store: st}
	near := memory(t, vocabulary.Standard())
	there, here := serve(t, far{calls}, vocabulary.Standard()), serve(t, near, vocabulary.Standard())
	wheel(t, here)
	require.NoError(t, st.Load(t.Context(), near.Log(t.Context(), 0), planner(vocabulary.Standard()).Replay))
	there.get(t, card, `{"id": "hub"}`) // reads accepted identities, once for each revision

	for name, shape := range map[string]struct {
		query, vars string
		trips       int64
	}{
		"the card":       {card, `{"id": "hub"}`, 1},
		"a spoke":        {card, `{"id": "e3"}`, 1},
		"nobody":         {card, `{"id": "nobody"}`, 1},
		"the night":      {`{ links(first: 50, filter: {kinds: [COMMANDS], certainty: POSSIBLY}) { nodes { id kind from { name } to { name } valid { since } } } }`, `{}`, 1},
		"all that stand": {`{ links(first: 3) { totalCount edges { node { to { id } citations(first: 1) { totalCount nodes { source { title } } } } } } }`, `{}`, 1},
		"statements":     {`{ entity(id: "hub") { statements(first: 3) { totalCount nodes { entity { id } } } } }`, `{}`, 1},
		"by aliases": {`{ entity(id: "hub") { all: links(first: 2, direction: OUT) { rows: nodes { ...Row } } } }
			fragment Row on Link { b: to { name } pro: citations(first: 2, filter: {stances: [SUPPORTS]}) { nodes { s: source { title } } } con: citations(first: 4) { nodes { locator } } }`, `{}`, 1},
		"two entities": {`{ a: entity(id: "e1") { links(first: 2) { nodes { from { name } } } } b: entity(id: "e2") { links(first: 2) { nodes { from { name } } } } }`, `{}`, 2},
		"backwards":    {`{ entity(id: "hub") { links(last: 4) { totalCount pageInfo { hasPreviousPage } nodes { id from { id } } } } }`, `{}`, 1},
		"of the past":  {strings.Replace(card, "entity(id: $id)", "entity(id: $id, knownAt: 1)", 1), `{"id": "e4"}`, 20},
		"a bad filter": {`{ entity(id: "hub") { id links(first: 2, filter: {on: "1o"}) { nodes { id } } } }`, `{}`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			before := calls.calls.Load()
			got, faults := there.ask(t, shape.query, shape.vars)
			require.LessOrEqual(t, calls.calls.Load()-before, shape.trips)
			want, wantFaults := here.ask(t, shape.query, shape.vars)
			require.Equal(t, want, got)
			require.Equal(t, wantFaults, faults)
		})
	}
	require.Zero(t, calls.open.Load(), "every reader is closed")

	t.Run("the next page", func(t *testing.T) {
		const page = `query($after: String) { entity(id: "hub") { links(first: 10, after: $after) { pageInfo { endCursor } nodes { id to { name } } } } }`
		first := here.get(t, page, `{}`)
		require.Equal(t, first, there.get(t, page, `{}`))
		cursor := first["entity"].(object)["links"].(object)["pageInfo"].(object)["endCursor"].(string)
		before := calls.calls.Load()
		next := there.get(t, page, `{"after": "`+cursor+`"}`)
		require.EqualValues(t, 1, calls.calls.Load()-before)
		require.Equal(t, here.get(t, page, `{"after": "`+cursor+`"}`), next)
		require.NotEqual(t, first, next)
	})
}
