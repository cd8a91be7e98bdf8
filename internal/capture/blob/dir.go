package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Dir keeps blobs in a directory, as aa/bb/aabb… after the first bytes of their
// names. Files that are being written have names of their own until they are
// whole, so that another process, or a backup, never sees half a blob.
type Dir struct{ root string }

var _ Store = (*Dir)(nil)

const (
	// incoming is where blobs are while they are written.
	incoming = "incoming"
	// incomingPrefix begins their names there.
	incomingPrefix = "put-"
)

// OpenDir opens a directory of blobs and makes it if need be.
func OpenDir(root string) (*Dir, error) {
	if err := os.MkdirAll(filepath.Join(root, incoming), 0o700); err != nil {
		return nil, fmt.Errorf("open the directory of captures: %w", err)
	}
	return &Dir{root: root}, syncDir(root)
}

// ExistingDir is a directory of blobs that is there. Nothing is made in it before
// something is put, so that one that cannot be written to can be read.
func ExistingDir(root string) *Dir { return &Dir{root: root} }

func (d *Dir) path(name string) string {
	return filepath.Join(d.root, name[:2], name[2:4], name)
}

// Put implements Store. The file and every directory that leads to it are on the
// disk when it returns.
func (d *Dir) Put(ctx context.Context, r io.Reader, limit int64) (name string, n int64, err error) {
	if err := os.MkdirAll(filepath.Join(d.root, incoming), 0o700); err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	f, err := os.CreateTemp(filepath.Join(d.root, incoming), incomingPrefix+"*")
	if err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()           // closed already, or of no use
			_ = os.Remove(f.Name()) // what is left is never taken for a blob
		}
	}()
	b := newBounded(ctx, r, limit)
	if _, err = io.Copy(f, b); err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	if err = errors.Join(f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	name = b.name()
	path := d.path(name)
	inner := filepath.Dir(path)
	if err = os.MkdirAll(inner, 0o700); err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	// The rename replaces what is there: the same bytes, or a damaged copy.
	if err = os.Rename(f.Name(), path); err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	for _, dir := range []string{inner, filepath.Dir(inner), d.root} {
		if err = syncDir(dir); err != nil {
			return "", 0, err
		}
	}
	return name, b.n, nil
}

// Open implements Store.
func (d *Dir) Open(_ context.Context, name string) (io.ReadSeekCloser, int64, error) {
	if err := checkName(name); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(d.path(name)) //nolint:gosec // the name is hexadecimal
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, notFound(name)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read a capture: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("read a capture: %w", err), f.Close())
	}
	return newChecked(f, name), info.Size(), nil
}

// Stat implements Store.
func (d *Dir) Stat(_ context.Context, name string) (int64, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	info, err := os.Stat(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, notFound(name)
	}
	if err != nil {
		return 0, fmt.Errorf("look for a capture: %w", err)
	}
	return info.Size(), nil
}

// Delete implements Store.
func (d *Dir) Delete(_ context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	path := d.path(name)
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("delete a capture: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// List implements Store.
func (d *Dir) List(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		err := filepath.WalkDir(d.root, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // deleted meanwhile
			}
			if err == nil {
				err = ctx.Err()
			}
			name := filepath.Base(path)
			if err != nil || !isName(name) || path != d.path(name) {
				return err
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && !yield(Listed{Name: name, Put: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(Listed{}, fmt.Errorf("list the captures: %w", err))
		}
	}
}

// RemoveLeftovers removes what processes that were killed left of documents they
// were writing. Nothing tells that from what is being written now but its age, so
// that whatever was written to within the time given stays; a Put whose file is
// removed all the same fails, and leaves nothing behind.
func (d *Dir) RemoveLeftovers(ctx context.Context, within time.Duration) error {
	dir := filepath.Join(d.root, incoming)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for captures that were never stored: %w", err)
	}
	before, removed := time.Now().Add(-within), false
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if entry.IsDir() || !strings.HasPrefix(entry.Name(), incomingPrefix) {
			continue
		}
		info, err := entry.Info()
		if err == nil {
			if within > 0 && info.ModTime().After(before) {
				continue
			}
			removed = true
			err = os.Remove(filepath.Join(dir, entry.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // stored, or removed, meanwhile
			return fmt.Errorf("remove a capture that was never stored: %w", err)
		}
	}
	if !removed {
		return nil
	}
	return syncDir(dir)
}

// syncDir brings a directory's entries to the disk.
func syncDir(path string) error {
	d, err := os.Open(path) //nolint:gosec // a directory of the store
	if err != nil {
		return fmt.Errorf("store a capture: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("store a capture: sync %s: %w", path, err)
	}
	return nil
}
