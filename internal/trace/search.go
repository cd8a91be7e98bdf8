package trace

import (
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// SearchQuery asks for entities by name.
type SearchQuery struct {
	Text  string
	Kinds []string `json:",omitempty"`
	// Unidentified also finds entities of identity UNIDENTIFIED and CLASS.
	Unidentified bool `json:",omitempty"`
}

// Hit is an entity that a search found.
type Hit struct {
	Entity  *Entity
	Score   int    // 0 to 1000; see names.Query.Match
	Matched string // the name that matched best
}

// Budgets of one search.
var (
	// maxCandidates is how many entities are compared with what is looked for.
	maxCandidates = 4000
	// maxEntries is how many entries of the index are read for one word, or of the
	// list of entities for a name, where more than maxCandidates have each word.
	maxEntries = store.MaxBatch
)

// maxNarrowing is of how many words of the query the entities that have all of
// them are looked for.
const maxNarrowing = 3

// Search finds entities by their names, aliases and the beginnings of words,
// whatever the case, accents and punctuation; best first, then by name. The cut is
// FAN_OUT where more entities have each of the words than are compared. Those that
// are called exactly what is looked for by their primary name come first even then.
func (s *Session) Search(ctx context.Context, q SearchQuery, a PageArgs) (Page[*Hit], Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Hit]
	if err := checkName("text", q.Text); err != nil {
		return none, "", err
	}
	l := listOf("search", q)
	p, err := l.span(a)
	if err != nil {
		return none, "", err
	}
	ids, cut, err := s.candidates(ctx, q)
	if err != nil {
		return none, "", err
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return none, "", err
	}
	query := names.NewQuery(q.Text)
	seen := map[evidence.ID]bool{}
	var all []keyed[*Hit]
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return none, "", err
		}
		e := entities[id]
		if e == nil || seen[e.ID] || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, e.Kind) || !q.Unidentified && e.Identity.IsPlaceholder() {
			continue
		}
		seen[e.ID] = true
		hit := &Hit{Entity: e}
		for _, n := range e.Names {
			if match, score := query.Match(n.Text); match != names.None && score > hit.Score {
				hit.Score, hit.Matched = score, n.Text
			}
		}
		if hit.Score > 0 {
			key := fmt.Sprintf("%04d %s", 1000-hit.Score, evidence.OrderKey(e.Entity, 0, s.tracer.vocabulary))
			all = append(all, keyed[*Hit]{hit, key})
		}
	}
	sortByKey(all)
	return pageOf(l, p, all), cut, nil
}

// candidates reads the index at the word of the query that is most likely rare.
// Where too many names have it, the other words narrow them.
func (s *Session) candidates(ctx context.Context, q SearchQuery) ([]evidence.ID, Cut, error) {
	key, rest := names.QueryKey(q.Text)
	words := []string{key}
	for _, word := range rest {
		if !names.Stop(word) {
			words = append(words, word)
		}
	}
	var first []evidence.ID
	effort := newEffort()
	for i, word := range words {
		found, cut, err := s.withToken(ctx, word, q.Unidentified, maxCandidates, effort)
		if err != nil || !cut {
			return found, "", err
		}
		if i == 0 {
			first = found
		}
	}
	var both []evidence.ID
	if len(words) > 1 {
		found, whole, err := s.withTokens(ctx, words[:min(len(words), maxNarrowing)], q.Unidentified, maxEntries, effort)
		if err != nil || whole && len(found) <= maxCandidates {
			return found, "", err
		}
		if both = found; whole {
			first = nil
		}
	}
	// Where not all are compared that may match, at least those are not lost that do
	// so exactly.
	named, err := s.named(ctx, q.Text, q.Kinds, q.Unidentified, maxCandidates, effort)
	if err != nil {
		return nil, "", err
	}
	return distinctIDs(slices.Concat(named, both, first), maxCandidates), CutFanOut, nil
}
