package trace_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestWhoHasExactlyTheNameIsFoundAmongManyLikeIt asks for each of many names of few
// words, of which more begin alike than are compared.
func TestWhoHasExactlyTheNameIsFoundAmongManyLikeIt(t *testing.T) {
	const people, asked = 2500, 150
	trace.LowerMatched(t, 60)
	words := []string{"Juan", "Juana", "José", "García", "Garza", "Ruiz", "de la", "Peña", "2nd", "Army", "Air", "Defense", "Ministry"}
	random := rand.New(rand.NewPCG(3, 4))
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	g := &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
	byName := map[string][]evidence.ID{}
	name := map[evidence.ID]string{}
	var changes []evidence.Change
	for i := range people {
		parts := make([]string, 1+random.IntN(4))
		for j := range parts {
			parts[j] = words[random.IntN(len(words))]
		}
		id, text := evidence.ID(fmt.Sprintf("p%04d", i)), strings.Join(parts, " ")
		name[id] = text
		byName[names.Fold(text)] = append(byName[names.Fold(text)], id)
		if changes = append(changes, person(id, text)); len(changes) == 500 {
			g.write(changes...)
			changes = nil
		}
	}
	has := func(found []trace.Candidate, id evidence.ID) bool {
		return slices.ContainsFunc(found, func(c trace.Candidate) bool { return c.Entity.ID == id && c.Score >= 950 })
	}
	s := g.at(evidence.Public)
	twins := 0
	for range asked {
		id := evidence.ID(fmt.Sprintf("p%04d", random.IntN(people)))
		found, _, err := s.Match(t.Context(), name[id], "PERSON", nil)
		require.NoError(t, err)
		require.NotEmpty(t, found, name[id])
		require.Equal(t, names.Fold(name[id]), names.Fold(found[0].Entity.Names[0].Text))
		same := byName[names.Fold(name[id])]
		if len(same) > 1 && len(same) < 30 {
			twins++
			found, _, err := s.Duplicates(t.Context(), same[0])
			require.NoError(t, err)
			require.True(t, has(found, same[1]), "%s: %s", name[id], same[1])
		}
	}
	require.Greater(t, twins, 20)
}

// TestANameThatBeginsManyOthersIsFound has no word by which it differs from those.
func TestANameThatBeginsManyOthersIsFound(t *testing.T) {
	trace.LowerMatched(t, 100)
	g := newGraph(t)
	var changes []evidence.Change
	for i := range 400 {
		changes = append(changes, person(evidence.ID(fmt.Sprintf("a%03d", i)), fmt.Sprintf("Juan García %c%c", 'A'+i%20, 'a'+i/20)))
	}
	g.write(append(changes, person("z1", "Juan García"), called("z2", "PERSON", "Juan Garcia", "El Tío"))...)
	s := g.at(evidence.Public)
	found, cut, err := s.Match(t.Context(), "juan garcía", "", nil)
	require.NoError(t, err)
	require.Equal(t, trace.CutFanOut, cut)
	require.Equal(t, []evidence.ID{"z1", "z2"}, []evidence.ID{found[0].Entity.ID, found[1].Entity.ID})
	found, _, err = s.Duplicates(t.Context(), "z1")
	require.NoError(t, err)
	require.Equal(t, evidence.ID("z2"), found[0].Entity.ID)
	found, _, err = s.Match(t.Context(), "El Tío, Juan García", "", nil)
	require.NoError(t, err)
	require.NotEmpty(t, found)
}

// TestInitialsAreFoundByTheNameTheyStandFor and the other way round.
func TestInitialsAreFoundByTheNameTheyStandFor(t *testing.T) {
	g := newGraph(t)
	g.write(called("long", "PERSON", "Enrique Peña Nieto"), called("short", "PERSON", "E.P.N."), called("two", "PERSON", "Enrique Nieto"), called("other", "PERSON", "Pedro Nava Enríquez"))
	s := g.at(evidence.Public)
	for _, name := range []string{"EPN", "E.P.N."} {
		found, cut, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.Empty(t, cut)
		require.Equal(t, []evidence.ID{"short", "long"}, []evidence.ID{found[0].Entity.ID, found[1].Entity.ID})
		require.Equal(t, []string{"INITIALS"}, codes(found[1]))
		require.Len(t, found, 2)
	}
	for of, other := range map[evidence.ID]evidence.ID{"long": "short", "short": "long"} {
		found, cut, err := s.Duplicates(t.Context(), of)
		require.NoError(t, err)
		require.Empty(t, cut)
		require.True(t, slices.ContainsFunc(found, func(c trace.Candidate) bool { return c.Entity.ID == other && codes(c)[0] == "INITIALS" }), of)
	}
}

// TestAUsualDesignationIsLookedForAsAWhole has more ways to be written than there are
// words that are looked for.
func TestAUsualDesignationIsLookedForAsAWhole(t *testing.T) {
	g := newGraph(t)
	g.write(called("a", "MILITARY_UNIT", "2a Compañía del 27 Batallón de Infantería, 35 Zona Militar, Iguala, Guerrero"), called("b", "MILITARY_UNIT", "1er Regimiento"),
		called("c", "MILITARY_UNIT", "Second Company, Twenty-Seventh Infantry Battalion, Thirty-Fifth Military Zone, Iguala, Guerrero"),
		called("many", "PERSON", "Uno", "Ana Bela Cora", "Dina Elsa Fina", "Gina Hana Inés", "Jana Kira Lara", "Mara Nora Olga", "Pura Quin Rita", "Sara Tina Ursa"))
	s := g.at(evidence.Public)
	found, cut, err := s.Duplicates(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Len(t, found, 1)
	require.Equal(t, []string{"UNIT"}, codes(found[0]))
	found, cut, err = s.Duplicates(t.Context(), "many")
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Empty(t, found)
}

// TestDuplicatesAreFoundFromBothSides of pairs of random names of words that are told
// apart in many ways.
func TestDuplicatesAreFoundFromBothSides(t *testing.T) {
	words := []string{
		"Juan", "José", "E.", "Enrique", "Peña", "Pena", "Nieto", "y", "de", "la", "Ruiz", "Ruíz", "Mario", "M.", "S.", "Salgado", "27", "27º", "Batallón", "de Infantería", "27BI", "Región Militar", "V",
		"Vigésimo Séptimo", "35", "Zona Militar", "EPN", "E.N.P.", "PEN", "Al", "Abel", "Juanito", "Jua", "Salgada", "O'Reilly", "Reilly", "d'Artagnan", "Cucky", "Chucky", "Gurrero", "Guerrero",
	}
	const people = 25
	id := func(i int) evidence.ID { return evidence.ID(fmt.Sprintf("p%02d", i)) }
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 1))
		name := func() string {
			parts := make([]string, 1+random.IntN(3))
			for i := range parts {
				parts[i] = words[random.IntN(len(words))]
			}
			return strings.Join(parts, " ")
		}
		g := newGraph(t)
		for i := range people {
			c := called(id(i), "PERSON", name())
			if random.IntN(3) == 0 {
				c.PutEntity.Aliases = evidence.Of([]string{name(), name()})
			}
			g.write(c)
		}
		s := g.at(evidence.Public)
		score := map[[2]evidence.ID]int{}
		why := map[[2]evidence.ID][]trace.Reason{}
		for i := range people {
			found, cut, err := s.Duplicates(t.Context(), id(i))
			require.NoError(t, err)
			require.Empty(t, cut)
			for _, c := range found {
				score[[2]evidence.ID{id(i), c.Entity.ID}] = c.Score
				why[[2]evidence.ID{id(i), c.Entity.ID}] = c.Reasons
			}
		}
		_, pairs, cut, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
		require.NoError(t, err)
		require.Empty(t, cut)
		require.Len(t, pairs, len(score)/2, "seed %d", seed)
		for pair, n := range score {
			require.Equal(t, n, score[[2]evidence.ID{pair[1], pair[0]}], "seed %d: %v %v", seed, pair, why[pair])
		}
	}
}

// merged has a person absorb others.
func merged(into evidence.ID, absorbed ...evidence.ID) (all []evidence.Change) {
	for _, id := range absorbed {
		all = append(all, evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: id, Into: into, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}})
	}
	return all
}

func unidentified(id evidence.ID, name string) evidence.Change {
	c := person(id, name)
	c.PutEntity.Identity = evidence.Of("UNIDENTIFIED")
	return c
}

// TestAPersonIsFoundByTheNameOfThePlaceholderTheyTurnedOutToBe also where there are
// more placeholders of that name than are read.
func TestAPersonIsFoundByTheNameOfThePlaceholderTheyTurnedOutToBe(t *testing.T) {
	for _, others := range []int{1, 200} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			trace.LowerMatched(t, 100)
			trace.LowerCandidates(t, 100, 150)
			g := newGraph(t)
			g.write(news("s"), unidentified("a-ph", "Coronel sin nombre"), person("real", "José Rodríguez"), person("z", "Coronel Sinaloa"),
				unidentified("a-other", "Coronel sin nombre"), person("peer", "Coronel sin Nombre"))
			for i := range others {
				g.write(unidentified(evidence.ID(fmt.Sprintf("n%03d", i)), "Coronel sin nombre"))
			}
			g.write(merged("real", "a-ph")...)
			s := g.at(evidence.Public)
			hits, cut, err := s.Search(t.Context(), trace.SearchQuery{Text: "coronel sin nombre"}, trace.PageArgs{})
			require.NoError(t, err)
			var got []evidence.ID
			for _, hit := range hits.Items {
				got = append(got, hit.Node.Entity.ID)
			}
			require.ElementsMatch(t, []evidence.ID{"peer", "real"}, got)
			require.Equal(t, others > 150, cut != "")
			found, _, err := s.Match(t.Context(), "Coronel sin nombre", "", nil)
			require.NoError(t, err)
			require.Equal(t, []evidence.ID{"peer", "real"}, []evidence.ID{found[0].Entity.ID, found[1].Entity.ID})
			for of, other := range map[evidence.ID]evidence.ID{"peer": "real", "real": "peer"} {
				found, _, err := s.Duplicates(t.Context(), of)
				require.NoError(t, err)
				require.NotEmpty(t, found, of)
				require.Equal(t, other, found[0].Entity.ID)
			}
		})
	}
}

// TestWhatAPlaceholderWasCalledPairsBothSides where one of the two has absorbed it.
func TestWhatAPlaceholderWasCalledPairsBothSides(t *testing.T) {
	g := newGraph(t)
	g.write(news("s"), person("a", "Juan Ruiz"), person("b", "Pedro Sol"), unidentified("c", "Juan Ruiz Peña"))
	g.write(merged("b", "c")...)
	s := g.at(evidence.Public)
	for of, other := range map[evidence.ID]evidence.ID{"a": "b", "b": "a"} {
		found, _, err := s.Duplicates(t.Context(), of)
		require.NoError(t, err)
		require.Len(t, found, 1, of)
		require.Equal(t, other, found[0].Entity.ID)
	}
	_, pairs, _, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.Len(t, pairs, 1)
}

// TestASlipAtTheBeginningOfAWordIsForgiven where it is all that is asked for.
func TestASlipAtTheBeginningOfAWordIsForgiven(t *testing.T) {
	g := newGraph(t)
	g.write(called("chucky", "PERSON", "El Chucky"), called("guerrero", "PLACE", "Guerrero"), called("cisen", "ORGANIZATION", "CISEN"), called("isssam", "ORGANIZATION", "ISSSAM"),
		called("other", "PERSON", "Carlos Cisneros"))
	ask := func(entries int) {
		trace.LowerCandidates(t, 100, entries)
		s := g.at(evidence.Public)
		for name, want := range map[string]evidence.ID{"Gurrero": "guerrero", "CIESN": "cisen", "ISSAM": "isssam", "El Cucky": "chucky"} {
			if entries < 5 && want == "chucky" {
				continue // of which but one letter is right
			}
			found, _, err := s.Match(t.Context(), name, "", nil)
			require.NoError(t, err)
			require.NotEmpty(t, found, name)
			require.Equal(t, want, found[0].Entity.ID)
			require.Equal(t, []string{"SIMILAR"}, codes(found[0]))
		}
	}
	ask(100)
	ask(3) // fewer than begin with a "c", so that two letters have to be right
}

// TestWhatIsReadOnceForAPageStaysAsItWas has acronyms of the same letters.
func TestWhatIsReadOnceForAPageStaysAsItWas(t *testing.T) {
	g := newGraph(t)
	g.write(called("a1", "PERSON", "ABC"), called("a2", "PERSON", "ADE"), called("b", "PERSON", "Ana Bravo Cano"), called("c", "PERSON", "Ana Duarte Elena"), called("d", "PERSON", "Aldo Bernal"))
	_, pairs, _, err := g.at(evidence.Public).AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	var got []string
	for _, p := range pairs {
		got = append(got, fmt.Sprintf("%s %s", p.A.ID, p.B.ID))
	}
	require.ElementsMatch(t, []string{"a1 b", "a2 c"}, got)
}

// TestWordsThatManyOfAPageHaveAreLookedForOnce counts the round trips for people who
// share surnames.
func TestWordsThatManyOfAPageHaveAreLookedForOnce(t *testing.T) {
	c := &counted{Store: model.New()}
	var changes []evidence.Change
	const people = 20
	for i := range people {
		changes = append(changes, person(evidence.ID(fmt.Sprintf("p%02d", i)), []string{"Juan", "Ana", "José", "Inés"}[i%4]+" García Peña"))
	}
	_, err := storetest.Apply(t.Context(), c, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
	require.NoError(t, err)
	s := open(t, c, evidence.Now(evidence.Public))
	c.reset()
	_, pairs, _, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.NotEmpty(t, pairs)
	// The neighbours and the dates are each entity's own.
	require.LessOrEqual(t, c.calls, 20+4*people)
}
