package sqlite

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestThePastPassesOverWhatItCannotSee adds to lists what a reader of the past may
// not see: rows that lead to it are not followed.
func TestThePastPassesOverWhatItCannotSee(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Memory, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	step := 0
	write := func(changes ...evidence.Change) evidence.Sequence {
		step++
		c, err := storetest.Apply(ctx, s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	person := func(id evidence.ID, clearance string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Juan " + string(id)), Clearance: evidence.Of(clearance)}}
	}
	linked := func(id, to evidence.ID, clearance string) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "LINKED_TO", From: "hub", To: to, Clearance: clearance, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}}
	}
	first := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}, person("hub", "PUBLIC"), person("p", "PUBLIC")}
	for i := range 50 {
		first = append(first, person(evidence.ID(fmt.Sprint("secret", i)), "CONFIDENTIAL"))
	}
	then := write(append(first, linked("l", "p", "PUBLIC"))...)
	var later []evidence.Change
	for i := range 50 {
		to := evidence.ID(fmt.Sprint("later", i))
		later = append(later, person(to, "PUBLIC"), linked(evidence.ID(fmt.Sprint("k", i)), to, "CONFIDENTIAL"))
	}
	write(later...)

	raw, err := s.Raw(ctx, evidence.View{KnownAt: then})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	r := raw.(*reader) //nolint:forcetypeassert // a store gives its own
	followed := func(q store.Query) (keys []string) {
		of, err := r.listed(ctx, &q)
		require.NoError(t, err)
		newest, err := r.newest(ctx)
		require.NoError(t, err)
		places, _, err := r.g.take(ctx, &spans{of: of, newest: newest}, 1000)
		require.NoError(t, err)
		for _, p := range places {
			keys = append(keys, p.key)
		}
		return keys
	}
	require.Len(t, followed(store.Query{Type: evidence.EntityRecord}), 2, "neither what came later nor what was always hidden")
	require.Len(t, followed(store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON"}}), 2)
	require.Len(t, followed(store.Query{Type: evidence.LinkRecord}), 1)
	require.Len(t, followed(store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{"hub"}}), 1)
	require.Len(t, followed(store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{"p"}}), 1, "a short list, which is kept whole")
}

// TestNewestNumberOfAMoment compares it with what the records say, also where some
// were erased.
func TestNewestNumberOfAMoment(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Memory, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for step := 1; step <= 12; step++ {
		var changes []evidence.Change
		for i := range step % 4 {
			id := evidence.ID(fmt.Sprintf("e%02d-%d", step, i))
			changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}})
		}
		// One that is there is changed, and so has a newer version.
		changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: "old", Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprint("x", step))}})
		_, err := storetest.Apply(ctx, s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
	}
	look := func() {
		raw, err := s.Raw(ctx, evidence.Now(evidence.Confidential))
		require.NoError(t, err)
		defer func() { require.NoError(t, raw.Close()) }()
		g := raw.(*reader).g //nolint:forcetypeassert // a store gives its own
		first := map[int64]evidence.Sequence{}
		require.NoError(t, g.conn.query(ctx, "SELECT num, coalesce((SELECT min(from_seq) FROM version v WHERE v.num = r.num), from_seq) FROM record r", nil, func(row row) error {
			first[row.int(0)] = evidence.Sequence(row.int(1)) //nolint:gosec // never negative
			return nil
		}))
		for at := range g.head.Sequence {
			newest, err := g.newestAt(ctx, at)
			require.NoError(t, err)
			for num, from := range first {
				require.Equal(t, from <= at, num <= newest, "record %d of revision %d at %d", num, from, at)
			}
		}
	}
	look()
	_, err = erasure.Run(ctx, s, storetest.Planner(100), erasure.Order{Author: storetest.Top, Ground: "an order", IDs: []evidence.ID{"e03-1", "e07-0", "e11-2"}})
	require.NoError(t, err)
	look() // by what is kept of before
	s.moments.at = nil
	look()
}
