package edtf

func (x expr) bounds() (lo, hi Day) {
	if x.form == formOpen {
		return MinDay, MaxDay
	}
	lo, hi = MaxDay, MinDay
	for _, sp := range x.spans {
		a, b := sp.bounds()
		lo, hi = min(lo, a), max(hi, b)
	}
	return lo, hi
}

func (x expr) flags() flags {
	var f flags
	for _, sp := range x.spans {
		f |= sp.from.point.flags() | sp.to.point.flags()
	}
	return f
}

func (sp span) bounds() (lo, hi Day) {
	lo, hi = MinDay, MaxDay
	if sp.from.kind == endPoint {
		lo, _ = sp.from.point.bounds()
	}
	if sp.to.kind == endPoint {
		_, hi = sp.to.point.bounds()
	}
	return lo, hi
}

func (pt *point) flags() flags {
	var f flags
	for i := range 3 {
		for _, q := range [2]byte{pt.left[i], pt.right[i]} {
			if q == '?' || q == '%' {
				f |= uncertain
			}
			if q == '~' || q == '%' {
				f |= approximate
			}
		}
	}
	return f
}

func (pt *point) bounds() (lo, hi Day) {
	switch pt.kind {
	case pointYear:
		return pt.yearBounds()
	case pointSeason:
		return pt.seasonBounds()
	}
	lo, hi, _ = pt.calendarBounds()
	return lo, hi
}

// yearBounds gives the whole year, or all the years that agree with it in its
// significant digits.
func (pt *point) yearBounds() (lo, hi Day) {
	first, last := pt.year, pt.year
	if n := pt.significant; n > 0 && n < pt.width {
		unit := pow10(pt.width - n)
		small := pt.year - pt.year%unit // towards zero
		first, last = small, small+unit-1
		if pt.negative {
			first, last = small-unit+1, small
		}
	}
	return DayOf(int(first), 1, 1), DayOf(int(last), 12, 31)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// grouping is a sub-year grouping: its first month and how many it has.
type grouping struct{ first, months int }

// groupings are codes 25 to 41 of ISO 8601-2, from the northern spring.
var groupings = [...]grouping{
	{3, 3}, {6, 3}, {9, 3}, {12, 3}, // seasons, northern hemisphere
	{9, 3}, {12, 3}, {3, 3}, {6, 3}, // seasons, southern hemisphere
	{1, 3}, {4, 3}, {7, 3}, {10, 3}, // quarters
	{1, 4}, {5, 4}, {9, 4}, // thirds
	{1, 6}, {7, 6}, // halves
}

func (pt *point) seasonBounds() (lo, hi Day) {
	year := pt.plainYear()
	if pt.season < 25 {
		return DayOf(year, 1, 1), DayOf(year, 12, 31)
	}
	g := groupings[pt.season-25]
	if g.first == 12 {
		// Some count the winter of the year in which it begins, some of that in
		// which it ends.
		return DayOf(year-1, 12, 1), DayOf(year+1, 3, 0)
	}
	return DayOf(year, g.first, 1), DayOf(year, g.first+g.months, 0)
}

// plainYear is the year of a point without unknown digits.
func (pt *point) plainYear() int {
	y := 0
	for _, c := range pt.digits[:4] {
		y = y*10 + int(c-'0')
	}
	if pt.negative {
		return -y
	}
	return y
}

func (pt *point) qualified() bool { return pt.left != [3]byte{} || pt.right != [3]byte{} }

// qualifiedAtTheEnd reports whether the only qualifier is one at the end, over
// the whole date.
func (pt *point) qualifiedAtTheEnd() bool {
	at := [3]byte{}
	at[pt.parts-1] = pt.right[pt.parts-1]
	return pt.left == [3]byte{} && pt.right == at
}

// written returns the digits of the parts that are written.
func (pt *point) written() []byte { return pt.digits[:2+2*pt.parts] }

func (pt *point) hasX() bool {
	for _, c := range pt.written() {
		if c == 'X' {
			return true
		}
	}
	return false
}

// openFromTheRight reports whether unknown digits are the level 1 kind: the
// last digits of a year, or a whole month or day at the end; and not all.
func (pt *point) openFromTheRight() bool {
	w := pt.written()
	n := len(w)
	for n > 0 && w[n-1] == 'X' {
		n--
	}
	for _, c := range w[:n] {
		if c == 'X' {
			return false
		}
	}
	return n > 0 && (n == 6 || n == 4 || n < 4 && pt.parts == 1)
}

// ymd is a calendar date in the making; day 0 of a bound means that the whole
// month counts, so that shifting by months keeps to the end of the month.
type ymd struct{ year, month, day int }

// calendarBounds finds the first and the last day that fit the digits and
// widens them; ok is false where the calendar has no such day.
func (pt *point) calendarBounds() (lo, hi Day, ok bool) {
	first, ok := pt.search(1)
	if !ok {
		return 0, 0, false
	}
	last, _ := pt.search(-1)
	if whole := pt.parts < 3 || pt.digits[6] == 'X' && pt.digits[7] == 'X'; whole {
		first.day, last.day = 0, 0
	}
	years, months, days := pt.widening()
	lo = first.shift(-years, -months, false) - Day(days)
	hi = last.shift(years, months, true) + Day(days)
	return lo, hi, true
}

func (d ymd) shift(years, months int, last bool) Day {
	m := d.month - 1 + months
	y := d.year + years + floorDiv(m, 12)
	m = m - 12*floorDiv(m, 12) + 1
	day := d.day
	switch length := monthLength(y, m); {
	case day == 0 && last, day > length:
		day = length
	case day == 0:
		day = 1
	}
	return DayOf(y, m, day)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// search walks the years that fit, forwards (step 1) or backwards (-1), to the
// first that has a month and a day that fit.
func (pt *point) search(step int) (ymd, bool) {
	from, to := pt.yearRange()
	if step < 0 {
		from, to = to, from
	}
	for y := from; ; y += step {
		if fits(pt.digits[:4], abs(y)) && (!pt.negative || y != 0) {
			if d, ok := pt.searchYear(y, step); ok {
				return d, true
			}
		}
		if y == to {
			return ymd{}, false
		}
	}
}

func (pt *point) yearRange() (from, to int) {
	for _, c := range pt.digits[:4] {
		from, to = from*10, to*10
		if c == 'X' {
			to += 9
		} else {
			from, to = from+int(c-'0'), to+int(c-'0')
		}
	}
	if pt.negative {
		return -to, -from
	}
	return from, to
}

func (pt *point) searchYear(year, step int) (ymd, bool) {
	for i := range 12 {
		m := 1 + i
		if step < 0 {
			m = 12 - i
		}
		if pt.parts > 1 && !fits(pt.digits[4:6], m) {
			continue
		}
		length := monthLength(year, m)
		for j := range length {
			d := 1 + j
			if step < 0 {
				d = length - j
			}
			if pt.parts < 3 || fits(pt.digits[6:8], d) {
				return ymd{year, m, d}, true
			}
		}
	}
	return ymd{}, false
}

// fits reports whether n, written with leading zeros, agrees with the pattern.
func fits(pattern []byte, n int) bool {
	for i := len(pattern) - 1; i >= 0; i-- {
		if pattern[i] != 'X' && pattern[i] != byte('0'+n%10) {
			return false
		}
		n /= 10
	}
	return n == 0
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// widening sums what each approximate part or group adds to either side.
func (pt *point) widening() (years, months, days int) {
	add := func(part int, group bool) {
		// The unit is the place of the last digit known in what is qualified.
		for at := part; at >= 0; at-- {
			from, to := 2+2*at, 4+2*at
			if at == 0 {
				from, to = 0, 4
			}
			unit := 1
			for n := to - 1; n >= from && pt.digits[n] == 'X'; n-- {
				unit *= 10
			}
			if unit == 100 && at > 0 && group {
				continue // nothing known of this part: the part before it
			}
			switch at {
			case 0:
				years += unit
			case 1:
				months += unit
			case 2:
				days += unit
			}
			return
		}
	}
	for part := range pt.parts {
		if q := pt.left[part]; q == '~' || q == '%' {
			add(part, false)
		}
		if q := pt.right[part]; q == '~' || q == '%' {
			add(part, true)
		}
	}
	return years, months, days
}
