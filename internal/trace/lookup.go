package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// maxMatched is how many entities are compared with a name. Tests lower it.
var maxMatched = 3000

// Budgets of looking for names like one.
const (
	maxPrefixes = 30   // beginnings of words that are looked for
	maxWays     = 30   // other ways to write the numbers among them, and initials
	maxLookedUp = 10   // names that are looked for as a whole
	maxWhole    = 4    // words of such a name that entities must have
	narrow      = 20   // one in so many of those that may be compared are narrowed no further
	maxSame     = 1000 // entities of exactly that name
	maxLetters  = 1000 // entries of the index that are read for one letter of an acronym of many
	namedBatch  = 2000 // entries of the list of entities that are read at a time
)

// An acronym is looked for by as many letters as these.
const (
	shortestAcronym = 3
	longestAcronym  = 5
)

// A word is looked for with a slip in its first letters from this many letters on, and
// among words that are so much like it; see leastSimilar.
const (
	shortestMisspelled = 4
	leastAlike         = 0.8
)

// similar reads the entities with a word that begins as one of the names' words
// do, and those of a kind, if given, that have exactly such a name. Those come first;
// then those that have the most of the beginnings.
func (s *Session) similar(ctx context.Context, called []string, kind string, effort *effort) ([]evidence.ID, Cut, error) {
	wanted := beginningsOf(called)
	hits, cut, left := map[evidence.ID]int{}, Cut(""), maxMatched
	if wanted.more {
		cut = CutFanOut
	}
	whole := map[string]bool{}
	for i, prefix := range wanted.prefixes {
		limit := max(left/(len(wanted.prefixes)-i), maxMatched/(2*len(wanted.prefixes)))
		found, more, err := s.withToken(ctx, prefix, false, limit, effort)
		if err != nil {
			return nil, "", err
		}
		if whole[prefix] = !more; more {
			cut = CutFanOut
		}
		for _, id := range found {
			hits[id]++
		}
		left -= len(found)
	}
	ids := slices.SortedFunc(maps.Keys(hits), func(a, b evidence.ID) int {
		return cmp.Or(cmp.Compare(hits[b], hits[a]), cmp.Compare(a, b))
	})
	var sure []evidence.ID
	lost := 0
	for _, name := range called {
		words := telling(name)
		if len(words) == 0 || slices.ContainsFunc(ownBeginnings(words), func(prefix string) bool { return whole[prefix] }) {
			continue // All that have the name are there already.
		}
		if lost++; lost > maxLookedUp {
			break
		}
		found, err := s.withWhole(ctx, name, kind, effort)
		if err != nil {
			return nil, "", err
		}
		sure = append(sure, found...)
	}
	spelled, more, err := s.spelledOut(ctx, called, effort)
	if err != nil {
		return nil, "", err
	}
	if effort.alone {
		found, err := s.misspelled(ctx, called[0], effort)
		if err != nil {
			return nil, "", err
		}
		ids = append(ids, found...)
	}
	all := distinctIDs(slices.Concat(sure, spelled, ids), maxMatched)
	if more || len(all) == maxMatched {
		cut = CutFanOut
	}
	return all, cut, nil
}

// withWhole gives the entities that have exactly a name, as far as one question may
// look for them, and those that have all of its words. For what many are called it is
// read once.
func (s *Session) withWhole(ctx context.Context, name, kind string, effort *effort) (ids []evidence.ID, err error) {
	asked := kind + "\x00" + names.Fold(name)
	if known, is := effort.whole[asked]; is {
		return known, nil
	}
	defer func() {
		if effort.whole == nil {
			effort.whole = map[string][]evidence.ID{}
		}
		effort.whole[asked] = ids
	}()
	words := telling(name)
	slices.SortStableFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(utf8.RuneCountInString(b), utf8.RuneCountInString(a)))
	})
	words = slices.Compact(words)
	words = words[:min(len(words), maxWhole)]
	for i, word := range words {
		words[i] = word + " "
	}
	both, whole, err := s.withTokens(ctx, words, false, maxEntries, effort)
	if err != nil || whole && len(both) <= maxMatched/2 {
		return both, err
	}
	var kinds []string
	if kind != "" {
		kinds = []string{kind}
	}
	named, err := s.named(ctx, name, kinds, false, maxSame, effort)
	return slices.Concat(named, both[:min(len(both), maxMatched/2)]), err
}

// spelledOut gives the entities that a name of one word in capitals, such as "EPN",
// may be the initials of; more where not all of them could be read.
func (s *Session) spelledOut(ctx context.Context, called []string, effort *effort) (ids []evidence.ID, more bool, err error) {
	limit := maxLetters
	if effort.alone {
		limit = maxEntries
	}
	looked := 0
	for _, name := range called {
		word := acronym(name, names.Tokens(name))
		if word == "" {
			continue
		}
		if looked++; looked > maxLookedUp {
			return ids, true, nil
		}
		letters := strings.Split(word, "")
		slices.Sort(letters)
		found, whole, err := withAll(slices.Compact(letters), func(letter string) ([]evidence.ID, bool, error) {
			if known, is := effort.letter[letter]; is {
				return known.ids, known.cut, nil
			}
			ids, cut, err := s.withToken(ctx, letter, false, limit, effort)
			if effort.letter == nil {
				effort.letter = map[string]withLetter{}
			}
			effort.letter[letter] = withLetter{ids, cut}
			return ids, cut, err
		})
		if err != nil {
			return nil, false, err
		}
		more = more || !whole
		ids = append(ids, found...)
	}
	return ids, more, nil
}

// withLetter are entities with a word that begins with a letter.
type withLetter struct {
	ids []evidence.ID
	cut bool
}

// misspelled gives the entities with a word that is like the only one of a name,
// although its first letters may differ: those with the same first letter or, where
// that are too many to read, with the same two.
func (s *Session) misspelled(ctx context.Context, name string, effort *effort) ([]evidence.ID, error) {
	words := slices.DeleteFunc(names.Tokens(name), names.Stop)
	if len(words) != 1 || utf8.RuneCountInString(words[0]) < shortestMisspelled {
		return nil, nil
	}
	runes := []rune(words[0])
	alike := func(word string) bool { return edlib.JaroWinklerSimilarity(word, words[0]) >= leastAlike }
	for same := 1; ; same++ {
		q := store.TokenQuery{Prefix: string(runes[:same]), Placeholders: s.identity.named(), Limit: maxEntries}
		found, cut, err := s.tokens(ctx, q, alike, effort)
		if err != nil || !cut || same == 2 {
			return found, err
		}
	}
}

// beginnings are what words begin with that names are looked for by.
type beginnings struct {
	prefixes []string
	more     bool // There were too many.
}

// beginningsOf gives the beginnings of the words of names, the figures of numbers
// first, since they tell most, then the longer ones; and last the other ways to write
// the numbers, and the initials.
func beginningsOf(called []string) beginnings {
	first, others := map[string]bool{}, map[string]bool{}
	for _, name := range called {
		words := telling(name)
		for i, prefix := range ownBeginnings(words) {
			first[prefix] = true
			// A name of one word may be like a shorter one, whose letters are then all
			// that are the same.
			runes := []rune(words[i])
			for short := 2; len(words) == 1 && short < min(len(runes), 4); short++ {
				others[string(runes[:short])+" "] = true // that word alone
			}
		}
		for _, short := range shortened(names.Tokens(name)) {
			others[short+" "] = true
		}
		terms, numbers := names.UnitKeys(name)
		for _, term := range terms {
			first[beginning(term)] = true
		}
		for _, number := range numbers {
			first[number[0]] = true
			for _, way := range number[1:] {
				others[way] = true
			}
		}
	}
	maps.DeleteFunc(others, func(way string, _ bool) bool { return first[way] || first[beginning(way)] })
	tellingFirst := func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	}
	words, ways := slices.SortedFunc(maps.Keys(first), tellingFirst), slices.SortedFunc(maps.Keys(others), tellingFirst)
	return beginnings{
		prefixes: slices.Concat(words[:min(len(words), maxPrefixes)], ways[:min(len(ways), maxWays)]),
		more:     len(words) > maxPrefixes || len(ways) > maxWays,
	}
}

// rank is 0 for figures and 1 for all else.
func rank(word string) int {
	if strings.Trim(word, "0123456789 ") == "" {
		return 0
	}
	return 1
}

// beginning is what of a word is looked for: four letters, so that a slip further on
// does no harm.
func beginning(word string) string {
	runes := []rune(word)
	return string(runes[:min(len(runes), 4)])
}

// ownBeginnings are those of the telling words of a name. A letter is that word alone,
// unless nothing but letters tells.
func ownBeginnings(words []string) []string {
	initials := !slices.ContainsFunc(words, func(w string) bool { return !isInitial(w) })
	out := make([]string, len(words))
	for i, word := range words {
		if out[i] = beginning(word); isInitial(word) && (names.Stop(word) || !initials) {
			out[i] += " "
		}
	}
	return out
}

// telling are the words by which a name is found; where it has nothing but stop words,
// those.
func telling(name string) []string {
	words := names.Keys(name)
	if some := slices.DeleteFunc(slices.Clone(words), names.Stop); len(some) > 0 {
		return some
	}
	return words
}

// acronym is the word of a name that has but one, of a few capitals; empty where it may
// be none.
func acronym(name string, words []string) string {
	if len(words) != 1 || name != strings.ToUpper(name) || name == strings.ToLower(name) || strings.ContainsAny(name, "0123456789") {
		return ""
	}
	if n := utf8.RuneCountInString(words[0]); n < shortestAcronym || n > longestAcronym {
		return ""
	}
	return words[0]
}

// initialsOf is the acronym that a name of these words may have.
func initialsOf(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), names.Stop)
	if len(words) < shortestAcronym || len(words) > longestAcronym {
		return ""
	}
	return strings.Join(firstLetters(words), "")
}

// shortened are words of which a name has one that has nothing but the initials of
// these: the acronym, and of "E. P. N." one letter that is no stop word.
func shortened(words []string) []string {
	var out []string
	if short := initialsOf(words); short != "" {
		out = append(out, short)
	}
	letters := firstLetters(slices.DeleteFunc(slices.Clone(words), names.Stop))
	if len(letters) < 2 {
		return out
	}
	return append(out, letters[max(0, slices.IndexFunc(letters, func(l string) bool { return !names.Stop(l) }))])
}

func firstLetters(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string([]rune(w)[:1])
	}
	return out
}

// named gives entities whose primary name is a name, up to so many, going by as many
// of those whose names begin with it as one question may read.
func (s *Session) named(ctx context.Context, name string, kinds []string, placeholders bool, most int, effort *effort) (ids []evidence.ID, err error) {
	begin := evidence.NameKey(name) + " "
	query := store.Query{Type: evidence.EntityRecord, Kinds: kinds, After: begin, Limit: min(namedBatch, maxEntries)}
	for read := 0; read < maxEntries && len(ids) < most; {
		n := 0
		for f, err := range s.reader.Find(ctx, query) {
			if err != nil {
				return nil, err
			}
			n++
			if !strings.HasPrefix(f.Key, begin) {
				return ids, nil
			}
			query.After = f.Key
			id, own := f.Record.ID(), f.Record.Entity().Identity.IsPlaceholder()
			if f.Key == begin+string(id) && (placeholders || !s.identity.placeholder(id, own)) {
				s.keep(f.Record)
				ids = append(ids, id)
			}
		}
		read += n
		effort.read += n
		if n < query.Limit {
			break
		}
	}
	return ids, nil
}

// withTokens gives entities that have all of the words; whole where no entity
// that has them is missing, although some may be there that lack one.
func (s *Session) withTokens(ctx context.Context, words []string, placeholders bool, limit int, effort *effort) (both []evidence.ID, whole bool, err error) {
	return withAll(words, func(word string) ([]evidence.ID, bool, error) {
		return s.withToken(ctx, word, placeholders, limit, effort)
	})
}

// withAll is withTokens, where each word is looked for in some way.
func withAll(words []string, look func(word string) (ids []evidence.ID, cut bool, err error)) (both []evidence.ID, whole bool, err error) {
	for _, word := range words {
		found, cut, err := look(word)
		switch {
		case err != nil:
			return nil, false, err
		case cut && whole: // It leaves out what may have the word.
		case !whole && !cut, both == nil:
			both = slices.Clone(found)
		default:
			both = slices.DeleteFunc(both, func(id evidence.ID) bool {
				_, ok := slices.BinarySearch(found, id)
				return !ok
			})
		}
		if whole = whole || !cut; whole && len(both) <= maxCandidates/narrow {
			break
		}
	}
	return both, whole, nil
}

// withToken gives the entities with a word that begins so, by id, up to a limit;
// cut where there are more. Without placeholders those are there all the same that
// others have absorbed, for whose names they are found; others are for the caller to
// leave out.
func (s *Session) withToken(ctx context.Context, prefix string, placeholders bool, limit int, effort *effort) ([]evidence.ID, bool, error) {
	q := store.TokenQuery{Prefix: prefix, Placeholders: placeholders || s.identity.named(), Limit: limit}
	all, cut, err := s.tokens(ctx, q, nil, effort)
	if err != nil || !cut || q.Placeholders == placeholders {
		return all, cut, err
	}
	// There may be so many placeholders that they leave no room for anything else.
	q.Placeholders = false
	ids, _, err := s.tokens(ctx, q, nil, effort)
	if err != nil {
		return nil, false, err
	}
	for _, id := range all {
		if root, merged := s.identity.root[id]; merged && !s.identity.unnamed[root] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), true, nil
}

// tokens reads the entities of one look into the index: those with a word that is to
// be kept, if that is asked.
func (s *Session) tokens(ctx context.Context, q store.TokenQuery, keep func(word string) bool, effort *effort) (ids []evidence.ID, cut bool, err error) {
	limit, look := q.Limit, q
	look.Limit = 0
	if known, is := effort.looks[look]; is && keep == nil && (known.limit == limit || known.read <= min(known.limit, limit)) {
		effort.read += known.read
		return known.ids, known.read > limit, nil
	}
	n := 0
	q.Limit++
	for c, err := range s.reader.Candidates(ctx, q) {
		if err != nil {
			return nil, false, err
		}
		if n++; n <= limit && (keep == nil || keep(c.Token)) {
			ids = append(ids, c.Entity)
		}
	}
	effort.read += n
	slices.Sort(ids)
	ids = slices.Clip(slices.Compact(ids))
	if keep == nil {
		if effort.looks == nil {
			effort.looks = map[store.TokenQuery]looked{}
		}
		effort.looks[look] = looked{ids, n, limit}
	}
	return ids, n > limit, nil
}

// looked is what a look into the index found, so that the words that those of a page
// have in common are looked for once.
type looked struct {
	ids         []evidence.ID
	read, limit int
}

// distinctIDs are the first so many ids of a list, each once.
func distinctIDs(ids []evidence.ID, most int) []evidence.ID {
	seen := map[evidence.ID]bool{}
	var out []evidence.ID
	for _, id := range ids {
		if !seen[id] && len(out) < most {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
