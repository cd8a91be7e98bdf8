package report

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// style gives both charts colours that can be told apart on a light and on a
// dark ground, also by those who see red and green alike (after Okabe and Ito).
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.faint { fill: #57606a; font-size: 11px }
.title { font-weight: 600; font-size: 15px }
.grid { stroke: #8c959f; stroke-opacity: .35; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .faint { fill: #9da7b3 } }
</style>
`

var colours = map[string]string{
	Embedded: "#0072b2", OnNeo4j: "#56b4e9", Inside: "#009e73", Neo4jGraphQL: "#d55e00", Bolt: "#e69f00", NetworkX: "#cc79a7", IGraph: "#8c7a3d",
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

func open(b *strings.Builder, width, height int, title string) {
	fmt.Fprintf(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n<title>%s</title>\n%s",
		width, height, width, height, escaped(title), style)
}

// scale is a logarithmic axis from a power of ten to a power of ten.
type scale struct {
	low, high  float64 // exponents
	start, end float64 // pixels
}

func newScale(values []float64, start, end float64) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 {
			low, high = min(low, math.Floor(math.Log10(v))), max(high, math.Ceil(math.Log10(v)))
		}
	}
	if math.IsInf(low, 0) {
		low, high = 0, 1
	}
	return scale{low, max(high, low+1), start, end}
}

func (s scale) at(v float64) float64 {
	return s.start + (math.Log10(max(v, math.Pow(10, s.low)))-s.low)/(s.high-s.low)*(s.end-s.start)
}

// duration writes milliseconds in the unit that suits them.
func duration(ms float64) string {
	switch {
	case ms >= 1000:
		return number(ms/1000) + " s"
	case ms < 1:
		return number(ms*1000) + " µs"
	default:
		return number(ms) + " ms"
	}
}

// timesChart shows the p50 and the p99 of every question at one client: a bar to
// the p50, and a thinner one on to the p99.
func (r *Results) timesChart() string {
	const left, right, width, bar = 190, 700, 800, 22
	var values []float64
	groups := []string{}
	bars := 0
	for _, m := range r.Measured {
		if m.Clients != 1 {
			continue
		}
		values = append(values, m.Median.P50, m.Median.P99)
		if len(groups) == 0 || groups[len(groups)-1] != m.Question {
			groups = append(groups, m.Question)
		}
		bars++
	}
	s := newScale(values, left, right)
	height := 80 + bar*bars + 34*len(groups)
	var b strings.Builder
	open(&b, width, height, "How long an answer takes, by question and contender")
	fmt.Fprintf(&b, "<text class=\"title\" x=\"16\" y=\"26\">How long an answer takes, one client: p50, and thin on to p99</text>\n")
	for e := s.low; e <= s.high; e++ {
		x := s.at(math.Pow(10, e))
		fmt.Fprintf(&b, "<line class=\"grid\" x1=\"%.1f\" y1=\"40\" x2=\"%.1f\" y2=\"%d\"/><text class=\"faint\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x, x, height-28, x, height-12, duration(math.Pow(10, e)))
	}
	y, last := 40, ""
	for _, m := range r.Measured {
		if m.Clients != 1 {
			continue
		}
		if m.Question != last {
			y += 34
			fmt.Fprintf(&b, "<text x=\"16\" y=\"%d\" font-weight=\"600\">%s</text>\n", y-8, escaped(questionNames[m.Question]))
			last = m.Question
		}
		middle, end, colour := s.at(m.Median.P50), s.at(m.Median.P99), colours[m.Contender]
		fmt.Fprintf(&b, "<text class=\"faint\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", left-8, y+12, escaped(Names[m.Contender]))
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>", left, y+1, max(middle-left, 1), colour)
		fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"4\" fill=\"%s\"/>", middle, y+6, max(end-middle, 0), colour)
		fmt.Fprintf(&b, "<text class=\"faint\" x=\"%.1f\" y=\"%d\">%s</text>\n", end+6, y+12, duration(m.Median.P50))
		y += bar
	}
	b.WriteString("</svg>\n")
	return b.String()
}

var growthColours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// growthChart shows what questions cost as the graph grows, both logarithmic.
func (r *Results) growthChart(of shape) string {
	const left, right, top, bottom, width, height = 80, 560, 60, 330, 800, 380
	var values, sizes []float64
	for _, g := range r.Growth {
		if g.shape() == of {
			values = append(values, g.P50)
		}
	}
	for _, size := range r.sizes(of) {
		sizes = append(sizes, float64(size))
	}
	x, y := newScale(sizes, left, right), newScale(values, bottom, top)
	var b strings.Builder
	title := "What a question costs as the graph grows, " + of.String()
	open(&b, width, height, title)
	fmt.Fprintf(&b, "<text class=\"title\" x=\"16\" y=\"26\">%s: p50, in process</text>\n", title)
	for e := y.low; e <= y.high; e++ {
		at := y.at(math.Pow(10, e))
		fmt.Fprintf(&b, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/><text class=\"faint\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			left, at, right, at, left-8, at+4, duration(math.Pow(10, e)))
	}
	for _, size := range sizes {
		at := x.at(size)
		fmt.Fprintf(&b, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><text class=\"faint\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			at, top, at, bottom, at, bottom+18, number(size))
	}
	fmt.Fprintf(&b, "<text class=\"faint\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">entities, with five links for each</text>\n", (left+right)/2, bottom+38)
	for i, q := range r.grown() {
		var points []string
		colour := growthColours[i%len(growthColours)]
		for _, size := range r.sizes(of) {
			if g, ok := r.growth(q, size, of); ok {
				points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(float64(size)), y.at(g.P50)))
				fmt.Fprintf(&b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>", x.at(float64(size)), y.at(g.P50), colour)
			}
		}
		fmt.Fprintf(&b, "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>", strings.Join(points, " "), colour)
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/><text class=\"faint\" x=\"%d\" y=\"%d\">%s</text>\n",
			right+24, top+22*i+4, colour, right+44, top+22*i+10, escaped(growthNames[q]))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
