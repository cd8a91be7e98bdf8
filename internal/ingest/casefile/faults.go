package casefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Fault is one thing wrong with a case file: where and what.
type Fault struct {
	File string
	Line int // from 1; 0 where the fault is the whole file's
	// Column is the column's name in the header; "" where the fault is the line's.
	Column  string
	Message string
}

// Error gives `file:line: column: what is wrong`.
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Column != "" {
		b.WriteString(f.Column + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// column is where the fault's column stands in the documentation of the file.
func (f Fault) column() int {
	c := columnsOf[f.File]
	return slices.Index(append(slices.Clone(c.required), c.optional...), f.Column)
}

// Faults is all that is wrong with a case file, in the order of its files,
// lines and columns, up to a limit.
type Faults struct { //nolint:errname // "faults" is the word of the domain
	List []Fault
	// More is how many faults were left out past the limit.
	More int
}

// Error gives one line for each fault.
func (f *Faults) Error() string {
	lines := make([]string, 0, len(f.List)+1)
	for _, one := range f.List {
		lines = append(lines, one.Error())
	}
	if f.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more faults", f.More))
	}
	return strings.Join(lines, "\n")
}

// place is where a fault is.
type place struct {
	file   string
	line   int
	column string
}

// collector gathers faults, each once.
type collector struct {
	found []Fault
	known map[Fault]bool
}

func (c *collector) add(file string, line int, column, format string, args ...any) {
	c.note(Fault{file, line, column, fmt.Sprintf(format, args...)})
}

func (c *collector) addAll(of *collector) {
	for _, f := range of.found {
		c.note(f)
	}
}

func (c *collector) note(f Fault) {
	if c.known[f] {
		return
	}
	if c.known == nil {
		c.known = map[Fault]bool{}
	}
	c.known[f] = true
	c.found = append(c.found, f)
}

// places are where faults were found.
func (c *collector) places() map[place]bool {
	at := make(map[place]bool, len(c.found))
	for _, f := range c.found {
		at[place{f.File, f.Line, f.Column}] = true
	}
	return at
}

// lost is what a folder would have made, had its rows been sound. That others
// speak of it is no fault of theirs.
type lost struct {
	ids   map[evidence.ID]bool
	files map[string]bool // of which not all was read
}

func newLost() lost { return lost{map[evidence.ID]bool{}, map[string]bool{}} }

// err gives the faults in order, at most limit of them (0: all); nil where there
// are none.
func (c *collector) err(limit int) error {
	if len(c.found) == 0 {
		return nil
	}
	slices.SortStableFunc(c.found, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(slices.Index(fileNames, a.File), slices.Index(fileNames, b.File)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.column(), b.column()))
	})
	f := &Faults{List: slices.Clone(c.found)}
	if limit > 0 && len(f.List) > limit {
		f.More = len(f.List) - limit
		f.List = f.List[:limit]
	}
	return f
}
