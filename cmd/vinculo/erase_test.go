package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// secrets are what must be nowhere after `erase` of the entity of secretive.
var secrets = []string{"Zyxwerasable", "zyxwerasable", "xq-testigo", "Quvwhidden", "quvwhidden", "XQ-L1", "XQ-C1", "xq-fuente", "Kjhgtitle", "kjhgtitle", "Mnbvquote", "mnbvquote"}

// secretive writes, into a store with a history, an entity with a link and a
// source of its own, changes each, and retracts some.
func secretive(t *testing.T, name string) {
	t.Helper()
	for _, change := range []string{
		`{putEntity: {id: "xq-testigo", kind: PERSON, name: "Zyxwerasable Primero", description: "Quvwhidden"}}, {putSource: {id: "xq-fuente", kind: NEWS, title: "Kjhgtitle", url: "https://example.org/kjhgtitle"}}`,
		`{assertLink: {id: "XQ-L1", kind: LINKED_TO, from: "xq-testigo", to: "abarca", summary: "Quvwhidden", citations: [{id: "XQ-C1", source: "xq-fuente", quote: {exact: "Mnbvquote"}}]}}`,
		`{putEntity: {id: "xq-testigo", name: "Zyxwerasable Segundo", description: "otra"}}`,
		`{putEntity: {id: "abarca", description: "después"}}`,
		`{retract: {id: "XQ-C1"}}`,
	} {
		succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "prueba", changes: [`+change+`]}) { number } }`)
	}
}

// holds looks for texts in the raw bytes of all files of a folder.
func holds(t *testing.T, folder string, texts []string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var found []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				found = append(found, filepath.Base(file)+": "+text)
			}
		}
	}
	return found
}

func TestErase(t *testing.T) {
	name, path := history(t)
	secretive(t, name)
	require.NotEmpty(t, holds(t, filepath.Dir(path), secrets))
	before := succeeds(t, "query", "--store", name, `{ entity(id: "abarca") { name } links(first: 50, filter: {on: "2014-09-26", certainty: POSSIBLY}) { nodes { id } } }`)

	out := succeeds(t, "erase", "--store", name, "--ground", "order 7/2026", "--by", "Íñigo", "--yes", "xq-testigo", "xq-fuente")
	require.Contains(t, out, "1 entity, 1 source, 1 link, 1 citation erased; revision 12 says when and on what ground")
	require.Empty(t, holds(t, filepath.Dir(path), secrets), "bytes of what was erased")
	succeeds(t, "verify", "--store", name)
	log := succeeds(t, "log", "--store", name, "--json")
	for _, secret := range secrets {
		require.NotContains(t, log, secret)
	}
	require.Contains(t, log, `"author":"Íñigo","reason":"order 7/2026"`)
	require.Equal(t, before, succeeds(t, "query", "--store", name, `{ entity(id: "abarca") { name } links(first: 50, filter: {on: "2014-09-26", certainty: POSSIBLY}) { nodes { id } } }`))
	require.Contains(t, succeeds(t, "query", "--store", name, `{ entity(id: "xq-testigo", knownAt: 8) { name } search(text: "zyxwerasable", first: 5) { nodes { score } } }`), `"entity": null`)

	r := run(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "otra vez", changes: [{putEntity: {id: "xq-testigo", kind: PERSON, name: "Otro"}}]}) { number } }`)
	require.Contains(t, r.out+r.errors, "FORBIDDEN")
	require.Contains(t, r.out+r.errors, "order 7/2026")

	t.Run("a copy", func(t *testing.T) {
		copied, at := storeFile(t)
		succeeds(t, "copy", "--from", name, "--to", copied)
		succeeds(t, "verify", "--store", copied)
		require.Empty(t, holds(t, filepath.Dir(at), secrets))
		one, rows := scanned(t, name)
		two, copiedRows := scanned(t, copied)
		require.Equal(t, one, two)
		require.Equal(t, rows, copiedRows)
	})
	t.Run("tampering", func(t *testing.T) {
		for what, c := range map[string]struct{ statement, want string }{
			"numbers before it": {"UPDATE revision SET n0 = 77 WHERE seq = 7", "the numbers of revisions before the erasure of revision 12"},
			"another tombstone": {"UPDATE revision SET payload = (SELECT payload FROM revision WHERE seq = 7) WHERE seq = 12", "revision 12"},
		} {
			t.Run(what, func(t *testing.T) {
				store, changed := copyFile(t, path)
				alter(t, changed, c.statement)
				r := run(t, "verify", "--store", store)
				require.Equal(t, 1, r.code, r.out)
				require.Contains(t, r.errors, c.want)
			})
		}
	})
}

// TestEraseReachesProposals has change sets wait on the shelf, one accepted, that
// name what is then erased: nothing of them stays in the file.
func TestEraseReachesProposals(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	query := func(text string) string {
		out := succeeds(t, "query", "--store", name, text)
		require.NotContains(t, out, "errors")
		return out
	}
	propose := func(key, id, text string) string {
		var made struct {
			Data struct{ Propose struct{ ID string } }
		}
		out := query(`mutation { propose(changeSet: {reason: "una razón", idempotencyKey: "` + key + `", changes: [{putEntity: {id: "` + id + `", kind: PERSON, name: "` + text + `"}}]}) { id } }`)
		require.NoError(t, json.Unmarshal([]byte(out), &made))
		return made.Data.Propose.ID
	}
	accepted := propose("k1", "xq-uno", "Zyxwerasable Uno")
	query(`mutation { review(id: "` + accepted + `", decision: ACCEPT) { state } }`)
	pending := propose("k2", "xq-uno", "Zyxwerasable Dos")
	rejected := propose("k3", "xq-uno", "Zyxwerasable Tres")
	query(`mutation { review(id: "` + rejected + `", decision: REJECT, reason: "Zyxwerasable no") { state } }`)
	apart := propose("k4", "xq-otro", "Quvwhidden")
	kept := propose("k5", "xq-queda", "Queda Aquí")

	out := succeeds(t, "erase", "--store", name, "--ground", "order 9", "--yes", "--proposal", apart, "xq-uno")
	require.Contains(t, out, "4 proposals erased")
	require.Empty(t, holds(t, filepath.Dir(path), []string{"Zyxwerasable", "zyxwerasable", "Quvwhidden", "xq-uno"}), "bytes of what was erased")
	list := query(`{ proposals { nodes { id state changeSet erased { reason } } } }`)
	require.Contains(t, list, "Queda Aquí")
	for _, id := range []string{accepted, pending, rejected, apart, kept} {
		require.Contains(t, list, id, "that there was one stays")
	}
	require.Equal(t, 4, strings.Count(list, "order 9"))
	require.Equal(t, 4, strings.Count(list, `"changes": []`), "a list that is empty")
	succeeds(t, "verify", "--store", name)
	require.Empty(t, succeeds(t, "erase", "--store", name, "--returned"))

	only := succeeds(t, "erase", "--store", name, "--ground", "order 10", "--yes", "--proposal", kept)
	require.Contains(t, only, "1 proposal erased: "+kept)
	require.NotContains(t, only, "revision")
	require.Empty(t, holds(t, filepath.Dir(path), []string{"Queda Aqu"}))
}

// TestEraseReachesAcceptedProposals has change sets that were accepted name what is
// erased in passing, or with nothing new to say, so that they became no revision.
func TestEraseReachesAcceptedProposals(t *testing.T) {
	secrets := []string{"xq-testigo", "Quvwhidden"}
	for store, open := range map[string]func(*testing.T) (name string, held func() []string){
		"embedded": func(t *testing.T) (string, func() []string) {
			t.Helper()
			name, path := storeFile(t)
			return name, func() []string { return holds(t, filepath.Dir(path), secrets) }
		},
		"Neo4j": func(t *testing.T) (string, func() []string) {
			t.Helper()
			return onNeo4j(t), func() (found []string) {
				for _, row := range neo4jtest.Cypher(t, `MATCH (n) UNWIND keys(n) AS key RETURN n[key] AS value`, nil) {
					value, ok := row["value"].([]byte)
					if !ok {
						value = fmt.Append(nil, row["value"])
					}
					for _, secret := range secrets {
						if bytes.Contains(value, []byte(secret)) {
							found = append(found, string(value))
						}
					}
				}
				return found
			}
		},
	} {
		t.Run(store, func(t *testing.T) {
			name, held := open(t)
			quotedStore(t, name)
			query := func(text string) string {
				out := succeeds(t, "query", "--store", name, text)
				require.NotContains(t, out, "errors")
				return out
			}
			const told = `{putEntity: {id: "xq-testigo", description: "Quvwhidden"}}`
			query(`mutation { apply(changeSet: {reason: "r", changes: [{putEntity: {id: "xq-testigo", kind: PERSON, name: "Un testigo"}}, ` + told + `]}) { number } }`)
			revisions := map[string]string{
				`{cite: {claim: "l1", citation: {id: "cita", source: "nota", locator: "p. 3", assertedBy: {entity: "xq-testigo"}}}}`: `"revision": 4`,
				told: `"revision": null`,
			}
			for change, revision := range revisions {
				var made struct {
					Data struct{ Propose struct{ ID string } }
				}
				require.NoError(t, json.Unmarshal([]byte(query(`mutation { propose(changeSet: {reason: "una razón", changes: [`+change+`]}) { id } }`)), &made))
				require.Contains(t, query(`mutation { review(id: "`+made.Data.Propose.ID+`", decision: ACCEPT) { state revision } }`), revision)
			}
			require.NotEmpty(t, held())
			require.Contains(t, succeeds(t, "erase", "--store", name, "--ground", "order 11", "--yes", "xq-testigo"), "2 proposals erased")
			require.Empty(t, held())
			list := query(`{ proposals { nodes { state changeSet erased { reason } } } }`)
			require.Equal(t, 2, strings.Count(list, "order 11"))
			require.Equal(t, 2, strings.Count(list, "ACCEPTED"), "what was decided stays")
			require.Contains(t, query(`{ citation(id: "cita") { locator } }`), "p. 3", "what was said of others stays")
			succeeds(t, "verify", "--store", name)
		})
	}
}

// TestEraseLeavesOldCopies tells of copies that were made before.
func TestEraseLeavesOldCopies(t *testing.T) {
	name, _ := history(t)
	backup, _ := storeFile(t)
	succeeds(t, "copy", "--from", name, "--to", backup)
	succeeds(t, "erase", "--store", name, "--ground", "order", "--yes", "L0100")
	r := run(t, "copy", "--from", name, "--to", backup)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the copy still holds")
	succeeds(t, "erase", "--store", name, "--scrub")
}

// TestEraseThatWasCutOff before it deleted what was captured: as by a signal that
// nobody can catch, right after the tombstone was written.
func TestEraseThatWasCutOff(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	captures := path + ".captures"
	add := func(source, text string) {
		succeeds(t, "capture", "add", "--store", name, source, writeFile(t, source+".html", "<p>"+text))
	}
	add("nota", "El Ejército calló.")
	added := blobtest.Kept(t, captures)
	require.Len(t, added, 2, "the document and its text")
	add("acta", "Otra cosa.")
	aside := filepath.Join(t.TempDir(), "aside")
	require.NoError(t, os.CopyFS(aside, os.DirFS(captures)))
	succeeds(t, "erase", "--store", name, "--ground", "order 7", "--yes", "nota")
	kept := blobtest.Kept(t, captures)
	require.NoError(t, os.RemoveAll(captures))
	require.NoError(t, os.Rename(aside, captures))
	old := time.Now().Add(-2 * time.Hour)
	document := ""
	for _, sha := range added {
		file := filepath.Join(captures, sha[:2], sha[2:4], sha)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(content), "<p>") {
			document = sha
		}
		require.NoError(t, os.Chtimes(file, old, old))
	}

	for _, args := range [][]string{{"verify", "--store", name}, {"capture", "verify", "--store", name}} {
		r := run(t, args...)
		require.Equal(t, 1, r.code, args)
		require.Contains(t, r.errors, "the capture "+document+" was erased, and its bytes are still kept")
		require.Contains(t, r.errors, "1 file among the captures not named by the log")
	}
	r := run(t, "erase", "--store", name, "--scrub")
	require.Zero(t, r.code, r.errors)
	require.Contains(t, r.out, "1 file of captures that the log does not name deleted")
	require.Contains(t, r.errors, "1 file among the captures not named by the log", "another store may name it")
	succeeds(t, "verify", "--store", name)
	require.Contains(t, succeeds(t, "erase", "--store", name, "--scrub", "--unnamed"), "1 file of captures")
	require.Equal(t, kept, blobtest.Kept(t, captures))
	r = run(t, "verify", "--store", name)
	require.Zero(t, r.code)
	require.NotContains(t, r.errors, "not named")
}

func TestEraseRefuses(t *testing.T) {
	name, _ := history(t)
	for what, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":       {[]string{"--ground", "order", "--yes"}, 2, "nothing is named"},
		"no ground":     {[]string{"--yes", "abarca"}, 2, "on what ground"},
		"no terminal":   {[]string{"--ground", "order", "abarca"}, 2, "give --yes"},
		"no such id":    {[]string{"--ground", "order", "--yes", "nadie"}, 1, `the log has no record "nadie"`},
		"no revision":   {[]string{"--ground", "order", "--yes", "--revision", "99"}, 1, "there is no revision 99"},
		"unnamed alone": {[]string{"--unnamed", "--ground", "order", "--yes", "abarca"}, 2, "goes with --scrub"},
		"scrub and id":  {[]string{"--scrub", "abarca"}, 2, "erase nothing"},
		"no proposal":   {[]string{"--ground", "order", "--yes", "--proposal", "nada"}, 1, `there is no proposal "nada"`},
	} {
		t.Run(what, func(t *testing.T) {
			r := run(t, append([]string{"erase", "--store", name}, c.args...)...)
			require.Equal(t, c.code, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
			require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
		})
	}
	succeeds(t, "verify", "--store", name)
}

// TestEraseJudgesEverythingFirst has a proposal wait that the erasure would take
// with it: where the order is refused, the proposal is there as before.
func TestEraseJudgesEverythingFirst(t *testing.T) {
	name, _ := storeFile(t)
	quotedStore(t, name)
	succeeds(t, "query", "--store", name, `mutation { propose(changeSet: {reason: "r", changes: [{putEntity: {id: "pena", description: "Queda Aquí"}}]}) { id } }`)
	state := func() string {
		return succeeds(t, "query", "--store", name, `{ proposals { nodes { state changeSet erased { reason } } } }`) + succeeds(t, "log", "--store", name)
	}
	before := state()
	require.Contains(t, before, "Queda Aquí")
	for what, c := range map[string]struct {
		ground, by, want string
	}{
		"control character in the ground": {"x\x1b", "Ana", "ground: it has a control character"},
		"long ground":                     {strings.Repeat("x", 4001), "Ana", "ground: it has 4001 characters, more than 4000"},
		"control character in the name":   {"order", "x\x1b[2J", "author: it has a control character"},
		"line break in the name":          {"order", "x\ny", "author: it has a control character"},
		"long name":                       {"order", strings.Repeat("x", 501), "author: it has 501 characters, more than 500"},
		"blank name":                      {"order", " ", "author: it is empty"},
	} {
		t.Run(what, func(t *testing.T) {
			r := run(t, "erase", "--store", name, "--ground", c.ground, "--by", c.by, "--yes", "pena")
			require.Equal(t, 1, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
			require.Empty(t, r.out)
			require.Equal(t, before, state())
		})
	}
}

// TestEraseGoesOnWhereACaptureStays has a capture that cannot be deleted, for a
// folder that is not empty lies in its place.
func TestEraseGoesOnWhereACaptureStays(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	var files []string
	for _, text := range []string{"Mnbvquote uno", "Mnbvquote dos", "Mnbvquote tres"} {
		sha := attach(t, "--store", name, "nota", writeFile(t, "nota.txt", text)).Capture.SHA256
		files = append(files, filepath.Join(path+".captures", sha[:2], sha[2:4], sha))
	}
	for _, file := range files[:2] {
		require.NoError(t, os.Remove(file))
		require.NoError(t, os.MkdirAll(filepath.Join(file, "x"), 0o700))
	}
	r := run(t, "erase", "--store", name, "--ground", "order", "--yes", "nota")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.out, "says when and on what ground")
	for _, file := range files[:2] {
		require.Contains(t, r.errors, "the capture "+filepath.Base(file)+": ")
	}
	require.Contains(t, r.errors, "vinculo: 2 captures could not be deleted; delete them by hand\n")
	require.NoFileExists(t, files[2])
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), "Crónica", "the file is scrubbed all the same")
}

// TestEraseSaysWhatIsLeft where a reader keeps the file from being scrubbed.
func TestEraseSaysWhatIsLeft(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	reader, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRowContext(t.Context(), "SELECT count(*) FROM revision").Scan(&n))

	r := run(t, "erase", "--store", name, "--ground", "order", "--yes", "--wait", "50ms", "nota")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "then run `vinculo erase --store "+name+" --scrub`")
	ctx, stop := context.WithCancel(t.Context())
	out := &lines{seen: func(string) { stop() }}
	m := &Main{Stdout: out, Stderr: &lines{}}
	err = errors.Join(m.Run(ctx, []string{"erase", "--store", name, "--ground", "order", "--yes", "acta"}), m.Close())
	require.Equal(t, 130, ExitCode(err), "%v", err)
	m.Report(err)
	require.Contains(t, m.Stderr.(*lines).String(), "--scrub`", "what is left to do is told, also where it was interrupted")

	require.NoError(t, reader.Rollback())
	succeeds(t, "erase", "--store", name, "--scrub")
	require.Empty(t, holds(t, filepath.Dir(path), []string{"Crónica"}))
}
