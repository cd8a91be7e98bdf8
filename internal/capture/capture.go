// Package capture keeps the documents that claims rest on, reads their text, and
// compares quotes with it.
//
// It ties together blob (where bytes are kept), extract (how text is read out of
// them) and quote (where quotes occur in it), and knows no store of records: what
// it finds is given back as evidence's types, for a ChangeSet.
package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// MaxBytes is the most that Read takes, where Service.MaxBytes is 0.
const MaxBytes = 256 << 20

// Service keeps captures and checks quotes against them. It is safe for
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

// Added is what was read of a document.
type Added struct {
	Capture evidence.Capture
	// Text that was read out of it; empty where Unread tells why there is none.
	Text string
	// Unread is why no text could be read; one of extract's errors. The bytes are
	// stored all the same: they are what was captured.
	Unread error
}

// Document is a document that was read and is not stored yet. The caller closes it.
type Document struct {
	Added
	service *Service
	name    string // in messages
	held    *blob.Held
}

// Read reads a document and its text and stores neither: what is to be recorded
// of it is known before it is decided whether it may be. The hint is a media type,
// as a server or a file's name gave it; it may be empty. The document's place in
// error messages is name. Errors: blob.ErrTooLarge (an InvalidInput fault is the
// caller's to make), those of reading it, and ctx's own.
func (s *Service) Read(ctx context.Context, name string, document io.Reader, hint string) (_ *Document, err error) {
	held, err := blob.Hold(ctx, document, s.limit())
	if err != nil {
		return nil, fmt.Errorf("capture %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			_ = held.Close() // of no use
		}
	}()
	d := &Document{service: s, name: name, held: held}
	d.Capture = evidence.Capture{SHA256: held.SHA256(), Length: held.Size(), Captured: s.now()}
	head := make([]byte, 1024)
	n, err := io.ReadFull(held, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("capture %s: %w", name, err)
	}
	d.Capture.MediaType, _ = extract.TypeOf(head[:n], hint)
	if err = held.Rewind(); err != nil {
		return nil, fmt.Errorf("capture %s: %w", name, err)
	}
	text, err := s.Extract.Extract(ctx, held, held.Size(), hint)
	if isUnread(err) {
		d.Unread = fmt.Errorf("capture %s: %w", name, err)
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("capture %s: %w", name, err)
	}
	sum := sha256.Sum256([]byte(text.Words))
	d.Text, d.Capture.Text = text.Words, hex.EncodeToString(sum[:])
	return d, nil
}

// Names are the names under which the document and its text are kept.
func (d *Document) Names() []string {
	if d.Capture.Text == "" || d.Capture.Text == d.Capture.SHA256 {
		return []string{d.Capture.SHA256}
	}
	return []string{d.Capture.SHA256, d.Capture.Text}
}

// Keep stores the document and its text, which are durable when it returns, so
// that a revision that names them can be written next. What is there already is
// put again, which mends a damaged copy. Errors are those of the blob store, and
// ctx's own.
func (d *Document) Keep(ctx context.Context) error {
	for _, name := range d.Names() {
		if err := d.put(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// KeepMissing is Keep, but stores only what the blob store does not have.
func (d *Document) KeepMissing(ctx context.Context) error {
	for _, name := range d.Names() {
		_, err := d.service.Blobs.Stat(ctx, name)
		if errors.Is(err, blob.ErrNotFound) {
			err = d.put(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) put(ctx context.Context, name string) error {
	if name != d.Capture.SHA256 {
		if _, _, err := d.service.Blobs.Put(ctx, strings.NewReader(d.Text), int64(len(d.Text))); err != nil {
			return fmt.Errorf("capture %s: store its text: %w", d.name, err)
		}
		return nil
	}
	err := d.held.Rewind()
	if err == nil {
		_, _, err = d.service.Blobs.Put(ctx, d.held, d.held.Size())
	}
	if err != nil {
		return fmt.Errorf("capture %s: %w", d.name, err)
	}
	return nil
}

// Close forgets the document, stored or not.
func (d *Document) Close() error { return d.held.Close() }

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
// Errors are those of reading the captures, and ctx's own. Where a text is missing or
// damaged, the others are compared all the same, and the checks are given with the
// error: VERIFIED is what one of the others holds, and all else stays UNCHECKED, for
// that text may hold it.
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
	var unread []error
	for i := len(source.Captures) - 1; i >= 0; i-- {
		captured := source.Captures[i]
		if captured.Text == "" {
			continue
		}
		words, err := s.Text(ctx, captured)
		if errors.Is(err, blob.ErrCorrupt) || errors.Is(err, blob.ErrNotFound) {
			unread = append(unread, fmt.Errorf("source %s: %w", source.ID, err))
			continue
		}
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
	for i := range checks {
		if check := &checks[i].Check; len(unread) > 0 && check.State != evidence.Verified {
			*check = evidence.QuoteCheck{State: evidence.Unchecked, At: at}
		}
	}
	return checks, errors.Join(unread...)
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
