package access

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access/oidctest"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// requireWithdrawn checks that a connection is refused for a reason that the log
// alone learns.
func requireWithdrawn(t *testing.T, err, reason error) {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.ErrorIs(t, err, reason)
	require.Equal(t, http.StatusUnauthorized, refusal.Status)
	require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
	require.Equal(t, withdrawn(nil).Message, err.Error())
	require.LessOrEqual(t, len(err.Error()), 123, "it fits a close frame")
}

func TestPersonalTokenIsConfirmedAsItIsNow(t *testing.T) {
	tokens, c, shelf := newTokens(t)
	var log bytes.Buffer
	a := newAuthenticator(t, Config{Tokens: tokens, Log: zerolog.New(&log)})
	// letIn gives who came in with a new token, by a header or over a websocket.
	letIn := func(expires time.Time) (Identity, Token) {
		secret, token := create(t, tokens, "María", Editor, evidence.Restricted, expires)
		who, err := a.Authenticate(request(header("Authorization", "Bearer "+secret)))
		require.NoError(t, err)
		same, err := a.Init(request(nil), payload(t, map[string]any{"Authorization": "Bearer " + secret}))
		require.NoError(t, err)
		require.Equal(t, who, same)
		require.NoError(t, a.Confirm(request(nil), who))
		return who, token
	}
	// rewrite changes a token on the shelf, as nothing in this program does.
	rewrite := func(id string, change func(*storedToken)) {
		require.NoError(t, tokens.Close())
		stored, version, err := tokens.get(t.Context(), id)
		require.NoError(t, err)
		change(stored)
		data, err := json.Marshal(stored)
		require.NoError(t, err)
		require.NoError(t, shelf.PutItem(t.Context(), store.Item{Kind: tokenKind, ID: id, Version: version, Data: data}))
	}

	who, token := letIn(time.Time{})
	other, _ := letIn(time.Time{})
	_, err := tokens.Revoke(t.Context(), owner, token.ID)
	require.NoError(t, err)
	requireWithdrawn(t, a.Confirm(request(nil), who), ErrRevoked)
	require.Contains(t, log.String(), "token "+token.ID+" of María: revoked")
	require.NoError(t, a.Confirm(request(nil), other), "another token of the same person is another")

	who, _ = letIn(c.now().Add(time.Hour))
	c.advance(time.Hour - time.Second)
	require.NoError(t, a.Confirm(request(nil), who))
	c.advance(time.Second)
	requireWithdrawn(t, a.Confirm(request(nil), who), ErrExpired)

	for name, change := range map[string]func(*storedToken){
		"name":             func(t *storedToken) { t.Name = "Mario" },
		"lower role":       func(t *storedToken) { t.Role = Reader },
		"higher role":      func(t *storedToken) { t.Role = Admin },
		"lower clearance":  func(t *storedToken) { t.Clearance = evidence.Public },
		"higher clearance": func(t *storedToken) { t.Clearance = evidence.Confidential },
	} {
		t.Run(name, func(t *testing.T) {
			who, token := letIn(time.Time{})
			rewrite(token.ID, change)
			requireWithdrawn(t, a.Confirm(request(nil), who), ErrChanged)
		})
	}
	who, token = letIn(time.Time{})
	rewrite(token.ID, func(t *storedToken) { t.Expires = c.now().Add(time.Hour) })
	require.NoError(t, a.Confirm(request(nil), who), "who they are has not changed")

	c.advance(useInterval)
	require.NoError(t, a.Confirm(request(nil), who))
	require.NoError(t, tokens.Close())
	stored, _, err := tokens.get(t.Context(), token.ID)
	require.NoError(t, err)
	require.Equal(t, c.now(), stored.LastUsed, "what is asked over an open connection is a use")

	who.credential.token = "elsewhere"
	requireWithdrawn(t, a.Confirm(request(nil), who), ErrUnknownToken)
}

func TestTokenOfAProviderIsConfirmedUntilItExpires(t *testing.T) {
	p, c := newProvider(t), newClock()
	config := p.config(c)
	config.ClockSkew = time.Minute
	a := newAuthenticator(t, Config{OIDC: newOIDC(t, config)})
	who, err := a.Authenticate(request(header("Authorization", "Bearer "+oidctest.Sign(t, jose.RS256, p.Signing.Private, p.Signing.Name, nil, p.good(c)))))
	require.NoError(t, err)
	fetched := p.Fetched.Load()
	p.Down.Store(true)
	c.advance(time.Hour + time.Minute - time.Second) // Past what its keys are kept for, too.
	require.NoError(t, a.Confirm(request(nil), who))
	c.advance(time.Second)
	requireWithdrawn(t, a.Confirm(request(nil), who), ErrExpired)
	require.Equal(t, fetched, p.Fetched.Load(), "the provider is not asked")
}

func TestWhoCameInWithoutATokenStays(t *testing.T) {
	a := newAuthenticator(t, Config{Anonymous: true, AnonymousBurst: 1, LoopbackOwner: true})
	for _, r := range []*http.Request{request(nil), request(header("Via", "1.1 proxy"))} {
		who, err := a.Authenticate(r)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, a.Confirm(r, who), "this counts as no request")
		}
	}
}

func TestStoreThatIsDownConfirmsNobody(t *testing.T) {
	tokens, _, _ := newTokens(t)
	_, token := create(t, tokens, "María", Editor, evidence.Restricted, time.Time{})
	var log bytes.Buffer
	a := newAuthenticator(t, Config{Tokens: NewTokens(downShelf{}), Log: zerolog.New(&log)})
	err := a.Confirm(request(nil), token.Identity())
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, http.StatusServiceUnavailable, refusal.Status)
	require.Equal(t, evidence.Unavailable, evidence.CodeOf(err))
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.NotContains(t, err.Error(), "refused")
	require.Contains(t, log.String(), "connection refused")

	log.Reset()
	left, leave := context.WithCancel(t.Context())
	leave()
	require.Error(t, a.Confirm(request(nil).WithContext(left), token.Identity()))
	require.Empty(t, log.String(), "who has left was not refused")
}
