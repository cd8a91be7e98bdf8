package trace_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// hits reads all pages of a search.
func hits(t *testing.T, s *trace.Session, q trace.SearchQuery) (ids []evidence.ID, cut trace.Cut) {
	t.Helper()
	for size, after := 7, ""; ; {
		p, why, err := s.Search(t.Context(), q, trace.PageArgs{First: &size, After: after})
		require.NoError(t, err)
		for _, item := range p.Items {
			ids = append(ids, item.Node.Entity.ID)
		}
		if after, cut = p.End, why; !p.HasNext {
			return ids, cut
		}
	}
}

// TestEveryStoreSearchSaysThatItIsCut has more people of a name than a search
// compares, and one of exactly that name after all of them.
func TestEveryStoreSearchSaysThatItIsCut(t *testing.T) {
	trace.LowerCandidates(t, 40, 100)
	check := func(t *testing.T, st store.Store) {
		t.Helper()
		changes := []evidence.Change{
			called("z-juan", "PERSON", "Juan García"), called("z-word", "PLACE", "García"), called("z-rare", "PERSON", "Juan Rarísimo García"),
			called("z-other", "PERSON", "Juan Pérez"), called("z-alias", "PERSON", "Otro", "Pérez García"),
		}
		for i := range 60 {
			changes = append(changes, called(evidence.ID(fmt.Sprintf("a%03d", i)), "PERSON", fmt.Sprintf("Juan García %d", i)))
		}
		for i := range 50 {
			changes = append(changes, called(evidence.ID(fmt.Sprintf("b%03d", i)), "PERSON", fmt.Sprintf("Luis Pérez %d", i)))
		}
		_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
		s := open(t, st, evidence.Now(evidence.Public))
		t.Cleanup(func() { require.NoError(t, s.Close()) })

		found, cut := hits(t, s, trace.SearchQuery{Text: "juan garcia"})
		require.Equal(t, trace.CutFanOut, cut)
		require.Len(t, found, 40)
		require.Equal(t, []evidence.ID{"z-juan", "a000"}, found[:2], "the exact name comes first")

		found, cut = hits(t, s, trace.SearchQuery{Text: "García"})
		require.Equal(t, trace.CutFanOut, cut)
		require.Equal(t, evidence.ID("z-word"), found[0])

		found, cut = hits(t, s, trace.SearchQuery{Text: "García", Kinds: []string{"PLACE"}})
		require.Equal(t, trace.CutFanOut, cut)
		require.Equal(t, []evidence.ID{"z-word"}, found)

		for text, want := range map[string]evidence.ID{"raris": "z-rare", "juan garcia rar": "z-rare", "juan perez": "z-other", "perez garcia": "z-alias"} {
			found, cut = hits(t, s, trace.SearchQuery{Text: text})
			require.Empty(t, cut, "%s: one word or all of them together are rare enough", text)
			require.Equal(t, []evidence.ID{want}, found, text)
		}

		trace.LowerCandidates(t, 40, 45)
		found, cut = hits(t, s, trace.SearchQuery{Text: "perez garcia"})
		require.Equal(t, trace.CutFanOut, cut, "which have both words is not known")
		require.Empty(t, found)
		found, cut = hits(t, s, trace.SearchQuery{Text: "juan garcia"})
		require.Equal(t, trace.CutFanOut, cut)
		require.Len(t, found, 40)
	}
	t.Run("model", func(t *testing.T) { check(t, model.New()) })
	t.Run("embedded", func(t *testing.T) {
		st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		check(t, st)
	})
	t.Run("neo4j", func(t *testing.T) {
		st, err := neo4j.Open(t.Context(), neo4jtest.Fresh(t), neo4j.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		check(t, st)
	})
}
