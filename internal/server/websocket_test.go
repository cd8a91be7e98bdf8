package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// serve asks a server without a network.
func serve(t *testing.T, made http.Handler, body []byte, accept string) *answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	made.ServeHTTP(w, r)
	got := &answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), got), "%s", got.body)
	for _, fault := range got.Errors {
		require.NotEmpty(t, fault.Extensions["code"], "every error has a code: %s", got.body)
	}
	return got
}

// client is a websocket of a test, which sends frames as they are written.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

func dial(t *testing.T, address string, subprotocols ...string) *client {
	t.Helper()
	if subprotocols == nil {
		subprotocols = []string{"graphql-transport-ws"}
	}
	conn, response, err := websocket.Dial(t.Context(), address+"/graphql", &websocket.DialOptions{Subprotocols: subprotocols})
	require.NoError(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: t, conn: conn}
}

// refusedDial gives the status of the answer to a websocket that is not accepted.
func refusedDial(t *testing.T, address string, headers ...string) int {
	t.Helper()
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	conn, response, err := websocket.Dial(t.Context(), address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err == nil {
		_ = conn.CloseNow()
	}
	require.Error(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	return response.StatusCode
}

func (c *client) write(text string) {
	c.t.Helper()
	require.NoError(c.t, c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)))
}

func (c *client) read() frame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), eventually)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	require.NoError(c.t, err)
	var got frame
	require.NoError(c.t, json.Unmarshal(text, &got), "%s", text)
	return got
}

// closed reads until the server closes, and gives the code and the reason.
func (c *client) closed() (int, string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), eventually)
	defer cancel()
	for {
		if _, _, err := c.conn.Read(ctx); err != nil {
			ended, ok := errors.AsType[websocket.CloseError](err)
			require.True(c.t, ok, "the connection ended without a close frame: %v", err)
			return int(ended.Code), ended.Reason
		}
	}
}

func (c *client) initialise() {
	c.t.Helper()
	c.write(`{"type":"connection_init"}`)
	require.Equal(c.t, "connection_ack", c.read().Type)
}

func (c *client) close() {
	c.t.Helper()
	require.NoError(c.t, c.conn.Close(websocket.StatusNormalClosure, ""))
}

func subscribe(id, query string) string {
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, query)
}

// TestHandshakeIsSpelledAsTheStandardDoes looks at the bytes: the names of headers have no case, but
// clients such as Python's gql look for them as RFC 6455 writes them.
func TestHandshakeIsSpelledAsTheStandardDoes(t *testing.T) {
	web, _ := start(t, server.Config{})
	conn, err := (&net.Dialer{Timeout: eventually}).DialContext(t.Context(), "tcp", web.Listener.Addr().String())
	require.NoError(t, err)
	defer closing(t, conn)
	require.NoError(t, conn.SetDeadline(time.Now().Add(eventually)))
	_, err = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
	require.NoError(t, err)
	var told []string
	for lines := bufio.NewScanner(conn); lines.Scan() && lines.Text() != ""; {
		told = append(told, lines.Text())
	}
	require.Contains(t, told, "HTTP/1.1 101 Switching Protocols")
	require.Contains(t, told, "Sec-WebSocket-Protocol: graphql-transport-ws")
	require.Contains(t, told, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
	require.NotContains(t, strings.Join(told, "\n"), "Websocket")
}

// TestOtherUpgradesAreAnswered asks as curl --http2 does, which names a protocol that it would rather speak.
func TestOtherUpgradesAreAnswered(t *testing.T) {
	web, _ := start(t, server.Config{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/graphql?query=%7Bhello%7D", nil)
	require.NoError(t, err)
	request.Header.Set("Connection", "Upgrade, HTTP2-Settings")
	request.Header.Set("Upgrade", "h2c")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer closing(t, response.Body)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// TestEmptyQueryEndsAlone asks nothing beside something that goes on.
func TestEmptyQueryEndsAlone(t *testing.T) {
	web, _ := start(t, server.Config{})
	for _, query := range []string{"", " "} {
		socket := dial(t, web.URL)
		socket.initialise()
		socket.write(subscribe("empty", query))
		require.Equal(t, "error", socket.read().Type, "%q", query)
		socket.write(`{"type":"ping"}`)
		require.Equal(t, "pong", socket.read().Type, "%q", query)
		socket.close()
	}
}

func TestCloseCodes(t *testing.T) {
	web, _ := start(t, server.Config{Limits: server.Limits{InitTime: 50 * time.Millisecond, BodyBytes: 1_000}})
	patient, _ := start(t, server.Config{Limits: server.Limits{BodyBytes: 1_000}})
	initialise := `{"type":"connection_init"}`
	for name, test := range map[string]struct {
		frames []string
		code   int
		reason string
	}{
		"not JSON":             {[]string{"{"}, 4400, "Invalid message"},
		"list":                 {[]string{"[]"}, 4400, "Invalid message"},
		"two values":           {[]string{initialise + initialise}, 4400, "Invalid message"},
		"no type":              {[]string{`{}`}, 4400, "Invalid message"},
		"unknown type":         {[]string{`{"type":"start"}`}, 4400, "Invalid message"},
		"type of the server":   {[]string{initialise, `{"type":"connection_ack"}`}, 4400, "Invalid message"},
		"init payload":         {[]string{`{"type":"connection_init","payload":"x"}`}, 4400, "Invalid message"},
		"subscribe without id": {[]string{initialise, `{"type":"subscribe","payload":{"query":"{hello}"}}`}, 4400, "Invalid message"},
		"numeric id":           {[]string{initialise, `{"id":1,"type":"subscribe","payload":{"query":"{hello}"}}`}, 4400, "Invalid message"},
		"long id":              {[]string{initialise, subscribe(strings.Repeat("x", 200), "{hello}")}, 4400, "Invalid message"},
		"no payload":           {[]string{initialise, `{"id":"1","type":"subscribe"}`}, 4400, "Invalid message"},
		"no query":             {[]string{initialise, `{"id":"1","type":"subscribe","payload":{}}`}, 4400, "Invalid message"},
		"numeric query":        {[]string{initialise, `{"id":"1","type":"subscribe","payload":{"query":1}}`}, 4400, "Invalid message"},
		"subscribe first":      {[]string{subscribe("1", "{hello}")}, 4401, "Unauthorized"},
		"same id":              {[]string{initialise, subscribe("uno", "subscription{forever}"), subscribe("uno", "subscription{forever}")}, 4409, "Subscriber for uno already exists"},
		"same long id":         {[]string{initialise, subscribe("a"+strings.Repeat("ñ", 63), "subscription{forever}"), subscribe("a"+strings.Repeat("ñ", 63), "subscription{forever}")}, 4409, "Subscriber for añ"},
		"two inits":            {[]string{initialise, initialise}, 4429, "Too many initialisation requests"},
		// Small enough to be sent in one piece before the server closes.
		"too large": {[]string{initialise, subscribe("1", strings.Repeat("x", 1_500))}, 1009, ""},
	} {
		t.Run(name, func(t *testing.T) {
			socket := dial(t, patient.URL)
			for _, text := range test.frames {
				socket.write(text)
			}
			code, reason := socket.closed()
			require.Equal(t, test.code, code)
			require.Contains(t, reason, test.reason)
			require.True(t, utf8.ValidString(reason), "%q", reason)
		})
	}
	t.Run("no init", func(t *testing.T) {
		socket := dial(t, web.URL)
		code, reason := socket.closed()
		require.Equal(t, 4408, code)
		require.Equal(t, "Connection initialisation timeout", reason)
	})
	t.Run("other subprotocol", func(t *testing.T) {
		for _, subprotocols := range [][]string{{}, {"graphql-ws"}} {
			code, reason := dial(t, patient.URL, subprotocols...).closed()
			require.Equal(t, 4406, code)
			require.Equal(t, "Subprotocol not acceptable", reason)
		}
	})
	t.Run("binary", func(t *testing.T) {
		socket := dial(t, patient.URL)
		require.NoError(t, socket.conn.Write(t.Context(), websocket.MessageBinary, []byte(initialise)))
		code, _ := socket.closed()
		require.Equal(t, 4400, code)
	})
}

func TestOperationsOnAWebsocket(t *testing.T) {
	schema := newTestSchema()
	web, _ := start(t, server.Config{Schema: schema})
	socket := dial(t, web.URL)
	socket.initialise()
	socket.write(`{"type":"ping","payload":{"n":1}}`)
	pong := socket.read()
	require.Equal(t, "pong", pong.Type)
	require.JSONEq(t, `{"n":1}`, string(pong.Payload))
	socket.write(`{"type":"pong"}`)

	for range 2 { // An id is free once its operation is complete.
		socket.write(subscribe(`"ñ"`, "subscription{ticks(count:3)}"))
		for i := 1; i <= 3; i++ {
			got := socket.read()
			require.Equal(t, frame{ID: `"ñ"`, Type: "next", Payload: json.RawMessage(fmt.Sprintf(`{"data":{"ticks":%d}}`, i))}, got)
		}
		require.Equal(t, frame{ID: `"ñ"`, Type: "complete"}, socket.read())
	}

	socket.write(subscribe("q", "{hello(name:\"Tlatelolco\")}"))
	require.JSONEq(t, `{"data":{"hello":"hello Tlatelolco"}}`, string(socket.read().Payload))
	require.Equal(t, "complete", socket.read().Type)

	socket.write(subscribe("m", `mutation{write(text:"x")}`))
	require.JSONEq(t, `{"data":{"write":"x"}}`, string(socket.read().Payload))
	require.Equal(t, "complete", socket.read().Type)
	require.EqualValues(t, 1, schema.writes.Load())

	socket.write(subscribe("e", "{helo}"))
	got := socket.read()
	require.Equal(t, "error", got.Type, "no complete follows")
	require.Contains(t, string(got.Payload), server.CodeInvalidInput)

	socket.write(subscribe("f", "subscription{fails}"))
	got = socket.read()
	require.Contains(t, string(got.Payload), server.CodeForbidden)
	require.Equal(t, frame{ID: "f", Type: "complete"}, socket.read())

	socket.write(subscribe("p", "{panics}"))
	got = socket.read()
	require.Equal(t, "error", got.Type)
	require.Contains(t, string(got.Payload), server.CodeInternal)

	ended := schema.ended.Load()
	socket.write(subscribe("s", "subscription{forever}"))
	require.Equal(t, "next", socket.read().Type)
	socket.write(`{"id":"s","type":"complete"}`)
	socket.write(`{"id":"nobody","type":"complete"}`)
	require.Eventually(t, func() bool { return schema.ended.Load() == ended+1 }, eventually, time.Millisecond)
	socket.write(subscribe("s", "{__typename}"))
	require.Equal(t, "next", socket.read().Type, "nothing more of the operation that was completed")
}

func TestWebsocketLimits(t *testing.T) {
	limits := small()
	schema := newTestSchema()
	web, _ := start(t, server.Config{Schema: schema, Limits: limits})
	socket := dial(t, web.URL)
	socket.initialise()
	for _, id := range []string{"a", "b"} {
		socket.write(subscribe(id, "subscription{forever}"))
		require.Equal(t, "next", socket.read().Type)
	}
	socket.write(subscribe("c", "subscription{forever}"))
	got := socket.read()
	require.Equal(t, "error", got.Type)
	require.Contains(t, string(got.Payload), `"limit":"subscriptions"`)
	socket.write(`{"id":"a","type":"complete"}`)
	socket.write(subscribe("c", "{slow}"))
	require.Contains(t, string(socket.read().Payload), `"limit":"requestTime"`)
	require.Equal(t, "complete", socket.read().Type)
	socket.write(subscribe("d", "{person{friend{friend{friend{friend{name}}}}}}"))
	require.Contains(t, string(socket.read().Payload), `"limit":"depth"`)
	socket.close()
	require.Eventually(t, func() bool { return schema.ended.Load() == 2 }, eventually, time.Millisecond, "a socket that closes ends its subscriptions")
}

func TestWebsocketAuth(t *testing.T) {
	web, _ := start(t, server.Config{Origins: []string{"https://mapa.example"}, Access: door{}})
	socket := dial(t, web.URL)
	socket.write(`{"type":"connection_init","payload":{"Authorization":"Bearer known","x":1}}`)
	require.Equal(t, "connection_ack", socket.read().Type)
	socket.write(subscribe("1", "{writer}"))
	require.JSONEq(t, `{"data":{"writer":"María"}}`, string(socket.read().Payload))

	for payload, want := range map[string]int{`{}`: 4403, `{"Authorization":"Bearer old"}`: 4403, `{"Authorization":7}`: 4403, `{"Authorization":"Bearer away"}`: 1013, `{"Authorization":"Bearer busy"}`: 1013, `{"Authorization":"Bearer bug"}`: 1011} {
		socket := dial(t, web.URL)
		socket.write(`{"type":"connection_init","payload":` + payload + `}`)
		code, _ := socket.closed()
		require.Equal(t, want, code, payload)
	}
	require.Equal(t, http.StatusForbidden, refusedDial(t, web.URL, "Origin", "https://mal.example"))
	conn, response, err := websocket.Dial(t.Context(), web.URL+"/graphql", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://mapa.example"}}})
	require.NoError(t, err)
	if response.Body != nil {
		defer closing(t, response.Body)
	}
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	require.NoError(t, conn.CloseNow())
}

func TestSilentWebsocketIsGivenUp(t *testing.T) {
	schema := newTestSchema()
	web, _ := start(t, server.Config{Schema: schema, Limits: server.Limits{KeepAlive: 50 * time.Millisecond}})
	socket := dial(t, web.URL)
	socket.initialise()
	socket.write(subscribe("1", "subscription{forever}"))
	require.Equal(t, "next", socket.read().Type)
	// A client that does not read answers no ping.
	require.Eventually(t, func() bool { return schema.ended.Load() == 1 }, eventually, 10*time.Millisecond)
}

func TestEventStream(t *testing.T) {
	schema := newTestSchema()
	web, _ := start(t, server.Config{Schema: schema, Limits: server.Limits{KeepAlive: 20 * time.Millisecond}})
	for name, test := range map[string]struct{ query, want string }{
		"subscription": {"subscription{ticks(count:2)}", "event: next\ndata: {\"data\":{\"ticks\":1}}\n\nevent: next\ndata: {\"data\":{\"ticks\":2}}\n\nevent: complete\ndata:\n\n"},
		"query":        {"{__typename}", "event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\ndata:\n\n"},
		"failure":      {"{helo}", server.CodeInvalidInput},
		"of resolver":  {"subscription{fails}", server.CodeForbidden},
		"two fields":   {"subscription{a:ticks(count:1) ...{b:ticks(count:1)}}", server.CodeInvalidInput},
		"no field":     {"subscription{ticks(count:1) @skip(if:true)}", server.CodeInvalidInput},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"query": test.query})
			require.NoError(t, err)
			got := ask(t, postRequest(t, web.URL, string(body), "Accept", "text/event-stream"))
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, "text/event-stream; charset=utf-8", got.header.Get("Content-Type"))
			require.Contains(t, got.body, test.want)
			require.True(t, strings.HasSuffix(got.body, "event: complete\ndata:\n\n"), got.body)
		})
	}
	got := ask(t, getRequest(t, web.URL+"/graphql?query=subscription{ticks(count:1)}", "Accept", "text/event-stream"))
	require.Contains(t, got.body, `"ticks":1`)
	require.Equal(t, 400, ask(t, postRequest(t, web.URL, `{`, "Accept", "text/event-stream")).status)

	ended := schema.ended.Load()
	ctx, cancel := context.WithCancel(t.Context())
	r := postRequest(t, web.URL, `{"query":"subscription{forever}"}`, "Accept", "text/event-stream").WithContext(ctx)
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer closing(t, response.Body)
	first := make([]byte, 200)
	n, err := io.ReadAtLeast(response.Body, first, len(":\n\nevent: next\ndata: {\"data\":{\"forever\":1}}\n\n:\n\n:\n\n"))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(first[:n]), "\n\n:\n\n"), "signs of life: %s", first[:n])
	cancel()
	require.Eventually(t, func() bool { return schema.ended.Load() == ended+1 }, eventually, time.Millisecond, "a client that goes away ends its subscription")
}

// counting is a door that lets strangers do as many operations as there is room for.
type counting struct {
	door
	room atomic.Int64
}

func (c *counting) Count(_ *http.Request, i access.Identity) error {
	if i.Anonymous && c.room.Add(-1) < 0 {
		return &access.Refusal{Status: http.StatusTooManyRequests, Code: evidence.LimitExceeded, Message: "ask less", RetryAfter: time.Minute}
	}
	return nil
}

func TestOperationsOfStrangersAreCounted(t *testing.T) {
	schema, who := newTestSchema(), &counting{}
	who.room.Store(2)
	web, _ := start(t, server.Config{Schema: schema, Access: who})
	socket := dial(t, web.URL)
	socket.write(`{"type":"connection_init","payload":{"Authorization":"Bearer anyone"}}`)
	require.Equal(t, "connection_ack", socket.read().Type)
	socket.write(subscribe("s", "subscription{follows}"))
	<-schema.entered
	socket.write(subscribe("wrong", "{helo}"))
	require.Contains(t, string(socket.read().Payload), server.CodeInvalidInput, "what is asked in vain counts too")
	for _, text := range []string{"{hello}", `mutation{write(text:"x")}`, "subscription{ticks(count:1)}"} {
		socket.write(subscribe("q", text))
		got := socket.read()
		require.Equal(t, frame{ID: "q", Type: "error", Payload: got.Payload}, got)
		require.JSONEq(t, `[{"message":"ask less","extensions":{"code":"LIMIT_EXCEEDED","limit":"anonymousRate"}}]`, string(got.Payload))
	}
	require.Zero(t, schema.writes.Load())
	schema.let(t)
	require.JSONEq(t, `{"data":{"follows":1}}`, string(socket.read().Payload), "what was begun goes on: events are not counted")
	who.room.Store(1)
	socket.write(subscribe("q", "{__typename}"))
	require.Equal(t, "next", socket.read().Type, "the socket and the id serve on")
	require.Contains(t, ask(t, getRequest(t, web.URL+"/metrics")).body, `vinculo_limit_exceeded_total{limit="anonymousRate"} 3`)
}
