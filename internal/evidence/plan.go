package evidence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Author is who makes a revision: authenticated, never taken from what a client
// says of itself.
type Author struct {
	Name      string
	Clearance Clearance
	// IDPrefix begins every id that the author may choose. It is empty for those
	// cleared for everything; for others it keeps a taken id from telling them
	// that a record they may not see exists.
	IDPrefix string
}

// fault says what is wrong with the name, which the log keeps for good, and what
// to do; "" where nothing is. It is written on one line.
func (a Author) fault() string {
	what := textFault(a.Name, maxShort, true)
	if i := strings.IndexFunc(a.Name, unicode.IsControl); what == "" && i >= 0 {
		what = fmt.Sprintf("it has a control character at byte %d", i)
	}
	if what == "" {
		return ""
	}
	return what + "; give a plain name, which the log shows"
}

// Planner decides what change sets mean. Its functions make it deterministic in
// tests; all fields are required.
type Planner struct {
	Vocabulary *vocabulary.Vocabulary
	Now        func() time.Time
	NewID      func() ID
	NewSalt    func() [16]byte
	// CascadeLimit is how many records one revision may touch beyond those it
	// names; past it the change set is refused whole.
	CascadeLimit int
	// MaxChanges is how many changes a change set may have.
	MaxChanges int
	// Counted is the last logged revision that keeps, when it is replayed, the
	// numbers that the log gives it, since what was erased later cannot be counted
	// anew. 0, the default, counts all anew.
	Counted Sequence
}

// Commit is what a store persists as one atomic step.
type Commit struct {
	Revision *Revision
	// New is false when the change set changed nothing: Revision is then the one
	// that was made of it before, or the newest, and nothing is written.
	New bool
	// Transitions are the records that change, in the order they were touched.
	Transitions []Transition
	// Counters are what is to be added to each counter; never 0.
	Counters map[CounterKey]int
	// Targets is the id that each change of the set concerns.
	Targets []ID
	// Erasing is what is destroyed with it; nil but for a legal erasure.
	Erasing *Erasing
}

// Transition is one record before and after a revision. A version is added when
// After.From is the revision's sequence; the one before is closed when After.To
// is, or when it was open and a version is added. Otherwise only what is derived
// has changed.
type Transition struct {
	Before *Record // newest version before; nil where the id is new
	After  *Record
}

// CounterKey names a counter of open records.
type CounterKey struct {
	// Of is an entity (links and statements), a source (citations), or "" (all).
	Of   ID
	Type RecordType
	// Direction of links of an entity: Outgoing, Incoming; Any counts links that
	// lead from the entity to itself, which both others count too.
	Direction Direction
	Kind      string // kind, attribute, or stance
	// Visibility is the lowest clearance that sees what is counted.
	Visibility Clearance
}

// Plan decides what a change set comes to. The error is Faults with everything
// that is wrong with the change set, in its order, or what the snapshot failed
// with.
func (p *Planner) Plan(ctx context.Context, snap Snapshot, author Author, cs *ChangeSet) (*Commit, error) {
	head, err := snap.Head(ctx)
	if err != nil {
		return nil, err
	}
	shape := p.checkShape(author, cs)
	if len(cs.Changes) > p.MaxChanges {
		return nil, shape.err()
	}
	digest, err := cs.Digest()
	if err != nil {
		return nil, Faulty(InvalidInput, "", "the change set cannot be encoded: %v", err)
	}
	key := idempotencyKey(author.Name, author.Clearance, cs.IdempotencyKey)
	if len(shape) == 0 {
		if done, err := applied(ctx, snap, author.Clearance, key, digest); !errors.Is(err, ErrNotFound) {
			return done, err
		}
	}
	w := newWorkspace(ctx, p, snap, author, head.Sequence+1)
	defer w.end()
	w.faults = shape
	if cs.ExpectedRevision != nil {
		if err := w.expect(*cs.ExpectedRevision, head); err != nil {
			return nil, err
		}
	}
	ids, ends := cs.references(w.slots.ids)
	w.slots.ids = ids
	slots, err := w.loadNamed(ids)
	if err != nil {
		return nil, err
	}
	w.deferred = make([]deferred, 0, 3*len(cs.Changes))
	targets := make([]ID, len(cs.Changes))
	for i := range cs.Changes {
		if cs.Changes[i].only() == "" {
			continue // faulted by checkShape
		}
		w.index = i
		w.around = slots[:ends[i]]
		if i > 0 {
			w.around = w.around[ends[i-1]:]
		}
		id, err := w.apply(&cs.Changes[i])
		if err != nil {
			return nil, err
		}
		targets[i] = id
	}
	w.around = nil
	if err := w.finishChecks(); err != nil {
		return nil, err
	}
	if err := w.cascade(); err != nil {
		return nil, err
	}
	if err := w.withdrawChecks(); err != nil {
		return nil, err
	}
	if err := w.checkBarred(cs.Changes); err != nil {
		return nil, err
	}
	if err := w.faults.err(); err != nil {
		return nil, err
	}
	if !w.changed() {
		newest, err := w.headRevision(head)
		if err != nil {
			return nil, err
		}
		return &Commit{Revision: newest, Targets: targets}, nil
	}
	meta := Meta{Author: author.Name, Reason: cs.Reason, IdempotencyKey: cs.IdempotencyKey, Clearance: author.Clearance, Digest: digest}
	// Of large change sets each takes as long as the other, and neither waits for it.
	writing := p.writeLeaves(meta, w.outcomes(cs, targets))
	commit, effect, err := w.transitions()
	written := <-writing
	if err = cmp.Or(written.err, err); err != nil {
		return nil, err
	}
	leaves := written.leaves
	now, err := w.moment(head, effect)
	if err != nil {
		return nil, err
	}
	header := ledger.Header{Sequence: uint64(head.Sequence) + 1, Previous: head.Hash, Time: now, Leaves: uint32(len(leaves)), Root: written.root} //nolint:gosec // bounded by MaxChanges
	commit.Revision = &Revision{Header: header, Hash: header.Hash(), Leaves: leaves, Key: key}
	commit.Revision.number(head, effect)
	commit.Targets = targets
	return commit, nil
}

// moment is the time of the revision. A clock that was set back must not make it
// look earlier than one that all who see it see before it. It is not moved beyond
// that: a time that only a hidden revision explains would tell of it.
func (w *workspace) moment(head Head, effect [Clearances]bool) (time.Time, error) {
	now := w.planner.Now().UTC().Truncate(time.Microsecond)
	if !now.Before(head.Time) {
		return now, nil
	}
	lowest := w.author.Clearance // the author is told of it, even without an effect to see
	for c := range lowest {
		if effect[c] {
			lowest = c
			break
		}
	}
	if head.Latest[lowest] == 0 {
		return now, nil
	}
	before, err := w.snap.Revision(w.ctx, RevisionRef{Number: head.Latest[lowest], Clearance: lowest})
	if err != nil {
		return now, err
	}
	if now.Before(before.Header.Time) {
		now = before.Header.Time
	}
	return now, nil
}

// Replay decides what a logged revision comes to in a store whose log ends just
// before it. It is how a log is copied, checked and restored: effects are taken
// as they were logged, and everything derived is computed anew.
func (p *Planner) Replay(ctx context.Context, snap Snapshot, logged *Revision) (*Commit, error) {
	head, err := snap.Head(ctx)
	if err != nil {
		return nil, err
	}
	if !logged.Follows(head) {
		return nil, Faulty(Conflict, "", "revision at sequence %d does not follow the log's end at sequence %d; copy into an empty store, or resume a copy of the same log", logged.Header.Sequence, head.Sequence)
	}
	meta, err := logged.Meta()
	if err != nil {
		return nil, err
	}
	outcomes, err := logged.Outcomes()
	if err != nil {
		return nil, err
	}
	w := newWorkspace(ctx, p, snap, Author{Clearance: Confidential}, logged.Sequence())
	defer w.end()
	w.limit = math.MaxInt32 // what was once accepted is not refused again
	var ids []ID
	for _, o := range outcomes {
		for _, e := range o.Effects {
			ids = append(ids, e.Target())
		}
	}
	if err := w.load(ids); err != nil {
		return nil, err
	}
	var erasure *Erasure
	targets := make([]ID, len(outcomes))
	for i, o := range outcomes {
		w.index, targets[i] = i, o.ID
		if o.Erasure != nil {
			erasure = o.Erasure
		}
		for _, e := range o.Effects {
			if err := w.replay(e); err != nil {
				return nil, err
			}
		}
	}
	rev := &Revision{Header: logged.Header, Hash: logged.Header.Hash(), Leaves: logged.Leaves, Key: idempotencyKey(meta.Author, meta.Clearance, meta.IdempotencyKey)}
	if erasure != nil {
		rev.Key = erasureKey(erasure.Number)
	}
	commit, effect, err := w.transitions()
	if err != nil {
		return nil, err
	}
	if erasure != nil {
		effect = erasure.seen()
	}
	commit.Revision, commit.Targets = rev, targets
	rev.number(head, effect)
	if logged.Sequence() <= p.Counted {
		rev.Numbers, rev.Latest = logged.Numbers, logged.Latest
	}
	return commit, nil
}

// Applied gives what a change set came to under its idempotency key before; the
// error is ErrNotFound where nothing was, and Faults where it was another one.
func Applied(ctx context.Context, snap Snapshot, author Author, cs *ChangeSet) (*Commit, error) {
	digest, err := cs.Digest()
	if err != nil {
		return nil, Faulty(InvalidInput, "", "the change set cannot be encoded: %v", err)
	}
	return applied(ctx, snap, author.Clearance, idempotencyKey(author.Name, author.Clearance, cs.IdempotencyKey), digest)
}

func applied(ctx context.Context, snap Snapshot, c Clearance, key, digest string) (*Commit, error) {
	if key == "" {
		return nil, ErrNotFound
	}
	done, err := snap.Revision(ctx, RevisionRef{Key: key})
	if err != nil {
		return nil, err
	}
	meta, err := done.Meta()
	if err != nil {
		return nil, err
	}
	saw := false
	if meta.Digest == "" {
		erasures, err := tombstones(ctx, snap)
		if err != nil {
			return nil, err
		}
		saw = sawErased(erasures, c, done.Sequence())[0]
	}
	if saw {
		return nil, Faulty(Conflict, "idempotencyKey", "the key %q was used at %s for a change set of which part was erased since; choose a new key", meta.IdempotencyKey, done.Header.Time.Format(time.RFC3339))
	}
	if meta.Digest != digest {
		return nil, Faulty(Conflict, "idempotencyKey", "the key %q was used for another change set at %s; choose a new key", meta.IdempotencyKey, done.Header.Time.Format(time.RFC3339))
	}
	outcomes, err := done.Outcomes()
	if err != nil {
		return nil, err
	}
	commit := &Commit{Revision: done}
	for _, o := range outcomes {
		commit.Targets = append(commit.Targets, o.ID)
	}
	return commit, nil
}

// writtenLeaves are the leaves of a revision and what its header says of them.
type writtenLeaves struct {
	leaves []ledger.Leaf
	root   ledger.Hash
	err    error
}

func (p *Planner) writeLeaves(meta Meta, outcomes []Outcome) <-chan writtenLeaves {
	written := make(chan writtenLeaves, 1)
	go func() {
		leaves, err := p.leaves(meta, outcomes)
		written <- writtenLeaves{leaves, ledger.Root(leaves), err}
	}()
	return written
}

// leafPiece is how much memory leaves share, and leafRoom how much of it has to be
// free for another.
const leafPiece, leafRoom = 64 << 10, 1 << 10

func (p *Planner) leaves(meta Meta, outcomes []Outcome) ([]ledger.Leaf, error) {
	leaves := make([]ledger.Leaf, 0, len(outcomes)+1)
	content, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("encoding the log: %w", err)
	}
	leaves = append(leaves, ledger.NewLeaf(p.NewSalt(), content))
	// Contents stand one behind the other in few pieces of memory.
	var piece []byte
	for i := range outcomes {
		if cap(piece)-len(piece) < leafRoom {
			piece = make([]byte, 0, min(leafPiece, (len(outcomes)-i)*leafRoom))
		}
		start := len(piece)
		appended, ok := appendOutcome(piece, &outcomes[i])
		if ok {
			piece, content = appended, appended[start:len(appended):len(appended)]
		} else if content, err = json.Marshal(&outcomes[i]); err != nil {
			return nil, fmt.Errorf("encoding the log: %w", err)
		}
		leaves = append(leaves, ledger.NewLeaf(p.NewSalt(), content))
	}
	return leaves, nil
}

// checkShape finds what is wrong with a change set before its changes are read.
func (p *Planner) checkShape(author Author, cs *ChangeSet) indexedFaults {
	var faults indexedFaults
	fault := func(index int, code Code, path, format string, args ...any) {
		faults = append(faults, indexedFault{index, Fault{code, path, fmt.Sprintf(format, args...)}})
	}
	if what := author.fault(); what != "" {
		fault(-1, InvalidInput, "author", "%s", what)
	}
	if text := textFault(cs.Reason, maxReason, true); text != "" {
		fault(-1, InvalidInput, "reason", "%s; say why the change is made", text)
	}
	if text := textFault(cs.IdempotencyKey, maxShort, false); text != "" {
		fault(-1, InvalidInput, "idempotencyKey", "%s; give a shorter, plain key", text)
	}
	if len(cs.Changes) == 0 {
		fault(-1, InvalidInput, "changes", "there is no change in it; give at least one")
	}
	if len(cs.Changes) > p.MaxChanges {
		fault(-1, LimitExceeded, "changes", "%d changes are more than the %d that one revision may have; send several change sets", len(cs.Changes), p.MaxChanges)
		return faults
	}
	for _, f := range cs.Unreadable {
		faults = append(faults, indexedFault{f.Index, f.Fault})
	}
	for i := range cs.Changes {
		told := slices.ContainsFunc(cs.Unreadable, func(f UnreadableInput) bool { return f.Index == i })
		if cs.Changes[i].only() == "" && !told {
			what := "none is given"
			if given := cs.Changes[i].given(); len(given) > 1 {
				what = strings.Join(given, " and ") + " are given"
			}
			fault(i, InvalidInput, fmt.Sprintf("changes[%d]", i), "a change is exactly one of %s; %s", strings.Join(sentNames(), ", "), what)
		}
	}
	return faults
}

var changeNames = [12]string{
	"putEntity", "putSource", "assertLink", "assertStatement", "cite", "setStanding",
	"setClearance", "retract", "mergeEntities", "attachCapture", "recordChecks", "undo",
}

// sentNames are the changes that a client may send. The others are made of what
// it does elsewhere.
func sentNames() []string {
	return slices.DeleteFunc(slices.Clone(changeNames[:]), func(name string) bool {
		return name == "attachCapture" || name == "recordChecks"
	})
}

// given names the fields of the change that are set.
func (c *Change) given() []string {
	var names []string
	for i, is := range c.set() {
		if is {
			names = append(names, changeNames[i])
		}
	}
	return names
}

// only names the one field of the change that is set; "" where none or several
// are.
func (c *Change) only() string {
	name := ""
	for i, is := range c.set() {
		switch {
		case is && name != "":
			return ""
		case is:
			name = changeNames[i]
		}
	}
	return name
}

func (c *Change) set() [12]bool {
	return [...]bool{
		c.PutEntity != nil, c.PutSource != nil, c.AssertLink != nil, c.AssertStatement != nil, c.Cite != nil, c.SetStanding != nil,
		c.SetClearance != nil, c.Retract != nil, c.MergeEntities != nil, c.AttachCapture != nil, c.RecordChecks != nil, c.Undo != nil,
	}
}

// References are the ids that a change set names, each once, sorted.
func (cs *ChangeSet) References() []ID {
	ids, _ := cs.references(nil)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return slices.DeleteFunc(ids, func(id ID) bool { return id == "" })
}

// references appends the ids that a change set names, and empty ones among them, and
// gives where those of each change end.
func (cs *ChangeSet) references(to []ID) (ids []ID, ends []int) {
	ids, ends = slices.Grow(to, 8*len(cs.Changes)), make([]int, len(cs.Changes))
	cite := func(list ...NewCitation) {
		for i := range list {
			c := &list[i]
			ids = append(ids, c.ID, c.Source)
			if c.AssertedBy != nil {
				ids = append(ids, c.AssertedBy.Entity)
			}
		}
	}
	for i := range cs.Changes {
		switch c := &cs.Changes[i]; {
		case c.PutEntity != nil:
			ids = append(ids, c.PutEntity.ID)
			for _, n := range c.PutEntity.Names.Value {
				ids = append(ids, n.Sources...)
			}
		case c.PutSource != nil:
			ids = append(append(ids, c.PutSource.ID), c.PutSource.DerivedFrom.Value...)
		case c.AssertLink != nil:
			ids = append(ids, c.AssertLink.ID, c.AssertLink.From, c.AssertLink.To, c.AssertLink.About)
			cite(c.AssertLink.Citations...)
		case c.AssertStatement != nil:
			ids = append(ids, c.AssertStatement.ID, c.AssertStatement.Entity, c.AssertStatement.About)
			cite(c.AssertStatement.Citations...)
		case c.Cite != nil:
			ids = append(ids, c.Cite.Claim)
			cite(c.Cite.Citation)
		case c.SetStanding != nil:
			ids = append(ids, c.SetStanding.Claim)
			cite(c.SetStanding.Citation)
		case c.SetClearance != nil:
			ids = append(ids, c.SetClearance.ID)
		case c.Retract != nil:
			ids = append(ids, c.Retract.ID)
		case c.MergeEntities != nil:
			ids = append(ids, c.MergeEntities.Link, c.MergeEntities.Absorb, c.MergeEntities.Into)
			cite(c.MergeEntities.Citations...)
		case c.AttachCapture != nil:
			ids = append(ids, c.AttachCapture.Source)
		case c.RecordChecks != nil:
			for _, check := range c.RecordChecks.Checks {
				ids = append(ids, check.Citation)
			}
		}
		ends[i] = len(ids)
	}
	return ids, ends
}
