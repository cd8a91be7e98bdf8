package web_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/web"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	web.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

func TestHandlerServesThePage(t *testing.T) {
	page := get(t, "/playground/")
	require.Equal(t, http.StatusOK, page.Code)
	require.Equal(t, "text/html; charset=utf-8", page.Header().Get("Content-Type"))
	require.Equal(t, web.ContentSecurityPolicy, page.Header().Get("Content-Security-Policy"))
	require.Equal(t, "no-cache", page.Header().Get("Cache-Control"))
	require.Contains(t, page.Body.String(), "<title>Vínculo playground</title>")

	// Every address in the page is relative, and leads to a file that browsers may keep.
	addresses := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1)
	require.NotEmpty(t, addresses)
	for _, address := range addresses {
		name, relative := strings.CutPrefix(address[1], "../")
		require.True(t, relative, "%s should be relative to the page", address[1])
		file := get(t, "/"+name)
		require.Equal(t, http.StatusOK, file.Code, name)
		require.Contains(t, file.Header().Get("Cache-Control"), "immutable", name)
		require.Equal(t, web.ContentSecurityPolicy, file.Header().Get("Content-Security-Policy"),
			"%s may be a worker, which has a policy of its own", name)
	}
}

func TestHandlerCompresses(t *testing.T) {
	scripts, err := fs.Glob(web.Assets(), "playground/assets/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, name := range scripts {
		whole, err := fs.ReadFile(web.Assets(), name)
		require.NoError(t, err)
		ask := httptest.NewRequest(http.MethodGet, "/"+name, nil)
		ask.Header.Set("Accept-Encoding", "gzip, br")
		answer := httptest.NewRecorder()
		web.Handler().ServeHTTP(answer, ask)
		require.Contains(t, answer.Header().Values("Vary"), "Accept-Encoding", name)
		require.Equal(t, get(t, "/"+name).Header().Get("Content-Type"), answer.Header().Get("Content-Type"), name)
		if len(whole) < 2048 {
			continue
		}
		require.Equal(t, "gzip", answer.Header().Get("Content-Encoding"), name)
		require.Less(t, answer.Body.Len(), len(whole)/2, name)
		text, err := gzip.NewReader(answer.Body)
		require.NoError(t, err)
		got, err := io.ReadAll(text)
		require.NoError(t, err)
		require.Equal(t, whole, got, name)
	}
}

func TestHandlerAnswersNotFound(t *testing.T) {
	for _, path := range []string{"/", "/playground/assets/", "/playground/assets", "/playground/assets/none.js", "/none"} {
		answer := get(t, path)
		require.Equal(t, http.StatusNotFound, answer.Code, path)
		require.NotContains(t, answer.Header().Get("Cache-Control"), "immutable", path)
	}
}

func TestContentSecurityPolicyNamesNoOtherPlace(t *testing.T) {
	require.NotContains(t, web.ContentSecurityPolicy, "unsafe-eval")
	require.NotRegexp(t, `https?:|wss?:|\*`, web.ContentSecurityPolicy)
}

func TestAssetsAreRootedAtDist(t *testing.T) {
	built, err := fs.ReadFile(web.Assets(), "playground/index.html")
	require.NoError(t, err)
	onDisk, err := os.ReadFile("dist/playground/index.html")
	require.NoError(t, err)
	require.Equal(t, string(onDisk), string(built))
}

// TestExamplesAreWhole checks what the page relies on in its example questions: a title in the
// first comment, one operation with a name, and variables for exactly those that declare some.
func TestExamplesAreWhole(t *testing.T) {
	files, err := filepath.Glob("src/examples/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	operation := regexp.MustCompile(`(?m)^(?:query|subscription) (\w+)(\()?`)
	seen := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Regexp(t, `^# \S.*\?\n# \S`, string(text), "%s should open with a question and a hint", file)
		found := operation.FindAllStringSubmatch(string(text), -1)
		require.Len(t, found, 1, "%s should hold one named operation", file)
		require.Empty(t, seen[found[0][1]], "%s repeats an operation's name", file)
		seen[found[0][1]] = file

		values, err := os.ReadFile(strings.TrimSuffix(file, ".graphql") + ".json")
		if found[0][2] == "" {
			require.ErrorIs(t, err, fs.ErrNotExist, "%s takes no variables", file)
			continue
		}
		require.NoError(t, err)
		var variables map[string]any
		require.NoError(t, json.Unmarshal(values, &variables), file)
		for name := range variables {
			require.Contains(t, string(text), "$"+name, "%s does not declare it", file)
		}
	}
}
