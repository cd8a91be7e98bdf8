package sqlite

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Every list of the store is a range of the table place: an anchor says whose
// list it is, a slot who sees the record, and the key orders it. A page is a
// merge of a few ranges, one seek each, however long the list is.
//
// The slot is the record's visibility; slot 3 (evidence.Hidden) holds what no
// one sees now: closed records, and keys under which a record stood before (a
// former name). A view of now merges the slots up to its clearance. A view of
// the past keeps what its version bears out, and merges more of them, see slots.

// Lists of one record are anchored at its number times listCodes plus a code.
const (
	linksFrom int64 = iota + 1
	linksTo
	statementsOf
	citationsOf
	citationsIn // and the two codes after it: one for each stance
	_
	_
	linksAbout
	statementsAbout
	derivedFrom

	listCodes = 16
)

// Lists of the whole graph have negative anchors.
const (
	tokensNamed       int64 = -32
	tokensPlaceholder int64 = -33

	leastAnchor = tokensPlaceholder
)

// allOf lists the records of a type by key.
func allOf(t evidence.RecordType) int64 { return -int64(t) }

// byKind lists entities or sources by kind and then key. Keys of claims and
// citations begin with their kind or stance anyway.
func byKind(t evidence.RecordType) int64 { return -16 - int64(t) }

func listOf(num, code int64) int64 { return num*listCodes + code }

// aboutCode is the list of claims of a type about a claim.
func aboutCode(t evidence.RecordType) int64 {
	if t == evidence.LinkRecord {
		return linksAbout
	}
	return statementsAbout
}

// place is one row of the table.
type place struct {
	anchor int64
	slot   int64
	key    string
	num    int64
}

func comparePlaces(a, b place) int {
	if a.anchor != b.anchor {
		return cmp.Compare(a.anchor, b.anchor)
	}
	if a.slot != b.slot {
		return cmp.Compare(a.slot, b.slot)
	}
	return cmp.Compare(a.key, b.key)
}

// forgets says whether a list keeps nothing of the past.
func (p place) forgets() bool { return p.anchor > 0 && p.anchor%listCodes == derivedFrom }

// slotOf is the slot of a record as it stands.
func slotOf(r *evidence.Record) int64 {
	if !r.IsOpen() {
		return int64(evidence.Hidden)
	}
	return int64(r.Derived.Visibility)
}

// placesOf adds the rows that lead to a record as it stands. numOf gives the
// number of another record.
func placesOf(rows []place, r *evidence.Record, num int64, numOf func(evidence.ID) (int64, error)) ([]place, error) {
	slot, key, t := slotOf(r), r.Derived.Key, r.Content.Type()
	rows = append(rows, place{allOf(t), slot, key, num})
	at := func(of evidence.ID, code int64, key string) error {
		anchor, err := numOf(of)
		rows = append(rows, place{listOf(anchor, code), slot, key, num})
		return err
	}
	var err error
	switch c := r.Content.(type) {
	case *evidence.Entity:
		rows = append(rows, place{byKind(t), slot, c.Kind + " " + key, num})
		rows = wordPlaces(rows, c, slot, num)
	case *evidence.Source:
		rows = append(rows, place{byKind(t), slot, c.Kind + " " + key, num})
		for _, parent := range c.DerivedFrom {
			err = errors.Join(err, at(parent, derivedFrom, string(c.ID)))
		}
	case *evidence.Claim:
		if c.Of == evidence.StatementRecord {
			err = at(c.From, statementsOf, key)
		} else {
			err = errors.Join(at(c.From, linksFrom, key), at(c.To, linksTo, key))
		}
		if c.About != "" {
			err = errors.Join(err, at(c.About, aboutCode(t), key))
		}
	case *evidence.Citation:
		err = errors.Join(at(c.Claim, citationsOf, key), at(c.Source, citationsIn+int64(c.Stance), evidence.SourceKey(c)))
	}
	return rows, err
}

// wordPlaces adds the rows of an entity's words; slot is who sees the entity.
func wordPlaces(rows []place, e *evidence.Entity, slot, num int64) []place {
	for _, token := range evidence.SearchTokens(e) {
		anchor := tokensNamed
		if token.Placeholder {
			anchor = tokensPlaceholder
		}
		rows = append(rows, place{anchor, max(slot, int64(token.Visibility)), token.Text + " " + string(e.ID), num})
	}
	return rows
}

// idOf is the id at the end of a key.
func idOf(key string) evidence.ID { return evidence.ID(key[strings.LastIndexByte(key, ' ')+1:]) }

// span is a range of one list in one slot.
type span struct {
	anchor, slot int64
	prefix       string // all keys of the span begin with it
	strip        int    // how much of it is not part of the key of the answer
}

// spans are ranges that are read as one list, in the order of stripped keys.
type spans struct {
	of      []span
	reverse bool
	wide    bool // rows come with their anchor and slot
	// newest is the highest number that a record may have; 0 is any.
	newest int64
	// after bounds the stripped keys, as store.Query.After does.
	after string
}

// beyond is greater than every key that begins with a prefix: no key holds the
// byte 0xff.
const beyond = "\xff"

// maxSpans bounds the ranges that one statement merges.
const maxSpans = 32

// least is less than every byte of a key, so that a key with it added is the
// first place after that key.
const least = "\x01"

// bounds are the keys between which a span is read, the first included.
func (s span) bounds(after string, reverse bool) (low, high string) {
	low, high = s.prefix, s.prefix+beyond
	if after == "" {
		return low, high
	}
	edge := s.prefix[:s.strip] + after
	if reverse {
		return low, min(high, edge)
	}
	return max(low, edge+least), high
}

// merged holds the texts of merging queries by the number of ranges and order, and
// mergedPast those of the rows whose records have at most a number.
var (
	merged     = mergeTexts("")
	mergedPast = mergeTexts(" AND num <= ?")
)

func mergeTexts(more string) (texts [2][maxSpans + 1]string) {
	for i, order := range []string{"", " DESC"} {
		for n := 1; n <= maxSpans; n++ {
			texts[i][n] = mergeText("key, num", n, more, order)
		}
	}
	return texts
}

// wideSpans is how many ranges are merged where rows come with all columns.
const wideSpans = 6

var mergedWide = mergeText("key, num, anchor, slot", wideSpans, "", "")

func mergeText(columns string, ranges int, more, order string) string {
	one := "SELECT " + columns + " FROM place WHERE anchor = ? AND slot = ? AND key >= ? AND key < ?" + more
	return one + strings.Repeat(" UNION ALL "+one, ranges-1) + " ORDER BY 1" + order + upTo
}

// take reads the next rows of the spans, at most limit, each key once, and moves
// past them. more is false where nothing is left.
func (g *graph) take(ctx context.Context, s *spans, limit int) (found []place, more bool, err error) {
	if found, more, ok, err := g.takeShort(ctx, s, limit); ok || err != nil {
		return found, more, err
	}
	queries := 0
	for group := range groups(s.of) {
		queries++
		args := make([]any, 0, 5*len(group)+1)
		for _, one := range group {
			low, high := one.bounds(s.after, s.reverse)
			args = append(args, one.anchor, one.slot, low, high)
			if s.newest > 0 {
				args = append(args, s.newest)
			}
		}
		text := s.text(len(group))
		strip, n := group[0].strip, 0
		err := g.conn.query(ctx, text, append(args, int64(limit)), func(r row) error {
			p := place{key: r.text(0)[strip:], num: r.int(1)}
			if s.wide {
				p.anchor, p.slot = r.int(2), r.int(3)
			}
			found = append(found, p)
			n++
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		more = more || n == limit
	}
	if queries > 1 {
		slices.SortFunc(found, func(a, b place) int {
			if s.reverse {
				a, b = b, a
			}
			return cmp.Compare(a.key, b.key)
		})
		more = more || len(found) > limit
		found = found[:min(len(found), limit)]
	}
	if len(found) > 0 {
		s.after = found[len(found)-1].key
	}
	return slices.CompactFunc(found, func(a, b place) bool { return a.key == b.key }), more, nil
}

// text is that of the query that merges so many ranges.
func (s *spans) text(ranges int) string {
	texts, order := &merged, 0
	if s.newest > 0 {
		texts = &mergedPast
	}
	if s.reverse {
		order = 1
	}
	if s.wide {
		return mergedWide
	}
	return texts[order][ranges]
}

// groups cuts spans into those that one statement can merge: not too many, and
// alike in what is stripped.
func groups(of []span) func(func([]span) bool) {
	return func(yield func([]span) bool) {
		for len(of) > 0 {
			n := 1
			for n < len(of) && n < maxSpans && of[n].strip == of[0].strip && of[0].strip == 0 {
				n++
			}
			if of[0].strip > 0 { // ranges of one kind, in several slots, have one prefix
				for n < len(of) && n < maxSpans && of[n].prefix == of[0].prefix {
					n++
				}
			}
			if !yield(of[:n]) {
				return
			}
			of = of[n:]
		}
	}
}
