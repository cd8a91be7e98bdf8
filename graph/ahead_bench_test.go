package graph_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// BenchmarkCardFromNeo4j asks for cards through the schema, without HTTP, and by
// hand-written Cypher: of entities at random and of the hub, by one client and by
// eight.
func BenchmarkCardFromNeo4j(b *testing.B) {
	st, err := neo4j.Open(b.Context(), neo4jtest.Fresh(b), neo4j.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	config := generate.Config{Seed: 1, Entities: 2_000, Links: 10_000, Hub: 2_000, Citations: 1.5}
	author := evidence.Author{Name: "generate", Clearance: evidence.Confidential}
	require.NoError(b, config.Load(b.Context(), st, planner(vocabulary.Standard()), author, 5_000, nil))
	s := serve(b, st, vocabulary.Standard())
	s.exec.SetQueryCache(lru.New[*ast.QueryDocument](10))
	const card = `query($id: ID!) { entity(id: $id) { id name kind links(direction: ANY, first: 25) { edges { node {
		id kind from { id name } to { id name } citations(first: 3) { nodes { stance locator source { id title } } } } } } } }`
	const byHand = "MATCH (e:Entity {id: $id}) MATCH (e)-[r]-(o:Entity) WITH e, r, o LIMIT 25 MATCH (c:Claim {id: r.id}) RETURN e.name, e.kind, r.id, type(r), o.id, o.name, " +
		"COLLECT { MATCH (c)-[:HAS_CITATION]->(x)-[:IN_SOURCE]->(s) RETURN [x.stance, x.locator, s.id, s.title] LIMIT 3 } AS citations"
	asking := neo4jtest.Asking(b)
	ways := []struct {
		name string
		ask  func(b *testing.B, id string)
	}{
		{"by hand", func(b *testing.B, id string) {
			if err := asking(byHand, object{"id": id}); err != nil {
				b.Error(err)
			}
		}},
		{"schema", func(b *testing.B, id string) {
			handler, ctx, faults := s.start(b.Context(), card, object{"id": id})
			if len(faults) > 0 {
				b.Error(faults)
				return
			}
			if response := handler(ctx); len(response.Errors) > 0 {
				b.Error(response.Errors)
			}
		}},
	}
	for _, clients := range []int{1, 8} {
		for _, who := range []string{"anyone", "the hub"} {
			for _, way := range ways {
				b.Run(fmt.Sprintf("%s/%d clients/%s", who, clients, way.name), func(b *testing.B) {
					b.SetParallelism(max(clients/runtime.GOMAXPROCS(0), 1))
					if clients == 1 {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
					}
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							id := "e00000000"
							if who == "anyone" {
								id = fmt.Sprintf("e%08d", 1+rand.IntN(config.Entities-1)) //nolint:gosec // a benchmark's choice is no secret
							}
							way.ask(b, id)
						}
					})
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cards/s")
				})
			}
		}
	}
}
