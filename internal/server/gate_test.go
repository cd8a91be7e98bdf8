package server_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// crossing is a door that is told where requests come from.
type crossing struct{ door }

func (crossing) Address(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddr(r.Header.Get("From"))
	return at
}

// dialFrom opens a websocket from an address. It gives nil and the status where that is refused.
func dialFrom(t *testing.T, url, from string) (opened *client, refused int) {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), url+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"From": {from}},
	})
	if response != nil && response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	if err != nil {
		require.NotNil(t, response, "%v", err)
		require.NotEmpty(t, response.Header.Get("Retry-After"))
		return nil, response.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: t, conn: conn}, 0
}

const (
	here  = "203.0.113.1"
	there = "203.0.113.2"
)

func TestStrangerSendsLittle(t *testing.T) {
	web, _ := start(t, server.Config{Access: door{}})
	const known = `{"type":"connection_init","payload":{"Authorization":"Bearer known","x":"`
	socket := dial(t, web.URL)
	socket.write(known + strings.Repeat("x", 33<<10) + `"}}`)
	code, _ := socket.closed()
	require.Equal(t, 1009, code)

	socket = dial(t, web.URL)
	socket.write(known + strings.Repeat("x", 20<<10) + `"}}`)
	require.Equal(t, "connection_ack", socket.read().Type)
	socket.write(`{"id":"1","type":"subscribe","payload":{"query":"{writer}","variables":{"x":"` + strings.Repeat("x", 1<<20) + `"}}}`)
	require.JSONEq(t, `{"data":{"writer":"María"}}`, string(socket.read().Payload), "who is known may send more")
}

// TestSilentSocketsShutNobodyOut: a thousand of them took all places, and nobody could open a capture.
func TestSilentSocketsShutNobodyOut(t *testing.T) {
	capture := captured{is: evidence.Capture{SHA256: "a1", MediaType: "text/plain", Length: 1}, body: func() io.Reader { return strings.NewReader("x") }}
	web, _ := start(t, server.Config{Access: crossing{}, Captures: capture, Limits: server.Limits{
		Connections: 2, Arrivals: 3, AddressArrivals: 2, Downloads: 1, InitTime: time.Minute,
	}})
	var silent []*client
	for range 2 {
		one, _ := dialFrom(t, web.URL, here)
		silent = append(silent, one)
	}
	_, refused := dialFrom(t, web.URL, here)
	require.Equal(t, http.StatusServiceUnavailable, refused)

	for range 2 {
		other, _ := dialFrom(t, web.URL, there)
		other.introduce() // and leaves the place of those that are silent
	}
	_, refused = dialFrom(t, web.URL, there)
	require.Equal(t, http.StatusServiceUnavailable, refused, "there is no place for those that are known")
	require.Equal(t, http.StatusOK, ask(t, getRequest(t, web.URL+"/captures/a1", "Authorization", "Bearer known")).status)

	// Who comes in while others take the last place is told when it says who it is.
	silent[0].write(`{"type":"connection_init","payload":{"Authorization":"Bearer known"}}`)
	code, reason := silent[0].closed()
	require.Equal(t, 1013, code)
	require.Equal(t, server.CodeLimitExceeded, reason)
}

func TestSilentSocketsOfManyAddresses(t *testing.T) {
	web, _ := start(t, server.Config{Access: crossing{}, Limits: server.Limits{Arrivals: 2, AddressArrivals: 2, InitTime: 200 * time.Millisecond}})
	for _, from := range []string{here, there} {
		dialFrom(t, web.URL, from)
	}
	_, refused := dialFrom(t, web.URL, "203.0.113.3")
	require.Equal(t, http.StatusServiceUnavailable, refused)
	require.Eventually(t, func() bool {
		next, _ := dialFrom(t, web.URL, "203.0.113.3")
		return next != nil
	}, eventually, 50*time.Millisecond, "those that stay silent are given up")
}

// slowly is a capture that is never sent to its end.
type slowly struct{ release <-chan struct{} }

func (s slowly) Read([]byte) (int, error) {
	<-s.release
	return 0, io.EOF
}

func (slowly) Close() error { return nil }

func (s slowly) Open(context.Context, evidence.Clearance, string) (evidence.Capture, io.ReadCloser, error) {
	return evidence.Capture{MediaType: "text/plain", Length: 1}, s, nil
}

func TestAnonymousReadersOfOneAddressKeepLittleOpen(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	web, _ := start(t, server.Config{Access: crossing{}, Captures: slowly{release}, Limits: server.Limits{AnonymousConnections: 2}})
	introduced := func(from, token string) *client {
		socket, _ := dialFrom(t, web.URL, from)
		socket.write(`{"type":"connection_init","payload":{"Authorization":"` + token + `"}}`)
		return socket
	}
	first := introduced(here, "Bearer anyone")
	require.Equal(t, "connection_ack", first.read().Type)
	line := eventLines(t, web.URL, "subscription{forever}", "Authorization", "Bearer anyone", "From", here)
	require.Equal(t, "event: next", line())

	code, reason := introduced(here, "Bearer anyone").closed()
	require.Equal(t, 1013, code)
	require.Equal(t, server.CodeLimitExceeded, reason)
	stranger := []string{"Authorization", "Bearer anyone", "From", here}
	got := ask(t, postRequest(t, web.URL, `{"query":"subscription{forever}"}`, append(stranger, "Accept", "text/event-stream")...))
	require.Equal(t, "anonymousConnections", got.limit())
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "anonymousConnections", ask(t, getRequest(t, web.URL+"/captures/a1", stranger...)).limit())
	require.Empty(t, ask(t, postRequest(t, web.URL, `{"query":"{hello}"}`, stranger...)).Errors, "what ends at once is not among them")

	require.Equal(t, "connection_ack", introduced(here, "Bearer known").read().Type, "who is known is not counted")
	require.Equal(t, "connection_ack", introduced(there, "Bearer anyone").read().Type, "nor is another address")
	first.close()
	require.Eventually(t, func() bool {
		socket := introduced(here, "Bearer anyone")
		_, text, err := socket.conn.Read(t.Context())
		return err == nil && bytes.Contains(text, []byte("connection_ack"))
	}, eventually, 50*time.Millisecond, "the place is free again")
}
