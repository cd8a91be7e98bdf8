package neo4jtest

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between a store and the server of [URI], and breaks or holds up what they
// say to each other at a place of the test's choice, which no general fault injector can
// hit. It ends with the test.
type Proxy struct {
	tb     testing.TB
	target string
	addr   string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	// before and after say whether to break the connection before a part that the
	// client sends is passed on, or after it was and before any answer is.
	before, after func(sent []byte) bool
	word          []byte        // the message with it is the last that is passed on
	held          chan struct{} // closed when the server has begun to answer that
}

// NewProxy starts a proxy.
func NewProxy(tb testing.TB) *Proxy {
	tb.Helper()
	u, err := url.Parse(URI(tb))
	if err != nil {
		tb.Fatalf("neo4jtest: the address of the server: %v", err)
	}
	p := &Proxy{tb: tb, target: u.Host, addr: "127.0.0.1:0", open: map[net.Conn]bool{}}
	p.Start()
	tb.Cleanup(p.Stop)
	return p
}

// URI is where it listens.
func (p *Proxy) URI() string { return "bolt://" + p.addr }

// Start listens, again at the same place if it did before.
func (p *Proxy) Start() {
	p.tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(p.tb.Context(), "tcp", p.addr)
	if err != nil {
		p.tb.Fatalf("neo4jtest: listen for a store: %v", err)
	}
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

// Stop ends listening and every connection, as a server that goes down does.
func (p *Proxy) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// Cut sets where connections break from now on; nil for nowhere.
func (p *Proxy) Cut(before, after func(sent []byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

// Hold has the next message with a word be the last that its connection passes on, and
// keeps back what the server answers to it; the channel is closed when it does.
func (p *Proxy) Hold(word string) (held <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word, p.held = []byte(word), make(chan struct{})
	return p.held
}

// passage is one connection.
type passage struct {
	client, server net.Conn
	ended          chan struct{}

	mu      sync.Mutex
	answers func() bool // whether the next answer is passed on; nil where all are
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target) //nolint:noctx // it ends with the proxy
	if err != nil {
		_ = client.Close()
		return
	}
	c := &passage{client: client, server: server, ended: make(chan struct{})}
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	go c.passAnswers()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err == nil {
			sent, pass := p.look(c, buffer[:n])
			if !pass {
				break
			}
			_, err = server.Write(sent)
		}
		if err != nil {
			break
		}
	}
	close(c.ended)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range []net.Conn{client, server} {
		_ = conn.Close()
		delete(p.open, conn)
	}
}

// look gives what to pass on of a part that a client sends, if the connection is to go on.
func (p *Proxy) look(c *passage, part []byte) (sent []byte, pass bool) {
	p.mu.Lock()
	before, after := p.before, p.after
	p.mu.Unlock()
	if before != nil && before(part) { // which may wait for something
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if after != nil && after(part) {
		c.answers = func() bool { return false }
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.word == nil || !bytes.Contains(part, p.word) {
		return part, true
	}
	held := p.held
	c.answers = func() bool {
		close(held)
		<-c.ended
		return false
	}
	sent, p.word = upTo(part, p.word), nil
	return sent, true
}

// passAnswers gives the client what the server says.
func (c *passage) passAnswers() {
	defer c.client.Close() //nolint:errcheck // there is nobody to tell
	buffer := make([]byte, 1<<16)
	for {
		n, err := c.server.Read(buffer)
		if n > 0 {
			c.mu.Lock()
			answers := c.answers
			c.mu.Unlock()
			if answers != nil && !answers() {
				return
			}
			if _, err := c.client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// upTo gives the messages of Bolt up to the one with a word: chunks that begin with
// their size in two bytes, of which one of no size ends a message. Without what follows,
// which asks for the answer, the server keeps the transaction of the question open.
func upTo(sent, word []byte) []byte {
	for end, begin := 0, 0; end+2 <= len(sent); {
		size := int(binary.BigEndian.Uint16(sent[end:]))
		if end += 2 + size; size == 0 && end <= len(sent) {
			if bytes.Contains(sent[begin:end], word) {
				return sent[:end]
			}
			begin = end
		}
	}
	return sent
}
