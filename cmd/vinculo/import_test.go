package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const statsQuery = "{ stats { entities links statements sources citations revision } }"

func stats(t *testing.T, graph ...string) string {
	t.Helper()
	return succeeds(t, append([]string{"query", statsQuery}, graph...)...)
}

func TestImport(t *testing.T) {
	dir := caseFolder(t)
	name, path := storeFile(t)
	out := succeeds(t, "import", "--store", name, "--dry-run", dir)
	require.Equal(t, "227 sources, 203 entities, 473 links, 27 statements, 902 citations: all of it is sound; nothing was written\n", out)
	require.NoFileExists(t, path)

	out = succeeds(t, "import", "--store", name, dir, "--author", "Ana Ñáñez", "--reason", "primera carga")
	require.Equal(t, "227 sources, 203 entities, 473 links, 27 statements, 902 citations: imported as revision 1\n", out)
	const whole = `{"data": {"stats": {"entities": 203, "links": 473, "statements": 27, "sources": 227, "citations": 902, "revision": 1}}}`
	require.JSONEq(t, whole, stats(t, "--store", name))
	require.JSONEq(t, whole, stats(t, "--demo"))

	for _, again := range [][]string{{}, {"--batch", "50"}, {"--author", "Ana Ñáñez", "--reason", "primera carga"}} {
		out = succeeds(t, append([]string{"import", "--store", name, dir}, again...)...)
		require.Contains(t, out, "nothing changed")
	}
	require.JSONEq(t, whole, stats(t, "--store", name))
	require.JSONEq(t, `{"revisions": [], "new": false, "dryRun": false, "faults": [], "cut": false, "kept": 0, "rows": {"sources": 227, "entities": 203, "links": 473, "statements": 27, "citations": 902}}`,
		succeeds(t, "import", "--store", name, "--json", dir))

	log := succeeds(t, "log", "--store", name)
	require.Regexp(t, `^1  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  [0-9a-f]{12}  Ana Ñáñez  930 changes  primera carga\n$`, log)
	require.Contains(t, succeeds(t, "log", "--store", name, "--json"), `"reason":"primera carga"`)
	for _, after := range []string{"1", "9223372036854775807", "9223372036854775808", "18446744073709551615"} {
		require.Empty(t, succeeds(t, "log", "--store", name, "--after", after), after)
	}
}

func TestImportInBatches(t *testing.T) {
	name, _ := storeFile(t)
	out := succeeds(t, "import", "--store", name, "--batch", "300", caseFolder(t))
	require.Contains(t, out, "imported as revisions 1 to 4")
	require.JSONEq(t, `{"data": {"stats": {"entities": 203, "links": 473, "statements": 27, "sources": 227, "citations": 902, "revision": 4}}}`, stats(t, "--store", name))
}

func TestImportTellsFaults(t *testing.T) {
	dir := caseFolder(t)
	links := filepath.Join(dir, "links.csv")
	text, err := os.ReadFile(links)
	require.NoError(t, err)
	mended := strings.Replace(string(text), "L0003,ALLIED_WITH,joe-biden,amlo,relationship called strong and productive,2022,", "L0003,ALLIED_WITH,joe-bidet,amlo,,2022-13,", 1)
	require.NotEqual(t, string(text), mended)
	require.NoError(t, os.WriteFile(links, []byte(mended), 0o600))
	name, path := storeFile(t)

	r := run(t, "import", "--store", name, dir)
	require.Equal(t, 1, r.code)
	require.Empty(t, r.out)
	lines := strings.Split(strings.TrimSpace(r.errors), "\n")
	require.Len(t, lines, 3)
	require.True(t, strings.HasPrefix(lines[0], links+":4: from: there is no entity \"joe-bidet\""), lines[0])
	require.True(t, strings.HasPrefix(lines[1], links+":4: since: "), lines[1])
	require.Equal(t, "vinculo: 2 faults; nothing was imported", lines[2])

	r = run(t, "import", "--store", name, "--limit-faults", "1", dir)
	require.Contains(t, r.errors, "vinculo: 2 faults, of which 1 are told; nothing was imported")
	r = run(t, "import", "--store", name, "--limit-faults", "1", "--json", dir)
	require.Equal(t, 1, r.code)
	var told struct {
		New    bool     `json:"new"`
		Cut    bool     `json:"cut"`
		Faults []string `json:"faults"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.out), &told), r.out)
	require.Equal(t, lines[:1], told.Faults)
	require.True(t, told.Cut)
	require.False(t, told.New)
	require.NoFileExists(t, path)

	fresh, at := storeFile(t)
	require.Contains(t, run(t, "import", "--store", fresh, "--blobs", "nowhere", caseFolder(t)).errors, "there is no directory of captures at nowhere")
	require.NoFileExists(t, at)
	require.Contains(t, run(t, "import", "--store", name, links).errors, "is not a folder")
	require.Contains(t, run(t, "import", "--store", name, dir+"x").errors, "no such file")
	require.Contains(t, run(t, "import", "--store", name, t.TempDir()).errors, "none of sources.csv")
}

// TestARefusedImportLeavesNothing, or what was there before.
func TestARefusedImportLeavesNothing(t *testing.T) {
	dir := quotedCase(t)
	addRow(t, dir, "links.csv", "l2,ALLIED_WITH,pena,nobody")
	addRow(t, dir, "citations.csv", "l2,acta,p. 1,")
	for _, batch := range []string{"0", "1"} {
		name, path := storeFile(t)
		r := run(t, "import", "--store", name, "--batch", batch, dir)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, "nothing was imported")
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Empty(t, left)

		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.Equal(t, 1, run(t, "import", "--store", name, "--batch", batch, dir).code)
		left, err = os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
		info, err := left[0].Info()
		require.NoError(t, err)
		require.Zero(t, info.Size())
	}
}

const ownVocabulary = `links:
  - name: EXTORTS
    label: {en: extorts, es: extorsiona a}
    inverse: {en: is extorted by, es: es extorsionado por}
    meaning: Takes money from the other by threats.
    from: [PERSON]
    to: [PERSON]
    aspect: STATE
`

// TestADeploymentsOwnKind goes all the way: import, introspection, filter,
// validation and verification.
func TestADeploymentsOwnKind(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"kinds.yaml":    ownVocabulary,
		"sources.csv":   "id,kind,title,url\ns1,news,Título,https://example.org/1\n",
		"entities.csv":  "id,kind,name\np1,Person,José\np2,Person,Inés\n",
		"links.csv":     "id,kind,from,to\nl1,EXTORTS,p1,p2\n",
		"citations.csv": "claim_id,source_id,locator\nl1,s1,p. 1\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	name, _ := storeFile(t)
	r := run(t, "import", "--store", name, dir)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, `links.csv:2: kind: "EXTORTS" is not a kind of link`)

	own := "--vocabulary=" + filepath.Join(dir, "kinds.yaml")
	succeeds(t, "import", "--store", name, own, dir)
	out := succeeds(t, "query", "--store", name, own, `{ links(first: 5, filter: {kinds: [EXTORTS]}) { nodes { kind from { name } } } __type(name: "LinkKind") { enumValues { name } } }`)
	require.Contains(t, out, `"kind": "EXTORTS"`)
	require.Contains(t, out, `"name": "EXTORTS"`)
	succeeds(t, "verify", "--store", name, own)
	r = run(t, "query", "--store", name, `{ links(first: 5, filter: {kinds: [EXTORTS]}) { nodes { id } } }`)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.out, "INVALID_INPUT")
}

// TestTheAuthorIsJudged as the reason is: what is in the log is there for good.
func TestTheAuthorIsJudged(t *testing.T) {
	dir := quotedCase(t)
	name, path := storeFile(t)
	for what, c := range map[string]struct {
		author, want string
	}{
		"blank":             {" ", "author: it is empty"},
		"control character": {"x\x1b[2J", "author: it has a control character"},
		"line break":        {"x\ny", "author: it has a control character"},
		"long":              {strings.Repeat("x", 100_000), "author: it has 100000 characters, more than 500"},
	} {
		t.Run(what, func(t *testing.T) {
			r := run(t, "import", "--store", name, "--author", c.author, dir)
			require.Equal(t, 1, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
			require.NotContains(t, r.errors, "\x1b")
			require.NoFileExists(t, path)
		})
	}
	require.Contains(t, run(t, "import", "--store", name, "--reason", " ", dir).errors, "reason: it is empty; say why")
	require.NoFileExists(t, path)
	succeeds(t, "import", "--store", name, "--author", "Ana\u202eÑáñez", dir)
	log := succeeds(t, "log", "--store", name)
	require.Contains(t, log, `  Ana\u202eÑáñez  `)
	require.Equal(t, 1, strings.Count(log, "\n"), "nothing else was written")
}

func TestOneLineShowsNoControlCharacters(t *testing.T) {
	require.Equal(t, `a b \x1b[2J \u009b \x00 \u202e ñ`, oneLine("a\tb\n \x1b[2J \u009b \x00 \u202e ñ"))
	require.Equal(t, `a\xff`, oneLine("a\xff"))
	require.Contains(t, plainJSON("{\"author\":\"ñ\u009b2J\x7f\u202e\"}\n"), `:"ñ\u009b2J\u007f\u202e"}`+"\n")
}
