package graph_test

import (
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/server"
)

func TestEverythingIsDescribed(t *testing.T) {
	schema, err := graph.ServedSchema(vocabulary.Standard())
	require.NoError(t, err)
	described := func(where, text string) {
		require.NotEmpty(t, text, "%s has no description", where)
		require.Regexp(t, `^[A-Z0-9].*[.\-:A-Z0-9]$`, strings.ReplaceAll(text, "\n", " "), "%s: a description is a sentence", where)
	}
	for _, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		described(def.Name, def.Description)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(def.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				described(def.Name+"."+f.Name+"."+a.Name, a.Description)
			}
		}
		for _, v := range def.EnumValues {
			described(def.Name+"."+v.Name, v.Description)
		}
	}
}

func TestEveryRootQueryTakesAMoment(t *testing.T) {
	schema, err := graph.ServedSchema(vocabulary.Standard())
	require.NoError(t, err)
	for _, f := range schema.Query.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			require.NotNil(t, f.Arguments.ForName("knownAt"), f.Name)
		}
	}
}

const ownKinds = `links:
  - name: EXTORTS
    label: {en: extorts, es: extorsiona}
    inverse: {en: is extorted by, es: es extorsionado por}
    meaning: Takes money from the other by threats.
    from: [PERSON, CRIMINAL_GROUP]
    to: [PERSON, ORGANIZATION]
    aspect: STATE
attributes:
  - name: CALL_SIGN
    label: {en: call sign, es: indicativo}
    meaning: The name used on the radio.
`

// TestADeploymentsOwnKinds writes, filters, reads and introspects kinds that are
// not in the standard vocabulary.
func TestADeploymentsOwnKinds(t *testing.T) {
	v, err := vocabulary.Standard().Extend(strings.NewReader(ownKinds))
	require.NoError(t, err)
	s := serve(t, memory(t, v), v)
	s.get(t, `mutation($kind: LinkKind!) { apply(changeSet: {reason: "own kinds", changes: [
		{putSource: {id: "s", kind: NEWS, title: "Nota", url: "https://example.org"}},
		{putEntity: {id: "a", kind: PERSON, name: "Ana"}}, {putEntity: {id: "b", kind: ORGANIZATION, name: "Tienda"}},
		{assertLink: {id: "l", kind: $kind, from: "a", to: "b", citations: [{source: "s", locator: "1"}]}},
		{assertStatement: {id: "t", entity: "a", attribute: CALL_SIGN, value: "Águila 1", citations: [{source: "s", locator: "2"}]}}
	]}) { number } }`, `{"kind": "EXTORTS"}`)
	out := s.get(t, `{ links(filter: {kinds: [EXTORTS]}) { nodes { kind label(lang: "es") } }
		statement(id: "t") { attribute label value entity { name } }
		vocabulary { linkKinds { name custom } }
		__type(name: "LinkKind") { enumValues { name description } } }`, "")
	require.Equal(t, []any{object{"kind": "EXTORTS", "label": "extorsiona"}}, list(t, out, "links", "nodes"))
	require.Equal(t, object{"attribute": "CALL_SIGN", "label": "call sign", "value": "Águila 1", "entity": object{"name": "Ana"}}, at(t, out, "statement"))
	require.Contains(t, list(t, out, "vocabulary", "linkKinds"), object{"name": "EXTORTS", "custom": true})
	require.Contains(t, list(t, out, "__type", "enumValues"), object{"name": "EXTORTS", "description": "Takes money from the other by threats."})

	_, errs := onCase(t).ask(t, `{ links(filter: {kinds: [EXTORTS]}) { nodes { id } } }`, "")
	require.Equal(t, []string{"INVALID_INPUT"}, faults(errs), "the standard schema does not know it")
}

// TestTheSchemaFileIsWhatIsServed keeps the file that others read and the schema
// that is built into the program together.
func TestTheSchemaFileIsWhatIsServed(t *testing.T) {
	var files []*ast.Source
	for _, name := range []string{"../schema.graphqls", "vocabulary.graphqls"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files = append(files, &ast.Source{Name: name, Input: string(text)})
	}
	written, err := gqlparser.LoadSchema(files...)
	require.NoError(t, err)
	served, err := graph.ServedSchema(vocabulary.Standard())
	require.NoError(t, err)
	for name, def := range written.Types {
		require.NotNil(t, served.Types[name], name)
		for _, f := range def.Fields {
			require.NotNil(t, served.Types[name].Fields.ForName(f.Name), "%s.%s; run go generate ./graph", name, f.Name)
		}
		for _, v := range def.EnumValues {
			require.NotNil(t, served.Types[name].EnumValues.ForName(v.Name), "%s.%s", name, v.Name)
		}
	}
	require.Len(t, served.Types, len(written.Types))
}

func TestPricesGrowWithThePage(t *testing.T) {
	s := onCase(t)
	price := func(query string, vars object) int {
		doc, errs := gqlparser.LoadQueryWithRules(s.schema.Schema(), query, nil)
		require.Empty(t, errs)
		return complexity.Calculate(t.Context(), s.schema, doc.Operations[0], vars)
	}
	ten := price(`{ links(first: 10) { nodes { id kind } } }`, nil)
	require.Equal(t, 1+10*3+1-1, ten)
	require.Equal(t, 10*(ten-1), price(`{ links(first: 100) { nodes { id kind } } }`, nil)-1)
	nested := price(`{ entities(first: 100) { nodes { links(first: 100) { nodes { id } } } } }`, nil)
	require.Greater(t, nested, 20_000)
	require.Equal(t, price(`{ entities { nodes { id } } }`, nil), price(`{ entities(first: 25) { nodes { id } } }`, nil), "an absent size is the default one")

	cost := price(card, object{"id": "x"})
	t.Logf("the card costs %d", cost)
	require.Less(t, cost, server.DefaultLimits().AnonymousComplexity/2)
	for _, query := range []string{night, find, bySource, size} {
		require.Less(t, price(query, nil), server.DefaultLimits().AnonymousComplexity)
	}
}
