package neo4j

import (
	"context"
	"errors"
	"iter"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
)

// A group of revisions that are made durable together: as many as a transaction
// of a sensible size holds.
const (
	groupRevisions = 200
	groupRecords   = 20_000
)

type planLogged = func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error)

// Load implements store.BulkLoader. Each group of revisions is one transaction,
// so that many small ones do not each wait for the disk. A group whose
// connection is lost is sent again from where the log has come to.
func (s *Store) Load(ctx context.Context, log iter.Seq2[*evidence.Revision, error], plan planLogged) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	l := &loading{store: s, plan: plan}
	next, stop := iter.Pull2(log)
	defer stop()
	for {
		r, err, more := next()
		if err != nil {
			return errors.Join(l.flush(ctx), err)
		}
		if !more {
			return l.flush(ctx)
		}
		l.group = append(l.group, r)
		l.records += len(r.Leaves)
		if len(l.group) >= groupRevisions || l.records >= groupRecords {
			if err := l.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// loading is one call of Load.
type loading struct {
	store   *Store
	plan    planLogged
	group   []*evidence.Revision // not yet durable
	records int
	locked  bool
	again   bool // an attempt before may have come through
}

func (l *loading) flush(ctx context.Context) error {
	for losses := 0; len(l.group) > 0; losses++ {
		err := l.store.inTransaction(ctx, l.attempt, &l.locked)
		switch {
		case err == nil || errors.Is(err, errNothing):
			l.group, l.records, l.again = nil, 0, false
		case l.locked && again(ctx, err, losses):
			l.store.options.Logger.Warn().Err(err).Msg("lost the connection to Neo4j while loading; trying again")
		default:
			return l.store.fault(ctx, "load revisions", err)
		}
	}
	return nil
}

// attempt writes the group. Revisions of it that an attempt before has brought
// in, though its connection broke before the answer came, are left out: they are
// known by their hash.
func (l *loading) attempt(ctx context.Context, tx driver.ManagedTransaction) error {
	snap, err := l.store.lock(ctx, tx)
	if err != nil {
		return err
	}
	again := l.again
	l.locked, l.again = true, true
	wrote := false
	for _, r := range l.group {
		if again && r.Sequence() <= snap.head.Sequence {
			if there, err := snap.revision(ctx, revisionBySequence, int64(r.Sequence())); err == nil && there.Hash == r.Hash { //nolint:gosec // below Open
				continue
			}
		}
		commit, err := l.plan(ctx, snap, r)
		if err != nil {
			return err
		}
		if !commit.New {
			continue
		}
		if err := follows(commit, snap.head); err != nil {
			return err
		}
		if err := l.store.persist(ctx, snap, commit); err != nil {
			return err
		}
		snap.head, wrote = commit.Revision.Head(), true
		clear(snap.newest)
	}
	if !wrote {
		return errNothing
	}
	return nil
}
