package erasure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func cite(id evidence.ID) evidence.NewCitation {
	return evidence.NewCitation{ID: id, Source: "s", Locator: "p. 1"}
}

// TestAPlanKnowsWhichRevisionsLoseAName has records that stay name, each in a
// revision of its own, one that goes.
func TestAPlanKnowsWhichRevisionsLoseAName(t *testing.T) {
	st := model.New()
	for i, c := range []evidence.Change{
		1: news("s", "PUBLIC"), 2: news("old", "PUBLIC"), 3: person("a", "Uno", "PUBLIC"), 4: person("b", "Dos", "PUBLIC"), 5: person("w", "Testigo", "PUBLIC"),
		6:  {AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{cite("c")}}},
		7:  {PutEntity: &evidence.PutEntity{ID: "a", Names: evidence.Of([]evidence.NewName{{Text: "El Uno", Sources: []evidence.ID{"old"}}})}},
		8:  {PutSource: &evidence.PutSource{ID: "s", DerivedFrom: evidence.Of([]evidence.ID{"old"})}},
		9:  {AssertLink: &evidence.AssertLink{ID: "d", Kind: "DENIES", From: "a", To: "b", About: "l", Citations: []evidence.NewCitation{cite("e")}}},
		10: {SetStanding: &evidence.SetStanding{Claim: "l", Standing: "CHARGED", Citation: cite("f")}},
		11: {Cite: &evidence.Cite{Claim: "l", Citation: evidence.NewCitation{
			ID: "g", Source: "s", Locator: "p. 2", AssertedBy: &evidence.Asserter{Words: "quien lo vio", Entity: "w"},
		}}},
	} {
		if i == 0 {
			continue
		}
		_, err := storetest.Apply(t.Context(), st, i, top, &evidence.ChangeSet{Reason: "because", Changes: []evidence.Change{c}})
		require.NoError(t, err, "%d", i)
	}
	for id, want := range map[evidence.ID][]uint64{
		"old": {2, 7, 8}, // as the source of a name, and of what derives from it
		"l":   {6, 9, 10, 11},
		"f":   {10}, // the link, whose standing it shows, is written there too
		"w":   {5, 11},
	} {
		plan, err := erasure.Prepare(t.Context(), st, storetest.Planner(20), erasure.Order{Author: top, Ground: "order 7", IDs: []evidence.ID{id}})
		require.NoError(t, err)
		require.Equal(t, want, plan.Struck, id)
	}
}

// TestAPlanKnowsWhoSawWhatARevisionLoses has a claim retracted, and with it a
// citation that was hidden. Raising the claim afterwards changes nothing in what was
// seen of it.
func TestAPlanKnowsWhoSawWhatARevisionLoses(t *testing.T) {
	st := model.New()
	hidden := cite("hc")
	hidden.Clearance = "RESTRICTED"
	for i, changes := range [][]evidence.Change{
		{news("s", "PUBLIC"), person("a", "Uno", "PUBLIC"), person("b", "Dos", "PUBLIC")},
		{{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{cite("c")}}}},
		{{Cite: &evidence.Cite{Claim: "l", Citation: hidden}}},
		{{Retract: &evidence.Retract{ID: "l"}}},
		{{SetClearance: &evidence.SetClearance{ID: "l", Clearance: "CONFIDENTIAL"}}},
	} {
		_, err := storetest.Apply(t.Context(), st, i+1, top, &evidence.ChangeSet{Reason: "because", Changes: changes})
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		order evidence.ID
		who   evidence.Sequence
		want  map[uint64][]bool // at each clearance
	}{
		"hidden":              {order: "hc", want: map[uint64][]bool{2: {false, false, false}, 3: {false, true, true}, 4: {false, true, true}}},
		"raised since":        {order: "l", want: map[uint64][]bool{1: {false, false, false}, 2: {true, true, true}, 3: {false, true, true}, 4: {true, true, true}, 5: {false, false, true}}},
		"author and reason":   {order: "hc", who: 4, want: map[uint64][]bool{3: {false, true, true}, 4: {true, true, true}}},
		"named by what stays": {order: "s", want: map[uint64][]bool{1: {true, true, true}}},
	} {
		t.Run(name, func(t *testing.T) {
			order := erasure.Order{Author: top, Ground: "order 7", IDs: []evidence.ID{c.order}}
			if c.who > 0 {
				order.Revisions = []evidence.Sequence{c.who}
			}
			plan, err := erasure.Prepare(t.Context(), st, storetest.Planner(20), order)
			require.NoError(t, err)
			for number, want := range c.want {
				var loses []bool
				for level := range evidence.Clearance(evidence.Clearances) {
					is, err := plan.Loses(t.Context(), number, level)
					require.NoError(t, err)
					loses = append(loses, is)
				}
				require.Equal(t, want, loses, "revision %d", number)
			}
		})
	}
}
