package neo4j

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestWordsOfWhatIsHidden has a reader look for a word that stands in few links and in
// many links that it does not see, some of them raised since: the server touches as many
// things for the one as for the other.
func TestWordsOfWhatIsHidden(t *testing.T) {
	s := open(t)
	village(t, s, 3)
	step := 10
	write := func(changes ...evidence.Change) {
		step++
		_, err := storetest.Apply(t.Context(), s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
	}
	linked := func(id string, source evidence.ID, clearance string) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(id), Kind: "LINKED_TO", From: person(0), To: person(1), Summary: "vecino del pueblo", Clearance: clearance,
			Citations: []evidence.NewCitation{{Source: source, Locator: "p. 1"}},
		}}
	}
	r := &reader{store: s, view: evidence.Now(evidence.Public)}
	q := store.Query{Type: evidence.LinkRecord, Text: []string{"pueb", "vecino"}, Limit: 10}
	hits := func() int64 {
		n := 0
		for _, err := range r.Find(t.Context(), q) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2, n)
		text, params := r.matching(q)
		return profile(t, s, text, params)
	}
	write(linked("seen", source(1), "PUBLIC"), linked("also", source(1), "PUBLIC"))
	before := hits()
	require.NotZero(t, before)
	var hidden []evidence.Change
	for i := range 200 {
		hidden = append(hidden, linked(fmt.Sprint("secret", i), source(1), "CONFIDENTIAL"), linked(fmt.Sprint("raised", i), source(2), "PUBLIC"))
	}
	write(hidden...)
	write(evidence.Change{PutSource: &evidence.PutSource{ID: source(2), Clearance: evidence.Of("RESTRICTED")}})
	require.LessOrEqual(t, hits(), before+before/5)
}
