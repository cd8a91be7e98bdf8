package sqlite

import (
	"encoding/binary"
	"sync"
)

// A first load makes the pages of its largest tables itself: their rows come sorted,
// so that each page is filled once, by several goroutines at once, where SQLite would
// go down the tree for every row, on one. What a page looks like is SQLite's file
// format (https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1), which every
// file of version 3 has and will have.

// The first byte of a page says what it is.
const (
	indexInterior byte = 2
	tableInterior byte = 5
	indexLeaf     byte = 10
	tableLeaf     byte = 13
)

const (
	leafHeader     = 8  // bytes
	interiorHeader = 12 // with the right-most child
	childSize      = 4  // of a child's number, before a cell of an interior page
	pointerSize    = 2  // of the place of a cell in its page
)

// pendingByte is where in the file SQLite locks. The page that it is in is never used.
const pendingByte = 1 << 30

// pages are those that are added behind a file's last.
type pages struct {
	size   int // of a page, in bytes
	usable int // of it, without what is reserved at its end
	made   chan numberedPage
	quit   chan struct{} // closed when nobody takes any more pages

	mu   sync.Mutex
	last uint32 // the highest number given out
	free sync.Pool
}

// numberedPage is what is to be written to a page.
type numberedPage struct {
	number uint32
	data   []byte
}

// pagesAhead is how many pages are made before somebody takes them.
const pagesAhead = 1024

func newPages(size, reserved int) *pages {
	p := &pages{size: size, usable: size - reserved}
	p.free.New = func() any { b := make([]byte, size); return &b }
	return p
}

// start begins to give out numbers behind the last of a file, and to hand pages on.
func (p *pages) start(last uint32) {
	p.last, p.made, p.quit = last, make(chan numberedPage, pagesAhead), make(chan struct{})
}

// number gives out the next numbers that may be used.
func (p *pages) number() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	if p.last == uint32(pendingByte/p.size)+1 { //nolint:gosec // at most 2^21
		p.last++
	}
	return p.last
}

// put hands a page on. It is no longer the caller's.
func (p *pages) put(number uint32, data []byte) {
	select {
	case p.made <- numberedPage{number, data}:
	case <-p.quit:
	}
}

// take gives an empty page.
func (p *pages) take() []byte { return *p.free.Get().(*[]byte) } //nolint:forcetypeassert // nothing else is put there

// giveBack takes the memory of a page that nobody needs any more.
func (p *pages) giveBack(data []byte) { p.free.Put(&data) }

// How much of a row's payload stands in its cell; the rest of a longer one is on pages
// of its own. The bounds of indexes are also those of tables without row numbers.
func (p *pages) mostInIndex() int { return (p.usable-12)*64/255 - 23 }
func (p *pages) mostInTable() int { return p.usable - 35 }
func (p *pages) least() int       { return (p.usable-12)*32/255 - 23 }

// indexCell appends a row as it stands in an index.
func (p *pages) indexCell(b, payload []byte) []byte {
	return p.payload(appendVarint(b, uint64(len(payload))), payload, p.mostInIndex())
}

// tableCell appends a row as it stands in a table by row numbers.
func (p *pages) tableCell(b []byte, row int64, payload []byte) []byte {
	b = appendVarint(b, uint64(len(payload)))
	b = appendVarint(b, uint64(row)) //nolint:gosec // never negative
	return p.payload(b, payload, p.mostInTable())
}

// payload appends a payload, or its beginning and where the rest is.
func (p *pages) payload(b, payload []byte, most int) []byte {
	if len(payload) <= most {
		return append(b, payload...)
	}
	onPage := p.usable - childSize
	here := p.least() + (len(payload)-p.least())%onPage
	if here > most {
		here = p.least()
	}
	b = append(b, payload[:here]...)
	next := p.number()
	b = binary.BigEndian.AppendUint32(b, next)
	for rest := payload[here:]; len(rest) > 0; {
		number, data := next, p.take()
		n := copy(data[childSize:p.usable], rest)
		clear(data[childSize+n:])
		if rest = rest[n:]; len(rest) > 0 {
			next = p.number()
		} else {
			next = 0
		}
		binary.BigEndian.PutUint32(data, next)
		p.put(number, data)
	}
	return b
}

// page is one that is being filled.
type page struct {
	data   []byte
	header int
	n      int // cells in it
	top    int // where the cells begin, which are put in from its end
	last   int // how long the last cell is
}

func (p *pages) begin(kind byte) page {
	g := page{data: p.take(), header: leafHeader, top: p.usable}
	if kind == indexInterior || kind == tableInterior {
		g.header = interiorHeader
	}
	g.data[0] = kind
	return g
}

// add puts a cell behind the others, if there is room for it.
func (g *page) add(cell []byte) bool {
	end := g.header + pointerSize*(g.n+1)
	if g.top-len(cell) < end {
		return false
	}
	g.top -= len(cell)
	copy(g.data[g.top:], cell)
	binary.BigEndian.PutUint16(g.data[end-pointerSize:], uint16(g.top)) //nolint:gosec // a page has at most 64 KiB
	g.n, g.last = g.n+1, len(cell)
	return true
}

// takeLast takes out the cell that was put in last, once.
func (g *page) takeLast() []byte {
	cell := g.data[g.top : g.top+g.last]
	g.n, g.top = g.n-1, g.top+g.last
	return cell
}

// finish gives the page a number and hands it on. right is the child behind all cells of
// an interior page.
func (p *pages) finish(g *page, right uint32) (number uint32) {
	number = p.number()
	clear(g.data[1:5])                                           // no free block, and how many cells
	binary.BigEndian.PutUint16(g.data[3:], uint16(g.n))          //nolint:gosec // fewer than the page has bytes
	binary.BigEndian.PutUint16(g.data[5:], uint16(g.top&0xffff)) //nolint:gosec // 0 stands for 65536
	g.data[7] = 0                                                // no fragments
	if g.header == interiorHeader {
		binary.BigEndian.PutUint32(g.data[8:], right)
	}
	// The memory is another page's; what was on it may be erased later, and must not stay here.
	clear(g.data[g.header+pointerSize*g.n : g.top])
	clear(g.data[p.usable:])
	p.put(number, g.data)
	return number
}

// divider stands between what is on a page, and below it, and all that follows.
type divider struct {
	child uint32
	cell  []byte // of an index the row between them, as it is in a leaf; of a table the last row's number
}

// tier is pages beside each other: all but the last with what divides it from the next.
type tier struct {
	dividers []divider
	last     uint32
}

// join puts the pages of another tier behind those of this one. cell is of the row
// between them.
func (l *tier) join(cell []byte, other tier) {
	l.dividers = append(append(l.dividers, divider{l.last, cell}), other.dividers...)
	l.last = other.last
}

// leaves are the leaf pages of an index, while they are made of cells in order.
type leaves struct {
	pages *pages
	page  page
	// between divides the page, which is full, from what comes behind it, as soon as
	// something does.
	between      []byte
	full         bool
	record, cell []byte
	tier
}

func (p *pages) leaves() *leaves { return &leaves{pages: p, page: p.begin(indexLeaf)} }

// add puts a row behind the others.
func (l *leaves) add(v *values) {
	if l.full {
		l.dividers = append(l.dividers, divider{l.pages.finish(&l.page, 0), l.between})
		l.page, l.between, l.full = l.pages.begin(indexLeaf), nil, false
	}
	l.record = v.record(l.record[:0])
	l.cell = l.pages.indexCell(l.cell[:0], l.record)
	if !l.page.add(l.cell) {
		l.between, l.full = append([]byte(nil), l.cell...), true
	}
}

// end gives all pages. No page but that of an index without a row is empty.
func (l *leaves) end() tier {
	if l.full { // nothing has come behind it: it goes there, and the row before it between
		last := append([]byte(nil), l.page.takeLast()...)
		l.dividers = append(l.dividers, divider{l.pages.finish(&l.page, 0), last})
		l.page = l.pages.begin(indexLeaf)
		l.page.add(l.between)
	}
	l.last = l.pages.finish(&l.page, 0)
	return l.tier
}

// tableLeaves are the leaf pages of a table by row numbers, while they are made.
type tableLeaves struct {
	page         page
	row          int64 // the last
	record, cell []byte
	tier
}

// add puts a row behind the others.
func (l *tableLeaves) add(p *pages, row int64, v *values) {
	if l.page.data == nil {
		l.page = p.begin(tableLeaf)
	}
	l.record = v.record(l.record[:0])
	l.cell = p.tableCell(l.cell[:0], row, l.record)
	if !l.page.add(l.cell) {
		l.dividers = append(l.dividers, divider{p.finish(&l.page, 0), appendVarint(nil, uint64(l.row))}) //nolint:gosec // never negative
		l.page = p.begin(tableLeaf)
		l.page.add(l.cell)
	}
	l.row = row
}

// end gives all pages.
func (l *tableLeaves) end(p *pages) tier {
	if l.page.data == nil {
		l.page = p.begin(tableLeaf)
	}
	l.last = p.finish(&l.page, 0)
	return l.tier
}

// root makes the pages above others, each of a kind, and gives the number of the one
// above all.
func (p *pages) root(kind byte, below tier) uint32 {
	var cell []byte
	for len(below.dividers) > 0 {
		var above tier
		g := p.begin(kind)
		for i := 0; i < len(below.dividers); i++ {
			d := &below.dividers[i]
			cell = append(binary.BigEndian.AppendUint32(cell[:0], d.child), d.cell...)
			if g.add(cell) {
				continue
			}
			if i == len(below.dividers)-1 { // or the next page would have none
				g.takeLast()
				i--
				d = &below.dividers[i]
			}
			above.dividers = append(above.dividers, divider{p.finish(&g, d.child), d.cell})
			g = p.begin(kind)
		}
		above.last = p.finish(&g, below.last)
		below = above
	}
	return below.last
}

// appendVarint appends a number below 2^56 as SQLite writes it: seven bits to a byte, the
// highest first.
func appendVarint(b []byte, v uint64) []byte {
	shift := 0
	for v>>shift >= 1<<7 {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(v>>shift)|0x80) //nolint:gosec // cut off on purpose
	}
	return append(b, byte(v&0x7f)) //nolint:gosec // seven bits
}

// Types of values in a record, beside those of texts and of longer integers.
const (
	typeZero = 8
	typeOne  = 9
)

// integerType is how a record says that it holds an integer, and in how many bytes:
// the fewest that can hold it.
func integerType(v int64) (kind byte, size int) {
	switch {
	case v == 0:
		return typeZero, 0
	case v == 1:
		return typeOne, 0
	case v == int64(int8(v)): //nolint:gosec // that is the question
		return 1, 1
	case v == int64(int16(v)): //nolint:gosec // that is the question
		return 2, 2
	case v >= -1<<23 && v < 1<<23:
		return 3, 3
	case v == int64(int32(v)): //nolint:gosec // that is the question
		return 4, 4
	case v >= -1<<47 && v < 1<<47:
		return 5, 6
	default:
		return 6, 8
	}
}

func appendInteger(b []byte, v int64, size int) []byte {
	for size--; size >= 0; size-- {
		b = append(b, byte(v>>(8*size))) //nolint:gosec // cut off on purpose
	}
	return b
}

// values are those of a row, as SQLite writes a record: what each of them is, and then
// what they are.
type values struct{ types, of []byte }

func (v *values) reset() { v.types, v.of = v.types[:0], v.of[:0] }

// null is also what stands in a table for the row number.
func (v *values) null() { v.types = append(v.types, 0) }

func (v *values) integer(n int64) {
	kind, size := integerType(n)
	v.types, v.of = append(v.types, kind), appendInteger(v.of, n, size)
}

func (v *values) text(s string) {
	v.types, v.of = appendVarint(v.types, 13+2*uint64(len(s))), append(v.of, s...)
}

func (v *values) blob(b []byte) {
	v.types, v.of = appendVarint(v.types, 12+2*uint64(len(b))), append(v.of, b...)
}

// record appends the record of a row of few columns, whose types take less than 127 bytes.
func (v *values) record(b []byte) []byte {
	b = append(b, byte(len(v.types)+1)) //nolint:gosec // as it says
	return append(append(b, v.types...), v.of...)
}
