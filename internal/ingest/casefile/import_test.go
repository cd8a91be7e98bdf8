package casefile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func planner() *evidence.Planner {
	return &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now, CascadeLimit: 100, MaxChanges: 10,
		NewID: func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt: func() (salt [16]byte) {
			_, _ = rand.Read(salt[:]) // never fails
			return salt
		},
	}
}

var author = evidence.Author{Name: "import", Clearance: evidence.Confidential}

func load(t *testing.T, st store.Store, fsys fs.FS, o ImportOptions) (Result, error) {
	t.Helper()
	f, err := Read(fsys, Options{Vocabulary: vocabulary.Standard()})
	if err != nil {
		return Result{}, err
	}
	o.Author = author
	return f.Import(t.Context(), st, planner(), o)
}

// totals counts what a reader of the public graph sees.
func totals(t *testing.T, st store.Store) map[evidence.RecordType]int {
	t.Helper()
	r, err := st.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	counts := map[evidence.RecordType]int{}
	for _, of := range []evidence.RecordType{evidence.EntityRecord, evidence.SourceRecord, evidence.LinkRecord, evidence.StatementRecord, evidence.CitationRecord} {
		n, err := r.Count(t.Context(), store.CountQuery{Type: of})
		require.NoError(t, err)
		counts[of] = n[""]
	}
	return counts
}

func head(t *testing.T, st store.Store) evidence.Head {
	t.Helper()
	h, err := st.Head(t.Context())
	require.NoError(t, err)
	return h
}

func records(t *testing.T, st store.Store, ids ...evidence.ID) map[evidence.ID]*evidence.Record {
	t.Helper()
	r, err := st.Raw(t.Context(), evidence.Now(evidence.Public))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	got, err := r.Get(t.Context(), ids)
	require.NoError(t, err)
	return got
}

var whole = map[evidence.RecordType]int{
	evidence.EntityRecord: 203, evidence.LinkRecord: 473, evidence.StatementRecord: 27, evidence.CitationRecord: 902, evidence.SourceRecord: 227,
}

func TestImportsTheWholeCaseFile(t *testing.T) {
	st := model.New()
	result, err := load(t, st, data.Ayotzinapa(), ImportOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, Result{Changes: 227 + 203 + 473 + 27, New: true}, result)
	require.Zero(t, head(t, st), "a dry run writes nothing")

	result, err = load(t, st, data.Ayotzinapa(), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, []uint64{1}, result.Revisions)
	require.Equal(t, whole, totals(t, st))

	before := head(t, st)
	for _, o := range []ImportOptions{{}, {Batch: 100}, {DryRun: true}} {
		result, err = load(t, st, data.Ayotzinapa(), o)
		require.NoError(t, err)
		require.Empty(t, result.Revisions)
		require.False(t, result.New)
		require.Equal(t, before, head(t, st), "a second run changes nothing")
	}
}

func TestColumnsGoWhereTheyBelong(t *testing.T) {
	st := model.New()
	_, err := load(t, st, data.Ayotzinapa(), ImportOptions{})
	require.NoError(t, err)
	got := records(t, st, "chucky", "el-patron", "a1-leader", "unnamed-retired-general", "organised-crime-unnamed", "mexican-courts", "mexican-police", "mexican-cartels", "amlo", "iguala", "iguala-night", "cannon-2022", "L0425")
	for id, identity := range map[evidence.ID]evidence.Identity{
		"chucky": evidence.AliasOnly, "el-patron": evidence.AliasOnly, "a1-leader": evidence.AliasOnly,
		"unnamed-retired-general": evidence.Unidentified, "organised-crime-unnamed": evidence.Unidentified, "mexican-courts": evidence.Unidentified,
		"mexican-police": evidence.Class, "mexican-cartels": evidence.Class, "amlo": evidence.Named,
	} {
		require.NotNil(t, got[id], id)
		require.Equal(t, identity, got[id].Entity().Identity, id)
	}
	amlo := got["amlo"].Entity()
	require.Equal(t, "Andrés Manuel López Obrador", amlo.PrimaryName())
	require.Equal(t, evidence.Name{Text: "AMLO", Type: evidence.AliasName}, amlo.Names[1])
	require.Equal(t, []evidence.Note{{Key: "role", Value: "President of Mexico"}}, amlo.Notes)
	require.Equal(t, "2014-09-26/2014-09-27", got["iguala-night"].Entity().When)
	source := got["cannon-2022"].Source()
	require.Equal(t, "OP_ED", source.Kind)
	require.Equal(t, "en", source.Language)
	require.Equal(t, evidence.ID("L0424"), got["L0425"].Claim().About)
}

// TestNoKindTurnsRound writes out, for each rule of kinds.csv, a sentence in the
// words of the case file and the same fact in the words of the vocabulary.
func TestNoKindTurnsRound(t *testing.T) {
	meaning := map[string]string{ // from the case file's ends A and B
		"SUCCEEDED_BY":          "B SUCCEEDED A",
		"ISSUED_WARRANT_FOR":    "B WARRANT_ISSUED_BY A",
		"RELATED_TO":            "A FAMILY_OF B",
		"TRIGGERED":             "A CAUSED B",
		"WITNESS_FOR":           "A TESTIFIED_FOR B",
		"SUPPORTS_VERSION":      "A TESTIFIED_FOR B",
		"ASSIGNED_TO":           "A SERVES_IN B",
		"SENT_TO_TRIAL_BY":      "A CHARGED_BY B",
		"IDENTIFIED_AS":         "A SAME_AS B",
		"RULED_NOT_PROVEN":      "A DISPUTES B",
		"INTERFERED_WITH":       "A OBSTRUCTED B",
		"IDENTIFIED_REMAINS_OF": "A LINKED_TO B",
		"REMAINS_FOUND_AT":      "A LOCATED_IN B",
		"INCINERATED_AT":        "A LOCATED_IN B",
		"THROWN_INTO":           "A LOCATED_IN B",
		"SEARCHES_FOR":          "A LINKED_TO B",
		"INTERCEDED_FOR":        "A LINKED_TO B",
		"LEAKED":                "A LINKED_TO B",
		"REFUSED_TO_EXTRADITE":  "A LINKED_TO B",
		"RECRUITED_WITNESS":     "A LINKED_TO B",
	}
	rules := map[string]bool{}
	for _, rule := range tables().kinds {
		rules[rule.kind] = true
		from, to := "A", "B"
		if rule.swap {
			from, to = to, from
		}
		require.Equal(t, meaning[rule.kind], from+" "+rule.target+" "+to, rule.kind)
	}
	require.Len(t, rules, len(meaning))

	st := model.New()
	_, err := load(t, st, data.Ayotzinapa(), ImportOptions{})
	require.NoError(t, err)
	var links table
	links.read(data.Ayotzinapa(), linksFile, Limits{})
	require.Empty(t, links.faults.found)
	lastResort := 0
	for i := range links.rows {
		r := &links.rows[i]
		id := evidence.ID(r.get("id"))
		stored := records(t, st, id)[id].Claim()
		ends := map[string]string{string(stored.From): "B", r.get("from"): "A"}
		sentence := ends[string(stored.From)] + " " + stored.Kind + " " + map[string]string{"A": "B", "B": "A"}[ends[string(stored.From)]]
		want, mapped := meaning[r.get("kind")]
		if !mapped {
			want = "A " + r.get("kind") + " B"
		}
		require.Equal(t, want, sentence, id)
		require.ElementsMatch(t, []string{r.get("from"), r.get("to")}, []string{string(stored.From), string(stored.To)}, id)
		require.True(t, strings.HasSuffix(stored.Role, r.get("role")), id)
		if stored.Kind == vocabulary.LastResort {
			lastResort++
			require.NotEmpty(t, stored.Role, id)
		}
	}
	require.LessOrEqual(t, lastResort, 10)
	require.Equal(t, evidence.Refuted, standingOf(t, st, links.rows, "INCINERATED_AT"))
}

func standingOf(t *testing.T, st store.Store, rows []row, kind string) evidence.Standing {
	t.Helper()
	for i := range rows {
		if rows[i].get("kind") == kind {
			id := evidence.ID(rows[i].get("id"))
			return records(t, st, id)[id].Claim().Standing[0].Standing
		}
	}
	t.Fatalf("no link is a %s", kind)
	return 0
}

// TestEveryStandingCanBeSaid of what somebody is said to have done; of a step of a
// procedure, only that it is reported or found.
func TestEveryStandingCanBeSaid(t *testing.T) {
	said := map[string]evidence.Standing{"found": evidence.OfficiallyFound}
	for standing := evidence.Reported; standing <= evidence.Retracted; standing++ {
		if standing != evidence.OfficiallyFound {
			said[strings.ToLower(standing.String())] = standing
		}
	}
	for status, want := range said {
		got, err := tables().standing(false, status)
		require.NoError(t, err)
		require.Equal(t, want, got, status)
		got, err = tables().standing(true, status)
		require.NoError(t, err)
		require.True(t, got.FitsProcedure(), status)
	}
}

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func smallCase() map[string]string {
	return map[string]string{
		"sources.csv":    "id,kind,title,url,published\ns1,news,Título,https://example.org/1,2014-10\n",
		"entities.csv":   "id,kind,name,aliases,extra\np1,Person,José Pérez,El Pepe;Pepe; El Pepe,role=alcalde\nu1,MilitaryUnit,27 Batallón,,lat=18.3;lon=-99.5;geo_source=atlas\n",
		"links.csv":      "id,kind,from,to,role,since,until,status\nl1,COMMANDS,p1,u1,,../2014-09-26,2015,alleged\n",
		"statements.csv": "id,entity,attribute,value\nt1,p1,RANK,Coronel\n",
		"citations.csv":  "claim_id,source_id,locator,fragment,stance,attributed_to\nl1,s1,p. 4,mandaba,supports,p1\nt1,s1,p. 5,,,un testigo\n",
	}
}

// TestRolesKeepTheirMeaning: a role is read from the first end to the second, so
// one that comes from the inverse kind says of whom it speaks; and a relation that
// is not said to be of family does not become one.
func TestRolesKeepTheirMeaning(t *testing.T) {
	st := model.New()
	_, err := load(t, st, data.Ayotzinapa(), ImportOptions{})
	require.NoError(t, err)
	got := records(t, st, "L0038", "L0339", "L0402", "L0243")
	require.Empty(t, got["L0038"].Claim().Role)
	require.Equal(t, evidence.ID("los-pelones"), got["L0339"].Claim().To)
	require.Equal(t, "of the predecessor: turned into / joined", got["L0339"].Claim().Role)
	require.Equal(t, "recruited the other as a witness", got["L0402"].Claim().Role)
	require.Equal(t, "with 15 other soldiers", got["L0243"].Claim().Role)

	for role, want := range map[string]string{
		"cousin": "FAMILY_OF", "Husband and wife": "FAMILY_OF", "father of one": "FAMILY_OF",
		"partner in business": "RELATED_TO", "": "RELATED_TO", "fatherly friend": "RELATED_TO",
	} {
		rule := tables().mapKind(vocabulary.Standard(), "RELATED_TO", role)
		require.Equal(t, want, rule.target, role)
	}
}

// TestRulesSayWhatTheKindSays: a rule is for any case, so that it may not put into
// the role what one source or another says.
func TestRulesSayWhatTheKindSays(t *testing.T) {
	for kind, want := range map[string]string{
		"SUPPORTS_VERSION": "supports the version: in part", "REFUSED_TO_EXTRADITE": "refused to extradite: in part", "LEAKED": "leaked: in part",
		"SEARCHES_FOR": "searches for: in part", "THROWN_INTO": "thrown into it: in part", "SENT_TO_TRIAL_BY": "sent to trial: in part",
	} {
		rule := tables().mapKind(vocabulary.Standard(), kind, "in part")
		require.Equal(t, want, rule.role("in part"), kind)
	}
	st := model.New()
	_, err := load(t, st, folder(map[string]string{
		"entities.csv": "id,kind,name\nmexican-cartels,CriminalGroup,Mexican drug cartels (as a class)\n",
	}), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, evidence.Named, records(t, st, "mexican-cartels")["mexican-cartels"].Entity().Identity, "the file does not say that it is a class")
}

// TestTellsEveryFaultAtOnce: rows that cannot be read hide nothing of what is wrong
// with the others, and what only follows from a fault is not told beside it.
func TestTellsEveryFaultAtOnce(t *testing.T) {
	files := map[string]string{
		"sources.csv": "id,kind,title,url,published\n" +
			"s1,news,Título,https://example.org/1,2014-10\n" +
			"s2,newz,Título,ftp://x,2014-13\n" +
			"s3,news,One, two,https://example.org/3,2014\n" +
			"s 4,news,Spaced,https://example.org/4,2014\n",
		"entities.csv": "id,kind,name,extra\n" +
			"p1,Person,José,\n" +
			"p2,Persona,María,\n" +
			"u1,MilitaryUnit,27 Batallón,lat=north;lon=1;colour\n" +
			"p1,MilitaryUnit,,\n" +
			",Person,No id,colour\n" +
			"p3,Person\n" +
			"u2,MilitaryUnit,28 Batallón,lat=99;lon=1;shade\n" +
			"p4,Person,Bad \xff name,\n",
		"links.csv": "id,kind,from,to,since,until,status,about\n" +
			"l1,COMMANDS,u9,p1,2015,2014,guilty,\n" + // unknown end, dates, status
			"l2,COMMANDS,p2,u1,,,,\n" + // an end of an unknown kind
			"l3,COMMANDS,p3,u1,,,,\n" + // an end that could not be read
			"l4,COMMANDS,p1,u1\n" +
			"l5,DENIES,p1,u1,,,,l4\n" + // speaks of a claim that could not be read
			"l6,LIKES,p1,u1,,,,\n" +
			"l1,COMMANDS,p1,u9,,,,\n" + // a duplicate, and its end
			"l8,COMMANDS,p1,u1,,,,\n" + // the one citation has a bad stance
			"l9,COMMANDS,p1,u1,,,,\n" + // the one citation could not be read
			"l10,COMMANDS,p1,u1,,,,\n" + // no citation
			"l11,SUCCEEDED_BY,p1,p9,,,,\n" + // the ends are swapped
			"l12,COMMANDS,u1,p1,,,,\n" + // the ends do not fit
			"l13,COMMANDS,p4,u1,,,,\n",
		"statements.csv": "id,entity,attribute,value\nt1,p1,RANK,Coronel\nl1,p1,RANKS,Coronel\nt3,p9,RANK,\n",
		"citations.csv": "claim_id,source_id,locator,fragment,stance\n" +
			"l1,s9,,,\n" +
			"l2,s3,p. 1,,\n" + // a source that could not be read
			"l3,s 4,p. 1,,\n" + // a source whose id is refused
			"l4,s1,p. 1,,\n" + // a claim that could not be read
			"l5,s1,p. 1,,\n" +
			"l6,s1,p. 1,,\n" +
			"l8,s1,p. 1,,agrees\n" +
			"l9,s1,p. 1,two, words,,\n" +
			"l11,s1,p. 1,,\nl12,s2,p. 1,,\nl13,s1,p. 1,,\n" +
			"t1,s1,p. 1,,\nt1,s1,p. 1,,\nt3,s1,p. 1,,\n" +
			"l77,s1,p. 1,,\n,s1,p. 1,,\n",
	}
	const spare, oddField = "it is empty; give ", "put fields with commas or quotes in quotes"
	want := []string{
		`sources.csv:3: kind: "NEWZ" is not`, `sources.csv:3: published: `, `sources.csv:3: url: "ftp://x" is not`,
		`sources.csv:4: the line has 6 fields and the header 5; ` + oddField,
		`sources.csv:5: id: "s 4" is not an id`,
		`entities.csv:3: kind: "Persona" is not`,
		`entities.csv:4: extra: "colour" is not`, `entities.csv:4: extra: lat=north and lon=1 are not`,
		`entities.csv:5: id: "p1" is the id of entities.csv:2 already`, `entities.csv:5: name: `,
		`entities.csv:6: id: ` + spare, `entities.csv:6: extra: "colour" is not`,
		`entities.csv:7: the line has 2 fields and the header 4; ` + oddField,
		`entities.csv:8: extra: "shade" is not`, `entities.csv:8: extra: latitude 99`,
		`entities.csv:9: name: the text is not valid UTF-8`,
		`links.csv:2: from: there is no entity "u9"`, `links.csv:2: since: `, `links.csv:2: status: "guilty" is not a status`,
		`links.csv:5: the line has 4 fields and the header 8; ` + oddField,
		`links.csv:7: kind: "LIKES" is not a kind of link`,
		`links.csv:8: id: "l1" is the id of links.csv:2 already`, `links.csv:8: to: there is no entity "u9"`,
		`links.csv:11: no citation supports the claim`,
		`links.csv:12: to: there is no entity "p9"`,
		`links.csv:13: kind: COMMANDS does not lead from a MILITARY_UNIT to a PERSON`,
		`statements.csv:3: id: "l1" is the id of links.csv:2 already`, `statements.csv:3: attribute: "RANKS" is not`,
		`statements.csv:4: entity: there is no entity "p9"`, `statements.csv:4: value: `,
		`citations.csv:2: source_id: there is no source "s9"`, `citations.csv:2: locator: the citation names no place`,
		`citations.csv:8: stance: `,
		`citations.csv:9: the line has 7 fields and the header 5; ` + oddField,
		`citations.csv:14: the line says the same as line 13`,
		`citations.csv:16: claim_id: there is no claim "l77"`,
		`citations.csv:17: claim_id: ` + spare,
	}
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 3}, "dry run": {DryRun: true}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(files), o)
			var faults *Faults
			require.ErrorAs(t, err, &faults)
			told := strings.Split(faults.Error(), "\n")
			for i, line := range told {
				require.Less(t, i, len(want), "more than was looked for: %q", told[i:])
				require.True(t, strings.HasPrefix(line, want[i]), "got  %q\nwant %q", line, want[i])
			}
			require.Len(t, told, len(want))
			require.Zero(t, head(t, st), "nothing is written while anything is wrong")

			f, err := Read(folder(files), Options{Vocabulary: vocabulary.Standard(), MaxFaults: 2})
			require.NoError(t, err)
			require.True(t, f.Faulty())
			_, err = f.Import(t.Context(), st, planner(), ImportOptions{Author: author})
			require.ErrorAs(t, err, &faults)
			require.Len(t, faults.List, 2)
			require.Equal(t, len(want)-2, faults.More)
		})
	}
}

// TestAFileCutShortBlamesNoOther: of a file that could not be read to its end, what
// others speak of may stand in the rest.
func TestAFileCutShortBlamesNoOther(t *testing.T) {
	for name, broken := range map[string]struct{ text, fault string }{
		"sources.csv":    {"id,kind,title\ns0,news,a \"b\n", "sources.csv:2: a quote"},
		"entities.csv":   {"id,kind\np1,Person\n", "entities.csv:1: name: the column is missing"},
		"links.csv":      {"\xff\xfei", "links.csv:1: the file is in UTF-16"},
		"statements.csv": {"", "statements.csv: it is empty"},
		"citations.csv":  {"claim_id,source_id,locator\nl1,s1,\"p. 4\n", "citations.csv:2: a quoted field"},
	} {
		t.Run(name, func(t *testing.T) {
			files := smallCase()
			files[name] = broken.text
			if name == "sources.csv" {
				files["statements.csv"] += "t2,p1,RANKS,x\n"
				files["citations.csv"] += "t2,s1,p. 5,,,\n"
			}
			st := model.New()
			_, err := load(t, st, folder(files), ImportOptions{})
			var faults *Faults
			require.ErrorAs(t, err, &faults)
			told := strings.Split(faults.Error(), "\n")
			if name == "sources.csv" {
				// the broken row's own file was read up to it
				require.Contains(t, told[len(told)-1], `statements.csv:3: attribute: "RANKS"`)
				told = told[:len(told)-1]
			}
			require.Len(t, told, 1, told)
			require.True(t, strings.HasPrefix(told[0], broken.fault), told[0])
			require.Zero(t, head(t, st))
		})
	}
}

func TestGrowsAndNamesWhatIsInTheWay(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(smallCase()), ImportOptions{})
	require.NoError(t, err)
	got := records(t, st, "p1", "u1")
	require.Equal(t, []string{"José Pérez", "El Pepe", "Pepe"}, []string{got["p1"].Entity().Names[0].Text, got["p1"].Entity().Names[1].Text, got["p1"].Entity().Names[2].Text})
	require.Equal(t, &evidence.Point{Latitude: 18.3, Longitude: -99.5, Source: "atlas"}, got["u1"].Entity().Point)

	grown := smallCase()
	grown["citations.csv"] += "l1,s1,p. 9,,disputes,\n"
	result, err := load(t, st, folder(grown), ImportOptions{})
	require.NoError(t, err)
	require.Len(t, result.Revisions, 1)
	require.Equal(t, 3, totals(t, st)[evidence.CitationRecord])
	result, err = load(t, st, folder(grown), ImportOptions{Batch: 2})
	require.NoError(t, err)
	require.Empty(t, result.Revisions)

	only := map[string]string{"citations.csv": "claim_id,source_id,locator\nl1,s1,p. 77\n"}
	_, err = load(t, st, folder(only), ImportOptions{})
	require.NoError(t, err, "a folder may add to what the graph has")
	require.Equal(t, 4, totals(t, st)[evidence.CitationRecord])

	changed := smallCase()
	changed["links.csv"] = strings.Replace(changed["links.csv"], "2015", "2016", 1)
	_, err = load(t, st, folder(changed), ImportOptions{})
	require.EqualError(t, err, `links.csv:2: id: claim "l1" exists with other content; choose another id, or retract it first`)

	changed["entities.csv"] += "p2,Persona,Ana,,\n"
	changed["citations.csv"] += "l1,s9,p. 8,,,\n"
	changed["statements.csv"] += "t2,p1\n"
	_, err = load(t, st, folder(changed), ImportOptions{Batch: 2})
	require.EqualError(t, err, `entities.csv:4: kind: "Persona" is not a kind of entity; see the vocabulary
links.csv:2: id: claim "l1" exists with other content; choose another id, or retract it first
statements.csv:3: the line has 2 fields and the header 4; put fields with commas or quotes in quotes
citations.csv:4: source_id: there is no source "s9"; make it first, or mend the id`)

	_, err = load(t, st, folder(nil), ImportOptions{})
	require.ErrorContains(t, err, "the folder holds none of sources.csv")
}

// failing refuses to write after some revisions, as a store does that is cut off.
type failing struct {
	store.Store
	left int
}

var errCut = errors.New("cut off")

func (f *failing) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	return f.Store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		commit, err := plan(ctx, snap)
		if err == nil && commit.New {
			if f.left == 0 {
				return nil, errCut
			}
			f.left--
		}
		return commit, err
	})
}

func TestBatchesResume(t *testing.T) {
	st := model.New()
	cut := &failing{Store: st, left: 4}
	result, err := load(t, cut, data.Ayotzinapa(), ImportOptions{Batch: 100})
	require.ErrorIs(t, err, errCut)
	require.Equal(t, []uint64{1, 2, 3, 4}, result.Revisions)
	var steps []int
	result, err = load(t, st, data.Ayotzinapa(), ImportOptions{Batch: 100, Progress: func(done, total int) {
		require.Equal(t, 930, total)
		steps = append(steps, done)
	}})
	require.NoError(t, err)
	require.Equal(t, []uint64{5, 6, 7, 8, 9, 10}, result.Revisions)
	require.Equal(t, []int{500, 600, 700, 800, 900, 930}, steps)
	require.Equal(t, whole, totals(t, st))
}

func TestClaimsThatSpeakOfEachOtherStayTogether(t *testing.T) {
	files := smallCase()
	files["links.csv"] = "id,kind,from,to,about\n" +
		"l1,DENIES,p1,u1,l4\nl2,DENIES,p1,u1,l3\nl3,DENIES,p1,u1,l5\nl4,COMMANDS,p1,u1,\nl5,DENIES,p1,u1,l2\n"
	files["citations.csv"] = "claim_id,source_id,locator\n"
	for _, id := range []string{"l1", "l2", "l3", "l4", "l5", "t1"} {
		files["citations.csv"] += id + ",s1,p. 1\n"
	}
	for batch := 1; batch <= 4; batch++ {
		st := model.New()
		_, err := load(t, st, folder(files), ImportOptions{Batch: batch})
		require.NoError(t, err)
		require.Equal(t, 5, totals(t, st)[evidence.LinkRecord])
	}
}

// TestInOrder has claims that speak of others at random, of ones that are not in the
// file too: each comes behind the one that it speaks of but in a ring, none is lost,
// and where none speaks of another nothing is moved, nor copied.
func TestInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(r, "claims")
		changes := make([]change, n)
		about := make([]int, n) // -1 for none
		speaking := false
		for i := range changes {
			about[i] = rapid.IntRange(-n, n-1).Draw(r, "about")
			l := &evidence.AssertLink{ID: evidence.ID(fmt.Sprint("l", i)), About: "elsewhere"}
			if about[i] >= 0 {
				l.About, speaking = evidence.ID(fmt.Sprint("l", about[i])), true
			}
			changes[i].AssertLink = l
		}
		ordered := inOrder(changes)
		if !speaking {
			require.Same(r, &changes[0], &ordered[0])
		}
		at := map[evidence.ID]int{}
		for i := range ordered {
			at[ordered[i].AssertLink.ID] = i
		}
		require.Len(r, at, n)
		for i := range changes {
			ring := false
			for j, steps := about[i], 0; j >= 0 && steps < n && !ring; j, steps = about[j], steps+1 {
				ring = j == i
			}
			if about[i] >= 0 && !ring {
				require.Less(r, at[changes[about[i]].AssertLink.ID], at[changes[i].AssertLink.ID])
			}
		}
	})
}

func TestADeploymentsOwnKindNeedsNoRule(t *testing.T) {
	custom, err := vocabulary.Standard().Extend(strings.NewReader(ownKind))
	require.NoError(t, err)
	files := maps.Clone(smallCase())
	files["links.csv"] = "id,kind,from,to\nl1,LEAKED,p1,u1\n"
	f, err := Read(folder(files), Options{Vocabulary: custom})
	require.NoError(t, err)
	st := model.With(custom)
	p := planner()
	p.Vocabulary = custom
	_, err = f.Import(t.Context(), st, p, ImportOptions{Author: author})
	require.NoError(t, err)
	require.Equal(t, "LEAKED", records(t, st, "l1")["l1"].Claim().Kind)
}

const ownKind = `links:
  - name: LEAKED
    label: {en: leaked}
    inverse: {en: was leaked by}
    meaning: Made documents of the other public.
    from: [PERSON]
    to: [MILITARY_UNIT]
    aspect: EVENT
`

// TestEveryColumnIsDocumented fails when the page on importing and the reader
// drift.
func TestEveryColumnIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/import.md")
	require.NoError(t, err)
	for _, name := range fileNames {
		_, section, found := strings.Cut(string(page), "## "+name)
		require.True(t, found, name)
		section, _, _ = strings.Cut(section, "\n## ")
		for _, column := range columnsOf[name].required {
			require.Contains(t, section, "`"+column+"`*", name)
		}
		for _, column := range columnsOf[name].optional {
			require.Contains(t, section, "`"+column+"`", name)
		}
	}
}
