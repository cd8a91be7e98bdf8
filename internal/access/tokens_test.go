package access

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

var owner = Owner("Ana")

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().UTC().Truncate(time.Second)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newTokens(t *testing.T) (*Tokens, *clock, *model.Store) {
	t.Helper()
	shelf, c := model.New(), newClock()
	tokens := NewTokens(shelf)
	tokens.now = c.now
	t.Cleanup(func() { require.NoError(t, tokens.Close()) })
	return tokens, c, shelf
}

func create(t *testing.T, tokens *Tokens, name string, role Role, clearance evidence.Clearance, expires time.Time) (string, Token) {
	t.Helper()
	secret, token, err := tokens.Create(t.Context(), owner, name, role, clearance, expires)
	require.NoError(t, err)
	return secret, token
}

// requireRefused checks that a refusal tells the client nothing but what every
// bad token is told, and gives the reason to the log.
func requireRefused(t *testing.T, err, reason error) {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.ErrorIs(t, err, reason)
	require.Equal(t, badToken(nil).Message, err.Error())
	require.Equal(t, http.StatusUnauthorized, refusal.Status)
	require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
}

func TestWhoMayDoWhat(t *testing.T) {
	want := map[Role]string{
		Reader:      "read",
		Contributor: "read, propose changes",
		Editor:      "read, propose changes, change the graph, review proposals",
		Admin:       "read, propose changes, change the graph, review proposals, erase content, manage tokens",
		Role(9):     "",
	}
	for role, words := range want {
		var can []string
		for a := Read; a <= ManageTokens; a++ {
			who := Identity{Role: role}
			if who.Can(a) {
				can = append(can, a.String())
				require.NoError(t, who.May(a))
			} else {
				require.Equal(t, evidence.Forbidden, evidence.CodeOf(who.May(a)))
			}
		}
		require.Equal(t, words, strings.Join(can, ", "), role.String())
		require.False(t, role.Can(ManageTokens+1), "an action that is not in the table")
	}
	require.False(t, Identity{}.Can(Apply), "who said nothing of themselves writes nothing")
	require.ErrorContains(t, Identity{Role: Reader}.May(Apply), "the role reader may not change the graph; that takes the role editor")
	require.Error(t, Identity{Role: Admin}.May(ManageTokens+1))
}

func TestRolesAreReadAndWrittenByName(t *testing.T) {
	for r := Reader; r <= Admin; r++ {
		text, err := r.MarshalText()
		require.NoError(t, err)
		var back Role
		require.NoError(t, back.UnmarshalText([]byte(strings.ToUpper(string(text)))))
		require.Equal(t, r, back)
	}
	_, err := Role(4).MarshalText()
	require.Error(t, err)
	_, err = ParseRole("superuser")
	require.ErrorContains(t, err, `"superuser" is no role; the roles are reader, contributor, editor, admin`)
	require.Error(t, new(Role).UnmarshalText(nil))
}

func TestTokenOpensAsWhatItWasMadeFor(t *testing.T) {
	tokens, c, _ := newTokens(t)
	secret, token := create(t, tokens, " José Ñáñez ", Contributor, evidence.Restricted, c.now().Add(time.Hour))
	require.Equal(t, "José Ñáñez", token.Name)
	require.Equal(t, "Ana", token.CreatedBy)
	require.True(t, token.Active(c.now()))

	who, err := tokens.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "José Ñáñez", who.Name)
	require.Equal(t, Contributor, who.Role)
	require.Equal(t, evidence.Restricted, who.Clearance)
	require.Regexp(t, `^u-[a-z2-7]{10}:$`, who.IDPrefix)
	require.True(t, evidence.ID(who.IDPrefix+"x").Valid())

	renewed, _ := create(t, tokens, "José Ñáñez", Contributor, evidence.Restricted, time.Time{})
	again, err := tokens.Authenticate(t.Context(), renewed)
	require.NoError(t, err)
	again.credential = who.credential
	require.Equal(t, who, again, "a new token of the same person is the same person")

	lower, _ := create(t, tokens, "José Ñáñez", Contributor, evidence.Public, time.Time{})
	public, err := tokens.Authenticate(t.Context(), lower)
	require.NoError(t, err)
	require.NotEqual(t, who.IDPrefix, public.IDPrefix, "what the higher token made is not told to the lower one")

	top, _ := create(t, tokens, "Ana", Admin, evidence.Confidential, time.Time{})
	all, err := tokens.Authenticate(t.Context(), top)
	require.NoError(t, err)
	require.Empty(t, all.IDPrefix, "who sees everything chooses ids as they like")
}

func TestSecretIsFoundByScannersAndNowhereInTheStore(t *testing.T) {
	tokens, _, shelf := newTokens(t)
	seen := map[string]bool{}
	pattern := regexp.MustCompile(SecretPattern)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "access.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "`"+SecretPattern+"`")
	for range 50 {
		secret, token := create(t, tokens, "Ana", Reader, evidence.Public, time.Time{})
		require.False(t, seen[secret])
		seen[secret] = true
		require.Equal(t, secret, pattern.FindString("token: \""+secret+"\", # mine"))
		item, err := shelf.Item(t.Context(), "token", token.ID)
		require.NoError(t, err)
		random := secret[len(secretPrefix)+tokenIDLength+1:]
		require.NotContains(t, string(item.Data), random[:20])
		shown, err := json.Marshal(token)
		require.NoError(t, err)
		require.NotContains(t, string(shown), "hash")
	}
}

func TestForgedTokensOpenNothing(t *testing.T) {
	tokens, _, shelf := newTokens(t)
	secret, token := create(t, tokens, "Ana", Admin, evidence.Confidential, time.Time{})
	body := secret[:len(secret)-checksumLength]
	seal := func(body string) string { return body + checksum(body) }
	other, _ := newSecret()

	flip := func(s string, at int) string {
		b := []byte(s)
		if b[at] == 'a' {
			b[at] = 'b'
		} else {
			b[at] = 'a'
		}
		return string(b)
	}
	for at := range secret {
		_, err := tokens.Authenticate(t.Context(), flip(secret, at))
		requireRefused(t, err, ErrMalformed)
	}
	for name, forged := range map[string]string{
		"empty": "", "prefix": secretPrefix, "cut": secret[:len(secret)-1], "longer": secret + "a",
		"capitals": strings.ToUpper(secret), "space": " " + secret, "id": token.ID, "nul": flip(secret, 20) + "\x00",
		"huge": strings.Repeat(secret, 1000), "not base32": seal(body[:len(body)-1] + "1"), "no underscore": seal(secretPrefix + token.ID + "a" + body[len(secretPrefix)+tokenIDLength+1:]),
	} {
		_, err := tokens.Authenticate(t.Context(), forged)
		requireRefused(t, err, ErrMalformed)
		require.NotContains(t, fmt.Sprint(err), "vinculo_", name)
	}
	for name, forged := range map[string]string{
		"never made":             other,
		"id of a token, guessed": seal(flip(body, len(body)-3)),
		"id of another":          seal(flip(body, len(secretPrefix))),
	} {
		_, err := tokens.Authenticate(t.Context(), forged)
		requireRefused(t, err, ErrUnknownToken)
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal)
		require.NotContains(t, refusal.Cause().Error(), forged[len(secretPrefix)+tokenIDLength+1:], "the log learns no secret: %s", name)
	}
	// A record whose hash was cut off by hand opens to nobody.
	item, err := shelf.Item(t.Context(), "token", token.ID)
	require.NoError(t, err)
	var stored storedToken
	require.NoError(t, json.Unmarshal(item.Data, &stored))
	stored.Hash = nil
	require.NoError(t, tokens.put(t.Context(), &stored, item.Version))
	_, err = tokens.Authenticate(t.Context(), secret)
	requireRefused(t, err, ErrUnknownToken)
}

func TestExpiredTokenOpensNothing(t *testing.T) {
	tokens, c, _ := newTokens(t)
	secret, token := create(t, tokens, "Ana", Reader, evidence.Public, c.now().Add(time.Hour))
	c.advance(time.Hour - time.Second)
	_, err := tokens.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	c.advance(time.Second)
	_, err = tokens.Authenticate(t.Context(), secret)
	requireRefused(t, err, ErrExpired)
	require.False(t, token.Active(c.now()))
}

func TestRevokedTokenOpensNothingAtOnce(t *testing.T) {
	tokens, c, _ := newTokens(t)
	secret, token := create(t, tokens, "Ana", Reader, evidence.Restricted, time.Time{})
	_, err := tokens.Authenticate(t.Context(), secret)
	require.NoError(t, err)

	for _, who := range []Identity{{}, {Role: Reader}, {Role: Contributor}, {Role: Editor, Clearance: evidence.Confidential}} {
		_, err = tokens.Revoke(t.Context(), who, token.ID)
		require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
		_, err = tokens.List(t.Context(), who, "", 0)
		require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
	}
	low := Identity{Role: Admin, Clearance: evidence.Public}
	_, unseen := tokens.Revoke(t.Context(), low, token.ID)
	_, absent := tokens.Revoke(t.Context(), low, "nothing")
	require.Equal(t, evidence.UnknownID, evidence.CodeOf(unseen))
	require.Equal(t, strings.ReplaceAll(unseen.Error(), token.ID, "nothing"), absent.Error())
	list, err := tokens.List(t.Context(), low, "", 0)
	require.NoError(t, err)
	require.Empty(t, list)

	revoked, err := tokens.Revoke(t.Context(), owner, token.ID)
	require.NoError(t, err)
	require.Equal(t, c.now(), revoked.Revoked)
	require.Equal(t, "Ana", revoked.RevokedBy)
	_, err = tokens.Authenticate(t.Context(), secret)
	requireRefused(t, err, ErrRevoked)

	c.advance(time.Hour)
	again, err := tokens.Revoke(t.Context(), owner, token.ID)
	require.NoError(t, err)
	require.Equal(t, revoked.Revoked, again.Revoked, "the first time counts")
}

func TestNobodyGivesWhatTheyHaveNot(t *testing.T) {
	tokens, c, shelf := newTokens(t)
	for name, tried := range map[string]struct {
		by        Identity
		name      string
		role      Role
		clearance evidence.Clearance
		expires   time.Time
		code      evidence.Code
		path      string
	}{
		"a reader":          {by: Identity{Role: Reader}, name: "x", code: evidence.Forbidden},
		"an editor":         {by: Identity{Role: Editor, Clearance: evidence.Confidential}, name: "x", code: evidence.Forbidden},
		"clearance above":   {by: Identity{Role: Admin, Clearance: evidence.Restricted}, name: "x", clearance: evidence.Confidential, code: evidence.Forbidden, path: "clearance"},
		"unknown clearance": {by: owner, name: "x", clearance: evidence.Hidden, code: evidence.InvalidInput, path: "clearance"},
		"unknown role":      {by: owner, name: "x", role: 4, code: evidence.InvalidInput, path: "role"},
		"no name":           {by: owner, name: " ", code: evidence.InvalidInput, path: "name"},
		"control sign":      {by: owner, name: "a\nb", code: evidence.InvalidInput, path: "name"},
		"turned around":     {by: owner, name: "a\u202eb", code: evidence.InvalidInput, path: "name"},
		"not UTF-8":         {by: owner, name: "a\xff", code: evidence.InvalidInput, path: "name"},
		"long":              {by: owner, name: strings.Repeat("ñ", maxName+1), code: evidence.InvalidInput, path: "name"},
		"expired":           {by: owner, name: "x", expires: c.now(), code: evidence.InvalidInput, path: "expires"},
	} {
		secret, _, err := tokens.Create(t.Context(), tried.by, tried.name, tried.role, tried.clearance, tried.expires)
		require.Empty(t, secret, name)
		var faults evidence.Faults
		require.ErrorAs(t, err, &faults, name)
		require.Equal(t, tried.code, faults[0].Code, name)
		require.Equal(t, tried.path, faults[0].Path, name)
	}
	for item, err := range shelf.Items(t.Context(), "token", "", 10) {
		require.NoError(t, err)
		t.Fatalf("a refused token was kept: %s", item.Data)
	}
	_, _, err := tokens.Create(t.Context(), owner, strings.Repeat("ñ", maxName), Admin, evidence.Confidential, time.Time{})
	require.NoError(t, err, "the longest name")
}

func TestTokensAreListedInPages(t *testing.T) {
	tokens, _, _ := newTokens(t)
	want := map[string]evidence.Clearance{}
	for i := range 25 {
		clearance := evidence.Clearance(i % evidence.Clearances)
		_, token := create(t, tokens, fmt.Sprintf("n%d", i), Reader, clearance, time.Time{})
		want[token.ID] = clearance
	}
	for _, top := range []evidence.Clearance{evidence.Public, evidence.Restricted, evidence.Confidential} {
		for _, size := range []int{1, 3, 100} {
			by, got, after := Identity{Role: Admin, Clearance: top}, 0, ""
			for {
				page, err := tokens.List(t.Context(), by, after, size)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page), size)
				if len(page) == 0 {
					break
				}
				for _, token := range page {
					require.Greater(t, token.ID, after)
					require.LessOrEqual(t, want[token.ID], top)
					after = token.ID
					got++
				}
			}
			expected := 0
			for _, c := range want {
				if c <= top {
					expected++
				}
			}
			require.Equal(t, expected, got, "%s, pages of %d", top, size)
		}
	}
}

// countingShelf counts writes.
type countingShelf struct {
	*model.Store
	mu   sync.Mutex
	puts int
}

func (s *countingShelf) PutItem(ctx context.Context, item store.Item) error {
	err := s.Store.PutItem(ctx, item)
	if err == nil {
		s.mu.Lock()
		s.puts++
		s.mu.Unlock()
	}
	return err
}

func TestLastUseIsKeptCoarsely(t *testing.T) {
	shelf, c := &countingShelf{Store: model.New()}, newClock()
	first, second := NewTokens(shelf), NewTokens(shelf) // two processes
	first.now, second.now = c.now, c.now
	secret, _ := create(t, first, "Ana", Reader, evidence.Public, time.Time{})
	use := func() {
		var wg sync.WaitGroup
		for range 20 {
			for _, tokens := range []*Tokens{first, second} {
				wg.Go(func() {
					if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
						t.Errorf("refused: %v", err)
					}
				})
			}
		}
		wg.Wait()
		require.NoError(t, first.Close())
		require.NoError(t, second.Close())
	}
	last := func() time.Time {
		list, err := first.List(t.Context(), owner, "", 0)
		require.NoError(t, err)
		require.Len(t, list, 1)
		return list[0].LastUsed
	}
	require.Zero(t, last())
	use()
	require.Equal(t, c.now(), last())
	require.Equal(t, 2, shelf.puts, "made, and used once")

	before := c.now()
	c.advance(useInterval - time.Second)
	use()
	require.Equal(t, before, last())
	require.Equal(t, 2, shelf.puts)

	c.advance(time.Second)
	use()
	require.Equal(t, c.now(), last())
	require.Equal(t, 3, shelf.puts)

	// A use that is written down never takes a revocation back.
	for range 50 {
		c.advance(useInterval)
		secret, token := create(t, first, "Ana", Reader, evidence.Public, time.Time{})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = second.Authenticate(t.Context(), secret) })
		_, err := first.Revoke(t.Context(), owner, token.ID)
		require.NoError(t, err)
		wg.Wait()
		require.NoError(t, second.Close())
		_, err = second.Authenticate(t.Context(), secret)
		requireRefused(t, err, ErrRevoked)
	}
}

// downShelf is one whose store does not answer.
type downShelf struct{ store.Shelf }

func (downShelf) Item(context.Context, string, string) (store.Item, error) {
	return store.Item{}, fmt.Errorf("%w: connection refused", store.ErrUnavailable)
}

func TestStoreThatIsDownLetsNobodyIn(t *testing.T) {
	tokens := NewTokens(downShelf{})
	secret, _ := newSecret()
	_, err := tokens.Authenticate(t.Context(), secret)
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, http.StatusServiceUnavailable, refusal.Status)
	require.Equal(t, evidence.Unavailable, evidence.CodeOf(err))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.NotContains(t, err.Error(), "connection")
	require.NotErrorIs(t, err, ErrUnknownToken)
}

func BenchmarkAuthenticate(b *testing.B) {
	tokens := NewTokens(model.New())
	secret, _, err := tokens.Create(b.Context(), owner, "Ana", Reader, evidence.Public, time.Time{})
	require.NoError(b, err)
	for b.Loop() {
		if _, err := tokens.Authenticate(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
