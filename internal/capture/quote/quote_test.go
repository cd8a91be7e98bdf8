package quote_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

func prepare(t require.TestingT, text string) *quote.Text {
	prepared, err := quote.Prepare(text)
	require.NoError(t, err)
	return prepared
}

func find(t require.TestingT, text string, q evidence.Quote) quote.Result {
	r, err := prepare(t, text).Find(q)
	require.NoError(t, err)
	return r
}

// at is the part of the text that the result bounds, counted in code points.
func at(text string, r quote.Result) string { return string([]rune(text)[r.Start:r.End]) }

func TestNormalise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"white space", "  la\u00a0\tverdad \r\n\u2028histórica\f", "la verdad histórica"},
		{"canonical composition", "Pen\u0303a Nieto, Go\u0301mez", "Peña Nieto, Gómez"},
		{"composition over an invisible character", "e\u200d\u0301", "é"},
		{"quotation marks", "“a” «b» „c‟ ‘d’ ‹e› `f´ g′", `"a" "b" "c" 'd' 'e' 'f' g'`},
		{"dashes", "a—b c – d e‑f ―g −5", "a-b c-d e-f-g-5"},
		{"runs of dashes", "2012--2014 and -- so", "2012-2014 and-so"},
		{"soft hyphen", "des\u00adapa\u00adrición", "desaparición"},
		{"soft hyphen at a line's end", "desapa\u00ad\n  rición", "desaparición"},
		{"hyphen at a line's end", "desapa-\n  rición", "desaparición"},
		{"hyphen at a page's end", "desapa‐ \f rición", "desaparición"},
		{"dash at a line's end", "torture—\nnothing", "torture-nothing"},
		{"hyphen between digits at a line's end", "105-\n879", "105-879"},
		{"hyphen after a space at a line's end", "a -\nb", "a-b"},
		{"hyphen at the text's end", "a-\n", "a-"},
		{"zero width", "Igu\u200bala\ufeff\u2060 \u200eok\u202c", "Iguala ok"},
		{"control characters", "a\x00b\x1fc\u0080", "abc"},
		{"ligatures", "oﬃcial ﬁle ﬂed eﬀort ﬆ", "official file fled effort st"},
		{"ellipsis", "and… so", "and... so"},
		{"case, accents and signs stay", "¡Él, Ñandú! 50% <b>", "¡Él, Ñandú! 50% <b>"},
		{"nothing", " \n\u200b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := quote.Normalise(c.in)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestFindInAnotherSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, exact, passage string
	}{
		{"as it stands", "the historic truth of it", "historic truth", "historic truth"},
		{"plain marks for typeset ones", "promoted as “the historic truth” —concluded", `"the historic truth" - concluded`, "“the historic truth” —concluded"},
		{"typeset marks for plain ones", `it's "so"`, "it’s “so”", `it's "so"`},
		{"divided word", "la desapa-\nrición forzada", "desaparición", "desapa-\nrición"},
		{"compound divided at its hyphen", "work hand-in-\nhand with", "hand-in-hand with", "hand-in-\nhand with"},
		{"both in one quote", "govern-\nment work hand-in-\nhand", "government work hand-in-hand", "govern-\nment work hand-in-\nhand"},
		{"quote divided, text not", "la desaparición forzada", "desapa-\nrición", "desaparición"},
		{"quote and text divided elsewhere", "la desa-\nparición forzada", "desapa-\nrición", "desa-\nparición"},
		{"begins with a dash", "torture—nothing new", "—nothing new", "—nothing new"},
		{"ends with a dash", "torture — nothing new", "torture–", "torture —"},
		{"only dash of the text", "— No", "- No", "— No"},
		{"ligature", "the ofﬁcial line", "official", "ofﬁcial"},
		{"part of a ligature", "the ﬁle", "le", "le"},
		{"cut inside a ligature", "the oﬃce", "ice", "ﬃce"},
		{"decomposed", "Pen\u0303a", "Peña", "Pen\u0303a"},
		{"soft hyphens kept in the passage", "a nar\u00adco state", "narco", "nar\u00adco"},
		{"white space around", "uno dos", " \n dos ", "dos"},
		{"many bytes a character", "😀😀 «añ\u200boñ» 😀", `"añoñ"`, "«añ\u200boñ»"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := find(t, c.text, evidence.Quote{Exact: c.exact})
			require.Equal(t, evidence.Verified, r.State, "%+v", r)
			require.Equal(t, c.passage, at(c.text, r))
			require.Equal(t, 1, r.Occurrences)
		})
	}
}

func TestFindFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, exact, nearest string
		distance                   int
	}{
		{"another letter", "was ordered by a colonel", "ordered by a coronel", "ordered by a colonel", 1},
		{"another case", "El Cochiloco", "el Cochiloco", "El Cochiloco", 1},
		{"accent missing", "Gómez Trejo", "Gomez Trejo", "Gómez Trejo", 1},
		{"word missing", "no arrest was ever made", "no arrest was made", "no arrest was e", 3},
		{"hyphen missing", "they re-sign it", "resign", "re-sign", 1},
		{"hyphen too many", "they resign it", "re-sign", "resign", 1},
		{"dash for a space", "a military-police unit", "military police", "military-police", 1},
		{"longer than the text", "short", "a text that is far longer than short", "short", 31},
		{"last letter has a mark of its own", "q\u0303", "q", "q\u0303", 1},
		{"part of a word", "swallowed whole", "lloxed", "llowed", 1},
		{"nothing alike", "xyz", "abc", "", 0},
		{"empty text", "", "abc", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := find(t, c.text, evidence.Quote{Exact: c.exact})
			require.Equal(t, evidence.Failed, r.State)
			require.Equal(t, c.nearest, r.Nearest)
			require.Equal(t, c.distance, r.Distance)
			require.Equal(t, c.nearest, at(c.text, r))
			require.Zero(t, r.Occurrences)
			require.Empty(t, r.Context)
		})
	}
}

func TestContextChooses(t *testing.T) {
	t.Parallel()
	const text = "the army knew; the police knew; the mayor knew"
	for _, c := range []struct {
		name           string
		prefix, suffix string
		state          evidence.CheckState
		start          int
	}{
		{"no context", "", "", evidence.Ambiguous, 9},
		{"prefix", "police ", "", evidence.Verified, 26},
		{"prefix without its space", "the mayor", "", evidence.Verified, 42},
		{"suffix", "", "; the mayor", evidence.Verified, 26},
		{"suffix that fits twice", "", "; the ", evidence.Ambiguous, 9},
		{"both", "army ", "; the", evidence.Verified, 9},
		{"suffix fits twice, prefix once", "police ", "; the ", evidence.Verified, 26},
		{"prefix of one, suffix of another", "mayor ", "; the police", evidence.Ambiguous, 9},
		{"wrong prefix, deciding suffix", "navy ", "; the mayor", evidence.Verified, 26},
		{"context that fits nowhere", "navy ", "!", evidence.Ambiguous, 9},
		{"prefix overlaps the quote", "the army knew", "", evidence.Ambiguous, 9},
		{"prefix longer than the text", strings.Repeat("x ", 100) + "police ", "", evidence.Ambiguous, 9},
		{"context of white space", " ", "\n", evidence.Ambiguous, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := find(t, text, evidence.Quote{Exact: "knew", Prefix: c.prefix, Suffix: c.suffix})
			require.Equal(t, c.state, r.State)
			require.Equal(t, c.start, r.Start)
			require.Equal(t, c.start+4, r.End)
			require.Equal(t, 3, r.Occurrences)
		})
	}
	t.Run("one occurrence needs no context", func(t *testing.T) {
		t.Parallel()
		r := find(t, text, evidence.Quote{Exact: "army", Prefix: "not there", Suffix: "nor this"})
		require.Equal(t, evidence.Verified, r.State)
	})
	t.Run("overlapping occurrences count", func(t *testing.T) {
		t.Parallel()
		r := find(t, "ananana", evidence.Quote{Exact: "anana"})
		require.Equal(t, evidence.Ambiguous, r.State)
		require.Equal(t, 2, r.Occurrences)
	})
}

func TestContextShown(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("palabra ", 100)
	text := words + "lo  que\nbusco " + words
	r := find(t, text, evidence.Quote{Exact: "lo que busco"})
	require.Equal(t, evidence.Verified, r.State)
	require.Contains(t, r.Context, "palabra lo que busco palabra")
	require.True(t, strings.HasPrefix(r.Context, "palabra "), "whole words only: %q", r.Context)
	require.True(t, strings.HasSuffix(r.Context, " palabra"), "whole words only: %q", r.Context)
	require.Less(t, utf8.RuneCountInString(r.Context), 300)

	long := strings.Repeat("ñandú ", 5000)
	r = find(t, long+".", evidence.Quote{Exact: long + "."})
	require.Equal(t, evidence.Verified, r.State)
	require.Contains(t, r.Context, " […] ")
	require.Less(t, utf8.RuneCountInString(r.Context), 1500)
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	text := prepare(t, "some text")
	for _, exact := range []string{"", " \n", "\u200b", "—", " - - "} {
		_, err := text.Find(evidence.Quote{Exact: exact})
		require.ErrorIs(t, err, quote.ErrEmpty, "%q", exact)
	}
	for part, q := range map[string]evidence.Quote{
		"exact":  {Exact: "ab\xffc"},
		"prefix": {Exact: "a", Prefix: "ab\xc3"},
		"suffix": {Exact: "a", Suffix: "ab\xed\xa0\x80"},
	} {
		_, err := text.Find(q)
		var encoding *quote.EncodingError
		require.ErrorAs(t, err, &encoding)
		require.Equal(t, quote.EncodingError{Part: part, Offset: 2}, *encoding)
	}
	_, err := quote.Prepare("Pe\xf1a")
	require.EqualError(t, err, "the text is not valid UTF-8 at byte 2; convert it to UTF-8 first")
}

// TestContextMayOverlap has a prefix and a suffix that share letters with the
// quote, and a quote whose places overlap each other.
func TestContextMayOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		quote      evidence.Quote
		state      evidence.CheckState
		start      int
	}{
		{"a prefix that ends as the quote begins", "x la la verdad y", evidence.Quote{Exact: "la verdad", Prefix: "la "}, evidence.Verified, 5},
		{"a prefix that is the quote", "ab ab", evidence.Quote{Exact: "ab", Prefix: "ab "}, evidence.Verified, 3},
		{"a suffix that is the quote", "ab ab", evidence.Quote{Exact: "ab", Suffix: " ab"}, evidence.Verified, 0},
		{"a prefix longer than what is before", "la verdad", evidence.Quote{Exact: "la verdad", Prefix: "decía que la verdad"}, evidence.Verified, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := find(t, c.text, c.quote)
			require.Equal(t, c.state, r.State)
			require.Equal(t, c.start, r.Start)
		})
	}
	long := strings.Repeat("aab", 20)
	r := find(t, long, evidence.Quote{Exact: strings.Repeat("aab", 5), Prefix: "b", Suffix: "a"})
	require.Equal(t, evidence.Ambiguous, r.State, "places that overlap are places all the same")
}

// The texts are made so that a search whose time is the product of both lengths
// would take hours.
func TestLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: texts of 50 MB take some seconds")
	}
	const size = pathological
	for _, c := range []struct {
		name, text string
		quote      evidence.Quote
		state      evidence.CheckState
	}{
		{"all but the last letter", strings.Repeat("a", size), evidence.Quote{Exact: strings.Repeat("a", size/50) + "b"}, evidence.Failed},
		{"all but the first letter", strings.Repeat("a", size), evidence.Quote{Exact: "b" + strings.Repeat("a", 10_000)}, evidence.Failed},
		{"everywhere, with context", strings.Repeat("a", size), evidence.Quote{Exact: strings.Repeat("a", 1000), Prefix: strings.Repeat("a", 100_000) + "b", Suffix: strings.Repeat("a", 100_000)}, evidence.Ambiguous},
		{"hyphens", strings.Repeat("a-", size/2), evidence.Quote{Exact: strings.Repeat("a-", 5_000) + "aa"}, evidence.Unchecked},
		{"spaces", "a" + strings.Repeat(" \n", size/2) + "b", evidence.Quote{Exact: "a b"}, evidence.Verified},
		{"marks", "a" + strings.Repeat("\u0301\u0323", size/4), evidence.Quote{Exact: "b\u0301"}, evidence.Failed},
		{"short and failing", strings.Repeat("abcabd", size/6), evidence.Quote{Exact: "abcabcabx"}, evidence.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			r := find(t, c.text, c.quote)
			require.Equal(t, c.state, r.State)
			t.Logf("%v", time.Since(began).Round(time.Millisecond))
			// A product would be some 10^12 steps, and take hours.
			require.Less(t, time.Since(began), 10*time.Minute)
		})
	}
}
