package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/vinculo/vinculo/internal/store"
)

// maxIdle is how many connections are kept for the next caller.
const maxIdle = 16

// pool lends connections, at most so many at once.
type pool struct {
	slots chan struct{}
	dial  func() (*conn, error)

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newPool(size int, dial func() (*conn, error)) *pool {
	return &pool{slots: make(chan struct{}, size), dial: dial}
}

// take waits for a connection as long as the context allows; there is none any
// more once the pool is closed.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.slots
		return nil, store.ErrClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := p.dial()
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

// give takes a connection back, and closes it if the pool was closed meanwhile or
// keeps enough others.
func (p *pool) give(c *conn) {
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdle {
		p.mu.Unlock()
		_ = c.close() // it has only read
	} else {
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	<-p.slots
}

// drop takes a connection back that nobody may use any more.
func (p *pool) drop(c *conn) {
	_ = c.close() // it has only read
	<-p.slots
}

// close closes what is idle now; the rest goes when it is given back.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.hangUp()
}

// clear closes what is idle.
func (p *pool) clear() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hangUp()
}

func (p *pool) hangUp() error {
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	return errors.Join(errs...)
}
