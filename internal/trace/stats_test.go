package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// onBoth runs a test on the model and on the embedded store.
func onBoth(t *testing.T, test func(t *testing.T, g *graph)) {
	t.Helper()
	run := func(name string, st store.Store) {
		t.Run(name, func(t *testing.T) { test(t, &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}) })
	}
	run("model", model.New())
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	run("embedded", st)
}

// TestWhatIsTheSameCountsOnce compares how many entities there are with how many
// are listed, for those who see that two are the same and for those who do not,
// now and before.
func TestWhatIsTheSameCountsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, g *graph) {
		unnamed := person("p6", "un coronel")
		unnamed.PutEntity.Identity = evidence.Of("UNIDENTIFIED")
		same := func(absorb, into evidence.ID, clearance string) evidence.Change {
			return evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: absorb, Into: into, Clearance: clearance, Citations: []evidence.NewCitation{cited("", "s1", "SUPPORTS")}}}
		}
		g.write(news("s1"), person("p1", "A"), person("p2", "B"), person("p3", "C"), person("p4", "D"), person("p5", "E"), unnamed)
		g.write(same("p2", "p1", "PUBLIC"), same("p3", "p2", "PUBLIC"))
		g.write(same("p5", "p4", "CONFIDENTIAL"))
		for _, c := range []struct {
			view evidence.View
			want int
		}{
			{evidence.Now(evidence.Public), 4},
			{evidence.Now(evidence.Confidential), 3},
			{evidence.View{Clearance: evidence.Confidential, KnownAt: 1}, 6},
			{evidence.View{Clearance: evidence.Confidential, KnownAt: 2}, 4},
		} {
			s, err := g.tracer.At(t.Context(), c.view)
			require.NoError(t, err)
			stats, err := s.Stats(t.Context(), evidence.EntityRecord)
			require.NoError(t, err)
			require.Equal(t, trace.Total{N: c.want, Exact: true}, stats.Entities, "%v", c.view)
			listed, err := s.TotalEntities(t.Context(), trace.EntityFilter{Unidentified: true})
			require.NoError(t, err)
			require.Equal(t, listed, stats.Entities)
			require.NoError(t, s.Close())
		}
	})
}

// uncounting is a store whose readers fail to count records.
type uncounting struct{ store.Store }

type uncountingReader struct{ store.Reader }

func (u uncounting) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := u.Store.Raw(ctx, view)
	return uncountingReader{r}, err
}

func (uncountingReader) Count(context.Context, store.CountQuery) (map[evidence.ID]int, error) {
	return nil, store.ErrUnavailable
}

// TestRevisionsAreCountedAlone counts revisions now and before without counting any
// record, which would take long in the past.
func TestRevisionsAreCountedAlone(t *testing.T) {
	g := &graph{t, trace.New(uncounting{model.New()}, vocabulary.Standard(), storetest.Planner(1))}
	g.write(news("s1"))
	g.write(person("p1", "A"))
	g.write(person("p2", "B"))
	for _, c := range []struct {
		knownAt evidence.Sequence
		after   uint64
		want    int
	}{{0, 0, 3}, {0, 2, 1}, {0, 5, 0}, {2, 0, 2}, {2, 1, 1}} {
		view := evidence.Now(evidence.Public)
		if c.knownAt > 0 {
			view.KnownAt = c.knownAt
		}
		s, err := g.tracer.At(t.Context(), view)
		require.NoError(t, err)
		got, err := s.TotalRevisions(t.Context(), trace.RevisionFilter{After: c.after})
		require.NoError(t, err)
		require.Equal(t, trace.Total{N: c.want, Exact: true}, got)
		require.NoError(t, s.Close())
	}
}

// TestStatsOfThePastCountWhatIsAskedFor counts records of some types at a moment of the
// past, where each has to be judged: of the others none is read, and no citation where
// there are more claims already than are counted.
func TestStatsOfThePastCountWhatIsAskedFor(t *testing.T) {
	trace.CountUpTo(t, 20)
	g, counting := newCountedGraph(t)
	changes := []evidence.Change{news("s"), person("a", "Uno"), person("b", "Dos")}
	for i := range 30 {
		id := evidence.ID(fmt.Sprint(i))
		changes = append(changes, linked("l"+id, "a", "b", cited("c"+id, "s", "SUPPORTS")))
	}
	g.write(changes...)
	g.write(news("t"))
	s, err := g.tracer.At(t.Context(), evidence.View{KnownAt: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	read := func(of ...evidence.RecordType) (trace.Stats, int) {
		counting.reset()
		stats, err := s.Stats(t.Context(), of...)
		require.NoError(t, err)
		require.EqualValues(t, 1, stats.Revision)
		return stats, counting.records
	}
	stats, n := read()
	require.Zero(t, stats.Sources)
	require.Zero(t, n)
	stats, n = read(evidence.SourceRecord)
	require.Equal(t, trace.Total{N: 1, Exact: true}, stats.Sources)
	require.Less(t, n, 5)
	_, links := read(evidence.LinkRecord)
	stats, n = read(evidence.CitationRecord, evidence.LinkRecord)
	require.Equal(t, trace.Total{N: 20}, stats.Links)
	require.Equal(t, trace.Total{N: 20}, stats.Citations)
	require.LessOrEqual(t, n, links)
	stats, _ = read(evidence.CitationRecord)
	require.Equal(t, trace.Total{N: 20}, stats.Citations)
}

// TestStatsCountNoCitationsBeyondTheBudget has the budget end the count of links before
// its limit does: each of them has a citation, and to read those would go beyond it.
func TestStatsCountNoCitationsBeyondTheBudget(t *testing.T) {
	g, counting := newCountedGraph(t)
	changes := []evidence.Change{news("s"), person("a", "Uno"), person("b", "Dos")}
	for i := range 400 {
		id := evidence.ID(fmt.Sprint(i))
		changes = append(changes, linked("l"+id, "a", "b", cited("c"+id, "s", "SUPPORTS")))
	}
	g.write(changes...)
	g.write(news("t"))
	t.Cleanup(trace.LowerSifting(3 * 200)) // as of each link its citation and ends are read
	read := func(of ...evidence.RecordType) (trace.Stats, int) {
		s, err := g.tracer.At(t.Context(), evidence.View{KnownAt: 1})
		require.NoError(t, err)
		counting.reset()
		stats, err := s.Stats(t.Context(), of...)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		return stats, counting.records
	}
	_, links := read(evidence.LinkRecord)
	stats, both := read(evidence.LinkRecord, evidence.CitationRecord)
	require.False(t, stats.Links.Exact)
	require.Greater(t, stats.Links.N, 190)
	require.Equal(t, stats.Links, stats.Citations)
	require.Equal(t, links, both)
}
