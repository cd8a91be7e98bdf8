package sqlite

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawPlaces draws rows of few lists whose keys have much in common.
func drawPlaces(t *rapid.T) []place {
	part := rapid.SampledFrom([]string{"", "a", "ab", "COMMANDS ", "0 0350 c-", "\x00", "\x7e\x7f", "01234567", "ñ"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) place {
		return place{
			anchor: rapid.SampledFrom([]int64{leastAnchor, tokensNamed, -1, 17, 18, 1 << 35}).Draw(t, "anchor"),
			slot:   rapid.Int64Range(0, 3).Draw(t, "slot"),
			key:    part.Draw(t, "first") + part.Draw(t, "second") + part.Draw(t, "third"),
			num:    rapid.Int64Range(1, 1<<31).Draw(t, "num"),
		}
	}), 0, 400).Draw(t, "rows")
}

func TestOrderOfPlaces(t *testing.T) {
	var order placeOrder // also what it keeps from one to the next
	rapid.Check(t, func(t *rapid.T) {
		rows := drawPlaces(t)
		var sorted []place
		seen := map[uint32]bool{}
		for _, r := range order.of(rows) {
			require.False(t, seen[r.at], "twice")
			seen[r.at] = true
			sorted = append(sorted, rows[r.at])
		}
		require.Len(t, sorted, len(rows))
		require.True(t, slices.IsSortedFunc(sorted, comparePlaces))
	})
}

// TestOrderOfManyTexts sorts so many that begin alike that they are sorted by digits.
func TestOrderOfManyTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // only for tests
	for _, begin := range []string{"", "c-", "12345678", "1234567\x00", "ñandú de la "} {
		texts := make([]string, 3*manyWorded)
		for i := range texts {
			texts[i] = begin + []string{"", "\x00", "a"}[random.IntN(3)] + strconv.Itoa(random.IntN(len(texts)))
		}
		var sorted []string
		for _, next := range inOrder(len(texts), func(i uint32) string { return texts[i] }) {
			sorted = append(sorted, texts[next.at])
		}
		slices.Sort(texts)
		require.Equal(t, texts, sorted)
	}
}

func BenchmarkOrderOfTexts(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // only for tests
	texts := make([]string, 1_000_000)
	for i := range texts {
		texts[i] = "c-" + strconv.FormatUint(random.Uint64(), 36)
	}
	for b.Loop() {
		inOrder(len(texts), func(i uint32) string { return texts[i] })
	}
}
