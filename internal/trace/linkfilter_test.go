package trace_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestLinksAreFollowedWhenTheyAreListed asks of links with all sorts of ends, of
// which a traversal knows the bounds only, on which days they may be followed and
// on which they are listed.
func TestLinksAreFollowedWhenTheyAreListed(t *testing.T) {
	g := newGraph(t)
	ends := []string{"", "..", "../..", "2014", "2014-09", "../2014", "2014/..", "2014-09?", "2014~"}
	changes := []evidence.Change{news("s"), person("a", "A"), person("b", "B")}
	for _, kind := range []string{"LINKED_TO", "PAYS"} {
		for _, since := range ends {
			for _, until := range ends {
				l := linked(evidence.ID(fmt.Sprintf("l%03d", len(changes))), "a", "b", evidence.NewCitation{Source: "s", Locator: "p. 1"})
				l.AssertLink.Kind, l.AssertLink.Valid = kind, evidence.ValidTime{Since: since, Until: until}
				changes = append(changes, l)
			}
		}
	}
	g.write(changes...)
	s := g.at(evidence.Public)
	for _, period := range []string{"2014-09-01", "2014-09-30", "2014-10-01", "2014", "2010", "2014-09-01/2014-12-31", "2015/.."} {
		for _, certainty := range []edtf.Certainty{edtf.Undated, edtf.Possibly, edtf.Definitely} {
			for name, f := range map[string]trace.LinkFilter{"during": {During: period}, "throughout": {Throughout: period}} {
				f.Certainty = certainty
				followed, cut, err := s.LinksAmong(t.Context(), []evidence.ID{"a", "b"}, f)
				require.NoError(t, err)
				require.Empty(t, cut)
				listed := trace.ClaimFilter{Of: evidence.LinkRecord, During: f.During, Throughout: f.Throughout, Certainty: certainty}
				page, err := s.ListClaims(t.Context(), listed, trace.PageArgs{First: new(trace.MaxPageSize)})
				require.NoError(t, err)
				require.False(t, page.HasNext)
				require.ElementsMatch(t, listedIDs(page), ids(followed), "%s %s, at least %s", name, period, certainty)
			}
		}
	}
}

// TestNobodyIsToldWhatSpeaksOfAHiddenClaim who guesses its id.
func TestNobodyIsToldWhatSpeaksOfAHiddenClaim(t *testing.T) {
	g := newGraph(t)
	cite := evidence.NewCitation{Source: "s", Locator: "p. 1"}
	hidden, denial, other := linked("secret", "a", "b", cite), linked("denial", "a", "b", cite), linked("other", "a", "b", cite)
	hidden.AssertLink.Clearance, denial.AssertLink.Kind, denial.AssertLink.About = "RESTRICTED", "DENIES", "secret"
	other.AssertLink.Kind, other.AssertLink.About = "DENIES", "plain"
	g.write(news("s"), person("a", "A"), person("b", "B"), linked("plain", "a", "b", cite), hidden, denial, other)
	for clearance, want := range map[evidence.Clearance][]evidence.ID{evidence.Public: {"other"}, evidence.Restricted: {"denial", "other"}} {
		s := g.at(clearance)
		f := trace.ClaimFilter{Of: evidence.LinkRecord, About: []evidence.ID{"secret", "plain", "nothing"}}
		page, err := s.ListClaims(t.Context(), f, trace.PageArgs{})
		require.NoError(t, err)
		require.Equal(t, want, listedIDs(page))
		totals, err := s.TotalClaims(t.Context(), nil, f)
		require.NoError(t, err)
		require.Equal(t, len(want), totals[""].N)
		of, err := s.ClaimsOf(t.Context(), []evidence.ID{"a", "b"}, f, trace.PageArgs{})
		require.NoError(t, err)
		require.Equal(t, want, listedIDs(of["a"]))
		f.About = f.About[:1]
		page, err = s.ListClaims(t.Context(), f, trace.PageArgs{})
		require.NoError(t, err)
		require.Len(t, page.Items, len(want)-1)
	}
}

// TestKindsAreLeftOut of lists, of their totals and of what is walked.
func TestKindsAreLeftOut(t *testing.T) {
	onBoth(t, func(t *testing.T, g *graph) {
		changes := []evidence.Change{news("s"), person("a", "A"), person("b", "B")}
		for id, kind := range map[evidence.ID]string{"l1": "FAMILY_OF", "l2": "LINKED_TO", "l3": "PAYS"} {
			l := linked(id, "a", "b", cited("c"+id, "s", "SUPPORTS"))
			l.AssertLink.Kind = kind
			changes = append(changes, l)
		}
		g.write(changes...)
		s, err := g.tracer.At(t.Context(), evidence.Now(evidence.Public))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		for _, c := range []struct {
			kinds, except []string
			want          []evidence.ID
		}{
			{nil, []string{"FAMILY_OF"}, []evidence.ID{"l2", "l3"}},
			{[]string{"FAMILY_OF", "PAYS"}, []string{"FAMILY_OF", "LINKED_TO"}, []evidence.ID{"l3"}},
			{[]string{"FAMILY_OF"}, []string{"PAYS"}, []evidence.ID{"l1"}},
		} {
			f := trace.ClaimFilter{Of: evidence.LinkRecord, Kinds: c.kinds, ExceptKinds: c.except}
			page, err := s.ListClaims(t.Context(), f, trace.PageArgs{})
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, listedIDs(page))
			of, err := s.ClaimsOf(t.Context(), []evidence.ID{"a", "b"}, f, trace.PageArgs{})
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, listedIDs(of["b"]))
			totals, err := s.TotalClaims(t.Context(), []evidence.ID{"a"}, f)
			require.NoError(t, err)
			require.Equal(t, trace.Total{N: len(c.want), Exact: true}, totals["a"])
			among, _, err := s.LinksAmong(t.Context(), []evidence.ID{"a", "b"}, trace.LinkFilter{Kinds: c.kinds, ExceptKinds: c.except})
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, ids(among))
		}
		for _, except := range [][]string{{"FAMILY_OF"}, {"KNOWS"}} { // nothing would be left, there is none
			_, err := s.ListClaims(t.Context(), trace.ClaimFilter{Of: evidence.LinkRecord, Kinds: []string{"FAMILY_OF"}, ExceptKinds: except}, trace.PageArgs{})
			require.Equal(t, evidence.InvalidInput, evidence.CodeOf(err))
			require.ErrorContains(t, err, "exceptKinds")
		}
	})
}
