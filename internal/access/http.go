package access

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Config says who is let in, and as whom. At least one of Tokens, OIDC, Anonymous
// and LoopbackOwner is set.
type Config struct {
	// Tokens recognises personal tokens; nil: none are.
	Tokens *Tokens
	// OIDC recognises the tokens of an OpenID provider; nil: none are.
	OIDC *OIDC
	// Anonymous lets everybody read what is PUBLIC without saying who they are.
	Anonymous bool
	// AnonymousRate is how many requests a second one address may make without
	// saying who it is, and AnonymousBurst how many at once; 5 and 30 where 0.
	AnonymousRate  float64
	AnonymousBurst int
	// LoopbackOwner makes whoever asks without a token from this very machine its
	// owner, who sees and may do everything. Leave it off wherever tokens, OIDC or
	// a proxy are in use: a proxy on this machine that adds no header of its own
	// looks like its owner.
	LoopbackOwner bool
	// OwnerName stands in the log as author of what the owner does; "owner" where
	// empty.
	OwnerName string
	// Origins of web pages that may act as the owner besides the server's own, such
	// as http://localhost:5173: those that CORS is configured for.
	Origins []string
	// Proxies are the addresses of reverse proxies whose X-Forwarded-For is believed
	// when requests and connections are counted by address. It is believed for
	// nothing else.
	Proxies []netip.Prefix
	// Log gets a line for each refusal, with its reason and never with a secret.
	Log zerolog.Logger
}

// Authenticator finds out who is asking.
type Authenticator struct {
	config  Config
	limiter *limiter
}

// New checks a configuration and makes an authenticator of it.
func New(c Config) (*Authenticator, error) {
	if c.Tokens == nil && c.OIDC == nil && !c.Anonymous && !c.LoopbackOwner {
		return nil, errors.New("nobody could come in: configure tokens, OIDC or anonymous reading, or serve the owner of this machine on loopback")
	}
	if c.AnonymousRate < 0 || c.AnonymousBurst < 0 {
		return nil, fmt.Errorf("the anonymous rate %v and burst %d must not be negative", c.AnonymousRate, c.AnonymousBurst)
	}
	c.AnonymousRate = cmp.Or(c.AnonymousRate, 5)
	c.AnonymousBurst = cmp.Or(c.AnonymousBurst, 30)
	c.OwnerName = cmp.Or(c.OwnerName, "owner")
	return &Authenticator{config: c, limiter: newLimiter(c.AnonymousRate, c.AnonymousBurst, time.Now)}, nil
}

// maxCredentials is the longest Authorization that is looked at, in bytes. Tokens
// of providers that list many groups are long.
const maxCredentials = 16 << 10

// Authenticate says who makes a request. The error is a *Refusal. A token is
// taken from the header Authorization alone, and one that opens nothing is never
// overlooked in favour of reading anonymously.
//
// A websocket is authenticated when its connection_init arrives, with Init; the
// request that opens it may come without a token, since browsers can set none.
func (a *Authenticator) Authenticate(r *http.Request) (Identity, error) {
	i, err := a.recognise(r, r.Header.Values("Authorization"))
	return a.logged(r, i, err)
}

// Init says who opened a websocket, by the payload of its connection_init: none, or
// a JSON object with a field Authorization, in any case, that holds what the header
// would. Without one, the request that opened it decides. The rest of the payload is
// passed over, so that nobody unknown has this server build what they like.
func (a *Authenticator) Init(r *http.Request, payload json.RawMessage) (Identity, error) {
	given := r.Header.Values("Authorization")
	var sent struct{ Authorization everyValue }
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &sent); err != nil {
			return a.logged(r, Identity{}, badToken(fmt.Errorf("%w: the payload of connection_init is no object", ErrMalformed)))
		}
	}
	for _, value := range sent.Authorization {
		var text *string // null is no text
		if err := json.Unmarshal(value, &text); err != nil || text == nil || len(given) > 0 && (len(given) > 1 || given[0] != *text) {
			return a.logged(r, Identity{}, badToken(fmt.Errorf("%w: connection_init holds no text, or another than its request", ErrMalformed)))
		}
		given = []string{*text}
	}
	i, err := a.recognise(r, given)
	return a.logged(r, i, err)
}

// everyValue keeps each value that an object gives one field: encoding/json calls it
// for all of them, whatever the case of their names.
type everyValue []json.RawMessage

// UnmarshalJSON keeps one more.
func (e *everyValue) UnmarshalJSON(value []byte) error {
	*e = append(*e, bytes.Clone(value))
	return nil
}

func (a *Authenticator) logged(r *http.Request, i Identity, err error) (Identity, error) {
	var refusal *Refusal
	if err == nil || !errors.As(err, &refusal) {
		return i, err
	}
	level := zerolog.InfoLevel
	if refusal.Status == http.StatusServiceUnavailable {
		level = zerolog.ErrorLevel
	}
	a.config.Log.WithLevel(level).AnErr("reason", refusal.Cause()).
		Stringer("client", a.client(r)).Str("path", r.URL.Path).Int("status", refusal.Status).
		Msg("a request was refused")
	return Identity{}, refusal
}

func (a *Authenticator) recognise(r *http.Request, authorization []string) (Identity, error) {
	if holdsToken(r.URL.RawQuery) {
		// What stands in an address stands in logs, histories and referrers.
		return Identity{}, &Refusal{
			Status: http.StatusUnauthorized, Code: evidence.Forbidden,
			Message: "a token has no place in an address, where logs and browsers keep it: send it in the header Authorization, and have the one that you sent revoked",
			cause:   fmt.Errorf("%w: a token in the address", ErrMalformed),
		}
	}
	switch len(authorization) {
	case 0:
	case 1:
		return a.bearer(r.Context(), authorization[0])
	default:
		return Identity{}, badToken(fmt.Errorf("%w: %d headers Authorization", ErrMalformed, len(authorization)))
	}
	if a.config.LoopbackOwner && isLocal(r, a.config.Origins) {
		return Owner(a.config.OwnerName), nil
	}
	if !a.config.Anonymous {
		return Identity{}, noCredentials()
	}
	if err := a.count(r); err != nil {
		return Identity{}, err
	}
	return Identity{Clearance: evidence.Public, Role: Reader, Anonymous: true, IDPrefix: PrefixOf("", evidence.Public)}, nil
}

// Count takes one more request from somebody whom Authenticate or Init let in: an
// operation on their websocket, which is no request by HTTP that would be counted
// of itself. The error is a *Refusal. Only those are counted who have not said who
// they are, with all else that their address asks.
func (a *Authenticator) Count(r *http.Request, i Identity) error {
	if !i.Anonymous {
		return nil
	}
	_, err := a.logged(r, i, a.count(r))
	return err
}

// count takes one request from the address that a request came from.
func (a *Authenticator) count(r *http.Request) error {
	wait := a.limiter.wait(a.client(r))
	if wait == 0 {
		return nil
	}
	return &Refusal{
		Status: http.StatusTooManyRequests, Code: evidence.LimitExceeded,
		Message:    fmt.Sprintf("without a token, one address may make %v requests a second; wait a little, or ask an administrator of this server for a token", a.config.AnonymousRate),
		RetryAfter: wait, cause: ErrTooMany,
	}
}

// bearer recognises what stands in Authorization (RFC 6750, 2.1).
func (a *Authenticator) bearer(ctx context.Context, authorization string) (Identity, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	switch {
	case len(authorization) > maxCredentials:
		return Identity{}, badToken(fmt.Errorf("%w: Authorization has %d bytes", ErrMalformed, len(authorization)))
	case !strings.EqualFold(scheme, "Bearer"):
		return Identity{}, badToken(fmt.Errorf("%w: Authorization is not of the scheme Bearer", ErrMalformed))
	case strings.HasPrefix(token, secretPrefix) && a.config.Tokens != nil:
		return a.config.Tokens.Authenticate(ctx, token)
	case strings.Count(token, ".") == 2 && a.config.OIDC != nil:
		return a.config.OIDC.Authenticate(ctx, token)
	default:
		return Identity{}, badToken(ErrMalformed)
	}
}

// Challenge is the header WWW-Authenticate (RFC 6750, 3); empty where the status
// asks for none.
func (r *Refusal) Challenge() string {
	switch {
	case r.Status != http.StatusUnauthorized:
		return ""
	case errors.Is(r, ErrNoCredentials):
		return `Bearer realm="vinculo"`
	default:
		return `Bearer realm="vinculo", error="invalid_token"`
	}
}
