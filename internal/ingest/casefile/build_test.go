package casefile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestExtraLosesNothing: what is no number is told where it stands, and so is a key
// of which the record could keep one value only. Of notes there may be several.
func TestExtraLosesNothing(t *testing.T) {
	for extra, want := range map[string]string{
		"lat=NaN;lon=NaN":                       "lat=NaN and lon=NaN are not both degrees",
		"lat=17;lon=nan":                        "lat=17 and lon=nan are not both degrees",
		"lat=Inf;lon=1":                         "lat=Inf and lon=1 are not both degrees",
		"lat=17;lon=-Infinity":                  "lat=17 and lon=-Infinity are not both degrees",
		"lat=1;lat=2;lon=3":                     "lat is there twice; leave one out",
		"lat=1;lon=2;lon=2":                     "lon is there twice; leave one out",
		"lat=1;lon=2;lat=x":                     "lat is there twice; leave one out",
		"lat=1;lon=2;geo_source=a;geo_source=b": "geo_source is there twice; leave one out",
		"date=2014;date=2015":                   "date is there twice; leave one out",
		"class=true;class=false":                "class is there twice; leave one out",
		"unnamed=true;unnamed=true":             "unnamed is there twice; leave one out",
	} {
		for name, o := range map[string]ImportOptions{"one revision": {}, "dry run": {DryRun: true}} {
			t.Run(extra+", "+name, func(t *testing.T) {
				st := model.New()
				_, err := load(t, st, folder(map[string]string{"entities.csv": "id,kind,name,extra\ne1,Event,Una marcha,role=a\ne2,Event,Otra marcha," + extra + "\n"}), o)
				var faults *Faults
				require.ErrorAs(t, err, &faults)
				require.Len(t, faults.List, 1, faults.Error())
				require.True(t, strings.HasPrefix(faults.Error(), "entities.csv:3: extra: "+want), faults.Error())
				require.Zero(t, head(t, st))
			})
		}
	}
	st := model.New()
	_, err := load(t, st, folder(map[string]string{"entities.csv": "id,kind,name,extra\np1,Person,José,role=alcalde;role=diputado;date=2014;date=2015\n"}), ImportOptions{})
	require.NoError(t, err)
	require.ElementsMatch(t, []evidence.Note{{Key: "role", Value: "alcalde"}, {Key: "role", Value: "diputado"}, {Key: "date", Value: "2014"}, {Key: "date", Value: "2015"}},
		records(t, st, "p1")["p1"].Entity().Notes)
}

// TestAClaimOfManyCitationsIsAssertedWithOneThatSupports: of more citations than go
// with an assertion, the only one that supports may be the last.
func TestAClaimOfManyCitationsIsAssertedWithOneThatSupports(t *testing.T) {
	for _, stance := range []string{"", "supports"} {
		for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 100}} {
			t.Run(stance+" "+name, func(t *testing.T) {
				files := smallCase()
				var rows strings.Builder
				rows.WriteString("claim_id,source_id,locator,stance\nt1,s1,p. 4,\n")
				for page := range maxInline + 2 {
					fmt.Fprintf(&rows, "l1,s1,p. %d,disputes\n", page)
				}
				rows.WriteString("l1,s1,p. 5000," + stance + "\nl1,s1,p. 5001,mentions\n")
				files["citations.csv"] = rows.String()
				st := model.New()
				_, err := load(t, st, folder(files), o)
				require.NoError(t, err)
				require.Equal(t, maxInline+5, totals(t, st)[evidence.CitationRecord], "each once")
				result, err := load(t, st, folder(files), o)
				require.NoError(t, err)
				require.Empty(t, result.Revisions, "it is all there")

				files["citations.csv"] = strings.Replace(rows.String(), "p. 5000,"+stance+"\n", "p. 5000,mentions\n", 1)
				_, err = load(t, model.New(), folder(files), o)
				require.EqualError(t, err, "links.csv:2: no citation supports the claim; give at least one of stance SUPPORTS")
			})
		}
	}
}

// TestASourceOnPaper has no address: publisher, date and shelf mark say where it is.
func TestASourceOnPaper(t *testing.T) {
	st := model.New()
	files := map[string]string{"sources.csv": "id,kind,title,publisher,published,archive\ns1,book,Libro,Ediciones,1998,\"AGN, caja 7\"\n"}
	_, err := load(t, st, folder(files), ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, "AGN, caja 7", records(t, st, "s1")["s1"].Source().Archive)

	files["sources.csv"] = strings.Replace(files["sources.csv"], "caja 7", strings.Repeat("caja 7, ", 10_000), 1)
	_, err = load(t, model.New(), folder(files), ImportOptions{})
	require.ErrorContains(t, err, "sources.csv:2: archive: ")
	files["sources.csv"] = "id,kind,title,publisher,published,archive\ns1,book,Libro,Ediciones,1998,\n"
	_, err = load(t, model.New(), folder(files), ImportOptions{})
	require.EqualError(t, err, "sources.csv:2: url: nobody could open this source; give a url, or publisher, published and archive together")
}

// TestWhatWasErasedIsToldAtItsRow imports again what an erasure took.
func TestWhatWasErasedIsToldAtItsRow(t *testing.T) {
	for name, o := range map[string]ImportOptions{"one revision": {}, "batches": {Batch: 2}, "dry run": {DryRun: true}} {
		t.Run(name, func(t *testing.T) {
			st := model.New()
			_, err := load(t, st, folder(smallCase()), ImportOptions{})
			require.NoError(t, err)
			f, err := Read(folder(smallCase()), Options{Vocabulary: vocabulary.Standard()})
			require.NoError(t, err)
			l1 := f.changes[3].newCitations()[0].ID
			_, err = erasure.Run(t.Context(), st, planner(), erasure.Order{Author: author, Ground: "order 7", IDs: []evidence.ID{l1}})
			require.NoError(t, err)
			_, err = load(t, st, folder(smallCase()), o)
			var faults *Faults
			require.ErrorAs(t, err, &faults)
			told := faults.Error()
			require.Regexp(t, `(?m)^links\.csv:2: "l1" was erased on [-0-9]+ on the ground "order 7"`, told)
			require.Regexp(t, `(?m)^citations\.csv:2: the citation was erased on [-0-9]+ on the ground "order 7"`, told)
			require.NotContains(t, told, string(l1), "the id is none of the file")
			require.Len(t, faults.List, 2, told)
		})
	}
}

// TestADateNeedsTheKind: what the row of an entity that the graph has leaves out, the
// time of an event is not to be mistaken for a note.
func TestADateNeedsTheKind(t *testing.T) {
	st := model.New()
	_, err := load(t, st, folder(map[string]string{"entities.csv": "id,kind,name\ne1,Event,La noche\np1,Person,José\n"}), ImportOptions{})
	require.NoError(t, err)
	_, err = load(t, st, folder(map[string]string{"entities.csv": "id,kind,name,extra\ne1,,,date=2014-09-26\np1,,,role=alcalde\n"}), ImportOptions{})
	require.EqualError(t, err, "entities.csv:2: extra: date is the time of an event, and a note of all else; write the kind of the entity too")
	_, err = load(t, st, folder(map[string]string{"entities.csv": "id,kind,name,extra\ne1,Event,,date=2014-09-26\np1,,,role=alcalde\n"}), ImportOptions{})
	require.NoError(t, err)
	got := records(t, st, "e1", "p1")
	require.Equal(t, "2014-09-26", got["e1"].Entity().When)
	require.Equal(t, []evidence.Note{{Key: "role", Value: "alcalde"}}, got["p1"].Entity().Notes)
}

// TestNoFileIsLostForItsName: nor is what follows from that told beside it.
func TestNoFileIsLostForItsName(t *testing.T) {
	files := smallCase()
	files["Links.csv"], files["citation.csv"] = files["links.csv"], files["citations.csv"]
	delete(files, "links.csv")
	delete(files, "citations.csv")
	files["._links.csv"], files["read me.txt"], files["old/links.csv"] = "\x00", "x", files["Links.csv"]
	_, err := load(t, model.New(), folder(files), ImportOptions{})
	require.EqualError(t, err, "Links.csv: a case file writes its names in lower case; rename it to links.csv\n"+
		"citation.csv: a case file has no file of this name; rename it to one of sources.csv, entities.csv, links.csv, statements.csv, citations.csv, or move it out of the folder")

	_, err = load(t, model.New(), folder(map[string]string{"ENTITIES.CSV": files["entities.csv"]}), ImportOptions{})
	require.EqualError(t, err, "ENTITIES.CSV: a case file writes its names in lower case; rename it to entities.csv")
	_, err = load(t, model.New(), folder(map[string]string{"read me.txt": "x"}), ImportOptions{})
	require.ErrorContains(t, err, "the folder holds none of sources.csv")
}

// TestPartsOfManyLinks reads so many links that parts of them are built at once, and
// compares with how one part builds them.
func TestPartsOfManyLinks(t *testing.T) {
	const many = 2*partLinks + 3
	read := func(processors int, faulty bool) *File {
		before := runtime.GOMAXPROCS(processors)
		defer runtime.GOMAXPROCS(before)
		files := smallCase()
		var links, citations strings.Builder
		links.WriteString("id,kind,from,to,role,since,summary,status\n")
		citations.WriteString("claim_id,source_id,locator,stance\nt1,s1,p. 4,\n")
		for n := range many {
			id, status := fmt.Sprintf("l%d", n), "reported"
			if faulty && n%partLinks == 7 {
				status = "unheard of"
			}
			if faulty && n == many-1 {
				id = "l0"
			}
			fmt.Fprintf(&links, "%s,MEMBER_OF,p1,g1,papel %d,2014,enlace %d,%s\n", id, n, n, status)
			fmt.Fprintf(&citations, "l%d,s1,p. %d,supports\n", n, n)
		}
		for page := range maxInline + 2 {
			fmt.Fprintf(&citations, "l%d,s1,fs. %d,\n", many/2, page)
		}
		files["links.csv"], files["citations.csv"] = links.String(), citations.String()
		f, err := Read(folder(files), Options{Vocabulary: vocabulary.Standard()})
		require.NoError(t, err)
		return f
	}
	for _, faulty := range []bool{false, true} {
		one, parts := read(1, faulty), read(3, faulty)
		require.Len(t, parts.changes, len(one.changes))
		for i := range one.changes {
			if !assert.ObjectsAreEqual(one.changes[i], parts.changes[i]) {
				require.Equal(t, one.changes[i], parts.changes[i])
			}
		}
		require.Equal(t, one.faults.err(0), parts.faults.err(0))
		require.Equal(t, faulty, parts.Faulty())
		if faulty {
			require.Len(t, parts.faults.found, 3, "two statuses and an id: %v", parts.faults.found)
		}
	}
}
