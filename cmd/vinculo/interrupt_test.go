package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// silent is an input that nothing ever comes from, like a terminal at which nobody
// types; it says when it is read.
type silent struct {
	once sync.Once
	read func()
	ends chan struct{}
}

func (s *silent) Read([]byte) (int, error) {
	s.once.Do(s.read)
	<-s.ends
	return 0, io.EOF
}

// TestInterruptWhileReading interrupts commands that wait for the standard input.
func TestInterruptWhileReading(t *testing.T) {
	name, _ := storeFile(t)
	quotedStore(t, name)
	text := writeFile(t, "nota.txt", "El Ejército «participó».")
	for _, args := range [][]string{
		{"query", "--demo", "-"},
		{"capture", "check", text, "-"},
		{"capture", "add", "--store", name, "nota", "-"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			input := &silent{read: stop, ends: make(chan struct{})}
			t.Cleanup(func() { close(input.ends) })
			interrupted(t, ctx, &Main{Stdin: input, Stdout: io.Discard}, args...)
		})
	}
}

// interrupted wants a run to end as one that was interrupted, without a word.
func interrupted(t *testing.T, ctx context.Context, m *Main, args ...string) { //nolint:revive // the context is what is tried
	t.Helper()
	told := &lines{}
	if m.Stderr == nil {
		m.Stderr = told
	}
	err := errors.Join(m.Run(ctx, args), m.Close())
	require.Equal(t, 130, ExitCode(err), "%v", err)
	m.Report(err)
	require.Empty(t, told.String())
}

// asked is an output that calls a function when it is written to.
type asked func(text string)

func (a asked) Write(p []byte) (int, error) {
	a(string(p))
	return len(p), nil
}

// TestInterruptAtThePrompt interrupts an erasure that asks on a terminal.
func TestInterruptAtThePrompt(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("skipped: no terminal can be made: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	name, _ := storeFile(t)
	quotedStore(t, name)
	before := succeeds(t, "log", "--store", name)
	ctx, stop := context.WithCancel(t.Context())
	prompt := asked(func(text string) {
		if strings.Contains(text, "Type erase to go on") {
			stop()
		}
	})
	interrupted(t, ctx, &Main{Stdin: terminal, Stdout: io.Discard, Stderr: prompt}, "erase", "--store", name, "--ground", "order", "nota")
	require.Equal(t, before, succeeds(t, "log", "--store", name))
}

// TestInterruptWhileGenerating interrupts what would write for minutes.
func TestInterruptWhileGenerating(t *testing.T) {
	size := []string{"--entities", "3000000", "--links", "9000000"}
	ctx, stop := context.WithCancel(t.Context())
	interrupted(t, ctx, &Main{Stdout: asked(func(string) { stop() })}, append([]string{"generate", "--jsonl", "--batch", "100"}, size...)...)
	ctx, stop = context.WithCancel(t.Context())
	stop()
	interrupted(t, ctx, &Main{Stdout: io.Discard}, append([]string{"generate", "--csv", filepath.Join(t.TempDir(), "x")}, size...)...)
}

// asProgram, where it is set, has the tests be the program itself.
const asProgram = "VINCULO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the program itself, as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), asProgram+"=yes")
	return command
}

// TestASecondInterruptEndsAtOnce what the first cannot: here, a write that nobody
// reads.
func TestASecondInterruptEndsAtOnce(t *testing.T) {
	command := program(t, "generate", "--jsonl", "--entities", "100000", "--links", "300000")
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	_, err = out.Read(make([]byte, 1)) // it catches signals by now
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		state, err := command.Process.Wait()
		if err == nil && state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT { //nolint:forcetypeassert // it is one on Unix
			err = errors.New(state.String())
		}
		ended <- err
	}()
	// Signals that come while one is pending are one; so they are sent until it ends.
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(20 * time.Second)
	for {
		select {
		case err := <-ended:
			require.NoError(t, err)
			return
		case <-again.C:
			_ = command.Process.Signal(os.Interrupt)
		case <-late:
			t.Fatal("it goes on after many interrupts")
		}
	}
}

// TestHangingUpIsAnInterrupt, as a terminal does that is closed: what is temporary
// goes.
func TestHangingUpIsAnInterrupt(t *testing.T) {
	// Under nohup the signal is ignored here, and would be in the program too; a signal
	// that is heeded here is not.
	heeded := make(chan os.Signal, 1)
	signal.Notify(heeded, syscall.SIGHUP)
	defer signal.Stop(heeded)
	command := program(t, "serve", "--demo", "--listen", "127.0.0.1:0")
	temporary := t.TempDir()
	command.Env = append(command.Env, "TMPDIR="+temporary)
	log, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	serving := bufio.NewScanner(log)
	for serving.Scan() && !strings.Contains(serving.Text(), `"serving"`) {
	}
	require.NoError(t, command.Process.Signal(syscall.SIGHUP))
	_, err = io.Copy(io.Discard, log)
	require.NoError(t, err)
	require.NoError(t, command.Wait())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}
