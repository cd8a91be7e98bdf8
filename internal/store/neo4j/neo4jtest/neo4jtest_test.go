package neo4jtest_test

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// ownerVariable makes this test binary start a server and wait to be killed.
const ownerVariable = "VINCULO_NEO4JTEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) == "" {
		os.Exit(m.Run())
	}
	srv, err := neo4jtest.Start(context.Background(), neo4jtest.Options{
		Version: os.Getenv("VINCULO_TEST_NEO4J_VERSION"), Heap: "300m",
	})
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(srv.URI + "\n")
	select {}
}

func TestServerAnswersAndIsEmptied(t *testing.T) {
	neo4jtest.Fresh(t)
	ctx, driver := t.Context(), neo4jtest.Driver(t)

	exec := func(query string) []*neo4j.Record {
		t.Helper()
		result, err := neo4j.ExecuteQuery(ctx, driver, query, nil,
			neo4j.EagerResultTransformer, neo4j.ExecuteQueryWithDatabase("neo4j"))
		require.NoError(t, err, query)
		return result.Records
	}
	count := func(query string) int64 {
		t.Helper()
		records := exec(query)
		require.Len(t, records, 1)
		n, ok := records[0].Values[0].(int64)
		require.True(t, ok)
		return n
	}
	require.EqualValues(t, 1, count("RETURN 1"))

	exec("CREATE CONSTRAINT `raro ñ` FOR (p:Persona) REQUIRE p.id IS UNIQUE")
	exec("CREATE CONSTRAINT rel FOR ()-[r:MANDA]-() REQUIRE r.id IS UNIQUE")
	exec("CREATE INDEX idx FOR (p:Persona) ON (p.nombre)")
	exec("CREATE FULLTEXT INDEX txt FOR (p:Persona) ON EACH [p.nombre]")
	// More nodes than one batch, and a hub.
	exec("CREATE (h:Persona {id: -1, nombre: 'José'}) WITH h UNWIND range(1, 12000) AS i CREATE (h)-[:MANDA {id: i}]->(:Persona {id: i})")
	require.EqualValues(t, 12001, count("MATCH (n) RETURN count(n)"))

	require.NoError(t, neo4jtest.Empty(ctx, driver))
	require.Zero(t, count("MATCH (n) RETURN count(n)"))
	require.Empty(t, exec("SHOW CONSTRAINTS"))
	require.Empty(t, exec("SHOW INDEXES YIELD type WHERE type <> 'LOOKUP' RETURN type"))
	require.NoError(t, neo4jtest.Empty(ctx, driver), "an empty database can be emptied")
}

func TestExclusiveTakesTurns(t *testing.T) {
	neo4jtest.URI(t)
	var inside atomic.Int32
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			neo4jtest.Exclusive(t)
			// Run before the lock is given back, since clean-ups run last to first.
			t.Cleanup(func() { inside.Add(-1) })
			inside.Add(1)
			t.Run("a subtest of a holder goes on", func(t *testing.T) { neo4jtest.Exclusive(t) })
			// Long enough for a test that wrongly got in to be seen.
			time.Sleep(20 * time.Millisecond)
			require.EqualValues(t, 1, inside.Load(), "two tests held the database at once")
		})
	}
}

// A test process that panics, times out or is killed leaves no server behind.
func TestServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	neo4jtest.URI(t) // Skips or fails where no Neo4j can be had.
	if os.Getenv(neo4jtest.URIVariable) != "" && !canStart() {
		t.Skip("only a given server can be used here, and none can be started to be killed")
	}
	tmp := t.TempDir()
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1", "TMPDIR="+tmp)
	owner.Stderr = os.Stderr
	out, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	t.Cleanup(func() { _ = owner.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the child started no server")
	u, err := url.Parse(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, listens(t, u.Host))

	require.NoError(t, owner.Process.Kill())
	require.Error(t, owner.Wait(), "it was killed")
	require.Eventually(t, func() bool { return !listens(t, u.Host) }, 20*time.Second, 50*time.Millisecond,
		"the server went on after its owner was killed")
	require.Eventually(t, func() bool {
		left, err := os.ReadDir(tmp)
		return err == nil && len(left) == 0
	}, 20*time.Second, 50*time.Millisecond, "the server's data was left behind")
}

// canStart reports whether a server can be started here, apart from one given.
func canStart() bool {
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			return false
		}
	}
	return true
}

func listens(t *testing.T, addr string) bool {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return false
	}
	require.NoError(t, conn.Close())
	return true
}
