package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// erase carries out one order in a store.
func erase(b *bench, st store.Store, step int, ids ...evidence.ID) (*erasure.Result, error) {
	return erasure.Run(b.ctx, st, Planner(step), erasure.Order{Author: Top, Ground: "order 7/2026", IDs: ids})
}

// testErase erases an entity, a source and a citation, and looks for them
// everywhere.
func (s *suite) testErase(t *testing.T) {
	for name, c := range map[string]struct {
		ids   []evidence.ID
		gone  []string // what no row may have any more
		stays []evidence.ID
		lost  []evidence.ID // found at no moment by anyone
	}{
		"an entity":   {[]evidence.ID{"e2"}, []string{"O'Reilly", "Güera", "Josefina", `"e2"`, "josefina"}, []evidence.ID{"e0", "e3", "l0", "l1", "s0"}, []evidence.ID{"e2", "l2", "c3", "r-l5", "many-00", "many-00-a"}},
		"a source":    {[]evidence.ID{"s0"}, []string{"Informe Guerrero", `"s0"`, "example.org/s0"}, []evidence.ID{"e0", "e1", "e2", "l1", "c1", "s2"}, []evidence.ID{"s0", "l0", "c0", "c2", "l4"}},
		"a claim":     {[]evidence.ID{"l1"}, []string{`"l1"`, `"c1"`, `"c2"`}, []evidence.ID{"e0", "e3", "p-l6", "s0"}, []evidence.ID{"l1", "c1", "c2"}},
		"a citation":  {[]evidence.ID{"c2"}, []string{`"c2"`}, []evidence.ID{"l1", "c1"}, []evidence.ID{"c2"}},
		"the only":    {[]evidence.ID{"c0"}, []string{`"c0"`, `"l0"`}, []evidence.ID{"e0", "e1"}, []evidence.ID{"c0", "l0"}},
		"two at once": {[]evidence.ID{"e1", "c1"}, []string{"27 Batall", `"l0"`, `"l1"`}, []evidence.ID{"e0", "l3"}, []evidence.ID{"e1", "l0", "l1"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.bench(t)
			want, err := erase(b, b.model, 300, c.ids...)
			require.NoError(t, err)
			got, err := erase(b, b.Store, 300, c.ids...)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, b.head.Sequence+1, got.Revision.Sequence())
			rows := b.sameRows(t)
			for _, text := range c.gone {
				require.NotContains(t, rows, text)
			}
			// What the other records answer is asked by the property, of every view.
			for _, v := range []evidence.View{evidence.Now(evidence.Confidential), {Clearance: evidence.Confidential, KnownAt: b.head.Sequence}} {
				records, err := b.read(t, v).Get(b.ctx, c.lost)
				require.NoError(t, err)
				require.Empty(t, records)
				versions, err := b.read(t, v).Versions(b.ctx, c.lost)
				require.NoError(t, err)
				require.Empty(t, versions)
			}
			records, err := b.read(t, evidence.Now(evidence.Confidential)).Get(b.ctx, c.stays)
			require.NoError(t, err)
			require.Len(t, records, len(c.stays), "what was not erased: %v", records)
			b.replays(t, s, rows)
		})
	}
	t.Run("it stays erased", func(t *testing.T) {
		b := s.bench(t)
		_, err := erase(b, b.Store, 301, "e1", "c2")
		require.NoError(t, err)
		for what, change := range map[string]evidence.Change{
			"the id":                     putEntity("e1", "PERSON", "Otra persona"),
			"the content, by another id": putEntity("other", "MILITARY_UNIT", "27 Batallón de Infantería"),
			"a citation":                 {Cite: &evidence.Cite{Claim: "l1", Citation: citation("again", "s0", "DISPUTES", 2)}},
		} {
			_, err := Apply(b.ctx, b.Store, 302, Top, &evidence.ChangeSet{Reason: "again", Changes: []evidence.Change{change}})
			require.Equal(t, evidence.Forbidden, evidence.CodeOf(err), "%s: %v", what, err)
			require.ErrorContains(t, err, `was erased on 2026-11-23 on the ground "order 7/2026"`, what)
		}
		_, err = Apply(b.ctx, b.Store, 303, Top, fixture()[0])
		require.Equal(t, evidence.Conflict, evidence.CodeOf(err), "the same key: %v", err)
		_, err = Apply(b.ctx, b.Store, 304, Top, &evidence.ChangeSet{Reason: "undo", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: uint64(b.head.Sequence) + 1}}}})
		require.Equal(t, evidence.Conflict, evidence.CodeOf(err), "undoing: %v", err)
		_, err = Apply(b.ctx, b.Store, 305, Top, &evidence.ChangeSet{Reason: "another", Changes: []evidence.Change{putEntity("e1b", "MILITARY_UNIT", "28 Batallón")}})
		require.NoError(t, err)
	})
	t.Run("one after another", func(t *testing.T) {
		b := s.bench(t)
		for i, id := range []evidence.ID{"c2", "many-01-b", "e2"} { // the citations change what is derived of their links
			for _, st := range []store.Store{b.model, b.Store} {
				_, err := erase(b, st, 340+i, id)
				require.NoError(t, err)
			}
			b.sameRows(t)
		}
	})
	t.Run("an author and a reason", func(t *testing.T) {
		b := s.bench(t)
		order := erasure.Order{Author: Low, Ground: "order 8", Revisions: []evidence.Sequence{1}}
		for _, st := range []store.Store{b.model, b.Store} {
			_, err := erasure.Run(b.ctx, st, Planner(310), order)
			require.NoError(t, err)
		}
		rows := b.sameRows(t)
		require.NotContains(t, rows, "first report")
		require.NotContains(t, rows, "fixture/1")
		require.Contains(t, rows, "Informe Guerrero")
		b.replays(t, s, rows)
	})
	t.Run("the reason of an erasure", func(t *testing.T) {
		b := s.bench(t)
		refused := func(step int) {
			for id, name := range map[evidence.ID]string{"e1": "Otra persona", "again": "27 Batallón de Infantería"} {
				kind := map[evidence.ID]string{"e1": "PERSON", "again": "MILITARY_UNIT"}[id]
				_, err := Apply(b.ctx, b.Store, step, Top, &evidence.ChangeSet{Reason: "again", Changes: []evidence.Change{putEntity(id, kind, name)}})
				require.Equal(t, evidence.Forbidden, evidence.CodeOf(err), "%s: %v", id, err)
			}
		}
		for _, st := range []store.Store{b.model, b.Store} {
			_, err := erase(b, st, 350, "e1")
			require.NoError(t, err)
		}
		refused(351)
		order := erasure.Order{Author: Low, Ground: "order 9", Revisions: []evidence.Sequence{b.head.Sequence + 1}}
		for _, st := range []store.Store{b.model, b.Store} {
			_, err := erasure.Run(b.ctx, st, Planner(352), order)
			require.NoError(t, err)
		}
		refused(353)
		rows := b.sameRows(t)
		require.NotContains(t, rows, "order 7/2026")
		b.replays(t, s, rows)
	})
	t.Run("nothing", func(t *testing.T) {
		b := s.bench(t)
		for _, order := range []erasure.Order{
			{Author: Top, Ground: "order", IDs: []evidence.ID{"e0", "nobody"}}, {Author: Top, Ground: "order", Revisions: []evidence.Sequence{99}},
			{Author: Top, Ground: "order"}, {Author: Top, Ground: " ", IDs: []evidence.ID{"e0"}},
		} {
			_, err := erasure.Run(b.ctx, b.Store, Planner(320), order)
			require.Contains(t, []evidence.Code{evidence.UnknownID, evidence.InvalidInput}, evidence.CodeOf(err), "%v", err)
		}
		b.sameRows(t)
	})
	if s.lacks[SecondHandle] {
		return
	}
	t.Run("another handle", func(t *testing.T) {
		b := s.bench(t)
		other := b.Again(t)
		defer func() { require.NoError(t, other.Close()) }()
		views := []evidence.View{evidence.Now(evidence.Confidential), {Clearance: evidence.Restricted, KnownAt: 4}}
		questions := graphQuestions(space)[:9] // the property asks them all
		for _, v := range views {
			same(t, b, other, v, questions) // it has read all there is
		}
		for _, st := range []store.Store{b.model, b.Store} {
			_, err := erase(b, st, 330, "e0")
			require.NoError(t, err)
		}
		for _, v := range views {
			same(t, b, other, v, questions)
		}
		cs := &evidence.ChangeSet{Reason: "more", Changes: []evidence.Change{putEntity("after", "PERSON", "Después")}}
		for _, st := range []store.Store{b.model, other} {
			_, err := Apply(b.ctx, st, 331, Top, cs)
			require.NoError(t, err)
		}
		b.sameRows(t)
		same(t, b, b.Store, evidence.Now(evidence.Confidential), questions)
	})
}

// foreseen compares the revisions that a plan said would lose something with those
// that the tombstone says did.
func (p *pair) foreseen(plan *erasure.Plan, tombstone *evidence.Revision) {
	e, err := tombstone.Erasure()
	require.NoError(p, err)
	revisions, err := log(p.ctx, p.store)
	require.NoError(p, err)
	var struck []uint64
	for _, x := range e.Struck {
		struck = append(struck, revisions[x.Sequence-1].Numbers[evidence.Confidential])
	}
	require.Equal(p, slices.Compact(struck), plan.Struck, "revisions that lose something")
}

// sameRows compares the store's rows with the model's and gives them as one text.
func (b *bench) sameRows(t *testing.T) string {
	t.Helper()
	want, err := scan(b.ctx, b.model)
	require.NoError(t, err)
	got, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	require.Equal(t, want, got, "rows of Scan")
	return strings.Join(got, "\n")
}

// replays copies the erased log into empty stores, which must have the same rows.
func (b *bench) replays(t *testing.T, s *suite, rows string) {
	t.Helper()
	revisions, err := log(b.ctx, b.Store)
	require.NoError(t, err)
	require.NoError(t, whole(revisions))
	require.NoError(t, b.Store.Close())
	copied := model.New()
	require.NoError(t, copyErased(b.ctx, revisions, copied))
	got, err := scan(b.ctx, copied)
	require.NoError(t, err)
	require.Equal(t, rows, strings.Join(got, "\n"), "rows of a model")
	o := s.open(t)
	defer func() { _ = o.Store.Close() }()
	require.NoError(t, copyErased(b.ctx, revisions, o.Store))
	got, err = scan(b.ctx, o.Store)
	require.NoError(t, err)
	require.Equal(t, rows, strings.Join(got, "\n"), "rows of a store")
}

// whole checks the chain, and that each erased leaf has a tombstone that says
// what is left of it.
func whole(revisions []*evidence.Revision) error {
	var chain ledger.Chain
	newest := map[string]ledger.Hash{}
	for _, r := range revisions {
		if err := chain.AppendRecorded(r.Header, r.Hash, r.Leaves); err != nil {
			return err
		}
		e, err := r.Erasure()
		if err != nil {
			return err
		}
		if e != nil {
			for _, x := range e.Struck {
				newest[fmt.Sprint(x.Sequence, " ", x.Leaf)] = x.Rest
			}
		}
	}
	for _, r := range revisions {
		for i, l := range r.Leaves {
			hash, struck := newest[fmt.Sprint(r.Sequence(), " ", i)]
			if l.Erased != struck || l.Rest.Commitment() != hash {
				return fmt.Errorf("leaf %d of revision %d is erased: %t, by a tombstone: %t", i, r.Sequence(), l.Erased, struck)
			}
		}
	}
	return nil
}

// testErasedHistories erases records of random histories, twice, and goes on
// writing.
func (s *suite) testErasedHistories(t *testing.T) {
	s.check(t, func(r *rapid.T) {
		p, done := s.pair(t, r)
		defer done()
		g := &generator{}
		all := space.all()
		for range rapid.IntRange(1, 2).Draw(r, "erasures") {
			for range rapid.IntRange(1, s.steps/2+1).Draw(r, "steps") {
				_, _ = p.random(g)
			}
			p.step++
			order := erasure.Order{Author: Top, Ground: "an order", IDs: rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 2, rapid.ID).Draw(r, "erased")}
			if rapid.IntRange(0, 3).Draw(r, "reason too") == 0 {
				order.Revisions = []evidence.Sequence{1}
			}
			plan, planErr := erasure.Prepare(p.ctx, p.model, Planner(p.step), order)
			want, wantErr := erasure.Run(p.ctx, p.model, Planner(p.step), order)
			got, err := erasure.Run(p.ctx, p.store, Planner(p.step), order)
			require.Equal(r, wantErr, err)
			require.Equal(r, want, got)
			if err != nil {
				continue
			}
			require.NoError(r, planErr)
			p.foreseen(plan, got.Revision)
			p.nothingAdrift()
			for c := range evidence.Clearance(evidence.Clearances) {
				p.sameAnswers(evidence.Now(c), allQuestions(space))
				p.supported(evidence.Now(c))
			}
		}
		for range rapid.IntRange(0, 3).Draw(r, "more steps") {
			_, _ = p.random(g)
		}
		v := evidence.View{
			Clearance: evidence.Clearance(rapid.IntRange(0, 2).Draw(r, "clearance")), //nolint:gosec // 0 to 2
			KnownAt:   evidence.Sequence(rapid.Uint64Range(0, uint64(p.head().Sequence)).Draw(r, "known at")),
		}
		p.sameAnswers(v, allQuestions(space))
		p.supported(v)
		want, err := scan(p.ctx, p.model)
		require.NoError(r, err)
		got, err := scan(p.ctx, p.store)
		require.NoError(r, err)
		require.Equal(r, want, got, "rows of Scan")
		revisions, err := log(p.ctx, p.store)
		require.NoError(r, err)
		require.NoError(r, whole(revisions))
		s.replay(t, p, got)
	})
}
