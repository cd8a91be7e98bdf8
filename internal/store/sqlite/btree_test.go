package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// treeRow is a row of the tables of TestPages.
type treeRow struct {
	text string
	n    int64
}

// integers are those where a record takes another form, and any.
var integers = rapid.OneOf(
	rapid.SampledFrom([]int64{0, 1, -1, 127, 128, -128, -129, 1<<15 - 1, 1 << 15, 1<<23 - 1, 1 << 23, -1 << 23, 1<<31 - 1, 1 << 31, 1<<47 - 1, 1 << 47, -1 << 47, 1<<63 - 1, -1 << 63}),
	rapid.Int64(),
)

// TestPages makes the pages of a table by row numbers, of its index, and of a table
// without row numbers, in files of all page sizes, and has SQLite check them, read
// them and change them.
func TestPages(t *testing.T) {
	folder, files := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.Background()
		files++
		size := rapid.SampledFrom([]int{512, 1024, 4096, 16384, 65536}).Draw(r, "page size")
		file := filepath.Join(folder, fmt.Sprint(files))
		defer os.Remove(file) //nolint:errcheck // the folder goes, too
		c, err := dialFed("file:"+file, fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL; PRAGMA cell_size_check = ON", size))
		require.NoError(r, err)
		defer c.close() //nolint:errcheck // nothing is written any more
		require.NoError(r, c.script(ctx, `CREATE TABLE numbered (n INTEGER PRIMARY KEY, text TEXT NOT NULL, more INTEGER, bytes BLOB) STRICT;
			CREATE UNIQUE INDEX numbered_text ON numbered (text);
			CREATE TABLE beside (a); CREATE TABLE keyed (text TEXT, n INTEGER, PRIMARY KEY (text)) STRICT, WITHOUT ROWID`))

		// Texts of one length, and some of any: rows that fill pages to the last byte, or
		// end on a page of their own, come of neither alone.
		usual := rapid.SampledFrom([]int{8, size / 50, size / 9, size / 4, size / 2, size + 100, 3 * size}).Draw(r, "length")
		rows := make([]treeRow, rapid.SampledFrom([]int{0, 1, 2, 3, 5, 20, 150, 600}).Draw(r, "rows")+rapid.IntRange(0, 40).Draw(r, "more rows"))
		for i := range rows {
			length := usual
			if rapid.IntRange(0, 9).Draw(r, "odd") == 0 {
				length = rapid.IntRange(0, 2*size).Draw(r, "odd length")
			}
			rows[i] = treeRow{fmt.Sprintf("%06d", i*7919%1_000_003) + strings.Repeat("ñ", length/2), integers.Draw(r, "number")}
		}
		sorted := slices.Clone(rows)
		slices.SortFunc(sorted, func(a, b treeRow) int { return cmp.Compare(a.text, b.text) })
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(rows)), 1, 3).Draw(r, "calls")
		slices.Sort(cuts)

		require.NoError(r, c.script(ctx, "BEGIN IMMEDIATE"))
		set, err := c.setAside(ctx, "numbered", "keyed")
		require.NoError(r, err)
		p, err := c.pages(ctx)
		require.NoError(r, err)
		require.Equal(r, size, p.size)
		var table tableLeaves
		for i, end := range append(cuts, len(rows)) {
			from := 0
			if i > 0 {
				from = cuts[i-1]
			}
			require.NoError(r, c.addPages(ctx, p, func(context.Context) error {
				for k := from; k < end; k++ {
					var v values
					v.null()
					v.text(rows[k].text)
					v.integer(rows[k].n)
					v.blob([]byte(rows[k].text))
					table.add(p, 3*int64(k), &v)
				}
				return nil
			}))
			require.NoError(r, c.script(ctx, fmt.Sprintf("INSERT INTO beside VALUES (zeroblob(%d))", 2*size)), "SQLite takes pages of its own")
		}
		roots := map[string]uint32{}
		keyed := func(key func(*values, *treeRow)) tier {
			// Of several parts each but the first begins behind a row between.
			parts := 1
			if len(sorted) > 10 {
				parts = rapid.IntRange(1, 3).Draw(r, "parts")
			}
			var all tier
			var v values
			for i := range parts {
				first, end := len(sorted)*i/parts, len(sorted)*(i+1)/parts
				l := p.leaves()
				if i > 0 {
					first++
				}
				for k := first; k < end; k++ {
					v.reset()
					key(&v, &sorted[k])
					l.add(&v)
				}
				if i == 0 {
					all = l.end()
					continue
				}
				v.reset()
				key(&v, &sorted[first-1])
				all.join(p.indexCell(nil, v.record(nil)), l.end())
			}
			return all
		}
		require.NoError(r, c.addPages(ctx, p, func(context.Context) error {
			roots["numbered"] = p.root(tableInterior, table.end(p))
			number := map[string]int64{}
			for k := range rows {
				number[rows[k].text] = 3 * int64(k)
			}
			roots["numbered_text"] = p.root(indexInterior, keyed(func(v *values, row *treeRow) { v.text(row.text); v.integer(number[row.text]) }))
			roots["keyed"] = p.root(indexInterior, keyed(func(v *values, row *treeRow) { v.text(row.text); v.integer(row.n) }))
			return nil
		}))
		require.NoError(r, set.bring(ctx, c, roots))
		require.Empty(r, set)
		require.NoError(r, c.script(ctx, "INSERT INTO keyed VALUES ('in the same transaction', 7)"))
		require.NoError(r, c.script(ctx, "COMMIT"))

		read := func(sql string) (found []treeRow) {
			require.NoError(r, c.query(ctx, sql, nil, func(row row) error {
				found = append(found, treeRow{row.text(0), row.int(1)})
				return nil
			}))
			return found
		}
		sound := func() {
			require.Equal(r, []treeRow{{text: "ok"}}, read("SELECT integrity_check, 0 FROM pragma_integrity_check"))
		}
		sound()
		same := func(want, got []treeRow) {
			if !slices.Equal(want, got) {
				r.Fatalf("%d rows are not the %d that were written", len(got), len(want))
			}
		}
		same(rows, read("SELECT text, more FROM numbered NOT INDEXED WHERE bytes = CAST(text AS BLOB) ORDER BY n"))
		same(sorted, read("SELECT text, more FROM numbered INDEXED BY numbered_text ORDER BY text"))
		same(sorted, read("SELECT text, n FROM keyed WHERE text <> 'in the same transaction' ORDER BY text"))
		for k, row := range rows {
			if k%50 == 0 {
				same([]treeRow{row}, read(fmt.Sprintf("SELECT text, more FROM numbered WHERE n = %d", 3*k)))
				same([]treeRow{row}, read(fmt.Sprintf("SELECT text, more FROM numbered INDEXED BY numbered_text WHERE text = '%s'", row.text)))
			}
		}
		require.NoError(r, c.script(ctx, "INSERT INTO numbered SELECT n + 1, text || 'x', more, bytes FROM numbered; DELETE FROM keyed WHERE n > 0; DELETE FROM numbered WHERE n % 6 = 0"))
		sound()
	})
}

// TestNumberOfLockingPage leaves out the page that SQLite locks in.
func TestNumberOfLockingPage(t *testing.T) {
	for _, size := range []int{512, 16384, 65536} {
		p := newPages(size, 0)
		locking := uint32(1<<30/size) + 1
		p.start(locking - 2)
		require.Equal(t, locking-1, p.number())
		require.Equal(t, locking+1, p.number())
	}
}
