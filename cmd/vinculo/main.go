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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	m := New()
	err := m.Run(ctx, os.Args[1:])
	err = errors.Join(err, m.Close())
	stop()
	m.Report(err)
	os.Exit(ExitCode(err))
}
