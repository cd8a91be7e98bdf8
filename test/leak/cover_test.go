package leak_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// coverage is what the cases name of the schema, and what was answered with
// something.
type coverage struct {
	schema   *ast.Schema
	named    map[string]bool
	answered map[string]bool
}

func newCoverage(s *ast.Schema) *coverage {
	return &coverage{s, map[string]bool{}, map[string]bool{}}
}

// TestEveryFieldHasACase walks the schema: each field of each type that can be
// reached, each argument and each field of an input is in some case.
func TestEveryFieldHasACase(t *testing.T) {
	c := load(t)
	cover := newCoverage(c.schema)
	for _, o := range c.list {
		cover.name(o.SelectionSet)
	}
	for _, set := range specimens() {
		cover.input(c.schema.Types["ChangeSetInput"], asVariable(t, set))
	}
	for variable, values := range shapes() {
		for _, v := range values {
			cover.input(c.schema.Types[inputs[variable]], v)
		}
	}
	var missing []string
	for _, point := range reachable(c.schema) {
		if !cover.named[point] {
			missing = append(missing, point)
		}
	}
	require.Empty(t, missing, "these are in no leak case; name each in an operation of test/leak/cases, so that it is shown to tell nothing of what a reader may not see")
}

// name notes the fields and arguments of a selection. A field of an interface
// counts for the types that have it.
func (c *coverage) name(selections ast.SelectionSet) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			types := []string{s.ObjectDefinition.Name}
			for _, possible := range c.schema.GetPossibleTypes(s.ObjectDefinition) {
				types = append(types, possible.Name)
			}
			for _, of := range types {
				c.named[of+"."+s.Name] = true
				for _, a := range s.Arguments {
					c.named[fmt.Sprintf("%s.%s(%s:)", of, s.Name, a.Name)] = true
					c.literal(a.Value)
				}
			}
			c.name(s.SelectionSet)
		case *ast.InlineFragment:
			c.name(s.SelectionSet)
		case *ast.FragmentSpread:
			c.name(s.Definition.SelectionSet)
		}
	}
}

func (c *coverage) literal(v *ast.Value) {
	for _, child := range v.Children {
		if v.Kind == ast.ObjectValue && v.Definition != nil {
			c.named[v.Definition.Name+"."+child.Name] = true
		}
		c.literal(child.Value)
	}
}

// input notes the fields of an input that a variable gives.
func (c *coverage) input(of *ast.Definition, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			field := of.Fields.ForName(name)
			if field == nil {
				continue
			}
			c.named[of.Name+"."+name] = true
			if inner := c.schema.Types[field.Type.Name()]; inner != nil && inner.Kind == ast.InputObject {
				c.input(inner, value)
			}
		}
	case []any:
		for _, item := range v {
			c.input(of, item)
		}
	}
}

// reachable is everything that cases have to name, sorted: Type.field,
// Type.field(argument:) and Input.field.
func reachable(s *ast.Schema) []string {
	var points []string
	seen := map[string]bool{}
	var visit func(*ast.Definition)
	visit = func(d *ast.Definition) {
		if d == nil || seen[d.Name] || strings.HasPrefix(d.Name, "__") {
			return
		}
		seen[d.Name] = true
		for _, possible := range s.GetPossibleTypes(d) {
			visit(possible)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			points = append(points, d.Name+"."+f.Name)
			visit(s.Types[f.Type.Name()])
			for _, a := range f.Arguments {
				points = append(points, fmt.Sprintf("%s.%s(%s:)", d.Name, f.Name, a.Name))
				visit(s.Types[a.Type.Name()])
			}
		}
	}
	visit(s.Query)
	visit(s.Mutation)
	visit(s.Subscription)
	slices.Sort(points)
	return points
}

// answer notes the fields that an answer has something in, so that a test whose
// answers are all empty is found out.
func (c *coverage) answer(t testing.TB, root *ast.Definition, selections ast.SelectionSet, data json.RawMessage) {
	t.Helper()
	if len(data) == 0 {
		return
	}
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	c.walk(root, selections, v)
}

func (c *coverage) walk(of *ast.Definition, selections ast.SelectionSet, v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			c.walk(of, selections, item)
		}
	case map[string]any:
		if name, ok := v["__typename"].(string); ok {
			of = c.schema.Types[name]
		}
		for _, s := range selections {
			switch s := s.(type) {
			case *ast.Field:
				value := v[s.Alias]
				list, isList := value.([]any)
				if value == nil || isList && len(list) == 0 || of.Fields.ForName(s.Name) == nil {
					continue
				}
				c.answered[of.Name+"."+s.Name] = true
				c.walk(c.schema.Types[s.Definition.Type.Name()], s.SelectionSet, value)
			case *ast.InlineFragment:
				c.within(of, s.TypeCondition, s.SelectionSet, v)
			case *ast.FragmentSpread:
				c.within(of, s.Definition.TypeCondition, s.Definition.SelectionSet, v)
			}
		}
	}
}

func (c *coverage) within(of *ast.Definition, condition string, selections ast.SelectionSet, v any) {
	if condition == of.Name || slices.ContainsFunc(c.schema.GetPossibleTypes(c.schema.Types[condition]), func(d *ast.Definition) bool { return d.Name == of.Name }) {
		c.walk(of, selections, v)
	}
}
