package graph

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

// TestObjectIsWrittenAsAFieldSet compares an object with what gqlgen writes of the
// same fields, of which several may have one name.
func TestObjectIsWrittenAsAFieldSet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[_a-z][_a-zA-Z0-9]{0,2}`), 0, 3*manyFields).Draw(r, "names")
		fields := make([]graphql.CollectedField, len(names))
		for i, name := range names {
			fields[i].Field = &ast.Field{Alias: name}
		}
		want, got := graphql.NewFieldSet(fields), newObject(t.Context(), fields)
		for i := range fields {
			value := rapid.SampledFrom([]graphql.Marshaler{
				graphql.Null, graphql.True, graphql.MarshalString(fmt.Sprint("«", i, "»\n\"")), graphql.Array{}, newObject(t.Context(), nil),
			}).Draw(r, "value")
			want.Values[i], got.Values[i] = value, value
		}
		var expected bytes.Buffer
		want.MarshalGQL(&expected)
		require.Equal(r, expected.String(), string(marshal(t.Context(), got)))
		require.Equal(r, expected.String(), string(marshal(t.Context(), got)), "in the buffer that the first was written in")
	})
}
