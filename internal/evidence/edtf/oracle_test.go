package edtf

import (
	"bufio"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rows reads a table of testdata: tab-separated, '#' comments, one heading.
func rows(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var out [][]string
	heading := true
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		if heading {
			heading = false
			continue
		}
		row := strings.Split(lines.Text(), "\t")
		require.Len(t, row, columns, lines.Text())
		out = append(out, row)
	}
	require.NoError(t, lines.Err())
	return out
}

func verdict(s string) string {
	if _, err := Parse(s); err != nil {
		return "reject"
	}
	return "accept"
}

// widens marks expressions that we widen and the other two do not: qualified,
// with significant digits, or a winter.
var widens = regexp.MustCompile(`[~%S]|-28$|-30$`)

func TestTwoOtherImplementations(t *testing.T) {
	decided := map[string]string{}
	for _, row := range rows(t, "decided.tsv", 3) {
		decided[row[0]] = row[1]
		require.NotEmpty(t, row[2], "%q is decided without a reason", row[0])
		require.Equal(t, row[1], verdict(row[0]), "%q: %s", row[0], row[2])
	}
	agreed, against := 0, 0
	for _, row := range rows(t, "oracle.tsv", 5) {
		s, python, js := row[0], row[1], row[2]
		ours, isDecided := decided[s]
		delete(decided, s)
		if python != js {
			require.True(t, isDecided, "%q is disputed and not decided", s)
			continue
		}
		agreed++
		if isDecided {
			require.NotEqual(t, python, ours, "%q is agreed and needs no decision", s)
			against++
			continue
		}
		require.Equal(t, python, verdict(s), s)
		if python == "reject" {
			continue
		}
		d := mustParse(s)
		checkBounds(t, d, row[3], row[4])
	}
	require.Empty(t, decided, "decided, but in no oracle row")
	require.Greater(t, agreed, 285)
	require.LessOrEqual(t, against, 7, "we stand against both too often")
}

func checkBounds(t *testing.T, d Date, earliest, latest string) {
	t.Helper()
	day := func(s string, open Day) (Day, bool) {
		switch s {
		case "":
			return 0, false
		case "..":
			return open, true
		}
		return dayAt(t, s), true
	}
	lo, hasLo := day(earliest, MinDay)
	hi, hasHi := day(latest, MaxDay)
	// Both give the months of a negative year backwards: no bounds to compare.
	exact := !widens.MatchString(d.String()) && (!hasLo || !hasHi || lo <= hi)
	if hasLo {
		require.LessOrEqual(t, d.Earliest(), lo, "%s", d)
		if exact {
			require.Equal(t, lo, d.Earliest(), "%s begins %s, expected %s", d, d.Earliest(), lo)
		}
	}
	if hasHi {
		require.GreaterOrEqual(t, d.Latest(), hi, "%s", d)
		if exact {
			require.Equal(t, hi, d.Latest(), "%s ends %s, expected %s", d, d.Latest(), hi)
		}
	}
}

// caseFile is the folder of the demonstration case file.
const caseFile = "../../../data/ayotzinapa"

func TestEveryDateOfTheCaseFile(t *testing.T) {
	dates := 0
	for name, columns := range map[string][]string{
		"links.csv": {"since", "until"}, "statements.csv": {"since", "until"}, "sources.csv": {"published"},
	} {
		f, err := os.Open(filepath.Join(caseFile, name))
		require.NoError(t, err)
		records, err := csv.NewReader(f).ReadAll()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		at := map[string]int{}
		for i, heading := range records[0] {
			at[strings.TrimPrefix(heading, "\ufeff")] = i
		}
		for _, column := range columns {
			require.Contains(t, at, column, name)
		}
		for n, record := range records[1:] {
			valid := Valid{}
			for i, column := range columns {
				d, err := Parse(record[at[column]])
				require.NoError(t, err, "%s: record %d: %s", name, n+1, column)
				if !d.IsZero() {
					dates++
				}
				if i == 0 {
					valid.Since = d
				} else {
					valid.Until = d
				}
			}
			require.NoError(t, valid.Check(State), "%s: record %d", name, n+1)
			require.Equal(t, valid.IsZero(), valid.Label(State, "es") == "", "%s: record %d", name, n+1)
		}
	}
	require.Positive(t, dates)
}
