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
	Score   int    // 0 to 1000; see names.Rank
	Matched string // the name that matched best
}

// maxCandidates is how many tokens of the index one search looks at.
const maxCandidates = 4000

// Search finds entities by their names, aliases and the beginnings of words,
// whatever the case, accents and punctuation; best first, then by name.
func (s *Session) Search(ctx context.Context, q SearchQuery, a PageArgs) (Page[*Hit], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Hit]
	if err := checkName("text", q.Text); err != nil {
		return none, err
	}
	l := listOf("search", q)
	p, err := l.span(a)
	if err != nil || p.size == 0 {
		return none, err
	}
	ids, err := s.candidates(ctx, q)
	if err != nil {
		return none, err
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return none, err
	}
	query := names.NewQuery(q.Text)
	seen := map[evidence.ID]bool{}
	var all []keyed[*Hit]
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return none, err
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
	return pageOf(l, p, all), nil
}

// candidates reads the index at the word of the query that is most likely rare.
// Where too many names have it, the other words narrow them.
func (s *Session) candidates(ctx context.Context, q SearchQuery) ([]evidence.ID, error) {
	key, rest := names.QueryKey(q.Text)
	found, cut, err := s.withToken(ctx, key, q.Unidentified)
	if err != nil {
		return nil, err
	}
	for _, word := range rest {
		if !cut {
			break
		}
		if names.Stop(word) {
			continue
		}
		other, otherCut, err := s.withToken(ctx, word, q.Unidentified)
		if err != nil {
			return nil, err
		}
		if !otherCut {
			found, cut = other, false
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func (s *Session) withToken(ctx context.Context, prefix string, placeholders bool) (ids []evidence.ID, cut bool, err error) {
	for c, err := range s.reader.Candidates(ctx, store.TokenQuery{Prefix: prefix, Placeholders: placeholders, Limit: maxCandidates}) {
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, c.Entity)
	}
	return ids, len(ids) == maxCandidates, nil
}
