package trace

import (
	"context"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Told says of each revision whether the view is told who made it and why: where it
// made a difference that the view sees. Of a revision of which every difference has
// been raised above the view since no more is told than that there was one; a reason
// may well say whom it hides.
func (s *Session) Told(ctx context.Context, revisions []*evidence.Revision) ([]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	told, outcomes := make([]bool, len(revisions)), make([][]evidence.Outcome, len(revisions))
	for i, rev := range revisions {
		var err error
		if outcomes[i], err = rev.OutcomesFrom(0, fewOutcomes); err != nil {
			return nil, err
		}
		// The reason of an erasure is its ground, which all are told.
		told[i] = s.view.Clearance == evidence.Confidential || erases(outcomes[i])
	}
	if err := s.supported(ctx, revisions, outcomes, told); err != nil {
		return nil, err
	}
	for i, rev := range revisions {
		if told[i] {
			continue
		}
		err := s.around(ctx, rev, func(d *diff) (err error) {
			told[i], err = d.anyDiffers(ctx, rev)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return told, nil
}

// supported notes those of the revisions that wrote a supporting citation which the
// view sees, in a source and of a claim with ends that nobody has changed since: it
// has been seen from then on. Most revisions are such, and it takes no look at the
// past to know them.
func (s *Session) supported(ctx context.Context, revisions []*evidence.Revision, outcomes [][]evidence.Outcome, told []bool) error {
	citations := make([][]evidence.ID, len(revisions))
	for i := range revisions {
		if !told[i] {
			citations[i] = supports(outcomes[i]...)
		}
	}
	since, err := s.unchanged(ctx, slices.Concat(citations...))
	if err != nil {
		return err
	}
	for i, rev := range revisions {
		told[i] = told[i] || slices.ContainsFunc(citations[i], func(id evidence.ID) bool { return since[id] == rev.Sequence() })
	}
	return nil
}

// supports are the supporting citations that changes wrote.
func supports(outcomes ...evidence.Outcome) []evidence.ID {
	var ids []evidence.ID
	for _, o := range outcomes {
		for _, e := range o.Effects {
			if e.Citation != nil && e.Citation.Stance == evidence.Supports {
				ids = append(ids, e.Citation.ID)
			}
		}
	}
	return ids
}

// unchanged tells since when citations that the view sees stand as they do, with what
// they are seen with.
func (s *Session) unchanged(ctx context.Context, citations []evidence.ID) (map[evidence.ID]evidence.Sequence, error) {
	cited, err := s.get(ctx, citations)
	if err != nil {
		return nil, err
	}
	var on []evidence.ID
	for _, r := range cited {
		on = append(on, r.Citation().Source, r.Citation().Claim)
	}
	around, err := s.get(ctx, on)
	if err != nil {
		return nil, err
	}
	var ends []evidence.ID
	for _, r := range around {
		if c := r.Claim(); c != nil {
			ends = append(ends, c.From, c.To)
		}
	}
	ended, err := s.get(ctx, slices.DeleteFunc(ends, func(id evidence.ID) bool { return id == "" }))
	if err != nil {
		return nil, err
	}
	since := map[evidence.ID]evidence.Sequence{}
	for id, r := range cited {
		source, claim := around[r.Citation().Source], around[r.Citation().Claim]
		if source == nil || claim == nil {
			continue
		}
		since[id] = max(r.From, source.From, claim.From)
		for _, end := range []evidence.ID{claim.Claim().From, claim.Claim().To} {
			if e := ended[end]; e != nil {
				since[id] = max(since[id], e.From)
			}
		}
	}
	return since, nil
}

// Concerned are the records that the changes of a revision concerned, in its order:
// for those who are cleared for everything all of them, for others those that they
// see now and of which they see what the change did. It stops where it has found
// enough.
func (s *Session) Concerned(ctx context.Context, rev *evidence.Revision, enough int) ([]evidence.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var concerned []evidence.ID
	if s.view.Clearance == evidence.Confidential {
		for part, err := range s.parts(ctx, rev) {
			if err != nil {
				return nil, err
			}
			for _, o := range part {
				concerned = append(concerned, o.ID)
			}
			if len(concerned) >= enough {
				break
			}
		}
		return concerned[:min(enough, len(concerned))], nil
	}
	err := s.around(ctx, rev, func(d *diff) error {
		for part, err := range s.parts(ctx, rev) {
			if err != nil {
				return err
			}
			ids := make([]evidence.ID, len(part))
			for i, o := range part {
				ids[i] = o.ID
			}
			shown, err := s.get(ctx, slices.DeleteFunc(ids, func(id evidence.ID) bool { return id == "" }))
			if err != nil {
				return err
			}
			part = slices.DeleteFunc(slices.Clone(part), func(o evidence.Outcome) bool { return shown[o.ID] == nil })
			since, err := s.unchanged(ctx, supports(part...))
			if err != nil {
				return err
			}
			supported := func(o evidence.Outcome) bool {
				return slices.ContainsFunc(supports(o), func(id evidence.ID) bool { return since[id] == rev.Sequence() })
			}
			differ, err := d.differing(ctx, slices.DeleteFunc(slices.Clone(part), supported))
			if err != nil {
				return err
			}
			for _, o := range part {
				if supported(o) || slices.ContainsFunc(changedBy(o), func(id evidence.ID) bool { return differ[id] }) {
					concerned = append(concerned, o.ID)
				}
			}
			if len(concerned) >= enough {
				break
			}
		}
		return nil
	})
	return concerned[:min(enough, len(concerned))], err
}

// around compares the moments just before and just after a revision.
func (s *Session) around(ctx context.Context, rev *evidence.Revision, compare func(*diff) error) error {
	d := &diff{s: s}
	defer d.close()
	for at, r := range map[evidence.Sequence]*store.Reader{rev.Sequence() - 1: &d.was, rev.Sequence(): &d.is} {
		var err error
		view := evidence.View{Clearance: s.view.Clearance, KnownAt: at}
		if *r, _, err = store.Beside(ctx, s.tracer.store, s.reader, view, s.tracer.vocabulary); err != nil {
			return err
		}
	}
	return compare(d)
}

// fewOutcomes of a revision are looked at before all others: mostly they are enough.
const fewOutcomes = 8

// parts yields what the changes of a revision came to, a few of them first. Where the
// revision has only its first leaves the others are read when these were not enough.
func (s *Session) parts(ctx context.Context, rev *evidence.Revision) iter.Seq2[[]evidence.Outcome, error] {
	return func(yield func([]evidence.Outcome, error) bool) {
		for from, most := 0, fewOutcomes; ; most = 500 {
			part, err := rev.OutcomesFrom(from, most)
			if err == nil && len(part) == 0 && !rev.Whole() {
				if rev, err = numbered(ctx, s.reader, s.view.Clearance, rev.Numbers[s.view.Clearance], 0); err == nil {
					part, err = rev.OutcomesFrom(from, most)
				}
			}
			if err == nil && len(part) == 0 {
				return
			}
			from += len(part)
			if !yield(part, err) || err != nil {
				return
			}
		}
	}
}

func (d *diff) anyDiffers(ctx context.Context, rev *evidence.Revision) (bool, error) {
	for part, err := range d.s.parts(ctx, rev) {
		if err != nil {
			return false, err
		}
		if differ, err := d.differing(ctx, part); err != nil || len(differ) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// differing are the records that outcomes changed and that the two moments show
// differently, or whose quote was compared with its capture.
func (d *diff) differing(ctx context.Context, outcomes []evidence.Outcome) (map[evidence.ID]bool, error) {
	var ids, checked []evidence.ID
	for _, o := range outcomes {
		ids = append(ids, changedBy(o)...)
		for _, e := range o.Effects {
			if e.Check != nil {
				checked = append(checked, e.Check.Citation)
			}
		}
	}
	slices.Sort(ids)
	differ := map[evidence.ID]bool{}
	for batch := range slices.Chunk(slices.Compact(ids), store.MaxBatch) {
		found, err := d.compare(ctx, batch, nil)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			differ[x.node.ID] = true
		}
	}
	for batch := range slices.Chunk(checked, store.MaxBatch) {
		shown, err := d.is.Get(ctx, batch)
		if err != nil {
			return nil, err
		}
		for id := range shown {
			differ[id] = true
		}
	}
	return differ, nil
}

// changedBy are the records that a change concerned or that it changed.
func changedBy(o evidence.Outcome) []evidence.ID {
	ids := make([]evidence.ID, 0, 1+len(o.Effects))
	if o.ID != "" {
		ids = append(ids, o.ID)
	}
	for _, e := range o.Effects {
		if id := e.Target(); id != "" && id != o.ID {
			ids = append(ids, id)
		}
	}
	return ids
}

func erases(outcomes []evidence.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o evidence.Outcome) bool { return o.Erasure != nil })
}
