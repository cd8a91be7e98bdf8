package neo4j_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// commitMessage is COMMIT as Bolt sends it: a chunk of two bytes, a structure
// without fields with the tag 12 (hexadecimal), and the end of the message.
var commitMessage = []byte{0x00, 0x02, 0xb0, 0x12, 0x00, 0x00}

// proxy is a neo4jtest.Proxy.
type proxy struct{ *neo4jtest.Proxy }

func newProxy(t testing.TB) proxy {
	t.Helper()
	return proxy{neo4jtest.NewProxy(t)}
}

func (p proxy) uri() string { return p.URI() }

func (p proxy) stop() { p.Stop() }

func (p proxy) cut(before, after func([]byte) bool) { p.Cut(before, after) }

// once is a condition that holds the first time a part of what is sent does.
func once(holds func([]byte) bool) func([]byte) bool {
	var mu sync.Mutex
	done := false
	return func(sent []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if done || !holds(sent) {
			return false
		}
		done = true
		return true
	}
}

func commits(sent []byte) bool { return bytes.Contains(sent, commitMessage) }

// nth holds for the nth part that is sent.
func nth(n int) func([]byte) bool {
	return func([]byte) bool {
		n--
		return n == 0
	}
}
