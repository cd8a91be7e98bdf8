package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

const (
	// tokenKind is under what tokens lie on the shelf; their id is Token.ID.
	tokenKind = "token"
	// maxName is the longest name, in characters.
	maxName = 200
	// useInterval is how coarsely the last use of a token is kept.
	useInterval = time.Minute
	// useTimeout is how long writing it down may take, beside the request.
	useTimeout = 10 * time.Second
	// maxTries is how often a write is repeated that another one overtook.
	maxTries = 20
)

// Token is a personal token without its secret, which nobody can read again.
type Token struct {
	// ID names the token in lists and logs, and stands in its secret.
	ID string `json:"id"`
	// Name is that of the person, which stands in the log as author. Two tokens of
	// one name are two tokens of one person.
	Name      string             `json:"name"`
	Role      Role               `json:"role"`
	Clearance evidence.Clearance `json:"clearance"`
	Created   time.Time          `json:"created"`
	CreatedBy string             `json:"createdBy"`
	// Expires is from when on it opens nothing; zero: never.
	Expires time.Time `json:"expires,omitzero"`
	// Revoked is when it was withdrawn; zero: it was not.
	Revoked   time.Time `json:"revoked,omitzero"`
	RevokedBy string    `json:"revokedBy,omitempty"`
	// LastUsed is when it last opened something, to the minute; zero: never.
	LastUsed time.Time `json:"lastUsed,omitzero"`
}

// storedToken is a token as it lies on the shelf.
type storedToken struct {
	Token
	Hash []byte `json:"hash"` // SHA-256 of the secret
}

// Active says whether the token opens anything at a moment.
func (t *Token) Active(now time.Time) bool { return t.fault(now) == nil }

func (t *Token) fault(now time.Time) error {
	switch {
	case !t.Revoked.IsZero():
		return ErrRevoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return ErrExpired
	default:
		return nil
	}
}

// subject is by name, so that a person keeps their ids and their proposals when a
// token is replaced by a new one.
func (t *Token) subject() string { return "token:" + t.Name }

// Identity is who comes with the token.
func (t *Token) Identity() Identity {
	return Identity{
		Name: t.Name, Role: t.Role, Clearance: t.Clearance,
		Subject: t.subject(), IDPrefix: PrefixOf(t.subject(), t.Clearance),
		credential: credential{token: t.ID},
	}
}

// Tokens makes personal tokens and recognises them. Its methods may be called
// from many goroutines and, over one shelf, from many processes at once.
type Tokens struct {
	shelf store.Shelf
	now   func() time.Time

	mu      sync.Mutex
	used    map[string]time.Time // when a use was last written down, by id
	writing sync.WaitGroup
}

// NewTokens keeps tokens on a shelf.
func NewTokens(shelf store.Shelf) *Tokens {
	return &Tokens{shelf: shelf, now: time.Now, used: map[string]time.Time{}}
}

// Close waits until the last uses that are being written down are.
func (t *Tokens) Close() error {
	t.writing.Wait()
	return nil
}

// Create makes a token for a person of a name and gives its secret, this once.
// Who makes it must be allowed to, and gives away nothing that they have not: no
// role and no clearance above their own. A zero expiry makes one that lasts
// until it is revoked.
func (t *Tokens) Create(ctx context.Context, by Identity, name string, role Role, clearance evidence.Clearance, expires time.Time) (secret string, made Token, err error) {
	if err := by.May(ManageTokens); err != nil {
		return "", Token{}, err
	}
	now := t.now().UTC().Truncate(time.Second)
	var faults evidence.Faults
	fault := func(code evidence.Code, path, format string, args ...any) {
		faults = append(faults, evidence.Fault{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
	}
	name = strings.TrimSpace(name)
	if what := nameFault(name); what != "" {
		fault(evidence.InvalidInput, "name", "%s; give the name of the person that the token is for", what)
	}
	if int(role) >= len(roleNames) {
		fault(evidence.InvalidInput, "role", "%s is no role; the roles are %s", role, strings.Join(roleNames[:], ", "))
	} else if role > by.Role {
		fault(evidence.Forbidden, "role", "the role %s is above yours; give at most %s", role, by.Role)
	}
	if clearance > evidence.Confidential {
		fault(evidence.InvalidInput, "clearance", "%s is no clearance", clearance)
	} else if clearance > by.Clearance {
		fault(evidence.Forbidden, "clearance", "the clearance %s is above yours; give at most %s", clearance, by.Clearance)
	}
	if !expires.IsZero() && !expires.After(now) {
		fault(evidence.InvalidInput, "expires", "%s has passed; give a moment to come", expires.UTC().Format(time.RFC3339))
	}
	if len(faults) > 0 {
		return "", Token{}, faults
	}
	for range maxTries {
		secret, id := newSecret()
		hash := digest(secret)
		stored := storedToken{Token: Token{
			ID: id, Name: name, Role: role, Clearance: clearance,
			Created: now, CreatedBy: by.Name,
		}, Hash: hash[:]}
		if !expires.IsZero() {
			stored.Expires = expires.UTC().Truncate(time.Second)
		}
		err := t.put(ctx, &stored, 0)
		if errors.Is(err, store.ErrChanged) {
			continue // the id is taken; there are 2⁵⁰
		}
		if err != nil {
			return "", Token{}, fmt.Errorf("keeping the new token: %w", err)
		}
		return secret, stored.Token, nil
	}
	return "", Token{}, errors.New("no free id for a token was found; the store answers as if all were taken")
}

// Revoke withdraws a token at once and for good. Withdrawing it again changes
// nothing. One above the clearance of who asks is UNKNOWN_ID to them.
func (t *Tokens) Revoke(ctx context.Context, by Identity, id string) (Token, error) {
	if err := by.May(ManageTokens); err != nil {
		return Token{}, err
	}
	for range maxTries {
		stored, version, err := t.get(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && stored.Clearance > by.Clearance {
			return Token{}, evidence.Faulty(evidence.UnknownID, "id", "there is no token %q; list the tokens to see their ids", id)
		}
		if err != nil || !stored.Revoked.IsZero() {
			return stored.Token, err
		}
		stored.Revoked, stored.RevokedBy = t.now().UTC().Truncate(time.Second), by.Name
		err = t.put(ctx, stored, version)
		if errors.Is(err, store.ErrChanged) {
			continue // its use was written down meanwhile
		}
		return stored.Token, err
	}
	return Token{}, fmt.Errorf("revoking token %s: %w; try again", id, store.ErrChanged)
}

// List gives tokens ordered by id, those after one, at most limit (0: 100) of
// them; none above the clearance of who asks.
func (t *Tokens) List(ctx context.Context, by Identity, after string, limit int) ([]Token, error) {
	if err := by.May(ManageTokens); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 100
	}
	var list []Token
	for len(list) < limit {
		read := 0
		for item, err := range t.shelf.Items(ctx, tokenKind, after, limit) {
			if err != nil {
				return nil, err
			}
			read++
			after = item.ID
			stored, err := decodeToken(item)
			if err != nil {
				return nil, err
			}
			if stored.Clearance <= by.Clearance && len(list) < limit {
				list = append(list, stored.Token)
			}
		}
		if read < limit {
			break
		}
	}
	return list, nil
}

// Authenticate says who comes with a secret. The error is a Refusal: the same
// message for a token that was never made, has expired or was revoked, and
// UNAVAILABLE where the store does not answer.
func (t *Tokens) Authenticate(ctx context.Context, secret string) (Identity, error) {
	id, ok := idOfSecret(secret)
	if !ok {
		return Identity{}, badToken(ErrMalformed)
	}
	given := digest(secret)
	stored, _, err := t.get(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Identity{}, badToken(fmt.Errorf("token %s: %w", id, ErrUnknownToken))
	case err != nil:
		return Identity{}, unavailable(fmt.Errorf("reading token %s: %w", id, err))
	}
	if len(stored.Hash) != sha256.Size || subtle.ConstantTimeCompare(given[:], stored.Hash) != 1 {
		return Identity{}, badToken(fmt.Errorf("token %s with another secret: %w", id, ErrUnknownToken))
	}
	now := t.now()
	if err := stored.fault(now); err != nil {
		return Identity{}, badToken(fmt.Errorf("token %s of %s: %w", id, stored.Name, err))
	}
	t.noteUse(ctx, &stored.Token, now)
	return stored.Identity(), nil
}

// noteUse writes down that a token was used, beside the request: who asks does
// not wait for a writer that holds the store, and one that cannot be written
// refuses nobody.
func (t *Tokens) noteUse(ctx context.Context, token *Token, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.used[token.ID]) < useInterval || now.Sub(token.LastUsed) < useInterval {
		return
	}
	t.used[token.ID] = now
	t.writing.Add(1)
	id := token.ID
	go func() {
		defer t.writing.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), useTimeout)
		defer cancel()
		stored, version, err := t.get(ctx, id)
		if err != nil || now.Sub(stored.LastUsed) < useInterval {
			return
		}
		stored.LastUsed = now.UTC().Truncate(time.Second)
		// Whoever changed it meanwhile, another process for the same use or an
		// administrator, is in the right.
		_ = t.put(ctx, stored, version)
	}()
}

func (t *Tokens) get(ctx context.Context, id string) (*storedToken, uint64, error) {
	item, err := t.shelf.Item(ctx, tokenKind, id)
	if err != nil {
		return &storedToken{}, 0, err
	}
	stored, err := decodeToken(item)
	return stored, item.Version, err
}

func (t *Tokens) put(ctx context.Context, stored *storedToken, version uint64) error {
	data, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("encoding token %s: %w", stored.ID, err)
	}
	return t.shelf.PutItem(ctx, store.Item{Kind: tokenKind, ID: stored.ID, Version: version, Data: data})
}

func decodeToken(item store.Item) (*storedToken, error) {
	var stored storedToken
	if err := json.Unmarshal(item.Data, &stored); err != nil {
		return &storedToken{}, fmt.Errorf("token %s does not read: %w; revoke nothing by hand, restore the store from a copy", item.ID, err)
	}
	return &stored, nil
}

// nameFault says what is wrong with the name of a person; "" where nothing is.
func nameFault(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "the name is empty"
	case !utf8.ValidString(name):
		return "the name is not valid UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("the name has more than %d characters", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "the name has signs that cannot be seen"
	default:
		return ""
	}
}
