package main

import (
	"time"

	"github.com/vinculo/vinculo/internal/generate"
)

// size says how much is asked, of how large a graph.
type size struct {
	entities, links, hub int
	cards, pairs, around int           // how many different ones of each are asked about
	once                 int           // cards that a run asks for the first time
	others               int           // cards that are asked for once to warm up, and not timed
	hard, hardest        int           // pairs asked five shortest paths of, and of these Neo4j's own
	runs                 int           // of each contender at each question
	warmUp, lasting      time.Duration // of one run
	tail                 time.Duration // lasting at the least, where p99 counts
	growth               []int         // entities; five times as many links, in regions of as many as the least of these
	whole                []int         // the same, all one region
}

// linksEach is how many links the graphs whose growth is followed have for each
// entity.
const linksEach = 5

var sizes = map[string]size{
	// To see that all of it works; its figures say nothing.
	"tiny": {
		entities: 2_000, links: 10_000, hub: 2_000, cards: 50, once: 20, others: 50, pairs: 50, around: 10, hard: 10, hardest: 6,
		runs: 2, warmUp: 100 * time.Millisecond, lasting: 400 * time.Millisecond,
		growth: []int{200, 2_000}, whole: []int{200, 2_000},
	},
	"small": {
		entities: 10_000, links: 50_000, hub: 10_000, cards: 300, once: 200, others: 4_000, pairs: 200, around: 50, hard: 60, hardest: 4,
		runs: 3, warmUp: 150 * time.Millisecond, lasting: 450 * time.Millisecond,
		growth: []int{2_000, 20_000}, whole: []int{10_000},
	},
	"medium": {
		entities: 100_000, links: 500_000, hub: 100_000, cards: 1000, once: 400, others: 10_000, pairs: 300, around: 100, hard: 100, hardest: 6,
		runs: 3, warmUp: 400 * time.Millisecond, lasting: 1500 * time.Millisecond, tail: 6 * time.Second,
		growth: []int{10_000, 100_000}, whole: []int{10_000, 100_000},
	},
	"full": {
		entities: 100_000, links: 500_000, hub: 100_000, cards: 1000, once: 400, others: 10_000, pairs: 300, around: 100, hard: 100, hardest: 6,
		runs: 3, warmUp: 400 * time.Millisecond, lasting: 1500 * time.Millisecond, tail: 6 * time.Second,
		growth: []int{10_000, 100_000, 1_000_000}, whole: []int{10_000, 100_000, 1_000_000},
	},
}

// What Neo4j is given for five shortest paths: 20 s for each pair, of which a
// few are enough, for many of them take that long.
const (
	shortestPatience = 20 * time.Second
	shortestTime     = 45 * time.Second // after which no further pair is begun
)

func (s size) graph(seed uint64) generate.Config {
	return generate.Config{Seed: seed, Entities: s.entities, Links: s.links, Hub: s.hub, Citations: 1.5}
}

// grown are the graphs of which the cost is followed, in regions of a size, or all
// one region.
func grown(seed uint64, entities, region int) generate.Config {
	return generate.Config{Seed: seed, Entities: entities, Links: linksEach * entities, Region: region, Citations: 1.5}
}
