// Package capture keeps the documents that claims rest on, reads their text, and
// compares quotes with it.
//
// It ties together blob (where bytes are kept), extract (how text is read out of
// them) and quote (where quotes occur in it), and knows no store of records: what
// it finds is given back as evidence's types, for a ChangeSet.
package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

// MaxBytes is the most that Add takes, where Service.MaxBytes is 0.
const MaxBytes = 256 << 20

// Service adds captures and checks quotes against them. It is safe for
// concurrent use.
type Service struct {
	Blobs   blob.Store
	Extract *extract.Extractor
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// MaxBytes is the most bytes of one document; MaxBytes where 0.
	MaxBytes int64
}

func (s *Service) now() string {
	clock := s.Now
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Format(time.RFC3339)
}

func (s *Service) limit() int64 {
	if s.MaxBytes > 0 {
		return s.MaxBytes
	}
	return MaxBytes
}

// Added is a document that was stored.
type Added struct {
	Capture evidence.Capture
	// Text that was read out of it; empty where Unread tells why there is none.
	Text string
	// Unread is why no text could be read; one of extract's errors. The bytes are
	// stored all the same: they are what was captured.
	Unread error
}

// Add stores a document and its text, which are durable when it returns, so that
// a revision that names them can be written next. The hint is a media type, as
// a server or a file's name gave it; it may be empty. The document's place in
// error messages is name. Errors: blob.ErrTooLarge (an InvalidInput fault is the
// caller's to make), those of the blob store, and ctx's own.
func (s *Service) Add(ctx context.Context, name string, document io.Reader, hint string) (Added, error) {
	sum, size, err := s.Blobs.Put(ctx, document, s.limit())
	if err != nil {
		return Added{}, fmt.Errorf("capture %s: %w", name, err)
	}
	added := Added{Capture: evidence.Capture{SHA256: sum, Length: size, Captured: s.now()}}
	stored, _, err := s.Blobs.Open(ctx, sum)
	if err != nil {
		return Added{}, fmt.Errorf("capture %s: %w", name, err)
	}
	defer stored.Close() //nolint:errcheck // read only
	head := make([]byte, 1024)
	n, err := io.ReadFull(stored, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Added{}, fmt.Errorf("capture %s: %w", name, err)
	}
	added.Capture.MediaType, _ = extract.TypeOf(head[:n], hint)
	if _, err := stored.Seek(0, io.SeekStart); err != nil {
		return Added{}, fmt.Errorf("capture %s: %w", name, err)
	}
	text, err := s.Extract.Extract(ctx, stored, size, hint)
	if isUnread(err) {
		added.Unread = fmt.Errorf("capture %s: %w", name, err)
		return added, nil
	}
	if err != nil {
		return Added{}, fmt.Errorf("capture %s: %w", name, err)
	}
	added.Text = text.Words
	added.Capture.Text, _, err = s.Blobs.Put(ctx, strings.NewReader(text.Words), int64(len(text.Words)))
	if err != nil {
		return Added{}, fmt.Errorf("capture %s: store its text: %w", name, err)
	}
	return added, nil
}

func isUnread(err error) bool {
	for _, e := range []error{
		extract.ErrUnsupported, extract.ErrMalformed, extract.ErrEncrypted, extract.ErrTooLarge, extract.ErrTooSlow, extract.ErrNoText,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Text answers the stored text of a capture. Errors: blob.ErrNotFound, also for a
// capture without text; blob.ErrCorrupt; and those of the blob store.
func (s *Service) Text(ctx context.Context, c evidence.Capture) (string, error) {
	if c.Text == "" {
		return "", fmt.Errorf("the text of the capture %s: %w", c.SHA256, blob.ErrNotFound)
	}
	r, size, err := s.Blobs.Open(ctx, c.Text)
	if err != nil {
		return "", fmt.Errorf("the text of the capture %s: %w", c.SHA256, err)
	}
	defer r.Close() //nolint:errcheck // read only
	if size > quote.MaxText {
		return "", fmt.Errorf("the text of the capture %s: %w", c.SHA256, quote.ErrTooLong)
	}
	var b strings.Builder
	b.Grow(int(size))
	if _, err := io.Copy(&b, r); err != nil {
		return "", fmt.Errorf("the text of the capture %s: %w", c.SHA256, err)
	}
	return b.String(), nil
}

// Check compares the quotes of citations with the captures of their source, in
// which case each citation gets one check, in the order given. Citations without
// a quote get none. A quote that occurs in several captures is checked against
// the newest in which it is verified, else ambiguous, else against the newest;
// one of a source whose captures have no text, or no capture, is UNCHECKED. So is
// a quote that there is nothing to look for in, such as an empty one.
//
// Errors are those of reading the captures, and ctx's own.
func (s *Service) Check(ctx context.Context, source *evidence.Source, citations ...*evidence.Citation) ([]evidence.CitationCheck, error) {
	at := s.now()
	checks := make([]evidence.CitationCheck, 0, len(citations))
	quotes := make([]*evidence.Quote, 0, len(citations))
	for _, c := range citations {
		if c.Quote != nil {
			checks = append(checks, evidence.CitationCheck{Citation: c.ID, Check: evidence.QuoteCheck{State: evidence.Unchecked, At: at}})
			quotes = append(quotes, c.Quote)
		}
	}
	if len(checks) == 0 {
		return checks, nil
	}
	for i := len(source.Captures) - 1; i >= 0; i-- {
		captured := source.Captures[i]
		if captured.Text == "" {
			continue
		}
		words, err := s.Text(ctx, captured)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", source.ID, err)
		}
		text, err := quote.Prepare(words)
		if err != nil {
			return nil, fmt.Errorf("source %s: the text of the capture %s: %w", source.ID, captured.SHA256, err)
		}
		for n, q := range quotes {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			old := &checks[n].Check
			if old.State == evidence.Verified {
				continue
			}
			found, err := text.Find(*q)
			if err != nil {
				continue // it stays unchecked: no text can hold it
			}
			if better(found.State, old.State) {
				*old = found.Check(at, captured.SHA256)
			}
		}
	}
	return checks, nil
}

// better says whether a state tells more for a quote than another does. Of two
// that tell the same, the first found stays, which is the newest capture's.
func better(a, b evidence.CheckState) bool {
	rank := [...]int{evidence.Unchecked: 0, evidence.Failed: 1, evidence.Ambiguous: 2, evidence.Verified: 3}
	return rank[a] > rank[b]
}

// Verify reads the stored bytes of a capture and of its text, and compares them
// with their names. Errors: blob.ErrCorrupt, blob.ErrNotFound, those of the blob
// store.
func (s *Service) Verify(ctx context.Context, c evidence.Capture) error {
	size, err := s.Blobs.Stat(ctx, c.SHA256)
	if err == nil && size != c.Length {
		err = fmt.Errorf("%w: it has %d bytes instead of %d", blob.ErrCorrupt, size, c.Length)
	}
	if err == nil {
		err = blob.Verify(ctx, s.Blobs, c.SHA256)
	}
	if err != nil {
		return fmt.Errorf("the capture %s: %w", c.SHA256, err)
	}
	if c.Text == "" {
		return nil
	}
	if err := blob.Verify(ctx, s.Blobs, c.Text); err != nil {
		return fmt.Errorf("the text of the capture %s: %w", c.SHA256, err)
	}
	return nil
}
