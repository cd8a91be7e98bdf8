package neo4j_test

import (
	"testing"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestShelf runs the suite that the shelf of every store passes.
func TestShelf(t *testing.T) {
	neo4jtest.Exclusive(t)
	storetest.RunShelf(t, func(tb testing.TB) storetest.Opened {
		tb.Helper()
		return storetest.Opened{Store: empty(tb), Again: func(tb testing.TB) store.Store {
			tb.Helper()
			return handle(tb)
		}}
	})
}
