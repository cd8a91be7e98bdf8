package trace

import (
	"context"
	"fmt"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// CitationsOf gives one page of citations for each of many claims: alternately
// the strongest support and the strongest dispute, so that no first page hides a
// dispute, then mentions. One read for all claims.
func (s *Session) CitationsOf(ctx context.Context, claims []evidence.ID, f CitationFilter, a PageArgs) (map[evidence.ID]Page[*Citation], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := listOf("citations", f)
	p, err := l.span(a)
	if err != nil {
		return nil, err
	}
	limit := p.size + 1
	if p.after != "" || p.stop != "" || p.reverse || len(f.Sources) > 0 || f.Text != "" {
		limit = store.MaxBatch // how far the turns have come is known only from all of them
	}
	cited, err := s.cited(ctx, claims, f, limit)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Page[*Citation], len(claims))
	for _, id := range claims {
		if c := cited[id]; c != nil {
			out[id] = pageOf(l, p.unbounded(), alternate(c.kept, p))
		} else {
			out[id] = pageOf[*Citation](l, p, nil)
		}
	}
	return out, nil
}

// turns are supports, disputes and mentions, each in order.
type turns [3][]*Citation

// inTurn puts supports and disputes in turn, then mentions; first is whose turn it is.
func (t turns) inTurn(first evidence.Stance) []*Citation {
	var all []*Citation
	for next := first; len(t[evidence.Supports])+len(t[evidence.Disputes]) > 0; next = evidence.Supports + evidence.Disputes - next {
		if stream := t[next]; len(stream) > 0 {
			all, t[next] = append(all, stream[0]), stream[1:]
		}
	}
	return append(all, t[evidence.Mentions]...)
}

// keep leaves out those of which keeps is false.
func (t turns) keep(keeps func(*Citation) bool) (kept turns) {
	for stance, stream := range t {
		for _, c := range stream {
			if keeps(c) {
				kept[stance] = append(kept[stance], c)
			}
		}
	}
	return kept
}

// progress is how far a list in turns was shown: it ends with the citation of the key
// last, and has of each stance those up to a key. So nothing is passed over where some of
// them are withdrawn before the next page is asked for.
type progress struct {
	last string
	upTo [3]string
}

// shows says whether a citation was shown.
func (p progress) shows(c *Citation) bool {
	return c.Record.Derived.Key <= p.upTo[c.Record.Citation().Stance]
}

// next is whose turn it is.
func (p progress) next() evidence.Stance {
	if strings.HasPrefix(p.last, evidence.CitationKeyPrefix(evidence.Supports)) {
		return evidence.Disputes
	}
	return evidence.Supports
}

// with is how far a list was shown, with one more.
func (p progress) with(c *Citation) progress {
	p.last = c.Record.Derived.Key
	p.upTo[c.Record.Citation().Stance] = p.last
	return p
}

// turnsFormat begins the keys of cursors that say how far they are. Former ones are
// a place in the list as it then was, and an id; they begin with a 1.
const turnsFormat = "2"

// key is that of a place in the list.
func (p progress) key(place int) string {
	return fmt.Sprintf("%s%06d\x00%s\x00%s", turnsFormat, place, p.last, strings.Join(p.upTo[:], "\x00"))
}

// progressOf reads the key of a cursor of a list.
func progressOf(key string, t turns) (p progress) {
	if parts := strings.Split(key, "\x00"); strings.HasPrefix(key, turnsFormat) && len(parts) == 2+len(p.upTo) {
		p.last = parts[1]
		copy(p.upTo[:], parts[2:])
		return p
	}
	for stance, stream := range t {
		for round, c := range stream {
			place := 2*round + stance
			if c.Record.Citation().Stance == evidence.Mentions {
				place = 2*store.MaxBatch + round
			}
			is := fmt.Sprint(1_000_000+place, " ", c.Record.ID())
			if is <= key {
				p.upTo[stance] = c.Record.Derived.Key
			}
			if is == key {
				p.last = c.Record.Derived.Key
			}
		}
	}
	return p
}

// alternate gives what a page may have of the citations of a claim, each with the key of
// its cursor.
func alternate(t turns, p span) []keyed[*Citation] {
	after, before := p.after, p.stop
	if p.reverse {
		after, before = before, after
	}
	var from progress
	if after != "" {
		from = progressOf(after, t)
	}
	left := t.keep(func(c *Citation) bool { return !from.shows(c) })
	if before != "" {
		end := progressOf(before, t)
		left = left.keep(func(c *Citation) bool { return end.shows(c) && c.Record.Derived.Key != end.last })
	}
	var all []keyed[*Citation]
	for place, c := range left.inTurn(from.next()) {
		from = from.with(c)
		all = append(all, keyed[*Citation]{c, from.key(place)})
	}
	return all
}

// unbounded is a page of a list that has nothing any more before or beyond where the page
// may begin and end.
func (s span) unbounded() span {
	if s.stop = ""; s.after != "" && s.reverse {
		s.after = "\xff"
	} else if s.after != "" {
		s.after = "\x00"
	}
	return s
}
