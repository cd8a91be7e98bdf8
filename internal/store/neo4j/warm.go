package neo4j

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Warm has the server plan what readers ask, and returns when it has. Without it the
// server, once it was started, does so when each is first asked, and who asks it waits
// for seconds. A server that has the plans already answers at once.
func (s *Store) Warm(ctx context.Context) error {
	all := append(s.texts.ofReaders(), countersOf, versionsOf, fewCited, everCited, fullText, fullTextReversed)
	slices.SortFunc(all, func(a, b query) int { return cmp.Or(cmp.Compare(rarity(a), rarity(b)), cmp.Compare(a.name, b.name)) })
	for _, q := range all {
		if _, err := s.read(ctx, q, ofNothing()); err != nil {
			return err
		}
	}
	return nil
}

// ofNothing are parameters with which each text of readers finds nothing: what it has to
// be given. To have a text explained would leave half of the work for who asks first.
func ofNothing() row {
	nothing := row{"claims": []string{}, "index": wordsIndexes[evidence.EntityRecord], "words": "a"}
	for _, name := range []string{"limit", "each", "total", "few", "most"} {
		nothing[name] = int64(0)
	}
	return nothing
}

// rarity puts last what is asked least: lists from their end, and the past.
func rarity(q query) (n int) {
	for i, word := range []string{" in the past", " reversed"} {
		if strings.Contains(q.name, word) {
			n += 1 << i
		}
	}
	return n
}

// ofReaders are the texts that readers alone ask, but for those of one shape.
func (t *texts) ofReaders() []query {
	return slices.Concat(valuesOf(t.get), valuesOf(t.page), valuesOf(t.list), valuesOf(t.ofClaims), valuesOf(t.expand), valuesOf(t.tokens), valuesOf(t.revision))
}

func valuesOf[K comparable](m map[K]query) []query { return slices.Collect(maps.Values(m)) }
