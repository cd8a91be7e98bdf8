package proposal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Reach says which proposals an erasure in the graph takes with it.
type Reach struct {
	// IDs are the records that are erased: what names one of them goes, whatever was
	// decided. An accepted proposal that said nothing new became no revision.
	IDs []evidence.ID
	// Loses says whether the revision of a number, at CONFIDENTIAL, loses something
	// that who is cleared for c could see of it: the proposal that it was made of
	// goes. What was hidden from its author is in no proposal, and that it went is not
	// to show there.
	Loses func(ctx context.Context, number uint64, c evidence.Clearance) (bool, error)
}

func (r Reach) takes(ctx context.Context, p *stored) (bool, error) {
	if slices.ContainsFunc(p.ChangeSet.References(), func(id evidence.ID) bool { return slices.Contains(r.IDs, id) }) {
		return true, nil
	}
	n := p.Numbers[evidence.Confidential]
	if n == 0 || r.Loses == nil {
		return false, nil
	}
	return r.Loses(ctx, n, p.Clearance)
}

// Reached gives the ids of the proposals that an erasure takes with it, those
// that are erased already left out. Only an administrator asks.
func (s *Service) Reached(ctx context.Context, who access.Identity, reach Reach) ([]string, error) {
	if err := who.May(access.Erase); err != nil {
		return nil, err
	}
	var reached []string
	for after, read := "", MaxPage; read == MaxPage; {
		read = 0
		for item, err := range s.shelf.Items(ctx, kind, after, MaxPage) {
			if err != nil {
				return nil, err
			}
			read++
			after = item.ID
			p, err := decode(item)
			if err != nil {
				return nil, err
			}
			if p.Erased != nil || !p.seenBy(who) {
				continue
			}
			takes, err := reach.takes(ctx, p)
			if err != nil {
				return nil, err
			}
			if takes {
				reached = append(reached, p.ID)
			}
		}
	}
	return reached, nil
}

// Erase destroys the content of a proposal on a legal ground and leaves who did
// so and why. One that is pending is thereby rejected. The hash by which its
// idempotency key knew the content goes too, since the content could be guessed
// from it. Erasing it again changes nothing.
func (s *Service) Erase(ctx context.Context, who access.Identity, id, ground string) (*Proposal, error) {
	if err := who.May(access.Erase); err != nil {
		return nil, err
	}
	ground = strings.TrimSpace(ground)
	if what := groundFault(ground); what != "" {
		return nil, evidence.Faulty(evidence.InvalidInput, "ground", "%s", what)
	}
	for range maxTries {
		p, version, err := s.find(ctx, who, id)
		if err != nil || p.Erased != nil {
			return proposalOf(p), err
		}
		if p.Deciding != nil {
			return nil, evidence.Faulty(evidence.Conflict, "id", "%s is accepting the proposal; have that decided first", p.Deciding.By)
		}
		if err := s.forget(ctx, p); err != nil {
			return nil, err
		}
		p.Erased = &Review{By: who.Name, At: s.now().UTC().Truncate(time.Microsecond), Reason: ground}
		p.ChangeSet = evidence.ChangeSet{}
		if p.Review != nil {
			p.Review.Reason = "" // it may repeat what it is about
		}
		if p.State == Pending {
			p.State, p.Review = Rejected, &Review{By: who.Name, At: p.Erased.At}
		}
		if err := s.put(ctx, p, version); !errors.Is(err, store.ErrChanged) {
			return proposalOf(p), err
		}
	}
	return nil, fmt.Errorf("erasing proposal %s: %w; try again", id, store.ErrChanged)
}

// forget takes the hash of the content from the idempotency key of a proposal.
// The key stays used: with whatever content it comes again, it is a CONFLICT.
func (s *Service) forget(ctx context.Context, p *stored) error {
	if p.ChangeSet.IdempotencyKey == "" {
		return nil
	}
	item, err := s.shelf.Item(ctx, keyKind, p.keyID())
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if item.Data, err = json.Marshal(proposedKey{ID: p.ID}); err != nil {
		return err
	}
	return s.shelf.PutItem(ctx, item)
}

func groundFault(ground string) string {
	switch {
	case ground == "":
		return "the ground is empty; say on what ground this is erased, such as the file number of the order"
	case !utf8.ValidString(ground):
		return "the ground is not valid UTF-8"
	case strings.ContainsFunc(ground, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "the ground has a control character; mend it"
	case tooLong(ground, maxGround):
		return fmt.Sprintf("the ground has more than %d characters; shorten it", maxGround)
	default:
		return ""
	}
}
