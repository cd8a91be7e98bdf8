package neo4j_test

import (
	"testing"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestStore runs the suite that every store passes.
func TestStore(t *testing.T) {
	neo4jtest.Exclusive(t)
	require.NoError(t, neo4jtest.Empty(t.Context(), neo4jtest.Driver(t))) // the first store that is opened makes the schema
	storetest.Run(t, func(t testing.TB) storetest.Opened {
		return storetest.Opened{Store: empty(t), Again: func(t testing.TB) store.Store { return handle(t) }}
	}, storetest.Histories(4), storetest.Steps(8), storetest.Lacks(storetest.Corridors))
}

// handle opens one more handle on the server's database.
func handle(t testing.TB) *neo4j.Store {
	t.Helper()
	return handleAt(t, neo4jtest.URI(t))
}

func handleAt(t testing.TB, uri string) *neo4j.Store {
	t.Helper()
	s, err := neo4j.Open(t.Context(), uri, neo4j.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// empty takes all data away, leaves the constraints and indexes, which take
// seconds to make, and opens the store. The caller holds the database.
func empty(t testing.TB) *neo4j.Store {
	t.Helper()
	wipe(t)
	return handle(t)
}

// wipe takes all nodes away.
func wipe(t testing.TB) {
	t.Helper()
	require.NoError(t, neo4jtest.Wipe(t.Context(), neo4jtest.Driver(t)))
}

var shared driver.DriverWithContext

// cypher runs what a person would type into Neo4j Browser.
func cypher(t testing.TB, text string, params ...map[string]any) []*driver.Record {
	t.Helper()
	if shared == nil {
		d, err := neo4jtest.Open(neo4jtest.URI(t))
		require.NoError(t, err)
		shared = d // closed with the process
	}
	var with map[string]any
	if len(params) > 0 {
		with = params[0]
	}
	result, err := driver.ExecuteQuery(t.Context(), shared, text, with, driver.EagerResultTransformer, driver.ExecuteQueryWithDatabase("neo4j"))
	require.NoError(t, err, text)
	return result.Records
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, 20*time.Millisecond, what)
}
