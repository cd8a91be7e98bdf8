package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// note collects what the log and the metrics say of one operation: never its variables, nor its text.
type note struct {
	mu      sync.Mutex
	kind    ast.Operation
	name    string
	started time.Time
	codes   []string
}

type noteKey struct{}

func withNote(ctx context.Context, n *note) context.Context {
	return context.WithValue(ctx, noteKey{}, n)
}

// noteOf gives the note of a request; one that nobody reads where there is none.
func noteOf(ctx context.Context) *note {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n
	}
	return &note{}
}

// begin notes which operation runs.
func (n *note) begin(o *operation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kind, n.started = o.kind(), time.Now()
	n.name = o.context.Operation.Name
	if len(n.name) > maxID {
		n.name = n.name[:maxID] // A name is ASCII.
	}
}

// outcome notes the codes of a response, each once, and counts it.
func (n *note) outcome(m *metrics, errs gqlerror.List) {
	result := "ok"
	for _, err := range errs {
		code := codeOf(err)
		if result == "ok" {
			result = code
		}
		if limit := limitOf(err); limit != "" {
			m.limits.WithLabelValues(limit).Inc()
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, err := range errs {
		if code := codeOf(err); !slices.Contains(n.codes, code) {
			n.codes = append(n.codes, code)
		}
	}
	kind := string(n.kind)
	if kind == "" {
		kind = "none"
	}
	m.operations.WithLabelValues(kind, result).Inc()
	if n.kind == ast.Query || n.kind == ast.Mutation {
		m.operationTime.WithLabelValues(kind).Observe(time.Since(n.started).Seconds())
	}
}

// read gives what was noted.
func (n *note) read() (kind ast.Operation, name string, codes []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.kind, n.name, slices.Clone(n.codes)
}
