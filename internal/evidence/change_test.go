package evidence_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestRefused goes through what each change can get wrong.
func TestRefused(t *testing.T) {
	withLink := func(change func(*evidence.AssertLink)) evidence.Change {
		c := link("new", "COMMANDS", "p1", "u1", cited("", "s1"))
		change(c.AssertLink)
		return c
	}
	withCitation := func(change func(*evidence.NewCitation)) evidence.Change {
		return withLink(func(l *evidence.AssertLink) { change(&l.Citations[0]) })
	}
	for name, c := range map[string]struct {
		by   evidence.Author
		set  *evidence.ChangeSet
		want []string
	}{
		"no reason":              {top, &evidence.ChangeSet{Reason: " ", Changes: []evidence.Change{entity("n", "PERSON", "N")}}, []string{"INVALID_INPUT reason"}},
		"no change":              {top, set(), []string{"INVALID_INPUT changes"}},
		"an empty change":        {top, set(evidence.Change{}), []string{"INVALID_INPUT changes[0]"}},
		"two in one":             {top, set(evidence.Change{Retract: &evidence.Retract{ID: "l1"}, Undo: &evidence.Undo{Revision: 1}}), []string{"INVALID_INPUT changes[0]"}},
		"entity kind":            {top, set(entity("n", "GHOST", "N")), []string{"INVALID_INPUT changes[0].putEntity.kind"}},
		"entity id":              {top, set(entity("a b", "PERSON", "N")), []string{"INVALID_INPUT changes[0].putEntity.id"}},
		"entity without a name":  {top, set(entity("n", "PERSON", " ")), []string{"INVALID_INPUT changes[0].putEntity.name"}},
		"entity date":            {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", When: evidence.Of("yesterday")}}), []string{"INVALID_DATE changes[0].putEntity.when"}},
		"entity off the Earth":   {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Point: evidence.Of(evidence.Point{Latitude: 91})}}), []string{"INVALID_INPUT changes[0].putEntity.point"}},
		"country of three":       {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("MEX")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"country of one":         {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("M")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"country of digits":      {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("99")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"country beyond ASCII":   {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("ññ")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"country with a space":   {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of(" MX")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"country in a sign":      {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("ß")}}), []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"point not in UTF-8":     {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Point: evidence.Of(evidence.Point{Source: "\xff"})}}), []string{"INVALID_INPUT changes[0].putEntity.point.source"}},
		"entity id of a source":  {top, set(entity("s1", "PERSON", "N")), []string{"DUPLICATE_ID changes[0].putEntity.id"}},
		"kind against a link":    {top, set(entity("u1", "PLACE", "Iguala")), []string{"INVALID_ENDS changes[0].putEntity.kind"}},
		"a name from nowhere":    {top, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: "P", Sources: []evidence.ID{"none"}}})}}), []string{"UNKNOWN_ID changes[0].putEntity.names[0].sources[0]"}},
		"cleared above oneself":  {low, set(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Clearance: evidence.Of("CONFIDENTIAL")}}), []string{"FORBIDDEN changes[0].putEntity.clearance"}},
		"source nobody can open": {top, set(source("n", func(s *evidence.PutSource) { s.URL = evidence.Null[string]() })), []string{"INVALID_INPUT changes[0].putSource.url"}},
		"source address":         {top, set(source("n", func(s *evidence.PutSource) { s.URL = evidence.Of("javascript:alert(1)") })), []string{"INVALID_INPUT changes[0].putSource.url"}},
		"source of itself":       {top, set(source("n", func(s *evidence.PutSource) { s.DerivedFrom = evidence.Of([]evidence.ID{"n"}) })), []string{"INVALID_INPUT changes[0].putSource.derivedFrom[0]"}},
		"source grade":           {top, set(source("n", func(s *evidence.PutSource) { s.Reliability = evidence.Of("Z") })), []string{"INVALID_INPUT changes[0].putSource.reliability"}},
		"link kind":              {top, set(withLink(func(l *evidence.AssertLink) { l.Kind = "LOVES" })), []string{"INVALID_INPUT changes[0].assertLink.kind"}},
		"link of unknown ends":   {top, set(withLink(func(l *evidence.AssertLink) { l.From, l.To = "none", "" })), []string{"UNKNOWN_ID changes[0].assertLink.from", "INVALID_INPUT changes[0].assertLink.to"}},
		"link to itself":         {top, set(withLink(func(l *evidence.AssertLink) { l.Kind, l.To = "LINKED_TO", "p1" })), []string{"INVALID_ENDS changes[0].assertLink.to"}},
		"link the wrong way":     {top, set(withLink(func(l *evidence.AssertLink) { l.From, l.To = "u1", "p1" })), []string{"INVALID_ENDS changes[0].assertLink.kind"}},
		"link to a source":       {top, set(withLink(func(l *evidence.AssertLink) { l.To = "s1" })), []string{"UNKNOWN_ID changes[0].assertLink.to"}},
		"link date":              {top, set(withLink(func(l *evidence.AssertLink) { l.Valid = evidence.ValidTime{Since: "2014-13", Observed: []string{"x"}} })), []string{"INVALID_DATE changes[0].assertLink.valid.since", "INVALID_DATE changes[0].assertLink.valid.observed[0]"}},
		"ends before it begins":  {top, set(withLink(func(l *evidence.AssertLink) { l.Valid = evidence.ValidTime{Since: "2015", Until: "2014"} })), []string{"INVALID_DATE changes[0].assertLink.valid"}},
		"uncited":                {top, set(withLink(func(l *evidence.AssertLink) { l.Citations = nil })), []string{"UNCITED_CLAIM changes[0].assertLink.citations"}},
		"only disputed":          {top, set(withCitation(func(c *evidence.NewCitation) { c.Stance = "DISPUTES" })), []string{"UNCITED_CLAIM changes[0].assertLink.citations"}},
		"asserted by nobody":     {top, set(withCitation(func(c *evidence.NewCitation) { c.AssertedBy = &evidence.Asserter{} })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].assertedBy"}},
		"asserted by a space":    {top, set(withCitation(func(c *evidence.NewCitation) { c.AssertedBy = &evidence.Asserter{Words: " "} })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].assertedBy"}},
		"charged when convicted": {top, set(withLink(func(l *evidence.AssertLink) { l.Kind, l.To, l.Standing = "CHARGED_BY", "o1", "CONVICTED" })), []string{"INVALID_INPUT changes[0].assertLink.standing"}},
		"about what it cannot":   {top, set(withLink(func(l *evidence.AssertLink) { l.About = "t1" })), []string{"INVALID_INPUT changes[0].assertLink.about"}},
		"about itself": {top, set(
			withLink(func(l *evidence.AssertLink) { l.ID, l.Kind, l.To, l.About = "den", "DENIES", "p2", "den" }),
			evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t2", Entity: "p1", Attribute: "RANK", Value: "mayor", About: "t2", Citations: []evidence.NewCitation{cited("", "s2")}}},
		), []string{"INVALID_INPUT changes[0].assertLink.about", "INVALID_INPUT changes[1].assertStatement.about"}},
		"about nothing":          {top, set(withLink(func(l *evidence.AssertLink) { l.Kind, l.To, l.About = "DENIES", "p2", "none" })), []string{"UNKNOWN_ID changes[0].assertLink.about"}},
		"link with another id's": {top, set(withLink(func(l *evidence.AssertLink) { l.ID = "l1"; l.Role = "otro" })), []string{"DUPLICATE_ID changes[0].assertLink.id"}},
		"no source":              {top, set(withCitation(func(c *evidence.NewCitation) { c.Source = "p1" })), []string{"UNKNOWN_ID changes[0].assertLink.citations[0].source"}},
		"no place in it":         {top, set(withCitation(func(c *evidence.NewCitation) { c.Locator = "" })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].locator"}},
		"a quote of dashes":      {top, set(withCitation(func(c *evidence.NewCitation) { c.Quote = &evidence.Quote{Exact: "- \u200b—"} })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].quote.exact"}},
		"an empty quote":         {top, set(withCitation(func(c *evidence.NewCitation) { c.Quote = &evidence.Quote{Exact: " "} })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].quote.exact"}},
		"credibility 7":          {top, set(withCitation(func(c *evidence.NewCitation) { c.Credibility = 7 })), []string{"INVALID_INPUT changes[0].assertLink.citations[0].credibility"}},
		"citation id taken":      {top, set(withCitation(func(c *evidence.NewCitation) { c.ID = "c1" })), []string{"DUPLICATE_ID changes[0].assertLink.citations[0].id"}},
		"attribute":              {top, set(evidence.Change{AssertStatement: &evidence.AssertStatement{Entity: "none", Attribute: "SHOE_SIZE", Citations: []evidence.NewCitation{cited("", "s1")}}}), []string{"INVALID_INPUT changes[0].assertStatement.attribute", "INVALID_INPUT changes[0].assertStatement.value", "UNKNOWN_ID changes[0].assertStatement.entity"}},
		"cite nothing":           {top, set(evidence.Change{Cite: &evidence.Cite{Claim: "none", Citation: evidence.NewCitation{Source: "none"}}}), []string{"UNKNOWN_ID changes[0].cite.claim", "INVALID_INPUT changes[0].cite.citation.locator", "UNKNOWN_ID changes[0].cite.citation.source"}},
		"standing of nothing":    {top, set(evidence.Change{SetStanding: &evidence.SetStanding{Claim: "none", Standing: "GUILTY", On: "x", Citation: cited("", "s1")}}), []string{"UNKNOWN_ID changes[0].setStanding.claim", "INVALID_INPUT changes[0].setStanding.standing", "INVALID_DATE changes[0].setStanding.on"}},
		"clearance of nothing":   {low, set(raise("none", "CONFIDENTIAL")), []string{"UNKNOWN_ID changes[0].setClearance.id", "FORBIDDEN changes[0].setClearance.clearance"}},
		"retract nothing":        {top, set(retract("none")), []string{"UNKNOWN_ID changes[0].retract.id"}},
		"merge with itself":      {top, set(evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "p1", Into: "p1", Citations: []evidence.NewCitation{cited("", "s1")}}}), []string{"INVALID_ENDS changes[0].mergeEntities.into"}},
		"merge a unit with a man": {top, set(
			evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "p1", Into: "u1", Citations: []evidence.NewCitation{cited("", "s1")}}},
			link("same", evidence.SameAs, "u1", "p2", cited("", "s1")), evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "same"}},
		), []string{"INVALID_INPUT changes[0].mergeEntities.into", "INVALID_INPUT changes[2].mergeEntities.link"}},
		"merge uncited":          {top, set(evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "a b", Absorb: "p1", Into: "p2"}}), []string{"INVALID_INPUT changes[0].mergeEntities.link", "UNCITED_CLAIM changes[0].mergeEntities.citations"}},
		"accept what is not one": {top, set(evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "l1"}}), []string{"INVALID_INPUT changes[0].mergeEntities.link"}},
		"undo nothing":           {top, set(undo(9)), []string{"UNKNOWN_ID changes[0].undo.revision"}},
		"a foreign id":           {middle, set(entity("n", "GHOST", "N")), []string{"FORBIDDEN changes[0].putEntity.id", "INVALID_INPUT changes[0].putEntity.kind"}},
		"everything at once": {top, &evidence.ChangeSet{Changes: []evidence.Change{
			{}, entity("a b", "GHOST", ""), withLink(func(l *evidence.AssertLink) { l.ID = "c d"; l.Valid.Since = "2014-13"; l.Citations[0].Stance = "LIKES" }),
			link("q", "COMMANDS", "p1", "s1"), retract("none"),
		}}, []string{
			"INVALID_INPUT changes[0]",
			"INVALID_INPUT changes[1].putEntity.id", "INVALID_INPUT changes[1].putEntity.kind", "INVALID_INPUT changes[1].putEntity.name",
			"INVALID_DATE changes[2].assertLink.valid.since", "INVALID_INPUT changes[2].assertLink.id", "UNCITED_CLAIM changes[2].assertLink.citations", "INVALID_INPUT changes[2].assertLink.citations[0].stance",
			"UNCITED_CLAIM changes[3].assertLink.citations", "UNKNOWN_ID changes[3].assertLink.to",
			"UNKNOWN_ID changes[4].retract.id",
		}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, base(t).refuse(c.by, c.set)) })
	}
	t.Run("the reason and a change", func(t *testing.T) {
		got := base(t).refuse(top, &evidence.ChangeSet{Reason: "\x01", Changes: []evidence.Change{retract("none")}})
		require.Equal(t, []string{"INVALID_INPUT reason", "UNKNOWN_ID changes[0].retract.id"}, got)
	})
	t.Run("too many", func(t *testing.T) {
		got := base(t).refuse(top, set(make([]evidence.Change, 1001)...))
		require.Equal(t, []string{"LIMIT_EXCEEDED changes"}, got)
		names := make([]string, 1001)
		for i := range names {
			names[i] = "N"
		}
		put := func() evidence.Change {
			return evidence.Change{PutEntity: &evidence.PutEntity{ID: "many", Kind: evidence.Of("PERSON"), Name: evidence.Of("N"), Aliases: evidence.Of(names)}}
		}
		got = base(t).refuse(top, set(put(), put()))
		require.Equal(t, []string{"LIMIT_EXCEEDED changes[0].putEntity.names", "LIMIT_EXCEEDED changes[1].putEntity.names"}, got)
	})
}

// TestCountry keeps countries in upper case, and one that is no code from before
// they were checked, for as long as nobody gives another.
func TestCountry(t *testing.T) {
	g := base(t)
	put := func(p evidence.PutEntity) string {
		p.ID = "p1"
		g.must(top, evidence.Change{PutEntity: &p})
		return g.newest("p1").Entity().Country
	}
	for given, want := range map[string]string{"mx": "MX", "Gt": "GT", "US": "US", "int": "INT"} {
		require.Equal(t, want, put(evidence.PutEntity{Country: evidence.Of(given)}))
		require.Equal(t, want, put(evidence.PutEntity{Description: evidence.Of("of " + given)}))
	}
	require.Empty(t, put(evidence.PutEntity{Country: evidence.Null[string]()}))
	g.newest("p1").Entity().Country = "MEX"
	require.Equal(t, "MEX", put(evidence.PutEntity{Description: evidence.Of("another")}))
}

// TestPut upserts: an absent field keeps, null clears.
func TestPut(t *testing.T) {
	g := base(t)
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{
		ID: "p1", Description: evidence.Of("de Iguala"), Country: evidence.Of("MX"), Aliases: evidence.Of([]string{"El Pepe"}),
		Names: evidence.Of([]evidence.NewName{{Text: "Perez, Jose", Type: "TRANSLITERATION"}}), Notes: evidence.Of([]evidence.Note{{Key: "z"}, {Key: "a"}}),
	}})
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Description: evidence.Null[string](), Aliases: evidence.Of([]string{"Pepe"})}})
	e := g.newest("p1").Entity()
	require.Equal(t, "José Pérez", e.PrimaryName())
	require.Empty(t, e.Description)
	require.Equal(t, "MX", e.Country)
	require.Equal(t, []evidence.Note{{Key: "a"}, {Key: "z"}}, e.Notes)
	var names []string
	for _, n := range e.Names[1:] {
		names = append(names, n.Type.String()+" "+n.Text)
	}
	require.Equal(t, []string{"TRANSLITERATION Perez, Jose", "ALIAS Pepe"}, names, "aliases alone leave the other names")

	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: "Secreto", Clearance: "CONFIDENTIAL"}})}})
	g.must(low, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Null[[]evidence.NewName]()}})
	require.Len(t, g.newest("p1").Entity().Names, 2, "a name that the author does not see stays")

	g.must(top, source("s1", func(s *evidence.PutSource) { s.Author, s.Reliability = evidence.Of("Ana"), evidence.Of("B") }))
	g.must(top, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Null[string](), DerivedFrom: evidence.Of([]evidence.ID{"s2", "s2"})}})
	s := g.newest("s1").Source()
	require.Empty(t, s.Author)
	require.Equal(t, evidence.ReliabilityB, s.Reliability)
	require.Equal(t, []evidence.ID{"s2"}, s.DerivedFrom)
}

// TestPutBack puts what was retracted: it comes back with the clearance that it
// has now.
func TestPutBack(t *testing.T) {
	g := base(t)
	g.must(top, retract("p2"), retract("s2"))
	g.must(top, raise("p2", "CONFIDENTIAL"), raise("s2", "RESTRICTED"))
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2"}}, evidence.Change{PutSource: &evidence.PutSource{ID: "s2"}})
	require.Equal(t, "Ana Ruiz", g.newest("p2").Entity().PrimaryName())
	require.Equal(t, evidence.Confidential, g.newest("p2").Derived.Visibility)
	require.Equal(t, evidence.Restricted, g.newest("s2").Derived.Visibility)
}

// TestAssertAgain asserts claims under ids that are taken.
func TestAssertAgain(t *testing.T) {
	g := base(t)
	require.False(t, g.must(top, link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1"))).New, "the same again")
	require.False(t, g.must(top, link("l1", "COMMANDS", "p1", "u1", cited("", "s1"))).New, "and where the citation's id was left out")
	require.Equal(t, []string{"DUPLICATE_ID changes[0].assertLink.citations[0].id"}, g.refuse(top, set(link("l1", "COMMANDS", "p1", "u1", cited("", "s2")))))
	g.must(top, evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: "CHARGED", Citation: cited("c9", "s2")}})
	require.False(t, g.must(top, link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1"))).New, "whatever its standing is now")
	require.False(t, g.must(top, evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: "CHARGED", Citation: cited("c9", "s2")}}).New)
	require.False(t, g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c1", "s1")}}).New)

	g.must(top, raise("c1", "CONFIDENTIAL"), evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c3", "s2")}})
	hidden := cited("", "s1")
	hidden.Clearance = ""
	require.Equal(t, []string{"DUPLICATE_ID changes[0].assertLink.citations[0].id"}, g.refuse(low, set(link("l1", "COMMANDS", "p1", "u1", hidden))), "a citation that the author does not see is not confirmed")

	g.must(top, retract("l1"))
	require.Equal(t, []string{"DUPLICATE_ID changes[0].assertLink.id"}, g.refuse(top, set(link("l1", "COMMANDS", "p1", "u1", cited("", "s1")))))
}

// TestRetract closes what cannot stand without what was closed.
func TestRetract(t *testing.T) {
	dispute := cited("c3", "s2")
	dispute.Stance = "DISPUTES"
	for name, c := range map[string]struct {
		retract []evidence.Change
		want    []bool // s1 p1 l1 c1 c3 t1 c2
	}{
		"a citation that is not the last support": {[]evidence.Change{retract("c3")}, []bool{true, true, true, true, false, true, true}},
		"the last support":                        {[]evidence.Change{retract("c1")}, []bool{true, true, false, false, false, true, true}},
		"a source":                                {[]evidence.Change{retract("s1")}, []bool{false, true, false, false, false, true, true}},
		"a source with a check of its citation":   {[]evidence.Change{{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: "c1", Check: evidence.QuoteCheck{State: evidence.Verified}}}}}, retract("s1")}, []bool{false, true, false, false, false, true, true}},
		"an entity":                               {[]evidence.Change{retract("p1")}, []bool{true, false, false, false, false, false, false}},
		"a claim":                                 {[]evidence.Change{retract("t1")}, []bool{true, true, true, true, true, false, false}},
		"a source after another was cited":        {[]evidence.Change{{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c4", "s2")}}, retract("s1")}, []bool{false, true, true, false, true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: dispute}})
			commit := g.must(top, c.retract...)
			require.Equal(t, c.want, g.stands("s1", "p1", "l1", "c1", "c3", "t1", "c2"))
			for k, n := range commit.Counters {
				require.NotZero(t, n, "%+v", k)
			}
		})
	}
	t.Run("too much", func(t *testing.T) {
		g := base(t)
		g.step++
		_, err := g.Write(context.Background(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			p := storetest.Planner(g.step)
			p.CascadeLimit = 3
			return p.Plan(ctx, snap, top, &evidence.ChangeSet{Reason: "too much", Changes: []evidence.Change{retract("p1")}})
		})
		require.Equal(t, evidence.LimitExceeded, evidence.CodeOf(err))
		require.Equal(t, []bool{true, true}, g.stands("p1", "l1"))
	})
}

// TestMerge asserts, accepts and withdraws that two entities are one.
func TestMerge(t *testing.T) {
	merge := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m", Absorb: "p1", Into: "p2", Citations: []evidence.NewCitation{cited("cm", "s1")}}}
	g := base(t)
	g.must(top, merge)
	require.True(t, g.newest("m").Claim().Accepted)
	require.Equal(t, "p1", string(g.newest("l1").Claim().From), "a claim keeps the ends it was asserted with")
	require.False(t, g.must(top, merge).New)
	for name, accept := range map[string]evidence.Change{"by its link": {MergeEntities: &evidence.MergeEntities{Link: "m"}}, "by its ends": merge} {
		g = base(t)
		g.must(top, link("m", evidence.SameAs, "p1", "p2", cited("cm", "s1")))
		require.False(t, g.newest("m").Claim().Accepted, "a candidate joins nothing")
		require.True(t, g.must(top, accept).New, name)
		require.True(t, g.newest("m").Claim().Accepted, name)
	}
}

// TestMergeOfKinds has two entities of different kinds said to be the same.
func TestMergeOfKinds(t *testing.T) {
	merge := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m", Absorb: "o1", Into: "u1", Citations: []evidence.NewCitation{cited("cm", "s1")}}}
	accept := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m"}}
	correct := entity("o1", "MILITARY_UNIT", "Otra")
	g := base(t)
	g.must(top, link("m", evidence.SameAs, "o1", "u1", cited("cm", "s1"))) // which may be asserted
	for _, by := range []evidence.Change{merge, accept} {
		_, err := g.try(top, &evidence.ChangeSet{Changes: []evidence.Change{by}})
		require.ErrorContains(t, err, `"o1" is of kind ORGANIZATION and "u1" of kind MILITARY_UNIT, so they cannot be the same; correct the kind of one of them with putEntity first`)
	}
	g.must(top, accept, correct)
	require.True(t, g.newest("m").Claim().Accepted, "the kind may be corrected in the same change set")
	g.must(top, undo(3))
	require.False(t, g.newest("m").Claim().Accepted)
	require.Equal(t, "ORGANIZATION", g.newest("o1").Entity().Kind)

	g.must(top, raise("o1", "CONFIDENTIAL"))
	for _, hidden := range []evidence.ID{"o1", "none"} { // the kind of what is hidden is not told of
		got := g.refuse(low, &evidence.ChangeSet{Changes: []evidence.Change{
			link(evidence.ID(low.IDPrefix+"same"), evidence.SameAs, hidden, "u1", cited("", "s1")),
			{MergeEntities: &evidence.MergeEntities{Link: evidence.ID(low.IDPrefix + "same")}},
		}})
		require.Equal(t, []string{"UNKNOWN_ID changes[0].assertLink.from"}, got)
	}
}

// TestKeys sends change sets again under an idempotency key.
func TestKeys(t *testing.T) {
	g := base(t)
	cs := &evidence.ChangeSet{IdempotencyKey: "2026-11-23/1", Changes: []evidence.Change{entity("", "PERSON", "Nueva")}}
	first, err := g.try(top, cs)
	require.NoError(t, err)
	g.must(top, entity("n", "PERSON", "N"))
	again, err := g.try(top, cs)
	require.NoError(t, err)
	require.False(t, again.New)
	require.Equal(t, first.Revision.Hash, again.Revision.Hash)
	require.Equal(t, first.Targets, again.Targets, "made ids are the same")
	require.Equal(t, []string{"CONFLICT idempotencyKey"}, g.refuse(top, &evidence.ChangeSet{IdempotencyKey: "2026-11-23/1", Changes: []evidence.Change{entity("", "PERSON", "Otra")}}))
	other, err := g.try(middle, &evidence.ChangeSet{IdempotencyKey: "2026-11-23/1", Changes: []evidence.Change{entity("", "PERSON", "Otra")}})
	require.NoError(t, err)
	require.True(t, other.New, "another author's key is another key")
}

// TestExpected conflicts only over what the change set names.
func TestExpected(t *testing.T) {
	expecting := func(n uint64, changes ...evidence.Change) *evidence.ChangeSet {
		return &evidence.ChangeSet{ExpectedRevision: &n, Changes: changes}
	}
	g := base(t)
	g.must(top, entity("p2", "PERSON", "Ana R."))
	require.Equal(t, []string{"CONFLICT changes[0].putEntity.id"}, g.refuse(top, expecting(1, entity("p2", "PERSON", "Anita"))))
	require.Equal(t, []string{"CONFLICT changes[0].assertLink.to"}, g.refuse(top, expecting(1, link("n", "LINKED_TO", "p1", "p2", cited("", "s1")))))
	require.Equal(t, []string{"INVALID_INPUT expectedRevision", "UNKNOWN_ID changes[0].retract.id"}, g.refuse(top, expecting(7, retract("none"))))
	_, err := g.try(top, expecting(2, entity("p2", "PERSON", "Anita")))
	require.NoError(t, err)
	_, err = g.try(top, expecting(1, entity("u1", "MILITARY_UNIT", "27")))
	require.NoError(t, err, "what has not changed does not conflict")

	g = base(t)
	g.must(top, entity("o1", "ORGANIZATION", "Otra más"))
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: evidence.Of([]evidence.NewName{{Text: "Secreta", Clearance: "CONFIDENTIAL"}})}})
	_, err = g.try(low, expecting(1, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Description: evidence.Of("periodista")}}))
	require.NoError(t, err, "a change that the author cannot see does not conflict")
}

// TestHidden keeps what an author may not see from being touched or told of.
func TestHidden(t *testing.T) {
	g := base(t)
	g.must(low, entity("p-1", "PERSON", "Suya"))
	g.must(top, raise("p-1", "CONFIDENTIAL"), raise("l1", "RESTRICTED"))
	require.Equal(t, []string{"DUPLICATE_ID changes[0].putEntity.id"}, g.refuse(low, set(entity("p-1", "PERSON", "Suya"))), "a hidden record is not changed by who does not see it")
	for name, c := range map[string]evidence.Change{
		"retract.id": retract("l1"), "cite.claim": {Cite: &evidence.Cite{Claim: "l1", Citation: cited("p-c", "s1")}},
		"setClearance.id": raise("l1", "PUBLIC"), "setStanding.claim": {SetStanding: &evidence.SetStanding{Claim: "l1", Standing: "ALLEGED", Citation: cited("p-c", "s1")}},
	} {
		_, hidden := g.try(low, set(c))
		require.Equal(t, evidence.UnknownID, evidence.CodeOf(hidden), name)
		require.Equal(t, []string{"UNKNOWN_ID changes[0]." + name}, g.refuse(low, set(c)))
	}
	_, taken := g.try(low, set(link("l1", "COMMANDS", "p1", "u1", cited("", "s1"))))
	_, free := g.try(low, set(link("l9", "COMMANDS", "p1", "u1", cited("", "s1"))))
	require.Equal(t, strings.ReplaceAll(free.Error(), "l9", "l1"), taken.Error(), "a taken id is answered as a free one")
}

// TestUndo takes revisions back, or names what is in the way.
func TestUndo(t *testing.T) {
	message := func(err error) string {
		var faults evidence.Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			return "no fault"
		}
		return string(faults[0].Code) + " " + faults[0].Message
	}
	t.Run("a retraction", func(t *testing.T) {
		g := base(t)
		g.must(top, retract("p1"))
		g.must(top, undo(2))
		require.Equal(t, []bool{true, true, true, true, true}, g.stands("p1", "l1", "c1", "t1", "c2"))
	})
	t.Run("what was built on it is in the way", func(t *testing.T) {
		g := base(t)
		g.must(top, link("l2", "LINKED_TO", "p1", "p2", cited("c3", "s1")))
		_, err := g.try(top, set(undo(1)))
		require.Equal(t, evidence.Conflict, evidence.CodeOf(err))
		require.Contains(t, err.Error(), `"l2", written by revision 2`)
	})
	t.Run("a later change is in the way", func(t *testing.T) {
		g := base(t)
		g.must(top, entity("p2", "PERSON", "Ana"))
		g.must(top, entity("p2", "PERSON", "Anita"))
		_, err := g.try(top, set(undo(2)))
		require.Contains(t, message(err), "CONFLICT revision 2 cannot be undone: revision 3")
		g.must(top, undo(3))
		require.Equal(t, "Ana", g.newest("p2").Entity().PrimaryName())
	})
	t.Run("a claim whose end was retracted since", func(t *testing.T) {
		g := base(t)
		g.must(top, retract("l1"))
		g.must(top, retract("u1"))
		_, err := g.try(top, set(undo(2)))
		require.Contains(t, message(err), `CONFLICT revision 2 cannot be undone: revision 3 has since changed "u1"`)
		g.must(top, undo(2), undo(3))
		require.Equal(t, []bool{true, true, true}, g.stands("u1", "l1", "c1"))
	})
	t.Run("a citation whose source was retracted since", func(t *testing.T) {
		g := base(t)
		g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("c3", "s2")}})
		g.must(top, retract("c1"))
		g.must(top, retract("s1"))
		_, err := g.try(top, set(undo(3)))
		require.Contains(t, message(err), `CONFLICT revision 3 cannot be undone: revision 4 has since changed "s1"`)
	})
	t.Run("what a cascade closed beyond its author's sight comes back", func(t *testing.T) {
		g := base(t)
		secret := link("l2", "LINKED_TO", "p1", "p2", cited("c3", "s1"))
		secret.AssertLink.Clearance = "CONFIDENTIAL"
		g.must(top, secret)
		g.must(low, retract("p1"))
		require.Equal(t, []bool{false, false, false}, g.stands("p1", "l2", "c3"))
		g.must(low, undo(2))
		require.Equal(t, []bool{true, true, true}, g.stands("p1", "l2", "c3"))
		require.Equal(t, evidence.Confidential, g.newest("c3").Derived.Visibility)
	})
	t.Run("a hidden claim that can no longer stand stays closed", func(t *testing.T) {
		g := base(t)
		secret := link("l2", "LINKED_TO", "p1", "p2", cited("c3", "s1"))
		secret.AssertLink.Clearance = "CONFIDENTIAL"
		g.must(top, secret)
		g.must(low, retract("p1"))
		g.must(low, retract("p2"))
		g.must(low, undo(2))
		require.Equal(t, []bool{true, true, false, false}, g.stands("p1", "l1", "l2", "c3"))
	})
	t.Run("a clearance that was raised since stays raised", func(t *testing.T) {
		g := base(t)
		g.must(top, retract("p2"))
		g.must(top, raise("p2", "CONFIDENTIAL"))
		g.must(top, undo(2))
		require.True(t, g.newest("p2").IsOpen())
		require.Equal(t, evidence.Confidential, g.newest("p2").Derived.Visibility)
	})
	t.Run("a clearance that was raised and retracted with it comes back", func(t *testing.T) {
		g := base(t)
		g.must(top, raise("p2", "CONFIDENTIAL"), retract("p2"))
		g.must(top, undo(2))
		require.Equal(t, evidence.Public, g.newest("p2").Derived.Visibility)
	})
	t.Run("the clearance of what is retracted", func(t *testing.T) {
		g := base(t)
		g.must(top, retract("p2"))
		g.must(top, raise("p2", "CONFIDENTIAL"))
		_, err := g.try(top, set(undo(3)))
		require.Contains(t, message(err), `CONFLICT revision 3 set the clearance of "p2"`)
	})
	t.Run("a publication", func(t *testing.T) {
		g := base(t)
		g.must(top, raise("p2", "CONFIDENTIAL"))
		g.must(top, raise("p2", "PUBLIC"))
		g.must(top, undo(3))
		require.Equal(t, evidence.Confidential, g.newest("p2").Derived.Visibility)
	})
}

// TestUndoLeavesASecretNameHidden has an author undo what raised a name above them,
// also after the name was taken away and where it was the first.
func TestUndoLeavesASecretNameHidden(t *testing.T) {
	names := func(name string, names ...evidence.NewName) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "witness", Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names)}}
	}
	alias := func(text, clearance string) evidence.NewName {
		return evidence.NewName{Text: text, Type: "ALIAS", Clearance: clearance}
	}
	seen := func(g *graph, c evidence.Clearance) (texts []string) {
		g.Helper()
		newest, err := g.Snapshot().Newest(g.Context(), []evidence.ID{"witness"}, evidence.Open)
		require.NoError(g, err)
		for _, n := range newest["witness"].Entity().VisibleNames(c) {
			texts = append(texts, n.Text+" "+n.Clearance.String())
		}
		return texts
	}
	undo := evidence.Change{Undo: &evidence.Undo{Revision: 2}}

	g := empty(t)
	g.must(top, names("Testigo", alias("Juan", "PUBLIC"), alias("Zurdo", "PUBLIC")))
	g.must(top, names("Testigo", alias("Juan", "CONFIDENTIAL")))
	g.must(low, undo)
	require.Equal(t, []string{"Testigo PUBLIC", "Zurdo PUBLIC"}, seen(g, evidence.Public), "what was taken away for all comes back")
	require.Contains(t, seen(g, evidence.Confidential), "Juan CONFIDENTIAL")

	g = empty(t)
	g.must(top, names("Testigo", alias("Juan", "PUBLIC")))
	g.must(top, names("Testigo", alias("Juan", "CONFIDENTIAL")))
	g.must(top, names("Testigo"))
	g.must(low, undo)
	require.Equal(t, []string{"Testigo PUBLIC"}, seen(g, evidence.Confidential), "it was a secret when it was taken away")

	g = empty(t)
	g.must(top, names("Juan", alias("Zurdo", "PUBLIC")))
	g.must(top, names("Testigo", alias("Juan", "CONFIDENTIAL")))
	g.must(low, undo)
	require.Equal(t, []string{"Testigo PUBLIC", "Zurdo PUBLIC"}, seen(g, evidence.Public))

	g = empty(t)
	g.must(top, names("Testigo", alias("Juan", "PUBLIC")))
	g.must(top, names("Testigo", alias("Juan", "CONFIDENTIAL")))
	g.must(top, undo)
	require.Contains(t, seen(g, evidence.Public), "Juan PUBLIC", "who is cleared for it may bring it back")
}
