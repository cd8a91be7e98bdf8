// Package blob keeps the bytes of captures by what they are: each blob is named
// by its SHA-256, so that the same bytes are kept once, are never changed, and
// can be checked by anyone.
//
// There are two stores: a directory ([OpenDir]) and a bucket of a service that
// speaks S3 ([OpenS3]). Package blobtest is the suite that both pass.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"time"
)

// What can be wrong with a blob. Stores wrap them with the blob's name.
var (
	// ErrNotFound says that the store has no such blob.
	ErrNotFound = errors.New("no such blob")
	// ErrTooLarge says that a blob is longer than the limit it was put with.
	ErrTooLarge = errors.New("the file is larger than the limit")
	// ErrCorrupt says that bytes kept under a name are not those that it names.
	ErrCorrupt = errors.New("the stored bytes are not those that were put; restore them from a copy")
	// ErrBadName says that a name is not a SHA-256 in lower-case hexadecimal.
	ErrBadName = errors.New("not a SHA-256 in lower-case hexadecimal")
)

// Store keeps blobs. It is safe for concurrent use, by several processes too.
type Store interface {
	// Put reads r to its end and keeps it, which is durable when Put returns. It
	// answers the name and the length. What is there already is put again, which
	// mends a damaged copy. An r that is longer than limit is ErrTooLarge; a failed
	// Put leaves nothing behind under any name.
	Put(ctx context.Context, r io.Reader, limit int64) (sha256 string, n int64, err error)
	// Open opens a blob for reading, and tells its length. The bytes are compared
	// with the name as they are read in order from the beginning: the Read that
	// would answer io.EOF answers ErrCorrupt if they differ. A reader that seeks
	// is not told; see Verify. Errors: ErrNotFound, ErrBadName.
	Open(ctx context.Context, sha256 string) (io.ReadSeekCloser, int64, error)
	// Stat tells the length. Errors: ErrNotFound, ErrBadName.
	Stat(ctx context.Context, sha256 string) (int64, error)
	// Delete removes a blob for good, for a legal erasure. One that is not there
	// is no error. Errors: ErrBadName.
	Delete(ctx context.Context, sha256 string) error
	// List yields all blobs, in no order, each once. What is put or deleted meanwhile
	// may be among them or not.
	List(ctx context.Context) iter.Seq2[Listed, error]
}

// Listed is a blob that a store has.
type Listed struct {
	Name string // its SHA-256
	Put  time.Time
}

// Verify reads a blob and compares it with its name. Errors: ErrCorrupt and
// those of Open.
func Verify(ctx context.Context, s Store, name string) error {
	r, size, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err == nil && n != size {
		err = corrupt(name)
	}
	return err
}

// Copy brings a blob from one store to another, verified on the way.
func Copy(ctx context.Context, to, from Store, name string) error {
	r, size, err := from.Open(ctx, name)
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // read only
	got, _, err := to.Put(ctx, r, size)
	if err == nil && got != name {
		err = corrupt(name)
	}
	return err
}

func isName(name string) bool {
	raw, err := hex.DecodeString(name)
	return err == nil && len(raw) == sha256.Size && hex.EncodeToString(raw) == name
}

func checkName(name string) error {
	if !isName(name) {
		return fmt.Errorf("%w: %q", ErrBadName, name)
	}
	return nil
}

func notFound(name string) error { return fmt.Errorf("%w: %s", ErrNotFound, name) }
func corrupt(name string) error  { return fmt.Errorf("%w: %s", ErrCorrupt, name) }

// bounded reads from r, hashing, until r ends, its limit is passed or its
// context is done.
type bounded struct {
	ctx  context.Context //nolint:containedctx // lives as long as one Put
	r    io.Reader
	hash hash.Hash
	n    int64
	left int64
}

func newBounded(ctx context.Context, r io.Reader, limit int64) *bounded {
	return &bounded{ctx: ctx, r: r, hash: sha256.New(), left: limit}
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		return 0, fmt.Errorf("%w of %d bytes", ErrTooLarge, b.n+b.left)
	}
	b.left -= int64(n)
	b.n += int64(n)
	_, _ = b.hash.Write(p[:n]) // a hash never fails
	return n, err
}

func (b *bounded) name() string { return hex.EncodeToString(b.hash.Sum(nil)) }

// checked compares what is read with the blob's name.
type checked struct {
	io.ReadSeekCloser
	name string
	hash hash.Hash // nil once the reader has moved about
}

func newChecked(r io.ReadSeekCloser, name string) *checked {
	return &checked{ReadSeekCloser: r, name: name, hash: sha256.New()}
}

// Read implements io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadSeekCloser.Read(p)
	if c.hash == nil {
		return n, err
	}
	_, _ = c.hash.Write(p[:n]) // a hash never fails
	if errors.Is(err, io.EOF) && hex.EncodeToString(c.hash.Sum(nil)) != c.name {
		return n, corrupt(c.name)
	}
	return n, err
}

// Seek implements io.Seeker.
func (c *checked) Seek(offset int64, whence int) (int64, error) {
	at, err := c.ReadSeekCloser.Seek(offset, whence)
	c.hash = nil
	if err == nil && at == 0 {
		c.hash = sha256.New()
	}
	return at, err
}
