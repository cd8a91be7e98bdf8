package sqlite

import (
	"bufio"
	"container/heap"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// runs sort more rows of lists than memory should hold: sorted runs, but for the
// first few, go to temporary files. They are merged in the end.
type runs struct {
	limit  int // rows of one run
	most   int // how many stay in memory beside the last
	folder string
	open   []place // the last run
	order  placeOrder
	held   []*run
	files  []*os.File
}

func newRuns(l *limits, folder string) *runs {
	return &runs{limit: l.runPlaces, most: l.runsHeld, folder: folder}
}

// room makes room for more rows of the last run, which grows by doubling: so long
// a slice is not to be copied often.
func (r *runs) room(more int) {
	if cap(r.open)-len(r.open) < more {
		r.open = slices.Grow(r.open, max(more, len(r.open)))
	}
}

// full ends the last run if it is as long as it may be.
func (r *runs) full() error {
	if len(r.open) < r.limit {
		return nil
	}
	if len(r.held) < r.most {
		r.held = append(r.held, r.sorted())
		r.open = make([]place, 0, cap(r.open))
		return nil
	}
	err := r.spill()
	clear(r.open)
	r.open = r.open[:0]
	return err
}

// sorted is the last run, in memory.
func (r *runs) sorted() *run {
	order := make([]uint32, len(r.open))
	for i, next := range r.order.of(r.open) {
		order[i] = next.at
	}
	return &run{rows: r.open, left: order}
}

// spill writes the last run to a file, which has no name any more where the
// system allows that, so that nothing is left of it whatever happens.
func (r *runs) spill() (err error) {
	sorted := r.order.of(r.open)
	file, err := os.CreateTemp(r.folder, "vinculo-load-*")
	if err != nil {
		return fmt.Errorf("sorting lists needs a temporary file: %w", err)
	}
	r.files = append(r.files, file)
	_ = os.Remove(file.Name()) // else it goes in close
	out := bufio.NewWriterSize(file, 1<<20)
	var b []byte
	for i := range sorted {
		p := &r.open[sorted[i].at]
		b = binary.AppendVarint(b[:0], p.anchor)
		b = append(b, byte(p.slot))
		b = binary.AppendVarint(b, p.num)
		b = binary.AppendUvarint(b, uint64(len(p.key)))
		b = append(b, p.key...)
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("sorting lists: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("sorting lists: %w", err)
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}

// close gives up the files.
func (r *runs) close() {
	for _, f := range r.files {
		_ = f.Close()
		_ = os.Remove(f.Name()) // where it still has a name
	}
	r.files = nil
}

// merge gives all rows in order, each once.
func (r *runs) merge() (*merge, error) {
	m := &merge{left: append(r.held, r.sorted())}
	for _, f := range r.files {
		m.left = append(m.left, &run{from: bufio.NewReaderSize(f, 1<<18)})
	}
	whole := m.left[:0]
	for _, run := range m.left {
		ok, err := run.next()
		if err != nil {
			return nil, err
		}
		if ok {
			whole = append(whole, run)
		}
	}
	m.left = whole
	heap.Init(&m.left)
	return m, nil
}

// run is what is left of a run, in memory or in a file.
type run struct {
	place // the next row
	rows  []place
	left  []uint32 // those of the rows that are left, in order
	from  *bufio.Reader
}

func (r *run) next() (bool, error) {
	if r.from == nil {
		if len(r.left) == 0 {
			return false, nil
		}
		r.place, r.left = r.rows[r.left[0]], r.left[1:]
		return true, nil
	}
	anchor, err := binary.ReadVarint(r.from)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	slot, err1 := r.from.ReadByte()
	num, err2 := binary.ReadVarint(r.from)
	length, err3 := binary.ReadUvarint(r.from)
	if err = errors.Join(err, err1, err2, err3); err == nil {
		key := make([]byte, length)
		_, err = io.ReadFull(r.from, key)
		r.place = place{anchor: anchor, slot: int64(slot), key: string(key), num: num}
	}
	if err != nil {
		return false, fmt.Errorf("sorting lists: a temporary file does not read: %w", err)
	}
	return true, nil
}

// merge gives the rows of sorted runs in order.
type merge struct {
	left  runHeap
	now   place
	begun bool
}

func (m *merge) next() (bool, error) {
	for len(m.left) > 0 {
		p := m.left[0].place
		ok, err := m.left[0].next()
		switch {
		case err != nil:
			return false, err
		case !ok:
			heap.Pop(&m.left)
		case len(m.left) > 1:
			heap.Fix(&m.left, 0)
		}
		if m.begun && comparePlaces(p, m.now) == 0 {
			continue
		}
		m.now, m.begun = p, true
		return true, nil
	}
	return false, nil
}

// merging gives the rows of a merge, which goes on beside what is done with them,
// as SQLite takes them. It implements rows.
type merging struct {
	batches <-chan []placeValues
	quit    chan struct{}
	batch   []placeValues // what is left of one, from the present row on
	begun   bool
	err     error // of the merge; to be read when batches is closed
}

// placeValues are the columns of a row.
type placeValues [4]driver.Value

// mergedBatch is how many rows are handed over at a time.
const mergedBatch = 1024

// ahead starts a merge. Whoever reads of it ends it with stop.
func (m *merge) ahead() *merging {
	batches := make(chan []placeValues, 8)
	to := &merging{batches: batches, quit: make(chan struct{})}
	go func() {
		defer close(batches)
		for more := true; more; {
			batch := make([]placeValues, 0, mergedBatch)
			for len(batch) < mergedBatch {
				if more, to.err = m.next(); !more {
					break
				}
				batch = append(batch, placeValues{m.now.anchor, m.now.slot, m.now.key, m.now.num})
			}
			select {
			case batches <- batch:
			case <-to.quit:
				return
			}
		}
	}()
	return to
}

func (m *merging) next() (bool, error) {
	if m.begun {
		m.batch = m.batch[1:]
	}
	m.begun = true
	for len(m.batch) == 0 {
		batch, ok := <-m.batches
		if !ok {
			m.begun = false
			return false, m.err
		}
		m.batch = batch
	}
	return true, nil
}

func (m *merging) column(i int) driver.Value { return m.batch[0][i] }

func (m *merging) stop() { close(m.quit) }

// runHeap implements heap.Interface: the run with the least row comes first.
type runHeap []*run

// Len implements heap.Interface.
func (h runHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h runHeap) Less(i, j int) bool { return comparePlaces(h[i].place, h[j].place) < 0 }

// Swap implements heap.Interface.
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *runHeap) Push(x any) { *h = append(*h, x.(*run)) } //nolint:forcetypeassert // only runs are pushed

// Pop implements heap.Interface.
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
