package access

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access/oidctest"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func newAuthenticator(t *testing.T, c Config) *Authenticator {
	t.Helper()
	a, err := New(c)
	require.NoError(t, err)
	return a
}

// request is one from this machine for this machine, changed as a test wants.
func request(change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:8080/graphql", nil)
	r.RemoteAddr = "127.0.0.1:50000"
	if change != nil {
		change(r)
	}
	return r
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

// serve says who makes a request, or why they are refused; who is nil then.
func serve(t *testing.T, a *Authenticator, r *http.Request) (who *Identity, refused *Refusal) {
	t.Helper()
	i, err := a.Authenticate(r)
	if err == nil {
		return &i, nil
	}
	require.ErrorAs(t, err, &refused)
	require.Zero(t, i)
	return nil, refused
}

func TestOwnerIsWhoSitsAtTheMachine(t *testing.T) {
	a := newAuthenticator(t, Config{LoopbackOwner: true, OwnerName: "Ana", Origins: []string{"http://localhost:5173"}})
	both := func(changes ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, change := range changes {
				change(r)
			}
		}
	}
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	from := func(a string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = a } }
	for name, change := range map[string]func(*http.Request){
		"plain":               nil,
		"127.0.0.1":           host("127.0.0.1:8080"),
		"without a port":      host("localhost"),
		"capitals":            host("LOCALHOST:8080"),
		"IPv6":                both(from("[::1]:50000"), host("[::1]:8080")),
		"IPv6 without a port": both(from("[::1]:50000"), host("[::1]")),
		"IPv4 in IPv6":        from("[::ffff:127.0.0.1]:50000"),
		"127.8.8.8":           both(from("127.8.8.8:1"), host("127.8.8.8:8080")),
		"own page":            header("Origin", "http://localhost:8080"),
		"allowed page":        header("Origin", "http://localhost:5173"),
		"own page, fetch":     header("Sec-Fetch-Site", "same-origin"),
		"typed in":            header("Sec-Fetch-Site", "none"),
		"a link followed": func(r *http.Request) {
			r.Method = http.MethodGet
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		},
	} {
		who, _ := serve(t, a, request(change))
		require.NotNil(t, who, name)
		require.Equal(t, Owner("Ana"), *who, name)
	}
	for name, change := range map[string]func(*http.Request){
		"another machine":            from("192.168.1.7:50000"),
		"another, IPv6":              from("[2001:db8::7]:50000"),
		"no address":                 from("@"),
		"DNS rebinding":              host("evil.example:8080"),
		"rebinding, name in name":    host("localhost.evil.example"),
		"rebinding, number in name":  host("127.0.0.1.evil.example"),
		"any address":                host("0.0.0.0:8080"),
		"no host":                    host(""),
		"X-Forwarded-For":            header("X-Forwarded-For", "127.0.0.1"),
		"X-Forwarded-Host":           header("X-Forwarded-Host", "localhost"),
		"X-Forwarded-Anything":       header("X-Forwarded-Anything", ""),
		"Forwarded":                  header("Forwarded", "for=127.0.0.1"),
		"Via":                        header("Via", "1.1 proxy"),
		"X-Real-IP":                  header("X-Real-IP", "127.0.0.1"),
		"CF-Connecting-IP":           header("CF-Connecting-IP", "127.0.0.1"),
		"HTTP/1.0, as a proxy":       func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0 },
		"a page on the web":          header("Origin", "https://evil.example"),
		"a page of no origin":        header("Origin", "null"),
		"a page at another port":     header("Origin", "http://localhost:8888"),
		"two origins":                header("Origin", "http://localhost:8080", "https://evil.example"),
		"an extension":               header("Origin", "chrome-extension://abc"),
		"fetched by a page":          header("Sec-Fetch-Site", "cross-site"),
		"a form posted by a page":    both(header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "navigate")),
		"a token that opens nothing": header("Authorization", "Bearer x"),
	} {
		who, refused := serve(t, a, request(change))
		require.Nil(t, who, name)
		require.Equal(t, http.StatusUnauthorized, refused.Status, name)
		require.Equal(t, evidence.Forbidden, refused.Code, name)
	}
}

func TestBearerInTheHeaderAlone(t *testing.T) {
	tokens, _, _ := newTokens(t)
	secret, token := create(t, tokens, "María", Editor, evidence.Restricted, time.Time{})
	var log bytes.Buffer
	a := newAuthenticator(t, Config{Tokens: tokens, LoopbackOwner: true, Anonymous: true, Log: zerolog.New(&log)})

	for name, value := range map[string]string{"as it is": "Bearer " + secret, "other case": "bearer " + secret, "spaces": "Bearer   " + secret + " "} {
		who, _ := serve(t, a, request(header("Authorization", value)))
		require.NotNil(t, who, name)
		require.Equal(t, token.Identity(), *who, "%s: a token counts for what it is, on loopback too", name)
	}
	forged := secret[:len(secret)-1] + "!"
	unknown, _ := newSecret()
	_, err := tokens.Revoke(t.Context(), owner, token.ID)
	require.NoError(t, err)
	var messages []string
	for name, change := range map[string]func(*http.Request){
		"forged":         header("Authorization", "Bearer "+forged),
		"unknown":        header("Authorization", "Bearer "+unknown),
		"revoked":        header("Authorization", "Bearer "+secret),
		"a JWT":          header("Authorization", "Bearer a.b.c"),
		"no scheme":      header("Authorization", secret),
		"basic":          header("Authorization", "Basic "+secret),
		"empty":          header("Authorization", ""),
		"Bearer alone":   header("Authorization", "Bearer"),
		"two":            header("Authorization", "Bearer "+secret, "Bearer "+secret),
		"as long as one": header("Authorization", "Bearer "+strings.Repeat("a", maxCredentials)),
	} {
		who, refused := serve(t, a, request(change))
		require.Nil(t, who, "%s is not overlooked, neither for the owner nor for an anonymous reader", name)
		require.Equal(t, http.StatusUnauthorized, refused.Status, name)
		require.Equal(t, `Bearer realm="vinculo", error="invalid_token"`, refused.Challenge(), name)
		require.Equal(t, evidence.Forbidden, refused.Code, name)
		messages = append(messages, refused.Message)
	}
	for _, m := range messages {
		require.Equal(t, messages[0], m, "all are told the same")
	}
	require.Contains(t, log.String(), "revoked")
	require.Contains(t, log.String(), token.ID)
	for _, s := range []string{secret, unknown, forged} {
		require.NotContains(t, log.String(), s[len(secretPrefix)+tokenIDLength+1:][:12], "no secret is in the log")
	}
}

func TestTokenInAnAddressIsRefused(t *testing.T) {
	tokens, _, _ := newTokens(t)
	a := newAuthenticator(t, Config{Tokens: tokens, LoopbackOwner: true, Anonymous: true})
	secret, _ := newSecret()
	const ofProvider = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmVk"
	for _, query := range []string{
		"access_token=" + secret, "authorization=Bearer+" + secret, "Authorization=Bearer%20" + secret,
		"ACCESS_TOKEN=opaque", "token=opaque", "Bearer=opaque", "id_token=opaque", "api_key=opaque", "apikey=opaque",
		"anything=" + secret, secret, "x=1;y=" + secret, "broken=%zz&y=Bearer%20" + secret, "y=%76" + secret[1:],
		"anything=" + ofProvider, "query={__typename}&variables=" + url.QueryEscape(`{"a":"`+secret+`"}`),
	} {
		r := request(func(r *http.Request) { r.URL.RawQuery = query })
		who, refused := serve(t, a, r)
		require.Nil(t, who, query)
		require.Equal(t, http.StatusUnauthorized, refused.Status, query)
		require.Equal(t, evidence.Forbidden, refused.Code, query)
		require.Contains(t, refused.Message, "header Authorization", query)
		_, err := a.Init(r, nil)
		require.ErrorAs(t, err, &refused, "on a websocket: %s", query)
	}
	for _, query := range []string{
		"query=" + url.QueryEscape(`{search(text:"vinculo_token access_token",first:1){nodes{id}}}`),
		"query={__typename}&variables=" + url.QueryEscape(`{"token":"a.b.c"}`),
	} {
		who, _ := serve(t, a, request(func(r *http.Request) { r.URL.RawQuery = query }))
		require.NotNil(t, who, query)
	}
}

func TestStrangerIsToldToBringAToken(t *testing.T) {
	tokens, _, _ := newTokens(t)
	a := newAuthenticator(t, Config{Tokens: tokens})
	who, refused := serve(t, a, request(nil))
	require.Nil(t, who, "where tokens are in use, loopback opens nothing by itself")
	require.Equal(t, http.StatusUnauthorized, refused.Status)
	require.Equal(t, `Bearer realm="vinculo"`, refused.Challenge())
	require.Contains(t, refused.Message, "Authorization: Bearer")
}

func TestStoreThatIsDownIsNotABadToken(t *testing.T) {
	a := newAuthenticator(t, Config{Tokens: NewTokens(downShelf{}), Anonymous: true})
	secret, _ := newSecret()
	who, refused := serve(t, a, request(header("Authorization", "Bearer "+secret)))
	require.Nil(t, who)
	require.Equal(t, http.StatusServiceUnavailable, refused.Status)
	require.Equal(t, 5*time.Second, refused.RetryAfter)
	require.Empty(t, refused.Challenge())
	require.Equal(t, evidence.Unavailable, refused.Code)
}

func TestTokenOfAProviderOverHTTP(t *testing.T) {
	p, c := newProvider(t), newClock()
	tokens, _, _ := newTokens(t)
	a := newAuthenticator(t, Config{Tokens: tokens, OIDC: newOIDC(t, p.config(c)), Anonymous: true})
	who, _ := serve(t, a, request(header("Authorization", "Bearer "+p.AccessToken(t))))
	require.NotNil(t, who)
	require.Equal(t, robot, who.Name)

	claims := p.good(c)
	claims["groups"] = []string{"chess"}
	stranger := oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, claims)
	config := p.config(c)
	config.Clearances = config.Clearances[:1]
	a = newAuthenticator(t, Config{OIDC: newOIDC(t, config), Anonymous: true})
	who, refused := serve(t, a, request(header("Authorization", "Bearer "+stranger)))
	require.Nil(t, who)
	require.Equal(t, http.StatusForbidden, refused.Status)
	require.Empty(t, refused.Challenge(), "another token of theirs would not help")
}

func TestAnonymousReadingIsSmall(t *testing.T) {
	c := newClock()
	a := newAuthenticator(t, Config{Anonymous: true, AnonymousRate: 2, AnonymousBurst: 3, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	a.limiter.now = c.now
	ask := func(address string, forwarded ...string) int {
		who, refused := serve(t, a, request(func(r *http.Request) {
			r.RemoteAddr = address
			if forwarded != nil {
				r.Header["X-Forwarded-For"] = forwarded
			}
		}))
		if who != nil {
			require.True(t, who.Anonymous)
			require.Equal(t, evidence.Public, who.Clearance)
			require.Equal(t, Reader, who.Role)
			require.Empty(t, who.Name)
			require.NotEmpty(t, who.IDPrefix)
			return http.StatusOK
		}
		require.Positive(t, refused.RetryAfter)
		require.LessOrEqual(t, refused.RetryAfter, time.Second)
		require.Equal(t, evidence.LimitExceeded, refused.Code)
		return refused.Status
	}
	thrice := func(address string, forwarded ...string) {
		for range 3 {
			require.Equal(t, http.StatusOK, ask(address, forwarded...))
		}
		require.Equal(t, http.StatusTooManyRequests, ask(address, forwarded...))
	}
	thrice("203.0.113.5:1000")
	require.Equal(t, http.StatusTooManyRequests, ask("203.0.113.5:2000"), "another port is the same address")
	require.Equal(t, http.StatusTooManyRequests, ask("203.0.113.5:2000", "198.51.100.1"), "nobody chooses their own address")
	require.Equal(t, http.StatusTooManyRequests, ask("[::ffff:203.0.113.5]:1"))
	thrice("203.0.113.6:1000")
	thrice("[2001:db8:1:2::1]:1000")
	require.Equal(t, http.StatusTooManyRequests, ask("[2001:db8:1:2:ffff::9]:1000"), "a household is one")
	thrice("[2001:db8:1:3::1]:1000")

	thrice("10.0.0.1:1000", "198.51.100.9")
	thrice("10.0.0.1:1000", "198.51.100.10")
	require.Equal(t, http.StatusTooManyRequests, ask("10.0.0.2:1000", "6.6.6.6, 198.51.100.9", "10.9.9.9"), "what lies before the proxies is what counts")
	thrice("10.0.0.3:1000", "no address")

	c.advance(500 * time.Millisecond)
	require.Equal(t, http.StatusOK, ask("203.0.113.5:1000"))
	require.Equal(t, http.StatusTooManyRequests, ask("203.0.113.5:1000"))
}

func TestOperationsOnAWebsocketAreCountedWithRequests(t *testing.T) {
	c := newClock()
	tokens, _, _ := newTokens(t)
	_, token := create(t, tokens, "María", Reader, evidence.Public, time.Time{})
	a := newAuthenticator(t, Config{Tokens: tokens, Anonymous: true, AnonymousRate: 2, AnonymousBurst: 3})
	a.limiter.now = c.now
	stranger, err := a.Init(request(nil), nil)
	require.NoError(t, err)
	require.NoError(t, a.Count(request(nil), stranger))
	_, err = a.Authenticate(request(nil))
	require.NoError(t, err)
	_, refused := a.Authenticate(request(nil))
	require.ErrorIs(t, refused, ErrTooMany)
	err = a.Count(request(nil), stranger)
	require.ErrorIs(t, err, ErrTooMany)
	require.Equal(t, refused, err, "the same is said of both")
	for _, who := range []Identity{token.Identity(), Owner("Ana")} {
		require.NoError(t, a.Count(request(nil), who), "who says who they are is not counted")
	}
	c.advance(500 * time.Millisecond)
	require.NoError(t, a.Count(request(nil), stranger))
	require.Error(t, a.Count(request(nil), stranger))
}

func TestFloodOfAddressesFillsNoMemory(t *testing.T) {
	c := newClock()
	l := newLimiter(1, 2, c.now)
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	for i := range maxClients {
		require.Zero(t, l.wait(address(i)))
	}
	require.Zero(t, l.wait(address(maxClients)))
	require.Zero(t, l.wait(address(maxClients+1)))
	require.NotZero(t, l.wait(address(maxClients+2)), "those that have no place share one count")
	require.Len(t, l.clients, maxClients)
	require.Zero(t, l.wait(address(7)), "who has a place keeps it")
	require.NotZero(t, l.wait(address(7)))
	c.advance(time.Minute)
	require.Zero(t, l.wait(address(maxClients+2)))
	require.Len(t, l.clients, 1, "who has been still is forgotten")
}

// payload is what a connection_init carries.
func payload(t *testing.T, fields map[string]any) json.RawMessage {
	t.Helper()
	if fields == nil {
		return nil
	}
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return text
}

// TestPayloadOfAStrangerBuildsNothing: 32 KiB of small objects would be 1.6 MB of maps.
func TestPayloadOfAStrangerBuildsNothing(t *testing.T) {
	a := newAuthenticator(t, Config{Anonymous: true, AnonymousRate: 1e6, AnonymousBurst: 1e6})
	hostile := json.RawMessage(`{"a":[{"":0}` + strings.Repeat(`,{"":0}`, 4_500) + `]}`)
	plain := request(nil)
	spent := testing.AllocsPerRun(10, func() {
		_, err := a.Init(plain, hostile)
		require.NoError(t, err)
	})
	require.Less(t, spent, 100.0)
}

func TestAddressOfWhoAsks(t *testing.T) {
	a := newAuthenticator(t, Config{Anonymous: true, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	r := request(header("X-Forwarded-For", "198.51.100.7, 203.0.113.9"))
	r.RemoteAddr = "127.0.0.1:1"
	require.Equal(t, netip.MustParseAddr("203.0.113.9"), a.Address(r))
	r.RemoteAddr = "[2001:db8:1:2:3:4:5:6]:1"
	require.Equal(t, netip.MustParseAddr("2001:db8:1:2::"), a.Address(r), "not a proxy: who it speaks for is not believed")
}

func TestWebsocketIntroducesItself(t *testing.T) {
	tokens, _, _ := newTokens(t)
	secret, token := create(t, tokens, "María", Reader, evidence.Restricted, time.Time{})
	other, _ := create(t, tokens, "Pedro", Reader, evidence.Public, time.Time{})
	closed, open := newAuthenticator(t, Config{Tokens: tokens}), newAuthenticator(t, Config{Tokens: tokens, Anonymous: true})
	plain, withHeader := request(nil), request(header("Authorization", "Bearer "+secret))

	for name, tried := range map[string]struct {
		request *http.Request
		payload map[string]any
	}{
		"in the payload":       {plain, map[string]any{"Authorization": "Bearer " + secret, "locale": "es"}},
		"in small letters":     {plain, map[string]any{"authorization": "Bearer " + secret}},
		"in the header":        {withHeader, nil},
		"in both, alike":       {withHeader, map[string]any{"Authorization": "Bearer " + secret}},
		"in the header, empty": {withHeader, map[string]any{"locale": "es"}},
	} {
		who, err := closed.Init(tried.request, payload(t, tried.payload))
		require.NoError(t, err, name)
		require.Equal(t, token.Identity(), who, name)
	}
	for name, tried := range map[string]struct {
		request *http.Request
		payload map[string]any
	}{
		"a number":             {plain, map[string]any{"Authorization": 7}},
		"null":                 {plain, map[string]any{"Authorization": nil}},
		"empty":                {plain, map[string]any{"Authorization": ""}},
		"forged":               {plain, map[string]any{"Authorization": "Bearer " + secret + "x"}},
		"in both, not alike":   {withHeader, map[string]any{"Authorization": "Bearer " + other}},
		"twice, not alike":     {plain, map[string]any{"Authorization": "Bearer " + other, "authorization": "Bearer " + secret}},
		"header with a number": {withHeader, map[string]any{"Authorization": 7}},
	} {
		for _, a := range []*Authenticator{closed, open} {
			who, err := a.Init(tried.request, payload(t, tried.payload))
			requireRefused(t, err, causeOf(err))
			require.Zero(t, who, name)
		}
	}
	_, err := closed.Init(plain, nil)
	require.ErrorIs(t, err, ErrNoCredentials)
	for _, twice := range []string{`"Bearer x","Authorization":"Bearer `, `null,"Authorization":"Bearer `} {
		_, err = closed.Init(plain, json.RawMessage(`{"Authorization":`+twice+secret+`"}`))
		require.ErrorIs(t, err, ErrMalformed, "of two that differ, neither is taken")
	}
	_, err = closed.Init(plain, json.RawMessage(`["Bearer"]`))
	require.ErrorIs(t, err, ErrMalformed)
	who, err := open.Init(plain, json.RawMessage("{}"))
	require.NoError(t, err)
	require.True(t, who.Anonymous)
}

// causeOf gives the cause of a refusal, for those tests that take any.
func causeOf(err error) error {
	if refusal, ok := err.(*Refusal); ok { //nolint:errorlint // refusals are not wrapped
		return refusal.Cause()
	}
	return err
}

func TestServerThatLetsNobodyInDoesNotStart(t *testing.T) {
	_, err := New(Config{})
	require.ErrorContains(t, err, "nobody could come in")
	_, err = New(Config{Anonymous: true, AnonymousRate: -1})
	require.Error(t, err)
	_, err = New(Config{Anonymous: true, AnonymousBurst: -1})
	require.Error(t, err)
	newAuthenticator(t, Config{Tokens: NewTokens(model.New())})
}
