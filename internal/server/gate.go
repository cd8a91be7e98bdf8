package server

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
)

// gate lets a number of holders in at a time.
type gate struct {
	places chan struct{}
	wait   time.Duration
	refuse func() *gqlerror.Error
}

// enter waits for a place, at most the gate's time. What it gives must be called once to leave.
func (g *gate) enter(ctx context.Context) (leave func(), full *gqlerror.Error) {
	select {
	case g.places <- struct{}{}:
		return g.leave, nil
	default:
	}
	if g.wait > 0 {
		timer := time.NewTimer(g.wait)
		defer timer.Stop()
		select {
		case g.places <- struct{}{}:
			return g.leave, nil
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return nil, g.refuse()
}

func (g *gate) leave() { <-g.places }

// full refuses where no place is free now, and takes none.
func (g *gate) full() *gqlerror.Error {
	if len(g.places) < cap(g.places) {
		return nil
	}
	return g.refuse()
}

// shares lets each address hold a number of places at a time. It keeps no more addresses than hold one,
// so whatever it is entered beside bounds its memory.
type shares struct {
	most   int
	refuse func() *gqlerror.Error

	mu   sync.Mutex
	held map[netip.Addr]int
}

// enter takes a place. What it gives must be called once to leave.
func (s *shares) enter(of netip.Addr) (leave func(), full *gqlerror.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[of] >= s.most {
		return nil, s.refuse()
	}
	s.held[of]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held[of]--; s.held[of] == 0 {
			delete(s.held, of)
		}
	}, nil
}

// gates are where a server bounds how much it does at a time.
type gates struct {
	running   *gate // Operations that run.
	streams   *gate // Websockets and event streams of those who are known, if only as anonymous.
	arrivals  *gate // Websockets that nobody has introduced.
	downloads *gate // Captures that are read.

	arriving  *shares // Of arrivals.
	strangers *shares // What anonymous readers keep open: of streams and downloads together.
}

func newGates(limits Limits) gates {
	of := func(places int, limit, format string) *gate {
		return &gate{
			places: make(chan struct{}, places),
			refuse: func() *gqlerror.Error { return overLimit(limit, format, places) },
		}
	}
	each := func(most int, limit, format string) *shares {
		return &shares{
			most: most, held: map[netip.Addr]int{},
			refuse: func() *gqlerror.Error { return overLimit(limit, format, most) },
		}
	}
	made := gates{
		running:   of(limits.Concurrent, "concurrent", "The server answers %d requests at a time and is busy. Ask again in a moment."),
		streams:   of(limits.Connections, "connections", "The server keeps %d websockets and event streams open, and all are taken. Ask again later."),
		arrivals:  of(limits.Arrivals, "arrivals", "The server keeps %d websockets open that wait for connection_init, and all are taken. Ask again in a moment."),
		downloads: of(limits.Downloads, "downloads", "The server sends %d captures at a time and is busy. Ask again in a moment."),
		arriving:  each(limits.AddressArrivals, "addressArrivals", "One address may have %d websockets open that wait for connection_init. Introduce those that are open, or close them."),
		strangers: each(limits.AnonymousConnections, "anonymousConnections", "Without a token, one address may have %d websockets, event streams and captures open. Close some, or ask an administrator of this server for a token."),
	}
	made.running.wait = limits.QueueTime
	return made
}

// hold takes a place for what whoever makes a request keeps open: an anonymous reader also one of those
// that their address has. What it gives must be called once to leave.
func (s *Server) hold(r *http.Request, g *gate) (leave func(), full *gqlerror.Error) {
	if leave, full = g.enter(r.Context()); full != nil || !access.From(r.Context()).Anonymous {
		return leave, full
	}
	return s.alongside(r, leave, s.strangers)
}

// arrive takes a place for a websocket that nobody has introduced.
func (s *Server) arrive(r *http.Request) (leave func(), full *gqlerror.Error) {
	// Who would find no place afterwards is told at once.
	if full = s.streams.full(); full != nil {
		return nil, full
	}
	if leave, full = s.arrivals.enter(r.Context()); full != nil {
		return nil, full
	}
	return s.alongside(r, leave, s.arriving)
}

// alongside takes one of an address's shares besides a place that was taken, or gives that up.
func (s *Server) alongside(r *http.Request, leave func(), of *shares) (leaveBoth func(), full *gqlerror.Error) {
	leaveShare, full := of.enter(s.address(r))
	if full != nil {
		leave()
		return nil, full
	}
	return func() {
		leaveShare()
		leave()
	}, nil
}

// address is what those who are not known are counted by.
func (s *Server) address(r *http.Request) netip.Addr {
	if s.config.Access != nil {
		return s.config.Access.Address(r)
	}
	at, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address is one, too
	return at.Addr()
}
