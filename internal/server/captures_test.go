package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// captured has one capture, for those who are cleared for it.
type captured struct {
	is   evidence.Capture
	body func() io.Reader
	err  error
}

func (c captured) Open(_ context.Context, clearance evidence.Clearance, sum string) (evidence.Capture, io.ReadCloser, error) {
	switch {
	case sum != c.is.SHA256 || clearance < evidence.Restricted:
		return evidence.Capture{}, nil, evidence.ErrNotFound
	case c.err != nil:
		return evidence.Capture{}, nil, c.err
	}
	return c.is, io.NopCloser(c.body()), nil
}

// byToken lets in readers of two clearances.
type byToken struct{}

func (byToken) Authenticate(r *http.Request) (access.Identity, error) {
	switch r.Header.Get("Authorization") {
	case "public":
		return access.Identity{}, nil
	case "restricted":
		return access.Identity{Clearance: evidence.Restricted}, nil
	default:
		return access.Identity{}, &access.Refusal{Status: http.StatusUnauthorized, Code: evidence.Forbidden, Message: "who are you?"}
	}
}

func (b byToken) Init(r *http.Request, _ json.RawMessage) (access.Identity, error) {
	return b.Authenticate(r)
}

func (byToken) Confirm(*http.Request, access.Identity) error { return nil }

func (byToken) Count(*http.Request, access.Identity) error { return nil }

func (byToken) Address(*http.Request) netip.Addr { return netip.Addr{} }

func TestCaptures(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	page := []byte("<script>alert(1)</script>" + strings.Repeat("ñandú ", 40_000))
	whole := captured{is: evidence.Capture{SHA256: sum, MediaType: "text/html", Length: int64(len(page))}, body: func() io.Reader { return bytes.NewReader(page) }}
	web, _ := start(t, server.Config{Captures: whole, Access: byToken{}})
	at := web.URL + "/captures/"

	got := ask(t, getRequest(t, at+sum, "Authorization", "restricted"))
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, string(page), got.body)
	require.Equal(t, `attachment; filename="`+sum+`.html"`, got.header.Get("Content-Disposition"))
	require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, "text/html", got.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox; default-src 'none'"), got.header.Get("Content-Security-Policy"))

	head := getRequest(t, at+sum, "Authorization", "restricted")
	head.Method = http.MethodHead
	got = ask(t, head)
	require.Equal(t, http.StatusOK, got.status)
	require.Empty(t, got.body)

	// What a reader may not see and what is not there are one answer.
	hidden := ask(t, getRequest(t, at+sum, "Authorization", "public"))
	require.Equal(t, http.StatusNotFound, hidden.status)
	require.Equal(t, "UNKNOWN_ID", hidden.code())
	nowhere, _ := start(t, server.Config{Access: byToken{}})
	for what, r := range map[string]*http.Request{
		"no such capture":    getRequest(t, at+strings.Repeat("cd", 32), "Authorization", "public"),
		"no name":            getRequest(t, at+"x", "Authorization", "restricted"),
		"no captures at all": getRequest(t, nowhere.URL+"/captures/"+sum, "Authorization", "restricted"),
	} {
		got := ask(t, r)
		require.Equal(t, hidden.status, got.status, what)
		require.Equal(t, hidden.body, got.body, what)
		for _, header := range []http.Header{hidden.header, got.header} {
			header.Del("X-Request-Id")
			header.Del("Date")
		}
		require.Equal(t, hidden.header, got.header, what)
	}
	require.Equal(t, http.StatusUnauthorized, ask(t, getRequest(t, at+sum)).status)
	require.Equal(t, http.StatusForbidden, ask(t, getRequest(t, at+sum, "Authorization", "restricted", "Origin", "https://example.org")).status)
	post := getRequest(t, at+sum, "Authorization", "restricted")
	post.Method = http.MethodPost
	refused := ask(t, post)
	require.Equal(t, http.StatusMethodNotAllowed, refused.status)
	require.Equal(t, "GET, HEAD, OPTIONS", refused.header.Get("Allow"))
	require.Contains(t, refused.body, "GET or HEAD")
}

// TestAPageMayAskForCaptures asks what a browser asks before it lets a page of
// another origin send a token along.
func TestAPageMayAskForCaptures(t *testing.T) {
	web, _ := start(t, server.Config{Access: byToken{}, Origins: []string{"https://mapa.example"}})
	preflight := func(origin string) *answer {
		r := getRequest(t, web.URL+"/captures/"+strings.Repeat("ab", 32), "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
		r.Method = http.MethodOptions
		return ask(t, r)
	}
	got := preflight("https://mapa.example")
	require.Equal(t, http.StatusNoContent, got.status)
	require.Equal(t, "https://mapa.example", got.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "GET, HEAD", got.header.Get("Access-Control-Allow-Methods"))
	require.Contains(t, got.header.Get("Access-Control-Allow-Headers"), "Authorization")
	require.Equal(t, http.StatusForbidden, preflight("https://example.org").status)
}

func TestCaptureThatIsDamaged(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, size := range map[string]int{"short": 10, "a whole chunk": 64 << 10, "long": 300_000} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat("x", size)
			damaged := captured{is: evidence.Capture{SHA256: sum, MediaType: "no type", Length: int64(size)}, body: func() io.Reader {
				return io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("not what was captured")))
			}}
			web, _ := start(t, server.Config{Captures: damaged, Access: byToken{}})
			response, err := http.DefaultTransport.RoundTrip(getRequest(t, web.URL+"/captures/"+sum, "Authorization", "restricted"))
			if err != nil {
				return // cut off before anything was sent
			}
			defer closing(t, response.Body)
			got, err := io.ReadAll(response.Body)
			require.Error(t, err, "nobody takes it for the whole")
			require.Less(t, len(got), size)
			require.Equal(t, "application/octet-stream", response.Header.Get("Content-Type"))
		})
	}
	web, _ := start(t, server.Config{Captures: captured{is: evidence.Capture{SHA256: sum}, err: errors.New("/secret/place is gone")}, Access: byToken{}})
	got := ask(t, getRequest(t, web.URL+"/captures/"+sum, "Authorization", "restricted"))
	require.Equal(t, http.StatusInternalServerError, got.status)
	require.Equal(t, "INTERNAL", got.code())
	require.NotContains(t, got.body, "secret")
}
