package trace_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// linksOf are the links of each path, from the last to the first where back is set,
// in an order of their own.
func linksOf(paths trace.Paths, back bool) []string {
	out := []string{}
	for _, p := range paths.All {
		var links []evidence.ID
		for _, h := range p.Hops {
			links = append(links, h.Claim.Record.ID())
		}
		if back {
			slices.Reverse(links)
		}
		out = append(out, fmt.Sprint(links, p.Weakest))
	}
	slices.Sort(out)
	return out
}

func TestReversingTheGraphReversesThePaths(t *testing.T) {
	checkRandomly(t, 300, func(t *rapid.T) {
		there, back := model.New(), model.New()
		w := &writer{T: t, store: there, reversed: back, size: sizes{entities: 6, links: 10, revisions: 2, kinds: []string{"LINKED_TO"}}, kinds: map[evidence.ID]string{}}
		w.history()
		view := someView(t, there)
		seen := readWorld(t, there, view)
		q := somePaths(t, seen)
		q.First = trace.MaxPaths
		s, r := open(t, there, view), open(t, back, view)
		one, err := s.Paths(context.Background(), q)
		require.NoError(t, err)
		for _, direction := range []evidence.Direction{q.Direction, evidence.Outgoing + evidence.Incoming - q.Direction} {
			if q.Direction == evidence.Any && direction != evidence.Any {
				continue
			}
			turned := q
			turned.Direction = direction
			reader := s
			if direction == q.Direction {
				reader, turned.From, turned.To = r, q.To, q.From // the graph and the question are turned round
			} else {
				turned.From, turned.To = q.To, q.From // the question is, and asked against the links
			}
			two, err := reader.Paths(context.Background(), turned)
			require.NoError(t, err)
			if len(one.All) < q.First && len(two.All) < q.First {
				require.Equal(t, linksOf(one, false), linksOf(two, true), "%+v", turned)
			}
		}
		require.NoError(t, s.Close())
		require.NoError(t, r.Close())
	})
}

// checkTurned asks for paths against the links, from where they led: they are the same
// the other way round.
func checkTurned(t require.TestingT, s *trace.Session, q trace.PathQuery) {
	q.First = trace.MaxPaths
	there, err := s.Paths(context.Background(), q)
	require.NoError(t, err)
	turned := q
	turned.From, turned.To = q.To, q.From
	if q.Direction != evidence.Any {
		turned.Direction = evidence.Outgoing + evidence.Incoming - q.Direction
	}
	back, err := s.Paths(context.Background(), turned)
	require.NoError(t, err)
	if len(there.All) < q.First && len(back.All) < q.First {
		require.Equal(t, linksOf(there, false), linksOf(back, true), "%+v", turned)
	}
}

// excludesNothing are filters that keep every link but those of placeholders.
func excludesNothing() []trace.LinkFilter {
	var kinds []string
	for _, k := range vocabulary.Standard().Links() {
		kinds = append(kinds, k.Name)
	}
	var standing []evidence.Standing
	for s := evidence.Reported; s <= evidence.Retracted; s++ {
		standing = append(standing, s)
	}
	return []trace.LinkFilter{
		{Kinds: kinds}, {Standing: standing}, {ExcludeEntities: []evidence.ID{"nobody"}}, {Certainty: edtf.Definitely}, {During: "../..", Certainty: edtf.Undated},
	}
}

// checkUnfiltered asks with a filter that excludes nothing, and without one.
func checkUnfiltered(t *rapid.T, s *trace.Session, w *world) {
	nothing := rapid.SampledFrom(excludesNothing()).Draw(t, "filter of nothing")
	ctx, q, scope := context.Background(), somePaths(t, w), someScope(t, w)
	q.MaxLength = min(q.MaxLength, 4)
	q.Filter, scope.Filter = trace.LinkFilter{}, trace.LinkFilter{}
	paths, err := s.Paths(ctx, q)
	require.NoError(t, err)
	sub, err := s.Subgraph(ctx, scope)
	require.NoError(t, err)
	among, _, err := s.LinksAmong(ctx, w.ids(), q.Filter)
	require.NoError(t, err)
	q.Filter, scope.Filter = nothing, nothing
	again, err := s.Paths(ctx, q)
	require.NoError(t, err)
	require.Equal(t, paths, again, "%+v", nothing)
	subAgain, err := s.Subgraph(ctx, scope)
	require.NoError(t, err)
	require.Equal(t, ids(sub.Links), ids(subAgain.Links), "%+v", nothing)
	amongAgain, _, err := s.LinksAmong(ctx, w.ids(), nothing)
	require.NoError(t, err)
	require.Equal(t, ids(among), ids(amongAgain), "%+v", nothing)
}

func TestAFilterThatExcludesNothingChangesNothing(t *testing.T) {
	checkRandomly(t, 200, func(t *rapid.T) {
		st := model.New()
		history(t, st, small)
		view := someView(t, st)
		w, s := readWorld(t, st, view), open(t, st, view)
		checkUnfiltered(t, s, w)
		require.NoError(t, s.Close())
	})
}

func TestAnAddedLinkLengthensNoShortestPath(t *testing.T) {
	checkRandomly(t, 300, func(t *rapid.T) {
		st := model.New()
		w := &writer{T: t, store: st, size: small, kinds: map[evidence.ID]string{}}
		w.history()
		view := evidence.Now(evidence.Confidential)
		q := somePaths(t, readWorld(t, st, view))
		q.By, q.First = trace.Shortest, 1
		shortest := func() int {
			s := open(t, st, view)
			found, err := s.Paths(context.Background(), q)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			if len(found.All) == 0 {
				return trace.MaxPathLength + 1
			}
			return len(found.All[0].Hops)
		}
		before := shortest()
		if l := w.assert(); l != nil && l.Kind != evidence.SameAs {
			w.apply(evidence.Change{AssertLink: l})
		}
		require.LessOrEqual(t, shortest(), before, "%+v", q)
	})
}
