package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// wordAudit compares the words of full text with those of the records. The table
// keeps no texts, so that a scratch table takes those of a page of records as the
// store's own would, and what both hold of a row is compared by sums: of its words
// and their places, in whatever order they come.
type wordAudit struct {
	seed     maphash.Seed
	stored   map[int64]wordSum // of the rows that no record was found for yet
	wanted   map[int64]wordSum // of the records of a page
	scratch  *conn
	damage   string   // why the store's words do not read
	lengths  []string // what is wrong with what is said of each text
	segments []wordSegment
	ways     []string // what is wrong with the ways to words
}

// wordSum adds up what is hashed of each word of a row.
type wordSum struct{ hash, words uint64 }

// vocabularyOfWords gives all words of full text, with the row and the place of each.
const vocabularyOfWords = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, words, instance)"

const scratchWords = `CREATE VIRTUAL TABLE words USING fts5 (
  text, content='', contentless_delete=1, detail=full,
  tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
` + vocabularyOfWords

// readWords adds up the words that the store has.
func (a *wordAudit) readWords(ctx context.Context, g *graph) error {
	a.seed = maphash.MakeSeed()
	var err error
	if a.scratch, err = dial(Memory, scratchWords); err != nil {
		return err
	}
	// The connection may write nothing, not even what only it sees.
	for _, sql := range []string{"PRAGMA query_only = OFF", vocabularyOfWords, "PRAGMA query_only = ON"} {
		if err := g.conn.script(ctx, sql); err != nil {
			return err
		}
	}
	if a.stored, err = a.sums(ctx, g.conn); err == nil {
		err = a.readWays(ctx, g)
	}
	if err == nil {
		err = a.readLengths(ctx, g)
	}
	if err != nil && ctx.Err() == nil {
		a.damage, err = fmt.Sprintf("the words of full text do not read: %v", err), nil
	}
	return err
}

// sums adds up the words of all rows.
func (a *wordAudit) sums(ctx context.Context, c *conn) (map[int64]wordSum, error) {
	sums := map[int64]wordSum{}
	var place [8]byte
	err := c.query(ctx, "SELECT term, doc, offset FROM temp.vocabulary", nil, func(r row) error {
		var h maphash.Hash
		h.SetSeed(a.seed)
		binary.LittleEndian.PutUint64(place[:], uint64(r.int(2))) //nolint:gosec // only hashed
		h.Write(place[:])
		h.WriteString(r.text(0))
		s := sums[r.int(1)]
		sums[r.int(1)] = wordSum{s.hash + h.Sum64(), s.words + 1}
		return nil
	})
	return sums, err
}

// readLengths looks at how many words each row is said to have, and in which segment,
// by which a row is found when it is to be deleted.
func (a *wordAudit) readLengths(ctx context.Context, g *graph) error {
	wrong, counted, kept := 0, 0, 0
	err := g.conn.query(ctx, "SELECT id, sz, origin FROM words_docsize", nil, func(r row) error {
		words := a.stored[r.int(0)].words
		if words > 0 {
			counted++
		}
		if !bytes.Equal(r.bytes(1), lengthOf(words)) {
			wrong++
		}
		if !a.deletable(uint64(r.int(2))) { //nolint:gosec // a negative number becomes a great one
			kept++
		}
		return nil
	})
	if wrong += len(a.stored) - counted; wrong > 0 {
		a.lengths = append(a.lengths, fmt.Sprintf("of %d texts the index of full text does not say how many words they have", wrong))
	}
	if kept > 0 {
		a.lengths = append(a.lengths, fmt.Sprintf("of %d texts the index of full text does not say where their words are, which it would keep when they are deleted", kept))
	}
	return err
}

// lengthOf is a number of words as SQLite writes it: 7 bits a byte, the highest
// first, all bytes but the last with the bit above.
func lengthOf(words uint64) []byte {
	length := []byte{byte(words & 0x7f)}
	for words >>= 7; words > 0; words >>= 7 {
		length = append(length, byte(words&0x7f|0x80))
	}
	slices.Reverse(length)
	return length
}

// page makes ready what the records of a page are compared with.
func (a *audit) page(ctx context.Context, page []identified) error {
	if a.damage != "" {
		return nil
	}
	if err := a.scratch.script(ctx, "INSERT INTO words (words) VALUES ('delete-all'); BEGIN"); err != nil {
		return err
	}
	for _, of := range page {
		text, err := a.textOf(ctx, of.num)
		if err == nil && text != "" {
			err = a.scratch.exec(ctx, "INSERT INTO words (rowid, text) VALUES (?, ?)", of.num, text)
		}
		if err != nil {
			return err
		}
	}
	if err := a.scratch.script(ctx, "COMMIT"); err != nil {
		return err
	}
	var err error
	a.wanted, err = a.sums(ctx, a.scratch)
	return err
}

// textOf is the text of a record's row: that of all its versions, so that the past is
// found too. Of a record that does not decode, which is told of elsewhere, there is none.
func (a *audit) textOf(ctx context.Context, num int64) (text string, err error) {
	var kind evidence.RecordType
	var is *evidence.Record
	_, err = a.g.conn.one(ctx, "SELECT type, from_seq, to_seq, derived, content FROM record WHERE num = ?", []any{num}, func(r row) error {
		kind = narrow[evidence.RecordType](r.int(0))
		if record, err := recordOf(kind, r.int(1), r.int(2), r.bytes(3), r.bytes(4)); err == nil {
			is = record
		}
		return nil
	})
	if err != nil || is == nil {
		return "", err
	}
	formers, err := a.g.conn.formerTexts(ctx, kind, num)
	return wordsIn(is, formers), err
}

// indexed says what is wrong with the words of a record, by its row.
func (a *wordAudit) indexed(at int64) string {
	stored := a.stored[at]
	delete(a.stored, at)
	if a.damage != "" || stored == a.wanted[at] {
		return ""
	}
	return "the words of full text that lead to it are not those of its texts"
}

// unclaimed says, when all records were looked at, what is wrong with the words
// beside.
func (a *wordAudit) unclaimed() []string {
	if a.damage != "" {
		return []string{a.damage}
	}
	if len(a.stored) > 0 {
		return append(a.ways, fmt.Sprintf("beside what belongs to records, the store keeps the words of %d more texts", len(a.stored)))
	}
	return append(a.ways, a.lengths...)
}

// close ends what was made for the audit alone.
func (a *wordAudit) close() {
	if a.scratch != nil {
		_ = a.scratch.close() // it is in memory
	}
}
