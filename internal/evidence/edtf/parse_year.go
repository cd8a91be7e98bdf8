package edtf

import (
	"strconv"
	"strings"
)

// timed reads a calendar day, 'T', and a complete time of day with or without
// a zone. Only the day is kept.
func (p parser) timed(from, t, to int, where place) (point, error) {
	if where != alone {
		return point{}, p.fail(t, "times of day do not stand in intervals and sets; leave the time out")
	}
	pt, err := p.calendar(from, t, where)
	if err != nil {
		return pt, err
	}
	if pt.kind != pointDate || pt.parts != 3 || pt.hasX() || pt.qualified() {
		return pt, p.fail(t, "a time of day follows a full, plain date, as 2014-09-26T22:30:00")
	}
	pt.timed = true
	clock := p.input[t+1 : to]
	if len(clock) < 8 || clock[2] != ':' || clock[5] != ':' || !allDigits(clock[:2]) || !allDigits(clock[3:5]) || !allDigits(clock[6:8]) {
		return pt, p.fail(t+1, "a time of day has hours, minutes and seconds, as 22:30:00")
	}
	if clock[:2] > "23" && clock[:8] != "24:00:00" || clock[3:5] > "59" || clock[6:8] > "59" {
		return pt, p.fail(t+1, "there is no such time of day; write 00:00:00 to 23:59:59, or 24:00:00")
	}
	if zone := clock[8:]; !validZone(zone) {
		why := "a zone is Z or a shift from UTC between -12:00 and +14:00, as -05:00"
		if zone[0] == '.' {
			why = "fractions of a second are not part of the format; leave them out"
		}
		return pt, p.fail(t+9, why)
	}
	return pt, nil
}

// validZone accepts nothing, Z, ±hh and ±hh:mm. No clock is further from UTC
// than 12 hours behind and 14 ahead; a shift of zero takes the plus sign.
func validZone(z string) bool {
	switch {
	case z == "" || z == "Z":
		return true
	case len(z) == 3:
		z += ":00"
	}
	if len(z) != 6 || z[3] != ':' || !allDigits(z[1:3]) || !allDigits(z[4:]) || z[4:] > "59" {
		return false
	}
	switch z[0] {
	case '+':
		return z[1:] <= "14:00"
	case '-':
		return z[1:] <= "12:00" && z[1:] != "00:00"
	}
	return false
}

// longYear reads Y and a year of more than four digits, or an exponential
// year, with or without significant digits.
func (p parser) longYear(from, to int, where place) (point, error) {
	pt := point{kind: pointYear, parts: 1}
	if where != alone {
		return pt, p.fail(from, "a year with Y stands alone; write years of four digits in intervals and sets")
	}
	rest, at := p.input[from+1:to], from+1
	if strings.HasPrefix(rest, "-") {
		pt.negative = true
		rest, at = rest[1:], at+1
	}
	rest, err := p.significant(&pt, rest, at)
	if err != nil {
		return pt, err
	}
	base, exponent, exponential := strings.Cut(rest, "E")
	if !allDigits(base) || base[0] == '0' || exponential && (!allDigits(exponent) || exponent[0] == '0') {
		return pt, p.fail(at, "after Y come digits without a leading zero, as Y12345 or Y17E7, and nothing else")
	}
	if !exponential && len(base) < 5 {
		return pt, p.fail(from, "Y is for years beyond four digits; write "+p.input[from+1:at]+strings.Repeat("0", 4-len(base))+base)
	}
	// Ten digits are far past the farthest day; more would overflow.
	const wide = 10
	digits := base
	if exponential {
		e, err := strconv.Atoi(exponent)
		if err != nil || e > wide {
			e = wide
		}
		digits += strings.Repeat("0", e)
	}
	pt.width = len(digits)
	if len(digits) > wide {
		digits = "9" + strings.Repeat("0", wide-1)
		pt.width, pt.significant = wide, 0
	}
	pt.year, _ = strconv.ParseInt(digits, 10, 64)
	if pt.negative {
		pt.year = -pt.year
	}
	return pt, nil
}

// significantYear reads a year of four digits and how many of them count.
func (p parser) significantYear(from, s, to int, where place) (point, error) {
	if where != alone {
		return point{}, p.fail(s, "significant digits do not stand in intervals and sets; write 195X for a decade")
	}
	pt, err := p.calendar(from, s, where)
	if err != nil {
		return pt, err
	}
	if pt.kind != pointDate || pt.parts != 1 || pt.hasX() || pt.qualified() {
		return pt, p.fail(s, "significant digits follow a plain year, as 1950S2")
	}
	if _, err := p.significant(&pt, p.input[from:to], from); err != nil {
		return pt, err
	}
	pt.kind, pt.width = pointYear, 4
	pt.year, _ = strconv.ParseInt(string(pt.digits[:4]), 10, 64)
	if pt.negative {
		pt.year = -pt.year
	}
	return pt, nil
}

// significant cuts S and its number off the end of text, if there.
func (p parser) significant(pt *point, text string, at int) (string, error) {
	head, n, found := strings.Cut(text, "S")
	if !found {
		return text, nil
	}
	if !allDigits(n) || n[0] == '0' || len(n) > 2 {
		return "", p.fail(at+len(head), "after S comes how many digits count, as in 1950S2, and nothing else")
	}
	pt.significant, _ = strconv.Atoi(n)
	return head, nil
}
