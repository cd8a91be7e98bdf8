package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// blockRecords is how many consecutively numbered records share a row of the table block.
// More make reading cheaper, since reading a row costs as much as unpacking some ten
// records. They make writing dearer, since changing one record rewrites its row.
const blockRecords = 128

// castagnoli is the polynomial of the checksum at the beginning of a block, in
// little-endian order (RFC 3720, appendix B.4). Without the checksum a damaged block
// could lose links, and all answers would be without them.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const checksumSize = 4

// elementKind is what a record is in the graph.
type elementKind byte

const (
	nodeElement        elementKind = iota
	placeholderElement             // of an entity that is one
	linkElement
)

// element is what traversal reads of a record: of an entity its id, of a link
// also what link.pack wrote. A block has one behind the other: a byte for the
// place of the record in it, one for its kind, one for the length of the id, the
// length of what is packed as a uvarint, the id, and what is packed.
type element struct {
	num    int64 // of the record
	kind   elementKind
	id     []byte
	packed []byte
	whole  []byte // as it is in a block; nothing where the record leaves it
}

// newElement is what a record has in its block.
func newElement(kind elementKind, num int64, id string, packed []byte) element {
	b := make([]byte, 0, 5+len(id)+len(packed))
	b = append(b, byte(num%blockRecords), byte(kind), byte(len(id))) //nolint:gosec // ids are short
	b = binary.AppendUvarint(b, uint64(len(packed)))
	b = append(append(b, id...), packed...)
	return element{num: num, whole: b}
}

// nodeOf is what traversal reads of an entity.
func nodeOf(num int64, id string, placeholder bool) element {
	if placeholder {
		return newElement(placeholderElement, num, id, nil)
	}
	return newElement(nodeElement, num, id, nil)
}

// linkOf is what traversal reads of a link between two records.
func linkOf(num int64, r *evidence.Record, v *vocabulary.Vocabulary, from, to int64) element {
	l := featuresOf(r, v)
	return newElement(linkElement, num, string(r.ID()), l.pack(from, to))
}

// elementOf is what traversal reads of any record; without content where that is
// nothing.
func elementOf(r *evidence.Record, num int64, v *vocabulary.Vocabulary, numOf func(evidence.ID) (int64, error)) (element, error) {
	if entity, ok := r.Content.(*evidence.Entity); ok {
		return nodeOf(num, string(entity.ID), entity.Identity.IsPlaceholder()), nil
	}
	if !traversed(r) {
		return element{num: num}, nil
	}
	c := r.Claim()
	from, err := numOf(c.From)
	if err != nil {
		return element{}, err
	}
	to, err := numOf(c.To)
	return linkOf(num, r, v, from, to), err
}

var errDamagedBlock = errors.New("what traversal reads is damaged")

// unblock calls do for what is in a block, in the order of the records. The
// element is do's only until it returns; the bytes that it leads to stay.
func unblock(block int64, b []byte, do func(*element) error) error {
	damaged := func(what string) error {
		return fmt.Errorf("%w: of records %d to %d %s; run `vinculo verify`", errDamagedBlock, block*blockRecords, (block+1)*blockRecords-1, what)
	}
	if len(b) <= checksumSize {
		return damaged("nothing is there")
	}
	rest := b[checksumSize:]
	if crc32.Checksum(rest, castagnoli) != binary.LittleEndian.Uint32(b) {
		return damaged("the checksum is another")
	}
	var e element // one for all: it is known only to do
	for last := -1; len(rest) > 0; {
		if len(rest) < 4 {
			return damaged("the last is cut short")
		}
		length, read := binary.Uvarint(rest[3:])
		if read <= 0 || length > uint64(len(rest)) {
			return damaged("one is cut short")
		}
		head := 3 + read
		id := head + int(rest[2])
		end := id + int(length) //nolint:gosec // at most what is left
		place := int(rest[0])
		switch {
		case end > len(rest):
			return damaged("one is cut short")
		case place <= last || place >= blockRecords:
			return damaged("they are in no order")
		case elementKind(rest[1]) > linkElement:
			return damaged("one is neither an entity nor a link")
		}
		last = place
		e = element{num: block*blockRecords + int64(place), kind: elementKind(rest[1]), id: rest[head:id], packed: rest[id:end], whole: rest[:end]}
		rest = rest[end:]
		if err := do(&e); err != nil {
			return err
		}
	}
	return nil
}

// block reads one block, which may not be there.
func (c *conn) block(ctx context.Context, num int64) (all []element, err error) {
	_, err = c.one(ctx, "SELECT content FROM block WHERE num = ?", []any{num}, func(r row) error {
		return unblock(num, r.bytes(0), func(e *element) error {
			all = append(all, *e)
			return nil
		})
	})
	return all, err
}

// writeBlocks puts what traversal reads of records into their blocks, in place of
// what was there of the same ones. Of several for one record the last counts. It
// sorts what it is given.
func (c *conn) writeBlocks(ctx context.Context, changed []element) error {
	byRecord := func(a, b element) int { return cmp.Compare(a.num, b.num) }
	slices.SortStableFunc(changed, byRecord)
	var b []byte
	for len(changed) > 0 {
		num := changed[0].num / blockRecords
		n, _ := slices.BinarySearchFunc(changed, (num+1)*blockRecords, func(e element, first int64) int { return cmp.Compare(e.num, first) })
		all, err := c.block(ctx, num)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			all = changed[:n]
		} else {
			all = append(all, changed[:n]...)
			slices.SortStableFunc(all, byRecord)
		}
		changed = changed[n:]
		b = binary.LittleEndian.AppendUint32(b[:0], 0) // room for the checksum
		for i := range all {
			if i+1 == len(all) || all[i+1].num != all[i].num {
				b = append(b, all[i].whole...)
			}
		}
		if len(b) == checksumSize {
			err = c.exec(ctx, "DELETE FROM block WHERE num = ?", num)
		} else {
			binary.LittleEndian.PutUint32(b, crc32.Checksum(b[checksumSize:], castagnoli))
			err = c.exec(ctx, "INSERT OR REPLACE INTO block (num, content) VALUES (?, ?)", num, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce is how many rows of the former tables are put into blocks at a time.
const rowsAtOnce = 1 << 16

// makeBlocks makes blocks of the tables node and edge, which then go.
func (c *conn) makeBlocks(ctx context.Context, _ *vocabulary.Vocabulary) error {
	nodes := func(r row) element { return nodeOf(r.int(0), r.text(1), r.int(2) != 0) }
	if err := c.blocksOf(ctx, "SELECT num, id, placeholder FROM node WHERE num >= ? ORDER BY num", nodes); err != nil {
		return err
	}
	links := func(r row) element { return newElement(linkElement, r.int(0), r.text(1), r.bytes(2)) }
	if err := c.blocksOf(ctx, "SELECT num, id, data FROM edge WHERE num >= ? ORDER BY num", links); err != nil {
		return err
	}
	return c.script(ctx, "DROP TABLE node; DROP TABLE edge")
}

// blocksOf puts the rows of a query, which is given the least number of a record,
// into blocks.
func (c *conn) blocksOf(ctx context.Context, query string, of func(row) element) error {
	for next, more := int64(0), true; more; {
		var all []element
		more = false
		err := c.query(ctx, query, []any{next}, func(r row) error {
			if len(all) == rowsAtOnce {
				next, more = r.int(0), true
				return errEnough
			}
			all = append(all, of(r))
			return nil
		})
		if err == nil {
			err = c.writeBlocks(ctx, all)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knownNumbers is how many numbers of records are kept in memory while blocks are
// compared with the records, whose links speak of ids.
const knownNumbers = 1 << 20

// renewBlocks has all blocks say what the records say.
func (c *conn) renewBlocks(ctx context.Context, v *vocabulary.Vocabulary) error {
	most := int64(0)
	if _, err := c.one(ctx, "SELECT max(num) FROM record", nil, func(r row) error { most = r.int(0); return nil }); err != nil {
		return err
	}
	nums := map[evidence.ID]int64{}
	numOf := func(id evidence.ID) (int64, error) {
		if num, ok := nums[id]; ok {
			return num, nil
		}
		if len(nums) == knownNumbers {
			clear(nums)
		}
		_, err := c.one(ctx, "SELECT num FROM record WHERE id = ?", []any{string(id)}, func(r row) error {
			nums[id] = r.int(0)
			return nil
		})
		return nums[id], err
	}
	for block := range most/blockRecords + 1 {
		kept, err := c.block(ctx, block)
		if errors.Is(err, errDamagedBlock) {
			kept, err = nil, c.exec(ctx, "DELETE FROM block WHERE num = ?", block)
		}
		if err != nil {
			return err
		}
		changed, err := c.outdated(ctx, block, kept, func(num int64, r *evidence.Record) (element, error) { return elementOf(r, num, v, numOf) })
		if err == nil {
			err = c.writeBlocks(ctx, changed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outdated gives, for the records of a block of which something else is kept than of
// gives, what it gives. A record that does not decode keeps what it has: who reads it is
// told.
func (c *conn) outdated(ctx context.Context, block int64, kept []element, of func(int64, *evidence.Record) (element, error)) (changed []element, err error) {
	whole := make(map[int64][]byte, len(kept))
	for _, e := range kept {
		whole[e.num] = e.whole
	}
	err = c.query(ctx, "SELECT num, type, from_seq, to_seq, derived, content FROM record WHERE num >= ? AND num < ?", []any{block * blockRecords, (block + 1) * blockRecords}, func(r row) error {
		num := r.int(0)
		record, err := recordOf(narrow[evidence.RecordType](r.int(1)), r.int(2), r.int(3), r.bytes(4), r.bytes(5))
		if err != nil {
			return nil //nolint:nilerr // as was said
		}
		is, err := of(num, record)
		if err == nil && !bytes.Equal(whole[num], is.whole) {
			changed = append(changed, is)
		}
		return err
	})
	return changed, err
}
