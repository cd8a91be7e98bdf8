package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// documents looks at the text of a query before it is parsed: it bounds its length, and answers
// automatic persisted queries as Apollo's clients send them (version 1, SHA-256 in hexadecimal).
type documents struct {
	cache  graphql.Cache[string]
	limits Limits
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = documents{}

// ExtensionName names the extension for gqlgen.
func (documents) ExtensionName() string { return "Documents" }

// Validate accepts every schema.
func (documents) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters puts the text that a hash stands for in its place.
func (d documents) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if len(request.Query) > d.limits.QueryBytes {
		return overLimit("queryBytes", "The text of the query is %d bytes long; %d are allowed. Put long values into variables.", len(request.Query), d.limits.QueryBytes)
	}
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
		if request.Query, ok = d.cache.Get(ctx, hash); !ok {
			// Clients compare this message, so it cannot be kinder.
			return fault(CodePersistedQueryNotFound, "PersistedQueryNotFound")
		}
		return nil
	}
	sum := sha256.Sum256([]byte(request.Query))
	if hex.EncodeToString(sum[:]) != hash {
		return fault(CodeInvalidInput, "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query: compute it over the text exactly as it is sent.")
	}
	d.cache.Add(ctx, hash, request.Query)
	return nil
}
