package extract_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

// pdf writes a PDF of numbered objects; the first is the catalogue.
func pdf(trailer string, objects ...string) string {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, xref)
	return b.String()
}

func stream(content, dictionary string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(content), dictionary, content)
}

func deflated(tb testing.TB, content []byte, times int) string {
	tb.Helper()
	for range times {
		var b bytes.Buffer
		w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
		require.NoError(tb, err)
		_, err = w.Write(content)
		require.NoError(tb, err)
		require.NoError(tb, w.Close())
		content = b.Bytes()
	}
	return string(content)
}

// pages makes a PDF of pages with those content streams. Code 1 of its font is
// the ligature ffi.
func pages(contents ...string) string {
	kids := make([]string, len(contents))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"", // the page tree
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [ 1 /ffi ] >> >>",
	}
	for i, c := range contents {
		kids[i] = fmt.Sprintf("%d 0 R", len(objects)+1)
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", len(objects)+2),
			c)
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [ %s ] >>", len(kids), strings.Join(kids, " "))
	return pdf("", objects...)
}

func shown(lines ...string) string {
	return "BT /F1 12 Tf 72 720 Td 14 TL (" + strings.Join(lines, ") Tj T* (") + ") Tj ET"
}

const textLimit = 200_000

// one is shared: its engine takes seconds to start.
var one = extract.New(extract.Limits{Text: textLimit, Pages: 100, Memory: 96 << 20, Time: 30 * time.Second})

func read(t *testing.T, document, hint string) (extract.Text, error) {
	t.Helper()
	return one.Extract(t.Context(), strings.NewReader(document), int64(len(document)), hint)
}

func TestPDF(t *testing.T) {
	t.Parallel()
	document := pages(
		stream(shown("Gen. Jos\xe9 Rodr\xedguez \x97 an o\x01cial", "said the desapa-", "rici\xf3n was \x93work hand-in-", "hand\x94"), ""),
		stream(deflated(t, []byte(shown("Second page")), 1), "/Filter /FlateDecode"),
	)
	text, err := read(t, document, "")
	require.NoError(t, err)
	require.Equal(t, "application/pdf", text.MediaType)
	require.Equal(t, 2, text.Pages)
	_, second, found := strings.Cut(text.Words, "\f")
	require.True(t, found, "pages are parted by form feeds: %q", text.Words)
	require.Equal(t, "Second page", second)

	prepared, err := quote.Prepare(text.Words)
	require.NoError(t, err)
	for _, exact := range []string{
		"Gen. José Rodríguez — an official said", "the desaparición was", "“work hand-in-hand” Second page",
	} {
		r, err := prepared.Find(evidence.Quote{Exact: exact})
		require.NoError(t, err)
		require.Equal(t, evidence.Verified, r.State, "%q in %q", exact, text.Words)
	}
}

func TestBadPDF(t *testing.T) {
	t.Parallel()
	good := pages(stream(shown("text"), ""))
	catalogue, font := "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
	zeros := make([]byte, 32<<20)
	for _, c := range []struct {
		name, document string
		want           error
	}{
		{"only the signature", "%PDF-1.7", extract.ErrMalformed},
		{"noise", "%PDF-1.7\n" + strings.Repeat("\x00\xff<<[(", 5000), extract.ErrMalformed},
		{"first half", good[:len(good)/3], extract.ErrMalformed},
		{"no pages", pdf("", catalogue, "<< /Type /Pages /Count 0 /Kids [] >>"), nil},
		{"pictures only", pages(stream("0 0 100 100 re f", "")), extract.ErrNoText},
		{"password", pdf("/ID [<00><00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <"+strings.Repeat("ab", 32)+"> /U <"+strings.Repeat("cd", 32)+"> >>",
			catalogue, "<< /Type /Pages /Count 0 /Kids [] >>"), extract.ErrEncrypted},
		{"more pages than the limit", pages(many(101, stream(shown("x"), ""))...), extract.ErrTooLarge},
		{"says it has 10^9 pages", pdf("", catalogue, "<< /Type /Pages /Count 1000000000 /Kids [ 3 0 R ] >>", "<< /Type /Page /Parent 2 0 R >>"), nil},
		{"page tree in a loop", pdf("", catalogue, "<< /Type /Pages /Count 3 /Kids [ 2 0 R 2 0 R 3 0 R ] >>", font), nil},
		{"form that draws itself", pdf("", catalogue, "<< /Type /Pages /Count 1 /Kids [ 3 0 R ] >>",
			"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> /Contents 5 0 R >>",
			stream("/X Do /X Do", "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >>"), stream("/X Do", "")), nil},
		{"32 MB of zeros, deflated", pages(stream(deflated(t, zeros, 1), "/Filter /FlateDecode")), nil},
		{"the same, deflated twice", pages(stream(deflated(t, zeros, 2), "/Filter [/FlateDecode /FlateDecode]")), nil},
		{"more memory than the limit", pages(stream(deflated(t, []byte("BT /F1 1 Tf 1 1 Td "+strings.Repeat("(aaaaaaaaaaaaaaa)Tj 9 0 Td ", 80_000)+"ET"), 1), "/Filter /FlateDecode")), nil},
		{"more text than the limit", pages(stream(deflated(t, []byte("BT /F1 1 Tf 1 1 Td "+strings.Repeat("(aaaaaaaaaaaaaaa)Tj 9 0 Td ", 16_000)+"ET"), 1), "/Filter /FlateDecode")), extract.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := read(t, c.document, "application/pdf")
			require.Error(t, err)
			require.Empty(t, text.Words)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				return
			}
			// What a reader makes of it is its own affair, as long as it is a
			// known error.
			require.True(t, known(err), "%v", err)
		})
	}
	t.Run("and the next document is read", func(t *testing.T) {
		t.Parallel()
		text, err := read(t, good, "")
		require.NoError(t, err)
		require.Equal(t, "text", text.Words)
	})
}

func many(n int, s string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func TestPDFStopsWithItsContext(t *testing.T) {
	t.Parallel()
	// Text that takes PDFium long to lay out: each piece lies over all others.
	slow := pages(stream(deflated(t, []byte("BT /F1 9 Tf "+strings.Repeat("1 0 0 1 5 5 Tm (abcdefgh)Tj 1 0 0 1 6 700 Tm (x)Tj ", 100_000)+"ET"), 1), "/Filter /FlateDecode"))
	_, err := read(t, pages(stream(shown("warm"), "")), "") // so that the engine's start does not count
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = one.Extract(ctx, strings.NewReader(slow), int64(len(slow)), "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 20*time.Second)

	hasty := extract.New(extract.Limits{Time: time.Nanosecond})
	_, err = hasty.Extract(t.Context(), strings.NewReader("text"), 4, "")
	require.ErrorIs(t, err, extract.ErrTooSlow)
	require.NoError(t, hasty.Close())
}
