package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// testCorridors checks that each corridor holds all links that loopless walks through the answers of Expand pass,
// but for parallel ones as many as were asked for, and none that no walk passes.
func (s *suite) testCorridors(t *testing.T) {
	answered := 0
	s.check(t, func(r *rapid.T) {
		p, done := s.pair(t, r)
		defer done()
		g := &generator{}
		for range rapid.IntRange(1, s.steps).Draw(r, "steps") {
			_, _ = p.random(g)
			reader, err := p.store.Raw(p.ctx, evidence.Now(evidence.Clearance(rapid.IntRange(0, 2).Draw(r, "clearance")))) //nolint:gosec // 0 to 2
			require.NoError(r, err)
			corridors, ok := reader.(store.Corridors)
			require.True(r, ok, "%T is no store.Corridors, nor said to lack them", reader)
			for range 4 {
				if p.corridor(reader, corridors) {
					answered++
				}
			}
			require.NoError(r, reader.Close())
		}
	})
	t.Logf("%d corridors", answered)
}

// testCorridorsBesideHiddenLinks checks that links which the view does not see count
// against no limit, wherever they are and however many.
func (s *suite) testCorridorsBesideHiddenLinks(t *testing.T) {
	person := func(n int) evidence.ID { return evidence.ID(fmt.Sprint("p", n)) }
	answers := func(hiddenAt int) (told []string) {
		st := s.open(t).Store
		defer func() { require.NoError(t, st.Close()) }()
		cs := &evidence.ChangeSet{Reason: "walks", Changes: []evidence.Change{{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("s"), URL: evidence.Of("https://example.org/s")}}}}
		for n := range 6 {
			cs.Changes = append(cs.Changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: person(n), Kind: evidence.Of("PERSON"), Name: evidence.Of("Alguien")}})
		}
		link := func(id string, from, to int, clearance string) {
			cs.Changes = append(cs.Changes, evidence.Change{AssertLink: &evidence.AssertLink{
				ID: evidence.ID(id), Kind: "LINKED_TO", From: person(from), To: person(to), Clearance: clearance, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
			}})
		}
		for n := range 4 {
			link(fmt.Sprint("next", n), n, n+1, "")
			link(fmt.Sprint("skip", n), n, (n+2)%6, "")
		}
		if hiddenAt >= 0 {
			for n := range 50 {
				link(fmt.Sprint("hidden", n), hiddenAt, 5, "CONFIDENTIAL")
			}
		}
		_, err := Apply(t.Context(), st, 1, evidence.Author{Name: "all", Clearance: evidence.Confidential}, cs)
		require.NoError(t, err)
		reader, err := st.Raw(t.Context(), evidence.Now(evidence.Public))
		require.NoError(t, err)
		defer func() { require.NoError(t, reader.Close()) }()
		for looked := range 40 {
			c, ok, err := reader.(store.Corridors).Corridor(t.Context(), &store.Walks{
				From: []evidence.ID{person(0)}, To: []evidence.ID{person(4)}, Direction: evidence.Any, Length: 4, Beyond: 1, Looked: looked, Total: plenty,
			})
			require.NoError(t, err)
			slices.SortFunc(c.Edges, func(a, b store.Edge) int { return cmp.Compare(a.Link, b.Link) })
			told = append(told, fmt.Sprint(looked, ok, c.Shortest, c.Edges))
		}
		return told
	}
	without := answers(-1)
	t.Logf("the last of %d is %s", len(without), without[len(without)-1])
	for _, at := range []int{0, 2, 4} {
		require.Equal(t, without, answers(at), "hidden links of %s", person(at))
	}
}

// corridor draws walks and compares what the reader answers; false where it does
// not.
func (p *pair) corridor(reader store.Reader, corridors store.Corridors) bool {
	w := someWalks(p.T)
	got, ok, err := corridors.Corridor(p.ctx, &w)
	require.NoError(p, err)
	if !ok {
		return false
	}
	want := corridorOf(p, reader, &w)
	require.Equal(p, want.shortest, got.Shortest, "the shortest of %+v", w)
	if w.Best {
		require.Equal(p, want.best, got.Way, "the best of %+v", w)
		return true
	}
	found := map[evidence.ID]store.Edge{}
	for i, e := range got.Edges {
		require.NotContains(p, found, e.Link, "links come once")
		require.Equal(p, [2]evidence.ID{e.From, e.To}, [2]evidence.ID{got.IDs[got.Ends[i][0]], got.IDs[got.Ends[i][1]]}, "%+v", e)
		require.Equal(p, want.links[e.Link], e, "links of %+v", w)
		found[e.Link] = e
	}
	for id := range want.loopless {
		if _, ok := found[id]; !ok {
			p.crowdedOut(&w, want.links[id], found)
		}
	}
	ids := slices.Clone(got.IDs)
	slices.Sort(ids)
	require.Equal(p, slices.Compact(slices.Clone(ids)), ids, "entities come once")
	return true
}

// crowdedOut checks that a link is missing only where as many stronger ones beside
// it are there as were asked for.
func (p *pair) crowdedOut(w *store.Walks, e store.Edge, found map[evidence.ID]store.Edge) {
	both := func(x store.Edge) bool { return w.Direction == evidence.Any || slices.Contains(w.Either, x.Kind) }
	// It may be missing one way only where the other is on no walk.
	before, ways := [2]int{}, [][2]evidence.ID{{e.From, e.To}}
	if both(e) {
		ways = append(ways, [2]evidence.ID{e.To, e.From})
	}
	for _, x := range found {
		if x.Strength < e.Strength || x.Strength == e.Strength && x.Link >= e.Link {
			continue
		}
		for i, way := range ways {
			if both(x) && x.From == way[1] && x.To == way[0] || x.From == way[0] && x.To == way[1] {
				before[i]++
			}
		}
	}
	require.True(p, w.Parallel > 0 && max(before[0], before[1]) >= w.Parallel, "%s is on a walk of %+v; found %v", e.Link, *w, found)
}

// someWalks draws walks between the entities of the random histories.
func someWalks(t *rapid.T) store.Walks {
	some := func(name string, most int) []evidence.ID {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(space.entities), 0, most, rapid.ID[evidence.ID]).Draw(t, name)
	}
	w := store.Walks{
		Direction: rapid.SampledFrom([]evidence.Direction{evidence.Any, evidence.Outgoing, evidence.Incoming}).Draw(t, "direction"),
		Either:    rapid.SliceOfDistinct(rapid.SampledFrom(either), rapid.ID[string]).Draw(t, "either"),
		Length:    rapid.IntRange(1, 5).Draw(t, "length"), Beyond: rapid.IntRange(0, 4).Draw(t, "beyond"), Looked: plenty * plenty, Total: plenty,
		Parallel: rapid.IntRange(0, 2).Draw(t, "parallel"),
	}
	group := map[evidence.ID][]evidence.ID{}
	for _, id := range space.entities {
		group[id] = []evidence.ID{id}
	}
	if members := some("group", 3); len(members) > 1 {
		w.Groups = []store.Group{{Members: members, Placeholder: rapid.Bool().Draw(t, "group is a placeholder")}}
		for _, id := range members {
			group[id] = members
		}
	}
	whole := func(ids []evidence.ID) (all []evidence.ID) {
		for _, id := range ids {
			all = append(all, group[id]...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	w.Best = w.Beyond == 0 && len(w.Groups) == 0 && rapid.Bool().Draw(t, "best")
	w.From = whole(some("from", 2))
	w.To = slices.DeleteFunc(whole(some("to", 2)), func(id evidence.ID) bool { return slices.Contains(w.From, id) })
	f := &w.Filter
	f.Placeholders = rapid.Bool().Draw(t, "placeholders")
	switch rapid.IntRange(0, 7).Draw(t, "filter") {
	case 5:
		f.When = func(e *store.Edge) bool { return e.Dated && !e.Doubtful }
	case 0:
		f.Kinds = []string{"PAYS", "LINKED_TO", "no kind"}
	case 1:
		f.Standing = []evidence.Standing{evidence.Reported, evidence.Denied}
	case 2:
		f.MinStrength = rapid.IntRange(0, 800).Draw(t, "strength")
	case 3:
		f.ExcludeDisputed = true
	case 4:
		f.Avoid = whole(some("avoid", 1))
	}
	return w
}

// walked is what all walks come to.
type walked struct {
	shortest int // 0: there is none
	links    map[evidence.ID]store.Edge
	loopless map[evidence.ID]bool // links of walks that meet no entity twice
	best     []store.Step         // the way that Walks.Best asks for
}

// passing is a link as it may be passed.
type passing struct {
	edge     store.Edge
	from, to evidence.ID
}

func (p *passing) step() store.Step {
	return store.Step{Link: p.edge.Link, From: p.from, To: p.to, Backward: p.edge.From != p.from, Strength: p.edge.Strength}
}

// corridorOf finds walks by reading everything.
func corridorOf(p *pair, reader store.Reader, w *store.Walks) walked {
	one := map[evidence.ID]evidence.ID{} // the first member for all of a group
	unnamed := map[evidence.ID]bool{}
	for _, g := range w.Groups {
		for _, id := range g.Members {
			one[id], unnamed[id] = g.Members[0], g.Placeholder
		}
	}
	as := func(id evidence.ID) evidence.ID {
		if first, ok := one[id]; ok {
			return first
		}
		return id
	}
	set := func(ids []evidence.ID) map[evidence.ID]bool {
		in := map[evidence.ID]bool{}
		for _, id := range ids {
			if !slices.Contains(w.Filter.Avoid, id) {
				in[as(id)] = true
			}
		}
		return in
	}
	from, to := set(w.From), set(w.To)
	may := func(id evidence.ID, placeholder bool) bool {
		if is, ok := unnamed[id]; ok {
			placeholder = is
		}
		return !slices.Contains(w.Filter.Avoid, id) && (w.Filter.Placeholders || !placeholder || from[as(id)] || to[as(id)])
	}
	var ways []passing
	seen := map[evidence.ID]bool{}
	for e, err := range reader.Expand(p.ctx, store.Expansion{Frontier: space.entities, Kinds: w.Filter.Kinds, Total: plenty}) {
		require.NoError(p, err)
		f := &w.Filter
		if seen[e.Link] || as(e.From) == as(e.To) || int(e.Strength) < f.MinStrength || f.ExcludeDisputed && e.Disputed ||
			f.When != nil && !f.When(&e) || len(f.Standing) > 0 && !slices.Contains(f.Standing, e.Standing) || !may(e.From, e.FromPlaceholder) || !may(e.To, e.ToPlaceholder) {
			continue
		}
		seen[e.Link], e.At = true, 0
		pass := func(a, b evidence.ID) {
			if !to[as(a)] && !from[as(b)] { // a walk meets its ends once
				ways = append(ways, passing{e, as(a), as(b)})
			}
		}
		both := slices.Contains(w.Either, e.Kind)
		if both || w.Direction != evidence.Incoming {
			pass(e.From, e.To)
		}
		if both || w.Direction != evidence.Outgoing {
			pass(e.To, e.From)
		}
	}
	far := func(start map[evidence.ID]bool, next func(passing) (at, to evidence.ID)) map[evidence.ID]int {
		d := map[evidence.ID]int{}
		for id := range start {
			d[id] = 0
		}
		for range len(space.entities) { // no way is longer
			for _, x := range ways {
				at, to := next(x)
				if here, ok := d[at]; ok {
					if there, ok := d[to]; !ok || here+1 < there {
						d[to] = here + 1
					}
				}
			}
		}
		return d
	}
	begun := far(from, func(x passing) (evidence.ID, evidence.ID) { return x.from, x.to })
	left := far(to, func(x passing) (evidence.ID, evidence.ID) { return x.to, x.from })
	shortest, through := 0, map[evidence.ID]int{}
	for _, x := range ways {
		a, ok := begun[x.from]
		b, reaches := left[x.to]
		if !ok || !reaches || a+1+b > w.Length {
			continue
		}
		if n := a + 1 + b; shortest == 0 || n < shortest {
			shortest = n
		}
		if n, ok := through[x.edge.Link]; !ok || a+1+b < n {
			through[x.edge.Link] = a + 1 + b
		}
	}
	want := walked{shortest: shortest, links: map[evidence.ID]store.Edge{}, loopless: map[evidence.ID]bool{}}
	for _, x := range ways {
		if n, ok := through[x.edge.Link]; ok && n <= shortest+w.Beyond {
			want.links[x.edge.Link] = x.edge
		}
	}
	at := from
	for i := range shortest {
		var next *passing
		for k, x := range ways {
			if b, ok := left[x.to]; !at[x.from] || !ok || i+1+b != shortest {
				continue
			}
			if next == nil || x.edge.Strength > next.edge.Strength || x.edge.Strength == next.edge.Strength && x.edge.Link < next.edge.Link {
				next = &ways[k]
			}
		}
		want.best, at = append(want.best, next.step()), map[evidence.ID]bool{next.to: true}
	}
	var trail []passing
	var goOn func(at evidence.ID)
	goOn = func(at evidence.ID) {
		if to[at] {
			for _, x := range trail {
				want.loopless[x.edge.Link] = true
			}
			return
		}
		for _, x := range ways {
			if x.from == at && len(trail) < min(w.Length, shortest+w.Beyond) && !slices.ContainsFunc(trail, func(y passing) bool { return y.from == x.to || y.to == x.to }) {
				trail = append(trail, x)
				goOn(x.to)
				trail = trail[:len(trail)-1]
			}
		}
	}
	for id := range from {
		goOn(id)
	}
	return want
}
