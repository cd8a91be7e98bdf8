package edtf

import (
	"fmt"
	"math"
	"time"
)

// Day is a day as a count of days since 1970-01-01 in the proleptic Gregorian
// calendar, negative before it. The zero Day is 1970-01-01.
type Day int32

// MinDay and MaxDay mean "no bound". No real day is either of them: days too
// far away are brought to the nearest day inside.
const (
	MinDay Day = math.MinInt32
	MaxDay Day = math.MaxInt32
)

// farthestYear keeps every day computed here inside int32 with room to widen.
const farthestYear = 5_000_000

const secondsPerDay = 24 * 60 * 60

// DayOf returns the day of a calendar date with an astronomical year (0 is
// 1 BC). Months and days beyond their range carry over as in [time.Date].
// Years beyond five million either way give the farthest day on that side.
func DayOf(year, month, day int) Day {
	switch {
	case year > farthestYear:
		return MaxDay - 1
	case year < -farthestYear:
		return MinDay + 1
	}
	days := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
	return Day(max(int64(MinDay)+1, min(int64(MaxDay)-1, days)))
}

// Date returns the calendar date of the day, with an astronomical year.
func (d Day) Date() (year, month, day int) {
	y, m, dd := time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
	return y, int(m), dd
}

// String writes the day as YYYY-MM-DD, years outside 0000 to 9999 with a sign
// and as many digits as they need (ISO 8601 expanded form), and the empty
// string for MinDay and MaxDay.
func (d Day) String() string {
	if d == MinDay || d == MaxDay {
		return ""
	}
	y, m, dd := d.Date()
	switch {
	case y < 0:
		return fmt.Sprintf("-%04d-%02d-%02d", -y, m, dd)
	case y > 9999:
		return fmt.Sprintf("+%d-%02d-%02d", y, m, dd)
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, dd)
}

func monthLength(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
