package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

const (
	headersButton = `.graphiql-editor-tools button[data-name="headers"]`
	toolEditor    = `.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines`
	runButton     = ".graphiql-execute-button"
	// storedTabs are the tabs as GraphiQL has stored them, which it does a while after they change.
	storedTabs = `JSON.parse(localStorage["vinculo-playground:graphiql:tabState"]).tabs`
)

// wide and narrow are how many pixels a screen has from left to right.
const (
	wide   = 1440
	narrow = 360
)

// playground is a site and a browser that looks at it.
type playground struct {
	chromium *Chromium
	site     *site
}

func newPlayground(t *testing.T) playground {
	t.Helper()
	p := playground{chromium: StartChromium(t), site: newSite(t)}
	p.chromium.Allow(p.site.host(t))
	return p
}

// openAt opens the page on a screen of a width.
func (p playground) openAt(t *testing.T, width int64) *Tab {
	t.Helper()
	tab := p.chromium.NewTab(t)
	tab.reduceMotion("light")
	tab.Do(
		chromedp.EmulateViewport(width, 800),
		chromedp.Navigate(p.site.URL+"/playground/"),
	)
	tab.UntilText(editor, "query Card")
	return tab
}

// TestReaders uses the playground as people do whose screen is narrow, who have a token, who follow
// what is new, or who have no mouse.
func TestReaders(t *testing.T) {
	p := newPlayground(t)
	t.Run("on a narrow screen the parts stand below one another", p.partsStandBelowOneAnother)
	t.Run("on a narrow screen the chosen tab and the answer come into view", p.chosenTabAndAnswerComeIntoView)
	for how, move := range map[string]func(*Tab, float64, float64){"wheel": (*Tab).wheel, "swipe": (*Tab).swipe} {
		t.Run("a "+how+" over an editor moves the page where the editor ends", func(t *testing.T) { p.scrollsThePage(t, move) })
	}
	t.Run("a token goes with the reader and is kept nowhere", p.tokenIsKeptNowhere)
	t.Run("the schema is asked for again with a token", p.schemaComesWithToken)
	t.Run("a refused subscription ends at once and says why", p.refusedSubscriptionEnds)
	t.Run("a subscription calls again until the server is back", p.subscriptionCallsAgain)
	t.Run("a subscription that was cut off misses nothing and repeats nothing", p.subscriptionGoesOn)
	t.Run("a subscription whose connection falls silent calls again", p.silentSubscriptionCallsAgain)
	t.Run("a subscription that may have missed something says so", p.subscriptionTellsOfGap)
	t.Run("a subscription shows the last of what came, newest first", p.subscriptionShowsNewestFirst)
	t.Run("an edited tab comes back as it was left", p.editedTabComesBack)
	t.Run("Tab leaves an editor, and each has a name", p.tabLeavesEditors)
	t.Run("a closed dialog gives the focus back", p.closedDialogGivesFocusBack)
	t.Run("what has the focus is marked", p.focusIsMarked)
	t.Run("a header that cannot be sent is not told as a server that is away", p.unsendableHeaderIsTold)
	t.Run("what the editor proposes fits a narrow screen", p.proposalsFitNarrowScreen)
	t.Run("the search of the documentation shows its whole hint and hides no title", p.searchIsWholeAndHidesNothing)
	t.Run("the settings fit a narrow screen", p.settingsFitNarrowScreen)
	t.Run("without JavaScript the page says so on its first screen", p.pageTellsOfMissingJavaScript)
	require.Equal(t, []string{p.site.host(t)}, p.chromium.Hosts(), "nothing may be asked of another machine")
}

func (p playground) partsStandBelowOneAnother(t *testing.T) {
	tab := p.openAt(t, narrow)
	require.LessOrEqual(t, Evaluate[float64](tab, `(() => {
		const main = document.querySelector(".graphiql-main");
		const last = document.querySelector(".graphiql-sessions").getBoundingClientRect();
		return main.scrollHeight - (last.bottom - main.getBoundingClientRect().top + main.scrollTop);
	})()`), 16.0, "nothing lies below the answer")
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".graphiql-main").scrollTop = 10000`))
	require.LessOrEqual(t, Evaluate[float64](tab, `
		document.querySelector(".graphiql-query-editor .monaco-editor").getBoundingClientRect().bottom
		- document.querySelector(".graphiql-response").getBoundingClientRect().top`), 0.0,
		"the query moves away with its box and does not stay over the answer")
	require.Empty(t, tab.Problems())
}

func (p playground) chosenTabAndAnswerComeIntoView(t *testing.T) {
	tab := p.openAt(t, narrow)
	for example := range 6 {
		tab.choose(example)
	}
	tab.UntilText(result, "Velázquez")
	tab.Until("the chosen tab should be seen", `(() => {
		const row = document.querySelector(".graphiql-tabs").getBoundingClientRect();
		const tab = document.querySelector(".graphiql-tab-active").getBoundingClientRect();
		return tab.left >= row.left - 1 && tab.right <= row.right + 1;
	})()`)
	tab.Until("the answer should be seen", `(() => {
		const main = document.querySelector(".graphiql-main").getBoundingClientRect();
		const answer = document.querySelector(".graphiql-response").getBoundingClientRect();
		return answer.top >= main.top - 1 && answer.top + 200 < main.bottom;
	})()`)
	require.Empty(t, tab.Problems())
}

// scrollsThePage turns a wheel, or swipes, over an editor that has nothing more to
// show in that direction.
func (p playground) scrollsThePage(t *testing.T, move func(*Tab, float64, float64)) {
	tab := p.chromium.NewTab(t)
	tab.reduceMotion("light")
	tab.Do(
		chromedp.EmulateViewport(narrow, 800, chromedp.EmulateTouch),
		chromedp.Navigate(p.site.URL+"/playground/"),
	)
	tab.UntilText(editor, "query Card")
	tab.choose(0)
	tab.UntilText(result, "Velázquez")
	const moved = `document.querySelector(".graphiql-main").scrollTop`
	tab.Until("the answer should be in view", moved+" > 0")
	before := Evaluate[float64](tab, moved)
	place := Evaluate[[]float64](tab, `(() => {
		const box = document.querySelector(".graphiql-response").getBoundingClientRect();
		return [box.left + box.width / 2, box.top + 100];
	})()`)
	move(tab, place[0], place[1])
	tab.Until("the page should have moved up", moved+" < "+jsonText(t, before-20))
	require.Empty(t, tab.Problems())
}

func (p playground) tokenIsKeptNowhere(t *testing.T) {
	const secret = "Bearer secret-of-the-reader"
	tab := p.openAt(t, wide)
	tab.typeHeader("Authorization", secret)
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
	tab.UntilText(result, "Velázquez")
	before := len(p.site.asked("Night"))
	tab.choose(exampleOf(t, "query Night"))
	tab.UntilText(editor, "query Night")
	require.Eventually(t, func() bool { return len(p.site.asked("Night")) > before }, patience, 20*time.Millisecond)
	require.Equal(t, secret, p.site.asked("Night")[before].Authorization)

	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-add")))
	tab.Until("there should be a third tab", `document.querySelectorAll("[role=tab]").length === 3`)
	tab.UntilText(toolEditor, "secret-of-the-reader")

	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show History"]`)))
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-history-item-label")))
	tab.UntilText(editor, "query Night")
	tab.UntilText(toolEditor, "secret-of-the-reader")

	tab.Until("the third tab should be stored", storedTabs+`.length === 3 && `+storedTabs+`[2].query.includes("query Night")`)
	require.NotContains(t, Evaluate[string](tab, "JSON.stringify([{...localStorage}, {...sessionStorage}])"),
		"secret-of-the-reader")
	require.Empty(t, tab.Problems())
}

func (p playground) refusedSubscriptionEnds(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.typeHeader("Authorization", revoked)
	tab.choose(exampleOf(t, "subscription News"))
	tab.UntilText(editor, "subscription News")
	before := p.site.timesRefused()
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
	tab.UntilText(result, refusal)
	tab.Until("nothing should run any more", `document.querySelector(".graphiql-execute-button[aria-label^=Execute]")`)

	// Another reader's page, which is to call again, does so later than this one would have.
	other := p.openAt(t, wide)
	other.typeHeader("Authorization", dropped)
	other.choose(exampleOf(t, "subscription News"))
	other.UntilText(editor, "subscription News")
	other.Do(chromedp.Click(chromedp.CSS(runButton)))
	other.UntilText(result, "report 1")
	require.Equal(t, before+1, p.site.timesRefused(), "a token that was refused is refused again")
	require.NotContains(t, tab.answer(), "stack")
}

func (p playground) subscriptionCallsAgain(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.choose(exampleOf(t, "subscription News"))
	tab.UntilText(editor, "subscription News")
	p.site.setAway(true)
	before := p.site.called()
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
	tab.UntilText(result, "Calling again")
	require.Eventually(t, func() bool { return p.site.called() >= before+2 }, patience, 20*time.Millisecond)
	p.site.setAway(false)
	tab.UntilText(result, "report 1")
	require.NotContains(t, tab.answer(), "Calling again")
}

func (p playground) subscriptionGoesOn(t *testing.T) {
	for how, followed := range map[string]struct {
		question  string
		variables string
	}{
		"from now on":                        {"subscription Follow { revisions { number reason } }", ""},
		"after a number":                     {"subscription Follow { revisions(after: 2) { number reason } }", ""},
		"after a number among the variables": {"subscription Follow($n: Int) { revisions(after: $n) { number reason } }", `{"n": 2}`},
		"under other names":                  {"subscription Follow { news: revisions { is: number reason } }", ""},
	} {
		t.Run(how, func(t *testing.T) {
			tab := p.follow(t, followed.question, followed.variables)
			p.interrupt(t, tab, 5)
			tab.UntilText(result, "report 5")
			for _, once := range []string{"report 5", "report 4", "report 3", `"received": 3`} {
				require.Equal(t, 1, strings.Count(tab.answer(), once), "%s in %s", once, tab.answer())
			}
			require.NotContains(t, tab.answer(), "connection")
		})
	}
}

func (p playground) silentSubscriptionCallsAgain(t *testing.T) {
	tab := p.follow(t, "subscription Follow { revisions { number reason } }", "")
	p.site.silence()
	p.site.setRevisions(4)
	tab.UntilText(result, "report 4")
	require.Equal(t, 1, strings.Count(tab.answer(), "report 3"))
}

// follow subscribes, as Follow, where there are two revisions, and waits for the third.
func (p playground) follow(t *testing.T, question, variables string) *Tab {
	t.Helper()
	p.site.setRevisions(2)
	tab := p.openAt(t, wide)
	tab.write("Follow", question)
	tab.typeVariables(variables)
	before := len(p.site.asked("Follow"))
	tab.run()
	p.askedAgain(t, before)
	p.site.setRevisions(3)
	tab.UntilText(result, "report 3")
	return tab
}

// askedAgain waits until Follow was asked more often than before.
func (p playground) askedAgain(t *testing.T, before int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(p.site.asked("Follow")) > before }, patience, 20*time.Millisecond)
}

func (p playground) subscriptionTellsOfGap(t *testing.T) {
	tab := p.follow(t, "subscription Follow { revisions { reason } }", "")
	before := len(p.site.asked("Follow"))
	p.interrupt(t, tab, 5)
	tab.UntilText(result, "may be missing")
	p.askedAgain(t, before)
	p.site.setRevisions(6)
	tab.UntilText(result, "report 6")
	require.NotContains(t, tab.answer(), "report 5")
	require.Less(t, strings.Index(tab.answer(), "report 6"), strings.Index(tab.answer(), "may be missing"))
	require.Less(t, strings.Index(tab.answer(), "may be missing"), strings.Index(tab.answer(), "report 3"))
}

// interrupt cuts a page off while revisions are written.
func (p playground) interrupt(t *testing.T, tab *Tab, revisions int) {
	t.Helper()
	p.site.setAway(true)
	p.site.cut()
	tab.UntilText(result, "Calling again")
	p.site.setRevisions(revisions)
	p.site.setAway(false)
	tab.Until("the page should have called again",
		`!document.querySelector("`+result+`").textContent.replaceAll("\u00a0", " ").includes("Calling again")`)
}

func (p playground) subscriptionShowsNewestFirst(t *testing.T) {
	p.site.setRevisions(130)
	tab := p.openAt(t, wide)
	tab.choose(exampleOf(t, "subscription News"))
	tab.UntilText(editor, "subscription News")
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
	tab.UntilText(result, `"received": 130`)
	p.site.setRevisions(2)
	lines := tab.answer()
	require.Contains(t, lines, "report 130")
	require.Contains(t, lines, "report 129")
	require.Less(t, strings.Index(lines, "report 130"), strings.Index(lines, "report 129"))
	require.Empty(t, tab.Problems())
}

func (p playground) editedTabComesBack(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.goInto("Query")
	tab.Do(chromedp.KeyEvent("#edited"))
	tab.Until("the edited tab should be stored", storedTabs+`[0].query.includes("#edited")`)
	tab.Do(chromedp.Reload())
	tab.UntilText(editor, "query Card")
	tab.UntilText(editor, "#edited")
	tab.UntilText(".graphiql-editor-tool .view-lines", `"abarca"`)
	require.Equal(t, 1, Evaluate[int](tab, "document.querySelectorAll('[role=tab]').length"))
	require.Empty(t, tab.Problems())
}

func (p playground) tabLeavesEditors(t *testing.T) {
	tab := p.openAt(t, wide)
	require.Equal(t, []string{"Query", "Variables", "Headers", "Answer"}, Evaluate[[]string](tab,
		`[...document.querySelectorAll(".monaco-editor textarea.inputarea")].map(e => e.ariaLabel)`))
	tab.goInto("Query")
	before := Evaluate[string](tab, `document.querySelector(".graphiql-query-editor .view-line").textContent`)
	tab.Do(chromedp.KeyEvent(kb.Tab))
	tab.Until("Tab should move on", `document.activeElement.ariaLabel !== "Query"`)
	require.Equal(t, before, Evaluate[string](tab, `document.querySelector(".graphiql-query-editor .view-line").textContent`))
	tab.UntilText(".run-hint", "indents after")
	require.Empty(t, tab.Problems())
}

func (p playground) closedDialogGivesFocusBack(t *testing.T) {
	tab := p.openAt(t, wide)
	for _, button := range []string{"Open short keys dialog", "Open settings dialog"} {
		tab.Do(
			chromedp.Focus(chromedp.CSS(`button[aria-label="`+button+`"]`)),
			chromedp.KeyEvent(kb.Enter),
		)
		tab.Until("the dialog should be open", `document.querySelector(".graphiql-dialog")`)
		tab.Do(chromedp.KeyEvent(kb.Escape))
		tab.Until("the dialog should be closed", `!document.querySelector(".graphiql-dialog")`)
		tab.Until(button+" should have the focus", `document.activeElement.ariaLabel === `+jsonText(t, button))
	}
	require.Empty(t, tab.Problems())
}

func (p playground) focusIsMarked(t *testing.T) {
	tab := p.openAt(t, wide)
	for _, part := range []string{
		`button[aria-label="Open settings dialog"]`, ".graphiql-tab-add", runButton,
		".graphiql-toolbar-button", headersButton, ".graphiql-editor", ".result-window",
	} {
		// Only what the keyboard gives the focus counts as visible.
		tab.Do(chromedp.KeyEvent(kb.Shift), chromedp.Focus(chromedp.CSS(part)))
		require.Equal(t, "rgb(122, 31, 61) solid 2px", Evaluate[string](tab, `(() => {
			const style = getComputedStyle(document.activeElement);
			return [style.outlineColor, style.outlineStyle, style.outlineWidth].join(" ");
		})()`), part)
	}
}

func (p playground) unsendableHeaderIsTold(t *testing.T) {
	for _, header := range [][2]string{{"Authorization", "Bearer “secret”"}, {"Señal", "1"}} {
		tab := p.openAt(t, wide)
		tab.typeHeader(header[0], header[1])
		tab.Do(chromedp.Click(chromedp.CSS(runButton)))
		tab.UntilText(result, "Not sent")
		require.NotContains(t, tab.answer(), "serve")
		require.NotContains(t, tab.answer(), "stack")
	}
}

func (p playground) proposalsFitNarrowScreen(t *testing.T) {
	tab := p.openAt(t, narrow)
	tab.proposeEntity()
	tab.Until("all of the first proposal should be seen", `(() => {
		const word = document.querySelector(".suggest-widget .monaco-list-row .label-name");
		const box = word.getBoundingClientRect();
		return [box.left + 1, box.right - 1].every(
			x => word.contains(document.elementFromPoint(x, box.top + box.height / 2)));
	})()`)
	require.Empty(t, tab.Problems())
}

func (p playground) searchIsWholeAndHidesNothing(t *testing.T) {
	for _, width := range []int64{320, wide} {
		tab := p.openAt(t, width)
		tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
		tab.UntilText(".graphiql-doc-explorer", "The part of the API")
		require.Empty(t, Evaluate[string](tab, `document.fonts.ready.then(() => {
			const box = document.querySelector(".graphiql-doc-explorer-search input");
			const style = getComputedStyle(box);
			const pen = document.createElement("canvas").getContext("2d");
			pen.font = [style.fontWeight, style.fontSize, style.fontFamily].join(" ");
			const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
			const needed = pen.measureText(box.placeholder).width;
			return needed <= room ? "" : needed + " pixels of hint in " + room;
		})`))
		const titleIsClear = `(() => {
			const title = document.querySelector(".graphiql-doc-explorer-title").getBoundingClientRect();
			const search = document.querySelector(".graphiql-doc-explorer-search").getBoundingClientRect();
			const words = document.createRange();
			words.selectNodeContents(document.querySelector(".graphiql-doc-explorer-title").firstChild);
			return title.top >= search.bottom || words.getBoundingClientRect().right <= search.left;
		})()`
		require.True(t, Evaluate[bool](tab, titleIsClear), "the search lies over the first title")
		tab.Do(chromedp.Click(chromedp.CSS(".graphiql-doc-explorer-type-name")))
		tab.UntilText(".graphiql-doc-explorer", "One entity by its id.")
		tab.Do(chromedp.Evaluate[chromedp.Void](
			`document.querySelector(".graphiql-doc-explorer-title").firstChild.data = "AVeryLongNameOfType"`))
		require.True(t, Evaluate[bool](tab, titleIsClear), "the search lies over the title of a type")
	}
}

func (p playground) settingsFitNarrowScreen(t *testing.T) {
	tab := p.openAt(t, narrow)
	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Open settings dialog"]`)))
	tab.Until("the dialog should be open", `document.querySelector(".graphiql-dialog")`)
	require.Empty(t, Evaluate[[]string](tab, `(() => {
		const dialog = document.querySelector(".graphiql-dialog").getBoundingClientRect();
		return [...document.querySelectorAll(".graphiql-dialog button")]
			.filter(e => e.getBoundingClientRect().right > dialog.right).map(e => e.textContent);
	})()`))
}

func (p playground) pageTellsOfMissingJavaScript(t *testing.T) {
	tab := p.chromium.NewTab(t)
	_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	tab.Do(chromedp.Navigate(p.site.URL + "/playground/"))
	require.Less(t, Evaluate[float64](tab, `document.querySelector("noscript").getBoundingClientRect().top`), 100.0)
}

// reduceMotion has the tab ask pages for a colour scheme and for no movement.
func (tab *Tab) reduceMotion(scheme string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			// A page in the middle of a transition has colours that it never shows at rest.
			{Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	require.NoError(tab.t, err)
}

// choose clicks the example question at a place, from 0.
func (tab *Tab) choose(example int) {
	tab.t.Helper()
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".examples-item")[` +
		jsonText(tab.t, example) + `].click()`))
}

// proposeEntity begins to ask for an entity in a new tab, until the editor proposes
// how to go on. It types once the new tab is there, and asks for proposals where the
// editor had not read the schema yet when it could have made them by itself.
func (tab *Tab) proposeEntity() {
	tab.t.Helper()
	tab.openEmpty()
	tab.Do(
		chromedp.Click(chromedp.CSS(editor)),
		chromedp.KeyEvent("{ enti"),
	)
	tab.UntilText(editor, "{ enti")
	const proposals = ".suggest-widget .monaco-list-row"
	for range 10 {
		if Evaluate[bool](tab, `new Promise((done) => {
			const look = (left) => document.querySelector(`+quote(tab.t, proposals)+`) || left === 0
				? done(left > 0) : setTimeout(look, 100, left - 1);
			look(30);
		})`) {
			break
		}
		tab.Do(chromedp.KeyEvent(" ", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	}
	tab.UntilText(proposals, "entity")
}

// openEmpty opens one more tab of the playground.
func (tab *Tab) openEmpty() {
	tab.t.Helper()
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-add")))
	tab.Until("the new tab should be empty",
		`document.querySelector(`+quote(tab.t, editor)+`)?.textContent.trim() === ""`)
}

// goInto puts the cursor into the editor with a name. It does so by the keyboard: the editor draws its
// lines anew while a click looks for one.
func (tab *Tab) goInto(name string) {
	tab.t.Helper()
	tab.Do(
		chromedp.Focus(chromedp.CSS(`.graphiql-editor[aria-label^="`+name+`:"]`)),
		chromedp.KeyEvent(kb.Enter),
	)
	tab.Until("Enter should go into the editor", `document.activeElement.ariaLabel === "`+name+`"`)
}

// insert writes a text where the cursor is.
func (tab *Tab) insert(text string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, input.InsertText, input.InsertTextParams{Text: text})
	require.NoError(tab.t, err)
}

// typeVariables writes the variables of the open tab's question.
func (tab *Tab) typeVariables(variables string) {
	tab.t.Helper()
	if variables == "" {
		return
	}
	tab.goInto("Variables")
	tab.insert(variables)
	tab.UntilText(toolEditor, variables)
}

// typeHeader writes one header under Headers, as a reader does.
func (tab *Tab) typeHeader(name, value string) {
	tab.t.Helper()
	tab.Do(chromedp.Click(chromedp.CSS(headersButton)))
	tab.goInto("Headers")
	tab.insert(jsonText(tab.t, map[string]string{name: value}))
	tab.UntilText(toolEditor, name)
}

// answer gives the lines of the answer that are on the screen, in their order.
func (tab *Tab) answer() string {
	tab.t.Helper()
	return Evaluate[string](tab, `[...document.querySelectorAll("`+result+` .view-line")]
		.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
		.map(e => e.textContent.replaceAll("\u00a0", " ")).join("\n")`)
}

// wheel turns a mouse wheel upwards over a place.
func (tab *Tab) wheel(x, y float64) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		// A zero would be left out, which Chromium refuses.
		Type: input.DispatchMouseEventTypeMouseWheel, X: x, Y: y, DeltaX: 1, DeltaY: -120,
	})
	require.NoError(tab.t, err)
}

// swipe moves a finger downwards from a place, which shows what lies above.
func (tab *Tab) swipe(x, y float64) {
	tab.t.Helper()
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		_, err := chromedp.Call(tab.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
		require.NoError(tab.t, err)
	}
	touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y})
	for range 10 {
		y += 15
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: x, Y: y})
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
}
