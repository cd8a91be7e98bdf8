package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// reader implements store.Reader on one read transaction.
//
// Records of the present that it gives are shared with the cache and with other
// readers; like all content they are never changed in place.
type reader struct {
	g      *graph
	view   evidence.View
	closed bool
	lender *reader // whose transaction it is, where it is another's
}

var (
	_ store.Reader = (*reader)(nil)
	_ store.Sharer = (*reader)(nil)
)

// Beside implements store.Sharer: one transaction serves all views, since nothing
// is asked of it between two elements of a sequence.
func (r *reader) Beside(view evidence.View) (store.Reader, error) {
	if err := checkClearance(view); err != nil {
		return nil, err
	}
	return &reader{g: r.g, view: view, lender: cmp.Or(r.lender, r)}, nil
}

func checkClearance(view evidence.View) error {
	if view.Clearance >= evidence.Hidden {
		return fmt.Errorf("there is no clearance %d", view.Clearance)
	}
	return nil
}

// Close implements store.Reader.
func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.lender != nil {
		return nil
	}
	s := r.g.store
	s.links.leave(r.g.head.Sequence)
	return s.release(r.g.conn)
}

// ready says whether the reader may be used.
func (r *reader) ready(ctx context.Context) error {
	if r.closed || r.lender != nil && r.lender.closed {
		return fmt.Errorf("%w: this reader was closed", store.ErrClosed)
	}
	return r.g.store.open(ctx)
}

func errTooMany(what string, n int) error { return errMoreThan(store.MaxBatch, what, n) }

func errMoreThan(most int, what string, n int) error {
	return fmt.Errorf("%d %s are more than the %d that one call may name", n, what, most)
}

// see gives the record as the view sees it; nil where it does not.
func (r *reader) see(ctx context.Context, e entry) (*evidence.Record, error) {
	if r.view.IsNow() {
		if e.record.IsOpen() && e.record.Derived.Visibility <= r.view.Clearance {
			return e.record, nil
		}
		return nil, nil //nolint:nilnil // what is not seen is no error
	}
	if e.record.Derived.Now > r.view.Clearance {
		return nil, nil //nolint:nilnil // what is not seen is no error
	}
	v, err := r.g.version(ctx, e, r.view.KnownAt)
	if err != nil || v == nil || v.Content.OwnClearance() > r.view.Clearance {
		return nil, err
	}
	return &evidence.Record{
		Content: v.Content, From: v.From, To: v.To,
		Derived: evidence.Derived{Now: e.record.Derived.Now, Key: v.Derived.Key, Check: v.Derived.Check},
	}, nil
}

// Get implements store.Reader.
func (r *reader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if len(ids) > store.MaxBatch {
		return nil, errTooMany("ids", len(ids))
	}
	found := make(map[evidence.ID]*evidence.Record, len(ids))
	err := r.g.byID(ctx, ids, func(id evidence.ID, e entry) error {
		seen, err := r.see(ctx, e)
		if seen != nil {
			found[id] = seen
		}
		return err
	})
	return found, r.g.store.wrap(err)
}

// Count implements store.Reader.
func (r *reader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if !r.view.IsNow() {
		return nil, store.ErrUncounted
	}
	if len(q.Of) > store.MaxBatch {
		return nil, errTooMany("ids", len(q.Of))
	}
	wanted, either := map[string]bool{}, map[string]bool{}
	for _, k := range q.Kinds {
		wanted[k] = true
	}
	for _, k := range q.Either {
		either[k] = true
	}
	counts, of := make(map[evidence.ID]int, len(q.Of)), map[int64]evidence.ID{}
	var nums []int64
	if len(q.Of) == 0 {
		counts[""], of[0], nums = 0, "", []int64{0}
	} else {
		for _, id := range q.Of {
			counts[id] = 0
		}
		left, err := r.countInMemory(ctx, &q, counts)
		if err != nil {
			return nil, r.g.store.wrap(err)
		}
		known, err := r.g.nums(ctx, left)
		if err != nil {
			return nil, r.g.store.wrap(err)
		}
		for _, id := range left {
			if num, ok := known[id]; ok && of[num] == "" {
				of[num] = id
				nums = append(nums, num)
			}
		}
	}
	ofEntity := q.Type == evidence.LinkRecord && len(q.Of) > 0
	err := inBatches(ctx, r.g, "SELECT of, type, direction, kind, visibility, n FROM counter WHERE of IN ", nums, func(row row) error {
		if narrow[evidence.RecordType](row.int(1)) != q.Type || row.int(4) > int64(r.view.Clearance) || len(wanted) > 0 && !wanted[row.text(3)] {
			return nil
		}
		n := int(row.int(5))
		if d := narrow[evidence.Direction](row.int(2)); ofEntity {
			switch both := q.Direction == evidence.Any || either[row.text(3)]; {
			case d == evidence.Any && both:
				n = -n // links to itself, which both directions have counted
			case d == evidence.Any, !both && d != q.Direction:
				return nil
			}
		}
		counts[of[row.int(0)]] += n
		return nil
	})
	return counts, r.g.store.wrap(err)
}

// countInMemory counts the links of entities where they are in memory, and gives
// those that have too many.
func (r *reader) countInMemory(ctx context.Context, q *store.CountQuery, counts map[evidence.ID]int) ([]evidence.ID, error) {
	if q.Type != evidence.LinkRecord || len(q.Kinds) > 0 {
		return q.Of, nil
	}
	if ok, err := r.g.store.traversable(ctx, r.g); err != nil || !ok {
		return q.Of, err
	}
	p, at := r.g.store.links, r.g.head.Sequence
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.answers(at) {
		return q.Of, nil
	}
	either := p.kindSet(q.Either)
	var left []evidence.ID
	may := r.g.store.limits.counted
	for _, id := range q.Of {
		n, ok := p.byID.find(string(id), p.nodeID)
		if !ok {
			continue // there is no such entity
		}
		if q.Direction == evidence.Any && len(p.born)+len(p.died) == 0 { // as nearly always
			counts[id] = p.nodes[n].seen(r.view.Clearance)
			continue
		}
		list := p.adjacent.of(p.nodes[n].links)
		if len(list) > may {
			left = append(left, id)
			continue
		}
		may -= len(list)
		sum := 0
		for _, s := range list {
			if s.visibility() <= r.view.Clearance && (s.leads(n, q.Direction) || p.ofKinds(s.link(), either)) && (!p.versioned.has(s.link()) || p.there(s.link(), at)) {
				sum++
			}
		}
		counts[id] = sum
	}
	return left, nil
}

// Versions implements store.Reader.
func (r *reader) Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if len(ids) > store.MaxBatch {
		return nil, errTooMany("ids", len(ids))
	}
	found := make(map[evidence.ID][]*evidence.Record, len(ids))
	err := r.g.byID(ctx, ids, func(id evidence.ID, e entry) error {
		versions, err := r.g.replaced(ctx, e)
		versions = append(versions, e.record)
		later := slices.IndexFunc(versions, func(v *evidence.Record) bool { return v.From > r.view.KnownAt })
		if later >= 0 {
			versions = versions[:later]
		}
		if len(versions) > 0 {
			found[id] = versions
		}
		return err
	})
	return found, r.g.store.wrap(err)
}

// EverCited implements store.Reader. It reads the whole list before it cuts, since
// the order is by id and the list's is not.
func (r *reader) EverCited(ctx context.Context, claim, after evidence.ID, limit int) ([]evidence.ID, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	nums, err := r.g.nums(ctx, []evidence.ID{claim})
	if err != nil || len(nums) == 0 {
		return nil, r.g.store.wrap(err)
	}
	var found []evidence.ID
	err = inBatches(ctx, r.g, "SELECT key FROM place WHERE anchor IN ", []int64{listOf(nums[claim], citationsOf)}, func(row row) error {
		if id := idOf(row.text(0)); id > after {
			found = append(found, id)
		}
		return nil
	})
	if err != nil {
		return nil, r.g.store.wrap(err)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(limit, len(found))], nil
}

// Revisions implements store.Reader.
func (r *reader) Revisions(ctx context.Context, q store.RevisionQuery) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		if err := r.ready(ctx); err != nil {
			yield(nil, err)
			return
		}
		column := numberColumn[r.view.Clearance]
		columns, order, page, read := revisionColumns, "", r.g.store.limits.log, revisionOf
		if q.Leaves {
			columns, page = columns+", payload", max(page/16, 1)
			if q.MostLeaves > 0 {
				read = func(row row) (*evidence.Revision, error) { return beginningOf(row, q.MostLeaves) }
			}
		}
		if q.Newest {
			order = " DESC"
		}
		text := "SELECT " + columns + " FROM revision WHERE " + column + " > 0 AND " + column + " > ? AND " + column + " < ? AND seq <= ? ORDER BY " + column + order + upTo
		after, before := int64(min(q.After, 1<<62)), int64(1<<62) //nolint:gosec // bounded
		if q.Before > 0 {
			before = int64(min(q.Before, 1<<62)) //nolint:gosec // bounded
		}
		for left := q.Limit; left > 0; {
			var found []*evidence.Revision
			n := min(left, page)
			err := r.g.conn.query(ctx, text, []any{after, before, int64(r.view.KnownAt), int64(n)}, func(row row) error { //nolint:gosec // never that large
				rev, err := read(row)
				found = append(found, rev)
				return err
			})
			if err != nil {
				yield(nil, r.g.store.wrap(err))
				return
			}
			for _, rev := range found {
				if !yield(rev, nil) {
					return
				}
				number := int64(rev.Numbers[r.view.Clearance]) //nolint:gosec // never that large
				if q.Newest {
					before = number
				} else {
					after = number
				}
			}
			if left -= len(found); len(found) < n {
				return
			}
			if err := r.ready(ctx); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// errAnchors refuses a query with more than one anchor.
var errAnchors = errors.New("a query has at most one of the anchors Entities, Claims, Sources, About and Text")
