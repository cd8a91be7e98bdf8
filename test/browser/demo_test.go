package browser_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestDemonstration asks every example question of the program itself, as a new user does after
// `vinculo serve --demo`: the whole way from a click to the embedded case and back, and no other
// machine on it.
func TestDemonstration(t *testing.T) {
	chromium := StartChromium(t)
	playground := startDemonstration(t)
	address, err := url.Parse(playground)
	require.NoError(t, err)
	chromium.Allow(address.Host)

	tab := chromium.NewTab(t)
	tab.Do(chromedp.Navigate(playground))
	tab.UntilText(editor, "query Card")
	for i, title := range exampleTitles(t) {
		tab.Do(chromedp.Evaluate[chromedp.Void](`(() => {
			const item = document.querySelectorAll(".examples-item")[` + jsonText(t, i) + `];
			item.focus();
			item.click();
		})()`))
		tab.Until("the chosen example should be "+title,
			`document.querySelector("[aria-current=true] .examples-title")?.textContent === `+jsonText(t, title))
		if i == exampleOf(t, "subscription News") {
			tab.Do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
			tab.UntilText(result, `"revisions"`)
			tab.Do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
			continue
		}
		tab.UntilText(result, `"data"`)
		require.False(t, Evaluate[bool](tab, `document.querySelector("`+result+`").textContent.includes('"errors"')`), title)
	}
	require.Empty(t, tab.Problems())

	fresh := chromium.NewTab(t)
	fresh.Do(chromedp.Navigate(playground))
	fresh.UntilText(editor, "query Card")
	fresh.Do(
		chromedp.Click(chromedp.CSS(".graphiql-tab-add")),
		chromedp.Click(chromedp.CSS(editor)),
		chromedp.KeyEvent("{ commandersO"),
	)
	fresh.UntilText(".suggest-widget .monaco-list-row", "commandersOf")
	require.Empty(t, fresh.Problems())
	require.Equal(t, []string{address.Host}, chromium.Hosts(), "nothing may be asked of another machine")
}

// startDemonstration builds the program, serves the demonstration with it until the test ends, and
// gives the address of its playground.
func startDemonstration(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "vinculo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/vinculo")
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)

	// Not the test's own context, which ends before the cleaning does and would kill the server.
	serve := exec.CommandContext(context.WithoutCancel(t.Context()), program, "serve", "--demo", "--listen", "127.0.0.1:0")
	lines, err := serve.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		require.NoError(t, serve.Process.Signal(os.Interrupt))
		require.NoError(t, serve.Wait(), "the server must stop in good order")
	})
	log := bufio.NewScanner(lines)
	for log.Scan() {
		var line struct {
			Playground string `json:"playground"`
		}
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), "%s", log.Text())
		if line.Playground != "" {
			go func() { // What it says later must not fill the pipe.
				for log.Scan() {
					continue
				}
			}()
			return line.Playground
		}
	}
	require.FailNow(t, "the server ended before it served", "%v", log.Err())
	return ""
}
