package trace_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestASecretNameIsToldNowhere raises an alias, and the name by which somebody was
// called: nothing that tells of the past tells of them any more.
func TestASecretNameIsToldNowhere(t *testing.T) {
	g := newGraph(t)
	put := func(name string, names ...evidence.NewName) {
		g.write(evidence.Change{PutEntity: &evidence.PutEntity{ID: "w", Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names)}})
	}
	put("Juan Pérez", evidence.NewName{Text: "El Topo", Type: "ALIAS"})
	put("Testigo Siete", evidence.NewName{Text: "El Topo", Type: "ALIAS", Clearance: "CONFIDENTIAL"}, evidence.NewName{Text: "Juan Pérez", Type: "ALIAS", Clearance: "CONFIDENTIAL"})
	put("Testigo Siete") // which nobody sees who is not cleared for it

	told := strings.Join(g.tale(evidence.Public, "w"), " ")
	require.NotContains(t, told, "Juan")
	require.NotContains(t, told, "Topo")
	require.Contains(t, strings.Join(g.tale(evidence.Confidential, "w"), " "), "Topo", "who is cleared for it is told")
	require.Equal(t, []evidence.ID{"w"}, g.differing(evidence.Public, 0, 2))

	for number := uint64(1); number <= 2; number++ {
		s, err := g.at(evidence.Public).Moment(t.Context(), trace.KnownAt{Number: &number})
		require.NoError(t, err)
		for _, text := range []string{"Juan Pérez", "juan", "El Topo", "topo"} {
			hits, _, err := s.Search(t.Context(), trace.SearchQuery{Text: text}, trace.PageArgs{})
			require.NoError(t, err)
			require.Empty(t, hits.Items, "%s at %d", text, number)
		}
		entities, err := s.Entities(t.Context(), []evidence.ID{"w"})
		require.NoError(t, err)
		require.Equal(t, "Testigo Siete", entities["w"].Names[0].Text)
		require.Len(t, entities["w"].Names, 1)
		require.NoError(t, s.Close())
	}
}
