package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/trace"
)

// KnownAt is a moment of the graph as a client names it: the number of a
// revision, or a time.
type KnownAt struct{ trace.KnownAt }

// UnmarshalGQL reads a number, or a text that holds one or a time (RFC 3339).
func (k *KnownAt) UnmarshalGQL(v any) error {
	s := fmt.Sprint(v)
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		k.Number = &n
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("%.40q is not a moment; write the number of a revision, or a time such as 2026-11-23T21:22:00Z", s)
	}
	k.Time = &t
	return nil
}

// MarshalGQL writes the moment as it is read.
func (k KnownAt) MarshalGQL(w io.Writer) { graphql.MarshalString(k.key()).MarshalGQL(w) }

// key is the moment as text; "" for now.
func (k KnownAt) key() string {
	switch {
	case k.Number != nil:
		return strconv.FormatUint(*k.Number, 10)
	case k.Time != nil:
		return k.Time.UTC().Format(time.RFC3339Nano)
	default:
		return ""
	}
}

// session is what one moment of the graph is read with.
type session struct {
	*trace.Session
	vocabulary *vocabulary.Vocabulary
}

// operation holds the sessions of one response, or of one field of a mutation, by
// the moment they read. They share the reader of the first, that of now: whoever
// waited for a second while holding one could wait for others that do the same.
type operation struct {
	opening siblings
	mu      sync.Mutex
	opened  []*session
}

type operationKey struct{}

func (o *operation) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, o)
}

// close gives back what was opened.
func (o *operation) close(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range slices.Backward(o.opened) {
		if err := s.Close(); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("closing a reader")
		}
	}
	o.opened = nil
}

// session gives the session of the operation that reads a moment for whoever is
// asking; now where at is nil.
func (r *resolver) session(ctx context.Context, at *KnownAt) (*session, error) {
	return r.sessionFor(ctx, at, nil)
}

// sessionFor gives a session that has read, or will read, what a card says.
func (r *resolver) sessionFor(ctx context.Context, at *KnownAt, card func() trace.Card) (*session, error) {
	o, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return nil, errors.New("there is no operation in the context; serve the schema that graph.New gives")
	}
	if at == nil {
		at = &KnownAt{}
	}
	isNew := false
	s, err := once(ctx, &o.opening, at.key(), func(ctx context.Context) (*session, error) {
		isNew = true
		opened, err := r.open(ctx, at, card)
		if err != nil {
			return nil, err
		}
		s := &session{opened, r.tracer.Vocabulary()}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.opened = append(o.opened, s)
		return s, nil
	})
	if err == nil && !isNew && card != nil {
		err = s.Prefetch(ctx, card)
	}
	return s, err
}

// open opens the session of a moment: of now by a reader, of the past by that of
// now.
func (r *resolver) open(ctx context.Context, at *KnownAt, card func() trace.Card) (*trace.Session, error) {
	if at.key() != "" {
		now, err := r.session(ctx, nil)
		if err != nil {
			return nil, err
		}
		return now.Moment(ctx, at.KnownAt)
	}
	view := evidence.Now(clearance(ctx))
	if card != nil {
		return r.tracer.Open(ctx, view, card)
	}
	return r.tracer.At(ctx, view)
}

// operating is a schema that opens and closes the sessions of its operations.
type operating struct{ graphql.ExecutableSchema }

// stream carries what ended a subscription from the goroutine that follows the
// log to the last response.
type stream struct {
	mu  sync.Mutex
	err error
}

type streamKey struct{}

func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *stream) take() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = nil
	return err
}

// Exec runs an operation; see graphql.ExecutableSchema.
func (o operating) Exec(ctx context.Context) graphql.ResponseHandler {
	if asked := graphql.GetOperationContext(ctx); asked.Operation.Operation == ast.Mutation {
		asked.RootResolverMiddleware = apart(asked.RootResolverMiddleware)
	}
	following := &stream{}
	next := o.ExecutableSchema.Exec(context.WithValue(ctx, streamKey{}, following))
	return func(ctx context.Context) *graphql.Response {
		reads := &operation{}
		defer reads.close(ctx)
		response := next(reads.in(ctx))
		if response == nil {
			if err := following.take(); err != nil {
				graphql.AddError(ctx, err)
				return &graphql.Response{Data: []byte("null")}
			}
		}
		return response
	}
}

// apart has each field of a mutation read by itself: it sees what those before it
// wrote, and no reader is open while one writes.
func apart(around graphql.RootFieldMiddleware) graphql.RootFieldMiddleware {
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		reads := &operation{}
		defer reads.close(ctx)
		return around(reads.in(ctx), next)
	}
}

// clearance is what whoever is asking may see.
func clearance(ctx context.Context) evidence.Clearance { return access.From(ctx).Clearance }
