package trace_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// walkPages reads the list of the claims of one entity to its end, the first page
// together with those of other entities.
func walkPages(t require.TestingT, s *trace.Session, of evidence.ID, with []evidence.ID, f trace.ClaimFilter, size int) [][]evidence.ID {
	var pages [][]evidence.ID
	for after, asked := "", append([]evidence.ID{of}, with...); ; asked = []evidence.ID{of} {
		found, err := s.ClaimsOf(context.Background(), asked, f, trace.PageArgs{First: &size, After: after})
		require.NoError(t, err)
		pages = append(pages, listedIDs(found[of]))
		if after = found[of].End; !found[of].HasNext {
			return pages
		}
	}
}

// TestPagesOfMergedEntitiesReadTogetherLoseNoClaim has an entity of whose early
// links a filter drops all that are read at first, and one merged into it with
// late links only.
func TestPagesOfMergedEntitiesReadTogetherLoseNoClaim(t *testing.T) {
	g := newGraph(t)
	write := func(n int, format string, from evidence.ID, since, until string) {
		var links []evidence.Change
		for i := range n {
			l := linked(evidence.ID(fmt.Sprintf(format, i)), from, "far", evidence.NewCitation{Source: "s", Locator: "p. 1"})
			l.AssertLink.Valid = evidence.ValidTime{Since: since, Until: until}
			links = append(links, l)
		}
		g.write(links...)
	}
	g.write(news("s"), person("a", "A"), person("b", "B"), person("c", "C"), person("far", "Far"))
	write(60, "a-old-%02d", "a", "1990", "1991")
	write(10, "a-new-%02d", "a", "2000", "")
	write(40, "b-new-%02d", "b", "2005", "2020")
	g.write(evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "b", Into: "a", Citations: []evidence.NewCitation{cited("cs", "s", "SUPPORTS")}}})
	f := trace.ClaimFilter{Of: evidence.LinkRecord, Kinds: []string{"LINKED_TO"}, During: "2000/2030"}
	var all []evidence.ID
	for _, page := range walkPages(t, g.at(evidence.Public), "a", []evidence.ID{"c"}, f, 10) {
		all = append(all, page...)
	}
	require.Len(t, all, 50)
	require.Equal(t, evidence.ID("a-new-00"), all[0])
}

// TestPagesReadTogetherAreThoseReadAlone asks graphs in which each entity has more
// links than a read of many entities takes of one.
func TestPagesReadTogetherAreThoseReadAlone(t *testing.T) {
	checkRandomly(t, 25, func(t *rapid.T) {
		st := model.New()
		history(t, st, sizes{entities: 5, links: 500, revisions: 2, kinds: []string{"LINKED_TO", "ASSOCIATE_OF"}})
		view := evidence.Now(evidence.Confidential)
		w, s := readWorld(t, st, view), open(t, st, view)
		for range 6 {
			f := someClaimFilter(t, w)
			f.Kinds = nil
			f.During = rapid.SampledFrom([]string{"", "2013", "2014-10/..", "2014-09-26", "2016/..", "2017"}).Draw(t, "during")
			f.Certainty = rapid.SampledFrom([]edtf.Certainty{edtf.Undated, edtf.Possibly, edtf.Definitely}).Draw(t, "certainty")
			if rapid.IntRange(1, 3).Draw(t, "citing") == 1 {
				f.Sources = []evidence.ID{"s3"}
			}
			size := rapid.IntRange(1, 30).Draw(t, "size")
			for _, of := range w.ids() {
				alone := walkPages(t, s, of, nil, f, size)
				require.Equal(t, alone, walkPages(t, s, of, w.ids(), f, size), "%d links a page of %s: %+v", size, of, f)
			}
		}
		require.NoError(t, s.Close())
	})
}
