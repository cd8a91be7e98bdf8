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
	headersEditor = `.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines`
	runButton     = ".graphiql-execute-button"
)

// TestReaders uses the playground as people do whose screen is narrow, who have a token, who follow
// what is new, or who have no mouse.
func TestReaders(t *testing.T) {
	chromium := StartChromium(t)
	site := newSite(t)
	chromium.Allow(site.host(t))

	openAt := func(t *testing.T, width int64) *Tab {
		t.Helper()
		tab := chromium.NewTab(t)
		tab.reduceMotion("light")
		tab.Do(
			chromedp.EmulateViewport(width, 800),
			chromedp.Navigate(site.URL+"/playground/"),
		)
		tab.UntilText(editor, "query Card")
		return tab
	}
	open := func(t *testing.T) *Tab {
		t.Helper()
		return openAt(t, 1440)
	}
	news := exampleOf(t, "subscription News")

	t.Run("on a narrow screen the parts stand below one another", func(t *testing.T) {
		tab := openAt(t, 360)
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
	})

	t.Run("on a narrow screen the chosen tab and the answer come into view", func(t *testing.T) {
		tab := openAt(t, 360)
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
	})

	for how, move := range map[string]func(*Tab, float64, float64){"wheel": (*Tab).wheel, "swipe": (*Tab).swipe} {
		t.Run("a "+how+" over an editor moves the page where the editor ends", func(t *testing.T) {
			tab := chromium.NewTab(t)
			tab.reduceMotion("light")
			tab.Do(
				chromedp.EmulateViewport(360, 800, chromedp.EmulateTouch),
				chromedp.Navigate(site.URL+"/playground/"),
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
		})
	}

	t.Run("a token goes with the reader and is kept nowhere", func(t *testing.T) {
		const secret = "Bearer secret-of-the-reader"
		tab := open(t)
		tab.typeHeader("Authorization", secret)
		tab.Do(chromedp.Click(chromedp.CSS(runButton)))
		tab.UntilText(result, "Velázquez")
		before := len(site.asked("Night"))
		tab.choose(exampleOf(t, "query Night"))
		tab.UntilText(editor, "query Night")
		require.Eventually(t, func() bool { return len(site.asked("Night")) > before }, patience, 20*time.Millisecond)
		require.Equal(t, secret, site.asked("Night")[before].Authorization)

		tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-add")))
		tab.Until("there should be a third tab", `document.querySelectorAll("[role=tab]").length === 3`)
		tab.UntilText(headersEditor, "secret-of-the-reader")

		tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show History"]`)))
		tab.Do(chromedp.Click(chromedp.CSS(".graphiql-history-item-label")))
		tab.UntilText(editor, "query Night")
		tab.UntilText(headersEditor, "secret-of-the-reader")

		time.Sleep(time.Second) // GraphiQL stores what has changed half a second later.
		require.Contains(t, Evaluate[string](tab, "JSON.stringify({...localStorage})"), "query Night")
		require.NotContains(t, Evaluate[string](tab, "JSON.stringify([{...localStorage}, {...sessionStorage}])"),
			"secret-of-the-reader")
		require.Empty(t, tab.Problems())
	})

	t.Run("a refused subscription ends at once and says why", func(t *testing.T) {
		tab := open(t)
		tab.typeHeader("Authorization", revoked)
		tab.choose(news)
		tab.UntilText(editor, "subscription News")
		before := site.called()
		tab.Do(chromedp.Click(chromedp.CSS(runButton)))
		tab.UntilText(result, refusal)
		tab.Until("nothing should run any more", `document.querySelector(".graphiql-execute-button[aria-label^=Execute]")`)
		time.Sleep(3 * time.Second)
		require.Equal(t, before+1, site.called(), "a token that was refused is refused again")
		require.NotContains(t, tab.answer(), "stack")
	})

	t.Run("a subscription calls again until the server is back", func(t *testing.T) {
		tab := open(t)
		tab.choose(news)
		tab.UntilText(editor, "subscription News")
		site.setAway(true)
		before := site.called()
		tab.Do(chromedp.Click(chromedp.CSS(runButton)))
		tab.UntilText(result, "Calling again")
		require.Eventually(t, func() bool { return site.called() >= before+2 }, patience, 20*time.Millisecond)
		site.setAway(false)
		tab.UntilText(result, "report 1")
		require.NotContains(t, tab.answer(), "Calling again")
	})

	t.Run("a subscription shows the last of what came, newest first", func(t *testing.T) {
		site.setRevisions(130)
		tab := open(t)
		tab.choose(news)
		tab.UntilText(editor, "subscription News")
		tab.Do(chromedp.Click(chromedp.CSS(runButton)))
		tab.UntilText(result, `"received": 130`)
		site.setRevisions(2)
		lines := tab.answer()
		require.Contains(t, lines, "report 130")
		require.Contains(t, lines, "report 129")
		require.Less(t, strings.Index(lines, "report 130"), strings.Index(lines, "report 129"))
		require.Empty(t, tab.Problems())
	})

	t.Run("an edited tab comes back as it was left", func(t *testing.T) {
		tab := open(t)
		tab.Do(
			chromedp.Click(chromedp.CSS(editor)),
			chromedp.KeyEvent("#"),
		)
		time.Sleep(1500 * time.Millisecond) // GraphiQL stores what has changed after a while.
		tab.Do(chromedp.Reload())
		tab.UntilText(editor, "query Card")
		tab.UntilText(".graphiql-editor-tool .view-lines", `"abarca"`)
		require.Equal(t, 1, Evaluate[int](tab, "document.querySelectorAll('[role=tab]').length"))
		require.Empty(t, tab.Problems())
	})

	t.Run("Tab leaves an editor, and each has a name", func(t *testing.T) {
		tab := open(t)
		require.Equal(t, []string{"Query", "Variables", "Headers", "Answer"}, Evaluate[[]string](tab,
			`[...document.querySelectorAll(".monaco-editor textarea.inputarea")].map(e => e.ariaLabel)`))
		tab.Do(
			chromedp.Focus(chromedp.CSS(".graphiql-query-editor .graphiql-editor")),
			chromedp.KeyEvent(kb.Enter),
		)
		tab.Until("Enter should go into the editor", `document.activeElement.ariaLabel === "Query"`)
		before := Evaluate[string](tab, `document.querySelector(".graphiql-query-editor .view-line").textContent`)
		tab.Do(chromedp.KeyEvent(kb.Tab))
		tab.Until("Tab should move on", `document.activeElement.ariaLabel !== "Query"`)
		require.Equal(t, before, Evaluate[string](tab, `document.querySelector(".graphiql-query-editor .view-line").textContent`))
		tab.UntilText(".run-hint", "indents after")
		require.Empty(t, tab.Problems())
	})

	t.Run("a closed dialog gives the focus back", func(t *testing.T) {
		tab := open(t)
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
	})

	t.Run("what has the focus is marked", func(t *testing.T) {
		tab := open(t)
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
	})

	t.Run("a header that cannot be sent is not told as a server that is away", func(t *testing.T) {
		for _, header := range [][2]string{{"Authorization", "Bearer “secret”"}, {"Señal", "1"}} {
			tab := open(t)
			tab.typeHeader(header[0], header[1])
			tab.Do(chromedp.Click(chromedp.CSS(runButton)))
			tab.UntilText(result, "Not sent")
			require.NotContains(t, tab.answer(), "serve")
			require.NotContains(t, tab.answer(), "stack")
		}
	})

	t.Run("what the editor proposes fits a narrow screen", func(t *testing.T) {
		tab := openAt(t, 360)
		tab.proposeEntity()
		tab.Until("all of the first proposal should be seen", `(() => {
			const word = document.querySelector(".suggest-widget .monaco-list-row .label-name");
			const box = word.getBoundingClientRect();
			return [box.left + 1, box.right - 1].every(
				x => word.contains(document.elementFromPoint(x, box.top + box.height / 2)));
		})()`)
		require.Empty(t, tab.Problems())
	})

	t.Run("the settings fit a narrow screen", func(t *testing.T) {
		tab := openAt(t, 360)
		tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Open settings dialog"]`)))
		tab.Until("the dialog should be open", `document.querySelector(".graphiql-dialog")`)
		require.Empty(t, Evaluate[[]string](tab, `(() => {
			const dialog = document.querySelector(".graphiql-dialog").getBoundingClientRect();
			return [...document.querySelectorAll(".graphiql-dialog button")]
				.filter(e => e.getBoundingClientRect().right > dialog.right).map(e => e.textContent);
		})()`))
	})

	t.Run("without JavaScript the page says so on its first screen", func(t *testing.T) {
		tab := chromium.NewTab(t)
		_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		require.NoError(t, err)
		tab.Do(chromedp.Navigate(site.URL + "/playground/"))
		require.Less(t, Evaluate[float64](tab, `document.querySelector("noscript").getBoundingClientRect().top`), 100.0)
	})

	require.Equal(t, []string{site.host(t)}, chromium.Hosts(), "nothing may be asked of another machine")
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
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-add")))
	tab.Until("the new tab should be empty",
		`document.querySelector(`+quote(tab.t, editor)+`)?.textContent.trim() === ""`)
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

// typeHeader writes one header under Headers, as a reader does.
func (tab *Tab) typeHeader(name, value string) {
	tab.t.Helper()
	tab.Do(
		chromedp.Click(chromedp.CSS(headersButton)),
		chromedp.Click(chromedp.CSS(headersEditor)),
	)
	_, err := chromedp.Call(tab.ctx, input.InsertText,
		input.InsertTextParams{Text: jsonText(tab.t, map[string]string{name: value})})
	require.NoError(tab.t, err)
	tab.UntilText(headersEditor, name)
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
