package neo4j

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// A :Counter node has the counters of one entity or source, or with `of` empty
// those of the whole graph, each under a name such as "LINK OUT COMMANDS PUBLIC".

func counterName(k evidence.CounterKey) string {
	return k.Type.String() + " " + k.Direction.String() + " " + k.Kind + " " + k.Visibility.String()
}

// parseCounter reads a name that counterName gave. Whoever edited the node by
// hand may have left others, which count nothing.
func parseCounter(of evidence.ID, name string) (k evidence.CounterKey, ok bool) {
	parts := strings.Split(name, " ")
	if len(parts) != 4 {
		return k, false
	}
	k.Of, k.Kind = of, parts[2]
	visibility, err := evidence.ParseClearance(parts[3])
	k.Visibility = visibility
	for t := evidence.EntityRecord; t <= evidence.CitationRecord; t++ {
		if t.String() == parts[0] {
			k.Type = t
		}
	}
	for d := evidence.Any; d <= evidence.Incoming; d++ {
		if d.String() == parts[1] {
			k.Direction, ok = d, err == nil && k.Type != 0
		}
	}
	return k, ok
}

func writeCounters(ctx context.Context, snap *snapshot, counters map[evidence.CounterKey]int) error {
	byID := map[evidence.ID]row{}
	for k, n := range counters {
		add := byID[k.Of]
		if add == nil {
			add = row{}
			byID[k.Of] = add
		}
		add[counterName(k)] = int64(n)
	}
	rows := make([]row, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		rows = append(rows, row{"of": string(id), "add": byID[id]})
	}
	return each(ctx, snap, addToCounters, rows, nil)
}

// Count implements store.Reader.
func (r *reader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	if !r.view.IsNow() {
		return nil, store.ErrUncounted
	}
	rows, err := r.read(ctx, countersOf, row{"of": idTexts(countedOf(q))})
	if err != nil {
		return nil, err
	}
	nodes := make([]any, len(rows))
	for i, one := range rows {
		nodes[i] = mapOf(one, "counters")
	}
	return r.sum(q, nodes), nil
}

// countedOf are the ids whose counters a query adds up.
func countedOf(q store.CountQuery) []evidence.ID {
	if len(q.Of) == 0 {
		return []evidence.ID{""}
	}
	return unique(q.Of)
}

// sum adds up the counters of nodes, each given by its properties.
func (r *reader) sum(q store.CountQuery, nodes []any) map[evidence.ID]int {
	of := countedOf(q)
	counts := make(map[evidence.ID]int, len(of))
	for _, id := range of {
		counts[id] = 0
	}
	for _, one := range nodes {
		properties, _ := one.(map[string]any)
		id, _ := properties["of"].(string)
		for name, n := range properties {
			k, ok := parseCounter(evidence.ID(id), name)
			if n, is := n.(int64); ok && is {
				counts[k.Of] += int(n) * weight(k, q, r.view.Clearance)
			}
		}
	}
	return counts
}

// weight says how often a counter counts in an answer: links from an entity to
// itself are counted in both directions, and once more to be taken off.
func weight(k evidence.CounterKey, q store.CountQuery, c evidence.Clearance) int {
	if k.Type != q.Type || k.Visibility > c || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, k.Kind) {
		return 0
	}
	if k.Type != evidence.LinkRecord || k.Of == "" {
		return 1
	}
	switch both := q.Direction == evidence.Any || slices.Contains(q.Either, k.Kind); {
	case k.Direction != evidence.Any && (both || k.Direction == q.Direction):
		return 1
	case k.Direction == evidence.Any && both:
		return -1
	default:
		return 0
	}
}

func compareText(a, b string) int { return cmp.Compare(a, b) }

// counterRows are the rows of Scan of one node.
func counterRows(properties map[string]any, labels []any) []store.Row {
	of, _ := properties["of"].(string)
	var rows []store.Row
	for name, value := range properties {
		if name == "of" {
			continue
		}
		n, is := value.(int64)
		k, ok := parseCounter(evidence.ID(of), name)
		if !ok || !is {
			rows = append(rows, store.Row{Kind: store.CounterRow, Key: of + " " + strconv.Quote(name), Fault: fmt.Sprintf("the counter of %q has the property %q, which is no counter; take it away", of, name)})
			continue
		}
		rows = append(rows, store.CounterToRow(k, int(n)))
	}
	slices.SortFunc(rows, func(a, b store.Row) int { return cmp.Compare(a.Key, b.Key) })
	if fault := mislabelled(labels, "Counter"); fault != "" {
		if len(rows) == 0 {
			rows = []store.Row{{Kind: store.CounterRow, Key: of}}
		}
		rows[0].Fault = cmp.Or(rows[0].Fault, fault)
	}
	return rows
}
