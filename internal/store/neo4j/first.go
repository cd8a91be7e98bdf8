package neo4j

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// firstLimits are those of a load into an empty graph.
type firstLimits struct {
	// records is how many its first revision has at the least for it to be a firstLoad:
	// to make the indexes of a smaller graph costs more than to keep them up to date.
	records int
	// part is how many nodes one transaction writes. What a transaction has written is
	// kept in the server's memory to its end.
	part int
}

// usualFirst has small parts: what is written in one is garbage to the server soon, where
// much of what is in parts five times as large is copied about by its collector first.
var usualFirst = firstLimits{records: 10_000, part: 1_000}

// firstLoad writes revisions that only add into an empty graph. Much of what it costs
// Neo4j to write a link is to keep indexes up to date that nobody reads by meanwhile,
// and to find in them what the link leads to; so they are taken away first, and made
// when all is written, from all at once. What is led to is known by the ids that Neo4j
// gave it. A link or statement is written together with its citations. And since Neo4j
// writes a transaction on one processor, two are written at a time; each is small,
// whatever the size of the revision. In the last one of a revision are its words and
// place in the log. Counters are written at the end; see firstCounters.
//
// Until it has ended, the database says that it is not brought up to date. So others
// neither read nor write. A lease shows that it goes on: as long as that lasts, nobody
// opens the graph, and who does so to write after a crash makes the indexes and takes
// back what was written of revisions that are not in the log. Where the lease was lost
// and it went on nevertheless, that ends it: no transaction comes through any more. A
// connection that is lost ends it too, and the rest is written as it is into any graph.
type firstLoad struct {
	store *Store
	by    string        // tells this load from one that another program began
	held  *lease        // shows others that it goes on
	head  evidence.Head // of what was added
	nodes map[evidence.ID]firstNode
	// sources are those that were added, by whose titles links show them.
	sources  map[evidence.ID]*evidence.Record
	counters firstCounters
	load     lane
	log      lane
	newest   *firstStep   // that was added
	unsure   []*firstStep // of which nobody waited whether they are in the log
	failure  failure
}

// firstNode is an entity or source that was written.
type firstNode struct {
	element     string // the id that Neo4j gave it
	placeholder bool
}

// firstStep is one revision of a first load.
type firstStep struct {
	plan    store.Plan
	commit  *evidence.Commit
	changes *changes
	derived []*firstPart // what its sources derive from
	parts   sync.WaitGroup
	begun   chan struct{} // closed when all of its parts have lanes, or will not have
	logged  chan struct{} // closed when it is in the log, or will not be
}

// failure is the first thing that went wrong.
type failure struct {
	mu  sync.Mutex
	err error
}

func (f *failure) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// lane is what a transaction of a first load has to itself, so that whoever takes the
// load back waits for it: in one it locks the load, in the other the head of the log.
// Whoever takes the only element out has the lane, until they put it back.
type lane chan struct{}

func newLane() lane {
	l := make(lane, 1)
	l.leave()
	return l
}

func (l lane) leave() { l <- struct{}{} }

// errTakenOver is the end of a first load that another program has ended.
var errTakenOver = fmt.Errorf("%w: another Vínculo was started on the graph while it was being loaded, and has taken back what was not yet in the log; give the same once more, to go on from there", store.ErrUnavailable)

// CutShortError is the end of a load into an empty graph that broke off.
type CutShortError struct{ cause error }

// Error says what becomes of what was loaded.
func (*CutShortError) Error() string {
	return "the load was cut short; the next command that opens the graph for writing, such as the same import once more, takes back what had not come into the log"
}

// Unwrap gives the cause.
func (e *CutShortError) Unwrap() error { return e.cause }

// unread is the snapshot of a plan that is made already and has only to see that it
// follows the head. It notes whether more was asked.
type unread struct {
	head  evidence.Head
	asked bool
}

var (
	_ evidence.Snapshot = (*unread)(nil)

	errAsked = errors.New("nothing can be read while a graph is being loaded")
)

// Head implements evidence.Snapshot.
func (u *unread) Head(context.Context) (evidence.Head, error) { return u.head, nil }

// Newest implements evidence.Snapshot.
func (u *unread) Newest(context.Context, []evidence.ID, evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	u.asked = true
	return nil, errAsked
}

// Related implements evidence.Snapshot.
func (u *unread) Related(context.Context, evidence.Relation, []evidence.ID, int) ([]*evidence.Record, error) {
	u.asked = true
	return nil, errAsked
}

// Revision implements evidence.Snapshot.
func (u *unread) Revision(context.Context, evidence.RevisionRef) (*evidence.Revision, error) {
	u.asked = true
	return nil, errAsked
}

// onlyAdds says whether a plan read no more than the head and its commit is new, and
// changes nothing that was there before. Citations come with what they are of.
func (u *unread) onlyAdds(commit *evidence.Commit, err error) bool {
	if err != nil || u.asked || !commit.New || commit.Erasing != nil {
		return false
	}
	claims := map[evidence.ID]bool{}
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		if t.Before != nil || !t.After.IsOpen() {
			return false
		}
		if c, is := t.After.Content.(*evidence.Claim); is {
			claims[c.ID] = true
		}
	}
	return !slices.ContainsFunc(commit.Transitions, func(t evidence.Transition) bool {
		c, is := t.After.Content.(*evidence.Citation)
		return is && !claims[c.Claim]
	})
}

// beginFirst begins a first load; nil where the graph is not empty.
func (s *Store) beginFirst(ctx context.Context) (*firstLoad, error) {
	f := &firstLoad{store: s, by: uuid.NewString(), nodes: map[evidence.ID]firstNode{}, sources: map[evidence.ID]*evidence.Record{}, counters: newFirstCounters(), load: newLane(), log: newLane()}
	held, err := s.lease(ctx, f.by, leaseLasts)
	if err != nil {
		return nil, s.fault(ctx, loadBegins.name, err)
	}
	f.held = held
	begun := false
	err = s.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		rows, err := send(ctx, tx, loadBegins, row{"by": f.by, "version": int64(len(migrations))})
		begun = len(rows) > 0
		return err
	}, new(bool))
	if err != nil || !begun {
		held.release()
		return nil, s.fault(ctx, loadBegins.name, err)
	}
	if err := s.inTransaction(ctx, s.dropIndexes, new(bool)); err != nil {
		_, ended := f.end(ctx)
		return nil, errors.Join(s.fault(ctx, "take indexes away", err), ended)
	}
	return f, nil
}

// early says whether a constraint or index is kept in a first load, which seeks by it or
// does not add to it.
func early(name string) bool {
	return name == "head_id" || name == "schema_id" || name == "shelf_item" || name == "superseded_id" || strings.HasPrefix(name, "revision_")
}

func (s *Store) dropIndexes(ctx context.Context, tx driver.ManagedTransaction) error {
	for _, step := range s.schemaSteps() {
		if early(step.name) {
			continue
		}
		if _, err := send(ctx, tx, drop(step), nil); err != nil {
			return err
		}
	}
	return nil
}

// drop takes away what a step makes.
func drop(step schemaStep) query {
	what := "INDEX"
	if isConstraint(step.text) {
		what = "CONSTRAINT"
	}
	return query{name: "build the schema", text: "DROP " + what + " `" + step.name + "` IF EXISTS"}
}

// add begins to write one revision. It is durable when the load ends, or the second
// after it is added.
func (f *firstLoad) add(ctx context.Context, plan store.Plan, commit *evidence.Commit) error {
	if err := follows(commit, f.head); err != nil {
		f.failure.note(err)
		return err
	}
	if len(f.unsure) > 1 {
		<-f.unsure[0].logged
		if f.failure.get() == nil {
			f.unsure = f.unsure[1:]
		}
	}
	before, step := f.newest, &firstStep{plan: plan, commit: commit, begun: make(chan struct{}), logged: make(chan struct{})}
	f.newest, f.unsure, f.head = step, append(f.unsure, step), commit.Revision.Head()
	if err := f.sort(ctx, step); err != nil {
		f.failure.note(err)
	}
	go func() {
		defer close(step.logged)
		if before != nil {
			<-before.begun
		}
		if err := f.begin(ctx, step); err != nil {
			f.failure.note(err)
		}
		close(step.begun)
		if step.parts.Wait(); before != nil {
			<-before.logged
		}
		if f.failure.get() == nil {
			f.failure.note(f.enter(ctx, step))
		}
	}()
	return f.failure.get()
}

// sort makes the rows of a revision. It is done, as planning is, while the server writes
// what was added before.
func (f *firstLoad) sort(ctx context.Context, step *firstStep) (err error) {
	for i := range step.commit.Transitions {
		if r := step.commit.Transitions[i].After; r.Content.Type() == evidence.SourceRecord {
			f.sources[r.ID()] = r
		}
	}
	step.changes, err = f.store.sorted(ctx, &snapshot{head: f.head, newest: f.sources}, step.commit)
	return err
}

// begin writes the entities and sources of a revision, and begins to write its claims.
func (f *firstLoad) begin(ctx context.Context, step *firstStep) (err error) {
	if err := f.failure.get(); err != nil {
		return err
	}
	if err := f.records(ctx, step); err != nil {
		return err
	}
	if step.derived, err = f.derived(step); err != nil {
		return err
	}
	cited := f.cited(step)
	for _, name := range []string{makeStatements, makeHidden, makeLinks} {
		for rows := step.changes.made[name]; len(rows) > 0; {
			part := f.newPart(name)
			for len(rows) > 0 && part.size < f.store.first.part {
				if err := part.add(rows[0], cited); err != nil {
					return err
				}
				rows = rows[1:]
			}
			step.parts.Add(1)
			l := f.lane()
			go func() {
				defer step.parts.Done()
				defer l.leave()
				_, err := f.write(ctx, l, part.query, row{"nodes": part.nodes, "rows": part.rows})
				f.failure.note(err)
			}()
		}
	}
	return f.failure.get()
}

// lane waits for one that is free.
func (f *firstLoad) lane() lane {
	select {
	case <-f.load:
		return f.load
	case <-f.log:
		return f.log
	}
}

// records writes the entities and sources of a revision, and notes their ids.
func (f *firstLoad) records(ctx context.Context, step *firstStep) error {
	l := f.lane()
	defer l.leave()
	for _, name := range []string{makeEntities, makeSources} {
		err := chunked(step.changes.made[name], f.store.first.part, func(part [][]any) error {
			made, err := f.write(ctx, l, f.store.texts.first[name], row{"rows": part})
			for _, r := range made {
				f.nodes[evidence.ID(textOf(r, "id"))] = firstNode{element: textOf(r, "element")}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for i := range step.commit.Transitions {
		if e, is := step.commit.Transitions[i].After.Content.(*evidence.Entity); is && e.Identity.IsPlaceholder() {
			f.nodes[e.ID] = firstNode{element: f.nodes[e.ID].element, placeholder: true}
		}
	}
	return nil
}

// transaction runs work in one, and again where the server refuses it for a reason that
// passes, such as that the two lanes lock what they lead to in another order.
func (f *firstLoad) transaction(ctx context.Context, work func(context.Context, driver.ManagedTransaction) error) error {
	for losses := 0; ; losses++ {
		err := f.store.inTransaction(ctx, work, new(bool))
		if err == nil || !passing(err) || !again(ctx, err, losses) {
			return err
		}
	}
}

// write runs a query in a transaction in a lane.
func (f *firstLoad) write(ctx context.Context, l lane, q query, params row) (rows []*driver.Record, err error) {
	err = f.transaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		if _, err := f.lock(ctx, tx, l); err != nil {
			return err
		}
		rows, err = send(ctx, tx, q, params)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", q.name, err)
	}
	return rows, err
}

// enter writes what stands beside the records of a revision, with which it is in the log.
func (f *firstLoad) enter(ctx context.Context, step *firstStep) error {
	<-f.log
	defer f.log.leave()
	err := f.transaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) (err error) {
		snap := &snapshot{tx: tx}
		if snap.head, err = f.lock(ctx, tx, f.log); err != nil {
			return err
		}
		if err := follows(step.commit, snap.head); err != nil {
			return err
		}
		for _, part := range step.derived {
			if _, err := send(ctx, tx, part.query, row{"nodes": part.nodes, "rows": part.rows}); err != nil {
				return err
			}
		}
		if err := step.changes.writeTokens(ctx, snap, step.commit.Revision.Sequence()); err != nil {
			return err
		}
		return enterLog(ctx, snap, step.commit)
	})
	if err == nil {
		f.counters.add(step.commit.Counters)
	}
	return err
}

// lock waits for a lane, and for whoever takes the load back. In the lane of the head it
// gives that.
func (f *firstLoad) lock(ctx context.Context, tx driver.ManagedTransaction, l lane) (evidence.Head, error) {
	if l == f.load {
		return evidence.Head{}, goesOn(ctx, tx, f.by)
	}
	rows, err := send(ctx, tx, lockLoaded, nil)
	if err != nil {
		return evidence.Head{}, err
	}
	if why := otherSchema(rows); why != "" {
		return evidence.Head{}, unfit(why)
	}
	if textOf(rows[0], "by") != f.by {
		return evidence.Head{}, errTakenOver
	}
	return newHead(rows[0])
}

// goesOn waits for whoever takes a load back that is marked as somebody's, or has them
// wait.
func goesOn(ctx context.Context, tx driver.ManagedTransaction, by string) error {
	rows, err := send(ctx, tx, loadGoesOn, row{"by": by})
	if err == nil && len(rows) == 0 {
		err = errTakenOver
	}
	return err
}

// end makes all that was added durable, and the indexes that were taken away. Where it
// went wrong, it takes back what is not in the log; and where that was the connection,
// it gives the plans of these, which are to be written again. Where that fails, others
// may take back what is left.
func (f *firstLoad) end(ctx context.Context) (left []store.Plan, err error) {
	defer f.held.release()
	for _, step := range f.unsure {
		<-step.logged
	}
	if f.failure.get() == nil {
		f.count(ctx)
	}
	failed := f.failure.get()
	if failed != nil {
		f.store.options.Logger.Warn().Err(failed).Msg("a load into an empty Neo4j was interrupted")
	}
	why := f.store.fault(ctx, "load revisions", failed)
	if errors.Is(failed, errTakenOver) {
		return nil, why
	}
	err = throughLosses(ctx, func() (err error) {
		left, err = f.finish(ctx, failed != nil)
		return err
	})
	if err == nil {
		err = throughLosses(ctx, func() error { return f.unmark(ctx) })
	}
	switch {
	case errors.Is(err, errTakenOver):
		return nil, err
	case err != nil && failed == nil:
		return nil, errors.Join(err, &CutShortError{cause: err})
	case err != nil:
		return nil, errors.Join(why, &CutShortError{cause: err})
	case failed != nil && !lost(failed) && !passing(failed):
		return nil, why
	default:
		return left, nil
	}
}

// throughLosses does what may be done twice until no connection is lost in it.
func throughLosses(ctx context.Context, do func() error) error {
	for losses := 0; ; losses++ {
		if err := do(); err == nil || !again(ctx, err, losses) {
			return err
		}
	}
}

// finish makes the indexes, and takes back what is not in the log where that is asked.
func (f *firstLoad) finish(ctx context.Context, back bool) (left []store.Plan, err error) {
	if _, err := f.store.complete(ctx, (*Store).buildAlone); err != nil || !back {
		return nil, err
	}
	left, err = f.takeBack(ctx)
	return left, f.store.fault(ctx, takeAllBack.name, err)
}

// unmark says in the database that the load has ended.
func (f *firstLoad) unmark(ctx context.Context) error {
	err := f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		_, err := send(ctx, tx, loadEnds, row{"by": f.by})
		return err
	}, new(bool))
	return f.store.fault(ctx, loadEnds.name, err)
}

// takeBack deletes what is there of revisions that are not in the log, and gives their
// plans. It waits for transactions whose connection was lost and that the server goes on
// with.
func (f *firstLoad) takeBack(ctx context.Context) (left []store.Plan, err error) {
	var head evidence.Head
	err = f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		if _, err := f.lock(ctx, tx, f.load); err != nil {
			return err
		}
		head, err = f.lock(ctx, tx, f.log)
		return err
	}, new(bool))
	if err != nil {
		return nil, err
	}
	session := f.store.session(ctx)
	err = f.store.takeBackLoad(ctx, session, f.by, int64(head.Sequence)) //nolint:gosec // below Open
	if err := errors.Join(err, session.Close(context.WithoutCancel(ctx))); err != nil {
		return nil, err
	}
	for _, step := range f.unsure {
		if step.commit.Revision.Sequence() > head.Sequence {
			left = append(left, step.plan)
		}
	}
	return left, nil
}

// takeBackLoad deletes what a first load that broke off wrote of revisions after a
// sequence, as long as the load is marked as somebody's: who comes to it next may end it
// and write such revisions. Each link was written together with its relationship, by
// which it is found no more when it is deleted. Then it counts what is left.
func (s *Store) takeBackLoad(ctx context.Context, session driver.SessionWithContext, by string, sequence int64) error {
	write := func(q query, params row) ([]*driver.Record, error) {
		rows, err := session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			if err := goesOn(ctx, tx, by); err != nil {
				return nil, err
			}
			return send(ctx, tx, q, params)
		})
		list, _ := rows.([]*driver.Record)
		return list, err
	}
	rows, err := s.read(ctx, linksAfter, row{"slots": linksSeenNow(), "sequence": sequence})
	if err != nil {
		return err
	}
	links := map[string][]row{}
	for _, r := range rows {
		kind := textOf(r, "kind")
		links[kind] = append(links[kind], row{"id": textOf(r, "id")})
	}
	for kind, rows := range links {
		if _, ok := s.vocabulary.Link(kind); !ok {
			return unknownKind(kind)
		}
		err := chunked(rows, batch, func(part []row) error {
			_, err := write(s.texts.erase[kind], row{"rows": part})
			return err
		})
		if err != nil {
			return err
		}
	}
	rows, err = s.read(ctx, recordsAfter, row{"slots": listsOf(hiddenPlace, recordTypes...), "sequence": sequence})
	if err != nil {
		return err
	}
	err = chunked(rows, batch, func(part []*driver.Record) error {
		nodes := make([]string, len(part))
		for i, r := range part {
			nodes[i] = textOf(r, "node")
		}
		_, err := write(takeAllBack, row{"nodes": nodes, "sequence": sequence})
		return err
	})
	if err != nil {
		return err
	}
	return s.recount(ctx, write)
}
