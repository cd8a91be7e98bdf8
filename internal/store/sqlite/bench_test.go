package sqlite_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// hub is the entity of made graphs that a fifth of all links lead to.
const hub = evidence.ID("e0")

var madeKinds = []string{"COLLUDES_WITH", "PAYS", "ASSOCIATE_OF", "LINKED_TO", "PROTECTS"}

// made gives change sets of at most 5,000 links, with 1.5 citations each, between
// a fifth as many people. The same number of links gives the same graph.
func made(links int) iter.Seq[*evidence.ChangeSet] {
	return func(yield func(*evidence.ChangeSet) bool) {
		r := rand.New(rand.NewPCG(1, uint64(links))) //nolint:gosec // a made graph, to be repeated
		people, sources := max(links/5, 2), max(links/50, 1)
		set := &evidence.ChangeSet{Reason: "made"}
		add := func(c evidence.Change) bool {
			set.Changes = append(set.Changes, c)
			if len(set.Changes) < 5000 {
				return true
			}
			full := set
			set = &evidence.ChangeSet{Reason: "made"}
			return yield(full)
		}
		for i := range sources {
			id := evidence.ID("s" + strconv.Itoa(i))
			if !add(evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of(fmt.Sprintf("Crónica número %d", i)), URL: evidence.Of("https://example.org/" + string(id))}}) {
				return
			}
		}
		given, family := []string{"José", "María", "Ángel", "Lucía", "Íñigo", "Xóchitl"}, []string{"Pérez", "Muñoz", "García", "Ibáñez", "Núñez"}
		for i := range people {
			name := fmt.Sprintf("%s %s %d", given[r.IntN(len(given))], family[r.IntN(len(family))], i)
			if !add(evidence.Change{PutEntity: &evidence.PutEntity{ID: evidence.ID("e" + strconv.Itoa(i)), Kind: evidence.Of("PERSON"), Name: evidence.Of(name)}}) {
				return
			}
		}
		for i := range links {
			from, to := hub, evidence.ID("e"+strconv.Itoa(1+r.IntN(people-1)))
			if i%5 != 0 {
				from = evidence.ID("e" + strconv.Itoa(r.IntN(people)))
			}
			if from == to {
				from = hub
			}
			link := &evidence.AssertLink{
				ID: evidence.ID("l" + strconv.Itoa(i)), Kind: madeKinds[r.IntN(len(madeKinds))], From: from, To: to, Summary: "se reunieron en Iguala",
				Valid: evidence.ValidTime{Since: fmt.Sprintf("%d-%02d", 1990+r.IntN(30), 1+r.IntN(12))},
			}
			for k := range 1 + i%2 {
				link.Citations = append(link.Citations, evidence.NewCitation{ID: evidence.ID(fmt.Sprintf("c%d-%d", i, k)), Source: evidence.ID("s" + strconv.Itoa(r.IntN(sources))), Locator: "p. " + strconv.Itoa(k)})
			}
			if !add(evidence.Change{AssertLink: link}) {
				return
			}
		}
		if len(set.Changes) > 0 {
			yield(set)
		}
	}
}

func planner() *evidence.Planner {
	n := 0
	return &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, NewSalt: func() [16]byte { return [16]byte{1} },
		NewID:        func() evidence.ID { n++; return evidence.ID("made" + strconv.Itoa(n)) },
		CascadeLimit: 1_000_000, MaxChanges: 10_000,
	}
}

var editor = evidence.Author{Name: "editor", Clearance: evidence.Confidential}

func write(tb testing.TB, s store.Store, cs *evidence.ChangeSet) *evidence.Commit {
	tb.Helper()
	commit, err := s.Write(tb.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner().Plan(ctx, snap, editor, cs)
	})
	require.NoError(tb, err)
	return commit
}

func open(tb testing.TB, path string, o sqlite.Options) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path, o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// now opens a reader that is closed, at the latest, when the test ends.
func now(tb testing.TB, s store.Store, c evidence.Clearance) store.Reader {
	tb.Helper()
	r, err := s.Raw(tb.Context(), evidence.Now(c))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, r.Close()) })
	return r
}

// madeStore is a store of a made graph; of VINCULO_BENCH_LINKS links (50,000)
// in benchmarks.
func madeStore(tb testing.TB, links int) *sqlite.Store {
	tb.Helper()
	s := open(tb, filepath.Join(tb.TempDir(), "made.db"), sqlite.Options{})
	for cs := range made(links) {
		write(tb, s, cs)
	}
	return s
}

func benchLinks() int {
	if n, err := strconv.Atoi(os.Getenv("VINCULO_BENCH_LINKS")); err == nil && n > 0 {
		return n
	}
	return 50_000
}

// BenchmarkImport plans and writes a made graph, 5,000 changes a revision.
func BenchmarkImport(b *testing.B) {
	links := benchLinks()
	for b.Loop() {
		madeStore(b, links)
	}
	b.ReportMetric(float64(links)*float64(b.N)/b.Elapsed().Seconds(), "links/s")
}

// BenchmarkLoad replays the log of a made graph into an empty store.
func BenchmarkLoad(b *testing.B) {
	links := benchLinks()
	var log []*evidence.Revision
	for rev, err := range madeStore(b, links).Log(b.Context(), 0) {
		require.NoError(b, err)
		log = append(log, rev)
	}
	for b.Loop() {
		s := open(b, filepath.Join(b.TempDir(), "loaded.db"), sqlite.Options{})
		require.NoError(b, load(b.Context(), s, log))
	}
	b.ReportMetric(float64(links)*float64(b.N)/b.Elapsed().Seconds(), "links/s")
}

func load(ctx context.Context, s store.BulkLoader, log []*evidence.Revision) error {
	p := planner()
	return s.Load(ctx, func(yield func(*evidence.Revision, error) bool) {
		for _, rev := range log {
			if !yield(rev, nil) {
				return
			}
		}
	}, func(ctx context.Context, snap evidence.Snapshot, rev *evidence.Revision) (*evidence.Commit, error) {
		return p.Replay(ctx, snap, rev)
	})
}

// BenchmarkRead measures what a page is made of, on a made graph.
func BenchmarkRead(b *testing.B) {
	s := madeStore(b, benchLinks())
	page := func(b *testing.B, q store.Query) {
		b.Helper()
		r := now(b, s, evidence.Public)
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range r.Find(b.Context(), q) {
				require.NoError(b, err)
				n++
			}
			require.Positive(b, n)
		}
	}
	links := func(id evidence.ID, kinds ...string) store.Query {
		return store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{id}, Kinds: kinds, Limit: 26}
	}
	b.Run("HubPage", func(b *testing.B) { page(b, links(hub)) })
	b.Run("HubPageOfKind", func(b *testing.B) { page(b, links(hub, "PAYS")) })
	b.Run("OrdinaryPage", func(b *testing.B) { page(b, links("e17")) })
	b.Run("Raw", func(b *testing.B) {
		for b.Loop() {
			r, err := s.Raw(b.Context(), evidence.Now(evidence.Public))
			require.NoError(b, err)
			require.NoError(b, r.Close())
		}
	})
	b.Run("Get100", func(b *testing.B) {
		r := now(b, s, evidence.Public)
		var ids []evidence.ID
		for i := range 100 {
			ids = append(ids, evidence.ID("e"+strconv.Itoa(i)))
		}
		b.ReportAllocs()
		for b.Loop() {
			found, err := r.Get(b.Context(), ids)
			require.NoError(b, err)
			require.Len(b, found, 100)
		}
	})
	b.Run("Expand100", func(b *testing.B) {
		require.NoError(b, s.Warm(b.Context()))
		r := now(b, s, evidence.Public)
		var ids []evidence.ID
		for i := range 100 {
			ids = append(ids, evidence.ID("e"+strconv.Itoa(i+1)))
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range r.Expand(b.Context(), store.Expansion{Frontier: ids, Total: 10_000}) {
				require.NoError(b, err)
			}
		}
	})
}

// BenchmarkWarm reads the links of a made graph into memory.
func BenchmarkWarm(b *testing.B) {
	path := filepath.Join(b.TempDir(), "made.db")
	s, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	require.NoError(b, err)
	links := benchLinks()
	for cs := range made(links) {
		write(b, s, cs)
	}
	require.NoError(b, s.Close())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var held []*sqlite.Store
	for b.Loop() {
		s := open(b, path, sqlite.Options{})
		require.NoError(b, s.Warm(b.Context()))
		held = append(held, s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(held)
	b.ReportMetric(float64(links)*float64(b.N)/b.Elapsed().Seconds(), "links/s")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(held)*links), "B/link")
}
