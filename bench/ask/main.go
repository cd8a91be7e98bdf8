// Command ask is a client that measures a running GraphQL server from a process
// of its own: it asks one question of many entities, from several clients at
// once, and prints how long the answers took.
//
//	go run ./bench/ask --entities 100000 --clients 8 --for 20s
//	go run ./bench/ask --id e00000000 --clients 1
//
// The entities are those that `vinculo generate` makes, chosen at random from a
// seed; the hub, e00000000, is asked for only by --id.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed card.graphql
var card string

// Figures are what one run measured. Times are in milliseconds.
type Figures struct {
	Clients   int     `json:"clients"`
	Answers   int     `json:"answers"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50"`
	P99       float64 `json:"p99"`
	Bytes     int     `json:"meanBytes"`
}

func main() {
	url := flag.String("url", "http://127.0.0.1:8080/graphql", "the server's GraphQL `address`")
	entities := flag.Int("entities", 100_000, "how many entities the graph was generated with")
	id := flag.String("id", "", "ask always of this entity")
	file := flag.String("query", "", "a `file` with another query, which takes $id")
	clients := flag.Int("clients", 1, "how many ask at once")
	lasting := flag.Duration("for", 10*time.Second, "how long to measure, after a fifth of it to warm up")
	seed := flag.Uint64("seed", 1, "chooses the entities")
	flag.Parse()
	figures, err := run(*url, *file, *id, *entities, *clients, *lasting, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(figures) // a closed standard output has nobody to tell
}

func run(url, file, id string, entities, clients int, lasting time.Duration, seed uint64) (Figures, error) {
	query := card
	if file != "" {
		b, err := os.ReadFile(file) //nolint:gosec // the path is the caller's own
		if err != nil {
			return Figures{}, err
		}
		query = string(b)
	}
	if _, err := measure(url, query, id, entities, clients, lasting/5, seed+1000); err != nil {
		return Figures{}, err
	}
	return measure(url, query, id, entities, clients, lasting, seed)
}

func measure(url, query, id string, entities, clients int, lasting time.Duration, seed uint64) (Figures, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lasting)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var times []time.Duration
	var size int
	var failed error
	var wg sync.WaitGroup
	start := time.Now()
	for c := range clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(c))) //nolint:gosec // a benchmark's choice is no secret
			var own []time.Duration
			read := 0
			for ctx.Err() == nil {
				of := id
				if of == "" {
					of = fmt.Sprintf("e%08d", 1+random.IntN(entities-1))
				}
				asked := time.Now()
				n, err := ask(ctx, client, url, query, of)
				if err != nil {
					if ctx.Err() == nil {
						mu.Lock()
						failed = errors.Join(failed, err)
						mu.Unlock()
					}
					break
				}
				own, read = append(own, time.Since(asked)), read+n
			}
			mu.Lock()
			times, size = append(times, own...), size+read
			mu.Unlock()
		})
	}
	wg.Wait()
	if failed != nil || len(times) == 0 {
		return Figures{}, errors.Join(failed, ctx.Err())
	}
	seconds := time.Since(start).Seconds()
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Microseconds()) / 1000
	}
	return Figures{
		Clients: clients, Answers: len(times), Seconds: seconds, PerSecond: float64(len(times)) / seconds,
		P50: at(0.5), P99: at(0.99), Bytes: size / len(times),
	}, nil
}

// ask puts one question and gives the length of the answer, which must hold the
// entity and no error.
func ask(ctx context.Context, client *http.Client, url, query, id string) (int, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]string{"id": id}})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req) //nolint:gosec // the address is the caller's own
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`)) || strings.Contains(string(answer[:min(len(answer), 40)]), "null") {
		return 0, fmt.Errorf("the answer for %s is %d: %.300s", id, resp.StatusCode, answer)
	}
	return len(answer), nil
}
