package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/report"
)

func TestOnlyWhatIsNamedIsAsked(t *testing.T) {
	t.Parallel()
	all, err := chosen("")
	require.NoError(t, err)
	for _, part := range parts {
		require.True(t, all[part], part)
	}
	some, err := chosen("card, growth")
	require.NoError(t, err)
	require.True(t, some[report.Card])
	require.True(t, some["growth"])
	require.False(t, some[report.Paths])
	_, err = chosen("cards")
	require.ErrorContains(t, err, `--only names "cards", which is none of card,`)
}

func TestACommandLineThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), []string{"--scale", "huge"}), "give tiny, small, medium or full")
	require.ErrorContains(t, run(t.Context(), []string{"pages"}), `"pages" is not understood`)
	require.ErrorContains(t, run(t.Context(), []string{"--only", "all"}), "which is none of")
}

// Every scale can be run: its graph can be generated, and its largest growth is
// ten times another, so that there is a ratio to give.
func TestEveryScaleMakesSense(t *testing.T) {
	t.Parallel()
	for name, s := range sizes {
		require.NoError(t, s.graph(1).Check(), name)
		largest := s.growth[len(s.growth)-1]
		for _, entities := range s.growth {
			require.NoError(t, grown(1, entities, s.growth[0]).Check(), name)
		}
		for _, entities := range s.whole {
			require.NoError(t, grown(1, entities, 0).Check(), name)
		}
		require.LessOrEqual(t, s.growth[0]*10, largest, name)
		require.Positive(t, s.runs, name)
	}
	require.Contains(t, sizes["full"].growth, report.FullEntities)
	require.Contains(t, sizes["full"].whole, report.FullEntities)
}

// Whoever is asked a question over the network has a name, and Vínculo's two
// stores are asked the same.
func TestBothStoresAreAskedTheSame(t *testing.T) {
	t.Parallel()
	for question, of := range queries {
		require.Equal(t, of[report.Embedded], of[report.OnNeo4j], question)
		for who := range of {
			require.Contains(t, report.Names, who)
			require.Contains(t, order, who)
		}
	}
}

// A wrong answer to one question is told, and the other questions are asked.
func TestAFailureIsKeptAndAnInterruptionEndsAll(t *testing.T) {
	t.Parallel()
	b := &bench{}
	require.NoError(t, b.attempt(t.Context(), "card", func() error { return errors.New("the two stores\n differ") }))
	require.NoError(t, b.attempt(t.Context(), "path", func() error { return nil }))
	require.Equal(t, []report.Failed{{Question: "card", Reason: "the two stores differ"}}, b.found.Failed)
	require.NoError(t, b.attempt(t.Context(), "path", func() error { return errors.New(strings.Repeat("é", 1000)) }))
	require.Len(t, b.found.Failed[1].Reason, longestReason+len(" …"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.attempt(ctx, "card", func() error { return errors.New("killed") }), context.Canceled)
	require.Len(t, b.found.Failed, 2)
}
