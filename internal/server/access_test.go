package server_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
)

// door is who is let in, in the tests.
type door struct{}

func (door) Authenticate(r *http.Request) (access.Identity, error) {
	return recognise(r.Header.Get("Authorization"))
}

func (door) Init(_ *http.Request, payload json.RawMessage) (access.Identity, error) {
	var sent struct{ Authorization any }
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &sent); err != nil {
			return access.Identity{}, err
		}
	}
	token, _ := sent.Authorization.(string)
	return recognise(token)
}

func (door) Address(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() }

func (door) Confirm(*http.Request, access.Identity) error { return nil }

func (door) Count(*http.Request, access.Identity) error { return nil }

func recognise(token string) (access.Identity, error) {
	switch token {
	case "":
		return access.Identity{}, &access.Refusal{Status: 401, Code: evidence.Forbidden, Message: "say who you are"}
	case "Bearer known":
		return access.Owner("María"), nil
	case "Bearer anyone":
		return access.Identity{Anonymous: true}, nil
	case "Bearer away":
		return access.Identity{}, &access.Refusal{Status: 503, Code: evidence.Unavailable, Message: "ask later", RetryAfter: 1500 * time.Millisecond}
	case "Bearer busy":
		return access.Identity{}, &access.Refusal{Status: 429, Code: evidence.LimitExceeded, Message: "ask less", RetryAfter: time.Minute}
	case "Bearer bug":
		return access.Identity{}, errors.New("secret: the password is hunter2")
	}
	return access.Identity{}, &access.Refusal{Status: 403, Code: evidence.Forbidden, Message: "the token was withdrawn"}
}

func TestAccess(t *testing.T) {
	web, _ := start(t, server.Config{Access: door{}})
	for token, want := range map[string]struct {
		status      int
		code, retry string
	}{
		"":              {401, server.CodeForbidden, ""},
		"Bearer old":    {403, server.CodeForbidden, ""},
		"Bearer away":   {503, server.CodeUnavailable, "2"},
		"Bearer busy":   {429, server.CodeLimitExceeded, "60"},
		"Bearer bug":    {500, server.CodeInternal, ""},
		"Bearer known":  {200, "", ""},
		"Bearer anyone": {200, "", ""},
	} {
		for _, accept := range []string{"application/json", asGraphQL, "text/event-stream"} {
			got := ask(t, postRequest(t, web.URL, `{"query":"{writer}"}`, "Authorization", token, "Accept", accept))
			require.Equal(t, want.status, got.status, token)
			require.Equal(t, want.code, got.code(), token)
			require.Equal(t, want.retry, got.header.Get("Retry-After"), token)
			require.NotContains(t, got.body, "hunter2")
			if want.status == 401 {
				require.Contains(t, got.header.Get("WWW-Authenticate"), "Bearer")
			}
			if token == "Bearer known" {
				require.Contains(t, got.body, "María", "the schema learns who asks")
			}
		}
	}
	dear := `{"query":"{person{friends(first:200){nodes{friends(first:90){nodes{name}}}}}}"}`
	require.Empty(t, ask(t, postRequest(t, web.URL, dear, "Authorization", "Bearer known")).Errors)
	require.Equal(t, "complexity", ask(t, postRequest(t, web.URL, dear, "Authorization", "Bearer anyone")).limit())
}

func TestBrowsersOfOtherPagesAreRefused(t *testing.T) {
	web, _ := start(t, server.Config{Origins: []string{"https://mapa.example"}, Hosts: []string{"vinculo.example"}})
	address := web.URL + "/graphql?query={__typename}"
	host := strings.TrimPrefix(web.URL, "http://")
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no browser":            {nil, 200},
		"own page":              {[]string{"Origin", web.URL, "Sec-Fetch-Site", "same-origin"}, 200},
		"typed by hand":         {[]string{"Sec-Fetch-Site", "none"}, 200},
		"allowed page":          {[]string{"Origin", "https://mapa.example", "Sec-Fetch-Site", "cross-site"}, 200},
		"other page":            {[]string{"Origin", "https://mal.example"}, 403},
		"no origin at all":      {[]string{"Origin", "null"}, 403},
		"other port":            {[]string{"Origin", "http://127.0.0.1:1"}, 403},
		"image on another page": {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"neighbour":             {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"own name":              {[]string{"Host", "vinculo.example:8443"}, 200},
		"name of another":       {[]string{"Host", "rebound.example"}, 421},
		"localhost":             {[]string{"Host", "localhost:" + strings.Split(host, ":")[1]}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := getRequest(t, address, test.headers...)
			if named := r.Header.Get("Host"); named != "" {
				r.Host = named
			}
			got := ask(t, r)
			require.Equal(t, test.status, got.status, got.body)
			if test.status != 200 {
				require.Equal(t, server.CodeForbidden, got.code())
			}
			if name == "allowed page" {
				require.Equal(t, "https://mapa.example", got.header.Get("Access-Control-Allow-Origin"))
			} else {
				require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
	r := getRequest(t, web.URL+"/graphql", "Origin", "https://mapa.example")
	r.Method = http.MethodOptions
	got := ask(t, r)
	require.Equal(t, http.StatusNoContent, got.status)
	require.Contains(t, got.header.Get("Access-Control-Allow-Headers"), "Content-Type")
}

func TestHiddenSchema(t *testing.T) {
	web, _ := start(t, server.Config{HideSchema: true})
	for _, text := range []string{"{__schema{types{name}}}", `{__type(name:"Query"){name}}`, "query{...F} fragment F on Query{x:__schema{types{name}}}"} {
		require.Equal(t, server.CodeForbidden, query(t, web.URL, text).code(), text)
	}
	require.Empty(t, query(t, web.URL, "{__typename}").code())
	open, _ := start(t, server.Config{})
	for _, typo := range []string{
		"{helo}",
		"{person{nme}}",
		"{person}",
		`{hello(nme:"x")}`,
		"{hello @skip(iff:true)}",
		"{...F} fragment F on Qury{hello}",
		"{find(filter:{kindz:[]})}",
		"{find(filter:{kinds:[COMMAND]})}",
		`{find(filter:{kinds:["COMMAND"]})}`,
		"query($filter:Filter={kindz:[]}){find(filter:$filter)}",
		"query($filter:Filter={kinds:[COMMAND]}){find(filter:$filter)}",
	} {
		require.Contains(t, query(t, open.URL, typo).body, "Did you mean", typo)
		hidden := query(t, web.URL, typo)
		require.Equal(t, server.CodeInvalidInput, hidden.code(), typo)
		require.NotContains(t, hidden.body, "Did you mean", typo)
	}
	for variables, unsaid := range map[string]string{`{"kindz":[]}`: "kinds", `{"kinds":["COMMAND"]}`: "COMMANDS"} {
		hidden := ask(t, postRequest(t, web.URL, `{"query":"query($filter:Filter){find(filter:$filter)}","variables":{"filter":`+variables+`}}`))
		require.Equal(t, server.CodeInvalidInput, hidden.code(), variables)
		require.NotContains(t, hidden.body, unsaid)
	}
}
