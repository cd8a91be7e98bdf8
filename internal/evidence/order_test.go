package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Stores keep the keys, so the order that they make is for good.
func TestNamesAndIdsAreOrderedAsOneText(t *testing.T) {
	entity := func(id evidence.ID, name string) *evidence.Entity {
		return &evidence.Entity{ID: id, Names: []evidence.Name{{Text: name, Type: evidence.PrimaryName}}}
	}
	listed := []*evidence.Entity{
		entity("us-government", "United States government"),
		entity("united-states", "United States"), // its id begins after "government"
		entity("abc", "United States Zeta"),
	}
	key := func(e *evidence.Entity) string { return evidence.OrderKey(e, 0, vocabulary.Standard()) }
	require.True(t, slices.IsSortedFunc(listed, func(a, b *evidence.Entity) int { return strings.Compare(key(a), key(b)) }))
	long := strings.Repeat("a", 64)
	require.Negative(t, strings.Compare(key(entity("x1", long+"z")), key(entity("x2", long+"b"))), "past 64 letters the id decides")
}
