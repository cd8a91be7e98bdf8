package trace_test

import (
	"fmt"
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

// TestOnlyWhatWasRaisedIsKeptBack: what was merely withdrawn since is told on, and
// no difference is made by a support that the reader never saw.
func TestOnlyWhatWasRaisedIsKeptBack(t *testing.T) {
	raise := func(id evidence.ID) evidence.Change {
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "CONFIDENTIAL"}}
	}
	retract := func(id evidence.ID) evidence.Change {
		return evidence.Change{Retract: &evidence.Retract{ID: id}}
	}
	undo := func(number uint64) evidence.Change {
		return evidence.Change{Undo: &evidence.Undo{Revision: number}}
	}
	charged := evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CHARGED", Citation: cited("m", "s", "")}}
	for name, c := range map[string]struct {
		before []evidence.Change // each a revision, after that of what is spoken of, which is the second
		said   evidence.Change
		since  []evidence.Change
		kept   bool
	}{
		"an undone retraction":                {before: []evidence.Change{retract("l")}, said: undo(3)},
		"a retraction that was undone":        {said: retract("l"), since: []evidence.Change{undo(3)}},
		"a retraction":                        {said: retract("l")},
		"of what was raised":                  {said: retract("l"), since: []evidence.Change{raise("l")}, kept: true},
		"an undone one of what was raised":    {before: []evidence.Change{retract("l")}, said: undo(3), since: []evidence.Change{raise("l")}, kept: true},
		"of what has a raised end":            {said: retract("l"), since: []evidence.Change{raise("p1")}, kept: true},
		"of what rests on a raised source":    {said: retract("l"), since: []evidence.Change{raise("s")}, kept: true},
		"of what rested on a raised citation": {said: retract("l"), since: []evidence.Change{raise("c")}, kept: true},
		"a standing":                          {said: charged},
		"of what lost its support":            {said: charged, since: []evidence.Change{retract("c")}},
		"of what is raised":                   {said: charged, since: []evidence.Change{raise("l")}, kept: true},
		"that is raised itself":               {said: charged, since: []evidence.Change{raise("m")}, kept: true},
		"nothing new":                         {said: person("p1", "Uno")},
		"nothing new of what is gone":         {said: person("p1", "Uno"), since: []evidence.Change{retract("p1")}},
		"nothing new of what is raised":       {said: person("p1", "Uno"), since: []evidence.Change{raise("p1")}, kept: true},
		"and gone":                            {said: person("p1", "Uno"), since: []evidence.Change{retract("p1"), raise("p1")}, kept: true},
		"of what was gone and is raised":      {before: []evidence.Change{retract("l")}, said: raise("l"), kept: true},
	} {
		for _, hidden := range []bool{false, true} {
			t.Run(fmt.Sprint(name, hidden), func(t *testing.T) {
				g := newGraph(t)
				g.write(news("s"), person("p1", "Uno"), person("p2", "Dos"))
				g.write(linked("l", "p1", "p2", cited("c", "s", "SUPPORTS")))
				if hidden {
					g.write(secret(news("xs")))
					g.write(evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: cited("xc", "xs", "SUPPORTS")}})
				}
				// Those who do not see what is hidden count without it.
				editor := evidence.Author{Name: "ana", Clearance: evidence.Public}
				write := func(c evidence.Change) (*evidence.ChangeSet, *evidence.Commit) {
					by := editor
					if c.SetClearance != nil {
						by.Clearance = evidence.Confidential
					}
					set := &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{c}}
					commit, err := g.tracer.Apply(t.Context(), by, set)
					require.NoError(t, err)
					return set, commit
				}
				for _, b := range c.before {
					write(b)
				}
				set, commit := write(c.said)
				applied := trace.Applied{ChangeSet: set, At: commit.Revision.Header.Time}
				if commit.New {
					applied.Number = commit.Revision.Numbers[evidence.Confidential]
				}
				for _, since := range c.since {
					write(since)
				}
				kept, err := g.at(evidence.Public).KeptBack(t.Context(), []trace.Applied{applied})
				require.NoError(t, err)
				require.Equal(t, []bool{c.kept}, kept)
			})
		}
	}
}
