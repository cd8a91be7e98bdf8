package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/access"
)

// subprotocol is the only one spoken: "GraphQL over WebSocket Protocol".
const subprotocol = "graphql-transport-ws"

// The close codes of graphql-transport-ws. Clients retry after most codes below 4400 and give up after
// these, so a wrong code makes them knock for ever.
const (
	closeBadRequest       websocket.StatusCode = 4400
	closeUnauthorized     websocket.StatusCode = 4401
	closeForbidden        websocket.StatusCode = 4403
	closeSubprotocol      websocket.StatusCode = 4406
	closeInitTimeout      websocket.StatusCode = 4408
	closeSubscriberExists websocket.StatusCode = 4409
	closeTooManyInits     websocket.StatusCode = 4429
)

const (
	// maxID is the length in bytes that the id of an operation may have. Clients make UUIDs.
	maxID = 128
	// maxInit is the length in bytes that a message may have before it is known whose it is: the
	// credentials of providers that list many groups fill most of it.
	maxInit = 32 << 10
	// maxReason is what a close frame holds (RFC 6455, 5.5).
	maxReason = 123
)

// sockets is the transport of graphql-transport-ws.
type sockets struct{ server *Server }

var _ graphql.Transport = sockets{}

// Supports takes requests to become a websocket.
func (sockets) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && asksForWebsocket(r.Header)
}

// asksForWebsocket says whether a request is to become a websocket. One that names other protocols
// alone, as HTTP/2, is answered in the one that it came in (RFC 9110, 7.8).
func asksForWebsocket(header http.Header) bool {
	for _, line := range header.Values("Upgrade") {
		for protocol := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(protocol), "websocket") {
				return true
			}
		}
	}
	return false
}

// Do speaks with one client until either side closes.
func (t sockets) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	s := t.server
	leave, full := s.arrive(r)
	if full != nil {
		s.refuse(w, r, refuse(http.StatusServiceUnavailable, full))
		return
	}
	arrived := sync.OnceFunc(leave)
	defer arrived()
	s.sockets.Add(1)
	defer s.sockets.Done()
	// The request was found to come from an allowed origin (see guard) before this transport saw it.
	conn, err := websocket.Accept(handshake{w}, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		s.log.Debug().Err(err).Msg("a request to become a websocket was refused")
		return
	}
	defer func() { _ = conn.CloseNow() }()
	s.metrics.streams.WithLabelValues("websocket").Inc()
	defer s.metrics.streams.WithLabelValues("websocket").Dec()
	conn.SetReadLimit(min(maxInit, s.limits.BodyBytes))

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &socket{server: s, conn: conn, exec: exec, request: r, arrived: arrived, end: cancel, active: map[string]context.CancelFunc{}}
	if conn.Subprotocol() != subprotocol {
		c.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	defer c.leave()
	unhook := context.AfterFunc(s.stopping, func() { c.close(websocket.StatusGoingAway, "The server is stopping") })
	defer unhook()
	c.serve(ctx)
}

// socket is one websocket.
type socket struct {
	server  *Server
	conn    *websocket.Conn
	exec    graphql.GraphExecutor
	request *http.Request
	arrived func()             // Leaves the place among those that nobody has introduced.
	end     context.CancelFunc // Ends every operation of this socket.
	closing sync.Once
	work    sync.WaitGroup

	mu     sync.Mutex
	acked  bool
	who    access.Identity // Who opened it, once that is acknowledged.
	place  func()          // Leaves the place among streams, once there is one.
	active map[string]context.CancelFunc
}

// message is what travels on the socket in either direction.
type message struct {
	ID      *string         `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// close ends the socket with a code and a reason that the client shows.
func (c *socket) close(code websocket.StatusCode, reason string) {
	c.closing.Do(func() {
		c.end()
		c.server.metrics.closes.WithLabelValues(strconv.Itoa(int(code))).Inc()
		// An error means that the client is gone already, or did not answer in time.
		_ = c.conn.Close(code, cutTo(maxReason, reason))
	})
}

// serve reads messages until the socket ends, and leaves when all its operations have.
func (c *socket) serve(ctx context.Context) {
	defer c.work.Wait()
	defer c.end()
	impatient := time.AfterFunc(c.server.limits.InitTime, func() {
		c.mu.Lock()
		late := !c.acked
		c.mu.Unlock()
		if late {
			c.arrived() // Closing waits for who may stay silent then, too.
			c.close(closeInitTimeout, "Connection initialisation timeout")
		}
	})
	defer impatient.Stop()
	c.work.Go(func() { c.keepAlive(ctx) })

	initialised, authorized := false, ctx
	for {
		// Reading has a context of its own: the end of ctx would cut the connection before the frame
		// that says why it is closed.
		kind, text, err := c.conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			return
		}
		received, reason := decodeMessage(kind, text)
		if reason != "" {
			c.close(closeBadRequest, reason)
			return
		}
		switch received.Type {
		case "connection_init":
			if initialised {
				c.close(closeTooManyInits, "Too many initialisation requests")
				return
			}
			initialised = true
			if authorized = c.init(ctx, received.Payload); authorized == nil {
				return
			}
		case "ping":
			if !c.send("pong", "", received.Payload) {
				return
			}
		case "pong":
		case "subscribe":
			if !c.subscribe(authorized, *received.ID, received.Payload) {
				return
			}
		case "complete":
			c.mu.Lock()
			if cancel := c.active[*received.ID]; cancel != nil {
				cancel()
				delete(c.active, *received.ID)
			}
			c.mu.Unlock()
		}
	}
}

// decodeMessage reads a message of a client and checks its shape. It gives either the message or
// the reason of the close frame.
func decodeMessage(kind websocket.MessageType, text []byte) (received *message, reason string) {
	if kind != websocket.MessageText {
		return nil, "Messages are JSON in text frames"
	}
	received = &message{}
	if err := decodeMembers(text, map[string]any{"id": &received.ID, "type": &received.Type, "payload": &received.Payload}); err != nil {
		return nil, "Invalid message: not a JSON object of the protocol"
	}
	payload := received.Payload
	absent := len(payload) == 0 || string(payload) == "null"
	switch received.Type {
	case "connection_init", "ping", "pong":
		if !absent && payload[0] != '{' {
			return nil, fmt.Sprintf("Invalid message: the payload of %s must be an object", received.Type)
		}
		if absent {
			received.Payload = nil
		}
	case "subscribe", "complete":
		if received.ID == nil || *received.ID == "" || len(*received.ID) > maxID {
			return nil, fmt.Sprintf("Invalid message: %s needs an id of 1 to %d bytes", received.Type, maxID)
		}
		if received.Type == "subscribe" && (absent || payload[0] != '{') {
			return nil, "Invalid message: subscribe needs a payload"
		}
	default:
		return nil, "Invalid message: unknown type"
	}
	return received, ""
}

// init answers connection_init. It gives the context of the operations, or nil where the reader was
// refused.
func (c *socket) init(ctx context.Context, payload json.RawMessage) context.Context {
	authorized, refused := c.server.authorize(c.request.WithContext(ctx), func(a Authenticator, r *http.Request) (access.Identity, error) {
		return a.Init(r, payload)
	})
	if refused != nil {
		switch refused.status {
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			c.close(websocket.StatusTryAgainLater, codeOf(refused.err))
		case http.StatusInternalServerError:
			c.close(websocket.StatusInternalError, codeOf(refused.err))
		default:
			c.close(closeForbidden, "Forbidden")
		}
		return nil
	}
	place, full := c.server.hold(c.request.WithContext(authorized), c.server.streams)
	if full != nil {
		c.close(websocket.StatusTryAgainLater, codeOf(full))
		return nil
	}
	c.arrived()
	c.conn.SetReadLimit(c.server.limits.of(authorized).BodyBytes)
	c.mu.Lock()
	c.acked, c.who, c.place = true, access.From(authorized), place
	c.mu.Unlock()
	if !c.send("connection_ack", "", nil) {
		return nil
	}
	return authorized
}

// leave gives up the place of a socket that had one.
func (c *socket) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place != nil {
		c.place()
	}
}

// subscribe starts an operation. It says whether the socket lives on.
func (c *socket) subscribe(ctx context.Context, id string, payload json.RawMessage) bool {
	limits := c.server.limits
	c.mu.Lock()
	acked, who, count, exists := c.acked, c.who, len(c.active), c.active[id] != nil
	c.mu.Unlock()
	switch {
	case !acked:
		c.close(closeUnauthorized, "Unauthorized")
		return false
	case exists:
		c.close(closeSubscriberExists, "Subscriber for "+id+" already exists")
		return false
	}
	note := &note{}
	if refused := c.server.count(c.request.WithContext(ctx), who); refused != nil {
		return c.fail(note, id, failed(refused.err))
	}
	if count >= limits.Subscriptions {
		return c.fail(note, id, failed(overLimit("subscriptions", "One websocket carries %d operations at a time. Complete some, or open another.", limits.Subscriptions)))
	}
	ctx, cancel := context.WithCancel(withNote(ctx, note))
	c.mu.Lock()
	c.active[id] = cancel
	c.mu.Unlock()
	c.work.Go(func() {
		defer cancel()
		defer func() {
			if recovered := recover(); recovered != nil {
				logPanic(ctx, recovered)
				if c.done(ctx, id) {
					c.fail(note, id, failed(internal()))
				}
			}
		}()
		c.run(ctx, note, id, payload)
	})
	return true
}

// run executes one operation and sends what it answers.
func (c *socket) run(ctx context.Context, note *note, id string, payload json.RawMessage) {
	s := c.server
	leave, full := s.running.enter(ctx)
	if full != nil {
		if c.done(ctx, id) {
			c.fail(note, id, failed(full))
		}
		return
	}
	left := false
	release := func() {
		if !left {
			left = true
			leave()
		}
	}
	defer release()
	if refused := c.confirm(ctx); refused != nil {
		release()
		c.refuse(ctx, note, id, refused)
		return
	}
	ctx = graphql.StartOperationTrace(ctx)
	params, malformed := decodeRequest(payload, s.limits.of(ctx).Values)
	switch {
	case malformed == nil:
	case codeOf(malformed) == CodeLimitExceeded, CheckJSON(payload) != nil, holdsEmptyQuery(payload): // one text is no reason to end all operations
		if c.done(ctx, id) {
			c.fail(note, id, failed(malformed))
		}
		return
	default:
		// The payload has not the shape that the protocol gives it.
		release()
		c.close(closeBadRequest, "Invalid message: "+malformed.Message)
		return
	}
	params.Headers = c.request.Header
	found, wrong := c.server.prepare(ctx, c.exec, params)
	if wrong != nil {
		if c.done(ctx, id) {
			c.fail(note, id, wrong)
		}
		return
	}
	note.begin(found)
	streams := found.kind() == ast.Subscription
	var refused *refusal
	deliver := func(response *graphql.Response) bool {
		if ctx.Err() != nil {
			return false
		}
		if refused = c.confirm(ctx); refused != nil && refused.stops(streams) {
			return false
		}
		refused = nil
		return c.next(note, id, response)
	}
	if streams {
		release()
		found.stream(ctx, deliver)
	} else {
		limited, cancel := context.WithTimeoutCause(ctx, s.limits.RequestTime, errTimeLimit)
		response := found.once(limited, s.limits)
		cancel()
		deliver(response)
	}
	if refused != nil {
		release()
		c.refuse(ctx, note, id, refused)
		return
	}
	// The id is free before the client learns that it is: it may use it again at once.
	if c.done(ctx, id) {
		c.send("complete", id, nil)
	}
}

// holdsEmptyQuery says whether a payload has the shape that the protocol gives it, and nothing to ask.
func holdsEmptyQuery(payload json.RawMessage) bool {
	var query *string
	return decodeMembers(payload, map[string]any{"query": &query}) == nil && query != nil && *query == ""
}

// confirm says why who opened the socket may no longer ask nor be told; nil where they may.
func (c *socket) confirm(ctx context.Context) *refusal {
	c.mu.Lock()
	who := c.who
	c.mu.Unlock()
	return c.server.confirm(c.request.WithContext(ctx), who)
}

// refuse ends an operation whose reader was refused: with the socket where that is for good, else alone,
// so that the client may ask again.
func (c *socket) refuse(ctx context.Context, note *note, id string, refused *refusal) {
	switch {
	case refused.final():
		c.close(closeForbidden, refused.err.Message)
	case c.done(ctx, id):
		c.fail(note, id, failed(refused.err))
	}
}

// done forgets an operation, and says whether the client still expects to hear of it.
func (c *socket) done(ctx context.Context, id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return false // Forgotten already, and the id may belong to another operation.
	}
	delete(c.active, id)
	return true
}

func (c *socket) next(note *note, id string, response *graphql.Response) bool {
	note.outcome(c.server.metrics, response.Errors)
	return c.send("next", id, appendResponse(nil, response))
}

// fail ends an operation that did not run.
func (c *socket) fail(note *note, id string, response *graphql.Response) bool {
	note.outcome(c.server.metrics, response.Errors)
	return c.send("error", id, marshal(bounded(response.Errors)))
}

// send writes a message, and says whether the socket lives on. A client that does not take it within
// limits.WriteTime is given up.
func (c *socket) send(kind, id string, payload []byte) bool {
	text := make([]byte, 0, len(payload)+len(id)+64)
	text = append(text, '{')
	if id != "" {
		quoted, err := json.Marshal(id)
		if err != nil {
			panic(err) // Impossible: a string.
		}
		text = append(append(append(text, `"id":`...), quoted...), ',')
	}
	text = append(append(append(text, `"type":"`...), kind...), '"')
	if payload != nil {
		text = append(append(text, `,"payload":`...), payload...)
	}
	text = append(text, '}')
	ctx, cancel := context.WithTimeout(context.Background(), c.server.limits.WriteTime)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, text); err != nil {
		c.end()
		return false
	}
	return true
}

// keepAlive pings the client, by the protocol of websockets, and gives it up when it does not answer. It
// closes the socket of a reader who may no longer stay, though nothing is asked and nothing happens.
func (c *socket) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(c.server.limits.KeepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			limited, cancel := context.WithTimeout(ctx, c.server.limits.KeepAlive)
			refused := c.confirm(limited)
			cancel()
			if refused != nil && refused.final() {
				c.close(closeForbidden, refused.err.Message)
				return
			}
			limited, cancel = context.WithTimeout(context.WithoutCancel(ctx), c.server.limits.KeepAlive)
			err := c.conn.Ping(limited)
			cancel()
			if err != nil {
				_ = c.conn.CloseNow()
				return
			}
		}
	}
}
