// Command generate writes graph/generated.go and graph/models_gen.go from
// gqlgen.yml, in the root of the project, and then mends how the generated code
// runs.
//
// As it comes, gqlgen runs every element of a list and every field that takes a
// context in a goroutine of its own, and prepares each object for @defer. Here
// what is read is read for all siblings at once and one read at a time, so the
// goroutines only wait for each other; and @defer is not served. It also makes a
// context for each scalar, which no scalar of ours can need: none of them fails.
// Interceptors of fields therefore do not see scalars that are read without a
// context. Objects and answers write themselves more cheaply as well; see object
// and marshal in graph/execution.go. Without all this an answer costs less than
// half.
package main

import (
	"fmt"
	"go/format"
	"os"
	"regexp"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

// mending replaces what gqlgen writes by what is to run.
type mending struct {
	written *regexp.Regexp
	instead string
}

var mendings = []mending{
	{regexp.MustCompile(`graphql\.MarshalSliceConcurrently\(ctx, len\(v\), 0, false, `), "marshalInTurn(ctx, len(v), "},
	{regexp.MustCompile(`out\.ResolveConcurrently\(ec\.OperationContext, &deferred, i,\s*true, (true|false),\s*`), "resolveInTurn(ctx, out, i, $1, "},
	{regexp.MustCompile(`(?m)^\tdeferred := graphql\.NewDeferredGroup\(ctx\)\n`), ""},
	{regexp.MustCompile(`(?m)^\tif n := len\(deferred\.Defers\); n > 0 \{\n(?:\t\t.*\n)+\t\}\n`), ""},
	{regexp.MustCompile(`(?m)^\t"math"\n`), ""}, // which the last one used
	{regexp.MustCompile(`var buf bytes\.Buffer\n\s*data\.MarshalGQL\(&buf\)\n\s*response\.Data = buf\.Bytes\(\)`), "response.Data = marshal(ctx, data)"},
	{regexp.MustCompile(`out := graphql\.NewFieldSet\(fields\)(\n\tfor i, field := range fields \{\n\t\tswitch field\.Name \{\n(?:\t\t.*\n)+\t\}\n)\tout\.Dispatch\(ctx\)\n`), "out := newObject(ctx, fields)$1"},
	{regexp.MustCompile(`(?m)^\t+var buf bytes\.Buffer\n`), ""},
	{regexp.MustCompile(`(?m)^\t+buf\.Reset\(\)\n`), ""},
	{regexp.MustCompile(`data\.MarshalGQL\(&buf\)\n\n(\t\t\treturn &graphql\.Response\{\n\t\t\t\tData: )buf\.Bytes\(\),`), "${1}marshal(ctx, data),"},
	{regexp.MustCompile(`(?m)^\t"bytes"\n`), ""}, // which the last one used
}

// plain is a field that reads its value from the object and cannot fail: its
// name, the value and how it is marshalled.
var plain = regexp.MustCompile(`return graphql\.ResolveField\(\s*ctx,\s*ec\.OperationContext,\s*field,\s*` +
	`func\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) \{\s*return ec\.fieldContext_(\w+)\(ctx, field\)\s*\},\s*` +
	`func\(ctx context\.Context\) \(any, error\) \{\s*return (obj\.\w+(?:\(\))?), nil\s*\},\s*nil,\s*` +
	`func\(ctx context\.Context, selections ast\.SelectionSet, v [^)]+\) graphql\.Marshaler \{\s*return ec\.([^(]+)\(ctx, selections, v\)\s*\},\s*` +
	`true,\s*(?:true|false),\s*\)`)

// scalar is the context of a field that is a scalar or enum without arguments.
var scalar = regexp.MustCompile(`fieldContext_(\w+)\(_ context\.Context, field graphql\.CollectedField\) \(fc \*graphql\.FieldContext, err error\) \{\s*return graphql\.NewScalarFieldContext\(`)

// mendScalars marshals plain scalars where they stand.
func mendScalars(code []byte) ([]byte, int) {
	scalars := map[string]bool{}
	for _, match := range scalar.FindAllSubmatch(code, -1) {
		scalars[string(match[1])] = true
	}
	mended := 0
	code = plain.ReplaceAllFunc(code, func(written []byte) []byte {
		match := plain.FindSubmatch(written)
		if !scalars[string(match[1])] {
			return written
		}
		mended++
		return fmt.Appendf(nil, "return ec.%s(ctx, field.Selections, %s)", match[3], match[2])
	})
	return code, mended
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return fmt.Errorf("reading gqlgen.yml (run this in the root of the project): %w", err)
	}
	if err := api.Generate(cfg); err != nil {
		return err
	}
	code, err := os.ReadFile(cfg.Exec.Filename)
	if err != nil {
		return err
	}
	for _, m := range mendings {
		if !m.written.Match(code) {
			return fmt.Errorf("%s has nothing like %s; gqlgen writes it otherwise now, so mend graph/generate", cfg.Exec.Filename, m.written)
		}
		code = m.written.ReplaceAll(code, []byte(m.instead))
	}
	code, mended := mendScalars(code)
	if mended == 0 {
		return fmt.Errorf("%s has no scalar as it used to be written; mend graph/generate", cfg.Exec.Filename)
	}
	if code, err = format.Source(code); err != nil {
		return fmt.Errorf("the mended code does not read: %w", err)
	}
	return os.WriteFile(cfg.Exec.Filename, code, 0o644)
}
