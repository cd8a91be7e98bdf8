package neo4jtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	neo4jconfig "github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
)

// DefaultVersion is the Neo4j release that the tests run against unless
// VINCULO_TEST_NEO4J_VERSION names another one: the 5.26 LTS line.
const DefaultVersion = "5.26.5"

// DefaultHeap is the largest heap of a server started here, as java's -Xmx
// takes it, unless VINCULO_TEST_NEO4J_HEAP says otherwise.
const DefaultHeap = "1g"

// DefaultPageCache is the page cache of a server started here.
const DefaultPageCache = "256m"

// ErrUnavailable means that this machine cannot run Neo4j at all: no Docker
// daemon answers, and Java or Maven is missing. The error around it names what
// is missing. A server that could run but failed to start is another error.
var ErrUnavailable = errors.New("no Neo4j to test with")

const (
	// startTimeout leaves room for the first fetch of the jars or the image.
	startTimeout = 5 * time.Minute
	// startAttempts covers the moment between choosing a free port and the
	// server binding it, in which another process may take it.
	startAttempts = 3
)

// Options says which server [Start] starts. The zero value means the defaults.
type Options struct {
	// Version is a Neo4j release such as "5.26.5" or "2026.08.1".
	Version string
	// Heap is the largest heap, in java's notation: "512m", "1g".
	Heap string
	// PageCache is how much of the store files the server keeps in memory, in
	// the same notation.
	PageCache string
}

// OptionsFromEnv reads VINCULO_TEST_NEO4J_VERSION and VINCULO_TEST_NEO4J_HEAP.
func OptionsFromEnv() Options {
	return Options{
		Version: os.Getenv("VINCULO_TEST_NEO4J_VERSION"),
		Heap:    os.Getenv("VINCULO_TEST_NEO4J_HEAP"),
	}
}

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.Heap == "" {
		o.Heap = DefaultHeap
	}
	if o.PageCache == "" {
		o.PageCache = DefaultPageCache
	}
	return o
}

// calendar reports whether the release is of the calendar-versioned line
// (2025.01 and later), which needs a newer Java and has another main class.
func (o Options) calendar() bool {
	major, _, _ := strings.Cut(o.Version, ".")
	year, err := strconv.Atoi(major)
	return err == nil && year >= 2025
}

// Server is a running Neo4j with authentication off that listens for Bolt on
// loopback only. It ends with [Server.Close], and also when the process that
// started it ends in any way, kill -9 included: a guard process outlives it
// just long enough to stop the server and remove its data.
type Server struct {
	// URI is where it listens: bolt://127.0.0.1:PORT.
	URI string
	// How says in a few words how it was started, for log lines.
	How string

	guard *guard
}

// Start starts a server: in Docker where a daemon answers within two seconds,
// else with Java and the jars that Maven fetches (once; they are kept in the
// user's cache folder). It returns when the server answers a query. The error
// wraps [ErrUnavailable] when the machine has neither.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var dockerErr error
	if dockerAnswers(ctx) {
		srv, err := startOnFreePort(ctx, opts, dockerCommand)
		if err == nil {
			return srv, nil
		}
		// A daemon that cannot pull the image is no reason to give up.
		dockerErr = err
	}
	java, err := findJava(ctx, opts)
	if err != nil {
		return nil, errors.Join(dockerErr, err)
	}
	jars, err := ensureJars(ctx, opts)
	if err != nil {
		return nil, errors.Join(dockerErr, err)
	}
	srv, err := startOnFreePort(ctx, opts, func(opts Options, home string, port int) (launch, error) {
		return javaCommand(opts, java, jars, home, port)
	})
	if err != nil {
		return nil, errors.Join(dockerErr, err)
	}
	return srv, nil
}

// Close stops the server and removes its data. It may be called more than once.
func (s *Server) Close() error { return s.guard.stop() }

// launch is a command line that runs a server in the foreground.
type launch struct {
	how  string
	argv []string
	// container is the Docker container that the command runs, if it runs one:
	// killing the docker client would leave it running.
	container string
}

var errPortTaken = errors.New("another process took the port")

func startOnFreePort(ctx context.Context, opts Options, command func(Options, string, int) (launch, error)) (*Server, error) {
	for attempt := 1; ; attempt++ {
		srv, err := startOnce(ctx, opts, command)
		if err == nil || attempt == startAttempts || !errors.Is(err, errPortTaken) {
			return srv, err
		}
	}
}

func startOnce(ctx context.Context, opts Options, command func(Options, string, int) (launch, error)) (*Server, error) {
	home, err := os.MkdirTemp("", "vinculo-neo4j-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the data of Neo4j: %w", err)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	l, err := command(opts, home, port)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	g, err := startGuard(home, l)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	srv := &Server{URI: "bolt://" + loopback(port), How: l.how, guard: g}
	if err := srv.waitReady(ctx); err != nil {
		printed := g.printed(4000)
		if strings.Contains(printed, "already in use") || strings.Contains(printed, "already allocated") {
			err = errors.Join(errPortTaken, err)
		}
		return nil, errors.Join(fmt.Errorf("start %s: %w; it printed:\n%s", l.how, err, printed), srv.Close())
	}
	return srv, nil
}

// waitReady returns when the server answers a query, has ended, or ctx is over.
func (s *Server) waitReady(ctx context.Context) error {
	driver, err := Open(s.URI)
	if err != nil {
		return err
	}
	defer func() { _ = driver.Close(ctx) }()
	for {
		// A dial to a port where nobody listens yet is refused at once, so
		// this polls and does not hang; the limit is for a half-started server.
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := driver.VerifyConnectivity(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if s.guard.serverEnded() {
			return errors.New("it ended while starting")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not answer in time: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Open makes a driver for a test server: no telemetry, and short waits, since
// the server is near. It logs in as [Auth] says. The caller closes it.
func Open(uri string) (neo4j.DriverWithContext, error) {
	driver, err := neo4j.NewDriverWithContext(uri, Auth(), func(c *neo4jconfig.Config) {
		c.TelemetryDisabled = true
		c.SocketConnectTimeout = 5 * time.Second
		c.MaxTransactionRetryTime = 15 * time.Second
	})
	if err != nil {
		return nil, fmt.Errorf("open a driver for %s: %w", uri, err)
	}
	return driver, nil
}

// Auth is how a test logs in: with VINCULO_TEST_NEO4J_USER and
// VINCULO_TEST_NEO4J_PASSWORD when set, else not at all.
func Auth() neo4j.AuthToken {
	user, password := os.Getenv("VINCULO_TEST_NEO4J_USER"), os.Getenv("VINCULO_TEST_NEO4J_PASSWORD")
	if user == "" && password == "" {
		return neo4j.NoAuth()
	}
	return neo4j.BasicAuth(user, password, "")
}

func javaCommand(opts Options, java, jars, home string, port int) (launch, error) {
	addr := loopback(port)
	conf := strings.Join([]string{
		"dbms.security.auth_enabled=false",
		"server.default_listen_address=127.0.0.1",
		"server.default_advertised_address=127.0.0.1",
		"server.bolt.listen_address=" + addr,
		"server.bolt.advertised_address=" + addr,
		"server.http.enabled=false",
		"server.https.enabled=false",
		"server.memory.pagecache.size=" + opts.PageCache,
		"dbms.usage_report.enabled=false",
		// Else each of the two databases begins by writing 256 MB of zeros.
		"db.tx_log.preallocate=false",
		"",
	}, "\n")
	dir := filepath.Join(home, "conf")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return launch{}, fmt.Errorf("make the configuration folder of Neo4j: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "neo4j.conf"), []byte(conf), 0o600); err != nil {
		return launch{}, fmt.Errorf("write the configuration of Neo4j: %w", err)
	}
	mainClass := "org.neo4j.server.CommunityEntryPoint"
	if opts.calendar() {
		mainClass = "org.neo4j.server.Neo4jCommunity"
	}
	return launch{
		how: "Neo4j " + opts.Version + " with " + java,
		argv: []string{
			java, "-Xms256m", "-Xmx" + opts.Heap, "-XX:+UseG1GC",
			"-cp", filepath.Join(jars, "*"),
			"--add-opens=java.base/java.nio=ALL-UNNAMED",
			"--add-opens=java.base/java.io=ALL-UNNAMED",
			"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
			mainClass, "--home-dir=" + home, "--config-dir=" + dir, "--console-mode",
		},
	}, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", loopback(0))
	if err != nil {
		return 0, fmt.Errorf("find a free port for Neo4j: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(fmt.Errorf("find a free port for Neo4j: got the address %s", l.Addr()), l.Close())
	}
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("release the port found for Neo4j: %w", err)
	}
	return addr.Port, nil
}
