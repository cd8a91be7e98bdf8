package sqlite

import (
	"context"
	"fmt"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
)

// first is a first load: many revisions written to an empty store in one
// transaction, which nobody sees before all of it is there.
//
// What makes it faster than so many writes: ids are looked up in memory, since
// all of them are there; the index of ids and the lists are made at the end,
// sorted; and one goroutine plans (the caller's), one makes rows, and one writes
// them. It lasts as long as revisions only add records. At the first that does
// anything else, or asks for what depends on a record, it is settled, and the
// transaction goes on as any other.
type first struct {
	t       *transaction
	numbers numbers
	// asked are the records that are asked for again and again, entities and sources,
	// by number; nil for others, and for those let go of when they became too many.
	asked   []*evidence.Record
	kept    int             // how many of them there are
	keys    map[string]bool // of its revisions
	settled bool

	jobs   chan job
	pieces chan piece
	empty  chan gathered // those of pieces that are written
	work   sync.WaitGroup

	mu  sync.Mutex
	err error // the first that a worker met

	// What the workers leave for the end.
	tables
	runs     *runs
	later    gathered // words, and what traversal reads, that are not yet written
	counters counters
}

// job is a revision of which rows are to be made, or a question whether all
// before it are written.
type job struct {
	commit *evidence.Commit
	after  int64 // the records made by it have the numbers after this one
	done   chan struct{}
}

// piece is a part of a job, to be written.
type piece struct {
	gathered
	revision *evidence.Revision // set on the last of its pieces
	sealed   <-chan seal
	touched  []byte
	done     chan struct{}
}

// Words are gathered in memory of the first size, in bytes, before SQLite writes
// them: fewer and larger segments have to be merged less often. The second is
// SQLite's own figure.
const (
	loadedWords = "INSERT INTO words (words, rank) VALUES ('hashsize', 33554432)"
	usualWords  = "INSERT INTO words (words, rank) VALUES ('hashsize', 1048576)"
)

// beginFirst makes a transaction on an empty store a first load, of about so many
// records.
func beginFirst(ctx context.Context, t *transaction, records int) (*first, error) {
	f := &first{
		t: t, numbers: newNumbers(), keys: map[string]bool{}, jobs: make(chan job, 1), pieces: make(chan piece, 4), empty: make(chan gathered, 4),
		runs: newRuns(&t.store.limits, t.store.folder()),
	}
	if err := f.setAside(ctx); err != nil {
		return nil, err
	}
	f.numbers.room(records)
	limits := &t.store.limits
	f.later.words = make([]wordsOf, 0, min(records, limits.firstWords+limits.piece))
	f.later.elements = make([]element, 0, min(records, limits.firstElements+limits.piece))
	f.work.Go(f.gather)
	f.work.Go(func() { f.write(ctx) })
	return f, nil
}

// fail keeps the first error of a worker; both go on taking what they are given,
// so that nobody waits for them in vain.
func (f *first) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *first) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// add hands a planned revision on. The plans after it find it.
func (f *first) add(ctx context.Context, commit *evidence.Commit) error {
	if !f.settled && !onlyAdds(commit) {
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	if f.settled {
		return f.t.add(ctx, commit)
	}
	g, rev := f.t.graph, commit.Revision
	if rev.Sequence() != g.head.Sequence+1 {
		return fmt.Errorf("a revision at sequence %d was planned after one at %d", rev.Sequence(), g.head.Sequence)
	}
	after := f.numbers.add(commit.Transitions)
	f.asked = append(f.asked, make([]*evidence.Record, int(after)+1+len(commit.Transitions)-len(f.asked))...)
	num := after
	for i := range commit.Transitions {
		r := commit.Transitions[i].After
		num++
		switch r.Content.Type() {
		case evidence.EntityRecord, evidence.SourceRecord:
			f.keep(num, r)
		}
		f.t.note(r, num, rev.Sequence())
	}
	if rev.Key != "" {
		f.keys[rev.Key] = true
	}
	g.head = rev.Head()
	f.jobs <- job{commit: commit, after: after}
	return f.failed()
}

// keep keeps a record that may be asked for.
func (f *first) keep(num int64, r *evidence.Record) {
	if f.kept > f.t.store.limits.firstWritten {
		clear(f.asked)
		f.kept = 0
	}
	f.asked[num] = r
	f.kept++
}

// onlyAdds says whether a revision does nothing but add records.
func onlyAdds(commit *evidence.Commit) bool {
	for i := range commit.Transitions {
		if commit.Transitions[i].Before != nil {
			return false
		}
	}
	return commit.Erasing == nil
}

// gather makes rows.
func (f *first) gather() {
	defer close(f.pieces)
	for j := range f.jobs {
		switch {
		case j.done != nil:
			f.pieces <- piece{done: j.done}
		case f.failed() == nil:
			if err := f.gatherOne(j); err != nil {
				f.fail(err)
			}
		}
	}
}

func (f *first) gatherOne(j job) error {
	sealed := sealing(j.commit.Revision)
	at, num := j.commit.Revision.Sequence(), j.after
	touched := make([]int64, len(j.commit.Transitions))
	for start, size := 0, f.t.store.limits.piece; start < len(touched); start += size {
		n := min(size, len(touched)-start)
		f.runs.room(4 * n)
		p := piece{gathered: f.blank(n)}
		p.places = f.runs.open
		f.numbers.mu.RLock()
		for i := start; i < start+n; i++ {
			num++
			touched[i] = num
			if err := p.insert(j.commit.Transitions[i].After, num, at); err != nil {
				f.numbers.mu.RUnlock()
				return err
			}
		}
		f.numbers.mu.RUnlock()
		f.runs.open, p.places = p.places, nil
		if err := f.runs.full(); err != nil {
			return err
		}
		f.pieces <- p
	}
	f.numbers.mu.RLock()
	err := f.counters.add(j.commit.Counters, f.numbers.of)
	f.numbers.mu.RUnlock()
	f.pieces <- piece{revision: j.commit.Revision, sealed: sealed, touched: packNums(touched)}
	return err
}

// blank is empty, for so many records.
func (f *first) blank(records int) gathered {
	select {
	case g := <-f.empty:
		return g
	default:
		return gathered{
			vocabulary: f.t.store.vocabulary, numOf: f.numbers.of,
			records: make([]recordRow, 0, records), elements: make([]element, 0, records/2), words: make([]wordsOf, 0, records),
		}
	}
}

// write writes rows.
func (f *first) write(ctx context.Context) {
	for p := range f.pieces {
		if f.failed() == nil {
			if err := f.writeOne(ctx, &p); err != nil {
				f.fail(err)
			}
		}
		if p.done != nil {
			close(p.done)
		}
	}
}

func (f *first) writeOne(ctx context.Context, p *piece) error {
	c, later, limits := f.t.conn, &f.later, &f.t.store.limits
	later.words, later.elements = append(later.words, p.words...), append(later.elements, p.elements...)
	if err := f.addRecords(ctx, &p.gathered); err != nil {
		return err
	}
	if len(later.words) >= limits.firstWords {
		if err := later.flushWords(ctx, c); err != nil {
			return err
		}
	}
	// By many at once they lie side by side in the file, and are read from it in
	// large pieces at a start.
	if len(later.elements) >= limits.firstElements {
		if err := later.flushElements(ctx, c); err != nil {
			return err
		}
	}
	if p.revision != nil {
		return writeRevision(ctx, c, p.revision, p.sealed, p.touched)
	}
	if p.done == nil {
		p.again()
		select {
		case f.empty <- p.gathered:
		default:
		}
	}
	return nil
}

// drain waits until all that was added is in the file, so that the caller may
// read it on the connection, before it adds more.
func (f *first) drain() error {
	done := make(chan struct{})
	f.jobs <- job{done: done}
	<-done
	return f.failed()
}

// stop ends the workers. It is harmless to call it again.
func (f *first) stop() error {
	if !f.settled {
		f.settled = true
		close(f.jobs)
	}
	f.work.Wait()
	return f.failed()
}

// settle writes what was left for the end: the transaction is then as if each
// revision had been written by itself.
func (f *first) settle(ctx context.Context) error {
	if f.settled {
		return f.failed()
	}
	defer f.runs.close()
	if err := f.stop(); err != nil {
		return err
	}
	c := f.t.conn
	err := f.later.flushWords(ctx, c)
	if err == nil {
		err = f.later.flushElements(ctx, c)
	}
	if err == nil {
		err = c.script(ctx, usualWords)
	}
	if err == nil {
		err = f.makeTables(ctx)
	}
	if err != nil {
		f.fail(err)
	}
	f.t.next, f.asked = f.numbers.last(), nil
	return err
}

// numbers are the numbers of all records of a first load, from 1 on, by id.
// Who adds holds the lock for writing; who looks up on another goroutine than
// the one that adds holds it for reading.
type numbers struct {
	mu   sync.RWMutex
	ids  texts
	refs []textRef
	byID index
}

func newNumbers() numbers { return numbers{byID: newIndex()} }

// room makes room for so many records, which is quicker than to grow to them.
func (n *numbers) room(records int) {
	n.refs = make([]textRef, 0, records)
	n.byID.room(records, n.text)
}

func (n *numbers) text(i uint32) string { return n.ids.get(n.refs[i]) }

func (n *numbers) last() int64 { return int64(len(n.refs)) }

// add gives numbers to new records, in their order; they are those after the
// number that is returned.
func (n *numbers) add(transitions []evidence.Transition) (after int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	after = n.last()
	for i := range transitions {
		n.refs = append(n.refs, n.ids.add(string(transitions[i].After.ID())))
		n.byID.add(uint32(len(n.refs)-1), n.text) //nolint:gosec // memory ends before
	}
	return after
}

func (n *numbers) find(id evidence.ID) (int64, bool) {
	i, ok := n.byID.find(string(id), n.text)
	return int64(i) + 1, ok
}

// of is the number of a record that is there.
func (n *numbers) of(id evidence.ID) (int64, error) {
	if num, ok := n.find(id); ok {
		return num, nil
	}
	return 0, fmt.Errorf("the change depends on %q, which was never written", id)
}

// firstSnapshot implements evidence.Snapshot on a first load.
type firstSnapshot struct{ *first }

var _ evidence.Snapshot = firstSnapshot{}

func (s firstSnapshot) ordinary() snapshot { return snapshot{s.t.graph} }

// Head implements evidence.Snapshot.
func (s firstSnapshot) Head(context.Context) (evidence.Head, error) { return s.t.head, nil }

// Newest implements evidence.Snapshot.
func (s firstSnapshot) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	if s.settled {
		return s.ordinary().Newest(ctx, ids, before)
	}
	found := make(map[evidence.ID]*evidence.Record, min(len(ids), s.kept))
	note := func(id evidence.ID, r *evidence.Record) {
		if r.From < before { // else it has no version before that
			found[id] = r
		}
	}
	var missing []int64
	for _, id := range ids {
		num, ok := s.numbers.find(id)
		if !ok {
			continue
		}
		if r := s.asked[num]; r != nil {
			note(id, r)
		} else {
			missing = append(missing, num)
		}
	}
	if len(missing) > 0 {
		err := s.drain()
		if err == nil {
			err = s.readRecords(ctx)
		}
		if err != nil {
			return nil, s.t.store.wrap(err)
		}
		err = inBatches(ctx, s.t.graph, "SELECT "+recordColumns+" FROM record WHERE num IN ", missing, func(r row) error {
			e, err := entryOf(r)
			if err == nil {
				s.keep(r.int(0), e.record)
				note(evidence.ID(r.text(1)), e.record)
			}
			return err
		})
		if err != nil {
			return nil, s.t.store.wrap(err)
		}
	}
	return found, nil
}

// Related implements evidence.Snapshot. There are no lists to answer it from
// before all of them are made.
func (s firstSnapshot) Related(ctx context.Context, relation evidence.Relation, ids []evidence.ID, limit int) ([]*evidence.Record, error) {
	if err := s.settle(ctx); err != nil {
		return nil, s.t.store.wrap(err)
	}
	return s.ordinary().Related(ctx, relation, ids, limit)
}

// Revision implements evidence.Snapshot.
func (s firstSnapshot) Revision(ctx context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	if !s.settled {
		if ref.Sequence == 0 && ref.Key != "" && !s.keys[ref.Key] {
			return nil, evidence.ErrNotFound
		}
		if err := s.drain(); err != nil {
			return nil, s.t.store.wrap(err)
		}
	}
	return s.ordinary().Revision(ctx, ref)
}
