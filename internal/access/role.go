package access

import (
	"fmt"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Action is a thing that somebody may or may not do. What they may do it to is
// not said here: clearance decides that, and package evidence enforces it.
type Action uint8

// The actions.
const (
	Read         Action = iota // ask, export, follow the revisions, read captures
	Propose                    // hold a change set up for review, and withdraw one's own
	Apply                      // change the graph, attach captures
	Review                     // accept and reject the proposals of others
	Erase                      // destroy content on a legal ground
	ManageTokens               // create, list and revoke tokens
)

// actions is the whole of who may do what: each action, the least role that may
// do it, and how a refusal speaks of it.
var actions = [...]struct {
	least Role
	words string
}{
	Read:         {Reader, "read"},
	Propose:      {Contributor, "propose changes"},
	Apply:        {Editor, "change the graph"},
	Review:       {Editor, "review proposals"},
	Erase:        {Admin, "erase content"},
	ManageTokens: {Admin, "manage tokens"},
}

// String says the action as a refusal does.
func (a Action) String() string {
	if int(a) < len(actions) {
		return actions[a].words
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Can says whether the role may do something. An unknown role or action may not.
func (r Role) Can(a Action) bool {
	return int(a) < len(actions) && int(r) < len(roleNames) && r >= actions[a].least
}

// Can says whether they may do something.
func (i Identity) Can(a Action) bool { return i.Role.Can(a) }

// May is nil where they may do something, else a fault FORBIDDEN that says what
// role it takes.
func (i Identity) May(a Action) error {
	if i.Can(a) {
		return nil
	}
	if int(a) >= len(actions) {
		return evidence.Faulty(evidence.Forbidden, "", "nobody may do %s", a)
	}
	return evidence.Faulty(evidence.Forbidden, "", "the role %s may not %s; that takes the role %s: ask an administrator of this server", i.Role, a, actions[a].least)
}

// ParseRole reads a role's name, in any case.
func ParseRole(s string) (Role, error) {
	for i, name := range roleNames {
		if strings.EqualFold(name, s) {
			return Role(i), nil
		}
	}
	return Reader, fmt.Errorf("%q is no role; the roles are %s", s, strings.Join(roleNames[:], ", "))
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) {
	if int(r) >= len(roleNames) {
		return nil, fmt.Errorf("%s has no name", r)
	}
	return []byte(roleNames[r]), nil
}

// UnmarshalText reads a role's name.
func (r *Role) UnmarshalText(text []byte) error {
	parsed, err := ParseRole(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
