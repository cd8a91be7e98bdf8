package main

import (
	"os"
	"runtime/debug"
)

// lavish lets garbage pile up to three times what is in use before it is
// collected, for commands that write much and then end: collecting is an eighth
// of their work otherwise. GOGC in the environment has the last word. The
// function that it returns goes back to what was.
func lavish() func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(300)
	return func() { debug.SetGCPercent(before) }
}
