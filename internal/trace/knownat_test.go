package trace_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestTheNewestRevisionIsNow names it by its number, as a front end does that wants
// several answers of one state: what is written later is hidden from some and counts
// for others.
func TestTheNewestRevisionIsNow(t *testing.T) {
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	step := 0
	write := func(changes ...evidence.Change) {
		step++
		_, err := storetest.Apply(t.Context(), st, step, storetest.Top, &evidence.ChangeSet{Reason: "x", Changes: changes})
		require.NoError(t, err)
	}
	write(note, called("a", "PERSON", "Juan"))
	write(called("b", "PERSON", "Pedro"))
	secret := called("c", "PERSON", "Nadie")
	secret.PutEntity.Clearance = evidence.Of("CONFIDENTIAL")
	write(secret)
	tracer := trace.New(st, vocabulary.Standard(), storetest.Planner(1))
	isNow := func(c evidence.Clearance, number uint64) bool {
		s, err := tracer.At(t.Context(), evidence.Now(c))
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		then, err := s.Moment(t.Context(), trace.KnownAt{Number: &number})
		require.NoError(t, err)
		defer func() { require.NoError(t, then.Close()) }()
		return then.View().IsNow()
	}
	require.False(t, isNow(evidence.Public, 1))
	require.True(t, isNow(evidence.Public, 2), "of what came later, nothing is seen")
	require.False(t, isNow(evidence.Confidential, 2))
	require.True(t, isNow(evidence.Confidential, 3))
	hidden := called("a", "PERSON", "Juan")
	hidden.PutEntity.Clearance = evidence.Of("RESTRICTED")
	write(hidden)
	require.False(t, isNow(evidence.Public, 2), "that something is raised is seen")
}
