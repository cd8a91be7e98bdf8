// Package oidctest runs a real OpenID provider in the process of a test: that of
// zitadel/oidc, with keys that tests turn over.
package oidctest

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

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the provider knows.
const (
	Robot    = "robot"   // a client with credentials of its own
	Web      = "web"     // a site that people sign in to
	Audience = "vinculo" // for whom the robot's tokens are
	landing  = "http://localhost:9999/auth/callback"
	// keyBits is the size of its keys, the smallest that RFC 7518, 3.3 allows.
	keyBits = 2048
)

// Key is one key of a provider.
type Key struct {
	Name    string
	Private *rsa.PrivateKey
}

// NewKey makes a key.
func NewKey(t testing.TB, name string) *Key {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	require.NoError(t, err)
	return &Key{Name: name, Private: key}
}

// first is the key that every provider begins with: making one takes a while.
var first = sync.OnceValue(func() *Key {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic(err) // there is no randomness
	}
	return &Key{Name: "first", Private: key}
})

// ID implements op.SigningKey.
func (k *Key) ID() string { return k.Name }

// Key implements op.SigningKey.
func (k *Key) Key() any { return k.Private }

// SignatureAlgorithm implements op.SigningKey.
func (k *Key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// publicKey is what the provider publishes of a key.
type publicKey struct{ key *Key }

func (k publicKey) ID() string                         { return k.key.Name }
func (k publicKey) Key() any                           { return &k.key.Private.PublicKey }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }

// providerStorage is the example storage of zitadel/oidc with keys that tests
// turn over, and tokens for this server that list groups.
type providerStorage struct {
	*storage.Storage

	mu        sync.Mutex
	Signing   *Key // with which it signs
	published []*Key
	audience  []string
	claims    map[string]any
}

func (s *providerStorage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Signing, nil
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
	if err != nil || id != Robot {
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

// Provider is an OpenID provider in this process.
type Provider struct {
	*providerStorage
	Issuer  string
	Fetched atomic.Int64 // how often its keys were asked for
	Down    atomic.Bool  // it answers with an error
}

// New starts a provider for the time of a test. Its robot is of the groups
// newsroom and tennis.
func New(t testing.TB) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := &Provider{Issuer: "http://" + server.Listener.Addr().String()}
	key := first()
	p.providerStorage = &providerStorage{
		Storage: storage.NewStorageWithClients(storage.NewUserStore(p.Issuer), map[string]*storage.Client{
			Web: storage.WebClient(Web, "secret", landing),
		}),
		Signing: key, published: []*Key{key},
		audience: []string{Audience},
		claims:   map[string]any{"groups": []string{"newsroom", "tennis"}},
	}
	before := slog.Default() // the example server sets it
	handler := exampleop.SetupServer(p.Issuer, p.providerStorage, slog.New(slog.DiscardHandler), false)
	slog.SetDefault(before)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			p.Fetched.Add(1)
		}
		if p.Down.Load() {
			http.Error(w, "maintenance", http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// TurnOver makes the provider sign with a new key. Old ones stay published where
// they are given.
func (p *Provider) TurnOver(key *Key, others ...*Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Signing, p.published = key, append([]*Key{key}, others...)
}

// IssueFor has the robot's tokens be for others.
func (p *Provider) IssueFor(audience ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.audience = audience
}

// AccessToken asks the provider for a token as the robot.
func (p *Provider) AccessToken(t testing.TB) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Issuer+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(Robot, "verysecret")
	return tokenIn(t, http.DefaultClient, request, "access_token")
}

func tokenIn(t testing.TB, client *http.Client, request *http.Request, field string) string {
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

// IDToken signs a person in at the provider's own page, as a browser would.
func (p *Provider) IDToken(t testing.TB) string {
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
	status, form, _ := do(http.MethodGet, p.Issuer+"/auth?"+url.Values{
		"client_id": {Web}, "redirect_uri": {landing}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s"},
	}.Encode(), nil)
	require.Equal(t, http.StatusOK, status)
	_, _, back := do(http.MethodPost, p.Issuer+form.Path, url.Values{
		"username": {"test-user@127.0.0.1"}, "password": {"verysecure"}, "id": {form.Query().Get("authRequestID")},
	})
	require.NotNil(t, back, "the provider did not let them in")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Issuer+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {landing}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(Web, "secret")
	return tokenIn(t, browser, request, "id_token")
}

// Sign makes a token with any key, algorithm, header and claims.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, header map[jose.HeaderKey]any, claims any) string {
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
