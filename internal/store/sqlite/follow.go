package sqlite

import (
	"context"
	"errors"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// learn takes in a commit of this process.
func (p *projection) learn(t *transaction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.built || p.head >= t.head.Sequence {
		return
	}
	if p.head != t.base || !t.projected {
		return // the next traversal reads what was missed
	}
	describe := func(r *evidence.Record) link { return featuresOf(r, t.store.vocabulary) }
	for _, c := range t.changed {
		p.apply(c.at, c.num, c.after, describe)
	}
	p.head = t.head.Sequence
	p.tidy()
}

// traversable says whether the projection can answer a reader, after bringing it
// to the reader's revision where it is behind. Where it is not there yet, or too
// far behind, it is made in the background.
func (s *Store) traversable(ctx context.Context, g *graph) (bool, error) {
	p := s.links
	p.mu.RLock()
	built, answers, head := p.built, p.answers(g.head.Sequence), p.head
	p.mu.RUnlock()
	switch {
	case answers:
		return true, nil
	case built && head < g.head.Sequence:
		nums, err := g.touched(ctx, head, s.limits.followed)
		if errors.Is(err, errEnough) {
			p.mu.Lock()
			p.built = false
			p.mu.Unlock()
			break
		}
		if err != nil {
			return false, err
		}
		return s.followLinks(ctx, g, head, nums)
	case built:
		return false, nil
	}
	if !s.cold.Load() && p.building.TryLock() {
		p.building.Unlock()
		go func() {
			if err := s.build(s.life); err != nil && !s.closed.Load() {
				s.log.Warn().Err(err).Str("store", s.name).Msg("links could not be read into memory; traversal stays slow")
			}
		}()
	}
	return false, nil
}

// followLinks applies what other processes have changed since a revision.
func (s *Store) followLinks(ctx context.Context, g *graph, since evidence.Sequence, nums []int64) (bool, error) {
	var records []entry
	slices.Sort(nums)
	err := inBatches(ctx, g, "SELECT "+recordColumns+" FROM record WHERE num IN ", slices.Compact(nums), func(r row) error {
		if t := narrow[evidence.RecordType](r.int(2)); t != evidence.EntityRecord && t != evidence.LinkRecord {
			return nil
		}
		e, err := entryOf(r)
		records = append(records, e)
		return err
	})
	if err != nil {
		return false, err
	}
	p, at := s.links, g.head.Sequence
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.built || p.head != since {
		return p.answers(at), nil // another reader was quicker
	}
	describe := func(r *evidence.Record) link { return featuresOf(r, s.vocabulary) }
	for _, e := range records {
		p.apply(at, e.num, e.record, describe)
	}
	if at > since+1 {
		p.gaps = append(p.gaps, gap{after: since, before: at})
	}
	p.head = at
	p.tidy()
	return p.answers(at), nil
}
