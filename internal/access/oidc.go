package access

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"github.com/vinculo/vinculo/internal/evidence"
)

// OIDCConfig says which OpenID provider is trusted, and what its people may do
// and see. Whoever matches no rule for a role and one for a clearance is refused.
type OIDCConfig struct {
	// Issuer is the provider's own name for itself, an https URL.
	Issuer string
	// Audience is what tokens must be made for: the client id, or the name of this
	// server as an API at the provider.
	Audience string
	// Algorithms of signature that are accepted; RS256 and ES256 where empty.
	// Only asymmetric ones: RS, PS and ES of 256, 384, 512, and EdDSA.
	Algorithms []string
	// ClockSkew is how far this clock and the provider's may differ; a minute
	// where 0, at most five.
	ClockSkew time.Duration
	// NameClaim holds the name that stands in the log as author; sub where empty.
	// Take one that people cannot choose themselves. For email, email_verified
	// must be true.
	NameClaim string
	// Roles and Clearances give each the highest that a rule gives.
	Roles      []Rule[Role]
	Clearances []Rule[evidence.Clearance]
	// AllowHTTP lets the issuer be reached without TLS on other than loopback. Then
	// whoever sits between can forge every token.
	AllowHTTP bool
	// Client asks the provider; one with a time limit where nil.
	Client *http.Client
	// Now is the clock; time.Now where nil.
	Now func() time.Time
}

// OIDC recognises the bearer tokens of an OpenID provider: ID tokens and access
// tokens that are JWTs (RFC 9068). It checks what RFC 8725 asks for.
type OIDC struct {
	config     OIDCConfig
	algorithms []jose.SignatureAlgorithm
	keys       *keySet
}

// asymmetric are the algorithms in which knowing how to check a signature does
// not mean knowing how to make one.
var asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// types are the values of the header typ that a token may have (RFC 8725, 3.11):
// a logout token, say, is signed by the same keys and opens nothing.
var types = []string{"", "jwt", "at+jwt", "application/at+jwt"}

const (
	maxSkew     = 5 * time.Minute
	defaultSkew = time.Minute
)

// NewOIDC checks a configuration. It does not ask the provider for anything, so
// that a server starts without it.
func NewOIDC(c OIDCConfig) (*OIDC, error) {
	issuer, err := url.Parse(c.Issuer)
	switch {
	case err != nil || issuer.Host == "" || issuer.Scheme != "https" && issuer.Scheme != "http" || issuer.RawQuery != "" || issuer.Fragment != "":
		return nil, fmt.Errorf("the OIDC issuer %q is not an https URL without ? and #", c.Issuer)
	case issuer.Scheme == "http" && !c.AllowHTTP && !IsLoopback(issuer.Hostname()):
		return nil, fmt.Errorf("the OIDC issuer %s has no TLS, so that its keys could be forged on the way; use https, or allow it on a network that you trust", c.Issuer)
	case c.Audience == "":
		return nil, errors.New("the OIDC audience is missing; without one, a token that is made for any other site would open this one")
	case c.ClockSkew < 0 || c.ClockSkew > maxSkew:
		return nil, fmt.Errorf("the OIDC clock skew is %s; allow 0 to %s, and set the clocks by NTP", c.ClockSkew, maxSkew)
	case len(c.Roles) == 0 || len(c.Clearances) == 0:
		return nil, errors.New("OIDC needs at least one rule for a role and one for a clearance: nobody is let in without")
	}
	c.ClockSkew = cmp.Or(c.ClockSkew, defaultSkew)
	c.NameClaim = cmp.Or(c.NameClaim, "sub")
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{"RS256", "ES256"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: fetchTime}
	}
	o := &OIDC{config: c, keys: newKeySet(c.Issuer, c.Client, c.Now)}
	for _, a := range c.Algorithms {
		if !slices.Contains(asymmetric, a) {
			return nil, fmt.Errorf("the OIDC algorithm %q cannot be trusted or is unknown; choose among %s", a, strings.Join(asymmetric, ", "))
		}
		o.algorithms = append(o.algorithms, jose.SignatureAlgorithm(a))
	}
	return o, nil
}

// Authenticate says who comes with a token. The error is a Refusal.
func (o *OIDC) Authenticate(ctx context.Context, raw string) (Identity, error) {
	claims, until, err := o.verify(ctx, raw)
	switch {
	case errors.Is(err, ErrUnavailable):
		return Identity{}, unavailable(err)
	case err != nil:
		return Identity{}, badToken(err)
	}
	i, err := o.identity(claims)
	if err != nil {
		return Identity{}, err
	}
	i.credential.until = until
	return i, nil
}

// signatures is what go-oidc checks a signature with. It loses the chain of its
// errors, so the cause is kept aside.
type signatures struct {
	keys *keySet
	jws  *jose.JSONWebSignature
	err  error
}

// VerifySignature implements oidc.KeySet for the one token that was parsed.
func (s *signatures) VerifySignature(ctx context.Context, _ string) ([]byte, error) {
	payload, err := s.keys.verify(ctx, s.jws)
	s.err = err
	return payload, err
}

// verify gives the claims of a token that stands every check, and from when on it
// will not.
func (o *OIDC) verify(ctx context.Context, raw string) (claims map[string]any, until time.Time, err error) {
	// Parsing refuses `none`, HMAC and whatever else is not on the list, before a
	// key is looked at; only the compact form is a bearer token.
	jws, err := jose.ParseSignedCompact(raw, o.algorithms)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	kind, _ := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	if !slices.Contains(types, strings.ToLower(kind)) {
		return nil, time.Time{}, fmt.Errorf("%w: it is a JWT of type %q", ErrUntrusted, kind)
	}
	check := &signatures{keys: o.keys, jws: jws}
	verifier := oidc.NewVerifier(o.config.Issuer, check, &oidc.Config{
		ClientID: o.config.Audience, SupportedSigningAlgs: o.config.Algorithms,
		SkipExpiryCheck: true, // times are checked below, with one skew for all of them
	})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		if check.err != nil {
			return nil, time.Time{}, check.err
		}
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	var payload json.RawMessage
	if err := token.Claims(&payload); err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if claims, err = readClaims(payload); err != nil {
		return nil, time.Time{}, err
	}
	// go-oidc takes Aud for aud, and the last of several, so it may have looked at another.
	if claims["iss"] != token.Issuer || !slices.Contains(valuesAt(claims, "aud"), o.config.Audience) {
		return nil, time.Time{}, fmt.Errorf("%w: iss or aud is not the member that was checked", ErrUntrusted)
	}
	until, err = o.timely(claims)
	return claims, until, err
}

// readClaims reads the claims of a token by their exact names. A name that occurs
// twice in one object is refused: the next who reads it may take the other.
func readClaims(payload []byte) (claims map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.SetNumberType(json.UnmarshalJSONNumber)
	if err := decoder.Decode(&claims); err != nil {
		return nil, fmt.Errorf("%w: its claims are no object with each name once: %w", ErrUntrusted, err)
	}
	return claims, nil
}

// timely checks exp, which must be there, nbf and iat. It gives until when the
// token counts.
func (o *OIDC) timely(claims map[string]any) (until time.Time, err error) {
	now, skew := o.config.Now(), o.config.ClockSkew
	at := func(claim string) (time.Time, bool, error) {
		v, ok := claims[claim]
		if !ok || v == nil {
			return time.Time{}, false, nil
		}
		number, ok := v.(json.Number)
		if !ok {
			return time.Time{}, false, fmt.Errorf("%w: %s is no number", ErrUntrusted, claim)
		}
		seconds, err := number.Float64()
		// Past the year 9999 it is no moment, and might not fit the clock.
		if err != nil || seconds < 0 || seconds > 253402300799 {
			return time.Time{}, false, fmt.Errorf("%w: %s is no moment: %s", ErrUntrusted, claim, number)
		}
		return time.Unix(int64(seconds), 0), true, nil
	}
	exp, has, err := at("exp")
	until = exp.Add(skew)
	switch {
	case err != nil:
		return time.Time{}, err
	case !has:
		return time.Time{}, fmt.Errorf("%w: it has no exp", ErrUntrusted)
	case !now.Before(until):
		return time.Time{}, fmt.Errorf("%w at %s by the OpenID provider", ErrExpired, exp.UTC().Format(time.RFC3339))
	}
	for _, claim := range []string{"nbf", "iat"} {
		from, has, err := at(claim)
		if err != nil {
			return time.Time{}, err
		}
		if has && from.After(now.Add(skew)) {
			return time.Time{}, fmt.Errorf("%w: %s is %s, which is yet to come", ErrUntrusted, claim, from.UTC().Format(time.RFC3339))
		}
	}
	return until, nil
}

// identity maps claims to who asks.
func (o *OIDC) identity(claims map[string]any) (Identity, error) {
	sub, _ := claims["sub"].(string)
	if sub == "" {
		return Identity{}, badToken(fmt.Errorf("%w: it has no sub", ErrUntrusted))
	}
	name := strings.Join(valuesAt(claims, o.config.NameClaim), " ")
	if what := nameFault(name); what != "" {
		return Identity{}, badToken(fmt.Errorf("%w: %s, in the claim %s of %q", ErrUntrusted, what, o.config.NameClaim, sub))
	}
	if o.config.NameClaim == "email" && !slices.Equal(valuesAt(claims, "email_verified"), []string{"true"}) {
		return Identity{}, badToken(fmt.Errorf("%w: the email of %q is not verified", ErrUntrusted, sub))
	}
	role, hasRole := highest(o.config.Roles, claims)
	clearance, hasClearance := highest(o.config.Clearances, claims)
	if !hasRole || !hasClearance {
		return Identity{}, &Refusal{
			Status: http.StatusForbidden, Code: evidence.Forbidden,
			Message: "your OpenID provider knows you, and this server gives you no part in it; ask its administrator for a role and a clearance",
			cause:   fmt.Errorf("%w: %q", ErrNoRole, sub),
		}
	}
	subject := "oidc:" + o.config.Issuer + "#" + sub
	return Identity{
		Name: name, Role: role, Clearance: clearance,
		Subject: subject, IDPrefix: PrefixOf(subject, clearance),
	}, nil
}
