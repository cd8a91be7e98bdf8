package evidence_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestTheCascadeLimitTellsNothingOfWhatIsHidden: what an author's change reaches only
// by way of what they do not see counts towards no limit, be it to be seen or not.
func TestTheCascadeLimitTellsNothingOfWhatIsHidden(t *testing.T) {
	claims := []evidence.ID{"k1", "k2", "k3"}
	cite := func(source evidence.ID, clearance string) (changes []evidence.Change) {
		for _, id := range claims {
			c := cited("c-"+source+"-"+id, source)
			c.Clearance = clearance
			changes = append(changes, evidence.Change{Cite: &evidence.Cite{Claim: id, Citation: c}})
		}
		return changes
	}
	derived := func(id evidence.ID, title string, from ...evidence.ID) evidence.Change {
		return source(id, func(s *evidence.PutSource) { s.Title, s.DerivedFrom = evidence.Of(title), evidence.Of(from) })
	}
	reliable := source("s", func(s *evidence.PutSource) { s.Reliability = evidence.Of("A") })
	for name, c := range map[string]struct {
		before []evidence.Change // one revision of each
		hidden []evidence.Change // one revision, after these
		last   []evidence.Change // another, which the undo takes back
		secret []evidence.Change // the same, with what is hidden
		tried  []evidence.Change
	}{
		"a source that hidden citations are into is retracted": {nil, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{retract("s")}},
		"that is undone":                     {nil, cite("s", "CONFIDENTIAL"), []evidence.Change{retract("s")}, nil, nil},
		"such a source is weighed otherwise": {nil, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{reliable}},
		"some are hidden":                    {[]evidence.Change{{Cite: &evidence.Cite{Claim: "k1", Citation: cited("ks", "s")}}}, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{retract("s")}},
		"some are hidden, of a source that is weighed otherwise": {[]evidence.Change{{Cite: &evidence.Cite{Claim: "k1", Citation: cited("ks", "s")}}}, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{reliable}},
		"a retitled source lost what it derives from":            {cite("s", ""), []evidence.Change{derived("s", "Informe s", "h")}, []evidence.Change{derived("s", "Otro")}, nil, nil},
		"a source that a hidden one derives from":                {nil, append([]evidence.Change{derived("h", "Hidden", "s")}, cite("h", "")...), nil, nil, []evidence.Change{reliable}},
		"one that one derives from, by way of a hidden one":      {append([]evidence.Change{derived("s4", "Otra")}, cite("s4", "")...), []evidence.Change{derived("h", "Hidden", "s"), derived("s4", "Otra", "h")}, nil, nil, []evidence.Change{reliable}},
		"a hidden source comes back":                             {nil, cite("h", ""), []evidence.Change{retract("p2")}, []evidence.Change{retract("p2"), retract("h")}, nil},
		"hidden citations of what stands come back":              {nil, cite("s", "CONFIDENTIAL"), []evidence.Change{retract("p2")}, []evidence.Change{retract("p2"), retract("c-s-k1"), retract("c-s-k2")}, nil},
		"an entity with hidden links to others":                  {nil, []evidence.Change{secret(link("x1", "LINKED_TO", "p2", "u1", cited("cx1", "s1"), cited("cx2", "s1")))}, nil, nil, []evidence.Change{retract("p2")}},
		"what is reached from a hidden citation and by itself":   {nil, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{retract("s"), {Cite: &evidence.Cite{Claim: "k1", Citation: cited("p-new", "s2")}}}},
		"beside what is reached in sight":                        {nil, cite("s", "CONFIDENTIAL"), nil, nil, []evidence.Change{retract("s"), retract("p1"), retract("o1"), {Cite: &evidence.Cite{Claim: "k1", Citation: cited("p-new", "s2")}}}},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(hidden bool) (*graph, uint64) {
				g := base(t)
				g.must(top, secret(source("h", nil)), source("s", nil))
				for _, id := range claims {
					g.must(top, link(id, "LINKED_TO", "p1", "o1", cited("a-"+id, "s1"), cited("b-"+id, "s2")))
				}
				for _, change := range c.before {
					g.must(top, change)
				}
				if hidden && len(c.hidden) > 0 {
					g.must(top, c.hidden...)
				}
				last := c.last
				if hidden && c.secret != nil {
					last = c.secret
				}
				if last != nil {
					g.must(top, last...)
				}
				head, err := g.Head(t.Context())
				require.NoError(t, err)
				return g, head.Latest[evidence.Public]
			}
			plain, latest := build(false)
			with, same := build(true)
			require.Equal(t, latest, same)
			tried := c.tried
			if tried == nil {
				tried = []evidence.Change{undo(latest)}
			}
			answers := func(g *graph) (refused []string) {
				t.Helper()
				for limit := 0; ; limit++ {
					_, err := g.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
						p := storetest.Planner(100 + limit)
						p.CascadeLimit = limit
						return p.Plan(ctx, snap, low, &evidence.ChangeSet{Reason: "because", Changes: tried})
					})
					if err == nil {
						return refused
					}
					require.ErrorContains(t, err, fmt.Sprintf("more than %d records depend on what this changes", limit))
					refused = append(refused, err.Error())
				}
			}
			require.Equal(t, answers(plain), answers(with), "under each limit until it is written")
			ids := append([]evidence.ID{"s", "s1", "s2", "p1", "p2", "o1", "l1"}, claims...)
			require.Equal(t, plain.seen(evidence.Public, ids...), with.seen(evidence.Public, ids...))
		})
	}
}
