package access

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	robot    = "robot" // a client with credentials of its own
	web      = "web"   // a site that people sign in to
	audience = "vinculo"
	landing  = "http://localhost:9999/auth/callback"
)

// signingKey is one key of the provider.
type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

func newSigningKey(t *testing.T, id string) *signingKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	require.NoError(t, err)
	return &signingKey{id: id, key: key}
}

func (k *signingKey) ID() string                                  { return k.id }
func (k *signingKey) Key() any                                    { return k.key }
func (k *signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// publicKey is what the provider publishes of a key.
type publicKey struct{ *signingKey }

func (k publicKey) Key() any                           { return &k.key.PublicKey }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }

// providerStorage is the example storage of zitadel/oidc with keys that tests
// turn over, and tokens for this server that list groups.
type providerStorage struct {
	*storage.Storage

	mu        sync.Mutex
	signing   *signingKey
	published []*signingKey
	audience  []string
	claims    map[string]any
}

func (s *providerStorage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signing, nil
}

func (s *providerStorage) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []op.Key
	for _, k := range s.published {
		keys = append(keys, publicKey{k})
	}
	return keys, nil
}

// robotClient is a client whose access tokens are JWTs.
type robotClient struct{ op.Client }

func (robotClient) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

func (s *providerStorage) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	client, err := s.Storage.ClientCredentials(ctx, "sid1", secret)
	if err != nil || id != robot {
		return nil, oidc.ErrInvalidClient()
	}
	return robotClient{client}, nil
}

func (s *providerStorage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &oidc.JWTTokenRequest{Subject: id, Audience: s.audience, Scopes: scopes}, nil
}

func (s *providerStorage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims, nil
}

// provider is a real OpenID provider in this process.
type provider struct {
	*providerStorage
	issuer  string
	fetched atomic.Int64 // how often its keys were asked for
	down    atomic.Bool
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := &provider{issuer: "http://" + server.Listener.Addr().String()}
	key := newSigningKey(t, "first")
	p.providerStorage = &providerStorage{
		Storage: storage.NewStorageWithClients(storage.NewUserStore(p.issuer), map[string]*storage.Client{
			web: storage.WebClient(web, "secret", landing),
		}),
		signing: key, published: []*signingKey{key},
		audience: []string{audience},
		claims:   map[string]any{"groups": []string{"newsroom", "tennis"}},
	}
	before := slog.Default() // the example server sets it
	handler := exampleop.SetupServer(p.issuer, p.providerStorage, slog.New(slog.DiscardHandler), false)
	slog.SetDefault(before)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			p.fetched.Add(1)
		}
		if p.down.Load() {
			http.Error(w, "maintenance", http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// config trusts the provider as the tests need it.
func (p *provider) config(c *clock) OIDCConfig {
	return OIDCConfig{
		Issuer: p.issuer, Audience: audience, Now: c.now,
		Roles:      mustRules(ParseRoleRule, "groups=newsroom:editor", "groups=readers:reader", "sub=id1:contributor"),
		Clearances: mustRules(ParseClearanceRule, "groups=newsroom:RESTRICTED", "sub=*:PUBLIC"),
	}
}

func mustRules[R any](parse func(string) (R, error), rules ...string) []R {
	var parsed []R
	for _, rule := range rules {
		r, err := parse(rule)
		if err != nil {
			panic(err)
		}
		parsed = append(parsed, r)
	}
	return parsed
}

// turnOver makes the provider sign with a new key. Old ones stay published where
// they are given.
func (p *provider) turnOver(key *signingKey, others ...*signingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signing, p.published = key, append([]*signingKey{key}, others...)
}

// accessToken asks the provider for a token as the robot.
func (p *provider) accessToken(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(robot, "verysecret")
	return tokenIn(t, http.DefaultClient, request, "access_token")
}

func tokenIn(t *testing.T, client *http.Client, request *http.Request, field string) string {
	t.Helper()
	response, err := client.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	var tokens map[string]any
	require.NoError(t, json.Unmarshal(body, &tokens))
	token, _ := tokens[field].(string)
	require.NotEmpty(t, token, string(body))
	return token
}

// idToken signs a person in at the provider's own page, as a browser would.
func (p *provider) idToken(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), landing) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	do := func(method, address string, form url.Values) (status int, at, next *url.URL) {
		request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		if form != nil {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		response, err := browser.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		next, _ = response.Location()
		return response.StatusCode, response.Request.URL, next
	}
	status, form, _ := do(http.MethodGet, p.issuer+"/auth?"+url.Values{
		"client_id": {web}, "redirect_uri": {landing}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s"},
	}.Encode(), nil)
	require.Equal(t, http.StatusOK, status)
	_, _, back := do(http.MethodPost, p.issuer+form.Path, url.Values{
		"username": {"test-user@127.0.0.1"}, "password": {"verysecure"}, "id": {form.Query().Get("authRequestID")},
	})
	require.NotNil(t, back, "the provider did not let them in")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {landing}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(web, "secret")
	return tokenIn(t, browser, request, "id_token")
}

// good are the claims of a token that opens.
func (p *provider) good(c *clock) map[string]any {
	return map[string]any{
		"iss": p.issuer, "aud": audience, "sub": "maria", "groups": []string{"newsroom"},
		"iat": c.now().Unix(), "nbf": c.now().Unix(), "exp": c.now().Add(time.Hour).Unix(),
	}
}

// sign makes a token with any key, algorithm, header and claims.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid string, header map[jose.HeaderKey]any, claims any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options.WithHeader("kid", kid)
	}
	for name, value := range header {
		options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}
