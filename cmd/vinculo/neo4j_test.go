package main

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/open"
)

// onNeo4j gives the name of an empty Neo4j store.
func onNeo4j(t *testing.T) string {
	t.Helper()
	if user := os.Getenv("VINCULO_TEST_NEO4J_USER"); user != "" {
		t.Setenv(open.UsernameVariable, user)
		t.Setenv(open.PasswordVariable, os.Getenv("VINCULO_TEST_NEO4J_PASSWORD"))
	}
	return neo4jtest.Fresh(t)
}

// byHand changes the database as someone might who has a password for it. The
// query returns a row for each thing that it changed.
func byHand(t *testing.T, query string) {
	t.Helper()
	require.NotEmpty(t, neo4jtest.Cypher(t, query, nil), query)
}

func TestCopyBothWays(t *testing.T) {
	original, path := history(t)
	head, rows := scanned(t, original)
	neo := onNeo4j(t)

	out := succeeds(t, "copy", "--from", original, "--to", neo)
	require.Contains(t, out, "6 revisions copied; the copy stands at revision 6\nhead "+head.Hash.String())
	copied, copiedRows := scanned(t, neo)
	require.Equal(t, head, copied)
	require.Equal(t, rows, copiedRows)
	succeeds(t, "verify", "--store", neo, "--head", head.Hash.String())

	back, _ := storeFile(t)
	succeeds(t, "copy", "--from", neo, "--to", back)
	copied, copiedRows = scanned(t, back)
	require.Equal(t, head, copied)
	require.Equal(t, rows, copiedRows)

	// Both answer alike, in the same order.
	for _, query := range []string{
		`{ links(first: 100, filter: {on: "2014-09-26", certainty: POSSIBLY}) { nodes { id standing supports disputes citations(first: 5) { nodes { id stance } } } } }`,
		`{ search(text: "pena nieto", first: 5) { nodes { score matched entity { id name kind } } } }`,
		`{ stats { entities links statements sources citations revision } }`,
	} {
		require.Equal(t, succeeds(t, "query", "--store", original, query), succeeds(t, "query", "--store", neo, query))
	}

	// A copy that has fallen behind is gone on with; one that went its own way is not.
	const change = `mutation { apply(changeSet: {reason: "luego", changes: [{putEntity: {id: "luego", kind: PERSON, name: "Luego"}}]}) { number } }`
	succeeds(t, "query", "--store", original, change)
	require.Contains(t, succeeds(t, "copy", "--from", original, "--to", neo), "1 revision copied; the copy stands at revision 7")
	succeeds(t, "query", "--store", back, change)
	r := run(t, "copy", "--from", original, "--to", back)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the target has a log of its own")
	r = run(t, "copy", "--from", back, "--to", neo)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the target has a log of its own")

	// What is damaged is not spread.
	damaged, changed := copyFile(t, path)
	alter(t, changed, "UPDATE revision SET time = time + 1 WHERE seq = 3")
	target, _ := storeFile(t)
	r = run(t, "copy", "--from", damaged, "--to", target)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the source's log is damaged: revision 3")
	require.Equal(t, 2, strings.Count(succeeds(t, "log", "--store", target), "\n"))
}

// TestNeo4jIsKnownByAnyName: a copy of a server onto itself copies nothing, and would be
// taken for a backup.
func TestNeo4jIsKnownByAnyName(t *testing.T) {
	neo := onNeo4j(t)
	succeeds(t, "import", "--store", neo, quotedCase(t))
	address, err := url.Parse(neo)
	require.NoError(t, err)
	for _, other := range []string{neo, "bolt://localhost:" + address.Port(), "bolt://127.0.0.1:" + address.Port()} {
		r := run(t, "copy", "--from", neo, "--to", other, "--without-captures")
		require.Equal(t, 2, r.code, r.errors)
		require.Contains(t, r.errors, "--from "+neo+" and --to "+other+" are the same store; name another to write to")
	}

	file, _ := storeFile(t)
	succeeds(t, "copy", "--from", neo, "--to", file, "--without-captures")
	user, password := os.Getenv(open.UsernameVariable), os.Getenv(open.PasswordVariable)
	t.Setenv(open.UsernameVariable, "nobody")
	t.Setenv(open.PasswordVariable, "wrong")
	t.Setenv(open.UsernameVariable+"_TO", user)
	t.Setenv(open.PasswordVariable+"_TO", password)
	require.Contains(t, succeeds(t, "copy", "--from", file, "--to", neo, "--without-captures"), "0 revisions copied")
	if user != "" {
		require.NotZero(t, run(t, "copy", "--from", neo, "--to", file, "--without-captures").code, "these are of the other end")
	}
}

// TestNeo4jImportVerifyAndServe has few records, since each verification reads
// the whole database; TestCopyBothWays has the whole case.
func TestNeo4jImportVerifyAndServe(t *testing.T) {
	neo := onNeo4j(t)
	dir := quotedCase(t)
	byHand(t, "CREATE (f:Film {title: 'La noche'}) RETURN f")
	require.Contains(t, succeeds(t, "import", "--store", neo, "--dry-run", dir), "nothing was written")
	for _, args := range [][]string{{"log"}, {"verify"}, {"token", "list"}, {"token", "create", "--name", "x"}} {
		r := run(t, append(args, "--store", neo)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, "there is no graph at "+neo)
	}
	require.Len(t, neo4jtest.Cypher(t, "MATCH (n) RETURN n", nil), 1, "and none was begun")
	succeeds(t, "import", "--store", neo, dir)
	require.Contains(t, succeeds(t, "import", "--store", neo, dir), "nothing changed")
	s := serve(t, "--store", neo)
	seesAnImport(t, s, neo, 1)
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), "vinculo copy --clearance PUBLIC", "who speaks Bolt sees everything, and it is said")
	succeeds(t, "verify", "--store", neo)

	for _, round := range []map[string]string{
		{
			"MATCH (e:Person {id: 'pena'}) SET e.name = 'Otro' RETURN 1":               "pena",
			"MATCH ()-[r {id: 'l1'}]->() SET r.standing = 'CONVICTED' RETURN 1":        "l1",
			"MATCH (c:Claim {id: 'l-new'}) SET c.standing = 'CONVICTED' RETURN 1":      "l-new",
			"MATCH (s:Source {id: 'nota'}) SET s.url = 'https://example.org' RETURN 1": "nota",
		},
		{
			"MATCH (c:Claim {id: 'l-new'}) SET c.standing = 'REPORTED' RETURN 1": "pena",
			"MATCH ()-[r {id: 'l-new'}]->() DELETE r RETURN 1":                   "l-new",
		},
		{"MATCH (r:Revision {sequence: 2}) SET r.author = 'Otro' RETURN 1": "revision 2"},
	} {
		for change := range round {
			byHand(t, change)
		}
		r := run(t, "verify", "--store", neo)
		require.Equal(t, 1, r.code)
		for change, want := range round {
			require.Contains(t, r.errors, want, change)
		}
	}
}

// TestNeo4jImportIsInterrupted interrupts a first import when some of it is written. It
// says in one line what becomes of that, as do the commands that read, and the same
// import once more goes on.
func TestNeo4jImportIsInterrupted(t *testing.T) {
	neo := onNeo4j(t)
	dir := filepath.Join(t.TempDir(), "case")
	succeeds(t, "generate", "--csv", dir, "--entities", "2000", "--links", "4000")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	between := neo4jtest.NewProxy(t)
	between.Cut(func(sent []byte) bool {
		if bytes.Contains(sent, []byte("-[:IN_SOURCE]->")) { // the entities are written by then
			interrupt()
		}
		return false
	}, nil)
	told := &lines{}
	m := &Main{Stdout: io.Discard, Stderr: told}
	err := m.Run(ctx, []string{"import", "--store", between.URI(), dir})
	require.Equal(t, 130, ExitCode(err), "%v", err)
	require.NoError(t, m.Close())
	require.NotEmpty(t, neo4jtest.Cypher(t, "MATCH (:Schema {id: 'load'}), (e:Entity) RETURN e LIMIT 1", nil))
	m.Report(err)
	require.Equal(t, "vinculo: the load was cut short; the next command that opens the graph for writing, such as the same import once more, takes back what had not come into the log\n", told.String())
	for _, args := range [][]string{{"log", "--store", neo}, {"verify", "--store", neo}, {"import", "--store", neo, "--dry-run", dir}} {
		r := run(t, args...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, "give the same import once more")
	}
	require.Contains(t, succeeds(t, "import", "--store", neo, dir), "imported as revision 1")
	succeeds(t, "log", "--store", neo)
}
