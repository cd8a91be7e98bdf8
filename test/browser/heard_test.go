package browser_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// heard is what the page has read out to who listens to it.
const heard = ".unseen[role=status]"

// TestHeard listens to the page as a screen reader does.
func TestHeard(t *testing.T) {
	p := newPlayground(t)
	t.Run("an answer is told of in short, and not read out", p.answerIsToldInShort)
}

func (p playground) answerIsToldInShort(t *testing.T) {
	tab := p.openAt(t, wide)
	tab.Until("the answer should have its box", `document.querySelector(".result-window .monaco-editor")`)
	require.Empty(t, Evaluate[[]string](tab, `[...document.querySelectorAll("[aria-live]")]
		.filter(e => e.ariaLive !== "off" && e.querySelector(".monaco-editor") && !e.matches(".monaco-editor *")).map(e => e.className)`))
	tab.run()
	tab.UntilText(heard, "entity: 2 fields; in ")
	tab.write("Follow", "subscription Follow { revisions(after: 0) { number reason } }")
	tab.run()
	tab.UntilText(heard, "2 results so far")
	require.NotContains(t, Evaluate[string](tab, `document.querySelector("`+heard+`").textContent`), "report")
	tab.write("Refused", "query Refused { entity(id: \"abarca\") { name } }")
	tab.typeHeader("Authorization", revoked)
	tab.run()
	tab.UntilText(heard, "1 error: "+refusal)
	require.Empty(t, tab.Problems())
}
