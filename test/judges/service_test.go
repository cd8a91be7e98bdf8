package judges_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/server"
)

// answer is a response of the API.
type answer struct {
	status int
	body   string
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

func (a *answer) says(t *testing.T, key string) any {
	t.Helper()
	require.NotEmpty(t, a.Errors, a.body)
	return a.Errors[0].Extensions[key]
}

func ask(t *testing.T, address, query string, variables any) *answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/graphql", strings.NewReader(string(body)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	got := &answer{status: response.StatusCode, body: string(text)}
	require.NoError(t, json.Unmarshal(text, got), "%s", text)
	for _, fault := range got.Errors {
		require.NotEmpty(t, fault.Extensions["code"], "every error has a code: %s", text)
	}
	return got
}

// The playground opens with these; a server must take them under its default limits.
func TestExamplesAreAnswered(t *testing.T) {
	address := serve(t, shared(t), server.Limits{}, access.Config{LoopbackOwner: true})
	files, err := filepath.Glob(filepath.FromSlash("../../web/src/examples/*.graphql"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			query, err := os.ReadFile(file)
			require.NoError(t, err)
			if strings.Contains(string(query), "\nsubscription ") {
				return // The clients of the other suites follow it.
			}
			variables := map[string]any{}
			given, err := os.ReadFile(strings.TrimSuffix(file, ".graphql") + ".json")
			if err == nil {
				require.NoError(t, json.Unmarshal(given, &variables))
			} else {
				require.ErrorIs(t, err, os.ErrNotExist)
			}
			got := ask(t, address, string(query), variables)
			require.Empty(t, got.Errors, got.body)
			for name, value := range got.Data {
				require.NotNil(t, value, "the example asks for what the case has: %s", name)
				require.NotContains(t, got.body, `"nodes":[]`, "and finds it")
			}
		})
	}
}

func TestBadInputHasACode(t *testing.T) {
	address := serve(t, shared(t), server.Limits{}, access.Config{LoopbackOwner: true})
	for name, test := range map[string]struct {
		query       string
		variables   any
		code, limit string
	}{
		"page too large":          {"{entities(first:201){nodes{id}}}", nil, "LIMIT_EXCEEDED", ""},
		"page of 64 bits":         {"{entities(first:4294967296){nodes{id}}}", nil, "INVALID_INPUT", ""},
		"page of 64 bits, in one": {"query($n:Int){entities(first:$n){nodes{id}}}", map[string]any{"n": 4294967296}, "INVALID_INPUT", ""},
		"page of 30 digits":       {"{entities(first:123456789012345678901234567890){nodes{id}}}", nil, "INVALID_INPUT", ""},
		"page of words":           {"query($n:Int){entities(first:$n){nodes{id}}}", map[string]any{"n": "many"}, "INVALID_INPUT", ""},
		"page of a fraction":      {"query($n:Int){entities(first:$n){nodes{id}}}", map[string]any{"n": 1.5}, "INVALID_INPUT", ""},
		"negative page":           {"{entities(first:-1){nodes{id}}}", nil, "INVALID_INPUT", ""},
		"foreign cursor":          {`{entities(after:"nonsense"){nodes{id}}}`, nil, "INVALID_INPUT", ""},
		"date":                    {`{links(filter:{on:"yesterday"}){nodes{id}}}`, nil, "INVALID_DATE", ""},
		"moment":                  {`{stats(knownAt:"yesterday"){links}}`, nil, "INVALID_INPUT", ""},
		"kind":                    {`{links(filter:{kinds:[LIKES]}){nodes{id}}}`, nil, "INVALID_INPUT", ""},
		"uncited claim":           {`mutation{apply(changeSet:{reason:"x",changes:[{assertLink:{kind:COMMANDS,from:"27-bi",to:"27-bi",citations:[]}}]}){number}}`, nil, "UNCITED_CLAIM", ""},
		"introspection by alias":  {`{a:__schema{types{name}} b:__schema{types{name}} c:__schema{types{name}} d:__schema{types{name}} e:__schema{types{name}} f:__schema{types{name}}}`, nil, "LIMIT_EXCEEDED", "complexity"},
		"every list of a list":    {`{entities(first:200){nodes{links(first:200){nodes{citations(first:200){nodes{id}}}}}}}`, nil, "LIMIT_EXCEEDED", "complexity"},
		"node in node":            {`{node(id:"27-bi"){...on Entity{links(first:200){nodes{from{links(first:200){nodes{id}}}}}}}}`, nil, "LIMIT_EXCEEDED", "complexity"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, address, test.query, test.variables)
			codes := []any{}
			for _, fault := range got.Errors {
				codes = append(codes, fault.Extensions["code"])
			}
			require.Contains(t, codes, test.code, got.body)
			if test.limit != "" {
				require.Equal(t, test.limit, got.says(t, "limit"))
			}
		})
	}
	got := ask(t, address, "mutation($cs:ChangeSetInput!){apply(changeSet:$cs){number}}", map[string]any{"cs": map[string]any{
		"reason": "x", "changes": []any{map[string]any{"putEntity": map[string]any{"kind": "UNICORN", "name": "x"}}},
	}})
	require.Equal(t, "changes[0].putEntity.kind", got.says(t, "path"), "where the input is at fault: %s", got.body)
}

// A store that is gone is told as such at once, and the server lives on.
func TestStoreThatIsDown(t *testing.T) {
	tracer, store := demonstration(t)
	address := serve(t, tracer, server.Limits{}, access.Config{LoopbackOwner: true})
	require.NoError(t, store.Close())
	began := time.Now()
	require.Equal(t, "UNAVAILABLE", ask(t, address, "{stats{links}}", nil).says(t, "code"))
	got := ask(t, address, `mutation{apply(changeSet:{reason:"x",changes:[{putEntity:{kind:PERSON,name:"x"}}]}){number}}`, nil)
	require.Equal(t, "UNAVAILABLE", got.says(t, "code"))
	require.Less(t, time.Since(began), 5*time.Second)
	require.Empty(t, ask(t, address, "{__typename}", nil).Errors)
}

// The schema of the service is larger than that of the server's own tests, and so is what validation
// has to look through.
func TestHostileDocuments(t *testing.T) {
	address := serve(t, shared(t), server.Limits{QueryBytes: 1 << 20}, access.Config{LoopbackOwner: true})
	numbered := func(text string, times int) string {
		var b strings.Builder
		for i := range times {
			fmt.Fprintf(&b, text, i)
		}
		return b.String()
	}
	var doubling strings.Builder
	doubling.WriteString(`{entity(id:"27-bi"){...F0}}`)
	for i := range 60 {
		fmt.Fprintf(&doubling, "fragment F%d on Entity{a:links(first:1){nodes{from{...F%d}}} b:links(first:1){nodes{to{...F%d}}}}", i, i+1, i+1)
	}
	doubling.WriteString("fragment F60 on Entity{id}")
	for name, test := range map[string]struct {
		query string
		most  time.Duration
	}{
		"10,000 repeated fields":        {"{" + strings.Repeat("stats{links} ", 10_000) + "}", 100 * time.Millisecond},
		"20,000 repeated with @skip":    {"{" + strings.Repeat("stats@skip(if:true){links} ", 20_000) + "}", 200 * time.Millisecond},
		"fragments that double":         {doubling.String(), time.Second},
		"repeated within the tokens":    {"{stats{" + strings.Repeat("links ", 1_900) + "}}", time.Second},
		"unknown fields":                {"{" + numbered("unknown%d ", 1_900) + "}", time.Second},
		"fields of another type":        {"{" + numbered("a%d:supports ", 600) + "}", time.Second},
		"repeated objects":              {"{" + numbered(`a%d:entity(id:"27-bi"){id name kind}`, 150) + "}", time.Second},
		"inline fragments to be merged": {"{" + strings.Repeat("...{stats{links}}", 230) + "}", time.Second},
		"unknown enum values":           {"{links(filter:{kinds:[" + numbered("COMMAND%d ", 1_900) + "]}){nodes{id}}}", time.Second},
		"unknown input fields":          {"{links(filter:{" + numbered("kind%d:1 ", 600) + "}){nodes{id}}}", time.Second},
		"unknown arguments":             {"{links(" + numbered("kind%d:1 ", 600) + "){nodes{id}}}", time.Second},
		"unknown types":                 {"{__typename}" + numbered("fragment F%d on Linkk%[1]d{id}", 280), time.Second},
		"unknown directives":            {"{stats" + numbered("@skipp%d", 900) + "{links}}", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			// Other work on the machine may take one of the times, not all of them.
			took := time.Hour
			var got *answer
			for range 5 {
				began := time.Now()
				got = ask(t, address, test.query, nil)
				took = min(took, time.Since(began))
			}
			if name != "inline fragments to be merged" { // Which are in order.
				require.NotEmpty(t, got.Errors)
			}
			require.Less(t, took, slower*test.most)
			require.Less(t, len(got.body), 100_000)
		})
	}
}
