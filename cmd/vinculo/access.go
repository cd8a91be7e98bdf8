package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// accessFlags say who may come in. Without one of them the owner of this machine
// may, on loopback.
type accessFlags struct {
	Tokens         bool     `help:"Let in who sends a token of vinculo token create."`
	OIDCIssuer     string   `name:"oidc-issuer" placeholder:"URL" help:"Let in whom this OpenID provider knows."`
	OIDCAudience   string   `name:"oidc-audience" placeholder:"NAME" help:"For whom the provider's tokens must be made: the client id, or this server's name as an API."`
	OIDCRole       []string `name:"oidc-role" sep:"none" placeholder:"RULE" help:"What the provider's people may do, such as groups=newsroom:editor; repeat it, or write one a line."`
	OIDCClearance  []string `name:"oidc-clearance" sep:"none" placeholder:"RULE" help:"What they may see, such as groups=newsroom:CONFIDENTIAL; repeat it, or write one a line."`
	OIDCName       string   `name:"oidc-name" placeholder:"CLAIM" help:"The claim with the name that the log shows; sub where it is not given."`
	Anonymous      bool     `help:"Let everybody read what is PUBLIC, at smaller limits."`
	AnonymousRate  float64  `default:"5" placeholder:"N" help:"How many requests a second one address may make without saying who it is."`
	AnonymousBurst int      `default:"30" placeholder:"N" help:"How many of them at once."`
	CorsOrigin     []string `placeholder:"ORIGIN" help:"An origin, such as https://example.org, whose pages may ask; repeat it."`
	Host           []string `placeholder:"NAME" help:"A host name under which the server is reached besides loopback; repeat it."`
	TrustedProxy   []string `placeholder:"NETWORK" help:"A reverse proxy, such as 10.0.0.0/8, whose X-Forwarded-For is believed when requests are counted; repeat it."`
}

// configured says whether something says who may come in.
func (f *accessFlags) configured() bool { return f.Tokens || f.OIDCIssuer != "" || f.Anonymous }

// check finds flags that make no sense together.
func (f *accessFlags) check(demo bool) error {
	switch {
	case !(f.AnonymousRate > 0) || math.IsInf(f.AnonymousRate, 0): // which NaN is not either
		return usageError{fmt.Errorf("--anonymous-rate %v is no limit; give a number above 0, or leave --anonymous out to let in nobody unknown", f.AnonymousRate)}
	case f.AnonymousBurst < 1:
		return usageError{fmt.Errorf("--anonymous-burst %d would let nobody in; give 1 or more, or leave --anonymous out", f.AnonymousBurst)}
	case f.Tokens && demo:
		return usageError{errors.New("--tokens has no use with --demo, whose store is new each time and has no tokens; give --store STORE")}
	case f.OIDCIssuer == "" && (f.OIDCAudience != "" || len(f.OIDCRole)+len(f.OIDCClearance) > 0 || f.OIDCName != ""):
		return usageError{errors.New("--oidc-audience, --oidc-role, --oidc-clearance and --oidc-name are of an OpenID provider; name it with --oidc-issuer URL")}
	}
	if f.OIDCIssuer != "" {
		if _, err := f.provider(); err != nil {
			return err
		}
	}
	_, err := networks(f.TrustedProxy)
	return cmp.Or(err, checkHosts(f.Host), checkOrigins(f.CorsOrigin))
}

// authenticator makes of the flags what recognises people.
func (f *accessFlags) authenticator(ctx context.Context, m *Main, st store.Store, name string, log zerolog.Logger) (*access.Authenticator, error) {
	config := access.Config{
		Anonymous: f.Anonymous, AnonymousRate: f.AnonymousRate, AnonymousBurst: f.AnonymousBurst,
		// Where nothing says who may come in, nobody but this machine reaches the
		// server (server.CheckListen), so whoever asks is who runs the program.
		LoopbackOwner: !f.configured(), Origins: f.CorsOrigin, Log: log,
	}
	var err error
	if config.Proxies, err = networks(f.TrustedProxy); err != nil {
		return nil, err
	}
	if f.Tokens {
		if config.Tokens, err = m.tokensIn(st, name); err != nil {
			return nil, err
		}
	}
	if f.OIDCIssuer != "" {
		if config.OIDC, err = f.provider(); err != nil {
			return nil, err
		}
	}
	if shelf, ok := st.(store.Shelf); ok && !f.Tokens {
		for _, err := range shelf.Items(ctx, "token", "", 1) {
			if err != nil {
				return nil, err
			}
			log.Warn().Msg("the store has tokens, and this server takes none of them; switch them on with --tokens")
		}
	}
	return access.New(config)
}

func (f *accessFlags) provider() (*access.OIDC, error) {
	roles, err := rules("--oidc-role", f.OIDCRole, access.ParseRoleRule)
	if err != nil {
		return nil, err
	}
	clearances, err := rules("--oidc-clearance", f.OIDCClearance, access.ParseClearanceRule)
	if err != nil {
		return nil, err
	}
	provider, err := access.NewOIDC(access.OIDCConfig{
		Issuer: f.OIDCIssuer, Audience: f.OIDCAudience, NameClaim: f.OIDCName, Roles: roles, Clearances: clearances,
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("--oidc-issuer and what goes with it: %w", err)}
	}
	return provider, nil
}

// rules reads rules, of which a variable has one a line.
func rules[T access.Role | evidence.Clearance](flag string, texts []string, parse func(string) (access.Rule[T], error)) ([]access.Rule[T], error) {
	var list []access.Rule[T]
	for _, text := range texts {
		for s := range strings.Lines(text) {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			rule, err := parse(s)
			if err != nil {
				return nil, usageError{fmt.Errorf("%s: %w", flag, err)}
			}
			list = append(list, rule)
		}
	}
	return list, nil
}

// networks reads networks and single addresses.
func networks(texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range texts {
		if !strings.Contains(s, "/") {
			if at, err := netip.ParseAddr(s); err == nil {
				list = append(list, netip.PrefixFrom(at, at.BitLen()))
				continue
			}
		}
		network, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, usageError{fmt.Errorf("--trusted-proxy: %q is neither an address nor a network such as 10.0.0.0/8", s)}
		}
		list = append(list, network.Masked())
	}
	return list, nil
}
