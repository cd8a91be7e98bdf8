package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 64 << 20: 400, 128 << 20: 200, 256 << 20: 100, 512 << 20: 50, 8 << 30: 50} {
		require.Equal(t, want, percentFor(live), "%d MiB", live>>20)
	}
}

// TestRoomForGarbage holds a heap on which the percentage has to fall, and sees
// that it does after a collection, and that stopping puts back what was.
func TestRoomForGarbage(t *testing.T) {
	t.Setenv("GOGC", "")
	percent := func() int { // there is no way to read it but to set it
		is := debug.SetGCPercent(100)
		debug.SetGCPercent(is)
		return is
	}
	before := percent()
	stop := roomForGarbage()
	held := make([]byte, 2*garbageRoom)
	require.Eventually(t, func() bool { runtime.GC(); return percent() == leastGCPercent }, 20*time.Second, time.Millisecond)
	runtime.KeepAlive(held)
	stop()
	require.Equal(t, before, percent())
	t.Setenv("GOGC", "70")
	stop = roomForGarbage()
	require.Equal(t, before, percent(), "who says what it shall be is obeyed")
	stop()
	require.Equal(t, before, percent())
}
