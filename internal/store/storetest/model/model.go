// Package model is a store in memory that answers by brute force: it walks over
// every version of every record for each question. It is slow and easy to see
// through, so that the stores people use can be compared with it.
package model

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Store is the model. It keeps what commits say and nothing that follows from
// it: counters and search tokens are worked out anew for each question.
type Store struct {
	vocabulary *vocabulary.Vocabulary
	writing    sync.Mutex // held by the one writer

	mu     sync.Mutex // guards what follows
	state  *state
	shelf  map[shelfKey]store.Item
	closed bool
}

var _ store.Store = (*Store)(nil)

// New makes an empty model of the standard vocabulary.
func New() *Store { return With(vocabulary.Standard()) }

// With makes an empty model of a vocabulary, which tells events from states.
func With(v *vocabulary.Vocabulary) *Store {
	return &Store{vocabulary: v, state: &state{versions: map[evidence.ID][]evidence.Record{}}}
}

// state is the graph as of one revision; it is never changed once it is shown.
type state struct {
	// versions of each record, oldest first. A superseded one keeps what was
	// derived for it last.
	versions  map[evidence.ID][]evidence.Record
	revisions []*evidence.Revision
}

func (s *state) head() evidence.Head {
	if len(s.revisions) == 0 {
		return evidence.Head{}
	}
	return s.revisions[len(s.revisions)-1].Head()
}

// ids are those of all records, sorted.
func (s *state) ids() []evidence.ID { return slices.Sorted(maps.Keys(s.versions)) }

// newest is a copy of the newest version; nil where the id is unknown.
func (s *state) newest(id evidence.ID) *evidence.Record {
	versions := s.versions[id]
	if len(versions) == 0 {
		return nil
	}
	r := versions[len(versions)-1]
	return &r
}

// with is the state after a commit.
func (s *state) with(c *evidence.Commit) *state {
	next := &state{versions: maps.Clone(s.versions), revisions: append(slices.Clone(s.revisions), c.Revision)}
	now := c.Revision.Sequence()
	for _, t := range c.Transitions {
		id, after := t.After.ID(), *t.After
		versions := slices.Clone(next.versions[id])
		last := len(versions) - 1
		if after.From != now {
			versions[last].To, versions[last].Derived = after.To, after.Derived
		} else {
			if last >= 0 && versions[last].To == evidence.Open {
				versions[last].To = now
			}
			versions = append(versions, after)
		}
		next.versions[id] = versions
	}
	if c.Erasing != nil {
		next.erase(c.Erasing)
	}
	return next
}

// erase destroys what an erasure takes, in a state that nobody was shown yet.
func (s *state) erase(e *evidence.Erasing) {
	for _, id := range e.Gone {
		delete(s.versions, id)
	}
	for _, r := range e.Rewritten {
		versions := slices.Clone(s.versions[r.ID()])
		for i := range versions {
			if versions[i].From == r.From {
				versions[i].Content = r.Content
			}
		}
		s.versions[r.ID()] = versions
	}
	for _, r := range e.Revisions {
		s.revisions[r.Sequence()-1] = r
	}
}

func (s *Store) now(ctx context.Context) (*state, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	return s.state, nil
}

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	before, err := s.now(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := plan(ctx, snapshot{before})
	if err != nil || !commit.New {
		return commit, err
	}
	after := before.with(commit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.closed {
		return nil, store.ErrClosed
	}
	s.state = after
	return commit, nil
}

// Raw implements store.Store.
func (s *Store) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	now, err := s.now(ctx)
	if err != nil {
		return nil, err
	}
	return &reader{store: s, state: now, view: view}, nil
}

// Snapshot is what a plan would be given now.
func (s *Store) Snapshot() evidence.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapshot{s.state}
}

// Head implements store.Store.
func (s *Store) Head(ctx context.Context) (evidence.Head, error) {
	now, err := s.now(ctx)
	if err != nil {
		return evidence.Head{}, err
	}
	return now.head(), nil
}

// Log implements store.Store.
func (s *Store) Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		now, err := s.now(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range now.revisions {
			if r.Sequence() > after {
				copied := *r
				if !yield(&copied, nil) {
					return
				}
			}
		}
	}
}

// Scan implements store.Store.
func (s *Store) Scan(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		now, err := s.now(ctx)
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		rows, err := now.rows()
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *state) rows() ([]store.Row, error) {
	var rows []store.Row
	for k, n := range s.counters() {
		rows = append(rows, store.CounterToRow(k, n))
	}
	var faults []error
	add := func(r store.Row, err error) {
		rows = append(rows, r)
		if err != nil {
			faults = append(faults, err)
		}
	}
	for _, id := range s.ids() {
		versions := s.versions[id]
		newest := &versions[len(versions)-1]
		for i := range versions {
			version := &versions[i]
			content, err := evidence.EncodeContent(version.Content)
			add(store.VersionToRow(id, version.Content.Type(), version.From, version.To, content), err)
			derived, err := evidence.EncodeDerived(&version.Derived)
			if version == newest {
				add(store.DerivedToRow(id, derived), err)
			} else {
				add(store.FormerToRow(id, version.From, derived), err)
			}
		}
		if e := newest.Entity(); e != nil && newest.IsOpen() {
			for _, t := range evidence.SearchTokens(e) {
				rows = append(rows, store.TokenToRow(id, t))
			}
		}
	}
	for _, r := range s.revisions {
		add(store.RevisionToRow(r))
	}
	if len(faults) > 0 {
		return nil, faults[0]
	}
	slices.SortFunc(rows, func(a, b store.Row) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key)) })
	return rows, nil
}

// counters counts what stands, without the sums that commits give.
func (s *state) counters() map[evidence.CounterKey]int {
	counters := map[evidence.CounterKey]int{}
	for _, id := range s.ids() {
		r := s.newest(id)
		if !r.IsOpen() || r.Derived.Visibility >= evidence.Hidden {
			continue
		}
		key := evidence.CounterKey{Type: r.Content.Type(), Kind: kindOf(r.Content), Visibility: r.Derived.Visibility}
		counters[key]++
		switch c := r.Content.(type) {
		case *evidence.Citation:
			key.Of = c.Source
			counters[key]++
		case *evidence.Claim:
			key.Of = c.From
			if c.Of == evidence.LinkRecord {
				key.Direction = evidence.Outgoing
				incoming := key
				incoming.Of, incoming.Direction = c.To, evidence.Incoming
				counters[incoming]++
			}
			counters[key]++
		}
	}
	return counters
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// kindOf is what Query.Kinds and counters go by.
func kindOf(c evidence.Content) string {
	switch c := c.(type) {
	case *evidence.Entity:
		return c.Kind
	case *evidence.Source:
		return c.Kind
	case *evidence.Claim:
		return c.Kind
	case *evidence.Citation:
		return c.Stance.String()
	default:
		return ""
	}
}
