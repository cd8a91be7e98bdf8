// Package dataset makes the graph that all contenders of the benchmarks are
// asked about, and knows what is true in it without asking any of them: it
// holds the generated graph itself, in memory, and searches it plainly.
package dataset

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
)

// Hub is the id of the entity that has many of the links.
const Hub = string(generate.HubID)

// Citation is one citation of a link.
type Citation struct {
	Stance, Locator, Source string
}

// Link is one link; From and To are numbers of entities.
type Link struct {
	From, To  int32
	Kind      string
	Symmetric bool
	Citations []Citation // nil where only the shape was asked for
}

// Graph is a generated graph. Entities and links are known by their numbers;
// their ids are [EntityID] and [LinkID] of these.
type Graph struct {
	Config       generate.Config
	Names, Kinds []string // of entities
	Titles       []string // of sources
	Links        []Link
	Cited        int // citations of all links
	incident     [][]int32
}

// Make generates a graph. With shape only the ends of the links are kept, which
// is enough to judge paths and takes a tenth of the memory.
func Make(c generate.Config, shape bool) (*Graph, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	g := &Graph{Config: c, incident: make([][]int32, c.Entities), Links: make([]Link, 0, c.Links)}
	kinds := map[string]vocabulary.LinkKind{}
	for _, k := range vocabulary.Standard().Links() {
		kinds[k.Name] = k
	}
	for change := range c.Changes() {
		switch {
		case change.PutSource != nil && !shape:
			g.Titles = append(g.Titles, change.PutSource.Title.Value)
		case change.PutEntity != nil && !shape:
			g.Names = append(g.Names, change.PutEntity.Name.Value)
			g.Kinds = append(g.Kinds, change.PutEntity.Kind.Value)
		case change.AssertLink != nil:
			if err := g.add(change.AssertLink, kinds, shape); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

func (g *Graph) add(a *evidence.AssertLink, kinds map[string]vocabulary.LinkKind, shape bool) error {
	from, err := EntityNumber(string(a.From))
	if err != nil {
		return err
	}
	to, err := EntityNumber(string(a.To))
	if err != nil {
		return err
	}
	kind := kinds[a.Kind]
	l := Link{From: int32(from), To: int32(to), Kind: kind.Name, Symmetric: kind.Symmetric}
	g.Cited += len(a.Citations)
	if !shape {
		for i := range a.Citations {
			c := &a.Citations[i]
			l.Citations = append(l.Citations, Citation{Stance: c.Stance, Locator: c.Locator, Source: string(c.Source)})
		}
	}
	number := int32(len(g.Links))
	g.incident[from] = append(g.incident[from], number)
	g.incident[to] = append(g.incident[to], number)
	g.Links = append(g.Links, l)
	return nil
}

// EntityID is the id of the entity of a number.
func EntityID(n int) string { return fmt.Sprintf("e%08d", n) }

// LinkID is the id of the link of a number.
func LinkID(n int) string { return fmt.Sprintf("l%08d", n) }

// SourceID is the id of the source of a number.
func SourceID(n int) string { return fmt.Sprintf("s%08d", n) }

// EntityNumber is the number in an entity's id.
func EntityNumber(id string) (int, error) { return number("e", id) }

// LinkNumber is the number in a link's id.
func LinkNumber(id string) (int, error) { return number("l", id) }

// SourceNumber is the number in a source's id.
func SourceNumber(id string) (int, error) { return number("s", id) }

func number(prefix, id string) (int, error) {
	digits, ok := strings.CutPrefix(id, prefix)
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || len(digits) < 8 || n < 0 {
		return 0, fmt.Errorf("%q is not the id of a generated record: %s and eight digits", id, prefix)
	}
	return n, nil
}

// Entity is the number of an entity of this graph.
func (g *Graph) Entity(id string) (int, error) {
	n, err := EntityNumber(id)
	if err == nil && n >= len(g.incident) {
		err = fmt.Errorf("there is no entity %s among %d", id, len(g.incident))
	}
	return n, err
}

// Link is the link of an id.
func (g *Graph) Link(id string) (*Link, error) {
	n, err := LinkNumber(id)
	if err != nil {
		return nil, err
	}
	if n >= len(g.Links) {
		return nil, fmt.Errorf("there is no link %s among %d", id, len(g.Links))
	}
	return &g.Links[n], nil
}

// Degree is how many links an entity has.
func (g *Graph) Degree(n int) int { return len(g.incident[n]) }

// Incident are the numbers of the links of an entity.
func (g *Graph) Incident(n int) []int32 { return g.incident[n] }

// Leads says whether a link leads out of an entity. One of a symmetric kind leads
// out of both its ends, as Vínculo reads it.
func (g *Graph) Leads(l *Link, entity int) bool {
	return int(l.From) == entity || l.Symmetric && int(l.To) == entity
}

// Outgoing counts the links that lead out of an entity: those that Vínculo
// answers, and those that a model without symmetric kinds stores at its beginning.
func (g *Graph) Outgoing(entity int) (read, stored int) {
	for _, n := range g.incident[entity] {
		l := &g.Links[n]
		if g.Leads(l, entity) {
			read++
		}
		if int(l.From) == entity {
			stored++
		}
	}
	return read, stored
}

// Cards draws entities to ask cards of, with fewer links that lead out of them
// than a page has. Left out are those at the far end of a symmetric link, which
// the models of the contenders read differently: all must have the same answer.
// Fewer are given where there are not so many.
func (g *Graph) Cards(seed uint64, count, page int) []string {
	return g.draw(seed, count, func(read, stored int) bool { return read == stored && 0 < read && read < page })
}

// FullCards draws entities of which every contender has a page or more of links
// that lead out of them, up to two pages.
func (g *Graph) FullCards(seed uint64, count, page int) []string {
	return g.draw(seed, count, func(read, stored int) bool { return stored >= page && read <= 2*page })
}

func (g *Graph) draw(seed uint64, count int, fits func(read, stored int) bool) []string {
	random := rand.New(rand.NewPCG(seed, 0x63617264))
	var ids []string
	for _, n := range random.Perm(len(g.incident)) {
		if len(ids) == count {
			break
		}
		if n > 0 && fits(g.Outgoing(n)) { // 0 is the hub
			ids = append(ids, EntityID(n))
		}
	}
	return ids
}

// Pair is two entities, and how many links the shortest way between them has.
type Pair struct {
	From, To string
	Length   int
}

// Pairs draws pairs of entities that a way of at most so many links joins.
func (g *Graph) Pairs(seed uint64, count, longest int) []Pair {
	random := rand.New(rand.NewPCG(seed, 0x70616972))
	search := g.newSearch()
	pairs := make([]Pair, 0, count)
	for range 100 * count {
		if len(pairs) == count {
			break
		}
		from, to := random.IntN(len(g.incident)), random.IntN(len(g.incident))
		if from == to {
			continue
		}
		if d := search.distance(from, to, longest); d > 0 {
			pairs = append(pairs, Pair{From: EntityID(from), To: EntityID(to), Length: d})
		}
	}
	return pairs
}

// Neighbours draws entities with a link to another.
func (g *Graph) Neighbours(seed uint64, of, count int) []string {
	random := rand.New(rand.NewPCG(seed, 0x6e656172))
	seen := map[int]bool{of: true}
	var ids []string
	for range 20 * count {
		if len(ids) == count || len(g.incident[of]) == 0 {
			break
		}
		l := &g.Links[g.incident[of][random.IntN(len(g.incident[of]))]]
		other := int(l.From) + int(l.To) - of
		if !seen[other] {
			seen[other] = true
			ids = append(ids, EntityID(other))
		}
	}
	return ids
}

// search is a breadth-first search from both sides, written as plainly as it can
// be, for it judges the others.
type search struct {
	g    *Graph
	seen [2]map[int]int
}

func (g *Graph) newSearch() *search { return &search{g: g} }

// distance is how many links the shortest way has, or -1 where none has at most
// so many.
func (s *search) distance(from, to, longest int) int {
	if from == to {
		return 0
	}
	s.seen = [2]map[int]int{{from: 0}, {to: 0}}
	frontiers := [2][]int{{from}, {to}}
	for depth := 1; depth <= longest; depth++ {
		side := 0
		if len(frontiers[1]) < len(frontiers[0]) {
			side = 1
		}
		best := -1
		var next []int
		for _, at := range frontiers[side] {
			for _, n := range s.g.incident[at] {
				l := &s.g.Links[n]
				other := int(l.From) + int(l.To) - at
				if _, ok := s.seen[side][other]; ok {
					continue
				}
				s.seen[side][other] = s.seen[side][at] + 1
				next = append(next, other)
				if rest, ok := s.seen[1-side][other]; ok {
					if d := s.seen[side][other] + rest; best < 0 || d < best {
						best = d
					}
				}
			}
		}
		if best >= 0 {
			return best
		}
		frontiers[side] = next
	}
	return -1
}

// Distance is how many links the shortest way between two entities has, whatever
// the direction of the links, or -1 where none has at most so many.
func (g *Graph) Distance(from, to, longest int) int {
	return g.newSearch().distance(from, to, longest)
}
