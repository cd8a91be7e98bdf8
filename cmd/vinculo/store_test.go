package main

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// TestAMadeIDDoesNotSayWhenItWasMade: a record that is shown to more people later is
// not to tell them since when it was there.
func TestAMadeIDDoesNotSayWhenItWasMade(t *testing.T) {
	id, err := uuid.Parse(string(newPlanner(vocabulary.Standard()).NewID()))
	require.NoError(t, err)
	require.Equal(t, uuid.Version(4), id.Version())
}
