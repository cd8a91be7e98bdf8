package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
)

// Captures opens what was captured of sources, as [archive.Archive] does. It is an interface so that
// tests can give documents that are damaged or cannot be opened.
//
// [archive.Archive]: https://pkg.go.dev/github.com/vinculo/vinculo/internal/archive#Archive
type Captures interface {
	// Open opens a capture by its SHA-256, in lower-case hexadecimal, for a reader who sees a source
	// that has it. For all others the error is [evidence.ErrNotFound], as where there is no such
	// capture. The Read that would answer [io.EOF] answers another error where the bytes are not
	// those that were captured.
	Open(ctx context.Context, c evidence.Clearance, sha256 string) (evidence.Capture, io.ReadCloser, error)
}

// captureChunk is how many bytes of a capture are read at a time.
const captureChunk = 64 << 10

// serveCapture gives the bytes of a capture to those who may see a source that has it.
//
// Captures come from anywhere. So no browser shows one as a page of this server: it is saved, under
// a name and a type that are not guessed, and what opens it all the same runs in a sandbox without
// an origin.
func (s *Server) serveCapture(w http.ResponseWriter, r *http.Request) {
	ctx, refused := s.authorize(r, Authenticator.Authenticate)
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	leave, full := s.hold(r.WithContext(ctx), s.downloads)
	if full != nil {
		s.refuse(w, r, refuse(http.StatusServiceUnavailable, full))
		return
	}
	defer leave()

	sum := r.PathValue("sha256")
	var capture evidence.Capture
	var body io.ReadCloser
	err := evidence.ErrNotFound
	if s.config.Captures != nil {
		capture, body, err = s.config.Captures.Open(ctx, access.From(ctx).Clearance, sum)
	}
	switch {
	case errors.Is(err, evidence.ErrNotFound):
		s.refuse(w, r, refuse(http.StatusNotFound, fault(string(evidence.UnknownID), "There is no such capture. Mend the address: it is /captures/ and the SHA-256 of a source's capture.")))
		return
	case err != nil:
		zerolog.Ctx(ctx).Error().Err(err).Msg("a capture could not be opened; run `vinculo capture verify`")
		s.refuse(w, r, refuse(http.StatusInternalServerError, internal()))
		return
	}
	defer body.Close() //nolint:errcheck // it is only read

	header := w.Header()
	header.Set("Content-Type", mediaTypeOf(capture.MediaType))
	header.Set("Content-Disposition", `attachment; filename="`+sum+extensionOf(capture.MediaType)+`"`)
	header.Set("Content-Length", strconv.FormatInt(capture.Length, 10))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	if err := s.copyCapture(w, body); err != nil {
		zerolog.Ctx(ctx).Error().Err(err).Str("sha256", sum).Msg("a capture was cut off: its bytes are not those that were captured, or its reader went away")
		panic(http.ErrAbortHandler) // the client must not take what it has for the whole
	}
}

// copyCapture hands on the bytes one chunk behind what is read, so that the last of them go out only
// once all of them were found to be those that were captured.
func (s *Server) copyCapture(w http.ResponseWriter, body io.Reader) error {
	control := http.NewResponseController(w)
	send := func(chunk []byte) error {
		// Writers that have no deadlines, as those of tests, need none.
		_ = control.SetWriteDeadline(time.Now().Add(s.limits.WriteTime))
		_, err := w.Write(chunk)
		return err
	}
	var held []byte
	next, other := make([]byte, captureChunk), make([]byte, captureChunk)
	for {
		n, err := io.ReadFull(body, next)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if err := send(held); err != nil {
			return err
		}
		if held = next[:n]; last {
			return send(held)
		}
		next, other = other, next
	}
}

// mediaTypeOf is a recorded media type, or one that says nothing where it is none.
func mediaTypeOf(recorded string) string {
	kind, parameters, err := mime.ParseMediaType(recorded)
	if err != nil {
		return "application/octet-stream"
	}
	return mime.FormatMediaType(kind, parameters)
}

// extensionOf is how the name of a saved file ends.
func extensionOf(recorded string) string {
	kind, _, _ := mime.ParseMediaType(recorded)
	switch kind {
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "application/pdf":
		return ".pdf"
	default:
		return ""
	}
}
