package leak_test

import (
	"embed"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

//go:embed cases/*.graphql
var caseFiles embed.FS

// cases are the operations that are asked, in the order of their files.
type cases struct {
	text   string // of all of them, as one document
	schema *ast.Schema
	list   []*operation
	byName map[string]*operation
}

type operation struct {
	*ast.OperationDefinition
	file string
	// by is the role that asks: reader, contributor or editor.
	by string
}

func (o *operation) takes(variable string) bool {
	return o.VariableDefinitions.ForName(variable) != nil
}

func load(t *testing.T) *cases {
	t.Helper()
	schema, err := graph.ServedSchema(vocabulary.Standard())
	require.NoError(t, err)
	c := &cases{schema: schema, byName: map[string]*operation{}}
	files, err := caseFiles.ReadDir("cases")
	require.NoError(t, err)
	var all strings.Builder
	files2role := map[string]string{}
	owner := map[string]string{}
	for _, f := range files {
		text, err := caseFiles.ReadFile(path.Join("cases", f.Name()))
		require.NoError(t, err)
		all.Write(text)
		first, _, _ := strings.Cut(string(text), "\n")
		if role, ok := strings.CutPrefix(first, "# Asked by: "); ok {
			files2role[f.Name()] = role
		}
		for _, line := range strings.Split(string(text), "\n") {
			words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ({", r) })
			if len(words) > 1 && (words[0] == "query" || words[0] == "mutation" || words[0] == "subscription") {
				owner[words[1]] = f.Name()
			}
		}
	}
	c.text = all.String()
	document, faults := gqlparser.LoadQueryWithRules(schema, c.text, nil)
	require.Empty(t, faults, "the cases do not fit the schema")
	for _, o := range document.Operations {
		op := &operation{o, owner[o.Name], files2role[owner[o.Name]]}
		require.Contains(t, []string{"reader", "contributor", "editor"}, op.by, "who asks %s (first line of %s)", o.Name, op.file)
		c.list, c.byName[o.Name] = append(c.list, op), op
	}
	return c
}
