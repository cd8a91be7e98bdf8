package projection

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
)

// projector is one run. It replays the source into the scratch store, without
// the records that are above the clearance now, and writes down what each
// revision changes there of what the clearance sees.
type projector struct {
	Options
	scratch store.Store
	through evidence.Sequence

	// now has the clearance of records today, where it is not PUBLIC; names is of
	// entities with names that were raised above the projection's since.
	now   map[evidence.ID]evidence.Clearance
	names map[evidence.ID]names
	// left are the records that the scratch store is not given.
	left map[evidence.ID]bool

	shown     map[evidence.ID]bool                 // what the target shows
	referring map[evidence.ID]map[evidence.ID]bool // records by what they name beside their ends
	before    map[evidence.ID]bool                 // what was shown before the present revision, where that differs
	logged    ledger.Header                        // of the scratch store's newest revision
	written   ledger.Header                        // of the target's
	// first is the hash of the revision that the target begins with; zero where it is
	// empty. It shows whether the target was made when salts followed from less: older.
	first ledger.Hash
	older bool
	// projected says whether the target begins as a projection does.
	projected bool
}

// projecting is the change that every outcome of a projection names, and no other.
const projecting = "project"

// names tells which of all names that an entity had were raised, and what it is called.
type names struct {
	raised  map[string]bool
	primary evidence.Name
}

func (p *projector) existing(ctx context.Context) ([]ledger.Hash, error) {
	var hashes []ledger.Hash
	for r, err := range p.To.Log(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the target: %w", err)
		}
		if len(hashes) == 0 {
			outcomes, err := r.Outcomes()
			if err != nil {
				return nil, fmt.Errorf("reading the target: %w", err)
			}
			p.projected = len(outcomes) > 0 && outcomes[0].Change == projecting
		}
		hashes = append(hashes, r.Header.Hash())
	}
	return hashes, nil
}

// source yields the source's log as far as the run goes.
func (p *projector) source(ctx context.Context) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		for r, err := range p.From.Log(ctx, 0) {
			if err != nil {
				yield(nil, fmt.Errorf("reading the source: %w", err))
				return
			}
			if r.Sequence() > p.through || !yield(r, nil) {
				return
			}
		}
	}
}

// learn reads what is above the clearance now.
func (p *projector) learn(ctx context.Context) error {
	p.now, p.names, p.left = map[evidence.ID]evidence.Clearance{}, map[evidence.ID]names{}, map[evidence.ID]bool{}
	set := func(id evidence.ID, c evidence.Clearance) {
		delete(p.now, id)
		if c > evidence.Public {
			p.now[id] = c
		}
	}
	for r, err := range p.source(ctx) {
		if err != nil {
			return err
		}
		outcomes, err := r.Outcomes()
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			for _, e := range o.Effects {
				if c := e.Content(); c != nil {
					set(c.RecordID(), c.OwnClearance())
				}
				if e.Clearance != nil {
					set(e.Clearance.ID, e.Clearance.Clearance)
				}
				if e.Entity != nil && slices.ContainsFunc(e.Entity.Names, func(n evidence.Name) bool { return n.Clearance > p.Clearance }) {
					p.names[e.Entity.ID] = names{}
				}
			}
		}
	}
	for id, c := range p.now {
		if c > p.Clearance {
			p.left[id] = true
		}
	}
	return p.learnNames(ctx)
}

// namesAtOnce is of how many entities all versions are read at once.
const namesAtOnce = 500

// learnNames reads which names of the entities that ever had a secret one were raised.
func (p *projector) learnNames(ctx context.Context) (err error) {
	if len(p.names) == 0 {
		return nil
	}
	r, err := p.From.Raw(ctx, evidence.View{Clearance: evidence.Confidential, KnownAt: p.through})
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(p.names)), namesAtOnce) {
		versions, err := r.Versions(ctx, batch)
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		for _, id := range batch {
			of := versions[id]
			raised := evidence.RaisedNames(of, p.Clearance)
			if len(raised) == 0 {
				delete(p.names, id)
				continue
			}
			p.names[id] = names{raised, of[len(of)-1].Entity().Names[0]}
		}
	}
	return nil
}

// revisions yields the whole projection.
func (p *projector) revisions(ctx context.Context) iter.Seq2[*evidence.Revision, error] {
	p.shown, p.referring = map[evidence.ID]bool{}, map[evidence.ID]map[evidence.ID]bool{}
	return func(yield func(*evidence.Revision, error) bool) {
		for r, err := range p.source(ctx) {
			var projected *evidence.Revision
			if err == nil {
				projected, err = p.revision(ctx, r)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if projected != nil && !yield(projected, nil) {
				return
			}
			if p.Progress != nil {
				p.Progress(uint64(r.Sequence()), uint64(p.through))
			}
		}
	}
}

// revision projects one revision; nil where the clearance sees nothing of it.
func (p *projector) revision(ctx context.Context, r *evidence.Revision) (*evidence.Revision, error) {
	effects, err := p.kept(r)
	if err != nil || len(effects) == 0 {
		return nil, err
	}
	commit, err := p.replay(ctx, r, effects)
	if err != nil {
		return nil, fmt.Errorf("projecting revision %d: %w", r.Sequence(), err)
	}
	changed, err := p.changes(ctx, commit)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	return p.write(r, changed)
}

// kept are the effects that the scratch store is given.
func (p *projector) kept(r *evidence.Revision) ([]evidence.Effect, error) {
	outcomes, err := r.Outcomes()
	if err != nil {
		return nil, err
	}
	var kept []evidence.Effect
	// A claim may be written after its citations, and an entity after its claims.
	for again := true; again; {
		again = false
		for _, o := range outcomes {
			for _, e := range o.Effects {
				var on []evidence.ID
				switch {
				case e.Claim != nil:
					on = []evidence.ID{e.Claim.From, e.Claim.To}
				case e.Citation != nil:
					on = []evidence.ID{e.Citation.Claim, e.Citation.Source}
				}
				if !p.left[e.Target()] && slices.ContainsFunc(on, func(id evidence.ID) bool { return p.left[id] }) {
					p.left[e.Target()], again = true, true
				}
			}
		}
	}
	for _, o := range outcomes {
		for _, e := range o.Effects {
			if p.left[e.Target()] {
				continue
			}
			if c := e.Content(); c != nil {
				c, _ = evidence.Redact(c, func(id evidence.ID) bool { return p.left[id] })
				e = evidence.Written(c)
			}
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// replay brings effects into the scratch store, which judges who sees what.
func (p *projector) replay(ctx context.Context, r *evidence.Revision, effects []evidence.Effect) (*evidence.Commit, error) {
	logged, err := chained(p.logged, r.Header, []any{evidence.Meta{}, evidence.Outcome{Effects: effects}}, func(int, []byte) (salt [16]byte) { return salt })
	if err != nil {
		return nil, err
	}
	p.logged = logged.Header
	return p.scratch.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return p.Planner.Replay(ctx, snap, logged)
	})
}

// chained makes a revision that follows another and was recorded when a third
// was.
func chained(after, when ledger.Header, contents []any, salt func(int, []byte) [16]byte) (*evidence.Revision, error) {
	leaves := make([]ledger.Leaf, len(contents))
	for i, c := range contents {
		text, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encoding the log: %w", err)
		}
		leaves[i] = ledger.NewLeaf(salt(i, text), text)
	}
	h := ledger.Header{Sequence: after.Sequence + 1, Time: when.Time, Leaves: uint32(len(leaves)), Root: ledger.Root(leaves)} //nolint:gosec // bounded by the source's
	if after.Sequence > 0 {
		h.Previous = after.Hash()
	}
	return &evidence.Revision{Header: h, Hash: h.Hash(), Leaves: leaves}, nil
}

// seen says whether the clearance sees the record.
func (p *projector) seen(r *evidence.Record) bool {
	return r.IsOpen() && r.Derived.Visibility <= p.Clearance
}

// changes are the effects that lead the target from what the clearance saw
// before the commit to what it sees after, one for each leaf.
func (p *projector) changes(ctx context.Context, commit *evidence.Commit) ([]evidence.Effect, error) {
	p.before = map[evidence.ID]bool{}
	touched := map[evidence.ID]bool{}
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		id := t.After.ID()
		touched[id] = true
		p.refer(t.After)
		if was, is := p.shown[id], p.seen(t.After); was != is {
			p.before[id] = was
		}
	}
	transitions := slices.Clone(commit.Transitions)
	named, err := p.naming(ctx, touched)
	if err != nil {
		return nil, err
	}
	for _, r := range named {
		transitions = append(transitions, evidence.Transition{Before: r, After: r})
	}
	old := make([]evidence.Content, len(transitions))
	for i, t := range transitions {
		if id := t.After.ID(); t.Before != nil && p.shown[id] {
			old[i] = p.rendition(t.Before.Content)
		}
	}
	for id, was := range p.before {
		if was {
			delete(p.shown, id)
		} else {
			p.shown[id] = true
		}
	}
	var effects []evidence.Effect
	for i, t := range transitions {
		id := t.After.ID()
		if !p.shown[id] {
			if p.before[id] {
				effects = append(effects, evidence.Effect{Close: id})
			}
			continue
		}
		now := p.rendition(t.After.Content)
		same, err := equal(old[i], now)
		if err != nil {
			return nil, err
		}
		if !same {
			effects = append(effects, evidence.Written(now))
		}
		check := t.After.Derived.Check
		if check != nil && (old[i] == nil || !check.Equal(t.Before.Derived.Check)) {
			effects = append(effects, evidence.Effect{Check: &evidence.CitationCheck{Citation: id, Check: *check}})
		}
	}
	slices.SortStableFunc(effects, func(a, b evidence.Effect) int { return cmp.Compare(a.Target(), b.Target()) })
	return effects, nil
}

func equal(a, b evidence.Content) (bool, error) {
	if a == nil {
		return false, nil
	}
	x, err := evidence.EncodeContent(a)
	if err != nil {
		return false, err
	}
	y, err := evidence.EncodeContent(b)
	return slices.Equal(x, y), err
}

// refer notes what a record names beside its ends: Redact asks of each.
func (p *projector) refer(r *evidence.Record) {
	_, _ = evidence.Redact(r.Content, func(id evidence.ID) bool {
		if p.referring[id] == nil {
			p.referring[id] = map[evidence.ID]bool{}
		}
		p.referring[id][r.ID()] = true
		return false
	})
}

// naming are the records shown that read otherwise because one that they name
// has come or gone, and that the commit itself does not change.
func (p *projector) naming(ctx context.Context, touched map[evidence.ID]bool) ([]*evidence.Record, error) {
	var ids []evidence.ID
	for id := range p.before {
		for by := range p.referring[id] {
			if p.shown[by] && !touched[by] {
				touched[by] = true
				ids = append(ids, by)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	r, err := p.scratch.Raw(ctx, evidence.Now(evidence.Confidential))
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // it has only read
	var records []*evidence.Record
	for batch := range slices.Chunk(ids, store.MaxBatch) {
		found, err := r.Get(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, id := range batch {
			if found[id] != nil {
				records = append(records, found[id])
			}
		}
	}
	return records, nil
}

// rendition is a content as the clearance sees it, and no more. A record carries
// the higher of the clearances that it had and has.
func (p *projector) rendition(content evidence.Content) evidence.Content {
	content, _ = evidence.Redact(content, func(id evidence.ID) bool { return !p.shown[id] })
	now := p.now[content.RecordID()]
	switch c := content.(type) {
	case *evidence.Entity:
		today := p.names[c.ID]
		kept, _ := c.KeptSecret(today.raised, today.primary, p.Clearance)
		e := *kept
		e.Clearance = max(e.Clearance, now)
		e.Names = kept.VisibleNames(p.Clearance)
		return &e
	case *evidence.Source:
		s := *c
		s.Clearance = max(s.Clearance, now)
		return &s
	case *evidence.Claim:
		k := *c
		k.Clearance = max(k.Clearance, now)
		return &k
	case *evidence.Citation:
		x := *c
		x.Clearance = max(x.Clearance, now)
		return &x
	}
	return content
}

// write makes the target's revision.
func (p *projector) write(r *evidence.Revision, effects []evidence.Effect) (*evidence.Revision, error) {
	var meta evidence.Meta
	if number := r.Numbers[p.Clearance]; number > 0 {
		from, err := r.Meta()
		if err != nil {
			return nil, err
		}
		meta.Author, meta.Reason, meta.IdempotencyKey = from.Author, from.Reason, fmt.Sprintf("projection %d", number)
	}
	contents := []any{meta}
	for _, e := range effects {
		contents = append(contents, evidence.Outcome{Change: projecting, ID: e.Target(), Effects: []evidence.Effect{e}})
	}
	seed, err := r.Seed()
	if err != nil {
		return nil, err
	}
	projected, err := p.salted(r, contents, func(i int, content []byte) []byte {
		return slices.Concat([]byte("vinculo/projection/2\x00"), p.place(i), content)
	}, seed[:])
	if err != nil {
		return nil, err
	}
	if older := p.older || p.written.Sequence == 0 && !p.first.IsZero() && projected.Hash != p.first; older {
		before, err := p.salted(r, contents, func(i int, _ []byte) []byte {
			return slices.Concat([]byte("vinculo/projection/1\x00"), p.place(i))
		}, firstSalt(r))
		if err != nil {
			return nil, err
		}
		if p.older = p.older || before.Hash == p.first; p.older {
			projected = before
		}
	}
	p.written = projected.Header
	return projected, nil
}

// salted makes the target's revision with salts that follow from a key, which is a
// secret of the source's revision: nobody who has the target knows it, and the same
// source gives the same salts.
func (p *projector) salted(r *evidence.Revision, contents []any, of func(i int, content []byte) []byte, key []byte) (*evidence.Revision, error) {
	return chained(p.written, r.Header, contents, func(i int, content []byte) (salt [16]byte) {
		m := hmac.New(sha256.New, key)
		_, _ = m.Write(of(i, content))
		copy(salt[:], m.Sum(nil))
		return salt
	})
}

// place tells a leaf of a projection from others of the same revision.
func (p *projector) place(leaf int) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(p.Clearance)}, uint64(leaf)) //nolint:gosec // an index
}

// firstSalt is what salts once followed from. An erasure may destroy it, of what the
// target does not show too, so that it tells of that.
func firstSalt(r *evidence.Revision) []byte {
	for _, l := range r.Leaves {
		if !l.Erased {
			return l.Salt[:]
		}
	}
	return r.Hash[:]
}
