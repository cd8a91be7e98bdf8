package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
)

// veiled makes a store with the demonstration case in which some is confidential,
// by itself or since, and tells what a PUBLIC projection must not hold.
func veiled(t *testing.T) (name string, hidden []string) {
	t.Helper()
	name, _ = history(t)
	return name, veil(t, name, "abarca", "L0005")
}

// veil makes confidential what hangs on a person and a link.
func veil(t *testing.T, name, person, link string) (hidden []string) {
	t.Helper()
	for _, change := range []string{
		`{putEntity: {id: "xq-testigo", kind: PERSON, name: "Zyxwerasable", description: "Quvwhidden", clearance: CONFIDENTIAL}}, {putSource: {id: "xq-fuente", kind: NEWS, title: "Kjhgtitle", url: "https://example.org/kjhgtitle", clearance: RESTRICTED}}`,
		`{assertLink: {id: "XQ-L1", kind: LINKED_TO, from: "xq-testigo", to: "` + person + `", citations: [{id: "XQ-C1", source: "xq-fuente", quote: {exact: "Mnbvquote"}}]}}`,
		`{cite: {claim: "` + link + `", citation: {id: "XQ-C2", source: "xq-fuente", stance: DISPUTES, quote: {exact: "Mnbvquote"}}}}`,
		`{putEntity: {id: "xq-luego", kind: PERSON, name: "Lateraised"}}`,
		`{setClearance: {id: "xq-luego", clearance: CONFIDENTIAL}}`,
		`{putEntity: {id: "xq-visible", kind: PERSON, name: "Públicos Todos", names: [{text: "Aliashidden", clearance: CONFIDENTIAL, sources: ["xq-fuente"]}]}}`,
	} {
		out := succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "prueba", changes: [`+change+`]}) { number } }`)
		require.NotContains(t, out, "errors")
	}
	return append([]string{"XQ-C2", "xq-luego", "Lateraised", "lateraised", "Aliashidden", "aliashidden"}, secrets...)
}

func TestProjection(t *testing.T) {
	name, hidden := veiled(t)
	target, path := storeFile(t)
	out := succeeds(t, "copy", "--from", name, "--to", target, "--clearance", "PUBLIC")
	require.Contains(t, out, "the projection shows PUBLIC of revisions up to 12")
	require.Empty(t, holds(t, filepath.Dir(path), hidden), "bytes of what PUBLIC does not see")
	succeeds(t, "verify", "--store", target)
	log := succeeds(t, "log", "--store", target, "--json")
	for _, secret := range hidden {
		require.NotContains(t, log, secret)
	}
	require.Contains(t, log, "Públicos Todos")
	require.NotContains(t, succeeds(t, "query", "--store", target, `{ entity(id: "abarca") { name } link(id: "L0005") { supports disputes } }`), "null")
	require.Contains(t, succeeds(t, "copy", "--from", name, "--to", target, "--clearance", "PUBLIC"), "0 revisions written")

	for what, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"another clearance": {[]string{"--clearance", "RESTRICTED"}, 1, "not a beginning of this projection"},
		"everything":        {[]string{"--clearance", "CONFIDENTIAL"}, 2, "leave it out"},
		"no clearance":      {[]string{"--clearance", "SECRET"}, 2, `--clearance "SECRET" is not that of a projection; give PUBLIC or RESTRICTED`},
		"only follow":       {[]string{"--follow"}, 2, "--follow goes with --clearance"},
		"a whole copy":      {nil, 1, "a log of its own"},
	} {
		t.Run(what, func(t *testing.T) {
			r := run(t, append([]string{"copy", "--from", name, "--to", target}, c.args...)...)
			require.Equal(t, c.code, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
		})
	}
}

// TestTheClearanceOfAProjectionFailsClosed: it is never passed over, and what makes
// no sense leaves no file.
func TestTheClearanceOfAProjectionFailsClosed(t *testing.T) {
	name, hidden := veiled(t)
	target, path := storeFile(t)
	for _, clearance := range []string{"", "FOO", "CONFIDENTIAL"} {
		r := run(t, "copy", "--from", name, "--to", target, "--clearance", clearance)
		require.Equal(t, 2, r.code, r.errors)
		require.Contains(t, r.errors, "--clearance")
		require.NoFileExists(t, path)
	}
	t.Setenv("VINCULO_CLEARANCE", "PUBLIC")
	require.Contains(t, succeeds(t, "copy", "--from", name, "--to", target), "the projection shows PUBLIC")
	require.Empty(t, holds(t, filepath.Dir(path), hidden))
}

// TestAStoreIsNotCopiedIntoItself under another name.
func TestAStoreIsNotCopiedIntoItself(t *testing.T) {
	name, path := storeFile(t)
	succeeds(t, "import", "--store", name, caseFolder(t))
	linked := filepath.Join(t.TempDir(), "linked.db")
	require.NoError(t, os.Symlink(path, linked))
	folder, file := filepath.Split(path)
	for _, other := range []string{folder + "./" + file, linked} {
		for _, args := range [][]string{{}, {"--clearance", "PUBLIC"}} {
			r := run(t, append([]string{"copy", "--from", name, "--to", "sqlite:" + other}, args...)...)
			require.Equal(t, 2, r.code, r.errors)
			require.Contains(t, r.errors, "are the same store")
		}
	}
}

func TestProjectionFollows(t *testing.T) {
	name, _ := veiled(t)
	target, path := storeFile(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan ran, 1)
	go func() {
		ended <- runIn(ctx, "", "copy", "--from", name, "--to", target, "--clearance", "PUBLIC", "--follow")
	}()
	shows := func(text string) func() bool {
		return func() bool {
			return strings.Contains(run(t, "log", "--store", target, "--json").out, text)
		}
	}
	require.Eventually(t, shows("Públicos Todos"), 20*time.Second, 100*time.Millisecond)
	succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "luego", changes: [{putEntity: {id: "nuevo", kind: PERSON, name: "Nuevo Nombre"}}]}) { number } }`)
	require.Eventually(t, shows("Nuevo Nombre"), 20*time.Second, 100*time.Millisecond)
	stop()
	require.Equal(t, 130, (<-ended).code)
	require.Empty(t, holds(t, filepath.Dir(path), []string{"Lateraised", "Aliashidden"}))
}

// TestProjectionFollowsThoughACaptureIsMissing, and tells of it.
func TestProjectionFollowsThoughACaptureIsMissing(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	succeeds(t, "capture", "add", "--store", name, "nota", writeFile(t, "nota.txt", "nota"))
	for _, sha := range blobtest.Kept(t, path+".captures") {
		require.NoError(t, os.Remove(filepath.Join(path+".captures", sha[:2], sha[2:4], sha)))
	}
	target, _ := storeFile(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan ran, 1)
	go func() {
		ended <- runIn(ctx, "", "copy", "--from", name, "--to", target, "--clearance", "PUBLIC", "--follow")
	}()
	shows := func(text string) func() bool {
		return func() bool { return strings.Contains(run(t, "log", "--store", target, "--json").out, text) }
	}
	require.Eventually(t, shows("Crónica"), 20*time.Second, 100*time.Millisecond)
	succeeds(t, "query", "--store", name, `mutation { apply(changeSet: {reason: "luego", changes: [{putEntity: {id: "nuevo", kind: PERSON, name: "Nuevo Nombre"}}]}) { number } }`)
	require.Eventually(t, shows("Nuevo Nombre"), 20*time.Second, 100*time.Millisecond)
	stop()
	r := <-ended
	require.Equal(t, 130, r.code, r.errors)
	require.Contains(t, r.errors, "1 file of captures and their texts not carried")
}

func TestProjectionAndErasureOnNeo4j(t *testing.T) {
	name, _ := smallHistory(t) // TestProjection has the whole case
	hidden := veil(t, name, "e00000005", "l00000005")
	neo := onNeo4j(t)
	succeeds(t, "copy", "--from", name, "--to", neo, "--clearance", "PUBLIC")
	everything := func() string {
		var all strings.Builder
		_, rows := scanned(t, neo)
		for _, r := range rows {
			all.WriteString(r.Key + " ")
			all.Write(r.Value)
		}
		all.WriteString(succeeds(t, "log", "--store", neo, "--json"))
		return all.String()
	}
	held := everything()
	for _, secret := range hidden {
		require.NotContains(t, held, secret)
	}
	succeeds(t, "verify", "--store", neo)

	require.Contains(t, held, "xq-visible")
	out := succeeds(t, "erase", "--store", neo, "--ground", "order", "--yes", "xq-visible", "l00000007")
	require.Contains(t, out, "transaction logs")
	held = everything()
	for _, gone := range []string{"xq-visible", "Públicos Todos", "l00000007"} {
		require.NotContains(t, held, gone)
	}
	succeeds(t, "verify", "--store", neo)
	back, _ := storeFile(t)
	succeeds(t, "copy", "--from", neo, "--to", back)
	_, rows := scanned(t, neo)
	_, copied := scanned(t, back)
	require.Equal(t, rows, copied)
}
