package evidence_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestWhoSendsBackWhatTheyReadIsToldNothing: an author who does not see which entity
// asserts a citation, or which claim another speaks of, is answered as where there
// is none; and none of it is lost.
func TestWhoSendsBackWhatTheyReadIsToldNothing(t *testing.T) {
	by := func(c evidence.NewCitation, words string, who evidence.ID) evidence.NewCitation {
		if words != "" || who != "" {
			c.AssertedBy = &evidence.Asserter{Words: words, Entity: who}
		}
		return c
	}
	for _, words := range []string{"", "un testigo"} {
		build := func(hidden bool) *graph {
			g := base(t)
			g.must(top, entity("x", "PERSON", "Secreta"), link("lx", "PAYS", "p1", "p2", cited("cx", "s1")))
			g.must(top, raise("x", "CONFIDENTIAL"), raise("lx", "CONFIDENTIAL"))
			who, about := evidence.ID(""), evidence.ID("")
			if hidden {
				who, about = "x", "lx"
			}
			denial := link("d1", "DENIES", "p1", "p2", by(cited("cd", "s1"), words, who))
			denial.AssertLink.About = about
			g.must(top, denial)
			statement := evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t2", Entity: "p1", Attribute: "RANK", Value: "mayor", About: about, Citations: []evidence.NewCitation{cited("ct", "s1")}}}
			g.must(top, statement, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words, who)}})
			return g
		}
		plain, secret := build(false), build(true)
		guessed := link("d1", "DENIES", "p1", "p2", by(cited("cd", "s1"), words, ""))
		guessed.AssertLink.About = "lx"
		for name, c := range map[string]evidence.Change{
			"the citation":                  {Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words, "")}},
			"with who may assert it":        {Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words, "x")}},
			"with who does not assert it":   {Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words, "p2")}},
			"in other words":                {Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words+"!", "")}},
			"the link":                      link("d1", "DENIES", "p1", "p2", by(cited("cd", "s1"), words, "")),
			"the link with a made citation": link("d1", "DENIES", "p1", "p2", by(cited("", "s1"), words, "")),
			"with what it may speak of":     guessed,
			"the statement":                 {AssertStatement: &evidence.AssertStatement{ID: "t2", Entity: "p1", Attribute: "RANK", Value: "mayor", Citations: []evidence.NewCitation{cited("ct", "s1")}}},
		} {
			want, wantErr := plain.try(low, set(c))
			got, err := secret.try(low, set(c))
			if wantErr != nil {
				require.EqualError(t, err, wantErr.Error(), name)
				continue
			}
			require.NoError(t, err, name)
			require.Equal(t, []any{want.New, want.Targets}, []any{got.New, got.Targets}, name)
			require.False(t, got.New, name)
		}
		require.Equal(t, evidence.ID("x"), secret.newest("c3").Citation().AsserterEntity)
		require.Equal(t, evidence.ID("lx"), secret.newest("d1").Claim().About)
		require.Equal(t, []string{"DUPLICATE_ID changes[0].cite.citation.id"}, secret.refuse(top, set(evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: by(cited("c3", "s2"), words, "")}})), "who sees it says otherwise")
	}
}

// TestNamesThatAnAuthorDoesNotSeeCountTowardsNoLimit: with 1,000 hidden names, an
// entity is renamed and given names as if it had none.
func TestNamesThatAnAuthorDoesNotSeeCountTowardsNoLimit(t *testing.T) {
	names := func(n int, clearance string) evidence.Optional[[]evidence.NewName] {
		list := make([]evidence.NewName, n)
		for i := range list {
			list[i] = evidence.NewName{Text: fmt.Sprintf("%s %d", clearance, i), Clearance: clearance}
		}
		return evidence.Of(list)
	}
	put := func(names evidence.Optional[[]evidence.NewName], name string) evidence.Change {
		c := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: names}}
		if name != "" {
			c.PutEntity.Name = evidence.Of(name)
		}
		return c
	}
	keep := evidence.Optional[[]evidence.NewName]{}
	g := base(t)
	g.must(top, put(names(1000, "CONFIDENTIAL"), ""))
	g.must(low, put(names(1000, "PUBLIC"), ""))
	g.must(low, put(keep, "Ana R."))
	require.Equal(t, []string{"LIMIT_EXCEEDED changes[0].putEntity.names"}, g.refuse(low, set(put(names(1001, "PUBLIC"), ""))))
	g.must(middle, put(names(1000, "RESTRICTED"), ""))
	g.must(low, put(names(1000, "PUBLIC"), ""))
	require.Len(t, g.newest("p2").Entity().Names, 3001, "a thousand of each clearance at the most")
	g.must(top, put(keep, "Ana Ruiz"))
	g.must(top, put(names(10, "PUBLIC"), ""))
	require.Len(t, g.newest("p2").Entity().Names, 11)
}

// TestUndoTakesWhatWasLoweredForWhatWasMade: an author below it knows of no
// difference, and nobody is to tell them of one.
func TestUndoTakesWhatWasLoweredForWhatWasMade(t *testing.T) {
	made := func(level string) []evidence.Change {
		who, what := entity("z", "PERSON", "Zeta"), source("zs", nil)
		who.PutEntity.Clearance, what.PutSource.Clearance = evidence.Of(level), evidence.Of(level)
		return []evidence.Change{who, what}
	}
	links := []evidence.Change{
		link("zl", "LINKED_TO", "z", "p1", cited("zc", "s1"), cited("zd", "s2")), link("zm", "LINKED_TO", "p1", "p2", cited("zn", "zs")),
		{Cite: &evidence.Cite{Claim: "l1", Citation: cited("zq", "zs")}},
	}
	build := func(lowered bool, since ...evidence.Change) *graph {
		g := base(t)
		if lowered {
			g.must(top, append(made("CONFIDENTIAL"), links...)...)
			g.must(top, raise("z", "PUBLIC"), raise("zs", "PUBLIC"))
		} else {
			g.must(top, append(made("PUBLIC"), links...)...)
		}
		for _, c := range since {
			g.must(top, c)
		}
		return g
	}
	mention := cited("p-9", "s1")
	mention.Stance = "MENTIONS"
	for name, since := range map[string][]evidence.Change{
		"nothing since":       nil,
		"something else":      {entity("p3", "PERSON", "Otra")},
		"a citation since":    {{Cite: &evidence.Cite{Claim: "zl", Citation: mention}}},
		"one of the other":    {{Cite: &evidence.Cite{Claim: "zm", Citation: mention}}},
		"a link since":        {link("p-l", "LINKED_TO", "p2", "z", cited("p-c", "s1"))},
		"in the source since": {{Cite: &evidence.Cite{Claim: "l1", Citation: cited("p-x", "zs")}}},
		"changed since":       {entity("z", "PERSON", "Zeta Dos")},
	} {
		t.Run(name, func(t *testing.T) {
			plain, lowered := build(false, since...), build(true, since...)
			want, wantErr := plain.try(low, set(undo(2)))
			got, err := lowered.try(low, set(undo(2)))
			if wantErr != nil {
				require.EqualError(t, err, wantErr.Error())
				return
			}
			require.NoError(t, err)
			require.Equal(t, want.Revision.Numbers[evidence.Public], got.Revision.Numbers[evidence.Public])
			ids := []evidence.ID{"z", "zs", "zl", "zc", "zd", "zm", "zn", "zq", "l1", "c1", "p1"}
			require.Equal(t, plain.stands(ids...), lowered.stands(ids...))
			require.Equal(t, []bool{false, false}, lowered.stands("z", "zs"))
			lowered.must(top, undo(4+uint64(len(since))))
			for _, s := range lowered.stands(ids...) {
				require.True(t, s, "who sees it can bring it back")
			}
		})
	}
}

// TestUndoTellsNothingOfWhatWasRetractedAndLowered: the revision made something else
// for all to see.
func TestUndoTellsNothingOfWhatWasRetractedAndLowered(t *testing.T) {
	g := base(t)
	g.must(top, raise("p2", "RESTRICTED"))
	g.must(top, retract("p2"))
	g.must(top, raise("p2", "PUBLIC"), entity("p3", "PERSON", "Otra"))
	head, err := g.Head(t.Context())
	require.NoError(t, err)
	g.must(low, undo(head.Latest[evidence.Public]))
	require.Equal(t, []bool{false, false}, g.stands("p2", "p3"))
}

// TestWhatWasRaisedIsAssertedAgainWithoutItsClearance: who says nothing of it, as a
// case file does, means the record as it is. Nobody who does not see it is told more.
func TestWhatWasRaisedIsAssertedAgainWithoutItsClearance(t *testing.T) {
	statement := evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "p1", Attribute: "RANK", Value: "coronel", Citations: []evidence.NewCitation{cited("c2", "s2")}}}
	same := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m1", Absorb: "p1", Into: "p2", Citations: []evidence.NewCitation{cited("c3", "s1")}}}
	for id, again := range map[evidence.ID][]evidence.Change{
		"l1": {link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1"))},
		"t1": {statement},
		"m1": {same},
		"c1": {
			link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1")), link("l1", "COMMANDS", "p1", "u1", cited("", "s1")),
			{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c1", "s1")}},
		},
	} {
		g := base(t)
		g.must(top, same, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c4", "s2")}})
		g.must(top, raise(id, "RESTRICTED"))
		for _, c := range again {
			require.False(t, g.must(top, c).New, id)
			require.False(t, g.must(middle, c).New, id)
			g.refuse(low, set(c)) // who does not see it is not told that it is the same
		}
		require.Equal(t, evidence.Restricted, g.newest(id).Derived.Visibility, "it stays where it was raised to")
	}

	g := base(t)
	g.must(top, raise("l1", "RESTRICTED"), raise("c2", "RESTRICTED"))
	other := link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1"))
	other.AssertLink.Clearance = "PUBLIC"
	require.Equal(t, []string{"DUPLICATE_ID changes[0].assertLink.id"}, g.refuse(top, set(other)), "whoever says one means it")
	public := cited("c2", "s2")
	public.Clearance = "PUBLIC"
	require.Equal(t, []string{"DUPLICATE_ID changes[0].cite.citation.id"}, g.refuse(top, set(evidence.Change{Cite: &evidence.Cite{Claim: "t1", Citation: public}})))
}

// TestAnAliasInPlainTextStaysAsItIs: it says nothing of clearance, language and
// sources, so that it neither tells a raised one to all nor makes another of it.
func TestAnAliasInPlainTextStaysAsItIs(t *testing.T) {
	aliases := func(text ...string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Aliases: evidence.Of(text)}}
	}
	g := base(t)
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: evidence.Of([]evidence.NewName{
		{Text: "La Güera", Clearance: "RESTRICTED", Language: "es", Sources: []evidence.ID{"s1"}}, {Text: "Anita"}, {Text: "Ruiz, Ana", Type: "TRANSLITERATION"},
	})}})
	before := g.newest("p2").Entity().Names
	for _, by := range []evidence.Author{top, middle} {
		g.must(by, aliases("Anita", "La Güera"))
		require.ElementsMatch(t, before, g.newest("p2").Entity().Names)
	}
	g.must(top, raise("s1", "CONFIDENTIAL"))
	g.must(middle, aliases("La Güera", "Nueva"))
	require.Equal(t, []evidence.Name{before[0], before[3], before[1], {Text: "Nueva", Type: evidence.AliasName}}, g.newest("p2").Entity().Names, "the source that this author does not see stays")

	g.must(low, aliases("La Güera"))
	names := g.newest("p2").Entity().Names
	require.Contains(t, names, before[1], "what an author does not see stays")
	require.Contains(t, names, evidence.Name{Text: "La Güera", Type: evidence.AliasName}, "and they have written theirs")
	g.must(top, aliases("La Güera"))
	require.Equal(t, []evidence.Name{before[0], before[3], {Text: "La Güera", Type: evidence.AliasName}}, g.newest("p2").Entity().Names, "of two, what all may know is meant")
}

// TestAliasesOfOneTextStayApart: who reads aliases and writes them back, with one more,
// loses none and none of what they say.
func TestAliasesOfOneTextStayApart(t *testing.T) {
	there := []evidence.NewName{
		{Text: "X", Language: "es", Sources: []evidence.ID{"s1"}}, {Text: "Y", Language: "de", Clearance: "CONFIDENTIAL"},
		{Text: "X", Language: "en", Sources: []evidence.ID{"s2"}}, {Text: "Y", Language: "fr", Clearance: "RESTRICTED"},
	}
	const x1, x2, y1, y2 = "X es [s1] PUBLIC", "X en [s2] PUBLIC", "Y de [] CONFIDENTIAL", "Y fr [] RESTRICTED"
	for what, c := range map[string]struct {
		by     evidence.Author
		writes []string
		want   []string
	}{
		"as read":                  {top, []string{"X", "Y", "X", "Y"}, []string{x1, y1, x2, y2}},
		"in another order":         {top, []string{"X", "X", "Y", "Y", "Z"}, []string{x1, x2, y1, y2, "Z  [] PUBLIC"}},
		"one fewer":                {top, []string{"X", "Y"}, []string{x1, y2}},
		"one more":                 {top, []string{"X", "X", "X", "Y", "Y", "Y"}, []string{x1, x2, "X  [] PUBLIC", y1, y2, "Y  [] RESTRICTED"}},
		"by who sees one of two":   {middle, []string{"X", "X", "Y"}, []string{x1, y1, x2, y2}},
		"twice by who sees one":    {middle, []string{"Y", "Y"}, []string{y1, y2, "Y  [] RESTRICTED"}}, // as if there were no other
		"by who sees none of them": {low, []string{"X", "X"}, []string{x1, y1, x2, y2}},
	} {
		g := base(t)
		g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of(there)}})
		g.must(c.by, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Aliases: evidence.Of(c.writes)}})
		var got []string
		for _, n := range g.newest("p1").Entity().Names[1:] {
			got = append(got, fmt.Sprint(n.Text, " ", n.Language, " ", n.Sources, " ", n.Clearance))
		}
		require.ElementsMatch(t, c.want, got, what)
	}
}

// TestANameKeepsItsClearanceUntilAnotherIsGiven: who reads names and writes them back
// with one more does not publish those that are secret.
func TestANameKeepsItsClearanceUntilAnotherIsGiven(t *testing.T) {
	name := func(text, language, clearance string) evidence.NewName {
		return evidence.NewName{Text: text, Language: language, Clearance: clearance}
	}
	names := func(names ...evidence.NewName) evidence.PutEntity {
		return evidence.PutEntity{Names: evidence.Of(names)}
	}
	aliases := func(texts ...string) evidence.PutEntity {
		return evidence.PutEntity{Aliases: evidence.Of(texts)}
	}
	secret := names(name("El Testigo", "", "CONFIDENTIAL"))
	former := names(evidence.NewName{Text: "El Testigo", Type: "FORMER", Language: "es"})
	renamed := aliases("José Pérez")
	renamed.Name = evidence.Of("El Equis")
	for what, c := range map[string]struct {
		before evidence.PutEntity
		puts   evidence.PutEntity
		by     evidence.Author
		want   []string
	}{
		"as aliases":             {secret, aliases("El Testigo", "El Equis"), top, []string{"José Pérez PUBLIC", "El Testigo CONFIDENTIAL", "El Equis PUBLIC"}},
		"as names":               {secret, names(name("El Testigo", "", ""), name("El Equis", "", "")), top, []string{"José Pérez PUBLIC", "El Testigo CONFIDENTIAL", "El Equis PUBLIC"}},
		"of another type":        {secret, former, top, []string{"José Pérez PUBLIC", "El Testigo CONFIDENTIAL"}},
		"raised":                 {secret, names(name("El Testigo", "", "RESTRICTED")), top, []string{"José Pérez PUBLIC", "El Testigo RESTRICTED"}},
		"published":              {secret, names(name("El Testigo", "", "PUBLIC")), top, []string{"José Pérez PUBLIC", "El Testigo PUBLIC"}},
		"by who does not see it": {secret, aliases("El Testigo"), low, []string{"José Pérez PUBLIC", "El Testigo CONFIDENTIAL", "El Testigo PUBLIC"}},
		"in two languages": {
			names(name("El Testigo", "es", "CONFIDENTIAL"), name("El Testigo", "en", "RESTRICTED")), names(name("El Testigo", "en", ""), name("El Testigo", "es", ""), name("El Testigo", "", "")), top,
			[]string{"José Pérez PUBLIC", "El Testigo RESTRICTED", "El Testigo CONFIDENTIAL", "El Testigo RESTRICTED"},
		},
		"that was the first":       {secret, renamed, top, []string{"El Equis PUBLIC", "José Pérez PUBLIC"}},
		"another, that was public": {aliases("El Equis"), names(name("El Equis", "", "CONFIDENTIAL")), top, []string{"José Pérez PUBLIC", "El Equis CONFIDENTIAL"}},
	} {
		g := base(t)
		for _, put := range []struct {
			by evidence.Author
			evidence.PutEntity
		}{{top, c.before}, {c.by, c.puts}} {
			put.ID = "p1"
			g.must(put.by, evidence.Change{PutEntity: &put.PutEntity})
		}
		require.Equal(t, c.want, cleared(g.newest("p1").Entity()), what)
	}
}

// TestASecretNameBecomesTheFirstOnlyOfASecretEntity: whoever sees an entity sees its
// first name.
func TestASecretNameBecomesTheFirstOnlyOfASecretEntity(t *testing.T) {
	called := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Name: evidence.Of("El Testigo"), Aliases: evidence.Of([]string{"José Pérez"})}}
	named := func(clearance string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: "El Testigo", Clearance: clearance}})}}
	}
	g := base(t)
	g.must(top, named("CONFIDENTIAL"))
	require.Equal(t, []string{"INVALID_INPUT changes[0].putEntity.name"}, g.refuse(top, set(called)))
	_, err := g.try(top, set(called))
	require.EqualError(t, err, `changes[0].putEntity.name: "El Testigo" is a CONFIDENTIAL name of "p1", and whoever sees an entity sees its first name; lower it in `+"`names`"+` before, or raise the entity`)
	g.must(low, called)
	require.Equal(t, []string{"El Testigo PUBLIC", "El Testigo CONFIDENTIAL", "José Pérez PUBLIC"}, cleared(g.newest("p1").Entity()), "who does not see it is told nothing")

	g = base(t)
	g.must(top, named("CONFIDENTIAL"))
	g.must(top, named("PUBLIC"), called)
	require.Equal(t, []string{"El Testigo PUBLIC", "José Pérez PUBLIC"}, cleared(g.newest("p1").Entity()), "it was lowered first")

	g = base(t)
	g.must(top, named("CONFIDENTIAL"))
	g.must(top, raise("p1", "CONFIDENTIAL"), called)
	require.Equal(t, []string{"El Testigo CONFIDENTIAL", "José Pérez PUBLIC"}, cleared(g.newest("p1").Entity()))
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Clearance: evidence.Of("PUBLIC")}})
	require.Equal(t, []string{"El Testigo PUBLIC", "José Pérez PUBLIC"}, cleared(g.newest("p1").Entity()), "the entity was lowered with what it is called")
}

// cleared are the names of an entity with their clearances.
func cleared(e *evidence.Entity) (names []string) {
	for _, n := range e.Names {
		names = append(names, n.Text+" "+n.Clearance.String())
	}
	return names
}

// TestANameTakesNoSourceOfASecretOne: the sources of a name that an author does not see
// stay with it, or one of the same text would show them once they are lowered. Of names
// that they do see, each keeps its own.
func TestANameTakesNoSourceOfASecretOne(t *testing.T) {
	named := func(clearances ...string) evidence.Change {
		var names []evidence.NewName
		for _, clearance := range clearances {
			names = append(names, evidence.NewName{Text: "Alias", Clearance: clearance})
		}
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "o1", Names: evidence.Of(names)}}
	}
	sourced := func(c evidence.Change) evidence.Change {
		last := len(c.PutEntity.Names.Value) - 1
		c.PutEntity.Names.Value[last].Sources = []evidence.ID{"sx"}
		return c
	}
	for name, c := range map[string]struct {
		before []evidence.Change
		by     evidence.Author
		change evidence.Change
		want   []string
	}{
		"given as a name":        {[]evidence.Change{sourced(named("CONFIDENTIAL"))}, low, named("PUBLIC"), []string{"CONFIDENTIAL [sx]", "PUBLIC []"}},
		"given as an alias":      {[]evidence.Change{sourced(named("CONFIDENTIAL"))}, low, evidence.Change{PutEntity: &evidence.PutEntity{ID: "o1", Aliases: evidence.Of([]string{"Alias"})}}, []string{"CONFIDENTIAL [sx]", "PUBLIC []"}},
		"that an undo gives":     {[]evidence.Change{named("PUBLIC"), undo(3), sourced(named("RESTRICTED"))}, low, undo(4), []string{"RESTRICTED [sx]", "PUBLIC []"}},
		"given back with a seen": {[]evidence.Change{sourced(named("PUBLIC", "RESTRICTED"))}, middle, named("PUBLIC", "RESTRICTED"), []string{"PUBLIC []", "RESTRICTED [sx]"}},
		"given beside a seen":    {[]evidence.Change{sourced(named("RESTRICTED"))}, middle, named("PUBLIC", "RESTRICTED"), []string{"PUBLIC []", "RESTRICTED [sx]"}},
		"raised":                 {[]evidence.Change{sourced(named("PUBLIC"))}, middle, named("RESTRICTED"), []string{"RESTRICTED [sx]"}},
		"lowered":                {[]evidence.Change{sourced(named("RESTRICTED"))}, middle, named("PUBLIC"), []string{"PUBLIC [sx]"}},
	} {
		g := base(t)
		g.must(top, source("sx", nil))
		for _, before := range c.before {
			g.must(top, before)
		}
		g.must(top, raise("sx", "CONFIDENTIAL"))
		g.must(c.by, c.change)
		var got []string
		for _, n := range g.newest("o1").Entity().Names[1:] {
			got = append(got, fmt.Sprint(n.Clearance, " ", n.Sources))
		}
		require.ElementsMatch(t, c.want, got, name)
	}
}
