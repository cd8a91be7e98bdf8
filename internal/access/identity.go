// Package access says who is asking: their name, what they may see and what they
// may do. Whoever terminates a request puts the identity into its context.
package access

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Role says what somebody may do, in rising order.
type Role uint8

// The roles. Each may do what those before it may.
const (
	Reader Role = iota
	Contributor
	Editor
	Admin
)

var roleNames = [...]string{"reader", "contributor", "editor", "admin"}

// String is the role's name as configuration writes it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// Identity is somebody who asks. The zero Identity is an unnamed reader of what
// is public.
type Identity struct {
	// Name is the authenticated name, which stands in the log as author.
	Name string
	// Clearance is the highest level of record that they may know of.
	Clearance evidence.Clearance
	// Role is what they may do.
	Role Role
	// IDPrefix begins every id that they may choose; see evidence.Author.
	IDPrefix string
	// Subject is what makes them one and the same from one request to the next,
	// whatever their name is changed to; empty for those who said nothing of
	// themselves. It never leaves the server.
	Subject string
	// Anonymous is set for those who read without saying who they are, to whom
	// smaller limits apply.
	Anonymous bool

	credential credential // What they came with; zero where no token is.
}

// Owner is the person at the machine itself, who sees and may do everything.
func Owner(name string) Identity {
	return Identity{Name: name, Clearance: evidence.Confidential, Role: Admin, Subject: "owner"}
}

// PrefixOf gives what the ids begin with that a subject may choose who is cleared
// below the top: something of their own, so that an id which is taken never tells
// them that a record exists which they may not see. It hangs on the clearance
// too, because one person may hold a token of each, and the lower one is told
// nothing of what the higher one has made. Those cleared for everything choose
// as they like.
func PrefixOf(subject string, c evidence.Clearance) string {
	if c >= evidence.Confidential {
		return ""
	}
	sum := sha256.Sum256([]byte("id prefix\x00" + c.String() + "\x00" + subject))
	return "u-" + encoding.EncodeToString(sum[:])[:prefixLength] + ":"
}

// prefixLength is in letters of five bits: at 10 of them, two of a thousand
// people share a prefix once in two thousand million servers.
const prefixLength = 10

// Author is the identity as the log knows it.
func (i Identity) Author() evidence.Author {
	return evidence.Author{Name: i.Name, Clearance: i.Clearance, IDPrefix: i.IDPrefix}
}

type contextKey struct{}

// With gives a context in which the identity is asking.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, i)
}

// From is who is asking in a context: the zero Identity where nobody said.
func From(ctx context.Context) Identity {
	i, _ := ctx.Value(contextKey{}).(Identity)
	return i
}
