package evidence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestReplay replays random logs: each revision comes to the same effects,
// derived values, counters, numbers and hash as when it was made.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		from, to := model.New(), model.New()
		chain := new(ledger.Chain)
		for step, h := range storetest.History(t, from, 10) {
			if h.Err != nil || !h.Commit.New {
				continue
			}
			replayed, err := to.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				p := storetest.Planner(0)
				p.CascadeLimit = 0 // of another server; it refuses nothing that was accepted
				return p.Replay(ctx, snap, h.Commit.Revision)
			})
			require.NoError(t, err)
			require.Equal(t, storetest.Effects(h.Commit), storetest.Effects(replayed), "step %d", step)
			require.Equal(t, h.Commit.Revision, replayed.Revision)
			require.Equal(t, h.Commit.Targets, replayed.Targets)
			require.NoError(t, chain.AppendRecorded(replayed.Revision.Header, replayed.Revision.Hash, replayed.Revision.Leaves))
		}
	})
}

// told is a revision with another text in its leaves, as an older version may have
// logged it.
func told(rev *evidence.Revision, old, text string) *evidence.Revision {
	other := *rev
	other.Leaves = nil
	for _, l := range rev.Leaves {
		other.Leaves = append(other.Leaves, ledger.NewLeaf(l.Salt, bytes.ReplaceAll(l.Content, []byte(old), []byte(text))))
	}
	other.Header.Root = ledger.Root(other.Leaves)
	other.Hash = other.Header.Hash()
	return &other
}

// TestWhatIsRefusedSinceIsReplayed has in the log what is no longer accepted.
func TestWhatIsRefusedSinceIsReplayed(t *testing.T) {
	for name, c := range map[string]struct {
		change    evidence.Change
		old, text string
		id        evidence.ID
		is        func(*evidence.Claim) bool
	}{
		"a claim about itself": {
			evidence.Change{AssertLink: &evidence.AssertLink{ID: "den", Kind: "DENIES", From: "p1", To: "p2", About: "l1", Citations: []evidence.NewCitation{cited("c9", "s1")}}},
			`"about":"l1"`, `"about":"den"`, "den", func(c *evidence.Claim) bool { return c.About == "den" },
		},
		"an identity of two kinds": {
			evidence.Change{MergeEntities: &evidence.MergeEntities{Link: "m", Absorb: "p1", Into: "p2", Citations: []evidence.NewCitation{cited("c9", "s1")}}},
			`"to":"p2"`, `"to":"u1"`, "m", func(c *evidence.Claim) bool { return c.Accepted && c.To == "u1" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, other := base(t), base(t)
			rev := told(g.must(top, c.change).Revision, c.old, c.text)
			_, err := other.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return storetest.Planner(0).Replay(ctx, snap, rev)
			})
			require.NoError(t, err)
			require.True(t, c.is(other.newest(c.id).Claim()))
			other.must(top, entity("p1", "PERSON", "José Pérez Pérez"))
		})
	}
}

// TestNumbers gives numbers for each clearance: what a reader cannot see leaves
// no gap in theirs.
func TestNumbers(t *testing.T) {
	hiddenCitation := cited("c9", "s2")
	hiddenCitation.Clearance = "CONFIDENTIAL"
	alias := evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: "Secreto", Clearance: "CONFIDENTIAL"}})}}
	for name, changes := range map[string][]evidence.Change{
		"an entity":               {secret(entity("x", "PERSON", "X"))},
		"a source":                {secret(source("x", nil))},
		"a link":                  {secret(link("x", "LINKED_TO", "p1", "p2", cited("", "s1")))},
		"a link to an entity":     {secret(entity("x", "PERSON", "X")), link("y", "LINKED_TO", "p1", "x", cited("", "s1"))},
		"a link by its source":    {secret(source("x", nil)), link("y", "LINKED_TO", "p1", "p2", cited("", "x"))},
		"a citation":              {{Cite: &evidence.Cite{Claim: "l1", Citation: hiddenCitation}}},
		"a citation of a source":  {secret(source("x", nil)), {Cite: &evidence.Cite{Claim: "l1", Citation: cited("", "x")}}},
		"a standing":              {{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: "CHARGED", Citation: hiddenCitation}}},
		"a name":                  {alias},
		"where a source is from":  {secret(source("x", nil)), source("s1", func(s *evidence.PutSource) { s.DerivedFrom = evidence.Of([]evidence.ID{"x"}) })},
		"the past of a retracted": {raise("gone", "CONFIDENTIAL")},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, entity("gone", "PERSON", "Ida"))
			g.must(top, retract("gone"))
			before := g.must(top, entity("seen", "PERSON", "Vista")).Revision
			require.Equal(t, [evidence.Clearances]uint64{4, 4, 4}, before.Numbers)
			hidden := g.must(top, changes...).Revision
			require.Equal(t, [evidence.Clearances]uint64{0, 0, 5}, hidden.Numbers)
			after := g.must(top, entity("seen", "PERSON", "Vista otra vez")).Revision
			require.Equal(t, [evidence.Clearances]uint64{5, 5, 6}, after.Numbers)
		})
	}
	g := base(t)
	require.Equal(t, [evidence.Clearances]uint64{2, 0, 2}, g.must(top, raise("p2", "RESTRICTED")).Revision.Numbers, "who still sees it sees no difference")
	require.Equal(t, [evidence.Clearances]uint64{0, 1 + 1, 3}, g.must(top, raise("p2", "CONFIDENTIAL")).Revision.Numbers)
	g.step = -1
	require.False(t, g.must(top, raise("p2", "CONFIDENTIAL")).New)
	const day = "2006-01-02T15:04:05Z07:00"
	require.Equal(t, "2026-11-23T09:00:02Z", g.must(top, raise("p2", "PUBLIC")).Revision.Header.Time.Format(day), "time does not run back, and no further forward than PUBLIC knows of")
}

// TestCodec reads back what it wrote, of everything that random histories make.
func TestCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, h := range storetest.History(t, model.New(), 6) {
			if h.Err != nil || !h.Commit.New {
				continue
			}
			for _, change := range h.Commit.Transitions {
				r := change.After
				data, err := evidence.EncodeContent(r.Content)
				require.NoError(t, err)
				content, err := evidence.DecodeContent(r.Content.Type(), data)
				require.NoError(t, err)
				again, err := evidence.EncodeContent(content)
				require.NoError(t, err)
				require.Equal(t, data, again)
				require.Equal(t, toJSON(t, r.Content), toJSON(t, content))
				data, err = evidence.EncodeDerived(&r.Derived)
				require.NoError(t, err)
				derived, err := evidence.DecodeDerived(data)
				require.NoError(t, err)
				require.Equal(t, r.Derived, derived)
			}
			data, err := evidence.AppendLeaves(nil, h.Commit.Revision)
			require.NoError(t, err)
			read := *h.Commit.Revision
			read.Leaves = nil
			require.NoError(t, evidence.DecodeLeaves(&read, data))
			require.Equal(t, h.Commit.Revision, &read)
		}
	})
	_, err := evidence.DecodeContent(evidence.EntityRecord, []byte{0xff})
	require.ErrorContains(t, err, "does not read")
	_, err = evidence.DecodeContent(99, nil)
	require.ErrorContains(t, err, "unknown type")
}

func toJSON(t require.TestingT, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// TestChangeSetJSON reads back what clients send: absent and null are not alike.
func TestChangeSetJSON(t *testing.T) {
	const sent = `{"reason":"r","changes":[{"putEntity":{"id":"a","name":"N","description":null,"aliases":["x"]}}]}`
	var cs evidence.ChangeSet
	require.NoError(t, json.Unmarshal([]byte(sent), &cs))
	e := cs.Changes[0].PutEntity
	require.True(t, e.Description.Set && e.Description.Null)
	require.False(t, e.Country.Set)
	require.JSONEq(t, sent, toJSON(t, &cs))
	one, err := cs.Digest()
	require.NoError(t, err)
	e.Description = evidence.Optional[string]{}
	other, err := cs.Digest()
	require.NoError(t, err)
	require.NotEqual(t, one, other, "null is other content than nothing")
}
