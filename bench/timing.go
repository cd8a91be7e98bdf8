package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/contender"
	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/bench/measure"
	"github.com/vinculo/vinculo/bench/report"
)

// order is the order in which contenders are asked, and shown.
var order = []string{report.Embedded, report.OnNeo4j, report.Neo4jGraphQL, report.Bolt, report.Inside, report.NetworkX, report.IGraph}

// asked are those who answer a question over the network and were started.
func (b *bench) asked(question string) []string {
	var all []string
	for _, who := range order {
		if queries[question][who] != "" && b.address[who] != "" {
			all = append(all, who)
		}
	}
	return all
}

// checkAndTime puts every question that is wanted: first all answers are
// compared, then they are timed.
func (b *bench) checkAndTime(ctx context.Context) error {
	ordinary := b.graph.Cards(b.seed, b.size.cards+b.firsts()+b.size.others, answer.CardLinks)
	timed := min(b.size.cards+b.firsts(), len(ordinary))
	cards := map[string][]string{ // what is asked about, by question
		report.Card:    ordinary[:timed],
		report.Full:    b.graph.FullCards(b.seed, b.size.cards+b.firsts(), answer.CardLinks),
		report.Hub:     {dataset.Hub},
		report.Ordered: {dataset.Hub},
	}
	for again, first := range map[string]string{report.Card: report.First, report.Full: report.Fresh} {
		all := cards[again]
		half := min(b.size.cards, len(all)/2)
		cards[again], cards[first] = all[:half], all[half:]
	}
	if b.wantsOneOf(cardQuestions...) {
		if err := b.warmUp(ctx, cards[report.Card], ordinary[timed:]); err != nil {
			return err
		}
	}
	for _, question := range cardQuestions {
		if !b.wanted[question] {
			continue
		}
		if len(cards[question]) == 0 {
			b.say("%s: this small graph has no such entity", question)
			continue
		}
		ask := b.cardRace
		if question == report.First || question == report.Fresh {
			ask = b.firstRace
		}
		if err := b.attempt(ctx, question, func() error { return ask(ctx, question, cards[question]) }); err != nil {
			return err
		}
	}
	pairs := b.graph.Pairs(b.seed, b.size.pairs, maxPath)
	around := b.graph.Neighbours(b.seed, 0, b.size.around)
	for _, part := range []struct {
		question string
		ask      func() error
	}{
		{report.Path, func() error { return b.pathRace(ctx, pairs) }},
		{report.Paths, func() error { return b.pathsRace(ctx, pairs[:min(b.size.hard, len(pairs))]) }},
		{report.Around, func() error { return b.aroundRace(ctx, around) }},
	} {
		if !b.wanted[part.question] {
			continue
		}
		if err := b.attempt(ctx, part.question, part.ask); err != nil {
			return err
		}
	}
	return nil
}

// warmingUp is how long each contender is asked cards, from two clients, before
// anything is timed: code of a JVM or of Node that has hardly run yet is several
// times as slow.
const warmingUp = 4 * time.Second

// warmUp asks about entities again and again, and then about others once each, as
// those are that are timed for the first time: who keeps answers has run little of
// what reads them until then.
func (b *bench) warmUp(ctx context.Context, again, once []string) error {
	b.say("warming up")
	for _, who := range b.asked(report.Card) {
		for _, job := range []measure.Job{{Pool: idVariables(again)}, {Pool: idVariables(once), Once: true}} {
			if len(job.Pool) == 0 {
				continue
			}
			job.Server, job.Query, job.Clients, job.Seed, job.For = b.address[who], queries[report.Card][who], 2, b.seed, warmingUp
			if _, err := b.timed(ctx, job); err != nil {
				return fmt.Errorf("%s: %w", report.Names[who], err)
			}
		}
	}
	return nil
}

// cardRace compares and times one of the questions about cards.
func (b *bench) cardRace(ctx context.Context, question string, ids []string) error {
	if err := b.checkCards(ctx, question, ids); err != nil {
		return err
	}
	clients := cardClients
	if len(ids) == 1 {
		clients = clients[:1]
	}
	for _, n := range clients {
		if err := b.race(ctx, question, n, idVariables(ids)); err != nil {
			return err
		}
	}
	return nil
}

// cardClients is how many clients cards are asked from.
var cardClients = []int{1, 8}

// firsts is how many cards the runs ask for the first time, of each of the two
// questions that do.
func (b *bench) firsts() int { return b.size.once * b.size.runs * len(cardClients) }

// firstRace times cards that were not asked for before: each run has its own, which
// it asks each contender once.
func (b *bench) firstRace(ctx context.Context, question string, ids []string) error {
	runs := b.size.runs
	each := len(ids) / (runs * len(cardClients))
	if each == 0 {
		b.say("%s: this small graph has too few entities for it", question)
		return nil
	}
	for i, clients := range cardClients {
		if err := b.inTurn(ctx, question, b.asked(question), func(run int) measure.Job {
			part := ids[(i*runs+run)*each:][:each]
			return measure.Job{Pool: idVariables(part), Once: true, Clients: clients, For: time.Minute}
		}); err != nil {
			return err
		}
	}
	return nil
}

func idVariables(ids []string) []map[string]any {
	all := make([]map[string]any, len(ids))
	for i, id := range ids {
		all[i] = map[string]any{"id": id}
	}
	return all
}

// dial opens a connection to each contender that is asked a question.
func (b *bench) dial(question string) (servers map[string]measure.Server, end func(context.Context), err error) {
	servers = map[string]measure.Server{}
	end = func(ctx context.Context) {
		for _, s := range servers {
			s.Close(ctx)
		}
	}
	for _, who := range b.asked(question) {
		if servers[who], err = measure.Dial(b.address[who], 1); err != nil {
			return nil, nil, err
		}
	}
	return servers, end, nil
}

func (b *bench) checked(question string, answers int, who []string, note string) {
	b.found.Checked = append(b.found.Checked, report.Checked{Question: question, Answers: answers, Contenders: who, Note: note})
	b.say("%s: %d answers of each of %d are right", question, answers, len(who))
}

// checkCards compares the cards of all with the graph, and those of Vínculo's two
// stores with each other, in order and all.
func (b *bench) checkCards(ctx context.Context, question string, ids []string) error {
	b.say("%s: comparing %d answers of each", question, len(ids))
	servers, end, err := b.dial(question)
	if err != nil {
		return err
	}
	defer end(ctx)
	who := b.asked(question)
	for _, id := range ids {
		first := answer.Card{}
		for _, w := range who {
			card, err := readCard(ctx, servers[w], question, w, id)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Names[w], err)
			}
			if err := answer.CheckCard(b.graph, id, card); err != nil {
				return fmt.Errorf("%s is wrong: %w", report.Names[w], err)
			}
			switch w {
			case report.Embedded:
				first = card
			case report.OnNeo4j:
				if err := answer.SameCards(first, card); err != nil {
					return fmt.Errorf("the two stores differ: %w", err)
				}
			}
		}
	}
	note := "Vínculo's two stores in the same order, the others, which have no order, as sets."
	if question != report.Card {
		note = "Vínculo's two stores in the same order; of the others, which have no order, that each link is the entity's, with its citations, and that there are 25."
	}
	b.checked(question, len(ids), who, note)
	return nil
}

// race times a question that is asked again and again.
func (b *bench) race(ctx context.Context, question string, clients int, pool []map[string]any, without ...string) error {
	who := slices.DeleteFunc(b.asked(question), func(w string) bool { return slices.Contains(without, w) })
	lasting := b.size.lasting
	if slices.Contains(judgedByTail, question) {
		lasting = max(lasting, b.size.tail)
	}
	return b.inTurn(ctx, question, who, func(run int) measure.Job {
		return measure.Job{Pool: pool, Clients: clients, Seed: b.seed + uint64(run), WarmUp: b.size.warmUp, For: lasting}
	})
}

// inTurn times a question, the contenders in turn, several times over. What they are
// given in a run is the same for all.
func (b *bench) inTurn(ctx context.Context, question string, who []string, job func(run int) measure.Job) error {
	runs := map[string][]measure.Figures{}
	clients := 0
	for run := range b.size.runs {
		j := job(run)
		clients = j.Clients
		for i := range who {
			w := who[(i+run)%len(who)] // nobody is always the one after another
			j.Server, j.Query = b.address[w], queries[question][w]
			f, err := b.timed(ctx, j)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Names[w], err)
			}
			runs[w] = append(runs[w], f)
		}
	}
	for _, w := range who {
		b.timedAs(question, w, clients, runs[w])
	}
	return nil
}

func (b *bench) timedAs(question, who string, clients int, runs []measure.Figures) {
	all := measure.Merge(runs)
	b.found.Measured = append(b.found.Measured, report.Measured{Question: question, Contender: who, Clients: clients, Median: all, Runs: runs})
	b.say("%s, %d at once, %s: %.0f a second, p50 %.4g ms, p99 %.4g ms", question, clients, report.Names[who], all.PerSecond, all.P50, all.P99)
}

func (b *bench) pathRace(ctx context.Context, pairs []dataset.Pair) error {
	b.say("path: comparing %d answers of each", len(pairs))
	servers, end, err := b.dial(report.Path)
	if err != nil {
		return err
	}
	defer end(ctx)
	who := b.asked(report.Path)
	for _, pair := range pairs {
		var first []answer.Path
		for _, w := range who {
			found, _, err := readPaths(ctx, servers[w], report.Path, w, pair.From, pair.To)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Names[w], err)
			}
			if len(found) != 1 {
				return fmt.Errorf("%s gives %d paths from %s to %s", report.Names[w], len(found), pair.From, pair.To)
			}
			if err := answer.CheckShortest(b.graph, pair, found[0]); err != nil {
				return fmt.Errorf("%s is wrong: %w", report.Names[w], err)
			}
			switch w {
			case report.Embedded:
				first = found
			case report.OnNeo4j:
				if err := answer.SamePaths(first, found); err != nil {
					return fmt.Errorf("the two stores differ: %w", err)
				}
			}
		}
	}
	inner, err := checkInner(b.graph, b.inner, pairs)
	if err != nil {
		return err
	}
	b.checked(report.Path, len(pairs), append(who, inner...), "Each leads along links of the graph and is as short as a plain search of it finds; Vínculo's two stores give the same links.")
	if err := b.race(ctx, report.Path, 1, pairVariables(pairs)); err != nil {
		return err
	}
	return b.innerRace(report.Path, b.inner, pairs)
}

// checkInner compares the paths of those who answer in their own memory with the
// graph, and gives their names.
func checkInner(g *dataset.Graph, inner map[string]*contender.Process, pairs []dataset.Pair) ([]string, error) {
	var who []string
	for _, w := range order {
		if inner[w] == nil {
			continue
		}
		a, err := inner[w].Ask(contender.Question{Op: "answer", Asked: report.Path, Pairs: ends(pairs)})
		if err != nil {
			return nil, err
		}
		if len(a.Answers) != len(pairs) {
			return nil, fmt.Errorf("%s gives %d paths for %d pairs", report.Names[w], len(a.Answers), len(pairs))
		}
		for i, entities := range a.Answers {
			if err := answer.CheckShortest(g, pairs[i], answer.Path{Entities: entities}); err != nil {
				return nil, fmt.Errorf("%s is wrong: %w", report.Names[w], err)
			}
		}
		who = append(who, w)
	}
	return who, nil
}

// innerRace times those who answer in their own memory, and ends them.
func (b *bench) innerRace(question string, inner map[string]*contender.Process, pairs []dataset.Pair) error {
	runs := map[string][]measure.Figures{}
	for run := range b.size.runs + 1 {
		for _, w := range order {
			if inner[w] == nil {
				continue
			}
			a, err := inner[w].Ask(contender.Question{
				Op: "time", Asked: report.Path, Pairs: ends(pairs), Seconds: b.size.lasting.Seconds(), Seed: b.seed + uint64(run),
			})
			if err != nil {
				return err
			}
			if run > 0 { // the first warms up
				runs[w] = append(runs[w], measure.Summarize(a.Durations(), 1, b.size.lasting))
			}
		}
	}
	for _, w := range order {
		if runs[w] != nil {
			b.timedAs(question, w, 1, runs[w])
			inner[w].Stop()
		}
	}
	return nil
}

func (b *bench) pathsRace(ctx context.Context, pairs []dataset.Pair) error {
	b.say("paths: comparing %d answers of each store", len(pairs))
	servers, end, err := b.dial(report.Paths)
	if err != nil {
		return err
	}
	defer end(ctx)
	stores := slices.DeleteFunc(b.asked(report.Paths), func(w string) bool { return w == report.Bolt })
	ours := make([][]answer.Path, len(pairs))
	short := map[string]int{} // answers of each store that are not whole, and say so
	for i, pair := range pairs {
		whole := true
		for _, w := range stores {
			found, cut, err := readPaths(ctx, servers[w], report.Paths, w, pair.From, pair.To)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Names[w], err)
			}
			if err := answer.CheckPaths(b.graph, pair, found); err != nil {
				return fmt.Errorf("%s is wrong: %w", report.Names[w], err)
			}
			if cut {
				short[w]++
				whole = false
			}
			if ours[i] == nil {
				ours[i] = found
			} else if err := answer.SamePaths(ours[i], found); err != nil && whole {
				return fmt.Errorf("the two stores differ: %w", err)
			}
		}
	}
	note := "Each a way without a loop along links of the graph, none twice, in the order of length, the first as short as can be; both stores give the same."
	for _, w := range stores {
		if short[w] > 0 {
			note += fmt.Sprintf(" %s says of %d of its answers that a budget cut them; of those only the former is true.", report.Names[w], short[w])
		}
	}
	b.checked(report.Paths, len(pairs), stores, note)
	if err := b.race(ctx, report.Paths, 1, pairVariables(pairs), report.Bolt); err != nil {
		return err
	}
	if servers[report.Bolt] == nil {
		return nil
	}
	return b.shortestRace(ctx, servers[report.Bolt], pairs[:min(b.size.hardest, len(pairs))], ours)
}

// shortestRace asks Neo4j's own five shortest paths of a few pairs, for it may
// take longer than anybody waits, and compares what it does answer in time.
func (b *bench) shortestRace(ctx context.Context, server measure.Server, pairs []dataset.Pair, ours [][]answer.Path) error {
	b.say("paths: Neo4j's SHORTEST 5 for %d pairs, of %v each at the most", len(pairs), shortestPatience)
	var times []time.Duration
	late, compared := 0, 0
	began := time.Now()
	for i, pair := range pairs {
		if time.Since(began) > shortestTime {
			break
		}
		limited, cancel := context.WithTimeout(ctx, shortestPatience)
		asked := time.Now()
		found, _, err := readPaths(limited, server, report.Paths, report.Bolt, pair.From, pair.To)
		took := time.Since(asked)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && took > shortestPatience-time.Second: // the server may have noticed first
			late++
			times = append(times, shortestPatience)
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", report.Names[report.Bolt], err)
		}
		for _, p := range found {
			if err := answer.CheckPath(b.graph, pair, p); err != nil {
				return fmt.Errorf("%s is wrong: %w", report.Names[report.Bolt], err)
			}
		}
		if err := answer.SameLengths(ours[i], found); err != nil {
			return fmt.Errorf("from %s to %s: %w", pair.From, pair.To, err)
		}
		compared++
		times = append(times, took)
	}
	if len(times) == 0 {
		return errors.New("no pair to ask SHORTEST 5 of")
	}
	if compared > 0 {
		b.checked(report.Paths, compared, []string{report.Bolt}, "Those that SHORTEST 5 answered in time have the same lengths.")
	}
	f := measure.Summarize(times, 1, time.Since(began))
	f.TimedOut = late
	b.timedAs(report.Paths, report.Bolt, 1, []measure.Figures{f})
	return nil
}

func (b *bench) aroundRace(ctx context.Context, ids []string) error {
	b.say("around: comparing %d answers of each", len(ids))
	servers, end, err := b.dial(report.Around)
	if err != nil {
		return err
	}
	defer end(ctx)
	who := b.asked(report.Around)
	for _, id := range ids {
		var first *answer.Subgraph
		for _, w := range who {
			found, err := readAround(ctx, servers[w], w, id)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Names[w], err)
			}
			if err := answer.CheckSubgraph(b.graph, id, aroundDepth, aroundLinks, found); err != nil {
				return fmt.Errorf("%s is wrong: %w", report.Names[w], err)
			}
			if first == nil {
				first = &found
			} else if err := answer.SameSubgraphs(*first, found); err != nil {
				return fmt.Errorf("the two stores differ around %s: %w", id, err)
			}
		}
	}
	b.checked(report.Around, len(ids), who, "The links are the graph's, distances and what is hidden are as counted in it, and both stores give the same.")
	return b.race(ctx, report.Around, 1, idVariables(ids))
}
