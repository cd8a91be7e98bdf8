package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// snapshot implements evidence.Snapshot on the transaction of a writer.
type snapshot struct{ g *graph }

var _ evidence.Snapshot = snapshot{}

// Head implements evidence.Snapshot.
func (s snapshot) Head(context.Context) (evidence.Head, error) { return s.g.head, nil }

// Newest implements evidence.Snapshot.
func (s snapshot) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	found := make(map[evidence.ID]*evidence.Record, len(ids))
	err := s.g.byID(ctx, ids, func(id evidence.ID, e entry) error {
		if e.record.From < before {
			found[id] = e.record
			return nil
		}
		_, err := s.g.conn.one(ctx, "SELECT from_seq, to_seq, derived, content FROM version WHERE num = ? AND from_seq < ? ORDER BY from_seq DESC LIMIT 1",
			[]any{e.num, int64(before)}, func(r row) (err error) { //nolint:gosec // never that large
				found[id], err = recordOf(e.record.Content.Type(), r.int(0), r.int(1), r.bytes(2), r.bytes(3))
				return err
			})
		return err
	})
	return found, s.g.store.wrap(err)
}

// relations are the lists that each relation leads through.
var relations = map[evidence.Relation][]int64{
	evidence.ClaimsOn:        {linksFrom, linksTo, statementsOf},
	evidence.CitationsOf:     {citationsOf},
	evidence.CitationsIn:     {citationsIn, citationsIn + 1, citationsIn + 2},
	evidence.DerivedSources:  {derivedFrom},
	evidence.FormerCitations: {citationsOf},
}

// Related implements evidence.Snapshot. It reads all that the relation leads to
// before it cuts, since the order is by id and no list is.
func (s snapshot) Related(ctx context.Context, relation evidence.Relation, ids []evidence.ID, limit int) ([]*evidence.Record, error) {
	codes, ok := relations[relation]
	if !ok {
		return nil, fmt.Errorf("%s: there is no relation %d", s.g.store.name, relation)
	}
	if s.g.flushLists != nil {
		if err := s.g.flushLists(ctx); err != nil {
			return nil, s.g.store.wrap(err)
		}
	}
	nums, err := s.g.nums(ctx, ids)
	if err != nil {
		return nil, s.g.store.wrap(err)
	}
	var anchors []int64
	for _, num := range nums {
		for _, code := range codes {
			anchors = append(anchors, listOf(num, code))
		}
	}
	slices.Sort(anchors)
	var places []place
	err = inBatches(ctx, s.g, "SELECT key, num FROM place WHERE anchor IN ", anchors, func(r row) error {
		places = append(places, place{key: r.text(0), num: r.int(1)})
		return nil
	})
	if err != nil {
		return nil, s.g.store.wrap(err)
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(idOf(a.key), idOf(b.key)), cmp.Compare(a.num, b.num)) })
	places = slices.CompactFunc(places, func(a, b place) bool { return a.num == b.num })
	var found []*evidence.Record
	for batch := range slices.Chunk(places, 256) {
		entries, err := s.g.at(ctx, batch)
		if err != nil {
			return nil, s.g.store.wrap(err)
		}
		for _, e := range entries {
			if e.record.IsOpen() == (relation == evidence.FormerCitations) {
				continue
			}
			if len(found) == limit {
				return found, nil
			}
			found = append(found, e.record)
		}
	}
	return found, nil
}

// Revision implements evidence.Snapshot.
func (s snapshot) Revision(ctx context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	rev, err := s.g.revision(ctx, ref)
	return rev, s.g.store.wrap(err)
}
