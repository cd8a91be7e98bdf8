package neo4j

import (
	"context"
	"fmt"
	"strings"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/store"
)

// mostMatches is how many full-text matches are put in order at once; where
// there are more, the list itself is read and each record checked.
const mostMatches = 10_000

// maxTerm is where a word is cut for the full-text index, which splits words
// that are longer than 255 signs.
const maxTerm = 100

// wordSign comes before each word of a text: the place of its node, so that a search
// reads nothing of what its view does not see, which would tell by its time how much
// there is of it.
func wordSign(place int64) string { return fmt.Sprintf("%d:", place) }

// signed is a folded text with the sign of a place before each word.
func signed(text string, place int64) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(text) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(wordSign(place))
		b.WriteString(word)
	}
	return b.String()
}

// hasWord says of a node, as evidence.HasWords does, whether a word of its text begins
// with one that is sought.
var hasWord = fmt.Sprintf("(' ' + n.text) CONTAINS (' ' + toString(n.slot %% %d) + ':' + word)", placesOfType)

// withWords finds records by words: through the full-text index, and where that
// has too many matches, or the view is of the past, along the list itself. Both
// ways check each record as evidence.HasWords does.
func (r *reader) withWords(ctx context.Context, q store.Query) ([]*driver.Record, error) {
	if !r.past() {
		text, params := r.matching(q)
		rows, err := r.read(ctx, text, params)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if v, _ := rows[0].Get("data"); v != nil {
			return rows, nil
		}
	}
	shape, lists, incoming := r.lists(q)
	return r.read(ctx, r.store.texts.list[shape], row{"lists": lists, "incoming": incoming, "symmetric": r.symmetric(q), "limit": int64(q.Limit), "words": q.Text})
}

// matching is the query that goes through the full-text index.
func (r *reader) matching(q store.Query) (query, row) {
	lo, hi := bounds(q, "")
	var kinds any
	if len(q.Kinds) > 0 {
		kinds = q.Kinds
	}
	text, lists := fullText, slots(q.Type, r.view)
	if q.Reverse {
		text = fullTextReversed
	}
	return text, row{
		"index": wordsIndexes[q.Type], "words": sought(q.Text, lists), "checks": q.Text, "most": int64(mostMatches),
		"slots": lists, "lo": lo, "hi": hi, "kinds": kinds, "limit": int64(q.Limit),
	}
}

// sought asks Lucene for texts that have, in one of some lists, a word that begins with
// each of those given.
func sought(words []string, lists []int64) string {
	var b strings.Builder
	for _, slot := range lists {
		b.WriteByte('(')
		for _, word := range words {
			b.WriteString("+" + escapeTerm(wordSign(slot%placesOfType)+word) + "* ")
		}
		b.WriteString(") ")
	}
	return b.String()
}

// escapeTerm makes a word mean itself in a Lucene query. Folded words are of
// letters, digits and marks; anything else is escaped all the same.
func escapeTerm(word string) string {
	var b strings.Builder
	n := 0
	for _, c := range word {
		if n++; n > maxTerm {
			break
		}
		if c < 0x80 && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// sign signs the texts that an older program wrote.
func sign(ctx context.Context, session driver.SessionWithContext) error {
	return inBatches(ctx, session, signTexts, row{"slots": listsOf(supersededPlace, recordTypes...)})
}
