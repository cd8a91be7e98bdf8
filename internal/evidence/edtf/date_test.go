package edtf

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBounds(t *testing.T) {
	for _, c := range []struct{ in, earliest, latest string }{
		{"2014", "2014-01-01", "2014-12-31"},
		{"2014-02", "2014-02-01", "2014-02-28"},
		{"2014-09-26", "2014-09-26", "2014-09-26"},
		{"2014-09-26?", "2014-09-26", "2014-09-26"},
		{"2014-09-26~", "2014-09-25", "2014-09-27"},
		{"2014-09~", "2014-08-01", "2014-10-31"},
		{"2014-01~", "2013-12-01", "2014-02-28"},
		{"2014%", "2013-01-01", "2015-12-31"},
		{"201X~", "2000-01-01", "2029-12-31"},
		{"19XX~", "1800-01-01", "2099-12-31"},
		{"2014-XX~", "2013-01-01", "2015-12-31"},
		{"2014-09-XX~", "2014-08-01", "2014-10-31"},
		{"2014-~01-31", "2013-12-31", "2014-02-28"},
		{"2014~-09-~26", "2013-09-25", "2015-09-27"},
		{"2014-09~-26", "2014-08-26", "2014-10-26"},
		{"~2016-02-29", "2015-02-28", "2017-02-28"},
		{"201X", "2010-01-01", "2019-12-31"},
		{"XXXX-02-29", "0000-02-29", "9996-02-29"},
		{"201X-02-29", "2012-02-29", "2016-02-29"},
		{"2014-XX-31", "2014-01-31", "2014-12-31"},
		{"-01XX", "-0199-01-01", "-0100-12-31"},
		{"-0300-XX", "-0300-01-01", "-0300-12-31"},
		{"2014-21", "2014-01-01", "2014-12-31"},
		{"2014-24", "2014-01-01", "2014-12-31"},
		{"2014-25", "2014-03-01", "2014-05-31"},
		{"2014-28", "2013-12-01", "2015-02-28"},
		{"2015-30", "2014-12-01", "2016-02-29"},
		{"2014-32", "2014-06-01", "2014-08-31"},
		{"2014-34", "2014-04-01", "2014-06-30"},
		{"2014-39", "2014-09-01", "2014-12-31"},
		{"2014-41", "2014-07-01", "2014-12-31"},
		{"1950S2", "1900-01-01", "1999-12-31"},
		{"-1950S3", "-1959-01-01", "-1950-12-31"},
		{"Y12345", "+12345-01-01", "+12345-12-31"},
		{"Y-17E3", "-17000-01-01", "-17000-12-31"},
		{"Y12345S2", "+12000-01-01", "+12999-12-31"},
		{"2014-09-26T23:30:00-05:00", "2014-09-26", "2014-09-26"},
		{"2014-09-26T24:00:00Z", "2014-09-26", "2014-09-26"},
		{"../2014-09-26", "", "2014-09-26"},
		{"2014-09/", "2014-09-01", ""},
		{"2014-09~/2015~", "2014-08-01", "2016-12-31"},
		{"[2012, 2014..2015, 2017..]", "2012-01-01", ""},
		{"{2014-09-26,2014-10}", "2014-09-26", "2014-10-31"},
		{"..", "", ""},
		{"", "", ""},
	} {
		d, err := Parse(c.in)
		require.NoError(t, err, c.in)
		require.Equal(t, c.in, d.String())
		require.Equal(t, c.earliest, d.Earliest().String(), "earliest of %q", c.in)
		require.Equal(t, c.latest, d.Latest().String(), "latest of %q", c.in)
	}
}

func TestFarYearsStayInside(t *testing.T) {
	for _, s := range []string{"Y170000002", "Y17E99", "Y99999999999999999999999S3"} {
		d := mustParse(s)
		require.Equal(t, MaxDay-1, d.Earliest(), s)
		require.Equal(t, MaxDay-1, d.Latest(), s)
	}
	require.Equal(t, MinDay+1, mustParse("Y-17E9").Latest())
}

func TestFlags(t *testing.T) {
	require.True(t, mustParse("2014?").Uncertain())
	require.False(t, mustParse("2014?").Approximate())
	require.True(t, mustParse("2014~").Approximate())
	require.False(t, mustParse("2014~").Uncertain())
	both := mustParse("2014/%2015-09")
	require.True(t, both.Uncertain())
	require.True(t, both.Approximate())
	require.True(t, mustParse("..").IsOpen())
	require.False(t, mustParse("2014/..").IsOpen())
	require.True(t, Date{}.IsZero())
	again := mustParse("2014-09")
	require.Equal(t, mustParse("2014-09"), again)
}

func TestErrorsSayWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int
		says   string
	}{
		{"20140926", 0, "hyphens"},
		{"2014/09/26", 7, "hyphens"},
		{"2014-9-26", 5, "two digits"},
		{"2014-13", 0, "no such day or month"},
		{"2015-02-29", 0, "calendar"},
		{"2014??", 5, "one qualifier"},
		{"septiembre", 0, "YYYY-MM-DD"},
		{"201", 0, "201X"},
		{"19", 0, "19XX"},
		{"2015/2014", 5, "earlier date first"},
		{"/", 0, "leave the date empty"},
		{"2014 ", 4, "spaces"},
		{"2014-09-26T22:30", 11, "seconds"},
		{"2014-09-26T22:30:00-13:00", 19, "-12:00"},
		{"2014-09-26T22:30:00.5Z", 19, "fractions"},
		{"2014-09-26T22:30:00Z/..", 10, "leave the time out"},
		{"Y1234", 0, "write 1234"},
		{"-0000", 0, "0000"},
		{"[2014]", 0, "without brackets"},
		{"[2014,2015", 9, "closes with ]"},
		{"[2014..,2015]", 5, "move it to the end"},
		{"[2012,..2014]", 6, "move it to the front"},
		{"201X-21", 0, "season"},
		{"~2014~", 0, "%"},
	} {
		_, err := Parse(c.in)
		var se *SyntaxError
		require.ErrorAs(t, err, &se, c.in)
		require.Equal(t, c.in, se.Input)
		require.Equal(t, c.offset, se.Offset, "%q: %v", c.in, err)
		require.Contains(t, se.Error(), c.says, c.in)
	}
}

// mustParse is Parse for expressions that are fixed in a test.
func mustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestTextRoundTrip(t *testing.T) {
	text, err := mustParse("2014-09?").MarshalText()
	require.NoError(t, err)
	var d Date
	require.NoError(t, d.UnmarshalText(text))
	require.Equal(t, mustParse("2014-09?"), d)
	require.Error(t, d.UnmarshalText([]byte("2014-13")))
}

// dayAt reads a day as Day.String writes it.
func dayAt(t require.TestingT, s string) Day {
	require.Regexp(t, `^(-\d{4,}|\d{4}|\+\d{5,})-\d\d-\d\d$`, s)
	var year, month, day int
	_, err := fmt.Sscanf(s, "%d-%d-%d", &year, &month, &day)
	require.NoError(t, err)
	return DayOf(year, month, day)
}

func TestDays(t *testing.T) {
	require.Equal(t, Day(0), DayOf(1970, 1, 1))
	require.Equal(t, "2014-09-26", DayOf(2014, 9, 26).String())
	require.Equal(t, "0000-02-29", DayOf(0, 2, 29).String())
	require.Empty(t, MinDay.String()+MaxDay.String())
	require.Equal(t, MaxDay-1, DayOf(10_000_000, 1, 1))
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.Int32Range(-1_800_000_000, 1_800_000_000).Draw(t, "day"))
		require.Equal(t, d, dayAt(t, d.String()))
		y, m, dd := d.Date()
		require.Equal(t, d, DayOf(y, m, dd))
	})
}
