package trace

import (
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// symmetric is the kinds of links that say the same from either end. They match
// every direction; the one they were asserted in is kept.
type symmetric struct {
	kinds []string // sorted
	is    map[string]bool
}

func symmetricOf(v *vocabulary.Vocabulary) symmetric {
	is := map[string]bool{}
	for _, k := range v.Links() {
		if k.Symmetric {
			is[k.Name] = true
		}
	}
	return symmetric{slices.Sorted(maps.Keys(is)), is}
}

// either are the kinds that a question in a direction asks for at both ends. All
// questions to the store that have a direction have them from here, but for those
// of a ladder: in no kind that it climbs by do both ends say the same.
func (s *Session) either(d evidence.Direction) []string {
	if d == evidence.Any {
		return nil
	}
	return s.tracer.symmetric.kinds
}

// leads says whether a link of a kind may be passed in a direction: as it was
// asserted, and backwards.
func (s *Session) leads(kind string, d evidence.Direction) (forwards, backwards bool) {
	both := d == evidence.Any || s.tracer.symmetric.is[kind]
	return both || d != evidence.Incoming, both || d != evidence.Outgoing
}
