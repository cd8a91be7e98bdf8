package casefile

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

const citationColumnsLine = "claim_id,source_id,locator,fragment,stance,attributed_to,note\n"

// withCitations is the small case with other rows of citations for its link, and
// somebody more who may assert them.
func withCitations(rows string) fstest.MapFS {
	files := smallCase()
	files["entities.csv"] += "witness,Person,Una testigo,,\nwitness2,Person,Otro testigo,,\n"
	files["citations.csv"] = citationColumnsLine + "t1,s1,p. 4,,,,\n" + rows
	return folder(files)
}

func citationsIn(t *testing.T, st store.Store, claim evidence.ID) []*evidence.Citation {
	t.Helper()
	r, err := st.Raw(t.Context(), evidence.Now(evidence.Confidential))
	require.NoError(t, err)
	defer r.Close() //nolint:errcheck // it has only read
	var found []*evidence.Citation
	for _, stance := range []string{"SUPPORTS", "DISPUTES", "MENTIONS"} {
		for f, err := range r.Find(t.Context(), store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{claim}, Kinds: []string{stance}, Limit: 100}) {
			require.NoError(t, err)
			found = append(found, f.Record.Citation())
		}
	}
	return found
}

func idsOf(citations []*evidence.Citation) []evidence.ID {
	ids := make([]evidence.ID, len(citations))
	for i, c := range citations {
		ids[i] = c.ID
	}
	slices.Sort(ids)
	return ids
}

// TestTheIDOfACitationTellsNothingOfWhoAssertsIt: a reader from whom the entity is
// hidden that asserts a citation could else try all that it may be.
func TestTheIDOfACitationTellsNothingOfWhoAssertsIt(t *testing.T) {
	var ids [][]evidence.ID
	for _, who := range []string{"", "witness", "witness2", "un testigo"} {
		st := model.New()
		_, err := load(t, st, withCitations("l1,s1,p. 3,mandaba,supports,"+who+",\n"), ImportOptions{})
		require.NoError(t, err)
		ids = append(ids, idsOf(citationsIn(t, st, "l1")))
	}
	for _, of := range ids {
		require.Equal(t, ids[0], of)
	}
}

// TestCitationsThatDifferOnlyInWhoAssertsThem are each held once, in whatever order
// they are imported, and their ids do not say that there are others.
func TestCitationsThatDifferOnlyInWhoAssertsThem(t *testing.T) {
	rows := []string{"l1,s1,p. 3,mandaba,,witness,\n", "l1,s1,p. 3,mandaba,,witness2,\n", "l1,s1,p. 3,mandaba,,,\n"}
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, withCitations(rows[0]+rows[1]), o)
			require.NoError(t, err)
			before := citationsIn(t, st, "l1")
			require.Len(t, before, 2)
			for _, again := range []ImportOptions{o, {}, {Batch: 1}, {Batch: 3}} {
				for _, order := range []string{rows[0] + rows[1], rows[1] + rows[0], rows[1]} {
					result, err := load(t, st, withCitations(order), again)
					require.NoError(t, err)
					require.Empty(t, result.Revisions, order)
				}
			}
			_, err = load(t, st, withCitations(rows[2]+rows[1]+rows[0]), o)
			require.NoError(t, err)
			grown := citationsIn(t, st, "l1")
			require.Len(t, grown, 3, "only what is new was added")
			require.Subset(t, idsOf(grown), idsOf(before))
			only := fstest.MapFS{"citations.csv": {Data: []byte(citationColumnsLine + rows[0] + rows[2])}}
			_, err = load(t, st, only, o)
			require.EqualError(t, err, "citations.csv:2: the citation exists with other content; choose another id", "a folder without the entity has its id as words")
		})
	}
	_, err := load(t, model.New(), withCitations(rows[0]+rows[1]+rows[0]), ImportOptions{})
	require.EqualError(t, err, "citations.csv:5: the line says the same as line 3; leave one out")
}

// formerID is the id that a citation was given by programs up to this one.
func formerIDOf(columns ...string) evidence.ID {
	h := sha256.New()
	for _, text := range columns {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	return evidence.ID("c-" + strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:15])))
}

// byOlder imports a folder as programs before this one did.
func byOlder(t *testing.T, st store.Store, fsys fstest.MapFS, former map[string]evidence.ID) {
	t.Helper()
	f, err := Read(fsys, Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	cs := &evidence.ChangeSet{Reason: "import of a case file"}
	for _, c := range f.changes {
		for i, cited := range c.newCitations() {
			c.newCitations()[i].ID = former[cited.Locator]
			require.NotEmpty(t, c.newCitations()[i].ID)
		}
		cs.Changes = append(cs.Changes, c.Change)
	}
	content, err := json.Marshal(cs)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	cs.IdempotencyKey = "import/" + hex.EncodeToString(sum[:16])
	p := planner()
	p.MaxChanges, p.CascadeLimit = math.MaxInt32, math.MaxInt32
	_, err = st.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return p.Plan(ctx, snap, author, cs)
	})
	require.NoError(t, err)
}

// TestWhatAnOlderProgramImportedIsThere under the ids that it gave, which said who
// asserts a citation.
func TestWhatAnOlderProgramImportedIsThere(t *testing.T) {
	rows := "l1,s1,p. 3,mandaba,supports,witness,nota\nl1,s1,p. 5,,Disputes,una testigo,\n"
	former := map[string]evidence.ID{
		"p. 4": formerIDOf("t1", "s1", "p. 4", "", "", "", "", ""),
		"p. 3": formerIDOf("l1", "s1", "p. 3", "mandaba", "supports", "witness", "", "nota"),
		"p. 5": formerIDOf("l1", "s1", "p. 5", "", "Disputes", "una testigo", "", ""),
	}
	imported := func(t *testing.T) store.Store {
		t.Helper()
		st := model.New()
		byOlder(t, st, withCitations(rows), former)
		require.Equal(t, []evidence.ID{min(former["p. 3"], former["p. 5"]), max(former["p. 3"], former["p. 5"])}, idsOf(citationsIn(t, st, "l1")))
		return st
	}
	write := func(t *testing.T, st store.Store, c evidence.Change) {
		t.Helper()
		p := planner()
		_, err := st.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return p.Plan(ctx, snap, author, &evidence.ChangeSet{Reason: "since", Changes: []evidence.Change{c}})
		})
		require.NoError(t, err)
	}
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}, "dry run": {DryRun: true}} {
		t.Run(name, func(t *testing.T) {
			st := imported(t)
			before := head(t, st)
			result, err := load(t, st, withCitations(rows), o)
			require.NoError(t, err)
			require.False(t, result.New)
			require.Equal(t, before, head(t, st))

			write(t, st, evidence.Change{PutEntity: &evidence.PutEntity{ID: "witness", Name: evidence.Of("La testigo")}})
			result, err = load(t, st, withCitations(rows), ImportOptions{DryRun: o.DryRun})
			require.NoError(t, err)
			require.False(t, result.New, "a revision that is known by its key is not looked at again")

			result, err = load(t, st, withCitations(rows+"l1,s1,p. 9,,mentions,,\n"), o)
			require.NoError(t, err)
			require.True(t, result.New)
			if !o.DryRun {
				require.Len(t, citationsIn(t, st, "l1"), 3, "only what is new was added")
			}
		})
		t.Run(name+", what was raised or retracted since", func(t *testing.T) {
			st := imported(t)
			write(t, st, evidence.Change{SetClearance: &evidence.SetClearance{ID: former["p. 3"], Clearance: "CONFIDENTIAL"}})
			result, err := load(t, st, withCitations(rows+"l1,s1,p. 9,,mentions,,\n"), o)
			require.NoError(t, err)
			require.True(t, result.New)
			if !o.DryRun {
				require.Len(t, citationsIn(t, st, "l1"), 3, "what was raised is not told anew")
				require.NotContains(t, records(t, st, former["p. 3"]), former["p. 3"])
			}

			st = imported(t)
			write(t, st, evidence.Change{Retract: &evidence.Retract{ID: former["p. 5"]}})
			_, err = load(t, st, withCitations(rows+"l1,s1,p. 9,,mentions,,\n"), o)
			require.EqualError(t, err, "citations.csv:4: the citation was retracted; undo that revision, or choose another id")
			require.Len(t, citationsIn(t, st, "l1"), 1)
		})
	}
}
