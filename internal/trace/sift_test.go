package trace_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestListsBelowAListShareWhatTheyLookAt asks many entities with many links each for
// the few that a filter keeps: one request looks at so much and no more, each list says
// that it is not whole, and from where each came to it can be gone on to its end.
func TestListsBelowAListShareWhatTheyLookAt(t *testing.T) {
	const hubs, members, sifted = 8, 300, 1200
	c := &counted{Store: worstCase(t, worst{})}
	writeHubs(t, c, hubs, members)
	var ids []evidence.ID
	for i := range hubs {
		ids = append(ids, hub(i))
	}
	few := 10
	head, err := c.Head(t.Context())
	require.NoError(t, err)
	for name, view := range map[string]evidence.View{"now": evidence.Now(evidence.Public), "then": {Clearance: evidence.Public, KnownAt: head.Sequence}} {
		for _, f := range []trace.ClaimFilter{
			{Of: evidence.LinkRecord, Text: "soborno"},                                   // which only records tell
			{Of: evidence.LinkRecord, Standing: []evidence.Standing{evidence.Convicted}}, // which edges tell
		} {
			whole := open(t, c, view)
			want, err := whole.ClaimsOf(t.Context(), ids, f, trace.PageArgs{First: &few})
			require.NoError(t, err)
			for _, id := range ids {
				require.Len(t, want[id].Items, 2, "%s: %s of %+v", name, id, f)
			}
			require.NoError(t, whole.Close())

			undo := trace.LowerSifting(sifted)
			s := open(t, c, view)
			c.reset()
			pages, err := s.ClaimsOf(t.Context(), ids, f, trace.PageArgs{First: &few})
			require.NoError(t, err)
			counts, err := s.TotalClaims(t.Context(), ids, f)
			require.NoError(t, err)
			cost := 1
			if name == "then" {
				cost = 3
			}
			require.LessOrEqual(t, c.records, cost*(2*sifted+2*hubs*(trace.MaxPageSize+1)), "%s: %+v", name, f)
			require.NoError(t, s.Close())
			cut := 0
			for _, id := range ids {
				require.True(t, counts[id].N < 2 || counts[id].N == 2 && counts[id].Exact, "%+v", counts[id])
				page, found := pages[id], 0
				if page.HasNext {
					cut++
				}
				for n := 0; ; n++ {
					found += len(page.Items)
					if !page.HasNext {
						break
					}
					require.NotEmpty(t, page.End)
					require.Less(t, n, 2*members)
					later := open(t, c, view) // another request
					next, err := later.ClaimsOf(t.Context(), []evidence.ID{id}, f, trace.PageArgs{First: &few, After: page.End})
					require.NoError(t, err)
					require.NoError(t, later.Close())
					page = next[id]
				}
				require.Equal(t, 2, found)
			}
			require.Positive(t, cut, "%s: %+v", name, f)
			undo()
		}
	}
}

func hub(i int) evidence.ID { return evidence.ID(fmt.Sprintf("hub%02d", i)) }

// writeHubs writes units with members, of whom the last two are those that are looked
// for.
func writeHubs(t *testing.T, st store.Store, hubs, members int) {
	t.Helper()
	var changes []evidence.Change
	for i := range members {
		changes = append(changes, called(evidence.ID(fmt.Sprintf("p%04d", i)), "PERSON", "Alguien"))
	}
	for h := range hubs {
		changes = append(changes, called(hub(h), "MILITARY_UNIT", "Batallón"))
		for i := range members {
			l := &evidence.AssertLink{
				ID: evidence.ID(fmt.Sprintf("h%02d-%04d", h, i)), Kind: "MEMBER_OF", From: evidence.ID(fmt.Sprintf("p%04d", i)), To: hub(h),
				Valid: evidence.ValidTime{Since: fmt.Sprint(1000 + i)}, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
			}
			if i >= members-2 {
				l.Role, l.Standing = "soborno", "CONVICTED"
			}
			changes = append(changes, evidence.Change{AssertLink: l})
		}
	}
	g := &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
	for some := range slices.Chunk(changes, 500) {
		g.write(some...)
	}
}
