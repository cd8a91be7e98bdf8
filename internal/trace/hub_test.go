package trace

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestAdvanceEndsWhereRoundTripsAreSpent has nothing left to read and fewer round
// trips left than planned, as after frontiers that took several: there is nothing
// to wait for.
func TestAdvanceEndsWhereRoundTripsAreSpent(t *testing.T) {
	s := &sides{walk: &walk{test: &linkTest{}, direction: evidence.Any}, hub: &hub{id: "hub"}, longest: MaxPathLength}
	require.Negative(t, s.spare())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.advance(ctx, MaxPathLength), "no store was asked")
	require.Zero(t, s.walk.trips)
}
