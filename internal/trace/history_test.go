package trace_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// graph is a small graph that tests write into.
type graph struct {
	t      *testing.T
	tracer *trace.Tracer
}

func newGraph(t *testing.T) *graph {
	t.Helper()
	planner := storetest.Planner(1)
	return &graph{t, trace.New(model.New(), vocabulary.Standard(), planner)}
}

func (g *graph) write(changes ...evidence.Change) {
	g.t.Helper()
	_, err := g.tracer.Apply(g.t.Context(), evidence.Author{Name: "test", Clearance: evidence.Confidential}, &evidence.ChangeSet{Reason: "test", Changes: changes})
	require.NoError(g.t, err)
}

func (g *graph) at(c evidence.Clearance) *trace.Session {
	g.t.Helper()
	s, err := g.tracer.At(g.t.Context(), evidence.Now(c))
	require.NoError(g.t, err)
	g.t.Cleanup(func() { _ = s.Close() })
	return s
}

// stepsOf reads a history page by page in both directions.
func stepsOf(t require.TestingT, s *trace.Session, id evidence.ID, size int) []*trace.Step {
	return bothWays(t, size, func(a trace.PageArgs) (trace.Page[*trace.Step], error) {
		return s.History(context.Background(), id, a)
	})
}

// differences reads a diff page by page in both directions.
func differences(t require.TestingT, s *trace.Session, from, to uint64, size int) []*trace.Difference {
	return bothWays(t, size, func(a trace.PageArgs) (trace.Page[*trace.Difference], error) {
		return s.Diff(context.Background(), from, to, a)
	})
}

// bothWays reads a list from its start and from its end, which is to tell the same.
func bothWays[T any](t require.TestingT, size int, read func(trace.PageArgs) (trace.Page[T], error)) (all []T) {
	for after := ""; ; {
		p, err := read(trace.PageArgs{First: &size, After: after})
		require.NoError(t, err)
		for _, x := range p.Items {
			all = append(all, x.Node)
		}
		if !p.HasNext {
			break
		}
		after = p.End
	}
	var backwards []T
	for before := ""; ; {
		p, err := read(trace.PageArgs{Last: &size, Before: before})
		require.NoError(t, err)
		var items []T
		for _, x := range p.Items {
			items = append(items, x.Node)
		}
		backwards = append(items, backwards...)
		if !p.HasPrevious {
			break
		}
		before = p.Start
	}
	require.Equal(t, all, backwards, "both directions tell the same")
	return all
}

// tale writes a history down.
func (g *graph) tale(c evidence.Clearance, id evidence.ID) []string {
	g.t.Helper()
	var told []string
	for _, x := range stepsOf(g.t, g.at(c), id, 1) {
		fields := make([]string, len(x.Changes))
		for i, f := range x.Changes {
			fields[i] = fmt.Sprintf("%s: %s → %s", f.Field, f.Before, f.After)
		}
		told = append(told, fmt.Sprintf("%d %t %s", x.Revision.Numbers[c], x.Record != nil, strings.Join(fields, "; ")))
	}
	return told
}

// differing are the ids of a diff.
func (g *graph) differing(c evidence.Clearance, from, to uint64) []evidence.ID {
	g.t.Helper()
	var ids []evidence.ID
	for _, x := range differences(g.t, g.at(c), from, to, 2) {
		ids = append(ids, x.ID)
	}
	return ids
}

func person(id evidence.ID, name string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name)}}
}

func news(id evidence.ID) evidence.Change {
	return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of(string(id)), URL: evidence.Of("https://example.org/" + string(id))}}
}

func secret(c evidence.Change) evidence.Change {
	switch {
	case c.PutEntity != nil:
		c.PutEntity.Clearance = evidence.Of("CONFIDENTIAL")
	case c.PutSource != nil:
		c.PutSource.Clearance = evidence.Of("CONFIDENTIAL")
	}
	return c
}

func linked(id, from, to evidence.ID, citations ...evidence.NewCitation) evidence.Change {
	return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "LINKED_TO", From: from, To: to, Citations: citations}}
}

func cited(id, source evidence.ID, stance string) evidence.NewCitation {
	return evidence.NewCitation{ID: id, Source: source, Stance: stance, Locator: "p. 1"}
}

// TestHiddenVersionsTakeNoPlaceInAHistory has far more hidden versions of an
// entity than steps that everybody sees: none of those is pushed out.
func TestHiddenVersionsTakeNoPlaceInAHistory(t *testing.T) {
	g := newGraph(t)
	g.write(person("p1", "Primero"))
	g.write(person("p1", "Segundo"))
	before := g.tale(evidence.Public, "p1")
	for n := range 2100 {
		g.write(evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: fmt.Sprint("Oculto ", n), Clearance: "CONFIDENTIAL"}})}})
	}
	require.Len(t, before, 2)
	require.Equal(t, before, g.tale(evidence.Public, "p1"))
}

// TestHiddenSupportDoesNotShowInAHistory retracts the one support that everybody
// sees. For them the claim is then gone, whether or not something hidden keeps it
// up, and so are its citations; when it is restored, they are back.
func TestHiddenSupportDoesNotShowInAHistory(t *testing.T) {
	tell := func(hidden bool) []string {
		g := newGraph(t)
		g.write(news("s1"), person("p1", "Uno"), person("p2", "Dos"))
		g.write(linked("l1", "p1", "p2", cited("c1", "s1", "SUPPORTS"), cited("m1", "s1", "MENTIONS")))
		if hidden {
			g.write(secret(news("xs")))
			g.write(evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("xc", "xs", "SUPPORTS")}})
		}
		g.write(evidence.Change{Retract: &evidence.Retract{ID: "c1"}})
		var told []string
		all := func() {
			for _, id := range []evidence.ID{"l1", "c1", "m1", "p1", "s1"} {
				told = append(told, string(id), strings.Join(g.tale(evidence.Public, id), "\n"))
			}
			told = append(told, fmt.Sprint(g.differing(evidence.Public, 1, 3)), fmt.Sprint(g.differing(evidence.Public, 2, 3)))
		}
		all()
		_, err := g.tracer.Apply(t.Context(), evidence.Author{Name: "ana", Clearance: evidence.Public, IDPrefix: "a-"}, &evidence.ChangeSet{Reason: "after all", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: 3}}}})
		require.NoError(t, err)
		all()
		return append(told, fmt.Sprint(g.differing(evidence.Public, 3, 4)))
	}
	without := tell(false)
	require.Equal(t, without, tell(true))
	require.Contains(t, without[1], "3 false", "the link is withdrawn at revision 3")
	require.Equal(t, "[c1 l1 m1]", without[len(without)-1])
}

// TestHiddenRecordsTakeNoPlaceInADiff compares revisions that touched far more
// hidden records than one reading of the log takes in.
func TestHiddenRecordsTakeNoPlaceInADiff(t *testing.T) {
	trace.SetDiffWindow(t, 4)
	g := newGraph(t)
	g.write(person("p0", "Cero"))
	var changes []evidence.Change
	for n := range 40 {
		changes = append(changes, secret(person(evidence.ID(fmt.Sprintf("x%02d", n)), "Oculto")))
	}
	g.write(append(changes, person("a1", "Uno"), person("w2", "Dos"), person("x05b", "Tres"), person("z4", "Cuatro"), person("z5", "Cinco"))...)
	g.write(person("p0", "Otro"))
	require.Equal(t, []evidence.ID{"a1", "p0", "w2", "x05b", "z4", "z5"}, g.differing(evidence.Public, 1, 3))
	require.Equal(t, []evidence.ID{"p0"}, g.differing(evidence.Public, 2, 3))
	require.Len(t, g.differing(evidence.Confidential, 1, 3), 46)
}

// TestWhatComesIntoSightIsTold lowers the clearance of what a link that nobody at
// PUBLIC saw is seen with: an end, a source, its support. They then read the link,
// and are told when it came; and once it is raised again, that nothing ever was.
func TestWhatComesIntoSightIsTold(t *testing.T) {
	for _, what := range []evidence.ID{"b", "s", "c"} {
		g := newGraph(t)
		setTo := func(to string) {
			g.write(evidence.Change{SetClearance: &evidence.SetClearance{ID: what, Clearance: to}})
		}
		g.write(person("a", "Uno"), person("b", "Dos"), news("s"), news("s2"), linked("l", "a", "b", cited("c", "s", "SUPPORTS"), cited("m", "s2", "MENTIONS")))
		setTo("CONFIDENTIAL")
		g.write(person("z", "Otra"))
		setTo("PUBLIC")
		came := []string{"1 true ", "2 false ", "4 true "}
		both := []evidence.ID{"b", "c", "l", "m"}
		switch what {
		case "s":
			both = []evidence.ID{"c", "l", "m", "s"}
		case "c":
			both = []evidence.ID{"c", "l", "m"}
		}
		for _, id := range both {
			require.Equal(t, came, g.tale(evidence.Public, id), "%s after %s came back", id, what)
		}
		require.Equal(t, both, g.differing(evidence.Public, 3, 4), "%s came back", what)
		require.Equal(t, both, g.differing(evidence.Public, 1, 2), "%s went", what)
		require.Equal(t, []evidence.ID{"z"}, g.differing(evidence.Public, 1, 4), "%s is back as it was", what)
		setTo("CONFIDENTIAL")
		for _, id := range both {
			require.Empty(t, g.tale(evidence.Public, id), "%s after %s is hidden", id, what)
		}
		require.Empty(t, g.differing(evidence.Public, 3, 4), "%s is hidden in the past too", what)
		require.Empty(t, g.differing(evidence.Public, 4, 5), "%s is hidden in the past too", what)
	}
}

// TestASupportThatCameAndWentIsTold cites a claim that only hidden supports kept
// up with one that everybody sees, and retracts that: no moment of anything else
// lies between the two.
func TestASupportThatCameAndWentIsTold(t *testing.T) {
	g := newGraph(t)
	g.write(news("s"), secret(news("xs")), person("a", "Uno"), person("b", "Dos"), linked("l", "a", "b", cited("x", "xs", "SUPPORTS"), cited("m", "s", "MENTIONS")))
	g.write(evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: cited("c", "s", "SUPPORTS")}})
	g.write(evidence.Change{Retract: &evidence.Retract{ID: "c"}})
	for _, id := range []evidence.ID{"c", "l", "m"} {
		require.Equal(t, []string{"2 true ", "3 false "}, g.tale(evidence.Public, id), id)
	}
	require.Equal(t, []evidence.ID{"c", "l", "m"}, g.differing(evidence.Public, 1, 2))
	require.Equal(t, []evidence.ID{"c", "l", "m"}, g.differing(evidence.Public, 2, 3))
	require.Len(t, g.tale(evidence.Confidential, "l"), 1)
}

// TestAStandingGoesWithItsCitation retracts the citation that told of a standing:
// the claim has another one to its readers, which is told though nobody wrote it.
func TestAStandingGoesWithItsCitation(t *testing.T) {
	g := newGraph(t)
	g.write(news("s"), person("a", "Uno"), person("b", "Dos"), linked("l", "a", "b", cited("c", "s", "SUPPORTS")))
	g.write(evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CONVICTED", Citation: cited("c2", "s", "")}})
	g.write(evidence.Change{Retract: &evidence.Retract{ID: "c2"}})
	for c := range evidence.Clearance(evidence.Clearances) {
		told := g.tale(c, "l")
		require.Len(t, told, 3)
		require.True(t, strings.HasPrefix(told[2], "3 true standing: [{"), told[2])
		require.Equal(t, []evidence.ID{"c2", "l"}, g.differing(c, 2, 3))
	}
}

// TestAClearanceIsTalkedOfWhereItIsCounted: below the top no revision is counted for the
// clearance of what stays in sight, so that neither histories nor differences tell it.
func TestAClearanceIsTalkedOfWhereItIsCounted(t *testing.T) {
	named := func(level string) evidence.Change {
		c := person("w", "Testigo")
		c.PutEntity.Names = evidence.Of([]evidence.NewName{{Text: "Juan", Clearance: level}})
		return c
	}
	raise := func(id evidence.ID) evidence.Change {
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "RESTRICTED"}}
	}
	g := newGraph(t)
	g.write(named("PUBLIC"), news("s"), person("a", "Uno"), linked("l", "a", "w", cited("c", "s", "SUPPORTS")))
	g.write(named("RESTRICTED"))
	g.write(raise("a"), raise("s"), raise("l"), raise("c"))
	c := person("w", "Testigo")
	c.PutEntity.Description = evidence.Of("de Iguala")
	g.write(c)
	steps := func(c evidence.Clearance, id evidence.ID) (told []string) {
		for _, x := range stepsOf(t, g.at(c), id, 1) {
			step := fmt.Sprint(x.Revision.Numbers[c])
			for _, f := range x.Changes {
				step += " " + f.Field
			}
			told = append(told, step)
		}
		return told
	}
	require.Equal(t, []evidence.ID{"w"}, g.differing(evidence.Restricted, 1, 2), "the raising has no number")
	require.Equal(t, []string{"1", "2 description"}, steps(evidence.Restricted, "w"))
	require.Equal(t, []string{"1"}, steps(evidence.Restricted, "a"))
	require.Equal(t, []evidence.ID{"a", "c", "l", "s", "w"}, g.differing(evidence.Confidential, 1, 4))
	require.Equal(t, []string{"1", "2 names", "4 description"}, steps(evidence.Confidential, "w"))
	require.Equal(t, []string{"1", "3 clearance"}, steps(evidence.Confidential, "a"))
}
