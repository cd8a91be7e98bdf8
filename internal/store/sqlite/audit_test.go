package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestFormerPlaces has the text that finds former places of citations agree with
// what says of one place that it is such.
func TestFormerPlaces(t *testing.T) {
	_, s := oneLink(t)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, p := range []place{{anchor: allOf(evidence.CitationRecord), slot: int64(evidence.Hidden)}, {anchor: listOf(7, citationsOf), slot: int64(evidence.Hidden)},
		{anchor: listOf(7, citationsOf), slot: 2}, {anchor: allOf(evidence.EntityRecord), slot: int64(evidence.Hidden)}, {anchor: listOf(7, linksTo), slot: int64(evidence.Hidden)}, {anchor: tokensNamed, slot: int64(evidence.Hidden)}} {
		_, err := s.writer.one(t.Context(), "SELECT "+formerPlaces+" FROM (SELECT ? AS anchor, ? AS slot)", []any{p.anchor, p.slot}, func(r row) error {
			require.Equal(t, p.former(), r.int(0) == 1, "%+v", p)
			return nil
		})
		require.NoError(t, err)
	}
}

// changedLink is a store with one link, of which an end and the source have former
// versions.
func changedLink(t *testing.T) *Store {
	t.Helper()
	_, s := oneLink(t)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err := storetest.Apply(t.Context(), s, 2, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{
		{PutEntity: &evidence.PutEntity{ID: "a", Name: evidence.Of("Agente")}}, {PutSource: &evidence.PutSource{ID: "s", Reliability: evidence.Of("A")}},
	}})
	require.NoError(t, err)
	return s
}

// TestScanTellsNumbersApart flips bits of all numbers in the file, those too that are
// cut off where one is read into a smaller number.
func TestScanTellsNumbersApart(t *testing.T) {
	ctx := t.Context()
	s := changedLink(t)
	rows := func() (all []string) {
		for row, err := range s.Scan(ctx) {
			all = append(all, fmt.Sprintf("%s %s %s %s %v", row.Kind, row.Key, row.Value, row.Fault, err))
		}
		return all
	}
	want := rows()
	numbers := 0
	for _, table := range []string{"revision", "record", "version", "place", "counter", "block", "words_docsize"} {
		var columns []string
		require.NoError(t, s.writer.query(ctx, "SELECT name FROM pragma_table_info(?) WHERE type = 'INTEGER'", []any{table}, func(r row) error {
			columns = append(columns, r.text(0))
			return nil
		}))
		for _, column := range columns {
			for _, bits := range []int{8, 16, 32} {
				flip := fmt.Sprintf("UPDATE %s SET %s = (%[2]s | %d) - (%[2]s & %[3]d)", table, column, 1<<bits)
				require.NoError(t, s.writer.script(ctx, flip))
				assert.NotEqual(t, want, rows(), flip)
				require.NoError(t, s.writer.script(ctx, flip))
				numbers++
			}
		}
	}
	require.Equal(t, want, rows())
	require.Greater(t, numbers, 60) // there are so many columns, and each is of some number

}

// TestScanFindsWhatChangesAnswers changes what the store finds records by, of today
// and of before.
func TestScanFindsWhatChangesAnswers(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct{ sql, says string }{
		"a former word less":           {"DELETE FROM place WHERE slot = 3 AND key = 'vecino a'", `does not lead to it, at "vecino a"`},
		"a former name less":           {"DELETE FROM place WHERE slot = 3 AND anchor = -1", "does not lead to it"},
		"a former name of another":     {"UPDATE place SET num = num + 1 WHERE slot = 3 AND key = 'vecino a'", `does not lead to it, at "vecino a"`},
		"a former name more":           {"INSERT INTO place SELECT anchor, slot, 'otro a', num FROM place WHERE slot = 3 AND anchor = -1", "1 more entries of lists"},
		"a word of today more":         {"INSERT INTO place SELECT anchor, 0, 'otro a', num FROM place WHERE slot = 3 AND anchor = -1", "1 more entries of lists"},
		"a former citation of another": {"INSERT INTO place SELECT 5 * 16 + 4, 3, '0 0001 ' || id, num FROM record WHERE type = 5", "1 more entries of lists of citations"},
		"a former citation of nothing": {"INSERT INTO place VALUES (-5, 3, '0 0001 x', 999)", "1 more entries of lists of citations"},
		"a letter of a word":           {"UPDATE words_data SET block = CAST(replace(CAST(block AS TEXT), 'cino', 'cimo') AS BLOB) WHERE instr(block, CAST('cino' AS BLOB)) > 0", "the words of full text"},
		"words less":                   {"INSERT INTO words (words) VALUES ('delete-all')", "the words of full text"},
		"words of nothing":             {"INSERT INTO words (rowid, text) VALUES (77, 'otro')", "the words of 1 more texts"},
		"words more":                   {"INSERT OR REPLACE INTO words (rowid, text) SELECT num, 'aagente avecino aotro' FROM record WHERE id = 'a'", "the words of full text that lead to it"},
		"a number of words":            {"UPDATE words_docsize SET sz = x'07' WHERE id = (SELECT max(id) FROM words_docsize)", "of 1 texts the index of full text"},
		"a number of words less":       {"DELETE FROM words_docsize WHERE id = (SELECT max(id) FROM words_docsize)", "of 1 texts the index of full text"},
		"a number of words more":       {"INSERT INTO words_docsize (id, sz, origin) VALUES (77, x'02', 1)", "of 1 texts the index of full text"},
		"when it changed last":         {"UPDATE record SET changed = changed - 1 WHERE id = 'a'", "it says that revision 1 changed it last, and the lists of revisions say 2"},
		"what a revision changed":      {"UPDATE revision SET touched = x'' WHERE seq = 2", "the lists of revisions say 1"},
		"a byte of what it changed":    {"UPDATE revision SET touched = CAST(touched || x'00' AS BLOB) WHERE seq = 2", "revision 2 changed is not as it was written"},
		"a record that is not there":   {"UPDATE revision SET touched = CAST(touched || x'50' AS BLOB) WHERE seq = 2", "name 1 records that are not there"},
		"a way to a word":              {"UPDATE words_idx SET term = x'30ff'", `from "aagente" to "dvecino" does not come`},
		"a way to a word less":         {"DELETE FROM words_idx", `from "aagente" to "dvecino" does not come`},
		"a way to a word more":         {"INSERT INTO words_idx VALUES (99, x'30', 2)", "1 more ways to words"},
		"where a text is":              {"UPDATE words_docsize SET origin = 99 WHERE id = (SELECT max(id) FROM words_docsize)", "of 1 texts the index of full text does not say where"},
		"a trigger":                    {"CREATE TRIGGER new_record AFTER INSERT ON record BEGIN UPDATE record SET content = x'' WHERE num = new.num; END", "there is the trigger new_record in the file, which"},
		"a view":                       {"CREATE VIEW ids AS SELECT id FROM record", "there is the view ids in the file, which"},
		"a table":                      {"CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('x')", "there is the table note in the file, which"},
		"an index less":                {"DROP INDEX record_id", "the file has no index record_id"},
		"an index more":                {"CREATE INDEX place_num ON place (num)", "there is the index place_num in the file, which"},
		"another index":                {"DROP INDEX version_num; CREATE INDEX version_num ON version (num, from_seq)", "should be by \"CREATE UNIQUE INDEX version_num"},
		"another table":                {"ALTER TABLE shelf ADD COLUMN note TEXT", "should be by \"CREATE TABLE shelf"},
		"a version of no record":       {"INSERT INTO version SELECT 99, 1, 2, derived, content FROM record WHERE id = 'a'", "1 more replaced versions"},
		"a counter of no record":       {"INSERT INTO counter VALUES (99, 2, 0, 'PAYS', 0, 3)", "1 more counters"},
		"a byte of a hash":             {"UPDATE revision SET hash = CAST(hash || x'00' AS BLOB) WHERE seq = 2", "more or fewer bytes than a hash"},
		"a byte of a previous hash":    {"UPDATE revision SET previous = CAST(previous || x'00' AS BLOB) WHERE seq = 2", "more or fewer bytes than a hash"},
		"a byte of a root":             {"UPDATE revision SET root = CAST(root || x'00' AS BLOB) WHERE seq = 2", "more or fewer bytes than a hash"},
	} {
		t.Run(name, func(t *testing.T) {
			s := changedLink(t)
			faults := func() string {
				var all []string
				for row, err := range s.Scan(ctx) {
					require.NoError(t, err)
					if row.Fault != "" {
						all = append(all, row.Fault)
					}
				}
				return strings.Join(all, "\n")
			}
			require.NoError(t, s.writer.script(ctx, "ANALYZE"))
			require.Empty(t, faults())
			require.NoError(t, s.writer.script(ctx, c.sql))
			require.Contains(t, faults(), c.says)
		})
	}
}

// TestEraseTakesNoWordsWithoutNotice erases from an index that does not say where the
// words are that are to go: nothing is erased then.
func TestEraseTakesNoWordsWithoutNotice(t *testing.T) {
	ctx := t.Context()
	for _, damage := range []string{"UPDATE words_docsize SET origin = 99", "DELETE FROM words_docsize"} {
		s := changedLink(t)
		require.NoError(t, s.writer.script(ctx, damage))
		before, err := s.Head(ctx)
		require.NoError(t, err)
		_, err = erasure.Run(ctx, s, storetest.Planner(3), erasure.Order{Author: storetest.Top, Ground: "order", IDs: []evidence.ID{"a"}})
		require.ErrorContains(t, err, "copy its log into a new store", damage)
		after, err := s.Head(ctx)
		require.NoError(t, err)
		require.Equal(t, before, after, "nothing was erased")
	}
}

// TestScanOfAStoreWithoutRecords finds what is kept where there is no record.
func TestScanOfAStoreWithoutRecords(t *testing.T) {
	s, err := Open(t.Context(), Memory, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Set(t.Context(), "INSERT INTO place VALUES (-5, 3, '0 0001 x', 1); INSERT INTO counter VALUES (1, 2, 0, 'PAYS', 0, 3)"))
	var found []store.Row
	for row, err := range s.Scan(t.Context()) {
		require.NoError(t, err)
		found = append(found, row)
	}
	require.Len(t, found, 2)
	for _, row := range found {
		require.Equal(t, store.WholeRow, row.Kind)
		require.Contains(t, row.Fault, "the store keeps 1 more")
	}
}

// TestAuditOfLongTexts has texts of more words than a byte counts.
func TestAuditOfLongTexts(t *testing.T) {
	_, s := oneLink(t)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for step, words := range []int{126, 127, 128, 400} {
		_, err := storetest.Apply(t.Context(), s, 2+step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{
			{PutEntity: &evidence.PutEntity{ID: "b", Description: evidence.Of(strings.Repeat("uno ", words-step))}},
		}})
		require.NoError(t, err)
		for row, err := range s.Scan(t.Context()) {
			require.NoError(t, err)
			require.Empty(t, row.Fault)
		}
	}
	require.Equal(t, []byte{0x81, 0x80, 0x00}, lengthOf(1<<14))
}
