package neo4jtest

import (
	"errors"
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

// Asking returns a function that reads with a query, in a transaction that commits
// itself and over connections that are used again, as the quickest of programs
// would: what a benchmark holds others against. It may be called from many
// goroutines.
func Asking(tb testing.TB) func(query string, params map[string]any) error {
	tb.Helper()
	driver := Driver(tb)
	return func(query string, params map[string]any) error {
		session := driver.NewSession(tb.Context(), neo4j.SessionConfig{DatabaseName: "neo4j", AccessMode: neo4j.AccessModeRead, FetchSize: neo4j.FetchAll})
		_, err := run(tb.Context(), session, query, params)
		return errors.Join(err, session.Close(tb.Context()))
	}
}
