package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// growthNames are the questions whose cost is followed as the graph grows.
var growthNames = map[string]string{
	Card:      "25 links with citations",
	"around1": "all within 1 link",
	"around2": "all within 2 links, up to 500",
	"around3": "all within 3 links, up to 500",
	Path:      "shortest path",
	Paths:     "five shortest paths",
}

// GrowthQuestions are their keys, in the order in which they are shown.
var GrowthQuestions = []string{Card, "around1", "around2", "around3", Path, Paths}

// grown are the questions whose growth was measured.
func (r *Results) grown() []string {
	var all []string
	for _, q := range GrowthQuestions {
		if slices.ContainsFunc(r.Growth, func(g Growth) bool { return g.Question == q }) {
			all = append(all, q)
		}
	}
	return all
}

// shape is that of the graphs whose growth is followed.
type shape bool

const (
	inRegions shape = true
	oneRegion shape = false
)

// String gives it as the end of a sentence has it.
func (s shape) String() string {
	if s == inRegions {
		return "in regions"
	}
	return "all one region"
}

// growthTitles say which graphs grow.
var growthTitles = map[shape]string{
	inRegions: "In regions, each entity's degree as likely at every size",
	oneRegion: "All one region, in which the most linked have more links in a larger graph",
}

// followed are the shapes of which more than one size was measured.
func (r *Results) followed() []shape {
	return slices.DeleteFunc([]shape{inRegions, oneRegion}, func(s shape) bool { return len(r.sizes(s)) < 2 })
}

// Regions says what regions a graph has of a number of entities to each; 0: all are
// one.
func Regions(region int) string {
	if region == 0 {
		return "one region"
	}
	return "regions of " + number(float64(region))
}

// sizes are the numbers of entities at which growth was measured, least first.
func (r *Results) sizes(of shape) []int {
	var all []int
	for _, g := range r.Growth {
		if g.shape() == of && !slices.Contains(all, g.Entities) {
			all = append(all, g.Entities)
		}
	}
	slices.Sort(all)
	return all
}

// table is a table with a heading, as Markdown writes it; columns are padded so
// that it can be read as it is.
func table(head []string, rows [][]string) string {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	line := func(row []string) {
		for i, cell := range row {
			b.WriteString("| " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + " ")
		}
		b.WriteString("|\n")
	}
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = strings.Repeat("-", widths[i])
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

// Judged is the table of what is to be shown: one row for each, with what has to
// be, what is hoped for, and whether it is so.
func (r *Results) Judged() string {
	var rows [][]string
	last := ""
	for _, row := range r.Rows() {
		question := row.Question
		if question == last {
			question = ""
		}
		last = row.Question
		atLeast, aim := row.Goal.Limits()
		value := row.Goal.Value(row.Value)
		if row.Detail != "" {
			value += " (" + row.Detail + ")"
		}
		rows = append(rows, []string{question, row.What, value, atLeast, aim, string(row.Verdict)})
	}
	return table([]string{"question", "what", "found", "at least", "aim", "verdict"}, rows)
}

var questionNames = map[string]string{
	Card: "a random entity, 25 links, 3 citations each", First: "the same, for the first time", Full: "the same, 25 links or more", Fresh: "25 links or more, for the first time", Hub: "the same, the hub", Ordered: "the hub's first page, in order",
	Path: "shortest path", Plain: "shortest path, no hub", Paths: "five shortest paths", Around: "two links around, through the hub",
}

// Times is the table of everything that was timed.
func (r *Results) Times() string {
	var rows [][]string
	last := ""
	for _, m := range r.Measured {
		question := questionNames[m.Question]
		if question == last {
			question = ""
		}
		last = questionNames[m.Question]
		p99 := number(m.Median.P99) + " ms"
		if m.Median.TimedOut > 0 {
			p99 = fmt.Sprintf("%d of %d past 20 s", m.Median.TimedOut, m.Median.Answers)
		}
		rows = append(rows, []string{
			question, Names[m.Contender], number(float64(m.Clients)), number(m.Median.PerSecond), number(m.Median.P50) + " ms", p99, number(float64(m.Median.Answers)),
		})
	}
	return table([]string{"question", "who answers", "clients", "answers/s", "p50", "p99", "answers timed"}, rows)
}

// Memory is the table of memory, start and load.
func (r *Results) Memory() string {
	var rows [][]string
	for _, h := range r.Held {
		start := "–"
		if h.Seconds > 0 {
			start = number(h.Seconds) + " s"
		}
		memory := "–"
		if h.MiB > 0 {
			memory = number(h.MiB) + " MiB"
		}
		rows = append(rows, []string{Names[h.Contender], number(float64(h.Entities)), number(float64(h.Links)), memory, start})
	}
	return table([]string{"process", "entities", "links", "resident memory", "start"}, rows)
}

// Imports is the table of how fast cited links were written.
func (r *Results) Imports() string {
	var rows [][]string
	for _, l := range r.Loads {
		rows = append(rows, []string{loadNames[l.Contender], number(float64(l.Links)), number(l.Seconds) + " s", number(l.PerSecond)})
	}
	return table([]string{"how", "links", "took", "links/s"}, rows)
}

var loadNames = map[string]string{
	Embedded: "`vinculo import`, embedded", OnNeo4j: "`vinculo import`, Neo4j", Bolt: "`UNWIND` of 5,000 by hand, Neo4j",
	ByHand: "the same in Vínculo's shape, and nothing else",
}

// Costs is the table of how cost grows with size, in graphs of a shape.
func (r *Results) Costs(of shape) string {
	sizes := r.sizes(of)
	head := []string{"question, in process"}
	for _, size := range sizes {
		head = append(head, number(float64(size))+" entities")
	}
	var rows [][]string
	for _, q := range r.grown() {
		row := []string{growthNames[q]}
		for _, size := range sizes {
			cell := "–"
			if g, ok := r.growth(q, size, of); ok {
				cell = fmt.Sprintf("%s µs (p99 %s", number(1000*g.P50), number(1000*g.P99))
				if g.First > 0 {
					cell += fmt.Sprintf("; at first %s; %s ids", number(1000*g.First), number(g.Size))
				}
				cell += ")"
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return table(head, rows)
}

// Text is everything, for a terminal.
func (r *Results) Text() string {
	var b strings.Builder
	b.WriteString(r.Judged())
	for _, part := range []struct {
		any  bool
		text func() string
	}{
		{len(r.Measured) > 0, r.Times}, {len(r.Loads) > 0, r.Imports}, {len(r.Held) > 0, r.Memory},
	} {
		if part.any {
			b.WriteString("\n" + part.text())
		}
	}
	for _, shape := range r.followed() {
		b.WriteString("\n" + growthTitles[shape] + ":\n" + r.Costs(shape))
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "\nSkipped: %s: %s\n", Names[s.Contender], s.Reason)
	}
	for _, f := range r.Failed {
		fmt.Fprintf(&b, "\nFailed: %s: %s\n", f.Question, f.Reason)
	}
	return b.String()
}
