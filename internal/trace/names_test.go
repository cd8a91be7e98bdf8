package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestASecretNameIsToldNowhere raises an alias, and the name by which somebody was
// called: nothing that tells of the past tells of them any more.
func TestASecretNameIsToldNowhere(t *testing.T) {
	g := newGraph(t)
	put := func(name string, names ...evidence.NewName) {
		g.write(evidence.Change{PutEntity: &evidence.PutEntity{ID: "w", Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names)}})
	}
	put("Juan Pérez", evidence.NewName{Text: "El Topo", Type: "ALIAS"})
	put("Testigo Siete", evidence.NewName{Text: "El Topo", Type: "ALIAS", Clearance: "CONFIDENTIAL"}, evidence.NewName{Text: "Juan Pérez", Type: "ALIAS", Clearance: "CONFIDENTIAL"})
	put("Testigo Siete") // which nobody sees who is not cleared for it

	told := strings.Join(g.tale(evidence.Public, "w"), " ")
	require.NotContains(t, told, "Juan")
	require.NotContains(t, told, "Topo")
	require.Contains(t, strings.Join(g.tale(evidence.Confidential, "w"), " "), "Topo", "who is cleared for it is told")
	require.Equal(t, []evidence.ID{"w"}, g.differing(evidence.Public, 0, 2))

	for number := uint64(1); number <= 2; number++ {
		s, err := g.at(evidence.Public).Moment(t.Context(), trace.KnownAt{Number: &number})
		require.NoError(t, err)
		for _, text := range []string{"Juan Pérez", "juan", "El Topo", "topo"} {
			hits, _, err := s.Search(t.Context(), trace.SearchQuery{Text: text}, trace.PageArgs{})
			require.NoError(t, err)
			require.Empty(t, hits.Items, "%s at %d", text, number)
		}
		entities, err := s.Entities(t.Context(), []evidence.ID{"w"})
		require.NoError(t, err)
		require.Equal(t, "Testigo Siete", entities["w"].Names[0].Text)
		require.Len(t, entities["w"].Names, 1)
		require.NoError(t, s.Close())
	}
}

// TestAGuessedNameIsNotConfirmed has somebody give a name and take it away again. What
// they are told is the same whether or not it was a secret one already.
func TestAGuessedNameIsNotConfirmed(t *testing.T) {
	told := func(secret bool) (all []string) {
		g := newGraph(t)
		g.write(person("w", "Testigo Siete"))
		if secret {
			put := person("w", "Testigo Siete")
			put.PutEntity.Names = evidence.Of([]evidence.NewName{{Text: "Juan Pérez", Clearance: "CONFIDENTIAL"}})
			g.write(put)
		}
		editor := evidence.Author{Name: "ana", Clearance: evidence.Public, IDPrefix: "p-"}
		var applied []trace.Applied
		write := func(c evidence.Change) uint64 {
			set := &evidence.ChangeSet{Reason: "a guess", Changes: []evidence.Change{c}}
			commit, err := g.tracer.Apply(t.Context(), editor, set)
			require.NoError(t, err)
			applied = append(applied, trace.Applied{ChangeSet: set, Number: commit.Revision.Numbers[evidence.Confidential], At: commit.Revision.Header.Time})
			return commit.Revision.Numbers[evidence.Public]
		}
		aliases := func(texts ...string) evidence.Change {
			return evidence.Change{PutEntity: &evidence.PutEntity{ID: "w", Aliases: evidence.Of(texts)}}
		}
		look := func(at uint64) {
			s, err := g.at(evidence.Public).Moment(t.Context(), trace.KnownAt{Number: &at})
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			entities, err := s.Entities(t.Context(), []evidence.ID{"w"})
			require.NoError(t, err)
			for _, n := range entities["w"].Names {
				all = append(all, fmt.Sprintf("%d called %s", at, n.Text))
			}
			hits, _, err := s.Search(t.Context(), trace.SearchQuery{Text: "juan"}, trace.PageArgs{})
			require.NoError(t, err)
			all = append(all, fmt.Sprintf("%d found %d", at, len(hits.Items)))
		}
		guessed := write(aliases("Juan Pérez"))
		withdrawn := write(aliases())
		look(guessed)
		look(withdrawn)
		kept, err := g.at(evidence.Public).KeptBack(t.Context(), applied)
		require.NoError(t, err)
		all = append(all, fmt.Sprint(kept), strings.Join(g.tale(evidence.Public, "w"), "\n"))
		look(write(evidence.Change{Undo: &evidence.Undo{Revision: withdrawn}}))
		return all
	}
	without := told(false)
	require.Contains(t, without, "2 called Juan Pérez")
	require.Contains(t, without, "4 called Juan Pérez")
	require.Equal(t, without, told(true))
}
