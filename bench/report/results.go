// Package report keeps what a run of the benchmarks found, judges it, and writes
// it as a table, as charts and as the page docs/performance.md.
package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/vinculo/vinculo/bench/measure"
)

// The contenders.
const (
	Embedded     = "embedded"      // Vínculo on its embedded store, over GraphQL
	OnNeo4j      = "neo4j"         // Vínculo on Neo4j, over GraphQL
	Neo4jGraphQL = "neo4j-graphql" // @neo4j/graphql
	Bolt         = "bolt"          // hand-written Cypher over Bolt
	Inside       = "inside"        // Vínculo's embedded store, in the process that asks
	NetworkX     = "networkx"
	IGraph       = "igraph"
	Server       = "server"  // the Neo4j that three of them use
	ByHand       = "by-hand" // Vínculo's nodes and relationships alone, over Bolt
)

// Names are what the contenders are called in tables and charts.
var Names = map[string]string{
	Embedded: "Vínculo, embedded", OnNeo4j: "Vínculo on Neo4j", Neo4jGraphQL: "@neo4j/graphql", Bolt: "Cypher over Bolt",
	Inside: "Vínculo, in process", NetworkX: "NetworkX", IGraph: "igraph", Server: "Neo4j itself",
}

// The questions.
const (
	Card    = "card"    // a random entity, its first 25 links, 3 citations of each
	Full    = "full"    // the same of an entity with 25 links or more
	First   = "first"   // as Card, of entities that were not asked about before
	Fresh   = "fresh"   // as Full, of entities that were not asked about before
	Hub     = "hub"     // the same of the hub
	Ordered = "ordered" // the hub's first page in order, to be gone on with
	Path    = "path"    // the shortest path of a random pair
	Plain   = "plain"   // the same in a graph without a hub, of those who answer in their own memory
	Paths   = "paths"   // five shortest paths of a random pair
	Around  = "around"  // what lies two links around a neighbour of the hub, up to 500 links
)

// Results are what one run found.
type Results struct {
	Scale    string            `json:"scale"`
	Taken    string            `json:"taken"` // date
	Minutes  float64           `json:"minutes"`
	Command  string            `json:"command"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Data     Data              `json:"data"`
	Checked  []Checked         `json:"checked"`
	Measured []Measured        `json:"measured"`
	Loads    []Load            `json:"loads"`
	Held     []Held            `json:"held"`
	Growth   []Growth          `json:"growth"`
	Skipped  []Skipped         `json:"skipped,omitempty"`
	Failed   []Failed          `json:"failed,omitempty"`
}

// Machine is what the run was made on.
type Machine struct {
	Processor string  `json:"processor"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memoryGiB"`
	System    string  `json:"system"`
}

// Data is the graph that was asked about.
type Data struct {
	Seed      uint64 `json:"seed"`
	Entities  int    `json:"entities"`
	Links     int    `json:"links"`
	Citations int    `json:"citations"`
	Sources   int    `json:"sources"`
	Hub       int    `json:"hub"` // links of the hub
}

// Checked says that so many answers to a question were compared with the graph
// and between contenders, and were right.
type Checked struct {
	Question   string   `json:"question"`
	Answers    int      `json:"answers"` // of each contender
	Contenders []string `json:"contenders"`
	Note       string   `json:"note,omitempty"`
}

// Measured is how long answers took: the medians of several runs, and the runs.
type Measured struct {
	Question  string            `json:"question"`
	Contender string            `json:"contender"`
	Clients   int               `json:"clients"`
	Median    measure.Figures   `json:"median"`
	Runs      []measure.Figures `json:"runs"`
}

// Load is how fast cited links were written.
type Load struct {
	Contender string  `json:"contender"`
	Links     int     `json:"links"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"linksPerSecond"`
}

// Held is the memory that a process held, and how long it took to start. Where
// it was measured twice the greater is given.
type Held struct {
	Contender string  `json:"contender"`
	Entities  int     `json:"entities"`
	Links     int     `json:"links"`
	Seconds   float64 `json:"startSeconds,omitempty"`
	MiB       float64 `json:"residentMiB"`
}

// Growth is what a question costs in process, in a graph of a size. All sizes
// have five links for each entity.
type Growth struct {
	Question string  `json:"question"`
	Entities int     `json:"entities"`
	Region   int     `json:"region,omitempty"` // entities of one region; 0: all are one
	P50      float64 `json:"p50"`              // milliseconds
	P99      float64 `json:"p99"`
	// First is the p50 of asking each entity, or pair, for the first time, when what
	// it is answered from has to be read from the file.
	First float64 `json:"first,omitempty"`
	Size  float64 `json:"size,omitempty"` // the median number of ids in an answer
}

// Skipped is what could not be measured.
type Skipped struct {
	Contender string `json:"contender"`
	Reason    string `json:"reason"`
}

// Failed is a question that was not timed, because an answer to it was wrong or
// an error.
type Failed struct {
	Question string `json:"question"`
	Reason   string `json:"reason"`
}

// shown is the order in which questions are shown.
var shown = []string{Card, First, Full, Fresh, Hub, Ordered, Path, Plain, Paths, Around}

// Sort brings what was measured into the order in which it is shown.
func (r *Results) Sort() {
	slices.SortStableFunc(r.Measured, func(a, b Measured) int {
		return cmp.Compare(slices.Index(shown, a.Question), slices.Index(shown, b.Question))
	})
	slices.SortStableFunc(r.Checked, func(a, b Checked) int {
		return cmp.Compare(slices.Index(shown, a.Question), slices.Index(shown, b.Question))
	})
}

func (r *Results) measured(question, contender string, clients int) (measure.Figures, bool) {
	for _, m := range r.Measured {
		if m.Question == question && m.Contender == contender && m.Clients == clients {
			return m.Median, true
		}
	}
	return measure.Figures{}, false
}

func (r *Results) load(contender string) (float64, bool) {
	for _, l := range r.Loads {
		if l.Contender == contender {
			return l.PerSecond, true
		}
	}
	return 0, false
}

func (r *Results) held(contender string, entities int) (Held, bool) {
	for _, h := range r.Held {
		if h.Contender == contender && h.Entities == entities {
			return h, true
		}
	}
	return Held{}, false
}

func (g *Growth) shape() shape { return g.Region > 0 }

func (r *Results) growth(question string, entities int, of shape) (Growth, bool) {
	for _, g := range r.Growth {
		if g.Question == question && g.Entities == entities && g.shape() == of {
			return g, true
		}
	}
	return Growth{}, false
}

// Save writes the results and their charts into a folder, under the name of the
// scale.
func (r *Results) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, r.Scale+".json"), encoded.Bytes(), 0o644); err != nil {
		return err
	}
	for name, chart := range r.Charts() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(chart), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Read reads results that were saved.
func Read(file string) (*Results, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r Results
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &r, nil
}

// Charts are the charts of the results, by file name.
func (r *Results) Charts() map[string]string {
	charts := map[string]string{r.Scale + ".svg": r.timesChart()}
	for _, shape := range r.followed() {
		charts[r.growthFile(shape)] = r.growthChart(shape)
	}
	return charts
}

func (r *Results) growthFile(of shape) string {
	if of == inRegions {
		return r.Scale + "-growth.svg"
	}
	return r.Scale + "-growth-whole.svg"
}
