package main

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/open"
)

// quotedStore imports quotedCase and makes one of its two sources RESTRICTED.
func quotedStore(t *testing.T, store string) {
	t.Helper()
	succeeds(t, "import", "--store", store, quotedCase(t))
	succeeds(t, "query", "--store", store, `mutation { apply(changeSet: {reason: "r", changes: [{setClearance: {id: "acta", clearance: RESTRICTED}}]}) { number } }`)
}

// quotedCase is a folder with two sources, and quotes out of both.
func quotedCase(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for file, text := range map[string]string{
		"sources.csv":   "id,kind,title,url\nnota,news,Crónica,https://ejemplo.mx/1\nacta,news,Acta,https://ejemplo.mx/2\n",
		"entities.csv":  "id,kind,name\npena,Person,Enrique Peña Nieto\namlo,Person,Andrés Manuel López Obrador\n",
		"links.csv":     "id,kind,from,to\nl1,ALLIED_WITH,pena,amlo\n",
		"citations.csv": "claim_id,source_id,locator,fragment\nl1,nota,,\"la \"\"verdad histórica\"\"\"\nl1,nota,,la verdad jurídica\nl1,acta,,el Ejército calló\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	return dir
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const page = "<html><meta charset=utf-8><p>Cayó la «verdad\nhistórica»: el <b>Ejército</b> calló.</p></html>"

// attached is what `capture add --json` writes.
type attached struct {
	Capture struct{ SHA256, Text, MediaType string }
	New     bool
	Read    bool
	Quotes  map[string]int
	Checks  []struct {
		Citation string
		Check    struct{ State, Capture string }
	}
}

func attach(t *testing.T, args ...string) (a attached) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, append([]string{"capture", "add", "--json"}, args...)...)), &a))
	return a
}

// captureTour attaches, verifies, serves and carries captures of a store.
func captureTour(t *testing.T, store string, blobs ...string) {
	t.Helper()
	at := func(args ...string) []string { return append(append(args, "--store", store), blobs...) }
	quotedStore(t, store)
	document := writeFile(t, "nota.html", page)
	a := attach(t, at("nota", document)...)
	require.True(t, a.New)
	require.True(t, a.Read)
	require.Equal(t, "text/html", a.Capture.MediaType)
	require.Equal(t, map[string]int{"VERIFIED": 1, "FAILED": 1, "AMBIGUOUS": 0, "UNCHECKED": 0}, a.Quotes)
	require.Len(t, a.Checks, 2)
	for _, c := range a.Checks {
		require.Contains(t, []string{"VERIFIED", "FAILED"}, c.Check.State)
		require.Equal(t, a.Capture.SHA256, c.Check.Capture)
	}
	require.False(t, attach(t, at("nota", document)...).New)
	secret := attach(t, at("acta", writeFile(t, "acta.txt", "Aquel día el Ejército calló."))...)
	require.Equal(t, 1, secret.Quotes["VERIFIED"])

	// A quote that is imported later is checked as it is written.
	more := filepath.Join(t.TempDir(), "more")
	require.NoError(t, os.CopyFS(more, os.DirFS(quotedCase(t))))
	rows, err := os.ReadFile(filepath.Join(more, "citations.csv"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(more, "citations.csv"), append(rows, "l1,nota,,Ejército calló\n"...), 0o600))
	succeeds(t, at("import", more)...)
	r := run(t, at("capture", "verify")...)
	require.Equal(t, 1, r.code, r.errors)
	require.Equal(t, "2 captures; 4 quotes: 3 VERIFIED, 0 AMBIGUOUS, 1 FAILED, 0 UNCHECKED; 0 checks changed\n", r.out)
	require.Contains(t, r.errors, ": its quote is not in what was captured of source nota; nearest")
	require.Contains(t, succeeds(t, at("verify")...), "2 captures: the bytes are those that were captured")

	// Only who may see a source gets what was captured of it.
	s := serve(t, at("--anonymous", "--tokens")...)
	get := func(sha, token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/captures/"+sha, http.NoBody)
		require.NoError(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { require.NoError(t, response.Body.Close()) }()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	code, text := get(a.Capture.SHA256, "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, page, text)
	code, hidden := get(secret.Capture.SHA256, "")
	require.Equal(t, http.StatusNotFound, code)
	code, text = get(strings.Repeat("0", 64), "")
	require.Equal(t, http.StatusNotFound, code)
	require.Equal(t, hidden, text, "what is hidden and what is not there are one answer")
	code, text = get(secret.Capture.SHA256, newToken(t, store, "--name", "Luz", "--clearance", "RESTRICTED").Secret)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "Aquel día el Ejército calló.", text)
	require.NoError(t, s.stop())

	// A copy has the captures, and says so itself.
	target, path := storeFile(t)
	copying := []string{"copy", "--from", store, "--to", target}
	if len(blobs) > 0 {
		copying = append(copying, "--blobs-from", blobs[1])
	}
	require.Contains(t, succeeds(t, copying...), "3 files of captures and their texts carried")
	require.Contains(t, succeeds(t, "verify", "--store", target), "2 captures: the bytes are those that were captured")
	kept := filepath.Join(path+".captures", secret.Capture.SHA256[:2], secret.Capture.SHA256[2:4], secret.Capture.SHA256)
	require.NoError(t, os.Remove(kept))
	for _, command := range [][]string{{"verify"}, {"capture", "verify"}} {
		r := run(t, append(command, "--store", target)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, secret.Capture.SHA256)
	}
	require.Contains(t, succeeds(t, copying...), "1 file of captures", "carrying it again mends the copy")
	succeeds(t, "verify", "--store", target)

	// The same page captured of another source suggests that one of them is a copy.
	require.Equal(t, "2 captured sources compared; 0 suggestions\n", succeeds(t, "capture", "similar", "--store", target))
	attach(t, "acta", writeFile(t, "copia.html", page), "--store", target)
	require.Equal(t, "nota may derive from acta: 100% of their word sequences are the same\n2 captured sources compared; 1 suggestion\n",
		succeeds(t, "capture", "similar", "--store", target))
	require.JSONEq(t, `{"sources": 2, "suggested": [{"source": "nota", "derivedFrom": "acta", "similarity": 1}], "faults": []}`,
		succeeds(t, "capture", "similar", "--store", target, "--json"))
}

func TestCapturesOnSQLite(t *testing.T) {
	store, path := storeFile(t)
	captureTour(t, store)
	require.DirExists(t, path+".captures")
}

func TestCapturesOnNeo4j(t *testing.T) {
	store := onNeo4j(t)
	r := run(t, "capture", "add", "--store", store, "nota", os.Args[0])
	require.Equal(t, 2, r.code)
	require.Contains(t, r.errors, "give --blobs")
	captureTour(t, store, "--blobs", filepath.Join(t.TempDir(), "captures"))
}

func TestCapturesThatCannotBeRead(t *testing.T) {
	store, path := storeFile(t)
	quotedStore(t, store)
	r := run(t, "capture", "add", "--store", store, "nota", writeFile(t, "nota.pdf", "%PDF-1.7 damaged"))
	require.Equal(t, 1, r.code)
	require.Contains(t, r.out, "attached to source nota")
	require.Contains(t, r.out, "2 UNCHECKED")
	require.Contains(t, r.errors, "the document is kept and attached, but its quotes stay UNCHECKED")
	require.Contains(t, succeeds(t, "verify", "--store", store), "1 capture: ", "no byte is lost")

	r = run(t, "capture", "add", "--store", store, "nota", writeFile(t, "foto.png", "\x89PNG\r\n\x1a\n0000"))
	require.Zero(t, r.code, "a picture is kept as it is")
	require.Contains(t, r.errors, "no text can be read")

	before := succeeds(t, "log", "--store", store)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"source":   {[]string{"--store", store, "nadie", os.Args[0]}, 1, `there is no source "nadie"`},
		"file":     {[]string{"--store", store, "nota", filepath.Join(path, "x")}, 1, "the document: "},
		"store":    {[]string{"--store", store + "x", "nota", os.Args[0]}, 1, "there is no store at"},
		"bucket":   {[]string{"--store", store, "--blobs", "s3:///x", "nota", os.Args[0]}, 2, "write s3://BUCKET/PREFIX?endpoint=HOST"},
		"password": {[]string{"--store", store, "--blobs", "s3://ana:s3cret@b", "nota", os.Args[0]}, 2, "holds credentials"},
		"setting":  {[]string{"--store", store, "--blobs", "s3://b?colour=red", "nota", os.Args[0]}, 2, `knows no "colour"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, append([]string{"capture", "add"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
			require.NotContains(t, r.errors, "s3cret")
			require.Empty(t, r.out)
		})
	}
	require.Equal(t, before, succeeds(t, "log", "--store", store))
	r = run(t, "capture", "verify", "--store", store, "--blobs", path+".nowhere")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "there is no directory of captures at")
}

// TestCapturesInOtherEncodings: nothing but the document, and who adds it, says in
// what it is written; least of all the machine's list of file types.
func TestCapturesInOtherEncodings(t *testing.T) {
	const words = "Cay\xf3 la \xabverdad hist\xf3rica\xbb: el Ej\xe9rcito call\xf3."
	for name, document := range map[string]string{
		"nota.html": "<html><head><meta charset=iso-8859-1></head><p>" + words + "</p></html>",
		"NOTA.HTM":  "<p>" + words + "</p>",
		"nota.txt":  words,
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := storeFile(t)
			quotedStore(t, store)
			a := attach(t, "nota", writeFile(t, name, document), "--store", store)
			require.True(t, a.Read)
			require.Equal(t, map[string]int{"VERIFIED": 1, "FAILED": 1, "AMBIGUOUS": 0, "UNCHECKED": 0}, a.Quotes)
		})
	}
}

// TestCapturesAreReadAnew where somebody says what they are.
func TestCapturesAreReadAnew(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	document := writeFile(t, "nota.html", "<html><meta charset=utf-8><p>Cay\xf3 la \xabverdad hist\xf3rica\xbb.</html>") // which it is not
	wrong := attach(t, "nota", document, "--store", store)
	require.Equal(t, 2, wrong.Quotes["FAILED"])
	add := []string{"capture", "add", "--store", store, "nota", document, "--media-type", "text/html; charset=iso-8859-1"}
	out := succeeds(t, add...)
	require.Contains(t, out, "was there already and was read anew, at source nota")
	require.Contains(t, out, "1 VERIFIED, 0 AMBIGUOUS, 1 FAILED")
	require.Contains(t, succeeds(t, add...), "was there already, at source nota")
	require.Contains(t, succeeds(t, add[:6]...), "was there already, at source nota", "who says nothing of it changes nothing")
	right := attach(t, "nota", document, "--store", store)
	require.False(t, right.New)
	require.Equal(t, wrong.Capture.SHA256, right.Capture.SHA256)
	require.NotEqual(t, wrong.Capture.Text, right.Capture.Text)
	require.Equal(t, 1, right.Quotes["VERIFIED"])
	succeeds(t, "verify", "--store", store)
}

func TestCaptureCheck(t *testing.T) {
	text := writeFile(t, "nota.txt", "El Ejército «participó».")
	out := succeeds(t, "capture", "check", text, writeFile(t, "q.jsonl", "{\"exact\": \"Ejército \\\"participó\\\"\"}\n{\"exact\": \"Marina\"}\n"))
	require.Equal(t, 2, strings.Count(out, "\n"))
	require.Contains(t, out, `"state":"VERIFIED","start":3,"end":23`)
	require.Contains(t, out, `"state":"FAILED"`)
	r := runIn(t.Context(), "nonsense\n{\"exact\": \"Ejército\"}\n[]\n", "capture", "check", text, "-")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.out, `"state":"VERIFIED"`, "the rest is still checked")
	require.Contains(t, r.errors, "line 1 of the quotes: ")
	require.Contains(t, r.errors, "line 3 of the quotes: ")
	require.Contains(t, r.errors, "vinculo: 2 faults in -")
}

// TestQuotesOfACaseFile takes testdata/quoted, which quotes one invented record as
// text, as a page and as a PDF: three passages are there, one twice, one is not.
func TestQuotesOfACaseFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "quoted")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "quoted"))))
	honest, _ := storeFile(t)
	succeeds(t, "import", "--store", honest, dir)
	for kind := range strings.FieldsSeq("txt html pdf") {
		forgeFragments(t, filepath.Join(dir, "citations.csv"), "acta-"+kind)
	}
	forged, _ := storeFile(t)
	succeeds(t, "import", "--store", forged, dir)
	for kind := range strings.FieldsSeq("txt html pdf") {
		document := filepath.Join("testdata", "quoted", "acta."+kind)
		require.Equal(t, map[string]int{"VERIFIED": 3, "AMBIGUOUS": 1, "FAILED": 1, "UNCHECKED": 0}, attach(t, "--store", honest, "acta-"+kind, document).Quotes, kind)
		require.Equal(t, map[string]int{"VERIFIED": 0, "AMBIGUOUS": 0, "FAILED": 5, "UNCHECKED": 0}, attach(t, "--store", forged, "acta-"+kind, document).Quotes, kind)
	}
	r := run(t, "capture", "verify", "--store", honest)
	require.Equal(t, 1, r.code)
	require.Equal(t, "3 captures; 15 quotes: 9 VERIFIED, 3 AMBIGUOUS, 3 FAILED, 0 UNCHECKED; 0 checks changed\n", r.out)
	require.Equal(t, 3, strings.Count(r.errors, `nearest, at a distance of 3, is "la presa se cerró sin aviso"`), r.errors)
}

// cannon is what was captured of the case file's source cannon-2022. It is not ours
// to publish.
func cannon(t *testing.T) string {
	t.Helper()
	const name = "captures/cannon-2022.txt"
	at, err := os.Getwd()
	require.NoError(t, err)
	places := []string{os.Getenv("VINCULO_SHARED_DATA")}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		places = append(places, filepath.Join(at, "shared", "data"))
	}
	for _, place := range places {
		if path := filepath.Join(place, name); place != "" {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	t.Skipf("the text of the source cannon-2022, which may not be published with this code, is not here: set VINCULO_SHARED_DATA to the folder that holds %s. TestQuotesOfACaseFile does the same on a text of our own", name)
	return ""
}

func TestCaseFileQuotesAreVerified(t *testing.T) {
	path := cannon(t)
	store, _ := storeFile(t)
	succeeds(t, "import", "--store", store, caseFolder(t))
	require.Equal(t, map[string]int{"VERIFIED": 89, "AMBIGUOUS": 0, "FAILED": 0, "UNCHECKED": 0}, attach(t, "--store", store, "cannon-2022", path).Quotes)
	require.Contains(t, succeeds(t, "query", "--store", store, `{ source(id: "cannon-2022") { citations(first: 1) { nodes { check { state start end } } } } }`), `"VERIFIED"`)

	// With one letter changed in each, none is.
	dir := caseFolder(t)
	forgeFragments(t, filepath.Join(dir, "citations.csv"), "cannon-2022")
	forged, _ := storeFile(t)
	succeeds(t, "import", "--store", forged, dir)
	require.Equal(t, map[string]int{"VERIFIED": 0, "AMBIGUOUS": 0, "FAILED": 89, "UNCHECKED": 0}, attach(t, "--store", forged, "cannon-2022", path).Quotes)
}

// forgeFragments changes the middle letter of every fragment cited from a source.
func forgeFragments(t *testing.T, path, source string) {
	t.Helper()
	rows := readCSV(t, path)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, row := range rows[1:] {
		if row[column["source_id"]] != source {
			continue
		}
		text := []rune(row[column["fragment"]])
		for i := len(text) / 2; i < len(text); i++ {
			if unicode.IsLetter(text[i]) {
				text[i] = map[bool]rune{true: 'y', false: 'x'}[unicode.ToLower(text[i]) == 'x']
				break
			}
		}
		require.NotEqual(t, row[column["fragment"]], string(text))
		row[column["fragment"]] = string(text)
	}
	writeCSV(t, path, rows)
}

// TestCapturesThatAreGone: the directory of all of them, which nobody named.
func TestCapturesThatAreGone(t *testing.T) {
	store, path := storeFile(t)
	quotedStore(t, store)
	succeeds(t, "verify", "--store", store)
	attach(t, "--store", store, "nota", writeFile(t, "nota.html", page))
	attach(t, "--store", store, "acta", writeFile(t, "acta.txt", "Aquel día"))
	require.NoError(t, os.RemoveAll(path+".captures"))

	r := run(t, "verify", "--store", store)
	require.Equal(t, 1, r.code, r.out)
	require.Contains(t, r.errors, "the log names 2 captures, and there is no directory of captures at "+path+".captures")
	require.Contains(t, run(t, "verify", "--store", store, "--json").out, "the log names 2 captures")
	for _, command := range []string{"verify", "similar"} {
		r := run(t, "capture", command, "--store", store)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, "there is no directory of captures at "+path+".captures")
	}
	target, _ := storeFile(t)
	r = run(t, "copy", "--from", store, "--to", target)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the log is copied, and 2 captures that it names not carried: there is no directory of captures at "+path+".captures")
	require.Equal(t, succeeds(t, "log", "--store", store), succeeds(t, "log", "--store", target))
	require.Equal(t, 2, run(t, "copy", "--from", store, "--to", target, "--without-captures", "--blobs-from", path).code)
	require.Empty(t, run(t, "copy", "--from", store, "--to", target, "--without-captures").errors)

	// The directory is there, and they are not.
	require.NoError(t, os.Mkdir(path+".captures", 0o700))
	r = run(t, "copy", "--from", store, "--to", target)
	require.Equal(t, 1, r.code)
	require.Equal(t, 3, strings.Count(r.errors, "was not carried: "), "a plain text is its own text: %s", r.errors)
	require.Contains(t, r.errors, "3 files of captures and their texts not carried")
}

// TestCapturesOfAServer are carried where it is said where they are, and are a fault
// of the copy where nobody says so.
func TestCapturesOfAServer(t *testing.T) {
	store, path := storeFile(t)
	quotedStore(t, store)
	attach(t, "--store", store, "acta", writeFile(t, "acta.txt", "Aquel día"))
	target, targetPath := storeFile(t)
	succeeds(t, "copy", "--from", store, "--to", target, "--without-captures")
	require.NoDirExists(t, targetPath+".captures")
	to, err := open.Store(t.Context(), target, open.Options{Vocabulary: vocabulary.Standard(), Existing: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, to.Close()) })
	const server = "bolt://localhost:7687"
	m := &Main{Stdout: io.Discard, Stderr: io.Discard}
	none := blobPlaces{}
	require.ErrorContains(t, none.carry(t.Context(), m, server, target, to), "1 capture that it names not carried: nothing says where "+server+" keeps them; run it again with --blobs-from PLACE")
	require.ErrorContains(t, none.carry(t.Context(), m, store, server, to), "run it again with --blobs-to PLACE")
	said := blobPlaces{BlobsFrom: path + ".captures"}
	require.NoError(t, said.carry(t.Context(), m, server, target, to))
	require.Equal(t, blobtest.Kept(t, path+".captures"), blobtest.Kept(t, targetPath+".captures"))
}

// TestLeftoversOfCaptures finds what processes that were killed left gone: what is
// old when a capture is added, and all of it when something is erased.
func TestLeftoversOfCaptures(t *testing.T) {
	store, path := storeFile(t)
	quotedStore(t, store)
	document := writeFile(t, "nota.html", page)
	attach(t, "nota", document, "--store", store)
	leave := func(name string, age time.Duration) string {
		left := filepath.Join(path+".captures", "incoming", name)
		require.NoError(t, os.WriteFile(left, []byte("hal"), 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(left, at, at))
		return left
	}
	old, young := leave("put-1", 2*time.Hour), leave("put-2", 0)
	succeeds(t, "verify", "--store", store)
	require.FileExists(t, old, "who only reads changes nothing")
	attach(t, "nota", document, "--store", store)
	require.NoFileExists(t, old)
	require.FileExists(t, young, "somebody may be writing it")

	succeeds(t, "erase", "--store", store, "--ground", "order 7", "--yes", "acta")
	require.NoFileExists(t, young)
	young = leave("put-3", 0)
	succeeds(t, "erase", "--store", store, "--scrub")
	require.NoFileExists(t, young)
}

// TestErasedDocumentsAreRefused adds a document again that went with its source.
func TestErasedDocumentsAreRefused(t *testing.T) {
	store, path := storeFile(t)
	quotedStore(t, store)
	document := writeFile(t, "nota.html", page)
	sha := attach(t, "acta", document, "--store", store).Capture.SHA256
	succeeds(t, "erase", "--store", store, "--ground", "order 7", "--yes", "acta")
	r := run(t, "capture", "add", "--store", store, "nota", document)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.errors, "the document "+sha+" was erased on ")
	files := 0
	require.NoError(t, filepath.WalkDir(path+".captures", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files++
		}
		return err
	}))
	require.Zero(t, files)
}

// TestVerifyMakesNothing among the captures: they may be on a medium that cannot be
// written to.
func TestVerifyMakesNothing(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	succeeds(t, "capture", "add", "--store", name, "nota", writeFile(t, "nota.txt", "nota"))
	incoming := filepath.Join(path+".captures", "incoming")
	require.NoError(t, os.Remove(incoming))
	succeeds(t, "verify", "--store", name)
	require.NoDirExists(t, incoming)
}

// TestAPlaceThatDoesNotReadLeavesNothing behind, whichever command is given it.
func TestAPlaceThatDoesNotReadLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, from := caseFolder(t), "sqlite:from.db"
	succeeds(t, "import", "--store", from, dir)
	for _, place := range []string{"s3://ana:s3cret@b", "https://ana:s3cret@s3.example.org/bucket", "file:kept", "S3://b"} {
		for _, args := range [][]string{
			{"serve", "--store", "sqlite:new.db", "--listen", "127.0.0.1:0", "--blobs", place},
			{"import", "--store", "sqlite:new.db", "--blobs", place, dir},
			{"capture", "verify", "--store", from, "--blobs", place},
			{"copy", "--from", from, "--to", "sqlite:new.db", "--blobs-to", place},
			{"copy", "--from", from, "--to", "sqlite:new.db", "--blobs-from", place},
		} {
			r := run(t, args...)
			require.Equal(t, 2, r.code, r.errors)
			require.NotContains(t, r.errors, "s3cret")
			require.Contains(t, r.errors, bucketForm)
		}
		t.Setenv("VINCULO_BLOBS", place)
		require.Equal(t, 2, run(t, "import", "--store", "sqlite:new.db", dir).code)
		require.NoError(t, os.Unsetenv("VINCULO_BLOBS"))
	}
	left, err := filepath.Glob("*")
	require.NoError(t, err)
	require.Equal(t, []string{"from.db"}, left)
	succeeds(t, "import", "--store", from, "--dry-run", dir)
	succeeds(t, "copy", "--from", from, "--to", "sqlite:new.db", "--blobs-to", "./file:kept")
}
