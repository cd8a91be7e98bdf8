package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/allowance"
)

// testTypes is a schema that has something of each kind that the server treats in its own way.
const testTypes = `
type Query {
	hello(name: String, size: Int): String
	person(id: ID): Person
	slow: String
	wait: String
	long(size: Int!): String
	down: String
	broken: String
	panics: String
	forbidden: String
	writer: String
	find(filter: Filter): String
}
input Filter { kinds: [Kind!] }
enum Kind { COMMANDS PAYS }
type Person { id: ID name: String friend: Person friends(first: Int, last: Int): People cheap(first: Int): People }
type People { nodes: [Person] }
type Mutation { write(text: String!): String long(size: Int!): String }
type Subscription { long(size: Int!): String ticks(count: Int!): Int forever: Int follows: Int fails: Int }
`

// testSchema executes testTypes. Its answers are the same for every row, so that only the machinery
// around it is looked at.
type testSchema struct {
	types   *ast.Schema
	writes  atomic.Int64
	entered chan struct{} // Takes a value for each wait that has begun, where it is not nil.
	proceed chan struct{} // Lets a wait end, or one event of follows come.
	ended   atomic.Int64  // How many subscriptions came to their end.
}

func newTestSchema() *testSchema {
	return &testSchema{
		types:   gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphqls", Input: testTypes}),
		entered: make(chan struct{}, 100),
		proceed: make(chan struct{}),
	}
}

func (s *testSchema) Schema() *ast.Schema { return s.types }

func (s *testSchema) Complexity(_ context.Context, object, field string, inner int, _ map[string]any) (int, bool) {
	if object == "Person" && field == "cheap" {
		return 2 + inner, true
	}
	return 0, false
}

func (s *testSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	root := map[ast.Operation]*ast.Definition{
		ast.Query: s.types.Query, ast.Mutation: s.types.Mutation, ast.Subscription: s.types.Subscription,
	}[operation.Operation.Operation]
	if operation.Operation.Operation == ast.Subscription {
		return s.follow(ctx, operation)
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		data, err := json.Marshal(s.object(ctx, operation, root, operation.Operation.SelectionSet, nil))
		if err != nil {
			panic(err)
		}
		return &graphql.Response{Data: data}
	}
}

func (s *testSchema) follow(ctx context.Context, operation *graphql.OperationContext) graphql.ResponseHandler {
	field := graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Subscription"})[0]
	if field.Name == "fails" {
		graphql.AddError(ctx, errCoded)
		return nil
	}
	count := 0
	stop := context.AfterFunc(ctx, func() { s.ended.Add(1) })
	limit, _ := field.ArgumentMap(operation.Variables)["count"].(int64)
	return func(ctx context.Context) *graphql.Response {
		if size, ok := field.ArgumentMap(operation.Variables)["size"].(int64); ok {
			allowance.From(ctx).Spend(int(size) / (count + 1)) // The first is the longest.
		}
		if field.Name == "forever" && count == 1 {
			<-ctx.Done()
			return nil
		}
		if field.Name == "ticks" && int64(count) >= limit || field.Name == "long" && count == 2 {
			if stop() {
				s.ended.Add(1)
			}
			return nil
		}
		if field.Name == "follows" {
			s.entered <- struct{}{}
			select {
			case <-s.proceed:
			case <-ctx.Done():
				return nil
			}
		}
		count++
		data, err := json.Marshal(map[string]int{field.Alias: count})
		if err != nil {
			panic(err)
		}
		return &graphql.Response{Data: data}
	}
}

// codedError is an error of the schema that carries a code, as those of graph do.
type codedError struct{ code string }

func (e codedError) Error() string { return "refused with " + e.code }

var errCoded = codedError{"FORBIDDEN"}

func (s *testSchema) object(ctx context.Context, operation *graphql.OperationContext, on *ast.Definition, set ast.SelectionSet, path ast.Path) map[string]any {
	answer := map[string]any{}
	for _, field := range graphql.CollectFields(operation, set, []string{on.Name}) {
		here := append(append(ast.Path{}, path...), ast.PathName(field.Alias))
		answer[field.Alias] = s.field(ctx, operation, on, field, here)
	}
	return answer
}

func (s *testSchema) field(ctx context.Context, operation *graphql.OperationContext, on *ast.Definition, field graphql.CollectedField, path ast.Path) any {
	fail := func(err error) any {
		graphql.AddError(ctx, err)
		return nil
	}
	arguments := field.ArgumentMap(operation.Variables)
	switch field.Name {
	case "__typename":
		return on.Name
	case "__type", "__schema":
		return nil
	case "slow":
		<-ctx.Done()
		return fail(ctx.Err())
	case "wait":
		s.entered <- struct{}{}
		select {
		case <-s.proceed:
		case <-ctx.Done():
		}
		return "done"
	case "long":
		size, _ := arguments["size"].(int64)
		allowance.From(ctx).Spend(int(size))
		return "as much as that"
	case "down":
		return fail(codedError{"UNAVAILABLE"})
	case "forbidden":
		return fail(errCoded)
	case "broken":
		return fail(errors.New("secret: the password is hunter2"))
	case "panics":
		panic("secret: the password is hunter2")
	case "hello":
		if name, ok := arguments["name"].(string); ok {
			return "hello " + name
		}
		return "hello\u2028\n"
	case "writer":
		return access.From(ctx).Name
	case "write":
		s.writes.Add(1)
		return arguments["text"]
	case "nodes":
		return []any{s.object(ctx, operation, s.types.Types["Person"], field.Selections, path)}
	case "id", "name":
		return "x"
	}
	return s.object(ctx, operation, s.types.Types[field.Definition.Type.Name()], field.Selections, path)
}

// eventually is how long the tests wait for what must happen.
const eventually = 10 * time.Second
