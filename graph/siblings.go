package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/evidence"
)

// siblings are nodes that one read made. What one of them needs is read for all
// of them at once.
type siblings struct {
	session *session
	mu      sync.Mutex
	loads   map[any]*load
}

// load is one read for all siblings; value and err may be looked at once done is
// closed.
type load struct {
	done  chan struct{}
	value any
	err   error
}

var errInterrupted = errors.New("reading for all siblings was interrupted")

// once runs do for the first sibling that asks with a key, and gives all others
// what it gave. Those who wait stop when their context ends.
func once[T any](ctx context.Context, s *siblings, key any, do func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	l, known := s.loads[key]
	if !known {
		l = &load{done: make(chan struct{}), err: errInterrupted}
		if s.loads == nil {
			s.loads = map[any]*load{}
		}
		s.loads[key] = l
	}
	s.mu.Unlock()
	if !known {
		l.run(ctx, func(ctx context.Context) (any, error) { return do(ctx) })
	} else {
		select {
		case <-l.done:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
	value, _ := l.value.(T) // absent where err is set
	return value, l.err
}

// run frees those who wait even when do panics.
func (l *load) run(ctx context.Context, do func(context.Context) (any, error)) {
	defer close(l.done)
	l.value, l.err = do(ctx)
}

// What is read for all siblings besides fields with arguments.
type shared int

const (
	sharedEnds shared = iota
	sharedStandings
	sharedAbout
	sharedClaims
	sharedSources
	sharedAsserters
	sharedNameSources
	sharedOrigins
	sharedTotal
	sharedTold
)

// field is the key of a field with its arguments: siblings that are asked the
// same by the same place of a query meet there.
func field(ctx context.Context) *ast.Field {
	return graphql.GetFieldContext(ctx).Field.Field
}

// totalOf is the key of the total of a connection that a field made.
type totalOf struct{ field *ast.Field }

// distinct leaves out empty ids and repetitions, keeping the order.
func distinct(ids []evidence.ID) []evidence.ID {
	seen := make(map[evidence.ID]bool, len(ids))
	out := ids[:0]
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// optional is a text that is null where it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
