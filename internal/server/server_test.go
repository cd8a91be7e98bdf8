package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// answer is what came back for one request.
type answer struct {
	status int
	header http.Header
	body   string
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

func (a *answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func (a *answer) limit() string {
	if len(a.Errors) == 0 {
		return ""
	}
	limit, _ := a.Errors[0].Extensions["limit"].(string)
	return limit
}

// present is a presenter as graph's: errors with a code of their own keep it.
func present(ctx context.Context, err error) *gqlerror.Error {
	presented := graphql.DefaultErrorPresenter(ctx, err)
	if coded, ok := errors.AsType[codedError](err); ok {
		presented.Extensions = map[string]any{"code": coded.code}
	}
	return presented
}

func start(t *testing.T, config server.Config) (*httptest.Server, *server.Server) {
	t.Helper()
	if config.Schema == nil {
		config.Schema = newTestSchema()
	}
	if config.ErrorPresenter == nil {
		config.ErrorPresenter = present
	}
	made, err := server.New(config)
	require.NoError(t, err)
	web := httptest.NewServer(made)
	t.Cleanup(web.Close)
	return web, made
}

func ask(t *testing.T, r *http.Request) *answer {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer closing(t, response.Body)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	got := &answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		require.NoError(t, json.Unmarshal(body, got), "%s", body)
		for _, fault := range got.Errors {
			require.NotEmpty(t, fault.Extensions["code"], "every error has a code: %s", body)
			require.NotEmpty(t, fault.Message)
		}
	}
	return got
}

// inBackground asks without waiting. What comes is the body of the answer, or the error.
func inBackground(r *http.Request) <-chan string {
	answered := make(chan string, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			answered <- err.Error()
			return
		}
		answered <- string(body)
	}()
	return answered
}

// closing closes what a test has open.
func closing(t *testing.T, open io.Closer) {
	t.Helper()
	require.NoError(t, open.Close())
}

func postRequest(t *testing.T, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func getRequest(t *testing.T, url string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func query(t *testing.T, url, text string) *answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": text})
	require.NoError(t, err)
	return ask(t, postRequest(t, url, string(body)))
}

const asGraphQL = "application/graphql-response+json"

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

func TestHiddenSchema(t *testing.T) {
	web, _ := start(t, server.Config{HideSchema: true})
	for _, text := range []string{"{__schema{types{name}}}", `{__type(name:"Query"){name}}`, "query{...F} fragment F on Query{x:__schema{types{name}}}"} {
		require.Equal(t, server.CodeForbidden, query(t, web.URL, text).code(), text)
	}
	require.Empty(t, query(t, web.URL, "{__typename}").code())
	open, _ := start(t, server.Config{})
	for _, typo := range []string{
		"{helo}",
		"{person{nme}}",
		"{person}",
		`{hello(nme:"x")}`,
		"{hello @skip(iff:true)}",
		"{...F} fragment F on Qury{hello}",
		"{find(filter:{kindz:[]})}",
		"{find(filter:{kinds:[COMMAND]})}",
		`{find(filter:{kinds:["COMMAND"]})}`,
		"query($filter:Filter={kindz:[]}){find(filter:$filter)}",
		"query($filter:Filter={kinds:[COMMAND]}){find(filter:$filter)}",
	} {
		require.Contains(t, query(t, open.URL, typo).body, "Did you mean", typo)
		hidden := query(t, web.URL, typo)
		require.Equal(t, server.CodeInvalidInput, hidden.code(), typo)
		require.NotContains(t, hidden.body, "Did you mean", typo)
	}
	for variables, unsaid := range map[string]string{`{"kindz":[]}`: "kinds", `{"kinds":["COMMAND"]}`: "COMMANDS"} {
		hidden := ask(t, postRequest(t, web.URL, `{"query":"query($filter:Filter){find(filter:$filter)}","variables":{"filter":`+variables+`}}`))
		require.Equal(t, server.CodeInvalidInput, hidden.code(), variables)
		require.NotContains(t, hidden.body, unsaid)
	}
}

// door is who is let in, in the tests.
type door struct{}

func (door) Authenticate(r *http.Request) (access.Identity, error) {
	return recognise(r.Header.Get("Authorization"))
}

func (door) Init(_ *http.Request, payload json.RawMessage) (access.Identity, error) {
	var sent struct{ Authorization any }
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &sent); err != nil {
			return access.Identity{}, err
		}
	}
	token, _ := sent.Authorization.(string)
	return recognise(token)
}

func (door) Address(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() }

func (door) Confirm(*http.Request, access.Identity) error { return nil }

func (door) Count(*http.Request, access.Identity) error { return nil }

func recognise(token string) (access.Identity, error) {
	switch token {
	case "":
		return access.Identity{}, &access.Refusal{Status: 401, Code: evidence.Forbidden, Message: "say who you are"}
	case "Bearer known":
		return access.Owner("María"), nil
	case "Bearer anyone":
		return access.Identity{Anonymous: true}, nil
	case "Bearer away":
		return access.Identity{}, &access.Refusal{Status: 503, Code: evidence.Unavailable, Message: "ask later", RetryAfter: 1500 * time.Millisecond}
	case "Bearer busy":
		return access.Identity{}, &access.Refusal{Status: 429, Code: evidence.LimitExceeded, Message: "ask less", RetryAfter: time.Minute}
	case "Bearer bug":
		return access.Identity{}, errors.New("secret: the password is hunter2")
	}
	return access.Identity{}, &access.Refusal{Status: 403, Code: evidence.Forbidden, Message: "the token was withdrawn"}
}

func TestAccess(t *testing.T) {
	web, _ := start(t, server.Config{Access: door{}})
	for token, want := range map[string]struct {
		status      int
		code, retry string
	}{
		"":              {401, server.CodeForbidden, ""},
		"Bearer old":    {403, server.CodeForbidden, ""},
		"Bearer away":   {503, server.CodeUnavailable, "2"},
		"Bearer busy":   {429, server.CodeLimitExceeded, "60"},
		"Bearer bug":    {500, server.CodeInternal, ""},
		"Bearer known":  {200, "", ""},
		"Bearer anyone": {200, "", ""},
	} {
		for _, accept := range []string{"application/json", asGraphQL, "text/event-stream"} {
			got := ask(t, postRequest(t, web.URL, `{"query":"{writer}"}`, "Authorization", token, "Accept", accept))
			require.Equal(t, want.status, got.status, token)
			require.Equal(t, want.code, got.code(), token)
			require.Equal(t, want.retry, got.header.Get("Retry-After"), token)
			require.NotContains(t, got.body, "hunter2")
			if want.status == 401 {
				require.Contains(t, got.header.Get("WWW-Authenticate"), "Bearer")
			}
			if token == "Bearer known" {
				require.Contains(t, got.body, "María", "the schema learns who asks")
			}
		}
	}
	dear := `{"query":"{person{friends(first:200){nodes{friends(first:90){nodes{name}}}}}}"}`
	require.Empty(t, ask(t, postRequest(t, web.URL, dear, "Authorization", "Bearer known")).Errors)
	require.Equal(t, "complexity", ask(t, postRequest(t, web.URL, dear, "Authorization", "Bearer anyone")).limit())
}

func TestBrowsersOfOtherPagesAreRefused(t *testing.T) {
	web, _ := start(t, server.Config{Origins: []string{"https://mapa.example"}, Hosts: []string{"vinculo.example"}})
	address := web.URL + "/graphql?query={__typename}"
	host := strings.TrimPrefix(web.URL, "http://")
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no browser":            {nil, 200},
		"own page":              {[]string{"Origin", web.URL, "Sec-Fetch-Site", "same-origin"}, 200},
		"typed by hand":         {[]string{"Sec-Fetch-Site", "none"}, 200},
		"allowed page":          {[]string{"Origin", "https://mapa.example", "Sec-Fetch-Site", "cross-site"}, 200},
		"other page":            {[]string{"Origin", "https://mal.example"}, 403},
		"no origin at all":      {[]string{"Origin", "null"}, 403},
		"other port":            {[]string{"Origin", "http://127.0.0.1:1"}, 403},
		"image on another page": {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"neighbour":             {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"own name":              {[]string{"Host", "vinculo.example:8443"}, 200},
		"name of another":       {[]string{"Host", "rebound.example"}, 421},
		"localhost":             {[]string{"Host", "localhost:" + strings.Split(host, ":")[1]}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := getRequest(t, address, test.headers...)
			if named := r.Header.Get("Host"); named != "" {
				r.Host = named
			}
			got := ask(t, r)
			require.Equal(t, test.status, got.status, got.body)
			if test.status != 200 {
				require.Equal(t, server.CodeForbidden, got.code())
			}
			if name == "allowed page" {
				require.Equal(t, "https://mapa.example", got.header.Get("Access-Control-Allow-Origin"))
			} else {
				require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
	r := getRequest(t, web.URL+"/graphql", "Origin", "https://mapa.example")
	r.Method = http.MethodOptions
	got := ask(t, r)
	require.Equal(t, http.StatusNoContent, got.status)
	require.Contains(t, got.header.Get("Access-Control-Allow-Headers"), "Content-Type")
}

func TestPagesAndHeaders(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	web, _ := start(t, server.Config{Playground: page})
	for path, want := range map[string]int{
		"/": 303, "/playground": 308, "/playground/": 200, "/healthz": 200, "/readyz": 200, "/nothing": 404, "/metrics": 200,
	} {
		got := ask(t, getRequest(t, web.URL+path))
		require.Equal(t, want, got.status, path)
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", got.header.Get("Referrer-Policy"), path)
		require.Contains(t, got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
	}
	got := ask(t, getRequest(t, web.URL+"/graphql", "Accept", "text/html,*/*;q=0.8"))
	require.Equal(t, 303, got.status, "a person who opens the API's address is led to the page")
	require.Equal(t, "/playground/", got.header.Get("Location"))

	r := getRequest(t, web.URL+"/graphql")
	r.Method = http.MethodPut
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, r).status)
}

func TestReadiness(t *testing.T) {
	var err error
	var log lockedBuffer
	web, _ := start(t, server.Config{Logger: zerolog.New(&log), Ready: func(context.Context) error { return err }})
	require.Equal(t, 200, ask(t, getRequest(t, web.URL+"/readyz")).status)
	err = errors.New("no answer from bolt://secret-host")
	got := ask(t, getRequest(t, web.URL+"/readyz"))
	require.Equal(t, 503, got.status)
	require.Contains(t, got.body, server.CodeUnavailable)
	require.NotContains(t, got.body, "secret-host")
	require.Contains(t, log.String(), "secret-host")
	require.Equal(t, 200, ask(t, getRequest(t, web.URL+"/healthz")).status)
}

// TestProbesAskUnderAnyName: those of orchestrators ask by the address of a machine.
func TestProbesAskUnderAnyName(t *testing.T) {
	web, _ := start(t, server.Config{})
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 421, "/graphql": 421, "/": 421, "/healthz/": 421} {
		r := getRequest(t, web.URL+path)
		r.Host = "10.1.2.3:8080"
		require.Equal(t, want, ask(t, r).status, path)
	}
}

func TestMetricsAreOfThisMachine(t *testing.T) {
	web, made := start(t, server.Config{})
	query(t, web.URL, "{a:hello}")
	query(t, web.URL, "{helo}")
	got := ask(t, getRequest(t, web.URL+"/metrics"))
	require.Contains(t, got.body, `vinculo_graphql_responses_total{kind="query",result="ok"} 1`)
	require.Contains(t, got.body, `vinculo_graphql_responses_total{kind="none",result="INVALID_INPUT"} 1`)
	require.Contains(t, got.body, `vinculo_http_requests_total{method="POST",route="/graphql",status="200"} 2`)
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via", "CF-Connecting-IP"} {
		require.Equal(t, 404, ask(t, getRequest(t, web.URL+"/metrics", header, "203.0.113.9")).status, header)
	}
	old := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/metrics", http.NoBody)
	old.RemoteAddr, old.Proto, old.ProtoMinor = "127.0.0.1:1234", "HTTP/1.0", 0
	relayed := httptest.NewRecorder()
	made.ServeHTTP(relayed, old)
	require.Equal(t, 404, relayed.Code, "a proxy that adds no header speaks HTTP/1.0")
	web, _ = start(t, server.Config{Metrics: true})
	require.Equal(t, 200, ask(t, getRequest(t, web.URL+"/metrics", "X-Forwarded-For", "203.0.113.9")).status)
}

func TestRunStopsInOrder(t *testing.T) {
	schema := newTestSchema()
	made, err := server.New(server.Config{Schema: schema, ErrorPresenter: present})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- made.Run(ctx, listener) }()
	address := "http://" + listener.Addr().String()

	answered := inBackground(postRequest(t, address, `{"query":"{wait}"}`))
	<-schema.entered
	stream, err := http.DefaultTransport.RoundTrip(postRequest(t, address, `{"query":"subscription{forever}"}`, "Accept", "text/event-stream"))
	require.NoError(t, err)
	defer closing(t, stream.Body)
	events := bufio.NewReader(stream.Body)
	for line := ""; line != "event: next\n"; { // Only then does it run.
		line, err = events.ReadString('\n')
		require.NoError(t, err)
	}
	socket := dial(t, address)
	socket.initialise()
	socket.write(`{"id":"1","type":"subscribe","payload":{"query":"subscription{forever}"}}`)
	require.Equal(t, "next", socket.read().Type)

	cancel()
	code, _ := socket.closed()
	require.Equal(t, 1001, code)
	_, err = io.ReadAll(events)
	require.NoError(t, err, "an event stream ends, and is not cut off")
	close(schema.proceed)
	require.JSONEq(t, `{"data":{"wait":"done"}}`, <-answered, "a request that runs comes to its end")
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(eventually):
		t.Fatal("the server did not stop")
	}
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.Error(t, err, "nobody listens any more")
}

func TestRunGivesUpWaiting(t *testing.T) {
	schema := newTestSchema()
	made, err := server.New(server.Config{Schema: schema, Limits: server.Limits{DrainTime: 50 * time.Millisecond}})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- made.Run(ctx, listener) }()
	cutOff := inBackground(postRequest(t, "http://"+listener.Addr().String(), `{"query":"{wait}"}`))
	<-schema.entered
	cancel()
	require.EqualError(t, <-ended, "stop: some requests did not end within 50ms and were cut off")
	require.Contains(t, <-cutOff, "EOF")
}

func TestCheckListen(t *testing.T) {
	for _, address := range []string{"127.0.0.1:8080", "localhost:0", "[::1]:8080", "127.4.5.6:1"} {
		require.NoError(t, server.CheckListen(address, false), address)
	}
	for _, address := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "192.168.1.4:80", "example.org:443", "localhost.example.org:1"} {
		require.ErrorContains(t, server.CheckListen(address, false), "--listen 127.0.0.1:8080", address)
		require.NoError(t, server.CheckListen(address, true), address)
	}
	require.ErrorContains(t, server.CheckListen("8080", true), "host:port")
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
