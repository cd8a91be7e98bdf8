package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestWordsOfWhatIsHidden has readers look for a word that stands in much that they do
// not see: what was always hidden, what was raised, what was retracted and what says
// something else by now. They read as many rows as where none of it is there.
func TestWordsOfWhatIsHidden(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Memory, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	step := 0
	write := func(changes ...evidence.Change) {
		step++
		_, err := storetest.Apply(ctx, s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(t, err)
	}
	source := func(id evidence.ID, clearance string) evidence.Change {
		return evidence.Change{PutSource: &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/"), Clearance: evidence.Of(clearance)}}
	}
	person := func(id evidence.ID, describes, clearance string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{
			ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Juan"), Description: evidence.Of(describes), Clearance: evidence.Of(clearance),
		}}
	}
	linked := func(id, source evidence.ID, clearance string) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{
			ID: id, Kind: "LINKED_TO", From: "a", To: "b", Summary: "vecino del pueblo", Clearance: clearance, Citations: []evidence.NewCitation{{Source: source, Locator: "p. 1"}},
		}}
	}
	write(source("s", "PUBLIC"), source("raised", "PUBLIC"), person("a", "vecino", "PUBLIC"), person("b", "", "PUBLIC"), linked("seen", "s", "PUBLIC"))
	write(person("later", "", "PUBLIC")) // so that the moment before is past
	rows := func(view evidence.View, of evidence.RecordType) (rows int) {
		r, err := s.Raw(ctx, view)
		require.NoError(t, err)
		before := RowsRead(r)
		n := 0
		for _, err := range r.Find(ctx, store.Query{Type: of, Text: []string{"pueb", "vecino"}[int(of%2):], Limit: 10}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 1, n)
		rows = RowsRead(r) - before
		require.NoError(t, r.Close())
		return rows
	}
	type question struct {
		view evidence.View
		of   evidence.RecordType
	}
	questions := []question{
		{evidence.Now(evidence.Public), evidence.LinkRecord}, {evidence.Now(evidence.Restricted), evidence.LinkRecord},
		{evidence.Now(evidence.Public), evidence.EntityRecord}, {evidence.View{Clearance: evidence.Public, KnownAt: 1}, evidence.EntityRecord},
	}
	for _, q := range questions {
		rows(q.view, q.of) // what it reads is kept from now on
	}
	want := map[question]int{}
	for _, q := range questions {
		want[q] = rows(q.view, q.of)
	}
	var first, then []evidence.Change
	for i := range 50 {
		id := func(what string) evidence.ID { return evidence.ID(fmt.Sprint(what, i)) }
		first = append(first, person(id("secret"), "vecino", "CONFIDENTIAL"), person(id("reworded"), "vecino", "PUBLIC"),
			linked(id("hidden"), "s", "CONFIDENTIAL"), linked(id("of-raised"), "raised", "PUBLIC"), linked(id("retracted"), "s", "PUBLIC"))
		then = append(then, person(id("reworded"), "otro", "PUBLIC"), evidence.Change{Retract: &evidence.Retract{ID: id("retracted")}})
	}
	write(first...)
	write(append(then, source("raised", "CONFIDENTIAL"))...)
	for _, q := range questions {
		require.Equal(t, want[q], rows(q.view, q.of), "%+v", q)
	}
	for row, err := range s.Scan(ctx) {
		require.NoError(t, err)
		require.Empty(t, row.Fault)
	}
}

// TestWordsOfAnOlderFile opens a file whose words have no signs.
func TestWordsOfAnOlderFile(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "graph.db")
	s, err := Open(ctx, path, Options{})
	require.NoError(t, err)
	for step, describes := range []string{"vecino", "alcalde"} {
		_, err := storetest.Apply(ctx, s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{
			ID: "a", Kind: evidence.Of("PERSON"), Name: evidence.Of("Juan"), Description: evidence.Of(describes),
		}}}})
		require.NoError(t, err)
	}
	require.NoError(t, s.writer.script(ctx, "INSERT INTO words (words) VALUES ('delete-all'); INSERT INTO words (rowid, text) VALUES (1 << 40 | 1, 'juan alcalde juan vecino'); PRAGMA user_version = 7"))
	require.NoError(t, s.Close())
	s, err = Open(ctx, path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for row, err := range s.Scan(ctx) {
		require.NoError(t, err)
		require.Empty(t, row.Fault)
	}
	for at, word := range []string{"vecino", "alcalde"} {
		r, err := s.Raw(ctx, evidence.View{KnownAt: evidence.Sequence(at + 1)}) //nolint:gosec // 1 or 2
		require.NoError(t, err)
		for _, other := range []string{"vecino", "alcalde"} {
			n := 0
			for _, err := range r.Find(ctx, store.Query{Type: evidence.EntityRecord, Text: []string{other}, Limit: 9}) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, other == word, n == 1)
		}
		require.NoError(t, r.Close())
	}
}
