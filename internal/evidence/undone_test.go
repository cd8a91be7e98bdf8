package evidence_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestUndoLosesNothingThatRestsOnWhatIsRetracted: what was written after an edit is in
// the way of its undoing, also while what it names is retracted, or it would not come
// back with that.
func TestUndoLosesNothingThatRestsOnWhatIsRetracted(t *testing.T) {
	standing := func(as string, shown evidence.ID) evidence.Change {
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: as, Citation: cited(shown, "s2")}}
	}
	written := evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Of("X")}}
	derived := evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of([]evidence.ID{"s3"})}}
	named := func(sources ...evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: evidence.Of([]evidence.NewName{{Text: "Anita", Sources: sources}})}}
	}
	for name, c := range map[string]struct {
		edited, since evidence.Change
		retracted, of evidence.ID
	}{
		"a standing":             {standing("CHARGED", "c3"), standing("ACQUITTED", "c4"), "c4", "l1"},
		"a derivation":           {written, derived, "s3", "s1"},
		"the source of a name":   {describing("p2", "periodista"), named("s3"), "s3", "p2"},
		"in a name that it gave": {named(), named("s3"), "s3", "p2"},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, source("s3", nil))
			g.must(top, c.edited)
			g.must(top, c.since)
			then := g.newest(c.of).Content
			g.must(top, retract(c.retracted))
			require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(3))))
			g.must(top, undo(5))
			require.Equal(t, then, g.newest(c.of).Content)
		})
	}
}

// TestUndoBelowTheTopLosesNothingThatRestsOnWhatIsRetracted: they are not told of what
// rests on a retracted record, and it stays.
func TestUndoBelowTheTopLosesNothingThatRestsOnWhatIsRetracted(t *testing.T) {
	for _, by := range []evidence.Author{middle, low} {
		g := base(t)
		g.must(top, source("s3", nil))
		g.must(top, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Of("X")}})
		g.must(top, evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of([]evidence.ID{"s3"})}})
		g.must(top, retract("s3"))
		g.must(by, undo(3))
		require.Empty(t, g.newest("s1").Source().Author)
		require.Equal(t, []evidence.ID{"s3"}, g.newest("s1").Source().DerivedFrom)
	}
}

// TestOneKindStaysOneKind: what is accepted as one stays of one kind, whichever of its
// ends is changed, and however it comes back.
func TestOneKindStaysOneKind(t *testing.T) {
	same := evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m", Absorb: "p1", Into: "p2", Citations: []evidence.NewCitation{cited("cm", "s1")}}}
	group := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("CRIMINAL_GROUP")}}
	}
	merged := func() *graph {
		g := base(t)
		g.must(top, retract("l1"), retract("t1"))
		g.must(top, same)
		return g
	}
	g := merged()
	for _, id := range []evidence.ID{"p1", "p2"} {
		require.Equal(t, []string{"INVALID_ENDS changes[0].putEntity.kind"}, g.refuse(top, set(group(id))))
	}
	g.must(top, group("p1"), group("p2"))
	require.Equal(t, []string{"INVALID_INPUT changes[1].mergeEntities.into"}, base(t).refuse(top, set(entity("o1", "CRIMINAL_GROUP", "Otra"),
		evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "o1", Into: "u1", Citations: []evidence.NewCitation{cited("", "s1")}}})), "it is told once")

	g = base(t)
	g.must(top, retract("l1"), link("m", evidence.SameAs, "p1", "p2", cited("cm", "s1")))
	g.must(top, group("p1"))
	require.Equal(t, "CRIMINAL_GROUP", g.newest("p1").Entity().Kind, "what is only alleged joins nothing")

	g = merged()
	g.must(top, retract("m"), group("p1"))
	require.Equal(t, "CRIMINAL_GROUP", g.newest("p1").Entity().Kind)

	g = merged()
	g.must(top, retract("m"))
	g.must(top, group("p1"))
	require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(4))))
	g.must(top, group("p2"), undo(4))
	require.Equal(t, []bool{true}, g.stands("m"))

	g = base(t)
	g.must(top, retract("l1"), link("m", evidence.SameAs, "p1", "p2", cited("cm", "s1")))
	g.must(top, same)
	g.must(top, undo(3))
	g.must(top, group("p1"))
	require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(4))), "it would be accepted again")

	g = base(t)
	g.must(top, retract("l1"))
	g.must(top, group("p1"))
	g.must(top, group("p2"))
	g.must(top, same)
	require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(3))))
	g.must(top, undo(3), undo(4))
	require.Equal(t, []string{"PERSON", "PERSON"}, []string{g.newest("p1").Entity().Kind, g.newest("p2").Entity().Kind})

	g = base(t)
	g.must(top, retract("l1"))
	g.must(top, same)
	g.must(top, raise("m", "CONFIDENTIAL"))
	g.must(low, group("p1")) // who does not see that they are one is told nothing of it
}

// TestUndoMakesNoLinkThatDoesNotFitItsEnds: a kind that ceased to fit is in the way.
func TestUndoMakesNoLinkThatDoesNotFitItsEnds(t *testing.T) {
	kind := func(id evidence.ID, as string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(as)}}
	}
	commands := link("l2", "COMMANDS", "p1", "o1", cited("c3", "s1"))
	rekinded := func(link evidence.Change) *graph { // the link is of a kind that its end was given
		g := base(t)
		g.must(top, kind("o1", "PLACE"))
		g.must(top, kind("o1", "MILITARY_UNIT"))
		g.must(top, link)
		return g
	}
	t.Run("a kind", func(t *testing.T) {
		g := rekinded(commands)
		_, err := g.try(top, set(undo(3)))
		require.EqualError(t, err, `changes[0].undo.revision: revision 3 cannot be undone: COMMANDS link "l2" would lead from a PERSON, "p1", to a PLACE, "o1"; retract the link or correct the kind of an end first`)
		g.must(top, retract("l2"), undo(3))
		require.Equal(t, "PLACE", g.newest("o1").Entity().Kind)
	})
	t.Run("a kind of what a hidden link leads to", func(t *testing.T) {
		for _, hide := range []evidence.ID{"l2", "c3", "p1"} {
			g := rekinded(commands)
			g.must(top, raise(hide, "CONFIDENTIAL"))
			g.must(low, undo(3))
			require.Equal(t, "PLACE", g.newest("o1").Entity().Kind, "nobody is told of it who does not see it")
		}
	})
	t.Run("a kind of what is retracted with the link", func(t *testing.T) {
		rekinded(commands).must(top, retract("p1"), undo(3))
	})
	t.Run("a link", func(t *testing.T) {
		g := rekinded(commands)
		g.must(top, retract("l2"))
		g.must(top, kind("o1", "PLACE"))
		require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(top, set(undo(5))))
		g.must(top, kind("o1", "POLICE_FORCE"), undo(5))
		require.Equal(t, []bool{true, true}, g.stands("l2", "c3"))
	})
	t.Run("a hidden link", func(t *testing.T) {
		g := rekinded(commands)
		g.must(top, raise("l2", "CONFIDENTIAL"))
		g.must(low, retract("p1"))
		g.must(top, kind("o1", "PLACE"))
		g.must(low, undo(6))
		require.Equal(t, []bool{true, true}, g.stands("p1", "l2"), "nobody is told of it who does not see it")
	})
	t.Run("both", func(t *testing.T) {
		g := rekinded(commands)
		g.must(top, retract("l2"))
		g.must(top, kind("o1", "PLACE"))
		g.must(top, undo(5), undo(6))
		require.Equal(t, "MILITARY_UNIT", g.newest("o1").Entity().Kind)
		require.Equal(t, []bool{true}, g.stands("l2"))
	})
	t.Run("what did not fit before", func(t *testing.T) {
		g := base(t)
		g.must(top, secret(link("l2", "COMMANDS", "p1", "u1", cited("c3", "s1"))))
		g.must(top, retract("l1"))
		g.must(low, kind("u1", "PLACE")) // who knows of no link that it does not fit
		g.must(top, retract("l2"))
		g.must(top, undo(5))
		require.Equal(t, []bool{true}, g.stands("l2"), "what was, comes back")
	})
}

// TestLinksFitTheirEndsWhateverIsUndone changes kinds, links, identities and undoes
// revisions at random, by who sees all: no link that stands ever misfits its ends, and
// nothing is accepted as one that is of two kinds.
func TestLinksFitTheirEndsWhateverIsUndone(t *testing.T) {
	entities, links := []evidence.ID{"e0", "e1", "e2"}, []evidence.ID{"l0", "l1", "l2"}
	rapid.Check(t, func(r *rapid.T) {
		store, step := model.New(), 0
		apply := func(changes ...evidence.Change) {
			step++
			_, _ = storetest.Apply(t.Context(), store, step, top, &evidence.ChangeSet{Reason: "because", Changes: changes})
		}
		change := func() evidence.Change {
			one, other := rapid.SampledFrom(entities).Draw(r, "entity"), rapid.SampledFrom(entities).Draw(r, "other")
			id := rapid.SampledFrom(links).Draw(r, "link")
			switch rapid.IntRange(0, 9).Draw(r, "change") {
			case 0, 1, 2:
				return entity(one, rapid.SampledFrom([]string{"PERSON", "PERSON", "MILITARY_UNIT", "PLACE"}).Draw(r, "kind"), "Uno")
			case 3, 4:
				return link(id, rapid.SampledFrom([]string{"COMMANDS", evidence.SameAs}).Draw(r, "link kind"), one, other, cited("", "s"))
			case 5:
				return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: id, Absorb: one, Into: other, Citations: []evidence.NewCitation{cited("", "s")}}}
			case 6:
				return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: id}}
			case 7:
				return retract(rapid.SampledFrom(append(links, one)).Draw(r, "retracted"))
			default:
				return undo(rapid.Uint64Range(1, uint64(step)).Draw(r, "undone"))
			}
		}
		apply(source("s", nil), entity("e0", "PERSON", "Uno"), entity("e1", "PERSON", "Dos"), entity("e2", "MILITARY_UNIT", "Tres"))
		for range rapid.IntRange(4, 24).Draw(r, "steps") {
			changes := []evidence.Change{change()}
			if rapid.IntRange(0, 3).Draw(r, "and another") == 0 {
				changes = append(changes, change())
			}
			apply(changes...)
			newest, err := store.Snapshot().Newest(t.Context(), append(links, entities...), evidence.Open)
			require.NoError(r, err)
			for _, id := range links {
				if !newest[id].IsOpen() {
					continue
				}
				c := newest[id].Claim()
				from, to := newest[c.From].Entity().Kind, newest[c.To].Entity().Kind
				kind, _ := vocabulary.Standard().Link(c.Kind)
				require.True(r, kind.AllowsEnds(from, to), "%s %q leads from a %s to a %s", c.Kind, id, from, to)
				require.False(r, c.Accepted && from != to, "%q says that a %s is a %s", id, from, to)
			}
		}
	})
}

// TestAnUndoJudgesEachClaimOnce: a revision can write many citations of one claim, and
// each of them is a reason to look at all.
func TestAnUndoJudgesEachClaimOnce(t *testing.T) {
	g := base(t)
	const many = 100
	var cites []evidence.Change
	for i := range many {
		cites = append(cites, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited(evidence.ID(fmt.Sprintf("x%d", i)), "s2")}})
	}
	g.must(top, cites...)
	looked := 0
	_, err := g.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return storetest.Planner(99).Plan(ctx, looking{snap, &looked}, low, &evidence.ChangeSet{Reason: "because", Changes: []evidence.Change{undo(2)}})
	})
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, false, false}, g.stands("l1", "c1", "x0", "x99"))
	require.Less(t, looked, 5*many)
}

// looking is a snapshot that counts of how many records the newest version was read.
type looking struct {
	evidence.Snapshot
	looked *int
}

func (l looking) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	*l.looked += len(ids)
	return l.Snapshot.Newest(ctx, ids, before)
}
