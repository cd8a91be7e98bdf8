package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

const (
	// maxToken bounds one tag, comment, script or run of text of a page. Pictures
	// and fonts that are embedded make them long.
	maxToken = 32 << 20
	// maxOpen bounds how many open elements are kept in mind, as the HTML
	// parsers of browsers do.
	maxOpen = 512
)

// html reads what a browser without scripts or style sheets would show of a
// page's body. Blocks stand on lines of their own, paragraphs and headings
// between blank lines, cells of a table apart by tabs.
//
// It goes by tags alone. A tree as browsers build it can be made to grow beyond
// any measure by a small page, and what it adds, the mending of wrongly nested
// tags, changes hardly any text.
func (e *Extractor) html(ctx context.Context, r io.Reader, hinted string) (Text, error) {
	raw, err := e.readAll(ctx, r)
	if err != nil {
		return Text{}, err
	}
	contentType := ""
	if hinted != "" {
		contentType = HTML + "; charset=" + hinted
	}
	encoding, name, certain := charset.DetermineEncoding(raw[:min(len(raw), sniffLength)], contentType)
	if !certain && utf8.Valid(raw) {
		name = "utf-8"
	}
	var decoded io.Reader = bytes.NewReader(raw)
	if name != "utf-8" {
		decoded = encoding.NewDecoder().Reader(decoded)
	}
	tokens := html.NewTokenizer(untilDone{ctx, decoded})
	tokens.SetMaxBuf(maxToken)
	p := page{limit: e.limits.Text, firstHidden: -1, count: map[atom.Atom]int{}}
	for !p.full {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		p.token(kind, tokens)
	}
	switch err := tokens.Err(); {
	case p.full:
		return Text{}, e.tooMuchText()
	case errors.Is(err, html.ErrBufferExceeded):
		return Text{}, fmt.Errorf("%w: one of its tags, scripts or runs of text is longer than %d bytes", ErrTooLarge, maxToken)
	case !errors.Is(err, io.EOF):
		return Text{}, fmt.Errorf("%w: the HTML cannot be read: %w", ErrMalformed, err)
	}
	words := strings.TrimRightFunc(strings.ToValidUTF8(p.text.String(), "\ufffd"), unicode.IsSpace)
	return Text{Words: words, Charset: name}, nil
}

// isPage says whether the outermost element of what a document begins with is that
// of HTML.
func isPage(head []byte) bool {
	for tokens := html.NewTokenizer(bytes.NewReader(head)); ; {
		switch tokens.Next() {
		case html.StartTagToken:
			name, _ := tokens.TagName()
			return atom.Lookup(name) == atom.Html
		case html.ErrorToken:
			return false
		case html.TextToken, html.EndTagToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

// page is the text of a page while it is being read.
type page struct {
	text  strings.Builder
	limit int
	full  bool
	space bool // white space is due before the next word
	lines int  // line breaks are due before the next word
	tab   bool // a tab is
	cells int  // of the row, so far

	open        []atom.Atom       // elements; those of names unknown are 0
	count       map[atom.Atom]int // how many of each are open
	firstHidden int               // the outermost open element that is not shown; -1
	over        int               // open elements beyond maxOpen
	overHidden  int               // the outermost of these that is not shown, counted from 1; 0
	hider       atom.Atom         // the outermost open element that is not shown, wherever it is
	nested      int               // of its kind, open inside it and beyond maxOpen
	pre         int               // open preformatted elements
	preBegins   bool              // the last tag was the start of one whose first line break does not count
}

// hidden are the elements of which nothing is shown as text of the page.
var hidden = map[atom.Atom]bool{
	atom.Title: true, atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Iframe: true,
	atom.Object: true, atom.Embed: true, atom.Audio: true, atom.Video: true, atom.Canvas: true, atom.Svg: true,
	atom.Math: true, atom.Select: true, atom.Datalist: true, atom.Textarea: true, atom.Rp: true, atom.Noframes: true,
	atom.Noembed: true, atom.Map: true,
}

// preformatted are the elements whose white space is shown as it stands, and
// whether a line break right after their start is not part of them.
var preformatted = map[atom.Atom]struct{ skipsBreak bool }{
	atom.Pre: {true}, atom.Listing: {true}, atom.Xmp: {false}, atom.Plaintext: {false},
}

// breaks are the line breaks before and after an element.
var breaks = map[atom.Atom]int{
	atom.P: 2, atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Blockquote: 2,
	atom.Pre: 2, atom.Listing: 2, atom.Xmp: 2, atom.Plaintext: 2,
	atom.Ul: 2, atom.Ol: 2, atom.Dl: 2, atom.Table: 2, atom.Figure: 2, atom.Hr: 2,
	atom.Div: 1, atom.Li: 1, atom.Dt: 1, atom.Dd: 1, atom.Tr: 1, atom.Caption: 1, atom.Figcaption: 1, atom.Section: 1,
	atom.Article: 1, atom.Aside: 1, atom.Header: 1, atom.Footer: 1, atom.Main: 1, atom.Nav: 1, atom.Address: 1,
	atom.Form: 1, atom.Fieldset: 1, atom.Legend: 1, atom.Details: 1, atom.Summary: 1, atom.Center: 1, atom.Option: 1,
	atom.Body: 1, atom.Thead: 1, atom.Tbody: 1, atom.Tfoot: 1, atom.Hgroup: 1, atom.Menu: 1, atom.Search: 1,
	atom.Dir: 2, atom.Dialog: 1,
}

// void are the elements that have no end.
var void = map[atom.Atom]bool{
	atom.Area: true, atom.Base: true, atom.Br: true, atom.Col: true, atom.Embed: true, atom.Hr: true, atom.Img: true,
	atom.Input: true, atom.Link: true, atom.Meta: true, atom.Source: true, atom.Track: true, atom.Wbr: true,
}

// endedBy are the elements whose end may be left out, with what a start of each
// ends, as far out as the element at which that stops.
var endedBy = map[atom.Atom]struct {
	ends  []atom.Atom
	stops func(atom.Atom) bool
}{
	atom.Li:      {[]atom.Atom{atom.Li}, holdsItems},
	atom.Dt:      {[]atom.Atom{atom.Dt, atom.Dd}, holdsItems},
	atom.Dd:      {[]atom.Atom{atom.Dt, atom.Dd}, holdsItems},
	atom.Td:      {[]atom.Atom{atom.Td, atom.Th, atom.Caption}, isTable},
	atom.Th:      {[]atom.Atom{atom.Td, atom.Th, atom.Caption}, isTable},
	atom.Tr:      {[]atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Tr}, isTable},
	atom.Thead:   {[]atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot}, isTable},
	atom.Tbody:   {[]atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot}, isTable},
	atom.Tfoot:   {[]atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot}, isTable},
	atom.Caption: {[]atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot}, isTable},
	atom.Button:  {[]atom.Atom{atom.Button}, func(a atom.Atom) bool { return bounds[a] }},
	atom.Option:  {[]atom.Atom{atom.Option}, func(a atom.Atom) bool { return a == atom.Select || a == atom.Datalist }},
}

// bounds are the elements out of which hardly any tag reaches: what begins outside
// does not end inside.
var bounds = map[atom.Atom]bool{
	atom.Table: true, atom.Td: true, atom.Th: true, atom.Caption: true, atom.Object: true, atom.Template: true,
	atom.Marquee: true, atom.Applet: true,
}

// formatting are the elements that end where their end stands, wrongly nested or
// not.
var formatting = map[atom.Atom]bool{
	atom.A: true, atom.B: true, atom.Big: true, atom.Code: true, atom.Em: true, atom.Font: true, atom.I: true, atom.Nobr: true,
	atom.S: true, atom.Small: true, atom.Strike: true, atom.Strong: true, atom.Tt: true, atom.U: true,
}

var (
	paragraph = []atom.Atom{atom.P}
	headings  = []atom.Atom{atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}
)

func isTable(element atom.Atom) bool { return element == atom.Table }

// holdsParagraph says whether no paragraph reaches into the element from outside.
func holdsParagraph(element atom.Atom) bool { return bounds[element] || element == atom.Button }

// holdsItems says whether an item in the element ends none outside.
func holdsItems(element atom.Atom) bool {
	return isSpecial(element) && element != atom.Address && element != atom.Div && element != atom.P
}

// isSpecial says whether an element is part of the structure of a page, and not of
// the words.
func isSpecial(element atom.Atom) bool {
	return breaks[element] > 0 || hidden[element] || holdsParagraph(element)
}

// endsAt gives what the end tag of an element ends, and where looking for it stops.
func endsAt(element atom.Atom) (ends []atom.Atom, stops func(atom.Atom) bool) {
	switch element {
	case atom.P:
		return paragraph, holdsParagraph
	case atom.Li:
		return []atom.Atom{element}, func(a atom.Atom) bool { return bounds[a] || a == atom.Ul || a == atom.Ol }
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return headings, func(a atom.Atom) bool { return bounds[a] }
	case atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption:
		return []atom.Atom{element}, isTable
	default:
		return []atom.Atom{element}, func(a atom.Atom) bool { return bounds[a] }
	}
}

// token reads one tag or run of text.
func (p *page) token(kind html.TokenType, tokens *html.Tokenizer) {
	preBegins := p.preBegins
	p.preBegins = false
	switch kind {
	case html.TextToken:
		text := string(tokens.Text())
		if preBegins {
			text = strings.TrimPrefix(text, "\n")
		}
		if p.shown() {
			p.write(text)
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		name, more := tokens.TagName()
		element := atom.Lookup(name)
		hides, opened := hidden[element], false
		for more {
			var key, value []byte
			key, value, more = tokens.TagAttr()
			hides = hides || hiddenBy(key, value)
			opened = opened || string(key) == "open"
		}
		hides = hides || element == atom.Dialog && !opened
		// In HTML, as against XML, a slash before the end of a tag means nothing.
		p.start(element, hides)
	case html.EndTagToken:
		name, _ := tokens.TagName()
		p.end(atom.Lookup(name))
	case html.ErrorToken, html.CommentToken, html.DoctypeToken:
	}
}

// shown says whether what comes next is shown.
func (p *page) shown() bool { return p.firstHidden < 0 && p.overHidden == 0 }

func (p *page) start(element atom.Atom, hides bool) {
	rule, ok := endedBy[element]
	if ok {
		p.closeGroup(rule.ends, rule.stops)
	}
	if breaks[element] > 0 { // a block ends the paragraph before it
		p.closeGroup(paragraph, holdsParagraph)
	}
	if n := len(p.open); n > 0 && slices.Contains(headings, element) && slices.Contains(headings, p.open[n-1]) {
		p.closeTo(n - 1)
	}
	if p.overHidden > 0 && p.over == p.overHidden && (slices.Contains(rule.ends, p.hider) || p.hider == atom.P && breaks[element] > 0) {
		p.endBeyond(p.hider)
	}
	if p.shown() && !hides {
		p.mark(element)
	}
	if void[element] {
		return
	}
	if len(p.open) >= maxOpen {
		p.over++
		switch {
		case p.shown() && hides:
			p.overHidden, p.hider, p.nested = p.over, element, 0
		case !p.shown() && element == p.hider:
			p.nested++
		}
		return
	}
	if hides && p.firstHidden < 0 {
		p.firstHidden, p.hider, p.nested = len(p.open), element, 0
	}
	if rule, ok := preformatted[element]; ok {
		p.pre++
		p.preBegins = rule.skipsBreak
	}
	p.open = append(p.open, element)
	p.count[element]++
}

// mark notes what is due before the words of an element.
func (p *page) mark(element atom.Atom) {
	p.lines = max(p.lines, breaks[element])
	switch element {
	case atom.Br:
		p.lines++
	case atom.Wbr:
		if p.text.Len() > 0 && p.lines == 0 && !p.space {
			p.word("\u200b")
		}
	case atom.Tr:
		p.cells = 0
	case atom.Td, atom.Th:
		p.tab = p.cells > 0
		p.cells++
	}
}

func (p *page) end(element atom.Atom) {
	if element == atom.Br { // which has no end, and is taken for another one
		p.start(element, false)
		return
	}
	if p.over > 0 {
		p.endBeyond(element)
		return
	}
	i := p.innermost(endsAt(element))
	switch {
	case i < 0 && element == atom.P: // a paragraph without a beginning is an empty one
		p.start(element, false)
		p.end(element)
	case i < 0:
	case isSpecial(element) || !slices.ContainsFunc(p.open[i+1:], isSpecial):
		p.closeTo(i)
	case !formatting[element]:
	case p.firstHidden == i:
		p.closeTo(i)
	default:
		// What begins in a paragraph and ends in the next ends neither.
		p.open = slices.Delete(p.open, i, i+1)
		p.count[element]--
		if p.firstHidden > i {
			p.firstHidden--
		}
	}
}

// endBeyond ends one of the elements beyond maxOpen. Which they are is not known,
// but for the one that hides all in it: what ends that ends what it holds.
func (p *page) endBeyond(element atom.Atom) {
	switch {
	case p.shown():
		p.lines = max(p.lines, breaks[element])
		p.over--
	case element == p.hider && p.nested > 0 && p.over > p.overHidden:
		p.nested--
		p.over--
	case element == p.hider && p.overHidden > 0, p.over == p.overHidden:
		p.over, p.overHidden = p.overHidden-1, 0
	case element == p.hider && !slices.Contains(p.open[p.firstHidden+1:], element):
		p.closeTo(p.firstHidden)
	default:
		p.over--
	}
}

// innermost is the innermost open element of the group; -1 where there is none, or
// looking for it stops before.
func (p *page) innermost(group []atom.Atom, stops func(atom.Atom) bool) int {
	if !p.hasAny(group) {
		return -1
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if slices.Contains(group, p.open[i]) {
			return i
		}
		if stops(p.open[i]) {
			break
		}
	}
	return -1
}

func (p *page) hasAny(group []atom.Atom) bool {
	return slices.ContainsFunc(group, func(a atom.Atom) bool { return p.count[a] > 0 })
}

// closeGroup ends the open elements of the group as far out as looking for them
// stops.
func (p *page) closeGroup(group []atom.Atom, stops func(atom.Atom) bool) {
	if !p.hasAny(group) {
		return
	}
	outermost := -1
	for i := len(p.open) - 1; i >= 0; i-- {
		if slices.Contains(group, p.open[i]) {
			outermost = i
		}
		// What is in a template, say, ends nothing outside.
		if stops(p.open[i]) || i == p.firstHidden && hidden[p.open[i]] {
			break
		}
	}
	if outermost >= 0 {
		p.closeTo(outermost)
	}
}

// closeTo ends the open elements from the given one inwards.
func (p *page) closeTo(i int) {
	shown := p.shown()
	p.over, p.overHidden, p.nested = 0, 0, 0
	for _, element := range p.open[i:] {
		p.count[element]--
		if _, ok := preformatted[element]; ok {
			p.pre--
		}
		if shown {
			p.lines = max(p.lines, breaks[element])
		}
	}
	p.open = p.open[:i]
	if p.firstHidden >= i {
		p.firstHidden = -1
	}
}

// hiddenBy says whether an element with the attribute is not shown.
func hiddenBy(key, value []byte) bool {
	switch string(key) {
	case "hidden":
		return !strings.EqualFold(string(value), "until-found")
	case "style":
		style := strings.ToLower(strings.Join(strings.Fields(string(value)), ""))
		return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
	}
	return false
}

// write adds text as HTML means it: runs of white space are one space, unless they
// are preformatted.
func (p *page) write(s string) {
	if p.pre > 0 {
		p.verbatim(s)
		return
	}
	for s != "" && !p.full {
		i := strings.IndexFunc(s, collapsible)
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			p.word(s[:i])
		}
		for i < len(s) && collapsible(rune(s[i])) {
			p.space = true
			i++
		}
		s = s[i:]
	}
}

// verbatim adds preformatted text. A line break at its end is due before what comes
// next: where that is the end of the block, there is no empty line.
func (p *page) verbatim(s string) {
	s, broken := strings.CutSuffix(s, "\n")
	if s != "" || broken && p.lines > 0 {
		p.word(s)
	}
	if broken {
		p.lines++
	}
}

// collapsible is white space that HTML collapses; a no-break space is not.
func collapsible(r rune) bool {
	return r < utf8.RuneSelf && strings.ContainsRune(" \t\r\n\f", r)
}

// word adds text that is shown as it stands, after what is due before it.
func (p *page) word(s string) {
	if p.text.Len() > 0 {
		switch {
		case p.lines > 0:
			p.text.WriteString("\n\n"[:min(p.lines, 2)])
		case p.tab:
			p.text.WriteByte('\t')
		case p.space:
			p.text.WriteByte(' ')
		}
	}
	p.lines, p.tab, p.space = 0, false, false
	if p.full = p.text.Len()+len(s) > p.limit; !p.full {
		p.text.WriteString(s)
	}
}
