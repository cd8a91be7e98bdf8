package store_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestThePastIsReadPastWhatIsHidden has a hub with far more links that rest on a
// hidden source than are judged for one question, and one with more citations
// than are read at a time: neither is to change an answer about the past.
func TestThePastIsReadPastWhatIsHidden(t *testing.T) {
	ctx := t.Context()
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	step := 0
	write := func(reason string, changes ...evidence.Change) evidence.Sequence {
		step++
		c, err := storetest.Apply(ctx, st, step, storetest.Top, &evidence.ChangeSet{Reason: reason, Changes: changes})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	source := func(id evidence.ID, clearance string) evidence.Change {
		return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Informe"), URL: evidence.Of("https://example.org/" + string(id)), Clearance: evidence.Of(clearance)}}
	}
	entity := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}
	}
	citation := func(source evidence.ID, n int) evidence.NewCitation {
		return evidence.NewCitation{Source: source, Locator: fmt.Sprint("p. ", n)}
	}
	link := func(id, source evidence.ID) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "LINKED_TO", From: "hub", To: "other", Citations: []evidence.NewCitation{citation(source, 0)}}}
	}
	changes := []evidence.Change{source("open", "PUBLIC"), source("closed", "CONFIDENTIAL"), entity("hub"), entity("other")}
	for i := range 60 {
		changes = append(changes, link(evidence.ID(fmt.Sprintf("a%02d", i)), "closed"))
	}
	for i := range 4 {
		changes = append(changes, link(evidence.ID(fmt.Sprintf("b%d", i)), "open"))
	}
	for i := range 14 {
		changes = append(changes, evidence.Change{Cite: &evidence.Cite{Claim: "b0", Citation: citation([]evidence.ID{"closed", "open"}[i/7], i+1)}})
	}
	then := write("the past", changes...)
	write("now", entity("later"))

	r, err := store.Read(ctx, st, evidence.View{KnownAt: then}, vocabulary.Standard())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	store.JudgeLittle(r, 3, 2)
	expand := func(x store.Expansion) (ids []evidence.ID, err error) {
		x.Frontier = []evidence.ID{"hub"}
		for e, err := range r.Expand(ctx, x) {
			if err != nil {
				return ids, err
			}
			ids = append(ids, e.Link)
		}
		return ids, nil
	}
	for _, strongest := range []bool{false, true} {
		ids, err := expand(store.Expansion{Total: 9, Strongest: strongest})
		require.NoError(t, err, "hidden links do not count")
		require.ElementsMatch(t, []evidence.ID{"b0", "b1", "b2", "b3"}, ids)
		ids, err = expand(store.Expansion{Total: 2, Strongest: strongest})
		require.NoError(t, err)
		require.Len(t, ids, 2)
	}
	none := func(*store.Edge) bool { return false }
	_, err = expand(store.Expansion{Total: 9, Keep: none})
	require.NoError(t, err)
	_, err = expand(store.Expansion{Total: 1, Keep: none})
	require.ErrorContains(t, err, "more links then", "what is seen counts, kept or not")
	ids, err := expand(store.Expansion{Total: 1, Strongest: true})
	require.ErrorIs(t, err, store.ErrTooManyThen)
	require.Len(t, ids, 1, "the strongest of those that were judged")

	got, err := r.Get(ctx, []evidence.ID{"b0"})
	require.NoError(t, err)
	require.EqualValues(t, 8, got["b0"].Derived.At(evidence.Public).Supports, "all citations are judged, however many are hidden")
}

// TestNoMoreOfThePastIsJudgedThanIsAnswered asks for a few links of a hub of many.
func TestNoMoreOfThePastIsJudgedThanIsAnswered(t *testing.T) {
	ctx := t.Context()
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	person := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}
	}
	changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}, person("hub"), person("small"), person("other")}
	link := func(id, from evidence.ID) {
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "LINKED_TO", From: from, To: "other", Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}})
	}
	const many = 2600
	for i := range many {
		link(evidence.ID(fmt.Sprintf("a%04d", i)), "hub")
	}
	link("b0", "small")
	planner := storetest.Planner(1)
	planner.MaxChanges, planner.CascadeLimit = 10_000, 10_000
	c, err := st.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner.Plan(ctx, snap, storetest.Top, &evidence.ChangeSet{Reason: "then", Changes: changes})
	})
	require.NoError(t, err)
	w := &watched{Store: st}
	expand := func(x store.Expansion) (ids []evidence.ID) {
		r, err := store.Read(ctx, w, evidence.View{KnownAt: c.Revision.Sequence()}, vocabulary.Standard())
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		w.read = 0
		for e, err := range r.Expand(ctx, x) {
			require.NoError(t, err)
			ids = append(ids, e.Link)
		}
		return ids
	}
	both := []evidence.ID{"hub", "small"}
	require.Equal(t, []evidence.ID{"a0000", "a0001", "b0"}, expand(store.Expansion{Frontier: both, PerNode: 2, Total: 9}))
	require.LessOrEqual(t, w.read, 2, "a chunk of the one, and the other")
	require.Len(t, expand(store.Expansion{Frontier: both, Total: 9}), 9)
	require.Equal(t, 1, w.read)
	asked := map[evidence.ID]int{}
	last := func(e *store.Edge) bool { asked[e.Link]++; return e.Link >= "a2500" }
	require.Equal(t, []evidence.ID{"a2500", "a2501", "b0"}, expand(store.Expansion{Frontier: both, PerNode: 2, Total: 9, Keep: last}), "what is not kept is read past")
	for id, n := range asked {
		require.Equal(t, 1, n, "%s is asked about once", id)
	}
	require.Len(t, expand(store.Expansion{Frontier: both, Total: many + 9}), many+1)
}

// watched counts how often citations are read.
type watched struct {
	store.Store
	read int
}

func (w *watched) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := w.Store.Raw(ctx, view)
	return watchedReader{r, w}, err
}

type watchedReader struct {
	store.Reader
	by *watched
}

func (w watchedReader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	if len(q.Claims) > 0 {
		w.by.read++
	}
	return w.Reader.Find(ctx, q)
}

// TestThePastIsJudgedOnce comes to the same links several ways, as a question does
// that asks of many entities.
func TestThePastIsJudgedOnce(t *testing.T) {
	ctx := t.Context()
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	person := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}
	}
	changes := []evidence.Change{person("a"), person("b")}
	for _, clearance := range []string{"PUBLIC", "CONFIDENTIAL"} {
		source := evidence.ID(clearance)
		changes = append(changes,
			evidence.Change{PutSource: &evidence.PutSource{ID: source, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/"), Clearance: evidence.Of(clearance)}},
			evidence.Change{AssertLink: &evidence.AssertLink{ID: "l" + source, Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{{Source: source, Locator: "p. 1"}}}})
	}
	c, err := storetest.Apply(ctx, st, 1, storetest.Top, &evidence.ChangeSet{Reason: "then", Changes: changes})
	require.NoError(t, err)
	_, err = storetest.Apply(ctx, st, 2, storetest.Top, &evidence.ChangeSet{Reason: "now", Changes: []evidence.Change{person("c")}})
	require.NoError(t, err)

	w := &watched{Store: st}
	r, err := store.Read(ctx, w, evidence.View{KnownAt: c.Revision.Sequence()}, vocabulary.Standard())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	expanded := func(from evidence.ID) (ids []evidence.ID) {
		for e, err := range r.Expand(ctx, store.Expansion{Frontier: []evidence.ID{from}, Total: 10}) {
			require.NoError(t, err)
			require.NotZero(t, e.Strength)
			ids = append(ids, e.Link)
		}
		return ids
	}
	for range 2 {
		require.Equal(t, []evidence.ID{"lPUBLIC"}, expanded("a"))
		require.Equal(t, []evidence.ID{"lPUBLIC"}, expanded("b"))
		got, err := r.Get(ctx, []evidence.ID{"lPUBLIC", "lCONFIDENTIAL"})
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.EqualValues(t, 1, got["lPUBLIC"].Derived.At(evidence.Public).Supports)
	}
	require.Equal(t, 1, w.read)
}

// retelling counts how often versions are read, and of how many records.
type retelling struct {
	store.Store
	calls, records int
}

func (r *retelling) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	reader, err := r.Store.Raw(ctx, view)
	return retellingReader{reader, r}, err
}

type retellingReader struct {
	store.Reader
	by *retelling
}

func (r retellingReader) Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	r.by.calls++
	r.by.records += len(ids)
	return r.Reader.Versions(ctx, ids)
}

// TestRenamedEntitiesAreReadTogether lists entities of which each lost a name: those of
// which readers saw it are looked at in one go and once, those of which it was hidden
// not at all.
func TestRenamedEntitiesAreReadTogether(t *testing.T) {
	ctx := t.Context()
	st := model.New()
	write := func(n int, changes []evidence.Change) evidence.Sequence {
		c, err := storetest.Apply(ctx, st, n, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	named := func(name, clearance string) (changes []evidence.Change) {
		for _, prefix := range []string{"hidden", "open"} {
			for i := range 20 {
				c := &evidence.PutEntity{ID: evidence.ID(fmt.Sprint(prefix, i)), Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}
				c.Names = evidence.Of([]evidence.NewName{{Text: name, Clearance: clearance}})
				if prefix == "hidden" {
					c.Names = evidence.Of([]evidence.NewName{{Text: name, Clearance: "CONFIDENTIAL"}})
				}
				changes = append(changes, evidence.Change{PutEntity: c})
			}
		}
		return changes
	}
	then := write(1, named("Antes", "PUBLIC"))
	write(2, named("Antes", "CONFIDENTIAL"))
	write(3, named("Ahora", "PUBLIC"))

	counting := &retelling{Store: st}
	r, err := store.Read(ctx, counting, evidence.View{KnownAt: then}, vocabulary.Standard())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	for range 2 {
		n := 0
		for f, err := range r.Find(ctx, store.Query{Type: evidence.EntityRecord, Limit: 100}) {
			require.NoError(t, err)
			require.Equal(t, []string{"x"}, texts(f.Record.Entity().VisibleNames(evidence.Public)), "a name that was raised before it went stays hidden")
			n++
		}
		require.Equal(t, 40, n)
	}
	require.Equal(t, 1, counting.calls)
	require.Equal(t, 20, counting.records)
}

func texts(names []evidence.Name) (all []string) {
	for _, n := range names {
		all = append(all, n.Text)
	}
	return all
}
