package trace

import (
	"cmp"
	"math/bits"
)

// product is strengths multiplied, each in thousandths: exact, for as many as a
// path has links, which come to 10²⁴ at most. Rounded ones would make paths differ
// that are equally strong, and those in order of their ids come in another.
type product struct{ high, low uint64 }

// thousands are the powers of a thousand, up to that of the longest path.
var thousands = func() (powers [MaxPathLength + 1]product) {
	powers[0] = product{low: 1}
	for i := range MaxPathLength {
		powers[i+1] = powers[i].times(product{low: 1000})
	}
	return powers
}()

func (p product) times(q product) product {
	high, low := bits.Mul64(p.low, q.low)
	return product{high + p.high*q.low + p.low*q.high, low}
}

// by is the product with one more strength.
func (p product) by(strength uint16) product { return p.times(product{low: uint64(strength)}) }

// of makes the products of different numbers of links comparable.
func (p product) of(links int) product { return p.times(thousands[MaxPathLength-links]) }

func (p product) compare(q product) int {
	return cmp.Or(cmp.Compare(p.high, q.high), cmp.Compare(p.low, q.low))
}

// millionths is what the strengths of so many links come to, rounded down.
func (p product) millionths(links int) int {
	if links <= 2 {
		return int(p.times(thousands[2-links]).low) //nolint:gosec // at most a million
	}
	by := thousands[links-2].low // all of it, up to a million times a million times a million
	millionths, _ := bits.Div64(p.high, p.low, by)
	return int(millionths) //nolint:gosec // at most a million
}
