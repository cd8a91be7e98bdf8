package slab_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence/slab"
)

func TestListsAreApart(t *testing.T) {
	s := slab.Of[int]{Most: 16}
	var lists [][]int
	for n := range 40 {
		list := s.Take(n % 20)
		require.Len(t, list, n%20)
		require.Equal(t, len(list), cap(list))
		for i := range list {
			require.Zero(t, list[i])
			list[i] = n
		}
		lists = append(lists, list)
	}
	for n, list := range lists {
		for _, is := range list {
			require.Equal(t, n, is)
		}
	}
}

func TestNewOnesShareMemory(t *testing.T) {
	var s slab.Of[[64]byte]
	made := testing.AllocsPerRun(10, func() {
		for range 1000 {
			require.Zero(t, s.New()[0])
		}
	})
	require.Less(t, made, 20.0)
}

func TestReusedOnesAreZero(t *testing.T) {
	var s slab.Reused[[2]int]
	for _, most := range []int{200, 3, 64, 500, 0, 128, 1} {
		seen := map[*[2]int]bool{}
		for range most {
			one := s.New()
			require.Zero(t, *one)
			require.False(t, seen[one], "it was given out already")
			seen[one] = true
			one[0], one[1] = 1, 2
		}
		s.GiveBack()
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for range 500 {
			s.New()[0] = 1
		}
		s.GiveBack()
	}))
}
