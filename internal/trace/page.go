package trace

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// PageArgs ask for one page of a list, as Relay's cursor connections do: the
// first n after a cursor, or the last n before one.
type PageArgs struct {
	First, Last   *int
	After, Before string
}

// Page is one page of a list in the list's order.
type Page[T any] struct {
	Items                []Item[T]
	HasNext, HasPrevious bool
	// Start and End are the cursors to go on from, backwards and forwards. They
	// are those of the first and last item, but where a page was cut short by the
	// scan budget, where the scan stopped.
	Start, End string
}

// Item is one node of a page with its cursor.
type Item[T any] struct {
	Node   T
	Cursor string
}

// Sizes of pages.
const (
	DefaultPageSize = 25
	MaxPageSize     = 200
)

// scanBudget is how many records one page may look at to fill itself; a page
// that reaches it, or its share of what is left for the request, is given as it is,
// and says that there is more.
const scanBudget = 20_000

// span is a page in terms of keys: size records beyond after, in the direction
// of travel, up to but without stop.
type span struct {
	size        int
	reverse     bool
	after, stop string
	counted     bool // the records are not shown: each was looked at for the count alone
}

// list names a list for its cursors, so that a cursor of another is refused.
type list string

// listOf fingerprints a list by its name and what it was filtered by.
func listOf(name string, filter any) list {
	b, err := json.Marshal(filter)
	if err != nil {
		b = nil // a filter is plain data; were it not, the name alone would do
	}
	sum := sha256.Sum256(append([]byte(name+"\x00"), b...))
	return list(sum[:6])
}

func (l list) cursor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(l) + key))
}

func (l list) key(path, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) <= len(l) || string(b[:len(l)]) != string(l) {
		return "", evidence.Faulty(evidence.InvalidInput, path, "%.40q is not a cursor of this list; give one that a page of the same list with the same filter gave", cursor)
	}
	return string(b[len(l):]), nil
}

// span checks page arguments and puts them in terms of keys.
func (l list) span(a PageArgs) (span, error) {
	after, err := l.key("after", a.After)
	if err != nil {
		return span{}, err
	}
	before, err := l.key("before", a.Before)
	if err != nil {
		return span{}, err
	}
	size, path := DefaultPageSize, "first"
	switch {
	case a.First != nil && a.Last != nil:
		return span{}, evidence.Faulty(evidence.InvalidInput, "last", "first and last are both given; give one of them")
	case a.First != nil:
		size = *a.First
	case a.Last != nil:
		size, path = *a.Last, "last"
	}
	if size < 0 {
		return span{}, evidence.Faulty(evidence.InvalidInput, path, "a page cannot have %d items; give 0 to %d", size, MaxPageSize)
	}
	if size > MaxPageSize {
		return span{}, evidence.Faulty(evidence.LimitExceeded, path, "%d items are more than a page may have, %d; ask for the rest with `after`", size, MaxPageSize)
	}
	if a.Last != nil {
		return span{size: size, reverse: true, after: before, stop: after}, nil
	}
	return span{size: size, after: after, stop: before}, nil
}

// query is a query for the records of the page, and one more that tells whether
// there is more.
func (s span) query(q store.Query) store.Query {
	q.After, q.Reverse, q.Limit = s.after, s.reverse, min(s.size+1, store.MaxBatch)
	return q
}

// beyond says whether a key lies at or beyond where the page has to stop.
func (s span) beyond(key string) bool {
	if s.stop == "" {
		return false
	}
	if s.reverse {
		return key <= s.stop
	}
	return key >= s.stop
}

// keyed is a node with the key of its place.
type keyed[T any] struct {
	node T
	key  string
}

// page makes a page of what was found in the direction of travel. more says that
// there is something beyond; reached is the key where a scan was cut, or "".
func page[T any](l list, s span, found []keyed[T], more bool, reached string) Page[T] {
	last := reached
	if last == "" && len(found) > 0 {
		last = found[len(found)-1].key
	}
	if s.reverse {
		slices.Reverse(found)
	}
	p := Page[T]{Items: make([]Item[T], len(found))}
	for i, f := range found {
		p.Items[i] = Item[T]{f.node, l.cursor(f.key)}
	}
	if len(found) > 0 {
		p.Start, p.End = p.Items[0].Cursor, p.Items[len(found)-1].Cursor
	}
	if s.reverse {
		p.HasPrevious, p.HasNext = more, s.after != ""
		if last != "" {
			p.Start = l.cursor(last)
		}
	} else {
		p.HasNext, p.HasPrevious = more, s.after != ""
		if last != "" {
			p.End = l.cursor(last)
		}
	}
	return p
}

// pageOf pages a list that is already in memory in its order.
func pageOf[T any](l list, s span, all []keyed[T]) Page[T] {
	if s.reverse {
		all = slices.Clone(all)
		slices.Reverse(all)
	}
	var found []keyed[T]
	more := false
	for _, k := range all {
		if s.after != "" && (!s.reverse && k.key <= s.after || s.reverse && k.key >= s.after) {
			continue
		}
		if s.beyond(k.key) {
			break
		}
		if len(found) == s.size {
			more = true
			break
		}
		found = append(found, k)
	}
	return page(l, s, found, more, "")
}
