package evidence

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pairwise is what lineages are held against: it asks each two ancestors of a
// source whether one derives from the other, as whoever reads the rule would.
type pairwise struct{ Provenance }

func (p pairwise) origins(id ID, c Clearance) []ID {
	if s := p.Sources[id]; s == nil || len(s.DerivedFrom) == 0 {
		return []ID{id}
	}
	ancestry := p.ancestry(id, c)
	if len(ancestry) == 1 {
		return []ID{id}
	}
	var origins []ID
	for _, x := range ancestry {
		above := p.ancestry(x, c)
		ring := !slices.ContainsFunc(above, func(y ID) bool { return !slices.Contains(p.ancestry(y, c), x) })
		if ring { // a source without parents is a ring of one
			origins = append(origins, slices.Min(above))
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

// ancestry is a source and all that it derives from at a clearance.
func (p pairwise) ancestry(id ID, c Clearance) []ID {
	found := []ID{id}
	for i := 0; i < len(found); i++ {
		s := p.Sources[found[i]]
		if s == nil {
			continue
		}
		for _, parent := range s.DerivedFrom {
			if p.Sources[parent] != nil && p.Visibility[parent] <= c && !slices.Contains(found, parent) {
				found = append(found, parent)
			}
		}
	}
	return found
}

func (p pairwise) weigh(cited []Cited, c Clearance) (strength int, lineages int) {
	support, lineages := p.combine(cited, Supports, c)
	dispute, _ := p.combine(cited, Disputes, c)
	return support * (2*million - dispute) / (2 * million) / 1000, lineages
}

func (p pairwise) combine(cited []Cited, stance Stance, c Clearance) (chance int, lineages int) {
	origins := map[ID]*origin{}
	for _, x := range cited {
		if x.Citation.Stance != stance || x.Visibility > c {
			continue
		}
		weight := credibilityWeight[x.Citation.Credibility.Grade()]
		for _, id := range p.origins(x.Source.ID, c) {
			o := origins[id]
			if o == nil {
				o = &origin{id: id, source: p.Sources[id], derived: 1001}
				origins[id] = o
			}
			if id == x.Source.ID {
				o.source, o.direct = x.Source, max(o.direct, weight)
			} else {
				o.derived = min(o.derived, weight)
			}
		}
	}
	var weights []int
	for _, o := range origins {
		credibility := o.direct
		if credibility == 0 {
			credibility = o.derived
		}
		reliability := reliabilityWeight[ReliabilityF]
		if o.source != nil {
			reliability = reliabilityWeight[o.source.Reliability]
		}
		weights = append(weights, reliability*credibility/1000)
	}
	slices.Sort(weights)
	miss := million
	for _, w := range weights {
		miss = miss * (1000 - w) / 1000
	}
	return million - miss, len(origins)
}

func numbered(i int) ID { return ID(fmt.Sprintf("s%05d", i)) }

// TestLineagesAreThoseOfEachPair derives sources from each other at random, in
// rings too, some hidden and some unknown, and weighs several claims with them.
func TestLineagesAreThoseOfEachPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		level := func(what string) Clearance {
			return Clearance(rapid.IntRange(0, 2).Draw(t, what)) //nolint:gosec // 0 to 2
		}
		p := NewProvenance()
		n := rapid.IntRange(1, 12).Draw(t, "sources")
		most := rapid.IntRange(0, 3).Draw(t, "parents at most")
		for i := range n {
			s := &Source{ID: numbered(i), Reliability: Reliability(rapid.IntRange(0, 5).Draw(t, "reliability"))} //nolint:gosec // 0 to 5
			for range rapid.IntRange(0, most).Draw(t, "parents") {
				s.DerivedFrom = append(s.DerivedFrom, numbered(rapid.IntRange(0, n).Draw(t, "parent"))) // the last is unknown
			}
			c := Public
			if rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
				c = level("visibility")
			}
			p.Add(s, c)
		}
		want := pairwise{p}
		alone := Provenance{Sources: maps.Clone(p.Sources), Visibility: maps.Clone(p.Visibility)}
		for range rapid.IntRange(1, 4).Draw(t, "claims") {
			var cited []Cited
			for range rapid.IntRange(0, 8).Draw(t, "citations") {
				id := numbered(rapid.IntRange(0, n-1).Draw(t, "cited"))
				cited = append(cited, Cited{
					Citation: &Citation{
						Source:      id,
						Stance:      Stance(rapid.IntRange(0, 2).Draw(t, "stance")),           //nolint:gosec // 0 to 2
						Credibility: Credibility(rapid.IntRange(0, 5).Draw(t, "credibility")), //nolint:gosec // 0 to 5
					},
					Source: p.Sources[id], Visibility: level("visibility of the citation"),
				})
			}
			for range Clearances {
				c, id := level("clearance"), numbered(rapid.IntRange(0, n).Draw(t, "source"))
				origins := want.origins(id, c)
				strength, lineages := want.weigh(cited, c)
				for _, p := range []Provenance{p, alone} {
					require.Equal(t, origins, p.Origins(id, c), "origins of %s for %s", id, c)
					got, count := Weigh(cited, p, c)
					require.Equal(t, []int{strength, lineages}, []int{got, count}, "strength and lineages for %s", c)
				}
			}
		}
	})
}

// TestManySourcesDeriveFromEachOther weighs what derives from many thousand
// sources: no clock is asked, for what takes longer than linear here never ends.
func TestManySourcesDeriveFromEachOther(t *testing.T) {
	const many = 30_000
	for name, c := range map[string]struct {
		derive  func(i int) []ID
		origins int
	}{
		"in a ring":                     {func(i int) []ID { return []ID{numbered((i + 1) % many)} }, 1},
		"in a chain":                    {func(i int) []ID { return []ID{numbered(i + 1)} }, 1},
		"in rings of two, in a chain":   {func(i int) []ID { return []ID{numbered(i + 1), numbered(i ^ 1)} }, 1},
		"each from one of its own, too": {func(i int) []ID { return []ID{numbered((i/2 + 1) * 2), numbered(i | 1)}[:2-i%2*2] }, many/2 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewProvenance()
			for i := range many + 1 {
				s := &Source{ID: numbered(i)}
				if i < many {
					s.DerivedFrom = c.derive(i)
				}
				p.Add(s, Public)
			}
			cited := []Cited{{Citation: &Citation{Credibility: 1}, Source: p.Sources[numbered(0)]}}
			for _, p := range []Provenance{p, {Sources: p.Sources, Visibility: p.Visibility}} {
				_, lineages := Weigh(cited, p, Public)
				require.Equal(t, c.origins, lineages)
			}
		})
	}
}
