package generate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

var small = Config{Seed: 7, Entities: 200, Links: 600, Hub: 150, Citations: 1.5}

func TestTheSameSeedMakesTheSameGraph(t *testing.T) {
	sum := func(c Config) string {
		var b bytes.Buffer
		require.NoError(t, c.JSONLines(t.Context(), &b, 100))
		h := sha256.Sum256(b.Bytes())
		return hex.EncodeToString(h[:8])
	}
	once := sum(small)
	require.Equal(t, once, sum(small))
	other := small
	other.Seed++
	require.NotEqual(t, sum(small), sum(other))
}

func TestShape(t *testing.T) {
	c := Config{Seed: 1, Entities: 2000, Links: 12_000, Hub: 2500, Citations: 1.5}
	degree := map[evidence.ID]int{}
	citations, disputes := 0, 0
	for change := range c.Changes() {
		if l := change.AssertLink; l != nil {
			degree[l.From]++
			degree[l.To]++
			require.NotEqual(t, l.From, l.To)
			citations += len(l.Citations)
			require.Equal(t, "SUPPORTS", l.Citations[0].Stance)
			for _, x := range l.Citations[1:] {
				if x.Stance == "DISPUTES" {
					disputes++
				}
			}
		}
	}
	require.Equal(t, 2500, degree[HubID])
	delete(degree, HubID)
	require.InDelta(t, 18_000, citations, 600)
	require.Positive(t, disputes)
	var degrees []int
	for _, n := range degree {
		degrees = append(degrees, n)
	}
	slices.Sort(degrees)
	slices.Reverse(degrees)
	top, all := 0, 0
	for i, n := range degrees {
		if i < len(degrees)/10 {
			top += n
		}
		all += n
	}
	require.Greater(t, float64(top)/float64(all), 0.3, "a tenth of the entities has far more than a tenth of the links")
	require.Greater(t, degrees[0], 10*degrees[len(degrees)/2], "some entities have many times the median")
}

// In regions, those with the most links have as many in a large graph as in a
// small one, and few links leave a region.
func TestShapeOfRegions(t *testing.T) {
	measure := func(c Config) (highest int, across float64) {
		degree, left := map[evidence.ID]int{}, 0
		for change := range c.Changes() {
			if l := change.AssertLink; l != nil {
				degree[l.From]++
				degree[l.To]++
				require.NotEqual(t, l.From, l.To)
				if number(t, l.From)%c.regions() != number(t, l.To)%c.regions() {
					left++
				}
			}
		}
		for _, n := range degree {
			highest = max(highest, n)
		}
		return highest, float64(left) / float64(c.Links)
	}
	small := Config{Seed: 1, Entities: 1000, Links: 5000, Region: 1000, Citations: 1}
	large := Config{Seed: 1, Entities: 20_000, Links: 100_000, Region: 1000, Citations: 1}
	whole := Config{Seed: 1, Entities: 20_000, Links: 100_000, Citations: 1}
	ofSmall, across := measure(small)
	require.Zero(t, across)
	ofLarge, across := measure(large)
	require.InDelta(t, 0.05*19/20, across, 0.005)
	ofWhole, _ := measure(whole)
	require.Less(t, float64(ofLarge), 1.5*float64(ofSmall))
	require.Greater(t, float64(ofWhole), 2*float64(ofSmall))
}

func number(t *testing.T, id evidence.ID) int {
	t.Helper()
	n, err := strconv.Atoi(string(id[1:]))
	require.NoError(t, err)
	return n
}

func TestLoadsAndResumes(t *testing.T) {
	st := model.New()
	p := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewID: func() evidence.ID { panic("every id is chosen") },
		NewSalt: func() [16]byte { return [16]byte{1} }, CascadeLimit: 1000, MaxChanges: 10,
	}
	author := evidence.Author{Name: "generate", Clearance: evidence.Confidential}
	last := 0
	require.NoError(t, small.Load(t.Context(), st, p, author, 200, func(done int) { last = done }))
	require.Equal(t, small.Total(), last)
	head, err := st.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, evidence.Sequence(5), head.Sequence)
	require.NoError(t, small.Load(t.Context(), st, p, author, 200, nil))
	again, err := st.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, again)

	r, err := st.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	n, err := r.Count(t.Context(), store.CountQuery{Of: []evidence.ID{HubID}, Type: evidence.LinkRecord})
	require.NoError(t, err)
	require.Equal(t, small.Hub, n[HubID])

	dir := t.TempDir()
	require.NoError(t, small.CSV(t.Context(), dir))
	require.ErrorIs(t, small.CSV(t.Context(), dir), os.ErrExist)
	f, err := casefile.Read(os.DirFS(dir), casefile.Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	require.Equal(t, small.Links, f.Rows("links.csv"))
	result, err := f.Import(t.Context(), model.New(), p, casefile.ImportOptions{Author: author})
	require.NoError(t, err)
	require.Len(t, result.Revisions, 1)
}

func TestHubAmongRegions(t *testing.T) {
	c := Config{Seed: 1, Entities: 75, Links: 300, Hub: 40, Region: 3, Citations: 1}
	n := 0
	for change := range c.Changes() {
		if l := change.AssertLink; l != nil && (l.From == HubID || l.To == HubID) {
			n++
		}
	}
	require.Equal(t, c.Hub, n)
}

func TestRefusesNonsense(t *testing.T) {
	for _, c := range []Config{
		{Entities: 1, Citations: 1}, {Entities: 2, Links: 1, Hub: 2, Citations: 1}, {Entities: 2, Links: -1, Citations: 1}, {Entities: 2, Citations: 0.5},
		{Entities: 9, Region: 1, Citations: 1}, {Entities: 9, Region: 10, Citations: 1}, {Entities: 9, Region: -2, Citations: 1},
	} {
		require.Error(t, c.Check())
	}
}

func BenchmarkChanges(b *testing.B) {
	for b.Loop() {
		for change := range (Config{Seed: 1, Entities: 10_000, Links: 50_000, Hub: 10_000, Citations: 1.5}).Changes() {
			_ = change
		}
	}
}
