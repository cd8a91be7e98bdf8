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
func (m *Main) roomy() func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	block := make([]byte, m.Leeway)
	return func() { runtime.KeepAlive(block) }
}
