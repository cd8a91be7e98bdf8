package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

func TestPostAnswers(t *testing.T) {
	web, _ := start(t, server.Config{})
	for name, test := range map[string]struct {
		body, accept string
		status       int
		media        string
		code         string
		data         string
	}{
		"query":                   {`{"query":"{hello(name:\"Peña\")}"}`, "", 200, "application/json", "", `{"hello":"hello Peña"}`},
		"other media type":        {`{"query":"{hello(name:\"Peña\")}"}`, asGraphQL, 200, asGraphQL, "", `{"hello":"hello Peña"}`},
		"weighted":                {`{"query":"{__typename}"}`, asGraphQL + ";q=0.5, application/json;q=0.4", 200, asGraphQL, "", `{"__typename":"Query"}`},
		"weight zero":             {`{"query":"{__typename}"}`, "application/json;q=0, */*;q=0.1", 200, asGraphQL, "", `{"__typename":"Query"}`},
		"not acceptable":          {`{"query":"{__typename}"}`, "text/html", 406, "application/json", server.CodeInvalidInput, ""},
		"syntax":                  {`{"query":"{"}`, "", 200, "application/json", server.CodeInvalidInput, ""},
		"syntax, other type":      {`{"query":"{"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"unknown field":           {`{"query":"{helo}"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"unknown operation":       {`{"query":"query A{hello}","operationName":"B"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"missing variable":        {`{"query":"mutation($t:String!){write(text:$t)}"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"error of the schema":     {`{"query":"{down}"}`, asGraphQL, 200, asGraphQL, server.CodeUnavailable, `{"down":null}`},
		"literal out of range":    {`{"query":"{hello(size:123456789012345678901234567890)}"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"not JSON":                {`{"query`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"something after":         {`{"query":"{hello}"}{}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"empty":                   {``, "", 400, "application/json", server.CodeInvalidInput, ""},
		"batch":                   {`[{"query":"{hello}"}]`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"no query":                {`{}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"repeated key":            {`{"query":"{hello}","query":"{__typename}"}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"repeated key within":     {`{"query":"{hello}","variables":{"a":{"b":1,"\u0062":2}}}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"key in capitals":         {`{"Query":"{hello}"}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"key of other case":       {`{"query":"query A{a:__typename} query B{b:__typename}","operationName":"A","operationname":"B"}`, "", 200, "application/json", "", `{"a":"Query"}`},
		"unknown key":             {`{"query":"{__typename}","id":[{}]}`, "", 200, "application/json", "", `{"__typename":"Query"}`},
		"or events":               {`{"query":"{__typename}"}`, "application/json, text/event-stream", 200, "application/json", "", `{"__typename":"Query"}`},
		"not UTF-8":               {"{\"query\":\"{hello(name:\\\"\xff\\\")}\"}", "", 400, "application/json", server.CodeInvalidInput, ""},
		"subscription":            {`{"query":"subscription{forever}"}`, "", 400, "application/json", server.CodeInvalidInput, ""},
		"in parts":                {`{"query":"{person{... @defer{name}}}"}`, asGraphQL, 400, asGraphQL, server.CodeInvalidInput, ""},
		"unknown persisted query": {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`, "", 200, "application/json", server.CodePersistedQueryNotFound, ""},
		"bad persisted query":     {`{"extensions":{"persistedQuery":{"version":2}}}`, "", 200, "application/json", server.CodeInvalidInput, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := postRequest(t, web.URL, test.body)
			if test.accept != "" {
				r.Header.Set("Accept", test.accept)
			}
			got := ask(t, r)
			require.Equal(t, test.status, got.status, got.body)
			require.Equal(t, test.media+"; charset=utf-8", got.header.Get("Content-Type"))
			require.Equal(t, test.code, got.code(), got.body)
			require.Equal(t, test.data, string(got.Data))
			require.Equal(t, "no-store", got.header.Get("Cache-Control"))
		})
	}
}

func TestErrorsRepeatNothing(t *testing.T) {
	web, _ := start(t, server.Config{})
	secret := "ladrillo-de-adobe"
	for _, body := range []string{
		`{"query": ` + secret, `{"query": 1` + secret + `}`, `{"variables": "` + secret + `", "query":"{hello}"}`,
		`{"query":"{hello}"} ` + secret, secret, `["` + secret + `"]`, `{"operationName":["` + secret + `"],"query":"{hello}"}`,
	} {
		got := ask(t, postRequest(t, web.URL, body))
		require.Equal(t, 400, got.status, body)
		require.NotContains(t, got.body, secret)
	}
	got := query(t, web.URL, "{"+strings.Repeat("x", 5_000)+"}")
	require.Less(t, len(got.body), 1_500, "a message that quotes the document is cut")
}

func TestContentTypeIsRequired(t *testing.T) {
	web, _ := start(t, server.Config{})
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1"} {
		r := postRequest(t, web.URL, `{"query":"{hello}"}`, "Content-Type", kind)
		require.Equal(t, http.StatusUnsupportedMediaType, ask(t, r).status, kind)
	}
	r := postRequest(t, web.URL, `{"query":"{hello}"}`, "Content-Type", "application/json; charset=UTF-8")
	require.Equal(t, http.StatusOK, ask(t, r).status)
}

func TestCompressedBodiesAreRefused(t *testing.T) {
	web, _ := start(t, server.Config{})
	for _, coding := range []string{"gzip", "br", "identity, gzip", "x"} {
		got := ask(t, postRequest(t, web.URL, `{"query":"{hello}"}`, "Content-Encoding", coding))
		require.Equal(t, http.StatusUnsupportedMediaType, got.status, coding)
		require.Equal(t, "identity", got.header.Get("Accept-Encoding"))
		require.Contains(t, got.body, "without the header Content-Encoding")
	}
	require.Equal(t, http.StatusOK, ask(t, postRequest(t, web.URL, `{"query":"{hello}"}`, "Content-Encoding", "Identity")).status)
}

func TestGetReadsOnly(t *testing.T) {
	schema := newTestSchema()
	web, _ := start(t, server.Config{Schema: schema})
	got := ask(t, getRequest(t, web.URL+`/graphql?query=query($n:String){hello(name:$n)}&variables={"n":"Iguala"}`))
	require.Equal(t, 200, got.status)
	require.JSONEq(t, `{"hello":"hello Iguala"}`, string(got.Data))

	for _, accept := range []string{"*/*", "text/event-stream"} {
		got = ask(t, getRequest(t, web.URL+`/graphql?query=mutation{write(text:"x")}`, "Accept", accept))
		require.Contains(t, got.body, server.CodeInvalidInput)
		require.Zero(t, schema.writes.Load(), "a GET changes nothing")
	}
	got = ask(t, getRequest(t, web.URL+`/graphql?query=mutation{write(text:"x")}`))
	require.Equal(t, http.StatusMethodNotAllowed, got.status)
	require.Equal(t, "POST", got.header.Get("Allow"))
	require.Equal(t, 400, ask(t, getRequest(t, web.URL+`/graphql?query={hello}&variables=[1]`)).status)
	require.Equal(t, 400, ask(t, getRequest(t, web.URL+`/graphql?query={hello}&extensions=x`)).status)
	require.Equal(t, 400, ask(t, getRequest(t, web.URL+`/graphql`)).status)
}

func TestPersistedQueries(t *testing.T) {
	web, _ := start(t, server.Config{})
	// sha256 of {__typename}
	const hash = `ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38`
	extension := `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
	require.Equal(t, server.CodePersistedQueryNotFound, ask(t, postRequest(t, web.URL, `{`+extension+`}`)).code())
	require.Equal(t, server.CodeInvalidInput, ask(t, postRequest(t, web.URL, `{"query":"{hello}",`+extension+`}`)).code(), "a hash of something else")
	require.Empty(t, ask(t, postRequest(t, web.URL, `{"query":"{__typename}",`+extension+`}`)).code())
	got := ask(t, postRequest(t, web.URL, `{`+extension+`}`))
	require.JSONEq(t, `{"__typename":"Query"}`, string(got.Data))
}

func TestFaultsOfOursAreHiddenAndLogged(t *testing.T) {
	var log lockedBuffer
	web, _ := start(t, server.Config{Logger: zerolog.New(&log)})
	got := query(t, web.URL, "{broken}")
	require.Equal(t, server.CodeInternal, got.code())
	require.NotContains(t, got.body, "hunter2")
	require.Contains(t, log.String(), "hunter2")
	got = query(t, web.URL, "{panics}")
	require.Equal(t, server.CodeInternal, got.code())
	require.Equal(t, http.StatusInternalServerError, got.status)
	require.NotContains(t, got.body, "hunter2")
}

func TestLogHoldsNoSecrets(t *testing.T) {
	var log lockedBuffer
	web, _ := start(t, server.Config{Logger: zerolog.New(&log)})
	r := postRequest(t, web.URL, `{"query":"query Find($n:String){hello(name:$n)}","variables":{"n":"oculto-1"}}`, "Authorization", "Bearer oculto-2")
	require.Equal(t, 200, ask(t, r).status)
	require.Equal(t, 200, ask(t, getRequest(t, web.URL+`/graphql?query={__typename}&token=oculto-3`)).status)
	text := log.String()
	require.NotContains(t, text, "oculto")
	require.Contains(t, text, `"operation":"query"`)
	require.Contains(t, text, `"name":"Find"`)
	require.Contains(t, text, `"status":200`)
}
