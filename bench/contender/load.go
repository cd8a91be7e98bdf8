package contender

import (
	"context"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/bench/dataset"
)

// unwound is how many rows one transaction of the hand-written load writes.
const unwound = 5000

// Cypher of the hand-written load. The model is the one that @neo4j/graphql needs
// for links that cite: (:PeerEntity)-[:FROM]->(:PeerLink)-[:TO]->(:PeerEntity),
// (:PeerLink)-[:CITES]->(:PeerSource). Beside it stands each link as a
// relationship, which is what anybody would search paths along.
const (
	loadEntities = `UNWIND $rows AS r CREATE (:PeerEntity {id: r.id, name: r.name, kind: r.kind})`
	loadSources  = `UNWIND $rows AS r CREATE (:PeerSource {id: r.id, title: r.title})`
	loadLinks    = `
UNWIND $rows AS r
MATCH (a:PeerEntity {id: r.from}) MATCH (b:PeerEntity {id: r.to})
CREATE (a)-[:FROM]->(l:PeerLink {id: r.id, kind: r.kind})-[:TO]->(b)
CREATE (a)-[:LINK {id: r.id, kind: r.kind}]->(b)
WITH l, r
UNWIND r.citations AS c
MATCH (s:PeerSource {id: c.source})
CREATE (l)-[:CITES {stance: c.stance, locator: c.locator}]->(s)`
)

var peerSchema = []string{
	"CREATE CONSTRAINT peer_entity IF NOT EXISTS FOR (n:PeerEntity) REQUIRE n.id IS UNIQUE",
	"CREATE CONSTRAINT peer_link IF NOT EXISTS FOR (n:PeerLink) REQUIRE n.id IS UNIQUE",
	"CREATE CONSTRAINT peer_source IF NOT EXISTS FOR (n:PeerSource) REQUIRE n.id IS UNIQUE",
	"CALL db.awaitIndexes(300)",
}

// LoadPeers writes a graph for the rivals, as one would by hand, and says how
// long that took: entities, sources, links and citations, but not the constraints.
func (n *Neo4j) LoadPeers(ctx context.Context, g *dataset.Graph, progress func(done int)) (time.Duration, error) {
	for _, statement := range peerSchema {
		if _, err := n.Query(ctx, statement, nil); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err := n.unwind(ctx, loadEntities, len(g.Names), nil, func(i int) map[string]any {
		return map[string]any{"id": dataset.EntityID(i), "name": g.Names[i], "kind": g.Kinds[i]}
	})
	if err != nil {
		return 0, err
	}
	err = n.unwind(ctx, loadSources, len(g.Titles), nil, func(i int) map[string]any {
		return map[string]any{"id": dataset.SourceID(i), "title": g.Titles[i]}
	})
	if err != nil {
		return 0, err
	}
	err = n.unwind(ctx, loadLinks, len(g.Links), progress, func(i int) map[string]any {
		l := &g.Links[i]
		citations := make([]any, len(l.Citations))
		for j, c := range l.Citations {
			citations[j] = map[string]any{"source": c.Source, "stance": c.Stance, "locator": c.Locator}
		}
		return map[string]any{
			"id": dataset.LinkID(i), "kind": l.Kind, "from": dataset.EntityID(int(l.From)), "to": dataset.EntityID(int(l.To)), "citations": citations,
		}
	})
	return time.Since(began), err
}

func (n *Neo4j) unwind(ctx context.Context, query string, count int, progress func(int), row func(int) map[string]any) error {
	for first := 0; first < count; first += unwound {
		rows := make([]any, 0, unwound)
		for i := first; i < min(first+unwound, count); i++ {
			rows = append(rows, row(i))
		}
		if _, err := n.Query(ctx, query, map[string]any{"rows": rows}); err != nil {
			return fmt.Errorf("write rows %d and following: %w", first, err)
		}
		if progress != nil {
			progress(first + len(rows))
		}
	}
	return nil
}

// Clear deletes every node, and leaves the constraints and indexes.
func (n *Neo4j) Clear(ctx context.Context) error {
	for {
		rows, err := n.Query(ctx, "MATCH (x) WITH x LIMIT 5000 DETACH DELETE x RETURN count(*) AS deleted", nil)
		if err != nil {
			return fmt.Errorf("clear the database: %w", err)
		}
		if len(rows) == 0 || rows[0]["deleted"] == int64(0) {
			return nil
		}
	}
}
