package neo4j_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// commitMessage is COMMIT as Bolt sends it: a chunk of two bytes, a structure
// without fields with the tag 12 (hexadecimal), and the end of the message.
var commitMessage = []byte{0x00, 0x02, 0xb0, 0x12, 0x00, 0x00}

// proxy stands between a store and the server and breaks connections at a place
// of the test's choice, which no general fault injector can hit.
type proxy struct {
	t      testing.TB
	target string
	addr   string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	// before and after say whether to break the connection before a part that the
	// client sends is passed on, or after it was and before any answer is.
	before, after func(sent []byte) bool
}

func newProxy(t testing.TB) *proxy {
	t.Helper()
	u, err := url.Parse(neo4jtest.URI(t))
	require.NoError(t, err)
	p := &proxy{t: t, target: u.Host, addr: "127.0.0.1:0", open: map[net.Conn]bool{}}
	p.start()
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) uri() string { return "bolt://" + p.addr }

// start listens, again at the same place if it did before.
func (p *proxy) start() {
	p.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(p.t.Context(), "tcp", p.addr)
	require.NoError(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener, p.addr = l, l.Addr().String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
}

// stop ends listening and every connection, as a server that goes down does.
func (p *proxy) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// cut sets where connections break from now on; nil for nowhere.
func (p *proxy) cut(before, after func([]byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

func (p *proxy) state() (before, after func([]byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.before, p.after
}

func (p *proxy) serve(client net.Conn) {
	server, err := (&net.Dialer{}).Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	end := func() {
		_ = client.Close()
		_ = server.Close()
		p.mu.Lock()
		delete(p.open, client)
		delete(p.open, server)
		p.mu.Unlock()
	}
	var breaking atomic.Bool // the next answer ends the connection in place of going back
	go func() {
		defer end()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if n > 0 {
				if breaking.Load() {
					return
				}
				if _, err := client.Write(buffer[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			before, after := p.state()
			if before != nil && before(buffer[:n]) {
				end()
				return
			}
			if after != nil && after(buffer[:n]) {
				breaking.Store(true)
			}
			if _, err := server.Write(buffer[:n]); err != nil {
				end()
				return
			}
		}
		if err != nil {
			end()
			return
		}
	}
}

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
