package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// batch gathers what a transaction writes beside the records themselves, so
// that it is written in the order of the keys: neighbours then share pages.
type batch struct {
	g         *graph
	projected bool  // the links are in memory
	next      int64 // the highest record number given
	nums      map[evidence.ID]int64
	places    []placeChange
	texts     map[int64]string // by row of words; empty where the row goes
	counters  map[counterRow]int64
	ids       []evidence.ID // of the records that were changed; one more than are followed, at most
	changed   []change      // where the projection wants to know
}

// placeChange sets or removes a row of the table place; of several for one row
// the last counts.
type placeChange struct {
	place
	gone  bool
	order int // among the changes, when they are sorted
}

// counterRow names a row of the table counter.
type counterRow struct {
	of, kindOf, direction, visibility int64
	kind                              string
}

// change is one transition that a revision made, for what is kept in memory.
type change struct {
	at    evidence.Sequence
	after *evidence.Record
}

func (b *batch) start(ctx context.Context, g *graph) error {
	b.g, b.nums, b.texts, b.counters = g, map[evidence.ID]int64{}, map[int64]string{}, map[counterRow]int64{}
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
	for k, n := range commit.Counters {
		row := counterRow{kind: k.Kind, kindOf: int64(k.Type), direction: int64(k.Direction), visibility: int64(k.Visibility)}
		if k.Of != "" {
			var err error
			if row.of, err = b.numOf(k.Of); err != nil {
				return err
			}
		}
		b.counters[row] += int64(n)
	}
	if err := b.writeRevision(ctx, rev, packNums(touched)); err != nil {
		return err
	}
	g.head = rev.Head()
	if len(g.written) > g.store.limits.written {
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
	derived, err := evidence.EncodeDerived(&after.Derived)
	if err != nil {
		return 0, err
	}
	rewritten := t.Before == nil || after.From == at
	var content []byte
	if rewritten {
		if content, err = evidence.EncodeContent(after.Content); err != nil {
			return 0, err
		}
	}
	from, to, seq := int64(after.From), int64(after.To), int64(at) //nolint:gosec // never that large
	switch {
	case t.Before == nil:
		err = g.conn.exec(ctx, "INSERT INTO record ("+recordColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			num, string(id), int64(after.Content.Type()), from, to, seq, derived, content)
	case rewritten:
		err = g.conn.exec(ctx, "INSERT INTO version (num, from_seq, to_seq, derived, content) SELECT num, from_seq, min(to_seq, ?), derived, content FROM record WHERE num = ?", seq, num)
		if err == nil {
			err = g.conn.exec(ctx, "UPDATE record SET from_seq = ?, to_seq = ?, changed = ?, derived = ?, content = ? WHERE num = ?", from, to, seq, derived, content, num)
		}
	default:
		err = g.conn.exec(ctx, "UPDATE record SET to_seq = ?, changed = ?, derived = ? WHERE num = ?", to, seq, derived, num)
	}
	if err != nil {
		return 0, err
	}
	if err := b.place(t, num); err != nil {
		return 0, err
	}
	if err := b.project(ctx, t, num); err != nil {
		return 0, err
	}
	e := entry{num: num, changed: at, size: len(derived) + len(content), record: after}
	g.written[id] = e
	if rewritten {
		if err := b.text(ctx, t, e); err != nil {
			return 0, err
		}
	}
	if len(b.ids) <= g.store.limits.followed {
		b.ids = append(b.ids, id)
	}
	if b.projected && (after.Content.Type() == evidence.LinkRecord || after.Content.Type() == evidence.EntityRecord) {
		b.changed = append(b.changed, change{at: at, after: after})
	}
	return num, nil
}

// place notes how the lists change that lead to a record.
func (b *batch) place(t *evidence.Transition, num int64) error {
	after, err := placesOf(t.After, num, b.numOf)
	if err != nil {
		return err
	}
	if t.Before == nil {
		for _, p := range after {
			b.places = append(b.places, placeChange{place: p})
		}
		return nil
	}
	before, err := placesOf(t.Before, num, b.numOf)
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
	return nil
}

// flushPlaces writes the lists. It is also called when they are about to be read.
func (b *batch) flushPlaces(ctx context.Context) error {
	for i := range b.places {
		b.places[i].order = i
	}
	slices.SortFunc(b.places, func(x, y placeChange) int { return cmp.Or(comparePlaces(x.place, y.place), x.order-y.order) })
	for i, p := range b.places {
		if i+1 < len(b.places) && comparePlaces(p.place, b.places[i+1].place) == 0 {
			continue
		}
		var err error
		if p.gone {
			err = b.g.conn.exec(ctx, "DELETE FROM place WHERE anchor = ? AND slot = ? AND key = ?", p.anchor, p.slot, p.key)
		} else {
			err = b.g.conn.exec(ctx, "INSERT OR REPLACE INTO place (anchor, slot, key, num) VALUES (?, ?, ?, ?)", p.anchor, p.slot, p.key, p.num)
		}
		if err != nil {
			return err
		}
	}
	b.places = b.places[:0]
	return nil
}

// project writes what traversal reads when it is loaded into memory.
func (b *batch) project(ctx context.Context, t *evidence.Transition, num int64) error {
	id := string(t.After.ID())
	switch c := t.After.Content.(type) {
	case *evidence.Entity:
		if t.Before != nil && t.Before.Entity().Identity.IsPlaceholder() == c.Identity.IsPlaceholder() {
			return nil
		}
		placeholder := int64(0)
		if c.Identity.IsPlaceholder() {
			placeholder = 1
		}
		return b.g.conn.exec(ctx, "INSERT OR REPLACE INTO node (num, id, placeholder) VALUES (?, ?, ?)", num, id, placeholder)
	case *evidence.Claim:
		if c.Of != evidence.LinkRecord {
			return nil
		}
		if !traversed(t.After) {
			if t.Before == nil {
				return nil
			}
			return b.g.conn.exec(ctx, "DELETE FROM edge WHERE num = ?", num)
		}
		from, err := b.numOf(c.From)
		if err != nil {
			return err
		}
		to, err := b.numOf(c.To)
		if err != nil {
			return err
		}
		l := featuresOf(t.After, b.g.store.vocabulary)
		return b.g.conn.exec(ctx, "INSERT OR REPLACE INTO edge (num, id, data) VALUES (?, ?, ?)", num, id, l.pack(from, to))
	}
	return nil
}

// wordsRow is the row of a record in the table words: grouped by type, so that
// a search for one type reads nothing of the others.
func wordsRow(t evidence.RecordType, num int64) int64 { return int64(t)<<40 | num }

// text notes the words of a record: those of all its versions, so that the past
// is found too.
func (b *batch) text(ctx context.Context, t *evidence.Transition, e entry) error {
	text := evidence.FullText(t.After.Content)
	if t.Before != nil {
		if evidence.FullText(t.Before.Content) == text {
			return nil
		}
		versions, err := b.g.replaced(ctx, e)
		if err != nil {
			return err
		}
		seen := map[string]bool{text: true}
		for _, v := range versions {
			if former := evidence.FullText(v.Content); !seen[former] {
				seen[former] = true
				text += " " + former
			}
		}
	}
	if text != "" {
		b.texts[wordsRow(t.After.Content.Type(), e.num)] = text
	}
	return nil
}

// flush writes everything that is gathered.
func (b *batch) flush(ctx context.Context) error {
	if err := b.flushPlaces(ctx); err != nil {
		return err
	}
	rows := make([]int64, 0, len(b.texts))
	for r := range b.texts {
		rows = append(rows, r)
	}
	slices.Sort(rows) // or the index would write a segment at each step back
	for _, r := range rows {
		if err := b.g.conn.exec(ctx, "INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)", r, b.texts[r]); err != nil {
			return err
		}
	}
	clear(b.texts)
	return b.flushCounters(ctx)
}

func (b *batch) flushCounters(ctx context.Context) error {
	rows := slices.SortedFunc(maps.Keys(b.counters), func(x, y counterRow) int {
		return cmp.Or(cmp.Compare(x.of, y.of), cmp.Compare(x.kindOf, y.kindOf), cmp.Compare(x.direction, y.direction),
			cmp.Compare(x.kind, y.kind), cmp.Compare(x.visibility, y.visibility))
	})
	for _, k := range rows {
		if b.counters[k] == 0 {
			continue
		}
		err := b.g.conn.exec(ctx, "INSERT INTO counter (of, type, direction, kind, visibility, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "+
			"ON CONFLICT DO UPDATE SET n = n + excluded.n", k.of, k.kindOf, k.direction, k.kind, k.visibility, b.counters[k])
		if err != nil {
			return err
		}
	}
	clear(b.counters)
	return nil
}

func (b *batch) writeRevision(ctx context.Context, rev *evidence.Revision, touched []byte) error {
	payload, err := evidence.EncodeLeaves(rev)
	if err != nil {
		return err
	}
	var key any
	if rev.Key != "" {
		key = rev.Key
	}
	h := &rev.Header
	args := []any{int64(h.Sequence), rev.Hash[:], h.Previous[:], h.Time.UnixMicro(), h.Root[:], int64(h.Leaves)} //nolint:gosec // never that large
	for _, n := range rev.Numbers {
		args = append(args, int64(n)) //nolint:gosec // never that large
	}
	for _, n := range rev.Latest {
		args = append(args, int64(n)) //nolint:gosec // never that large
	}
	args = append(args, key, packer.EncodeAll(payload, nil), touched)
	return b.g.conn.exec(ctx, "INSERT INTO revision ("+revisionColumns+", payload, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", args...)
}
