package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// batch gathers what a transaction writes beside the changes of records that are
// there already, so that it is written in the order of the keys: neighbours then
// share pages.
type batch struct {
	g         *graph
	projected bool  // the links are in memory
	next      int64 // the highest record number given
	nums      map[evidence.ID]int64
	gathered
	places   []placeChange
	texts    map[int64]string // of changed records, by row of words
	counters counters
	ids      []evidence.ID // of the records that were changed; one more than are followed, at most
	lists    []int64       // the anchors of lists that were changed, as far as short ones are kept; so many too
	changed  []change      // where the projection wants to know
}

// placeChange sets or removes a row of the table place; of several for one row
// the last counts.
type placeChange struct {
	place
	gone  bool
	order int // among the changes, when they are sorted
}

// change is one transition that a revision made, for what is kept in memory.
type change struct {
	at    evidence.Sequence
	num   int64 // of the record
	after *evidence.Record
}

func (b *batch) start(ctx context.Context, g *graph) error {
	b.g, b.nums, b.texts, b.counters = g, map[evidence.ID]int64{}, map[int64]string{}, counters{}
	b.gathered = gathered{vocabulary: g.store.vocabulary, numOf: b.numOf}
	g.store.links.mu.RLock()
	b.projected = g.store.links.built
	g.store.links.mu.RUnlock()
	_, err := g.conn.one(ctx, "SELECT max(num) FROM record", nil, func(r row) error { b.next = r.int(0); return nil })
	return err
}

// add writes one revision. The transaction then sees it.
func (b *batch) add(ctx context.Context, commit *evidence.Commit) error {
	g, rev := b.g, commit.Revision
	if rev.Sequence() != g.head.Sequence+1 {
		return fmt.Errorf("a revision at sequence %d was planned after one at %d", rev.Sequence(), g.head.Sequence)
	}
	if err := b.number(ctx, commit); err != nil {
		return err
	}
	sealed := sealing(rev)
	touched := make([]int64, 0, len(commit.Transitions))
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		num, err := b.writeRecord(ctx, t, rev.Sequence())
		if err != nil {
			return fmt.Errorf("writing %q: %w", t.After.ID(), err)
		}
		touched = append(touched, num)
	}
	if commit.Erasing != nil {
		touched = []int64{everything}
	}
	if err := b.counters.add(commit.Counters, b.numOf); err != nil {
		return err
	}
	if err := writeRevision(ctx, g.conn, rev, sealed, packNums(touched)); err != nil {
		return err
	}
	g.head = rev.Head()
	if len(g.written) > g.store.limits.written {
		if err := b.flushRecords(ctx, b.g.conn); err != nil {
			return err
		}
		if err := b.flushElements(ctx, g.conn); err != nil {
			return err
		}
		clear(g.written) // it can be read again from the file
		clear(b.nums)
	}
	return nil
}

// number gives numbers to new records and finds those of the records that lists
// are anchored at.
func (b *batch) number(ctx context.Context, commit *evidence.Commit) error {
	var anchors []evidence.ID
	want := func(ids ...evidence.ID) {
		for _, id := range ids {
			if _, ok := b.nums[id]; !ok && id != "" {
				anchors = append(anchors, id)
			}
		}
	}
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		id := t.After.ID()
		if t.Before == nil {
			b.next++
			b.nums[id] = b.next
		} else {
			want(id)
		}
	}
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		for _, r := range []*evidence.Record{t.Before, t.After} {
			if r == nil {
				continue
			}
			switch c := r.Content.(type) {
			case *evidence.Claim:
				want(c.From, c.To, c.About)
			case *evidence.Citation:
				want(c.Claim, c.Source)
			case *evidence.Source:
				want(c.DerivedFrom...)
			}
		}
	}
	for k := range commit.Counters {
		want(k.Of) // after an erasure no transition need lead to it
	}
	slices.Sort(anchors)
	found, err := b.g.nums(ctx, slices.Compact(anchors))
	for id, num := range found {
		b.nums[id] = num
	}
	return err
}

func (b *batch) numOf(id evidence.ID) (int64, error) {
	if num, ok := b.nums[id]; ok {
		return num, nil
	}
	return 0, fmt.Errorf("the change depends on %q, which was never written", id)
}

// writeRecord writes one transition and gives the record's number.
func (b *batch) writeRecord(ctx context.Context, t *evidence.Transition, at evidence.Sequence) (num int64, err error) {
	g, after := b.g, t.After
	id := after.ID()
	if num, err = b.numOf(id); err != nil {
		return 0, err
	}
	if t.Before == nil {
		err = b.insert(t.After, num, at)
		for _, p := range b.gathered.places {
			b.places = append(b.places, placeChange{place: p})
		}
		b.gathered.places = b.gathered.places[:0]
		g.written[id] = entry{num: num, changed: at, record: after}
	} else {
		err = b.changeRecord(ctx, t, num, at)
	}
	if err != nil {
		return 0, err
	}
	b.note(after, num, at)
	return num, nil
}

// note keeps what is told of a change when it is committed.
func (b *batch) note(after *evidence.Record, num int64, at evidence.Sequence) {
	if len(b.ids) <= b.g.store.limits.followed {
		b.ids = append(b.ids, after.ID())
	}
	if b.projected && (after.Content.Type() == evidence.LinkRecord || after.Content.Type() == evidence.EntityRecord) {
		b.changed = append(b.changed, change{at: at, num: num, after: after})
	}
}

// changeRecord writes what becomes of a record that is there.
func (b *batch) changeRecord(ctx context.Context, t *evidence.Transition, num int64, at evidence.Sequence) error {
	g, after := b.g, t.After
	if err := b.flushRecords(ctx, b.g.conn); err != nil {
		return err
	}
	derived, err := evidence.EncodeDerived(&after.Derived)
	if err != nil {
		return err
	}
	from, to, seq := int64(after.From), int64(after.To), int64(at) //nolint:gosec // never that large
	rewritten := after.From == at
	size := len(derived)
	if rewritten {
		content, err := evidence.EncodeContent(after.Content)
		if err != nil {
			return err
		}
		size += len(content)
		if err := g.conn.exec(ctx, "INSERT INTO version (num, from_seq, to_seq, derived, content) SELECT num, from_seq, min(to_seq, ?), derived, content FROM record WHERE num = ?", seq, num); err != nil {
			return err
		}
		if err := g.conn.exec(ctx, "UPDATE record SET from_seq = ?, to_seq = ?, changed = ?, derived = ?, content = ? WHERE num = ?", from, to, seq, derived, content, num); err != nil {
			return err
		}
	} else if err := g.conn.exec(ctx, "UPDATE record SET to_seq = ?, changed = ?, derived = ? WHERE num = ?", to, seq, derived, num); err != nil {
		return err
	}
	e := entry{num: num, changed: at, size: size, record: after}
	if err := b.place(ctx, t, e); err != nil {
		return err
	}
	if err := b.project(t, num); err != nil {
		return err
	}
	g.written[t.After.ID()] = e
	return b.text(ctx, t, e)
}

// place notes how the lists change that lead to a record.
func (b *batch) place(ctx context.Context, t *evidence.Transition, e entry) error {
	after, err := placesOf(nil, t.After, e.num, b.numOf)
	if err != nil {
		return err
	}
	before, err := placesOf(nil, t.Before, e.num, b.numOf)
	if err != nil {
		return err
	}
	for _, p := range before {
		if slices.Contains(after, p) {
			continue
		}
		b.places = append(b.places, placeChange{place: p, gone: true})
		stays := slices.ContainsFunc(after, func(a place) bool { return a.anchor == p.anchor && a.key == p.key })
		if !stays && !p.forgets() {
			p.slot = int64(evidence.Hidden)
			b.places = append(b.places, placeChange{place: p})
		}
	}
	for _, p := range after {
		if slices.Contains(before, p) {
			continue
		}
		if former := p; p.slot != int64(evidence.Hidden) {
			former.slot = int64(evidence.Hidden)
			b.places = append(b.places, placeChange{place: former, gone: true})
		}
		b.places = append(b.places, placeChange{place: p})
	}
	return b.placeWords(ctx, t, before, after, e)
}

// flushPlaces writes the lists. It is also called when they are about to be read.
func (b *batch) flushPlaces(ctx context.Context) error {
	sortPlaces(b.places)
	kept := b.places[:0]
	for i, p := range b.places {
		if keepsShort(p.anchor) && len(b.lists) <= b.g.store.limits.followed && (len(b.lists) == 0 || b.lists[len(b.lists)-1] != p.anchor) {
			b.lists = append(b.lists, p.anchor)
		}
		if i+1 < len(b.places) && comparePlaces(p.place, b.places[i+1].place) == 0 {
			continue
		}
		if p.gone {
			if err := b.g.conn.exec(ctx, "DELETE FROM place WHERE anchor = ? AND slot = ? AND key = ?", p.anchor, p.slot, p.key); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, p)
	}
	err := b.g.conn.insert(ctx, insertPlaces, listed(kept, func(p *placeChange, column int) driver.Value { return p.column(column) }), feedRows)
	clear(b.places)
	b.places = b.places[:0]
	return err
}

// project notes how what traversal reads of a record changes.
func (b *batch) project(t *evidence.Transition, num int64) error {
	before, err := elementOf(t.Before, num, b.vocabulary, b.numOf)
	if err != nil {
		return err
	}
	after, err := elementOf(t.After, num, b.vocabulary, b.numOf)
	if err != nil || bytes.Equal(before.whole, after.whole) {
		return err
	}
	b.elements = append(b.elements, after)
	return nil
}

// flush writes everything that is gathered.
func (b *batch) flush(ctx context.Context) error {
	if err := b.flushRecords(ctx, b.g.conn); err != nil {
		return err
	}
	if err := b.flushPlaces(ctx); err != nil {
		return err
	}
	if err := b.flushElements(ctx, b.g.conn); err != nil {
		return err
	}
	if err := b.gathered.flushWords(ctx, b.g.conn); err != nil {
		return err
	}
	for _, r := range slices.Sorted(maps.Keys(b.texts)) {
		if err := b.g.conn.exec(ctx, "INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)", r, b.texts[r]); err != nil {
			return err
		}
	}
	clear(b.texts)
	return b.counters.flush(ctx, b.g.conn)
}
