package sqlite

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A first load sorts millions of rows of lists. To compare two of them is to follow
// both to their keys, which mostly begin alike and are nowhere near each other in
// memory. So they are sorted by numbers made of them, that lie side by side: first
// by whose list and which slot it is, then, where these are alike, by eight bytes
// of the key after the other.

// worded is a row by its place in a slice, with the number that it is sorted by.
type worded struct {
	word uint64
	at   uint32
}

// fewWorded is of how few rows numbers are not made: to compare them costs less.
const fewWorded = 12

// manyWorded is from how many on it is quicker to sort by digits than by comparing.
const manyWorded = 1 << 12

// placeOrder gives the order of rows: that of comparePlaces, and of those that are
// alike any. The slices that it needs are kept for the next.
type placeOrder struct{ words, spare []worded }

// of is the order; it is the receiver's until the next call.
func (o *placeOrder) of(rows []place) []worded {
	if cap(o.words) < len(rows) {
		o.words, o.spare = make([]worded, len(rows)), make([]worded, len(rows))
	}
	words, spare := o.words[:len(rows)], o.spare[:len(rows)]
	for i := range rows {
		words[i] = worded{uint64(rows[i].anchor-leastAnchor)<<2 | uint64(rows[i].slot), uint32(i)} //nolint:gosec // neither is negative, and memory ends before
	}
	words, o.spare = sortWorded(words, spare)
	o.words = words
	key := func(at uint32) string { return rows[at].key }
	alike(words, func(group []worded) { sortTexts(group, key, 0) })
	return words
}

// inOrder gives the numbers below n in the order of the texts that they have.
func inOrder(n int, text func(uint32) string) []worded {
	words := make([]worded, n)
	for i := range words {
		words[i].at = uint32(i) //nolint:gosec // memory ends before
	}
	sortTexts(words, text, 0)
	return words
}

// alike calls do for each group of more than one whose words are the same.
func alike(words []worded, do func([]worded)) {
	for len(words) > 1 {
		n := 1
		for n < len(words) && words[n].word == words[0].word {
			n++
		}
		if n > 1 {
			do(words[:n])
		}
		words = words[n:]
	}
}

// digitBits is how many bits are sorted by at a time.
const digitBits = 11

// sortWorded sorts by the words, and gives the sorted slice and the other one.
func sortWorded(words, spare []worded) (sorted, other []worded) {
	most := uint64(0)
	for i := range words {
		most = max(most, words[i].word)
	}
	for shift := 0; most>>shift > 0; shift += digitBits {
		var ends [1 << digitBits]int
		for i := range words {
			ends[words[i].word>>shift&(1<<digitBits-1)]++
		}
		if ends[words[0].word>>shift&(1<<digitBits-1)] == len(words) {
			continue // all have the same here
		}
		sum := 0
		for d, n := range ends {
			ends[d] = sum
			sum += n
		}
		for _, r := range words {
			d := r.word >> shift & (1<<digitBits - 1)
			spare[ends[d]] = r
			ends[d]++
		}
		words, spare = spare, words
	}
	return words, spare
}

// sortTexts sorts by texts that are alike in the first bytes.
func sortTexts(group []worded, text func(uint32) string, first int) {
	ended := true
	if len(group) > fewWorded {
		for i := range group {
			rest := text(group[i].at)
			rest = rest[min(first, len(rest)):]
			ended = ended && rest == ""
			group[i].word = wordOf(rest)
		}
	}
	if ended { // or few; a text may go on with what looks like its end
		slices.SortFunc(group, func(a, b worded) int { return cmp.Compare(text(a.at), text(b.at)) })
		return
	}
	if len(group) >= manyWorded {
		if sorted, _ := sortWorded(group, make([]worded, len(group))); &sorted[0] != &group[0] {
			copy(group, sorted)
		}
	} else {
		slices.SortFunc(group, func(a, b worded) int { return cmp.Compare(a.word, b.word) })
	}
	alike(group, func(same []worded) { sortTexts(same, text, first+8) })
}

// wordOf is the first eight bytes of a text as a number, filled up with zeros.
func wordOf(text string) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64([]byte(text[:8]))
	}
	var b [8]byte
	copy(b[:], text)
	return binary.BigEndian.Uint64(b[:])
}
