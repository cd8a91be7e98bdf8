package neo4j

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// BenchmarkWrite writes revisions of 5,000 links with 1.5 citations each, to
// 20,000 entities and 2,000 sources, and tells links a second.
func BenchmarkWrite(b *testing.B) {
	s := open(b)
	const entities, sources, links = 20_000, 2_000, 5_000
	planning := time.Duration(0)
	step := 0
	write := func(cs *evidence.ChangeSet) {
		step++
		p := storetest.Planner(step)
		p.MaxChanges, p.CascadeLimit = 1_000_000, 1_000_000
		_, err := s.Write(b.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			start := time.Now()
			defer func() { planning += time.Since(start) }()
			return p.Plan(ctx, snap, storetest.Top, cs)
		})
		require.NoError(b, err)
	}
	first := &evidence.ChangeSet{Reason: "people"}
	for i := range sources {
		first.Changes = append(first.Changes, evidence.Change{PutSource: &evidence.PutSource{ID: source(i), Kind: evidence.Of("NEWS"), Title: evidence.Of(fmt.Sprintf("Informe %d", i)), URL: evidence.Of("https://example.org/" + string(source(i)))}})
	}
	for i := range entities {
		first.Changes = append(first.Changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: person(i), Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprintf("Vecino %d de Iguala", i))}})
	}
	write(first)
	random := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"LINKED_TO", "PAYS", "FAMILY_OF", "ASSOCIATE_OF", "COMMUNICATED_WITH"}
	planning = 0
	start, n := time.Now(), 0
	for b.Loop() {
		cs := &evidence.ChangeSet{Reason: "links"}
		for range links {
			n++
			l := &evidence.AssertLink{ID: evidence.ID(fmt.Sprintf("l%d", n)), Kind: kinds[n%len(kinds)], From: person(2 * random.IntN(entities/2)), To: person(1 + 2*random.IntN(entities/2)), Valid: evidence.ValidTime{Since: fmt.Sprintf("%d", 1950+n%70)}}
			for j := range 1 + n%2 {
				l.Citations = append(l.Citations, evidence.NewCitation{ID: evidence.ID(fmt.Sprintf("c%d-%d", n, j)), Source: source(random.IntN(sources)), Stance: "SUPPORTS", Locator: "p. 1"})
			}
			cs.Changes = append(cs.Changes, evidence.Change{AssertLink: l})
		}
		write(cs)
	}
	took := time.Since(start)
	b.ReportMetric(float64(n)/took.Seconds(), "links/s")
	b.ReportMetric(planning.Seconds()/took.Seconds()*100, "%planning")
}

// BenchmarkByHand is what a person would write to load the same: nodes and
// relationships with the least of properties and indexes, and no log. It is what
// BenchmarkWrite is to be held against, in one run.
func BenchmarkByHand(b *testing.B) {
	s := open(b)
	const entities, sources, links = 20_000, 2_000, 5_000
	ctx := b.Context()
	run := func(text string, rows []row) {
		err := s.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
			_, err := send(ctx, tx, query{text: text}, row{"rows": rows})
			return err
		}, new(bool))
		require.NoError(b, err)
	}
	var rows []row
	for i := range entities {
		rows = append(rows, row{"id": string(person(i)), "name": fmt.Sprintf("Vecino %d de Iguala", i)})
	}
	run("UNWIND $rows AS r CREATE (n:Entity:Person {id: r.id, name: r.name})", rows)
	rows = nil
	for i := range sources {
		rows = append(rows, row{"id": string(source(i)), "title": fmt.Sprintf("Informe %d", i), "url": "https://example.org/"})
	}
	run("UNWIND $rows AS r CREATE (n:Source {id: r.id, title: r.title, url: r.url})", rows)
	random := rand.New(rand.NewPCG(1, 2))
	start, n := time.Now(), 0
	for b.Loop() {
		var rows []row
		for range links {
			n++
			var cites []row
			for j := range 1 + n%2 {
				cites = append(cites, row{"id": fmt.Sprintf("c%d-%d", n, j), "source": string(source(random.IntN(sources))), "locator": "p. 1"})
			}
			rows = append(rows, row{"id": fmt.Sprintf("l%d", n), "from": string(person(random.IntN(entities))), "to": string(person(random.IntN(entities))), "since": "1980", "cites": cites})
		}
		run("UNWIND $rows AS r MATCH (a:Entity {id: r.from}) MATCH (b:Entity {id: r.to}) "+
			"CREATE (a)-[:LINKED_TO {id: r.id, since: r.since}]->(b) CREATE (c:Claim {id: r.id, from: r.from, to: r.to, since: r.since}) "+
			"WITH r, c UNWIND r.cites AS x MATCH (s:Source {id: x.source}) CREATE (c)-[:HAS_CITATION]->(:Citation {id: x.id, locator: x.locator})-[:IN_SOURCE]->(s)", rows)
	}
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "links/s")
}
