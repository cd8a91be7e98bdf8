// Package trace answers questions about the graph. It is written once over the
// store seam, reads in batches, and leaves every rule to package evidence.
//
// A [Tracer] (trace.go) answers for one store. It opens a [Session] on one view: a
// clearance, now or at a moment of the past. Everything is asked of a session.
//
// What it answers, and where that is:
//
//   - who an entity is, once accepted identities are resolved: identity.go
//   - an entity with what will be asked of it, in one round trip: prefetch.go
//   - claims of many entities, and citations of many claims: batch.go
//   - lists, their filters, pages and totals: list.go, filter.go, page.go; how much these
//     may look at: sift.go
//   - search by name: search.go
//   - likely duplicates, and whom a name may mean: match.go, matchdates.go
//   - paths between entities: paths.go and, by order, strongest.go and bestfirst.go
//   - what lies around entities: subgraph.go
//   - what entities have in common: common.go
//   - rankings and communities: ranking.go, computed in ties.go and louvain.go
//   - chains of command, and who was responsible: command.go, by the rules in ladder.go
//   - timelines: timeline.go
//   - contradictions: contradictions.go; of claims two by two, contradictpairs.go
//   - what falls if a source does: impact.go
//   - the history of a record: history.go, moments.go
//   - the difference between two moments: diff.go, touched.go
//   - revisions and numbers of records: revisions.go
//
// What these share: which links a traversal may pass (linkfilter.go, symmetric.go),
// a walk over the graph with its budgets (walk.go), what a walk has read, laid out
// for searching (ground.go), two frontiers that grow towards each other (sides.go),
// entities with very many links (hub.go), and exact products of strengths
// (product.go).
package trace

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Tracer answers questions over one store. It may be used by many goroutines.
type Tracer struct {
	store      store.Store
	vocabulary *vocabulary.Vocabulary
	symmetric  symmetric
	planner    *evidence.Planner
	identities identityCache
	written    notifier
	together   atomic.Bool // the store's readers are store.Prefetchers
}

// New makes a Tracer. The planner decides what change sets given to Apply mean.
func New(s store.Store, v *vocabulary.Vocabulary, p *evidence.Planner) *Tracer {
	return &Tracer{store: s, vocabulary: v, symmetric: symmetricOf(v), planner: p}
}

// Vocabulary is the vocabulary that the tracer speaks.
func (t *Tracer) Vocabulary() *vocabulary.Vocabulary { return t.vocabulary }

// Apply plans and writes one change set. The error is evidence.Faults for what
// is wrong with it, or store.ErrUnavailable.
func (t *Tracer) Apply(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	commit, err := t.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return t.planner.Plan(ctx, snap, author, cs)
	})
	if err == nil && commit.New {
		t.written.notify()
	}
	return commit, err
}

// Session answers the questions of one request in one view. It may be used by
// many goroutines; its reads are done one at a time.
type Session struct {
	tracer   *Tracer
	mu       *sync.Mutex // one for all sessions that share a reader
	view     evidence.View
	head     evidence.Sequence // the newest revision when it was opened
	reader   store.Reader
	identity *identity
	records  map[evidence.ID]*evidence.Record // what was read already
	shown    map[evidence.ID]*Entity          // of it, by the ids they are shown under
	search   pathSearch                       // for paths
	ahead    []*prefetched                    // what was read before it was asked for
	sifting  *sifting
}

// At opens a session on a view. The caller closes it.
func (t *Tracer) At(ctx context.Context, view evidence.View) (*Session, error) {
	return t.Open(ctx, view, func() Card { return Card{} })
}

// View is what the session reads.
func (s *Session) View() evidence.View { return s.view }

// Close ends the session.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader.Close()
}

// get reads records by id, those that were read already from memory. The caller
// holds the lock.
func (s *Session) get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	if err := s.read(ctx, ids); err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]*evidence.Record, len(ids))
	for _, id := range ids {
		if r := s.records[id]; r != nil {
			out[id] = r
		}
	}
	return out, nil
}

// read sees to it that the records of ids are among those that were read; of ids
// that the view does not see they are nil. The caller holds the lock.
func (s *Session) read(ctx context.Context, ids []evidence.ID) error {
	if len(s.records) == 0 {
		s.records = make(map[evidence.ID]*evidence.Record, len(ids)) // sooner than letting it grow
	}
	var missing []evidence.ID
	for _, id := range ids {
		if _, known := s.records[id]; !known && id != "" {
			s.records[id] = nil // asked once only
			missing = append(missing, id)
		}
	}
	for len(missing) > 0 {
		batch := missing[:min(len(missing), store.MaxBatch)]
		found, err := s.reader.Get(ctx, batch)
		if err != nil {
			for _, id := range missing {
				delete(s.records, id)
			}
			return err
		}
		missing = missing[len(batch):]
		maps.Copy(s.records, found)
	}
	return nil
}

// keep remembers a record that was read in a list.
func (s *Session) keep(r *evidence.Record) { s.records[r.ID()] = r }

// level is what the session's clearance is told of a claim.
func (s *Session) level(r *evidence.Record) evidence.Level {
	return r.Derived.At(s.view.Clearance)
}

// Versions gives all versions of a record that was ever written, oldest first;
// which of them the view sees is for the caller to judge.
func (s *Session) Versions(ctx context.Context, id evidence.ID) ([]*evidence.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	versions, err := s.reader.Versions(ctx, []evidence.ID{id})
	return versions[id], err
}
