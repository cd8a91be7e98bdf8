package contender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// FreePort is a port of this machine that nobody listens on.
func FreePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	return address, l.Close()
}

// Serving is a server that answers questions over the network.
type Serving struct {
	*Process
	URL   string        // where it answers GraphQL
	Start time.Duration // from the start of the process until it had answered
}

// startLimit is how long a server may take to be ready.
const startLimit = 10 * time.Minute

// Vinculo serves a store with the program.
func Vinculo(ctx context.Context, name, program, store string) (*Serving, error) {
	address, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	p, err := Start(ctx, name, "", nil, program, "serve", "--store", store, "--listen", address, "--log-level", "error")
	if err != nil {
		return nil, err
	}
	url := "http://" + address + "/graphql"
	err = waitReady(ctx, p, "http://"+address+"/readyz")
	if err == nil {
		err = answered(ctx, p, url)
	}
	if err != nil {
		p.Stop()
		return nil, err
	}
	return &Serving{p, url, time.Since(began)}, nil
}

// first is a question that needs all links: what is ready may yet have to read
// them.
const first = `{"query": "{ paths(from: [\"e00000001\"], to: [\"e00000002\"], maxLength: 2, first: 1) { truncated } }"}`

func answered(ctx context.Context, p *Process, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(first))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", p.Name, err)
	}
	defer resp.Body.Close() //nolint:errcheck // what was read of it is enough
	text, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"errors"`))) {
		err = fmt.Errorf("%s answers %d: %.300s", p.Name, resp.StatusCode, text)
	}
	return err
}

func waitReady(ctx context.Context, p *Process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s says %s", url, resp.Status)
		}
		if failed := p.Failed(); failed != nil {
			return failed
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.Name, errors.Join(ctx.Err(), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Neo4jGraphQL installs what the rival in a folder needs, as its lock file says,
// and serves with it the data in a Neo4j.
func Neo4jGraphQL(ctx context.Context, dir, uri string) (*Serving, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fmt.Errorf("node is %w (20 or newer)", ErrAbsent)
	}
	if err := install(ctx, dir); err != nil {
		return nil, err
	}
	env := []string{
		"NODE_ENV=production", "PORT=0", "NEO4J_URI=" + uri, "APOLLO_TELEMETRY_DISABLED=1",
		"NEO4J_PASSWORD=" + os.Getenv("VINCULO_TEST_NEO4J_PASSWORD"),
	}
	if user := os.Getenv("VINCULO_TEST_NEO4J_USER"); user != "" {
		env = append(env, "NEO4J_USER="+user)
	}
	began := time.Now()
	p, err := Start(ctx, "@neo4j/graphql", dir, env, "node", "server.js")
	if err != nil {
		return nil, err
	}
	line, err := p.Line()
	if err != nil {
		p.Stop()
		return nil, err
	}
	return &Serving{p, strings.TrimSpace(string(line)), time.Since(began)}, nil
}

// absent is the error of what could not be installed, without a network say.
func absent(err error) error {
	if errors.Is(err, ErrAbsent) {
		return err
	}
	return fmt.Errorf("%w, and cannot be: %w", ErrAbsent, err)
}

// install runs npm unless what is there is what the lock file names.
func install(ctx context.Context, dir string) error {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, "node_modules", ".vinculo-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	if _, err := Run(ctx, dir, nil, "npm", "ci", "--omit=dev", "--no-audit", "--no-fund"); err != nil {
		return absent(err)
	}
	return os.WriteFile(stamp, lock, 0o600)
}

// Python makes a virtual environment with the pinned libraries of a folder, once,
// and gives the path of its interpreter.
func Python(ctx context.Context, dir, venv string) (string, error) {
	interpreter := filepath.Join(venv, "bin", "python")
	pins, err := os.ReadFile(filepath.Join(dir, "requirements.txt"))
	if err != nil {
		return "", err
	}
	stamp := filepath.Join(venv, "vinculo-requirements.txt")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, pins) {
		return interpreter, nil
	}
	if _, err := Run(ctx, "", nil, "python3", "-m", "venv", "--clear", venv); err != nil {
		return "", absent(err)
	}
	if _, err := Run(ctx, "", nil, interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", filepath.Join(dir, "requirements.txt")); err != nil {
		return "", absent(err)
	}
	return interpreter, os.WriteFile(stamp, pins, 0o600)
}
