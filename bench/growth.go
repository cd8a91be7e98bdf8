package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/contender"
	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/bench/measure"
	"github.com/vinculo/vinculo/bench/report"
)

// grownPairs is how many pairs the questions of each size are about. There is little
// around most entities and very much around others, so that it takes many to say what
// the median is.
const grownPairs = 400

// measureGrowth asks the embedded store the same questions at several sizes, all
// with the same number of links for each entity and without a hub: in regions, so
// that those with the most links have as many at every size, and all one region.
func (b *bench) measureGrowth(ctx context.Context) error {
	if !b.wanted["growth"] {
		return nil
	}
	for _, graphs := range []struct {
		region int
		sizes  []int
	}{{b.size.growth[0], b.size.growth}, {0, b.size.whole}} {
		for _, entities := range graphs.sizes {
			what := fmt.Sprintf("growth, %d entities in %s", entities, report.Regions(graphs.region))
			if err := b.attempt(ctx, what, func() error { return b.measureSize(ctx, entities, graphs.region) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) measureSize(ctx context.Context, entities, region int) error {
	name, config := fmt.Sprintf("grown-%d-%d", entities, region), grown(b.seed, entities, region)
	b.say("growth: generating %d entities and %d links in %s into the embedded store", entities, config.Links, report.Regions(region))
	began := time.Now()
	if _, err := contender.Run(ctx, "", nil, b.built("vinculo"), "generate", "--store", b.embedded(name), "--seed", fmt.Sprint(b.seed),
		"--entities", fmt.Sprint(entities), "--links", fmt.Sprint(config.Links), "--region", fmt.Sprint(region)); err != nil {
		return err
	}
	b.say("growth: %.0f links a second", float64(config.Links)/time.Since(began).Seconds())
	graph, err := dataset.Make(config, true)
	if err != nil {
		return err
	}
	pairs := graph.Pairs(b.seed, grownPairs, maxPath)
	if err := b.askSize(ctx, name, graph, pairs); err != nil {
		return err
	}
	if b.wanted[report.Path] && entities == b.size.entities && region == 0 {
		if err := b.plainRace(ctx, name, graph, pairs); err != nil {
			return err
		}
	}
	return b.serveSize(ctx, name, entities, pairs)
}

// plainRace asks the libraries for the same paths, for a hub makes most paths
// short and easy to find.
func (b *bench) plainRace(ctx context.Context, name string, graph *dataset.Graph, pairs []dataset.Pair) error {
	if err := b.generate(ctx, name, graph.Config.Entities, graph.Config.Links, 0); err != nil {
		return err
	}
	inner, err := b.startInnerOn(ctx, name, func(string, error) {}) // it was said of the main graph
	if err != nil {
		return err
	}
	who, err := checkInner(graph, inner, pairs)
	if err != nil {
		return err
	}
	b.checked(report.Plain, len(pairs), who, "As above.")
	return b.innerRace(report.Plain, inner, pairs)
}

// askSize asks in process.
func (b *bench) askSize(ctx context.Context, name string, graph *dataset.Graph, pairs []dataset.Pair) error {
	p, err := contender.Start(ctx, report.Names[report.Inside], "", nil, b.built("inside"), b.embedded(name))
	if err != nil {
		return err
	}
	defer p.Stop()
	if _, err := p.Ask(contender.Question{Op: "hello"}); err != nil {
		return err
	}
	asked := ends(pairs)
	for _, question := range report.GrowthQuestions {
		first, err := p.Ask(contender.Question{Op: "answer", Asked: question, Pairs: asked})
		if err != nil {
			return fmt.Errorf("%s: %w", question, err)
		}
		var sizes []float64
		for i, ids := range first.Answers {
			sizes = append(sizes, float64(len(ids)))
			if question != report.Path {
				continue
			}
			if err := answer.CheckShortest(graph, pairs[i], answer.Path{Entities: ids}); err != nil {
				return err
			}
		}
		var runs []measure.Figures
		for run := range b.size.runs {
			lasting := b.size.lasting
			a, err := p.Ask(contender.Question{Op: "time", Asked: question, Pairs: asked, Seconds: lasting.Seconds(), Seed: b.seed + uint64(run)})
			if err != nil {
				return fmt.Errorf("%s: %w", question, err)
			}
			runs = append(runs, measure.Summarize(a.Durations(), 1, lasting))
		}
		all, cold := measure.Merge(runs), measure.Summarize(first.Durations(), 1, 0)
		entities, region := graph.Config.Entities, graph.Config.Region
		b.say("growth: %d entities in %s, %s: p50 %.4g ms, p99 %.4g ms, p50 at first %.4g ms", entities, report.Regions(region), question, all.P50, all.P99, cold.P50)
		b.found.Growth = append(b.found.Growth, report.Growth{
			Question: question, Entities: entities, Region: region, P50: all.P50, P99: all.P99, First: cold.P50, Size: measure.Median(sizes),
		})
	}
	return nil
}

// serveSize serves the graph and says how long it took to start, and how much
// memory it holds when it has answered for a while.
func (b *bench) serveSize(ctx context.Context, name string, entities int, pairs []dataset.Pair) error {
	s, err := contender.Vinculo(ctx, report.Names[report.Embedded], b.built("vinculo"), b.embedded(name))
	if err != nil {
		return err
	}
	defer s.Stop()
	resident := s.Resident()
	for _, question := range []string{report.Card, report.Path, report.Around} {
		if _, err := b.timed(ctx, measure.Job{
			Server: s.URL, Query: queries[question][report.Embedded], Pool: pairVariables(pairs), Clients: 8, Seed: b.seed, For: b.size.lasting,
		}); err != nil {
			return err
		}
		resident = max(resident, s.Resident())
	}
	held := report.Held{Contender: report.Embedded, Entities: entities, Links: linksEach * entities, Seconds: rounded(s.Start.Seconds()), MiB: rounded(float64(resident) / (1 << 20))}
	for i, h := range b.found.Held {
		if h.Contender == held.Contender && h.Entities == entities && h.Links == held.Links {
			// Another graph of the same size was weighed: what takes more counts.
			b.found.Held[i].MiB, b.found.Held[i].Seconds = max(h.MiB, held.MiB), max(h.Seconds, held.Seconds)
			return nil
		}
	}
	b.found.Held = append(b.found.Held, held)
	b.say("growth: %d entities: started in %.2f s, holds %.0f MiB", entities, held.Seconds, held.MiB)
	return nil
}

// ends are the two ends of each pair.
func ends(pairs []dataset.Pair) [][2]string {
	all := make([][2]string, len(pairs))
	for i, p := range pairs {
		all[i] = [2]string{p.From, p.To}
	}
	return all
}

// pairVariables are the variables of any question about pairs, or about the
// first of each.
func pairVariables(pairs []dataset.Pair) []map[string]any {
	all := make([]map[string]any, len(pairs))
	for i, p := range pairs {
		all[i] = map[string]any{"id": p.From, "from": p.From, "to": p.To}
	}
	return all
}
