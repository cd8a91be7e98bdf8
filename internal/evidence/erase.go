package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// ErrLogMoved says that the log has grown since an erasure read it.
var ErrLogMoved = errors.New("the log has grown while it was read")

// Reach finds, from the log, all that an erasure of some records takes with it:
// the claims of an entity, the citations of a claim and into a source, and the
// claims that no citation has ever supported but those that are erased. The log
// is read three times: Follow, Weigh, Follow.
type Reach struct {
	// Gone are the records found so far, with their types; 0 for an id that the
	// log was not seen to write.
	Gone     map[ID]RecordType
	bereft   map[ID]bool // claims that a citation which is gone belongs to
	supports map[ID]bool // of these, those that another citation supports
}

// NewReach begins with the records that are named.
func NewReach(ids []ID) *Reach {
	r := &Reach{Gone: map[ID]RecordType{}, bereft: map[ID]bool{}, supports: map[ID]bool{}}
	for _, id := range ids {
		r.Gone[id] = 0
	}
	return r
}

// contents calls a function for each content that a revision wrote.
func contents(r *Revision, each func(Content)) error {
	outcomes, err := r.Outcomes()
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		for _, e := range o.Effects {
			if c := e.content(); c != nil {
				each(c)
			}
		}
	}
	return nil
}

// Follow takes in the next revision of the log.
func (x *Reach) Follow(r *Revision) error {
	for grown := true; grown; {
		grown = false
		add := func(c Content) {
			if x.Gone[c.RecordID()] == 0 {
				x.Gone[c.RecordID()], grown = c.Type(), true
			}
		}
		is := func(id ID) bool { _, gone := x.Gone[id]; return gone && id != "" }
		err := contents(r, func(content Content) {
			named := is(content.RecordID())
			switch c := content.(type) {
			case *Claim:
				named = named || is(c.From) || is(c.To)
			case *Citation:
				named = named || is(c.Claim) || is(c.Source)
				if named {
					x.bereft[c.Claim] = true
				}
			}
			if named {
				add(content)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Weigh takes in the next revision of the log, once all were followed.
func (x *Reach) Weigh(r *Revision) error {
	return contents(r, func(content Content) {
		c, ok := content.(*Citation)
		if _, gone := x.Gone[content.RecordID()]; ok && !gone && c.Stance == Supports && x.bereft[c.Claim] {
			x.supports[c.Claim] = true
		}
	})
}

// Settle is called once all revisions were weighed. It adds the claims that lose every
// support they ever had. Where again is true, the log has to be followed once more, for
// the citations of these claims.
func (x *Reach) Settle() (again bool) {
	for id := range x.bereft {
		if _, gone := x.Gone[id]; !gone && !x.supports[id] {
			x.Gone[id], again = 0, true
		}
	}
	return again
}

// Eraser gathers from the log what is to be destroyed. It is given every
// revision, in order.
type Eraser struct {
	metas     map[Sequence]bool
	newSalt   func() [16]byte
	through   Head
	numbering *Numbering
	erasing   Erasing
	struck    []Struck
	said      map[ID][]Content // by the records that are gone, oldest first
	bereft    map[ID]bool
	erasures  int
	seen      Clearance // the lowest that sees a revision whose author and reason go
	// told is of which records that are gone a leaf told that is struck.
	told map[leafOf][]telling
	// lost has, by record that stays, those that are gone and that it named or, of a
	// claim, was cited in, as far as the log was read.
	lost map[ID][]ID
	sights
}

// leafOf names a leaf of the log.
type leafOf struct {
	at    Sequence
	index int
}

// NewEraser erases records, as Reach found them, and the authors and reasons of
// revisions.
func NewEraser(gone map[ID]RecordType, metas []Sequence, newSalt func() [16]byte) *Eraser {
	e := &Eraser{sights: newSights(gone), metas: map[Sequence]bool{}, newSalt: newSalt, numbering: NewNumbering(), said: map[ID][]Content{}, bereft: map[ID]bool{}, seen: Hidden, told: map[leafOf][]telling{}, lost: map[ID][]ID{}}
	for _, s := range metas {
		e.metas[s] = true
	}
	e.erasing.Gone = sortedKeys(gone)
	return e
}

// Add takes in the next revision of the log.
func (e *Eraser) Add(r *Revision) error {
	e.numbering.Add(r)
	e.through = r.Head()
	outcomes, err := r.Outcomes()
	if err != nil {
		return err
	}
	after := *r
	after.Leaves = slices.Clone(r.Leaves)
	first := len(e.struck)
	strike := func(leaf int, rest any) error {
		after.Leaves[leaf] = r.Leaves[leaf].Erase()
		if rest != nil {
			content, err := json.Marshal(rest)
			if err != nil {
				return fmt.Errorf("encoding what an erasure leaves: %w", err)
			}
			after.Leaves[leaf].Rest = &ledger.Rest{Salt: e.newSalt(), Content: content}
		}
		e.struck = append(e.struck, Struck{Sequence: r.Sequence(), Leaf: leaf, Rest: after.Leaves[leaf].Rest.Commitment()})
		return nil
	}
	meta, err := r.Meta()
	if err != nil {
		return err
	}
	again, erases := e.sentAgain(outcomes, meta.Clearance), false
	sent := len(again) > 0
	told := e.tellings(outcomes)
	e.told[leafOf{r.Sequence(), 0}] = slices.Concat(append(told, again)...)
	for i := range outcomes {
		if outcomes[i].Erasure != nil {
			erases = true
			e.erasures++
		}
		if len(told[i]) == 0 {
			continue
		}
		if err := strike(i+1, e.rest(&outcomes[i], r.Sequence())); err != nil {
			return err
		}
		e.told[leafOf{r.Sequence(), i + 1}] = told[i]
		sent = sent || e.sent(&outcomes[i], meta.Clearance)
	}
	switch {
	case e.metas[r.Sequence()]:
		if !erases { // the key of an erasure tells nothing, and plans find by it what is barred
			after.Key = ""
		}
		for c := Clearance(Clearances); c > 0; c-- {
			if r.Numbers[c-1] > 0 {
				e.seen = min(e.seen, c-1)
			}
		}
		err = strike(0, nil)
	case sent && meta.Digest != "":
		meta.Digest = "" // it is a hash of what was sent, by which it could be guessed
		if meta.Seed, err = r.Seed(); err == nil {
			err = strike(0, &meta)
		}
	case meta.Seed.IsZero() && r.Leaves[0].Erased && after.firstKept() != r.firstKept():
		if meta.Seed, err = r.Seed(); err == nil {
			err = strike(0, &meta)
		}
	}
	if len(e.struck) > first {
		slices.SortFunc(e.struck[first:], func(a, b Struck) int { return a.Leaf - b.Leaf })
		e.erasing.Revisions = append(e.erasing.Revisions, &after)
	}
	return err
}

// Lost says whether the revision at a sequence, which was added last, loses something,
// and gives the records that are gone of which it told, or that may have been sent again
// in it, each once, sorted.
func (e *Eraser) Lost(at Sequence) (of []ID, lost bool) {
	n := len(e.erasing.Revisions)
	if n == 0 || e.erasing.Revisions[n-1].Sequence() != at {
		return nil, false
	}
	for _, t := range e.told[leafOf{at, 0}] {
		of = append(of, t.id)
	}
	slices.Sort(of)
	return slices.Compact(of), true
}

// Tells gives the records that are gone of which an outcome tells, or that it names
// in what it says of others: an erasure of them strikes it.
func (o *Outcome) Tells(gone func(ID) bool) []ID {
	var told []ID
	note := func(id ID) bool {
		if id != "" && gone(id) {
			told = append(told, id)
		}
		return false
	}
	note(o.ID)
	for _, f := range o.Effects {
		note(f.Target())
		if content := f.content(); content != nil {
			_, _ = Redact(content, note)
		}
	}
	return told
}

// rest gives what is left of an outcome that told of records that are gone.
func (e *Eraser) rest(o *Outcome, at Sequence) *Outcome {
	rest := *o
	rest.Effects = nil
	if e.isGone(o.ID) {
		rest.ID = ""
	}
	for _, f := range o.Effects {
		content := f.content()
		if e.isGone(f.Target()) {
			if content != nil {
				e.note(content)
			}
			continue
		}
		if content != nil {
			redacted, is := Redact(content, func(id ID) bool {
				if e.isGone(id) {
					e.lose(f.Target(), id)
				}
				return e.isGone(id)
			})
			if is {
				e.erasing.Rewritten = append(e.erasing.Rewritten, &Record{Content: redacted, From: at})
				f = effectOf(redacted)
			}
		}
		rest.Effects = append(rest.Effects, f)
	}
	return &rest
}

// lose notes that a record which stays named, or was cited in, one that is gone.
func (e *Eraser) lose(stays, gone ID) {
	if !slices.Contains(e.lost[stays], gone) {
		e.lost[stays] = append(e.lost[stays], gone)
	}
}

func (e *Eraser) isGone(id ID) bool { _, gone := e.gone[id]; return gone }

// sent says whether what an author sent, who was cleared for c, may have held what
// an outcome tells of records that are gone: not what a cascade reached, what an
// undo brought back, or what was kept of a record that the author did not see.
func (e *Eraser) sent(o *Outcome, c Clearance) bool {
	gone := func(id ID) bool { return e.isGone(id) && e.levels[id] <= c }
	names := func(content Content) bool { _, is := Redact(content, gone); return is }
	return gone(o.ID) || slices.ContainsFunc(o.Effects, func(f Effect) bool {
		switch o.Change {
		case "putEntity", "putSource":
			return f.content() != nil && names(f.content())
		case "assertLink", "assertStatement":
			return f.Claim != nil && gone(f.Claim.About) || f.Citation != nil && (gone(f.Citation.ID) || names(f.Citation))
		case "cite", "setStanding", "mergeEntities":
			return f.Citation != nil && (gone(f.Citation.ID) || names(f.Citation))
		case "recordChecks":
			return gone(f.Target())
		default:
			return false
		}
	})
}

// sentAgain gives the records that are gone and that an author who was cleared for c,
// and saw them, may have sent again in a change set: with what had them, which stays.
// The outcomes tell of nothing that was there already. It is asked before these are
// followed.
func (e *Eraser) sentAgain(outcomes []Outcome, c Clearance) (again []telling) {
	for i := range outcomes {
		switch outcomes[i].Change {
		case "putEntity", "putSource", "assertLink", "assertStatement", "cite", "setStanding", "mergeEntities":
			for _, id := range e.lost[outcomes[i].ID] {
				if at := e.of(id); at <= c {
					again = append(again, telling{id, at})
				}
			}
		}
	}
	return again
}

// note remembers a content that is gone.
func (e *Eraser) note(content Content) {
	e.said[content.RecordID()] = append(e.said[content.RecordID()], content)
	switch c := content.(type) {
	case *Citation:
		if _, gone := e.gone[c.Claim]; !gone {
			e.bereft[c.Claim] = true
			e.lose(c.Claim, c.ID)
		}
	case *Source:
		for _, capture := range c.Captures {
			for _, sha := range []string{capture.SHA256, capture.Text} {
				if sha != "" && !slices.Contains(e.erasing.Captures, sha) {
					e.erasing.Captures = append(e.erasing.Captures, sha)
				}
			}
		}
	}
}

// CheckErasure judges who erases and on what ground, so that a caller can have that
// refused before it destroys anything. The error is Faults.
func CheckErasure(author Author, ground string) error {
	var faults Faults
	if what := author.fault(); what != "" {
		faults = append(faults, Fault{InvalidInput, "author", what})
	}
	switch what := textFault(ground, maxReason, true); what {
	case "":
	case textEmpty:
		faults = append(faults, Fault{InvalidInput, "ground", what + "; say on what ground this is erased, such as the file number of the order, and name nobody"})
	default:
		faults = append(faults, Fault{InvalidInput, "ground", what + "; shorten or mend it"})
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// Erase plans a legal erasure: the store's commit destroys what the eraser found
// in the log, and the revision it appends is the tombstone. A claim that stands
// on, in the past, with a support that was retracted, is closed. ErrLogMoved says
// that the log has grown since the eraser read it.
func (p *Planner) Erase(ctx context.Context, snap Snapshot, author Author, ground string, e *Eraser) (*Commit, error) {
	if err := CheckErasure(author, ground); err != nil {
		return nil, err
	}
	head, err := snap.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Sequence != e.through.Sequence || head.Hash != e.through.Hash {
		return nil, ErrLogMoved
	}
	if len(e.struck) == 0 {
		return nil, Faulty(UnknownID, "ids", "nothing in the log is of these; give the ids as `vinculo log --json` writes them")
	}
	w := newWorkspace(ctx, p, snap, Author{Clearance: Confidential}, head.Sequence+1)
	defer w.end()
	w.limit = math.MaxInt32
	w.erasing = e
	before, err := snap.Newest(ctx, e.erasing.Gone, Open)
	if err != nil {
		return nil, err
	}
	if err := w.bereave(); err != nil {
		return nil, err
	}
	commit, effect, err := w.transitions()
	if err != nil {
		return nil, err
	}
	tombstone := &Erasure{
		Number: e.erasures + 1, Visible: min(e.seen, Confidential), Records: map[string]int{}, Salt: p.NewSalt(),
		Struck: e.struck, Numbering: e.numbering.Sum(),
	}
	for c := range Clearance(Clearances) {
		if effect[c] {
			tombstone.Visible = min(tombstone.Visible, c)
		}
	}
	for _, r := range before {
		tombstone.Records[r.Content.Type().String()]++
		tombstone.Visible = min(tombstone.Visible, lastSeen(r))
		count(commit.Counters, r, -1)
	}
	for k, n := range commit.Counters {
		if _, gone := e.gone[k.Of]; n == 0 || gone && k.Of != "" {
			delete(commit.Counters, k)
		}
	}
	level := func(id ID) Clearance {
		if r := before[id]; r != nil {
			return min(lastSeen(r), Confidential)
		}
		return Confidential
	}
	for i := range tombstone.Struck {
		s := &tombstone.Struck[i]
		if told := e.told[leafOf{s.Sequence, s.Leaf}]; len(told) > 0 {
			s.Visible = Confidential
			for _, of := range told {
				s.Visible = min(s.Visible, max(of.at, level(of.id)))
			}
		}
	}
	if tombstone.Barred, err = e.barred(ctx, snap, tombstone.Salt, level, before); err != nil {
		return nil, err
	}
	outcome := Outcome{Change: "erase", Erasure: tombstone}
	for _, s := range w.touched {
		if s.differs() {
			outcome.Effects = append(outcome.Effects, Effect{Close: s.id})
		}
	}
	leaves, err := p.leaves(Meta{Author: author.Name, Reason: ground}, []Outcome{outcome})
	if err != nil {
		return nil, err
	}
	now, err := w.moment(head, tombstone.seen())
	if err != nil {
		return nil, err
	}
	header := ledger.Header{Sequence: uint64(head.Sequence) + 1, Previous: head.Hash, Time: now, Leaves: uint32(len(leaves)), Root: ledger.Root(leaves)} //nolint:gosec // two
	commit.Revision = &Revision{Header: header, Hash: header.Hash(), Leaves: leaves, Key: erasureKey(tombstone.Number)}
	commit.Revision.number(head, tombstone.seen())
	erasing := e.erasing
	commit.Erasing = &erasing
	commit.Targets = []ID{""}
	return commit, nil
}

// lastSeen is the lowest clearance that the record was last shown to: for what
// is closed, at most what its own clearance allows.
func lastSeen(r *Record) Clearance {
	if r.IsOpen() {
		return r.Derived.Visibility
	}
	if t := r.Content.Type(); t == EntityRecord || t == SourceRecord {
		return max(r.Derived.Now, r.Content.OwnClearance())
	}
	return Confidential
}

// seen are the clearances that see the revision of an erasure.
func (e *Erasure) seen() (effect [Clearances]bool) {
	for c := range effect {
		effect[c] = Clearance(c) >= e.Visible //nolint:gosec // 0 to 2
	}
	return effect
}

// bereave closes the claims that have no support left and marks what has to be
// judged anew.
func (w *workspace) bereave() error {
	e := w.erasing
	claims := sortedKeys(e.bereft)
	ids := slices.Clone(claims)
	newest := map[ID]*Record{}
	for _, r := range e.erasing.Rewritten {
		ids = append(ids, r.ID())
		newest[r.ID()] = r // they are in the order of the log
	}
	w.rewritten = newest
	if err := w.load(ids); err != nil {
		return err
	}
	for _, id := range sortedKeys(maps.Clone(newest)) {
		switch newest[id].Content.(type) {
		case *Claim:
			claims = append(claims, id)
		case *Source:
			w.unrooted = append(w.unrooted, id)
		}
	}
	slices.Sort(claims)
	w.rejudged = slices.Compact(claims)
	if err := w.related(CitationsOf, w.rejudged); err != nil {
		return err
	}
	for _, id := range w.rejudged {
		supports := func(x *slot) bool { return x.open && x.content.(*Citation).Stance == Supports } //nolint:forcetypeassert // the index holds citations
		if s := w.get(id); s.open && !slices.ContainsFunc(w.citationsOf(id), supports) {
			w.close(s)
		}
	}
	return w.cascade()
}
