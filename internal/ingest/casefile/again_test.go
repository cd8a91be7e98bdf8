package casefile

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// edit changes the graph after an import.
func edit(t *testing.T, st store.Store, changes ...evidence.Change) {
	t.Helper()
	_, err := st.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return planner().Plan(ctx, snap, author, &evidence.ChangeSet{Reason: "since", Changes: changes})
	})
	require.NoError(t, err)
}

// TestGrowsWhereSomethingWasRaised: the file says nothing of clearance, so that it
// neither contradicts what was raised since nor lowers it.
func TestGrowsWhereSomethingWasRaised(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(smallCase()), ImportOptions{})
			require.NoError(t, err)
			raised := []evidence.ID{"l1", "t1", "p1", "s1"}
			for _, c := range citationsIn(t, st, "l1") {
				raised = append(raised, c.ID)
			}
			for _, id := range raised {
				edit(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: "CONFIDENTIAL"}})
			}
			edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Aliases: evidence.Of([]string{"Pepe"}), Names: evidence.Of([]evidence.NewName{{Text: "El Pepe", Clearance: "CONFIDENTIAL"}})}})

			grown := smallCase()
			grown["sources.csv"] = strings.TrimRight(grown["sources.csv"], "\n") + "\n" + strings.Replace(strings.Split(grown["sources.csv"], "\n")[1], "s1", "s2", 1) + "\n"
			result, err := load(t, st, folder(grown), o)
			require.NoError(t, err)
			require.NotEmpty(t, result.Revisions)
			require.Len(t, records(t, st, append(raised, "s2")...), 1, "only the new source is told to all")
			require.Len(t, citationsIn(t, st, "l1"), 1)
			edit(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: "p1", Clearance: "PUBLIC"}})
			for _, n := range records(t, st, "p1")["p1"].Entity().Names {
				require.Equal(t, n.Text == "El Pepe", n.Clearance == evidence.Confidential, n.Text)
			}
		})
	}
}

// linked is the small case with other links, each shown by one citation.
func linked(rows ...string) map[string]string {
	files := smallCase()
	files["entities.csv"] += "p2,Person,Ana Ruiz,,\ne1,Event,La noche,,\nw1,Place,El río,,\n"
	files["links.csv"] = "id,kind,from,to,role\n" + strings.Join(rows, "\n") + "\n"
	files["citations.csv"] = "claim_id,source_id,locator\nt1,s1,p. 5\n"
	for _, row := range rows {
		id, _, _ := strings.Cut(row, ",")
		files["citations.csv"] += id + ",s1,p. 4\n"
	}
	return files
}

// TestWhatAnEarlierVersionReadOtherwise is known again where nothing was added; else
// it is told, with how to write the row now.
func TestWhatAnEarlierVersionReadOtherwise(t *testing.T) {
	now := linked(
		"l1,LEAKED,p1,u1,papeles", "l2,REFUSED_TO_EXTRADITE,p1,p2,", "l3,SEARCHES_FOR,p1,p2,sola", "l4,SUPPORTS_VERSION,p1,u1,en parte", "l5,THROWN_INTO,p1,w1,",
		"l6,RECRUITED_WITNESS,p1,p2,", "l7,SUCCEEDED_BY,p1,p2,primo", "l8,SUCCEEDED_BY,p1,p2,", "l9,RELATED_TO,p1,p2,cousin",
	)
	// The rows as programs up to each of two changes took them, in words of today.
	second := linked(
		"l1,LINKED_TO,p1,u1,leaked documents of: papeles", "l2,LINKED_TO,p1,p2,unlikely to extradite", "l3,LINKED_TO,p1,p2,searches for the missing of: sola",
		"l4,TESTIFIED_FOR,p1,u1,expert report in part in support: en parte", "l5,LOCATED_IN,p1,w1,remains thrown into it",
		"l6,LINKED_TO,p1,p2,recruited the other as a witness", "l7,SUCCEEDED,p2,p1,of the predecessor: primo", "l8,SUCCEEDED,p2,p1,", "l9,FAMILY_OF,p1,p2,cousin",
	)
	first := linked(
		"l1,LINKED_TO,p1,u1,leaked documents of: papeles", "l2,LINKED_TO,p1,p2,unlikely to extradite", "l3,LINKED_TO,p1,p2,searches for the missing of: sola",
		"l4,TESTIFIED_FOR,p1,u1,expert report in part in support: en parte", "l5,LOCATED_IN,p1,w1,remains thrown into it",
		"l6,LINKED_TO,p1,p2,recruited as a witness", "l7,SUCCEEDED,p2,p1,primo", "l8,SUCCEEDED,p2,p1,", "l9,FAMILY_OF,p1,p2,cousin",
	)
	toldOfBoth := []string{
		`links.csv:2: id: claim "l1" exists as an earlier version read this row; to keep it so, write LINKED_TO from "p1" to "u1" with the role "leaked documents of: papeles", else retract it and choose another id`,
		"links.csv:3: ", "links.csv:4: ", "links.csv:5: ", "links.csv:6: ",
	}
	toldOfFirst := append(toldOfBoth[:len(toldOfBoth):len(toldOfBoth)], "links.csv:7: ",
		`links.csv:8: id: claim "l7" exists as an earlier version read this row; to keep it so, write SUCCEEDED from "p2" to "p1" with the role "primo", else retract it and choose another id`)
	for name, tc := range map[string]struct {
		then map[string]string
		told []string
	}{"before the second change": {second, toldOfBoth}, "before the first": {first, toldOfFirst}} {
		for _, batch := range []int{0, 2} {
			t.Run(name, func(t *testing.T) {
				st := model.New()
				_, err := load(t, st, folder(tc.then), ImportOptions{Batch: batch})
				require.NoError(t, err)
				before := head(t, st)
				edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p2", Name: evidence.Of("Ana R.")}})
				result, err := load(t, st, folder(now), ImportOptions{Batch: batch})
				require.NoError(t, err)
				require.False(t, result.New)
				require.Equal(t, before.Sequence+1, head(t, st).Sequence)

				grown := linked(strings.Split(strings.TrimSpace(now["links.csv"]), "\n")[1:]...)
				grown["citations.csv"] = strings.Replace(grown["citations.csv"], "\n", "\nl9,s1,p. 9\n", 1)
				_, err = load(t, st, folder(grown), ImportOptions{})
				var faults *Faults
				require.ErrorAs(t, err, &faults)
				require.Len(t, faults.List, len(tc.told), err)
				for i, fault := range faults.List {
					require.Contains(t, fault.Error(), tc.told[i])
					require.Contains(t, fault.Error(), "as an earlier version read this row; to keep it so, write ")
				}

				kept := linked(strings.Split(strings.TrimSpace(tc.then["links.csv"]), "\n")[1:]...)
				kept["citations.csv"] = grown["citations.csv"]
				result, err = load(t, st, folder(kept), ImportOptions{})
				require.NoError(t, err, "written as it was told to be")
				require.True(t, result.New)
			})
		}
	}
}

// TestIdentitiesThatAnEarlierVersionGave: it knew four entities of one case by id and
// name, and said of them what their rows did not.
func TestIdentitiesThatAnEarlierVersionGave(t *testing.T) {
	const links = "l1,THROWN_INTO,p1,w1,"
	with := func(link string, extra ...string) map[string]string {
		files := linked(link)
		files["entities.csv"] = "id,kind,name,aliases,extra\np1,Person,Ana Ruiz,,\nu1,MilitaryUnit,27 Battalion,,\nw1,Place,El río,,\n"
		for i, row := range []string{
			"mexican-cartels,CriminalGroup,Mexican drug cartels (as a class),,", "mexican-police,PoliceForce,Police in Mexico (forces not named),,",
			"mexican-courts,GovernmentBody,Mexican federal courts (court not named),,", "organised-crime-unnamed,CriminalGroup,Organised crime in the Iguala area (group not named),,",
		} {
			files["entities.csv"] += row + extra[i] + "\n"
		}
		return files
	}
	for name, tc := range map[string]struct{ now, then map[string]string }{
		"before the second change": {
			with(links, "", "", "", ""),
			with("l1,LOCATED_IN,p1,w1,remains thrown into it", "class=true", "class=true", "unnamed=true", "unnamed=true"),
		},
		"before the first": {
			with("l1,RECRUITED_WITNESS,p1,u1,", "", "", "", ""),
			with("l1,LINKED_TO,p1,u1,recruited as a witness", "class=true", "class=true", "unnamed=true", "unnamed=true"),
		},
		"where the row says another": {
			with(links, "", "alias_only=true", "", ""),
			with("l1,LOCATED_IN,p1,w1,remains thrown into it", "class=true", "alias_only=true", "unnamed=true", "unnamed=true"),
		},
		"where nothing else was read otherwise": {
			with("l1,ALLIED_WITH,p1,u1,", "", "", "", ""),
			with("l1,ALLIED_WITH,p1,u1,", "class=true", "class=true", "unnamed=true", "unnamed=true"),
		},
	} {
		for _, batch := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s, by %d", name, batch), func(t *testing.T) {
				st := model.New()
				_, err := load(t, st, folder(tc.then), ImportOptions{Batch: batch})
				require.NoError(t, err)
				result, err := load(t, st, folder(tc.now), ImportOptions{Batch: batch})
				require.NoError(t, err)
				require.False(t, result.New)

				renamed := maps.Clone(tc.now)
				renamed["entities.csv"] = strings.Replace(renamed["entities.csv"], "Mexican drug cartels (as a class)", "Drug cartels", 1)
				st = model.New()
				_, err = load(t, st, folder(renamed), ImportOptions{})
				require.NoError(t, err)
				require.Equal(t, evidence.Named, records(t, st, "mexican-courts")["mexican-courts"].Entity().Identity, "only the former program said so")
				result, err = load(t, st, folder(renamed), ImportOptions{})
				require.NoError(t, err)
				require.False(t, result.New)
			})
		}
	}
}

// TestNoFamilyWhereAnEarlierVersionMadeOne is told with what it made of the row, but
// for who may not see it.
func TestNoFamilyWhereAnEarlierVersionMadeOne(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(linked("l1,FAMILY_OF,p1,p2,partner in business")), ImportOptions{})
	require.NoError(t, err)
	now := linked("l1,RELATED_TO,p1,p2,partner in business")
	now["citations.csv"] += "l1,s1,p. 9\n"
	_, err = load(t, st, folder(now), ImportOptions{})
	require.ErrorContains(t, err, `links.csv:2: id: claim "l1" exists as an earlier version read this row; to keep it so, write FAMILY_OF from "p1" to "p2" with the role "partner in business", else retract it and choose another id`)
	require.ErrorContains(t, err, `links.csv:2: kind: "RELATED_TO" is not a kind of link`)

	edit(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: "l1", Clearance: "RESTRICTED"}})
	f, err := Read(folder(now), Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	_, err = f.Import(t.Context(), st, planner(), ImportOptions{Author: evidence.Author{Name: "low", Clearance: evidence.Public}})
	require.ErrorContains(t, err, `links.csv:2: id: "l1" cannot be used; choose another id`)
	require.NotContains(t, err.Error(), "earlier version")
}
