package casefile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/slab"
)

// Limits bound what one file may hold, so that a wrong or hostile file is
// refused before it fills the memory. The zero value stands for the defaults.
type Limits struct {
	Rows   int // rows below the header of one file; default 5,000,000
	Field  int // bytes of one field; default 256 KiB
	Record int // bytes of one row; default 1 MiB
}

func (l Limits) orDefaults() Limits {
	if l.Rows <= 0 {
		l.Rows = 5_000_000
	}
	if l.Field <= 0 {
		l.Field = 256 << 10
	}
	if l.Record <= 0 {
		l.Record = 1 << 20
	}
	return l
}

// The files of a case file, in the order in which they are read and told of.
const (
	sourcesFile    = "sources.csv"
	entitiesFile   = "entities.csv"
	linksFile      = "links.csv"
	statementsFile = "statements.csv"
	citationsFile  = "citations.csv"
)

var fileNames = []string{sourcesFile, entitiesFile, linksFile, statementsFile, citationsFile}

// columns of one file: those that must be there, and those that may.
type columns struct{ required, optional []string }

var columnsOf = map[string]columns{
	sourcesFile:    {[]string{"id", "kind", "title"}, []string{"author", "publisher", "published", "url", "archive", "language"}},
	entitiesFile:   {[]string{"id", "kind", "name"}, []string{"aliases", "description", "country", "extra"}},
	linksFile:      {[]string{"id", "kind", "from", "to"}, []string{"role", "since", "until", "status", "about", "summary"}},
	statementsFile: {[]string{"id", "entity", "attribute", "value"}, []string{"since", "until", "status", "about", "summary"}},
	citationsFile:  {[]string{"claim_id", "source_id", "locator"}, []string{"fragment", "stance", "attributed_to", "status_in_source", "note"}},
}

// row is one line of a file.
type row struct {
	*header
	line   int
	fields []string // without blanks at their ends
}

// header is what all rows of a file have in common.
type header struct {
	file    string
	columns []string // in the order of the fields
}

// get is the text of a column; "" where the file does not have the column, or the
// row ends before it.
func (r *row) get(column string) string {
	if i := slices.Index(r.columns, column); i >= 0 && i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}

// unread is what of a file could not be read: rows of which at most the beginning
// makes sense, and whether there may be more.
type unread struct {
	rows []row
	rest bool
}

// table is one file of the folder.
type table struct {
	there  bool
	rows   []row
	ids    []evidence.ID // of the rows, where they are citations
	left   unread
	faults collector
}

// readTables reads the files of the folder beside each other, in the order of
// their names.
func readTables(fsys fs.FS, limits Limits) []table {
	tables := make([]table, len(fileNames))
	var reading sync.WaitGroup
	for i, name := range fileNames {
		reading.Go(func() { tables[i].read(fsys, name, limits) })
	}
	reading.Wait()
	return tables
}

// misnamed are the CSV files of the folder that are none of a case file's. Hidden files
// are left out: other systems put them beside each file.
func misnamed(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() && !strings.HasPrefix(name, ".") && strings.EqualFold(path.Ext(name), ".csv") && !slices.Contains(fileNames, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// nameFault says what is wrong with the name of a CSV file.
func nameFault(name string) string {
	for _, known := range fileNames {
		if strings.EqualFold(name, known) {
			return "a case file writes its names in lower case; rename it to " + known
		}
	}
	return "a case file has no file of this name; rename it to one of " + strings.Join(fileNames, ", ") + ", or move it out of the folder"
}

// idsAtOnce is how many ids of citations are made one after the other.
const idsAtOnce = 1 << 16

// read reads one file; no rows where it is not there.
func (t *table) read(fsys fs.FS, name string, limits Limits) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	t.there = true
	if err != nil {
		t.faults.add(name, 0, "", "it cannot be read: %v", err)
		t.left.rest = true
		return
	}
	defer f.Close() //nolint:errcheck // it is only read
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	t.rows, t.left = parseTable(f, size, name, limits, &t.faults)
	if name == citationsFile {
		t.ids = make([]evidence.ID, len(t.rows))
		var making sync.WaitGroup // the other files are shorter, and read by then
		for first := 0; first < len(t.rows); first += idsAtOnce {
			making.Go(func() {
				nameCitations(t.rows[first:min(first+idsAtOnce, len(t.rows))], t.ids[first:])
			})
		}
		making.Wait()
	}
}

// firstRows are those by whose length the number of rows is foretold.
const firstRows = 1000

// parseTable reads a CSV file (RFC 4180) in UTF-8 with a header. Line ends may
// be LF or CRLF; a byte order mark is skipped. The size is about how long it is, for
// the list of rows not to be copied as it grows; 0 where nobody knows.
func parseTable(in io.Reader, size int64, name string, limits Limits, faults *collector) ([]row, unread) {
	all := unread{rest: true}
	limits = limits.orDefaults()
	buffered := bufio.NewReader(in)
	switch mark, _ := buffered.Peek(3); { // an error comes again below
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = buffered.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		faults.add(name, 1, "", "the file is in UTF-16; save it as UTF-8")
		return nil, all
	}
	meter := &meter{in: buffered, most: limits.Record}
	meter.reset()
	reader := csv.NewReader(meter)
	reader.FieldsPerRecord = -1 // told below, with the column's name
	columns, err := reader.Read()
	if errors.Is(err, io.EOF) {
		faults.add(name, 0, "", "it is empty; begin it with a header that names its columns")
		return nil, all
	}
	if err != nil {
		faults.syntax(name, 1, err, limits)
		return nil, all
	}
	of := &header{name, columns}
	if !of.read(faults) {
		return nil, all
	}
	var (
		rows []row
		left unread
		kept fieldKeeper
	)
	reader.ReuseRecord = true
	next := 2 // the line on which the next row begins, unless blank lines come first
	for {
		meter.reset()
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, left
		}
		if err != nil {
			faults.syntax(name, next, err, limits)
			left.rest = true
			return rows, left
		}
		line, _ := reader.FieldPos(0)
		last, _ := reader.FieldPos(len(fields) - 1)
		next = last + strings.Count(fields[len(fields)-1], "\n") + 1
		if len(rows) >= limits.Rows {
			faults.add(name, line, "", "the file has more than %d rows; split it into several folders", limits.Rows)
			left.rest = true
			return rows, left
		}
		if len(fields) != len(columns) {
			faults.add(name, line, "", "the line has %d fields and the header %d; put fields with commas or quotes in quotes", len(fields), len(columns))
			left.rows = append(left.rows, row{of, line, kept.keep(fields)})
			continue
		}
		checkFields(fields, columns, name, line, limits, faults)
		if len(rows) == firstRows {
			rest := (size - reader.InputOffset()) * firstRows / reader.InputOffset()
			rows = slices.Grow(rows, min(max(int(rest), 0)*21/20, limits.Rows))
		}
		rows = append(rows, row{of, line, kept.keep(fields)})
	}
}

// read checks the columns. The rows of a header that is not sound cannot be understood.
func (h *header) read(faults *collector) (sound bool) {
	want := columnsOf[h.file]
	known := append(slices.Clone(want.required), want.optional...)
	there := map[string]bool{}
	sound = true
	for i, column := range h.columns {
		column = strings.TrimSpace(column)
		h.columns[i] = column
		switch {
		case !utf8.ValidString(column):
			faults.add(h.file, 1, "", "the header is not valid UTF-8; save the file as UTF-8")
			return false
		case !slices.Contains(known, column):
			faults.add(h.file, 1, column, "there is no such column; the columns are %s", strings.Join(known, ", "))
			sound = false
		case there[column]:
			faults.add(h.file, 1, column, "the column is there twice; leave one out")
			sound = false
		}
		there[column] = true
	}
	for _, column := range want.required {
		if !there[column] {
			faults.add(h.file, 1, column, "the column is missing; the columns are %s", strings.Join(known, ", "))
			sound = false
		}
	}
	return sound
}

// fieldKeeper keeps the fields of rows. They share few pieces of memory: a piece for each field of
// each row would keep the collector busy for as long as the rows are there.
type fieldKeeper struct {
	lists slab.Of[string]
	piece strings.Builder
}

// fieldPiece is how many bytes of fields share a piece of memory.
const fieldPiece = 64 << 10

// keep copies the fields of a row, without blanks at their ends.
func (f *fieldKeeper) keep(row []string) []string {
	kept := f.lists.Take(len(row))
	for i, field := range row {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		if f.piece.Cap()-f.piece.Len() < len(field) {
			f.piece.Reset()
			f.piece.Grow(max(fieldPiece, len(field)))
		}
		start := f.piece.Len()
		f.piece.WriteString(field)
		kept[i] = f.piece.String()[start:]
	}
	return kept
}

func checkFields(fields, header []string, name string, line int, limits Limits, faults *collector) {
	for i, field := range fields {
		switch {
		case len(field) > limits.Field:
			faults.add(name, line, header[i], "the field has %d bytes, more than %d; shorten it", len(field), limits.Field)
		case !utf8.ValidString(field):
			faults.add(name, line, header[i], "the text is not valid UTF-8; save the file as UTF-8")
		}
	}
}

// syntax tells why the reader stopped. What follows in the file was not read.
func (c *collector) syntax(name string, line int, err error, limits Limits) {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errRecordTooLong):
		c.add(name, line, "", "the row that begins here has more than %d bytes, or a quote that is never closed; the rest of the file was not read", limits.Record)
	case errors.As(err, &parse) && errors.Is(err, csv.ErrBareQuote):
		c.add(name, parse.Line, "", `a quote (") stands inside a field that does not begin with one; put the field in quotes and double those inside; the rest of the file was not read`)
	case errors.As(err, &parse) && errors.Is(err, csv.ErrQuote):
		c.add(name, parse.StartLine, "", `a quoted field of the row that begins here does not end in a quote (") before a comma or the line's end; double the quotes inside it; the rest of the file was not read`)
	default:
		c.add(name, line, "", "it cannot be read: %v", err)
	}
}

var errRecordTooLong = errors.New("the record is too long")

// meter stops a reader that takes more than most bytes between two resets.
type meter struct {
	in         io.Reader
	most, left int
}

func (m *meter) reset() { m.left = m.most }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := m.in.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
