// Package allowance bounds how large an answer may become. Whoever serves answers
// says how large; whoever puts one together spends of it and stops where nothing is
// left, since an answer takes memory long before it is written.
package allowance

import (
	"context"
	"io"
	"sync/atomic"
)

// Allowance is how many bytes one answer may take. A nil one allows everything.
type Allowance struct {
	most  int64
	spent atomic.Int64
	over  atomic.Bool
}

type contextKey struct{}

// With gives a context in which an answer may take so many bytes.
func With(ctx context.Context, bytes int64) (context.Context, *Allowance) {
	a := &Allowance{most: bytes}
	return context.WithValue(ctx, contextKey{}, a), a
}

// From is what the answer of a context may take; nil where nobody said.
func From(ctx context.Context) *Allowance {
	a, _ := ctx.Value(contextKey{}).(*Allowance)
	return a
}

// Spend takes what a part of the answer needs while it is put together.
func (a *Allowance) Spend(bytes int) {
	if a != nil && a.spent.Add(int64(bytes)) > a.most {
		a.over.Store(true)
	}
}

// Over says whether more was spent or written than is allowed: what is put together
// is no answer then.
func (a *Allowance) Over() bool { return a != nil && a.over.Load() }

// Renew allows the whole again, for the next answer to the same operation.
func (a *Allowance) Renew() {
	a.spent.Store(0)
	a.over.Store(false)
}

// Writer writes to another as much as is allowed, and drops the rest. What was spent
// before is not counted again.
func (a *Allowance) Writer(to io.Writer) io.Writer {
	if a == nil {
		return to
	}
	return &writer{a, to, a.most}
}

type writer struct {
	allowance *Allowance
	to        io.Writer
	left      int64
}

// takes says whether so many bytes more may be written.
func (w *writer) takes(bytes int) bool {
	if w.left -= int64(bytes); w.left < 0 {
		w.allowance.over.Store(true)
	}
	return w.left >= 0
}

// Write implements io.Writer.
func (w *writer) Write(text []byte) (int, error) {
	if !w.takes(len(text)) {
		return len(text), nil
	}
	return w.to.Write(text)
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(text string) (int, error) {
	if !w.takes(len(text)) {
		return len(text), nil
	}
	return io.WriteString(w.to, text)
}
