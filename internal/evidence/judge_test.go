package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// drawCase is a claim with sources, some derived from others (even in rings), and
// citations of all stances and clearances.
func drawCase(t *rapid.T) *evidence.Case {
	k := &evidence.Case{
		Claim:      &evidence.Claim{ID: "l1", Of: evidence.LinkRecord, Kind: "PAYS", From: "a", To: "b", Standing: []evidence.StandingChange{{}}},
		Visibility: clearance(t), Ends: clearance(t),
		Provenance: evidence.Provenance{Sources: map[evidence.ID]*evidence.Source{}, Visibility: map[evidence.ID]evidence.Clearance{}},
	}
	n := rapid.IntRange(1, 6).Draw(t, "sources")
	for i := range n {
		id := evidence.ID(fmt.Sprintf("s%d", i))
		s := &evidence.Source{ID: id, Reliability: evidence.Reliability(rapid.IntRange(0, 5).Draw(t, "reliability"))} //nolint:gosec // 0 to 5
		for range rapid.IntRange(0, 2).Draw(t, "parents") {
			s.DerivedFrom = append(s.DerivedFrom, evidence.ID(fmt.Sprintf("s%d", rapid.IntRange(0, n-1).Draw(t, "parent"))))
		}
		k.Provenance.Sources[id], k.Provenance.Visibility[id] = s, clearance(t)
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "citations") {
		id := evidence.ID(fmt.Sprintf("s%d", rapid.IntRange(0, n-1).Draw(t, "cited")))
		c := &evidence.Citation{
			ID: evidence.ID(fmt.Sprintf("c%d", i)), Claim: "l1", Source: id,
			Stance:      evidence.Stance(rapid.IntRange(0, 2).Draw(t, "stance")),           //nolint:gosec // 0 to 2
			Credibility: evidence.Credibility(rapid.IntRange(0, 5).Draw(t, "credibility")), //nolint:gosec // 0 to 5
		}
		k.Cited = append(k.Cited, evidence.Cited{Citation: c, Source: k.Provenance.Sources[id], Visibility: max(clearance(t), k.Provenance.Visibility[id])})
		if rapid.Bool().Draw(t, "shows a standing") {
			k.Claim.Standing = append(k.Claim.Standing, evidence.StandingChange{Standing: evidence.Charged, Citation: c.ID})
		}
	}
	return k
}

func clearance(t *rapid.T) evidence.Clearance {
	return evidence.Clearance(rapid.IntRange(0, 2).Draw(t, "clearance")) //nolint:gosec // 0 to 2
}

// add cites one more source for the claim, for all to see.
func add(k *evidence.Case, s *evidence.Source, grade evidence.Credibility) {
	k.Provenance.Sources[s.ID], k.Provenance.Visibility[s.ID] = s, evidence.Public
	k.Cited = append(k.Cited, evidence.Cited{Citation: &evidence.Citation{ID: "c-new", Claim: "l1", Source: s.ID, Credibility: grade}, Source: s})
}

// TestIndependentSupportNeverWeakens adds a support from a source of its own.
func TestIndependentSupportNeverWeakens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, c := drawCase(t), clearance(t)
		before, lineages := evidence.Weigh(k.Cited, k.Provenance, c)
		require.GreaterOrEqual(t, before, 0)
		require.LessOrEqual(t, before, 1000)
		s := &evidence.Source{ID: "new", Reliability: evidence.Reliability(rapid.IntRange(0, 5).Draw(t, "reliability"))} //nolint:gosec // 0 to 5
		add(k, s, evidence.Credibility(rapid.IntRange(0, 5).Draw(t, "credibility")))                                     //nolint:gosec // 0 to 5
		after, more := evidence.Weigh(k.Cited, k.Provenance, c)
		require.GreaterOrEqual(t, after, before)
		require.Equal(t, lineages+1, more)
	})
}

// TestReprintNeverStrengthens cites what derives from a source that is cited.
func TestReprintNeverStrengthens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, c := drawCase(t), clearance(t)
		cited := slices.DeleteFunc(slices.Clone(k.Cited), func(x evidence.Cited) bool {
			return x.Citation.Stance != evidence.Supports || x.Visibility > c
		})
		if len(cited) == 0 {
			return
		}
		before, lineages := evidence.Weigh(k.Cited, k.Provenance, c)
		parent := rapid.SampledFrom(cited).Draw(t, "reprinted").Source
		add(k, &evidence.Source{ID: "new", Reliability: evidence.ReliabilityA, DerivedFrom: []evidence.ID{parent.ID}}, 1)
		after, same := evidence.Weigh(k.Cited, k.Provenance, c)
		require.LessOrEqual(t, after, before)
		require.Equal(t, lineages, same)
	})
}

// TestDisputeNeverStrengthens adds a dispute.
func TestDisputeNeverStrengthens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, c := drawCase(t), clearance(t)
		before, _ := evidence.Weigh(k.Cited, k.Provenance, c)
		add(k, &evidence.Source{ID: "new"}, 1)
		k.Cited[len(k.Cited)-1].Citation.Stance = evidence.Disputes
		after, _ := evidence.Weigh(k.Cited, k.Provenance, c)
		require.LessOrEqual(t, after, before)
		require.GreaterOrEqual(t, 2*after, before-1, "a dispute takes half at most")
	})
}

// TestWeigh checks strengths that were worked out by hand.
func TestWeigh(t *testing.T) {
	a := &evidence.Source{ID: "a", Reliability: evidence.ReliabilityA}
	b := &evidence.Source{ID: "b", Reliability: evidence.ReliabilityB}
	reprint := &evidence.Source{ID: "r", Reliability: evidence.ReliabilityA, DerivedFrom: []evidence.ID{"b"}}
	type cite struct {
		of     *evidence.Source
		stance evidence.Stance
		grade  evidence.Credibility
	}
	for name, c := range map[string]struct {
		cites              []cite
		strength, lineages int
	}{
		"nothing":                   {nil, 0, 0},
		"the best":                  {[]cite{{a, evidence.Supports, 1}}, 950, 1},
		"unjudged information":      {[]cite{{a, evidence.Supports, 0}}, 570, 1},
		"two of their own":          {[]cite{{a, evidence.Supports, 1}, {b, evidence.Supports, 1}}, 990, 2},
		"one twice, best counts":    {[]cite{{b, evidence.Supports, 5}, {b, evidence.Supports, 1}}, 800, 1},
		"a reprint beside":          {[]cite{{b, evidence.Supports, 2}, {reprint, evidence.Supports, 1}}, 680, 1},
		"reprints alone, the worst": {[]cite{{reprint, evidence.Supports, 1}, {reprint, evidence.Supports, 4}}, 280, 1},
		"half taken by a dispute":   {[]cite{{a, evidence.Supports, 1}, {b, evidence.Disputes, 1}}, 570, 1},
		"a mention says nothing":    {[]cite{{a, evidence.Mentions, 1}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := evidence.Provenance{Sources: map[evidence.ID]*evidence.Source{"a": a, "b": b, "r": reprint}, Visibility: map[evidence.ID]evidence.Clearance{}}
			var cited []evidence.Cited
			for _, x := range c.cites {
				cited = append(cited, evidence.Cited{Citation: &evidence.Citation{Source: x.of.ID, Stance: x.stance, Credibility: x.grade}, Source: x.of})
			}
			strength, lineages := evidence.Weigh(cited, p, evidence.Public)
			require.Equal(t, c.strength, strength)
			require.Equal(t, c.lineages, lineages)
		})
	}
	p := evidence.Provenance{Sources: map[evidence.ID]*evidence.Source{"b": b, "r": reprint}, Visibility: map[evidence.ID]evidence.Clearance{"b": evidence.Restricted}}
	require.Equal(t, []evidence.ID{"r"}, p.Origins("r", evidence.Public), "an origin that is hidden is not told of")
	require.Equal(t, []evidence.ID{"b"}, p.Origins("r", evidence.Restricted))
	x, y := &evidence.Source{ID: "x", DerivedFrom: []evidence.ID{"y"}}, &evidence.Source{ID: "y", DerivedFrom: []evidence.ID{"x"}}
	ring := evidence.Provenance{Sources: map[evidence.ID]*evidence.Source{"x": x, "y": y}}
	require.Equal(t, []evidence.ID{"x"}, ring.Origins("y", evidence.Public), "a ring is one origin")
}

// TestJudge checks who sees a claim and what each is told.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := drawCase(t)
		claim, citations := k.Judge(vocabulary.Standard())
		require.GreaterOrEqual(t, claim.Visibility, k.Visibility)
		require.GreaterOrEqual(t, claim.Visibility, k.Ends)
		for c := range evidence.Clearance(evidence.Clearances) {
			supports, disputes := 0, 0
			for i, x := range k.Cited {
				require.Equal(t, max(x.Visibility, claim.Visibility), citations[i].Visibility, "a citation is seen with its claim and source")
				if x.Visibility <= c && x.Citation.Stance == evidence.Supports {
					supports++
				}
				if x.Visibility <= c && x.Citation.Stance == evidence.Disputes {
					disputes++
				}
			}
			seen := c >= k.Visibility && c >= k.Ends && supports > 0
			require.Equal(t, seen, claim.Visibility <= c, "a claim is seen with its ends and one support")
			if !seen {
				require.Zero(t, claim.At(c), "nothing is told of a claim that is not seen")
				continue
			}
			require.EqualValues(t, supports, claim.At(c).Supports)
			require.EqualValues(t, disputes, claim.At(c).Disputes)
			standing := evidence.Reported
			for _, s := range k.Claim.Standing {
				if s.Citation == "" || slices.ContainsFunc(k.Cited, func(x evidence.Cited) bool { return x.Citation.ID == s.Citation && x.Visibility <= c }) {
					standing = s.Standing
				}
			}
			require.Equal(t, standing, claim.At(c).Standing)
		}
		hidden := *k
		hidden.Cited = slices.Clone(k.Cited)
		add(&hidden, &evidence.Source{ID: "new"}, 1)
		hidden.Cited[len(hidden.Cited)-1].Visibility = evidence.Confidential
		more, _ := hidden.Judge(vocabulary.Standard())
		for c := evidence.Public; c < evidence.Confidential; c++ {
			require.Equal(t, claim.Visibility <= c, more.Visibility <= c)
			require.Equal(t, claim.At(c), more.At(c), "what is hidden changes nothing below")
		}
	})
}

// TestSourcesThatDeriveFromEachOtherAreWrittenAtOnce puts as many sources in a ring
// as a revision takes, cites one, cites each, and changes what they all weigh by.
func TestSourcesThatDeriveFromEachOtherAreWrittenAtOnce(t *testing.T) {
	const many = 990
	id := func(i int) evidence.ID { return evidence.ID(fmt.Sprintf("ring-%03d", i%many)) }
	g := base(t)
	var ring, citing []evidence.Change
	for i := range many {
		ring = append(ring, source(id(i), func(s *evidence.PutSource) { s.DerivedFrom = evidence.Of([]evidence.ID{id(i + 1)}) }))
		citing = append(citing, link(evidence.ID(fmt.Sprintf("by-%03d", i)), "COMMANDS", "p1", "u1", cited("", id(i))))
	}
	before := g.newest("l1").Derived.At(evidence.Public)
	g.must(top, append(ring, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: cited("of-ring", id(0))}})...)
	after := g.newest("l1").Derived.At(evidence.Public)
	require.Equal(t, before.Lineages+1, after.Lineages, "a ring is one origin")
	g.must(top, citing...)
	weak := g.newest("by-007").Derived.At(evidence.Public).Strength
	g.must(top, source(id(0), func(s *evidence.PutSource) { s.Reliability = evidence.Of("A") }))
	require.Greater(t, g.newest("by-007").Derived.At(evidence.Public).Strength, weak, "all weigh by the origin")
}

// TestPlanningEndsWithWhoAskedForIt gives up while claims are still to be judged, which
// is after all that is read.
func TestPlanningEndsWithWhoAskedForIt(t *testing.T) {
	g := base(t)
	reads := 0
	plan := func(last int) error {
		_, err := g.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			ctx, giveUp := context.WithCancel(ctx)
			defer giveUp()
			reads = 0
			read := func() {
				if reads++; reads == last {
					giveUp()
				}
			}
			cs := &evidence.ChangeSet{Reason: "because", Changes: []evidence.Change{link("l2", "COMMANDS", "p1", "u1", cited("c9", "s1"))}}
			commit, err := storetest.Planner(1).Plan(ctx, noticing{snap, read}, top, cs)
			if last == 0 && err == nil {
				err = errors.New("enough is known")
			}
			return commit, err
		})
		return err
	}
	require.ErrorContains(t, plan(0), "enough is known")
	require.ErrorIs(t, plan(reads), context.Canceled)
}

// noticing is a snapshot that tells of each read when it has ended.
type noticing struct {
	evidence.Snapshot
	read func()
}

func (n noticing) Head(ctx context.Context) (evidence.Head, error) {
	defer n.read()
	return n.Snapshot.Head(ctx)
}

func (n noticing) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	defer n.read()
	return n.Snapshot.Newest(ctx, ids, before)
}

func (n noticing) Related(ctx context.Context, r evidence.Relation, ids []evidence.ID, limit int) ([]*evidence.Record, error) {
	defer n.read()
	return n.Snapshot.Related(ctx, r, ids, limit)
}

func (n noticing) Revision(ctx context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	defer n.read()
	return n.Snapshot.Revision(ctx, ref)
}
