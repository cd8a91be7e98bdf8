package answer

import (
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/bench/dataset"
)

// Subgraph is what lies around an entity.
type Subgraph struct {
	Entities  []SubgraphEntity
	Links     []SubgraphLink
	Truncated bool
}

// SubgraphEntity is an entity of a subgraph, Hidden how many of its links are
// not shown.
type SubgraphEntity struct {
	ID, Name      string
	Depth, Hidden int
}

// SubgraphLink is a link of a subgraph.
type SubgraphLink struct{ ID, From, To string }

// CheckSubgraph says what is wrong with a subgraph: its links must be those of
// the graph and join entities that it shows, every entity must be as far away as
// it says along these, what is hidden must be what the entity has beyond what is
// shown, and there must be no more links than were asked for.
func CheckSubgraph(g *dataset.Graph, around string, depth, maxLinks int, s Subgraph) error {
	if len(s.Links) > maxLinks {
		return fmt.Errorf("around %s: %d links, and %d were asked for", around, len(s.Links), maxLinks)
	}
	shown := map[string]int{}
	for i, e := range s.Entities {
		number, err := g.Entity(e.ID)
		if err != nil {
			return err
		}
		if _, twice := shown[e.ID]; twice || e.Name != g.Names[number] || e.Depth > depth {
			return fmt.Errorf("around %s: entity %d is %v", around, i+1, e)
		}
		shown[e.ID] = 0
	}
	next := map[string][]string{}
	for _, l := range s.Links {
		truth, err := g.Link(l.ID)
		if err != nil {
			return err
		}
		_, from := shown[l.From]
		_, to := shown[l.To]
		if !from || !to || l.From != dataset.EntityID(int(truth.From)) || l.To != dataset.EntityID(int(truth.To)) {
			return fmt.Errorf("around %s: link %s joins %s and %s, which are not its ends or not shown", around, l.ID, l.From, l.To)
		}
		shown[l.From]++
		shown[l.To]++
		next[l.From] = append(next[l.From], l.To)
		next[l.To] = append(next[l.To], l.From)
	}
	reached := map[string]int{around: 0}
	for queue := []string{around}; len(queue) > 0; queue = queue[1:] {
		for _, other := range next[queue[0]] {
			if _, ok := reached[other]; !ok {
				reached[other] = reached[queue[0]] + 1
				queue = append(queue, other)
			}
		}
	}
	hidden := 0
	for _, e := range s.Entities {
		number, err := g.Entity(e.ID)
		if err != nil {
			return err
		}
		if at, ok := reached[e.ID]; !ok || at != e.Depth {
			return fmt.Errorf("around %s: %s is said to be %d links away, and is %d", around, e.ID, e.Depth, at)
		}
		if e.Hidden != g.Degree(number)-shown[e.ID] {
			return fmt.Errorf("around %s: %s has %d links of which %d are shown, and is said to hide %d", around, e.ID, g.Degree(number), shown[e.ID], e.Hidden)
		}
		if e.Depth < depth {
			hidden += e.Hidden
		}
	}
	if hidden > 0 && !s.Truncated {
		return fmt.Errorf("around %s: %d links are hidden, and the answer says that it is whole", around, hidden)
	}
	return nil
}

// SameSubgraphs says whether two subgraphs are the same, in order and all.
func SameSubgraphs(a, b Subgraph) error {
	if !slices.Equal(a.Entities, b.Entities) {
		return fmt.Errorf("the entities differ: %v, and %v", a.Entities, b.Entities)
	}
	if !slices.Equal(a.Links, b.Links) || a.Truncated != b.Truncated {
		return fmt.Errorf("the links differ: %v, and %v", a.Links, b.Links)
	}
	return nil
}
