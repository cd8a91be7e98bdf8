// Package contender starts those who are compared, each as a process of its own,
// says how much memory they hold, and ends them.
package contender

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrAbsent means that something which a contender needs is not installed. The
// error around it says what.
var ErrAbsent = errors.New("not installed")

// patience is how long a process has to end after it was told to.
const patience = 10 * time.Second

// Process is a running contender.
type Process struct {
	Name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Reader
	log   *tail
	stop  sync.Once
	ended chan struct{}
	err   error // of Wait; read after ended
}

// tail keeps the end of what a process prints to its standard error.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailSize = 4000

// Write keeps the last bytes.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if len(t.kept) > tailSize {
		t.kept = bytes.Clone(t.kept[len(t.kept)-tailSize:])
	}
	return len(b), nil
}

// String is what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}

// Start starts a process in a folder, with variables beside those of this
// process. It ends with the context at the latest.
func Start(ctx context.Context, name, dir string, env []string, argv ...string) (*Process, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	p := &Process{Name: name, cmd: cmd, log: &tail{}, ended: make(chan struct{})}
	cmd.Stderr = p.log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// A pipe of our own: that of the command is closed when the command ends,
	// even before its last line is read.
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = writer
	p.stdin, p.lines = stdin, bufio.NewReaderSize(reader, 1<<16)
	err = cmd.Start()
	err = errors.Join(err, writer.Close())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Line reads the next line that the process prints.
func (p *Process) Line() ([]byte, error) {
	line, err := p.lines.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%s ended instead of answering: %w; it said: %s", p.Name, err, p.log)
	}
	return line, nil
}

// Failed is an error if the process has ended, with what it said last.
func (p *Process) Failed() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended: %w; it said: %s", p.Name, errors.Join(p.err, errors.New("it was to run on")), p.log)
	default:
		return nil
	}
}

// Stop ends the process, and kills it if it does not.
func (p *Process) Stop() {
	p.stop.Do(func() {
		_ = p.stdin.Close()
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-p.ended:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	})
}

// Resident is how many bytes of memory the process holds, or 0 where this system
// does not tell.
func (p *Process) Resident() int64 { return Resident(p.cmd.Process.Pid) }

// Resident is how many bytes of memory a process holds (VmRSS of Linux), or 0
// where that is not known.
func Resident(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}

// Run runs a command to its end and gives what it printed; what it printed to
// its standard error is part of an error.
func Run(ctx context.Context, dir string, env []string, argv ...string) ([]byte, error) {
	if _, err := exec.LookPath(argv[0]); err != nil {
		return nil, fmt.Errorf("%s is %w", argv[0], ErrAbsent)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	log := &tail{}
	cmd.Stderr = log
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w; it said: %s", strings.Join(argv, " "), err, log)
	}
	return out, nil
}
