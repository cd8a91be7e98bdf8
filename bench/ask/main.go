// Command ask is a client that measures a running server from a process of its
// own: it asks one question of many entities, from several clients at once, and
// prints how long the answers took.
//
//	go run ./bench/ask --entities 100000 --clients 8 --for 20s
//	go run ./bench/ask --id e00000000 --clients 1
//	go run ./bench/ask --job < job.json
//
// The entities are those that `vinculo generate` makes, chosen at random from a
// seed; the hub, e00000000, is asked for only by --id. With --job it reads what
// to ask as JSON, as the benchmarks (go run ./bench) tell it.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/bench/measure"
)

//go:embed card.graphql
var card string

// drawn is how many entities are asked about, at the most.
const drawn = 10_000

func main() {
	url := flag.String("url", "http://127.0.0.1:8080/graphql", "the server's GraphQL `address`, or bolt://…")
	entities := flag.Int("entities", 100_000, "how many entities the graph was generated with")
	id := flag.String("id", "", "ask always of this entity")
	file := flag.String("query", "", "a `file` with another query, which takes $id")
	clients := flag.Int("clients", 1, "how many ask at once")
	lasting := flag.Duration("for", 10*time.Second, "how long to measure, after a fifth of it to warm up")
	seed := flag.Uint64("seed", 1, "chooses the entities")
	whole := flag.Bool("job", false, "read the whole job as JSON from the standard input")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	job := measure.Job{
		Server: *url, Query: card, Clients: *clients, WarmUp: *lasting / 5, For: *lasting, Seed: *seed,
	}
	if err := run(ctx, job, *whole, *file, *id, *entities); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, job measure.Job, whole bool, file, id string, entities int) error {
	switch {
	case whole:
		job = measure.Job{}
		if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
			return fmt.Errorf("the job on the standard input: %w", err)
		}
	case id == "" && entities < 2:
		return fmt.Errorf("--entities is %d; a generated graph has 2 or more", entities)
	default:
		if file != "" {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			job.Query = string(b)
		}
		job.Pool = pool(job.Seed, id, entities)
	}
	figures, err := measure.Run(ctx, job)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures)
}

func pool(seed uint64, id string, entities int) []map[string]any {
	if id != "" {
		return []map[string]any{{"id": id}}
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var all []map[string]any
	for range min(drawn, entities) {
		all = append(all, map[string]any{"id": dataset.EntityID(1 + random.IntN(entities-1))})
	}
	return all
}
