package generate

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// BenchmarkLoad generates a graph into a new file: VINCULO_BENCH_LINKS links
// (50,000) between a fifth as many entities, with 1.5 citations each.
func BenchmarkLoad(b *testing.B) {
	links := 50_000
	if n, err := strconv.Atoi(os.Getenv("VINCULO_BENCH_LINKS")); err == nil && n > 0 {
		links = n
	}
	config := Config{Seed: 1, Entities: max(links/5, 2), Links: links, Citations: 1.5}
	p := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
		NewID: func() evidence.ID { panic("every id is chosen") }, CascadeLimit: 1_000_000, MaxChanges: 10_000,
	}
	size := int64(0)
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "graph.db")
		st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
		require.NoError(b, err)
		require.NoError(b, config.Load(b.Context(), st, p, evidence.Author{Name: "bench", Clearance: evidence.Confidential}, 10_000, nil))
		require.NoError(b, st.Close())
		info, err := os.Stat(path)
		require.NoError(b, err)
		size = info.Size()
	}
	b.ReportMetric(float64(links)*float64(b.N)/b.Elapsed().Seconds(), "links/s")
	b.ReportMetric(float64(size)/float64(links), "B/link")
}
