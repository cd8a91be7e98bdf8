package neo4j

import (
	"testing"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// TestLease holds one for longer than a beacon lasts, and looks for it from another
// store until it is released.
func TestLease(t *testing.T) {
	s := open(t)
	other, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	beacons := func(mark string) map[any]bool {
		ids := map[any]bool{}
		for _, one := range neo4jtest.Cypher(t, "SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.mark = $mark RETURN transactionId AS id", map[string]any{"mark": mark}) {
			ids[one["id"]] = true
		}
		return ids
	}
	const lasts = 3 * time.Second
	l, err := s.lease(t.Context(), "held", lasts)
	require.NoError(t, err)
	seen := map[any]bool{}
	for len(seen) < 12 { // of which each is lit long before the one before goes out
		for id := range beacons("held") {
			seen[id] = true
		}
		lit, err := other.lit(t.Context(), "held")
		require.NoError(t, err)
		require.NotEmpty(t, lit)
	}
	l.release()
	require.Empty(t, beacons("held"))

	t.Run("of somebody of whom nothing more is heard", func(t *testing.T) {
		b, err := s.light(t.Context(), "lost", driver.WithTxTimeout(time.Second))
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			lit, err := other.lit(t.Context(), "lost")
			require.NoError(t, err)
			return len(lit) == 0
		}, 30*time.Second, 100*time.Millisecond)
		_ = b.out(t.Context()) // the server has ended it
	})
	t.Run("of a store that is closed", func(t *testing.T) {
		gone, err := Open(t.Context(), neo4jtest.URI(t), Options{})
		require.NoError(t, err)
		l, err := gone.lease(t.Context(), "closed", leaseLasts)
		require.NoError(t, err)
		require.NoError(t, gone.Close())
		l.release()
		require.Empty(t, beacons("closed"))
	})
}
