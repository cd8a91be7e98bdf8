package names

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Match says how well a query finds a name. A greater value is a better match.
type Match uint8

const (
	// None means that some word of the query begins no word of the name.
	None Match = iota
	// Prefix means that every word of the query begins a word of the name ("enr pe").
	Prefix
	// AllTokensPrefix means that every word of the query is a word of the name,
	// save the last, which begins one ("enrique pe", as someone types).
	AllTokensPrefix
	// AllTokens means that every word of the query is a word of the name.
	AllTokens
	// SameTokens means that query and name have the same words in another order
	// ("Peña Nieto, Enrique").
	SameTokens
	// Exact means that query and name fold to the same string.
	Exact
)

// span is where the scores of a Match begin, and how far the share of the name
// that is covered raises them. Spans do not overlap, so that a better Match
// always has a higher score.
func (m Match) span() (base, width int) {
	switch m {
	case Exact:
		return 1000, 0
	case SameTokens:
		return 950, 0
	case AllTokens:
		return 700, 199
	case AllTokensPrefix:
		return 500, 199
	case Prefix:
		return 300, 199
	default:
		return 0, 0
	}
}

// Query is a search text made ready to be compared with many names. It is not
// changed by use and may be shared between goroutines.
type Query struct {
	folded string
	tokens []queryToken // in typed order
	sorted string       // the same tokens in alphabetical order
	byLen  []int        // indexes in tokens, longest first
	weak   bool         // nothing but stop words
}

type queryToken struct {
	text  string
	runes int
	stop  bool
}

// NewQuery prepares a search text.
func NewQuery(text string) Query {
	q := Query{folded: Fold(text), weak: true}
	tokens := Tokens(q.folded)
	for i, t := range tokens {
		qt := queryToken{text: t, runes: utf8.RuneCountInString(t), stop: Stop(t)}
		q.tokens = append(q.tokens, qt)
		q.byLen = append(q.byLen, i)
		q.weak = q.weak && qt.stop
	}
	slices.Sort(tokens)
	q.sorted = strings.Join(tokens, " ")
	slices.SortStableFunc(q.byLen, func(a, b int) int { return q.tokens[b].runes - q.tokens[a].runes })
	return q
}

// Empty reports whether the query has no letter or number, and so finds nothing.
func (q Query) Empty() bool { return len(q.tokens) == 0 }

// Match is MatchName of a name that is looked at once.
func (q Query) Match(name string) (Match, int) { return q.MatchName(NewName(name)) }

// Name is a name made ready to be compared with many queries, as a Query is with
// many names. It is not changed by use.
type Name struct {
	folded string
	words  int
	slots  []slot
	sorted string // the texts of the slots in alphabetical order
}

// NewName prepares a name.
func NewName(text string) Name {
	ws := words(text)
	n := Name{folded: join(ws), words: len(ws), slots: slots(ws)}
	texts := make([]string, len(n.slots))
	for i, s := range n.slots {
		texts[i] = s.text
	}
	slices.Sort(texts)
	n.sorted = strings.Join(texts, " ")
	return n
}

// Folded is the name as Fold writes it: names of which it is one and the same are
// an Exact match.
func (n Name) Folded() string { return n.folded }

// Sorted is the words of the name, as Tokens gives them, in alphabetical order:
// names of which it is one and the same have SameTokens.
func (n Name) Sorted() string { return n.sorted }

// MatchName says how well the query finds a name that was made ready, with a
// score from 0 to 1000; higher is better. It is an integer and depends on nothing
// but query and name.
//
//	1000      query and name fold to the same string
//	 950      the same words in another order ("Peña Nieto, Enrique")
//	 700–899  every word of the query is a word of the name
//	 500–699  the same, save that the last word only begins one
//	 300–499  every word of the query begins a word of the name
//
// Within a range the score rises with the share of the characters of the name
// that the query covers, so that the shorter of two names comes first. Words
// for which Stop holds need not be found, unless the query has no other.
//
// It is None, and the score 0, if some other word of the query begins no word
// of the name, or if the query has no word at all. One word of a name may
// answer several of the query.
func (q Query) MatchName(n Name) (Match, int) {
	switch {
	case q.Empty():
		return None, 0
	case n.folded == q.folded:
		base, _ := Exact.span()
		return Exact, base
	case n.words == len(q.tokens) && n.sorted == q.sorted:
		base, _ := SameTokens.span()
		return SameTokens, base
	}
	return q.cover(n.slots)
}

// cover assigns the words of the query to words of the name and weighs what is
// covered. Whole words are assigned before prefixes and long words before short
// ones, each to a word of the name that is still free if there is one; so the
// order in which the query was typed does not change the share covered.
func (q Query) cover(ss []slot) (Match, int) {
	c := covering{slots: ss, runes: make([]int, len(ss))}
	found := make([]foundAs, len(q.tokens))
	for _, i := range q.byLen {
		if at := c.same(q.tokens[i].text); at >= 0 {
			found[i] = asWhole
			c.assign(q.tokens[i].runes, at)
		}
	}
	for _, i := range q.byLen {
		if found[i] == asWhole {
			continue
		}
		t := q.tokens[i]
		at := c.begun(t.text)
		switch {
		case at >= 0:
			found[i] = asPrefix
			c.assign(t.runes, at)
		case t.stop && !q.weak:
			c.loose += t.runes
		default:
			return None, 0
		}
	}
	m := AllTokens
	switch first := slices.Index(found, asPrefix); {
	case first >= 0 && first == len(found)-1:
		m = AllTokensPrefix
	case first >= 0:
		m = Prefix
	}
	have, all := c.share()
	base, width := m.span()
	return m, base + width*have/all
}

// foundAs says how a word of the query was found in the name.
type foundAs uint8

const (
	notFound foundAs = iota
	asWhole
	asPrefix
)

// covering is what the words of a query cover of a name.
type covering struct {
	slots []slot
	runes []int // how much of each word of the name is covered
	loose int   // runes of the query that cover nothing of their own
}

// assign covers a word of the name with a word of the query.
func (c *covering) assign(runes, at int) {
	if c.runes[at] > 0 {
		c.loose += runes
	}
	c.runes[at] = max(c.runes[at], runes)
}

// same is the word of the name that is the given one, a free one if there is one;
// -1 if there is none.
func (c *covering) same(text string) int {
	best := -1
	for j, s := range c.slots {
		if (s.text == text || s.tail == text) && (best < 0 || c.runes[best] > 0 && c.runes[j] == 0) {
			best = j
		}
	}
	return best
}

// begun is the word of the name that begins with the given one, a free one if there
// is one, and of those the shortest; -1 if there is none.
func (c *covering) begun(text string) int {
	best := -1
	for j, s := range c.slots {
		if !strings.HasPrefix(s.text, text) && !strings.HasPrefix(s.tail, text) {
			continue
		}
		free, had := c.runes[j] == 0, best >= 0 && c.runes[best] == 0
		if best < 0 || free && !had || free == had && len(s.text) < len(c.slots[best].text) {
			best = j
		}
	}
	return best
}

// share is how many runes are covered, and of how many.
func (c *covering) share() (have, all int) {
	all = c.loose
	for j, s := range c.slots {
		have += c.runes[j]
		all += utf8.RuneCountInString(s.text)
	}
	return have, all
}

// Stop reports whether a folded token is too common in names to tell them
// apart: articles, prepositions and conjunctions of Spanish, English,
// Portuguese, French, Italian and Dutch or German surnames.
func Stop(token string) bool {
	switch token {
	case "de", "del", "la", "las", "lo", "los", "el", "en", "y", "e", "con", "por", "para", "al",
		"of", "the", "and", "in", "on", "at", "for", "to", "by",
		"da", "das", "do", "dos", "du", "des", "di", "le", "les", "et",
		"van", "von", "der", "den", "zu":
		return true
	}
	return false
}

// QueryKey chooses the token by which candidates for a query are looked up as a
// prefix of the Keys of names: the longest that is no stop word, the first such
// on a tie, since a long word is likely to be rare. A stop word is chosen only
// if the query has no other token. rest holds the other distinct tokens, those
// likely to select most first and stop words last, for a store that narrows its
// candidates further; it must require none of the stop words. key is empty if
// the query has no letter or number.
func QueryKey(query string) (key string, rest []string) {
	q := NewQuery(query)
	if q.Empty() {
		return "", nil
	}
	order := slices.Clone(q.byLen)
	slices.SortStableFunc(order, func(a, b int) int {
		switch sa, sb := q.tokens[a].stop, q.tokens[b].stop; {
		case sa == sb:
			return 0
		case sa:
			return 1
		default:
			return -1
		}
	})
	key = q.tokens[order[0]].text
	for _, i := range order[1:] {
		if t := q.tokens[i].text; t != key && !slices.Contains(rest, t) {
			rest = append(rest, t)
		}
	}
	return key, rest
}
