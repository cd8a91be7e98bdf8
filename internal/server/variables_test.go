package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
)

const variableSchema = `type Query { f(of: Of, n: Int, ids: [ID!]): Int }
	enum Colour { RED GREEN }
	input Of { name: String!, colour: Colour, colours: [Colour!], n: Int, x: Float, yes: Boolean, id: ID, of: [Of!], size: Int! = 3 }`

// faultsOf are the faults of the variables of a query, as path and message.
func faultsOf(t *testing.T, query, variables string) []string {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: variableSchema})
	document, errs := gqlparser.LoadQueryWithRules(schema, query, nil)
	require.Empty(t, errs)
	params := &graphql.RawParams{}
	require.NoError(t, decodeJSON([]byte(variables), &params.Variables))
	prepared := &graphql.OperationContext{Operation: document.Operations[0]}
	var found gqlerror.List
	if _, err := validator.VariableValues(schema, prepared.Operation, params.Variables); err != nil {
		var first *gqlerror.Error
		require.ErrorAs(t, err, &first)
		errcode.Set(first, errcode.ValidationFailed)
		found = gqlerror.List{first}
	}
	var told []string
	for _, e := range VariableFaults(schema, prepared, params, found) {
		require.Equal(t, errcode.ValidationFailed, codeOf(e))
		told = append(told, e.Path.String()+": "+e.Message)
	}
	return told
}

func TestEveryFaultOfTheVariablesIsTold(t *testing.T) {
	const query = `query($of: Of, $n: Int!, $ids: [ID!]) { f(of: $of, n: $n, ids: $ids) }`
	require.Nil(t, faultsOf(t, query, `{"n": 1, "ids": "one", "of": {"name": "a", "colour": "RED", "colours": ["GREEN"], "x": 1, "yes": false, "id": 7, "of": {"name": "b"}}}`))
	require.Equal(t, []string{
		`variable.of.shape: Of has no such field; leave it out, or mend its name`,
		`variable.of.name: it is missing; give a value of type String!`,
		`variable.of.colour: "BLUE" is not a value of Colour; the documentation of that type lists them`,
		`variable.of.colours[1]: it is null; give a value of type Colour!`,
		`variable.of.colours[2]: 5 is not a value of Colour; the documentation of that type lists them`,
		`variable.of.n: 1.5 is not a value of type Int; give a whole number of at most 32 bits, without a point or exponent`,
		`variable.of.x: "one" is not a value of type Float; give a number`,
		`variable.of.yes: 1 is not a value of type Boolean; give true or false`,
		`variable.of.id: an object is not a value of type ID; give a text, or a whole number`,
		`variable.of.of[0].name: a list is not a value of type String; give a text`,
		`variable.of.of[1]: true is not an object; give one with the fields of Of`,
		`variable.of.size: it is null; give a value of type Int!`,
		`variable.n: it is missing; give a value of type Int!`,
		`variable.ids[0]: it is null; give a value of type ID!`,
	}, faultsOf(t, query, `{"ids": [null], "of": {"shape": 1, "colour": "BLUE", "colours": ["RED", null, 5], "n": 1.5, "x": "one", "yes": 1, "id": {},
		"of": [{"name": []}, true], "size": null}}`))
	require.Equal(t, []string{`variable.n: 99999999999999999999 is not a value of type Int; give a whole number of at most 32 bits, without a point or exponent`},
		faultsOf(t, query, `{"n": 99999999999999999999}`))

	many := faultsOf(t, query, `{"n": 1, "ids": [`+strings.TrimSuffix(strings.Repeat("null,", 100_000), ",")+`]}`)
	require.Len(t, many, maxErrors+1, "one more than is told, which says that there are more")

	quoted, err := json.Marshal(strings.Repeat("x", 100_000))
	require.NoError(t, err)
	long := faultsOf(t, query, `{"n": `+string(quoted)+`}`)
	require.Len(t, long, 1)
	require.Less(t, len(long[0]), 2*maxMessage)
}

// TestScalarsTakeWhatGraphQLSays holds variables against the sections on input coercion of
// the specification: the text of a number is no number, and names are exact.
func TestScalarsTakeWhatGraphQLSays(t *testing.T) {
	const query = `query($of: Of, $n: Int, $ids: [ID!], $flag: Boolean = true) { f(of: $of, n: $n, ids: $ids) @include(if: $flag) }`
	for _, taken := range []string{
		`{}`, `{"n": null}`, `{"n": 1}`, `{"n": -2147483648}`, `{"ids": ["a", "", 7, 123456789012345678901234567890]}`, `{"flag": false}`,
		`{"of": {"name": "5", "x": 1.5, "n": -0, "of": [{"name": "", "x": 3e2}]}}`,
	} {
		require.Empty(t, faultsOf(t, query, taken), taken)
	}
	for given, at := range map[string]string{
		`{"n": "1"}`:                                  "n",
		`{"n": "one"}`:                                "n",
		`{"n": 2147483648}`:                           "n",
		`{"n": 1.5}`:                                  "n",
		`{"n": true}`:                                 "n",
		`{"n": 1e0}`:                                  "n",
		`{"ids": [4.0]}`:                              "ids[0]",
		`{"ids": ["a", true]}`:                        "ids[1]",
		`{"flag": "true"}`:                            "flag",
		`{"flag": 1}`:                                 "flag",
		`{"of": {"name": 5}}`:                         "of.name",
		`{"of": {"name": true}}`:                      "of.name",
		`{"of": {"name": "a", "x": "1.5"}}`:           "of.x",
		`{"of": {"name": "a", "x": "NaN"}}`:           "of.x",
		`{"of": {"name": "a", "x": 1e999}}`:           "of.x",
		`{"of": {"name": "a", "n": "1"}}`:             "of.n",
		`{"of": {"name": "a", "colour": "red"}}`:      "of.colour",
		`{"of": {"name": "a", "yes": "true"}}`:        "of.yes",
		`{"of": {"name": "a", "size": "3"}}`:          "of.size",
		`{"of": {"name": "a", "of": {"name": 1e3}}}`:  "of.of.name",
		`{"of": {"name": "a", "colours": ["green"]}}`: "of.colours[0]",
	} {
		told := faultsOf(t, query, given)
		require.Len(t, told, 1, given)
		require.Contains(t, told[0], "variable."+at+": ", given)
		require.NotContains(t, told[0], "cannot use", given)
	}
}

// TestNullsWhereNoneMayBe: a variable that may be null is taken where something may be left
// out that cannot be null, and its null is refused there.
func TestNullsWhereNoneMayBe(t *testing.T) {
	const refused = `it is null, and used where a value of type %s is asked for; give one, or leave the variable out`
	for query, typ := range map[string]string{
		`query($v: Boolean = true) { f @include(if: $v) }`:                                           "Boolean!",
		`query($v: Boolean = true) { ...g } fragment g on Query { ... @skip(if: $v) { f } }`:         "Boolean!",
		`query($v: Boolean = true) { ...g ...g @skip(if: $v) } fragment g on Query { f }`:            "Boolean!",
		`query($v: Int) { f(of: {name: "a", size: $v}) }`:                                            "Int!",
		`query($v: String = "a") { f(of: {name: "a", of: [{name: $v}]}) }`:                           "String!",
		`query($v: ID = "a") { f(ids: ["b", $v]) }`:                                                  "ID!",
		`query($v: Int) { f(n: $v) }`:                                                                "",
		`query($v: [ID!] = ["a"]) { f(ids: $v) }`:                                                    "",
		`query($v: Int, $w: Boolean = true) { f(of: {name: "a", size: 1, n: $v}) @include(if: $w) }`: "",
		`query($v: Int) { f(n: $v) __typename @include(if: true) }`:                                  "",
	} {
		require.Empty(t, faultsOf(t, query, `{}`), query)
		var want []string
		if typ != "" {
			want = []string{"variable.v: " + fmt.Sprintf(refused, typ)}
		}
		require.Equal(t, want, faultsOf(t, query, `{"v": null}`), query)
	}
}
