package blob

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Held is a document that was read to its end and is in no store yet: its name is
// known before it is decided whether it is kept. Reads and seeks share one place,
// so that one goroutine uses it at a time.
type Held struct {
	*os.File
	name string
	size int64
}

// Hold reads r to its end. An r that is longer than limit is ErrTooLarge. The
// caller closes what it gives, after which nothing is left of it.
func Hold(ctx context.Context, r io.Reader, limit int64) (_ *Held, err error) {
	f, err := os.CreateTemp("", "vinculo-capture-*")
	if err != nil {
		return nil, fmt.Errorf("store a capture: %w", err)
	}
	h := &Held{File: f}
	defer func() {
		if err != nil {
			_ = h.Close() // of no use
		}
	}()
	// Where the system can, the name goes at once, so that nothing stays of a
	// process that is killed.
	_ = os.Remove(f.Name())
	b := newBounded(ctx, r, limit)
	if _, err = io.Copy(f, b); err != nil {
		return nil, fmt.Errorf("store a capture: %w", err)
	}
	h.name, h.size = b.name(), b.n
	return h, h.Rewind()
}

// SHA256 is the name under which a store keeps it.
func (h *Held) SHA256() string { return h.name }

// Size is its length in bytes.
func (h *Held) Size() int64 { return h.size }

// Rewind goes back to the beginning.
func (h *Held) Rewind() error {
	if _, err := h.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("store a capture: %w", err)
	}
	return nil
}

// Close forgets it.
func (h *Held) Close() error {
	err := h.File.Close()
	_ = os.Remove(h.Name()) // where it could not be removed while it was open
	return err
}
