package names_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence/names"
)

func TestUnit(t *testing.T) {
	want := []string{"battalion 27", "infantry"}
	for _, name := range []string{
		"27 BI", "27º Batallón de Infantería", "27th Infantry Battalion", "XXVII Batallón de Infantería",
		"27o. Batallon de Infanteria", "Batallón de Infantería 27", "027 Bn. Inf.",
		"Batallón de Infantería No. 27", "Batallón de Infantería Núm. 27", "Batallón de Infantería N.º 27", "Batallón de Infantería número XXVII",
		"Batallón 27 de Infantería", "Batallón de Infantería, 27", "Batallón de Infantería (27)",
		"Vigésimo Séptimo Batallón de Infantería", "vigesimoséptimo batallón de infantería", "Twenty-Seventh Infantry Battalion",
	} {
		require.Equal(t, want, names.Unit(name), name)
	}
	for _, other := range []string{"28 BI", "27th Infantry Regiment", "27 Batallón", "27th Infantry Battalion Nigeria", "Vigésimo Octavo Batallón de Infantería"} {
		require.NotEmpty(t, names.Unit(other), other)
		require.NotEqual(t, want, names.Unit(other), other)
	}
	for _, none := range []string{
		"", "El Chucky", "Policía Municipal de Iguala", "Los 43", "Battalion", "No. 27",
		"Second meeting of the Military Zone", "Compañía Minera Primero de Mayo", "Grupo Segundo Piso", "Compañía I", "Zona X",
	} {
		require.Empty(t, names.Unit(none), none)
	}
	for _, region := range []string{"IX Región Militar", "9th Military Region", "Ninth Military Region", "Novena Región Militar", "Región Militar IX", "Región Militar No. 9", "9 RM"} {
		require.Equal(t, []string{"military", "region 9"}, names.Unit(region), region)
	}
	for _, region := range []string{"V Región Militar", "Región Militar V", "Military Region V", "Región Militar, V"} {
		require.Equal(t, names.Unit("5 Región Militar"), names.Unit(region), region)
	}
	require.Equal(t, want, names.Unit("27BI"))
	require.Equal(t, names.Unit("X Brigada de Infantería"), names.Unit("Brigada de Infantería X"))
	require.Equal(t, []string{"battalion 27", "infantry", "v"}, names.Unit("27 Batallón de Infantería V"), "the level has its number")
	require.Equal(t, []string{"battalion 27", "military", "region 5"}, names.Unit("27 Batallón de la Región Militar V"))
	require.Equal(t, []string{"armored", "brigade 1"}, names.Unit("First Armored Brigade"))
	require.Equal(t, []string{"5", "federal", "police"}, names.Unit("Policía Federal 5"))
}

// TestUnitBindsNumbersToTheirLevels writes units of units in every order.
func TestUnitBindsNumbersToTheirLevels(t *testing.T) {
	for _, c := range []struct {
		want  []string
		names []string
	}{
		{[]string{"battalion 2", "brigade 11"}, []string{
			"II Batallón de la 11 Brigada", "11 Brigada, II Batallón", "2nd Bn, 11th Bde", "11th Bde, 2nd Bn", "Bn 2, Bde 11", "Bde 11 Bn 2",
			"Batallón 2, 11 Brigada", "11 Brigada, Batallón 2", "2 Batallón, Brigada 11", "Segundo Batallón de la Brigada No. 11",
		}},
		{[]string{"battalion 11", "brigade 2"}, []string{"XI Batallón de la 2 Brigada", "2 Brigada, XI Batallón", "11th Bn, 2nd Bde", "Bn 11 Bde 2"}},
		{[]string{"brigade 1", "division 2"}, []string{"1st Brigade, 2nd Division", "2nd Division, 1st Brigade", "First Brigade of the Second Division"}},
		{[]string{"brigade 2", "division 1"}, []string{"2nd Brigade, 1st Division", "2nd Brigade of the 1st Division"}},
		{[]string{"brigade 3", "division", "norte"}, []string{
			"3 Brigada de la División Norte", "Brigada 3 de la División Norte", "Brigada 3, División Norte", "División Norte, 3 Brigada", "División Norte 3 Brigada", "División Norte, Brigada 3",
		}},
		{[]string{"battalion 27", "infantry", "military", "zone 35"}, []string{
			"27 Batallón de Infantería, 35 Zona Militar", "27 Batallón de Infantería, Zona Militar 35", "Batallón de Infantería 27, 35 Zona Militar", "35 ZM, 27 BI", "35 ZM 27 BI",
		}},
		{[]string{"43", "battalion 27"}, []string{"Batallón 27, 43", "43, Batallón 27", "43, 27 Batallón", "27 Batallón (43)"}},
		{[]string{"battalion 3", "brigade 3"}, []string{"3 Batallón, 3 Brigada"}},
		{[]string{"battalion 3", "brigade"}, []string{"3 Batallón, Brigada"}},
	} {
		for _, name := range c.names {
			require.Equal(t, c.want, names.Unit(name), name)
		}
	}
}

// TestUnitKeysFindEveryWayToWriteANumber reads the ordinals in words, and looks for
// each number in all the ways in which the index may have it.
func TestUnitKeysFindEveryWayToWriteANumber(t *testing.T) {
	ones := [][]string{
		{"primer", "primero", "primera", "first"}, {"segundo", "segunda", "second"}, {"tercer", "tercero", "tercera", "third"}, {"cuarto", "cuarta", "fourth"},
		{"quinto", "quinta", "fifth"}, {"sexto", "sexta", "sixth"}, {"séptimo", "séptima", "seventh"}, {"octavo", "octava", "eighth"}, {"noveno", "novena", "ninth"},
	}
	tens := [][]string{
		{"décimo", "décima"}, {"vigésimo", "vigésima", "twenty"}, {"trigésimo", "trigésima", "thirty"}, {"cuadragésimo", "cuadragésima", "forty"},
		{"quincuagésimo", "quincuagésima", "fifty"}, {"sexagésimo", "sexagésima", "sixty"}, {"septuagésimo", "septuagésima", "seventy"},
		{"octogésimo", "octogésima", "eighty"}, {"nonagésimo", "nonagésima", "ninety"}, {"centésimo", "centésima"},
	}
	words := map[int][]string{
		10: {"décimo", "décima", "tenth"}, 11: {"undécimo", "undécima", "eleventh"}, 12: {"duodécimo", "duodécima", "twelfth"}, 13: {"thirteenth"}, 14: {"fourteenth"},
		15: {"fifteenth"}, 16: {"sixteenth"}, 17: {"seventeenth"}, 18: {"eighteenth"}, 19: {"nineteenth"}, 20: {"vigésimo", "twentieth"}, 30: {"trigésima", "thirtieth"},
		40: {"cuadragésimo", "fortieth"}, 50: {"fiftieth"}, 60: {"sixtieth"}, 70: {"seventieth"}, 80: {"octogésima", "eightieth"}, 90: {"ninetieth"}, 100: {"centésimo", "hundredth"},
	}
	for i, all := range ones {
		words[i+1] = all
		for j, ten := range tens {
			for _, t := range ten {
				for _, one := range all {
					if english := strings.HasSuffix(t, "y"); english == (slices.Index(all, one) == len(all)-1) {
						n := 10*(j+1) + i + 1
						words[n] = append(words[n], t+" "+one, t+one, t+"-"+one)
					}
				}
			}
		}
	}
	require.Len(t, words, 109)
	for n, all := range words {
		figures := fmt.Sprintf("%d Batallón", n)
		want := []string{fmt.Sprintf("battalion %d", n)}
		require.Equal(t, want, names.Unit(figures))
		for _, word := range all {
			name := word + " Batallón"
			require.Equal(t, want, names.Unit(name), name)
			require.Contains(t, unitKeys(name), fmt.Sprint(n), name)
			require.True(t, finds(unitKeys(figures), word), "%v find %s", unitKeys(figures), word)
		}
	}
	require.Contains(t, unitKeys("Vigésimo Séptimo Batallón"), "xxvii ")
	require.Contains(t, unitKeys("II Batallón de la 11 Brigada"), "battalion")
	require.Empty(t, unitKeys("Mario Casarrubias Salgado"))
}

// unitKeys are all that names.UnitKeys gives.
func unitKeys(name string) []string {
	terms, numbers := names.UnitKeys(name)
	return append(terms, slices.Concat(numbers...)...)
}

// finds says whether one of the keys begins a word by which a name is found.
func finds(keys []string, name string) bool {
	return slices.ContainsFunc(names.Keys(name), func(word string) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(word+" ", key) })
	})
}
