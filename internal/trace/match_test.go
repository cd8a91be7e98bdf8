package trace_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

func called(id evidence.ID, kind, name string, aliases ...string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(name), Aliases: evidence.Of(aliases)}}
}

var note = evidence.Change{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}

func codes(c trace.Candidate) (all []string) {
	for _, r := range c.Reasons {
		all = append(all, r.Code)
	}
	return all
}

func TestMatchKnowsInitialsInEitherOrder(t *testing.T) {
	g := newGraph(t)
	g.write(called("epn", "PERSON", "Enrique Peña Nieto"), called("cruz", "PERSON", "José de la Cruz"), called("gasset", "PERSON", "José Ortega y Gasset"),
		called("old", "MILITARY_UNIT", "XXVII Batallón de Infantería"), called("other", "MILITARY_UNIT", "28 Batallón de Infantería"), called("chucky", "PERSON", "Mateo Benítez", "El Chucky", "***"))
	s := g.at(evidence.Public)
	for name, want := range map[string]evidence.ID{
		"E. Peña Nieto": "epn", "Peña Nieto, E.": "epn", "E. Peña": "epn", "E. P. N.": "epn", "J. de la Cruz": "cruz", "Cruz, J. de la": "cruz",
		"J. Ortega y Gasset": "gasset", "27 BI": "old", "27th Infantry Battalion": "old", "27º Batallón de Infantería": "old",
	} {
		got, cut, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.Empty(t, cut)
		require.NotEmpty(t, got, name)
		require.Equal(t, want, got[0].Entity.ID, name)
		require.Contains(t, []string{"INITIALS", "UNIT"}, got[0].Reasons[0].Code, name)
	}
	for _, name := range []string{"F. Peña Nieto", "Nieto Peña, J.", "N. P. E.", "E. Peña López"} {
		got, _, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		for _, c := range got {
			require.NotContains(t, codes(c), "INITIALS", "%s: %v", name, c.Reasons)
		}
	}
	g.write(called("ruiz", "PERSON", "José Ruiz"), called("enrique", "PERSON", "Enrique Ruiz"))
	s = g.at(evidence.Public)
	for _, name := range []string{"E. Ruiz", "Ruiz, E."} {
		got, _, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.Equal(t, evidence.ID("enrique"), got[0].Entity.ID)
		require.Equal(t, []string{"INITIALS"}, codes(got[0]), name)
		for _, c := range got[1:] {
			require.Less(t, c.Score, got[0].Score, "%s: %v", name, c.Reasons)
			require.NotContains(t, codes(c), "NAME_WITHIN", "an initial is no stop word: %v", c.Reasons)
		}
	}
	got, _, err := s.Match(t.Context(), "el chucky", "", nil)
	require.NoError(t, err)
	require.Contains(t, got[0].Reasons[0].Detail, "is an alias")
}

// TestAnInitialStandsForAWordThatIsNotWrittenOut asks for one of several who share
// surnames: "S." is not for the Salgado that stands beside it.
func TestAnInitialStandsForAWordThatIsNotWrittenOut(t *testing.T) {
	g := newGraph(t)
	g.write(called("mario", "PERSON", "Mario Casarrubias Salgado"), called("sidronio", "PERSON", "Sidronio Casarrubias Salgado"), called("silvia", "PERSON", "Silvia Casarrubias Salgao"),
		called("guadalupe", "PERSON", "Guadalupe Peña García"), called("luis", "PERSON", "José Luis Peña García"), called("juan", "PERSON", "Juan García-Pérez"),
		called("mateo", "PERSON", "José Mateo Benítez"), called("carlos", "PERSON", "José Carlos Benítez"), called("short", "PERSON", "Tadeo Altamirano"))
	s := g.at(evidence.Public)
	for name, want := range map[string][]evidence.ID{
		"S. Casarrubias Salgado":  {"sidronio", "silvia"},
		"Casarrubias Salgado, S.": {"sidronio", "silvia"},
		"M. Casarrubias Salgado":  {"mario"},
		"C. Casarrubias Salgado":  nil,
		"M. Casarrubia Salgado":   {"mario"},
		"G. Peña García":          {"guadalupe"},
		"J. Peña García":          {"luis"},
		"P. Peña García":          nil,
		"José M. Benítez":         {"mateo"},
		"José C. Benites":         {"carlos"},
		"T. Altamirano Vega":      {"short"},
	} {
		found, _, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		var got []evidence.ID
		for _, c := range found {
			got = append(got, c.Entity.ID)
		}
		require.Equal(t, want, got, name)
	}
}

// TestNumberedUnitsOfUnitsAreTheirNumbers has units that change places: the same
// words, but other units.
func TestNumberedUnitsOfUnitsAreTheirNumbers(t *testing.T) {
	g := newGraph(t)
	g.write(called("b1d2", "MILITARY_UNIT", "1st Brigade, 2nd Division"), called("b2d1", "MILITARY_UNIT", "2nd Brigade, 1st Division"),
		called("bn2", "MILITARY_UNIT", "II Batallón de la 11 Brigada"), called("bn11", "MILITARY_UNIT", "XI Batallón de la 2 Brigada"),
		called("sixth", "MILITARY_UNIT", "6th Bde, 64th Bn"), called("sfm", "MILITARY_UNIT", "64th Bn, 6th Bde"),
		called("both", "MILITARY_UNIT", "3rd Brigade, 4th Division", "4th Brigade, 3rd Division"), called("turned", "MILITARY_UNIT", "3rd Division, 4th Brigade"))
	s := g.at(evidence.Public)
	told := func(found []trace.Candidate, _ trace.Cut, err error) (all []string) {
		require.NoError(t, err)
		for _, c := range found {
			all = append(all, fmt.Sprintf("%s %d %v", c.Entity.ID, c.Score, codes(c)))
		}
		return all
	}
	require.Equal(t, []string{"b2d1 930 [UNIT]"}, told(s.Match(t.Context(), "2nd Brigade of the 1st Division", "", nil)))
	require.Equal(t, []string{"b1d2 950 [SAME_WORDS]"}, told(s.Match(t.Context(), "2nd Division, 1st Brigade", "", nil)))
	require.Equal(t, []string{"bn2 930 [UNIT]"}, told(s.Match(t.Context(), "2 Batallón, 11 Brigada", "", nil)))
	for _, id := range []evidence.ID{"b1d2", "b2d1", "bn2", "bn11"} {
		require.Empty(t, told(s.Duplicates(t.Context(), id)), id)
	}
	require.Equal(t, []string{"sfm 950 [SAME_WORDS]"}, told(s.Duplicates(t.Context(), "sixth")))
	require.Equal(t, []string{"turned 950 [SAME_WORDS]"}, told(s.Duplicates(t.Context(), "both")))
	require.Equal(t, []string{"both 950 [SAME_WORDS]"}, told(s.Duplicates(t.Context(), "turned")))
}

// TestMatchKnowsTheWaysToWriteUnits finds a unit by each way to write it, whichever
// of them the graph has.
func TestMatchKnowsTheWaysToWriteUnits(t *testing.T) {
	for _, ways := range [][]string{
		{"27 BI", "Batallón de Infantería No. 27", "Batallón de Infantería Núm. 27", "Vigésimo Séptimo Batallón de Infantería", "Vigesimoséptimo Batallón de Infantería", "XXVII Batallón de Infantería", "Twenty-Seventh Infantry Battalion"},
		{"IX Región Militar", "9th Military Region", "Ninth Military Region", "Novena Región Militar", "9 RM", "Región Militar N.º 9"},
		{"V Región Militar", "5 RM", "Fifth Military Region", "Quinta Región Militar"},
		{"Trigésima Quinta Zona Militar", "35 ZM", "35th Military Zone", "Zona Militar No. 35"},
		{"Undécimo Regimiento de Caballería", "11 RC", "XI Regimiento de Caballería", "Décimo Primer Regimiento de Caballería", "Eleventh Cavalry Regiment"},
	} {
		for _, stored := range ways {
			g := newGraph(t)
			g.write(called("unit", "MILITARY_UNIT", stored), called("other", "MILITARY_UNIT", "41 BI"))
			s := g.at(evidence.Public)
			for _, asked := range ways {
				found, cut, err := s.Match(t.Context(), asked, "", nil)
				require.NoError(t, err)
				require.Empty(t, cut)
				require.Len(t, found, 1, "%s for %s", asked, stored)
				require.Equal(t, evidence.ID("unit"), found[0].Entity.ID)
				require.GreaterOrEqual(t, found[0].Score, 930)
			}
		}
	}
}

// TestALongDesignationIsLookedForInAllItsWays has three numbers, each of which may be
// written in many ways.
func TestALongDesignationIsLookedForInAllItsWays(t *testing.T) {
	g := newGraph(t)
	g.write(called("unit", "MILITARY_UNIT", "Third Company, Twenty-Seventh Infantry Battalion, Thirty-Fifth Military Zone"))
	found, cut, err := g.at(evidence.Public).Match(t.Context(), "3 Compañía, 27 Batallón de Infantería, 35 Zona Militar", "", nil)
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Equal(t, []string{"UNIT"}, codes(found[0]))
}

// TestWhoIsNamedAfterAnother is somebody else, unless both names say so.
func TestWhoIsNamedAfterAnother(t *testing.T) {
	g := newGraph(t)
	g.write(called("father", "PERSON", "Juan Solís Rivera"), called("son", "PERSON", "Juan Solís Rivera Jr."), called("widow", "PERSON", "Viuda de Juan Solís Rivera"),
		called("agency", "GOVERNMENT_BODY", "Agencia de Investigación Criminal"))
	first := func(name string) (evidence.ID, int, []string) {
		found, _, err := g.at(evidence.Public).Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.NotEmpty(t, found, name)
		return found[0].Entity.ID, found[0].Score, codes(found[0])
	}
	for name, want := range map[string]evidence.ID{"Juan Solís Rivera": "father", "Juan Solís Rivera, Jr.": "son", "la viuda de Juan Solís Rivera": "widow", "General Juan Solís Rivera": "father"} {
		id, score, _ := first(name)
		require.Equal(t, want, id, name)
		require.GreaterOrEqual(t, score, 850, name)
	}
	_, score, why := first("general de división retirado Juan Solís Rivera")
	require.Equal(t, 899, score)
	require.Equal(t, []string{"NAME_WITHIN"}, why)
	_, score, _ = first("director de la Agencia de Investigación Criminal")
	require.Less(t, score, 899, "an office of a body is not the body")
	found, _, err := g.at(evidence.Public).Match(t.Context(), "hermano de Juan Solís Rivera", "", nil)
	require.NoError(t, err)
	require.Less(t, found[0].Score, 600)
	require.Contains(t, found[0].Reasons[0].Detail, "“hermano”")
}

// matches are the scores and reasons of all entities that a name may mean.
func (g *graph) matches(name string) map[evidence.ID]trace.Candidate {
	g.t.Helper()
	found, _, err := g.at(evidence.Public).Match(g.t.Context(), name, "", nil)
	require.NoError(g.t, err)
	of := map[evidence.ID]trace.Candidate{}
	for _, c := range found {
		of[c.Entity.ID] = c
	}
	return of
}

// TestARankIsOfPersons: what would be one before the name of a person tells forces and
// bodies apart.
func TestARankIsOfPersons(t *testing.T) {
	g := newGraph(t)
	g.write(called("municipal", "POLICE_FORCE", "Municipal Police of Iguala"), called("state", "POLICE_FORCE", "State Police of Iguala"), called("federal", "POLICE_FORCE", "Federal Police of Iguala"),
		called("council", "GOVERNMENT_BODY", "Municipal Government of Guerrero"), called("government", "GOVERNMENT_BODY", "State Government of Guerrero"),
		called("hospital", "ORGANIZATION", "Hospital of Iguala"), called("general", "ORGANIZATION", "General Hospital of Iguala"))
	for name, others := range map[string][]evidence.ID{
		"Municipal Police of Iguala": {"state", "federal"}, "Municipal Government of Guerrero": {"government"}, "General Hospital of Iguala": {"hospital"},
	} {
		for _, other := range others {
			found := g.matches(name)[other]
			require.Less(t, found.Score, 860, "%s is not %s: %v", name, other, found.Reasons)
			for _, r := range found.Reasons {
				require.NotContains(t, r.Detail, "rank", "%s and %s", name, other)
				require.NotEqual(t, "SAME_NAME", r.Code)
			}
		}
	}
	require.Equal(t, "“General Hospital of Iguala” and “General Hospital of Iguala” are the same name", g.matches("General Hospital of Iguala")["general"].Reasons[0].Detail)
}

// TestANameMayLookLikeARank: somebody called Marino is no marine, nor does a surname stop
// to be one where it comes first.
func TestANameMayLookLikeARank(t *testing.T) {
	g := newGraph(t)
	g.write(called("marino", "PERSON", "Marino Pérez Soto"), called("colonel", "PERSON", "Coronel Pérez Soto"), called("luisa", "PERSON", "Luisa María Losada"),
		called("general", "PERSON", "Salvador Cienfuegos Zepeda"))
	require.NotEqual(t, "SAME_NAME", g.matches("Marino Pérez Soto")["colonel"].Reasons[0].Code)
	require.NotContains(t, fmt.Sprint(g.matches("Alcalde Losada, Luisa María")["luisa"].Reasons), "rank")
	require.Equal(t, 899, g.matches("General Cienfuegos Zepeda, Salvador")["general"].Score)
}

// TestWhoIsNamedByAnotherIsSomebodyElse, in whatever way it is said of whom they are a
// relative or whom they serve.
func TestWhoIsNamedByAnotherIsSomebodyElse(t *testing.T) {
	for _, name := range []string{
		"esposa de %s", "hijos de %s", "hermano mayor de %s", "hermana gemela de %s", "hermano político de %s", "cuñada y socia de %s", "familiares de %s", "suplente de %s",
		"brother-in-law of %s", "half-brother of %s", "%s's elder sister", "%s's sons", "parents of %s",
		"jefe de escoltas de %s", "secretario particular de %s", "secretaria de %s", "agente de %s", "jefe de la escolta del general %s", "chief of staff of %s", "hermano del general %s",
	} {
		for _, of := range []string{"Salvador Cienfuegos Zepeda", "General Salvador Cienfuegos Zepeda", "Cienfuegos Zepeda, Salvador"} {
			g := newGraph(t)
			other := fmt.Sprintf(name, "Salvador Cienfuegos Zepeda")
			g.write(called("one", "PERSON", of), called("other", "PERSON", other))
			require.Less(t, g.matches(of)["other"].Score, 600, "%s and %s", of, other)
			found := g.matches(other)
			require.Less(t, found["one"].Score, 600, "%s and %s", other, of)
			require.Equal(t, 1000, found["other"].Score)
		}
	}
	g := newGraph(t)
	g.write(called("one", "PERSON", "Salvador Cienfuegos Zepeda"), called("cross", "PERSON", "José de la Cruz Morales"), called("vicente", "PERSON", "Vicente Guerrero Saldaña"),
		called("secretary", "PERSON", "secretario particular de Salvador Cienfuegos Zepeda"))
	for name, of := range map[string]evidence.ID{
		"secretario de la Defensa Nacional Salvador Cienfuegos Zepeda": "one", "general de división Salvador Cienfuegos Zepeda": "one",
		"coronel José de la Cruz Morales": "cross", "gobernador de Guerrero Vicente Guerrero Saldaña": "vicente",
		"secretario de Salvador Cienfuegos Zepeda": "secretary", "el secretario privado del general Salvador Cienfuegos Zepeda": "secretary",
	} {
		found := g.matches(name)[of]
		require.NotContains(t, fmt.Sprint(found.Reasons), "somebody else", name)
		require.Greater(t, found.Score, 700, name)
	}
	g.write(called("alias", "PERSON", "de la Cruz Morales"), called("inverted", "PERSON", "Cruz Morales, José de la"))
	for id, c := range g.matches("coronel de la Cruz Morales") {
		require.NotContains(t, fmt.Sprint(c.Reasons), "somebody else", id)
	}
}

func TestDuplicatesGoByDates(t *testing.T) {
	born := func(id evidence.ID, of evidence.ID, on string) evidence.Change {
		return evidence.Change{AssertStatement: &evidence.AssertStatement{ID: id, Entity: of, Attribute: "BIRTH_DATE", Value: on, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}}
	}
	event := func(id evidence.ID, on string) evidence.Change {
		c := called(id, "EVENT", "Masacre del vado")
		c.PutEntity.When = evidence.Of(on)
		return c
	}
	g := newGraph(t)
	g.write(note, called("a", "PERSON", "Juan Pérez Solís"), called("b", "PERSON", "Juan Pérez Solís"), called("c", "PERSON", "Juan Pérez Solís"), called("d", "PERSON", "Juan Pérez Solís"),
		born("st1", "a", "1966-07-20"), born("st2", "c", "1966"), born("st3", "b", "1971"), event("e1", "1995-06-28"), event("e2", "1998-06-07"), event("e3", "1995-06"))
	s := g.at(evidence.Public)
	got, cut, err := s.Duplicates(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, cut)
	require.Len(t, got, 3)
	require.Equal(t, evidence.ID("c"), got[0].Entity.ID, "the date of birth agrees")
	require.Equal(t, []string{"SAME_NAME", "DATES"}, codes(got[0]))
	require.Equal(t, evidence.ID("d"), got[1].Entity.ID, "no date of birth is told")
	require.Equal(t, []string{"SAME_NAME"}, codes(got[1]))
	require.Equal(t, evidence.ID("b"), got[2].Entity.ID, "the dates of birth differ")
	require.Equal(t, "the dates of birth differ: 1966-07-20 and 1971", got[2].Reasons[1].Detail)
	require.Less(t, got[2].Score, got[1].Score)
	events, _, err := s.Duplicates(t.Context(), "e1")
	require.NoError(t, err)
	require.Equal(t, []evidence.ID{"e3", "e2"}, []evidence.ID{events[0].Entity.ID, events[1].Entity.ID})
	require.Less(t, events[1].Score, events[0].Score)
}

func TestDuplicatesSayThatTheyAreCut(t *testing.T) {
	g := newGraph(t)
	changes := []evidence.Change{note, called("a", "PERSON", "Juan Pérez Solís"), called("b", "PERSON", "Juan Pérez Solís")}
	for i := range 201 { // more than are read of one candidate
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprintf("l%03d", i)), Kind: "LINKED_TO", From: "b", To: "a", Role: "vínculo", Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
		}})
	}
	g.write(changes...)
	s := g.at(evidence.Public)
	_, cut, err := s.Duplicates(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, cut)
	_, _, cut, err = s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, cut)
}

// TestNamesLongerThanAnyAreRefused asks by a whole page of text, which is compared
// with nothing.
func TestNamesLongerThanAnyAreRefused(t *testing.T) {
	g := newGraph(t)
	longest := strings.Repeat("ñandú ", evidence.MaxName/6) + "ñ"
	g.write(called("long", "PERSON", longest))
	s := g.at(evidence.Public)
	ask := func(name string) (int, int, error) {
		found, _, err := s.Match(t.Context(), name, "", nil)
		hits, _, again := s.Search(t.Context(), trace.SearchQuery{Text: name}, trace.PageArgs{})
		require.Equal(t, evidence.CodeOf(err), evidence.CodeOf(again))
		return len(found), len(hits.Items), err
	}
	matched, hits, err := ask(longest)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{matched, hits})
	_, _, err = ask(longest + strings.Repeat("u", evidence.MaxName))
	require.Equal(t, evidence.LimitExceeded, evidence.CodeOf(err))
	require.ErrorContains(t, err, "name")
	require.ErrorContains(t, err, "more than a name may have, 500; give the name alone")
	_, _, err = ask("***")
	require.Equal(t, evidence.InvalidInput, evidence.CodeOf(err))
}

// TestAGivenUpQuestionComparesNoMoreNames gives questions up when all that they
// compare is read.
func TestAGivenUpQuestionComparesNoMoreNames(t *testing.T) {
	st := model.New()
	_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{called("a", "PERSON", "Juan García"), called("b", "PERSON", "Juan Pérez")}})
	require.NoError(t, err)
	for name, ask := range map[string]func(context.Context, *trace.Session) error{
		"match": func(ctx context.Context, s *trace.Session) error {
			_, _, err := s.Match(ctx, "Juan", "", nil)
			return err
		},
		"search": func(ctx context.Context, s *trace.Session) error {
			_, _, err := s.Search(ctx, trace.SearchQuery{Text: "Juan"}, trace.PageArgs{})
			return err
		},
	} {
		whole := &hasty{Store: st}
		require.NoError(t, ask(t.Context(), open(t, whole, evidence.Now(evidence.Public))), name)
		ctx, cancel := context.WithCancel(t.Context())
		h := &hasty{Store: st, giveUp: cancel, after: whole.read}
		require.ErrorIs(t, ask(ctx, open(t, h, evidence.Now(evidence.Public))), context.Canceled, name)
		cancel()
	}
}
