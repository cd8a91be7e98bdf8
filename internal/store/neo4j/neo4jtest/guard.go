//go:build unix

package neo4jtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// guardScript runs the server as its own child. It waits for our end of its
// standard input to close, which the kernel does however we end, then stops
// the server and removes its folder. When the server ends by itself it leaves
// the file "exit" there, so that the reason can be read before the cleaning.
const guardScript = `
exec 3<&0
home=$1 container=$2; shift 2
"$@" </dev/null 3<&- & server=$!
{
	cat <&3 >/dev/null
	if [ -n "$container" ]; then docker rm --force "$container"
	elif [ ! -e "$home/exit" ]; then kill -9 "$server"
	fi
} & waiter=$!
wait "$server"; echo "$?" >"$home/exit"
wait "$waiter"
rm -rf "$home"
`

// guard is the shell that owns a server.
type guard struct {
	home  string
	stdin io.Closer
	done  chan struct{}
	close func() error
}

func startGuard(home string, l launch) (*guard, error) {
	// A file and not a pipe: `go test` waits for all who hold its own output.
	log, err := os.Create(filepath.Join(home, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("make a log file for Neo4j: %w", err)
	}
	args := append([]string{"-c", guardScript, "sh", home, l.container}, l.argv...)
	// No context: the server outlives that of the test which asked first.
	cmd := exec.Command("sh", args...) //nolint:noctx // The server outlives the context of the test that asked first.
	cmd.Stdout, cmd.Stderr = log, log
	// Its own process group: a Ctrl-C at the terminal must reach us alone, so
	// that the guard lives to clean up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	err = errors.Join(err, log.Close())
	if err != nil {
		return nil, fmt.Errorf("start the shell that guards Neo4j: %w", err)
	}
	g := &guard{home: home, stdin: stdin, done: make(chan struct{})}
	g.close = sync.OnceValue(stdin.Close)
	go func() {
		_ = cmd.Wait() // How a killed server exited says nothing.
		close(g.done)
	}()
	return g, nil
}

// serverEnded reports whether the server ended without being asked to.
func (g *guard) serverEnded() bool {
	_, err := os.Stat(filepath.Join(g.home, "exit"))
	return err == nil
}

// printed returns the last n bytes that the server printed.
func (g *guard) printed(n int) string {
	out, err := os.ReadFile(filepath.Join(g.home, "server.log"))
	if err != nil {
		return fmt.Sprintf("(nothing readable: %v)", err)
	}
	return tail(out, n)
}

func (g *guard) stop() error {
	err := g.close()
	if errors.Is(err, os.ErrClosed) {
		err = nil // The guard has ended and closed it.
	}
	select {
	case <-g.done:
		return err
	case <-time.After(30 * time.Second):
		return errors.Join(err, errors.New("the guard of Neo4j did not end within 30 s; look for its java process"))
	}
}

// lockFile waits for the lock on a file that it makes where needed. The kernel
// gives the lock back when the process ends. The file itself is never removed:
// a waiter would be left with a lock on a file that others no longer see.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a lock file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
