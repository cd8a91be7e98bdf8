package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutate changes a graph as an editor would.
func mutate(t *testing.T, name, change string) {
	t.Helper()
	succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "después", changes: [`+change+`]}) { number } }`)
}

// addRow adds a row to a file of a folder.
func addRow(t *testing.T, dir, file, row string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_APPEND|os.O_WRONLY, 0) //nolint:gosec // a file of the test
	require.NoError(t, err)
	_, err = f.WriteString(row + "\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestImportKeepsCorrections(t *testing.T) {
	name, _ := storeFile(t)
	keepsCorrections(t, name)
}

func TestNeo4jImportKeepsCorrections(t *testing.T) { keepsCorrections(t, onNeo4j(t)) }

// keepsCorrections: what was corrected or retracted in the graph does not come back
// when a folder that has grown is imported again.
func keepsCorrections(t *testing.T, name string) {
	t.Helper()
	dir := quotedCase(t)
	succeeds(t, "import", "--store", name, dir)
	mutate(t, name, `{putEntity: {id: "pena", name: "E. Peña"}}`)
	mutate(t, name, `{putEntity: {id: "amlo", name: "A. M. López"}}`)
	mutate(t, name, `{putEntity: {id: "amlo", country: "MX"}}`)
	const names = `{ pena: entity(id: "pena") { name } amlo: entity(id: "amlo") { name } nota: source(id: "nota") { title } }`
	const corrected = `{"data": {"pena": {"name": "E. Peña"}, "amlo": {"name": "A. M. López"}, "nota": {"title": "Crónica"}}}`

	addRow(t, dir, "sources.csv", "otra,news,Otra,https://ejemplo.mx/3")
	require.Equal(t, "3 sources, 2 entities, 1 links, 0 statements, 3 citations: imported as revision 5\n2 rows said what was corrected since; the graph keeps the corrections\n",
		succeeds(t, "import", "--store", name, dir))
	require.JSONEq(t, corrected, succeeds(t, "query", "--store", name, names))
	require.Equal(t, "3 sources, 2 entities, 1 links, 0 statements, 3 citations: all of it was there already; nothing changed\n2 rows said what was corrected since; the graph keeps the corrections\n",
		succeeds(t, "import", "--store", name, dir))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "entities.csv"), []byte("id,kind,name\npena,Person,Peña\namlo,Person,A. M. López\n"), 0o600))
	r := run(t, "import", "--store", name, dir)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, `entities.csv:2: name: revision 2 made this "E. Peña", and the row says something new; to keep that, write it here or leave the cell empty, else change the record with putEntity first`)

	mutate(t, name, `{retract: {id: "otra"}}`)
	require.NoError(t, os.Remove(filepath.Join(dir, "entities.csv")))
	addRow(t, dir, "sources.csv", "mas,news,Más,https://ejemplo.mx/4")
	r = run(t, "import", "--store", name, dir)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, `sources.csv:4: id: "otra" was retracted; undo that revision, leave the row out, or choose another id`)
	require.JSONEq(t, corrected, succeeds(t, "query", "--store", name, names))
}

// TestADryRunBringsNothingUpToDate: an older program, which may still run, would be
// locked out of the store.
func TestADryRunBringsNothingUpToDate(t *testing.T) {
	dir := quotedCase(t)
	name, path := olderFile(t)
	before, err := os.ReadFile(path) //nolint:gosec // a file of the test
	require.NoError(t, err)
	r := run(t, "import", "--store", name, "--dry-run", dir)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, name[len("sqlite:"):]+" is empty or of an older version; open it once for writing")
	after, err := os.ReadFile(path) //nolint:gosec // a file of the test
	require.NoError(t, err)
	require.Equal(t, before, after)

	_, empty := storeFile(t)
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	require.Contains(t, succeeds(t, "import", "--store", "sqlite:"+empty, "--dry-run", dir), "nothing was written")
	still, err := os.ReadFile(empty) //nolint:gosec // a file of the test
	require.NoError(t, err)
	require.Empty(t, still)
	require.Contains(t, succeeds(t, "import", "--store", "sqlite:"+empty, dir), "imported as revision 1")
	require.Contains(t, succeeds(t, "import", "--store", "sqlite:"+empty, "--dry-run", dir), "nothing changed")
}

// TestADryRunIsAskedForOnTheCommandLine: set in the environment and forgotten there, it
// would drop what is to be written, and passed over, write what is not.
func TestADryRunIsAskedForOnTheCommandLine(t *testing.T) {
	dir := quotedCase(t)
	name, path := storeFile(t)
	for _, value := range []string{"true", "1", "false"} {
		t.Setenv("VINCULO_DRY_RUN", value)
		r := run(t, "import", "--store", name, dir)
		require.Equal(t, 2, r.code)
		require.Contains(t, r.errors, "VINCULO_DRY_RUN is set, and a dry run is never taken from a variable; unset it to write, or give --dry-run")
		require.NoFileExists(t, path)
		require.Contains(t, succeeds(t, "import", "--store", name, "--dry-run", dir), "nothing was written")
	}
	t.Setenv("VINCULO_DRY_RUN", "")
	require.Contains(t, succeeds(t, "import", "--store", name, dir), "imported as revision 1")
}

func TestNeo4jADryRunBringsNothingUpToDate(t *testing.T) {
	dir := quotedCase(t)
	neo := onNeo4j(t)
	succeeds(t, "import", "--store", neo, dir)
	byHand(t, "MATCH (s:Schema) SET s.version = 1 RETURN s")
	r := run(t, "import", "--store", neo, "--dry-run", dir)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the graph at "+neo+" is of an older version; open it once for writing")
	byHand(t, "MATCH (s:Schema {version: 1}) RETURN s")
	succeeds(t, "import", "--store", neo, dir)
	require.Contains(t, succeeds(t, "import", "--store", neo, "--dry-run", dir), "nothing changed")
}

// TestWhatCannotBeOpenedIsToldFirst: to read a large folder takes its time.
func TestWhatCannotBeOpenedIsToldFirst(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "links.csv"), []byte("colour\nred\n"), 0o600))
	taken := filepath.Join(dir, "note.txt")
	require.NoError(t, os.WriteFile(taken, []byte("no database"), 0o600))
	for store, want := range map[string]string{
		"mysql:x":         `"mysql:x" is not a store`,
		"sqlite:" + taken: taken,
		"sqlite:" + filepath.Join(dir, "no/x.db"): "there is no folder",
		"sqlite:": "sqlite: names no file",
	} {
		for _, flags := range [][]string{nil, {"--dry-run"}} {
			r := run(t, append([]string{"import", "--store", store, dir}, flags...)...)
			require.NotZero(t, r.code)
			require.Contains(t, r.errors, want, store)
			require.NotContains(t, r.errors, "colour", store)
		}
	}
	name, path := storeFile(t)
	require.Contains(t, run(t, "import", "--store", name, dir).errors, "links.csv:1: colour: there is no such column")
	require.NoFileExists(t, path, "nothing is begun for what cannot be read")
}

// TestNothingIsWrittenToMemory, where nobody would find it again.
func TestNothingIsWrittenToMemory(t *testing.T) {
	dir := quotedCase(t)
	r := run(t, "import", "--store", "sqlite::memory:", dir)
	require.Equal(t, 2, r.code)
	require.Empty(t, r.out)
	require.Contains(t, r.errors, "--store sqlite::memory: is in memory alone, and what is written there goes when the command ends; name a file, such as sqlite:case.db")
	require.Contains(t, succeeds(t, "import", "--store", "sqlite::memory:", "--dry-run", dir), "nothing was written")

	name, _ := storeFile(t)
	succeeds(t, "import", "--store", name, dir)
	r = run(t, "copy", "--from", name, "--to", "sqlite::memory:")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.errors, "--to sqlite::memory: is in memory alone")
}
