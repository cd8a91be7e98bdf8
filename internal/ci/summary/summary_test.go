package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const suiteVariable = "VINCULO_SUMMARY_SUITE"

// TestMain lets this test binary play a suite: it prints the file it is given.
func TestMain(m *testing.M) {
	if file := os.Getenv(suiteVariable); file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.Write(content)
		if bytes.Contains(content, []byte(`"Action":"fail"`)) || bytes.Contains(content, []byte("exit 1")) {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runSuites(t *testing.T, mustRun *regexp.Regexp, contents ...string) (counts, string) {
	t.Helper()
	dir := t.TempDir()
	var names []string
	for i, content := range contents {
		name := filepath.Join(dir, "suite"+string(rune('a'+i)))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		names = append(names, name)
	}
	var out bytes.Buffer
	c := run(t.Context(), &out, names, mustRun, func(ctx context.Context, name string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), suiteVariable+"="+name)
		return cmd
	})
	return c, out.String()
}

// realStream is what `go test -json` of a small module prints: a parent with a
// failing and a passing subtest, a skip, a package that does not build, and
// one whose process exits in the middle of a test.
func realStream(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module m\n\ngo 1.26.0\n",
		"a/a_test.go": `package a
import "testing"
func TestParent(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Run("bad", func(t *testing.T) { t.Error("José was not found") })
}
func TestSkipped(t *testing.T) { t.Skip("no Neo4j to test with") }
func TestAlone(t *testing.T) {}
`,
		"b/b_test.go": "package b\nimport \"testing\"\nfunc TestB(t *testing.T) { undefined() }\n",
		"c/c_test.go": "package c\nimport (\"os\"; \"testing\")\nfunc TestC(t *testing.T) { os.Exit(3) }\n",
		"d/d.go":      "package d\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-json", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off")
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "some of it fails")
	return string(out)
}

func TestRealGoStream(t *testing.T) {
	stream := realStream(t)
	c, out := runSuites(t, nil, stream)
	// Passed: good, Alone. Failed: bad, package b, TestC.
	require.Equal(t, "2 passed, 3 failed, 1 skipped", c.String(), out)
	require.Contains(t, out, "FAIL m/a.TestParent/bad")
	require.Contains(t, out, "José was not found")
	require.Contains(t, out, "undefined: undefined")
	require.Contains(t, out, "FAIL m/c.TestC: it did not finish")
	require.Contains(t, out, "skip m/a.TestSkipped: no Neo4j to test with")
	require.NotContains(t, out, "=== RUN")

	c, out = runSuites(t, mustRunInCI, stream)
	require.Equal(t, "2 passed, 4 failed, 0 skipped", c.String(), out)
	require.Contains(t, out, "FAIL m/a.TestSkipped: it was skipped")
}

func TestSkipsThatCIAllows(t *testing.T) {
	stream := `{"Action":"run","Package":"m/neo4j","Test":"TestNeo4j/x"}
{"Action":"output","Package":"m/neo4j","Test":"TestNeo4j/x","Output":"    neo4j_test.go:1: shared data is absent\n"}
{"Action":"skip","Package":"m/neo4j","Test":"TestNeo4j/x"}
{"Action":"pass","Package":"m/neo4j"}
`
	c, out := runSuites(t, mustRunInCI, stream)
	require.Equal(t, counts{skipped: 1}, c, out)
}

func TestAStreamThatBreaksOff(t *testing.T) {
	c, out := runSuites(t, nil, `{"Action":"run","Package":"m","Test":"TestX"}`+"\n"+`{"Action":"pass","Package":"m","Test":"TestX"}`+"\n")
	require.Equal(t, counts{passed: 1, failed: 1}, c, out)
	require.Contains(t, out, "FAIL m: it did not finish")
}

func TestOtherSuites(t *testing.T) {
	for _, tc := range []struct {
		name, output string
		want         counts
	}{
		{"says nothing, succeeds", "built\n", counts{passed: 1}},
		{"says nothing, fails", "exit 1\n", counts{failed: 1}},
		{"our plain line", "audits\n61 passed, 0 failed, 2 skipped\n", counts{passed: 61, skipped: 2}},
		{"plain line of success and a failing exit", "3 passed, 0 failed, 0 skipped\nexit 1\n", counts{passed: 3, failed: 1}},
		{"node, TAP", "# tests 6\n# suites 1\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n", counts{passed: 3, failed: 2, skipped: 1}},
		{"node, spec, coloured", "\x1b[34mℹ pass 3\x1b[39m\n\x1b[34mℹ fail 0\x1b[39m\n", counts{passed: 3}},
		{"a very long line", strings.Repeat("x", 1<<20) + "\n1 passed, 0 failed, 0 skipped", counts{passed: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := runSuites(t, nil, tc.output)
			require.Equal(t, tc.want, c)
		})
	}
}

func TestEverySuiteRuns(t *testing.T) {
	c, out := runSuites(t, nil, "exit 1\n", "5 passed, 0 failed, 0 skipped\n")
	require.Equal(t, counts{passed: 5, failed: 1}, c)
	require.Contains(t, out, "exit status 1")
}
