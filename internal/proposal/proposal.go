// Package proposal holds change sets of contributors until an editor decides on
// them.
//
// An accepted proposal is applied whole, as one revision. Its author is who was
// authenticated when it was proposed, with the clearance and the prefix of ids
// that they had then: a reviewer lends a proposal nothing but the permission. The
// revision's reason is the author's, and after it who accepted and why, so that
// the log names both.
//
// Proposals lie on the store's shelf and not in the log: until one is accepted it
// is no part of the graph, no copy carries it, and `knownAt` does not show it.
package proposal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// State says how far a proposal has come.
type State string

// The states.
const (
	Pending  State = "PENDING"
	Accepted State = "ACCEPTED"
	Rejected State = "REJECTED"
)

// Proposal is a change set that waits for a decision, or has one.
type Proposal struct {
	ID string `json:"id"`
	// Author proposed it; Clearance is theirs, and the least that sees it.
	Author    string             `json:"author"`
	Clearance evidence.Clearance `json:"clearance"`
	Created   time.Time          `json:"created"`
	ChangeSet evidence.ChangeSet `json:"changeSet"`
	State     State              `json:"state"`
	// Review is the decision; nil while it is pending.
	Review *Review `json:"review,omitempty"`
	// Numbers is, per clearance, the number of the revision that it became; 0 for
	// those that see no effect of it, and where all that it says stood already.
	Numbers [evidence.Clearances]uint64 `json:"numbers"`
	// Erased says who destroyed the content on a legal ground, when and on which;
	// ChangeSet is then empty.
	Erased *Review `json:"erased,omitempty"`
}

// Review is a decision on a proposal.
type Review struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// Graph is what proposals are checked against and applied to. Over gives the one that
// there is; tests wrap it, to fail before or after a proposal was applied.
type Graph interface {
	// Check says what is wrong with a change set as the graph stands, as Apply
	// would, and changes nothing.
	Check(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) error
	// Apply makes a revision of a change set. Applying one of the same author,
	// idempotency key and content again gives the same revision.
	Apply(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error)
}

// Apply makes a revision of a change set, as trace.Tracer does.
type Apply func(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error)

// Over is the graph of a store, by the rules of a planner. Where subscriptions are
// served, apply is that of the trace.Tracer that serves them, so that they hear of it
// at once.
func Over(st store.Store, planner *evidence.Planner, apply Apply) Graph {
	return &graph{st, planner, apply}
}

type graph struct {
	store   store.Store
	planner *evidence.Planner
	apply   Apply
}

// Apply implements Graph.
func (g *graph) Apply(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	return g.apply(ctx, author, cs)
}

// Check implements Graph. A commit that is not new is one that no store writes.
func (g *graph) Check(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) error {
	_, err := g.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		commit, err := g.planner.Plan(ctx, snap, author, cs)
		if err != nil {
			return nil, err
		}
		return &evidence.Commit{Revision: commit.Revision}, nil
	})
	return err
}

const (
	// kind and keyKind are under what proposals, and the idempotency keys they were
	// proposed with, lie on the shelf.
	kind    = "proposal"
	keyKind = "proposal-key"
	// maxReason is the longest reason of a proposal, and maxReview that of a review,
	// in characters. Together, with two names, they fit into that of a revision.
	maxReason = 3000
	maxReview = 500
	// maxGround is the longest ground of an erasure, which is the reason of its
	// revision too.
	maxGround = 4000
	// maxTries is how often a write is repeated that another one overtook.
	maxTries = 20
)

// stored is a proposal as it lies on the shelf.
type stored struct {
	Proposal
	Subject  string `json:"subject"` // access.Identity.Subject of the author
	IDPrefix string `json:"idPrefix,omitempty"`
	// Deciding is an acceptance that is being applied, until Lease by who began it
	// and after that by whoever comes next.
	Deciding *Review   `json:"deciding,omitempty"`
	Lease    time.Time `json:"lease,omitzero"`
}

// author is as whom the proposal is applied.
func (s *stored) author() evidence.Author {
	return evidence.Author{Name: s.Author, Clearance: s.Clearance, IDPrefix: s.IDPrefix}
}

// key is the idempotency key under which it is applied, so that an acceptance
// that was cut short is not applied twice.
func (s *stored) key() string { return "proposal:" + s.ID }

// accepted is the change set that a review makes of it.
func (s *stored) accepted(by *Review) *evidence.ChangeSet {
	cs := s.ChangeSet
	cs.IdempotencyKey = s.key()
	cs.Reason = fmt.Sprintf("%s (proposed by %s, accepted by %s)", cs.Reason, s.Author, by.By)
	if by.Reason != "" {
		cs.Reason = fmt.Sprintf("%s: %s", cs.Reason, by.Reason)
	}
	return &cs
}

// seenBy says whether somebody may know of it: who reviews, and who proposed it,
// as far as their clearance goes.
func (s *stored) seenBy(who access.Identity) bool {
	return s.Clearance <= who.Clearance && (who.Can(access.Review) || s.isOf(who))
}

func (s *stored) isOf(who access.Identity) bool {
	return who.Subject != "" && who.Subject == s.Subject && who.Can(access.Propose)
}

func (s *Service) get(ctx context.Context, id string) (*stored, uint64, error) {
	item, err := s.shelf.Item(ctx, kind, id)
	if err != nil {
		return nil, 0, err
	}
	p, err := decode(item)
	return p, item.Version, err
}

func (s *Service) put(ctx context.Context, p *stored, version uint64) error {
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding proposal %s: %w", p.ID, err)
	}
	return s.shelf.PutItem(ctx, store.Item{Kind: kind, ID: p.ID, Version: version, Data: data})
}

func decode(item store.Item) (*stored, error) {
	var p stored
	if err := json.Unmarshal(item.Data, &p); err != nil {
		return nil, fmt.Errorf("proposal %s does not read: %w; restore the store from a copy", item.ID, err)
	}
	return &p, nil
}

// find gives a proposal that somebody may know of; UNKNOWN_ID, the same whether
// there is none or it is not for them.
func (s *Service) find(ctx context.Context, who access.Identity, id string) (*stored, uint64, error) {
	p, version, err := s.get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !p.seenBy(who) {
		return nil, 0, evidence.Faulty(evidence.UnknownID, "id", "there is no proposal %q that you can see; list the proposals to find it", id)
	}
	return p, version, err
}

func tooLong(text string, limit int) bool { return utf8.RuneCountInString(text) > limit }
