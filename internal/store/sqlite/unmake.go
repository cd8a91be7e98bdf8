package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	lib "modernc.org/sqlite/lib"
)

// Unmake takes away a store that was made at a path, for whoever then had nothing to
// write to it: the file, or, where an empty one was there before, what is in it. It
// leaves alone what holds anything, and what somebody else has open.
func Unmake(ctx context.Context, path string, wasThere bool) (err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: "mode=rw"}).String()
	// With this mode the first lock is kept until the connection is closed, and given
	// only where nobody has one: who opens the file meanwhile waits, and then finds that
	// it is not there any more.
	c, err := dial(dsn, untrusting, "PRAGMA locking_mode = EXCLUSIVE")
	if err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	blank, err := c.alone(ctx)
	if code := resultCode(err); code == lib.SQLITE_BUSY || code == lib.SQLITE_LOCKED {
		return nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("store %s: %w", path, err)
	case !blank:
		return nil
	case wasThere:
		err = os.Truncate(absolute, 0)
	default:
		err = os.Remove(absolute)
	}
	for _, beside := range []string{"-wal", "-shm", "-journal"} { // as where a full disk left them
		if gone := os.Remove(absolute + beside); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// alone takes the file for this connection alone, without the files that SQLite puts
// beside it, and says whether nothing was written to it but the tables.
func (c *conn) alone(ctx context.Context) (blank bool, err error) {
	if err := c.script(ctx, "BEGIN EXCLUSIVE; COMMIT"); err != nil {
		return false, err
	}
	// Where the disk is full it cannot say in the file that it does without.
	if err := c.script(ctx, "PRAGMA journal_mode = DELETE"); err != nil && resultCode(err) != lib.SQLITE_FULL && resultCode(err) != lib.SQLITE_IOERR {
		return false, err
	}
	if id, err := c.identity(ctx); err != nil || id.application != applicationID || id.version != int64(len(migrations)) {
		return false, err
	}
	_, err = c.one(ctx, "SELECT NOT EXISTS (SELECT 1 FROM revision) AND NOT EXISTS (SELECT 1 FROM record) AND NOT EXISTS (SELECT 1 FROM shelf)", nil, func(r row) error {
		blank = r.int(0) == 1
		return nil
	})
	return blank, err
}
