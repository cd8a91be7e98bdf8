package names_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence/names"
)

func TestUnit(t *testing.T) {
	want := []string{"27", "battalion", "infantry"}
	for _, name := range []string{
		"27 BI", "27º Batallón de Infantería", "27th Infantry Battalion", "XXVII Batallón de Infantería",
		"27o. Batallon de Infanteria", "Batallón de Infantería 27", "027 Bn. Inf.",
	} {
		require.Equal(t, want, names.Unit(name), name)
	}
	for _, other := range []string{"28 BI", "27th Infantry Regiment", "27 Batallón", "27th Infantry Battalion Nigeria"} {
		require.NotEqual(t, want, names.Unit(other), other)
	}
	for _, none := range []string{"", "El Chucky", "Policía Municipal de Iguala", "Los 43", "Battalion"} {
		require.Empty(t, names.Unit(none), none)
	}
}
