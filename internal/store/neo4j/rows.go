package neo4j

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// send runs a query in a transaction and collects its answer.
func send(ctx context.Context, tx driver.ManagedTransaction, q query, params map[string]any) ([]*driver.Record, error) {
	text, params := q.asked(params)
	result, err := tx.Run(ctx, text, params)
	if err != nil {
		return nil, err
	}
	rows, err := result.Collect(ctx)
	return q.rows(rows), err
}

func textOf(r *driver.Record, column string) string {
	v, _ := r.Get(column)
	s, _ := v.(string)
	return s
}

func numberOf(r *driver.Record, column string) int64 {
	v, _ := r.Get(column)
	n, _ := v.(int64)
	return n
}

func bytesOf(r *driver.Record, column string) []byte {
	v, _ := r.Get(column)
	b, _ := v.([]byte)
	return b
}

func listOf(r *driver.Record, column string) []any {
	v, _ := r.Get(column)
	l, _ := v.([]any)
	return l
}

// vanished says that a row is of a record that was erased while it was read, of which
// Neo4j then gives the node and nothing that was in it.
func vanished(r *driver.Record, column string) bool {
	v, there := r.Get(column)
	return there && v == nil
}

// newRecord reads one row of `result`. In the past only the present clearance, the
// key and the check are derived.
func newRecord(r *driver.Record, past bool) (*evidence.Record, error) {
	content, err := evidence.DecodeContent(typeOfSlot(numberOf(r, "slot")), bytesOf(r, "data"))
	if err != nil {
		return nil, err
	}
	record := &evidence.Record{Content: content, From: evidence.Sequence(numberOf(r, "revision")), To: evidence.Open} //nolint:gosec // written from a sequence
	if v, _ := r.Get("closedBy"); v != nil {
		record.To = evidence.Sequence(numberOf(r, "closedBy")) //nolint:gosec // as above
	}
	derived := bytesOf(r, "derived")
	if past && derived == nil { // as of most, which have no check
		record.Derived = thenDerived(r, nil)
		return record, nil
	}
	record.Derived, err = decodeDerived(numberOf(r, "slot"), textOf(r, "key"), derived)
	if past {
		record.Derived = thenDerived(r, record.Derived.Check)
	}
	return record, err
}

func thenDerived(r *driver.Record, check *evidence.QuoteCheck) evidence.Derived {
	return evidence.Derived{Now: evidence.Clearance(numberOf(r, "now")), Key: textOf(r, "key"), Check: check} //nolint:gosec // 0 to 2
}

func headProperties(h evidence.Head) map[string]any {
	latest := make([]int64, len(h.Latest))
	for i, n := range h.Latest {
		latest[i] = int64(n) //nolint:gosec // counts revisions
	}
	return map[string]any{"sequence": int64(h.Sequence), "hash": h.Hash.String(), "time": h.Time.UTC().Format(time.RFC3339Nano), "latest": latest} //nolint:gosec // below Open
}

func newHead(r *driver.Record) (h evidence.Head, err error) {
	h.Sequence = evidence.Sequence(numberOf(r, "sequence")) //nolint:gosec // written from a sequence
	if h.Hash, err = ledger.ParseHash(textOf(r, "hash")); err != nil {
		return h, fmt.Errorf("the head of the log in Neo4j does not read: %w; run `vinculo verify`", err)
	}
	if h.Time, err = time.Parse(time.RFC3339Nano, textOf(r, "time")); err != nil {
		return h, fmt.Errorf("the head of the log in Neo4j does not read: %w; run `vinculo verify`", err)
	}
	h.Time = h.Time.UTC()
	h.Latest = latestOf(r)
	return h, nil
}

func latestOf(r *driver.Record) (latest [evidence.Clearances]uint64) {
	for i, n := range listOf(r, "latest") {
		if n, ok := n.(int64); ok && i < len(latest) {
			latest[i] = uint64(n) //nolint:gosec // written from a count
		}
	}
	return latest
}

// revisionProperties are what the node of a revision has. Author and reason are
// there for people; the payload is compressed (zstd, RFC 8878).
func revisionProperties(r *evidence.Revision) (map[string]any, error) {
	leaves, err := evidence.AppendLeaves(nil, r)
	if err != nil {
		return nil, err
	}
	meta, err := r.Meta()
	if err != nil {
		return nil, err
	}
	p := headProperties(r.Head())
	p["previous"], p["root"], p["leafCount"] = r.Header.Previous.String(), r.Header.Root.String(), int64(r.Header.Leaves)
	p["key"], p["author"], p["reason"] = orNil(r.Key), orNil(meta.Author), orNil(meta.Reason)
	p["leaves"] = pack(leaves)
	for c, number := range numbers {
		p[number] = orNil(int64(r.Numbers[c])) //nolint:gosec // counts revisions
	}
	return p, nil
}

// newRevision reads one row of revisionResult, with its leaves where the row has
// them.
func newRevision(r *driver.Record) (*evidence.Revision, error) { return revisionWith(r, 0) }

// revisionWith is newRevision, but unpacks no more than some leaves where there is such
// a number.
func revisionWith(r *driver.Record, most int) (*evidence.Revision, error) {
	unreadable := func(err error) error {
		return fmt.Errorf("the revision at sequence %d in Neo4j does not read: %w; run `vinculo verify`", numberOf(r, "sequence"), err)
	}
	rev := &evidence.Revision{Key: textOf(r, "key"), Latest: latestOf(r)}
	rev.Header.Sequence, rev.Header.Leaves = uint64(numberOf(r, "sequence")), uint32(numberOf(r, "leafCount")) //nolint:gosec // written from these types
	for column, hash := range map[string]*ledger.Hash{"previous": &rev.Header.Previous, "root": &rev.Header.Root, "hash": &rev.Hash} {
		var err error
		if *hash, err = ledger.ParseHash(textOf(r, column)); err != nil {
			return nil, unreadable(err)
		}
	}
	at, err := time.Parse(time.RFC3339Nano, textOf(r, "time"))
	if err != nil {
		return nil, unreadable(err)
	}
	rev.Header.Time = at.UTC()
	for i, n := range listOf(r, "numbers") {
		if n, ok := n.(int64); ok && i < len(rev.Numbers) {
			rev.Numbers[i] = uint64(n) //nolint:gosec // written from a count
		}
	}
	packed := bytesOf(r, "leaves")
	switch {
	case packed == nil:
		return rev, nil
	case most > 0:
		d := unpackers.Get().(*zstd.Decoder) //nolint:forcetypeassert // nothing else is put there
		defer unpackers.Put(d)
		if err := d.Reset(bytes.NewReader(packed)); err != nil {
			return nil, unreadable(err)
		}
		return rev, evidence.DecodeFirstLeaves(rev, d, most)
	}
	leaves, err := unpack(packed)
	if err != nil {
		return nil, unreadable(err)
	}
	return rev, evidence.DecodeLeaves(rev, leaves)
}

var (
	packer   = must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)))
	unpacker = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(0)))
)

// unpackers unpack as much as is read.
var unpackers = sync.Pool{New: func() any {
	return must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)))
}}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("neo4j: the options of the compression are wrong: %v", err))
	}
	return v
}

func pack(b []byte) []byte { return packer.EncodeAll(b, nil) }

func unpack(b []byte) ([]byte, error) { return unpacker.DecodeAll(b, nil) }

// chunked calls a function with each run of at most n elements.
func chunked[T any](list []T, n int, each func([]T) error) error {
	for part := range slices.Chunk(list, n) {
		if err := each(part); err != nil {
			return err
		}
	}
	return nil
}
