package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// input is the standard input, of which a read ends when the context does: from a
// terminal at which nobody types, or a pipe, nothing may ever come.
func (m *Main) input(ctx context.Context) io.Reader {
	return reading(func(p []byte) (int, error) {
		type read struct {
			n   int
			err error
		}
		done := make(chan read, 1)
		// A read that is left behind may still come to its end, and must not write
		// into what is then another's.
		own := make([]byte, len(p))
		go func() {
			n, err := m.Stdin.Read(own)
			done <- read{n, err}
		}()
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case r := <-done:
			return copy(p, own[:r.n]), r.err
		}
	})
}

// reading is a function that reads.
type reading func(p []byte) (int, error)

// Read implements io.Reader.
func (r reading) Read(p []byte) (int, error) { return r(p) }

// output is the standard output, and remembers the first write that failed: what
// did not reach its reader is no success, whichever command wrote it.
type output struct {
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// newLogger writes for people on a terminal, JSON elsewhere; times are UTC.
func (m *Main) newLogger(level zerolog.Level) zerolog.Logger {
	out := m.Stderr
	if isTerminal(m.Stderr) {
		out = zerolog.ConsoleWriter{Out: m.Stderr, TimeFormat: "15:04:05Z", TimeLocation: time.UTC, NoColor: os.Getenv("NO_COLOR") != ""}
	}
	return zerolog.New(out).Level(level).Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Time(zerolog.TimestampFieldName, time.Now().UTC())
	}))
}

// plainEvery is how often work that nobody watches says how far it has come.
const plainEvery = 5 * time.Second

// progress shows how far long work has come: a bar on a terminal, now and then a
// line elsewhere. Its function may be called often; finish ends it.
type progress struct {
	out   io.Writer
	bar   *progressbar.ProgressBar
	step  string
	shown time.Time
	total uint64
}

func (m *Main) newProgress() *progress { return &progress{out: m.Stderr, shown: time.Now()} }

func (p *progress) show(step string, done, total uint64) {
	if total > 0 {
		done = min(done, total) // others may write meanwhile, and make it more
	}
	if !isTerminal(p.out) {
		if time.Since(p.shown) >= plainEvery {
			p.shown = time.Now()
			if total > 0 {
				fmt.Fprintf(p.out, "%s: %d of %d\n", step, done, total)
			} else {
				fmt.Fprintf(p.out, "%s: %d\n", step, done)
			}
		}
		return
	}
	if p.bar == nil || p.step != step || p.total != total {
		p.finish()
		most := int64(total) //nolint:gosec // counts of things in memory
		if total == 0 {
			most = -1
		}
		p.step, p.total = step, total
		p.bar = progressbar.NewOptions64(most, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(step),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	}
	_ = p.bar.Set64(int64(done)) //nolint:gosec // as above; a bar that cannot be drawn stops nothing
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}
