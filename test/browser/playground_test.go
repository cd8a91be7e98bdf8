package browser_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// result is where the playground shows an answer, and editor where it shows the operation.
const (
	result = ".graphiql-response .view-lines"
	editor = ".graphiql-query-editor .view-lines"
)

// open opens the page as a browser does by itself.
func (p playground) open(t *testing.T) *Tab {
	t.Helper()
	tab := p.chromium.NewTab(t)
	tab.Do(chromedp.Navigate(p.site.URL + "/playground/"))
	tab.UntilText(editor, "query Card")
	return tab
}

// TestPlayground opens the built playground under its production content policy and asks it
// questions. Each part has a tab of its own; at the end no part may have reached another machine.
func TestPlayground(t *testing.T) {
	p := newPlayground(t)
	t.Run("opens with the example questions", p.opensWithExamples)
	t.Run("the keyboard asks a question and gets the answer", p.keyboardAsks)
	t.Run("a subscription follows and stops", p.subscriptionStops)
	t.Run("the schema is documented", p.schemaIsDocumented)
	t.Run("the editor completes from the schema", p.editorCompletes)
	for _, scheme := range []string{"light", "dark"} {
		t.Run("axe finds nothing in the "+scheme+" page", func(t *testing.T) { p.axeFindsNothing(t, scheme) })
	}
	require.Equal(t, []string{p.site.host(t)}, p.chromium.Hosts(), "nothing may be asked of another machine")
}

func (p playground) opensWithExamples(t *testing.T) {
	tab := p.open(t)
	require.Equal(t, "Vínculo playground", Evaluate[string](tab, "document.title"))
	require.Equal(t, "en", Evaluate[string](tab, "document.documentElement.lang"))
	tab.UntilText(".masthead", "a claim found in a source, not a fact vouched for")
	require.Equal(t, exampleTitles(t), Evaluate[[]string](tab,
		"[...document.querySelectorAll('.examples-title')].map(e => e.textContent)"))
	tab.UntilText(".graphiql-editor-tool .view-lines", `"abarca"`)
	require.Zero(t, Evaluate[int](tab, "document.documentElement.scrollHeight - innerHeight"),
		"the panels scroll, the page does not")
	require.Empty(t, tab.Problems())
}

func (p playground) keyboardAsks(t *testing.T) {
	tab := p.open(t)
	before := len(p.site.asked("Card"))
	tab.Do(
		chromedp.Focus(chromedp.CSS(".examples-item")),
		chromedp.KeyEvent(kb.Enter),
	)
	tab.UntilText(result, "José Luis Abarca Velázquez")
	asked := p.site.asked("Card")[before:]
	require.Len(t, asked, 1)
	require.Equal(t, map[string]any{"id": "abarca"}, asked[0].Variables)
	require.Equal(t, 1, Evaluate[int](tab, "document.querySelectorAll('[role=tab]').length"),
		"the question that stands in a tab already must not open a second one")

	// Another question opens beside it, and back again finds the first as it was.
	news := exampleOf(t, "subscription News")
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".examples-item")[` +
		jsonText(t, news) + `].focus()`))
	tab.Do(chromedp.KeyEvent(kb.Enter))
	tab.UntilText(editor, "subscription News")
	require.Equal(t, 2, Evaluate[int](tab, "document.querySelectorAll('[role=tab]').length"))
	require.Equal(t, exampleTitles(t)[news],
		Evaluate[string](tab, "document.querySelector('[aria-current=true] .examples-title').textContent"))
	require.Empty(t, tab.Problems())
}

func (p playground) subscriptionStops(t *testing.T) {
	tab := p.open(t)
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".examples-item")[` +
		jsonText(t, exampleOf(t, "subscription News")) + `].click()`))
	tab.UntilText(editor, "subscription News")
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	tab.UntilText(result, "report 1")
	require.Equal(t, map[string]any{"after": float64(0)}, p.site.asked("News")[0].Variables)
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	require.Eventually(t, p.site.unfollowed, patience, 20*time.Millisecond,
		"the stop button must end the subscription at the server")
	require.Empty(t, tab.Problems())
}

func (p playground) schemaIsDocumented(t *testing.T) {
	tab := p.open(t)
	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
	tab.UntilText(".graphiql-doc-explorer", "The part of the API that the first example question asks for")
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-doc-explorer-type-name")))
	tab.UntilText(".graphiql-doc-explorer", "One entity by its id.")
	require.Empty(t, tab.Problems())
}

func (p playground) editorCompletes(t *testing.T) {
	tab := p.open(t)
	tab.proposeEntity()
	require.Empty(t, tab.Problems())
}

// axeFindsNothing looks at all that the page can show in a colour scheme.
func (p playground) axeFindsNothing(t *testing.T, scheme string) {
	axe := readAxe(t)
	tab := p.chromium.NewTab(t)
	tab.reduceMotion(scheme)
	tab.Do(chromedp.Navigate(p.site.URL + "/playground/"))
	tab.UntilText(editor, "query Card")
	tab.Do(chromedp.Click(chromedp.CSS(".examples-item")))
	tab.UntilText(result, "Velázquez")
	tab.Do(chromedp.Evaluate[chromedp.Void](axe))
	look := func(at string) {
		t.Helper()
		require.Empty(t, Evaluate[[]string](tab, axeFindings), "scheme %s, %s", scheme, at)
	}
	look("a question and its answer")

	// One with numbers, whose colour is another.
	tab.choose(exampleOf(t, "subscription News"))
	tab.UntilText(editor, "subscription News")
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
	tab.UntilText(result, "report 2")
	look("a subscription")
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))

	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
	tab.UntilText(".graphiql-doc-explorer", "The part of the API")
	look("the documentation")
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-doc-explorer-type-name")))
	tab.UntilText(".graphiql-doc-explorer", "One entity by its id.")
	look("the documentation of a type")
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-doc-explorer-field-name")))
	tab.UntilText(".graphiql-doc-explorer-title", "entity")
	look("the documentation of a field")

	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show History"]`)))
	tab.UntilText(".graphiql-history", "News")
	look("the history")
	require.Equal(t, []string{"Set active: News", "Set active: Card"}, Evaluate[[]string](tab,
		"[...new Set([...document.querySelectorAll('.graphiql-history-item-label')].map(e => e.ariaLabel))]"))

	for _, dialog := range []string{"Open short keys dialog", "Open settings dialog"} {
		tab.Do(
			chromedp.Focus(chromedp.CSS(`button[aria-label="`+dialog+`"]`)),
			chromedp.KeyEvent(kb.Enter),
		)
		tab.Until("the dialog should be open", `document.querySelector(".graphiql-dialog")`)
		look(dialog)
		tab.Do(chromedp.KeyEvent(kb.Escape))
		tab.Until("the dialog should be closed", `!document.querySelector(".graphiql-dialog")`)
	}

	tab.proposeEntity()
	look("what the editor proposes")
}

// axeFindings runs axe on the whole page and lists rule and element of each finding. Left out are
// those that only the authors of what GraphiQL is made of can mend: its tabs can be dragged, for
// which it gives the element around the tab's two buttons a role and a place in the tab order of
// its own (every tab can be chosen and closed by keyboard); and the list of what the editor proposes
// names its rows by ids that they do not have.
const axeFindings = `axe.run(document, { resultTypes: ["violations"] }).then((results) =>
	results.violations.flatMap((violation) => violation.nodes
		.filter((node) => !(violation.id === "nested-interactive" && node.html.includes("graphiql-tab")))
		.filter((node) => !(violation.id === "aria-valid-attr-value" && node.html.includes("monaco-list")))
		.filter((node) => !(violation.id === "label-content-name-mismatch" && node.html.includes("monaco-list-row")))
		.map((node) => violation.id + " " + node.target.join(" ") + " " + (node.any[0]?.message ?? ""))))`

// exampleTitles gives the first comment of each example operation, in the order of the files.
func exampleTitles(t *testing.T) []string {
	t.Helper()
	var titles []string
	for _, text := range examples(t) {
		first, _, _ := strings.Cut(text, "\n")
		titles = append(titles, strings.TrimPrefix(first, "# "))
	}
	return titles
}

// exampleOf gives the place, from 0, of the example whose file contains the text.
func exampleOf(t *testing.T, contained string) int {
	t.Helper()
	place := slices.IndexFunc(examples(t), func(text string) bool { return strings.Contains(text, contained) })
	require.GreaterOrEqual(t, place, 0, "no example contains %q", contained)
	return place
}

// examples gives the example operations in the order of their files, which is the page's.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../web/src/examples/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	texts := make([]string, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		texts[i] = string(text)
	}
	return texts
}

// readAxe gives the source of axe-core, which npm installs with the page's other tools.
func readAxe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skip("axe-core is not installed: run `npm ci` in web")
	}
	require.NoError(t, err)
	return string(source)
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
