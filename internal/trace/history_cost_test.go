package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// newCountedGraph is newGraph with a count of what the store is asked.
func newCountedGraph(t *testing.T) (*graph, *counted) {
	t.Helper()
	c := &counted{Store: model.New()}
	return &graph{t, trace.New(c, vocabulary.Standard(), storetest.Planner(1))}, c
}

// TestAHistoryCostsWhatItTells asks for histories of records around which much was
// written that its readers do not see, or that makes no step of theirs: the store is
// asked as little as if it had not been written.
func TestAHistoryCostsWhatItTells(t *testing.T) {
	alias := func(name, clearance string) evidence.Change {
		c := person("a", "Uno")
		c.PutEntity.Names = evidence.Of([]evidence.NewName{{Text: name, Clearance: clearance}})
		return c
	}
	cite := func(n int, source evidence.ID) evidence.Change {
		return evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: cited(evidence.ID(fmt.Sprintf("more%03d", n)), source, "SUPPORTS")}}
	}
	for name, c := range map[string]struct {
		of    evidence.ID
		write func(g *graph, n int)
	}{
		"hidden names": {"a", func(g *graph, n int) {
			for i := range n {
				g.write(alias(fmt.Sprint("Oculto ", i), "CONFIDENTIAL"))
			}
		}},
		"names that were raised": {"a", func(g *graph, n int) {
			for i := range n {
				g.write(alias(fmt.Sprint("Visto ", i), "PUBLIC"))
				g.write(alias(fmt.Sprint("Visto ", i), "CONFIDENTIAL"))
			}
		}},
		"supports that join others": {"l", func(g *graph, n int) {
			for i := range n {
				g.write(cite(i, "s"))
			}
		}},
		"supports in a hidden source": {"l", func(g *graph, n int) {
			for i := range n {
				g.write(cite(i, "xs"))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(n int) (steps int, cost counted) {
				g, counting := newCountedGraph(t)
				g.write(news("s"), secret(news("xs")), person("a", "Uno"), person("b", "Dos"), linked("l", "a", "b", cited("c", "s", "SUPPORTS")))
				c.write(g, n)
				s := g.at(evidence.Public)
				counting.reset()
				steps = len(stepsOf(t, s, c.of, 5))
				cost = *counting
				cost.Store, cost.records, cost.leaves = nil, 0, 0
				return steps, cost
			}
			few, cost := ask(2)
			many, same := ask(60)
			require.Equal(t, 1, few)
			require.Equal(t, few, many)
			require.Equal(t, cost, same)
		})
	}
}

// TestADiffCostsWhatItTells compares two moments between which very much was written
// that readers do not see, or that differs: the store is asked no more often, and of what
// is hidden it gives nothing.
func TestADiffCostsWhatItTells(t *testing.T) {
	id := func(prefix string, i int) evidence.ID { return evidence.ID(fmt.Sprintf("%s%03d", prefix, i)) }
	for name, change := range map[string]func(i int) []evidence.Change{
		"hidden citations": func(i int) []evidence.Change {
			c := cited(id("xc", i), "s", "SUPPORTS")
			c.Clearance = "CONFIDENTIAL"
			return []evidence.Change{{Cite: &evidence.Cite{Claim: id("l", i), Citation: c}}}
		},
		"citations in a hidden source": func(i int) []evidence.Change {
			return []evidence.Change{{Cite: &evidence.Cite{Claim: id("l", i), Citation: cited(id("xc", i), "xs", "SUPPORTS")}}}
		},
		"standings": func(i int) []evidence.Change {
			return []evidence.Change{{SetStanding: &evidence.SetStanding{Claim: id("l", i), Standing: "CONVICTED", Citation: cited(id("sc", i), "s", "")}}}
		},
		"names": func(i int) []evidence.Change { return []evidence.Change{person(id("a", i), "Otra")} },
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(n int) (told int, cost counted) {
				g, counting := newCountedGraph(t)
				changes := []evidence.Change{news("s"), secret(news("xs")), person("b", "Dos")}
				for i := range 60 {
					changes = append(changes, person(id("a", i), "Uno"), linked(id("l", i), id("a", i), "b", cited(id("c", i), "s", "SUPPORTS")))
				}
				g.write(changes...)
				changes = []evidence.Change{person("z", "Nueva")}
				for i := range n {
					changes = append(changes, change(i)...)
				}
				g.write(changes...)
				s := g.at(evidence.Public)
				counting.reset()
				size := 200
				p, err := s.Diff(t.Context(), 1, 2, trace.PageArgs{First: &size})
				require.NoError(t, err)
				cost = *counting
				cost.Store, cost.leaves = nil, 0 // the log is read for it
				return len(p.Items), cost
			}
			few, cost := ask(2)
			many, same := ask(60)
			if strings.Contains(name, "hidden") {
				require.Equal(t, 1, few)
				require.Equal(t, few, many)
			} else {
				require.Greater(t, many, few)
				cost.records, same.records = 0, 0
			}
			require.Equal(t, cost, same)
		})
	}
}
