package sqlite

import (
	"bufio"
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

// parts cuts all rows into ranges that can be merged at once, about as long as each
// other, with the row between each and the next. Runs in files are not cut.
func (r *runs) parts(most int) (parts []*merge, between []place, err error) {
	all := append(r.held, r.sorted())
	longest := slices.MaxFunc(all, func(a, b *run) int { return len(a.left) - len(b.left) })
	if len(r.files) > 0 || len(longest.left) < partRows*most {
		most = 1
	}
	for i := 1; i < most; i++ {
		between = append(between, longest.rows[longest.left[len(longest.left)*i/most]])
	}
	for i := range most {
		m := &merge{}
		for _, whole := range all {
			part := *whole
			if i < most-1 {
				part.left = part.left[:part.before(between[i])]
			}
			if i > 0 {
				part.left = part.left[part.before(between[i-1]):]
				for len(part.left) > 0 && comparePlaces(part.rows[part.left[0]], between[i-1]) == 0 {
					part.left = part.left[1:]
				}
			}
			m.left = append(m.left, &part)
		}
		parts = append(parts, m)
	}
	for _, f := range r.files {
		parts[0].left = append(parts[0].left, &run{from: bufio.NewReaderSize(f, 1<<18)})
	}
	for _, m := range parts {
		if err := m.begin(); err != nil {
			return nil, nil, err
		}
	}
	return parts, between, nil
}

// partRows is how many rows a run has at the least for each range that it is cut into.
const partRows = 10_000

// begin finds the first row of each run.
func (m *merge) begin() error {
	whole := m.left[:0]
	for _, run := range m.left {
		ok, err := run.next()
		if err != nil {
			return err
		}
		if ok {
			whole = append(whole, run)
		}
	}
	m.left = whole
	for at := len(m.left)/2 - 1; at >= 0; at-- {
		m.down(at)
	}
	return nil
}

// run is what is left of a run, in memory or in a file.
type run struct {
	place // the next row
	rows  []place
	left  []uint32 // those of the rows that are left, in order
	from  *bufio.Reader
}

// before is how many of the rows in memory come before one.
func (r *run) before(p place) int {
	n, _ := slices.BinarySearchFunc(r.left, p, func(at uint32, p place) int { return comparePlaces(r.rows[at], p) })
	return n
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
	left  []*run // a heap: none comes before the one at half its place
	now   place
	begun bool
}

func (m *merge) next() (bool, error) {
	for len(m.left) > 0 {
		first := m.left[0]
		p := first.place
		ok, err := first.next()
		if err != nil {
			return false, err
		}
		if !ok {
			last := len(m.left) - 1
			m.left[0] = m.left[last]
			m.left = m.left[:last]
		}
		m.down(0)
		if m.begun && comparePlaces(p, m.now) == 0 {
			continue
		}
		m.now, m.begun = p, true
		return true, nil
	}
	return false, nil
}

// down moves a run behind those that come before it.
func (m *merge) down(at int) {
	for {
		least := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(m.left); child++ {
			if m.left[child].comesBefore(m.left[least]) {
				least = child
			}
		}
		if least == at {
			return
		}
		m.left[at], m.left[least] = m.left[least], m.left[at]
		at = least
	}
}

func (r *run) comesBefore(other *run) bool {
	if r.anchor != other.anchor {
		return r.anchor < other.anchor
	}
	if r.slot != other.slot {
		return r.slot < other.slot
	}
	return r.key < other.key
}
