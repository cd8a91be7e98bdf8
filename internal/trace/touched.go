package trace

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// targets are the records that what was written after one moment, up to the other,
// may have made to look different, beyond a place in the direction of travel; more
// says that there are further ones.
func (d *diff) targets(ctx context.Context, p span) (ids []evidence.ID, more bool, err error) {
	t := &touched{diff: d, window: &window{p: p, ids: map[evidence.ID]bool{}}}
	t.clear()
	after, err := newestNumber(ctx, d.before(), evidence.Confidential)
	if err != nil {
		return nil, false, err
	}
	for more := true; more; {
		more = false
		for rev, err := range d.after().Revisions(ctx, store.RevisionQuery{After: after, Limit: MaxPageSize, Leaves: true}) {
			if err != nil {
				return nil, false, err
			}
			more = true
			after = rev.Numbers[evidence.Confidential]
			outcomes, err := rev.Outcomes()
			if err != nil {
				return nil, false, err
			}
			t.add(outcomes)
			if len(t.claims)+len(t.others)+len(t.closed)+len(t.above)+len(t.citations) >= store.MaxBatch {
				if err := t.followAll(ctx); err != nil {
					return nil, false, err
				}
			}
		}
	}
	if err := t.followAll(ctx); err != nil {
		return nil, false, err
	}
	t.window.shrink()
	return t.window.sorted(), t.window.cut, nil
}

// before and after read the two moments whoever may see what is there.
func (d *diff) before() store.Reader { return cmp.Or(d.stood, d.was) }
func (d *diff) after() store.Reader  { return cmp.Or(d.stands, d.is) }

// touched gathers what some revisions may have made to look different. They name
// what they wrote and closed. To a clearance below the highest, more may come into
// sight by it or go out of it: a claim and its citations with an end, with a source
// or with the claim's only support that it sees. Whatever stood at one of the
// moments only, the revisions between them name themselves: all of them, those too
// that the view does not see, for what one of them made may have come into sight
// by another.
type touched struct {
	*diff
	window *window
	// What is still to be followed: claims, entities and sources that were written,
	// and records that were closed.
	claims, others, closed map[evidence.ID]bool
	// citations that were written. One whose source is seen at neither moment makes no
	// difference, nor does its claim for its sake.
	citations map[evidence.ID]*evidence.Citation
	// above are what was written above the clearance. It matters only where the
	// record is seen at one of the moments.
	above map[evidence.ID]evidence.Effect
}

func (t *touched) clear() {
	t.claims, t.others, t.closed = map[evidence.ID]bool{}, map[evidence.ID]bool{}, map[evidence.ID]bool{}
	t.above, t.citations = map[evidence.ID]evidence.Effect{}, map[evidence.ID]*evidence.Citation{}
}

// add takes in what one revision did.
func (t *touched) add(outcomes []evidence.Outcome) {
	for _, o := range outcomes {
		for _, e := range o.Effects {
			switch written := e.Content(); {
			case written != nil && written.OwnClearance() > t.s.view.Clearance:
				t.above[e.Target()] = e
			case e.Close != "":
				t.closed[e.Close] = true
			default:
				t.lead(e)
			}
		}
	}
}

// lead takes in what an effect wrote, with what it leads to.
func (t *touched) lead(e evidence.Effect) {
	if e.Citation != nil {
		t.citations[e.Citation.ID] = e.Citation
		return
	}
	t.window.add(e.Target())
	switch {
	case e.Claim != nil:
		t.claims[e.Claim.ID] = true
	case e.Entity != nil, e.Source != nil:
		t.others[e.Target()] = true
	}
}

// followAll adds what the records that were taken in lead to.
func (t *touched) followAll(ctx context.Context) error {
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(t.closed)), store.MaxBatch) {
		records, err := t.was.Get(ctx, batch) // one that was not seen then makes no difference
		if err != nil {
			return err
		}
		for id, r := range records {
			t.window.add(id)
			if c := r.Citation(); c != nil {
				t.claims[c.Claim] = true
			}
		}
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(t.above)), store.MaxBatch) {
		for _, r := range []store.Reader{t.was, t.is} {
			records, err := r.Get(ctx, batch)
			if err != nil {
				return err
			}
			for id := range records {
				t.lead(t.above[id])
			}
		}
	}
	if err := t.followCitations(ctx); err != nil {
		return err
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(t.others)), store.MaxBatch) {
		if err := t.changedSight(ctx, batch, t.followEnds); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(t.claims)), store.MaxBatch) {
		if err := t.followClaims(ctx, batch); err != nil {
			return err
		}
	}
	t.clear()
	return nil
}

// followCitations adds the citations whose source is seen, with their claims.
func (t *touched) followCitations(ctx context.Context) error {
	in := map[evidence.ID][]*evidence.Citation{}
	for _, c := range t.citations {
		in[c.Source] = append(in[c.Source], c)
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(in)), store.MaxBatch) {
		for _, r := range []store.Reader{t.was, t.is} {
			sources, err := r.Get(ctx, batch)
			if err != nil {
				return err
			}
			for id := range sources {
				for _, c := range in[id] {
					t.window.add(c.ID)
					t.claims[c.Claim] = true
				}
			}
		}
	}
	return nil
}

// changedSight gives those of some records that are seen at one of the moments only
// though they stood at both, with the reader that sees them.
func (t *touched) changedSight(ctx context.Context, ids []evidence.ID, give func(context.Context, store.Reader, []*evidence.Record) error) error {
	if t.s.view.Clearance == evidence.Confidential {
		return nil
	}
	for _, r := range []store.Reader{t.before(), t.after()} {
		there, err := r.Get(ctx, ids)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id evidence.ID) bool { return there[id] == nil })
	}
	was, err := t.was.Get(ctx, ids)
	if err != nil {
		return err
	}
	is, err := t.is.Get(ctx, ids)
	if err != nil {
		return err
	}
	var lost, found []*evidence.Record
	for _, id := range ids {
		switch {
		case was[id] != nil && is[id] == nil:
			lost = append(lost, was[id])
		case was[id] == nil && is[id] != nil:
			found = append(found, is[id])
		}
	}
	if err := give(ctx, t.was, lost); err != nil {
		return err
	}
	return give(ctx, t.is, found)
}

// followEnds adds the claims on entities, and the citations into sources with their
// claims, that a reader sees.
func (t *touched) followEnds(ctx context.Context, r store.Reader, ends []*evidence.Record) error {
	var entities, sources []evidence.ID
	for _, x := range ends {
		if x.Entity() != nil {
			entities = append(entities, x.ID())
		} else {
			sources = append(sources, x.ID())
		}
	}
	for _, q := range []store.Query{
		{Type: evidence.LinkRecord, Entities: entities}, {Type: evidence.StatementRecord, Entities: entities}, {Type: evidence.CitationRecord, Sources: sources},
	} {
		if len(q.Entities)+len(q.Sources) == 0 {
			continue
		}
		claims := map[evidence.ID]bool{}
		for x, err := range everyOne(ctx, r, q) {
			if err != nil {
				return err
			}
			if c := x.Citation(); c != nil {
				t.window.add(c.ID)
				claims[c.Claim] = true
			} else {
				claims[x.ID()] = true
			}
			if len(claims) == store.MaxBatch {
				if err := t.followClaims(ctx, slices.Sorted(maps.Keys(claims))); err != nil {
					return err
				}
				clear(claims)
			}
		}
		if err := t.followClaims(ctx, slices.Sorted(maps.Keys(claims))); err != nil {
			return err
		}
	}
	return nil
}

// followClaims adds claims and, of those that came into sight or went out of it, the
// citations.
func (t *touched) followClaims(ctx context.Context, claims []evidence.ID) error {
	for _, id := range claims {
		t.window.add(id)
	}
	return t.changedSight(ctx, claims, func(ctx context.Context, r store.Reader, changed []*evidence.Record) error {
		ids := make([]evidence.ID, len(changed))
		for i, x := range changed {
			ids[i] = x.ID()
		}
		if len(ids) == 0 {
			return nil
		}
		for x, err := range citationsOf(ctx, r, ids, evidence.Supports, evidence.Disputes, evidence.Mentions) {
			if err != nil {
				return err
			}
			t.window.add(x.ID())
		}
		return nil
	})
}

// everyOne yields all records that a query finds, page by page.
func everyOne(ctx context.Context, r store.Reader, q store.Query) iter.Seq2[*evidence.Record, error] {
	return func(yield func(*evidence.Record, error) bool) {
		for q.Limit = store.MaxBatch; ; {
			n := 0
			for f, err := range r.Find(ctx, q) {
				if err != nil {
					yield(nil, err)
					return
				}
				n++
				q.After = f.Key
				if !yield(f.Record, nil) {
					return
				}
			}
			if n < q.Limit {
				return
			}
		}
	}
}

// citationsOf yields all citations of claims that are of some stances. A query
// limits those of each claim, so that where they are many the rest is read for
// that claim alone.
func citationsOf(ctx context.Context, r store.Reader, claims []evidence.ID, stances ...evidence.Stance) iter.Seq2[*evidence.Record, error] {
	return func(yield func(*evidence.Record, error) bool) {
		for _, stance := range stances {
			q := store.Query{Type: evidence.CitationRecord, Claims: claims, Kinds: []string{stance.String()}, Limit: store.MaxBatch}
			given, last := map[evidence.ID]int{}, map[evidence.ID]string{}
			for f, err := range r.Find(ctx, q) {
				if err != nil {
					yield(nil, err)
					return
				}
				claim := f.Record.Citation().Claim
				given[claim]++
				last[claim] = f.Key
				if !yield(f.Record, nil) {
					return
				}
			}
			for _, claim := range slices.Sorted(maps.Keys(given)) {
				if given[claim] < q.Limit {
					continue
				}
				rest := q
				rest.Claims, rest.After = []evidence.ID{claim}, last[claim]
				for x, err := range everyOne(ctx, r, rest) {
					if !yield(x, err) || err != nil {
						return
					}
				}
			}
		}
	}
}
