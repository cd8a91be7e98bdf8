package sqlite

import (
	"fmt"
	"os"

	"github.com/vinculo/vinculo/internal/store"
)

// inPlace says whether the path of the store still is the file that it has open.
// What is written to a file that was deleted or replaced is lost with it, although
// SQLite takes it.
func (s *Store) inPlace() error {
	if s.file == nil {
		return nil // it is being opened
	}
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(s.file, now) {
		return fmt.Errorf("%w: the file %s was deleted or replaced while it was open; put it back, or start again with what is there now", store.ErrUnavailable, s.name)
	}
	return nil
}

// Sound says whether no read has found the file damaged so far.
func (s *Store) Sound() error {
	if err := s.damage.Load(); err != nil {
		return *err
	}
	return nil
}
