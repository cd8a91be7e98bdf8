// Command summary runs the suites of `make test` one after another and ends
// with a plain line: N passed, N failed, N skipped.
//
//	go run ./internal/ci/summary build check test-go
//
// Each argument is a make target. Lines of `go test -json` in its output are
// turned into a readable report, all other lines are passed on. A suite counts
// as its tests, as its own plain line, as Node's test runner says, or, if it
// says nothing of counts, as one. All suites run, whatever failed before; the
// exit status is 1 if anything failed.
//
// With CI=true a test that is skipped for want of Neo4j, a browser or npm
// counts as failed.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// countsVariable names a file to write the last line to as well, for a caller
// that wants to print it after make's own words about a failure.
const countsVariable = "VINCULO_COUNTS_FILE"

// mustRunInCI names what CI has, so that a skip for want of it is a fault.
var mustRunInCI = regexp.MustCompile(`(?i)neo4j|maven|java\b|brows|chrom(e|ium)|\bnpm\b`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "summary: name the make targets to run")
		os.Exit(2)
	}
	var mustRun *regexp.Regexp
	if os.Getenv("CI") == "true" {
		mustRun = mustRunInCI
	}
	all := run(ctx, os.Stdout, os.Args[1:], mustRun, makeTarget)
	fmt.Println(all)
	if file := os.Getenv(countsVariable); file != "" {
		if err := os.WriteFile(file, []byte(all.String()+"\n"), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "summary: keep the counts:", err)
			os.Exit(1)
		}
	}
	if all.failed > 0 {
		os.Exit(1)
	}
}

func makeTarget(ctx context.Context, target string) *exec.Cmd {
	return exec.CommandContext(ctx, cmp.Or(os.Getenv("MAKE"), "make"), "--no-print-directory", target)
}

type outcome struct {
	suite  string
	counts counts
	took   time.Duration
	err    error
}

func run(ctx context.Context, out io.Writer, suites []string, mustRun *regexp.Regexp, command func(context.Context, string) *exec.Cmd) counts {
	var all counts
	var outcomes []outcome
	var slow []timed
	for _, suite := range suites {
		fmt.Fprintf(out, "== %s\n", suite)
		tests := newGoTests(out, mustRun)
		began := time.Now()
		c, err := runSuite(ctx, out, command(ctx, suite), tests)
		if err != nil && c.failed == 0 {
			c.failed = 1
		}
		if c.total() == 0 {
			c.passed = 1
		}
		slow = append(slow, tests.slowest(10)...)
		outcomes = append(outcomes, outcome{suite, c, time.Since(began), err})
		all.add(c)
	}
	printSlowest(out, slow)
	fmt.Fprintln(out, "== suites")
	for _, o := range outcomes {
		fmt.Fprintf(out, "  %-16s %7.1f s   %s", o.suite, o.took.Seconds(), o.counts)
		if o.err != nil {
			fmt.Fprintf(out, "   (%v)", o.err)
		}
		fmt.Fprintln(out)
	}
	return all
}

// runSuite runs one command and counts. Its standard output and error are one
// pipe, so that what it says stays in the order in which it said it.
func runSuite(ctx context.Context, out io.Writer, cmd *exec.Cmd, tests *goTests) (counts, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return counts{}, fmt.Errorf("make a pipe: %w", err)
	}
	defer func() { _ = read.Close() }()
	cmd.Stdout, cmd.Stderr = write, write
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	err = cmd.Start()
	if closeErr := write.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return counts{}, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	others, readErr := follow(read, out, tests)
	waitErr := cmd.Wait()
	c := tests.finish()
	c.add(others)
	return c, errors.Join(waitErr, readErr, ctx.Err())
}

// follow reads the output of a suite to its end and returns the counts that
// suites other than Go's told.
func follow(in io.Reader, out io.Writer, tests *goTests) (counts, error) {
	var others counts
	lines := bufio.NewReader(in)
	for {
		// Not a Scanner: a test may print a line of any length.
		line, err := lines.ReadString('\n')
		if e, ok := parseEvent(line); ok {
			tests.add(e)
		} else if line != "" {
			others.readCounts(line)
			fmt.Fprintln(out, "  "+strings.TrimRight(line, "\n"))
		}
		if errors.Is(err, io.EOF) {
			return others, nil
		}
		if err != nil {
			return others, fmt.Errorf("read the output: %w", err)
		}
	}
}

func printSlowest(out io.Writer, slow []timed) {
	all := goTests{slow: slow}
	for i, t := range all.slowest(10) {
		if t.took < 2*time.Second {
			break
		}
		if i == 0 {
			fmt.Fprintln(out, "== slowest tests")
		}
		fmt.Fprintf(out, "  %7.1f s   %s\n", t.took.Seconds(), t.name)
	}
}
