package capture_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
)

func service(t *testing.T) (*capture.Service, string) {
	t.Helper()
	root := t.TempDir()
	blobs, err := blob.OpenDir(root)
	require.NoError(t, err)
	extractor := extract.New(extract.Limits{})
	t.Cleanup(func() { require.NoError(t, extractor.Close()) })
	clock := time.Date(2022, 10, 2, 12, 0, 0, 0, time.FixedZone("", -5*3600))
	return &capture.Service{Blobs: blobs, Extract: extractor, Now: func() time.Time { return clock }, MaxBytes: 1 << 20}, root
}

const article = "<html><meta charset=utf-8><h1>Title</h1><p>The army’s “historic truth” fell\napart.<script>x</script></p>"

func TestAdd(t *testing.T) {
	t.Parallel()
	s, _ := service(t)
	added, err := add(t.Context(), s, "article.html", strings.NewReader(article), "text/html")
	require.NoError(t, err)
	require.NoError(t, added.Unread)
	require.Equal(t, "Title\n\nThe army’s “historic truth” fell apart.", added.Text)
	require.Equal(t, "text/html", added.Capture.MediaType)
	require.EqualValues(t, len(article), added.Capture.Length)
	require.Equal(t, "2022-10-02T17:00:00Z", added.Capture.Captured)
	text, err := s.Text(t.Context(), added.Capture)
	require.NoError(t, err)
	require.Equal(t, added.Text, text)
	require.NoError(t, s.Verify(t.Context(), added.Capture))

	again, err := add(t.Context(), s, "article.html", strings.NewReader(article), "text/html")
	require.NoError(t, err)
	require.Equal(t, added, again)
}

func TestAddKeepsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s, _ := service(t)
	added, err := add(t.Context(), s, "scan.pdf", strings.NewReader("%PDF-1.7 damaged"), "")
	require.NoError(t, err)
	require.ErrorIs(t, added.Unread, extract.ErrMalformed)
	require.ErrorContains(t, added.Unread, "capture scan.pdf: ")
	require.Equal(t, "application/pdf", added.Capture.MediaType)
	require.Empty(t, added.Capture.Text)
	require.NoError(t, s.Verify(t.Context(), added.Capture), "the bytes are there")
	_, err = s.Text(t.Context(), added.Capture)
	require.ErrorIs(t, err, blob.ErrNotFound)
}

// add reads and keeps a document.
func add(ctx context.Context, s *capture.Service, name string, document io.Reader, hint string) (capture.Added, error) {
	d, err := s.Read(ctx, name, document, hint)
	if err != nil {
		return capture.Added{}, err
	}
	return d.Added, errors.Join(d.Keep(ctx), d.Close())
}

func TestAddFails(t *testing.T) {
	t.Parallel()
	s, root := service(t)
	_, err := add(t.Context(), s, "big.txt", strings.NewReader(strings.Repeat("a", 1<<20+1)), "")
	require.ErrorIs(t, err, blob.ErrTooLarge)
	require.ErrorContains(t, err, "big.txt")
	_, err = add(t.Context(), s, "gone.txt", iotest.ErrReader(os.ErrClosed), "")
	require.ErrorIs(t, err, os.ErrClosed)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = add(done, s, "late.txt", strings.NewReader("a"), "")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, blobtest.Kept(t, root), "nothing is left behind")
}

func citation(id, exact string) *evidence.Citation {
	return &evidence.Citation{ID: evidence.ID(id), Quote: &evidence.Quote{Exact: exact}}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s, root := service(t)
	first, err := add(t.Context(), s, "old.txt", strings.NewReader("what it said at first, and twice twice"), "")
	require.NoError(t, err)
	scan, err := add(t.Context(), s, "scan.pdf", strings.NewReader("%PDF-1.7 damaged"), "")
	require.NoError(t, err)
	last, err := add(t.Context(), s, "new.txt", strings.NewReader("what it said later, and once: twice"), "")
	require.NoError(t, err)
	source := &evidence.Source{ID: "s", Captures: []evidence.Capture{first.Capture, scan.Capture, last.Capture}}

	checks, err := s.Check(t.Context(), source,
		citation("newest", "said later"), citation("older", "at first"), citation("both", "what it said"),
		&evidence.Citation{ID: "no quote"}, citation("nowhere", "said latter"), citation("decided by the newest", "twice"),
		citation("nothing", " — "), citation("broken", "\xff"))
	require.NoError(t, err)
	got := map[evidence.ID]string{}
	for _, c := range checks {
		require.Equal(t, "2022-10-02T17:00:00Z", c.Check.At)
		which := map[string]string{first.Capture.SHA256: "first", last.Capture.SHA256: "last", "": "none"}[c.Check.Capture]
		got[c.Citation] = fmt.Sprintf("%s %s %d-%d %s", c.Check.State, which, c.Check.Start, c.Check.End, c.Check.Nearest)
	}
	require.Equal(t, map[evidence.ID]string{
		"newest":                "VERIFIED last 8-18 ",
		"older":                 "VERIFIED first 13-21 ",
		"both":                  "VERIFIED last 0-12 ",
		"nowhere":               "FAILED last 8-18 said later",
		"decided by the newest": "VERIFIED last 30-35 ",
		"nothing":               "UNCHECKED none 0-0 ",
		"broken":                "UNCHECKED none 0-0 ",
	}, got)

	checks, err = s.Check(t.Context(), &evidence.Source{ID: "s", Captures: []evidence.Capture{scan.Capture}}, citation("c", "words"))
	require.NoError(t, err)
	require.Equal(t, []evidence.CitationCheck{{Citation: "c", Check: evidence.QuoteCheck{State: evidence.Unchecked, At: "2022-10-02T17:00:00Z"}}}, checks)

	path := filepath.Join(root, last.Capture.Text[:2], last.Capture.Text[2:4], last.Capture.Text)
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.WriteFile(path, []byte("what it should have said, and more"), 0o600))
	checks, err = s.Check(t.Context(), source, citation("c", "should have said"), citation("older", "at first"))
	require.ErrorIs(t, err, blob.ErrCorrupt)
	require.Len(t, checks, 2)
	require.Equal(t, evidence.QuoteCheck{State: evidence.Unchecked, At: "2022-10-02T17:00:00Z"}, checks[0].Check, "the damaged text may hold it")
	require.Equal(t, evidence.Verified, checks[1].Check.State, "the whole one does")
	require.ErrorIs(t, s.Verify(t.Context(), last.Capture), blob.ErrCorrupt)
	wrong := first.Capture
	wrong.Length++
	require.ErrorIs(t, s.Verify(t.Context(), wrong), blob.ErrCorrupt)
	require.NoError(t, s.Verify(t.Context(), first.Capture))
}

func TestCheckLines(t *testing.T) {
	t.Parallel()
	const text = "El Ejército «participó»; el Ejército calló."
	quotes := strings.Join([]string{
		`{"exact":"\"participó\""}`,
		`{"exact":"el Ejército","prefix":"; ","id":7}`,
		`{"exact":"Ejército"}`,
		``,
		`{"exact":"el Ejercito"}`,
		`{"exact":`,
		`{"exact":"  "}`,
		`{"prefix":"a"}`,
		`["exact"]`,
		"{\"exact\":\"el Ej\xe9rcito\"}",
		" \t",
	}, "\n")
	var out bytes.Buffer
	err := capture.CheckLines(t.Context(), strings.NewReader(text), strings.NewReader(quotes), &out)
	var lines []map[string]any
	decoder := json.NewDecoder(&out)
	for decoder.More() {
		var line map[string]any
		require.NoError(t, decoder.Decode(&line))
		lines = append(lines, line)
	}
	require.Len(t, lines, 9)
	require.Equal(t, map[string]any{"state": "VERIFIED", "start": 12.0, "end": 23.0, "occurrences": 1.0, "context": text}, lines[0])
	require.Equal(t, "VERIFIED", lines[1]["state"])
	require.InDelta(t, 25, lines[1]["start"], 0)
	require.Equal(t, "AMBIGUOUS", lines[2]["state"])
	require.InDelta(t, 2, lines[2]["occurrences"], 0)
	require.Equal(t, "FAILED", lines[3]["state"])
	require.Equal(t, "el Ejército", lines[3]["nearest"])
	require.InDelta(t, 1, lines[3]["distance"], 0)
	for i, n := range []int{6, 7, 8, 9, 10} {
		require.Equal(t, "UNCHECKED", lines[4+i]["state"])
		require.NotEmpty(t, lines[4+i]["error"])
		require.ErrorContains(t, err, fmt.Sprintf("line %d of the quotes: ", n))
	}
	var fault *capture.LineError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 6, fault.Line)
	require.ErrorContains(t, err, "line 10 of the quotes: it is not valid UTF-8")

	require.NoError(t, capture.CheckLines(t.Context(), strings.NewReader(text), strings.NewReader(""), &out))
	err = capture.CheckLines(t.Context(), strings.NewReader("\xff"), strings.NewReader(quotes), &out)
	require.EqualError(t, err, "the text is not valid UTF-8 at byte 0; convert it to UTF-8 first")
	require.ErrorIs(t, capture.CheckLines(t.Context(), strings.NewReader(text), iotest.ErrReader(os.ErrClosed), &out), os.ErrClosed)
}

// story makes a text of so many different words from a seed.
func story(seed, words int) []string {
	text := make([]string, words)
	for i := range text {
		text[i] = fmt.Sprintf("w%dx%d", seed, i*i%977)
	}
	return text
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	sketch := func(words ...[]string) *capture.Sketch {
		var all []string
		for _, w := range words {
			all = append(all, w...)
		}
		s, err := capture.SketchOf(strings.Join(all, " "))
		require.NoError(t, err)
		return s
	}
	agency, other := story(1, 600), story(2, 600)
	shouted := strings.Fields(strings.ToUpper("“" + strings.Join(agency, "”, “") + "”"))
	sources := []capture.Dated{
		{Source: "reprint", Published: "2022-09-30", Sketch: sketch(story(3, 30), agency)},
		{Source: "agency", Published: "2022-09-29", Sketch: sketch(agency)},
		{Source: "retyped", Sketch: sketch(shouted)},
		{Source: "other", Published: "2022-09-28", Sketch: sketch(other)},
		{Source: "quotes a paragraph", Published: "2022-10-01", Sketch: sketch(other[:400], agency[:60])},
		{Source: "short", Sketch: sketch(agency[:3])},
		{Source: "as short", Sketch: sketch(agency[:3])},
	}
	got := map[evidence.ID]evidence.ID{}
	for _, d := range capture.Derivations(sources) {
		got[d.Source] = d.From
		require.GreaterOrEqual(t, d.Similarity, capture.NearIdentical)
	}
	require.Equal(t, map[evidence.ID]evidence.ID{"reprint": "agency", "retyped": "agency", "quotes a paragraph": "other"}, got)
	require.InDelta(t, 1, sources[1].Sketch.Similarity(sources[2].Sketch), 0, "case and punctuation do not count")
	require.Less(t, sources[1].Sketch.Similarity(sources[3].Sketch), 0.05)
}
