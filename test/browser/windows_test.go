package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestWindows opens the playground in several windows of one browser at once.
func TestWindows(t *testing.T) {
	p := newPlayground(t)
	t.Run("each window keeps its tabs, and a later one has those of all", p.windowsKeepTheirTabs)
	t.Run("a tab is kept until the last window that has it closes it", p.tabStaysUntilClosedByAll)
	t.Run("a tab that two windows write in is kept as both left it", p.bothVersionsAreKept)
	t.Run("the history has what every window asked", p.historyHasAll)
	t.Run("what was taken out of the history stays out", p.takenOutStaysOut)
}

func (p playground) windowsKeepTheirTabs(t *testing.T) {
	one := p.openAt(t, wide)
	two := p.beside(t, one)
	one.front()
	one.write("OfOne", "query OfOne { entity(id: \"abarca\") { name } }")
	one.Until("the tab should be stored", storedQueries+`.includes("OfOne")`)
	two.front()
	two.write("OfTwo", "query OfTwo { entity(id: \"abarca\") { name } }")
	two.Until("both tabs should be stored", storedQueries+`.includes("OfTwo") && `+storedQueries+`.includes("OfOne")`)

	for window, names := range map[*Tab][]string{one: {"Card", "OfOne"}, two: {"Card", "OfTwo"}} {
		window.front()
		window.Do(chromedp.Reload())
		window.UntilText(editor, names[1])
		require.Equal(t, names, window.tabNames(), "a window that is loaded again has its own tabs")
	}
	one.Until("the other's tab should have come", storedQueries+`.includes("OfTwo")`)
	three := p.beside(t, one)
	require.ElementsMatch(t, []string{"Card", "OfOne", "OfTwo"}, three.tabNames())
	require.Empty(t, one.Problems())
	require.Empty(t, two.Problems())
}

func (p playground) tabStaysUntilClosedByAll(t *testing.T) {
	one := p.openAt(t, wide)
	one.write("Shared", "query Shared { entity(id: \"abarca\") { name } }")
	one.Until("the tab should be stored", storedQueries+`.includes("Shared")`)
	two := p.beside(t, one)
	require.Equal(t, []string{"Card", "Shared"}, two.tabNames())
	closeShared := func(window *Tab) {
		window.front()
		window.turnTo("Shared")
		window.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-active .graphiql-tab-close")))
		window.Until("the tab should be closed", `!document.querySelector(".graphiql-tabs").textContent.includes("Shared")`)
	}
	closeShared(one)
	one.write("More", "query More { entity(id: \"abarca\") { name } }")
	one.Until("what the first window has and what the second has should be stored",
		storedQueries+`.includes("More") && `+storedQueries+`.includes("Shared")`)
	two.Do(chromedp.Navigate("about:blank"))
	three := p.beside(t, one)
	require.ElementsMatch(t, []string{"Card", "More", "Shared"}, three.tabNames())
	closeShared(three)
	one.Until("the tab should be stored no more", `!`+storedQueries+`.includes("Shared")`)
	require.ElementsMatch(t, []string{"Card", "More"}, p.beside(t, one).tabNames())
}

func (p playground) bothVersionsAreKept(t *testing.T) {
	one := p.openAt(t, wide)
	one.Until("the tab should be stored", storedQueries+`.includes("query Card")`)
	two := p.beside(t, one)
	for _, by := range []struct {
		window *Tab
		words  string
	}{{one, "# first by one\n"}, {two, "# by two\n"}, {one, "# again by one\n"}, {two, "# again by two\n"}} {
		by.window.front()
		by.window.typeQuestion("Card", by.words)
		by.window.Until("the words should be stored", storedQueries+`.includes(`+quote(t, by.words)+`)`)
	}
	one.Until("the last words should have come", storedQueries+`.includes("again by two")`)
	require.Equal(t, []string{"Card", "Card"}, p.beside(t, one).tabNames())
	for _, words := range []string{"first by one", "again by one", "by two", "again by two"} {
		require.True(t, Evaluate[bool](one, storedQueries+`.includes(`+quote(t, words)+`)`), words)
	}
	two.front()
	two.Do(chromedp.Reload())
	two.UntilText(editor, "again by two")
	require.Equal(t, []string{"Card"}, two.tabNames())
}

func (p playground) historyHasAll(t *testing.T) {
	one := p.openAt(t, wide)
	two := p.beside(t, one)
	for _, by := range []struct {
		window *Tab
		name   string
	}{{one, "First"}, {two, "Second"}, {one, "Third"}} {
		by.window.front()
		by.window.write(by.name, "query "+by.name+" { entity(id: \"abarca\") { name } }")
		by.window.run()
		by.window.UntilText(result, "Velázquez")
		by.window.Until("the question should be stored", storedHistory+`.includes("query `+by.name+`")`)
	}
	require.Equal(t, []string{"Third", "Second", "First"}, p.beside(t, one).historyNames())
}

func (p playground) takenOutStaysOut(t *testing.T) {
	one := p.openAt(t, wide)
	for _, name := range []string{"Wrong", "Right"} {
		one.write(name, "query "+name+" { entity(id: \"abarca\") { name } }")
		one.run()
		one.UntilText(result, "Velázquez")
	}
	two := p.beside(t, one)
	require.Equal(t, []string{"Right", "Wrong"}, two.historyNames())
	two.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Delete from history: Wrong"]`)))
	two.Until("the entry should be gone", `!`+storedHistory+`.includes("Wrong")`)
	one.front()
	one.Until("the entry should be gone", `!`+storedHistory+`.includes("Wrong")`)
	one.write("More", "query More { entity(id: \"abarca\") { name } }")
	one.run()
	one.Until("the question should be stored", storedHistory+`.includes("query More")`)
	require.Equal(t, []string{"More", "Right"}, p.beside(t, one).historyNames())
}

const (
	storedQueries = storedTabs + `.map(tab => tab.query).join("\n")`
	storedHistory = `localStorage["vinculo-playground:graphiql:queries"]`
	// storedHistoryNames are the operations of the history, oldest first.
	storedHistoryNames = `JSON.parse(` + storedHistory + ` ?? '{"queries":[]}').queries` +
		`.map(({ query }) => /\w+ (\w+)/.exec(query)[1]).join()`
)

// beside opens the page in a window of its own that shares its storage with another. What a third
// has stored may come a moment later, so the other has to have seen it.
func (p playground) beside(t *testing.T, other *Tab) *Tab {
	t.Helper()
	other.Until("the tabs should be stored", storedTabs+`.length > 0`)
	tab := &Tab{t: t}
	ctx, closeTab := chromedp.NewContext(other.ctx, chromedp.WithListener(tab.note))
	t.Cleanup(closeTab)
	tab.ctx = ctx
	tab.reduceMotion("light")
	tab.Do(
		chromedp.EmulateViewport(wide, 800),
		chromedp.Navigate(p.site.URL+"/playground/"),
	)
	tab.Until("the page should be there", `document.querySelector(".graphiql-tab-active") && document.querySelector(`+
		quote(t, editor)+`)?.textContent`)
	return tab
}

// front brings a window before those that lie over it, as one that is not seen gets no keys.
func (tab *Tab) front() {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, page.BringToFront, cdp.Empty{})
	require.NoError(tab.t, err)
}

// tabNames gives the names of a window's tabs in their order.
func (tab *Tab) tabNames() []string {
	tab.t.Helper()
	return Evaluate[[]string](tab, `[...document.querySelectorAll(".graphiql-tab-button")].map(e => e.textContent)`)
}

// historyNames opens a window's history and gives the names of what was asked, newest first.
func (tab *Tab) historyNames() []string {
	tab.t.Helper()
	// It is open already where it was left open in the window before.
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelector('button[aria-label="Show History"]')?.click()`))
	tab.Until("the history should be there", `document.querySelector(".graphiql-history-item-label")`)
	return Evaluate[[]string](tab, `[...document.querySelectorAll(".graphiql-history-item-label")].map(e => e.textContent.trim())`)
}
