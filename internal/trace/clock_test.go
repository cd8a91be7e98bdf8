package trace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestAClockSetBackTellsNothing writes at RESTRICTED, then at PUBLIC with a clock
// that was set back, with and without something CONFIDENTIAL between them. The
// times of revisions, and what a time names, are the same.
func TestAClockSetBackTellsNothing(t *testing.T) {
	tell := func(hidden bool) []string {
		planner := storetest.Planner(1)
		at := func(clock string) time.Time {
			when, err := time.Parse(time.TimeOnly, clock)
			require.NoError(t, err)
			return when.AddDate(2026, 0, 0)
		}
		g := &graph{t, trace.New(model.New(), vocabulary.Standard(), planner)}
		write := func(clock, clearance string, id evidence.ID) {
			planner.Now = func() time.Time { return at(clock) }
			c := person(id, string(id))
			c.PutEntity.Clearance = evidence.Of(clearance)
			g.write(c)
		}
		write("09:00:00", "PUBLIC", "p1")
		write("10:00:00", "RESTRICTED", "r1")
		if hidden {
			write("11:00:00", "CONFIDENTIAL", "x1")
		}
		write("09:30:00", "PUBLIC", "p2") // the clock was set back
		write("08:00:00", "PUBLIC", "p3") // and again
		if hidden {
			write("09:45:00", "CONFIDENTIAL", "x2")
		}
		var told []string
		for _, c := range []evidence.Clearance{evidence.Public, evidence.Restricted} {
			p, err := g.at(c).Revisions(t.Context(), trace.RevisionFilter{}, trace.PageArgs{})
			require.NoError(t, err)
			for _, x := range p.Items {
				told = append(told, fmt.Sprintf("%s %d %s", c, x.Node.Numbers[c], x.Node.Header.Time.Format(time.TimeOnly)))
			}
			for _, clock := range []string{"08:30:00", "09:00:00", "09:29:00", "09:30:00", "09:40:00", "09:50:00", "10:00:00", "10:30:00", "11:30:00"} {
				when := at(clock)
				s, err := g.at(c).Moment(t.Context(), trace.KnownAt{Time: &when})
				require.NoError(t, err)
				found, err := s.Entities(t.Context(), []evidence.ID{"p1", "r1", "p2", "p3"})
				require.NoError(t, err)
				require.NoError(t, s.Close())
				told = append(told, fmt.Sprintf("%s at %s: %d", c, clock, len(found)))
			}
		}
		return told
	}
	without := tell(false)
	require.Equal(t, without, tell(true))
	require.Equal(t, []string{"PUBLIC 1 09:00:00", "PUBLIC 2 09:30:00", "PUBLIC 3 09:30:00"}, without[:3], "no revision looks earlier than one before it")
	require.Contains(t, without, "RESTRICTED at 09:40:00: 4")
}
