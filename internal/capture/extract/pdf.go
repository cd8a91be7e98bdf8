package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// atOnce is how many PDFs are read at a time. Each may take the memory limit.
const atOnce = 2

// engine is PDFium compiled to WebAssembly. It sees no file, no network and no
// more memory than its limit, is started afresh for every document, and can be
// stopped at any instruction.
type engine struct {
	memory int64

	mu      sync.Mutex
	pool    pdfium.Pool
	failed  error
	started chan struct{} // closed when pool or failed is set; nil before the first use
}

const wasmPage = 64 << 10

// ready starts the engine, where that was not done, and waits for it.
func (e *engine) ready(ctx context.Context) error {
	e.mu.Lock()
	if e.started == nil {
		e.started = make(chan struct{})
		go e.start()
	}
	e.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.started:
	}
	if e.failed != nil {
		return fmt.Errorf("start the engine that reads PDFs: %w", e.failed)
	}
	return nil
}

// instance waits for the engine and for one of its instances to be free.
func (e *engine) instance(ctx context.Context) (pdfium.Pdfium, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	return e.pool.GetInstanceWithContext(ctx)
}

func (e *engine) start() {
	defer close(e.started)
	e.pool, e.failed = webassembly.Init(webassembly.Config{
		MinIdle: 0, MaxIdle: 0, MaxTotal: atOnce,
		FSConfig: wazero.NewFSConfig(), // by default it would see the whole file system
		Stdout:   io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(uint32(min(e.memory/wasmPage, 1<<16))). //nolint:gosec // at most 65,536
			WithCloseOnContextDone(true),
	})
}

func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started == nil {
		return nil
	}
	<-e.started
	if e.pool == nil {
		return nil
	}
	return e.pool.Close()
}

// pdf reads a PDF's pages in order, parted by form feeds.
func (e *Extractor) pdf(ctx context.Context, r io.ReadSeeker, size int64) (text Text, err error) {
	instance, err := e.engine.instance(ctx)
	if err != nil {
		return Text{}, err
	}
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		_ = instance.Kill() // what was being read answers an error
	})
	defer func() {
		if stop() {
			_ = instance.Close() // with it goes all that the document took
			return
		}
		<-killed
	}()
	return e.pages(ctx, instance, r, size)
}

func (e *Extractor) pages(ctx context.Context, instance pdfium.Pdfium, r io.ReadSeeker, size int64) (Text, error) {
	opened, err := instance.OpenDocument(&requests.OpenDocument{FileReader: r, FileReaderSize: size})
	if err != nil {
		return Text{}, e.pdfError("the PDF cannot be opened", err)
	}
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return Text{}, e.pdfError("the PDF's pages cannot be counted", err)
	}
	if count.PageCount > e.limits.Pages {
		return Text{}, fmt.Errorf("%w: it has %d pages, and the limit is %d", ErrTooLarge, count.PageCount, e.limits.Pages)
	}
	var words strings.Builder
	for i := range count.PageCount {
		if err := ctx.Err(); err != nil {
			return Text{}, err
		}
		if i > 0 {
			words.WriteByte('\f')
		}
		page, err := e.pageText(instance, opened.Document, i, e.limits.Text-words.Len())
		if err != nil {
			return Text{}, err
		}
		words.WriteString(page)
	}
	if strings.Trim(words.String(), "\f \r\n") == "" {
		return Text{}, ErrNoText
	}
	return Text{Words: words.String(), Pages: count.PageCount}, nil
}

// pageText reads one page, which may take so many bytes of text.
func (e *Extractor) pageText(instance pdfium.Pdfium, document references.FPDF_DOCUMENT, i, room int) (string, error) {
	what := fmt.Sprintf("page %d of the PDF cannot be read", i+1)
	page, err := instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: document, Index: i})
	if err != nil {
		return "", e.pdfError(what, err)
	}
	loaded, err := instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &page.Page}})
	if err != nil {
		return "", e.pdfError(what, err)
	}
	chars, err := instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return "", e.pdfError(what, err)
	}
	if chars.Count > room {
		return "", e.tooMuchText()
	}
	words := ""
	if chars.Count > 0 {
		got, err := instance.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: loaded.TextPage, Count: chars.Count})
		if err != nil {
			return "", e.pdfError(what, err)
		}
		words = pageWords.Replace(strings.ToValidUTF8(got.Text, "\ufffd"))
	}
	if len(words) > room {
		return "", e.tooMuchText()
	}
	if _, err := instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return "", e.pdfError(what, err)
	}
	if _, err := instance.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}); err != nil {
		return "", e.pdfError(what, err)
	}
	return words, nil
}

// pageWords mends what PDFium says in its own way. Where a hyphen divides a word
// at the end of a line it joins the lines and says U+0002 or U+FFFE; what quotes
// are compared with needs the hyphen and the line's end, since the hyphen may be
// the word's own. Form feeds are kept for pages.
var pageWords = strings.NewReplacer("\x02", "-\n", "\ufffe", "-\n", "\x00", "", "\f", "\n")

// pdfError tells what is wrong with a PDF.
func (e *Extractor) pdfError(what string, err error) error {
	if errors.Is(err, pdfiumerrors.ErrPassword) || errors.Is(err, pdfiumerrors.ErrSecurity) {
		return ErrEncrypted
	}
	reason, _, trapped := strings.Cut(err.Error(), "\nwasm stack trace")
	if trapped {
		return fmt.Errorf("%w: %s: its reader stopped; the PDF may also need more than %d bytes of memory", ErrMalformed, what, e.limits.Memory)
	}
	return fmt.Errorf("%w: %s: %s", ErrMalformed, what, reason)
}
