package names

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{" \t¿?—", ""},
		{"José Pérez", "jose perez"},
		{"JOSE\u0301  PE\u0301REZ", "jose perez"},
		{"Enrique Peña Nieto", "enrique pena nieto"},
		{"Peña Nieto, Enrique", "pena nieto enrique"},
		{"Enrique Pena-Nieto", "enrique pena nieto"},
		{"Íñigo Muñoz Güemes", "inigo munoz guemes"},
		{"“El Chucky”", "el chucky"},
		{"El\u00a0Chucky", "el chucky"},
		{"AI / A1", "ai a1"},
		{"Felipe 'R'", "felipe r"},
		// Apostrophes of every kind.
		{"O'Reilly", "oreilly"},
		{"O’REILLY", "oreilly"},
		{"O´Reilly", "oreilly"},
		{"O`Reilly", "oreilly"},
		{"Attorney General’s Office", "attorney generals office"},
		{"Teachers’ College", "teachers college"},
		{"Me'phaa", "mephaa"},
		{"Meꞌphaa", "mephaa"},
		{"Saʿīd", "said"},
		{"'43'", "43"},
		// Ordinals, as the army, the press and people write them.
		{"27º Batallón de Infantería", "27 batallon de infanteria"},
		{"27.º Batallón de Infantería", "27 batallon de infanteria"},
		{"27/o. Batallón de Infantería", "27 batallon de infanteria"},
		{"27o Batallón de Infantería", "27 batallon de infanteria"},
		{"27° Batallón de Infantería", "27 batallon de infanteria"},
		{"27th Infantry Battalion", "27 infantry battalion"},
		{"35ª Zona Militar", "35 zona militar"},
		{"35/a. Zona Militar", "35 zona militar"},
		{"1er Regimiento", "1 regimiento"},
		{"41st", "41"},
		{"27 o 28", "27 o 28"},
		{"27.oso", "27 oso"},
		{"27/28", "27 28"},
		{"A1o", "a1o"},
		{"Mª Luisa", "ma luisa"},
		// Initialisms.
		{"U.S. Army", "us army"},
		{"S.A. de C.V.", "sa de cv"},
		{"C.I.S.E.N.", "cisen"},
		{"Ph.D.", "ph d"},
		{"José M. Pérez", "jose m perez"},
		{"A.Pérez", "a perez"},
		// Beyond Spanish.
		{"Straße", "strasse"},
		{"STRASSE", "strasse"},
		{"STRAẞE", "strasse"},
		{"Łukasz Sørensen", "lukasz sorensen"},
		{"Đorđević", "dordevic"},
		{"İstanbul ısı ISI", "istanbul isi isi"},
		{"Æsir Œuvre", "aesir oeuvre"},
		{"ﬁnca № 5", "finca no 5"},
		{"Ⅳ Región", "iv region"},
		{"Сергей Ёлкин", "сергеи елкин"},
		{"Γιώργος ΣΊΣΥΦΟΣ", "γιωργοσ σισυφοσ"},
		{"ᾳ", "α"},
		{"がか", "か\u3099か"},
		{"soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"},
		{"Guerreros_Unidos & Los Rojos", "guerreros unidos los rojos"},
		{"bad\xffbytes", "bad bytes"},
		{"tab\tand\nline", "tab and line"},
		{"🌵 El Cactus ❤️", "el cactus"},
	} {
		require.Equal(t, c[1], Fold(c[0]), "Fold(%q)", c[0])
	}
}

// checkFold asserts what holds for every input.
func checkFold(t interface {
	require.TestingT
	Helper()
}, s string) {
	t.Helper()
	f := Fold(s)
	require.Equal(t, f, Fold(f), "folding %q twice", s)
	require.True(t, utf8.ValidString(f), "%q", s)
	// The longest decomposition of Unicode (U+FDFA) makes 33 bytes of 3.
	require.LessOrEqual(t, len(f), 12*len(s), "%q", s)
	require.Equal(t, f, strings.Join(strings.Fields(f), " "), "%q", s)
	for _, r := range f {
		require.True(t, r == ' ' || isWord(r), "%q keeps %q", s, r)
		require.False(t, 'A' <= r && r <= 'Z', "%q keeps %q", s, r)
	}
}

func checkTokens(t interface {
	require.TestingT
	Helper()
}, s string) {
	t.Helper()
	toks, keys := Tokens(s), Keys(s)
	all := strings.Fields(Fold(s))
	require.Len(t, toks, min(len(all), MaxTokens))
	for i, tok := range toks {
		require.NotEmpty(t, tok)
		require.LessOrEqual(t, len(tok), MaxTokenBytes)
		require.True(t, utf8.ValidString(tok))
		require.True(t, strings.HasPrefix(all[i], tok))
		require.Contains(t, keys, tok)
	}
	require.LessOrEqual(t, len(keys), MaxTokens)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(keys))), len(keys), "keys are distinct")
	for _, k := range keys {
		require.NotEmpty(t, k)
		require.LessOrEqual(t, len(k), MaxTokenBytes)
		require.True(t, utf8.ValidString(k))
	}
	key, rest := QueryKey(s)
	require.Equal(t, len(toks) == 0, key == "")
	if key != "" {
		require.Contains(t, toks, key)
		require.NotContains(t, rest, key)
		score, ok := rank(s, s)
		require.True(t, ok)
		require.Equal(t, 1000, score)
	}
}

// TestFoldEveryRune folds each character of Unicode alone and between letters.
func TestFoldEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, s := range []string{string(r), "a" + string(r) + "b"} {
			f := Fold(s)
			if f != Fold(f) || !utf8.ValidString(f) {
				t.Fatalf("Fold(%q) is %q, and folded again %q", s, f, Fold(f))
			}
		}
	}
}

func TestFoldProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkFold(t, rapid.String().Draw(t, "s"))
	})
	marks := rapid.StringOfN(rapid.SampledFrom([]rune("aкक\u093c\u094d\u0301\u0345\u3099\u093f\u034f\u200dñ'.27º/o ")), 0, 80, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := marks.Draw(t, "s")
		checkFold(t, s)
		checkTokens(t, s)
	})
}

var people = []string{
	"José Pérez", "Enrique Peña Nieto", "Íñigo Muñoz", "27º Batallón de Infantería", "El Chucky", "Juan de la O",
	"Gildardo López Astudillo", "María de los Ángeles Pineda Villa", "O'Reilly Hernández", "Álvaro Obregón Núñez",
	"Secretaría de la Defensa Nacional", "Guerreros Unidos", "Los Rojos", "Güero Mugres", "Carlos Gómez Arrieta",
	"35ª Zona Militar", "Luis Luis Torres", "Los", "Dell'Utri S.A. de C.V.",
}

// TestFoldIgnoresCaseAccentsPunctuation writes a name in other ways and expects
// the same form.
func TestFoldIgnoresCaseAccentsPunctuation(t *testing.T) {
	plain := slices.DeleteFunc(slices.Clone(people), func(s string) bool { return strings.ContainsAny(s, "'.") })
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(plain).Draw(t, "name")
		var b strings.Builder
		for _, r := range norm.NFD.String(name) {
			switch {
			case unicode.IsMark(r):
				if rapid.Bool().Draw(t, "accent") {
					b.WriteRune(r)
				}
			case r == ' ':
				b.WriteString(rapid.SampledFrom([]string{" ", "-", ", ", "  ", " – ", "_", "\u00a0", " (", "/ "}).Draw(t, "gap"))
			case rapid.Bool().Draw(t, "upper"):
				b.WriteRune(unicode.ToUpper(r))
			default:
				b.WriteRune(unicode.ToLower(r))
			}
		}
		written := rapid.SampledFrom([]string{"", "«", "¡", "('"}).Draw(t, "open") + b.String() +
			rapid.SampledFrom([]string{"", "»", ".", "!?", "')"}).Draw(t, "close")
		if rapid.Bool().Draw(t, "composed") {
			written = norm.NFC.String(written)
		}
		require.Equal(t, Fold(name), Fold(written), "%q written %q", name, written)
	})
}

func rank(query, name string) (score int, ok bool) {
	m, score := NewQuery(query).Match(name)
	return score, m != None
}

func TestRank(t *testing.T) {
	for _, c := range []struct {
		query, name string
		want        Match
	}{
		{"pena nieto", "Peña Nieto", Exact},
		{"ENRIQUE PEÑA-NIETO", "Enrique Pena Nieto", Exact},
		{"Peña Nieto, Enrique", "Enrique Peña Nieto", SameTokens},
		{"pena nieto", "Enrique Peña Nieto", AllTokens},
		{"nieto enrique", "Enrique Peña Nieto", AllTokens},
		{"enrique pen", "Enrique Peña Nieto", AllTokensPrefix},
		{"pe enrique", "Enrique Peña Nieto", Prefix},
		{"enr pe", "Enrique Peña Nieto", Prefix},
		{"enrique calderon", "Enrique Peña Nieto", None},
		{"ieto", "Enrique Peña Nieto", None},
		{"27 batallon", "27º Batallón de Infantería", AllTokens},
		{"27o batallon infanteria", "27/o. Batallón de Infantería", AllTokens},
		{"27th", "27º Batallón de Infantería", AllTokens},
		{"28 batallon", "27º Batallón de Infantería", None},
		{"batallon de la infanteria", "Batallón Infantería", AllTokens},
		{"chucky", "El Chucky", AllTokens},
		{"el chucky", "Chucky", AllTokens},
		{"chuc", "El Chucky", AllTokensPrefix},
		{"el", "El Chucky", AllTokens},
		{"el", "Elena", AllTokensPrefix},
		{"el", "Chucky", None},
		{"reilly", "O'Reilly", AllTokens},
		{"o reilly", "O’Reilly", Prefix},
		{"oreil", "O'Reilly", AllTokensPrefix},
		{"garcia garcia", "Luis García", AllTokens},
		{"¿?", "¿?", None},
		{"", "", None},
		{"", "José", None},
		{"josé", "", None},
	} {
		m, score := NewQuery(c.query).Match(c.name)
		require.Equal(t, c.want, m, "%q in %q: %s", c.query, c.name, m)
		got, ok := rank(c.query, c.name)
		require.Equal(t, score, got)
		require.Equal(t, m != None, ok)
		base, width := m.span()
		require.True(t, base <= score && score <= base+width, "%q in %q: %d", c.query, c.name, score)
	}
}

func TestRankOrdersNames(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []string // best first
	}{
		{"pena nieto", []string{"Peña Nieto", "Nieto Peña", "Enrique Peña Nieto", "Government of Enrique Peña Nieto", "Peña Nietos"}},
		{"jose", []string{"José", "José Pérez", "José Luis Abarca", "Josefa", "Josefina Vázquez Mota"}},
		{"27 inf", []string{"27 Inf", "27th Infantry Battalion", "27th Infantry Battalion and its garrison"}},
		{"batallon de infanteria", []string{"Batallón de Infantería", "27º Batallón de Infantería", "Batallones de Infantería"}},
	} {
		last := 1001
		for _, name := range c.want {
			score, ok := rank(c.query, name)
			require.True(t, ok, "%q in %q", c.query, name)
			require.Less(t, score, last, "%q in %q", c.query, name)
			last = score
		}
	}
}

// TestSpansAscend holds the promise that a better match scores higher.
func TestSpansAscend(t *testing.T) {
	top := 0
	for m := Prefix; m <= Exact; m++ {
		base, width := m.span()
		require.Greater(t, base, top, "%d", m)
		top = base + width
	}
	require.Equal(t, 1000, top)
}

// queries draws words of a name, some cut short, some repeated, some foreign.
func queries(t *rapid.T, name string) []string {
	pool := append(Tokens(name), "de", "los", "zzz")
	n := rapid.IntRange(1, 5).Draw(t, "words")
	var out []string
	for range n {
		w := []rune(rapid.SampledFrom(pool).Draw(t, "word"))
		out = append(out, string(w[:rapid.IntRange(1, len(w)).Draw(t, "length")]))
	}
	return out
}

func TestRankProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(people).Draw(t, "name")
		words := queries(t, name)
		query := strings.Join(words, " ")
		score, ok := rank(query, name)
		require.Equal(t, ok, score > 0)
		require.LessOrEqual(t, score, 1000)

		shuffled := strings.Join(rapid.Permutation(words).Draw(t, "shuffled"), " ")
		_, okShuffled := rank(shuffled, name)
		require.Equal(t, ok, okShuffled, "%q and %q in %q", query, shuffled, name)

		// ok is what its definition says, by the plainest reading of it.
		weak := !slices.ContainsFunc(words, func(w string) bool { return !Stop(w) })
		want := true
		for _, w := range words {
			begins := slices.ContainsFunc(Keys(name), func(k string) bool { return strings.HasPrefix(k, w) })
			want = want && (begins || Stop(w) && !weak)
		}
		require.Equal(t, want, ok, "%q in %q", query, name)

		// Candidates looked up by prefix miss nothing that Match finds.
		if key, _ := QueryKey(query); ok {
			require.True(t, slices.ContainsFunc(Keys(name), func(k string) bool { return strings.HasPrefix(k, key) }),
				"%q in %q by %q", query, name, key)
		}
	})
}

func TestKeys(t *testing.T) {
	require.Equal(t, []string{"luis", "torres"}, Keys("Luis Luis Torres"))
	require.Equal(t, []string{"oreilly", "reilly", "hernandez"}, Keys("O'Reilly Hernández"))
	require.Equal(t, []string{"mexicos", "crisis"}, Keys("Mexico's crisis"))
	require.Equal(t, []string{"27", "batallon", "de", "infanteria"}, Keys("27º Batallón de Infantería"))
	require.Empty(t, Keys("¿?"))
	require.Len(t, Keys(strings.Repeat("d'Artagnan ", 10)), 2)

	var b strings.Builder
	for r := 'a'; r <= 'z'; r++ {
		b.WriteString("d'" + strings.Repeat(string(r), 40) + "ñ" + strings.Repeat("é", 40) + " ")
	}
	keys := Keys(b.String())
	require.Len(t, keys, MaxTokens)
	require.Equal(t, "d"+strings.Repeat("a", 40)+"n"+strings.Repeat("e", 22), keys[0])
	require.Equal(t, strings.Repeat("й", 32), strings.ReplaceAll(Keys(strings.Repeat("Й", 99))[0], "и", "й"), "cut between characters")
}

func TestQueryKey(t *testing.T) {
	for _, c := range []struct {
		query, key string
		rest       []string
	}{
		{"", "", nil},
		{"¿?", "", nil},
		{"Peña Nieto", "nieto", []string{"pena"}},
		{"el chucky", "chucky", []string{"el"}},
		{"los del cu", "cu", []string{"los", "del"}},
		{"de la", "de", []string{"la"}},
		{"de los", "los", []string{"de"}},
		{"27º batallón de infantería 27", "infanteria", []string{"batallon", "27", "de"}},
		{"ab cd", "ab", []string{"cd"}},
		{"ñandúes straße", "nandues", []string{"strasse"}},
	} {
		key, rest := QueryKey(c.query)
		require.Equal(t, c.key, key, c.query)
		require.Equal(t, c.rest, rest, c.query)
	}
}

// TestCaseFileNames searches every name and alias of the case file in the ways
// people type them.
func TestCaseFileNames(t *testing.T) {
	f, err := os.Open("../../../data/ayotzinapa/entities.csv")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	nameCol, aliasCol := slices.Index(rows[0], "name"), slices.Index(rows[0], "aliases")
	require.True(t, nameCol >= 0 && aliasCol >= 0)
	seen := 0
	for _, row := range rows[1:] {
		for _, name := range append(strings.Split(row[aliasCol], ";"), row[nameCol]) {
			if strings.TrimSpace(name) == "" {
				continue
			}
			seen++
			score, ok := rank(strings.ToUpper(name), name)
			require.True(t, ok && score == 1000, name)
			toks := Tokens(name)
			slices.Reverse(toks)
			score, ok = rank(strings.Join(toks, ", "), name)
			require.True(t, ok && score >= 950, name)
			for _, tok := range toks {
				_, ok = rank(tok, name)
				require.True(t, ok, "%q in %q", tok, name)
			}
		}
	}
	require.Greater(t, seen, 200)
}

func FuzzFold(f *testing.F) {
	for _, s := range people {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkFold(t, s) })
}

func FuzzTokens(f *testing.F) {
	for _, s := range people {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkTokens(t, s) })
}

func BenchmarkFold(b *testing.B) {
	for _, s := range []string{"Enrique Pena-Nieto", "Enrique Peña Nieto", "Сергей Ёлкин"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(s)
			}
		})
	}
}

func BenchmarkQueryRank(b *testing.B) {
	q := NewQuery("pena niet")
	b.ReportAllocs()
	for b.Loop() {
		q.Match("Enrique Peña Nieto")
	}
}

func BenchmarkKeys(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Keys("27º Batallón de Infantería")
	}
}
