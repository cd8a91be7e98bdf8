package access

import (
	"testing"
	"time"

	"github.com/vinculo/vinculo/internal/access/oidctest"
)

const (
	robot    = oidctest.Robot
	web      = oidctest.Web
	audience = oidctest.Audience
)

// provider is a provider that the tests trust.
type provider struct{ *oidctest.Provider }

func newProvider(t *testing.T) *provider {
	t.Helper()
	return &provider{oidctest.New(t)}
}

// config trusts the provider as the tests need it.
func (p *provider) config(c *clock) OIDCConfig {
	return OIDCConfig{
		Issuer: p.Issuer, Audience: audience, Now: c.now,
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

// good are the claims of a token that opens.
func (p *provider) good(c *clock) map[string]any {
	return map[string]any{
		"iss": p.Issuer, "aud": audience, "sub": "maria", "groups": []string{"newsroom"},
		"iat": c.now().Unix(), "nbf": c.now().Unix(), "exp": c.now().Add(time.Hour).Unix(),
	}
}
