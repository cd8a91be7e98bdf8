package neo4j

import (
	"context"
	"sync"
	"time"
)

// headCheck finds out the head of the log for many at once. Who asks is given what a
// query says that was begun after they asked: those who ask while one is on its way
// wait for the next, which is one for all of them.
type headCheck struct {
	ask func() (string, error)

	mu      sync.Mutex
	running bool
	next    *headAnswer // what those wait for who came while a query was on its way
}

type headAnswer struct {
	done chan struct{}
	head string
	err  error
}

// now is the hash of the newest revision.
func (c *headCheck) now(ctx context.Context) (string, error) {
	c.mu.Lock()
	a := c.next
	if a == nil {
		a = &headAnswer{done: make(chan struct{})}
		c.next = a
		if !c.running {
			c.running = true
			go c.run()
		}
	}
	c.mu.Unlock()
	select {
	case <-a.done:
		return a.head, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// run asks as long as somebody waits.
func (c *headCheck) run() {
	for {
		c.mu.Lock()
		a := c.next
		c.next = nil
		if a == nil {
			c.running = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		a.head, a.err = c.ask()
		close(a.done)
	}
}

// headWithin is how long a server may take to say what the head is. Who asked may
// have given up long before.
const headWithin = 10 * time.Second

func (s *Store) hashOfHead() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), headWithin)
	defer cancel()
	head, err := s.Head(ctx)
	if err != nil || head.Sequence == 0 { // nothing was written, or the database was emptied
		return "", err
	}
	return head.Hash.String(), nil
}
