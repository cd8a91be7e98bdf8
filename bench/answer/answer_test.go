package answer_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/internal/generate"
)

func graph(t *testing.T) *dataset.Graph {
	t.Helper()
	g, err := dataset.Make(generate.Config{Seed: 5, Entities: 300, Links: 1500, Hub: 300, Citations: 1.5}, false)
	require.NoError(t, err)
	return g
}

// card is the right answer for an entity.
func card(t *testing.T, g *dataset.Graph, id string) answer.Card {
	t.Helper()
	n, err := g.Entity(id)
	require.NoError(t, err)
	c := answer.Card{ID: id, Name: g.Names[n], Kind: g.Kinds[n]}
	for _, number := range g.Incident(n) {
		l := &g.Links[number]
		if !g.Leads(l, n) || len(c.Links) == answer.CardLinks {
			continue
		}
		link := answer.CardLink{ID: dataset.LinkID(int(number)), Kind: l.Kind, To: dataset.EntityID(int(l.To)), ToName: g.Names[l.To]}
		for _, x := range l.Citations {
			source, err := dataset.SourceNumber(x.Source)
			require.NoError(t, err)
			link.Citations = append(link.Citations, answer.CardCitation{Stance: x.Stance, Locator: x.Locator, Source: x.Source, Title: g.Titles[source]})
		}
		c.Links = append(c.Links, link)
	}
	return c
}

func TestARightCardPassesInAnyOrder(t *testing.T) {
	t.Parallel()
	g := graph(t)
	for _, id := range append(g.Cards(1, 20, answer.CardLinks), dataset.Hub) {
		c := card(t, g, id)
		require.NoError(t, answer.CheckCard(g, id, c))
		slices.Reverse(c.Links)
		require.NoError(t, answer.CheckCard(g, id, c))
	}
}

func TestAWrongCardIsFound(t *testing.T) {
	t.Parallel()
	g := graph(t)
	id := g.FullCards(1, 1, 3)[0]
	other := card(t, g, g.Cards(1, 1, answer.CardLinks)[0])
	for name, spoil := range map[string]func(*answer.Card){
		"another entity":   func(c *answer.Card) { *c = other },
		"another name":     func(c *answer.Card) { c.Name += "." },
		"a link less":      func(c *answer.Card) { c.Links = c.Links[1:] },
		"a link twice":     func(c *answer.Card) { c.Links[1] = c.Links[0] },
		"another's link":   func(c *answer.Card) { c.Links[0] = other.Links[0] },
		"no such link":     func(c *answer.Card) { c.Links[0].ID = "l99999999" },
		"not an id":        func(c *answer.Card) { c.Links[0].ID = "link" },
		"another kind":     func(c *answer.Card) { c.Links[0].Kind += "S" },
		"another end":      func(c *answer.Card) { c.Links[0].To = c.ID },
		"another end name": func(c *answer.Card) { c.Links[0].ToName = "" },
		"no citation":      func(c *answer.Card) { c.Links[0].Citations = nil },
		"another page":     func(c *answer.Card) { c.Links[0].Citations[0].Locator = "p. 0" },
		"another title":    func(c *answer.Card) { c.Links[0].Citations[0].Title = "" },
	} {
		c := card(t, g, id)
		require.NoError(t, answer.CheckCard(g, id, c))
		spoil(&c)
		require.Error(t, answer.CheckCard(g, id, c), name)
	}
}

func TestTwoStoresMustAgreeOnTheOrder(t *testing.T) {
	t.Parallel()
	g := graph(t)
	id := g.FullCards(1, 1, 3)[0]
	a, b := card(t, g, id), card(t, g, id)
	require.NoError(t, answer.SameCards(a, b))
	slices.Reverse(b.Links)
	require.ErrorContains(t, answer.SameCards(a, b), "link 1 is")
	b = card(t, g, id)
	b.Links = b.Links[:len(b.Links)-1]
	require.Error(t, answer.SameCards(a, b))
	b = card(t, g, id)
	b.Name = ""
	require.Error(t, answer.SameCards(a, b))
}

// path walks from an entity along its first links.
func path(t *testing.T, g *dataset.Graph, length int) (dataset.Pair, answer.Path) {
	t.Helper()
	for _, pair := range g.Pairs(1, 200, 8) {
		if pair.Length != length {
			continue
		}
		p := answer.Path{Entities: []string{pair.From}}
		at, err := g.Entity(pair.From)
		require.NoError(t, err)
		to, err := g.Entity(pair.To)
		require.NoError(t, err)
		for left := length - 1; left >= 0; left-- {
			for _, n := range g.Incident(at) {
				other := int(g.Links[n].From) + int(g.Links[n].To) - at
				if g.Distance(other, to, 8) == left {
					p.Entities, p.Links = append(p.Entities, dataset.EntityID(other)), append(p.Links, dataset.LinkID(int(n)))
					at = other
					break
				}
			}
		}
		return pair, p
	}
	require.Fail(t, "no pair of this length")
	return dataset.Pair{}, answer.Path{}
}

func TestAPathMustBeThereAndTheShortest(t *testing.T) {
	t.Parallel()
	g := graph(t)
	pair, p := path(t, g, 3)
	require.NoError(t, answer.CheckShortest(g, pair, p))
	require.NoError(t, answer.CheckShortest(g, pair, answer.Path{Entities: p.Entities}), "some give no links")
	longer := pair
	longer.Length = 2
	require.ErrorContains(t, answer.CheckShortest(g, longer, p), "the shortest way has 2")
	require.Error(t, answer.CheckShortest(g, dataset.Pair{From: pair.To, To: pair.From, Length: 3}, p))
	require.Error(t, answer.CheckPath(g, pair, answer.Path{}))
	require.Error(t, answer.CheckPath(g, pair, answer.Path{Entities: []string{pair.From, pair.To}}), "no link joins them")
	wrong := answer.Path{Entities: p.Entities, Links: slices.Clone(p.Links)}
	wrong.Links[1] = wrong.Links[0]
	require.ErrorContains(t, answer.CheckPath(g, pair, wrong), "does not join")
	wrong.Links = wrong.Links[:2]
	require.ErrorContains(t, answer.CheckPath(g, pair, wrong), "2 links between 4 entities")
}

func TestSeveralPathsMustDifferAndBeInOrder(t *testing.T) {
	t.Parallel()
	g := graph(t)
	pair, p := path(t, g, 2)
	// There and back again over the first link: a way, but with a loop.
	loop := answer.Path{
		Entities: append([]string{p.Entities[0], p.Entities[1]}, p.Entities...),
		Links:    append([]string{p.Links[0], p.Links[0]}, p.Links...),
	}
	require.False(t, loop.Loopless())
	require.NoError(t, answer.CheckPath(g, pair, loop))
	require.NoError(t, answer.CheckPaths(g, pair, []answer.Path{p}))
	require.ErrorContains(t, answer.CheckPaths(g, pair, nil), "no path")
	require.ErrorContains(t, answer.CheckPaths(g, pair, []answer.Path{p, p}), "are the same")
	require.ErrorContains(t, answer.CheckPaths(g, pair, []answer.Path{p, loop}), "meets an entity twice")
	require.NoError(t, answer.SamePaths([]answer.Path{p}, []answer.Path{p}))
	require.Error(t, answer.SamePaths([]answer.Path{p}, []answer.Path{p, loop}))
	require.NoError(t, answer.SameLengths([]answer.Path{p}, []answer.Path{p, loop}), "those with a loop do not count")
	require.Error(t, answer.SameLengths([]answer.Path{p}, []answer.Path{loop}))
	require.Error(t, answer.SameLengths([]answer.Path{p}, []answer.Path{p, p}))
}

func TestASubgraphMustSayWhatItHides(t *testing.T) {
	t.Parallel()
	g := graph(t)
	entity := func(n, depth, shown int) answer.SubgraphEntity {
		return answer.SubgraphEntity{ID: dataset.EntityID(n), Name: g.Names[n], Depth: depth, Hidden: g.Degree(n) - shown}
	}
	l := &g.Links[0]
	right := func() answer.Subgraph {
		return answer.Subgraph{
			Entities:  []answer.SubgraphEntity{entity(int(l.From), 0, 1), entity(int(l.To), 1, 1)},
			Links:     []answer.SubgraphLink{{ID: dataset.LinkID(0), From: dataset.EntityID(int(l.From)), To: dataset.EntityID(int(l.To))}},
			Truncated: true,
		}
	}
	around := dataset.EntityID(int(l.From))
	require.NoError(t, answer.CheckSubgraph(g, around, 2, 500, right()))
	for name, spoil := range map[string]func(*answer.Subgraph){
		"hides too little":  func(s *answer.Subgraph) { s.Entities[1].Hidden-- },
		"too far away":      func(s *answer.Subgraph) { s.Entities[1].Depth = 2 },
		"another name":      func(s *answer.Subgraph) { s.Entities[1].Name = "" },
		"twice":             func(s *answer.Subgraph) { s.Entities[1] = s.Entities[0] },
		"an end not shown":  func(s *answer.Subgraph) { s.Entities = s.Entities[:1] },
		"another link":      func(s *answer.Subgraph) { s.Links[0].ID = dataset.LinkID(1) },
		"turned":            func(s *answer.Subgraph) { s.Links[0].From, s.Links[0].To = s.Links[0].To, s.Links[0].From },
		"says it is whole":  func(s *answer.Subgraph) { s.Truncated = false },
		"nothing joins it":  func(s *answer.Subgraph) { s.Links = nil },
		"no such link":      func(s *answer.Subgraph) { s.Links[0].ID = "l99999999" },
		"no entity is such": func(s *answer.Subgraph) { s.Entities[1].ID = "e99999999" },
	} {
		s := right()
		spoil(&s)
		require.Error(t, answer.CheckSubgraph(g, around, 2, 500, s), name)
	}
	require.ErrorContains(t, answer.CheckSubgraph(g, around, 2, 0, right()), "1 links, and 0 were asked for")
	require.NoError(t, answer.SameSubgraphs(right(), right()))
	other := right()
	other.Links[0].ID = "l1"
	require.Error(t, answer.SameSubgraphs(right(), other))
	other = right()
	other.Entities[0].Depth = 3
	require.Error(t, answer.SameSubgraphs(right(), other))
}
