package trace_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// worst is a graph made to be hard: two units, hub-a and hub-b, each with so many
// members, all the same people, and joined directly many times over; and a
// complete bipartite block of units that operate in places, all of them under
// both hubs. Everybody is called alike. The mark stands behind all dates.
type worst struct {
	members, joined, block int
	mark                   string
}

func (w worst) changes(yield func(evidence.Change) bool) {
	entity := func(id evidence.ID, kind, name string) bool {
		return yield(evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(name)}})
	}
	n := 0
	link := func(kind string, from, to evidence.ID) bool {
		n++
		grade := 1 + n%6
		return yield(evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprintf("l%07d", n)), Kind: kind, From: from, To: to, Role: "vínculo", Valid: evidence.ValidTime{Since: fmt.Sprint(1990+n%30) + w.mark},
			Citations: []evidence.NewCitation{{ID: evidence.ID(fmt.Sprintf("c%07d", n)), Source: "s", Locator: "p. 1", Credibility: grade}},
		}})
	}
	ok := yield(evidence.Change{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/"), Reliability: evidence.Of("A")}}) &&
		entity("hub-a", "MILITARY_UNIT", "Batallón A") && entity("hub-b", "MILITARY_UNIT", "Batallón B")
	for i := 0; ok && i < w.members; i++ {
		p := evidence.ID(fmt.Sprintf("p%06d", i))
		ok = entity(p, "PERSON", "Vecino de Iguala") && link("MEMBER_OF", p, "hub-a") && link("MEMBER_OF", p, "hub-b")
	}
	for i := 0; ok && i < w.joined; i++ {
		ok = link("LINKED_TO", "hub-a", "hub-b")
	}
	for i := 0; ok && i < w.block; i++ {
		unit, place := evidence.ID(fmt.Sprintf("u%04d", i)), evidence.ID(fmt.Sprintf("x%04d", i))
		ok = entity(unit, "MILITARY_UNIT", "Compañía de Iguala") && entity(place, "PLACE", "Colonia de Iguala") &&
			link("SUBORDINATE_TO", unit, "hub-a") && link("SUBORDINATE_TO", unit, "hub-b")
		for j := 0; ok && j <= i; j++ {
			ok = link("OPERATES_IN", unit, evidence.ID(fmt.Sprintf("x%04d", j)))
			if ok && j < i {
				ok = link("OPERATES_IN", evidence.ID(fmt.Sprintf("u%04d", j)), place)
			}
		}
	}
}

// load writes the graph in batches through the bulk loader of a store.
func (w worst) load(tb testing.TB, st store.Store) {
	tb.Helper()
	planner := storetest.Planner(1)
	planner.MaxChanges, planner.CascadeLimit = 10_000, 1_000_000
	require.NoError(tb, store.Import(tb.Context(), st, func(yield func(store.Plan, error) bool) {
		flush := func(batch []evidence.Change) bool {
			return yield(func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return planner.Plan(ctx, snap, storetest.Top, &evidence.ChangeSet{Reason: "the worst case", Changes: batch})
			}, nil)
		}
		var batch []evidence.Change
		for c := range w.changes {
			if batch = append(batch, c); len(batch) == 5000 {
				if !flush(batch) {
					return
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			flush(batch)
		}
	}))
}

// counted is a store that counts what its readers are asked and give. What it
// reads it finds level by level, as Neo4j does.
type counted struct {
	store.Store
	calls, edges, looked, records int
	retold                        int // calls for versions
	leaves                        int // of revisions
}

func (c *counted) reset() {
	c.calls, c.edges, c.looked, c.records, c.retold, c.leaves = 0, 0, 0, 0, 0, 0
}

func (c *counted) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := c.Store.Raw(ctx, view)
	if err != nil {
		return nil, err
	}
	return &countedReader{r, c}, nil
}

type countedReader struct {
	store.Reader
	of *counted
}

func (r *countedReader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	r.of.calls++
	found, err := r.Reader.Get(ctx, ids)
	r.of.records += len(found)
	return found, err
}

func (r *countedReader) Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	r.of.retold++
	return r.Reader.Versions(ctx, ids)
}

func (r *countedReader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	r.of.calls++
	return tally(r.Reader.Find(ctx, q), &r.of.records)
}

func (r *countedReader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	r.of.calls++
	if keep := x.Keep; keep != nil {
		x.Keep = func(e *store.Edge) bool {
			r.of.looked++
			return keep(e)
		}
	}
	return tally(r.Reader.Expand(ctx, x), &r.of.edges)
}

func (r *countedReader) Revisions(ctx context.Context, q store.RevisionQuery) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		for rev, err := range r.Reader.Revisions(ctx, q) {
			if err == nil {
				r.of.leaves += len(rev.Leaves)
			}
			if !yield(rev, err) {
				return
			}
		}
	}
}

func (r *countedReader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	r.of.calls++
	return tally(r.Reader.Candidates(ctx, q), &r.of.records)
}

func (r *countedReader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	r.of.calls++
	return r.Reader.Count(ctx, q)
}

func tally[T any](all iter.Seq2[T, error], n *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x, err := range all {
			*n++
			if !yield(x, err) {
				return
			}
		}
	}
}

// question is one that a session can be asked.
type question struct {
	name string
	// calls is how many round trips it may make, whatever the size of the graph.
	calls int
	ask   func(context.Context, *trace.Session) (trace.Cut, error)
}

// questions are asked of a worst case.
func questions() []question {
	hubs, scope := []evidence.ID{"hub-a", "hub-b"}, trace.SubgraphQuery{Around: []evidence.ID{"hub-a"}, Depth: 2, MaxEntities: trace.MaxSubgraphEntities, MaxLinks: trace.MaxSubgraphLinks}
	var all []question
	add := func(name string, calls int, ask func(context.Context, *trace.Session) (trace.Cut, error)) {
		all = append(all, question{name, calls, ask})
	}
	paths := func(name string, calls int, q trace.PathQuery) {
		add(name, calls, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
			got, err := s.Paths(ctx, q)
			return got.Cut, err
		})
	}
	for _, k := range []int{1, trace.MaxPaths} { // of both orders, as a whole, on a day, along the links
		calls := map[int]int{1: 2 * trace.MaxPathLength, trace.MaxPaths: 40}[k]
		for name, ends := range map[string][2]evidence.ID{
			"hub to hub": {"hub-a", "hub-b"}, "member to place": {"p000000", "x0000"}, "place to place": {"x0000", "x0001"}, "member to nobody": {"p000000", "s-nobody"},
		} {
			q := trace.PathQuery{From: []evidence.ID{ends[0]}, To: []evidence.ID{ends[1]}, MaxLength: trace.MaxPathLength, First: k}
			paths(fmt.Sprintf("%d shortest, %s", k, name), calls, q)
			q.Filter = trace.LinkFilter{On: "2014-09-26"}
			if k == 1 {
				paths(fmt.Sprintf("%d shortest on a day, %s", k, name), calls, q)
			}
			q.Filter, q.CoherentInTime = trace.LinkFilter{}, true
			paths(fmt.Sprintf("%d coherent, %s", k, name), calls, q)
			q.CoherentInTime, q.By = false, trace.Strongest
			paths(fmt.Sprintf("%d strongest, %s", k, name), calls, q)
			q.Filter = trace.LinkFilter{On: "2014-09-26"}
			if k > 1 {
				paths(fmt.Sprintf("%d strongest on a day, %s", k, name), 40, q)
			}
			q.Filter, q.Direction = trace.LinkFilter{}, evidence.Outgoing
			paths(fmt.Sprintf("%d strongest with the links, %s", k, name), calls, q)
		}
	}
	for _, depth := range []int{1, 2, 4} {
		q := scope
		q.Depth = depth
		for name, f := range map[string]trace.LinkFilter{"": {}, " of strong links": {MinStrength: 300}, " on a day": {On: "2014-09-26"}} {
			q.Filter = f
			add(fmt.Sprintf("subgraph of depth %d%s", depth, name), 4*depth+4, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
				got, err := s.Subgraph(ctx, q)
				return got.Cut, err
			})
		}
	}
	add("links among", 4, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		among := append([]evidence.ID{}, hubs...)
		for i := range 50 {
			among = append(among, evidence.ID(fmt.Sprintf("p%06d", i)), evidence.ID(fmt.Sprintf("u%04d", i)), evidence.ID(fmt.Sprintf("x%04d", i)))
		}
		_, cut, err := s.LinksAmong(ctx, among, trace.LinkFilter{})
		return cut, err
	})
	add("common neighbours", 4, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		_, cut, err := s.CommonNeighbors(ctx, hubs, 2, trace.LinkFilter{})
		return cut, err
	})
	for _, up := range []bool{false, true} {
		for _, of := range []evidence.ID{"hub-a", "p000000", "u0000"} {
			add(fmt.Sprintf("chain of %s, up %t", of, up), 44, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
				got, err := s.CommandChain(ctx, of, "2014-09-26", up, trace.LinkFilter{})
				return got.Cut, err
			})
		}
	}
	add("commanders of a place", 90, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		got, err := s.CommandersOf(ctx, "x0000", "2014-09-26", trace.LinkFilter{})
		return got.Cut, err
	})
	for _, between := range []bool{false, true} {
		add(fmt.Sprintf("timeline, between %t", between), 4, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
			got, err := s.TimelineOf(ctx, hubs, between, trace.LinkFilter{})
			return got.Cut, err
		})
	}
	add("changes", 2, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		_, cut, err := s.ChangesBetween(ctx, hubs, "2000", "2014-09-26", trace.LinkFilter{})
		return cut, err
	})
	for _, by := range []trace.Measure{trace.Degree, trace.Betweenness, trace.PageRank, trace.Brokerage} {
		add("ranking by "+string(by), 12, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
			_, cut, err := s.Ranking(ctx, scope, by, true)
			return cut, err
		})
	}
	add("communities", 12, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		_, _, cut, err := s.Communities(ctx, scope, true)
		return cut, err
	})
	add("match", 23, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		_, cut, err := s.Match(ctx, "Vecino de Iguala", "", hubs)
		return cut, err
	})
	add("duplicates", 25, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		_, cut, err := s.Duplicates(ctx, "p000001")
		return cut, err
	})
	add("duplicates of a page", 25*20, func(ctx context.Context, s *trace.Session) (trace.Cut, error) {
		most := trace.MaxPageSize
		_, _, cut, err := s.AllDuplicates(ctx, trace.EntityFilter{}, trace.PageArgs{First: &most})
		return cut, err
	})
	return all
}

// worstCase builds a worst case in the embedded store.
func worstCase(tb testing.TB, w worst) *sqlite.Store {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "worst.db"), sqlite.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, st.Close()) })
	w.load(tb, st)
	require.NoError(tb, st.Warm(tb.Context()))
	return st
}

// spent is what the answer to a question took.
type spent struct {
	counted
	cut   trace.Cut
	took  time.Duration
	bytes uint64 // allocated, most of it at one time
}

func (q question) put(tb testing.TB, c *counted, view evidence.View) spent {
	tb.Helper()
	s := open(tb, c, view)
	c.reset()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	cut, err := q.ask(tb.Context(), s)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if now := view.IsNow(); now || evidence.CodeOf(err) != evidence.LimitExceeded {
		require.NoError(tb, err, q.name)
	}
	require.NoError(tb, s.Close())
	return spent{*c, cut, took, after.TotalAlloc - before.TotalAlloc}
}

func (s spent) String() string {
	return fmt.Sprintf("%10s %3d calls %7d edges %7d looked %6d records %6d KB %s", s.took.Round(time.Microsecond), s.calls, s.edges, s.looked, s.records, s.bytes/1024, s.cut)
}

// TestWorstCaseStaysWithinItsBudgets asks everything of a graph of 7,000 links:
// as the budgets are, and with budgets that it is too big for.
func TestWorstCaseStaysWithinItsBudgets(t *testing.T) {
	c := &counted{Store: worstCase(t, worst{members: 2500, joined: 300, block: 40})}
	now := evidence.Now(evidence.Public)
	for _, q := range questions() {
		got := q.put(t, c, now)
		t.Logf("%-48s %s", q.name, got)
		require.LessOrEqual(t, got.calls, q.calls, "round trips of %s", q.name)
		require.LessOrEqual(t, got.bytes, uint64(512<<20), "memory of %s", q.name)
		require.LessOrEqual(t, got.records, 25_000, "records of %s", q.name)
		if want, told := cuts[q.name]; told {
			require.Equal(t, want, got.cut, q.name)
		}
	}
	const links, steps = 1500, 5000
	trace.LowerBudgets(t, links, steps)
	for _, q := range questions() {
		want, told := cutsWhenPoor[q.name]
		if !told {
			continue
		}
		got := q.put(t, c, now)
		t.Logf("%-48s %s", q.name, got)
		require.LessOrEqual(t, got.calls, q.calls, "round trips of %s", q.name)
		require.LessOrEqual(t, got.edges, 4*links+4*trace.MaxSubgraphLinks, "links of %s", q.name)
		require.Equal(t, want, got.cut, q.name)
	}
	trace.LowerBudgets(t, 200_000, 20)
	for _, q := range questions() {
		if q.name == "50 shortest, place to place" || q.name == "50 strongest, place to place" {
			require.Equal(t, trace.CutSteps, q.put(t, c, now).cut, "%s takes more than 20 steps", q.name)
		}
	}
}

// TestUncertainDatesStayWithinTheBudgets has links of which the record tells
// when they held: of no more than may be, it is read.
func TestUncertainDatesStayWithinTheBudgets(t *testing.T) {
	const doubtful = 500
	trace.LowerDoubtful(t, doubtful)
	c := &counted{Store: worstCase(t, worst{members: 2500, joined: 300, block: 40, mark: "?"})}
	for _, q := range questions() {
		got := q.put(t, c, evidence.Now(evidence.Public))
		t.Logf("%-48s %s", q.name, got)
		require.LessOrEqual(t, got.calls, q.calls, "round trips of %s", q.name)
		if dated := strings.Contains(q.name, "coherent") || strings.Contains(q.name, "on a day"); dated && strings.Contains(q.name, ", ") {
			require.LessOrEqual(t, got.records, doubtful+trace.MaxPaths*trace.MaxPathLength+2, "records of %s", q.name)
		}
		if want, told := map[string]trace.Cut{
			"1 coherent, member to place": trace.CutLinks, "1 shortest on a day, member to place": trace.CutLinks, "1 coherent, place to place": "", "1 shortest on a day, place to place": "",
		}[q.name]; told {
			require.Equal(t, want, got.cut, q.name)
		}
	}
}

// cuts are why answers are not whole, whatever the size of the graph.
var cuts = map[string]trace.Cut{
	"1 shortest, hub to hub": "", "50 shortest, hub to hub": "", "1 strongest, hub to hub": "", "1 shortest, place to place": "", "1 strongest, member to place": "",
	"50 strongest, place to place": "", "subgraph of depth 1": trace.CutFanOut, "subgraph of depth 4": trace.CutFanOut,
	"common neighbours": trace.CutFanOut, "chain of hub-a, up false": trace.CutFanOut, "chain of p000000, up true": "", "timeline, between false": trace.CutLinks,
	"timeline, between true": "", "changes": "", "ranking by BETWEENNESS": trace.CutFanOut, "match": trace.CutFanOut,
	"duplicates of a page": trace.CutSteps,
}

// cutsWhenPoor are why, where the budgets are lower than what the hubs have.
var cutsWhenPoor = map[string]trace.Cut{
	"1 shortest, hub to hub": "", "50 strongest, member to place": trace.CutLinks, "50 strongest, hub to hub": "", "1 shortest, place to place": "",
	"subgraph of depth 1": trace.CutLinks, "links among": trace.CutLinks, "common neighbours": trace.CutLinks, "timeline, between true": trace.CutLinks,
	"chain of p000000, up true": "",
}

// TestThePastStaysWithinItsBudgets asks of a revision of the past, in which every
// link has to be judged anew.
func TestThePastStaysWithinItsBudgets(t *testing.T) {
	c := &counted{Store: worstCase(t, worst{members: 300, joined: 50, block: 12})}
	head, err := c.Head(t.Context())
	require.NoError(t, err)
	for _, q := range questions() {
		got := q.put(t, c, evidence.View{Clearance: evidence.Public, KnownAt: head.Sequence})
		t.Logf("%-48s %s", q.name, got)
		require.LessOrEqual(t, got.calls, max(60, 2*q.calls), "round trips of %s", q.name)
		require.LessOrEqual(t, got.bytes, uint64(512<<20), "memory of %s", q.name)
	}
}

// BenchmarkWorstCase asks everything of two hubs of 100,000 links each, in the
// embedded store and, where VINCULO_TEST_NEO4J_URI names one, in Neo4j: now, then (one
// revision ago), and long ago, when half of it had not been written. It fails
// where the quickest answer to a question takes longer than a second of the one,
// or two of the other, or more than half a GiB is allocated for one.
func BenchmarkWorstCase(b *testing.B) {
	full := worst{members: 100_000, joined: 1000, block: 300}
	run := func(b *testing.B, st store.Store, within time.Duration) {
		b.Helper()
		for _, q := range questions() {
			b.Run(q.name, func(b *testing.B) {
				var most spent
				least := time.Hour
				c := &counted{Store: st}
				for b.Loop() {
					s := open(b, st, evidence.Now(evidence.Public))
					began := time.Now()
					_, err := q.ask(b.Context(), s)
					require.NoError(b, err)
					took := time.Since(began)
					most.took, least = max(most.took, took), min(least, took)
					require.NoError(b, s.Close())
				}
				got := q.put(b, c, evidence.Now(evidence.Public))
				require.LessOrEqual(b, min(least, got.took), within, q.name)
				require.LessOrEqual(b, got.bytes, uint64(512<<20), "memory of %s", q.name)
				b.ReportMetric(float64(most.took.Milliseconds()), "ms-most")
				b.ReportMetric(float64(got.calls), "trips")
				b.ReportMetric(float64(got.edges), "links")
				b.ReportMetric(float64(got.bytes>>20), "MB")
			})
		}
		head, err := st.Head(b.Context())
		require.NoError(b, err)
		for name, known := range map[string]evidence.Sequence{"then": head.Sequence - 1, "long ago": head.Sequence / 2} {
			for _, q := range questions() { // how long it takes is told, and not held
				b.Run(name+"/"+q.name, func(b *testing.B) {
					var got spent
					for b.Loop() {
						got = q.put(b, &counted{Store: st}, evidence.View{Clearance: evidence.Public, KnownAt: known})
					}
					require.LessOrEqual(b, got.bytes, uint64(512<<20), "memory of %s", q.name)
					b.ReportMetric(float64(got.calls), "trips")
					b.ReportMetric(float64(got.edges), "links")
				})
			}
		}
	}
	b.Run("embedded", func(b *testing.B) { run(b, worstCase(b, full), time.Second) })
	b.Run("neo4j", func(b *testing.B) {
		if os.Getenv(neo4jtest.URIVariable) == "" {
			b.Skip("set " + neo4jtest.URIVariable + " to a Neo4j that may be emptied")
		}
		st, err := neo4j.Open(b.Context(), neo4jtest.Fresh(b), neo4j.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, st.Close()) })
		full.load(b, st)
		require.NoError(b, st.Warm(b.Context()))
		run(b, st, 2*time.Second)
	})
}
