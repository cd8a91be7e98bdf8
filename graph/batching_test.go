package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// counting is a store that counts what its readers are asked, and how many of
// them are open.
type counting struct {
	store.Store
	calls, open atomic.Int64
}

func (c *counting) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := c.Store.Raw(ctx, view)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countingReader{r, c}, nil
}

type countingReader struct {
	store.Reader
	of *counting
}

func (r *countingReader) Beside(view evidence.View) (store.Reader, error) {
	other, _, err := store.RawBeside(context.Background(), r.of.Store, r.Reader, view)
	if err != nil {
		return nil, err
	}
	r.of.open.Add(1)
	return &countingReader{other, r.of}, nil
}

func (r *countingReader) Close() error {
	r.of.open.Add(-1)
	return r.Reader.Close()
}

func (r *countingReader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	r.of.calls.Add(1)
	return r.Reader.Get(ctx, ids)
}

func (r *countingReader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	r.of.calls.Add(1)
	return r.Reader.Find(ctx, q)
}

func (r *countingReader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	r.of.calls.Add(1)
	return r.Reader.Expand(ctx, x)
}

func (r *countingReader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	r.of.calls.Add(1)
	return r.Reader.Candidates(ctx, q)
}

func (r *countingReader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	r.of.calls.Add(1)
	return r.Reader.Count(ctx, q)
}

func (r *countingReader) Revisions(ctx context.Context, q store.RevisionQuery) iter.Seq2[*evidence.Revision, error] {
	r.of.calls.Add(1)
	return r.Reader.Revisions(ctx, q)
}

// wheel is a hub with 30 spokes, each link with five citations that each name an
// entity that asserts, so that every row needs everything.
func wheel(t *testing.T, s *service) {
	t.Helper()
	changes := []object{
		{"putEntity": object{"id": "hub", "kind": "PERSON", "name": "Eje", "names": []object{{"text": "El Eje", "sources": []string{"s0"}}}}},
	}
	for i := range 30 {
		var citations []object
		for j := range 5 {
			citations = append(citations, object{"source": fmt.Sprintf("s%d", (i+j)%40), "locator": fmt.Sprintf("p. %d", j), "assertedBy": object{"entity": fmt.Sprintf("a%d", j)}})
		}
		changes = append(changes,
			object{"putEntity": object{"id": fmt.Sprintf("e%d", i), "kind": "MILITARY_UNIT", "name": fmt.Sprintf("Batallón %d", i)}},
			object{"assertLink": object{"id": fmt.Sprintf("l%d", i), "kind": "COMMANDS", "from": "hub", "to": fmt.Sprintf("e%d", i), "citations": citations}})
	}
	for i := range 40 {
		changes = append(changes, object{"putSource": object{"id": fmt.Sprintf("s%d", i), "kind": "NEWS", "title": fmt.Sprintf("Nota %d", i), "url": "https://example.org/n"}})
	}
	for i := range 5 {
		changes = append(changes, object{"putEntity": object{"id": fmt.Sprintf("a%d", i), "kind": "PERSON", "name": fmt.Sprintf("Testigo %d", i)}})
	}
	vars, err := json.Marshal(object{"cs": object{"reason": "a wheel", "changes": changes}})
	require.NoError(t, err)
	s.get(t, write, string(vars))
}

// TestAPageCostsTheSameHoweverManyRowsItHas asks several shapes of the card for
// 1, 10 and 25 rows and counts the calls of the store.
func TestAPageCostsTheSameHoweverManyRowsItHas(t *testing.T) {
	st := &counting{Store: memory(t, vocabulary.Standard())}
	s := serve(t, st, vocabulary.Standard())
	wheel(t, s)

	sized := strings.Replace(strings.Replace(card, "$id: ID!", "$id: ID!, $n: Int", 1), "first: 25", "first: $n", 1)
	shapes := map[string]struct {
		query string
		most  int64
	}{
		"the card": {sized, 9},
		"fragments": {`query($id: ID!, $n: Int) { entity(id: $id) { ...Who links(first: $n) { edges { node { ...Row } } } } }
			fragment Who on Entity { id name }
			fragment Row on Link { ...Ends ... on Claim { citations(first: 5) { edges { node { ...Cited } } } } }
			fragment Ends on Link { from { ...Who } to { ...Who } }
			fragment Cited on Citation { source { title } assertedBy { entity { ...Who } } }`, 7},
		"aliases": {`query($id: ID!, $n: Int) { e: entity(id: $id) { l: links(first: $n) { rows: nodes {
			a: from { name } b: to { name } c: to { id }
			pro: citations(first: 2, filter: {stances: [SUPPORTS]}) { nodes { s: source { title } } }
			contra: citations(first: 2, filter: {stances: [DISPUTES]}) { totalCount nodes { s: source { title } } } } } } }`, 7},
		"directives": {`query($id: ID!, $n: Int, $yes: Boolean = true) { entity(id: $id) { links(first: $n) { nodes {
			from @skip(if: $yes) { name } to @include(if: $yes) { name }
			... @include(if: $yes) { citations(first: 3) { nodes { source { title } } } } } } } }`, 5},
		"two levels": {`query($id: ID!, $n: Int) { entity(id: $id) { links(first: $n) { nodes {
			to { links(first: 3) { totalCount nodes { from { name } citations(first: 1) { nodes { locator } } } } } } } } }`, 9},
		"back to the claim": {`query($id: ID!, $n: Int) { entity(id: $id) { links(first: $n) { nodes { standingHistory { standing citation { id } }
			citations(first: 5) { nodes { claim { __typename id ... on Link { to { name } } } source { derivedFrom { id } } } } } } } }`, 8},
		"names": {`query($id: ID!, $n: Int) { entity(id: $id) { links(first: $n) { nodes { from { names { text sources { title } } } to { names { sources { id } } statements(first: 0) { totalCount } } } } } }`, 8},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			var calls int64
			for _, n := range []int{1, 10, 25} {
				before := st.calls.Load()
				out := s.get(t, shape.query, fmt.Sprintf(`{"id": "hub", "n": %d}`, n))
				require.Len(t, rows(out), n)
				made := st.calls.Load() - before
				if n > 1 {
					require.Equal(t, calls, made, "%d rows", n)
				}
				require.LessOrEqual(t, made, shape.most)
				calls = made
			}
		})
	}
	require.Zero(t, st.open.Load(), "every reader is closed")
}

// rows are the links of an answer, under whatever aliases.
func rows(out object) []any {
	for _, e := range out {
		for _, l := range e.(object) {
			if connection, ok := l.(object); ok {
				for _, name := range []string{"edges", "nodes", "rows"} {
					if rows, ok := connection[name].([]any); ok {
						return rows
					}
				}
			}
		}
	}
	return nil
}
