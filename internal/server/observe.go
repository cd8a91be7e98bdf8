package server

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
)

// recorder remembers the status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader passes the status on.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write passes bytes on.
func (r *recorder) Write(text []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(text)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] and websockets reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// observe writes a log line and counts for each request. Neither holds what comes after the path of
// the address, a header or a variable: those may carry names and secrets.
func (s *Server) observe(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		recorded := &recorder{ResponseWriter: w}
		noted := &note{}
		_, route := mux.Handler(r)
		defer func() {
			took := time.Since(started)
			if route == "" {
				route = "none"
			}
			s.metrics.requests.WithLabelValues(route, method(r.Method), strconv.Itoa(recorded.status)).Inc()
			stream := asksForWebsocket(r.Header) || asksFor(r.Header, mediaEvents)
			if !stream {
				s.metrics.requestTime.WithLabelValues(route).Observe(took.Seconds())
			}
			line := s.log.Debug()
			if route == "/graphql" {
				line = s.log.Info()
			}
			kind, name, codes := noted.read()
			line.Str("request", id).Str("method", method(r.Method)).Str("path", cut(r.URL.Path)).
				Int("status", recorded.status).Int64("bytes", recorded.bytes).Dur("ms", took).Str("from", access.HostOf(r.RemoteAddr))
			if kind != "" {
				line.Str("operation", string(kind)).Str("name", name)
			}
			if len(codes) > 0 {
				line.Strs("codes", codes)
			}
			line.Msg("answered")
		}()
		log := s.log.With().Str("request", id).Logger()
		next.ServeHTTP(recorded, r.WithContext(log.WithContext(withNote(r.Context(), noted))))
	})
}

// method gives the methods that mean something here, so that a client cannot fill the metrics.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		return name
	}
	return "other"
}

// recovering answers INTERNAL where a handler panics.
func (s *Server) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			recovered := recover()
			if recovered == nil {
				return
			}
			if err, ok := recovered.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(recovered) // net/http's own way to cut a connection.
			}
			logPanic(r.Context(), recovered)
			if recorded, ok := w.(*recorder); ok && recorded.status != 0 {
				return // Too late to say it.
			}
			s.reply(w, r, http.StatusInternalServerError, mediaJSON, &graphql.Response{Errors: gqlerror.List{internal()}})
		}()
		next.ServeHTTP(w, r)
	})
}

// logPanic writes what a client must not see.
func logPanic(ctx context.Context, recovered any) {
	zerolog.Ctx(ctx).Error().Interface("panic", recovered).Bytes("stack", debug.Stack()).Msg("a handler panicked")
}

// debugLog takes what net/http has to say: mostly clients that break off.
type debugLog struct{ log zerolog.Logger }

// Write logs one line.
func (d debugLog) Write(line []byte) (int, error) {
	d.log.Debug().Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}
