package sqlite

import (
	"context"
	"errors"
	"fmt"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/vinculo/vinculo/internal/store"
)

// resultCode is SQLite's primary result code of an error; 0 where the error is
// not SQLite's.
func resultCode(err error) int {
	var e *modernc.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// ErrUnwritable says that a file that is to be written to cannot be.
var ErrUnwritable = errors.New("it cannot be written to; let who runs this write to the file and to its folder")

func (s *Store) unwritable(err error) error {
	return fmt.Errorf("store %s: %w (%w)", s.name, ErrUnwritable, err)
}

// wrap gives an error of SQLite the meaning that the seam's contract has for
// it. Errors of the context and of the domain pass through.
func (s *Store) wrap(err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	switch resultCode(err) {
	case 0:
		return err
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: another process keeps %s locked: %w", store.ErrUnavailable, s.name, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: the disk of %s is full; make room and try again: %w", store.ErrUnavailable, s.name, err)
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM, lib.SQLITE_PERM:
		return fmt.Errorf("%w: %s cannot be read or written: %w", store.ErrUnavailable, s.name, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		err = fmt.Errorf("%s is damaged; restore it from a copy, or copy its log into a new store: %w", s.name, err)
		s.damage.CompareAndSwap(nil, &err)
		return err
	case lib.SQLITE_READONLY:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, s.unwritable(err))
	default:
		return fmt.Errorf("%s: %w", s.name, err)
	}
}
