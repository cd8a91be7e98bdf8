// Package browser_test opens the built pages in a real Chromium and looks at them as a reader
// would: what is shown, what the keyboard reaches, what is written to the console, and which
// machines are spoken to.
package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a page may take to show what is expected of it. It is long because test
// machines are slow, and costs nothing where they are not.
const patience = 60 * time.Second

// Chromium is a running browser. What its tabs ask for, in pages and in workers, goes through a
// recording proxy of this test. What the browser asks for on its own account, such as updates of
// its components, goes nowhere and is not recorded: no page can cause or prevent it.
type Chromium struct {
	ctx     context.Context
	traffic *traffic
	proxy   string
}

// StartChromium starts a browser that lives as long as the test. It uses the program that
// VINCULO_CHROMIUM names, else the first of the usual names on the path. Without one the test is
// skipped, or fails if CI=true.
func StartChromium(t *testing.T) *Chromium {
	t.Helper()
	program := findChromium()
	if program == "" {
		const missing = "no Chromium found: install it (Debian: apt-get install chromium) or name it in VINCULO_CHROMIUM"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}

	seen := &traffic{}
	proxy := httptest.NewServer(seen)
	t.Cleanup(proxy.Close)

	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // Tests in containers run as root, where the sandbox refuses to start.
		chromedp.DisableGPU,
		chromedp.WindowSize(1440, 900),
		// The discard port: nobody listens there. Tabs have a proxy of their own.
		chromedp.ProxyServer("http://127.0.0.1:9"),
		chromedp.Flag("disable-component-update", true),
		// Chromium would ask its maker about the fields of every form, on the tab's account.
		chromedp.Flag("disable-features", "AutofillServerCommunication,Translate"),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	t.Cleanup(stopBrowser)
	require.NoError(t, chromedp.Do(ctx), "starting %s", program)
	return &Chromium{ctx: ctx, traffic: seen, proxy: proxy.URL}
}

func findChromium() string {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if named := os.Getenv("VINCULO_CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

// Hosts gives every host and port that the tabs have tried to reach so far, sorted, each once.
func (c *Chromium) Hosts() []string {
	c.traffic.mu.Lock()
	defer c.traffic.mu.Unlock()
	hosts := slices.Clone(c.traffic.hosts)
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Allow lets the tabs reach one host and port; all others are refused, and still recorded.
func (c *Chromium) Allow(host string) {
	c.traffic.mu.Lock()
	defer c.traffic.mu.Unlock()
	c.traffic.allowed = append(c.traffic.allowed, host)
}

// Tab is one page, with storage of its own and a record of what went wrong in it.
type Tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// NewTab opens an empty tab that lives as long as the test.
func (c *Chromium) NewTab(t *testing.T) *Tab {
	t.Helper()
	tab := &Tab{t: t}
	ctx, closeTab := chromedp.NewContext(c.ctx,
		chromedp.WithListener(tab.note),
		chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
			p.ProxyServer = c.proxy
			// Loopback addresses go through the proxy too, or it would see nothing.
			p.ProxyBypassList = "<-loopback>"
		}))
	t.Cleanup(closeTab)
	tab.ctx = ctx
	require.NoError(t, chromedp.Do(ctx))
	return tab
}

// note keeps errors and warnings of the console, uncaught exceptions, and what the browser itself
// complains about, such as a failed request or a breach of the content policy.
func (tab *Tab) note(event any) {
	var problem string
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != "error" && e.Type != "warning" && e.Type != "assert" {
			return
		}
		problem = "console." + string(e.Type)
		for _, argument := range e.Args {
			problem += " " + string(argument.Value) + argument.Description
		}
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			problem += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != "error" && e.Entry.Level != "warning" {
			return
		}
		problem = "browser: " + e.Entry.Text + " " + e.Entry.URL
	default:
		return
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.problems = append(tab.problems, problem)
}

// Problems gives the errors and warnings noted so far.
func (tab *Tab) Problems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.problems)
}

// Do runs actions in the tab and fails the test if one of them fails or takes too long.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	require.NoError(tab.t, chromedp.Do(ctx, actions...))
}

// Evaluate runs a JavaScript expression in a tab, waits for it if it is a promise, and gives its
// value.
func Evaluate[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(tab.t, err, expression)
	return value
}

// Until waits for a JavaScript expression to become true, and says in words what was expected if
// it does not.
func (tab *Tab) Until(expected, expression string) {
	tab.t.Helper()
	require.Eventually(tab.t, func() bool {
		ctx, cancel := context.WithTimeout(tab.ctx, patience)
		defer cancel()
		// An error is an answer of "not yet": the page may be between two documents.
		held, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && held
	}, patience, 50*time.Millisecond, "%s; noted: %v", expected, tab.Problems())
}

// UntilText waits for an element that the selector finds to contain a text. The editor writes
// no-break spaces for spaces; both count as the same.
func (tab *Tab) UntilText(selector, text string) {
	tab.t.Helper()
	tab.Until(selector+" should contain "+text,
		"[...document.querySelectorAll("+quote(tab.t, selector)+")]"+
			".some(e => e.textContent.replaceAll('\\u00a0', ' ').includes("+quote(tab.t, text)+"))")
}

// quote writes a text as a JavaScript literal.
func quote(t *testing.T, text string) string {
	t.Helper()
	literal, err := json.Marshal(text)
	require.NoError(t, err)
	return string(literal)
}

// traffic is an HTTP proxy that records the host of every request and tunnel, and passes on those
// to the allowed hosts alone.
type traffic struct {
	mu      sync.Mutex
	allowed []string
	hosts   []string
}

func (p *traffic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.hosts = append(p.hosts, r.Host)
	allowed := slices.Contains(p.allowed, r.Host)
	p.mu.Unlock()
	switch {
	case !allowed:
		http.Error(w, "this test lets the browser reach its own server only", http.StatusForbidden)
	case r.Method == http.MethodConnect:
		tunnel(w, r)
	default:
		// The whole question is read before it is passed on: an answer that comes before the last
		// of it has been read would have the connection to the server closed within that answer.
		question, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(question))
		(&httputil.ReverseProxy{Rewrite: func(out *httputil.ProxyRequest) {
			out.Out.URL = out.In.URL
			out.Out.Host = out.In.Host
		}}).ServeHTTP(w, r)
	}
}

// tunnel joins the browser to the host it names, which is how a browser speaks WebSocket through a
// proxy.
func tunnel(w http.ResponseWriter, r *http.Request) {
	server, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = server.Close() }() // The end of the test either way.
	browser, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = browser.Close() }() // The end of the test either way.
	if _, err := io.WriteString(browser, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	pass := func(to io.Writer, from io.Reader) {
		// An error here is one side hanging up, which ends the tunnel like any other end.
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go pass(server, buffered)
	go pass(browser, server)
	<-done
}
