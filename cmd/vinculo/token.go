package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a personal token; its secret is shown this once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"Withdraw a token at once and for good."`
}

// tokenStore is where the tokens of a command are.
type tokenStore struct {
	Store string `required:"" placeholder:"STORE" help:"The store that the server serves."`
	kinds
}

// tokens opens the store, and the tokens in it.
func (s tokenStore) tokens(ctx context.Context, m *Main, o open.Options) (*access.Tokens, error) {
	v, err := s.load()
	if err != nil {
		return nil, err
	}
	o.Vocabulary = v
	st, err := m.openStore(ctx, s.Store, o)
	if err != nil {
		return nil, err
	}
	return m.tokensIn(st, s.Store)
}

// tokensIn are the tokens in an open store, for the time of the command.
func (m *Main) tokensIn(st store.Store, name string) (*access.Tokens, error) {
	shelf, ok := st.(store.Shelf)
	if !ok {
		return nil, fmt.Errorf("the store %s keeps no tokens", name)
	}
	tokens := access.NewTokens(shelf)
	m.closeLater(tokens)
	return tokens, nil
}

type tokenCreateCmd struct {
	tokenStore
	Name      string `required:"" env:"-" placeholder:"NAME" help:"Whose it is; the log names them as author. Two tokens of one name are two of one person."`
	Role      string `default:"reader" env:"-" enum:"reader,contributor,editor,admin" placeholder:"ROLE" help:"What they may do: reader, contributor, editor or admin."`
	Clearance string `default:"PUBLIC" env:"-" enum:"PUBLIC,RESTRICTED,CONFIDENTIAL" placeholder:"LEVEL" help:"What they may see: PUBLIC, RESTRICTED or CONFIDENTIAL."`
	Expires   string `default:"90d" env:"-" placeholder:"WHEN" help:"How long it is good: days (90d), up to the end of a date (2027-06-30, UTC), or never."`
	JSON      bool   `name:"json" env:"-" help:"Write the secret and all of the token as JSON."`
}

// Help shows examples.
func (tokenCreateCmd) Help() string {
	return `The secret goes to the standard output, alone, and is kept nowhere: the store
has only a hash of it. It is sent as the header "Authorization: Bearer SECRET".
The server takes tokens with ` + "`vinculo serve --tokens`" + `.

Examples:

    vinculo token create --store sqlite:case.db --name "Ana Gómez" --role editor --clearance CONFIDENTIAL
    vinculo token create --store sqlite:case.db --name notebook --expires 7d > secret.txt`
}

// Run makes a token.
func (c *tokenCreateCmd) Run(ctx context.Context, m *Main) error {
	expires, err := expiry(c.Expires, time.Now())
	if err != nil {
		return usageError{fmt.Errorf("--expires: %w", err)}
	}
	role, err := access.ParseRole(c.Role)
	if err != nil {
		return usageError{fmt.Errorf("--role: %w", err)}
	}
	clearance, err := evidence.ParseClearance(c.Clearance)
	if err != nil {
		return usageError{fmt.Errorf("--clearance: %w", err)}
	}
	tokens, err := c.tokens(ctx, m, open.Options{Existing: true})
	if err != nil {
		return err
	}
	secret, made, err := tokens.Create(ctx, owner(), c.Name, role, clearance, expires)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(m.Stdout).Encode(struct { //nolint:gosec // the secret is to be shown, this once
			Secret string   `json:"secret"`
			Token  tokenRow `json:"token"`
		}{secret, listed(&made)})
	}
	until := "until it is revoked"
	if !made.Expires.IsZero() {
		until = "until " + made.Expires.Format(time.RFC3339)
	}
	fmt.Fprintf(m.Stderr, "token %s for %s, %s, %s, good %s; its secret is shown this once:\n", made.ID, made.Name, made.Role, made.Clearance, until)
	_, err = fmt.Fprintln(m.Stdout, secret)
	return err
}

var errExpiry = errors.New("write days such as 90d, a date such as 2027-06-30, or never")

// expiry reads when a token expires; the zero time is never.
func expiry(s string, now time.Time) (time.Time, error) {
	const mostDays = 100 * 366
	if s == "never" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > mostDays {
			return time.Time{}, fmt.Errorf("%q is no number of days from 1 to %d; %w", s, mostDays, errExpiry)
		}
		return now.UTC().AddDate(0, 0, n), nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no moment; %w", s, errExpiry)
	}
	if end := day.AddDate(0, 0, 1); end.After(now) {
		return end, nil
	}
	return time.Time{}, fmt.Errorf("%s has passed; %w", s, errExpiry)
}

type tokenListCmd struct {
	tokenStore
	JSON bool `name:"json" env:"-" help:"Write one JSON object for each token."`
}

// Help shows examples.
func (tokenListCmd) Help() string {
	return `Revoked and expired tokens are listed too: they say who once could come in.

Examples:

    vinculo token list --store sqlite:case.db
    vinculo token list --store sqlite:case.db --json | jq 'select(.state == "active")'`
}

// tokenRow is a token as --json writes it: with names for what is a number in
// the program.
type tokenRow struct {
	access.Token
	Clearance string `json:"clearance"`
	State     string `json:"state"` // active, expired or revoked
}

func listed(t *access.Token) tokenRow {
	state := "expired"
	switch {
	case t.Active(time.Now()):
		state = "active"
	case !t.Revoked.IsZero():
		state = "revoked"
	}
	return tokenRow{*t, t.Clearance.String(), state}
}

// Run lists the tokens.
func (c *tokenListCmd) Run(ctx context.Context, m *Main) error {
	tokens, err := c.tokens(ctx, m, open.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(m.Stdout)
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(columns, "ID\tNAME\tROLE\tCLEARANCE\tSTATE\tEXPIRES\tLAST USED")
	}
	for after, more := "", true; more; {
		const page = 100
		list, err := tokens.List(ctx, owner(), after, page)
		if err != nil {
			return err
		}
		for i := range list {
			after = list[i].ID
			t := listed(&list[i])
			if c.JSON {
				err = json.NewEncoder(out).Encode(t)
			} else {
				_, err = fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Role, t.Clearance, t.State, moment(t.Expires), moment(t.LastUsed))
			}
			if err != nil {
				return err
			}
		}
		more = len(list) == page
	}
	return errors.Join(columns.Flush(), out.Flush())
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}

type tokenRevokeCmd struct {
	tokenStore
	ID string `arg:"" help:"The id of the token, as the list shows it; not its secret."`
}

// Help shows examples.
func (tokenRevokeCmd) Help() string {
	return `A running server refuses the token from its next request on.

Examples:

    vinculo token revoke --store sqlite:case.db k3v9x2m7qa`
}

// Run revokes a token.
func (c *tokenRevokeCmd) Run(ctx context.Context, m *Main) error {
	tokens, err := c.tokens(ctx, m, open.Options{Existing: true})
	if err != nil {
		return err
	}
	revoked, err := tokens.Revoke(ctx, owner(), c.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "token %s of %s is revoked\n", revoked.ID, revoked.Name)
	return nil
}
