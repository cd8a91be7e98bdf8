package model

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// reader implements store.Reader on one state.
type reader struct {
	store  *Store
	state  *state
	view   evidence.View
	closed bool
}

func (r *reader) fault(ctx context.Context) error {
	if r.closed {
		return store.ErrClosed
	}
	_, err := r.store.now(ctx)
	return err
}

// Close implements store.Reader.
func (r *reader) Close() error {
	r.closed = true
	return nil
}

// see is the record as the raw view gives it; nil where it does not.
func (r *reader) see(id evidence.ID) *evidence.Record {
	newest := r.state.newest(id)
	if newest == nil {
		return nil
	}
	if r.view.IsNow() {
		if newest.IsOpen() && newest.Derived.Visibility <= r.view.Clearance {
			return newest
		}
		return nil
	}
	for _, v := range r.state.versions[id] {
		if v.From <= r.view.KnownAt && r.view.KnownAt < v.To {
			if max(v.Content.OwnClearance(), newest.Derived.Now) > r.view.Clearance {
				return nil
			}
			v.Derived = evidence.Derived{Now: newest.Derived.Now, Key: v.Derived.Key, Check: v.Derived.Check}
			return &v
		}
	}
	return nil
}

// all are the records of a type that the view sees, by id.
func (r *reader) all(t evidence.RecordType) []*evidence.Record {
	var seen []*evidence.Record
	for _, id := range r.state.ids() {
		if v := r.see(id); v != nil && v.Content.Type() == t {
			seen = append(seen, v)
		}
	}
	return seen
}

// Get implements store.Reader.
func (r *reader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	if err := r.fault(ctx); err != nil {
		return nil, err
	}
	found := map[evidence.ID]*evidence.Record{}
	for _, id := range ids {
		if v := r.see(id); v != nil {
			found[id] = v
		}
	}
	return found, nil
}

// Find implements store.Reader.
func (r *reader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	return func(yield func(store.Found, error) bool) {
		if err := r.fault(ctx); err != nil {
			yield(store.Found{}, err)
			return
		}
		if len(q.Claims) > 0 {
			for _, claim := range q.Claims {
				given := map[evidence.Stance]int{}
				for _, f := range r.list(q, claim) {
					stance := f.Record.Citation().Stance
					given[stance]++
					if given[stance] <= q.Limit && !yield(f, nil) {
						return
					}
				}
			}
			return
		}
		for i, f := range r.list(q, "") {
			if i == q.Limit || !yield(f, nil) {
				return
			}
		}
	}
}

// list is the whole answer to a query past its After, in order; of one claim
// where it is anchored in claims.
func (r *reader) list(q store.Query, claim evidence.ID) []store.Found {
	var found []store.Found
	for _, v := range r.all(q.Type) {
		if !anchored(v.Content, q, claim) || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kindOf(v.Content)) {
			continue
		}
		f := store.Found{Record: v, Key: v.Derived.Key}
		if len(q.Sources) > 0 {
			f.Key = evidence.SourceKey(v.Citation())
		}
		if q.After == "" || !q.Reverse && f.Key > q.After || q.Reverse && f.Key < q.After {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b store.Found) int { return cmp.Compare(a.Key, b.Key) })
	if q.Reverse {
		slices.Reverse(found)
	}
	return found
}

func anchored(content evidence.Content, q store.Query, claim evidence.ID) bool {
	if len(q.Text) > 0 {
		return evidence.HasWords(evidence.FullText(content), q.Text)
	}
	switch c := content.(type) {
	case *evidence.Citation:
		return (claim == "" || c.Claim == claim) && (len(q.Sources) == 0 || slices.Contains(q.Sources, c.Source))
	case *evidence.Claim:
		if len(q.About) > 0 {
			return slices.Contains(q.About, c.About)
		}
		return len(q.Entities) == 0 || slices.ContainsFunc(q.Entities, func(id evidence.ID) bool { return touches(c, id, q) })
	}
	return true
}

// touches says whether a claim is at an entity, seen from the entity.
func touches(c *evidence.Claim, id evidence.ID, q store.Query) bool {
	if c.Of == evidence.StatementRecord {
		return c.From == id
	}
	both := slices.Contains(q.Either, c.Kind)
	return (both || q.Direction != evidence.Incoming) && c.From == id || (both || q.Direction != evidence.Outgoing) && c.To == id
}

// Expand implements store.Reader.
func (r *reader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	return func(yield func(store.Edge, error) bool) {
		if err := r.fault(ctx); err != nil {
			yield(store.Edge{}, err)
			return
		}
		total := 0
		for at, id := range x.Frontier {
			var edges []store.Edge
			for _, f := range r.list(store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{id}, Direction: x.Direction, Either: x.Either, Kinds: x.Kinds}, "") {
				e := r.edge(f.Record, at)
				if x.Keeps(&e) {
					edges = append(edges, e)
				}
			}
			if x.Strongest {
				slices.SortStableFunc(edges, func(a, b store.Edge) int { return cmp.Compare(b.Strength, a.Strength) })
			}
			for i, e := range edges {
				if x.PerNode > 0 && i == x.PerNode {
					break
				}
				if total == x.Total || !yield(e, nil) {
					return
				}
				total++
			}
		}
	}
}

func (r *reader) edge(v *evidence.Record, at int) store.Edge {
	c := v.Claim()
	level := v.Derived.At(r.view.Clearance)
	valid := c.Valid()
	return store.Edge{
		Link: c.ID, From: c.From, To: c.To, Kind: c.Kind, At: at,
		Standing: level.Standing, Strength: level.Strength, Disputed: level.Disputes > 0, Accepted: c.Accepted,
		Bounds: valid.Bounds(evidence.AspectOf(c, r.store.vocabulary)), Dated: !valid.IsZero(),
		Doubtful:        valid.Since.Uncertain() || valid.Until.Uncertain() || len(valid.Observed) > 0,
		FromPlaceholder: r.placeholder(c.From), ToPlaceholder: r.placeholder(c.To),
	}
}

func (r *reader) placeholder(id evidence.ID) bool {
	v := r.see(id)
	return v != nil && v.Entity().Identity.IsPlaceholder()
}

// Candidates implements store.Reader.
func (r *reader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	return func(yield func(store.Candidate, error) bool) {
		if err := r.fault(ctx); err != nil {
			yield(store.Candidate{}, err)
			return
		}
		var found []store.Candidate
		for _, v := range r.all(evidence.EntityRecord) {
			for _, t := range evidence.SearchTokens(v.Entity()) {
				if strings.HasPrefix(t.Text+" ", q.Prefix) && t.Visibility <= r.view.Clearance && (q.Placeholders || !t.Placeholder) {
					found = append(found, store.Candidate{Token: t.Text, Entity: v.ID()})
				}
			}
		}
		slices.SortFunc(found, func(a, b store.Candidate) int {
			return cmp.Or(cmp.Compare(a.Token, b.Token), cmp.Compare(a.Entity, b.Entity))
		})
		for i, c := range found {
			if i == q.Limit || !yield(c, nil) {
				return
			}
		}
	}
}

// Count implements store.Reader. It counts what Find would list.
func (r *reader) Count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	if err := r.fault(ctx); err != nil {
		return nil, err
	}
	if !r.view.IsNow() {
		return nil, store.ErrUncounted
	}
	count := func(q store.Query) int { return len(r.list(q, "")) }
	if len(q.Of) == 0 {
		return map[evidence.ID]int{"": count(store.Query{Type: q.Type, Kinds: q.Kinds})}, nil
	}
	counts := map[evidence.ID]int{}
	for _, id := range q.Of {
		find := store.Query{Type: q.Type, Kinds: q.Kinds}
		if q.Type == evidence.CitationRecord {
			find.Sources = []evidence.ID{id}
		} else {
			find.Entities, find.Direction, find.Either = []evidence.ID{id}, q.Direction, q.Either
		}
		counts[id] = count(find)
	}
	return counts, nil
}

// Versions implements store.Reader.
func (r *reader) Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	if err := r.fault(ctx); err != nil {
		return nil, err
	}
	found := map[evidence.ID][]*evidence.Record{}
	for _, id := range ids {
		var versions []*evidence.Record
		for _, v := range r.state.versions[id] {
			if v.From <= r.view.KnownAt {
				versions = append(versions, &v)
			}
		}
		if len(versions) > 0 {
			found[id] = versions
		}
	}
	return found, nil
}

// EverCited implements store.Reader.
func (r *reader) EverCited(ctx context.Context, claim, after evidence.ID, limit int) ([]evidence.ID, error) {
	if err := r.fault(ctx); err != nil {
		return nil, err
	}
	var found []evidence.ID
	for id, versions := range r.state.versions {
		if c := versions[len(versions)-1].Citation(); c != nil && c.Claim == claim && id > after {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))], nil
}

// Revisions implements store.Reader.
func (r *reader) Revisions(ctx context.Context, q store.RevisionQuery) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		if err := r.fault(ctx); err != nil {
			yield(nil, err)
			return
		}
		var found []*evidence.Revision
		for _, rev := range r.state.revisions {
			n := rev.Numbers[r.view.Clearance]
			if n > q.After && (q.Before == 0 || n < q.Before) && rev.Sequence() <= r.view.KnownAt {
				copied := *rev
				switch {
				case !q.Leaves:
					copied.Leaves = nil
				case q.MostLeaves > 0:
					copied.Leaves = rev.Leaves[:min(q.MostLeaves, len(rev.Leaves))]
				}
				found = append(found, &copied)
			}
		}
		if q.Newest {
			slices.Reverse(found)
		}
		for i, rev := range found {
			if i == q.Limit || !yield(rev, nil) {
				return
			}
		}
	}
}
