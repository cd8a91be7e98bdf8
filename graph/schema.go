package graph

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/trace"
)

// Options are what the schema is served with.
type Options struct {
	// Tracer answers; its vocabulary, a deployment's own kinds included, is the
	// one that the schema speaks.
	Tracer *trace.Tracer
	// Proposals holds change sets up for review; nil where the server does not.
	Proposals *proposal.Service
	// Tokens makes and lists personal tokens; nil where the server has none.
	Tokens *access.Tokens
	// Captures keeps the documents of sources; nil where the server has no place
	// for them.
	Captures *archive.Archive
}

// New gives the schema to serve. It opens and closes readers of the store by
// itself. Use it with ErrorPresenter and RecoverFunc, put who is asking into the
// context of each request with access.With, and limit the complexity of a query,
// as package server does.
func New(o Options) (graphql.ExecutableSchema, error) {
	schema, err := ServedSchema(o.Tracer.Vocabulary())
	if err != nil {
		return nil, err
	}
	return operating{NewExecutableSchema(Config{
		Schema:     schema,
		Resolvers:  &resolver{tracer: o.Tracer, proposals: o.Proposals, tokens: o.Tokens, captures: o.Captures},
		Complexity: prices(),
	})}, nil
}

// ServedSchema is the schema with the kinds of a vocabulary in its enums, so that
// introspection, completion and validation know a deployment's own.
func ServedSchema(v *vocabulary.Vocabulary) (*ast.Schema, error) {
	served := make([]*ast.Source, len(sources))
	for i, s := range sources {
		served[i] = s
		if strings.HasSuffix(s.Name, "vocabulary.graphqls") {
			served[i] = &ast.Source{Name: s.Name, Input: v.GraphQL()}
		}
	}
	schema, err := gqlparser.LoadSchema(served...)
	if err != nil {
		return nil, fmt.Errorf("the schema with the kinds of the vocabulary does not load: %w", err)
	}
	// Answers come whole: a deferred part would be read after its session closed.
	delete(schema.Directives, "defer")
	return schema, nil
}
