package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestFocus takes away what has the focus, as the keyboard does.
func TestFocus(t *testing.T) {
	p := newPlayground(t)
	t.Run("a closed tab gives the focus to the tab that is open", p.closedTabGivesFocusOn)
	t.Run("a row that is taken out gives the focus to one beside it", p.takenOutRowGivesFocusOn)
}

// press presses Enter on what a selector finds.
func (tab *Tab) press(selector string) {
	tab.t.Helper()
	tab.Do(chromedp.Focus(chromedp.CSS(selector)), chromedp.KeyEvent(kb.Enter))
}

func (p playground) closedTabGivesFocusOn(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.write("One", "query One { entity(id: \"abarca\") { name } }")
	tab.write("Two", "query Two { entity(id: \"abarca\") { name } }")
	for _, next := range []string{"One", "Card"} { // the last has no button to close it
		tab.press(".graphiql-tab-active .graphiql-tab-close")
		tab.UntilText(editor, next)
		tab.Until("the open tab should have the focus",
			`document.activeElement.matches(".graphiql-tab-active .graphiql-tab-button") && document.activeElement.textContent === `+quote(t, next))
	}
	require.Empty(t, tab.Problems())
}

func (p playground) takenOutRowGivesFocusOn(t *testing.T) {
	tab := p.openAt(t, wide)
	for _, name := range []string{"First", "Second"} {
		tab.write(name, "query "+name+" { entity(id: \"abarca\") { name } }")
		tab.run()
		tab.Until("it should be in the history", storedHistory+`?.includes("`+name+`")`)
	}
	require.Len(t, tab.historyNames(), 2)
	const rows = `document.querySelectorAll(".graphiql-history-item").length`
	for left := 1; left >= 0; left-- {
		tab.press(`.graphiql-history-item button[aria-label^="Delete from history"]`)
		tab.Until("the row should be gone", rows+" === "+jsonText(t, left))
		tab.Until("something beside it should have the focus", `document.activeElement.closest(".graphiql-history, .graphiql-plugin, .graphiql-sidebar")`)
	}
	require.Empty(t, tab.Problems())
}
