// Package extract reads the text out of captured documents: plain text, HTML
// and PDF. Files come from anywhere, so that every kind is read within limits
// on size, pages, text, memory and time; a malformed, huge or encrypted one is
// an error that names what is wrong, and nothing worse.
package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

// What can be wrong with a document. Extract wraps them with the details.
var (
	// ErrUnsupported is a document of a type that no text is read from.
	ErrUnsupported = errors.New("no text can be read from a document of this type; text, HTML and PDF can be read")
	// ErrMalformed is a document that is not what its type says.
	ErrMalformed = errors.New("the document is damaged, or of another type than it says")
	// ErrEncrypted is a PDF that opens with a password only.
	ErrEncrypted = errors.New("the PDF is encrypted; capture a copy without a password")
	// ErrTooLarge is a document beyond a limit of size, pages, text or memory.
	ErrTooLarge = errors.New("the document is too large to read the text of")
	// ErrTooSlow is a document whose reading took longer than the limit.
	ErrTooSlow = errors.New("reading the document took too long")
	// ErrNoText is a document without any text, such as pictures of pages.
	ErrNoText = errors.New("the document holds no text; if it is pictures of pages, capture one with recognised text too")
)

// The media types that text is read from.
const (
	Plain = "text/plain"
	HTML  = "text/html"
	PDF   = "application/pdf"
)

// Limits bound what is read. A limit of zero is the default.
type Limits struct {
	Bytes  int64         // of the document; 256 MiB
	Text   int           // bytes of extracted text; 64 MiB
	Pages  int           // of a PDF; 20,000
	Memory int64         // bytes that a PDF's reader may take; 512 MiB
	Time   time.Duration // for one document; two minutes
}

func (l Limits) orDefault() Limits {
	set(&l.Bytes, 256<<20)
	set(&l.Text, 64<<20)
	set(&l.Pages, 20_000)
	set(&l.Memory, 512<<20)
	set(&l.Time, 2*time.Minute)
	return l
}

func set[T comparable](field *T, otherwise T) {
	var zero T
	if *field == zero {
		*field = otherwise
	}
}

// Text is what was read.
type Text struct {
	// Words is the text in UTF-8, without a byte order mark. Lines of plain text
	// end as they did; the pages of a PDF are parted by form feeds.
	Words string
	// MediaType is that of the document, as found, without parameters.
	MediaType string
	// Charset is the encoding that the text was in, by its name in the WHATWG
	// Encoding standard; empty for a PDF.
	Charset string
	// Pages of a PDF; 0 for others.
	Pages int
}

// Extractor reads documents. The engine for PDFs starts with the first one, which
// takes some seconds. It is safe for concurrent use.
type Extractor struct {
	limits Limits
	engine engine
}

// New makes an Extractor. Close it after use.
func New(limits Limits) *Extractor {
	limits = limits.orDefault()
	return &Extractor{limits: limits, engine: engine{memory: limits.Memory}}
}

// Close ends the engine for PDFs. No extraction may be under way.
func (e *Extractor) Close() error { return e.engine.close() }

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// sniffLength is how much of a document tells its type.
const sniffLength = 1024

// Extract reads the text of a document of the size. The hint is a media type,
// perhaps with a charset, as a server or a file's name gave it; it may be empty.
// Errors are those of this package, of r, and ctx's own.
func (e *Extractor) Extract(ctx context.Context, r io.ReadSeeker, size int64, hint string) (Text, error) {
	if size > e.limits.Bytes {
		return Text{}, fmt.Errorf("%w: it has %d bytes, and the limit is %d", ErrTooLarge, size, e.limits.Bytes)
	}
	head := make([]byte, sniffLength)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Text{}, fmt.Errorf("read the document: %w", err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Text{}, fmt.Errorf("read the document: %w", err)
	}
	mediaType, charset := TypeOf(head[:n], hint)
	if mediaType == PDF {
		if err := e.engine.ready(ctx); err != nil { // its start is not the document's time
			return Text{}, err
		}
	}
	limited, cancel := context.WithTimeoutCause(ctx, e.limits.Time, ErrTooSlow)
	defer cancel()
	var text Text
	switch mediaType {
	case PDF:
		text, err = e.pdf(limited, r, size)
	case HTML:
		text, err = e.html(limited, r, charset)
	case Plain:
		text, err = e.plain(limited, r, charset)
	default:
		return Text{}, fmt.Errorf("%w: it is %s", ErrUnsupported, mediaType)
	}
	if err == nil {
		err = limited.Err()
	}
	switch {
	case ctx.Err() != nil:
		return Text{}, ctx.Err()
	case limited.Err() != nil:
		return Text{}, fmt.Errorf("%w: the limit is %v", ErrTooSlow, e.limits.Time)
	case err != nil:
		return Text{}, err
	case strings.TrimFunc(text.Words, blank) == "":
		return Text{}, ErrNoText
	}
	text.MediaType = mediaType
	return text, nil
}

// byExtension are the media types of files that text is read from, by how their
// names end. The tables of a machine differ from one to the next, and some name a
// charset that is a guess.
var byExtension = map[string]string{
	".html": HTML, ".htm": HTML, ".xhtml": HTML, ".xht": HTML, ".pdf": PDF,
	".txt": Plain, ".text": Plain, ".md": Plain, ".csv": Plain, ".tsv": Plain, ".json": Plain, ".xml": Plain,
}

// TypeByName is the media type that the name of a file suggests, for a hint; empty
// where it suggests none.
func TypeByName(name string) string { return byExtension[strings.ToLower(filepath.Ext(name))] }

// TypeOf decides what a document is by its first bytes (1024 are enough) and a
// hint. What begins as a PDF is one whatever it is called; else the hint holds, and
// where there is none or it says nothing, the bytes decide by the rules of the WHATWG
// MIME Sniffing standard, with two more: a PDF may come after something else, and of
// XML some is HTML.
func TypeOf(head []byte, hint string) (mediaType, charset string) {
	if bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff \t\r\n\f\x00"), []byte(pdfMark)) {
		return PDF, ""
	}
	hinted, parameters, err := mime.ParseMediaType(hint)
	if err != nil {
		hinted, parameters = "", nil
	}
	switch {
	case hinted == HTML || hinted == "application/xhtml+xml":
		return HTML, parameters["charset"]
	case strings.HasPrefix(hinted, "text/") || slices.Contains([]string{"application/json", "application/xml"}, hinted):
		return Plain, parameters["charset"]
	case hinted == "" || hinted == "application/octet-stream":
		return sniff(head, parameters["charset"])
	}
	return hinted, ""
}

const pdfMark = "%PDF-"

// sniff is TypeOf for a document of which nothing is said but perhaps its charset.
func sniff(head []byte, said string) (mediaType, charset string) {
	sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(head[:min(len(head), 512)]))
	if i := bytes.Index(head, []byte(pdfMark)); i > 0 && !bytes.ContainsAny(head[:i], "<>") {
		// A text may speak of it; hardly at the start of a line.
		if head[i-1] < ' ' || sniffed != Plain {
			return PDF, ""
		}
	}
	switch sniffed {
	case HTML, Plain:
		return sniffed, said
	case "text/xml":
		if isPage(head) {
			return HTML, said
		}
		return Plain, said
	}
	if _, wide := wideText(head); wide {
		return Plain, ""
	}
	return sniffed, ""
}

// readAll reads at most the limit of bytes, as long as ctx lasts.
func (e *Extractor) readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(untilDone{ctx, r}, e.limits.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	if int64(len(b)) > e.limits.Bytes {
		return nil, fmt.Errorf("%w: it has more bytes than %d", ErrTooLarge, e.limits.Bytes)
	}
	return b, nil
}

func (e *Extractor) tooMuchText() error {
	return fmt.Errorf("%w: its text is longer than %d bytes", ErrTooLarge, e.limits.Text)
}

// untilDone is a reader that fails when its context is done.
type untilDone struct {
	ctx context.Context //nolint:containedctx // lives as long as one reading
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
