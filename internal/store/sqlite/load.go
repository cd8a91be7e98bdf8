package sqlite

import (
	"context"
	"errors"
	"iter"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Load implements store.BulkLoader: many revisions share one commit, what they
// write to lists is sorted first, and what they read again stays in memory.
func (s *Store) Load(ctx context.Context, log iter.Seq2[*evidence.Revision, error], plan func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error)) error {
	release, err := s.lockWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	var t *transaction
	defer func() {
		if t != nil {
			t.abandon()
		}
		if s.writer != nil {
			_ = s.writer.script(context.Background(), writerCache) // only a matter of memory
		}
	}()
	revisions := 0
	// keep makes durable what came before an error.
	keep := func(err error) error {
		if t == nil || revisions == 0 || ctx.Err() != nil {
			return err
		}
		return errors.Join(err, t.commit(ctx))
	}
	for logged, err := range log {
		if err != nil {
			return keep(err)
		}
		if t == nil {
			if t, err = s.beginWrite(ctx); err != nil {
				return err
			}
			revisions = 0
			if err := s.writer.script(ctx, loaderCache); err != nil {
				return s.wrap(err)
			}
		}
		commit, err := plan(ctx, snapshot{t.graph}, logged)
		if err != nil {
			return keep(err)
		}
		if commit.New {
			if err := t.add(ctx, commit); err != nil {
				return s.wrap(err)
			}
			revisions++
		}
		if len(t.places) >= s.limits.groupPlaces || revisions >= s.limits.groupRevisions {
			if err := t.commit(ctx); err != nil {
				return err
			}
			t = nil
		}
	}
	if t == nil {
		return nil
	}
	return t.commit(ctx)
}
