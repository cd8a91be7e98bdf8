package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access/oidctest"
	"github.com/vinculo/vinculo/internal/evidence"
)

func newOIDC(t *testing.T, c OIDCConfig) *OIDC {
	t.Helper()
	o, err := NewOIDC(c)
	require.NoError(t, err)
	return o
}

func TestAccessTokenOfARealProvider(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	who, err := o.Authenticate(t.Context(), p.AccessToken(t))
	require.NoError(t, err)
	require.Equal(t, robot, who.Name)
	require.Equal(t, Editor, who.Role)
	require.Equal(t, evidence.Restricted, who.Clearance)
	require.Regexp(t, `^u-[a-z2-7]{10}:$`, who.IDPrefix)
	for range 5 {
		_, err = o.Authenticate(t.Context(), p.AccessToken(t))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, p.Fetched.Load(), "the keys are kept")
}

func TestIDTokenOfAPersonWhoSignedIn(t *testing.T) {
	p, c := newProvider(t), newClock()
	config := p.config(c)
	config.Audience = web
	o := newOIDC(t, config)
	token := p.IDToken(t)
	who, err := o.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, "id1", who.Name)
	require.Equal(t, Contributor, who.Role)
	require.Equal(t, evidence.Public, who.Clearance)

	_, err = newOIDC(t, p.config(c)).Authenticate(t.Context(), token)
	requireRefused(t, err, ErrUntrusted)
	require.ErrorContains(t, err.(*Refusal).Cause(), "audience") //nolint:errorlint // requireRefused has checked it
}

// TestBadTokensOfAProvider goes through RFC 8725, 2 and 3.
func TestBadTokensOfAProvider(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	key := p.Signing
	rs256 := func(claims map[string]any) string {
		return oidctest.Sign(t, jose.RS256, key.Private, key.Name, nil, claims)
	}
	with := func(changes map[string]any) map[string]any {
		claims := p.good(c)
		maps.Copy(claims, changes)
		for name, value := range changes {
			if value == nil {
				delete(claims, name)
			}
		}
		return claims
	}
	header := func(h map[jose.HeaderKey]any) string {
		return oidctest.Sign(t, jose.RS256, key.Private, key.Name, h, p.good(c))
	}
	good := rs256(p.good(c))
	_, err := o.Authenticate(t.Context(), good)
	require.NoError(t, err, "all that follow differ from this in one thing")

	part := strings.Split(good, ".")
	raw := func(v any) string {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.Private.PublicKey)
	require.NoError(t, err)
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	stranger := oidctest.NewKey(t, key.Name)
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := c.now()

	for name, token := range map[string]string{
		"alg none":                       raw(map[string]any{"alg": "none", "typ": "JWT"}) + "." + part[1] + ".",
		"alg nOnE":                       raw(map[string]any{"alg": "nOnE", "typ": "JWT"}) + "." + part[1] + ".",
		"alg none, with a signature":     raw(map[string]any{"alg": "none", "kid": key.Name}) + "." + part[1] + "." + part[2],
		"no alg":                         raw(map[string]any{"kid": key.Name}) + "." + part[1] + "." + part[2],
		"no signature":                   part[0] + "." + part[1] + ".",
		"HS256 with the public key, PEM": oidctest.Sign(t, jose.HS256, inPEM, key.Name, nil, p.good(c)),
		"HS256 with the public key, DER": oidctest.Sign(t, jose.HS256, der, key.Name, nil, p.good(c)),
		"HS256 with the modulus":         oidctest.Sign(t, jose.HS256, key.Private.N.Bytes(), key.Name, nil, p.good(c)),
		"RS512, which is not allowed":    oidctest.Sign(t, jose.RS512, key.Private, key.Name, nil, p.good(c)),
		"a key that is not its":          oidctest.Sign(t, jose.RS256, stranger.Private, key.Name, nil, p.good(c)),
		"a key of another algorithm":     oidctest.Sign(t, jose.ES256, elliptic, key.Name, nil, p.good(c)),
		"an unknown key":                 oidctest.Sign(t, jose.RS256, stranger.Private, "stranger", nil, p.good(c)),
		"critical header":                header(map[jose.HeaderKey]any{"crit": []string{"exp"}, "exp": 1}),
		"a logout token":                 header(map[jose.HeaderKey]any{jose.HeaderType: "logout+jwt"}),
		"other claims, same signature":   part[0] + "." + raw(with(map[string]any{"sub": "admin"})) + "." + part[2],
		"another issuer":                 rs256(with(map[string]any{"iss": "https://elsewhere.example"})),
		"the issuer with a slash":        rs256(with(map[string]any{"iss": p.Issuer + "/"})),
		"no issuer":                      rs256(with(map[string]any{"iss": nil})),
		"another audience":               rs256(with(map[string]any{"aud": "elsewhere"})),
		"other audiences":                rs256(with(map[string]any{"aud": []string{"elsewhere", "vinculo2"}})),
		"no audience":                    rs256(with(map[string]any{"aud": nil})),
		"no subject":                     rs256(with(map[string]any{"sub": nil})),
		"an empty subject":               rs256(with(map[string]any{"sub": ""})),
		"a name that cannot be seen":     rs256(with(map[string]any{"sub": "a\u202eb"})),
		"not yet":                        rs256(with(map[string]any{"nbf": now.Add(30 * time.Minute).Unix()})),
		"made tomorrow":                  rs256(with(map[string]any{"iat": now.Add(24 * time.Hour).Unix()})),
		"no exp":                         rs256(with(map[string]any{"exp": nil})),
		"exp null":                       oidctest.Sign(t, jose.RS256, key.Private, key.Name, nil, map[string]any{"iss": p.Issuer, "aud": audience, "sub": "maria", "exp": nil}),
		"exp in words":                   rs256(with(map[string]any{"exp": "tomorrow"})),
		"exp past all clocks":            rs256(with(map[string]any{"exp": 1e300})),
		"claims that are a list":         oidctest.Sign(t, jose.RS256, key.Private, key.Name, nil, []string{"sub"}),
		"two dots":                       "..",
		"not base64":                     "a!.b!.c!",
		"JSON form":                      `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c.advance(fetchEvery) // so that the provider is asked again where it must be
			_, err := o.Authenticate(t.Context(), token)
			requireRefused(t, err, ErrUntrusted)
		})
		_, err := o.Authenticate(t.Context(), good)
		require.NoError(t, err, "%s: the good one still opens", name)
	}
	c.advance(now.Sub(c.now()))
	for name, exp := range map[string]time.Time{"an hour ago": now.Add(-time.Hour), "by the skew": now.Add(-time.Minute)} {
		_, err = o.Authenticate(t.Context(), rs256(with(map[string]any{"exp": exp.Unix()})))
		require.ErrorIs(t, err, ErrExpired, name)
		requireRefused(t, err, ErrExpired)
	}
}

// TestClaimsHaveTheirExactNames: encoding/json takes Aud for aud, and the last of several.
func TestClaimsHaveTheirExactNames(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	token := func(first, last string) string {
		claims := p.good(c)
		for _, name := range []string{"iss", "aud"} {
			if strings.Contains(first+last, name) {
				delete(claims, name)
			}
		}
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		inner := strings.TrimSuffix(strings.TrimPrefix(string(text), "{"), "}")
		return oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, json.RawMessage("{"+first+inner+last+"}"))
	}
	_, err := o.Authenticate(t.Context(), token(`"aud":"vinculo",`, ""))
	require.NoError(t, err)
	_, err = o.Authenticate(t.Context(), token("", `,"aud":["x","vinculo"]`))
	require.NoError(t, err)
	for name, forged := range map[string]string{
		"another audience, then Aud": token(`"aud":"x",`, `,"Aud":"vinculo"`),
		"AUD, then no audience":      token(`"AUD":"vinculo","aud":null,`, ""),
		"Aud alone":                  token(`"Aud":"vinculo","x":"aud",`, ""),
		"another issuer, then Iss":   token(`"iss":"http://elsewhere.example",`, `,"Iss":"`+p.Issuer+`"`),
		"two audiences":              token(`"aud":"x",`, `,"aud":"vinculo"`),
		"two issuers":                token(`"iss":"http://elsewhere.example",`, `,"iss":"`+p.Issuer+`"`),
		"two roles":                  token(`"realm":{"roles":["a"],"roles":["b"]},`, ""),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Authenticate(t.Context(), forged)
			requireRefused(t, err, ErrUntrusted)
		})
	}
}

func TestKeyInTheHeaderIsNotTrusted(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	stranger := oidctest.NewKey(t, "stranger")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: stranger.Private}, &jose.SignerOptions{EmbedJWK: true})
	require.NoError(t, err)
	claims, err := json.Marshal(p.good(c))
	require.NoError(t, err)
	signed, err := signer.Sign(claims)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	_, err = o.Authenticate(t.Context(), token)
	requireRefused(t, err, ErrUntrusted)
}

func TestClocksMayDifferALittle(t *testing.T) {
	p, c := newProvider(t), newClock()
	config := p.config(c)
	config.ClockSkew = 30 * time.Second
	o := newOIDC(t, config)
	token := func(claim string, off time.Duration) string {
		claims := p.good(c)
		claims[claim] = c.now().Add(off).Unix()
		return oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, claims)
	}
	for _, at := range []struct {
		claim string
		off   time.Duration
		opens bool
	}{
		{"exp", -29 * time.Second, true},
		{"exp", -30 * time.Second, false},
		{"nbf", 30 * time.Second, true},
		{"nbf", 31 * time.Second, false},
		{"iat", 30 * time.Second, true},
		{"iat", 31 * time.Second, false},
	} {
		_, err := o.Authenticate(t.Context(), token(at.claim, at.off))
		require.Equal(t, at.opens, err == nil, "%s %s", at.claim, at.off)
	}
	half := p.good(c)
	half["exp"] = float64(c.now().Unix()) + 0.5
	_, err := o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, half))
	require.NoError(t, err, "NumericDate may have a fraction (RFC 7519, 2)")
}

func TestKeysTurnOver(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	first, second := p.Signing, oidctest.NewKey(t, "second")
	old := p.AccessToken(t)
	_, err := o.Authenticate(t.Context(), old)
	require.NoError(t, err)

	p.TurnOver(second, first)
	_, err = o.Authenticate(t.Context(), p.AccessToken(t))
	require.NoError(t, err, "a new key is learned when it is first seen")
	_, err = o.Authenticate(t.Context(), old)
	require.NoError(t, err, "the old one is still published")

	p.TurnOver(second)
	c.advance(keysFresh)
	long := p.good(c)
	_, err = o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, first.Private, first.Name, nil, long))
	requireRefused(t, err, ErrUntrusted)
	_, err = o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, second.Private, second.Name, nil, long))
	require.NoError(t, err)
	require.NotEqual(t, first.Private.N, second.Private.N)
}

func TestForgedTokensDoNotFloodTheProvider(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	stranger := oidctest.NewKey(t, "stranger")
	var wg sync.WaitGroup
	for _, kid := range []string{"a", "b", "c", "d", "e", "f", "g", "h", p.Signing.Name, ""} {
		wg.Go(func() {
			for range 10 {
				_, err := o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, stranger.Private, kid, nil, p.good(c)))
				if err == nil {
					t.Error("a forged token opened")
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, p.Fetched.Load(), int64(fetchBurst))
	_, err := o.Authenticate(t.Context(), p.AccessToken(t))
	require.NoError(t, err, "who is honest is not kept out by them")
}

func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, http.StatusServiceUnavailable, refusal.Status)
	require.Equal(t, evidence.Unavailable, evidence.CodeOf(err))
	require.ErrorIs(t, err, ErrUnavailable)
	require.NotContains(t, err.Error(), "127.0.0.1", "the client does not learn where the provider is")
}

func TestProviderThatIsDown(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	good := oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, p.good(c))
	p.Down.Store(true)
	for range fetchBurst + 2 {
		_, err := o.Authenticate(t.Context(), good)
		requireUnavailable(t, err)
	}
	_, err := o.Authenticate(t.Context(), "a.b.c")
	requireRefused(t, err, ErrUntrusted) // what is no token needs no provider

	p.Down.Store(false)
	c.advance(fetchEvery)
	_, err = o.Authenticate(t.Context(), good)
	require.NoError(t, err, "it comes back by itself")

	p.Down.Store(true)
	_, err = o.Authenticate(t.Context(), good)
	require.NoError(t, err, "keys that are known serve on")
	c.advance(keysFresh + time.Second)
	_, err = o.Authenticate(t.Context(), good)
	require.NoError(t, err, "for a while")
	unknown := oidctest.Sign(t, jose.RS256, oidctest.NewKey(t, "new").Private, "new", nil, p.good(c))
	c.advance(fetchEvery)
	_, err = o.Authenticate(t.Context(), unknown)
	requireUnavailable(t, err) // it may be the provider's new one
	c.advance(keysStale)
	_, err = o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, p.good(c)))
	requireUnavailable(t, err)
}

func TestProviderThatSpeaksForAnother(t *testing.T) {
	for name, body := range map[string]string{
		"another issuer": `{"issuer":"https://elsewhere.example","jwks_uri":"https://elsewhere.example/keys"}`,
		"no JSON":        `<html>sign in to the airport's network</html>`,
		"no keys":        `{"issuer":"ISSUER","jwks_uri":"ISSUER/keys"}`,
	} {
		var issuer string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/keys" {
				// A secret key, one for encryption and one that is too short check nothing.
				short, _ := rsa.GenerateKey(rand.Reader, 1024)
				_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{
					map[string]string{"kty": "oct", "k": "AAAA"},
					map[string]string{"kty": "martian"},
					jose.JSONWebKey{Key: oidctest.NewKey(t, "e").Private.Public(), Use: "enc"},
					jose.JSONWebKey{Key: short.Public()},
				}})
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "ISSUER", issuer)))
		}))
		issuer = server.URL
		p, c := &provider{&oidctest.Provider{Issuer: issuer}}, newClock()
		o := newOIDC(t, p.config(c))
		_, err := o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, oidctest.NewKey(t, "x").Private, "x", nil, p.good(c)))
		require.Error(t, err, name)
		requireUnavailable(t, err)
		server.Close()
	}
}

func TestWhoGivesUpDoesNotSpoilItForOthers(t *testing.T) {
	p, c := newProvider(t), newClock()
	o := newOIDC(t, p.config(c))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := o.Authenticate(gone, p.AccessToken(t))
	if err != nil {
		requireUnavailable(t, err)
	}
	_, err = o.Authenticate(t.Context(), p.AccessToken(t))
	require.NoError(t, err)
}

func TestWhoIsMappedToNothingIsRefused(t *testing.T) {
	p, c := newProvider(t), newClock()
	for name, tried := range map[string]struct {
		roles, clearances []string
		opens             bool
	}{
		"neither":       {[]string{"groups=chess:admin"}, []string{"groups=chess:CONFIDENTIAL"}, false},
		"no clearance":  {[]string{"groups=newsroom:admin"}, []string{"groups=chess:CONFIDENTIAL"}, false},
		"no role":       {[]string{"groups=Newsroom:admin"}, []string{"groups=newsroom:CONFIDENTIAL"}, false},
		"part of it":    {[]string{"groups=news:admin"}, []string{"groups=newsroom:CONFIDENTIAL"}, false},
		"both":          {[]string{"groups=newsroom:reader"}, []string{"groups=*:PUBLIC"}, true},
		"another claim": {[]string{"group=*:reader"}, []string{"groups=*:PUBLIC"}, false},
	} {
		config := p.config(c)
		config.Roles, config.Clearances = mustRules(ParseRoleRule, tried.roles...), mustRules(ParseClearanceRule, tried.clearances...)
		_, err := newOIDC(t, config).Authenticate(t.Context(), p.AccessToken(t))
		if tried.opens {
			require.NoError(t, err, name)
			continue
		}
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, http.StatusForbidden, refusal.Status, name)
		require.ErrorIs(t, err, ErrNoRole, name)
		require.Equal(t, evidence.Forbidden, evidence.CodeOf(err), name)
	}
}

func TestRulesFindClaims(t *testing.T) {
	claims, err := readClaims([]byte(`{
		"sub": "x", "staff": true, "level": 3, "empty": "", "none": null, "nested": [["deep"]],
		"realm_access": {"roles": ["viewer", "chief"]},
		"https://ejemplo.mx/roles": ["editor", "contributor"],
		"a.b": "literal", "a": {"b": "path"}
	}`))
	require.NoError(t, err)
	for rule, found := range map[string]bool{
		"sub=x:admin": true, "sub=X:admin": false, "sub=*:admin": true,
		"staff=true:admin": true, "staff=*:admin": true, "level=3:admin": true,
		"empty=*:admin": false, "none=*:admin": false, "nested=deep:admin": false, "missing=*:admin": false,
		"realm_access.roles=chief:admin": true, "realm_access.roles=boss:admin": false, "realm_access=*:admin": false, "sub.x=*:admin": false,
		"https://ejemplo.mx/roles=editor:admin": true,
		"a.b=literal:admin":                     true, "a.b=path:admin": false,
	} {
		_, ok := highest(mustRules(ParseRoleRule, rule), claims)
		require.Equal(t, found, ok, rule)
	}
	most, _ := highest(mustRules(ParseRoleRule, "realm_access.roles=chief:editor", "realm_access.roles=viewer:reader", "sub=x:contributor"), claims)
	require.Equal(t, Editor, most, "the highest counts, in whatever order")

	r, err := ParseClearanceRule("urn:groups=urn:x:y:restricted")
	require.NoError(t, err)
	require.Equal(t, Rule[evidence.Clearance]{Claim: "urn:groups", Value: "urn:x:y", Grants: evidence.Restricted}, r)
	for _, value := range []string{"a, b", "cn=a,ou=b", "urn:editors,x", "a:editor, b"} {
		r, err := ParseRoleRule("groups=" + value + ":reader")
		require.NoError(t, err)
		require.Equal(t, value, r.Value)
	}
	for _, bad := range []string{"", "groups", "groups=", "groups=x", "groups=:editor", "=x:editor", "groups=x:chief", "groups=x:",
		"a:editor,groups=*:reader", "groups=a:editor, groups=*:reader", "groups=a:editor;groups=*:reader", "groups=a:editor\ngroups=*:reader"} {
		_, err := ParseRoleRule(bad)
		require.ErrorContains(t, err, "rule", bad)
	}
}

func TestNameOfAPerson(t *testing.T) {
	p, c := newProvider(t), newClock()
	config := p.config(c)
	config.NameClaim = "email"
	o := newOIDC(t, config)
	for name, tried := range map[string]struct {
		verified any
		opens    bool
	}{"verified": {true, true}, "in words": {"true", true}, "not": {false, false}, "unsaid": {nil, false}} {
		claims := p.good(c)
		claims["email"], claims["email_verified"] = "maria@ejemplo.mx", tried.verified
		who, err := o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, claims))
		if !tried.opens {
			requireRefused(t, err, ErrUntrusted)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, "maria@ejemplo.mx", who.Name)
		require.Equal(t, PrefixOf("oidc:"+p.Issuer+"#maria", evidence.Restricted), who.IDPrefix, "who they are is the subject, whatever the name")
	}
	_, err := o.Authenticate(t.Context(), oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, p.good(c)))
	requireRefused(t, err, ErrUntrusted)
}

func TestConfigurationsThatAreNotSafe(t *testing.T) {
	good := (&provider{&oidctest.Provider{Issuer: "https://id.ejemplo.mx/realm"}}).config(newClock())
	for name, spoil := range map[string]func(*OIDCConfig){
		"no issuer":       func(c *OIDCConfig) { c.Issuer = "" },
		"no URL":          func(c *OIDCConfig) { c.Issuer = "id.ejemplo.mx" },
		"file":            func(c *OIDCConfig) { c.Issuer = "file:///etc/passwd" },
		"query":           func(c *OIDCConfig) { c.Issuer += "?x=1" },
		"http":            func(c *OIDCConfig) { c.Issuer = "http://id.ejemplo.mx" },
		"no audience":     func(c *OIDCConfig) { c.Audience = "" },
		"none":            func(c *OIDCConfig) { c.Algorithms = []string{"none"} },
		"HS256":           func(c *OIDCConfig) { c.Algorithms = []string{"RS256", "HS256"} },
		"a day of skew":   func(c *OIDCConfig) { c.ClockSkew = 24 * time.Hour },
		"negative skew":   func(c *OIDCConfig) { c.ClockSkew = -time.Second },
		"no role rule":    func(c *OIDCConfig) { c.Roles = nil },
		"no clearance":    func(c *OIDCConfig) { c.Clearances = nil },
		"unknown signing": func(c *OIDCConfig) { c.Algorithms = []string{"rs256"} },
	} {
		config := good
		spoil(&config)
		_, err := NewOIDC(config)
		require.Error(t, err, name)
	}
	newOIDC(t, good)
	good.Issuer, good.AllowHTTP = "http://keycloak:8080/realms/x", true
	newOIDC(t, good)
}
