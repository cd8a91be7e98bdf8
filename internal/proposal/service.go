package proposal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

const (
	// applyTime is how long applying may take, and leaseTime how long nobody else
	// tries: longer, so that two never do.
	applyTime = time.Minute
	leaseTime = 2 * time.Minute
	// settleTime is how long writing down what came of it may take.
	settleTime = 10 * time.Second
)

// MaxPage is how many proposals one page may have.
const MaxPage = 200

// Service holds proposals. Its methods may be called from many goroutines and,
// over one store, from many processes at once.
type Service struct {
	shelf store.Shelf
	graph Graph
	now   func() time.Time
}

// New holds proposals for a graph on a shelf.
func New(shelf store.Shelf, g Graph) *Service { return &Service{shelf: shelf, graph: g, now: time.Now} }

// Propose holds a change set up for review. It is checked as if it were applied
// now: what could not be is refused with all its faults, and nothing is kept.
// Proposing the same content with the same idempotency key again gives the same
// proposal; other content is a CONFLICT.
func (s *Service) Propose(ctx context.Context, who access.Identity, cs *evidence.ChangeSet) (*Proposal, error) {
	if err := who.May(access.Propose); err != nil {
		return nil, err
	}
	if who.Subject == "" {
		return nil, evidence.Faulty(evidence.Forbidden, "", "only those who say who they are propose changes; send your token")
	}
	if tooLong(cs.Reason, maxReason) {
		return nil, evidence.Faulty(evidence.InvalidInput, "reason", "the reason has more than %d characters; shorten it, the review adds its own", maxReason)
	}
	p := &stored{
		Proposal: Proposal{
			ID: uuid.Must(uuid.NewV7()).String(), Author: who.Name, Clearance: who.Clearance,
			Created: s.now().UTC().Truncate(time.Microsecond), ChangeSet: *cs, State: Pending,
		},
		Subject: who.Subject, IDPrefix: who.IDPrefix,
	}
	if cs.IdempotencyKey != "" && len(cs.Unreadable) == 0 {
		before, err := s.proposedBefore(ctx, p)
		if err != nil || before != nil {
			return before, err
		}
	}
	// The reason stays the author's, so that an empty one is found now.
	checked := p.ChangeSet
	checked.IdempotencyKey = p.key()
	if err := s.graph.Check(ctx, p.author(), &checked); err != nil {
		return nil, err
	}
	if cs.IdempotencyKey != "" {
		if err := s.claimKey(ctx, p); err != nil {
			return nil, err
		}
	}
	err := s.put(ctx, p, 0)
	if errors.Is(err, store.ErrChanged) { // the same was proposed at the same moment
		p, _, err = s.get(ctx, p.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("keeping the proposal: %w", err)
	}
	return &p.Proposal, nil
}

// proposedKey is what an idempotency key was used for.
type proposedKey struct {
	ID     string `json:"id"`
	Digest string `json:"digest"`
}

// proposedBefore gives the proposal that was made with the key; nil where none
// was. A key that was claimed by one that was never kept gives its id.
func (s *Service) proposedBefore(ctx context.Context, p *stored) (*Proposal, error) {
	item, err := s.shelf.Item(ctx, keyKind, p.keyID())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // that nothing was proposed before is the usual answer
	}
	if err != nil {
		return nil, err
	}
	var used proposedKey
	if err := json.Unmarshal(item.Data, &used); err != nil {
		return nil, fmt.Errorf("the idempotency key of a proposal does not read: %w", err)
	}
	digest, err := p.ChangeSet.Digest()
	if err != nil {
		return nil, err
	}
	if used.Digest != digest {
		return nil, evidence.Faulty(evidence.Conflict, "idempotencyKey", "the key %q was used for another proposal; choose a new key", p.ChangeSet.IdempotencyKey)
	}
	p.ID = used.ID
	before, _, err := s.get(ctx, used.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	return &before.Proposal, nil
}

func (s *Service) claimKey(ctx context.Context, p *stored) error {
	digest, err := p.ChangeSet.Digest()
	if err != nil {
		return err
	}
	data, err := json.Marshal(proposedKey{ID: p.ID, Digest: digest})
	if err != nil {
		return err
	}
	err = s.shelf.PutItem(ctx, store.Item{Kind: keyKind, ID: p.keyID(), Data: data})
	if errors.Is(err, store.ErrChanged) {
		_, err = s.proposedBefore(ctx, p) // it takes over the id that the key stands for
	}
	return err
}

// keyID is apart for each author, so that a key tells nothing to another, and for
// each clearance of theirs.
func (s *stored) keyID() string {
	sum := sha256.Sum256([]byte(s.Clearance.String() + "\x00" + s.Subject + "\x00" + s.ChangeSet.IdempotencyKey))
	return hex.EncodeToString(sum[:])
}

// Get gives one proposal that somebody may know of.
func (s *Service) Get(ctx context.Context, who access.Identity, id string) (*Proposal, error) {
	p, _, err := s.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &p.Proposal, nil
}

// Filter says which proposals are listed.
type Filter struct {
	State State // "": all
	// After is the id of a proposal that the answer begins after.
	After string
	// Limit is how many are listed at most, 1 to 200; 50 where 0.
	Limit int
}

// List gives the proposals that somebody may know of, oldest first: those who
// review see all up to their clearance, others their own. More says that there
// are further ones. The shelf knows no authors: who has made few of many reads all
// that lie between them.
func (s *Service) List(ctx context.Context, who access.Identity, f Filter) (list []*Proposal, more bool, err error) {
	limit := cmp.Or(f.Limit, 50)
	if limit < 1 || limit > MaxPage {
		return nil, false, evidence.Faulty(evidence.LimitExceeded, "first", "%d is no size of a page; ask for 1 to %d", f.Limit, MaxPage)
	}
	if !who.Can(access.Propose) {
		return nil, false, nil // they have made none and review none
	}
	for after, read := f.After, MaxPage; read == MaxPage; {
		read = 0
		for item, err := range s.shelf.Items(ctx, kind, after, MaxPage) {
			if err != nil {
				return nil, false, err
			}
			read++
			after = item.ID
			p, err := decode(item)
			if err != nil {
				return nil, false, err
			}
			if !p.seenBy(who) || f.State != "" && p.State != f.State {
				continue
			}
			if len(list) == limit {
				return list, true, nil
			}
			list = append(list, &p.Proposal)
		}
	}
	return list, false, nil
}

// Accept applies a proposal whole. Where it no longer fits, the error is the
// faults that the change set has by now, and it stays PENDING. Accepting again
// what oneself has accepted gives the same; what another has decided is a
// CONFLICT.
func (s *Service) Accept(ctx context.Context, who access.Identity, id, reason string) (*Proposal, error) {
	return s.review(ctx, who, id, Accepted, reason)
}

// Reject closes a proposal with a reason, which its author reads. Its author may
// do so too, to withdraw it.
func (s *Service) Reject(ctx context.Context, who access.Identity, id, reason string) (*Proposal, error) {
	return s.review(ctx, who, id, Rejected, reason)
}

func (s *Service) review(ctx context.Context, who access.Identity, id string, decision State, reason string) (*Proposal, error) {
	reason = strings.TrimSpace(reason)
	if what := reasonFault(decision, reason); what != "" {
		return nil, evidence.Faulty(evidence.InvalidInput, "reason", "%s", what)
	}
	for range maxTries {
		p, version, err := s.find(ctx, who, id)
		if err != nil {
			return nil, err
		}
		if decision != Rejected || !p.isOf(who) {
			if err := who.May(access.Review); err != nil {
				return nil, err
			}
		}
		now := s.now().UTC().Truncate(time.Microsecond)
		switch {
		case p.State != Pending && p.State == decision && p.Review.By == who.Name:
			return &p.Proposal, nil
		case p.State != Pending:
			return nil, evidence.Faulty(evidence.Conflict, "id", "the proposal was %s by %s at %s already", strings.ToLower(string(p.State)), p.Review.By, p.Review.At.Format(time.RFC3339))
		case p.Deciding != nil && now.Before(p.Lease):
			return nil, evidence.Faulty(evidence.Conflict, "id", "%s is accepting the proposal at this moment; look at it again in a little while", p.Deciding.By)
		case p.Deciding != nil:
			// An acceptance was cut short: nobody knows whether it was applied. What
			// was begun is finished first.
		case decision == Rejected:
			p.State, p.Review = Rejected, &Review{By: who.Name, At: now, Reason: reason}
			err := s.put(ctx, p, version)
			if errors.Is(err, store.ErrChanged) {
				continue
			}
			return &p.Proposal, err
		default:
			p.Deciding = &Review{By: who.Name, At: now, Reason: reason}
		}
		mine := p.Deciding.By == who.Name && decision == Accepted
		p.Lease = now.Add(leaseTime)
		err = s.put(ctx, p, version)
		if errors.Is(err, store.ErrChanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		done, err := s.settle(ctx, p, version+1)
		if mine || err != nil && !isFault(err) {
			return done, err
		}
		// What another had begun is settled; now to this decision.
	}
	return nil, fmt.Errorf("reviewing proposal %s: %w; try again", id, store.ErrChanged)
}

// settle applies an acceptance that holds the lease and writes down what came of
// it, even if who asked has gone away meanwhile.
func (s *Service) settle(ctx context.Context, p *stored, version uint64) (*Proposal, error) {
	applying, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyTime)
	defer cancel()
	commit, err := s.graph.Apply(applying, p.author(), p.accepted(p.Deciding))
	switch {
	case err == nil:
		if p.Numbers, err = numbersOf(commit, p); err != nil {
			return nil, err
		}
		p.State, p.Review, p.Deciding, p.Lease = Accepted, p.Deciding, nil, time.Time{}
	case isFault(err):
		p.Deciding, p.Lease = nil, time.Time{}
	default:
		p.Lease = s.now().UTC() // whoever comes next tries again, at once
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if noted := s.put(noting, p, version); noted != nil {
		// The lease runs out, and the next review finishes it.
		return nil, errors.Join(err, fmt.Errorf("writing down what came of proposal %s: %w", p.ID, noted))
	}
	if err != nil {
		return nil, err
	}
	return &p.Proposal, nil
}

// isFault says whether an error is a judgement on the change set, so that it is
// known not to have been applied.
func isFault(err error) bool {
	var faults evidence.Faults
	return errors.As(err, &faults)
}

// numbersOf are those of the revision that the proposal became: none where all
// that it says stood already, for which a store answers its newest revision.
func numbersOf(commit *evidence.Commit, p *stored) (numbers [evidence.Clearances]uint64, err error) {
	if len(commit.Revision.Leaves) == 0 {
		return numbers, nil
	}
	meta, err := commit.Revision.Meta()
	if err != nil {
		return numbers, err
	}
	if commit.New || meta.Author == p.Author && meta.IdempotencyKey == p.key() {
		return commit.Revision.Numbers, nil
	}
	return numbers, nil
}

func proposalOf(p *stored) *Proposal {
	if p == nil {
		return nil
	}
	return &p.Proposal
}

func reasonFault(decision State, reason string) string {
	switch {
	case decision == Rejected && reason == "":
		return "the reason is empty; tell the author why it is rejected"
	case !utf8.ValidString(reason):
		return "the reason is not valid UTF-8"
	case tooLong(reason, maxReview):
		return fmt.Sprintf("the reason has more than %d characters; shorten it", maxReview)
	case strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "the reason has a control character; take it out"
	default:
		return ""
	}
}
