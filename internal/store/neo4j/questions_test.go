package neo4j

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestRoundTripsOfPaths counts the queries of questions for paths, on a graph with
// a hub: at most twice the greatest length for one path, and 40 for several.
func TestRoundTripsOfPaths(t *testing.T) {
	s := open(t)
	made := 0
	p := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
		NewID:        func() evidence.ID { made++; return evidence.ID("made" + strconv.Itoa(made)) },
		CascadeLimit: 1_000_000, MaxChanges: 10_000,
	}
	const people = 400
	c := generate.Config{Seed: 7, Entities: people, Links: 900, Hub: people, Citations: 1.2}
	require.NoError(t, c.Load(t.Context(), s, p, evidence.Author{Name: "test", Clearance: evidence.Confidential}, 5000, nil))
	tracer := trace.New(s, vocabulary.Standard(), p)
	r := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // a choice to be repeated
	someone := func() evidence.ID { return evidence.ID(fmt.Sprintf("e%08d", r.IntN(people))) }
	found, most := 0, map[int]int64{}
	for i := range 80 {
		q := trace.PathQuery{
			From: []evidence.ID{someone()}, To: []evidence.ID{someone()}, MaxLength: 1 + r.IntN(trace.MaxPathLength), First: 1,
			Direction: evidence.Direction(r.IntN(3)), By: trace.PathOrder(i % 2), CoherentInTime: r.IntN(3) == 0, //nolint:gosec // small
		}
		limit := int64(2 * q.MaxLength)
		if i%4 > 1 {
			q.First, limit = 2+r.IntN(trace.MaxPaths-1), 40
		}
		switch r.IntN(4) {
		case 0:
			q.Filter.On = "2014-09-26"
		case 1:
			q.Filter.During, q.Filter.Certainty = "2010/2014", edtf.Definitely
		case 2:
			q.Filter.ExcludeEntities = []evidence.ID{someone()}
		}
		session, err := tracer.At(t.Context(), evidence.Now(evidence.Public))
		require.NoError(t, err)
		before := s.trips.Load()
		got, err := session.Paths(t.Context(), q)
		require.NoError(t, err)
		trips := s.trips.Load() - before
		require.LessOrEqual(t, trips, limit, "%+v", q)
		require.NoError(t, session.Close())
		found += len(got.All)
		most[q.First] = max(most[q.First], trips)
	}
	t.Logf("%d paths; the most round trips for one path: %d", found, most[1])
	require.Greater(t, found, 50)
}
