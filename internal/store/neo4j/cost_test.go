package neo4j

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// TestRoundTrips counts the queries of each call of a reader, once the store knows that
// the log has a revision.
func TestRoundTrips(t *testing.T) {
	s := open(t)
	village(t, s, 300)
	_, err := s.Head(t.Context())
	require.NoError(t, err)
	for _, view := range []evidence.View{evidence.Now(evidence.Public), {Clearance: evidence.Public, KnownAt: 1}} {
		r, err := s.Raw(t.Context(), view)
		require.NoError(t, err)
		list := func(q store.Query) func() int {
			return func() (n int) {
				q.Limit = 25
				for _, err := range r.Find(t.Context(), q) {
					require.NoError(t, err)
					n++
				}
				return n
			}
		}
		expand := func(x store.Expansion) func() int {
			return func() (n int) {
				for _, err := range r.Expand(t.Context(), x) {
					require.NoError(t, err)
					n++
				}
				return n
			}
		}
		frontier := []evidence.ID{person(0), person(1), person(2), person(3)}
		for name, call := range map[string]func() int{
			"get":                func() int { m, err := r.Get(t.Context(), frontier); require.NoError(t, err); return len(m) },
			"entities":           list(store.Query{Type: evidence.EntityRecord}),
			"entities by kind":   list(store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON", "PLACE"}}),
			"links":              list(store.Query{Type: evidence.LinkRecord, Entities: frontier, Kinds: []string{"LINKED_TO"}}),
			"citations":          list(store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{"l1", "l2"}}),
			"sources":            list(store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{source(1), source(2)}}),
			"words":              list(store.Query{Type: evidence.EntityRecord, Text: []string{"vecino"}}),
			"expand":             expand(store.Expansion{Frontier: frontier, Total: 100}),
			"expand, some kept":  expand(store.Expansion{Frontier: frontier, PerNode: 10, Total: 100, Keep: func(e *store.Edge) bool { return e.To != person(3) }}),
			"expand to strength": expand(store.Expansion{Frontier: frontier, PerNode: 3, Total: 100, Strongest: true}),
			"candidates": func() (n int) {
				for _, err := range r.Candidates(t.Context(), store.TokenQuery{Prefix: "vec", Limit: 10}) {
					require.NoError(t, err)
					n++
				}
				return n
			},
			"versions": func() int { v, err := r.Versions(t.Context(), frontier); require.NoError(t, err); return len(v) },
			"revisions": func() (n int) {
				for _, err := range r.Revisions(t.Context(), store.RevisionQuery{Limit: 10}) {
					require.NoError(t, err)
					n++
				}
				return n
			},
		} {
			before := s.trips.Load()
			require.NotZero(t, call(), name)
			require.EqualValues(t, 1, s.trips.Load()-before, "%s at %d", name, view.KnownAt)
		}
		require.NoError(t, r.Close())
	}
	r, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	before := s.trips.Load()
	counts, err := r.Count(t.Context(), store.CountQuery{Of: []evidence.ID{person(0), person(1)}, Type: evidence.LinkRecord})
	require.NoError(t, err)
	require.Equal(t, map[evidence.ID]int{person(0): 299, person(1): 1}, counts)
	require.EqualValues(t, 1, s.trips.Load()-before)

	t.Run("a limit that Keep leaves unfilled is filled in a second round", func(t *testing.T) {
		last := evidence.ID("l199") // late in the order of dates
		n := 0
		before := s.trips.Load()
		for e, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{person(1), person(0)}, PerNode: 1, Total: 10, Keep: func(e *store.Edge) bool { return e.Link == last }}) {
			require.NoError(t, err)
			require.Equal(t, store.Edge{Link: last, At: 1}, store.Edge{Link: e.Link, At: e.At})
			n++
		}
		require.Equal(t, 1, n)
		require.EqualValues(t, 2, s.trips.Load()-before)
	})
}

// TestHub holds the first page of a hub's links against that of a tenth of it:
// the server touches as many things for the one as for the other.
func TestHub(t *testing.T) {
	hits := map[int]int64{}
	for _, people := range []int{200, 2000} {
		s := open(t)
		village(t, s, people)
		r := &reader{store: s, view: evidence.Now(evidence.Confidential)}
		for _, q := range []store.Query{
			{Type: evidence.LinkRecord, Entities: []evidence.ID{person(0)}, Limit: 25},
			{Type: evidence.LinkRecord, Entities: []evidence.ID{person(0)}, Limit: 25, Reverse: true},
			{Type: evidence.LinkRecord, Entities: []evidence.ID{person(0)}, Limit: 25, Kinds: []string{"LINKED_TO"}},
		} {
			shape, lists, incoming := r.lists(q)
			hits[people] += profile(t, s, s.texts.list[shape], row{"lists": lists, "incoming": incoming, "symmetric": r.symmetric(q), "limit": int64(q.Limit), "clearance": int64(2), "known": int64(0)})
		}
	}
	require.NotZero(t, hits[200])
	require.Less(t, hits[2000], hits[200]+hits[200]/5, "database hits by number of people: %v", hits)
}

func profile(t testing.TB, s *Store, q query, params row) int64 {
	t.Helper()
	ctx := t.Context()
	session := s.session(ctx)
	text, params := q.asked(params)
	result, err := session.Run(ctx, "PROFILE "+text, params)
	require.NoError(t, err)
	summary, err := result.Consume(ctx)
	require.NoError(t, err)
	require.NoError(t, session.Close(ctx))
	var sum func(p driver.ProfiledPlan) int64
	sum = func(p driver.ProfiledPlan) int64 {
		n := p.DbHits()
		for _, child := range p.Children() {
			n += sum(child)
		}
		return n
	}
	return sum(summary.Profile())
}

// TestEveryQueryIsListed reads the package's source for queries that the test of
// their plans would not see. Left out are those that have no plan, being calls
// of procedures about the schema or of transactions that run, those of numbers that
// Neo4j keeps, and those that are asked only of a graph in which somebody has made what
// is of no record.
func TestEveryQueryIsListed(t *testing.T) {
	known := map[string]bool{"names of the schema": true, "await indexes": true, "relationship types": true, "build the schema": true, "find a marked transaction": true, "count": true, "foreign nodes": true, "foreign relationships": true}
	for _, q := range fixed {
		known[q.name] = true
	}
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0) //nolint:staticcheck // one folder without build tags
	require.NoError(t, err)
	found := 0
	for name, file := range packages["neo4j"].Files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || len(literal.Elts) == 0 {
				return true
			}
			if of, ok := literal.Type.(*ast.Ident); !ok || of.Name != "query" {
				return true
			}
			named, ok := literal.Elts[0].(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			if text, ok := named.Value.(*ast.BasicLit); ok {
				value, err := strconv.Unquote(text.Value)
				require.NoError(t, err)
				require.True(t, known[value], "%s: the query %q is in no list; put it into fixed", name, value)
				found++
			}
			return true
		})
	}
	require.Greater(t, found, 30)
}
