package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// schemaComesWithToken opens the page where the schema is for those who are let in.
func (p playground) schemaComesWithToken(t *testing.T) {
	p.site.setClosed(true)
	defer p.site.setClosed(false)
	asked := func() int { return len(p.site.asked("IntrospectionQuery")) }
	before := asked()
	tab := p.openAt(t, wide)
	require.Eventually(t, func() bool { return asked() > before }, patience, 20*time.Millisecond)
	tab.Do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
	tab.UntilText(".graphiql-doc-explorer", "Error fetching schema")
	refused := asked()
	tab.typeHeader("Authorization", "Bearer good")
	require.Equal(t, refused, asked(), "a token that is half typed is one more that is wrong")
	tab.goInto("Query")
	tab.UntilText(".graphiql-doc-explorer", "The part of the API that the first example question asks for")
	require.Equal(t, refused+1, asked())
}
