package server

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// introspectionPrice is what one __schema costs: its answer has some ten thousand fields whatever
	// the document says.
	introspectionPrice = 10_000
	// pagePrice is how many rows a list with first and last is taken to have when neither is given.
	pagePrice = 25
)

// cost is what a selection asks for.
type cost struct {
	depth      int
	complexity int
	aliases    int
	directives int
	inspects   bool // Whether it selects __schema or __type.
	deferred   *ast.Position
}

func (c cost) plus(other cost) cost {
	c.depth = max(c.depth, other.depth)
	c.complexity = add(c.complexity, other.complexity)
	c.aliases = add(c.aliases, other.aliases)
	c.directives = add(c.directives, other.directives)
	c.inspects = c.inspects || other.inspects
	if c.deferred == nil {
		c.deferred = other.deferred
	}
	return c
}

// costLimit refuses operations that ask for too much, before anything is executed. It looks at each
// fragment once however often it is spread: following every spread, as gqlgen's own extension does,
// takes time that doubles with each of n fragments that spread the next one twice.
type costLimit struct {
	schema        graphql.ExecutableSchema
	limits        Limits
	introspection bool
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = (*costLimit)(nil)

// ExtensionName names the extension for gqlgen.
func (*costLimit) ExtensionName() string { return "CostLimit" }

// Validate takes the schema that is served.
func (l *costLimit) Validate(schema graphql.ExecutableSchema) error {
	l.schema = schema
	return nil
}

// MutateOperationContext refuses an operation past a limit, with an error that names the limit.
func (l *costLimit) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) (refusal *gqlerror.Error) {
	// gqlparser panics on a literal that its type does not hold, such as an integer of thirty digits.
	defer func() {
		if recovered := recover(); recovered != nil {
			refusal = fault(CodeInvalidInput, "An argument of the query is out of range: %s", cut(fmt.Sprint(recovered)))
		}
	}()
	operation.DisableIntrospection = !l.introspection
	walk := costWalk{
		types:     l.schema.Schema(),
		variables: operation.Variables,
		fragments: map[string]cost{},
		set: func(object, field string, inner int, arguments map[string]any) (int, bool) {
			return l.schema.Complexity(ctx, object, field, inner, arguments)
		},
	}
	spent := walk.selections(operation.Operation.SelectionSet)
	spent.directives = add(spent.directives, len(operation.Operation.Directives))
	complexity := l.limits.of(ctx).Complexity
	switch {
	case spent.inspects && !l.introspection:
		return fault(CodeForbidden, "Introspection is switched off on this server. Its documentation describes the schema.")
	case walk.outOfRange != nil:
		refusal := fault(CodeInvalidInput, "The field %s is asked for a number of rows that is no Int of 32 bits.", cut(walk.outOfRange.Name))
		refusal.Locations = []gqlerror.Location{{Line: walk.outOfRange.Position.Line, Column: walk.outOfRange.Position.Column}}
		return refusal
	case spent.deferred != nil:
		refusal := fault(CodeInvalidInput, "This server does not answer in parts: leave @defer out.")
		refusal.Locations = []gqlerror.Location{{Line: spent.deferred.Line, Column: spent.deferred.Column}}
		return refusal
	case spent.depth > l.limits.Depth:
		return overLimit("depth", "The query is %d levels deep; %d are allowed. Ask for the inner part in a second query, by id.", spent.depth, l.limits.Depth)
	case spent.aliases > l.limits.Aliases:
		return overLimit("aliases", "The query uses %d aliases; %d are allowed. Send it in parts.", spent.aliases, l.limits.Aliases)
	case spent.directives > l.limits.Directives:
		return overLimit("directives", "The query uses %d directives; %d are allowed. Send it in parts.", spent.directives, l.limits.Directives)
	case spent.complexity > complexity:
		return overLimit("complexity", "The query costs %d; %d is allowed. Ask for smaller pages (first) or for fewer fields of each row.", spent.complexity, complexity)
	case walk.largest > l.limits.PageSize:
		return overLimit("pageSize", "The query asks for %d rows of %s at once; %d are allowed. Ask for the rest with `after`.", walk.largest, cut(walk.paged.Name), l.limits.PageSize)
	case operation.Operation.Operation == ast.Subscription && followed(operation) != 1:
		return fault(CodeInvalidInput, "A subscription follows exactly one field, and this one asks for %d. Start a subscription for each.", followed(operation))
	}
	return nil
}

// followed is how many fields a subscription has at its root, without those that directives leave out.
func followed(operation *graphql.OperationContext) int {
	return len(graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Subscription"}))
}

// costWalk adds up one operation. It ends because validation refuses fragments that spread themselves.
type costWalk struct {
	types     *ast.Schema
	variables map[string]any
	fragments map[string]cost
	// outOfRange is a field whose first or last the type Int does not hold, if there is one.
	outOfRange *ast.Field
	// largest is the largest page that is asked for, and paged the field that it is of.
	largest int
	paged   *ast.Field
	// set gives the price that the schema sets itself, if it does.
	set func(object, field string, inner int, arguments map[string]any) (int, bool)
}

func (w *costWalk) selections(set ast.SelectionSet) cost {
	var sum cost
	for _, selection := range set {
		var part cost
		switch selection := selection.(type) {
		case *ast.Field:
			part = w.field(selection)
		case *ast.InlineFragment:
			part = w.selections(selection.SelectionSet).plus(marks(selection.Directives))
		case *ast.FragmentSpread:
			known, ok := w.fragments[selection.Name]
			if !ok {
				known = w.selections(selection.Definition.SelectionSet).plus(marks(selection.Definition.Directives))
				w.fragments[selection.Name] = known
			}
			part = known.plus(marks(selection.Directives))
		}
		sum = sum.plus(part)
	}
	return sum
}

func (w *costWalk) field(field *ast.Field) cost {
	inner := w.selections(field.SelectionSet)
	spent := inner.plus(marks(field.Directives))
	spent.depth = inner.depth + 1
	spent.complexity = w.price(field, inner.complexity)
	if field.Alias != field.Name {
		spent.aliases = add(spent.aliases, 1)
	}
	if field.Name == "__schema" || field.Name == "__type" {
		spent.inspects = true
	}
	return spent
}

// price is what a field costs whose selection costs inner for each row. A price that the schema sets
// comes first; otherwise it is one, and inner as often as first or last says.
func (w *costWalk) price(field *ast.Field, inner int) int {
	if field.Name == "__schema" {
		return introspectionPrice
	}
	arguments := field.ArgumentMap(w.variables)
	w.page(field, arguments)
	set := 0
	for _, object := range w.objects(field.ObjectDefinition) {
		if price, ok := w.set(object.Name, field.Name, inner, arguments); ok {
			set = max(set, price)
		}
	}
	if set > 0 {
		return set
	}
	return add(1, multiply(w.rows(field, arguments), inner))
}

// page notes how large a page of a connection, which is what has first and last, is asked for.
func (w *costWalk) page(field *ast.Field, arguments map[string]any) {
	if field.Definition.Arguments.ForName("first") == nil || field.Definition.Arguments.ForName("last") == nil {
		return
	}
	for _, name := range []string{"first", "last"} {
		if n, ok := integer(arguments[name]); ok && n > w.largest && n <= math.MaxInt32 { // beyond, it is no Int
			w.largest, w.paged = n, field
		}
	}
}

// objects gives the object types that a field selected on a type may belong to.
func (w *costWalk) objects(on *ast.Definition) []*ast.Definition {
	if on.Kind == ast.Interface {
		return w.types.GetPossibleTypes(on)
	}
	return []*ast.Definition{on}
}

// rows is how often the selection of a field may be answered.
func (w *costWalk) rows(field *ast.Field, arguments map[string]any) int {
	if field.Definition.Arguments.ForName("first") == nil {
		return 1
	}
	asked := 0
	for _, name := range []string{"first", "last"} {
		if n, ok := integer(arguments[name]); ok {
			if n > math.MaxInt32 {
				w.outOfRange = field
			}
			asked = max(asked, n)
		}
	}
	if asked == 0 {
		return pagePrice
	}
	return asked
}

// integer reads an argument, in the forms that literals and variables have.
func integer(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int32:
		return int(n), true
	case int64:
		return int(n), true
	case float64:
		return int(min(n, math.MaxInt32+1)), true
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return int(i), true
		}
	}
	return 0, false
}

// marks counts directives, and notes the one that this server does not follow.
func marks(list ast.DirectiveList) cost {
	counted := cost{directives: len(list)}
	if deferred := list.ForName("defer"); deferred != nil {
		counted.deferred = deferred.Position
	}
	return counted
}

// add and multiply stop at the largest number instead of going round to the negative ones.
func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func multiply(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}
