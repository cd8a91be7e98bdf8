package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/vinculo/vinculo/bench/contender"
	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/bench/measure"
	"github.com/vinculo/vinculo/bench/report"
)

// bench is one run.
type bench struct {
	root   string // of the source
	work   string // a folder that goes when the run ends
	size   size
	seed   uint64
	wanted map[string]bool
	began  time.Time
	found  report.Results

	graph   *dataset.Graph
	neo4j   *contender.Neo4j
	serving map[string]*contender.Serving // over the network, by contender
	inner   map[string]*contender.Process // in their own memory, by contender
	address map[string]string             // where the clients ask
	ends    []func()
}

// say tells how far the run is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

func (b *bench) later(end func()) { b.ends = append(b.ends, end) }

// stopAll ends every process and removes the data.
func (b *bench) stopAll() {
	for len(b.ends) > 0 {
		last := b.ends[len(b.ends)-1]
		b.ends = b.ends[:len(b.ends)-1]
		last()
	}
}

func (b *bench) skip(who string, reason error) {
	text := strings.Join(strings.Fields(reason.Error()), " ")
	b.found.Skipped = append(b.found.Skipped, report.Skipped{Contender: who, Reason: text})
	b.say("without %s: %s", report.Names[who], text)
}

// attempt does one part of the run. Where it fails the others are done all the
// same, and the failure is part of what was found; only an interruption ends all.
func (b *bench) attempt(ctx context.Context, question string, part func() error) error {
	err := part()
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > longestReason {
		text = strings.ToValidUTF8(text[:longestReason], "") + " …"
	}
	b.found.Failed = append(b.found.Failed, report.Failed{Question: question, Reason: text})
	b.say("FAILED: %s: %s", question, text)
	return nil
}

// longestReason is how many bytes of an error are kept with the results.
const longestReason = 600

// built is a program that was built for this run.
func (b *bench) built(name string) string { return filepath.Join(b.root, "build", "bench", name) }

func (b *bench) asksServers() bool {
	return b.wantsOneOf(cardQuestions...) || b.wantsOneOf(report.Path, report.Paths, report.Around)
}

func (b *bench) wantsOneOf(questions ...string) bool {
	return slices.ContainsFunc(questions, func(q string) bool { return b.wanted[q] })
}

// all is the whole run, one thing after the other.
func (b *bench) all(ctx context.Context) error {
	b.serving, b.inner, b.address = map[string]*contender.Serving{}, map[string]*contender.Process{}, map[string]string{}
	b.found.Taken = time.Now().UTC().Format(time.DateOnly)
	b.found.Machine, b.found.Versions = machine(), map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")}
	work, err := os.MkdirTemp("", "vinculo-bench-")
	if err != nil {
		return err
	}
	b.work = work
	b.later(func() { _ = os.RemoveAll(work) })
	b.say("building the programs")
	for program, dir := range map[string]string{"vinculo": "./cmd/vinculo", "ask": "./bench/ask", "inside": "./bench/inside"} {
		if _, err := contender.Run(ctx, b.root, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", b.built(program), dir); err != nil {
			return err
		}
	}
	steps := []func(context.Context) error{b.measureGrowth}
	if b.asksServers() {
		steps = []func(context.Context) error{b.makeData, b.load, b.start, b.checkAndTime, b.weigh, b.loadShape, b.measureGrowth}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.found.Sort()
	b.found.Minutes = time.Since(b.began).Minutes()
	return nil
}

func (b *bench) makeData(ctx context.Context) error {
	c := b.size.graph(b.seed)
	b.say("generating %d entities and %d links, of which the hub has %d", c.Entities, c.Links, c.Hub)
	if err := b.generate(ctx, "main", c.Entities, c.Links, c.Hub); err != nil {
		return err
	}
	graph, err := dataset.Make(c, false)
	if err != nil {
		return err
	}
	b.graph = graph
	b.found.Data = report.Data{
		Seed: b.seed, Entities: c.Entities, Links: c.Links, Citations: graph.Cited, Sources: len(graph.Titles), Hub: c.Hub,
	}
	return nil
}

// generate writes a graph as a case file, which everybody loads.
func (b *bench) generate(ctx context.Context, name string, entities, links, hub int) error {
	_, err := contender.Run(ctx, "", nil, b.built("vinculo"), "generate", "--csv", b.csv(name), "--seed", fmt.Sprint(b.seed),
		"--entities", fmt.Sprint(entities), "--links", fmt.Sprint(links), "--hub", fmt.Sprint(hub))
	return err
}

func (b *bench) csv(name string) string { return filepath.Join(b.work, name) }

func (b *bench) embedded(name string) string { return "sqlite:" + filepath.Join(b.work, name+".db") }

// forget deletes an embedded store, so that it is imported into an empty one.
func (b *bench) forget(name string) error {
	files, err := filepath.Glob(filepath.Join(b.work, name+".db*"))
	for _, file := range files {
		err = errors.Join(err, os.RemoveAll(file))
	}
	return err
}

// imported is one revision of an import.
const imported = "10000"

// importInto imports a case file into a store and says how long it took.
func (b *bench) importInto(ctx context.Context, name, store string) (time.Duration, error) {
	began := time.Now()
	_, err := contender.Run(ctx, "", nil, b.built("vinculo"), "import", "--store", store, "--batch", imported, b.csv(name))
	return time.Since(began), err
}

func (b *bench) loaded(who string, took time.Duration) {
	links := b.size.links
	b.found.Loads = append(b.found.Loads, report.Load{
		Contender: who, Links: links, Seconds: rounded(took.Seconds()), PerSecond: rounded(float64(links) / took.Seconds()),
	})
	b.say("%d cited links in %.1f s: %.0f a second", links, took.Seconds(), float64(links)/took.Seconds())
}

// load imports the graph for everybody who needs it imported.
func (b *bench) load(ctx context.Context) error {
	var runs []time.Duration
	for n := range b.size.runs {
		b.say("importing into the embedded store, %d of %d", n+1, b.size.runs)
		if err := b.forget("main"); err != nil {
			return err
		}
		took, err := b.importInto(ctx, "main", b.embedded("main"))
		if err != nil {
			return err
		}
		runs = append(runs, took)
	}
	slices.Sort(runs)
	b.loaded(report.Embedded, runs[len(runs)/2])
	return b.attempt(ctx, "loading Neo4j", func() error {
		err := b.loadNeo4j(ctx)
		if err != nil {
			b.neo4j = nil // nobody is asked who needs it
		}
		return err
	})
}

// loadNeo4j starts Neo4j and imports the graph into it twice, for Vínculo and for
// the rivals.
func (b *bench) loadNeo4j(ctx context.Context) error {
	neo4j, err := contender.StartNeo4j(ctx)
	if errors.Is(err, contender.ErrAbsent) {
		for _, who := range []string{report.OnNeo4j, report.Neo4jGraphQL, report.Bolt} {
			b.skip(who, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	b.neo4j = neo4j
	b.later(func() { neo4j.Stop(context.WithoutCancel(ctx)) })
	b.found.Versions["Neo4j"] = strings.TrimPrefix(neo4j.How, "Neo4j ")
	if err := b.warmUpNeo4j(ctx); err != nil {
		return err
	}
	b.say("importing into Neo4j")
	took, err := b.importInto(ctx, "main", neo4j.URI)
	if err != nil {
		return err
	}
	b.loaded(report.OnNeo4j, took)
	b.say("loading the rivals' model into Neo4j by hand-written UNWIND")
	took, err = neo4j.LoadPeers(ctx, b.graph)
	if err != nil {
		return err
	}
	b.loaded(report.Bolt, took)
	return nil
}

// loadShape writes the graph into Neo4j by hand once more, in Vínculo's own shape.
// It comes last, so that nobody is asked for anything beside it.
func (b *bench) loadShape(ctx context.Context) error {
	if b.neo4j == nil {
		return nil
	}
	return b.attempt(ctx, "loading Vínculo's shape into Neo4j by hand", func() error {
		b.say("loading Vínculo's nodes and relationships into Neo4j by hand-written UNWIND")
		took, err := b.neo4j.LoadShape(ctx, b.graph)
		if err != nil {
			return err
		}
		b.loaded(report.ByHand, took)
		return nil
	})
}

// warmUpEntities is the graph that warms Neo4j up: large enough to be loaded as the one
// that is measured is, without indexes.
const warmUpEntities = 1000

// warmUpNeo4j has both sides load a small graph, and deletes it again, so that
// neither meets a server whose code was never run.
func (b *bench) warmUpNeo4j(ctx context.Context) error {
	b.say("warming Neo4j up for both")
	small, err := dataset.Make(grown(b.seed+1, warmUpEntities, 0), false)
	if err != nil {
		return err
	}
	if err := b.generate(ctx, "warm-up", warmUpEntities, linksEach*warmUpEntities, 0); err != nil {
		return err
	}
	for range 2 {
		if _, err := b.importInto(ctx, "warm-up", b.neo4j.URI); err != nil {
			return err
		}
		if _, err := b.neo4j.LoadPeers(ctx, small); err != nil {
			return err
		}
		if err := b.neo4j.Clear(ctx); err != nil {
			return err
		}
	}
	return nil
}

// start starts everybody.
func (b *bench) start(ctx context.Context) error {
	b.say("starting the contenders")
	serve := func(who, store string) error {
		s, err := contender.Vinculo(ctx, report.Names[who], b.built("vinculo"), store)
		if err != nil {
			return err
		}
		b.later(s.Stop)
		b.serving[who], b.address[who] = s, s.URL
		return nil
	}
	if err := serve(report.Embedded, b.embedded("main")); err != nil {
		return err
	}
	if b.neo4j != nil {
		b.address[report.Bolt] = b.neo4j.URI
		for who, begin := range map[string]func() error{
			report.OnNeo4j:      func() error { return serve(report.OnNeo4j, b.neo4j.URI) },
			report.Neo4jGraphQL: func() error { return b.startRival(ctx) },
		} {
			if err := b.attempt(ctx, "starting "+report.Names[who], begin); err != nil {
				return err
			}
		}
	}
	return b.attempt(ctx, "starting those that answer in their own memory", func() error { return b.startInner(ctx) })
}

func (b *bench) startRival(ctx context.Context) error {
	if !b.wantsOneOf(cardQuestions...) {
		return nil
	}
	dir := filepath.Join(b.root, "bench", "rivals", "neo4j-graphql")
	s, err := contender.Neo4jGraphQL(ctx, dir, b.neo4j.URI)
	if errors.Is(err, contender.ErrAbsent) {
		b.skip(report.Neo4jGraphQL, err)
		return nil
	}
	if err != nil {
		return err
	}
	b.later(s.Stop)
	b.serving[report.Neo4jGraphQL], b.address[report.Neo4jGraphQL] = s, s.URL
	if version, err := contender.Run(ctx, dir, nil, "node", "--version"); err == nil {
		b.found.Versions["Node"] = strings.TrimPrefix(strings.TrimSpace(string(version)), "v")
	}
	var manifest struct{ Dependencies map[string]string }
	if text, err := os.ReadFile(filepath.Join(dir, "package.json")); err == nil && json.Unmarshal(text, &manifest) == nil {
		b.found.Versions["@neo4j/graphql"] = manifest.Dependencies["@neo4j/graphql"]
	}
	return nil
}

// startInner starts those who answer paths in their own memory.
func (b *bench) startInner(ctx context.Context) error {
	if !b.wanted[report.Path] {
		return nil
	}
	inner, err := b.startInnerOn(ctx, "main", b.skip)
	if err != nil {
		return err
	}
	b.inner = inner
	for _, who := range order {
		if p := inner[who]; p != nil {
			a, err := p.Ask(contender.Question{Op: "hello"})
			if err != nil {
				return err
			}
			if who != report.Inside {
				b.found.Versions[report.Names[who]] = a.Version
			}
			b.hold(who, p.Resident(), a.Load)
		}
	}
	return nil
}

// startInnerOn starts them on a graph of which there is both a store and a case
// file. What is not installed is skipped.
func (b *bench) startInnerOn(ctx context.Context, name string, skip func(who string, reason error)) (map[string]*contender.Process, error) {
	inner := map[string]*contender.Process{}
	start := func(who string, argv ...string) error {
		p, err := contender.Start(ctx, report.Names[who], "", nil, argv...)
		if err != nil {
			return err
		}
		b.later(p.Stop)
		inner[who] = p
		return nil
	}
	if err := start(report.Inside, b.built("inside"), b.embedded(name)); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.root, "bench", "rivals", "python")
	python, err := contender.Python(ctx, dir, b.built("venv"))
	if errors.Is(err, contender.ErrAbsent) {
		skip(report.NetworkX, err)
		skip(report.IGraph, err)
		return inner, nil
	}
	if err != nil {
		return nil, err
	}
	for _, who := range []string{report.NetworkX, report.IGraph} {
		if err := start(who, python, filepath.Join(dir, "rival.py"), who, filepath.Join(b.csv(name), "links.csv")); err != nil {
			return nil, err
		}
	}
	return inner, nil
}

// hold notes the memory of a process on the main graph.
func (b *bench) hold(who string, bytes int64, seconds float64) {
	b.found.Held = append(b.found.Held, report.Held{
		Contender: who, Entities: b.size.entities, Links: b.size.links, Seconds: rounded(seconds), MiB: rounded(float64(bytes) / (1 << 20)),
	})
}

// weigh notes the memory of everybody after all that they were asked.
func (b *bench) weigh(ctx context.Context) error {
	for _, who := range []string{report.Embedded, report.OnNeo4j, report.Neo4jGraphQL} {
		if s := b.serving[who]; s != nil {
			b.hold(who, s.Resident(), s.Start.Seconds())
		}
	}
	if b.neo4j != nil {
		b.hold(report.Server, b.neo4j.Resident(ctx), 0)
	}
	return nil
}

// timed runs one job in a client process of its own.
func (b *bench) timed(ctx context.Context, job measure.Job) (measure.Figures, error) {
	encoded, err := json.Marshal(job)
	if err != nil {
		return measure.Figures{}, err
	}
	cmd := exec.CommandContext(ctx, b.built("ask"), "--job")
	cmd.Stdin = strings.NewReader(string(encoded))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return measure.Figures{}, fmt.Errorf("the client: %w: %s", err, complaint.String())
	}
	var f measure.Figures
	return f, json.Unmarshal(out, &f)
}

// rounded keeps three decimals.
func rounded(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }
