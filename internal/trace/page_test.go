package trace_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestAPageOfNothing asks each list for none of its rows: it tells all the same
// whether there are any beyond, in either direction and from either end.
func TestAPageOfNothing(t *testing.T) {
	s := theCase(t)
	together := func(a trace.PageArgs, id evidence.ID) []evidence.ID {
		if a.After != "" {
			return []evidence.ID{id} // a cursor is one of the list of this entity
		}
		return []evidence.ID{id, "iguala"}
	}
	for name, ask := range map[string]func(context.Context, trace.PageArgs) (empty, more, before bool, end string, err error){
		"entities": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Entity], error) {
			return s.ListEntities(ctx, trace.EntityFilter{}, a)
		}),
		"those that a filter keeps": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Entity], error) {
			return s.ListEntities(ctx, trace.EntityFilter{Country: "at"}, a)
		}),
		"sources": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Source], error) {
			return s.ListSources(ctx, trace.SourceFilter{}, a)
		}),
		"links": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Claim], error) {
			return s.ListClaims(ctx, trace.ClaimFilter{Of: evidence.LinkRecord}, a)
		}),
		"links that cite": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Claim], error) {
			return s.ListClaims(ctx, trace.ClaimFilter{Of: evidence.LinkRecord, Sources: []evidence.ID{"cannon-2022"}}, a)
		}),
		"links of an entity": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Claim], error) {
			pages, err := s.ClaimsOf(ctx, together(a, "abarca"), trace.ClaimFilter{Of: evidence.LinkRecord}, a)
			return pages["abarca"], err
		}),
		"statements of an entity": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Claim], error) {
			pages, err := s.ClaimsOf(ctx, together(a, "iguala-night"), trace.ClaimFilter{Of: evidence.StatementRecord}, a)
			return pages["iguala-night"], err
		}),
		"citations of a claim": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Citation], error) {
			pages, err := s.CitationsOf(ctx, []evidence.ID{"L0305"}, trace.CitationFilter{}, a)
			return pages["L0305"], err
		}),
		"citations in a source": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Citation], error) {
			pages, err := s.CitationsIn(ctx, []evidence.ID{"cannon-2022"}, trace.CitationFilter{}, a)
			return pages["cannon-2022"], err
		}),
		"hits": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Hit], error) {
			page, _, err := s.Search(ctx, trace.SearchQuery{Text: "abarca"}, a)
			return page, err
		}),
		"revisions": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*evidence.Revision], error) {
			return s.Revisions(ctx, trace.RevisionFilter{}, a)
		}),
		"steps": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Step], error) {
			return s.History(ctx, "abarca", a)
		}),
		"differences": turned(func(ctx context.Context, a trace.PageArgs) (trace.Page[*trace.Difference], error) {
			return s.Diff(ctx, 0, 1, a)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			none, most := 0, trace.MaxPageSize
			empty, more, before, end, err := ask(t.Context(), trace.PageArgs{First: &none})
			require.NoError(t, err)
			require.Equal(t, []bool{true, true, false}, []bool{empty, more, before}, "from the start")
			require.Empty(t, end)
			empty, more, before, _, err = ask(t.Context(), trace.PageArgs{Last: &none})
			require.NoError(t, err)
			require.Equal(t, []bool{true, false, true}, []bool{empty, more, before}, "from the end")
			after := ""
			for more = true; more; {
				_, more, _, after, err = ask(t.Context(), trace.PageArgs{First: &most, After: after})
				require.NoError(t, err)
			}
			empty, more, before, _, err = ask(t.Context(), trace.PageArgs{First: &none, After: after})
			require.NoError(t, err)
			require.Equal(t, []bool{true, false, true}, []bool{empty, more, before}, "after the last")
		})
	}
	none := 0
	p, pairs, _, err := s.AllDuplicates(t.Context(), trace.EntityFilter{}, trace.PageArgs{First: &none})
	require.NoError(t, err)
	require.Empty(t, pairs)
	require.True(t, p.HasNext)
	p, err = s.ListEntities(t.Context(), trace.EntityFilter{Country: "zz"}, trace.PageArgs{First: &none})
	require.NoError(t, err)
	require.False(t, p.HasNext, "the filter keeps nothing")
}

func turned[T any](ask func(context.Context, trace.PageArgs) (trace.Page[T], error)) func(context.Context, trace.PageArgs) (bool, bool, bool, string, error) {
	return func(ctx context.Context, a trace.PageArgs) (empty, more, before bool, end string, err error) {
		p, err := ask(ctx, a)
		return len(p.Items) == 0, p.HasNext, p.HasPrevious, p.End, err
	}
}
