package neo4j

import (
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestOlderDatabase opens a database as the first schema left it, without ranks and
// with edges that are lists of numbers: they are written as the program itself
// would have.
func TestOlderDatabase(t *testing.T) {
	s := open(t)
	village(t, s, 30)
	secret := evidence.NewCitation{ID: "secret", Source: source(1), Stance: "DISPUTES", Locator: "p. 2", Clearance: "RESTRICTED"}
	_, err := storetest.Apply(t.Context(), s, 9, storetest.Top, &evidence.ChangeSet{Reason: "a denial", IdempotencyKey: "denial", Changes: []evidence.Change{{Cite: &evidence.Cite{Claim: "l7", Citation: secret}}}})
	require.NoError(t, err)
	strongest := func(s *Store, c evidence.Clearance) (links []evidence.ID) {
		r, err := s.Raw(t.Context(), evidence.Now(c))
		require.NoError(t, err)
		for e, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{person(0), person(7)}, Strongest: true, PerNode: 29, Total: 30}) {
			require.NoError(t, err)
			links = append(links, e.Link)
		}
		require.NoError(t, r.Close())
		return links
	}
	keyOf := func(s *Store) (key string) {
		for r, err := range s.Log(t.Context(), 0) {
			require.NoError(t, err)
			key += r.Key
		}
		return key
	}
	key := keyOf(s)
	require.NotEmpty(t, key)
	before := [2][]evidence.ID{strongest(s, evidence.Public), strongest(s, evidence.Restricted)}
	require.NotEqual(t, before[0], before[1], "a denial that only some see makes the link weaker for them")

	d := neo4jtest.Driver(t)
	for _, text := range []string{
		"MATCH (n:Version) REMOVE n.rank, n.rankSlot", "MATCH (s:Schema) SET s.version = 1",
		"MATCH (v:Revision) WHERE v.key IS NOT NULL SET v.key = 'of the author alone'",
		"DROP INDEX version_from_rank", "DROP INDEX version_to_rank", "DROP INDEX version_pair",
		// As it was at first: days, flags, and standing, strength and disputes at each clearance.
		"MATCH (n:Version) WHERE n.edge IS NOT NULL SET n.edge = [i IN range(0, 3) | (n.edge[4*i] * 16777216) + ((n.edge[4*i+1] + 256) % 256) * 65536 + ((n.edge[4*i+2] + 256) % 256) * 256 + (n.edge[4*i+3] + 256) % 256] + " +
			"[n.edge[16]] + reduce(all = [], c IN range(0, 2) | all + [n.edge[19+4*c], 128 * n.edge[17+4*c] + n.edge[18+4*c], 3 * n.edge[20+4*c]])",
	} {
		_, err := driver.ExecuteQuery(t.Context(), d, text, nil, driver.EagerResultTransformer, driver.ExecuteQueryWithDatabase("neo4j"))
		require.NoError(t, err)
	}
	again, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	for row, err := range again.Scan(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, row.Fault, row.Key)
	}
	require.Equal(t, key, keyOf(again))
	after := [2][]evidence.ID{strongest(again, evidence.Public), strongest(again, evidence.Restricted)}
	require.Equal(t, before, after)
}

// TestEmptyDatabase makes the schema from nothing, several times: Neo4j fills an
// index after the transaction that makes it, and whether it has ended when the
// next query comes is chance.
func TestEmptyDatabase(t *testing.T) {
	neo4jtest.Exclusive(t)
	for range 4 {
		require.NoError(t, neo4jtest.Empty(t.Context(), neo4jtest.Driver(t)))
		s, err := Open(t.Context(), neo4jtest.URI(t), Options{})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}
