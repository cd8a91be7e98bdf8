package trace_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestWhatIsAskedOfAHubIsFoundAmongItsLinks asks an entity of far more links than a
// timeline orders for the one that a filter keeps, and for the one that changed.
func TestWhatIsAskedOfAHubIsFoundAmongItsLinks(t *testing.T) {
	trace.ShortenTimelines(t, 20)
	g := newGraph(t)
	cite := []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}
	changes := []evidence.Change{note, called("hub", "MILITARY_UNIT", "Batallón"), called("town", "PLACE", "Iguala")}
	for i := range 60 {
		id := evidence.ID(fmt.Sprintf("p%02d", i))
		changes = append(changes, called(id, "PERSON", "Alguien"), evidence.Change{AssertLink: &evidence.AssertLink{
			ID: "m" + id, Kind: "MEMBER_OF", From: id, To: "hub", Valid: evidence.ValidTime{Since: "2010", Until: []string{"2012", "2012?"}[i%2]}, Citations: cite,
		}})
	}
	changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
		ID: "the-one", Kind: "OPERATES_IN", From: "hub", To: "town", Standing: "CONVICTED", Valid: evidence.ValidTime{Since: "2014-09-26", Until: "2014-09-27"}, Citations: cite,
	}})
	g.write(changes...)
	s := g.at(evidence.Public)
	for name, f := range map[string]trace.LinkFilter{
		"a standing": {Standing: []evidence.Standing{evidence.Convicted}}, "a day": {On: "2014-09-26"},
	} {
		line, err := s.TimelineOf(t.Context(), []evidence.ID{"hub"}, false, f)
		require.NoError(t, err)
		require.Empty(t, line.Cut, name)
		require.Len(t, line.Moments, 2, name)
		require.EqualValues(t, "the-one", line.Moments[0].Claim.Record.ID(), name)
	}
	for name, f := range map[string]trace.LinkFilter{"all": {}, "a standing": {Standing: []evidence.Standing{evidence.Convicted}}} {
		turns, cut, err := s.ChangesBetween(t.Context(), []evidence.ID{"hub"}, "2013-01-01", "2014-09-26", f)
		require.NoError(t, err)
		require.Empty(t, cut, name)
		require.Len(t, turns, 1, name)
		require.EqualValues(t, "the-one", turns[0].Claim.Record.ID(), name)
	}
	line, err := s.TimelineOf(t.Context(), []evidence.ID{"hub", "town"}, false, trace.LinkFilter{})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, line.Cut, "there are more")
	require.Len(t, line.Moments, 40)
	turns, cut, err := s.ChangesBetween(t.Context(), []evidence.ID{"hub"}, "2009", "2011", trace.LinkFilter{})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, cut)
	require.Len(t, turns, 20)

	trace.LowerBudgets(t, 30, 1000)
	line, err = s.TimelineOf(t.Context(), []evidence.ID{"hub"}, false, trace.LinkFilter{Standing: []evidence.Standing{evidence.Convicted}})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, line.Cut, "it is not looked for for ever")
}
