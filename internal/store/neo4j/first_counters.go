package neo4j

import (
	"context"
	"maps"
	"slices"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
)

// firstCounters are all counters that a first load has written. Since nobody else
// writes, it sets each to what it comes to, and need not have the server look for the
// node and add.
type firstCounters struct {
	nodes map[evidence.ID]*firstCounter
	names map[evidence.CounterKey]string // of counters, for a key of no entity
}

// firstCounter is one node of counters.
type firstCounter struct {
	element string // the id that Neo4j gave it; "" where it is not made yet
	counts  []namedCount
}

type namedCount struct {
	name string
	n    int64
}

func newFirstCounters() firstCounters {
	return firstCounters{nodes: map[evidence.ID]*firstCounter{}, names: map[evidence.CounterKey]string{}}
}

// add adds to a counter and gives what it comes to.
func (c *firstCounter) add(name string, n int) int64 {
	at := slices.IndexFunc(c.counts, func(one namedCount) bool { return one.name == name })
	if at < 0 {
		at, c.counts = len(c.counts), append(c.counts, namedCount{name: name})
	}
	c.counts[at].n += int64(n)
	return c.counts[at].n
}

// name is counterName, of which one is kept for all entities.
func (c *firstCounters) name(k evidence.CounterKey) string {
	k.Of = ""
	name, there := c.names[k]
	if !there {
		name = counterName(k)
		c.names[k] = name
	}
	return name
}

// countRows are what nodes of counters are to have, new ones and those that are there.
type countRows struct {
	made    []row
	changed [][]any
}

// add takes what a revision adds, and gives the rows that write it.
func (c *firstCounters) add(counters map[evidence.CounterKey]int) countRows {
	touched := map[evidence.ID]row{}
	for k, n := range counters {
		node := c.nodes[k.Of]
		if node == nil {
			node = &firstCounter{}
			c.nodes[k.Of] = node
		}
		if touched[k.Of] == nil {
			touched[k.Of] = row{}
		}
		name := c.name(k)
		touched[k.Of][name] = node.add(name, n)
	}
	var rows countRows
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		if element := c.nodes[id].element; element != "" {
			rows.changed = append(rows.changed, []any{element, touched[id]})
			continue
		}
		touched[id]["of"] = string(id)
		rows.made = append(rows.made, touched[id])
	}
	return rows
}

// write writes rows, and gives the nodes that it made.
func (r *countRows) write(ctx context.Context, snap *snapshot) (made []*driver.Record, err error) {
	err = chunked(r.made, batch, func(part []row) error {
		some, err := send(ctx, snap.tx, makeCounters, row{"rows": part})
		made = append(made, some...)
		return err
	})
	if err == nil {
		err = each(ctx, snap, setCounters, r.changed, nil)
	}
	return made, err
}

// made notes the nodes that were made.
func (c *firstCounters) made(nodes []*driver.Record) {
	for _, r := range nodes {
		c.nodes[evidence.ID(textOf(r, "of"))].element = textOf(r, "element")
	}
}
