package server_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

// TestWhatWouldBeReadAsAnotherCharacterIsRefused on every way in.
func TestWhatWouldBeReadAsAnotherCharacterIsRefused(t *testing.T) {
	web, _ := start(t, server.Config{})
	const asks = `query($n: String!) { hello(name: $n) }`
	variables := func(value string) string {
		return `{"query":` + strconv.Quote(asks) + `,"variables":{"n":` + value + `}}`
	}
	written := func(query string) string {
		body, err := json.Marshal(map[string]string{"query": query})
		require.NoError(t, err)
		return string(body)
	}
	get := func(parameters ...string) string {
		values := url.Values{}
		for i := 0; i < len(parameters); i += 2 {
			values.Set(parameters[i], parameters[i+1])
		}
		return web.URL + "/graphql?" + values.Encode()
	}
	for body, told := range map[string]string{
		variables(`"Jos\ud800"`):                         "The request has at byte 72 half of a surrogate pair",
		variables(`"Jos\uDC00\uD800"`):                   "The request has at byte 72 half of a surrogate pair",
		variables(`"\ud83d\\ude00"`):                     "half of a surrogate pair",
		written("{\n" + `  hello(name: "é😀 \ud800") }`):  "The query has in the string at line 2, column 15, half of a surrogate pair",
		written(`{ hello(name: "\ud83d\ude00\ud83d") }`): "half of a surrogate pair",
	} {
		got := ask(t, postRequest(t, web.URL, body))
		require.Equal(t, server.CodeInvalidInput, got.code(), got.body)
		require.Contains(t, got.body, told)
	}
	for address, told := range map[string]string{
		get("query", asks, "variables", "{\"n\":\"Pe\xf1a\"}"):       "The parameter variables is not valid UTF-8",
		get("query", asks, "variables", `{"n":"\udc00"}`):            "The parameter variables has at byte 7 half of a surrogate pair",
		get("query", `{hello}`, "extensions", "{\"n\":\"Pe\xf1a\"}"): "The parameter extensions is not valid UTF-8",
		get("query", `query A {hello}`, "operationName", "\xc3"):     "The parameter operationName is not valid UTF-8",
		get("query", "{hello(name: \"Pe\xf1a\")}"):                   "The query is not valid UTF-8",
		get("query", `{hello(name: "\ud800")}`):                      "The query has in the string at line 1, column 14, half of a surrogate pair",
	} {
		got := ask(t, getRequest(t, address))
		require.Equal(t, server.CodeInvalidInput, got.code(), got.body)
		require.Contains(t, got.body, told)
	}
}

// TestWhatIsReadAsItIsWrittenIsTaken though it looks like half of a character.
func TestWhatIsReadAsItIsWrittenIsTaken(t *testing.T) {
	for _, text := range []string{`"\ud83d\ude00"`, `"\\ud800"`, `"\\\\ud800"`, `"\u00e9"`, `"\"\ud83d\ude00\\"`} {
		require.NoError(t, server.CheckJSON([]byte(text)), text)
		require.NoError(t, server.CheckQuery(`{ hello(name: `+text+`) }`), text)
	}
	for _, text := range []string{
		"# \\ud800\n{ hello }", `{ hello(name: """\ud800""") }`, `{ hello(name: "`, `{ hello(name: "\ud800`, `\ud800`,
	} {
		require.NoError(t, server.CheckQuery(text), text)
	}
}

// TestHalfOfACharacterEndsOneOperation and not the websocket with all the others.
func TestHalfOfACharacterEndsOneOperation(t *testing.T) {
	web, _ := start(t, server.Config{})
	c := dial(t, web.URL)
	c.initialise()
	c.write(`{"id":"1","type":"subscribe","payload":{"query":"query($n: String!) { hello(name: $n) }","variables":{"n":"\ud800"}}}`)
	got := c.read()
	require.Equal(t, "error", got.Type)
	require.Contains(t, string(got.Payload), "half of a surrogate pair")
	c.write(subscribe("2", `{ hello(name: "\ud800") }`))
	got = c.read()
	require.Equal(t, "error", got.Type)
	require.Contains(t, string(got.Payload), "The query has in the string at line 1")
	c.write(subscribe("3", `{ hello }`))
	require.Equal(t, "next", c.read().Type)
}

// TestTheTextOfANumberIsNoNumber, nor a number a text, though the library that validates
// takes the one for the other.
func TestTheTextOfANumberIsNoNumber(t *testing.T) {
	web, _ := start(t, server.Config{Schema: newTestSchema()})
	sent := func(variables string) *answer {
		return ask(t, postRequest(t, web.URL, `{"query":"query($name:String,$size:Int){hello(name:$name,size:$size)}","variables":`+variables+`}`))
	}
	taken := sent(`{"name": "5", "size": 5}`)
	require.Equal(t, 200, taken.status, taken.body)
	for _, variables := range []string{`{"size": "5"}`, `{"name": 5}`} {
		refused := sent(variables)
		require.Equal(t, server.CodeInvalidInput, refused.code(), variables)
		require.Contains(t, refused.body, "is not a value of type", variables)
	}
}
