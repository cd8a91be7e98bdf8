package neo4j

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
)

// firstCounters are what all revisions of a first load come to. They are written when
// the last one is in the log: each revision adds to counters of most entities, and to
// change a node costs the server more than to make it. Whoever takes the load back counts
// anew what is left; see recount.
type firstCounters struct {
	nodes map[evidence.ID][]namedCount
	names map[evidence.CounterKey]string // of counters, for a key of no entity
}

type namedCount struct {
	name string
	n    int64
}

func newFirstCounters() firstCounters {
	return firstCounters{nodes: map[evidence.ID][]namedCount{}, names: map[evidence.CounterKey]string{}}
}

func (c *firstCounters) add(counters map[evidence.CounterKey]int) {
	for k, n := range counters {
		name, counts := c.name(k), c.nodes[k.Of]
		at := slices.IndexFunc(counts, func(one namedCount) bool { return one.name == name })
		if at < 0 {
			at, counts = len(counts), append(counts, namedCount{name: name})
			c.nodes[k.Of] = counts
		}
		counts[at].n += int64(n)
	}
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

// parts are the nodes to be made, at most n at a time.
func (c *firstCounters) parts(n int) iter.Seq[[]row] {
	return func(yield func([]row) bool) {
		for ids := range slices.Chunk(slices.Sorted(maps.Keys(c.nodes)), n) {
			rows := make([]row, len(ids))
			for i, id := range ids {
				rows[i] = row{"of": string(id)}
				for _, one := range c.nodes[id] {
					rows[i][one.name] = one.n
				}
			}
			if !yield(rows) {
				return
			}
		}
	}
}

// count writes the counters of a load, whose revisions are all in the log.
func (f *firstLoad) count(ctx context.Context) {
	var parts sync.WaitGroup
	for rows := range f.counters.parts(f.store.first.part) {
		l := f.lane()
		parts.Go(func() {
			defer l.leave()
			_, err := f.write(ctx, l, makeCounters, row{"rows": rows})
			f.failure.note(err)
		})
	}
	parts.Wait()
}

// counted counts the records that somebody sees by list and kind, of each value of an
// anchor.
func counted(anchor, where string) query {
	return query{name: "count by " + anchor + where, columns: []string{"of", "slot", "kind", "n"},
		text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > ''" + where +
			" WITH " + anchor + " AS of, slot, coalesce(n.stance, n.kind) AS kind, count(*) AS n"}
}

var (
	countedInAll = counted("''", "")
	countedFrom  = counted("n.from", "")
	countedTo    = counted("n.to", "")
	countedLoops = counted("n.from", " AND n.from = n.to")
	countedIn    = counted("n.source", "")

	deleteCounters = query{name: "delete counters", text: "MATCH (k:Counter) WHERE k.of >= '' WITH k LIMIT $limit DELETE k RETURN count(*) AS n"}
)

// recount makes all counters anew, from the records that are there.
func (s *Store) recount(ctx context.Context, write func(query, row) ([]*driver.Record, error)) error {
	counters := newFirstCounters()
	links, statements, citations := evidence.LinkRecord, evidence.StatementRecord, evidence.CitationRecord
	for _, one := range []struct {
		query     query
		direction evidence.Direction
		of        []evidence.RecordType
	}{
		{countedInAll, evidence.Any, recordTypes},
		{countedFrom, evidence.Outgoing, []evidence.RecordType{links}},
		{countedTo, evidence.Incoming, []evidence.RecordType{links}},
		{countedLoops, evidence.Any, []evidence.RecordType{links}},
		{countedFrom, evidence.Any, []evidence.RecordType{statements}},
		{countedIn, evidence.Any, []evidence.RecordType{citations}},
	} {
		rows, err := s.read(ctx, one.query, row{"slots": listsOf(int64(evidence.Confidential), one.of...)})
		if err != nil {
			return err
		}
		for _, r := range rows {
			slot := numberOf(r, "slot")
			key := evidence.CounterKey{
				Of: evidence.ID(textOf(r, "of")), Type: typeOfSlot(slot), Direction: one.direction, Kind: textOf(r, "kind"),
				Visibility: evidence.Clearance(slot % placesOfType), //nolint:gosec // 0 to 2
			}
			counters.add(map[evidence.CounterKey]int{key: int(numberOf(r, "n"))})
		}
	}
	for {
		rows, err := write(deleteCounters, row{"limit": int64(batch)})
		if err != nil {
			return err
		}
		if len(rows) == 0 || numberOf(rows[0], "n") == 0 {
			break
		}
	}
	for rows := range counters.parts(batch) {
		if _, err := write(makeCounters, row{"rows": rows}); err != nil {
			return err
		}
	}
	return nil
}
