package trace_test

import (
	"fmt"
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
				cost.Store, cost.records = nil, 0
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
