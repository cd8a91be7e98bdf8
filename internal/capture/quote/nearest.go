package quote

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence"
)

const (
	// maxNearest is the most code points of a quote whose nearest passage is
	// looked for.
	maxNearest = 16_384
	// scanWork bounds the search of a whole text for the nearest passage: its
	// bytes times the words of 64 code points of the quote. Larger ones are
	// searched around the places where pieces of the quote occur.
	scanWork = 1 << 24

	maxWord = 64 // bytes by which a nearest passage grows to whole words

	seedLength = 12 // bytes of a piece
	maxSeeds   = 32 // pieces of one quote
	seedPlaces = 64 // occurrences of one piece
	maxWindows = 16 // neighbourhoods that are compared
)

// failed finds the passage that differs least from a quote that does not occur.
func (t *Text) failed(words string, p *pattern) Result {
	r := Result{State: evidence.Failed}
	if len(p.key) > utf8.UTFMax*maxNearest || len(t.key) == 0 {
		return r
	}
	runes := []rune(p.key)
	if len(runes) > maxNearest {
		return r
	}
	forward, backward := newAligner(runes), newAligner(reversed(runes))
	best, from, to := len(runes), 0, 0
	for _, w := range t.windows(p.key, forward.words) {
		d, end := forward.within(t.key[w.from:w.to])
		if d >= best {
			continue
		}
		end += w.from
		best, from, to = d, end-backward.back(t.key[w.from:end]), end
	}
	for from < to && t.key[from] == ' ' {
		from++
	}
	for from < to && t.key[to-1] == ' ' {
		to--
	}
	if from >= to {
		return r
	}
	// Several passages may be as near; the one of whole words reads best.
	wordFrom := strings.LastIndexByte(t.key[max(0, from-maxWord):from], ' ') + 1 + max(0, from-maxWord)
	wordTo := to
	if wordTo < len(t.key) && t.key[wordTo] != ' ' {
		wordTo += strings.IndexByte(t.key[to:min(len(t.key), to+maxWord)]+" ", ' ')
	}
	for i, w := range []window{{wordFrom, wordTo}, {from, wordTo}, {wordFrom, to}, {from, to}} {
		if w.to-w.from > to-from+2*maxWord-2 || !utf8.RuneStart(t.key[w.from]) || w.to < len(t.key) && !utf8.RuneStart(t.key[w.to]) {
			continue // in the middle of something longer than a word
		}
		start, end := t.bounds(w.from, w.to)
		if d := distance(words, t.original[start.byte:end.byte]); i == 0 || r.Nearest == "" || d < r.Distance {
			r.Start, r.End, r.Distance = start.point, end.point, d
			r.Nearest = t.passage(start, end)
		}
	}
	return r
}

// distance is the Levenshtein distance of the normal forms, in code points.
func distance(a, b string) int {
	a, errA := Normalise(a)
	b, errB := Normalise(b)
	if errA != nil || errB != nil || a == "" {
		return utf8.RuneCountInString(b) // not reached: both parts were read before
	}
	return newAligner([]rune(a)).whole(b)
}

// window is a part of the key.
type window struct{ from, to int }

// windows are the parts of the key in which the nearest passage is looked for:
// all of it if that is little work, else the surroundings of the places that
// most pieces of the quote point to.
func (t *Text) windows(quote string, words int) []window {
	if len(t.key) <= scanWork/words {
		return []window{{0, len(t.key)}}
	}
	size := min(seedLength, max(3, len(quote)/4))
	step := max(size, len(quote)/maxSeeds)
	var starts []int // where the whole quote would begin
	for offset := 0; offset+size <= len(quote); offset += step {
		seed, places := quote[offset:offset+size], 0
		for from := 0; places < seedPlaces; places++ {
			i := strings.Index(t.key[from:], seed)
			if i < 0 {
				break
			}
			starts = append(starts, from+i-offset)
			from += i + 1
		}
	}
	slices.Sort(starts)
	slack := len(quote)/4 + 16
	type cluster struct{ first, last, votes int }
	var clusters []cluster
	for _, s := range starts {
		if n := len(clusters); n > 0 && s-clusters[n-1].first <= slack {
			clusters[n-1].last = s
			clusters[n-1].votes++
			continue
		}
		clusters = append(clusters, cluster{s, s, 1})
	}
	slices.SortStableFunc(clusters, func(a, b cluster) int { return cmp.Compare(b.votes, a.votes) })
	var windows []window
	for _, c := range clusters[:min(len(clusters), maxWindows)] {
		w := window{max(0, c.first-slack), min(len(t.key), c.last+len(quote)+slack)}
		for w.from < w.to && !utf8.RuneStart(t.key[w.from]) {
			w.from++
		}
		for w.to < len(t.key) && !utf8.RuneStart(t.key[w.to]) {
			w.to++
		}
		windows = append(windows, w)
	}
	return windows
}

func reversed(runes []rune) []rune {
	r := slices.Clone(runes)
	slices.Reverse(r)
	return r
}

// aligner computes edit distances of a pattern by the bit-parallel method of
// G. Myers (A fast bit-vector algorithm for approximate string matching based on
// dynamic programming, Journal of the ACM 46, 1999) in blocks of 64 rows.
type aligner struct {
	length int
	words  int
	ascii  [utf8.RuneSelf]int32
	others map[rune]int32
	equal  []uint64 // per character of the pattern, the rows that hold it; the first is none
	up     []uint64 // rows that are one more than the row above
	down   []uint64 // rows that are one less
}

func newAligner(pattern []rune) *aligner {
	words := (len(pattern) + 63) / 64
	a := &aligner{
		length: len(pattern), words: words, others: map[rune]int32{},
		equal: make([]uint64, words), up: make([]uint64, words), down: make([]uint64, words),
	}
	for i, r := range pattern {
		k := a.index(r)
		if k == 0 {
			k = int32(len(a.equal)) //nolint:gosec // bounded by the pattern's length
			a.equal = append(a.equal, make([]uint64, words)...)
			if r < utf8.RuneSelf {
				a.ascii[r] = k
			} else {
				a.others[r] = k
			}
		}
		a.equal[int(k)+i/64] |= 1 << (i % 64)
	}
	return a
}

func (a *aligner) index(r rune) int32 {
	if r < utf8.RuneSelf {
		return a.ascii[r]
	}
	return a.others[r]
}

func (a *aligner) reset() {
	for i := range a.up {
		a.up[i], a.down[i] = ^uint64(0), 0
	}
}

// step reads one more character of the text and answers how the last row
// changed. The change along the top row is 0 where a match may begin anywhere,
// and 1 where it begins with the text.
func (a *aligner) step(r rune, top int) int {
	rows := a.equal[a.index(r):]
	change := top
	for b := range a.words {
		equal, up, down := rows[b], a.up[b], a.down[b]
		vertical := equal | down
		if change < 0 {
			equal |= 1
		}
		horizontal := ((equal & up) + up) ^ up | equal
		more := down | ^(horizontal | up)
		less := up & horizontal
		lastRow := uint64(1) << 63
		if b == a.words-1 {
			lastRow = 1 << ((a.length - 1) % 64)
		}
		out := 0
		if more&lastRow != 0 {
			out = 1
		} else if less&lastRow != 0 {
			out = -1
		}
		more <<= 1
		less <<= 1
		if change < 0 {
			less |= 1
		} else if change > 0 {
			more |= 1
		}
		a.up[b] = less | ^(vertical | more)
		a.down[b] = more & vertical
		change = out
	}
	return change
}

// within finds where in the text the passage nearest to the pattern ends, and
// its distance. Of several it takes the first, but none that ends with a space:
// the one longer by a character is as near.
func (a *aligner) within(text string) (best, end int) {
	a.reset()
	d := a.length
	best = d
	for i, r := range text {
		if d += a.step(r, 0); d < best || d == best && end > 0 && end == i && text[i-1] == ' ' {
			best, end = d, i+utf8.RuneLen(r)
		}
	}
	return best, end
}

// back finds how many bytes before the text's end the passage begins that is
// nearest to the (reversed) pattern and ends with the text. Of several it takes
// the longest.
func (a *aligner) back(text string) int {
	a.reset()
	d := a.length
	best, length := d, 0
	for i := len(text); i > 0; {
		r, n := utf8.DecodeLastRuneInString(text[:i])
		i -= n
		if d += a.step(r, 1); d <= best {
			best, length = d, len(text)-i
		}
		if len(text)-i > utf8.UTFMax*2*a.length {
			break // a longer passage than twice the pattern is further than none
		}
	}
	return length
}

// whole is the distance of the pattern and all of the text.
func (a *aligner) whole(text string) int {
	a.reset()
	d := a.length
	for _, r := range text {
		d += a.step(r, 1)
	}
	return d
}
