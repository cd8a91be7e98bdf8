package main

import (
	"os"
	"runtime"
)

// roomy gives a server, or a command that writes much, its leeway, for with little
// in use collecting is a fifth of the work. It is a block that counts as in use, but
// is never written to, so that it takes no memory of the machine. To wait for a
// multiple of what is in use instead gains nothing where that is much: to have the
// system give so much more memory then takes longer than to collect. GOGC in the
// environment has the last word. The function that it returns goes back to what was.
func (m *Main) roomy() func() { return m.leeway(m.Leeway) }

// loading is roomy for a command that loads much: what it has in use grows from nothing,
// and would be looked through again at each doubling.
func (m *Main) loading() func() { return m.leeway(loadingLeeway * m.Leeway) }

// loadingLeeway is how many times the leeway of a server a command has that loads much.
const loadingLeeway = 3

func (m *Main) leeway(bytes int) func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	block := make([]byte, bytes)
	return func() { runtime.KeepAlive(block) }
}
