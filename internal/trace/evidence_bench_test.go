package trace_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// evidenceGraph opens a tracer on a generated graph of VINCULO_BENCH_LINKS links
// (50,000) in which every tenth link was changed ten times, every twentieth is
// CONFIDENTIAL, and one source, "cited", is cited by the first 50,000 links, the
// second citation of most of them. It gives the revision half way through those
// changes. VINCULO_BENCH_DIR keeps the file for the next run.
func evidenceGraph(b *testing.B) (tracer *trace.Tracer, half evidence.Sequence, entities int) {
	b.Helper()
	links := 50_000
	if n, err := strconv.Atoi(os.Getenv("VINCULO_BENCH_LINKS")); err == nil {
		links = n
	}
	dir := os.Getenv("VINCULO_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	entities = links / 5
	path := filepath.Join(dir, fmt.Sprintf("evidence-%d.db", links))
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	made := 0
	planner := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
		NewID:        func() evidence.ID { made++; return evidence.ID("made" + strconv.Itoa(made)) },
		CascadeLimit: 1_000_000, MaxChanges: 10_000,
	}
	tracer = trace.New(st, vocabulary.Standard(), planner)
	by := evidence.Author{Name: "bench", Clearance: evidence.Confidential}
	config := generate.Config{Seed: 1, Entities: entities, Links: links, Hub: links / 10, Citations: 1.5}
	require.NoError(b, config.Load(b.Context(), st, planner, by, 10_000, nil))
	apply := func(key string, changes []evidence.Change) (at evidence.Sequence) {
		for i := 0; i < len(changes); i += 5000 {
			commit, err := tracer.Apply(b.Context(), by, &evidence.ChangeSet{
				Reason: key, IdempotencyKey: fmt.Sprintf("%s/%d", key, i), Changes: changes[i:min(i+5000, len(changes))],
			})
			require.NoError(b, err)
			at = commit.Revision.Sequence()
		}
		return at
	}
	link := func(i int) evidence.ID { return evidence.ID(fmt.Sprintf("l%08d", i)) }
	changes := []evidence.Change{{PutSource: &evidence.PutSource{ID: "cited", Kind: evidence.Of("NEWS"), Title: evidence.Of("El informe"), URL: evidence.Of("https://example.org/cited"), Reliability: evidence.Of("B")}}}
	for i := range min(links, 50_000) {
		changes = append(changes, evidence.Change{Cite: &evidence.Cite{Claim: link(i), Citation: evidence.NewCitation{ID: evidence.ID(fmt.Sprintf("x%08d", i)), Source: "cited", Locator: "p. 1", Credibility: 2}}})
	}
	apply("cite", changes)
	level := func(step, to int, clearance string) (changes []evidence.Change) {
		for i := to; i < links; i += step {
			changes = append(changes, evidence.Change{SetClearance: &evidence.SetClearance{ID: link(i), Clearance: clearance}})
		}
		return changes
	}
	apply("hide", level(20, 5, "CONFIDENTIAL"))
	for version := range 10 { // beside the first
		at := apply(fmt.Sprint("version ", version), level(10, 0, []string{"RESTRICTED", "PUBLIC"}[version%2]))
		if version == 5 {
			half = at
		}
	}
	require.NoError(b, st.Warm(b.Context()))
	return tracer, half, entities
}

// asked are the questions that views are compared by.
var asked = []struct {
	name string
	ask  func(ctx context.Context, s *trace.Session, i, entities int) error
}{
	{"Card", func(ctx context.Context, s *trace.Session, i, entities int) error {
		first := 25
		id := evidence.ID(fmt.Sprintf("e%08d", i*7919%entities))
		if _, err := s.Entities(ctx, []evidence.ID{id}); err != nil {
			return err
		}
		_, err := s.ClaimsOf(ctx, []evidence.ID{id}, trace.ClaimFilter{Of: evidence.LinkRecord}, trace.PageArgs{First: &first})
		return err
	}},
	{"LinksOnADay", func(ctx context.Context, s *trace.Session, _, _ int) error {
		first := 50
		_, err := s.ListClaims(ctx, trace.ClaimFilter{Of: evidence.LinkRecord, On: "2014-09-26"}, trace.PageArgs{First: &first})
		return err
	}},
	{"Subgraph", func(ctx context.Context, s *trace.Session, i, entities int) error {
		_, err := s.Subgraph(ctx, trace.SubgraphQuery{Around: []evidence.ID{evidence.ID(fmt.Sprintf("e%08d", i*7919%entities))}, Depth: 2, MaxEntities: 200, MaxLinks: 200})
		return err
	}},
}

// compareViews asks every question in each of some views, a session for each
// question as a request has.
func compareViews(b *testing.B, views func(half evidence.Sequence) map[string]evidence.View) {
	b.Helper()
	tracer, half, entities := evidenceGraph(b)
	for name, view := range views(half) {
		for _, q := range asked {
			b.Run(name+"/"+q.name, func(b *testing.B) {
				i := 0
				for b.Loop() {
					s, err := tracer.At(b.Context(), view)
					require.NoError(b, err)
					require.NoError(b, q.ask(b.Context(), s, i, entities))
					require.NoError(b, s.Close())
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/question")
			})
		}
	}
}

// BenchmarkKnownAt compares questions about the graph as it was known half way
// through its revisions with the same about now.
func BenchmarkKnownAt(b *testing.B) {
	compareViews(b, func(half evidence.Sequence) map[string]evidence.View {
		return map[string]evidence.View{"Now": evidence.Now(evidence.Public), "Past": {Clearance: evidence.Public, KnownAt: half}}
	})
}

// BenchmarkView compares questions of a reader of what is PUBLIC with the same of
// one who is cleared for everything.
func BenchmarkView(b *testing.B) {
	compareViews(b, func(evidence.Sequence) map[string]evidence.View {
		return map[string]evidence.View{"Public": evidence.Now(evidence.Public), "Confidential": evidence.Now(evidence.Confidential)}
	})
}

// BenchmarkSourceImpact asks what would fall without a source with 50,000
// citations, or as many as there are links.
func BenchmarkSourceImpact(b *testing.B) {
	tracer, _, _ := evidenceGraph(b)
	looked := 0
	for b.Loop() {
		s, err := tracer.At(b.Context(), evidence.Now(evidence.Confidential))
		require.NoError(b, err)
		found, err := s.SourceImpact(b.Context(), []evidence.ID{"cited"})
		require.NoError(b, err)
		require.False(b, found.Truncated)
		looked += len(found.All)
		require.NoError(b, s.Close())
	}
	b.ReportMetric(float64(looked)/float64(b.N), "claims")
	b.ReportMetric(float64(looked)/b.Elapsed().Seconds(), "claims/s")
}
