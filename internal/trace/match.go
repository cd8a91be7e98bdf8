package trace

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// Reason is why two entities, or a name and an entity, may be the same.
type Reason struct {
	Code   string // SAME_NAME, SAME_WORDS, NAME_WITHIN, UNIT, INITIALS, SIMILAR, SHARED_NEIGHBOURS
	Detail string
}

// Candidate is an entity that may be the one that is meant.
type Candidate struct {
	Entity  *Entity
	Score   int // 0 to 1000
	Reasons []Reason
}

// Scores of the reasons that names.Rank does not know.
const (
	scoreUnit     = 930
	scoreInitials = 620
	leastSimilar  = 0.88 // Jaro-Winkler (Winkler 1990)
	leastScore    = 500
	perNeighbour  = 15
	mostNeighbour = 90
)

// Budgets of one match.
const (
	maxMatched  = 3000 // candidates that are compared
	maxPrefixes = 20   // beginnings of words that candidates are looked for by
	maxTied     = 200  // links of one of the likeliest candidates that are read
)

// Match finds the entities that a name may mean, best first, then by id. The kind,
// if given, must be theirs; entities of the context that they share links with
// make those of the likeliest that do likelier. The cut is FAN_OUT where more
// entities have words like those of the name than are compared: the one that is
// meant may then be missing, and a fuller name finds it.
func (s *Session) Match(ctx context.Context, name, kind string, around []evidence.ID) ([]Candidate, Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(names.Tokens(name)) == 0 {
		return nil, "", evidence.Faulty(evidence.InvalidInput, "name", "%q has no letter or digit to compare", name)
	}
	found, cut, err := s.match(ctx, []string{name}, kind, nil)
	if err != nil || len(around) == 0 {
		return found, cut, err
	}
	found, err = s.withNeighbours(ctx, found, s.identity.groups(around))
	return found, cut, err
}

// Duplicates finds entities that may be the same as one, best first. It proposes;
// only a cited SAME_AS claim that someone accepts makes them one.
func (s *Session) Duplicates(ctx context.Context, of evidence.ID) ([]Candidate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.duplicates(ctx, of)
}

func (s *Session) duplicates(ctx context.Context, of evidence.ID) ([]Candidate, error) {
	entities, err := s.entities(ctx, []evidence.ID{of})
	if err != nil || entities[of] == nil {
		return nil, err
	}
	e := entities[of]
	if e.Identity.IsPlaceholder() {
		return nil, nil // a placeholder is like every other placeholder
	}
	var called []string
	for _, n := range e.Names {
		called = append(called, n.Text)
	}
	found, _, err := s.match(ctx, called, e.Kind, e.Members)
	if err != nil || len(found) == 0 {
		return found, err
	}
	neighbours, err := s.neighbours(ctx, e.Members)
	if err != nil {
		return nil, err
	}
	return s.withNeighbours(ctx, found, neighbours)
}

// Pair is two entities that may be the same.
type Pair struct {
	A, B    *Entity // A has the lesser id
	Score   int
	Reasons []Reason
}

// AllDuplicates looks for duplicates of one page of the list of entities; each
// pair comes once, with the page of its lesser id.
func (s *Session) AllDuplicates(ctx context.Context, f EntityFilter, a PageArgs) (Page[*Entity], []Pair, error) {
	p, err := s.ListEntities(ctx, f, a)
	if err != nil {
		return p, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var pairs []Pair
	for _, item := range p.Items {
		found, err := s.duplicates(ctx, item.Node.ID)
		if err != nil {
			return p, nil, err
		}
		for _, c := range found {
			if c.Entity.ID > item.Node.ID {
				pairs = append(pairs, Pair{item.Node, c.Entity, c.Score, c.Reasons})
			}
		}
	}
	slices.SortFunc(pairs, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.A.ID, y.A.ID), cmp.Compare(x.B.ID, y.B.ID))
	})
	return p, pairs, nil
}

func (s *Session) match(ctx context.Context, called []string, kind string, not []evidence.ID) ([]Candidate, Cut, error) {
	ids, cut, err := s.similar(ctx, called)
	if err != nil {
		return nil, "", err
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	seen := map[evidence.ID]bool{}
	var out []Candidate
	for _, id := range ids {
		e := entities[id]
		if e == nil || seen[e.ID] || slices.Contains(not, e.ID) || kind != "" && e.Kind != kind || e.Identity.IsPlaceholder() {
			continue
		}
		seen[e.ID] = true
		c := Candidate{Entity: e}
		for _, name := range called {
			for _, other := range e.Names {
				if score, reason := compareNames(name, other.Text); score > c.Score {
					c.Score, c.Reasons = score, []Reason{reason}
				}
			}
		}
		if c.Score >= leastScore {
			out = append(out, c)
		}
	}
	sortCandidates(out)
	return out, cut, nil
}

func sortCandidates(all []Candidate) {
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
}

// similar reads the entities with a word that begins as one of the names' words
// do; four letters are enough, so that a slip further on does no harm. Of more
// words than are looked for, the longer beginnings come first.
func (s *Session) similar(ctx context.Context, called []string) ([]evidence.ID, Cut, error) {
	set := map[string]bool{}
	for _, name := range called {
		for _, word := range names.Tokens(name) {
			if !names.Stop(word) {
				runes := []rune(word)
				set[string(runes[:min(len(runes), 4)])] = true
			}
		}
		for _, term := range names.Unit(name) {
			set[term] = true
		}
	}
	prefixes, cut := slices.Collect(maps.Keys(set)), Cut("")
	slices.SortFunc(prefixes, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	if len(prefixes) > maxPrefixes {
		prefixes, cut = prefixes[:maxPrefixes], CutFanOut
	}
	var ids []evidence.ID
	limit := maxMatched / max(len(prefixes), 1)
	for _, prefix := range prefixes {
		n := 0
		for c, err := range s.reader.Candidates(ctx, store.TokenQuery{Prefix: prefix, Limit: limit + 1}) {
			if err != nil {
				return nil, "", err
			}
			if n++; n > limit {
				cut = CutFanOut
				break
			}
			ids = append(ids, c.Entity)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), cut, nil
}

// compareNames scores two names, with the best reason for the score.
func compareNames(a, b string) (int, Reason) {
	say := func(code, format string) Reason { return Reason{code, fmt.Sprintf(format, a, b)} }
	match, score := names.NewQuery(a).Match(b)
	switch match {
	case names.Exact:
		return score, say("SAME_NAME", "“%s” and “%s” are the same name")
	case names.SameTokens:
		return score, say("SAME_WORDS", "“%s” and “%s” are the same words in another order")
	default:
	}
	if x, y := names.Unit(a), names.Unit(b); len(x) > 0 && slices.Equal(x, y) {
		return scoreUnit, say("UNIT", "“%s” and “%s” designate the same unit")
	}
	if len(names.Unit(a)) > 0 || len(names.Unit(b)) > 0 {
		return 0, Reason{} // numbered units that differ in a term are different units
	}
	if match == names.AllTokens {
		return score, say("NAME_WITHIN", "“%s” is part of “%s”")
	}
	if back, score := names.NewQuery(b).Match(a); back == names.AllTokens {
		return score, say("NAME_WITHIN", "“%[2]s” is part of “%[1]s”")
	}
	if initials(a, b) || initials(b, a) {
		return scoreInitials, say("INITIALS", "one of “%s” and “%s” has the initials of the other")
	}
	x, y := sortedWords(a), sortedWords(b)
	if alike := edlib.JaroWinklerSimilarity(x, y); alike >= leastSimilar && x != "" && y != "" {
		return int(alike * 850), say("SIMILAR", "“%s” and “%s” are written alike")
	}
	return 0, Reason{}
}

func sortedWords(name string) string {
	words := names.Tokens(name)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// initials says whether the short name shortens words of the long one: "EPN" or
// "E. Peña Nieto" for "Enrique Peña Nieto".
func initials(short, long string) bool {
	all := slices.DeleteFunc(names.Tokens(long), names.Stop)
	words := names.Tokens(short)
	if len(all) < 2 || len(words) == 0 {
		return false
	}
	if len(words) == 1 {
		var first strings.Builder
		for _, w := range all {
			first.WriteString(string([]rune(w)[:1]))
		}
		return len(all) >= 3 && words[0] == first.String()
	}
	if len(words) != len(all) {
		return false
	}
	shortened := false
	for i, w := range words {
		switch {
		case w == all[i]:
		case len([]rune(w)) == 1 && strings.HasPrefix(all[i], w):
			shortened = true
		default:
			return false
		}
	}
	return shortened
}

// neighbours are the entities that a group has links with.
func (s *Session) neighbours(ctx context.Context, group []evidence.ID) ([]evidence.ID, error) {
	set := map[evidence.ID]bool{}
	for e, err := range s.reader.Expand(ctx, store.Expansion{Frontier: group, Total: maxMatched}) {
		if err != nil {
			return nil, err
		}
		set[s.identity.resolve(e.From)], set[s.identity.resolve(e.To)] = true, true
	}
	for _, id := range group {
		delete(set, s.identity.resolve(id))
	}
	return sortedIDs(set), nil
}

// withNeighbours raises those of the likeliest candidates that share neighbours,
// by up to maxTied links of each.
func (s *Session) withNeighbours(ctx context.Context, found []Candidate, around []evidence.ID) ([]Candidate, error) {
	known := map[evidence.ID]bool{}
	for _, id := range around {
		known[s.identity.resolve(id)] = true
	}
	owner := map[evidence.ID]int{}
	var frontier []evidence.ID
	for i, c := range found[:min(len(found), MaxPageSize)] {
		for _, id := range c.Entity.Members {
			owner[id] = i
			frontier = append(frontier, id)
		}
	}
	shared := make([]map[evidence.ID]bool, len(found))
	for e, err := range s.reader.Expand(ctx, store.Expansion{Frontier: frontier, PerNode: maxTied, Total: maxTied * MaxPageSize}) {
		if err != nil {
			return nil, err
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
	for i := range found {
		if n := len(shared[i]); n > 0 {
			found[i].Score = min(found[i].Score+min(n*perNeighbour, mostNeighbour), 1000)
			found[i].Reasons = append(found[i].Reasons, Reason{"SHARED_NEIGHBOURS", fmt.Sprintf("%d entities are linked to both", n)})
		}
	}
	sortCandidates(found)
	return found, nil
}
