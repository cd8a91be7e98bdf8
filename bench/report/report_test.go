package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/measure"
	"github.com/vinculo/vinculo/bench/report"
)

func timed(question, contender string, clients int, perSecond, p50, p99 float64) report.Measured {
	f := measure.Figures{Clients: clients, Answers: 1000, PerSecond: perSecond, P50: p50, P99: p99}
	return report.Measured{Question: question, Contender: contender, Clients: clients, Median: f, Runs: []measure.Figures{f, f, f}}
}

func sample() *report.Results {
	return &report.Results{
		Scale: "small", Taken: "2026-11-24", Minutes: 4.25, Command: "make bench SCALE=small",
		Machine:  report.Machine{Processor: "Some <CPU>", Cores: 2, MemoryGiB: 8, System: "linux 6.1"},
		Versions: map[string]string{"Go": "1.26", "Neo4j": "5.26.5 community"},
		Data:     report.Data{Seed: 1, Entities: 10_000, Links: 50_000, Citations: 75_000, Sources: 500, Hub: 10_000},
		Checked:  []report.Checked{{Question: report.Card, Answers: 300, Contenders: []string{report.Embedded, report.Bolt}, Note: "As sets."}},
		Measured: []report.Measured{
			timed(report.Card, report.OnNeo4j, 8, 1500, 5, 9), timed(report.Card, report.Neo4jGraphQL, 8, 600, 12, 40),
			timed(report.Card, report.Embedded, 8, 4200, 1.5, 4), timed(report.Card, report.OnNeo4j, 1, 500, 2, 4),
			timed(report.Card, report.Bolt, 1, 1000, 1, 2),
			timed(report.Path, report.Embedded, 1, 5000, 0.2, 0.6), timed(report.Path, report.Bolt, 1, 900, 0.8, 20),
			timed(report.Path, report.Inside, 1, 100_000, 0.01, 0.05), timed(report.Path, report.NetworkX, 1, 5000, 0.14, 0.5),
			timed(report.Paths, report.Embedded, 1, 100, 8, 70),
		},
		Loads: []report.Load{
			{Contender: report.Embedded, Links: 50_000, Seconds: 1, PerSecond: 50_000}, {Contender: report.Bolt, Links: 50_000, Seconds: 5, PerSecond: 10_000},
		},
		Held: []report.Held{{Contender: report.Embedded, Entities: 50_000, Links: 250_000, Seconds: 0.5, MiB: 512}},
		Growth: []report.Growth{
			{Question: report.Path, Entities: 2000, P50: 0.010, P99: 0.1}, {Question: report.Path, Entities: 50_000, P50: 0.012, P99: 0.2, First: 0.5, Size: 4},
			{Question: report.Path, Entities: 2000, Region: 2000, P50: 0.011, P99: 0.1}, {Question: report.Path, Entities: 50_000, Region: 2000, P50: 0.011, P99: 0.2},
		},
		Skipped: []report.Skipped{{Contender: report.IGraph, Reason: "python3 is not installed"}},
		Failed:  []report.Failed{{Question: report.Around, Reason: "the two stores differ"}},
	}
}

func row(t *testing.T, r *report.Results, question, what string) report.Row {
	t.Helper()
	for _, row := range r.Rows() {
		if strings.Contains(row.Question, question) && strings.Contains(row.What, what) {
			return row
		}
	}
	require.Fail(t, "no such row", "%s, %s", question, what)
	return report.Row{}
}

func TestRatiosAreJudgedByTheirGoals(t *testing.T) {
	t.Parallel()
	r := sample()
	got := row(t, r, "a random entity", "on Neo4j : @neo4j/graphql")
	require.InDelta(t, 2.5, got.Value, 1e-9)
	require.Equal(t, report.Met, got.Verdict)
	require.Equal(t, "1,500 : 600 requests/s", got.Detail)
	require.Equal(t, report.AimMet, row(t, r, "a random entity", "embedded : @neo4j/graphql").Verdict)
	require.Equal(t, report.Met, row(t, r, "a random entity", "Cypher over Bolt").Verdict, "2 × is at most 2 ×")
	require.Equal(t, report.AimMet, row(t, r, "shortest path", "p50, embedded").Verdict)
	require.Equal(t, report.AimMet, row(t, r, "shortest path", "p99, embedded").Verdict)
	require.Equal(t, report.Met, row(t, r, "shortest path", "NetworkX").Verdict)
	require.Equal(t, report.NotMet, row(t, r, "five shortest", "p99, embedded").Verdict)
	require.Equal(t, report.Met, row(t, r, "import", "embedded").Verdict)
}

func TestWhatWasNotMeasuredHasNoRatio(t *testing.T) {
	t.Parallel()
	r := sample()
	got := row(t, r, "import", "on Neo4j")
	require.True(t, math.IsNaN(got.Value))
	require.Equal(t, report.NotMeasured, got.Verdict)
	require.Empty(t, got.Detail)
	require.Contains(t, r.Judged(), "| –")
	for _, row := range (&report.Results{}).Rows() {
		require.Equal(t, report.NotMeasured, row.Verdict, row.What)
	}
}

// Only a run with the largest graph may say whether the goals that speak of it
// are reached.
func TestAGoalOfTheLargestGraphIsJudgedOnlyThere(t *testing.T) {
	t.Parallel()
	r := sample()
	require.Equal(t, report.Shown, row(t, r, "50,000 entities", "resident").Verdict)
	cost := row(t, r, "cost at 50,000 entities : at 2,000, all one region", "shortest path")
	require.InDelta(t, 1.2, cost.Value, 1e-9)
	require.InDelta(t, 1, row(t, r, "cost at 50,000 entities : at 2,000, in regions", "shortest path").Value, 1e-9)
	require.Equal(t, report.Shown, cost.Verdict)
	for i := range r.Growth {
		r.Growth[i].Entities = []int{100_000, 1_000_000}[i%2]
	}
	r.Held[0].Entities = 1_000_000
	require.Equal(t, report.Met, row(t, r, "cost at 1,000,000 entities : at 100,000, all one region", "shortest path").Verdict)
	require.Equal(t, report.AimMet, row(t, r, "cost at 1,000,000 entities : at 100,000, in regions", "shortest path").Verdict)
	require.Equal(t, report.AimMet, row(t, r, "1,000,000 entities, 5,000,000", "resident").Verdict)
	require.Equal(t, report.AimMet, row(t, r, "1,000,000 entities", "start").Verdict)
	r.Held[0].Seconds = 9
	require.Equal(t, report.NotMet, row(t, r, "1,000,000 entities", "start").Verdict)
}

func TestCostsTellFirstTimesAndSizes(t *testing.T) {
	t.Parallel()
	require.Contains(t, sample().Costs(false), "10 µs (p99 100)")
	require.Contains(t, sample().Costs(false), "12 µs (p99 200; at first 500; 4 ids)")
	require.Contains(t, sample().Costs(true), "11 µs (p99 200)")
}

func TestNumbersAreWrittenToBeRead(t *testing.T) {
	t.Parallel()
	g := report.Goal{AtLeast: 0.1, Aim: 0.05, Most: true, Unit: "×"}
	least, aim := g.Limits()
	require.Equal(t, "≤ 0.1 ×", least)
	require.Equal(t, "≤ 0.05 ×", aim)
	for value, want := range map[float64]string{
		0: "0 ×", 0.01234: "0.0123 ×", 1.005: "1 ×", 12.34: "12.3 ×", 999.6: "1,000 ×", 1234567: "1,234,567 ×", math.NaN(): "–",
	} {
		require.Equal(t, want, g.Value(value))
	}
}

func TestTheTableIsEvenlyPadded(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(sample().Judged()), "\n")
	require.Greater(t, len(lines), 10)
	for _, line := range lines {
		require.Len(t, []rune(line), len([]rune(lines[0])), line)
	}
	require.Contains(t, sample().Text(), "Skipped: igraph: python3 is not installed")
	require.Contains(t, sample().Text(), "Failed: around: the two stores differ")
}

func TestChartsAreWellFormedAndSelfContained(t *testing.T) {
	t.Parallel()
	charts := sample().Charts()
	require.Len(t, charts, 3)
	for name, chart := range charts {
		decoder := xml.NewDecoder(strings.NewReader(chart))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
		}
		require.NotContains(t, chart, "href", name)
		require.NotContains(t, chart, "NaN", name)
		require.NotContains(t, chart, "Inf", name)
		require.Contains(t, chart, "prefers-color-scheme: dark", name)
	}
	require.Contains(t, charts["small.svg"], "NetworkX")
	require.NotContains(t, charts["small.svg"], "@neo4j/graphql", "it was not measured with one client")
}

func TestResultsSurviveBeingSaved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, sample().Save(dir))
	read, err := report.Read(filepath.Join(dir, "small.json"))
	require.NoError(t, err)
	require.Equal(t, sample(), read)
	page, err := report.Page("# Before\n"+marks(t)+"# After\n", dir)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(page, "# Before\n"))
	require.True(t, strings.HasSuffix(page, "# After\n"))
	require.Contains(t, page, "## small: 10,000 entities, 50,000 links")
	require.Contains(t, page, "300 answers of each of Vínculo, embedded, Cypher over Bolt. As sets.")
	again, err := report.Page(page, dir)
	require.NoError(t, err)
	require.Equal(t, page, again, "writing it twice changes nothing")
	_, err = report.Page("# No marks\n", dir)
	require.ErrorContains(t, err, "lacks the lines")
}

// marks are the two lines of the page between which the results stand.
func marks(t *testing.T) string {
	t.Helper()
	var marks string
	for line := range strings.Lines(page(t)) {
		if strings.HasPrefix(line, "<!-- Written") {
			marks += line
		}
	}
	return marks
}

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/performance.md")
	require.NoError(t, err)
	return string(text)
}

// The page and the charts in the repository are those of the results in it.
func TestThePageFitsTheResults(t *testing.T) {
	t.Parallel()
	const results = "../results"
	want, err := report.Page(page(t), results)
	require.NoError(t, err)
	require.Equal(t, want, page(t), "write it again with: go run ./bench page")
	files, err := filepath.Glob(filepath.Join(results, "*.json"))
	require.NoError(t, err)
	var charts []string
	for _, file := range files {
		r, err := report.Read(file)
		require.NoError(t, err)
		require.Contains(t, report.Scales, r.Scale)
		for name, want := range r.Charts() {
			chart, err := os.ReadFile(filepath.Join(results, name))
			require.NoError(t, err)
			require.Equal(t, want, string(chart), "%s: write it again with: go run ./bench page", name)
			charts = append(charts, filepath.Join(results, name))
		}
	}
	there, err := filepath.Glob(filepath.Join(results, "*.svg"))
	require.NoError(t, err)
	require.ElementsMatch(t, charts, there, "no chart is left over")
}
