package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenerate(t *testing.T) {
	size := []string{"--entities", "300", "--links", "900", "--hub", "200", "--seed", "5"}
	name, _ := storeFile(t)
	out := succeeds(t, append([]string{"generate", "--store", name, "--batch", "500"}, size...)...)
	require.Regexp(t, `^15 sources, 300 entities and 900 links; the store stands at revision 3\n\d+ cited links/s in \d+\.\d s\n$`, out)
	out = succeeds(t, append([]string{"generate", "--store", name, "--batch", "500"}, size...)...)
	require.Contains(t, out, "revision 3", "a load that is run again writes nothing")
	require.JSONEq(t, `{"data": {"entity": {"links": {"totalCount": 200}}, "stats": {"links": 900, "entities": 300, "sources": 15}}}`,
		succeeds(t, "query", "--store", name, `{ entity(id: "e00000000") { links(first: 1) { totalCount } } stats { links entities sources } }`))
	succeeds(t, "verify", "--store", name)

	text := succeeds(t, append([]string{"generate", "--jsonl", "--batch", "500"}, size...)...)
	require.Equal(t, 3, strings.Count(text, "\n"))
	require.Equal(t, text, succeeds(t, append([]string{"generate", "--jsonl", "--batch", "500"}, size...)...))
	for line := range strings.Lines(text) {
		require.True(t, json.Valid([]byte(line)))
	}

	dir := filepath.Join(t.TempDir(), "big")
	succeeds(t, append([]string{"generate", "--csv", dir}, size...)...)
	other, _ := storeFile(t)
	succeeds(t, "import", "--store", other, dir)
	succeeds(t, "verify", "--store", other)
	require.JSONEq(t, `{"data": {"stats": {"links": 900}}}`, succeeds(t, "query", "--store", other, `{ stats { links } }`))
	require.Equal(t, 1, run(t, append([]string{"generate", "--csv", dir}, size...)...).code, "files are not overwritten")
}

// TestGenerateMixesNothingIntoACase: it would be there for good.
func TestGenerateMixesNothingIntoACase(t *testing.T) {
	name, _ := storeFile(t)
	succeeds(t, "import", "--store", name, caseFolder(t))
	head, _ := scanned(t, name)
	size := []string{"generate", "--entities", "20", "--links", "20"}
	t.Setenv("VINCULO_STORE", name)
	require.Equal(t, 2, run(t, size...).code)
	r := run(t, append(size, "--store", name)...)
	require.Equal(t, 1, r.code, r.errors)
	require.Contains(t, r.errors, "its revision 1 is of something else")
	after, _ := scanned(t, name)
	require.Equal(t, head, after)

	own, _ := storeFile(t)
	succeeds(t, append(size, "--store", own)...)
	succeeds(t, "query", "--store", own, `mutation { apply(changeSet: {reason: "una prueba", changes: [{putEntity: {id: "nuevo", kind: PERSON, name: "Íñigo Nuevo"}}]}) { number } }`)
	require.Equal(t, 1, run(t, append(size, "--store", own, "--seed", "3")...).code)
}
