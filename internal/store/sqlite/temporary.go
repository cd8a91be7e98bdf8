package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
	temporaryLock   = "lock"
	private         = 0o700
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

func (t *temporary) remove() error {
	return errors.Join(os.RemoveAll(t.folder), t.lock.Close())
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
			continue // another's, or just being made
		}
		if free, err := left.lock.TryLock(); err == nil && free {
			_ = left.remove()
		}
	}
}
