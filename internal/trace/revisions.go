package trace

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Stats are how many open records of each type a view sees, those of entities
// that are the same counted once, and the number of its newest revision.
type Stats struct {
	Entities, Links, Statements, Sources, Citations Total
	Revision                                        uint64
}

// Stats counts what the view sees of some types; of others it gives zero.
func (s *Session) Stats(ctx context.Context, of ...evidence.RecordType) (Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out Stats
	claims, cut := 0, false
	for _, c := range []struct { // what costs least first, as all are counted within one budget
		of   evidence.RecordType
		into *Total
	}{
		{evidence.EntityRecord, &out.Entities}, {evidence.SourceRecord, &out.Sources},
		{evidence.LinkRecord, &out.Links}, {evidence.StatementRecord, &out.Statements}, {evidence.CitationRecord, &out.Citations},
	} {
		if !slices.Contains(of, c.of) {
			continue
		}
		if c.of == evidence.CitationRecord && cut {
			c.into.N = min(claims, countLimit) // each claim that is seen has one, and there are more
			continue
		}
		var err error
		if *c.into, err = s.countAll(ctx, c.of); err != nil {
			return out, err
		}
		if c.of.IsClaim() {
			claims, cut = claims+c.into.N, cut || !c.into.Exact
		}
	}
	var err error
	out.Revision, err = s.newest(ctx)
	return out, err
}

// countAll counts what the view sees of a type, entities that are the same once.
func (s *Session) countAll(ctx context.Context, of evidence.RecordType) (Total, error) {
	counts, err := s.reader.Count(ctx, store.CountQuery{Type: of})
	switch {
	case errors.Is(err, store.ErrUncounted):
		return s.tally(ctx, store.Query{Type: of}, 1, func(batch []store.Found) ([]store.Found, error) {
			return slices.DeleteFunc(batch, func(x store.Found) bool { return s.identity.resolve(x.Record.ID()) != x.Record.ID() }), nil
		})
	case err == nil && of == evidence.EntityRecord:
		counts[""] -= s.identity.absorbed()
	}
	return Total{counts[""], true}, err
}

// newest is the number of the newest revision that the view sees; 0 where there is
// none. The caller holds the lock.
func (s *Session) newest(ctx context.Context) (uint64, error) {
	for rev, err := range s.reader.Revisions(ctx, store.RevisionQuery{Newest: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		return rev.Numbers[s.view.Clearance], nil
	}
	return 0, nil
}

// absorbed is how many entities are shown under another. The view sees each of
// them: who sees a link sees its ends.
func (i *identity) absorbed() int {
	n := 0
	for _, members := range i.members {
		n += len(members) - 1
	}
	return n
}

// RevisionFilter keeps revisions.
type RevisionFilter struct {
	// After keeps revisions with later numbers.
	After uint64 `json:",omitempty"`
	// Newest lists the newest first.
	Newest bool `json:",omitempty"`
}

// firstLeaves is how many leaves of a revision are read that is one of many, or that
// more may not be asked of: who and why, and the first changes. See parts.
const firstLeaves = 1 + fewOutcomes

// Revisions pages the revisions that have an effect the view sees, by number. They have
// their first leaves.
func (s *Session) Revisions(ctx context.Context, f RevisionFilter, a PageArgs) (Page[*evidence.Revision], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*evidence.Revision]
	l := listOf("revisions", f)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	newest := f.Newest != p.reverse
	q := store.RevisionQuery{After: f.After, Newest: newest, Limit: p.size + 1, Leaves: true, MostLeaves: firstLeaves}
	if p.after != "" {
		number, err := strconv.ParseUint(p.after, 10, 64)
		if err != nil {
			return none, evidence.Faulty(evidence.InvalidInput, "after", "the cursor names no revision; give one that a page of this list gave")
		}
		if newest {
			q.Before = number
		} else {
			q.After = max(q.After, number)
		}
	}
	clearance := s.view.Clearance
	var found []keyed[*evidence.Revision]
	more := false
	for rev, err := range s.reader.Revisions(ctx, q) {
		if err != nil {
			return none, err
		}
		number := rev.Numbers[clearance]
		if p.stop != "" {
			if stop, err := strconv.ParseUint(p.stop, 10, 64); err == nil && (newest && number <= stop || !newest && number >= stop) {
				break
			}
		}
		if len(found) == p.size {
			more = true
			break
		}
		found = append(found, keyed[*evidence.Revision]{rev, strconv.FormatUint(number, 10)})
	}
	return page(l, p, found, more, ""), nil
}

// TotalRevisions is the number of the newest revision that the view sees, less
// those the filter leaves out.
func (s *Session) TotalRevisions(ctx context.Context, f RevisionFilter) (Total, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest, err := s.newest(ctx)
	if err != nil || newest < f.After {
		return Total{Exact: true}, err
	}
	return Total{int(newest - f.After), true}, nil //nolint:gosec // a count of revisions
}

// Revision gives the revision of a number with its first leaves; store.ErrNotFound where
// there is none.
func (s *Session) Revision(ctx context.Context, number uint64) (*evidence.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return numbered(ctx, s.reader, s.view.Clearance, number, firstLeaves)
}

// numbered is the revision that a number means to a clearance, as a reader of it
// sees it, with at most so many leaves, or all where most is 0; store.ErrNotFound where
// there is none.
func numbered(ctx context.Context, r store.Reader, c evidence.Clearance, number uint64, most int) (*evidence.Revision, error) {
	if number == 0 {
		return nil, fmt.Errorf("revision 0: %w", store.ErrNotFound)
	}
	for rev, err := range r.Revisions(ctx, store.RevisionQuery{After: number - 1, Limit: 1, Leaves: true, MostLeaves: most}) {
		if err != nil {
			return nil, err
		}
		if rev.Numbers[c] == number {
			return rev, nil
		}
	}
	return nil, fmt.Errorf("revision %d: %w", number, store.ErrNotFound)
}

// followInterval is how often the log is looked at for what other processes
// wrote; what this one writes is told at once.
const followInterval = 250 * time.Millisecond

// Follow yields the revisions after a number that have an effect the clearance
// sees, with their first leaves, then waits for new ones until the context ends. A store that does not
// answer for a while is waited for.
func (t *Tracer) Follow(ctx context.Context, c evidence.Clearance, after uint64) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		ticker := time.NewTicker(followInterval)
		defer ticker.Stop()
		var seen evidence.Sequence
		for {
			written := t.written.wait()
			head, err := t.store.Head(ctx)
			if err == nil && head.Sequence != seen {
				done, reached, failed := t.replay(ctx, c, after, yield)
				if done {
					return
				}
				after, err = reached, failed
				if err == nil {
					seen = head.Sequence
				}
			}
			if err != nil && !errors.Is(err, store.ErrUnavailable) {
				if ctx.Err() == nil {
					yield(nil, err)
				}
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			case <-written:
			}
		}
	}
}

// replayPage is how many revisions Follow has in memory at a time.
const replayPage = 32

// replay yields what there is after a number and tells how far it came; done
// says that the consumer wants no more. The consumer is given nothing while a
// reader is open: it may take its time, and opens readers of its own.
func (t *Tracer) replay(ctx context.Context, c evidence.Clearance, after uint64, yield func(*evidence.Revision, error) bool) (done bool, reached uint64, err error) {
	for {
		page, err := t.revisionsAfter(ctx, c, after)
		for _, rev := range page {
			after = rev.Numbers[c]
			if !yield(rev, nil) {
				return true, after, nil
			}
		}
		if err != nil || len(page) < replayPage {
			return false, after, err
		}
	}
}

// revisionsAfter gives the next revisions after a number that have an effect the
// clearance sees. What was read before an error is good.
func (t *Tracer) revisionsAfter(ctx context.Context, c evidence.Clearance, number uint64) (page []*evidence.Revision, err error) {
	r, err := t.store.Raw(ctx, evidence.Now(c))
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // nothing was written
	for rev, err := range r.Revisions(ctx, store.RevisionQuery{After: number, Limit: replayPage, Leaves: true, MostLeaves: firstLeaves}) {
		if err != nil {
			return page, err
		}
		page = append(page, rev)
	}
	return page, nil
}

// notifier wakes those who wait for a write.
type notifier struct {
	mu sync.Mutex
	ch chan struct{}
}

func (n *notifier) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *notifier) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
