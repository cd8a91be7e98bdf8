package neo4j

import (
	"context"
	"errors"
	"iter"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
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

// Import implements store.Importer. Into an empty graph it is a firstLoad, where the
// first plan is large, and as long as the plans read nothing.
func (s *Store) Import(ctx context.Context, plans iter.Seq2[store.Plan, error]) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	i := importing{store: s, fresh: true}
	for plan, err := range plans {
		if err == nil {
			err = i.add(ctx, plan)
		}
		if err != nil {
			return errors.Join(err, i.end(ctx))
		}
	}
	return i.end(ctx)
}

// importing is one call of Import.
type importing struct {
	store *Store
	fresh bool       // nothing was written yet
	first *firstLoad // nil: each plan is written by itself
}

func (i *importing) add(ctx context.Context, plan store.Plan) error {
	if i.fresh || i.first != nil {
		if done, err := i.addFirst(ctx, plan); done || err != nil {
			return err
		}
	}
	if err := i.end(ctx); err != nil {
		return err
	}
	return i.write(ctx, plan)
}

func (i *importing) write(ctx context.Context, plan store.Plan) error {
	commit, err := i.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		commit, err := plan(ctx, snap)
		if err == nil && commit.Erasing != nil {
			err = errors.New("an erasure is written by itself, not among many revisions")
		}
		return commit, err
	})
	if err == nil && commit.New {
		i.fresh = false
	}
	return err
}

// addFirst adds a plan to the first load, or begins one with it. It is not done where
// that cannot be.
func (i *importing) addFirst(ctx context.Context, plan store.Plan) (done bool, err error) {
	snap := &unread{}
	if i.first != nil {
		snap.head = i.first.head
	} else if snap.head, err = i.store.Head(ctx); err != nil || snap.head.Sequence > 0 {
		i.fresh = false
		return false, err
	}
	commit, err := plan(ctx, snap)
	if !snap.onlyAdds(commit, err) {
		return false, nil
	}
	if i.first == nil {
		if i.fresh = false; len(commit.Transitions) < i.store.first.records {
			return false, nil
		}
		if i.first, err = i.store.beginFirst(ctx); err != nil || i.first == nil {
			return false, err
		}
	}
	if i.first.add(ctx, plan, commit) != nil {
		return true, i.end(ctx) // which tells the error, or goes on without a first load
	}
	return true, nil
}

// end ends the first load, if there is one.
func (i *importing) end(ctx context.Context) error {
	first := i.first
	if first == nil {
		return nil
	}
	i.first = nil
	left, err := first.end(ctx)
	for _, plan := range left {
		if err = i.write(ctx, plan); err != nil {
			break
		}
	}
	return err
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
