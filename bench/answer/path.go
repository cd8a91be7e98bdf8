package answer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/bench/dataset"
)

// Path is a way through the graph: its entities in order, and its links, where
// the contender gives these.
type Path struct {
	Entities []string
	Links    []string
}

// Length is how many links the path has.
func (p Path) Length() int { return len(p.Entities) - 1 }

// Loopless says whether the path meets no entity twice.
func (p Path) Loopless() bool {
	seen := map[string]bool{}
	for _, e := range p.Entities {
		if seen[e] {
			return false
		}
		seen[e] = true
	}
	return true
}

// CheckShortest says what is wrong with the shortest path of a pair: it must
// begin and end where it was asked to, go along links that there are, and have
// as many as the shortest has.
func CheckShortest(g *dataset.Graph, pair dataset.Pair, p Path) error {
	if err := CheckPath(g, pair, p); err != nil {
		return err
	}
	if p.Length() != pair.Length {
		return fmt.Errorf("from %s to %s: %d links, and the shortest way has %d", pair.From, pair.To, p.Length(), pair.Length)
	}
	return nil
}

// CheckPath says whether a path joins the pair along links that there are.
func CheckPath(g *dataset.Graph, pair dataset.Pair, p Path) error {
	if len(p.Entities) < 2 || p.Entities[0] != pair.From || p.Entities[len(p.Entities)-1] != pair.To {
		return fmt.Errorf("%v does not lead from %s to %s", p.Entities, pair.From, pair.To)
	}
	if p.Links != nil && len(p.Links) != p.Length() {
		return fmt.Errorf("from %s to %s: %d links between %d entities", pair.From, pair.To, len(p.Links), len(p.Entities))
	}
	for i := range p.Length() {
		a, err := g.Entity(p.Entities[i])
		if err != nil {
			return err
		}
		b, err := g.Entity(p.Entities[i+1])
		if err != nil {
			return err
		}
		if p.Links == nil {
			if !slices.ContainsFunc(g.Incident(a), func(n int32) bool { return joins(&g.Links[n], a, b) }) {
				return fmt.Errorf("no link joins %s and %s", p.Entities[i], p.Entities[i+1])
			}
			continue
		}
		l, err := g.Link(p.Links[i])
		if err != nil {
			return err
		}
		if !joins(l, a, b) {
			return fmt.Errorf("link %s does not join %s and %s", p.Links[i], p.Entities[i], p.Entities[i+1])
		}
	}
	return nil
}

func joins(l *dataset.Link, a, b int) bool {
	return int(l.From) == a && int(l.To) == b || int(l.From) == b && int(l.To) == a
}

// CheckPaths says what is wrong with the k shortest paths of a pair: each must
// be a path without a loop, all must differ, and be given in the order of their
// lengths, beginning with the length of the shortest.
func CheckPaths(g *dataset.Graph, pair dataset.Pair, paths []Path) error {
	if len(paths) == 0 {
		return fmt.Errorf("no path from %s to %s, which %d links join", pair.From, pair.To, pair.Length)
	}
	if err := CheckShortest(g, pair, paths[0]); err != nil {
		return err
	}
	for i, p := range paths {
		if err := CheckPath(g, pair, p); err != nil {
			return fmt.Errorf("path %d: %w", i+1, err)
		}
		if !p.Loopless() {
			return fmt.Errorf("path %d meets an entity twice: %v", i+1, p.Entities)
		}
		if i > 0 && p.Length() < paths[i-1].Length() {
			return fmt.Errorf("path %d, of %d links, comes after one of %d", i+1, p.Length(), paths[i-1].Length())
		}
		for j := range i {
			if slices.Equal(p.Links, paths[j].Links) && slices.Equal(p.Entities, paths[j].Entities) {
				return fmt.Errorf("paths %d and %d are the same", j+1, i+1)
			}
		}
	}
	return nil
}

// SamePaths says where two lists of paths differ.
func SamePaths(a, b []Path) error {
	same := func(x, y Path) bool {
		return slices.Equal(x.Entities, y.Entities) && slices.Equal(x.Links, y.Links)
	}
	if !slices.EqualFunc(a, b, same) {
		return fmt.Errorf("the paths differ: %v, and %v", a, b)
	}
	return nil
}

// SameLengths says whether a list of paths of another contender is as good as
// ours: without those with a loop, which some give, the lengths must be the same
// from the first on, as far as it goes.
func SameLengths(ours, theirs []Path) error {
	i := 0
	for _, p := range theirs {
		if !p.Loopless() {
			continue
		}
		if i == len(ours) || p.Length() != ours[i].Length() {
			return fmt.Errorf("path %d has %d links there, here there are these: %v", i+1, p.Length(), ours)
		}
		i++
	}
	if i == 0 {
		return errors.New("the other gives no path without a loop")
	}
	return nil
}
