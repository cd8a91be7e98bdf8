package trace_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// stuck is after how long a read that waits for another is given up.
const stuck = 20 * time.Second

// oneReader is a graph in a store that lets one reader at a time be open.
func oneReader(t *testing.T) *graph {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{Readers: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
}

// TestWhoFollowsReadsMeanwhile reads the graph at each revision of a log that is
// replayed, as the answers of a subscription do.
func TestWhoFollowsReadsMeanwhile(t *testing.T) {
	g := oneReader(t)
	const written = 70 // more than are replayed at a time
	for i := range written {
		g.write(person(evidence.ID(fmt.Sprint("p", i)), "Ana"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), stuck)
	defer cancel()
	next := uint64(1)
	for rev, err := range g.tracer.Follow(ctx, evidence.Public, 0) {
		require.NoError(t, err)
		require.Equal(t, next, rev.Numbers[evidence.Public])
		s, err := g.tracer.At(ctx, evidence.Now(evidence.Public))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		if next++; next > written {
			break
		}
	}
	require.EqualValues(t, written+1, next, "every revision came")
}

// TestASessionNeedsOneReader asks everything for which other moments and other
// clearances than the session's are read, in a store that has no reader left.
func TestASessionNeedsOneReader(t *testing.T) {
	g := oneReader(t)
	name := func(text, clearance string) evidence.Change {
		c := person("p", "Ana")
		c.PutEntity.Names = evidence.Of([]evidence.NewName{{Text: text, Type: "ALIAS", Clearance: clearance}})
		return c
	}
	g.write(name("La Jefa", "PUBLIC"))
	g.write(name("La Jefa", "CONFIDENTIAL"))
	g.write(secret(person("q", "Nadie")))
	g.write(person("p", "Ana María"))

	ctx, cancel := context.WithTimeout(t.Context(), stuck)
	defer cancel()
	now, err := g.tracer.At(ctx, evidence.Now(evidence.Public))
	require.NoError(t, err)
	before := uint64(2)
	past, err := now.Moment(ctx, trace.KnownAt{Number: &before})
	require.NoError(t, err)
	for moment, s := range map[string]*trace.Session{"now": now, "past": past} {
		shown, err := s.Entities(ctx, []evidence.ID{"p"})
		require.NoError(t, err, moment)
		require.Len(t, shown["p"].Names, 1, moment)
		_, _, err = s.Search(ctx, trace.SearchQuery{Text: "jefa"}, trace.PageArgs{})
		require.NoError(t, err, moment)
		_, err = s.History(ctx, "p", trace.PageArgs{})
		require.NoError(t, err, moment)
		differ, err := s.Diff(ctx, 0, 2, trace.PageArgs{})
		require.NoError(t, err, moment)
		require.Len(t, differ.Items, 1, moment)
		revisions, err := s.Revisions(ctx, trace.RevisionFilter{}, trace.PageArgs{})
		require.NoError(t, err, moment)
		var logged []*evidence.Revision
		for _, x := range revisions.Items {
			logged = append(logged, x.Node)
		}
		_, err = s.Told(ctx, logged)
		require.NoError(t, err, moment)
	}
	require.NoError(t, past.Close())
	require.NoError(t, now.Close())
}
