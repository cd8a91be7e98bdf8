package judges_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/server"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/trace"
	"github.com/vinculo/vinculo/web"
)

// TestJudges runs each suite in a process of its own.
func TestJudges(t *testing.T) {
	node := needNode(t)
	install(t)
	tracer, _ := demonstration(t)
	// One knows everybody on this machine; the other knows nobody, and is impatient.
	url := serve(t, tracer, server.Limits{}, access.Config{LoopbackOwner: true})
	strict := serve(t, tracer, server.Limits{InitTime: 300 * time.Millisecond}, access.Config{Tokens: &access.Tokens{}})
	for _, suite := range []string{"http", "websocket", "events", "schema"} {
		t.Run(suite, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			run := exec.CommandContext(ctx, node, "--test", "--test-reporter=tap", suite+".test.js")
			run.Env = append(os.Environ(), "VINCULO_URL="+url+"/graphql", "VINCULO_STRICT_URL="+strict+"/graphql")
			run.WaitDelay = 5 * time.Second
			report, err := run.CombinedOutput()
			require.NoError(t, err, "%s", report)
			require.Positive(t, passed(t, report), "the suite has tests: %s", report)
		})
	}
}

// needNode gives the path of Node, or skips; in CI its absence is a failure.
func needNode(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = exec.LookPath("npm")
	}
	if err == nil {
		return node
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("Node 20 or newer is not installed, and CI=true: the judges must run")
	}
	t.Skip("Node 20 or newer is not installed: the suites that others wrote do not run")
	return ""
}

// install brings in what package-lock.json pins, unless that very file was installed before.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	sum := sha256.Sum256(lock)
	want := hex.EncodeToString(sum[:])
	stamp := filepath.Join("node_modules", ".installed")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	report, err := run.CombinedOutput()
	require.NoError(t, err, "npm ci: %s", report)
	require.NoError(t, os.WriteFile(stamp, []byte(want), 0o600))
}

// passed reads how many tests a report in TAP says have passed.
func passed(t *testing.T, report []byte) int {
	t.Helper()
	count := 0
	lines := bufio.NewScanner(bytes.NewReader(report))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ok ") {
			count++
		}
	}
	require.NoError(t, lines.Err())
	return count
}

// demonstration is the case file in an embedded store that ends with the test.
func demonstration(t *testing.T) (*trace.Tracer, *sqlite.Store) {
	t.Helper()
	tracer, store, err := load(t.Context(), filepath.Join(t.TempDir(), "graph.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(), "also where the test has closed it") })
	return tracer, store
}

// shared is the case file, loaded once, for tests that change nothing.
func shared(t *testing.T) *trace.Tracer {
	t.Helper()
	tracer, err := loadOnce()
	require.NoError(t, err)
	return tracer
}

var loadOnce = sync.OnceValues(func() (*trace.Tracer, error) {
	tracer, _, err := load(context.Background(), sqlite.Memory)
	return tracer, err
})

func load(ctx context.Context, path string) (*trace.Tracer, *sqlite.Store, error) {
	words := vocabulary.Standard()
	store, err := sqlite.Open(ctx, path, sqlite.Options{Vocabulary: words})
	if err != nil {
		return nil, nil, err
	}
	planner := &evidence.Planner{
		Vocabulary: words, Now: time.Now, CascadeLimit: 10_000, MaxChanges: 10_000,
		NewID: func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt: func() (salt [16]byte) {
			_, _ = rand.Read(salt[:]) // Never fails.
			return salt
		},
	}
	file, err := casefile.Read(data.Ayotzinapa(), casefile.Options{Vocabulary: words})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	_, err = file.Import(ctx, store, planner, casefile.ImportOptions{Author: evidence.Author{Name: "import", Clearance: evidence.Confidential}})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return trace.New(store, words, planner), store, nil
}

// serve starts a server on loopback and gives its address.
func serve(t *testing.T, tracer *trace.Tracer, limits server.Limits, who access.Config) string {
	t.Helper()
	schema, err := graph.New(graph.Options{Tracer: tracer})
	require.NoError(t, err)
	door, err := access.New(who)
	require.NoError(t, err)
	served, err := server.New(server.Config{
		Schema: schema, ErrorPresenter: graph.ErrorPresenter, Recover: graph.RecoverFunc,
		Limits: limits, Access: door, Playground: web.Handler(),
	})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- served.Run(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	address := "http://" + listener.Addr().String()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/readyz", http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	return address
}
