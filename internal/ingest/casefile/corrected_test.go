package casefile

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// accused is a case file that says of a person and a source what has to be corrected.
func accused() map[string]string {
	return map[string]string{
		"sources.csv":   "id,kind,title,author,url\ns1,news,Título,Juan Informante,https://example.org/1\n",
		"entities.csv":  "id,kind,name,aliases,description,extra\np1,Person,José Peres,El Matón;Pepe,boss of the killers,rank=capo\nu1,MilitaryUnit,27 Batallón,,,lat=18.3;lon=-99.5\n",
		"links.csv":     "id,kind,from,to\nl1,COMMANDS,p1,u1\n",
		"citations.csv": "claim_id,source_id,locator\nl1,s1,p. 4\n",
	}
}

// grown is a case file with one more row.
func grown(files map[string]string, file, row string) map[string]string {
	files[file] += row + "\n"
	return files
}

// reworded is a case file with other words in place of some.
func reworded(files map[string]string, file string, oldnew ...string) map[string]string {
	files[file] = strings.NewReplacer(oldnew...).Replace(files[file])
	return files
}

const furtherSource = "s2,news,Otro,,https://example.org/2"

func correct(t *testing.T, st store.Store) {
	t.Helper()
	edit(t, st,
		evidence.Change{PutEntity: &evidence.PutEntity{
			ID: "p1", Name: evidence.Of("José Pérez"), Aliases: evidence.Of([]string{"Pepe"}), Description: evidence.Of("a driver"), Notes: evidence.Null[[]evidence.Note](),
		}},
		evidence.Change{PutSource: &evidence.PutSource{ID: "s1", Author: evidence.Null[string]()}},
	)
}

func requireCorrected(t *testing.T, st store.Store) {
	t.Helper()
	got := records(t, st, "p1", "s1")
	p1 := got["p1"].Entity()
	require.Equal(t, []evidence.Name{{Text: "José Pérez"}, {Text: "Pepe", Type: evidence.AliasName}}, p1.Names)
	require.Equal(t, "a driver", p1.Description)
	require.Empty(t, p1.Notes)
	require.Empty(t, got["s1"].Source().Author)
}

// TestGrowsWhereSomethingWasCorrected: what a row said once and was corrected since is
// there already, and does not come back with the rows that are new.
func TestGrowsWhereSomethingWasCorrected(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(accused()), o)
			require.NoError(t, err)
			correct(t, st)
			edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("MX")}})

			result, err := load(t, st, folder(grown(accused(), "sources.csv", furtherSource)), o)
			require.NoError(t, err)
			require.Len(t, result.Revisions, 1)
			require.Equal(t, 2, result.Kept)
			requireCorrected(t, st)
			require.Len(t, records(t, st, "s2"), 1)

			before := head(t, st)
			result, err = load(t, st, folder(grown(accused(), "sources.csv", furtherSource)), o)
			require.NoError(t, err)
			require.False(t, result.New)
			require.Equal(t, 2, result.Kept)
			require.Equal(t, before, head(t, st))

			// Other parts of a row that was corrected are new, and are written.
			anew := reworded(reworded(grown(accused(), "sources.csv", furtherSource), "sources.csv", "Título", "Título entero"), "entities.csv", "rank=capo", "lat=17.5;lon=-99.25")
			result, err = load(t, st, folder(anew), o)
			require.NoError(t, err)
			require.True(t, result.New)
			requireCorrected(t, st)
			require.Equal(t, "Título entero", records(t, st, "s1")["s1"].Source().Title)
			require.Equal(t, &evidence.Point{Latitude: 17.5, Longitude: -99.25}, records(t, st, "p1")["p1"].Entity().Point)
		})
	}
}

// TestTellsOfCorrectionsWhereAllIsKnownAgain: that the folder, or a part of it, is known
// by its key does not make what was corrected since what it says.
func TestTellsOfCorrectionsWhereAllIsKnownAgain(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 1}, "a dry run": {DryRun: true}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(accused()), ImportOptions{Batch: o.Batch})
			require.NoError(t, err)
			result, err := load(t, st, folder(accused()), o)
			require.NoError(t, err)
			require.Equal(t, Result{Changes: 4}, result)
			correct(t, st)
			before := head(t, st)
			result, err = load(t, st, folder(accused()), o)
			require.NoError(t, err)
			require.Equal(t, Result{Changes: 4, Kept: 2}, result)
			edit(t, st, evidence.Change{Retract: &evidence.Retract{ID: "s1"}})
			result, err = load(t, st, folder(accused()), o)
			require.NoError(t, err, "what was retracted of what is known again is nobody's mistake")
			require.Equal(t, Result{Changes: 4, Kept: 1}, result)
			require.Equal(t, before.Sequence+1, head(t, st).Sequence)
		})
	}
}

// TestARowIsWrittenAnew as often as the file is mended, while nobody else edits what it
// says.
func TestARowIsWrittenAnew(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(accused()), ImportOptions{})
	require.NoError(t, err)
	edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Country: evidence.Of("MX")}})
	for _, description := range []string{"an officer", "a colonel"} {
		_, err = load(t, st, folder(reworded(accused(), "entities.csv", "boss of the killers", description)), ImportOptions{})
		require.NoError(t, err)
		p1 := records(t, st, "p1")["p1"].Entity()
		require.Equal(t, description, p1.Description)
		require.Equal(t, "MX", p1.Country)
	}
	// A cell that nobody has filled yet is filled.
	_, err = load(t, st, folder(reworded(accused(), "entities.csv", "aliases,description,extra", "aliases,country,extra", "boss of the killers", "", "27 Batallón,,", "27 Batallón,,mx")), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, "MX", records(t, st, "u1")["u1"].Entity().Country)
}

// TestWhatWouldOverwriteACorrection is refused: what is right, only people can say.
func TestWhatWouldOverwriteACorrection(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(accused()), ImportOptions{})
	require.NoError(t, err)
	correct(t, st)
	anew := reworded(accused(), "entities.csv", "boss of the killers", "boss", "rank=capo", "rank=jefe", "El Matón", "El Mato")
	anew = grown(reworded(anew, "sources.csv", "Juan Informante", "J. Informante"), "sources.csv", furtherSource)
	before := head(t, st)
	_, err = load(t, st, folder(anew), ImportOptions{})
	var faults *Faults
	require.ErrorAs(t, err, &faults)
	require.Equal(t, strings.Join([]string{
		`sources.csv:2: author: revision 2 took out what stood here, and the row says something new; to keep that, leave the cell empty, else change the record with putSource first`,
		`entities.csv:2: aliases: revision 2 made this "Pepe", and the row says something new; to keep that, write it here or leave the cell empty, else change the record with putEntity first`,
		`entities.csv:2: description: revision 2 made this "a driver", and the row says something new; to keep that, write it here or leave the cell empty, else change the record with putEntity first`,
		`entities.csv:2: extra: revision 2 took out the notes that stood here, and the row says something new; to keep that, leave it out, else change the record with putEntity first`,
	}, "\n"), err.Error())
	require.Equal(t, before, head(t, st))

	edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Description: evidence.Of("boss"), Notes: evidence.Of([]evidence.Note{{Key: "rank", Value: "jefe"}})}})
	anew = reworded(reworded(anew, "entities.csv", "El Mato;Pepe", "Pepe"), "sources.csv", "J. Informante", "")
	_, err = load(t, st, folder(anew), ImportOptions{})
	require.NoError(t, err, "done as it was told")
	require.Len(t, records(t, st, "s2"), 1)
}

// TestGrowsWhereSomethingWasRetracted: a row does not bring back what was retracted.
func TestGrowsWhereSomethingWasRetracted(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			files := accused()
			delete(files, "links.csv")
			delete(files, "citations.csv")
			_, err := load(t, st, folder(files), o)
			require.NoError(t, err)
			edit(t, st, evidence.Change{Retract: &evidence.Retract{ID: "p1"}}, evidence.Change{Retract: &evidence.Retract{ID: "s1"}})
			before := head(t, st)
			anew := reworded(grown(files, "sources.csv", furtherSource), "entities.csv", "boss of the killers", "boss")
			anew["links.csv"], anew["citations.csv"] = accused()["links.csv"], accused()["citations.csv"]
			_, err = load(t, st, folder(anew), o)
			require.EqualError(t, err, strings.Join([]string{
				`sources.csv:2: id: "s1" was retracted; undo that revision, leave the row out, or choose another id`,
				`entities.csv:2: id: "p1" was retracted; undo that revision, leave the row out, or choose another id`,
			}, "\n"))
			require.Equal(t, before, head(t, st))
			require.Empty(t, records(t, st, "p1", "s1", "s2"))
		})
	}
}

// TestCorrectedWhileItIsImported: what somebody corrects between two batches stays, too.
func TestCorrectedWhileItIsImported(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(accused()), ImportOptions{})
	require.NoError(t, err)
	anew := grown(grown(accused(), "sources.csv", furtherSource), "entities.csv", "u2,MilitaryUnit,41 Batallón,,,")
	between := &meanwhile{Store: st, once: func() { correct(t, st) }}
	_, err = load(t, between, folder(anew), ImportOptions{Batch: 2})
	require.NoError(t, err)
	require.Nil(t, between.once)
	requireCorrected(t, st)
	require.Len(t, records(t, st, "s2", "u2"), 2)
}

// meanwhile is a store in which somebody else writes once, behind the first revision
// that is written through it.
type meanwhile struct {
	store.Store
	once func()
}

func (m *meanwhile) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	commit, err := m.Store.Write(ctx, plan)
	if once := m.once; err == nil && commit.New && once != nil {
		m.once = nil
		once()
	}
	return commit, err
}

// TestManyCorrectionsAreFoundTogether: each has its own revision, and a question for
// each would be slow where the store is far away.
func TestManyCorrectionsAreFoundTogether(t *testing.T) {
	const people = 40
	file := func(again func(i int) string) map[string]string {
		rows := "id,kind,name,description\n"
		for i := range people {
			rows += fmt.Sprintf("p%d,Person,José %d,%s\n", i, i, again(i))
		}
		return map[string]string{"entities.csv": rows}
	}
	said := func(int) string { return "boss" }
	st := &asked{Store: model.New()}
	_, err := load(t, st, folder(file(said)), ImportOptions{})
	require.NoError(t, err)
	for round := range 3 {
		for i := range people {
			if i%3 >= round {
				edit(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: evidence.ID(fmt.Sprintf("p%d", i)), Description: evidence.Of(fmt.Sprintf("driver %d", round))}})
			}
		}
	}
	st.asks = 0
	result, err := load(t, st, folder(grown(file(said), "entities.csv", "u1,MilitaryUnit,27 Batallón,")), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, people, result.Kept)
	require.LessOrEqual(t, st.asks, 6)
	for i := range people {
		id := evidence.ID(fmt.Sprintf("p%d", i))
		require.Equal(t, fmt.Sprintf("driver %d", i%3), records(t, st, id)[id].Entity().Description)
	}

	anew := file(func(i int) string {
		switch {
		case i < 3:
			return "captain"
		case i < 30:
			return "driver 0"
		default:
			return "boss"
		}
	})
	_, err = load(t, st, folder(anew), ImportOptions{})
	var faults *Faults
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults.List, 3, err)
	for i, revision := range []int{2, 42, 68} { // the last edit of each
		require.Contains(t, faults.List[i].Error(), fmt.Sprintf(`entities.csv:%d: description: revision %d made this "driver %d"`, i+2, revision, i))
	}
}

// asked counts how often the newest versions before some sequence are asked for.
type asked struct {
	store.Store
	asks int
}

func (s *asked) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	return s.Store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return plan(ctx, askedSnapshot{snap, s})
	})
}

type askedSnapshot struct {
	evidence.Snapshot
	of *asked
}

func (s askedSnapshot) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	s.of.asks++
	return s.Snapshot.Newest(ctx, ids, before)
}
