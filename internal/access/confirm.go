package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// credential is what is kept of a token, to find out later whether it is still
// good. It holds no secret.
type credential struct {
	token string    // The id of a personal token.
	until time.Time // From when on the token of an OpenID provider opens nothing.
}

// Confirm says whether somebody whom Authenticate or Init let in may go on, over
// a connection that outlives one request. The error is a *Refusal: UNAVAILABLE
// where the store does not answer. A personal token is read again, as for a new
// request, and must still say the same of its person. Of a provider's token only
// its expiry is looked at: nothing else that it says can change.
func (a *Authenticator) Confirm(r *http.Request, i Identity) error {
	var err error
	switch {
	case i.credential.token != "":
		err = a.config.Tokens.confirm(r.Context(), i)
	case !i.credential.until.IsZero():
		err = a.config.OIDC.confirm(i)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnavailable):
		err = unavailable(err)
	default:
		err = withdrawn(err)
	}
	if errors.Is(r.Context().Err(), context.Canceled) {
		return err // Whoever has left was not refused, so the log says nothing of it.
	}
	_, err = a.logged(r, i, err)
	return err
}

func (t *Tokens) confirm(ctx context.Context, i Identity) error {
	id := i.credential.token
	stored, _, err := t.get(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("token %s: %w", id, ErrUnknownToken)
	case err != nil:
		return fmt.Errorf("%w: reading token %s: %w", ErrUnavailable, id, err)
	}
	now := t.now()
	if err := stored.fault(now); err != nil {
		return fmt.Errorf("token %s of %s: %w", id, stored.Name, err)
	}
	if stored.Identity() != i {
		return fmt.Errorf("token %s of %s: %w", id, i.Name, ErrChanged)
	}
	t.noteUse(ctx, &stored.Token, now)
	return nil
}

func (o *OIDC) confirm(i Identity) error {
	if !o.config.Now().Before(i.credential.until) {
		return fmt.Errorf("the token of %q by the OpenID provider: %w", i.Name, ErrExpired)
	}
	return nil
}

// withdrawn is the answer to a connection whose token was good when it began. The
// message fits the close frame of a websocket, which holds 123 bytes.
func withdrawn(cause error) *Refusal {
	return &Refusal{
		Status: http.StatusUnauthorized, Code: evidence.Forbidden,
		Message: "the token of this connection is no longer valid: expired, revoked or changed; connect again with a good one",
		cause:   cause,
	}
}
