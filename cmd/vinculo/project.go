package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// followEvery is how often a projection looks whether its source has grown.
const followEvery = 2 * time.Second

// clearance reads that of a projection; it is CONFIDENTIAL for a whole copy.
func (c *copyCmd) clearance() (evidence.Clearance, error) {
	if c.Clearance == "" {
		return evidence.Confidential, nil
	}
	clearance, err := evidence.ParseClearance(c.Clearance)
	if err != nil {
		return 0, usageError{fmt.Errorf("--clearance %q is not that of a projection; give PUBLIC or RESTRICTED, or leave it out for a whole copy", c.Clearance)}
	}
	if clearance == evidence.Confidential {
		return 0, usageError{errors.New("--clearance CONFIDENTIAL sees everything; leave it out for a whole copy")}
	}
	return clearance, nil
}

// project writes what one clearance sees, once or following the source.
func (c *copyCmd) project(ctx context.Context, m *Main, v *vocabulary.Vocabulary, from, to store.Store, clearance evidence.Clearance) error {
	options := projection.Options{
		From: from, To: to, Clearance: clearance, Planner: newPlanner(v),
		Scratch: func(ctx context.Context) (store.Store, error) {
			return sqlite.Open(ctx, sqlite.Memory, sqlite.Options{Vocabulary: v})
		},
	}
	for {
		bar := m.newProgress()
		options.Progress = func(done, total uint64) { bar.show("projecting", done, total) }
		result, err := projection.Run(ctx, options)
		bar.finish()
		if err != nil {
			return err
		}
		_, unread := fmt.Fprintf(m.Stdout, "%s written; the projection shows %s of revisions up to %d\nhead %s\n", plural(result.Written, "revision"), clearance, result.Through, result.Head.Hash)
		err = c.carry(ctx, m, c.From, c.To, to)
		var missing *foundFaults
		// Who follows would go on for ever without a reader, and goes on without a
		// capture, which may be put back.
		if !c.Follow || unread != nil || err != nil && !errors.As(err, &missing) {
			return errors.Join(unread, err)
		}
		m.Report(err)
		if err := grown(ctx, from, result.Through); err != nil {
			return err
		}
	}
}

// grown waits until a store has revisions after one.
func grown(ctx context.Context, st store.Store, after evidence.Sequence) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		head, err := st.Head(ctx)
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		if err == nil && head.Sequence > after {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
