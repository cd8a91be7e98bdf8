package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/bench/measure"
)

// Row is one thing that the benchmarks are to show.
type Row struct {
	Question string
	What     string  // what is set against what
	Value    float64 // NaN where it was not measured
	Detail   string  // the two figures of a ratio
	Goal     Goal
	Verdict  Verdict
}

// Goal is what a row is judged by. AtLeast is what has to be, Aim what is hoped
// for; both are upper limits where Most is set.
type Goal struct {
	AtLeast, Aim float64
	Most         bool
	Unit         string // × ms GiB s
}

// Verdict is what a row is judged to be.
type Verdict string

// The verdicts.
const (
	AimMet      Verdict = "aim met"
	Met         Verdict = "met"
	NotMet      Verdict = "not met"
	NotMeasured Verdict = "not measured"
	Shown       Verdict = "judged at SCALE=full" // measured, at another size than the goal speaks of
)

// Judge says whether a value reaches the goal.
func (g Goal) Judge(value float64) Verdict {
	reaches := func(limit float64) bool {
		if g.Most {
			return value <= limit
		}
		return value >= limit
	}
	switch {
	case math.IsNaN(value):
		return NotMeasured
	case reaches(g.Aim):
		return AimMet
	case reaches(g.AtLeast):
		return Met
	default:
		return NotMet
	}
}

// Value writes a value with the goal's unit.
func (g Goal) Value(value float64) string {
	if math.IsNaN(value) {
		return "–"
	}
	return number(value) + " " + g.Unit
}

// Limits writes what has to be and what is hoped for.
func (g Goal) Limits() (atLeast, aim string) {
	sign := "≥ "
	if g.Most {
		sign = "≤ "
	}
	return sign + g.Value(g.AtLeast), sign + g.Value(g.Aim)
}

// number writes three significant digits, and thousands with commas.
func number(x float64) string {
	digits := 0
	if x != 0 {
		digits = max(2-int(math.Floor(math.Log10(math.Abs(x)))), 0)
	}
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		return whole + "." + fraction
	}
	return whole
}

func perSecond(f measure.Figures) float64 { return f.PerSecond }
func p50(f measure.Figures) float64       { return f.P50 }
func p99(f measure.Figures) float64       { return f.P99 }

// side is one figure that was measured.
type side struct {
	question, contender string
	clients             int
	of                  func(measure.Figures) float64
	unit                string
}

func (r *Results) figure(s side) float64 {
	f, ok := r.measured(s.question, s.contender, s.clients)
	if !ok {
		return math.NaN()
	}
	return s.of(f)
}

// ratio judges one figure divided by another.
func (r *Results) ratio(question, what string, over, under side, g Goal) Row {
	g.Unit = "×"
	a, b := r.figure(over), r.figure(under)
	row := Row{Question: question, What: what, Value: a / b, Goal: g}
	if !math.IsNaN(row.Value) {
		row.Detail = fmt.Sprintf("%s : %s %s", number(a), number(b), over.unit)
	}
	row.Verdict = g.Judge(row.Value)
	return row
}

func (r *Results) plain(question, what string, s side, g Goal) Row {
	row := Row{Question: question, What: what, Value: r.figure(s), Goal: g}
	row.Verdict = g.Judge(row.Value)
	return row
}

// FullEntities is how many entities the largest graph has.
const FullEntities = 1_000_000

// Rows judges everything that the benchmarks are to show.
func (r *Results) Rows() []Row {
	rate := func(q, c string) side { return side{q, c, 8, perSecond, "requests/s"} }
	middle := func(q, c string) side { return side{q, c, 1, p50, "ms"} }
	slow := func(q, c string) side { return side{q, c, 1, p99, "ms"} }
	atLeast := func(least, aim float64) Goal { return Goal{AtLeast: least, Aim: aim} }
	atMost := func(most, aim float64) Goal { return Goal{AtLeast: most, Aim: aim, Most: true} }
	within := func(most, aim float64) Goal { return Goal{AtLeast: most, Aim: aim, Most: true, Unit: "ms"} }
	var rows []Row
	for _, q := range []struct{ question, title string }{
		{Card, "a random entity, its first 25 links, 3 citations each"},
		{First, "the same, of entities that nobody has asked about before"},
		{Full, "the same, of entities with 25 links or more"},
		{Fresh, "the same, of such that nobody has asked about before"},
	} {
		rows = append(rows,
			r.ratio(q.title, "requests/s at 8 clients, on Neo4j : @neo4j/graphql", rate(q.question, OnNeo4j), rate(q.question, Neo4jGraphQL), atLeast(2, 3)),
			r.ratio(q.title, "p50 at 1 client, on Neo4j : Cypher over Bolt", middle(q.question, OnNeo4j), middle(q.question, Bolt), atMost(2, 1.5)),
			r.ratio(q.title, "requests/s at 8 clients, embedded : @neo4j/graphql", rate(q.question, Embedded), rate(q.question, Neo4jGraphQL), atLeast(3, 5)),
		)
	}
	hub := fmt.Sprintf("the same, of the hub of %s links", number(float64(r.Data.Hub)))
	path := "shortest path of a random pair"
	rows = append(rows,
		r.ratio(hub, "p50, embedded : embedded, an entity with 25 links", middle(Hub, Embedded), middle(Full, Embedded), atMost(2, 1.2)),
		r.ratio(hub, "p50, on Neo4j : on Neo4j, an entity with 25 links", middle(Hub, OnNeo4j), middle(Full, OnNeo4j), atMost(2, 1.2)),
		r.ratio(hub, "p50, @neo4j/graphql, a page in order : embedded", middle(Ordered, Neo4jGraphQL), middle(Ordered, Embedded), atLeast(10, 50)),
		r.ratio(hub, "p50, @neo4j/graphql, a page in order : on Neo4j", middle(Ordered, Neo4jGraphQL), middle(Ordered, OnNeo4j), atLeast(10, 50)),
		r.ratio(hub, "p50, @neo4j/graphql, any 25 : embedded", middle(Hub, Neo4jGraphQL), middle(Hub, Embedded), atLeast(10, 50)),
		r.ratio(hub, "p50, @neo4j/graphql, any 25 : on Neo4j", middle(Hub, Neo4jGraphQL), middle(Hub, OnNeo4j), atLeast(10, 50)),
		r.ratio(path, "p50, embedded over GraphQL : shortestPath over Bolt", middle(Path, Embedded), middle(Path, Bolt), atMost(1, 0.5)),
		r.ratio(path, "p99, embedded over GraphQL : shortestPath over Bolt", slow(Path, Embedded), slow(Path, Bolt), atMost(0.1, 0.05)),
		r.ratio(path, "p50, in process : NetworkX", middle(Path, Inside), middle(Path, NetworkX), atMost(0.1, 0.02)),
		r.ratio(path, "the same, in a graph without a hub", middle(Plain, Inside), middle(Plain, NetworkX), atMost(0.1, 0.02)),
		r.plain("five shortest paths of a random pair", "p99, embedded", slow(Paths, Embedded), within(50, 5)),
		r.plain("five shortest paths of a random pair", "p99, on Neo4j", slow(Paths, OnNeo4j), within(500, 100)),
		r.plain("two links around, up to 500 links, through the hub", "p99, embedded", slow(Around, Embedded), within(50, 10)),
		r.plain("two links around, up to 500 links, through the hub", "p99, on Neo4j", slow(Around, OnNeo4j), within(200, 50)),
		r.loaded("embedded : UNWIND of 5,000", Embedded, atLeast(4, 10)),
		r.loaded("on Neo4j : UNWIND of 5,000", OnNeo4j, atLeast(0.8, 1.5)),
	)
	return append(rows, r.sized()...)
}

func (r *Results) loaded(what, contender string, g Goal) Row {
	g.Unit = "×"
	row := Row{Question: "import of cited links", What: "links/s, " + what, Value: math.NaN(), Goal: g}
	ours, ok := r.load(contender)
	theirs, both := r.load(Bolt)
	if ok && both {
		row.Value = ours / theirs
		row.Detail = fmt.Sprintf("%s : %s links/s", number(ours), number(theirs))
	}
	row.Verdict = g.Judge(row.Value)
	return row
}

// sized are the rows that speak of the largest graph. A smaller run shows what
// it found of its own sizes and judges nothing by it.
func (r *Results) sized() []Row {
	largest := 0
	for _, g := range r.Growth {
		largest = max(largest, g.Entities)
	}
	if largest == 0 {
		return nil
	}
	judge := func(row Row) Row {
		row.Verdict = row.Goal.Judge(row.Value)
		if largest != FullEntities && row.Verdict != NotMeasured {
			row.Verdict = Shown
		}
		return row
	}
	title := fmt.Sprintf("%s entities, %s cited links, embedded", number(float64(largest)), number(float64(5*largest)))
	memory := Row{Question: title, What: "resident memory", Value: math.NaN(), Goal: Goal{AtLeast: 1.5, Aim: 0.6, Most: true, Unit: "GiB"}}
	start := Row{Question: title, What: "start", Value: math.NaN(), Goal: Goal{AtLeast: 8, Aim: 3, Most: true, Unit: "s"}}
	if h, ok := r.held(Embedded, largest); ok {
		memory.Value, start.Value = h.MiB/1024, h.Seconds
	}
	rows := []Row{judge(memory), judge(start)}
	for _, shape := range r.followed() {
		for _, row := range r.costRows(shape) {
			rows = append(rows, judge(row))
		}
	}
	return rows
}

// costRows set the cost of questions in the largest graph beside that in one of a
// tenth of its size, where one is; they are not judged.
func (r *Results) costRows(of shape) []Row {
	sizes := r.sizes(of)
	largest, smaller := sizes[len(sizes)-1], sizes[0]
	for _, size := range sizes {
		if size*10 <= largest {
			smaller = size
		}
	}
	asked := fmt.Sprintf("cost at %s entities : at %s, %v", number(float64(largest)), number(float64(smaller)), of)
	var rows []Row
	for _, question := range r.grown() {
		a, ok := r.growth(question, largest, of)
		b, both := r.growth(question, smaller, of)
		if !ok || !both {
			continue
		}
		rows = append(rows, Row{
			Question: asked, What: "p50 in process, " + growthNames[question],
			Value: a.P50 / b.P50, Detail: fmt.Sprintf("%s : %s µs", number(1000*a.P50), number(1000*b.P50)),
			Goal: Goal{AtLeast: 1.5, Aim: 1.1, Most: true, Unit: "×"},
		})
	}
	return rows
}
