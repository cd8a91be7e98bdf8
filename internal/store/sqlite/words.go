package sqlite

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Each word of full text begins with a letter for the type of the record and the slot
// of who sees it: a search reads nothing of what its view does not see, which would tell
// by its time how much there is of it. A record is one row, with the words of its newest
// version in its slot, and in that of the past those of former ones that say something else.

// wordSign is the letter of the words of a type in a slot.
func wordSign(t evidence.RecordType, slot int64) string {
	const slots = int64(evidence.Hidden) + 1
	return string(rune('a' + int64(t-evidence.EntityRecord)*slots + slot))
}

// signed is a folded text with a sign before each word.
func signed(text, sign string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(text) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(sign)
		b.WriteString(word)
	}
	return b.String()
}

// wordsIn is the row of a record in the table words; formers are the texts that it had
// before.
func wordsIn(r *evidence.Record, formers []string) string {
	t, text := r.Content.Type(), evidence.FullText(r.Content)
	all, seen := signed(text, wordSign(t, slotOf(r))), map[string]bool{text: true}
	for _, former := range formers {
		if !seen[former] {
			seen[former] = true
			all = strings.TrimPrefix(all+" "+signed(former, wordSign(t, int64(evidence.Hidden))), " ")
		}
	}
	return all
}

// sought is the query for records of a type that have a word that begins with each of
// some, in a slot that the view reads.
func (r *reader) sought(t evidence.RecordType, words []string) string {
	slots := r.slots(t)
	lists, quoted := make([]string, len(slots)), make([]string, len(words))
	for i, slot := range slots {
		for j, w := range words {
			quoted[j] = `"` + wordSign(t, slot) + strings.ReplaceAll(w, `"`, `""`) + `"*`
		}
		lists[i] = "(" + strings.Join(quoted, " AND ") + ")"
	}
	return strings.Join(lists, " OR ")
}

// findText yields records by their words. The index gives a superset: it cuts
// words in its own way and knows the words of former versions too.
func (r *reader) findText(ctx context.Context, q *store.Query, words []string, yield func(store.Found) bool) error {
	keep := func(rec *evidence.Record) bool { return evidence.HasWords(evidence.FullText(rec.Content), words) }
	newest, err := r.newest(ctx)
	if err != nil {
		return err
	}
	var matches []place
	err = r.g.conn.query(ctx, "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ?"+upTo,
		[]any{r.sought(q.Type, words), cmp.Or(newest, lastRow), int64(r.g.store.limits.matches + 1)}, func(row row) error {
			matches = append(matches, place{num: row.int(0)})
			return nil
		})
	if err != nil {
		return err
	}
	if len(matches) > r.g.store.limits.matches {
		of, err := r.listed(ctx, q)
		if err != nil {
			return err
		}
		return r.walk(ctx, &spans{of: of, reverse: q.Reverse, after: q.After}, q, keep, q.Limit, yield)
	}
	var found []store.Found
	for batch := range slices.Chunk(matches, r.g.store.limits.page) {
		entries, err := r.g.at(ctx, batch)
		if err != nil {
			return err
		}
		for _, e := range entries {
			seen, err := r.see(ctx, e)
			if err != nil {
				return err
			}
			if seen == nil || !keep(seen) || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kindOf(seen.Content)) {
				continue
			}
			key := seen.Derived.Key
			if q.After == "" || !q.Reverse && key > q.After || q.Reverse && key < q.After {
				found = append(found, store.Found{Record: seen, Key: key})
			}
		}
	}
	slices.SortFunc(found, func(a, b store.Found) int {
		if q.Reverse {
			a, b = b, a
		}
		return cmp.Compare(a.Key, b.Key)
	})
	for _, f := range found[:min(len(found), q.Limit)] {
		if !yield(f) {
			return nil
		}
	}
	return nil
}

// lastRow is that of no record.
const lastRow = int64(1) << 62

// text notes the words of a changed record: those of all its versions, so that
// the past is found too.
func (b *batch) text(ctx context.Context, t *evidence.Transition, e entry) error {
	is, was := evidence.FullText(t.After.Content), evidence.FullText(t.Before.Content)
	if is == was && (is == "" || slotOf(t.After) == slotOf(t.Before)) {
		return nil
	}
	versions, err := b.g.replaced(ctx, e)
	if err != nil {
		return err
	}
	b.texts[e.num] = wordsIn(t.After, textsOf(versions))
	return nil
}

func textsOf(versions []*evidence.Record) []string {
	texts := make([]string, len(versions))
	for i, v := range versions {
		texts[i] = evidence.FullText(v.Content)
	}
	return texts
}

// signWords writes the words of a file anew that was written without their signs.
func (c *conn) signWords(ctx context.Context, _ *vocabulary.Vocabulary) error {
	if err := c.script(ctx, "INSERT INTO words (words) VALUES ('delete-all'); "+loadedWords); err != nil {
		return err
	}
	err := c.query(ctx, "SELECT num, type, from_seq, to_seq, derived, content FROM record ORDER BY num", nil, func(r row) error {
		kind := narrow[evidence.RecordType](r.int(1))
		is, err := recordOf(kind, r.int(2), r.int(3), r.bytes(4), r.bytes(5))
		if err != nil {
			return nil //nolint:nilerr // it finds nothing: who reads it is told
		}
		formers, err := c.formerTexts(ctx, kind, r.int(0))
		if text := wordsIn(is, formers); err == nil && text != "" {
			err = c.exec(ctx, "INSERT INTO words (rowid, text) VALUES (?, ?)", r.int(0), text)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.script(ctx, usualWords)
}

// formerTexts are the texts of the versions before the newest of a record. One that does
// not decode, which is told of elsewhere, has none.
func (c *conn) formerTexts(ctx context.Context, of evidence.RecordType, num int64) (texts []string, err error) {
	err = c.query(ctx, "SELECT content FROM version WHERE num = ? ORDER BY from_seq", []any{num}, func(r row) error {
		if content, err := evidence.DecodeContent(of, r.bytes(0)); err == nil {
			texts = append(texts, evidence.FullText(content))
		}
		return nil
	})
	return texts, err
}
