package store

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Names are cleared each by itself, and what is a secret today is kept in the past
// too (invariant 9): also from those who could read it then.

// keepSecret leaves out of the entities among records the names that have been
// raised above the clearance since, and notes those that it is not to be told any
// more what they were called.
func (p *past) keepSecret(ctx context.Context, records map[evidence.ID]*evidence.Record, renamed map[evidence.ID]bool) (err error) {
	if p.clearance == evidence.Confidential || p.unraised {
		return nil // nothing is above it, or nothing that was raised counts
	}
	var changed []evidence.ID
	for id, r := range records {
		if r.Entity() != nil && !r.IsOpen() {
			changed = append(changed, id)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	slices.Sort(changed)
	today, _, err := RawBeside(ctx, p.store, p.Reader, evidence.Now(evidence.Confidential))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, today.Close()) }()
	for batch := range slices.Chunk(changed, MaxBatch) {
		newest, err := today.Get(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			was := records[id].Entity()
			if is := newest[id]; is != nil && !p.lost(was, is.Entity()) {
				continue
			}
			versions, err := today.Versions(ctx, id)
			if err != nil {
				return err
			}
			if len(versions) == 0 || versions[len(versions)-1].Entity() == nil {
				delete(records, id) // it was erased in the meantime
				continue
			}
			called := versions[len(versions)-1].Entity().Names[0]
			as, other := was.KeptSecret(evidence.RaisedNames(versions, p.clearance), called, p.clearance)
			if as != was {
				seen := *records[id]
				seen.Content = as
				records[id] = &seen
			}
			if other && renamed != nil {
				renamed[id] = true
			}
		}
	}
	return nil
}

// lost says whether an entity had a name, as the view reads it, that it has not any more.
func (p *past) lost(was, is *evidence.Entity) bool {
	left := is.VisibleNames(p.clearance)
	return slices.ContainsFunc(was.VisibleNames(p.clearance), func(n evidence.Name) bool {
		return !slices.ContainsFunc(left, func(other evidence.Name) bool { return other.Text == n.Text })
	})
}

// Candidates implements Reader. A token of a name that has been raised since is
// passed over.
func (p *past) Candidates(ctx context.Context, q TokenQuery) iter.Seq2[Candidate, error] {
	if p.clearance == evidence.Confidential {
		return p.Reader.Candidates(ctx, q) // no name is above it
	}
	return func(yield func(Candidate, error) bool) {
		found, err := p.candidates(ctx, q)
		if err != nil {
			yield(Candidate{}, err)
			return
		}
		for _, c := range found {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (p *past) candidates(ctx context.Context, q TokenQuery) ([]Candidate, error) {
	for all := q; ; all.Limit *= 4 {
		var found []Candidate
		n, ids := 0, map[evidence.ID]bool{}
		for c, err := range p.Reader.Candidates(ctx, all) {
			if err != nil {
				return nil, err
			}
			n++
			found, ids[c.Entity] = append(found, c), true
		}
		tokens := make(map[evidence.ID][]evidence.Token, len(ids))
		for batch := range slices.Chunk(slices.Sorted(maps.Keys(ids)), MaxBatch) {
			records, err := p.Get(ctx, batch)
			if err != nil {
				return nil, err
			}
			for id, r := range records {
				tokens[id] = evidence.SearchTokens(r.Entity())
			}
		}
		found = slices.DeleteFunc(found, func(c Candidate) bool {
			return !slices.ContainsFunc(tokens[c.Entity], func(t evidence.Token) bool { return t.Text == c.Token && t.Visibility <= p.clearance })
		})
		if len(found) >= q.Limit || n < all.Limit {
			return found[:min(len(found), q.Limit)], nil
		}
	}
}
