package graph_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// BenchmarkCard asks for the card of a well-linked person of the demonstration
// case, without HTTP, with the query in the cache.
func BenchmarkCard(b *testing.B) {
	s := onCase(b)
	s.exec.SetQueryCache(lru.New[*ast.QueryDocument](100))
	b.ReportAllocs()
	for b.Loop() {
		handler, ctx, faults := s.start(b.Context(), card, object{"id": "abarca"})
		require.Empty(b, faults)
		response := handler(ctx)
		require.Empty(b, response.Errors)
		require.Greater(b, len(response.Data), 10_000)
	}
}
