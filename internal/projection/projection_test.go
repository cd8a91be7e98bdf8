package projection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func options(from, to store.Store, c evidence.Clearance) projection.Options {
	return projection.Options{
		From: from, To: to, Clearance: c, Planner: storetest.Planner(0),
		Scratch: func(context.Context) (store.Store, error) { return model.New(), nil },
	}
}

// lines are all lists of a view with what a reader of the clearance is told of
// each record. What other records are named is left out where the view does not
// see them, as a reader would have it. Of the past, only what no later change of a name hides.
func lines(tb require.TestingT, st store.Store, v evidence.View, told evidence.Clearance) []string {
	ctx := context.Background()
	r, err := store.Read(ctx, st, v, vocabulary.Standard())
	require.NoError(tb, err)
	defer func() { require.NoError(tb, r.Close()) }()
	var out []string
	var records []store.Found
	seen := map[evidence.ID]bool{}
	byType := map[evidence.RecordType][]evidence.ID{}
	for t := evidence.EntityRecord; t <= evidence.StatementRecord; t++ {
		if t == evidence.EntityRecord && !v.IsNow() {
			// By their ids: a list of the past leaves out whose name of then is hidden
			// today, since its place there would tell it. The target never had that name.
			found, err := r.Get(ctx, entities(tb, st))
			require.NoError(tb, err)
			for _, id := range slices.Sorted(maps.Keys(found)) {
				records, seen[id] = append(records, store.Found{Record: found[id]}), true
				byType[t] = append(byType[t], id)
			}
			continue
		}
		for f, err := range r.Find(ctx, store.Query{Type: t, Limit: store.MaxBatch}) {
			require.NoError(tb, err)
			records, seen[f.Record.ID()] = append(records, f), true
			byType[t] = append(byType[t], f.Record.ID())
		}
	}
	claims := append(slices.Clone(byType[evidence.LinkRecord]), byType[evidence.StatementRecord]...)
	if len(claims) > 0 {
		for f, err := range r.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: claims, Limit: store.MaxBatch}) {
			require.NoError(tb, err)
			records, seen[f.Record.ID()] = append(records, f), true
		}
	}
	for _, f := range records {
		content, _ := evidence.Redact(f.Record.Content, func(id evidence.ID) bool { return !seen[id] })
		if e, ok := content.(*evidence.Entity); ok {
			copied := *e
			copied.Names = e.VisibleNames(told)
			if !v.IsNow() {
				copied.Names = nil
			}
			content = &copied
		}
		text, err := json.Marshal(content)
		require.NoError(tb, err)
		var fields map[string]any
		require.NoError(tb, json.Unmarshal(text, &fields))
		delete(fields, "clearance") // the higher of then and now in the target
		text, err = json.Marshal(fields)
		require.NoError(tb, err)
		out = append(out, fmt.Sprintf("%s: %s %+v", f.Key, text, f.Record.Derived.At(told)))
	}
	if entities := byType[evidence.EntityRecord]; len(entities) > 0 {
		for e, err := range r.Expand(ctx, store.Expansion{Frontier: entities, Total: store.MaxBatch}) {
			require.NoError(tb, err)
			out = append(out, fmt.Sprintf("%+v", e))
		}
	}
	if v.IsNow() {
		for c := 'a'; c <= 'z'; c++ {
			for f, err := range r.Candidates(ctx, store.TokenQuery{Prefix: string(c), Placeholders: true, Limit: store.MaxBatch}) {
				require.NoError(tb, err)
				out = append(out, fmt.Sprintf("%+v", f))
			}
		}
		for t := evidence.EntityRecord; t <= evidence.CitationRecord; t++ {
			n, err := r.Count(ctx, store.CountQuery{Type: t})
			require.NoError(tb, err)
			out = append(out, fmt.Sprint(t, n))
		}
	}
	return out
}

// listed is the list of entities of a view.
func listed(tb require.TestingT, st store.Store, v evidence.View) (keys []string) {
	ctx := context.Background()
	r, err := store.Read(ctx, st, v, vocabulary.Standard())
	require.NoError(tb, err)
	defer func() { require.NoError(tb, r.Close()) }()
	for f, err := range r.Find(ctx, store.Query{Type: evidence.EntityRecord, Limit: store.MaxBatch}) {
		require.NoError(tb, err)
		keys = append(keys, f.Key)
	}
	return keys
}

// entities are all that a store ever had.
func entities(tb require.TestingT, st store.Store) []evidence.ID {
	ids := map[evidence.ID]bool{}
	for r, err := range st.Log(context.Background(), 0) {
		require.NoError(tb, err)
		outcomes, err := r.Outcomes()
		require.NoError(tb, err)
		for _, o := range outcomes {
			for _, e := range o.Effects {
				if e.Entity != nil {
					ids[e.Entity.ID] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// sees compares a view of the source with the whole of the target, now and at
// each revision of the target.
func sees(t *rapid.T, from, to store.Store, c evidence.Clearance) {
	ctx := context.Background()
	require.Equal(t, lines(t, from, evidence.Now(c), c), lines(t, to, evidence.Now(evidence.Confidential), evidence.Confidential))
	at := map[uint64]evidence.Sequence{}
	for r, err := range from.Log(ctx, 0) {
		require.NoError(t, err)
		at[r.Numbers[c]] = r.Sequence()
	}
	for r, err := range to.Log(ctx, 0) {
		require.NoError(t, err)
		meta, err := r.Meta()
		require.NoError(t, err)
		if meta.IdempotencyKey == "" {
			continue
		}
		var number uint64
		_, err = fmt.Sscanf(meta.IdempotencyKey, "projection %d", &number)
		require.NoError(t, err)
		then := evidence.View{Clearance: c, KnownAt: at[number]}
		shown := evidence.View{Clearance: evidence.Confidential, KnownAt: r.Sequence()}
		require.Equal(t, lines(t, from, then, c), lines(t, to, shown, evidence.Confidential), "known at %d", at[number])
		require.Subset(t, append(listed(t, to, shown), ""), listed(t, from, then), "known at %d", at[number])
	}
}

// text is everything that a store holds.
func text(tb require.TestingT, st store.Store) string {
	var all strings.Builder
	for row, err := range st.Scan(context.Background()) {
		require.NoError(tb, err)
		if row.Kind != store.RevisionRow {
			fmt.Fprintf(&all, "%s %s\n", row.Key, row.Value)
		}
	}
	for r, err := range st.Log(context.Background(), 0) {
		require.NoError(tb, err)
		for _, l := range r.Leaves {
			fmt.Fprintf(&all, "%s\n", l.Content)
		}
	}
	return all.String()
}

func TestProjectionOfRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		from, to := model.New(), model.New()
		storetest.History(t, from, 14)
		c := evidence.Clearance(rapid.IntRange(0, 2).Draw(t, "clearance")) //nolint:gosec // 0 to 2
		_, err := projection.Run(ctx, options(from, to, c))
		require.NoError(t, err)
		sees(t, from, to, c)
		hidden := text(t, to)
		newest, err := from.Snapshot().Newest(ctx, ids(t, from), evidence.Open)
		require.NoError(t, err)
		for id, r := range newest {
			if r.Derived.Now > c {
				require.NotContains(t, hidden, fmt.Sprintf("%q", id))
			}
		}
		again := model.New()
		_, err = projection.Run(ctx, options(from, again, c))
		require.NoError(t, err)
		require.Equal(t, hidden, text(t, again), "the same projection for a second time")
		result, err := projection.Run(ctx, options(from, to, c))
		require.NoError(t, err)
		require.Zero(t, result.Written)
	})
}

func ids(tb require.TestingT, st store.Store) []evidence.ID {
	var all []evidence.ID
	for row, err := range st.Scan(context.Background()) {
		require.NoError(tb, err)
		if row.Kind == store.DerivedRow {
			all = append(all, evidence.ID(row.Key))
		}
	}
	return all
}

func apply(t *testing.T, st store.Store, step int, changes ...evidence.Change) {
	t.Helper()
	_, err := storetest.Apply(t.Context(), st, step, storetest.Top, &evidence.ChangeSet{Reason: fmt.Sprintf("step %d", step), Changes: changes})
	require.NoError(t, err)
}

func entity(id evidence.ID, name, clearance string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Clearance: evidence.Of(clearance)}}
}

func TestProjectionGoesOnOrRefuses(t *testing.T) {
	from := model.New()
	to, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "public.db"), sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, to.Close()) }()
	apply(t, from, 1, entity("a", "Ana", "PUBLIC"), entity("b", "Beto", "CONFIDENTIAL"))
	run := func() (projection.Result, error) {
		return projection.Run(t.Context(), options(from, to, evidence.Public))
	}
	result, err := run()
	require.NoError(t, err)
	require.Equal(t, 1, result.Written)
	apply(t, from, 2, entity("b", "Beto", "CONFIDENTIAL"), entity("c", "Carla", "RESTRICTED"))
	result, err = run()
	require.NoError(t, err)
	require.Zero(t, result.Written, "nothing to see")
	apply(t, from, 3, evidence.Change{SetClearance: &evidence.SetClearance{ID: "c", Clearance: "PUBLIC"}})
	result, err = run()
	require.NoError(t, err)
	require.Equal(t, 1, result.Written)
	require.NotContains(t, text(t, to), "Beto")
	require.NotContains(t, text(t, to), "step 2")
	require.Contains(t, text(t, to), "Carla")

	apply(t, from, 4, evidence.Change{SetClearance: &evidence.SetClearance{ID: "a", Clearance: "RESTRICTED"}})
	_, err = run()
	require.ErrorIs(t, err, projection.ErrOther)
	require.ErrorContains(t, err, "destroy")
	fresh := model.New()
	_, err = projection.Run(t.Context(), options(from, fresh, evidence.Public))
	require.NoError(t, err)
	require.NotContains(t, text(t, fresh), "Ana")

	other := model.New()
	apply(t, other, 9, entity("x", "Equis", "PUBLIC"))
	for _, kept := range []store.Store{other, from} {
		_, err = projection.Run(t.Context(), options(from, kept, evidence.Public))
		require.ErrorIs(t, err, projection.ErrOther)
		require.ErrorContains(t, err, "it is no projection; leave it as it is")
		require.NotContains(t, err.Error(), "destroy")
	}
}

// TestProjectionHidesFormerNames tries a person whose name became a secret.
func TestProjectionHidesFormerNames(t *testing.T) {
	from, to := model.New(), model.New()
	apply(t, from, 1, entity("w", "Zutano Real", "PUBLIC"))
	apply(t, from, 2, evidence.Change{PutEntity: &evidence.PutEntity{
		ID: "w", Name: evidence.Of("Testigo 7"), Names: evidence.Of([]evidence.NewName{{Text: "Zutano Real", Clearance: "CONFIDENTIAL"}}),
	}})
	_, err := projection.Run(t.Context(), options(from, to, evidence.Public))
	require.NoError(t, err)
	require.NotContains(t, text(t, to), "Zutano")
	require.Contains(t, text(t, to), "Testigo 7")

	apply(t, from, 3, evidence.Change{PutEntity: &evidence.PutEntity{ID: "w", Names: evidence.Of([]evidence.NewName{})}})
	again := model.New()
	_, err = projection.Run(t.Context(), options(from, again, evidence.Public))
	require.NoError(t, err)
	require.NotContains(t, text(t, again), "Zutano", "it was a secret when it was taken away")
}

// TestProjectionTellsANameOnce has an entity called today by what was its alias, while
// what it was called is hidden. It was called so then, as readers of the source have it.
func TestProjectionTellsANameOnce(t *testing.T) {
	from, to := model.New(), model.New()
	put := func(name string, names ...evidence.NewName) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "w", Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names)}}
	}
	secret := evidence.NewName{Text: "Zutano Real", Clearance: "CONFIDENTIAL"}
	apply(t, from, 1, put("Zutano Real", evidence.NewName{Text: "Testigo 7"}, evidence.NewName{Text: "El Zurdo"}))
	apply(t, from, 2, put("Testigo 7", secret, evidence.NewName{Text: "El Zurdo"}))
	_, err := projection.Run(t.Context(), options(from, to, evidence.Public))
	require.NoError(t, err)
	for name, st := range map[string]store.Store{"the source": from, "the projection": to} {
		r, err := store.Read(t.Context(), st, evidence.View{Clearance: evidence.Public, KnownAt: 1}, vocabulary.Standard())
		require.NoError(t, err)
		found, err := r.Get(t.Context(), []evidence.ID{"w"})
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, []evidence.Name{{Text: "Testigo 7"}, {Text: "El Zurdo", Type: evidence.AliasName}}, found["w"].Entity().VisibleNames(evidence.Public), name)
	}
}
