package neo4jtest

import (
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// Cypher runs a query on the database of [URI] and returns its rows, so that a
// test elsewhere can look at what is there, or change it as someone might by
// hand, without the driver. Hold the database first: see [Fresh].
func Cypher(tb testing.TB, query string, params map[string]any) []map[string]any {
	tb.Helper()
	session := Driver(tb).NewSession(tb.Context(), neo4j.SessionConfig{DatabaseName: "neo4j"})
	records, err := run(tb.Context(), session, query, params)
	if err != nil {
		tb.Fatalf("neo4jtest: %v", err)
	}
	if err := session.Close(tb.Context()); err != nil {
		tb.Fatalf("neo4jtest: close the session: %v", err)
	}
	rows := make([]map[string]any, len(records))
	for i, r := range records {
		rows[i] = r.AsMap()
	}
	return rows
}
