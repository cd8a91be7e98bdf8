package evidence_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func attach(source evidence.ID, sha256, text string) evidence.Change {
	return evidence.Change{AttachCapture: &evidence.AttachCapture{Source: source, Reread: true, Capture: evidence.Capture{SHA256: sha256, Length: 3, MediaType: "text/plain", Text: text}}}
}

func verified(capture string, citations ...evidence.ID) evidence.Change {
	c := &evidence.RecordChecks{}
	for _, id := range citations {
		c.Checks = append(c.Checks, evidence.CitationCheck{Citation: id, Check: evidence.QuoteCheck{State: evidence.Verified, At: "2026-11-23T09:00:00Z", Capture: capture, End: 3}})
	}
	return evidence.Change{RecordChecks: c}
}

func (g *graph) state(id evidence.ID) string {
	g.Helper()
	if check := g.newest(id).Derived.Check; check != nil {
		return check.State.String()
	}
	return ""
}

// seenBy is the number of the newest revision that an author sees.
func (g *graph) seenBy(by evidence.Author) uint64 {
	g.Helper()
	head, err := g.Head(context.Background())
	require.NoError(g, err)
	return head.Latest[by.Clearance]
}

// twoSecret is base with a second citation of s1, which is CONFIDENTIAL, and two
// captures of it.
func twoSecret(t *testing.T) *graph {
	t.Helper()
	g := base(t)
	secret := cited("c-secret", "s1")
	secret.Clearance = "CONFIDENTIAL"
	g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: secret}})
	g.must(top, attach("s1", "aa", "ta"))
	g.must(top, attach("s1", "bb", "tb"))
	return g
}

func TestAQuoteWhoseCaptureGoesIsUnchecked(t *testing.T) {
	t.Run("an attachment is undone", func(t *testing.T) {
		g := twoSecret(t)
		attached := g.seenBy(top)
		g.must(top, verified("bb", "c1", "c-secret"))
		public := g.seenBy(low)
		g.must(top, undo(attached))
		require.Equal(t, []string{"UNCHECKED", "UNCHECKED"}, []string{g.state("c1"), g.state("c-secret")})
		require.Equal(t, public+1, g.seenBy(low), "it is one revision")
	})
	t.Run("by whoever does not see all quotes", func(t *testing.T) {
		g := base(t)
		g.must(low, attach("s1", "aa", "ta"))
		attached := g.seenBy(low)
		secret := cited("c-secret", "s1")
		secret.Clearance = "CONFIDENTIAL"
		g.must(top, evidence.Change{Cite: &evidence.Cite{Claim: "l1", Citation: secret}})
		g.must(top, verified("aa", "c-secret"))
		g.must(low, undo(attached))
		require.Equal(t, "UNCHECKED", g.state("c-secret"))
	})
	t.Run("another capture goes", func(t *testing.T) {
		g := twoSecret(t)
		attached := g.seenBy(top)
		g.must(top, verified("aa", "c1"))
		g.must(top, undo(attached))
		require.Equal(t, "VERIFIED", g.state("c1"))
	})
	t.Run("its text is replaced", func(t *testing.T) {
		g := twoSecret(t)
		g.must(top, verified("bb", "c1"), verified("aa", "c-secret"))
		g.must(top, attach("s1", "bb", "other"))
		require.Equal(t, []string{"UNCHECKED", "VERIFIED"}, []string{g.state("c1"), g.state("c-secret")})
		g.must(top, verified("bb", "c1"))
		g.must(top, attach("s1", "bb", "third"), verified("bb", "c1"))
		require.Equal(t, "VERIFIED", g.state("c1"), "it was compared with the new text, and found in the same place")
		g.must(top, undo(g.seenBy(top)))
		require.Equal(t, "UNCHECKED", g.state("c1"))
	})
	t.Run("while the citation is retracted", func(t *testing.T) {
		g := twoSecret(t)
		attached := g.seenBy(top)
		g.must(top, verified("bb", "c1"), verified("aa", "c-secret"))
		g.must(top, retract("l1"))
		retracted := g.seenBy(top)
		g.must(top, undo(attached))
		g.must(top, undo(retracted))
		require.Equal(t, []string{"UNCHECKED", "VERIFIED"}, []string{g.state("c1"), g.state("c-secret")})
	})
	t.Run("its text, while the citation is retracted", func(t *testing.T) {
		g := twoSecret(t)
		g.must(top, verified("bb", "c1"), verified("aa", "c-secret"))
		g.must(top, retract("l1"))
		retracted := g.seenBy(top)
		g.must(top, attach("s1", "bb", "other"))
		g.must(top, undo(retracted))
		require.Equal(t, []string{"UNCHECKED", "VERIFIED"}, []string{g.state("c1"), g.state("c-secret")})
	})
	t.Run("while the quote is compared", func(t *testing.T) {
		g := twoSecret(t)
		g.must(top, undo(g.seenBy(top)))
		g.must(top, verified("bb", "c1"), verified("aa", "c-secret"))
		require.Equal(t, []string{"UNCHECKED", "VERIFIED"}, []string{g.state("c1"), g.state("c-secret")})
	})
}

// TestWithdrawnChecksAreReplayed as they were logged.
func TestWithdrawnChecksAreReplayed(t *testing.T) {
	g := twoSecret(t)
	attached := g.seenBy(top)
	g.must(top, verified("bb", "c1", "c-secret"))
	g.must(top, undo(attached))
	g.must(top, verified("bb", "c1"), entity("p3", "PERSON", "Otra")) // withdrawn for a second time
	var log []*evidence.Revision
	for r, err := range g.Log(t.Context(), 0) {
		require.NoError(t, err)
		log = append(log, r)
	}
	to := model.New()
	require.NoError(t, storetest.Copy(t.Context(), log, to))
	for _, id := range []evidence.ID{"c1", "c-secret", "l1", "s1"} {
		found, err := to.Snapshot().Newest(t.Context(), []evidence.ID{id}, evidence.Open)
		require.NoError(t, err)
		require.Equal(t, g.newest(id), found[id])
	}
}
