package casefile

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var small = Limits{Rows: 50, Field: 100, Record: 1000}

func parse(text string, l Limits) ([]row, []Fault) {
	var c collector
	rows, _ := parseTable(strings.NewReader(text), int64(len(text)), statementsFile, l, &c)
	return rows, c.found
}

func TestTable(t *testing.T) {
	const header = "id,entity,attribute,value,summary\n"
	for name, c := range map[string]struct {
		text   string
		values []string // of the column value
		faults []string
	}{
		"plain":            {header + "a,b,RANK,Coronel,\n", []string{"Coronel"}, nil},
		"byte order mark":  {"\xef\xbb\xbf" + header + "a,b,RANK,é,\n", []string{"é"}, nil},
		"CRLF":             {"id,entity,attribute,value\r\na,b,RANK,x\r\nc,d,RANK,y", []string{"x", "y"}, nil},
		"columns moved":    {"value,id,attribute,entity\nx,a,RANK,b\n", []string{"x"}, nil},
		"lines in a field": {header + "a,b,RANK,\"x\n y\",\n,,,,\nc,d,RANK\n", []string{"x\n y", ""}, []string{"statements.csv:5: the line has 3 fields and the header 5; put fields with commas or quotes in quotes"}},
		"empty":            {"", nil, []string{"statements.csv: it is empty; begin it with a header that names its columns"}},
		"UTF-16":           {"\xff\xfei\x00d\x00", nil, []string{"statements.csv:1: the file is in UTF-16; save it as UTF-8"}},
		"unknown column":   {"id,entity,attribute,value,colour\na,b,c,d,e\n", nil, []string{"statements.csv:1: colour: there is no such column; the columns are id, entity, attribute, value, since, until, status, about, summary"}},
		"missing column":   {"id,entity,value\na,b,c\n", nil, []string{"statements.csv:1: attribute: the column is missing; the columns are id, entity, attribute, value, since, until, status, about, summary"}},
		"column twice":     {"id,entity,attribute,value,value\n", nil, []string{"statements.csv:1: value: the column is there twice; leave one out"}},
		"ragged": {header + "a,b\nc,d,RANK,x,\ne,f,RANK,x,,\n", []string{"x"}, []string{
			"statements.csv:2: the line has 2 fields and the header 5; put fields with commas or quotes in quotes",
			"statements.csv:4: the line has 6 fields and the header 5; put fields with commas or quotes in quotes",
		}},
		"not UTF-8":  {header + "a,b,RANK,\xe9,\n", []string{"\xe9"}, []string{"statements.csv:2: value: the text is not valid UTF-8; save the file as UTF-8"}},
		"bare quote": {header + "a,b,RANK,x \"y\",\nz", nil, []string{`statements.csv:2: a quote (") stands inside a field that does not begin with one; put the field in quotes and double those inside; the rest of the file was not read`}},
		"open quote": {header + "a,b,RANK,\"x,\nz", nil, []string{`statements.csv:2: a quoted field of the row that begins here does not end in a quote (") before a comma or the line's end; double the quotes inside it; the rest of the file was not read`}},
		"field too long": {header + "a,b,RANK," + strings.Repeat("x", 101) + ",\n", []string{strings.Repeat("x", 101)}, []string{
			"statements.csv:2: value: the field has 101 bytes, more than 100; shorten it",
		}},
		"runaway quote": {header + "a,b,RANK,x,\nc,d,RANK,\"" + strings.Repeat("x\n", 9000), []string{"x"}, []string{
			"statements.csv:3: the row that begins here has more than 1000 bytes, or a quote that is never closed; the rest of the file was not read",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, faults := parse(c.text, small)
			var values, told []string
			for i := range rows {
				values = append(values, rows[i].get("value"))
			}
			for _, f := range faults {
				told = append(told, f.Error())
			}
			require.Equal(t, c.values, values)
			require.Equal(t, c.faults, told)
		})
	}
	rows, faults := parse(header+strings.Repeat("a,b,RANK,x,\n", 51), small)
	require.Len(t, rows, 50)
	require.Len(t, faults, 1)
	require.Equal(t, "statements.csv:52: the file has more than 50 rows; split it into several folders", faults[0].Error())
}

// FuzzTable checks that any file gives faults or rows that mean what they say:
// written as CSV and read again they are the same.
func FuzzTable(f *testing.F) {
	f.Add([]byte("id,entity,attribute,value\na,b,RANK,x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c collector
		rows, _ := parseTable(bytes.NewReader(data), 0, statementsFile, small, &c)
		require.LessOrEqual(t, len(rows), small.Rows)
		lines := bytes.Count(data, []byte("\n")) + 1
		for i := range rows {
			require.GreaterOrEqual(t, rows[i].line, 2)
			require.LessOrEqual(t, rows[i].line, lines)
			if i > 0 {
				require.Greater(t, rows[i].line, rows[i-1].line)
			}
		}
		for _, fault := range c.found {
			require.True(t, utf8.ValidString(fault.Message), "%q", fault.Message)
			require.LessOrEqual(t, fault.Line, lines)
		}
		if len(c.found) > 0 || len(rows) == 0 {
			return
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		require.NoError(t, w.Write(rows[0].columns))
		for i := range rows {
			require.NoError(t, w.Write(rows[i].fields))
		}
		w.Flush()
		again, _ := parseTable(&out, 0, statementsFile, Limits{}, &c)
		require.Empty(t, c.found)
		require.Len(t, again, len(rows))
		for i := range rows {
			require.Equal(t, rows[i].fields, again[i].fields)
		}
	})
}
