package evidence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestWhatHappenedOutOfSightIsNoChange: what was closed and opened again while its
// author did not see it is to them as if nothing had become of it.
func TestWhatHappenedOutOfSightIsNoChange(t *testing.T) {
	head := func(g *graph) evidence.Head {
		head, err := g.Head(t.Context())
		require.NoError(t, err)
		return head
	}
	standing := evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "ALLEGED", Citation: cited("cs", "s2")}}
	made := func(g *graph) {
		g.must(top, link("l", "LINKED_TO", "p1", "p2", cited("c", "s1")))
	}
	held := func(g *graph) { // by a citation that its author does not know of
		made(g)
		other := cited("h", "s2")
		other.Clearance = "CONFIDENTIAL"
		g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: other}})
	}
	closedAndOpened := func(id evidence.ID) func(*graph) {
		return func(g *graph) {
			g.must(top, retract(id))
			g.must(top, undo(head(g).Latest[evidence.Confidential]))
		}
	}
	for name, c := range map[string]struct {
		before func(*graph)
		raised evidence.ID
		hidden func(*graph)
		after  []evidence.Change
	}{
		"a link whose end is raised":                    {made, "p2", closedAndOpened("l"), nil},
		"its citation":                                  {made, "p2", closedAndOpened("c"), nil},
		"a link whose source is raised":                 {made, "s1", closedAndOpened("l"), nil},
		"a link whose only citation is raised":          {made, "c", closedAndOpened("l"), nil},
		"that citation":                                 {made, "c", closedAndOpened("c"), nil},
		"that citation, of a link that is held":         {held, "c", closedAndOpened("c"), nil},
		"the citation of a link that is held":           {held, "p2", closedAndOpened("c"), nil},
		"a link that is raised by itself":               {made, "l", closedAndOpened("l"), nil},
		"twice":                                         {made, "p2", func(g *graph) { closedAndOpened("l")(g); closedAndOpened("c")(g) }, nil},
		"a link that is raised by itself meanwhile":     {made, "p2", func(g *graph) { g.must(top, raise("l", "CONFIDENTIAL")); g.must(top, raise("l", "PUBLIC")) }, nil},
		"a link of another standing":                    {func(g *graph) { made(g); g.must(top, standing) }, "p2", closedAndOpened("l"), nil},
		"a link that changes afterwards":                {made, "p2", closedAndOpened("l"), []evidence.Change{standing}},
		"a link that was closed, opened and closed":     {func(g *graph) { made(g); g.must(top, retract("l")) }, "p2", func(g *graph) { g.must(top, undo(head(g).Latest[evidence.Confidential]-1)); g.must(top, retract("l")) }, nil},
		"the citation that was, of a link that is held": {func(g *graph) { held(g); g.must(top, retract("c")) }, "p2", func(g *graph) { g.must(top, undo(head(g).Latest[evidence.Confidential]-1)); g.must(top, retract("c")) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(hidden bool) *graph {
				g := base(t)
				c.before(g)
				g.must(top, raise(c.raised, "CONFIDENTIAL"))
				numbered := head(g).Latest[evidence.Public]
				if hidden {
					c.hidden(g)
				}
				require.Equal(t, numbered, head(g).Latest[evidence.Public], "it is hidden")
				g.must(top, raise(c.raised, "PUBLIC"))
				for _, change := range c.after {
					g.must(top, change)
				}
				return g
			}
			latest := head(build(false)).Latest[evidence.Public]
			require.Equal(t, latest, head(build(true)).Latest[evidence.Public])
			try := func(set func() *evidence.ChangeSet) {
				t.Helper()
				plain, secret := build(false), build(true)
				want, wantErr := plain.try(low, set())
				got, err := secret.try(low, set())
				if wantErr != nil {
					require.EqualError(t, err, wantErr.Error())
					require.NotContains(t, err.Error(), "by a later revision")
					return
				}
				require.NoError(t, err)
				require.Equal(t, want.Revision.Numbers[evidence.Public], got.Revision.Numbers[evidence.Public])
				require.Equal(t, plain.seen(evidence.Public, "l", "c", "cs", "p1", "p2", "s1"), secret.seen(evidence.Public, "l", "c", "cs", "p1", "p2", "s1"))
			}
			for n := range latest {
				try(func() *evidence.ChangeSet { return set(undo(n + 1)) })
				for _, change := range []evidence.Change{
					{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CHARGED", Citation: cited("", "s2")}}, retract("l"), retract("c"),
					link("l", "LINKED_TO", "p1", "p2", cited("c", "s1")),
				} {
					try(func() *evidence.ChangeSet {
						return &evidence.ChangeSet{ExpectedRevision: new(n), Changes: []evidence.Change{change}}
					})
				}
			}
		})
	}
}

// TestAConflictNamesARevisionThatItsAuthorSees: a link that was closed for them to see
// and opened out of their sight came back when they saw it again.
func TestAConflictNamesARevisionThatItsAuthorSees(t *testing.T) {
	g := base(t)
	g.must(top, link("l", "LINKED_TO", "p1", "p2", cited("c", "s1"))) // 2
	g.must(top, retract("l"))                                         // 3
	g.must(top, raise("p2", "CONFIDENTIAL"))                          // 4
	g.must(top, undo(3))                                              // hidden
	g.must(top, entity("p3", "PERSON", "Otra"))                       // 5
	g.must(top, raise("p2", "PUBLIC"))                                // 6
	_, err := g.try(low, set(undo(2)))
	require.ErrorContains(t, err, `revision 2 cannot be undone: revision 6 has since changed "l"`)
	expecting := func(n uint64) *evidence.ChangeSet {
		return &evidence.ChangeSet{ExpectedRevision: &n, Changes: []evidence.Change{retract("l")}}
	}
	require.Equal(t, []string{"CONFLICT changes[0].retract.id"}, g.refuse(low, expecting(5)))
	_, err = g.try(low, expecting(6))
	require.NoError(t, err)
}

// TestUndoTakesBackNothingThatItsAuthorDidNotSeeDone: the revision made something else
// for them to see.
func TestUndoTakesBackNothingThatItsAuthorDidNotSeeDone(t *testing.T) {
	g := base(t)
	g.must(top, link("l", "LINKED_TO", "p1", "p2", cited("c", "s1")))
	g.must(top, raise("p2", "CONFIDENTIAL"))
	g.must(top, retract("l"))
	g.must(top, undo(4), entity("p3", "PERSON", "Otra"))
	g.must(top, raise("p2", "PUBLIC"))
	g.must(low, undo(4))
	require.Equal(t, []bool{true, true, false}, g.seen(evidence.Public, "l", "c", "p3"))
}
