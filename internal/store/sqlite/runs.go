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

// runs sort more rows of lists than memory should hold. They are sorted in runs, each
// so short that the processor has it at hand; when there are many, they are merged into
// one in a temporary file. All are merged in the end.
type runs struct {
	limit  int // rows of one run
	most   int // how many stay in memory beside the last
	folder string
	open   []place // the last run
	order  placeOrder
	held   [][]place // those before it that are in memory, sorted
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
	r.end()
	if len(r.held) <= r.most {
		return nil
	}
	return r.spill()
}

// end sorts the last run, and begins the next.
func (r *runs) end() {
	sorted := make([]place, len(r.open))
	for i, next := range r.order.of(r.open) {
		sorted[i] = r.open[next.at]
	}
	r.held = append(r.held, sorted)
	r.open = r.open[:0]
}

// spill writes the runs that are in memory to a file, which has no name any more where
// the system allows that, so that nothing is left of it whatever happens.
func (r *runs) spill() (err error) {
	file, err := os.CreateTemp(r.folder, "vinculo-load-*")
	if err != nil {
		return fmt.Errorf("sorting lists needs a temporary file: %w", err)
	}
	r.files = append(r.files, file)
	_ = os.Remove(file.Name()) // else it goes in close
	m := &merge{}
	for _, rows := range r.held {
		m.left = append(m.left, &run{rows: rows})
	}
	if err := m.begin(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	var b []byte
	for {
		more, err := m.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		p := &m.now
		b = binary.AppendVarint(b[:0], p.anchor)
		b = append(b, byte(p.slot))
		b = binary.AppendVarint(b, p.num)
		b = binary.AppendUvarint(b, uint64(len(p.key)))
		b = append(b, p.key...)
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("sorting lists: %w", err)
		}
	}
	r.held = nil
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
	r.end()
	longest := slices.MaxFunc(r.held, func(a, b []place) int { return len(a) - len(b) })
	if len(r.files) > 0 || len(longest) < partRows*most {
		most = 1
	}
	for i := 1; i < most; i++ {
		between = append(between, longest[len(longest)*i/most])
	}
	for i := range most {
		m := &merge{}
		for _, rows := range r.held {
			if i < most-1 {
				rows = rows[:before(rows, between[i])]
			}
			if i > 0 {
				rows = rows[before(rows, between[i-1]):]
				for len(rows) > 0 && comparePlaces(rows[0], between[i-1]) == 0 {
					rows = rows[1:]
				}
			}
			m.left = append(m.left, &run{rows: rows})
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

// before is how many of sorted rows come before one.
func before(rows []place, p place) int {
	n, _ := slices.BinarySearchFunc(rows, p, comparePlaces)
	return n
}

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
	place         // the next row
	begins uint64 // the first bytes of its key
	rows   []place
	from   *bufio.Reader
}

func (r *run) next() (bool, error) {
	if r.from == nil {
		if len(r.rows) == 0 {
			return false, nil
		}
		r.place, r.rows = r.rows[0], r.rows[1:]
		r.begins = wordOf(r.key)
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
		r.begins = wordOf(r.key)
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
	if r.begins != other.begins {
		return r.begins < other.begins
	}
	return r.key < other.key
}
