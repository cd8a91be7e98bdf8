package sqlite

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAuditOfManySegments has an index of many segments and pages, some of which
// SQLite is about to merge.
func TestAuditOfManySegments(t *testing.T) {
	ctx := t.Context()
	_, s := oneLink(t)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // no secret
	most, trimmed, emptied := 0, false, false
	c := s.writer
	for step := range 100 {
		var text strings.Builder
		for range 400 {
			fmt.Fprintf(&text, "%x ", random.Uint32N(20_000))
		}
		if step%3 == 0 { // the first that a merge is done with
			text.Reset()
			fmt.Fprintf(&text, "00 %x", step)
		}
		require.NoError(t, c.exec(ctx, "INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)", 1<<40+int64(random.IntN(80)), text.String()))
		if step%10 != 0 {
			continue
		}
		require.NoError(t, c.script(ctx, "INSERT INTO words (words, rank) VALUES ('merge', 5)")) // pages, and no more
		var a wordAudit
		reading, err := s.dialReader()
		require.NoError(t, err)
		require.NoError(t, a.readWords(ctx, &graph{store: s, conn: reading}))
		a.close()
		require.NoError(t, reading.close())
		most = max(most, len(a.segments))
		for _, s := range a.segments {
			trimmed, emptied = trimmed || s.first > 1, emptied || s.last == 0
		}
		require.Empty(t, a.damage)
		require.Empty(t, a.ways)
		require.Empty(t, a.lengths)
	}
	// Whichever way is another, some words are not come to.
	var ways []way
	var a wordAudit
	segment, first := int64(0), int64(0)
	require.NoError(t, c.query(ctx, "SELECT segid, term, pgno FROM words_idx WHERE segid = (SELECT segid FROM words_idx GROUP BY segid ORDER BY count(*) DESC)", nil, func(r row) error {
		segment = r.int(0)
		ways = append(ways, way{r.bytes(1), r.int(2)})
		return nil
	}))
	require.NoError(t, a.readWays(ctx, &graph{store: s, conn: c}))
	for _, s := range a.segments {
		if s.id == segment {
			first = s.first
		}
	}
	require.Greater(t, len(ways), 10)
	for _, w := range ways {
		for _, other := range []string{"0\x00", "0zz"} {
			if other < "00" && w.page>>1 <= first {
				continue // what is before the first word leads to it
			}
			require.NoError(t, c.exec(ctx, "UPDATE words_idx SET term = ? WHERE segid = ? AND pgno = ?", []byte(other), segment, w.page))
			var a wordAudit
			require.NoError(t, a.readWays(ctx, &graph{store: s, conn: c}))
			require.NotEmpty(t, a.ways)
			require.NoError(t, c.exec(ctx, "UPDATE words_idx SET term = ? WHERE segid = ? AND pgno = ?", append([]byte{}, w.word...), segment, w.page))
		}
	}
	require.Greater(t, most, 8)
	require.True(t, trimmed, "a merge has taken the first pages of a segment away")
	require.True(t, emptied, "a merge has taken all of a segment, and goes on with others")
}
