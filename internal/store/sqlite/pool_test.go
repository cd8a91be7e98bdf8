package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// TestWhoWaitsForAConnectionHearsThatThePoolIsClosed closes it before there is one.
func TestWhoWaitsForAConnectionHearsThatThePoolIsClosed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "graph.db")
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, func() (*conn, error) { return dial(file) })
		lent, err := p.take(t.Context())
		require.NoError(t, err)
		answered := make(chan error, 1)
		go func() {
			_, err := p.take(t.Context())
			answered <- err
		}()
		synctest.Wait()
		require.NoError(t, p.close())
		p.give(lent)
		require.ErrorIs(t, <-answered, store.ErrClosed)
	})
}

// failing is a statement that fails.
type failing struct{ driver.Stmt }

var errFails = errors.New("the disk is gone")

func (failing) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return nil, errFails
}

func (failing) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return nil, errFails
}

// TestAConnectionInATransactionIsNotLent fails to end a transaction: when a reader
// is closed, and when one could not be opened.
func TestAConnectionInATransactionIsNotLent(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), Options{Readers: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	view := evidence.Now(evidence.Public)
	opened := func() *reader {
		r, err := s.Raw(t.Context(), view)
		require.NoError(t, err)
		return r.(*reader) //nolint:forcetypeassert // readers are
	}

	r := opened()
	rollback, err := r.g.conn.prepare("ROLLBACK")
	require.NoError(t, err)
	r.g.conn.stmts["ROLLBACK"] = failing{rollback}
	require.ErrorIs(t, r.Close(), errFails)

	require.NoError(t, opened().Close())
	for sql, stmt := range s.readers.idle[0].stmts {
		if sql != "BEGIN" {
			s.readers.idle[0].stmts[sql] = failing{stmt}
		}
	}
	_, err = s.Raw(t.Context(), view)
	require.ErrorIs(t, err, errFails)

	require.NoError(t, opened().Close())
}
