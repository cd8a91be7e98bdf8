package trace_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// manyNamed gives some people so many long aliases each, of the same few words. The
// first two have their last alias in common.
func manyNamed(people, aliases int) []evidence.Change {
	random := rand.New(rand.NewPCG(1, 2))
	alias := func() string {
		var b strings.Builder
		for b.Len() < 480 {
			n := random.IntN(400)
			fmt.Fprintf(&b, "%c%c%cquetzalcoatl ", 'a'+n%20, 'a'+n/20, 'b')
		}
		return strings.TrimSpace(b.String())
	}
	shared := alias()
	changes := make([]evidence.Change, people)
	for i := range people {
		given := make([]string, aliases)
		for j := range given {
			given[j] = alias()
		}
		if i < 2 {
			given[aliases-1] = shared
		}
		changes[i] = called(evidence.ID(fmt.Sprintf("big%d", i)), "PERSON", fmt.Sprintf("Ramírez %c", 'A'+i), given...)
	}
	return changes
}

// TestDuplicatesOfManyNamesEnd compares a thousand names of each with a thousand of
// each other, which took minutes.
func TestDuplicatesOfManyNamesEnd(t *testing.T) {
	g := newGraph(t)
	g.write(manyNamed(6, 990)...)
	s := g.at(evidence.Public)
	began := time.Now()
	found, cut, err := s.Duplicates(t.Context(), "big0")
	require.NoError(t, err)
	require.Equal(t, trace.CutSteps, cut)
	require.NotEmpty(t, found)
	require.Equal(t, evidence.ID("big1"), found[0].Entity.ID, "the alias that both have is found all the same")
	require.Equal(t, []string{"SAME_NAME"}, codes(found[0]))
	page, pairs, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.Equal(t, trace.CutSteps, cut)
	require.NotEmpty(t, pairs)
	require.Less(t, len(page.Items), 6)
	require.True(t, page.HasNext)
	require.Less(t, time.Since(began), 2*time.Minute) // with the race detector, on a busy machine
}

// TestPagesOfDuplicatesAreGoneOnFrom goes through all, a few entities at a time where
// the effort is enough for no more, and finds what is found at once.
func TestPagesOfDuplicatesAreGoneOnFrom(t *testing.T) {
	g := newGraph(t)
	var changes []evidence.Change
	for i := range 12 {
		changes = append(changes, called(evidence.ID(fmt.Sprintf("p%02d", i)), "PERSON", "Juan Ramírez Solís", fmt.Sprintf("El Güero %d", i/3)))
	}
	g.write(changes...)
	s := g.at(evidence.Public)
	told := func(pairs []trace.Pair) (all []string) {
		for _, p := range pairs {
			all = append(all, fmt.Sprintf("%s %s %d %v", p.A.ID, p.B.ID, p.Score, p.Reasons))
		}
		return all
	}
	_, whole, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Len(t, whole, 66)

	trace.LowerLikeness(t, 1_200, 1_000_000) // for two entities
	twelve := 12
	for name, a := range map[string]trace.PageArgs{"forwards": {First: &twelve}, "backwards": {Last: &twelve}} {
		t.Run(name, func(t *testing.T) {
			var all []trace.Pair
			pages := 0
			for more := true; more; pages++ {
				require.Less(t, pages, 12)
				page, pairs, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, a)
				require.NoError(t, err)
				require.NotEmpty(t, page.Items)
				all = append(all, pairs...)
				if name == "forwards" {
					more, a.After = page.HasNext, page.End
				} else {
					more, a.Before = page.HasPrevious, page.Start
				}
				if more {
					require.Equal(t, trace.CutSteps, cut)
				}
			}
			require.Greater(t, pages, 2)
			require.ElementsMatch(t, told(whole), told(all))
		})
	}
}

// TestDuplicatesEndWhereMuchWasRead has people with the same words in their names,
// all of whom are read for each of them.
func TestDuplicatesEndWhereMuchWasRead(t *testing.T) {
	g := newGraph(t)
	var changes []evidence.Change
	for i := range 12 {
		changes = append(changes, called(evidence.ID(fmt.Sprintf("p%02d", i)), "PERSON", "Juan Ramírez Solís"))
	}
	g.write(changes...)
	s := g.at(evidence.Public)
	_, whole, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Len(t, whole, 66)
	trace.LowerReading(t, 3*3*12) // three words of three people
	var all []trace.Pair
	first := 12
	for a := (trace.PageArgs{First: &first}); ; {
		page, pairs, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, a)
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		all = append(all, pairs...)
		if !page.HasNext {
			require.Empty(t, cut)
			break
		}
		require.Equal(t, trace.CutSteps, cut)
		a.After = page.End
	}
	require.ElementsMatch(t, whole, all)
}

// TestDuplicatesOfAFilteredListTellOfThoseOutsideIt which come up nowhere else.
func TestDuplicatesOfAFilteredListTellOfThoseOutsideIt(t *testing.T) {
	g := newGraph(t)
	mexican, other := called("b1", "PERSON", "Juan Salgado Ruiz"), called("c1", "PERSON", "Juan Salgado Ruiz", "El Tío")
	mexican.PutEntity.Country, other.PutEntity.Country = evidence.Of("MX"), evidence.Of("MX")
	other.PutEntity.Description = evidence.Of("A tailor.")
	g.write(called("a1", "PERSON", "Juan Salgado Ruiz"), mexican, other)
	pairs := func(f trace.EntityFilter) (all []string) {
		_, found, _, err := g.at(evidence.Public).AllDuplicates(t.Context(), f, trace.PageArgs{})
		require.NoError(t, err)
		for _, p := range found {
			all = append(all, fmt.Sprintf("%s %s", p.A.ID, p.B.ID))
		}
		return all
	}
	require.Equal(t, []string{"a1 b1", "a1 c1", "b1 c1"}, pairs(trace.EntityFilter{}))
	require.Equal(t, []string{"a1 b1", "a1 c1", "b1 c1"}, pairs(trace.EntityFilter{Country: "MX"}))
	require.Equal(t, []string{"a1 c1", "b1 c1"}, pairs(trace.EntityFilter{Text: "tailor"}))
	require.Equal(t, []string{"a1 b1", "a1 c1", "b1 c1"}, pairs(trace.EntityFilter{Kinds: []string{"PERSON"}, Text: "salgado"}))
}

// TestDuplicatesAreFoundFromEither of the two, whichever has the longer name.
func TestDuplicatesAreFoundFromEither(t *testing.T) {
	g := newGraph(t)
	for i, name := range []string{"NDAC", "NDA", "Iris", "Iri", "Casarr", "Cas", "Ñuu", "Ñu"} {
		g.write(called(evidence.ID(fmt.Sprintf("e%d", i)), "PERSON", name))
	}
	s := g.at(evidence.Public)
	for i := range 8 {
		found, cut, err := s.Duplicates(t.Context(), evidence.ID(fmt.Sprintf("e%d", i)))
		require.NoError(t, err)
		require.Empty(t, cut)
		require.Len(t, found, 1, i)
		require.Equal(t, evidence.ID(fmt.Sprintf("e%d", i^1)), found[0].Entity.ID)
	}
}

// TestWhatIsTheSameIsFoundWithoutEffort has nothing left for names that are only alike.
func TestWhatIsTheSameIsFoundWithoutEffort(t *testing.T) {
	g := newGraph(t)
	g.write(called("a", "PERSON", "Enrique Peña Nieto"), called("b", "PERSON", "Peña Nieto, Enrique"), called("c", "PERSON", "Otro", "ENRIQUE PENA NIETO"),
		called("d", "PERSON", "Enrique Peña Nietto"), called("u", "MILITARY_UNIT", "XXVII Batallón de Infantería"))
	s := g.at(evidence.Public)
	ids := func(name string) (all []evidence.ID, cut trace.Cut) {
		found, cut, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		for _, c := range found {
			all = append(all, c.Entity.ID)
		}
		return all, cut
	}
	all, cut := ids("Enrique Peña Nieto")
	require.Equal(t, []evidence.ID{"a", "c", "b", "d"}, all)
	require.Empty(t, cut)

	trace.LowerLikeness(t, 10_000, 0)
	all, cut = ids("Enrique Peña Nieto")
	require.Equal(t, []evidence.ID{"a", "c", "b"}, all)
	require.Equal(t, trace.CutSteps, cut)
	all, _ = ids("27 BI")
	require.Equal(t, []evidence.ID{"u"}, all)
	trace.LowerLikeness(t, 0, 0)
	all, cut = ids("Enrique Peña Nieto")
	require.Empty(t, all)
	require.Equal(t, trace.CutSteps, cut)
}
