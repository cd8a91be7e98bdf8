package contender

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// The memory of a Neo4j that is started here, which serves both sides.
const (
	Neo4jHeap      = "2g"
	Neo4jPageCache = "1g"
)

// Neo4j is a running Neo4j, with both Vínculo's graph in it and the rivals'.
type Neo4j struct {
	URI    string
	How    string
	driver neo4j.DriverWithContext
	own    *neo4jtest.Server // nil where it was there before
}

// StartNeo4j starts an empty Neo4j, or takes the one that VINCULO_TEST_NEO4J_URI
// names, which must be empty. The error wraps ErrAbsent where this machine has
// none and cannot run one.
func StartNeo4j(ctx context.Context) (*Neo4j, error) {
	n := &Neo4j{URI: os.Getenv(neo4jtest.URIVariable), How: "given by " + neo4jtest.URIVariable}
	if n.URI == "" {
		o := neo4jtest.OptionsFromEnv()
		o.Heap, o.PageCache = Neo4jHeap, Neo4jPageCache
		own, err := neo4jtest.Start(ctx, o)
		if errors.Is(err, neo4jtest.ErrUnavailable) {
			return nil, fmt.Errorf("%w: %w", ErrAbsent, err)
		}
		if err != nil {
			return nil, err
		}
		n.URI, n.own = own.URI, own
	}
	driver, err := neo4jtest.Open(n.URI)
	if err != nil {
		n.Stop(ctx)
		return nil, err
	}
	n.driver = driver
	rows, err := n.Query(ctx, "CALL dbms.components() YIELD versions, edition OPTIONAL MATCH (x) RETURN versions[0] AS version, edition, count(x) AS nodes", nil)
	if err == nil && len(rows) == 1 && rows[0]["nodes"] != int64(0) {
		err = fmt.Errorf("the Neo4j at %s holds %v nodes; the benchmarks need an empty one", n.URI, rows[0]["nodes"])
	}
	if err != nil {
		n.Stop(ctx)
		return nil, err
	}
	n.How = fmt.Sprintf("Neo4j %v %v", rows[0]["version"], rows[0]["edition"])
	return n, nil
}

// Query runs a query in a transaction of its own and gives its rows.
func (n *Neo4j) Query(ctx context.Context, query string, parameters map[string]any) ([]map[string]any, error) {
	result, err := neo4j.ExecuteQuery(ctx, n.driver, query, parameters, neo4j.EagerResultTransformer, neo4j.ExecuteQueryWithDatabase("neo4j"))
	if err != nil {
		return nil, err
	}
	rows := make([]map[string]any, len(result.Records))
	for i, r := range result.Records {
		rows[i] = r.AsMap()
	}
	return rows, nil
}

// Resident is how many bytes of memory the server holds, or 0 where it does not
// run on this machine.
func (n *Neo4j) Resident(ctx context.Context) int64 {
	rows, err := n.Query(ctx, "CALL dbms.queryJmx('java.lang:type=Runtime') YIELD attributes RETURN attributes.Name.value AS name", nil)
	if err != nil || len(rows) == 0 {
		return 0
	}
	name, _ := rows[0]["name"].(string)
	digits, _, _ := strings.Cut(name, "@")
	pid, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	// Another process may have the number here, if the server is in a container.
	if cmdline, err := os.ReadFile("/proc/" + digits + "/cmdline"); err != nil || !strings.Contains(string(cmdline), "neo4j") {
		return 0
	}
	return Resident(pid)
}

// Stop ends a server that was started here.
func (n *Neo4j) Stop(ctx context.Context) {
	if n.driver != nil {
		_ = n.driver.Close(ctx)
	}
	if n.own != nil {
		_ = n.own.Close()
	}
}
