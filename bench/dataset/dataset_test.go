package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/internal/generate"
)

func config() generate.Config {
	return generate.Config{Seed: 3, Entities: 2000, Links: 10_000, Hub: 2000, Citations: 1.5}
}

func TestTheGraphIsTheOneThatIsGenerated(t *testing.T) {
	t.Parallel()
	g, err := dataset.Make(config(), false)
	require.NoError(t, err)
	require.Len(t, g.Links, 10_000)
	require.Len(t, g.Names, 2000)
	require.Len(t, g.Titles, 100)
	require.GreaterOrEqual(t, g.Degree(0), 2000, "the hub")
	cited, seen := 0, 0
	for change := range config().Changes() {
		a := change.AssertLink
		if a == nil {
			continue
		}
		l, err := g.Link(string(a.ID))
		require.NoError(t, err)
		require.Equal(t, string(a.From), dataset.EntityID(int(l.From)))
		require.Equal(t, string(a.To), dataset.EntityID(int(l.To)))
		require.Equal(t, a.Kind, l.Kind)
		require.Len(t, l.Citations, len(a.Citations))
		cited += len(a.Citations)
		seen++
	}
	require.Equal(t, 10_000, seen)
	require.Equal(t, cited, g.Cited)

	shape, err := dataset.Make(config(), true)
	require.NoError(t, err)
	require.Empty(t, shape.Names)
	require.Equal(t, g.Links[77].To, shape.Links[77].To)
	require.Nil(t, shape.Links[77].Citations)

	bad := config()
	bad.Entities = 1
	_, err = dataset.Make(bad, false)
	require.ErrorContains(t, err, "1 entities are too few")
}

func TestWhatIsAskedAboutSuitsTheQuestion(t *testing.T) {
	t.Parallel()
	g, err := dataset.Make(config(), false)
	require.NoError(t, err)
	cards := g.Cards(1, 100, 25)
	require.Len(t, cards, 100)
	require.Equal(t, cards, g.Cards(1, 100, 25), "the same seed, the same entities")
	require.NotEqual(t, cards, g.Cards(2, 100, 25))
	for _, id := range cards {
		n, err := g.Entity(id)
		require.NoError(t, err)
		read, stored := g.Outgoing(n)
		require.Equal(t, stored, read)
		require.Positive(t, read)
		require.Less(t, read, 25)
	}
	full := g.FullCards(1, 5, 25)
	require.NotEmpty(t, full)
	for _, id := range full {
		n, err := g.Entity(id)
		require.NoError(t, err)
		_, stored := g.Outgoing(n)
		require.GreaterOrEqual(t, stored, 25)
		require.NotEqual(t, dataset.Hub, id)
	}
	for _, id := range g.Neighbours(1, 0, 20) {
		n, err := g.Entity(id)
		require.NoError(t, err)
		require.Equal(t, 1, g.Distance(0, n, 3), "%s is linked to the hub", id)
	}
}

// The bidirectional search must agree with the plainest of all.
func TestDistancesAreThoseOfAPlainSearch(t *testing.T) {
	t.Parallel()
	c := generate.Config{Seed: 9, Entities: 150, Links: 170, Citations: 1}
	g, err := dataset.Make(c, true)
	require.NoError(t, err)
	joined, apart := 0, 0
	for from := range c.Entities {
		distance := map[int]int{from: 0}
		for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
			at := queue[0]
			for _, n := range g.Incident(at) {
				other := int(g.Links[n].From) + int(g.Links[n].To) - at
				if _, ok := distance[other]; !ok {
					distance[other] = distance[at] + 1
					queue = append(queue, other)
				}
			}
		}
		for to := range c.Entities {
			want, ok := distance[to]
			if !ok || want > 6 {
				want = -1
				apart++
			} else {
				joined++
			}
			require.Equal(t, want, g.Distance(from, to, 6), "%d to %d", from, to)
		}
	}
	require.Greater(t, joined, 1000)
	require.Greater(t, apart, 1000)
	for _, p := range g.Pairs(1, 50, 6) {
		from, err := g.Entity(p.From)
		require.NoError(t, err)
		to, err := g.Entity(p.To)
		require.NoError(t, err)
		require.Equal(t, g.Distance(from, to, 6), p.Length)
		require.Positive(t, p.Length)
	}
}

func TestIdsThatWereNotGeneratedAreRefused(t *testing.T) {
	t.Parallel()
	g, err := dataset.Make(generate.Config{Seed: 1, Entities: 5, Links: 4, Citations: 1}, true)
	require.NoError(t, err)
	for _, id := range []string{"", "e", "e1", "x00000001", "e0000000x", "e-0000001"} {
		_, err := g.Entity(id)
		require.Error(t, err, id)
	}
	_, err = g.Entity("e00000005")
	require.ErrorContains(t, err, "no entity e00000005 among 5")
	_, err = g.Link("l00000004")
	require.ErrorContains(t, err, "no link l00000004 among 4")
	n, err := dataset.SourceNumber("s00000012")
	require.NoError(t, err)
	require.Equal(t, 12, n)
}
