package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestTabs leaves a tab while what it asked is still under way.
func TestTabs(t *testing.T) {
	p := newPlayground(t)
	t.Run("an answer goes to the tab that asked, though another is open", p.answerWaitsForItsTab)
	t.Run("an answer comes into the tab that asked, left and opened again", p.answerComesAfterReturn)
	t.Run("an answer that nobody waits for any more goes nowhere", p.answerToClosedTabGoesNowhere)
	t.Run("a question asked anew is not answered by the old answer", p.newestQuestionIsAnswered)
	t.Run("a subscription ends with the tab that asked", p.subscriptionEndsWithItsTab)
	t.Run("a mutation under way is not sent again", p.mutationIsSentOnce)
	t.Run("a mutation that was changed under way is told not to be sent", p.changedMutationIsToldUnsent)
	t.Run("a question pasted over another is asked by its own name", p.pastedQuestionHasItsName)
}

func (p playground) answerWaitsForItsTab(t *testing.T) {
	for how, leave := range map[string]func(*Tab){
		"into a new tab":   func(tab *Tab) { tab.openEmpty() },
		"into another tab": func(tab *Tab) { tab.turnTo("Card") },
	} {
		t.Run(how, func(t *testing.T) {
			tab := p.openAt(t, wide)
			release := p.askSlowly(t, tab)
			leave(tab)
			tab.Until("nothing should run here", idle)
			tab.untilAnswered(release)
			tab.turnTo("Slow")
			tab.UntilText(result, "Slow at last")
			tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab:not(.graphiql-tab-active) .graphiql-tab-button")))
			tab.Until("another tab should be open",
				`!document.querySelector(".graphiql-tab-active").textContent.includes("Slow")`)
			tab.untilNoAnswer()
			require.Empty(t, tab.Problems())
		})
	}
}

func (p playground) answerComesAfterReturn(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.askSlowly(t, tab)
	tab.write("Quick", "query Quick { entity(id: \"abarca\") { name } }")
	tab.run()
	tab.UntilText(result, "Velázquez")
	tab.turnTo("Slow")
	tab.untilNoAnswer()
	release()
	tab.UntilText(result, "Slow at last")
	tab.turnTo("Quick")
	tab.UntilText(result, "Velázquez")
	require.Empty(t, tab.Problems())
}

func (p playground) answerToClosedTabGoesNowhere(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.askSlowly(t, tab)
	tab.Do(chromedp.Click(chromedp.CSS(".graphiql-tab-active .graphiql-tab-close")))
	tab.UntilText(editor, "query Card")
	tab.untilAnswered(release)
	require.NotContains(t, tab.answer(), "at last")
	require.Empty(t, tab.Problems())
}

func (p playground) newestQuestionIsAnswered(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.askSlowly(t, tab)
	tab.turnTo("Card")
	tab.turnTo("Slow")
	before := len(p.site.asked("Slow"))
	releaseNew := p.site.hold("Slow")
	defer releaseNew()
	tab.run()
	require.Eventually(t, func() bool { return len(p.site.asked("Slow")) > before }, patience, 20*time.Millisecond)
	tab.untilAnswered(release)
	require.NotContains(t, tab.answer(), "at last")
	require.Empty(t, tab.Problems())
}

func (p playground) subscriptionEndsWithItsTab(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.write("Follow", "subscription Follow { revisions(after: 0) { number reason } }")
	tab.run()
	tab.UntilText(result, "report 2")
	tab.openEmpty()
	require.Eventually(t, p.site.unfollowed, patience, 20*time.Millisecond,
		"who leaves the tab ends the subscription at the server")
	tab.Until("nothing should run here", idle)
	tab.untilNoAnswer()
	tab.typeQuestion("Quick", "query Quick { entity(id: \"abarca\") { name } }")
	tab.run()
	tab.UntilText(result, "Velázquez")
	tab.turnTo("Follow")
	tab.UntilText(result, "report 2")
	require.Empty(t, tab.Problems())
}

func (p playground) mutationIsSentOnce(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.mutate(t, tab)
	before := len(p.site.asked("Write"))
	tab.runByKey()
	tab.untilAnswered(release)
	tab.UntilText(result, "Write at last")
	require.NotContains(t, tab.answer(), "notSent")
	require.Len(t, p.site.asked("Write"), before)
	tab.runByKey()
	require.Eventually(t, func() bool { return len(p.site.asked("Write")) == before+1 }, patience, 20*time.Millisecond,
		"once it is answered it can be sent again")
	require.Empty(t, tab.Problems())
}

func (p playground) changedMutationIsToldUnsent(t *testing.T) {
	tab := p.openAt(t, wide)
	release := p.mutate(t, tab)
	before := len(p.site.asked("Write"))
	tab.insert(" # changed")
	tab.UntilText(editor, "changed")
	tab.runByKey()
	tab.untilAnswered(release)
	tab.UntilText(result, "notSent")
	require.Contains(t, tab.answer(), "Write at last")
	require.Len(t, p.site.asked("Write"), before)
	require.Empty(t, tab.Problems())
}

func (p playground) pastedQuestionHasItsName(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.write("Old", "query Old { entity(id: \"abarca\") { name } }")
	before := len(p.site.asked("Pasted"))
	tab.Do(
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		// In one go, as the page learns a moment after a change how the operation is called.
		chromedp.Evaluate[chromedp.Void](`(() => {
			document.execCommand("insertText", false, 'query Pasted { entity(id: "abarca") { name } }');
			document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
				{ key: "Enter", code: "Enter", keyCode: 13, ctrlKey: true, bubbles: true, cancelable: true }));
		})()`),
	)
	tab.UntilText(result, "Velázquez")
	asked := p.site.asked("Pasted")
	require.Len(t, asked, before+1)
	require.NotContains(t, asked[before].Query, "Old")
	tab.Until("what was asked should be the whole history", storedHistoryNames+` === "Pasted"`)
	require.Empty(t, tab.Problems())
}

// mutate asks a mutation in a new tab whose answer waits to be released.
func (p playground) mutate(t *testing.T, tab *Tab) (release func()) {
	t.Helper()
	before := len(p.site.asked("Write"))
	release = p.site.hold("Write")
	tab.write("Write", "mutation Write { apply }")
	tab.runByKey()
	require.Eventually(t, func() bool { return len(p.site.asked("Write")) > before }, patience, 20*time.Millisecond)
	return release
}

// runByKey asks the question in whose editor the cursor is.
func (tab *Tab) runByKey() {
	tab.t.Helper()
	tab.Do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
}

// idle holds while nothing runs in the tab that is open.
const idle = `document.querySelector(".graphiql-execute-button[aria-label^=Execute]")`

// askSlowly asks a question in a new tab whose answer waits to be released.
func (p playground) askSlowly(t *testing.T, tab *Tab) (release func()) {
	t.Helper()
	before := len(p.site.asked("Slow"))
	release = p.site.hold("Slow")
	tab.write("Slow", "query Slow { entity(id: \"abarca\") { name } }")
	tab.run()
	require.Eventually(t, func() bool { return len(p.site.asked("Slow")) > before }, patience, 20*time.Millisecond)
	return release
}

// untilAnswered releases an answer and waits until the page has it.
func (tab *Tab) untilAnswered(release func()) {
	tab.t.Helper()
	const answers = `performance.getEntriesByType("resource").filter(e => e.name.endsWith("/graphql")).length`
	before := Evaluate[int](tab, answers)
	release()
	tab.Until("the answer should have come", answers+" > "+jsonText(tab.t, before))
}

// untilNoAnswer waits until the open tab shows none. The editor draws what it is given a moment later.
func (tab *Tab) untilNoAnswer() {
	tab.t.Helper()
	tab.Until("no answer should be shown", `document.querySelector(`+quote(tab.t, result)+`).textContent.trim() === ""`)
}

// write opens one more tab and writes a question with a name into it.
func (tab *Tab) write(name, question string) {
	tab.t.Helper()
	tab.openEmpty()
	tab.typeQuestion(name, question)
}

// typeQuestion writes at the beginning of the open tab's question, until the tab has the name.
func (tab *Tab) typeQuestion(name, text string) {
	tab.t.Helper()
	tab.goInto("Query")
	tab.insert(text)
	tab.UntilText(".graphiql-tab-active", name)
}

// run asks the question of the open tab.
func (tab *Tab) run() {
	tab.t.Helper()
	tab.Do(chromedp.Click(chromedp.CSS(runButton)))
}

// turnTo opens the tab with a name.
func (tab *Tab) turnTo(name string) {
	tab.t.Helper()
	tab.Do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".graphiql-tab-button")]
		.find(e => e.textContent.includes(` + quote(tab.t, name) + `)).click()`))
	tab.UntilText(".graphiql-tab-active", name)
	tab.UntilText(editor, name)
}
