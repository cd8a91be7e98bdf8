package quote_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

// hostile are characters that normalisation has a rule for, and their neighbours.
var hostile = []rune("aabeñé ióU \n\r\t\f-‐‑—–−'\"“”‘’«»`´…ﬁﬃﬅ\u00a0\u00ad\u200b\u200d\ufeff\u2060\u202e\ufe0f\u034f" +
	"\u0300\u0301\u0303\u0323\u0344\u0338\u20dd\u0958\u1fef\u1ffd\u212a\u2028\u0085\u0000\u0002\u0600😀漢한\u1100\u1161\u11a8각०१9.,")

func hostileText(limit int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom(hostile), 0, limit).Draw(t, "runes"))
	})
}

func TestNormaliseIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(hostileText(60), rapid.String()).Draw(t, "text")
		once, err := quote.Normalise(text)
		require.NoError(t, err)
		twice, err := quote.Normalise(once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
		require.Equal(t, strings.TrimSpace(once), once)
		require.NotContains(t, once, "  ")
	})
}

// What a citation may quote is what can be looked for.
func TestOnlyQuotesWithoutWordsAreRefused(t *testing.T) {
	t.Parallel()
	text := prepare(t, "some text")
	agree := func(t require.TestingT, exact string) {
		_, err := text.Find(evidence.Quote{Exact: exact})
		if (evidence.Quote{Exact: exact}).HasWords() {
			require.NoError(t, err, "%q", exact)
		} else {
			require.ErrorIs(t, err, quote.ErrEmpty, "%q", exact)
		}
	}
	for r := range rune(unicode.MaxRune) + 1 {
		if utf8.ValidRune(r) {
			agree(t, string(r))
		}
	}
	rapid.Check(t, func(t *rapid.T) { agree(t, hostileText(4).Draw(t, "exact")) })
}

func TestCanonicalEquivalentsAreTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(hostileText(60), rapid.String()).Draw(t, "text")
		plain, err := quote.Normalise(text)
		require.NoError(t, err)
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			other, err := quote.Normalise(form.String(text))
			require.NoError(t, err)
			require.Equal(t, plain, other)
		}
	})
}

// A part of a text, with all that is before and after it, is found where it was
// taken from, provided that it begins and ends between letters.
func TestPartIsFoundAtItsPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := hostileText(40).Draw(t, "text")
		runes := []rune(text)
		cuts := between(runes)
		i := rapid.IntRange(0, len(cuts)-1).Draw(t, "i")
		j := rapid.IntRange(i, len(cuts)-1).Draw(t, "j")
		start, end := cuts[i], cuts[j]
		exact := string(runes[start:end])
		q := evidence.Quote{Exact: exact, Prefix: string(runes[:start]), Suffix: string(runes[end:])}
		r, err := prepare(t, text).Find(q)
		form, normErr := quote.Normalise(exact)
		require.NoError(t, normErr)
		if form == "" || form == "-" {
			require.ErrorIs(t, err, quote.ErrEmpty)
			return
		}
		require.NoError(t, err)
		require.GreaterOrEqual(t, r.Occurrences, 1)
		switch r.State {
		case evidence.Verified:
		case evidence.Ambiguous:
			// Only where nothing visible is left to choose by.
			before, _ := quote.Normalise(q.Prefix)
			after, _ := quote.Normalise(q.Suffix)
			require.True(t, strings.Trim(before, "-") == "" || strings.Trim(after, "-") == "", "%q was not told apart by %q and %q", exact, before, after)
			return
		default:
			require.Fail(t, "not found", "%q in %q", exact, text)
		}
		require.GreaterOrEqual(t, r.Start, start, "begins before the part")
		require.LessOrEqual(t, r.End, end, "ends after the part")
		found, err := quote.Normalise(string(runes[r.Start:r.End]))
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(form), found, "the passage says something else")
	})
}

// between lists where a text may be cut without splitting a letter from its
// marks, or a dash from what it is beside.
func between(runes []rune) []int {
	cuts := []int{0}
	for i := 1; i < len(runes); i++ {
		if visibleStarter(runes[i]) && !strings.ContainsRune("-‐‑—–−", lastVisible(runes[:i])) {
			cuts = append(cuts, i)
		}
	}
	return append(cuts, len(runes))
}

func visibleStarter(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && norm.NFC.PropertiesString(string(r)).BoundaryBefore()
}

func lastVisible(runes []rune) rune {
	for _, r := range slices.Backward(runes) {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return r
		}
	}
	return ' '
}

// Whatever a typesetter, a typewriter or a page's width does to a text, a quote
// from it is still found, and at the same words.
func TestTypographyChangesNothing(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-zñáéíóúA-ZÁÉ]{2,9}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(word, 3, 12, strings.ToLower).Draw(t, "words")
		joints := make([]string, len(words)-1)
		for i := range joints {
			joints[i] = rapid.SampledFrom([]string{" ", ", ", "—", "-", ` "`, `" `, "'s ", "... "}).Draw(t, "joint")
		}
		from := rapid.IntRange(0, len(words)-2).Draw(t, "from")
		to := rapid.IntRange(from+1, len(words)-1).Draw(t, "to")
		compose := func(from, to int, vary func(string) string) string {
			var b strings.Builder
			for i := from; i <= to; i++ {
				b.WriteString(vary(words[i]))
				if i < to {
					b.WriteString(vary(joints[i]))
				}
			}
			return b.String()
		}
		vary := func(s string) string { return varied(t, s) }
		text := "« " + compose(0, len(words)-1, vary) + " »"
		q := evidence.Quote{Exact: compose(from, to, vary)}
		if from > 0 {
			q.Prefix = compose(0, from-1, vary) + joints[from-1]
		}
		if to < len(words)-1 {
			q.Suffix = joints[to] + compose(to+1, len(words)-1, vary)
		}
		r, err := prepare(t, text).Find(q)
		require.NoError(t, err)
		require.Equal(t, evidence.Verified, r.State, "%q in %q", q.Exact, text)
		want, err := quote.Normalise(compose(from, to, func(s string) string { return s }))
		require.NoError(t, err)
		got, err := quote.Normalise(at(text, r))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// varied writes the same words in another typography.
func varied(t *rapid.T, s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		options := map[rune][]string{
			'\'': {"'", "’", "ʼ", "`"},
			'"':  {`"`, "“", "”", "«", "„"},
			'-':  {"-", "‐", "\u2011", " - "},
			'—':  {"—", "–", " — ", "--", "-\u200b"},
			' ':  {" ", "\n", "\u00a0 ", " \t\r\n", "\u2009"},
			'.':  {"."},
		}[r]
		if options == nil {
			options = []string{string(r), norm.NFD.String(string(r))}
			if i+1 < len(runes) && unicode.IsLetter(r) && unicode.IsLetter(runes[i+1]) {
				options = append(options, string(r)+"\u00ad", string(r)+"\u200b", string(r)+"-\n ", string(r)+"\u00ad\r\n")
			}
		}
		b.WriteString(rapid.SampledFrom(options).Draw(t, "variant"))
	}
	return strings.ReplaceAll(b.String(), "...", rapid.SampledFrom([]string{"...", "…"}).Draw(t, "ellipsis"))
}

// What is found does not depend on how it is searched: compare with trying every
// place.
func TestFindAgreesWithTryingEveryPlace(t *testing.T) {
	t.Parallel()
	few := rapid.SampledFrom([]rune("ab ñ"))
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(few, 0, 300).Draw(t, "text"))
		exact := string(rapid.SliceOfN(few, 1, 60).Draw(t, "exact"))
		if rapid.Bool().Draw(t, "taken from the text") && len(text) > 0 {
			runes := []rune(text)
			i := rapid.IntRange(0, len(runes)-1).Draw(t, "i")
			exact = string(runes[i:rapid.IntRange(i, len(runes)).Draw(t, "j")])
		}
		form, err := quote.Normalise(text)
		require.NoError(t, err)
		needle, err := quote.Normalise(exact)
		require.NoError(t, err)
		if needle == "" {
			return
		}
		want, least := 0, len([]rune(needle))
		runes := []rune(form)
		for i := range runes {
			if strings.HasPrefix(string(runes[i:]), needle) {
				want++
			}
			for j := i + 1; j <= len(runes); j++ {
				if want == 0 && len(runes) < 60 {
					least = min(least, levenshtein([]rune(needle), runes[i:j]))
				}
			}
		}
		r, err := prepare(t, text).Find(evidence.Quote{Exact: exact})
		require.NoError(t, err)
		require.Equal(t, want, r.Occurrences)
		if want == 0 && len(runes) < 60 && r.Nearest != "" {
			require.Equal(t, least, r.Distance, "nearest %q", r.Nearest)
		}
	})
}

// levenshtein is the textbook's.
func levenshtein(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func FuzzFind(f *testing.F) {
	f.Add("the “historic truth” of it", "historic truth", "the", "of")
	f.Add("desapa-\nrición", "desaparición", "", "")
	f.Add("a\u0301\u0301ﬃ\u00ad\n-", "ffi-", "a", "\xff")
	f.Fuzz(func(t *testing.T, text, exact, prefix, suffix string) {
		prepared, err := quote.Prepare(text)
		if err != nil {
			var encoding *quote.EncodingError
			require.ErrorAs(t, err, &encoding)
			return
		}
		r, err := prepared.Find(evidence.Quote{Exact: exact, Prefix: prefix, Suffix: suffix})
		if err != nil {
			return
		}
		runes := []rune(text)
		require.LessOrEqual(t, 0, r.Start)
		require.LessOrEqual(t, r.Start, r.End)
		require.LessOrEqual(t, r.End, len(runes))
		want, err := quote.Normalise(exact)
		require.NoError(t, err)
		switch r.State {
		case evidence.Verified, evidence.Ambiguous:
			require.Positive(t, r.Occurrences)
			again, err := prepared.Find(evidence.Quote{Exact: string(runes[r.Start:r.End])})
			require.NoError(t, err)
			require.NotEqual(t, evidence.Failed, again.State, "the passage itself is not found")
		case evidence.Failed:
			require.NotEmpty(t, want)
			if r.Nearest != "" {
				require.Positive(t, r.Distance)
			}
		case evidence.Unchecked:
			require.Fail(t, "a short text was given up")
		}
	})
}
