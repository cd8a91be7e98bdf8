package contender

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/internal/evidence"
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

// Cypher that writes by hand what people see of Vínculo's graph in Neo4j, and
// nothing else: each link as a relationship of its kind that names its sources, and
// as a node with a node for each citation between it and the source. Types begin
// with a word of their own, since ids are unique in each.
const (
	shapeType     = "SHAPE_"
	shapeEntities = `UNWIND $rows AS r CREATE (:ShapeEntity {id: r.id, name: r.name, kind: r.kind})`
	shapeSources  = `UNWIND $rows AS r CREATE (:ShapeSource {id: r.id, title: r.title})`
	shapeLinks    = `
UNWIND $rows AS r
MATCH (a:ShapeEntity {id: r.from}) MATCH (b:ShapeEntity {id: r.to})
CREATE (a)-[:$(r.type) {id: r.id, standing: 'REPORTED', strength: r.strength, supports: r.supports, disputes: r.disputes, sources: r.sources}]->(b)
CREATE (l:ShapeClaim {id: r.id, kind: r.kind, from: r.from, to: r.to})
WITH l, r
UNWIND r.citations AS c
MATCH (s:ShapeSource {id: c.source})
CREATE (l)-[:HAS_CITATION]->(:ShapeCitation {id: c.id, stance: c.stance, locator: c.locator})-[:IN_SOURCE]->(s)`
)

var peerConstraints = []string{"PeerEntity", "PeerLink", "PeerSource"}

var shapeConstraints = []string{"ShapeEntity", "ShapeSource", "ShapeClaim", "ShapeCitation"}

// LoadPeers writes a graph for the rivals, as one would by hand, and says how
// long that took: entities, sources, links and citations, but not the constraints.
func (n *Neo4j) LoadPeers(ctx context.Context, g *dataset.Graph) (time.Duration, error) {
	if err := n.constrain(ctx, peerConstraints, nil); err != nil {
		return 0, err
	}
	return n.write(ctx, g, loadEntities, loadSources, loadLinks, func(i int) map[string]any {
		l := &g.Links[i]
		citations := make([]any, len(l.Citations))
		for j, c := range l.Citations {
			citations[j] = map[string]any{"source": c.Source, "stance": c.Stance, "locator": c.Locator}
		}
		return map[string]any{
			"id": dataset.LinkID(i), "kind": l.Kind, "from": dataset.EntityID(int(l.From)), "to": dataset.EntityID(int(l.To)), "citations": citations,
		}
	})
}

// LoadShape writes the same graph in the shape of Vínculo's, as LoadPeers does in
// that of the rivals: no import of Vínculo's can take less time than its nodes and
// relationships do by themselves.
func (n *Neo4j) LoadShape(ctx context.Context, g *dataset.Graph) (time.Duration, error) {
	kinds := map[string]bool{}
	for i := range g.Links {
		kinds[shapeType+g.Links[i].Kind] = true
	}
	if err := n.constrain(ctx, shapeConstraints, slices.Sorted(maps.Keys(kinds))); err != nil {
		return 0, err
	}
	took, err := n.write(ctx, g, shapeEntities, shapeSources, shapeLinks, func(i int) map[string]any {
		l := &g.Links[i]
		citations, sources := make([]any, len(l.Citations)), make([]any, len(l.Citations))
		stances := map[string]int{}
		for j, c := range l.Citations {
			citations[j] = map[string]any{"id": fmt.Sprintf("c%d-%s", j, dataset.LinkID(i)), "source": c.Source, "stance": c.Stance, "locator": c.Locator}
			sources[j] = c.Source
			stances[c.Stance]++
		}
		supports := stances[evidence.Supports.String()]
		return map[string]any{
			"id": dataset.LinkID(i), "kind": l.Kind, "type": shapeType + l.Kind, "from": dataset.EntityID(int(l.From)), "to": dataset.EntityID(int(l.To)),
			"strength": 100 * supports, "supports": supports, "disputes": stances[evidence.Disputes.String()], "sources": sources, "citations": citations,
		}
	})
	if err != nil {
		return 0, err
	}
	rows, err := n.Query(ctx, "MATCH (x:ShapeCitation) RETURN count(x) AS citations", nil)
	if err == nil && rows[0]["citations"] != int64(g.Cited) {
		err = fmt.Errorf("%v citations were written where the graph has %d", rows[0]["citations"], g.Cited)
	}
	return took, err
}

// constrain makes the ids of nodes with these labels, and of relationships of these
// types, unique.
func (n *Neo4j) constrain(ctx context.Context, labels, types []string) error {
	var statements []string
	for _, label := range labels {
		statements = append(statements, "CREATE CONSTRAINT IF NOT EXISTS FOR (n:"+label+") REQUIRE n.id IS UNIQUE")
	}
	for _, name := range types {
		statements = append(statements, "CREATE CONSTRAINT IF NOT EXISTS FOR ()-[r:"+name+"]-() REQUIRE r.id IS UNIQUE")
	}
	for _, statement := range append(statements, "CALL db.awaitIndexes(300)") {
		if _, err := n.Query(ctx, statement, nil); err != nil {
			return err
		}
	}
	return nil
}

// write writes a graph with three queries, and says how long that took.
func (n *Neo4j) write(ctx context.Context, g *dataset.Graph, entities, sources, links string, link func(i int) map[string]any) (time.Duration, error) {
	began := time.Now()
	err := n.unwind(ctx, entities, len(g.Names), func(i int) map[string]any {
		return map[string]any{"id": dataset.EntityID(i), "name": g.Names[i], "kind": g.Kinds[i]}
	})
	if err == nil {
		err = n.unwind(ctx, sources, len(g.Titles), func(i int) map[string]any {
			return map[string]any{"id": dataset.SourceID(i), "title": g.Titles[i]}
		})
	}
	if err == nil {
		err = n.unwind(ctx, links, len(g.Links), link)
	}
	return time.Since(began), err
}

func (n *Neo4j) unwind(ctx context.Context, query string, count int, row func(int) map[string]any) error {
	for first := 0; first < count; first += unwound {
		rows := make([]any, 0, unwound)
		for i := first; i < min(first+unwound, count); i++ {
			rows = append(rows, row(i))
		}
		if _, err := n.Query(ctx, query, map[string]any{"rows": rows}); err != nil {
			return fmt.Errorf("write rows %d and following: %w", first, err)
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
