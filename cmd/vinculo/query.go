package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/server"
)

type queryCmd struct {
	Query     string `arg:"" help:"The question in GraphQL; @FILE reads it from a file, - from the standard input."`
	Variables string `placeholder:"JSON" env:"-" help:"The values of its variables, as a JSON object; @FILE reads them from a file."`
	Operation string `placeholder:"NAME" env:"-" help:"Which of its operations to run, where it has several."`
	Compact   bool   `help:"Write the answer in one line."`
	storeOrDemo
	blobPlace
}

// Help shows examples.
func (queryCmd) Help() string {
	return `The answer is JSON on the standard output. The exit code is 1 where it has
errors. A subscription writes one line for each event until you interrupt it.

Examples:

    vinculo query --demo '{ search(text: "pena nieto", first: 5) { nodes { entity { id name } } } }'
    vinculo query --store sqlite:case.db @card.graphql --variables '{"id": "abarca"}'`
}

// Run answers one question.
func (c *queryCmd) Run(ctx context.Context, m *Main, line *kong.Context) error {
	if err := c.check(line); err != nil {
		return err
	}
	text, err := m.argument(ctx, c.Query)
	if err != nil {
		return fmt.Errorf("the query: %w", err)
	}
	if err := server.CheckQuery(text); err != nil {
		return usageError{fmt.Errorf("the query %w", err)}
	}
	variables, err := m.variables(ctx, c.Variables)
	if err != nil {
		return err
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	// That the store does not answer is told in the answer or as the error, once;
	// what is logged beside it is only for a server, whose reader is another.
	log := m.newLogger(zerolog.ErrorLevel)
	st, err := c.openToAsk(ctx, m, v, log)
	if err != nil {
		return err
	}
	planner := newPlanner(v)
	st, kept, err := m.checking(ctx, c.blobPlace, c.Store, st, planner, log)
	if err != nil {
		return err
	}
	schema, err := newSchema(st, planner, kept)
	if err != nil {
		return err
	}
	exec := executor.New(schema)
	exec.SetErrorPresenter(graph.ErrorPresenter)
	exec.SetRecoverFunc(graph.RecoverFunc)
	exec.Use(introspection{})
	ctx = access.With(log.WithContext(ctx), owner())
	return c.answer(ctx, m, schema, exec, &graphql.RawParams{Query: text, Variables: variables, OperationName: c.Operation})
}

// introspection lets whoever runs the program ask for the schema itself.
type introspection struct{}

// ExtensionName implements graphql.HandlerExtension.
func (introspection) ExtensionName() string { return "Introspection" }

// Validate implements graphql.HandlerExtension.
func (introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (introspection) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error { //nolint:unparam // the interface wants it
	operation.DisableIntrospection = false
	return nil
}

var errAnswer = errors.New("the answer has errors")

func (c *queryCmd) answer(ctx context.Context, m *Main, schema graphql.ExecutableSchema, exec *executor.Executor, params *graphql.RawParams) error {
	ctx = graphql.StartOperationTrace(ctx)
	operation, faults := exec.CreateOperationContext(ctx, params)
	faults = server.VariableFaults(schema.Schema(), operation, params, faults)
	if len(faults) == 1 && server.IsUnclearOperation(faults[0]) {
		faults[0].Message = "which operation of the query is meant is not clear; give the name of one that it has with --operation"
	}
	if faults != nil {
		return errors.Join(m.writeAnswer(exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults), c.Compact), errAnswer)
	}
	streams := operation.Operation.Operation == "subscription"
	next, ctx := exec.DispatchOperation(ctx, operation)
	failed := false
	for {
		response := next(ctx)
		if response == nil || streams && ctx.Err() != nil {
			break
		}
		failed = failed || len(response.Errors) > 0
		if err := m.writeAnswer(response, c.Compact || streams); err != nil {
			return err
		}
		if !streams {
			break
		}
	}
	if failed {
		return errAnswer
	}
	return ctx.Err()
}

func (m *Main) writeAnswer(response *graphql.Response, compact bool) error {
	text, err := json.Marshal(response)
	if err != nil {
		return err
	}
	if !compact {
		var indented bytes.Buffer
		if err := json.Indent(&indented, text, "", "  "); err != nil {
			return err
		}
		text = indented.Bytes()
	}
	_, err = m.Stdout.Write(append(text, '\n'))
	return err
}

// argument reads a text that may stand in a file or come from the standard input.
func (m *Main) argument(ctx context.Context, s string) (string, error) {
	if s == "-" {
		text, err := io.ReadAll(m.input(ctx))
		return string(text), err
	}
	if path, ok := strings.CutPrefix(s, "@"); ok {
		text, err := os.ReadFile(path)
		return string(text), err
	}
	return s, nil
}

func (m *Main) variables(ctx context.Context, s string) (map[string]any, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no variables
	}
	text, err := m.argument(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("--variables: %w", err)
	}
	if err := server.CheckJSON([]byte(text)); err != nil {
		return nil, usageError{fmt.Errorf("--variables %w", err)}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var variables map[string]any
	if err := decoder.Decode(&variables); err != nil {
		return nil, usageError{fmt.Errorf(`--variables is not a JSON object such as {"id": "abarca"}: %w`, err)}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, usageError{errors.New("--variables has something after the JSON object")}
	}
	return variables, nil
}
