package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/allowance"
)

// operation is a request that was found in order and has not run yet.
type operation struct {
	exec    graphql.GraphExecutor
	context *graphql.OperationContext
	most    int64 // How many bytes one answer may have.
}

func (o *operation) kind() ast.Operation { return o.context.Operation.Operation }

// prepare parses, validates and prices a request. It gives either an operation or the response that
// says what is wrong.
func (s *Server) prepare(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams) (*operation, *graphql.Response) {
	now := time.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	prepared, faults := exec.CreateOperationContext(ctx, params)
	if faults = VariableFaults(s.config.Schema.Schema(), prepared, params, faults); len(faults) > 0 {
		response := exec.DispatchError(graphql.WithOperationContext(ctx, prepared), bounded(faults))
		response.Data = nil
		return nil, response
	}
	return &operation{exec: exec, context: prepared, most: s.limits.of(ctx).AnswerBytes}, nil
}

// once runs a query or a mutation to its end.
func (o *operation) once(ctx context.Context, limits Limits) *graphql.Response {
	ctx, allowed := allowance.With(ctx, o.most)
	responses, ctx := o.exec.DispatchOperation(ctx, o.context)
	if response := o.within(allowed, responses(ctx)); response != nil {
		if response.Data == nil {
			response.Data = []byte("null")
		}
		return response
	}
	// The executor answers nothing once the context has ended.
	return &graphql.Response{Data: []byte("null"), Errors: gqlerror.List{ended(ctx, limits)}}
}

// within gives a response, or what is said instead of one that is too large: a part of it is not what
// was asked.
func (o *operation) within(allowed *allowance.Allowance, response *graphql.Response) *graphql.Response {
	if response == nil || !allowed.Over() && int64(len(response.Data)) <= o.most {
		return response
	}
	advice := "Ask for smaller pages (first), or for less about each row."
	if o.kind() == ast.Mutation {
		advice = "What could be changed was changed all the same: look at the revisions before you send it again."
	}
	return &graphql.Response{
		Data:   []byte("null"),
		Errors: gqlerror.List{overLimit("answerBytes", "The answer is larger than %d bytes. %s", o.most, advice)},
	}
}

// ended says why a context that is over ended.
func ended(ctx context.Context, limits Limits) *gqlerror.Error {
	if errors.Is(context.Cause(ctx), errTimeLimit) {
		return timeLimit(limits)
	}
	return fault(CodeUnavailable, "The server is stopping, or the request was given up, before there was an answer. Ask again.")
}

// stream runs an operation and hands on its responses until they end or send says false.
func (o *operation) stream(ctx context.Context, send func(*graphql.Response) bool) {
	ctx, allowed := allowance.With(ctx, o.most)
	responses, ctx := o.exec.DispatchOperation(ctx, o.context)
	for {
		allowed.Renew()
		response := o.within(allowed, responses(ctx))
		if response == nil || !send(response) {
			return
		}
	}
}

// authorize puts into the context of a request who makes it, or says why they may not.
func (s *Server) authorize(r *http.Request, recognise func(Authenticator, *http.Request) (access.Identity, error)) (context.Context, *refusal) {
	if s.config.Access == nil {
		return r.Context(), nil
	}
	identity, err := recognise(s.config.Access, r)
	if err != nil {
		return nil, refusalOf(r.Context(), err)
	}
	return access.With(r.Context(), identity), nil
}

// confirm says why somebody who once was let in may no longer ask nor be told; nil where they may.
func (s *Server) confirm(r *http.Request, who access.Identity) *refusal {
	if s.config.Access == nil {
		return nil
	}
	if err := s.config.Access.Confirm(r, who); err != nil {
		return refusalOf(r.Context(), err)
	}
	return nil
}

// count counts an operation on a websocket, and says why it may not run; nil where it may.
func (s *Server) count(r *http.Request, who access.Identity) *refusal {
	if s.config.Access == nil {
		return nil
	}
	if err := s.config.Access.Count(r, who); err != nil {
		return refusalOf(r.Context(), err)
	}
	return nil
}

// refusalOf makes an answer of an error of the [Authenticator].
func refusalOf(ctx context.Context, err error) *refusal {
	refused, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		zerolog.Ctx(ctx).Error().Err(err).Msg("who asks could not be found out")
		return refuse(http.StatusInternalServerError, internal())
	}
	answer := refuse(refused.Status, fault(string(refused.Code), "%s", refused.Message))
	answer.challenge, answer.retry = refused.Challenge(), refused.RetryAfter
	if refused.Code == CodeLimitExceeded {
		answer.err.Extensions["limit"] = "anonymousRate"
	}
	return answer
}

// answerOnce runs the operation of a POST or a GET and writes its answer.
func (s *Server) answerOnce(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, read reading) {
	media := preferred(r.Header, mediaJSON, mediaGraphQL)
	if media == "" {
		s.refuse(w, r, refuse(http.StatusNotAcceptable, fault(CodeInvalidInput, "The server answers in %s, %s and %s; the header Accept allows none of them.", mediaGraphQL, mediaJSON, mediaEvents)))
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.limits.RequestTime, errTimeLimit)
	defer cancel()
	leave, full := s.running.enter(ctx)
	if full != nil {
		s.refuse(w, r, refuse(http.StatusServiceUnavailable, full))
		return
	}
	defer leave()

	params, refused := read()
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	params.Headers = r.Header
	found, wrong := s.prepare(ctx, exec, params)
	if wrong != nil {
		// The older media type knows one status for all well-formed requests.
		status := http.StatusOK
		if media == mediaGraphQL {
			status = http.StatusBadRequest
		}
		s.reply(w, r, status, media, wrong)
		return
	}
	note := noteOf(ctx)
	note.begin(found)
	switch {
	case found.kind() == ast.Subscription:
		s.refuse(w, r, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "A subscription needs a stream: ask with the header Accept: %s, or over a websocket with the subprotocol %s.", mediaEvents, subprotocol)))
		return
	case found.kind() != ast.Query && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.refuse(w, r, refuse(http.StatusMethodNotAllowed, fault(CodeInvalidInput, "A GET only reads: send mutations by POST.")))
		return
	}
	s.reply(w, r, http.StatusOK, media, found.once(ctx, s.limits))
}

// post is the transport of requests by POST with a JSON body.
type post struct{ server *Server }

// get is the transport of queries in the address of a GET.
type get struct{ server *Server }

var (
	_ graphql.Transport = post{}
	_ graphql.Transport = get{}
)

// Supports takes every POST, so that one of another content type is told what to send.
func (post) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

// Do answers a POST.
func (t post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	read, refused := readPost(w, r, t.server.limits)
	if refused != nil {
		t.server.refuse(w, r, refused)
		return
	}
	t.server.answerOnce(w, r, exec, read)
}

// Supports takes every GET.
func (get) Supports(r *http.Request) bool { return r.Method == http.MethodGet }

// Do answers a GET.
func (t get) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if r.URL.RawQuery == "" && asksFor(r.Header, mediaHTML) && t.server.config.Playground != nil {
		http.Redirect(w, r, "playground/", http.StatusSeeOther)
		return
	}
	t.server.answerOnce(w, r, exec, func() (*graphql.RawParams, *refusal) { return readGet(r, t.server.limits) })
}
