package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxRepeats is how often one selection may name the same field, and how many fields and values a
// document may name that the schema has not. Validation compares each pair of the former, and looks for
// names like each of the latter, which takes half a second for what fits into the tokens.
const maxRepeats = 50

// documents looks at the text of a query before it is validated: it bounds its length and what would
// make validation slow, and answers automatic persisted queries as Apollo's clients send them
// (version 1, SHA-256 in hexadecimal).
type documents struct {
	persisted graphql.Cache[string]
	validated graphql.Cache[*ast.QueryDocument]
	names     map[string]bool // The names that fields and enum values of the schema have.
	limits    Limits
}

func newDocuments(schema *ast.Schema, validated graphql.Cache[*ast.QueryDocument], limits Limits) documents {
	names := map[string]bool{"__typename": true}
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			names[field.Name] = true
		}
		for _, value := range definition.EnumValues {
			names[value.Name] = true
		}
	}
	return documents{persisted: lru.New[string](cachedDocuments), validated: validated, names: names, limits: limits}
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = documents{}

// ExtensionName names the extension for gqlgen.
func (documents) ExtensionName() string { return "Documents" }

// Validate accepts every schema.
func (documents) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses a document, or completes one of which only the hash was sent.
func (d documents) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if len(request.Query) > d.limits.QueryBytes {
		return overLimit("queryBytes", "The text of the query is %d bytes long; %d are allowed. Put long values into variables.", len(request.Query), d.limits.QueryBytes)
	}
	if refusal := d.persist(ctx, request); refusal != nil {
		return refusal
	}
	if _, known := d.validated.Get(ctx, request.Query); known {
		return nil
	}
	if err := CheckQuery(request.Query); err != nil {
		return fault(CodeInvalidInput, "The query %s.", err)
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: request.Query}, d.limits.Tokens)
	if err != nil {
		return nil //nolint:nilerr // The executor parses it again and tells what is wrong.
	}
	unknown := 0
	for _, operation := range parsed.Operations {
		if refusal := d.shape(operation.SelectionSet, &unknown); refusal != nil {
			return refusal
		}
	}
	for _, fragment := range parsed.Fragments {
		if refusal := d.shape(fragment.SelectionSet, &unknown); refusal != nil {
			return refusal
		}
	}
	return nil
}

// shape refuses what validation would take long over. It follows no fragment.
func (d documents) shape(set ast.SelectionSet, unknown *int) *gqlerror.Error {
	names := map[string]int{}
	for _, selection := range set {
		var inner ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.Field:
			inner = selection.SelectionSet
			if names[selection.Alias]++; names[selection.Alias] > maxRepeats {
				return overLimit("repeats", "The query names %s more than %d times in one place. Once is enough.", cut(selection.Alias), maxRepeats)
			}
			if !d.names[selection.Name] {
				*unknown++
			}
			for _, argument := range selection.Arguments {
				d.value(argument.Value, unknown)
			}
			if *unknown > maxRepeats {
				return overLimit("unknown", "The query names more than %d fields and values that the schema has not.", maxRepeats)
			}
		case *ast.InlineFragment:
			inner = selection.SelectionSet
		}
		if refusal := d.shape(inner, unknown); refusal != nil {
			return refusal
		}
	}
	return nil
}

// value counts the enum values that the schema has not.
func (d documents) value(value *ast.Value, unknown *int) {
	if value.Kind == ast.EnumValue && !d.names[value.Raw] {
		*unknown++
	}
	for _, inner := range value.Children {
		d.value(inner.Value, unknown)
	}
}

// persist puts the text that a hash stands for in its place, or keeps the text that came with one.
func (d documents) persist(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	persisted, ok := request.Extensions["persistedQuery"]
	if !ok || persisted == nil {
		return nil
	}
	fields, _ := persisted.(map[string]any)
	hash, _ := fields["sha256Hash"].(string)
	if version, ok := integer(fields["version"]); !ok || version != 1 || len(hash) != hex.EncodedLen(sha256.Size) {
		return fault(CodeInvalidInput, `extensions.persistedQuery: give {"version": 1, "sha256Hash": "…"} with the SHA-256 of the query in 64 hexadecimal digits.`)
	}
	if request.Query == "" {
		if request.Query, ok = d.persisted.Get(ctx, hash); !ok {
			// Clients compare this message, so it cannot be kinder.
			return fault(CodePersistedQueryNotFound, "PersistedQueryNotFound")
		}
		return nil
	}
	sum := sha256.Sum256([]byte(request.Query))
	if hex.EncodeToString(sum[:]) != hash {
		return fault(CodeInvalidInput, "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query: compute it over the text exactly as it is sent.")
	}
	d.persisted.Add(ctx, hash, request.Query)
	return nil
}
