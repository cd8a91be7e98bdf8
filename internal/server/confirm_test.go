package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// often has open connections looked at several times while a test waits, and leaves a busy machine the time
// to answer a ping.
var often = server.Limits{KeepAlive: 200 * time.Millisecond}

// watched is a door that may find at any time that who came in is to go.
type watched struct {
	door
	found atomic.Pointer[access.Refusal]
	asked chan access.Identity // Takes who was asked about, while there is room.
}

func newWatched() *watched { return &watched{asked: make(chan access.Identity, 1)} }

func (w *watched) Confirm(_ *http.Request, i access.Identity) error {
	select {
	case w.asked <- i:
	default:
	}
	found := w.found.Load()
	if found == nil {
		return nil // Not a nil *Refusal, which would be an error.
	}
	return found
}

const gone = "the token is good no longer; get another"

func (w *watched) withdraw() {
	w.found.Store(&access.Refusal{Status: http.StatusUnauthorized, Code: evidence.Forbidden, Message: gone})
}

func (w *watched) fail() {
	w.found.Store(&access.Refusal{Status: http.StatusServiceUnavailable, Code: evidence.Unavailable, Message: "ask later"})
}

func (w *watched) recover() { w.found.Store(nil) }

// again waits until it has been asked anew.
func (w *watched) again(t *testing.T) {
	t.Helper()
	for range 2 { // The first may be of before.
		select {
		case <-w.asked:
		case <-time.After(eventually):
			require.Fail(t, "nobody asked whether the token is still good")
		}
	}
}

func (c *client) introduce() {
	c.t.Helper()
	c.write(`{"type":"connection_init","payload":{"Authorization":"Bearer known"}}`)
	require.Equal(c.t, "connection_ack", c.read().Type)
}

// closedUntold reads until the server closes, and requires that it says nothing before.
func (c *client) closedUntold() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), eventually)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	ended, ok := errors.AsType[websocket.CloseError](err)
	require.True(c.t, ok, "%s %v", text, err)
	require.Equal(c.t, websocket.StatusCode(4403), ended.Code)
	require.Equal(c.t, gone, ended.Reason)
}

// let lets one event of a subscription, or a query that waits, come.
func (s *testSchema) let(t *testing.T) {
	t.Helper()
	select {
	case s.proceed <- struct{}{}:
	case <-time.After(eventually):
		require.Fail(t, "nothing waits")
	}
}

func TestSocketOfATokenThatIsGoodNoLonger(t *testing.T) {
	for name, test := range map[string]struct {
		limits server.Limits
		begins string
		then   func(*testing.T, *testSchema, *client)
	}{
		"no event of a subscription is told": {
			begins: "subscription{follows}",
			then:   func(t *testing.T, schema *testSchema, _ *client) { schema.let(t) },
		},
		"no query that ran meanwhile is answered": {
			begins: "{wait}",
			then:   func(t *testing.T, schema *testSchema, _ *client) { schema.let(t) },
		},
		"no query begins": {
			then: func(_ *testing.T, _ *testSchema, socket *client) { socket.write(subscribe("2", "{hello}")) },
		},
		"no mutation begins": {
			then: func(_ *testing.T, _ *testSchema, socket *client) {
				socket.write(subscribe("2", `mutation{write(text:"x")}`))
			},
		},
		"no subscription begins": {
			then: func(_ *testing.T, _ *testSchema, socket *client) {
				socket.write(subscribe("2", "subscription{ticks(count:3)}"))
			},
		},
		"a subscription that is still ends": {limits: often, begins: "subscription{follows}"},
		"a query that runs ends":            {limits: often, begins: "{wait}"},
		"a socket that is still ends":       {limits: often},
	} {
		t.Run(name, func(t *testing.T) {
			schema, who := newTestSchema(), newWatched()
			web, _ := start(t, server.Config{Schema: schema, Access: who, Limits: test.limits})
			socket := dial(t, web.URL)
			socket.introduce()
			if test.begins != "" {
				socket.write(subscribe("1", test.begins))
				<-schema.entered
			}
			who.withdraw()
			if test.then != nil {
				test.then(t, schema, socket)
			}
			socket.closedUntold()
			require.Equal(t, access.Owner("María"), <-who.asked)
			require.Zero(t, schema.writes.Load())
			if strings.HasPrefix(test.begins, "subscription") {
				require.Eventually(t, func() bool { return schema.ended.Load() == 1 }, eventually, time.Millisecond)
			}
		})
	}
}

func TestSocketWhileWhoAsksCannotBeChecked(t *testing.T) {
	schema, who := newTestSchema(), newWatched()
	web, _ := start(t, server.Config{Schema: schema, Access: who, Limits: often})
	socket := dial(t, web.URL)
	socket.introduce()
	socket.write(subscribe("s", "subscription{follows}"))
	<-schema.entered
	schema.let(t)
	require.JSONEq(t, `{"data":{"follows":1}}`, string(socket.read().Payload))
	<-schema.entered

	who.fail()
	read := make(chan frame, 1)
	go func() { read <- socket.read() }() // Pings are answered by who reads.
	who.again(t)
	schema.let(t)
	unavailable := func(got frame, id string) {
		require.Equal(t, frame{ID: id, Type: "error", Payload: got.Payload}, got)
		require.JSONEq(t, `[{"message":"ask later","extensions":{"code":"UNAVAILABLE"}}]`, string(got.Payload))
	}
	unavailable(<-read, "s")
	require.Eventually(t, func() bool { return schema.ended.Load() == 1 }, eventually, time.Millisecond)
	socket.write(subscribe("m", `mutation{write(text:"x")}`))
	unavailable(socket.read(), "m")
	require.Zero(t, schema.writes.Load())

	who.recover()
	socket.write(subscribe("q", "{wait}"))
	<-schema.entered
	who.fail()
	schema.let(t)
	require.Equal(t, frame{ID: "q", Type: "next", Payload: json.RawMessage(`{"data":{"wait":"done"}}`)}, socket.read(), "what was done is told")
	require.Equal(t, frame{ID: "q", Type: "complete"}, socket.read())

	who.recover()
	socket.write(subscribe("s", "{writer}"))
	require.Equal(t, frame{ID: "s", Type: "next", Payload: json.RawMessage(`{"data":{"writer":"María"}}`)}, socket.read(), "the socket and the id serve on")
}

// eventLines asks for a stream and gives what waits for its next line that is no sign of life: "" at
// its end.
func eventLines(t *testing.T, address, query string, headers ...string) func() string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	require.NoError(t, err)
	headers = append([]string{"Accept", "text/event-stream", "Authorization", "Bearer known"}, headers...)
	response, err := http.DefaultTransport.RoundTrip(postRequest(t, address, string(body), headers...))
	require.NoError(t, err)
	t.Cleanup(func() { closing(t, response.Body) })
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			if text := scanner.Text(); text != "" && text != ":" {
				lines <- text
			}
		}
	}()
	return func() string {
		t.Helper()
		select {
		case text := <-lines:
			return text
		case <-time.After(eventually):
			require.Fail(t, "the stream says nothing")
			return ""
		}
	}
}

func TestEventsOfATokenThatIsGoodNoLonger(t *testing.T) {
	for name, test := range map[string]struct {
		limits server.Limits
		begins string
		told   bool
	}{
		"no event of a subscription is told":      {begins: "subscription{follows}", told: true},
		"no query that ran meanwhile is answered": {begins: "{wait}", told: true},
		"a subscription that is still ends":       {limits: often, begins: "subscription{follows}"},
		"a query that runs ends":                  {limits: often, begins: "{wait}"},
	} {
		t.Run(name, func(t *testing.T) {
			schema, who := newTestSchema(), newWatched()
			web, _ := start(t, server.Config{Schema: schema, Access: who, Limits: test.limits})
			line := eventLines(t, web.URL, test.begins)
			<-schema.entered
			who.withdraw()
			if test.told {
				schema.let(t)
			}
			require.Equal(t, "event: next", line())
			require.JSONEq(t, `{"errors":[{"message":"`+gone+`","extensions":{"code":"FORBIDDEN"}}]}`, strings.TrimPrefix(line(), "data: "))
			require.Equal(t, "event: complete", line())
			require.Equal(t, "data:", line())
			require.Empty(t, line())
			require.Equal(t, access.Owner("María"), <-who.asked)
		})
	}
}

func TestEventsWhileWhoAsksCannotBeChecked(t *testing.T) {
	schema, who := newTestSchema(), newWatched()
	web, _ := start(t, server.Config{Schema: schema, Access: who, Limits: often})
	line := eventLines(t, web.URL, "subscription{follows}")
	<-schema.entered
	who.fail()
	who.again(t)
	who.recover()
	schema.let(t)
	require.Equal(t, "event: next", line())
	require.JSONEq(t, `{"data":{"follows":1}}`, strings.TrimPrefix(line(), "data: "), "nothing was to be told meanwhile")
	<-schema.entered
	who.fail()
	schema.let(t)
	require.Equal(t, "event: next", line())
	require.Contains(t, line(), `"code":"UNAVAILABLE"`)
	require.Equal(t, "event: complete", line())

	line = eventLines(t, web.URL, "{wait}")
	<-schema.entered
	schema.let(t)
	require.Equal(t, "event: next", line())
	require.JSONEq(t, `{"data":{"wait":"done"}}`, strings.TrimPrefix(line(), "data: "), "what was done is told")
}
