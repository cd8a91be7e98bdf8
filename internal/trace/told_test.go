package trace_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestARevisionIsToldWhileADifferenceOfItIsSeen: once all that a revision did has
// been raised above readers they are told neither who made it nor why, though they
// see the record that it changed; and that record is none of its changes any more.
func TestARevisionIsToldWhileADifferenceOfItIsSeen(t *testing.T) {
	put := func(c evidence.Change, change func(*evidence.Change)) evidence.Change {
		change(&c)
		return c
	}
	raise := func(id evidence.ID) evidence.Change {
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "CONFIDENTIAL"}}
	}
	named := func(level string) evidence.Change {
		return put(person("p", "Uno"), func(c *evidence.Change) {
			c.PutEntity.Names = evidence.Of([]evidence.NewName{{Text: "Juan", Clearance: level}})
		})
	}
	derived := put(news("s"), func(c *evidence.Change) { c.PutSource.DerivedFrom = evidence.Of([]evidence.ID{"x"}) })
	standing := evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CHARGED", Citation: cited("cs", "x", "MENTIONS")}}
	for name, c := range map[string]struct {
		second []evidence.Change
		since  evidence.Change
		before []evidence.ID // the changes, and after
		after  []evidence.ID
	}{
		"a source that it derives from":        {[]evidence.Change{derived}, raise("x"), []evidence.ID{"s"}, nil},
		"a standing whose citation has hidden": {[]evidence.Change{standing}, raise("x"), []evidence.ID{"l"}, nil},
		"a citation that shows a standing":     {[]evidence.Change{standing}, raise("cs"), []evidence.ID{"l"}, nil},
		"an alias":                             {[]evidence.Change{named("PUBLIC")}, named("CONFIDENTIAL"), []evidence.ID{"p"}, nil},
		"one of two differences": {
			[]evidence.Change{derived, put(person("q", "Dos"), func(*evidence.Change) {}), person("r", "Tres")}, raise("x"), []evidence.ID{"s", "r"}, []evidence.ID{"r"},
		},
		"two changes of one record": {
			[]evidence.Change{derived, put(news("s"), func(c *evidence.Change) { c.PutSource.Author = evidence.Of("Áurea") })}, raise("x"), []evidence.ID{"s", "s"}, []evidence.ID{"s", "s"},
		},
		"a comparison with a capture": {
			[]evidence.Change{{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: "c", Check: evidence.QuoteCheck{State: evidence.Verified, At: "2026-11-23T09:00:00Z"}}}}}}, person("z", "Otra"), nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			g.write(news("s"), news("x"), person("p", "Uno"), person("q", "Dos"), linked("l", "p", "q", cited("c", "s", "SUPPORTS")))
			g.write(c.second...)
			look := func(level evidence.Clearance) (told bool, concerned []evidence.ID) {
				s := g.at(level)
				rev, err := s.Revision(t.Context(), 2)
				require.NoError(t, err)
				tell, err := s.Told(t.Context(), []*evidence.Revision{rev})
				require.NoError(t, err)
				concerned, err = s.Concerned(t.Context(), rev, 100)
				require.NoError(t, err)
				return tell[0], concerned
			}
			told, concerned := look(evidence.Public)
			require.True(t, told)
			require.Equal(t, c.before, concerned)
			g.write(c.since)
			told, concerned = look(evidence.Public)
			require.Equal(t, len(c.after) > 0 || name == "a comparison with a capture", told)
			require.Equal(t, c.after, concerned)
			told, concerned = look(evidence.Confidential)
			require.True(t, told)
			require.Len(t, concerned, len(c.second))
		})
	}
}

// TestWhoMadeARevisionCostsNoMoreForItsLength lists a revision of few changes and one of
// very many: who made it and why, and its first changes, are told by as few leaves.
func TestWhoMadeARevisionCostsNoMoreForItsLength(t *testing.T) {
	for _, level := range []evidence.Clearance{evidence.Public, evidence.Confidential} {
		cost := func(links int) int {
			g, counting := newCountedGraph(t)
			changes := []evidence.Change{news("s"), person("a", "Uno"), person("b", "Dos")}
			for i := range links {
				id := evidence.ID(fmt.Sprintf("%04d", i))
				changes = append(changes, linked("l"+id, "a", "b", cited("c"+id, "s", "SUPPORTS")))
			}
			g.write(changes...)
			s := g.at(level)
			counting.reset()
			p, err := s.Revisions(t.Context(), trace.RevisionFilter{}, trace.PageArgs{})
			require.NoError(t, err)
			require.Len(t, p.Items, 1)
			revisions := []*evidence.Revision{p.Items[0].Node}
			told, err := s.Told(t.Context(), revisions)
			require.NoError(t, err)
			require.Equal(t, []bool{true}, told)
			concerned, err := s.Concerned(t.Context(), revisions[0], 4)
			require.NoError(t, err)
			require.Equal(t, []evidence.ID{"s", "a", "b", "l0000"}, concerned)
			return counting.leaves
		}
		require.Equal(t, cost(10), cost(300))
	}
}

// TestTheRestOfALongRevisionIsRead has readers ask for changes far behind the first.
func TestTheRestOfALongRevisionIsRead(t *testing.T) {
	g := newGraph(t)
	var changes []evidence.Change
	for i := range 600 {
		c := person(evidence.ID(fmt.Sprintf("p%04d", i)), "Uno")
		if i < 590 {
			c = secret(c)
		}
		changes = append(changes, c)
	}
	g.write(changes...)
	for level, want := range map[evidence.Clearance]int{evidence.Public: 10, evidence.Confidential: 600} {
		s := g.at(level)
		p, err := s.Revisions(t.Context(), trace.RevisionFilter{}, trace.PageArgs{})
		require.NoError(t, err)
		told, err := s.Told(t.Context(), []*evidence.Revision{p.Items[0].Node})
		require.NoError(t, err)
		require.Equal(t, []bool{true}, told)
		concerned, err := s.Concerned(t.Context(), p.Items[0].Node, 1000)
		require.NoError(t, err)
		require.Len(t, concerned, want)
	}
}
