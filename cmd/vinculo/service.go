package main

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// newSchema makes the schema that `serve` and `query` answer by; captures may be
// nil.
func newSchema(st store.Store, p *evidence.Planner, captures *archive.Archive) (graphql.ExecutableSchema, error) {
	o := graph.Options{Tracer: trace.New(st, p.Vocabulary, p), Captures: captures}
	if shelf, ok := st.(store.Shelf); ok {
		o.Proposals = proposal.New(shelf, proposal.Over(st, p, o.Tracer.Apply))
		o.Tokens = access.NewTokens(shelf)
	}
	return graph.New(o)
}

// owner is who asks where no access is configured: whoever runs the program.
func owner() access.Identity { return access.Owner("owner") }
