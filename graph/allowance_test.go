package graph_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/allowance"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/server"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// onRecordsWithLongLists serves sources that all derive from each other, and an entity
// with long notes.
func onRecordsWithLongLists(t *testing.T) *service {
	t.Helper()
	st := memory(t, vocabulary.Standard())
	var ids []evidence.ID
	for i := range 12 {
		ids = append(ids, evidence.ID(fmt.Sprintf("q%d", i)))
	}
	set := &evidence.ChangeSet{Reason: "long lists"}
	for i, id := range ids {
		others := append(append([]evidence.ID{}, ids[:i]...), ids[i+1:]...)
		set.Changes = append(set.Changes, evidence.Change{PutSource: &evidence.PutSource{
			ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of(string(id)), URL: evidence.Of("https://example.org/" + string(id)), DerivedFrom: evidence.Of(others),
		}})
	}
	notes := make([]evidence.Note, 100)
	for i := range notes {
		notes[i] = evidence.Note{Key: "k", Value: strings.Repeat("x", 10_000)}
	}
	set.Changes = append(set.Changes, evidence.Change{PutEntity: &evidence.PutEntity{
		ID: "noted", Kind: evidence.Of("PERSON"), Name: evidence.Of("Ana"), Notes: evidence.Of(notes),
	}})
	_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, set)
	require.NoError(t, err)
	return serve(t, st, vocabulary.Standard()).as(access.Owner("Ana"))
}

// spend asks where an answer may have so many bytes, and gives how many were made
// for it and whether it became too large.
func (s *service) spend(t *testing.T, query string, bytes int64) (answer []byte, made uint64, over bool) {
	t.Helper()
	ctx, allowed := allowance.With(t.Context(), bytes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	handler, ctx, faults := s.start(ctx, query, nil)
	require.Empty(t, faults)
	response := handler(ctx)
	runtime.ReadMemStats(&after)
	return response.Data, after.TotalAlloc - before.TotalAlloc, allowed.Over()
}

func TestAnswerStopsGrowing(t *testing.T) {
	s := onRecordsWithLongLists(t)
	nested := func(depth int) string {
		return `{ source(id: "q0") {` + strings.Repeat("derivedFrom {", depth) + "id" + strings.Repeat("}", depth+2)
	}
	const mebibyte = 1 << 20
	_, _, over := s.spend(t, nested(3), mebibyte)
	require.False(t, over)
	for _, depth := range []int{5, 12} { // 11 to the power of that many sources
		answer, made, over := s.spend(t, nested(depth), mebibyte)
		require.True(t, over)
		require.LessOrEqual(t, len(answer), mebibyte)
		require.Less(t, made, uint64(20*mebibyte))
	}

	var often strings.Builder
	for i := range 50 {
		fmt.Fprintf(&often, "n%d: notes { value } ", i)
	}
	answer, made, over := s.spend(t, `{ entity(id: "noted") {`+often.String()+"} }", mebibyte)
	require.True(t, over, "fifty megabytes of text, of few objects")
	require.LessOrEqual(t, len(answer), mebibyte)
	require.Less(t, made, uint64(20*mebibyte))
}

func TestAnonymousReadersMayAskForTheSchema(t *testing.T) {
	s := onCase(t)
	_, _, over := s.spend(t, introspection.Query, server.DefaultLimits().AnonymousAnswerBytes/2)
	require.False(t, over)
}
