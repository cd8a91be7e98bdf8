package trace_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// stinting is a store whose readers give only so many links of an expansion, as those
// of the past do where entities had too many of them to be judged.
type stinting struct {
	store.Store
	most int
}

func (s *stinting) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	r, err := s.Store.Raw(ctx, view)
	return &stintingReader{r, s.most}, err
}

type stintingReader struct {
	store.Reader
	most int
}

func (r *stintingReader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	return func(yield func(store.Edge, error) bool) {
		n := 0
		for e, err := range r.Reader.Expand(ctx, x) {
			if n++; n > r.most {
				yield(store.Edge{}, store.ErrTooManyThen)
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// TestWhatIsOnlyKnownInPartIsCut asks everything where there are more links than are
// judged: what is known is told, and that it is not all.
func TestWhatIsOnlyKnownInPartIsCut(t *testing.T) {
	st := &stinting{worstCase(t, worst{members: 300, joined: 50, block: 12}), 120}
	now := evidence.Now(evidence.Public)
	for _, q := range questions() {
		s := open(t, st, now)
		_, err := q.ask(t.Context(), s)
		require.NoError(t, err, q.name)
		require.NoError(t, s.Close())
	}
	s := open(t, st, now)
	near, err := s.Subgraph(t.Context(), trace.SubgraphQuery{Around: []evidence.ID{"p000000"}, Depth: 2, MaxEntities: 400, MaxLinks: 400})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, near.Cut)
	require.Greater(t, len(near.Links), 100, "its own links, and those that are known around it")
	down, err := s.CommandChain(t.Context(), "hub-a", "", false, trace.LinkFilter{})
	require.NoError(t, err)
	require.Equal(t, trace.CutFanOut, down.Cut)
	require.NotEmpty(t, down.Rungs)
	line, err := s.TimelineOf(t.Context(), []evidence.ID{"hub-a"}, false, trace.LinkFilter{On: "2014"})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, line.Cut)
	require.NotEmpty(t, line.Moments)
	_, cut, err := s.LinksAmong(t.Context(), []evidence.ID{"hub-a", "hub-b", "p000000"}, trace.LinkFilter{})
	require.NoError(t, err)
	require.Empty(t, cut, "that they are too many elsewhere does not matter")
	_, cut, err = s.Match(t.Context(), "Vecino de Iguala", "", []evidence.ID{"hub-a"})
	require.NoError(t, err)
	require.Equal(t, trace.CutLinks, cut)
	require.NoError(t, s.Close())

	s = open(t, &stinting{st.Store, 1}, now)
	ids := []evidence.ID{"p000001", "hub-a", "p000002"}
	reported, err := s.ClaimsOf(t.Context(), ids, trace.ClaimFilter{Of: evidence.LinkRecord, Standing: []evidence.Standing{evidence.Reported}}, trace.PageArgs{})
	require.NoError(t, err)
	for _, id := range ids {
		require.Len(t, reported[id].Items, min(map[evidence.ID]int{"hub-a": 300}[id]+2, trace.DefaultPageSize), id)
	}
	alike, cut, err := s.Duplicates(t.Context(), "p000001")
	require.NoError(t, err)
	require.NotEmpty(t, alike)
	require.Equal(t, trace.CutLinks, cut, "some of what they share may be unknown")
	require.NoError(t, s.Close())
}

// TestOfThePastLittleIsJudged asks for little of hubs that had very many links, each of
// which would have to be judged with what cites it and with its ends.
func TestOfThePastLittleIsJudged(t *testing.T) {
	c := &counted{Store: worstCase(t, worst{members: 2500, joined: 300, block: 60})}
	head, err := c.Head(t.Context())
	require.NoError(t, err)
	then := evidence.View{Clearance: evidence.Public, KnownAt: head.Sequence}
	few := func(name string, records int) spent {
		i := slices.IndexFunc(questions(), func(q question) bool { return q.name == name })
		got := questions()[i].put(t, c, then)
		t.Logf("%-48s %s", name, got)
		assert.LessOrEqual(t, got.records, records, "records of %s", name)
		return got
	}
	require.Empty(t, few("timeline, between true", 4*300).cut, "what joins the hubs, and none of their other links")
	require.Empty(t, few("links among", 2*5600).cut)
	few("duplicates of a page", 10_000)
	const links = 1000
	trace.LowerPast(t, links)
	require.Equal(t, trace.CutLinks, few("changes", 4*links).cut)
}
