package main

import (
	"strings"
	"sync"
)

// lines takes what a run writes, from any goroutine, a line at a time.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	rest string
	seen func(string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	l.rest += string(p)
	for {
		line, rest, whole := strings.Cut(l.rest, "\n")
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		if l.seen != nil {
			l.seen(line)
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
