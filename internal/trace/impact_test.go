package trace_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestImpactIsWhatLeavingTheCitationsOutGives writes random evidence with and
// without the citations of some sources, and compares what the one graph says
// would become of each claim with what became of it in the other.
func TestImpactIsWhatLeavingTheCitationsOutGives(t *testing.T) {
	checkRandomly(t, 80, func(r *rapid.T) {
		levels := []string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL"}
		var sources []evidence.ID
		shared := []evidence.Change{person("p1", "Uno"), person("p2", "Dos")}
		for n := range rapid.IntRange(1, 6).Draw(r, "sources") {
			c := news(evidence.ID(fmt.Sprint("s", n)))
			c.PutSource.Reliability = evidence.Of(rapid.SampledFrom([]string{"A", "B", "C", "D", "E", "F"}).Draw(r, "reliability"))
			c.PutSource.Clearance = evidence.Of(rapid.SampledFrom(levels).Draw(r, "clearance"))
			if n > 0 && rapid.Bool().Draw(r, "derived") {
				c.PutSource.DerivedFrom = evidence.Of(rapid.SliceOfNDistinct(rapid.SampledFrom(sources), 1, min(2, n), rapid.ID[evidence.ID]).Draw(r, "from"))
			}
			sources = append(sources, c.PutSource.ID)
			shared = append(shared, c)
		}
		without := rapid.SliceOfN(rapid.SampledFrom(sources), 1, 2).Draw(r, "without")
		view := evidence.Clearance(rapid.IntRange(0, 2).Draw(r, "view")) //nolint:gosec // 0 to 2

		whole, left := newGraph(t), newGraph(t)
		whole.write(shared...)
		left.write(shared...)
		var claims []evidence.ID
		citing := map[evidence.ID]bool{} // claims that cite a source to withdraw, in sight
		visible, err := whole.at(view).Sources(t.Context(), sources)
		require.NoError(r, err)
		for n := range rapid.IntRange(1, 5).Draw(r, "claims") {
			id := evidence.ID(fmt.Sprint("l", n))
			claims = append(claims, id)
			var all, rest []evidence.NewCitation
			for i := range rapid.IntRange(1, 5).Draw(r, "citations") {
				c := cited(evidence.ID(fmt.Sprint(id, "-c", i)), rapid.SampledFrom(sources).Draw(r, "source"), rapid.SampledFrom([]string{"SUPPORTS", "SUPPORTS", "DISPUTES", "MENTIONS"}).Draw(r, "stance"))
				c.Locator = fmt.Sprint("p. ", i)
				c.Credibility = rapid.IntRange(1, 6).Draw(r, "credibility")
				if i == 0 {
					c.Stance = "SUPPORTS"
				}
				all = append(all, c)
				if slices.Contains(without, c.Source) {
					citing[id] = citing[id] || visible[c.Source] != nil
				} else {
					rest = append(rest, c)
				}
			}
			whole.write(linked(id, "p1", "p2", all...))
			if slices.ContainsFunc(rest, func(c evidence.NewCitation) bool { return c.Stance == "SUPPORTS" }) {
				left.write(linked(id, "p1", "p2", rest...))
			}
		}

		before, err := whole.at(view).Claims(t.Context(), claims)
		require.NoError(r, err)
		after, err := left.at(view).Claims(t.Context(), claims)
		require.NoError(r, err)
		got, err := whole.at(view).SourceImpact(t.Context(), without)
		require.NoError(r, err)
		require.False(r, got.Truncated)
		told := map[evidence.ID]trace.Impact{}
		for _, i := range got.All {
			told[i.Claim] = i
		}
		lost, weakened := 0, 0
		for _, id := range claims {
			i, listed := told[id]
			require.Equal(r, before[id] != nil && citing[id], listed, id)
			if !listed {
				continue
			}
			require.Equal(r, after[id] == nil, i.Lost, id)
			strength := 0
			if after[id] != nil {
				strength = int(after[id].Level.Strength)
				require.Equal(r, int(after[id].Level.Lineages), i.Lineages, id)
			} else {
				lost++
			}
			require.Equal(r, strength, i.Strength, id)
			require.Equal(r, int(before[id].Level.Strength)-strength, i.Weakening, id)
			if after[id] != nil && i.Weakening > 0 {
				weakened++
			}
		}
		require.Len(r, got.All, len(told))
		require.True(r, slices.IsSortedFunc(got.All, func(a, b trace.Impact) int {
			if a.Lost != b.Lost {
				return map[bool]int{true: -1, false: 1}[a.Lost]
			}
			return cmp.Or(cmp.Compare(b.Weakening, a.Weakening), cmp.Compare(a.Claim, b.Claim))
		}), "those lost first, then those that weaken most")
		require.Equal(r, lost, got.Lost)
		require.Equal(r, weakened, got.Weakened)
		require.Equal(r, len(got.All), got.Lost+got.Weakened+got.Unchanged)
	})
}

// TestImpactReadsWhatIsLeft counts what is read of claims that cite nothing else than
// what is withdrawn: their citations of that, and they themselves, once.
func TestImpactReadsWhatIsLeft(t *testing.T) {
	st := model.New()
	g := &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
	const alone = 50
	changes := []evidence.Change{news("s1"), news("s2"), person("p1", "Uno"), person("p2", "Dos")}
	for n := range alone {
		id := evidence.ID(fmt.Sprint("l", n))
		changes = append(changes, linked(id, "p1", "p2", cited(id+"-c", "s1", "SUPPORTS")))
	}
	changes = append(changes, linked("m1", "p1", "p2", cited("m1-c1", "s1", "SUPPORTS"), cited("m1-c2", "s2", "SUPPORTS")))
	g.write(changes...)
	h := &hasty{Store: st}
	s := open(t, h, evidence.Now(evidence.Public))
	defer s.Close() //nolint:errcheck // nothing was written
	before := h.read
	got, err := s.SourceImpact(t.Context(), []evidence.ID{"s1"})
	require.NoError(t, err)
	require.Equal(t, alone, got.Lost)
	require.Len(t, got.All, alone+1)
	require.Equal(t, 2*(alone+1)+3, h.read-before, "with two citations of the last one and the source that is left")
}

// TestImpactIsWithinTheBudgetOfAWalk asks for more than may be read, of the sources, of
// what else is cited, and of the past, where each citation has to be judged.
func TestImpactIsWithinTheBudgetOfAWalk(t *testing.T) {
	const claims, budget = 300, 100
	st := model.New()
	g := &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
	changes := []evidence.Change{news("alone"), news("beside"), news("other"), person("p1", "Uno"), person("p2", "Dos")}
	for n := range claims {
		id := evidence.ID(fmt.Sprint("l", n))
		changes = append(changes, linked("a"+id, "p1", "p2", cited("a"+id+"-c", "alone", "SUPPORTS")))
		if n < budget-1 {
			others := []evidence.NewCitation{cited("b"+id+"-c", "beside", "SUPPORTS")}
			for i := range 5 {
				other := cited(evidence.ID(fmt.Sprint("b", id, "-o", i)), "other", "SUPPORTS")
				other.Locator = fmt.Sprint("p. ", i)
				others = append(others, other)
			}
			changes = append(changes, linked("b"+id, "p1", "p2", others...))
		}
	}
	g.write(changes...)
	g.write(news("later"))
	for _, c := range []struct {
		name       string
		now, past  int // the budgets
		view       evidence.View
		of         evidence.ID
		most, told int
	}{
		{"all", 1000, 1000, evidence.Now(evidence.Public), "alone", 3 * claims, claims},
		{"the sources", budget, 1000, evidence.Now(evidence.Public), "alone", 3 * budget, budget},
		{"what else is cited", budget, 1000, evidence.Now(evidence.Public), "beside", 4 * budget, budget / 6},
		{"the past", 1000, budget, evidence.View{Clearance: evidence.Public, KnownAt: 1}, "alone", 8 * budget, budget},
	} {
		t.Run(c.name, func(t *testing.T) {
			trace.LowerBudgets(t, c.now, 1_000_000)
			trace.LowerPast(t, c.past)
			h := &hasty{Store: st}
			s := open(t, h, c.view)
			defer s.Close() //nolint:errcheck // nothing was written
			before := h.read
			got, err := s.SourceImpact(t.Context(), []evidence.ID{c.of})
			require.NoError(t, err)
			require.Len(t, got.All, c.told)
			require.Equal(t, c.told < claims, got.Truncated)
			require.LessOrEqual(t, h.read-before, c.most)
		})
	}
}
