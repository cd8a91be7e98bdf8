package neo4j

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	// part is how many rows one transaction writes. What a transaction has written is
	// kept in the server's memory to its end.
	part int
}

var usualFirst = firstLimits{records: 10_000, part: batch}

// firstLoad writes revisions that only add into an empty graph. A third of what it
// costs Neo4j to write a link is to keep indexes up to date that nobody reads by
// meanwhile; so these are taken away first, and made when all is written, from all at
// once. And since Neo4j writes a transaction on one processor, two are written at a
// time: first the entities, sources and claims of a revision, then, while those of the
// next are written, its citations, and, in the last transaction, its words, counters
// and place in the log. Each transaction is small, whatever the size of the revision.
//
// Until it has ended, the database says that it is not brought up to date. So others
// neither read nor write. A lease shows that it goes on: as long as that lasts, nobody
// opens the graph, and who does so to write after a crash makes the indexes and takes
// back what was written of revisions that are not in the log. Where the lease was lost
// and it went on nevertheless, that ends it: no transaction comes through any more.
type firstLoad struct {
	store *Store
	by    string // tells this load from one that another program began
	head  evidence.Head
	// begun is the revision of which the entities, sources and claims are written;
	// ending tells when the rest is.
	begun  *firstStep
	ending chan error
	left   []*firstStep // revisions that were given up, of which there may be something
	held   *lease       // shows others that it goes on
}

// firstStep is one revision of a first load.
type firstStep struct {
	commit  *evidence.Commit
	changes *changes
	begun   bool // the server was reached
}

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
// changes nothing that was there before.
func (u *unread) onlyAdds(commit *evidence.Commit, err error) bool {
	return err == nil && !u.asked && commit.New && commit.Erasing == nil &&
		!slices.ContainsFunc(commit.Transitions, func(t evidence.Transition) bool { return t.Before != nil || !t.After.IsOpen() })
}

// beginFirst begins a first load; nil where the graph is not empty.
func (s *Store) beginFirst(ctx context.Context) (*firstLoad, error) {
	f := &firstLoad{store: s, by: uuid.NewString()}
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
	if err := s.inTransaction(ctx, dropIndexes, new(bool)); err != nil {
		return nil, errors.Join(s.fault(ctx, "take indexes away", err), f.end(ctx))
	}
	return f, nil
}

// late says whether a step of the schema makes an index that a first load does
// without. It keeps those that it seeks by itself.
func late(name, text string) bool {
	switch name {
	case "entity_id", "claim_id", "citation_id", "source_id": // as unique as record_id has it
		return true
	case "superseded_id":
		return false
	default: // full-text indexes are brought up to date behind the writer's back anyhow
		return strings.HasPrefix(text, "CREATE INDEX")
	}
}

func dropIndexes(ctx context.Context, tx driver.ManagedTransaction) error {
	for _, m := range migrations {
		for _, step := range m {
			if !late(step.name, step.text) {
				continue
			}
			what := "INDEX"
			if strings.HasPrefix(step.text, "CREATE CONSTRAINT") {
				what = "CONSTRAINT"
			}
			if _, err := send(ctx, tx, query{name: "build the schema", text: "DROP " + what + " " + step.name + " IF EXISTS"}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// add writes one revision. It is durable when the next is added, or the load ends.
func (f *firstLoad) add(ctx context.Context, commit *evidence.Commit) error {
	if err := follows(commit, f.head); err != nil {
		return err
	}
	step, before := &firstStep{commit: commit}, f.begun
	err := f.records(ctx, step)
	switch failed := f.settled(); {
	case failed != nil:
		err = f.anew(ctx, []*firstStep{before, step}, errors.Join(failed, err))
	case err != nil:
		err = f.anew(ctx, []*firstStep{step}, err)
	default:
		f.begun, f.ending = step, make(chan error, 1)
		go func() { f.ending <- f.rest(ctx, step) }()
	}
	f.head = commit.Revision.Head()
	return err
}

// settled waits for the rest of the revision before.
func (f *firstLoad) settled() error {
	if f.begun == nil {
		return nil
	}
	f.begun = nil
	return <-f.ending
}

// firstOrder are the queries for what is written first of a revision.
var firstOrder = []string{makeEntities, makeSources, makeStatements, makeHidden, makeLinks}

// records writes all that the citations of a revision lead to and come from.
func (f *firstLoad) records(ctx context.Context, step *firstStep) error {
	snap := &snapshot{head: f.head, newest: map[evidence.ID]*evidence.Record{}}
	begin := func(ctx context.Context, tx driver.ManagedTransaction) error {
		snap.tx, step.begun = tx, true
		return f.goOn(ctx, tx)
	}
	err := f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) (err error) {
		if err = begin(ctx, tx); err == nil {
			step.changes, err = f.store.sorted(ctx, snap, step.commit)
		}
		return err
	}, new(bool))
	if err != nil {
		return err
	}
	return f.inParts(ctx, step, firstOrder, begin)
}

// rest writes the citations of a revision and then what stands beside the records,
// with which it is in the log.
func (f *firstLoad) rest(ctx context.Context, step *firstStep) error {
	snap := &snapshot{}
	begin := func(ctx context.Context, tx driver.ManagedTransaction) (err error) {
		snap.tx = tx
		if snap.head, err = f.lock(ctx, tx); err != nil {
			return err
		}
		return follows(step.commit, snap.head)
	}
	if err := f.inParts(ctx, step, []string{makeCitations}, begin); err != nil {
		return err
	}
	return f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		if err := begin(ctx, tx); err != nil {
			return err
		}
		// What sources derive from is written here, where sources are locked anyhow.
		if err := step.changes.change(ctx, snap); err != nil {
			return err
		}
		return step.changes.finish(ctx, snap, step.commit)
	}, new(bool))
}

// inParts makes the nodes that some of the queries make, in transactions that each
// begin in a way.
func (f *firstLoad) inParts(ctx context.Context, step *firstStep, names []string, begin func(context.Context, driver.ManagedTransaction) error) error {
	for _, name := range names {
		q := f.store.texts.makes[name]
		err := chunked(step.changes.made[name], f.store.first.part, func(part [][]any) error {
			return f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
				if err := begin(ctx, tx); err != nil {
					return err
				}
				_, err := send(ctx, tx, q, row{"rows": part})
				return err
			}, new(bool))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// goOn waits for whoever takes the load back, or has them wait.
func (f *firstLoad) goOn(ctx context.Context, tx driver.ManagedTransaction) error {
	rows, err := send(ctx, tx, loadGoesOn, row{"by": f.by})
	if err == nil && len(rows) == 0 {
		err = errTakenOver
	}
	return err
}

// lock waits for this load's turn and gives the head.
func (f *firstLoad) lock(ctx context.Context, tx driver.ManagedTransaction) (evidence.Head, error) {
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

// anew writes revisions once more of which a transaction failed, after it has taken
// back what came through of those that are not in the log.
func (f *firstLoad) anew(ctx context.Context, steps []*firstStep, err error) error {
	reached := steps[0].begun // at the first; all that follows waits for it
	for losses := 0; err != nil; losses++ {
		if !reached || !again(ctx, err, losses) {
			f.left = steps
			return f.store.fault(ctx, "load revisions", err)
		}
		f.store.options.Logger.Warn().Err(err).Msg("lost the connection to Neo4j while loading; trying again")
		if steps, err = f.takeBack(ctx, steps, &reached); err != nil {
			continue
		}
		for len(steps) > 0 && err == nil {
			if err = f.records(ctx, steps[0]); err == nil {
				err = f.rest(ctx, steps[0])
			}
			if err == nil {
				steps = steps[1:]
			}
		}
	}
	return nil
}

// takeBack deletes what is there of revisions that are not in the log, and gives these.
// It waits for transactions whose connection was lost and that the server goes on with.
func (f *firstLoad) takeBack(ctx context.Context, steps []*firstStep, reached *bool) (left []*firstStep, err error) {
	err = f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		left = nil
		if err := f.goOn(ctx, tx); err != nil {
			return err
		}
		head, err := f.lock(ctx, tx)
		if err != nil {
			return err
		}
		*reached = true
		for _, step := range steps {
			if step.commit.Revision.Sequence() <= head.Sequence {
				continue
			}
			left = append(left, step)
			if err := f.takeBackStep(ctx, tx, step, head.Sequence); err != nil {
				return err
			}
		}
		return nil
	}, reached)
	if err != nil {
		return steps, err
	}
	return left, nil
}

func (f *firstLoad) takeBackStep(ctx context.Context, tx driver.ManagedTransaction, step *firstStep, after evidence.Sequence) error {
	snap := &snapshot{tx: tx}
	ids, links := make([]evidence.ID, len(step.commit.Transitions)), map[string][]row{}
	for i := range step.commit.Transitions {
		r := step.commit.Transitions[i].After
		if ids[i] = r.ID(); drawn(r) {
			links[r.Claim().Kind] = append(links[r.Claim().Kind], row{"id": string(r.ID())})
		}
	}
	for kind, rows := range links {
		if err := each(ctx, snap, f.store.texts.erase[kind], rows, nil); err != nil {
			return err
		}
	}
	return chunked(ids, batch, func(part []evidence.ID) error {
		_, err := send(ctx, tx, takeBack, row{"ids": idTexts(part), "sequence": int64(after)}) //nolint:gosec // below Open
		return err
	})
}

// end makes all that was added durable, and the indexes that were taken away. What was
// given up is taken back before. Where it fails, others may take back what is left.
func (f *firstLoad) end(ctx context.Context) error {
	defer f.held.release()
	err := f.finish(ctx)
	var cut *CutShortError
	if err == nil || errors.Is(err, errTakenOver) || errors.As(err, &cut) {
		return err
	}
	return errors.Join(err, &CutShortError{cause: err})
}

func (f *firstLoad) finish(ctx context.Context) error {
	step := f.begun
	if err := f.settled(); err != nil {
		if err := f.anew(ctx, []*firstStep{step}, err); err != nil {
			return err
		}
	}
	if len(f.left) > 0 {
		// Where it fails, add has told why, and of a load that was taken over all.
		if _, err := f.takeBack(ctx, f.left, new(bool)); errors.Is(err, errTakenOver) {
			return nil
		} else if err != nil {
			return &CutShortError{cause: f.store.fault(ctx, takeBack.name, err)}
		}
	}
	steps, err := f.store.missing(ctx)
	if err != nil {
		return err
	}
	// Indexes are filled behind our back, constraints at once: so the former come first.
	slices.SortStableFunc(steps, func(a, b string) int {
		return rankOfStep(a) - rankOfStep(b)
	})
	if err := f.store.build(ctx, steps); err != nil {
		return err
	}
	err = f.store.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		_, err := send(ctx, tx, loadEnds, row{"by": f.by})
		return err
	}, new(bool))
	return f.store.fault(ctx, loadEnds.name, err)
}

func rankOfStep(text string) int {
	if strings.HasPrefix(text, "CREATE CONSTRAINT") {
		return 1
	}
	return 0
}

// takeBackLoad deletes what a first load that broke off wrote of revisions after a
// sequence. Each link was written together with its relationship, by which it is found
// no more when it is deleted.
func (s *Store) takeBackLoad(ctx context.Context, session driver.SessionWithContext, sequence int64) error {
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
			_, err := session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
				return send(ctx, tx, s.texts.erase[kind], row{"rows": part})
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return inBatches(ctx, session, takeAllBack, row{"slots": listsOf(hiddenPlace, recordTypes...), "sequence": sequence})
}
