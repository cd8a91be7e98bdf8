package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

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
