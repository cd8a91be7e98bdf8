// Command serve starts a real Neo4j, runs a command with
// VINCULO_TEST_NEO4J_URI set to it, and stops the server when the command
// ends, with the command's exit status:
//
//	go run ./internal/store/neo4j/neo4jtest/serve -- go test ./...
//
// Without a command it prints the URI and serves until it is interrupted. If
// VINCULO_TEST_NEO4J_URI is set it starts nothing. Where Neo4j cannot run on
// this machine it says so in one line and runs the command, whose Neo4j tests
// then skip; with CI=true it fails instead.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
	}
	os.Exit(code)
}

func run() (code int, err error) {
	opts := neo4jtest.OptionsFromEnv()
	flag.StringVar(&opts.Version, "version", opts.Version, "Neo4j release (default "+neo4jtest.DefaultVersion+")")
	flag.StringVar(&opts.Heap, "heap", opts.Heap, "largest heap (default "+neo4jtest.DefaultHeap+")")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if uri := os.Getenv(neo4jtest.URIVariable); uri != "" {
		fmt.Fprintln(os.Stderr, "serve: using the Neo4j at", uri)
		return runCommand(ctx, flag.Args(), nil)
	}
	began := time.Now()
	srv, err := neo4jtest.Start(ctx, opts)
	if errors.Is(err, neo4jtest.ErrUnavailable) && os.Getenv("CI") != "true" && flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "serve: Neo4j tests will be skipped: %v\n", err)
		return runCommand(ctx, flag.Args(), []string{neo4jtest.UnavailableVariable + "=" + err.Error()})
	}
	if err != nil {
		return 1, err
	}
	defer func() {
		if closeErr := srv.Close(); closeErr != nil {
			code, err = 1, errors.Join(err, closeErr)
		}
	}()
	fmt.Fprintf(os.Stderr, "serve: %s listens at %s (%.1f s)\n", srv.How, srv.URI, time.Since(began).Seconds())
	if flag.NArg() == 0 {
		fmt.Println(srv.URI)
		<-ctx.Done()
		return 0, nil
	}
	return runCommand(ctx, flag.Args(), []string{neo4jtest.URIVariable + "=" + srv.URI})
}

// runCommand runs the command and answers its exit status. When we are told to
// end, so is the command, which has ten seconds to do it.
func runCommand(ctx context.Context, argv, env []string) (int, error) {
	if len(argv) == 0 {
		return 2, errors.New("name a command to run, after --")
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, fmt.Errorf("run %s: %w", argv[0], err)
	}
	return 0, nil
}
