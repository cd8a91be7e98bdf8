package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
)

// events is the transport of server-sent events, in the mode where each operation has a connection
// of its own. Faults of a document are events too, because a browser's EventSource shows nothing of
// an answer that is not a stream.
type events struct{ server *Server }

var _ graphql.Transport = events{}

// Supports takes requests whose header Accept names the media type of event streams.
func (events) Supports(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodPost) && asksFor(r.Header, mediaEvents) &&
		preferred(r.Header, mediaJSON, mediaGraphQL, mediaEvents) == mediaEvents
}

// Do streams the responses of one operation, then says that it is complete.
func (t events) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	s := t.server
	read := reading(func() (*graphql.RawParams, *refusal) { return readGet(r, s.limits) })
	if r.Method == http.MethodPost {
		var refused *refusal
		if read, refused = readPost(w, r, s.limits); refused != nil {
			s.refuse(w, r, refused)
			return
		}
	}
	leave, full := s.hold(r, s.streams)
	if full != nil {
		s.refuse(w, r, refuse(http.StatusServiceUnavailable, full))
		return
	}
	defer leave()
	var params *graphql.RawParams
	leaveRunning, busy := s.running.enter(r.Context())
	if busy == nil {
		leaveRunning = sync.OnceFunc(leaveRunning)
		defer leaveRunning()
		var refused *refusal
		if params, refused = read(); refused != nil {
			s.refuse(w, r, refused)
			return
		}
		params.Headers = r.Header
	}
	s.metrics.streams.WithLabelValues("events").Inc()
	defer s.metrics.streams.WithLabelValues("events").Dec()

	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	unhook := context.AfterFunc(s.stopping, func() { cancel(errStopping) })
	defer unhook()

	stream := &eventStream{server: s, request: r, writer: w, control: http.NewResponseController(w), end: cancel}
	header := w.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no") // Asks proxies not to hold events back.
	w.WriteHeader(http.StatusOK)
	if !stream.write([]byte(":\n\n")) {
		return
	}
	alive := sync.WaitGroup{}
	alive.Go(func() { stream.keepAlive(ctx) })
	defer alive.Wait() // The writer may not be used after Do returns.
	defer cancel(nil)
	if busy != nil {
		stream.next(noteOf(ctx), failed(busy))
	} else {
		t.run(ctx, exec, params, stream, leaveRunning)
	}
	why, ended := errors.AsType[*gqlerror.Error](context.Cause(ctx))
	if ended {
		stream.tell(noteOf(ctx), failed(why))
	}
	if ended || ctx.Err() == nil {
		stream.write([]byte("event: complete\ndata:\n\n"))
	}
}

// run executes an operation among those that run, which a subscription leaves when it begins.
func (t events) run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, stream *eventStream, leave func()) {
	s := t.server
	note := noteOf(ctx)
	found, wrong := s.prepare(ctx, exec, params)
	if wrong != nil {
		stream.next(note, wrong)
		return
	}
	note.begin(found)
	if found.kind() == ast.Subscription {
		leave()
		stream.streams = true
		found.stream(ctx, func(response *graphql.Response) bool { return stream.next(note, response) })
		return
	}
	if found.kind() == ast.Mutation && stream.request.Method != http.MethodPost {
		stream.next(note, failed(fault(CodeInvalidInput, "A GET only reads: send mutations by POST.")))
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.limits.RequestTime, errTimeLimit)
	defer cancel()
	stream.next(note, found.once(limited, s.limits))
}

// failed is the response to an operation that did not run.
func failed(err *gqlerror.Error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{err}}
}

// eventStream writes events, one at a time.
type eventStream struct {
	server  *Server
	request *http.Request // Who asks is in its context.
	writer  io.Writer
	control *http.ResponseController
	end     context.CancelCauseFunc // Ends the operation.
	streams bool                    // The operation is a subscription.
	mu      sync.Mutex
	broken  bool
	last    time.Time
}

// write sends bytes, and says whether the client is still there.
func (e *eventStream) write(text []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken {
		return false
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(e.server.limits.WriteTime))
	if _, err := e.writer.Write(text); err != nil {
		e.broken = true
		return false
	}
	e.broken = e.control.Flush() != nil
	e.last = time.Now()
	return !e.broken
}

// confirm says why who asks may be told no more; nil where they may.
func (e *eventStream) confirm(ctx context.Context) *refusal {
	return e.server.confirm(e.request.WithContext(ctx), access.From(ctx))
}

// next sends a response to a reader who may still have it. For others it ends the operation, with the
// error that says why.
func (e *eventStream) next(note *note, response *graphql.Response) bool {
	// The operation may have ended, as it does where the server stops, and still be answered.
	if refused := e.confirm(e.request.Context()); refused != nil && refused.stops(e.streams) {
		e.end(refused.err)
		return false
	}
	return e.tell(note, response)
}

// tell sends a response as one line of data. Scalars may write line breaks between the tokens of their
// JSON; within its strings there are none.
func (e *eventStream) tell(note *note, response *graphql.Response) bool {
	note.outcome(e.server.metrics, response.Errors)
	text := append(make([]byte, 0, len(response.Data)+256), "event: next\ndata: "...)
	text = appendResponse(text, response)
	for i := len("event: next\n"); i < len(text); i++ {
		if text[i] == '\n' || text[i] == '\r' {
			text[i] = ' '
		}
	}
	return e.write(append(text, "\n\n"...))
}

// keepAlive sends a comment where nothing else was sent for a while, until ctx ends. It ends the
// operation of a reader who may no longer be told, though nothing happens.
func (e *eventStream) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(e.server.limits.KeepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			limited, cancel := context.WithTimeout(ctx, e.server.limits.KeepAlive)
			refused := e.confirm(limited)
			cancel()
			if refused != nil && refused.final() {
				e.end(refused.err)
				return
			}
			e.mu.Lock()
			quiet := time.Since(e.last) >= e.server.limits.KeepAlive/2
			e.mu.Unlock()
			if quiet && !e.write([]byte(":\n\n")) {
				return
			}
		}
	}
}
