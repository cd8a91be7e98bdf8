package edtf

import (
	"fmt"
	"strconv"
	"strings"
)

// words are what labels are made of in one language. Verbs take dates already
// put into words.
type words struct {
	months                           [12]string
	day, month                       string // formats: day, month name, year
	onThe                            string // article before a full date after a preposition
	by, from, about, between         string
	since, sinceBetween, until       string
	before, after, decade, uncertain string
	still, seen, or, and             string
	seasons                          [4]string
	north, south                     string
	inYear                           string // format: part of year, year
	quarters                         [4]string
	thirds                           [3]string
	halves                           [2]string
}

var english = words{
	months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	day:    "%d %s %s", month: "%s %s",
	by: "by %s", from: "%s or later", about: "about %s", between: "between %s and %s",
	since: "since %s", sinceBetween: "since some time between %s and %s", until: "until %s",
	before: "%d BC", after: "AD %d", decade: "the %d0s", uncertain: "uncertain",
	still: "still so when cited", seen: "observed %s", or: "or", and: "and",
	seasons: [4]string{"spring", "summer", "autumn", "winter"},
	north:   "northern hemisphere", south: "southern hemisphere", inYear: "%s %s",
	quarters: [4]string{"first quarter of", "second quarter of", "third quarter of", "fourth quarter of"},
	thirds:   [3]string{"first four months of", "middle four months of", "last four months of"},
	halves:   [2]string{"first half of", "second half of"},
}

var spanish = words{
	months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	day:    "%d de %s de %s", month: "%s de %s", onThe: "el ",
	by: "a más tardar %s", from: "%s o después", about: "aprox. %s", between: "entre %s y %s",
	since: "desde %s", sinceBetween: "desde algún momento entre %s y %s", until: "hasta %s",
	before: "%d a. C.", after: "%d d. C.", decade: "la década de %d0", uncertain: "incierto",
	still: "aún vigente al citarse", seen: "observado: %s", or: "o", and: "y",
	seasons: [4]string{"primavera", "verano", "otoño", "invierno"},
	north:   "hemisferio norte", south: "hemisferio sur", inYear: "%s de %s",
	quarters: [4]string{"primer trimestre", "segundo trimestre", "tercer trimestre", "cuarto trimestre"},
	thirds:   [3]string{"primer cuatrimestre", "segundo cuatrimestre", "tercer cuatrimestre"},
	halves:   [2]string{"primer semestre", "segundo semestre"},
}

func inLanguage(lang string) *words {
	if base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base == "es" {
		return &spanish
	}
	return &english
}

// phrase is a date in words, with what its place in a sentence depends on.
type phrase struct {
	text      string // as it stands alone
	object    string // as it stands after a preposition
	bounded   bool   // text brings its own preposition: "by", "between"
	a, b      string // of "between"
	uncertain bool
}

// Label puts the valid time into words in English ("en") or Spanish ("es", with
// any region); other languages get English. It is empty for what is undated.
func (v Valid) Label(a Aspect, lang string) string {
	if v.IsZero() {
		return ""
	}
	w := inLanguage(lang)
	var notes []string
	if v.Since.Uncertain() || v.Until.Uncertain() {
		notes = append(notes, w.uncertain)
	}
	since, until := w.date(v.Since), w.date(v.Until)
	var text string
	switch hasSince, hasUntil := v.Since.Dated(), v.Until.Dated(); {
	case hasSince && hasUntil && v.Since == v.Until:
		text = since.text
	case hasSince && hasUntil:
		text = since.text + " – " + until.text
	case hasSince && a == Event && v.Until.IsZero(), hasSince && since.bounded && since.a == "":
		text = since.text
	case hasSince && since.bounded:
		text = fmt.Sprintf(w.sinceBetween, since.a, since.b)
	case hasSince:
		text = fmt.Sprintf(w.since, since.object)
	case hasUntil && until.bounded:
		text = "… – " + until.text
	case hasUntil:
		text = fmt.Sprintf(w.until, until.object)
	}
	if v.Until.IsOpen() && text != "" {
		notes = append(notes, w.still)
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	var seen []string
	for _, o := range v.Observed {
		if !o.Dated() {
			continue
		}
		p := w.date(o)
		if p.uncertain {
			p.text += " (" + w.uncertain + ")"
		}
		seen = append(seen, p.text)
	}
	if len(seen) > 0 {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf(w.seen, strings.Join(seen, ", "))
	}
	return text
}

// Label puts the date into words as [Valid.Label] does. It is empty for the
// zero Date and for one that bounds nothing.
func (d Date) Label(lang string) string {
	w := inLanguage(lang)
	p := w.date(d)
	if p.uncertain {
		return p.text + " (" + w.uncertain + ")"
	}
	return p.text
}

// date reads the expression again: labels are rare, dates are many, and so
// dates stay small.
func (w *words) date(d Date) phrase {
	if !d.Dated() {
		return phrase{}
	}
	x, err := parseExpr(d.text)
	if err != nil {
		return phrase{text: d.text, object: d.text} // a Date comes from Parse
	}
	p := w.span(&x.spans[0])
	if len(x.spans) > 1 {
		texts := make([]string, len(x.spans))
		for i := range x.spans {
			texts[i] = w.span(&x.spans[i]).text
		}
		join := w.or
		if x.form == formAllOf {
			join = w.and
		}
		last := len(texts) - 1
		text := strings.Join(texts[:last], ", ") + " " + join + " " + texts[last]
		p = phrase{text: text, object: text}
	}
	p.uncertain = d.Uncertain()
	return p
}

func (w *words) span(sp *span) phrase {
	switch {
	case sp.single:
		return w.point(&sp.from.point)
	case sp.from.kind != endPoint:
		return phrase{text: fmt.Sprintf(w.by, w.edge(&sp.to.point, true).object), bounded: true}
	case sp.to.kind != endPoint:
		return phrase{text: fmt.Sprintf(w.from, w.edge(&sp.from.point, false).text), bounded: true}
	}
	return w.betweenThe(w.edge(&sp.from.point, false), w.edge(&sp.to.point, true))
}

func (w *words) betweenThe(a, b phrase) phrase {
	if a.text == b.text {
		return a
	}
	return phrase{text: fmt.Sprintf(w.between, a.object, b.object), bounded: true, a: a.object, b: b.object}
}

// edge is a point as one end of a range: where it is itself a range, the side
// that counts.
func (w *words) edge(pt *point, last bool) phrase {
	if text, _ := w.bare(pt); text != "" {
		return w.point(pt)
	}
	from, to := w.sides(pt)
	if last {
		return to
	}
	return from
}

func (w *words) point(pt *point) phrase {
	text, article := w.bare(pt)
	if text == "" {
		return w.betweenThe(w.sides(pt))
	}
	if pt.flags()&approximate != 0 {
		text, article = fmt.Sprintf(w.about, text), ""
	}
	return phrase{text: text, object: article + text}
}

// sides are the first and the last day of a point, as years or months where
// the point covers these whole.
func (w *words) sides(pt *point) (from, to phrase) {
	lo, hi := pt.bounds()
	y1, m1, d1 := lo.Date()
	y2, m2, d2 := hi.Date()
	plain := func(text string) phrase { return phrase{text: text, object: text} }
	switch {
	case d1 == 1 && m1 == 1 && d2 == 31 && m2 == 12:
		return plain(w.year(y1)), plain(w.year(y2))
	case d1 == 1 && d2 == monthLength(y2, m2):
		return plain(fmt.Sprintf(w.month, w.months[m1-1], w.year(y1))), plain(fmt.Sprintf(w.month, w.months[m2-1], w.year(y2)))
	}
	day := func(y, m, d int) phrase {
		text := fmt.Sprintf(w.day, d, w.months[m-1], w.year(y))
		return phrase{text: text, object: w.onThe + text}
	}
	return day(y1, m1, d1), day(y2, m2, d2)
}

// bare is the date without its qualifiers and the article that goes before it,
// or nothing where unknown digits make it a range.
func (w *words) bare(pt *point) (text, article string) {
	switch {
	case pt.kind == pointSeason:
		return w.season(pt), ""
	case pt.kind == pointYear:
		if pt.significant > 0 && pt.significant < pt.width {
			return "", ""
		}
		return w.year(int(pt.year)), ""
	case !pt.hasX():
		y := w.year(pt.plainYear())
		month := func() string { return w.months[int(pt.digits[4]-'0')*10+int(pt.digits[5]-'0')-1] }
		switch pt.parts {
		case 1:
			return y, ""
		case 2:
			return fmt.Sprintf(w.month, month(), y), ""
		}
		return fmt.Sprintf(w.day, int(pt.digits[6]-'0')*10+int(pt.digits[7]-'0'), month(), y), w.onThe
	}
	// Drop whole unknown parts at the end: 2014-09-XX is September 2014.
	known := *pt
	for known.parts > 1 && string(known.digits[2*known.parts:2*known.parts+2]) == "XX" {
		known.parts--
	}
	if known.parts < pt.parts {
		return w.bare(&known)
	}
	if pt.parts == 1 && !pt.negative && strings.Count(string(pt.digits[:4]), "X") == 1 && pt.digits[3] == 'X' {
		n, _ := strconv.Atoi(string(pt.digits[:3]))
		return fmt.Sprintf(w.decade, n), ""
	}
	return "", ""
}

func (w *words) season(pt *point) string {
	y, n := w.year(pt.plainYear()), pt.season
	switch {
	case n <= 24:
		return fmt.Sprintf(w.inYear, w.seasons[n-21], y)
	case n <= 28:
		return fmt.Sprintf(w.inYear, w.seasons[n-25], y) + ", " + w.north
	case n <= 32:
		return fmt.Sprintf(w.inYear, w.seasons[n-29], y) + ", " + w.south
	case n <= 36:
		return fmt.Sprintf(w.inYear, w.quarters[n-33], y)
	case n <= 39:
		return fmt.Sprintf(w.inYear, w.thirds[n-37], y)
	}
	return fmt.Sprintf(w.inYear, w.halves[n-40], y)
}

func (w *words) year(y int) string {
	switch {
	case y <= 0:
		return fmt.Sprintf(w.before, 1-y)
	case y < 1000:
		return fmt.Sprintf(w.after, y)
	}
	return strconv.Itoa(y)
}
