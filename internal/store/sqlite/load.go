package sqlite

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"path/filepath"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

var _ store.WholeImporter = (*Store)(nil)

// Load implements store.BulkLoader.
func (s *Store) Load(ctx context.Context, log iter.Seq2[*evidence.Revision, error], plan func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error)) error {
	return s.Import(ctx, func(yield func(store.Plan, error) bool) {
		for logged, err := range log {
			if !yield(func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return plan(ctx, snap, logged)
			}, err) {
				return
			}
		}
	})
}

// Import implements store.Importer: many revisions share one commit, what they
// write to lists is sorted first, and what they read again stays in memory. Into
// an empty store it is a first load.
func (s *Store) Import(ctx context.Context, plans iter.Seq2[store.Plan, error]) error {
	release, err := s.lockWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	g := group{store: s}
	defer g.end()
	return g.run(ctx, plans)
}

// ImportWhole implements store.WholeImporter: a first load is one transaction.
func (s *Store) ImportWhole(ctx context.Context, plans iter.Seq2[store.Plan, error], records int) (taken bool, err error) {
	if records >= s.limits.firstRecords {
		return false, nil
	}
	release, err := s.lockWriter(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	back, err := s.leaveLog(ctx)
	if err != nil {
		return false, err
	}
	defer back()
	g := group{store: s, whole: true, expected: records}
	defer g.end()
	if err := g.begin(ctx); err != nil || g.first == nil {
		return false, err
	}
	return true, g.run(ctx, plans)
}

// run writes what plans give.
func (g *group) run(ctx context.Context, plans iter.Seq2[store.Plan, error]) error {
	for plan, err := range plans {
		if err != nil {
			return g.keep(ctx, err)
		}
		if g.t == nil {
			if err := g.begin(ctx); err != nil {
				return err
			}
		}
		commit, err := plan(ctx, g.snapshot())
		if err != nil {
			return g.keep(ctx, err)
		}
		if !commit.New {
			continue
		}
		if commit.Erasing != nil {
			return g.keep(ctx, errors.New("an erasure is written by itself, not among many revisions"))
		}
		if err := g.add(ctx, commit); err != nil {
			return g.store.wrap(err)
		}
		if g.full() {
			if err := g.commit(ctx); err != nil {
				return err
			}
		}
	}
	if g.t == nil {
		return nil
	}
	return g.commit(ctx)
}

// folder is where the file of the store is.
func (s *Store) folder() string {
	if at, err := url.Parse(s.dsn); err == nil {
		return filepath.Dir(filepath.FromSlash(at.Path))
	}
	return "" // that of the system for temporary files
}

// group is the revisions of a load that share one commit.
type group struct {
	store     *Store
	t         *transaction // nil before the first of them
	first     *first       // nil where the store was not empty
	whole     bool         // all of it or nothing
	expected  int          // about how many records a first load has; 0 where nobody knows
	revisions int
	records   int
}

func (g *group) begin(ctx context.Context) (err error) {
	s := g.store
	if g.t, err = s.beginWrite(ctx); err != nil {
		return err
	}
	g.revisions, g.records, g.first = 0, 0, nil
	if g.t.head.Sequence == 0 && !g.t.projected {
		g.first, err = beginFirst(ctx, g.t, g.expected)
	} else { // a first load hardly comes back to a page
		err = s.writer.script(ctx, loaderCache)
	}
	return s.wrap(err)
}

func (g *group) snapshot() evidence.Snapshot {
	if g.first != nil {
		return firstSnapshot{g.first}
	}
	return snapshot{g.t.graph}
}

func (g *group) add(ctx context.Context, commit *evidence.Commit) error {
	g.revisions++
	g.records += len(commit.Transitions)
	if g.first != nil {
		return g.first.add(ctx, commit)
	}
	return g.t.add(ctx, commit)
}

// full says whether the group is to be committed before more is added.
func (g *group) full() bool {
	if g.whole {
		return false
	}
	if g.first != nil && !g.first.settled {
		return g.records >= g.store.limits.firstRecords
	}
	return len(g.t.places) >= g.store.limits.groupPlaces || g.revisions >= g.store.limits.groupRevisions
}

func (g *group) commit(ctx context.Context) error {
	if g.first != nil {
		if err := g.first.settle(ctx); err != nil {
			return g.store.wrap(err)
		}
	}
	err := g.t.commit(ctx)
	if err == nil {
		g.t, g.first = nil, nil
	}
	return err
}

// keep makes durable what came before an error, unless it is all or nothing.
func (g *group) keep(ctx context.Context, err error) error {
	if g.whole || g.t == nil || g.revisions == 0 || ctx.Err() != nil {
		return err
	}
	return errors.Join(err, g.commit(ctx))
}

// end takes back what was not committed.
func (g *group) end() {
	if g.first != nil {
		_ = g.first.stop() // the error is that of Import, or nobody's any more
		g.first.runs.close()
	}
	if g.t != nil {
		g.t.abandon()
		if g.first != nil {
			g.store.hangUp() // it may have read a schema that is taken back
		}
	}
	if g.store.writer != nil {
		_ = g.store.writer.script(context.Background(), writerCache) // only a matter of memory
	}
}
