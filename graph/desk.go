package graph

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/trace"
)

// ProposalConnection is a page of proposals.
type ProposalConnection struct {
	page[*Proposal, ProposalEdge]
}

// ProposalEdge is a proposal of a page.
type ProposalEdge struct {
	Cursor string
	Node   *Proposal
}

// TokenConnection is a page of tokens.
type TokenConnection struct {
	page[*Token, TokenEdge]
}

// TokenEdge is a token of a page.
type TokenEdge struct {
	Cursor string
	Node   *Token
}

// none is what a server answers that does not keep what is asked for.
func none(what string) error {
	return evidence.Faulty(evidence.Unavailable, "", "this server keeps no %s; ask whoever runs it to configure them", what)
}

func (m *mutationResolver) Propose(ctx context.Context, changeSet ChangeSetInput) (*Proposal, error) {
	who := access.From(ctx)
	if err := who.May(access.Propose); err != nil {
		return nil, report(ctx, err)
	}
	if m.proposals == nil {
		return nil, report(ctx, none("proposals"))
	}
	cs, err := changeSet.changeSet()
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := m.proposals.Propose(ctx, who, cs)
	if err != nil {
		return nil, report(ctx, err)
	}
	return m.proposal(ctx, p)
}

func (m *mutationResolver) Review(ctx context.Context, id string, decision Decision, reason *string) (*Proposal, error) {
	who := access.From(ctx)
	if err := who.May(access.Propose); err != nil {
		return nil, report(ctx, err) // readers have none of their own
	}
	if m.proposals == nil {
		return nil, report(ctx, none("proposals"))
	}
	decide, why := m.proposals.Accept, ""
	if decision == DecisionReject {
		decide = m.proposals.Reject
	}
	if reason != nil {
		why = *reason
	}
	p, err := decide(ctx, who, id, why)
	if err != nil {
		return nil, report(ctx, err)
	}
	return m.proposal(ctx, p)
}

func (m *mutationResolver) proposal(ctx context.Context, p *proposal.Proposal) (*Proposal, error) {
	shown, err := (*resolver)(m).newProposals(ctx, []*proposal.Proposal{p})
	if err != nil {
		return nil, report(ctx, err)
	}
	return shown[0], nil
}

// newProposals shows proposals. Of those that were accepted the content is left out
// where something that they wrote has been raised above the reader since.
func (r *resolver) newProposals(ctx context.Context, proposals []*proposal.Proposal) ([]*Proposal, error) {
	kept := map[*proposal.Proposal]bool{}
	accepted := slices.DeleteFunc(slices.Clone(proposals), func(p *proposal.Proposal) bool { return p.State != proposal.Accepted })
	if len(accepted) > 0 {
		s, err := r.session(ctx, nil)
		if err != nil {
			return nil, err
		}
		are, err := s.KeptBack(ctx, mapped(accepted, func(p *proposal.Proposal) trace.Applied {
			return trace.Applied{ChangeSet: &p.ChangeSet, Number: p.Numbers[evidence.Confidential], At: p.Review.At}
		}))
		if err != nil {
			return nil, err
		}
		for i, p := range accepted {
			kept[p] = are[i]
		}
	}
	shown := make([]*Proposal, len(proposals))
	for i, p := range proposals {
		said := p.ChangeSet
		if kept[p] || p.Erased != nil {
			said = evidence.ChangeSet{Changes: []evidence.Change{}}
		}
		var err error
		if shown[i], err = newProposal(p, said, clearance(ctx)); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// newProposal shows a proposal with so much of its change set as may be told.
func newProposal(p *proposal.Proposal, said evidence.ChangeSet, c evidence.Clearance) (*Proposal, error) {
	changes, err := encoded(said)
	if err != nil {
		return nil, err
	}
	out := &Proposal{
		ID: p.ID, Author: p.Author, Clearance: Clearance(p.Clearance.String()), Created: p.Created, Reason: said.Reason,
		ChangeSet: *changes, State: ProposalState(p.State), Review: newReview(p.Review), Erased: newReview(p.Erased),
	}
	if n := p.Numbers[c]; n > 0 {
		number := toInt(n)
		out.Revision = &number
	}
	return out, nil
}

func newReview(r *proposal.Review) *ProposalReview {
	if r == nil {
		return nil
	}
	return &ProposalReview{By: r.By, At: r.At, Reason: optional(r.Reason)}
}

func (q *queryResolver) Proposals(ctx context.Context, state *ProposalState, first *int32, after *string, last *int32, before *string, _ *KnownAt) (*ProposalConnection, error) {
	if q.proposals == nil {
		return nil, report(ctx, none("proposals"))
	}
	var of proposal.State
	if state != nil {
		of = proposal.State(*state)
	}
	p, err := shelved("proposals", pageArgs(first, after, last, before), func(after string) ([]*proposal.Proposal, error) {
		found, _, err := q.proposals.List(ctx, access.From(ctx), proposal.Filter{State: of, After: after, Limit: shelfRows})
		return found, err
	}, func(p *proposal.Proposal) string { return p.ID })
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes, err := (*resolver)(q).newProposals(ctx, contents(p))
	if err != nil {
		return nil, report(ctx, err)
	}
	return &ProposalConnection{paged(p, nodes, func(c string, n *Proposal) ProposalEdge { return ProposalEdge{c, n} })}, nil
}

func (m *mutationResolver) CreateToken(ctx context.Context, name string, role Role, clearance Clearance, expires *time.Time) (*CreatedToken, error) {
	who := access.From(ctx)
	if err := who.May(access.ManageTokens); err != nil {
		return nil, report(ctx, err)
	}
	if m.tokens == nil {
		return nil, report(ctx, none("tokens"))
	}
	what, err := access.ParseRole(string(role))
	if err != nil {
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "role", "%v", err))
	}
	sees, err := evidence.ParseClearance(string(clearance))
	if err != nil {
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "clearance", "%v", err))
	}
	var until time.Time
	if expires != nil {
		until = *expires
	}
	secret, made, err := m.tokens.Create(ctx, who, name, what, sees, until)
	if err != nil {
		return nil, report(ctx, err)
	}
	return &CreatedToken{Secret: secret, Token: newToken(made)}, nil
}

func (m *mutationResolver) RevokeToken(ctx context.Context, id string) (*Token, error) {
	who := access.From(ctx)
	if err := who.May(access.ManageTokens); err != nil {
		return nil, report(ctx, err)
	}
	if m.tokens == nil {
		return nil, report(ctx, none("tokens"))
	}
	revoked, err := m.tokens.Revoke(ctx, who, id)
	if err != nil {
		return nil, report(ctx, err)
	}
	return newToken(revoked), nil
}

func newToken(t access.Token) *Token {
	moment := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	return &Token{
		ID: t.ID, Name: t.Name, Role: Role(strings.ToUpper(t.Role.String())), Clearance: Clearance(t.Clearance.String()),
		Created: t.Created, CreatedBy: t.CreatedBy, Expires: moment(t.Expires), Revoked: moment(t.Revoked), RevokedBy: optional(t.RevokedBy),
		LastUsed: moment(t.LastUsed), Active: t.Active(time.Now()),
	}
}

func (q *queryResolver) Tokens(ctx context.Context, first *int32, after *string, last *int32, before *string, _ *KnownAt) (*TokenConnection, error) {
	who := access.From(ctx)
	if err := who.May(access.ManageTokens); err != nil {
		return nil, report(ctx, err)
	}
	if q.tokens == nil {
		return nil, report(ctx, none("tokens"))
	}
	p, err := shelved("tokens", pageArgs(first, after, last, before), func(after string) ([]access.Token, error) {
		return q.tokens.List(ctx, who, after, shelfRows)
	}, func(t access.Token) string { return t.ID })
	if err != nil {
		return nil, report(ctx, err)
	}
	return &TokenConnection{paged(p, mapped(contents(p), newToken), func(c string, n *Token) TokenEdge { return TokenEdge{c, n} })}, nil
}

// shelfRows is how many rows of the shelf are read at a time.
const shelfRows = proposal.MaxPage

// shelved pages what lies on the shelf ordered by id. Going backwards it reads
// from the beginning: lists there are short.
func shelved[T any](name string, a trace.PageArgs, read func(after string) ([]T, error), id func(T) string) (trace.Page[T], error) {
	var p trace.Page[T]
	size, err := pageSize(a)
	if err != nil {
		return p, err
	}
	after, err := shelfKey(name, "after", a.After)
	if err != nil {
		return p, err
	}
	before, err := shelfKey(name, "before", a.Before)
	if err != nil {
		return p, err
	}
	var found []T
	more := false // beyond the page, in the direction of travel
	for at, ended := after, false; !ended && !more; {
		rows, err := read(at)
		if err != nil {
			return p, err
		}
		ended = len(rows) < shelfRows
		for _, row := range rows {
			at = id(row)
			if ended = ended || before != "" && at >= before; before != "" && at >= before {
				break
			}
			if a.Last == nil && len(found) == size {
				more = true
				break
			}
			found = append(found, row)
		}
		if over := len(found) - size; a.Last != nil && over > 0 {
			found, p.HasPrevious = found[over:], true
		}
	}
	if a.Last == nil {
		p.HasNext, p.HasPrevious = more, after != ""
	} else {
		p.HasNext, p.HasPrevious = before != "", p.HasPrevious || after != ""
	}
	for _, row := range found {
		p.Items = append(p.Items, trace.Item[T]{Node: row, Cursor: shelfCursor(name, id(row))})
	}
	if n := len(p.Items); n > 0 {
		p.Start, p.End = p.Items[0].Cursor, p.Items[n-1].Cursor
	}
	return p, nil
}

// pageSize checks the sizes as trace does.
func pageSize(a trace.PageArgs) (int, error) {
	switch {
	case a.First != nil && a.Last != nil:
		return 0, evidence.Faulty(evidence.InvalidInput, "last", "first and last are both given; give one of them")
	case a.First != nil:
		return sized("first", toInt32(*a.First), maxRows)
	case a.Last != nil:
		return sized("last", toInt32(*a.Last), maxRows)
	default:
		return trace.DefaultPageSize, nil
	}
}

func toInt32(n int) int32 { return int32(n) } //nolint:gosec // it came as an Int of GraphQL

func shelfCursor(name, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(name + "\x00" + id))
}

func shelfKey(name, path, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	written, err := base64.RawURLEncoding.DecodeString(cursor)
	id, ok := strings.CutPrefix(string(written), name+"\x00")
	if err != nil || !ok || id == "" {
		return "", evidence.Faulty(evidence.InvalidInput, path, "%.40q is not a cursor of this list; give one that a page of the same list gave", cursor)
	}
	return id, nil
}
