package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestStorage looks at what the playground keeps in the browser.
func TestStorage(t *testing.T) {
	p := newPlayground(t)
	t.Run("what was cleared is gone", p.clearedIsGone)
	t.Run("what was cleared is gone from other windows", p.clearedIsGoneElsewhere)
	t.Run("a window that was closed before does not bring back what was cleared", p.restoredWindowBringsNothingBack)
	t.Run("a page that is loaded again at once has what was just done", p.reloadedPageHasEverything)
	t.Run("variables too long to be kept are told of", p.longVariablesAreTold)
	t.Run("the page works where the storage is full", p.worksWhereStorageIsFull)
	t.Run("the history has what was asked and not what was typed meanwhile", p.historyHasWhatWasAsked)
}

// everything is all that the browser keeps for the page.
const everything = `JSON.stringify([{ ...localStorage }, { ...sessionStorage }])`

func (p playground) clearedIsGone(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.askInSecret()
	tab.clear()
	require.NotContains(t, Evaluate[string](tab, everything), "Secret")
	tab.choose(exampleOf(t, "query Night"))
	tab.Until("the example should be stored", storedQueries+`.includes("query Night")`)
	tab.Until("the example should be in the history", storedHistory+`?.includes("query Night")`)
	require.NotContains(t, Evaluate[string](tab, everything), "Secret")
	require.Empty(t, tab.Problems())
}

func (p playground) clearedIsGoneElsewhere(t *testing.T) {
	one := p.openAt(t, wide)
	one.askInSecret()
	two := p.beside(t, one)
	require.Contains(t, two.tabNames(), "Secret")
	two.Do(chromedp.Evaluate[chromedp.Void](`window.asItWas = true`))
	one.front()
	one.clear()
	two.Until("the other window should begin anew", begunAnew)
	require.Equal(t, []string{"Card"}, two.tabNames())
	for _, window := range []*Tab{one, two} {
		window.front()
		window.write("More", "query More { entity(id: \"abarca\") { name } }")
		window.Until("the tab should be stored", storedQueries+`.includes("More")`)
		require.NotContains(t, Evaluate[string](window, everything), "Secret")
	}
}

func (p playground) restoredWindowBringsNothingBack(t *testing.T) {
	one := p.openAt(t, wide)
	one.askInSecret()
	two := p.beside(t, one)
	// What the browser keeps of a window stays with it while it shows something else.
	two.Do(chromedp.Navigate("about:blank"))
	one.front()
	one.clear()
	two.front()
	two.Do(chromedp.Navigate(p.site.URL + "/playground/"))
	two.UntilText(editor, "query Card")
	require.Equal(t, []string{"Card"}, two.tabNames())
	require.NotContains(t, Evaluate[string](two, everything), "Secret")
}

// reloadedPageHasEverything does things and loads the page again before GraphiQL would have written them down.
func (p playground) reloadedPageHasEverything(t *testing.T) {
	reload := func(tab *Tab, text string) {
		tab.Do(chromedp.Reload())
		tab.UntilText(editor, text)
	}
	tab := p.openAt(t, wide)
	tab.write("Quick", "query Quick { entity(id: \"abarca\") { name } }")
	reload(tab, "query Quick")
	require.Equal(t, []string{"Card", "Quick"}, tab.tabNames())
	for _, words := range []string{"# one\n", "# two\n", "# three\n"} {
		tab.goInto("Query")
		tab.insert(words)
		reload(tab, words[:len(words)-1])
		require.Equal(t, []string{"Card", "Quick"}, tab.tabNames())
	}
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".graphiql-tab-button").click()`))
	reload(tab, "query Card")
	require.Equal(t, []string{"Card", "Quick"}, tab.tabNames())
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-active .graphiql-tab-close")))
	reload(tab, "query Quick")
	require.Equal(t, []string{"Quick"}, tab.tabNames())
	require.Empty(t, tab.Problems())
}

func (p playground) longVariablesAreTold(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.write("Long", "query Long { entity(id: \"abarca\") { name } }")
	require.Empty(t, Evaluate[string](tab, `document.querySelector(".unkept").textContent`))
	tab.goInto("Variables")
	tab.Do(chromedp.Evaluate[chromedp.Void](`(() => {
		const clipboardData = new DataTransfer();
		clipboardData.setData("text/plain", '{"id": "' + "x".repeat(100_000) + '"}');
		document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
	})()`))
	tab.UntilText(".unkept", "too long to be kept")
	tab.turnTo("Card")
	tab.Until("it should be told of its tab alone", `document.querySelector(".unkept").textContent === ""`)
	require.Empty(t, tab.Problems())
}

func (p playground) worksWhereStorageIsFull(t *testing.T) {
	tab := p.chromium.NewTab(t)
	tab.Do(chromedp.Navigate(p.site.URL + "/playground/third-party-licences.md"))
	tab.Do(chromedp.Evaluate[chromedp.Void](`(() => {
		let length = 1 << 20;
		for (let n = 0; length > 0; n++) {
			try {
				localStorage["of another page " + n] = "x".repeat(length);
			} catch {
				length >>= 1;
			}
		}
	})()`))
	tab.Do(chromedp.Navigate(p.site.URL + "/playground/"))
	tab.UntilText(editor, "query Card")
	tab.write("Full", "query Full { entity(id: \"abarca\") { name } }")
	tab.run()
	tab.UntilText(result, "Velázquez")
	tab.turnTo("Card")
	tab.turnTo("Full")
	require.Equal(t, []string{"Full"}, tab.historyNames())
	require.Empty(t, tab.Problems())
}

func (p playground) historyHasWhatWasAsked(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.askSlowly(t, tab)
	tab.goInto("Query")
	for _, letter := range []string{"#a", "b", "c"} {
		tab.insert(letter)
		tab.Until("the letter should be stored", storedQueries+`.includes(`+quote(t, letter)+`)`)
	}
	tab.untilAnswered(release)
	tab.UntilText(result, "Slow at last")
	require.Equal(t, "Slow", Evaluate[string](tab, storedHistoryNames))
	require.Equal(t, []string{"Slow"}, tab.historyNames())

	// What was asked once can be named, and liked and not liked any more.
	for _, button := range []string{"Add favorite: Slow", "Remove favorite: Slow"} {
		tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="` + button + `"]`)))
		tab.Until("the button should have worked", `!document.querySelector('button[aria-label="`+button+`"]')`)
	}
	require.Equal(t, "Slow", Evaluate[string](tab, storedHistoryNames))
	require.Empty(t, tab.Problems())
}

// askInSecret asks something that the reader will want to be forgotten.
func (tab *Tab) askInSecret() {
	tab.t.Helper()
	tab.write("Secret", "query Secret { entity(id: \"abarca\") { name } }")
	tab.run()
	tab.UntilText(result, "Velázquez")
	tab.Until("the question should be stored", storedQueries+`.includes("Secret") && `+storedHistory+`.includes("Secret")`)
}

// begunAnew holds once a window that was marked is loaded again.
const begunAnew = `window.asItWas === undefined && document.querySelector(".graphiql-tab-active")`

// clear has the page forget what it keeps, and waits until it has begun anew.
func (tab *Tab) clear() {
	tab.t.Helper()
	tab.Do(
		chromedp.Evaluate[chromedp.Void](`window.asItWas = true`),
		chromedp.Click(chromedp.CSS(`button[aria-label="Open settings dialog"]`)),
	)
	tab.Until("the dialog should be open", `document.querySelector(".graphiql-dialog")`)
	tab.Do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".graphiql-dialog button")]
		.find(e => e.textContent === "Clear data").click()`))
	tab.Until("the page should begin anew", begunAnew)
	tab.UntilText(editor, "query Card")
	require.Equal(tab.t, []string{"Card"}, tab.tabNames())
}
