package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/verify"
)

// history makes a store whose records were also changed, retracted and undone.
func history(t *testing.T) (name, path string) {
	t.Helper()
	name, path = storeFile(t)
	succeeds(t, "import", "--store", name, "--batch", "400", caseFolder(t))
	for _, change := range []string{
		`{putEntity: {id: "abarca", description: "Alcalde de Iguala hasta 2014"}}`,
		`{retract: {id: "L0001"}}`,
		`{setClearance: {id: "L0002", clearance: RESTRICTED}}`,
	} {
		succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "prueba", changes: [`+change+`]}) { number } }`)
	}
	return name, path
}

// smallHistory is a store that is quickly verified.
func smallHistory(t *testing.T) (name, path string) {
	t.Helper()
	name, path = storeFile(t)
	succeeds(t, "generate", "--store", name, "--entities", "30", "--links", "80", "--batch", "60")
	for _, change := range []string{
		`{putEntity: {id: "e00000005", description: "Alcalde de Iguala hasta 2014"}}`,
		`{retract: {id: "l00000001"}}`,
		`{setClearance: {id: "l00000002", clearance: RESTRICTED}}`,
	} {
		succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "prueba", changes: [`+change+`]}) { number } }`)
	}
	return name, path
}

func TestVerify(t *testing.T) {
	name, _ := history(t)
	out := succeeds(t, "verify", "--store", name)
	require.Regexp(t, `^revision 6 and \d{4} stored things are as the log says\nhead [0-9a-f]{64}\n$`, out)
	head := strings.Fields(out)[len(strings.Fields(out))-1]
	succeeds(t, "verify", "--store", name, "--head", head)
	succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "más", changes: [{putEntity: {id: "abarca", country: "MX", description: "Otra"}}]}) { number } }`)
	succeeds(t, "verify", "--store", name, "--head", head)

	r := run(t, "verify", "--store", name, "--head", strings.Repeat("ab", 32), "--json")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "no revision has the head hash abab")
	var report struct {
		Head     string
		Revision int
		Faults   []string
	}
	require.NoError(t, json.Unmarshal([]byte(r.out), &report))
	require.Equal(t, 7, report.Revision)
	require.Len(t, report.Faults, 1)
}

// TestExitOfAVerificationThatWasDisturbed is another than that of one that found
// faults.
func TestExitOfAVerificationThatWasDisturbed(t *testing.T) {
	require.Equal(t, 3, ExitCode(fmt.Errorf("verifying: %w", verify.ErrWritten)))
}

// alter runs SQL on a store's file, as someone might who wants to change the past.
func alter(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	result, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
	n, err := result.RowsAffected()
	require.NoError(t, err)
	require.Positive(t, n, statement)
}

func copyFile(t *testing.T, from string) (name, path string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "changed.db")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return "sqlite:" + path, path
}

// TestVerifyFindsWhatSQLChanged changes each thing that a store keeps.
func TestVerifyFindsWhatSQLChanged(t *testing.T) {
	_, original := smallHistory(t)
	// What is random may well have a zero there, which would then stay as it is.
	const flip = "substr(%, 1, length(%)/2) || CASE hex(substr(%, length(%)/2 + 1, 1)) WHEN '00' THEN x'01' ELSE x'00' END || substr(%, length(%)/2 + 2)"
	flipped := func(column string) string { return "CAST(" + strings.ReplaceAll(flip, "%", column) + " AS BLOB)" }
	for name, c := range map[string]struct{ statement, want string }{
		"a record's content":      {"UPDATE record SET content = CAST(replace(CAST(content AS TEXT), 'Iguala', 'Iguale') AS BLOB) WHERE id = 'e00000005'", `record "e00000005", as revision 3 wrote it`},
		"any byte of a record":    {"UPDATE record SET content = " + flipped("content") + " WHERE id = 'l00000050'", `"l00000050"`},
		"a replaced version":      {"UPDATE version SET content = " + flipped("content") + " WHERE num = (SELECT num FROM record WHERE id = 'e00000005')", `"e00000005"`},
		"when it was replaced":    {"UPDATE record SET to_seq = 2 WHERE id = 'l00000050'", `"l00000050"`},
		"who made it":             {"UPDATE record SET from_seq = 1 WHERE id = 'l00000060'", `"l00000060"`},
		"a record's id":           {"UPDATE record SET id = 'L9999' WHERE id = 'l00000050'", `"L9999"`},
		"a record's type":         {"UPDATE record SET type = 2 WHERE id = 'e00000005'", `"e00000005"`},
		"a type past a byte":      {"UPDATE record SET type = type + 256 WHERE id = 'e00000005'", `"e00000005"`},
		"a record less":           {"DELETE FROM record WHERE id = 'l00000050'", `"l00000050"`},
		"what is derived":         {"UPDATE record SET derived = " + flipped("derived") + " WHERE id = 'l00000050'", `"l00000050"`},
		"a counter":               {"UPDATE counter SET n = n + 1 WHERE of = 0 AND kind = 'PERSON'", "counter"},
		"a counter less":          {"DELETE FROM counter WHERE of = 0 AND kind = 'PERSON'", "counter"},
		"a place in a list":       {"DELETE FROM place WHERE num = (SELECT num FROM record WHERE id = 'e00000005')", "e00000005"},
		"edges":                   {"UPDATE block SET content = " + flipped("content") + " WHERE num = (SELECT num / 128 FROM record WHERE id = 'l00000050')", "l00000050"},
		"edges less":              {"DELETE FROM block WHERE num = (SELECT num / 128 FROM record WHERE id = 'l00000050')", "l00000050"},
		"edges of nothing":        {"INSERT INTO block (num, content) SELECT 1000, content FROM block WHERE num = 1", "more records for traversal"},
		"a payload":               {"UPDATE revision SET payload = " + flipped("payload") + " WHERE seq = 2", "revision 2"},
		"a hash":                  {"UPDATE revision SET hash = zeroblob(32) WHERE seq = 3", "revision 3"},
		"a previous hash":         {"UPDATE revision SET previous = zeroblob(32) WHERE seq = 3", "revision 3"},
		"a time":                  {"UPDATE revision SET time = time + 1 WHERE seq = 2", "revision 2"},
		"a root":                  {"UPDATE revision SET root = zeroblob(32) WHERE seq = 2", "revision 2"},
		"a number of leaves":      {"UPDATE revision SET leaves = leaves + 1 WHERE seq = 2", "revision 2"},
		"a revision's number":     {"UPDATE revision SET n0 = 77 WHERE seq = 4", "revision 4"},
		"a newest number":         {"UPDATE revision SET l0 = 77 WHERE seq = 4", "revision 4"},
		"an idempotency key":      {"UPDATE revision SET key = 'other' WHERE seq = 2", "revision 2"},
		"the last revision less":  {"DELETE FROM revision WHERE seq = 5", `"l00000002"`},
		"a middle revision less":  {"DELETE FROM revision WHERE seq = 4", "revision 4"},
		"a revision of one's own": {"INSERT INTO revision SELECT 6, zeroblob(32), previous, time, root, leaves, 7, 7, 7, 7, 7, 7, NULL, touched, payload FROM revision WHERE seq = 5", "revision 6"},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := copyFile(t, original)
			alter(t, path, c.statement)
			r := run(t, "verify", "--store", store)
			require.Equal(t, 1, r.code, r.out)
			require.Empty(t, r.out)
			require.Contains(t, r.errors, c.want)
			last := strings.Split(strings.TrimSpace(r.errors), "\n")
			require.Regexp(t, `^vinculo: \d+ faults? in sqlite:|^vinculo: `, last[len(last)-1])
		})
	}
}

// TestLimitOfFaults: 0 looks for all, of records and of captures.
func TestLimitOfFaults(t *testing.T) {
	name, path := smallHistory(t)
	alter(t, path, "UPDATE record SET from_seq = from_seq + 1")
	captured, capturedPath := storeFile(t)
	quotedStore(t, captured)
	for source, text := range map[string]string{"nota": "Aquel día", "acta": "Aquella noche"} {
		attach(t, source, writeFile(t, "text.txt", text), "--store", captured)
	}
	for _, file := range blobtest.Kept(t, capturedPath+".captures") {
		require.NoError(t, os.Remove(filepath.Join(capturedPath+".captures", file[:2], file[2:4], file)))
	}
	found := func(store, limit string) (faults int, cut bool) {
		r := run(t, "verify", "--store", store, "--json", "--limit-faults="+limit)
		require.Equal(t, 1, r.code, r.errors)
		var report struct {
			Faults []string
			Cut    bool
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &report))
		require.Equal(t, report.Cut, strings.Contains(r.errors, "; there may be more"))
		return len(report.Faults), report.Cut
	}
	for _, c := range []struct {
		store, limit string
		least, most  int
		cut          bool
	}{
		{name, "0", 111, math.MaxInt, false},
		{name, "100", 100, 100, true},
		{name, "7", 7, 7, true},
		{captured, "0", 2, 2, false},
		{captured, "1", 1, 1, true},
		{captured, "100", 2, 2, false},
	} {
		faults, cut := found(c.store, c.limit)
		require.GreaterOrEqual(t, faults, c.least, c)
		require.LessOrEqual(t, faults, c.most, c)
		require.Equal(t, c.cut, cut, c)
	}
	dir := caseFolder(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "entities.csv"), []byte("id,kind,name\n"+strings.Repeat("x,Person,X\n", 200)), 0o600))
	r := run(t, "import", "--store", name, "--dry-run", "--limit-faults=0", dir)
	require.Greater(t, strings.Count(r.errors, "\n"), 150)
	require.NotContains(t, r.errors, "are told")
}

// content is what a file says: the log as it reads, and everything that answers
// are made of. What is left out is bookkeeping of caches, counters of nothing, and
// full text, whose finds are checked against the records.
func content(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return "error: " + err.Error()
	}
	defer db.Close() //nolint:errcheck // it has only read
	var b strings.Builder
	for _, from := range []string{
		"seq, hash, previous, time, root, leaves, n0, n1, n2, l0, l1, l2, key FROM revision",
		"num, id, type, from_seq, to_seq, derived, content FROM record NOT INDEXED",
		"num, from_seq, to_seq, content FROM version NOT INDEXED",
		"* FROM place", "* FROM counter WHERE n <> 0", "* FROM block",
	} {
		if err := dump(db, from, &b); err != nil {
			return "error: " + err.Error()
		}
	}
	log := run(t, "log", "--json", "--store", "sqlite:"+path)
	return b.String() + log.out + log.errors
}

func dump(db *sql.DB, from string, into *strings.Builder) error {
	rows, err := db.Query("SELECT " + from)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		fmt.Fprintf(into, "%s %q\n", from, values)
	}
	return rows.Err()
}

// TestVerifyFindsAFlippedByteOfTheFile flips bytes all over the file itself. A
// byte that is left over from before a change, and part of nothing, may be any.
func TestVerifyFindsAFlippedByteOfTheFile(t *testing.T) {
	_, original := smallHistory(t)
	text, err := os.ReadFile(original)
	require.NoError(t, err)
	whole := content(t, original)
	require.False(t, strings.HasPrefix(whole, "error"), whole)
	random, flipped := rand.New(rand.NewPCG(1, 2)), 0
	path := filepath.Join(t.TempDir(), "flipped.db")
	for range 400 {
		at := random.IntN(len(text))
		if text[at] == 0 {
			continue // most of an SQLite file that is nearly empty
		}
		changed := bytes.Clone(text)
		changed[at] ^= 1 << random.IntN(8)
		require.NoError(t, os.WriteFile(path, changed, 0o600))
		if content(t, path) == whole {
			continue
		}
		flipped++
		r := run(t, "verify", "--store", "sqlite:"+path)
		require.Equal(t, 1, r.code, "byte %d: %s", at, r.out)
	}
	require.Greater(t, flipped, 30)
}

// TestVerifyAnOlderFile brings a file up to date that a former program wrote, with an
// import and a change set that has a key, and finds nothing wrong with it.
func TestVerifyAnOlderFile(t *testing.T) {
	name, _ := olderFile(t)
	require.Contains(t, run(t, "verify", "--store", name).errors, "of an older version; open it once for writing")
	require.JSONEq(t, `{"data": {"stats": {"links": 1}}}`, succeeds(t, "query", "--store", name, "{ stats { links } }"))
	succeeds(t, "verify", "--store", name, "--head", "27b882585e494d0a0b8e346f8c1e59139a71f2f82c1d31da708af4694217b87d")
}

// olderFile is the store that a former program wrote.
func olderFile(t *testing.T) (name, path string) {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", "version2.db.gz"))
	require.NoError(t, err)
	defer packed.Close() //nolint:errcheck // it is only read
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	content, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	name, path = storeFile(t)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return name, path
}
