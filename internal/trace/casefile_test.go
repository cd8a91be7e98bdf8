package trace_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// theCase opens a session on the demonstration case file.
func theCase(t *testing.T) *trace.Session {
	t.Helper()
	files, err := fs.Sub(data.Ayotzinapa(), ".")
	require.NoError(t, err)
	file, err := casefile.Read(files, casefile.Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "case.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	planner := storetest.Planner(1)
	_, err = file.Import(t.Context(), st, planner, casefile.ImportOptions{Author: evidence.Author{Name: "test", Clearance: evidence.Confidential}})
	require.NoError(t, err)
	session, err := trace.New(st, vocabulary.Standard(), planner).At(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close()) })
	return session
}

func ids(claims []*trace.Claim) []evidence.ID {
	var out []evidence.ID
	for _, c := range claims {
		out = append(out, c.Record.ID())
	}
	return out
}

func TestCaseIsWhole(t *testing.T) {
	stats, err := theCase(t).Stats(t.Context(), evidence.EntityRecord, evidence.SourceRecord, evidence.LinkRecord, evidence.StatementRecord, evidence.CitationRecord)
	require.NoError(t, err)
	require.Equal(t, trace.Stats{
		Entities: trace.Total{N: 203, Exact: true}, Links: trace.Total{N: 473, Exact: true}, Statements: trace.Total{N: 27, Exact: true},
		Sources: trace.Total{N: 227, Exact: true}, Citations: trace.Total{N: 902, Exact: true}, Revision: 1,
	}, stats)
}

func TestWhoCommandedThoseResponsibleForIguala(t *testing.T) {
	got, err := theCase(t).CommandersOf(t.Context(), "iguala", "2014-09-26", trace.LinkFilter{})
	require.NoError(t, err)
	units := map[evidence.ID]trace.Responsible{}
	for _, u := range got.Units {
		units[u.Unit.ID] = u
	}
	require.Contains(t, units, evidence.ID("27-bi"))
	require.Contains(t, units, evidence.ID("iguala-police"))
	var above []evidence.ID
	for _, r := range units["27-bi"].Chain.Rungs {
		above = append(above, r.Entity.ID)
		require.NotEqual(t, edtf.No, r.Held)
	}
	require.Contains(t, above, evidence.ID("rodriguez-perez"), "the battalion's commander")
	var ofPolice []evidence.ID
	for _, r := range units["iguala-police"].Chain.Rungs {
		ofPolice = append(ofPolice, r.Entity.ID)
	}
	require.Contains(t, ofPolice, evidence.ID("felipe-flores"), "who led the municipal police")
	require.Contains(t, ofPolice, evidence.ID("salgado-valladares"), "their deputy chief, by his post")
	require.Contains(t, ofPolice, evidence.ID("abarca"), "the mayor, by his post in the town hall that they are part of")
	for _, u := range got.Units {
		require.NotEmpty(t, u.Grounds, "%s is named without a ground", u.Unit.ID)
	}
}

// TestWhoCommandedThoseResponsibleForTheNight asks of the event what
// TestWhoCommandedThoseResponsibleForIguala asks of the place.
func TestWhoCommandedThoseResponsibleForTheNight(t *testing.T) {
	s := theCase(t)
	got, err := s.CommandersOf(t.Context(), "iguala-night", "2014-09-26", trace.LinkFilter{})
	require.NoError(t, err)
	above := map[evidence.ID][]evidence.ID{}
	for _, u := range got.Units {
		for _, r := range u.Chain.Rungs {
			above[u.Unit.ID] = append(above[u.Unit.ID], r.Entity.ID)
		}
	}
	require.Contains(t, above["27-bi"], evidence.ID("rodriguez-perez"), "the battalion's commander")
	require.Contains(t, above["iguala-police"], evidence.ID("felipe-flores"), "who led the municipal police")
	got, err = s.CommandersOf(t.Context(), "iguala-night", "2016-01-01", trace.LinkFilter{})
	require.NoError(t, err)
	require.Empty(t, got.Units, "it did not happen that day")
}

// TestNoVictimIsNamedAsAnswerable: that the remains of the students were said to be in
// a place makes them no force there, and the claim is refuted.
func TestNoVictimIsNamedAsAnswerable(t *testing.T) {
	s := theCase(t)
	for of, on := range map[evidence.ID]string{"cocula-dump": "2014-09-27", "rio-san-juan": "2014-09-27", "navy-dump-operation": "2014-10-27", "iguala-night": "2014-09-26"} {
		for _, f := range []trace.LinkFilter{{}, {Standing: []evidence.Standing{evidence.Refuted, evidence.Reported, evidence.OfficiallyFound}}} {
			got, err := s.CommandersOf(t.Context(), of, on, f)
			require.NoError(t, err)
			require.NotContains(t, answerable(got), evidence.ID("los-43"), "of %s", of)
		}
	}
}

// TestWhoWasAcquittedMakesNobodyAnswerable: courts cleared both of having ordered it.
func TestWhoWasAcquittedMakesNobodyAnswerable(t *testing.T) {
	s := theCase(t)
	ordered := []evidence.ID{"L0287", "L0312"}
	tells := func(f trace.LinkFilter) (all []evidence.ID) {
		got, err := s.CommandersOf(t.Context(), "iguala-night", "2014-09-26", f)
		require.NoError(t, err)
		for _, grounds := range answerable(got) {
			all = append(all, slices.Concat(grounds...)...)
		}
		return all
	}
	for _, link := range ordered {
		require.NotContains(t, tells(trace.LinkFilter{}), link)
		require.Contains(t, tells(trace.LinkFilter{Standing: []evidence.Standing{evidence.Acquitted, evidence.Reported, evidence.Charged}}), link, "who asks for it is told")
	}
}

// answerable tells by unit the links of the grounds, each as its id.
func answerable(r trace.Responsibility) map[evidence.ID][][]evidence.ID {
	out := map[evidence.ID][][]evidence.ID{}
	for _, u := range r.Units {
		for _, g := range u.Grounds {
			out[u.Unit.ID] = append(out[u.Unit.ID], ids(g.Via))
		}
	}
	return out
}

// TestWhoIsAnswerableForTheCase asks for forces that only an order, the chain under a
// governing body, or the acts of a person lead to.
func TestWhoIsAnswerableForTheCase(t *testing.T) {
	s := theCase(t)
	for _, c := range []struct {
		of   evidence.ID
		on   string
		unit evidence.ID
		via  []evidence.ID
	}{
		{"iguala-night", "2014-09-26", "gu-chicago", []evidence.ID{"L0382"}},                                               // who ordered it
		{"iguala-night", "2014-09-26", "27-bi", []evidence.ID{"L0108", "L0160"}},                                           // whose captain took part
		{"cocula-dump", "2014-09-27", "guerrero-state-police", []evidence.ID{"L0224", "L0223", "L0479", "L0454", "L0458"}}, // two steps under the government
		{"cepillo-interrogation", "2015-01", "aic", []evidence.ID{"L0184", "L0193"}},                                       // whose head led it
		{"hernandez-cardona-murder", "2013-05-31", "iguala-government", []evidence.ID{"L0305", "L0324"}},
		{"hernandez-cardona-murder", "2013-06-01", "iguala-police", []evidence.ID{"L0282", "L0325"}},
	} {
		got, err := s.CommandersOf(t.Context(), c.of, c.on, trace.LinkFilter{})
		require.NoError(t, err)
		require.Empty(t, got.Cut)
		named := answerable(got)
		require.Contains(t, named[c.unit], c.via, "%s for %s", c.unit, c.of)
		require.NotContains(t, named, evidence.ID("prd"), "a party does not answer for its members")
	}
}

func TestContradictionsOfTheCase(t *testing.T) {
	s := theCase(t)
	for _, c := range []struct {
		of   evidence.ID
		rule trace.Rule
	}{
		{"guerreros-unidos", trace.ExclusiveHolders}, // who founded it
		{"abarca", trace.OpposedKinds},               // charged, then acquitted
		{"saavedra", trace.ExclusiveHolders},         // his rank
	} {
		got, err := s.Contradictions(t.Context(), c.of)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(got.All, func(x trace.Contradiction) bool { return x.Rule == c.rule }), "%s: %v not among %d contradictions", c.of, c.rule, len(got.All))
		for _, x := range got.All {
			if c.of == "guerreros-unidos" && x.Rule == trace.ExclusiveHolders && x.Claims[0].Record.Claim().Kind == "FOUNDED" {
				require.Len(t, x.Versions, 3, "the founding is told in three versions: %v", ids(x.Claims))
			}
		}
	}
	dump, err := s.Contradictions(t.Context(), "historical-truth")
	require.NoError(t, err)
	require.NotEmpty(t, dump.All)
}

func TestPathsOfTheCase(t *testing.T) {
	s := theCase(t)
	for _, by := range []trace.PathOrder{trace.Shortest, trace.Strongest} {
		got, err := s.Paths(t.Context(), trace.PathQuery{From: []evidence.ID{"pena-nieto"}, To: []evidence.ID{"guerreros-unidos"}, MaxLength: 5, First: 5, By: by})
		require.NoError(t, err)
		require.Len(t, got.All, 5)
		for i, p := range got.All {
			at := evidence.ID("pena-nieto")
			seen := map[evidence.ID]bool{at: true}
			for _, h := range p.Hops {
				require.Equal(t, at, h.From)
				at = h.To
				require.False(t, seen[at], "the path meets %s twice", at)
				seen[at] = true
			}
			require.Equal(t, evidence.ID("guerreros-unidos"), at)
			if i > 0 && by == trace.Shortest {
				require.LessOrEqual(t, len(got.All[i-1].Hops), len(p.Hops))
			}
			if i > 0 && by == trace.Strongest {
				require.GreaterOrEqual(t, got.All[i-1].Weakest, p.Weakest)
			}
		}
	}
}

func TestEveryAliasFindsItsEntityFirst(t *testing.T) {
	s := theCase(t)
	all := trace.MaxPageSize
	page, err := s.ListEntities(t.Context(), trace.EntityFilter{}, trace.PageArgs{First: &all})
	require.NoError(t, err)
	owners := map[string][]evidence.ID{}
	for _, e := range page.Items {
		for _, n := range e.Node.Names {
			owners[n.Text] = append(owners[n.Text], e.Node.ID)
		}
	}
	for alias, of := range owners {
		if len(of) > 1 {
			continue
		}
		hits, _, err := s.Search(t.Context(), trace.SearchQuery{Text: alias}, trace.PageArgs{})
		require.NoError(t, err)
		require.NotEmpty(t, hits.Items, "%q finds nothing", alias)
		best := hits.Items[0].Node.Score
		var first []evidence.ID
		for _, h := range hits.Items {
			if h.Node.Score == best {
				first = append(first, h.Node.Entity.ID)
			}
		}
		require.Contains(t, first, of[0], "%q does not find %s first", alias, of[0])

		meant, cut, err := s.Match(t.Context(), alias, "", nil)
		require.NoError(t, err)
		require.Empty(t, cut)
		require.NotEmpty(t, meant, "%q matches nothing", alias)
		require.Equal(t, of[0], meant[0].Entity.ID, "%q is matched to another: %v", alias, meant[0].Reasons)
	}
}

func TestTimelineRankingAndCommunitiesOfTheCase(t *testing.T) {
	s := theCase(t)
	line, err := s.TimelineOf(t.Context(), []evidence.ID{"abarca"}, false, trace.LinkFilter{})
	require.NoError(t, err)
	require.NotEmpty(t, line.Moments)
	for _, m := range line.Moments {
		require.LessOrEqual(t, m.Earliest, m.Latest)
	}
	turns, _, err := s.ChangesBetween(t.Context(), []evidence.ID{"abarca"}, "2014-01-01", "2015-01-01", trace.LinkFilter{})
	require.NoError(t, err)
	require.Contains(t, func() (of []evidence.ID) {
		for _, x := range turns {
			of = append(of, x.Claim.Record.ID())
		}
		return of
	}(), evidence.ID("L0305"), "he was mayor at the first date and not at the second")

	scope := trace.SubgraphQuery{Around: []evidence.ID{"guerreros-unidos"}, Depth: 2, MaxEntities: 300, MaxLinks: 600}
	for _, by := range []trace.Measure{trace.Degree, trace.Betweenness, trace.PageRank, trace.Brokerage} {
		for _, weighted := range []bool{false, true} {
			ranked, _, err := s.Ranking(t.Context(), scope, by, weighted)
			require.NoError(t, err)
			again, _, err := s.Ranking(t.Context(), scope, by, weighted)
			require.NoError(t, err)
			require.Equal(t, ranked, again, "the same question has the same answer")
			for i := 1; i < len(ranked); i++ {
				require.GreaterOrEqual(t, ranked[i-1].Score, ranked[i].Score)
			}
		}
	}
	groups, quality, _, err := s.Communities(t.Context(), scope, false)
	require.NoError(t, err)
	require.Greater(t, len(groups), 1)
	require.Greater(t, quality, 0.1)
}

func TestMatchKnowsUnitsAndNameOrders(t *testing.T) {
	s := theCase(t)
	for name, want := range map[string]evidence.ID{
		"27 BI": "27-bi", "27º Batallón de Infantería": "27-bi", "XXVII Batallón de Infantería": "27-bi",
		"Peña Nieto, Enrique": "pena-nieto", "E. Peña Nieto": "pena-nieto", "ENRIQUE PENA NIETO": "pena-nieto",
		"Jose Luis Abarca Velasquez": "abarca",
	} {
		got, cut, err := s.Match(t.Context(), name, "", nil)
		require.NoError(t, err)
		require.Empty(t, cut)
		require.NotEmpty(t, got, name)
		require.Equal(t, want, got[0].Entity.ID, name)
		require.NotEmpty(t, got[0].Reasons)
	}
}

// TestMatchTellsPeopleFromTheirRanksAndRelatives: a rank names nobody but who is called
// so, and one before a full name takes nothing from it.
func TestMatchTellsPeopleFromTheirRanksAndRelatives(t *testing.T) {
	s := theCase(t)
	for _, rank := range []string{"un coronel", "Coronel", "capitán", "General", "the general", "un presidente municipal"} {
		got, _, err := s.Match(t.Context(), rank, "", nil)
		require.NoError(t, err)
		require.Empty(t, got, rank)
	}
	score := func(name string, want evidence.ID) int {
		got, _, err := s.Match(t.Context(), name, "PERSON", nil)
		require.NoError(t, err)
		i := slices.IndexFunc(got, func(c trace.Candidate) bool { return c.Entity.ID == want })
		if i < 0 {
			return 0
		}
		require.Zero(t, i, "%s is found as another first", name)
		return got[i].Score
	}
	require.Equal(t, 1000, score("El Coronel", "rodriguez-perez"), "who is called so is found")
	for _, titled := range []string{"coronel José Rodríguez Pérez", "Cor. José Rodríguez Pérez", "el coronel José Rodríguez Pérez", "Pérez, José Rodríguez"} {
		require.GreaterOrEqual(t, score(titled, "rodriguez-perez"), 899, titled)
	}
	for _, another := range []string{
		"esposa de José Luis Abarca", "la hermana de José Luis Abarca", "José Luis Abarca Velázquez Jr.", "José Luis Abarca Velázquez hijo", "abogado de José Luis Abarca",
		"escolta de José Luis Abarca", "wife of José Luis Abarca", "José Luis Abarca's lawyer",
	} {
		require.Less(t, score(another, "abarca"), 600, another)
	}
	require.Greater(t, score("José Luis Abarca", "abarca"), 800)
}

func TestManyAtOnceAnswerAsOneByOne(t *testing.T) {
	s := theCase(t)
	of := []evidence.ID{"abarca", "guerreros-unidos", "iguala", "27-bi", "pena-nieto", "saavedra", "iguala-night"}
	yes, least, three := true, 400, 3
	for name, f := range map[string]trace.ClaimFilter{
		"all links": {Of: evidence.LinkRecord}, "incoming": {Of: evidence.LinkRecord, Direction: evidence.Incoming},
		"disputed": {Of: evidence.LinkRecord, Disputed: &yes}, "on": {Of: evidence.LinkRecord, On: "2014-09-26"},
		"strong": {Of: evidence.LinkRecord, MinStrength: &least}, "kinds": {Of: evidence.LinkRecord, Kinds: []string{"PARTICIPATED_IN", "CHARGED_BY"}},
		"with": {Of: evidence.LinkRecord, With: []evidence.ID{"iguala"}}, "text": {Of: evidence.LinkRecord, Text: "iguala"},
		"cited": {Of: evidence.LinkRecord, Sources: []evidence.ID{"cannon-2022"}}, "statements": {Of: evidence.StatementRecord},
	} {
		together, err := s.ClaimsOf(t.Context(), of, f, trace.PageArgs{First: &three})
		require.NoError(t, err, name)
		totals, err := s.TotalClaims(t.Context(), of, f)
		require.NoError(t, err, name)
		for _, id := range of {
			alone, err := s.ClaimsOf(t.Context(), []evidence.ID{id}, f, trace.PageArgs{First: &three})
			require.NoError(t, err, name)
			require.Equal(t, alone[id].HasNext, together[id].HasNext, "%s of %s", name, id)
			require.Equal(t, alone[id].End, together[id].End, "%s of %s", name, id)
			require.Len(t, together[id].Items, len(alone[id].Items), "%s of %s", name, id)
			total, err := s.TotalClaims(t.Context(), []evidence.ID{id}, f)
			require.NoError(t, err, name)
			require.Equal(t, total[id], totals[id], "%s of %s", name, id)
		}
	}
	sources := []evidence.ID{"cannon-2022", "tppf-press", "segob-steno-2022"}
	together, err := s.CitationsIn(t.Context(), sources, trace.CitationFilter{}, trace.PageArgs{First: &three})
	require.NoError(t, err)
	for _, id := range sources {
		alone, err := s.CitationsIn(t.Context(), []evidence.ID{id}, trace.CitationFilter{}, trace.PageArgs{First: &three})
		require.NoError(t, err)
		require.Equal(t, alone[id].End, together[id].End, id)
		require.Equal(t, alone[id].HasNext, together[id].HasNext, id)
	}
}
