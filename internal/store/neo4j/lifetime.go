package neo4j

import (
	"context"
	"sync"

	"github.com/vinculo/vinculo/internal/store"
)

// lifetime counts the calls that use the driver, which must not be closed under
// them: its pool of connections is then read and written at once.
type lifetime struct {
	mu     sync.Mutex
	over   bool
	calls  sync.WaitGroup
	ctx    context.Context //nolint:containedctx // It ends when the store does.
	cancel context.CancelFunc
}

func newLifetime() *lifetime {
	l := &lifetime{}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// begin starts a call: it ends when done is called, and its context at the
// latest when the store closes. After that it gives store.ErrClosed.
func (l *lifetime) begin(ctx context.Context) (_ context.Context, done func(), _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil, nil, store.ErrClosed
	}
	l.calls.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
		l.calls.Done()
	}, nil
}

// end stops the calls and waits until all have ended; false if it was called before.
func (l *lifetime) end() bool {
	l.mu.Lock()
	first := !l.over
	l.over = true
	l.mu.Unlock()
	l.cancel()
	l.calls.Wait()
	return first
}

// ended reports whether the store was closed.
func (l *lifetime) ended() bool {
	return l.ctx.Err() != nil
}
