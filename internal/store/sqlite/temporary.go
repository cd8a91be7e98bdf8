package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// temporary is a folder of one's own for a store that goes when it is closed. A
// process that is killed leaves it behind, with all that is in the store; so its
// owner holds a lock in it, which no death outlives, and whoever makes the next
// such folder takes away those of which nobody holds it.
type temporary struct {
	folder string
	lock   *flock.Flock
}

const (
	temporaryPrefix = "vinculo-"
	temporaryStore  = "store.db"
	temporaryLock   = "lock"
	private         = 0o700
	// abandoned is how long nothing is written in a folder without a lock that nobody
	// uses: an older program took the lock away before the store, and who is killed
	// when they have made a folder has not made its lock yet.
	abandoned = 24 * time.Hour
)

func newTemporary() (*temporary, error) {
	sweep(os.TempDir())
	// Whoever sweeps may come between the making of a folder and of its lock, and
	// take it for one that was left; the next will do.
	for range 10 {
		folder, err := os.MkdirTemp("", temporaryPrefix)
		if err != nil {
			return nil, fmt.Errorf("making a folder for a temporary store: %w", err)
		}
		t := &temporary{folder: folder, lock: lockIn(folder)}
		held, err := t.lock.TryLock()
		if _, gone := os.Stat(t.lock.Path()); held && gone == nil {
			return t, nil
		}
		if err = errors.Join(err, t.remove()); err != nil {
			return nil, fmt.Errorf("locking the folder of a temporary store: %w", err)
		}
	}
	return nil, errors.New("the folders of temporary stores are taken away as soon as they are made; see what else tidies " + os.TempDir())
}

func lockIn(folder string) *flock.Flock { return flock.New(filepath.Join(folder, temporaryLock)) }

// remove takes the folder away, the lock after all that is beside it: who is killed
// meanwhile leaves what the next can tell is free.
func (t *temporary) remove() error {
	entries, err := os.ReadDir(t.folder)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // somebody has swept it
	}
	for _, e := range entries {
		if e.Name() != temporaryLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(t.folder, e.Name())))
		}
	}
	if err == nil {
		err = os.RemoveAll(t.folder)
	}
	return errors.Join(err, t.lock.Close())
}

// sweep takes away what killed processes of this user have left. What it may not
// read or take away, it leaves to others.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), temporaryPrefix) {
			continue
		}
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != private {
			continue
		}
		left := &temporary{folder: filepath.Join(parent, e.Name())}
		left.lock = lockIn(left.folder)
		if _, err := os.Stat(left.lock.Path()); err != nil {
			if left.isAbandoned() { // else it is another's, or just being made
				_ = left.remove()
			}
			continue
		}
		if free, err := left.lock.TryLock(); err == nil && free {
			_ = left.remove()
		}
	}
}

// isAbandoned says whether a folder without a lock is certainly one of this program's
// and long out of use: it is named as they are, holds a store or nothing, and nothing
// else, and is old.
func (t *temporary) isAbandoned() bool {
	number := strings.TrimPrefix(filepath.Base(t.folder), temporaryPrefix)
	if _, err := strconv.ParseUint(number, 10, 64); err != nil {
		return false
	}
	entries, err := os.ReadDir(t.folder)
	if err != nil {
		return false
	}
	for _, e := range entries {
		switch strings.TrimPrefix(e.Name(), temporaryStore) {
		case "", "-wal", "-shm", "-journal":
		default:
			return false
		}
		if !isOld(e.Info()) {
			return false
		}
	}
	return isOld(os.Stat(t.folder))
}

func isOld(info os.FileInfo, err error) bool {
	return err == nil && time.Since(info.ModTime()) > abandoned
}
