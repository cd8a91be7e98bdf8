package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const card = `query Card($id: ID!) { entity(id: $id) {
  id kind name aliases description unidentified
  links(direction: ANY, first: 25) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node {
      id kind role summary standing disputed
      from { id name kind } to { id name kind }
      valid { since until label bounds { sinceEarliest sinceLatest untilEarliest untilLatest } }
      supports disputes
      citations(first: 5) { nodes { stance locator quote { exact prefix suffix } credibility
        assertedBy { words entity { id name } }
        source { id title kind publisher published url language reliability } } } } } } } }`

func TestQuery(t *testing.T) {
	file := filepath.Join(t.TempDir(), "card.graphql")
	require.NoError(t, os.WriteFile(file, []byte(card), 0o600))
	out := succeeds(t, "query", "--demo", "@"+file, "--variables", `{"id": "abarca"}`)
	var answer struct {
		Data struct {
			Entity struct {
				Name  string
				Links struct {
					TotalCount int
					Edges      []struct {
						Node struct {
							Citations struct {
								Nodes []struct{ Source struct{ URL string } }
							}
						}
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	require.Equal(t, "José Luis Abarca Velázquez", answer.Data.Entity.Name)
	require.Positive(t, answer.Data.Entity.Links.TotalCount)
	for _, e := range answer.Data.Entity.Links.Edges {
		require.NotEmpty(t, e.Node.Citations.Nodes)
		require.NotEmpty(t, e.Node.Citations.Nodes[0].Source.URL)
	}

	r := runIn(t.Context(), "query A { stats { links } } query B { stats { entities } }", "query", "--demo", "-", "--operation", "B", "--compact")
	require.Equal(t, ran{out: `{"data":{"stats":{"entities":203}}}` + "\n"}, r)

	for name, args := range map[string][]string{
		"unknown field":    {"{ divine }"},
		"does not parse":   {"{"},
		"no operation":     {"query A { stats { links } } query B { stats { entities } }"},
		"missing variable": {card},
		"unknown kind":     {"{ links(first: 1, filter: {kinds: [LOVES]}) { nodes { id } } }"},
		"page too long":    {"{ links(first: 100000) { nodes { id } } }"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, append([]string{"query", "--demo"}, args...)...)
			require.Equal(t, 1, r.code)
			require.Equal(t, "vinculo: the answer has errors\n", r.errors)
			var answer struct {
				Errors []struct {
					Message    string
					Extensions struct{ Code string }
				}
			}
			require.NoError(t, json.Unmarshal([]byte(r.out), &answer), r.out)
			require.NotEmpty(t, answer.Errors)
			require.NotEmpty(t, answer.Errors[0].Extensions.Code)
		})
	}
	require.Equal(t, 2, run(t, "query", "--demo", "{ stats { links } }", "--variables", "[1]").code)
	for _, rest := range []string{" x", "}", "]", " {}"} {
		require.Equal(t, 2, run(t, "query", "--demo", "{ stats { links } }", "--variables", "{}"+rest).code, rest)
	}
	require.Equal(t, 1, run(t, "query", "--demo", "@nowhere.graphql").code)
}

// TestAStoreThatIsDownIsOneLine: of every command that opens one.
func TestAStoreThatIsDownIsOneLine(t *testing.T) {
	const down = "bolt://127.0.0.1:9" // the discard port: nobody listens there
	dir := caseFolder(t)
	for _, args := range [][]string{
		{"query", "--store", down, "{ stats { links } }"},
		{"import", "--store", down, dir},
		{"log", "--store", down},
		{"verify", "--store", down},
		{"copy", "--from", down, "--to", "sqlite:" + filepath.Join(t.TempDir(), "x.db")},
		{"token", "list", "--store", down},
	} {
		t.Run(args[0], func(t *testing.T) {
			r := run(t, args...)
			require.Equal(t, 1, r.code)
			require.Empty(t, r.out)
			require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
			require.True(t, strings.HasPrefix(r.errors, "vinculo: the store does not answer: "), r.errors)
		})
	}
}

func TestQueryWritesToo(t *testing.T) {
	name, _ := storeFile(t)
	succeeds(t, "import", "--store", name, caseFolder(t))
	out := succeeds(t, "query", "--store", name, "--compact", `mutation { apply(changeSet: {reason: "una prueba", changes: [{putEntity: {id: "nuevo", kind: PERSON, name: "Íñigo Nuevo"}}]}) { number author changes { index node { id } } } }`)
	require.JSONEq(t, `{"data": {"apply": {"number": 2, "author": "owner", "changes": [{"index": 0, "node": {"id": "nuevo"}}]}}}`, out)
	require.Contains(t, succeeds(t, "log", "--store", name, "--after", "1"), "una prueba")
}

// TestQueryFollows interrupts a subscription after what was replayed.
func TestQueryFollows(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out := &lines{seen: func(line string) {
		if line == `{"data":{"revisions":{"number":1,"author":"demo"}}}` {
			stop()
		}
	}}
	m := &Main{Stdout: out, Stderr: &lines{}}
	err := m.Run(ctx, []string{"query", "--demo", "subscription { revisions(after: 0) { number author } }"})
	require.NoError(t, m.Close())
	require.Equal(t, 130, ExitCode(err), "%v", err)
}

// TestOneOfSeveralOperations is asked by its name, and it is said how.
func TestOneOfSeveralOperations(t *testing.T) {
	const both = "query A { stats { links } } query B { stats { sources } }"
	for _, args := range [][]string{{}, {"--operation", "C"}} {
		r := run(t, append([]string{"query", "--demo", both}, args...)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.out, "--operation")
	}
	require.JSONEq(t, `{"data": {"stats": {"links": 473}}}`, succeeds(t, "query", "--demo", both, "--operation", "A"))
}

// TestQueryTakesNoOtherCharacters than those that were written, wherever they come from.
func TestQueryTakesNoOtherCharacters(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "text")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return "@" + path
	}
	const asks = "query($t: String!) { search(text: $t, first: 1) { totalCount } }"
	for name, args := range map[string][]string{
		"variables":         {asks, "--variables", file("{\"t\": \"Jos\xe9 Pe\xf1a\"}")},
		"query":             {file("{ search(text: \"Pe\xf1a\", first: 1) { totalCount } }")},
		"half in variables": {asks, "--variables", `{"t": "Jos\ud800"}`},
		"half in the query": {`{ search(text: "Jos\ud800", first: 1) { totalCount } }`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, append([]string{"query", "--demo"}, args...)...)
			require.Equal(t, 2, r.code, r.out)
			require.Empty(t, r.out)
			require.Regexp(t, "^vinculo: (--variables|the query) (is not valid UTF-8|has .* half of a surrogate pair)", r.errors)
		})
	}
	r := runIn(t.Context(), "{ search(text: \"Pe\xf1a\", first: 1) { totalCount } }", "query", "--demo", "-")
	require.Equal(t, 2, r.code, r.out)
}

// TestNoDemonstrationIsNoSecondGraph, as where a script always says whether it wants one.
func TestNoDemonstrationIsNoSecondGraph(t *testing.T) {
	name, _ := storeFile(t)
	quotedStore(t, name)
	const asks, answer = "{ stats { links } }", `{"data": {"stats": {"links": 1}}}`
	require.JSONEq(t, answer, succeeds(t, "query", "--store", name, "--demo=false", asks))
	require.Equal(t, 2, run(t, "query", "--store", name, "--demo=true", asks).code)
	require.Equal(t, 2, run(t, "query", "--demo=false", asks).code)
	t.Setenv("VINCULO_DEMO", "true")
	t.Setenv("VINCULO_STORE", name)
	require.JSONEq(t, answer, succeeds(t, "query", "--demo=false", asks))
}

// TestQueryRefusesTheTextOfANumber for the number, as the server does.
func TestQueryRefusesTheTextOfANumber(t *testing.T) {
	const ask = "query($n: Int) { entities(first: $n) { totalCount } }"
	succeeds(t, "query", "--demo", ask, "--variables", `{"n": 1}`)
	r := run(t, "query", "--demo", ask, "--variables", `{"n": "1"}`)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.out, `\"1\" is not a value of type Int; give a whole number`)
}
