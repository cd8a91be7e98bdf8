package sqlite

import (
	"context"
	"errors"
	"time"

	lib "modernc.org/sqlite/lib"
)

// A first load into a file that nobody else has open keeps what was there before, which
// is next to nothing, in a journal beside the file, and writes to the file itself. In
// the write-ahead log all of it would be written twice.
const (
	// The journal is emptied at the commit, and not taken away: SQLite waits until the
	// disk has the former, but not for the folder to forget the latter.
	rollbackJournal = "PRAGMA journal_mode = TRUNCATE"
	writeAheadLog   = "PRAGMA journal_mode = WAL"

	unwaiting = "PRAGMA busy_timeout = 0"
)

// leaveLog has the writer, where the graph is empty and nobody else has the file open,
// write without the log until back is called. Until then nobody else can read the file.
func (s *Store) leaveLog(ctx context.Context) (back func(), err error) {
	back = func() {}
	if err := s.connectWriter(); err != nil {
		return back, s.wrap(err)
	}
	head, err := s.writer.readHead(ctx)
	if err != nil || head.Sequence > 0 {
		return back, s.wrap(err)
	}
	if err := errors.Join(s.readers.clear(), s.brief.clear()); err != nil {
		return back, s.wrap(err)
	}
	if err := s.writer.script(ctx, unwaiting); err != nil {
		return back, s.wrap(err)
	}
	mode, err := s.writer.journal(ctx, rollbackJournal)
	if err == nil && mode == "truncate" {
		s.undivided = true
		return s.returnToLog, s.writer.script(ctx, busyTimeout)
	}
	if code := resultCode(err); code == lib.SQLITE_BUSY || code == lib.SQLITE_LOCKED {
		err = nil // another has it open
	}
	if err == nil {
		err = s.writer.script(ctx, busyTimeout)
	}
	return back, s.wrap(err)
}

// returnToLog ends what leaveLog began.
func (s *Store) returnToLog() {
	s.undivided = false
	ctx := context.Background()
	var (
		mode string
		err  error
	)
	// Whoever waited for the file has it first, and SQLite does not wait for them here.
	for began := time.Now(); ; time.Sleep(pause) {
		if err = s.connectWriter(); err != nil {
			break
		}
		mode, err = s.writer.journal(ctx, writeAheadLog)
		if resultCode(err) != lib.SQLITE_BUSY || time.Since(began) > patience {
			break
		}
	}
	if err != nil || mode != "wal" {
		s.log.Warn().Err(err).Str("store", s.name).Msg("the file is without a write-ahead log until it is opened again: until then who reads it waits for who writes")
	}
}

// journal runs a setting of how a connection keeps its journal, and says how it does.
func (c *conn) journal(ctx context.Context, setting string) (mode string, err error) {
	_, err = c.one(ctx, setting, nil, func(r row) error { mode = r.text(0); return nil })
	return mode, err
}
