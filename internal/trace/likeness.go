package trace

import (
	"context"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Budgets of one question for entities that have names like others. Tests lower
// them. Together they are a few seconds at the most.
var (
	maxSpelled  = 16_000_000 // bytes of names that are made ready to be compared
	maxCompared = 4_000_000  // steps of comparing them, see comparing
	// Words and links that are read of entities of a page, of which each may have
	// thousands. They are a second or two of Neo4j.
	maxRead = 40_000
	// Of the past each link is judged anew, by all that cites it.
	maxMatchedThen   = 1000 // links that tell the neighbours of one entity
	maxLikeliestThen = 20   // candidates whose links are compared with these
)

// judging is how many links of now can be read while one of the past is judged.
const judging = 10

// readLinks notes that so many links were read.
func (s *Session) readLinks(n int, e *effort) {
	if !s.view.IsNow() {
		n *= judging
	}
	e.read += n
}

// effort is what one question may still spend on comparing names: each of two
// entities may have a thousand, of five hundred letters. What is the same is found
// without comparing each with each, and so for as long as names can be made ready.
type effort struct {
	letters, steps int
	spent          bool                     // Something was left out.
	read           int                      // So much was read. It ends no answer about one entity, which has limits of its own.
	whole          map[string][]evidence.ID // what withWhole found
	letter         map[string]withLetter    // what spelledOut read
	looks          map[store.TokenQuery]looked
	alone          bool // One name is asked for, for which more may be read.
}

func newEffort() *effort { return &effort{letters: maxSpelled, steps: maxCompared} }

// take spends of one of the two, or says that too little is left.
func (e *effort) take(from *int, n int) bool {
	if *from < n {
		*from, e.spent = 0, true
		return false
	}
	*from -= n
	return true
}

// spelling makes a name ready; nil where nothing is left for that.
func (e *effort) spelling(text string) *spelling {
	if !e.take(&e.letters, len(text)) {
		return nil
	}
	return newSpelling(text)
}

// comparing says whether two names may be compared. A step is a microsecond at the
// most: there are some for any two names, and more for long ones, whose words are
// compared with each other, and then perhaps their letters.
func (e *effort) comparing(a, b *spelling) bool {
	return e.take(&e.steps, 4+len(a.words)*len(b.words)/32+len(a.sorted)*len(b.sorted)/1024)
}

// likeness finds which of an entity's names is most like one of those asked for.
type likeness struct {
	asked  []*spelling
	effort *effort
	// The first of the names asked for that is so.
	folded, sorted, unit map[string]int
}

func newLikeness(called []string, e *effort) *likeness {
	l := &likeness{effort: e, folded: map[string]int{}, sorted: map[string]int{}, unit: map[string]int{}}
	for i, text := range called {
		s := e.spelling(text)
		if s == nil {
			break
		}
		l.asked = append(l.asked, s)
		note := func(in map[string]int, key string) {
			if _, is := in[key]; !is && key != "" {
				in[key] = i
			}
		}
		note(l.folded, s.name.Folded())
		note(l.sorted, sortedKey(s))
		note(l.unit, unitKey(s))
	}
	return l
}

// sortedKey is of names that are the same but for the order of their words, by which
// numbered units may be others.
func sortedKey(s *spelling) string { return s.name.Sorted() + "\x00" + unitKey(s) }

func unitKey(s *spelling) string { return strings.Join(s.unit, "\x00") }

// best gives the highest score of two names, with its reason, and of several with
// that score the first of the names asked for and the first of the entity's. Those
// are left out for which there is no effort left.
func (l *likeness) best(ctx context.Context, of *Entity) (score int, why Reason, err error) {
	var others []*spelling
	for _, n := range of.Names {
		s := l.effort.spelling(n.Text)
		if s == nil {
			break
		}
		others = append(others, s)
	}
	first := len(l.asked)
	consider := func(i, j int) {
		found, reason := compareNames(l.asked[i], others[j], of.Kind == person)
		if found > score || found == score && found > 0 && i < first {
			reason.Detail += nameTypes[of.Names[j].Type]
			score, why, first = found, reason, i
		}
	}
	for j, other := range others {
		for _, same := range []struct {
			in  map[string]int
			key string
		}{{l.folded, other.name.Folded()}, {l.sorted, sortedKey(other)}, {l.unit, unitKey(other)}} {
			if i, is := same.in[same.key]; is {
				consider(i, j)
				break
			}
		}
	}
	if score >= scoreUnit {
		return score, why, nil // whatever else is alike is less so
	}
	for i, name := range l.asked {
		if err := ctx.Err(); err != nil {
			return 0, Reason{}, err
		}
		for j, other := range others {
			if !l.effort.comparing(name, other) {
				return score, why, nil
			}
			consider(i, j)
		}
	}
	return score, why, nil
}

// part is the items of a page of which a question came to an end, done of them in
// the direction of travel, as a page that can be gone on from.
func part[T any](p Page[T], done int, reverse bool) Page[T] {
	switch n := len(p.Items); {
	case done == n:
	case reverse:
		p.Items = p.Items[n-done:]
		p.HasPrevious, p.Start = true, p.Items[0].Cursor
	default:
		p.Items = p.Items[:done]
		p.HasNext, p.End = true, p.Items[done-1].Cursor
	}
	return p
}

// lettersOf is how long names are together.
func lettersOf(called []string) int {
	n := 0
	for _, text := range called {
		n += len(text)
	}
	return n
}
