package trace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestALetterOrABareAcronymNumbersAUnitToo writes the number where few do.
func TestALetterOrABareAcronymNumbersAUnitToo(t *testing.T) {
	g := newGraph(t)
	g.write(called("region", "MILITARY_UNIT", "5a Región Militar"), called("battalion", "MILITARY_UNIT", "27º Batallón de Infantería"))
	s := g.at(evidence.Public)
	for name, want := range map[string]evidence.ID{"Región Militar V": "region", "Región Militar, V": "region", "27BI": "battalion", "27bi": "battalion"} {
		found, _, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.Len(t, found, 1, name)
		require.Equal(t, want, found[0].Entity.ID, name)
		require.Equal(t, []string{"UNIT"}, codes(found[0]), name)
	}
}
