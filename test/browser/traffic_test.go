package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestTrafficIsSeen makes a page and a worker ask other machines for something, so that the
// silence which the other tests find is known to be silence and not deafness.
func TestTrafficIsSeen(t *testing.T) {
	chromium := StartChromium(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/worker.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(`fetch("https://worker.invalid/").catch(() => {})`))
			return
		}
		_, _ = w.Write([]byte(`<!doctype html><link rel="stylesheet" href="https://style.invalid/">` +
			`<img src="http://image.invalid/"><script>new Worker("/worker.js");` +
			`new WebSocket("ws://socket.invalid/")</script>`))
	}))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	chromium.Allow(address.Host)

	tab := chromium.NewTab(t)
	tab.Do(chromedp.Navigate(server.URL))
	expected := []string{address.Host, "image.invalid", "socket.invalid:80", "style.invalid:443", "worker.invalid:443"}
	slices.Sort(expected)
	require.Eventually(t, func() bool {
		return slices.Equal(expected, chromium.Hosts())
	}, patience, 50*time.Millisecond, "every one of %v should have been recorded", expected)
	require.NotEmpty(t, tab.Problems(), "refused requests are noted as problems of the page")
}
