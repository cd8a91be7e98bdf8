package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// event is one line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action  string
	Package string
	// ImportPath stands in Package's place on the lines of a build.
	ImportPath string
	Test       string
	// Elapsed is in seconds.
	Elapsed float64
	Output  string
}

// parseEvent reports whether the line is an event of go test.
func parseEvent(line string) (event, bool) {
	var e event
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
		return event{}, false
	}
	return e, e.Action != "" && (e.Package != "" || e.ImportPath != "")
}

// goTests follows one `go test -json` stream, prints what a reader needs to
// see of it, and counts. A test with subtests is counted only when it fails
// although none of them did: what is counted are the leaves.
type goTests struct {
	out      io.Writer
	mustRun  *regexp.Regexp
	packages map[string]*goPackage
	build    map[string][]string
	counts   counts
	slow     []timed
}

type timed struct {
	name string
	took time.Duration
}

type goPackage struct {
	tests  map[string]*goTest
	output []string
	counts counts
}

type goTest struct {
	output      []string
	ended       bool
	hasSubtests bool
	childFailed bool
}

// newGoTests makes a follower. A skipped test whose reason matches mustRun counts
// as failed; nil means that every skip is allowed.
func newGoTests(out io.Writer, mustRun *regexp.Regexp) *goTests {
	return &goTests{out: out, mustRun: mustRun, packages: map[string]*goPackage{}, build: map[string][]string{}}
}

func (g *goTests) add(e event) {
	switch e.Action {
	case "build-output":
		g.build[e.ImportPath] = append(g.build[e.ImportPath], e.Output)
		return
	case "build-fail":
		// Printed here; counted by the "fail" of each package that needed it.
		g.printLines(g.build[e.ImportPath])
		return
	}
	p := g.packages[e.Package]
	if p == nil {
		p = &goPackage{tests: map[string]*goTest{}}
		g.packages[e.Package] = p
	}
	if e.Test == "" {
		g.addToPackage(p, e)
		return
	}
	t := p.test(e.Test)
	switch e.Action {
	case "output":
		t.output = append(t.output, e.Output)
	case "pass", "fail", "skip":
		t.ended = true
		g.slow = append(g.slow, timed{e.Package + "." + e.Test, seconds(e.Elapsed)})
		g.end(p, e, t)
	}
}

// test finds or makes the record of a test and of those it is a subtest of.
func (p *goPackage) test(name string) *goTest {
	t := p.tests[name]
	if t == nil {
		t = &goTest{}
		p.tests[name] = t
		if parent := parentOf(name); parent != "" {
			p.test(parent).hasSubtests = true
		}
	}
	return t
}

func parentOf(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ""
	}
	return name[:i]
}

func (g *goTests) end(p *goPackage, e event, t *goTest) {
	failed := e.Action == "fail"
	if e.Action == "skip" && g.mustRun != nil && g.mustRun.MatchString(skipReason(t.output)) {
		failed = true
		fmt.Fprintf(g.out, "  FAIL %s.%s: it was skipped, which CI=true does not allow\n", e.Package, e.Test)
	}
	switch {
	case failed:
		for parent := parentOf(e.Test); parent != ""; parent = parentOf(parent) {
			p.test(parent).childFailed = true
		}
		if t.hasSubtests && t.childFailed {
			break // Counted where it failed.
		}
		p.counts.failed++
		fmt.Fprintf(g.out, "  FAIL %s.%s\n", e.Package, e.Test)
		g.printLines(t.output)
	case e.Action == "skip":
		p.counts.skipped++
		fmt.Fprintf(g.out, "  skip %s.%s: %s\n", e.Package, e.Test, skipReason(t.output))
	case !t.hasSubtests:
		p.counts.passed++
	}
	t.output = nil
}

func (g *goTests) addToPackage(p *goPackage, e event) {
	switch e.Action {
	case "output":
		p.output = append(p.output, e.Output)
	case "pass", "skip":
		if n := p.counts.total(); n > 0 {
			fmt.Fprintf(g.out, "  ok   %s: %d tests in %.1f s\n", e.Package, n, e.Elapsed)
		}
		g.close(e.Package, p)
	case "fail":
		for name, t := range p.tests {
			if !t.ended && !t.hasSubtests {
				p.counts.failed++
				fmt.Fprintf(g.out, "  FAIL %s.%s: it did not finish\n", e.Package, name)
				g.printLines(t.output)
			}
		}
		if p.counts.failed == 0 {
			// It did not build, or failed outside its tests.
			p.counts.failed++
			g.printLines(p.output)
		}
		fmt.Fprintf(g.out, "  FAIL %s: %s in %.1f s\n", e.Package, p.counts, e.Elapsed)
		g.close(e.Package, p)
	}
}

func (g *goTests) close(name string, p *goPackage) {
	g.counts.add(p.counts)
	delete(g.packages, name)
}

// finish counts the packages whose end was never told, as when go test itself
// was killed, and returns the whole count.
func (g *goTests) finish() counts {
	for name, p := range g.packages {
		if p.counts.total() == 0 && len(p.tests) == 0 && len(p.output) == 0 {
			continue
		}
		p.counts.failed++
		fmt.Fprintf(g.out, "  FAIL %s: it did not finish\n", name)
		g.counts.add(p.counts)
	}
	g.packages = map[string]*goPackage{}
	return g.counts
}

// slowest returns the n tests that took longest, the longest first.
func (g *goTests) slowest(n int) []timed {
	slices.SortFunc(g.slow, func(a, b timed) int { return int(b.took - a.took) })
	return g.slow[:min(n, len(g.slow))]
}

func (g *goTests) printLines(lines []string) {
	for _, line := range lines {
		if noise(line) {
			continue
		}
		fmt.Fprint(g.out, "       ", strings.TrimRight(line, "\n"), "\n")
	}
}

func noise(line string) bool {
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// place is the file and line that go test puts before a message.
var place = regexp.MustCompile(`^\S+\.go:\d+: `)

// skipReason returns the words of a skip alone: neither the test's name nor
// its file's decides whether the skip is allowed.
func skipReason(output []string) string {
	var reason []string
	for _, line := range output {
		line = place.ReplaceAllString(strings.TrimSpace(line), "")
		if !noise(line) && !strings.HasPrefix(line, "--- SKIP") {
			reason = append(reason, line)
		}
	}
	return strings.Join(reason, " ")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
