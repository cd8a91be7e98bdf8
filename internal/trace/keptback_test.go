package trace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestANameThatWasRaisedIsKeptBack: what a change set said is not told any more to
// those from whom a name that it gave is hidden today, though they see the entity.
func TestANameThatWasRaisedIsKeptBack(t *testing.T) {
	put := func(id evidence.ID, name string, aliases ...evidence.NewName) evidence.Change {
		c := person(id, name)
		c.PutEntity.Names = evidence.Of(aliases)
		return c
	}
	alias := func(text, level string) evidence.NewName { return evidence.NewName{Text: text, Clearance: level} }
	for name, c := range map[string]struct {
		said  evidence.Change
		since []evidence.Change
		kept  []bool // at each clearance
	}{
		"an alias":                {put("w", "Testigo", alias("Juan", "")), []evidence.Change{put("w", "Testigo", alias("Juan", "RESTRICTED"))}, []bool{true, false, false}},
		"and taken away":          {put("w", "Testigo", alias("Juan", "")), []evidence.Change{put("w", "Testigo", alias("Juan", "CONFIDENTIAL")), put("w", "Testigo")}, []bool{true, true, false}},
		"the name":                {put("w", "Juan"), []evidence.Change{put("w", "Testigo", alias("Juan", "CONFIDENTIAL"))}, []bool{true, true, false}},
		"of a made entity":        {put("", "Juan"), []evidence.Change{put("made-1-1", "Testigo", alias("Juan", "CONFIDENTIAL"))}, []bool{true, true, false}},
		"only changed":            {put("w", "Juan"), []evidence.Change{put("w", "Testigo")}, []bool{false, false, false}},
		"another name":            {put("w", "Testigo", alias("Juan", "")), []evidence.Change{put("w", "Testigo", alias("Juan", ""), alias("Pedro", "CONFIDENTIAL"))}, []bool{false, false, false}},
		"of another entity":       {put("w", "Juan"), []evidence.Change{put("v", "Testigo", alias("Juan", "CONFIDENTIAL"))}, []bool{false, false, false}},
		"and told to all besides": {put("w", "Testigo", alias("Juan", "")), []evidence.Change{put("w", "Testigo", alias("Juan", "CONFIDENTIAL"), alias("Juan", ""))}, []bool{false, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			g.write(c.said)
			for _, since := range c.since {
				g.write(since)
			}
			set := &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{c.said}}
			var kept []bool
			for level := range evidence.Clearance(evidence.Clearances) {
				is, err := g.at(level).KeptBack(t.Context(), []trace.Applied{{ChangeSet: set, Number: 1}})
				require.NoError(t, err)
				kept = append(kept, is...)
			}
			require.Equal(t, c.kept, kept)
		})
	}
}
