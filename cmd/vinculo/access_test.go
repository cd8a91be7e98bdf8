package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/access/oidctest"
	"github.com/vinculo/vinculo/internal/evidence"
)

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	return rows
}

func writeCSV(t *testing.T, path string, rows [][]string) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, csv.NewWriter(&text).WriteAll(rows))
	require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
}

// madeToken is what `token create --json` writes.
type madeToken struct {
	Secret string
	Token  struct{ ID, Name, Role, Clearance, State, Expires string }
}

func newToken(t *testing.T, store string, args ...string) (made madeToken) {
	t.Helper()
	out := succeeds(t, append([]string{"token", "create", "--json", "--store", store}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	return made
}

// asks asks with a token, or without one, and gives the status and the answer.
func (s *served) asks(t *testing.T, token, query string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

const someone = `mutation { apply(changeSet: {reason: "r", changes: [{putEntity: {kind: PERSON, name: "José"}}]}) { number author } }`

func TestTokensFromMakingToRevoking(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	editor := newToken(t, store, "--name", "Ana Gómez", "--role", "editor", "--clearance", "CONFIDENTIAL", "--expires", "7d")
	reader := newToken(t, store, "--name", "Luz")
	require.Equal(t, "active", editor.Token.State)
	until, err := time.Parse(time.RFC3339, editor.Token.Expires)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().AddDate(0, 0, 7), until, time.Hour)

	s := serve(t, "--store", store, "--tokens")
	code, text := s.asks(t, "", "{ stats { sources } }")
	require.Equal(t, http.StatusUnauthorized, code, "no one is the owner any more: %s", text)
	code, text = s.asks(t, editor.Secret, "{ stats { sources } }")
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"data": {"stats": {"sources": 2}}}`, text)
	_, text = s.asks(t, reader.Secret, "{ stats { sources } }")
	require.JSONEq(t, `{"data": {"stats": {"sources": 1}}}`, text, "the one that is RESTRICTED does not exist for them")
	_, text = s.asks(t, reader.Secret, someone)
	require.Contains(t, text, "FORBIDDEN")
	_, text = s.asks(t, editor.Secret, someone)
	require.Contains(t, text, `"author":"Ana Gómez"`, "the author is who was authenticated")

	require.Contains(t, succeeds(t, "token", "revoke", "--store", store, editor.Token.ID), "token "+editor.Token.ID+" of Ana Gómez is revoked")
	code, text = s.asks(t, editor.Secret, "{ stats { sources } }")
	require.Equal(t, http.StatusUnauthorized, code, "at once, in a server that runs")
	for what, forged := range map[string]string{"forged": editor.Secret[:len(editor.Secret)-1] + "2", "of another kind": "a.b.c", "none": "x"} {
		same, answer := s.asks(t, forged, "{ stats { sources } }")
		require.Equal(t, code, same, what)
		require.Equal(t, text, answer, what)
	}
	require.NoError(t, s.stop())
	require.NotContains(t, s.log.String(), editor.Secret)
	require.NotContains(t, s.log.String(), reader.Secret)

	list := succeeds(t, "token", "list", "--store", store)
	require.Regexp(t, editor.Token.ID+` +Ana Gómez +editor +CONFIDENTIAL +revoked`, list)
	require.Regexp(t, reader.Token.ID+` +Luz +reader +PUBLIC +active`, list)
	require.NotContains(t, list, editor.Secret)
	require.Equal(t, 2, strings.Count(succeeds(t, "token", "list", "--store", store, "--json"), `"state"`))

	// The secret goes alone to where it can be kept.
	r := run(t, "token", "create", "--store", store, "--name", "x", "--expires", "never")
	require.Regexp(t, `^vinculo_\S+\n$`, r.out)
	require.Contains(t, r.errors, "good until it is revoked")
	require.NotContains(t, r.errors, strings.TrimSpace(r.out))

	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"expiry":     {[]string{"create", "--name", "x", "--expires", "soon"}, 2, "write days such as 90d"},
		"past":       {[]string{"create", "--name", "x", "--expires", "2001-01-01"}, 2, "has passed"},
		"endless":    {[]string{"create", "--name", "x", "--expires", "99999999999d"}, 2, "is no number of days"},
		"role":       {[]string{"create", "--name", "x", "--role", "owner"}, 2, "--role"},
		"clearance":  {[]string{"create", "--name", "x", "--clearance", "SECRET"}, 2, "--clearance"},
		"empty name": {[]string{"create", "--name", " "}, 1, "the name is empty"},
		"no token":   {[]string{"revoke", "nothing"}, 1, `there is no token "nothing"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, append([]string{"token", c.args[0], "--store", store}, c.args[1:]...)...)
			require.Equal(t, c.code, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
			require.Empty(t, r.out)
		})
	}
}

func TestAnonymousReadersAreFewAndSeeWhatIsPublic(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	token := newToken(t, store, "--name", "Luz", "--clearance", "RESTRICTED").Secret
	s := serve(t, "--store", store, "--tokens", "--anonymous", "--anonymous-rate", "0.001", "--anonymous-burst", "4", "--limit-complexity", "4000", "--limit-anonymous-complexity", "100")
	_, text := s.asks(t, "", "{ stats { sources } }")
	require.JSONEq(t, `{"data": {"stats": {"sources": 1}}}`, text)
	_, text = s.asks(t, "", someone)
	require.Contains(t, text, "FORBIDDEN")
	const costly = "{ sources(first: 100) { nodes { id title } } }"
	_, text = s.asks(t, "", costly)
	require.Contains(t, text, "LIMIT_EXCEEDED")
	_, text = s.asks(t, token, costly)
	require.Contains(t, text, `"acta"`, "who says who they are may ask more")
	code, _ := s.asks(t, "wrong", "{ stats { sources } }")
	require.Equal(t, http.StatusUnauthorized, code, "a token that opens nothing is not overlooked")

	_, _ = s.asks(t, "", "{ stats { sources } }")
	code, text = s.asks(t, "", "{ stats { sources } }")
	require.Equal(t, http.StatusTooManyRequests, code)
	require.Contains(t, text, "anonymousRate")
	code, _ = s.asks(t, token, "{ stats { sources } }")
	require.Equal(t, http.StatusOK, code)
	require.NoError(t, s.stop())
}

func TestServeSaysWhoMayComeIn(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	newToken(t, store, "--name", "Luz")
	refused := run(t, "serve", "--store", store, "--listen", "0.0.0.0:0")
	require.Equal(t, 2, refused.code)
	for _, flag := range []string{"--tokens", "--oidc-issuer", "--anonymous"} {
		require.Contains(t, refused.errors, flag)
	}

	s := serve(t, "--store", store)
	require.Contains(t, s.ask(t, someone), `"author":"owner"`)
	require.Contains(t, s.log.String(), "switch them on with --tokens")
	require.NoError(t, s.stop())

	provider := []string{
		"--oidc-issuer", "http://127.0.0.1:1", "--oidc-audience", "vinculo",
		"--oidc-role", "groups=a, b:editor", "--oidc-clearance", "groups=a, b:RESTRICTED",
	}
	s = serve(t, append([]string{"--store", store}, provider...)...)
	code, _ := s.asks(t, "", "{ stats { sources } }")
	require.Equal(t, http.StatusUnauthorized, code, "the owner does not come in beside it")
	require.NoError(t, s.stop())

	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"demo":        {[]string{"--demo", "--tokens"}, 2, "--tokens has no use with --demo"},
		"no issuer":   {[]string{"--demo", "--oidc-audience", "x"}, 2, "--oidc-issuer"},
		"no audience": {[]string{"--demo", "--oidc-issuer", "https://id.example.org"}, 2, "audience"},
		"no TLS":      {append([]string{"--demo", "--oidc-issuer", "http://id.example.org"}, provider[2:]...), 2, "has no TLS"},
		"no rules":    {append([]string{"--demo"}, provider[:4]...), 2, "at least one rule"},
		"host":        {[]string{"--demo", "--host", "http://x.org"}, 2, `--host "http://x.org" is no host name; give one such as`},
		"host's path": {[]string{"--demo", "--host", "x.org/graph"}, 2, "is no host name"},
		"origin":      {[]string{"--demo", "--cors-origin", "example.org"}, 2, `--cors-origin "example.org" is no origin; give one such as`},
		"its path":    {[]string{"--demo", "--cors-origin", "https://example.org/mapa"}, 2, "is no origin"},
		"its port":    {[]string{"--demo", "--cors-origin", "https://example.org:443"}, 2, "leave it out"},
		"rule":        {append([]string{"--demo", "--oidc-role", "editor"}, provider[:4]...), 2, "--oidc-role"},
		"clearance":   {append([]string{"--demo", "--oidc-clearance", "groups=a:SECRET"}, provider[:4]...), 2, "--oidc-clearance"},
		"proxy":       {[]string{"--demo", "--trusted-proxy", "everybody"}, 2, "--trusted-proxy"},
		"rate":        {[]string{"--demo", "--anonymous", "--anonymous-rate=-1"}, 2, "--anonymous-rate -1 is no limit"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.errors)
			require.Contains(t, r.errors, c.want)
		})
	}
}

// TestAVariableHasSeveralRules one a line, and is refused where it has them otherwise.
func TestAVariableHasSeveralRules(t *testing.T) {
	t.Setenv("VINCULO_OIDC_ISSUER", "http://127.0.0.1:1")
	t.Setenv("VINCULO_OIDC_AUDIENCE", "vinculo")
	t.Setenv("VINCULO_OIDC_CLEARANCE", "\r\ngroups=a, b:RESTRICTED\r\n groups=*:PUBLIC\r\n")
	t.Setenv("VINCULO_OIDC_ROLE", "groups=a:editor,groups=*:reader")
	r := run(t, "serve", "--demo", "--listen", "127.0.0.1:0")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.errors, `holds several rules, of which the first is "groups=a:editor"`)

	given, err := rules("--oidc-clearance", []string{os.Getenv("VINCULO_OIDC_CLEARANCE"), "sub=x:CONFIDENTIAL"}, access.ParseClearanceRule)
	require.NoError(t, err)
	require.Equal(t, []access.Rule[evidence.Clearance]{
		{Claim: "groups", Value: "a, b", Grants: evidence.Restricted}, {Claim: "groups", Value: "*", Grants: evidence.Public},
		{Claim: "sub", Value: "x", Grants: evidence.Confidential},
	}, given)
}

// TestAnOpenIDProviderLetsPeopleIn has a real provider sign people in, and serves
// those whom its tokens are for.
func TestAnOpenIDProviderLetsPeopleIn(t *testing.T) {
	store, _ := storeFile(t)
	quotedStore(t, store)
	succeeds(t, "query", "--store", store, `mutation { apply(changeSet: {reason: "r", changes: [
		{putSource: {kind: LEAK, title: "Reservado", url: "https://example.org/1", clearance: RESTRICTED}}, {putSource: {kind: LEAK, title: "Secreto", url: "https://example.org/2", clearance: CONFIDENTIAL}}]}) { number } }`)
	const titles = "{ sources { nodes { title } } }"
	provider := oidctest.New(t)
	s := serve(t, "--store", store, "--oidc-issuer", provider.Issuer, "--oidc-audience", oidctest.Audience,
		"--oidc-role", "groups=newsroom:editor", "--oidc-clearance", "groups=newsroom:RESTRICTED", "--oidc-role", "sub=id1:reader", "--oidc-clearance", "sub=id1:PUBLIC")

	robot := provider.AccessToken(t)
	code, text := s.asks(t, robot, titles)
	require.Equal(t, http.StatusOK, code, text)
	require.Contains(t, text, "Reservado")
	require.NotContains(t, text, "Secreto")
	_, text = s.asks(t, robot, someone)
	require.Contains(t, text, `"author":"robot"`)
	before := succeeds(t, "log", "--store", store)

	now := time.Now()
	signed := func(key *oidctest.Key, changes map[string]any) string {
		claims := map[string]any{"iss": provider.Issuer, "aud": oidctest.Audience, "sub": "maria", "groups": []string{"newsroom"}, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
		maps.Copy(claims, changes)
		return oidctest.Sign(t, jose.RS256, key.Private, key.Name, nil, claims)
	}
	code, text = s.asks(t, signed(provider.Signing, nil), titles)
	require.Equal(t, http.StatusOK, code, "all that are refused differ from this in one thing: %s", text)
	provider.IssueFor("elsewhere")
	for what, token := range map[string]string{
		"for another, by the provider itself": provider.AccessToken(t),
		"of a person who signed in elsewhere": provider.IDToken(t),
		"for another":                         signed(provider.Signing, map[string]any{"aud": "elsewhere"}),
		"expired":                             signed(provider.Signing, map[string]any{"exp": now.Add(-time.Hour).Unix()}),
		"of another issuer":                   signed(provider.Signing, map[string]any{"iss": "https://id.example.org"}),
		"forged":                              signed(oidctest.NewKey(t, provider.Signing.Name), nil),
		"changed":                             robot[:len(robot)-6] + "AAAAAA",
	} {
		for _, query := range []string{titles, someone} {
			code, text := s.asks(t, token, query)
			require.Equal(t, http.StatusUnauthorized, code, "%s: %s", what, text)
			require.Contains(t, text, `"code":"FORBIDDEN"`, what)
			require.NotContains(t, text, "Reservado", what)
		}
	}
	code, text = s.asks(t, signed(provider.Signing, map[string]any{"groups": []string{"chess"}}), titles)
	require.Equal(t, http.StatusForbidden, code, text)
	require.Contains(t, text, `"code":"FORBIDDEN"`, "whom no rule knows")
	_, text = s.asks(t, signed(provider.Signing, map[string]any{"sub": "id1", "groups": nil}), someone)
	require.Contains(t, text, `"code":"FORBIDDEN"`, "a reader")
	require.Equal(t, before, succeeds(t, "log", "--store", store), "nothing changed")
	require.NoError(t, s.stop())
	require.NotContains(t, s.log.String(), robot)
}

func TestPagesOfOtherOriginsAsk(t *testing.T) {
	s := serve(t, "--demo", "--anonymous", "--cors-origin", "https://example.org", "--host", "graph.example.org")
	for origin, want := range map[string]int{"https://example.org": http.StatusOK, "https://evil.example": http.StatusForbidden} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/graphql?query=%7Bstats%7Blinks%7D%7D", http.NoBody)
		require.NoError(t, err)
		request.Host = "graph.example.org"
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, response.StatusCode, origin)
	}
	require.NoError(t, s.stop())
}
