package trace

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// Reason is why two entities, or a name and an entity, may be the same.
type Reason struct {
	Code   string // SAME_NAME, SAME_WORDS, NAME_WITHIN, UNIT, INITIALS, SIMILAR, SHARED_NEIGHBOURS, DATES
	Detail string
}

// Candidate is an entity that may be the one that is meant.
type Candidate struct {
	Entity  *Entity
	Score   int // 0 to 1000
	Reasons []Reason
}

// Scores of the reasons that names.Query.Match does not know.
const (
	scoreUnit     = 930
	scoreInitials = 620
	scoreShort    = 560  // as with initials, where words of the longer name are left out
	mostSimilar   = 850  // of names that are written alike
	leastSimilar  = 0.88 // Jaro-Winkler (Winkler 1990)
	leastScore    = 500
	perNeighbour  = 15
	mostNeighbour = 90
)

// maxTied is how many links of one of the likeliest candidates are read.
const maxTied = 200

// likeliest is how many candidates are the likeliest, whose links are compared.
func (s *Session) likeliest() int {
	if s.view.IsNow() {
		return MaxPageSize
	}
	return maxLikeliestThen
}

// neighbourLinks is how many links tell the neighbours of one entity.
func (s *Session) neighbourLinks() int {
	if s.view.IsNow() {
		return maxMatched
	}
	return maxMatchedThen
}

// Match finds the entities that a name may mean, best first, then by id. The kind,
// if given, must be theirs; entities of the context that they share links with
// make those of the likeliest that do likelier. The cut is FAN_OUT where more
// entities have words like those of the name than are compared: the one that is
// meant may then be missing, and a fuller name finds it. It is TIME where they have
// too many long names for all to be compared. A slip in the first letters of a name of
// one word is forgiven as far as the words that begin alike can be looked through.
func (s *Session) Match(ctx context.Context, name, kind string, around []evidence.ID) ([]Candidate, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkName("name", name); err != nil {
		return nil, "", err
	}
	effort := newEffort()
	effort.alone = true
	found, cut, err := s.match(ctx, []string{name}, kind, nil, effort)
	if err != nil || len(around) == 0 {
		return found, cut, err
	}
	found, links, err := s.withNeighbours(ctx, found, s.identity.groups(around), effort)
	return found, cmp.Or(cut, links), err
}

// checkName refuses a text that cannot be a name. What is longer than one is not
// compared with thousands of names first.
func checkName(path, text string) error {
	if n := utf8.RuneCountInString(text); n > evidence.MaxName {
		return evidence.Faulty(evidence.LimitExceeded, path, "it has %d characters, more than a name may have, %d; give the name alone", n, evidence.MaxName)
	}
	if len(names.Tokens(text)) == 0 {
		return evidence.Faulty(evidence.InvalidInput, path, "%q has no letter or digit to look for", text)
	}
	return nil
}

// Duplicates finds entities that may be the same as one, best first. It proposes;
// only a cited SAME_AS claim that someone accepts makes them one. The cut is
// FAN_OUT or TIME as that of Match is, and LINKS where not all links could be read
// that might be shared.
func (s *Session) Duplicates(ctx context.Context, of evidence.ID) ([]Candidate, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.duplicates(ctx, of, newEffort())
}

func (s *Session) duplicates(ctx context.Context, of evidence.ID, effort *effort) ([]Candidate, Cut, error) {
	entities, err := s.entities(ctx, []evidence.ID{of})
	if err != nil || entities[of] == nil {
		return nil, "", err
	}
	e := entities[of]
	if e.Identity.IsPlaceholder() {
		return nil, "", nil // a placeholder is like every other placeholder
	}
	var called []string
	for _, n := range e.Names {
		called = append(called, n.Text)
	}
	found, cut, err := s.match(ctx, called, e.Kind, e.Members, effort)
	if err != nil || len(found) == 0 {
		return found, cut, err
	}
	neighbours, some, err := s.neighbours(ctx, e.Members, effort)
	if err != nil {
		return nil, "", err
	}
	found, others, err := s.withNeighbours(ctx, found, neighbours, effort)
	if err != nil {
		return nil, "", err
	}
	found, err = s.withDates(ctx, found, e)
	return found, cmp.Or(cut, some, others), err
}

// Pair is two entities that may be the same.
type Pair struct {
	A, B    *Entity // A has the lesser id
	Score   int
	Reasons []Reason
}

// AllDuplicates looks for duplicates of one page of the list of entities; each
// pair comes once, with the page of its lesser id, or with that of the one that the
// list has. It is cut where the duplicates of one of them are. Where the effort for
// all of the page is spent, the page ends before the entity that it was not enough
// for, and the cut is TIME; the next one begins with that.
func (s *Session) AllDuplicates(ctx context.Context, f EntityFilter, a PageArgs) (Page[*Entity], []Pair, Cut, error) {
	p, err := s.ListEntities(ctx, f, a)
	if err != nil {
		return p, nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var pairs []Pair
	var cut Cut
	effort, done, reverse := newEffort(), 0, a.Last != nil
	for ; done < len(p.Items) && !effort.spent && (done == 0 || effort.read < maxRead); done++ {
		item := p.Items[done]
		if reverse {
			item = p.Items[len(p.Items)-1-done]
		}
		found, why, err := s.duplicates(ctx, item.Node.ID, effort)
		if err != nil {
			return p, nil, "", err
		}
		if effort.spent && done > 0 {
			break // alone it has more
		}
		cut = cmp.Or(cut, why)
		for _, c := range found {
			switch pair := (Pair{item.Node, c.Entity, c.Score, c.Reasons}); {
			case pair.A.ID < pair.B.ID:
				pairs = append(pairs, pair)
			case !s.lists(f, c.Entity.Entity): // nor does it ever come up by itself
				pair.A, pair.B = pair.B, pair.A
				pairs = append(pairs, pair)
			}
		}
	}
	slices.SortFunc(pairs, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.A.ID, y.A.ID), cmp.Compare(x.B.ID, y.B.ID))
	})
	if effort.spent || done < len(p.Items) {
		cut = CutSteps
	}
	return part(p, done, reverse), pairs, cut, nil
}

func (s *Session) match(ctx context.Context, called []string, kind string, not []evidence.ID, effort *effort) ([]Candidate, Cut, error) {
	if !effort.take(&effort.letters, lettersOf(called)) {
		return nil, CutSteps, nil
	}
	ids, cut, err := s.similar(ctx, called, kind, effort)
	if err != nil {
		return nil, "", err
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	like := newLikeness(called, effort)
	seen := map[evidence.ID]bool{}
	var out []Candidate
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		e := entities[id]
		if e == nil || seen[e.ID] || slices.Contains(not, e.ID) || kind != "" && e.Kind != kind || e.Identity.IsPlaceholder() {
			continue
		}
		seen[e.ID] = true
		score, why, err := like.best(ctx, e)
		if err != nil {
			return nil, "", err
		}
		if score >= leastScore {
			out = append(out, Candidate{Entity: e, Score: score, Reasons: []Reason{why}})
		}
	}
	sortCandidates(out)
	if effort.spent {
		cut = CutSteps
	}
	return out, cut, nil
}

// nameTypes say in words what sort of name of a candidate it was that is like the
// name that was asked for.
var nameTypes = map[evidence.NameType]string{
	evidence.AliasName: "; the latter is an alias", evidence.TransliterationName: "; the latter is a transliteration",
	evidence.AcronymName: "; the latter is an acronym", evidence.FormerName: "; the latter is a former name",
}

func sortCandidates(all []Candidate) {
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
}

// spelling is a name made ready to be compared with many others.
type spelling struct {
	text   string
	query  names.Query
	name   names.Name
	words  []string // names.Tokens
	unit   []string // names.Unit
	sorted string   // the words in alphabetical order
	// What the name is as the initials of another, and what its own are.
	acronym, initials string
	weak              bool // It has nothing but stop words, or words of rank and office.
	kinship           []string
	untitled          *spelling // without the rank or office before it; nil where it has none
	starts            []string
}

func newSpelling(text string) *spelling {
	name, words := names.NewName(text), names.Tokens(text)
	return &spelling{
		text: text, query: names.NewQuery(text), name: name, words: words, unit: names.Unit(text), sorted: name.Sorted(),
		acronym: acronym(text, words), initials: initialsOf(words),
		weak:    onlyTitles(words) || !slices.ContainsFunc(words, func(w string) bool { return !names.Stop(w) }),
		kinship: kinship(text, words), untitled: untitled(text, words), starts: starts(text, words),
	}
}

// compareNames scores two names, with the best reason for the score. A rank or an
// office before the full name of a person does not count; that one of the two is of a
// relative or an aide of whom the other is of counts against them.
func compareNames(a, b *spelling, ofPersons bool) (int, Reason) {
	score, why := compareWords(a, b)
	if ofPersons && score < scoreUntitled && (a.untitled != nil || b.untitled != nil) {
		if without, reason := compareWords(cmp.Or(a.untitled, a), cmp.Or(b.untitled, b)); min(without, scoreUntitled) > score {
			score, why = min(without, scoreUntitled), reason
			if without > scoreUntitled {
				why.Code = "NAME_WITHIN"
			}
			why.Detail += ", but for a rank or an office"
		}
	}
	if score > 0 && score < scoreUnit {
		if words := differs(a, b); len(words) > 0 {
			score -= ofAnother
			why.Detail += fmt.Sprintf("; “%s” says that somebody else is meant", strings.Join(words, ", "))
		}
	}
	return max(score, 0), why
}

// compareWords scores two names as they are written.
func compareWords(a, b *spelling) (int, Reason) {
	say := func(code, format string) Reason { return Reason{code, fmt.Sprintf(format, a.text, b.text)} }
	match, score := a.query.MatchName(b.name)
	switch numbered := len(a.unit) > 0 && len(b.unit) > 0; {
	case match == names.Exact:
		return score, say("SAME_NAME", "“%s” and “%s” are the same name")
	case match == names.SameTokens && (!numbered || slices.Equal(a.unit, b.unit)):
		return score, say("SAME_WORDS", "“%s” and “%s” are the same words in another order")
	}
	if len(a.unit) > 0 && slices.Equal(a.unit, b.unit) {
		return scoreUnit, say("UNIT", "“%s” and “%s” designate the same unit")
	}
	if len(a.unit) > 0 || len(b.unit) > 0 {
		return 0, Reason{} // numbered units that differ in a term are different units
	}
	if match == names.AllTokens && !a.weak && a.endsWithin(b) {
		return score, say("NAME_WITHIN", "“%s” is part of “%s”")
	}
	if back, score := b.query.MatchName(a.name); back == names.AllTokens && !b.weak && b.endsWithin(a) {
		return score, say("NAME_WITHIN", "of “%s”, “%s” is a part")
	}
	if score := max(initials(a, b), initials(b, a)); score > 0 {
		return score, say("INITIALS", "of “%s” and “%s”, one has initials of the other")
	}
	if onlyTitles(a.words) || onlyTitles(b.words) {
		return 0, Reason{} // nobody is named by "un coronel" but who is called so
	}
	alike := edlib.JaroWinklerSimilarity(a.sorted, b.sorted)
	if alike < leastSimilar || a.sorted == "" || b.sorted == "" {
		return 0, Reason{}
	}
	most := mostSimilar
	for _, pair := range [][2]*spelling{{a, b}, {b, a}} {
		switch fit, shortened := pair[0].initialsFit(pair[1]); {
		case !fit:
			return 0, Reason{}
		case shortened:
			most = scoreInitials // for it is less sure than the initials of the very words
		}
	}
	return int(alike * float32(most)), say("SIMILAR", "“%s” and “%s” are written alike")
}

// endsWithin says whether the first and the last word of a name, where they are one
// letter, are words of another: "E. Ruiz" is no part of "José Ruiz", although "e" is
// a stop word, which a search need not find.
func (s *spelling) endsWithin(other *spelling) bool {
	for i, word := range s.words {
		if isInitial(word) && s.isEnd(i) && !slices.Contains(other.words, word) {
			return false
		}
	}
	return true
}

func (s *spelling) isEnd(i int) bool { return i == 0 || i == len(s.words)-1 }

func isInitial(word string) bool { return utf8.RuneCountInString(word) == 1 }

// isJoining says that a word is left out where words are compared one by one. "e" and
// "y" are stop words, but may be the initial of a word.
func isJoining(word string) bool { return names.Stop(word) && !isInitial(word) }

// initialsFit says whether the letters that stand alone in a name may stand for words
// of another that is written like it, and whether they shorten one. What both write
// out is not what a letter stands for: "S. Salgado" is not like "Mario Salgado". Nor
// may both have a word besides that the other has not.
func (s *spelling) initialsFit(other *spelling) (fit, shortened bool) {
	if !slices.ContainsFunc(s.words, isInitial) {
		return true, false
	}
	free := slices.DeleteFunc(slices.Clone(other.words), isJoining)
	take := func(same func(of string) bool) (string, bool) {
		i := slices.IndexFunc(free, same)
		if i < 0 {
			return "", false
		}
		word := free[i]
		free = slices.Delete(free, i, i+1)
		return word, true
	}
	left := slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return isInitial(w) || isJoining(w) })
	for _, same := range []func(w, of string) bool{
		func(w, of string) bool { return w == of },
		func(w, of string) bool { return edlib.JaroWinklerSimilarity(w, of) >= leastSimilar },
	} {
		left = slices.DeleteFunc(left, func(w string) bool {
			_, taken := take(func(of string) bool { return same(w, of) })
			return taken
		})
	}
	for i, letter := range s.words {
		if !isInitial(letter) {
			continue
		}
		word, taken := take(func(of string) bool { return strings.HasPrefix(of, letter) })
		if !taken && (s.isEnd(i) || len(free) > 0 && !names.Stop(letter)) {
			return false, false
		}
		shortened = shortened || taken && word != letter
	}
	left = slices.DeleteFunc(left, func(w string) bool { // which the other name may shorten
		_, taken := take(func(of string) bool { return isInitial(of) && strings.HasPrefix(w, of) })
		return taken
	})
	return len(left) == 0 || len(free) == 0, shortened
}

// initials scores how the short name shortens words of the long one: "EPN",
// "E. Peña Nieto" or "Peña Nieto, E." for "Enrique Peña Nieto", a little lower
// "E. Peña"; 0 where it does not.
func initials(short, long *spelling) int {
	all := slices.DeleteFunc(slices.Clone(long.words), names.Stop)
	words := slices.DeleteFunc(slices.Clone(short.words), isJoining)
	if len(all) < 2 || len(words) == 0 || len(words) > len(all)+1 {
		return 0
	}
	if len(words) == 1 {
		if short.acronym != "" && short.acronym == long.initials {
			return scoreInitials
		}
		return 0
	}
	free, whole := slices.Clone(all), 0
	for _, w := range words { // words come first, so that no initial takes one that is written out
		if i := slices.Index(free, w); i >= 0 && !isInitial(w) {
			free = slices.Delete(free, i, i+1)
			whole++
		}
	}
	shortened, joining := 0, 0
	for _, w := range words {
		if !isInitial(w) {
			continue
		}
		i := slices.IndexFunc(free, func(of string) bool { return strings.HasPrefix(of, w) })
		switch {
		case i >= 0:
			free = slices.Delete(free, i, i+1)
			shortened++
		case names.Stop(w):
			joining++
		default:
			return 0
		}
	}
	switch {
	case shortened == 0 || whole+shortened+joining < len(words):
		return 0
	case whole == 0: // initials alone, in the order of the name
		for i, w := range words {
			if len(words) != len(all) || !strings.HasPrefix(all[i], w) {
				return 0
			}
		}
		return scoreInitials
	case len(free) == 0:
		return scoreInitials
	default:
		return scoreShort
	}
}

// neighbours are the entities that a group has links with, going by as many of
// them as one match may read.
func (s *Session) neighbours(ctx context.Context, group []evidence.ID, effort *effort) ([]evidence.ID, Cut, error) {
	set := map[evidence.ID]bool{}
	n, cut, most := 0, Cut(""), s.neighbourLinks()
	for e, err := range s.reader.Expand(ctx, store.Expansion{Frontier: group, Total: most + 1}) {
		if partOnly(err) {
			cut = CutLinks
			break
		}
		if err != nil {
			return nil, "", err
		}
		if n++; n > most {
			cut = CutLinks
			break
		}
		set[s.identity.resolve(e.From)], set[s.identity.resolve(e.To)] = true, true
	}
	s.readLinks(n, effort)
	for _, id := range group {
		delete(set, s.identity.resolve(id))
	}
	return slices.Sorted(maps.Keys(set)), cut, nil
}

// withNeighbours raises those of the likeliest candidates that share neighbours,
// by up to maxTied links of each; it is cut where one has more, and of the past where
// there are more of them.
func (s *Session) withNeighbours(ctx context.Context, found []Candidate, around []evidence.ID, effort *effort) ([]Candidate, Cut, error) {
	known := map[evidence.ID]bool{}
	for _, id := range around {
		known[s.identity.resolve(id)] = true
	}
	owner := map[evidence.ID]int{}
	var frontier []evidence.ID
	n, cut, most := 0, Cut(""), s.likeliest()
	if len(found) > most && !s.view.IsNow() {
		cut = CutLinks
	}
	for i, c := range found[:min(len(found), most)] {
		for _, id := range c.Entity.Members {
			owner[id] = i
			frontier = append(frontier, id)
		}
	}
	shared, read := make([]map[evidence.ID]bool, len(found)), make([]int, len(frontier))
	budget := maxTied * most
	for e, err := range s.reader.Expand(ctx, store.Expansion{Frontier: frontier, PerNode: maxTied + 1, Total: budget}) {
		if partOnly(err) {
			cut = CutLinks
			break
		}
		if err != nil {
			return nil, "", err
		}
		n++
		if read[e.At]++; read[e.At] > maxTied || n == budget {
			cut = CutLinks
			continue
		}
		i := owner[frontier[e.At]]
		for _, end := range []evidence.ID{s.identity.resolve(e.From), s.identity.resolve(e.To)} {
			if known[end] && end != found[i].Entity.ID {
				if shared[i] == nil {
					shared[i] = map[evidence.ID]bool{}
				}
				shared[i][end] = true
			}
		}
	}
	s.readLinks(n, effort)
	for i := range found {
		if n := len(shared[i]); n > 0 {
			found[i].Score = min(found[i].Score+min(n*perNeighbour, mostNeighbour), 1000)
			detail := fmt.Sprintf("%d entities are linked to both", n)
			if n == 1 {
				detail = "1 entity is linked to both"
			}
			found[i].Reasons = append(found[i].Reasons, Reason{"SHARED_NEIGHBOURS", detail})
		}
	}
	sortCandidates(found)
	return found, cut, nil
}
