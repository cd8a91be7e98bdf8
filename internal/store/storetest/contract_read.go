package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func (s *suite) modelOfFixture(t *testing.T, ctx context.Context) *model.Store {
	t.Helper()
	m := model.New()
	for i, cs := range fixture() {
		_, err := Apply(ctx, m, i, Top, cs)
		require.NoError(t, err)
	}
	return m
}

// testAnswers compares every answer of the fixed set with the model's.
func (s *suite) testAnswers(t *testing.T) {
	b := s.bench(t)
	for _, v := range b.views() {
		same(t, b, b.Store, v, allQuestions(space))
	}
}

// testGet asks for records by id.
func (s *suite) testGet(t *testing.T) {
	b := s.bench(t)
	ids := []evidence.ID{"e0", "p-e5", "l4", "c5", "r-l5", "s1", "l2", "never", "e0"}
	for c, want := range [][]evidence.ID{
		evidence.Public:       {"e0"},
		evidence.Restricted:   {"e0", "r-l5", "s1"},
		evidence.Confidential: {"c5", "e0", "l4", "p-e5", "r-l5", "s1"},
	} {
		got, err := b.read(t, evidence.Now(evidence.Clearance(c))).Get(b.ctx, ids) //nolint:gosec // 0 to 2
		require.NoError(t, err)
		var found []evidence.ID
		for id, r := range got {
			require.Equal(t, id, r.ID())
			found = append(found, id)
		}
		slices.Sort(found)
		require.Equal(t, want, found, "clearance %d", c)
	}
	past, err := b.read(t, evidence.View{KnownAt: 4}).Get(b.ctx, []evidence.ID{"l2", "l1", "e2", "s1"})
	require.NoError(t, err)
	require.Contains(t, past, evidence.ID("l2"), "what was retracted since is readable in its past")
	require.Equal(t, "Josefina O'Reilly", past["e2"].Entity().PrimaryName())
	require.NotContains(t, past, evidence.ID("s1"), "what was raised since is hidden in the past too")
	require.NotContains(t, past, evidence.ID("l1"), "and so is what rests on it alone")
	got, err := b.read(t, evidence.Now(evidence.Public)).Get(b.ctx, nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

// testFind lists by each anchor, against lists written by hand.
func (s *suite) testFind(t *testing.T) {
	b := s.bench(t)
	type is = []evidence.ID
	now, all := evidence.Now(evidence.Public), evidence.Now(evidence.Confidential)
	for _, c := range []struct {
		name string
		view evidence.View
		q    store.Query
		want is
	}{
		{"entities by name", now, store.Query{Type: evidence.EntityRecord}, is{"e1", "e2", "e0", "r-e4", "e3"}},
		{"entities backwards", now, store.Query{Type: evidence.EntityRecord, Reverse: true, Limit: 2}, is{"e3", "r-e4"}},
		{"hidden entities", all, store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON"}}, is{"e2", "p-e5", "e0", "r-e4"}},
		{"entities of the past", evidence.View{KnownAt: 1}, store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON"}}, is{"e0", "e2", "r-e4"}},
		{"before all", evidence.View{KnownAt: 0}, store.Query{Type: evidence.EntityRecord}, is{}},
		{"sources by title", now, store.Query{Type: evidence.SourceRecord}, is{"s2", "s0"}},
		{"sources by kind", all, store.Query{Type: evidence.SourceRecord, Kinds: []string{"LEAK"}}, is{"s1"}},
		{"links out", all, store.Query{Type: evidence.LinkRecord, Entities: is{"e0"}, Direction: evidence.Outgoing, Kinds: []string{"LINKED_TO"}, Limit: 3}, is{"many-10", "many-08", "l3"}},
		{"links in", all, store.Query{Type: evidence.LinkRecord, Entities: is{"e0"}, Direction: evidence.Incoming}, is{"l4", "l1"}},
		{"links in, or at either end", all, store.Query{Type: evidence.LinkRecord, Entities: is{"e0"}, Direction: evidence.Incoming, Either: []string{"COMMANDS"}}, is{"l0", "l4", "l1"}},
		{"links of both ends come once", all, store.Query{Type: evidence.LinkRecord, Entities: is{"e2", "e3"}, Kinds: []string{"LINKED_TO"}, Limit: 2}, is{"many-10", "r-l5"}},
		{"links of two kinds", all, store.Query{Type: evidence.LinkRecord, Entities: is{"e0"}, Kinds: []string{"DENIES", "COMMANDS"}}, is{"l0", "p-l6"}},
		{"links that the view does not see", now, store.Query{Type: evidence.LinkRecord, Entities: is{"e0"}, Direction: evidence.Incoming}, is{}},
		{"links of nobody", now, store.Query{Type: evidence.LinkRecord, Entities: is{"never"}}, is{}},
		{"statements", all, store.Query{Type: evidence.StatementRecord, Entities: is{"e0"}}, is{"t1", "t0"}},
		{"statements by attribute", now, store.Query{Type: evidence.StatementRecord, Entities: is{"e0"}, Kinds: []string{"RANK", "OCCUPATION"}}, is{"t0"}},
		{"citations of claims, in their order", all, store.Query{Type: evidence.CitationRecord, Claims: is{"t1", "l1", "l0"}, Kinds: []string{"SUPPORTS", "DISPUTES"}}, is{"p-c8", "c1", "c2", "c0"}},
		{"disputes alone", all, store.Query{Type: evidence.CitationRecord, Claims: is{"t1", "l1", "l0"}, Kinds: []string{"DISPUTES"}}, is{"c2"}},
		{"citations into a source", all, store.Query{Type: evidence.CitationRecord, Sources: is{"s0"}, Limit: 4}, is{"c0", "c2", "c5", "many-00-a"}},
		{"citations into a source, public", now, store.Query{Type: evidence.CitationRecord, Sources: is{"s0"}, Limit: 3}, is{"c0", "many-00-a", "many-00-b"}},
		{"about", all, store.Query{Type: evidence.LinkRecord, About: is{"l1", "l0"}}, is{"p-l6"}},
		{"about what the view does not see", now, store.Query{Type: evidence.LinkRecord, About: is{"never"}}, is{}},
		{"text", all, store.Query{Type: evidence.LinkRecord, Text: []string{"guerr", "nego"}}, is{"p-l6"}},
		{"text of titles", now, store.Query{Type: evidence.SourceRecord, Text: []string{"inf"}}, is{"s0"}},
		{"text inside a word", now, store.Query{Type: evidence.SourceRecord, Text: []string{"uerrero"}}, is{}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, list(t, b, c.view, c.q)) })
	}
	t.Run("a limit of one counts for each stance of each claim", func(t *testing.T) {
		got := list(t, b, all, store.Query{Type: evidence.CitationRecord, Claims: is{"many-01", "l1"}, Limit: 1})
		require.Equal(t, is{"many-01-b", "c1", "c2"}, got)
	})
	t.Run("a caller may stop", func(t *testing.T) {
		for _, err := range b.read(t, all).Find(b.ctx, store.Query{Type: evidence.LinkRecord, Limit: plenty}) {
			require.NoError(t, err)
			break
		}
	})
}

// testPages pages through lists forwards and backwards, in pages of every size.
func (s *suite) testPages(t *testing.T) {
	b := s.bench(t)
	queries := map[string]store.Query{
		"entities": {Type: evidence.EntityRecord}, "sources": {Type: evidence.SourceRecord}, "links": {Type: evidence.LinkRecord},
		"links of the hub":     {Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}},
		"links of the hub out": {Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}, Direction: evidence.Outgoing},
		"links of the hub in":  {Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}, Direction: evidence.Incoming, Either: either},
		"links of two":         {Type: evidence.LinkRecord, Entities: []evidence.ID{"e2", "e3"}},
		"links by kind":        {Type: evidence.LinkRecord, Entities: []evidence.ID{"e0", "e3"}, Kinds: []string{"PAYS", "COMMANDS", "LINKED_TO"}},
		"links with text":      {Type: evidence.LinkRecord, Text: []string{"guerrero"}},
		"statements":           {Type: evidence.StatementRecord, Entities: []evidence.ID{"e0"}},
		"citations of sources": {Type: evidence.CitationRecord, Sources: []evidence.ID{"s0", "s2"}},
		"claims about":         {Type: evidence.LinkRecord, About: []evidence.ID{"l1"}},
	}
	for name, q := range queries {
		for _, v := range []evidence.View{evidence.Now(evidence.Public), evidence.Now(evidence.Confidential), {Clearance: evidence.Restricted, KnownAt: 8}} {
			q.Limit = plenty
			whole := keys(t, b, v, q)
			for size := 1; size <= len(whole)+1; size += 1 + size/3 {
				for _, reverse := range []bool{false, true} {
					got := []string{}
					page := q
					page.Limit, page.Reverse = size, reverse
					for {
						next := keys(t, b, v, page)
						require.LessOrEqual(t, len(next), size)
						got = append(got, next...)
						if len(next) < size {
							break
						}
						page.After = next[len(next)-1]
					}
					if reverse {
						slices.Reverse(got)
					}
					require.Equal(t, whole, got, "%s at %+v in pages of %d, reverse %t", name, v, size, reverse)
				}
			}
			require.True(t, slices.IsSorted(whole), "%s is in the order of its keys", name)
			require.Len(t, slices.Compact(slices.Clone(whole)), len(whole), "%s has no key twice", name)
		}
	}
	t.Run("citations of one claim", func(t *testing.T) {
		q := store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{"many-01"}, Limit: plenty}
		whole := keys(t, b, evidence.Now(evidence.Confidential), q)
		require.Len(t, whole, 2)
		q.After = whole[0]
		require.Equal(t, whole[1:], keys(t, b, evidence.Now(evidence.Confidential), q))
	})
	t.Run("a key that is in no list", func(t *testing.T) {
		q := store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}, After: "DENIES zzz", Limit: 1}
		require.Equal(t, []evidence.ID{"many-10"}, list(t, b, evidence.Now(evidence.Confidential), q))
		q.Reverse = true
		require.Equal(t, []evidence.ID{"p-l6"}, list(t, b, evidence.Now(evidence.Confidential), q))
	})
}

func keys(t *testing.T, b *bench, v evidence.View, q store.Query) []string {
	t.Helper()
	got := []string{}
	r, err := store.Read(b.ctx, b.Store, v, Planner(0).Vocabulary)
	require.NoError(t, err)
	for f, err := range r.Find(b.ctx, q) {
		require.NoError(t, err)
		got = append(got, f.Key)
	}
	require.NoError(t, r.Close())
	return got
}

func edges(t *testing.T, b *bench, v evidence.View, x store.Expansion) []evidence.ID {
	t.Helper()
	got := []evidence.ID{}
	for e, err := range b.read(t, v).Expand(b.ctx, x) {
		require.NoError(t, err)
		at := x.Frontier[e.At]
		require.True(t, e.From == at || e.To == at, "%+v is not at %s", e, at)
		got = append(got, e.Link)
	}
	return got
}

// testExpand expands frontiers, against lists written by hand.
func (s *suite) testExpand(t *testing.T) {
	b := s.bench(t)
	type is = []evidence.ID
	now, all := evidence.Now(evidence.Public), evidence.Now(evidence.Confidential)
	for _, c := range []struct {
		name string
		view evidence.View
		x    store.Expansion
		want is
	}{
		{"entity by entity", all, store.Expansion{Frontier: is{"e1", "p-e5", "r-e4"}, Total: 9}, is{"l0", "l4", "l3"}},
		{"a link at two entities comes twice", all, store.Expansion{Frontier: is{"p-e5", "e0"}, Direction: evidence.Any, Kinds: []string{"LINKED_TO", "COMMANDS"}, PerNode: 2, Total: 9}, is{"l4", "l0", "many-10"}},
		{"out", all, store.Expansion{Frontier: is{"e3", "p-e5"}, Direction: evidence.Outgoing, Total: 9}, is{"l1", "l4"}},
		{"in, or at either end", all, store.Expansion{Frontier: is{"e0", "e1"}, Direction: evidence.Incoming, Either: []string{"COMMANDS"}, Total: 9}, is{"l0", "l4", "l1", "l0"}},
		{"in", all, store.Expansion{Frontier: is{"e0", "e1"}, Direction: evidence.Incoming, Total: 9}, is{"l4", "l1", "l0"}},
		{"hidden", now, store.Expansion{Frontier: is{"p-e5", "r-e4"}, Total: 9}, is{}},
		{"in all", all, store.Expansion{Frontier: is{"e0", "e1"}, PerNode: 2, Total: 3}, is{"l0", "p-l6", "l0"}},
		{"cut", all, store.Expansion{Frontier: is{"e0", "e1"}, PerNode: 2, Total: 2}, is{"l0", "p-l6"}},
		{"kept before the limits", all, store.Expansion{Frontier: is{"e0"}, Keep: func(e *store.Edge) bool { return e.ToPlaceholder || e.Disputed }, PerNode: 2, Total: 9}, is{"l3", "l1"}},
		{"to others", all, store.Expansion{Frontier: is{"e0"}, Others: is{"e1", "never", "p-e5"}, Total: 9}, is{"l0", "l4"}},
		{"out to others", all, store.Expansion{Frontier: is{"e0", "e1"}, Direction: evidence.Outgoing, Others: is{"e0", "e1"}, Total: 9}, is{"l0"}},
		{"to others before the limits", all, store.Expansion{Frontier: is{"e0"}, Others: is{"p-e5"}, PerNode: 1, Total: 1}, is{"l4"}},
		{"to others that are hidden", now, store.Expansion{Frontier: is{"e0"}, Others: is{"p-e5"}, Total: 9}, is{}},
		{"the past to others", evidence.View{KnownAt: 3}, store.Expansion{Frontier: is{"e2"}, Others: is{"e0"}, Total: 9}, is{"l2"}},
		{"the past to others who are not there", evidence.View{KnownAt: 3}, store.Expansion{Frontier: is{"e2"}, Others: is{"e1"}, Total: 9}, is{}},
		{"of more than other calls may name", all, store.Expansion{Frontier: append(make(is, store.MaxBatch), "e1"), Total: 9}, is{"l0"}},
		{"nobody", all, store.Expansion{Frontier: is{"never"}, Total: 9}, is{}},
		{"the past", evidence.View{KnownAt: 3}, store.Expansion{Frontier: is{"e2"}, Total: 9}, is{"l2"}},
		{"the past of nothing", evidence.View{KnownAt: 1}, store.Expansion{Frontier: is{"e2"}, Total: 9}, is{}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, edges(t, b, c.view, c.x)) })
	}
	t.Run("strongest first", func(t *testing.T) {
		last := map[int]store.Edge{}
		n := 0
		for e, err := range b.read(t, all).Expand(b.ctx, store.Expansion{Frontier: is{"e0", "e2"}, Strongest: true, Total: plenty}) {
			require.NoError(t, err)
			n++
			if before, ok := last[e.At]; ok {
				require.GreaterOrEqual(t, before.Strength, e.Strength)
			}
			last[e.At] = e
		}
		require.Equal(t, 24, n)
		few := edges(t, b, all, store.Expansion{Frontier: is{"e0"}, Strongest: true, PerNode: 3, Total: plenty})
		many := edges(t, b, all, store.Expansion{Frontier: is{"e0"}, Strongest: true, Total: plenty})
		require.Equal(t, many[:3], few)
	})
	t.Run("a caller may give up and stop", func(t *testing.T) {
		for _, view := range b.views() {
			ctx, giveUp := context.WithCancel(b.ctx)
			for _, err := range b.read(t, view).Expand(ctx, store.Expansion{Frontier: is{"e0", "e2"}, Total: 9}) {
				require.NoError(t, err)
				giveUp()
				break
			}
			giveUp()
		}
	})
	t.Run("what an edge says", func(t *testing.T) {
		for e, err := range b.read(t, all).Expand(b.ctx, store.Expansion{Frontier: is{"e1"}, Total: 1}) {
			require.NoError(t, err)
			require.Equal(t, "2014-01-01", e.Bounds.SinceEarliest.String())
			require.True(t, e.Dated)
			require.False(t, e.Doubtful || e.Disputed || e.Accepted || e.FromPlaceholder || e.ToPlaceholder)
			require.Equal(t, evidence.Charged, e.Standing)
			require.EqualValues(t, 950, e.Strength)
		}
		for e, err := range b.read(t, now).Expand(b.ctx, store.Expansion{Frontier: is{"e1"}, Total: 1}) {
			require.NoError(t, err)
			require.Equal(t, evidence.Reported, e.Standing, "the standing that a hidden citation shows is hidden")
		}
	})
}

// testCandidates looks up search tokens.
func (s *suite) testCandidates(t *testing.T) {
	b := s.bench(t)
	ask := func(v evidence.View, q store.TokenQuery) []string {
		return lines(b.read(t, v).Candidates(b.ctx, q), candidate)
	}
	now, all := evidence.Now(evidence.Public), evidence.Now(evidence.Confidential)
	require.Equal(t, []string{"jose e0", "joyeros e3"}, ask(now, store.TokenQuery{Prefix: "jo", Limit: 9}))
	require.Equal(t, []string{"joaquin p-e5", "jose e0", "joven r-e4", "joyeros e3"}, ask(all, store.TokenQuery{Prefix: "jo", Placeholders: true, Limit: 9}))
	require.Equal(t, []string{"joaquin p-e5"}, ask(all, store.TokenQuery{Prefix: "jo", Limit: 1}))
	require.Equal(t, []string{"guera e2"}, ask(now, store.TokenQuery{Prefix: "guera", Limit: 9}))
	require.Equal(t, []string{"guera e2"}, ask(now, store.TokenQuery{Prefix: "guera ", Limit: 9}))
	require.Empty(t, ask(now, store.TokenQuery{Prefix: "guer ", Limit: 9}), "no token is so short")
	require.Equal(t, []string{"reilly e2"}, ask(now, store.TokenQuery{Prefix: "rei", Limit: 9}))
	require.Empty(t, ask(now, store.TokenQuery{Prefix: "josefina", Limit: 9}), "a name that was replaced finds nothing")
	require.Equal(t, []string{"josefina e2"}, ask(evidence.View{KnownAt: 4}, store.TokenQuery{Prefix: "josefina", Limit: 9}), "but in its past")
	require.Empty(t, ask(evidence.View{KnownAt: 4}, store.TokenQuery{Prefix: "angela", Limit: 9}))
}

// testCount compares counters with lists.
func (s *suite) testCount(t *testing.T) {
	b := s.bench(t)
	for c := range evidence.Clearance(evidence.Clearances) {
		v := evidence.Now(c)
		for rt := evidence.EntityRecord; rt <= evidence.StatementRecord; rt++ {
			got, err := b.read(t, v).Count(b.ctx, store.CountQuery{Type: rt})
			require.NoError(t, err)
			require.Equal(t, len(list(t, b, v, store.Query{Type: rt})), got[""], "%s at %s", rt, c)
		}
		for d := evidence.Any; d <= evidence.Incoming; d++ {
			for i, kinds := range [][]string{nil, {"LINKED_TO", "PAYS"}, nil, {"LINKED_TO", "COMMANDS"}} {
				across := either[:len(either)*(i/2)]
				got, err := b.read(t, v).Count(b.ctx, store.CountQuery{Of: space.entities, Type: evidence.LinkRecord, Direction: d, Either: across, Kinds: kinds})
				require.NoError(t, err)
				for _, id := range space.entities {
					want := list(t, b, v, store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{id}, Direction: d, Either: across, Kinds: kinds})
					require.Equal(t, len(want), got[id], "links %s of %s at %s", d, id, c)
				}
			}
		}
		got, err := b.read(t, v).Count(b.ctx, store.CountQuery{Of: []evidence.ID{"s0", "s1"}, Type: evidence.CitationRecord})
		require.NoError(t, err)
		for _, id := range []evidence.ID{"s0", "s1"} {
			require.Equal(t, len(list(t, b, v, store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{id}})), got[id], "citations into %s at %s", id, c)
		}
	}
	_, err := b.read(t, evidence.View{KnownAt: 3}).Count(b.ctx, store.CountQuery{Type: evidence.LinkRecord})
	require.ErrorIs(t, err, store.ErrUncounted)
}

// testVersions reads histories of records.
func (s *suite) testVersions(t *testing.T) {
	b := s.bench(t)
	spans := func(v evidence.View, id evidence.ID) [][2]evidence.Sequence {
		got, err := b.read(t, v).Versions(b.ctx, []evidence.ID{id, "never", "c0", id})
		require.NoError(t, err)
		var out [][2]evidence.Sequence
		for _, r := range got[id] {
			out = append(out, [2]evidence.Sequence{r.From, r.To})
		}
		return out
	}
	now := evidence.Now(evidence.Public)
	require.Equal(t, [][2]evidence.Sequence{{1, 5}, {5, evidence.Open}}, spans(now, "e2"))
	require.Equal(t, [][2]evidence.Sequence{{2, 6}}, spans(now, "l2"))
	require.Equal(t, [][2]evidence.Sequence{{1, evidence.Open}}, spans(now, "p-e5"), "whoever may see them")
	require.Empty(t, spans(now, "never"))
	require.Len(t, spans(evidence.View{KnownAt: 4}, "e2"), 1)
	require.Empty(t, spans(evidence.View{KnownAt: 1}, "l0"))

	got, err := b.read(t, now).Versions(b.ctx, []evidence.ID{"l2", "never", "e2", "p-e5", "e2"})
	require.NoError(t, err)
	require.Len(t, got, 3, "ids without versions are left out")
	for id, n := range map[evidence.ID]int{"l2": 1, "e2": 2, "p-e5": 1} {
		require.Len(t, got[id], n, id)
		for _, v := range got[id] {
			require.Equal(t, id, v.ID())
		}
	}
	got, err = b.read(t, now).Versions(b.ctx, nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

// testEverCited asks for what claims were ever cited with.
func (s *suite) testEverCited(t *testing.T) {
	b := s.bench(t)
	for i, c := range []evidence.Change{
		{Cite: &evidence.Cite{Claim: "l1", Citation: citation("came", "s2", "SUPPORTS", 2)}},
		{Retract: &evidence.Retract{ID: "came"}},
		{Cite: &evidence.Cite{Claim: "l1", Citation: evidence.NewCitation{ID: "hidden", Source: "s2", Locator: "p. 4", Clearance: "CONFIDENTIAL"}}},
	} {
		_, err := Apply(b.ctx, b.Store, 30+i, Top, &evidence.ChangeSet{Reason: "cited", Changes: []evidence.Change{c}})
		require.NoError(t, err)
	}
	for _, v := range []evidence.View{evidence.Now(evidence.Public), evidence.Now(evidence.Confidential), {KnownAt: 2}} {
		r := b.read(t, v)
		for _, c := range []struct {
			claim, after evidence.ID
			limit        int
			want         []evidence.ID
		}{
			{"l1", "", plenty, []evidence.ID{"c1", "c2", "came", "hidden"}},
			{"l1", "c1", 2, []evidence.ID{"c2", "came"}},
			{"l1", "hidden", plenty, nil},
			{"l2", "", plenty, []evidence.ID{"c3"}},
			{"e0", "", plenty, nil},
			{"never", "", plenty, nil},
		} {
			got, err := r.EverCited(b.ctx, c.claim, c.after, c.limit)
			require.NoError(t, err)
			if len(c.want)+len(got) > 0 {
				require.Equal(t, c.want, got, "of %s after %q", c.claim, c.after)
			}
		}
	}
}

// testRevisions lists revisions by their number at a clearance.
func (s *suite) testRevisions(t *testing.T) {
	b := s.bench(t)
	_, err := Apply(b.ctx, b.Store, 20, Top, &evidence.ChangeSet{Reason: "secret", Changes: []evidence.Change{cleared(putEntity("secret", "PERSON", "Nadie"), "CONFIDENTIAL")}})
	require.NoError(t, err)
	_, err = Apply(b.ctx, b.Store, 21, Top, &evidence.ChangeSet{Reason: "open", Changes: []evidence.Change{putEntity("open", "PERSON", "Alguien")}})
	require.NoError(t, err)
	numbers := func(v evidence.View, q store.RevisionQuery) []uint64 {
		got := []uint64{}
		for r, err := range b.read(t, v).Revisions(b.ctx, q) {
			require.NoError(t, err)
			got = append(got, r.Numbers[v.Clearance])
			if q.Leaves {
				meta, err := r.Meta()
				require.NoError(t, err)
				require.NotEmpty(t, meta.Reason)
			} else {
				require.Empty(t, r.Leaves)
			}
		}
		return got
	}
	now, all := evidence.Now(evidence.Public), evidence.Now(evidence.Confidential)
	head, err := b.Store.Head(b.ctx)
	require.NoError(t, err)
	require.Equal(t, [evidence.Clearances]uint64{9, 8, 10}, head.Latest)
	require.Equal(t, []uint64{8, 9}, numbers(now, store.RevisionQuery{After: 7, Limit: 9}), "numbers have no gap")
	require.Equal(t, []uint64{8, 9, 10}, numbers(all, store.RevisionQuery{After: 7, Limit: 9, Leaves: true}))
	require.Equal(t, []uint64{9, 8}, numbers(now, store.RevisionQuery{Newest: true, Limit: 2}))
	whole := map[evidence.Sequence]*evidence.Revision{}
	for r, err := range b.Store.Log(b.ctx, 0) {
		require.NoError(t, err)
		whole[r.Sequence()] = r
	}
	for r, err := range b.read(t, all).Revisions(b.ctx, store.RevisionQuery{Limit: 20, Leaves: true, MostLeaves: 3}) {
		require.NoError(t, err)
		logged := whole[r.Sequence()]
		require.Equal(t, logged.Leaves[:min(3, len(logged.Leaves))], r.Leaves)
		require.Equal(t, len(logged.Leaves) <= 3, r.Whole())
	}
	require.Equal(t, []uint64{2, 1}, numbers(now, store.RevisionQuery{Before: 3, Newest: true, Limit: 5}))
	require.Equal(t, []uint64{3}, numbers(now, store.RevisionQuery{After: 2, Before: 4, Limit: 5}))
	require.Equal(t, []uint64{1, 2}, numbers(evidence.View{KnownAt: 2}, store.RevisionQuery{Limit: 5}))
	require.Empty(t, numbers(now, store.RevisionQuery{After: 9, Limit: 5}))
}

// testSecretNames has names that are raised, one by one and by turns: an alias, one
// that is taken away afterwards, and the one by which an entity was called.
func (s *suite) testSecretNames(t *testing.T) {
	o := s.empty(t)
	ctx, step := s.context(t), 0
	put := func(name string, names ...evidence.NewName) evidence.Sequence {
		step++
		c, err := Apply(ctx, o.Store, step, Top, &evidence.ChangeSet{Reason: "names", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{
			ID: "witness", Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names),
		}}}})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	alias := func(text, clearance string) evidence.NewName {
		return evidence.NewName{Text: text, Type: "ALIAS", Clearance: clearance}
	}
	first := put("Juan Pérez", alias("El Topo", "PUBLIC"), alias("Chava", "RESTRICTED"), alias("Zurdo", "PUBLIC"))
	second := put("Testigo Siete", alias("El Topo", "CONFIDENTIAL"), alias("Juan Pérez", "RESTRICTED"), alias("Zurdo", "PUBLIC"))
	third := put("Testigo Siete", alias("Juan Pérez", "RESTRICTED"))
	for _, c := range []struct {
		at        evidence.Sequence
		clearance evidence.Clearance
		called    []string
		listed    bool
	}{
		{first, evidence.Public, []string{"Testigo Siete", "Zurdo"}, false},
		{first, evidence.Restricted, []string{"Juan Pérez", "Chava", "Zurdo"}, true},
		{first, evidence.Confidential, []string{"Juan Pérez", "El Topo", "Chava", "Zurdo"}, true},
		{second, evidence.Public, []string{"Testigo Siete", "Zurdo"}, true},
		{second, evidence.Restricted, []string{"Testigo Siete", "Juan Pérez", "Zurdo"}, true},
		{third, evidence.Public, []string{"Testigo Siete"}, true},
		{third, evidence.Confidential, []string{"Testigo Siete", "Juan Pérez"}, true},
	} {
		r, err := store.Read(ctx, o.Store, evidence.View{Clearance: c.clearance, KnownAt: c.at}, vocabulary.Standard())
		require.NoError(t, err)
		got, err := r.Get(ctx, []evidence.ID{"witness"})
		require.NoError(t, err)
		var called, words []string
		for _, n := range got["witness"].Entity().VisibleNames(c.clearance) {
			called = append(called, n.Text)
		}
		require.Equal(t, c.called, called, "at %d, to %s", c.at, c.clearance)
		var listed []evidence.ID
		for f, err := range r.Find(ctx, store.Query{Type: evidence.EntityRecord, Limit: plenty}) {
			require.NoError(t, err)
			listed = append(listed, f.Record.ID())
		}
		require.Equal(t, c.listed, len(listed) == 1, "where it is listed tells what it was called, at %d to %s", c.at, c.clearance)
		for _, prefix := range []string{"juan", "perez", "topo", "chava", "zurdo"} {
			for x, err := range r.Candidates(ctx, store.TokenQuery{Prefix: prefix, Limit: plenty}) {
				require.NoError(t, err)
				words = append(words, x.Token)
			}
		}
		for _, word := range words {
			require.True(t, slices.ContainsFunc(c.called, func(n string) bool { return strings.Contains(names.Fold(n), word) }), "%s at %d, to %s", word, c.at, c.clearance)
		}
		require.NoError(t, r.Close())
	}
}
