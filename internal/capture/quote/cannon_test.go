package quote_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

// cannonText is the text that the case file's source cannon-2022 was captured
// as. It is not ours to publish: the test is skipped where it is absent.
func cannonText(tb testing.TB) string {
	tb.Helper()
	const name = "captures/cannon-2022.txt"
	dir := os.Getenv("VINCULO_SHARED_DATA")
	if dir == "" {
		at, err := os.Getwd()
		require.NoError(tb, err)
		for dir == "" && at != filepath.Dir(at) {
			at = filepath.Dir(at)
			if candidate := filepath.Join(at, "shared", "data"); exists(filepath.Join(candidate, name)) {
				dir = candidate
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		tb.Skipf("skipped: the capture %s is absent; set VINCULO_SHARED_DATA to the folder that holds captures/", name)
	}
	return string(text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// cannonFragments are the words that the case file cites from cannon-2022.
func cannonFragments(tb testing.TB) []string {
	tb.Helper()
	f, err := data.Ayotzinapa().Open("citations.csv")
	require.NoError(tb, err)
	defer func() { require.NoError(tb, f.Close()) }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(tb, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var fragments []string
	for _, row := range rows[1:] {
		if row[column["source_id"]] == "cannon-2022" {
			fragments = append(fragments, row[column["fragment"]])
		}
	}
	require.Len(tb, fragments, 89)
	return fragments
}

func TestCaseFileFragments(t *testing.T) {
	t.Parallel()
	original := cannonText(t)
	text := prepare(t, original)
	changed := 0
	for n, fragment := range cannonFragments(t) {
		r, err := text.Find(evidence.Quote{Exact: fragment})
		require.NoError(t, err)
		require.Equal(t, evidence.Verified, r.State, "fragment %d, %q", n, fragment)
		want, err := quote.Normalise(fragment)
		require.NoError(t, err)
		got, err := quote.Normalise(at(original, r))
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, len([]rune(fragment)), r.End-r.Start, "the fragments are as long as their passages")

		// Every letter in turn, not just one.
		runes := []rune(fragment)
		for i, letter := range runes {
			if !unicode.IsLetter(letter) {
				continue
			}
			other := 'x'
			if unicode.ToLower(letter) == 'x' {
				other = 'y'
			}
			forged := string(runes[:i]) + string(other) + string(runes[i+1:])
			r, err := text.Find(evidence.Quote{Exact: forged})
			require.NoError(t, err)
			require.Equal(t, evidence.Failed, r.State, "%q", forged)
			require.Equal(t, 1, r.Distance, "%q is nearest to %q", r.Nearest, forged)
			changed++
		}
	}
	t.Logf("89 fragments verified; %d with one letter changed, none verified", changed)
}

func BenchmarkFind(b *testing.B) {
	text := prepare(b, cannonText(b))
	fragments := cannonFragments(b)
	for name, change := range map[string]func(string) string{
		"verified": func(s string) string { return s },
		"failed":   func(s string) string { return "X" + s },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				q := evidence.Quote{Exact: change(fragments[n%len(fragments)])}
				if _, err := text.Find(q); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quotes/s")
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	for name, text := range map[string]string{
		"english": strings.Repeat("The army’s “historic truth” fell apart — and no-one was tried.\n", 1<<14),
		"spanish": strings.Repeat("La «verdad histórica» del Ejército se desmoronó: nadie fue enjui-\nciado.\n", 1<<14),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := quote.Prepare(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleText_Find() {
	text, _ := quote.Prepare("promoted as “the historic truth” — a fabri-\ncation, said the experts")
	for _, exact := range []string{`"the historic truth"`, "a fabrication", "a fabrikation"} {
		r, _ := text.Find(evidence.Quote{Exact: exact})
		fmt.Println(r.State, r.Start, r.End, r.Nearest, r.Distance)
	}
	// Output:
	// VERIFIED 12 32  0
	// VERIFIED 35 50  0
	// FAILED 35 50 a fabri- cation 1
}
