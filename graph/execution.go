package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// The generated code runs these in place of gqlgen's own, which start a goroutine
// for each element and field; see graph/generate. A panic inside of either is held
// by the field around it.

// marshalInTurn marshals the elements of a list one after another.
func marshalInTurn(ctx context.Context, length int, marshal func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	out := make(graphql.Array, length)
	for i := range length {
		out[i] = marshal(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i)
	}
	return out
}

// resolveInTurn resolves one field of an object at once, and notes where a null
// makes the whole object null.
func resolveInTurn(ctx context.Context, out *graphql.FieldSet, i int, nonNull bool, resolve func(context.Context) graphql.Marshaler) {
	out.Values[i] = resolve(ctx)
	invalid := graphql.RequiredNull
	if nonNull {
		invalid = graphql.Null
	}
	if out.Values[i] == invalid {
		out.Invalids++
	}
}
