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
	for batch := range slices.Chunk(changed, MaxBatch) {
		if err := p.nameToday(ctx, batch, records); err != nil {
			return err
		}
		for _, id := range batch {
			today := p.named.of[id]
			if today.newest == nil || today.newest.Entity() == nil {
				delete(records, id) // it was erased in the meantime
				continue
			}
			was := records[id].Entity()
			as, other := was.KeptSecret(today.raised, today.newest.Entity().Names[0], p.clearance)
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

// named keeps what entities are called today. Readers of several moments that are open
// beside each other share it.
type named struct{ of map[evidence.ID]naming }

// naming is what an entity is called today.
type naming struct {
	newest *evidence.Record // nil where it is not there, or was not found yet
	raised map[string]bool  // names, above the clearance of who reads it; once whole
	whole  bool             // all its versions were read, not the newest alone
}

// nameToday finds out what entities are called today. Only of those that lost a name
// since records were written are all versions read.
func (p *past) nameToday(ctx context.Context, ids []evidence.ID, records map[evidence.ID]*evidence.Record) (err error) {
	if len(p.named.of)+len(ids) > keptJudged {
		clear(p.named.of)
	}
	renamed := func(id evidence.ID) bool {
		n, known := p.named.of[id]
		return known && !n.whole && (n.newest == nil || lost(records[id].Entity(), n.newest.Entity(), p.clearance))
	}
	var unknown []evidence.ID
	complete := true
	for _, id := range ids {
		if _, known := p.named.of[id]; !known {
			unknown = append(unknown, id)
		}
		complete = complete && !renamed(id)
	}
	if len(unknown) == 0 && complete {
		return nil
	}
	today, _, err := RawBeside(ctx, p.store, p.Reader, evidence.Now(evidence.Confidential))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, today.Close()) }()
	if len(unknown) > 0 {
		newest, err := today.Get(ctx, unknown)
		if err != nil {
			return err
		}
		for _, id := range unknown {
			p.named.of[id] = naming{newest: newest[id]}
		}
	}
	var again []evidence.ID
	for _, id := range ids {
		if renamed(id) {
			again = append(again, id)
		}
	}
	if len(again) == 0 {
		return nil
	}
	versions, err := today.Versions(ctx, again)
	if err != nil {
		return err
	}
	for _, id := range again {
		n := naming{whole: true, raised: evidence.RaisedNames(versions[id], p.clearance)}
		if of := versions[id]; len(of) > 0 {
			n.newest = of[len(of)-1]
		}
		p.named.of[id] = n
	}
	return nil
}

// lost says whether an entity had a name, as a clearance reads it, that it has not any
// more: of one that was hidden then, what became of it changes nothing.
func lost(was, is *evidence.Entity, c evidence.Clearance) bool {
	left := is.VisibleNames(c)
	return slices.ContainsFunc(was.VisibleNames(c), func(n evidence.Name) bool {
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
