package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// How much garbage may gather before it is collected. Collecting is the largest
// part of what an answer costs (a fifth of it at Go's own setting), and that part
// falls with the room that garbage has; but a server that holds a large graph
// should not hold as much again of nothing.
const (
	garbageRoom     = 256 << 20
	leastGCPercent  = 50
	mostGCPercent   = 400
	gcPercentUnsaid = "" // GOGC where nobody has set it
)

// roomForGarbage keeps the garbage collector's percentage so that garbage has
// garbageRoom, within bounds that follow the live heap, unless the variable GOGC
// says what it shall be. It looks again after each collection, until what it gives
// is called, which puts the percentage back.
func roomForGarbage() (stop func()) {
	if os.Getenv("GOGC") != gcPercentUnsaid {
		return func() {}
	}
	now := percentFor(liveHeap())
	before := debug.SetGCPercent(now)
	var stopped atomic.Bool
	var again func()
	again = func() {
		// The runtime runs the cleanup of what nothing refers to after a collection.
		runtime.AddCleanup(new([16]byte), func(struct{}) {
			if stopped.Load() {
				return
			}
			if next := percentFor(liveHeap()); next*10 > now*11 || next*11 < now*10 { // each change stops the world
				now = next
				debug.SetGCPercent(now)
			}
			again()
		}, struct{}{})
	}
	again()
	return func() {
		stopped.Store(true)
		debug.SetGCPercent(before)
	}
}

// percentFor is the percentage that gives garbage its room beside a live heap.
func percentFor(live uint64) int {
	if live == 0 {
		return mostGCPercent
	}
	return int(min(max(garbageRoom*100/live, leastGCPercent), mostGCPercent)) //nolint:gosec // bounded
}

// liveHeap is how many bytes the last collection found in use.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
