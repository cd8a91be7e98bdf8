package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
)

// testEmpty reads a store that was never written.
func (s *suite) testEmpty(t *testing.T) {
	o, ctx := s.empty(t), s.context(t)
	head, err := o.Store.Head(ctx)
	require.NoError(t, err)
	require.Equal(t, evidence.Head{}, head)
	rows, err := scan(ctx, o.Store)
	require.NoError(t, err)
	require.Empty(t, rows)
	revisions, err := log(ctx, o.Store)
	require.NoError(t, err)
	require.Empty(t, revisions)
	for _, v := range []evidence.View{evidence.Now(evidence.Confidential), {Clearance: evidence.Confidential, KnownAt: 0}} {
		got, err := answers(ctx, o.Store, v, false, append(graphQuestions(space), historyQuestions(space)...))
		require.NoError(t, err)
		for _, a := range got {
			require.Len(t, a, 1, "an answer of an empty store: %v", a)
		}
	}
}

// testWrite checks that a write is all or nothing, sees what was written before
// it, and follows the others.
func (s *suite) testWrite(t *testing.T) {
	b := s.bench(t)
	before, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	unchanged := func(t *testing.T) {
		t.Helper()
		rows, err := scan(b.ctx, b.Store)
		require.NoError(t, err)
		require.Equal(t, before, rows)
	}
	t.Run("an error of the plan comes back as it is", func(t *testing.T) {
		mine := errors.New("mine")
		_, err := b.Store.Write(b.ctx, func(context.Context, evidence.Snapshot) (*evidence.Commit, error) { return nil, mine })
		require.ErrorIs(t, err, mine)
		unchanged(t)
	})
	t.Run("an error after a plan was made writes nothing", func(t *testing.T) {
		mine := errors.New("mine")
		_, err := b.Store.Write(b.ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			if _, err := Planner(90).Plan(ctx, snap, Top, &evidence.ChangeSet{Reason: "never", Changes: []evidence.Change{putEntity("never", "PERSON", "Nadie")}}); err != nil {
				return nil, err
			}
			return nil, mine
		})
		require.ErrorIs(t, err, mine)
		unchanged(t)
	})
	t.Run("faults come back whole", func(t *testing.T) {
		_, err := Apply(b.ctx, b.Store, 91, Top, &evidence.ChangeSet{Reason: "wrong", Changes: []evidence.Change{
			putEntity("new", "PERSON", "Nueva"), {Retract: &evidence.Retract{ID: "none"}}, {Retract: &evidence.Retract{ID: "nothing"}},
		}})
		var faults evidence.Faults
		require.ErrorAs(t, err, &faults)
		require.Len(t, faults, 2)
		unchanged(t)
	})
	t.Run("a commit that is not new writes nothing", func(t *testing.T) {
		c, err := Apply(b.ctx, b.Store, 92, Top, fixture()[0])
		require.NoError(t, err)
		require.False(t, c.New)
		require.EqualValues(t, 1, c.Revision.Header.Sequence)
		unchanged(t)
		c, err = Apply(b.ctx, b.Store, 93, Top, &evidence.ChangeSet{Reason: "the same again", Changes: fixture()[0].Changes[:3]})
		require.NoError(t, err)
		require.False(t, c.New)
		require.Equal(t, b.head.Hash, c.Revision.Hash, "the newest revision answers what changes nothing")
		unchanged(t)
	})
	t.Run("a reader keeps what it saw or sees what is new, never half", func(t *testing.T) {
		r := b.read(t, evidence.Now(evidence.Public))
		_, err := Apply(b.ctx, b.Store, 94, Top, &evidence.ChangeSet{Reason: "two at once", Changes: []evidence.Change{putEntity("two-a", "PERSON", "Una"), putEntity("two-b", "PERSON", "Dos")}})
		require.NoError(t, err)
		got, err := r.Get(b.ctx, []evidence.ID{"two-a", "two-b"})
		require.NoError(t, err)
		require.Contains(t, []int{0, 2}, len(got))
		got, err = b.read(t, evidence.Now(evidence.Public)).Get(b.ctx, []evidence.ID{"two-a", "two-b"})
		require.NoError(t, err)
		require.Len(t, got, 2, "a reader opened after a write sees it")
	})
	t.Run("writers at once come one after the other", func(t *testing.T) {
		head, err := b.Store.Head(b.ctx)
		require.NoError(t, err)
		writeAtOnce(t, b.ctx, head, b.Store)
	})
}

// writeAtOnce has eight writers write through handles on one storage and checks
// that each came to one revision of its own.
func writeAtOnce(t *testing.T, ctx context.Context, head evidence.Head, handles ...store.Store) {
	t.Helper()
	const writers, each = 8, 3
	var wait sync.WaitGroup
	failures := make(chan error, writers*each)
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				id := evidence.ID(fmt.Sprintf("at-once-%d-%d-%d", head.Sequence, w, i))
				_, err := Apply(ctx, handles[w%len(handles)], 100, Top, &evidence.ChangeSet{Reason: "at once", Changes: []evidence.Change{putEntity(id, "PERSON", "Una de muchas")}})
				if err != nil {
					failures <- err
				}
			}
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
	chain := new(ledger.Chain)
	if head.Sequence > 0 {
		for r, err := range handles[0].Log(ctx, head.Sequence-1) {
			require.NoError(t, err)
			chain = ledger.Resume(r.Header)
			break
		}
	}
	n := 0
	for r, err := range handles[0].Log(ctx, head.Sequence) {
		require.NoError(t, err)
		n++
		require.NoError(t, chain.AppendRecorded(r.Header, r.Hash, r.Leaves))
		require.Equal(t, head.Latest[0]+uint64(n), r.Numbers[0]) //nolint:gosec // counts from 1
	}
	require.Equal(t, writers*each, n)
}

// testDurable closes a store and opens its storage again.
func (s *suite) testDurable(t *testing.T) {
	b := s.bench(t)
	want, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	require.NoError(t, b.Store.Close())
	again := b.Again(t)
	defer func() { require.NoError(t, again.Close()) }()
	got, err := scan(b.ctx, again)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, v := range b.views() {
		same(t, b, again, v, allQuestions(space))
	}
	_, err = Apply(b.ctx, again, 50, Top, &evidence.ChangeSet{Reason: "more", Changes: []evidence.Change{putEntity("more", "PERSON", "Más")}})
	require.NoError(t, err)
}

// same compares a store with the bench's model.
func same(t *testing.T, b *bench, st store.Store, v evidence.View, qs []question) {
	t.Helper()
	want, err := answers(b.ctx, b.model, v, false, qs)
	require.NoError(t, err)
	got, err := answers(b.ctx, st, v, false, qs)
	require.NoError(t, err)
	for i := range want {
		require.Equal(t, want[i], got[i], "known at %d", v.KnownAt)
	}
}

// testTwoHandles writes through one handle and reads through another.
func (s *suite) testTwoHandles(t *testing.T) {
	b := s.bench(t)
	other := b.Again(t)
	defer func() { require.NoError(t, other.Close()) }()
	for _, v := range b.views() {
		same(t, b, other, v, allQuestions(space))
	}
	step := 60
	for _, through := range []store.Store{other, b.Store, other} {
		step++
		cs := &evidence.ChangeSet{Reason: "through another handle", Changes: []evidence.Change{
			assertLink(evidence.ID(fmt.Sprintf("handle-%d", step)), "LINKED_TO", "e0", "e3", "2014", citation("", "s0", "", 1)),
			{PutEntity: &evidence.PutEntity{ID: "e3", Name: evidence.Of(fmt.Sprintf("Joyeros %d", step))}},
		}}
		want, err := Apply(b.ctx, b.model, step, Top, cs)
		require.NoError(t, err)
		got, err := Apply(b.ctx, through, step, Top, cs)
		require.NoError(t, err)
		require.Equal(t, commit(want, nil), commit(got, nil))
		for _, reader := range []store.Store{b.Store, other} {
			head, err := reader.Head(b.ctx)
			require.NoError(t, err)
			require.Equal(t, want.Revision.Head(), head)
			same(t, b, reader, evidence.Now(evidence.Public), allQuestions(space))
		}
	}
	head, err := other.Head(b.ctx)
	require.NoError(t, err)
	writeAtOnce(t, b.ctx, head, b.Store, other)
}

// everyMethod calls each method and gives what went wrong, by name. Reader
// methods go to r, where it is set.
func everyMethod(ctx context.Context, st store.Store, r store.Reader) map[string]error {
	errs := map[string]error{}
	_, errs["Write"] = Apply(ctx, st, 70, Top, &evidence.ChangeSet{Reason: "late", Changes: []evidence.Change{putEntity("late", "PERSON", "Tarde")}})
	raw, err := st.Raw(ctx, evidence.Now(evidence.Public))
	errs["Raw"] = err
	if err == nil {
		// A store may find out only when it is asked something.
		_, errs["Raw"] = raw.Get(ctx, []evidence.ID{"e0"})
		_ = raw.Close()
	}
	_, errs["Head"] = st.Head(ctx)
	_, errs["Log"] = log(ctx, st)
	_, errs["Scan"] = scan(ctx, st)
	if r == nil {
		return errs
	}
	_, errs["Get"] = r.Get(ctx, []evidence.ID{"e0"})
	errs["Find"] = firstError(r.Find(ctx, store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{"e0"}, Limit: 3}))
	errs["Expand"] = firstError(r.Expand(ctx, store.Expansion{Frontier: []evidence.ID{"e0"}, Total: 3}))
	errs["Candidates"] = firstError(r.Candidates(ctx, store.TokenQuery{Prefix: "j", Limit: 3}))
	_, errs["Count"] = r.Count(ctx, store.CountQuery{Type: evidence.LinkRecord})
	_, errs["Versions"] = r.Versions(ctx, []evidence.ID{"e0"})
	_, errs["EverCited"] = r.EverCited(ctx, "l0", "", 3)
	errs["Revisions"] = firstError(r.Revisions(ctx, store.RevisionQuery{Limit: 3}))
	return errs
}

func firstError[T any](seq func(func(T, error) bool)) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

// testClosed uses a store that was closed.
func (s *suite) testClosed(t *testing.T) {
	b := s.bench(t)
	r, err := b.Store.Raw(b.ctx, evidence.Now(evidence.Public))
	require.NoError(t, err)
	require.NoError(t, b.Store.Close())
	for name, err := range everyMethod(b.ctx, b.Store, r) {
		require.ErrorIs(t, err, store.ErrClosed, name)
	}
	_ = r.Close()
	t.Run("under calls that run", s.testClosedInUse)
}

// testClosedInUse closes a store while others read and write. Each of them is
// answered or told that the store is closed.
func (s *suite) testClosedInUse(t *testing.T) {
	b := s.bench(t)
	var using sync.WaitGroup
	started, ends := make(chan struct{}, 4), make(chan error, 4)
	use := func(call func(i int) error) {
		using.Go(func() {
			var err error
			for i := 0; err == nil; i++ {
				if err = call(i); i == 0 {
					started <- struct{}{}
				}
			}
			ends <- err
		})
	}
	use(func(int) error {
		_, err := b.Store.Head(b.ctx)
		return err
	})
	use(func(int) error { return firstError(b.Store.Log(b.ctx, 0)) })
	use(func(int) error {
		r, err := b.Store.Raw(b.ctx, evidence.Now(evidence.Public))
		if err != nil {
			return err
		}
		_, err = r.Get(b.ctx, []evidence.ID{"p1"})
		return errors.Join(err, r.Close())
	})
	use(func(i int) error {
		_, err := Apply(b.ctx, b.Store, 100, Top, &evidence.ChangeSet{Reason: "until the end", Changes: []evidence.Change{putEntity(evidence.ID(fmt.Sprint("last-", i)), "PERSON", "Última")}})
		return err
	})
	for range cap(started) {
		<-started
	}
	require.NoError(t, b.Store.Close())
	using.Wait()
	for range cap(ends) {
		require.ErrorIs(t, <-ends, store.ErrClosed)
	}
}

// testCancelled calls with a context that has ended.
func (s *suite) testCancelled(t *testing.T) {
	b := s.bench(t)
	before, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	ended, cancel := context.WithCancel(b.ctx)
	cancel()
	for name, err := range everyMethod(ended, b.Store, nil) {
		require.ErrorIs(t, err, context.Canceled, name)
	}
	during, cancel := context.WithCancel(b.ctx)
	defer cancel()
	_, err = b.Store.Write(during, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		c, err := Planner(71).Plan(ctx, snap, Top, &evidence.ChangeSet{Reason: "late", Changes: []evidence.Change{putEntity("late", "PERSON", "Tarde")}})
		cancel()
		return c, err
	})
	require.ErrorIs(t, err, context.Canceled)
	after, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	require.Equal(t, before, after, "a write that was cancelled writes nothing")
}

// testSnapshot compares what a plan is given with the model's.
func (s *suite) testSnapshot(t *testing.T) {
	b := s.bench(t)
	var want, got []string
	ask := func(into *[]string) store.Plan {
		return func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			*into = nil
			note := func(format string, args ...any) { *into = append(*into, fmt.Sprintf(format, args...)) }
			head, err := snap.Head(ctx)
			note("head %s %v", asJSON(head), err)
			ids := append(space.all(), "many-03", "many-03-a", "never")
			for _, before := range []evidence.Sequence{0, 1, 2, 5, 6, 7, 8, evidence.Open} {
				found, err := snap.Newest(ctx, ids, before)
				note("newest before %d: %v", before, err)
				for _, id := range ids {
					if r := found[id]; r != nil && before == evidence.Open {
						note("%s", style{}.record(r))
					} else if r != nil {
						note("%s [%d,%d) %s", id, r.From, r.To, asJSON(r.Content))
					}
				}
			}
			for relation := evidence.ClaimsOn; relation <= evidence.FormerCitations; relation++ {
				for _, limit := range []int{1, 3, plenty} {
					found, err := snap.Related(ctx, relation, ids, limit)
					note("related by %d, %d: %v", relation, limit, err)
					for _, r := range found {
						note("%s", style{}.record(r))
					}
				}
				found, err := snap.Related(ctx, relation, []evidence.ID{"never"}, plenty)
				note("related to nothing: %d %v", len(found), err)
			}
			_, done := snap.Newest(ctx, nil, evidence.Open)
			note("nothing asked: %v", done)
			for _, ref := range []evidence.RevisionRef{
				{Sequence: 1}, {Sequence: b.head.Sequence}, {Sequence: 99}, {Key: "none"}, {Number: 1}, {Number: 7},
				{Number: 8}, {Number: 8, Clearance: evidence.Confidential}, {Number: 99, Clearance: evidence.Confidential},
			} {
				r, err := snap.Revision(ctx, ref)
				if err != nil {
					note("revision %+v: not found %t", ref, errors.Is(err, evidence.ErrNotFound))
					continue
				}
				note("revision %+v: %s", ref, revision(r))
				if r.Key != "" {
					keyed, err := snap.Revision(ctx, evidence.RevisionRef{Key: r.Key})
					note("by its key: %t %v", err == nil && keyed.Hash == r.Hash, err)
				}
			}
			return nil, errNothing
		}
	}
	_, err := b.model.Write(b.ctx, ask(&want))
	require.ErrorIs(t, err, errNothing)
	_, err = b.Store.Write(b.ctx, ask(&got))
	require.ErrorIs(t, err, errNothing)
	require.Equal(t, want, got)
	b.formerCitations(t)
}

// formerCitations closes citations in several ways, and brings one back.
func (b *bench) formerCitations(t *testing.T) {
	t.Helper()
	retract := func(id evidence.ID) evidence.Change { return evidence.Change{Retract: &evidence.Retract{ID: id}} }
	for i, c := range []evidence.Change{
		retract("c2"), retract("many-03-b"), retract("r-c7"), retract("many-01-b"), {Undo: &evidence.Undo{Revision: uint64(b.head.Sequence) + 4}}, retract("r-c6"),
	} {
		_, err := Apply(b.ctx, b.Store, 80+i, Top, &evidence.ChangeSet{Reason: "withdrawn", Changes: []evidence.Change{c}})
		require.NoError(t, err)
	}
	var got []evidence.ID
	_, err := b.Store.Write(b.ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		former, err := snap.Related(ctx, evidence.FormerCitations, []evidence.ID{"l0", "l1", "l2", "many-01", "many-03", "r-l5", "t0", "never"}, plenty)
		require.NoError(t, err)
		for _, r := range former {
			require.False(t, r.IsOpen(), r.ID())
			got = append(got, r.ID())
		}
		return nil, errNothing
	})
	require.ErrorIs(t, err, errNothing)
	require.Equal(t, []evidence.ID{"c2", "c3", "many-03-b", "r-c6", "r-c7"}, got, "closed with their claims or alone, and not brought back")
}

var errNothing = errors.New("nothing is to be written")

// testLog reads the log from each place in it.
func (s *suite) testLog(t *testing.T) {
	b := s.bench(t)
	want, err := log(b.ctx, b.model)
	require.NoError(t, err)
	for after := range b.head.Sequence + 2 {
		var got []string
		for r, err := range b.Store.Log(b.ctx, after) {
			require.NoError(t, err)
			got = append(got, revision(r))
		}
		var rest []string
		for _, r := range want[min(int(after), len(want)):] { //nolint:gosec // a small number
			rest = append(rest, revision(r))
		}
		require.Equal(t, rest, got, "after %d", after)
	}
	for r, err := range b.Store.Log(b.ctx, 0) {
		require.NoError(t, err)
		require.Equal(t, evidence.Sequence(1), r.Sequence())
		break // a caller may stop
	}
}

// testScan compares all rows with the model's, and their order with the
// contract's.
func (s *suite) testScan(t *testing.T) {
	b := s.bench(t)
	want, err := scan(b.ctx, b.model)
	require.NoError(t, err)
	got, err := scan(b.ctx, b.Store)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.True(t, slices.ContainsFunc(got, func(row string) bool { return row[:5] == "token" }))
	var last store.Row
	for r, err := range b.Store.Scan(b.ctx) {
		require.NoError(t, err)
		require.Empty(t, r.Fault)
		require.False(t, r.Kind < last.Kind || r.Kind == last.Kind && r.Key <= last.Key, "%s %s comes after %s %s", r.Kind, r.Key, last.Kind, last.Key)
		last = r
	}
}

// testLoad loads a log in bulk where the store can.
func (s *suite) testLoad(t *testing.T) {
	o, ctx := s.empty(t), s.context(t)
	loader, ok := o.Store.(store.BulkLoader)
	require.True(t, ok, "%T is no store.BulkLoader, nor said to lack one", o.Store)
	b := &bench{Opened: o, ctx: ctx, model: nil}
	m := s.modelOfFixture(t, ctx)
	b.model = m
	plan := func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error) {
		return Planner(0).Replay(ctx, snap, r)
	}
	require.NoError(t, loader.Load(ctx, m.Log(ctx, 0), plan))
	want, err := scan(ctx, m)
	require.NoError(t, err)
	got, err := scan(ctx, o.Store)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Error(t, loader.Load(ctx, m.Log(ctx, 0), plan), "what was loaded is not loaded twice")
	head, err := m.Head(ctx)
	require.NoError(t, err)
	b.head = head
	for _, v := range b.views() {
		same(t, b, o.Store, v, allQuestions(space))
	}
	cs := &evidence.ChangeSet{Reason: "after loading", Changes: []evidence.Change{{Retract: &evidence.Retract{ID: "s0"}}}}
	wantCommit, err := Apply(ctx, m, 80, Top, cs)
	require.NoError(t, err)
	gotCommit, err := Apply(ctx, o.Store, 80, Top, cs)
	require.Equal(t, commit(wantCommit, nil), commit(gotCommit, err))
}
