package access

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	// keysFresh is how old keys may be before they are fetched anew: a key that the
	// provider has withdrawn is trusted no longer than this while it answers.
	keysFresh = 10 * time.Minute
	// keysStale is how old they may be at most, when the provider is down.
	keysStale = time.Hour
	// fetchEvery and fetchBurst bound how often the provider is asked, so that a
	// flood of forged tokens with key ids of their own does not become one on it.
	fetchEvery = 10 * time.Second
	fetchBurst = 3
	// fetchTime is how long the provider may take to answer.
	fetchTime = 5 * time.Second
	// maxKeysBytes is how long its list of keys may be.
	maxKeysBytes = 1 << 20
	// minRSABits is the shortest RSA key that is trusted (RFC 7518, 3.3).
	minRSABits = 2048
)

// keySet holds the public keys of a provider. That of go-oidc keeps a key for as
// long as the program runs and asks the provider again for every bad signature;
// this one does neither.
type keySet struct {
	issuer string
	client *http.Client
	now    func() time.Time

	flight  singleflight.Group
	limiter *rate.Limiter

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // when the keys were got
}

func newKeySet(issuer string, client *http.Client, now func() time.Time) *keySet {
	return &keySet{
		issuer: issuer, client: client, now: now,
		limiter: rate.NewLimiter(rate.Every(fetchEvery), fetchBurst),
	}
}

// verify checks a signature and gives what was signed. The error is ErrUntrusted,
// or ErrUnavailable where the provider is needed for an answer and gives none.
func (s *keySet) verify(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	keys, age := s.current()
	if len(keys) > 0 && age < keysFresh {
		if payload := verifyWith(keys, jws); payload != nil {
			return payload, nil
		}
	}
	fetched, err := s.fetch(ctx)
	switch {
	case err == nil:
		keys = fetched
	case len(keys) == 0 || age >= keysStale:
		return nil, fmt.Errorf("%w: the OpenID provider %s: %w", ErrUnavailable, s.issuer, err)
	}
	if payload := verifyWith(keys, jws); payload != nil {
		return payload, nil
	}
	if err != nil && !errors.Is(err, errTooOften) {
		// The key may be a new one of the provider's: nobody can tell.
		return nil, fmt.Errorf("%w: the OpenID provider %s: %w", ErrUnavailable, s.issuer, err)
	}
	return nil, fmt.Errorf("%w: no key of %s made its signature", ErrUntrusted, s.issuer)
}

func (s *keySet) current() ([]jose.JSONWebKey, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys, s.now().Sub(s.fetched)
}

// verifyWith gives what was signed where one of the keys did, else nil.
func verifyWith(keys []jose.JSONWebKey, jws *jose.JSONWebSignature) []byte {
	header := jws.Signatures[0].Header
	for i := range keys {
		k := &keys[i]
		if header.KeyID != "" && k.KeyID != header.KeyID || k.Algorithm != "" && k.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := jws.Verify(k); err == nil {
			return payload
		}
	}
	return nil
}

var errTooOften = errors.New("it was asked a moment ago")

// fetch gets the keys, once for all who ask at the same moment.
func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	done := s.flight.DoChan("keys", func() (any, error) {
		if !s.limiter.AllowN(s.now(), 1) {
			return nil, errTooOften
		}
		// Whoever asked first may go away; the others still wait for this.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
		defer cancel()
		keys, err := s.get(ctx)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keys, s.fetched = keys, s.now()
		return keys, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		keys, _ := r.Val.([]jose.JSONWebKey)
		return keys, r.Err
	}
}

// get discovers where the keys are and reads them. Discovery is made anew each
// time: it costs little, and a provider may move its keys.
func (s *keySet) get(ctx context.Context) ([]jose.JSONWebKey, error) {
	ctx = oidc.ClientContext(ctx, s.client)
	provider, err := oidc.NewProvider(ctx, s.issuer) // it checks that the document speaks for the issuer
	if err != nil {
		return nil, err
	}
	var where struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&where); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.Keys, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", where.Keys, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeysBytes))
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

// parseKeys keeps the public keys that may check signatures. One that is not
// understood is passed over: providers publish keys of other kinds too.
func parseKeys(body []byte) ([]jose.JSONWebKey, error) {
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("its list of keys does not read: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range list.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || !k.Valid() || !k.IsPublic() || k.Use != "" && k.Use != "sig" {
			continue
		}
		if r, ok := k.Key.(*rsa.PublicKey); ok && r.N.BitLen() < minRSABits {
			continue
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("it publishes no key that can check a signature")
	}
	return keys, nil
}
