package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// revisionColumns come without the payload, which may be long.
const revisionColumns = "seq, hash, previous, time, root, leaves, n0, n1, n2, l0, l1, l2, key"

// revisionOf reads a row of revisionColumns, and the payload where the row has it.
func revisionOf(r row) (*evidence.Revision, error) {
	rev := headerOf(r)
	if len(r) == payloadColumn {
		return rev, nil
	}
	payload, err := unpacker.DecodeAll(r.bytes(payloadColumn), nil)
	if err != nil {
		return rev, fmt.Errorf("the payload of the revision at sequence %d does not read: %w; run `vinculo verify`", rev.Header.Sequence, err)
	}
	return rev, evidence.DecodeLeaves(rev, payload)
}

// beginningOf reads a row of revisionColumns with the payload, of which it unpacks no
// more than some leaves.
func beginningOf(r row, most int) (*evidence.Revision, error) {
	rev := headerOf(r)
	d := unpackers.Get().(*zstd.Decoder) //nolint:forcetypeassert // nothing else is put there
	defer unpackers.Put(d)
	if err := d.Reset(bytes.NewReader(r.bytes(payloadColumn))); err != nil {
		return nil, err
	}
	return rev, evidence.DecodeFirstLeaves(rev, d, most)
}

// unpackers unpack as much as is read.
var unpackers = sync.Pool{New: func() any {
	d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(4<<30))
	return d
}}

// payloadColumn is behind revisionColumns.
const payloadColumn = 13

func headerOf(r row) *evidence.Revision {
	rev := &evidence.Revision{
		Header: ledger.Header{Sequence: uint64(r.int(0)), Time: time.UnixMicro(r.int(3)).UTC(), Leaves: narrow[uint32](r.int(5))}, //nolint:gosec // as they were written
		Key:    r.text(12),
	}
	copy(rev.Hash[:], r.bytes(1))
	copy(rev.Header.Previous[:], r.bytes(2))
	copy(rev.Header.Root[:], r.bytes(4))
	for c := range evidence.Clearances {
		rev.Numbers[c], rev.Latest[c] = uint64(r.int(6+c)), uint64(r.int(9+c)) //nolint:gosec // never negative
	}
	return rev
}

// packer and unpacker hold no state between calls and may be used at once. Half of what
// is packed are salts and hashes, which do not get smaller: the level after this one
// takes twice as long for a thousandth less.
var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(4<<30))
)

// readHead reads the state of the log.
func (c *conn) readHead(ctx context.Context) (head evidence.Head, err error) {
	_, err = c.one(ctx, "SELECT seq, hash, time, l0, l1, l2 FROM revision ORDER BY seq DESC LIMIT 1", nil, func(r row) error {
		head.Sequence, head.Time = evidence.Sequence(r.int(0)), time.UnixMicro(r.int(2)).UTC() //nolint:gosec // never negative
		copy(head.Hash[:], r.bytes(1))
		for i := range evidence.Clearances {
			head.Latest[i] = uint64(r.int(3 + i)) //nolint:gosec // never negative
		}
		return nil
	})
	return head, err
}

// numberColumn is the column of revision numbers at a clearance.
var numberColumn = [evidence.Clearances]string{"n0", "n1", "n2"}

// revision gives one revision with its leaves, or evidence.ErrNotFound.
func (g *graph) revision(ctx context.Context, ref evidence.RevisionRef) (rev *evidence.Revision, err error) {
	where, arg := "seq", any(int64(ref.Sequence)) //nolint:gosec // never that large
	switch {
	case ref.Sequence != 0:
	case ref.Key != "":
		where, arg = "key", ref.Key
	case ref.Number != 0 && int(ref.Clearance) < evidence.Clearances:
		column := numberColumn[ref.Clearance]
		where, arg = column+" > 0 AND "+column, int64(ref.Number) //nolint:gosec // never that large
	default:
		return nil, evidence.ErrNotFound
	}
	found, err := g.conn.one(ctx, "SELECT "+revisionColumns+", payload FROM revision WHERE "+where+" = ?", []any{arg}, func(r row) (err error) {
		rev, err = revisionOf(r)
		return err
	})
	if err == nil && !found {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return rev, nil
}

// Head implements store.Store.
func (s *Store) Head(ctx context.Context) (head evidence.Head, err error) {
	err = s.briefly(ctx, func(c *conn) (err error) {
		head, err = c.readHead(ctx)
		return err
	})
	return head, err
}

// Log implements store.Store. Between pages it holds no transaction, so that a
// slow reader of the log does not keep the file from being tidied; the log only
// grows, so it misses nothing.
func (s *Store) Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	return s.pagesOfLog(ctx, after, func(read func(*conn) error) error { return s.briefly(ctx, read) })
}

// pagesOfLog yields the revisions after a sequence. Each page is read by a call of
// on.
func (s *Store) pagesOfLog(ctx context.Context, after evidence.Sequence, on func(read func(*conn) error) error) iter.Seq2[*evidence.Revision, error] {
	after = min(after, evidence.Open)
	return func(yield func(*evidence.Revision, error) bool) {
		// The first page is one revision: whoever looks one up reads no further.
		for most := 1; ; most = s.limits.log {
			var page []*evidence.Revision
			size := 0
			err := on(func(c *conn) error {
				return c.query(ctx, "SELECT "+revisionColumns+", payload FROM revision WHERE seq > ? ORDER BY seq"+upTo, []any{int64(after), int64(most)}, func(r row) error { //nolint:gosec // at most Open
					rev, err := revisionOf(r)
					if err != nil {
						return err
					}
					page = append(page, rev)
					if size += len(r.bytes(payloadColumn)); size > s.limits.logBytes {
						return errEnough
					}
					return nil
				})
			})
			for _, rev := range page { // what was read before an error is good
				if !yield(rev, nil) {
					return
				}
				after = rev.Sequence()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// packNums writes record numbers as sorted differences.
func packNums(nums []int64) []byte {
	slices.Sort(nums)
	packed := []byte{} // not NULL where a revision changed no record
	last := int64(0)
	for _, n := range slices.Compact(nums) {
		packed = binary.AppendVarint(packed, n-last)
		last = n
	}
	return packed
}

// unpackNums reads what packNums wrote.
func unpackNums(packed []byte) ([]int64, error) {
	var nums []int64
	for last := int64(0); len(packed) > 0; {
		d, n := binary.Varint(packed)
		if n <= 0 {
			return nil, fmt.Errorf("the list of changed records of a revision does not read")
		}
		packed, last = packed[n:], last+d
		nums = append(nums, last)
	}
	return nums, nil
}

// seal is the payload of a revision as it is stored.
type seal struct {
	payload []byte
	err     error
}

// sealing makes the payload of a revision while something else goes on.
func sealing(rev *evidence.Revision) <-chan seal {
	sealed := make(chan seal, 1)
	go func() {
		plain := borrow()
		payload, err := evidence.AppendLeaves(plain, rev)
		sealed <- seal{packer.EncodeAll(payload, borrow()), err}
		giveBack(payload)
	}()
	return sealed
}

// payloads are pieces of memory that payloads of revisions were made in.
var payloads sync.Pool

func borrow() []byte {
	if b, ok := payloads.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func giveBack(b []byte) { payloads.Put(&b) }

// writeRevision adds a revision to the log. touched is packed.
func writeRevision(ctx context.Context, c *conn, rev *evidence.Revision, sealed <-chan seal, touched []byte) error {
	s := <-sealed
	if s.err != nil {
		return s.err
	}
	var key any
	if rev.Key != "" {
		key = rev.Key
	}
	h := &rev.Header
	args := []any{int64(h.Sequence), rev.Hash[:], h.Previous[:], h.Time.UnixMicro(), h.Root[:], int64(h.Leaves)} //nolint:gosec // never that large
	for _, n := range rev.Numbers {
		args = append(args, int64(n)) //nolint:gosec // never that large
	}
	for _, n := range rev.Latest {
		args = append(args, int64(n)) //nolint:gosec // never that large
	}
	args = append(args, key, s.payload, touched)
	defer giveBack(s.payload) // SQLite has its own copy
	return c.exec(ctx, "INSERT INTO revision ("+revisionColumns+", payload, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", args...)
}

// rekey makes the keys anew by which revisions are found again.
func (c *conn) rekey(ctx context.Context, _ *vocabulary.Vocabulary) error {
	return c.rekeyWhere(ctx, "key IS NOT NULL")
}

// rekeyErasures gives those erasures their keys back that lost them with their reasons.
func (c *conn) rekeyErasures(ctx context.Context, _ *vocabulary.Vocabulary) error {
	return c.rekeyWhere(ctx, "key IS NULL AND leaves = 2")
}

func (c *conn) rekeyWhere(ctx context.Context, condition string) error {
	return c.query(ctx, "SELECT "+revisionColumns+", payload FROM revision WHERE "+condition+" ORDER BY seq", nil, func(r row) error {
		rev, err := revisionOf(r)
		if err != nil {
			return err
		}
		key, err := rev.FoundBy()
		if err != nil || key == rev.Key {
			return err
		}
		return c.exec(ctx, "UPDATE revision SET key = ? WHERE seq = ?", key, r.int(0))
	})
}
