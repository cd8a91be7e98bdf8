package access

import (
	"errors"
	"net/http"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Why somebody was refused. These are for the log and for tests: a Refusal keeps
// them reachable by errors.Is, and its message, which the client reads, is the
// same for all that would tell a forger something.
var (
	ErrNoCredentials = errors.New("no credentials were sent")
	ErrMalformed     = errors.New("the credentials are not of a form that is known here")
	ErrUnknownToken  = errors.New("no such token")
	ErrExpired       = errors.New("expired")
	ErrRevoked       = errors.New("revoked")
	ErrChanged       = errors.New("it says another name, role or clearance than when the connection began")
	ErrUntrusted     = errors.New("not a token of the OpenID provider for this server")
	ErrNoRole        = errors.New("the OpenID provider's claims are mapped to no role or no clearance")
	ErrTooMany       = errors.New("too many anonymous requests from one address")
	ErrUnavailable   = errors.New("what tells who is asking does not answer")
)

// Refusal is the answer to somebody who may not come in.
type Refusal struct {
	// Status is that of HTTP: 401, 403, 429 or 503.
	Status int
	// Code is what stands in extensions.code.
	Code evidence.Code
	// Message is for the client: what is wrong and what to do.
	Message string
	// RetryAfter is when to come again; 0 where it is of no use.
	RetryAfter time.Duration

	cause error
}

// Error implements error with the message for the client.
func (r *Refusal) Error() string { return r.Message }

// Unwrap gives the message as a fault of the domain, and the cause.
func (r *Refusal) Unwrap() []error {
	return []error{evidence.Fault{Code: r.Code, Message: r.Message}, r.cause}
}

// Cause is why, for the log. It holds no secret.
func (r *Refusal) Cause() error { return r.cause }

// badToken is the one answer to every token that opens nothing, so that a forger
// does not learn which of their guesses is nearer.
func badToken(cause error) *Refusal {
	return &Refusal{
		Status: http.StatusUnauthorized, Code: evidence.Forbidden,
		Message: "the token is not valid here: it may be mistyped, expired or revoked; ask an administrator of this server for a new one",
		cause:   cause,
	}
}

func noCredentials() *Refusal {
	return &Refusal{
		Status: http.StatusUnauthorized, Code: evidence.Forbidden,
		Message: "this server answers only those it knows; send the header `Authorization: Bearer` with your token",
		cause:   ErrNoCredentials,
	}
}

func unavailable(cause error) *Refusal {
	return &Refusal{
		Status: http.StatusServiceUnavailable, Code: evidence.Unavailable,
		Message:    "who you are cannot be checked now; try again in a moment",
		RetryAfter: 5 * time.Second,
		cause:      errors.Join(ErrUnavailable, cause),
	}
}
