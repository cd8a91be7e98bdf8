package neo4j

import (
	"context"
	"errors"
	"fmt"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// errNothing rolls back a transaction that turned out to have nothing to write.
var errNothing = errors.New("nothing to write")

// writing is one call of Write over all its attempts.
type writing struct {
	store *Store
	plan  store.Plan
	// locked is set when the present attempt reached the server and got its turn.
	locked bool
	// tried is the commit of the attempt before, which may or may not have come
	// through; done is the answer.
	tried, done *evidence.Commit
}

// maxLosses is how many attempts that break in the middle one write survives;
// pause is the wait after the first that the server itself refused.
const (
	maxLosses = 5
	pause     = 200 * time.Millisecond
)

// Write implements store.Store. Transient errors, deadlocks and changes of
// leader are retried by the driver's managed transaction; a connection that is
// lost while it commits leaves open whether the commit came through, so the next
// attempt, when it holds the lock, first looks for the revision by its hash.
func (s *Store) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	if err := s.writable(ctx); err != nil {
		return nil, err
	}
	w := &writing{store: s, plan: plan}
	for losses := 0; ; losses++ {
		err := s.inTransaction(ctx, w.attempt, &w.locked)
		switch {
		case err == nil:
			s.begun.Store(true)
			return w.done, nil
		case errors.Is(err, errNothing):
			return w.done, nil
		case w.locked && again(ctx, err, losses):
			s.options.Logger.Warn().Err(err).Msg("lost the connection to Neo4j in the middle of a write; trying again")
		default:
			return nil, s.fault(ctx, "write a revision", err)
		}
	}
}

// inTransaction runs work in one managed transaction of its own session.
func (s *Store) inTransaction(ctx context.Context, work func(context.Context, driver.ManagedTransaction) error, locked *bool) error {
	ctx, done, err := s.life.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	*locked = false
	session := s.session(ctx)
	_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		return nil, work(ctx, tx)
	}, limit(ctx))
	// A session whose connection is lost cannot say good-bye; what counts is err.
	closeErr := session.Close(context.WithoutCancel(ctx))
	if err == nil && closeErr != nil {
		s.options.Logger.Debug().Err(closeErr).Msg("closing a session of Neo4j")
	}
	return err
}

// lock waits for this writer's turn and gives what it may read.
func (s *Store) lock(ctx context.Context, tx driver.ManagedTransaction) (*snapshot, error) {
	rows, err := send(ctx, tx, lockHead, nil)
	if err != nil {
		return nil, err
	}
	if err := s.fit(rows); err != nil {
		return nil, err
	}
	head, err := newHead(rows[0])
	return &snapshot{tx: tx, head: head, newest: map[evidence.ID]*evidence.Record{}}, err
}

func (w *writing) attempt(ctx context.Context, tx driver.ManagedTransaction) error {
	snap, err := w.store.lock(ctx, tx)
	if err != nil {
		return err
	}
	w.locked = true
	if w.tried != nil {
		_, err := snap.revision(ctx, revisionByHash, w.tried.Revision.Hash.String())
		if err == nil {
			w.done = w.tried
			return errNothing
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	w.tried = nil
	commit, err := w.plan(ctx, snap)
	if err != nil {
		return err
	}
	if !commit.New {
		w.done = commit
		return errNothing
	}
	if err := follows(commit, snap.head); err != nil {
		return err
	}
	if err := w.store.persist(ctx, snap, commit); err != nil {
		return err
	}
	if commit.Erasing != nil {
		if err := w.store.destroy(ctx, snap, commit.Erasing); err != nil {
			return fmt.Errorf("erasing: %w", err)
		}
	}
	w.tried, w.done = commit, commit
	return nil
}

func follows(c *evidence.Commit, head evidence.Head) error {
	if !c.Revision.Follows(head) {
		return fmt.Errorf("neo4j: the plan made the revision at sequence %d, which does not follow the head at %d; plan on the snapshot that is given", c.Revision.Sequence(), head.Sequence)
	}
	return nil
}

// Head implements store.Store.
func (s *Store) Head(ctx context.Context) (evidence.Head, error) {
	rows, err := s.read(ctx, readHead, nil)
	if err == nil {
		err = s.fit(rows)
	}
	if err != nil {
		return evidence.Head{}, err
	}
	return newHead(rows[0])
}
