package evidence

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Order keys are ASCII and compared as bytes, so that every store lists alike.
// A blank, which sorts before every other sign in a key, ends each part; names have
// blanks in them as well.

// maxKeyName bounds the part of a name that orders a list.
const maxKeyName = 64

// OrderKey is the place of a record among its siblings:
//   - entities and sources by folded name or title and id, as one text: where one
//     name begins another, the id of the shorter is compared with how the longer
//     goes on (see NameKey). Stores keep these keys, so it stays that way;
//   - claims by kind, beginning, end (undated last), then id; it never changes
//     in a claim's life;
//   - citations of one claim by stance, strongest first, then id.
//
// The weight is that of a citation; see CitationWeight.
func OrderKey(c Content, weight int, v *vocabulary.Vocabulary) string {
	switch c := c.(type) {
	case *Entity:
		return NameKey(c.PrimaryName()) + " " + string(c.ID)
	case *Source:
		return NameKey(c.Title) + " " + string(c.ID)
	case *Claim:
		sort := c.Valid().SortKey(AspectOf(c, v))
		var short [128]byte
		key := append(append(short[:0], c.Kind...), ' ') // as ClaimKeyPrefix has it
		key = append(hex.AppendEncode(key, sort[:]), ' ')
		return string(append(key, c.ID...))
	case *Citation:
		var short [128]byte
		key := strconv.AppendInt(short[:0], int64(c.Stance), 10)
		key = append(key, ' ')
		rank := strconv.Itoa(1000 - weight)
		key = append(append(key, "0000"[min(len(rank), 4):]...), rank...)
		return string(append(append(key, ' '), c.ID...))
	default:
		return ""
	}
}

// ClaimKeyPrefix begins the key of every claim of a kind, and of no other.
func ClaimKeyPrefix(kind string) string { return kind + " " }

// CitationKeyPrefix begins the key of every citation of a stance.
func CitationKeyPrefix(s Stance) string { return fmt.Sprintf("%d ", s) }

// SourceKey is the place of a citation among those into one source; it never
// changes.
func SourceKey(c *Citation) string { return string(c.Claim) + " " + string(c.ID) }

// NameKey begins the key of every entity and source of a name; a space and the id
// follow. Long names that begin alike have one.
func NameKey(name string) string {
	folded := names.Fold(name)
	var b strings.Builder
	for i := range len(folded) {
		if b.Len() >= maxKeyName {
			break
		}
		if c := folded[i]; c < 0x7e {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "~%02x", c) // after every letter, in the order of the bytes
		}
	}
	return b.String()
}

// Token is one folded word by which an entity is found.
type Token struct {
	Text string
	// Visibility is the lowest clearance that sees a name with this word.
	Visibility Clearance
	// Placeholder is set on entities that are found only when asked for.
	Placeholder bool
}

// SearchTokens are the distinct words of an entity's names, sorted.
func SearchTokens(e *Entity) []Token {
	lowest := map[string]Clearance{}
	for _, n := range e.Names {
		visibility := max(n.Clearance, e.Clearance)
		for _, word := range names.Keys(n.Text) {
			if seen, ok := lowest[word]; !ok || visibility < seen {
				lowest[word] = visibility
			}
		}
	}
	tokens := make([]Token, 0, len(lowest))
	for _, word := range sortedKeys(lowest) {
		tokens = append(tokens, Token{Text: word, Visibility: lowest[word], Placeholder: e.Identity.IsPlaceholder()})
	}
	return tokens
}

// FullText is the folded text by which a `text` filter finds a record: words of
// a claim's role, value and summary, of a citation's quote, locator and note, of
// a source's title, author and publisher, of an entity's description. What is
// cleared apart from the record itself is left out.
func FullText(c Content) string {
	var parts []string
	var marks strings.Builder
	switch c := c.(type) {
	case *Entity:
		parts = []string{c.PrimaryName(), c.Description}
	case *Source:
		parts = []string{c.Title, c.Author, c.Publisher}
		for _, x := range c.Captures {
			marks.WriteString(" " + CaptureWord(x.SHA256))
		}
	case *Claim:
		parts = []string{c.Role, c.Value, c.Summary}
	case *Citation:
		parts = []string{c.Locator, c.Note, c.AsserterWords}
		if c.Quote != nil {
			parts = append(parts, c.Quote.Exact)
		}
	}
	return names.Fold(strings.Join(parts, " ")) + marks.String()
}

// CaptureWord is the word of a source's full text by which it is found for one of
// its captures, by SHA-256. No reader's words are like it: those that are folded
// have no signs in them.
func CaptureWord(sha256 string) string { return "#" + sha256 }

// HasWords says whether every folded word of the query begins a word of the
// folded text.
func HasWords(folded string, words []string) bool {
	padded := " " + folded
	for _, w := range words {
		if !strings.Contains(padded, " "+w) {
			return false
		}
	}
	return true
}
