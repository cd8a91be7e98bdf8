package graph_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/vinculo/vinculo/internal/server"
)

// price is what the first operation of a document costs.
func price(t *testing.T, s *service, query, vars string) int {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(s.schema.Schema(), query, nil)
	require.Empty(t, errs)
	given, err := validator.VariableValues(s.schema.Schema(), doc.Operations[0], variables(t, vars))
	require.NoError(t, err)
	return complexity.Calculate(t.Context(), s.schema, doc.Operations[0], given)
}

func TestWalksCostAsMuchAsTheyMayShow(t *testing.T) {
	s := onCase(t)
	const base = 250
	for query, want := range map[string]int{
		`{ paths(from: ["a"], to: ["b"], maxLength: 4, first: 5) { found { hops { backward } } } }`:         base + 1 + 5*(1+4*3),
		`{ paths(from: ["a"], to: ["b"], maxLength: 4, first: 5000) { found { hops { backward } } } }`:      base + 1 + 51*(1+4*3),
		`{ subgraph(around: ["a"], maxEntities: 10, maxLinks: 40) { links { id } } }`:                       base + 1 + 40*2,
		`{ subgraph(around: ["a"], maxEntities: 80, maxLinks: 40) { entities { depth } } }`:                 base + 1 + 80*2,
		`{ commandersOf(of: "a", on: "2014", first: 2) { units { chain(first: 5) { rungs { level } } } } }`: base + 1 + 2*(1+1+5*2),
		`{ ranking(scope: {around: ["a"], maxEntities: 300}, first: 10) { ranked { score } } }`:             base + 1 + 300 + 1 + 10*2,
		`{ communities(scope: {around: ["a"], maxEntities: 300}) { groups { entities { id } } } }`:          base + 1 + 300*3,
		`{ timeline(around: ["a"], first: 100) { moments { what } } }`:                                      base + 1 + 100*2,
		`{ sourceImpact(ids: ["a"], first: 100) { claims { lost } } }`:                                      base + 1 + 100*2,
		`{ diff(from: 0, first: 10) { nodes { record } } }`:                                                 base + 1 + 10*2,
		`{ duplicates(last: 10) { pairs { score } } }`:                                                      base + 1 + 10*2,
		`{ entity(id: "a") { names { text sources { id } } notes { key value } aliases } }`:                 1 + 1 + 4*(1+1+2) + 1 + 3*2 + 4,
		`{ link(id: "a") { standingHistory { citation { claim { standingHistory { on } } } } } }`:           1 + 1 + 3*(1+1+1+3),
		`{ source(id: "a") { derivedFrom { derivedFrom { captures { sha256 } } } } }`:                       1 + 1 + 3*(1+3*(1+3)),
	} {
		require.Equal(t, want, price(t, s, query, ""), query)
	}
	deep := "{ source(id: \"a\") {" + strings.Repeat("derivedFrom {", 12) + "id" + strings.Repeat("}", 14)
	require.Greater(t, price(t, s, deep, ""), server.DefaultLimits().Complexity)
	require.Greater(t, price(t, s, `{ subgraph(around: ["a"], maxLinks: 5000) { links { citations { nodes { source { title } } } } } }`, ""), server.DefaultLimits().Complexity)
}

// TestExamplesAreAffordable prices the questions that the playground opens with.
func TestExamplesAreAffordable(t *testing.T) {
	s := onCase(t)
	files, err := filepath.Glob("../web/src/examples/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		query, err := os.ReadFile(file)
		require.NoError(t, err)
		vars, err := os.ReadFile(strings.TrimSuffix(file, "graphql") + "json")
		if err == nil {
			require.True(t, json.Valid(vars), file)
		}
		cost := price(t, s, string(query), string(vars))
		t.Logf("%s costs %d", filepath.Base(file), cost)
		require.Less(t, cost, server.DefaultLimits().AnonymousComplexity, file)
	}
}
