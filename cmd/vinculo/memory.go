package main

import (
	"os"
	"runtime"
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

// roomy gives a server its leeway, for with little in use collecting is a fifth of
// the work of answering. It is a block that counts as in use, but is never written
// to, so that it takes no memory of the machine. GOGC in the environment has the
// last word. The function that it returns goes back to what was.
func (m *Main) roomy() func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	block := make([]byte, m.Leeway)
	return func() { runtime.KeepAlive(block) }
}
