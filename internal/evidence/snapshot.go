package evidence

import (
	"context"
	"errors"
)

// ErrNotFound says that there is no such record or revision.
var ErrNotFound = errors.New("not found")

// Relation leads from records to the records that depend on them: open ones, but
// for FormerCitations.
type Relation uint8

// The relations.
const (
	ClaimsOn        Relation = iota + 1 // entities → claims that have one of them as an end
	CitationsOf                         // claims → their citations
	CitationsIn                         // sources → citations into them
	DerivedSources                      // sources → sources that name one of them in DerivedFrom
	FormerCitations                     // claims → those of their citations that are closed
)

// RevisionRef names a revision by its sequence, by its idempotency key, or by
// its number at a clearance; the first that is set counts.
type RevisionRef struct {
	Sequence  Sequence
	Key       string
	Number    uint64
	Clearance Clearance
}

// Snapshot is what a plan reads: the whole graph, past every View, as it stands
// before the revision that is being planned.
type Snapshot interface {
	// Head is the state of the log.
	Head(ctx context.Context) (Head, error)
	// Newest gives the newest version, open or closed, of each id that was
	// written before the sequence (Open: ever). Ids never written are left out.
	Newest(ctx context.Context, ids []ID, before Sequence) (map[ID]*Record, error)
	// Related gives the records that a relation leads to, ordered by id; at most
	// limit of them, so that a caller who asks for one too many sees the cut.
	Related(ctx context.Context, relation Relation, ids []ID, limit int) ([]*Record, error)
	// Revision gives one revision with its leaves, or ErrNotFound.
	Revision(ctx context.Context, ref RevisionRef) (*Revision, error)
}
