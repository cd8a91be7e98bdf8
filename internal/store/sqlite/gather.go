package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// gathered are the rows of new records, but for counters. Making them reads
// nothing of the file, so that it can go on beside what writes them.
type gathered struct {
	vocabulary *vocabulary.Vocabulary
	numOf      func(evidence.ID) (int64, error)
	records    []recordRow
	elements   []element
	words      []wordsOf
	places     []place
	// encoded are the pieces of memory that hold what records are written as, the one at
	// filling not yet full, and those behind it empty.
	encoded [][]byte
	filling int
	// claim is the last claim: most citations stand right behind theirs.
	claim    evidence.ID
	claimNum int64
}

// known is the number of a record that is there.
func (g *gathered) known(id evidence.ID) (int64, error) {
	if id == g.claim && id != "" {
		return g.claimNum, nil
	}
	return g.numOf(id)
}

// recordRow is a row of the table record, of a record's first version.
type recordRow struct {
	num, of, from, to int64
	id                string
	derived, content  []byte
}

func (r *recordRow) column(i int) driver.Value {
	switch i {
	case 0:
		return r.num
	case 1:
		return r.id
	case 2:
		return r.of
	case 3, 5: // the revision that wrote it is also the last that changed it
		return r.from
	case 4:
		return r.to
	case 6:
		return r.derived
	default:
		return r.content
	}
}

// wordsOf is a row of the table words.
type wordsOf struct {
	row  int64
	text string
}

func (r *wordsOf) column(i int) driver.Value {
	if i == 0 {
		return r.row
	}
	return r.text
}

func (p *place) column(i int) driver.Value {
	switch i {
	case 0:
		return p.anchor
	case 1:
		return p.slot
	case 2:
		return p.key
	default:
		return p.num
	}
}

// insert makes the rows of a record that is new at a revision.
func (g *gathered) insert(r *evidence.Record, num int64, at evidence.Sequence) error {
	derived, content, err := g.encode(r)
	if err != nil {
		return err
	}
	t, id := r.Content.Type(), string(r.ID())
	g.records = append(g.records, recordRow{num: num, id: id, of: int64(t), from: int64(at), to: int64(r.To), derived: derived, content: content}) //nolint:gosec // never that large
	before := len(g.places)
	if g.places, err = placesOf(g.places, r, num, g.known); err != nil {
		return err
	}
	switch c := r.Content.(type) {
	case *evidence.Entity:
		g.elements = append(g.elements, nodeOf(num, id, c.Identity.IsPlaceholder()))
	case *evidence.Claim:
		g.claim, g.claimNum = c.ID, num
		if !traversed(r) {
			break
		}
		ends := g.places[before+1 : before+3] // the lists of either end, behind that of all links
		from, to := ends[0].anchor/listCodes, ends[1].anchor/listCodes
		g.elements = append(g.elements, linkOf(num, r, g.vocabulary, from, to))
	}
	if text := wordsIn(r, nil); text != "" {
		g.words = append(g.words, wordsOf{row: num, text: text})
	}
	return nil
}

// encode gives what a record is written as. That of many shares a piece of memory.
func (g *gathered) encode(r *evidence.Record) (derived, content []byte, err error) {
	piece := g.room()
	start := len(piece)
	b, err := evidence.AppendDerived(piece, &r.Derived)
	if err != nil {
		return nil, nil, err
	}
	middle := len(b)
	if b, err = evidence.AppendContent(b, r.Content); err != nil {
		return nil, nil, err
	}
	g.encoded[g.filling] = b
	return b[start:middle:middle], b[middle:len(b):len(b)], nil
}

// room is the piece of memory that holds what the next record is written as.
func (g *gathered) room() []byte {
	size := encodedRoom
	if len(g.encoded) > 0 {
		last := g.encoded[g.filling]
		if cap(last)-len(last) >= encodedRoom {
			return last
		}
		g.filling++
		size = min(max(2*cap(last), encodedRoom), encodedPiece)
	}
	if g.filling == len(g.encoded) {
		g.encoded = append(g.encoded, make([]byte, 0, size))
	}
	return g.encoded[g.filling]
}

// again empties it, so that its memory is used again, but for that of places. Nothing
// may hold what it held.
func (g *gathered) again() {
	clear(g.records)
	clear(g.elements)
	clear(g.words)
	g.records, g.elements, g.words = g.records[:0], g.elements[:0], g.words[:0]
	for i := range g.encoded {
		g.encoded[i] = g.encoded[i][:0]
	}
	g.filling, g.claim = 0, ""
}

// encodedPiece is how much memory records share, and encodedRoom how much of it has
// to be free for another.
const encodedPiece, encodedRoom = 256 << 10, 1 << 10

const insertPlaces = "INSERT OR REPLACE INTO place (anchor, slot, key, num) SELECT a, b, c, d FROM temp.feed"

// flushRecords writes the records.
func (g *gathered) flushRecords(ctx context.Context, c *conn) error {
	err := c.insert(ctx, "INSERT INTO record ("+recordColumns+") SELECT a, b, c, d, e, f, g, h FROM temp.feed", listed(g.records, (*recordRow).column), feedRows)
	clear(g.records)
	g.records = g.records[:0]
	return err
}

// flushElements writes what traversal reads.
func (g *gathered) flushElements(ctx context.Context, c *conn) error {
	err := c.writeBlocks(ctx, g.elements)
	clear(g.elements)
	g.elements = g.elements[:0]
	return err
}

// flushWords writes the words, sorted by row, or their index would write a
// segment at each step back, and with one statement, or it would write one for
// each.
func (g *gathered) flushWords(ctx context.Context, c *conn) error {
	slices.SortFunc(g.words, func(a, b wordsOf) int { return cmp.Compare(a.row, b.row) })
	err := c.insert(ctx, "INSERT INTO words (rowid, text) SELECT a, b FROM temp.feed", listed(g.words, (*wordsOf).column), len(g.words))
	clear(g.words)
	g.words = g.words[:0]
	return err
}

// sortPlaces sorts changes of lists, those of one row in the order in which they
// were made.
func sortPlaces(places []placeChange) {
	for i := range places {
		places[i].order = i
	}
	slices.SortFunc(places, func(x, y placeChange) int { return cmp.Or(comparePlaces(x.place, y.place), x.order-y.order) })
}
