package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

// small are limits that a short query passes.
func small() server.Limits {
	return server.Limits{
		Depth: 5, Complexity: 1_000, Aliases: 4, Directives: 4, Tokens: 100, QueryBytes: 1_000, BodyBytes: 4_000,
		RequestTime: 100 * time.Millisecond, Concurrent: 1, QueueTime: 50 * time.Millisecond,
		Connections: 2, Subscriptions: 2,
	}
}

func TestLimitsOfADocument(t *testing.T) {
	web, _ := start(t, server.Config{Limits: small()})
	for name, test := range map[string]struct{ query, limit string }{
		"depth":                     {"{person{friend{friend{friend{name}}}}}", ""},
		"depth, over":               {"{person{friend{friend{friend{friend{name}}}}}}", "depth"},
		"depth by fragments":        {"{person{...A}} fragment A on Person{friend{...B}} fragment B on Person{friend{friend{friend{name}}}}", "depth"},
		"depth of introspection":    {"{__schema{types{fields{type{ofType{name}}}}}}", "depth"},
		"lists of introspection":    {"{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", "depth"},
		"price":                     {"{person{friends(first:100){nodes{name}}}}", ""},
		"price, over":               {"{person{friends(first:500){nodes{name}}}}", "complexity"},
		"price by last":             {"{person{friends(last:500){nodes{name}}}}", "complexity"},
		"price without first":       {"{person{friends{nodes{friends{nodes{name}}}}}}", "depth"},
		"price of lists in lists":   {"{person{friends(first:32){nodes{...F}}}} fragment F on Person{a:friends(first:32){__typename}}", "complexity"},
		"price that overflows":      {"{person{friends(first:2147483647){nodes{friends(first:2147483647){__typename}}}}}", "complexity"},
		"price set by the schema":   {"{person{cheap(first:100000){nodes{name}}}}", ""},
		"price of the whole schema": {"{__schema{types{name}}}", "complexity"},
		"aliases":                   {"{a:hello b:hello c:hello d:hello}", ""},
		"aliases, over":             {"{a:hello b:hello c:hello d:hello e:hello}", "aliases"},
		"aliases by fragments":      {"{person{...A friend{...A friend{...A}}}} fragment A on Person{a:name b:name}", "aliases"},
		"directives":                {"{hello@skip(if:false) person@skip(if:false){...@skip(if:false){name@skip(if:false)}}}", ""},
		"directives, over":          {"{hello@skip(if:false) person@skip(if:false){...@skip(if:false){name@skip(if:false) id@skip(if:false)}}}", "directives"},
		"tokens, over":              {"{" + strings.Repeat("hello ", 100) + "}", "tokens"},
		"repeats, over":             {"{" + strings.Repeat("hello ", 51) + "}", "repeats"},
		"unknown, over":             {"{" + distinct("%s ", 51) + "}", "unknown"},
		"bytes, over":               {"{hello}" + strings.Repeat("#", 1_000), "queryBytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got := query(t, web.URL, test.query)
			require.Equal(t, test.limit, got.limit(), got.body)
			if test.limit != "" {
				require.Equal(t, server.CodeLimitExceeded, got.code())
				require.Empty(t, got.Data, "nothing is executed")
			} else {
				require.Empty(t, got.Errors)
			}
		})
	}
	first := `{"query":"query($n:Int){person{friends(first:$n){nodes{name}}}}","variables":{"n":%d}}`
	require.Empty(t, ask(t, postRequest(t, web.URL, fmt.Sprintf(first, 100))).Errors)
	require.Equal(t, "complexity", ask(t, postRequest(t, web.URL, fmt.Sprintf(first, 500))).limit(), "a price from a variable")
	require.Contains(t, ask(t, getRequest(t, web.URL+"/metrics")).body, `vinculo_limit_exceeded_total{limit="complexity"}`)
}

func TestPagesAreAsLargeAsTheServerSays(t *testing.T) {
	limits := small()
	limits.PageSize = 50
	web, _ := start(t, server.Config{Limits: limits})
	for text, limit := range map[string]string{
		"{person{friends(first:50){nodes{name}}}}":                                         "",
		"{person{friends(first:51){nodes{name}}}}":                                         "pageSize",
		"{person{friends(last:51){nodes{name}}}}":                                          "pageSize",
		"{person{...F}} fragment F on Person{friends(first:51){nodes{name}}}":              "pageSize",
		"query($n:Int=51){person{friends(first:$n){nodes{name}}}}":                         "pageSize",
		"{person{cheap(first:51){nodes{name}}}}":                                           "", // no connection: it has a limit of its own
		"{person{friend{friends(first:25){nodes{name}} a:friends(first:51){__typename}}}}": "pageSize",
	} {
		got := query(t, web.URL, text)
		require.Equal(t, limit, got.limit(), "%s: %s", text, got.body)
	}
}

func TestDefaultsTakeWhatToolsAsk(t *testing.T) {
	web, _ := start(t, server.Config{})
	require.Empty(t, query(t, web.URL, introspection.Query).Errors)
	// What graphql-js 16 asks: nine levels of ofType.
	nested := "kind name " + strings.Repeat("ofType{kind name ", 9) + strings.Repeat("}", 9)
	require.Empty(t, query(t, web.URL, "{__schema{types{fields(includeDeprecated:true){args{type{"+nested+"}}}}}}").Errors)
}

// A plain gqlgen server needs 5.6 s for the first of these and 17.6 s for the second.
func TestRepeatedFieldsAreRefusedAtOnce(t *testing.T) {
	web, _ := start(t, server.Config{Limits: server.Limits{QueryBytes: 1 << 20}})
	for _, text := range []string{
		"{" + strings.Repeat("hello ", 10_000) + "}",
		"{" + strings.Repeat("hello @skip(if:false) ", 20_000) + "}",
		"{" + strings.Repeat("...F ", 10_000) + "} fragment F on Query{hello}",
		strings.Repeat("{a:hello ", 10_000),
	} {
		// Other work on the machine may take one of the times, not all of them.
		took := time.Hour
		for range 5 {
			began := time.Now()
			got := query(t, web.URL, text)
			took = min(took, time.Since(began))
			require.Equal(t, "tokens", got.limit())
		}
		require.Less(t, took, slower*100*time.Millisecond)
	}
}

// What fits into the tokens must be cheap as well: fragments that spread the next one twice double the
// work of who follows each spread, and fields that may merge are compared with each other.
func TestHostileDocumentsWithinTheTokens(t *testing.T) {
	web, _ := start(t, server.Config{})
	var doubling strings.Builder
	doubling.WriteString("{person{...F0}}")
	for i := range 120 {
		fmt.Fprintf(&doubling, "fragment F%d on Person{a:friend{...F%d}b:friend{...F%d}}", i, i+1, i+1)
	}
	doubling.WriteString("fragment F120 on Person{name}")
	var flat strings.Builder
	flat.WriteString("{person{...F0}}")
	for i := range 150 {
		fmt.Fprintf(&flat, "fragment F%d on Person{...F%d ...F%d}", i, i+1, i+1)
	}
	flat.WriteString("fragment F150 on Person{name}")
	for name, text := range map[string]string{
		"doubling":      doubling.String(),
		"doubling flat": flat.String(),
		"nested merges": "{" + strings.Repeat("person{", 400) + "name" + strings.Repeat("}", 400) + strings.Repeat("person{friend{name}}", 150) + "}",
		"repeated":      "{" + strings.Repeat("hello ", 1_900) + "}",
		"unknown":       "{" + distinct("%s ", 1_900) + "}",
		"wrong type":    "{" + distinct("%s:nodes ", 630) + "}",
		"merges":        "{person{" + strings.Repeat("...{friend{name}}", 230) + "}}",
		"arguments":     "{hello(" + strings.Repeat("size:1 ", 600) + ")}",
		"unknown enum":  "{hello(name:[" + distinct("%s ", 1_900) + "])}",
		"list value":    "{hello(name:" + strings.Repeat("[", 1_900) + ")}",
		"variables":     "query(" + strings.Repeat("$a:Int ", 450) + "){hello}",
		"operations":    strings.Repeat("query A{hello}", 380),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := query(t, web.URL, text)
			require.Less(t, time.Since(began), slower*2*time.Second)
			require.LessOrEqual(t, len(got.Errors), 101)
			require.Less(t, len(got.body), 200_000)
		})
	}
}

// distinct repeats a text with a name that is new each time.
func distinct(text string, times int) string {
	var b strings.Builder
	for i := range times {
		fmt.Fprintf(&b, text, "n"+strconv.Itoa(i))
	}
	return b.String()
}

func TestLimitOfTheBody(t *testing.T) {
	web, _ := start(t, server.Config{Limits: small()})
	body := `{"query":"{hello}","variables":{"x":"` + strings.Repeat("x", 4_000) + `"}}`
	got := ask(t, postRequest(t, web.URL, body))
	require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	require.Equal(t, "bodyBytes", got.limit())
	// The length is not announced.
	r := postRequest(t, web.URL, "")
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = -1
	require.Equal(t, "bodyBytes", ask(t, r).limit())
}

// TestRequestsAreReadWithinLimits: thirty bodies of four megabytes took seven gigabytes when they were read.
func TestRequestsAreReadWithinLimits(t *testing.T) {
	web, _ := start(t, server.Config{Access: door{}, Limits: server.Limits{Values: 100, AnonymousValues: 10, AnonymousBodyBytes: 1_000}})
	of := func(values int, text string) string {
		return `{"query":"{__typename}","variables":{"a":["{[,"` + strings.Repeat(`,{"":0}`, values) + `],"b":"` + text + `"}}`
	}
	known, anyone := "Bearer known", "Bearer anyone"
	for name, test := range map[string]struct {
		body, token, limit string
		status             int
	}{
		"few values":                     {of(40, ""), known, "", 200},
		"many values":                    {of(50, ""), known, "values", 400},
		"few values of a stranger":       {of(1, ""), anyone, "", 200},
		"many values of a stranger":      {of(4, ""), anyone, "values", 400},
		"signs in a text are no values":  {of(0, strings.Repeat(`{[,\"`, 100)), anyone, "", 200},
		"large body of a stranger":       {of(0, strings.Repeat("x", 1_000)), anyone, "bodyBytes", 413},
		"large body of who is known":     {of(0, strings.Repeat("x", 100_000)), known, "", 200},
		"many values that are not JSON":  {strings.Repeat("{", 1_000), known, "values", 400},
		"a stranger's values in a query": {`{"query":"query($a:Int){hello(size:$a)}","variables":{"a":[` + strings.Repeat("0,", 20) + `0]}}`, anyone, "values", 400},
	} {
		t.Run(name, func(t *testing.T) {
			for _, accept := range []string{"application/json", "text/event-stream"} {
				got := ask(t, postRequest(t, web.URL, test.body, "Authorization", test.token, "Accept", accept))
				require.Equal(t, test.status, got.status, got.body)
				require.Equal(t, test.limit, got.limit())
			}
			if test.status == http.StatusRequestEntityTooLarge {
				return
			}
			socket := dial(t, web.URL)
			socket.write(`{"type":"connection_init","payload":{"Authorization":"` + test.token + `"}}`)
			require.Equal(t, "connection_ack", socket.read().Type)
			if !json.Valid([]byte(test.body)) {
				return
			}
			socket.write(`{"id":"1","type":"subscribe","payload":` + test.body + `}`)
			got := socket.read()
			if test.limit == "" {
				require.JSONEq(t, `{"data":{"__typename":"Query"}}`, string(got.Payload))
				return
			}
			require.Equal(t, "error", got.Type)
			require.Contains(t, string(got.Payload), `"limit":"values"`)
			socket.write(`{"id":"1","type":"subscribe","payload":{"query":"{__typename}"}}`)
			require.Equal(t, "next", socket.read().Type, "the socket and the id serve on")
		})
	}
	many := "[0" + strings.Repeat(",0", 200) + "]"
	require.Equal(t, "values", ask(t, getRequest(t, web.URL+`/graphql?query={__typename}&variables={"a":`+many+`}`, "Authorization", known)).limit())

	socket := dial(t, web.URL)
	socket.write(`{"type":"connection_init","payload":{"Authorization":"Bearer anyone"}}`)
	require.Equal(t, "connection_ack", socket.read().Type)
	socket.write(`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 1_000) + `"}}`)
	code, _ := socket.closed()
	require.Equal(t, 1009, code)
}

// busy is a server that answers one request at a time and is answering the first, until its schema lets
// that go on.
func busy(t *testing.T) (web *httptest.Server, schema *testSchema, first <-chan string) {
	t.Helper()
	schema = newTestSchema()
	limits := small()
	limits.RequestTime = time.Minute
	web, _ = start(t, server.Config{Schema: schema, Limits: limits})
	first = inBackground(postRequest(t, web.URL, `{"query":"{wait}"}`))
	<-schema.entered
	return web, schema, first
}

// What is read takes more memory than what was sent, so it is read only by those that run.
func TestRequestsAreReadInTheirTurn(t *testing.T) {
	web, schema, first := busy(t)
	require.Equal(t, http.StatusServiceUnavailable, ask(t, postRequest(t, web.URL, "{")).status)
	require.Contains(t, ask(t, postRequest(t, web.URL, "{", "Accept", "text/event-stream")).body, `"limit":"concurrent"`)
	socket := dial(t, web.URL)
	socket.initialise()
	socket.write(`{"id":"1","type":"subscribe","payload":{}}`)
	require.Contains(t, string(socket.read().Payload), `"limit":"concurrent"`)
	schema.proceed <- struct{}{}
	<-first
	require.Equal(t, http.StatusBadRequest, ask(t, postRequest(t, web.URL, "{")).status)
}

// TestLimitOfTheAnswer: what is put together takes memory before there is anything to count.
func TestLimitOfTheAnswer(t *testing.T) {
	web, _ := start(t, server.Config{Access: door{}, Limits: server.Limits{AnswerBytes: 2_000, AnonymousAnswerBytes: 1_000}})
	for token, limit := range map[string]int{"Bearer known": 2_000, "Bearer anyone": 1_000} {
		answered := func(text string, size int) *answer {
			body, err := json.Marshal(map[string]string{"query": fmt.Sprintf(text, size)})
			require.NoError(t, err)
			return ask(t, postRequest(t, web.URL, string(body), "Authorization", token))
		}
		for _, text := range []string{"{long(size:%d)}", "mutation{long(size:%d)}"} {
			require.Empty(t, answered(text, limit).Errors)
			got := answered(text, limit+1)
			require.Equal(t, "answerBytes", got.limit(), got.body)
			require.Equal(t, "null", string(got.Data), "no part of it is told")
			require.Equal(t, strings.HasPrefix(text, "mutation"), strings.Contains(got.body, "What could be changed was changed"))
		}
		unspent := answered(`{hello(name:"`+strings.Repeat("x", limit)+`",size:%d)}`, 1)
		require.Equal(t, "answerBytes", unspent.limit(), "a schema that spends nothing is bounded, too")
	}

	socket := dial(t, web.URL)
	socket.introduce()
	socket.write(subscribe("1", "subscription{long(size:3000)}"))
	require.Contains(t, string(socket.read().Payload), `"limit":"answerBytes"`)
	require.JSONEq(t, `{"data":{"long":2}}`, string(socket.read().Payload), "the next event is told")
	require.Equal(t, "complete", socket.read().Type)
}

func TestLimitOfTime(t *testing.T) {
	web, _ := start(t, server.Config{Limits: small()})
	for _, text := range []string{"{slow}", "{slow hello}"} {
		got := query(t, web.URL, text)
		require.Equal(t, "requestTime", got.limit(), got.body)
		require.Equal(t, server.CodeLimitExceeded, got.code())
	}
	require.Empty(t, query(t, web.URL, "{hello}").Errors, "the server goes on")
}

func TestLimitOfConcurrency(t *testing.T) {
	web, schema, first := busy(t)
	got := query(t, web.URL, "{hello}")
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "concurrent", got.limit())
	require.NotEmpty(t, got.header.Get("Retry-After"))
	schema.proceed <- struct{}{}
	require.JSONEq(t, `{"data":{"wait":"done"}}`, <-first)
	require.Empty(t, query(t, web.URL, "{hello}").Errors, "the place is free again")
}

func TestLimitOfConnections(t *testing.T) {
	web, _ := start(t, server.Config{Limits: small()})
	one, two := dial(t, web.URL), dial(t, web.URL)
	one.initialise()
	two.initialise()
	require.Equal(t, http.StatusServiceUnavailable, refusedDial(t, web.URL))
	got := ask(t, postRequest(t, web.URL, `{"query":"subscription{forever}"}`, "Accept", "text/event-stream"))
	require.Equal(t, "connections", got.limit())
	require.NotEmpty(t, got.header.Get("Retry-After"))
	one.close()
	require.Eventually(t, func() bool {
		return strings.Contains(ask(t, getRequest(t, web.URL+"/metrics")).body, `vinculo_streams{transport="websocket"} 1`)
	}, eventually, 10*time.Millisecond)
	third := dial(t, web.URL)
	third.initialise()
}

func TestSlowClientsAreGivenUp(t *testing.T) {
	limits := server.Limits{HeaderTime: 100 * time.Millisecond, BodyTime: 100 * time.Millisecond}
	made, err := server.New(server.Config{Schema: newTestSchema(), Limits: limits})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- made.Run(t.Context(), listener) }()
	t.Cleanup(func() { require.NoError(t, <-ended) })
	for name, begin := range map[string]string{
		"headers": "POST /graphql HTTP/1.1\r\nHost: localhost\r\n",
		"body":    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
			require.NoError(t, err)
			defer closing(t, conn)
			_, err = io.WriteString(conn, begin)
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(eventually)))
			text, err := io.ReadAll(conn)
			require.NoError(t, err, "the server closes the connection")
			if name == "body" {
				require.Contains(t, string(text), "400 Bad Request")
			}
		})
	}
}

func TestLimitsMakeSense(t *testing.T) {
	_, err := server.New(server.Config{Schema: newTestSchema(), Limits: server.Limits{Depth: -1}})
	require.ErrorContains(t, err, "negative")
	_, err = server.New(server.Config{})
	require.ErrorContains(t, err, "no schema")
}

// The tags are what the command line shows and uses.
func TestTagsSayTheDefaults(t *testing.T) {
	defaults := reflect.ValueOf(server.DefaultLimits())
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		tag := field.Tag.Get("default")
		require.NotEmpty(t, field.Tag.Get("help"), field.Name)
		if field.Type == reflect.TypeFor[time.Duration]() {
			tagged, err := time.ParseDuration(tag)
			require.NoError(t, err)
			require.Equal(t, tagged, defaults.Field(i).Interface(), field.Name)
			continue
		}
		tagged, err := strconv.ParseInt(tag, 10, 64)
		require.NoError(t, err)
		require.Equal(t, tagged, defaults.Field(i).Int(), field.Name)
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{hello}"}`, `{"query":"query($n:Int){person{friends(first:$n){nodes{name}}}}","variables":{"n":1e99}}`,
		`{"query":"{hello(size:99999999999999999999)}"}`, `{"query":"mutation M($t:String!){write(text:$t)}","variables":{"t":"x"},"operationName":"M"}`,
		`{"query":"{person{...F}} fragment F on Person{friend{...F}}"}`, `[]`, `{"query":null}`, `{"extensions":{"persistedQuery":{"version":"1"}}}`,
		`{"query":"{hello(name:\"\\u0000\\ud800\")}"}`, `{"query":"query($v:[Int!]={}){hello}"}`, `{"query":"{person(id:{a:[1]}){id}}"}`, "\xff",
		`{"query":"{__schema{types{name}} __type(name:null){name}}"}`, `{"query":"{hello @skip(if:$x) @include}"}`, `{"query":"{\"\"\"x"}`,
	} {
		f.Add([]byte(seed))
	}
	made, err := server.New(server.Config{Schema: newTestSchema(), ErrorPresenter: present, Limits: server.Limits{RequestTime: 50 * time.Millisecond}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, accept := range []string{"application/json", asGraphQL} {
			got := serve(t, made, body, accept)
			require.NotEqual(t, http.StatusNotFound, got.status)
			if strings.Contains(string(body), "panics") {
				continue // A panic is answered with INTERNAL.
			}
			require.Less(t, got.status, 500)
			require.True(t, len(got.Errors) > 0 || len(got.Data) > 0, "an answer says something: %s", got.body)
			if accept == asGraphQL && got.status != 200 {
				require.Empty(t, got.Data)
			}
			require.True(t, json.Valid([]byte(got.body)))
		}
	})
}
