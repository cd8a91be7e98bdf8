package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// questions are what BenchmarkServe asks; $a and $b are two entities at random.
var questions = []struct{ name, text string }{
	{"Card", `query Card($a: ID!) { entity(id: $a) { id name kind links(direction: ANY, first: 25) { edges { node { id kind from { id name } to { id name }
		citations(first: 3) { nodes { stance locator source { id title } } } } } } } }`},
	{"Hub", `{ entity(id: "e00000000") { id name kind links(direction: ANY, first: 25) { edges { node { id kind from { id name } to { id name }
		citations(first: 3) { nodes { stance locator source { id title } } } } } } } }`},
	{"Path", `query Path($a: ID!, $b: ID!) { paths(from: [$a], to: [$b], maxLength: 6, first: 1) { found { hops { link { id kind } from { id name } to { id name } } } } }`},
	{"Paths", `query Paths($a: ID!, $b: ID!) { paths(from: [$a], to: [$b], maxLength: 6, first: 5) { found { hops { link { id kind } from { id name } to { id name } } } } }`},
	{"Subgraph", `query Subgraph($a: ID!) { subgraph(around: [$a], depth: 2, maxLinks: 100) { entities { entity { id name } depth hidden } links { id kind from { id } to { id } } } }`},
}

// BenchmarkServe asks a server in this process over HTTP, from 8 clients: of a
// generated graph of 5,000 entities, or of 100,000 (VINCULO_BENCH_ENTITIES) in the
// file that VINCULO_BENCH_STORE names.
func BenchmarkServe(b *testing.B) {
	path, entities := os.Getenv("VINCULO_BENCH_STORE"), 100_000
	if n, err := strconv.Atoi(os.Getenv("VINCULO_BENCH_ENTITIES")); err == nil {
		entities = n
	}
	if path == "" {
		path, entities = filepath.Join(b.TempDir(), "made.db"), 5000
		m := &Main{Stdout: io.Discard, Stderr: io.Discard}
		require.NoError(b, m.Run(b.Context(), []string{"generate", "--store", "sqlite:" + path, "--entities", "5000", "--links", "25000", "--hub", "5000"}))
		require.NoError(b, m.Close())
	}
	s := serve(b, "--store", "sqlite:"+path, "--log-level", "error")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	ask := func(text string, r *rand.Rand) error {
		entity := func() string { return fmt.Sprintf("e%08d", 1+r.IntN(entities-1)) }
		body, err := json.Marshal(map[string]any{"query": text, "variables": map[string]string{"a": entity(), "b": entity()}})
		if err != nil {
			return err
		}
		response, err := client.Post(s.url+"/graphql", "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // it was read to its end
		answer, err := io.ReadAll(response.Body)
		if err == nil && (response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`))) {
			err = fmt.Errorf("%d: %.300s", response.StatusCode, answer)
		}
		return err
	}
	var seed atomic.Uint64
	run := func(name string, texts func(n int) string) {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(4) // times two processors
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := rand.New(rand.NewPCG(1, seed.Add(1))) //nolint:gosec // a benchmark's choice is no secret
				for n := 0; pb.Next(); n++ {
					if err := ask(texts(n), r); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
	for _, q := range questions {
		run(q.name, func(int) string { return q.text })
	}
	run("Mixed", func(n int) string { return questions[[]int{0, 0, 0, 0, 1, 2, 3, 0, 0, 4}[n%10]].text })
}
