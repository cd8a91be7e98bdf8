package sqlite_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// reads asks a store for a bit of everything.
func reads(t *testing.T, s *sqlite.Store) {
	t.Helper()
	for _, v := range []evidence.View{evidence.Now(evidence.Public), evidence.Now(evidence.Confidential), {Clearance: evidence.Confidential, KnownAt: 1}} {
		r, err := s.Raw(t.Context(), v)
		require.NoError(t, err)
		all := func(q store.Query) {
			for _, reverse := range []bool{false, true} {
				q.Limit, q.Reverse = 10, reverse
				for _, err := range r.Find(t.Context(), q) {
					require.NoError(t, err)
				}
			}
		}
		all(store.Query{Type: evidence.EntityRecord})
		all(store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON", "PLACE"}})
		all(store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{hub}})
		all(store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{hub, "e1", "e2"}, Kinds: []string{"PAYS", "PROTECTS"}})
		all(store.Query{Type: evidence.LinkRecord, About: []evidence.ID{"l1"}})
		all(store.Query{Type: evidence.LinkRecord, Text: []string{"iguala"}})
		all(store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{"l1", "l2"}})
		all(store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{"s0"}})
		for _, err := range r.Candidates(t.Context(), store.TokenQuery{Prefix: "jo", Limit: 5}) {
			require.NoError(t, err)
		}
		for _, err := range r.Revisions(t.Context(), store.RevisionQuery{Newest: true, Limit: 3, Leaves: true}) {
			require.NoError(t, err)
		}
		for _, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{"e1", "e2"}, Total: 50}) {
			require.NoError(t, err)
		}
		if v.IsNow() {
			_, err := r.Count(t.Context(), store.CountQuery{Of: []evidence.ID{hub}, Type: evidence.LinkRecord})
			require.NoError(t, err)
		}
		_, err = r.Versions(t.Context(), []evidence.ID{"e1"})
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
	for _, err := range s.Log(t.Context(), 0) {
		require.NoError(t, err)
	}
}

// TestNoStatementScans looks at the plan of every statement that reading and
// writing has prepared: each seeks, none walks a table or sorts.
func TestNoStatementScans(t *testing.T) {
	s := madeStore(t, 500)
	s.KeepCold()
	write(t, s, set("e1", "Otro Nombre"))
	write(t, s, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{Retract: &evidence.Retract{ID: "l7"}}, {SetClearance: &evidence.SetClearance{ID: "s1", Clearance: "RESTRICTED"}}}})
	reads(t, s)
	plans := sqlite.Plans(t, s)
	require.Greater(t, len(plans), 25)
	for sql, plan := range plans {
		for _, line := range plan {
			switch {
			case strings.HasPrefix(line, "SCAN words VIRTUAL TABLE"): // a full-text match
			case line == "SCAN CONSTANT ROW":
			case line == "SCAN revision" && strings.HasSuffix(sql, "ORDER BY seq DESC LIMIT 1"): // its end
			default:
				require.NotContains(t, line, "SCAN", sql)
			}
			require.NotContains(t, line, "TEMP B-TREE", sql)
		}
	}
}

// TestHubPage reads pages of an entity with very many links: as many rows as of
// any other entity, in whatever view and with whatever kinds.
func TestHubPage(t *testing.T) {
	s := madeStore(t, 3000)
	read := func(v evidence.View, q store.Query) (rows, found int) {
		r, err := s.Raw(t.Context(), v)
		require.NoError(t, err)
		before := sqlite.RowsRead(r)
		for _, err := range r.Find(t.Context(), q) {
			require.NoError(t, err)
			found++
		}
		rows = sqlite.RowsRead(r) - before
		require.NoError(t, r.Close())
		return rows, found
	}
	for _, v := range []evidence.View{evidence.Now(evidence.Public), evidence.Now(evidence.Confidential), {Clearance: evidence.Public, KnownAt: 1}} {
		for _, kinds := range [][]string{nil, {"PAYS"}, {"PAYS", "PROTECTS"}} {
			for _, after := range []string{"", "M"} {
				rows, found := read(v, store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{hub}, Kinds: kinds, After: after, Limit: 25})
				require.Equal(t, 25, found)
				require.LessOrEqual(t, rows, 100, "a page of 25 read %d rows", rows)
			}
		}
	}
	rows, _ := read(evidence.Now(evidence.Public), store.Query{Type: evidence.EntityRecord, Kinds: []string{"PLACE"}, Limit: 25})
	require.LessOrEqual(t, rows, 5, "a kind that nothing has costs nothing, however much there is of others")
}

// TestAskingWhatIsNotAnswered gives each reading method what it refuses.
func TestAskingWhatIsNotAnswered(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "graph.db"), sqlite.Options{})
	r := now(t, s, evidence.Public)
	many := make([]evidence.ID, store.MaxBatch+1)
	_, err := r.Get(t.Context(), many)
	require.ErrorContains(t, err, "10001 ids are more than the 10000")
	_, err = r.Versions(t.Context(), many)
	require.ErrorContains(t, err, "10001 ids are more than the 10000")
	for _, q := range []store.Query{
		{Type: evidence.LinkRecord},
		{Type: evidence.LinkRecord, Limit: store.MaxBatch + 1},
		{Type: evidence.LinkRecord, Limit: 1, Entities: many},
		{Type: evidence.LinkRecord, Limit: 1, Entities: many[:1], Text: []string{"x"}},
	} {
		n := 0
		for _, err := range r.Find(t.Context(), q) {
			require.Error(t, err)
			n++
		}
		require.Equal(t, 1, n)
	}
	for _, err := range r.Expand(t.Context(), store.Expansion{Frontier: many[:1]}) {
		require.ErrorContains(t, err, "no limits")
	}
	_, err = s.Raw(t.Context(), evidence.View{Clearance: evidence.Hidden, KnownAt: evidence.Open})
	require.Error(t, err)
}

// TestLinksOfMany asks for the links of more entities than one statement merges.
func TestLinksOfMany(t *testing.T) {
	s := madeStore(t, 400)
	r := now(t, s, evidence.Confidential)
	var of []evidence.ID
	for i := range 70 {
		of = append(of, evidence.ID("e"+strconv.Itoa(i)))
	}
	var want []string
	for f, err := range r.Find(t.Context(), store.Query{Type: evidence.LinkRecord, Limit: store.MaxBatch}) {
		require.NoError(t, err)
		if c := f.Record.Claim(); slices.Contains(of, c.From) || slices.Contains(of, c.To) {
			want = append(want, f.Key)
		}
	}
	require.Greater(t, len(want), 100)
	for _, reverse := range []bool{false, true} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			before := len(got)
			for f, err := range r.Find(t.Context(), store.Query{Type: evidence.LinkRecord, Entities: of, After: after, Reverse: reverse, Limit: 30}) {
				require.NoError(t, err)
				got = append(got, f.Key)
			}
			if len(got) < before+30 {
				break
			}
		}
		require.Equal(t, want, got)
		slices.Reverse(want)
	}
}
