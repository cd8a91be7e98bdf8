package measure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Job is one run: a question, with what it is asked of.
type Job struct {
	// Server is where it is asked: the address of a GraphQL endpoint (http://…)
	// or of a Neo4j (bolt://…), which decides what language Query is in.
	Server string `json:"server"`
	Query  string `json:"query"`
	// Pool are the variables of the question, one set for each way to ask it.
	// They are chosen at random or, with Once, each is asked once, in their order.
	Pool    []map[string]any `json:"pool"`
	Once    bool             `json:"once,omitempty"`
	Clients int              `json:"clients"`
	Seed    uint64           `json:"seed"`
	// WarmUp is asked before anything is measured; For is how long is measured.
	WarmUp time.Duration `json:"warmUp"`
	For    time.Duration `json:"for"`
}

func (j Job) check() error {
	switch {
	case j.Query == "" || j.Server == "":
		return errors.New("a run needs a server and a query")
	case len(j.Pool) == 0:
		return errors.New("a run needs something to ask about: its pool is empty")
	case j.Once && j.WarmUp > 0:
		return errors.New("a run that asks everything once cannot be warmed up by asking it")
	case j.Clients < 1 || j.For <= 0:
		return fmt.Errorf("a run needs one client or more (not %d) and some time (not %v)", j.Clients, j.For)
	}
	return nil
}

// Run asks the question for the time that the job says, and measures. An answer
// that is an error ends the run with it.
func Run(ctx context.Context, j Job) (Figures, error) {
	if err := j.check(); err != nil {
		return Figures{}, err
	}
	server, err := Dial(j.Server, j.Clients)
	if err != nil {
		return Figures{}, err
	}
	defer server.Close(ctx)
	if j.WarmUp > 0 {
		if _, err := rounds(ctx, server, j, j.WarmUp, j.Seed+1_000_003); err != nil {
			return Figures{}, fmt.Errorf("warming up: %w", err)
		}
	}
	return rounds(ctx, server, j, j.For, j.Seed)
}

// rounds asks for some time.
func rounds(ctx context.Context, server Server, j Job, lasting time.Duration, seed uint64) (Figures, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var times []time.Duration
	var failed error
	size := 0
	var wg sync.WaitGroup
	var next atomic.Int64
	began := time.Now()
	for c := range j.Clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(c)))
			var own []time.Duration
			read := 0
			for time.Since(began) < lasting && ctx.Err() == nil {
				which := random.IntN(len(j.Pool))
				if j.Once {
					if which = int(next.Add(1)) - 1; which >= len(j.Pool) {
						break
					}
				}
				asked := time.Now()
				n, err := server.Ask(ctx, j.Query, j.Pool[which])
				if err != nil {
					mu.Lock()
					if ctx.Err() == nil {
						failed = err
					}
					mu.Unlock()
					cancel()
					break
				}
				own, read = append(own, time.Since(asked)), read+n
			}
			mu.Lock()
			times, size = append(times, own...), size+read
			mu.Unlock()
		})
	}
	wg.Wait()
	lasted := time.Since(began)
	if failed != nil {
		return Figures{}, failed
	}
	if len(times) == 0 {
		return Figures{}, fmt.Errorf("nothing was answered: %w", context.Cause(ctx))
	}
	f := Summarize(times, j.Clients, lasted)
	f.Bytes = size / len(times)
	return f, nil
}
