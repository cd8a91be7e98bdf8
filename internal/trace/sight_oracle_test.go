package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestWhatWasMadeInSecretIsToldWhenItComesIntoSight makes records that only what
// hides them keeps from everybody, in revisions that nobody below the top counts,
// and lowers that in one that all do.
func TestWhatWasMadeInSecretIsToldWhenItComesIntoSight(t *testing.T) {
	g := newGraph(t)
	lower := func(id evidence.ID) {
		g.write(evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "PUBLIC"}})
	}
	g.write(news("s"), person("a", "Uno"), person("b", "Dos"), linked("l", "a", "b", cited("c", "s", "SUPPORTS")))
	g.write(secret(person("z", "Oculta")), linked("zl", "z", "a", cited("zc", "s", "SUPPORTS"), cited("zd", "s", "DISPUTES")))
	lower("z")
	g.write(secret(news("xs")), linked("xl", "a", "b", cited("xc", "xs", "SUPPORTS"), cited("xm", "s", "MENTIONS")))
	g.write(evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: cited("xd", "xs", "DISPUTES")}})
	lower("xs")
	require.Equal(t, []evidence.ID{"z", "zc", "zd", "zl"}, g.differing(evidence.Public, 1, 2))
	require.Equal(t, []evidence.ID{"xc", "xd", "xl", "xm", "xs"}, g.differing(evidence.Public, 2, 3)[:5])
	require.Subset(t, g.differing(evidence.Public, 1, 3), []evidence.ID{"xc", "xd", "xl", "xm", "xs", "z", "zc", "zd", "zl"})
	require.Empty(t, g.differing(evidence.Confidential, 3, 3))
}

// secrets writes a random history in which records are raised and lowered all the
// time, under ids that begin with a prefix.
type secrets struct {
	*rapid.T
	store  store.Store
	prefix string
	step   int
}

func (w *secrets) id(sort string, n int) evidence.ID {
	return evidence.ID(fmt.Sprint(w.prefix, sort, rapid.IntRange(0, n-1).Draw(w.T, sort)))
}

func (w *secrets) level() string {
	return rapid.SampledFrom([]string{"PUBLIC", "PUBLIC", "RESTRICTED", "CONFIDENTIAL"}).Draw(w.T, "level")
}

func (w *secrets) citation() evidence.NewCitation {
	return evidence.NewCitation{
		ID: w.id("c", 12), Source: w.id("s", 3), Locator: "p. 1", Stance: rapid.SampledFrom([]string{"SUPPORTS", "SUPPORTS", "DISPUTES", "MENTIONS"}).Draw(w.T, "stance"),
		Clearance: rapid.SampledFrom([]string{"", "", "", "CONFIDENTIAL"}).Draw(w.T, "cleared"),
	}
}

func (w *secrets) change() evidence.Change {
	switch rapid.IntRange(0, 11).Draw(w.T, "change") {
	case 0:
		c := person(w.id("e", 4), rapid.SampledFrom([]string{"Uno", "Dos"}).Draw(w.T, "name"))
		c.PutEntity.Clearance = evidence.Of(w.level())
		return c
	case 1:
		c := news(w.id("s", 3))
		c.PutSource.Clearance = evidence.Of(w.level())
		return c
	case 2, 3, 4:
		c := linked(w.id("l", 6), w.id("e", 4), w.id("e", 4), w.citation(), w.citation())
		if rapid.Bool().Draw(w.T, "alone") {
			c.AssertLink.Citations = c.AssertLink.Citations[:1]
		}
		return c
	case 5:
		return evidence.Change{Cite: &evidence.Cite{Claim: w.id("l", 6), Citation: w.citation()}}
	case 6:
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: w.id("l", 6), Standing: "CHARGED", Citation: w.citation()}}
	case 7:
		return evidence.Change{Retract: &evidence.Retract{ID: w.some()}}
	default:
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: w.some(), Clearance: w.level()}}
	}
}

func (w *secrets) some() evidence.ID {
	return rapid.SampledFrom([]evidence.ID{w.id("e", 4), w.id("s", 3), w.id("l", 6), w.id("c", 12)}).Draw(w.T, "some")
}

func (w *secrets) write(changes ...evidence.Change) {
	w.step++
	_, _ = storetest.Apply(context.Background(), w.store, w.step, storetest.Top, &evidence.ChangeSet{Reason: "because", Changes: changes})
}

func (w *secrets) history() {
	var first []evidence.Change
	for i := range 3 {
		c := news(evidence.ID(fmt.Sprint(w.prefix, "s", i)))
		c.PutSource.Clearance = evidence.Of(w.level())
		first = append(first, c)
	}
	for i := range 4 {
		c := person(evidence.ID(fmt.Sprint(w.prefix, "e", i)), "Uno")
		c.PutEntity.Clearance = evidence.Of(w.level())
		first = append(first, c)
	}
	w.write(first...)
	for range rapid.IntRange(4, 24).Draw(w.T, "steps") {
		if rapid.IntRange(0, 9).Draw(w.T, "undo") == 0 {
			head, err := w.store.Head(context.Background())
			require.NoError(w, err)
			if head.Sequence > 0 {
				w.write(evidence.Change{Undo: &evidence.Undo{Revision: head.Latest[evidence.Confidential]}})
			}
			continue
		}
		w.write(w.change())
	}
}

// TestEveryStoreTellsWhatComesIntoSight compares histories and differences, where
// much is raised and lowered, with what reading every record at both moments shows.
func TestEveryStoreTellsWhatComesIntoSight(t *testing.T) {
	trace.SetDiffWindow(t, 4)
	write := func(t *testing.T, st store.Store, n int) []plot {
		t.Helper()
		var all []plot
		checkRandomly(t, n, func(r *rapid.T) {
			before, err := st.Head(t.Context())
			require.NoError(r, err)
			w := &secrets{T: r, store: st, prefix: fmt.Sprintf("g%d-", len(all)), step: 1000 * len(all)}
			w.history()
			after, err := st.Head(t.Context())
			require.NoError(r, err)
			if after.Sequence > before.Sequence {
				all = append(all, plot{first: before.Sequence + 1, last: after.Sequence})
			}
		})
		return all
	}
	ask := func(t *testing.T, st store.Store, all []plot, times int) {
		t.Helper()
		checkRandomly(t, times, func(r *rapid.T) {
			of := rapid.SampledFrom(all).Draw(r, "graph")
			c := rapid.SampledFrom([]evidence.Clearance{evidence.Public, evidence.Public, evidence.Restricted, evidence.Confidential}).Draw(r, "clearance")
			p := readPast(r, st, c, of.first, of.last)
			s := open(r, st, evidence.View{Clearance: c, KnownAt: of.last})
			defer s.Close() //nolint:errcheck // it has only read
			for range 3 {
				p.checkPast(r, s, len(p.instants)-1)
			}
		})
	}
	near, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, near.Close()) })
	all := write(t, near, 100)
	t.Run("embedded", func(t *testing.T) { ask(t, near, all, 300) })
	t.Run("neo4j", func(t *testing.T) {
		st, err := neo4j.Open(t.Context(), neo4jtest.Fresh(t), neo4j.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		require.NoError(t, st.Load(t.Context(), near.Log(t.Context(), 0), storetest.Planner(1).Replay))
		ask(t, st, all[:20], 20)
	})
}
