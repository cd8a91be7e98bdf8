package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	lib "modernc.org/sqlite/lib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	release, err := s.lockWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	t, err := s.beginWrite(ctx)
	if err != nil {
		return nil, err
	}
	defer t.abandon() // does nothing after a commit
	commit, err := plan(ctx, snapshot{t.graph})
	if err != nil || !commit.New {
		return commit, err
	}
	if err := t.add(ctx, commit); err != nil {
		return nil, s.wrap(err)
	}
	if commit.Erasing != nil {
		if err := t.erase(ctx, commit.Erasing); err != nil {
			return nil, s.wrap(err)
		}
	}
	if err := t.commit(ctx); err != nil {
		return nil, err
	}
	return commit, nil
}

// lockWriter makes the caller the one writer of this process.
func (s *Store) lockWriter(ctx context.Context) (release func(), err error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if s.readOnly {
		return nil, s.errReadOnly()
	}
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = func() { <-s.writing }
	if err := cmp.Or(s.open(ctx), s.broken, s.inPlace()); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// transaction is a write that is not yet committed, of one revision or several.
// The caller holds the lock of the writer.
type transaction struct {
	*graph
	batch
	base evidence.Sequence // the newest revision before it
	done bool
	// erased says that records are gone, so that nothing in memory can be followed.
	erased bool
}

// beginWrite takes the lock of the file, which keeps other processes from
// writing, and brings what is in memory to its head.
func (s *Store) beginWrite(ctx context.Context) (*transaction, error) {
	if err := s.connectWriter(); err != nil {
		return nil, s.wrap(err)
	}
	begin := "BEGIN IMMEDIATE"
	if s.undivided {
		begin = "BEGIN EXCLUSIVE" // or who reads when it is to be committed would stand in the way
	}
	if err := s.writer.await(ctx, begin); err != nil {
		s.hangUp()
		return nil, s.wrap(err)
	}
	g := &graph{store: s, conn: s.writer, written: map[evidence.ID]entry{}}
	t := &transaction{graph: g}
	err := s.fit(ctx, s.writer)
	if err == nil {
		g.head, err = s.writer.readHead(ctx)
	}
	if err == nil {
		err = s.follow(ctx, g)
	}
	if err == nil {
		err = t.start(ctx, g)
	}
	if err != nil {
		t.abandon()
		return nil, s.wrap(err)
	}
	t.base, g.flushLists = g.head.Sequence, t.flushPlaces
	return t, nil
}

// connectWriter opens the writing connection, unless it is open.
func (s *Store) connectWriter() (err error) {
	if s.writer == nil {
		s.writer, err = s.dialWriter()
	}
	return err
}

// hangUp closes the writing connection, whatever state it is in; the next write
// opens another.
func (s *Store) hangUp() {
	if s.writer != nil {
		if err := s.writer.close(); err != nil {
			s.log.Warn().Err(err).Str("store", s.name).Msg("closing a connection")
		}
		s.writer = nil
	}
}

// abandon takes back what was not committed.
func (t *transaction) abandon() {
	if t.done {
		return
	}
	t.done = true
	if t.store.writer == nil {
		return
	}
	if err := t.conn.exec(context.Background(), "ROLLBACK"); err != nil {
		t.store.hangUp() // SQLite takes back what a closed connection left
	}
}

// commit makes the transaction durable, and then known to what is in memory. A
// context that ends before the commit begins takes everything back; one that
// ends later is too late.
func (t *transaction) commit(ctx context.Context) error {
	s := t.store
	if err := t.flush(ctx); err != nil {
		return s.wrap(err)
	}
	if err := cmp.Or(s.open(ctx), s.inPlace()); err != nil {
		return err
	}
	if err := t.conn.exec(context.Background(), "COMMIT"); err != nil {
		if resultCode(err) == lib.SQLITE_IOERR {
			// After a failed write to the disk nobody knows what is on it. Going on
			// could acknowledge what is lost, so nothing is written any more until
			// the file is opened again, which recovers it from what the disk holds.
			s.broken = fmt.Errorf("%w: writing to %s has failed (%w); check the disk, restart, and run `vinculo verify`", store.ErrUnavailable, s.name, err)
			s.log.Error().Err(err).Str("store", s.name).Msg("the disk has refused a commit; nothing is written any more")
		}
		return s.wrap(err)
	}
	t.done = true
	s.learn(t)
	return nil
}

// learn tells what is in memory of a commit of this process.
func (s *Store) learn(t *transaction) {
	if t.erased {
		s.forget(t.head.Sequence)
		return
	}
	s.catching.Lock()
	if s.cache.head.Load() < uint64(t.head.Sequence) {
		if len(t.ids) > s.limits.followed || len(t.lists) > s.limits.followed {
			s.cache.reset(t.head.Sequence)
		} else {
			s.cache.advance(t.head.Sequence, t.ids, t.lists, false)
		}
	}
	s.catching.Unlock()
	s.links.learn(t)
}

// follow brings the cache to the revision that a transaction sees, where another
// process has written since.
func (s *Store) follow(ctx context.Context, g *graph) error {
	at := g.head.Sequence
	if uint64(at) <= s.cache.ready.Load() {
		return nil
	}
	s.catching.Lock()
	defer s.catching.Unlock()
	from := evidence.Sequence(s.cache.ready.Load())
	if at <= from {
		return nil
	}
	nums, err := g.touched(ctx, from, s.limits.followed)
	if errors.Is(err, errEnough) {
		s.cache.reset(at)
		return nil
	}
	if err != nil {
		return s.wrap(err)
	}
	var ids []evidence.ID
	err = inBatches(ctx, g, "SELECT id FROM record WHERE num IN ", nums, func(r row) error {
		ids = append(ids, evidence.ID(r.text(0)))
		return nil
	})
	if err != nil {
		return s.wrap(err)
	}
	s.cache.advance(at, ids, nil, true)
	return nil
}

// touched gives the records that revisions after one have changed, or errEnough
// where they are more than a limit.
func (g *graph) touched(ctx context.Context, after evidence.Sequence, limit int) (nums []int64, err error) {
	cut := false
	err = g.conn.query(ctx, "SELECT touched FROM revision WHERE seq > ? AND seq <= ? ORDER BY seq", []any{int64(after), int64(g.head.Sequence)}, func(r row) error { //nolint:gosec // never that large
		more, err := unpackNums(r.bytes(0))
		if err != nil {
			return err
		}
		if nums = append(nums, more...); len(nums) > limit || slices.Contains(more, everything) {
			cut = true
			return errEnough
		}
		return nil
	})
	if err == nil && cut {
		err = errEnough
	}
	return nums, err
}
