package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// resultCode is SQLite's primary result code of an error; 0 where the error is
// not SQLite's.
func resultCode(err error) int { return extendedCode(err) & 0xff }

// extendedCode is resultCode with what SQLite has more to say.
func extendedCode(err error) int {
	var e *modernc.Error
	if errors.As(err, &e) {
		return e.Code()
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
	if extendedCode(err) == lib.SQLITE_IOERR_SHMSIZE { // which is so where there is no room for it
		return s.full(err)
	}
	switch resultCode(err) {
	case 0:
		return err
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: another process keeps %s locked: %w", store.ErrUnavailable, s.name, err)
	case lib.SQLITE_FULL:
		return s.full(err)
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

// fullDisk is store.ErrUnavailable for want of room: what it says is for who runs the
// program, and the fault in it for who asks a server.
type fullDisk struct { //nolint:errname // "full" is what is wrong
	where string
	cause error
}

// Error says which disk is full, and what to do.
func (f *fullDisk) Error() string { return fmt.Sprintf("%s (%s)", f.where, f.cause) }

// Unwrap gives what it is, what to tell readers, and what SQLite said.
func (f *fullDisk) Unwrap() []error {
	told := evidence.Fault{Code: evidence.Unavailable, Message: "the disk that the store is on is full; nothing was written; have who runs this make room there, and try again"}
	return []error{store.ErrUnavailable, told, f.cause}
}

// full says that there is no room on the disk.
func (s *Store) full(err error) error {
	where := "the disk of " + s.name + " is full; make room there and try again"
	if s.temporary != nil {
		where = "the disk of the folder for temporary files, " + os.TempDir() + ", is full; make room there, or name another folder in TMPDIR"
	}
	s.log.Error().Err(err).Msg(where)
	return &fullDisk{where: where, cause: err}
}
