// Command vinculo keeps a graph of documented links and answers questions about
// it. Run `vinculo --help`.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP)
	}
	// A reader that goes is a write that fails: a command still ends what it began, and
	// takes away what is temporary; a server goes on serving.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	m := New()
	err := m.Run(ctx, os.Args[1:])
	err = errors.Join(err, m.Close())
	stop()
	m.Report(err)
	os.Exit(ExitCode(err))
}
