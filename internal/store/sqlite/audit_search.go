package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// A search for a word does not go over the index of full text, as the sums of words
// do. It looks up in the table words_idx on which page of words_data the word must be,
// and for a word to be deleted the segment is taken that words_docsize names. What these
// say is checked here. The form of both is that which SQLite's fts5_index.c describes.

// wordSegment is one of the sorted runs of words that the index consists of.
type wordSegment struct {
	id, first, last int64     // its number, and those of its pages; 0 where a merge has taken them all
	origins         [2]uint64 // the least and greatest origin of texts in it
}

const (
	segmentsRow = 10 // of words_data: which segments there are
	segmentBits = 37 // a page is the row (segment << segmentBits) + page
)

var (
	errSegments = errors.New("what segments there are does not read")
	errPage     = errors.New("a page does not read")
	segmentsTag = []byte{0xff, 0, 0, 1} // of the form that has origins
)

// readSegments reads which segments there are, with those that a merge has emptied and
// not yet removed.
func readSegments(row []byte) (all []wordSegment, err error) {
	const cookie = 4
	if len(row) < cookie+len(segmentsTag) || !bytes.Equal(row[cookie:cookie+len(segmentsTag)], segmentsTag) {
		return nil, errSegments
	}
	numbers := numbersOf{rest: row[cookie+len(segmentsTag):]}
	levels := numbers.next()
	numbers.next() // how many segments
	numbers.next() // how often it was written
	for ; levels > 0 && !numbers.ended; levels-- {
		numbers.next() // how many are being merged
		for segments := numbers.next(); segments > 0 && !numbers.ended; segments-- {
			s := wordSegment{id: int64(numbers.next()), first: int64(numbers.next()), last: int64(numbers.next())} //nolint:gosec // SQLite has read them
			s.origins = [2]uint64{numbers.next(), numbers.next()}
			for range 3 { // pages of deleted rows, such rows, rows
				numbers.next()
			}
			all = append(all, s)
		}
	}
	if numbers.ended || len(numbers.rest) > 0 {
		return nil, errSegments
	}
	return all, nil
}

// numbersOf reads numbers as SQLite writes them: see lengthOf.
type numbersOf struct {
	rest  []byte
	ended bool // one was asked for where none was
}

func (x *numbersOf) next() (n uint64) {
	for i, b := range x.rest {
		if i == 8 { // the ninth byte is whole
			x.rest = x.rest[i+1:]
			return n<<8 | uint64(b)
		}
		if n = n<<7 | uint64(b&0x7f); b < 0x80 {
			x.rest = x.rest[i+1:]
			return n
		}
	}
	x.ended, x.rest = true, nil
	return 0
}

// wordsOfPage gives the first and the last word that begin on a page, each with the
// byte before it that says which index it is of; nothing where none does.
func wordsOfPage(page []byte) (first, last []byte, err error) {
	const header = 4
	if len(page) < header {
		return nil, nil, errPage
	}
	end := int(binary.BigEndian.Uint16(page[2:]))
	if end < header || end > len(page) {
		return nil, nil, errPage
	}
	at := uint64(0)
	for places := (numbersOf{rest: page[end:]}); len(places.rest) > 0; { // where words are, each from the one before
		if at += places.next(); places.ended || at < header || at >= uint64(end) {
			return nil, nil, errPage
		}
		word := numbersOf{rest: page[at:end]}
		kept := uint64(0) // of the word before
		if first != nil {
			kept = word.next()
		}
		length := word.next()
		if word.ended || kept+length == 0 || kept > uint64(len(last)) || length > uint64(len(word.rest)) {
			return nil, nil, errPage
		}
		last = append(last[:kept], word.rest[:length]...)
		if first == nil {
			first = bytes.Clone(last)
		}
	}
	return first, last, nil
}

// readWays checks the ways to the pages of all segments, which it notes.
func (a *wordAudit) readWays(ctx context.Context, g *graph) error {
	found, err := g.conn.one(ctx, "SELECT block FROM words_data WHERE id = ?", []any{int64(segmentsRow)}, func(r row) (err error) {
		a.segments, err = readSegments(r.bytes(0))
		return err
	})
	if err == nil && !found {
		err = errSegments
	}
	ways := int64(0)
	for _, s := range a.segments {
		if err == nil {
			var n int
			n, err = a.waysInto(ctx, g, s)
			ways += int64(n)
		}
	}
	if err != nil {
		return err
	}
	_, err = g.conn.one(ctx, "SELECT count(*) FROM words_idx", nil, func(r row) error {
		if n := r.int(0) - ways; n > 0 {
			a.ways = append(a.ways, fmt.Sprintf("the index of full text has %d more ways to words than it has words", n))
		}
		return nil
	})
	return err
}

// way leads a search for a word, and for those after it as far as the next way, to a
// page.
type way struct {
	word []byte
	page int64
}

// waysInto checks the ways to the pages of a segment, and says how many there are.
func (a *wordAudit) waysInto(ctx context.Context, g *graph, s wordSegment) (n int, err error) {
	var ways []way
	err = g.conn.query(ctx, "SELECT term, pgno >> 1 FROM words_idx WHERE segid = ? ORDER BY term", []any{s.id}, func(r row) error {
		ways = append(ways, way{r.bytes(0), r.int(1)})
		return nil
	})
	if err != nil {
		return 0, err
	}
	n = len(ways)
	if s.last == 0 {
		return n, nil // nobody searches it
	}
	for len(ways) > 0 && ways[0].page < s.first {
		ways = ways[1:] // a merge has taken the page away, and such a way then leads to the first
	}
	var before []byte // the last word of the pages before
	err = g.conn.query(ctx, "SELECT id, block FROM words_data WHERE id BETWEEN ? AND ? ORDER BY id", []any{s.id<<segmentBits + s.first, s.id<<segmentBits + s.last}, func(r row) error {
		first, last, err := wordsOfPage(r.bytes(1))
		if err != nil || first == nil {
			return err
		}
		leads := len(ways) > 0 && s.id<<segmentBits+ways[0].page == r.int(0) && bytes.Compare(ways[0].word, first) <= 0 &&
			(before == nil || bytes.Compare(ways[0].word, before) > 0)
		if !leads {
			a.ways = append(a.ways, fmt.Sprintf("a search for the words from %q to %q does not come to all of them in the index of full text", first[1:], last[1:]))
			ways = nil
			return errEnough // those behind have no better way
		}
		ways, before = ways[1:], last
		return nil
	})
	if len(ways) > 0 {
		a.ways = append(a.ways, fmt.Sprintf("the index of full text leads a search for words from %q on to where they are not", ways[0].word[min(1, len(ways[0].word)):]))
	}
	return n, err
}

// deletable says whether the segment that a text is said to be in is there, where its
// words would be marked as deleted.
func (a *wordAudit) deletable(origin uint64) bool {
	for _, s := range a.segments {
		if s.origins[0] <= origin && origin <= s.origins[1] {
			return true
		}
	}
	return false
}
