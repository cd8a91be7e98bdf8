package erasure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

var (
	top  = evidence.Author{Name: "Top", Clearance: evidence.Confidential}
	mid  = evidence.Author{Name: "Mid", Clearance: evidence.Restricted, IDPrefix: "m-"}
	low  = evidence.Author{Name: "Low", Clearance: evidence.Public, IDPrefix: "l-"}
	hers = evidence.ID("l-quien")
)

func person(id evidence.ID, name, clearance string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Clearance: evidence.Of(clearance)}}
}

func news(id evidence.ID, clearance string) evidence.Change {
	return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota " + string(id)), URL: evidence.Of("https://example.org/" + string(id)), Clearance: evidence.Of(clearance)}}
}

// TestABarTellsNothingOfWhatWasHidden erases, in one order, what everybody saw
// and what only some did. Who could not see it records the same as anybody who
// knows it from elsewhere, and is answered as in a graph that never had it.
func TestABarTellsNothingOfWhatWasHidden(t *testing.T) {
	type answer struct {
		written bool
		number  uint64
		err     string
	}
	ask := func(hidden bool) (answers []answer, left []evidence.ID, forbidden map[string]string) {
		st := model.New()
		step := 0
		apply := func(by evidence.Author, changes ...evidence.Change) (*evidence.Commit, error) {
			step++
			return storetest.Apply(t.Context(), st, step, by, &evidence.ChangeSet{Reason: "because", Changes: changes})
		}
		_, err := apply(top, person("p1", "Uno Público", "PUBLIC"), news("s1", "PUBLIC"), person("p2", "Dos Público", "PUBLIC"))
		require.NoError(t, err)
		order := erasure.Order{Author: top, Ground: "order 7", IDs: []evidence.ID{"p1"}}
		if hidden {
			_, err = apply(top, person("r1", "Tres Reservado", "RESTRICTED"), person(hers, "Cuatro Secreto", "CONFIDENTIAL"), news("xs", "CONFIDENTIAL"))
			require.NoError(t, err)
			order.IDs = append(order.IDs, "r1", hers, "xs")
		}
		_, err = erasure.Run(t.Context(), st, storetest.Planner(50), order)
		require.NoError(t, err)
		url := news("l-nota", "PUBLIC")
		url.PutSource.URL = evidence.Of("https://example.org/xs") // the address of a source that is gone
		again := []evidence.Change{
			person("l-a", "Tres Reservado", "PUBLIC"), person("l-b", "Cuatro Secreto", "PUBLIC"), person(hers, "Otra Persona", "PUBLIC"), url,
		}
		for _, c := range append(again, person("l-c", "Uno Público", "PUBLIC")) {
			commit, err := apply(low, c)
			a := answer{written: err == nil}
			if err != nil {
				a.err = err.Error()
			} else {
				a.number = commit.Revision.Numbers[evidence.Public]
			}
			answers = append(answers, a)
		}
		left, err = erasure.Returned(t.Context(), st)
		require.NoError(t, err)
		forbidden = map[string]string{}
		for name, by := range map[string]evidence.Author{"mid": mid, "top": top} {
			for what, c := range map[string]evidence.Change{
				"restricted": person("m-a", "Tres Reservado", "PUBLIC"), "secret": person("m-b", "Cuatro Secreto", "PUBLIC"),
			} {
				c.PutEntity.ID += evidence.ID(name)
				forbidden[name+" "+what] = "written"
				if _, err := apply(by, c); err != nil {
					forbidden[name+" "+what] = string(evidence.CodeOf(err))
				}
			}
		}
		return answers, left, forbidden
	}
	without, nothing, _ := ask(false)
	with, returned, forbidden := ask(true)
	require.Equal(t, without, with)
	require.Empty(t, nothing)
	require.Equal(t, []evidence.ID{"l-a", "l-b", "l-nota", hers}, returned, "who may know is told where to look")
	for i, a := range with[:4] {
		require.True(t, a.written, "%d: %s", i, a.err)
	}
	require.False(t, with[4].written)
	require.Contains(t, with[4].err, `on the ground "order 7"`, "what they saw is barred, and they are told")
	require.Equal(t, map[string]string{"mid restricted": "FORBIDDEN", "mid secret": "written", "top restricted": "FORBIDDEN", "top secret": "FORBIDDEN"}, forbidden)
}
