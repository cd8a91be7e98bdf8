package graph

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/allowance"
)

// The generated code runs these in place of gqlgen's own, which start a goroutine
// for each element and field; see graph/generate. A panic inside of either is held
// by the field around it.

// marshalInTurn marshals the elements of a list one after another, for as long as
// the answer may grow.
func marshalInTurn(ctx context.Context, length int, marshal func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	out := make(graphql.Array, length)
	allowed := allowance.From(ctx)
	for i := range length {
		if allowed.Over() {
			out[i] = graphql.Null
			continue
		}
		out[i] = marshal(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i)
	}
	return out
}

// resolveInTurn resolves one field of an object at once, and notes where a null
// makes the whole object null.
func resolveInTurn(ctx context.Context, out *object, i int, nonNull bool, resolve func(context.Context) graphql.Marshaler) {
	out.Values[i] = resolve(ctx)
	invalid := graphql.RequiredNull
	if nonNull {
		invalid = graphql.Null
	}
	if out.Values[i] == invalid {
		out.Invalids++
	}
}

// marshal gives the JSON of an answer. It is written where the one before it was,
// and so copied once, instead of as often as a buffer of its own would grow.
func marshal(ctx context.Context, data graphql.Marshaler) []byte {
	buffer := buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is put there
	buffer.Reset()
	data.MarshalGQL(allowance.From(ctx).Writer(buffer))
	answer := bytes.Clone(buffer.Bytes())
	if buffer.Cap() <= keptBuffer {
		buffers.Put(buffer)
	}
	return answer
}

// buffers are of *bytes.Buffer, each of up to keptBuffer bytes.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBuffer = 1 << 20

// object is an object of an answer, in place of a graphql.FieldSet, which is made
// for @defer and writes itself from closures, with a map of the names written.
type object struct {
	fields []graphql.CollectedField
	// Values are those of the fields; Invalids counts the nulls among them that
	// make the whole object null.
	Values   []graphql.Marshaler
	Invalids uint32
}

// objectBytes is what an answer is charged for an object beside the names of its
// fields: about what it takes in memory until it is written.
const objectBytes = 64

func newObject(ctx context.Context, fields []graphql.CollectedField) *object {
	size := objectBytes
	for i := range fields {
		size += len(fields[i].Alias) + len(`"":,`)
	}
	allowance.From(ctx).Spend(size)
	return &object{fields: fields, Values: make([]graphql.Marshaler, len(fields))}
}

// manyFields is from where on names that were written are looked up in a map.
const manyFields = 16

// MarshalGQL implements graphql.Marshaler. Of fields with one name, which
// fragments on several types can select, the first is written.
func (o *object) MarshalGQL(w io.Writer) {
	var written map[string]struct{}
	if len(o.fields) > manyFields {
		written = make(map[string]struct{}, len(o.fields))
	}
	_, _ = io.WriteString(w, "{")
	for i := range o.fields {
		name := o.fields[i].Alias
		if o.wrote(i, written) {
			continue
		}
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		_, _ = io.WriteString(w, `"`) // a name holds nothing that JSON escapes
		_, _ = io.WriteString(w, name)
		_, _ = io.WriteString(w, `":`)
		o.Values[i].MarshalGQL(w)
	}
	_, _ = io.WriteString(w, "}")
}

// wrote says whether a field has the name of one before it, and notes the name
// where there is a map of them.
func (o *object) wrote(i int, written map[string]struct{}) bool {
	name := o.fields[i].Alias
	if written == nil {
		for j := range i {
			if o.fields[j].Alias == name {
				return true
			}
		}
		return false
	}
	_, is := written[name]
	written[name] = struct{}{}
	return is
}
