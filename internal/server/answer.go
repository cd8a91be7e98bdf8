package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// appendResponse appends a response as JSON. It takes the data as it is: encoding/json would read all
// of it again to see whether it is valid, which the executor's writer guarantees. The entry data is
// left out where nothing was executed.
func appendResponse(to []byte, response *graphql.Response) []byte {
	to = append(to, '{')
	first := true
	entry := func(name string) {
		if !first {
			to = append(to, ',')
		}
		first = false
		to = strconv.AppendQuote(to, name)
		to = append(to, ':')
	}
	if len(response.Errors) > 0 {
		entry("errors")
		to = append(to, marshal(bounded(response.Errors))...)
	}
	if response.Data != nil {
		entry("data")
		to = append(to, response.Data...)
	}
	if len(response.Extensions) > 0 {
		entry("extensions")
		to = append(to, marshal(response.Extensions)...)
	}
	return append(to, '}')
}

// marshal gives the JSON of errors and extensions. What a resolver puts there and JSON cannot hold
// (a channel, an infinite number) is replaced by an error that says so.
func marshal(value any) []byte {
	text, err := json.Marshal(value)
	if err == nil {
		return text
	}
	plain := gqlerror.List{fault(CodeInternal, "The server failed to write this part of its answer.")}
	if _, list := value.(gqlerror.List); !list {
		return []byte("null")
	}
	text, err = json.Marshal(plain)
	if err != nil {
		panic(err) // Impossible: strings only.
	}
	return text
}

// reply writes a response.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, media string, response *graphql.Response) {
	noteOf(r.Context()).outcome(s.metrics, response.Errors)
	buffer := bodies.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	body := appendResponse((*buffer)[:0], response)
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	s.allowWriting(w)
	w.WriteHeader(status)
	// The client going away is not an error of ours.
	_, _ = w.Write(body)
	if *buffer = body; cap(body) <= keptBody {
		bodies.Put(buffer)
	}
}

// bodies are of *[]byte, each of up to keptBody bytes, in which responses are put together.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

const keptBody = 1 << 20

// allowWriting gives the client limits.WriteTime, from now, to take what is written next.
func (s *Server) allowWriting(w http.ResponseWriter) {
	// Writers that have no deadlines, as those of tests, need none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.limits.WriteTime))
}

// refuse writes a refusal, in a media type that the client takes.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, refused *refusal) {
	media := preferred(r.Header, mediaJSON, mediaGraphQL)
	if media == "" {
		media = mediaJSON
	}
	retry := refused.retry
	if retry == 0 && refused.status == http.StatusServiceUnavailable {
		retry = time.Second
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((retry+time.Second-1)/time.Second), 10))
	}
	if refused.challenge != "" {
		w.Header().Set("WWW-Authenticate", refused.challenge)
	}
	s.reply(w, r, refused.status, media, &graphql.Response{Errors: gqlerror.List{refused.err}})
}
