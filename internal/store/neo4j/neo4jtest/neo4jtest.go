// Package neo4jtest gives tests a real Neo4j Community server; there is no
// mock of Neo4j anywhere in this project.
//
// A test asks [URI] where the server is, or [Fresh] for an empty database of
// its own for the time of the test. The server is, in this order: the one that
// VINCULO_TEST_NEO4J_URI names; one in Docker, where a daemon answers; one run
// with Java 17 or 21 from jars that Maven fetches. A lone `go test` starts its
// own and ends it with the test process. For many packages, start one for all:
//
//	go run ./internal/store/neo4j/neo4jtest/serve -- go test ./...
//
// Without any of these the tests skip and say why, but fail where CI=true.
//
// Other variables: VINCULO_TEST_NEO4J_VERSION (another release, such as
// 2026.08.1 with Java 21 or newer), VINCULO_TEST_NEO4J_HEAP (such as 2g),
// VINCULO_TEST_JAVA_HOME, VINCULO_TEST_NEO4J_USER and
// VINCULO_TEST_NEO4J_PASSWORD.
package neo4jtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

const (
	// URIVariable names a running server for the tests to use. They delete
	// everything in it.
	URIVariable = "VINCULO_TEST_NEO4J_URI"
	// UnavailableVariable says why there is no server, so that the packages
	// run by the serve command do not each look for one again.
	UnavailableVariable = "VINCULO_TEST_NEO4J_UNAVAILABLE"
)

// own is the server of this test process, started by the first test that asks.
// It is never closed here: its guard ends it when the process ends.
var own = sync.OnceValues(func() (*Server, error) {
	return Start(context.Background(), OptionsFromEnv())
})

// URI returns the Bolt URI of a running Neo4j, and starts one where needed. It
// skips the test where this machine cannot run one, and fails it then if
// CI=true. Other tests use the same database: see [Exclusive] and [Fresh].
func URI(tb testing.TB) string {
	tb.Helper()
	if uri := os.Getenv(URIVariable); uri != "" {
		return uri
	}
	if why := os.Getenv(UnavailableVariable); why != "" {
		skip(tb, why)
	}
	srv, err := own()
	if errors.Is(err, ErrUnavailable) {
		skip(tb, err.Error())
	}
	if err != nil {
		tb.Fatalf("neo4jtest: %v", err)
	}
	return srv.URI
}

func skip(tb testing.TB, why string) {
	tb.Helper()
	const advice = "set VINCULO_TEST_NEO4J_URI, or start Docker, or install Java 17 and Maven"
	if os.Getenv("CI") == "true" {
		tb.Fatalf("neo4jtest: %s; with CI=true this is a failure: %s", why, advice)
	}
	tb.Skipf("Neo4j tests skipped: %s; %s", why, advice)
}

// Driver returns a driver for the server of [URI], closed when the test ends.
func Driver(tb testing.TB) neo4j.DriverWithContext {
	tb.Helper()
	driver, err := Open(URI(tb))
	if err != nil {
		tb.Fatalf("neo4jtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := driver.Close(context.Background()); err != nil {
			tb.Errorf("neo4jtest: close the driver: %v", err)
		}
	})
	return driver
}

// Fresh waits until the test has the database to itself, takes all data away, and
// returns the URI. This is what a test that needs the whole database calls. The
// constraints and indexes of tests before it stay, since making them anew takes
// seconds and a store that is opened makes those that it misses; see [Empty].
func Fresh(tb testing.TB) string {
	tb.Helper()
	uri := URI(tb)
	Exclusive(tb)
	driver := Driver(tb)
	if err := Wipe(tb.Context(), driver); err != nil {
		tb.Fatalf("neo4jtest: %v", err)
	}
	return uri
}

// holders names the tests of this process that hold the database, so that a
// subtest of a holder does not wait for its own parent.
var holders = struct {
	sync.Mutex
	names map[string]bool
}{names: map[string]bool{}}

// Exclusive waits until no other test, of this process or another one on this
// machine, holds the database, and holds it until the test ends with its
// subtests. Community has one database, so tests that need all of it take
// turns. A subtest of a holder holds it already.
func Exclusive(tb testing.TB) {
	tb.Helper()
	if held(tb.Name()) {
		return
	}
	start := time.Now()
	unlock, err := lockFile(lockPath(URI(tb)))
	if errors.Is(err, ErrUnavailable) {
		skip(tb, err.Error())
	}
	if err != nil {
		tb.Fatalf("neo4jtest: take the database for this test: %v", err)
	}
	if waited := time.Since(start); waited > 10*time.Second {
		tb.Logf("neo4jtest: waited %s for other tests to release the database", waited.Round(time.Second))
	}
	hold(tb.Name(), true)
	tb.Cleanup(func() {
		hold(tb.Name(), false)
		unlock()
	})
}

func held(name string) bool {
	holders.Lock()
	defer holders.Unlock()
	for holder := range holders.names {
		if name == holder || strings.HasPrefix(name, holder+"/") {
			return true
		}
	}
	return false
}

func hold(name string, on bool) {
	holders.Lock()
	defer holders.Unlock()
	if on {
		holders.names[name] = true
	} else {
		delete(holders.names, name)
	}
}

func lockPath(uri string) string {
	sum := sha256.Sum256([]byte(uri))
	return filepath.Join(os.TempDir(), "vinculo-neo4jtest-"+hex.EncodeToString(sum[:8])+".lock")
}

// Empty deletes every constraint, index, node and relationship of the database
// (the built-in look-up indexes stay). Nodes go in batches, so that a big
// database does not have to fit into one transaction. Hold the database first:
// see [Exclusive].
func Empty(ctx context.Context, driver neo4j.DriverWithContext) error {
	return inSession(ctx, driver, func(session neo4j.SessionWithContext) error {
		if err := dropSchema(ctx, session); err != nil {
			return err
		}
		return wipe(ctx, session)
	})
}

// Wipe deletes every node and relationship of the database, and leaves its
// constraints and indexes.
func Wipe(ctx context.Context, driver neo4j.DriverWithContext) error {
	return inSession(ctx, driver, func(session neo4j.SessionWithContext) error { return wipe(ctx, session) })
}

func inSession(ctx context.Context, driver neo4j.DriverWithContext, work func(neo4j.SessionWithContext) error) error {
	session := driver.NewSession(ctx, neo4j.SessionConfig{DatabaseName: "neo4j"})
	err := work(session)
	if closeErr := session.Close(ctx); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close the session: %w", closeErr))
	}
	if err != nil {
		return fmt.Errorf("empty the test database: %w", err)
	}
	return nil
}

func dropSchema(ctx context.Context, session neo4j.SessionWithContext) error {
	// Constraints first: they own indexes, which cannot be dropped alone.
	for _, step := range []struct{ list, drop string }{
		{"SHOW CONSTRAINTS YIELD name RETURN name", "DROP CONSTRAINT $name IF EXISTS"},
		{"SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name", "DROP INDEX $name IF EXISTS"},
	} {
		names, err := run(ctx, session, step.list, nil)
		if err != nil {
			return err
		}
		for _, record := range names {
			name, _ := record.Get("name")
			if _, err := run(ctx, session, step.drop, map[string]any{"name": name}); err != nil {
				return err
			}
		}
	}
	return nil
}

func wipe(ctx context.Context, session neo4j.SessionWithContext) error {
	// CALL … IN TRANSACTIONS commits as it goes, so it needs a session's
	// auto-commit transaction and not a managed one.
	_, err := run(ctx, session, "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS", nil)
	return err
}

func run(ctx context.Context, session neo4j.SessionWithContext, query string, params map[string]any) ([]*neo4j.Record, error) {
	result, err := session.Run(ctx, query, params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	records, err := result.Collect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	return records, nil
}
