package evidence_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

func (g *graph) erase(ids ...evidence.ID) {
	g.Helper()
	g.step++
	_, err := erasure.Run(g.Context(), g.Store, storetest.Planner(g.step), erasure.Order{Author: top, Ground: "order 7", IDs: ids})
	require.NoError(g, err)
}

// TestWhatAnAuthorDidNotSeeIsErasedAsIfItHadNeverBeen: undoing a revision, or
// sending its change set again, tells of what was erased from it only those who saw
// that.
func TestWhatAnAuthorDidNotSeeIsErasedAsIfItHadNeverBeen(t *testing.T) {
	asserted := cited("c3", "s2")
	asserted.AssertedBy = &evidence.Asserter{Words: "un testigo"}
	secretly := asserted
	secretly.AssertedBy = &evidence.Asserter{Words: "un testigo", Entity: "x"}
	alias := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Aliases: evidence.Of([]string{"La Güera"})}}
	described := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Aliases: evidence.Of([]string{"La Güera"}), Description: evidence.Of("periodista")}}
	named := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Names: evidence.Of([]evidence.NewName{{Text: "La Güera", Sources: []evidence.ID{"sx"}}})}}
	for name, c := range map[string]struct {
		secret []evidence.Change // before
		by     evidence.Author
		with   []evidence.Change // the revision, and without what is hidden
		plain  []evidence.Change
		erased evidence.ID
	}{
		"who asserts a citation": {
			[]evidence.Change{secret(entity("x", "PERSON", "Secreta"))}, top,
			[]evidence.Change{{Cite: &evidence.Cite{Claim: "l1", Citation: secretly}}}, []evidence.Change{{Cite: &evidence.Cite{Claim: "l1", Citation: asserted}}}, "x",
		},
		"a record made with others": {
			[]evidence.Change{secret(entity("y", "PERSON", "Otra secreta"))}, top,
			[]evidence.Change{entity("p3", "PERSON", "Otra"), secret(entity("x", "PERSON", "Secreta"))}, []evidence.Change{entity("p3", "PERSON", "Otra")}, "x",
		},
		"what a retraction took along": {
			[]evidence.Change{secret(link("x", "LINKED_TO", "p1", "p2", cited("cx", "s1")))}, low,
			[]evidence.Change{retract("p1")}, []evidence.Change{retract("p1")}, "x",
		},
		"what a retraction takes along that is undone and erased": {
			[]evidence.Change{secret(link("x", "LINKED_TO", "p2", "o1", cited("cx", "s1")))}, low,
			[]evidence.Change{retract("p2")}, []evidence.Change{retract("p2")}, "x",
		},
		"what a name rests on": {
			[]evidence.Change{secret(source("sx", nil)), named}, low,
			[]evidence.Change{described}, []evidence.Change{described}, "sx",
		},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(secret bool) *graph {
				g := base(t)
				with := c.plain
				if secret {
					g.must(top, c.secret...)
					with = c.with
				} else if name == "what a name rests on" {
					g.must(top, alias)
				}
				_, err := g.try(c.by, &evidence.ChangeSet{IdempotencyKey: "k", Changes: with})
				require.NoError(t, err)
				if secret {
					g.erase(c.erased)
				}
				return g
			}
			plain, secret := build(false), build(true)
			again := func(g *graph) (*evidence.Commit, error) {
				return g.try(low, &evidence.ChangeSet{IdempotencyKey: "k", Changes: c.plain})
			}
			if c.by == low {
				want, err := again(plain)
				require.NoError(t, err)
				got, err := again(secret)
				require.NoError(t, err)
				require.Equal(t, []any{want.New, want.Targets}, []any{got.New, got.Targets})
			}
			latest := func(g *graph) uint64 {
				head, err := g.Head(t.Context())
				require.NoError(t, err)
				return head.Latest[evidence.Public]
			}
			n := latest(plain)
			require.Equal(t, n, latest(secret))
			_, err := secret.try(top, set(undo(3)))
			require.ErrorContains(t, err, "part of it was erased", "who saw it is told")
			plain.must(low, undo(n))
			secret.must(low, undo(n))
			for _, id := range []evidence.ID{"p1", "p2", "p3", "l1", "c1", "c3", "t1"} {
				a, b := plain.newest(id), secret.newest(id)
				require.Equal(t, a == nil, b == nil, id)
				if a != nil {
					require.Equal(t, a.IsOpen(), b.IsOpen(), id)
				}
			}
		})
	}
}

// TestAKeyTellsOfAnErasureOnlyWhoSawIt: what the author sent is erased after it was
// raised above them.
func TestAKeyTellsOfAnErasureOnlyWhoSawIt(t *testing.T) {
	for _, raised := range []bool{true, false} {
		g := base(t)
		sent := &evidence.ChangeSet{IdempotencyKey: "k", Changes: []evidence.Change{entity("p-9", "PERSON", "Suya")}}
		_, err := g.try(low, sent)
		require.NoError(t, err)
		if raised {
			g.must(top, raise("p-9", "CONFIDENTIAL"))
		}
		g.erase("p-9")
		_, err = g.try(low, sent)
		if raised {
			require.ErrorContains(t, err, `the key "k" was used for another change set at `)
		} else {
			require.ErrorContains(t, err, "of which part was erased since")
		}
	}
}

// TestWhatWasThereBeforeAnErasureComesBack: a record that says the same as one that
// was erased is not recorded anew by undoing its retraction.
func TestWhatWasThereBeforeAnErasureComesBack(t *testing.T) {
	for name, hidden := range map[string]bool{"a citation that its author sees": false, "one that they do not see": true} {
		t.Run(name, func(t *testing.T) {
			build := func(other bool) *graph {
				g := base(t)
				g.must(top, link("l2", "LINKED_TO", "p1", "p2", cited("c3", "s1"), cited("c4", "s2")))
				if other {
					same := cited("c5", "s1")
					if hidden {
						same.Clearance = "CONFIDENTIAL"
					}
					g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l2", Citation: same}})
				}
				g.erase("c3")
				g.must(low, retract("l2"))
				return g
			}
			g := build(true)
			head, err := g.Head(t.Context())
			require.NoError(t, err)
			g.must(low, undo(head.Latest[evidence.Public]))
			require.Equal(t, []bool{true, true, true}, g.stands("l2", "c4", "c5"))
			if hidden {
				plain := build(false)
				plain.must(low, undo(4))
				require.Equal(t, uint64(4), head.Latest[evidence.Public])
			}
		})
	}
}

// TestARecordThatIsThereDoesNotTakeWhatWasErased: neither one that stands nor one that
// was retracted is a way around an erasure.
func TestARecordThatIsThereDoesNotTakeWhatWasErased(t *testing.T) {
	g := base(t)
	g.must(top, entity("p3", "PERSON", "Luz Vega"), entity("p4", "PERSON", "Otra"))
	g.must(top, retract("p4"))
	g.erase("p3")
	for _, id := range []evidence.ID{"p2", "p4"} {
		require.Equal(t, []string{"FORBIDDEN changes[0]"}, g.refuse(top, set(entity(id, "PERSON", "Luz Vega"))), id)
	}
	g.must(top, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p4"}})
	require.Equal(t, []bool{true}, g.stands("p4"))
}

// counted is a snapshot that counts how often each revision was read by its key.
type counted struct {
	evidence.Snapshot
	read map[string]int
}

func (c counted) Revision(ctx context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	if ref.Key != "" {
		c.read[ref.Key]++
	}
	return c.Snapshot.Revision(ctx, ref)
}

// TestAnUndoReadsEachTombstoneOnce: an undo takes no longer for what was erased, however
// much it was, or its author would learn of that. One change set may hold several.
func TestAnUndoReadsEachTombstoneOnce(t *testing.T) {
	g := base(t)
	for _, e := range []evidence.ID{"x", "y"} {
		changes := []evidence.Change{entity("p-"+e, "PERSON", "Otra "+string(e)), secret(entity(e, "PERSON", "Secreta "+string(e)))}
		for i := range 20 {
			id := evidence.ID(fmt.Sprintf("%s-%d", e, i))
			changes = append(changes, evidence.Change{AssertStatement: &evidence.AssertStatement{ID: id, Entity: e, Attribute: "OCCUPATION", Value: string(id), Citations: []evidence.NewCitation{cited("c-"+id, "s1")}}})
		}
		g.must(top, changes...)
	}
	g.erase("x")
	g.erase("y")
	read := map[string]int{}
	_, err := g.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return storetest.Planner(99).Plan(ctx, counted{snap, read}, low, &evidence.ChangeSet{Reason: "because", Changes: []evidence.Change{undo(2), undo(3)}})
	})
	require.NoError(t, err)
	require.Equal(t, []bool{false, false}, g.stands("p-x", "p-y"))
	require.Equal(t, map[string]int{"erasure 1": 1, "erasure 2": 1, "erasure 3": 1}, read)
}
