package evidence

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// Revision is one atomic set of changes as the log keeps it.
type Revision struct {
	Header ledger.Header
	Hash   ledger.Hash
	// Leaves hold the payload: the first who and why, then one per change.
	Leaves []ledger.Leaf
	// Numbers count, per clearance, the revisions with an effect it can see;
	// 0 where this one has none.
	Numbers [Clearances]uint64
	// Latest is, per clearance, the number of the newest revision up to this one.
	Latest [Clearances]uint64
	// Key finds the revision by its idempotency key; "" where it has none.
	Key string
}

// Sequence is the revision's position in the log.
func (r *Revision) Sequence() Sequence { return Sequence(r.Header.Sequence) }

// Follows says whether the revision comes right behind the end of a log.
func (r *Revision) Follows(end Head) bool {
	return r.Sequence() == end.Sequence+1 && r.Header.Previous == end.Hash
}

// Head is the state of the log after its newest revision.
type Head struct {
	Sequence Sequence
	Hash     ledger.Hash
	Time     time.Time
	Latest   [Clearances]uint64
}

// Head is the state of the log after the revision.
func (r *Revision) Head() Head {
	return Head{Sequence: r.Sequence(), Hash: r.Hash, Time: r.Header.Time, Latest: r.Latest}
}

// Meta is the first leaf: who made the revision and why.
type Meta struct {
	Author         string `json:"author"`
	Reason         string `json:"reason"`
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
	// Clearance is what the author might see, which sets the key apart from those
	// of the same author at another.
	Clearance Clearance `json:"clearance,omitempty"`
	// Digest is the SHA-256 of the change set as it was sent.
	Digest string `json:"digest"`
	// Seed is set only in what an erasure left of the leaf; see Revision.Seed.
	Seed ledger.Hash `json:"seed,omitzero"`
}

// Outcome is one leaf after the first: what one change of the set came to.
type Outcome struct {
	Change  string   `json:"change"` // the field of Change that was given
	ID      ID       `json:"id,omitempty"`
	Effects []Effect `json:"effects,omitempty"`
	// Erasure is set on the one outcome of a revision that erases.
	Erasure *Erasure `json:"erasure,omitempty"`
}

// Effect is one thing done to one record; exactly one of its fields is set.
type Effect struct {
	Entity    *Entity        `json:"entity,omitempty"`   // a new version
	Source    *Source        `json:"source,omitempty"`   // a new version
	Claim     *Claim         `json:"claim,omitempty"`    // a new version
	Citation  *Citation      `json:"citation,omitempty"` // a new version
	Close     ID             `json:"close,omitempty"`    // the version that stood is closed
	Clearance *ClearanceSet  `json:"clearance,omitempty"`
	Check     *CitationCheck `json:"check,omitempty"`
}

// ClearanceSet changes the present clearance of a closed record.
type ClearanceSet struct {
	ID        ID        `json:"id"`
	Clearance Clearance `json:"clearance"`
}

// Target is the id of the record that the effect touches.
func (e Effect) Target() ID {
	switch {
	case e.Close != "":
		return e.Close
	case e.Clearance != nil:
		return e.Clearance.ID
	case e.Check != nil:
		return e.Check.Citation
	}
	if c := e.content(); c != nil {
		return c.RecordID()
	}
	return ""
}

// Content is the new version that the effect writes; nil where it writes none.
func (e Effect) Content() Content { return e.content() }

// Written is the effect that writes a version.
func Written(c Content) Effect { return effectOf(c) }

func (e Effect) content() Content {
	switch {
	case e.Entity != nil:
		return e.Entity
	case e.Source != nil:
		return e.Source
	case e.Claim != nil:
		return e.Claim
	case e.Citation != nil:
		return e.Citation
	default:
		return nil
	}
}

func effectOf(c Content) Effect {
	switch c := c.(type) {
	case *Entity:
		return Effect{Entity: c}
	case *Source:
		return Effect{Source: c}
	case *Claim:
		return Effect{Claim: c}
	case *Citation:
		return Effect{Citation: c}
	default:
		return Effect{}
	}
}

// Meta reads the first leaf. An erased one gives what the erasure left of it:
// nothing, or all but the digest.
func (r *Revision) Meta() (Meta, error) {
	var m Meta
	if len(r.Leaves) == 0 {
		return m, fmt.Errorf("revision at sequence %d has no leaves; run `vinculo verify`", r.Header.Sequence)
	}
	return m, readLeaf(r, 0, &m)
}

// Whole says whether the revision has all of its leaves, and not only the first.
func (r *Revision) Whole() bool { return len(r.Leaves) == int(r.Header.Leaves) }

// Outcomes reads what each change came to, in the order of the change set. An
// erased one is what the erasure left of it.
func (r *Revision) Outcomes() ([]Outcome, error) { return r.OutcomesFrom(0, len(r.Leaves)) }

// OutcomesFrom is Outcomes for at most so many changes, those from an index on.
func (r *Revision) OutcomesFrom(first, most int) ([]Outcome, error) {
	outcomes := make([]Outcome, max(min(most, len(r.Leaves)-1-first), 0))
	for i := range outcomes {
		if err := readLeaf(r, first+i+1, &outcomes[i]); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func readLeaf(r *Revision, i int, into any) error {
	content := r.Leaves[i].Content
	if r.Leaves[i].Erased {
		if r.Leaves[i].Rest == nil {
			return nil
		}
		content = r.Leaves[i].Rest.Content
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("leaf %d of the revision at sequence %d does not read: %w; run `vinculo verify`", i, r.Header.Sequence, err)
	}
	return nil
}

// Seed is a secret of the revision: whoever has its log can tell it, and nobody else.
// It follows from a salt, and stays the same when that is destroyed with part of the
// revision; where its author and reason are erased, it becomes another.
func (r *Revision) Seed() (ledger.Hash, error) {
	m, err := r.Meta()
	if err != nil || !m.Seed.IsZero() {
		return m.Seed, err
	}
	key := r.Hash[:]
	if i := r.firstKept(); i >= 0 {
		key = r.Leaves[i].Salt[:]
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("vinculo/seed/1")) // a hash never fails
	return ledger.Hash(mac.Sum(nil)), nil
}

// firstKept is the index of the first leaf that is not erased; -1 where all are.
func (r *Revision) firstKept() int {
	return slices.IndexFunc(r.Leaves, func(l ledger.Leaf) bool { return !l.Erased })
}

// idempotencyKey is what a revision is found by again: the client's key, apart
// for each author, so that one author's key tells nothing to another, and for
// each clearance of theirs, since who reads with the lower one is to learn nothing
// of what was written with the higher.
func idempotencyKey(author string, c Clearance, key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(author + "\x00" + c.String() + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// FoundBy is the key that the revision is to be found by, by what its log says. It
// is the one that it has where the log does not say.
func (r *Revision) FoundBy() (string, error) {
	m, err := r.Meta()
	if err != nil || m.IdempotencyKey != "" {
		return idempotencyKey(m.Author, m.Clearance, m.IdempotencyKey), err
	}
	if len(r.Leaves) != 2 { // as a tombstone has
		return r.Key, nil
	}
	erasure, err := r.Erasure()
	if err != nil || erasure == nil {
		return r.Key, err
	}
	return erasureKey(erasure.Number), nil
}
