package edtf

import (
	"strconv"
	"strings"
)

// maxLength bounds the work that one expression from outside can ask for.
const maxLength = 512

type form uint8

const (
	formPoint    form = iota
	formInterval      // a/b
	formOneOf         // [a, b]
	formAllOf         // {a, b}
	formOpen          // ..
)

// expr is a parsed expression: one span for a point or an interval, one per
// member for a set.
type expr struct {
	form  form
	spans []span
}

// span runs from one point to another; for a single point both are the same.
type span struct {
	from, to end
	single   bool
}

type endKind uint8

const (
	endPoint   endKind = iota
	endOpen            // ..
	endUnknown         // nothing written
)

type end struct {
	kind  endKind
	point point
}

type pointKind uint8

const (
	pointDate pointKind = iota
	pointSeason
	pointYear // long, exponential, or with significant digits
)

// point is one date. A field of digits may hold 'X'. Qualifiers are '?', '~',
// '%' or 0, per component: year, month (or season), day.
type point struct {
	kind        pointKind
	negative    bool
	timed       bool
	parts       int // how many of year, month, day are written
	digits      [8]byte
	left, right [3]byte
	season      int
	year        int64 // signed, for pointYear
	significant int   // significant digits, 0 where not said
	width       int   // digits of |year|, for significant digits
}

// place says where a point stands, because what it may hold depends on it.
type place uint8

const (
	alone place = iota
	inInterval
	inSet
)

type parser struct{ input string }

func (p parser) fail(at int, reason string) error {
	return &SyntaxError{Input: p.input, Offset: at, Reason: reason}
}

func parseExpr(s string) (expr, error) {
	p := parser{s}
	if len(s) > maxLength {
		return expr{}, &SyntaxError{Input: s[:32] + "…", Reason: "it is longer than " + strconv.Itoa(maxLength) + " characters; write one date"}
	}
	switch {
	case s == "..":
		return expr{form: formOpen}, nil
	case s[0] == '[' || s[0] == '{':
		return p.set()
	case strings.Contains(s, "/"):
		return p.interval()
	}
	pt, err := p.point(0, len(s), alone)
	if err != nil {
		return expr{}, err
	}
	return expr{form: formPoint, spans: []span{single(pt)}}, nil
}

func single(pt point) span {
	return span{from: end{point: pt}, to: end{point: pt}, single: true}
}

func (p parser) interval() (expr, error) {
	slash := strings.IndexByte(p.input, '/')
	if next := strings.IndexByte(p.input[slash+1:], '/'); next >= 0 {
		return expr{}, p.fail(slash+1+next, "an interval has one slash; a calendar date is written with hyphens, as 2014-09-26")
	}
	if p.input == "/" {
		return expr{}, p.fail(0, "an interval with two unknown ends says nothing; leave the date empty")
	}
	var sp span
	var err error
	if sp.from, err = p.end(0, slash); err != nil {
		return expr{}, err
	}
	if sp.to, err = p.end(slash+1, len(p.input)); err != nil {
		return expr{}, err
	}
	if lo, hi := sp.bounds(); lo > hi {
		return expr{}, p.fail(slash+1, "the interval ends before it begins; write the earlier date first")
	}
	return expr{form: formInterval, spans: []span{sp}}, nil
}

func (p parser) end(from, to int) (end, error) {
	switch p.input[from:to] {
	case "":
		return end{kind: endUnknown}, nil
	case "..":
		return end{kind: endOpen}, nil
	}
	pt, err := p.point(from, to, inInterval)
	return end{point: pt}, err
}

func (p parser) set() (expr, error) {
	s := p.input
	x, closing := expr{form: formOneOf}, byte(']')
	if s[0] == '{' {
		x.form, closing = formAllOf, '}'
	}
	if s[len(s)-1] != closing {
		return expr{}, p.fail(len(s)-1, "a set that opens with "+s[:1]+" closes with "+string(closing))
	}
	last := len(s) - 1
	for at := 1; ; {
		stop := last
		if comma := strings.IndexByte(s[at:last], ','); comma >= 0 {
			stop = at + comma
		}
		// Spaces may stand around a comma, nowhere else.
		from, to := at, stop
		for at > 1 && from < to && s[from] == ' ' {
			from++
		}
		for stop < last && to > from && s[to-1] == ' ' {
			to--
		}
		sp, err := p.member(from, to, at == 1, stop == last)
		if err != nil {
			return expr{}, err
		}
		x.spans = append(x.spans, sp)
		if stop == last {
			break
		}
		at = stop + 1
	}
	if len(x.spans) == 1 && x.spans[0].single {
		return expr{}, p.fail(0, "a set has more than one member; write the date without brackets")
	}
	return x, nil
}

func (p parser) member(from, to int, first, last bool) (span, error) {
	text := p.input[from:to]
	dots := strings.Index(text, "..")
	if dots < 0 {
		pt, err := p.point(from, to, inSet)
		return single(pt), err
	}
	var sp span
	var err error
	switch {
	case text == ".." || (dots == 0 && strings.HasSuffix(text, "..")):
		return sp, p.fail(from, "two dots on both sides leave everything open; write the date before or after them")
	case dots == 0 && !first:
		return sp, p.fail(from, "\"or earlier\" comes first in a set; move it to the front")
	case dots+2 == len(text) && !last:
		return sp, p.fail(from+dots, "\"or later\" comes last in a set; move it to the end")
	}
	sp.from, sp.to = end{kind: endOpen}, end{kind: endOpen}
	if dots > 0 {
		if sp.from, err = p.end(from, from+dots); err != nil {
			return sp, err
		}
	}
	if dots+2 < len(text) {
		if sp.to, err = p.end(from+dots+2, to); err != nil {
			return sp, err
		}
	}
	for _, e := range []end{sp.from, sp.to} {
		if e.kind == endPoint && (e.point.kind != pointDate || e.point.timed || e.point.hasX() || e.point.qualified()) {
			return sp, p.fail(from, "a range in a set runs between plain dates, as 1670..1672")
		}
	}
	if sp.from.kind == endPoint && sp.to.kind == endPoint && sp.from.point.parts != sp.to.point.parts {
		return sp, p.fail(from, "both sides of a range in a set have the same precision, as 2014-09..2014-11")
	}
	if lo, hi := sp.bounds(); lo > hi {
		return sp, p.fail(from, "the range ends before it begins; write the earlier date first")
	}
	return sp, nil
}

// point reads one date in p.input[from:to].
func (p parser) point(from, to int, where place) (point, error) {
	s := p.input[from:to]
	switch {
	case s == "":
		return point{}, p.fail(from, "a date is missing here")
	case s[0] == 'Y':
		return p.longYear(from, to, where)
	}
	if t := strings.IndexByte(s, 'T'); t >= 0 {
		return p.timed(from, from+t, to, where)
	}
	if i := strings.IndexByte(s, 'S'); i >= 0 {
		return p.significantYear(from, from+i, to, where)
	}
	return p.calendar(from, to, where)
}

func isQualifier(c byte) bool { return c == '?' || c == '~' || c == '%' }

// calendar reads a year, year and month, season or day, with qualifiers.
func (p parser) calendar(from, to int, where place) (point, error) {
	var pt point
	s, at := p.input, from
	for part := range 3 {
		if part > 0 {
			if s[at] != '-' {
				return pt, p.fail(at, explainStray(s[at:to], part))
			}
			at++
		}
		if at < to && isQualifier(s[at]) {
			pt.left[part] = s[at]
			at++
		}
		if part == 0 && at < to && s[at] == '-' {
			pt.negative = true
			at++
		}
		width, offset := 2, 2+2*part
		if part == 0 {
			width, offset = 4, 0
		}
		run := at
		for run < to && (s[run] == 'X' || (s[run] >= '0' && s[run] <= '9')) {
			run++
		}
		if run-at != width {
			return pt, p.fail(at, explainWidth(s[at:to], run-at, part))
		}
		copy(pt.digits[offset:], s[at:run])
		at = run
		if at < to && isQualifier(s[at]) {
			pt.right[part] = s[at]
			at++
		}
		pt.parts = part + 1
		if at == to {
			return p.settle(pt, from, to, where)
		}
	}
	return pt, p.fail(at, explainStray(s[at:to], 3))
}

func explainStray(rest string, part int) string {
	switch {
	case isQualifier(rest[0]):
		return "a part takes one qualifier on each side: ? uncertain, ~ approximate, % both"
	case rest[0] == ' ':
		return "spaces do not belong in a date; remove them"
	case strings.HasPrefix(rest, ".."):
		return "an interval is written with a slash, as 2014/2015; a range with dots goes in brackets"
	case part == 3:
		return "after the day only a time may follow, as 2014-09-26T22:30:00-05:00"
	}
	return "write YYYY, YYYY-MM or YYYY-MM-DD, with X for a digit that is not known"
}

func explainWidth(rest string, width, part int) string {
	switch {
	case part > 0:
		return "a month, season or day has two digits, with X for one that is not known, as 2014-09-0X"
	case width == 0:
		return "write a date as YYYY, YYYY-MM or YYYY-MM-DD; ~ marks about, ? uncertain, X an unknown digit, ../2014 by then"
	case width == 3:
		return "a decade is written with X for the last digit, as 201X"
	case width == 2 && len(rest) <= 3:
		return "a century is written with X for the last two digits, as 19XX"
	case width > 4:
		return "a year beyond four digits begins with Y, as Y12345; a calendar date has hyphens, as 2014-09-26"
	}
	return "a year has four digits, as 2014 or 0409"
}

// settle checks what only the whole date can tell.
func (p parser) settle(pt point, from, to int, where place) (point, error) {
	s := p.input[from:to]
	if pt.left[0] != 0 && pt.right[0] != 0 {
		return pt, p.fail(from, "two qualifiers mark the same year; write % for uncertain and approximate")
	}
	if pt.negative && string(pt.digits[:4]) == "0000" {
		return pt, p.fail(from, "there is no year -0000; write 0000 for 1 BC")
	}
	if pt.parts == 2 && pt.digits[4] != 'X' && pt.digits[5] != 'X' {
		if n := int(pt.digits[4]-'0')*10 + int(pt.digits[5]-'0'); n >= 21 && n <= 41 {
			return p.settleSeason(pt, n, from, where)
		}
	}
	if pt.hasX() && pt.qualified() && (where != alone || !pt.openFromTheRight() || !pt.qualifiedAtTheEnd()) {
		return pt, p.fail(from, "unknown digits and a qualifier go together only as in 201X~ or 2014-XX?, standing alone; leave one of them out")
	}
	if _, _, ok := pt.calendarBounds(); !ok {
		return pt, p.fail(from, "there is no such day or month in the calendar: "+s)
	}
	return pt, nil
}

func (p parser) settleSeason(pt point, n, from int, where place) (point, error) {
	pt.kind, pt.season = pointSeason, n
	switch {
	case pt.hasX():
		return pt, p.fail(from, "a season belongs to a year without unknown digits; write 201X alone")
	case pt.qualified():
		return pt, p.fail(from, "a season is not qualified; it is already wide, write it without ?, ~ or %")
	case where == inSet:
		return pt, p.fail(from, "a season does not stand in a set; write its months, as 2014-03..2014-05")
	case where == inInterval && n > 24:
		return pt, p.fail(from, "in an interval only the seasons 21 to 24 stand; write the months")
	}
	return pt, nil
}
