package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// pair is a store under test beside the model, both given the same steps.
type pair struct {
	*rapid.T
	ctx   context.Context //nolint:containedctx // lives for one property
	store store.Store
	model *model.Store
	step  int
	last  drawn // the change set that was applied last
}

func (s *suite) pair(t *testing.T, r *rapid.T) (*pair, func()) {
	t.Helper()
	o := s.open(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	return &pair{T: r, ctx: ctx, store: o.Store, model: model.New()}, func() {
		cancel()
		_ = o.Store.Close()
	}
}

// apply gives both stores a change set, which must come to the same in both.
func (p *pair) apply(author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	p.step++
	p.last = drawn{author, cs}
	want, wantErr := Apply(p.ctx, p.model, p.step, author, cs)
	got, err := Apply(p.ctx, p.store, p.step, author, cs)
	require.Equal(p, commit(want, wantErr), commit(got, err), "step %d by %s: what %s came to", p.step, author.Name, asJSON(cs))
	return got, err
}

func (p *pair) random(g *generator) (*evidence.Commit, error) {
	author, cs := g.next(p.ctx, p.T, p.model, p.step)
	return p.apply(author, cs)
}

func (p *pair) head() evidence.Head {
	head, err := p.store.Head(p.ctx)
	require.NoError(p, err)
	return head
}

// sameAnswers compares the two stores in one view.
func (p *pair) sameAnswers(v evidence.View, qs []question) {
	want, err := answers(p.ctx, p.model, v, false, qs)
	require.NoError(p, err)
	got, err := answers(p.ctx, p.store, v, false, qs)
	require.NoError(p, err)
	for i := range want {
		require.Equal(p, want[i], got[i], "known at %d", v.KnownAt)
	}
}

// bare are the answers of now for every clearance, without what tells of history.
func (p *pair) bare(st store.Store, qs []question) [][]string {
	var all [][]string
	for c := range evidence.Clearance(evidence.Clearances) {
		got, err := answers(p.ctx, st, evidence.Now(c), true, qs)
		require.NoError(p, err)
		all = append(all, got...)
	}
	return all
}

func (p *pair) same(want, got [][]string, what string) {
	for i := range want {
		require.Equal(p, want[i], got[i], what)
	}
}

// testHistories applies random histories to the store and to the model, and
// checks that they agree and that the invariants hold.
func (s *suite) testHistories(t *testing.T) {
	s.check(t, func(r *rapid.T) {
		p, done := s.pair(t, r)
		defer done()
		g := &generator{steady: rapid.Bool().Draw(r, "steady")}
		then := map[evidence.Sequence][][]string{}
		sums := map[evidence.CounterKey]int{}
		for range rapid.IntRange(2, s.steps).Draw(r, "steps") {
			before := p.head()
			c, err := p.random(g)
			switch {
			case err != nil || !c.New:
				require.Equal(r, before, p.head(), "what is refused, or changes nothing, writes nothing")
			case g.steady:
				then[c.Revision.Sequence()] = p.bare(p.model, graphQuestions(space))
			}
			if err == nil && c.New {
				for k, n := range c.Counters {
					sums[k] += n
				}
				require.Equal(r, c.Revision.Head(), p.head())
				p.twice(c)
			}
		}
		head := p.head()
		p.nothingAdrift()
		p.nothingVouchedFor()
		p.addUp(sums)
		want, err := scan(p.ctx, p.model)
		require.NoError(r, err)
		got, err := scan(p.ctx, p.store)
		require.NoError(r, err)
		require.Equal(r, want, got, "rows of Scan")
		for c := range evidence.Clearance(evidence.Clearances) {
			v := evidence.Now(c)
			p.sameAnswers(v, allQuestions(space))
			p.supported(v)
			p.cleared(v)
		}
		for i := range 2 {
			v := evidence.View{
				Clearance: evidence.Clearance(rapid.IntRange(0, 2).Draw(r, "clearance")), //nolint:gosec // 0 to 2
				KnownAt:   evidence.Sequence(rapid.Uint64Range(0, uint64(head.Sequence)).Draw(r, "known at")),
			}
			p.sameAnswers(v, allQuestions(space))
			p.supported(v)
			p.cleared(v)
			if was := then[v.KnownAt]; was != nil {
				n := len(graphQuestions(space))
				now, err := answers(p.ctx, p.store, v, true, graphQuestions(space))
				require.NoError(r, err)
				p.same(was[int(v.Clearance)*n:][:n], now, fmt.Sprintf("the past at %d, read %d", v.KnownAt, i))
			}
		}
		s.replay(t, p, got)
	})
}

// nothingAdrift checks that whatever stands is seen by those cleared for all: a
// record that stands without what it depends on would be lost to everyone.
func (p *pair) nothingAdrift() {
	snap := p.model.Snapshot()
	newest, err := snap.Newest(p.ctx, space.all(), evidence.Open)
	require.NoError(p, err)
	for id, r := range newest {
		require.Equal(p, r.IsOpen(), r.Derived.Visibility < evidence.Hidden, "%q: %s", id, style{}.record(r))
	}
}

// nothingVouchedFor checks that no check of a quote names a capture that its source
// has not.
func (p *pair) nothingVouchedFor() {
	for _, st := range []store.Store{p.model, p.store} {
		r, err := store.Read(p.ctx, st, evidence.Now(evidence.Confidential), vocabulary.Standard())
		require.NoError(p, err)
		records, err := r.Get(p.ctx, space.all())
		require.NoError(p, errors.Join(err, r.Close()))
		for id, record := range records {
			if c := record.Citation(); c != nil {
				require.True(p, records[c.Source].Source().Holds(record.Derived.Check), "%q: %s", id, style{}.record(record))
			}
		}
	}
}

// addUp checks that what commits add to the counters is what stands, which the
// model counts anew.
func (p *pair) addUp(sums map[evidence.CounterKey]int) {
	want, got := []store.Row{}, []store.Row{}
	for r, err := range p.model.Scan(p.ctx) {
		require.NoError(p, err)
		if r.Kind == store.CounterRow {
			want = append(want, r)
		}
	}
	for k, n := range sums {
		if n != 0 {
			got = append(got, store.CounterToRow(k, n))
		}
	}
	require.ElementsMatch(p, want, got, "sums of what commits add to the counters")
}

// twice offers the store a revision that it has, as a log and as a change set.
func (p *pair) twice(c *evidence.Commit) {
	head := p.head()
	require.ErrorContains(p, Copy(p.ctx, []*evidence.Revision{c.Revision}, p.store), "does not follow")
	require.Equal(p, head, p.head(), "a revision that is replayed twice")
	switch again := p.last; {
	case again.set.IdempotencyKey != "":
		c, err := p.apply(again.author, again.set)
		require.NoError(p, err, "a change set that is sent again with its key")
		require.False(p, c.New)
		require.Equal(p, head.Hash, c.Revision.Hash, "a key answers the revision that it made")
	case namesAll(again.set):
		_, _ = p.apply(again.author, again.set) // it may be refused, since what it retracted is closed
	default:
		return // each record that it makes without an id is another one
	}
	require.Equal(p, head, p.head(), "a change set that is sent twice")
}

// namesAll says whether a change set gives the id of each record that it makes,
// and undoes nothing: an undoing can be undone.
func namesAll(cs *evidence.ChangeSet) bool {
	named := func(citations ...evidence.NewCitation) bool {
		return !slices.ContainsFunc(citations, func(c evidence.NewCitation) bool { return c.ID == "" })
	}
	return !slices.ContainsFunc(cs.Changes, func(c evidence.Change) bool {
		switch {
		case c.PutEntity != nil:
			return c.PutEntity.ID == ""
		case c.PutSource != nil:
			return c.PutSource.ID == ""
		case c.AssertLink != nil:
			return c.AssertLink.ID == "" || !named(c.AssertLink.Citations...)
		case c.AssertStatement != nil:
			return c.AssertStatement.ID == "" || !named(c.AssertStatement.Citations...)
		case c.Cite != nil:
			return !named(c.Cite.Citation)
		case c.SetStanding != nil:
			return !named(c.SetStanding.Citation)
		case c.MergeEntities != nil:
			return c.MergeEntities.Link == "" || !named(c.MergeEntities.Citations...)
		default:
			return c.Undo != nil
		}
	})
}

// cleared checks that no record of a view is above it, neither by the clearance
// that it had then nor by the one that it has now, and no name of an entity.
func (p *pair) cleared(v evidence.View) {
	now, err := p.model.Snapshot().Newest(p.ctx, space.all(), evidence.Open)
	require.NoError(p, err)
	r, err := store.Read(p.ctx, p.store, v, vocabulary.Standard())
	require.NoError(p, err)
	defer func() { require.NoError(p, r.Close()) }()
	seen, err := r.Get(p.ctx, space.all())
	require.NoError(p, err)
	for id, r := range seen {
		require.LessOrEqual(p, r.Content.OwnClearance(), v.Clearance, "the clearance that %q had, at %+v", id, v)
		require.LessOrEqual(p, now[id].Content.OwnClearance(), v.Clearance, "the clearance that %q has now, at %+v", id, v)
	}
	secret := p.secretNames(v.Clearance)
	tell := func(r *evidence.Record) {
		for _, n := range r.Entity().VisibleNames(v.Clearance) {
			require.False(p, secret[r.ID()][n.Text], "%q is called %q at %+v, which is a secret now", r.ID(), n.Text, v)
		}
	}
	for _, r := range seen {
		if r.Entity() != nil {
			tell(r)
			require.NotEmpty(p, r.Entity().VisibleNames(v.Clearance), "%q at %+v", r.ID(), v)
		}
	}
	for f, err := range r.Find(p.ctx, store.Query{Type: evidence.EntityRecord, Limit: plenty}) {
		require.NoError(p, err)
		tell(f.Record)
		require.Equal(p, f.Key, evidence.OrderKey(f.Record.Content, 0, vocabulary.Standard()), "where %q stands at %+v tells what it was called", f.Record.ID(), v)
	}
	for _, token := range []string{"g", "j", "p", "e", "s", "b", "c", "m"} {
		for c, err := range r.Candidates(p.ctx, store.TokenQuery{Prefix: token, Placeholders: true, Limit: plenty}) {
			require.NoError(p, err)
			if seen[c.Entity] == nil {
				continue // of an id that was made for it
			}
			e := seen[c.Entity].Entity()
			require.True(p, slices.ContainsFunc(evidence.SearchTokens(e), func(t evidence.Token) bool { return t.Text == c.Token && t.Visibility <= v.Clearance }),
				"%q is found by %q at %+v and is not called so", c.Entity, c.Token, v)
		}
	}
}

// secretNames are the names of entities that were raised above a clearance: they went
// out of its sight in a version that has one more of them above it, and have not come
// back.
func (p *pair) secretNames(c evidence.Clearance) map[evidence.ID]map[string]bool {
	r, err := p.model.Raw(p.ctx, evidence.Now(evidence.Confidential))
	require.NoError(p, err)
	defer func() { require.NoError(p, r.Close()) }()
	secret := map[evidence.ID]map[string]bool{}
	versions, err := r.Versions(p.ctx, space.all())
	require.NoError(p, err)
	for _, id := range space.all() {
		of, shown, above := map[string]bool{}, map[string]bool{}, map[string]int{}
		for _, v := range versions[id] {
			if v.Entity() == nil {
				break
			}
			shows, hides, more := map[string]bool{}, map[string]int{}, map[string]bool{}
			for _, n := range v.Entity().Names {
				if n.Clearance <= c {
					shows[n.Text] = true
					continue
				}
				n.Sources = nil
				is := fmt.Sprint(n)
				if hides[is]++; hides[is] > above[is] {
					more[n.Text] = true
				}
			}
			for text := range more {
				of[text] = of[text] || shown[text]
			}
			for text := range shows {
				of[text] = false
			}
			shown, above = shows, hides
		}
		secret[id] = of
	}
	return secret
}

// supported checks in one view that every claim has a supporting citation, and
// every record what it stands on.
func (p *pair) supported(v evidence.View) {
	r, err := store.Read(p.ctx, p.store, v, vocabulary.Standard())
	require.NoError(p, err)
	defer func() { require.NoError(p, r.Close()) }()
	var claims []*evidence.Record
	for _, t := range []evidence.RecordType{evidence.LinkRecord, evidence.StatementRecord} {
		for f, err := range r.Find(p.ctx, store.Query{Type: t, Limit: plenty}) {
			require.NoError(p, err)
			claims = append(claims, f.Record)
		}
	}
	if len(claims) == 0 {
		return
	}
	var ids, around []evidence.ID
	for _, c := range claims {
		ids, around = append(ids, c.ID()), append(around, c.Claim().From)
		if c.Claim().To != "" {
			around = append(around, c.Claim().To)
		}
	}
	supports := map[evidence.ID][]evidence.ID{}
	for f, err := range r.Find(p.ctx, store.Query{Type: evidence.CitationRecord, Claims: ids, Limit: plenty}) {
		require.NoError(p, err)
		c := f.Record.Citation()
		around = append(around, c.Source)
		if c.Stance == evidence.Supports {
			supports[c.Claim] = append(supports[c.Claim], c.Source)
		}
	}
	seen, err := r.Get(p.ctx, around)
	require.NoError(p, err)
	for _, id := range ids {
		require.NotEmpty(p, supports[id], "claim %q is readable at %+v without a supporting citation", id, v)
	}
	for _, id := range around {
		require.NotNil(p, seen[id], "%q is an end or a source of what is readable at %+v, and is not", id, v)
	}
}

// replay copies the log into an empty model and an empty store of the kind under
// test, which must come to the same rows and answers.
func (s *suite) replay(t *testing.T, p *pair, rows []string) {
	t.Helper()
	revisions, err := log(p.ctx, p.store)
	require.NoError(p, err)
	want := p.bare(p.store, allQuestions(space))
	require.NoError(p, p.store.Close())
	copied := model.New()
	require.NoError(p, copyErased(p.ctx, revisions, copied))
	got, err := scan(p.ctx, copied)
	require.NoError(p, err)
	require.Equal(p, rows, got, "rows of a model that the log was replayed into")
	o := s.open(t)
	defer func() { _ = o.Store.Close() }()
	require.NoError(p, copyErased(p.ctx, revisions, o.Store))
	got, err = scan(p.ctx, o.Store)
	require.NoError(p, err)
	require.Equal(p, rows, got, "rows of a store that the log was replayed into")
	p.same(want, p.bare(o.Store, allQuestions(space)), "answers of a store that the log was replayed into")
}

// presentQuestions are those whose answers an undo must give back.
func presentQuestions() []question {
	return append(append(graphQuestions(space), tokenQuestions(space)...), countQuestions(space)...)
}

// testUndoGivesBack undoes the newest revision of random histories, and undoes
// the undoing.
func (s *suite) testUndoGivesBack(t *testing.T) {
	s.check(t, func(r *rapid.T) {
		p, done := s.pair(t, r)
		defer done()
		for range rapid.IntRange(1, s.steps/2+1).Draw(r, "steps") {
			_, _ = p.random(&generator{})
		}
		before := p.bare(p.store, presentQuestions())
		c, err := p.random(&generator{steady: true, sane: true})
		if err != nil || !c.New {
			return
		}
		after := p.bare(p.store, presentQuestions())
		p.undoNewest()
		p.same(before, p.bare(p.store, presentQuestions()), "after the undoing")
		p.undoNewest()
		p.same(after, p.bare(p.store, presentQuestions()), "after the undoing of the undoing")
	})
}

// undoNewest undoes the newest revision, in whose way nothing can be.
func (p *pair) undoNewest() {
	_, err := p.apply(Top, &evidence.ChangeSet{Reason: "a mistake", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: p.head().Latest[evidence.Confidential]}}}})
	require.NoError(p, err)
}

// testMergeGivesBack says of two entities that they are one and withdraws it,
// at once or after others have written. It comes to what is there when it was
// never said: what was written in between stays with the entity that it names.
func (s *suite) testMergeGivesBack(t *testing.T) {
	s.check(t, func(r *rapid.T) {
		p, done := s.pair(t, r)
		defer done()
		never := model.New()
		for range rapid.IntRange(1, s.steps/2+1).Draw(r, "steps") {
			_, _ = p.random(&generator{})
			_, _ = Apply(p.ctx, never, p.step, p.last.author, p.last.set)
		}
		before := p.bare(p.store, presentQuestions())
		g := &generator{T: r, author: Top}
		g.look(p.ctx, p.model.Snapshot())
		absorb := rapid.SampledFrom(space.entities).Draw(r, "absorb")
		alike := append(g.alike(absorb), absorb) // with itself it is not merged
		merge := &evidence.ChangeSet{Reason: "one and the same", Changes: []evidence.Change{{MergeEntities: &evidence.MergeEntities{
			Link: "merge", Absorb: absorb, Into: rapid.SampledFrom(alike).Draw(r, "into"),
			Citations: []evidence.NewCitation{{Source: rapid.SampledFrom(space.sources).Draw(r, "source"), Locator: "p. 1"}},
		}}}}
		if c, err := p.apply(Top, merge); err != nil || !c.New {
			return
		}
		if rapid.Bool().Draw(r, "undo") {
			p.undoNewest()
			p.same(before, p.bare(p.store, presentQuestions()), "after the merge was undone")
			return
		}
		for range rapid.IntRange(0, 3).Draw(r, "in between") {
			p.inBetween(never)
		}
		_, err := p.apply(Top, &evidence.ChangeSet{Reason: "two after all", Changes: []evidence.Change{{Retract: &evidence.Retract{ID: "merge"}}}})
		require.NoError(p, err)
		p.same(p.bare(never, presentQuestions()), p.bare(p.store, presentQuestions()), "after the merge was withdrawn")
	})
}

// inBetween applies a random change set, and to another model too, in which the
// revisions have other numbers.
func (p *pair) inBetween(never *model.Store) {
	author, cs := (&generator{sane: true}).next(p.ctx, p.T, never, p.step)
	cs.ExpectedRevision = nil
	cs.Changes = slices.DeleteFunc(cs.Changes, func(c evidence.Change) bool { return c.Undo != nil })
	if len(cs.Changes) == 0 {
		return
	}
	_, err := p.apply(author, cs)
	_, wantErr := Apply(p.ctx, never, p.step, author, cs)
	require.Equal(p, wantErr == nil, err == nil, "a merge is in the way of nothing: %v, and without it %v", err, wantErr)
}
