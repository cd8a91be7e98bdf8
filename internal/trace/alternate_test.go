package trace_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// debated is a link with five supports, three disputes and two mentions, the
// strongest first: s0 d0 s1 d1 s2 d2 s3 s4 m0 m1.
func debated(t *testing.T) *graph {
	t.Helper()
	g := newGraph(t)
	var citations []evidence.NewCitation
	for stance, n := range map[string]int{"SUPPORTS": 5, "DISPUTES": 3, "MENTIONS": 2} {
		for i := range n {
			c := cited(evidence.ID(fmt.Sprint(strings.ToLower(stance[:1]), i)), "s", stance)
			c.Credibility = 1 + i
			citations = append(citations, c)
		}
	}
	slices.SortFunc(citations, func(a, b evidence.NewCitation) int { return strings.Compare(string(b.ID), string(a.ID)) })
	g.write(news("s"), person("a", "A"), person("b", "B"), linked("l", "a", "b", citations...))
	return g
}

func (g *graph) citations(a trace.PageArgs) (ids string, page trace.Page[*trace.Citation]) {
	g.t.Helper()
	pages, err := g.at(evidence.Public).CitationsOf(g.t.Context(), []evidence.ID{"l"}, trace.CitationFilter{}, a)
	require.NoError(g.t, err)
	var all []string
	for _, item := range pages["l"].Items {
		all = append(all, string(item.Node.Record.ID()))
	}
	return strings.Join(all, " "), pages["l"]
}

// TestCitationsAreReadInTurn page by page, from both ends.
func TestCitationsAreReadInTurn(t *testing.T) {
	g := debated(t)
	most := 10
	all, whole := g.citations(trace.PageArgs{First: &most})
	require.Equal(t, "s0 d0 s1 d1 s2 d2 s3 s4 m0 m1", all)
	for size := 1; size <= most; size++ {
		for _, back := range []bool{false, true} {
			var got []string
			for a := (trace.PageArgs{First: &size}); ; {
				if back {
					a.First, a.Last = nil, &size
				}
				ids, page := g.citations(a)
				require.NotEmpty(t, ids)
				if a.After, a.Before = page.End, ""; back {
					a.After, a.Before = "", page.Start
					got = append([]string{ids}, got...)
				} else {
					got = append(got, ids)
				}
				if !back && !page.HasNext || back && !page.HasPrevious {
					break
				}
			}
			require.Equal(t, all, strings.Join(got, " "), "%d a page, backwards: %t", size, back)
		}
	}
	for i := range most {
		for j := i + 1; j < most; j++ {
			a := trace.PageArgs{First: &most, After: whole.Items[i].Cursor, Before: whole.Items[j].Cursor}
			ids, _ := g.citations(a)
			require.Equal(t, strings.Join(strings.Fields(all)[i+1:j], " "), ids)
			a.First, a.Last = nil, &most
			ids, _ = g.citations(a)
			require.Equal(t, strings.Join(strings.Fields(all)[i+1:j], " "), ids)
		}
	}
}

// TestTheNextPageSkipsNoCitation where some that were shown are withdrawn meanwhile.
func TestTheNextPageSkipsNoCitation(t *testing.T) {
	for shown, cases := range map[int]map[string]string{
		2: {"s0 d0": "s1 d1 s2 d2 s3 s4 m0 m1", "s0": "s1 d1 s2 d2 s3 s4 m0 m1", "s1": "s2 d1 s3 d2 s4 m0 m1", "d0 d1 d2": "s1 s2 s3 s4 m0 m1"},
		3: {"s0 s1": "d1 s2 d2 s3 s4 m0 m1", "d0": "d1 s2 d2 s3 s4 m0 m1", "s0 d0 s1": "d1 s2 d2 s3 s4 m0 m1"},
		7: {"s3": "s4 m0 m1", "d0 d1 d2": "s4 m0 m1", "s0 s1 s2 s3": "s4 m0 m1"},
		9: {"m0": "m1", "s0 s1 s2 s3 s4": "m1"},
	} {
		for gone, want := range cases {
			g, most := debated(t), 10
			before, page := g.citations(trace.PageArgs{First: &shown})
			keeps := cited("z-kept", "s", "SUPPORTS") // a claim has a support
			keeps.Credibility = 5
			var changes []evidence.Change
			for _, id := range strings.Fields(gone) {
				changes = append(changes, evidence.Change{Retract: &evidence.Retract{ID: evidence.ID(id)}})
			}
			if strings.Contains(gone, "s4") {
				changes = append([]evidence.Change{{Cite: &evidence.Cite{Claim: "l", Citation: keeps}}}, changes...)
				want = "z-kept " + want
			}
			g.write(changes...)
			rest, _ := g.citations(trace.PageArgs{First: &most, After: page.End})
			require.Equal(t, want, rest, "%d were shown, and %s withdrawn", shown, gone)
			back, _ := g.citations(trace.PageArgs{Last: &most, Before: page.End})
			left := slices.DeleteFunc(strings.Fields(before)[:shown-1], func(id string) bool { return strings.Contains(gone, id) })
			require.ElementsMatch(t, left, strings.Fields(back), "%d were shown, and %s withdrawn", shown, gone)
		}
	}
}

// TestFormerCursorsOfCitations are places in the list, and go on from there.
func TestFormerCursorsOfCitations(t *testing.T) {
	g := debated(t)
	most := 10
	all, page := g.citations(trace.PageArgs{First: &most})
	places := []int{0, 1, 2, 3, 4, 5, 6, 8}
	for i, place := range places {
		now, err := base64.RawURLEncoding.DecodeString(page.Items[i].Cursor)
		require.NoError(t, err)
		former := base64.RawURLEncoding.EncodeToString(fmt.Appendf(now[:6], "%d %s", 1_000_000+place, page.Items[i].Node.Record.ID()))
		rest, _ := g.citations(trace.PageArgs{First: &most, After: former})
		require.Equal(t, strings.Join(strings.Fields(all)[i+1:], " "), rest)
		before, _ := g.citations(trace.PageArgs{Last: &most, Before: former})
		require.Equal(t, strings.Join(strings.Fields(all)[:i], " "), before)
	}
}
