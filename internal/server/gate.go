package server

import (
	"context"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
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

func newGates(limits Limits) (running, streams *gate) {
	running = &gate{
		places: make(chan struct{}, limits.Concurrent),
		wait:   limits.QueueTime,
		refuse: func() *gqlerror.Error {
			return overLimit("concurrent", "The server answers %d requests at a time and is busy. Ask again in a moment.", limits.Concurrent)
		},
	}
	streams = &gate{
		places: make(chan struct{}, limits.Connections),
		refuse: func() *gqlerror.Error {
			return overLimit("connections", "The server keeps %d websockets and event streams open, and all are taken. Ask again later.", limits.Connections)
		},
	}
	return running, streams
}
