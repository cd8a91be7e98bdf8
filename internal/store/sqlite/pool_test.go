package sqlite

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

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
