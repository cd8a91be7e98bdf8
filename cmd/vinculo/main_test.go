package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/ci/unprivileged"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
)

// ran is what one run of the program gave.
type ran struct {
	out, errors string
	code        int
}

// run runs the program as main does.
func run(t *testing.T, args ...string) ran {
	t.Helper()
	return runIn(t.Context(), "", args...)
}

func runIn(ctx context.Context, input string, args ...string) ran {
	var out, faults bytes.Buffer
	m := &Main{Stdin: strings.NewReader(input), Stdout: &out, Stderr: &faults}
	err := m.Run(ctx, args)
	err = errors.Join(err, m.Close())
	m.Report(err)
	return ran{out.String(), faults.String(), ExitCode(err)}
}

// succeeds runs the program and wants no error.
func succeeds(t *testing.T, args ...string) string {
	t.Helper()
	r := run(t, args...)
	require.Zero(t, r.code, r.errors)
	return r.out
}

// caseFolder writes the demonstration case into a folder.
func caseFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	require.NoError(t, os.CopyFS(dir, data.Ayotzinapa()))
	return dir
}

// storeFile names an sqlite store that is not there yet.
func storeFile(t *testing.T) (name, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "case.db")
	return "sqlite:" + path, path
}

// scanned gives the head and every stored row of a store.
func scanned(t *testing.T, name string) (evidence.Head, []store.Row) {
	t.Helper()
	st, err := open.Store(t.Context(), name, open.Options{Vocabulary: vocabulary.Standard(), Existing: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	head, err := st.Head(t.Context())
	require.NoError(t, err)
	var rows []store.Row
	for r, err := range st.Scan(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, r.Fault)
		rows = append(rows, r)
	}
	return head, rows
}

func TestUsage(t *testing.T) {
	r := run(t)
	require.Zero(t, r.code)
	require.Contains(t, r.out, "verify")
	for _, command := range []string{"serve", "import", "query", "log", "verify", "copy", "erase", "generate", "version"} {
		r := run(t, command, "--help")
		require.Zero(t, r.code, r.errors)
		require.Contains(t, r.out, "Usage: vinculo "+command)
		if command != "version" {
			require.Contains(t, r.out, "Examples:", command)
		}
	}
	for name, args := range map[string][]string{
		"unknown command": {"divine"},
		"unknown flag":    {"log", "--store", "sqlite:x", "--colour"},
		"no store":        {"log"},
		"no graph":        {"query", "{ stats { links } }"},
		"two graphs":      {"query", "{ stats { links } }", "--demo", "--store", "sqlite:x"},
		"no target":       {"generate"},
		"two targets":     {"generate", "--jsonl", "--csv", "x"},
		"bad numbers":     {"generate", "--jsonl", "--links", "5", "--hub", "9"},
		"same store":      {"copy", "--from", "sqlite:x", "--to", "sqlite:x"},
		"bad hash":        {"verify", "--store", "sqlite:x", "--head", "abc"},
		"not UTF-8":       {"import", "--store", "sqlite:x", "--author", "x\xff", "."},
		"empty clearance": {"copy", "--from", "sqlite:x", "--to", "sqlite:y", "--clearance", ""},
		"empty hash":      {"verify", "--store", "sqlite:x", "--head="},
		"empty rule":      {"serve", "--demo", "--oidc-role", ""},
		"empty store":     {"log", "--store", ""},
		"empty revision":  {"erase", "--store", "sqlite:x", "--ground", "order 1", "--revision", "", "a"},
		"empty proposal":  {"erase", "--store", "sqlite:x", "--ground", "order 1", "--proposal=", "a"},
		"empty among":     {"erase", "--store", "sqlite:x", "--ground", "order 1", "--revision", "1,", "a"},
		"empty host":      {"serve", "--demo", "--host", "example.org", "--host", ""},
		"empty origin":    {"serve", "--demo", "--cors-origin", ""},
		"empty proxy":     {"serve", "--demo", "--trusted-proxy="},
		"empty level":     {"serve", "--demo", "--log-level", ""},
		"unknown level":   {"serve", "--demo", "--log-level", "loud"},
		"unlisted level":  {"serve", "--demo", "--log-level", "trace"},
		"negative batch":  {"import", "--store", "sqlite:x", "--batch=-1", "."},
		"negative limit":  {"import", "--store", "sqlite:x", "--limit-faults=-1", "."},
		"limit below 0":   {"verify", "--store", "sqlite:x", "--limit-faults=-1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, args...)
			require.Equal(t, 2, r.code)
			require.Empty(t, r.out)
			require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
			require.True(t, strings.HasPrefix(r.errors, "vinculo: "), r.errors)
		})
	}
}

func TestStoresThatAreNotThere(t *testing.T) {
	missing, path := storeFile(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"file":        {[]string{"verify", "--store", missing}, 1, "there is no store at " + path},
		"query":       {[]string{"query", "--store", missing, "{ stats { links } }"}, 1, "there is no store at " + path},
		"scheme":      {[]string{"log", "--store", "postgres://localhost"}, 2, "is not a store: write sqlite:PATH"},
		"no path":     {[]string{"log", "--store", "sqlite:"}, 2, "names no file"},
		"credentials": {[]string{"log", "--store", "neo4j://ana:s3cret@localhost:7687"}, 2, "the address of the store holds credentials"},
		"other":       {[]string{"log", "--store", "redis://ana:s3cret@localhost"}, 2, "is no kind of store"},
		"server":      {[]string{"log", "--store", "bolt://127.0.0.1:1"}, 1, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(open.PasswordVariable, "s3cret")
			t.Setenv(open.UsernameVariable, "ana")
			r := run(t, c.args...)
			require.Equal(t, c.code, r.code)
			require.Contains(t, r.errors, c.want)
			require.NotContains(t, r.errors, "s3cret")
			require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
		})
	}
	require.NoFileExists(t, path)
	t.Setenv(open.PasswordVariable+"_FILE", filepath.Join(t.TempDir(), "nowhere"))
	r := run(t, "log", "--store", "bolt://127.0.0.1:1")
	require.Contains(t, r.errors, open.PasswordVariable+"_FILE")
}

// TestAnEmptyFileIsNoStore but what a restore that was cut short leaves.
func TestAnEmptyFileIsNoStore(t *testing.T) {
	name, path := storeFile(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	target, _ := storeFile(t)
	for _, args := range [][]string{
		{"query", "--store", name, "{ stats { links } }"}, {"log", "--store", name}, {"verify", "--store", name}, {"copy", "--from", name, "--to", target},
		{"token", "list", "--store", name}, {"erase", "--store", name, "--ground", "order 1", "l1"},
	} {
		r := run(t, args...)
		require.Equal(t, 1, r.code, args)
		require.Contains(t, r.errors, "there is no graph in "+path+", which is an empty file")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Zero(t, info.Size())
	}
	succeeds(t, "import", "--store", name, "--dry-run", caseFolder(t))
	succeeds(t, "import", "--store", name, caseFolder(t))
}

func TestFlagsComeFromTheEnvironmentToo(t *testing.T) {
	t.Setenv("VINCULO_STORE", "sqlite:"+filepath.Join(t.TempDir(), "nowhere.db"))
	require.Contains(t, run(t, "log").errors, "nowhere.db")
	require.JSONEq(t, `{"data": {"stats": {"links": 473}}}`, succeeds(t, "query", "--demo", "{ stats { links } }"), "a flag goes before a variable")
}

// TestAnEmptyVariableIsRefused where, taken as none, it would show or check less
// than was asked for.
func TestAnEmptyVariableIsRefused(t *testing.T) {
	for variable, args := range map[string][]string{
		"VINCULO_CLEARANCE": {"copy", "--from", "sqlite:x", "--to", "sqlite:y"},
		"VINCULO_HEAD":      {"verify", "--store", "sqlite:x"},
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "")
			r := run(t, args...)
			require.Equal(t, 2, r.code, r.errors)
			require.Contains(t, r.errors, variable+" is empty")
		})
	}
}

// TestAnEmptyVariableIsAsNone whatever the flag takes.
func TestAnEmptyVariableIsAsNone(t *testing.T) {
	for _, variable := range []string{"VINCULO_LOG_LEVEL", "VINCULO_LIMIT_DEPTH", "VINCULO_HOST", "VINCULO_TOKENS"} {
		t.Setenv(variable, "")
	}
	require.Contains(t, run(t, "serve", "--demo", "--listen", "nowhere").errors, "the address \"nowhere\"")
}

// TestAVariableIsUTF8 or would be written into the log with other characters.
func TestAVariableIsUTF8(t *testing.T) {
	t.Setenv("VINCULO_AUTHOR", "Jos\xe9")
	name, path := storeFile(t)
	r := run(t, "import", "--store", name, caseFolder(t))
	require.Equal(t, 2, r.code, r.errors)
	require.Contains(t, r.errors, "VINCULO_AUTHOR is not valid UTF-8")
	require.NoFileExists(t, path)
	succeeds(t, "import", "--store", name, "--author", "José", caseFolder(t))
}

// TestHelpTellsEveryDefault beside each flag, or in the place of its value.
func TestHelpTellsEveryDefault(t *testing.T) {
	parser, err := (&Main{}).parser(t.Context(), &cli{})
	require.NoError(t, err)
	for _, command := range parser.Model.Leaves(false) {
		r := run(t, append(strings.Fields(command.Path()), "--help")...)
		require.Zero(t, r.code, r.errors)
		text := strings.Join(strings.Fields(r.out), " ")
		for _, f := range command.Flags {
			if !f.HasDefault {
				continue
			}
			_, told, ok := strings.Cut(text, " --"+f.Name+"=")
			require.True(t, ok, f.Name)
			told, _, _ = strings.Cut(told, " --")
			if f.PlaceHolder == "" {
				require.Contains(t, told, f.Default, "%s --%s", command.Path(), f.Name)
			} else {
				require.Contains(t, told, "Default: "+f.Default+".", "%s --%s", command.Path(), f.Name)
			}
		}
	}
}

// TestWhichFlagsHaveNoVariable is told where people look for it.
func TestWhichFlagsHaveNoVariable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	_, told, ok := strings.Cut(string(text), "never taken from a variable:")
	require.True(t, ok)
	told, _, _ = strings.Cut(told, "\n\n")
	parser, err := (&Main{}).parser(t.Context(), &cli{})
	require.NoError(t, err)
	require.NoError(t, kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok && f.Name != "help" && f.Name != "clearance" && f.Name != "store" { // of some commands
			require.Equal(t, len(f.Tag.Envs) == 0, strings.Contains(told, "`--"+f.Name+"`"), f.Name)
		}
		return next(nil)
	}))
}

func TestVersion(t *testing.T) {
	require.Regexp(t, `^vinculo \S+, commit \S+, go1\.`, succeeds(t, "version"))
	require.Contains(t, succeeds(t, "version", "--json"), `"commit"`)
}

// TestAMediumThatCannotBeWrittenTo, such as one that holds a backup, is read by all
// commands that need no more.
func TestAMediumThatCannotBeWrittenTo(t *testing.T) {
	if unprivileged.Run(t) {
		return
	}
	name, path := storeFile(t)
	succeeds(t, "import", "--store", name, quotedCase(t))
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o500))
	target, _ := storeFile(t)
	for _, args := range [][]string{
		{"log", "--store", name}, {"verify", "--store", name}, {"token", "list", "--store", name},
		{"query", "--store", name, "{ stats { links } }"}, {"copy", "--from", name, "--to", target},
	} {
		succeeds(t, args...)
	}
	r := run(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "luego", changes: [{retract: {id: "l1"}}]}) { number } }`)
	require.Contains(t, r.out, "UNAVAILABLE")
	require.Contains(t, r.out, "opened for reading only")
	r = run(t, "serve", "--store", name, "--listen", "127.0.0.1:0")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "cannot be written to")
}
