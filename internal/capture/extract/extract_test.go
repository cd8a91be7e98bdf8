package extract_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/vinculo/vinculo/internal/capture/extract"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := one.Close(); err != nil && code == 0 {
		code = 1
	}
	os.Exit(code)
}

func known(err error) bool {
	for _, e := range []error{extract.ErrUnsupported, extract.ErrMalformed, extract.ErrEncrypted, extract.ErrTooLarge, extract.ErrTooSlow, extract.ErrNoText} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

const ayotzinapa = "Peña Nieto dijo: «la verdad histórica» — año 2014\r\n"

func TestPlain(t *testing.T) {
	t.Parallel()
	latin, err := charmap.Windows1252.NewEncoder().String(ayotzinapa)
	require.NoError(t, err)
	mac, err := charmap.Macintosh.NewEncoder().String(ayotzinapa)
	require.NoError(t, err)
	little, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(ayotzinapa)
	require.NoError(t, err)
	big, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(ayotzinapa)
	require.NoError(t, err)
	for _, c := range []struct{ name, document, hint, charset string }{
		{"UTF-8", ayotzinapa, "", "utf-8"},
		{"UTF-8 with a mark", "\ufeff" + ayotzinapa, "text/plain; charset=windows-1252", "utf-8"},
		{"Windows-1252", latin, "text/plain", "windows-1252"},
		{"what the hint says", mac, "text/plain; charset=macintosh", "macintosh"},
		{"a hint by another name", latin, "text/plain; charset=ISO-8859-1", "windows-1252"},
		{"UTF-16 with a mark", big, "", "utf-16be"},
		{"UTF-16 without one", little, "", "utf-16le"},
		{"another kind of text", ayotzinapa, "text/csv", "utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := read(t, c.document, c.hint)
			require.NoError(t, err)
			require.Equal(t, extract.Text{Words: ayotzinapa, MediaType: "text/plain", Charset: c.charset}, text)
		})
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document, want string }{
		{"blocks", "<html><head><title>No</title><style>p{}</style></head><body><h1>One</h1><p>Two\n  three<p>four<br>five<div>six</div>seven</body>", "One\n\nTwo three\n\nfour\nfive\n\nsix\nseven"},
		{"inline", "<p>the <b>historic</b> <i>tru</i>th<sup>1</sup></p>", "the historic truth1"},
		{"lists and tables", "<ul><li>a<li>b</ul><table><tr><th>x<th>y<tr><td>1</td> <td>2</td></tr></table>z", "a\nb\n\nx\ty\n1\t2\n\nz"},
		{"entities and invisible characters", "Pe&ntilde;a&nbsp;Nieto &ldquo;nar&shy;co&rdquo; a<wbr>b &lt;p&gt;", "Peña\u00a0Nieto “nar\u00adco” a\u200bb <p>"},
		{"preformatted", "x<pre>\n a  b\n  c\n</pre>d", "x\n\n a  b\n  c\n\nd"},
		{"preformatted words in elements", "<pre><b>El</b> <i>Ejército</i>\n<b>participó</b></pre>", "El Ejército\nparticipó"},
		{"preformatted blank lines", "x<pre>\n\na\n\n\n<b>b</b>\n\n</pre>c", "x\n\n\na\n\n\nb\n\n\nc"},
		{"preformatted, first a comment", "x<pre><!-- -->\na</pre>", "x\n\n\na"},
		{"preformatted, first an element", "x<pre><b>\na</b></pre>", "x\n\n\na"},
		{"preformatted line breaks", "<pre>a<br>\n<b>b</b>&#13;\r\n<b>c</b></pre>", "a\n\nb\r\nc"},
		{"preformatted blocks", "<pre><div>a</div><div>b\n</div>c</pre>", "a\nb\nc"},
		{"preformatted and hidden", "<pre hidden>\na</pre><pre>b\n<i hidden>c\n</i>d</pre>", "b\nd"},
		{"preformatted in a cell", "<table><tr><td>a<td><pre>\nb\n</pre><td>c</table>", "a\n\nb\n\nc"},
		{"preformatted, as once written", "a<listing>\nb <i>c</i>\n</listing><xmp>d\n<b> e</xmp>f<plaintext>g\n </plaintext>", "a\n\nb c\n\nd\n<b> e\n\nf\n\ng\n </plaintext>"},
		{"scripts and what is hidden", "a<script>var b='</p>c'</script><noscript>d</noscript><!-- e --><p hidden>f<p>g<span style='DISPLAY : none'>h<b>i</b></span><template><p>j</template><svg><text>k</text></svg>", "a\n\ng"},
		{"not hidden", "<p hidden=until-found>a</p><details><summary>b</summary>c</details>", "a\n\nb\nc"},
		{"never closed", "<div hidden><p>a</div>b<div><b>c<p>d", "b\nc\n\nd"},
		{"head without an end", "<!doctype html><title>t</title><p>a", "a"},
		{"XHTML", "<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>a<br/>b</p></body></html>", "a\nb"},
		{"wrongly nested", "<b><p>a</b>b</p></i>c", "ab\n\nc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := read(t, c.document, "text/html; charset=utf-8")
			require.NoError(t, err)
			require.Equal(t, "text/html", text.MediaType)
			require.Equal(t, strings.Trim(c.want, "\n"), strings.Trim(text.Words, "\n"))
		})
	}
	t.Run("its own word on its encoding", func(t *testing.T) {
		t.Parallel()
		text, err := read(t, "<html><meta charset=iso-8859-1><p>Pe\xf1a", "")
		require.NoError(t, err)
		require.Equal(t, extract.Text{Words: "Peña", MediaType: "text/html", Charset: "windows-1252"}, text)
	})
	t.Run("no word on its encoding, and none needed", func(t *testing.T) {
		t.Parallel()
		text, err := read(t, "<html><body>"+strings.Repeat("plain ", 1000)+"Peña", "")
		require.NoError(t, err)
		require.Equal(t, "utf-8", text.Charset)
		require.True(t, strings.HasSuffix(text.Words, "plain Peña"))
	})
}

func TestTypeOf(t *testing.T) {
	t.Parallel()
	const (
		told  = "Lo que sigue empieza como los documentos \"%PDF-1.4\" y es texto llano.\n"
		xhtml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html>\n<!-- de un archivo --><HTML xmlns=\"http://www.w3.org/1999/xhtml\"><body>"
	)
	for _, c := range []struct{ name, head, hint, want string }{
		{"a PDF", "%PDF-1.4\n", "", extract.PDF},
		{"a PDF called something else", "%PDF-1.4\n", "text/html", extract.PDF},
		{"a PDF after blank lines", "\ufeff\r\n%PDF-1.4\n", "text/plain", extract.PDF},
		{"a PDF after a line", "Content-Type: x\r\n\r\n%PDF-1.4\n", "", extract.PDF},
		{"a PDF after bytes", "\x01\x02 junk %PDF-1.4\n", "application/octet-stream", extract.PDF},
		{"a PDF by its name, after words", "junk %PDF-1.4\n", extract.PDF, extract.PDF},
		{"a text that speaks of PDF", told, "", extract.Plain},
		{"a text that speaks of PDF, and is said to be one", told, "text/plain", extract.Plain},
		{"a text with a line that begins as PDF, said to be text", "a\n%PDF-1.4\n", "text/plain; charset=utf-8", extract.Plain},
		{"a page that speaks of PDF", "<p>%PDF-1.4", "", extract.HTML},
		{"XHTML", xhtml, "", extract.HTML},
		{"XHTML said to be XML", xhtml, "application/xml", extract.Plain},
		{"XML", "<?xml version='1.0'?><feed><html>", "", extract.Plain},
		{"XML without an element", "<?xml version='1.0'?>", "", extract.Plain},
	} {
		got, _ := extract.TypeOf([]byte(c.head), c.hint)
		require.Equal(t, c.want, got, c.name)
	}
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, document, hint string
		want                 error
	}{
		{"empty", "", "", extract.ErrNoText},
		{"blank", " \n\ufeff", "text/plain", extract.ErrNoText},
		{"page without words", "<html><body><img src=x>", "", extract.ErrNoText},
		{"not the UTF-8 it says", "Pe\xf1a", "text/plain; charset=utf-8", extract.ErrMalformed},
		{"a charset that is none", "a", "text/plain; charset=nonesuch", extract.ErrMalformed},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", extract.ErrUnsupported},
		{"a picture called text", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "text/plain", extract.ErrMalformed},
		{"a word processor's", "PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", extract.ErrUnsupported},
		{"text beyond the limit", strings.Repeat("a", textLimit+1), "", extract.ErrTooLarge},
		{"text that grows beyond the limit", strings.Repeat("\xf1", textLimit/2+1), "text/plain", extract.ErrTooLarge},
		{"HTML beyond the limit", "<p>" + strings.Repeat("a ", textLimit), "text/html", extract.ErrTooLarge},
		{"a tag without an end", "<p>a<p b='" + strings.Repeat("c", 33<<20), "text/html", extract.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, c.document, c.hint)
			require.ErrorIs(t, err, c.want)
		})
	}
	t.Run("a file beyond the limit is not read", func(t *testing.T) {
		t.Parallel()
		_, err := one.Extract(t.Context(), strings.NewReader("short"), 1<<40, "")
		require.ErrorIs(t, err, extract.ErrTooLarge)
	})
}

// Pages that make tree builders slow or large.
func TestHostileHTML(t *testing.T) {
	t.Parallel()
	wide := extract.New(extract.Limits{})
	for name, document := range map[string]string{
		"deep":                strings.Repeat("<div>", 500_000) + "x",
		"formatting":          formatting(2000) + strings.Repeat("<p>x", 300_000),
		"ends without starts": strings.Repeat("<b>", 600) + strings.Repeat("</i>", 500_000) + "x",
		"hidden, never ended": "x" + strings.Repeat("<p hidden>", 300_000),
		"attributes":          "<p " + strings.Repeat("a ", 500_000) + ">x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			text, err := wide.Extract(t.Context(), strings.NewReader(document), int64(len(document)), "text/html")
			require.NoError(t, err)
			require.Contains(t, text.Words, "x")
			require.Less(t, len(text.Words), len(document)+1)
			require.Less(t, time.Since(began), 20*time.Second)
		})
	}
}

func formatting(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("<b id=i" + strings.Repeat("x", i%7) + ">")
	}
	return b.String()
}

func FuzzExtract(f *testing.F) {
	f.Add("<p>a<p hidden>b</p><table><tr><td>c", "text/html")
	f.Add("<pre>\n<b>a</b> <i>b</i>\n<b>c</b>\n\n</pre><listing>\n\nd\n</listing><xmp>\n<i>e\n</xmp>f<plaintext>\ng", "text/html")
	f.Add("<pre><!-- -->\n<div>a\n</div>&#13;\r\n<p>b<br>\n\n<i hidden>c\n</i>", "text/html")
	f.Add("Pe\xf1a", "text/plain")
	f.Add("\xff\xfea\x00", "")
	wide := extract.New(extract.Limits{Text: 1 << 16})
	f.Fuzz(func(t *testing.T, document, hint string) {
		if mediaType, _ := extract.TypeOf([]byte(document[:min(len(document), 1024)]), hint); mediaType == extract.PDF {
			t.Skip("a PDF's reader is another's, and slow")
		}
		text, err := wide.Extract(t.Context(), strings.NewReader(document), int64(len(document)), hint)
		if err != nil {
			require.True(t, known(err), "%v", err)
			return
		}
		require.LessOrEqual(t, len(text.Words), 1<<16)
		require.Equal(t, strings.ToValidUTF8(text.Words, "?"), text.Words)
	})
}
