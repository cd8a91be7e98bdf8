package trace_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/trace"
)

// benchGraph opens a tracer on an embedded store with its links in memory, and
// says how many entities it has. It is a generated one of 20,000 entities, 100,000
// links and a hub of 20,000; or, where VINCULO_BENCH_STORE names a file made by
// `vinculo generate`, that one, with VINCULO_BENCH_ENTITIES (100,000) entities.
func benchGraph(b *testing.B) (*trace.Tracer, int) {
	b.Helper()
	path, entities := os.Getenv("VINCULO_BENCH_STORE"), 20_000
	made := path == ""
	if made {
		path = filepath.Join(b.TempDir(), "made.db")
	} else if n, err := strconv.Atoi(os.Getenv("VINCULO_BENCH_ENTITIES")); err == nil {
		entities = n
	} else {
		entities = 100_000
	}
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	if made {
		n := 0
		p := &evidence.Planner{
			Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
			NewID:        func() evidence.ID { n++; return evidence.ID("made" + strconv.Itoa(n)) },
			CascadeLimit: 1_000_000, MaxChanges: 10_000,
		}
		c := generate.Config{Seed: 1, Entities: entities, Links: 5 * entities, Hub: entities, Citations: 1.5}
		require.NoError(b, c.Load(b.Context(), st, p, evidence.Author{Name: "bench", Clearance: evidence.Confidential}, 10_000, nil))
	}
	require.NoError(b, st.Warm(b.Context()))
	return trace.New(st, vocabulary.Standard(), nil), entities
}

// percentiles runs a question with ever new random numbers and reports, beside
// the mean, the time that half of them and 99 in 100 stay below, in µs.
func percentiles(b *testing.B, tracer *trace.Tracer, entities int, ask func(s *trace.Session, random func() evidence.ID) error) {
	b.Helper()
	s, err := tracer.At(b.Context(), evidence.Now(evidence.Public))
	require.NoError(b, err)
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a choice to be repeated
	random := func() evidence.ID { return evidence.ID(fmt.Sprintf("e%08d", 1+r.IntN(entities-1))) }
	var times []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		require.NoError(b, ask(s, random))
		times = append(times, time.Since(start))
		if len(times)%256 == 0 { // what a session remembers is that of one request
			b.StopTimer()
			require.NoError(b, s.Close())
			s, err = tracer.At(b.Context(), evidence.Now(evidence.Public))
			require.NoError(b, err)
			b.StartTimer()
		}
	}
	require.NoError(b, s.Close())
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1000, "p99-µs")
}

// BenchmarkPaths finds paths between random entities: only which links they are,
// and with their records.
func BenchmarkPaths(b *testing.B) {
	tracer, entities := benchGraph(b)
	for _, c := range []struct {
		name string
		q    trace.PathQuery
	}{
		{"ShortestBare", trace.PathQuery{First: 1, Bare: true}},
		{"Shortest", trace.PathQuery{First: 1}},
		{"FiveShortestBare", trace.PathQuery{First: 5, Bare: true}},
		{"FiveShortest", trace.PathQuery{First: 5}},
		{"FiveShortestOfStrength", trace.PathQuery{First: 5, Filter: trace.LinkFilter{MinStrength: 300}}},
		{"FiveShortestOnADay", trace.PathQuery{First: 5, Filter: trace.LinkFilter{On: "2014-09-26"}}},
		{"FiveStrongest", trace.PathQuery{First: 5, By: trace.Strongest, MaxLength: 4}},
	} {
		b.Run(c.name, func(b *testing.B) {
			percentiles(b, tracer, entities, func(s *trace.Session, random func() evidence.ID) error {
				q := c.q
				if q.From, q.To = []evidence.ID{random()}, []evidence.ID{random()}; q.MaxLength == 0 {
					q.MaxLength = 6
				}
				_, err := s.Paths(context.Background(), q)
				return err
			})
		})
	}
}

// BenchmarkSubgraph reads 500 links around the hub and around random entities.
func BenchmarkSubgraph(b *testing.B) {
	tracer, entities := benchGraph(b)
	ask := func(of func(random func() evidence.ID) evidence.ID) func(b *testing.B) {
		return func(b *testing.B) {
			percentiles(b, tracer, entities, func(s *trace.Session, random func() evidence.ID) error {
				_, err := s.Subgraph(context.Background(), trace.SubgraphQuery{Around: []evidence.ID{of(random)}, Depth: 2, MaxEntities: 1000, MaxLinks: 500})
				return err
			})
		}
	}
	b.Run("Hub", ask(func(func() evidence.ID) evidence.ID { return generate.HubID }))
	b.Run("Random", ask(func(random func() evidence.ID) evidence.ID { return random() }))
}

// BenchmarkCard reads what the card of an entity is made of: its first 25 links
// and three citations of each.
func BenchmarkCard(b *testing.B) {
	tracer, entities := benchGraph(b)
	first, three := 25, 3
	ask := func(of func(random func() evidence.ID) evidence.ID) func(b *testing.B) {
		return func(b *testing.B) {
			percentiles(b, tracer, entities, func(s *trace.Session, random func() evidence.ID) error {
				id := of(random)
				pages, err := s.ClaimsOf(context.Background(), []evidence.ID{id}, trace.ClaimFilter{Of: evidence.LinkRecord}, trace.PageArgs{First: &first})
				if err != nil {
					return err
				}
				var links []evidence.ID
				for _, x := range pages[id].Items {
					links = append(links, x.Node.Record.ID())
				}
				_, err = s.CitationsOf(context.Background(), links, trace.CitationFilter{}, trace.PageArgs{First: &three})
				return err
			})
		}
	}
	b.Run("Hub", ask(func(func() evidence.ID) evidence.ID { return generate.HubID }))
	b.Run("Random", ask(func(random func() evidence.ID) evidence.ID { return random() }))
}
