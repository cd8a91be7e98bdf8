package trace

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestProductsAreExact compares products of as many strengths as a path has links
// with those of numbers of any size.
func TestProductsAreExact(t *testing.T) {
	number := func(p product) *big.Int {
		n := new(big.Int).Lsh(new(big.Int).SetUint64(p.high), 64)
		return n.Add(n, new(big.Int).SetUint64(p.low))
	}
	rapid.Check(t, func(t *rapid.T) {
		strengths := rapid.SliceOfN(rapid.Uint16Range(0, maxStrength), 0, MaxPathLength).Draw(t, "strengths")
		cut := rapid.IntRange(0, len(strengths)).Draw(t, "cut")
		halves, want := [2]product{thousands[0], thousands[0]}, big.NewInt(1)
		for i, s := range strengths {
			half := &halves[0]
			if i >= cut {
				half = &halves[1]
			}
			*half = half.by(s)
			want.Mul(want, big.NewInt(int64(s)))
		}
		whole := halves[0].times(halves[1])
		require.Zero(t, want.Cmp(number(whole)), "%v", strengths)
		thousand := big.NewInt(1000)
		leveled := new(big.Int).Mul(want, new(big.Int).Exp(thousand, big.NewInt(int64(MaxPathLength-len(strengths))), nil))
		require.Zero(t, leveled.Cmp(number(whole.of(len(strengths)))))
		millionths := new(big.Int).Mul(want, big.NewInt(1_000_000))
		millionths.Quo(millionths, new(big.Int).Exp(thousand, big.NewInt(int64(len(strengths))), nil))
		require.EqualValues(t, millionths.Int64(), whole.millionths(len(strengths)))
	})
	all := thousands[0]
	for range MaxPathLength {
		all = all.by(maxStrength)
	}
	require.Equal(t, 1_000_000, all.millionths(MaxPathLength))
}
