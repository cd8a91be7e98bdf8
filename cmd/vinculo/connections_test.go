package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// within is how long these tests wait for what a server says.
const within = 20 * time.Second

// talk is a websocket to a server.
type talk struct {
	t    *testing.T
	conn *websocket.Conn
}

// talks opens a websocket and introduces itself, with a token or without one.
func (s *served) talks(t *testing.T, token string) *talk {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	require.NoError(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := &talk{t: t, conn: conn}
	payload := "{}"
	if token != "" {
		payload = `{"Authorization":"Bearer ` + token + `"}`
	}
	c.say(`{"type":"connection_init","payload":` + payload + `}`)
	text, err := c.hear()
	require.NoError(t, err)
	require.Contains(t, text, "connection_ack")
	return c
}

func (c *talk) say(text string) {
	c.t.Helper()
	require.NoError(c.t, c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)))
}

func (c *talk) hear() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	return string(text), err
}

// cutOff requires that the next that comes is the end, and not a word before.
func (c *talk) cutOff() {
	c.t.Helper()
	text, err := c.hear()
	ended, ok := errors.AsType[websocket.CloseError](err)
	require.True(c.t, ok, "%s %v", text, err)
	require.Equal(c.t, websocket.StatusCode(4403), ended.Code)
	require.True(c.t, strings.HasSuffix(ended.Reason, "connect again with a good one"), "a close frame holds all of it: %s", ended.Reason)
}

const informant = `mutation { apply(changeSet: {reason: "después", changes: [{putEntity: {kind: PERSON, name: "La fuente", clearance: CONFIDENTIAL}}]}) { number } }`

func TestRevokedTokenReadsAndWritesNothingMoreOnOpenConnections(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	made := func() madeToken {
		return newToken(t, store, "--name", "Ana", "--role", "editor", "--clearance", "CONFIDENTIAL")
	}
	following, writing, streaming, other := made(), made(), made(), made()
	s := serve(t, "--store", store, "--tokens")
	_, text := s.asks(t, other.Secret, "{ stats { revision } }")
	require.JSONEq(t, `{"data": {"stats": {"revision": 2}}}`, text)
	const follow = "subscription { revisions(after: 1) { reason } }"

	followed, written := s.talks(t, following.Secret), s.talks(t, writing.Secret)
	followed.say(`{"id":"s","type":"subscribe","payload":{"query":"` + follow + `"}}`)
	text, err := followed.hear()
	require.NoError(t, err)
	require.Contains(t, text, `"next"`, "the revision that is there")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", strings.NewReader(`{"query":"`+follow+`"}`))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+streaming.Secret)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	lines := bufio.NewScanner(response.Body)
	line := func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" && text != ":" {
				return text
			}
		}
		require.NoError(t, lines.Err())
		return ""
	}
	require.Equal(t, "event: next", line())
	require.Contains(t, line(), `"data"`)

	for _, token := range []madeToken{following, writing, streaming} {
		succeeds(t, "token", "revoke", "--store", store, token.Token.ID)
	}
	written.say(`{"id":"m","type":"subscribe","payload":{"query":` + strconv.Quote(someone) + `}}`)
	written.cutOff()
	succeeds(t, "query", "--store", store, informant)
	followed.cutOff()
	require.Equal(t, "event: next", line())
	require.Contains(t, line(), `"code":"FORBIDDEN"`)
	require.Equal(t, "event: complete", line())
	require.Equal(t, "data:", line())
	require.Empty(t, line())

	_, text = s.asks(t, other.Secret, "{ stats { revision } }")
	require.JSONEq(t, `{"data": {"stats": {"revision": 3}}}`, text, "that of the informant alone")
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), following.Token.ID+" of Ana: revoked")
}

func TestAnonymousOperationsOnASocketCountAsRequests(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	token := newToken(t, store, "--name", "Luz").Secret
	s := serve(t, "--store", store, "--tokens", "--anonymous", "--anonymous-rate", "0.001", "--anonymous-burst", "4")
	ask := func(c *talk) string {
		c.say(`{"id":"q","type":"subscribe","payload":{"query":"{ stats { sources } }"}}`)
		text, err := c.hear()
		require.NoError(t, err)
		if strings.Contains(text, `"next"`) {
			end, err := c.hear()
			require.NoError(t, err)
			require.Contains(t, end, `"complete"`)
		}
		return text
	}
	stranger, known := s.talks(t, ""), s.talks(t, token)
	for range 2 { // Coming in was the first, and one by HTTP is the last.
		require.Contains(t, ask(stranger), `"sources":1`)
	}
	code, text := s.asks(t, "", "{ stats { sources } }")
	require.Equal(t, http.StatusOK, code, text)
	for range 5 {
		refused := ask(stranger)
		require.Contains(t, refused, `{"id":"q","type":"error","payload":[{`)
		require.Contains(t, refused, `"code":"LIMIT_EXCEEDED"`)
		require.Contains(t, refused, `"limit":"anonymousRate"`)
		require.Contains(t, ask(known), `"sources":1`, "who says who they are is not counted")
	}
	code, text = s.asks(t, "", "{ stats { sources } }")
	require.Equal(t, http.StatusTooManyRequests, code, text)
	require.NoError(t, s.stop())
}
