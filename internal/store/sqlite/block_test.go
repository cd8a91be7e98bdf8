package sqlite

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestBlocks compares what is written to blocks with a map under random changes.
func TestBlocks(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "blocks.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c, err := s.dialWriter()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close()) })
	rapid.Check(t, func(r *rapid.T) {
		require.NoError(r, c.script(ctx, "DELETE FROM block"))
		want := map[int64]string{}
		for range rapid.IntRange(1, 6).Draw(r, "writes") {
			var changed []element
			for range rapid.IntRange(0, 12).Draw(r, "changes") {
				num := rapid.OneOf(rapid.Int64Range(1, 6), rapid.Int64Range(blockRecords-2, blockRecords+1), rapid.Int64Range(1, 1<<40)).Draw(r, "record")
				if rapid.IntRange(0, 3).Draw(r, "do") == 0 {
					changed = append(changed, element{num: num})
					delete(want, num)
					continue
				}
				id := rapid.StringN(0, -1, 255).Draw(r, "id")
				kind := rapid.SampledFrom([]elementKind{nodeElement, placeholderElement, linkElement}).Draw(r, "kind")
				packed := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(r, "packed")
				changed = append(changed, newElement(kind, num, id, packed))
				want[num] = fmt.Sprintf("%d %s %x", kind, id, packed)
			}
			require.NoError(r, c.writeBlocks(ctx, changed))
		}
		got, rows, last := map[int64]string{}, map[int64]bool{}, int64(0)
		require.NoError(r, c.query(ctx, "SELECT num, content FROM block ORDER BY num", nil, func(row row) error {
			rows[row.int(0)] = true
			return unblock(row.int(0), row.bytes(1), func(e *element) error {
				require.Greater(r, e.num, last, "in the order of records")
				last = e.num
				got[e.num] = fmt.Sprintf("%d %s %x", e.kind, e.id, e.packed)
				return nil
			})
		}))
		require.Equal(r, want, got)
		blocks := map[int64]bool{}
		for num := range want {
			blocks[num/blockRecords] = true
		}
		require.Equal(r, blocks, rows, "a block of nothing is no row")
	})
}

// checked puts the checksum before what a block has.
func checked(content []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(content, castagnoli)), content...)
}

// TestABlockThatDoesNotRead has blocks that no writer makes.
func TestABlockThatDoesNotRead(t *testing.T) {
	one, two := newElement(linkElement, 1, "l1", []byte("from, to")).whole, newElement(nodeElement, 2, "e2", nil).whole
	none := func(*element) error { return nil }
	require.NoError(t, unblock(0, checked(slices.Concat(one, two)), none))
	for name, b := range map[string][]byte{
		"empty":             nil,
		"a checksum alone":  checked(nil),
		"another checksum":  append(checked(one)[:checksumSize:checksumSize], two...),
		"cut by a byte":     checked(one[:len(one)-1]),
		"cut in the head":   checked(slices.Concat(one, two[:2])),
		"out of order":      checked(slices.Concat(two, one)),
		"twice":             checked(slices.Concat(one, one)),
		"of another block":  checked(append([]byte{blockRecords}, one[1:]...)),
		"of no kind":        checked(append([]byte{1, 9}, one[2:]...)),
		"of endless length": checked(append(binary.AppendUvarint([]byte{1, 2, 2}, 1<<63), one...)),
		"of no length":      checked([]byte{1, 2, 2, 0x80}),
	} {
		err := unblock(3, b, none)
		require.ErrorIs(t, err, errDamagedBlock, name)
		require.ErrorContains(t, err, "records 384 to 511", name)
	}
	// A bit of a block, whichever it is, is not another without notice.
	whole := checked(slices.Concat(one, two))
	for bit := range 8 * len(whole) {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		require.ErrorIs(t, unblock(0, flipped, none), errDamagedBlock, bit)
	}
}

// oneLink is a new file with one link, l1, between two entities.
func oneLink(t *testing.T) (path string, s *Store) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "graph.db")
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	person := func(id evidence.ID) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Vecino")}}
	}
	_, err = storetest.Apply(t.Context(), s, 1, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{
		{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}}, person("a"), person("b"),
		{AssertLink: &evidence.AssertLink{ID: "l1", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}},
	}})
	require.NoError(t, err)
	return path, s
}

// TestDamagedLinksAreNamed has links whose bytes for traversal were cut short.
func TestDamagedLinksAreNamed(t *testing.T) {
	for _, damage := range []string{"x''", "x'00'", "CAST(substr(content, 1, 60) AS BLOB)"} {
		path, s := oneLink(t)
		require.NoError(t, s.writer.script(t.Context(), "UPDATE block SET content = "+damage))
		require.NoError(t, s.Close())
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		require.ErrorContains(t, s.Warm(t.Context()), "records 0 to 127", damage)
		require.NoError(t, s.Close())
	}
}

// TestScanFindsWhatBlocksHaveWrong has blocks that read but say what records do
// not.
func TestScanFindsWhatBlocksHaveWrong(t *testing.T) {
	ctx := t.Context()
	const other = "what traversal reads of it is not what it says"
	for name, c := range map[string]struct {
		change     func(node, link element) element
		says, warm string
	}{
		"a link less": {func(_, link element) element { return element{num: link.num} }, other, ""},
		"a link with other ends": {func(_, link element) element {
			return newElement(linkElement, link.num, "l1", append(make([]byte, 16), link.packed[16:]...))
		}, other, `link "l1" leads to an entity that is not there`},
		"a link cut short": {func(_, link element) element { return newElement(linkElement, link.num, "l1", link.packed[:30]) }, other, `link "l1"`},
		"a link more":      {func(_, link element) element { return newElement(linkElement, 99, "l9", link.packed) }, "1 more records for traversal", ""},
		"a placeholder":    {func(node, _ element) element { return nodeOf(node.num, string(node.id), true) }, other, ""},
	} {
		path, s := oneLink(t)
		faults := func() (all []string) {
			for row, err := range s.Scan(ctx) {
				require.NoError(t, err)
				if row.Fault != "" {
					all = append(all, row.Fault)
				}
			}
			return all
		}
		require.Empty(t, faults())
		all, err := s.writer.block(ctx, 0)
		require.NoError(t, err)
		first := func(kind elementKind) element {
			return all[slices.IndexFunc(all, func(e element) bool { return e.kind == kind })]
		}
		require.NoError(t, s.writer.writeBlocks(ctx, []element{c.change(first(nodeElement), first(linkElement))}))
		require.Len(t, faults(), 1, name)
		require.Contains(t, faults()[0], c.says, name)
		require.NoError(t, s.Close())
		s, err = Open(ctx, path, Options{})
		require.NoError(t, err)
		if err := s.Warm(ctx); c.warm == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.warm, name)
		}
		require.NoError(t, s.Close())
	}
}

// FuzzBlock reads anything as a block; what reads is what is written of it.
func FuzzBlock(f *testing.F) {
	f.Add([]byte{})
	f.Add(newElement(linkElement, 1, "l1", []byte("from, to")).whole)
	f.Add(slices.Concat(newElement(placeholderElement, 2, "e2", nil).whole, newElement(nodeElement, 130, "e130", nil).whole))
	f.Fuzz(func(t *testing.T, content []byte) {
		again := []byte{}
		err := unblock(5, checked(content), func(e *element) error {
			again = append(again, newElement(e.kind, e.num, string(e.id), e.packed).whole...)
			return nil
		})
		if err != nil {
			require.ErrorIs(t, err, errDamagedBlock)
			return
		}
		// A length may have been written with more bytes than it takes.
		require.LessOrEqual(t, len(again), len(content))
		require.NoError(t, unblock(5, checked(again), func(*element) error { return nil }))
	})
}

// TestMakeBlocks brings a file with the former tables up to date.
func TestMakeBlocks(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "former.db")
	s, err := Open(ctx, path, Options{})
	require.NoError(t, err)
	c, err := s.dialWriter()
	require.NoError(t, err)
	first, err := migrationFiles.ReadFile("migrations/0001_graph.sql")
	require.NoError(t, err)
	require.NoError(t, c.script(ctx, "DROP TABLE block; PRAGMA user_version = 2"))
	for _, made := range []string{"node", "edge"} {
		_, sql, found := bytes.Cut(first, []byte("CREATE TABLE "+made+" ("))
		require.True(t, found)
		sql, _, found = bytes.Cut(sql, []byte(";"))
		require.True(t, found)
		require.NoError(t, c.script(ctx, "CREATE TABLE "+made+" ("+string(sql)))
	}
	want := map[int64]string{}
	require.NoError(t, c.script(ctx, "BEGIN"))
	for num := int64(1); num < rowsAtOnce+3*blockRecords; num++ { // more than are read at once
		id := fmt.Sprint("é", num)
		if num%5 == 0 {
			require.NoError(t, c.exec(ctx, "INSERT INTO node (num, id, placeholder) VALUES (?, ?, ?)", num, id, num%2))
			want[num] = fmt.Sprint(id, num%2)
			continue
		}
		require.NoError(t, c.exec(ctx, "INSERT INTO edge (num, id, data) VALUES (?, ?, ?)", num, id, []byte(id+" packed")))
		want[num] = id + " packed"
	}
	require.NoError(t, c.script(ctx, "COMMIT"))
	require.NoError(t, c.close())
	require.NoError(t, s.Close())

	_, err = Open(ctx, path, Options{ReadOnly: true})
	require.ErrorContains(t, err, "open it once for writing")
	s, err = Open(ctx, path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	got := map[int64]string{}
	require.NoError(t, s.briefly(ctx, func(c *conn) error {
		return c.query(ctx, "SELECT num, content FROM block", nil, func(r row) error {
			return unblock(r.int(0), r.bytes(1), func(e *element) error {
				got[e.num] = string(e.packed)
				if e.kind != linkElement {
					got[e.num] = fmt.Sprint(string(e.id), int(e.kind))
				}
				return nil
			})
		})
	}))
	require.Equal(t, want, got)
	require.NotContains(t, slices.Collect(maps.Keys(s.Schema(t))), "edge")
	require.NotContains(t, slices.Collect(maps.Keys(s.Schema(t))), "node")
}

// TestRenewBlocks brings files up to date that have other blocks than their records
// call for.
func TestRenewBlocks(t *testing.T) {
	ctx := t.Context()
	for name, damage := range map[string]func(c *conn, all []element) error{
		"as the first program packed links": func(c *conn, all []element) error {
			link := all[slices.IndexFunc(all, func(e element) bool { return e.kind == linkElement })]
			// It had four bytes for each clearance, and not two.
			former := slices.Concat(link.packed[:packedSize-6], make([]byte, 12), link.packed[packedSize:])
			return c.writeBlocks(ctx, []element{newElement(linkElement, link.num, string(link.id), former)})
		},
		"without a link":   func(c *conn, all []element) error { return c.writeBlocks(ctx, []element{{num: all[len(all)-1].num}}) },
		"without blocks":   func(c *conn, _ []element) error { return c.script(ctx, "DELETE FROM block") },
		"with a torn one":  func(c *conn, _ []element) error { return c.script(ctx, "UPDATE block SET content = x'00'") },
		"with a sound one": func(*conn, []element) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			path, s := oneLink(t)
			all, err := s.writer.block(ctx, 0)
			require.NoError(t, err)
			require.NoError(t, damage(s.writer, all))
			require.NoError(t, s.writer.script(ctx, "PRAGMA user_version = 4"))
			require.NoError(t, s.Close())
			s, err = Open(ctx, path, Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			for row, err := range s.Scan(ctx) {
				require.NoError(t, err)
				require.Empty(t, row.Fault)
			}
			require.NoError(t, s.Warm(ctx))
		})
	}
}
